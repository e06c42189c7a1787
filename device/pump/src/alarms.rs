//! Alarms: which conditions stand, how much they allow, and what is heard of them.
//!
//! This file answers for the set of standing causes, the most restrictive of their levels, the history of each alarm
//! and the moment of the next tone. When a cause is true or false is known by those who call [`Alarms::raise`] and
//! [`Alarms::cause_gone`]; priorities and words are the catalogue's (`orders::alarm`), patterns are in `tones`.
//!
//! Terms. *Standing*: the cause was seen and its restriction holds. *Mended*: the cause has been tested false; a
//! self-healing alarm ends with that, any other waits for a clinician's clearing. *Quiet*: the sound of an alarm rests,
//! after a silence (short) or an acknowledgement (longer); nothing else of it rests.
//!
//! ```text
//!            raise                cause_gone, self-healing
//!   (none) ────────▶ standing ─────────────────────────────▶ past
//!                     │   ▲                                    ▲
//!          cause_gone │   │ raise                              │ clear, by a clinician
//!                     ▼   │                                    │
//!                    mended ───────────────────────────────────┘
//! ```

use heapless::Vec;
use orders::alarm::Level;
use orders::{AlarmId, Duration, Instant, Priority};

use crate::moment::Moment;

use crate::tones::{self, Tone};

/// Most alarms whose history is kept; the set itself holds all of the catalogue.
pub const HISTORY_MAX: usize = 24;

/// Which of the enrolled peers did something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub u8);

/// Why an alarm no longer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cleared {
    /// Its cause was tested false and it heals by itself.
    CauseGone,
    /// Its cause was tested false and a clinician cleared it.
    By(Peer),
}

/// What is known of one alarm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Which.
    pub id: AlarmId,
    /// When its cause was first seen.
    first: Moment,
    /// When its cause was last seen.
    last: Moment,
    /// How often it came up after its cause had been false; saturates.
    pub count: u16,
    /// Who took note of it last, if anybody did since it came up.
    pub acknowledged_by: Option<Peer>,
    /// Why it no longer stands; nothing while it stands.
    pub cleared: Option<Cleared>,
    /// When its sound began.
    since: Moment,
    /// No sound before this.
    quiet_until: Moment,
    /// Until when a person made it quiet. A restart forgets it: it silences nothing.
    silenced_until: Moment,
}

impl Entry {
    /// When its cause was first seen.
    pub const fn first(&self) -> Instant {
        self.first.instant()
    }

    /// When its cause was last seen.
    pub const fn last(&self) -> Instant {
        self.last.instant()
    }
}

/// Why an alarm was not cleared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotCleared {
    /// Its cause has not been tested false: a button mends nothing.
    CauseStands,
    /// It does not stand.
    NotStanding,
}

/// A tone to be played now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sound {
    /// What is played.
    pub tone: &'static Tone,
    /// For which alarm; none if it is a test.
    pub alarm: Option<AlarmId>,
}

/// Whether the cause's end is enough, or a clinician has to clear it too.
const fn heals_itself(id: AlarmId) -> bool {
    match id {
        AlarmId::ReservoirEmpty
        | AlarmId::EndOfService
        | AlarmId::OverDelivery
        | AlarmId::StateLost
        | AlarmId::CommitMismatch
        | AlarmId::CeilingByBasal
        | AlarmId::ClockFailed
        | AlarmId::SelfTestFailed
        | AlarmId::Bug
        | AlarmId::GapTooLong
        | AlarmId::ReplacementIndicator
        | AlarmId::VolumeDiscrepancy
        | AlarmId::LongStandstill
        | AlarmId::StoreFault => false,
        AlarmId::Stall
        | AlarmId::DoseRecordLost
        | AlarmId::StoppedLong
        | AlarmId::StrongFieldLong
        | AlarmId::NoRecovery
        | AlarmId::ManyResets
        | AlarmId::Emergency
        | AlarmId::ReservoirLow
        | AlarmId::Stopped
        | AlarmId::StabilityExpired
        | AlarmId::BolusesRefused
        | AlarmId::ClocksDisagree
        | AlarmId::LedgerDoubt
        | AlarmId::UnorderedDrug
        | AlarmId::MixtureUnordered
        | AlarmId::RampHeld
        | AlarmId::Temperature
        | AlarmId::NotStarted
        | AlarmId::UnconfirmedStrokes
        | AlarmId::UnderInfusion
        | AlarmId::RefillSoon
        | AlarmId::Restarted
        | AlarmId::JournalLoss
        | AlarmId::WallClockUnset
        | AlarmId::RadioBudget
        | AlarmId::TelemetryRejected
        | AlarmId::ButtonStuck => true,
    }
}

const fn bit(id: AlarmId) -> u128 {
    match 1u128.checked_shl(id.code() as u32) {
        Some(bit) => bit,
        None => 0,
    }
}

