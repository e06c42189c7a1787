//! Stories of primes and bridges: right ones pass, wrong ones are refused with both numbers.

use orders::plan::{BridgePlan, PrimePlan};
use orders::{
    Concentration, DeviceProfile, Drug, Duration, FlowRate, Mass, MassRate, Mixture, Permille, Reason, Volume,
};
use pump::fluid_path::FluidPath;
use pump::prime_bridge::{Answer, Then, check_answer, check_bridge, check_prime, prime_mass, unbridged};
use pump::reservoir::Refill;

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const THRESHOLD: Permille = Permille::new(50);
const FOUR_MG: MassRate = MassRate::new(4_000_000_000_000);
/// A reservoir washed from 20 down to 10 mg/mL is held to be 10 000 001 ng/mL: at 0.4 mL/day 0.4 ng/day too much.
const ROUNDED_UP: u64 = 400_000;
const FAST: FlowRate = FlowRate::new(24_000_000);

fn morphine(mg_per_ml: u32) -> Mixture {
    Mixture::single(Drug::Morphine, Concentration::new(mg_per_ml * 1_000_000))
}

fn fill(path: &mut FluidPath, mixture: Mixture) {
    for _ in 0..30 {
        path.rinse(Volume::new(18_000_000), &mixture, Volume::new(18_000_000)).unwrap();
    }
    let filled = Volume::new(18_600_000);
    let drawn_off = Volume::ZERO;
    path.refill(&Refill { drawn_off, emptied: true, filled, vial_sum: filled, mixture, reason: None }).unwrap();
}

/// V_p = 0.199 mL of tubing + 90 cm × 0.0022 mL = 0.397 mL; old drug to the tip, new drug in a washed reservoir.
fn changed(old: u32, new: u32) -> FluidPath {
    let mut path = FluidPath::new(DEVICE, Volume::new(198_000));
    path.installation(Volume::new(198_000), &Mixture::DRUG_FREE).unwrap();
    fill(&mut path, morphine(old));
    path.stroke(Volume::new(900_000), true, FlowRate::new(200_000));
    path.aspirate_reservoir(path.reservoir_volume().checked_sub(DEVICE.residual).unwrap()).unwrap();
    fill(&mut path, morphine(new));
    path
}

/// As the asker works it out: 397 µL ∓ 8 % of it (31.76 µL) at these flows.
fn asked(flow: u64) -> BridgePlan {
    BridgePlan {
        volume: Volume::new(397_000),
        leading: Volume::new(365_240),
        trailing: Volume::new(428_760),
        flow: FlowRate::new(flow),
    }
}

fn hours(tenths: Option<Duration>) -> u64 {
    (tenths.unwrap().get() + 180_000) / 360_000
}

//= requirements/ledger.md#bridge-edges
//= type=test
//# A bridge MUST change to a lower rate at the leading edge of the front and to a higher rate only after its trailing edge.
#[test]
fn a_right_bridge_from_20_to_10_mg_per_ml_keeps_the_low_flow_until_the_last_of_the_strong_drug_has_gone() {
    let path = changed(20, 10);
    // 4 mg/day of 20 mg/mL = 0.2 mL/day, 0.397 / 0.2 = 1.985 d = 47.6 h; then 0.4 mL/day of 10 mg/mL.
    let then = FlowRate::new(400_000);
    let bridge = check_bridge(&path, &asked(200_000), FOUR_MG, Drug::Morphine, Then::even(then), THRESHOLD).unwrap();
    assert_eq!(hours(bridge.nominal_time()), 476);
    // The higher flow waits for the trailing edge: 0.42876 / 0.2 = 2.1438 d = 51.5 h.
    assert_eq!((bridge.switch(), hours(bridge.time())), (Volume::new(428_760), 515));
    assert_eq!(bridge.flow_after(Volume::new(428_759)), FlowRate::new(200_000));
    assert_eq!(bridge.flow_after(Volume::new(428_760)), then);
}

//= requirements/ledger.md#bridge-edges
//= type=test
//# A bridge MUST change to a lower rate at the leading edge of the front and to a higher rate only after its trailing edge.
#[test]
fn a_right_bridge_from_10_to_20_mg_per_ml_goes_to_the_low_flow_before_the_strong_drug_can_show() {
    let path = changed(10, 20);
    // 4 mg/day of 10 mg/mL = 0.4 mL/day, 0.397 / 0.4 = 0.9925 d = 23.8 h; then 0.2 mL/day of 20 mg/mL.
    let then = FlowRate::new(200_000);
    let bridge = check_bridge(&path, &asked(400_000), FOUR_MG, Drug::Morphine, Then::even(then), THRESHOLD).unwrap();
    assert_eq!(hours(bridge.nominal_time()), 238);
    // The lower flow comes at the leading edge: 0.36524 / 0.4 = 0.9131 d = 21.9 h.
    assert_eq!((bridge.switch(), hours(bridge.time())), (Volume::new(365_240), 219));
    assert_eq!(bridge.flow_after(Volume::new(365_239)), FlowRate::new(400_000));
    assert_eq!(bridge.flow_after(Volume::new(365_240)), then);
}

