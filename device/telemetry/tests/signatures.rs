//! What a clinician's signature carries and what it does not.

use telemetry::peer::Serial;
use telemetry::sign::{ClinicianKey, Needed, SignatureBy, Terms, Unsigned, public, sign, verify};

const PHYSICIAN: [u8; 32] = [1; 32];
const SECOND: [u8; 32] = [2; 32];
const STRANGER: [u8; 32] = [3; 32];
const ORDER: &[u8] = b"the order's bytes";

fn terms() -> Terms {
    Terms { serial: Serial(7), running_version: 4, ledger_number: 12, nonce: [9; 16], expiry_ms: 1_000 }
}

fn known() -> [Option<ClinicianKey>; 8] {
    let mut keys = [None; 8];
    keys[2] = Some(public(&PHYSICIAN));
    keys[5] = Some(public(&SECOND));
    keys
}

//= requirements/telemetry.md#signed-commit
//= type=test
//# The pump MUST refuse a commit without a valid Ed25519 signature by an enrolled clinician over that digest.
#[test]
fn a_signature_carries_this_order_on_this_pump_in_this_state_and_nothing_else() {
    let digest = terms().digest(ORDER);
    let signature = sign(&PHYSICIAN, digest);
    assert_eq!(verify(&known(), digest, Some(signature), None, Needed::One).unwrap().digest(), digest);

    let others = [
        Terms { serial: Serial(8), ..terms() }.digest(ORDER),
        Terms { running_version: 5, ..terms() }.digest(ORDER),
        Terms { ledger_number: 13, ..terms() }.digest(ORDER),
        Terms { nonce: [8; 16], ..terms() }.digest(ORDER),
        Terms { expiry_ms: 1_001, ..terms() }.digest(ORDER),
        terms().digest(b"another order"),
    ];
    for other in others {
        let refused = verify(&known(), other, Some(signature), None, Needed::One);
        assert_eq!(refused, Err(Unsigned::NotTheirs(signature.key)));
    }
}

//= requirements/telemetry.md#signed-commit
//= type=test
//# Where the order asks for two signatures, the pump MUST refuse a commit without those of two different clinicians.
#[test]
fn where_the_order_says_two_it_takes_two_different_clinicians() {
    let digest = terms().digest(ORDER);
    let (one, two) = (sign(&PHYSICIAN, digest), sign(&SECOND, digest));
    let signed = verify(&known(), digest, Some(one), Some(two), Needed::Two).unwrap();
    assert_eq!(signed.by(), (one.key, Some(two.key)));

    assert_eq!(verify(&known(), digest, Some(one), None, Needed::Two), Err(Unsigned::TooFew { got: 1, need: 2 }));
    assert_eq!(verify(&known(), digest, None, None, Needed::One), Err(Unsigned::TooFew { got: 0, need: 1 }));
    assert_eq!(verify(&known(), digest, Some(one), Some(one), Needed::Two), Err(Unsigned::SameKeyTwice(one.key)));
    let under_another_name = SignatureBy { key: two.key, ..one };
    assert_eq!(
        verify(&known(), digest, Some(one), Some(under_another_name), Needed::Two),
        Err(Unsigned::NotTheirs(two.key))
    );
}

//= requirements/telemetry.md#signed-commit
//= type=test
//# The pump MUST refuse a commit without a valid Ed25519 signature by an enrolled clinician over that digest.
#[test]
fn a_stranger_signs_nothing_alone_or_beside() {
    let digest = terms().digest(ORDER);
    let (physician, stranger) = (sign(&PHYSICIAN, digest), sign(&STRANGER, digest));
    assert_eq!(verify(&known(), digest, Some(stranger), None, Needed::One), Err(Unsigned::UnknownKey(stranger.key)));
    assert_eq!(
        verify(&known(), digest, Some(physician), Some(stranger), Needed::One),
        Err(Unsigned::UnknownKey(stranger.key)),
        "a bad signature is not passed over because one was enough"
    );
}

#[test]
fn every_flipped_bit_of_a_signature_spoils_it() {
    let digest = terms().digest(ORDER);
    let good = sign(&PHYSICIAN, digest);
    for bit in 0..512 {
        let mut bad = good;
        bad.signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            verify(&known(), digest, Some(bad), None, Needed::One),
            Err(Unsigned::NotTheirs(good.key)),
            "bit {bit}"
        );
    }
}
