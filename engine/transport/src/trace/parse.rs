//! Reading the lines of a trace.
//!
//! Owns what a line must look like. Must not know what happens with it. Takes
//! any text without a panic.

use super::{MAGIC, VERSION};
use crate::{Reply, Status, TransportError};
use core::time::Duration;
use pitland_mmc::{CdbBytes, Sense};
use std::sync::Arc;

/// Longest piece of data that a line may hold: a guard against files that are
/// no traces. The largest exchange of today's links is 64 KiB.
const MAX_DATA_BYTES: usize = 16 * 1024 * 1024;

/// What the first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) max_transfer: usize,
    pub(super) drive: String,
}

/// Why a first line is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadHeader {
    NoTrace,
    Version(u32),
    Field(&'static str),
}

/// One recorded exchange.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) end: Duration,
    pub(super) cdb: CdbBytes,
    pub(super) data: RecordedData,
    pub(super) result: Result<Reply, TransportError>,
    pub(super) answer: RecordedAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordedData {
    None,
    In(usize),
    Out(Vec<u8>),
    Blocks {
        bytes: usize,
        block_bytes: u32,
        sum: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordedAnswer {
    None,
    Whole(Vec<u8>),
    Sum(u32),
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Parsed {
    Nothing,
    Exchange(Box<Recorded>),
    End(u64),
}

/// An exchange that could not be reproduced as it was: the kind of error is
/// known only to whoever made it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the recorded transport failed for a reason of its own")]
struct RecordedFailure;

pub(super) fn header(line: &str) -> Result<Header, BadHeader> {
    let rest = line
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.strip_prefix(' '))
        .ok_or(BadHeader::NoTrace)?;
    let (version, rest) = rest.split_once(' ').ok_or(BadHeader::NoTrace)?;
    let version: u32 = version.parse().map_err(|_| BadHeader::NoTrace)?;
    if version != VERSION {
        return Err(BadHeader::Version(version));
    }
    let (fields, drive) = rest.split_once("drive=").ok_or(BadHeader::Field("drive"))?;
    let max_transfer = fields
        .split(' ')
        .find_map(|field| field.strip_prefix("max-transfer="))
        .and_then(|value| value.parse().ok())
        .ok_or(BadHeader::Field("max-transfer"))?;
    Ok(Header {
        max_transfer,
        drive: drive.to_owned(),
    })
}

pub(super) fn line(line: &str) -> Result<Parsed, &'static str> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.starts_with('#') {
        return Ok(Parsed::Nothing);
    }
    if let Some(count) = line.strip_prefix("end ") {
        return count
            .parse()
            .map(Parsed::End)
            .map_err(|_| "no number after `end`");
    }
    let (_, fields) = line
        .rsplit_once(" | ")
        .ok_or("no bar between words and fields")?;
    exchange(fields).map(|recorded| Parsed::Exchange(Box::new(recorded)))
}

/// The fields of a line, taken in their order.
struct Fields<'a> {
    rest: core::iter::Peekable<core::str::Split<'a, char>>,
}

impl<'a> Fields<'a> {
    /// The value of the next field, if it has this name.
    fn take(&mut self, name: &str) -> Option<&'a str> {
        let value = self.rest.peek()?.strip_prefix(name)?.strip_prefix('=')?;
        self.rest.next();
        Some(value)
    }

    fn time(&mut self, name: &str) -> Option<Duration> {
        self.take(name)?.parse().ok().map(Duration::from_nanos)
    }
}

