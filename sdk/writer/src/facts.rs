//! What is known of a drive and its medium: the drive's own answers, kept as they came, and read.
//!
//! Owns the reading of answers into facts; must not ask anything itself, and must not know what a
//! writer makes of the facts.

mod cd;
mod condition;
mod status;
#[cfg(test)]
mod tests;

pub use cd::CdFacts;
pub use condition::MediumCondition;
pub use status::{MOST_DVD_PLUS_R_SESSIONS, MediumStatus, WriteProtection};

use pitland_mmc::cdb::{
    CdbBytes, Command, DiscInformationType, PageControl, PerformanceType, StructureMedium,
    TocFormat, TrackAddressType,
};
use pitland_mmc::feature::{DvdPlusR, DvdPlusRDl, DvdPlusRw, DvdPlusRwDl, Feature, FeatureCode};
use pitland_mmc::mode_page::{Capabilities, ModePage, ModeParameterList, WriteParameters};
use pitland_mmc::param::FormatType;
use pitland_mmc::reply::{
    Atip, BackgroundFormat, Capacity, CapacityDescriptor, CapacityKind, Configuration,
    DiscInformation, DiscStructure, FormatCapacities, FullToc, InquiryData, ReplyError,
    SessionInfo, Toc, TrackInformation, WriteSpeedDescriptor, WriteSpeeds,
};
use pitland_mmc::{Lba, Profile, Sense, SessionNumber, TrackNumber};

/// The features of writing, one of which is current with every medium that the drive writes.
const WRITING: [FeatureCode; 11] = [
    FeatureCode::RandomWritable,
    FeatureCode::IncrementalStreamingWritable,
    FeatureCode::DvdPlusRw,
    FeatureCode::DvdPlusR,
    FeatureCode::RigidRestrictedOverwrite,
    FeatureCode::CdTrackAtOnce,
    FeatureCode::CdMastering,
    FeatureCode::DvdMinusWrite,
    FeatureCode::DvdPlusRwDl,
    FeatureCode::DvdPlusRDl,
    FeatureCode::BdWrite,
];

/// A question to the drive and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The command.
    pub cdb: CdbBytes,
    /// The data that came back; of a TEST UNIT READY that was refused the sense, in the fixed format. None for a READ (10) of blocks that, the drive said, were never
    /// written: that is an answer too.
    pub data: Vec<u8>,
}

/// Drive and medium, as the drive's answers describe them. A fact that the drive did not tell, or
/// told in a way that cannot be read, is `None` or missing from its list.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct MediaFacts {
    /// All answers, in the order of the questions.
    pub answers: Vec<Answer>,
    /// The questions whose answers are not what they should be, and why.
    pub unreadable: Vec<(CdbBytes, ReplyError)>,
    /// Why there is no medium that the drive could use, where it said so.
    pub not_ready: Option<Sense>,
    /// Who the drive is.
    pub inquiry: Option<InquiryData>,
    /// Profile and features.
    pub configuration: Option<Configuration>,
    /// Status, sessions and tracks of the disc.
    pub disc: Option<DiscInformation>,
    /// The tracks that were asked for, by rising number.
    pub tracks: Vec<TrackInformation>,
    /// The formats that the medium has and can take.
    pub format_capacities: Option<FormatCapacities>,
    /// The last readable block; of block 0 when no session is complete.
    pub read_capacity: Option<Capacity>,
    /// The write speeds on offer.
    pub write_speed_descriptors: Vec<WriteSpeedDescriptor>,
    /// Mode page 2Ah: the drive's buffer, and older lists of its speeds.
    pub capabilities: Option<Capabilities>,
    /// Mode page 05h, as the drive has it.
    pub write_parameters: Option<WriteParameters>,
    /// What only CDs tell.
    pub cd: CdFacts,
    /// Blocks at which file systems start, on overwritable media. Empty, not `None`, where the drive was
    /// asked and said of each that it was never written.
    pub first_blocks: Option<Vec<u8>>,
}

impl MediaFacts {
    /// Reads answers. Total: an answer that does not parse is kept, left out of the facts and noted.
    /// Of two answers to the same kind of question the later counts.
    pub fn from_answers(answers: Vec<Answer>) -> Self {
        let mut facts = Self::default();
        for answer in &answers {
            if let Err(error) = facts.read(answer) {
                facts.unreadable.push((answer.cdb, error));
            }
        }
        facts.tracks.sort_by_key(|track| track.track);
        facts.answers = answers;
        facts
    }

