//! Events: what is written down, each with its code, its bytes and its words.
//!
//! One table makes the typed event, its 15 bytes and the sentence that stories and pages show. Codes and the order of
//! fields are part of the format and never change; an event that is no longer written stays readable. Nothing here
//! names a person: peers are numbers of the pump's own table.

use core::fmt;

use orders::alarm::Level;
use orders::{AlarmId, Drug, Duration, Field, FlowRate, Instant, Mass, Permille, Priority, Reason, Volume, WallTime};

use crate::alarms::Peer;
use crate::bolus::Source;
use crate::guard::Cut;
use crate::selftest::Check;
use crate::transitions::State;

/// Bytes of an event's fields in a record.
pub const PAYLOAD: usize = 15;

/// A field of an event: so many bytes, and how it reads.
trait Part: Sized {
    const SIZE: usize;
    /// Writes exactly `SIZE` bytes.
    fn put(&self, out: &mut [u8]);
    /// Reads exactly `SIZE` bytes; `None` if they mean nothing.
    fn get(bytes: &[u8]) -> Option<Self>;
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

struct Shown<'a, T>(&'a T);
impl<T: Part> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

/// The lowest bytes of a number, the lowest first; what does not fit saturates.
fn put_number(value: u64, out: &mut [u8]) {
    let bits = u32::try_from(out.len()).unwrap_or(8).saturating_mul(8);
    let most = 1u64.checked_shl(bits).map_or(u64::MAX, |above| above.saturating_sub(1));
    out.iter_mut().zip(value.min(most).to_le_bytes()).for_each(|(to, from)| *to = from);
}

fn get_number(bytes: &[u8]) -> u64 {
    let mut whole = [0u8; 8];
    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(whole)
}

