//! The fluid, the cord and the blood: closed forms first, then the oracles, then conservation.

use patient::drug::Drug;
use patient::eigen::{self, Square};
use patient::implicit::Implicit;
use patient::modes::{Release, State};
use patient::neuraxis::{Canal, Curve, Exchange, Neuraxis};
use patient::species::Species;
use proptest::prelude::*;

const RANK: usize = 34;

fn adult() -> Canal {
    Species::named("adult").unwrap().canal
}

fn morphine(regimes: &[f64], cells: usize) -> (Neuraxis, Drug) {
    let drug = Drug::named("morphine").unwrap();
    let axis = Neuraxis::new(&adult(), drug.exchange(&Species::named("adult").unwrap()).unwrap(), regimes, cells);
    (axis, drug)
}

/// Passes time with a constant rate, in one go.
fn pass(release: &Release, state: &mut State, minutes: f64, rate: f64) {
    let regime = release.regime(state.regime);
    state.pass(regime, &regime.span(minutes), minutes, rate);
}

#[test]
fn a_long_even_canal_falls_off_as_the_closed_form_says() {
    // Infusion at the middle of an even canal without cord: c(x) = rate / (2 A sqrt(k D)) exp(-|x - x0| sqrt(k / D)).
    let mut canal = adult();
    canal.area = Curve { points: vec![(0.0, 1.5), (60.0, 1.5)] };
    canal.dispersion = Curve { points: vec![(0.0, 0.2), (60.0, 0.2)] };
    canal.conus = 60.0;
    canal.length = 60.0;
    let drug = Exchange {
        loss: 0.01,
        cord_partition: 0.0,
        cord_out: 0.01,
        cord_loss: 0.0,
        epidural_in: 0.0,
        epidural_out: 0.0,
        epidural_loss: 0.0,
    };
    let axis = Neuraxis::new(&canal, &drug, &[1.0], 120);
    let blood = Drug::named("morphine").unwrap().disposition(70.0);
    let release = Release::new(&axis.trees, &axis.point(30.1), &blood, 40);
    let mut state = release.empty();
    pass(&release, &mut state, 1e5, 1.0);
    let fall = (0.01_f64 / 0.2).sqrt();
    for cm in [20.0, 24.0, 28.0, 33.0, 36.0, 40.0_f64] {
        let level = state.read(&release.reading(0, &axis.csf(cm)));
        let exact = (-(cm - 30.25_f64).abs() * fall).exp() / (2.0 * 1.5 * (0.01_f64 * 0.2).sqrt());
        assert!((level / exact - 1.0).abs() < 0.015, "{cm} cm: {level} for {exact}");
    }
}

#[test]
fn the_reduced_engine_agrees_with_the_whole_matrix() {
    let (axis, drug) = morphine(&[1.0], 60);
    let blood = drug.disposition(70.0);
    let input = axis.point(13.0);
    let release = Release::new(&axis.trees, &input, &blood, RANK);
    let n = axis.len();
    let whole = eigen::symmetric(&Square { n, at: axis.trees[0].dense() });
    let root = axis.trees[0].root_weights();
    let exact = |minutes: f64, reading: &[f64], infused: bool| -> f64 {
        (0..n)
            .map(|k| {
                let v = &whole.vectors.at[k * n..(k + 1) * n];
                let gain: f64 = v.iter().zip(&input).zip(&root).map(|((v, m), r)| v * m / r).sum();
                let out: f64 = v.iter().zip(reading).zip(&root).map(|((v, l), r)| v * l * r).sum();
                let x = whole.values[k] * minutes;
                gain * out * if infused { x.exp_m1() / whole.values[k] } else { x.exp() }
            })
            .sum()
    };
    let sites =
        [axis.csf(6.0), axis.csf(13.0), axis.csf(30.0), axis.csf(55.0), axis.cisternal(), axis.cord(22.0, 30.0)];
    for infused in [false, true] {
        for (minutes, within) in [(1.0, 5e-3), (5.0, 1e-3), (30.0, 1e-4), (240.0, 5e-5), (3000.0, 3e-4)] {
            let mut state = release.empty();
            if infused {
                pass(&release, &mut state, minutes, 1.0);
            } else {
                state.give(release.regime(0), 1.0);
                pass(&release, &mut state, minutes, 0.0);
            }
            let highest = sites.iter().map(|s| exact(minutes, s, infused)).fold(0.0, f64::max);
            for site in &sites {
                let (ours, theirs) = (state.read(&release.reading(0, site)), exact(minutes, site, infused));
                assert!(
                    (ours - theirs).abs() < within * highest,
                    "{minutes} min, infused {infused}: {ours} for {theirs}, {:.1e}",
                    (ours - theirs) / highest
                );
            }
        }
    }
}

#[test]
fn the_error_estimate_falls_with_the_rank_and_is_small_at_the_one_in_use() {
    let (axis, drug) = morphine(&[1.0], 120);
    let blood = drug.disposition(70.0);
    let sites = [axis.csf(6.0), axis.csf(28.4), axis.csf(50.0), axis.cisternal(), axis.cord(22.0, 30.0)];
    let error = |rank| Release::estimated_error(&axis.trees, &axis.point(28.4), &blood, rank, &sites);
    let (coarse, used) = (error(16), error(patient::body::RANK));
    assert!(used < 1e-3 && used < 0.1 * coarse, "{coarse:.1e} {used:.1e}");
}

