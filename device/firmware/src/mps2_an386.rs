//! The emulator's Cortex-M4 board, `qemu-system-arm -M mps2-an386`.
//!
//! The processor, its counters, its lines and its watchdog are the board's own. What an implant has around them (plant,
//! radio, stores, cell) lies on the other side of a pipe as the bytes of `implant::host`: before each sleep the image says
//! until when it sleeps, the bench answers with what happens first, and the image sleeps until its own counter shows
//! that time. What the image takes is therefore stamped by the bench, as a capture unit would, and the image's clock is
//! held against it: the greatest lateness is in the report.
//!
//! | file in the emulator's folder | what |
//! |---|---|
//! | `to-image`, `from-image` | pipes |
//! | `provision` | what the maker gives, read once |
//! | `deliberate` | a fault to be made on purpose: one letter and a count, see [`Deliberate`] |
//! | `report` | written at the end: figures, one a line |

mod bus;
mod registers;
mod semihosting;

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::asm;
use cortex_m::peripheral::{NVIC, Peripherals};
use implant::host::Outgoing;
use implant::io::Reading;
use implant::maker::PROVISION;
use implant::{Action, Input, Provision};

use crate::board::{Board, Event, cause};
use crate::kept::Kept;
use crate::ticks::{Counter, ms, ticks};
use crate::watchdog::Progress;
use crate::{fault, stack};
use bus::Bus;
use registers::{Alarm, ENABLE_LINE, FreeRunning, HZ, Interrupt, Line, Lines, Watchdog};

/// Instructions in a tick of the counter, as the emulator counts them with `-icount shift=0`.
const INSTRUCTIONS: u64 = 40;
/// The watchdog runs out after this.
const WATCHDOG_MS: u64 = 100_000;
/// And at the proof after this.
const PROOF_MS: u64 = 1;

static PROOF: AtomicBool = AtomicBool::new(false);

/// Cuts the drive's enable, whatever else is broken.
pub fn cut_enable() {
    Lines::cut();
}

/// Whether the watchdog runs out on purpose; then it is quieted.
pub fn is_proof() -> bool {
    let is_proof = PROOF.load(Ordering::Relaxed);
    if is_proof {
        Watchdog::feed();
    }
    is_proof
}

/// A fault that is made on purpose, so that the way out of it is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deliberate {
    /// `p`: a panic.
    Panic,
    /// `h`: a program that hangs.
    Hang,
    /// `s`: a stack without end.
    Stack,
}

/// What is counted for the report.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    awake: u64,
    longest: u64,
    sleeps: u64,
    steps: u64,
    late_max_ms: u64,
}

/// The board that is built for.
pub type Chosen = Mps2An386;

/// The board.
pub struct Mps2An386 {
    counter: Counter<32>,
    /// Milliseconds of the bench's clock when the counter began.
    base: u64,
    /// The time of the event that is being handled.
    now: u64,
    bus: Bus,
    figures: Figures,
    woke: u64,
    begun: u64,
    deliberate: Option<(Deliberate, u64)>,
    /// Whether the cut-off was seen to work at the start.
    proved: bool,
}

impl Mps2An386 {
    fn ticks(&mut self) -> u64 {
        self.counter.extend(FreeRunning::read())
    }

    fn say(&mut self, outgoing: Outgoing<'_>) {
        self.bus.send(self.now, &outgoing);
    }

    /// Until the counter shows this time, the core stands still.
    fn stand_until(&mut self, until: u64, deadline: Option<u64>, progress: &mut Progress) {
        loop {
            let now = self.now();
            if progress.feed(now, deadline) {
                Watchdog::feed();
            }
            if now >= until {
                self.figures.late_max_ms = self.figures.late_max_ms.max(now.saturating_sub(until));
                return;
            }
            let wait = until.saturating_sub(now).min(Self::FEED_WITHIN_MS);
            let before = self.ticks();
            let due = ticks(now.saturating_sub(self.base).saturating_add(wait), HZ);
            Alarm::set(u32::try_from(due.saturating_sub(before)).unwrap_or(u32::MAX));
            self.slept(before);
            asm::dsb();
            asm::wfi();
            Alarm::clear();
            NVIC::unpend(Interrupt::Alarm);
            self.woke = self.ticks();
        }
    }

    fn slept(&mut self, now: u64) {
        let awake = now.saturating_sub(self.woke);
        self.figures.awake = self.figures.awake.saturating_add(awake);
        self.figures.longest = self.figures.longest.max(awake);
        self.figures.sleeps = self.figures.sleeps.saturating_add(1);
    }

    fn report(&mut self) -> ! {
        let all = self.ticks();
        let figures = self.figures;
        let mut report = semihosting::create("report");
        for (name, value) in [
            ("stack", stack::used() as u64),
            ("stack_size", stack::size() as u64),
            ("awake_instructions", figures.awake.saturating_mul(INSTRUCTIONS)),
            ("longest_instructions", figures.longest.saturating_mul(INSTRUCTIONS)),
            ("all_ms", ms(all.saturating_sub(self.begun), HZ)),
            ("sleeps", figures.sleeps),
            ("steps", figures.steps),
            ("late_max_ms", figures.late_max_ms),
        ] {
            report.figure(name, value);
        }
        semihosting::exit()
    }

