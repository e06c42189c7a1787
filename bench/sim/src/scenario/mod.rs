//! Scenarios: a course of events in a file, with what is expected of it, so that a scenario is a test.
//!
//! A file is read whole or refused with the line, the field, the value and what would be right. This room answers for the
//! reading ([`Scenario`]); the world does what it says, the story tells it.
//!
//! ```toml
//! title = "Asked too soon"
//! start = "2026-03-02 08:00"        # a Monday; times below count from midnight of this day
//! until = "14:00"
//! device = "../devices/reference-20.toml"
//! order = "../orders/morphine.toml"   # or the whole of it under [prescription]
//! begins = { running = "4 days", reservoir = "18 mL" }
//! events = [
//!     { at = "09:10", patient = "asks", expect = "granted" },
//!     { at = "10:40", patient = "asks", expect = "refused: lockout" },
//! ]
//! expect = [ { quiet = true } ]
//! ```
//!
//! Whom the pump lies in is the median adult with the tip at T10, unless the file says otherwise:
//! `person = { kind = "elder", tip = "T12", handset = true }`, or `seed` with `number` for one of a population. With the
//! handset they ask for a bolus themselves, when it hurts.
//!
//! A comment line `#= requirements/page.md#heading` with `## The sentence.` under it says that the scenario shows that sentence.

pub mod act;
mod fields;
mod verbs;
pub mod when;

use std::path::{Path, PathBuf};

use orders::quantity::DAY_MS;
use orders::{AlarmId, DeviceProfile, Drug, Volume, WallTime};
use serde::Deserialize;
use toml::Spanned;

use crate::files::order::{Order, OrderFile};
use crate::files::{FileError, Written, device, order, text_of};
use act::{Begins, Event, Expect, Expected, What};
use fields::{At, ExpectFields, Fields};

pub use fields::named;

/// Most events after repeats are written out: an event each 10 minutes for a year.
pub const EVENTS_MAX: usize = 60_000;

/// The twelve invariants by name.
const INVARIANTS: [&str; 12] = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12"];

/// A scenario that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it tells.
    pub title: String,
    /// The seed of its chance.
    pub seed: u64,
    /// The pump.
    pub device: DeviceProfile,
    /// The catheter as it truly is.
    pub catheter: Volume,
    /// Whom the pump lies in.
    pub person: Implanted,
    /// How the pump is when the scenario begins.
    pub begins: Begins,
    /// Midnight of day 1 on the wall.
    pub midnight: WallTime,
    /// When it begins, ms from midnight of day 1.
    pub from: u64,
    /// When it ends, ms from midnight of day 1.
    pub until: u64,
    /// The orders, by the name under which the file has them; the first is the one that is meant where none is named.
    pub orders: Vec<(String, OrderFile)>,
    /// What happens, in order of time.
    pub events: Vec<Event>,
    /// What is expected of the whole.
    pub expects: Vec<Expect>,
}

