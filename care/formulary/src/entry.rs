//! All that is stated of one drug, read from its file.

use orders::{Concentration, Drug, Duration, Mass, MassRate, Permille, Volume};

use crate::fields::{Fields, Unusable, Why};
use crate::number::{Sourced, Step, Written};

/// A soft limit, passed only with a reason, and a hard one, not passed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair<T> {
    /// Beyond it a typed reason and a second confirmation are asked for.
    pub soft: Sourced<T>,
    /// Beyond it nothing is saved.
    pub hard: Sourced<T>,
}

/// Two ends of what is usual.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Band<T> {
    /// The lower end.
    pub low: Sourced<T>,
    /// The upper end.
    pub high: Sourced<T>,
}

/// What an order is held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most in the fluid.
    pub concentration: Pair<Concentration>,
    /// Most in a day, every allotted bolus taken.
    pub daily: Pair<MassRate>,
    /// Most in one patient bolus, as a share of the basal day.
    pub bolus: Pair<Permille>,
    /// Least time from the start of one patient bolus to the start of the next.
    pub lockout: Pair<Duration>,
    /// Most that one change may raise the dose by.
    pub step: Pair<Step>,
    /// Most that one change may lower it by, where a fall is a danger of its own.
    pub step_down: Option<Sourced<Step>>,
    /// Least time from one increase to the next.
    pub step_interval: Pair<Duration>,
}

/// How long the drug keeps in the reservoir.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keeps {
    /// As it was sold.
    pub undiluted: Sourced<Duration>,
    /// Diluted; as undiluted where nothing else is stated.
    pub diluted: Option<Sourced<Duration>>,
    /// In a new pump's first fill.
    pub first_fill: Option<Sourced<Duration>>,
}

/// What a restart begins with once the gap was longer than what may simply be resumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterGap {
    /// The patient has lost tolerance: a first dose.
    AsNaive,
    /// Titrated anew, for other reasons than tolerance.
    StartAgain,
    /// The interruption is the emergency: restored at once, with cover by another route.
    RestoreAtOnce,
}

/// What to do after an interruption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GapRule {
    /// Up to here the dose before may go on.
    pub within: Sourced<Duration>,
    /// What beyond.
    pub beyond: AfterGap,
    /// In one sentence for people.
    pub words: String,
}

/// What a stop does, and when it shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StopRule {
    /// First signs at the earliest; none where a stop does nothing.
    pub onset: Option<Sourced<Duration>>,
    /// First signs at the latest.
    pub latest: Option<Sourced<Duration>>,
    /// Whether a stop may kill.
    pub may_kill: bool,
    /// In one sentence for a card and for the emergency page.
    pub words: String,
}

/// How long people watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
    /// After a first dose, or a restart as naive.
    pub start: Sourced<Duration>,
    /// After an increase.
    pub increase: Sourced<Duration>,
    /// After a refill.
    pub refill: Sourced<Duration>,
    /// The signs.
    pub signs: Vec<String>,
}

/// All that is stated of one drug.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DrugEntry {
    /// Which.
    pub drug: Drug,
    /// Rises with each release of the file.
    pub edition: u32,
    /// When the file was last looked at, as a date.
    pub dated: String,
    /// What an order is held against.
    pub limits: Limits,
    /// Where a continuous infusion begins.
    pub start: Band<MassRate>,
    /// A single dose for a trial, where one is stated.
    pub trial: Option<Band<Mass>>,
    /// Strengths that are sold.
    pub marketed: Vec<Sourced<Concentration>>,
    /// How long it keeps.
    pub keeps: Keeps,
    /// How long before the last safe day a refill is booked.
    pub margin: Sourced<Duration>,
    /// The alarm volume that is offered.
    pub alarm_volume: Sourced<Volume>,
    /// From this concentration on a mass at the tip is thought of.
    pub tip_mass_from: Option<Sourced<Concentration>>,
    /// After an interruption.
    pub gap: GapRule,
    /// After a stop.
    pub stop: StopRule,
    /// How long people watch.
    pub watch: Watch,
    /// What a pharmacist should know, each with its source.
    pub notes: Vec<(String, String)>,
}

impl DrugEntry {
    /// Reads a file.
    ///
    /// # Errors
    /// The first field that is missing, misspelt, without source or confidence, or a limit nobody answers for.
    pub fn read(drug: Drug, text: &str) -> Result<Self, Unusable> {
        let file = format!("{}.toml", drug.name());
        let mut fields = Fields::read(&file, text)?;
        let named = fields.text("drug")?;
        if Drug::from_name(&named) != Some(drug) {
            let why = format!("it is about `{named}` and was given for {}", drug.name());
            return Err(fields.trouble("drug", Why::Damaged(why)));
        }
        let entry = Self {
            drug,
            edition: fields.count("edition")?,
            dated: fields.text("dated")?,
            limits: Limits::read(fields.part("limits")?)?,
            start: band(fields.part("start")?)?,
            trial: if fields.has("trial") { Some(band(fields.part("trial")?)?) } else { None },
            marketed: fields.parts("marketed")?.into_iter().map(Fields::number).collect::<Result<_, _>>()?,
            keeps: Keeps::read(fields.part("keeps")?)?,
            margin: fields.limit("margin")?,
            alarm_volume: fields.limit("alarm_volume")?,
            tip_mass_from: fields.sourced_if_there("tip_mass_from")?,
            gap: GapRule::read(fields.part("gap")?)?,
            stop: StopRule::read(fields.part("stop")?)?,
            watch: Watch::read(fields.part("watch")?)?,
            notes: fields.parts("note")?.into_iter().map(note).collect::<Result<_, _>>()?,
        };
        fields.end()?;
        Ok(entry)
    }
}

