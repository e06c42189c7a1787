//! The quantities that publications measured, as the model has them.
//!
//! Each function does what the study did: same dose, same place, same time of sampling. Bands stand in `targets`.

use super::model::{At, Let, Model, highest};
use crate::sheet::BadInput;

/// Half width of a small hand injection of about a millilitre, cm.
const SMALL_INJECTION: f64 = 1.2;

/// V2: DTPA infused at T12 for 72 h, level at T2 over T12 (Kroin 1993).
pub fn tracer_gradient(m: &Model) -> Result<f64, BadInput> {
    let (t12, t2) = (Model::place(&m.adult, "T12")?, Model::place(&m.adult, "T2")?);
    let course = m.course(&m.adult, "dtpa", Let::Point(t12), 1.0)?;
    let level = |cm| course.infusion(4320.0, 4320.0, At::Csf(cm));
    Ok(level(t2) / level(t12))
}

/// V3, V4: lumbar level (µg/mL) one hour after morphine at L3, for a dose in µg (Nordberg 1984).
pub fn morphine_at_one_hour(m: &Model, dose: f64) -> Result<f64, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    Ok(dose * m.course(&m.adult, "morphine", Let::Spread(l3, SMALL_INJECTION), 1.0)?.bolus(60.0, At::Csf(l3)))
}

/// V5: half-life in lumbar CSF between 4 and 12 h, min.
pub fn morphine_half_life(m: &Model) -> Result<f64, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    Ok(m.course(&m.adult, "morphine", Let::Spread(l3, SMALL_INJECTION), 1.0)?.half_life(240.0, 720.0, At::Csf(l3)))
}

/// V6: lumbar over cisternal level at rest, tip at L2, sampled at L3 (Moulin 1986).
pub fn morphine_gradient(m: &Model) -> Result<f64, BadInput> {
    let (l2, l3) = (Model::place(&m.adult, "L2")?, Model::place(&m.adult, "L3")?);
    let course = m.course(&m.adult, "morphine", Let::Point(l2), 1.0)?;
    Ok(course.at_rest(At::Csf(l3)) / course.at_rest(At::Cisternal))
}

/// V7: lumbar over plasma level at rest (Moulin 1986).
pub fn morphine_over_plasma(m: &Model) -> Result<f64, BadInput> {
    let (l2, l3) = (Model::place(&m.adult, "L2")?, Model::place(&m.adult, "L3")?);
    let course = m.course(&m.adult, "morphine", Let::Point(l2), 1.0)?;
    Ok(course.at_rest(At::Csf(l3)) / course.at_rest(At::Plasma))
}

/// V8: baclofen after a lumbar bolus, lumbar half-life between 1 and 5 h (h), and whole-canal clearance (mL/h): what the
/// canal loses at rest over its mean level.
pub fn baclofen_clearance(m: &Model) -> Result<(f64, f64), BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "baclofen", Let::Spread(l3, SMALL_INJECTION), 1.0)?;
    let places = 60;
    let step = m.adult.canal.length / f64::from(places);
    let mean = (0..places).map(|n| {
        let cm = (f64::from(n) + 0.5) * step;
        (m.adult.canal.area.at(cm), course.at_rest(At::Csf(cm)))
    });
    let (area, held) = mean.fold((0.0, 0.0), |(a, h), (area, level)| (a + area, h + area * level));
    Ok((course.half_life(60.0, 300.0, At::Csf(l3)) / 60.0, 60.0 * area / held))
}

/// V9: baclofen infused at T12, lumbar (L3) over cisternal level at rest (label; Kroin 1993 had tips there).
pub fn baclofen_gradient(m: &Model) -> Result<f64, BadInput> {
    let (l3, t12) = (Model::place(&m.adult, "L3")?, Model::place(&m.adult, "T12")?);
    let course = m.course(&m.adult, "baclofen", Let::Point(t12), 1.0)?;
    Ok(course.at_rest(At::Csf(l3)) / course.at_rest(At::Cisternal))
}

