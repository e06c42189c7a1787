//! Ten years of a day schedule at 0.25 mL/day with four patient boluses a day, as fast as this machine can.
//!
//! The real implant through the real message layer (under the null seal), dose record before and after each stroke,
//! journal, guard and auditor on. `decade [DAYS]` prints the seconds, the nanoseconds a stroke and what was given;
//! `decade sealed [DAYS]` does the same with every contact sealed; `decade trumpet DIR` draws trumpet curve and bolus
//! accuracy. `cargo xtask bench pump` runs them and counts instructions.

#[path = "../../../device/implant/tests/bench/mod.rs"]
mod story;

#[path = "trumpet/mod.rs"]
mod trumpet;

use std::time::Instant as Clock;

use auditor::{Auditor, BolusRule};
use implant::{Action, Implant, Input, Link, Slot};
use orders::prescription::{HALF_HOURS, Mode, Prescription, Schedule};
use orders::{FlowRate, Instant};
use story::{Bench, DAY, Device, HOUR, MINUTE};
use telemetry::limits::FRAME_MAX;
use telemetry::message::ask::AskBolus;
use telemetry::message::{Answer, Ask, Request};

/// A schedule that comes to 0.25 mL/day with what four boluses of 20 mcL add: 0.17 mL of basal, more in the night.
fn order() -> Prescription {
    let mut flows = [FlowRate::new(150_000); HALF_HOURS];
    flows[..16].fill(FlowRate::new(210_000));
    Prescription { mode: Mode::Schedule(Schedule::every_day(flows)), ..story::morphine() }
}

/// The stores and the rotor, without a log: state slots as they were last written, the journal as a ring.
struct Host {
    /// By [`shelf`]; empty where nothing was ever written.
    slots: Vec<Vec<u8>>,
    journal: Vec<[u8; 32]>,
    now: u64,
    edge: Option<u64>,
    sent: Vec<u8>,
    strokes: u64,
    auditor: Auditor,
}

/// Where a slot's bytes lie: its kind above, number and bank below, which stay under 0x600.
fn shelf(slot: Slot) -> usize {
    let code = slot.code();
    (code >> 24 & 0xf) as usize * 0x800 + (code & 0x7ff) as usize
}

impl Host {
    fn write(&mut self, slot: Slot, bytes: &[u8]) {
        if let Slot::Journal(place) = slot {
            let place = usize::try_from(place).expect("a place");
            if self.journal.len() <= place {
                self.journal.resize(place + 1, [0; 32]);
            }
            self.journal[place].copy_from_slice(&bytes[bytes.len() - 32..]);
            return;
        }
        let held = &mut self.slots[shelf(slot)];
        held.clear();
        held.extend_from_slice(bytes);
    }

    fn settle(&mut self, implant: &mut Implant) {
        let mut draws = 0u8;
        loop {
            let mut check = None;
            let answer = match implant.poll(self.now) {
                None => return,
                Some(Action::Check(asked)) => {
                    check = Some(asked);
                    None
                }
                Some(Action::Step) => {
                    self.strokes += 1;
                    self.edge = Some(self.now + 200);
                    self.auditor.stroke_commanded(self.now);
                    continue;
                }
                Some(Action::DriveEnable(on)) => {
                    self.auditor.drive_enable(self.now, on);
                    continue;
                }
                Some(Action::Send { bytes, .. }) => {
                    self.sent.clear();
                    self.sent.extend_from_slice(bytes);
                    continue;
                }
                Some(Action::Write { slot, bytes }) => {
                    self.write(slot, bytes);
                    continue;
                }
                Some(Action::Sound { .. }) => continue,
                Some(Action::Read { slot }) => Some(slot),
                Some(Action::WantEntropy) => None,
            };
            if let Some(check) = check {
                implant.handle(self.now, Input::Checked(story::healthy(check))).expect("a reading is taken");
                continue;
            }
            match answer {
                Some(slot) => {
                    let bytes = self.slots[shelf(slot)].clone();
                    implant.handle(self.now, Input::Read { slot, bytes: &bytes }).expect("a read is taken");
                }
                None => {
                    draws = draws.wrapping_add(1);
                    implant.handle(self.now, Input::Entropy([draws; 32])).expect("entropy is taken");
                }
            }
        }
    }

