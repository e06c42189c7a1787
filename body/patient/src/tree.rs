//! Drug exchanged along a tree: a chain of well-mixed cells, some with leaves, each losing some for good.
//!
//! Answers for: the amounts' rate of change, and the solution of shifted systems in linear time. Every edge exchanges
//! both ways in detailed balance, so in the weighted form `y = m / sqrt(w)` the matrix is symmetric and all its poles are
//! real and below zero. What the cells are is left to `neuraxis`; time to `modes` and `implicit`.
//!
//! Terms: *weight* `w` is what a cell would hold at rest at level one (mL of fluid times partition); *level* is `m / w`;
//! *coupling* is the flow between two cells for a difference of level of one (mL/min); *loss* is a rate (1/min).

/// A leaf: a cell that exchanges with one cell of the chain only.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// Which cell of the chain it hangs on.
    pub node: usize,
    /// Its weight.
    pub weight: f64,
    /// Coupling to its cell.
    pub coupling: f64,
    /// What it loses for good.
    pub loss: f64,
}

/// The whole tree. Amounts are ordered: the chain's cells, then the leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Weights of the chain's cells.
    pub weight: Vec<f64>,
    /// Couplings between neighbours of the chain; one fewer than cells.
    pub coupling: Vec<f64>,
    /// Losses of the chain's cells.
    pub loss: Vec<f64>,
    /// The leaves.
    pub leaves: Vec<Leaf>,
}

impl Tree {
    /// How many amounts there are.
    pub fn len(&self) -> usize {
        self.weight.len() + self.leaves.len()
    }

    /// Whether there is no cell at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Square roots of all weights, in the order of the amounts.
    pub fn root_weights(&self) -> Vec<f64> {
        let leaves = self.leaves.iter().map(|leaf| leaf.weight);
        self.weight.iter().copied().chain(leaves).map(f64::sqrt).collect()
    }

    /// Loss rates of all amounts, in their order.
    pub fn losses(&self) -> Vec<f64> {
        self.loss.iter().copied().chain(self.leaves.iter().map(|leaf| leaf.loss)).collect()
    }

    /// Diagonal of the symmetric matrix.
    fn diagonal(&self) -> Vec<f64> {
        let n = self.weight.len();
        let mut out: Vec<f64> = vec![0.0; n];
        for (k, g) in self.coupling.iter().enumerate() {
            out[k] -= g;
            out[k + 1] -= g;
        }
        for leaf in &self.leaves {
            out[leaf.node] -= leaf.coupling;
        }
        for ((entry, weight), loss) in out.iter_mut().zip(&self.weight).zip(&self.loss) {
            *entry = *entry / weight - loss;
        }
        out.extend(self.leaves.iter().map(|leaf| -leaf.coupling / leaf.weight - leaf.loss));
        out
    }

    /// The symmetric matrix times `y`.
    pub fn apply(&self, y: &[f64]) -> Vec<f64> {
        let n = self.weight.len();
        let mut out: Vec<f64> = self.diagonal().iter().zip(y).map(|(d, v)| d * v).collect();
        for (k, g) in self.coupling.iter().enumerate() {
            let edge = g / (self.weight[k] * self.weight[k + 1]).sqrt();
            out[k] += edge * y[k + 1];
            out[k + 1] += edge * y[k];
        }
        for (l, leaf) in self.leaves.iter().enumerate() {
            let edge = leaf.coupling / (leaf.weight * self.weight[leaf.node]).sqrt();
            out[n + l] += edge * y[leaf.node];
            out[leaf.node] += edge * y[n + l];
        }
        out
    }

