//! What each request does: one match from the words of the protocol to the calls of the pump.
//!
//! When this is called the request is new, its role may ask it, presence was felt where it is needed and its nonce is
//! good. Left to judge are the last dose that the asker saw, signatures, the card's proof, and the pump's own reasons.

use heapless::Vec;
use orders::alarm::Level;
use orders::mixture::DRUGS_MAX;
use orders::plan::{BridgePlan, PrimePlan};
use orders::{Drug, Field, Instant, Mass, Mixture, Prescription, Reason, Refusal, Refusals};
use pump::alarms::Peer as By;
use pump::asking::Granted;
use pump::events::{Ask as Asked, Event};
use pump::judge;
use pump::ordering::Review;
use pump::reservoir;
use telemetry::message::answer::{Accepted, Proposal as Told, Total};
use telemetry::message::ask::{self, Bridge, PortAct};
use telemetry::message::{Answer, Ask, Request, Stamp};
use telemetry::sign::{self, Needed, SignatureBy, Terms};

use crate::desk::{CLINICIAN_ROLE, CLINICIANS_FROM, Desk, No, bit};
use crate::people::Clinician;
use crate::proposals::{PROPOSAL_LASTS, Proposal, What};

type Done = Result<Answer<'static>, No>;

/// Under which word the journal keeps a refusal of this request.
pub(crate) fn kind(ask: &Ask) -> Asked {
    match ask {
        Ask::AskBolus(_) | Ask::SingleBolus(_) => Asked::Bolus,
        Ask::Propose(_) => Asked::Order,
        Ask::Commit(_) => Asked::Commit,
        Ask::Stop(_) | Ask::Resume(_) => Asked::Stop,
        Ask::Prime(_) => Asked::Prime,
        Ask::Refill(_) => Asked::Refill,
        Ask::RinseOrAspirate(_) | Ask::CatheterPortAspiration(_) | Ask::Installation(_) => Asked::Ledger,
        Ask::SetClock(_) => Asked::Clock,
        Ask::ClearAlarm(_) | Ask::StepUp(_) => Asked::Clearing,
        Ask::EnrolPeer(_) | Ask::RevokePeer(_) | Ask::EnrolClinician(_) | Ask::RevokeClinician(_) => Asked::Peers,
        Ask::Emergency(_) => Asked::Emergency,
        Ask::Silence(_)
        | Ask::ToneTest(_)
        | Ask::SelfTest(_)
        | Ask::ContactRecorded(_)
        | Ask::Acknowledge(_)
        | Ask::ReadStatus(_)
        | Ask::ReadPrescription(_)
        | Ask::ReadLedger(_)
        | Ask::ReadJournal(_)
        | Ask::ReadAlarms(_)
        | Ask::ReadBattery(_)
        | Ask::ReadDevice(_)
        | Ask::ReadAnswers(_)
        | Ask::ReadHours(_)
        | Ask::ReadNonce(_) => Asked::Other,
    }
}

