//! Days of a pump with its devices, told whole: over the link, through the stores, to the strokes that moved.

mod bench;

use bench::*;
use implant::{Cause, Implant, Input, REJECTED_MAX};
use orders::prescription::Mode;
use orders::{AlarmId, Duration, FlowRate, Prescription, Reason};
use pump::journal::{Key, open};
use telemetry::message::answer::Doing;
use telemetry::message::ask::*;
use telemetry::message::{Answer, Ask, Request};
use telemetry::peer::{CardSecret, Role};
use telemetry::sign::{card_proof, public};

const BOLUS: Ask<'static> = Ask::AskBolus(AskBolus {});
const STATUS: Ask<'static> = Ask::ReadStatus(ReadStatus {});

fn stop() -> Ask<'static> {
    Ask::Stop(Stop { reason: StopReason::Procedure, maximum: Duration::from_hours(1) })
}

fn reduced(number: u64) -> Prescription {
    Prescription { order_number: number, mode: Mode::Continuous(FlowRate::new(180_000)), ..morphine() }
}

/// At 09:10 of the third day, paired, programmed and running.
fn third_day() -> (Bench, Device, Device) {
    let (mut bench, nurse, handset) = visit(&morphine());
    bench.to("day 3 09:10");
    (bench, nurse, handset)
}

//= requirements/delivery.md#bounded-work
//= type=test
//# After any input the implant MUST come to rest within a stated number of actions.
//= requirements/telemetry.md#tells-everything
//= type=test
//# An interrogation MUST be able to read order, state, ledger, journal from a number, alarms, battery, device and versions.
#[test]
// The bench counts the actions after every input.
fn a_first_day_is_paired_filled_signed_primed_and_given_to_the_stroke_and_everything_can_be_read() {
    let (mut bench, _, mut handset) = visit(&morphine());
    let started = bench.world.now;
    bench.to("day 2 08:00");
    let moved = bench.moved_between(started, bench.world.now);
    assert!((239_500..=240_500).contains(&moved), "{moved} nL instead of 240 mcL");

    let mut talk = handset.opens(&mut bench);
    let heard = talk.reads(&mut bench, STATUS).unwrap();
    let Answer::Status(status) = heard.answer() else { panic!() };
    assert_eq!((status.doing, status.order, status.level), (Doing::Running, 1, 0));
    let heard = talk.reads(&mut bench, Ask::ReadPrescription(ReadPrescription {})).unwrap();
    let Answer::Running(running) = heard.answer() else { panic!() };
    assert_eq!(Prescription::decode(running.order.unwrap().0), Ok(morphine()));
    let heard = talk.reads(&mut bench, Ask::ReadLedger(ReadLedger {})).unwrap();
    let Answer::Fluid(fluid) = heard.answer() else { panic!() };
    assert_eq!(orders::Ledger::decode(fluid.ledger.0).as_ref(), Ok(bench.implant.pump().ledger()));
    let heard = talk.reads(&mut bench, Ask::ReadHours(ReadHours { from: 24, most: 4 })).unwrap();
    let Answer::Hours(hours) = heard.answer() else { panic!() };
    assert_eq!(hours.hours.iter().map(|hour| hour.hour).collect::<Vec<_>>(), [24, 25, 26, 27]);
    assert!(hours.hours.iter().all(|hour| (9_500..=10_500).contains(&hour.basal.get()) && hour.extra.is_zero()));
    let heard = talk.reads(&mut bench, Ask::ReadDevice(ReadDevice {})).unwrap();
    let Answer::Device(device) = heard.answer() else { panic!() };
    assert_eq!((device.serial, device.software, device.catheter.unwrap().get()), (77, [0, 1, 0], 198_000));
    for ask in [Ask::ReadAlarms(ReadAlarms {}), Ask::ReadBattery(ReadBattery {})] {
        assert!(matches!(talk.reads(&mut bench, ask).unwrap().answer(), Answer::Alarms(_) | Answer::Battery(_)));
    }
}

