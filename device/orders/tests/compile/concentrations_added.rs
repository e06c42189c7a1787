//! Two concentrations have no sum: 20 mg/mL and 20 mg/mL are 20 mg/mL.

use orders::Concentration;

fn main() {
    let _ = Concentration::new(1).checked_add(Concentration::new(1));
}
