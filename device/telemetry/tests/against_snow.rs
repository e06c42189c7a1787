//! Each end of the link against another implementation of Noise, live: `snow` as pump, then `snow` as asker.

mod common;

use common::*;
use snow::{Builder, HandshakeState};
use telemetry::contact::{Contact, KnownPump, Told};
use telemetry::limits::{FRAME_MAX, HEADER_LEN};
use telemetry::noise::{self, Binding, Entropy, Purpose};
use telemetry::peer::{Psk, PublicKey, Role, SecretKey};
use telemetry::wire::{Header, Kind, SessionId};

const PAIRING: &str = "Noise_XXpsk3_25519_ChaChaPoly_SHA256";
const CONTACT: &str = "Noise_KKpsk0_25519_ChaChaPoly_SHA256";
const ID: SessionId = SessionId(7);

fn prologue(purpose: Purpose) -> Vec<u8> {
    let binding = Binding { purpose, role: Role::PatientController, serial: SERIAL, session: ID };
    binding.prologue().to_vec()
}

fn builder<'a>(name: &str, own: &'a [u8; 32], prologue: &'a [u8]) -> Builder<'a> {
    Builder::new(name.parse().unwrap()).local_private_key(own).unwrap().prologue(prologue).unwrap()
}

fn frame(kind: Kind, counter: u64, body: &[u8]) -> Vec<u8> {
    let mut out = [0u8; FRAME_MAX];
    let len = Header { kind, session: ID, counter }.frame(&[body], &mut out).unwrap();
    out[..len].to_vec()
}

fn write(state: &mut HandshakeState) -> Vec<u8> {
    let mut out = [0u8; 256];
    let len = state.write_message(&[], &mut out).unwrap();
    out[..len].to_vec()
}

fn read(state: &mut HandshakeState, message: &[u8]) {
    assert_eq!(state.read_message(message, &mut [0; 256]).unwrap(), 0);
}

/// ChaCha20-Poly1305 as snow has it, with our header as associated data, is not to be had through its transport (which authenticates no header);
/// the transport keys are compared by what they seal instead.
fn snow_raw_keys(state: &mut HandshakeState) -> ([u8; 32], [u8; 32]) {
    state.dangerously_get_raw_split()
}

/// Opens with plain ChaCha20-Poly1305 under a key that snow derived.
fn sealed_by(key: &[u8; 32], header: &[u8], counter: u64, message: &[u8]) -> Vec<u8> {
    use clatter::bytearray::SensitiveByteArray;
    use clatter::crypto::cipher::ChaChaPoly;
    use clatter::traits::Cipher;
    let mut body = message.to_vec();
    body.resize(message.len() + 16, 0);
    ChaChaPoly::encrypt_in_place(&SensitiveByteArray::new(*key), counter, header, &mut body, message.len()).unwrap();
    body
}

fn sealed_frame(key: &[u8; 32], counter: u64, message: &[u8]) -> Vec<u8> {
    let header = Header { kind: Kind::Sealed, session: ID, counter };
    frame(Kind::Sealed, counter, &sealed_by(key, &header.bytes(), counter, message))
}

