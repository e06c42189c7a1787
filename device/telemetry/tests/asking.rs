//! Stories of a request whose answer may be lost. In all of them the pump counts what it begins, and it is never two.

use telemetry::asker::{Action, Asker, BadRecord, NotBegun, Outcome};
use telemetry::journal::{Sync, SyncFault};
use telemetry::message::answer::{Accepted, Answers, Ended, Kept, Nonce, Refused, Unknown, Why};
use telemetry::message::ask::{AskBolus, Propose, ReadStatus, SetClock};
use telemetry::message::{Answer, Ask, Bytes, Request, Wrong, answer};

use orders::{Instant, Reason, Refusal, WallTime};

/// A pump that does what the sentences say and no more: executes a higher id once, answers a kept one alike, and an old one with unknown.
#[derive(Default)]
struct Pump {
    last: u64,
    begun: u64,
    kept: Option<(u64, Vec<u8>)>,
    refuses: bool,
}

fn bytes(answer: &Answer<'_>) -> Vec<u8> {
    let mut out = [0u8; 2_018];
    let len = answer.encode(&mut out).unwrap();
    out[..len].to_vec()
}

impl Pump {
    fn hears(&mut self, message: &[u8]) -> Vec<u8> {
        let request = Request::decode(message).unwrap();
        let Some(stamp) = request.stamp else {
            if let Ask::Acknowledge(acknowledge) = request.ask
                && self.kept.as_ref().is_some_and(|(id, _)| *id <= acknowledge.id)
            {
                self.kept = None;
            }
            let kept = self.kept.iter().map(|(id, _)| Kept {
                id: *id,
                ended: Ended::Accepted,
                reason: None,
                at: Instant::ZERO,
            });
            return bytes(&Answer::Answers(Answers { kept: kept.collect(), last: self.last, last_dose: self.begun }));
        };
        if let Some((id, answer)) = &self.kept
            && *id == stamp.id
        {
            return answer.clone();
        }
        if stamp.id <= self.last {
            return bytes(&Answer::Unknown(Unknown { id: stamp.id, last: self.last, last_dose: self.begun }));
        }
        self.last = stamp.id;
        let answer = if self.refuses {
            let why = Why::from(&Refusal::plain(Reason::Lockout));
            let reasons = heapless::Vec::from_slice(&[why]).unwrap();
            Answer::Refused(Refused { id: stamp.id, reasons, more: 0, now: Instant::ZERO })
        } else {
            self.begun += 1;
            let dose = Some(self.begun);
            Answer::Accepted(Accepted { id: stamp.id, at: Instant::ZERO, dose, volume: None, duration: None })
        };
        let answer = bytes(&answer);
        self.kept = Some((stamp.id, answer.clone()));
        answer
    }
}

const BOLUS: Ask<'static> = Ask::AskBolus(AskBolus {});

/// What the handset has on disk.
#[derive(Default)]
struct Disk(Vec<u8>);

/// Does all there is to do; what was sent.
fn run(asker: &mut Asker, disk: &mut Disk) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    for _ in 0..10 {
        match asker.poll() {
            Some(Action::Keep(record)) => disk.0 = record.to_vec(),
            Some(Action::Send(message)) => sent.push(message.to_vec()),
            None => return sent,
        }
    }
    panic!("more to do than there can be");
}

#[test]
fn an_accepted_bolus_is_kept_first_sent_once_and_acknowledged() {
    let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
    assert_eq!(asker.ask(BOLUS, 7, *b"a nonce!"), Ok(1));
    assert!(matches!(asker.poll(), Some(Action::Keep(_))), "kept before anything is on air");
    let sent = run(&mut asker, &mut disk);
    assert_eq!(sent.len(), 1);
    let stamp = Request::decode(&sent[0]).unwrap().stamp.unwrap();
    assert_eq!((stamp.id, stamp.last_dose, &stamp.nonce), (1, 7, b"a nonce!"));

    let answer = pump.hears(&sent[0]);
    assert!(matches!(asker.hear(&answer), Ok(Some(Outcome::Accepted(Answer::Accepted(a)))) if a.dose == Some(1)));
    let sent = run(&mut asker, &mut disk);
    let kept = pump.hears(&sent[0]);
    assert_eq!(asker.hear(&kept), Ok(None));
    assert_eq!(run(&mut asker, &mut disk), Vec::<Vec<u8>>::new());
    assert!(pump.kept.is_none());
    assert_eq!((pump.begun, asker.outcome()), (1, None));
    assert_eq!(asker.ask(BOLUS, 8, *b"a nonce2"), Ok(2));
}

