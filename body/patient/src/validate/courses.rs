//! Targets as curves: ours against the published points and bands.

use super::model::{At, Course, Let, Model};
use super::trials;
use crate::drug::Drug;
use crate::picture::chart::{ANY, Band, Chart, Line};
use crate::sheet::BadInput;

/// Half width of a small hand injection, cm, as in `quantities`.
const SMALL: f64 = 1.2;

fn line(name: &str, points: impl Iterator<Item = (f64, f64)>) -> Line {
    Line { name: name.into(), points: points.collect() }
}

/// Even steps from nothing to `until`.
fn steps(until: f64) -> impl Iterator<Item = f64> + Clone {
    (1..=96).map(move |n| f64::from(n) / 96.0 * until)
}

/// Level after a bolus of a mass (µg) over hours, times a unit.
fn after_bolus<'c>(course: &'c Course, mass: f64, hours: f64, at: At) -> impl Iterator<Item = (f64, f64)> + 'c {
    steps(hours).map(move |h| (h, mass * course.bolus(60.0 * h, at)))
}

/// The chart of a target; none where its numbers say all.
///
/// # Errors
/// A drug has no calibration.
pub fn chart(name: &str, m: &Model) -> Result<Option<Chart>, BadInput> {
    Ok(Some(match name {
        "V2" => tracer(m)?,
        "V3" => morphine(m, 500.0, (6.0, 15.0), 10.4)?,
        "V4" => morphine(m, 250.0, (2.5, 6.5), 4.2)?,
        "V6" => along(m, "morphine", "L2", (4.0, 10.0), 7.0)?,
        "V9" => along(m, "baclofen", "T12", (2.5, 8.0), 4.0)?,
        "V10" => baclofen(m.drug("baclofen")?)?,
        "V11" => ziconotide(m)?,
        "V12" => dog(m)?,
        "V13" => needles(m)?,
        "V14" => clonidine(m)?,
        "V15" => bupivacaine()?,
        "V17" => cisterns(m)?,
        "V18" => breathing()?,
        "V20" => pulse(m)?,
        "V21" => doses()?,
        _ => return Ok(None),
    }))
}

fn tracer(m: &Model) -> Result<Chart, BadInput> {
    let (t12, t2) = (Model::place(&m.adult, "T12")?, Model::place(&m.adult, "T2")?);
    let course = m.course(&m.adult, "dtpa", Let::Point(t12), 1.0)?;
    let level = |cm: f64| course.infusion(4320.0, 4320.0, At::Csf(cm)) / course.infusion(4320.0, 4320.0, At::Csf(t12));
    Ok(Chart {
        across: "cm from the sac's end, after 72 h".into(),
        up: "level over that at T12".into(),
        lines: vec![line("ours", steps(59.0).map(|cm| (cm, level(cm))))],
        bands: vec![Band { x: (t2 - 0.6, t2 + 0.6), y: (0.33, 0.53) }],
        dots: vec![(t12, 1.0, "Kroin 1993, T12".into()), (t2, 0.43, "Kroin 1993, T2".into())],
        ..Chart::default()
    })
}

fn morphine(m: &Model, dose: f64, band: (f64, f64), published: f64) -> Result<Chart, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "morphine", Let::Spread(l3, SMALL), 1.0)?;
    Ok(Chart {
        across: "h after the bolus".into(),
        up: "lumbar CSF, mcg/mL".into(),
        is_log: true,
        lines: vec![line("ours", after_bolus(&course, dose, 12.0, At::Csf(l3)))],
        bands: vec![Band { x: (0.9, 1.1), y: band }],
        dots: vec![(1.0, published, "Nordberg 1984".into())],
        ..Chart::default()
    })
}