/// Does what is asked.
pub(crate) fn act(desk: &mut Desk, peer: u8, request: &Request, stamp: Stamp, message: &[u8]) -> Done {
    let (raw, by) = (desk.raw, By(peer));
    let noted = |refusal: Refusal| No::Noted(refusal.into());
    let done = match &request.ask {
        Ask::AskBolus(_) => return bolus(desk, peer, stamp),
        Ask::Propose(propose) => return order(desk, by, propose, stamp, message),
        Ask::SingleBolus(single) => {
            let (volume, duration) = (single.volume, single.duration);
            desk.pump.propose_single(raw, volume, duration).map_err(No::New)?;
            return propose(desk, stamp, message, What::Single { volume, duration }, None);
        }
        Ask::Prime(prime) => return prime_proposed(desk, prime, stamp, message),
        Ask::Commit(commit) => return committed(desk, by, commit, stamp),
        Ask::Stop(stop) => desk.pump.stop(raw, stop.reason.code(), stop.maximum, by).map_err(noted),
        Ask::Resume(_) => desk.pump.resume(raw, by).map_err(noted),
        Ask::Emergency(_) => desk.pump.emergency(raw, by).map_err(noted),
        Ask::StepUp(step) => match step.level > level_max() {
            true => Err(Refusal::of(Reason::OutOfBounds, Field::Request, u64::from(step.level), 0).into()),
            false => desk.pump.step_up(raw, step.level, by).map_err(noted),
        },
        Ask::ClearAlarm(clear) => desk.pump.clear_alarm(raw, clear.alarm, by).map_err(noted),
        Ask::Refill(refill) => refilled(desk, by, refill),
        Ask::RinseOrAspirate(at_port) => rinsed(desk, at_port),
        Ask::CatheterPortAspiration(drawn) => desk.pump.aspirate_port(raw, drawn.volume).map_err(noted),
        Ask::Installation(installed) => desk.pump.installation(raw, installed.catheter, &installed.path).map_err(noted),
        Ask::SetClock(clock) => desk.pump.set_wall(raw, clock.wall, by).map_err(noted),
        Ask::ContactRecorded(_) => desk.pump.contact(raw, by).map_err(noted),
        Ask::Silence(silence) => {
            // A clinician who silences an alarm has taken note of it; a patient has only made it quiet for a while.
            if desk.people.peer(peer).is_some_and(|peer| peer.role == telemetry::peer::Role::Programmer) {
                desk.pump.acknowledge_alarm(raw, silence.alarm, by);
            }
            desk.pump.silence(raw, silence.duration, by);
            Ok(())
        }
        Ask::ToneTest(tone) => {
            desk.pump.test_tone(raw, tone.alarm.priority());
            Ok(())
        }
        Ask::EnrolPeer(enrol) => named(desk, enrol),
        Ask::RevokePeer(revoke) => revoked(desk, revoke),
        Ask::EnrolClinician(enrol) => enrolled(desk, enrol, stamp),
        Ask::RevokeClinician(revoke) => struck(desk, revoke),
        Ask::SelfTest(_) => {
            desk.pump.test_itself(raw);
            Ok(())
        }
        Ask::Acknowledge(_)
        | Ask::ReadStatus(_)
        | Ask::ReadPrescription(_)
        | Ask::ReadLedger(_)
        | Ask::ReadJournal(_)
        | Ask::ReadAlarms(_)
        | Ask::ReadBattery(_)
        | Ask::ReadDevice(_)
        | Ask::ReadAnswers(_)
        | Ask::ReadHours(_)
        | Ask::ReadNonce(_) => Err(Refusal::plain(Reason::Malformed).into()),
    };
    done.map(|()| accepted(desk.now(), stamp, None))
}

fn accepted(at: Instant, stamp: Stamp, granted: Option<Granted>) -> Answer<'static> {
    Answer::Accepted(Accepted {
        id: stamp.id,
        at,
        dose: granted.map(|granted| granted.dose),
        volume: granted.map(|granted| granted.volume),
        duration: granted.map(|granted| granted.duration),
    })
}

fn level_max() -> u8 {
    // `Level` is a C-like enum of u8; the cast reads its number.
    Level::Cut as u8
}

#[inline(never)]
fn bolus(desk: &mut Desk, peer: u8, stamp: Stamp) -> Done {
    //= requirements/telemetry.md#expiry
    //# The pump MUST refuse a request for a bolus that names another last dose than the pump's own.
    let last_dose = desk.pump.last_dose();
    if stamp.last_dose != last_dose {
        return Err(Refusal::plain(Reason::StaleDose).into());
    }
    let granted = desk.pump.ask_bolus(desk.raw, By(peer), stamp.id).map_err(No::Noted)?;
    Ok(accepted(desk.now(), stamp, Some(granted)))
}

fn running(desk: &Desk) -> u64 {
    desk.pump.order().map_or(0, |order| order.order_number)
}