    fn run_until(&mut self, implant: &mut Implant, end: u64) {
        while self.now < end {
            let due = implant.deadline().unwrap_or(u64::MAX);
            let next = due.min(self.edge.unwrap_or(u64::MAX)).min(end).max(self.now);
            self.now = next;
            let second_ms = next;
            if self.edge.is_some_and(|edge| edge <= next) {
                self.edge = None;
                self.auditor.moved(next, 500_000, true);
                self.auditor.edge(next);
                implant.handle(next, Input::RotorEdge { second_ms }).expect("an edge is taken");
            } else {
                implant.handle(next, Input::Tick { second_ms }).expect("a tick is taken");
            }
            self.settle(implant);
        }
    }
}

/// What the auditor is told of the order: the flows that bound it, and the ceilings.
fn told(order: &Prescription) -> auditor::Order {
    let ceiling = order.ceilings[0];
    let ceiling_fg = [ceiling.hour.get(), ceiling.four_hours.get(), ceiling.day.get()];
    let bolus = order.patient_bolus.expect("a bolus is ordered");
    trumpet::order_of(
        ceiling_fg,
        150_000,
        210_000,
        Some(BolusRule {
            volume_nl: bolus.volume.get(),
            duration_ms: bolus.duration.get(),
            lockout_ms: bolus.lockout.get(),
            allotment: u32::from(bolus.allotment),
        }),
    )
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, usual: u64| words.get(place).map_or(usual, |word| word.parse().expect("a number"));
    match words.first().map(String::as_str) {
        Some("sealed") => run(number(1, 30), true),
        Some("trumpet") => trumpet::draw(words.get(1).map_or("target/trumpet", String::as_str)),
        _ => run(number(0, 3_650), false),
    }
}

fn run(days: u64, sealed: bool) {
    let order = order();
    let (Bench { mut implant, world }, mut nurse, mut handset) = story::visit(&order);
    let mut host = Host {
        slots: vec![Vec::new(); 0x8000],
        journal: Vec::new(),
        now: world.now,
        edge: world.edge,
        sent: Vec::new(),
        strokes: 0,
        auditor: trumpet::auditor(),
    };
    for (code, bytes) in world.slots {
        host.write(Slot::from_code(code).expect("a slot"), &bytes);
    }
    host.auditor.filled(20_000_000, [1_000_000, 0, 0, 0]);
    host.auditor.path_holds(&[(397_000, [1_000_000, 0, 0, 0])]);
    host.auditor.order(host.now, told(&order));
    let (mut granted, mut refused) = (0u64, 0u64);
    let begun = Clock::now();
    let first_day = host.now / DAY + 1;
    for day in first_day..first_day + days {
        for hour in [6, 11, 16, 21] {
            host.run_until(&mut implant, day * DAY + hour * HOUR + MINUTE);
            if asks(&mut host, &mut implant, &mut handset, sealed) { granted += 1 } else { refused += 1 }
        }
        if day % 60 == 0 {
            refill(&mut host, &mut implant, &mut nurse, sealed);
        }
        host.auditor.look(host.now);
    }
    let took = begun.elapsed();
    let strokes = host.strokes;
    let name = if sealed { "sealed" } else { "decade" };
    let per_stroke = took.as_nanos() / u128::from(strokes);
    println!("{name}: {:.3} s, {per_stroke} ns/stroke", took.as_secs_f64());
    println!(
        "{days} days, {strokes} strokes, {granted} boluses granted, {refused} refused, {} findings",
        host.auditor.findings().kept().len()
    );
    for finding in host.auditor.findings().kept() {
        println!("  {finding}");
    }
    assert!(host.auditor.findings().kept().is_empty(), "the auditor does not agree");
}

/// One message there and one back; the pump's answer is in `host.sent`.
fn say(host: &mut Host, implant: &mut Implant, link: Link, frame: &[u8]) {
    host.sent.clear();
    implant.handle(host.now, Input::Bytes { link, bytes: frame }).expect("a frame is taken");
    host.settle(implant);
}

