//! Reservoir, pump tubing and catheter, which truly hold what was put in.
//!
//! Answers for mass: what entered and has not left is inside, to the last part in a billion. Answers for how fronts blur
//! on their way (physiology 4.2; the law is in `tube`): sharp at basal rates, wide at a prime, where drug leaves the tip
//! long before the path is full. While all fluid is alike a stroke costs nothing; when a front has left, its cells are
//! given up again.
//!
//! Units: nL, ng/mL, fg (= nL x ng/mL), mm, s. Where the fluid goes after the tip is told in `faults`.

use super::tube::Tube;
use serde::{Deserialize, Serialize};

/// Drugs a mixture holds at most.
pub const DRUGS: usize = 4;

/// Mass of each drug, fg.
pub type Masses = [f64; DRUGS];

/// Concentration of each drug, ng/mL.
pub type Concentrations = [f64; DRUGS];

/// The shape of the path.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PathSpec {
    /// Volume of the tubing within the pump, nL.
    pub tubing_nl: f64,
    /// Inner radius of that tubing, mm.
    pub tubing_radius_mm: f64,
    /// Volume of the catheter, nL.
    pub catheter_nl: f64,
    /// Inner radius of the catheter, mm.
    pub catheter_radius_mm: f64,
    /// Molecular diffusion of the drugs, mm2/s.
    pub diffusion_mm2_s: f64,
}

impl PathSpec {
    /// 0.199 mL of pump tubing and 80 cm of catheter at 0.0022 mL/cm (0.53 mm inside), drugs at 6e-6 cm2/s. The bore of the
    /// tubing is ours: the makers do not publish it; wider than the catheter's.
    pub const REFERENCE: Self = Self {
        tubing_nl: 199_000.0,
        tubing_radius_mm: 0.5,
        catheter_nl: 176_000.0,
        catheter_radius_mm: 0.265,
        diffusion_mm2_s: 6e-4,
    };
}

/// What is in the reservoir.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Reservoir {
    /// Volume, nL.
    pub volume_nl: f64,
    /// What it holds, ng/mL.
    pub concentrations: Concentrations,
}

impl Reservoir {
    /// Adds fluid and mixes it whole.
    pub fn fill(&mut self, volume_nl: f64, concentrations: Concentrations) {
        let whole = self.volume_nl + volume_nl;
        if whole <= 0.0 {
            return;
        }
        for (held, added) in self.concentrations.iter_mut().zip(concentrations) {
            *held = (*held * self.volume_nl + added * volume_nl) / whole;
        }
        self.volume_nl = whole;
    }

    /// Takes fluid out, at most what there is; returns the volume taken, nL. What it held is its concentration.
    pub fn draw(&mut self, volume_nl: f64) -> f64 {
        let taken = volume_nl.clamp(0.0, self.volume_nl);
        self.volume_nl -= taken;
        taken
    }

    /// Mass of each drug, fg.
    pub fn masses(&self) -> Masses {
        self.concentrations.map(|c| c * self.volume_nl)
    }
}

/// Tubing and catheter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FluidPath {
    tubing: Tube,
    catheter: Tube,
}

impl FluidPath {
    /// A path that holds this all along.
    pub fn new(spec: PathSpec, concentrations: Concentrations) -> Self {
        let tube = |volume, radius| Tube::new(volume, radius, spec.diffusion_mm2_s, concentrations);
        Self {
            tubing: tube(spec.tubing_nl, spec.tubing_radius_mm),
            catheter: tube(spec.catheter_nl, spec.catheter_radius_mm),
        }
    }

    /// Moves a volume from the reservoir into the tubing and as much into the catheter and out of it, after `rest_ms` in
    /// which nothing moved. Returns what left the tubing for the pocket at the connector, and what left the tip.
    ///
    /// `leak` is the part (0 to 1) that is lost between tubing and catheter.
    pub fn push(&mut self, rest_ms: u64, volume_nl: f64, entering: Concentrations, leak: f64) -> Outflow {
        let rest_s = rest_ms as f64 / 1_000.0;
        let at_connector = self.tubing.push(rest_s, volume_nl, entering.map(|c| c * volume_nl));
        let lost = at_connector.map(|m| m * leak);
        let on_nl = volume_nl * (1.0 - leak);
        let mut on = at_connector;
        for (kept, gone) in on.iter_mut().zip(lost) {
            *kept -= gone;
        }
        let tip = self.catheter.push(rest_s, on_nl, on);
        Outflow { connector_nl: volume_nl * leak, connector_fg: lost, tip_nl: on_nl, tip_fg: tip }
    }

