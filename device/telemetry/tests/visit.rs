//! A visit, told whole: a programmer meets a pump at the skin, proposes an order, two clinicians sign what the pump understood, and the commit carries.
//! The pump here judges no dose; it does with messages, digest and signatures what an implant does.

mod common;

use common::*;
use orders::{Duration, Instant};
use telemetry::asker::{Action, Asker, Outcome};
use telemetry::contact::Contact;
use telemetry::message::answer::{Accepted, Proposal, Refused};
use telemetry::message::ask::{Commit, Propose, Stop, StopReason};
use telemetry::message::permission::admit;
use telemetry::message::{Answer, Ask, Bytes, Request};
use telemetry::peer::Role;
use telemetry::sessions::Place;
use telemetry::sign::{ClinicianKey, Digest, Needed, SignatureBy, Terms, public, sign, verify};

const PHYSICIAN: [u8; 32] = [0x71; 32];
const PHARMACIST: [u8; 32] = [0x72; 32];

/// What the pump remembers of the visit.
struct Bedside {
    pump: PumpEnd,
    clinicians: [Option<ClinicianKey>; 8],
    terms: Terms,
    proposed: Option<Digest>,
    running: u64,
}

impl Bedside {
    /// Hears a frame and answers with a frame, as far as it is answered.
    fn hears(&mut self, now: Instant, frame: &[u8]) -> Option<Vec<u8>> {
        let Did::Heard(place, message) = self.pump.hears(now, frame) else { return None };
        let answer = self.judges(place, &message);
        Some(self.pump.says(now, place, &answer))
    }

    fn judges(&mut self, place: Place, message: &[u8]) -> Vec<u8> {
        let request = Request::decode(message).unwrap();
        let id = request.stamp.map_or(0, |stamp| stamp.id);
        let role = self.pump.sessions.at(place).unwrap().0.role();
        let done = Answer::Accepted(Accepted { id, at: s(0), dose: None, volume: None, duration: None });
        let answer = match (admit(role, self.pump.presence, &request.ask), &request.ask) {
            (Err(refusal), _) => Answer::Refused(Refused::of(id, s(0), &refusal.into())),
            (Ok(_), Ask::Propose(_)) => {
                let digest = self.terms.digest(Request::subject(message).unwrap());
                self.proposed = Some(digest);
                Answer::Proposal(Proposal {
                    id,
                    digest,
                    nonce: self.terms.nonce,
                    expires: Instant::new(self.terms.expiry_ms),
                    running: self.terms.running_version,
                    ledger: self.terms.ledger_number,
                    totals: heapless::Vec::new(),
                    bridge: None,
                    signatures: 2,
                })
            }
            (Ok(_), Ask::Commit(commit)) => {
                assert_eq!(self.proposed, Some(commit.digest));
                let second = commit.second.clone().map(SignatureBy::from);
                let first = Some(SignatureBy::from(commit.first.clone()));
                verify(&self.clinicians, commit.digest, first, second, Needed::Two).unwrap();
                self.running += 1;
                done
            }
            (Ok(_), _) => done,
        };
        let mut out = [0u8; 2_018];
        let len = answer.encode(&mut out).unwrap();
        out[..len].to_vec()
    }
}

/// Asks and comes back with the pump's answer to it.
fn ask(asker: &mut Asker, contact: &mut Contact, bedside: &mut Bedside, wish: Ask<'_>) -> (Vec<u8>, Vec<u8>) {
    asker.ask(wish, 0, [0; 8]).unwrap();
    assert!(matches!(asker.poll(), Some(Action::Keep(_))));
    let Some(Action::Send(message)) = asker.poll() else { panic!() };
    let sent = message.to_vec();
    let answer = bedside.hears(s(1), &asks(contact, s(1), &sent)).unwrap();
    let answer = reads(contact, s(1), &answer).unwrap();
    (sent, answer)
}

fn bedside() -> (Bedside, Contact, Asker) {
    let (mut pump, contact, _) = open_contact(s(0), Role::Programmer);
    pump.presence = true;
    let mut clinicians = [None; 8];
    clinicians[0] = Some(public(&PHYSICIAN));
    clinicians[1] = Some(public(&PHARMACIST));
    let terms = Terms { serial: SERIAL, running_version: 11, ledger_number: 42, nonce: [0x9C; 16], expiry_ms: 300_000 };
    (Bedside { pump, clinicians, terms, proposed: None, running: 11 }, contact, Asker::after(0))
}

#[test]
fn two_clinicians_sign_what_the_pump_understood_and_the_order_runs() {
    let (mut bedside, mut contact, mut asker) = bedside();
    let order =
        Propose { order: Bytes(b"the order's document"), running: 11, ledger: 42, bridge: None, without_bridge: None };
    let (sent, answer) = ask(&mut asker, &mut contact, &mut bedside, Ask::Propose(order));
    let Ok(Some(Outcome::Accepted(Answer::Proposal(told)))) = asker.hear(&answer) else { panic!() };

    // The programmer works the digest out for itself from what it sent: only the same order on the same pump gives the same.
    let terms = Terms {
        serial: SERIAL,
        running_version: told.running,
        ledger_number: told.ledger,
        nonce: told.nonce,
        expiry_ms: told.expires.get(),
    };
    let digest = terms.digest(Request::subject(&sent).unwrap());
    assert_eq!(digest, told.digest);
    assert_eq!(bedside.running, 11, "a proposal changes nothing");

    let commit =
        Commit { digest, first: sign(&PHYSICIAN, digest).into(), second: Some(sign(&PHARMACIST, digest).into()) };
    let (_, answer) = ask(&mut asker, &mut contact, &mut bedside, Ask::Commit(commit));
    assert!(matches!(asker.hear(&answer), Ok(Some(Outcome::Accepted(Answer::Accepted(_))))));
    assert_eq!(bedside.running, 12);
}

#[test]
fn a_programmer_carried_away_from_the_skin_is_refused_with_its_reason() {
    let (mut bedside, mut contact, mut asker) = bedside();
    bedside.pump.presence = false;
    let stop = Stop { reason: StopReason::Procedure, maximum: Duration::from_hours(1) };
    let (_, answer) = ask(&mut asker, &mut contact, &mut bedside, Ask::Stop(stop));
    match asker.hear(&answer) {
        Ok(Some(Outcome::Refused(Answer::Refused(refused)))) => {
            assert_eq!(refused.reasons[0].reason, orders::Reason::NoPresence);
        }
        other => panic!("{other:?}"),
    }
}
