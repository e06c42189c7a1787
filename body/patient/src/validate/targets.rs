//! The open set of targets V1 to V25: what was published, its band, and what the model says.

use super::Check;
use super::model::Model;
use super::quantities as q;
use super::trials as t;
use crate::sheet::BadInput;

/// What a target judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The body.
    Body,
    /// The plant and what goes wrong with it; judged by the bench, not here.
    Plant,
}

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// V1 to V25.
    pub name: &'static str,
    /// What was measured.
    pub what: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// Whether the calibration was fitted to it.
    pub fitted: bool,
    /// What it judges.
    pub group: Group,
    /// Why it is missed, should it be.
    pub why: &'static str,
    /// What was tried against a miss.
    pub tried: &'static str,
    /// Works it out.
    pub run: fn(&Model) -> Result<Vec<Check>, BadInput>,
}

const EXACT: &str = "exact";
const NORDBERG: &str = "Nordberg 1984";
const MOULIN: &str = "Moulin 1986";
const LABEL: &str = "label, recalled";

const fn body(
    name: &'static str,
    what: &'static str,
    source: &'static str,
    fitted: bool,
    why: &'static str,
    run: fn(&Model) -> Result<Vec<Check>, BadInput>,
) -> Target {
    Target { name, what, source, fitted, group: Group::Body, why, tried: "", run }
}

const fn plant(name: &'static str, what: &'static str, source: &'static str) -> Target {
    let why = "this is a rate of the plant and its faults; the bench judges it and the body cannot";
    Target { name, what, source, fitted: false, group: Group::Plant, why, tried: "", run: |_| Ok(Vec::new()) }
}

