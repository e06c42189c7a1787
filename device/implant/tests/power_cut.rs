//! The power goes at every byte of every write of a bolus, a commit, a refill, a pairing and of the restart that follows.
//!
//! After each cut: nothing was given twice, and nothing that had been confirmed was forgotten. A story is told once for
//! each of its writes, up to the end of that write; then the same darkness is entered with each number of its bytes in
//! the store, and what wakes is held against what everybody knows.

mod bench;

use std::collections::BTreeSet;

use bench::*;
use implant::Cause;
use orders::prescription::Mode;
use orders::{AlarmId, FlowRate, Prescription, Priority, Reason};
use pump::transitions::State;
use telemetry::message::ask::{AskBolus, EnrolClinician};
use telemetry::message::{Answer, Ask, Request};
use telemetry::peer::{CardSecret, Role};
use telemetry::sign::{card_proof, public};

const BOLUS: Ask<'static> = Ask::AskBolus(AskBolus {});
/// A clinician who is new.
const LOCUM: [u8; 32] = [0x73; 32];

/// A request as it was sent, and what its asker knows of it.
#[derive(Default, Clone)]
struct Known {
    sent: Option<Vec<u8>>,
    heard: Option<Heard>,
}

/// Everybody but the implant: the world with its stores, and what people hold and know.
#[derive(Clone)]
struct Story {
    world: World,
    nurse: Device,
    handset: Device,
    /// A second handset, which pairs in some stories.
    second: Device,
    bolus: Known,
    commit: Known,
    refill: Known,
    enrolment: Known,
    /// The ledger's number before anything is done.
    ledger: u32,
    /// Whether the second handset was told that it has paired.
    is_paired: bool,
}

/// What is done in a story, until it ends or the lights go out.
type Act = fn(&mut Story, &mut Bench) -> Option<()>;

impl Story {
    /// At 09:10 of the third day.
    fn third_day() -> Self {
        let (mut bench, nurse, handset) = visit(&morphine());
        bench.to("day 3 09:10");
        let none = Known::default;
        let second = Device::new(Role::PatientController, 2);
        let (bolus, commit, refill, enrolment) = (none(), none(), none(), none());
        let ledger = bench.implant.pump().ledger().number;
        Self { world: bench.world, ledger, nurse, handset, second, bolus, commit, refill, enrolment, is_paired: false }
    }

    /// Tells the acts with the power going at this cut, if one is given.
    fn tell(&self, cut: Option<Cut>, act: Act) -> Self {
        let mut story = self.clone();
        let mut bench = Bench::wake_until(self.world.clone(), Cause::PowerOn, cut);
        let _ = act(&mut story, &mut bench);
        story.world = bench.world;
        story
    }

    fn sends(bench: &mut Bench, device: &mut Device, ask: Ask, known: &mut Known) -> Option<()> {
        let mut talk = device.greets(bench)?;
        let stamp = device.stamp(bench, &mut talk)?;
        let request = encoded(&Request { ask, stamp: Some(stamp) });
        known.sent = Some(request.clone());
        known.heard = talk.says(bench, &request);
        Some(())
    }

    fn asks_for_a_bolus(&mut self, bench: &mut Bench) -> Option<()> {
        Self::sends(bench, &mut self.handset, BOLUS, &mut self.bolus)?;
        bench.to("day 3 09:22");
        Some(())
    }

