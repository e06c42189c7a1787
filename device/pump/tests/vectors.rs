//! The pump's primes and bridges against those that a person worked out: the page that the formulary is held to as well.

use orders::{Concentration, DeviceProfile, Drug, FlowRate, MassRate, Mixture, Permille, Volume};
use pump::fluid_path::FluidPath;
use pump::prime_bridge::{Then, bridge_plan, prime_plan};
use pump::reservoir::Refill;

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const THRESHOLD: Permille = Permille::new(50);
/// At which the pump primes.
const PRIME: FlowRate = FlowRate::new(12_000_000);
const VECTORS: &str = include_str!("../../orders/tests/vectors/prime_bridge.txt");

fn morphine(mg_per_ml: u64) -> Mixture {
    let concentration = Concentration::new(u32::try_from(mg_per_ml * 1_000_000).unwrap());
    if mg_per_ml == 0 { Mixture::DRUG_FREE } else { Mixture::single(Drug::Morphine, concentration) }
}

fn fill(path: &mut FluidPath, mixture: Mixture) {
    for _ in 0..30 {
        path.rinse(Volume::new(18_000_000), &mixture, Volume::new(18_000_000)).unwrap();
    }
    let filled = Volume::new(18_600_000);
    let drawn_off = Volume::ZERO;
    path.refill(&Refill { drawn_off, emptied: true, filled, vial_sum: filled, mixture, reason: None }).unwrap();
}

fn changed(catheter: u64, old: u64, new: u64) -> FluidPath {
    let mut path = FluidPath::new(DEVICE, Volume::new(catheter));
    path.installation(Volume::new(catheter), &Mixture::DRUG_FREE).unwrap();
    if old > 0 {
        fill(&mut path, morphine(old));
        path.stroke(Volume::new(900_000), true, FlowRate::new(200_000));
        path.aspirate_reservoir(path.reservoir_volume().checked_sub(DEVICE.residual).unwrap()).unwrap();
    }
    fill(&mut path, morphine(new));
    path
}

fn rows(kind: &str) -> Vec<Vec<u64>> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#') && line.starts_with(kind));
    lines.map(|line| line.split('|').skip(1).map(|cell| cell.trim().parse().unwrap()).collect()).collect()
}

//= requirements/formulary.md#same-vectors-as-the-pump
//= type=test
//# Prime and bridge of the formulary and of the pump MUST both agree with the same hand-worked vectors.
#[test]
fn the_pump_bridges_as_worked_out_by_hand() {
    let rows = rows("bridge");
    assert_eq!(rows.len(), 4);
    for row in rows {
        let [catheter, old, new, dose, then, volume, leading, trailing, flow, tenths] = row[..] else {
            panic!("{row:?}")
        };
        let path = changed(catheter, old, new);
        let dose = MassRate::new(dose * 1_000_000_000_000);
        let bridge = bridge_plan(&path, dose, Drug::Morphine, Then::even(FlowRate::new(then)), THRESHOLD).unwrap();
        let plan = bridge.plan;
        let reached = [plan.volume, plan.leading, plan.trailing].map(Volume::get);
        assert_eq!((reached, plan.flow.get()), ([volume, leading, trailing], flow), "{row:?}");
        assert_eq!((bridge.nominal_time().unwrap().get() + 180_000) / 360_000, tenths, "{row:?}");
    }
}

//= requirements/formulary.md#same-vectors-as-the-pump
//= type=test
//# Prime and bridge of the formulary and of the pump MUST both agree with the same hand-worked vectors.
#[test]
fn the_pump_primes_as_worked_out_by_hand() {
    let rows = rows("prime");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let [catheter, old, new, volume, leading, trailing, _early] = row[..] else { panic!("{row:?}") };
        let plan = prime_plan(&changed(catheter, old, new), PRIME, THRESHOLD).unwrap();
        let reached = [plan.volume, plan.leading, plan.trailing].map(Volume::get);
        assert_eq!(reached, [volume, leading, trailing], "{row:?}");
    }
}
