//! The virtual pump's course: from moment to moment, each of the implant's actions done before the next.

use std::io;

use implant::pump::journal;
use implant::{Input, Link, Slot};

use super::body::{Fact, Found, Power};
use super::log::{self, hex};
use super::{Out, VirtualPump};
use crate::radio::Way;
use crate::story::text::is_told;
use crate::terminals::{self, Do};

/// How often the pump is given battery and temperature, ms.
const LOOK_EVERY: u64 = orders::quantity::HOUR_MS;

/// Tones of one series come closer together than this, ms; only the first of a series is told.
const SERIES_MS: u64 = 2 * 3_600_000;

/// How long the supply is gone when the cell no longer carries a load, ms.
const RESET_MS: u64 = 60_000;

impl VirtualPump {
    /// Brings the pump to this wall time.
    ///
    /// # Errors
    /// What the file system says; the pump must not be gone on with.
    pub fn turn(&mut self, wall_ms: u64) -> io::Result<()> {
        // With a change of pace on the way, first to the change.
        if let Some(change) = self.clock.hold_ends().filter(|change| *change <= wall_ms) {
            self.advance_to(self.clock.now(change))?;
        }
        if self.clock.pass(wall_ms) {
            self.note_clock()?;
        }
        self.advance_to(self.clock.now(wall_ms))
    }

    /// When [`VirtualPump::turn`] will next have something to do, wall time; `None` while time stands still.
    pub fn deadline(&self) -> Option<u64> {
        let due = self.due().and_then(|due| self.clock.wall_at(due));
        [due, self.clock.hold_ends()].into_iter().flatten().min()
    }

    /// A frame came in by a link.
    ///
    /// # Errors
    /// As [`VirtualPump::turn`].
    pub fn frame(&mut self, wall_ms: u64, link: u8, bytes: &[u8]) -> io::Result<()> {
        self.turn(wall_ms)?;
        if self.clock.frame(wall_ms) {
            self.note_clock()?;
        }
        self.radio.send(self.body.now, Way::ToPump, link, bytes);
        self.frames_arrive()
    }

    /// Moves time on by hand, at once.
    ///
    /// # Errors
    /// As [`VirtualPump::turn`].
    pub fn advance(&mut self, wall_ms: u64, by_ms: u64) -> io::Result<()> {
        self.turn(wall_ms)?;
        let until = self.body.now.saturating_add(by_ms);
        self.advance_to(until)?;
        self.clock.moved_on(wall_ms, until);
        self.note_clock()
    }

