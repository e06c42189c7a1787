//! A refill, step by step: what was typed at each step, what it means, and where it stops.
//!
//! ```text
//!   symptoms -> drug -> port -> drawn off -> first 5 mL -> filled -> (the pump is told) -> next visit -> watched -> done
//! ```
//!
//! Until the pump is told nothing about it has changed there; an abort at any step leaves it untouched and says why.

use formulary::calendar::{Day, OpenDays};
use formulary::discrepancy::{Colour, Discrepancy, by_weight, judge};
use formulary::interval::{Booking, Drain, RefillBy, refill_by};
use formulary::mixing::{mix, rinse_offered, rinses_needed};
use formulary::stability::{Cap, Fill, cap};
use formulary::{Formulary, totals::DayTotals};
use orders::mixture::{Component, DRUGS_MAX};
use orders::{Concentration, DeviceProfile, Drug, Duration, Mixture, Prescription, Volume};
use telemetry::message::ask::{self, FillCheck};

use crate::form::Reader;

/// Where a refill stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Step {
    /// How the patient is.
    Symptoms,
    /// What is in the vials.
    Drug,
    /// Where the needle is.
    Port,
    /// What came out.
    DrawnOff,
    /// After the first 5 mL.
    FirstFive,
    /// What went in.
    Filled,
    /// When the next one is.
    NextVisit,
    /// How the patient is after it.
    Watched,
    /// It is over.
    Done,
}

impl Step {
    /// All of them, in order.
    pub(crate) const ALL: [Step; 9] = [
        Step::Symptoms,
        Step::Drug,
        Step::Port,
        Step::DrawnOff,
        Step::FirstFive,
        Step::Filled,
        Step::NextVisit,
        Step::Watched,
        Step::Done,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Step::Symptoms => "Symptoms",
            Step::Drug => "Drug",
            Step::Port => "Port",
            Step::DrawnOff => "Drawn off",
            Step::FirstFive => "First 5 mL",
            Step::Filled => "Filled",
            Step::NextVisit => "Next visit",
            Step::Watched => "Watched",
            Step::Done => "Done",
        }
    }
}

/// What is known around it.
pub(crate) struct Around<'a> {
    /// The formulary.
    pub(crate) formulary: &'a Formulary,
    /// The pump's model.
    pub(crate) profile: DeviceProfile,
    /// What runs.
    pub(crate) running: Option<&'a Prescription>,
    /// Nominal volume in the reservoir, with the residual.
    pub(crate) reservoir: Volume,
    /// The same with the drive at its fastest.
    pub(crate) worst: Volume,
    /// What lies in the reservoir.
    pub(crate) fluid: Mixture,
    /// Today.
    pub(crate) today: Day,
}

/// One refill.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// Where it stands.
    pub(crate) step: Step,
    /// Each step that was taken, when on the device's clock.
    pub(crate) taken: Vec<(Step, u64)>,
    /// Signs of too much or too little, infection or a mass at the tip.
    pub(crate) symptoms: bool,
    /// What is filled.
    pub(crate) mixture: Mixture,
    /// The lots, with their expiry.
    pub(crate) lots: Vec<String>,
    /// Whether it is other than what runs.
    pub(crate) is_other: bool,
    /// How long it keeps.
    pub(crate) keeps: Option<Cap>,
    /// What the pharmacy states.
    pharmacy: Option<Duration>,
    /// Attempts at the port, and what was noted.
    pub(crate) port: String,
    /// Drawn off.
    pub(crate) drawn_off: Volume,
    /// Until nothing more came.
    emptied: bool,
    /// Against what was expected.
    pub(crate) discrepancy: Option<Discrepancy>,
    /// The clinic's code for why it was accepted.
    accepted_for: Option<u8>,
    /// Filled.
    pub(crate) filled: Volume,
    check: FillCheck,
    checked: Volume,
    /// By when the next one.
    pub(crate) by: Option<RefillBy>,
    /// The day that was booked.
    pub(crate) booked: Option<Day>,
}

/// What a step asks for next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next step's page.
    Page,
    /// The pump is told: only after this has it changed.
    Tell,
    /// Stop here, for this reason: nothing is injected.
    Stop(&'static str),
    /// Something is wrong with what was typed.
    Again,
}

impl Course {
    /// A refill begins.
    pub(crate) fn begin() -> Self {
        Self {
            step: Step::Symptoms,
            taken: Vec::new(),
            symptoms: false,
            mixture: Mixture::DRUG_FREE,
            lots: Vec::new(),
            is_other: false,
            keeps: None,
            pharmacy: None,
            port: String::new(),
            drawn_off: Volume::ZERO,
            emptied: false,
            discrepancy: None,
            accepted_for: None,
            filled: Volume::ZERO,
            check: FillCheck::Vials,
            checked: Volume::ZERO,
            by: None,
            booked: None,
        }
    }

