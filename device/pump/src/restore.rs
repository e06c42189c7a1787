//! Restore: what is believed after a restart, and what runs then.
//!
//! The implant reads the stores and hands over what is whole. This file answers for the verdict. Time that the pump
//! cannot know counts as nothing elapsed and nothing given; a stroke that was in flight counts as given; a bolus that
//! was cut is not resumed. A lost dose record keeps basal on and boluses off. Parts that do not belong together run
//! the lower rate. If nothing can be believed the pump stops and says so; it never makes up a dose.

use orders::prescription::PatientBolus;
use orders::{AlarmId, Duration, FlowRate, Instant, Mass, Prescription, Volume};

use crate::basal::Basal;
use crate::battery::Battery;
use crate::bolus::Source;
use crate::ceilings::Ceilings;
use crate::controller::{Calling, Part, Pump, Save, Stopping, Strokes};
use crate::declared::StrokeCount;
use crate::dose_record::{self, DoseRecord, Held, Verdict};
use crate::drive::Drive;
use crate::events::{Cause, Ending, Event, Mend};
use crate::fall_back::FallBack;
use crate::fluid_path::FluidPath;
use crate::guard::{Guard, OrderPart, Restart};
use crate::journal::{self, Journal};
use crate::judge::lowest_flow;
use crate::ordering::worst_day;
use crate::selftest::Selftest;
use crate::status::Status;
use crate::time::{Agreement, Clocks};
use crate::transitions::State;
use crate::windows::{Closed, Row, Window};

/// What was read so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    dose: Option<Verdict>,
    commit: Option<u32>,
    /// Parts that carry the commit's number: order, fall-back, guard, ledger.
    whole: [bool; 4],
    /// Whether any part of any number was read.
    any: bool,
    guard_part: Option<OrderPart>,
    guard_state: Option<[u8; Guard::STATE_BYTES]>,
    status: Option<Status>,
    journal_next: Option<u32>,
}

impl Part {
    const fn index(self) -> usize {
        match self {
            Part::Order => 0,
            Part::FallBack => 1,
            Part::Guard => 2,
            Part::Ledger => 3,
        }
    }
}

impl Pump {
    /// Both slots of the dose record, as they lie in the store; nothing where nothing was written.
    pub fn restore_dose(&mut self, a: &[u8], b: &[u8]) {
        let verdict = dose_record::choose(a, b);
        if let Verdict::Intact(record) = &verdict {
            let volume = self.path.device.stroke.saturating_mul(u64::from(record.open_strokes));
            self.ceilings.restore([None; 4], record.epoch(), Ceilings::row(&record.open, volume));
            let unconfirmed = record.commanded.saturating_sub(record.confirmed);
            self.strokes = Strokes { commanded: record.commanded, confirmed: record.confirmed, unconfirmed };
            self.dose_sequence = record.sequence;
        }
        if let Some(stored) = &mut self.stored {
            stored.dose = Some(verdict);
        }
    }

    /// A closed bucket.
    pub fn restore_bucket(&mut self, content: &[u8]) {
        if let Some(closed) = Closed::decode(content) {
            self.ceilings.put_back(&closed);
        }
    }

    /// The newest commit number; nothing if none was ever written. Before any part.
    pub fn restore_commit(&mut self, number: Option<u32>) {
        if let Some(stored) = &mut self.stored {
            stored.commit = number;
        }
        self.commit = number.unwrap_or(0);
    }

