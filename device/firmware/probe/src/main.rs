#![no_std]
#![no_main]
//! Every door of the pump, of the orders' documents and of the implant's stores and pipe, linked and never run. What a
//! panic needs is in the image only if one of them can reach it: `cargo xtask firmware size` looks.
//!
//! Nothing here is real data: every argument comes out of a black box, so that the compiler knows nothing of it.

use core::hint::black_box;
use core::panic::PanicInfo;

use implant::{host, slot};
use orders::{DeviceProfile, Duration, Ledger, Prescription, Volume};
use pump::alarms::Peer;
use pump::events::{Cause, Event, Mend};
use pump::{Part, Pump, Save, Want, journal};

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}

fn any<T: Copy>(value: T) -> T {
    black_box(value)
}

fn restore(pump: &mut Pump, bytes: &[u8]) {
    pump.restore_dose(bytes, bytes);
    pump.restore_commit(any(Some(1)));
    for part in [Part::Order, Part::FallBack, Part::Guard, Part::Ledger] {
        pump.restore_part(any(part), any(1), bytes);
    }
    pump.restore_status(bytes);
    pump.restore_guard_state(bytes);
    pump.restore_bucket(bytes);
    pump.restore_journal(pump.status_journal_next());
    pump.begin(any(1), any(1), any(Cause::PowerOn), any(true));
}

fn world(pump: &mut Pump) {
    pump.tick(any(1), any(1));
    pump.edge(any(1), any(1));
    pump.field(any(1), any(1), any(true));
    pump.battery(any(1), any(1));
    pump.temperature(any(1), any(1));
    pump.log(any(1), any(Event::Mended { what: Mend::StoreSlot, count: 1 }));
    pump.mended(any(1), any(Mend::StoreSlot));
    black_box(pump.deadline());
}

fn wants(pump: &mut Pump, out: &mut [u8]) {
    while let Some(want) = pump.want(any(1)) {
        match want {
            Want::Save(save) => {
                black_box(pump.write(save, out));
            }
            Want::Journal { place, record } => {
                black_box((place, record));
            }
            Want::Enable(on) => {
                black_box(on);
            }
            Want::Check(check) => {
                if let Some(reading) = pump::selftest::Reading::of(check, any(1), any(1)) {
                    pump.checked(any(1), reading);
                }
            }
            Want::Sound(tone) => {
                black_box(tone);
            }
            Want::Step => {}
        }
    }
    black_box(pump.write(any(Save::Dose), out));
    black_box(pump.commit_number());
}

fn asks(pump: &mut Pump, bytes: &[u8], out: &mut [u8]) {
    let peer = any(Peer(1));
    black_box(pump.ask_bolus(any(1), peer, any(1)).is_ok());
    if let Ok(order) = Prescription::decode(bytes) {
        black_box(pump.propose_order(&order, any(None), any(None)).is_ok());
        black_box(pump.commit_order(any(1), &order, any(None), any(None), peer).is_ok());
        black_box(order.encode(out));
        let refill = pump::reservoir::Refill {
            drawn_off: any(Volume::new(1)),
            emptied: any(true),
            filled: any(Volume::new(1)),
            vial_sum: any(Volume::new(1)),
            mixture: any(order.mixture),
            reason: any(None),
        };
        black_box(pump.refill(any(1), &refill, any(Duration::new(1)), peer).is_ok());
        black_box(pump.rinse(any(1), refill.filled, &refill.mixture, refill.drawn_off).is_ok());
        black_box(pump.correct_entry(any(1), refill.filled, &refill.mixture).is_ok());
    }
    black_box(Ledger::decode(bytes).is_ok());
    let (volume, span) = (any(Volume::new(1)), any(Duration::new(1)));
    black_box(pump.propose_single(any(1), volume, span).is_ok());
    black_box(pump.commit_single(any(1), volume, span, peer, any(1)).is_ok());
    if let Ok(plan) = pump.prime_plan() {
        let allowance = pump.prime_allowance(&plan);
        black_box(pump.propose_prime(&plan, &allowance).is_ok());
        black_box(pump.commit_prime(any(1), any(1), &plan, &allowance, peer).is_ok());
    }
    black_box(pump.stop(any(1), any(1), span, peer).is_ok());
    black_box(pump.resume(any(1), peer).is_ok());
    black_box(pump.emergency(any(1), peer).is_ok());
    black_box(pump.step_up(any(1), any(1), peer).is_ok());
    black_box(pump.set_wall(any(1), any(orders::WallTime::new(1)), peer).is_ok());
    black_box(pump.contact(any(1), peer).is_ok());
    black_box(pump.aspirate(any(1), volume).is_ok());
    black_box(pump.aspirate_port(any(1), volume).is_ok());
    pump.silence(any(1), any(orders::Duration::ZERO), peer);
    for id in orders::AlarmId::ALL.iter().copied() {
        black_box(pump.clear_alarm(any(1), id, peer).is_ok());
        pump.acknowledge_alarm(any(1), id, peer);
        pump.raise(any(1), id);
        pump.cause_gone(any(1), id);
    }
    black_box(pump.status(any(1)).level);
    black_box(pump.hour(any(1)));
}

fn stores_and_pipe(bytes: &[u8], out: &mut [u8]) {
    if let Ok((now, input)) = host::read_input(bytes) {
        black_box(host::write_input(now, &input, out));
    }
    if let Ok((now, outgoing)) = host::read_outgoing(bytes) {
        black_box(host::write_outgoing(now, &outgoing, out));
    }
    black_box(slot::open(bytes));
    black_box(slot::seal(out, any(1), any(1)));
    for slot in slot::Slot::state_memory() {
        black_box(slot.code());
    }
    if let Ok(record) = <&[u8; journal::RECORD]>::try_from(bytes) {
        black_box(journal::open(&journal::Key(any([0; 16])), record).is_ok());
    }
}

/// Where the linker begins.
#[unsafe(no_mangle)]
pub extern "C" fn probe() -> ! {
    let mut buffer = any([0u8; 2_048]);
    let bytes = any([0u8; 2_048]);
    let mut pump = Pump::new(any(DeviceProfile::REFERENCE_20), journal::Key(any([0; 16])));
    loop {
        let length = any(1usize);
        let bytes = bytes.get(..length).unwrap_or(&[]);
        restore(&mut pump, bytes);
        world(&mut pump);
        wants(&mut pump, &mut buffer);
        asks(&mut pump, bytes, &mut buffer);
        stores_and_pipe(bytes, &mut buffer);
    }
}
