//! The states of DVD-R and DVD-RW, one function a row of recipe 13.
//!
//! Owns what a drive answers in each state. Must not know what should be done with it.

use super::FactsBuilder;
use super::states::Sessions;
use pitland_mmc::cdb::StructureMedium;
use pitland_mmc::feature::{
    DvdMinusWrite, Feature, FeatureDescriptor, IncrementalStreamingWritable,
    RigidRestrictedOverwrite,
};
use pitland_mmc::param::FormatType;
use pitland_mmc::reply::{
    BackgroundFormat, CapacityKind, DiscStatus, SessionState, TrackInformation,
};
use pitland_mmc::{Lba, Profile, SectorCount, SessionNumber, TrackNumber};

/// Blocks of a DVD-R or DVD-RW.
pub const DVD_MINUS: u32 = 2_297_888;
/// Blocks of a DVD-R DL.
pub const DVD_MINUS_DL: u32 = 4_171_712;
/// Blocks of its first layer.
pub const DVD_MINUS_DL_LAYER_0: u32 = 2_086_912;
/// Blocks from the start of a session to that of the next one, here.
const PITCH: u32 = 1_600 + 37_792;
/// First sector of a DVD's data area.
const DATA_AREA: u32 = 0x0003_0000;

const SPEEDS: [u32; 2] = [11_080, 5_540];

const R: Profile = Profile::DvdMinusRSequential;
const RW: Profile = Profile::DvdMinusRwSequential;
const R_DL: Profile = Profile::DvdMinusRDlSequential;
const RESTRICTED: Profile = Profile::DvdMinusRwRestrictedOverwrite;

fn current(feature: Feature) -> FeatureDescriptor {
    FeatureDescriptor::new(&feature, true)
}

fn bare(code: u16) -> FeatureDescriptor {
    FeatureDescriptor {
        code,
        current: true,
        ..FeatureDescriptor::default()
    }
}

fn incremental_writing() -> FeatureDescriptor {
    current(Feature::IncrementalStreamingWritable(
        IncrementalStreamingWritable {
            data_block_types: 0x0100,
            buffer_underrun_free: true,
            link_sizes: vec![16],
            ..IncrementalStreamingWritable::default()
        },
    ))
}

fn sequential(profile: Profile, incremental: bool) -> FactsBuilder {
    let writing = current(Feature::DvdMinusWrite(DvdMinusWrite {
        buffer_underrun_free: true,
        dual_layer: true,
        test_write: true,
        rewritable: true,
    }));
    let mut features = vec![bare(0x10), bare(0x1F), writing, bare(0x107)];
    features.extend(incremental.then(incremental_writing));
    FactsBuilder::with_features(profile, features).speeds(DVD_MINUS - 1, &SPEEDS)
}

/// DVD-R, blank.
pub fn dvd_r_blank() -> FactsBuilder {
    sequential(R, true).blank(DVD_MINUS)
}

/// DVD-R, blank, in a drive without underrun protection and test write.
pub fn dvd_r_blank_in_a_plain_drive() -> FactsBuilder {
    let plain = vec![bare(0x10), bare(0x1F), bare(0x21), bare(0x2F)];
    FactsBuilder::with_features(R, plain).blank(DVD_MINUS)
}

/// DVD-RW, blanked in full: lists the formats of restricted overwrite.
pub fn dvd_rw_blank() -> FactsBuilder {
    sequential(RW, true).blank(DVD_MINUS).formats(
        CapacityKind::Unformatted,
        DVD_MINUS,
        &[
            (FormatType::Full, DVD_MINUS, 0x800),
            (FormatType::CdRwDvdRwFull, DVD_MINUS, 0x10),
            (FormatType::Quick, DVD_MINUS, 0x10),
        ],
    )
}

/// DVD-RW, blanked in the quick way: written at once only.
pub fn dvd_rw_quickly_blanked() -> FactsBuilder {
    sequential(RW, false).blank(DVD_MINUS)
}

/// DVD-R DL, blank.
pub fn dvd_r_dl_blank() -> FactsBuilder {
    let mut physical = vec![0; 2_048];
    let layer_0 = DATA_AREA + DVD_MINUS_DL_LAYER_0 - 1;
    physical[4..8].copy_from_slice(&DATA_AREA.to_be_bytes());
    physical[12..16].copy_from_slice(&layer_0.to_be_bytes());
    sequential(R_DL, true)
        .blank(DVD_MINUS_DL)
        .structure(StructureMedium::Dvd, 0x10, physical)
}

