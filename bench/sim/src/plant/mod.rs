//! The plant: what truly lies in the body, moved by the pump's actions and by mishaps, and what of it the pump can see.
//!
//! Answers for the truth: drive, fluid, battery, temperature, complications, together. Each has a file of its own; here
//! they meet. Leaves to the world who does what when, and how inputs and actions are worded for the implant; to the auditor
//! whether it was right; to the patient what drug does.
//!
//! Use: tell it the pump's actions ([`Plant::step`], [`Plant::enable`], [`Plant::tone`], [`Plant::radio`]); then call
//! [`Plant::poll`] until `None`, at each [`Plant::deadline`]. Times never decrease.

pub mod battery;
pub mod body_side;
pub mod drive;
pub mod faults;
pub mod path;
mod tube;

pub use battery::{Battery, Cell};
pub use body_side::Pocket;
pub use drive::{Drive, DriveEvent, DriveSpec};
pub use faults::{Aspiration, Complications, Needle, Place, overfill_factor};
pub use path::{Concentrations, DRUGS, FluidPath, Masses, Outflow, PathSpec, Reservoir};

use crate::rng::Seed;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What a plant is made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlantSpec {
    /// The drive.
    pub drive: DriveSpec,
    /// Tubing and catheter.
    pub path: PathSpec,
    /// The cell.
    pub cell: Cell,
    /// What the reservoir holds without overfill, nL.
    pub capacity_nl: f64,
    /// What no needle can draw off, nL.
    pub residual_nl: f64,
    /// Mean temperature of the pocket, 0.01 degC.
    pub pocket_centi_c: i32,
}

impl PlantSpec {
    /// The reference pump with 20 mL and 80 cm of catheter, without chance.
    pub const REFERENCE: Self = Self {
        drive: DriveSpec::NOMINAL,
        path: PathSpec::REFERENCE,
        cell: Cell::REFERENCE,
        capacity_nl: 20_000_000.0,
        residual_nl: 1_400_000.0,
        pocket_centi_c: 3_650,
    };
}

/// Drug and fluid that arrived somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// True time, ms.
    pub at: u64,
    /// Where it truly went.
    pub place: Place,
    /// Volume, nL.
    pub volume_nl: f64,
    /// Mass of each drug, fg.
    pub mass_fg: Masses,
}

/// What happened in the plant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum PlantEvent {
    /// The rotor moved; the volume is what truly left the reservoir. For the auditor; the pump cannot see it.
    Moved {
        /// True time, ms.
        at: u64,
        /// Volume that left the reservoir, nL.
        volume_nl: f64,
        /// Whether the pump had commanded it.
        commanded: bool,
    },
    /// The rotor's sensor gave an edge: an input of the pump.
    Edge {
        /// True time, ms.
        at: u64,
    },
    /// Drug arrived: for the patient.
    Delivered(Delivery),
}

/// The plant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plant {
    spec: PlantSpec,
    drive: Drive,
    reservoir: Reservoir,
    path: FluidPath,
    /// The cell, open to the world's mishaps.
    pub battery: Battery,
    /// The pocket's temperature, open to the world's events.
    pub pocket: Pocket,
    /// What is wrong between reservoir and cord, open to the world's mishaps.
    pub complications: Complications,
    last_motion: u64,
    ready: VecDeque<PlantEvent>,
}

impl Plant {
    /// A new plant at true time 0: reservoir empty, path full of fluid without drug, a new cell.
    pub fn new(spec: PlantSpec, seed: Seed) -> Self {
        Self {
            spec,
            drive: Drive::new(spec.drive, seed),
            reservoir: Reservoir::default(),
            path: FluidPath::new(spec.path, [0.0; DRUGS]),
            battery: Battery::new(spec.cell, 0),
            pocket: Pocket::new(spec.pocket_centi_c, seed),
            complications: Complications::default(),
            last_motion: 0,
            ready: VecDeque::new(),
        }
    }

    /// When something comes due by itself.
    pub fn deadline(&self) -> Option<u64> {
        if self.ready.is_empty() { self.drive.deadline() } else { Some(0) }
    }

    /// What has happened by now, one event at a time, in order.
    pub fn poll(&mut self, now: u64) -> Option<PlantEvent> {
        if let Some(event) = self.ready.pop_front() {
            return Some(event);
        }
        match self.drive.poll(now)? {
            DriveEvent::Edge { at } => Some(PlantEvent::Edge { at }),
            DriveEvent::Moved { at, volume_nl, commanded } => {
                let left = self.motion(at, volume_nl);
                Some(PlantEvent::Moved { at, volume_nl: left, commanded })
            }
        }
    }