    /// Takes a step with what was typed.
    pub(crate) fn take(&mut self, form: &mut Reader<'_>, around: &Around<'_>, now_ms: u64) -> Next {
        let step = self.step;
        let next = match step {
            Step::Symptoms => self.take_symptoms(form),
            Step::Drug => self.take_drug(form, around),
            Step::Port => self.take_port(form),
            Step::DrawnOff => self.take_drawn_off(form, around),
            Step::FirstFive => take_first_five(form),
            Step::Filled => self.take_filled(form, around),
            Step::NextVisit => self.take_next_visit(form),
            Step::Watched => take_watched(form),
            Step::Done => Next::Page,
        };
        if !form.is_good() {
            return Next::Again;
        }
        if next == Next::Page {
            self.go_on(now_ms);
        }
        next
    }

    /// The step is done.
    pub(crate) fn go_on(&mut self, now_ms: u64) {
        self.taken.push((self.step, now_ms));
        let at = Step::ALL.iter().position(|step| *step == self.step).unwrap_or(0);
        self.step = Step::ALL.get(at + 1).copied().unwrap_or(Step::Done);
    }

    fn take_symptoms(&mut self, form: &mut Reader<'_>) -> Next {
        match form.fields.text("symptoms") {
            "no" => self.symptoms = false,
            "yes" => self.symptoms = true,
            _ => form.wrong("symptoms", "Symptoms", "must be answered"),
        }
        Next::Page
    }

    //= requirements/programmer.md#new-drug-entered-anew
    //# At each refill the programmer MUST ask for drug, concentration, lot and expiry and compare them with the order.
    fn take_drug(&mut self, form: &mut Reader<'_>, around: &Around<'_>) -> Next {
        let (mut parts, mut lots) = (Vec::new(), Vec::new());
        for n in 0..DRUGS_MAX {
            let named = form.fields.text(&format!("drug{n}")).to_owned();
            if named.is_empty() {
                continue;
            }
            let drug = Drug::from_name(&named);
            if drug.is_none() {
                form.wrong(&format!("drug{n}"), "Drug", "is no drug that the pump can be told of");
            }
            let strength: Option<Concentration> =
                form.quantity(&format!("strength{n}"), &format!("{named}, concentration"));
            let lot = form.needed(&format!("lot{n}"), &format!("{named}, lot")).map(str::to_owned);
            let expiry = form.needed(&format!("expiry{n}"), &format!("{named}, expiry")).and_then(Day::parse);
            match expiry {
                Some(day) if day < around.today => {
                    form.wrong(&format!("expiry{n}"), &format!("{named}, expiry"), "has passed")
                }
                None => {
                    form.wrong(&format!("expiry{n}"), &format!("{named}, expiry"), "is not a day such as 2027-03-01")
                }
                Some(_) => {}
            }
            if let (Some(drug), Some(concentration), Some(lot), Some(expiry)) = (drug, strength, lot, expiry) {
                parts.push(Component { drug, concentration });
                lots.push(format!("{named} {lot}, expires {expiry}"));
            }
        }
        let Some(mixture) = Mixture::of(&parts).filter(|mixture| !mixture.is_empty()) else {
            form.wrong("drug0", "Drug", "one to four different drugs, each with its concentration");
            return Next::Again;
        };
        self.pharmacy = form.optional("pharmacy", "How long it keeps, by the pharmacy");
        self.is_other = around.running.is_none_or(|order| order.mixture != mixture);
        if self.is_other && !form.fields.ticked("other") {
            form.wrong(
                "other",
                "Other than the order",
                "it is not what the running order says; confirm that it is meant, and edit the order after the refill",
            );
        }
        match cap(around.formulary, &mixture, Fill { is_diluted: true, pharmacy: self.pharmacy, ..Fill::default() }) {
            Ok(cap) => self.keeps = Some(cap),
            Err(why) => form.wrong("pharmacy", "How long it keeps", why.to_string()),
        }
        (self.mixture, self.lots) = (mixture, lots);
        Next::Page
    }

    //= requirements/programmer.md#which-port
    //# Before an injection the programmer MUST ask for port, needle and the fluid drawn back, and stop on one that does not fit.
    fn take_port(&mut self, form: &mut Reader<'_>) -> Next {
        let attempts: Option<u32> = form.count("attempts", "Attempts");
        let answers = ["port", "needle", "drawn-back"].map(|name| form.needed(name, name).unwrap_or_default());
        self.port = format!("{} attempts; {}", attempts.unwrap_or(0), form.fields.text("port-note"));
        match answers {
            ["reservoir", "22", "expected"] => Next::Page,
            ["catheter", ..] => {
                Next::Stop("the needle is in the catheter port: drug for the reservoir has killed there")
            }
            [_, "24" | "25", _] => Next::Stop("the needle is that of the catheter port; the reservoir takes 22 G"),
            [_, _, "spinal fluid"] => {
                Next::Stop("what was drawn back looks like spinal fluid: this is not the reservoir")
            }
            [_, _, "nothing" | "blood"] => {
                Next::Stop("what was drawn back is not the reservoir's fluid: the needle is not in the reservoir")
            }
            _ => Next::Again,
        }
    }

