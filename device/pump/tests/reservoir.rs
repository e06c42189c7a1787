//! Stories of the reservoir: what is left, for how long, and entries that cannot be true.

use orders::{Concentration, DeviceProfile, Drug, Duration, FlowRate, Mixture, Permille, Reason, Volume};
use pump::fluid_path::FluidPath;
use pump::reservoir::{Discrepancy, Draw, Level, Outlook, Refill, Remaining};

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const CATHETER: Volume = Volume::new(198_000);
const BASAL: FlowRate = FlowRate::new(250_000);
const ML: u64 = 1_000_000;

fn baclofen() -> Mixture {
    Mixture::single(Drug::Baclofen, Concentration::new(2_000_000))
}

fn entry(drawn_off: u64, filled: u64) -> Refill {
    let filled = Volume::new(filled);
    let drawn_off = Volume::new(drawn_off);
    Refill { drawn_off, emptied: true, filled, vial_sum: filled, mixture: baclofen(), reason: None }
}

fn filled_pump(device: DeviceProfile, filled: u64) -> FluidPath {
    let mut path = FluidPath::new(device, CATHETER);
    path.installation(CATHETER, &Mixture::DRUG_FREE).unwrap();
    path.refill(&entry(0, filled)).unwrap();
    path
}

/// Whole days, to the nearest, as the tables give them.
fn days(span: Option<Duration>) -> u64 {
    let ms = span.unwrap().get();
    (ms + 43_200_000) / 86_400_000
}

fn outlook(volume: u64, flow: u64) -> Outlook {
    let draw = Draw { basal: FlowRate::new(flow), bolus: Volume::ZERO, allotment: 0, average_milli: None };
    Outlook::of(Remaining::full(Volume::new(volume)), Volume::new(2 * ML), &draw, Permille::new(145), None)
}

//= requirements/reservoir.md#refill-by
//= type=test
//# The refill-by date MUST assume the worst-case volume and every allotted bolus, worked out anew at each change of rate and each start of a bolus.
#[test]
fn the_days_to_the_alarm_are_those_of_the_clinics_table_nominal_and_with_a_fast_pump() {
    let flows = [100_000, 200_000, 250_000, 300_000, 500_000, 750_000, 1_000_000];
    // (20 − 2) mL / flow, and the same with flow × 1.145.
    let nominal = [180, 90, 72, 60, 36, 24, 18];
    let worst = [157, 79, 63, 52, 31, 21, 16];
    let nominal_40 = [380, 190, 152, 127, 76, 51, 38];
    let worst_40 = [332, 166, 133, 111, 66, 44, 33];
    for (index, flow) in flows.into_iter().enumerate() {
        let (small, large) = (outlook(20 * ML, flow), outlook(40 * ML, flow));
        assert_eq!((days(small.nominal), days(small.worst)), (nominal[index], worst[index]), "{flow}");
        assert_eq!((days(large.nominal), days(large.worst)), (nominal_40[index], worst_40[index]), "{flow}");
    }
}

#[test]
fn patient_boluses_bring_the_refill_forward_and_the_date_is_booked_on_all_of_them() {
    // 3 mg/day of 10 mg/mL = 0.3 mL/day; one bolus 0.3 mg = 0.03 mL; 18 mL until the alarm.
    let draw =
        Draw { basal: FlowRate::new(300_000), bolus: Volume::new(30_000), allotment: 4, average_milli: Some(1500) };
    let full = Remaining::full(Volume::new(20 * ML));
    let outlook = Outlook::of(full, Volume::new(2 * ML), &draw, Permille::new(145), None);
    // 18 / 0.3 = 60; 18 / 0.345 = 52.2; 18 / 0.42 = 42.9; 18 / 0.4809 = 37.4.
    assert_eq!((days(outlook.nominal), days(outlook.average), days(outlook.all)), (60, 52, 43));
    assert_eq!(days(outlook.worst), 37);
    assert_eq!(outlook.refill_by, outlook.worst);
    // A first fill of ziconotide keeps for 14 days, whatever is left.
    let keeps = Some(Duration::from_days(14));
    assert_eq!(Outlook::of(full, Volume::new(2 * ML), &draw, Permille::new(145), keeps).refill_by, keeps);
}

//= requirements/reservoir.md#two-volumes
//= type=test
//# The pump MUST reduce the nominal and the worst-case volume with every stroke.
//= requirements/reservoir.md#empty
//= type=test
//# The pump MUST stop, with the highest alarm, when the nominal volume reaches the residual.
#[test]
fn the_alarm_comes_by_the_worst_case_and_the_stop_by_the_count() {
    let mut path = filled_pump(DEVICE, 18_600_000);
    let level = |path: &FluidPath| Remaining::of(path).level(&DEVICE, Volume::new(2 * ML));
    path.stroke(Volume::new(10 * ML), true, BASAL);
    // 20 − 10 = 10 mL nominal; 14.5 % of 10 mL less in the worst case.
    assert_eq!(Remaining::of(&path), Remaining { nominal: Volume::new(10 * ML), worst: Volume::new(8_550_000) });
    assert_eq!(level(&path), Level::Enough);
    // 20 − 15.721 = 4.279 nominal; 4.279 − 2.279545 = 1.999455 in the worst case.
    path.stroke(Volume::new(5_721_000), true, BASAL);
    assert_eq!(level(&path), Level::Low);
    path.stroke(Volume::new(2_878_500), true, BASAL);
    assert_eq!((path.reservoir_volume(), level(&path)), (Volume::new(1_400_500), Level::Low));
    path.stroke(Volume::new(500), true, BASAL);
    assert_eq!((path.reservoir_volume(), level(&path)), (DEVICE.residual, Level::Empty));
}

