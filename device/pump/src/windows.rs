//! Rolling windows: what was given in the past hour, four hours and day, of each drug and as volume.
//!
//! ```text
//!   1 h  = 12 closed buckets of  5 min + the open one      a bucket that lies partly inside a window
//!   4 h  = 16 closed buckets of 15 min + the open one      counts whole, so a window is up to one bucket
//!  24 h  = 24 closed buckets of 60 min + the open one      longer than its name: late, never early
//! ```
//!
//! The buckets nest: only the 5-minute one is open, a quarter and an hour are sums of closed ones and the open one.
//! So the open bucket is all that the dose record must hold. Charging and asking cost the same however full the
//! windows are. What a ceiling is and who may charge is `ceilings`' affair.

use orders::mixture::DRUGS_MAX;
use orders::quantity::MINUTE_MS;
use orders::{Duration, Field, Instant};

/// The drugs' lanes, and one for volume.
pub const LANES: usize = DRUGS_MAX + 1;
/// The lane that counts volume, in nL.
pub const VOLUME_LANE: usize = DRUGS_MAX;

/// One number a lane: fg for the drugs, nL for volume.
pub type Row = [u64; LANES];

/// Nothing in any lane.
pub const NOTHING: Row = [0; LANES];

/// Five minutes, the finest bucket.
pub const BUCKET: Duration = Duration::from_minutes(5);

/// Adds lane by lane as an upper bound.
pub fn add(sum: &mut Row, more: &Row) {
    for (lane, more) in sum.iter_mut().zip(more) {
        *lane = lane.saturating_add(*more);
    }
}

fn take(sum: &mut Row, less: &Row) {
    for (lane, less) in sum.iter_mut().zip(less) {
        *lane = lane.saturating_sub(*less);
    }
}

/// The three spans over which ceilings count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Window {
    /// One hour in buckets of 5 minutes.
    Hour,
    /// Four hours in buckets of 15 minutes.
    FourHours,
    /// A day in buckets of 60 minutes.
    Day,
}

impl Window {
    /// All three.
    pub const ALL: [Window; 3] = [Window::Hour, Window::FourHours, Window::Day];

    /// How many 5-minute buckets make one of this window's.
    pub const fn fives(self) -> u32 {
        match self {
            Window::Hour => 1,
            Window::FourHours => 3,
            Window::Day => 12,
        }
    }

    /// How many closed buckets the window holds beside the open one.
    pub const fn closed(self) -> u32 {
        match self {
            Window::Hour => 12,
            Window::FourHours => 16,
            Window::Day => 24,
        }
    }

    /// The length of one bucket.
    pub const fn bucket(self) -> Duration {
        BUCKET.saturating_mul(self.fives() as u64)
    }

    /// The code in records.
    pub const fn code(self) -> u8 {
        match self {
            Window::Hour => 0,
            Window::FourHours => 1,
            Window::Day => 2,
        }
    }

    /// First slot of this window's closed buckets in the store, and how many it has: one spare each.
    const fn slots(self) -> (u8, u32) {
        match self {
            Window::Hour => (0, 13),
            Window::FourHours => (13, 17),
            Window::Day => (30, 25),
        }
    }
}

/// A bucket that has closed with something in it, to be kept in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closed {
    /// Of which window.
    pub window: Window,
    /// Its number: pump time divided by the bucket's length.
    pub number: u32,
    /// What it holds.
    pub row: Row,
}

impl Closed {
    /// Bytes of a stored bucket.
    pub const BYTES: usize = 5 + LANES * 8;

    /// Its place among the store's buckets.
    pub fn place(&self) -> u8 {
        let (first, count) = self.window.slots();
        let offset = self.number.checked_rem(count).unwrap_or(0);
        first.saturating_add(u8::try_from(offset).unwrap_or(0))
    }

    /// As it is stored; the store's seal is the implant's.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0u8; Self::BYTES];
        if let Some((head, lanes)) = bytes.split_first_chunk_mut::<5>() {
            let [a, b, c, d] = self.number.to_le_bytes();
            *head = [self.window.code(), a, b, c, d];
            for (place, lane) in lanes.as_chunks_mut::<8>().0.iter_mut().zip(self.row) {
                *place = lane.to_le_bytes();
            }
        }
        bytes
    }

    /// As it was stored; `None` if these are not a bucket's bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (code, rest) = bytes.split_first()?;
        let window = Window::ALL.into_iter().find(|window| window.code() == *code)?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let mut row = NOTHING;
        let mut lanes = rest.chunks_exact(8);
        for (lane, bytes) in row.iter_mut().zip(&mut lanes) {
            *lane = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        let is_whole = rest.len() == LANES * 8;
        is_whole.then_some(Self { window, number: u32::from_le_bytes(*number), row })
    }
}