fn exchange(fields: &str) -> Result<Recorded, &'static str> {
    let mut fields = Fields {
        rest: fields.split(' ').peekable(),
    };
    let at = fields.time("at").ok_or("`at` is missing or no number")?;
    let cdb = fields
        .take("cdb")
        .and_then(unhex)
        .ok_or("`cdb` is missing or not hexadecimal")?;
    let cdb = CdbBytes::from_slice(&cdb).map_err(|_| "`cdb` has no byte, or more than 16")?;
    fields
        .time("limit")
        .ok_or("`limit` is missing or no number")?;
    let data = data(&mut fields)?;
    let result = result(&mut fields)?;
    let answer = answer(&mut fields)?;
    let end = fields.time("end").ok_or("`end` is missing or no number")?;
    if end < at {
        return Err("time runs backwards");
    }
    if fields.rest.next().is_some() {
        return Err("a field that does not belong there");
    }
    let recorded = Recorded {
        end,
        cdb,
        data,
        result,
        answer,
    };
    recorded.judge()?;
    Ok(recorded)
}

impl Recorded {
    /// Whether the fields agree with one another.
    fn judge(&self) -> Result<(), &'static str> {
        let room = match &self.data {
            RecordedData::None => 0,
            RecordedData::In(bytes) | RecordedData::Blocks { bytes, .. } => *bytes,
            RecordedData::Out(list) => list.len(),
        };
        if room > MAX_DATA_BYTES {
            return Err("more data than one exchange has");
        }
        let moved = self.result.as_ref().map_or(0, |reply| reply.transferred);
        if moved > room {
            return Err("more bytes travelled than there was room for");
        }
        match (&self.data, &self.answer) {
            (RecordedData::In(_), RecordedAnswer::None) if moved != 0 => {
                Err("the answer is missing")
            }
            (RecordedData::In(_), RecordedAnswer::Whole(bytes)) if bytes.len() != moved => {
                Err("the answer is not as long as `n` says")
            }
            (RecordedData::In(_), _) | (_, RecordedAnswer::None) => Ok(()),
            _ => Err("an answer without data-in"),
        }
    }
}