    /// Pushes fluid through the catheter alone, as a syringe at the catheter port does. Returns what left the tip, fg.
    pub fn inject_at_port(&mut self, volume_nl: f64, entering: Concentrations) -> Masses {
        self.catheter.push(0.0, volume_nl, entering.map(|c| c * volume_nl))
    }

    /// Draws fluid back out of the catheter port: what comes from the tip side is CSF without drug. Returns the mass drawn.
    pub fn aspirate_at_port(&mut self, volume_nl: f64) -> Masses {
        self.catheter.draw_back(volume_nl)
    }

    /// Rinses or states tubing and catheter: from now on they hold this all along. Returns what they held before, fg.
    pub fn replace(&mut self, tubing: Concentrations, catheter: Concentrations) -> Masses {
        let before = self.masses();
        self.tubing.replace(tubing);
        self.catheter.replace(catheter);
        before
    }

    /// Mass of each drug inside, fg.
    pub fn masses(&self) -> Masses {
        let catheter = self.catheter.masses();
        let mut sum = self.tubing.masses();
        for (s, m) in sum.iter_mut().zip(catheter) {
            *s += m;
        }
        sum
    }

    /// Whether a front is on its way anywhere.
    pub const fn has_front(&self) -> bool {
        self.tubing.has_front() || self.catheter.has_front()
    }

    /// Volume from the reservoir to the tip, nL.
    pub fn volume_nl(&self) -> f64 {
        self.tubing.volume_nl() + self.catheter.volume_nl()
    }
}