//= requirements/journal.md#numbered-and-tagged
//= type=test
//# Every journal record MUST carry a running number and a keyed tag, so that a missing, an altered or a forged record shows.
#[test]
fn the_journal_is_told_from_a_number_on_whole_and_genuine() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let mut sync = telemetry::journal::Sync::from(0);
    let mut number = 0;
    loop {
        let heard = talk.reads(&mut bench, sync.question()).unwrap();
        let Answer::Journal(journal) = heard.answer() else { panic!() };
        let fetched = sync.take(&journal).unwrap();
        assert_eq!((fetched.lost, fetched.first), (0, number));
        for record in fetched.records.chunks(32) {
            let record = open(&Key([7; 16]), record.try_into().unwrap()).expect("a genuine record");
            assert_eq!(u64::from(record.number), number);
            assert!(record.event.is_some());
            number += 1;
        }
        if !fetched.more {
            break;
        }
    }
    assert!(number > 60, "{number} records in two days");
    assert_eq!(bench.implant.pump().journal().next(), number as u32);
}

//= requirements/telemetry.md#answer-stored-first
//= type=test
//# The implant MUST store the answer with the acceptance before the first stroke and keep it until its peer has acknowledged it.
//= requirements/journal.md#dose-record-first
//= type=test
//# The implant MUST write the dose record durably before each stroke and again once the stroke is confirmed or given up.
#[test]
fn what_a_bolus_needs_is_written_before_it_is_told_and_told_before_it_is_given() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    bench.world.log.clear();
    let request = encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
    talk.says(&mut bench, &request).unwrap().accepted();
    let place = |what: &str| bench.world.log.iter().position(|done| done.starts_with(what));
    let (mark, dose) = (place("write Peer(1").unwrap(), place("write Dose").unwrap());
    let (answer, send) = (place("write Answer(1").unwrap(), place("send").unwrap());
    assert!(mark < dose && dose < answer && answer < send, "{:?}", bench.world.log);
    assert!(place("step").is_none_or(|step| send < step), "{:?}", bench.world.log);
    bench.world.log.clear();
    bench.to("day 3 09:30");
    let log: Vec<&str> =
        bench.world.log.iter().map(String::as_str).filter(|w| *w == "step" || w.starts_with("write Dose")).collect();
    let steps: Vec<usize> = (0..log.len()).filter(|i| log[*i] == "step").collect();
    assert!(steps.len() >= 40);
    for step in steps {
        assert!(log[step - 1] != "step" && log.get(step + 1).is_none_or(|next| *next != "step"));
    }
}

//= requirements/telemetry.md#rising-ids
//= type=test
//# The pump MUST execute a request only when its id is higher than every id that it has seen from that peer.
//# The pump MUST answer a repeated id with the stored answer.
#[test]
fn the_same_request_again_gets_the_same_answer_and_nothing_moves_for_it() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    let request = encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
    let frame = talk.seals(&bench, &request);
    // The reply is lost; then the very frame comes again, and then the request in a new frame and a new contact.
    bench.hears(talk.link, &frame);
    assert_eq!(bench.hears(talk.link, &frame), Vec::<Vec<u8>>::new(), "a repeated frame has no effect");
    let first = talk.says(&mut bench, &request).unwrap();
    assert_eq!(first.accepted().dose, Some(bench.implant.pump().last_dose()));
    bench.to("day 3 09:30");
    let mut talk = handset.opens(&mut bench);
    assert_eq!(talk.says(&mut bench, &request), Some(first));
    bench.to("day 3 10:30");
    let extra = bench.moved_between(at("day 3 09:10"), at("day 3 10:30"));
    assert!(extra.abs_diff(20_000 + 240_000 * 80 / 1440) <= 500, "{extra} nL: one bolus and the basal");
}

