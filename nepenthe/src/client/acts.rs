//! What is done or refused at once: pairing, bolus, refill, stop, clock, alarms.

use link::words::Clocks;
use link::{Keys, Visit, keys};
use orders::{AlarmId, Duration, Mixture, Volume};
use sim::files;
use sim::scenario::{self, when};
use telemetry::message::Ask;
use telemetry::message::ask::{self, FillCheck, StopReason};

use super::{Done, Ended, NotBegun, With, card, role, settle_earlier, told};

/// What a refill takes.
#[derive(clap::Args)]
pub struct Refill {
    /// What was drawn off, such as "2.1 mL"
    #[arg(long)]
    drawn_off: String,
    /// What was filled in, such as "18 mL"
    #[arg(long)]
    filled: String,
    /// The sum of the vials
    #[arg(long, conflicts_with = "weight", required_unless_present = "weight")]
    vials: Option<String>,
    /// Or the volume by the syringes' weight
    #[arg(long)]
    weight: Option<String>,
    /// What it is, such as "4 mg/mL morphine, 1 mg/mL bupivacaine"; an empty text is fluid without drug
    #[arg(long)]
    mixture: String,
    /// How long it keeps
    #[arg(long, default_value = "180 days")]
    keeps: String,
    /// It was not drawn until nothing more came
    #[arg(long)]
    not_emptied: bool,
    /// The clinic's code for why a discrepancy was accepted
    #[arg(long)]
    accepted_for: Option<u8>,
    #[command(flatten)]
    with: With,
}

fn volume(name: &str, text: &str) -> Result<Volume, String> {
    Volume::parse(text).map_err(|why| format!("--{name} {text:?}: {why} (for example \"18 mL\")"))
}

fn span(name: &str, text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|why| format!("--{name} {text:?}: {why} (for example \"4 h\")"))
}

/// Pairs this device.
pub fn pair(address: &str, card_text: &str, role_text: &str, with: &With) -> Done {
    let wanted = keys::role_of(role_text)
        .ok_or_else(|| format!("--role {role_text:?}: patient, programmer, monitor or emergency was expected"))?;
    let card = card(card_text)?;
    let keys = Keys::open_or_make(&with.keys, wanted)?;
    let visit = Visit::pair(address, &keys, &card, with.patience())?;
    println!("paired with pump {} as {}; keys in {}", visit.serial().0, role(&keys), with.keys.display());
    Ok(Ended::Done)
}

/// Enrols a clinician's key.
pub fn enrol(author: u32, card_text: &str, with: &With) -> Done {
    let card = card(card_text)?;
    let keys = with.keys()?;
    let clinician = keys.clinician(author)?;
    let mut visit = with.visit(&keys)?;
    if let Some(ended) = settle_earlier(&mut visit, Ask::EnrolClinician(enrolment(&clinician)).code())? {
        return Ok(ended);
    }
    let settled = visit.enrol(&clinician, &card)?;
    let ended = told(&settled, None);
    if matches!(ended, Ended::Done) {
        println!("clinician {author} may sign; the key is {}", keys.clinician_path(author).display());
    }
    Ok(ended)
}

/// Only to know the code of an enrolment: nobody sends it.
fn enrolment(clinician: &link::Clinician) -> ask::EnrolClinician {
    ask::EnrolClinician { key: clinician.public(), author: clinician.author, proof: [0; 16] }
}

/// Asks one thing, after what was left open.
fn simply(with: &With, ask: Ask<'static>) -> Done {
    let keys = with.keys()?;
    let mut visit = with.visit(&keys)?;
    if let Some(ended) = settle_earlier(&mut visit, ask.code())? {
        return Ok(ended);
    }
    let status = visit.status()?;
    let settled = visit.ask(ask)?;
    Ok(told(&settled, Some(Clocks::from(&status))))
}

/// The patient's bolus.
pub fn ask_bolus(with: &With) -> Done {
    simply(with, Ask::AskBolus(ask::AskBolus {}))
}