fn opened(host: &mut Host, implant: &mut Implant, device: &mut Device, sealed: bool) -> telemetry::contact::Contact {
    let mut out = [0u8; FRAME_MAX];
    let (mut contact, length) = device.hello(Instant::new(host.now), sealed, &mut out);
    say(host, implant, device.link, &out[..length]);
    let mut answer = host.sent.clone();
    let mut back = [0u8; FRAME_MAX];
    assert!(matches!(contact.hear(Instant::new(host.now), &mut answer, &mut back), telemetry::contact::Told::Open));
    contact
}

/// Sends a request and hands what was answered to `judge`.
fn request<T>(
    host: &mut Host,
    implant: &mut Implant,
    (contact, link): (&mut telemetry::contact::Contact, Link),
    request: &Request,
    judge: impl Fn(Answer) -> T,
) -> T {
    let (mut message, mut frame) = ([0u8; FRAME_MAX], [0u8; FRAME_MAX]);
    let length = request.encode(&mut message).expect("the request fits");
    let length = contact.send(Instant::new(host.now), &message[..length], &mut frame).expect("the contact is open");
    say(host, implant, link, &frame[..length]);
    let mut answer = host.sent.clone();
    match contact.hear(Instant::new(host.now), &mut answer, &mut frame) {
        telemetry::contact::Told::Message(message) => judge(Answer::decode(message).expect("an answer")),
        _ => panic!("no message came back"),
    }
}

fn stamp(
    host: &mut Host,
    implant: &mut Implant,
    contact: &mut telemetry::contact::Contact,
    device: &mut Device,
) -> telemetry::message::Stamp {
    use telemetry::message::ask::{ReadNonce, ReadStatus};
    let link = device.link;
    let nonce = Request { ask: Ask::ReadNonce(ReadNonce {}), stamp: None };
    let nonce = request(host, implant, (contact, link), &nonce, |answer| match answer {
        Answer::Nonce(told) => told.nonce,
        other => panic!("{other:?}"),
    });
    let status = Request { ask: Ask::ReadStatus(ReadStatus {}), stamp: None };
    let last_dose = request(host, implant, (contact, link), &status, |answer| match answer {
        Answer::Status(status) => status.last_dose,
        other => panic!("{other:?}"),
    });
    device.id += 1;
    telemetry::message::Stamp { id: device.id, last_dose, nonce }
}

fn asks(host: &mut Host, implant: &mut Implant, device: &mut Device, sealed: bool) -> bool {
    let mut contact = opened(host, implant, device, sealed);
    let stamp = stamp(host, implant, &mut contact, device);
    host.auditor.bolus_asked(host.now, (2, stamp.id));
    let ask = Request { ask: Ask::AskBolus(AskBolus {}), stamp: Some(stamp) };
    request(host, implant, (&mut contact, device.link), &ask, |answer| matches!(answer, Answer::Accepted(_)))
}

fn refill(host: &mut Host, implant: &mut Implant, nurse: &mut Device, sealed: bool) {
    implant.handle(host.now, Input::Presence(true)).expect("presence is taken");
    host.settle(implant);
    // A bolus in progress ends first; the ledger is not changed under it.
    let later = host.now + 20 * MINUTE;
    host.run_until(implant, later);
    implant.handle(host.now, Input::Presence(true)).expect("presence is taken");
    host.settle(implant);
    let mut contact = opened(host, implant, nurse, sealed);
    let stamp = stamp(host, implant, &mut contact, nurse);
    let there = implant.pump().ledger().slugs.first().map_or(0, |slug| u64::from(slug.volume_nl));
    let drawn = there.saturating_sub(story::DEVICE.residual.get());
    let ask = Request { ask: story::refill_of(drawn, 18_600_000), stamp: Some(stamp) };
    let done = request(host, implant, (&mut contact, nurse.link), &ask, |answer| match answer {
        Answer::Accepted(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    done.unwrap_or_else(|why| panic!("the refill was refused: {why}"));
    host.auditor.drawn_off(drawn);
    host.auditor.filled(18_600_000, [1_000_000, 0, 0, 0]);
    implant.handle(host.now, Input::Presence(false)).expect("presence is taken");
    host.settle(implant);
}
