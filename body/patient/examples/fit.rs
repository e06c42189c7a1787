//! Fits the calibration of man to published numbers: `cargo run --release -p patient --example fit`.
//!
//! Answers for: the numbers of `species/adult.toml` and `drugs/*.toml` that say they were fitted here, with their
//! uncertainty. Least squares of logarithms, each over the published spread, with a weak pull to the start values; one
//! search over all at once, no target by itself.

use patient::neuraxis::Exchange;
use patient::validate::model::Model;
use patient::validate::quantities as q;

/// What is fitted: name, start, and spread of the weak pull (of the logarithm).
const FREE: [(&str, f64, f64); 13] = [
    ("dispersion at S2, cm2/min", 0.34, 1.0),
    ("dispersion at L1, cm2/min", 0.9, 1.0),
    ("dispersion at the head, cm2/min", 8.0, 0.7),
    ("cranial clearance, mL/min", 0.19, 0.5),
    ("loss of morphine, 1/min", 2.65e-3, 0.7),
    ("loss of baclofen, 1/min", 5.6e-3, 0.7),
    ("loss of DTPA, 1/min", 8e-4, 0.7),
    ("loss of fentanyl, 1/min", 0.015, 0.7),
    ("loss of ziconotide, 1/min", 1.5e-3, 1.0),
    ("return of ziconotide from the epidural space, 1/min", 4e-3, 1.0),
    ("loss of clonidine, 1/min", 0.0105, 0.7),
    ("epidural return of clonidine, 1/min", 4.2e-3, 0.7),
    ("uptake of ziconotide to the epidural space, 1/min", 3e-3, 1.0),
];

fn apply(values: &[f64], base: &Model) -> Model {
    let mut m = base.clone();
    let (length, conus) = (m.adult.canal.length, m.adult.canal.conus);
    m.adult.canal.dispersion.points = vec![(0.0, values[0]), (conus, values[1]), (length, values[2])];
    m.adult.canal.cranial_clearance = values[3];
    let adult = m.adult.clone();
    for drug in &mut m.drugs {
        let Ok(old) = drug.exchange(&adult).cloned() else { continue };
        let new = match drug.name.as_str() {
            "morphine" => Exchange { loss: values[4], ..old },
            "baclofen" => Exchange { loss: values[5], ..old },
            "dtpa" => Exchange { loss: values[6], ..old },
            "fentanyl" => Exchange { loss: values[7], ..old },
            "ziconotide" => Exchange { loss: values[8], epidural_out: values[9], epidural_in: values[12], ..old },
            "clonidine" => Exchange { loss: values[10], epidural_out: values[11], ..old },
            _ => continue,
        };
        drug.recalibrate(&adult, new);
    }
    m
}

/// Residuals: logarithm of ours over published, in units of the published spread of the logarithm.
fn residuals(values: &[f64], base: &Model) -> Vec<(&'static str, f64, f64)> {
    let m = apply(values, base);
    let all = || -> Result<Vec<(&'static str, f64, f64, f64)>, patient::sheet::BadInput> {
        let (half, clearance) = q::baclofen_clearance(&m)?;
        let zic = q::ziconotide_in_man(&m)?;
        let needles = q::two_needles(&m)?;
        let clonidine = q::clonidine_epidural(&m)?;
        Ok(vec![
            ("V2 tracer T2/T12", q::tracer_gradient(&m)?, 0.43, 0.12),
            ("V3 morphine 1 h, ug/mL", q::morphine_at_one_hour(&m, 500.0)?, 10.4, 0.2),
            ("V5 morphine half-life, min", q::morphine_half_life(&m)?, 175.0, 0.15),
            ("V6 morphine lumbar:cisternal", q::morphine_gradient(&m)?, 7.0, 0.25),
            ("V8 baclofen half-life, h", half, 1.5, 0.3),
            ("V8 baclofen clearance, mL/h", clearance, 30.0, 0.4),
            ("V9 baclofen lumbar:cisternal", q::baclofen_gradient(&m)?, 4.0, 0.3),
            ("V11 ziconotide highest, ng/mL", zic[0], 100.0, 0.15),
            ("V11 ziconotide area, ng h/mL", zic[1], 500.0, 0.3),
            ("V11 ziconotide half-life, h", zic[2], 4.6, 0.15),
            ("V13 morphine peak, min", needles[0], 57.0, 0.2),
            ("V13 fentanyl peak, min", needles[1], 41.0, 0.25),
            ("V13 ratio at 36 min", needles[2], 2.0, 0.25),
            ("V13 ratio at 103 min", needles[3], 4.0, 0.25),
            ("V14 clonidine half-life, min", clonidine[0], 66.0, 0.15),
            ("V14 clonidine peak, min", clonidine[1], 60.0, 0.2),
            ("V14 clonidine height, ng/mL", clonidine[2], 228.0, 0.25),
        ])
    };
    match all() {
        Ok(list) => list.into_iter().map(|(n, ours, want, s)| (n, ours, (ours / want).ln() / s)).collect(),
        Err(refusal) => {
            eprintln!("{refusal}");
            Vec::new()
        }
    }
}