    fn take_drawn_off(&mut self, form: &mut Reader<'_>, around: &Around<'_>) -> Next {
        let volume = volume_or_weight(form, "drawn", "Drawn off").map(|(volume, _)| volume);
        self.emptied = form.fields.ticked("emptied");
        let Some(drawn_off) = volume else { return Next::Again };
        self.drawn_off = drawn_off;
        let told = Self::compare(around, drawn_off, self.symptoms);
        self.discrepancy = Some(told);
        let asked_before = form.fields.ticked("compared");
        if told.colour != Colour::Green {
            if !asked_before {
                form.wrong("accepted", "Discrepancy", difference(&told));
                return Next::Again;
            }
            self.accepted_for = form.count("accepted", "Why the discrepancy is accepted (the clinic's code)");
        }
        Next::Page
    }

    /// What was drawn off against what was expected of it.
    pub(crate) fn compare(around: &Around<'_>, drawn_off: Volume, symptoms: bool) -> Discrepancy {
        let residual = around.profile.residual;
        let expected = around.reservoir.saturating_sub(residual);
        let accuracy = around.profile.accuracy;
        // The pump's own worst case lies its accuracy's share of what it gave below the nominal volume.
        let off = around.reservoir.saturating_sub(around.worst).get();
        let given = orders::quantity::mul_div_ceil(off, 1000, u64::from(accuracy.get())).unwrap_or(0);
        let start = expected.saturating_add(Volume::new(given));
        judge(start, expected, drawn_off, accuracy, symptoms)
    }

    fn take_filled(&mut self, form: &mut Reader<'_>, around: &Around<'_>) -> Next {
        //= requirements/programmer.md#fill-volume-blank
        //# The programmer MUST leave the filled volume blank until a person types it.
        let filled: Option<Volume> = form.quantity("filled", "Filled");
        let checked = volume_or_weight(form, "vials", "Sum of the vials, or weight");
        let (Some(filled), Some((checked, check))) = (filled, checked) else { return Next::Again };
        //= requirements/programmer.md#fill-volume-blank
        //# The programmer MUST refuse a filled volume that differs from the sum of the vials or from the weight.
        if filled != checked {
            form.wrong(
                "filled",
                "Filled",
                format!("differs from the vials or the weight, which give {checked}; one of both is wrong"),
            );
        }
        let left = self.left(around);
        if filled.saturating_add(left) > around.profile.reservoir {
            let room = around.profile.reservoir.saturating_sub(left);
            form.wrong(
                "filled",
                "Filled",
                format!(
                    "is more than fits: {left} is still in it, so {room} at most; an overfilled pump gives too much"
                ),
            );
        }
        (self.filled, self.checked, self.check) = (filled, checked, check);
        Next::Tell
    }

    /// What is still in the reservoir before the fill.
    pub(crate) fn left(&self, around: &Around<'_>) -> Volume {
        if self.emptied { around.profile.residual } else { around.reservoir.saturating_sub(self.drawn_off) }
    }

    /// What the residual does to the fill, in words; empty where it does little.
    pub(crate) fn rinse_words(&self, around: &Around<'_>) -> String {
        let left = self.left(around);
        let room = around.profile.reservoir.saturating_sub(left);
        let mixed = mix((&around.fluid, left), (&self.mixture, room));
        if !rinse_offered(&mixed) {
            return String::new();
        }
        let times = rinses_needed((&around.fluid, left), (&self.mixture, room), room);
        let parts: Vec<String> =
            mixed.iter().map(|m| format!("{} {} in place of {}", m.drug.name(), m.mixed, m.filled)).collect();
        let times = times.map_or_else(|| "more than ten rinses".to_owned(), |times| format!("{times} rinse(s)"));
        format!(
            "What is left would change the fill by more than 5 %: {}. {times} with the new fluid would prevent it; tell each to the pump.",
            parts.join(", ")
        )
    }

    /// The message that tells the pump.
    pub(crate) fn ask(&self) -> ask::Refill {
        ask::Refill {
            drawn_off: self.drawn_off,
            filled: self.filled,
            mixture: self.mixture,
            check: self.check,
            checked: self.checked,
            stability: self.keeps.as_ref().map_or(Duration::from_days(1), |cap| cap.keeps),
            emptied: self.emptied,
            reason: self.accepted_for,
        }
    }

