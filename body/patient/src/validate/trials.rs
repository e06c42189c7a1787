//! Targets that need a person, a population, a chest or a catheter.

use super::model::{At, Let, Model};
use crate::body::{Body, Site, Way};
use crate::bolus::{self, Posture};
use crate::breathing::Chest;
use crate::catheter::{Catheter, taylor_aris};
use crate::draw::{Draw, Purpose, log_normal};
use crate::drug::Drug;
use crate::person::Person;
use crate::sheet::BadInput;
use crate::species::Species;
use crate::time::{DAY_MS, MINUTE_MS, Time};

fn at_min(minutes: u64) -> Time {
    Time { ms: minutes * MINUTE_MS }
}

/// V1: the worst relative error of mass over a month with every way in, in twenty bodies.
pub fn mass_error() -> Result<f64, BadInput> {
    let mut worst = 0.0_f64;
    for number in 0..20 {
        let mut draw = Draw::of(1, number, Purpose::Body, 1);
        let mut body = Body::new(Person::drawn("adult", 1, number)?, &["morphine"], 5.0 + 50.0 * draw.share())?;
        let mut now = 0;
        for n in 0..40 {
            now += 1 + (2000.0 * draw.share()) as u64;
            let mass = 500.0 * draw.share();
            let way = match n % 4 {
                0 => Way::Tip,
                1 => Way::Spread(59.0 * draw.share(), 3.0),
                2 => Way::Epidural(59.0 * draw.share(), 3.0),
                _ => Way::Blood,
            };
            body.give_by(at_min(now), 0, way, mass)?;
            body.infuse(at_min(now), 0, Way::Tip, draw.share())?;
        }
        if let Some(sum) = body.balance(0) {
            worst = worst.max(((sum.stored + sum.eliminated) / sum.given - 1.0).abs());
        }
    }
    Ok(worst)
}

/// What an examiner notices: half a point of Ashworth.
const NOTICED: f64 = 0.5;

fn spasticity(body: &Body) -> f64 {
    body.felt().map_or(0.0, |felt| felt.spasticity)
}

/// Fall of spasticity (points) by the hour for a day after 50 µg of baclofen at L3.
pub fn baclofen_bolus_course(drug: &Drug) -> Result<Vec<(f64, f64)>, BadInput> {
    let person = Person::median("adult")?;
    let (rest, l3) = (person.spasticity, Model::place(&person.species, "L3")?);
    let mut body = Body::with(person, vec![drug.clone()], l3)?;
    body.give_by(Time::START, 0, Way::Spread(l3, 1.2), 50.0)?;
    let mut fall = Vec::new();
    for n in 1..=144 {
        body.advance(at_min(n * 10))?;
        fall.push((n as f64 / 6.0, rest - spasticity(&body)));
    }
    Ok(fall)
}

/// V10: hours to onset, to peak, and of duration after 50 µg of baclofen at L3.
pub fn baclofen_bolus(drug: &Drug) -> Result<[f64; 3], BadInput> {
    let fall = baclofen_bolus_course(drug)?;
    let peak = super::model::highest(fall.iter().copied());
    let felt: Vec<f64> = fall.iter().filter(|(_, f)| *f >= NOTICED).map(|(t, _)| *t).collect();
    let (first, last) = (felt.first().copied().unwrap_or(f64::NAN), felt.last().copied().unwrap_or(f64::NAN));
    Ok([first, peak.0, last - first])
}

/// Fall of spasticity (points) by the hour for three days from the start of 100 µg/d of baclofen at T12.
pub fn baclofen_infusion_course(drug: &Drug) -> Result<Vec<(f64, f64)>, BadInput> {
    let person = Person::median("adult")?;
    let (rest, tip) = (person.spasticity, Model::place(&person.species, "T12")?);
    let mut body = Body::with(person, vec![drug.clone()], tip)?;
    body.infuse(Time::START, 0, Way::Tip, 100.0 / 1440.0)?;
    let mut fall = Vec::new();
    for n in 1..=432 {
        body.advance(at_min(n * 10))?;
        fall.push((n as f64 / 6.0, rest - spasticity(&body)));
    }
    Ok(fall)
}

/// V10: hours until an infusion of 100 µg/d at T12 is noticed, and until its effect is within a twentieth of its most.
pub fn baclofen_infusion(drug: &Drug) -> Result<[f64; 2], BadInput> {
    let fall = baclofen_infusion_course(drug)?;
    let top = super::model::highest(fall.iter().copied()).1;
    let first = fall.iter().find(|(_, f)| *f >= NOTICED).map_or(f64::NAN, |(t, _)| *t);
    let most = fall.iter().find(|(_, f)| *f >= 0.95 * top).map_or(f64::NAN, |(t, _)| *t);
    Ok([first, most])
}

