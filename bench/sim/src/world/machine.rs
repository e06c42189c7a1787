//! The implant's terminals: what goes in, what comes out, its stores and its supply.
//!
//! Answers for every action being done, in order, before the next is asked for; for the power being gone in the midst of a
//! write; and for what a restart is told. The implant itself is dropped when the power goes: only the stores and, if the
//! battery held, the counters are left.

use implant::pump::journal;
use implant::{Cause, Implant, Input, Link, Provision, Slot};
use orders::{DeviceProfile, Instant};
use telemetry::peer::{CardSecret, SecretKey, Serial};

use super::{Ends, Seals, World};
use crate::plant::PlantEvent;
use crate::radio::Way;
use crate::story::Told;
use crate::terminals::{self, Do, FRAME_RADIO_MS, TONE_MS};

/// Records in the bench's journal flash.
pub(super) const JOURNAL_RECORDS: usize = journal::CAPACITY as usize;

/// The key of this bench's journals. It opens nothing else.
const JOURNAL_KEY: [u8; 16] = *b"bench journal 1\0";

/// The device key of this bench's pumps. Each world has one pump, and nobody else is to be kept out of it.
const DEVICE_KEY: [u8; 32] = *b"device key of a bench pump no. 1";

/// The version that this bench's pumps tell.
const SOFTWARE: [u8; 3] = [0, 1, 0];

/// Tones of one series come closer together than this, ms; only the first of a series is told.
const SERIES_MS: u64 = 2 * 3_600_000;

/// The implant and its supply.
pub(super) struct Machine {
    provision: Provision,
    implant: Option<Box<Implant>>,
    bytes: Vec<u8>,
    last_tone: Option<(u8, u64)>,
    /// How long the supply is gone after the stores' fuse blew, ms.
    pub off_after_cut: u64,
}

impl Machine {
    pub(super) const fn new(provision: Provision) -> Self {
        Self { provision, implant: None, bytes: Vec::new(), last_tone: None, off_after_cut: 0 }
    }

    /// The pump inside, to be read; `None` while the power is gone.
    pub(super) fn pump(&self) -> Option<&implant::pump::Pump> {
        self.implant.as_ref().map(|implant| implant.pump())
    }
}

