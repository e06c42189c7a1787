//! Stories of the link: pairing at the skin, contacts, and what strangers, recordings and bad radio do not achieve.

mod common;

use common::*;
use orders::Duration;
use telemetry::contact::{Contact, KnownPump, Told};
use telemetry::limits::{FRAME_MAX, MESSAGE_MAX};
use telemetry::noise::Entropy;
use telemetry::peer::{CardSecret, Psk, Role, Serial};
use telemetry::session::{NotSent, Over};
use telemetry::sessions::{Seals, Turned};

fn pair_hello(card: &CardSecret) -> (Contact, Vec<u8>) {
    let mut out = [0u8; FRAME_MAX];
    let opening = opening(1, Role::PatientController);
    let (contact, len) = Contact::pair(s(0), opening, &handset(), SERIAL, card, Entropy([5; 32]), &mut out).unwrap();
    (contact, out[..len].to_vec())
}

fn finish_pairing(contact: &mut Contact, answer: &[u8]) -> (KnownPump, Vec<u8>) {
    let (mut frame, mut out) = (answer.to_vec(), [0u8; FRAME_MAX]);
    match contact.hear(s(1), &mut frame, &mut out) {
        Told::Paired { pump, send } => (pump, out[..send].to_vec()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_the_card_at_the_skin_a_handset_pairs_and_is_known_from_then_on() {
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let (mut contact, first) = pair_hello(&card());
    let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
    let (known, third) = finish_pairing(&mut contact, &answer);
    let Did::Paired(place) = pump.hears(s(1), &third) else { panic!() };
    assert_eq!(pump.peers[0].as_ref().unwrap().psk.0, known.psk.0, "both ends keep the same secret");

    // The contact in which they paired is open both ways.
    let question = asks(&mut contact, s(2), b"how are you");
    assert_eq!(pump.hears(s(2), &question), Did::Heard(place, b"how are you".to_vec()));
    let answer = pump.says(s(2), place, b"well");
    assert_eq!(reads(&mut contact, s(2), &answer), Some(b"well".to_vec()));

    // A week later, from across the room.
    pump.presence = false;
    let later = s(7 * 86_400);
    let (mut contact, first) = hello(later, 2, Role::PatientController, &known);
    let Did::Answered(answer) = pump.hears(later, &first) else { panic!() };
    opens(&mut contact, later, &answer);
    let question = asks(&mut contact, later, b"and now");
    assert!(matches!(pump.hears(later, &question), Did::Heard(_, message) if message == b"and now"));
}

//= requirements/telemetry.md#pairing
//= type=test
//# The pump MUST pair a peer only with presence and the card's 128-bit secret.
#[test]
fn nobody_pairs_from_across_the_room() {
    let mut pump = PumpEnd::new();
    let (_, first) = pair_hello(&card());
    assert!(matches!(pump.hears(s(0), &first), Did::TurnedAway(Turned::NoPresence, _)));
    assert!(pump.peers[0].is_none());
}

//= requirements/telemetry.md#pairing
//= type=test
//# The pump MUST pair a peer only with presence and the card's 128-bit secret.
#[test]
fn nobody_pairs_with_another_card() {
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let (mut contact, first) = pair_hello(&CardSecret([9; 16]));
    let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
    let (_, third) = finish_pairing(&mut contact, &answer);
    assert!(matches!(pump.hears(s(1), &third), Did::TurnedAway(Turned::NotAuthentic, _)));
    assert!(pump.peers[0].is_none());
    assert_eq!(
        pump.hears(s(2), &asks(&mut contact, s(2), b"status")),
        Did::TurnedAway(Turned::NoContact, vec![1, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1])
    );
}

#[test]
fn a_forged_finish_does_not_spoil_the_true_one() {
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let (mut contact, first) = pair_hello(&card());
    let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
    let (_, third) = finish_pairing(&mut contact, &answer);
    let mut forged = third.clone();
    forged[40] ^= 1;
    assert!(matches!(pump.hears(s(1), &forged), Did::TurnedAway(Turned::NotAuthentic, _)));
    assert!(matches!(pump.hears(s(1), &third), Did::Paired(_)));
}

#[test]
fn a_pairing_left_lying_is_forgotten_in_fifteen_seconds() {
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let (mut contact, first) = pair_hello(&card());
    let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
    let (_, third) = finish_pairing(&mut contact, &answer);
    assert_eq!(pump.sessions.deadline(), Some(s(15)));
    assert!(matches!(pump.hears(s(15), &third), Did::TurnedAway(Turned::NoContact, _)));
    assert!(pump.peers[0].is_none());
}

//= requirements/telemetry.md#mutual-keys
//= type=test
//# A session MUST open only when both ends have proved device keys that are not revoked, and stays secret from one who learns those keys later.
//= requirements/telemetry.md#same-pump-same-language
//= type=test
//# The pump MUST refuse every request but a read from a peer that names another serial or another version of the protocol.
#[test]
fn the_wrong_pump_role_version_or_key_is_turned_away_with_its_own_reason() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::PatientController);
    let mut turned = |frame: &[u8]| match pump.hears(s(0), frame) {
        Did::TurnedAway(why, answer) => {
            assert_eq!(answer.len(), 16);
            why
        }
        other => panic!("{other:?}"),
    };
    let other_pump = KnownPump { serial: Serial(99), ..known.clone() };
    assert_eq!(turned(&hello(s(0), 1, Role::PatientController, &other_pump).1), Turned::Serial);
    assert_eq!(turned(&hello(s(0), 1, Role::Programmer, &known).1), Turned::Role);
    let other_psk = KnownPump { psk: Psk([0; 32]), ..known.clone() };
    assert_eq!(turned(&hello(s(0), 1, Role::PatientController, &other_psk).1), Turned::UnknownPeer);
    let mut version_2 = hello(s(0), 1, Role::PatientController, &known).1;
    version_2[0] = 2;
    assert_eq!(turned(&version_2), Turned::Version);
    assert!(matches!(pump.hears(s(0), &hello(s(0), 1, Role::PatientController, &known).1), Did::Answered(_)));
}

#[test]
fn a_handset_that_calls_itself_a_programmer_in_the_clear_shakes_no_hands() {
    // The role byte is altered on the way in a hello whose peer *is* a programmer: the prologue binds it.
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let (_, mut first) = hello(s(0), 1, Role::PatientController, &known);
    first[14] = Role::Programmer.code();
    assert!(matches!(pump.hears(s(0), &first), Did::TurnedAway(Turned::NotAuthentic, _)));
}

#[test]
fn a_recorded_hello_opens_nothing_that_can_speak() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::PatientController);
    let (mut contact, recording) = hello(s(0), 7, Role::PatientController, &known);
    let Did::Answered(answer) = pump.hears(s(0), &recording) else { panic!() };
    opens(&mut contact, s(0), &answer);
    let question = asks(&mut contact, s(0), b"ask bolus");
    let Did::Heard(place, _) = pump.hears(s(0), &question) else { panic!() };

    // While the true contact lives, its number cannot be taken by its own hello.
    assert!(matches!(pump.hears(s(10), &recording), Did::TurnedAway(Turned::NumberInUse, _)));
    assert!(pump.sessions.at(place).is_some());

    // Afterwards the hello is answered; the recorded question is not heard, and the place falls free.
    assert!(matches!(pump.hears(s(1_000), &recording), Did::Answered(_)));
    assert_eq!(pump.hears(s(1_001), &question), Did::PassedOver);
    let now = s(1_002);
    let sent = pump.tries_to_say(now, place, b"anything", &mut [0; FRAME_MAX]);
    assert_eq!(sent, Err(NotSent::NoContact), "the pump says nothing to a recording");
    assert_eq!(pump.sessions.deadline(), Some(s(1_015)));
    pump.sessions.expire(s(1_015));
    assert_eq!(pump.sessions.deadline(), None);
}

