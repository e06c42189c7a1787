//! Everything that is true of a virtual pump outside its stores, and the facts that change it.
//!
//! Answers for one way of changing: a fact at a time. Live and read back from the log it is the same function, so that
//! what is found after a kill is what was.

use serde::{Deserialize, Serialize};

use super::clock::Anchor;
use super::made::Made;
use crate::oscillator::Oscillator;
use crate::plant::{Concentrations, DRUGS, Delivery, Masses, Needle, Place, Plant, PlantEvent};
use crate::rng::{Purpose, Seed};
use crate::scenario::act::Mishap;
use crate::scenario::mishap_of;
use crate::terminals::{self, FRAME_RADIO_MS, TONE_MS};

/// Something that happened. When stands beside it in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// One stroke of the drive was commanded.
    Step,
    /// The drive's enable line.
    Enable {
        /// On or off.
        on: bool,
    },
    /// A tone.
    Tone,
    /// A frame, either way.
    Radio,
    /// Presence at the skin.
    Presence {
        /// It is there.
        on: bool,
    },
    /// A strong field begins.
    FieldComes {
        /// Until when; `u64::MAX` until it is taken away.
        until: u64,
    },
    /// It ends.
    FieldGoes,
    /// A mishap, in the words of a scenario.
    Mishap {
        /// Its fields.
        what: serde_json::Value,
    },
    /// A needle puts something in.
    Fill {
        /// Where it truly is.
        needle: Needle,
        /// How much, nL.
        volume_nl: u64,
        /// Of what, ng/mL, by the plant's places.
        drugs: Concentrations,
    },
    /// A needle draws off all it can.
    DrawOff,
    /// A needle draws at the catheter's port, nL.
    Aspirate {
        /// How much it tries, nL.
        volume_nl: u64,
    },
    /// A drug was given a place among the plant's.
    Drug {
        /// Its name.
        name: String,
    },
    /// The supply goes.
    PowerGoes {
        /// Until when.
        until: u64,
        /// Whether the battery keeps the counters.
        counter_kept: bool,
    },
    /// It comes.
    PowerComes {
        /// Whether the counters were kept.
        counter_kept: bool,
    },
    /// How time goes.
    Clock(Anchor),
    /// A slot or a record was written; the stores take it.
    Write {
        /// Its code.
        slot: u32,
        /// What, in hexadecimal.
        bytes: String,
    },
}

/// The supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Power {
    /// There.
    On,
    /// Gone.
    Off {
        /// Until when, true time.
        until: u64,
        /// Whether the counters go on.
        counter_kept: bool,
    },
}

/// What has arrived at one place since it was implanted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// Where.
    pub place: Place,
    /// Volume, nL.
    pub volume_nl: f64,
    /// Mass of each drug, fg.
    pub mass_fg: Masses,
}

/// The drive's strokes since it was implanted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Strokes {
    /// Commanded.
    pub commanded: u64,
    /// Truly moved upon a command, whole or in part.
    pub moved: u64,
    /// Moved without one.
    pub uncommanded: u64,
    /// Volume that truly left the reservoir by them, nL.
    pub volume_nl: f64,
}

/// All that is true.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Body {
    /// True time, ms.
    pub now: u64,
    /// How time goes.
    pub clock: Anchor,
    /// Drive, fluid, cell, pocket.
    pub plant: Plant,
    /// The first oscillator.
    pub first: Oscillator,
    /// The second.
    pub second: Oscillator,
    /// Which drug each of the plant's places stands for, by name.
    pub drugs: [Option<String>; DRUGS],
    /// Whether someone holds a device at the skin.
    pub presence: bool,
    /// Until when a strong field is there.
    pub field_until: Option<u64>,
    /// The supply.
    pub power: Power,
    /// How long the supply is gone once the stores' fuse has blown, ms.
    pub off_after_cut: u64,
    /// What has arrived where.
    pub given: Vec<Given>,
    /// What the drive did.
    pub strokes: Strokes,
}

/// What the needle brought.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Found {
    /// Edges of the rotor on the way to the fact.
    pub edges: u32,
    /// Volume that was drawn, nL; `None` if the port was not found or nothing came.
    pub drawn_nl: Option<f64>,
}

