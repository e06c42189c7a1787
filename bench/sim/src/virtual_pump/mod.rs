//! A pump in its plant, alone: the real implant, what truly lies around it, and both kept so that a kill at any moment
//! loses nothing. For a process that people program and ask over sockets.
//!
//! Answers for time (wall time × speed), for the order of what happens, for what a person does at the skin and what goes
//! wrong, and for coming back after a kill with its state and with the time that has passed. Leaves sockets and threads to
//! whoever runs it: wall time is handed in, frames go in and come out.
//!
//! - [`made`]: what the maker gave it, and its card
//! - [`clock`]: wall time and speed to the pump's true time
//! - [`body`]: everything that is true of it, changed by facts alone
//! - [`log`]: the facts, each written down before it takes effect
//! - [`control`]: what is told on the second port: people's hands, mishaps, time
//! - [`truth`]: all of it as JSON
//!
//! A kill is the supply going at the last fact: the rotor breaks off, and at the next start the supply comes back. The
//! counters are kept by the battery and have gone on with the wall clock; only a mishap loses them.

pub mod body;
pub mod clock;
pub mod control;
pub mod log;
pub mod made;
mod run;
pub mod truth;

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use implant::pump::journal;
use implant::{Cause, Implant, Input};

use crate::plant::Needle;
use crate::radio::{Air, Radio};
use crate::rng::Seed;
use crate::store::Stores;
use body::{Body, Fact, Power};
use clock::Clock;
use log::Log;
use made::Made;

/// Records in the journal flash.
pub(crate) const JOURNAL_RECORDS: usize = journal::CAPACITY as usize;

/// Air in which a frame is there at once; mishaps can be ordered.
const STILL: Air = Air { delay_least_ms: 0, delay_most_ms: 0, ..Air::CLEAR };

/// Where fresh randomness comes from: fills the bytes.
pub type Randomness = Box<dyn FnMut(&mut [u8]) + Send>;

/// Something for whoever runs the pump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// A frame for this link.
    Frame {
        /// Which.
        link: u8,
        /// The frame, without a length.
        bytes: Vec<u8>,
    },
    /// Something that a person at the pump hears, or that it wrote in its journal: when (true time, ms) and what.
    Told {
        /// When.
        at: u64,
        /// What, in words.
        words: String,
    },
}

/// A pump in its plant.
pub struct VirtualPump {
    made: Made,
    body: Body,
    stores: Stores,
    log: Log,
    clock: Clock,
    radio: Radio,
    entropy: Randomness,
    implant: Option<Box<Implant>>,
    bytes: Vec<u8>,
    out: VecDeque<Out>,
    next_look: u64,
    last_tone: Option<(u8, u64)>,
}

impl VirtualPump {
    /// A new pump, as implanted: what no needle reaches is without drug, and so is the path. Its supply comes on.
    ///
    /// `folder` is where it is kept; without one it is gone when it is dropped. `wall_ms` is the wall clock now.
    ///
    /// # Errors
    /// What the file system says; `AlreadyExists` if a pump is kept there.
    pub fn new(made: Made, folder: Option<&Path>, wall_ms: u64, speed: u32, entropy: Randomness) -> io::Result<Self> {
        let log = match folder {
            Some(folder) => Log::begin(folder, &made)?,
            None => Log::nowhere(),
        };
        let body = Body::new(&made);
        let stores = Stores::new(JOURNAL_RECORDS);
        let clock = Clock::new(wall_ms, speed);
        let mut pump = Self::of(made, body, stores, log, clock, entropy);
        let residual = pump.made.device.residual;
        let drugs = [0.0; crate::plant::DRUGS];
        pump.fact(Fact::Fill { needle: Needle::Reservoir, volume_nl: residual.get(), drugs })?;
        pump.note_clock()?;
        pump.log.checkpoint(&pump.body, &pump.stores)?;
        pump.power_on(Cause::PowerOn, false)?;
        Ok(pump)
    }

    /// The pump that is kept in this folder, with the time that has passed. Its supply comes back now.
    ///
    /// # Errors
    /// What the file system says, or `InvalidData` with what is wrong where.
    //= requirements/bench.md#killed-and-back
    //# A virtual pump that is killed at any moment MUST come back with its state and with the time that has passed.
    pub fn open(folder: &Path, wall_ms: u64, entropy: Randomness) -> io::Result<Self> {
        let found = log::open(folder, JOURNAL_RECORDS)?;
        let clock = Clock::found(found.body.clock, wall_ms, found.body.presence, found.body.now);
        let mut pump = Self::of(found.made, found.body, found.stores, found.log, clock, entropy);
        // The kill was at the last fact, as far as anybody can know: the drive has stood since.
        pump.fact(Fact::Enable { on: false })?;
        let now = pump.clock.now(wall_ms);
        pump.body.run_to(now);
        pump.next_look = now;
        pump.note_clock()?;
        match pump.body.power {
            Power::Off { until, .. } if until > now => {}
            Power::Off { counter_kept, .. } => pump.power_on(Cause::BrownOut, counter_kept)?,
            Power::On => pump.power_on(Cause::BrownOut, true)?,
        }
        Ok(pump)
    }

    fn of(made: Made, body: Body, stores: Stores, log: Log, clock: Clock, entropy: Randomness) -> Self {
        let radio = Radio::new(STILL, Seed(made.serial.0));
        let next_look = body.now;
        Self {
            made,
            body,
            stores,
            log,
            clock,
            radio,
            entropy,
            implant: None,
            bytes: Vec::new(),
            out: VecDeque::new(),
            next_look,
            last_tone: None,
        }
    }

    /// What the maker gave it.
    pub const fn made(&self) -> &Made {
        &self.made
    }

    /// The pump itself, to be read; `None` while its supply is gone.
    pub fn pump(&self) -> Option<&implant::pump::Pump> {
        self.implant.as_deref().map(Implant::pump)
    }

    /// True time now, ms since it was implanted.
    pub const fn now(&self) -> u64 {
        self.body.now
    }

    /// How fast its time goes against the wall clock, as asked for; 0 stands still.
    pub const fn speed(&self) -> u32 {
        self.clock.speed()
    }

    /// The next thing for whoever runs the pump.
    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// The journal's records that a clinic would hold the key of; the key opens nothing else.
    pub fn journal_key(&self) -> journal::Key {
        self.made.journal.clone()
    }

    fn tell(&mut self, words: String) {
        self.out.push_back(Out::Told { at: self.body.now, words });
    }

    fn power_on(&mut self, cause: Cause, counter_kept: bool) -> io::Result<()> {
        self.fact(Fact::PowerComes { counter_kept })?;
        self.tell(match cause {
            Cause::PowerOn => "the supply is on".into(),
            _ => "the supply is back".into(),
        });
        self.implant = Some(Box::new(Implant::new(self.made.provision())));
        let second_ms = self.body.second.ticks(self.body.now);
        self.input(Input::Restart { cause, counter_kept, second_ms })?;
        if self.body.presence {
            self.input(Input::Presence(true))?;
        }
        if self.body.field_until.is_some() {
            let second_ms = self.body.second.ticks(self.body.now);
            self.input(Input::Field { strong: true, second_ms })?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for VirtualPump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VirtualPump").field("serial", &self.made.serial).field("now", &self.body.now).finish()
    }
}