#[test]
fn recordings_of_old_hellos_do_not_drive_out_a_contact_that_is_proved() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::PatientController);
    let recordings: Vec<_> = (10..18).map(|id| hello(s(0), id, Role::PatientController, &known).1).collect();
    let (mut contact, first) = hello(s(0), 7, Role::PatientController, &known);
    let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
    opens(&mut contact, s(0), &answer);
    assert!(matches!(pump.hears(s(0), &asks(&mut contact, s(0), b"a")), Did::Heard(..)));
    for recording in &recordings {
        pump.hears(s(1), recording);
    }
    assert!(matches!(pump.hears(s(2), &asks(&mut contact, s(2), b"b")), Did::Heard(_, message) if message == b"b"));
}

//= requirements/telemetry.md#sealed-frames
//= type=test
//# A frame whose counter was seen before MUST have no effect, and a gap in the counters leaves the session open.
#[test]
fn a_contact_survives_lost_frames_and_hears_nothing_twice() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::HomeMonitor);
    let frames: Vec<_> = (0u8..6).map(|n| asks(&mut contact, s(1), &[n])).collect();

    assert_eq!(pump.hears(s(1), &frames[0]), Did::Heard(place, vec![0]));
    // 1 and 2 are lost; 3 comes, then 2 late, then 3 again.
    assert_eq!(pump.hears(s(1), &frames[3]), Did::Heard(place, vec![3]));
    assert_eq!(pump.hears(s(1), &frames[2]), Did::PassedOver);
    assert_eq!(pump.hears(s(1), &frames[3]), Did::PassedOver);
    assert_eq!(pump.hears(s(1), &frames[5]), Did::Heard(place, vec![5]));
    assert_eq!(pump.sessions.at(place).unwrap().0.passed_over(), 2);
}