/// Every alarm of the pump.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Alarms {
    standing: u128,
    mended: u128,
    level: Level,
    history: Vec<Entry, HISTORY_MAX>,
    /// Priorities whose test tone is to be played, as bits.
    tests: u8,
    /// The earliest moment at which anything may sound; nothing if all is quiet.
    next: Option<Instant>,
    /// When the last tone of an alarm was played, and how bad that was.
    played: Option<(Instant, Priority)>,
}

impl Alarms {
    /// Bytes of the longest stored form.
    pub const BYTES_MAX: usize = 33 + HISTORY_MAX * ENTRY_BYTES;

    /// The cause of an alarm is true now. Returns whether it did not stand before, so that it is written down once.
    pub fn raise(&mut self, now: Instant, id: AlarmId) -> bool {
        let is_new = self.standing & bit(id) == 0 || self.mended & bit(id) != 0;
        //= requirements/alarms.md#a-set
        //# The pump MUST keep every alarm that stands and sound the tone of the highest priority among them.
        self.standing |= bit(id);
        self.mended &= !bit(id);
        //= requirements/alarms.md#history-of-an-alarm
        //# Every alarm MUST keep its first and last time, its count, who acknowledged it and why it was cleared.
        match self.history.iter_mut().find(|entry| entry.id == id) {
            Some(entry) => {
                entry.last = Moment::of(now);
                if is_new {
                    entry.count = entry.count.saturating_add(1);
                    (entry.acknowledged_by, entry.cleared) = (None, None);
                    (entry.since, entry.quiet_until) = (Moment::of(now), Moment::of(now));
                    entry.silenced_until = Moment::of(now);
                }
            }
            None => self.remember(Entry {
                id,
                first: Moment::of(now),
                last: Moment::of(now),
                count: 1,
                acknowledged_by: None,
                cleared: None,
                since: Moment::of(now),
                quiet_until: Moment::of(now),
                silenced_until: Moment::of(Instant::ZERO),
            }),
        }
        if is_new {
            self.changed();
        }
        is_new
    }

    /// The cause of an alarm was tested false. Returns whether the alarm ended with that.
    pub fn cause_gone(&mut self, now: Instant, id: AlarmId) -> bool {
        if self.standing & bit(id) == 0 {
            return false;
        }
        self.mended |= bit(id);
        if heals_itself(id) {
            self.end(now, id, Cleared::CauseGone);
            return true;
        }
        self.changed();
        false
    }

    /// A clinician clears an alarm.
    ///
    /// # Errors
    /// [`NotCleared::CauseStands`] while the cause was not tested false: the restriction stays. [`NotCleared::NotStanding`].
    pub fn clear(&mut self, now: Instant, id: AlarmId, by: Peer) -> Result<(), NotCleared> {
        if self.standing & bit(id) == 0 {
            return Err(NotCleared::NotStanding);
        }
        //= requirements/alarms.md#clearing-is-not-mending
        //# Clearing an alarm MUST NOT lift its restriction before its cause has been tested false.
        if self.mended & bit(id) == 0 {
            return Err(NotCleared::CauseStands);
        }
        self.end(now, id, Cleared::By(by));
        Ok(())
    }

    /// Somebody took note of what stands: the sound rests for the catalogue's time. Nothing else changes.
    pub fn acknowledge(&mut self, now: Instant, id: AlarmId, by: Peer) {
        if let Some(entry) = self.history.iter_mut().find(|entry| entry.id == id && entry.cleared.is_none()) {
            entry.acknowledged_by = Some(by);
            entry.quiet_until = Moment::of(now.after(tones::sounding(id.priority()).again_after));
            entry.since = entry.quiet_until;
            entry.silenced_until = entry.quiet_until;
        }
        self.changed();
    }

    /// Quiet for the alarms that stand now, for as long as was asked for and the catalogue permits; one that comes up later
    /// is heard.
    pub fn silence(&mut self, now: Instant, wanted: Duration) {
        for entry in self.history.iter_mut().filter(|entry| entry.cleared.is_none()) {
            //= requirements/alarms.md#silence-ends
            //# A silence MUST end by itself after the catalogue's limit.
            let until = now.after(tones::sounding(entry.id.priority()).silence_max.min(wanted));
            entry.quiet_until = Moment::of(entry.quiet_until.instant().max(until));
            entry.silenced_until = entry.quiet_until;
        }
        self.changed();
    }

    /// Plays the tone of a priority once, as it would be heard.
    pub fn test_tone(&mut self, priority: Priority) {
        self.tests |= 1u8.checked_shl(u32::from(priority as u8)).unwrap_or(0);
    }

    /// The most that may be given: what the worst standing cause allows.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Whether an alarm stands.
    pub const fn stands(&self, id: AlarmId) -> bool {
        self.standing & bit(id) != 0
    }