fn note(mut fields: Fields) -> Result<(String, String), Unusable> {
    let pair = (fields.text("words")?, fields.text("source")?);
    fields.end()?;
    Ok(pair)
}

fn band<T: Written + Copy + PartialOrd>(mut fields: Fields) -> Result<Band<T>, Unusable> {
    let band = Band { low: fields.sourced("low")?, high: fields.sourced("high")? };
    if band.low.value > band.high.value {
        return Err(fields.trouble("low", Why::UpsideDown));
    }
    fields.end()?;
    Ok(band)
}

/// `most`: whether the limit is the most there may be; else it is the least.
fn pair<T: Written + Copy>(mut fields: Fields, in_order: impl Fn(T, T) -> bool) -> Result<Pair<T>, Unusable> {
    let pair = Pair { soft: fields.limit("soft")?, hard: fields.limit("hard")? };
    if !in_order(pair.soft.value, pair.hard.value) {
        return Err(fields.trouble("soft", Why::UpsideDown));
    }
    fields.end()?;
    Ok(pair)
}

impl Limits {
    //= requirements/formulary.md#hard-and-soft-limits
    //# A drug entry MUST state hard and soft limits for concentration, daily dose, bolus, lockout and step, and what lies outside a hard one is not saved.
    fn read(mut fields: Fields) -> Result<Self, Unusable> {
        let steps = |soft: Step, hard: Step| match (soft, hard) {
            (Step::Share(soft), Step::Share(hard)) => soft <= hard,
            (Step::Rate(soft), Step::Rate(hard)) => soft <= hard,
            // A share and a rate have no order of their own.
            (Step::Share(_), Step::Rate(_)) | (Step::Rate(_), Step::Share(_)) => true,
        };
        let limits = Self {
            concentration: pair(fields.part("concentration")?, |soft, hard| soft <= hard)?,
            daily: pair(fields.part("daily")?, |soft, hard| soft <= hard)?,
            bolus: pair(fields.part("bolus")?, |soft, hard| soft <= hard)?,
            lockout: pair(fields.part("lockout")?, |soft, hard| soft >= hard)?,
            step: pair(fields.part("step")?, steps)?,
            step_down: if fields.has("step_down") { Some(fields.limit("step_down")?) } else { None },
            step_interval: pair(fields.part("step_interval")?, |soft, hard| soft >= hard)?,
        };
        fields.end()?;
        Ok(limits)
    }
}

impl Keeps {
    fn read(mut fields: Fields) -> Result<Self, Unusable> {
        let limit_if_there = |fields: &mut Fields, key: &str| match fields.has(key) {
            true => fields.limit(key).map(Some),
            false => Ok(None),
        };
        let keeps = Self {
            undiluted: fields.limit("undiluted")?,
            diluted: limit_if_there(&mut fields, "diluted")?,
            first_fill: limit_if_there(&mut fields, "first_fill")?,
        };
        fields.end()?;
        Ok(keeps)
    }
}

impl GapRule {
    fn read(mut fields: Fields) -> Result<Self, Unusable> {
        let beyond = match fields.text("beyond")?.as_str() {
            "as-naive" => AfterGap::AsNaive,
            "start-again" => AfterGap::StartAgain,
            "restore-at-once" => AfterGap::RestoreAtOnce,
            other => {
                let why = format!("`{other}`: expected as-naive, start-again or restore-at-once");
                return Err(fields.trouble("beyond", Why::Damaged(why)));
            }
        };
        let rule = Self { within: fields.limit("within")?, beyond, words: fields.text("words")? };
        fields.end()?;
        Ok(rule)
    }
}

impl StopRule {
    fn read(mut fields: Fields) -> Result<Self, Unusable> {
        let may_kill = match fields.text("may_kill")?.as_str() {
            "yes" => true,
            "no" => false,
            other => return Err(fields.trouble("may_kill", Why::Damaged(format!("`{other}`: expected yes or no")))),
        };
        let (onset, latest) = (fields.sourced_if_there("onset")?, fields.sourced_if_there("latest")?);
        let rule = Self { onset, latest, may_kill, words: fields.text("words")? };
        fields.end()?;
        Ok(rule)
    }
}

impl Watch {
    fn read(mut fields: Fields) -> Result<Self, Unusable> {
        let watch = Self {
            start: fields.limit("start")?,
            increase: fields.limit("increase")?,
            refill: fields.limit("refill")?,
            signs: fields.texts("signs")?,
        };
        fields.end()?;
        Ok(watch)
    }
}
