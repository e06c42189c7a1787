//! Interrogation: what the pump tells to whoever has a contact.
//!
//! This file answers for the words of the protocol that readings are put into, and for nothing that changes a dose.
//! Long documents go straight into the message's bytes; journal records are read one by one afterwards.

use heapless::Vec;
use orders::{AlarmId, Instant, Ledger, Prescription, Reason, Refusal, Refusals};
use pump::alarms::Peer as By;
use pump::bolus::Source;
use pump::events::Event;
use pump::reading;
use pump::transitions::State;
use telemetry::message::answer::{
    ActiveAlarm, Alarms, Answers, Battery, Device, Doing, Extra, Fluid, Hour, Hours, Journal, Kept as Told, Nonce,
    Progress, Refused, Running, Status,
};
use telemetry::message::ask::{ReadHours, ReadJournal};
use telemetry::message::{Answer, Ask, Bytes, HOURS_MAX};

use crate::desk::{Desk, Outcome, Records};
use crate::implant::RECORDS_MAX;
use crate::proposals::NONCE_LASTS;

/// Answers a reading; `None` if there is nothing to answer.
//= requirements/telemetry.md#tells-everything
//# An interrogation MUST be able to read order, state, ledger, journal from a number, alarms, battery, device and versions.
pub(crate) fn tell(desk: &mut Desk, peer: u8, ask: &Ask, text: &mut [u8]) -> Option<Outcome> {
    let answer = match ask {
        Ask::ReadStatus(_) => Answer::Status(status(desk, peer)),
        Ask::ReadPrescription(_) => return running(desk, text).map(Outcome::Written),
        Ask::ReadLedger(_) => return fluid(desk, text).map(Outcome::Written),
        Ask::ReadJournal(read) => return journal(desk, peer, read, text),
        Ask::ReadAlarms(_) => Answer::Alarms(alarms(desk)),
        Ask::ReadBattery(_) => Answer::Battery(battery(desk)),
        Ask::ReadDevice(_) => Answer::Device(device(desk)),
        Ask::ReadAnswers(_) => Answer::Answers(answers(desk, peer)),
        Ask::ReadHours(read) => Answer::Hours(hours(desk, read)),
        Ask::ReadNonce(_) => nonce(desk, peer),
        Ask::Acknowledge(acknowledge) => {
            desk.people.acknowledge(peer, acknowledge.id);
            Answer::Answers(answers(desk, peer))
        }
        Ask::AskBolus(_)
        | Ask::Propose(_)
        | Ask::Commit(_)
        | Ask::Stop(_)
        | Ask::Resume(_)
        | Ask::SingleBolus(_)
        | Ask::Prime(_)
        | Ask::Refill(_)
        | Ask::RinseOrAspirate(_)
        | Ask::CatheterPortAspiration(_)
        | Ask::Installation(_)
        | Ask::SetClock(_)
        | Ask::Silence(_)
        | Ask::ToneTest(_)
        | Ask::SelfTest(_)
        | Ask::EnrolPeer(_)
        | Ask::RevokePeer(_)
        | Ask::EnrolClinician(_)
        | Ask::RevokeClinician(_)
        | Ask::ContactRecorded(_)
        | Ask::ClearAlarm(_)
        | Ask::StepUp(_)
        | Ask::Emergency(_) => return None,
    };
    Some(Outcome::Told(answer))
}

fn doing(state: State) -> Doing {
    match state {
        State::Fresh => Doing::Fresh,
        State::Running => Doing::Running,
        State::Stopped => Doing::Stopped,
        State::Resting => Doing::Resting,
        State::Emergency => Doing::Emergency,
        State::Empty => Doing::Empty,
        State::Lost => Doing::Lost,
    }
}

fn extra(what: reading::Extra) -> Option<Extra> {
    match what {
        reading::Extra::Bridge => Some(Extra::Bridge),
        reading::Extra::Bolus(Source::Patient) => Some(Extra::PatientBolus),
        reading::Extra::Bolus(Source::Single) => Some(Extra::SingleBolus),
        reading::Extra::Bolus(Source::Periodic) => Some(Extra::PeriodicBolus),
        reading::Extra::Bolus(Source::Prime) => Some(Extra::Prime),
        reading::Extra::Bolus(Source::Basal) => None,
    }
}

fn status(desk: &mut Desk, peer: u8) -> Status {
    let status = desk.pump.status(desk.raw);
    let progress = status
        .extra
        .and_then(|(what, ordered, delivered)| extra(what).map(|what| Progress { what, ordered, delivered }));
    Status {
        now: status.now,
        wall: status.wall,
        doing: doing(status.state),
        // `Level` is a C-like enum of u8; the cast reads its number.
        level: status.level as u8,
        order: status.order,
        ledger: status.ledger,
        last_dose: status.last_dose,
        flow: status.flow,
        extra: progress,
        reservoir: status.left.nominal,
        reservoir_worst: status.left.worst,
        refill_by: status.refill_in.map(|wait| status.now.after(wait)),
        boluses: status.boluses,
        bolus_not_before: status.bolus_not_before,
        alarms: u8::try_from(desk.pump.alarms().iter().count()).unwrap_or(u8::MAX),
        journal_next: u64::from(desk.pump.journal().next()),
        request_last: desk.people.id_last(peer),
        ramp_step: status.ramp_step,
    }
}

fn running(desk: &mut Desk, text: &mut [u8]) -> Option<usize> {
    let mut document = [0u8; Prescription::BYTES_MAX];
    let order = match desk.pump.order() {
        Some(order) => {
            let length = order.encode(&mut document)?;
            Some(Bytes(document.get(..length)?))
        }
        None => None,
    };
    Answer::Running(Running { order }).encode(text)
}

