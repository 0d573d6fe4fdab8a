//! The plan of a job, as data: what will be sent, in what order, and what the medium must be afterwards.
//!
//! A person can read it (`--plan` prints it), capacity is checked on it, and the engine refuses a step
//! that lies outside it.

use pitland_mmc::cdb::CdbBytes;
use pitland_mmc::mode_page::WriteParameters;
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, TrackNumber, pretty};
use std::fmt;
use std::time::Duration;

/// Everything a job will do to the medium.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WritePlan {
    /// Commands before the first user block, in order.
    pub prepare: Vec<PlannedCommand>,
    /// What is recorded, in order.
    pub extents: Vec<Extent>,
    /// Commands after the last block, in order. Run after a cancel as well, once blocks were sent.
    pub closing: Vec<PlannedCommand>,
    /// What the user should know before starting.
    pub warnings: Vec<Warning>,
    /// What the medium must show when it is identified anew.
    pub expected: ExpectedMedium,
    /// Whether the writer can go on with this job after it was cut off ([`Request::Resume`]).
    ///
    /// [`Request::Resume`]: crate::Request::Resume
    pub resumable: bool,
}

impl WritePlan {
    /// All commands of the plan: the preparing ones, those between extents, the closing ones.
    pub fn commands(&self) -> impl Iterator<Item = &PlannedCommand> {
        let between = self.extents.iter().flat_map(|extent| &extent.before);
        self.prepare.iter().chain(between).chain(&self.closing)
    }

    /// Blocks of all extents together.
    pub fn blocks(&self) -> u64 {
        self.extents.iter().map(|e| e.blocks).sum()
    }

    /// Blocks of the image in all extents together.
    pub fn image_blocks(&self) -> u64 {
        self.image_blocks_before(self.extents.len())
    }

    /// Blocks of the image in the extents before this one.
    pub fn image_blocks_before(&self, index: usize) -> u64 {
        self.extents
            .iter()
            .take(index)
            .filter(|extent| extent.origin == Origin::Image)
            .map(|extent| extent.blocks)
            .sum()
    }

    /// Whether anything in the plan changes what is recorded on the medium. What announces a session
    /// changes nothing in a test write: it is rehearsed with the session.
    pub fn changes_disc(&self) -> bool {
        let rehearsed = !self.extents.is_empty() && self.extents.iter().all(|e| e.test_write);
        let announces = |c: &PlannedCommand| {
            matches!(c.purpose, Move::ReserveTrack | Move::SendCueSheet) && rehearsed
        };
        self.extents.iter().any(|e| !e.test_write)
            || self
                .commands()
                .any(|c| c.change() == Change::Disc && !announces(c))
    }
}

impl fmt::Display for WritePlan {
    /// A line for each warning, preparing command, extent and closing command, in that order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for command in &self.prepare {
            writeln!(f, "{command}")?;
        }
        for extent in &self.extents {
            for command in &extent.before {
                writeln!(f, "{command}")?;
            }
            writeln!(f, "write {extent}")?;
        }
        for command in &self.closing {
            writeln!(f, "{command}")?;
        }
        Ok(())
    }
}

/// A command of a plan: everything needed to send it and to judge the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedCommand {
    /// What it is for.
    pub purpose: Move,
    /// The command itself.
    pub cdb: CdbBytes,
    /// Its parameter list; empty where it has none. At most 256 KiB.
    pub parameters: Vec<u8>,
    /// How long the command itself may take.
    pub timeout: Duration,
    /// When it counts as done.
    pub settle: Settle,
    /// Sense answers that do not end the job.
    pub tolerate: Vec<Tolerance>,
    /// When the writer asks for it at all.
    pub occasion: Occasion,
}

impl PlannedCommand {
    /// A command without parameters that is done when it answers, with 30 s for it.
    pub fn new(purpose: Move, cdb: CdbBytes) -> Self {
        Self {
            purpose,
            cdb,
            parameters: Vec::new(),
            timeout: Duration::from_secs(30),
            settle: Settle::AtOnce,
            tolerate: Vec::new(),
            occasion: Occasion::Always,
        }
    }

