//! A journal as it is read: hostile input until it is understood.
//!
//! Every record is on stable storage before the next one is written. So only the last one can be torn, and it
//! then says nothing; a wrong check anywhere else is damage, and the journal is refused. (One bent length can
//! look like a torn end. It hides records; a verdict does not rest on them.)

use crate::UNIT_BLOCKS;
use crate::error::{Damage, JournalError};
use crate::record::{
    Begun, Ended, FILE_HEAD, FORMAT_VERSION, MAGIC, MOST_PAYLOAD, OPTIONAL, RECORD_HEAD, kind,
    parse_resumed, parse_step,
};
use crate::wire::{Put, Take};

/// The most bytes of a journal: the checks of a disc of 128 GB are 8 MB.
pub const MOST_FILE_BYTES: u64 = 32 << 20;
/// The most closing steps that are kept.
const MOST_STEPS: usize = 256;
/// The most units of one record: also with a gap after each of them it fits.
pub(crate) const MOST_UNITS: u64 = 8192;

/// How a journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tail {
    /// After a whole record.
    Whole,
    /// In the middle of one, which was passed over: the writer was cut off there.
    Torn {
        /// Where that record begins, in bytes.
        at: u64,
    },
}

/// All that a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// What was to be done.
    pub begun: Begun,
    /// Blocks from the image's start that the drive acknowledged. They may have been in its buffer.
    pub acknowledged: u64,
    /// The checks of the units that were acknowledged, where they were taken.
    pub checks: Checks,
    /// Closing steps that were begun, in order.
    pub steps: Vec<String>,
    /// How often the burn was taken up again.
    pub resumed: u32,
    /// How the job ended; `None` for one that was cut off, or still runs.
    pub ended: Option<Ended>,
    /// How the journal ends.
    pub tail: Tail,
}

/// Checks by unit, in runs without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checks(Vec<Run>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    first: u64,
    checks: Vec<u32>,
}

impl Run {
    fn end(&self) -> u64 {
        self.first.saturating_add(self.checks.len() as u64)
    }
}

impl Checks {
    /// The check of a unit, where it is known.
    pub fn get(&self, unit: u64) -> Option<u32> {
        let at = self.0.partition_point(|run| run.first <= unit);
        let run = self.0.get(at.checked_sub(1)?)?;
        let within = usize::try_from(unit.checked_sub(run.first)?).ok()?;
        run.checks.get(within).copied()
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|run| run.checks.len() as u64).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The unit behind the last one that is known.
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, Run::end)
    }

    /// Every unit that is known, and its check, by rising unit.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.0
            .iter()
            .flat_map(|run| (run.first..).zip(run.checks.iter().copied()))
    }

    /// Adds the check of a unit behind all others; `None` when it is not.
    fn push(&mut self, unit: u64, check: u32) -> Option<()> {
        match self.0.last_mut() {
            Some(run) if unit < run.end() => return None,
            Some(run) if unit == run.end() => run.checks.push(check),
            _ => self.0.push(Run {
                first: unit,
                checks: vec![check],
            }),
        }
        Some(())
    }
}

/// The payload of an acknowledgement: the blocks, and runs of checks by rising unit, of at most
/// [`MOST_UNITS`] units.
pub(crate) fn emit_acknowledged(blocks: u64, checks: impl Iterator<Item = (u64, u32)>) -> Vec<u8> {
    let mut runs = Checks::default();
    for (unit, check) in checks {
        let _ = runs.push(unit, check);
    }
    let mut put = Put::default();
    put.u64(blocks);
    for run in &runs.0 {
        put.u64(run.first);
        put.u32(u32::try_from(run.checks.len()).unwrap_or(0));
        for check in &run.checks {
            put.u32(*check);
        }
    }
    put.0
}

