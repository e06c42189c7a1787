//! A small space that holds what a drug released at one place will do along the whole tree.
//!
//! Answers for: an orthonormal basis from the place of release by rational Krylov steps, and the matrix seen in it. The
//! basis always holds the vector of the total amount, so mass is conserved in it exactly, and the steady state of every
//! regime, so an infusion ends exactly where it should. Truncating to slow modes instead fails: the cord's leaves make
//! hundreds of near-equal ones.

use crate::eigen::Square;
use crate::tree::Tree;

/// Poles, 1/min: from a minute to a working day. Used in turn.
const POLES: [f64; 4] = [1.0, 1.0 / 8.0, 1.0 / 60.0, 1.0 / 480.0];

/// A new direction shorter than this, after the others are taken out, is rounding and not a direction.
const LENGTH_MIN: f64 = 1e-11;

/// Basis vectors in the weighted form, each as long as the tree has amounts.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Orthonormal vectors.
    pub vectors: Vec<Vec<f64>>,
}

/// The making of a basis, compiled for each kind of vectors.
struct Making<'t> {
    trees: &'t [Tree],
    input: &'t [f64],
    rank: usize,
}

impl pulp::WithSimd for Making<'_> {
    type Output = Basis;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Basis {
        Basis::made(self.trees, self.input, self.rank)
    }
}

impl Basis {
    /// A basis of about `rank` vectors for a release `input` (amounts that sum to one) under every one of the trees,
    /// which must share their weights.
    pub fn from_release(trees: &[Tree], input: &[f64], rank: usize) -> Self {
        pulp::Arch::new().dispatch(Making { trees, input, rank })
    }

    #[inline(always)]
    fn made(trees: &[Tree], input: &[f64], rank: usize) -> Self {
        let Some(first) = trees.first() else { return Self { vectors: Vec::new() } };
        let root = first.root_weights();
        let start: Vec<f64> = input.iter().zip(&root).map(|(m, r)| m / r).collect();
        let mut basis = Self { vectors: Vec::with_capacity(rank + 4) };
        basis.take(root);
        basis.take(start.clone());
        for tree in trees {
            let mut steady = start.clone();
            tree.shifted(0.0).solve(&mut steady);
            basis.take(steady);
        }
        let shifted: Vec<Vec<_>> = trees.iter().map(|tree| POLES.map(|pole| tree.shifted(pole)).into()).collect();
        let mut last: Vec<Vec<f64>> = vec![start; trees.len()];
        let mut step = 0;
        while basis.vectors.len() < rank.min(first.len()) && step < 4 * rank {
            let (tree, pole) = (step % trees.len(), step / trees.len() % POLES.len());
            let mut next = last[tree].clone();
            shifted[tree][pole].solve(&mut next);
            let length = norm(&next);
            next.iter_mut().for_each(|v| *v /= length);
            // The next step starts from what is new in this one, which keeps the directions apart.
            last[tree] = match basis.take(next.clone()) {
                Some(new) => new,
                None => next,
            };
            step += 1;
        }
        basis
    }

    /// Adds a direction, unless the basis has it already; answers the part that was new, of length one.
    #[inline(always)]
    fn take(&mut self, mut v: Vec<f64>) -> Option<Vec<f64>> {
        let before = norm(&v);
        if before == 0.0 {
            return None;
        }
        v.iter_mut().for_each(|x| *x /= before);
        // Twice is enough; a third time only when nearly all was taken away.
        let mut left = 1.0;
        for _ in 0..2 {
            self.take_out(&mut v);
            left = norm(&v);
            if left < LENGTH_MIN {
                return None;
            }
        }
        v.iter_mut().for_each(|x| *x /= left);
        if left < 1e-3 {
            self.take_out(&mut v);
            let rest = norm(&v);
            v.iter_mut().for_each(|x| *x /= rest);
        }
        self.vectors.push(v.clone());
        Some(v)
    }

    #[inline(always)]
    fn take_out(&self, v: &mut [f64]) {
        for known in &self.vectors {
            let along = dot(known, v);
            v.iter_mut().zip(known).for_each(|(x, k)| *x -= along * k);
        }
    }

    /// How many vectors.
    pub fn rank(&self) -> usize {
        self.vectors.len()
    }

    /// The tree's symmetric matrix seen in this basis.
    pub fn project(&self, tree: &Tree) -> Square {
        let n = self.rank();
        let mut at = vec![0.0; n * n];
        for (col, v) in self.vectors.iter().enumerate() {
            let image = tree.apply(v);
            for (row, u) in self.vectors.iter().enumerate().take(col + 1) {
                let entry = dot(u, &image);
                at[row * n + col] = entry;
                at[col * n + row] = entry;
            }
        }
        Square { n, at }
    }

    /// Coordinates of a vector of the weighted form.
    pub fn coordinates(&self, v: &[f64]) -> Vec<f64> {
        self.vectors.iter().map(|u| dot(u, v)).collect()
    }
}

/// Sum of products, in eight sums side by side: always in this order, so the same on every machine.
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (whole_a, whole_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = whole_a.remainder().iter().zip(whole_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in whole_a.zip(whole_b) {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
    ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)) + rest
}

#[inline(always)]
fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}
