//! An order as a TOML file: doses of the primary drug as people write them, turned into flows the drive can do.
//!
//! A dose becomes a flow or a volume rounded **down** to the nL (and a bolus to whole strokes); what that takes away is
//! told in [`OrderFile::notes`], never hidden.

use std::path::Path;

use orders::mixture::{Component, DRUGS_MAX};
use orders::prescription::{
    BolusStart, Ceiling, DaySet, EmergencyRate, EmergencyRule, HALF_HOURS, Mode, PatientBolus, PeriodicBolus, Ramp,
    Schedule,
};
use orders::{
    Concentration, DeviceProfile, Duration, FlowRate, Mass, MassRate, Mixture, Permille, Prescription, Volume,
};
use serde::Deserialize;

use super::{ClockTime, DrugName, FileError, Written, text_of};

/// An order that was read, with what people should know of the reading.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderFile {
    /// What it says.
    pub prescription: Prescription,
    /// Roundings, each with the number written and the number that will run.
    pub notes: Vec<String>,
}

/// An order as it stands in a file, or in a scenario's `[order]` table.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Order {
    number: u64,
    author: u32,
    mixture: Vec<InMixture>,
    basal: Basal,
    ramp: Option<RampTable>,
    patient_bolus: Option<PatientBolusTable>,
    alarm: Alarm,
    gap_limit: Written<Duration>,
    front_threshold: Written<Permille>,
    fall_back: Written<MassRate>,
    emergency: Emergency,
    #[serde(default = "one")]
    signatures: u8,
}