    /// What truly happens to the fluid when the rotor moves; returns the volume that left the reservoir.
    fn motion(&mut self, at: u64, rotor_nl: f64) -> f64 {
        let pressed = rotor_nl * overfill_factor(self.reservoir.volume_nl, self.spec.capacity_nl);
        let entering = self.reservoir.concentrations;
        // A dry reservoir lets the rotor turn and nothing moves: the drive has no air to push in this plant.
        let volume_nl = self.reservoir.draw(pressed * self.complications.passes());
        let rest_ms = at.saturating_sub(self.last_motion);
        self.last_motion = at;
        if volume_nl <= 0.0 {
            return 0.0;
        }
        let out = self.path.push(rest_ms, volume_nl, entering, self.complications.lost_at_connector());
        self.deliver(at, Place::Pocket, out.connector_nl, out.connector_fg);
        self.deliver(at, self.complications.tip, out.tip_nl, out.tip_fg);
        volume_nl
    }

    fn deliver(&mut self, at: u64, place: Place, volume_nl: f64, mass_fg: Masses) {
        if volume_nl > 0.0 {
            self.ready.push_back(PlantEvent::Delivered(Delivery { at, place, volume_nl, mass_fg }));
        }
    }
}

/// The pump's actions.
impl Plant {
    /// One stroke of the drive; the motor draws its charge whether the rotor moves or not.
    pub fn step(&mut self, now: u64) {
        self.battery.pass(now);
        self.battery.stroke();
        self.drive.step(now);
    }

    /// The drive's enable line.
    pub fn enable(&mut self, now: u64, on: bool) {
        self.drive.enable(now, on);
    }

    /// A tone of this length, ms.
    pub fn tone(&mut self, now: u64, length_ms: u64) {
        self.battery.pass(now);
        self.battery.tone(length_ms);
    }

    /// The radio on for this long, ms.
    pub fn radio(&mut self, now: u64, length_ms: u64) {
        self.battery.pass(now);
        self.battery.radio(length_ms);
    }

    /// Voltage under load as the pump measures it, mV.
    pub fn loaded_mv(&mut self, now: u64) -> u64 {
        self.battery.pass(now);
        self.battery.loaded_mv(now)
    }
}

/// What people and the world do.
impl Plant {
    /// Mishaps of the drive.
    pub const fn drive(&mut self) -> &mut Drive {
        &mut self.drive
    }

    /// A needle puts this in, wherever it truly is. Under the skin, or through the catheter's port, drug arrives at once;
    /// at the catheter's port it pushes what the catheter held before it.
    pub fn fill(&mut self, now: u64, needle: Needle, volume_nl: f64, concentrations: Concentrations) {
        match needle {
            Needle::Reservoir => self.reservoir.fill(volume_nl, concentrations),
            Needle::Pocket => self.deliver(now, Place::Pocket, volume_nl, concentrations.map(|c| c * volume_nl)),
            Needle::CatheterPort if self.complications.is_disconnected => {
                self.deliver(now, Place::Pocket, volume_nl, concentrations.map(|c| c * volume_nl));
            }
            Needle::CatheterPort => {
                let out = self.path.inject_at_port(volume_nl, concentrations);
                self.deliver(now, self.complications.tip, volume_nl, out);
            }
        }
    }

    /// A needle draws off all it can; what stays is the residual. `None` if it does not find the port.
    /// Returns the volume drawn, nL, and its masses.
    pub fn draw_off(&mut self) -> Option<(f64, Masses)> {
        if !self.complications.port_is_found() {
            return None;
        }
        let concentrations = self.reservoir.concentrations;
        let drawn = self.reservoir.draw(self.reservoir.volume_nl - self.spec.residual_nl);
        Some((drawn, concentrations.map(|c| c * drawn)))
    }

    /// A needle draws at the catheter's port: what it finds, and the mass that came out.
    pub fn aspirate(&mut self, volume_nl: f64) -> (Aspiration, Masses) {
        match self.complications.aspiration() {
            found @ (Aspiration::Free | Aspiration::Hard) => (found, self.path.aspirate_at_port(volume_nl)),
            found @ (Aspiration::Fails | Aspiration::Air) => (found, [0.0; DRUGS]),
        }
    }

    /// Tubing and catheter are rinsed or primed on the table: from now on they hold this. Returns what was in them, fg.
    pub fn rinse(&mut self, tubing: Concentrations, catheter: Concentrations) -> Masses {
        self.path.replace(tubing, catheter)
    }

    /// A strong field begins or ends.
    pub fn field(&mut self, now: u64, on: bool) {
        self.drive.field(now, on);
    }
}

/// The truth, for the auditor, the pages and the tests.
impl Plant {
    /// Drug in the reservoir decays: each drug keeps this part of itself.
    pub fn decay(&mut self, kept: [f64; DRUGS]) {
        for (held, kept) in self.reservoir.concentrations.iter_mut().zip(kept) {
            *held *= kept;
        }
    }

