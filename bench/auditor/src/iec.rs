//! Trumpet curve and bolus accuracy, as IEC 60601-2-24 defines them, from the times and volumes of strokes.
//!
//! Answers for the arithmetic. Leaves it to the caller to choose the analysis period: the standard's are the second hour
//! (sample 0.5 min; windows 2, 5, 11, 19, 31 min) and, for ambulatory pumps, what follows 24 h of stabilisation (sample
//! 15 min; windows 15, 60, 150, 330, 570, 930 min).
//!
//! Terms. *Window*: an observation interval of P; the curve's x axis is the length of the window, not elapsed time.
//! *E_p(max)*, *E_p(min)*: the largest and least mean error of any window of that length, percent of the set rate.

/// One point of the trumpet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrumpetPoint {
    /// Length of the window P, ms.
    pub window_ms: u64,
    /// E_p(max), percent.
    pub max_percent: f64,
    /// E_p(min), percent.
    pub min_percent: f64,
}

/// The curve and the overall mean error A.
#[derive(Debug, Clone, PartialEq)]
pub struct Trumpet {
    /// A point for each window that fits into the analysis period.
    pub points: Vec<TrumpetPoint>,
    /// Overall mean error A, percent.
    pub mean_percent: f64,
}

/// What is analysed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Analysis {
    /// Begin of the analysis period, ms.
    pub from_ms: u64,
    /// Length of the analysis period T_x, ms.
    pub length_ms: u64,
    /// Sample interval S, ms.
    pub sample_ms: u64,
    /// Set rate r, nL/day.
    pub rate_nl_per_day: f64,
}

/// Computes the trumpet from strokes `(time in ms, volume in nL)` in order of time.
///
/// Each window is a whole number of samples; one that is not, or does not fit, has no point.
/// `None` if the set rate, the sample or the period is zero.
pub fn trumpet(strokes: &[(u64, f64)], analysis: Analysis, windows_ms: &[u64]) -> Option<Trumpet> {
    let Analysis { from_ms, length_ms, sample_ms, rate_nl_per_day } = analysis;
    let samples = length_ms.checked_div(sample_ms)? as usize;
    if samples == 0 || rate_nl_per_day <= 0.0 {
        return None;
    }
    let set_per_sample = rate_nl_per_day * sample_ms as f64 / crate::DAY_MS as f64;
    let per_sample = volume_per_sample(strokes, from_ms, sample_ms, samples);
    // Error summed up to each sample: a window's error is a difference of two of them.
    let mut summed = Vec::with_capacity(samples + 1);
    summed.push(0.0);
    for volume in &per_sample {
        summed.push(summed[summed.len() - 1] + 100.0 * (volume - set_per_sample) / set_per_sample);
    }
    let mut points = Vec::new();
    for &window_ms in windows_ms {
        let n = (window_ms / sample_ms) as usize;
        if n == 0 || n > samples || window_ms % sample_ms != 0 {
            continue;
        }
        let errors = summed.iter().zip(&summed[n..]).map(|(a, b)| (b - a) / n as f64);
        let (min_percent, max_percent) =
            errors.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), e| (lo.min(e), hi.max(e)));
        points.push(TrumpetPoint { window_ms, max_percent, min_percent });
    }
    Some(Trumpet { points, mean_percent: summed[samples] / samples as f64 })
}

/// Volume in each sample `(begin, begin + S]`.
fn volume_per_sample(strokes: &[(u64, f64)], from_ms: u64, sample_ms: u64, samples: usize) -> Vec<f64> {
    let mut per_sample = vec![0.0; samples];
    for &(at, volume) in strokes {
        let Some(since) = at.checked_sub(from_ms).filter(|s| *s > 0) else { continue };
        if let Some(slot) = per_sample.get_mut(((since - 1) / sample_ms) as usize) {
            *slot += volume;
        }
    }
    per_sample
}

/// Boluses of one setting, weighed one by one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BolusAccuracy {
    /// How many were weighed; the standard asks for 25.
    pub count: usize,
    /// Mean error, percent of the ordered volume.
    pub mean_percent: f64,
    /// Largest error, percent.
    pub max_percent: f64,
    /// Least error, percent.
    pub min_percent: f64,
    /// Share within 15 percent of the ordered volume, percent.
    pub within_15_percent: f64,
}

