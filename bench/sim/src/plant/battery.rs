//! The cell: charge, inner resistance, and the voltage the pump measures under load.
//!
//! Answers for what is drawn and what voltage is left. It does not decide when to replace: the pump must find that out
//! from loaded voltages. The numbers of [`Cell::REFERENCE`] are those of a stated reference cell, not of a vendor's:
//! 2,000 mAh carry 0.25 mL/day for ten years; at 1 mL/day the same cell lasts about six.
//!
//! Charge is held in nanocoulombs as whole numbers, so that ten years of small draws add up exactly.

use serde::{Deserialize, Serialize};

/// What a cell and its loads are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Charge when new, nC.
    pub capacity_nc: u64,
    /// Drawn all the time by core, memory and leakage, nA.
    pub idle_na: u64,
    /// Drawn by one stroke, nC.
    pub stroke_nc: u64,
    /// Drawn by one ms of tone, nC.
    pub tone_nc_per_ms: u64,
    /// Drawn by one ms of radio, nC.
    pub radio_nc_per_ms: u64,
    /// Inner resistance when new, mOhm.
    pub resistance_new_mohm: u64,
    /// What is added to it when the cell is empty, mOhm; it grows with the square of the depth of discharge.
    pub resistance_spent_mohm: u64,
    /// Current while the voltage under load is measured, mA.
    pub load_ma: u64,
    /// Below this loaded voltage the pump resets, mV.
    pub reset_mv: u64,
}

impl Cell {
    /// The reference pump's cell.
    pub const REFERENCE: Self = Self {
        capacity_nc: 2_000 * 3_600 * 1_000_000,
        idle_na: 12_000,
        stroke_nc: 1_500_000,
        tone_nc_per_ms: 4_000,
        radio_nc_per_ms: 6_000,
        resistance_new_mohm: 15_000,
        resistance_spent_mohm: 90_000,
        load_ma: 8,
        reset_mv: 1_900,
    };
}

/// Open voltage against depth of discharge in percent, mV: flat for most of its life, then it falls.
const OPEN_MV: [(u64, u64); 7] =
    [(0, 3_250), (5, 3_150), (60, 3_050), (80, 2_900), (90, 2_700), (97, 2_350), (100, 1_800)];

/// The cell as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    cell: Cell,
    drawn_nc: u64,
    idle_until: u64,
    /// Part of a nC of idle current not yet drawn, nA x ms below 1,000.
    idle_rest: u64,
    /// Resistance that a film has added, mOhm.
    film_mohm: u64,
    film_mohm_per_day: u64,
    film_since: u64,
}

impl Battery {
    /// A new cell at true time `now`.
    pub const fn new(cell: Cell, now: u64) -> Self {
        Self { cell, drawn_nc: 0, idle_until: now, idle_rest: 0, film_mohm: 0, film_mohm_per_day: 0, film_since: now }
    }

    /// Lets time pass: idle current is drawn up to `now`.
    pub fn pass(&mut self, now: u64) {
        let elapsed = u128::from(now.saturating_sub(self.idle_until));
        // nA x ms = 1e-12 C: a thousand of them are one nC.
        let pico = elapsed * u128::from(self.cell.idle_na) + u128::from(self.idle_rest);
        self.draw((pico / 1_000) as u64);
        self.idle_rest = (pico % 1_000) as u64;
        self.idle_until = self.idle_until.max(now);
    }

    /// One stroke of the drive.
    pub fn stroke(&mut self) {
        self.draw(self.cell.stroke_nc);
    }

    /// A tone of this length, ms.
    pub fn tone(&mut self, ms: u64) {
        self.draw(self.cell.tone_nc_per_ms.saturating_mul(ms));
    }

    /// The radio on for this long, ms.
    pub fn radio(&mut self, ms: u64) {
        self.draw(self.cell.radio_nc_per_ms.saturating_mul(ms));
    }

    /// A part that shorts: draws this much at once, nC.
    pub fn draw(&mut self, nc: u64) {
        self.drawn_nc = self.drawn_nc.saturating_add(nc).min(self.cell.capacity_nc);
    }

    /// Fault: a resistive film grows in the cell from now on, mOhm per day (0 ends its growth). What has grown stays.
    pub fn film(&mut self, now: u64, mohm_per_day: u64) {
        self.film_mohm = self.film_at(now);
        self.film_since = now;
        self.film_mohm_per_day = mohm_per_day;
    }

