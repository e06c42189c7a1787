//! The canal drawn: cord and fluid with their levels at the left, levels over time as heat, the scale at the right.

use std::fmt::Write as _;

use libm::log10;

use super::svg::{Svg, px, through};
use super::{INK, INK_SOFT, Picture, RULE, Strip, TIME, across, axis};
use crate::levels::Level;

/// Decades of level that are shown; what is lower is as good as nothing beside the highest.
const DECADES: f64 = 3.0;
/// Steps of colour.
const STEPS: usize = 24;
/// Height of the canal, of the cisterns above it, and of the room around, px.
const HEIGHT: f64 = 296.0;
const CISTERNS: f64 = 16.0;
const BETWEEN: f64 = 4.0;
const AROUND: f64 = 30.0;
/// Middle of the drawn cord, and how many px a root of its section in cm is wide, px.
const CORD_X: f64 = 82.0;
const CM_WIDE: f64 = 24.0;
/// How many px a root of the cord's section in cm is wide: narrower than the fluid's, or no fluid would be seen beside it.
const CORD_CM_WIDE: f64 = 14.0;
/// Colour of catheter and tip.
const TIP: &str = "#a8322d";

/// Colours from nothing to most, one row for each drug: light to dark, so that they read in grey as well.
const PALETTES: [[(u8, u8, u8); 5]; 4] = [
    [(243, 246, 248), (180, 220, 216), (74, 163, 168), (22, 98, 128), (14, 40, 74)],
    [(246, 244, 248), (222, 203, 228), (176, 134, 188), (122, 66, 138), (60, 18, 76)],
    [(249, 246, 240), (244, 216, 166), (226, 160, 82), (168, 92, 28), (82, 38, 10)],
    [(244, 247, 242), (206, 226, 186), (142, 184, 112), (76, 128, 58), (26, 66, 26)],
];

/// The colour at a share of the way from nothing to most.
pub(crate) fn colour(palette: usize, share: f64) -> String {
    let stops = &PALETTES[palette % PALETTES.len()];
    let at = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let (low, part) = ((at as usize).min(stops.len() - 2), at - ((at as usize).min(stops.len() - 2)) as f64);
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    let ((r0, g0, b0), (r1, g1, b1)) = (stops[low], stops[low + 1]);
    format!("#{:02x}{:02x}{:02x}", mix(r0, r1), mix(g0, g1), mix(b0, b1))
}

/// What was given, above the heat; answers where the heat begins.
pub(super) fn marks(svg: &mut Svg, picture: &Picture, top: f64) -> f64 {
    let mut words_until = f64::MIN;
    for mark in &picture.marks {
        let (from, until) = (across(&picture.times_min, mark.from_min), across(&picture.times_min, mark.until_min));
        if mark.until_min > mark.from_min {
            svg.rect(from, top + 6.0, (until - from).max(1.0), 4.0, INK_SOFT);
        } else {
            let d = format!("M{} {}l-4.5 -8h9z", px(from), px(top + 10.0));
            svg.path(&d, &format!("fill=\"{INK}\""));
        }
        let wide = 6.2 * mark.what.chars().count() as f64;
        let at = from.min(TIME.1 - wide).max(TIME.0);
        if at > words_until {
            svg.text(at, top - 1.0, 11.0, INK, "start", &mark.what);
            words_until = at + wide + 8.0;
        }
    }
    if picture.marks.is_empty() { top } else { top + 18.0 }
}

/// One drug's heat with the body beside it; answers where the next part begins.
pub(super) fn strip(svg: &mut Svg, picture: &Picture, strip: &Strip, number: usize, top: f64) -> f64 {
    let canal_top = top + CISTERNS + BETWEEN;
    let length = picture.canal.length;
    let y = |cm: f64| canal_top + (1.0 - cm / length) * HEIGHT;
    let highest = strip.levels.iter().flatten().chain(&strip.cisternal).copied().fold(0.0, f64::max);
    let most = axis::round_up(highest);
    let share = |level: f64| {
        let found = 1.0 + (log10(level.max(1e-300)) - log10(most)) / DECADES;
        if level > 0.0 && highest > 0.0 { found.clamp(0.0, 1.0) } else { 0.0 }
    };
    svg.rect(TIME.0, top, TIME.1 - TIME.0, CISTERNS, &colour(number, 0.0));
    svg.rect(TIME.0, canal_top, TIME.1 - TIME.0, HEIGHT, &colour(number, 0.0));
    heat(svg, picture, strip, number, (top, canal_top), share);
    body(svg, picture, canal_top, y);
    svg.text(TIME.0 - 7.0, top + 12.0, 10.0, INK_SOFT, "end", "cisterns");
    let d = format!("M{} {}H{}", px(TIME.0), px(y(picture.tip)), px(TIME.1));
    svg.path(&d, "stroke=\"#fff\" stroke-opacity=\"0.75\" stroke-width=\"1\" stroke-dasharray=\"5 4\"");
    svg.text(TIME.0 - 7.0, y(picture.tip) + 4.0, 11.5, TIP, "end", "tip");
    scale(svg, strip, number, most, canal_top);
    canal_top + HEIGHT + AROUND
}