/// 5-minute buckets after which nothing is left in any window: a day, the hour it may be longer, and one hour more.
const EMPTY_AFTER: u32 = 26 * 12;

/// A closed bucket in the least room: 48 bits for a mass, 32 for the volume.
///
/// An hour of the highest flow of the highest concentration that the bounds admit is less than half of what 48 bits hold.
/// A number that is more all the same is held as the most.
#[derive(Clone, Copy, Debug)]
struct Held {
    masses: [[u8; 6]; DRUGS_MAX],
    volume: [u8; 4],
}

const _: () = {
    let (flow, most) = (Field::BasalFlow.bound().max / 24, Field::DrugConcentration.bound().max);
    assert!(flow * most < (1 << 48) / 2 && flow < (1 << 32) / 2, "an hour's bucket fits its lanes");
};

impl Held {
    const NOTHING: Self = Self { masses: [[0; 6]; DRUGS_MAX], volume: [0; 4] };

    fn of(row: &Row) -> Self {
        let [masses @ .., volume] = row;
        let low = |mass: &u64| {
            let [low @ .., _, _] = (*mass).min(0xffff_ffff_ffff).to_le_bytes();
            low
        };
        let volume = u32::try_from(*volume).unwrap_or(u32::MAX).to_le_bytes();
        Self { masses: masses.each_ref().map(low), volume }
    }

    fn row(&self) -> Row {
        let wide = |[a, b, c, d, e, f]: [u8; 6]| u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
        let [first, second, third, fourth] = self.masses.map(wide);
        [first, second, third, fourth, u64::from(u32::from_le_bytes(self.volume))]
    }

    fn lane(&self, lane: usize) -> u64 {
        match self.masses.get(lane) {
            Some([a, b, c, d, e, f]) => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]),
            None if lane == VOLUME_LANE => u64::from(u32::from_le_bytes(self.volume)),
            None => u64::MAX,
        }
    }
}

/// Closed buckets of one window, the sum of those inside it.
#[derive(Clone, Debug)]
struct Ring<const N: usize> {
    rows: [Held; N],
    /// Where the next closed bucket goes, which is where the oldest lies.
    next: usize,
    sum: Row,
}

impl<const N: usize> Ring<N> {
    const EMPTY: Self = Self { rows: [Held::NOTHING; N], next: 0, sum: NOTHING };

    fn push(&mut self, row: Row) {
        if let Some(place) = self.rows.get_mut(self.next) {
            let oldest = core::mem::replace(place, Held::of(&row));
            add(&mut self.sum, &place.row());
            take(&mut self.sum, &oldest.row());
        }
        self.next = self.next.saturating_add(1).checked_rem(N).unwrap_or(0);
    }

    /// Puts the bucket that lies so many before the open one into an empty ring that has not turned.
    fn put_back(&mut self, back: u32, row: Row) {
        let place = usize::try_from(back).ok().and_then(|back| N.checked_sub(back));
        if let Some(place) = place.filter(|place| *place < N).and_then(|place| self.rows.get_mut(place)) {
            let before = core::mem::replace(place, Held::of(&row));
            take(&mut self.sum, &before.row());
            add(&mut self.sum, &place.row());
        }
    }

    /// The closed buckets, the oldest first.
    fn oldest_first(&self) -> impl Iterator<Item = &Held> {
        let (newer, older) = self.rows.split_at_checked(self.next).unwrap_or((&[], &self.rows));
        older.iter().chain(newer)
    }
}

/// Most buckets that close in one step: one of each window.
type ClosedNow = heapless::Vec<Closed, 3>;

/// The windows of every lane.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The number of the open 5-minute bucket.
    number: u32,
    open: Row,
    /// Closed 5-minute buckets of the quarter and of the hour that are still open.
    quarter: Row,
    hour: Row,
    fives: Ring<12>,
    quarters: Ring<16>,
    hours: Ring<24>,
}