    /// When something comes due, true time.
    fn due(&self) -> Option<u64> {
        let machine = self.implant.as_ref().and_then(|implant| self.body.first.true_ms(implant.deadline()?));
        let power = match self.body.power {
            Power::Off { until, .. } => Some(until),
            Power::On => None,
        };
        let look = Some(self.next_look);
        [machine, self.body.plant.deadline(), self.radio.deadline(), self.body.field_until, power, look]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets time pass up to a true time; nothing that is due before is left undone.
    pub(super) fn advance_to(&mut self, until: u64) -> io::Result<()> {
        self.settle()?;
        while self.body.now < until {
            let due = self.due().unwrap_or(until);
            // What is due now and was not done by settling would hold time still.
            let next = if due <= self.body.now { self.body.now + 1 } else { due.min(until) };
            self.moment(next)?;
        }
        Ok(())
    }

    fn moment(&mut self, now: u64) -> io::Result<()> {
        let edges = self.body.run_to(now);
        self.edges(edges)?;
        self.frames_arrive()?;
        if self.body.field_until.is_some_and(|until| until <= now) {
            self.field(None)?;
        }
        if let Power::Off { until, counter_kept } = self.body.power
            && until <= now
        {
            self.power_on(implant::Cause::BrownOut, counter_kept)?;
        }
        if self.body.now >= self.next_look {
            self.next_look = self.body.now + LOOK_EVERY;
            self.look()?;
        }
        let ticks = self.implant.as_ref().and_then(|implant| self.body.first.true_ms(implant.deadline()?));
        if ticks.is_some_and(|at| at <= self.body.now) {
            let second_ms = self.body.second.ticks(self.body.now);
            self.input(Input::Tick { second_ms })?;
        }
        self.settle()?;
        if self.log.is_long() {
            self.log.checkpoint(&self.body, &self.stores)?;
        }
        Ok(())
    }

    fn look(&mut self) -> io::Result<()> {
        let now = self.body.now;
        let loaded_mv = u16::try_from(self.body.plant.loaded_mv(now)).unwrap_or(u16::MAX);
        self.input(Input::Battery { loaded_mv })?;
        let centi_celsius = i16::try_from(self.body.plant.pocket.centi_c(now)).unwrap_or(i16::MAX);
        self.input(Input::Temperature { centi_celsius })?;
        if self.body.plant.battery.resets_under_load(now) {
            self.power_off(RESET_MS, true)?;
        }
        Ok(())
    }

    fn edges(&mut self, count: u32) -> io::Result<()> {
        for _ in 0..count {
            let second_ms = self.body.second.ticks(self.body.now);
            self.input(Input::RotorEdge { second_ms })?;
        }
        Ok(())
    }

    fn frames_arrive(&mut self) -> io::Result<()> {
        while let Some(arrival) = self.radio.poll(self.body.now) {
            match arrival.way {
                Way::ToPump if self.implant.is_some() => {
                    self.fact(Fact::Radio)?;
                    self.input(Input::Bytes { link: Link(arrival.link), bytes: &arrival.bytes })?;
                }
                Way::ToPump => {}
                Way::FromPump => self.out.push_back(Out::Frame { link: arrival.link, bytes: arrival.bytes }),
            }
        }
        Ok(())
    }

    /// A fact is written down and becomes true; what the rotor did on the way is told to the implant.
    pub(super) fn fact(&mut self, fact: Fact) -> io::Result<Found> {
        self.log.append(self.body.now, &fact)?;
        let found = self.body.take(self.body.now, &fact);
        let (is_cut, _) = log::take(&mut self.stores, &fact);
        if is_cut {
            self.power_off(self.body.off_after_cut, true)?;
        }
        self.edges(found.edges)?;
        Ok(found)
    }

    pub(super) fn note_clock(&mut self) -> io::Result<()> {
        self.fact(Fact::Clock(self.clock.anchor())).map(|_| ())
    }

    /// Presence comes or goes.
    pub(super) fn present(&mut self, wall_ms: u64, on: bool) -> io::Result<()> {
        self.fact(Fact::Presence { on })?;
        if self.clock.presence(wall_ms, on) {
            self.note_clock()?;
        }
        self.input(Input::Presence(on))
    }

    /// The strong field comes, until then, or goes.
    pub(super) fn field(&mut self, until: Option<u64>) -> io::Result<()> {
        self.fact(until.map_or(Fact::FieldGoes, |until| Fact::FieldComes { until }))?;
        let second_ms = self.body.second.ticks(self.body.now);
        self.input(Input::Field { strong: until.is_some(), second_ms })
    }

    /// The supply goes, now, for so long.
    pub(super) fn power_off(&mut self, off: u64, counter_kept: bool) -> io::Result<()> {
        if self.implant.take().is_none() {
            return Ok(());
        }
        self.tell("the supply is gone".into());
        self.fact(Fact::PowerGoes { until: self.body.now + off.max(1), counter_kept }).map(|_| ())
    }

    /// Gives the implant one input and does what it wants done. A refusal is the implant's own affair: it has written it
    /// down.
    pub(super) fn input(&mut self, input: Input<'_>) -> io::Result<()> {
        self.handle(input);
        self.settle()
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = self.body.first.ticks(self.body.now);
        if let Some(implant) = &mut self.implant {
            let _ = implant.handle(now, input);
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        loop {
            let now = self.body.first.ticks(self.body.now);
            let Some(implant) = &mut self.implant else { return Ok(()) };
            let Some(todo) = terminals::next(implant, now, &mut self.bytes) else { return Ok(()) };
            self.does(todo)?;
        }
    }

    fn does(&mut self, todo: Do) -> io::Result<()> {
        match todo {
            Do::Step => self.fact(Fact::Step).map(|_| ()),
            Do::Enable(on) => self.fact(Fact::Enable { on }).map(|_| ()),
            Do::Sound(tone) => {
                self.fact(Fact::Tone)?;
                let now = self.body.now;
                let last = self.last_tone.replace((tone, now));
                if last.is_none_or(|(before, at)| before != tone || now > at + SERIES_MS) {
                    self.tell(format!("sounds tone {tone}"));
                }
                Ok(())
            }
            Do::Send(link) => {
                self.fact(Fact::Radio)?;
                let bytes = std::mem::take(&mut self.bytes);
                self.radio.send(self.body.now, Way::FromPump, link, &bytes);
                self.bytes = bytes;
                self.frames_out();
                Ok(())
            }
            Do::Write(slot) => {
                let bytes = std::mem::take(&mut self.bytes);
                self.fact(Fact::Write { slot: slot.code(), bytes: hex(&bytes) })?;
                if matches!(slot, Slot::Journal(_)) {
                    self.journal_says(&bytes);
                }
                self.bytes = bytes;
                Ok(())
            }
            Do::Read(slot) => {
                let now = self.body.first.ticks(self.body.now);
                let bytes = terminals::read(&self.stores, slot);
                if let Some(implant) = &mut self.implant {
                    let _ = implant.handle(now, Input::Read { slot, bytes });
                }
                Ok(())
            }
            Do::Entropy => {
                let mut bytes = [0u8; 32];
                (self.entropy)(&mut bytes);
                self.handle(Input::Entropy(bytes));
                Ok(())
            }
            Do::Check(check) => {
                let body = &mut self.body;
                let reading = terminals::reading(check, &mut body.plant, body.now, &body.first, &body.second);
                self.handle(Input::Checked(reading));
                Ok(())
            }
        }
    }

    /// Frames on their way out; those on their way in wait until the implant has settled.
    fn frames_out(&mut self) {
        while let Some(arrival) = self.radio.poll_way(self.body.now, Way::FromPump) {
            self.out.push_back(Out::Frame { link: arrival.link, bytes: arrival.bytes });
        }
    }

    fn journal_says(&mut self, bytes: &[u8]) {
        let Ok(record) = <&[u8; journal::RECORD]>::try_from(bytes) else { return };
        let event = journal::open(&self.made.journal, record).ok().and_then(|record| record.event);
        if let Some(event) = event.filter(is_told) {
            self.tell(event.to_string());
        }
    }
}
