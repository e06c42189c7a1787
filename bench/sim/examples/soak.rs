//! Worlds of chance, seed after seed: `soak --seeds A..B [--years N]`. `cargo xtask soak` builds and runs it.
//!
//! Each seed is two crowded days, or N years, of a random pump with random people and mishaps, judged by the auditor. A
//! seed that is not judged right has its whole story written to `target/soak/` and its findings told; the exit code is 1.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use sim::story::Told;
use sim::world::{self, Options};
use sim::{scenario::Scenario, soak};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match read(&words).and_then(|(seeds, years)| campaign(seeds, years)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("soak: {why}");
            ExitCode::FAILURE
        }
    }
}

fn read(words: &[String]) -> Result<(std::ops::Range<u64>, u64), String> {
    let after = |name: &str| words.iter().position(|word| word == name).and_then(|place| words.get(place + 1));
    let seeds = after("--seeds").ok_or("--seeds A..B is needed")?;
    let whole = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no whole number"));
    let (from, to) = seeds.split_once("..").ok_or(format!("`{seeds}` is no range of seeds such as 1..101"))?;
    let years = after("--years").map_or(Ok(0), |years| whole(years))?;
    Ok((whole(from)?..whole(to)?, years))
}

/// Runs the seeds; how many were not judged right.
fn campaign(seeds: std::ops::Range<u64>, years: u64) -> Result<u64, String> {
    let sim = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (begun, count, mut wrong, mut days) = (Instant::now(), seeds.end.saturating_sub(seeds.start), 0, 0);
    for seed in seeds {
        let scenario = soak::world(seed, years, sim).map_err(|why| why.to_string())?;
        days += scenario.days();
        if !is_right(seed, years, &scenario)? {
            wrong += 1;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{count} worlds, {days} pump-days in {seconds:.1} s, {wrong} not judged right");
    Ok(wrong)
}

fn is_right(seed: u64, years: u64, scenario: &Scenario) -> Result<bool, String> {
    let story = world::run(scenario, Options::of_many(seed), |_| {});
    if story.agreed() {
        return Ok(true);
    }
    let folder = Path::new("target/soak");
    let path = folder.join(format!("seed-{seed}.txt"));
    let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, story.text()));
    kept.map_err(|why| format!("{}: {why}", path.display()))?;
    println!("seed {seed} is not judged right ({}); its story lies in {}", scenario.title, path.display());
    for line in story.lines.iter().filter(|line| line.is_wrong() && !matches!(line.told, Told::Ends { .. })) {
        println!("  {line}");
    }
    println!("  again: cargo xtask soak --seeds {seed}..{} --years {years} --worlds-only", seed + 1);
    Ok(false)
}