impl Journal {
    /// Reads a journal, whatever it is.
    ///
    /// # Errors
    /// [`JournalError::Damaged`], and [`JournalError::Version`] for one of a later version.
    pub fn parse(bytes: &[u8]) -> Result<Self, JournalError> {
        if bytes.len() as u64 > MOST_FILE_BYTES {
            return Err(Damage::TooLong.into());
        }
        read_head(bytes)?;
        let mut at = FILE_HEAD;
        let mut reading: Option<Self> = None;
        let tail = loop {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break Tail::Whole;
            }
            let place = at as u64;
            let record = match Record::read(rest) {
                Some(record) if record.holds() => record,
                // The end of the file, or room that was never written: the writer was cut off here.
                Some(record) if record.length() < rest.len() && rest.iter().any(|b| *b != 0) => {
                    return Err(Damage::Check { at: place }.into());
                }
                _ => break Tail::Torn { at: place },
            };
            match &mut reading {
                None => reading = Some(Self::begin(&record, place)?),
                Some(journal) => journal.apply(&record, place)?,
            }
            at += record.length();
        };
        let mut journal = reading.ok_or(Damage::NothingBegun)?;
        journal.tail = tail;
        Ok(journal)
    }

    fn begin(record: &Record<'_>, at: u64) -> Result<Self, Damage> {
        if record.kind != kind::BEGUN {
            return Err(Damage::NothingBegun);
        }
        Ok(Self {
            begun: Begun::parse(record.payload).ok_or(Damage::Content { at })?,
            acknowledged: 0,
            checks: Checks::default(),
            steps: Vec::new(),
            resumed: 0,
            ended: None,
            tail: Tail::Whole,
        })
    }

    fn apply(&mut self, record: &Record<'_>, at: u64) -> Result<(), Damage> {
        let understood = match record.kind {
            kind::ACKNOWLEDGED => self.acknowledge(record.payload),
            kind::STEP => parse_step(record.payload)
                .and_then(|step| (self.steps.len() < MOST_STEPS).then(|| self.steps.push(step))),
            kind::ENDED => Ended::parse(record.payload).map(|ended| self.ended = Some(ended)),
            kind::RESUMED => parse_resumed(record.payload).and_then(|block| self.resume(block)),
            _ if record.flags & OPTIONAL != 0 => Some(()),
            kind => return Err(Damage::UnknownRecord { kind, at }),
        };
        understood.ok_or(Damage::Content { at })
    }

    fn acknowledge(&mut self, payload: &[u8]) -> Option<()> {
        let take = &mut Take(payload);
        let blocks = take.u64()?;
        if blocks < self.acknowledged || blocks > self.begun.planned_blocks {
            return None;
        }
        self.acknowledged = blocks;
        let units = blocks.div_ceil(UNIT_BLOCKS);
        while !take.0.is_empty() {
            let first = take.u64()?;
            let count = u64::from(take.u32()?);
            if first.checked_add(count)? > units || count == 0 {
                return None;
            }
            for unit in first..first + count {
                self.checks.push(unit, take.u32()?)?;
            }
        }
        Some(())
    }

    fn resume(&mut self, block: u64) -> Option<()> {
        if block > self.begun.planned_blocks {
            return None;
        }
        self.acknowledged = block;
        self.resumed = self.resumed.saturating_add(1);
        self.steps.clear();
        self.ended = None;
        Some(())
    }
}

fn read_head(bytes: &[u8]) -> Result<(), JournalError> {
    let head = bytes.get(..FILE_HEAD).ok_or(Damage::NotAJournal)?;
    let take = &mut Take(head.strip_prefix(MAGIC).ok_or(Damage::NotAJournal)?);
    let (version, check) = take.u32().zip(take.u32()).ok_or(Damage::NotAJournal)?;
    let summed = head.get(..FILE_HEAD - 4).unwrap_or_default();
    if crc32c::crc32c(summed) != check {
        return Err(Damage::NotAJournal.into());
    }
    match version {
        1..=FORMAT_VERSION => Ok(()),
        found => Err(JournalError::Version { found }),
    }
}

struct Record<'a> {
    head: &'a [u8],
    kind: u16,
    flags: u16,
    check: u32,
    payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// `None` where it does not end within `bytes`, or says that it is longer than a record can be.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(RECORD_HEAD)?;
        let take = &mut Take(head);
        let length = usize::try_from(take.u32()?).ok()?;
        let kind_and_flags = take.u32()?;
        let check = take.u32()?;
        if length > MOST_PAYLOAD {
            return None;
        }
        Some(Self {
            head: head.get(..8)?,
            kind: (kind_and_flags & 0xFFFF) as u16,
            flags: (kind_and_flags >> 16) as u16,
            check,
            payload: rest.get(..length)?,
        })
    }

    fn holds(&self) -> bool {
        crc32c::crc32c_append(crc32c::crc32c(self.head), self.payload) == self.check
    }

    fn length(&self) -> usize {
        RECORD_HEAD + self.payload.len()
    }
}