    /// A part of the group with the number it was written under.
    pub fn restore_part(&mut self, part: Part, number: u32, content: &[u8]) {
        let Some(stored) = &mut self.stored else { return };
        stored.any = true;
        let is_current = stored.commit == Some(number);
        let mut is_whole = false;
        match part {
            Part::Order => {
                if let (true, Ok(order)) = (is_current, Prescription::decode(content)) {
                    is_whole = order.check().is_ok();
                    self.order = is_whole.then_some(order);
                }
            }
            Part::FallBack => {
                if let Some(read) = FallBack::decode(content) {
                    is_whole = is_current;
                    // Of two that could be meant the lower runs, until it is known that all parts belong together.
                    let lower = self.fall_back.is_none_or(|held| read.worst_rate() < held.worst_rate());
                    if is_current || lower {
                        self.fall_back = Some(read);
                    }
                }
            }
            Part::Guard => {
                if let Some(read) = OrderPart::decode(content) {
                    is_whole = is_current;
                    if is_current || stored.guard_part.is_none() {
                        stored.guard_part = Some(read);
                    }
                }
            }
            Part::Ledger => {
                let strokes = StrokeCount {
                    commanded: u64::from(self.strokes.commanded),
                    unconfirmed: u64::from(self.strokes.unconfirmed),
                };
                if let Some(path) = FluidPath::decode(self.path.device, content, strokes, self.path.device.flow_max)
                    && (is_current || !stored.whole[3])
                {
                    is_whole = is_current;
                    self.path = path;
                    if !is_current {
                        // It was true once: what was filled since then is not in it.
                        self.path.doubt_all();
                    }
                }
            }
        }
        if is_current && let Some(place) = stored.whole.get_mut(part.index()) {
            *place = is_whole;
        }
    }