fn fluid(desk: &mut Desk, text: &mut [u8]) -> Option<usize> {
    let mut document = [0u8; Ledger::BYTES_MAX];
    let length = desk.pump.ledger().encode(&mut document)?;
    Answer::Fluid(Fluid { ledger: Bytes(document.get(..length)?) }).encode(text)
}

/// From which record on, and how many; the records themselves are read one by one.
fn journal(desk: &mut Desk, peer: u8, read: &ReadJournal, text: &mut [u8]) -> Option<Outcome> {
    if read.from == 0 || desk.told_to.is_none() {
        desk.pump.log(desk.raw, Event::Interrogated { peer: By(peer) });
    }
    // Who asks for what follows has what was told before.
    if let Some(told) = desk.told_to
        && u64::from(told).checked_add(1) == Some(read.from)
    {
        desk.pump.journal_read(desk.raw, told);
    }
    let (oldest, next) = (desk.pump.journal().oldest(), desk.pump.journal().next());
    // A reader who asks for a lost number gets the record that says what was lost, which stands for the last of them.
    let lost = u64::from(oldest) > read.from && desk.pump.journal().loss().is_some();
    let first = if lost { oldest.saturating_sub(1) } else { u32::try_from(read.from).unwrap_or(u32::MAX).max(oldest) };
    let most = u32::from(read.most.min(RECORDS_MAX));
    let count = u8::try_from(next.saturating_sub(first).min(most)).unwrap_or(0);
    if count == 0 {
        let first = u64::from(first);
        let next = u64::from(next);
        let answer = Journal { asked: read.from, first: first.max(read.from), next, records: Bytes(&[]) };
        return Answer::Journal(answer).encode(text).map(Outcome::Written);
    }
    Some(Outcome::Records(Records { asked: read.from, first, count, have: 0, waiting: false }))
}

fn alarms(desk: &mut Desk) -> Alarms {
    let now = desk.now();
    let alarms = desk.pump.alarms();
    let mut active = Vec::new();
    let of = |id: AlarmId| {
        let entry = alarms.history().iter().find(|entry| entry.id == id);
        ActiveAlarm {
            alarm: id,
            since: entry.map_or(Instant::ZERO, |entry| entry.first()),
            silenced_until: alarms.silenced_until(id, now),
        }
    };
    for priority in [orders::Priority::High, orders::Priority::Medium, orders::Priority::Low] {
        for id in alarms.iter().filter(|id| id.priority() == priority) {
            // Room for every alarm there is.
            let _ = active.push(of(id));
        }
    }
    Alarms { active }
}

fn battery(desk: &mut Desk) -> Battery {
    let now = desk.now();
    let (battery, capacity) = (desk.pump.battery_state(), desk.pump.device().battery.capacity_mj);
    let left = u64::from(battery.left().get());
    let indicator = desk.pump.alarms().history().iter().find(|entry| entry.id == AlarmId::ReplacementIndicator);
    Battery {
        loaded_mv: battery.loaded_mv().unwrap_or(0),
        // Rounded up: never more is told to be left than is.
        used_mj: capacity.saturating_mul(1_000u64.saturating_sub(left)).div_ceil(1_000),
        capacity_mj: capacity,
        indicator: indicator.map(|entry| entry.first()),
        end_of_service: Some(now.after(battery.service_left())),
    }
}

fn device(desk: &Desk) -> Device {
    let profile = desk.pump.device();
    Device {
        serial: desk.identity.serial.0,
        model: profile.model,
        software: desk.software,
        protocol: telemetry::wire::VERSION,
        stroke: profile.stroke,
        reservoir: profile.reservoir,
        residual: profile.residual,
        tubing: profile.tubing,
        catheter: Some(desk.pump.catheter()).filter(|catheter| !catheter.is_zero()),
        image: desk.image,
    }
}

fn answers(desk: &Desk, peer: u8) -> Answers {
    let told = |kept: &crate::people::Kept| Told { id: kept.id, ended: kept.ended, reason: kept.reason, at: kept.at };
    let mut kept: Vec<Told, { telemetry::message::answer::ANSWERS_MAX }> = Vec::new();
    for (_, one) in desk.people.kept(peer) {
        // Two at most.
        let _ = kept.push(told(one));
    }
    kept.sort_unstable_by_key(|one| core::cmp::Reverse(one.id));
    Answers { kept, last: desk.people.id_last(peer), last_dose: desk.pump.last_dose() }
}

fn hours(desk: &Desk, read: &ReadHours) -> Hours {
    let stroke = desk.pump.stroke_volume();
    let most = usize::from(read.most).min(HOURS_MAX);
    // What is no longer held is passed over in one step.
    let held = u32::try_from(pump::controller::HOURS).unwrap_or(0);
    let from = read.from.max(desk.pump.hour_number().saturating_sub(held));
    let of = |hour: u32| {
        desk.pump.hour(hour).map(|total| Hour {
            hour,
            basal: stroke.saturating_mul(u64::from(total.basal)),
            extra: stroke.saturating_mul(u64::from(total.extra)),
            granted: total.granted,
            refused: total.refused,
        })
    };
    Hours { hours: (from..=desk.pump.hour_number()).filter_map(of).take(most).collect() }
}

fn nonce(desk: &mut Desk, peer: u8) -> Answer<'static> {
    let now = desk.now();
    match desk.nonces.issue(now, peer) {
        Some(nonce) => Answer::Nonce(Nonce { nonce, now, expires: now.after(NONCE_LASTS) }),
        // Without randomness there is no nonce yet.
        None => Answer::Refused(Refused::of(0, now, &Refusals::from(Refusal::plain(Reason::Busy)))),
    }
}