//= requirements/reservoir.md#expected-against-drawn-off
//= type=test
//# The pump MUST tell expected and drawn-off volume and their difference with its tolerance at every refill.
#[test]
fn drawn_off_against_expected_shows_a_leak_and_an_occlusion_and_passes_what_is_within_accuracy() {
    // 20 mL at the start, 7.5 expected, so 12.5 delivered by count; tolerance 14.5 % of it = 1.8125 mL.
    let judge = |drawn| {
        let of = Volume::new;
        Discrepancy::of(of(7_500_000), of(drawn), of(12_500_000), Permille::new(145))
    };
    let leak = judge(5_200_000);
    assert_eq!((leak.ratio, leak.beyond_accuracy, leak.beyond_volume), (Some(1184), true, true));
    assert_eq!((leak.difference, leak.tolerance), (Volume::new(2_300_000), Volume::new(1_812_500)));
    let good = judge(7_100_000);
    assert_eq!((good.ratio, good.needs_reason()), (Some(1032), false));
    let occluded = judge(9_900_000);
    assert_eq!((occluded.ratio, occluded.beyond_accuracy, occluded.beyond_volume), (Some(808), true, true));
}

//= requirements/reservoir.md#expected-against-drawn-off
//= type=test
//# When the difference is outside the tolerance, the pump MUST NOT complete the refill until a clinician has given a reason.
#[test]
fn a_refill_with_volumes_apart_waits_for_a_clinicians_reason() {
    let mut path = filled_pump(DEVICE, 18_600_000);
    path.stroke(Volume::new(12_500_000), true, BASAL);
    // 20 − 12.5 = 7.5 are there, 6.1 can be drawn; only 3.8 come.
    let before = path.clone();
    let refused = path.refill(&entry(3_800_000, 18_600_000)).unwrap_err();
    assert_eq!((refused.reason, refused.value, refused.limit), (Reason::VolumeDiscrepancy, 3_800_000, 6_100_000));
    assert_eq!(path, before);
    let reviewed = Refill { reason: Some(2), ..entry(3_800_000, 18_600_000) };
    assert_eq!(path.refill(&reviewed).unwrap().discrepancy.ratio, Some(1184));
    assert_eq!(path.reservoir_volume(), Volume::new(20 * ML));
}

//= requirements/reservoir.md#overfill
//= type=test
//# The pump MUST refuse a fill that with what remained exceeds the capacity of the device profile.
#[test]
fn forty_millilitres_entered_for_twenty_are_refused_by_the_vials_and_by_the_pump() {
    let mut path = filled_pump(DEVICE, 10 * ML);
    let before = path.clone();
    // 20 mL were filled and 40 entered: the vials say 20.
    let by_vials = Refill { vial_sum: Volume::new(20 * ML), ..entry(10 * ML, 40 * ML) };
    let refused = path.refill(&by_vials).unwrap_err();
    assert_eq!((refused.reason, refused.value, refused.limit), (Reason::VialMismatch, 40 * ML, 20 * ML));
    // Entered twice alike, it does not fit a pump of 20 mL.
    let refused = path.refill(&entry(10 * ML, 40 * ML)).unwrap_err();
    assert_eq!((refused.reason, refused.value, refused.limit), (Reason::Overfill, 40 * ML, 18_600_000));
    // A pump of 40 mL would have believed it; only the vials tell.
    let mut large = filled_pump(DeviceProfile::REFERENCE_40, 10 * ML);
    let by_vials = Refill { vial_sum: Volume::new(20 * ML), ..entry(10 * ML, 38 * ML) };
    assert_eq!(large.refill(&by_vials).unwrap_err().reason, Reason::VialMismatch);
    assert_eq!(path, before);
}

#[test]
fn an_overfill_is_refused_with_the_room_there_is() {
    let mut path = filled_pump(DEVICE, 18_600_000);
    path.stroke(Volume::new(8_600_000), true, BASAL);
    // 11.4 mL are there and 10 can be drawn. All drawn: room for 18.6. Only 5 drawn: 6.4 are left, room for 13.6.
    let refused = path.refill(&entry(10 * ML, 18_600_001)).unwrap_err();
    assert_eq!((refused.reason, refused.limit), (Reason::Overfill, 18_600_000));
    let half_drawn = Refill { emptied: false, reason: Some(3), ..entry(5 * ML, 14 * ML) };
    let refused = path.refill(&half_drawn).unwrap_err();
    assert_eq!((refused.reason, refused.value, refused.limit), (Reason::Overfill, 14 * ML, 13_600_000));
    assert!(path.refill(&entry(10 * ML, 18_600_000)).is_ok());
}
