//! What holds for whatever numbers: nothing stronger than ordered, nothing later than safe, nothing lost.

use formulary::Formulary;
use formulary::admixture::{DailyDose, doses, mixture};
use formulary::calendar::{Day, OpenDays};
use formulary::compounding::{Stock, sheet};
use formulary::conversion::convert;
use formulary::discrepancy::{expected_band, judge};
use formulary::interval::{Booking, Drain, refill_by};
use formulary::mixing::mix;
use formulary::number::Step;
use formulary::path::{After, Bridge};
use formulary::stability::Cap;
use formulary::titration::{Direction, Proposal};
use orders::ledger::Slug;
use orders::{Concentration, DeviceProfile, Drug, Duration, FlowRate, Ledger, MassRate, Mixture, Permille, Volume};
use proptest::prelude::*;

fn config() -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(20_261_125);
    ProptestConfig { cases: 300, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

fn concentration() -> impl Strategy<Value = Concentration> {
    (1_000u32..40_000_000).prop_map(Concentration::new)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_fluid_never_gives_more_than_was_asked_and_less_only_by_its_rounding(
        dose in 1_000_000_000u64..20_000_000_000_000, flow in 20_000u64..2_000_000,
    ) {
        let wanted = [DailyDose { drug: Drug::Morphine, dose: MassRate::new(dose) }];
        let flow = FlowRate::new(flow);
        let Ok(fluid) = mixture(&wanted, flow) else { return Ok(()) };
        let given = doses(&fluid, flow)[0].dose;
        prop_assert!(given <= wanted[0].dose && wanted[0].dose.get() - given.get() < flow.get());
    }

    #[test]
    fn a_sheet_adds_up_to_its_volume_and_the_fluid_is_never_stronger_than_ordered(
        ordered in concentration(), stock in concentration(), volume in 1_000_000u64..40_000_000,
    ) {
        let formulary = Formulary::shipped().unwrap();
        let (fluid, volume) = (Mixture::single(Drug::Morphine, ordered), Volume::new(volume));
        let stocks = [(Drug::Morphine, Stock::Solution(stock))];
        let made = sheet(&formulary, &fluid, volume, &stocks, Volume::new(10_000));
        prop_assert_eq!(made.is_err(), stock < ordered);
        if let Ok(made) = made {
            let line = &made.lines[0];
            prop_assert_eq!(line.draw.get() + made.diluent.get(), volume.get());
            prop_assert_eq!(line.draw.get() % 10_000, 0);
            let really = line.draw.mass_at(stock);
            prop_assert!(really <= line.mass);
            let missing = line.mass.get() - really.get();
            prop_assert!(missing * 1000 <= line.mass.get().saturating_mul(u64::from(line.weaker.get())));
        }
    }

    #[test]
    fn a_mixed_fluid_lies_between_both_and_holds_what_both_held(
        old in concentration(), new in concentration(), left in 1u64..3_000_000, filled in 1_000_000u64..40_000_000,
    ) {
        let (residual, fill) = (Mixture::single(Drug::Baclofen, old), Mixture::single(Drug::Baclofen, new));
        let (left, filled) = (Volume::new(left), Volume::new(filled));
        let mixed = mix((&residual, left), (&fill, filled))[0].mixed;
        prop_assert!(mixed >= old.min(new) && mixed <= old.max(new));
        let (held, whole) = (left.mass_at(old).get() + filled.mass_at(new).get(), left.get() + filled.get());
        prop_assert!(held.abs_diff(u64::from(mixed.get()) * whole) <= whole / 2 + 1);
    }

    #[test]
    fn a_titrated_dose_is_never_above_the_step_and_below_it_by_less_than_one_nl_a_day(
        before in 1_000_000_000u64..20_000_000_000_000, share in 1u16..500, fluid in concentration(),
    ) {
        let step = Step::Share(Permille::new(share));
        for direction in [Direction::Up, Direction::Down] {
            let Some(told) = Proposal::of(MassRate::new(before), step, direction, fluid) else { continue };
            prop_assert!(told.given <= told.wanted);
            prop_assert!(told.wanted.get() - told.given.get() < u64::from(fluid.get()));
            prop_assert_eq!(told.flow.mass_rate(fluid), told.given);
        }
    }

    #[test]
    fn a_band_has_two_ends_and_every_published_ratio_lies_inside(dose in 1_000_000_000u64..1_000_000_000_000_000) {
        let formulary = Formulary::shipped().unwrap();
        let (mouth, spine) = ("morphine by mouth", "morphine intrathecal");
        let band = convert(formulary.ratios(), mouth, spine, MassRate::new(dose)).unwrap();
        prop_assert!(band.low < band.high);
        for ratio in formulary.ratios().iter().filter(|r| r.from == mouth && r.to == spine) {
            let by = dose / u64::from(ratio.weights.value.from);
            prop_assert!(band.low.get() <= by && by <= band.high.get());
        }
    }

    #[test]
    fn no_booking_lies_after_the_volume_at_its_fastest_or_after_the_fluid_is_too_old(
        now in 3_000_000u64..40_000_000, flow in 20_000u64..2_000_000, keeps in 1u64..200, today in 20_000u32..21_000,
        weekdays in 1u8..128,
    ) {
        let formulary = Formulary::shipped().unwrap();
        let mixture = Mixture::single(Drug::Morphine, Concentration::new(10_000_000));
        let cap = Cap { keeps: Duration::from_days(keeps), by: String::new() };
        let open = OpenDays { weekdays, closed: Vec::new() };
        let drain = Drain { now: Volume::new(now), alarm: Volume::new(2_000_000), flow: FlowRate::new(flow) };
        let today = Day::new(today);
        let booking = Booking {
            today, drain, accuracy: Permille::new(145), cap: &cap, policy: None, mixture: &mixture,
            had_withdrawal: false, open: &open,
        };
        let Ok(by) = refill_by(&formulary, &booking) else { return Ok(()) };
        let fast = u128::from(flow) * 1145;
        let moved = fast * u128::from(by.latest.get() - today.get()) / 1000;
        prop_assert!(moved <= u128::from(now - 2_000_000));
        prop_assert!(u64::from(by.latest.get() - today.get()) <= keeps);
        prop_assert!(by.preferred <= by.latest && by.preferred >= today);
        prop_assert!(open.is_open(by.latest) && open.is_open(by.preferred));
    }

    #[test]
    fn what_lies_further_off_is_never_judged_milder(
        start in 10_000_000u64..40_000_000, left in 0u64..9_000_000, off in 0u64..9_000_000, more in 0u64..3_000_000,
    ) {
        let (start, expected) = (Volume::new(start), Volume::new(left));
        let accuracy = Permille::new(145);
        let at = |by: u64| judge(start, expected, Volume::new(left + by), accuracy, false).colour;
        prop_assert!(at(off) <= at(off + more));
        let (low, high) = expected_band(start, expected, accuracy);
        prop_assert!(low <= expected && expected <= high);
    }

    #[test]
    fn a_bridge_gives_at_most_its_dose_from_the_strongest_fluid_in_the_path(
        old in 1_000_000u32..40_000_000, new in 1_000_000u32..40_000_000, dose in 100_000_000_000u64..10_000_000_000_000,
        path in 200_000u32..800_000,
    ) {
        let device = DeviceProfile::REFERENCE_20;
        let fluid = |c| Mixture::single(Drug::Morphine, Concentration::new(c));
        let mut ledger = Ledger::default();
        ledger.slugs.push(Slug::sharp(20_000_000, fluid(new))).unwrap();
        ledger.slugs.push(Slug::sharp(path, fluid(old))).unwrap();
        let dose = MassRate::new(dose);
        let then = dose.flow_at(Concentration::new(new)).unwrap();
        let Some(bridge) = Bridge::of(&ledger, &device, (Drug::Morphine, dose), After::even(then), Permille::new(50)) else {
            prop_assert!(u64::from(old.abs_diff(new)) * 1000 <= 50 * u64::from(old.max(new)));
            return Ok(());
        };
        let plan = bridge.plan;
        prop_assert!(plan.leading <= plan.volume && plan.volume <= plan.trailing);
        prop_assert_eq!(plan.volume, Volume::new(u64::from(path)));
        let given = plan.flow.mass_rate(Concentration::new(old));
        prop_assert!(given <= dose && dose.get() - given.get() < u64::from(old));
    }
}