    /// As a document for the clinic.
    pub(crate) fn document(
        &self,
        around: &Around<'_>,
        by: u32,
        at_ms: Option<u64>,
        refusals: Vec<String>,
    ) -> exchange::body::Refill {
        exchange::body::Refill {
            drawn_off_nl: self.drawn_off.get(),
            expected_nl: around.reservoir.saturating_sub(around.profile.residual).get(),
            filled_nl: self.filled.get(),
            fluid: exchange::Fluid(self.mixture),
            check: match self.check {
                FillCheck::Vials => exchange::body::RefillCheck::Vials,
                FillCheck::Weight => exchange::body::RefillCheck::Weight,
            },
            checked_nl: self.checked.get(),
            lots: self.lots.clone(),
            keeps_ms: self.keeps.as_ref().map_or(0, |cap| cap.keeps.get()),
            emptied: self.emptied,
            accepted_for: self.accepted_for,
            by: vec![by.to_string()],
            at_ms,
            refusals,
        }
    }

    /// Works out by when the next refill must be.
    pub(crate) fn work_out_dates(&mut self, around: &Around<'_>) -> Result<(), String> {
        let order = around.running.ok_or("no order runs: the date follows once one does")?;
        let cap = self.keeps.as_ref().ok_or("nobody knows how long the fluid keeps")?;
        let now = self.filled.saturating_add(self.left(around));
        let flow = DayTotals::of(order, around.profile.minimum_rate).with_boluses;
        let booking = Booking {
            today: around.today,
            drain: Drain { now, alarm: order.alarm_volume, flow },
            accuracy: around.profile.accuracy,
            cap,
            policy: None,
            mixture: &self.mixture,
            had_withdrawal: false,
            open: &OpenDays::WEEKDAYS,
        };
        self.by = Some(refill_by(around.formulary, &booking).map_err(|why| why.to_string())?);
        Ok(())
    }

    fn take_next_visit(&mut self, form: &mut Reader<'_>) -> Next {
        let day = form.needed("visit", "Next visit").and_then(Day::parse);
        match (day, &self.by) {
            (None, _) => {
                form.wrong("visit", "Next visit", "is not a day such as 2027-03-01; book it before the patient leaves")
            }
            (Some(day), Some(by)) if day > by.latest => {
                form.wrong("visit", "Next visit", format!("is after {}, the last safe day", by.latest));
            }
            (Some(day), _) => self.booked = Some(day),
        }
        Next::Page
    }
}

/// A discrepancy in words.
pub(crate) fn difference(told: &Discrepancy) -> String {
    let by = if told.more_left.is_zero() {
        format!("{} less than expected: too much was given, or some of it beside the patient", told.less_left)
    } else {
        format!("{} more than expected: too little was given", told.more_left)
    };
    let ratio =
        told.ratio.map_or_else(String::new, |ratio| format!(", {}.{} % of what was ordered", ratio / 10, ratio % 10));
    format!("{by}{ratio}. Measure once more; then state the clinic's code for why it is accepted")
}

/// A volume typed as such, or by weighing: the weights before and after in mg.
fn volume_or_weight(form: &mut Reader<'_>, name: &str, label: &str) -> Option<(Volume, FillCheck)> {
    let weights = [format!("{name}-before"), format!("{name}-after")];
    if weights.iter().all(|weight| form.fields.text(weight).is_empty()) {
        return form.quantity(name, label).map(|volume| (volume, FillCheck::Vials));
    }
    let [before, after] = weights.map(|weight| form.count::<u64>(&weight, &format!("{label}, weight in mg")));
    let volume = by_weight(before?, after?, 1000);
    if volume.is_none() {
        form.wrong(&format!("{name}-after"), label, "the weights do not fit: what was weighed cannot have moved so");
    }
    volume.map(|volume| (volume, FillCheck::Weight))
}

//= requirements/programmer.md#needle-in-the-reservoir
//# The programmer MUST ask for a second draw-back after the first 5 mL and for pain, swelling and resistance.
fn take_first_five(form: &mut Reader<'_>) -> Next {
    let answers =
        ["second-draw-back", "pain", "swelling", "resistance"].map(|name| form.needed(name, name).unwrap_or_default());
    match answers {
        ["expected", "no", "no", "no"] => Next::Page,
        ["nothing" | "blood", ..] => {
            Next::Stop("the second draw-back did not bring the fluid back: it may lie under the skin")
        }
        [_, "yes", ..] => Next::Stop("it hurts: the drug may lie under the skin"),
        [_, _, "yes", _] => Next::Stop("it swells: the drug may lie under the skin"),
        [_, _, _, "yes"] => Next::Stop("it resists: the needle may not be in the reservoir"),
        _ => Next::Again,
    }
}

fn take_watched(form: &mut Reader<'_>) -> Next {
    form.must_tick("watched", "Watched", "the patient must be seen at the end of the watch");
    Next::Page
}
