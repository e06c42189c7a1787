//! How a message is written: CBOR (RFC 8949), one map for each struct, its keys the field numbers in rising order, each at most once.
//!
//! The macros below make a struct and both directions of its codec from one table, so that number, name and type stand on one line. Enums are tables of
//! codes; the order of their variants is not protocol. A field that is absent, of another type, out of its type's range or unknown is an error that names
//! the message and the field: what a pump cannot read whole it does not half obey.

use minicbor::encode::write::{Cursor, EndOfSlice};
use minicbor::{Decoder, Encoder};
use orders::{
    AlarmId, Concentration, Drug, Duration, Field, FlowRate, Instant, Mass, MassRate, Mixture, Permille, Reason,
    Volume, WallTime,
};

use crate::sign::{ClinicianKey, Digest, KeyId};

/// Where a message goes as bytes.
pub type Out<'a, 'b> = &'a mut Encoder<Cursor<&'b mut [u8]>>;
/// The only thing that can fail in writing is that the buffer is too small.
pub type Written = Result<(), minicbor::encode::Error<EndOfSlice>>;

/// What was wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It must be there and is not.
    Missing,
    /// It is of another type, or cut off.
    Type,
    /// It is of the right type and means nothing: a code that is none, a length that cannot be, a number too large.
    Value,
    /// No such field in this version.
    Unknown,
    /// The message goes on after its end.
    Trailing,
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadMessage {
    /// The code of the message or part in which reading ended; 0 before it is known.
    pub part: u8,
    /// The field number; 0 for the part as a whole.
    pub field: u8,
    /// What was wrong there.
    pub wrong: Wrong,
}

impl BadMessage {
    pub(crate) const fn of(part: u8, field: u8, wrong: Wrong) -> Self {
        Self { part, field, wrong }
    }
}

/// Something that has one form on the wire.
pub trait Wire<'a>: Sized {
    /// Writes it.
    fn put(&self, out: Out) -> Written;
    /// Reads it.
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong>;
    /// Whether its field is left out.
    fn is_absent(&self) -> bool {
        false
    }
    /// What a left-out field means, if it may be left out.
    fn absent() -> Option<Self> {
        None
    }
}

impl<'a, T: Wire<'a>> Wire<'a> for Option<T> {
    fn put(&self, out: Out) -> Written {
        match self {
            Some(value) => value.put(out),
            None => Ok(()),
        }
    }
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
        T::get(from).map(Some)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<'a, T: Wire<'a>, const N: usize> Wire<'a> for heapless::Vec<T, N> {
    fn put(&self, out: Out) -> Written {
        out.array(u64::try_from(self.len()).unwrap_or(u64::MAX))?;
        self.iter().try_for_each(|item| item.put(out))
    }
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
        let len = array_len(from).ok_or(Wrong::Type)?;
        let mut list = Self::new();
        for _ in 0..len {
            // A list longer than it may be ends here, whatever its head claims.
            list.push(T::get(from)?).map_err(|_| Wrong::Value)?;
        }
        Ok(list)
    }
}

/// Bytes as they lie in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Wire<'a> for Bytes<'a> {
    fn put(&self, out: Out) -> Written {
        out.bytes(self.0).map(|_| ())
    }
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
        from.bytes().map(Bytes).map_err(|_| Wrong::Type)
    }
}

impl<'a, const N: usize> Wire<'a> for [u8; N] {
    fn put(&self, out: Out) -> Written {
        out.bytes(self).map(|_| ())
    }
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
        from.bytes().map_err(|_| Wrong::Type)?.try_into().map_err(|_| Wrong::Value)
    }
}

macro_rules! plain {
    ($($name:ty, $write:ident, $read:ident;)*) => {$(
        impl<'a> Wire<'a> for $name {
            fn put(&self, out: Out) -> Written {
                out.$write(*self).map(|_| ())
            }
            fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
                from.$read().map_err(|_| Wrong::Type)
            }
        }
    )*};
}
plain! {
    u8, u8, u8;
    u16, u16, u16;
    u32, u32, u32;
    u64, u64, u64;
    bool, bool, bool;
}

