//! A bare number is no volume: of what unit?

use orders::{Concentration, Mass, Volume};

fn given(volume: Volume) -> Mass {
    volume.mass_at(Concentration::new(1))
}

fn main() {
    let _ = given(500);
}
