//! A person: a body that differs from the median, pain through the day, and what they do with handset, diary and dates.
//!
//! Answers for: one person of a seeded population, the same bit for bit everywhere. Variability is log-normal with
//! correlations: who has more fluid also mixes and loses a little differently. How drug acts is left to `effects`.

use crate::draw::{Draw, Purpose, log_normal};
use crate::effects::Sensitivity;
use crate::neuraxis::{Canal, Curve, Exchange};
use crate::sheet::BadInput;
use crate::species::Species;
use crate::time::{Time, around_the_clock};
use crate::units::DAY_MIN;

/// Coefficients of variation between people. In vivo levels vary two- to six-fold at equal dose (Ruppen 2009); the
/// parts that each of these has in it is an assumption.
const CV_VOLUME: f64 = 0.30;
const CV_DISPERSION: f64 = 0.70;
const CV_LOSS: f64 = 0.40;
const CV_CRANIAL: f64 = 0.40;
const CV_CLEARANCE: f64 = 0.30;
const CV_UPTAKE: f64 = 0.40;
const CV_RELIEF: f64 = 0.60;
const CV_DEPRESSION: f64 = 0.40;
const CV_TOLERANCE: f64 = 0.80;

/// Factors of one body on the numbers of its species and drugs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors {
    /// Section of CSF.
    pub volume: f64,
    /// Dispersion.
    pub dispersion: f64,
    /// Loss from CSF.
    pub loss: f64,
    /// Clearance of the cranial side.
    pub cranial: f64,
    /// Clearance of blood.
    pub clearance: f64,
    /// Uptake into cord and epidural space.
    pub uptake: f64,
}

impl Factors {
    /// The median body.
    pub const MEDIAN: Self =
        Self { volume: 1.0, dispersion: 1.0, loss: 1.0, cranial: 1.0, clearance: 1.0, uptake: 1.0 };

    /// The canal of this body.
    pub fn canal(&self, species: &Species) -> Canal {
        let mut canal = species.canal.clone();
        let scaled =
            |curve: &Curve, by: f64| Curve { points: curve.points.iter().map(|(x, y)| (*x, y * by)).collect() };
        canal.area = scaled(&canal.area, self.volume);
        canal.dispersion = scaled(&canal.dispersion, self.dispersion);
        canal.cranial_clearance *= self.cranial;
        canal
    }

    /// What a drug does along it.
    pub fn exchange(&self, exchange: &Exchange) -> Exchange {
        Exchange {
            loss: exchange.loss * self.loss,
            cord_partition: exchange.cord_partition * self.uptake,
            epidural_in: exchange.epidural_in * self.uptake,
            ..exchange.clone()
        }
    }
}

/// Pain through the day of somebody without drug.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pain {
    /// Mean, VAS 0 to 10.
    pub mean: f64,
    /// Half the difference between the best and the worst hour.
    pub swing: f64,
    /// Worst minute of the day.
    pub worst_min: f64,
    /// Flares a day.
    pub flares: f64,
    /// Points that a flare adds at its height.
    pub flare_height: f64,
    /// Minutes that a flare lasts.
    pub flare_min: f64,
}

/// What they do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Character {
    /// Pain at which the handset is taken up.
    pub asks_above: f64,
    /// Probability of asking in ten minutes, once above.
    pub asks_share: f64,
    /// Minutes waited after a bolus before it is judged.
    pub waits_min: f64,
    /// Minutes until the next try after a refusal.
    pub retries_min: f64,
    /// Probability of a day with no diary entry.
    pub diary_missing: f64,
    /// Probability of keeping a refill date.
    pub keeps_dates: f64,
    /// Minute of the day of falling asleep and of waking.
    pub sleeps_min: (u64, u64),
}

/// A person.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Seed of the population.
    pub seed: u64,
    /// Number in it.
    pub number: u64,
    /// Kind of body.
    pub species: Species,
    /// How it differs.
    pub factors: Factors,
    /// How drugs act.
    pub sensitivity: Sensitivity,
    /// Pain without drug.
    pub pain: Pain,
    /// Spasticity without drug, Ashworth 0 to 4.
    pub spasticity: f64,
    /// What they do.
    pub character: Character,
}