    /// With a parameter list.
    #[must_use]
    pub fn with_parameters(mut self, parameters: Vec<u8>) -> Self {
        self.parameters = parameters;
        self
    }

    /// With another limit for the command itself.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Done only when the drive reports ready.
    #[must_use]
    pub fn until_ready(mut self, limit: Duration) -> Self {
        self.settle = Settle::WhenReady { limit };
        self
    }

    /// With a sense answer that does not end the job.
    #[must_use]
    pub fn tolerating(mut self, pattern: SensePattern, warn: bool) -> Self {
        self.tolerate.push(Tolerance { pattern, warn });
        self
    }

    /// Only on this occasion.
    #[must_use]
    pub fn only(mut self, occasion: Occasion) -> Self {
        self.occasion = occasion;
        self
    }

    /// The tolerance that covers a sense answer, if any.
    pub fn tolerance(&self, sense: &Sense) -> Option<&Tolerance> {
        self.tolerate.iter().find(|t| t.pattern.matches(sense))
    }

    /// What the command changes.
    pub fn change(&self) -> Change {
        self.purpose.change()
    }
}

impl fmt::Display for PlannedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}{}",
            self.purpose,
            pretty::describe(self.cdb.as_slice(), &self.parameters),
            self.occasion
        )
    }
}

/// When a writer asks for a planned command. A plan holds every command that may be sent; this says
/// which of them the normal course leaves out. Not a rule for the engine: the writer's steps decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Occasion {
    /// In every course of the job that comes to it.
    #[default]
    Always,
    /// When the drive refuses the preparing command before it as an illegal request, or says that the
    /// erase that it is failed.
    IfRefused,
    /// Once a WRITE was tried, whatever became of it.
    AfterWriting,
    /// Once the drive has taken a block, unless it refused a later one.
    AfterBlocks,
    /// When everything was written.
    AfterAll,
    /// When the job is cancelled after the drive has taken a block.
    AfterCancel,
    /// Once a preparing format was sent.
    AfterFormat,
}

impl fmt::Display for Occasion {
    /// What a reader of a plan must know, with a space before it; nothing for the normal course.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IfRefused => " (only if the one before is refused)",
            Self::AfterCancel => " (only after a cancel)",
            Self::Always
            | Self::AfterWriting
            | Self::AfterBlocks
            | Self::AfterAll
            | Self::AfterFormat => "",
        })
    }
}

/// The named moves that all writers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Move {
    /// Choose the write speed.
    SetSpeed,
    /// Set the write parameters (page 05h).
    SetWriteParameters,
    /// Calibrate the laser power. Spends a little of the disc.
    CalibratePower,
    /// Format the medium.
    Format,
    /// Blank the medium.
    Blank,
    /// Reserve a track.
    ReserveTrack,
    /// Set the layer break.
    SetLayerBreak,
    /// Send the cue sheet.
    SendCueSheet,
    /// Write out the drive's buffer.
    SynchronizeCache,
    /// Stop a background format.
    StopFormat,
    /// Close a track.
    CloseTrack,
    /// Close a session.
    CloseSession,
    /// Finalize the disc.
    FinalizeDisc,
    /// A move of the writer's own, by its number.
    Own(u32),
}

impl Move {
    /// What this move changes.
    pub fn change(self) -> Change {
        match self {
            Self::SetSpeed | Self::SetWriteParameters => Change::Drive,
            Self::CalibratePower => Change::CalibrationArea,
            // A cache that holds nothing of ours writes nothing; one that does belongs to an extent.
            Self::SynchronizeCache => Change::Drive,
            _ => Change::Disc,
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::SetSpeed => "set speed",
            Self::SetWriteParameters => "set write parameters",
            Self::CalibratePower => "calibrate power",
            Self::Format => "format",
            Self::Blank => "blank",
            Self::ReserveTrack => "reserve track",
            Self::SetLayerBreak => "set layer break",
            Self::SendCueSheet => "send cue sheet",
            Self::SynchronizeCache => "synchronize cache",
            Self::StopFormat => "stop format",
            Self::CloseTrack => "close track",
            Self::CloseSession => "close session",
            Self::FinalizeDisc => "finalize disc",
            Self::Own(n) => return write!(f, "the writer's own move {n}"),
        };
        f.write_str(words)
    }
}