macro_rules! numbers {
    ($($name:ty: $size:literal, $to:expr, $from:expr;)*) => { $(
        impl Part for $name {
            const SIZE: usize = $size;
            fn put(&self, out: &mut [u8]) {
                let to: fn(&$name) -> u64 = $to;
                put_number(to(self), out);
            }
            fn get(bytes: &[u8]) -> Option<Self> {
                let from: fn(u64) -> Option<$name> = $from;
                from(get_number(bytes))
            }
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    )* };
}
numbers! {
    u8: 1, |value| u64::from(*value), |raw| u8::try_from(raw).ok();
    u16: 2, |value| u64::from(*value), |raw| u16::try_from(raw).ok();
    u32: 4, |value| u64::from(*value), |raw| u32::try_from(raw).ok();
    u64: 8, |value| *value, Some;
    // 2^48 fg is 281 mg: more than any ceiling of an hour.
    Mass: 6, |value| value.get(), |raw| Some(Mass::new(raw));
    Volume: 4, |value| value.get(), |raw| Some(Volume::new(raw));
    FlowRate: 4, |value| value.get(), |raw| Some(FlowRate::new(raw));
    Permille: 2, |value| u64::from(value.get()), |raw| u16::try_from(raw).ok().map(Permille::new);
    // Whole seconds, rounded down.
    Duration: 4, |value| value.get() / 1000, |raw| Some(Duration::from_secs(raw));
    Instant: 4, |value| value.get() / 1000, |raw| Some(Instant::new(raw.saturating_mul(1000)));
    WallTime: 5, |value| value.get() / 1000, |raw| Some(WallTime::new(raw.saturating_mul(1000)));
}

macro_rules! words {
    ($($name:ty: $to:expr, $from:expr, $show:expr;)*) => { $(
        impl Part for $name {
            const SIZE: usize = 1;
            fn put(&self, out: &mut [u8]) {
                let to: fn(&$name) -> u8 = $to;
                put_number(u64::from(to(self)), out);
            }
            fn get(bytes: &[u8]) -> Option<Self> {
                let from: fn(u8) -> Option<$name> = $from;
                from(*bytes.first()?)
            }
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(&$name) -> &'static str = $show;
                f.write_str(show(self))
            }
        }
    )* };
}
words! {
    bool: |value| u8::from(*value), |code| [false, true].into_iter().find(|one| u8::from(*one) == code),
        |value| if *value { "yes" } else { "no" };
    AlarmId: |value| value.code(), AlarmId::from_code, |value| value.words();
    Reason: |value| value.code(), Reason::from_code, |value| value.words();
    Field: |value| value.code(), Field::from_code, |value| value.word();
    Source: |value| value.code(), Source::from_code, |value| value.words();
    State: |value| value.code(), State::from_code, |value| value.words();
    Check: |value| value.code(), Check::from_code, |value| value.words();
    Cut: |value| value.code(), Cut::from_code, |value| match value {
        Cut::RunningVolume => "more in a day than allowed",
        Cut::OverSpeed => "more in a quarter of an hour than allowed",
        Cut::Uncommanded => "the rotor turned without a command",
        Cut::StateLost => "the guard lost its count",
    };
    Level: |value| *value as u8, |code| LEVELS.into_iter().find(|level| *level as u8 == code), |value| match value {
        Level::Full => "full therapy",
        Level::NoPatientBolus => "no patient bolus",
        Level::BasalOnly => "basal only",
        Level::FallBack => "fall-back",
        Level::Cut => "drive cut",
    };
    Priority: |value| *value as u8, |code| PRIORITIES.into_iter().find(|one| *one as u8 == code), |value| match value {
        Priority::High => "high",
        Priority::Medium => "medium",
        Priority::Low => "low",
    };
    Ask: |value| *value as u8, |code| Ask::ALL.into_iter().find(|one| *one as u8 == code), |value| match value {
        Ask::Bolus => "bolus",
        Ask::Order => "order",
        Ask::Commit => "commit",
        Ask::Stop => "stop",
        Ask::Refill => "refill",
        Ask::Ledger => "ledger event",
        Ask::Clock => "clock setting",
        Ask::Prime => "prime",
        Ask::Clearing => "clearing of an alarm",
        Ask::Peers => "change of peers",
        Ask::Emergency => "emergency",
        Ask::Other => "request",
    };
    Ending: |value| *value as u8, |code| Ending::ALL.into_iter().find(|one| *one as u8 == code), |value| match value {
        Ending::Whole => "given whole",
        Ending::Cancelled => "cancelled",
        Ending::Unconfirmed => "cut: three strokes could not be confirmed",
        Ending::Restart => "cut by a restart",
        Ending::Inhibited => "cut: no longer allowed",
        Ending::Empty => "cut: reservoir empty",
    };
    Cause: |value| *value as u8, |code| Cause::ALL.into_iter().find(|one| *one as u8 == code), |value| match value {
        Cause::PowerOn => "power came",
        Cause::BrownOut => "the supply dropped",
        Cause::Watchdog => "the watchdog bit",
        Cause::Software => "the software asked",
        Cause::Lockup => "the processor locked up",
        Cause::Unknown => "cause unknown",
    };
    Mend: |value| *value as u8, |code| Mend::ALL.into_iter().find(|one| *one as u8 == code), |value| match value {
        Mend::StoreSlot => "a stored record was read from its second slot",
        Mend::MemoryBit => "a memory bit was corrected",
        Mend::LateEdge => "a rotor edge came late",
        Mend::StrayEdge => "the rotor moved without a command",
        Mend::StoreRetry => "a write was repeated",
        Mend::Frame => "damaged frames were dropped",
    };
}

const LEVELS: [Level; 5] = [Level::Full, Level::NoPatientBolus, Level::BasalOnly, Level::FallBack, Level::Cut];
const PRIORITIES: [Priority; 3] = [Priority::Low, Priority::Medium, Priority::High];

impl Part for Peer {
    const SIZE: usize = 1;
    fn put(&self, out: &mut [u8]) {
        self.0.put(out);
    }
    fn get(bytes: &[u8]) -> Option<Self> {
        u8::get(bytes).map(Peer)
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer {}", self.0)
    }
}