#[test]
fn a_pumps_own_frame_sent_back_to_it_is_not_heard() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::HomeMonitor);
    let own: Vec<_> = (0..3).map(|_| pump.says(s(1), place, b"told")).collect();
    for frame in &own {
        assert_eq!(pump.hears(s(1), frame), Did::PassedOver);
    }
    assert_eq!(reads(&mut contact, s(1), &own[2]), Some(b"told".to_vec()));
}

//= requirements/telemetry.md#never-holds-up-delivery
//= type=test
//# A session MUST end at its time-outs, whatever the other end does.
#[test]
fn a_contact_ends_after_two_minutes_of_silence_and_after_an_hour_of_talk() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
    let late = asks(&mut contact, s(119), b"late");
    assert_eq!(pump.hears(s(119), &late), Did::Heard(place, b"late".to_vec()));
    assert_eq!(pump.sessions.deadline(), Some(s(239)));
    let answer = pump.says(s(119), place, b"yes");
    assert!(reads(&mut contact, s(119), &answer).is_some());

    let too_late = asks(&mut contact, s(238), b"too late");
    assert!(matches!(pump.hears(s(239), &too_late), Did::TurnedAway(Turned::NoContact, _)));
    assert_eq!(contact.send(s(239), b"x", &mut [0; 64]), Err(NotSent::Over(Over::Idle)));

    let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
    for minute in 1..60 {
        let question = asks(&mut contact, s(minute * 60), b"still here");
        assert!(matches!(pump.hears(s(minute * 60), &question), Did::Heard(..)));
        let answer = pump.says(s(minute * 60), place, b"so am I");
        assert!(reads(&mut contact, s(minute * 60), &answer).is_some());
    }
    assert_eq!(contact.over(s(3_600)), Some(Over::Long));
    assert_eq!(pump.sessions.at(place).unwrap().0.over(s(3_600)), Some(Over::Long));
}

#[test]
fn garbage_does_not_keep_a_contact_alive() {
    let (mut pump, mut contact, _) = open_contact(s(0), Role::Programmer);
    let mut forged = asks(&mut contact, s(0), b"question");
    *forged.last_mut().unwrap() ^= 1;
    for second in 1..120 {
        assert_eq!(pump.hears(s(second), &forged), Did::PassedOver);
    }
    pump.sessions.expire(s(120));
    assert_eq!(pump.sessions.deadline(), None);
}

#[test]
fn a_new_contact_of_the_same_peer_ends_the_old_one_when_it_is_proved_and_not_before() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let open = |pump: &mut PumpEnd, id| {
        let (mut contact, first) = hello(s(0), id, Role::Programmer, &known);
        let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
        opens(&mut contact, s(0), &answer);
        contact
    };
    let mut old = open(&mut pump, 1);
    assert!(matches!(pump.hears(s(0), &asks(&mut old, s(0), b"a")), Did::Heard(..)));
    let mut new = open(&mut pump, 2);
    assert!(matches!(pump.hears(s(0), &asks(&mut old, s(0), b"b")), Did::Heard(..)));
    assert!(matches!(pump.hears(s(0), &asks(&mut new, s(0), b"c")), Did::Heard(..)));
    assert!(matches!(pump.hears(s(0), &asks(&mut old, s(0), b"d")), Did::TurnedAway(Turned::NoContact, _)));
}