    fn read(&mut self, answer: &Answer) -> Result<(), ReplyError> {
        let data = answer.data.as_slice();
        // A question that this version cannot read is still kept with its answer.
        let Ok(command) = Command::parse(answer.cdb.as_slice()) else {
            return Ok(());
        };
        match command {
            Command::TestUnitReady(_) => self.not_ready = Sense::parse(data).ok(),
            Command::Inquiry(c) if !c.vital_product_data => {
                self.inquiry = Some(InquiryData::parse(data)?);
            }
            Command::GetConfiguration(_) => self.configuration = Some(Configuration::parse(data)?),
            Command::ReadDiscInformation(c) if c.data_type == DiscInformationType::Standard => {
                self.disc = Some(DiscInformation::parse(data)?);
            }
            Command::ReadTrackInformation(c) => {
                let mut track = TrackInformation::parse(data)?;
                if c.address_type == TrackAddressType::Track {
                    track.track = self.number_of(track.track, c.address);
                }
                self.tracks.retain(|known| known.track != track.track);
                self.tracks.push(track);
            }
            Command::ReadFormatCapacities(_) => {
                self.format_capacities = Some(FormatCapacities::parse(data)?);
            }
            Command::ReadCapacity(_) => self.read_capacity = Some(Capacity::parse(data)?),
            Command::GetPerformance(c) if c.kind == PerformanceType::WriteSpeed => {
                self.write_speed_descriptors = WriteSpeeds::parse(data)?.descriptors;
            }
            Command::ModeSense10(c) if c.page_control == PageControl::Current => {
                for page in ModeParameterList::parse(data)?.pages {
                    match page {
                        ModePage::Capabilities(page) => self.capabilities = Some(page),
                        ModePage::WriteParameters(page) => self.write_parameters = Some(page),
                        _ => {}
                    }
                }
            }
            Command::ReadDiscStructure(_) => {
                DiscStructure::parse(data)?;
            }
            // Times would read as other blocks than those that are meant.
            Command::ReadTocPmaAtip(c) if !c.msf && c.format == TocFormat::Toc => {
                self.cd.toc = Some(Toc::parse(data)?);
            }
            Command::ReadTocPmaAtip(c) if !c.msf && c.format == TocFormat::SessionInfo => {
                self.cd.session_info = Some(SessionInfo::parse(data)?);
            }
            Command::ReadTocPmaAtip(c) if c.format == TocFormat::FullToc => {
                self.cd.full_toc = Some(FullToc::parse(data)?);
            }
            Command::ReadTocPmaAtip(c) if c.format == TocFormat::Atip => {
                self.cd.atip = Some(Atip::parse(data)?).filter(Atip::is_plausible);
            }
            Command::Read10(_) => {
                self.first_blocks
                    .get_or_insert_default()
                    .extend_from_slice(data);
            }
            _ => {}
        }
        Ok(())
    }

    /// The number of a track: as the drive tells it, else as it was asked for. The invisible track is
    /// the last one.
    fn number_of(&self, told: TrackNumber, asked: u32) -> TrackNumber {
        let number = match told.0 {
            0 => TrackNumber(u16::try_from(asked).unwrap_or_default()),
            _ => told,
        };
        let last = self
            .disc
            .as_ref()
            .map(|disc| disc.last_track_in_last_session);
        match last {
            Some(last) if number == TrackNumber::INVISIBLE && last < number => last,
            _ => number,
        }
    }

    /// The current profile; [`Profile::None`] without a medium, or when the drive told none.
    pub fn profile(&self) -> Profile {
        self.configuration
            .as_ref()
            .map_or(Profile::None, |c| c.profile)
    }

    /// Whether a feature is current with the medium in its present state.
    pub fn feature_current(&self, code: u16) -> bool {
        self.configuration
            .as_ref()
            .is_some_and(|c| c.current(code).is_some())
    }

    /// A feature that is current with the medium in its present state, understood. `None` also where its
    /// payload is too short to read.
    pub fn current_feature(&self, code: FeatureCode) -> Option<Feature> {
        let configuration = self.configuration.as_ref()?;
        configuration.current(code.code())?.feature().ok()
    }