    /// Whether the cause of a standing alarm has been tested false.
    pub const fn is_mended(&self, id: AlarmId) -> bool {
        self.mended & bit(id) != 0
    }

    /// The standing alarms as bits by their codes.
    pub const fn bits(&self) -> u128 {
        self.standing
    }

    /// The standing alarms, worst first, then in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = AlarmId> + '_ {
        const WORST_FIRST: [Priority; 3] = [Priority::High, Priority::Medium, Priority::Low];
        WORST_FIRST.into_iter().flat_map(move |priority| {
            AlarmId::ALL.iter().copied().filter(move |id| id.priority() == priority && self.stands(*id))
        })
    }

    /// What is known of the alarms, past ones too, in the order in which they first came up.
    pub fn history(&self) -> &[Entry] {
        &self.history
    }

    /// Until when a standing alarm was made quiet by a person; `None` if it was not, or does not stand.
    pub fn silenced_until(&self, id: AlarmId, now: Instant) -> Option<Instant> {
        let entry = self.history.iter().find(|entry| entry.id == id && entry.cleared.is_none())?;
        Some(entry.silenced_until.instant()).filter(|until| *until > now)
    }

    /// When [`Alarms::sound`] should be asked next; nothing if all is quiet. Early is harmless.
    pub fn deadline(&self) -> Option<Instant> {
        if self.tests != 0 { Some(Instant::ZERO) } else { self.next }
    }

    /// The tone to be played now, if any. Bounded by the history's length; one comparison while nothing is due.
    pub fn sound(&mut self, now: Instant) -> Option<Sound> {
        let is_due = self.next.is_some_and(|next| next <= now);
        if !is_due {
            return self.next_test();
        }
        //= requirements/alarms.md#repeats-and-escalates
        //# The pump MUST repeat an alarm's tone, and escalate it as its catalogue entry says, until the alarm is acknowledged or its cause is gone.
        let Some(loudest) = self.loudest(now) else {
            self.schedule(now);
            return self.next_test();
        };
        let priority = loudest.id.priority();
        let stage = tones::sounding(priority).stage(now.since(loudest.since.instant()))?;
        let waits = matches!(self.played, Some((at, of)) if of == priority && now.since(at) < stage.every);
        if waits {
            self.schedule(now);
            return self.next_test();
        }
        self.played = Some((now, priority));
        self.schedule(now);
        Some(Sound { tone: stage.tone, alarm: Some(loudest.id) })
    }

    fn next_test(&mut self) -> Option<Sound> {
        for priority in [Priority::High, Priority::Medium, Priority::Low] {
            let flag = 1u8.checked_shl(u32::from(priority as u8)).unwrap_or(0);
            if self.tests & flag != 0 {
                self.tests &= !flag;
                return Some(Sound { tone: tones::test_tone(priority), alarm: None });
            }
        }
        None
    }

    /// The worst alarm that is not quiet; of two that are as bad the one that began first, then the lower code.
    fn loudest(&self, now: Instant) -> Option<Entry> {
        self.history
            .iter()
            .filter(|entry| self.is_heard(entry) && entry.quiet_until.instant() <= now)
            .min_by_key(|entry| (core::cmp::Reverse(entry.id.priority()), entry.since.instant(), entry.id))
            .copied()
    }

    /// A mended alarm has said what it had to say; its restriction waits for the clinician without noise.
    fn is_heard(&self, entry: &Entry) -> bool {
        entry.cleared.is_none() && self.stands(entry.id) && !self.is_mended(entry.id)
    }

    /// Finds the earliest moment at which something may sound.
    fn schedule(&mut self, now: Instant) {
        let after_quiet = self
            .history
            .iter()
            .filter(|entry| self.is_heard(entry) && entry.quiet_until.instant() > now)
            .map(|entry| entry.quiet_until.instant())
            .min();
        let repeat = self.loudest(now).map(|loudest| {
            let priority = loudest.id.priority();
            let every = tones::sounding(priority).stage(now.since(loudest.since.instant())).map(|stage| stage.every);
            match (self.played, every) {
                (Some((at, of)), Some(every)) if of == priority => at.after(every),
                (Some(_) | None, Some(_) | None) => now,
            }
        });
        self.next = match (after_quiet, repeat) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    fn end(&mut self, now: Instant, id: AlarmId, why: Cleared) {
        self.standing &= !bit(id);
        self.mended &= !bit(id);
        if let Some(entry) = self.history.iter_mut().find(|entry| entry.id == id) {
            entry.cleared = Some(why);
            entry.last = Moment::of(now);
        }
        self.changed();
    }

    /// The set changed: the level follows, and sound is asked for at once.
    fn changed(&mut self) {
        self.level = self.iter().map(AlarmId::allows).max().unwrap_or_default();
        self.next = if self.history.iter().any(|entry| self.is_heard(entry)) { Some(Instant::ZERO) } else { None };
        if self.next.is_none() {
            self.played = None;
        }
    }

    /// Takes an entry in. When the history is full the least of it goes: what is past before what stands, milder
    /// before worse, older before newer. The set keeps the alarm all the same.
    fn remember(&mut self, entry: Entry) {
        let Err(entry) = self.history.push(entry) else { return };
        let least = self
            .history
            .iter()
            .enumerate()
            .min_by_key(|(_, kept)| (kept.cleared.is_none(), kept.id.priority(), kept.last()))
            .map(|(at, kept)| (at, kept.cleared.is_some() || kept.id.priority() <= entry.id.priority()));
        if let Some((at, true)) = least {
            self.history.remove(at);
            // There is room now: one was taken out.
            if self.history.push(entry).is_err() {
                self.history.clear();
            }
        }
    }
}