    /// What the reservoir holds.
    pub const fn reservoir(&self) -> Reservoir {
        self.reservoir
    }

    /// The path.
    pub const fn path(&self) -> &FluidPath {
        &self.path
    }

    /// What the plant is made of.
    pub const fn spec(&self) -> PlantSpec {
        self.spec
    }

    /// Mass of each drug in reservoir and path, fg.
    pub fn masses(&self) -> Masses {
        let mut sum = self.reservoir.masses();
        for (s, m) in sum.iter_mut().zip(self.path.masses()) {
            *s += m;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MORPHINE: Concentrations = [10_000_000.0, 0.0, 0.0, 0.0];

    /// Filled with 18 mL, path primed, drive enabled.
    fn implanted() -> Plant {
        let mut plant = Plant::new(PlantSpec::REFERENCE, Seed(1));
        plant.fill(0, Needle::Reservoir, 18_000_000.0, MORPHINE);
        plant.rinse(MORPHINE, MORPHINE);
        plant.enable(0, true);
        plant
    }

    fn events(plant: &mut Plant, now: u64) -> Vec<PlantEvent> {
        std::iter::from_fn(|| plant.poll(now)).collect()
    }

    /// Strokes every three minutes; returns what was delivered to each place, fg of the first drug, and the edges seen.
    fn run(plant: &mut Plant, from: u64, strokes: u64) -> (Vec<(Place, f64)>, usize) {
        let (mut delivered, mut edges): (Vec<(Place, f64)>, _) = (Vec::new(), 0);
        for i in 0..strokes {
            plant.step(from + i * 180_000);
            for event in events(plant, from + i * 180_000 + 1_000) {
                match event {
                    PlantEvent::Delivered(d) => match delivered.iter_mut().find(|(p, _)| *p == d.place) {
                        Some((_, sum)) => *sum += d.mass_fg[0],
                        None => delivered.push((d.place, d.mass_fg[0])),
                    },
                    PlantEvent::Edge { .. } => edges += 1,
                    PlantEvent::Moved { .. } => {}
                }
            }
        }
        (delivered, edges)
    }

    fn to(delivered: &[(Place, f64)], place: Place) -> f64 {
        delivered.iter().filter(|(p, _)| *p == place).map(|(_, m)| *m).sum()
    }

    #[test]
    fn a_quiet_day_puts_every_stroke_where_it_should_go() {
        let mut plant = implanted();
        let (delivered, edges) = run(&mut plant, 0, 480);
        assert_eq!(edges, 480);
        assert!((to(&delivered, Place::Intrathecal) / (480.0 * 500.0 * 1e7) - 1.0).abs() < 1e-9);
        assert_eq!(delivered.len(), 1);
        assert!((plant.reservoir().volume_nl - (18e6 - 240e3)).abs() < 1e-3);
        assert!(!plant.path().has_front());
    }

    #[test]
    fn against_an_occlusion_the_drive_goes_on_stepping_and_the_reservoir_keeps_its_volume() {
        let mut plant = implanted();
        plant.complications.patency = 0.0;
        let (delivered, edges) = run(&mut plant, 0, 100);
        assert_eq!((delivered, edges), (vec![], 100));
        assert_eq!(plant.reservoir().volume_nl, 18e6);
        assert_eq!(plant.aspirate(1_000.0).0, Aspiration::Fails);
    }

    #[test]
    fn after_a_disconnection_the_residual_is_normal_and_the_drug_is_in_the_pocket() {
        let mut plant = implanted();
        plant.complications.is_disconnected = true;
        let (delivered, _) = run(&mut plant, 0, 100);
        assert!(to(&delivered, Place::Pocket) > 0.0);
        assert_eq!(to(&delivered, Place::Intrathecal), 0.0);
        assert!((plant.reservoir().volume_nl - (18e6 - 50e3)).abs() < 1e-3);
        assert_eq!(plant.aspirate(1_000.0).0, Aspiration::Air);
    }

    #[test]
    fn a_tip_that_slipped_delivers_all_of_it_to_the_wrong_place() {
        let mut plant = implanted();
        plant.complications.tip = Place::Epidural;
        let (delivered, _) = run(&mut plant, 0, 10);
        assert_eq!(delivered.len(), 1);
        assert!(to(&delivered, Place::Epidural) > 0.0);
    }

    #[test]
    fn a_fill_beside_the_port_is_an_overdose_under_the_skin_and_the_reservoir_stays_as_it_was() {
        let mut plant = implanted();
        plant.fill(5, Needle::Pocket, 18e6, MORPHINE);
        let Some(PlantEvent::Delivered(d)) = plant.poll(5) else { panic!("nothing arrived") };
        assert_eq!((d.place, d.volume_nl), (Place::Pocket, 18e6));
        assert_eq!(plant.reservoir().volume_nl, 18e6);
    }

    #[test]
    fn a_fill_into_the_catheters_port_reaches_the_cord_at_once() {
        let mut plant = implanted();
        plant.fill(5, Needle::CatheterPort, 1_000_000.0, MORPHINE);
        let Some(PlantEvent::Delivered(d)) = plant.poll(5) else { panic!("nothing arrived") };
        assert_eq!(d.place, Place::Intrathecal);
        assert!((d.mass_fg[0] / 1e13 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn an_overfilled_reservoir_gives_more_than_ordered_until_it_is_no_longer_overfilled() {
        let mut plant = implanted();
        plant.fill(0, Needle::Reservoir, 4_000_000.0, MORPHINE);
        let (over, _) = run(&mut plant, 0, 10);
        assert!(to(&over, Place::Intrathecal) > 1.15 * 10.0 * 500.0 * 1e7);
    }

    #[test]
    fn nobody_can_draw_off_a_pump_that_lies_upside_down_nor_its_residual() {
        let mut plant = implanted();
        plant.complications.is_flipped = true;
        assert_eq!(plant.draw_off(), None);
        plant.complications.is_flipped = false;
        let (drawn, _) = plant.draw_off().unwrap();
        assert_eq!(drawn, 18e6 - 1.4e6);
        assert_eq!(plant.reservoir().volume_nl, 1.4e6);
    }

    #[test]
    fn a_dry_reservoir_turns_the_rotor_and_delivers_nothing() {
        let mut plant = Plant::new(PlantSpec::REFERENCE, Seed(1));
        plant.enable(0, true);
        let (delivered, edges) = run(&mut plant, 0, 3);
        assert_eq!((delivered, edges), (vec![], 3));
    }

    #[test]
    fn the_battery_pays_for_strokes_tones_and_radio() {
        let mut plant = implanted();
        let before = plant.battery.clone();
        run(&mut plant, 0, 10);
        plant.tone(2_000_000, 1_000);
        plant.radio(2_000_000, 1_000);
        assert_ne!(plant.battery, before);
        assert!(plant.loaded_mv(2_000_000) <= before.loaded_mv(0));
    }

    #[test]
    fn the_same_seed_gives_the_same_month() {
        let month = |seed| {
            let drive = DriveSpec { noise_ppm: 20_000, stall_ppm: 5_000, missed_edge_ppm: 5_000, ..DriveSpec::NOMINAL };
            let mut plant = Plant::new(PlantSpec { drive, ..PlantSpec::REFERENCE }, Seed(seed));
            plant.fill(0, Needle::Reservoir, 18e6, MORPHINE);
            plant.enable(0, true);
            run(&mut plant, 0, 2_000)
        };
        assert_eq!(month(4), month(4));
        assert_ne!(month(4), month(5));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn whatever_goes_wrong_all_mass_is_somewhere(
            acts in proptest::collection::vec((0_u8..12, 0.0_f64..1.0, 1_u64..3_600_000), 1..250), seed in any::<u64>(),
        ) {
            let drive = DriveSpec { noise_ppm: 50_000, stall_ppm: 20_000, missed_edge_ppm: 20_000, ..DriveSpec::NOMINAL };
            let mut plant = Plant::new(PlantSpec { drive, ..PlantSpec::REFERENCE }, Seed(seed));
            plant.enable(0, true);
            let (mut entered, mut arrived, mut now) = (0.0, 0.0, 0);
            for (kind, part, rest) in acts {
                now += rest;
                match kind {
                    0 => {
                        let needle = [Needle::Reservoir, Needle::Pocket, Needle::CatheterPort][(part * 2.99) as usize];
                        plant.fill(now, needle, part * 3e6, MORPHINE.map(|c| c * part));
                        entered += part * 3e6 * 1e7 * part;
                    }
                    1 => plant.complications.leak = part,
                    2 => plant.complications.patency = part,
                    3 => plant.complications.is_disconnected = part > 0.5,
                    4 => arrived += plant.aspirate(part * 100_000.0).1[0],
                    5 => arrived += plant.draw_off().map_or(0.0, |(_, m)| m[0]),
                    6 => plant.drive().run_free_from(now, now + 100_000, 1_000),
                    7 => plant.field(now, part > 0.5),
                    _ => plant.step(now),
                }
                for event in events(&mut plant, now + 500) {
                    if let PlantEvent::Delivered(d) = event {
                        arrived += d.mass_fg[0];
                    }
                }
            }
            let inside = plant.masses()[0];
            prop_assert!((entered - inside - arrived).abs() <= 1e-9 * entered, "{entered} {inside} {arrived}");
        }
    }
}
