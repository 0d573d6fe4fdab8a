//! Every type of the SDK as records, and back.
//!
//! Owns the translation. Nothing that arrives can make it panic: a word without a meaning here, a
//! message that ends too early or holds too much is a [`DecodeError`]. What the words *ask* is not
//! judged here; that is the engine's business.

mod cd;
mod facts;
mod failure;
mod fit;
mod plan;
mod refusal;
mod request;
mod step;

use crate::codes;
use crate::record::{MAX_BYTES, MAX_MESSAGE_BYTES, MAX_RECORDS, Message, Record};
use pitland_writer::mmc::Lba;
use pitland_writer::mmc::cdb::CdbBytes;
use pitland_writer::{Failure, Refusal};

/// Why a message was not understood. The other side made it: a newer version of the SDK, or a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A word that means nothing here; a newer SDK may know it.
    #[error("{} (code {code:#06x}) was not expected here", codes::name(*code).unwrap_or("a word without a name"))]
    UnknownCode {
        /// The code.
        code: u32,
    },
    /// A field that the word does not allow.
    #[error("{} has an impossible {field}", codes::name(*code).unwrap_or("a word"))]
    BadValue {
        /// The word.
        code: u32,
        /// Its field.
        field: &'static str,
    },
    /// Flags without a meaning here.
    #[error("{} has unknown flags {flags:#x}", codes::name(*code).unwrap_or("a word"))]
    UnknownFlags {
        /// The word.
        code: u32,
        /// All its flags.
        flags: u32,
    },
    /// One record carries more than 256 KiB.
    #[error("{} carries {bytes} bytes, more than 256 KiB", codes::name(*code).unwrap_or("a word"))]
    TooManyBytes {
        /// The word.
        code: u32,
        /// What it carries.
        bytes: usize,
    },
    /// The message as a whole is too large.
    #[error("the message is too large: {records} records, {bytes} bytes")]
    TooLarge {
        /// Its records.
        records: usize,
        /// Bytes of all of them.
        bytes: usize,
    },
    /// The message ends before it is complete.
    #[error("the message ends too early")]
    Ended,
    /// The message goes on behind its end.
    #[error("the message goes on behind its end, with code {code:#06x}")]
    Trailing {
        /// The first word too many.
        code: u32,
    },
}

impl DecodeError {
    /// The word at fault; 0 where there is none.
    pub fn code(&self) -> u32 {
        match self {
            Self::UnknownCode { code }
            | Self::BadValue { code, .. }
            | Self::UnknownFlags { code, .. }
            | Self::TooManyBytes { code, .. }
            | Self::Trailing { code } => *code,
            Self::TooLarge { .. } | Self::Ended => 0,
        }
    }

    /// The fault of a writer that said this.
    pub fn into_failure(self) -> Failure {
        Failure::UnknownWord { code: self.code() }
    }

    /// The refusal of a writer that said this, or was told it.
    pub fn into_refusal(self) -> Refusal {
        Refusal::WriterFault(self.into_failure())
    }
}

/// A type of the SDK that crosses the border.
pub trait Words: Sized {
    /// Says it.
    fn put(&self, out: &mut Message);

    /// Reads it.
    ///
    /// # Errors
    /// The message does not hold it.
    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError>;
}

/// One value as a message.
pub fn encode<T: Words>(value: &T) -> Message {
    let mut out = Message::new();
    value.put(&mut out);
    out
}

/// The value that a message holds, and nothing behind it.
///
/// # Errors
/// The message is something else, ends too early, goes on, or is too large.
pub fn decode<T: Words>(message: &[Record]) -> Result<T, DecodeError> {
    let mut cursor = Cursor::new(message)?;
    let value = T::take(&mut cursor)?;
    cursor.end()?;
    Ok(value)
}

/// Both parts of what is asked of a writer.
impl<A: Words, B: Words> Words for (A, B) {
    fn put(&self, out: &mut Message) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

/// A place in a message.
#[derive(Debug)]
pub struct Cursor<'a> {
    rest: &'a [Record],
}

impl<'a> Cursor<'a> {
    /// At the start of a message.
    ///
    /// # Errors
    /// The message is too large as a whole.
    pub fn new(message: &'a [Record]) -> Result<Self, DecodeError> {
        let bytes = message
            .iter()
            .map(|r| r.bytes.len())
            .fold(0, usize::saturating_add);
        if message.len() > MAX_RECORDS || bytes > MAX_MESSAGE_BYTES {
            return Err(DecodeError::TooLarge {
                records: message.len(),
                bytes,
            });
        }
        Ok(Self { rest: message })
    }

