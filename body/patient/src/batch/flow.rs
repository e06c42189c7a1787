//! One release of one person, from grid point to grid point by blocks of eight times.
//!
//! Between two events all modes fall by themselves towards where the input holds them: `z(t) = z0 + exp(rate t) w`. So the
//! levels of eight times at all sites are one product of a matrix of readings with a matrix of fallen modes, and modes that
//! are gone within one step need not be looked at.

use super::lanes::LANES;
use crate::modes::{Reading, Release, State};
use crate::time::MINUTE_MS;

/// A mode that has fallen by this many powers of e within a step is gone: 10⁻¹⁶.
const GONE: f64 = 37.0;
/// Rows of readings that are worked out together: as many sums as a processor holds in registers.
const ROWS: usize = 4;
/// Powers kept for as many lengths of step and regimes; most courses have two of each.
const KEPT: usize = 16;

/// Falls of all modes over one to eight steps of some length.
#[derive(Debug, Clone)]
struct Powers {
    ms: u64,
    regime: usize,
    /// Modes that are not gone after one step: the first ones.
    active: usize,
    of: Vec<[f64; LANES]>,
}

/// Modes of one regime, slowest first.
#[derive(Debug, Clone)]
struct Sorted {
    /// Place of each among the release's own.
    order: Vec<usize>,
    rate: Vec<f64>,
    /// Where a unit of input a minute holds each.
    held: Vec<f64>,
    gain: Vec<f64>,
    /// Readings by rows, `ROWS` of them mode by mode side by side.
    readings: Vec<Vec<[f64; ROWS]>>,
    /// What each row reads where a unit of input holds it.
    base: Vec<f64>,
}

/// A release on its way.
#[derive(Debug, Clone)]
pub struct Flow {
    release: Release,
    sorted: Vec<Sorted>,
    powers: Vec<Powers>,
    rows: usize,
    regime: usize,
    /// Modes now, slowest first in this regime.
    now: Vec<f64>,
    rate: f64,
    fallen: Vec<[f64; LANES]>,
}

impl Flow {
    /// Nothing given yet; `readings` has, for each row, one reading for each regime.
    pub fn new(release: Release, readings: &[Vec<Reading>], regime: usize) -> Self {
        let sorted: Vec<Sorted> = (0..release.regimes()).map(|regime| Sorted::of(&release, regime, readings)).collect();
        let modes = release.modes();
        let regime = regime.min(sorted.len() - 1);
        let (now, fallen) = (vec![0.0; modes], vec![[0.0; LANES]; modes]);
        Self { release, sorted, powers: Vec::new(), rows: readings.len(), regime, now, rate: 0.0, fallen }
    }

    /// Gives a mass at once.
    pub fn give(&mut self, mass: f64) {
        let gain = &self.sorted[self.regime].gain;
        self.now.iter_mut().zip(gain).for_each(|(z, g)| *z += g * mass);
    }

    /// From now on this rate.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Turns into another regime.
    pub fn turn_to(&mut self, regime: usize) {
        let regime = regime.min(self.sorted.len() - 1);
        if regime == self.regime {
            return;
        }
        let mut state: State = self.release.empty();
        state.regime = self.regime;
        for (place, z) in self.sorted[self.regime].order.iter().zip(&self.now) {
            state.now[*place] = *z;
        }
        self.release.turn_to(&mut state, regime);
        for (z, place) in self.now.iter_mut().zip(&self.sorted[regime].order) {
            *z = state.now[*place];
        }
        self.regime = regime;
    }

    fn powers(&mut self, ms: u64) -> usize {
        let found = self.powers.iter().position(|p| p.ms == ms && p.regime == self.regime);
        if let Some(at) = found {
            return at;
        }
        if self.powers.len() >= KEPT {
            // Odd lengths come from what is given off the grid; the lengths of the grid were asked for first and stay.
            self.powers.truncate(KEPT / 2);
        }
        let minutes = ms as f64 / MINUTE_MS as f64;
        let rates = &self.sorted[self.regime].rate;
        let active = rates.iter().filter(|rate| -*rate * minutes < GONE).count();
        let fall = |rate: f64| std::array::from_fn(|n| libm::exp(rate * minutes * (n as f64 + 1.0)));
        let of = rates.iter().take(active).map(|rate| fall(*rate)).collect();
        self.powers.push(Powers { ms, regime: self.regime, active, of });
        self.powers.len() - 1
    }

