//! Self-test: how the pump knows that it is still the pump that was tested.
//!
//! This file answers for which tests there are, when each is due, and whether a reading passes. It touches nothing:
//! whoever drives the pins takes the readings and brings them. What a failure means for therapy is the rung of the
//! alarm `SelfTestFailed`, save for [`Check::forbids_drive`], which holds the drive until the check passes.
//!
//! At start every check is due at once; later one after the other, so that the whole round fits its interval and no
//! single moment costs much energy.

use orders::device::BatteryProfile;
use orders::{Duration, Instant};

/// A day: the whole round of periodic checks (PP-TST-02 asks for the program at least once in 24 h).
pub const ROUND: Duration = Duration::from_days(1);
/// The processor and the memory, which decide a dose, are checked within an hour (PP-TST-02).
pub const OFTEN: Duration = Duration::from_hours(1);
/// What the arithmetic of [`cpu_answer`] must give.
const CPU_ANSWER: u32 = 0xAF3A_B7AA;
/// The oscillators may differ by 2 % before anybody believes neither.
const CLOCKS_PERMILLE: u64 = 20;
/// Below this the tone's transducer is open, above it shorted, in µA.
const TONE_UA: core::ops::RangeInclusive<u32> = 200..=5_000;
/// More than this through a drive that is off is a short (the feedthrough recall), in µA.
const DRIVE_OFF_MAX_UA: u32 = 50;
/// What the drive draws when it is energised too briefly to turn, in µA.
const DRIVE_ON_UA: core::ops::RangeInclusive<u32> = 2_000..=20_000;

/// A check. The codes stand in the journal and never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// The arithmetic gives a known answer.
    Cpu,
    /// A march through the memory finds no fault.
    Memory,
    /// The program's check sum.
    Program,
    /// The stored parts' check sums.
    Stores,
    /// The cell's voltage under load.
    Battery,
    /// The watchdog bites when it is let.
    Watchdog,
    /// The oscillators agree over a span.
    Clocks,
    /// The transducer draws what it should.
    Tone,
    /// No current flows through a drive that is off.
    DriveOff,
    /// The drive's coil is there.
    DriveOn,
    /// The guard's line cuts the drive.
    CutLine,
    /// No input is stuck.
    Inputs,
}

impl Check {
    /// Every check, in the order in which they run.
    pub const ALL: [Check; 12] = [
        Check::Cpu,
        Check::Memory,
        Check::Program,
        Check::Stores,
        Check::Battery,
        Check::Watchdog,
        Check::Clocks,
        Check::Tone,
        Check::DriveOff,
        Check::DriveOn,
        Check::CutLine,
        Check::Inputs,
    ];

    /// The code in the journal.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The check of a code; `None` if none has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|check| check.code() == code)
    }

    /// What people read.
    pub const fn words(self) -> &'static str {
        match self {
            Check::Cpu => "processor",
            Check::Memory => "memory",
            Check::Program => "program",
            Check::Stores => "stored records",
            Check::Battery => "battery under load",
            Check::Watchdog => "watchdog",
            Check::Clocks => "clocks",
            Check::Tone => "tone",
            Check::DriveOff => "drive off",
            Check::DriveOn => "drive on",
            Check::CutLine => "cut-off of the drive",
            Check::Inputs => "inputs",
        }
    }

    /// Whether a pump that fails it cannot be trusted to turn its drive at all. A mute pump still gives its basal.
    pub const fn forbids_drive(self) -> bool {
        match self {
            Check::Cpu | Check::Memory | Check::Program | Check::DriveOff | Check::CutLine | Check::Watchdog => true,
            Check::Stores | Check::Battery | Check::Clocks | Check::Tone | Check::DriveOn | Check::Inputs => false,
        }
    }

    /// Whether it can be done while therapy runs. The others need a restart or would turn or cut the drive.
    const fn is_periodic(self) -> bool {
        match self {
            Check::Cpu
            | Check::Memory
            | Check::Program
            | Check::Stores
            | Check::Battery
            | Check::Clocks
            | Check::DriveOff
            | Check::Inputs => true,
            Check::Watchdog | Check::Tone | Check::DriveOn | Check::CutLine => false,
        }
    }

    const fn interval(self) -> Duration {
        match self {
            Check::Cpu | Check::Memory => OFTEN,
            Check::Program
            | Check::Stores
            | Check::Battery
            | Check::Watchdog
            | Check::Clocks
            | Check::Tone
            | Check::DriveOff
            | Check::DriveOn
            | Check::CutLine
            | Check::Inputs => ROUND,
        }
    }

    fn flag(self) -> u16 {
        1u16.checked_shl(u32::from(self.code())).unwrap_or(0)
    }
}

