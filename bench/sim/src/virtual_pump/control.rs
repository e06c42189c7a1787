//! What is told on the second port: people's hands at the skin, needles, mishaps, time, and what truly is.
//!
//! One JSON object for one command. Mishaps have the words of a scenario's events: `{"drive": "stalls", "for": "14 min"}`.
//!
//! | command | what it does |
//! |---|---|
//! | `{"presence": "on"}`, `"off"` | someone holds a device at the skin, or takes it away |
//! | `{"field": "on"}`, `"off"` | a strong field until it is taken away; `{"magnet": "comes", "for": "20 min"}` goes by itself |
//! | `{"speed": 60}` | time goes 60 times as fast; 0 stands still |
//! | `{"advance": "3 h"}` | time moves on by so much, at once |
//! | `{"needle": "draws off"}` | draws off all that a needle reaches; tells how much |
//! | `{"needle": "fills", "volume": "18 mL", "mixture": "4 mg/mL morphine"}` | truly fills; `"into"`: `reservoir`, `pocket` or `catheter port` |
//! | `{"needle": "aspirates", "volume": "0.3 mL"}` | draws at the catheter's port |
//! | `{"truth": "tell"}` | everything that is true, as JSON |

use std::io;

use orders::{Duration, Mixture, Volume};
use serde_json::{Map, Value, json};

use super::VirtualPump;
use super::body::Fact;
use super::clock::SPEED_MAX;
use crate::files;
use crate::plant::{DRUGS, Needle};
use crate::scenario::act::Mishap;
use crate::scenario::mishap_of;

/// What is wrong with a command, in words; or that the pump cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The command.
    #[error("{0}")]
    Wrong(String),
    /// The file system; the pump must not be gone on with.
    #[error("the pump's folder: {0}")]
    Folder(#[from] io::Error),
}

type Done = Result<Value, NotDone>;

fn wrong(why: impl Into<String>) -> NotDone {
    NotDone::Wrong(why.into())
}

/// The span of an advance, for whoever moves time on in parts; `None` for any other command.
///
/// # Errors
/// What is wrong with the span.
pub fn advance_of(command: &Value) -> Result<Option<u64>, NotDone> {
    let Some(span) = command.get("advance") else { return Ok(None) };
    let text = span.as_str().ok_or_else(|| wrong(format!("advance: {span}: a span such as \"3 h\" was expected")))?;
    let span = Duration::parse(text);
    span.map(|span| Some(span.get())).map_err(|why| wrong(format!("advance: {text:?}: {why} (for example \"3 h\")")))
}

impl VirtualPump {
    /// Does what a command of the second port says, and tells what came of it.
    ///
    /// # Errors
    /// [`NotDone`]: nothing was changed by a command that is wrong.
    //= requirements/bench.md#second-port
    //# Presence, magnet and mishaps MUST reach a virtual pump only by its second loopback port.
    pub fn control(&mut self, wall_ms: u64, command: &Value) -> Done {
        self.turn(wall_ms)?;
        let fields = command.as_object().ok_or_else(|| wrong("a command is one JSON object"))?;
        if let Some(by) = advance_of(command)? {
            self.advance(wall_ms, by)?;
            return Ok(self.time());
        }
        let told = match fields.iter().next().map(|(first, value)| (first.as_str(), value)) {
            None => return Err(wrong("an empty command; for example {\"truth\": \"tell\"}")),
            Some(("presence", value)) => {
                self.present(wall_ms, on_off("presence", value)?)?;
                json!({"presence": self.body.presence})
            }
            Some(("field", value)) => {
                self.field(on_off("field", value)?.then_some(u64::MAX))?;
                json!({"field": self.body.field_until.is_some()})
            }
            Some(("speed", value)) => self.set_speed(wall_ms, value)?,
            Some(("time", _)) => self.time(),
            Some(("truth", _)) => self.truth(),
            Some(_) if fields.contains_key("needle") => self.needle(fields)?,
            Some(_) => {
                let mishap = mishap_of(command).map_err(wrong)?;
                self.befalls(command, mishap)?;
                json!({"happened": command})
            }
        };
        Ok(told)
    }

    fn set_speed(&mut self, wall_ms: u64, value: &Value) -> Done {
        let speed = value.as_u64().and_then(|speed| u32::try_from(speed).ok()).filter(|speed| *speed <= SPEED_MAX);
        let speed =
            speed.ok_or_else(|| wrong(format!("speed: {value}: a whole number from 0 to {SPEED_MAX} was expected")))?;
        self.clock.set_speed(wall_ms, speed);
        self.note_clock()?;
        Ok(self.time())
    }

