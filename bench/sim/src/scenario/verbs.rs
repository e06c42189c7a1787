//! Which acts there are, which fields each takes, and how fields become an act.
//!
//! The table is the grammar: what an error offers instead comes from it.

use orders::alarm::Level;
use orders::{AlarmId, Duration, Permille, Volume};
use telemetry::message::ask::{FillCheck, StopReason};

use super::act::{Act, Fill, Mishap, What, Who};
use super::fields::{Fields, named};
use crate::plant::{Needle, Place};
use crate::radio::{Mishap as Frame, Way};

/// Who, does what, fields it must have, fields it may have.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const TABLE: &[Row] = &[
    ("patient", "asks", &[], &[]),
    ("patient", "holds the button", &["for"], &[]),
    ("patient helper clinicians", "silences", &["alarm"], &["for"]),
    ("patient helper clinicians", "pairs", &[], &[]),
    ("patient helper clinicians", "interrogates", &[], &[]),
    ("helper clinicians", "stops", &["reason", "for"], &[]),
    ("helper clinicians", "calls the emergency", &[], &[]),
    ("clinicians", "enrols the key", &[], &[]),
    ("clinicians", "installs", &[], &["volume"]),
    (
        "clinicians",
        "fills",
        &["filled"],
        &["drawn_off", "vials", "weight", "truly", "needle", "order", "keeps", "accepted_for"],
    ),
    ("clinicians", "rinses", &["volume"], &[]),
    ("clinicians", "aspirates the port", &["volume"], &[]),
    ("clinicians", "tests the tone", &["alarm"], &[]),
    ("clinicians", "records a contact", &["step"], &[]),
    ("clinicians", "orders", &[], &["order", "without_bridge"]),
    ("clinicians", "proposes", &[], &["order"]),
    ("clinicians", "commits", &[], &[]),
    ("clinicians", "gives a bolus", &["volume", "over"], &[]),
    ("clinicians", "primes", &[], &["volume", "allowance"]),
    ("clinicians", "resumes", &[], &[]),
    ("clinicians", "sets the clock", &[], &["off_by"]),
    ("clinicians", "steps up", &["level"], &[]),
    ("clinicians", "clears", &["alarm"], &[]),
    ("patient helper clinicians", "repeats", &[], &[]),
    ("patient helper clinicians", "replays", &[], &[]),
    ("patient helper clinicians", "sends half", &[], &[]),
    ("magnet", "comes", &["for"], &[]),
    ("battery", "browns out", &["off"], &[]),
    ("battery", "loses the counter", &["off"], &[]),
    ("battery", "grows a film", &["mohm_per_day"], &[]),
    ("battery", "drains", &["share"], &[]),
    ("radio", "loses", &["way"], &["count"]),
    ("radio", "repeats", &["way"], &["count"]),
    ("radio", "delays", &["way", "by"], &["count"]),
    ("radio", "cuts", &["way", "bytes"], &["count"]),
    ("radio", "alters", &["way", "bytes"], &["count"]),
    ("radio", "is bad", &["share"], &[]),
    ("store", "is cut", &["bytes", "off"], &[]),
    ("store", "loses the dose record", &[], &[]),
    ("oscillator", "first runs", &["rate"], &[]),
    ("oscillator", "second runs", &["rate"], &[]),
    ("drive", "stalls", &["for"], &[]),
    ("drive", "misses edges", &["count"], &[]),
    ("drive", "gives phantom edges", &["count"], &[]),
    ("drive", "runs free", &["for", "every_stroke"], &[]),
    ("catheter", "slips", &["place"], &[]),
    ("catheter", "comes off", &[], &[]),
    ("catheter", "leaks", &["share"], &[]),
    ("catheter", "is occluded", &["share"], &[]),
    ("catheter", "grows a granuloma", &["share"], &[]),
    ("pump", "flips", &[], &[]),
];

fn acts(row: &Row, actor: &str) -> bool {
    let is_clinician = matches!(actor, "nurse" | "physician" | "colleague");
    row.0.split(' ').any(|who| who == actor || (who == "clinicians" && is_clinician))
}

/// The orders that a scenario names, for events that name one.
pub(super) trait Orders {
    /// The place of an order in the scenario's list, read from its file if it is not there yet; the first one for `None`.
    fn place(&mut self, name: Option<&str>) -> Result<usize, String>;
}