/// What a command changes, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Change {
    /// Settings of the drive, gone with the next power cycle.
    Drive,
    /// The power calibration area: spent, but no user data.
    CalibrationArea,
    /// What is recorded on the disc.
    Disc,
}

/// When a command counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settle {
    /// When it answers.
    AtOnce,
    /// When the drive reports ready after it (recipe 4.1).
    WhenReady {
        /// How long that may take.
        limit: Duration,
    },
}

/// A sense answer, or a family of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensePattern {
    /// Sense key; `None`: any.
    pub key: Option<u8>,
    /// Additional sense code; `None`: any.
    pub asc: Option<u8>,
    /// Qualifier; `None`: any.
    pub ascq: Option<u8>,
}

impl SensePattern {
    /// Any sense at all.
    pub const ANY: Self = Self {
        key: None,
        asc: None,
        ascq: None,
    };

    /// Exactly this.
    pub const fn exactly(key: u8, asc: u8, ascq: u8) -> Self {
        Self {
            key: Some(key),
            asc: Some(asc),
            ascq: Some(ascq),
        }
    }

    /// This key and code with any qualifier.
    pub const fn code(key: u8, asc: u8) -> Self {
        Self {
            key: Some(key),
            asc: Some(asc),
            ascq: None,
        }
    }

    /// Whether a sense answer is one of these.
    pub fn matches(&self, sense: &Sense) -> bool {
        self.key.is_none_or(|k| k == sense.key.code())
            && self.asc.is_none_or(|a| a == sense.asc)
            && self.ascq.is_none_or(|q| q == sense.ascq)
    }
}

/// A sense answer that does not end the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Which answers.
    pub pattern: SensePattern,
    /// Whether the report mentions it.
    pub warn: bool,
}

/// A run of blocks that the engine writes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extent {
    /// Where it starts; negative in a CD's lead-in and first pregap.
    pub first_lba: Lba,
    /// How many blocks, padding included.
    pub blocks: u64,
    /// The bytes of each block.
    pub form: BlockForm,
    /// Where they come from.
    pub origin: Origin,
    /// The command that carries them.
    pub command: WriteCommand,
    /// Blocks of one write unit; the engine never splits one.
    pub unit: u32,
    /// Whether the drive may pause and link when data run short.
    pub underrun_protection: bool,
    /// Whether nothing is really recorded.
    pub test_write: bool,
    /// Whether it begins where the drive goes on behind the extent before it, which the engine asks when it
    /// comes to it; [`Extent::first_lba`] is an estimate then. Never the first of a plan.
    pub follows: bool,
    /// Commands behind the last block of the extent before it, in order: what a drive needs between tracks.
    /// Of the first extent of a plan they are [`WritePlan::prepare`].
    pub before: Vec<PlannedCommand>,
}

impl Extent {
    /// The image from its first block, in blocks of 2048 bytes, by WRITE (10).
    pub fn image(first_lba: Lba, blocks: u64, unit: u32) -> Self {
        Self {
            first_lba,
            blocks,
            form: BlockForm::Cooked2048,
            origin: Origin::Image,
            command: WriteCommand::Write10,
            unit,
            underrun_protection: true,
            test_write: false,
            follows: false,
            before: Vec::new(),
        }
    }

    /// Where the drive goes on, once these commands were sent.
    #[must_use]
    pub fn behind(mut self, commands: impl IntoIterator<Item = PlannedCommand>) -> Self {
        self.follows = true;
        self.before.extend(commands);
        self
    }

