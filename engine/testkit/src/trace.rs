//! The exchange with a drive, line by line: to be read, kept, and replayed.
//!
//! A line is a wait or a command:
//!
//! ```text
//! wait 500000000
//! 5B 01 02 00 00 00 00 00 00 00 | none | good 0 | CLOSE TRACK/SESSION session, IMMED
//! 2A 00 00 00 00 20 00 00 20 00 | image 32 65536 | sense 2/04/08 | WRITE (10) lba 32, 32 blocks
//! 35 00 00 00 00 00 00 00 00 00 | none | forged 3/0C/00 | SYNCHRONIZE CACHE
//! ```
//!
//! Nanoseconds; or the command, what went with it (`none`, `in BYTES`, `out HEX`, `image BLOCK BYTES`,
//! `zeros BYTES`), what came back (a `forged` answer was put in the drive's place), and the command in
//! words, which nobody reads back.
//!
//! Owns the form and the replay. Must not know rules or writers.

use crate::bench::SimulatedDrive;
use crate::image::Image;
use pitland_writer::mmc::cdb::CdbBytes;
use pitland_writer::mmc::{Sense, pretty};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What went to the drive with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Nothing, in neither direction.
    None,
    /// Room for this many bytes of answer.
    In(usize),
    /// These bytes.
    Bytes(Vec<u8>),
    /// Blocks of the image.
    Image {
        /// The first of them.
        block: u64,
        /// Their bytes.
        bytes: usize,
    },
    /// This many zero bytes.
    Zeros(usize),
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Success, with this many bytes.
    Good(usize),
    /// The drive's sense.
    Sense(Sense),
    /// A sense that was put in the place of the drive's answer; the drive never saw the command.
    Forged(Sense),
}

/// A line of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Time that passed.
    Wait(Duration),
    /// A command and its answer.
    Command {
        /// The command.
        cdb: CdbBytes,
        /// What went with it.
        outgoing: Outgoing,
        /// What came back.
        given: Given,
    },
}

/// An exchange with a drive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// The lines.
    pub entries: Vec<Entry>,
}

/// A line that is none of a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the trace cannot be read")]
pub struct TraceSyntax {
    /// Number of the line, from 1.
    pub line: usize,
}

/// Where a replay went another way than the trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: the drive answered {found:?}, in the trace {expected:?}")]
pub struct ReplayError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What the trace has.
    pub expected: Given,
    /// What the drive said now.
    pub found: Given,
}