/// What was found; each belongs to one check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// What [`cpu_answer`] gave.
    Cpu(u32),
    /// What [`memory_faults`] found.
    Memory(u32),
    /// The program's check sum, found and expected.
    Program(u32, u32),
    /// How many stored parts fail their check sum in both slots.
    Stores(u8),
    /// Voltage under load, in mV.
    Battery(u16),
    /// Whether the watchdog restarted the pump when it was left to.
    Watchdog(bool),
    /// What each oscillator counted over the same span, in ms.
    Clocks(u64, u64),
    /// Current through the transducer, in µA.
    Tone(u32),
    /// Current through the drive while off, in µA.
    DriveOff(u32),
    /// Current through the drive while energised too briefly to turn, in µA.
    DriveOn(u32),
    /// Whether power still reached the drive while the guard's line was down.
    CutLine(bool),
    /// How many inputs were stuck.
    Inputs(u8),
}

impl Reading {
    /// The check that this reading is for.
    pub const fn check(&self) -> Check {
        match self {
            Reading::Cpu(_) => Check::Cpu,
            Reading::Memory(_) => Check::Memory,
            Reading::Program(..) => Check::Program,
            Reading::Stores(_) => Check::Stores,
            Reading::Battery(_) => Check::Battery,
            Reading::Watchdog(_) => Check::Watchdog,
            Reading::Clocks(..) => Check::Clocks,
            Reading::Tone(_) => Check::Tone,
            Reading::DriveOff(_) => Check::DriveOff,
            Reading::DriveOn(_) => Check::DriveOn,
            Reading::CutLine(_) => Check::CutLine,
            Reading::Inputs(_) => Check::Inputs,
        }
    }

    /// What was found as two numbers, for a pipe; [`Reading::of`] makes a reading of them again.
    pub fn numbers(&self) -> (u64, u64) {
        match *self {
            Reading::Cpu(answer) => (u64::from(answer), 0),
            Reading::Memory(faults) => (u64::from(faults), 0),
            Reading::Program(found, expected) => (u64::from(found), u64::from(expected)),
            Reading::Stores(bad) => (u64::from(bad), 0),
            Reading::Battery(loaded_mv) => (u64::from(loaded_mv), 0),
            Reading::Watchdog(bit) => (u64::from(bit), 0),
            Reading::Clocks(first, second) => (first, second),
            Reading::Tone(current) | Reading::DriveOff(current) | Reading::DriveOn(current) => (u64::from(current), 0),
            Reading::CutLine(power_came_through) => (u64::from(power_came_through), 0),
            Reading::Inputs(stuck) => (u64::from(stuck), 0),
        }
    }

    /// The reading of a check from its two numbers; `None` if they mean nothing to it.
    pub fn of(check: Check, first: u64, second: u64) -> Option<Self> {
        let word = u32::try_from(first);
        let byte = u8::try_from(first);
        let flag = match first {
            0 => Some(false),
            1 => Some(true),
            _ => None, // not ours: a number that came through a pipe
        };
        let reading = match check {
            Check::Cpu => Reading::Cpu(word.ok()?),
            Check::Memory => Reading::Memory(word.ok()?),
            Check::Program => Reading::Program(word.ok()?, u32::try_from(second).ok()?),
            Check::Stores => Reading::Stores(byte.ok()?),
            Check::Battery => Reading::Battery(u16::try_from(first).ok()?),
            Check::Watchdog => Reading::Watchdog(flag?),
            Check::Clocks => Reading::Clocks(first, second),
            Check::Tone => Reading::Tone(word.ok()?),
            Check::DriveOff => Reading::DriveOff(word.ok()?),
            Check::DriveOn => Reading::DriveOn(word.ok()?),
            Check::CutLine => Reading::CutLine(flag?),
            Check::Inputs => Reading::Inputs(byte.ok()?),
        };
        Some(reading).filter(|reading| reading.numbers() == (first, second))
    }

    /// Whether what was found is as it should be.
    pub fn passes(&self, battery: &BatteryProfile) -> bool {
        match self {
            Reading::Cpu(answer) => *answer == CPU_ANSWER,
            Reading::Memory(faults) => *faults == 0,
            Reading::Program(found, expected) => found == expected,
            Reading::Stores(bad) => *bad == 0,
            Reading::Battery(loaded_mv) => *loaded_mv >= battery.end_mv,
            Reading::Watchdog(bit) => *bit,
            Reading::Clocks(first, second) => {
                let apart = first.abs_diff(*second).saturating_mul(1000);
                *first > 0 && apart <= first.saturating_mul(CLOCKS_PERMILLE)
            }
            Reading::Tone(current) => TONE_UA.contains(current),
            Reading::DriveOff(current) => *current <= DRIVE_OFF_MAX_UA,
            Reading::DriveOn(current) => DRIVE_ON_UA.contains(current),
            Reading::CutLine(power_came_through) => !power_came_through,
            Reading::Inputs(stuck) => *stuck == 0,
        }
    }
}

/// Which checks are due and how the last of each went.
#[derive(Clone, Debug)]
pub struct Selftest {
    battery: BatteryProfile,
    /// When each check is due next, in the order of [`Check::ALL`].
    due: [Instant; Check::ALL.len()],
    /// The earliest of those that may run.
    next: Option<Instant>,
    /// Checks that have not run since the start, and checks whose last run failed, as bits.
    not_run: u16,
    failed: u16,
}

