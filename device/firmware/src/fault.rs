//! What happens when the program does not know what to do next: the drive's enable is cut, the cause is kept, the core
//! restarts. Nothing here depends on anything that may be broken: no locals of others, no board object, no allocation.

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;

use crate::chosen;
use crate::kept::{End, Kept, Words, digest};

struct Place(UnsafeCell<MaybeUninit<Words>>);

// SAFETY: there is one core and no interrupt handler that returns; the fault handlers that write never let the
// interrupted reader go on.
unsafe impl Sync for Place {}

#[unsafe(link_section = ".uninit.kept")]
static PLACE: Place = Place(UnsafeCell::new(MaybeUninit::uninit()));

/// What the last run left; forgotten by being read.
pub fn last_words() -> Option<Kept> {
    let place = PLACE.0.get().cast::<Words>();
    // SAFETY: any bits are valid words; volatile, because nothing in this run wrote what is read.
    let words = unsafe { place.read_volatile() };
    // SAFETY: as above, the place is ours alone.
    unsafe { place.write_volatile([0; 4]) };
    Kept::read(words)
}

/// Cuts the drive's enable, keeps the cause and restarts.
//= requirements/firmware.md#panic
//# A panic MUST cut the drive's enable, keep its cause and restart.
pub fn end(kept: Kept) -> ! {
    chosen::cut_enable();
    // SAFETY: nobody reads any more in this run.
    unsafe { PLACE.0.get().cast::<Words>().write_volatile(kept.words()) };
    SCB::sys_reset()
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    chosen::cut_enable();
    let (place, detail) = info.location().map_or((0, 0), |at| (at.line(), digest(at.file())));
    end(Kept { end: End::Panic, place, detail })
}

/// A fault of the processor, the stack's end among them: there may be no stack left, so it is given back first.
///
/// # Safety
/// Called by the processor alone.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn HardFault() -> ! {
    naked_asm!("ldr r0, =_stack_start", "mov sp, r0", "b {ends}", ends = sym faulted)
}

extern "C" fn faulted() -> ! {
    chosen::cut_enable();
    // SAFETY: the status registers may be read at any time.
    let (status, address) = unsafe {
        let scb = &*SCB::PTR;
        (scb.cfsr.read(), scb.mmfar.read())
    };
    end(Kept { end: End::Fault, place: address, detail: status })
}

/// The watchdog's first stage: the lines are cut here as well as by the part itself, and the core restarts unless this is
/// the proof at the start.
#[cortex_m_rt::exception]
unsafe fn NonMaskableInt() {
    chosen::cut_enable();
    if !chosen::is_proof() {
        end(Kept { end: End::Watchdog, place: 0, detail: 0 });
    }
}