/// V11: ziconotide 10 µg over 1 h at L3: highest lumbar level (ng/mL), area (ng h/mL), half-life between 3 and 12 h (h).
pub fn ziconotide_in_man(m: &Model) -> Result<[f64; 3], BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "ziconotide", Let::Point(l3), 1.0)?;
    let rate = 10.0 / 60.0;
    // Sampled by a needle one segment from the tip.
    let near = At::Csf(Model::place(&m.adult, "L4")?);
    let level = |minutes: f64| rate * course.infusion(60.0, minutes, near) * 1000.0;
    let top = highest((1..60).map(|n| (f64::from(n) * 5.0, level(f64::from(n) * 5.0)))).1;
    let half = 540.0 * std::f64::consts::LN_2 / libm::log(level(180.0) / level(720.0)) / 60.0;
    Ok([top, 10.0 * course.area(near) * 1000.0 / 60.0, half])
}

/// V12: ziconotide in the dog at 1 µg/h: lumbar level at 8 h (ng/mL) and half-life after it (h).
pub fn ziconotide_in_dog(m: &Model) -> Result<[f64; 2], BadInput> {
    let (tip, needle) = (Model::place(&m.dog, "L2")?, Model::place(&m.dog, "L4")?);
    let course = m.course(&m.dog, "ziconotide", Let::Point(tip), 1.0)?;
    let level = |minutes: f64| course.infusion(480.0, minutes, At::Csf(needle)) / 60.0 * 1000.0;
    let half = 240.0 * std::f64::consts::LN_2 / libm::log(level(540.0) / level(780.0)) / 60.0;
    Ok([level(480.0), half])
}

/// V13: 50 µg morphine and 50 µg fentanyl at L4/5, sampled at a needle above: times of their peaks, and morphine over
/// fentanyl at 36 and 103 min (Eisenach 2003). The upper needle stood at L1/2 or L2/3; L2 is between.
pub fn two_needles(m: &Model) -> Result<[f64; 4], BadInput> {
    let between = |a, b| Ok::<f64, BadInput>(0.5 * (Model::place(&m.adult, a)? + Model::place(&m.adult, b)?));
    let (low, high) = (between("L4", "L5")?, Model::place(&m.adult, "L2")?);
    let morphine = m.course(&m.adult, "morphine", Let::Spread(low, SMALL_INJECTION), 1.0)?;
    let fentanyl = m.course(&m.adult, "fentanyl", Let::Spread(low, SMALL_INJECTION), 1.0)?;
    let ratio = |t| morphine.bolus(t, At::Csf(high)) / fentanyl.bolus(t, At::Csf(high));
    let peak = |c: &super::model::Course| c.peak(At::Csf(high), 150).0;
    Ok([peak(&morphine), peak(&fentanyl), ratio(36.0), ratio(103.0)])
}

/// V14: clonidine 150 µg epidural at L3, lumbar CSF: half-life between 2 and 6 h (min), time (min) and height (ng/mL) of
/// the peak (Glynn 1992).
pub fn clonidine_epidural(m: &Model) -> Result<[f64; 3], BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "clonidine", Let::Epidural(l3, 4.0), 1.0)?;
    let (time, height) = course.peak(At::Csf(l3), 240);
    Ok([course.half_life(120.0, 360.0, At::Csf(l3)), time, 150.0 * height * 1000.0])
}

/// V17: hours until the cisterns hold a tenth of their highest level after a lumbar tracer.
pub fn tracer_in_cisterns(m: &Model) -> Result<f64, BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let course = m.course(&m.adult, "dtpa", Let::Spread(l3, SMALL_INJECTION), 1.0)?;
    let level = |n: u32| course.bolus(f64::from(n) * 5.0, At::Cisternal);
    let top = (1..576).map(level).fold(0.0, f64::max);
    Ok((1..576).find(|n| level(*n) >= 0.1 * top).map_or(48.0, |n| f64::from(n) * 5.0 / 60.0))
}

/// V20: change (%) of the lumbar peak level at one hour when the heart beats at 120 for 60, and when each stroke is
/// doubled (Hsu 2012, recalled).
pub fn pulse(m: &Model) -> Result<[f64; 2], BadInput> {
    let l3 = Model::place(&m.adult, "L3")?;
    let level = |heart_rate: f64, stroke: f64| -> Result<f64, BadInput> {
        let factor = m.adult.pulse_factor(heart_rate, stroke)?;
        Ok(m.course(&m.adult, "morphine", Let::Spread(l3, SMALL_INJECTION), factor)?.bolus(60.0, At::Csf(l3)))
    };
    let change = |new: f64, old: f64| 100.0 * (new / old - 1.0);
    Ok([change(level(120.0, 1.0)?, level(60.0, 1.0)?), change(level(60.0, 2.0)?, level(60.0, 1.0)?)])
}