/// The number of the bucket that holds an instant.
pub fn bucket_of(now: Instant, window: Window) -> u32 {
    let length = u64::from(window.fives()).saturating_mul(5 * MINUTE_MS);
    u32::try_from(now.get().checked_div(length).unwrap_or(0)).unwrap_or(u32::MAX)
}

/// When a bucket of a window begins.
pub fn begin_of(number: u32, window: Window) -> Instant {
    Instant::new(window.bucket().get().saturating_mul(u64::from(number)))
}

impl Windows {
    /// Windows in which nothing was given.
    pub fn new(now: Instant) -> Self {
        Self {
            number: bucket_of(now, Window::Hour),
            open: NOTHING,
            quarter: NOTHING,
            hour: NOTHING,
            fives: Ring::EMPTY,
            quarters: Ring::EMPTY,
            hours: Ring::EMPTY,
        }
    }

    /// The number of the open 5-minute bucket.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// What the open 5-minute bucket holds.
    pub const fn open(&self) -> &Row {
        &self.open
    }

    /// Whether the open bucket is over: [`Self::close`] has something to do.
    pub fn is_over(&self, now: Instant) -> bool {
        self.number < bucket_of(now, Window::Hour)
    }

    /// Closes every bucket that is over; what closed with something in it goes to `keep`, to be stored. At most 312
    /// steps: after so many nothing is left in any window, and a longer rest is leapt over.
    pub fn advance(&mut self, now: Instant, mut keep: impl FnMut(Closed)) {
        let target = bucket_of(now, Window::Hour);
        for _ in 0..EMPTY_AFTER {
            if self.number >= target {
                return;
            }
            self.close().into_iter().for_each(&mut keep);
        }
        self.number = self.number.max(target);
    }

    fn close(&mut self) -> ClosedNow {
        let mut closed = ClosedNow::new();
        let mut keep = |window: Window, number: u32, row: Row| {
            if row != NOTHING {
                // Three places, one for each window: there is always room.
                let _ = closed.push(Closed { window, number: number.checked_div(window.fives()).unwrap_or(0), row });
            }
        };
        let row = core::mem::replace(&mut self.open, NOTHING);
        keep(Window::Hour, self.number, row);
        self.fives.push(row);
        add(&mut self.quarter, &row);
        add(&mut self.hour, &row);
        let next = self.number.saturating_add(1);
        if next.is_multiple_of(Window::FourHours.fives()) {
            let row = core::mem::replace(&mut self.quarter, NOTHING);
            keep(Window::FourHours, self.number, row);
            self.quarters.push(row);
        }
        if next.is_multiple_of(Window::Day.fives()) {
            let row = core::mem::replace(&mut self.hour, NOTHING);
            keep(Window::Day, self.number, row);
            self.hours.push(row);
        }
        self.number = next;
        closed
    }

    /// Something was given, now.
    pub fn charge(&mut self, row: &Row) {
        add(&mut self.open, row);
    }

    /// What a window holds in one lane.
    //= requirements/ceilings.md#rolling-windows
    //# The pump MUST count a bucket that lies partly inside a window as wholly inside it.
    pub fn total(&self, window: Window, lane: usize) -> u64 {
        let (sum, part) = match window {
            Window::Hour => (&self.fives.sum, None),
            Window::FourHours => (&self.quarters.sum, Some(&self.quarter)),
            Window::Day => (&self.hours.sum, Some(&self.hour)),
        };
        let of = |row: &Row| row.get(lane).copied().unwrap_or(u64::MAX);
        of(sum).saturating_add(part.map_or(0, of)).saturating_add(of(&self.open))
    }

    /// What of it will still be inside after so many of the window's buckets have begun.
    pub fn remaining(&self, window: Window, lane: usize, buckets: u32) -> u64 {
        let skip = usize::try_from(buckets).unwrap_or(usize::MAX);
        let held = |row: &Held| row.lane(lane);
        let closed = match window {
            Window::Hour => self.fives.oldest_first().skip(skip).map(held).fold(0, u64::saturating_add),
            Window::FourHours => self.quarters.oldest_first().skip(skip).map(held).fold(0, u64::saturating_add),
            Window::Day => self.hours.oldest_first().skip(skip).map(held).fold(0, u64::saturating_add),
        };
        let of = |row: &Row| row.get(lane).copied().unwrap_or(u64::MAX);
        if buckets > window.closed() {
            return 0;
        }
        let open = match window {
            Window::Hour => 0,
            Window::FourHours => of(&self.quarter),
            Window::Day => of(&self.hour),
        };
        closed.saturating_add(open).saturating_add(of(&self.open))
    }