    /// Makes ready to solve `(shift - S) x = b` for many `b`. The shift must not be below zero.
    pub fn shifted(&self, shift: f64) -> Shifted {
        let n = self.weight.len();
        let diagonal = self.diagonal();
        let mut pivot: Vec<f64> = diagonal.iter().map(|d| shift - d).collect();
        let mut leaf_edge = Vec::with_capacity(self.leaves.len());
        for (l, leaf) in self.leaves.iter().enumerate() {
            let edge = leaf.coupling / (leaf.weight * self.weight[leaf.node]).sqrt();
            pivot[leaf.node] -= edge * edge / pivot[n + l];
            leaf_edge.push((leaf.node, edge));
        }
        let mut edge = Vec::with_capacity(self.coupling.len());
        for (k, g) in self.coupling.iter().enumerate() {
            let e = g / (self.weight[k] * self.weight[k + 1]).sqrt();
            pivot[k + 1] -= e * e / pivot[k];
            edge.push(e);
        }
        let over_pivot = pivot.iter().map(|pivot| 1.0 / pivot).collect();
        Shifted { over_pivot, edge, leaf_edge }
    }

    /// The symmetric matrix written out whole, row by row, for oracles.
    pub fn dense(&self) -> Vec<f64> {
        let n = self.len();
        let mut out = vec![0.0; n * n];
        let mut unit = vec![0.0; n];
        for k in 0..n {
            unit[k] = 1.0;
            for (row, value) in self.apply(&unit).into_iter().enumerate() {
                out[row * n + k] = value;
            }
            unit[k] = 0.0;
        }
        out
    }
}

/// A shifted tree, eliminated from the leaves to the chain's last cell.
#[derive(Debug, Clone)]
pub struct Shifted {
    /// One over each pivot: a solution is asked for often, and a division is slow.
    over_pivot: Vec<f64>,
    edge: Vec<f64>,
    leaf_edge: Vec<(usize, f64)>,
}

impl Shifted {
    /// Solves `(shift - S) x = b` in place.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.edge.len() + 1;
        for (l, (node, edge)) in self.leaf_edge.iter().enumerate() {
            b[*node] += edge * b[n + l] * self.over_pivot[n + l];
        }
        for (k, edge) in self.edge.iter().enumerate() {
            b[k + 1] += edge * b[k] * self.over_pivot[k];
        }
        b[n - 1] *= self.over_pivot[n - 1];
        for (k, edge) in self.edge.iter().enumerate().rev() {
            b[k] = (b[k] + edge * b[k + 1]) * self.over_pivot[k];
        }
        for (l, (node, edge)) in self.leaf_edge.iter().enumerate() {
            b[n + l] = (b[n + l] + edge * b[*node]) * self.over_pivot[n + l];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Tree {
        Tree {
            weight: vec![1.0, 2.0, 3.0],
            coupling: vec![0.5, 0.7],
            loss: vec![0.1, 0.2, 0.0],
            leaves: vec![
                Leaf { node: 1, weight: 0.4, coupling: 0.05, loss: 0.3 },
                Leaf { node: 2, weight: 0.9, coupling: 0.01, loss: 0.0 },
            ],
        }
    }

    #[test]
    fn a_shifted_system_is_solved() {
        let tree = small();
        let b = [1.0, -2.0, 3.0, 0.5, 0.25];
        for shift in [0.0, 0.3, 20.0] {
            let mut x = b;
            tree.shifted(shift).solve(&mut x);
            for ((sx, xi), bi) in tree.apply(&x).iter().zip(x).zip(b) {
                assert!((shift * xi - sx - bi).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn the_written_out_matrix_is_symmetric_and_what_leaves_is_what_is_lost() {
        let tree = small();
        let (n, dense, root, losses) = (tree.len(), tree.dense(), tree.root_weights(), tree.losses());
        for row in 0..n {
            for col in 0..n {
                assert!((dense[row * n + col] - dense[col * n + row]).abs() < 1e-16);
            }
            let change: f64 = (0..n).map(|col| root[col] * dense[col * n + row]).sum();
            assert!((change + losses[row] * root[row]).abs() < 1e-15);
        }
    }
}