fn one() -> u8 {
    1
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct InMixture {
    drug: DrugName,
    concentration: Written<Concentration>,
    ceiling: CeilingTable,
    /// After how long the emergency ends by itself as far as this drug goes; without it, never.
    emergency_returns_after: Option<Written<Duration>>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct CeilingTable {
    hour: Written<Mass>,
    four_hours: Written<Mass>,
    day: Written<Mass>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(tag = "mode", rename_all = "kebab-case", deny_unknown_fields)]
enum Basal {
    MinimumRate,
    Continuous {
        dose: Written<MassRate>,
    },
    Schedule {
        days: Vec<Day>,
    },
    PeriodicBolus {
        background: Written<MassRate>,
        bolus: Written<Mass>,
        duration: Written<Duration>,
        every: Written<Duration>,
        first_after: Written<Duration>,
    },
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct Day {
    on: String,
    steps: Vec<Step>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct Step {
    from: ClockTime,
    dose: Written<MassRate>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct RampTable {
    first: Written<Permille>,
    last: Written<Permille>,
    steps: u8,
    every: Written<Duration>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct PatientBolusTable {
    dose: Written<Mass>,
    duration: Written<Duration>,
    lockout: Written<Duration>,
    allotment: u8,
    at_once_for_reason: Option<u8>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct Alarm {
    volume: Written<Volume>,
    days: u8,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct Emergency {
    rate: EmergencyTo,
}

#[derive(Deserialize, Debug, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum EmergencyTo {
    MinimumRate,
    FallBack,
}

/// Reads an order.
///
/// # Errors
/// Line, field and value of what is wrong. An order that reads may still break its bounds or the device's.
pub fn read(path: &Path, device: &DeviceProfile) -> Result<OrderFile, FileError> {
    parse(&path.display().to_string(), &text_of(path)?, device)
}

/// Reads an order from text; `path` is for the words of an error.
///
/// # Errors
/// Line, field and value of what is wrong.
pub fn parse(path: &str, text: &str, device: &DeviceProfile) -> Result<OrderFile, FileError> {
    let order: Order =
        toml::from_str(text).map_err(|why| FileError::Read { path: path.into(), why: why.to_string() })?;
    order.build(device).map_err(|(field, why)| FileError::Meaning { path: path.into(), field, why })
}

/// What is wrong with which field.
type Wrong = (String, String);

struct Reader<'a> {
    primary: Concentration,
    device: &'a DeviceProfile,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn flow(&mut self, field: &str, dose: MassRate) -> FlowRate {
        let flow = dose.flow_at(self.primary).unwrap_or(FlowRate::ZERO);
        let runs = flow.mass_rate(self.primary);
        if runs != dose {
            self.notes.push(format!("{field}: {dose} was written; {runs} ({flow}) will run, rounded down"));
        }
        flow
    }

    fn volume(&mut self, field: &str, dose: Mass) -> Volume {
        let exact = dose.volume_at(self.primary).unwrap_or(Volume::ZERO);
        let stroke = self.device.stroke;
        let volume = stroke.saturating_mul(exact.strokes_floor(stroke));
        let given = volume.mass_at(self.primary);
        if given != dose {
            self.notes.push(format!(
                "{field}: {dose} was written; {given} ({volume}) will be given, whole strokes rounded down"
            ));
        }
        volume
    }
}

impl Order {
    /// The prescription that this order means for a device.
    ///
    /// # Errors
    /// The field, and what is wrong with its value.
    pub fn build(&self, device: &DeviceProfile) -> Result<OrderFile, (String, String)> {
        let components: Vec<Component> = self
            .mixture
            .iter()
            .map(|part| Component { drug: part.drug.0, concentration: part.concentration.0 })
            .collect();
        let mixture = Mixture::of(&components).filter(|mixture| !mixture.is_empty()).ok_or_else(|| {
            let why = format!(
                "{} drugs: one to four different drugs, each with a concentration above 0, were expected",
                components.len()
            );
            ("mixture".to_string(), why)
        })?;
        let mut ceilings = [Ceiling::default(); DRUGS_MAX];
        for (ceiling, part) in ceilings.iter_mut().zip(&self.mixture) {
            let table = &part.ceiling;
            *ceiling = Ceiling { hour: table.hour.0, four_hours: table.four_hours.0, day: table.day.0 };
        }
        let primary = mixture.primary().map_or(Concentration::ZERO, |component| component.concentration);
        let mut reader = Reader { primary, device, notes: Vec::new() };
        let mode = self.basal.build(&mut reader)?;
        let patient_bolus = self.patient_bolus.as_ref().map(|bolus| PatientBolus {
            volume: reader.volume("patient_bolus.dose", bolus.dose.0),
            duration: bolus.duration.0,
            lockout: bolus.lockout.0,
            allotment: bolus.allotment,
        });
        let at_once = self.patient_bolus.as_ref().and_then(|bolus| bolus.at_once_for_reason);
        let mut returns_after = EmergencyRule::STAYS;
        for (place, component) in returns_after.iter_mut().zip(&self.mixture) {
            *place = component.emergency_returns_after.as_ref().map(|after| after.0);
        }
        let prescription = Prescription {
            order_number: self.number,
            author: self.author,
            mixture,
            mode,
            ramp: self.ramp.as_ref().map(|ramp| Ramp {
                first: ramp.first.0,
                last: ramp.last.0,
                steps: ramp.steps,
                interval: ramp.every.0,
            }),
            patient_bolus,
            bolus_start: at_once.map_or(BolusStart::AfterADay, |reason| BolusStart::AtOnce { reason }),
            ceilings,
            alarm_volume: self.alarm.volume.0,
            alarm_days: self.alarm.days,
            gap_limit: self.gap_limit.0,
            front_threshold: self.front_threshold.0,
            fall_back: reader.flow("fall_back", self.fall_back.0),
            emergency: EmergencyRule {
                rate: match self.emergency.rate {
                    EmergencyTo::MinimumRate => EmergencyRate::MinimumRate,
                    EmergencyTo::FallBack => EmergencyRate::FallBack,
                },
                returns_after,
            },
            signatures: self.signatures,
        };
        Ok(OrderFile { prescription, notes: reader.notes })
    }
}

impl Basal {
    fn build(&self, reader: &mut Reader) -> Result<Mode, Wrong> {
        Ok(match self {
            Basal::MinimumRate => Mode::MinimumRate,
            Basal::Continuous { dose } => Mode::Continuous(reader.flow("basal.dose", dose.0)),
            Basal::Schedule { days } => Mode::Schedule(schedule(days, reader)?),
            Basal::PeriodicBolus { background, bolus, duration, every, first_after } => {
                Mode::PeriodicBolus(PeriodicBolus {
                    background: reader.flow("basal.background", background.0),
                    volume: reader.volume("basal.bolus", bolus.0),
                    duration: duration.0,
                    interval: every.0,
                    first_after: first_after.0,
                })
            }
        })
    }
}

fn schedule(days: &[Day], reader: &mut Reader) -> Result<Schedule, Wrong> {
    let mut sets = Vec::new();
    for day in days {
        let field = format!("basal.days on {:?}", day.on);
        let first = day.steps.first().map(|step| step.from);
        if first != Some(ClockTime { minutes: 0 }) {
            return Err((field, "the first step must be from \"00:00\"".into()));
        }
        if !day.steps.windows(2).all(|pair| pair[0].from < pair[1].from) {
            return Err((field, "the steps must come in rising order of time, no time twice".into()));
        }
        let mut flows = [FlowRate::ZERO; HALF_HOURS];
        for step in &day.steps {
            if step.from.minutes % 30 != 0 {
                let (hours, minutes) = (step.from.minutes / 60, step.from.minutes % 60);
                return Err((field, format!("{hours:02}:{minutes:02}: steps begin on the hour or the half hour")));
            }
            let flow = reader.flow("basal.days.steps.dose", step.dose.0);
            for half_hour in flows.iter_mut().skip(usize::from(step.from.minutes / 30)) {
                *half_hour = flow;
            }
        }
        sets.push(DaySet { weekdays: weekdays(&day.on).map_err(|why| (field, why))?, flows });
    }
    let found = sets.len();
    Schedule::of(&sets)
        .ok_or_else(|| ("basal.days".into(), format!("{found} weekday sets: one to three were expected")))
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn weekdays(text: &str) -> Result<u8, String> {
    match text {
        "every day" => return Ok(0x7f),
        "workdays" => return Ok(0x1f),
        "weekend" => return Ok(0x60),
        _ => {}
    }
    text.split(' ').try_fold(0u8, |mask, word| {
        let day = WEEKDAYS.iter().position(|name| *name == word);
        day.map(|day| mask | 1 << day).ok_or_else(|| {
            format!("{word:?}: \"every day\", \"workdays\", \"weekend\" or days such as \"mon wed fri\" were expected")
        })
    })
}