#[test]
fn a_pump_made_with_snow_pairs_with_our_asker_and_then_meets_it_again() {
    let psk = noise::pairing_psk(&card(), SERIAL).0;
    let prologue_1 = prologue(Purpose::Pairing);
    let mut snow = builder(PAIRING, &PUMP_SECRET, &prologue_1).psk(3, &psk).unwrap().build_responder().unwrap();

    let mut out = [0u8; FRAME_MAX];
    let opening = opening(7, Role::PatientController);
    let (mut contact, len) =
        Contact::pair(s(0), opening, &handset(), SERIAL, &card(), Entropy([5; 32]), &mut out).unwrap();
    read(&mut snow, &out[HEADER_LEN + 9..len]);
    let mut answer = frame(Kind::PairAnswer, 0, &write(&mut snow));
    let Told::Paired { pump, send } = contact.hear(s(0), &mut answer, &mut out) else { panic!() };
    read(&mut snow, &out[HEADER_LEN..send]);
    assert!(snow.is_handshake_finished());
    assert_eq!(snow.get_remote_static().unwrap(), noise::public(&handset()).0);
    assert_eq!(pump.public, noise::public(&SecretKey(PUMP_SECRET)));
    let (to_pump, to_asker) = snow_raw_keys(&mut snow);
    assert_eq!(asks(&mut contact, s(0), b"hello"), sealed_frame(&to_pump, 1, b"hello"));
    assert_eq!(reads(&mut contact, s(0), &sealed_frame(&to_asker, 4, b"yes")), Some(b"yes".to_vec()));

    let prologue_2 = prologue(Purpose::Contact);
    let theirs = noise::public(&handset()).0;
    let mut snow = builder(CONTACT, &PUMP_SECRET, &prologue_2)
        .remote_public_key(&theirs)
        .unwrap()
        .psk(0, &pump.psk.0)
        .unwrap()
        .build_responder()
        .unwrap();
    let (mut contact, first) = hello(s(0), 7, Role::PatientController, &pump);
    read(&mut snow, &first[HEADER_LEN + 17..]);
    let answer = frame(Kind::HelloAnswer, 0, &write(&mut snow));
    opens(&mut contact, s(0), &answer);
    let (to_pump, to_asker) = snow_raw_keys(&mut snow);
    assert_eq!(asks(&mut contact, s(0), b"again"), sealed_frame(&to_pump, 1, b"again"));
    assert_eq!(reads(&mut contact, s(0), &sealed_frame(&to_asker, 1, b"yes")), Some(b"yes".to_vec()));
}

#[test]
fn an_asker_made_with_snow_pairs_with_our_pump_and_then_meets_it_again() {
    let psk = noise::pairing_psk(&card(), SERIAL).0;
    let prologue_1 = prologue(Purpose::Pairing);
    let mut snow = builder(PAIRING, &HANDSET_SECRET, &prologue_1).psk(3, &psk).unwrap().build_initiator().unwrap();
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let claim = [&[Role::PatientController.code()][..], &SERIAL.0.to_le_bytes()].concat();
    let first = [&claim[..], &write(&mut snow)].concat();
    let Did::Answered(answer) = pump.hears(s(0), &frame(Kind::PairHello, 0, &first)) else { panic!() };
    read(&mut snow, &answer[HEADER_LEN..]);
    let finish = frame(Kind::PairFinish, 0, &write(&mut snow));
    let Did::Paired(place) = pump.hears(s(0), &finish) else { panic!() };
    let (to_pump, to_asker) = snow_raw_keys(&mut snow);
    assert_eq!(pump.hears(s(0), &sealed_frame(&to_pump, 3, b"status")), Did::Heard(place, b"status".to_vec()));
    assert_eq!(pump.says(s(0), place, b"fine"), sealed_frame(&to_asker, 1, b"fine"));

    let peer = pump.peers[0].clone().unwrap();
    assert_eq!(peer.public, PublicKey(noise::public(&handset()).0));
    let known = KnownPump { serial: SERIAL, public: noise::public(&pump.identity.secret), psk: Psk(peer.psk.0) };
    let prologue_2 = prologue(Purpose::Contact);
    let mut snow = builder(CONTACT, &HANDSET_SECRET, &prologue_2)
        .remote_public_key(&known.public.0)
        .unwrap()
        .psk(0, &known.psk.0)
        .unwrap()
        .build_initiator()
        .unwrap();
    // The hint is our own: borrow its making by asking our asker for a hello with snow's ephemeral is not possible, so it is worked out here.
    let message = write(&mut snow);
    let hint = {
        use hkdf::hmac::{Hmac, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&known.psk.0).unwrap();
        mac.update(b"nepenthe hint v1\0");
        mac.update(&SERIAL.0.to_le_bytes());
        mac.update(&message[..32]);
        mac.finalize().into_bytes()[..8].to_vec()
    };
    let first = [&claim[..], &hint, &message].concat();
    pump.sessions.end(place);
    let Did::Answered(answer) = pump.hears(s(0), &frame(Kind::Hello, 0, &first)) else { panic!() };
    read(&mut snow, &answer[HEADER_LEN..]);
    let (to_pump, to_asker) = snow_raw_keys(&mut snow);
    let Did::Heard(place, message) = pump.hears(s(0), &sealed_frame(&to_pump, 1, b"again")) else { panic!() };
    assert_eq!(message, b"again");
    assert_eq!(pump.says(s(0), place, b"yes"), sealed_frame(&to_asker, 1, b"yes"));
}
