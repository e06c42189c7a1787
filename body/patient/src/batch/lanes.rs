//! Eight people side by side: the four operations, square roots, and an exponential and a logarithm of the same.
//!
//! Every function is a loop over eight numbers without a branch, so that the compiler makes vectors of it on any machine; and
//! only operations that every machine rounds alike, never fused, so that the answer is the same on each. Exponential and
//! logarithm are right to some parts in 10¹⁵, which the tests hold against `libm`.

/// How many people.
pub const LANES: usize = 8;

/// One number for each.
pub type Lanes = [f64; LANES];

/// The same for all.
#[inline(always)]
pub fn all(value: f64) -> Lanes {
    [value; LANES]
}

/// One function of one number each.
#[inline(always)]
pub fn each(a: &Lanes, f: impl Fn(f64) -> f64) -> Lanes {
    let mut out = *a;
    for value in &mut out {
        *value = f(*value);
    }
    out
}

/// One function of two numbers each.
#[inline(always)]
pub fn both(a: &Lanes, b: &Lanes, f: impl Fn(f64, f64) -> f64) -> Lanes {
    let mut out = *a;
    for (value, other) in out.iter_mut().zip(b) {
        *value = f(*value, *other);
    }
    out
}

/// 1.5 times 2⁵²: adding it rounds to a whole number, which then stands in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; the first has room for whole multiples without rounding.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Bits of one, and of the root of a half.
const ONE: u64 = 0x3ff0_0000_0000_0000;
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
/// Bits of 2⁵².
const TWO_52: u64 = 0x4330_0000_0000_0000;

/// `exp`, for numbers from -700 to 700; farther ones are taken for these.
#[inline(always)]
pub fn exp(a: &Lanes) -> Lanes {
    each(a, |x| {
        let x = x.clamp(-700.0, 700.0);
        let rounded = x * std::f64::consts::LOG2_E + ROUND;
        let k = rounded - ROUND;
        let r = (x - k * LN2_HIGH) - k * LN2_LOW;
        let mut sum = 1.0 / 479_001_600.0;
        for over in [
            1.0 / 39_916_800.0,
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ] {
            sum = sum * r + over;
        }
        sum * f64::from_bits((rounded.to_bits() << 52).wrapping_add(ONE))
    })
}

/// `ln`, for numbers above 10⁻³⁰⁰; smaller ones are taken for that.
#[inline(always)]
pub fn ln(a: &Lanes) -> Lanes {
    each(a, |x| {
        let bits = x.max(1e-300).to_bits().wrapping_add(ONE - ROOT_HALF);
        let k = f64::from_bits(TWO_52 | (bits >> 52)) - (4_503_599_627_370_496.0 + 1023.0);
        let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF));
        let s = (m - 1.0) / (m + 1.0);
        let square = s * s;
        let mut sum = 2.0 / 19.0;
        for part in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
            sum = sum * square + 2.0 / part;
        }
        k * LN2_HIGH + (s * sum + k * LN2_LOW)
    })
}

/// `a` to the power `power`, for `a` above zero.
#[inline(always)]
pub fn pow(a: &Lanes, power: f64) -> Lanes {
    exp(&each(&ln(a), |x| x * power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_and_logarithm_are_those_of_the_library_to_the_last_digits() {
        for n in -30_000..30_000 {
            let x = f64::from(n) * 0.02113;
            let (ours, theirs) = (exp(&all(x))[3], libm::exp(x.clamp(-700.0, 700.0)));
            assert!((ours / theirs - 1.0).abs() < 4e-15, "exp {x}: {ours} {theirs}");
            let y = libm::exp(x * 0.3);
            let (ours, theirs) = (ln(&all(y))[5], libm::log(y));
            assert!((ours - theirs).abs() < 4e-15 * theirs.abs().max(0.5), "ln {y}: {ours} {theirs}");
        }
        assert!((pow(&all(0.3), 4.3)[0] / libm::pow(0.3, 4.3) - 1.0).abs() < 1e-14);
        assert_eq!(exp(&all(0.0)), all(1.0));
        assert_eq!(ln(&all(1.0)), all(0.0));
    }
}
