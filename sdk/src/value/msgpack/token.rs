//! Msgpack's grammar, one token at a time.

use rmp::Marker;

use crate::value::DecodeError;

/// One scalar, or the head of a sequence or mapping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// A string or binary.
    Bytes(&'a [u8]),
    /// As many values follow. No more than there are bytes.
    Array(usize),
    /// As many keys and values follow. No more than there are bytes.
    Map(usize),
    Ext(i8, &'a [u8]),
}

/// The rest of some bytes.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// How many bytes are left.
    pub(super) fn rest(&self) -> usize {
        self.bytes.len()
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, DecodeError> {
        let [marker] = self.array()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Token::Nil,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::FixPos(value) => Token::Uint(value.into()),
            Marker::FixNeg(value) => Token::Int(value.into()),
            Marker::U8 => Token::Uint(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Token::Uint(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Token::Uint(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Token::Uint(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Token::Int(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Token::Int(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Token::Int(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Token::Int(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Bytes(self.take(length.into())?),
            Marker::Str8 | Marker::Bin8 => self.sized::<1>()?,
            Marker::Str16 | Marker::Bin16 => self.sized::<2>()?,
            Marker::Str32 | Marker::Bin32 => self.sized::<4>()?,
            Marker::FixArray(count) => Token::Array(self.holds(count.into(), 1)?),
            Marker::Array16 => Token::Array(self.counted::<2>(1)?),
            Marker::Array32 => Token::Array(self.counted::<4>(1)?),
            Marker::FixMap(count) => Token::Map(self.holds(count.into(), 2)?),
            Marker::Map16 => Token::Map(self.counted::<2>(2)?),
            Marker::Map32 => Token::Map(self.counted::<4>(2)?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized_extension::<1>()?,
            Marker::Ext16 => self.sized_extension::<2>()?,
            Marker::Ext32 => self.sized_extension::<4>()?,
            Marker::Reserved => return Err(DecodeError::new("the byte c1 means nothing")),
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or_else(cut_short)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.bytes.split_at_checked(length).ok_or_else(cut_short)?;
        self.bytes = rest;
        Ok(head)
    }

    /// A length of `N` bytes.
    fn length<const N: usize>(&mut self) -> Result<usize, DecodeError> {
        let bytes: [u8; N] = self.array()?;
        Ok(bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    }

    fn sized<const N: usize>(&mut self) -> Result<Token<'a>, DecodeError> {
        let length = self.length::<N>()?;
        Ok(Token::Bytes(self.take(length)?))
    }

    fn counted<const N: usize>(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = self.length::<N>()?;
        self.holds(count, least)
    }

    /// Checks that `count` items of at least `least` bytes can follow.
    fn holds(&self, count: usize, least: usize) -> Result<usize, DecodeError> {
        match count.checked_mul(least) {
            Some(bytes) if bytes <= self.bytes.len() => Ok(count),
            _ => Err(cut_short()),
        }
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, DecodeError> {
        let [code] = self.array()?;
        Ok(Token::Ext(i8::from_be_bytes([code]), self.take(length)?))
    }

    fn sized_extension<const N: usize>(&mut self) -> Result<Token<'a>, DecodeError> {
        let length = self.length::<N>()?;
        self.extension(length)
    }
}

fn cut_short() -> DecodeError {
    DecodeError::new("the bytes end before the value does")
}
