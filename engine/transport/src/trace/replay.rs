//! A record served as a drive.
//!
//! Owns the matching of what is sent with what was recorded. Must not know how
//! a line looks. Judges nothing but equality: whether the record was a good
//! burn is not its business.

use super::divergence::{Divergence, Mismatch};
use super::format::Words;
use super::layer::{Effect, read_of, written_by};
use super::parse::{self, BadHeader, Parsed, Recorded, RecordedAnswer, RecordedData};
use crate::sum::crc32c;
use crate::{Data, DeviceClock, Exchange, Limits, Reply, Transport, TransportError};
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// Longest line that is read: a whole 64 KiB answer in hexadecimal, many times.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of a block that writes are remembered in.
const BLOCK_BYTES: usize = 2048;

/// Why a file cannot be replayed at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The file is no trace. Check the name.
    #[error("this is no trace: it does not begin like one")]
    NoTrace,
    /// Another version of the format.
    #[error("the trace has version {found}, this program knows version 1")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The first line lacks a field or holds nonsense in it.
    #[error("the first line of the trace has no good `{field}`")]
    Header {
        /// The field.
        field: &'static str,
    },
    /// The file could not be read. Look at its permissions and the file system it lies on.
    #[error("the trace could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// A transport that gives the answers of a record, as long as it is asked what
/// was recorded, in that order.
///
/// Each command must equal the recorded one, with its parameter list and the
/// sum of its payload. The first that does not is answered with
/// [`TransportError::Diverged`], and so is every one after it. The clock is
/// virtual and shows the recorded times.
///
/// Blocks that are written during the replay are remembered (in memory, up to
/// a bound), because a trace keeps READs of them by their sum only.
#[derive(Debug)]
pub struct Replay<R> {
    reader: R,
    line: u64,
    text: String,
    hint: String,
    limits: Limits,
    now: Duration,
    next: Option<Box<Recorded>>,
    served: u64,
    /// The number that the last line states, once it was reached.
    stated: Option<u64>,
    parted: Option<Box<Divergence>>,
    memory: Memory,
}

impl Replay<BufReader<File>> {
    /// Replays the trace in a file.
    ///
    /// # Errors
    /// A [`ReplayError`]: no such file, or no trace.
    pub fn open(path: &Path) -> Result<Self, ReplayError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: BufRead + Send> Replay<R> {
    /// Bytes of written blocks that are remembered unless told otherwise.
    pub const DEFAULT_MEMORY_BYTES: usize = 256 * 1024 * 1024;

    /// Replays a trace, which is read line by line as it is needed.
    ///
    /// # Errors
    /// A [`ReplayError`] when the first line cannot be read as a trace's.
    pub fn new(reader: R) -> Result<Self, ReplayError> {
        let mut replay = Self {
            reader,
            line: 0,
            text: String::new(),
            hint: String::new(),
            limits: Limits::default(),
            now: Duration::ZERO,
            next: None,
            served: 0,
            stated: None,
            parted: None,
            memory: Memory {
                blocks: BTreeMap::new(),
                limit: Self::DEFAULT_MEMORY_BYTES / BLOCK_BYTES,
            },
        };
        match replay.read_line() {
            Ok(_) => {}
            // Bytes that are no text.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(ReplayError::NoTrace);
            }
            Err(error) => return Err(error.into()),
        }
        let header = parse::header(replay.text.trim_end()).map_err(|bad| match bad {
            BadHeader::NoTrace => ReplayError::NoTrace,
            BadHeader::Version(found) => ReplayError::Version { found },
            BadHeader::Field(field) => ReplayError::Header { field },
        })?;
        replay.hint = header.drive;
        replay.limits = Limits::with_max_transfer(header.max_transfer);
        Ok(replay)
    }

    /// The same replay with another bound on the written bytes it remembers.
    #[must_use]
    pub fn remembering(mut self, bytes: usize) -> Self {
        self.memory.limit = bytes / BLOCK_BYTES;
        self
    }

    /// Commands served so far.
    pub fn served(&self) -> u64 {
        self.served
    }

