//! One tube: plug flow exactly, and on it the blur of Taylor and Aris.
//!
//! Answers for what comes out of one tube for what went in. Its cells travel with the fluid, so plug flow has no blur of
//! its own; between neighbours drug is exchanged as `D_T = D_m (1 + Pe^2/48)` tells, with `Pe = U a / D_m` from the mean
//! flow since the last motion (the tube's walls yield and even the strokes out). A front younger than it takes to even out
//! the radius has not blurred as much yet: the second term grows in with `1 - exp(-16 D_m t / a^2)`, which begins as laminar
//! flow does (`sigma = U t / sqrt 3`) and ends as Taylor's law.
//!
//! At a prime this makes the early breakthrough: at 24 mL/day the reference tubing's front is 40 % of its volume wide. What
//! it leaves out is the skew of purely laminar flow in a tube much wider than that, where the first drug leaves sharply at
//! half the volume; here it leaves about there, but as the foot of a bell.

use super::path::{Concentrations, DRUGS, Masses};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Cells in a tube while there is a front: 1.3 microlitres each in the reference tubing, half of a basal front's sigma.
const CELLS: usize = 150;

/// Largest part by which concentrations may differ and be held alike. Far below any assay, far above rounding.
const ALIKE: f64 = 1e-8;

/// How many motions pass between two looks whether the front has left.
const LOOK_EVERY: u32 = 32;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Cell {
    volume_nl: f64,
    mass_fg: Masses,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Content {
    /// All alike: ng/mL.
    Even(Concentrations),
    /// Cells from the outlet (front) to the inlet (back).
    Front { cells: VecDeque<Cell>, age_s: f64, until_look: u32 },
}

/// A tube.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tube {
    volume_nl: f64,
    radius_mm: f64,
    diffusion_mm2_s: f64,
    content: Content,
}

impl Tube {
    /// A tube of this volume and inner radius, filled with this all along.
    pub const fn new(volume_nl: f64, radius_mm: f64, diffusion_mm2_s: f64, content: Concentrations) -> Self {
        Self { volume_nl, radius_mm, diffusion_mm2_s, content: Content::Even(content) }
    }

    /// Pushes a volume holding these masses in at the inlet, after `rest_s` since the last motion; returns what comes out.
    pub fn push(&mut self, rest_s: f64, volume_nl: f64, mass_fg: Masses) -> Masses {
        if volume_nl <= 0.0 {
            return [0.0; DRUGS];
        }
        let entering = mass_fg.map(|m| m / volume_nl);
        if let Content::Even(held) = &self.content {
            if alike(held, &entering) {
                // What is inside stays as it is, to the last bit: out comes what went in.
                return mass_fg;
            }
            self.cut_into_cells();
        }
        self.blur(rest_s, volume_nl);
        let cell_nl = self.volume_nl / CELLS as f64;
        let Content::Front { cells, .. } = &mut self.content else { return mass_fg };
        let mut left = volume_nl;
        while left > 0.0 {
            let room = cells.back().map_or(0.0, |c| cell_nl - c.volume_nl);
            if room <= cell_nl * 1e-9 {
                cells.push_back(Cell::default());
                continue;
            }
            let part = left.min(room);
            if let Some(last) = cells.back_mut() {
                last.volume_nl += part;
                for (m, c) in last.mass_fg.iter_mut().zip(entering) {
                    *m += c * part;
                }
            }
            left -= part;
        }
        let out = take(cells, volume_nl, End::Outlet);
        self.give_up_cells();
        out
    }

    /// Draws a volume back out of the inlet; at the outlet fluid without drug follows. Returns the mass drawn.
    pub fn draw_back(&mut self, volume_nl: f64) -> Masses {
        if volume_nl <= 0.0 {
            return [0.0; DRUGS];
        }
        if let Content::Even(_) = self.content {
            self.cut_into_cells();
        }
        let cell_nl = self.volume_nl / CELLS as f64;
        let Content::Front { cells, .. } = &mut self.content else { return [0.0; DRUGS] };
        // More than a whole tube draws CSF through; only the last tube's volume of it stays.
        let followed = volume_nl.min(self.volume_nl);
        let whole = (followed / cell_nl) as usize;
        for _ in 0..whole {
            cells.push_front(Cell { volume_nl: cell_nl, mass_fg: [0.0; DRUGS] });
        }
        cells.push_front(Cell { volume_nl: followed - whole as f64 * cell_nl, mass_fg: [0.0; DRUGS] });
        let out = take(cells, followed, End::Inlet);
        self.give_up_cells();
        out
    }

    /// From now on it holds this all along.
    pub fn replace(&mut self, content: Concentrations) {
        self.content = Content::Even(content);
    }

    /// Mass of each drug inside, fg.
    pub fn masses(&self) -> Masses {
        match &self.content {
            Content::Even(c) => c.map(|c| c * self.volume_nl),
            Content::Front { cells, .. } => sum(cells),
        }
    }

    /// Whether it holds a front.
    pub const fn has_front(&self) -> bool {
        matches!(self.content, Content::Front { .. })
    }