/// V15: 5th, 50th and 95th of 100 of [`bupivacaine_levels`].
pub fn bupivacaine_population() -> Result<[f64; 3], BadInput> {
    let mut levels: Vec<f64> = bupivacaine_levels()?.into_iter().map(|(_, level)| level).collect();
    levels.sort_by(f64::total_cmp);
    Ok([levels[10], levels[100], levels[190]])
}

/// Lumbar levels (µg/mL) of 200 people, each at one time from 5 to 45 min after 20 mg of heavy bupivacaine (glucose
/// 80 mg/mL) in 4 mL at L3, on the back.
pub fn bupivacaine_levels() -> Result<Vec<(f64, f64)>, BadInput> {
    let drug = Drug::named("bupivacaine")?;
    let mut levels = Vec::new();
    for number in 0..200 {
        let mut draw = Draw::of(15, number, Purpose::Boluses, 0);
        let person = Person::drawn("adult", 15, number)?;
        let canal = person.factors.canal(&person.species);
        let l3 = Model::place(&person.species, "L3")?;
        let heavy = bolus::density(&drug, 5000.0, 0.08);
        let way = match bolus::by_hand(&canal, l3, 4.0, heavy, Posture::Supine)? {
            Way::Spread(cm, width) => Way::Spread(cm, width * log_normal(0.4, draw.normal())),
            other => other,
        };
        let mut body = Body::new(person, &["bupivacaine"], l3)?;
        body.give_by(Time::START, 0, way, 20_000.0)?;
        body.advance(at_min(5 + (40.0 * draw.share()) as u64))?;
        levels.push((body.now().minutes(), body.level(0, Site::Csf(l3))?));
    }
    Ok(levels)
}

/// V16: share of what is stored after 8 h that lies within 5 cm of the tip: 20 µL/h, 1 mL/h, and 1 mL each hour.
pub fn pig_spread(m: &Model) -> Result<[f64; 3], BadInput> {
    let tip = 25.0;
    let canal = &m.pig.canal;
    let near = At::Held(tip - 5.0, tip + 5.0);
    let whole = At::Held(0.0, canal.length);
    let share =
        |course: &super::model::Course| course.infusion(480.0, 480.0, near) / course.infusion(480.0, 480.0, whole);
    let slow = share(&m.course(&m.pig, "baclofen", Let::Point(tip), 1.0)?);
    // A millilitre pushes fluid aside, in an hour by its mean half, in a bolus by its whole.
    let width = |volume: f64| match bolus::by_hand(canal, tip, volume, 1.00045, Posture::Lateral) {
        Ok(Way::Spread(_, width)) => Ok(width),
        Ok(_) => Ok(1.0),
        Err(refusal) => Err(refusal),
    };
    let fast = share(&m.course(&m.pig, "baclofen", Let::Spread(tip, width(0.5)?), 1.0)?);
    let hourly = share(&m.course(&m.pig, "baclofen", Let::Spread(tip, width(1.0)?), 1.0)?);
    Ok([slow, fast, hourly])
}

/// V18: hours to the weakest answer to CO2 after 10 mg of morphine, epidural at L3 and in a vein.
pub fn breathing_nadirs() -> Result<[f64; 2], BadInput> {
    let deepest =
        |is_epidural| Ok::<f64, BadInput>(super::model::highest(depression_course(is_epidural)?.into_iter()).0);
    Ok([deepest(true)?, deepest(false)?])
}

/// How much the answer to CO2 is depressed (0 to 1) by the hour, for a day after 10 mg of morphine: epidural at L3, or in
/// a vein.
pub fn depression_course(is_epidural: bool) -> Result<Vec<(f64, f64)>, BadInput> {
    let person = Person::median("adult")?;
    let l3 = Model::place(&person.species, "L3")?;
    let mut body = Body::new(person, &["morphine"], l3)?;
    let way = if is_epidural { Way::Epidural(l3, 4.0) } else { Way::Blood };
    body.give_by(Time::START, 0, way, 10_000.0)?;
    let step = if is_epidural { 10 } else { 1 };
    let mut course = Vec::new();
    for n in 1..=(1440 / step) {
        body.advance(at_min(n * step))?;
        let depression = body.effects().map_or(0.0, |effects| effects.depression());
        course.push(((n * step) as f64 / 60.0, depression));
    }
    Ok(course)
}

