//! The page `DEVICE.md` and the profile say the same, and what the page promises of the cell is so.

use orders::{DeviceProfile, Duration, Instant, Volume};
use pump::battery::{Battery, Stage};

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const PAGE: &str = include_str!("../DEVICE.md");

#[test]
fn every_number_of_the_page_is_the_profiles() {
    let cell = DEVICE.battery;
    let rows = [
        ("stroke", DEVICE.stroke.to_string()),
        ("stroke_time", DEVICE.stroke_time.to_string()),
        ("stroke_timeout", DEVICE.stroke_timeout.to_string()),
        ("restarts_max", DEVICE.restarts_max.to_string()),
        ("minimum_rate", DEVICE.minimum_rate.to_string()),
        ("flow_max", DEVICE.flow_max.to_string()),
        ("accuracy", DEVICE.accuracy.to_string()),
        ("reservoir", DEVICE.reservoir.to_string()),
        ("residual", DEVICE.residual.to_string()),
        ("tubing", DEVICE.tubing.to_string()),
        ("catheter_per_cm", DEVICE.catheter_per_cm.to_string()),
        ("bolus_max", DEVICE.bolus_max.to_string()),
        ("hour_max", DEVICE.hour_max.to_string()),
        ("day_max", DEVICE.day_max.to_string()),
        ("prime_max", DEVICE.prime_max.to_string()),
        ("capacity_mj", format!("{} J", cell.capacity_mj / 1000)),
        ("stroke_uj", format!("{} mJ", cell.stroke_uj / 1000)),
        ("idle_uw", format!("{} mcW", cell.idle_uw)),
        ("tone_uj", format!("{} mJ", cell.tone_uj / 1000)),
        ("contact_uj", format!("{} mJ", cell.contact_uj / 1000)),
        ("indicator_mv", format!("{} mV", cell.indicator_mv)),
        ("end_mv", format!("{} mV", cell.end_mv)),
    ];
    for (field, value) in rows {
        assert!(PAGE.contains(&format!("| `{field}` | {value} |")), "{field}: {value}");
    }
    for band in DEVICE.bands {
        let row = format!("| {} | {} | {} |", band.flow_max, band.lead, band.trail);
        assert!(PAGE.contains(&row), "{row}");
    }
    assert!(PAGE.contains(&format!("compared every {}", pump::time::SPAN)));
    let large = DeviceProfile::REFERENCE_40;
    assert_eq!(large.reservoir, Volume::new(40_000_000));
    assert_eq!(DeviceProfile { reservoir: DEVICE.reservoir, model: DEVICE.model, ..large }, DEVICE);
}

#[test]
fn the_cell_carries_ten_years_of_a_quarter_millilitre_a_day_before_its_indicator() {
    let mut battery = Battery::new(Instant::ZERO, &DEVICE, Volume::new(250_000));
    let mut indicator = None;
    for day in 1..=4_500u64 {
        battery.tick(Instant::ZERO.after(Duration::from_days(day)));
        (0..500).for_each(|_| battery.stroke());
        (0..4).for_each(|_| battery.contact());
        battery.tone();
        if indicator.is_none() && battery.stage() != Stage::Good {
            indicator = Some(day);
        }
    }
    // (12 000 − about 1300) J / 2.788 J a day is about 3840 days; ten years are 3653.
    assert!(indicator.is_some_and(|day| day > 3653 && day < 3900), "{indicator:?}");
}

#[test]
fn strokes_at_the_highest_flow_follow_each_other_no_closer_than_the_drive_can() {
    // 24 mL/day of 500 nL: 48 000 strokes, one in 1.8 s.
    let apart = DEVICE.stroke.time_at(DEVICE.flow_max).expect("a flow");
    assert_eq!(apart, Duration::new(1_800));
    assert!(apart >= DEVICE.stroke_time);
    assert!(DEVICE.hour_max >= DEVICE.flow_max.volume_ceil(Duration::from_hours(1)));
}
