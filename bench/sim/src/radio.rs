//! The radio between the pump and what stands beside the patient, with everything that air does to frames.
//!
//! Answers for loss, repetition, reordering (by delay), delay, cuts and corruption, by seeded probabilities or by script
//! ("lose the next reply"). It knows no frame's meaning. Who is in range is the world's affair.

use crate::rng::{Chance, Purpose, Seed};
use std::collections::VecDeque;

/// Which way a frame flies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From a programmer, handset or monitor to the pump.
    ToPump,
    /// From the pump to the peer.
    FromPump,
}

/// What air does, in parts per million of the frames, and how long they fly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Air {
    /// Frames that never arrive.
    pub lost_ppm: u32,
    /// Frames that arrive twice, the second time after a delay of its own.
    pub repeated_ppm: u32,
    /// Frames that lose their end, at a random byte.
    pub cut_ppm: u32,
    /// Frames in which one bit is turned over.
    pub altered_ppm: u32,
    /// Least time of flight, ms.
    pub delay_least_ms: u64,
    /// Most time of flight, ms; frames overtake each other when it is larger than the least.
    pub delay_most_ms: u64,
}

impl Air {
    /// Air in which nothing is lost and every frame flies 1 ms.
    pub const CLEAR: Self =
        Self { lost_ppm: 0, repeated_ppm: 0, cut_ppm: 0, altered_ppm: 0, delay_least_ms: 1, delay_most_ms: 1 };
}

/// What a script orders for one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It never arrives.
    Lose,
    /// It arrives twice.
    Repeat,
    /// It flies this much longer, ms.
    Delay(u64),
    /// Only its first bytes arrive.
    CutTo(usize),
    /// One bit of this byte is turned over.
    Alter(usize),
}

/// A frame that arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Which way it flew.
    pub way: Way,
    /// The link (peer) it belongs to.
    pub link: u8,
    /// Its bytes, as they arrive.
    pub bytes: Vec<u8>,
    /// Whether anything but time was done to it; for the auditor, no one on the air can know it.
    pub spoiled: bool,
}

/// What became of frames so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames given to the radio.
    pub sent: u64,
    /// Frames that never arrive.
    pub lost: u64,
    /// Additional arrivals.
    pub repeated: u64,
    /// Frames cut short or altered.
    pub spoiled: u64,
}

/// The radio.
#[derive(Debug, Clone)]
pub struct Radio {
    air: Air,
    chance: Chance,
    script: VecDeque<(Way, Mishap)>,
    /// (due, running number, arrival); kept sorted, the next one first.
    flying: VecDeque<(u64, u64, Arrival)>,
    number: u64,
    counts: Counts,
}

impl Radio {
    /// A radio in this air, with the chance of this seed.
    pub fn new(air: Air, seed: Seed) -> Self {
        Self {
            air,
            chance: seed.stream(Purpose::Radio),
            script: VecDeque::new(),
            flying: VecDeque::new(),
            number: 0,
            counts: Counts::default(),
        }
    }

    /// Changes the air for frames sent from now on.
    pub const fn set_air(&mut self, air: Air) {
        self.air = air;
    }

    /// Orders a mishap for the next frame of this way that no earlier order has taken.
    pub fn order_next(&mut self, way: Way, mishap: Mishap) {
        self.script.push_back((way, mishap));
    }

    /// Gives a frame to the air.
    pub fn send(&mut self, now: u64, way: Way, link: u8, bytes: &[u8]) {
        self.counts.sent += 1;
        let due = now + self.chance.between(self.air.delay_least_ms, self.air.delay_most_ms);
        let frame = Arrival { way, link, bytes: bytes.to_vec(), spoiled: false };
        if let Some(i) = self.script.iter().position(|(w, _)| *w == way)
            && let Some((_, mishap)) = self.script.remove(i)
        {
            self.scripted(due, frame, mishap);
        } else {
            self.by_chance(now, due, frame);
        }
    }

    fn scripted(&mut self, due: u64, mut frame: Arrival, mishap: Mishap) {
        match mishap {
            Mishap::Lose => self.counts.lost += 1,
            Mishap::Repeat => {
                self.counts.repeated += 1;
                self.fly(due, frame.clone());
                self.fly(due + self.air.delay_most_ms, frame);
            }
            Mishap::Delay(ms) => self.fly(due + ms, frame),
            Mishap::CutTo(length) => {
                self.cut(&mut frame, length);
                self.fly(due, frame);
            }
            Mishap::Alter(byte) => {
                self.alter(&mut frame, byte, 0);
                self.fly(due, frame);
            }
        }
    }

    fn by_chance(&mut self, now: u64, due: u64, mut frame: Arrival) {
        if self.chance.happens(self.air.lost_ppm) {
            self.counts.lost += 1;
            return;
        }
        if self.chance.happens(self.air.repeated_ppm) {
            self.counts.repeated += 1;
            let again = now + self.chance.between(self.air.delay_least_ms, self.air.delay_most_ms);
            self.fly(again, frame.clone());
        }
        if self.chance.happens(self.air.cut_ppm) {
            let length = self.chance.below(frame.bytes.len() as u64) as usize;
            self.cut(&mut frame, length);
        }
        if self.chance.happens(self.air.altered_ppm) {
            let byte = self.chance.below(frame.bytes.len() as u64) as usize;
            let bit = self.chance.below(8) as u8;
            self.alter(&mut frame, byte, bit);
        }
        self.fly(due, frame);
    }

