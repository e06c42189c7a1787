//! Orders and devices that people write: what reads, and what is said of what does not.

use std::path::PathBuf;

use orders::{DeviceProfile, FlowRate};
use sim::files::{device, order};

fn room(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_reference_devices_in_files_are_those_of_the_code() {
    assert_eq!(device::read(&room("devices/reference-20.toml")), Ok(DeviceProfile::REFERENCE_20));
    assert_eq!(device::read(&room("devices/reference-40.toml")), Ok(DeviceProfile::REFERENCE_40));
}

#[test]
fn every_sample_order_reads_and_keeps_its_bounds() {
    let mut read = 0;
    for entry in std::fs::read_dir(room("orders")).unwrap() {
        let path = entry.unwrap().path();
        let order = order::read(&path, &DeviceProfile::REFERENCE_20).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(order.prescription.check(), Ok(()), "{}", path.display());
        read += 1;
    }
    assert_eq!(read, 5);
}

const ORDER: &str = include_str!("../orders/morphine.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(ORDER.contains(from), "{from:?} is not in the sample");
    match order::parse("order.toml", &ORDER.replace(from, to), &DeviceProfile::REFERENCE_20) {
        Ok(order) => panic!("read as {order:?}"),
        Err(why) => why.to_string(),
    }
}

#[test]
fn what_is_wrong_is_told_with_line_value_and_what_would_be_right() {
    let wrong_unit = refused("\"1 mg/day\"", "\"1 mg\"");
    assert!(wrong_unit.contains("\"1 mg\": the unit must be one of mg/day"), "{wrong_unit}");
    assert!(wrong_unit.contains("line 8"), "{wrong_unit}");
    let no_drug = refused("drug = \"morphine\"", "drug = \"morphium\"");
    assert!(no_drug.contains("unknown drug; known are morphine"), "{no_drug}");
    let unknown = refused("gap_limit", "gap_limits");
    assert!(unknown.contains("unknown field `gap_limits`"), "{unknown}");
    let missing = refused("fall_back = \"0.25 mg/day\"", "");
    assert!(missing.contains("missing field `fall_back`"), "{missing}");
    let too_fine = refused("\"4 mg/mL\"", "\"4.0000001 mg/mL\"");
    assert!(too_fine.contains("more decimals"), "{too_fine}");
}

#[test]
fn a_dose_that_the_drive_cannot_do_exactly_is_rounded_down_and_told() {
    let text = ORDER.replace("\"1 mg/day\"", "\"1000001 ng/day\"");
    let order = order::parse("order.toml", &text, &DeviceProfile::REFERENCE_20).unwrap();
    assert_eq!(order.prescription.basal_highest(FlowRate::ZERO), FlowRate::new(250_000));
    assert!(order.notes.iter().any(|note| note.contains("basal.dose")), "{:?}", order.notes);
}

//= requirements/delivery.md#data-of-the-device
//= type=test
//# A device profile MUST be refused unless it states stroke, flow range, reservoir, residual, tubing, battery, accuracy and front band.
#[test]
fn a_device_that_leaves_anything_unsaid_is_refused() {
    const DEVICE: &str = include_str!("../devices/reference-20.toml");
    let whole = device::parse("device.toml", DEVICE).expect("the reference");
    assert_eq!(whole, DeviceProfile::REFERENCE_20);
    let mut stated = 0;
    for (number, line) in DEVICE.lines().enumerate().filter(|(_, line)| line.contains('=') && !line.starts_with('#')) {
        let without: Vec<&str> =
            DEVICE.lines().enumerate().filter(|(other, _)| *other != number).map(|(_, line)| line).collect();
        let why = device::parse("device.toml", &without.join("\n")).expect_err(line).to_string();
        let key = line.split('=').next().unwrap().trim();
        assert!(why.contains(key) || why.contains("front_band") || key == "front_band", "{line}: {why}");
        stated += 1;
    }
    assert_eq!(stated, 24, "each line was left out once");
}