impl Selftest {
    /// A start: everything is due now.
    pub fn start(now: Instant, battery: BatteryProfile) -> Self {
        let not_run = Check::ALL.iter().fold(0u16, |bits, check| bits | check.flag());
        Self { battery, due: [now; Check::ALL.len()], next: Some(now), not_run, failed: 0 }
    }

    /// The next check that is due, if any. Asked again without a reading it names the same one.
    pub fn poll(&self, now: Instant) -> Option<Check> {
        if self.next.is_none_or(|next| now < next) {
            return None;
        }
        self.entries().find(|(check, due)| *due <= now && self.may_run(*check)).map(|(check, _)| check)
    }

    /// Somebody asks: every check that can be done while therapy runs is due now.
    pub fn ask(&mut self, now: Instant) {
        for (_, due) in Check::ALL.into_iter().zip(&mut self.due).filter(|(check, _)| check.is_periodic()) {
            *due = (*due).min(now);
        }
        self.next = Some(now);
    }

    /// When a check is due next. Early is harmless; late leaves a fault unseen longer.
    pub const fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Takes a reading. Returns whether it passed, to be written down; the caller raises or tests the alarm by
    /// [`Selftest::has_failed`].
    pub fn report(&mut self, now: Instant, reading: Reading) -> bool {
        let check = reading.check();
        //= requirements/selftest.md#no-false-pass
        //# Every self-test MUST be shown to fail when its fault is injected.
        let is_passed = reading.passes(&self.battery);
        self.not_run &= !check.flag();
        if is_passed {
            self.failed &= !check.flag();
        } else {
            self.failed |= check.flag();
        }
        //= requirements/selftest.md#again-and-again
        //# The pump MUST repeat its periodic self-tests within their stated interval.
        if let Some(due) = self.due.get_mut(usize::from(check.code())) {
            *due = now.after(if is_passed { check.interval() } else { OFTEN });
        }
        self.next = self.entries().filter(|(check, _)| self.may_run(*check)).map(|(_, due)| due).min();
        is_passed
    }

    /// Whether the start's checks are through and none failed that speaks against turning the drive at all.
    pub fn may_step(&self) -> bool {
        //= requirements/selftest.md#at-start
        //# The pump MUST NOT command a stroke after a start before the start self-test has passed.
        self.not_run == 0 && !Check::ALL.iter().any(|check| check.forbids_drive() && self.is_failed(*check))
    }

    /// Whether the last run of any check failed: the alarm stands.
    pub const fn has_failed(&self) -> bool {
        self.failed != 0
    }

    /// Whether the last run of this check failed.
    pub fn is_failed(&self, check: Check) -> bool {
        self.failed & check.flag() != 0
    }

    /// Whether this check has not run since the start.
    pub fn is_owed(&self, check: Check) -> bool {
        self.not_run & check.flag() != 0
    }

    /// Whether any check has not run since the start.
    pub const fn is_any_owed(&self) -> bool {
        self.not_run != 0
    }

    /// A check that failed runs again too, whatever it does: a fault that has gone must not hold the drive for good.
    fn may_run(&self, check: Check) -> bool {
        check.is_periodic() || self.is_owed(check) || self.is_failed(check)
    }

    fn entries(&self) -> impl Iterator<Item = (Check, Instant)> + '_ {
        Check::ALL.into_iter().zip(self.due)
    }
}

/// Arithmetic with a known answer: additions, multiplications, shifts and carries through all bits.
pub fn cpu_answer() -> u32 {
    let mut state = core::hint::black_box(0x9E37_79B9u32);
    for round in 0u32..32 {
        state = state.wrapping_mul(0x85EB_CA6B).rotate_left(round % 31).wrapping_add(round);
        state ^= state.checked_div(round.saturating_add(3)).unwrap_or(0) >> 3;
    }
    state
}

/// A march through memory (up and down with a pattern and its inverse) by the accessors it is given; how many cells
/// gave back what was not written. What stood there is put back, cell by cell, in the last pass of each block of eight.
pub fn memory_faults(cells: usize, read: &mut dyn FnMut(usize) -> u8, write: &mut dyn FnMut(usize, u8)) -> u32 {
    const BLOCK: usize = 8;
    let mut faults = 0u32;
    let mut expect = |found: u8, written: u8| {
        if found != written {
            faults = faults.saturating_add(1);
        }
    };
    for start in (0..cells).step_by(BLOCK) {
        let block = start..start.saturating_add(BLOCK).min(cells);
        let mut kept = [0u8; BLOCK];
        for (cell, kept) in block.clone().zip(&mut kept) {
            *kept = read(cell);
            write(cell, 0x55);
        }
        for cell in block.clone() {
            expect(read(cell), 0x55);
            write(cell, 0xAA);
        }
        for cell in block.clone().rev() {
            expect(read(cell), 0xAA);
            write(cell, 0x55);
        }
        for (cell, kept) in block.zip(kept) {
            expect(read(cell), 0x55);
            write(cell, kept);
            expect(read(cell), kept);
        }
    }
    faults
}
