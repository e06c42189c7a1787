//! What happens in a scenario: what people do, what goes wrong, and what is expected. Plain data; `table` reads it, `world` does it.

use orders::alarm::Level;
use orders::{AlarmId, Drug, Duration, Mass, Permille, Reason, Volume};
use telemetry::message::ask::{FillCheck, StopReason};
use telemetry::peer::Role;

use crate::plant::{Needle, Place};
use crate::radio::Way;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The patient, with the patient's controller.
    Patient,
    /// The nurse, with the clinic's programmer.
    Nurse,
    /// The physician, with the clinic's programmer and a signing key.
    Physician,
    /// A second clinician, with another programmer and key.
    Colleague,
    /// Someone who found the card, with an emergency device.
    Helper,
}

impl Who {
    /// Everyone.
    pub const ALL: [Who; 5] = [Who::Patient, Who::Nurse, Who::Physician, Who::Colleague, Who::Helper];

    /// The word in scenario and story.
    pub const fn word(self) -> &'static str {
        match self {
            Who::Patient => "patient",
            Who::Nurse => "nurse",
            Who::Physician => "physician",
            Who::Colleague => "colleague",
            Who::Helper => "helper",
        }
    }

    /// The role of the device in that hand.
    pub const fn role(self) -> Role {
        match self {
            Who::Patient => Role::PatientController,
            Who::Nurse | Who::Physician | Who::Colleague => Role::Programmer,
            Who::Helper => Role::Emergency,
        }
    }
}

/// A refill: what was done, and what was told to the pump.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    /// Entered as drawn off; `None`: what truly was.
    pub drawn_off: Option<Volume>,
    /// Entered as filled.
    pub filled: Volume,
    /// Entered as the sum of the vials or by weight; `None`: as filled.
    pub checked: Option<Volume>,
    /// How that was found.
    pub check: FillCheck,
    /// Truly filled; `None`: as entered.
    pub truly: Option<Volume>,
    /// Where the needle truly was.
    pub needle: Needle,
    /// Of which order the fluid is said to be; `None`: the scenario's.
    pub order: Option<usize>,
    /// How long it keeps.
    pub keeps: Duration,
    /// Why a discrepancy was accepted.
    pub reason: Option<u8>,
}