#[inline(never)]
fn order(desk: &mut Desk, by: By, asked: &ask::Propose, stamp: Stamp, message: &[u8]) -> Done {
    let (running, ledger) = (running(desk), desk.pump.ledger().number);
    if asked.running != running {
        return Err(Refusal::of(Reason::StaleVersion, Field::OrderNumber, asked.running, running).into());
    }
    if asked.ledger != ledger {
        return Err(Refusal::plain(Reason::StaleLedger).into());
    }
    let order = Prescription::decode(asked.order.0).map_err(|why| match why {
        orders::Malformed::At(field) => Refusal::of(Reason::Malformed, field, 0, 0),
        orders::Malformed::Version | orders::Malformed::NotCanonical => Refusal::plain(Reason::Malformed),
    })?;
    let bridge = asked.bridge.as_ref().map(plan_of);
    let review = desk.pump.propose_order(&order, bridge, asked.without_bridge).map_err(No::New)?;
    desk.pump.log(desk.raw, Event::OrderProposed { order: order.order_number, peer: by });
    let what = What::Order { bridge, without: asked.without_bridge };
    propose(desk, stamp, message, what, Some((&order, &review)))
}

fn plan_of(bridge: &Bridge) -> BridgePlan {
    BridgePlan { volume: bridge.volume, leading: bridge.leading, trailing: bridge.trailing, flow: bridge.flow }
}

#[inline(never)]
fn prime_proposed(desk: &mut Desk, prime: &ask::Prime, stamp: Stamp, message: &[u8]) -> Done {
    let plan = PrimePlan { volume: prime.volume, leading: prime.leading, trailing: prime.trailing };
    let mut allowance = [None::<(Drug, Mass)>; DRUGS_MAX];
    allowance.iter_mut().zip(&prime.allowance).for_each(|(to, from)| *to = Some((from.drug, from.mass)));
    desk.pump.propose_prime(&plan, &allowance).map_err(No::New)?;
    propose(desk, stamp, message, What::Prime { plan, allowance }, None)
}

/// Keeps a proposal that the pump could take, and tells what is to be signed.
//= requirements/telemetry.md#proposal-and-digest
//# The pump MUST answer a proposal with its own totals and a digest over its serial, running version, ledger number, a nonce, an expiry and the order.
#[inline(never)]
fn propose(desk: &mut Desk, stamp: Stamp, message: &[u8], what: What, order: Option<(&Prescription, &Review)>) -> Done {
    let expires = desk.now().after(PROPOSAL_LASTS);
    let nonce = desk.nonces.draw_long().ok_or(Refusal::plain(Reason::Busy))?;
    let (running, ledger) = (running(desk), desk.pump.ledger().number);
    let terms = Terms {
        serial: desk.identity.serial,
        running_version: running,
        ledger_number: ledger,
        nonce,
        expiry_ms: expires.get(),
    };
    let subject = Request::subject(message).map_err(|_| Refusal::plain(Reason::Malformed))?;
    let digest = terms.digest(subject);
    let proposal = Proposal { digest, running, ledger, expires, what };
    match order {
        Some((order, _)) => desk.proposals.add_order(proposal, order),
        None => desk.proposals.add(proposal),
    }
    let totals = order.map_or(Vec::new(), |(_, review)| totals(desk, review));
    let bridge = order.and_then(|(_, review)| review.bridge).map(|bridge| Bridge {
        volume: bridge.plan.volume,
        flow: bridge.plan.flow,
        leading: bridge.plan.leading,
        trailing: bridge.plan.trailing,
    });
    let signatures = order.map_or(1, |(order, _)| order.signatures);
    let id = stamp.id;
    Ok(Answer::Proposal(Told { id, digest, nonce, expires, running, ledger, totals, bridge, signatures }))
}