    /// As the write parameters have it: underrun protection and test write.
    #[must_use]
    pub fn under(mut self, page: &WriteParameters) -> Self {
        self.underrun_protection = page.buffer_underrun_free;
        self.test_write = page.test_write;
        self
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} blocks of {} bytes from {}LBA {} by {}, {}",
            self.blocks,
            self.form.bytes(),
            match self.follows {
                true => "where the drive goes on, about ",
                false => "",
            },
            self.first_lba.0,
            self.command,
            self.origin
        )
    }
}

/// The bytes of one block as they cross the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockForm {
    /// 2048: user data only.
    Cooked2048,
    /// 2056: XA form 1 with sub-header.
    Xa2056,
    /// 2324: XA form 2.
    Xa2324,
    /// 2332: XA form 2 with sub-header.
    Xa2332,
    /// 2336: mode 2.
    Mode2336,
    /// 2352: the whole sector, or audio.
    Raw2352,
    /// 2368: raw and 16 bytes of sub-channel.
    Raw2368,
    /// 2448: raw and 96 bytes of sub-channel.
    Raw2448,
    /// 96: a block of CD-TEXT in the lead-in.
    CdText96,
}

impl BlockForm {
    /// Bytes of one block.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Cooked2048 => 2048,
            Self::Xa2056 => 2056,
            Self::Xa2324 => 2324,
            Self::Xa2332 => 2332,
            Self::Mode2336 => 2336,
            Self::Raw2352 => 2352,
            Self::Raw2368 => 2368,
            Self::Raw2448 => 2448,
            Self::CdText96 => 96,
        }
    }

    /// The form whose blocks have this many bytes.
    pub const fn from_bytes(bytes: u32) -> Option<Self> {
        Some(match bytes {
            2048 => Self::Cooked2048,
            2056 => Self::Xa2056,
            2324 => Self::Xa2324,
            2332 => Self::Xa2332,
            2336 => Self::Mode2336,
            2352 => Self::Raw2352,
            2368 => Self::Raw2368,
            2448 => Self::Raw2448,
            96 => Self::CdText96,
            _ => return None,
        })
    }
}

/// Where the blocks of an extent come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The image, from its first block; zeros where the extent is longer than the image.
    Image,
    /// A track of a CD image, from its first block.
    Track(TrackNumber),
    /// Digital silence.
    Silence,
    /// Zeros.
    Zeros,
    /// A lead-in made by the engine.
    LeadIn,
    /// A lead-out made by the engine.
    LeadOut,
    /// Bytes of the writer's own: whole blocks, over and over where the extent has more.
    Bytes(Vec<u8>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image => f.write_str("the image"),
            Self::Track(n) => write!(f, "track {}", n.0),
            Self::Silence => f.write_str("silence"),
            Self::Zeros => f.write_str("zeros"),
            Self::LeadIn => f.write_str("lead-in"),
            Self::LeadOut => f.write_str("lead-out"),
            Self::Bytes(bytes) => write!(f, "{} bytes of the writer", bytes.len()),
        }
    }
}

/// The command that carries the blocks of an extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteCommand {
    /// WRITE (10).
    Write10,
    /// WRITE (12) with the streaming bit: no verification by the drive, 64 KiB units aligned to
    /// 64 KiB (recipe 7).
    Write12Streaming,
    /// WRITE AND VERIFY (10).
    WriteAndVerify10,
}

impl fmt::Display for WriteCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write10 => "WRITE (10)",
            Self::Write12Streaming => "WRITE (12) streaming",
            Self::WriteAndVerify10 => "WRITE AND VERIFY (10)",
        })
    }
}

