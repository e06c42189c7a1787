#![no_std]
#![no_main]
//! The first program on a new board: counters, sleep, lines, watchdog, last words, and the bus, without an implant.
//!
//! It answers every input by writing it back as a record, so that the other side sees what was taken and when.

use cortex_m_rt::entry;
use firmware::board::Board;
use firmware::chosen::Chosen;
use firmware::watchdog::{Progress, Task};
use implant::{Action, Bank, Input, Slot};

#[entry]
fn main() -> ! {
    let mut board = Chosen::take();
    let last = board.last_words();
    assert!(board.cut_off_works(), "a watchdog that is not fed cuts the enable");
    let mut progress = Progress::default();
    let mut code = [0u8; 16];
    let mut event = board.restarted(last);
    loop {
        progress.owe(Task::Inputs);
        let now = event.now;
        let [kind, rest @ ..] = &mut code;
        *kind = match event.input {
            Input::Restart { cause, .. } => cause as u8,
            Input::Tick { .. } => 0x10,
            _ => 0x20,
        };
        rest[..8].copy_from_slice(&now.to_le_bytes());
        progress.done(Task::Inputs);
        progress.owe(Task::Actions);
        for on in [true, false] {
            board.perform(now, Action::DriveEnable(on));
        }
        board.perform(now, Action::Write { slot: Slot::Dose(Bank::A), bytes: &code });
        progress.done(Task::Actions);
        event = board.sleep(None, &mut progress);
    }
}
