//! The status record: what must survive a restart beside doses, orders and keys.
//!
//! Written when any of it changes and each hour. Numbers are little-endian in a fixed order, the version first; the
//! store's seal is the implant's. What is read back is checked field by field: a status that means nothing is lost.

use heapless::Vec;
use orders::mixture::DRUGS_MAX;
use orders::plan::BridgePlan;
use orders::prescription::Ceiling;
use orders::{Drug, Duration, FlowRate, Instant, Mass, Volume, WallTime};

use crate::alarms::Alarms;
use crate::battery::Battery;
use crate::bolus::STARTS_MAX;
use crate::controller::{Bridging, Calling, Pump, Stopping, Today};
use crate::drive::Kept;
use crate::prime_bridge::Bridge;
use crate::program::Program;
use crate::transitions::State;

/// The format's number.
const VERSION: u8 = 2;
/// Longest record: the alarms' history, 48 starts, the program and all else.
pub const BYTES_MAX: usize = Alarms::BYTES_MAX + STARTS_MAX * 8 + Program::BYTES + 420;

/// Writes fields one after another; full is remembered.
struct Put<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Put<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.at.checked_add(bytes.len())?;
        self.out.get_mut(self.at..end)?.copy_from_slice(bytes);
        self.at = end;
        Some(())
    }
    fn byte(&mut self, byte: u8) -> Option<()> {
        self.bytes(&[byte])
    }
    fn short(&mut self, number: u32) -> Option<()> {
        self.bytes(&number.to_le_bytes())
    }
    fn long(&mut self, number: u64) -> Option<()> {
        self.bytes(&number.to_le_bytes())
    }
    /// A number that may be missing: a flag before it.
    fn maybe(&mut self, number: Option<u64>) -> Option<()> {
        self.byte(u8::from(number.is_some()))?;
        self.long(number.unwrap_or(0))
    }
}

/// Reads fields one after another.
struct Take<'a>(&'a [u8]);

impl<'a> Take<'a> {
    fn bytes<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(head)
    }
    fn byte(&mut self) -> Option<u8> {
        self.bytes::<1>().map(|[byte]| *byte)
    }
    fn short(&mut self) -> Option<u32> {
        self.bytes().map(|bytes| u32::from_le_bytes(*bytes))
    }
    fn long(&mut self) -> Option<u64> {
        self.bytes().map(|bytes| u64::from_le_bytes(*bytes))
    }
    fn maybe(&mut self) -> Option<Option<u64>> {
        match (self.byte()?, self.long()?) {
            (0, 0) => Some(None),
            (1, number) => Some(Some(number)),
            (_, _) => None,
        }
    }
}

/// What the status knows that must wait until everything was read.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub state: State,
    pub strokes: (u32, u32),
    pub mono: Instant,
    pub drive: Kept,
    pub battery: [u8; Battery::BYTES],
    pub journal: (u32, u32, Instant),
    pub lanes: [Option<(Drug, Ceiling)>; DRUGS_MAX],
    pub bolus_strokes: u32,
    /// Unconfirmed strokes since birth when it began.
    pub bolus_missed: u32,
}

impl Pump {
    /// Writes the status; how many bytes, or `None` if `out` is too small.
    pub(crate) fn write_status(&self, out: &mut [u8]) -> Option<usize> {
        let now = self.now_latest();
        let mut put = Put { out, at: 0 };
        put.byte(VERSION)?;
        put.short(self.commit)?;
        put.byte(self.state.code())?;
        put.long(now.get())?;
        put.short(self.strokes.commanded)?;
        put.short(self.strokes.confirmed)?;
        put.bytes(&self.drive.kept().encode())?;
        put.bytes(&self.battery.encode())?;
        put.short(self.journal.next())?;
        let (unread, read_at) = self.journal.unread();
        put.short(unread)?;
        put.long(read_at.get())?;
        for lane in self.ceilings.lanes() {
            let (code, ceiling) = lane.map_or((0, Ceiling::default()), |(drug, ceiling)| (drug.code(), ceiling));
            put.byte(code)?;
            put.long(ceiling.hour.get())?;
            put.long(ceiling.four_hours.get())?;
            put.long(ceiling.day.get())?;
        }
        put.maybe(self.stopping.map(|stopping| stopping.since.get()))?;
        put.long(self.stopping.map_or(0, |stopping| stopping.maximum.get()))?;
        put.maybe(self.calling.map(|calling| calling.since.get()))?;
        put.maybe(self.calling.and_then(|calling| calling.until).map(Instant::get))?;
        put.long(self.calling.map_or(0, |calling| calling.found.get()))?;
        put.maybe(self.bridging.map(|bridging| u64::from(bridging.from)))?;
        put.short(self.bridging.map_or(0, |bridging| bridging.confirmed_from))?;
        let plan = self.bridging.map(|bridging| (bridging.bridge.plan, bridging.bridge.then));
        for volume in plan.map_or([0; 5], |(plan, then)| {
            [plan.volume.get(), plan.leading.get(), plan.trailing.get(), plan.flow.get(), then.get()]
        }) {
            put.long(volume)?;
        }
        put.maybe(self.keeps_until.map(Instant::get))?;
        put.maybe(self.clocks.wall_offset().map(i64::cast_unsigned))?;
        put.maybe(self.clock_waiting.map(|(at, _)| at.get()))?;
        put.long(self.clock_waiting.map_or(0, |(_, wall)| wall.get()))?;
        put.long(self.full_basal_at.get())?;
        put.long(self.last_dose)?;
        put.short(self.today.number)?;
        put.long(self.today.ordered_nl)?;
        put.long(self.today.confirmed_nl)?;
        put.bytes(&[self.today.restarts, self.refused_today])?;
        let bolus = self.extra.or(self.periodic);
        put.short(bolus.map_or(0, |bolus| bolus.strokes))?;
        put.short(bolus.map_or(0, |bolus| bolus.missed_before))?;
        put.long(self.boluses.hold_until().get())?;
        let starts = self.boluses.starts().count();
        put.byte(u8::try_from(starts).ok()?)?;
        for start in self.boluses.starts() {
            put.long(start.get())?;
        }
        put.bytes(&self.program.encode())?;
        let length = self.alarms.encode(put.out.get_mut(put.at..)?)?;
        put.at.checked_add(length)
    }