//= requirements/telemetry.md#rising-ids
//= type=test
//# The pump MUST answer an old id whose answer it no longer holds with unknown, the last id and the last dose.
#[test]
fn an_old_request_whose_answer_was_acknowledged_is_unknown_and_never_done() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    let request = encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
    talk.says(&mut bench, &request).unwrap().accepted();
    let heard = talk.reads(&mut bench, Ask::ReadAnswers(ReadAnswers {})).unwrap();
    let Answer::Answers(kept) = heard.answer() else { panic!() };
    assert_eq!(kept.kept[0].id, stamp.id);
    let heard = talk.reads(&mut bench, Ask::Acknowledge(Acknowledge { id: stamp.id })).unwrap();
    let Answer::Answers(kept) = heard.answer() else { panic!() };
    assert!(kept.kept.is_empty());
    let heard = talk.says(&mut bench, &request).unwrap();
    let Answer::Unknown(unknown) = heard.answer() else { panic!("{heard:?}") };
    assert_eq!((unknown.id, unknown.last, unknown.last_dose), (stamp.id, stamp.id, bench.implant.pump().last_dose()));
}

//= requirements/telemetry.md#expiry
//= type=test
//# The pump MUST refuse a request whose expiry on the pump's own clock has passed or whose nonce the pump did not issue.
//# The pump MUST refuse a request for a bolus that names another last dose than the pump's own.
#[test]
fn a_wish_from_half_a_minute_ago_or_on_an_old_record_is_refused() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let mut stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    let late = bench.world.now + 31 * SECOND;
    bench.run_until(late);
    let ask = |stamp| encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
    assert_eq!(talk.says(&mut bench, &ask(stamp)).unwrap().reason(), Reason::Expired);
    stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    stamp.nonce[0] ^= 1;
    assert_eq!(talk.says(&mut bench, &ask(stamp)).unwrap().reason(), Reason::Expired);
    stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    stamp.last_dose += 1;
    assert_eq!(talk.says(&mut bench, &ask(stamp)).unwrap().reason(), Reason::StaleDose);
    bench.to("day 3 10:10");
    let moved = bench.moved_between(at("day 3 09:10"), at("day 3 10:10"));
    assert!(moved.abs_diff(10_000) <= 500, "{moved} nL: no bolus was given");
    talk = handset.opens(&mut bench);
    handset.asks(&mut bench, &mut talk, BOLUS).unwrap().accepted();
}

//= requirements/telemetry.md#roles
//= type=test
//# The pump MUST refuse every request that the role of its peer does not hold, and a patient's controller holds only asking for a bolus, reading and silencing.
#[test]
fn a_handset_cannot_stop_and_a_programmer_cannot_ask_for_the_patient() {
    let (mut bench, mut nurse, mut handset) = third_day();
    bench.presence(true);
    let (mut one, mut other) = (nurse.opens(&mut bench), handset.opens(&mut bench));
    assert_eq!(handset.asks(&mut bench, &mut other, stop()).unwrap().reason(), Reason::WrongRole);
    assert_eq!(nurse.asks(&mut bench, &mut one, BOLUS).unwrap().reason(), Reason::WrongRole);
    assert_eq!(bench.implant.pump().state(), pump::transitions::State::Running);
    assert_eq!(bench.implant.pump().last_dose(), 1, "the prime of the visit and nothing since");
}

