//! The drive as it truly is: motor, rotor, the sensor of its motion, and the enable line.
//!
//! Answers for when the rotor moves and how much, and for the edges the pump sees. The two are apart on purpose: a motion
//! may give no edge, an edge may come without a motion, and a command may give neither. Leaves to the path where the
//! fluid goes, and to the pump to make sense of it.
//!
//! Terms. *Stroke*: one commanded turn of the rotor. *Edge*: the sensor's signal at the end of a stroke. *Enable line*:
//! without it no current reaches the motor. *Free run*: the motor turns by a fault of its driver, as long as it is enabled.

use crate::rng::{Chance, Purpose, Seed};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What a drive is, and how far from nominal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveSpec {
    /// Nominal volume of a stroke, nL.
    pub stroke_nl: u64,
    /// How far this one pump is from nominal at every stroke, parts per million, signed.
    pub systematic_ppm: i32,
    /// How far one stroke is from the next, parts per million: evenly between minus and plus this.
    pub noise_ppm: u32,
    /// How long a stroke takes from the command to its edge, ms.
    pub stroke_ms: u64,
    /// Strokes that do not move by chance, parts per million.
    pub stall_ppm: u32,
    /// Strokes that move and give no edge, parts per million.
    pub missed_edge_ppm: u32,
    /// How long after a strong field the rotor stays still: least and most, ms. 2 to 24 hours have been seen.
    pub field_lag_ms: (u64, u64),
}

impl DriveSpec {
    /// The reference pump's drive, exactly as specified, without chance.
    pub const NOMINAL: Self = Self {
        stroke_nl: 500,
        systematic_ppm: 0,
        noise_ppm: 0,
        stroke_ms: 200,
        stall_ppm: 0,
        missed_edge_ppm: 0,
        field_lag_ms: (0, 0),
    };
}

/// What truly happened at the drive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum DriveEvent {
    /// The rotor moved this volume, nL, upon a command or without one.
    Moved {
        /// True time, ms.
        at: u64,
        /// Volume truly moved, nL.
        volume_nl: f64,
        /// Whether the pump had commanded it.
        commanded: bool,
    },
    /// The sensor gave an edge.
    Edge {
        /// True time, ms.
        at: u64,
    },
}

/// What comes due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    StrokeEnds,
    FreeRun,
    Phantom,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stroke {
    begun: u64,
    ends: u64,
    moves: bool,
    gives_edge: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct FreeRun {
    next: u64,
    until: u64,
    every_ms: u64,
}

/// The drive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Drive {
    spec: DriveSpec,
    chance: Chance,
    enabled: bool,
    stroke: Option<Stroke>,
    stalled_until: u64,
    edges_to_lose: u32,
    edges_to_delay: Option<(u32, u64)>,
    phantoms: VecDeque<u64>,
    free_run: Option<FreeRun>,
    field: bool,
    /// Until when the rotor stays still after a field.
    lag_until: u64,
    ready: VecDeque<DriveEvent>,
}

impl Drive {
    /// A drive of this kind, with the chance of this seed; the enable line is off.
    pub fn new(spec: DriveSpec, seed: Seed) -> Self {
        Self {
            spec,
            chance: seed.stream(Purpose::Drive),
            enabled: false,
            stroke: None,
            stalled_until: 0,
            edges_to_lose: 0,
            edges_to_delay: None,
            phantoms: VecDeque::new(),
            free_run: None,
            field: false,
            lag_until: 0,
            ready: VecDeque::new(),
        }
    }

    /// The pump sets the enable line. Cut in the midst of a stroke, the rotor stands where it is: a part has moved and no
    /// edge comes.
    pub fn enable(&mut self, now: u64, on: bool) {
        self.run_to(now);
        self.enabled = on;
        if !on {
            self.break_off(now);
        }
    }

    /// The pump commands one stroke. A command during a stroke, or without the enable line, moves nothing.
    pub fn step(&mut self, now: u64) {
        self.run_to(now);
        let by_chance = self.chance.happens(self.spec.stall_ppm);
        let missed = self.chance.happens(self.spec.missed_edge_ppm);
        if !self.enabled || self.stroke.is_some() {
            return;
        }
        let moves = !by_chance && !self.stands_still(now);
        let mut ends = now + self.spec.stroke_ms;
        if let Some((left, by_ms)) = &mut self.edges_to_delay {
            ends += *by_ms;
            *left -= 1;
            if *left == 0 {
                self.edges_to_delay = None;
            }
        }
        let mut gives_edge = moves && !missed;
        if gives_edge && self.edges_to_lose > 0 {
            self.edges_to_lose -= 1;
            gives_edge = false;
        }
        self.stroke = Some(Stroke { begun: now, ends, moves, gives_edge });
    }