    /// Takes back what a status holds; `None` if it means nothing, and then nothing was taken.
    pub(crate) fn read_status(&mut self, bytes: &[u8]) -> Option<Status> {
        let mut from = Take(bytes);
        // Ramp, bridge and hold belong to the order they were written with: a status of another commit is not read.
        if from.byte()? != VERSION || from.short()? != self.commit {
            return None;
        }
        let state = State::from_code(from.byte()?)?;
        let mono = Instant::new(from.long()?);
        let strokes = (from.short()?, from.short()?);
        let drive = Kept::decode(from.bytes()?)?;
        let battery = *from.bytes()?;
        let journal = (from.short()?, from.short()?, Instant::new(from.long()?));
        let mut lanes = [None; DRUGS_MAX];
        for lane in &mut lanes {
            let code = from.byte()?;
            let (hour, four_hours, day) = (Mass::new(from.long()?), Mass::new(from.long()?), Mass::new(from.long()?));
            *lane = match code {
                0 => None,
                code => Some((Drug::from_code(code)?, Ceiling { hour, four_hours, day })),
            };
        }
        let since = from.maybe()?.map(Instant::new);
        let maximum = Duration::new(from.long()?);
        let stopping = since.map(|since| Stopping { since, maximum });
        let since = from.maybe()?.map(Instant::new);
        let until = from.maybe()?.map(Instant::new);
        let found = FlowRate::new(from.long()?);
        let calling = since.map(|since| Calling { since, until, found });
        let bridging = read_bridge(&mut from)?;
        let keeps_until = from.maybe()?.map(Instant::new);
        let offset = from.maybe()?.map(u64::cast_signed);
        let waiting = (from.maybe()?, from.long()?);
        let full_basal_at = Instant::new(from.long()?);
        let last_dose = from.long()?;
        let today = Today {
            number: from.short()?,
            ordered_nl: from.long()?,
            confirmed_nl: from.long()?,
            restarts: from.byte()?,
        };
        let refused_today = from.byte()?;
        let (bolus_strokes, bolus_missed) = (from.short()?, from.short()?);
        let hold_until = Instant::new(from.long()?);
        let mut starts = Vec::<Instant, STARTS_MAX>::new();
        for _ in 0..from.byte()? {
            starts.push(Instant::new(from.long()?)).ok()?;
        }
        let program = Program::decode(from.bytes()?)?;
        let alarms = Alarms::decode(mono, from.0)?;
        (self.stopping, self.calling, self.bridging) = (stopping, calling, bridging);
        (self.keeps_until, self.full_basal_at, self.last_dose) = (keeps_until, full_basal_at, last_dose);
        self.clock_waiting = waiting.0.map(|at| (Instant::new(at), WallTime::new(waiting.1)));
        (self.today, self.refused_today) = (today, refused_today);
        self.clocks.restore_wall(offset);
        self.boluses.restore(hold_until, starts.into_iter());
        (self.program, self.alarms) = (program, alarms);
        Some(Status { state, strokes, mono, drive, battery, journal, lanes, bolus_strokes, bolus_missed })
    }
}

fn read_bridge(from: &mut Take) -> Option<Option<Bridging>> {
    let begun = from.maybe()?;
    let confirmed_from = from.short()?;
    let plan = BridgePlan {
        volume: Volume::new(from.long()?),
        leading: Volume::new(from.long()?),
        trailing: Volume::new(from.long()?),
        flow: FlowRate::new(from.long()?),
    };
    let then = FlowRate::new(from.long()?);
    let Some(from) = begun else { return Some(None) };
    Some(Some(Bridging { bridge: Bridge { plan, then }, from: u32::try_from(from).ok()?, confirmed_from }))
}