//= requirements/telemetry.md#presence
//= type=test
//# Without near-field presence in the last 60 s the pump MUST refuse a commit, a stop, an emergency, a refill, a ledger event and a clock setting.
//= requirements/reservoir.md#both-volumes
//= type=test
//# The pump MUST NOT set its reservoir volume without the drawn-off volume, the filled volume and an authenticated clinician.
#[test]
fn a_minute_after_the_programmer_was_taken_away_it_can_only_read() {
    let (mut bench, mut nurse, _) = third_day();
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let (document, running, ledger) = propose(&bench, &reduced(2));
    let told = nurse.asks(&mut bench, &mut talk, proposal(&document, running, ledger)).unwrap().proposal();
    bench.presence(false);
    let gone = bench.world.now + 60 * SECOND;
    bench.run_until(gone);
    let drawn = CatheterPortAspiration { volume: orders::Volume::new(1_000_000) };
    let clock = Ask::SetClock(SetClock { wall: orders::WallTime::new(1_782_000_000_000) });
    let filled = refill(&bench, 10_000_000);
    let asks = [
        commit(told.digest, [Some(PHYSICIAN), None]),
        stop(),
        Ask::Emergency(Emergency {}),
        filled,
        Ask::CatheterPortAspiration(drawn),
        clock,
    ];
    for ask in asks {
        assert_eq!(nurse.asks(&mut bench, &mut talk, ask).unwrap().reason(), Reason::NoPresence);
    }
    assert_eq!(bench.implant.pump().order().unwrap().order_number, 1);
    assert_eq!(bench.implant.pump().ledger().number, ledger, "nothing was filled");
    bench.presence(true);
    bench.presence(false);
    let soon = bench.world.now + 59 * SECOND;
    bench.run_until(soon);
    nurse.asks(&mut bench, &mut talk, stop()).unwrap().accepted();
}

//= requirements/telemetry.md#signed-commit
//= type=test
//# The pump MUST refuse a commit without a valid Ed25519 signature by an enrolled clinician over that digest.
//# Where the order asks for two signatures, the pump MUST refuse a commit without those of two different clinicians.
#[test]
fn an_order_for_two_needs_two_different_clinicians_and_its_author_among_them() {
    let (mut bench, mut nurse, _) = third_day();
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let (document, running, ledger) = propose(&bench, &Prescription { signatures: 2, ..reduced(2) });
    let told = nurse.asks(&mut bench, &mut talk, proposal(&document, running, ledger)).unwrap().proposal();
    assert_eq!(told.signatures, 2);
    let stranger = [0x99; 32];
    for signers in [
        [Some(PHYSICIAN), None],
        [Some(PHYSICIAN), Some(PHYSICIAN)],
        [Some(PHYSICIAN), Some(stranger)],
        [Some(nurse.secret), Some(PHYSICIAN)],
    ] {
        let ask = commit(told.digest, signers);
        assert_eq!(nurse.asks(&mut bench, &mut talk, ask).unwrap().reason(), Reason::BadSignature);
    }
    assert_eq!(bench.implant.pump().order().unwrap().order_number, 1);
    let ask = commit(told.digest, [Some(PHARMACIST), Some(PHYSICIAN)]);
    nurse.asks(&mut bench, &mut talk, ask).unwrap().accepted();
    assert_eq!(bench.implant.pump().order().unwrap().order_number, 2);

    // The pharmacist alone cannot sign the physician's order.
    let (document, running, ledger) = propose(&bench, &reduced(3));
    let heard = nurse.proposes(&mut bench, &mut talk, proposal(&document, running, ledger), [Some(PHARMACIST), None]);
    assert_eq!(heard.unwrap().reason(), Reason::BadSignature);
}