impl World<'_> {
    /// When the implant wants to be polled again.
    pub(super) fn machine_due(&self) -> Option<u64> {
        let ticks = self.machine.implant.as_ref()?.deadline()?;
        self.first.true_ms(ticks)
    }

    /// Gives the implant its tick if it wanted one by now.
    pub(super) fn machine_ticks(&mut self) {
        if self.machine_due().is_some_and(|at| at <= self.now) {
            let second_ms = self.second.ticks(self.now);
            self.input(Input::Tick { second_ms });
        }
    }

    /// Gives the implant one input and does what it wants done. A refusal is the implant's own affair: it has written it down.
    pub(super) fn input(&mut self, input: Input<'_>) {
        let now = self.first.ticks(self.now);
        if let Some(implant) = &mut self.machine.implant {
            let _ = implant.handle(now, input);
        }
        self.settle();
    }

    /// Does what the implant wants done, until it wants nothing more.
    pub(super) fn settle(&mut self) {
        while let Some(todo) = self.poll() {
            match todo {
                Do::Step => {
                    self.auditor.stroke_commanded(self.now);
                    self.plant.step(self.now);
                }
                Do::Enable(on) => {
                    self.plant.enable(self.now, on);
                    self.auditor.drive_enable(self.now, on);
                }
                Do::Sound(tone) => self.sounds(tone),
                Do::Send(link) => {
                    self.plant.radio(self.now, FRAME_RADIO_MS);
                    let bytes = std::mem::take(&mut self.machine.bytes);
                    self.radio.send(self.now, Way::FromPump, link, &bytes);
                    self.machine.bytes = bytes;
                }
                Do::Write(slot) => self.writes(slot),
                Do::Read(slot) => self.reads(slot),
                Do::Check(check) => {
                    let reading = terminals::reading(check, &mut self.plant, self.now, &self.first, &self.second);
                    self.handle(Input::Checked(reading));
                }
                Do::Entropy => {
                    let mut bytes = [0u8; 32];
                    self.entropy.fill(&mut bytes);
                    self.handle(Input::Entropy(bytes));
                }
            }
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = self.first.ticks(self.now);
        if let Some(implant) = &mut self.machine.implant {
            let _ = implant.handle(now, input);
        }
    }

    fn poll(&mut self) -> Option<Do> {
        let now = self.first.ticks(self.now);
        let Machine { implant, bytes, .. } = &mut self.machine;
        terminals::next(implant.as_mut()?, now, bytes)
    }

    //= requirements/bench.md#stores-cut-anywhere
    //# The bench MUST be able to cut the power at every byte of every write.
    fn writes(&mut self, slot: Slot) {
        let bytes = std::mem::take(&mut self.machine.bytes);
        let written = terminals::write(&mut self.stores, slot, &bytes);
        if written.is_ok() && matches!(slot, Slot::Journal(_)) {
            self.journal_says(&bytes);
        }
        self.machine.bytes = bytes;
        if written.is_err() {
            self.power_off(self.machine.off_after_cut, true);
        }
    }

    fn journal_says(&mut self, bytes: &[u8]) {
        let Ok(record) = <&[u8; journal::RECORD]>::try_from(bytes) else { return };
        let opened = journal::open(&journal::Key(JOURNAL_KEY), record);
        if let Some(event) = opened.ok().and_then(|record| record.event) {
            self.wrote(event);
        }
    }

    fn reads(&mut self, slot: Slot) {
        let now = self.first.ticks(self.now);
        let bytes = terminals::read(&self.stores, slot);
        if let Some(implant) = &mut self.machine.implant {
            let _ = implant.handle(now, Input::Read { slot, bytes });
        }
    }

    fn sounds(&mut self, tone: u8) {
        self.plant.tone(self.now, TONE_MS);
        let last = self.machine.last_tone.replace((tone, self.now));
        if last.is_none_or(|(before, at)| before != tone || self.now > at + SERIES_MS) {
            self.tell(Told::Sounds { tone });
        }
    }

    /// The power goes, now, for so long.
    pub(super) fn power_off(&mut self, off: u64, counter_kept: bool) {
        if self.machine.implant.take().is_none() {
            return;
        }
        self.plant.enable(self.now, false);
        self.auditor.drive_enable(self.now, false);
        self.power_lost();
        self.tell(Told::Power { is_on: false });
        self.ending.push((self.now + off.max(1), Ends::Power { counter_kept }));
    }

    /// The power is there: the machine begins anew.
    pub(super) fn power_on(&mut self, cause: Cause, counter_kept: bool) {
        if !counter_kept {
            self.first.set(self.now, 0);
            self.second.set(self.now, 0);
        }
        self.machine.implant = Some(Box::new(Implant::new(self.machine.provision.clone())));
        self.power_came();
        let second_ms = self.second.ticks(self.now);
        self.input(Input::Restart { cause, counter_kept, second_ms });
        if self.ending.iter().any(|(_, what)| *what == Ends::Field) {
            self.input(Input::Field { strong: true, second_ms });
        }
        self.read_anew();
    }

    /// What truly moved since, told to the implant as edges and to the auditor as motion.
    pub(super) fn plant_moves(&mut self) {
        while let Some(event) = self.plant.poll(self.now) {
            match event {
                PlantEvent::Moved { at, volume_nl, commanded } => {
                    self.auditor.moved(at, libm::round(volume_nl * 1_000.0) as u64, commanded);
                }
                PlantEvent::Edge { at } => {
                    self.auditor.edge(at);
                    let second_ms = self.second.ticks(self.now);
                    self.input(Input::RotorEdge { second_ms });
                }
                PlantEvent::Delivered(delivery) => self.delivered(delivery),
            }
        }
    }

    /// Frames that have arrived: at the pump, or in the inbox of a device.
    pub(super) fn frames_arrive(&mut self) {
        while let Some(arrival) = self.radio.poll(self.now) {
            match arrival.way {
                Way::ToPump => {
                    self.plant.radio(self.now, FRAME_RADIO_MS);
                    let before = self.programmed();
                    self.input(Input::Bytes { link: Link(arrival.link), bytes: &arrival.bytes });
                    if arrival.spoiled {
                        let after = self.programmed();
                        self.auditor.frame_spoiled(self.now, before, after);
                    }
                }
                Way::FromPump => self.inbox.push_back((arrival.link, arrival.bytes)),
            }
        }
    }

    /// The strong field comes or goes.
    pub(super) fn field(&mut self, strong: bool) {
        self.plant.field(self.now, strong);
        self.auditor.hold(self.now, auditor::Hold::StrongField, strong);
        let second_ms = self.second.ticks(self.now);
        self.input(Input::Field { strong, second_ms });
    }

    /// The hourly look: battery and temperature for the pump, time for the auditor.
    pub(super) fn look(&mut self) {
        self.auditor.look(self.now);
        self.schedule_step();
        self.drug_decays();
        let loaded_mv = u16::try_from(self.plant.loaded_mv(self.now)).unwrap_or(u16::MAX);
        self.input(Input::Battery { loaded_mv });
        let centi_celsius = i16::try_from(self.plant.pocket.centi_c(self.now)).unwrap_or(i16::MAX);
        self.input(Input::Temperature { centi_celsius });
        if self.plant.battery.resets_under_load(self.now) {
            self.power_off(60_000, true);
        }
    }

    /// The pump's own instant that it told last, and when that was, for times that people read.
    pub(super) fn true_of(&self, pump_now: Instant, instant: Instant) -> u64 {
        self.now + instant.since(pump_now).get()
    }
}

/// What a pump of the bench is provisioned with.
pub fn provision(device: DeviceProfile, serial: Serial, card: CardSecret, seals: Seals) -> Provision {
    Provision {
        device,
        serial,
        secret: SecretKey(DEVICE_KEY),
        card,
        journal: journal::Key(JOURNAL_KEY),
        software: SOFTWARE,
        image: *b"bench im",
        bench: seals == Seals::Null,
    }
}
