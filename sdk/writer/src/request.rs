//! What a caller wants done with a medium. Owns no policy: the writer judges whether it can be done.

use crate::cd::CdLayout;
use crate::growth::Growth;
use pitland_mmc::Lba;
use std::fmt;
use std::num::NonZeroU32;

/// A job for a writer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Write an image.
    Burn(BurnRequest),
    /// Prepare a medium for recording.
    Format(FormatRequest),
    /// Make a rewritable medium empty again.
    Erase(EraseRequest),
    /// Close what an earlier burn left open.
    Close(CloseRequest),
    /// Continue a burn that was cut off.
    Resume(ResumeRequest),
}

/// Where a burn goes on a medium that may hold something already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Placement {
    /// Only onto a blank medium; anything else is refused.
    #[default]
    BlankOnly,
    /// From the medium's first block, replacing what is there (rewritable media).
    Overwrite,
    /// As a further session behind the earlier ones (sequential media).
    NewSession,
    /// As a session behind the volume of a medium that can be overwritten, whose beginning is then made to show it.
    Grow(Growth),
}

/// How a burn leaves the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Finish {
    /// The session is closed, the disc stays appendable where the medium knows sessions.
    #[default]
    CloseSession,
    /// The disc is finalized: nothing can be added.
    FinalizeDisc,
}

/// A write speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Speed {
    /// As fast as the drive offers for this medium.
    #[default]
    Maximum,
    /// At most this many kB/s (1000 bytes); the nearest offered speed at or below is taken, or the
    /// slowest offered.
    KilobytesPerSecond(NonZeroU32),
    /// At most this many tenths of the medium's nominal speed (`40` is 4x).
    TenthsOfNominal(NonZeroU32),
}

/// In how many goes a session is written, on media that leave it to the host (CD, DVD-R, DVD-RW).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Recording {
    /// As the writer thinks best for the medium.
    #[default]
    AsUsual,
    /// All at once: disc at once on DVD, session at once on CD. Nothing can be resumed, and on DVD the
    /// disc is final afterwards.
    AtOnce,
    /// Track by track: incrementally on DVD, track at once on CD.
    TrackByTrack,
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsUsual => "as usual",
            Self::AtOnce => "at once",
            Self::TrackByTrack => "track by track",
        })
    }
}

/// The sectors of a data track on CD; other media have one kind only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CdForm {
    /// As the earlier sessions of the disc, mode 1 on a blank one.
    #[default]
    AsDisc,
    /// Mode 1.
    Mode1,
    /// Mode 2 form 1 (CD-ROM XA).
    Mode2Form1,
}

impl fmt::Display for CdForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsDisc => "the disc's",
            Self::Mode1 => "mode 1",
            Self::Mode2Form1 => "mode 2 form 1",
        })
    }
}

/// Write an image of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BurnRequest {
    /// Length of the image in blocks; 0 while only assessing. Blocks of 2048 bytes, or of the form that the
    /// layout ([`BurnRequest::cd`]) has.
    pub blocks: u64,
    /// Where it goes.
    pub placement: Placement,
    /// How the medium is left.
    pub finish: Finish,
    /// How fast.
    pub speed: Speed,
    /// The disc is to turn at one rate all the time (pure CAV), where the drive offers that.
    pub pure_cav: bool,
    /// Ask the drive's test-write mode: everything but the recording.
    pub test_write: bool,
    /// Buffer-underrun protection, where the medium lets the host choose.
    pub underrun_protection: bool,
    /// Without the drive's own verification where it can be left out (DVD-RAM, BD-R and BD-RE with
    /// defect management): twice as fast, and defects are not replaced while writing (recipe 7).
    pub fast_write: bool,
    /// In how many goes, where the medium leaves that to the host.
    pub recording: Recording,
    /// The sectors of a CD's data track.
    pub cd_form: CdForm,
    /// What a CD session is that is more than one data track of 2048-byte blocks; `None`: just that.
    pub cd: Option<CdLayout>,
    /// Onto a CD, beyond the last lead-out that the disc names, as far as the drive takes it.
    pub overburn: bool,
    /// The image of a CD's data track ends with its own padding: nothing is added behind it but what makes the
    /// shortest track of it.
    pub postgap_in_image: bool,
}

impl BurnRequest {
    /// A burn of `blocks` blocks onto a blank medium, session closed, at full speed.
    pub fn new(blocks: u64) -> Self {
        Self {
            blocks,
            placement: Placement::default(),
            finish: Finish::default(),
            speed: Speed::default(),
            pure_cav: false,
            test_write: false,
            underrun_protection: true,
            fast_write: false,
            recording: Recording::default(),
            cd_form: CdForm::default(),
            cd: None,
            overburn: false,
            postgap_in_image: false,
        }
    }
}

/// How thoroughly a format goes over the surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Certification {
    /// As the writer thinks best for the medium.
    #[default]
    AsUsual,
    /// Not at all.
    None,
    /// A part of it (BD-RE); on DVD-RW and DVD-RAM the quick format.
    Quick,
    /// All of it: takes as long as writing the whole medium, or twice that.
    Full,
}

impl fmt::Display for Certification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsUsual => "as usual",
            Self::None => "none",
            Self::Quick => "quick",
            Self::Full => "full",
        })
    }
}

/// Format a medium.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FormatRequest {
    /// The format type of READ FORMAT CAPACITIES (0..=63); `None`: the writer's own choice.
    pub kind: Option<u8>,
    /// Bytes of spare area wanted, where the format has a choice.
    pub spare_bytes: Option<u64>,
    /// How thoroughly the surface is gone over, where the format has a choice.
    pub certification: Certification,
}

impl FormatRequest {
    /// A format of this kind, or of the writer's choice.
    pub fn new(kind: Option<u8>, spare_bytes: Option<u64>) -> Self {
        Self {
            kind,
            spare_bytes,
            certification: Certification::default(),
        }
    }
}

/// What an erase takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EraseScope {
    /// All that is on the medium.
    #[default]
    Disc,
    /// The last session (CD-RW).
    LastSession,
    /// The end of the last, open track, from this block on (CD-RW).
    TrackTail(Lba),
}

/// Empty a rewritable medium.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EraseRequest {
    /// The whole surface, not only what makes the medium look empty.
    pub full: bool,
    /// Blocks that make the medium look used (its volume), as found by whoever asks; overwritten by a
    /// quick erase where the medium has no BLANK.
    pub volume_blocks: u64,
    /// What it takes away.
    pub scope: EraseScope,
}

impl EraseRequest {
    /// An erase of the whole medium, quick or full.
    pub fn new(full: bool) -> Self {
        Self {
            full,
            volume_blocks: 0,
            scope: EraseScope::default(),
        }
    }
}

/// Close what is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CloseRequest {
    /// Finalize the disc, not only the session.
    pub finalize: bool,
}

impl CloseRequest {
    /// Close the session, or finalize the disc.
    pub fn new(finalize: bool) -> Self {
        Self { finalize }
    }
}

/// Continue a burn from a checkpoint. The plan for it covers what is missing: the first extent starts
/// where the medium goes on, and when all blocks are there only what closes them is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResumeRequest {
    /// The burn that was cut off.
    pub burn: BurnRequest,
    /// Blocks of its image known to be on the medium, padding included: a multiple of the write unit.
    pub written_blocks: u64,
}

impl ResumeRequest {
    /// The rest of `burn`, of which `written_blocks` are on the medium.
    pub fn new(burn: BurnRequest, written_blocks: u64) -> Self {
        Self {
            burn,
            written_blocks,
        }
    }
}