    /// Whether a part of the commit's own bank failed, so that the other bank is worth reading.
    pub fn is_group_broken(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.commit.is_some() && stored.whole != [true; 4])
    }

    /// A whole status; of two banks the older first. One that was written with another commit is passed over: it was
    /// cut off from the switch that would have put its order in force.
    pub fn restore_status(&mut self, content: &[u8]) {
        let status = self.read_status(content);
        if let (Some(stored), Some(status)) = (&mut self.stored, status) {
            if !matches!(stored.dose, Some(Verdict::Intact(_))) {
                // The ledger, which is read next, moves by these; the strokes of the last hour at most are missing.
                let (commanded, confirmed) = status.strokes;
                self.strokes = Strokes { commanded, confirmed, unconfirmed: commanded.saturating_sub(confirmed) };
            }
            stored.status = Some(status);
        }
    }

    /// The newest state of the guard.
    pub fn restore_guard_state(&mut self, content: &[u8]) {
        if let Some(stored) = &mut self.stored {
            stored.guard_state = content.try_into().ok();
        }
    }

    /// Where to begin looking for the journal's end.
    pub fn status_journal_next(&self) -> u32 {
        let status = self.stored.as_ref().and_then(|stored| stored.status.as_ref());
        status.map_or(0, |status| status.journal.0)
    }

    /// The number of the next journal record.
    pub fn restore_journal(&mut self, next: u32) {
        if let Some(stored) = &mut self.stored {
            stored.journal_next = Some(next);
        }
    }

    /// Everything was handed over: decides what may run. `raw` and `second_ms` are the counters' readings now.
    pub fn begin(&mut self, raw: u64, second_ms: u64, cause: Cause, counter_kept: bool) {
        let Some(stored) = self.stored.take() else { return };
        let intact = match &stored.dose {
            Some(Verdict::Intact(record)) => Some(*record),
            Some(Verdict::Never | Verdict::Lost) | None => None,
        };
        // An oscillator that was already known to be wrong does not tell what passed since the record was written.
        let standing = match (self.alarms.stands(AlarmId::ClockFailed), self.alarms.stands(AlarmId::ClocksDisagree)) {
            (true, _) => Agreement::Failed,
            (false, true) => Agreement::Disagree,
            (false, false) => Agreement::Agree,
        };
        let is_time_known = counter_kept && standing == Agreement::Agree;
        let mono = self.mono_of(intact.as_ref(), &stored, raw, is_time_known);
        let offset = self.clocks.wall_offset();
        self.clocks = Clocks::start(raw, second_ms, mono);
        self.clocks.restore_wall(offset);
        self.clocks.keep_standing(standing);
        //= requirements/time.md#unknown-time
        //# With an intact dose record, time the pump cannot know MUST count as nothing elapsed and nothing given.
        if !is_time_known {
            // What people call now is unknown: a label that may be wrong by days runs no schedule.
            self.clocks.distrust_wall();
        }
        (self.raw, self.second_ms) = (raw, second_ms);
        self.restore_parts(mono, &stored, intact.as_ref());
        self.selftest = Selftest::start(mono, self.path.device.battery);
        self.restore_guard(&stored, second_ms, counter_kept);
        self.reviewed = mono;
        self.hours.number = u32::try_from(mono.get() / orders::quantity::HOUR_MS).unwrap_or(u32::MAX);
        self.verified = true;
        self.decide(mono, &stored, intact.as_ref());
        self.count_restart(mono, cause);
        self.check_gap(mono);
        self.review(mono);
        self.relevel(mono);
        self.flow_changed(mono);
        (self.dirty.status, self.dirty.dose) = (true, intact.is_some());
    }

    fn mono_of(&self, record: Option<&DoseRecord>, stored: &Stored, raw: u64, is_time_known: bool) -> Instant {
        match (record, &stored.status) {
            (Some(record), _) if is_time_known => record.mono.after(record.elapsed(raw)),
            (Some(record), status) => status.as_ref().map_or(record.mono, |status| status.mono.max(record.mono)),
            (None, Some(status)) => status.mono,
            (None, None) => Instant::ZERO,
        }
    }

    fn restore_parts(&mut self, now: Instant, stored: &Stored, record: Option<&DoseRecord>) {
        if let Some(status) = &stored.status {
            self.ceilings.restore_lanes(&status.lanes);
            let was_in_flight = record.is_some_and(|record| record.in_flight);
            self.drive = Drive::restore(now, &self.path.device, status.drive, was_in_flight);
            let worst_day = self.path.device.day_max;
            if let Some(battery) = Battery::restore(now, &self.path.device, worst_day, &status.battery) {
                self.battery = battery;
            }
            let (next, unread, read_at) = status.journal;
            let next = stored.journal_next.unwrap_or(next).max(next);
            self.journal = Journal::resume(self.journal.key.clone(), journal::CAPACITY, next, unread, read_at);
        } else {
            self.drive = Drive::new(now, &self.path.device);
            let next = stored.journal_next.unwrap_or(0);
            self.journal = Journal::resume(self.journal.key.clone(), journal::CAPACITY, next, next, now);
        }
        self.basal = Basal::new(now);
        if let Some(record) = record {
            self.basal.restore(record.remainder, now);
            self.boluses.restore_lockout(now.after(record.lockout_left));
        }
        if let Some(order) = self.order {
            let in_path = self.path.highest();
            if self.ceilings.set_order(&order, |drug| !in_path.of(drug).is_zero()).is_err() {
                self.order = None;
            }
            self.battery.set_worst_day(&self.path.device, worst_day(&order, self.path.device.minimum_rate));
        }
        self.know_leftovers();
    }

    fn restore_guard(&mut self, stored: &Stored, second_ms: u64, counter_kept: bool) {
        let is_born = stored.guard_state.is_none() && stored.commit.is_none();
        let restart = Restart { second_ms, counter_kept, strokes: Some(self.strokes.commanded) };
        self.guard = match &stored.guard_state {
            None if is_born => Guard::new(second_ms),
            None => Guard::restore(&[], stored.guard_part, restart),
            Some(state) => Guard::restore(state, stored.guard_part, restart),
        };
    }

    /// What runs now.
    fn decide(&mut self, now: Instant, stored: &Stored, record: Option<&DoseRecord>) {
        let was_never = matches!(stored.dose, Some(Verdict::Never) | None) && stored.commit.is_none() && !stored.any;
        if was_never && stored.status.is_none() {
            self.state = State::Fresh;
            return;
        }
        let is_whole = stored.commit.is_none() || stored.whole == [true; 4] || self.is_before_any_order(stored);
        self.state = stored.status.as_ref().map_or(State::Running, |status| status.state);
        if stored.status.is_none() {
            // What else the status knew is gone: the clinician's own rate of last resort is the most that runs.
            self.stand(now, AlarmId::CommitMismatch);
        }
        self.restore_held(now, record);
        if !is_whole {
            //= requirements/ladder.md#one-commit
            //# When commit numbers do not match, the pump MUST run the lower of the mass rates that could be meant.
            self.stand(now, AlarmId::CommitMismatch);
        }
        //= requirements/ladder.md#never-a-default-dose
        //# When neither a verified order nor a verified fall-back remains, the pump MUST stop with the highest alarm.
        if self.order.is_none() && self.fall_back.is_none() && self.state != State::Fresh {
            self.happen(now, crate::transitions::Event::LoseState);
            self.stand(now, AlarmId::StateLost);
        }
        match (&stored.dose, record) {
            (Some(Verdict::Lost), _) => self.dose_record_lost(now),
            (Some(Verdict::Never) | None, _) if stored.commit.is_some() && self.state != State::Fresh => {
                self.dose_record_lost(now);
            }
            (_, Some(record)) => {
                self.cut_bolus(now, record, stored.status.as_ref());
                if self.alarms.stands(AlarmId::DoseRecordLost) {
                    // A restart within the day knows no more than before it.
                    self.assume_order();
                }
            }
            (_, None) => {}
        }
    }

    /// A person's stop and an emergency stand in the dose record too: no loss of the status gives back what a person took
    /// away. Of the stop's end nothing is known then, so that its alarm comes at once; its 47 hours are counted from when
    /// the record was written, which is when the stop began or later.
    //= requirements/ladder.md#stop-survives
    //# A stop by a person and an emergency MUST outlast the loss of the status as well as the loss of the dose record.
    fn restore_held(&mut self, now: Instant, record: Option<&DoseRecord>) {
        let Some((record, held)) = record.and_then(|record| Some((record, record.held?))) else { return };
        match (held, self.state) {
            (Held::Stopped, State::Running) => {
                self.state = State::Stopped;
                self.stopping = Some(Stopping { since: record.mono.min(now), maximum: Duration::ZERO });
            }
            (Held::Emergency, State::Running) => {
                self.state = State::Emergency;
                // What it found is not known: the least that the order ever gives, and it stays until somebody acts.
                let least = self.order.as_ref().map(|order| lowest_flow(order, &self.path.device));
                let found = [least, self.fall_back.map(|held| held.flow)].into_iter().flatten().min();
                let found = found.unwrap_or(FlowRate::ZERO);
                self.calling = Some(Calling { since: record.mono.min(now), until: None, found });
            }
            (
                Held::Stopped | Held::Emergency,
                State::Fresh | State::Stopped | State::Resting | State::Emergency | State::Empty | State::Lost,
            ) => {}
        }
    }

    /// Ledger events before the first order are a group without a prescription.
    fn is_before_any_order(&self, stored: &Stored) -> bool {
        let [order, fall_back, guard, ledger] = stored.whole;
        let is_fresh = stored.status.as_ref().is_some_and(|status| status.state == State::Fresh);
        is_fresh && ledger && !order && !fall_back && !guard
    }

    /// A bolus that the restart cut is not resumed; what it had given is said.
    //= requirements/bolus.md#cut-short
    //# The pump MUST NOT resume a bolus that a reset has cut.
    //= requirements/delivery.md#periodic-bolus
    //# The pump MUST say of a periodic bolus that a restart has cut what it gave, as of any other.
    fn cut_bolus(&mut self, now: Instant, record: &DoseRecord, status: Option<&Status>) {
        let Some((code, left)) = record.bolus else { return };
        let (Some(source), Some(status)) = (Source::from_code(code), status) else { return };
        let stroke = self.path.device.stroke;
        let volume = |strokes: u32| stroke.saturating_mul(u64::from(strokes));
        let commanded = status.bolus_strokes.saturating_sub(u32::from(left));
        // Basal strokes ran beside it: each unconfirmed one since its start might have been the bolus's.
        let missed = self.strokes.unconfirmed.saturating_sub(status.bolus_missed);
        let confirmed = commanded.saturating_sub(missed);
        self.note(
            now,
            Event::BolusEnded {
                source,
                ordered: volume(status.bolus_strokes),
                confirmed: volume(confirmed),
                charged: volume(commanded),
                ending: Ending::Restart,
            },
        );
    }

    //= requirements/time.md#lost-dose-record
    //# When the dose record is lost, the pump MUST keep the basal on, keep patient boluses off for 24 h and raise a high alarm.
    fn dose_record_lost(&mut self, now: Instant) {
        self.assume_order();
        self.boluses.hold(now);
        self.stand(now, AlarmId::DoseRecordLost);
    }

    /// The windows are taken as full of what the order gives at most.
    fn assume_order(&mut self) {
        let now = self.now_latest();
        let highest = self.path.highest();
        let minimum = self.path.device.minimum_rate;
        let Some(order) = self.order else { return };
        let allotted = |bolus: PatientBolus| bolus.volume.saturating_mul(u64::from(bolus.allotment));
        let boluses = order.patient_bolus.map_or(Volume::ZERO, allotted);
        let rows = Window::ALL.map(|window| -> Row {
            let span = window.bucket().saturating_mul(u64::from(window.closed()));
            let volume = order.basal_highest(minimum).volume_ceil(span).saturating_add(boluses);
            let masses =
                self.ceilings.drugs().map(|drug| drug.map_or(Mass::ZERO, |drug| volume.mass_at(highest.of(drug))));
            Ceilings::row(&masses, volume)
        });
        self.ceilings.assume(now, rows);
    }

    //= requirements/ladder.md#restart
    //# The pump MUST keep the cause of every restart and show it at the next interrogation.
    fn count_restart(&mut self, now: Instant, cause: Cause) {
        self.today.restarts = self.today.restarts.saturating_add(1);
        self.note(now, Event::Restarted { cause, today: self.today.restarts });
        self.stand(now, AlarmId::Restarted);
    }

    /// A record that was read from its second bank, or a write that had to be repeated.
    pub fn mended(&mut self, raw: u64, what: Mend) {
        let now = self.now(raw);
        self.note(now, Event::Mended { what, count: 1 });
    }

    /// The content of something that is to be written; how many bytes, or `None` if `out` is too small.
    pub fn write(&mut self, save: Save, out: &mut [u8]) -> Option<usize> {
        match save {
            Save::Dose => put(out, &self.dose_record().encode()),
            Save::Bucket(closed) => put(out, &closed.encode()),
            Save::Part(Part::Order) => match &self.order {
                Some(order) => order.encode(out),
                None => Some(0),
            },
            Save::Part(Part::FallBack) => match &self.fall_back {
                Some(fall_back) => put(out, &fall_back.encode()),
                None => Some(0),
            },
            Save::Part(Part::Guard) => match self.guard.part() {
                Some(part) => put(out, &OrderPart { commit: self.commit, ..part }.encode()),
                None => Some(0),
            },
            Save::Part(Part::Ledger) => {
                let strokes = StrokeCount {
                    commanded: u64::from(self.strokes.commanded),
                    unconfirmed: u64::from(self.strokes.unconfirmed),
                };
                self.path.encode(strokes, out)
            }
            Save::Commit => Some(0),
            Save::Status => self.write_status(out),
            Save::GuardState => {
                let state = self.guard.encode(self.strokes.commanded);
                put(out, &state)
            }
        }
    }

    fn dose_record(&self) -> DoseRecord {
        let now = self.now_latest();
        let open = self.ceilings.windows().open();
        let mut masses = [Mass::ZERO; 4];
        masses.iter_mut().zip(open).for_each(|(mass, lane)| *mass = Mass::new(*lane));
        let volume = Volume::new(open.get(crate::windows::VOLUME_LANE).copied().unwrap_or(0));
        // Never both: no bolus is granted while another runs.
        let bolus = self.extra.or(self.periodic).map(|bolus| {
            let left = u16::try_from(bolus.strokes.saturating_sub(bolus.commanded)).unwrap_or(u16::MAX);
            (bolus.source.code(), left)
        });
        DoseRecord {
            sequence: self.dose_sequence,
            mono: now,
            // The reading that mono was told at: an older one would count the time between twice after a restart.
            raw: DoseRecord::reading(self.clocks.reading()),
            open: masses,
            open_strokes: u16::try_from(volume.strokes_floor(self.path.device.stroke)).unwrap_or(u16::MAX),
            lockout_left: self.boluses.lockout_until().since(now),
            commanded: self.strokes.commanded,
            confirmed: self.strokes.confirmed,
            in_flight: self.stroke.is_some(),
            bolus,
            held: match self.state {
                State::Stopped | State::Resting => Some(Held::Stopped),
                State::Emergency => Some(Held::Emergency),
                State::Fresh | State::Running | State::Empty | State::Lost => None,
            },
            remainder: self.basal.remainder(),
        }
    }

    /// The commit number under which the group is written.
    pub const fn commit_number(&self) -> u32 {
        self.commit
    }

    /// The time as the clocks last had it.
    pub(crate) fn now_latest(&self) -> Instant {
        self.clocks.latest()
    }
}

fn put(out: &mut [u8], bytes: &[u8]) -> Option<usize> {
    out.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(bytes.len())
}