fn weighted(x: &[f64], base: &Model) -> Vec<f64> {
    let values: Vec<f64> = x.iter().zip(FREE).map(|(x, (_, start, _))| start * x.exp()).collect();
    let mut all: Vec<f64> = residuals(&values, base).into_iter().map(|r| r.2).collect();
    all.extend(x.iter().zip(FREE).map(|(x, (_, _, pull))| x / pull));
    all
}

/// Gauss and Newton with Levenberg's damping; answers the logarithms and the inverse of the normal matrix's diagonal.
fn search(base: &Model) -> (Vec<f64>, Vec<f64>) {
    let n = FREE.len();
    let cost = |r: &[f64]| r.iter().map(|v| v * v).sum::<f64>();
    let mut x = vec![0.0; n];
    let mut r = weighted(&x, base);
    let mut damping = 1e-2;
    let mut spread = vec![0.0; n];
    for round in 0..60 {
        let step = 1e-4;
        let columns: Vec<Vec<f64>> = (0..n)
            .map(|k| {
                let mut moved = x.clone();
                moved[k] += step;
                weighted(&moved, base).iter().zip(&r).map(|(a, b)| (a - b) / step).collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(p, q)| p * q).sum::<f64>();
        let normal: Vec<Vec<f64>> = columns.iter().map(|a| columns.iter().map(|b| dot(a, b)).collect()).collect();
        let slope: Vec<f64> = columns.iter().map(|a| -dot(a, &r)).collect();
        for (k, s) in spread.iter_mut().enumerate() {
            let unit: Vec<f64> = (0..n).map(|m| f64::from(u8::from(m == k))).collect();
            *s = solve(&normal, &unit, 0.0)[k].max(0.0).sqrt();
        }
        let mut moved = false;
        for _ in 0..10 {
            let next: Vec<f64> = x.iter().zip(solve(&normal, &slope, damping)).map(|(a, d)| a + d).collect();
            let there = weighted(&next, base);
            if cost(&there) < cost(&r) {
                moved = cost(&r) - cost(&there) > 1e-7;
                (x, r) = (next, there);
                damping *= 0.3;
                break;
            }
            damping *= 4.0;
        }
        eprintln!("round {round}: cost {:.4}", cost(&r));
        if !moved {
            break;
        }
    }
    (x, spread)
}

/// Solves by elimination with a damped diagonal.
fn solve(matrix: &[Vec<f64>], right: &[f64], damping: f64) -> Vec<f64> {
    let n = right.len();
    let mut a: Vec<Vec<f64>> = matrix.to_vec();
    let mut b = right.to_vec();
    for (k, row) in a.iter_mut().enumerate() {
        row[k] *= 1.0 + damping;
    }
    for k in 0..n {
        for row in k + 1..n {
            let factor = a[row][k] / a[k][k];
            let above = a[k].clone();
            a[row].iter_mut().zip(above).for_each(|(entry, up)| *entry -= factor * up);
            b[row] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        for col in k + 1..n {
            b[k] -= a[k][col] * b[col];
        }
        b[k] /= a[k][k];
    }
    b
}

fn main() {
    let base = match Model::of_files() {
        Ok(model) => model,
        Err(refusal) => {
            eprintln!("{refusal}");
            std::process::exit(2);
        }
    };
    let (x, spread) = search(&base);
    let values: Vec<f64> = x.iter().zip(FREE).map(|(x, (_, start, _))| start * x.exp()).collect();
    for ((name, ..), (value, s)) in FREE.iter().zip(values.iter().zip(spread)) {
        println!("{name}: {value:.4e}, 68 % within a factor {:.2}", s.exp());
    }
    for (name, ours, residual) in residuals(&values, &base) {
        println!("{name}: {ours:.3} ({residual:+.2})");
    }
}