/// What left the path with one motion.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outflow {
    /// Volume lost at the connector, nL.
    pub connector_nl: f64,
    /// Mass lost there, fg.
    pub connector_fg: Masses,
    /// Volume out of the tip, nL.
    pub tip_nl: f64,
    /// Mass out of the tip, fg.
    pub tip_fg: Masses,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: Concentrations = [0.0; DRUGS];
    const NEW: Concentrations = [1_000_000.0, 0.0, 0.0, 0.0];

    /// Pushes `NEW` into a path of `OLD` and returns (volume pushed, concentration out) for each stroke.
    fn front(spec: PathSpec, nl_per_day: f64) -> Vec<(f64, f64)> {
        let mut path = FluidPath::new(spec, OLD);
        let rest_ms = (500.0 / nl_per_day * 86_400_000.0) as u64;
        (1..=1_600)
            .map(|i| (500.0 * f64::from(i), path.push(rest_ms, 500.0, NEW, 0.0).tip_fg[0] / 500.0 / NEW[0]))
            .collect()
    }

    fn reached(course: &[(f64, f64)], part: f64) -> f64 {
        course.iter().find(|(_, c)| *c >= part).map_or(f64::INFINITY, |(v, _)| *v)
    }

    /// The catheter alone: the tubing is made as good as nothing.
    const CATHETER: PathSpec = PathSpec { tubing_nl: 1.0, ..PathSpec::REFERENCE };

    #[test]
    fn at_basal_rates_the_front_is_as_sharp_as_the_sheet_says() {
        // Physiology 4.2: 10-90 % width 4.6, 3.8 and 4.8 % of the catheter at 0.1, 0.5 and 1 mL/day.
        for (rate, width) in [(100_000.0, 0.046), (500_000.0, 0.038), (1_000_000.0, 0.048)] {
            let course = front(CATHETER, rate);
            let got = (reached(&course, 0.9) - reached(&course, 0.1)) / CATHETER.catheter_nl;
            assert!((got - width).abs() < 0.015, "{rate} nL/day: width {got}, sheet {width}");
            let middle = reached(&course, 0.5) / CATHETER.catheter_nl;
            assert!((middle - 1.0).abs() < 0.02, "{rate} nL/day: middle at {middle}");
        }
    }

    #[test]
    fn at_a_prime_the_catheter_lets_out_the_dose_the_sheet_says_before_its_nominal_end() {
        // Physiology 4.2 at 24 mL/day: 10-90 % width 22.5 %, and C x 6.2 uL out before the nominal end.
        let course = front(CATHETER, 24_000_000.0);
        let width = (reached(&course, 0.9) - reached(&course, 0.1)) / CATHETER.catheter_nl;
        assert!((width - 0.225).abs() < 0.02, "{width}");
        let early: f64 = course.iter().filter(|(v, _)| *v <= CATHETER.catheter_nl).map(|(_, c)| c * 500.0).sum();
        assert!((early - 6_200.0).abs() < 600.0, "{early} nL");
    }

    #[test]
    fn a_prime_of_the_whole_path_lets_drug_out_long_before_its_end_and_a_weak_end_follows() {
        let prime = front(PathSpec::REFERENCE, 24_000_000.0);
        let basal = front(PathSpec::REFERENCE, 500_000.0);
        let volume = PathSpec::REFERENCE.tubing_nl + PathSpec::REFERENCE.catheter_nl;
        assert!(reached(&prime, 0.05) < 0.88 * volume, "{}", reached(&prime, 0.05) / volume);
        assert!(reached(&basal, 0.05) > 0.95 * volume, "{}", reached(&basal, 0.05) / volume);
        assert!(reached(&prime, 0.95) > 1.1 * volume);
        assert!(reached(&basal, 0.95) < 1.05 * volume);
    }

    #[test]
    fn when_the_front_has_left_the_cells_are_given_up_and_what_leaves_is_the_new_drug() {
        let mut path = FluidPath::new(PathSpec::REFERENCE, OLD);
        for _ in 0..6_000 {
            path.push(86_400, 500.0, NEW, 0.0);
        }
        assert!(!path.has_front());
        let out = path.push(86_400, 500.0, NEW, 0.0).tip_fg[0];
        assert!((out / 500e6 - 1.0).abs() < 1e-6, "{out}");
    }

    #[test]
    fn drawing_back_at_the_port_takes_the_catheters_drug_and_leaves_csf() {
        let mut path = FluidPath::new(PathSpec::REFERENCE, NEW);
        let before = path.masses()[0];
        let drawn = path.aspirate_at_port(2.0 * PathSpec::REFERENCE.catheter_nl)[0];
        assert!((drawn / (PathSpec::REFERENCE.catheter_nl * NEW[0]) - 1.0).abs() < 0.02);
        assert!((path.masses()[0] + drawn - before).abs() < before * 1e-12);
        // The next stroke pushes CSF out of the tip, hardly any drug.
        assert!(path.push(1_000, 500.0, NEW, 0.0).tip_fg[0] < 0.01 * 500.0 * NEW[0]);
    }

    #[test]
    fn a_leak_at_the_connector_loses_its_part_and_the_tip_gets_the_rest() {
        let mut path = FluidPath::new(PathSpec::REFERENCE, NEW);
        let out = path.push(1_000, 500.0, NEW, 0.25);
        assert_eq!((out.connector_nl, out.tip_nl), (125.0, 375.0));
        assert!((out.connector_fg[0] - 125e6).abs() < 1.0 && (out.tip_fg[0] - 375e6).abs() < 1.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn mass_is_kept_over_any_course_of_fills_strokes_leaks_and_aspirations(
            acts in proptest::collection::vec((0_u8..10, 1.0_f64..2_000.0, 1_u64..600_000, 0.0_f64..1.0), 1..300),
        ) {
            let mut reservoir = Reservoir { volume_nl: 5e6, concentrations: [1e6, 2e5, 0.0, 3e3] };
            let mut path = FluidPath::new(PathSpec::REFERENCE, [0.0; DRUGS]);
            let mut entered = reservoir.masses();
            let mut left = [0.0; DRUGS];
            let add = |sum: &mut Masses, m: Masses| sum.iter_mut().zip(m).for_each(|(s, m)| *s += m);
            for (kind, volume, rest, part) in acts {
                match kind {
                    0 => {
                        let c = [part * 2e6, 1e5, 7e4 * part, 0.0];
                        reservoir.fill(volume * 1_000.0, c);
                        add(&mut entered, c.map(|c| c * volume * 1_000.0));
                    }
                    1 => {
                        let c = reservoir.concentrations;
                        let drawn = reservoir.draw(volume * 100.0);
                        add(&mut left, c.map(|c| c * drawn));
                    }
                    2 => add(&mut left, path.aspirate_at_port(volume * 50.0)),
                    3 => {
                        let c = [1e6 * part; DRUGS];
                        add(&mut entered, c.map(|c| c * volume));
                        add(&mut left, path.inject_at_port(volume, c));
                    }
                    _ => {
                        let c = reservoir.concentrations;
                        let drawn = reservoir.draw(volume);
                        let out = path.push(rest, drawn, c, if kind == 4 { part } else { 0.0 });
                        add(&mut left, out.tip_fg);
                        add(&mut left, out.connector_fg);
                    }
                }
            }
            add(&mut left, path.masses());
            add(&mut left, reservoir.masses());
            for (entered, left) in entered.iter().zip(left) {
                prop_assert!((entered - left).abs() <= 1e-9 * entered, "{entered} {left}");
            }
        }
    }
}