/// The pump's own totals of a proposed order, and of the one that runs.
fn totals(desk: &Desk, review: &Review) -> Vec<Total, DRUGS_MAX> {
    let running = desk.pump.order();
    let filled = desk.pump.ledger().slugs.first().map_or(Mixture::DRUG_FREE, |slug| slug.mixture);
    let of = |total: &judge::Total| {
        let has = running.filter(|running| running.mixture.of_drug(total.drug).is_some());
        let before = has.map(|running| judge::total(running, desk.pump.device(), &filled, total.drug));
        Total {
            drug: total.drug,
            basal: total.basal,
            all: total.all,
            basal_before: before.map(|before| before.basal),
            all_before: before.map(|before| before.all),
        }
    };
    review.judgement.totals.iter().map(of).collect()
}

#[inline(never)]
fn committed(desk: &mut Desk, by: By, commit: &ask::Commit, stamp: Stamp) -> Done {
    let now = desk.now();
    let (running, ledger) = (running(desk), desk.pump.ledger().number);
    let proposal = desk.proposals.find(now, commit.digest, running, ledger)?;
    let order = match proposal.what {
        What::Order { .. } => Some(*desk.proposals.order().ok_or(Refusal::plain(Reason::NoProposal))?),
        What::Single { .. } | What::Prime { .. } => None,
    };
    signed(desk, commit, &proposal, order.as_ref())?;
    let raw = desk.raw;
    let granted = match (proposal.what, &order) {
        (What::Order { bridge, without }, Some(order)) => {
            desk.pump.commit_order(raw, order, bridge, without, by).map_err(No::Noted)?;
            None
        }
        (What::Order { .. }, None) => return Err(Refusal::plain(Reason::NoProposal).into()),
        (What::Single { volume, duration }, _) => {
            Some(desk.pump.commit_single(raw, volume, duration, by, stamp.id).map_err(No::Noted)?)
        }
        (What::Prime { plan, allowance }, _) => {
            Some(desk.pump.commit_prime(raw, desk.second_ms, &plan, &allowance, by).map_err(No::Noted)?)
        }
    };
    //= requirements/telemetry.md#commit-voids-the-rest
    //# A commit MUST void every other proposal, and one whose digest names another running version, another ledger number or an expired nonce is refused.
    desk.proposals.void();
    Ok(accepted(now, stamp, granted))
}

/// Whether those who must have signed have signed.
#[inline(never)]
fn signed(desk: &Desk, commit: &ask::Commit, proposal: &Proposal, order: Option<&Prescription>) -> Result<(), No> {
    let needed = if order.is_some_and(|order| order.signatures > 1) { Needed::Two } else { Needed::One };
    let first = Some(SignatureBy::from(commit.first.clone()));
    let second = commit.second.clone().map(SignatureBy::from);
    let bad = || No::from(Refusal::plain(Reason::BadSignature));
    let signed = sign::verify(&desk.people.keys(), proposal.digest, first, second, needed).map_err(|_| bad())?;
    let (first, second) = signed.by();
    let is_author =
        |author: u32| [Some(first), second].into_iter().flatten().any(|key| desk.people.author_of(key) == Some(author));
    // Whose order it says it is has signed it.
    match order {
        Some(order) if !is_author(order.author) => Err(bad()),
        Some(_) | None => Ok(()),
    }
}

#[inline(never)]
fn refilled(desk: &mut Desk, by: By, refill: &ask::Refill) -> Result<(), No> {
    let entry = reservoir::Refill {
        drawn_off: refill.drawn_off,
        emptied: refill.emptied,
        filled: refill.filled,
        vial_sum: refill.checked,
        mixture: refill.mixture,
        reason: refill.reason,
    };
    desk.pump.refill(desk.raw, &entry, refill.stability, by).map(|_| ()).map_err(|refusal| No::Noted(refusal.into()))
}

