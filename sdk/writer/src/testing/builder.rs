//! A medium from the bytes of a drive's answers.
//!
//! Owns the questions that belong to the answers. Must not judge them.

use crate::facts::{Answer, MediaFacts};
use pitland_mmc::cdb::{
    Cdb, GetConfiguration, GetPerformance, Inquiry, PerformanceType, Read10, ReadCapacity,
    ReadDiscInformation, ReadDiscStructure, ReadFormatCapacities, ReadTrackInformation,
    RequestedFeatures, StructureMedium, TrackAddressType,
};
use pitland_mmc::feature::FeatureDescriptor;
use pitland_mmc::param::FormatType;
use pitland_mmc::reply::{
    BackgroundFormat, Capacity, CapacityDescriptor, CapacityKind, Configuration, CurrentCapacity,
    DeviceType, DiscInformation, DiscStatus, DiscStructure, FormatCapacities, InquiryData,
    SessionState, TrackInformation, WriteSpeedDescriptor, WriteSpeeds,
};
use pitland_mmc::{Lba, Profile, SectorCount, SessionNumber, TrackNumber};

/// Builds [`MediaFacts`] the way an identification does: from answers.
#[derive(Debug, Clone, Default)]
pub struct FactsBuilder {
    answers: Vec<Answer>,
}

impl FactsBuilder {
    /// A drive with a medium of this profile and these features current, of which it tells no more.
    pub fn new(profile: Profile, current_features: &[u16]) -> Self {
        let feature = |code: &u16| FeatureDescriptor {
            code: *code,
            current: true,
            ..FeatureDescriptor::default()
        };
        Self::with_features(profile, current_features.iter().map(feature).collect())
    }

    /// A drive with a medium of this profile and these features.
    pub fn with_features(profile: Profile, features: Vec<FeatureDescriptor>) -> Self {
        let inquiry = InquiryData {
            device_type: DeviceType::CdDvd,
            removable: true,
            response_format: 2,
            vendor: *b"PITLAND ",
            product: *b"TEST DRIVE      ",
            revision: *b"0001",
            ..InquiryData::default()
        };
        let configuration = Configuration { profile, features };
        let ask = Inquiry {
            vital_product_data: false,
            page_code: 0,
            allocation_length: 36,
        };
        Self::default().answer(ask, inquiry.emit()).answer(
            GetConfiguration {
                requested: RequestedFeatures::All,
                starting_feature: 0,
                allocation_length: u16::MAX,
            },
            configuration.emit(),
        )
    }

    /// With any answer.
    #[must_use]
    pub fn answer(mut self, question: impl Cdb, data: Vec<u8>) -> Self {
        self.answers.push(Answer {
            cdb: question.emit(),
            data,
        });
        self
    }

    /// With disc information: status, state of the last session, sessions counted with an open or
    /// empty last one, and the last session's first and last track.
    #[must_use]
    pub fn disc(
        self,
        status: DiscStatus,
        last_session_state: SessionState,
        sessions: u16,
        tracks: (u16, u16),
    ) -> Self {
        self.disc_information(DiscInformation {
            status,
            last_session_state,
            sessions,
            first_track: TrackNumber(1),
            first_track_in_last_session: TrackNumber(tracks.0),
            last_track_in_last_session: TrackNumber(tracks.1),
            ..DiscInformation::default()
        })
    }

    /// With disc information of an overwritable medium: one track, one session.
    #[must_use]
    pub fn rewritable(
        self,
        status: DiscStatus,
        last_session_state: SessionState,
        background_format: BackgroundFormat,
    ) -> Self {
        self.disc_information(DiscInformation {
            status,
            last_session_state,
            background_format,
            erasable: true,
            sessions: 1,
            first_track: TrackNumber(1),
            first_track_in_last_session: TrackNumber(1),
            last_track_in_last_session: TrackNumber(1),
            ..DiscInformation::default()
        })
    }

    /// With disc information as given.
    #[must_use]
    pub fn disc_information(self, disc: DiscInformation) -> Self {
        let ask = ReadDiscInformation {
            allocation_length: 34,
            ..Default::default()
        };
        self.answer(ask, disc.emit())
    }

