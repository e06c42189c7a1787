//! Doors for bytes from nowhere: each takes any bytes and must come back. What they check beyond that is said at each.

use orders::Instant;

use crate::asker::Asker;
use crate::budget::Budget;
use crate::deframe::Deframer;
use crate::limits::{FRAME_MAX, MESSAGE_MAX};
use crate::message::{Answer, Request};
use crate::noise::Entropy;
use crate::peer::{CardSecret, Peer, Psk, PublicKey, Role, SecretKey, Serial};
use crate::sessions::{Around, Heard, Identity, Seals, Sessions};
use crate::wire::Header;

/// A stream of frames, then each frame's header. Returns how many headers made sense; each of them reads back as the bytes it came from.
pub fn fuzz_wire(bytes: &[u8]) -> usize {
    let mut deframer = Deframer::new();
    let mut rest = bytes;
    let mut sound = 0usize;
    while let Ok(Some(frame)) = deframer.take(&mut rest) {
        if let Ok(header) = Header::read(frame)
            && frame.starts_with(&header.bytes())
        {
            sound = sound.saturating_add(1);
        }
    }
    sound
}

/// One message either way. `false` if something that read was written again and does not mean the same.
pub fn fuzz_message(bytes: &[u8]) -> bool {
    let mut again = [0u8; MESSAGE_MAX];
    if let Ok(request) = Request::decode(bytes) {
        let Some(len) = request.encode(&mut again) else { return bytes.len() > MESSAGE_MAX };
        return again.get(..len).map(Request::decode) == Some(Ok(request));
    }
    if let Ok(answer) = Answer::decode(bytes) {
        let Some(len) = answer.encode(&mut again) else { return bytes.len() > MESSAGE_MAX };
        return again.get(..len).map(Answer::decode) == Some(Ok(answer));
    }
    true
}

/// A stream of frames to a pump that knows one peer, with presence: `true` as long as nothing authentic came out of it.
pub fn fuzz_session(bytes: &[u8]) -> bool {
    let identity = Identity { serial: Serial(1), secret: SecretKey([2; 32]), card: CardSecret([3; 16]) };
    let peer = Peer {
        public: PublicKey([9; 32]),
        role: Role::Programmer,
        psk: Psk([4; 32]),
        request_id_last: 0,
        label: [0; 16],
    };
    let peers = [Some(peer)];
    let now = Instant::ZERO;
    let mut budget = Budget::full(now);
    let mut sessions = Sessions::new(Seals::SealedOnly);
    let mut deframer = Deframer::new();
    let mut rest = bytes;
    let mut out = [0u8; FRAME_MAX];
    while let Ok(Some(frame)) = deframer.take(&mut rest) {
        let mut entropy = Some(Entropy([5; 32]));
        let mut around =
            Around { identity: &identity, peers: &peers, presence: true, entropy: &mut entropy, budget: &mut budget };
        match sessions.hear(now, &mut around, frame, &mut out) {
            Heard::Message { .. } | Heard::Paired { .. } => return false,
            Heard::PassedOver(_) | Heard::TurnedAway { .. } | Heard::Answer(_) => {}
        }
    }
    true
}

/// A kept record of an asker, then the rest as an answer. `false` if an open request ended without an answer of its own.
pub fn fuzz_asker(record: &[u8], answer: &[u8]) -> bool {
    let Ok(mut asker) = Asker::restore(record) else { return true };
    let before = asker.open().map(|(id, _)| id);
    let settled = matches!(asker.hear(answer), Ok(Some(_)));
    let after = asker.open().map(|(id, _)| id);
    before == after || settled
}
