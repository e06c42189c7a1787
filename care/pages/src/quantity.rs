//! Quantities as people read them: with their unit, a leading zero, no trailing zero, "mcg" and never "µg" or "ug".
//!
//! Rules of the Institute for Safe Medication Practices. Values are integers in the units the device holds them in; the
//! one division is here, rounds half away from zero, and the places it keeps are said by the caller or the unit.
//! Digits are the same in every language; German writes a decimal comma. Thousands are set apart where a number has
//! more than four digits, with a narrow space in German, because its point could be read as a decimal sign.

use maud::{Markup, html};

use crate::words::{Language, Words};

/// What a number is a number of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unit {
    /// Micrograms, written mcg.
    Microgram,
    /// Milligrams.
    Milligram,
    /// Micrograms per millilitre.
    MicrogramPerMillilitre,
    /// Milligrams per millilitre.
    MilligramPerMillilitre,
    /// Micrograms per day.
    MicrogramPerDay,
    /// Milligrams per day.
    MilligramPerDay,
    /// Micrograms per hour.
    MicrogramPerHour,
    /// Millilitres.
    Millilitre,
    /// Millilitres per day.
    MillilitrePerDay,
    /// Microlitres per hour.
    MicrolitrePerHour,
    /// Parts of a hundred.
    Percent,
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Centimetres.
    Centimetre,
    /// Degrees Celsius.
    Celsius,
    /// Volts.
    Volt,
    /// A count or a score, without a unit.
    One,
}

impl Unit {
    /// The short writing, the same in every language.
    pub const fn short(self) -> &'static str {
        match self {
            Unit::Microgram => "mcg",
            Unit::Milligram => "mg",
            Unit::MicrogramPerMillilitre => "mcg/mL",
            Unit::MilligramPerMillilitre => "mg/mL",
            Unit::MicrogramPerDay => "mcg/day",
            Unit::MilligramPerDay => "mg/day",
            Unit::MicrogramPerHour => "mcg/h",
            Unit::Millilitre => "mL",
            Unit::MillilitrePerDay => "mL/day",
            Unit::MicrolitrePerHour => "microL/h",
            Unit::Percent => "%",
            Unit::Day => "d",
            Unit::Hour => "h",
            Unit::Minute => "min",
            Unit::Centimetre => "cm",
            Unit::Celsius => "°C",
            Unit::Volt => "V",
            Unit::One => "",
        }
    }

    /// The key of the spelled-out word.
    const fn key(self) -> &'static str {
        match self {
            Unit::Microgram => "unit-microgram",
            Unit::Milligram => "unit-milligram",
            Unit::MicrogramPerMillilitre => "unit-microgram-per-millilitre",
            Unit::MilligramPerMillilitre => "unit-milligram-per-millilitre",
            Unit::MicrogramPerDay => "unit-microgram-per-day",
            Unit::MilligramPerDay => "unit-milligram-per-day",
            Unit::MicrogramPerHour => "unit-microgram-per-hour",
            Unit::Millilitre => "unit-millilitre",
            Unit::MillilitrePerDay => "unit-millilitre-per-day",
            Unit::MicrolitrePerHour => "unit-microlitre-per-hour",
            Unit::Percent => "unit-percent",
            Unit::Day => "unit-day",
            Unit::Hour => "unit-hour",
            Unit::Minute => "unit-minute",
            Unit::Centimetre => "unit-centimetre",
            Unit::Celsius => "unit-celsius",
            Unit::Volt => "unit-volt",
            Unit::One => "unit-one",
        }
    }
}

/// A decimal number with its unit: `value` × 10^-`scale`, shown with at most `places` decimals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// The digits.
    pub value: i128,
    /// How many of them stand behind the decimal sign.
    pub scale: u32,
    /// The most decimals shown.
    pub places: u32,
    /// Of what.
    pub unit: Unit,
}

/// fg in a milligram.
const MILLIGRAM_FG: u64 = 1_000_000_000_000;

impl Quantity {
    /// A whole number.
    pub const fn whole(value: i128, unit: Unit) -> Quantity {
        Quantity { value, scale: 0, places: 0, unit }
    }

    /// Drug mass in fg: mcg below a milligram, mg from there.
    pub fn mass_fg(fg: u64) -> Quantity {
        match fg < MILLIGRAM_FG {
            true => Quantity { value: fg.into(), scale: 9, places: 2, unit: Unit::Microgram },
            false => Quantity { value: fg.into(), scale: 12, places: 3, unit: Unit::Milligram },
        }
    }

    /// Drug mass per day in fg.
    pub fn mass_fg_per_day(fg: u64) -> Quantity {
        let unit = if fg < MILLIGRAM_FG { Unit::MicrogramPerDay } else { Unit::MilligramPerDay };
        Quantity { unit, ..Quantity::mass_fg(fg) }
    }

    /// Volume in nL, as mL.
    pub fn volume_nl(nl: u64) -> Quantity {
        Quantity { value: nl.into(), scale: 6, places: 3, unit: Unit::Millilitre }
    }

    /// Flow in nL/day, as mL/day.
    pub fn flow_nl_per_day(nl: u64) -> Quantity {
        Quantity { unit: Unit::MillilitrePerDay, ..Quantity::volume_nl(nl) }
    }

    /// Concentration in ng/mL: mcg/mL below 1000 mcg/mL, mg/mL from there.
    pub fn concentration_ng_per_ml(ng: u64) -> Quantity {
        match ng < 1_000_000 {
            true => Quantity { value: ng.into(), scale: 3, places: 3, unit: Unit::MicrogramPerMillilitre },
            false => Quantity { value: ng.into(), scale: 6, places: 4, unit: Unit::MilligramPerMillilitre },
        }
    }

