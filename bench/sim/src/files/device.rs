//! A device profile as a TOML file. Every number must be stated: there is no default device.

use std::path::Path;

use orders::device::{BatteryProfile, FrontBand};
use orders::{DeviceProfile, Duration, FlowRate, Permille, Volume};
use serde::Deserialize;

use super::{FileError, Written, text_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    model: String,
    stroke: Written<Volume>,
    stroke_time: Written<Duration>,
    stroke_timeout: Written<Duration>,
    restarts_max: u8,
    minimum_rate: Written<FlowRate>,
    flow_max: Written<FlowRate>,
    reservoir: Written<Volume>,
    residual: Written<Volume>,
    tubing: Written<Volume>,
    catheter_per_cm: Written<Volume>,
    accuracy: Written<Permille>,
    front_band: Vec<Band>,
    factory_limits: FactoryLimits,
    battery: Battery,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Band {
    flow_max: Written<FlowRate>,
    lead: Written<Permille>,
    trail: Written<Permille>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactoryLimits {
    bolus: Written<Volume>,
    hour: Written<Volume>,
    day: Written<Volume>,
    prime: Written<Volume>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Battery {
    capacity_mj: u64,
    stroke_uj: u64,
    idle_uw: u64,
    tone_uj: u64,
    contact_uj: u64,
    indicator_mv: u16,
    end_mv: u16,
}

/// Reads a device profile.
///
/// # Errors
/// Line, field and value of what is wrong.
pub fn read(path: &Path) -> Result<DeviceProfile, FileError> {
    parse(&path.display().to_string(), &text_of(path)?)
}

/// Reads a device profile from text; `path` is for the words of an error.
///
/// # Errors
/// Line, field and value of what is wrong.
//= requirements/delivery.md#data-of-the-device
//# A device profile MUST be refused unless it states stroke, flow range, reservoir, residual, tubing, battery, accuracy and front band.
pub fn parse(path: &str, text: &str) -> Result<DeviceProfile, FileError> {
    let device: Device =
        toml::from_str(text).map_err(|why| FileError::Read { path: path.into(), why: why.to_string() })?;
    let meaning = |field: &str, why: String| FileError::Meaning { path: path.into(), field: field.into(), why };
    if device.model.is_empty() || device.model.len() > 16 || !device.model.is_ascii() {
        return Err(meaning("model", format!("{:?}: 1 to 16 ASCII letters were expected", device.model)));
    }
    let mut model = [0u8; 16];
    for (place, letter) in model.iter_mut().zip(device.model.bytes()) {
        *place = letter;
    }
    let bands: Vec<FrontBand> = device
        .front_band
        .iter()
        .map(|band| FrontBand { flow_max: band.flow_max.0, lead: band.lead.0, trail: band.trail.0 })
        .collect();
    let bands: [FrontBand; 3] = bands
        .try_into()
        .map_err(|found: Vec<_>| meaning("front_band", format!("{} bands, 3 were expected", found.len())))?;
    if !bands.is_sorted_by_key(|band| band.flow_max) {
        return Err(meaning("front_band", "the bands must come in rising order of flow_max".into()));
    }
    for (field, value) in [("stroke", device.stroke.0), ("reservoir", device.reservoir.0), ("tubing", device.tubing.0)]
    {
        if value.is_zero() {
            return Err(meaning(field, "0 mL: more than nothing was expected".into()));
        }
    }
    if device.residual.0 >= device.reservoir.0 {
        let (residual, reservoir) = (device.residual.0, device.reservoir.0);
        return Err(meaning("residual", format!("{residual}: must be less than the reservoir, {reservoir}")));
    }
    if device.minimum_rate.0.is_zero() || device.minimum_rate.0 > device.flow_max.0 {
        let (least, most) = (device.minimum_rate.0, device.flow_max.0);
        return Err(meaning("minimum_rate", format!("{least}: must be above 0 and at most flow_max, {most}")));
    }
    let (battery, limits) = (device.battery, device.factory_limits);
    Ok(DeviceProfile {
        model,
        stroke: device.stroke.0,
        stroke_time: device.stroke_time.0,
        stroke_timeout: device.stroke_timeout.0,
        restarts_max: device.restarts_max,
        minimum_rate: device.minimum_rate.0,
        flow_max: device.flow_max.0,
        reservoir: device.reservoir.0,
        residual: device.residual.0,
        tubing: device.tubing.0,
        catheter_per_cm: device.catheter_per_cm.0,
        accuracy: device.accuracy.0,
        bands,
        bolus_max: limits.bolus.0,
        hour_max: limits.hour.0,
        day_max: limits.day.0,
        prime_max: limits.prime.0,
        battery: BatteryProfile {
            capacity_mj: battery.capacity_mj,
            stroke_uj: battery.stroke_uj,
            idle_uw: battery.idle_uw,
            tone_uj: battery.tone_uj,
            contact_uj: battery.contact_uj,
            indicator_mv: battery.indicator_mv,
            end_mv: battery.end_mv,
        },
    })
}