impl Part for Option<Drug> {
    const SIZE: usize = 1;
    fn put(&self, out: &mut [u8]) {
        self.map_or(0, Drug::code).put(out);
    }
    fn get(bytes: &[u8]) -> Option<Self> {
        match *bytes.first()? {
            0 => Some(None),
            code => Drug::from_code(code).map(Some),
        }
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.map_or("no further drug", Drug::name))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $code,)* }
        impl $name {
            /// Every one, in the order of the codes.
            pub const ALL: [$name; [$($code,)*].len()] = [$($name::$variant,)*];
        }
    )* };
}
codes! {
    /// What was asked when it was refused.
    Ask {
        /// A bolus.
        Bolus = 0,
        /// A proposal.
        Order = 1,
        /// A commit.
        Commit = 2,
        /// A stop or its end.
        Stop = 3,
        /// A refill.
        Refill = 4,
        /// A ledger event.
        Ledger = 5,
        /// A setting of the wall clock.
        Clock = 6,
        /// A prime or a bridge.
        Prime = 7,
        /// To clear an alarm.
        Clearing = 8,
        /// To enrol or remove a peer.
        Peers = 9,
        /// The emergency or its end.
        Emergency = 10,
        /// Anything else.
        Other = 11,
    }
    /// How a bolus, a prime or a bridge ended.
    Ending {
        /// As ordered.
        Whole = 0,
        /// By a person.
        Cancelled = 1,
        /// After three unconfirmed strokes.
        Unconfirmed = 2,
        /// By a restart; it is not resumed.
        Restart = 3,
        /// By a ceiling, an alarm or the ladder.
        Inhibited = 4,
        /// At the residual.
        Empty = 5,
    }
    /// Why the pump restarted.
    Cause {
        /// Power came for the first time or again.
        PowerOn = 0,
        /// The supply dropped.
        BrownOut = 1,
        /// The watchdog was not served.
        Watchdog = 2,
        /// The software asked for it.
        Software = 3,
        /// The processor could not go on.
        Lockup = 4,
        /// Nobody knows.
        Unknown = 5,
    }
    /// A fault that was mended without an alarm.
    Mend {
        /// One of two slots was damaged.
        StoreSlot = 0,
        /// A bit was corrected.
        MemoryBit = 1,
        /// An edge came after its time.
        LateEdge = 2,
        /// An edge came without a command.
        StrayEdge = 3,
        /// A write had to be repeated.
        StoreRetry = 4,
        /// Frames were damaged on their way.
        Frame = 5,
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* } = $code:literal, $words:literal;)*) => {
        /// Something that happened.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Event { $($(#[$doc])* $name { $(#[doc = stringify!($field)] $field: $type),* },)* }

        // Every event fits its place in a record.
        $(const _: () = assert!(PAYLOAD.checked_sub(0 $(+ <$type as Part>::SIZE)*).is_some());)*

        impl Event {
            /// Every code, in the order of the table.
            pub const CODES: &'static [u8] = &[$($code,)*];

            /// The code in records.
            pub const fn code(&self) -> u8 {
                match self { $(Event::$name { .. } => $code,)* }
            }

            /// The bytes of its fields.
            pub fn payload(&self) -> [u8; PAYLOAD] {
                let mut bytes = [0u8; PAYLOAD];
                match self { $(Event::$name { $($field),* } => {
                    let rest: &mut [u8] = &mut bytes;
                    $(let rest = put_part($field, rest);)*
                    let _: &mut [u8] = rest;
                })* }
                bytes
            }

            /// The event of a code and its bytes; `None` if they mean nothing to this version.
            pub fn read(code: u8, bytes: &[u8; PAYLOAD]) -> Option<Self> {
                let rest: &[u8] = bytes;
                match code {
                    $($code => {
                        $(let ($field, rest) = get_part::<$type>(rest)?;)*
                        if rest.iter().all(|byte| *byte == 0) { Some(Event::$name { $($field),* }) } else { None }
                    })*
                    _ => None, // not ours: a code of another version
                }
            }
        }

        impl fmt::Display for Event {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Event::$name { $($field),* } => {
                    $(let $field = Shown($field);)*
                    write!(f, $words)
                })* }
            }
        }
    };
}

