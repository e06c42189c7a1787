#!/usr/bin/env python3
"""A pairing and a contact as another implementation of Noise plays them, written down frame by frame.

    pip install noiseprotocol==0.3.1 cryptography
    python3 device/telemetry/tests/interop/transcript.py > device/telemetry/tests/interop/transcript.json

Everything here is worked out from the description of the link (src/wire.rs, src/noise.rs) with the PyPI package `noiseprotocol`
and Python's own hmac and hashlib; nothing is taken from the Rust code's output. `tests/interop.rs` plays the same keys and compares bytes.
"""

import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from noise.connection import Keypair, NoiseConnection

SERIAL = 0x4E50000000000001
SESSION = 7
ROLE = 1  # patient controller
VERSION = 1
CARD = b"card of a person"
ASKER_STATIC, PUMP_STATIC = b"\x11" * 32, b"\x22" * 32
PAIR_ASKER_E, PAIR_PUMP_E = b"\x51" * 32, b"\x52" * 32
CONTACT_ASKER_E, CONTACT_PUMP_E = b"\x61" * 32, b"\x62" * 32


def hkdf32(salt, key, info):
    """HKDF-SHA256 (RFC 5869), one block."""
    prk = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def header(kind, counter):
    return struct.pack("<BBIQ", VERSION, kind, SESSION, counter)


def prologue(purpose):
    return b"nepenthe link\0" + struct.pack("<BBBQI", VERSION, purpose, ROLE, SERIAL, SESSION)


def public(secret):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def end(name, initiator, purpose, psk, static, ephemeral, remote=None):
    noise = NoiseConnection.from_name(name)
    noise.set_as_initiator() if initiator else noise.set_as_responder()
    noise.set_prologue(prologue(purpose))
    noise.set_psks(psk)
    noise.set_keypair_from_private_bytes(Keypair.STATIC, static)
    noise.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
    if remote is not None:
        noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, remote)
    noise.start_handshake()
    return noise


def keep_last_chaining_key(noise):
    """The package throws the chaining key away when it splits; it is written down just before."""
    kept = {}
    state = noise.noise_protocol.symmetric_state
    split = state.split

    def keeping():
        kept["ck"], kept["h"] = state.ck, state.h
        return split()

    state.split = keeping
    return kept


def seal(key, counter, message):
    head = header(0x06, counter)
    return head + ChaCha20Poly1305(key).encrypt(b"\0\0\0\0" + struct.pack("<Q", counter), message, head)


def keys(noise):
    protocol = noise.noise_protocol
    return protocol.cipher_state_encrypt.k, protocol.cipher_state_decrypt.k


def main():
    frames = {}
    claim = struct.pack("<BQ", ROLE, SERIAL)

    pairing = b"Noise_XXpsk3_25519_ChaChaPoly_SHA256"
    psk = hkdf32(struct.pack("<Q", SERIAL), CARD, b"nepenthe pairing v1")
    asker = end(pairing, True, 1, psk, ASKER_STATIC, PAIR_ASKER_E)
    pump = end(pairing, False, 1, psk, PUMP_STATIC, PAIR_PUMP_E)
    kept = keep_last_chaining_key(asker)
    first = asker.write_message()
    pump.read_message(first)
    second = pump.write_message()
    asker.read_message(second)
    third = asker.write_message()
    pump.read_message(third)
    frames["pair_hello"] = header(0x01, 0) + claim + first
    frames["pair_answer"] = header(0x02, 0) + second
    frames["pair_finish"] = header(0x03, 0) + third
    send, take = keys(asker)
    frames["pair_question"] = seal(send, 1, b"who are you")
    frames["pair_reply"] = seal(take, 1, b"your pump")
    contact_psk = hkdf32(kept["h"], kept["ck"], b"nepenthe contact v1")

    contact = b"Noise_KKpsk0_25519_ChaChaPoly_SHA256"
    asker = end(contact, True, 2, contact_psk, ASKER_STATIC, CONTACT_ASKER_E, public(PUMP_STATIC))
    pump = end(contact, False, 2, contact_psk, PUMP_STATIC, CONTACT_PUMP_E, public(ASKER_STATIC))
    first = asker.write_message()
    pump.read_message(first)
    second = pump.write_message()
    asker.read_message(second)
    hint = hmac.new(contact_psk, b"nepenthe hint v1\0" + struct.pack("<Q", SERIAL) + first[:32], hashlib.sha256)
    frames["hello"] = header(0x04, 0) + claim + hint.digest()[:8] + first
    frames["hello_answer"] = header(0x05, 0) + second
    send, take = keys(asker)
    frames["question_1"] = seal(send, 1, b"status")
    frames["reply_1"] = seal(take, 1, b"fine")
    frames["question_2"] = seal(send, 2, b"still?")

    out = {
        "source": "written by transcript.py beside this file with noiseprotocol 0.3.1",
        "contact_psk": contact_psk.hex(),
        "frames": {name: frame.hex() for name, frame in frames.items()},
    }
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