    /// Charge that is left, parts per million of a new cell, rounded down.
    pub const fn left_ppm(&self) -> u64 {
        let left = (self.cell.capacity_nc - self.drawn_nc) as u128;
        (left * 1_000_000 / self.cell.capacity_nc as u128) as u64
    }

    /// Voltage without load, mV, rounded down.
    pub fn open_mv(&self) -> u64 {
        let spent_ppm = 1_000_000 - self.left_ppm();
        for pair in OPEN_MV.windows(2) {
            if let [(from, high), (to, low)] = *pair
                && spent_ppm <= to * 10_000
            {
                let into = spent_ppm.saturating_sub(from * 10_000);
                return high - (high - low) * into / ((to - from) * 10_000);
            }
        }
        0
    }

    /// Voltage under the measuring load at true time `now`, mV; 0 when spent.
    pub fn loaded_mv(&self, now: u64) -> u64 {
        if self.left_ppm() == 0 {
            return 0;
        }
        self.open_mv().saturating_sub(self.resistance_mohm(now) * self.cell.load_ma / 1_000)
    }

    /// Inner resistance, mOhm.
    pub fn resistance_mohm(&self, now: u64) -> u64 {
        let spent = u128::from(1_000_000 - self.left_ppm());
        let grown = u128::from(self.cell.resistance_spent_mohm) * spent * spent / 1_000_000_000_000;
        self.cell.resistance_new_mohm + grown as u64 + self.film_at(now)
    }

    /// Whether a load now would reset the pump.
    pub fn resets_under_load(&self, now: u64) -> bool {
        self.loaded_mv(now) < self.cell.reset_mv
    }

    fn film_at(&self, now: u64) -> u64 {
        let grown = u128::from(now.saturating_sub(self.film_since)) * u128::from(self.film_mohm_per_day) / 86_400_000;
        self.film_mohm.saturating_add(u64::try_from(grown).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn spent_after_days(strokes_per_day: u64) -> u64 {
        let mut battery = Battery::new(Cell::REFERENCE, 0);
        let mut day = 0;
        while !battery.resets_under_load(day * DAY) {
            day += 1;
            battery.pass(day * DAY);
            for _ in 0..strokes_per_day {
                battery.stroke();
            }
            battery.radio(3_000);
            assert!(day < 10_000, "a cell does not last for ever");
        }
        day
    }

    #[test]
    fn the_reference_cell_lasts_ten_years_at_a_quarter_millilitre_a_day_and_less_at_more() {
        let slow = spent_after_days(500);
        let fast = spent_after_days(2_000);
        assert!(slow > 3_652, "{slow} days");
        assert!((1_100..3_000).contains(&fast), "{fast} days");
    }

    #[test]
    fn idle_current_adds_up_to_the_nanocoulomb_however_often_it_is_looked_at() {
        let mut often = Battery::new(Cell { idle_na: 7, ..Cell::REFERENCE }, 0);
        let mut once = often.clone();
        for t in (0..=1_000_000).step_by(13) {
            often.pass(t);
        }
        often.pass(1_000_003);
        once.pass(1_000_003);
        assert_eq!(often, once);
        assert_eq!(once.drawn_nc, 7_000);
    }

    #[test]
    fn a_film_lowers_the_loaded_voltage_while_the_open_one_says_nothing() {
        let mut battery = Battery::new(Cell::REFERENCE, 0);
        let before = (battery.open_mv(), battery.loaded_mv(0));
        battery.film(0, 1_000);
        assert_eq!(battery.open_mv(), before.0);
        assert_eq!(battery.loaded_mv(100 * DAY), before.1 - 800);
        assert!(!battery.resets_under_load(100 * DAY));
        assert!(battery.resets_under_load(200 * DAY));
        battery.film(200 * DAY, 0);
        assert_eq!(battery.loaded_mv(300 * DAY), battery.loaded_mv(200 * DAY));
    }

    #[test]
    fn voltage_only_falls_as_the_cell_is_spent() {
        let mut battery = Battery::new(Cell::REFERENCE, 0);
        let mut last = battery.loaded_mv(0);
        for _ in 0..1_001 {
            battery.draw(Cell::REFERENCE.capacity_nc / 1_000);
            let now = battery.loaded_mv(0);
            assert!(now <= last);
            last = now;
        }
        assert_eq!((last, battery.left_ppm()), (0, 0));
    }
}
