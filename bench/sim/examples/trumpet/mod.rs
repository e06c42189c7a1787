//! Trumpet curve and bolus accuracy as IEC 60601-2-24 defines them, from the real controller on a drive with tolerance.
//!
//! Ambulatory pump: 24 h to settle, then 25 h analysed in samples of 15 minutes; windows of 15 to 930 minutes. Twenty-five
//! boluses in a row, each weighed by itself. Systematic error and scatter of the drive are the reference pump's stated
//! ones; what the curve adds to them is the controller's: whole strokes, and their moments.

use std::fmt::Write as _;

use auditor::iec::{Analysis, bolus_accuracy, trumpet};
use auditor::{Auditor, BolusRule, Device};
use implant::{Action, Input};
use orders::prescription::{Mode, PeriodicBolus, Prescription};
use orders::{Duration, FlowRate, Volume};
use sim::plant::drive::{Drive, DriveEvent, DriveSpec};
use sim::rng::Seed;

use crate::story::{self, Bench, DAY, HOUR, MINUTE};

const SAMPLE: u64 = 15 * MINUTE;
const WINDOWS_MIN: [u64; 6] = [15, 60, 150, 330, 570, 930];

/// The judge of the reference pump, with the tolerance of its clock.
pub fn auditor() -> Auditor {
    Auditor::new(Device {
        stroke_nl: 500,
        accuracy_ppm: 0,
        clock_ppm: 20_000,
        stall_strokes: 4,
        clock_watch_ms: 0,
        resume_within_ms: 2 * HOUR,
        factory_flow_nl_per_day: story::DEVICE.flow_max.get(),
        factory_quarter_hour_nl: 1_000_000,
        factory_day_nl: 5_000_000,
    })
}

/// An order of one drug as the judge is told it.
pub fn order_of(ceiling: [u64; 3], low: u64, high: u64, bolus: Option<BolusRule>) -> auditor::Order {
    let mut ceilings_fg = [None; 4];
    ceilings_fg[0] = Some(ceiling);
    auditor::Order {
        ceilings_fg,
        flow_low_nl_per_day: low,
        flow_high_nl_per_day: high,
        fall_back_nl_per_day: 100_000,
        bolus,
    }
}

/// Runs the measurements and writes `trumpet.svg` and `bolus.svg` to a folder.
pub fn draw(folder: &str) {
    std::fs::create_dir_all(folder).unwrap_or_else(|why| panic!("{folder}: {why}"));
    let mut figures = String::new();
    let mut curves = Vec::new();
    for (name, rate) in [("0.1 mL/day", 100_000u64), ("0.25 mL/day", 250_000), ("1 mL/day", 1_000_000)] {
        let order = Prescription { mode: Mode::Continuous(orders::FlowRate::new(rate)), patient_bolus: None, ..wide() };
        let (strokes, from) = measured(&order, 50 * HOUR);
        let analysis =
            Analysis { from_ms: from + DAY, length_ms: 100 * SAMPLE, sample_ms: SAMPLE, rate_nl_per_day: rate as f64 };
        let curve = trumpet(&strokes, analysis, &WINDOWS_MIN.map(|minutes| minutes * MINUTE)).expect("a curve");
        let _ = writeln!(figures, "trumpet at {name}: mean error {:+.2} %", curve.mean_percent);
        for point in &curve.points {
            let (minutes, low, high) = (point.window_ms / MINUTE, point.min_percent, point.max_percent);
            let _ = writeln!(figures, "  {minutes:>4} min  {low:+7.1} % to {high:+7.1} %");
        }
        curves
            .push((name, curve.points.iter().map(|p| (p.window_ms / MINUTE, p.min_percent, p.max_percent)).collect()));
    }
    let boluses = bolus_errors();
    let accuracy = bolus_accuracy(&boluses, 20_000.0).expect("boluses");
    let _ = writeln!(
        figures,
        "{} boluses of 20 mcL: mean {:+.2} %, {:+.2} % to {:+.2} %, {:.0} % within 15 %",
        accuracy.count, accuracy.mean_percent, accuracy.min_percent, accuracy.max_percent, accuracy.within_15_percent
    );
    print!("{figures}");
    write(folder, "trumpet.svg", &trumpet_svg(&curves));
    write(folder, "bolus.svg", &bolus_svg(&boluses));
}

