//! Drawn-off against expected volume at a refill, and volumes by weight.

use orders::quantity::mul_div_floor;
use orders::{Permille, Volume};

/// Beyond this difference a refill is looked at, however exact the device claims to be: 2 mL.
pub const LOOKED_AT_FROM: Volume = Volume::new(2_000_000);

/// How much a difference is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Colour {
    /// Within the device's accuracy and less than 2 mL.
    Green,
    /// One of both is passed. One alone may not come again: look at the trend.
    Amber,
    /// Both are passed, or one with symptoms.
    Red,
}

/// What was drawn off against what was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Discrepancy {
    /// Really delivered in permille of what should have been, rounded to nearest; `None` if nothing should have been.
    pub ratio: Option<u32>,
    /// Drawn off more than expected: too little was delivered.
    pub more_left: Volume,
    /// Drawn off less than expected: too much was delivered, or some of it elsewhere.
    pub less_left: Volume,
    /// How much it is worth.
    pub colour: Colour,
}

/// Judges what was drawn off at a refill.
pub fn judge(start: Volume, expected: Volume, drawn_off: Volume, accuracy: Permille, symptoms: bool) -> Discrepancy {
    let (should, did) = (start.saturating_sub(expected), start.saturating_sub(drawn_off));
    let ratio = mul_div_floor(did.get(), 2000, should.get()).map(|twice| twice.div_ceil(2));
    let ratio = ratio.and_then(|ratio| u32::try_from(ratio).ok());
    let (more_left, less_left) = (drawn_off.saturating_sub(expected), expected.saturating_sub(drawn_off));
    let tolerance = should.share_floor(accuracy);
    let difference = more_left.max(less_left);
    let beyond = u8::from(difference > tolerance) + u8::from(difference > LOOKED_AT_FROM) + u8::from(symptoms);
    let colour = match beyond {
        0 => Colour::Green,
        1 => Colour::Amber,
        _ => Colour::Red,
    };
    Discrepancy { ratio, more_left, less_left, colour }
}

/// The band in which the drawn-off volume is expected: from a device that gives too much to one that gives too little.
pub fn expected_band(start: Volume, expected: Volume, accuracy: Permille) -> (Volume, Volume) {
    let tolerance = start.saturating_sub(expected).share_ceil(accuracy);
    (expected.saturating_sub(tolerance), expected.saturating_add(tolerance))
}

/// The volume of a fluid by weight, in mg before and after and mg per mL, rounded to the nearest nL. `None` where the
/// weight rose, or without a density.
pub fn by_weight(before_mg: u64, after_mg: u64, density_mg_per_ml: u64) -> Option<Volume> {
    let moved = before_mg.checked_sub(after_mg)?;
    let twice = mul_div_floor(moved, 2_000_000, density_mg_per_ml)?;
    Some(Volume::new(twice.div_ceil(2)))
}

/// By how many degrees a rotor should have turned for a bolus, the whole turns taken off, rounded to nearest; `None`
/// without a volume per turn. For the picture before and after in a rotor study.
pub fn rotor_angle(bolus: Volume, per_turn: Volume) -> Option<u64> {
    let degrees = mul_div_floor(bolus.get(), 720, per_turn.get())?.div_ceil(2);
    Some(degrees % 360)
}