//= requirements/telemetry.md#commit-voids-the-rest
//= type=test
//# A commit MUST void every other proposal, and one whose digest names another running version, another ledger number or an expired nonce is refused.
#[test]
fn an_order_signed_before_someone_elses_reduction_does_not_undo_it() {
    let (mut bench, mut nurse, _) = third_day();
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let (document, running, ledger) = propose(&bench, &Prescription { order_number: 3, ..morphine() });
    let before = nurse.asks(&mut bench, &mut talk, proposal(&document, running, ledger)).unwrap().proposal();
    let (document, running, ledger) = propose(&bench, &reduced(2));
    let mine = nurse.asks(&mut bench, &mut talk, proposal(&document, running, ledger)).unwrap().proposal();
    nurse.asks(&mut bench, &mut talk, commit(mine.digest, [Some(PHYSICIAN), None])).unwrap().accepted();
    for digest in [before.digest, mine.digest] {
        let heard = nurse.asks(&mut bench, &mut talk, commit(digest, [Some(PHYSICIAN), None])).unwrap();
        assert_eq!(heard.reason(), Reason::NoProposal);
    }
    // Proposed against what ran before, or on an older ledger.
    let late = nurse.asks(&mut bench, &mut talk, proposal(&document, 1, ledger)).unwrap();
    assert_eq!(late.reason(), Reason::StaleVersion);
    let (document, running, ledger) = propose(&bench, &reduced(3));
    let waiting = nurse.asks(&mut bench, &mut talk, proposal(&document, running, ledger)).unwrap().proposal();
    let filled = refill(&bench, 18_000_000);
    nurse.asks(&mut bench, &mut talk, filled).unwrap().accepted();
    let heard = nurse.asks(&mut bench, &mut talk, commit(waiting.digest, [Some(PHYSICIAN), None])).unwrap();
    assert_eq!(heard.reason(), Reason::StaleLedger);
    assert_eq!(bench.implant.pump().order().unwrap().order_number, 2);
    // And a quarter of an hour is long enough to read a page.
    let (document, running, ledger) = propose(&bench, &reduced(3));
    let waiting = nurse.asks(&mut bench, &mut talk, proposal(&document, running, ledger)).unwrap().proposal();
    let late = bench.world.now + 15 * MINUTE;
    bench.run_until(late);
    let mut talk = nurse.opens(&mut bench);
    let heard = nurse.asks(&mut bench, &mut talk, commit(waiting.digest, [Some(PHYSICIAN), None])).unwrap();
    assert_eq!(heard.reason(), Reason::Expired);
}

//= requirements/telemetry.md#proposal-and-digest
//= type=test
//# The pump MUST answer a proposal with its own totals and a digest over its serial, running version, ledger number, a nonce, an expiry and the order.
#[test]
fn a_proposal_is_answered_with_the_pumps_own_numbers_and_a_digest_that_both_can_work_out() {
    let (mut bench, mut nurse, _) = third_day();
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let stamp = nurse.stamp(&mut bench, &mut talk).unwrap();
    let (document, running, ledger) = propose(&bench, &reduced(2));
    let sent = encoded(&Request { ask: proposal(&document, running, ledger), stamp: Some(stamp) });
    let told = talk.says(&mut bench, &sent).unwrap().proposal();
    let terms = telemetry::sign::Terms {
        serial: SERIAL,
        running_version: 1,
        ledger_number: ledger,
        nonce: told.nonce,
        expiry_ms: told.expires.get(),
    };
    assert_eq!(terms.digest(Request::subject(&sent).unwrap()), told.digest);
    let [total] = told.totals.as_slice() else { panic!("{:?}", told.totals) };
    // 180 mcg/day now, 240 before; four boluses of 20 mcg on top.
    assert_eq!(total.basal.get(), mcg(180).get());
    assert_eq!(total.basal_before.map(|rate| rate.get()), Some(mcg(240).get()));
    assert_eq!(total.all.get(), mcg(260).get());
    assert_eq!(bench.implant.pump().order().unwrap().order_number, 1, "a proposal changes nothing");
}