    fn misbehave(&mut self) {
        let Some((what, left)) = self.deliberate else { return };
        if left > 0 {
            self.deliberate = Some((what, left.saturating_sub(1)));
            return;
        }
        match what {
            Deliberate::Panic => panic!("on purpose"),
            Deliberate::Hang => loop {
                asm::wfi();
            },
            Deliberate::Stack => {
                overflow(0);
            }
        }
    }
}

#[inline(never)]
#[expect(unconditional_recursion, reason = "this is the stack that has no end")]
fn overflow(depth: u32) -> u32 {
    let here = core::hint::black_box([depth; 8]);
    overflow(here[0].wrapping_add(1)).wrapping_add(here[1])
}

impl Board for Mps2An386 {
    const FEED_WITHIN_MS: u64 = 60_000;

    fn take() -> Self {
        Lines::low();
        let Some(mut core) = Peripherals::take() else { panic!("the board is taken once") };
        stack::strict(&mut core.SCB);
        stack::close(&mut core.MPU);
        // The core wakes with an interrupt pending and takes none: there is one thread, and nothing to share.
        cortex_m::interrupt::disable();
        FreeRunning::start();
        // SAFETY: it is pending only, never taken.
        unsafe { NVIC::unmask(Interrupt::Alarm) };
        Watchdog::start(u32::try_from(ticks(WATCHDOG_MS, HZ)).unwrap_or(u32::MAX));
        let mut counter = Counter::new();
        let begun = counter.extend(FreeRunning::read());
        let deliberate = semihosting::deliberate();
        let bus = Bus::open();
        let figures = Figures::default();
        Self { counter, base: 0, now: 0, bus, figures, woke: begun, begun, deliberate, proved: false }
    }

    fn now(&mut self) -> u64 {
        let ticks = self.ticks();
        self.base.saturating_add(ms(ticks, HZ))
    }

    fn last_words(&mut self) -> Option<Kept> {
        fault::last_words()
    }

    fn provision(&mut self) -> Provision {
        let mut bytes = [0u8; PROVISION];
        let read = semihosting::existing("provision").map_or(0, |file| file.read(&mut bytes));
        let Some(provision) = bytes.get(..read).and_then(Provision::from_bytes) else {
            panic!("the bench gives no provision of a known model")
        };
        provision
    }

    //= requirements/firmware.md#watchdog
    //# A watchdog that is not fed MUST cut the drive's enable by itself.
    //# Watchdog and cut-off MUST be proved by a deliberate test at each start.
    fn cut_off_works(&mut self) -> bool {
        PROOF.store(true, Ordering::Relaxed);
        Lines::set(Line::Enable, true);
        let was_on = Lines::shown() & ENABLE_LINE != 0;
        Watchdog::start(u32::try_from(ticks(PROOF_MS, HZ)).unwrap_or(0));
        let begun = self.ticks();
        // Twice the time that the watchdog needs.
        while self.ticks().saturating_sub(begun) < ticks(2 * PROOF_MS, HZ) {}
        let is_off = Lines::shown() & ENABLE_LINE == 0;
        Lines::low();
        PROOF.store(false, Ordering::Relaxed);
        Watchdog::start(u32::try_from(ticks(WATCHDOG_MS, HZ)).unwrap_or(u32::MAX));
        self.proved = was_on && is_off;
        self.proved
    }

    fn restarted(&mut self, last: Option<Kept>) -> Event<'_> {
        // The bench is asked once without a deadline; it answers with the restart.
        self.say(Outgoing::Sleep(None));
        let all = self.ticks();
        let Some((now, input)) = self.bus.receive() else { panic!("the bench tells the restart first") };
        self.base = now.saturating_sub(ms(all, HZ));
        self.now = now;
        let input = match input {
            Input::Restart { cause: supply, counter_kept, second_ms } => {
                Input::Restart { cause: cause(last, supply), counter_kept, second_ms }
            }
            other => other,
        };
        Event { now, input }
    }

    fn perform(&mut self, now: u64, action: Action<'_>) -> Option<Input<'_>> {
        match action {
            Action::Step => {
                self.figures.steps = self.figures.steps.saturating_add(1);
                Lines::set(Line::Drive, true);
                Lines::set(Line::Drive, false);
            }
            Action::DriveEnable(on) => Lines::set(Line::Enable, on),
            Action::Check(_)
            | Action::Sound { .. }
            | Action::Send { .. }
            | Action::Write { .. }
            | Action::Read { .. }
            | Action::WantEntropy => {}
        }
        let wants_answer = matches!(action, Action::Read { .. } | Action::WantEntropy | Action::Check(_));
        self.bus.send(now, &Outgoing::Action(action));
        if !wants_answer {
            return None;
        }
        if self.bus.receive_message().is_none() {
            self.report()
        }
        let proved = self.proved;
        self.bus.message().map(|(_, input)| match input {
            // What this board can find out is found out here; the rest is the bench's.
            Input::Checked(Reading::Watchdog(_)) => Input::Checked(Reading::Watchdog(proved)),
            Input::Checked(Reading::CutLine(_)) => Input::Checked(Reading::CutLine(!proved)),
            other => other,
        })
    }

    fn sleep(&mut self, deadline: Option<u64>, progress: &mut Progress) -> Event<'_> {
        self.misbehave();
        self.say(Outgoing::Sleep(deadline));
        let Some(until) = self.bus.receive_message() else { self.report() };
        self.now = until;
        self.stand_until(until, deadline, progress);
        match self.bus.message() {
            Some((now, input)) => Event { now, input },
            None => panic!("the bench sends messages of its own kind"),
        }
    }
}
