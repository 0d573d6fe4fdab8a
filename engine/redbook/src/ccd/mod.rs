//! CloneCD's control files: the table of contents, texts and tracks of a disc whose sectors stand in an image of 2352 bytes
//! each, the first of them block 0, and its sub-channels in another of 96 bytes each, channel by channel. The sectors of a
//! later session follow those of the one before: what lies between, lead-out, lead-in and 150 frames of pause, is in no file.
//!
//! Owns their text. It opens no file. The facts are those of the manual of GNU ccd2cue and of what other programs read
//! and write, among them libmirage of CDEmu for later sessions; no word of the maker's own is known here. Entries of mode 5,
//! which tell of sessions that may follow, are neither written nor read.

mod parse;
mod write;

pub use parse::{CcdError, CcdFault};

use crate::subchannel::{CHANNEL_BYTES, Channels, Control, Isrc, Mcn};
use crate::text::CdText;

/// A control file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CcdFile {
    /// The catalogue number.
    pub catalogue: Option<Mcn>,
    /// The texts.
    pub text: CdText,
    /// The sessions, at least one.
    pub sessions: Vec<CcdSession>,
}

/// A session of a control file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CcdSession {
    /// The block that its first sector in the image is.
    pub begin: u32,
    /// The tracks, in their order, numbered without a gap.
    pub tracks: Vec<CcdTrack>,
    /// The block behind the last one.
    pub lead_out: u32,
}

impl CcdSession {
    /// Its sectors in the image.
    #[must_use]
    pub const fn sectors(&self) -> u32 {
        self.lead_out.saturating_sub(self.begin)
    }
}

/// A track of a control file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CcdTrack {
    /// 1 to 99.
    pub number: u8,
    /// 0 for audio, else the mode of its sectors.
    pub mode: u8,
    /// Its flags.
    pub control: Control,
    /// Its recording code.
    pub isrc: Option<Isrc>,
    /// The block where index 0 begins.
    pub index_0: Option<u32>,
    /// The blocks where index 1 and on begin.
    pub indexes: Vec<u32>,
}

impl Channels {
    /// As CloneCD's sub-channel files have them: 12 bytes of each channel, P first.
    #[must_use]
    pub fn by_channel(&self) -> [u8; 96] {
        let mut out = [0; 96];
        for (to, from) in out.chunks_exact_mut(CHANNEL_BYTES).zip(&self.0) {
            to.copy_from_slice(from);
        }
        out
    }

    /// The inverse of [`Channels::by_channel`].
    #[must_use]
    pub fn from_by_channel(bytes: &[u8; 96]) -> Self {
        let mut out = [[0; CHANNEL_BYTES]; 8];
        for (to, from) in out.iter_mut().zip(bytes.chunks_exact(CHANNEL_BYTES)) {
            to.copy_from_slice(from);
        }
        Self(out)
    }
}

#[cfg(test)]
mod tests;