/// What the fields of one event mean.
pub(super) fn event(fields: &mut Fields, orders: &mut dyn Orders) -> Result<What, String> {
    let (actor, verb) = fields.actor()?;
    let Some(row) = TABLE.iter().find(|row| acts(row, actor) && row.1 == verb) else {
        let known: Vec<String> =
            TABLE.iter().filter(|row| acts(row, actor)).map(|row| format!("{:?}", row.1)).collect();
        return Err(format!("{actor} = {verb:?}: there are {}", known.join(", ")));
    };
    let given = fields.left();
    if let Some(missing) = row.2.iter().find(|field| !given.contains(field)) {
        return Err(format!("{actor} = {verb:?}: {missing} must be stated"));
    }
    if let Some(extra) = given.iter().find(|field| !row.2.contains(field) && !row.3.contains(field)) {
        let may = [row.2, row.3].concat().join(", ");
        let may = if may.is_empty() { "it takes none".to_string() } else { format!("it takes {may}") };
        return Err(format!("{actor} = {verb:?}: {extra} does not belong to it; {may}"));
    }
    let who = Who::ALL.into_iter().find(|who| who.word() == actor);
    let what = match who {
        Some(who) => What::Person {
            who,
            act: act(&verb, fields, orders)?,
            is_present: fields.present.take().unwrap_or(who != Who::Patient),
            expect: fields.expect.take().map(|expect| expect.0),
        },
        None => What::Mishap(mishap(actor, &verb, fields)?),
    };
    if fields.expect.is_some() || fields.present.is_some() {
        return Err(format!("{actor}: only a person's act has an expected answer or is present"));
    }
    Ok(what)
}

fn act(verb: &str, fields: &mut Fields, orders: &mut dyn Orders) -> Result<Act, String> {
    let lasts = fields.lasts.take().map(|lasts| lasts.0);
    let volume = fields.volume.take().map(|volume| volume.0);
    let hour = Duration::from_hours(1);
    let alarm = match fields.alarm.take() {
        Some(text) => Some(named(&text, "alarm", AlarmId::ALL).map_err(|why| format!("alarm: {why}"))?),
        None => None,
    };
    let must = |field: &str| format!("{field} must be stated");
    Ok(match verb {
        "asks" => Act::Asks,
        "holds the button" => Act::HoldsButton { lasts: lasts.unwrap_or(hour) },
        "silences" => Act::Silences { alarm: alarm.ok_or_else(|| must("alarm"))?, lasts: lasts.unwrap_or(hour) },
        "pairs" => Act::Pairs,
        "enrols the key" => Act::EnrolsKey,
        "interrogates" => Act::Interrogates,
        "installs" => Act::Installs { catheter: volume },
        "fills" => Act::Fills(fill(fields, orders)?),
        "rinses" => Act::Rinses { volume: volume.ok_or_else(|| must("volume"))? },
        "aspirates the port" => Act::AspiratesPort { volume: volume.ok_or_else(|| must("volume"))? },
        "tests the tone" => Act::TestsTone { alarm: alarm.ok_or_else(|| must("alarm"))? },
        "records a contact" => Act::RecordsContact { step: fields.step.take().unwrap_or(0) },
        "orders" => Act::Orders {
            order: orders.place(fields.order.take().as_deref())?,
            without_bridge: fields.without_bridge.take(),
        },
        "proposes" => Act::Proposes { order: orders.place(fields.order.take().as_deref())? },
        "commits" => Act::Commits,
        "gives a bolus" => Act::GivesBolus {
            volume: volume.ok_or_else(|| must("volume"))?,
            over: fields.over.take().map_or(hour, |over| over.0),
        },
        "primes" => Act::Primes { volume, allowance: fields.allowance.take().map(|allowance| allowance.0) },
        "stops" => {
            let reason = fields.reason.take().unwrap_or_default();
            let reason = named(&reason, "reason to stop", StopReason::ALL).map_err(|why| format!("reason: {why}"))?;
            Act::Stops { reason, lasts: lasts.unwrap_or(hour) }
        }
        "resumes" => Act::Resumes,
        "sets the clock" => Act::SetsClock { off_by_ms: fields.off_by.take().map_or(Ok(0), |text| off_by(&text))? },
        "steps up" => {
            let all = [Level::Full, Level::NoPatientBolus, Level::BasalOnly, Level::FallBack];
            let level = fields.level.take().unwrap_or_default();
            Act::StepsUp { level: named(&level, "level", &all).map_err(|why| format!("level: {why}"))? }
        }
        "clears" => Act::Clears { alarm: alarm.ok_or_else(|| must("alarm"))? },
        "calls the emergency" => Act::CallsEmergency,
        "repeats" => Act::Repeats,
        "replays" => Act::Replays,
        _ => Act::SendsHalf,
    })
}