//= requirements/telemetry.md#radio-budget
//= type=test
//# When the daily energy budget for wake-ups and handshakes is spent, the implant MUST answer only a peer with presence.
#[test]
fn hellos_from_afar_use_up_their_own_budget_and_not_that_at_the_skin() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let answered = (0..100)
        .filter(|id| matches!(pump.hears(s(0), &hello(s(0), *id, Role::Programmer, &known).1), Did::Answered(_)))
        .count();
    assert_eq!(answered, 12);
    let (_, first) = hello(s(0), 200, Role::Programmer, &known);
    assert!(matches!(pump.hears(s(0), &first), Did::TurnedAway(Turned::Budget, _)));
    pump.presence = true;
    assert!(matches!(pump.hears(s(0), &first), Did::Answered(_)));
}

//= requirements/telemetry.md#radio-budget
//= type=test
//# When the daily energy budget for wake-ups and handshakes is spent, the implant MUST answer only a peer with presence.
#[test]
fn a_spent_day_of_answers_leaves_only_who_is_at_the_skin() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::HomeMonitor);
    let mut out = [0u8; FRAME_MAX];
    let told = (0..3_000).take_while(|_| pump.tries_to_say(s(0), place, b"x", &mut out).is_ok()).count();
    assert_eq!(told, 2_048);
    assert_eq!(pump.tries_to_say(s(0), place, b"x", &mut out), Err(NotSent::Budget(Duration::new(10_547))));
    pump.presence = true;
    let answer = pump.says(s(0), place, b"at the skin");
    assert_eq!(reads(&mut contact, s(0), &answer), Some(b"at the skin".to_vec()));
}

//= requirements/telemetry.md#mutual-keys
//= type=test
//# A session MUST open only when both ends have proved device keys that are not revoked, and stays secret from one who learns those keys later.
#[test]
fn a_lost_handset_that_was_revoked_is_a_stranger_and_its_open_contact_ends() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::PatientController);
    let known = KnownPump {
        serial: SERIAL,
        public: telemetry::noise::public(&pump.identity.secret),
        psk: pump.peers[0].as_ref().unwrap().psk.clone(),
    };
    pump.peers[0] = None;
    pump.sessions.end_peer(0);
    assert!(pump.sessions.at(place).is_none());
    let question = asks(&mut contact, s(1), b"ask bolus");
    assert!(matches!(pump.hears(s(1), &question), Did::TurnedAway(Turned::NoContact, _)));
    let (_, first) = hello(s(1), 8, Role::PatientController, &known);
    assert!(matches!(pump.hears(s(1), &first), Did::TurnedAway(Turned::UnknownPeer, _)));
}

#[test]
fn a_contact_carries_65_536_frames_each_way_and_not_one_more() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
    let mut last = Vec::new();
    for _ in 1..65_536 {
        last = asks(&mut contact, s(1), b"x");
    }
    assert_eq!(contact.send(s(1), b"x", &mut [0; 64]), Err(NotSent::Over(Over::UsedUp)));
    assert_eq!(pump.hears(s(1), &last), Did::Heard(place, b"x".to_vec()));
    assert_eq!(pump.sessions.at(place).unwrap().0.over(s(1)), Some(Over::UsedUp));
}

#[test]
fn strangers_cost_no_handshake() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let stranger = KnownPump { psk: Psk([0; 32]), ..known.clone() };
    for id in 0..100 {
        assert!(matches!(
            pump.hears(s(0), &hello(s(0), id, Role::Programmer, &stranger).1),
            Did::TurnedAway(Turned::UnknownPeer, answer) if (id < 32) != answer.is_empty()
        ));
    }
    assert!(matches!(pump.hears(s(0), &hello(s(0), 200, Role::Programmer, &known).1), Did::Answered(_)));
}

#[test]
fn without_fresh_randomness_the_pump_shakes_no_hands() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let (_, first) = hello(s(0), 1, Role::Programmer, &known);
    assert!(matches!(pump.hears_with(s(0), &first, &mut None), Did::TurnedAway(Turned::Busy, _)));
    let mut once = Some(Entropy([1; 32]));
    assert!(matches!(pump.hears_with(s(0), &first, &mut once), Did::Answered(_)));
    assert!(once.is_none(), "and uses it once");
}