//= requirements/telemetry.md#unknown-is-an-outcome
//= type=test
//# The asking end MUST report a request without an answer as unknown, never as failed, and send only a query or the same id until it is known.
#[test]
fn a_lost_answer_is_unknown_and_asking_again_gives_one_dose() {
    let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
    asker.ask(BOLUS, 0, [0; 8]).unwrap();
    let first = run(&mut asker, &mut disk);
    pump.hears(&first[0]);
    asker.link_lost();
    assert_eq!(asker.outcome(), Some(Outcome::Unknown));

    // Pressing again, or asking anything else that changes something, begins nothing.
    assert_eq!(asker.ask(BOLUS, 0, [1; 8]), Err(NotBegun::OutcomeOpen { id: 1 }));
    let clock = Ask::SetClock(SetClock { wall: WallTime::new(1) });
    assert_eq!(asker.ask(clock, 0, [1; 8]), Err(NotBegun::OutcomeOpen { id: 1 }));
    assert!(asker.may_read());
    assert!(run(&mut asker, &mut disk).is_empty());

    asker.again();
    let second = run(&mut asker, &mut disk);
    assert_eq!(second, first, "the same bytes under the same id");
    let answer = pump.hears(&second[0]);
    assert!(matches!(asker.hear(&answer), Ok(Some(Outcome::Accepted(_)))));
    assert_eq!(pump.begun, 1);
}

#[test]
fn a_handset_that_dies_at_any_step_comes_back_and_there_is_one_dose() {
    for dies_after in 0..6 {
        let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
        asker.ask(BOLUS, 0, [0; 8]).unwrap();
        let mut steps = 0;
        let mut answers: Vec<Vec<u8>> = Vec::new();
        while steps < dies_after {
            match asker.poll() {
                Some(Action::Keep(record)) => disk.0 = record.to_vec(),
                Some(Action::Send(message)) => answers.push(pump.hears(message)),
                None => match answers.pop() {
                    Some(answer) => drop(asker.hear(&answer)),
                    None => break,
                },
            }
            steps += 1;
        }
        drop(asker);
        if disk.0.is_empty() {
            assert_eq!(pump.begun, 0, "nothing was on air before it was kept");
            continue;
        }
        let mut asker = Asker::restore(&disk.0).unwrap();
        asker.again();
        for message in run(&mut asker, &mut disk) {
            let answer = pump.hears(&message);
            let _ = asker.hear(&answer);
        }
        for message in run(&mut asker, &mut disk) {
            let answer = pump.hears(&message);
            let _ = asker.hear(&answer);
        }
        assert_eq!((pump.begun, asker.outcome()), (1, None), "died after {dies_after} steps");
        assert!(pump.kept.is_none(), "and the pump was told that it may forget, after {dies_after} steps");
    }
}

#[test]
fn a_refusal_is_an_outcome_with_its_reason() {
    let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
    pump.refuses = true;
    asker.ask(BOLUS, 0, [0; 8]).unwrap();
    let answer = pump.hears(&run(&mut asker, &mut disk)[0]);
    match asker.hear(&answer).unwrap() {
        Some(Outcome::Refused(Answer::Refused(refused))) => assert_eq!(refused.reasons[0].reason, Reason::Lockout),
        other => panic!("{other:?}"),
    }
    assert_eq!((pump.begun, asker.outcome()), (0, None));
}

#[test]
fn what_the_pump_itself_no_longer_knows_waits_for_a_person() {
    let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
    asker.ask(BOLUS, 0, [0; 8]).unwrap();
    let sent = run(&mut asker, &mut disk);
    pump.hears(&sent[0]);
    pump.kept = None;
    asker.link_lost();
    asker.again();
    let answer = pump.hears(&run(&mut asker, &mut disk)[0]);
    assert_eq!(asker.hear(&answer), Ok(Some(Outcome::Unresolved { last: 1, last_dose: 1 })));
    assert_eq!(pump.begun, 1);

    // It stays open over a restart; nothing else can be asked; nothing is sent by itself.
    run(&mut asker, &mut disk);
    let mut asker = Asker::restore(&disk.0).unwrap();
    assert!(matches!(asker.outcome(), Some(Outcome::Unresolved { .. })));
    assert_eq!(asker.ask(BOLUS, 1, [0; 8]), Err(NotBegun::OutcomeOpen { id: 1 }));
    asker.again();
    assert!(run(&mut asker, &mut disk).is_empty());
    asker.resolved_by_a_person(9);
    assert!(asker.outcome().is_some(), "another id settles nothing");
    asker.resolved_by_a_person(1);
    assert_eq!((asker.outcome(), asker.ask(BOLUS, 1, [0; 8])), (None, Ok(2)));
}