fn along(m: &Model, drug: &str, tip: &str, band: (f64, f64), published: f64) -> Result<Chart, BadInput> {
    let (l3, tip) = (Model::place(&m.adult, "L3")?, Model::place(&m.adult, tip)?);
    let course = m.course(&m.adult, drug, Let::Point(tip), 1.0)?;
    let lumbar = course.at_rest(At::Csf(l3));
    let length = m.adult.canal.length;
    Ok(Chart {
        across: "cm from the sac's end, at rest; the band is cisternal".into(),
        up: "level over that at L3".into(),
        is_log: true,
        lines: vec![line("ours", steps(length - 0.5).map(|cm| (cm, course.at_rest(At::Csf(cm)) / lumbar)))],
        bands: vec![Band { x: (length - 1.5, length), y: (1.0 / band.1, 1.0 / band.0) }],
        dots: vec![(length, 1.0 / published, "published, cisternal".into()), (l3, 1.0, "published, lumbar".into())],
        ..Chart::default()
    })
}

fn baclofen(drug: &Drug) -> Result<Chart, BadInput> {
    let (bolus, infusion) = (trials::baclofen_bolus_course(drug)?, trials::baclofen_infusion_course(drug)?);
    Ok(Chart {
        across: "h; bands: onset and peak of a bolus, first and most effect of an infusion".into(),
        up: "fall of Ashworth, points".into(),
        lines: vec![line("50 mcg at once", bolus.into_iter()), line("100 mcg/d", infusion.into_iter().step_by(3))],
        bands: [(0.5, 1.0), (2.5, 5.5), (6.0, 8.0), (24.0, 48.0)].map(|x| Band { x, y: ANY }).to_vec(),
        ..Chart::default()
    })
}

fn ziconotide(m: &Model) -> Result<Chart, BadInput> {
    let (l3, near) = (Model::place(&m.adult, "L3")?, At::Csf(Model::place(&m.adult, "L4")?));
    let course = m.course(&m.adult, "ziconotide", Let::Point(l3), 1.0)?;
    let level = |h: f64| 10.0 / 60.0 * course.infusion(60.0, 60.0 * h, near) * 1000.0;
    Ok(Chart {
        across: "h from the start of 10 mcg over 1 h".into(),
        up: "lumbar CSF, ng/mL; band: highest level, label".into(),
        is_log: true,
        lines: vec![line("ours", steps(24.0).map(|h| (h, level(h))))],
        bands: vec![Band { x: (0.5, 2.0), y: (16.4, 132.0) }],
        ..Chart::default()
    })
}

fn dog(m: &Model) -> Result<Chart, BadInput> {
    let (tip, needle) = (Model::place(&m.dog, "L2")?, At::Csf(Model::place(&m.dog, "L4")?));
    let course = m.course(&m.dog, "ziconotide", Let::Point(tip), 1.0)?;
    let level = |rate: f64| {
        let course = &course;
        steps(16.0).map(move |h| (h, rate * course.infusion(480.0, 60.0 * h, needle) / 60.0 * 1000.0))
    };
    Ok(Chart {
        across: "h from the start of 8 h of infusion".into(),
        up: "lumbar CSF, ng/mL".into(),
        is_log: true,
        lines: vec![line("1 mcg/h", level(1.0)), line("5 mcg/h", level(5.0))],
        bands: vec![Band { x: (7.7, 8.3), y: (240.0, 480.0) }, Band { x: (7.7, 8.3), y: (970.0, 1950.0) }],
        dots: vec![(8.0, 343.0, "Yaksh 2012".into()), (8.0, 1380.0, "Yaksh 2012".into())],
        ..Chart::default()
    })
}

fn needles(m: &Model) -> Result<Chart, BadInput> {
    let low = 0.5 * (Model::place(&m.adult, "L4")? + Model::place(&m.adult, "L5")?);
    let high = At::Csf(Model::place(&m.adult, "L2")?);
    let of = |drug: &str| m.course(&m.adult, drug, Let::Spread(low, SMALL), 1.0);
    let (morphine, fentanyl) = (of("morphine")?, of("fentanyl")?);
    let course = |c: &Course| {
        let c = c.clone();
        steps(150.0).map(move |min| (min, 50.0 * c.bolus(min, high)))
    };
    Ok(Chart {
        across: "min; bands: peaks at the upper needle, Eisenach 2003".into(),
        up: "CSF at L2, mcg/mL".into(),
        lines: vec![line("morphine", course(&morphine)), line("fentanyl", course(&fentanyl))],
        bands: vec![Band { x: (45.0, 69.0), y: ANY }, Band { x: (28.0, 54.0), y: ANY }],
        ..Chart::default()
    })
}