    fn time(&self) -> Value {
        json!({"true_ms": self.body.now, "speed": self.clock.speed(), "pace": self.clock.pace()})
    }

    fn befalls(&mut self, command: &Value, mishap: Mishap) -> io::Result<()> {
        match mishap {
            Mishap::Field(lasts) => self.field(Some(self.body.now.saturating_add(lasts.get()))),
            Mishap::BrownOut { off, counter_kept } => self.power_off(off.get(), counter_kept),
            Mishap::Frames { way, mishap, count } => {
                (0..count).for_each(|_| self.radio.order_next(way, mishap));
                Ok(())
            }
            Mishap::BadAir { lost } => {
                let ppm = u32::from(lost.get()) * 1_000;
                self.radio.set_air(crate::radio::Air { lost_ppm: ppm, repeated_ppm: ppm, ..super::STILL });
                Ok(())
            }
            _ => self.fact(Fact::Mishap { what: command.clone() }).map(|_| ()),
        }
    }

    fn needle(&mut self, fields: &Map<String, Value>) -> Done {
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        let volume = || {
            let text = text("volume").ok_or_else(|| wrong("volume must be stated, for example \"18 mL\""))?;
            Volume::parse(text).map_err(|why| wrong(format!("volume: {text:?}: {why} (for example \"18 mL\")")))
        };
        match text("needle") {
            Some("draws off") => {
                let found = self.fact(Fact::DrawOff)?;
                let drawn = found.drawn_nl.ok_or_else(|| wrong("the needle does not find the port"))?;
                Ok(json!({"drawn_off_nl": libm::round(drawn)}))
            }
            Some("aspirates") => {
                let volume_nl = volume()?.get();
                let found = self.fact(Fact::Aspirate { volume_nl })?;
                let came = found.drawn_nl.ok_or_else(|| wrong("no fluid comes out of the catheter's port"))?;
                Ok(json!({"came_nl": came}))
            }
            Some("fills") => {
                let needle = match text("into").unwrap_or("reservoir") {
                    "reservoir" => Needle::Reservoir,
                    "pocket" => Needle::Pocket,
                    "catheter port" => Needle::CatheterPort,
                    other => {
                        return Err(wrong(format!("into: {other:?}: reservoir, pocket or catheter port was expected")));
                    }
                };
                if needle == Needle::Reservoir && !self.body.plant.complications.port_is_found() {
                    return Err(wrong("the needle does not find the port"));
                }
                let words = text("mixture").unwrap_or("");
                let mixture = files::mixture(words).map_err(|why| wrong(format!("mixture: {why}")))?;
                let volume_nl = volume()?.get();
                let drugs = self.places(&mixture)?;
                self.fact(Fact::Fill { needle, volume_nl, drugs })?;
                Ok(json!({"filled_nl": volume_nl, "reservoir_nl": self.body.plant.reservoir().volume_nl}))
            }
            other => Err(wrong(format!(
                "needle: {}: \"draws off\", \"fills\" or \"aspirates\" was expected",
                other.map_or_else(|| "nothing".into(), |other| format!("{other:?}"))
            ))),
        }
    }

    /// A mixture by the plant's places; a drug that is new here is given one.
    fn places(&mut self, mixture: &Mixture) -> Result<[f64; DRUGS], NotDone> {
        let mut all = [0.0; DRUGS];
        for part in mixture.iter() {
            let name = part.drug.name();
            if !self.body.drugs.iter().flatten().any(|held| held == name) {
                if self.body.drugs.iter().all(Option::is_some) {
                    return Err(wrong(format!("mixture: {name}: this plant holds four drugs already")));
                }
                self.fact(Fact::Drug { name: name.into() })?;
            }
            let place = self.body.drugs.iter().position(|held| held.as_deref() == Some(name));
            if let Some(place) = place.and_then(|place| all.get_mut(place)) {
                *place = f64::from(part.concentration.get());
            }
        }
        Ok(all)
    }
}

fn on_off(what: &str, value: &Value) -> Result<bool, NotDone> {
    match value.as_str() {
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(_) | None => Err(wrong(format!("{what}: {value}: \"on\" or \"off\" was expected"))),
    }
}
