//! The canal from S2 to the foramen magnum, its cord, its epidural space and the cisterns, cut into cells.
//!
//! Answers for: the tree of cells for one drug in one body, where a release enters it, and where a site is read. Fluxes
//! between cells are Scharfetter and Gummel's, which keep levels positive, steady states exact and the matrix symmetric.
//! Numbers come from `species` and `drug`.
//!
//! ```text
//!  S2 |--csf--|--csf--| ... |--csf--| foramen magnum --> cisterns (mixed)
//!         |       |             |
//!      epidural epidural     cord + epidural          every cell: loss to blood
//! ```

use libm::{exp, expm1, log};

use crate::levels::Levels;
use crate::tree::{Leaf, Tree};

/// Cells of the canal. 120 are exact to 0.1 % of levels; what the levels depend on is known to half.
pub const CELLS: usize = 120;

/// A written curve: straight between its points, level beyond its ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Points with rising first part.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// Value at `x`, straight between points.
    pub fn at(&self, x: f64) -> f64 {
        self.between(x, |v| v, |v| v)
    }

    /// Value at `x`, straight between points on a logarithmic scale.
    pub fn at_log(&self, x: f64) -> f64 {
        self.between(x, log, exp)
    }

    fn between(&self, x: f64, to: impl Fn(f64) -> f64, from: impl Fn(f64) -> f64) -> f64 {
        let above = self.points.partition_point(|(at, _)| *at <= x);
        match (above.checked_sub(1).and_then(|n| self.points.get(n)), self.points.get(above)) {
            (Some((x0, y0)), Some((x1, y1))) => {
                let share = (x - x0) / (x1 - x0);
                from(to(*y0) * (1.0 - share) + to(*y1) * share)
            }
            (Some((_, y)), None) | (None, Some((_, y))) => *y,
            (None, None) => 0.0,
        }
    }
}

/// The canal of one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Canal {
    /// Sac's end to foramen magnum, cm.
    pub length: f64,
    /// Section of CSF along the canal, cm².
    pub area: Curve,
    /// Where the cord ends, cm from the sac's end.
    pub conus: f64,
    /// Section of the cord, cm².
    pub cord_area: f64,
    /// Effective dispersion along the canal, cm²/min, at rest.
    pub dispersion: Curve,
    /// Net flow of CSF towards the head, mL/min; zero in every calibration here.
    pub net_flow: f64,
    /// Volume of the cisterns, mL.
    pub cisterns: f64,
    /// What the cranial side clears, mL/min of cisternal CSF.
    pub cranial_clearance: f64,
    /// Where the levels are.
    pub levels: Levels,
}

/// What one drug does along the canal.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Loss from CSF to blood, 1/min.
    pub loss: f64,
    /// Level in cord over level in CSF at rest.
    pub cord_partition: f64,
    /// Return from cord to CSF, 1/min.
    pub cord_out: f64,
    /// Loss from cord to blood, 1/min.
    pub cord_loss: f64,
    /// From CSF to the epidural space, 1/min.
    pub epidural_in: f64,
    /// From the epidural space back to CSF, 1/min.
    pub epidural_out: f64,
    /// From the epidural space to blood, 1/min.
    pub epidural_loss: f64,
}

/// The cells of one drug in one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Neuraxis {
    /// One tree for each regime; they share their weights.
    pub trees: Vec<Tree>,
    cell: f64,
    volume: Vec<f64>,
    cord: Vec<Option<usize>>,
    cord_volume: f64,
    epidural: Vec<Option<usize>>,
    cisterns: f64,
    length: f64,
}

impl Neuraxis {
    /// Cuts the canal. `regimes` are factors on dispersion and net flow alike, one for each regime, so that all regimes
    /// share one set of weights.
    pub fn new(canal: &Canal, drug: &Exchange, regimes: &[f64], cells: usize) -> Self {
        let cell = canal.length / cells as f64;
        let volume: Vec<f64> = (0..cells).map(|n| canal.area.at((n as f64 + 0.5) * cell) * cell).collect();
        let mut axis = Self {
            trees: Vec::new(),
            cell,
            volume,
            cord: vec![None; cells],
            cord_volume: canal.cord_area * cell,
            epidural: vec![None; cells],
            cisterns: canal.cisterns,
            length: canal.length,
        };
        for factor in regimes {
            let tree = axis.tree(canal, drug, *factor);
            axis.trees.push(tree);
        }
        axis
    }

    fn tree(&mut self, canal: &Canal, drug: &Exchange, factor: f64) -> Tree {
        let cells = self.volume.len();
        let mut weight = self.volume.clone();
        let mut coupling = Vec::with_capacity(cells);
        let mut potential = 1.0;
        for n in 0..cells {
            let (edge, reach) = ((n as f64 + 1.0) * self.cell, if n + 1 == cells { 0.5 } else { 1.0 } * self.cell);
            let area = canal.area.at(edge);
            let conductance = area * canal.dispersion.at_log(edge) * factor / reach;
            let peclet = canal.net_flow * factor / conductance;
            potential *= exp(peclet);
            coupling.push(conductance * bernoulli(peclet) * potential);
            if n + 1 < cells {
                weight[n + 1] *= potential;
            }
        }
        weight.push(canal.cisterns * potential);
        let mut loss = vec![drug.loss; cells];
        loss.push(canal.cranial_clearance / canal.cisterns);
        let mut leaves = Vec::new();
        for (n, (csf, volume)) in weight.iter().zip(&self.volume).enumerate() {
            let level = csf / volume;
            if (n as f64 + 0.5) * self.cell > canal.conus && drug.cord_partition > 0.0 {
                self.cord[n] = Some(cells + 1 + leaves.len());
                let held = self.cord_volume * drug.cord_partition * level;
                leaves.push(Leaf { node: n, weight: held, coupling: drug.cord_out * held, loss: drug.cord_loss });
            }
            if drug.epidural_in > 0.0 && drug.epidural_out > 0.0 {
                self.epidural[n] = Some(cells + 1 + leaves.len());
                let held = csf * drug.epidural_in / drug.epidural_out;
                let coupling = drug.epidural_in * csf;
                leaves.push(Leaf { node: n, weight: held, coupling, loss: drug.epidural_loss });
            }
        }
        Tree { weight, coupling, loss, leaves }
    }

