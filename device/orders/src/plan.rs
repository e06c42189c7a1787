//! What both sides of a prime or a bridge work out for themselves and then compare.
//!
//! Only the words: pump and formulary each reach these numbers in their own way and share nothing else.

use crate::quantity::{FlowRate, Volume};

/// A prime as one side worked it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PrimePlan {
    /// What plug flow needs to bring the new fluid to the tip.
    pub volume: Volume,
    /// What of it is moved fast: to the leading edge of the front's band at the prime's flow. The rest goes at basal.
    pub leading: Volume,
    /// What must have moved until the old fluid has gone.
    pub trailing: Volume,
}

/// A bridge as one side worked it out: the old fluid is run out at the old dose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BridgePlan {
    /// What plug flow needs to bring the new fluid to the tip.
    pub volume: Volume,
    /// What must have moved until the new fluid may show.
    pub leading: Volume,
    /// What must have moved until the old fluid has gone.
    pub trailing: Volume,
    /// The flow that gives the bridge's dose with the old fluid.
    pub flow: FlowRate,
}