//= requirements/telemetry.md#clinician-keys
//= type=test
//# The pump MUST enrol a clinician's key only with presence and the card's secret, and no ninth one.
//= requirements/telemetry.md#signed-commit
//= type=test
//# The pump MUST refuse a device's session key as a clinician's key.
#[test]
fn the_ninth_clinician_one_without_the_card_and_a_device_are_not_enrolled() {
    let (mut bench, mut nurse, _) = third_day();
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let mut enrol = |bench: &mut Bench, key, card: [u8; 16]| {
        let stamp = nurse.stamp(bench, &mut talk).unwrap();
        let proof = card_proof(&CardSecret(card), SERIAL, &stamp.nonce, &key, 9);
        let ask = Ask::EnrolClinician(EnrolClinician { key, author: 9, proof });
        talk.says(bench, &encoded(&Request { ask, stamp: Some(stamp) })).unwrap()
    };
    assert_eq!(enrol(&mut bench, public(&[1; 32]), *b"another's card!!").reason(), Reason::BadSignature);
    let session = telemetry::noise::public(&telemetry::peer::SecretKey([0x30; 32]));
    let session = telemetry::sign::ClinicianKey(session.0);
    assert_eq!(enrol(&mut bench, session, CARD).reason(), Reason::WrongRole);
    for person in 1..=6 {
        enrol(&mut bench, public(&[person; 32]), CARD).accepted();
    }
    assert_eq!(enrol(&mut bench, public(&[7; 32]), CARD).reason(), Reason::Full);
    let heard = nurse.asks(&mut bench, &mut talk, Ask::RevokeClinician(RevokeClinician { key: public(&[1; 32]).id() }));
    heard.unwrap().accepted();
    let mut bench = bench.restart(Cause::BrownOut);
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let (document, running, ledger) = propose(&bench, &reduced(2));
    let heard = nurse.proposes(&mut bench, &mut talk, proposal(&document, running, ledger), [Some([1; 32]), None]);
    assert_eq!(heard.unwrap().reason(), Reason::BadSignature, "struck off the list, also after a restart");
}

#[test]
fn a_revoked_handset_is_a_stranger_also_after_a_restart() {
    let (mut bench, mut nurse, mut handset) = third_day();
    bench.presence(true);
    let (mut one, mut other) = (nurse.opens(&mut bench), handset.opens(&mut bench));
    let label = *b"Ann's handset\0\0\0";
    let named = Ask::EnrolPeer(EnrolPeer { place: 1, label });
    nurse.asks(&mut bench, &mut one, named).unwrap().accepted();
    let wrong = Ask::RevokePeer(RevokePeer { place: 1, label: [0; 16] });
    assert_eq!(nurse.asks(&mut bench, &mut one, wrong).unwrap().reason(), Reason::Contradiction);
    assert!(other.reads(&mut bench, STATUS).is_some());
    nurse.asks(&mut bench, &mut one, Ask::RevokePeer(RevokePeer { place: 1, label })).unwrap().accepted();
    assert_eq!(other.reads(&mut bench, STATUS), None, "its contact has ended");
    let mut bench = bench.restart(Cause::Watchdog);
    assert!(handset.greets(&mut bench).is_none());
}

//= requirements/telemetry.md#sealed-frames
//= type=test
//# The implant MUST NOT act on bytes that are not one whole, sealed frame of an open session.
#[test]
fn half_a_message_and_an_altered_one_do_nothing_and_the_next_whole_one_is_answered() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    let request = encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
    let whole = talk.seals(&bench, &request);
    for cut in 0..whole.len() {
        assert!(bench.hears(talk.link, &whole[..cut]).is_empty(), "cut at {cut}");
    }
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert!(bench.hears(talk.link, &altered).is_empty());
    assert_eq!(bench.implant.pump().last_dose(), 1);
    // A whole frame with half a request in it.
    let heard = talk.says(&mut bench, &request[..request.len() - 1]).unwrap();
    assert!(matches!(heard.answer(), Answer::NotRead(_)));
    assert_eq!(bench.implant.pump().last_dose(), 1);
    talk.says(&mut bench, &request).unwrap().accepted();
    let long = vec![6; 3_000];
    let refused = bench.implant.handle(bench.world.now, Input::Bytes { link: talk.link, bytes: &long });
    assert_eq!(refused.unwrap_err().reason, Reason::Malformed);
}

#[test]
fn the_power_goes_in_the_middle_of_a_bolus_and_its_answer_is_still_known() {
    let (mut bench, _, mut handset) = third_day();
    let mut talk = handset.opens(&mut bench);
    let stamp = handset.stamp(&mut bench, &mut talk).unwrap();
    let request = encoded(&Request { ask: BOLUS, stamp: Some(stamp) });
    let first = talk.says(&mut bench, &request).unwrap();
    bench.to("day 3 09:14");
    let mut bench = bench.restart(Cause::BrownOut);
    let before = bench.world.moved.len();
    let mut talk = handset.opens(&mut bench);
    assert_eq!(talk.says(&mut bench, &request), Some(first));
    bench.to("day 3 09:40");
    assert!(bench.world.moved.len() - before <= 10, "the bolus did not go on");
    talk = handset.opens(&mut bench);
    assert_eq!(handset.asks(&mut bench, &mut talk, BOLUS).unwrap().reason(), Reason::Lockout);
}