#[test]
fn along_a_right_bridge_no_stroke_gives_more_than_the_ordered_dose() {
    for (old, new, then) in [(20, 10, 400_000u64), (10, 20, 200_000)] {
        let mut path = changed(old, new);
        let flow = 4_000_000 / u64::from(old);
        let then = FlowRate::new(then);
        let bridge = check_bridge(&path, &asked(flow), FOUR_MG, Drug::Morphine, Then::even(then), THRESHOLD).unwrap();
        let mut moved = Volume::ZERO;
        while moved < Volume::new(450_000) {
            let flow = bridge.flow_after(moved);
            let [mass, ..] = path.charge_at_tip(DEVICE.stroke, &[Some(Drug::Morphine), None, None, None]);
            // The one stroke in which the edge lies may begin before it: 500 nL, 10 mcg.
            let in_edge = moved.saturating_add(DEVICE.stroke) > bridge.switch() && moved < bridge.switch();
            assert!(
                in_edge || mass.get() / 500 * flow.get() <= FOUR_MG.get() + ROUNDED_UP,
                "{old} to {new} at {moved}"
            );
            path.stroke(DEVICE.stroke, true, flow);
            moved = moved.saturating_add(DEVICE.stroke);
        }
    }
}

//= requirements/ledger.md#both-sides-agree
//= type=test
//# The pump MUST refuse a bridge or a prime unless both edges equal those that the asker worked out.
#[test]
fn a_bridge_of_the_wrong_volume_flow_or_edge_is_refused_with_both_numbers() {
    let path = changed(20, 10);
    let then = FlowRate::new(400_000);
    let refused = |plan: BridgePlan| {
        let refusal = check_bridge(&path, &plan, FOUR_MG, Drug::Morphine, Then::even(then), THRESHOLD).unwrap_err();
        (refusal.reason, refusal.value, refusal.limit)
    };
    let right = asked(200_000);
    // 85 cm entered for 90.
    let wrong = BridgePlan { volume: Volume::new(386_000), ..right };
    assert_eq!(refused(wrong), (Reason::BridgeWrong, 386_000, 397_000));
    assert_eq!(refused(asked(400_000)), (Reason::BridgeWrong, 400_000, 200_000));
    let wrong = BridgePlan { leading: Volume::new(365_239), ..right };
    assert_eq!(refused(wrong), (Reason::Disagreement, 365_239, 365_240));
    let wrong = BridgePlan { trailing: Volume::new(428_761), ..right };
    assert_eq!(refused(wrong), (Reason::Disagreement, 428_761, 428_760));
    // Baclofen is not in the old fluid: no flow of it gives the dose.
    let refusal = check_bridge(&path, &right, FOUR_MG, Drug::Baclofen, Then::even(then), THRESHOLD).unwrap_err();
    assert_eq!(refusal.reason, Reason::BridgeWrong);
}

//= requirements/ledger.md#bridge-asked-for
//= type=test
//# The pump MUST refuse an order that lets a front above the front threshold reach the tip without its bridge or a typed decision to go without.
#[test]
fn a_change_of_concentration_that_nobody_bridges_is_refused_and_told_as_twice_the_dose_for_a_day() {
    let path = changed(20, 10);
    let refused = check_answer(&path, Answer::Nothing, THRESHOLD).unwrap_err();
    assert_eq!((refused.reason, refused.limit), (Reason::BridgeNeeded, 397_000));
    // 0.4 mL/day of the 20 mg/mL still in the path: 8 mg/day for 0.397 / 0.4 d = 23.8 h.
    let without = unbridged(&path, FlowRate::new(400_000), THRESHOLD).unwrap();
    let ordered = MassRate::new(FOUR_MG.get() + ROUNDED_UP);
    assert_eq!((without.rate, without.ordered), (MassRate::new(8_000_000_000_000), ordered));
    assert_eq!(hours(without.lasts), 238);
    // And the other way round, half the dose for 47.6 h.
    let without = unbridged(&changed(10, 20), FlowRate::new(200_000), THRESHOLD).unwrap();
    assert_eq!((without.rate, hours(without.lasts)), (MassRate::new(2_000_000_000_000), 476));
    assert_eq!(check_answer(&path, Answer::Planned, THRESHOLD), Ok(()));
    assert_eq!(check_answer(&path, Answer::Without { reason: 4 }, THRESHOLD), Ok(()));
    assert_eq!(check_answer(&changed(20, 20), Answer::Nothing, THRESHOLD), Ok(()));
    assert_eq!(unbridged(&changed(20, 20), FlowRate::new(400_000), THRESHOLD), None);
}

