//! "240 mcg/day" is no flow: how much fluid it is depends on the concentration.

use orders::prescription::Mode;
use orders::MassRate;

fn main() {
    let _ = Mode::Continuous(MassRate::new(240_000_000_000));
}