    fn commits_a_reduction(&mut self, bench: &mut Bench) -> Option<()> {
        bench.presence(true);
        let mut talk = self.nurse.greets(bench)?;
        let order = Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(180_000)), ..morphine() };
        let (document, running, ledger) = propose(bench, &order);
        let told = self.nurse.asks(bench, &mut talk, proposal(&document, running, ledger))?.proposal();
        let ask = commit(told.digest, [Some(PHYSICIAN), None]);
        Self::sends(bench, &mut self.nurse, ask, &mut self.commit)
    }

    fn refills(&mut self, bench: &mut Bench) -> Option<()> {
        bench.presence(true);
        let ask = refill(bench, 18_000_000);
        Self::sends(bench, &mut self.nurse, ask, &mut self.refill)
    }

    fn pairs_and_enrols(&mut self, bench: &mut Bench) -> Option<()> {
        bench.presence(true);
        self.second.tries_to_pair(bench)?;
        self.is_paired = true;
        let mut talk = self.nurse.greets(bench)?;
        let stamp = self.nurse.stamp(bench, &mut talk)?;
        let key = public(&LOCUM);
        let proof = card_proof(&CardSecret(CARD), SERIAL, &stamp.nonce, &key, 9);
        let ask = Ask::EnrolClinician(EnrolClinician { key, author: 9, proof });
        let request = encoded(&Request { ask, stamp: Some(stamp) });
        self.enrolment.sent = Some(request.clone());
        self.enrolment.heard = talk.says(bench, &request);
        Some(())
    }

    /// The power comes back, and what everybody knows is held against what is.
    fn check(mut self, about: &str) {
        let was_cut = self.world.is_dark;
        let mut bench = Bench::wake(self.world.clone(), Cause::BrownOut);
        let pump = bench.implant.pump();
        let (counted, moved) = (pump.strokes().commanded as usize, bench.world.moved.len());
        assert!((moved..=moved + usize::from(was_cut)).contains(&counted), "{about}: {counted} counted, {moved} moved");
        assert_eq!(pump.state(), State::Running, "{about}");
        let high: Vec<AlarmId> = pump.alarms().iter().filter(|id| id.priority() == Priority::High).collect();
        assert_eq!(high, [], "{about}");
        let begun = bench.world.now;
        self.check_commit(&mut bench, about);
        self.check_refill(&mut bench, about);
        self.check_people(&mut bench, about);
        self.check_bolus(&mut bench, about, begun);
    }

    fn again(device: &mut Device, bench: &mut Bench, known: &Known) -> Option<Heard> {
        let mut talk = device.greets(bench).expect("the peer is known");
        talk.says(bench, known.sent.as_ref()?)
    }

    /// A confirmed answer is the same ever after; an unheard one is never a refusal of what was done.
    fn same_answer(again: Option<Heard>, known: &Known, is_done: bool, about: &str) {
        match (again.as_ref().map(Heard::answer), &known.heard) {
            (Some(_), Some(first)) => {
                assert_eq!(again.as_ref(), Some(first), "{about}: a confirmed answer is forgotten")
            }
            (Some(Answer::Accepted(_)), None) => assert!(is_done, "{about}: answered yes and not done"),
            (Some(Answer::Refused(refused)), None) => assert!(!is_done, "{about}: {refused:?}"),
            (Some(Answer::Unknown(_)), None) => {}
            (None, None) => assert!(known.sent.is_none(), "{about}"),
            (other, _) => panic!("{about}: {other:?}"),
        }
    }

    fn check_commit(&mut self, bench: &mut Bench, about: &str) {
        let order = bench.implant.pump().order().map(|order| order.order_number);
        assert!(matches!(order, Some(1 | 2)), "{about}: {order:?}");
        assert!(self.commit.heard.is_none() || order == Some(2), "{about}: a confirmed order is forgotten");
        let again = Self::again(&mut self.nurse, bench, &self.commit);
        if self.commit.sent.is_some() && self.refill.sent.is_none() && self.enrolment.sent.is_none() {
            Self::same_answer(again, &self.commit, order == Some(2), about);
        }
    }

    fn check_refill(&mut self, bench: &mut Bench, about: &str) {
        if self.refill.sent.is_none() {
            return;
        }
        let number = bench.implant.pump().ledger().number;
        assert!((self.ledger..=self.ledger + 1).contains(&number), "{about}: ledger {number}");
        let was_filled = number > self.ledger;
        assert!(self.refill.heard.is_none() || was_filled, "{about}: a confirmed refill is forgotten");
        let again = Self::again(&mut self.nurse, bench, &self.refill);
        Self::same_answer(again, &self.refill, was_filled, about);
        assert!(!was_filled || bench.implant.pump().ledger().number == number, "{about}: it is filled in twice");
    }

    fn check_people(&mut self, bench: &mut Bench, about: &str) {
        if self.is_paired {
            assert!(self.second.greets(bench).is_some(), "{about}: a device that has paired is forgotten");
        }
        if self.enrolment.sent.is_none() {
            return;
        }
        let again = Self::again(&mut self.nurse, bench, &self.enrolment);
        bench.presence(true);
        let mut talk = self.nurse.greets(bench).expect("the peer is known");
        let order =
            Prescription { order_number: 2, author: 9, mode: Mode::Continuous(FlowRate::new(180_000)), ..morphine() };
        let (document, running, ledger) = propose(bench, &order);
        let signed = self.nurse.proposes(bench, &mut talk, proposal(&document, running, ledger), [Some(LOCUM), None]);
        let is_enrolled = matches!(signed.expect("an answer").answer(), Answer::Accepted(_));
        Self::same_answer(again, &self.enrolment, is_enrolled, about);
        assert!(self.enrolment.heard.is_none() || is_enrolled, "{about}: a clinician is forgotten");
    }

    /// Whatever was asked again: in the hour from the request on, never more than one bolus and the basal.
    fn check_bolus(&mut self, bench: &mut Bench, about: &str, begun: u64) {
        if self.bolus.sent.is_some() {
            let again = Self::again(&mut self.handset, bench, &self.bolus).expect("an answer");
            match &self.bolus.heard {
                Some(first) => assert_eq!(&again, first, "{about}: a confirmed answer is forgotten"),
                None => assert!(
                    matches!(again.answer(), Answer::Accepted(_) | Answer::Unknown(_) | Answer::Refused(_)),
                    "{about}"
                ),
            }
        }
        bench.run_until(begun + 48 * MINUTE);
        let extra = bench.moved_between(at("day 3 09:10"), at("day 3 10:10"));
        let bolus = if self.bolus.sent.is_some() { 20_000 } else { 0 };
        assert!(extra <= bolus + 10_000 + 1_000, "{about}: {extra} nL in the hour");
        if self.bolus.heard.is_some() {
            let mut talk = self.handset.greets(bench).expect("the peer is known");
            let refused = self.handset.asks(bench, &mut talk, BOLUS).expect("an answer");
            assert_eq!(refused.reason(), Reason::Lockout, "{about}: the lockout is forgotten");
        }
    }

    /// The darkness that this story has come to, with each number of bytes of its last write in the store.
    fn torn(&self) -> Vec<(usize, Self)> {
        let torn = self.world.torn.as_ref().expect("the power went in a write");
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for bytes in 0..=torn.new.len() {
            let content = torn.after(bytes);
            if seen.insert(content.clone()) {
                let mut story = self.clone();
                story.world.slots.insert(torn.slot, content);
                all.push((bytes, story));
            }
        }
        all
    }
}

