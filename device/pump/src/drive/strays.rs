//! Edges that no stroke explains: one knock is forgiven, a rotor that goes on turning is not.

use orders::{Duration, Instant};

/// Edges without a permit outside the field within [`SPAN`]: one knock, not a drive that runs.
const KNOCK_MAX: u8 = 2;
const SPAN: Duration = Duration::from_minutes(15);
/// After the field has gone the rotor may settle by an edge.
const SETTLE: Duration = Duration::from_minutes(1);

/// The edges of the present knock.
#[derive(Clone, Debug)]
pub(super) struct Strays {
    edges: u8,
    since: Instant,
}

impl Strays {
    pub(super) const fn none() -> Self {
        Self { edges: 0, since: Instant::ZERO }
    }

    /// An edge nobody commanded; whether it is one too many. `field_gone` is when the strong field went, if the drive is
    /// still recovering from it.
    pub(super) fn edge(&mut self, now: Instant, field_gone: Option<Instant>) -> bool {
        if field_gone.is_some_and(|gone| now.since(gone) < SETTLE) {
            return false;
        }
        if self.edges == 0 || now.since(self.since) >= SPAN {
            *self = Self { edges: 0, since: now };
        }
        self.edges = self.edges.saturating_add(1);
        self.edges > KNOCK_MAX
    }
}