#[test]
fn an_implant_takes_no_contact_without_cryptography_and_a_pump_of_the_bench_does() {
    let bench_hello = |role| {
        let mut out = [0u8; FRAME_MAX];
        let (contact, len) = Contact::open_on_the_bench(s(0), opening(7, role), SERIAL, 0, &mut out).unwrap();
        (contact, out[..len].to_vec())
    };
    let (mut implant, _) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let (_, first) = bench_hello(Role::Programmer);
    assert!(matches!(implant.hears(s(0), &first), Did::TurnedAway(Turned::BenchRefused, _)));

    let mut bench = PumpEnd::with(Seals::BenchToo);
    bench.peers = implant.peers;
    assert!(matches!(bench.hears(s(0), &bench_hello(Role::HomeMonitor).1), Did::TurnedAway(Turned::Role, _)));
    let (mut contact, first) = bench_hello(Role::Programmer);
    let Did::Answered(answer) = bench.hears(s(0), &first) else { panic!() };
    opens(&mut contact, s(0), &answer);
    let question = asks(&mut contact, s(0), b"status");
    let Did::Heard(place, _) = bench.hears(s(0), &question) else { panic!() };
    assert_eq!(bench.hears(s(0), &question), Did::PassedOver, "counters hold under the null seal too");
    let mut garbled = asks(&mut contact, s(0), b"status");
    garbled[16] ^= 1;
    assert_eq!(bench.hears(s(0), &garbled), Did::PassedOver);
    let answer = bench.says(s(0), place, b"fine");
    assert_eq!(reads(&mut contact, s(0), &answer), Some(b"fine".to_vec()));
}

#[test]
fn the_longest_message_fits_the_longest_frame_and_one_byte_more_does_not() {
    let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
    let longest = vec![0xA5; MESSAGE_MAX];
    let frame = asks(&mut contact, s(0), &longest);
    assert_eq!(frame.len(), FRAME_MAX);
    assert_eq!(pump.hears(s(0), &frame), Did::Heard(place, longest));
    assert_eq!(
        contact.send(s(0), &[0; MESSAGE_MAX + 1], &mut [0; 4_096]),
        Err(NotSent::TooLong { len: MESSAGE_MAX + 1, most: MESSAGE_MAX })
    );
}

#[test]
fn an_asker_reads_why_it_was_turned_away_and_its_hello_may_still_be_answered() {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::Programmer);
    let (mut contact, first) = hello(s(0), 1, Role::Programmer, &known);
    let Did::TurnedAway(Turned::Busy, mut word) = pump.hears_with(s(0), &first, &mut None) else { panic!() };
    let told = contact.hear(s(0), &mut word, &mut [0; FRAME_MAX]);
    assert!(matches!(told, Told::TurnedAway { why: Turned::Busy, version: 1 }), "{told:?}");
    let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
    opens(&mut contact, s(0), &answer);

    let codes: Vec<_> = (0..=255).filter_map(|code| Turned::from_code(code).ok().map(|why| (code, why))).collect();
    assert_eq!(codes.len(), 11);
    assert!(codes.iter().all(|(code, why)| why.code() == *code));
}

#[test]
fn two_that_pair_at_the_same_time_each_finish_their_own() {
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let begin = |id: u32| {
        let mut out = [0u8; FRAME_MAX];
        let ephemeral = Entropy([id as u8; 32]);
        let (contact, len) =
            Contact::pair(s(0), opening(id, Role::Programmer), &handset(), SERIAL, &card(), ephemeral, &mut out)
                .unwrap();
        (contact, out[..len].to_vec())
    };
    let (mut one, first_of_one) = begin(1);
    let (mut two, first_of_two) = begin(2);
    let Did::Answered(to_one) = pump.hears(s(0), &first_of_one) else { panic!() };
    let Did::Answered(to_two) = pump.hears(s(0), &first_of_two) else { panic!() };
    let (_, finish_of_two) = finish_pairing(&mut two, &to_two);
    let Did::Paired(place) = pump.hears(s(1), &finish_of_two) else { panic!() };
    assert_eq!(place.number(), 1);
    let (_, finish_of_one) = finish_pairing(&mut one, &to_one);
    let Did::Paired(place) = pump.hears(s(1), &finish_of_one) else { panic!() };
    assert_eq!(place.number(), 0);
}

#[test]
fn a_contact_costs_the_pump_well_under_a_kibibyte() {
    let table = core::mem::size_of::<telemetry::sessions::Sessions>();
    assert!(table <= 4 * 256, "{table} bytes for four contacts");
}
