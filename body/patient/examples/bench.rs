//! How fast and how exact one patient is: `cargo run --release -p patient --example bench`.
//!
//! One drug, sixteen sites read and the effects stepped every ten minutes; then with a minute's detail for an hour after
//! four boluses a day. The error is that of the small model against the whole tree stepped by TR-BDF2 at a second, from
//! five minutes after any event. A figure belongs to the machine that it was taken on.

use patient::body::{Body, RANK, Site, Way};
use patient::drug::Drug;
use patient::implicit::Implicit;
use patient::krylov::dot;
use patient::modes::Release;
use patient::neuraxis::{CELLS, Neuraxis};
use patient::person::Person;
use patient::sheet::BadInput;
use patient::species::Species;
use patient::time::{DAY_MS, MINUTE_MS, Time};

const DAYS: u64 = 365;

/// Seconds that this process has had a core for; what others use of a shared machine is not counted.
fn core_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1e-9
}

/// Patient-years a second, and the sum of all that was read, so that nothing is left out.
fn year(detail: bool, strokes_a_day: u64) -> Result<(f64, f64), BadInput> {
    let begun = core_seconds();
    let mut body = Body::new(Person::median("adult")?, &["morphine"], 28.4)?;
    let mut probes = Vec::new();
    for n in 0..14 {
        probes.push(body.probe(0, Site::Csf(2.0 + 4.0 * f64::from(n)))?);
    }
    probes.push(body.probe(0, Site::Cisternal)?);
    probes.push(body.probe(0, Site::Plasma)?);
    body.infuse(Time::START, 0, Way::Tip, 0.3)?;
    let mut sum = 0.0;
    let step = DAY_MS / 144;
    let apart = DAY_MS.checked_div(strokes_a_day);
    let mut next_stroke = apart;
    for n in 1..=DAYS * 144 {
        let now = Time { ms: n * step };
        while let (Some(at), Some(apart)) = (next_stroke, apart)
            && at <= now.ms
        {
            body.give(Time { ms: at }, 0, 1.0)?;
            next_stroke = Some(at + apart);
        }
        if n % 36 == 0 {
            body.give(now, 0, 50.0)?;
            if detail {
                body.look_closely(now)?;
            }
        }
        let after = n % 36;
        if detail && after < 6 {
            for minute in 1..10 {
                body.advance(Time { ms: now.ms + minute * MINUTE_MS })?;
                sum += probes.iter().map(|p| body.read(*p)).sum::<f64>();
            }
        }
        body.advance(Time { ms: now.ms.max(body.now().ms) })?;
        sum += probes.iter().map(|p| body.read(*p)).sum::<f64>();
        sum += body.felt().map_or(0.0, |felt| felt.pain + felt.sedation + felt.breath);
    }
    Ok((DAYS as f64 / 365.25 / (core_seconds() - begun), sum))
}

/// Largest error over sites and times, relative to the highest level of the site.
fn error() -> Result<f64, BadInput> {
    let (species, drug) = (Species::named("adult")?, Drug::named("morphine")?);
    let axis = Neuraxis::new(&species.canal, drug.exchange(&species)?, &[1.0], CELLS);
    let (blood, input) = (drug.disposition(species.mass), axis.point(28.4));
    let release = Release::new(&axis.trees, &input, &blood, RANK);
    let (mut ours, mut oracle) = (release.empty(), Implicit::new(&axis.trees[0], &blood));
    let sites: Vec<Vec<f64>> = (0..14).map(|n| axis.csf(2.0 + 4.0 * f64::from(n))).collect();
    let (mut off, mut top) = (vec![0.0_f64; sites.len()], vec![0.0_f64; sites.len()]);
    for minute in 0..720 {
        if minute % 360 == 0 {
            ours.give(release.regime(0), 50.0);
            oracle.give(&input, 50.0);
        }
        ours.pass(release.regime(0), &release.regime(0).span(1.0), 1.0, 0.3);
        (0..60).for_each(|_| oracle.step(&axis.trees[0], &input, 1.0 / 60.0, 0.3));
        for (n, site) in sites.iter().enumerate() {
            let exact = oracle.read(site);
            top[n] = top[n].max(exact);
            if minute % 360 >= 5 {
                off[n] = off[n].max((dot(&release.reading(0, site), &ours.now) - exact).abs());
            }
        }
    }
    Ok(off.iter().zip(top).map(|(off, top)| off / top).fold(0.0, f64::max))
}

fn main() -> Result<(), BadInput> {
    // The first year warms the machine up.
    year(false, 0)?;
    let (plain, a) = year(false, 0)?;
    let (detail, b) = year(true, 0)?;
    let (strokes, c) = year(false, 500)?;
    println!("with 500 strokes a day: {strokes:.1} py/s/core (sums {a:.6e} {b:.6e} {c:.6e})");
    println!("patient: {plain:.0} py/s/core, detail {detail:.0} py/s/core, error {:.1e}", error()?);
    Ok(())
}
