//! Prime and bridge, worked out for people, apart from the pump: it works out the same from the same ledger, and each
//! refuses what the other does not reach as well.
//!
//! ```text
//!   reservoir | tubing            catheter          | tip
//!   new drug  | <------------- old fluid ---------> |
//!             ^ front: `far` from the tip, by plug flow; it may lie between near = far − lead and late = far + trail
//! ```
//!
//! Everything is counted in volume still to be moved until the front is at the tip.

use orders::plan::{BridgePlan, PrimePlan};
use orders::quantity::mul_div_ceil;
use orders::{
    Concentration, DeviceProfile, Drug, Duration, FlowRate, Ledger, Mass, MassRate, Mixture, Permille, Volume,
};

/// The volume of tubing and catheter, both pieces of the catheter as trimmed, in mm.
pub fn path_volume(device: &DeviceProfile, trimmed_mm: u32) -> Volume {
    device.tubing.saturating_add(catheter_volume(device, trimmed_mm))
}

/// The volume of a catheter of so many mm, both pieces as trimmed; rounded up to the nL.
pub fn catheter_volume(device: &DeviceProfile, trimmed_mm: u32) -> Volume {
    let volume = mul_div_ceil(device.catheter_per_cm.get(), u64::from(trimmed_mm), 10);
    Volume::new(volume.unwrap_or(u64::MAX))
}

/// A boundary between two fluids on its way to the tip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Front {
    /// Until the new fluid may show first.
    pub near: Volume,
    /// Until plug flow has it at the tip.
    pub far: Volume,
    /// Until the old fluid has certainly gone.
    pub late: Volume,
    /// What comes.
    pub new: Mixture,
    /// What goes.
    pub old: Mixture,
}

/// The fronts of a ledger in which any drug changes by more than `threshold`, as they lie if driven at `flow` from
/// here on; the nearest to the tip first.
//= requirements/formulary.md#same-vectors-as-the-pump
//# Prime and bridge of the formulary and of the pump MUST both agree with the same hand-worked vectors.
pub fn fronts(ledger: &Ledger, device: &DeviceProfile, flow: FlowRate, threshold: Permille) -> Vec<Front> {
    let slugs = &ledger.slugs;
    let path: u64 = slugs.iter().skip(1).map(|slug| u64::from(slug.volume_nl)).sum();
    let share = |part: Permille| (path * u64::from(part.get())).div_ceil(1000);
    let driven = device.band(flow);
    let mut ahead = 0u64;
    let mut found = Vec::new();
    for pair in slugs.windows(2).rev() {
        let [new, old] = pair else { continue };
        ahead += u64::from(old.volume_nl);
        if new.mixture == old.mixture || change(&new.mixture, &old.mixture) <= threshold {
            continue;
        }
        let (mut lead, mut trail) = (u64::from(new.edge_low_nl), u64::from(new.edge_high_nl));
        // A front at the tip spreads no more; elsewhere a faster drive spreads it to that drive's band, on top of what
        // missed strokes have put behind it.
        if ahead > 0 && share(driven.lead) > lead {
            let seen = device.bands.iter().find(|row| share(row.lead) == lead).map_or(0, |row| share(row.trail));
            trail += share(driven.trail).saturating_sub(seen);
            lead = share(driven.lead);
        }
        found.push(Front {
            near: Volume::new(ahead.saturating_sub(lead)),
            far: Volume::new(ahead),
            late: Volume::new(ahead + trail),
            new: new.mixture,
            old: old.mixture,
        });
    }
    found
}

/// The largest change of any drug, as a share of its higher concentration, rounded up.
pub fn change(one: &Mixture, other: &Mixture) -> Permille {
    let of = |drug: Drug| {
        let (a, b) = (one.concentration(drug).get(), other.concentration(drug).get());
        let part = mul_div_ceil(u64::from(a.abs_diff(b)), 1000, u64::from(a.max(b))).unwrap_or(0);
        Permille::new(u16::try_from(part).unwrap_or(u16::MAX))
    };
    Drug::ALL.into_iter().map(of).max().unwrap_or_default()
}

/// A prime as people check it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prime {
    /// What the pump is asked to agree with.
    pub plan: PrimePlan,
    /// What comes.
    pub new: Mixture,
    /// What is pushed out before it.
    pub old: Mixture,
}