fn data(fields: &mut Fields<'_>) -> Result<RecordedData, &'static str> {
    if let Some(room) = fields.take("in") {
        return room
            .parse()
            .map(RecordedData::In)
            .map_err(|_| "`in` is no number");
    }
    if let Some(list) = fields.take("out") {
        return unhex(list)
            .map(RecordedData::Out)
            .ok_or("`out` is not hexadecimal");
    }
    let Some(blocks) = fields.take("blocks") else {
        return Ok(RecordedData::None);
    };
    let (bytes, block_bytes) = blocks
        .split_once('/')
        .ok_or("`blocks` is not bytes/bytes")?;
    let (Ok(bytes), Ok(block_bytes)) = (bytes.parse(), block_bytes.parse()) else {
        return Err("`blocks` is not bytes/bytes");
    };
    let sum = fields
        .take("crc")
        .and_then(hex32)
        .ok_or("`crc` is missing or not 8 digits")?;
    Ok(RecordedData::Blocks {
        bytes,
        block_bytes,
        sum,
    })
}

fn result(fields: &mut Fields<'_>) -> Result<Result<Reply, TransportError>, &'static str> {
    if let Some(error) = fields.take("err") {
        return failure(error).map(Err).ok_or("`err` has an unknown word");
    }
    let status = fields
        .take("st")
        .and_then(|text| byte(text.as_bytes()))
        .ok_or("`st` is missing or no byte")?;
    let status = match status {
        0x00 => Status::Good,
        0x02 => {
            let sense = fields
                .take("sense")
                .and_then(unhex)
                .ok_or("`sense` is missing or not hexadecimal")?;
            Status::CheckCondition(Sense::parse(&sense).map_err(|_| "`sense` is no sense data")?)
        }
        0x08 => Status::Busy,
        0x18 => Status::ReservationConflict,
        other => Status::Other(other),
    };
    let transferred = fields
        .take("n")
        .and_then(|n| n.parse().ok())
        .ok_or("`n` is missing or no number")?;
    Ok(Ok(Reply {
        status,
        transferred,
    }))
}

fn failure(text: &str) -> Option<TransportError> {
    if let Some(limit) = text.strip_prefix("timeout:") {
        return Some(TransportError::TimedOut {
            limit: Duration::from_nanos(limit.parse().ok()?),
        });
    }
    if let Some(codes) = text.strip_prefix("host:") {
        let (host, driver) = codes.split_once(':')?;
        let code = |digits| u16::from_str_radix(digits, 16).ok();
        return Some(TransportError::Host {
            host: code(host)?,
            driver: code(driver)?,
        });
    }
    match text {
        "gone" => Some(TransportError::Gone),
        "other" => Some(TransportError::Foreign(Arc::new(RecordedFailure))),
        _ => None,
    }
}

fn answer(fields: &mut Fields<'_>) -> Result<RecordedAnswer, &'static str> {
    if let Some(bytes) = fields.take("got") {
        return unhex(bytes)
            .map(RecordedAnswer::Whole)
            .ok_or("`got` is not hexadecimal");
    }
    match fields.take("sum") {
        Some(sum) => hex32(sum)
            .map(RecordedAnswer::Sum)
            .ok_or("`sum` is not 8 digits"),
        None => Ok(RecordedAnswer::None),
    }
}

fn hex32(text: &str) -> Option<u32> {
    (text.len() == 8)
        .then(|| unhex(text))??
        .first_chunk()
        .copied()
        .map(u32::from_be_bytes)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    (digits.len().is_multiple_of(2) && digits.len() / 2 <= MAX_DATA_BYTES).then_some(())?;
    digits.chunks_exact(2).map(byte).collect()
}

fn byte(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else { return None };
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WRITE: &str = "    0.000001 WRITE (10) lba 0, 1 block -> GOOD | at=1000 cdb=2A000000000000000100 \
        limit=5 blocks=2048/2048 crc=0000ABCD st=00 n=2048 end=2000";

    fn parsed(text: &str) -> Result<Recorded, &'static str> {
        match line(text)? {
            Parsed::Exchange(recorded) => Ok(*recorded),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_is_read_in_full() {
        let recorded = parsed(WRITE).unwrap();
        assert_eq!(recorded.end, Duration::from_micros(2));
        assert_eq!(recorded.cdb.opcode(), 0x2A);
        assert_eq!(
            recorded.data,
            RecordedData::Blocks {
                bytes: 2048,
                block_bytes: 2048,
                sum: 0xABCD
            }
        );
        assert_eq!(recorded.result.unwrap(), Reply::good(2048));
    }

    #[test]
    fn fields_that_contradict_one_another_are_refused() {
        for (from, to) in [
            ("n=2048", "n=2049"),
            ("n=2048", "n=2048 got=00"),
            ("crc=0000ABCD", "crc=ABCD"),
            ("st=00", "st=02"),
            ("st=00 ", ""),
            ("end=2000", "end=2000 end=2000"),
            ("end=2000", "end=999"),
            ("cdb=2A", "cdb=2G"),
            ("blocks=2048/2048", "blocks=99999999999/2048"),
            (" | ", " "),
        ] {
            assert!(parsed(&WRITE.replace(from, to)).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn headers_of_another_kind_are_told_apart() {
        let good = "pitland-trace 1 detail=replay clock=virtual max-transfer=65536 drive=virtual:a b.vdisc";
        assert_eq!(
            header(good),
            Ok(Header {
                max_transfer: 65536,
                drive: "virtual:a b.vdisc".into()
            })
        );
        assert_eq!(header("hello"), Err(BadHeader::NoTrace));
        assert_eq!(
            header(&good.replace(" 1 ", " 2 ")),
            Err(BadHeader::Version(2))
        );
        assert_eq!(
            header(&good.replace("65536", "x")),
            Err(BadHeader::Field("max-transfer"))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,200}", cut in 0usize..200, put in "\\PC{0,3}") {
            let _ = (line(&text), header(&text));
            let at = cut.min(WRITE.len());
            let _ = line(&format!("{}{put}{}", &WRITE[..at], &WRITE[at..]));
            let _ = line(&WRITE[..at]);
        }
    }
}