macro_rules! by_number {
    ($($name:ty, $raw:ty;)*) => {$(
        impl<'a> Wire<'a> for $name {
            fn put(&self, out: Out) -> Written {
                self.get().put(out)
            }
            fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
                <$raw as Wire>::get(from).map(Self::new)
            }
        }
    )*};
}
by_number! {
    Volume, u64;
    Mass, u64;
    FlowRate, u64;
    MassRate, u64;
    Duration, u64;
    Instant, u64;
    WallTime, u64;
    Concentration, u32;
    Permille, u16;
}

macro_rules! by_array {
    ($($name:ident;)*) => {$(
        impl<'a> Wire<'a> for $name {
            fn put(&self, out: Out) -> Written {
                self.0.put(out)
            }
            fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
                Wire::get(from).map($name)
            }
        }
    )*};
}
by_array! {
    Digest;
    KeyId;
    ClinicianKey;
}

macro_rules! by_code {
    ($($name:ty;)*) => {$(
        impl<'a> Wire<'a> for $name {
            fn put(&self, out: Out) -> Written {
                self.code().put(out)
            }
            fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
                Self::from_code(<u8 as Wire>::get(from)?).ok_or(Wrong::Value)
            }
        }
    )*};
}
// The vocabulary's own codes, which it promises never to change.
by_code! {
    Drug;
    AlarmId;
    Reason;
    Field;
}

/// A mixture: an array of [drug, concentration], the primary first.
impl<'a> Wire<'a> for Mixture {
    fn put(&self, out: Out) -> Written {
        out.array(u64::try_from(self.len()).unwrap_or(0))?;
        for component in self.iter() {
            out.array(2)?;
            component.drug.put(out)?;
            component.concentration.put(out)?;
        }
        Ok(())
    }
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
        let len = array_len(from).ok_or(Wrong::Type)?;
        let mut list = heapless::Vec::<orders::Component, { orders::mixture::DRUGS_MAX }>::new();
        for _ in 0..len {
            if array_len(from) != Some(2) {
                return Err(Wrong::Type);
            }
            let drug = Wire::get(from)?;
            let concentration = Wire::get(from)?;
            list.push(orders::Component { drug, concentration }).map_err(|_| Wrong::Value)?;
        }
        Mixture::of(&list).ok_or(Wrong::Value)
    }
}

/// Reads the fields of one map in rising order.
pub(crate) struct Fields {
    part: u8,
    left: u64,
    next: Option<u8>,
}

impl Fields {
    pub(crate) fn open(part: u8, from: &mut Decoder<'_>) -> Result<Self, BadMessage> {
        let left = from.map().ok().flatten().ok_or(BadMessage::of(part, 0, Wrong::Type))?;
        let mut fields = Self { part, left, next: None };
        fields.advance(from, 0)?;
        Ok(fields)
    }

    /// Reads the next key; it must be above the one before.
    fn advance(&mut self, from: &mut Decoder<'_>, last: u8) -> Result<(), BadMessage> {
        self.next = None;
        if let Some(left) = self.left.checked_sub(1) {
            let key = from.u8().map_err(|_| BadMessage::of(self.part, 0, Wrong::Unknown))?;
            if key <= last {
                return Err(BadMessage::of(self.part, key, Wrong::Unknown));
            }
            self.left = left;
            self.next = Some(key);
        }
        Ok(())
    }

    pub(crate) fn take<'a, T: Wire<'a>>(&mut self, number: u8, from: &mut Decoder<'a>) -> Result<T, BadMessage> {
        if self.next != Some(number) {
            return T::absent().ok_or(BadMessage::of(self.part, number, Wrong::Missing));
        }
        let value = T::get(from).map_err(|wrong| BadMessage::of(self.part, number, wrong))?;
        self.advance(from, number)?;
        Ok(value)
    }

    pub(crate) fn close(self) -> Result<(), BadMessage> {
        match self.next {
            Some(key) => Err(BadMessage::of(self.part, key, Wrong::Unknown)),
            None => Ok(()),
        }
    }
}

/// The length of the array that begins here; `None` if none does, or one of no stated length.
pub(crate) fn array_len(from: &mut Decoder<'_>) -> Option<u64> {
    from.array().ok().flatten()
}

/// Something that is one map; its errors name its own fields.
pub trait Part<'a>: Sized {
    /// Its code; parts that are not messages have codes above 200.
    const CODE: u8;
    /// Writes the map.
    fn write(&self, out: Out) -> Written;
    /// Reads the map.
    ///
    /// # Errors
    /// [`BadMessage`], naming the field.
    fn read(from: &mut Decoder<'a>) -> Result<Self, BadMessage>;
}