/// A flare of pain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flare {
    /// Minute after midnight at which it begins; negative for one of the day before.
    pub begun_min: f64,
    /// How long it lasts.
    pub lasts_min: f64,
    /// Points at its height.
    pub peak: f64,
}

impl Flare {
    pub(crate) fn height(&self, minute: f64) -> f64 {
        let past = (minute - self.begun_min) / self.lasts_min;
        if (0.0..1.0).contains(&past) { self.peak * 4.0 * past * (1.0 - past) } else { 0.0 }
    }
}

/// What a request at the handset came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A bolus was given.
    Granted,
    /// It was refused.
    Refused,
    /// The handset could not reach the pump.
    Silence,
}

/// A diary entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Day it tells of.
    pub day: u64,
    /// Mean pain as remembered, in whole points.
    pub pain: u8,
    /// Minute of the day at which it was written.
    pub written_min: f64,
}

impl Person {
    /// The median person of a species, with pain of 7.6 before therapy (the mean of a review).
    ///
    /// # Errors
    /// There is no such species.
    pub fn median(species: &str) -> Result<Self, BadInput> {
        Ok(Self {
            seed: 0,
            number: 0,
            species: Species::named(species)?,
            factors: Factors::MEDIAN,
            sensitivity: Sensitivity::MEDIAN,
            pain: Pain { mean: 7.6, swing: 0.8, worst_min: 1080.0, flares: 1.5, flare_height: 1.5, flare_min: 45.0 },
            spasticity: 3.0,
            character: Character {
                asks_above: 4.5,
                asks_share: 0.25,
                waits_min: 45.0,
                retries_min: 40.0,
                diary_missing: 0.15,
                keeps_dates: 0.93,
                sleeps_min: (1380, 420),
            },
        })
    }

    /// One person of a population.
    ///
    /// # Errors
    /// There is no such species.
    pub fn drawn(species: &str, seed: u64, number: u64) -> Result<Self, BadInput> {
        let mut person = Self { seed, number, ..Self::median(species)? };
        let mut draw = Draw::of(seed, number, Purpose::Body, 0);
        let z: [f64; 9] = std::array::from_fn(|_| draw.normal());
        // A common part of two deviates correlates them: half of the variance between fluid and loss goes with size.
        let with = |common: f64, own: f64, rho: f64| rho * common + (1.0 - rho * rho).sqrt() * own;
        person.factors = Factors {
            volume: log_normal(CV_VOLUME, z[0]),
            dispersion: log_normal(CV_DISPERSION, with(z[0], z[1], -0.3)),
            loss: log_normal(CV_LOSS, with(z[0], z[2], -0.3)),
            cranial: log_normal(CV_CRANIAL, with(z[2], z[3], 0.4)),
            clearance: log_normal(CV_CLEARANCE, z[4]),
            uptake: log_normal(CV_UPTAKE, z[5]),
        };
        person.sensitivity = Sensitivity {
            relief: log_normal(CV_RELIEF, z[6]),
            depression: log_normal(CV_DEPRESSION, with(z[6], z[7], 0.4)),
            side_effects: log_normal(CV_DEPRESSION, with(z[6], z[8], 0.4)),
            tolerance: log_normal(CV_TOLERANCE, draw.normal()),
        };
        person.species.mass *= log_normal(0.18, draw.normal());
        person.character(Draw::of(seed, number, Purpose::Character, 0));
        Ok(person)
    }