impl Prime {
    /// The prime that a ledger asks for at this flow; `None` where nothing is to be primed.
    pub fn of(ledger: &Ledger, device: &DeviceProfile, flow: FlowRate, threshold: Permille) -> Option<Self> {
        let front = fronts(ledger, device, flow, threshold).into_iter().next()?;
        let plan = PrimePlan { volume: front.far, leading: front.near, trailing: front.late };
        Some(Self { plan, new: front.new, old: front.old })
    }

    /// The most of a drug that may leave the tip while the fast part is moved: the old fluid, and nothing of the new.
    pub fn pushed_out(&self, drug: Drug) -> Mass {
        self.plan.leading.mass_at(self.old.concentration(drug))
    }

    /// The most of the new drug that may arrive before plug flow would have it there.
    pub fn may_be_early(&self, drug: Drug) -> Mass {
        self.plan.volume.saturating_sub(self.plan.leading).mass_at(self.new.concentration(drug))
    }

    /// From the end of the fast part to the last of the old fluid at this basal, rounded up: as long as what arrives is
    /// not what is ordered; `None` at no flow.
    pub fn uncertain_for(&self, basal: FlowRate) -> Option<Duration> {
        self.plan.trailing.saturating_sub(self.plan.leading).time_at(basal)
    }
}

/// What runs after a bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct After {
    /// The new order's flow over its week.
    pub flow: FlowRate,
    /// Its fastest step: how far fronts may spread.
    pub fastest: FlowRate,
}

impl After {
    /// One flow all day.
    pub const fn even(flow: FlowRate) -> Self {
        Self { flow, fastest: flow }
    }
}

/// A bridge as people check it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bridge {
    /// What the pump is asked to agree with.
    pub plan: BridgePlan,
    /// The flow afterwards.
    pub then: FlowRate,
    /// The strongest that lies in the path of the drug that is bridged.
    pub held: Concentration,
}

impl Bridge {
    /// The bridge that gives `dose` of `drug` out of the old fluid until the new one takes over.
    /// `None` where there is no front, or the old fluid holds none of the drug.
    pub fn of(
        ledger: &Ledger,
        device: &DeviceProfile,
        (drug, dose): (Drug, MassRate),
        after: After,
        threshold: Permille,
    ) -> Option<Self> {
        let held = fronts(ledger, device, FlowRate::ZERO, threshold).iter().map(|f| f.old.concentration(drug)).max()?;
        let flow = dose.flow_at(held)?;
        let met = fronts(ledger, device, flow.max(after.fastest), threshold);
        let plan = BridgePlan {
            volume: met.iter().map(|f| f.far).max()?,
            leading: met.iter().map(|f| f.near).min()?,
            trailing: met.iter().map(|f| f.late).max()?,
            flow,
        };
        Some(Self { plan, then: after.flow, held })
    }

    /// How long plug flow takes, rounded up; `None` at no flow.
    pub fn lasts(&self) -> Option<Duration> {
        self.plan.volume.time_at(self.plan.flow)
    }

    /// How long the old flow runs: to a lower flow until the new fluid may show, to a higher one until the old has gone.
    pub fn until_changed(&self) -> Option<Duration> {
        let moved = if self.then < self.plan.flow { self.plan.leading } else { self.plan.trailing };
        moved.time_at(self.plan.flow)
    }
}

/// What would leave the tip if nobody bridged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unbridged {
    /// What the fluid in the path gives at the new flow.
    pub given: MassRate,
    /// What was ordered.
    pub ordered: MassRate,
    /// For how long, rounded up; `None` at no flow.
    pub lasts: Option<Duration>,
}

/// What `then` would give of a drug out of a path full of `old`, and for how long.
pub fn unbridged(path: Volume, old: Concentration, new: Concentration, then: FlowRate) -> Unbridged {
    Unbridged { given: then.mass_rate(old), ordered: then.mass_rate(new), lasts: path.time_at(then) }
}

/// The drug that lies in a volume of the path: what contrast would push out if it were not drawn off first.
pub fn held_in(volume: Volume, mixture: &Mixture) -> Vec<(Drug, Mass)> {
    mixture.iter().map(|c| (c.drug, volume.mass_at(c.concentration))).collect()
}
