//! How fast and how exact a cohort is: `cargo run --release -p patient --example bench`.
//!
//! One drug with a basal rate and four boluses a day, sixteen sites and three outcomes every ten minutes; then with a minute's
//! detail for an hour after each bolus. Making each person's small models is in the time. The error is that of the small model against the whole tree stepped by TR-BDF2 at a second, from
//! five minutes after any event. A figure belongs to the machine that it was taken on.

use patient::batch::{Amount, Chunk, Course, Given, Outcome, cohort};
use patient::body::{RANK, Site, Way};
use patient::drug::Drug;
use patient::implicit::Implicit;
use patient::krylov::dot;
use patient::modes::Release;
use patient::neuraxis::{CELLS, Neuraxis};
use patient::person::Person;
use patient::sheet::BadInput;
use patient::species::Species;
use patient::time::{DAY_MS, Time};

/// Seconds that this process has had a core for; what others use of a shared machine is not counted.
fn core_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1e-9
}

/// Patient-years a second on one core of a cohort, set-up included, and the sum of all that was read.
fn years(people: u64, drugs: &[&str], years: u64, has_detail: bool) -> Result<(f64, f64), BadInput> {
    let people: Result<Vec<Person>, BadInput> = (0..people).map(|n| Person::drawn("adult", 1, n)).collect();
    let people = people?;
    let sites: Vec<Site> =
        (0..14).map(|n| Site::Csf(2.0 + 4.0 * f64::from(n))).chain([Site::Cisternal, Site::Plasma]).collect();
    let mut given = Vec::new();
    for drug in 0..drugs.len() {
        given.push(Given { at: Time::START, drug, way: Way::Tip, amount: Amount::Rate(0.3) });
        for n in 1..=years * 365 * 4 {
            let at = Time { ms: n * DAY_MS / 4 };
            given.push(Given { at, drug, way: Way::Tip, amount: Amount::Mass(50.0) });
        }
    }
    given.sort_by_key(|given| given.at);
    let drugs: Result<Vec<Drug>, BadInput> = drugs.iter().map(|name| Drug::named(name)).collect();
    let course = Course {
        drugs: drugs?,
        tip_cm: 28.4,
        given,
        sites,
        outcomes: vec![Outcome::Pain, Outcome::Sedation, Outcome::Breathing],
        until: Time { ms: years * 365 * DAY_MS },
        has_detail,
    };
    let begun = core_seconds();
    let add = |sum: &mut f64, chunk: &Chunk<'_>| {
        let sites = (0..course.sites.len()).map(|site| chunk.level(0, site).iter().sum::<f64>());
        *sum += sites.sum::<f64>() + (0..3).map(|row| chunk.outcome(row).iter().sum::<f64>()).sum::<f64>();
    };
    let sums = cohort(&people, &course, |_| 0.0, add)?;
    let took = core_seconds() - begun;
    Ok((people.len() as f64 * years as f64 * 365.0 / 365.25 / took, sums.iter().sum()))
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One core: what is told is told of one.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    // The first run warms the machine up.
    years(8, &["morphine"], 1, false)?;
    let (plain, a) = years(32, &["morphine"], 1, false)?;
    let (detail, b) = years(16, &["morphine"], 1, true)?;
    for (what, people, drugs, span) in [
        ("64 people, a year, one drug", 64, &["morphine"][..], 1),
        ("8 people, five years, one drug", 8, &["morphine"][..], 5),
        ("16 people, a year, three drugs", 16, &["morphine", "bupivacaine", "clonidine"][..], 1),
    ] {
        println!("  {what}: {:.0} patient-years/s/core", years(people, drugs, span, false)?.0);
    }
    println!("  sums {a:.9e} {b:.9e}");
    println!("patient: {plain:.0} py/s/core, detail {detail:.0} py/s/core, error {:.1e}", error()?);
    Ok(())
}