    /// Begins to build the windows anew from what was stored: the open bucket of the dose record. Every stored bucket
    /// follows by [`Self::put_back`], in any order.
    pub fn begin_restore(number: u32, open: Row) -> Self {
        Self { number, open, ..Self::new(Instant::ZERO) }
    }

    /// Puts a stored bucket back; one that has left its window is passed over.
    pub fn put_back(&mut self, closed: &Closed) {
        let open = self.number.checked_div(closed.window.fives()).unwrap_or(0);
        let back = open.saturating_sub(closed.number);
        match closed.window {
            Window::Hour => self.fives.put_back(back, closed.row),
            Window::FourHours => self.quarters.put_back(back, closed.row),
            Window::Day => self.hours.put_back(back, closed.row),
        }
        if closed.window == Window::Hour && back > 0 {
            for (window, part) in [(Window::FourHours, &mut self.quarter), (Window::Day, &mut self.hour)] {
                let begin = self.number.saturating_sub(self.number.checked_rem(window.fives()).unwrap_or(0));
                if (begin..self.number).contains(&closed.number) {
                    add(part, &closed.row);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn lane(amount: u64) -> Row {
        [amount, 0, 0, 0, 0]
    }

    proptest! {
        //= requirements/ceilings.md#rolling-windows
        //= type=test
        //# The pump MUST count a bucket that lies partly inside a window as wholly inside it.
        #[test]
        fn a_window_never_holds_less_than_an_exact_one_and_no_more_than_one_bucket_longer(
            gives in proptest::collection::vec((0u64..40 * 60, 1u64..1000), 1..60),
        ) {
            let mut gives = gives;
            gives.sort_unstable();
            let mut windows = Windows::new(Instant::ZERO);
            let mut kept = Vec::new();
            for (index, (minute, amount)) in gives.iter().enumerate() {
                let now = Instant::new(minute * MINUTE_MS);
                windows.advance(now, |closed| kept.push(closed));
                windows.charge(&lane(*amount));
                for window in Window::ALL {
                    let length = window.bucket().get() / MINUTE_MS * u64::from(window.closed());
                    let within = |span: u64| -> u64 {
                        gives[..=index].iter().filter(|(then, _)| then + span > *minute).map(|(_, amount)| amount).sum()
                    };
                    let total = windows.total(window, 0);
                    prop_assert!(total >= within(length), "{window:?}: {total} < {}", within(length));
                    prop_assert!(total <= within(length + window.bucket().get() / MINUTE_MS), "{window:?}: {total}");
                    prop_assert_eq!(windows.remaining(window, 0, 0), total);
                    prop_assert_eq!(windows.remaining(window, 0, window.closed() + 1), 0);
                }
            }
        }

        #[test]
        fn windows_built_anew_from_what_was_stored_hold_the_same(
            gives in proptest::collection::vec((0u64..40 * 60, 1u64..1000), 1..60),
        ) {
            let mut gives = gives;
            gives.sort_unstable();
            let mut windows = Windows::new(Instant::ZERO);
            let mut store: std::collections::BTreeMap<u8, [u8; Closed::BYTES]> = Default::default();
            for (minute, amount) in &gives {
                let mut kept = Vec::new();
                windows.advance(Instant::new(minute * MINUTE_MS), |closed| kept.push(closed));
                windows.charge(&lane(*amount));
                store.extend(kept.iter().map(|closed| (closed.place(), closed.encode())));
                let mut restored = Windows::begin_restore(windows.number(), *windows.open());
                store.values().filter_map(|bytes| Closed::decode(bytes)).for_each(|closed| restored.put_back(&closed));
                for window in Window::ALL {
                    prop_assert_eq!(restored.total(window, 0), windows.total(window, 0), "{:?}", window);
                    for buckets in 0..26 {
                        prop_assert_eq!(restored.remaining(window, 0, buckets), windows.remaining(window, 0, buckets));
                    }
                }
            }
        }
    }

    #[test]
    fn after_a_rest_of_two_days_nothing_is_left() {
        let mut windows = Windows::new(Instant::ZERO);
        windows.charge(&lane(7));
        let now = Instant::ZERO.after(Duration::from_days(2));
        windows.advance(now, |_| {});
        assert!(Window::ALL.iter().all(|window| windows.total(*window, 0) == 0));
    }
}
