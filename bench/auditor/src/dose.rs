//! I1: the mass that left the tip in every sliding window, against the ceilings; the volume, against the factory.
//!
//! Answers for windows at the tip. A ceiling that has just been lowered cannot judge what was given before: a window that
//! reaches back over the change is held to the higher of both. A prime has a signed mass of its own: while its allowance
//! lasts, what leaves the tip is charged to it first and not to the windows.

use crate::finding::{Findings, Invariant};
use crate::fluid::{DRUGS, ZG_PER_FG};
use crate::order::{CEILING_SPANS_MS, Device, Order};
use crate::window::Windows;

/// All windows: those of the ceilings, and the quarter of an hour in which the factory limits the volume.
const SPANS_MS: [u64; 4] = [CEILING_SPANS_MS[0], CEILING_SPANS_MS[1], CEILING_SPANS_MS[2], 15 * 60_000];

/// Which of them the factory limits: 15 minutes and 24 hours.
const VOLUME_WINDOWS: [usize; 2] = [3, 2];

#[derive(Debug, Clone, Copy, Default)]
struct Limit {
    now_zg: u128,
    before_zg: u128,
    /// Until when a window still reaches back over the last change.
    before_until: u64,
    over: bool,
}

#[derive(Debug, Clone, Copy)]
struct Prime {
    until: u64,
    left_zg: [u128; DRUGS],
}

/// The windows of dose and volume.
#[derive(Debug, Clone)]
pub(crate) struct Dose {
    windows: Windows,
    limits: [[Option<Limit>; DRUGS]; CEILING_SPANS_MS.len()],
    /// Drugs up to here have a ceiling.
    limited: usize,
    /// The factory's limits with the device's accuracy on top, pL.
    volume_most_pl: [u128; VOLUME_WINDOWS.len()],
    volume_over: [bool; VOLUME_WINDOWS.len()],
    prime: Option<Prime>,
}

impl Dose {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            volume_most_pl: [device.factory_quarter_hour_nl, device.factory_day_nl]
                .map(|nl| u128::from(nl) * (1_000_000 + u128::from(device.accuracy_ppm)) / 1_000),
            windows: Windows::new(&SPANS_MS),
            limits: Default::default(),
            limited: 0,
            volume_over: Default::default(),
            prime: None,
        }
    }

    pub(crate) fn order(&mut self, at: u64, order: &Order, device: &Device) {
        self.limited = order.ceilings_fg.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for (w, span) in CEILING_SPANS_MS.into_iter().enumerate() {
            for (drug, ceilings) in order.ceilings_fg.iter().enumerate() {
                let slot = &mut self.limits[w][drug];
                *slot = ceilings.map(|by_window| {
                    let fg = u128::from(by_window[w]);
                    // Rounded up: a judge gives the last femtogram.
                    let now_zg =
                        fg * ZG_PER_FG + (fg * ZG_PER_FG * u128::from(device.accuracy_ppm)).div_ceil(1_000_000);
                    match *slot {
                        Some(old) => Limit { now_zg, before_zg: old.at(at), before_until: at + span, over: false },
                        None => Limit { now_zg, ..Limit::default() },
                    }
                });
            }
        }
    }

    pub(crate) fn prime(&mut self, until: u64, mass_fg: [u64; DRUGS]) {
        self.prime = Some(Prime { until, left_zg: mass_fg.map(|fg| u128::from(fg) * ZG_PER_FG) });
    }

    pub(crate) fn stroke(&mut self, at: u64, volume_pl: u64, mut mass_zg: [u64; DRUGS], findings: &mut Findings) {
        if let Some(prime) = self.prime.as_mut().filter(|p| at < p.until) {
            for (left, mass) in prime.left_zg.iter_mut().zip(mass_zg.iter_mut()) {
                let charged = (*left).min(u128::from(*mass));
                *left -= charged;
                *mass -= charged as u64;
            }
        }
        self.windows.add(at, volume_pl, mass_zg);
        for (sums, limits) in self.windows.sums().iter().zip(&mut self.limits) {
            for (drug, (sum, limit)) in sums.mass_zg.iter().zip(limits).take(self.limited).enumerate() {
                let Some(limit) = limit else { continue };
                let most = limit.at(at);
                if *sum > most && !limit.over {
                    findings.add(
                        Invariant::I1,
                        at,
                        "more drug left the tip in a window than its ceiling",
                        &[
                            ("drug", drug as i128),
                            ("window_ms", i128::from(sums.span_ms)),
                            ("delivered_fg", (sum / ZG_PER_FG) as i128),
                            ("ceiling_fg", (most / ZG_PER_FG) as i128),
                        ],
                    );
                }
                limit.over = *sum > most;
            }
        }
        let limited = VOLUME_WINDOWS.into_iter().zip(&mut self.volume_over).zip(self.volume_most_pl);
        for ((window, over), most_pl) in limited {
            let sums = &self.windows.sums()[window];
            let is_over = u128::from(sums.volume_pl) > most_pl;
            if is_over && !*over {
                findings.add(
                    Invariant::I1,
                    at,
                    "the rotor moved more in a window than the factory permits",
                    &[
                        ("window_ms", i128::from(sums.span_ms)),
                        ("moved_nl", i128::from(sums.volume_pl / 1_000)),
                        ("limit_nl", (most_pl / 1_000) as i128),
                    ],
                );
            }
            *over = is_over;
        }
    }
}

impl Limit {
    fn at(&self, at: u64) -> u128 {
        if at < self.before_until { self.now_zg.max(self.before_zg) } else { self.now_zg }
    }
}
