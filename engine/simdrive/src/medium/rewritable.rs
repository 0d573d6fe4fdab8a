//! Rewritable media that are written anywhere once they are formatted: which
//! blocks hold data, and how far a format got.
//!
//! Shared by BD-RE, DVD+RW and DVD-RAM, and by BD-R where it is recorded at random, each
//! cluster once; the sibling files say what each can be formatted to. Must not know time, buffers or stores.

use super::ranges::{MAX_RANGES, Ranges};
use super::state::{Reader, Writer};
use super::{MediumError, MediumKind, Protection, dvd_rw};
use crate::refusal::Refusal;

/// How far the one-time format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formatting {
    /// As it left the factory.
    Never,
    /// A format was begun and never ended.
    Broken,
    Done,
}

/// The background format of DVD+RW (byte 7 of disc information, recipe 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Background {
    None,
    Suspended,
    Running,
    Complete,
}

impl Background {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Suspended => 1,
            Self::Running => 2,
            Self::Complete => 3,
        }
    }

    fn from_code(code: u8) -> Result<Self, MediumError> {
        Ok(match code {
            0 => Self::None,
            1 => Self::Suspended,
            2 => Self::Running,
            3 => Self::Complete,
            _ => return Err(MediumError::Corrupt("unknown state of background format")),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewritable {
    pub(crate) kind: MediumKind,
    /// Blocks of the unformatted disc.
    pub(crate) raw_capacity: u32,
    /// Blocks of the formatted disc.
    pub(crate) capacity: u32,
    pub(crate) formatting: Formatting,
    /// ECC blocks set aside; 0 when the disc was formatted without spares.
    pub(crate) spare_units: u32,
    pub(crate) background: Background,
    /// Blocks from 0 on that the background format has reached.
    pub(crate) formatted_to: u32,
    pub(crate) written: Ranges,
    pub(crate) protection: Protection,
    /// Where an intermediate session goes on: a DVD-RW that was formatted in the quick way and
    /// not closed since. Its capacity is what has been written of it so far.
    pub(crate) growing: Option<u32>,
}

impl Rewritable {
    pub(crate) fn new(kind: MediumKind, raw_capacity: u32) -> Self {
        Self {
            kind,
            raw_capacity,
            capacity: raw_capacity,
            formatting: Formatting::Never,
            spare_units: 0,
            background: Background::None,
            formatted_to: 0,
            written: Ranges::default(),
            protection: Protection::default(),
            growing: None,
        }
    }

    pub(crate) fn is_formatted(&self) -> bool {
        self.formatting == Formatting::Done
    }

    fn check_formatted(&self) -> Result<(), Refusal> {
        match self.formatting {
            Formatting::Done => Ok(()),
            Formatting::Never => Err(Refusal::UNFORMATTED),
            Formatting::Broken => Err(Refusal::FORMAT_FAILED),
        }
    }

    fn check_range(&self, lba: u32, blocks: u32) -> Result<u32, Refusal> {
        lba.checked_add(blocks)
            .filter(|end| *end <= self.capacity && lba < self.capacity)
            .ok_or(Refusal::LBA_OUT_OF_RANGE.at(lba))
    }

    /// Whether the blocks may be written now (recipes 6, 13.2). `overtakes`: also where a
    /// suspended background format has not been.
    pub(crate) fn check_write(
        &self,
        lba: u32,
        blocks: u32,
        overtakes: bool,
    ) -> Result<(), Refusal> {
        self.check_formatted()?;
        if self.kind == MediumKind::DvdMinusRw {
            dvd_rw::check_write(self, lba, blocks)?;
            return match self.protection.any() {
                true => Err(Refusal::WRITE_PROTECTED),
                false => Ok(()),
            };
        }
        let end = self.check_range(lba, blocks)?;
        if self.protection.any() {
            return Err(Refusal::WRITE_PROTECTED);
        }
        if self.kind == MediumKind::BdR {
            let unit = self.kind.unit();
            if !lba.is_multiple_of(unit) || !blocks.is_multiple_of(unit) {
                return Err(Refusal::ILLEGAL_FIELD);
            }
            // Key 8 is for "a write-once device that encountered a non-blank medium while
            // writing" (SCSI-2, sense keys); no drive is on record.
            if let Some(written) = self.written.first_held(lba, end) {
                return Err(Refusal::BLANK_CHECK.at(written));
            }
        }
        // A suspended background format must be restarted before blocks that it has
        // not reached are written: growisofs does so, and an Optorite wants it always.
        if self.background == Background::Suspended
            && !overtakes
            && lba.max(self.formatted_to) < end
            && self
                .written
                .first_gap(lba.max(self.formatted_to), end)
                .is_some()
        {
            return Err(Refusal::SEQUENCE);
        }
        Ok(())
    }

    /// Blocks were taken that an intermediate session grows by.
    pub(crate) fn accept(&mut self, lba: u32, blocks: u32) {
        if let Some(nwa) = &mut self.growing {
            *nwa = (*nwa).max(lba + blocks);
        }
    }

    /// What was accepted and is not on the disc is lost.
    pub(crate) fn forget_unrecorded(&mut self) {
        if let Some(nwa) = &mut self.growing {
            *nwa = self.capacity;
        }
    }

    /// Blocks are on the disc; whole ECC blocks around them were rewritten. Says
    /// whether the saved state changed.
    pub(crate) fn recorded(&mut self, lba: u32, blocks: u32) -> bool {
        if self.growing.is_some() {
            self.capacity = self.capacity.max(lba + blocks);
        }
        let unit = self.kind.unit();
        let start = lba / unit * unit;
        let end = (lba + blocks).next_multiple_of(unit).min(self.capacity);
        self.written.insert(start..end)
    }

    /// The first block of the range that cannot be read, with the reason (recipe 13.2).
    pub(crate) fn check_read(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        self.check_formatted()?;
        // On its way to the disc, if not there.
        if let Some(nwa) = self.growing
            && (self.capacity..nwa).contains(&lba)
        {
            return Err(Refusal::READ_ERROR.at(lba));
        }
        let end = self.check_range(lba, blocks)?;
        let start = lba.max(self.formatted_to);
        match self.written.first_gap(start, end) {
            Some(gap) if start < end => Err(Refusal::READ_ERROR.at(gap)),
            _ => Ok(()),
        }
    }

    /// A format begins: what was on the disc is gone.
    pub(crate) fn begin_format(&mut self) {
        self.formatting = Formatting::Broken;
        self.background = Background::None;
        self.formatted_to = 0;
        self.spare_units = 0;
        self.written.clear();
        self.growing = None;
        if self.kind == MediumKind::DvdMinusRw {
            // Until it ends, there is no telling how many there will be.
            self.capacity = self.raw_capacity;
        }
    }

    /// A format ended. `wiped`: every block was written and verified, and reads as zeros.
    pub(crate) fn end_format(&mut self, blocks: u32, spare_units: u32, wiped: bool) {
        self.formatting = Formatting::Done;
        self.capacity = blocks;
        self.spare_units = spare_units;
        self.formatted_to = 0;
        self.growing = None;
        self.written.clear();
        if wiped {
            self.written.insert(0..blocks);
        }
    }

    /// The spare area grows at the end of the disc; what lies before it stays (DVD-RAM).
    pub(crate) fn grow_spares(&mut self, blocks: u32, spare_units: u32) {
        self.capacity = blocks;
        self.spare_units = spare_units;
        self.written.truncate(blocks);
    }

    pub(super) fn save(&self, out: &mut Writer<'_>) {
        out.word(self.raw_capacity);
        out.word(self.capacity);
        out.byte(match self.formatting {
            Formatting::Never => 0,
            Formatting::Broken => 1,
            Formatting::Done => 2,
        });
        out.word(self.spare_units);
        out.byte(self.background.code());
        out.word(self.formatted_to);
        out.byte(self.protection.kept());
        if self.kind == MediumKind::DvdMinusRw {
            out.flag(self.growing.is_some());
        }
        out.half(self.written.len() as u16);
        for range in self.written.iter() {
            out.word(range.start);
            out.word(range.end);
        }
    }

    pub(super) fn load(kind: MediumKind, from: &mut Reader<'_>) -> Result<Self, MediumError> {
        let mut disc = Self::new(kind, from.word()?);
        disc.capacity = from.word()?;
        disc.formatting = match from.byte()? {
            0 => Formatting::Never,
            1 => Formatting::Broken,
            2 => Formatting::Done,
            _ => return Err(MediumError::Corrupt("unknown state of format")),
        };
        disc.spare_units = from.word()?;
        disc.background = match Background::from_code(from.byte()?)? {
            // The power went while it ran.
            Background::Running => Background::Suspended,
            other => other,
        };
        disc.formatted_to = from.word()?;
        disc.protection = Protection::from_kept(from.byte()?)?;
        if kind == MediumKind::DvdMinusRw && from.flag()? {
            disc.growing = Some(disc.capacity);
        }
        let count = usize::from(from.half()?);
        if count > MAX_RANGES {
            return Err(MediumError::Corrupt("too many written ranges"));
        }
        let mut last = None;
        for _ in 0..count {
            let range = from.word()?..from.word()?;
            if range.is_empty()
                || range.end > disc.capacity
                || last.is_some_and(|l| range.start <= l)
            {
                return Err(MediumError::Corrupt("the written ranges are out of order"));
            }
            last = Some(range.end);
            disc.written.insert(range);
        }
        disc.validate()?;
        Ok(disc)
    }

    /// What must hold of every disc, whoever wrote its state.
    pub(crate) fn validate(&self) -> Result<(), MediumError> {
        let wrong = |what| Err(MediumError::Corrupt(what));
        let empty = self.capacity == 0 && self.growing.is_none();
        if empty || self.capacity > self.raw_capacity {
            return wrong("the capacity is impossible");
        }
        if self.formatted_to > self.capacity {
            return wrong("the format went beyond the disc");
        }
        if self.spare_units > self.raw_capacity / self.kind.unit() {
            return wrong("there are more spares than disc");
        }
        if !self.is_formatted() && self.written.len() > 0 {
            return wrong("an unformatted disc holds data");
        }
        if self.background != Background::None
            && !matches!(self.kind, MediumKind::DvdPlusRw | MediumKind::DvdPlusRwDl)
        {
            return wrong("only DVD+RW is formatted in the background");
        }
        Ok(())
    }
}