fn clonidine(m: &Model) -> Result<Chart, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "clonidine", Let::Epidural(l3, 4.0), 1.0)?;
    Ok(Chart {
        across: "h after 150 mcg epidural".into(),
        up: "lumbar CSF, ng/mL".into(),
        lines: vec![line("ours", after_bolus(&course, 150_000.0, 6.0, At::Csf(l3)))],
        bands: vec![Band { x: (0.75, 1.25), y: (172.0, 284.0) }],
        dots: vec![(1.0, 228.0, "Glynn 1992".into())],
        ..Chart::default()
    })
}

fn bupivacaine() -> Result<Chart, BadInput> {
    Ok(Chart {
        across: "min after 20 mg; 200 people; band: lowest to highest of Ruppen 2009".into(),
        up: "lumbar CSF, mcg/mL".into(),
        is_log: true,
        bands: vec![Band { x: (5.0, 45.0), y: (26.0, 781.0) }],
        crowd: trials::bupivacaine_levels()?,
        ..Chart::default()
    })
}

fn cisterns(m: &Model) -> Result<Chart, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "dtpa", Let::Spread(l3, SMALL), 1.0)?;
    Ok(Chart {
        across: "h after a lumbar tracer; band: first seen".into(),
        up: "cisternal level of a unit, 1/mL".into(),
        lines: vec![line("ours", after_bolus(&course, 1.0, 24.0, At::Cisternal))],
        bands: vec![Band { x: (1.0, 3.0), y: ANY }],
        ..Chart::default()
    })
}

fn breathing() -> Result<Chart, BadInput> {
    let (epidural, vein) = (trials::depression_course(true)?, trials::depression_course(false)?);
    Ok(Chart {
        across: "h after 10 mg of morphine; bands: deepest, epidural and vein".into(),
        up: "depression of the answer to CO2, 0 to 1".into(),
        lines: vec![line("epidural", epidural.into_iter()), line("vein", vein.into_iter().step_by(6))],
        bands: vec![Band { x: (6.0, 10.0), y: ANY }, Band { x: (0.25, 1.0), y: ANY }],
        ..Chart::default()
    })
}

fn pulse(m: &Model) -> Result<Chart, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let mut lines = Vec::new();
    for (name, heart_rate, stroke) in
        [("heart 60", 60.0, 1.0), ("heart 120", 120.0, 1.0), ("60, stroke doubled", 60.0, 2.0)]
    {
        let factor = m.adult.pulse_factor(heart_rate, stroke)?;
        let course = m.course(&m.adult, "morphine", Let::Spread(l3, SMALL), factor)?;
        lines.push(line(name, after_bolus(&course, 500.0, 4.0, At::Csf(l3))));
    }
    Ok(Chart {
        across: "h after 0.5 mg of morphine".into(),
        up: "lumbar CSF, mcg/mL".into(),
        is_log: true,
        lines,
        ..Chart::default()
    })
}

fn doses() -> Result<Chart, BadInput> {
    let mut months = trials::baclofen_doses()?;
    months.iter_mut().for_each(|doses| doses.sort_by(f64::total_cmp));
    let at = |share: f64| {
        let read = move |doses: &Vec<f64>| doses[(share * (doses.len() - 1) as f64) as usize];
        months.iter().map(read).enumerate().map(|(month, dose)| (month as f64, dose)).collect::<Vec<_>>()
    };
    let mean = months.iter().map(|doses| doses.iter().sum::<f64>() / doses.len() as f64);
    Ok(Chart {
        across: "months; band: after 18 months, Heetla 2009".into(),
        up: "baclofen, mcg/d".into(),
        lines: vec![
            line("mean of 1000", mean.enumerate().map(|(month, dose)| (month as f64, dose))),
            line("5th of 100", at(0.05).into_iter()),
            line("95th of 100", at(0.95).into_iter()),
        ],
        bands: vec![Band { x: (17.6, 18.4), y: (280.0, 420.0) }],
        dots: vec![(18.0, 350.0, "Heetla 2009".into())],
        ..Chart::default()
    })
}