/// A struct that is one CBOR map, from one table: `number => name: type`, the numbers rising from 1.
macro_rules! part {
    ($(#[$doc:meta])* $code:literal $name:ident $(<$lt:lifetime>)? {
        $($(#[$field_doc:meta])* $number:literal => $field:ident : $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name $(<$lt>)? { $($(#[$field_doc])* pub $field: $type,)* }

        impl<'a> $crate::message::codec::Part<'a> for $name $(<$lt>)? {
            const CODE: u8 = $code;

            fn write(&self, out: $crate::message::codec::Out) -> $crate::message::codec::Written {
                let fields: &[bool] = &[$($crate::message::codec::Wire::is_absent(&self.$field),)*];
                let present = fields.iter().filter(|absent| !**absent).count();
                out.map(u64::try_from(present).unwrap_or(u64::MAX))?;
                $(if !$crate::message::codec::Wire::is_absent(&self.$field) {
                    out.u8($number)?;
                    $crate::message::codec::Wire::put(&self.$field, out)?;
                })*
                Ok(())
            }

            #[allow(unused_mut, reason = "a part without fields takes none")]
            fn read(from: &mut minicbor::Decoder<'a>) -> Result<Self, $crate::message::codec::BadMessage> {
                let mut fields = $crate::message::codec::Fields::open($code, from)?;
                $(let $field = fields.take($number, from)?;)*
                fields.close()?;
                Ok(Self { $($field,)* })
            }
        }

        impl<'a> $crate::message::codec::Wire<'a> for $name $(<$lt>)? {
            fn put(&self, out: $crate::message::codec::Out) -> $crate::message::codec::Written {
                $crate::message::codec::Part::write(self, out)
            }
            fn get(from: &mut minicbor::Decoder<'a>) -> Result<Self, $crate::message::codec::Wrong> {
                <Self as $crate::message::codec::Part>::read(from).map_err(|bad| bad.wrong)
            }
        }
    };
}
pub(crate) use part;

/// An enum without data, as a table of codes.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The code on the wire.
            pub const fn code(self) -> u8 {
                match self { $($name::$variant => $code,)* }
            }

            /// The one with this code.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }

        impl<'a> $crate::message::codec::Wire<'a> for $name {
            fn put(&self, out: $crate::message::codec::Out) -> $crate::message::codec::Written {
                out.u8(self.code()).map(|_| ())
            }
            fn get(from: &mut minicbor::Decoder<'a>) -> Result<Self, $crate::message::codec::Wrong> {
                let code = from.u8().map_err(|_| $crate::message::codec::Wrong::Type)?;
                Self::from_code(code).ok_or($crate::message::codec::Wrong::Value)
            }
        }
    };
}
pub(crate) use codes;

/// An enum of messages: each variant holds the part of its name, and goes on the wire as that part's code and map.
macro_rules! messages {
    ($(#[$doc:meta])* $name:ident<'a> { $($(#[$variant_doc:meta])* $variant:ident $(<$lt:lifetime>)?,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "a list lies in place: there is no allocation to box it with")]
        pub enum $name<'a> { $($(#[$variant_doc])* $variant($variant $(<$lt>)?),)* }

        impl<'a> $name<'a> {
            /// The codes and names of all of them, in the order of the codes.
            pub const ALL: &'static [(u8, &'static str)] =
                &[$((<$variant as $crate::message::codec::Part>::CODE, stringify!($variant)),)*];

            /// The code on the wire.
            pub const fn code(&self) -> u8 {
                match self { $($name::$variant(_) => <$variant as $crate::message::codec::Part>::CODE,)* }
            }

            pub(crate) fn write(&self, out: $crate::message::codec::Out) -> $crate::message::codec::Written {
                match self { $($name::$variant(part) => $crate::message::codec::Part::write(part, out),)* }
            }

            pub(crate) fn read(
                code: u8,
                from: &mut minicbor::Decoder<'a>,
            ) -> Result<Self, $crate::message::codec::BadMessage> {
                $(if code == <$variant as $crate::message::codec::Part>::CODE {
                    return $crate::message::codec::Part::read(from).map($name::$variant);
                })*
                Err($crate::message::codec::BadMessage::of(code, 0, $crate::message::codec::Wrong::Unknown))
            }
        }
    };
}
pub(crate) use messages;