#[inline(never)]
fn rinsed(desk: &mut Desk, at_port: &ask::RinseOrAspirate) -> Result<(), No> {
    let volume = at_port.volume;
    let done = match at_port.act {
        PortAct::Rinse => {
            let fluid = at_port.fluid.unwrap_or(Mixture::DRUG_FREE);
            desk.pump.rinse(desk.raw, volume, &fluid, volume)
        }
        PortAct::Aspirate => desk.pump.aspirate(desk.raw, volume),
    };
    done.map_err(|refusal| No::Noted(refusal.into()))
}

fn named(desk: &mut Desk, enrol: &ask::EnrolPeer) -> Result<(), No> {
    let Some(Some(peer)) = desk.people.peer_mut(enrol.place) else {
        return Err(Refusal::plain(Reason::Missing).into());
    };
    peer.label = enrol.label;
    desk.peers_due |= bit(enrol.place);
    Ok(())
}

#[inline(never)]
fn revoked(desk: &mut Desk, revoke: &ask::RevokePeer) -> Result<(), No> {
    let labelled = desk.people.peer(revoke.place).ok_or(Refusal::plain(Reason::Missing))?.label == revoke.label;
    if !labelled {
        return Err(Refusal::plain(Reason::Contradiction).into());
    }
    if let Some(peer) = desk.people.peer_mut(revoke.place) {
        *peer = None;
    }
    desk.people.forget_answers(revoke.place);
    desk.sessions.end_peer(revoke.place);
    desk.peers_due |= bit(revoke.place);
    desk.pump.log(desk.raw, Event::PeerRemoved { peer: By(revoke.place) });
    Ok(())
}

//= requirements/telemetry.md#clinician-keys
//# The pump MUST enrol a clinician's key only with presence and the card's secret, and no ninth one.
#[inline(never)]
fn enrolled(desk: &mut Desk, enrol: &ask::EnrolClinician, stamp: Stamp) -> Result<(), No> {
    let Desk { identity, people, .. } = desk;
    let proof = &enrol.proof;
    if !sign::card_proof_holds(&identity.card, identity.serial, &stamp.nonce, &enrol.key, enrol.author, proof) {
        return Err(Refusal::plain(Reason::BadSignature).into());
    }
    //= requirements/telemetry.md#signed-commit
    //# The pump MUST refuse a device's session key as a clinician's key.
    if people.peers.iter().flatten().any(|peer| peer.public.0 == enrol.key.0) {
        return Err(Refusal::plain(Reason::WrongRole).into());
    }
    let known = people.clinicians.iter().position(|one| one.is_some_and(|one| one.key == enrol.key));
    let place = known.or_else(|| people.clinicians.iter().position(Option::is_none));
    let place = place.ok_or(Refusal::plain(Reason::Full))?;
    if let Some(slot) = people.clinicians.get_mut(place) {
        *slot = Some(Clinician { key: enrol.key, author: enrol.author });
    }
    desk.clinicians_due = true;
    let peer = By(CLINICIANS_FROM.saturating_add(u8::try_from(place).unwrap_or(0)));
    desk.pump.log(desk.raw, Event::PeerEnrolled { peer, role: CLINICIAN_ROLE });
    Ok(())
}

#[inline(never)]
fn struck(desk: &mut Desk, revoke: &ask::RevokeClinician) -> Result<(), No> {
    let known = |one: &Option<Clinician>| one.is_some_and(|one| one.key.id() == revoke.key);
    let place = desk.people.clinicians.iter().position(known).ok_or(Refusal::plain(Reason::Missing))?;
    if let Some(slot) = desk.people.clinicians.get_mut(place) {
        *slot = None;
    }
    desk.clinicians_due = true;
    let peer = By(CLINICIANS_FROM.saturating_add(u8::try_from(place).unwrap_or(0)));
    desk.pump.log(desk.raw, Event::PeerRemoved { peer });
    Ok(())
}

impl From<Refusals> for No {
    fn from(refusals: Refusals) -> Self {
        No::New(refusals)
    }
}