//= requirements/telemetry.md#never-holds-up-delivery
//= type=test
//# A session MUST NOT delay, stop or change a delivery by being open, idle, cut off or absent.
#[test]
fn strokes_come_at_the_same_moments_with_sessions_open_idle_cut_off_and_none() {
    let strokes = |talks: bool| {
        let (mut bench, mut nurse, mut handset) = third_day();
        for hour in 10..14 {
            if talks {
                let (mut one, mut other) = (nurse.opens(&mut bench), handset.opens(&mut bench));
                one.reads(&mut bench, STATUS).unwrap();
                other.reads(&mut bench, Ask::ReadJournal(ReadJournal { from: 0, most: 56 })).unwrap();
                let frame = one.seals(&bench, b"cut off in the middle");
                bench.hears(one.link, &frame[..20]);
            }
            bench.run_until(at("day 3 00:00") + hour * HOUR);
        }
        bench.world.moved.clone()
    };
    assert_eq!(strokes(true), strokes(false));
}

//= requirements/telemetry.md#never-holds-up-delivery
//= type=test
//# A session MUST end at its time-outs, whatever the other end does.
#[test]
fn a_contact_left_lying_is_over_after_two_minutes_and_one_kept_alive_after_an_hour() {
    let (mut bench, mut nurse, mut handset) = third_day();
    let (mut idle, mut long) = (nurse.opens(&mut bench), handset.opens(&mut bench));
    let (asked, began) = (encoded(&Request { ask: STATUS, stamp: None }), bench.world.now);
    assert!(idle.says(&mut bench, &asked).is_some() && long.says(&mut bench, &asked).is_some());
    // Sealed while its asker still believes in the contact.
    let late = idle.seals(&bench, &asked);
    bench.run_until(began + 119 * SECOND);
    assert!(long.reads(&mut bench, STATUS).is_some());
    bench.run_until(began + 120 * SECOND);
    let Some(turned) = bench.hears(idle.link, &late).pop() else { panic!() };
    assert_eq!(idle.hears(&bench, &turned), None);
    for minute in 3..60 {
        bench.run_until(began + minute * MINUTE);
        assert!(long.reads(&mut bench, STATUS).is_some(), "minute {minute}");
    }
    let frame = long.seals(&bench, &asked);
    bench.run_until(began + 60 * MINUTE);
    let answers = bench.hears(long.link, &frame);
    assert!(answers.iter().all(|answer| long.hears(&bench, answer).is_none()));
}

#[test]
fn two_devices_at_once_each_hear_their_own() {
    let (mut bench, mut nurse, mut handset) = third_day();
    bench.presence(true);
    let (mut one, mut other) = (nurse.opens(&mut bench), handset.opens(&mut bench));
    let (first, second) = (nurse.stamp(&mut bench, &mut one), handset.stamp(&mut bench, &mut other));
    let bolus = encoded(&Request { ask: BOLUS, stamp: second });
    let stopped = encoded(&Request { ask: stop(), stamp: first });
    assert_eq!(other.says(&mut bench, &bolus).unwrap().accepted().id, second.unwrap().id);
    assert_eq!(one.says(&mut bench, &stopped).unwrap().accepted().id, first.unwrap().id);
    // A nonce belongs to whom it was issued.
    let stolen = handset.stamp(&mut bench, &mut other).map(|stamp| telemetry::message::Stamp { id: 9_000, ..stamp });
    let request = encoded(&Request { ask: Ask::Resume(Resume {}), stamp: stolen });
    assert_eq!(one.says(&mut bench, &request).unwrap().reason(), Reason::Expired);
}