fn put_part<'a, T: Part>(part: &T, out: &'a mut [u8]) -> &'a mut [u8] {
    match out.split_at_mut_checked(T::SIZE) {
        Some((here, rest)) => {
            part.put(here);
            rest
        }
        None => &mut [],
    }
}

fn get_part<T: Part>(bytes: &[u8]) -> Option<(T, &[u8])> {
    let (here, rest) = bytes.split_at_checked(T::SIZE)?;
    Some((T::get(here)?, rest))
}

events! {
    /// What was delivered in the hour that ended now, two drugs a record; `unconfirmed` strokes are not in it.
    Hour { first: Option<Drug>, first_mass: Mass, second: Option<Drug>, second_mass: Mass, unconfirmed: u8 } = 1,
        "hour: {first} {first_mass}, {second} {second_mass}; {unconfirmed} strokes unconfirmed";
    /// Somebody or the order's interval asked for a bolus.
    BolusAsked { source: Source, peer: Peer, request: u64 } = 2, "{source} asked for by {peer}, request {request}";
    /// It was granted.
    BolusAccepted { source: Source, volume: Volume, over: Duration } = 3, "{source} accepted: {volume} over {over}";
    /// Its first stroke was commanded.
    BolusStarted { source: Source, volume: Volume } = 4, "{source} started: {volume}";
    /// It ended.
    BolusEnded { source: Source, ordered: Volume, confirmed: Volume, charged: Volume, ending: Ending } = 5,
        "{source} {ending}: {confirmed} of {ordered} confirmed, {charged} charged";
    /// Something was refused.
    Refused { ask: Ask, reason: Reason, field: Field, value: u64, wait: Duration } = 6,
        "{ask} refused: {reason} ({field}, asked {value}, wait {wait})";
    /// An order was proposed.
    OrderProposed { order: u64, peer: Peer } = 7, "order {order} proposed by {peer}";
    /// An order was committed.
    OrderCommitted { order: u64, author: u32, peer: Peer } = 8, "order {order} by clinician {author} committed by {peer}";
    /// The basal flow changed by schedule, ramp or order.
    FlowChanged { from: FlowRate, to: FlowRate } = 9, "basal changed from {from} to {to}";
    /// What the pump is doing changed.
    StateChanged { from: State, to: State } = 10, "from {from} to {to}";
    /// A clinician stopped the pump.
    Stopped { reason: u8, maximum: Duration, peer: Peer } = 11, "stopped by {peer} for at most {maximum}, reason {reason}";
    /// The rung changed.
    LevelChanged { from: Level, to: Level } = 12, "therapy from {from} to {to}";
    /// An alarm came up.
    AlarmRaised { id: AlarmId, count: u16 } = 13, "alarm: {id} (time {count})";
    /// An alarm ended by itself.
    AlarmHealed { id: AlarmId } = 14, "alarm over: {id}";
    /// A clinician cleared an alarm.
    AlarmCleared { id: AlarmId, peer: Peer } = 15, "alarm cleared by {peer}: {id}";
    /// Somebody took note of an alarm.
    AlarmAcknowledged { id: AlarmId, peer: Peer } = 16, "alarm noted by {peer}: {id}";
    /// Somebody asked for quiet.
    Silenced { peer: Peer } = 17, "silenced by {peer}";
    /// A test tone was played.
    TonePlayed { priority: Priority } = 18, "test tone: {priority}";
    /// The drive is called stalled.
    Stalled { unconfirmed: u16 } = 19, "the drive is stalled: {unconfirmed} strokes without motion";
    /// A restart of the drive was tried.
    RestartTried { attempt: u8 } = 20, "restart {attempt} of the drive";
    /// The drive turns again, by two checks.
    Recovered { still: Duration } = 21, "the drive turns again after {still}";
    /// The strong field came.
    FieldEntered {} = 22, "strong field";
    /// The strong field went.
    FieldLeft { lasted: Duration } = 23, "strong field gone after {lasted}";
    /// A stop or stall has lasted long.
    LongStandstill { still: Duration } = 24, "the drive stood still for {still}";
    /// The guard cut the drive.
    GuardCut { cause: Cut, strokes: u32 } = 25, "guard cut the drive: {cause} ({strokes} strokes in its day)";
    /// The guard let the drive have power again.
    GuardEnabled { peer: Peer } = 26, "guard enabled the drive, by {peer}";
    /// A prime's volume was armed.
    PrimeArmed { volume: Volume, peer: Peer } = 27, "prime of {volume} armed by {peer}";
    /// A bridge began.
    BridgeStarted { volume: Volume, flow: FlowRate } = 28, "bridge of {volume} at {flow}";
    /// A bridge ended.
    BridgeEnded { ending: Ending } = 29, "bridge {ending}";
    /// The pump restarted.
    Restarted { cause: Cause, today: u8 } = 30, "restarted: {cause}; {today} today";
    /// A self-test ran.
    SelfTest { check: Check, passed: bool } = 31, "self-test, {check}: passed {passed}";
    /// The wall clock was set.
    ClockSet { before: WallTime, after: WallTime, peer: Peer } = 32, "clock set from {before} to {after} by {peer}";
    /// The oscillators differ.
    ClocksDiffer { apart: Permille } = 33, "the clocks differ by {apart}";
    /// A peer was enrolled.
    PeerEnrolled { peer: Peer, role: u8 } = 34, "{peer} enrolled in role {role}";
    /// A peer was removed.
    PeerRemoved { peer: Peer } = 35, "{peer} removed";
    /// A session opened.
    SessionOpened { peer: Peer } = 36, "session with {peer}";
    /// Somebody failed to prove who they are.
    SessionFailed { count: u16 } = 37, "{count} attempts without a right key";
    /// The pump was interrogated.
    Interrogated { peer: Peer } = 38, "interrogated by {peer}";
    /// The reservoir was filled.
    Refilled { expected: Volume, drawn: Volume, filled: Volume, peer: Peer } = 39,
        "refill by {peer}: expected {expected}, drawn off {drawn}, filled {filled}";
    /// The ledger was changed by a person.
    LedgerChanged { kind: u8, number: u32, volume: Volume } = 40, "ledger {number}: event {kind}, {volume}";
    /// The temperature left or came back into its range, in tenths of a degree.
    Temperature { tenths: u16 } = 41, "temperature {tenths} tenths of a degree";
    /// The cell, once a day.
    Battery { left: Permille, loaded_mv: u16 } = 42, "battery: {left} left, {loaded_mv} mV under load";
    /// Another program runs.
    Updated { from: u32, to: u32 } = 43, "program {from} replaced by {to}";
    /// The emergency began or ended.
    Emergency { is_on: bool } = 44, "emergency rate: {is_on}";
    /// A ramp took a step.
    RampStep { step: u8, share: Permille } = 45, "ramp step {step}: {share} of the ordered basal";
    /// A contact with the patient was recorded.
    ContactRecorded { peer: Peer } = 46, "contact recorded by {peer}";
    /// Boluses were enabled before the day was over.
    BolusesEnabled { reason: u8, peer: Peer } = 47, "boluses enabled early by {peer}, reason {reason}";
    /// A fault was mended without an alarm.
    Mended { what: Mend, count: u16 } = 48, "{what} ({count} times)";
    /// The controller found a fault in itself.
    Bug { site: u16 } = 49, "fault in the controller at {site}";
    /// A contact's energy was refused for the day.
    RadioBudget { contacts: u16 } = 50, "the day's energy for telemetry is used up after {contacts} contacts";
    /// What the journal no longer holds; made when it is read, never stored.
    Lost { count: u32, since: Instant } = 255, "the journal lost {count} records since {since}";
}
