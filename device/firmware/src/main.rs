#![no_std]
#![no_main]
//! The image: the whole machine on one page. It decides nothing.
//!
//! ```text
//!  interrupts, pipes ─▶ board.sleep ─▶ Input ─▶ implant.handle
//!                                                  │
//!  registers, stores ◀─ board.perform ◀─ Action ◀─ implant.poll, until nothing
//!                            └─ a read, randomness ─▶ implant.handle
//! ```
//!
//! One thread, no interrupt handler that returns, no allocation. Whatever fails ends in `fault`: the drive's enable is cut,
//! the cause is kept, the core restarts.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use cortex_m_rt::entry;
use firmware::board::{Board, Event};
use firmware::chosen::Chosen;
use firmware::watchdog::{Progress, Task};
use implant::{Implant, Provision};

/// The implant's memory: not on the stack, where it would be in the way of its own making.
struct Place(UnsafeCell<MaybeUninit<Implant>>);

// SAFETY: `main` alone takes it, once.
unsafe impl Sync for Place {}

static IMPLANT: Place = Place(UnsafeCell::new(MaybeUninit::uninit()));

//= requirements/firmware.md#decides-nothing
//# The same inputs at the same times MUST give the same journal on the image as on the host, byte for byte.
#[entry]
fn main() -> ! {
    let mut board = Chosen::take();
    let last = board.last_words();
    // No drug moves in a pump whose cut-off was not seen to work: the restart tries again, and alarms by its count.
    assert!(board.cut_off_works(), "a watchdog that is not fed must cut the drive's enable");
    let implant = made(board.provision());
    let mut progress = Progress::default();
    let mut event = board.restarted(last);
    loop {
        progress.owe(Task::Inputs);
        let Event { now, input } = event;
        // A refusal is an answer: the implant has told the asker and written it down.
        let _ = implant.handle(now, input);
        progress.done(Task::Inputs);
        progress.owe(Task::Actions);
        while let Some(action) = implant.poll(now) {
            if let Some(answer) = board.perform(now, action) {
                let _ = implant.handle(now, answer);
            }
        }
        progress.done(Task::Actions);
        event = board.sleep(implant.deadline(), &mut progress);
    }
}

/// Makes the implant in its memory. Apart from `main`, so that what its making takes of the stack is given back.
#[inline(never)]
fn made(provision: Provision) -> &'static mut Implant {
    // SAFETY: `main` calls this once and nobody else knows the place.
    unsafe { (*IMPLANT.0.get()).write(Implant::new(provision)) }
}