#[test]
fn strangers_are_told_once_and_the_alarm_heals_after_a_quiet_hour() {
    let (mut bench, _, handset) = third_day();
    let mut stranger = Device::new(Role::Programmer, 3);
    stranger.known =
        handset.known.map(|known| telemetry::contact::KnownPump { psk: telemetry::peer::Psk([1; 32]), ..known });
    for _ in 0..REJECTED_MAX {
        let mut out = [0u8; 2_048];
        let known = stranger.known.clone().unwrap();
        let opening = telemetry::contact::Opening { id: telemetry::wire::SessionId(5), role: Role::Programmer };
        let secret = telemetry::peer::SecretKey([3; 32]);
        let now = orders::Instant::new(bench.world.now);
        let fresh = telemetry::noise::Entropy([5; 32]);
        let hello = telemetry::contact::Contact::open(now, opening, &secret, &known, fresh, &mut out).unwrap().1;
        bench.hears(stranger.link, &out[..hello]);
    }
    let stands = |bench: &Bench| bench.implant.pump().alarms().stands(AlarmId::TelemetryRejected);
    assert!(stands(&bench));
    bench.to("day 3 10:00");
    assert!(stands(&bench));
    bench.to("day 3 10:20");
    assert!(!stands(&bench));
}

//= requirements/telemetry.md#radio-budget
//= type=test
//# When the daily energy budget for wake-ups and handshakes is spent, the implant MUST answer only a peer with presence.
#[test]
fn when_the_days_radio_is_used_up_only_who_stands_beside_the_patient_is_answered() {
    let (mut bench, mut nurse, mut handset) = third_day();
    let mut answered = 0;
    while handset.greets(&mut bench).is_some() {
        answered += 1;
        assert!(answered < 100);
    }
    assert!(answered >= 10, "{answered}");
    assert!(bench.implant.pump().alarms().stands(AlarmId::RadioBudget));
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    assert!(talk.reads(&mut bench, STATUS).is_some());
    bench.presence(false);
    bench.to("day 3 12:00");
    let mut talk = handset.opens(&mut bench);
    assert!(talk.reads(&mut bench, STATUS).is_some(), "the budget comes back with the hours");
    assert!(!bench.implant.pump().alarms().stands(AlarmId::RadioBudget));
}

#[test]
fn before_every_slot_was_read_nothing_is_taken_and_nothing_is_done() {
    let (bench, ..) = visit(&morphine());
    let mut fresh = Implant::new(implant::Provision {
        device: DEVICE,
        serial: SERIAL,
        secret: telemetry::peer::SecretKey([0x22; 32]),
        card: CardSecret(CARD),
        journal: Key([7; 16]),
        software: [0, 1, 0],
        image: [9; 8],
        bench: false,
    });
    let now = bench.world.now;
    let inputs = [
        Input::Tick { second_ms: now },
        Input::RotorEdge { second_ms: now },
        Input::Presence(true),
        Input::Bytes { link: implant::Link(0), bytes: &[1, 4, 0] },
    ];
    for input in inputs {
        assert_eq!(fresh.handle(now, input).unwrap_err().reason, Reason::StateUnverified);
    }
    assert_eq!(fresh.poll(now), None);
    fresh.handle(now, Input::Restart { cause: Cause::PowerOn, counter_kept: true, second_ms: now }).unwrap();
    for _ in 0..20 {
        let Some(implant::Action::Read { slot }) = fresh.poll(now) else { panic!() };
        assert_eq!(fresh.poll(now), None, "one read at a time");
        for input in inputs {
            assert_eq!(fresh.handle(now, input).unwrap_err().reason, Reason::StateUnverified);
        }
        let bytes = bench.world.slots.get(&slot.code()).cloned().unwrap_or_default();
        fresh.handle(now, Input::Read { slot, bytes: &bytes }).unwrap();
    }
}