/// A new system: 0.199 mL of tubing and 0.201 mL of catheter, 0.4 mL of the patient's own fluid.
fn new_system() -> FluidPath {
    let mut path = FluidPath::new(DEVICE, Volume::new(201_000));
    path.installation(Volume::new(201_000), &Mixture::DRUG_FREE).unwrap();
    fill(&mut path, morphine(20));
    path
}

//= requirements/ledger.md#prime-allowance
//= type=test
//# The pump MUST prime only within a signed one-shot allowance in milligrams, charged by the upper bound of the mass.
#[test]
fn a_right_prime_of_0_4_ml_passes_and_goes_fast_only_for_its_first_half() {
    let mut path = new_system();
    let plan =
        PrimePlan { volume: Volume::new(400_000), leading: Volume::new(200_000), trailing: Volume::new(600_000) };
    // No drug can leave the tip before the leading edge, so an allowance of nothing is enough.
    let ours = check_prime(&path, &plan, &[None; 4], FAST, THRESHOLD).unwrap();
    assert_eq!(ours, plan);
    let drugs = [Some(Drug::Morphine), None, None, None];
    assert_eq!(prime_mass(&path, &ours, &drugs), [Mass::ZERO; 4]);
    path.stroke(ours.leading, true, FAST);
    assert_eq!(path.charge_at_tip(DEVICE.stroke, &drugs)[0], Mass::new(500 * 20_000_000));
}

//= requirements/ledger.md#both-sides-agree
//= type=test
//# The pump MUST refuse a bridge or a prime unless both edges equal those that the asker worked out.
#[test]
fn a_prime_of_the_wrong_volume_or_edge_is_refused_and_so_is_one_with_nothing_to_prime() {
    let path = new_system();
    let right =
        PrimePlan { volume: Volume::new(400_000), leading: Volume::new(200_000), trailing: Volume::new(600_000) };
    let refused = |plan: PrimePlan| {
        let refusal = check_prime(&path, &plan, &[None; 4], FAST, THRESHOLD).unwrap_err();
        (refusal.reason, refusal.value, refusal.limit)
    };
    // The catheter forgotten; the tubing of another model.
    let wrong = PrimePlan { volume: Volume::new(199_000), ..right };
    assert_eq!(refused(wrong), (Reason::PrimeVolume, 199_000, 400_000));
    let wrong = PrimePlan { leading: Volume::new(400_000), ..right };
    assert_eq!(refused(wrong), (Reason::Disagreement, 400_000, 200_000));
    let wrong = PrimePlan { trailing: Volume::new(400_000), ..right };
    assert_eq!(refused(wrong), (Reason::Disagreement, 400_000, 600_000));
    let too_fast = check_prime(&path, &right, &[None; 4], FlowRate::new(24_000_001), THRESHOLD).unwrap_err();
    assert_eq!(too_fast.reason, Reason::FactoryLimit);
    let full = changed(20, 20);
    assert_eq!(check_prime(&full, &right, &[None; 4], FAST, THRESHOLD).unwrap_err().reason, Reason::PrimeVolume);
}

//= requirements/ledger.md#prime-allowance
//= type=test
//# The pump MUST prime only within a signed one-shot allowance in milligrams, charged by the upper bound of the mass.
#[test]
fn a_prime_that_would_push_old_drug_out_needs_an_allowance_for_all_of_it() {
    let path = changed(20, 10);
    let plan =
        PrimePlan { volume: Volume::new(397_000), leading: Volume::new(198_500), trailing: Volume::new(595_500) };
    // 198.5 µL of 20 mg/mL = 3.97 mg.
    let short = [Some((Drug::Morphine, Mass::new(3_969_999_999_999))), None, None, None];
    let refused = check_prime(&path, &plan, &short, FAST, THRESHOLD).unwrap_err();
    assert_eq!((refused.reason, refused.value), (Reason::OverCeiling, 3_970_000_000_000));
    let enough = [Some((Drug::Morphine, Mass::new(3_970_000_000_000))), None, None, None];
    assert!(check_prime(&path, &plan, &enough, FAST, THRESHOLD).is_ok());
}

#[test]
fn after_the_catheter_was_drawn_off_only_the_catheter_is_primed() {
    let mut path = changed(20, 20);
    path.aspirate_port(Volume::new(1_000_000)).unwrap();
    let plan = pump::prime_bridge::prime_plan(&path, FAST, THRESHOLD).unwrap();
    assert_eq!(plan.volume, Volume::new(198_000));
    // Drawn by hand, the front may lie anywhere in half the path: nothing goes fast.
    assert_eq!(plan.leading, Volume::ZERO);
}
