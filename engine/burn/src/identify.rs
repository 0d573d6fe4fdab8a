//! Asking a drive what it is and what it holds (recipe 2). Owns the order of the questions and which
//! of them a medium calls for; what the answers mean is read by [`MediaFacts`].

use crate::patience;
use crate::quirks::{HostQuirks, QuirkTable};
use crate::settle::{Settled, Settling};
use pitland_mmc::cdb::{
    Cdb, CdbBytes, Inquiry, Read10, ReadCapacity, ReadDiscInformation, ReadFormatCapacities,
    TestUnitReady, TocFormat,
};
use pitland_mmc::feature::{FeatureCode, WriteProtect};
use pitland_mmc::mode_page::{Capabilities, ModePage, ModeParameterList, WriteParameters};
use pitland_mmc::reply::{
    Atip, CapacityKind, Configuration, ConfigurationView, DiscInformation, DiscStatus,
    FormatCapacities, InquiryData, SessionInfo, TrackInformation,
};
use pitland_mmc::sense::{Reaction, Sense};
use pitland_mmc::{Lba, MediumFamily, Profile, TrackNumber};
use pitland_writer::{Answer, MediaFacts};
use questions::{
    SPEED_DESCRIPTORS, START_BLOCKS, STRUCTURES, configuration, mode_page, toc, track,
    track_at_once, write_speeds,
};
use std::time::Duration;

mod questions;

/// Blocks looked at on media that never report blank: where the volume descriptors of every file
/// system start.
pub const LOOK_BLOCKS: u16 = 32;
/// The question that follows whatever is asked of one kind of medium only.
const CAPABILITIES: Question = Question::PageHeader {
    code: Capabilities::CODE,
};
/// Bytes of a TOC that tell how long it is.
const TOC_HEADER: u16 = 4;
/// What a drive would say that does not know the question.
const LEFT_OUT: Sense = Sense::new(0x5, 0x24, 0x00);
/// Tracks asked for at most.
pub(crate) const MOST_TRACKS: u16 = 1000;

/// What the caller shall do.
#[derive(Debug, Clone, PartialEq)]
pub enum IdentifyAction {
    /// Send this and hand the answer to [`Identify::answered`] or [`Identify::refused`].
    Ask {
        /// The question.
        cdb: CdbBytes,
        /// Bytes wanted.
        length: u32,
    },
    /// Send this with its parameter list, and hand the answer to [`Identify::answered`], without data, or
    /// [`Identify::refused`]: a setting without which the drive does not tell what is asked next.
    /// Nothing on the medium changes.
    Send {
        /// The command.
        cdb: CdbBytes,
        /// Its parameter list.
        parameters: Vec<u8>,
    },
    /// Let this much time pass and call [`Identify::action`].
    Wait(Duration),
    /// All is known that the drive told.
    Done(Box<MediaFacts>),
    /// The drive is not one that can be used, or did not become ready.
    Failed {
        /// The question.
        cdb: CdbBytes,
        /// The answer; `None`: no answer in time, or not of an optical drive.
        sense: Option<Sense>,
        /// Why it ends here.
        why: Unusable,
    },
}

/// Why a drive cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// INQUIRY tells of another kind of device: nothing else was sent to it.
    #[error("this is no optical drive")]
    NotOptical,
    /// The table of quirks knows the drive: nothing else was sent to it.
    #[error("this drive speaks a command set from before MMC; another drive is needed")]
    PreMmc,
    /// GET CONFIGURATION is unknown to it: it is from before DVD (recipe 2).
    #[error("this drive does not tell profiles: it is from before DVD; another drive is needed")]
    NoProfiles,
    /// A question that every drive answers was refused.
    #[error("the drive does not tell what it is")]
    Refused,
    /// It did not become ready, or stays busy.
    #[error("the drive did not become ready; look at its disc, or switch it off and on")]
    NotReady,
}

/// Where the habits of the drive come from.
#[derive(Debug)]
enum Quirks {
    /// The table, once INQUIRY is answered.
    Lookup(QuirkTable),
    Known(HostQuirks),
}

