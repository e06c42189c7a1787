//! A story on the image and on the host: the same inputs, and every byte of every action compared.
//!
//! The image gets what the host's implant got, at the same times, and is told what it asks for from the same stores. As
//! long as every action is the same byte for byte, whoever answered the host would have answered the image alike:
//! comparing with what was written down is the same as letting both run side by side. The journal is among the actions.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::emulator::{Emulator, Message, SLEEP};
use crate::run::Outcome;

const SEND: u8 = 68;
const WRITE: u8 = 69;
const STEP: u8 = 65;
/// The high byte of a journal slot's code.
const JOURNAL: u8 = 0x0c;

/// A life: what the maker gave, and the messages with whether they came from the implant.
struct Life {
    provision: Vec<u8>,
    said: Vec<(bool, Message)>,
}

/// What a run showed.
#[derive(Debug, Default)]
pub struct Told {
    lives: usize,
    inputs: u64,
    actions: u64,
    strokes: u64,
    records: u64,
    frames: u64,
    ms: u64,
    seconds: f64,
    late_max_ms: u64,
    awake: u64,
    longest: u64,
    /// Most bytes of stack that were in use.
    pub stack: u64,
}

impl Told {
    /// What was seen, and what it cost.
    pub fn print(&self, name: &str) {
        let days = self.ms as f64 / 86_400_000.0;
        println!(
            "  {name}: {days:.1} days in {} lives told alike by host and image: {} inputs, {} actions, {} strokes, {} frames, \
             {} journal records, byte for byte; {:.1} s",
            self.lives, self.inputs, self.actions, self.strokes, self.frames, self.records, self.seconds
        );
        println!(
            "  {name}: {} instructions awake, {} a day, at most {} at a time; never more than {} ms late; stack {} bytes",
            self.awake,
            (self.awake as f64 / days.max(0.001)) as u64,
            self.longest,
            self.late_max_ms,
            self.stack
        );
    }

    fn add(&mut self, report: &BTreeMap<String, u64>) {
        let figure = |name: &str| report.get(name).copied().unwrap_or(0);
        self.stack = self.stack.max(figure("stack"));
        self.late_max_ms = self.late_max_ms.max(figure("late_max_ms"));
        self.awake += figure("awake_instructions");
        self.longest = self.longest.max(figure("longest_instructions"));
        self.ms += figure("all_ms");
    }

    fn count(&mut self, message: &Message) {
        self.actions += 1;
        match message.kind() {
            STEP => self.strokes += 1,
            SEND => self.frames += 1,
            WRITE if message.body().get(3) == Some(&JOURNAL) => self.records += 1,
            _ => {}
        }
    }
}

/// Tells a trace on an image.
pub fn run(image: &Path, trace: &[u8]) -> Result<Told, String> {
    let begun = Instant::now();
    let lives = lives(trace).ok_or("the trace is not one of messages")?;
    let mut told = Told { lives: lives.len(), ..Told::default() };
    for (number, life) in lives.iter().enumerate() {
        let mut emulator = Emulator::start(image, &[("provision", &life.provision)])?;
        match emulator.hear()? {
            Some(first) if first.is_hello() => {}
            other => return Err(format!("the image begins with {other:?} instead of its first sleep")),
        }
        for (place, (is_action, expected)) in life.said.iter().enumerate() {
            if *is_action {
                told.count(expected);
                same(emulator.hear()?.as_ref(), expected)
                    .map_err(|why| format!("life {number}, message {place}, at {} ms: {why}", expected.now()))?;
            } else {
                told.inputs += 1;
                emulator.say(expected)?;
            }
        }
        // A life that the power ended has no report: its last action was a write that was cut.
        if life.said.last().is_some_and(|(_, message)| message.kind() == SLEEP) {
            told.add(&emulator.end()?);
        }
    }
    told.seconds = begun.elapsed().as_secs_f64();
    Ok(told)
}

fn same(heard: Option<&Message>, expected: &Message) -> Outcome {
    match heard {
        Some(heard) if heard == expected => Ok(()),
        Some(heard) if heard.is_hello() => Err("the image restarted of itself".to_owned()),
        Some(heard) => Err(format!("the host says {}, the image {}", words(expected), words(heard))),
        None => Err(format!("the host says {}, the image has ended", words(expected))),
    }
}

fn words(message: &Message) -> String {
    let hex: String = message.body().iter().take(48).map(|byte| format!("{byte:02x}")).collect();
    format!("kind {} at {} ms with {} bytes {hex}", message.kind(), message.now(), message.body().len())
}

/// Bytes of a provision, as `implant::maker` has them.
const PROVISION: usize = 100;

fn lives(trace: &[u8]) -> Option<Vec<Life>> {
    let (mut lives, mut rest): (Vec<Life>, &[u8]) = (Vec::new(), trace);
    while let Some((mark, after)) = rest.split_first() {
        if *mark == b'N' {
            let (provision, next) = after.split_at_checked(PROVISION)?;
            lives.push(Life { provision: provision.to_vec(), said: Vec::new() });
            rest = next;
            continue;
        }
        let message = Message::first(after)?;
        rest = after.get(message.0.len()..)?;
        let is_action = match mark {
            b'O' => true,
            b'I' => false,
            _ => return None,
        };
        lives.last_mut()?.said.push((is_action, message));
    }
    Some(lives)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(parts: &[(u8, &[u8])]) -> Vec<u8> {
        parts.iter().flat_map(|(mark, bytes)| [&[*mark][..], bytes].concat()).collect()
    }

    #[test]
    fn a_trace_is_read_life_by_life_and_a_torn_one_is_told() {
        let tick = Message::new(2, 60_000, &[0; 8]);
        let sleep = Message::new(SLEEP, 60_000, &[0xff; 8]);
        let whole = trace(&[
            (b'N', &[7; PROVISION]),
            (b'I', &tick.0),
            (b'O', &sleep.0),
            (b'N', &[8; PROVISION]),
            (b'I', &tick.0),
        ]);
        let read = lives(&whole).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].said, [(false, tick.clone()), (true, sleep.clone())]);
        assert_eq!((tick.now(), tick.kind(), sleep.is_hello()), (60_000, 2, false));
        assert!(lives(&whole[..whole.len() - 1]).is_none(), "torn");
        assert!(lives(&trace(&[(b'X', &tick.0)])).is_none());
        assert!(lives(&trace(&[(b'I', &tick.0)])).is_none(), "before any life");
    }

    #[test]
    fn one_byte_that_differs_is_told_and_so_is_an_image_that_ends_or_restarts() {
        let expected = Message::new(WRITE, 5, &[1, 2, 3, JOURNAL, 9]);
        assert_eq!(same(Some(&expected), &expected), Ok(()));
        let other = Message::new(WRITE, 5, &[1, 2, 3, JOURNAL, 8]);
        assert!(same(Some(&other), &expected).unwrap_err().contains("0102030c08"));
        assert!(same(None, &expected).unwrap_err().contains("ended"));
        let hello = Message::new(SLEEP, 0, &[0xff; 8]);
        assert!(same(Some(&hello), &expected).unwrap_err().contains("restarted"));
    }
}