    /// Ends the replay; the number of commands served.
    ///
    /// # Errors
    /// The [`Divergence`] that came before, or [`Mismatch::LeftOver`] when the
    /// record has commands that were not sent, or [`Mismatch::Malformed`] when
    /// the record was cut off.
    pub fn finish(mut self) -> Result<u64, Box<Divergence>> {
        if let Some(parted) = self.parted {
            return Err(parted);
        }
        let mut first = None;
        let mut commands = 0;
        while self.load()? {
            first.get_or_insert(self.line);
            commands += 1;
            self.next = None;
        }
        match first {
            Some(line) => Err(Divergence {
                line,
                mismatch: Mismatch::LeftOver { commands },
            }
            .into()),
            None if self.stated != Some(self.served) => {
                Err(self.malformed("the record was cut off before its end"))
            }
            None => Ok(self.served),
        }
    }

    fn read_line(&mut self) -> std::io::Result<bool> {
        self.text.clear();
        self.line += 1;
        Ok(self
            .reader
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_line(&mut self.text)?
            != 0)
    }

    /// Makes the next recorded exchange ready; false at the end of the record.
    fn load(&mut self) -> Result<bool, Box<Divergence>> {
        while self.next.is_none() {
            match self.read_line() {
                Ok(false) => return Ok(false),
                Ok(true) if self.stated.is_some() => {
                    return Err(self.malformed("something after the end"));
                }
                Ok(true) => match parse::line(&self.text) {
                    Ok(Parsed::Nothing) => {}
                    Ok(Parsed::Exchange(recorded)) => self.next = Some(recorded),
                    Ok(Parsed::End(count)) => self.stated = Some(count),
                    Err(what) => return Err(self.malformed(what)),
                },
                Err(error) => return Err(self.parting(Mismatch::Io(Arc::new(error)))),
            }
        }
        Ok(true)
    }

    fn parting(&self, mismatch: Mismatch) -> Box<Divergence> {
        Box::new(Divergence {
            line: self.line,
            mismatch,
        })
    }

    fn malformed(&self, what: &'static str) -> Box<Divergence> {
        self.parting(Mismatch::Malformed { what })
    }

    fn serve(
        &mut self,
        exchange: Exchange<'_>,
    ) -> Result<Result<Reply, TransportError>, Box<Divergence>> {
        let Exchange { cdb, mut data, .. } = exchange;
        if !self.load()? {
            return Err(self.parting(Mismatch::Over {
                sent: Words(cdb).to_string(),
            }));
        }
        let Some(recorded) = self.next.take() else {
            return Err(self.parting(Mismatch::Over {
                sent: Words(cdb).to_string(),
            }));
        };
        if recorded.cdb != cdb {
            let (recorded, sent) = (Words(recorded.cdb).to_string(), Words(cdb).to_string());
            return Err(self.parting(Mismatch::Command { recorded, sent }));
        }
        same_data(&recorded, &data).map_err(|mismatch| self.parting(mismatch))?;
        if let Data::In(room) = &mut data
            && let Ok(reply) = &recorded.result
        {
            let room = room.get_mut(..reply.transferred).unwrap_or_default();
            self.fill(&recorded, room)
                .map_err(|mismatch| self.parting(mismatch))?;
        }
        if matches!(&recorded.result, Ok(reply) if reply.status == crate::Status::Good) {
            self.memory.note(cdb, &data);
        }
        self.now = self.now.max(recorded.end);
        self.served += 1;
        Ok(recorded.result)
    }

    /// Puts the recorded answer into the caller's room, which is as long.
    fn fill(&self, recorded: &Recorded, room: &mut [u8]) -> Result<(), Mismatch> {
        match &recorded.answer {
            RecordedAnswer::None => Ok(()),
            RecordedAnswer::Whole(bytes) if bytes.len() == room.len() => {
                room.copy_from_slice(bytes);
                Ok(())
            }
            RecordedAnswer::Sum(sum) => {
                if let Some((lba, _)) = read_of(recorded.cdb) {
                    self.memory.read(lba.0.into(), room);
                }
                if crc32c(room) == *sum {
                    Ok(())
                } else {
                    Err(not_kept(recorded))
                }
            }
            RecordedAnswer::Whole(_) => Err(not_kept(recorded)),
        }
    }
}