/// Whom a pump lies in.
#[derive(Debug, Clone, PartialEq)]
pub struct Implanted {
    /// Body, pain and habits.
    pub person: patient::person::Person,
    /// Where the catheter's tip lies, cm from the sac's end.
    pub tip_cm: f64,
    /// Whether they ask for boluses by themselves.
    pub has_handset: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    seed: u64,
    start: String,
    until: At,
    device: String,
    order: Option<String>,
    prescription: Option<Order>,
    #[serde(default)]
    installation: Installation,
    #[serde(default)]
    person: PersonTable,
    begins: Option<BeginsTable>,
    #[serde(default)]
    events: Vec<Spanned<Fields>>,
    #[serde(default)]
    expect: Vec<Spanned<ExpectFields>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Installation {
    #[serde(default = "eighty_cm")]
    catheter_cm: u64,
}

const fn eighty_cm() -> u64 {
    80
}

impl Default for Installation {
    fn default() -> Self {
        Self { catheter_cm: eighty_cm() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PersonTable {
    kind: Option<String>,
    seed: Option<u64>,
    number: Option<u64>,
    tip: String,
    handset: bool,
}

impl Default for PersonTable {
    fn default() -> Self {
        Self { kind: None, seed: None, number: None, tip: "T10".into(), handset: false }
    }
}

impl PersonTable {
    fn read(self) -> Result<Implanted, String> {
        use patient::person::Person;
        let person = match (self.kind, self.seed, self.number) {
            (kind, None, None) => patient::presets::named(kind.as_deref().unwrap_or("median"), "adult"),
            (None, Some(seed), Some(number)) => Person::drawn("adult", seed, number),
            (Some(_), _, _) => return Err("either kind, or seed with number: both are stated".into()),
            (None, _, _) => return Err("seed and number belong together".into()),
        };
        let person = person.map_err(|why| format!("kind = {:?}: {} was expected", why.value, why.want))?;
        let tip_cm = person.species.canal.levels.read(&self.tip);
        let why = || format!("tip = {:?}: a level S2 to C1 or a place such as \"28.4 cm\" was expected", self.tip);
        Ok(Implanted { tip_cm: tip_cm.ok_or_else(why)?, person, has_handset: self.handset })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginsTable {
    running: Written<orders::Duration>,
    reservoir: Written<Volume>,
}

/// Reads a scenario; paths in it are taken from its folder.
///
/// # Errors
/// Line, field and value of what is wrong.
pub fn read(path: &Path) -> Result<Scenario, FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    parse(&path.display().to_string(), &text_of(path)?, folder)
}

/// Reads a scenario from text; `path` is for the words of an error, `folder` for the paths in it.
///
/// # Errors
/// Line, field and value of what is wrong.
pub fn parse(path: &str, text: &str, folder: &Path) -> Result<Scenario, FileError> {
    let file: File = toml::from_str(text).map_err(|why| FileError::Read { path: path.into(), why: why.to_string() })?;
    let reader = Reader { path, text, folder };
    reader.scenario(file)
}

/// A mishap in the fields of an event, with neither time nor person: `{"drive": "stalls", "for": "14 min"}`.
///
/// # Errors
/// The field and value that are wrong, and what there is instead.
pub fn mishap_of(fields: &serde_json::Value) -> Result<act::Mishap, String> {
    struct NoOrders;
    impl verbs::Orders for NoOrders {
        fn place(&mut self, _: Option<&str>) -> Result<usize, String> {
            Err("no order is meant here".into())
        }
    }
    let mut read = Fields::deserialize(fields).map_err(|why| why.to_string())?;
    if read.at.is_some() || read.every.is_some() || read.until.is_some() {
        return Err("at, every, until: what is told here happens now".into());
    }
    match verbs::event(&mut read, &mut NoOrders)? {
        act::What::Mishap(mishap) => Ok(mishap),
        act::What::Person { who, .. } => {
            Err(format!("{who}: people act by their own devices; here is what befalls the pump"))
        }
    }
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    folder: &'a Path,
}

struct OrderList<'a> {
    folder: &'a Path,
    device: DeviceProfile,
    list: Vec<(String, OrderFile)>,
}

impl verbs::Orders for OrderList<'_> {
    fn place(&mut self, name: Option<&str>) -> Result<usize, String> {
        let Some(name) = name else { return Ok(0) };
        if let Some(place) = self.list.iter().position(|(known, _)| known == name) {
            return Ok(place);
        }
        let read = order::read(&self.folder.join(name), &self.device).map_err(|why| format!("order: {why}"))?;
        self.list.push((name.into(), read));
        Ok(self.list.len() - 1)
    }
}

impl Reader<'_> {
    fn wrong(&self, field: &str, why: impl Into<String>) -> FileError {
        FileError::Meaning { path: self.path.into(), field: field.into(), why: why.into() }
    }

    fn line(&self, offset: usize) -> usize {
        self.text.get(..offset).map_or(0, |before| before.matches('\n').count()) + 1
    }

    fn scenario(&self, file: File) -> Result<Scenario, FileError> {
        let (midnight, from) = when::date(&file.start).ok_or_else(|| {
            self.wrong(
                "start",
                format!("{:?}: a date and a clock such as \"2026-03-02 08:00\" were expected", file.start),
            )
        })?;
        let until = file.until.0;
        if until <= from {
            return Err(
                self.wrong("until", format!("{}: must be after the start, {}", when::show(until), when::show(from)))
            );
        }
        let device = device::read(&self.folder.join(&file.device))?;
        let first = match (file.order, file.prescription) {
            (Some(name), None) => (name.clone(), order::read(&self.folder.join(&name), &device)?),
            (None, Some(order)) => {
                let built = order.build(&device);
                (
                    "prescription".into(),
                    built.map_err(|(field, why)| self.wrong(&format!("prescription.{field}"), why))?,
                )
            }
            (None, None) => return Err(self.wrong("order", "a file or a [prescription] must be stated")),
            (Some(_), Some(_)) => {
                return Err(self.wrong("order", "there is a [prescription] as well: one of them is meant"));
            }
        };
        let primary = first.1.prescription.mixture.primary().map(|component| component.drug);
        let mut orders = OrderList { folder: self.folder, device, list: vec![first] };
        let begins = file
            .begins
            .map_or(Begins::New, |table| Begins::Running { since: table.running.0, reservoir: table.reservoir.0 });
        let mut events = Vec::new();
        for event in file.events {
            let line = self.line(event.span().start);
            self.event(line, event.into_inner(), (from, until), &mut orders, &mut events)?;
        }
        events.sort_by_key(|event| event.at);
        let expects = file
            .expect
            .into_iter()
            .map(|expect| {
                let line = self.line(expect.span().start);
                self.expect(line, expect.into_inner(), (from, until), primary)
            })
            .collect::<Result<_, _>>()?;
        let person = file.person.read().map_err(|why| self.wrong("person", why))?;
        let catheter = device.catheter_per_cm.saturating_mul(file.installation.catheter_cm);
        let (title, seed) = (file.title, file.seed);
        Ok(Scenario {
            title,
            seed,
            device,
            catheter,
            person,
            begins,
            midnight,
            from,
            until,
            orders: orders.list,
            events,
            expects,
        })
    }

    fn event(
        &self,
        line: usize,
        mut fields: Fields,
        (from, until): (u64, u64),
        orders: &mut OrderList<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), FileError> {
        let wrong = |why: String| self.wrong(&format!("line {line}"), why);
        let At(at) = fields.at.take().ok_or_else(|| wrong("at must be stated".into()))?;
        let (every, last) = (fields.every.take(), fields.until.take().map(|until| until.0));
        if at < from || at >= until {
            let (at, from, until) = (when::show(at), when::show(from), when::show(until));
            return Err(wrong(format!("at = {at:?} is not between the start, {from}, and the end, {until}")));
        }
        let what = verbs::event(&mut fields, orders).map_err(wrong)?;
        let Some(every) = every.map(|every| every.0.get()) else {
            if last.is_some() {
                return Err(wrong("until belongs to an event that repeats: every must be stated".into()));
            }
            events.push(Event { line, at, what });
            return Ok(());
        };
        let last = last.unwrap_or(until - 1).min(until - 1);
        let times = last.saturating_sub(at).checked_div(every).map(|times| times + 1);
        let room = (EVENTS_MAX - events.len().min(EVENTS_MAX)) as u64;
        match times.filter(|times| *times <= room) {
            Some(times) => events.extend((0..times).map(|n| Event { line, at: at + n * every, what: what.clone() })),
            None => return Err(wrong(format!("every: so short that there are over {EVENTS_MAX} events"))),
        }
        Ok(())
    }

    fn expect(
        &self,
        line: usize,
        fields: ExpectFields,
        (start, end): (u64, u64),
        primary: Option<Drug>,
    ) -> Result<Expect, FileError> {
        let wrong = |why: String| self.wrong(&format!("line {line}"), why);
        let alarm = |text: &str| named(text, "alarm", AlarmId::ALL).map_err(&wrong);
        let mut all = Vec::new();
        if let Some(text) = &fields.alarm {
            all.push(Expected::Alarm(alarm(text)?));
        }
        if let Some(text) = &fields.no_alarm {
            all.push(Expected::NoAlarm(alarm(text)?));
        }
        if fields.quiet == Some(true) {
            all.push(Expected::Quiet);
        }
        all.extend(fields.says.clone().map(Expected::Says));
        all.extend(fields.never_says.clone().map(Expected::NeverSays));
        if let Some(mass) = fields.at_least {
            all.push(Expected::AtLeast(fields.drug_or(primary).map_err(wrong)?, mass.0));
        }
        if let Some(mass) = fields.at_most {
            all.push(Expected::AtMost(fields.drug_or(primary).map_err(wrong)?, mass.0));
        }
        if let Some(most) = fields.tip_never_above {
            all.push(Expected::TipNeverAbove(fields.drug_or(primary).map_err(wrong)?, most.0));
        }
        if let Some(text) = &fields.finds {
            let known = INVARIANTS.into_iter().find(|name| name == text);
            let why = || wrong(format!("finds = {text:?}: one of {} was expected", INVARIANTS.join(", ")));
            all.push(Expected::Finds(known.ok_or_else(why)?));
        }
        let until = fields.until.or(fields.by).map_or(end, |until| until.0);
        let from = fields.from.map_or(start, |from| from.0);
        if from >= until {
            return Err(wrong(format!("from {} until {}: no time is left", when::show(from), when::show(until))));
        }
        match (all.pop(), all.is_empty()) {
            (Some(what), true) => Ok(Expect { line, from, until, what }),
            (None, _) => Err(wrong("nothing is expected: alarm, no_alarm, quiet, says, never_says, at_least, at_most, tip_never_above or finds".into())),
            (Some(_), false) => Err(wrong("one expectation a line: several are stated".into())),
        }
    }
}

impl Scenario {
    /// How long before the start the world begins, ms: the time that a running pump has been running.
    pub const fn lead(&self) -> u64 {
        match self.begins {
            Begins::New => 0,
            Begins::Running { since, .. } => since.get(),
        }
    }

    /// True time of the world, ms, for a time of the scenario.
    pub const fn true_ms(&self, ms: u64) -> u64 {
        (ms + self.lead()).saturating_sub(self.from)
    }

    /// Time of the scenario for a true time; `None` before midnight of day 1.
    pub const fn shown_ms(&self, true_ms: u64) -> Option<u64> {
        (true_ms + self.from).checked_sub(self.lead())
    }

    /// The wall's clock at a true time: what a right clock shows.
    pub const fn wall(&self, true_ms: u64) -> WallTime {
        WallTime::new((self.midnight.get() + self.from + true_ms).saturating_sub(self.lead()))
    }

    /// How long the whole lasts, ms.
    pub const fn lasts(&self) -> u64 {
        self.true_ms(self.until)
    }

    /// Days that it tells of.
    pub const fn days(&self) -> u64 {
        (self.until - self.from).div_ceil(DAY_MS)
    }

    /// Acts of people in it, for a bar that shows how far a run has come.
    pub fn acts(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.what, What::Person { .. })).count()
    }
}

/// The scenario files of a folder, in order of their names.
///
/// # Errors
/// What the file system says.
pub fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}