    fn character(&mut self, mut draw: Draw) {
        self.pain.mean = (7.6 + 1.2 * draw.normal()).clamp(4.0, 9.5);
        self.pain.swing = 0.8 * log_normal(0.5, draw.normal());
        self.pain.worst_min = DAY_MIN * draw.share();
        self.pain.flares = 1.5 * log_normal(0.8, draw.normal());
        self.spasticity = (3.0 + 0.5 * draw.normal()).clamp(1.5, 4.0);
        self.character.asks_above = (4.5 + draw.normal()).clamp(2.0, 8.0);
        self.character.asks_share = 0.1 + 0.4 * draw.share();
        self.character.waits_min = 45.0 * log_normal(0.4, draw.normal());
        self.character.retries_min = 40.0 * log_normal(0.8, draw.normal());
        self.character.diary_missing = 0.4 * draw.share() * draw.share();
        self.character.keeps_dates = 1.0 - 0.25 * draw.share() * draw.share();
        let bed = 1320.0 + 120.0 * draw.share();
        // Whole ten minutes, as the effects step by them.
        let bed = (bed / 10.0) as u64 * 10;
        self.character.sleeps_min = (bed % 1440, (bed + 470) % 1440);
    }

    /// Whether they sleep at this time.
    pub fn sleeps(&self, now: Time) -> bool {
        let (from, to) = self.character.sleeps_min;
        let minute = now.minute_of_day() as u64;
        if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }

    /// Pain that would be felt without drug, VAS 0 to 10.
    pub fn pain_without(&self, now: Time) -> f64 {
        self.pain_with(now, &self.flares_around(now.day()))
    }

    /// Flares that began on a day or on the one before, which may still last.
    pub fn flares_around(&self, day: u64) -> Vec<Flare> {
        let mut all = self.flares(day);
        if let Some(before) = day.checked_sub(1) {
            all.extend(self.flares(before).into_iter().map(|f| Flare { begun_min: f.begun_min - DAY_MIN, ..f }));
        }
        all
    }

    /// As `pain_without`, with that day's flares at hand.
    pub fn pain_with(&self, now: Time, flares: &[Flare]) -> f64 {
        let flare = flares.iter().map(|flare| flare.height(now.minute_of_day())).fold(0.0, f64::max);
        (self.pain_wave(now.minute_of_day()) + flare).clamp(0.0, 10.0)
    }

    /// Pain at a minute of the day, flares apart.
    pub(crate) fn pain_wave(&self, minute_of_day: f64) -> f64 {
        let turn = 2.0 * std::f64::consts::PI * around_the_clock(minute_of_day, self.pain.worst_min) / DAY_MIN;
        self.pain.mean + self.pain.swing * libm::cos(turn)
    }

    /// Flares that begin on a day.
    fn flares(&self, day: u64) -> Vec<Flare> {
        let rate = self.pain.flares / DAY_MIN;
        let mut all = Vec::new();
        if rate <= 0.0 {
            return all;
        }
        let mut draw = Draw::of(self.seed, self.number, Purpose::Flares, day);
        let mut at = draw.wait(rate);
        while at < DAY_MIN {
            let lasts_min = self.pain.flare_min * log_normal(0.5, draw.normal());
            let peak = self.pain.flare_height * log_normal(0.4, draw.normal());
            all.push(Flare { begun_min: at, lasts_min, peak });
            at += draw.wait(rate);
        }
        all
    }

    /// The diary entry of a day from its mean pain, or none if that day was missed.
    pub fn diary(&self, day: u64, mean_pain: f64) -> Option<Entry> {
        let mut draw = Draw::of(self.seed, self.number, Purpose::Diary, day);
        if draw.happens(self.character.diary_missing) {
            return None;
        }
        let remembered = (mean_pain + 0.6 * draw.normal()).clamp(0.0, 10.0).round();
        Some(Entry { day, pain: remembered as u8, written_min: (1200.0 + 60.0 * draw.normal()).clamp(0.0, 1439.0) })
    }

    /// Days after the date at which a refill is truly done; mostly none.
    pub fn days_late(&self, appointment: u64) -> u64 {
        let mut draw = Draw::of(self.seed, self.number, Purpose::Appointments, appointment);
        if draw.happens(self.character.keeps_dates) { 0 } else { draw.wait(1.0 / 6.0).ceil().min(60.0) as u64 }
    }
}

/// Somebody with a handset in reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Asker {
    not_before: Time,
    draws: u64,
}