fn not_kept(recorded: &Recorded) -> Mismatch {
    Mismatch::AnswerNotKept {
        command: Words(recorded.cdb).to_string(),
    }
}

/// Whether the data sent are the recorded ones.
fn same_data(recorded: &Recorded, sent: &Data<'_>) -> Result<(), Mismatch> {
    let command = || Words(recorded.cdb).to_string();
    match (&recorded.data, sent) {
        (RecordedData::None, Data::None) => Ok(()),
        (RecordedData::In(room), Data::In(given)) if *room == given.len() => Ok(()),
        (RecordedData::Out(list), Data::Out(given)) if list.len() == given.len() => {
            match list.iter().zip(*given).position(|(a, b)| a != b) {
                None => Ok(()),
                Some(byte) => Err(Mismatch::ParameterList {
                    command: command(),
                    byte,
                }),
            }
        }
        (
            RecordedData::Blocks {
                bytes,
                block_bytes,
                sum,
            },
            Data::Blocks {
                bytes: given,
                block_bytes: size,
            },
        ) if *bytes == given.len() && block_bytes == size => {
            let sent = crc32c(given);
            if sent == *sum {
                Ok(())
            } else {
                Err(Mismatch::Payload {
                    command: command(),
                    recorded: *sum,
                    sent,
                })
            }
        }
        (recorded, sent) => Err(Mismatch::Data {
            command: command(),
            recorded: recorded_words(recorded),
            sent: sent_words(sent),
        }),
    }
}

fn recorded_words(data: &RecordedData) -> String {
    match data {
        RecordedData::None => "no data".to_owned(),
        RecordedData::In(room) => format!("{room} bytes of room"),
        RecordedData::Out(list) => format!("a list of {} bytes", list.len()),
        RecordedData::Blocks {
            bytes, block_bytes, ..
        } => format!("{bytes} bytes in blocks of {block_bytes}"),
    }
}

fn sent_words(data: &Data<'_>) -> String {
    match data {
        Data::None => "no data".to_owned(),
        Data::In(room) => format!("{} bytes of room", room.len()),
        Data::Out(list) => format!("a list of {} bytes", list.len()),
        Data::Blocks { bytes, block_bytes } => {
            format!("{} bytes in blocks of {block_bytes}", bytes.len())
        }
    }
}

/// The blocks that were written during the replay, up to a bound.
#[derive(Debug)]
struct Memory {
    blocks: BTreeMap<i64, Box<[u8]>>,
    limit: usize,
}

impl Memory {
    fn note(&mut self, cdb: pitland_mmc::CdbBytes, data: &Data<'_>) {
        match (written_by(cdb, data), data) {
            (Effect::Writes(lba, _), Data::Blocks { bytes, .. }) => {
                for (lba, block) in (i64::from(lba.0)..).zip(bytes.chunks_exact(BLOCK_BYTES)) {
                    if self.blocks.len() < self.limit || self.blocks.contains_key(&lba) {
                        self.blocks.insert(lba, block.into());
                    }
                }
            }
            (Effect::Erases, _) => self.blocks.clear(),
            _ => {}
        }
    }

    /// What is known of the blocks; the sum tells whether it is enough.
    fn read(&self, lba: i64, room: &mut [u8]) {
        for (lba, block) in (lba..).zip(room.chunks_exact_mut(BLOCK_BYTES)) {
            match self.blocks.get(&lba) {
                Some(bytes) => block.copy_from_slice(bytes),
                None => block.fill(0),
            }
        }
    }
}

impl<R: BufRead + Send> Transport for Replay<R> {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        if let Some(parted) = &self.parted {
            return Err(TransportError::Diverged(parted.clone()));
        }
        match self.serve(exchange) {
            Ok(recorded) => recorded,
            Err(parted) => {
                self.parted = Some(parted.clone());
                Err(TransportError::Diverged(parted))
            }
        }
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::Virtual
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn advance(&mut self, by: Duration) {
        self.now = self.now.saturating_add(by);
    }

    fn identity_hint(&self) -> String {
        format!("replay of {}", self.hint)
    }
}