    /// The next record, whatever it is.
    ///
    /// # Errors
    /// There is none, it carries too much, or a flag or field that has no meaning is used.
    pub fn record(&mut self) -> Result<&'a Record, DecodeError> {
        let (record, rest) = self.rest.split_first().ok_or(DecodeError::Ended)?;
        self.rest = rest;
        if record.bytes.len() > MAX_BYTES {
            return Err(DecodeError::TooManyBytes {
                code: record.code,
                bytes: record.bytes.len(),
            });
        }
        if record.flags & !known_flags(record.code) != 0 {
            return Err(DecodeError::UnknownFlags {
                code: record.code,
                flags: record.flags,
            });
        }
        if record.reserved != 0 {
            return Err(DecodeError::BadValue {
                code: record.code,
                field: "reserved field",
            });
        }
        Ok(record)
    }

    /// The next record, which must be this word.
    ///
    /// # Errors
    /// It is another, or there is none.
    pub fn expect(&mut self, code: u32) -> Result<&'a Record, DecodeError> {
        let record = self.record()?;
        if record.code == code {
            Ok(record)
        } else {
            Err(record.unknown())
        }
    }

    /// As many values as another word promised; ends with the message, however many that were.
    pub(crate) fn take_many<T: Words>(&mut self, count: u64) -> Result<Vec<T>, DecodeError> {
        // No reservation: the count is the other side's word, and each value costs it a record.
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(T::take(self)?);
        }
        Ok(values)
    }

    /// Leaves out what follows: it belongs to a word that is not understood.
    pub(crate) fn skip_rest(&mut self) {
        self.rest = &[];
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// Something does.
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.rest.first() {
            None => Ok(()),
            Some(record) => Err(DecodeError::Trailing { code: record.code }),
        }
    }
}

impl Record {
    /// This word has no meaning at its place.
    pub(crate) fn unknown(&self) -> DecodeError {
        DecodeError::UnknownCode { code: self.code }
    }

    pub(crate) fn bad(&self, field: &'static str) -> DecodeError {
        DecodeError::BadValue {
            code: self.code,
            field,
        }
    }

    /// The count, where the value is narrower.
    pub(crate) fn count_as<T: TryFrom<u64>>(&self, field: &'static str) -> Result<T, DecodeError> {
        T::try_from(self.count).map_err(|_| self.bad(field))
    }

    /// A further number.
    pub(crate) fn number(&self, index: usize) -> Result<u64, DecodeError> {
        self.bytes
            .as_slice()
            .chunks_exact(8)
            .nth(index)
            .and_then(|chunk| chunk.try_into().ok())
            .map(u64::from_le_bytes)
            .ok_or_else(|| self.bad("number"))
    }

    /// A further number, where the value is narrower.
    pub(crate) fn number_as<T: TryFrom<u64>>(
        &self,
        index: usize,
        field: &'static str,
    ) -> Result<T, DecodeError> {
        T::try_from(self.number(index)?).map_err(|_| self.bad(field))
    }

    pub(crate) fn address(&self) -> Result<Lba, DecodeError> {
        i32::try_from(self.lba)
            .map(Lba)
            .map_err(|_| self.bad("address"))
    }

    pub(crate) fn text(&self) -> Result<String, DecodeError> {
        std::str::from_utf8(self.bytes.as_slice())
            .map(str::to_owned)
            .map_err(|_| self.bad("text"))
    }

    pub(crate) fn cdb(&self) -> Result<CdbBytes, DecodeError> {
        CdbBytes::from_slice(self.bytes.as_slice())
            .map_err(|_| self.bad("command descriptor block"))
    }
}

/// The flags that mean something with a word; of a word that is not known, all may.
fn known_flags(code: u32) -> u32 {
    match code {
        codes::REQUEST_FORMAT => 0b11,
        codes::REQUEST_ERASE
        | codes::REQUEST_CLOSE
        | codes::FIT_SERVES
        | codes::PLAN
        | codes::CD_LAYOUT
        | codes::CD_TRACK
        | codes::REFUSAL_MEDIUM_NOT_BLANK => 0b1,
        codes::TOLERANCE => 0b1111,
        codes::EXPECTED => 0b111_1111,
        codes::REQUEST_BURN => 0b111_1111,
        codes::SENSE | codes::EXTENT => 0b111,
        known if codes::name(known).is_some() => 0,
        _ => u32::MAX,
    }
}

/// A length as a count; lengths of memory always fit.
pub(crate) fn length(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