#[test]
fn answers_to_other_requests_and_readings_settle_nothing() {
    let (mut asker, mut disk) = (Asker::after(4), Disk::default());
    asker.ask(BOLUS, 0, [0; 8]).unwrap();
    run(&mut asker, &mut disk);
    let others = [
        Answer::Accepted(Accepted { id: 4, at: Instant::ZERO, dose: None, volume: None, duration: None }),
        Answer::Refused(Refused { id: 6, reasons: heapless::Vec::new(), more: 0, now: Instant::ZERO }),
        Answer::Nonce(Nonce { nonce: [0; 8], now: Instant::ZERO, expires: Instant::ZERO }),
        Answer::NotRead(answer::NotRead { part: 1, field: 0, wrong: Wrong::Type, id: None }),
        Answer::Answers(Answers { kept: heapless::Vec::new(), last: 5, last_dose: 0 }),
    ];
    for other in &others {
        assert_eq!(asker.hear(&bytes(other)), Ok(None));
        assert_eq!(asker.outcome(), Some(Outcome::Unknown));
    }
    assert!(asker.hear(b"no message").is_err());
    assert_eq!(asker.outcome(), Some(Outcome::Unknown));
    assert_eq!(asker.ask(Ask::ReadStatus(ReadStatus {}), 0, [0; 8]), Err(NotBegun::OutcomeOpen { id: 5 }));
}

#[test]
fn a_damaged_record_is_none() {
    let (mut asker, mut disk) = (Asker::after(0), Disk::default());
    asker.ask(BOLUS, 0, [0; 8]).unwrap();
    run(&mut asker, &mut disk);
    let mut other_version = disk.0.clone();
    other_version[0] = 2;
    assert_eq!(Asker::restore(&other_version).err(), Some(BadRecord::Version { got: 2 }));
    let mut other_id = disk.0.clone();
    other_id[2] ^= 1;
    assert_eq!(Asker::restore(&other_id).err(), Some(BadRecord::Request));
    let mut free_with_a_request = disk.0.clone();
    free_with_a_request[1] = 0;
    assert_eq!(Asker::restore(&free_with_a_request).err(), Some(BadRecord::Request));
    let mut no_stage = disk.0.clone();
    no_stage[1] = 3;
    assert_eq!(Asker::restore(&no_stage).err(), Some(BadRecord::Stage { got: 3 }));
    for cut in 0..disk.0.len() {
        assert!(Asker::restore(&disk.0[..cut]).is_err());
    }
}

#[test]
fn a_link_lost_before_sending_sends_nothing_until_there_is_one_again() {
    let (mut asker, mut disk) = (Asker::after(0), Disk::default());
    asker.ask(BOLUS, 3, [0; 8]).unwrap();
    assert!(matches!(asker.poll(), Some(Action::Keep(_))));
    asker.link_lost();
    assert!(run(&mut asker, &mut disk).is_empty());
    let (id, request) = asker.open().unwrap();
    assert_eq!((id, request.ask, request.stamp.unwrap().last_dose), (1, BOLUS, 3));
    asker.again();
    assert_eq!(run(&mut asker, &mut disk).len(), 1);
}

#[test]
fn an_acknowledgement_is_owed_until_the_pump_no_longer_keeps_the_answer_also_over_a_restart() {
    let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
    assert!(asker.open().is_none());
    asker.ask(BOLUS, 0, [0; 8]).unwrap();
    let answer = pump.hears(&run(&mut asker, &mut disk)[0]);
    asker.hear(&answer).unwrap();
    let lost = run(&mut asker, &mut disk);
    assert_eq!(lost.len(), 1, "acknowledged, and lost on the way");

    // A restart sends it again by itself; so does a new contact.
    let mut asker = Asker::restore(&disk.0).unwrap();
    assert_eq!(run(&mut asker, &mut disk), lost);
    asker.again();
    assert_eq!(run(&mut asker, &mut disk), lost);

    // A list that still holds the answer settles nothing; one without it does.
    let still = bytes(&Answer::Answers(Answers {
        kept: heapless::Vec::from_slice(&[Kept { id: 1, ended: Ended::Accepted, reason: None, at: Instant::ZERO }])
            .unwrap(),
        last: 1,
        last_dose: 1,
    }));
    assert_eq!(asker.hear(&still), Ok(None));
    asker.again();
    assert_eq!(run(&mut asker, &mut disk), lost);
    let gone = pump.hears(&lost[0]);
    assert_eq!(asker.hear(&gone), Ok(None));
    asker.again();
    assert!(run(&mut asker, &mut disk).is_empty());
    let mut asker = Asker::restore(&disk.0).unwrap();
    assert!(run(&mut asker, &mut disk).is_empty());
    asker.again();
    assert!(run(&mut asker, &mut disk).is_empty());

    // Nothing owed: a list changes nothing, and nothing is kept anew.
    assert_eq!(asker.hear(&still), Ok(None));
    assert_eq!(asker.hear(&gone), Ok(None));
    assert!(asker.poll().is_none());
}