/// Each step of colour as one path of flat runs, laid over the steps below it: no seams, and few bytes.
fn heat(
    svg: &mut Svg,
    picture: &Picture,
    strip: &Strip,
    number: usize,
    (top, canal_top): (f64, f64),
    share: impl Fn(f64) -> f64,
) {
    let columns = strip.levels.len();
    let rows = picture.places_cm.len();
    if columns == 0 || rows == 0 {
        return;
    }
    let (wide, high) = ((TIME.1 - TIME.0) / columns as f64, HEIGHT / rows as f64);
    let step_of = |level: f64| (share(level) * STEPS as f64).floor().min(STEPS as f64 - 1.0) as usize;
    for step in 1..STEPS {
        let mut d = String::new();
        let mut run = |y: f64, height: f64, level: &dyn Fn(usize) -> f64| {
            let mut begun = None;
            for column in 0..=columns {
                let is_in = column < columns && step_of(level(column)) >= step;
                match (is_in, begun) {
                    (true, None) => begun = Some(column),
                    (false, Some(from)) => {
                        let (x, length) = (TIME.0 + from as f64 * wide, (column - from) as f64 * wide);
                        let _ = write!(d, "M{} {}h{}v{}h-{}z", px(x), px(y), px(length), px(height), px(length));
                        begun = None;
                    }
                    _ => {}
                }
            }
        };
        for row in 0..rows {
            let y = canal_top + HEIGHT - (row as f64 + 1.0) * high;
            run(y, high, &|column| strip.levels[column].get(row).copied().unwrap_or(0.0));
        }
        run(top, CISTERNS, &|column| strip.cisternal.get(column).copied().unwrap_or(0.0));
        if !d.is_empty() {
            let fill = colour(number, (step as f64 + 0.5) / STEPS as f64);
            svg.path(&d, &format!("fill=\"{fill}\" shape-rendering=\"crispEdges\""));
        }
    }
}

/// Fluid and cord to scale along the canal, the levels' names, and the catheter.
fn body(svg: &mut Svg, picture: &Picture, canal_top: f64, y: impl Fn(f64) -> f64) {
    let canal = &picture.canal;
    let half = |cm: f64| 0.5 * CM_WIDE * canal.area.at(cm).sqrt();
    let places = || (0..=60).map(|n| f64::from(n) / 60.0 * canal.length);
    let right = places().map(|cm| (CORD_X + half(cm), y(cm)));
    let left = places().collect::<Vec<_>>().into_iter().rev().map(|cm| (CORD_X - half(cm), y(cm)));
    let fluid: Vec<(f64, f64)> = right.chain(left).collect();
    svg.path(&format!("{}Z", through(&fluid)), "fill=\"#dcebf3\" stroke=\"#9db7c6\" stroke-width=\"0.8\"");
    let cord = 0.5 * CORD_CM_WIDE * canal.cord_area.sqrt();
    let (low, high) = (y(canal.conus), canal_top);
    let shape = [(CORD_X, low + 4.0), (CORD_X + cord, low - 16.0), (CORD_X + cord, high), (CORD_X - cord, high)];
    let d = format!("{}L{} {}Z", through(&shape), px(CORD_X - cord), px(low - 16.0));
    svg.path(&d, "fill=\"#e9c9a8\" stroke=\"#b98d60\" stroke-width=\"0.7\"");
    let mut free = f64::MAX;
    for level in Level::all() {
        let at = y(canal.levels.place(level));
        svg.line(49.0, at, 53.0, at, RULE, 0.8);
        let is_cervical_crowd = free - at < 11.0;
        if !is_cervical_crowd {
            svg.text(46.0, at + 3.5, 10.0, INK_SOFT, "end", level.name());
            free = at;
        }
    }
    let (tip, entry) = (y(picture.tip), y(picture.tip.min(canal.levels.read("L3").unwrap_or(0.0))));
    let d = format!(
        "M6 {}C30 {} 58 {} {} {}V{}",
        px(entry + 24.0),
        px(entry + 24.0),
        px(entry + 14.0),
        px(CORD_X - 10.0),
        px(entry),
        px(tip)
    );
    svg.path(&d, "fill=\"none\" stroke=\"#a8322d\" stroke-width=\"2\" stroke-linecap=\"round\"");
    svg.dot(CORD_X - 10.0, tip, 3.6, TIP, &format!("tip, {} cm from the sac's end", axis::number(picture.tip)));
}

/// What the colours mean.
fn scale(svg: &mut Svg, strip: &Strip, number: usize, most: f64, top: f64) {
    let (x, height) = (TIME.1 + 12.0, 200.0);
    let (most, unit) = if most >= 1e4 { (most / 1000.0, "CSF, mcg/mL") } else { (most, "CSF, ng/mL") };
    svg.text(x, top + 8.0, 12.5, INK, "start", &strip.drug).text(x, top + 23.0, 10.5, INK_SOFT, "start", unit);
    let top = top + 36.0;
    for step in 0..STEPS {
        let share = step as f64 / STEPS as f64;
        let y = top + height * (1.0 - share - 1.0 / STEPS as f64);
        svg.rect(x, y, 12.0, height / STEPS as f64 + 0.3, &colour(number, share + 0.5 / STEPS as f64));
    }
    for decade in 0..=DECADES as u32 {
        let y = top + height * f64::from(decade) / DECADES;
        let level = most / libm::pow(10.0, f64::from(decade));
        let words =
            if decade == DECADES as u32 { format!("under {}", axis::number(level)) } else { axis::number(level) };
        svg.line(x + 12.0, y, x + 15.0, y, INK_SOFT, 0.8).text(x + 18.0, y + 3.5, 10.0, INK_SOFT, "start", &words);
    }
}