/// Accuracy of successive boluses: delivered volumes against the ordered one, nL. `None` without any.
pub fn bolus_accuracy(delivered_nl: &[f64], ordered_nl: f64) -> Option<BolusAccuracy> {
    if delivered_nl.is_empty() || ordered_nl <= 0.0 {
        return None;
    }
    let errors: Vec<f64> = delivered_nl.iter().map(|v| 100.0 * (v - ordered_nl) / ordered_nl).collect();
    let count = errors.len();
    Some(BolusAccuracy {
        count,
        mean_percent: errors.iter().sum::<f64>() / count as f64,
        max_percent: errors.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        min_percent: errors.iter().copied().fold(f64::INFINITY, f64::min),
        within_15_percent: 100.0 * errors.iter().filter(|e| e.abs() <= 15.0).count() as f64 / count as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 60_000;

    #[test]
    fn four_samples_worked_by_hand() {
        // Set 1,440 nL/day = 1 nL/min. Samples of 1 min hold 2, 0, 1, 1 nL: errors +100, -100, 0, 0 percent.
        let strokes = [(30_000, 2.0), (130_000, 1.0), (240_000, 1.0)];
        let analysis = Analysis { from_ms: 0, length_ms: 4 * MIN, sample_ms: MIN, rate_nl_per_day: 1_440.0 };
        let got = trumpet(&strokes, analysis, &[MIN, 2 * MIN, 3 * MIN, 4 * MIN]).unwrap();

        // P = 1: +100/-100. P = 2: means 0, -50, 0. P = 3: 0, -33.3. P = 4: 0.
        let expected = [(100.0, -100.0), (0.0, -50.0), (0.0, -100.0 / 3.0), (0.0, 0.0)];
        for (point, (max, min)) in got.points.iter().zip(expected) {
            assert!((point.max_percent - max).abs() < 1e-9 && (point.min_percent - min).abs() < 1e-9, "{point:?}");
        }
        assert_eq!(got.points.len(), 4);
        assert!(got.mean_percent.abs() < 1e-9);
    }

    #[test]
    fn the_period_before_the_analysis_does_not_count() {
        // 24 h of stabilisation with nothing at all, then exactly the set rate, one stroke every 15 minutes.
        let day = 24 * 60 * MIN;
        let strokes: Vec<_> = (1..=96).map(|i| (day + i * 15 * MIN, 15.0)).collect();
        let analysis = Analysis { from_ms: day, length_ms: day, sample_ms: 15 * MIN, rate_nl_per_day: 1_440.0 };
        let got = trumpet(&strokes, analysis, &[15 * MIN, 60 * MIN, 930 * MIN]).unwrap();
        assert!(got.points.iter().all(|p| p.max_percent.abs() < 1e-9 && p.min_percent.abs() < 1e-9));
    }

    #[test]
    fn a_pump_five_percent_fast_has_a_flat_trumpet_at_five() {
        let strokes: Vec<_> = (1..=96).map(|i| (i * 15 * MIN, 15.75)).collect();
        let analysis = Analysis { from_ms: 0, length_ms: 24 * 60 * MIN, sample_ms: 15 * MIN, rate_nl_per_day: 1_440.0 };
        let got = trumpet(&strokes, analysis, &[60 * MIN]).unwrap();
        assert!((got.mean_percent - 5.0).abs() < 1e-9);
        assert!((got.points[0].max_percent - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_window_that_does_not_fit_has_no_point_and_a_zero_rate_no_curve() {
        let analysis = Analysis { from_ms: 0, length_ms: 4 * MIN, sample_ms: MIN, rate_nl_per_day: 1_440.0 };
        assert!(trumpet(&[], analysis, &[5 * MIN, 90_000]).unwrap().points.is_empty());
        assert!(trumpet(&[], Analysis { rate_nl_per_day: 0.0, ..analysis }, &[MIN]).is_none());
        assert!(trumpet(&[], Analysis { sample_ms: 0, ..analysis }, &[MIN]).is_none());
    }

    #[test]
    fn twenty_five_boluses_worked_by_hand() {
        // 20 exact, four at +10 percent, one at -20 percent: mean (40 - 20) / 25 = 0.8 percent; 24 of 25 within 15.
        let mut delivered = vec![1_000.0; 20];
        delivered.extend([1_100.0; 4]);
        delivered.push(800.0);
        let got = bolus_accuracy(&delivered, 1_000.0).unwrap();
        assert_eq!(got.count, 25);
        assert!((got.mean_percent - 0.8).abs() < 1e-9);
        assert!((got.max_percent - 10.0).abs() < 1e-9 && (got.min_percent + 20.0).abs() < 1e-9);
        assert!((got.within_15_percent - 96.0).abs() < 1e-9);
        assert_eq!(bolus_accuracy(&[], 1.0), None);
    }
}