    /// A strong magnetic field begins or ends. In it the rotor stands; afterwards it goes on standing for a lag.
    pub fn field(&mut self, now: u64, on: bool) {
        self.run_to(now);
        if on {
            self.break_off(now);
        } else if self.field {
            let (least, most) = self.spec.field_lag_ms;
            self.lag_until = now + self.chance.between(least, most);
        }
        self.field = on;
    }

    /// When the rotor would move again after the last field; the world tells it to nobody.
    pub const fn field_lag_until(&self) -> u64 {
        self.lag_until
    }

    /// When something comes due by itself.
    pub fn deadline(&self) -> Option<u64> {
        if self.ready.is_empty() { self.next_due().map(|(at, _)| at) } else { Some(0) }
    }

    /// What has happened by now, one event at a time, in order of time.
    pub fn poll(&mut self, now: u64) -> Option<DriveEvent> {
        self.run_to(now);
        self.ready.pop_front()
    }

    fn stands_still(&self, now: u64) -> bool {
        self.field || now < self.lag_until || now < self.stalled_until
    }

    fn next_due(&self) -> Option<(u64, Due)> {
        let stroke = self.stroke.map(|s| (s.ends, Due::StrokeEnds));
        let free = self.free_run.map(|f| (f.next, Due::FreeRun));
        let phantom = self.phantoms.front().map(|at| (*at, Due::Phantom));
        [stroke, free, phantom].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn run_to(&mut self, now: u64) {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            match due {
                Due::StrokeEnds => self.end_stroke(at),
                Due::FreeRun => self.run_free(at),
                Due::Phantom => {
                    self.phantoms.pop_front();
                    self.ready.push_back(DriveEvent::Edge { at });
                }
            }
        }
    }

    fn end_stroke(&mut self, at: u64) {
        let Some(stroke) = self.stroke.take() else { return };
        if stroke.moves {
            let volume_nl = self.true_volume();
            self.ready.push_back(DriveEvent::Moved { at, volume_nl, commanded: true });
        }
        if stroke.gives_edge {
            self.ready.push_back(DriveEvent::Edge { at });
        }
    }

    fn run_free(&mut self, at: u64) {
        let Some(run) = &mut self.free_run else { return };
        run.next += run.every_ms;
        if run.next > run.until {
            self.free_run = None;
        }
        if self.enabled && !self.stands_still(at) {
            let volume_nl = self.true_volume();
            self.ready.push_back(DriveEvent::Moved { at, volume_nl, commanded: false });
            self.ready.push_back(DriveEvent::Edge { at });
        }
    }

    fn break_off(&mut self, now: u64) {
        let Some(stroke) = self.stroke.take() else { return };
        if stroke.moves {
            let part = (now - stroke.begun) as f64 / (stroke.ends - stroke.begun).max(1) as f64;
            let volume_nl = self.true_volume() * part;
            if volume_nl > 0.0 {
                self.ready.push_back(DriveEvent::Moved { at: now, volume_nl, commanded: true });
            }
        }
    }

    fn true_volume(&mut self) -> f64 {
        let ppm = i64::from(self.spec.systematic_ppm) + self.chance.around(self.spec.noise_ppm);
        self.spec.stroke_nl as f64 * (1_000_000 + ppm).max(0) as f64 / 1_000_000.0
    }
}

/// Mishaps of the drive.
impl Drive {
    /// The rotor is stuck until this moment; `u64::MAX` for ever: a worn shaft, a foreign particle.
    pub const fn stall_until(&mut self, until: u64) {
        self.stalled_until = until;
    }

    /// The sensor misses the next edges; the rotor moves.
    pub const fn lose_edges(&mut self, count: u32) {
        self.edges_to_lose = count;
    }

    /// The next strokes take this much longer, ms: a stiff gear.
    pub fn slow_strokes(&mut self, count: u32, by_ms: u64) {
        self.edges_to_delay = (count > 0).then_some((count, by_ms));
    }

    /// Interference gives edges at these moments without any motion; times in order.
    pub fn phantom_edges(&mut self, at: &[u64]) {
        self.phantoms.extend(at);
        self.phantoms.make_contiguous().sort_unstable();
    }

    /// The driver's fault turns the motor by itself: one stroke every so many ms, from and until, while it is enabled.
    pub fn run_free_from(&mut self, from: u64, until: u64, every_ms: u64) {
        self.free_run = Some(FreeRun { next: from, until, every_ms: every_ms.max(1) });
    }

    /// From now on each stroke is this far from nominal, parts per million: overfill pressure, a worn tube.
    pub const fn set_systematic(&mut self, ppm: i32) {
        self.spec.systematic_ppm = ppm;
    }

