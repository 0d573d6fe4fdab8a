//! Why a request is not taken. A refusal is not a failure: nothing has been touched.

use crate::cd::{CdMode, LayoutFault};
use crate::request::{CdForm, Certification, Placement, Recording};
use pitland_mmc::{Lba, Profile};

/// What is missing for a request to be served. The medium is untouched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no medium in the drive.
    #[error("there is no medium in the drive")]
    NoMedium,
    /// There is a medium in the drive, and the drive cannot make out what it is: one that it does not
    /// know, a dirty one, or one that lies upside down.
    #[error("there is a medium in the drive, but the drive cannot make out what it is")]
    UnrecognizedMedium,
    /// The medium cannot be written at all, or not by the writers at hand.
    #[error("no writer for {profile}")]
    NoWriter {
        /// What is in the drive.
        profile: Profile,
    },
    /// The medium holds data and the request was for a blank one.
    #[error("the medium is not blank{}", match .offer { Some(Placement::Overwrite) => "; it can be overwritten when asked to", Some(Placement::NewSession) => "; a new session can be added when asked for", _ => "" })]
    MediumNotBlank {
        /// What would be accepted instead.
        offer: Option<Placement>,
    },
    /// A finalized or full disc that can be erased.
    #[error("the disc is closed, and is written again only after an erase")]
    EraseFirst,
    /// A finalized or full disc: nothing can be added.
    #[error("the disc is closed: nothing can be added to it")]
    MediumClosed,
    /// The medium is damaged and cannot be continued.
    #[error("the medium is damaged: its last session cannot be continued")]
    MediumDamaged,
    /// The medium has an open session that must be closed first.
    #[error("the last session is still open: close it first")]
    SessionOpen,
    /// A recording at once was announced, and nothing of it was written. No function closes that.
    #[error(
        "a recording was announced to the drive and never begun: it forgets that once the disc is ejected"
    )]
    OnlyAnnounced,
    /// The data do not fit.
    #[error("the data need {needed} blocks, the medium has {available} free")]
    TooLarge {
        /// Blocks of 2048 bytes needed, padding included.
        needed: u64,
        /// Blocks of 2048 bytes free.
        available: u64,
    },
    /// Nothing to write.
    #[error("there is nothing to write")]
    Empty,
    /// The medium has no test-write mode.
    #[error("{profile} has no test-write mode; a rehearsal on the host is possible")]
    NoTestWrite {
        /// The medium.
        profile: Profile,
    },
    /// The request needs a rewritable medium.
    #[error("{profile} can be written once only")]
    NotRewritable {
        /// The medium.
        profile: Profile,
    },
    /// The request needs a medium with sessions.
    #[error("{profile} has no sessions")]
    NoSessions {
        /// The medium.
        profile: Profile,
    },
    /// The medium holds as many sessions as it can.
    #[error("the disc holds {limit} sessions already, as many as it can")]
    SessionLimit {
        /// The most it can hold.
        limit: u32,
    },
    /// The medium has no such format.
    #[error("no format of kind {kind:02X}h with that spare area; offered: {offered:02X?}")]
    NoSuchFormat {
        /// What was asked.
        kind: u8,
        /// The kinds that the drive lists.
        offered: Vec<u8>,
    },
    /// The medium must not or need not be formatted.
    #[error("{profile} cannot be formatted in its present state")]
    NotFormattable {
        /// The medium.
        profile: Profile,
    },
    /// There is nothing open to close. To a request to resume a burn whose blocks are all on the medium:
    /// it is closed, too, and can only be read back.
    #[error("there is nothing to close")]
    NothingToClose,
    /// The medium holds nothing of the burn that is to be resumed: it is blank, or its last session is
    /// closed. The burn can only be begun anew.
    #[error("the medium holds no burn that could be resumed: begin it anew")]
    NothingToResume,
    /// The medium is not where the burn that is to be resumed was cut off: other blocks are on it, or
    /// it is another disc.
    #[error(
        "the burn was cut off at LBA {expected}, the medium goes on at LBA {found}: it is not resumed"
    )]
    NotWhereCutOff {
        /// The first block that is missing, by what is known of the burn.
        expected: Lba,
        /// Where the medium goes on.
        found: Lba,
    },
    /// A burn of that length cannot have been cut off there: what is said to be written is more than
    /// it has, or not whole write units.
    #[error("the burn cannot have been cut off behind {written_blocks} blocks")]
    BadCheckpoint {
        /// Blocks that are said to be written.
        written_blocks: u64,
    },
    /// The drive lacks a fact that the writer needs.
    #[error("the drive did not tell {what}")]
    FactMissing {
        /// The missing answer, by its command's name.
        what: MissingFact,
    },
    /// The medium is of a kind that drives read, and that no burner has a precedent for writing: DVD-R DL
    /// in layer-jump recording, BD-R in random recording mode (recipes 6 and 7).
    #[error("{profile} is read here, not written: there is no precedent for writing it well")]
    NoPrecedent {
        /// The medium.
        profile: Profile,
    },
    /// The drive reads media of this kind, and does not write them.
    #[error("this drive reads {profile} and does not write it")]
    DriveOnlyReads {
        /// The medium.
        profile: Profile,
    },
    /// The medium, in its state, is not written that way.
    #[error("{profile} is not written {recording} in its present state")]
    NoSuchRecording {
        /// The medium.
        profile: Profile,
        /// What was asked.
        recording: Recording,
    },
    /// Sectors of this form are not written that way.
    #[error("{form} sectors are not written {recording} here")]
    NoSuchForm {
        /// What was asked, or what the disc's first session has.
        form: CdForm,
        /// The way in which they are not written.
        recording: Recording,
    },
    /// What is said of the CD to come contradicts itself or the image.
    #[error("the CD's layout: {0}")]
    BadLayout(#[from] LayoutFault),
    /// The session does not begin where the disc goes on.
    #[error("the image is made for LBA {planned}, and the disc goes on at LBA {found}")]
    OtherPlace {
        /// By the layout.
        planned: Lba,
        /// By the drive.
        found: Lba,
    },
    /// A CD with tracks or blocks that this writer, or drive, does not write.
    #[error("this is not written {mode} here")]
    NoSuchMode {
        /// How the layout has it written.
        mode: CdMode,
    },
    /// The drive takes no CD-TEXT, or not at this place.
    #[error("the drive takes no CD-TEXT here: burn without it, or raw")]
    NoCdText,
    /// The medium's drive may always pause and link: protection against underruns is no choice of the host.
    #[error("{profile} leaves no choice: its protection against underruns cannot be turned off")]
    NoUnderrunChoice {
        /// The medium.
        profile: Profile,
    },
    /// The medium is not formatted, and this drive cannot format it.
    #[error("the medium is not formatted, and this drive does not format it")]
    FormatNeeded,
    /// The drive does not certify this medium that way.
    #[error("the drive offers no certification \"{wanted}\" of this medium")]
    NoSuchCertification {
        /// What was asked.
        wanted: Certification,
    },
    /// A disc of this kind is finalized together with a session, and there is none open.
    #[error("{profile} is finalized together with its last session only, and all are closed")]
    FinalWithSessionOnly {
        /// The medium.
        profile: Profile,
    },
    /// The disc was formatted for pseudo-overwrite; a sequential session cannot be added to it.
    #[error("the disc is formatted for pseudo-overwrite, which no writer at hand serves")]
    PseudoOverwrite,
    /// The medium is write protected.
    #[error("the medium is write protected")]
    WriteProtected,
    /// The writer does not offer this kind of request.
    #[error("the writer does not offer this")]
    NotOffered,
    /// The writer itself failed while it was asked.
    #[error("the writer failed: {0}")]
    WriterFault(crate::step::Failure),
    /// A refusal of a newer SDK that this engine has no word for.
    #[error("the writer refuses for a reason unknown to this version (code {code})")]
    Unknown {
        /// The code as it came.
        code: u32,
    },
}

/// An answer of the drive that a writer cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingFact {
    /// READ DISC INFORMATION.
    DiscInformation,
    /// READ TRACK INFORMATION of the track that would be written.
    TrackInformation,
    /// READ FORMAT CAPACITIES.
    FormatCapacities,
    /// A valid next writable address.
    NextWritableAddress,
    /// READ TOC/PMA/ATIP, format ATIP: where the lead-in of a blank CD begins.
    LeadIn,
}

impl std::fmt::Display for MissingFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DiscInformation => "its disc information",
            Self::TrackInformation => "its track information",
            Self::FormatCapacities => "its format capacities",
            Self::NextWritableAddress => "a next writable address",
            Self::LeadIn => "where the disc's lead-in begins",
        })
    }
}