/// DVD-R DL whose recording was begun by layer jumps.
pub fn dvd_r_dl_layer_jump() -> FactsBuilder {
    let features = [0x10, 0x1F, 0x21, 0x2F, 0x33];
    FactsBuilder::new(Profile::DvdMinusRDlLayerJump, &features).open(1_600, DVD_MINUS_DL)
}

/// DVD-R or DVD-RW whose first session was begun and not closed.
pub fn dvd_minus_open(profile: Profile) -> FactsBuilder {
    sequential(profile, true).open(1_600, DVD_MINUS)
}

/// DVD-R whose open track is damaged and has no next writable address.
pub fn dvd_r_damaged() -> FactsBuilder {
    sequential(R, true).damaged(Some(DVD_MINUS))
}

/// DVD-R or DVD-RW with `sessions` closed sessions of 1600 blocks.
pub fn dvd_minus_appendable(profile: Profile, sessions: u16) -> FactsBuilder {
    sequential(profile, true).appendable(Sessions {
        closed: sessions,
        blocks: 1_600,
        pitch: PITCH,
        capacity: DVD_MINUS,
    })
}

/// DVD-R or DVD-RW, finalized.
pub fn dvd_minus_complete(profile: Profile) -> FactsBuilder {
    FactsBuilder::new(profile, &[0x10, 0x1F]).complete(1_600)
}

fn restricted(
    blank: bool,
    current_size: (CapacityKind, u32),
    listed: &[(FormatType, u32, u32)],
) -> FactsBuilder {
    let rigid = current(Feature::RigidRestrictedOverwrite(
        RigidRestrictedOverwrite {
            blank,
            intermediate: true,
            ..RigidRestrictedOverwrite::default()
        },
    ));
    let codes = [0x10, 0x1F, 0x23, 0x26, 0x107];
    let mut features: Vec<_> = codes.into_iter().map(bare).collect();
    features.extend([rigid, incremental_writing()]);
    FactsBuilder::with_features(RESTRICTED, features)
        .speeds(DVD_MINUS - 1, &[5_540, 2_770])
        .formats(current_size.0, current_size.1, listed)
}

const RESTRICTED_FORMATS: [(FormatType, u32, u32); 4] = [
    (FormatType::Full, DVD_MINUS, 0x800),
    (FormatType::CdRwDvdRwFull, DVD_MINUS, 0x10),
    (FormatType::QuickGrow, DVD_MINUS, 0x10),
    (FormatType::Quick, DVD_MINUS, 0x10),
];

/// DVD-RW, formatted for restricted overwrite up to `blocks` and closed.
pub fn dvd_rw_formatted(blocks: u32) -> FactsBuilder {
    formatted(true, blocks)
}

/// As [`dvd_rw_formatted`], in a drive that blanks no such disc.
pub fn dvd_rw_formatted_without_blank(blocks: u32) -> FactsBuilder {
    formatted(false, blocks)
}

fn formatted(blank: bool, blocks: u32) -> FactsBuilder {
    let size = (CapacityKind::Formatted, blocks);
    restricted(blank, size, &RESTRICTED_FORMATS)
        .rewritable(
            DiscStatus::Complete,
            SessionState::Complete,
            BackgroundFormat::None,
        )
        .track(TrackInformation {
            track: TrackNumber(1),
            session: SessionNumber(1),
            ..TrackInformation::default()
        })
        .last_block(i32::try_from(blocks).unwrap_or(i32::MAX) - 1)
}

/// DVD-RW, formatted for restricted overwrite in the quick way and written up to `nwa`, not closed.
pub fn dvd_rw_intermediate(nwa: i32) -> FactsBuilder {
    let listed: Vec<_> = RESTRICTED_FORMATS
        .into_iter()
        .filter(|format| format.0 != FormatType::QuickGrow)
        .collect();
    restricted(true, (CapacityKind::NoMedium, DVD_MINUS), &listed)
        .rewritable(
            DiscStatus::Appendable,
            SessionState::Incomplete,
            BackgroundFormat::None,
        )
        .track(TrackInformation {
            track: TrackNumber(1),
            session: SessionNumber(1),
            nwa: Some(Lba(nwa)),
            free_blocks: SectorCount(DVD_MINUS - nwa.unsigned_abs()),
            ..TrackInformation::default()
        })
        .last_block(nwa - 1)
}