/// V19: largest error of a chest stepped by minutes against the equations in steps of a millisecond, over half an hour
/// after a step to 1.5 times the level of half depression, as a share of breath at rest.
pub fn breathing_error() -> Result<f64, BadInput> {
    let Some(c) = Species::named("adult")?.breathing else {
        return Err(BadInput::of_call("breathing", "nothing", "an adult who breathes"));
    };
    let mut chest = Chest::new(c);
    let left = 1.0 - chest.depression(1.5);
    let (mut pa, mut pe) = (c.rest_co2, c.rest_co2);
    let (mut worst, dt) = (0.0_f64, 1e-3);
    for _ in 0..30 {
        for _ in 0..1000 {
            let share = left * libm::pow(pe / c.rest_co2, c.feedback);
            pe += dt * c.equilibration * (pa - pe);
            pa += dt * c.elimination * (c.rest_co2 - share * pa);
        }
        let exact = left * libm::pow(pe / c.rest_co2, c.feedback);
        (0..4).for_each(|_| chest.step(0.25, 1.5));
        worst = worst.max((chest.share - exact).abs());
    }
    Ok(worst)
}

/// V21: mean dose of 1000 persons after 18 months (µg/d) and share (%) whose dose rose by more than 100 µg in a year
/// after that.
pub fn baclofen_years() -> Result<[f64; 2], BadInput> {
    let months = baclofen_doses()?;
    let (then, later) = (&months[MONTHS_TO_REST], &months[MONTHS_TO_REST + 12]);
    let people = then.len().max(1) as f64;
    let rising = then.iter().zip(later).filter(|(a, b)| *b - *a > 100.0).count() as f64;
    Ok([then.iter().sum::<f64>() / people, 100.0 * rising / people])
}

/// Months after which the dose of the cohort was said to rest.
const MONTHS_TO_REST: usize = 18;

/// Doses (µg/d) of 1000 persons, month by month for two and a half years. Each month (each week of the first two) the
/// clinic raises the dose by a tenth when Ashworth is above 1.5, by the whole-body model at rest.
pub fn baclofen_doses() -> Result<Vec<Vec<f64>>, BadInput> {
    let drugs = [Drug::named("baclofen")?];
    let mut months = vec![Vec::new(); MONTHS_TO_REST + 13];
    for number in 0..1000 {
        let person = Person::drawn("adult", 21, number)?;
        let tip = Model::place(&person.species, "T10")?;
        let rest = person.spasticity;
        let Some(breathing) = person.species.breathing else { continue };
        let per_dose = {
            let mut body = Body::new(person.clone(), &["baclofen"], tip)?;
            body.infuse(Time::START, 0, Way::Tip, 1.0 / 1440.0)?;
            body.advance(Time { ms: 3 * DAY_MS })?;
            body.level(0, Site::Target)?
        };
        let mut effects = crate::effects::Effects::new(&drugs, breathing, person.sensitivity, rest);
        let mut dose = 50.0_f64;
        for (month, doses) in months.iter_mut().enumerate() {
            doses.push(dose);
            for day in month * 365 / 12..(month + 1) * 365 / 12 {
                let level = crate::effects::Levels { cord: dose * per_dose, ..Default::default() };
                (0..4).for_each(|_| effects.step(360.0, &[level]));
                let interval = if day < 60 { 7 } else { 30 };
                if day % interval == interval - 1 && effects.felt(0.0).spasticity > 1.5 {
                    dose = (dose * 1.1).min(2000.0);
                }
            }
        }
    }
    Ok(months)
}

/// V25: blur of the front and mass out before the nominal end of a prime at 24 mL/d through 80 cm, over the closed forms.
pub fn prime() -> Result<[f64; 2], BadInput> {
    let (volume, flow, level) = (0.176, 24.0 / 1440.0, 20_000.0);
    let mut tube = Catheter::filled(volume, 0.0)?;
    tube.enters(level)?;
    let steps = 500;
    let mut early = 0.0;
    for _ in 0..steps {
        early += tube.moves(volume / f64::from(steps), volume / flow / f64::from(steps))?;
    }
    // The front's middle is at the tip: the slope of the level there is rise over blur and root of two pi.
    let blur = 0.0022 * (2.0 * taylor_aris(flow) * volume / flow).sqrt();
    let nominal = level * blur / (2.0 * std::f64::consts::PI).sqrt();
    let before = tube.tip_level();
    let dv = 1e-3 * volume;
    tube.moves(dv, dv / flow)?;
    let slope = (tube.tip_level() - before) / dv;
    let found = level / (slope * (2.0 * std::f64::consts::PI).sqrt());
    Ok([found / blur, early / nominal])
}
