//! The board's registers, each behind what it is used for.
//!
//! Addresses and bits are those of ARM's CMSDK parts in application note 386.

use cortex_m::interrupt::InterruptNumber;

/// What the counters count by.
pub const HZ: u32 = 25_000_000;

const COUNTER: usize = 0x4000_0000;
const ALARM: usize = 0x4000_1000;
const WATCHDOG: usize = 0x4000_8000;
const LEDS: usize = 0x4002_8000;

const CONTROL: usize = 0x0;
const VALUE: usize = 0x4;
const RELOAD: usize = 0x8;
const CLEAR: usize = 0xc;

fn write(base: usize, offset: usize, value: u32) {
    let at = core::ptr::with_exposed_provenance_mut::<u32>(base + offset);
    // SAFETY: every base and offset in this file is a register of this board.
    unsafe { at.write_volatile(value) }
}

fn read(base: usize, offset: usize) -> u32 {
    let at = core::ptr::with_exposed_provenance::<u32>(base + offset);
    // SAFETY: as above.
    unsafe { at.read_volatile() }
}

/// The interrupts that wake the core.
#[derive(Clone, Copy)]
pub enum Interrupt {
    /// The second timer.
    Alarm,
}

// SAFETY: the number is that of the board's interrupt table.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        match self {
            Interrupt::Alarm => 9,
        }
    }
}

/// The first timer: started once, never written again.
pub struct FreeRunning;

impl FreeRunning {
    pub fn start() {
        write(COUNTER, CONTROL, 0);
        write(COUNTER, RELOAD, u32::MAX);
        write(COUNTER, VALUE, u32::MAX);
        write(COUNTER, CONTROL, 1);
    }

    /// Ticks since the start, of 32 bits; the timer counts down.
    pub fn read() -> u32 {
        u32::MAX - read(COUNTER, VALUE)
    }
}

/// The second timer: wakes the core once.
pub struct Alarm;

impl Alarm {
    pub fn set(ticks: u32) {
        write(ALARM, CONTROL, 0);
        write(ALARM, CLEAR, 1);
        write(ALARM, RELOAD, ticks.max(1));
        // Enabled, with its interrupt.
        write(ALARM, CONTROL, 0b1001);
    }

    pub fn clear() {
        write(ALARM, CONTROL, 0);
        write(ALARM, CLEAR, 1);
    }
}

/// The watchdog: its first stage is the non-maskable interrupt, its second restarts the core.
pub struct Watchdog;

impl Watchdog {
    const UNLOCK: u32 = 0x1acc_e551;
    const LOCK: usize = 0xc00;

    pub fn start(ticks: u32) {
        write(WATCHDOG, Self::LOCK, Self::UNLOCK);
        write(WATCHDOG, 0x0, ticks);
        write(WATCHDOG, 0x8, 0b11);
        write(WATCHDOG, Self::LOCK, 0);
    }

    pub fn feed() {
        write(WATCHDOG, Self::LOCK, Self::UNLOCK);
        write(WATCHDOG, 0xc, 1);
        write(WATCHDOG, Self::LOCK, 0);
    }
}

/// The bit of the enable line.
pub const ENABLE_LINE: u32 = 1;
const DRIVE_LINE: u32 = 2;

/// An output line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The guard's: without it the drive has no power.
    Enable,
    /// One pulse is one stroke.
    Drive,
}

/// The output lines; on this board they are its two lamps.
pub struct Lines;

impl Lines {
    pub fn low() {
        write(LEDS, 0, 0);
    }

    /// The enable line alone; the drive without power does not turn.
    pub fn cut() {
        write(LEDS, 0, 0);
    }

    pub fn set(line: Line, on: bool) {
        let bit = match line {
            Line::Enable => ENABLE_LINE,
            Line::Drive => DRIVE_LINE,
        };
        let others = Self::shown() & !bit;
        write(LEDS, 0, if on { others | bit } else { others });
    }

    pub fn shown() -> u32 {
        read(LEDS, 0)
    }
}
