//! There is no plain `+`: a sum that overflows has to be thought of.

use orders::Mass;

fn main() {
    let _ = Mass::new(1) + Mass::new(1);
}
