//! The last words of a program that ended: in memory that a restart does not clear, with a check, because after power
//! was gone that memory holds anything.

use implant::Cause;

/// Why a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum End {
    /// A panic; the place is its line, the detail a digest of its file's name.
    Panic = 0x5041_4e43,
    /// A fault of the processor; the place is where, the detail the fault status.
    Fault = 0x4641_554c,
    /// The watchdog was not fed; the place is where the core was.
    Watchdog = 0x5741_5443,
    /// A restart was asked for.
    Requested = 0x5245_5155,
}

impl End {
    const ALL: [End; 4] = [End::Panic, End::Fault, End::Watchdog, End::Requested];

    /// What the implant is told.
    pub const fn cause(self) -> Cause {
        match self {
            End::Panic | End::Fault => Cause::Lockup,
            End::Watchdog => Cause::Watchdog,
            End::Requested => Cause::Software,
        }
    }
}

/// What was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Why it ended.
    pub end: End,
    /// Where.
    pub place: u32,
    /// More.
    pub detail: u32,
}

/// As words of memory: end, place, detail, check.
pub type Words = [u32; 4];

impl Kept {
    /// The words to be kept.
    pub const fn words(self) -> Words {
        let end = self.end as u32;
        [end, self.place, self.detail, check(end, self.place, self.detail)]
    }

    /// What the words say; `None` if they are what memory happens to hold.
    pub fn read(words: Words) -> Option<Self> {
        let [code, place, detail, kept] = words;
        let end = End::ALL.into_iter().find(|end| *end as u32 == code)?;
        (kept == check(code, place, detail)).then_some(Self { end, place, detail })
    }
}

const fn check(end: u32, place: u32, detail: u32) -> u32 {
    // Memory of zeros, of ones and of one repeated word must not pass.
    !(end ^ place.rotate_left(11) ^ detail.rotate_left(22))
}

/// A digest of a file's name, enough to tell our files apart (FNV-1a).
pub fn digest(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_and_what_memory_happens_to_hold_is_not() {
        for end in End::ALL {
            let kept = Kept { end, place: 412, detail: digest("src/main.rs") };
            assert_eq!(Kept::read(kept.words()), Some(kept));
            for word in 0..4 {
                for bit in 0..32 {
                    let mut words = kept.words();
                    words[word] ^= 1 << bit;
                    assert_eq!(Kept::read(words), None, "bit {bit} of word {word}");
                }
            }
        }
        assert_eq!(Kept::read([0; 4]), None);
        assert_eq!(Kept::read([u32::MAX; 4]), None);
        assert_eq!(Kept::read([0xcccc_cccc; 4]), None);
    }
}
