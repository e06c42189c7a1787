//! Fits how baclofen acts to its label and a cohort: `cargo run --release -p patient --example fit_effects`.
//!
//! Answers for: the delay and half level of spasticity in `drugs/baclofen.toml`, over a grid that is printed whole. The
//! published values are those of V10, each over its band's half width; one pair of numbers serves all five.

use patient::drug::{Action, Drug};
use patient::sheet::BadInput;
use patient::validate::trials;

/// Wanted value and half width of its band: onset, peak, duration after a bolus; first and most effect of an infusion; h.
const WANTED: [(f64, f64); 5] = [(0.75, 0.25), (4.0, 1.5), (6.0, 2.0), (7.0, 1.0), (36.0, 12.0)];

fn cost(drug: &Drug) -> Result<(f64, Vec<f64>), BadInput> {
    let mut found = trials::baclofen_bolus(drug)?.to_vec();
    found.extend(trials::baclofen_infusion(drug)?);
    let off = |(ours, (want, half)): (&f64, (f64, f64))| {
        let off = (ours - want) / half;
        // What never happens is as wrong as can be.
        if off.is_finite() { (off * off).min(25.0) } else { 25.0 }
    };
    Ok((found.iter().zip(WANTED).map(off).sum(), found))
}

fn main() -> Result<(), BadInput> {
    let base = Drug::named("baclofen")?;
    let mut best: Option<(f64, f64, f64)> = None;
    for delay in [0.002, 0.003, 0.005, 0.008, 0.012, 0.02] {
        for half in [0.03, 0.045, 0.06, 0.08, 0.1, 0.13, 0.17] {
            let mut drug = base.clone();
            for (_, potency) in drug.actions.iter_mut().filter(|(action, _)| *action == Action::Spasticity) {
                (potency.delay, potency.half_cord) = (delay, Some(half));
            }
            let (cost, found) = cost(&drug)?;
            println!("delay {delay} 1/min, half {half} ug/mL: cost {cost:.2}, hours {found:.2?}");
            if best.is_none_or(|b| cost < b.0) {
                best = Some((cost, delay, half));
            }
        }
    }
    if let Some((cost, delay, half)) = best {
        println!("best: delay {delay} 1/min, half {half} ug/mL, cost {cost:.2}");
    }
    Ok(())
}