/// Bytes of one entry: id, count, first and last second, who, why cleared.
const ENTRY_BYTES: usize = 13;

/// "Nobody" among the peers of the stored form.
const NOBODY: u8 = 0xff;

impl Alarms {
    /// Writes set and history; how many bytes, or `None` if `out` is too small. Quiet is not stored: a restart is not
    /// the cheapest way to silence a pump.
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let count = u8::try_from(self.history.len()).ok()?;
        out.get_mut(..16)?.copy_from_slice(&self.standing.to_le_bytes());
        out.get_mut(16..32)?.copy_from_slice(&self.mended.to_le_bytes());
        *out.get_mut(32)? = count;
        let mut at = 33usize;
        for entry in &self.history {
            let to = out.get_mut(at..at.checked_add(ENTRY_BYTES)?)?;
            let (why, by) = match entry.cleared {
                None => (0, entry.acknowledged_by.map_or(NOBODY, |peer| peer.0)),
                Some(Cleared::CauseGone) => (1, entry.acknowledged_by.map_or(NOBODY, |peer| peer.0)),
                Some(Cleared::By(peer)) => (2, peer.0),
            };
            let (first, last) = (seconds(entry.first()).to_le_bytes(), seconds(entry.last()).to_le_bytes());
            let count = entry.count.to_le_bytes();
            let bytes = [entry.id.code(), by, why].into_iter().chain(count).chain(first).chain(last);
            to.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            at = at.checked_add(ENTRY_BYTES)?;
        }
        Some(at)
    }

    /// Reads set and history back; `None` if the bytes are not such a record. Every standing alarm is heard again.
    pub fn decode(now: Instant, bytes: &[u8]) -> Option<Self> {
        let (standing, rest) = bytes.split_first_chunk::<16>()?;
        let (mended, rest) = rest.split_first_chunk::<16>()?;
        let (count, mut rest) = rest.split_first()?;
        let mut alarms =
            Self { standing: u128::from_le_bytes(*standing), mended: u128::from_le_bytes(*mended), ..Self::default() };
        let known = AlarmId::ALL.iter().fold(0u128, |bits, id| bits | bit(*id));
        if alarms.standing & !known != 0 || alarms.mended & !alarms.standing != 0 {
            return None;
        }
        for _ in 0..*count {
            let (entry, after) = rest.split_first_chunk::<ENTRY_BYTES>()?;
            alarms.history.push(read_entry(now, entry)?).ok()?;
            rest = after;
        }
        alarms.changed();
        Some(alarms)
    }
}

fn read_entry(now: Instant, bytes: &[u8; ENTRY_BYTES]) -> Option<Entry> {
    let [id, by, why, c0, c1, f0, f1, f2, f3, l0, l1, l2, l3] = *bytes;
    let peer = if by == NOBODY { None } else { Some(Peer(by)) };
    let cleared = match why {
        0 => None,
        1 => Some(Cleared::CauseGone),
        2 => Some(Cleared::By(peer?)),
        _ => return None, // not ours: a byte read back from a store
    };
    Some(Entry {
        id: AlarmId::from_code(id)?,
        first: Moment::of(from_seconds([f0, f1, f2, f3])),
        last: Moment::of(from_seconds([l0, l1, l2, l3])),
        count: u16::from_le_bytes([c0, c1]),
        acknowledged_by: peer,
        cleared,
        since: Moment::of(now),
        quiet_until: Moment::of(now),
        silenced_until: Moment::of(Instant::ZERO),
    })
}

/// Whole seconds since birth, rounded down; saturates after 136 years.
fn seconds(at: Instant) -> u32 {
    u32::try_from(at.get() / 1000).unwrap_or(u32::MAX)
}

fn from_seconds(bytes: [u8; 4]) -> Instant {
    Instant::new(u64::from(u32::from_le_bytes(bytes)).saturating_mul(1000))
}