    /// Whether the drive writes the medium, in its present state, in any way (recipes 2.4 and 13.1). A disc
    /// that is complete is written by none. Of a medium without a name here nobody knows which feature writes it:
    /// that is its writer's to judge.
    pub fn is_written_by_drive(&self) -> bool {
        // Some are current with a medium that is only read, and say so by their first bit.
        let current = |code: &FeatureCode| {
            let only_reads = matches!(
                self.current_feature(*code),
                Some(
                    Feature::DvdPlusRw(DvdPlusRw { write: false, .. })
                        | Feature::DvdPlusR(DvdPlusR { write: false })
                        | Feature::DvdPlusRwDl(DvdPlusRwDl { write: false, .. })
                        | Feature::DvdPlusRDl(DvdPlusRDl { write: false })
                )
            );
            self.feature_current(code.code()) && !only_reads
        };
        matches!(self.profile(), Profile::Other(_)) || WRITING.iter().any(current)
    }

    /// The state of the medium.
    pub fn condition(&self) -> MediumCondition {
        condition::judge(self)
    }

    /// Complete sessions (recipe 2.1); `None` on media that know none, or when the drive told nothing.
    pub fn closed_sessions(&self) -> Option<u32> {
        if self.profile().is_overwritable() {
            return None;
        }
        self.disc
            .as_ref()
            .map(|disc| u32::from(disc.closed_sessions()))
    }

    /// State of the background format; none on media that have no such thing.
    pub fn background_format(&self) -> BackgroundFormat {
        self.disc
            .as_ref()
            .map_or(BackgroundFormat::None, |disc| disc.background_format)
    }

    /// The first track of the medium that the drive described.
    pub fn first_track(&self) -> Option<&TrackInformation> {
        self.tracks.first()
    }

    /// The last track, the open or invisible one included.
    pub fn last_track(&self) -> Option<&TrackInformation> {
        let last = self
            .disc
            .as_ref()
            .map(|disc| disc.last_track_in_last_session);
        self.tracks
            .iter()
            .rev()
            .find(|track| Some(track.track) == last)
            .or(self.tracks.last())
    }

    /// The track that a further write goes to: the last one, when it has a next writable address.
    pub fn writable_track(&self) -> Option<&TrackInformation> {
        self.last_track()
            .filter(|track| track.nwa.is_some())
            .or_else(|| self.tracks.iter().rev().find(|track| track.nwa.is_some()))
    }

    /// The next writable address, where the medium has one (recipe 2.2): not on overwritable media. An address before the track,
    /// as some drives give it for a blank disc, is the start of the track.
    pub fn nwa(&self) -> Option<Lba> {
        if self.profile().is_overwritable() {
            return None;
        }
        let track = self.writable_track()?;
        track.nwa.map(|nwa| nwa.max(track.start))
    }

    /// Blocks that can be written: on sequential media from [`MediaFacts::nwa`] on, on overwritable
    /// media from the first block, after a format where one is needed. `None` where the drive does
    /// not tell.
    pub fn free_blocks(&self) -> Option<u64> {
        if self.profile().is_overwritable() {
            return self.overwritable_capacity();
        }
        match self.condition() {
            MediumCondition::Complete => Some(0),
            _ => self
                .writable_track()
                .map(|track| u64::from(track.free_blocks.0)),
        }
    }

    /// Blocks from the first to the last that the medium has or can have.
    pub fn total_capacity(&self) -> Option<u64> {
        if self.profile().is_overwritable() {
            return self.overwritable_capacity();
        }
        match self.nwa().and_then(|nwa| u64::try_from(nwa.0).ok()) {
            Some(nwa) => self.free_blocks().map(|free| free.saturating_add(nwa)),
            None => self.readable_blocks(),
        }
    }

    /// Blocks that READ CAPACITY counts. A drive that answers block 0 says that nothing is readable
    /// yet, not that there is one block (recipe 13).
    pub fn readable_blocks(&self) -> Option<u64> {
        let last = self.read_capacity.as_ref()?.last_lba.0;
        match last {
            0 => Some(0),
            // Reads as an unsigned count on the wire; no disc comes near.
            last => u64::try_from(last).ok().map(|last| last + 1),
        }
    }

