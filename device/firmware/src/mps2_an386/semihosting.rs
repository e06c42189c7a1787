//! Files and pipes of the machine that emulates, by ARM's semihosting calls. They block, and while they do the
//! emulated time stands still: that is what makes a run repeatable.

use core::arch::asm;

use super::Deliberate;

const OPEN: u32 = 0x01;
const WRITE: u32 = 0x05;
const READ: u32 = 0x06;
const EXIT: u32 = 0x18;
const READ_BINARY: u32 = 1;
const WRITE_BINARY: u32 = 5;
const NONE: u32 = u32::MAX;
const NAME_MAX: usize = 32;

fn call(operation: u32, argument: *const u32) -> u32 {
    let result;
    // SAFETY: the argument points to the words that the operation takes, alive throughout the call.
    unsafe { asm!("bkpt 0xab", inout("r0") operation => result, in("r1") argument, options(nostack)) };
    result
}

fn word(pointer: *const u8) -> u32 {
    u32::try_from(pointer.addr()).unwrap_or(0)
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(0)
}

/// An open file or pipe.
pub struct File(u32);

fn open(name: &str, mode: u32) -> Option<File> {
    let mut zero_ended = [0u8; NAME_MAX];
    zero_ended.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    let arguments = [word(zero_ended.as_ptr()), mode, u32::try_from(name.len()).ok()?];
    Some(call(OPEN, arguments.as_ptr())).filter(|handle| *handle != NONE).map(File)
}

pub fn create(name: &str) -> File {
    open(name, WRITE_BINARY).unwrap_or_else(|| panic!("a file of the bench cannot be written"))
}

pub fn existing(name: &str) -> Option<File> {
    open(name, READ_BINARY)
}

impl File {
    /// How many bytes came; none at the end.
    pub fn read(&self, buffer: &mut [u8]) -> usize {
        let arguments = [self.0, word(buffer.as_ptr()), length(buffer)];
        let missing = call(READ, arguments.as_ptr());
        usize::try_from(length(buffer).saturating_sub(missing)).unwrap_or(0)
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let arguments = [self.0, word(rest.as_ptr()), length(rest)];
            let missing = usize::try_from(call(WRITE, arguments.as_ptr())).unwrap_or(0);
            let Some(left) = rest.len().checked_sub(missing).and_then(|done| rest.get(done..)) else { return };
            if left.len() == rest.len() {
                exit();
            }
            rest = left;
        }
    }

    /// A line with a name and a whole number.
    pub fn figure(&mut self, name: &str, value: u64) {
        let mut digits = [b'0'; 20];
        let (mut left, mut from) = (value, digits.len());
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0'.saturating_add(u8::try_from(left % 10).unwrap_or(0));
            (left, from) = (left / 10, at);
            if left == 0 {
                break;
            }
        }
        self.write(name.as_bytes());
        self.write(b" ");
        self.write(digits.get(from..).unwrap_or(&[]));
        self.write(b"\n");
    }
}

/// Ends the emulator.
pub fn exit() -> ! {
    const APPLICATION_EXIT: u32 = 0x2_0026;
    // The reason is the argument itself on this architecture.
    call(EXIT, core::ptr::without_provenance(usize::try_from(APPLICATION_EXIT).unwrap_or(0)));
    loop {
        cortex_m::asm::wfi();
    }
}

/// The fault to be made on purpose: a letter, then how many sleeps come before it. Only in the first run: the restarted
/// one finds the pipe that says so empty.
pub fn deliberate() -> Option<(Deliberate, u64)> {
    let mut bytes = [0u8; 8];
    let read = existing("deliberate")?.read(&mut bytes);
    let (letter, count) = bytes.get(..read)?.split_first()?;
    let what = match letter {
        b'p' => Deliberate::Panic,
        b'h' => Deliberate::Hang,
        b's' => Deliberate::Stack,
        _ => return None,
    };
    let digits = count.iter().take_while(|digit| digit.is_ascii_digit());
    let sleeps = digits.fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some((what, sleeps))
}