    /// Passes `count` steps and adds the level of each row at the end of each to `into`, row by row `stride` apart, from
    /// place `from` on. Rows may be none: then time passes only.
    pub fn pass(&mut self, ms: u64, count: usize, into: &mut [f64], stride: usize, from: usize) {
        let powers = self.powers(ms);
        pulp::Arch::new().dispatch(Passing { flow: self, powers, count, into, stride, from });
    }

    #[inline(always)]
    fn fall(&mut self, powers: usize, count: usize, into: &mut [f64], stride: usize, from: usize) {
        let Self { sorted, powers: kept, now, fallen, rate, regime, rows, .. } = self;
        let (sorted, powers) = (&sorted[*regime], &kept[powers]);
        let active = powers.active;
        for (z, held) in now.iter_mut().zip(&sorted.held) {
            *z -= held * *rate;
        }
        now[active..].iter_mut().for_each(|z| *z = 0.0);
        let mut done = 0;
        while done < count {
            let part = (count - done).min(LANES);
            for ((fallen, z), power) in fallen.iter_mut().zip(now.iter_mut()).zip(&powers.of) {
                for (f, p) in fallen.iter_mut().zip(power) {
                    *f = *z * p;
                }
                *z = fallen[part - 1];
            }
            if !into.is_empty() {
                for (group, readings) in sorted.readings.iter().enumerate() {
                    let sums = product(&readings[..active], &fallen[..active]);
                    for (n, sum) in sums.iter().enumerate().take(*rows - (group * ROWS).min(*rows)) {
                        let row = group * ROWS + n;
                        let place = row * stride + from + done;
                        let base = sorted.base[row] * *rate;
                        for (level, value) in into[place..place + part].iter_mut().zip(sum) {
                            *level += base + value;
                        }
                    }
                }
            }
            done += part;
        }
        for (z, held) in now.iter_mut().zip(&sorted.held) {
            *z += held * *rate;
        }
    }
}

/// A passing that is compiled for each kind of vectors.
struct Passing<'f> {
    flow: &'f mut Flow,
    powers: usize,
    count: usize,
    into: &'f mut [f64],
    stride: usize,
    from: usize,
}

impl pulp::WithSimd for Passing<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.flow.fall(self.powers, self.count, self.into, self.stride, self.from);
    }
}

/// Some rows of readings times eight times of modes.
#[inline(always)]
fn product(readings: &[[f64; ROWS]], fallen: &[[f64; LANES]]) -> [[f64; LANES]; ROWS] {
    let mut sums = [[0.0; LANES]; ROWS];
    for (reading, fallen) in readings.iter().zip(fallen) {
        for (sum, r) in sums.iter_mut().zip(reading) {
            for (s, f) in sum.iter_mut().zip(fallen) {
                *s += r * f;
            }
        }
    }
    sums
}

impl Sorted {
    fn of(release: &Release, regime: usize, readings: &[Vec<Reading>]) -> Self {
        let own = release.regime(regime);
        let mut order: Vec<usize> = (0..own.rate.len()).collect();
        order.sort_by(|a, b| own.rate[*b].total_cmp(&own.rate[*a]));
        let take = |from: &[f64]| -> Vec<f64> { order.iter().map(|place| from[*place]).collect() };
        let (rate, gain) = (take(&own.rate), take(&own.gain));
        let held: Vec<f64> = gain.iter().zip(&rate).map(|(g, r)| -g / r).collect();
        let rows: Vec<Vec<f64>> = readings.iter().map(|of| take(&of[regime.min(of.len() - 1)])).collect();
        let base = rows.iter().map(|row| row.iter().zip(&held).map(|(c, h)| c * h).sum()).collect();
        let groups = rows.chunks(ROWS).map(|group| {
            let of_mode = |mode: usize| std::array::from_fn(|n| group.get(n).map_or(0.0, |row| row[mode]));
            (0..rate.len()).map(of_mode).collect()
        });
        Self { readings: groups.collect(), order, rate, held, gain, base }
    }
}
