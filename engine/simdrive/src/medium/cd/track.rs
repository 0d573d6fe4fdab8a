//! A track of a CD: where it stands, what its sectors are, and how the store has them.
//!
//! Owns what is true of one track. Must not know sessions, nor how a track came about.

use pitland_redbook::subchannel::Isrc;

use super::RUN_OUT;
use crate::medium::MediumError;

/// What the blocks of a track hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Audio,
    Mode1,
    /// Mode 2 with subheaders: form 1, and where whole sectors are kept form 2 as well.
    Xa,
    /// Mode 2 without forms.
    Mode2,
}

impl Form {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Audio => 0,
            Self::Mode1 => 1,
            Self::Xa => 2,
            Self::Mode2 => 3,
        }
    }

    pub(super) fn from_code(code: u8) -> Result<Self, MediumError> {
        match code {
            0 => Ok(Self::Audio),
            1 => Ok(Self::Mode1),
            2 => Ok(Self::Xa),
            3 => Ok(Self::Mode2),
            _ => Err(MediumError::Corrupt("unknown form of a track")),
        }
    }

    /// The data mode of READ TRACK INFORMATION (recipe 2.2).
    pub(crate) const fn data_mode(self) -> u8 {
        match self {
            Self::Audio => 0x0F,
            Self::Mode1 => 1,
            Self::Xa | Self::Mode2 => 2,
        }
    }
}

/// How the store has a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The user data, 2048 bytes of each block; the rest is made when it is read.
    Blocks,
    /// Whole sectors, and R to W; P and Q are made when they are read.
    Sectors,
    /// Whole sectors, and all sub-channels as the host wrote them.
    Raw,
}

impl Kept {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Blocks => 0,
            Self::Sectors => 1,
            Self::Raw => 2,
        }
    }

    pub(super) fn from_code(code: u8) -> Result<Self, MediumError> {
        match code {
            0 => Ok(Self::Blocks),
            1 => Ok(Self::Sectors),
            2 => Ok(Self::Raw),
            _ => Err(MediumError::Corrupt("unknown keeping of a track")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Track {
    /// Counted from 1.
    pub(crate) session: u8,
    /// The first block that the host wrote: of its pregap, if that is not before block 0.
    pub(crate) first: u32,
    /// Index 1.
    pub(crate) start: u32,
    /// Behind the last block that is on the disc.
    pub(crate) end: u32,
    /// The control bits of the table of contents, 4 for data.
    pub(crate) control: u8,
    pub(crate) form: Form,
    /// Nothing more comes: it stands in the PMA, or in a lead-in.
    pub(crate) ended: bool,
    /// Nothing of it reads.
    pub(crate) lost: bool,
    /// Two run-out blocks follow it.
    pub(crate) run_out: bool,
    pub(crate) kept: Kept,
    /// Where index 2 and the following ones begin.
    pub(crate) indexes: Vec<u32>,
    pub(crate) isrc: Option<Isrc>,
    /// A copy that must not be copied once more: the flag of copies alternates in Q.
    pub(crate) serial_copy: bool,
}

impl Track {
    /// A track of user data that begins at a block, with nothing in it yet.
    pub(crate) fn at(session: u8, start: u32, control: u8, form: Form) -> Self {
        Self {
            session,
            first: start,
            start,
            end: start,
            control,
            form,
            ended: false,
            lost: false,
            run_out: false,
            kept: Kept::Blocks,
            indexes: Vec::new(),
            isrc: None,
            serial_copy: false,
        }
    }

    /// Behind its last block, run-out included.
    pub(crate) fn close_end(&self) -> u32 {
        // A saved state may say anything, until it was looked at.
        self.end.saturating_add(match self.run_out {
            true => RUN_OUT,
            false => 0,
        })
    }

    pub(crate) fn is_audio(&self) -> bool {
        self.form == Form::Audio
    }

    /// What old discs have no place for in their record.
    pub(super) fn is_beyond_blocks(&self) -> bool {
        self.kept != Kept::Blocks
            || !self.indexes.is_empty()
            || self.isrc.is_some()
            || self.serial_copy
    }

    /// The index that a block belongs to: 0 before index 1.
    pub(crate) fn index_at(&self, lba: u32) -> u8 {
        match lba < self.start {
            true => 0,
            // At most 98 of them.
            false => 1 + self.indexes.iter().filter(|at| **at <= lba).count() as u8,
        }
    }
}