impl Trace {
    /// Sends everything once more, to a drive in the state in which the first one was.
    ///
    /// # Errors
    /// The first answer that differs from the trace.
    pub fn replay(&self, drive: &mut dyn SimulatedDrive, image: &Image) -> Result<(), ReplayError> {
        for (index, entry) in self.entries.iter().enumerate() {
            match entry {
                Entry::Wait(by) => drive.advance(*by),
                Entry::Command {
                    given: Given::Forged(_),
                    ..
                } => {}
                Entry::Command {
                    cdb,
                    outgoing,
                    given,
                } => {
                    let found = match send(drive, cdb, outgoing, image) {
                        Ok(data) => Given::Good(data.len()),
                        Err(sense) => Given::Sense(sense),
                    };
                    if !alike(given, &found) {
                        let line = index + 1;
                        return Err(ReplayError {
                            line,
                            expected: *given,
                            found,
                        });
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether two answers are the same as far as a trace tells: progress of an operation is not kept.
fn alike(a: &Given, b: &Given) -> bool {
    match (a, b) {
        (Given::Sense(a), Given::Sense(b)) => a.triple() == b.triple(),
        (a, b) => a == b,
    }
}

/// Sends a command to a drive, and answers what came back.
pub(crate) fn send(
    drive: &mut dyn SimulatedDrive,
    cdb: &CdbBytes,
    outgoing: &Outgoing,
    image: &Image,
) -> Result<Vec<u8>, Sense> {
    Load::default().send(drive, cdb, outgoing, image)
}

/// The bytes on their way out, kept for the case that the same go out again: a full drive buffer
/// refuses a WRITE hundreds of times.
#[derive(Debug, Default)]
pub(crate) struct Load {
    of: Option<(Outgoing, Image)>,
    bytes: Vec<u8>,
}

impl Load {
    /// Sends a command to a drive, and answers what came back.
    pub(crate) fn send(
        &mut self,
        drive: &mut dyn SimulatedDrive,
        cdb: &CdbBytes,
        outgoing: &Outgoing,
        image: &Image,
    ) -> Result<Vec<u8>, Sense> {
        let data_out: &[u8] = match outgoing {
            Outgoing::None | Outgoing::In(_) => &[],
            Outgoing::Bytes(bytes) => bytes,
            Outgoing::Zeros(length) | Outgoing::Image { bytes: length, .. } => {
                self.prepare(outgoing, image, *length);
                &self.bytes
            }
        };
        let room = match outgoing {
            Outgoing::In(room) => *room,
            _ => 0,
        };
        let mut data_in = vec![0; room];
        let came = drive.execute(cdb.as_slice(), data_out, &mut data_in)?;
        data_in.truncate(came);
        Ok(data_in)
    }

    fn prepare(&mut self, outgoing: &Outgoing, image: &Image, length: usize) {
        let wanted = (outgoing.clone(), *image);
        if self.of.as_ref() == Some(&wanted) {
            return;
        }
        self.bytes.clear();
        self.bytes.resize(length, 0);
        if let Outgoing::Image { block, .. } = outgoing {
            image.fill(*block, &mut self.bytes);
        }
        self.of = Some(wanted);
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries
            .iter()
            .try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait(by) => write!(f, "wait {}", by.as_nanos()),
            Self::Command {
                cdb,
                outgoing,
                given,
            } => {
                let list: &[u8] = match outgoing {
                    Outgoing::Bytes(bytes) => bytes,
                    _ => &[],
                };
                let words = pretty::describe(cdb.as_slice(), list);
                write!(f, "{cdb} | {outgoing} | {given} | {words}")
            }
        }
    }
}

impl fmt::Display for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::In(room) => write!(f, "in {room}"),
            Self::Zeros(bytes) => write!(f, "zeros {bytes}"),
            Self::Image { block, bytes } => write!(f, "image {block} {bytes}"),
            Self::Bytes(bytes) => {
                f.write_str("out ")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, sense) = match self {
            Self::Good(bytes) => return write!(f, "good {bytes}"),
            Self::Sense(sense) => ("sense", sense),
            Self::Forged(sense) => ("forged", sense),
        };
        let (key, asc, ascq) = sense.triple();
        write!(f, "{word} {key:X}/{asc:02X}/{ascq:02X}")
    }
}

impl FromStr for Trace {
    type Err = TraceSyntax;

    fn from_str(text: &str) -> Result<Self, TraceSyntax> {
        let entries = text
            .lines()
            .enumerate()
            .map(|(index, line)| entry(line).ok_or(TraceSyntax { line: index + 1 }))
            .collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }
}

fn entry(line: &str) -> Option<Entry> {
    if let Some(nanoseconds) = line.strip_prefix("wait ") {
        return Some(Entry::Wait(Duration::from_nanos(nanoseconds.parse().ok()?)));
    }
    let mut parts = line.splitn(4, " | ");
    let cdb = hex(parts.next()?)?;
    let outgoing = outgoing(parts.next()?)?;
    let given = given(parts.next()?)?;
    Some(Entry::Command {
        cdb: CdbBytes::from_slice(&cdb).ok()?,
        outgoing,
        given,
    })
}

fn outgoing(text: &str) -> Option<Outgoing> {
    let words: Vec<&str> = text.split(' ').collect();
    Some(match *words.as_slice() {
        ["none"] => Outgoing::None,
        ["in", room] => Outgoing::In(room.parse().ok()?),
        ["out", bytes] => Outgoing::Bytes(hex(bytes)?),
        ["zeros", bytes] => Outgoing::Zeros(bytes.parse().ok()?),
        ["image", block, bytes] => Outgoing::Image {
            block: block.parse().ok()?,
            bytes: bytes.parse().ok()?,
        },
        _ => return None,
    })
}

fn given(text: &str) -> Option<Given> {
    let (word, rest) = text.split_once(' ')?;
    if word == "good" {
        return Some(Given::Good(rest.parse().ok()?));
    }
    let code = |text| u8::from_str_radix(text, 16).ok();
    let codes: Vec<u8> = rest.split('/').map(code).collect::<Option<_>>()?;
    let [key, asc, ascq] = *codes.as_slice() else {
        return None;
    };
    let sense = Sense::new(key, asc, ascq);
    match word {
        "sense" => Some(Given::Sense(sense)),
        "forged" => Some(Given::Forged(sense)),
        _ => None,
    }
}

/// Hexadecimal digits, two a byte, spaces between bytes or not.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(
        pairs
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_survives_being_printed() {
        let command = |outgoing, given| Entry::Command {
            cdb: CdbBytes::from_slice(&[0x2A, 0, 0, 0, 0, 32, 0, 0, 32, 0]).unwrap(),
            outgoing,
            given,
        };
        let trace = Trace {
            entries: vec![
                Entry::Wait(Duration::from_nanos(1_500)),
                command(Outgoing::None, Given::Good(0)),
                command(Outgoing::In(34), Given::Good(34)),
                command(
                    Outgoing::Bytes(vec![0, 0xAB]),
                    Given::Sense(Sense::new(5, 0x24, 0)),
                ),
                command(
                    Outgoing::Image {
                        block: 32,
                        bytes: 65_536,
                    },
                    Given::Sense(Sense::new(2, 4, 8)),
                ),
                command(Outgoing::Zeros(2_048), Given::Forged(Sense::new(0xB, 0, 0))),
            ],
        };
        assert_eq!(trace.to_string().parse(), Ok(trace));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for line in [
            "wait soon",
            "2A | none",
            "2 | none | good 0",
            "2A | none | sense 5/24",
        ] {
            let text = format!("wait 1\n{line}");
            assert_eq!(
                text.parse::<Trace>(),
                Err(TraceSyntax { line: 2 }),
                "{line}"
            );
        }
    }
}
