//! The power goes at every write of a story with a bolus and a commit, whole, torn or not at all.
//!
//! After each cut: nothing was given twice, and nothing that had been confirmed was forgotten.

mod bench;

use bench::*;
use implant::Cause;
use orders::prescription::Mode;
use orders::{AlarmId, FlowRate, Prescription, Priority, Reason};
use pump::transitions::State;
use telemetry::message::ask::AskBolus;
use telemetry::message::{Answer, Ask, Request};

const BOLUS: Ask<'static> = Ask::AskBolus(AskBolus {});

/// A request as it was sent, and what its asker knows of it.
#[derive(Default)]
struct Known {
    sent: Option<Vec<u8>>,
    heard: Option<Heard>,
}

struct Story {
    bench: Bench,
    nurse: Device,
    handset: Device,
    bolus: Known,
    commit: Known,
    /// Whether the lights went out at all.
    was_cut: bool,
}

impl Story {
    fn begins(from: &World, nurse: &Device, handset: &Device) -> Self {
        let bench = Bench::wake(from.clone(), Cause::PowerOn);
        let (nurse, handset) = (nurse.clone(), handset.clone());
        Self { bench, nurse, handset, bolus: Known::default(), commit: Known::default(), was_cut: false }
    }

    fn asks_for_a_bolus(&mut self) -> Option<()> {
        let Self { bench, handset, bolus, .. } = self;
        let mut talk = handset.greets(bench)?;
        let stamp = handset.stamp(bench, &mut talk)?;
        let request = encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
        bolus.sent = Some(request.clone());
        bolus.heard = talk.says(bench, &request);
        Some(())
    }

    fn commits_a_reduction(&mut self) -> Option<()> {
        let Self { bench, nurse, commit: known, .. } = self;
        bench.presence(true);
        let mut talk = nurse.greets(bench)?;
        let order = Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(180_000)), ..morphine() };
        let (document, running, ledger) = propose(bench, &order);
        let told = nurse.asks(bench, &mut talk, proposal(&document, running, ledger))?.proposal();
        let stamp = nurse.stamp(bench, &mut talk)?;
        let request = encoded(&Request { ask: commit(told.digest, [Some(PHYSICIAN), None]), stamp: Some(stamp) });
        known.sent = Some(request.clone());
        known.heard = talk.says(bench, &request);
        Some(())
    }

    /// Until 09:26, then, with new power if it went, what everybody knows is held against what is.
    fn tell(mut self, cut: Option<Cut>) -> Self {
        (self.bench.world.writes, self.bench.world.cut) = (0, cut);
        let _ = self.asks_for_a_bolus();
        self.bench.to("day 3 09:22");
        let _ = self.commits_a_reduction();
        self.bench.to("day 3 09:26");
        if self.bench.world.is_dark {
            self.was_cut = true;
            self.bench = Bench::wake(self.bench.world, Cause::BrownOut);
        }
        self
    }

    fn again(device: &mut Device, bench: &mut Bench, known: &Known) -> Option<Heard> {
        let mut talk = device.greets(bench).expect("the peer is known");
        talk.says(bench, known.sent.as_ref()?)
    }

    fn check(mut self, cut: Option<Cut>) {
        let about = format!("{cut:?}, {:?}", self.bench.world.log.last());
        let pump = self.bench.implant.pump();
        let (counted, moved) = (pump.strokes().commanded as usize, self.bench.world.moved.len());
        let doubt = usize::from(self.was_cut);
        assert!((moved..=moved + doubt).contains(&counted), "{about}: {counted} counted, {moved} moved");
        assert_eq!(pump.state(), State::Running, "{about}");
        let order = pump.order().map(|order| order.order_number);
        assert!(matches!(order, Some(1 | 2)), "{about}: {order:?}");
        let high: Vec<AlarmId> = pump.alarms().iter().filter(|id| id.priority() == Priority::High).collect();
        assert_eq!(high, [], "{about}");

        // A confirmed answer is the same ever after; an unheard one is never a refusal of what was done.
        if let Some(first) = &self.commit.heard {
            assert_eq!(first.accepted().id, self.nurse.id, "{about}");
            assert_eq!(order, Some(2), "{about}: a confirmed order is forgotten");
        }
        let again = Self::again(&mut self.nurse, &mut self.bench, &self.commit);
        match (again.as_ref().map(Heard::answer), &self.commit.heard) {
            (Some(_), Some(first)) => assert_eq!(again.as_ref(), Some(first), "{about}"),
            (Some(Answer::Accepted(_)), None) => assert_eq!(order, Some(2), "{about}"),
            (Some(Answer::Refused(refused)), None) => {
                assert_eq!(order, Some(1), "{about}: {refused:?}");
            }
            (Some(Answer::Unknown(_)), None) => {}
            (None, None) => assert!(self.commit.sent.is_none(), "{about}"),
            (other, _) => panic!("{about}: {other:?}"),
        }
        let lost = self.bolus.heard.is_none();
        if self.bolus.sent.is_some() {
            let again = Self::again(&mut self.handset, &mut self.bench, &self.bolus).expect("an answer");
            match &self.bolus.heard {
                Some(first) => assert_eq!(&again, first, "{about}: a confirmed answer is forgotten"),
                None => assert!(
                    matches!(again.answer(), Answer::Accepted(_) | Answer::Unknown(_) | Answer::Refused(_)),
                    "{about}"
                ),
            }
        }
        // Whatever was asked again: from the request on, never more than one bolus and the basal.
        self.bench.to("day 3 10:10");
        let extra = self.bench.moved_between(at("day 3 09:10"), at("day 3 10:10"));
        assert!(extra <= 20_000 + 10_000 + 1_000, "{about}: {extra} nL in the hour");
        if !lost {
            let mut talk = self.handset.greets(&mut self.bench).unwrap();
            let refused = self.handset.asks(&mut self.bench, &mut talk, BOLUS).unwrap();
            assert_eq!(refused.reason(), Reason::Lockout, "{about}: the lockout is forgotten");
        }
    }
}

//= requirements/journal.md#after-a-power-cut
//= type=test
//# After a power cut at any byte of any write, the implant MUST neither give anything twice nor forget an order, a charge or an answer that it had confirmed.
//= requirements/ladder.md#one-commit
//= type=test
//# Prescription, fall-back, guard part and ledger MUST take effect together by one record that switches their commit number.
//= requirements/journal.md#small-and-double
//= type=test
//# The implant MUST use the newest of the two slots whose check passes and never a slot whose check fails.
//= requirements/journal.md#one-stroke-of-doubt
//= type=test
//# A restart at any moment of a stroke MUST count at most one stroke too many and never one too few.
#[test]
fn a_cut_at_any_write_of_a_bolus_and_a_commit_gives_nothing_twice_and_forgets_nothing() {
    let (mut bench, nurse, handset) = visit(&morphine());
    bench.to("day 3 09:10");
    let from = bench.world;
    let whole = Story::begins(&from, &nurse, &handset).tell(None);
    let writes = whole.bench.world.writes;
    assert!(whole.bolus.heard.is_some() && whole.commit.heard.is_some() && writes > 60, "{writes} writes");
    whole.check(None);
    for write in 0..writes {
        for bytes in [0, 1, 13, 40, usize::MAX] {
            let cut = Some(Cut { write, bytes });
            Story::begins(&from, &nurse, &handset).tell(cut).check(cut);
        }
    }
}
