//! Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi's rotations.
//!
//! Answers for: a decomposition to the last few bits, the same on every machine (only the four operations and square
//! roots, no library). It is meant for some dozens of rows; the oracles of the tests use it for some hundreds.

/// Sweeps after which even a badly conditioned matrix of some hundred rows has long converged.
const SWEEPS_MAX: usize = 60;

/// A square matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Square {
    /// Rows and columns.
    pub n: usize,
    /// Entries, row by row.
    pub at: Vec<f64>,
}

/// Eigenvalues, and eigenvectors as rows: `matrix = sum_k value[k] * row_k * row_k'`.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// In rising order.
    pub values: Vec<f64>,
    /// One eigenvector a row.
    pub vectors: Square,
}

/// Decomposes a symmetric matrix.
pub fn symmetric(matrix: &Square) -> Eigen {
    let n = matrix.n;
    let mut a = matrix.at.clone();
    let mut v = vec![0.0; n * n];
    for k in 0..n {
        v[k * n + k] = 1.0;
    }
    for _ in 0..SWEEPS_MAX {
        let mut off = 0.0;
        let mut all = 0.0;
        for row in 0..n {
            all += a[row * n + row] * a[row * n + row];
            for col in row + 1..n {
                off += a[row * n + col] * a[row * n + col];
            }
        }
        // The squares of what is left fall below the square of the last bit.
        if off <= 1e-33 * all || off == 0.0 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, n, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|x, y| a[x * n + x].total_cmp(&a[y * n + y]));
    let values = order.iter().map(|k| a[k * n + k]).collect();
    let rows = order.iter().flat_map(|k| v[k * n..(k + 1) * n].iter().copied());
    Eigen { values, vectors: Square { n, at: rows.collect() } }
}

/// Turns rows and columns `p` and `q` so that their common entry vanishes. `v` holds eigenvectors as rows.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) {
    let off = a[p * n + q];
    let (app, aqq) = (a[p * n + p], a[q * n + q]);
    if off.abs() <= 1e-22 * (app.abs() * aqq.abs()).sqrt() || off == 0.0 {
        return;
    }
    let theta = (aqq - app) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    turn_rows(a, n, p, q, c, s);
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    a[p * n + q] = 0.0;
    a[q * n + p] = 0.0;
    turn_rows(v, n, p, q, c, s);
}

fn turn_rows(m: &mut [f64], n: usize, p: usize, q: usize, c: f64, s: f64) {
    let (head, tail) = m.split_at_mut(q * n);
    let rows = head[p * n..(p + 1) * n].iter_mut().zip(tail[..n].iter_mut());
    for (x, y) in rows {
        let (old_x, old_y) = (*x, *y);
        *x = c * old_x - s * old_y;
        *y = s * old_x + c * old_y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_put_together_again_from_its_parts() {
        let n = 24;
        let mut at = vec![0.0; n * n];
        for row in 0..n {
            for col in 0..n {
                at[row * n + col] = 1.0 / (1.0 + row as f64 + col as f64) - if row == col { row as f64 } else { 0.0 };
            }
        }
        let found = symmetric(&Square { n, at: at.clone() });
        assert!(found.values.windows(2).all(|w| w[0] <= w[1]));
        for row in 0..n {
            for col in 0..n {
                let parts =
                    (0..n).map(|k| found.values[k] * found.vectors.at[k * n + row] * found.vectors.at[k * n + col]);
                assert!((parts.sum::<f64>() - at[row * n + col]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_matrix_that_is_diagonal_already_is_left_alone() {
        let found = symmetric(&Square { n: 2, at: vec![3.0, 0.0, 0.0, -1.0] });
        assert_eq!(found.values, [-1.0, 3.0]);
    }
}
