//! Inputs and actions as bytes, for a plant on the other side of a pipe.
//!
//! One message: u16 length of what follows, u8 kind, u64 now in ms, body; integers little-endian. The firmware under
//! an emulator and a process that drives a simulated pump speak the same bytes.
//!
//! | kind | message | body |
//! |---|---|---|
//! | 1 | restart | cause u8, counter kept u8, second ms u64 |
//! | 2 | tick | second ms u64 |
//! | 3 | rotor edge | second ms u64 |
//! | 4 | bytes in | link u8, frame |
//! | 5 | presence | u8 |
//! | 6 | battery | mV u16 |
//! | 7 | temperature | 0.01 °C i16 |
//! | 8 | field | strong u8, second ms u64 |
//! | 9 | entropy | 32 bytes |
//! | 10 | slot read | slot u32, content |
//! | 11 | self-test's reading | check u8, two numbers u64 |
//! | 65 | step | |
//! | 66 | drive enable | u8 |
//! | 67 | sound | tone u8 |
//! | 68 | bytes out | link u8, frame |
//! | 69 | write slot | slot u32, content |
//! | 70 | read slot | slot u32 |
//! | 71 | want entropy | |
//! | 72 | sleep | deadline u64, `u64::MAX` for none; in place of now stands now |
//! | 73 | take a reading | check u8 |

use crate::io::{Action, Cause, Check, Input, Link, Reading};
use crate::slot::Slot;

/// Longest message with its length: the longest slot or frame and its head.
pub const MESSAGE_MAX: usize = 2 + 9 + 4 + 2_048;
/// Kind and now.
const HEAD: usize = 9;

/// Why bytes are not a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotHost {
    /// Shorter than its length or its kind says.
    Short,
    /// Longer than any message.
    Long,
    /// No such kind.
    Kind(u8),
    /// A value that the kind does not have.
    Value,
}

/// What an implant's side sends: an action, or that it sleeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outgoing<'a> {
    /// To be done.
    Action(Action<'a>),
    /// Nothing more to do until this reading of the counter; `None`: until an input.
    Sleep(Option<u64>),
}