    /// Recipe 8: DVD+RW and DVD-RW by the listed formats of the whole disc, DVD-RAM and BD-RE by what they are formatted to;
    /// unformatted media by the default format, because that is the one they will be given. Without a
    /// list of formats by what can be read, and a DVD+RW that holds nothing by what is free (recipe 13).
    fn overwritable_capacity(&self) -> Option<u64> {
        let Some(list) = &self.format_capacities else {
            let readable = self.readable_blocks();
            let free = || self.tracks.iter().map(|t| u64::from(t.free_blocks.0)).max();
            return readable
                .filter(|blocks| *blocks > 0)
                .or_else(free)
                .filter(|blocks| *blocks > 0);
        };
        let grown = self.grown_capacity();
        let default = || self.listed_formats(FormatType::Full).map(blocks_of).next();
        let current = Some(u64::from(list.current.blocks.0)).filter(|blocks| *blocks > 0);
        match list.current.kind {
            CapacityKind::Formatted => grown.or(current),
            _ => grown.or_else(default).or(current),
        }
    }

    /// Blocks of a medium that is used before it is formatted to its end: by the formats of that end.
    fn grown_capacity(&self) -> Option<u64> {
        let kinds: &[FormatType] = match self.profile() {
            Profile::DvdMinusRwRestrictedOverwrite => &[
                FormatType::Full,
                FormatType::CdRwDvdRwFull,
                FormatType::Quick,
            ],
            _ => &[FormatType::DvdPlusRwBasic],
        };
        let listed = kinds.iter().flat_map(|kind| self.listed_formats(*kind));
        listed.map(blocks_of).max()
    }

    /// The listed formats of a kind, in the drive's order.
    pub fn listed_formats(&self, kind: FormatType) -> impl Iterator<Item = &CapacityDescriptor> {
        self.format_capacities
            .iter()
            .flat_map(|list| &list.formats)
            .filter(move |format| format.kind == kind)
    }

    /// The types of format on offer, each once, in the drive's order.
    pub fn offered_formats(&self) -> Vec<u8> {
        let mut kinds = Vec::new();
        for format in self.format_capacities.iter().flat_map(|list| &list.formats) {
            if !kinds.contains(&format.kind.code()) {
                kinds.push(format.kind.code());
            }
        }
        kinds
    }

    /// The write speeds on offer in kB/s (1000 bytes), in the drive's order: those of GET PERFORMANCE,
    /// else those of mode page 2Ah.
    pub fn write_speeds(&self) -> Vec<u32> {
        let offered = self.offered_speeds().into_iter();
        offered.map(|offer| offer.kb_per_s).collect()
    }

    /// Whether the blocks at which file systems start were never written or are all zero; `None` where
    /// the drive did not tell.
    pub fn looks_empty(&self) -> Option<bool> {
        let blocks = self.first_blocks.as_ref()?;
        Some(blocks.iter().all(|byte| *byte == 0))
    }

    /// The first block of the last session that can be read: where a reader looks for its volume.
    /// `None` when nothing can be read, or the tracks are not known.
    pub fn last_closed_session_start(&self) -> Option<Lba> {
        if self.profile().is_overwritable() {
            return Some(Lba(0));
        }
        let last = u16::try_from(self.closed_sessions()?).ok()?;
        self.closed_session_start(last)
    }

    /// The first block of a closed session, counted from 1. `None` for one that is not there or not closed, and on media
    /// that are overwritten, which have no sessions.
    pub fn closed_session_start(&self, session: u16) -> Option<Lba> {
        let closed = self.closed_sessions()?;
        if session == 0 || u32::from(session) > closed {
            return None;
        }
        self.cd_session_start(session)
            .or_else(|| self.session_start(SessionNumber(session)))
    }

    /// The first block of a session, by the tracks that the drive described, else by its lead-in (CD).
    pub fn session_start(&self, session: SessionNumber) -> Option<Lba> {
        let tracks = self.tracks.iter();
        let by_tracks = tracks
            .filter(|track| track.session == session)
            .map(|track| track.start)
            .min();
        by_tracks.or_else(|| self.cd_lead_in_start(session.0))
    }

    /// The disc structure of a format, of layer 0 (recipe 2.4); `None` where the drive refused it or
    /// answered nonsense.
    pub fn disc_structure(&self, medium: StructureMedium, format: u8) -> Option<DiscStructure> {
        let asked = |answer: &&Answer| {
            matches!(
                Command::parse(answer.cdb.as_slice()),
                Ok(Command::ReadDiscStructure(c))
                    if c.medium == medium && c.format == format && c.layer == 0
            )
        };
        let answer = self.answers.iter().rev().find(asked)?;
        DiscStructure::parse(&answer.data).ok()
    }
}

fn blocks_of(format: &CapacityDescriptor) -> u64 {
    u64::from(format.blocks.0)
}