/// What was implanted.
pub fn install(catheter: &str, with: &With) -> Done {
    let catheter = volume("catheter", catheter)?;
    simply(with, Ask::Installation(ask::Installation { catheter, path: Mixture::DRUG_FREE }))
}

/// A refill.
pub fn refill(refill: &Refill) -> Done {
    let (check, checked) = match (&refill.vials, &refill.weight) {
        (Some(vials), _) => (FillCheck::Vials, volume("vials", vials)?),
        (None, Some(weight)) => (FillCheck::Weight, volume("weight", weight)?),
        (None, None) => return Err("--vials or --weight: one of the two checks must be stated".into()),
    };
    let mixture = files::mixture(&refill.mixture).map_err(|why| format!("--mixture: {why}"))?;
    let ask = ask::Refill {
        drawn_off: volume("drawn-off", &refill.drawn_off)?,
        filled: volume("filled", &refill.filled)?,
        mixture,
        check,
        checked,
        stability: span("keeps", &refill.keeps)?,
        emptied: !refill.not_emptied,
        reason: refill.accepted_for,
    };
    simply(&refill.with, Ask::Refill(ask))
}

/// A stop.
pub fn stop(reason: &str, lasts: &str, with: &With) -> Done {
    let reason =
        scenario::named(reason, "reason to stop", StopReason::ALL).map_err(|why| format!("--reason: {why}"))?;
    simply(with, Ask::Stop(ask::Stop { reason, maximum: span("for", lasts)? }))
}

/// Its end.
pub fn resume(with: &With) -> Done {
    simply(with, Ask::Resume(ask::Resume {}))
}

/// The emergency rate.
pub fn emergency(with: &With) -> Done {
    simply(with, Ask::Emergency(ask::Emergency {}))
}

/// The clock that people read.
pub fn clock(set: &str, with: &With) -> Done {
    let (midnight, since) = when::date(set)
        .ok_or_else(|| format!("--set {set:?}: a date and a clock time such as \"2026-03-02 08:00\" was expected"))?;
    let wall = orders::WallTime::new(midnight.get().saturating_add(since));
    simply(with, Ask::SetClock(ask::SetClock { wall }))
}

/// An alarm by its words, or by its name.
fn alarm(text: &str) -> Result<AlarmId, NotBegun> {
    let by_words = AlarmId::ALL.iter().find(|alarm| alarm.words() == text).copied();
    Ok(match by_words {
        Some(alarm) => alarm,
        None => scenario::named(text, "alarm", AlarmId::ALL)?,
    })
}

/// A tone's silence.
pub fn silence(which: &str, lasts: &str, with: &With) -> Done {
    simply(with, Ask::Silence(ask::Silence { alarm: alarm(which)?, duration: span("for", lasts)? }))
}

/// An alarm whose cause has gone.
pub fn clear(which: &str, with: &With) -> Done {
    simply(with, Ask::ClearAlarm(ask::ClearAlarm { alarm: alarm(which)? }))
}

/// What was left open earlier.
pub fn resolve(id: Option<u64>, with: &With) -> Done {
    let keys = with.keys()?;
    let mut visit = with.visit(&keys)?;
    let Some((open, _)) = visit.open_request() else {
        println!("no request is open");
        return Ok(Ended::Done);
    };
    match id {
        None => Ok(settle_earlier(&mut visit, 0)?.unwrap_or(Ended::Done)),
        Some(id) if id == open => {
            visit.resolved_by_a_person(id)?;
            match visit.open_request() {
                None => {
                    println!("request {id} is settled by what a person has read");
                    Ok(Ended::Done)
                }
                Some(_) => {
                    eprintln!("the pump still answers for request {id}: nepenthe resolve, without a number, asks it");
                    Ok(Ended::Unknown)
                }
            }
        }
        Some(id) => Err(format!("resolve {id}: the request that is open is number {open}").into()),
    }
}
