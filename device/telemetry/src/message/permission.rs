//! Who may ask what: role by request, with presence or without, and what a clinician must sign. Data; the implant asks it of every request first.
//!
//! The whole table is printed to `tests/permissions.txt` by a test.

use orders::{Reason, Refusal};

use crate::message::Ask;
use crate::peer::Role;

/// What a role needs for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing more than its authentic contact.
    Contact,
    /// Presence at the skin in the last 60 s.
    Presence,
    /// Presence, and a clinician's signature over what the pump answers: the request is a proposal and takes effect with its commit.
    PresenceThenCommit,
    /// Presence, and the signatures in the request itself.
    PresenceAndSignature,
    /// Presence, and proof of the card in the request itself.
    PresenceAndCard,
    /// It may not ask this at all.
    Never,
}

/// One row: a request's code, and what each role needs, in the order of [`Role::ALL`].
type Row = (u8, [Needs; 4]);

use Needs::{
    Contact as C, Never as N, Presence as P, PresenceAndCard as K, PresenceAndSignature as S, PresenceThenCommit as T,
};

/// The table. Columns: patient controller, programmer, home monitor, emergency.
const TABLE: [Row; 34] = [
    (1, [C, C, C, C]),
    (2, [C, C, C, C]),
    (3, [C, C, C, C]),
    (4, [C, C, C, C]),
    (5, [C, C, C, C]),
    (6, [C, C, C, C]),
    (7, [C, C, C, C]),
    (8, [C, C, C, C]),
    (9, [C, C, C, C]),
    (10, [C, C, C, C]),
    // The patient's own wish: nobody else's device makes it.
    (32, [C, N, N, N]),
    (33, [N, T, N, N]),
    (34, [N, S, N, N]),
    (35, [N, P, N, P]),
    (36, [N, P, N, N]),
    (37, [N, T, N, N]),
    (38, [N, T, N, N]),
    (39, [N, P, N, N]),
    (40, [N, P, N, N]),
    (41, [N, P, N, N]),
    (42, [N, P, N, N]),
    (43, [N, P, N, N]),
    (44, [C, P, N, P]),
    (45, [N, P, N, N]),
    (46, [N, P, N, N]),
    (47, [N, P, N, N]),
    (48, [N, P, N, N]),
    (49, [N, K, N, N]),
    (50, [N, P, N, N]),
    (51, [N, P, N, N]),
    (52, [N, P, N, N]),
    (53, [N, P, N, N]),
    // Never raises a dose.
    (54, [N, P, N, P]),
    (60, [C, C, C, C]),
];

/// What `role` needs to ask the request with this code; [`Needs::Never`] for a code that is none.
pub fn needs(role: Role, code: u8) -> Needs {
    let column = match role {
        Role::PatientController => 0,
        Role::Programmer => 1,
        Role::HomeMonitor => 2,
        Role::Emergency => 3,
    };
    TABLE.iter().find(|(known, _)| *known == code).and_then(|(_, row)| row.get(column)).copied().unwrap_or(Needs::Never)
}

/// The first gate of every request. What a commit's signatures and a card's proof are worth is judged after it.
///
/// # Errors
/// [`Reason::WrongRole`], [`Reason::NoPresence`].
pub fn admit(role: Role, presence: bool, ask: &Ask<'_>) -> Result<Needs, Refusal> {
    let needs = needs(role, ask.code());
    match needs {
        //= requirements/telemetry.md#roles
        //# The pump MUST refuse every request that the role of its peer does not hold, and a patient's controller holds only asking for a bolus, reading and silencing.
        Needs::Never => Err(Refusal::plain(Reason::WrongRole)),
        Needs::Contact => Ok(needs),
        Needs::Presence | Needs::PresenceThenCommit | Needs::PresenceAndSignature | Needs::PresenceAndCard => {
            //= requirements/telemetry.md#presence
            //# Without near-field presence in the last 60 s the pump MUST refuse a commit, a stop, an emergency, a refill, a ledger event and a clock setting.
            match presence {
                true => Ok(needs),
                false => Err(Refusal::plain(Reason::NoPresence)),
            }
        }
    }
}
