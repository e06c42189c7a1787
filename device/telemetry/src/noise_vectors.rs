//! The published vectors for the two patterns, byte for byte: handshake, hash, and the first sealed messages.

use std::string::String;
use std::vec::Vec;

use clatter::traits::Cipher;

use super::*;

#[derive(serde::Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    protocol_name: String,
    init_prologue: String,
    init_psks: Vec<String>,
    init_static: String,
    init_ephemeral: String,
    init_remote_static: Option<String>,
    resp_static: String,
    resp_ephemeral: String,
    resp_remote_static: Option<String>,
    handshake_hash: String,
    messages: Vec<Message>,
}

#[derive(serde::Deserialize)]
struct Message {
    payload: String,
    ciphertext: String,
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn key(text: &str) -> [u8; 32] {
    hex(text).try_into().unwrap()
}

fn play(vector: &Vector, pattern: fn() -> HandshakePattern, handshake_messages: usize) {
    let psk = Psk(key(&vector.init_psks[0]));
    let begin = |end, own: &str, other: &Option<String>, ephemeral: &str| {
        let other = other.as_ref().map(|other| PublicKey(key(other)));
        let (own, ephemeral) = (SecretKey(key(own)), Entropy(key(ephemeral)));
        let material = Material { end, own: &own, other: other.as_ref(), psk: &psk, ephemeral };
        Handshake::begin_with(pattern(), &hex(&vector.init_prologue), material).unwrap()
    };
    let mut asker = begin(End::Asker, &vector.init_static, &vector.init_remote_static, &vector.init_ephemeral);
    let mut pump = begin(End::Pump, &vector.resp_static, &vector.resp_remote_static, &vector.resp_ephemeral);

    let (handshake, sealed) = vector.messages.split_at(handshake_messages);
    for (turn, message) in handshake.iter().enumerate() {
        let (from, to) = if turn % 2 == 0 { (&mut asker, &mut pump) } else { (&mut pump, &mut asker) };
        let (mut out, mut payload) = ([0u8; 256], [0u8; 256]);
        let len = from.0.write_message(&hex(&message.payload), &mut out).unwrap();
        assert_eq!(out[..len], hex(&message.ciphertext), "{} message {turn}", vector.protocol_name);
        let len = to.0.read_message(&out[..len], &mut payload).unwrap();
        assert_eq!(payload[..len], hex(&message.payload));
    }
    assert_eq!(asker.0.get_state().get_hash().as_slice(), hex(&vector.handshake_hash));

    // The patterns with an odd number of messages leave the next turn to the pump.
    let (asker, pump) = (asker.finish().unwrap(), pump.finish().unwrap());
    assert!(asker.to_pump == pump.to_pump && asker.to_asker == pump.to_asker);
    for (number, message) in sealed.iter().enumerate() {
        let from_asker = (handshake_messages + number).is_multiple_of(2);
        let seal = if from_asker { &asker.to_pump } else { &asker.to_asker };
        let payload = hex(&message.payload);
        let mut out = payload.clone();
        out.resize(payload.len() + 16, 0);
        ChaChaPoly::encrypt_in_place(seal, (number / 2) as u64, &[], &mut out, payload.len()).unwrap();
        assert_eq!(out, hex(&message.ciphertext), "{} sealed message {number}", vector.protocol_name);
    }
}

#[test]
fn both_patterns_give_the_published_bytes() {
    let file: File = serde_json::from_str(include_str!("../tests/vectors/noise.json")).unwrap();
    assert_eq!(file.vectors.len(), 2);
    for vector in &file.vectors {
        match vector.protocol_name.as_str() {
            "Noise_XXpsk3_25519_ChaChaPoly_SHA256" => play(vector, noise_xx_psk3, 3),
            "Noise_KKpsk0_25519_ChaChaPoly_SHA256" => play(vector, noise_kk_psk0, 2),
            other => panic!("{other} is no pattern of this link"),
        }
    }
}

#[test]
fn a_handshake_without_a_given_ephemeral_is_an_error_and_never_a_constant() {
    let secret = SensitiveByteArray::new([1; 32]);
    let own = KeyPair { public: GivenKeysOnly::pubkey(&secret), secret };
    let mut core = Core::new(noise_xx_psk3(), &[], true, Some(own), None, None, None).unwrap();
    core.push_psk(&[2; 32]);
    assert!(core.write_message(&[], &mut [0; 64]).is_err());
}

#[test]
fn a_key_of_small_order_shakes_no_hands() {
    let secret = SensitiveByteArray::new([1; 32]);
    // The point of order one, and one of order eight (RFC 7748, section 6.1, and Bernstein's list).
    let mut one = [0; 32];
    one[0] = 1;
    let eight = key("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    for point in [[0; 32], one, eight] {
        assert!(GivenKeysOnly::dh(&secret, &point).is_err());
    }
}
