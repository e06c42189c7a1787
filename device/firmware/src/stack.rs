//! The stack: a guard at its end, and how far it was ever used.
//!
//! The stack is the lowest thing in memory, so that it runs out of memory and not into the state. The last bytes are
//! closed by the memory protection, which turns an overflow into a fault before anything is lost.

use cortex_m::peripheral::{MPU, SCB};
use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    static mut _stack_start: u32;
    static mut _stack_end: u32;
}

/// Bytes at the stack's end that nothing may touch.
pub const GUARD: usize = 128;

/// Bytes of stack there are, the guard not counted.
pub fn size() -> usize {
    let (top, end) = bounds();
    top.saturating_sub(end).saturating_sub(GUARD)
}

fn bounds() -> (usize, usize) {
    ((&raw const _stack_start).addr(), (&raw const _stack_end).addr())
}

/// Closes the last bytes.
pub fn close(mpu: &mut MPU) {
    let (_, end) = bounds();
    // log2(GUARD) - 1, as the size field wants it.
    const SIZE: u32 = GUARD.ilog2() - 1;
    let end = u32::try_from(end).unwrap_or(0);
    // SAFETY: one region that forbids what nothing may do; everything else stays as the default map has it. The fault
    // handlers run with the protection off.
    unsafe {
        mpu.rnr.write(0);
        mpu.rbar.write(end);
        mpu.rasr.write((1 << 28) | (SIZE << 1) | 1);
        mpu.ctrl.write(0b101);
    }
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

/// Most bytes of stack that were ever in use: what was painted before the program ran and is paint no more.
pub fn used() -> usize {
    let (top, end) = bounds();
    let from = end.saturating_add(GUARD);
    let words = top.saturating_sub(from) / 4;
    let painted = (0..words).take_while(|word| {
        let at = core::ptr::with_exposed_provenance::<u32>(from.saturating_add(word * 4));
        // SAFETY: inside the stack's memory; volatile, for what lies there belongs to frames long gone.
        unsafe { at.read_volatile() == STACK_PAINT_VALUE }
    });
    words.saturating_sub(painted.count()) * 4
}

/// Faults are told apart in their status, and a division by zero is one.
pub fn strict(scb: &mut SCB) {
    // SAFETY: sets the trap for division by zero, which no code of ours relies on not trapping.
    unsafe { scb.ccr.modify(|ccr| ccr | (1 << 4)) };
}