impl Default for Asker {
    fn default() -> Self {
        Self::new()
    }
}

impl Asker {
    /// Somebody who has not asked yet.
    pub fn new() -> Self {
        Self { not_before: Time::START, draws: 0 }
    }

    /// Whether they ask now, feeling this pain. Ask this every ten minutes.
    pub fn asks(&mut self, person: &Person, now: Time, pain: f64) -> bool {
        let wants = now >= self.not_before && pain > person.character.asks_above && !person.sleeps(now);
        if !wants {
            return false;
        }
        self.draws += 1;
        Draw::of(person.seed, person.number, Purpose::Requests, self.draws).happens(person.character.asks_share)
    }

    /// What came of it: after a grant they wait for relief, after a refusal for their patience.
    pub fn told(&mut self, person: &Person, now: Time, answer: Answer) {
        let minutes = match answer {
            Answer::Granted => person.character.waits_min,
            Answer::Refused => person.character.retries_min,
            Answer::Silence => 10.0,
        };
        let wait = Time::from_minutes(minutes).unwrap_or(Time::START);
        self.not_before = Time { ms: now.ms.saturating_add(wait.ms) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY_MS, MINUTE_MS};

    #[test]
    fn the_same_seed_and_number_is_the_same_person() {
        let one = Person::drawn("adult", 11, 42).unwrap();
        assert_eq!(one, Person::drawn("adult", 11, 42).unwrap());
        assert_ne!(one.factors, Person::drawn("adult", 11, 43).unwrap().factors);
        let pain = |at| one.pain_without(Time { ms: at }).to_bits();
        assert_eq!(pain(5 * DAY_MS + 77), pain(5 * DAY_MS + 77));
    }

    #[test]
    fn a_population_has_the_median_and_spread_it_is_meant_to_have() {
        let all: Vec<Person> = (0..2000).map(|n| Person::drawn("adult", 5, n).unwrap()).collect();
        let mut dispersion: Vec<f64> = all.iter().map(|p| p.factors.dispersion).collect();
        dispersion.sort_by(f64::total_cmp);
        assert!((dispersion[1000] - 1.0).abs() < 0.06, "{}", dispersion[1000]);
        assert!(dispersion[1900] / dispersion[100] > 5.0);
        let mean = |f: fn(&Person) -> f64| all.iter().map(f).sum::<f64>() / 2000.0;
        let (a, b) = (mean(|p| p.factors.volume.ln()), mean(|p| p.factors.loss.ln()));
        let both = mean(|p| p.factors.volume.ln() * p.factors.loss.ln()) - a * b;
        assert!(both < 0.0, "fluid and loss go against each other: {both}");
    }

    #[test]
    fn somebody_in_pain_asks_waits_after_a_bolus_and_sleeps_at_night() {
        let person = Person::median("adult").unwrap();
        let mut asker = Asker::new();
        let at = |hour: u64, minute: u64| Time { ms: (hour * 60 + minute) * MINUTE_MS };
        let asked = (0..6).find(|n| asker.asks(&person, at(9, n * 10), 7.0)).unwrap();
        let now = at(9, asked * 10);
        asker.told(&person, now, Answer::Granted);
        assert!((1..4).all(|n| !asker.asks(&person, Time { ms: now.ms + n * 10 * MINUTE_MS }, 9.0)));
        assert!((0..18).all(|n| !asker.asks(&person, at(24, n * 10), 9.0)), "asleep");
        assert!((0..60).all(|n| !asker.asks(&person, at(34, n * 5), 3.0)), "not in pain");
    }

    #[test]
    fn a_diary_misses_days_and_dates_are_mostly_kept() {
        let person = Person::median("adult").unwrap();
        let kept = (0..1000).filter(|day| person.diary(*day, 5.0).is_some()).count();
        assert!((800..900).contains(&kept), "{kept}");
        let late = (0..1000).filter(|n| person.days_late(*n) > 0).count();
        assert!((40..110).contains(&late), "{late}");
    }
}
