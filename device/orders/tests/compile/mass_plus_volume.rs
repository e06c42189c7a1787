//! A mass and a volume have no sum.

use orders::{Mass, Volume};

fn main() {
    let _ = Mass::new(1).checked_add(Volume::new(1));
}