#[test]
fn the_longest_order_is_kept_whole() {
    let order = [0xFF; orders::Prescription::BYTES_MAX];
    let propose = Propose {
        order: Bytes(&order),
        running: u64::MAX,
        ledger: u32::MAX,
        bridge: None,
        without_bridge: Some(u8::MAX),
    };
    let (mut asker, mut disk) = (Asker::after(u64::MAX - 1), Disk::default());
    asker.ask(Ask::Propose(propose.clone()), u64::MAX, [0xFF; 8]).unwrap();
    run(&mut asker, &mut disk);
    let asker = Asker::restore(&disk.0).unwrap();
    assert_eq!(asker.open().unwrap().1.ask, Ask::Propose(propose));

    let too_long = [0xFF; 2_010];
    let propose = Propose { order: Bytes(&too_long), running: 0, ledger: 0, bridge: None, without_bridge: None };
    assert_eq!(Asker::after(0).ask(Ask::Propose(propose), 0, [0; 8]), Err(NotBegun::TooLong));
    assert_eq!(Asker::after(u64::MAX).ask(BOLUS, 0, [0; 8]), Err(NotBegun::NoIds));
}

proptest::proptest! {
    /// The radio loses what it likes, both ends die when they like; each request is begun at most once, and what is reported is what happened.
    #[test]
    fn whatever_is_lost_each_request_is_begun_at_most_once_and_the_report_is_true(
        steps in proptest::collection::vec(0u8..6, 1..80),
        refuses in proptest::collection::vec(proptest::bool::ANY, 80),
    ) {
        let (mut asker, mut disk, mut pump) = (Asker::after(0), Disk::default(), Pump::default());
        let (mut on_air, mut answers) = (Vec::<Vec<u8>>::new(), Vec::<Vec<u8>>::new());
        // An outcome heard just before a death is told again after it: of the same request.
        let (mut asked, mut accepted) = (0, std::collections::BTreeSet::new());
        for (step, refuses) in steps.into_iter().zip(refuses) {
            pump.refuses = refuses;
            match step {
                0 => asked += u64::from(asker.ask(BOLUS, 0, [0; 8]).is_ok()),
                1 => on_air.extend(run(&mut asker, &mut disk)),
                2 => answers.extend(on_air.pop().map(|message| pump.hears(&message))),
                3 => {
                    if let Some(answer) = answers.pop()
                        && let Some(Outcome::Accepted(answer)) = asker.hear(&answer).unwrap()
                    {
                        accepted.insert(answer.settles());
                    }
                }
                4 => {
                    asker.link_lost();
                    on_air.clear();
                    asker.again();
                }
                _ => {
                    // Dies. What was asked and never kept was never on air either.
                    if disk.0.is_empty() {
                        asker = Asker::after(0);
                        asked = 0;
                    } else {
                        asker = Asker::restore(&disk.0).unwrap();
                    }
                }
            }
            proptest::prop_assert!(pump.begun <= asked, "begun {} of {} asked", pump.begun, asked);
            let told = u64::try_from(accepted.len()).unwrap();
            proptest::prop_assert!(told <= pump.begun, "told {} of {} begun", told, pump.begun);
        }
    }
}

fn journal(asked: u64, first: u64, next: u64, records: &[u8]) -> answer::Journal<'_> {
    answer::Journal { asked, first, next, records: Bytes(records) }
}

#[test]
fn a_journal_is_fetched_number_by_number_and_what_is_missing_is_told() {
    let records = [0xAA; 96];
    let mut sync = Sync::from(10);
    assert!(matches!(sync.question(), Ask::ReadJournal(read) if read.from == 10 && read.most == 56));

    let fetched = sync.take(&journal(10, 10, 20, &records)).unwrap();
    assert_eq!((fetched.lost, fetched.first, fetched.records.len(), fetched.more), (0, 10, 96, true));
    assert_eq!(sync.next(), 13);

    // The same answer again brings nothing.
    let again = sync.take(&journal(10, 10, 20, &records));
    assert_eq!(again, Err(SyncFault::OtherQuestion { asked: 10, wanted: 13 }));

    // Four records were overwritten before they could be fetched.
    let fetched = sync.take(&journal(13, 17, 20, &records)).unwrap();
    assert_eq!((fetched.lost, fetched.first, fetched.more), (4, 17, false));
    assert_eq!(sync.next(), 20);

    assert_eq!(sync.take(&journal(20, 20, 20, &[])).map(|fetched| fetched.more), Ok(false));
    assert_eq!(sync.take(&journal(20, 20, 21, &records[..33])), Err(SyncFault::Ragged { len: 33 }));
    assert_eq!(sync.take(&journal(20, 19, 30, &records)), Err(SyncFault::Contradiction));
    assert_eq!(sync.take(&journal(20, 20, 22, &records)), Err(SyncFault::Contradiction));
    assert_eq!(sync.next(), 20);
}