    /// Hundredths of a percent.
    pub const fn percent_hundredths(hundredths: i128) -> Quantity {
        Quantity { value: hundredths, scale: 2, places: 1, unit: Unit::Percent }
    }

    /// The same with at most so many decimals.
    pub const fn places(self, places: u32) -> Quantity {
        Quantity { places, ..self }
    }

    /// The number alone. For where the unit stands at the head of a column.
    pub fn number(&self, language: Language) -> String {
        decimal(self.value, self.scale, self.places, language)
    }

    /// Number and short unit on one line: `0.25 mg`.
    pub fn text(&self, language: Language) -> String {
        let number = self.number(language);
        match self.unit {
            Unit::One => number,
            unit => format!("{number}\u{a0}{}", unit.short()),
        }
    }

    /// Number and unit in words, for patients: `0.25 milligrams`.
    pub fn spelled(&self, words: &Words) -> String {
        let number = self.number(words.language());
        // Only an exact "1" is one; everything else, 0.25 as well, is other.
        let count: u64 = if number == "1" { 1 } else { 5 };
        words.say_with(self.unit.key(), &[("number", number.into()), ("count", count.into())])
    }

    /// As markup that keeps number and unit together, in the right order whatever the script around it, and that a
    /// screen reader says in full.
    pub fn html(&self, words: &Words) -> Markup {
        let number = self.number(words.language());
        html! {
            span.q dir="ltr" {
                span.q-text aria-hidden="true" { span.q-number { (number) } @if self.unit != Unit::One { span.q-unit { (self.unit.short()) } } }
                span.hidden lang=(words.language().tag()) { (self.spelled(words)) }
            }
        }
    }
}

/// The decimal sign of a language.
const fn sign(language: Language) -> char {
    match language {
        Language::English | Language::Arabic => '.',
        Language::German => ',',
    }
}

/// What sets thousands apart.
const fn thousands(language: Language) -> char {
    match language {
        Language::English | Language::Arabic => ',',
        Language::German => '\u{202f}',
    }
}

/// `value` × 10^-`scale`, rounded half away from zero to `places` decimals, written for people.
pub fn decimal(value: i128, scale: u32, places: u32, language: Language) -> String {
    let places = places.min(scale);
    let cut = 10u128.saturating_pow(scale - places);
    let magnitude = value.unsigned_abs();
    let rounded = magnitude / cut + u128::from(magnitude % cut >= cut.div_ceil(2) && cut > 1);
    let one = 10u128.saturating_pow(places);
    let (whole, part) = (rounded / one, rounded % one);
    let mut text = String::new();
    if value < 0 && rounded > 0 {
        text.push('\u{2212}');
    }
    text.push_str(&grouped(whole, language));
    if part > 0 {
        text.push(sign(language));
        let digits = format!("{part:0width$}", width = usize::try_from(places).unwrap_or(0));
        text.push_str(digits.trim_end_matches('0'));
    }
    text
}

fn grouped(whole: u128, language: Language) -> String {
    let digits = whole.to_string();
    // Four digits read well as they are, save for doses, where a comma has been shown to prevent tenfold errors.
    let mut text = String::with_capacity(digits.len() + 4);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(thousands(language));
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn a_leading_zero_always_and_a_trailing_zero_never() {
        assert_eq!(decimal(5, 1, 1, Language::English), "0.5");
        assert_eq!(decimal(50, 1, 1, Language::English), "5");
        assert_eq!(decimal(2_500, 3, 3, Language::English), "2.5");
        assert_eq!(decimal(2_500, 3, 3, Language::German), "2,5");
        assert_eq!(decimal(0, 6, 3, Language::English), "0");
    }

    #[test]
    fn rounding_is_half_away_from_zero_and_never_leaves_a_minus_zero() {
        assert_eq!(decimal(1_2345, 4, 3, Language::English), "1.235");
        assert_eq!(decimal(-1_2345, 4, 3, Language::English), "\u{2212}1.235");
        assert_eq!(decimal(-4, 4, 3, Language::English), "0");
        assert_eq!(decimal(9_9996, 4, 3, Language::English), "10");
    }

    #[test]
    fn thousands_cannot_be_read_as_a_decimal_sign() {
        assert_eq!(decimal(1_440, 0, 0, Language::English), "1,440");
        assert_eq!(decimal(1_440, 0, 0, Language::German), "1\u{202f}440");
        assert_eq!(decimal(12_345_678, 3, 3, Language::German), "12\u{202f}345,678");
    }

    #[test]
    fn a_dose_is_mcg_below_a_milligram_and_mg_from_there() {
        assert_eq!(Quantity::mass_fg(257_910_000_000).text(Language::English), "257.91\u{a0}mcg");
        assert_eq!(Quantity::mass_fg(MILLIGRAM_FG).text(Language::English), "1\u{a0}mg");
        assert_eq!(Quantity::mass_fg_per_day(1_500_000_000_000).text(Language::German), "1,5\u{a0}mg/day");
        assert_eq!(Quantity::concentration_ng_per_ml(20_000_000).text(Language::English), "20\u{a0}mg/mL");
    }

    #[test]
    fn patients_read_whole_words() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let dose = Quantity::mass_fg(300_000_000_000);
        assert_eq!(dose.spelled(all.of(Language::English)), "300 micrograms");
        assert_eq!(dose.spelled(all.of(Language::German)), "300 Mikrogramm");
        assert_eq!(Quantity::mass_fg(MILLIGRAM_FG).spelled(all.of(Language::English)), "1 milligram");
    }

    #[test]
    fn the_markup_says_it_in_full_to_a_screen_reader() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let html = Quantity::volume_nl(375_000).html(all.of(Language::English)).into_string();
        assert!(html.contains("0.375") && html.contains("0.375 millilitres") && html.contains("dir=\"ltr\""));
    }
}