    fn cut(&mut self, frame: &mut Arrival, length: usize) {
        if length < frame.bytes.len() {
            frame.bytes.truncate(length);
            frame.spoiled = true;
            self.counts.spoiled += 1;
        }
    }

    fn alter(&mut self, frame: &mut Arrival, byte: usize, bit: u8) {
        if let Some(b) = frame.bytes.get_mut(byte) {
            *b ^= 1 << bit;
            frame.spoiled = true;
            self.counts.spoiled += 1;
        }
    }

    fn fly(&mut self, due: u64, frame: Arrival) {
        let number = self.number;
        self.number += 1;
        let place = self.flying.partition_point(|(d, n, _)| (*d, *n) < (due, number));
        self.flying.insert(place, (due, number, frame));
    }

    /// When the next frame arrives.
    pub fn deadline(&self) -> Option<u64> {
        self.flying.front().map(|(due, _, _)| *due)
    }

    /// A frame that has arrived by now.
    pub fn poll(&mut self, now: u64) -> Option<Arrival> {
        if self.deadline()? > now {
            return None;
        }
        self.flying.pop_front().map(|(_, _, frame)| frame)
    }

    /// A frame of this way that has arrived by now.
    pub fn poll_way(&mut self, now: u64, way: Way) -> Option<Arrival> {
        let place = self.flying.iter().position(|(due, _, frame)| *due <= now && frame.way == way)?;
        self.flying.remove(place).map(|(_, _, frame)| frame)
    }

    /// Drops everything on the air: the peer walked away.
    pub fn silence(&mut self) {
        self.counts.lost += self.flying.len() as u64;
        self.flying.clear();
    }

    /// What became of frames so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(radio: &mut Radio, now: u64) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| radio.poll(now)).map(|a| a.bytes).collect()
    }

    #[test]
    fn the_reply_is_lost_and_the_request_is_not() {
        let mut radio = Radio::new(Air::CLEAR, Seed(1));
        radio.order_next(Way::FromPump, Mishap::Lose);
        radio.send(0, Way::ToPump, 1, b"ask");
        radio.send(0, Way::FromPump, 1, b"granted");
        radio.send(5, Way::FromPump, 1, b"granted again");
        assert_eq!(arrivals(&mut radio, 0), Vec::<Vec<u8>>::new());
        assert_eq!(arrivals(&mut radio, 1), [b"ask".to_vec()]);
        assert_eq!(radio.deadline(), Some(6));
        assert_eq!(arrivals(&mut radio, 6), [b"granted again".to_vec()]);
        assert_eq!(radio.counts(), Counts { sent: 3, lost: 1, ..Counts::default() });
    }

    #[test]
    fn a_script_repeats_delays_cuts_and_alters_one_frame_each() {
        let mut radio = Radio::new(Air::CLEAR, Seed(1));
        for mishap in [Mishap::Repeat, Mishap::Delay(100), Mishap::CutTo(1), Mishap::Alter(0)] {
            radio.order_next(Way::ToPump, mishap);
        }
        for frame in [b"aa", b"bb", b"cc", b"dd", b"ee"] {
            radio.send(0, Way::ToPump, 0, frame);
        }
        let expected: [&[u8]; 6] = [b"aa", b"c", b"ed", b"ee", b"aa", b"bb"];
        assert_eq!(arrivals(&mut radio, 200), expected);
        assert_eq!(radio.counts().spoiled, 2);
    }

    #[test]
    fn bad_air_is_the_same_for_the_same_seed_and_accounts_for_every_frame() {
        let air = Air {
            lost_ppm: 200_000,
            repeated_ppm: 100_000,
            cut_ppm: 50_000,
            altered_ppm: 50_000,
            delay_least_ms: 1,
            delay_most_ms: 40,
        };
        let run = |seed| {
            let mut radio = Radio::new(air, Seed(seed));
            for i in 0..1_000_u64 {
                radio.send(i, Way::ToPump, 0, &i.to_le_bytes());
            }
            let frames = arrivals(&mut radio, 10_000);
            (frames, radio.counts())
        };
        let (frames, counts) = run(4);
        assert_eq!(run(4).0, frames);
        assert_ne!(run(5).0, frames);
        assert_eq!(frames.len() as u64, counts.sent - counts.lost + counts.repeated);
        assert!(counts.lost > 100 && counts.repeated > 50 && counts.spoiled > 50);
        let order: Vec<_> = frames.iter().filter(|f| f.len() == 8).collect();
        assert!(order.windows(2).any(|w| w[0] > w[1]), "frames overtake each other");
    }

    #[test]
    fn silence_loses_what_was_on_the_air() {
        let mut radio = Radio::new(Air::CLEAR, Seed(1));
        radio.send(0, Way::ToPump, 0, b"x");
        radio.silence();
        assert_eq!(radio.deadline(), None);
        assert_eq!(radio.counts().lost, 1);
    }
}