/// All targets, in order.
pub const ALL: [Target; 25] = [
    body("V1", "mass: given = stored + eliminated, relative error", EXACT, false, "", |_| {
        Ok(vec![Check::of("relative error", t::mass_error()?, 0.0, 1e-10, "1")])
    }),
    body("V2", "tracer 72 h at T12: level at T2 over T12", "Kroin 1993", true, "", |m| {
        Ok(vec![Check::of("T2/T12", q::tracer_gradient(m)?, 0.33, 0.53, "1").published(0.43)])
    }),
    body("V3", "morphine 0.5 mg at L3: lumbar CSF at 1 h", NORDBERG, true, "", |m| {
        Ok(vec![Check::of("level", q::morphine_at_one_hour(m, 500.0)?, 6.0, 15.0, "ug/mL").published(10.4)])
    }),
    body("V4", "morphine 0.25 mg: lumbar CSF at 1 h; ratio of doses", NORDBERG, false, "", |m| {
        let (half, full) = (q::morphine_at_one_hour(m, 250.0)?, q::morphine_at_one_hour(m, 500.0)?);
        Ok(vec![
            Check::of("level", half, 2.5, 6.5, "ug/mL").published(4.2),
            Check::of("ratio", full / half, 2.0 - 1e-9, 2.0 + 1e-9, "1"),
        ])
    }),
    body("V5", "morphine: terminal half-life in lumbar CSF", "Nordberg 1984, Moulin 1986, Max 1985", true, "", |m| {
        Ok(vec![Check::of("half-life", q::morphine_half_life(m)?, 135.0, 215.0, "min").published(175.0)])
    }),
    body("V6", "morphine at L2: lumbar over cisternal", MOULIN, true, "", |m| {
        Ok(vec![Check::of("ratio", q::morphine_gradient(m)?, 4.0, 10.0, "1").published(7.0)])
    }),
    body(
        "V7",
        "morphine: CSF over plasma at rest",
        MOULIN,
        false,
        "lumbar CSF is cleared at about 0.2 mL/min (Nordberg 1984) and blood at 1.2 L/min; all drug reaches blood, so no model meets both and 1000",
        |m| Ok(vec![Check::of("ratio", q::morphine_over_plasma(m)?, 300.0, 3000.0, "1").published(1000.0)]),
    ),
    body("V8", "baclofen: half-life in CSF, clearance", "label, recalled; Sallerin-Caute", true, "", |m| {
        let (half, clearance) = q::baclofen_clearance(m)?;
        Ok(vec![
            Check::of("half-life", half, 0.9, 5.0, "h").published(1.5),
            Check::of("clearance", clearance, 13.0, 80.0, "mL/h").published(30.0),
        ])
    }),
    body("V9", "baclofen: lumbar over cisternal", LABEL, true, "", |m| {
        Ok(vec![Check::of("ratio", q::baclofen_gradient(m)?, 2.5, 8.0, "1").published(4.0)])
    }),
    body(
        "V10",
        "baclofen 50 ug: onset, peak, duration; infusion: first effect, most",
        LABEL,
        true,
        "one delay between cord and reflex sets onset, peak and the slow rise of an infusion together",
        |m| {
            let [onset, peak, lasts] = t::baclofen_bolus(m.drug("baclofen")?)?;
            let [first, most] = t::baclofen_infusion(m.drug("baclofen")?)?;
            Ok(vec![
                Check::of("onset", onset, 0.5, 1.0, "h"),
                Check::of("peak", peak, 2.5, 5.5, "h").published(4.0),
                Check::of("duration", lasts, 4.0, 8.0, "h"),
                Check::of("infusion, first effect", first, 6.0, 8.0, "h"),
                Check::of("infusion, most effect", most, 24.0, 48.0, "h"),
            ])
        },
    ),
    body("V11", "ziconotide 10 ug over 1 h: lumbar peak, area, half-life", "label table 2", true, "", |m| {
        let [top, area, half] = q::ziconotide_in_man(m)?;
        Ok(vec![
            Check::of("highest", top, 16.4, 132.0, "ng/mL"),
            Check::of("area", area, 83.6, 608.0, "ng h/mL"),
            Check::of("half-life", half, 3.7, 5.5, "h").published(4.6),
        ])
    }),
    body(
        "V12",
        "ziconotide in the dog at 1 and 5 ug/h: level at 8 h, half-life after",
        "Yaksh 2012",
        false,
        "the dog's canal is scaled from its size and its dispersion was set by hand",
        |m| {
            let [level, half] = q::ziconotide_in_dog(m)?;
            Ok(vec![
                Check::of("level at 1 ug/h", level, 240.0, 480.0, "ng/mL").published(343.0),
                Check::of("level at 5 ug/h", 5.0 * level, 970.0, 1950.0, "ng/mL").published(1380.0),
                Check::of("half-life", half, 1.75, 3.2, "h").published(2.47),
            ])
        },
    ),
    body(
        "V13",
        "morphine and fentanyl at two needles: peaks, ratios",
        "Eisenach 2003",
        true,
        "the needles' levels are not published exactly, and peaks move with the square of their distance",
        |m| {
            let [morphine, fentanyl, early, late] = q::two_needles(m)?;
            Ok(vec![
                Check::of("morphine peak", morphine, 45.0, 69.0, "min").published(57.0),
                Check::of("fentanyl peak", fentanyl, 28.0, 54.0, "min").published(41.0),
                Check::of("ratio at 36 min", early, 1.5, 2.6, "1").published(2.0),
                Check::of("ratio at 103 min", late, 3.0, 5.3, "1").published(4.0),
            ])
        },
    ),
    body("V14", "clonidine 150 ug epidural: half-life, time and height of peak", "Glynn 1992", true, "", |m| {
        let [half, time, height] = q::clonidine_epidural(m)?;
        Ok(vec![
            Check::of("half-life", half, 50.0, 85.0, "min").published(66.0),
            Check::of("time of peak", time, 45.0, 75.0, "min").published(60.0),
            Check::of("height", height, 172.0, 284.0, "ng/mL").published(228.0),
        ])
    }),
    body(
        "V15",
        "bupivacaine 20 mg: lumbar levels of a population at 5 to 45 min",
        "Ruppen 2009",
        true,
        "how a heavy injection pools is one shape with an assumed spread between people",
        |_| {
            let [low, median, high] = t::bupivacaine_population()?;
            Ok(vec![
                Check::of("5th of 100", low, 26.0, 242.0, "ug/mL"),
                Check::of("median", median, 132.0, 315.0, "ug/mL"),
                Check::of("95th of 100", high, 188.0, 781.0, "ug/mL"),
            ])
        },
    ),
    body(
        "V16",
        "pig, 8 h: most drug near the tip, slow less spread than fast",
        "Bernards 2006, Flack 2010",
        false,
        "",
        |m| {
            let [slow, fast, hourly] = t::pig_spread(m)?;
            Ok(vec![
                Check::of("20 uL/h, share within 5 cm", slow, 0.6, 1.0, "1"),
                Check::of("1 mL/h, share within 5 cm over slow", fast / slow, 0.3, 0.999, "1"),
                Check::of("hourly 1 mL, share within 5 cm over slow", hourly / slow, 0.3, 0.999, "1"),
            ])
        },
    ),
    body("V17", "first signal in basal cisterns after lumbar tracer", "radionuclide cisternography", false, "", |m| {
        Ok(vec![Check::of("first tenth of the peak", q::tracer_in_cisterns(m)?, 1.0, 3.0, "h")])
    }),
    body(
        "V18",
        "morphine 10 mg epidural and in a vein: weakest answer to CO2",
        "Camporesi",
        false,
        "one delay stands for all sites of respiratory depression",
        |_| {
            let [epidural, vein] = t::breathing_nadirs()?;
            Ok(vec![Check::of("epidural", epidural, 6.0, 10.0, "h"), Check::of("vein", vein, 0.25, 1.0, "h")])
        },
    ),
    body("V19", "remifentanil step: breathing by the equations, largest error", "Bouillon 2003", false, "", |_| {
        Ok(vec![Check::of("largest error", t::breathing_error()?, 0.0, 0.01, "1")])
    }),
    body("V20", "lumbar level at 1 h: heart 60 to 120, stroke volume doubled", "Hsu 2012, recalled", false, "", |m| {
        let [heart, stroke] = q::pulse(m)?;
        Ok(vec![
            Check::of("heart rate", heart, -35.0, -15.0, "%").published(-26.4),
            Check::of("stroke volume", stroke, -50.0, -25.0, "%").published(-38.1),
        ])
    }),
    body(
        "V21",
        "baclofen in 1000 persons: mean dose after 18 months, share rising by over 100 ug a year",
        "Heetla 2009",
        true,
        "dose follows a clinic's rule that is assumed, and tolerance's spread is a prior",
        |_| {
            let [mean, share] = t::baclofen_years()?;
            Ok(vec![
                Check::of("mean dose", mean, 280.0, 420.0, "ug/d").published(350.0),
                Check::of("share", share, 15.0, 30.0, "%").published(22.0),
            ])
        },
    ),
    plant("V22", "baclofen withdrawal: once in 20 pump-years", "register study"),
    plant("V23", "catheter complications: 49 in 1,764 patient-months", "Follett 2000"),
    plant("V24", "volume accuracy of pumps", "Wesemann 2014 and others"),
    body("V25", "prime through the catheter: blur and what comes early", "Taylor and Aris", false, "", |_| {
        let [blur, early] = t::prime()?;
        Ok(vec![
            Check::of("blur over theory", blur, 0.97, 1.03, "1"),
            Check::of("early over theory", early, 0.97, 1.03, "1"),
        ])
    }),
];