/// What a person does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Asks for a bolus.
    Asks,
    /// Keeps pressing for a bolus.
    HoldsButton {
        /// For how long.
        lasts: Duration,
    },
    /// Silences an alarm.
    Silences {
        /// Which.
        alarm: AlarmId,
        /// For how long.
        lasts: Duration,
    },
    /// Pairs the device in hand with the pump.
    Pairs,
    /// Enrols a signing key.
    EnrolsKey,
    /// Reads everything.
    Interrogates,
    /// Tells the pump what was implanted.
    Installs {
        /// The catheter's volume as entered.
        catheter: Option<Volume>,
    },
    /// Fills.
    Fills(Fill),
    /// Rinses the reservoir.
    Rinses {
        /// With how much.
        volume: Volume,
    },
    /// Draws out of the catheter's port.
    AspiratesPort {
        /// How much.
        volume: Volume,
    },
    /// Plays the tone of an alarm.
    TestsTone {
        /// Which.
        alarm: AlarmId,
    },
    /// Records a contact with the patient.
    RecordsContact {
        /// For which step of the ramp.
        step: u8,
    },
    /// Proposes, signs and commits an order.
    Orders {
        /// Which of the scenario's.
        order: usize,
        /// The typed decision that the fluid changes without a bridge, with the clinic's code of the reason.
        without_bridge: Option<u8>,
    },
    /// Proposes an order and keeps the signed commit.
    Proposes {
        /// Which of the scenario's.
        order: usize,
    },
    /// Sends the commit that was kept.
    Commits,
    /// Orders a single bolus.
    GivesBolus {
        /// How much.
        volume: Volume,
        /// Over how long.
        over: Duration,
    },
    /// Orders a prime.
    Primes {
        /// How much; `None`: what the path needs.
        volume: Option<Volume>,
        /// What it may give of the primary drug; `None`: what is in that volume.
        allowance: Option<Mass>,
    },
    /// Stops the pump.
    Stops {
        /// Why.
        reason: StopReason,
        /// For how long at most.
        lasts: Duration,
    },
    /// Ends a stop or an emergency.
    Resumes,
    /// Sets the clock.
    SetsClock {
        /// Wrong by so many ms.
        off_by_ms: i64,
    },
    /// Lets the pump go up the ladder.
    StepsUp {
        /// To where.
        level: Level,
    },
    /// Clears an alarm.
    Clears {
        /// Which.
        alarm: AlarmId,
    },
    /// Calls for the emergency rate.
    CallsEmergency,
    /// Sends the last request again, byte for byte.
    Repeats,
    /// Sends the last sealed frame of an earlier contact again.
    Replays,
    /// Sends half a message.
    SendsHalf,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mishap {
    /// A strong field for a while.
    Field(Duration),
    /// The supply goes, and comes again.
    BrownOut {
        /// How long it is gone.
        off: Duration,
        /// Whether the counters ran on.
        counter_kept: bool,
    },
    /// A film grows in the cell.
    Film {
        /// mOhm per day.
        mohm_per_day: u64,
    },
    /// The cell has only this much left.
    Drains {
        /// Of a new cell.
        left: Permille,
    },
    /// The next frames of one way.
    Frames {
        /// Which way.
        way: Way,
        /// What happens to each.
        mishap: crate::radio::Mishap,
        /// How many.
        count: u32,
    },
    /// From now on so many frames are lost.
    BadAir {
        /// Share of the frames that are lost; as many arrive twice.
        lost: Permille,
    },
    /// The power goes in the midst of a write.
    StoreCut {
        /// After so many more bytes.
        after_bytes: u64,
        /// How long it is gone.
        off: Duration,
    },
    /// The dose record is lost: both slots.
    DoseRecordLost,
    /// An oscillator runs at a false rate; 1/1 is the right one.
    Oscillator {
        /// Whether it is the second.
        is_second: bool,
        /// Rate = right rate x this ...
        numerator: u32,
        /// ... by this.
        denominator: u32,
    },
    /// The rotor is stuck.
    Stall(Duration),
    /// The sensor misses edges.
    MissEdges(u32),
    /// Interference gives edges.
    PhantomEdges(u32),
    /// The motor turns by itself.
    RunFree {
        /// One stroke every ...
        every: Duration,
        /// ... for so long.
        lasts: Duration,
    },
    /// The tip lies elsewhere.
    Tip(Place),
    /// The catheter comes off.
    Disconnects,
    /// The connector leaks.
    Leaks(Permille),
    /// The catheter lets only a part through.
    Occludes(Permille),
    /// A granuloma of this size.
    Granuloma(Permille),
    /// The pump lies upside down.
    Flips,
}

/// What an answer is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// Granted or done.
    Yes,
    /// Refused, for this reason among others, if one is named.
    No(Option<Reason>),
    /// No answer came.
    Unknown,
    /// Not even a contact.
    TurnedAway,
}

/// What comes at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A person acts.
    Person {
        /// Who.
        who: Who,
        /// What.
        act: Act,
        /// Whether the device is held at the skin.
        is_present: bool,
        /// What the pump is to answer.
        expect: Option<Answered>,
    },
    /// Something goes wrong.
    Mishap(Mishap),
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Line in the file.
    pub line: usize,
    /// ms from midnight of day 1.
    pub at: u64,
    /// What.
    pub what: What,
}

/// What is expected of the whole course.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// Line in the file.
    pub line: usize,
    /// From when, ms from midnight of day 1.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// What.
    pub what: Expected,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// This alarm is raised.
    Alarm(AlarmId),
    /// It is not.
    NoAlarm(AlarmId),
    /// No alarm of more than low priority is raised.
    Quiet,
    /// The pump's journal says this.
    Says(String),
    /// The pump's journal never says this.
    NeverSays(String),
    /// At least this much drug left the tip.
    AtLeast(Drug, Mass),
    /// At most this much did.
    AtMost(Drug, Mass),
    /// What left the tip never held more than this.
    TipNeverAbove(Drug, orders::Concentration),
    /// The auditor finds a breach of this invariant: the story ends badly on purpose.
    Finds(&'static str),
}

/// Where a scenario begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// Implanted, nothing done.
    New,
    /// Set up and running since so long.
    Running {
        /// Before the start.
        since: Duration,
        /// What was filled then.
        reservoir: Volume,
    },
}