fn fill(fields: &mut Fields, orders: &mut dyn Orders) -> Result<Fill, String> {
    let vials = fields.vials.take().map(|volume| volume.0);
    let weight = fields.weight.take().map(|volume| volume.0);
    if vials.is_some() && weight.is_some() {
        return Err("vials and weight: one of the two checks is enough".into());
    }
    let needle = match fields.needle.take() {
        None => Needle::Reservoir,
        Some(text) => {
            let all = [Needle::Reservoir, Needle::Pocket, Needle::CatheterPort];
            named(&text, "place for a needle", &all).map_err(|why| format!("needle: {why}"))?
        }
    };
    let order = match fields.order.take() {
        Some(name) => Some(orders.place(Some(&name))?),
        None => None,
    };
    Ok(Fill {
        drawn_off: fields.drawn_off.take().map(|volume| volume.0),
        filled: fields.filled.take().map_or(Volume::ZERO, |volume| volume.0),
        checked: vials.or(weight),
        check: if weight.is_some() { FillCheck::Weight } else { FillCheck::Vials },
        truly: fields.truly.take().map(|volume| volume.0),
        needle,
        order,
        keeps: fields.keeps.take().map_or(Duration::from_days(180), |keeps| keeps.0),
        reason: fields.accepted_for.take(),
    })
}

/// `-1 day` or `6 h`.
fn off_by(text: &str) -> Result<i64, String> {
    let (sign, span) = text.strip_prefix('-').map_or((1, text), |span| (-1, span));
    let span = Duration::parse(span).map_err(|why| format!("off_by: {text:?}: {why} (for example \"-1 day\")"))?;
    i64::try_from(span.get()).map(|ms| sign * ms).map_err(|_| format!("off_by: {text:?}: too long"))
}

fn mishap(actor: &str, verb: &str, fields: &mut Fields) -> Result<Mishap, String> {
    let lasts = fields.lasts.take().map_or(Duration::ZERO, |lasts| lasts.0);
    let off = fields.off.take().map_or(Duration::ZERO, |off| off.0);
    let share = fields.share.take().map_or(Permille::ZERO, |share| share.0);
    let count = fields.count.take().unwrap_or(1);
    let bytes = fields.bytes.take().unwrap_or(0);
    let at = usize::try_from(bytes).unwrap_or(usize::MAX);
    Ok(match (actor, verb) {
        ("magnet", _) => Mishap::Field(lasts),
        ("battery", "browns out") => Mishap::BrownOut { off, counter_kept: true },
        ("battery", "loses the counter") => Mishap::BrownOut { off, counter_kept: false },
        ("battery", "drains") => Mishap::Drains { left: share },
        ("battery", _) => Mishap::Film { mohm_per_day: fields.mohm_per_day.take().unwrap_or(0) },
        ("radio", "is bad") => Mishap::BadAir { lost: share },
        ("radio", _) => {
            let way = match fields.way.take().as_deref() {
                Some("to the pump") => Way::ToPump,
                Some("from the pump") => Way::FromPump,
                other => return Err(format!("way: {other:?}: \"to the pump\" or \"from the pump\" was expected")),
            };
            let mishap = match verb {
                "loses" => Frame::Lose,
                "repeats" => Frame::Repeat,
                "delays" => Frame::Delay(fields.by.take().map_or(0, |by| by.0.get())),
                "cuts" => Frame::CutTo(at),
                _ => Frame::Alter(at),
            };
            Mishap::Frames { way, mishap, count }
        }
        ("store", "is cut") => Mishap::StoreCut { after_bytes: u64::from(bytes), off },
        ("store", _) => Mishap::DoseRecordLost,
        ("oscillator", which) => {
            let text = fields.rate.take().unwrap_or_default();
            let parts = text.split_once('/').map(|(n, d)| (n.parse::<u32>(), d.parse::<u32>()));
            let Some((Ok(numerator), Ok(denominator @ 1..))) = parts else {
                return Err(format!(
                    "rate: {text:?}: a fraction such as \"2/1\" (twice too fast) or \"1/1\" was expected"
                ));
            };
            Mishap::Oscillator { is_second: which == "second runs", numerator, denominator }
        }
        ("drive", "stalls") => Mishap::Stall(lasts),
        ("drive", "misses edges") => Mishap::MissEdges(count),
        ("drive", "gives phantom edges") => Mishap::PhantomEdges(count),
        ("drive", _) => Mishap::RunFree { every: fields.every_stroke.take().map_or(lasts, |every| every.0), lasts },
        ("catheter", "slips") => {
            let all = [Place::Epidural, Place::Subdural, Place::Lost, Place::Intrathecal];
            let text = fields.place.take().unwrap_or_default();
            Mishap::Tip(named(&text, "place", &all).map_err(|why| format!("place: {why}"))?)
        }
        ("catheter", "comes off") => Mishap::Disconnects,
        ("catheter", "leaks") => Mishap::Leaks(share),
        ("catheter", "is occluded") => Mishap::Occludes(share),
        ("catheter", _) => Mishap::Granuloma(share),
        _ => Mishap::Flips,
    })
}
