//! Every maximum of the link, with its reason, and the relations between them, checked by the compiler.
//!
//! Instructions and milliamperes are those of the reference image at 16 MHz (a KK handshake is about 8.6 million instructions, 0.6 s).

use orders::Duration;

/// The longest frame, bytes. The largest message is a proposal with three weekday sets of 48 steps: 144 steps of at most 8 bytes (1,152), four drugs with
/// three ceilings each (4 x 3 x 10 = 120), and under 300 for all else. 2,048 leaves a quarter free for fields that later versions add.
pub const FRAME_MAX: usize = 2_048;

/// The header in front of every body, bytes: version 1, kind 1, session 4, counter 8.
pub const HEADER_LEN: usize = 14;

/// What sealing adds to a body, bytes: the Poly1305 tag. The null seal adds as much, so that lengths on air are the same.
pub const SEAL_LEN: usize = 16;

/// The longest message that one frame can carry, bytes.
pub const MESSAGE_MAX: usize = FRAME_MAX - HEADER_LEN - SEAL_LEN;

/// A contact without an authentic frame for this long is over: a programmer carried out of the room must not hold a place, and a thief of an open
/// session has two minutes.
pub const IDLE_MAX: Duration = Duration::from_secs(120);

/// A contact is over after this, whatever goes on in it. A refill visit fits; afterwards a new handshake brings new keys.
pub const CONTACT_MAX: Duration = Duration::from_secs(3_600);

/// A contact whose hello was answered, but which has not yet proved itself by a sealed frame, is over after this: the hello may have been a recording.
pub const UNPROVED_MAX: Duration = Duration::from_secs(15);

/// Frames each way in one contact. Far below what the cipher allows (2^64); it bounds what one stolen session can ask. At one frame each 55 ms it
/// lasts an hour.
pub const FRAMES_MAX: u64 = 65_536;

/// Contacts that a pump keeps at once: patient controller, programmer, home monitor, and one for an emergency.
pub const CONTACTS_MAX: usize = 4;

/// Peers that a pump knows: two patient controllers, two programmers, one home monitor, one emergency.
pub const PEERS_MAX: usize = 6;

/// Clinician keys that a pump knows.
pub const CLINICIANS_MAX: usize = 8;

/// Presence at the skin counts for this long after it was last felt.
pub const PRESENCE_LASTS: Duration = Duration::from_secs(60);

/// Radio wake-ups a day: one each minute. A wake-up listens 10 ms at 5 mA: ten years of a full budget cost 0.07 Ah.
pub const WAKE_UPS_PER_DAY: u32 = 1_440;
/// Wake-ups in one burst.
pub const WAKE_UPS_BURST: u32 = 120;

/// Handshakes a day from afar. Four boluses, eight looks at the status and a night's report need about 16. A handshake takes 0.7 s at 3 mA: ten
/// years of a full budget cost 0.03 Ah.
pub const HANDSHAKES_PER_DAY: u32 = 48;
/// Handshakes from afar in one burst: a handset with a bad link tries again a few times.
pub const HANDSHAKES_BURST: u32 = 12;

/// Handshakes a day at the skin: an account of its own, so that an attacker across the street who has used up the other one cannot keep a clinician out.
pub const HANDSHAKES_AT_SKIN_PER_DAY: u32 = 96;
/// Handshakes at the skin in one burst.
pub const HANDSHAKES_AT_SKIN_BURST: u32 = 24;

/// Frames answered a day. A whole journal of 64 Ki records of 32 bytes, 56 in a frame, takes 1,171; the rest of a day some hundreds.
pub const ANSWERS_PER_DAY: u32 = 8_192;
/// Frames answered in one burst: a whole journal and a visit.
pub const ANSWERS_BURST: u32 = 2_048;

/// Words a day to those turned away. They help a person at a programmer; past this the pump is silent to strangers.
pub const TURNED_AWAY_PER_DAY: u32 = 288;
/// Such words in one burst.
pub const TURNED_AWAY_BURST: u32 = 32;

const _: () = assert!(TURNED_AWAY_BURST <= TURNED_AWAY_PER_DAY);
const _: () = assert!(FRAME_MAX <= 65_535, "the length in front of a frame on a stream has 16 bits");
const _: () = assert!(UNPROVED_MAX.get() < IDLE_MAX.get() && IDLE_MAX.get() < CONTACT_MAX.get());
const _: () = assert!(WAKE_UPS_BURST <= WAKE_UPS_PER_DAY && HANDSHAKES_BURST <= HANDSHAKES_PER_DAY);
const _: () = assert!(HANDSHAKES_AT_SKIN_BURST <= HANDSHAKES_AT_SKIN_PER_DAY && ANSWERS_BURST <= ANSWERS_PER_DAY);
const _: () = assert!(HANDSHAKES_PER_DAY <= WAKE_UPS_PER_DAY, "a handshake needs a wake-up");
const _: () = assert!(PEERS_MAX <= 255 && CONTACTS_MAX <= 255, "places are told as one byte");