    /// With a closed track.
    #[must_use]
    pub fn closed_track(self, number: u16, session: u16, start: i32, blocks: u32) -> Self {
        self.track(TrackInformation {
            track: TrackNumber(number),
            session: SessionNumber(session),
            start: Lba(start),
            size: Some(SectorCount(blocks)),
            ..TrackInformation::default()
        })
    }

    /// With the blank or open track at the end.
    #[must_use]
    pub fn writable_track(
        self,
        number: u16,
        session: u16,
        start: i32,
        nwa: i32,
        free: u32,
    ) -> Self {
        self.track(TrackInformation {
            track: TrackNumber(number),
            session: SessionNumber(session),
            start: Lba(start),
            blank: start == nwa,
            nwa: Some(Lba(nwa)),
            free_blocks: SectorCount(free),
            size: Some(SectorCount(free)),
            ..TrackInformation::default()
        })
    }

    /// With a track as given.
    #[must_use]
    pub fn track(self, track: TrackInformation) -> Self {
        let ask = ReadTrackInformation {
            open: false,
            address_type: TrackAddressType::Track,
            address: u32::from(track.track.0),
            allocation_length: 48,
        };
        self.answer(ask, track.emit())
    }

    /// With format capacities: the current or greatest one, and the list as (type, blocks,
    /// parameter).
    #[must_use]
    pub fn formats(
        self,
        kind: CapacityKind,
        blocks: u32,
        listed: &[(FormatType, u32, u32)],
    ) -> Self {
        let capacities = FormatCapacities {
            current: CurrentCapacity {
                blocks: SectorCount(blocks),
                kind,
                block_length: 2048,
            },
            formats: listed
                .iter()
                .map(|(kind, blocks, parameter)| CapacityDescriptor {
                    blocks: SectorCount(*blocks),
                    kind: *kind,
                    subtype: 0,
                    parameter: *parameter,
                })
                .collect(),
        };
        let data = capacities.emit();
        let allocation_length = u16::try_from(data.len()).unwrap_or(u16::MAX);
        self.answer(ReadFormatCapacities { allocation_length }, data)
    }

    /// With the last block of READ CAPACITY.
    #[must_use]
    pub fn last_block(self, last_lba: i32) -> Self {
        let capacity = Capacity {
            last_lba: Lba(last_lba),
            block_length: 2048,
        };
        self.answer(ReadCapacity {}, capacity.emit())
    }

    /// With write speeds in kB/s, each up to the same last block.
    #[must_use]
    pub fn speeds(self, end: u32, speeds: &[u32]) -> Self {
        let descriptors = speeds
            .iter()
            .map(|speed| WriteSpeedDescriptor {
                end,
                read_speed: *speed,
                write_speed: *speed,
                ..WriteSpeedDescriptor::default()
            })
            .collect();
        let ask = GetPerformance {
            kind: PerformanceType::WriteSpeed,
            max_descriptors: 56,
            ..GetPerformance::default()
        };
        self.answer(ask, WriteSpeeds { descriptors }.emit())
    }

    /// With the first 32 blocks, all of one byte.
    #[must_use]
    pub fn first_blocks(self, byte: u8) -> Self {
        self.answer(
            Read10 {
                lba: Lba(0),
                blocks: 32,
                fua: false,
            },
            vec![byte; 32 * 2048],
        )
    }

    /// With a disc structure, by its payload.
    #[must_use]
    pub fn structure(self, medium: StructureMedium, format: u8, payload: Vec<u8>) -> Self {
        let data = DiscStructure { data: payload }.emit();
        let allocation_length = u16::try_from(data.len()).unwrap_or(u16::MAX);
        let ask = ReadDiscStructure {
            medium,
            format,
            allocation_length,
            ..Default::default()
        };
        self.answer(ask, data)
    }

    /// The facts that these answers tell.
    pub fn build(self) -> MediaFacts {
        MediaFacts::from_answers(self.answers)
    }
}
