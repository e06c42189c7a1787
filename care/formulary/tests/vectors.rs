//! Primes and bridges against those that a person worked out: the page that the pump is held to as well.

use formulary::path::{After, Bridge, Prime};
use orders::ledger::Slug;
use orders::{Concentration, DeviceProfile, Drug, FlowRate, Ledger, Mass, MassRate, Mixture, Permille, Volume};

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const THRESHOLD: Permille = Permille::new(50);
const PRIME: FlowRate = FlowRate::new(12_000_000);
const VECTORS: &str = include_str!("../../../device/orders/tests/vectors/prime_bridge.txt");

fn morphine(mg_per_ml: u64) -> Mixture {
    let concentration = Concentration::new(u32::try_from(mg_per_ml * 1_000_000).unwrap());
    if mg_per_ml == 0 { Mixture::DRUG_FREE } else { Mixture::single(Drug::Morphine, concentration) }
}

/// New drug in the reservoir, old fluid from there to the tip, as a pump tells it.
fn ledger(catheter: u64, old: u64, new: u64) -> Ledger {
    let mut ledger = Ledger { number: 3, ..Ledger::default() };
    let path = u32::try_from(199_000 + catheter).unwrap();
    for slug in [Slug::sharp(20_000_000, morphine(new)), Slug::sharp(path, morphine(old))] {
        ledger.slugs.push(slug).unwrap();
    }
    ledger
}

fn rows(kind: &str) -> Vec<Vec<u64>> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#') && line.starts_with(kind));
    lines.map(|line| line.split('|').skip(1).map(|cell| cell.trim().parse().unwrap()).collect()).collect()
}

//= requirements/formulary.md#same-vectors-as-the-pump
//= type=test
//# Prime and bridge of the formulary and of the pump MUST both agree with the same hand-worked vectors.
#[test]
fn the_formulary_bridges_as_worked_out_by_hand() {
    let rows = rows("bridge");
    assert_eq!(rows.len(), 4);
    for row in rows {
        let [catheter, old, new, dose, then, volume, leading, trailing, flow, tenths] = row[..] else {
            panic!("{row:?}")
        };
        let dose = MassRate::new(dose * 1_000_000_000_000);
        let ledger = ledger(catheter, old, new);
        let bridge =
            Bridge::of(&ledger, &DEVICE, (Drug::Morphine, dose), After::even(FlowRate::new(then)), THRESHOLD).unwrap();
        let reached = [bridge.plan.volume, bridge.plan.leading, bridge.plan.trailing].map(Volume::get);
        assert_eq!((reached, bridge.plan.flow.get()), ([volume, leading, trailing], flow), "{row:?}");
        assert_eq!((bridge.lasts().unwrap().get() + 180_000) / 360_000, tenths, "{row:?}");
    }
}

//= requirements/formulary.md#same-vectors-as-the-pump
//= type=test
//# Prime and bridge of the formulary and of the pump MUST both agree with the same hand-worked vectors.
#[test]
fn the_formulary_primes_as_worked_out_by_hand_and_tells_what_may_come_early() {
    let rows = rows("prime");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let [catheter, old, new, volume, leading, trailing, early] = row[..] else { panic!("{row:?}") };
        let prime = Prime::of(&ledger(catheter, old, new), &DEVICE, PRIME, THRESHOLD).unwrap();
        let reached = [prime.plan.volume, prime.plan.leading, prime.plan.trailing].map(Volume::get);
        assert_eq!(reached, [volume, leading, trailing], "{row:?}");
        assert_eq!(prime.may_be_early(Drug::Morphine), Mass::new(early * 100_000_000), "{row:?}");
        assert_eq!(prime.pushed_out(Drug::Morphine), Mass::ZERO, "the path held no drug");
    }
}

#[test]
fn where_nothing_changes_there_is_nothing_to_bridge_or_to_prime() {
    let same = ledger(198_000, 20, 20);
    let dose = MassRate::parse("4 mg/day").unwrap();
    assert_eq!(
        Bridge::of(&same, &DEVICE, (Drug::Morphine, dose), After::even(FlowRate::new(200_000)), THRESHOLD),
        None
    );
    assert_eq!(Prime::of(&same, &DEVICE, PRIME, THRESHOLD), None);
    // A drug that the old fluid does not hold cannot be bridged with it.
    let changed = ledger(198_000, 20, 10);
    assert_eq!(
        Bridge::of(&changed, &DEVICE, (Drug::Baclofen, dose), After::even(FlowRate::new(200_000)), THRESHOLD),
        None
    );
}

#[test]
fn a_front_half_way_through_the_path_keeps_the_band_that_it_has() {
    // 100 mcL of new drug in the path behind 297 mcL of old, edges as the pump gave them: 31.76 and 31.76 + 10 missed.
    let mut ledger = ledger(198_000, 20, 10);
    ledger.slugs[1].volume_nl = 297_000;
    let entered = Slug { edge_low_nl: 31_760, edge_high_nl: 41_760, ..Slug::sharp(100_000, morphine(10)) };
    ledger.slugs.insert(1, entered).unwrap();
    let dose = MassRate::parse("4 mg/day").unwrap();
    let bridge =
        Bridge::of(&ledger, &DEVICE, (Drug::Morphine, dose), After::even(FlowRate::new(400_000)), THRESHOLD).unwrap();
    let reached = [bridge.plan.volume, bridge.plan.leading, bridge.plan.trailing].map(Volume::get);
    assert_eq!(reached, [297_000, 265_240, 338_760]);
}