struct Writer<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl<'b> Writer<'b> {
    fn new(buffer: &'b mut [u8], kind: u8, now: u64) -> Option<Self> {
        let mut writer = Self { buffer, length: 2 };
        writer.put(&[kind])?;
        writer.put(&now.to_le_bytes())?;
        Some(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.length.checked_add(bytes.len())?;
        self.buffer.get_mut(self.length..end)?.copy_from_slice(bytes);
        self.length = end;
        Some(())
    }

    fn finish(self) -> Option<usize> {
        let body = u16::try_from(self.length.checked_sub(2)?).ok()?;
        self.buffer.get_mut(..2)?.copy_from_slice(&body.to_le_bytes());
        Some(self.length)
    }
}

/// A restart's cause as the journal numbers it.
fn cause_code(cause: Cause) -> u8 {
    let place = Cause::ALL.iter().position(|one| *one == cause);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
}

/// Writes an input; the message's length, or `None` if the buffer is too short.
pub fn write_input(now: u64, input: &Input, buffer: &mut [u8]) -> Option<usize> {
    let kind = match input {
        Input::Restart { .. } => 1,
        Input::Tick { .. } => 2,
        Input::RotorEdge { .. } => 3,
        Input::Bytes { .. } => 4,
        Input::Presence(_) => 5,
        Input::Battery { .. } => 6,
        Input::Temperature { .. } => 7,
        Input::Field { .. } => 8,
        Input::Entropy(_) => 9,
        Input::Read { .. } => 10,
        Input::Checked(_) => 11,
    };
    let mut out = Writer::new(buffer, kind, now)?;
    match input {
        Input::Restart { cause, counter_kept, second_ms } => {
            out.put(&[cause_code(*cause), u8::from(*counter_kept)])?;
            out.put(&second_ms.to_le_bytes())?;
        }
        Input::Tick { second_ms } | Input::RotorEdge { second_ms } => out.put(&second_ms.to_le_bytes())?,
        Input::Bytes { link, bytes } => {
            out.put(&[link.0])?;
            out.put(bytes)?;
        }
        Input::Presence(here) => out.put(&[u8::from(*here)])?,
        Input::Battery { loaded_mv } => out.put(&loaded_mv.to_le_bytes())?,
        Input::Temperature { centi_celsius } => out.put(&centi_celsius.to_le_bytes())?,
        Input::Field { strong, second_ms } => {
            out.put(&[u8::from(*strong)])?;
            out.put(&second_ms.to_le_bytes())?;
        }
        Input::Entropy(bytes) => out.put(bytes)?,
        Input::Checked(reading) => {
            let (first, second) = reading.numbers();
            out.put(&[reading.check().code()])?;
            out.put(&first.to_le_bytes())?;
            out.put(&second.to_le_bytes())?;
        }
        Input::Read { slot, bytes } => {
            out.put(&slot.code().to_le_bytes())?;
            out.put(bytes)?;
        }
    }
    out.finish()
}

/// Writes an action or a sleep; the message's length, or `None` if the buffer is too short.
pub fn write_outgoing(now: u64, outgoing: &Outgoing, buffer: &mut [u8]) -> Option<usize> {
    let kind = match outgoing {
        Outgoing::Action(Action::Step) => 65,
        Outgoing::Action(Action::DriveEnable(_)) => 66,
        Outgoing::Action(Action::Sound { .. }) => 67,
        Outgoing::Action(Action::Send { .. }) => 68,
        Outgoing::Action(Action::Write { .. }) => 69,
        Outgoing::Action(Action::Read { .. }) => 70,
        Outgoing::Action(Action::WantEntropy) => 71,
        Outgoing::Sleep(_) => 72,
        Outgoing::Action(Action::Check(_)) => 73,
    };
    let mut out = Writer::new(buffer, kind, now)?;
    match outgoing {
        Outgoing::Action(Action::Step | Action::WantEntropy) => {}
        Outgoing::Action(Action::DriveEnable(on)) => out.put(&[u8::from(*on)])?,
        Outgoing::Action(Action::Sound { tone }) => out.put(&[*tone])?,
        Outgoing::Action(Action::Check(check)) => out.put(&[check.code()])?,
        Outgoing::Action(Action::Send { link, bytes }) => {
            out.put(&[link.0])?;
            out.put(bytes)?;
        }
        Outgoing::Action(Action::Write { slot, bytes }) => {
            out.put(&slot.code().to_le_bytes())?;
            out.put(bytes)?;
        }
        Outgoing::Action(Action::Read { slot }) => out.put(&slot.code().to_le_bytes())?,
        Outgoing::Sleep(until) => out.put(&until.unwrap_or(u64::MAX).to_le_bytes())?,
    }
    out.finish()
}

/// The length of the message at the head of these bytes with its length field; `None` while more is needed.
///
/// # Errors
/// [`NotHost::Long`] if no message is that long, [`NotHost::Short`] if none is that short.
pub fn message_length(bytes: &[u8]) -> Result<Option<usize>, NotHost> {
    let Some(Ok(length)) = bytes.get(..2).map(<[u8; 2]>::try_from) else { return Ok(None) };
    let body = usize::from(u16::from_le_bytes(length));
    let whole = body.saturating_add(2);
    match (body < HEAD, whole > MESSAGE_MAX) {
        (true, _) => Err(NotHost::Short),
        (_, true) => Err(NotHost::Long),
        (false, false) => Ok(Some(whole).filter(|whole| bytes.len() >= *whole)),
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], NotHost> {
        let (head, rest) = self.0.split_at_checked(N).ok_or(NotHost::Short)?;
        self.0 = rest;
        head.try_into().map_err(|_| NotHost::Short)
    }

    fn flag(&mut self) -> Result<bool, NotHost> {
        match self.take::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(NotHost::Value),
        }
    }

    fn number(&mut self) -> Result<u64, NotHost> {
        self.take().map(u64::from_le_bytes)
    }

    fn slot(&mut self) -> Result<Slot, NotHost> {
        Slot::from_code(self.take().map(u32::from_le_bytes)?).ok_or(NotHost::Value)
    }

    fn check(&mut self) -> Result<Check, NotHost> {
        let [code] = self.take::<1>()?;
        Check::from_code(code).ok_or(NotHost::Value)
    }

    fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    fn end<T>(self, value: T) -> Result<T, NotHost> {
        if self.0.is_empty() { Ok(value) } else { Err(NotHost::Value) }
    }
}

fn head(message: &[u8]) -> Result<(u8, u64, Reader<'_>), NotHost> {
    let whole = message_length(message)?.ok_or(NotHost::Short)?;
    if message.len() != whole {
        return Err(NotHost::Value);
    }
    let mut from = Reader(message.get(2..).ok_or(NotHost::Short)?);
    let [kind] = from.take::<1>()?;
    let now = from.number()?;
    Ok((kind, now, from))
}

