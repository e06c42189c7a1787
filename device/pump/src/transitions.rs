//! What the pump is doing, as one machine, written once.
//!
//! A [`State`] says why drug is or is not given; how much of it the degradation ladder allows is apart from it and
//! can only take away. [`State::after`] is the whole machine: every state, every event, refusals included. A test
//! prints it to `tests/transitions.txt`.
//!
//! ```text
//!            start                 stop
//!   Fresh ----------> Running <-----------> Stopped --(47 h)--> Resting
//!                      |  ^  ^    resume       ^                   |
//!            emergency |  |  |                 +----- stop --------+
//!                      v  |  +--- refilled, resume ---+
//!                  Emergency --(residual)--> Empty ---+     Lost: nothing but a start leads out
//! ```

use orders::{Reason, Refusal};

/// Why drug is given or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Never started, or taken out of service: no order runs.
    Fresh,
    /// Therapy by the order.
    Running,
    /// Stopped by a clinician.
    Stopped,
    /// Stopped for 47 hours: the minimum rate keeps the rotor turning.
    Resting,
    /// The emergency rate, called at the skin.
    Emergency,
    /// Volume is at the residual: nothing is given.
    Empty,
    /// State was lost: nothing is given until a clinician starts the pump.
    Lost,
}

/// What may change it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A clinician starts therapy by a committed order.
    Start,
    /// A clinician stops it.
    Stop,
    /// A clinician resumes it.
    Resume,
    /// A stop has lasted 47 hours.
    StopExpired,
    /// The emergency is called at the skin.
    CallEmergency,
    /// The emergency ends, by the order's rule or by a clinician.
    EmergencyEnds,
    /// The nominal volume is at the residual.
    ReachResidual,
    /// The reservoir was filled above the residual.
    Refill,
    /// After a restart nothing that was stored can be trusted.
    LoseState,
}

impl State {
    /// Every state, in the order in which the table prints them.
    pub const ALL: [State; 7] =
        [State::Fresh, State::Running, State::Stopped, State::Resting, State::Emergency, State::Empty, State::Lost];

    /// The state after an event.
    ///
    /// # Errors
    /// The refusal if the event may not happen in this state.
    //= requirements/delivery.md#one-mode
    //# Exactly one mode MUST be active at any time, chosen by one closed table of states and inputs.
    pub const fn after(self, event: Event) -> Result<State, Refusal> {
        use Event as E;
        use State as S;
        match (self, event) {
            // A start needs an order, which the caller has checked; it is the only way out of Fresh and Lost.
            (S::Fresh | S::Lost, E::Start) => Ok(S::Running),
            (S::Stopped | S::Resting | S::Emergency, E::Start | E::Resume) => Ok(S::Running),
            (S::Running, E::Start | E::Resume | E::Refill) => Ok(S::Running),

            (S::Running | S::Stopped | S::Resting | S::Emergency, E::Stop) => Ok(S::Stopped),
            (S::Stopped, E::StopExpired) => Ok(S::Resting),
            (S::Resting, E::StopExpired) => Ok(S::Resting),

            // The emergency never raises a dose: where nothing is given it changes nothing.
            (S::Running | S::Emergency, E::CallEmergency) => Ok(S::Emergency),
            (S::Fresh | S::Stopped | S::Resting, E::CallEmergency) => Err(Refusal::plain(Reason::Stopped)),
            (S::Emergency, E::EmergencyEnds) => Ok(S::Running),

            (S::Running | S::Stopped | S::Resting | S::Emergency | S::Empty, E::ReachResidual) => Ok(S::Empty),
            (S::Fresh, E::ReachResidual) => Ok(S::Fresh),
            // A filled pump waits for a clinician: the patient may be naive by now.
            (S::Empty, E::Refill) => Ok(S::Stopped),
            (S::Fresh, E::Refill) => Ok(S::Fresh),
            (S::Stopped, E::Refill) => Ok(S::Stopped),
            (S::Resting, E::Refill) => Ok(S::Resting),
            (S::Emergency, E::Refill) => Ok(S::Emergency),

            (S::Empty, E::Start | E::Resume | E::Stop | E::CallEmergency) => {
                Err(Refusal::plain(Reason::ReservoirEmpty))
            }
            // Out of an empty or a lost state nothing starts by itself.
            (S::Empty, E::StopExpired | E::EmergencyEnds) => Err(Refusal::plain(Reason::ReservoirEmpty)),
            (S::Lost, E::Resume | E::Stop | E::StopExpired | E::CallEmergency | E::EmergencyEnds) => {
                Err(Refusal::plain(Reason::StateLost))
            }
            (S::Lost, E::ReachResidual | E::Refill) => Ok(S::Lost),
            (S::Fresh | S::Running | S::Stopped | S::Resting | S::Emergency | S::Empty | S::Lost, E::LoseState) => {
                Ok(S::Lost)
            }

            (S::Fresh, E::Stop | E::Resume | E::StopExpired | E::EmergencyEnds) => Err(Refusal::plain(Reason::Stopped)),
            (S::Running, E::StopExpired | E::EmergencyEnds) => Err(Refusal::plain(Reason::Contradiction)),
            (S::Stopped | S::Resting, E::EmergencyEnds) => Err(Refusal::plain(Reason::Stopped)),
            (S::Emergency, E::StopExpired) => Err(Refusal::plain(Reason::Contradiction)),
        }
    }

    /// The code in the status record.
    pub const fn code(self) -> u8 {
        match self {
            State::Fresh => 0,
            State::Running => 1,
            State::Stopped => 2,
            State::Resting => 3,
            State::Emergency => 4,
            State::Empty => 5,
            State::Lost => 6,
        }
    }

    /// The state of a code; `None` if none has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.code() == code)
    }

    /// What people read.
    pub const fn words(self) -> &'static str {
        match self {
            State::Fresh => "not started",
            State::Running => "running",
            State::Stopped => "stopped",
            State::Resting => "stopped for 47 hours, minimum rate",
            State::Emergency => "emergency rate",
            State::Empty => "empty",
            State::Lost => "state lost, stopped",
        }
    }
}

impl Event {
    /// Every event, in the order in which the table prints them.
    pub const ALL: [Event; 9] = [
        Event::Start,
        Event::Stop,
        Event::Resume,
        Event::StopExpired,
        Event::CallEmergency,
        Event::EmergencyEnds,
        Event::ReachResidual,
        Event::Refill,
        Event::LoseState,
    ];
}