    /// What the drive is.
    pub const fn spec(&self) -> DriveSpec {
        self.spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive() -> Drive {
        let mut drive = Drive::new(DriveSpec::NOMINAL, Seed(1));
        drive.enable(0, true);
        drive
    }

    fn events(drive: &mut Drive, now: u64) -> Vec<DriveEvent> {
        std::iter::from_fn(|| drive.poll(now)).collect()
    }

    fn moved(at: u64, volume_nl: f64, commanded: bool) -> DriveEvent {
        DriveEvent::Moved { at, volume_nl, commanded }
    }

    #[test]
    fn a_commanded_stroke_moves_and_gives_its_edge_a_moment_later() {
        let mut drive = drive();
        drive.step(1_000);
        assert_eq!(drive.deadline(), Some(1_200));
        assert_eq!(events(&mut drive, 1_199), []);
        assert_eq!(events(&mut drive, 1_200), [moved(1_200, 500.0, true), DriveEvent::Edge { at: 1_200 }]);
        assert_eq!(drive.deadline(), None);
    }

    #[test]
    fn without_the_enable_line_nothing_moves_not_even_a_free_run() {
        let mut drive = Drive::new(DriveSpec::NOMINAL, Seed(1));
        drive.step(0);
        drive.run_free_from(1_000, 5_000, 1_000);
        assert_eq!(events(&mut drive, 10_000), []);
    }

    #[test]
    fn a_free_run_moves_with_edges_until_the_line_is_cut() {
        let mut drive = drive();
        drive.run_free_from(1_000, 60_000, 1_000);
        assert_eq!(events(&mut drive, 3_500).len(), 6);
        drive.enable(3_500, false);
        assert_eq!(events(&mut drive, 60_000), []);
    }

    #[test]
    fn a_stroke_cut_half_way_has_moved_half_and_gives_no_edge() {
        let mut drive = drive();
        drive.step(1_000);
        drive.enable(1_100, false);
        assert_eq!(events(&mut drive, 5_000), [moved(1_100, 250.0, true)]);
    }

    #[test]
    fn a_missed_edge_moves_a_stall_does_not_and_a_phantom_edge_is_only_an_edge() {
        let mut drive = drive();
        drive.lose_edges(1);
        drive.step(0);
        assert_eq!(events(&mut drive, 200), [moved(200, 500.0, true)]);
        drive.stall_until(10_000);
        drive.step(1_000);
        assert_eq!(events(&mut drive, 9_000), []);
        drive.phantom_edges(&[9_500, 9_400]);
        assert_eq!(events(&mut drive, 9_500), [DriveEvent::Edge { at: 9_400 }, DriveEvent::Edge { at: 9_500 }]);
        drive.step(10_000);
        assert_eq!(events(&mut drive, 10_200).len(), 2);
    }

    #[test]
    fn the_rotor_stands_in_the_field_and_for_hours_after_it() {
        let hour = 3_600_000;
        let spec = DriveSpec { field_lag_ms: (2 * hour, 24 * hour), ..DriveSpec::NOMINAL };
        let mut drive = Drive::new(spec, Seed(5));
        drive.enable(0, true);
        drive.field(1_000, true);
        drive.step(2_000);
        drive.field(30 * 60_000, false);
        drive.step(31 * 60_000);
        assert_eq!(events(&mut drive, hour), []);
        let back = drive.field_lag_until();
        assert!((2 * hour..=25 * hour).contains(&back));
        drive.step(back - 1_000);
        assert_eq!(events(&mut drive, back), []);
        drive.step(back);
        assert_eq!(events(&mut drive, back + 200).len(), 2);
    }

    #[test]
    fn a_second_command_during_a_stroke_moves_nothing_more() {
        let mut drive = drive();
        drive.step(0);
        drive.step(100);
        assert_eq!(events(&mut drive, 1_000).len(), 2);
    }

    #[test]
    fn a_slow_stroke_gives_its_edge_late_and_the_next_one_in_time() {
        let mut drive = drive();
        drive.slow_strokes(1, 400);
        drive.step(0);
        assert_eq!(events(&mut drive, 599), []);
        assert_eq!(events(&mut drive, 600).len(), 2);
        drive.step(1_000);
        assert_eq!(events(&mut drive, 1_200).len(), 2);
    }

    #[test]
    fn ten_thousand_strokes_keep_the_systematic_error_and_the_odds() {
        let spec = DriveSpec {
            systematic_ppm: 25_000,
            noise_ppm: 50_000,
            stall_ppm: 10_000,
            missed_edge_ppm: 20_000,
            ..DriveSpec::NOMINAL
        };
        let mut drive = Drive::new(spec, Seed(9));
        drive.enable(0, true);
        let (mut volume, mut moves, mut edges) = (0.0, 0, 0);
        for i in 0..10_000 {
            drive.step(i * 1_000);
            for event in events(&mut drive, i * 1_000 + 500) {
                match event {
                    DriveEvent::Moved { volume_nl, .. } => {
                        volume += volume_nl;
                        moves += 1;
                    }
                    DriveEvent::Edge { .. } => edges += 1,
                }
            }
        }
        assert!((volume / f64::from(moves) - 512.5).abs() < 1.0);
        assert!((9_850..9_950).contains(&moves), "{moves}");
        assert!((9_630..9_780).contains(&edges), "{edges}");
    }
}