/// Tells the story with the power going in each of its writes, from the given one on, and calls with each darkness.
fn at_every_byte(from: &Story, act: Act, writes_least: u64, mut with: impl FnMut(Story, &str)) {
    let whole = from.tell(None, act);
    let writes = whole.world.writes;
    assert!(!whole.world.is_dark && writes >= writes_least, "{writes} writes");
    let mut cuts = 0;
    for write in 0..writes {
        let dark = from.tell(Some(Cut { write, bytes: usize::MAX }), act);
        for (bytes, story) in dark.torn() {
            let about = format!("{:?} of write {write}, {bytes} bytes", story.world.log.last());
            with(story, &about);
            cuts += 1;
        }
    }
    assert!(cuts > writes * 20, "{cuts} cuts in {writes} writes");
    with(whole, "told whole");
}

//= requirements/journal.md#after-a-power-cut
//= type=test
//# After a power cut at any byte of any write, the implant MUST neither give anything twice nor forget an order, a charge or an answer that it had confirmed.
//= requirements/journal.md#small-and-double
//= type=test
//# The implant MUST use the newest of the two slots whose check passes and never a slot whose check fails.
//= requirements/journal.md#one-stroke-of-doubt
//= type=test
//# A restart at any moment of a stroke MUST count at most one stroke too many and never one too few.
#[test]
fn a_cut_at_any_byte_of_a_bolus_gives_nothing_twice_and_forgets_nothing() {
    at_every_byte(&Story::third_day(), Story::asks_for_a_bolus, 80, Story::check);
}

//= requirements/ladder.md#one-commit
//= type=test
//# Prescription, fall-back, guard part and ledger MUST take effect together by one record that switches their commit number.
#[test]
fn a_cut_at_any_byte_of_a_commit_leaves_one_whole_order() {
    at_every_byte(&Story::third_day(), Story::commits_a_reduction, 8, Story::check);
}

#[test]
fn a_cut_at_any_byte_of_a_refill_leaves_it_done_once_or_not_at_all() {
    at_every_byte(&Story::third_day(), Story::refills, 6, Story::check);
}

#[test]
fn a_cut_at_any_byte_of_a_pairing_and_an_enrolment_forgets_nobody_who_was_told() {
    at_every_byte(&Story::third_day(), Story::pairs_and_enrols, 6, Story::check);
}

#[test]
fn a_cut_at_any_byte_of_the_restarts_own_writes_is_a_restart_like_any_other() {
    // In the middle of a bolus that was confirmed.
    let mut story = Story::third_day().tell(Some(Cut { write: 50, bytes: 20 }), Story::asks_for_a_bolus);
    assert!(story.world.is_dark && story.bolus.heard.is_some());
    story.world.is_dark = false;
    at_every_byte(&story, |_, _| Some(()), 4, Story::check);
}