impl Quirks {
    fn known(&self) -> HostQuirks {
        match self {
            Self::Lookup(_) => HostQuirks::NONE,
            Self::Known(quirks) => *quirks,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Ready,
    Inquiry,
    ConfigurationHeader,
    Configuration {
        length: u16,
    },
    DiscInformation,
    FormatCapacitiesHeader,
    FormatCapacities {
        length: u16,
    },
    Track {
        number: u16,
    },
    InvisibleTrack,
    /// Not a question: page 05h, for a CD whose drive tells no next writable address.
    TrackAtOnce,
    Capacity,
    TocHeader {
        format: TocFormat,
    },
    Toc {
        format: TocFormat,
        length: u16,
    },
    PageHeader {
        code: u8,
    },
    Page {
        code: u8,
        length: u16,
    },
    WriteSpeeds,
    Structure {
        number: usize,
    },
    FirstBlocks,
    /// Where file systems start, block by block: the first blocks as a whole could not be read.
    StartBlock {
        number: usize,
    },
    End,
}

/// One identification of drive and medium.
#[derive(Debug)]
pub struct Identify {
    question: Question,
    answers: Vec<Answer>,
    profile: Profile,
    /// The drive reads the block by which a DVD+RW is protected.
    reads_write_inhibit: bool,
    disc: Option<DiscInformation>,
    /// What the list of formats says of the medium.
    formatted: Option<CapacityKind>,
    /// Page 05h of the drive.
    write_parameters: Option<WriteParameters>,
    /// The write type was set, so that the drive tells the next writable address.
    write_type_set: bool,
    quirks: Quirks,
    settling: Settling,
    attentions: u8,
}

impl Identify {
    /// Starts at `now`; a medium that is being recognized is waited for. What is known of the drive is
    /// looked up in [`QuirkTable::builtin`].
    pub fn new(now: Duration) -> Self {
        Self::with_table(now, QuirkTable::builtin())
    }

    /// As [`Identify::new`], with a table of one's own.
    pub fn with_table(now: Duration, table: QuirkTable) -> Self {
        Self::start(now, Quirks::Lookup(table))
    }

    /// As [`Identify::new`], for a drive whose quirks are known, whatever its names.
    pub fn obeying(now: Duration, quirks: HostQuirks) -> Self {
        Self::start(now, Quirks::Known(quirks))
    }

    fn start(now: Duration, quirks: Quirks) -> Self {
        Self {
            question: Question::Inquiry,
            answers: Vec::new(),
            profile: Profile::None,
            reads_write_inhibit: false,
            disc: None,
            formatted: None,
            write_parameters: None,
            write_type_set: false,
            settling: Settling::new(now, patience::BECOMING_READY).obeying(&quirks.known()),
            quirks,
            attentions: 0,
        }
    }

    fn settling(&self, now: Duration) -> Settling {
        Settling::new(now, patience::BECOMING_READY).obeying(&self.quirks.known())
    }

    /// The next thing to do.
    pub fn action(&mut self) -> IdentifyAction {
        let (cdb, length) = match self.question {
            Question::Ready => (TestUnitReady {}.emit(), 0),
            Question::Inquiry => (
                Inquiry {
                    vital_product_data: false,
                    page_code: 0,
                    allocation_length: 36,
                }
                .emit(),
                36,
            ),
            Question::ConfigurationHeader => (configuration(8), 8),
            Question::Configuration { length } => (configuration(length), u32::from(length)),
            Question::DiscInformation => (
                ReadDiscInformation {
                    allocation_length: 34,
                    ..Default::default()
                }
                .emit(),
                34,
            ),
            Question::FormatCapacitiesHeader => (
                ReadFormatCapacities {
                    allocation_length: 4,
                }
                .emit(),
                4,
            ),
            Question::FormatCapacities { length } => (
                ReadFormatCapacities {
                    allocation_length: length,
                }
                .emit(),
                u32::from(length),
            ),
            Question::Track { number } => (track(u32::from(number)), 48),
            Question::InvisibleTrack => (track(TrackNumber::INVISIBLE.0.into()), 48),
            Question::TrackAtOnce => {
                let (cdb, parameters) = track_at_once(self.write_parameters.as_ref());
                return IdentifyAction::Send { cdb, parameters };
            }
            Question::Capacity => (ReadCapacity {}.emit(), 8),
            Question::TocHeader { format } => (toc(format, TOC_HEADER), TOC_HEADER.into()),
            Question::Toc { format, length } => (toc(format, length), u32::from(length)),
            Question::PageHeader { code } => (mode_page(code, 8), 8),
            Question::Page { code, length } => (mode_page(code, length), u32::from(length)),
            Question::WriteSpeeds => (write_speeds(), 8 + 16 * u32::from(SPEED_DESCRIPTORS)),
            Question::Structure { number } => match STRUCTURES.get(number) {
                Some(s) => (s.cdb(), u32::from(s.length)),
                None => return self.done(),
            },
            Question::FirstBlocks => (
                Read10 {
                    lba: Lba(0),
                    blocks: LOOK_BLOCKS,
                    fua: false,
                }
                .emit(),
                u32::from(LOOK_BLOCKS) * 2048,
            ),
            Question::StartBlock { number } => match START_BLOCKS.get(number) {
                Some(lba) => (
                    Read10 {
                        lba: *lba,
                        blocks: 1,
                        fua: false,
                    }
                    .emit(),
                    2048,
                ),
                None => return self.done(),
            },
            Question::End => return self.done(),
        };
        IdentifyAction::Ask { cdb, length }
    }

    fn done(&mut self) -> IdentifyAction {
        IdentifyAction::Done(Box::new(MediaFacts::from_answers(std::mem::take(
            &mut self.answers,
        ))))
    }

    /// The last question was answered.
    pub fn answered(&mut self, now: Duration, data: &[u8]) -> IdentifyAction {
        self.attentions = 0;
        self.question = match self.question {
            Question::Ready => {
                self.settling = self.settling(now);
                Question::ConfigurationHeader
            }
            Question::Inquiry => {
                // Byte 0, bits 4-0: anything but 05h is no optical drive, and must not be written to.
                if data.first().is_none_or(|b| b & 0x1F != 5) {
                    return self.failed(None, Unusable::NotOptical);
                }
                self.keep(data);
                if let Quirks::Lookup(table) = &self.quirks {
                    let inquiry = InquiryData::parse(data).unwrap_or_default();
                    self.quirks = Quirks::Known(table.of_drive(&inquiry));
                }
                if self.quirks.known().pre_mmc {
                    return self.failed(None, Unusable::PreMmc);
                }
                self.settling = self.settling(now);
                Question::Ready
            }
            Question::ConfigurationHeader => {
                let announced = Configuration::announced_len(data).unwrap_or(0);
                let length = announced.clamp(Configuration::HEADER_LEN, usize::from(u16::MAX));
                Question::Configuration {
                    length: u16::try_from(length).unwrap_or(u16::MAX),
                }
            }
            Question::Configuration { .. } => {
                self.profile = ConfigurationView::new(data).profile().unwrap_or_default();
                self.reads_write_inhibit = reads_write_inhibit(data);
                self.keep(data);
                if self.profile == Profile::None {
                    Question::End
                } else {
                    Question::DiscInformation
                }
            }
            Question::DiscInformation => {
                self.disc = DiscInformation::parse(data).ok();
                self.keep(data);
                Question::FormatCapacitiesHeader
            }
            Question::FormatCapacitiesHeader => {
                let list = u16::from(data.get(3).copied().unwrap_or(0));
                if list == 0 {
                    self.after_formats()
                } else {
                    Question::FormatCapacities { length: 4 + list }
                }
            }
            Question::FormatCapacities { .. } => {
                self.formatted = FormatCapacities::parse(data)
                    .ok()
                    .map(|list| list.current.kind);
                self.keep(data);
                self.after_formats()
            }
            Question::Track { number } => {
                self.keep(data);
                self.track_after(number)
            }
            Question::InvisibleTrack => {
                self.keep(data);
                let told = TrackInformation::parse(data).is_ok_and(|track| track.nwa.is_some());
                self.after_invisible_track(told)
            }
            Question::TrackAtOnce => Question::InvisibleTrack,
            Question::Capacity => {
                self.keep(data);
                self.first_toc()
            }
            Question::TocHeader { format } => {
                // The length does not count its own two bytes.
                let announced = data
                    .first_chunk()
                    .map_or(0, |length| u16::from_be_bytes(*length));
                match announced.saturating_add(2) {
                    length if length > TOC_HEADER => Question::Toc { format, length },
                    _ => self.toc_after(format),
                }
            }
            Question::Toc { format, .. } => {
                self.keep(data);
                self.toc_after(format)
            }
            Question::PageHeader { code } => {
                let announced = ModeParameterList::announced_len(data).unwrap_or(0);
                let length = announced.clamp(8, usize::from(u16::MAX));
                Question::Page {
                    code,
                    length: u16::try_from(length).unwrap_or(u16::MAX),
                }
            }
            Question::Page { code, .. } => {
                self.keep(data);
                let pages = ModeParameterList::parse(data).map_or(Vec::new(), |list| list.pages);
                for page in pages {
                    if let ModePage::WriteParameters(page) = page {
                        self.write_parameters = Some(page);
                    }
                }
                self.page_after(code)
            }
            Question::WriteSpeeds => {
                self.keep(data);
                self.structure_from(0)
            }
            Question::Structure { number } => {
                self.keep(data);
                self.structure_from(number + 1)
            }
            Question::FirstBlocks => {
                self.keep(data);
                Question::End
            }
            Question::StartBlock { number } => {
                self.keep(data);
                Question::StartBlock { number: number + 1 }
            }
            Question::End => Question::End,
        };
        self.action()
    }

    /// The last question was answered with a sense.
    pub fn refused(&mut self, now: Duration, sense: Sense) -> IdentifyAction {
        if self.question == Question::Ready {
            return match self.settling.judge(now, Some(sense)) {
                Settled::Ready => self.answered(now, &[]),
                Settled::Wait(pause) => IdentifyAction::Wait(pause),
                // No medium is an answer, and so is one that the drive cannot make out: it may still
                // tell the profile.
                Settled::Failed(sense)
                    if matches!(
                        sense.reaction(),
                        Reaction::NoMedium | Reaction::IncompatibleMedium
                    ) =>
                {
                    self.answers.push(Answer {
                        cdb: TestUnitReady {}.emit(),
                        data: sense.emit().to_vec(),
                    });
                    self.question = Question::ConfigurationHeader;
                    self.action()
                }
                Settled::Failed(sense) => self.failed(Some(sense), Unusable::NotReady),
                Settled::TimedOut => self.failed(Some(sense), Unusable::NotReady),
            };
        }
        if sense.key == pitland_mmc::SenseKey::UnitAttention
            && self.attentions < patience::ATTENTIONS
        {
            self.attentions += 1;
            return self.action();
        }
        if matches!(
            sense.reaction(),
            Reaction::PollOperation
                | Reaction::PollUntilReady
                | Reaction::PollFormat
                | Reaction::PollBriefly
        ) {
            return match self.settling.judge(now, Some(sense)) {
                Settled::Wait(pause) => IdentifyAction::Wait(pause),
                _ => self.failed(Some(sense), Unusable::NotReady),
            };
        }
        self.question = match self.question {
            Question::Inquiry | Question::ConfigurationHeader | Question::Configuration { .. } => {
                let unknown = sense.reaction() == Reaction::Unsupported;
                let why = match self.question {
                    Question::Inquiry => Unusable::Refused,
                    _ if unknown => Unusable::NoProfiles,
                    _ => Unusable::Refused,
                };
                return self.failed(Some(sense), why);
            }
            Question::DiscInformation => Question::FormatCapacitiesHeader,
            Question::FormatCapacitiesHeader | Question::FormatCapacities { .. } => {
                self.after_formats()
            }
            Question::Track { number } => self.track_after(number),
            Question::InvisibleTrack => self.after_invisible_track(false),
            Question::TrackAtOnce => Question::Capacity,
            Question::Capacity => self.first_toc(),
            Question::TocHeader { format } | Question::Toc { format, .. } => self.toc_after(format),
            Question::PageHeader { code } | Question::Page { code, .. } => self.page_after(code),
            Question::WriteSpeeds => self.structure_from(0),
            Question::Structure { number } => self.structure_from(number + 1),
            // Some of them were never written; those that matter may have been.
            Question::FirstBlocks if never_written(&sense) => Question::StartBlock { number: 0 },
            Question::StartBlock { number } if never_written(&sense) => {
                self.keep(&[]);
                Question::StartBlock { number: number + 1 }
            }
            Question::FirstBlocks
            | Question::StartBlock { .. }
            | Question::End
            | Question::Ready => Question::End,
        };
        self.action()
    }

    /// The last question got no answer in time. `None`: it is one that cannot be left out. Drives hang
    /// on questions that others answer (recipe 2.4), and what they did not tell is a fact that is
    /// missing.
    pub fn unanswered(&mut self, now: Duration) -> Option<IdentifyAction> {
        let optional = matches!(
            self.question,
            Question::FormatCapacitiesHeader
                | Question::FormatCapacities { .. }
                | Question::InvisibleTrack
                | Question::TrackAtOnce
                | Question::TocHeader { .. }
                | Question::Toc { .. }
                | Question::PageHeader { .. }
                | Question::Page { .. }
                | Question::WriteSpeeds
                | Question::Structure { .. }
        );
        optional.then(|| self.refused(now, LEFT_OUT))
    }

    fn failed(&mut self, sense: Option<Sense>, why: Unusable) -> IdentifyAction {
        IdentifyAction::Failed {
            cdb: self.asked(),
            sense,
            why,
        }
    }

    fn asked(&mut self) -> CdbBytes {
        match self.action() {
            IdentifyAction::Ask { cdb, .. } | IdentifyAction::Send { cdb, .. } => cdb,
            _ => TestUnitReady {}.emit(),
        }
    }

    fn keep(&mut self, data: &[u8]) {
        if let IdentifyAction::Ask { cdb, .. } = self.action() {
            self.answers.push(Answer {
                cdb,
                data: data.to_vec(),
            });
        }
    }

    /// Page 05h comes before the tracks, because on the media that are written by it the answers about
    /// them depend on it.
    fn after_formats(&self) -> Question {
        match self.profile.takes_write_parameters() {
            true => Question::PageHeader {
                code: WriteParameters::CODE,
            },
            false => self.first_track(),
        }
    }

    fn page_after(&self, code: u8) -> Question {
        match code {
            WriteParameters::CODE => self.first_track(),
            _ => Question::WriteSpeeds,
        }
    }

    /// Whether the medium is a CD to which something can be added.
    fn is_writable_cd(&self) -> bool {
        let complete = self
            .disc
            .as_ref()
            .is_none_or(|disc| disc.status == DiscStatus::Complete);
        self.is_recordable_cd() && !complete
    }

    fn is_recordable_cd(&self) -> bool {
        self.profile.family() == MediumFamily::Cd && self.profile.takes_write_parameters()
    }

    /// A drive that tells no next writable address of a CD that must have one is told the write type
    /// first, once. Drives that tell it are left as they are set: a look at a disc changes nothing.
    fn after_invisible_track(&mut self, told: bool) -> Question {
        if told || self.write_type_set || !self.is_writable_cd() {
            return Question::Capacity;
        }
        self.write_type_set = true;
        Question::TrackAtOnce
    }

    /// Tables of contents are to be believed on CD only (recipe 2.3), and there is none without a closed
    /// session.
    fn first_toc(&self) -> Question {
        if self.profile.family() != MediumFamily::Cd {
            return CAPABILITIES;
        }
        let nothing_closed = self
            .disc
            .as_ref()
            .is_some_and(|disc| disc.closed_sessions() == 0);
        match nothing_closed {
            true => self.toc_after(TocFormat::FullToc),
            false => Question::Toc {
                format: TocFormat::SessionInfo,
                length: SessionInfo::LEN as u16,
            },
        }
    }

    fn toc_after(&self, format: TocFormat) -> Question {
        match format {
            TocFormat::SessionInfo => Question::TocHeader {
                format: TocFormat::Toc,
            },
            TocFormat::Toc => Question::TocHeader {
                format: TocFormat::FullToc,
            },
            TocFormat::FullToc if self.is_recordable_cd() => Question::Toc {
                format: TocFormat::Atip,
                length: Atip::LEN as u16,
            },
            _ => CAPABILITIES,
        }
    }

    fn first_track(&self) -> Question {
        if self.disc.is_some() {
            Question::Track { number: 1 }
        } else {
            Question::Capacity
        }
    }

    fn track_after(&self, number: u16) -> Question {
        let last = self
            .disc
            .as_ref()
            .map_or(1, |d| d.last_track_in_last_session.0)
            .min(MOST_TRACKS);
        if number < last {
            Question::Track { number: number + 1 }
        } else if self.profile == Profile::DvdPlusR
            || self.profile == Profile::DvdPlusRDl
            || self.is_writable_cd()
        {
            // Where the invisible track has no number of its own.
            Question::InvisibleTrack
        } else {
            Question::Capacity
        }
    }

    fn structure_from(&self, number: usize) -> Question {
        let wanted = STRUCTURES
            .iter()
            .enumerate()
            .skip(number)
            .filter(|(_, s)| self.reads_write_inhibit || !s.is_write_inhibit())
            .find(|(_, s)| s.family == self.profile.family() && (s.wanted)(self.profile));
        match wanted {
            Some((number, _)) => Question::Structure { number },
            None if self.profile.is_overwritable() && !self.is_unformatted() => {
                Question::FirstBlocks
            }
            None => Question::End,
        }
    }

    /// A medium that was never formatted holds nothing to look at, and reading it stalls one drive
    /// (recipe 6).
    fn is_unformatted(&self) -> bool {
        let blank = self
            .disc
            .as_ref()
            .is_some_and(|disc| disc.status == DiscStatus::Blank);
        blank && self.formatted != Some(CapacityKind::Formatted)
    }
}

/// Feature 0004h says that a drive reads and writes that block.
fn reads_write_inhibit(configuration: &[u8]) -> bool {
    let told = Configuration::parse(configuration).ok();
    let feature = told
        .as_ref()
        .and_then(|told| told.feature(FeatureCode::WriteProtect.code()));
    let payload = feature.and_then(|feature| WriteProtect::parse(&feature.data).ok());
    payload.is_some_and(|payload| payload.write_inhibit_block)
}

/// A drive's word that a block was never written (recipe 13.2).
fn never_written(sense: &Sense) -> bool {
    matches!(sense.reaction(), Reaction::BlankArea | Reaction::ReadFault)
}