    /// Its volume, nL.
    pub const fn volume_nl(&self) -> f64 {
        self.volume_nl
    }

    fn cut_into_cells(&mut self) {
        if let Content::Even(c) = self.content {
            let volume_nl = self.volume_nl / CELLS as f64;
            let cell = Cell { volume_nl, mass_fg: c.map(|c| c * volume_nl) };
            self.content =
                Content::Front { cells: VecDeque::from(vec![cell; CELLS]), age_s: 0.0, until_look: LOOK_EVERY };
        }
    }

    fn give_up_cells(&mut self) {
        let Content::Front { cells, until_look, .. } = &mut self.content else { return };
        if *until_look > 0 {
            *until_look -= 1;
            return;
        }
        *until_look = LOOK_EVERY;
        let even = sum(cells).map(|m| m / self.volume_nl);
        if cells.iter().filter(|c| c.volume_nl > 0.0).all(|c| alike(&even, &c.mass_fg.map(|m| m / c.volume_nl))) {
            self.content = Content::Even(even);
        }
    }

    /// Exchanges drug along the axis for what a rest and a flow of this volume in it make of it.
    fn blur(&mut self, rest_s: f64, volume_nl: f64) {
        let area_mm2 = std::f64::consts::PI * self.radius_mm * self.radius_mm;
        let (d, a) = (self.diffusion_mm2_s, self.radius_mm);
        let Content::Front { cells, age_s, .. } = &mut self.content else { return };
        if rest_s <= 0.0 || d <= 0.0 {
            return;
        }
        *age_s += rest_s;
        // 1 nL = 0.001 mm3.
        let speed_mm_s = volume_nl * 1e-3 / (area_mm2 * rest_s);
        let peclet = speed_mm_s * a / d;
        let grown_in = 1.0 - libm::exp(-16.0 * d * *age_s / (a * a));
        let spread = d * (1.0 + peclet * peclet / 48.0 * grown_in);
        // In the coordinate of volume the spread is D A^2 (mm6/s); per nL2 that is 1e6 of it.
        exchange(cells, spread * area_mm2 * area_mm2 * 1e6 * rest_s);
    }
}

#[derive(Clone, Copy)]
enum End {
    Outlet,
    Inlet,
}

fn take(cells: &mut VecDeque<Cell>, volume_nl: f64, end: End) -> Masses {
    let mut out = [0.0; DRUGS];
    let mut left = volume_nl;
    while left > 0.0 {
        let cell = match end {
            End::Outlet => cells.front_mut(),
            End::Inlet => cells.back_mut(),
        };
        let Some(cell) = cell else { break };
        if cell.volume_nl > left {
            let part = left / cell.volume_nl;
            for (o, m) in out.iter_mut().zip(&mut cell.mass_fg) {
                let moved = *m * part;
                *o += moved;
                *m -= moved;
            }
            cell.volume_nl -= left;
            break;
        }
        left -= cell.volume_nl;
        for (o, m) in out.iter_mut().zip(cell.mass_fg) {
            *o += m;
        }
        match end {
            End::Outlet => cells.pop_front(),
            End::Inlet => cells.pop_back(),
        };
    }
    out
}

/// One implicit step of diffusion between neighbours: stable for any rest, and what one loses the other gains.
/// `spread_nl2` is D A^2 dt in nL2.
fn exchange(cells: &mut VecDeque<Cell>, spread_nl2: f64) {
    let cells = cells.make_contiguous();
    let n = cells.len();
    // The exchanged volume between a cell and the next; the last has none.
    let passed: Vec<f64> = cells
        .windows(2)
        .map(|p| 2.0 * spread_nl2 / (p[0].volume_nl + p[1].volume_nl).max(f64::MIN_POSITIVE))
        .chain([0.0])
        .collect();
    // Thomas' elimination: forward the pivots and masses, backward the concentrations.
    let mut pivot = vec![0.0; n];
    for i in 0..n {
        let before = if i == 0 { 0.0 } else { passed[i - 1] };
        let carried = if i == 0 { 0.0 } else { before * before / pivot[i - 1] };
        pivot[i] = cells[i].volume_nl + before + passed[i] - carried;
        if i > 0 {
            let part = before / pivot[i - 1];
            let upstream = cells[i - 1].mass_fg;
            for (m, u) in cells[i].mass_fg.iter_mut().zip(upstream) {
                *m += part * u;
            }
        }
    }
    let mut after = [0.0; DRUGS];
    for i in (0..n).rev() {
        for (m, c) in cells[i].mass_fg.iter_mut().zip(&mut after) {
            *c = (*m + passed[i] * *c) / pivot[i];
            *m = *c * cells[i].volume_nl;
        }
    }
}

fn sum(cells: &VecDeque<Cell>) -> Masses {
    let mut sum = [0.0; DRUGS];
    for cell in cells {
        for (s, m) in sum.iter_mut().zip(cell.mass_fg) {
            *s += m;
        }
    }
    sum
}

fn alike(a: &Concentrations, b: &Concentrations) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= ALIKE * a.abs().max(b.abs()))
}