/// Something the user should know before the laser is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The data would fit one layer of this dual-layer disc.
    #[error("the data need {needed} blocks and would fit one layer of {layer} blocks")]
    WouldFitOneLayer {
        /// Blocks needed.
        needed: u64,
        /// Blocks of the first layer.
        layer: u64,
    },
    /// The drive formats the disc first, and will record at half speed to verify as it goes.
    #[error("the drive verifies as it records: expect half the nominal speed")]
    VerifiedByDrive,
    /// The wanted speed is not offered; another was taken.
    #[error("the drive offers no such speed; {chosen} kB/s is taken")]
    SpeedAdjusted {
        /// The speed taken, kB/s.
        chosen: u32,
    },
    /// The disc was to turn at one rate all the time, and the drive does not offer that.
    #[error(
        "the drive offers no speed at which the disc turns at one rate; it turns as the drive has it"
    )]
    RotationAdjusted,
    /// Both: another speed, and not at one rate.
    #[error(
        "the drive offers neither such a speed nor one at which the disc turns at one rate; {chosen} kB/s is taken"
    )]
    SpeedAndRotationAdjusted {
        /// The speed taken, kB/s.
        chosen: u32,
    },
    /// The disc will hold many sessions; more may fail.
    #[error("the disc holds {sessions} sessions already; further ones may fail")]
    ManySessions {
        /// Sessions on the disc.
        sessions: u32,
    },
    /// The medium has to be formatted; what it holds is lost.
    #[error("the medium is formatted first: what it holds is lost")]
    FormatsFirst,
    /// The disc takes one session only, and this is it.
    #[error("the disc takes no further session after this one")]
    BecomesFinal,
    /// A short burn at once, or to a final disc, that the drive fills up to 30 mm.
    #[error("so short a burn is filled up by the drive: closing takes minutes")]
    LongLeadOut,
    /// After a quick erase the disc can only be written at once.
    #[error(
        "after a quick erase the disc can only be written at once, in one session: erase it in full to add sessions"
    )]
    OnlyAtOnceAfterwards,
    /// The drive has no underrun protection for this medium, or does not tell of it.
    #[error(
        "the drive has no underrun protection here: a source that falls behind spoils the disc"
    )]
    NoUnderrunProtection,
    /// The drive does not replace defects while it streams.
    #[error("the drive does not check what it writes: have the disc verified")]
    DefectsNotReplaced,
    /// The session ends behind the last lead-out that the disc names.
    #[error(
        "the session ends {blocks} blocks behind what the disc is made for: what lies there may not be readable"
    )]
    Overburn {
        /// How far behind.
        blocks: u64,
    },
    /// A warning of a newer SDK that this engine has no word for.
    #[error("a warning unknown to this version (code {code})")]
    Unknown {
        /// The code as it came.
        code: u32,
    },
}

/// What the medium must show when it is identified anew after the job. A drive can accept every
/// command and leave the disc as it was (recipe 4, step 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ExpectedMedium {
    /// Complete sessions; `None`: not told by this kind of medium.
    pub closed_sessions: Option<u32>,
    /// Whether it takes another session; `None`: not told.
    pub appendable: Option<bool>,
    /// Whether it must be blank (after an erase); `None`: must not be, if anything was written.
    pub blank: Option<bool>,
    /// The lowest next writable address, on media that have one.
    pub nwa_at_least: Option<Lba>,
    /// The least number of blocks that READ CAPACITY must count; `None`: not told.
    pub capacity_at_least: Option<u64>,
}

impl ExpectedMedium {
    /// A sequential medium with this many closed sessions.
    pub fn sessions(closed: u32, appendable: Option<bool>) -> Self {
        Self {
            closed_sessions: Some(closed),
            appendable,
            ..Self::default()
        }
    }

    /// A medium of at least this many readable blocks, where that is known.
    pub fn capacity(blocks: Option<u64>) -> Self {
        Self {
            capacity_at_least: blocks,
            ..Self::default()
        }
    }

    /// A medium that holds nothing.
    pub fn blank() -> Self {
        Self {
            blank: Some(true),
            ..Self::default()
        }
    }
}