#[test]
fn the_second_engine_agrees_with_the_first() {
    let (axis, drug) = morphine(&[1.0], 120);
    let blood = drug.disposition(70.0);
    let input = axis.point(28.4);
    let release = Release::new(&axis.trees, &input, &blood, RANK);
    let (mut first, mut second) = (release.empty(), Implicit::new(&axis.trees[0], &blood));
    first.give(release.regime(0), 100.0);
    second.give(&input, 100.0);
    for _ in 0..14_400 {
        second.step(&axis.trees[0], &input, 1.0 / 60.0, 0.5);
    }
    pass(&release, &mut first, 240.0, 0.5);
    for cm in [6.0, 20.0, 28.4, 40.0, 58.0] {
        let (a, b) = (first.read(&release.reading(0, &axis.csf(cm))), second.read(&axis.csf(cm)));
        assert!((a / b - 1.0).abs() < 1e-4, "{cm} cm: {a} and {b}");
    }
    let plasma = first.read(&release.plasma(0));
    assert!((plasma / second.plasma() - 1.0).abs() < 1e-4, "{plasma} and {}", second.plasma());
    assert!((second.stored() + second.lost - 220.0).abs() < 220.0 * 1e-10);
}

#[test]
fn an_infusion_ends_where_the_tree_says_it_must() {
    let (axis, drug) = morphine(&[1.0], 120);
    let input = axis.point(23.0);
    let release = Release::new(&axis.trees, &input, &drug.disposition(70.0), RANK);
    let mut state = release.empty();
    pass(&release, &mut state, 1e6, 1.0);
    let root = axis.trees[0].root_weights();
    let mut steady: Vec<f64> = input.iter().zip(&root).map(|(m, r)| m / r).collect();
    axis.trees[0].shifted(0.0).solve(&mut steady);
    for cm in [3.0, 23.0, 50.0] {
        let exact: f64 = axis.csf(cm).iter().zip(&steady).zip(&root).map(|((l, y), r)| l * y * r).sum();
        let level = state.read(&release.reading(0, &axis.csf(cm)));
        assert!((level / exact - 1.0).abs() < 1e-9, "{cm} cm");
    }
    // Blood is at rest with what comes in.
    let disposition = drug.disposition(70.0);
    let plasma = state.read(&release.plasma(0));
    assert!((plasma * disposition.volume * disposition.elimination() - 1.0).abs() < 1e-6, "{plasma}");
}

#[test]
fn epidural_drug_reaches_the_fluid_later_and_less() {
    let (axis, drug) = morphine(&[1.0], 120);
    let blood = drug.disposition(70.0);
    let epidural = Release::new(&axis.trees, &axis.epidural_spread(13.0, 3.0).unwrap(), &blood, RANK);
    let spinal = Release::new(&axis.trees, &axis.spread(13.0, 3.0), &blood, RANK);
    let level = |release: &Release, minutes: f64| {
        let mut state = release.empty();
        state.give(release.regime(0), 1000.0);
        pass(release, &mut state, minutes, 0.0);
        state.read(&release.reading(0, &axis.csf(13.0)))
    };
    assert!(level(&epidural, 60.0) > level(&epidural, 2.0));
    assert!(level(&epidural, 60.0) < 0.2 * level(&spinal, 60.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn mass_is_conserved_wherever_the_tip_is_and_whatever_the_person_does(
        tip in 0.0..60.0_f64,
        steps in prop::collection::vec((0.01..5000.0_f64, 0.0..3.0_f64, 0.0..50.0_f64, 0..3_usize), 1..40),
    ) {
        let (axis, drug) = morphine(&[1.0, 0.85, 2.2], 120);
        let release = Release::new(&axis.trees, &axis.point(tip), &drug.disposition(70.0), 44);
        let mut state = release.empty();
        for (minutes, rate, bolus, regime) in steps {
            release.turn_to(&mut state, regime);
            state.give(release.regime(regime), bolus);
            pass(&release, &mut state, minutes, rate);
            let stored = state.read(&release.stored(regime));
            let gone = state.read_passed(&release.eliminated(regime));
            prop_assert!((stored + gone - state.given).abs() <= 1e-10 * state.given, "{stored} {gone} {}", state.given);
            prop_assert!(stored > 0.0 && gone >= 0.0);
        }
    }

    #[test]
    fn it_is_linear_in_dose_over_fifteen_decades(tip in 2.0..58.0_f64, minutes in 1.0..3000.0_f64) {
        let (axis, drug) = morphine(&[1.0], 120);
        let release = Release::new(&axis.trees, &axis.point(tip), &drug.disposition(70.0), RANK);
        let reading = release.reading(0, &axis.csf(tip));
        let level = |dose: f64| {
            let mut state = release.empty();
            state.give(release.regime(0), dose);
            pass(&release, &mut state, minutes, dose / 100.0);
            state.read(&reading) / dose
        };
        let one = level(1.0);
        for power in -7..=8 {
            prop_assert!((level(10f64.powi(power)) / one - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn two_short_spans_are_one_long_one(a in 0.1..600.0_f64, b in 0.1..600.0_f64, rate in 0.0..5.0_f64) {
        let (axis, drug) = morphine(&[1.0], 120);
        let release = Release::new(&axis.trees, &axis.point(20.0), &drug.disposition(70.0), RANK);
        let (mut once, mut twice) = (release.empty(), release.empty());
        for state in [&mut once, &mut twice] {
            state.give(release.regime(0), 10.0);
        }
        pass(&release, &mut once, a + b, rate);
        pass(&release, &mut twice, a, rate);
        pass(&release, &mut twice, b, rate);
        for cm in [5.0, 20.0, 45.0] {
            let reading = release.reading(0, &axis.csf(cm));
            prop_assert!((once.read(&reading) - twice.read(&reading)).abs() < 1e-9 * once.read(&reading).abs().max(1e-9));
        }
    }
}
