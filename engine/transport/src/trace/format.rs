//! Writing the lines of a trace.
//!
//! Owns how a line looks when it is written. Must not know where lines go, nor
//! which bytes are worth keeping: the caller says.

use super::{MAGIC, VERSION};
use crate::{Data, DeviceClock, Reply, Status, TransportError};
use core::fmt::{self, Display, Write};
use core::time::Duration;
use pitland_mmc::pretty::{describe, describe_reply};
use pitland_mmc::{CdbBytes, Command};

/// Everything that a line tells of one exchange.
pub(super) struct Line<'a> {
    pub(super) at: Duration,
    pub(super) end: Duration,
    pub(super) cdb: CdbBytes,
    pub(super) limit: Duration,
    pub(super) data: &'a Data<'a>,
    /// CRC-32C of the blocks of a write.
    pub(super) payload_sum: u32,
    pub(super) result: &'a Result<Reply, TransportError>,
    pub(super) answer: Answer<'a>,
}

/// What is kept of the bytes that came from the drive.
pub(super) enum Answer<'a> {
    None,
    Whole(&'a [u8]),
    Sum(u32),
}

/// The first line, without its end.
pub(super) fn header(detail: &str, clock: DeviceClock, max_transfer: usize, hint: &str) -> String {
    let clock = match clock {
        DeviceClock::Real => "real",
        DeviceClock::Virtual => "virtual",
    };
    let hint = Printable(hint);
    format!(
        "{MAGIC} {VERSION} detail={detail} clock={clock} max-transfer={max_transfer} drive={hint}"
    )
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.at.as_secs(), self.at.subsec_micros());
        write!(f, "{seconds:5}.{micros:06} ")?;
        match self.data {
            // Lists are rare, so their words may cost memory; a WRITE's do not.
            Data::Out(list) if !list.is_empty() => {
                write!(f, "{}", OneLine(describe(self.cdb.as_slice(), list)))?;
            }
            _ => write!(f, "{}", Words(self.cdb))?,
        }
        match self.result {
            Ok(reply) => write!(f, " -> {}", reply.status)?,
            Err(error) => write!(f, " -> NO ANSWER: {}", OneLine(error))?,
        }
        if let Answer::Whole(bytes) = self.answer {
            write!(
                f,
                ": {}",
                OneLine(describe_reply(self.cdb.as_slice(), bytes))
            )?;
        }
        write!(
            f,
            " | at={} cdb={} limit={}",
            self.at.as_nanos(),
            Hex(self.cdb.as_slice()),
            self.limit.as_nanos()
        )?;
        match self.data {
            Data::None => {}
            Data::In(room) => write!(f, " in={}", room.len())?,
            Data::Out(list) => write!(f, " out={}", Hex(list))?,
            Data::Blocks { bytes, block_bytes } => {
                write!(
                    f,
                    " blocks={}/{block_bytes} crc={:08X}",
                    bytes.len(),
                    self.payload_sum
                )?;
            }
        }
        match self.result {
            Ok(reply) => {
                write!(f, " st={:02X}", status_code(reply.status))?;
                if let Some(sense) = reply.status.sense() {
                    write!(f, " sense={}", Hex(&sense.emit()))?;
                }
                write!(f, " n={}", reply.transferred)?;
            }
            Err(error) => write!(f, " err={}", ErrorCode(error))?,
        }
        match self.answer {
            Answer::None => {}
            Answer::Whole(bytes) => write!(f, " got={}", Hex(bytes))?,
            Answer::Sum(sum) => write!(f, " sum={sum:08X}")?,
        }
        writeln!(f, " end={}", self.end.as_nanos())
    }
}

/// A command in words, whatever its bytes are.
pub(super) struct Words(pub(super) CdbBytes);

impl Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Command::parse(self.0.as_slice()) {
            Ok(command) => command.fmt(f),
            Err(error) => {
                let name = Command::name_of(self.0.opcode()).unwrap_or("UNKNOWN COMMAND");
                write!(f, "{name} with {} ({error})", self.0)
            }
        }
    }
}

/// The status byte of an answer.
fn status_code(status: Status) -> u8 {
    match status {
        Status::Good => 0x00,
        Status::CheckCondition(_) => 0x02,
        Status::Busy => 0x08,
        Status::ReservationConflict => 0x18,
        Status::Other(code) => code,
    }
}

struct ErrorCode<'a>(&'a TransportError);

impl Display for ErrorCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TransportError::Gone => f.write_str("gone"),
            TransportError::TimedOut { limit } => write!(f, "timeout:{}", limit.as_nanos()),
            TransportError::Host { host, driver } => write!(f, "host:{host:04X}:{driver:04X}"),
            _ => f.write_str("other"),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        for byte in self.0 {
            f.write_char(char::from(DIGITS[usize::from(byte >> 4)]))?;
            f.write_char(char::from(DIGITS[usize::from(byte & 15)]))?;
        }
        Ok(())
    }
}

/// Text with its control characters made visible.
struct Printable<'a>(&'a str);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?
            } else {
                f.write_char(c)?
            }
        }
        Ok(())
    }
}

/// A text that stays on its line and on its side of the bar.
struct OneLine<T>(T);

impl<T: Display> Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Filter<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl Write for Filter<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                text.chars().try_for_each(|c| match c {
                    '|' => self.0.write_char('/'),
                    c if c.is_control() => write!(self.0, "{}", c.escape_default()),
                    c => self.0.write_char(c),
                })
            }
        }
        write!(Filter(f), "{}", self.0)
    }
}