    /// How many amounts there are.
    pub fn len(&self) -> usize {
        self.trees.first().map_or(0, Tree::len)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sac's end to foramen magnum, cm.
    pub fn length(&self) -> f64 {
        self.length
    }

    fn index(&self, cm: f64) -> usize {
        ((cm / self.cell).max(0.0) as usize).min(self.volume.len() - 1)
    }

    /// A release of a unit into CSF at one place, from a pump's strokes.
    pub fn point(&self, cm: f64) -> Vec<f64> {
        let mut input = vec![0.0; self.len()];
        input[self.index(cm)] = 1.0;
        input
    }

    /// A release of a unit into CSF spread along the canal: a bell around `cm` with the given half width, of which what
    /// would lie outside the canal stays in its end cells.
    pub fn spread(&self, cm: f64, width: f64) -> Vec<f64> {
        let mut input = vec![0.0; self.len()];
        let cells = self.volume.len();
        for (n, entry) in input.iter_mut().enumerate().take(cells) {
            let (low, high) = (n as f64 * self.cell, (n as f64 + 1.0) * self.cell);
            let low = if n == 0 { f64::NEG_INFINITY } else { low };
            let high = if n + 1 == cells { f64::INFINITY } else { high };
            *entry = 0.5
                * (libm::erf((high - cm) / (width * std::f64::consts::SQRT_2))
                    - libm::erf((low - cm) / (width * std::f64::consts::SQRT_2)));
        }
        let total: f64 = input.iter().sum();
        input.iter_mut().for_each(|m| *m /= total);
        input
    }

    /// A release of a unit into the epidural space, spread as above; none if this drug has no epidural cells.
    pub fn epidural_spread(&self, cm: f64, width: f64) -> Option<Vec<f64>> {
        let in_csf = self.spread(cm, width);
        let mut input = vec![0.0; self.len()];
        for (n, leaf) in self.epidural.iter().enumerate() {
            input[(*leaf)?] = in_csf[n];
        }
        Some(input)
    }

    /// Reads the level in CSF at a place, straight between the middles of cells, µg/mL.
    pub fn csf(&self, cm: f64) -> Vec<f64> {
        self.between(cm, |axis, n| Some((n, axis.volume[n])))
    }

    /// Reads the level in the epidural space as CSF at rest with it would have, µg/mL.
    pub fn epidural(&self, cm: f64) -> Vec<f64> {
        let weights = self.trees.first().map(|tree| tree.leaves.clone()).unwrap_or_default();
        let cells = self.volume.len() + 1;
        self.between(cm, |axis, n| axis.epidural[n].map(|leaf| (leaf, weights[leaf - cells].weight)))
    }

    fn between(&self, cm: f64, cell: impl Fn(&Self, usize) -> Option<(usize, f64)>) -> Vec<f64> {
        let mut reading = vec![0.0; self.len()];
        let at = (cm / self.cell - 0.5).clamp(0.0, self.volume.len() as f64 - 1.0);
        let (low, share) = (at as usize, at - (at as usize) as f64);
        let high = (low + 1).min(self.volume.len() - 1);
        for (n, part) in [(low, 1.0 - share), (high, share)] {
            if let Some((index, volume)) = cell(self, n) {
                reading[index] += part / volume;
            }
        }
        reading
    }

    /// Reads the mean level in the cord between two places, µg/mL; all zero below the conus.
    pub fn cord(&self, from: f64, to: f64) -> Vec<f64> {
        let mut reading = vec![0.0; self.len()];
        let leaves: Vec<usize> =
            (self.index(from)..=self.index(to)).filter_map(|n| self.cord.get(n).copied().flatten()).collect();
        for leaf in &leaves {
            reading[*leaf] = 1.0 / (self.cord_volume * leaves.len() as f64);
        }
        reading
    }

    /// Reads what CSF, cord and epidural space hold between two places, µg.
    pub fn held(&self, from: f64, to: f64) -> Vec<f64> {
        let mut reading = vec![0.0; self.len()];
        for n in self.index(from)..=self.index(to) {
            reading[n] = 1.0;
            for leaf in [self.cord[n], self.epidural[n]].into_iter().flatten() {
                reading[leaf] = 1.0;
            }
        }
        reading
    }

    /// Reads the level in the cisterns, µg/mL.
    pub fn cisternal(&self) -> Vec<f64> {
        let mut reading = vec![0.0; self.len()];
        reading[self.volume.len()] = 1.0 / self.cisterns;
        reading
    }

    /// Volume of CSF in the canal, mL.
    pub fn csf_volume(&self) -> f64 {
        self.volume.iter().sum()
    }
}

/// `x / (exp(x) - 1)`.
fn bernoulli(x: f64) -> f64 {
    if x.abs() < 1e-8 { 1.0 - 0.5 * x } else { x / expm1(x) }
}