/// Reads one whole message that holds an input.
///
/// # Errors
/// [`NotHost`].
pub fn read_input(message: &[u8]) -> Result<(u64, Input<'_>), NotHost> {
    let (kind, now, mut from) = head(message)?;
    let input = match kind {
        1 => {
            let [code] = from.take::<1>()?;
            let cause = Cause::ALL.into_iter().find(|cause| cause_code(*cause) == code).ok_or(NotHost::Value)?;
            Input::Restart { cause, counter_kept: from.flag()?, second_ms: from.number()? }
        }
        2 => Input::Tick { second_ms: from.number()? },
        3 => Input::RotorEdge { second_ms: from.number()? },
        4 => {
            let [link] = from.take::<1>()?;
            Input::Bytes { link: Link(link), bytes: from.rest() }
        }
        5 => Input::Presence(from.flag()?),
        6 => Input::Battery { loaded_mv: u16::from_le_bytes(from.take()?) },
        7 => Input::Temperature { centi_celsius: i16::from_le_bytes(from.take()?) },
        8 => Input::Field { strong: from.flag()?, second_ms: from.number()? },
        9 => Input::Entropy(from.take()?),
        10 => Input::Read { slot: from.slot()?, bytes: from.rest() },
        11 => {
            let check = from.check()?;
            Input::Checked(Reading::of(check, from.number()?, from.number()?).ok_or(NotHost::Value)?)
        }
        other => return Err(NotHost::Kind(other)),
    };
    from.end((now, input))
}

/// Reads one whole message that holds an action or a sleep.
///
/// # Errors
/// [`NotHost`].
pub fn read_outgoing(message: &[u8]) -> Result<(u64, Outgoing<'_>), NotHost> {
    let (kind, now, mut from) = head(message)?;
    let outgoing = match kind {
        65 => Outgoing::Action(Action::Step),
        66 => Outgoing::Action(Action::DriveEnable(from.flag()?)),
        67 => {
            let [tone] = from.take::<1>()?;
            Outgoing::Action(Action::Sound { tone })
        }
        68 => {
            let [link] = from.take::<1>()?;
            Outgoing::Action(Action::Send { link: Link(link), bytes: from.rest() })
        }
        69 => Outgoing::Action(Action::Write { slot: from.slot()?, bytes: from.rest() }),
        70 => Outgoing::Action(Action::Read { slot: from.slot()? }),
        71 => Outgoing::Action(Action::WantEntropy),
        72 => Outgoing::Sleep(Some(from.number()?).filter(|until| *until != u64::MAX)),
        73 => Outgoing::Action(Action::Check(from.check()?)),
        other => return Err(NotHost::Kind(other)),
    };
    from.end((now, outgoing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::Bank;

    const INPUTS: [Input<'static>; 12] = [
        Input::Restart { cause: Cause::BrownOut, counter_kept: true, second_ms: 7 },
        Input::Tick { second_ms: 8 },
        Input::RotorEdge { second_ms: 9 },
        Input::Bytes { link: Link(2), bytes: b"frame" },
        Input::Presence(true),
        Input::Battery { loaded_mv: 2_900 },
        Input::Temperature { centi_celsius: -5 },
        Input::Field { strong: true, second_ms: 10 },
        Input::Entropy([7; 32]),
        Input::Read { slot: Slot::Dose(Bank::B), bytes: b"record" },
        Input::Checked(Reading::Watchdog(true)),
        Input::Checked(Reading::Clocks(600_000, 605_000)),
    ];

    const OUTGOING: [Outgoing<'static>; 10] = [
        Outgoing::Action(Action::Step),
        Outgoing::Action(Action::DriveEnable(true)),
        Outgoing::Action(Action::Sound { tone: 3 }),
        Outgoing::Action(Action::Send { link: Link(1), bytes: b"answer" }),
        Outgoing::Action(Action::Write { slot: Slot::Journal(9), bytes: b"event" }),
        Outgoing::Action(Action::Read { slot: Slot::Peer(3, Bank::A) }),
        Outgoing::Action(Action::WantEntropy),
        Outgoing::Action(Action::Check(Check::CutLine)),
        Outgoing::Sleep(Some(1_000)),
        Outgoing::Sleep(None),
    ];

    #[test]
    fn what_goes_through_the_pipe_comes_out_the_same() {
        let mut buffer = [0u8; MESSAGE_MAX];
        for input in INPUTS {
            let length = write_input(123, &input, &mut buffer).unwrap();
            assert_eq!(read_input(&buffer[..length]), Ok((123, input)));
        }
        for outgoing in OUTGOING {
            let length = write_outgoing(456, &outgoing, &mut buffer).unwrap();
            assert_eq!(read_outgoing(&buffer[..length]), Ok((456, outgoing)));
        }
    }

    #[test]
    fn a_message_cut_short_is_waited_for_and_one_of_another_kind_is_refused() {
        let mut buffer = [0u8; MESSAGE_MAX];
        let length = write_input(1, &INPUTS[0], &mut buffer).unwrap();
        for cut in 0..length {
            assert_eq!(message_length(&buffer[..cut]), Ok(None), "cut at {cut}");
            assert!(read_input(&buffer[..cut]).is_err());
        }
        assert_eq!(message_length(&buffer[..length]), Ok(Some(length)));
        assert_eq!(read_outgoing(&buffer[..length]), Err(NotHost::Kind(1)));
        assert_eq!(message_length(&[3, 0]), Err(NotHost::Short));
        assert_eq!(message_length(&[0xff, 0xff]), Err(NotHost::Long));
    }
}