impl Body {
    /// As implanted, before anything was filled.
    pub fn new(made: &Made) -> Self {
        let seed = Seed(made.serial.0);
        let mut drift = seed.stream(Purpose::Oscillator);
        let mut error = || i32::try_from(drift.around(20_000)).unwrap_or(0);
        Self {
            now: 0,
            clock: Anchor { wall: 0, now: 0, speed: 0, is_held: false },
            plant: Plant::new(terminals::plant_spec(&made.device, made.catheter), seed),
            first: Oscillator::new(error(), 0),
            second: Oscillator::new(error(), 0),
            drugs: [const { None }; DRUGS],
            presence: false,
            field_until: None,
            power: Power::Off { until: 0, counter_kept: false },
            off_after_cut: 0,
            given: Vec::new(),
            strokes: Strokes::default(),
        }
    }

    /// Lets everything happen that is due by then; how many edges the rotor gave.
    pub fn run_to(&mut self, now: u64) -> u32 {
        self.now = self.now.max(now);
        let mut edges = 0;
        while let Some(event) = self.plant.poll(self.now) {
            match event {
                PlantEvent::Edge { .. } => edges += 1,
                PlantEvent::Moved { volume_nl, commanded, .. } => {
                    let count = if commanded { &mut self.strokes.moved } else { &mut self.strokes.uncommanded };
                    *count += 1;
                    self.strokes.volume_nl += volume_nl;
                }
                PlantEvent::Delivered(delivery) => self.arrives(&delivery),
            }
        }
        edges
    }

    fn arrives(&mut self, delivery: &Delivery) {
        let place = match self.given.iter().position(|given| given.place == delivery.place) {
            Some(place) => place,
            None => {
                self.given.push(Given { place: delivery.place, volume_nl: 0.0, mass_fg: [0.0; DRUGS] });
                self.given.len() - 1
            }
        };
        let given = &mut self.given[place];
        given.volume_nl += delivery.volume_nl;
        for (sum, mass) in given.mass_fg.iter_mut().zip(delivery.mass_fg) {
            *sum += mass;
        }
    }

    /// A fact becomes true, at true time `now`. A write is the stores' affair and changes nothing here.
    pub fn take(&mut self, now: u64, fact: &Fact) -> Found {
        let mut found = Found { edges: self.run_to(now), drawn_nl: None };
        let now = self.now;
        match fact {
            Fact::Step => {
                self.strokes.commanded += 1;
                self.plant.step(now);
            }
            Fact::Enable { on } => self.plant.enable(now, *on),
            Fact::Tone => self.plant.tone(now, TONE_MS),
            Fact::Radio => self.plant.radio(now, FRAME_RADIO_MS),
            Fact::Presence { on } => self.presence = *on,
            Fact::FieldComes { until } => {
                self.field_until = Some(*until);
                self.plant.field(now, true);
            }
            Fact::FieldGoes => {
                self.field_until = None;
                self.plant.field(now, false);
            }
            Fact::Mishap { what } => {
                // It was read before it was written down.
                if let Ok(mishap) = mishap_of(what) {
                    self.befalls(&mishap);
                }
            }
            Fact::Fill { needle, volume_nl, drugs } => self.plant.fill(now, *needle, *volume_nl as f64, *drugs),
            Fact::DrawOff => found.drawn_nl = self.plant.draw_off().map(|(drawn, _)| drawn),
            Fact::Aspirate { volume_nl } => {
                use crate::plant::Aspiration::{Air, Fails, Free, Hard};
                let (came, _) = self.plant.aspirate(*volume_nl as f64);
                found.drawn_nl = match came {
                    Free | Hard => Some(*volume_nl as f64),
                    Fails | Air => None,
                };
            }
            Fact::Drug { name } => {
                if let Some(place) = self.drugs.iter_mut().find(|place| place.is_none()) {
                    *place = Some(name.clone());
                }
            }
            Fact::PowerGoes { until, counter_kept } => {
                self.plant.enable(now, false);
                self.power = Power::Off { until: *until, counter_kept: *counter_kept };
            }
            Fact::PowerComes { counter_kept } => {
                if !counter_kept {
                    self.first.set(now, 0);
                    self.second.set(now, 0);
                }
                self.power = Power::On;
            }
            Fact::Clock(anchor) => self.clock = *anchor,
            Fact::Write { .. } => {}
        }
        // What a needle or a broken stroke moved has arrived.
        found.edges += self.run_to(now);
        found
    }

    fn befalls(&mut self, mishap: &Mishap) {
        match mishap {
            Mishap::Oscillator { is_second, numerator, denominator } => {
                let which = if *is_second { &mut self.second } else { &mut self.first };
                which.run_at(self.now, *numerator, *denominator);
            }
            Mishap::StoreCut { off, .. } => self.off_after_cut = off.get(),
            _ => terminals::befalls(&mut self.plant, self.now, mishap),
        }
    }
}