fn write(folder: &str, name: &str, text: &str) {
    let path = std::path::Path::new(folder).join(name);
    std::fs::write(&path, text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    println!("drawn: {}", path.display());
}

/// The morphine order with ceilings that no measured flow reaches.
fn wide() -> Prescription {
    let mut order = story::morphine();
    order.ceilings[0] =
        orders::prescription::Ceiling { hour: story::mcg(900), four_hours: story::mcg(1_500), day: story::mcg(3_000) };
    order
}

/// A drive within the reference pump's accuracy: 1 % fast, each stroke within 3 % of the others.
const DRIVE: DriveSpec = DriveSpec { systematic_ppm: 10_000, noise_ppm: 30_000, ..DriveSpec::NOMINAL };

/// Strokes as the drive really made them, from the start of the order, and when that was.
fn measured(order: &Prescription, length: u64) -> (Vec<(u64, f64)>, u64) {
    let (Bench { mut implant, world }, _, _) = story::visit(order);
    let mut drive = Drive::new(DRIVE, Seed(7));
    let (from, mut now) = (world.now, world.now);
    drive.enable(now, world.enabled);
    let mut strokes = Vec::new();
    while now < from + length {
        let due = implant.deadline().unwrap_or(u64::MAX).min(drive.deadline().unwrap_or(u64::MAX));
        now = due.max(now).min(from + length);
        while let Some(event) = drive.poll(now) {
            match event {
                DriveEvent::Moved { at, volume_nl, .. } => strokes.push((at, volume_nl)),
                DriveEvent::Edge { .. } => {
                    implant.handle(now, Input::RotorEdge { second_ms: now }).expect("an edge is taken");
                }
            }
        }
        implant.handle(now, Input::Tick { second_ms: now }).expect("a tick is taken");
        loop {
            let asked = match implant.poll(now) {
                None => break,
                Some(Action::Check(check)) => check,
                Some(Action::Step) => {
                    drive.step(now);
                    continue;
                }
                Some(Action::DriveEnable(on)) => {
                    drive.enable(now, on);
                    continue;
                }
                // Stores, tones and telemetry are not measured here.
                Some(_) => continue,
            };
            implant.handle(now, Input::Checked(story::healthy(asked))).expect("a reading is taken");
        }
    }
    (strokes, from)
}

/// Twenty-five boluses of 20 mcL, one an hour with nothing between: what each really moved, nL.
fn bolus_errors() -> Vec<f64> {
    let (volume, interval) = (Volume::new(20_000), Duration::from_hours(1));
    let periodic = PeriodicBolus {
        background: FlowRate::ZERO,
        volume,
        duration: Duration::from_minutes(10),
        interval,
        first_after: interval,
    };
    let order = Prescription { mode: Mode::PeriodicBolus(periodic), patient_bolus: None, ..wide() };
    let (strokes, from) = measured(&order, 26 * HOUR + HOUR / 2);
    let of = |number: u64| {
        let (begin, end) = (from + number * HOUR - MINUTE, from + number * HOUR + HOUR / 2);
        strokes.iter().filter(|(at, _)| (begin..end).contains(at)).map(|(_, volume)| volume).sum()
    };
    (2..27).map(of).collect()
}

/// What was measured at one rate: name, and `(window in minutes, least, most)` in percent.
type Curve<'a> = (&'a str, Vec<(u64, f64, f64)>);

fn trumpet_svg(curves: &[Curve]) -> String {
    let x = |minutes: u64| 60.0 + ((minutes as f64).ln() - 15f64.ln()) / (930f64.ln() - 15f64.ln()) * 500.0;
    let y = |percent: f64| 200.0 - percent.clamp(-120.0, 220.0) * 0.8;
    let mut svg = head("Trumpet curve: largest error of flow by window", 640, 340);
    for percent in [-100, 0, 100, 200] {
        let at = y(f64::from(percent));
        let _ = write!(
            svg,
            r##"<path d="M60 {at:.1}H560" stroke="#bbb"/><text x="52" y="{at:.1}" text-anchor="end">{percent} %</text>"##
        );
    }
    for minutes in WINDOWS_MIN {
        let _ = write!(svg, r##"<text x="{:.1}" y="320" text-anchor="middle">{minutes}</text>"##, x(minutes));
    }
    for ((name, points), (colour, dash)) in curves.iter().zip([("#0b3d66", ""), ("#9a3b00", "6 3"), ("#3b6e22", "2 3")])
    {
        for side in [|point: &(u64, f64, f64)| point.1, |point: &(u64, f64, f64)| point.2] {
            let line: Vec<String> =
                points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(side(point)))).collect();
            let _ = write!(
                svg,
                r##"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>"##,
                line.join(" ")
            );
        }
        if let Some(last) = points.first() {
            let _ = write!(
                svg,
                r##"<text x="{:.1}" y="{:.1}" fill="{colour}">{name}</text>"##,
                x(last.0) + 6.0,
                y(last.2) - 4.0
            );
        }
    }
    svg.push_str("<text x=\"310\" y=\"336\" text-anchor=\"middle\">window, minutes</text></svg>\n");
    svg
}

fn bolus_svg(boluses: &[f64]) -> String {
    let mut svg = head("Twenty-five boluses of 20 mcL, each weighed", 640, 240);
    let y = |volume: f64| 120.0 - (volume / 20_000.0 - 1.0) * 100.0 * 5.0;
    for percent in [-15, 0, 15] {
        let at = 120.0 - f64::from(percent) * 5.0;
        let _ = write!(
            svg,
            r##"<path d="M60 {at}H620" stroke="#bbb"/><text x="52" y="{at}" text-anchor="end">{percent} %</text>"##
        );
    }
    for (number, volume) in boluses.iter().enumerate() {
        let _ = write!(svg, r##"<circle cx="{}" cy="{:.1}" r="4" fill="#0b3d66"/>"##, 75 + number * 22, y(*volume));
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(title: &str, width: u32, height: u32) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img"><title>{title}</title><rect width="100%" height="100%" fill="#fff"/><text x="60" y="20" font-size="14">{title}</text>"##
    )
}
