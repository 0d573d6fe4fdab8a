//! The states of media, one function a row of recipe 13.
//!
//! Owns what a drive answers in each state. Must not know what should be done with it.

use super::FactsBuilder;
use super::states::Sessions;
use pitland_mmc::Profile;
use pitland_mmc::cdb::StructureMedium;
use pitland_mmc::param::FormatType;
use pitland_mmc::reply::{
    BackgroundFormat, CapacityKind, DiscStatus, LayerBoundary, SessionState, TrackInformation,
    dvd_format,
};
use pitland_mmc::{Lba, SectorCount, SessionNumber, TrackNumber};

/// Blocks of a single-layer BD without spare areas.
pub const BD_RAW: u32 = 12_219_392;
/// Blocks of a single-layer BD with the default spare areas.
pub const BD_DEFAULT: u32 = 11_826_176;
/// Blocks of a DVD+R or DVD+RW.
pub const DVD_PLUS: u32 = 2_295_104;
/// Blocks of a DVD+R DL.
pub const DVD_PLUS_DL: u32 = 4_173_824;
/// Blocks of its first layer.
pub const DVD_PLUS_DL_LAYER_0: u32 = 2_086_912;
/// Blocks of a DVD-RAM with the default spare areas.
pub const DVD_RAM: u32 = 2_236_704;

const BD_SPEEDS: [u32; 3] = [35_968, 26_976, 17_984];
const DVD_SPEEDS: [u32; 3] = [22_160, 16_620, 11_080];

const BLANK_BD_R: [u16; 6] = [0x10, 0x21, 0x23, 0x40, 0x41, 0x107];
const USED_BD_R: [u16; 5] = [0x10, 0x21, 0x40, 0x41, 0x107];

/// A drive without a medium: it tells who it is, and profile 0.
pub fn no_medium() -> FactsBuilder {
    FactsBuilder::new(Profile::None, &[])
}

fn bd_r(features: &[u16]) -> FactsBuilder {
    FactsBuilder::new(Profile::BdRSrm, features).speeds(BD_RAW - 1, &BD_SPEEDS)
}

/// BD-R SRM, blank: lists the default format and three with a chosen spare area.
pub fn bd_r_blank() -> FactsBuilder {
    bd_r(&BLANK_BD_R)
        .disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1))
        .formats(
            CapacityKind::Unformatted,
            BD_RAW,
            &[
                (FormatType::Full, BD_DEFAULT, 0x3000),
                (FormatType::BdRWithSpare, 5_796_864, 0),
                (FormatType::BdRWithSpare, 12_088_320, 0),
                (FormatType::BdRWithSpare, BD_DEFAULT, 0),
            ],
        )
        .writable_track(1, 1, 0, 0, BD_RAW)
        .last_block(0)
}

/// BD-R formatted to the default size, unwritten.
pub fn bd_r_formatted() -> FactsBuilder {
    bd_r(&[0x10, 0x21, 0x24, 0x40, 0x41, 0x107])
        .disc(DiscStatus::Appendable, SessionState::Empty, 1, (1, 1))
        .writable_track(1, 1, 0, 0, BD_DEFAULT)
        .last_block(0)
}

/// BD-R SRM whose first session was begun and not closed.
pub fn bd_r_open() -> FactsBuilder {
    bd_r(&USED_BD_R).open(3_200, BD_RAW)
}

/// BD-R SRM with an open track that is damaged and has no next writable address.
pub fn bd_r_damaged() -> FactsBuilder {
    bd_r(&USED_BD_R).damaged(Some(BD_RAW))
}

/// BD-R SRM with `sessions` closed sessions of 3200 blocks, 64 apart.
pub fn bd_r_appendable(sessions: u16) -> FactsBuilder {
    bd_r(&USED_BD_R).appendable(Sessions {
        closed: sessions,
        blocks: 3_200,
        pitch: 3_264,
        capacity: BD_RAW,
    })
}

/// BD-R SRM in use for pseudo-overwrite.
pub fn bd_r_pseudo_overwrite() -> FactsBuilder {
    bd_r(&[0x10, 0x21, 0x24, 0x38, 0x40, 0x41])
        .disc(DiscStatus::Appendable, SessionState::Incomplete, 1, (1, 3))
        .writable_track(3, 1, 6_400, 6_400, 12_081_920)
        .last_block(12_088_319)
}

/// BD-R, finalized.
pub fn bd_r_complete() -> FactsBuilder {
    bd_r(&[0x10, 0x40, 0x107]).complete(3_200)
}

fn dvd_plus_r(profile: Profile) -> FactsBuilder {
    let speeds = FactsBuilder::new(profile, &[0x10, 0x1F, 0x2B, 0x3B, 0x107]);
    let speeds = speeds.speeds(0, &DVD_SPEEDS);
    if profile.is_dual_layer() {
        layer_0(speeds, false)
    } else {
        speeds
    }
}

/// A DVD+R DL's answer about its first layer.
pub fn layer_0(disc: FactsBuilder, fixed: bool) -> FactsBuilder {
    let boundary = LayerBoundary {
        fixed,
        layer0: SectorCount(DVD_PLUS_DL_LAYER_0),
    };
    disc.structure(
        StructureMedium::Dvd,
        dvd_format::LAYER_BOUNDARY,
        boundary.emit(),
    )
}

/// DVD+R, blank.
pub fn dvd_plus_r_blank() -> FactsBuilder {
    dvd_plus_r(Profile::DvdPlusR).blank(DVD_PLUS)
}

/// DVD+R DL, blank.
pub fn dvd_plus_r_dl_blank() -> FactsBuilder {
    dvd_plus_r(Profile::DvdPlusRDl).blank(DVD_PLUS_DL)
}

/// DVD+R whose first session was begun and not closed.
pub fn dvd_plus_r_open() -> FactsBuilder {
    dvd_plus_r(Profile::DvdPlusR).open(1_600, DVD_PLUS)
}

/// DVD+R or DVD+R DL with `sessions` closed sessions of 1600 blocks, 2048 apart.
pub fn dvd_plus_r_appendable(profile: Profile, sessions: u16) -> FactsBuilder {
    dvd_plus_r(profile).appendable(Sessions {
        closed: sessions,
        blocks: 1_600,
        pitch: 3_648,
        capacity: match profile.is_dual_layer() {
            true => DVD_PLUS_DL,
            false => DVD_PLUS,
        },
    })
}

/// DVD+R, finalized.
pub fn dvd_plus_r_complete() -> FactsBuilder {
    FactsBuilder::new(Profile::DvdPlusR, &[0x10, 0x1F]).complete(1_600)
}

fn overwritable(profile: Profile, features: &[u16], speeds: &[u32]) -> FactsBuilder {
    FactsBuilder::new(profile, features)
        .speeds(0, speeds)
        .track(TrackInformation {
            track: TrackNumber(1),
            session: SessionNumber(1),
            start: Lba(0),
            ..TrackInformation::default()
        })
}

const DVD_PLUS_RW_FEATURES: [u16; 5] = [0x10, 0x1F, 0x20, 0x23, 0x2A];

fn dvd_plus_rw(background: BackgroundFormat, kind: CapacityKind, covered: u32) -> FactsBuilder {
    let (status, session) = match kind {
        CapacityKind::Unformatted => (DiscStatus::Blank, SessionState::Empty),
        _ => (DiscStatus::Complete, SessionState::Complete),
    };
    overwritable(Profile::DvdPlusRw, &DVD_PLUS_RW_FEATURES, &DVD_SPEEDS)
        .rewritable(status, session, background)
        .formats(kind, covered, &[(FormatType::DvdPlusRwBasic, DVD_PLUS, 0)])
}

/// DVD+RW, never formatted.
pub fn dvd_plus_rw_unformatted() -> FactsBuilder {
    dvd_plus_rw(BackgroundFormat::None, CapacityKind::Unformatted, DVD_PLUS)
        .track(TrackInformation {
            track: TrackNumber(1),
            session: SessionNumber(1),
            blank: true,
            free_blocks: SectorCount(DVD_PLUS),
            ..TrackInformation::default()
        })
        .last_block(0)
}

/// DVD+RW, being formatted in the background.
pub fn dvd_plus_rw_formatting() -> FactsBuilder {
    dvd_plus_rw(BackgroundFormat::Running, CapacityKind::Formatted, DVD_PLUS).last_block(2_295_103)
}

/// DVD+RW whose background format was stopped after `covered` blocks; drives that call the whole disc
/// formatted all the same say [`DVD_PLUS`].
pub fn dvd_plus_rw_suspended(covered: u32) -> FactsBuilder {
    dvd_plus_rw(
        BackgroundFormat::Suspended,
        CapacityKind::Formatted,
        covered,
    )
    .last_block(2_295_103)
}

/// DVD+RW, formatted to its end.
pub fn dvd_plus_rw_formatted() -> FactsBuilder {
    dvd_plus_rw(
        BackgroundFormat::Complete,
        CapacityKind::Formatted,
        DVD_PLUS,
    )
    .last_block(2_295_103)
}

/// DVD-RAM as it is sold.
pub fn dvd_ram() -> FactsBuilder {
    overwritable(
        Profile::DvdRam,
        &[0x10, 0x1F, 0x20, 0x23, 0x24],
        &[4_155, 2_770],
    )
    .rewritable(
        DiscStatus::RandomAccess,
        SessionState::Complete,
        BackgroundFormat::None,
    )
    .formats(
        CapacityKind::Formatted,
        DVD_RAM,
        &[
            (FormatType::Full, DVD_RAM, 0x800),
            (FormatType::Full, 2_295_072, 0x800),
            (FormatType::SpareExpansion, 2_226_976, 0x800),
            (FormatType::SpareExpansion, 2_217_248, 0x800),
        ],
    )
    .last_block(2_236_703)
}

const BD_RE_FORMATS: [(FormatType, u32, u32); 5] = [
    (FormatType::Full, BD_DEFAULT, 0x3000),
    (FormatType::BdReWithSpare, BD_DEFAULT, 0x3000),
    (FormatType::BdReWithSpare, 11_564_032, 0x5000),
    (FormatType::BdReWithSpare, 12_088_320, 0x1000),
    (FormatType::BdReWithoutSpare, BD_RAW, 0x800),
];

/// BD-RE as it is sold.
pub fn bd_re_unformatted() -> FactsBuilder {
    overwritable(Profile::BdRe, &[0x10, 0x20, 0x23, 0x40, 0x41], &[8_990])
        .rewritable(
            DiscStatus::Blank,
            SessionState::Empty,
            BackgroundFormat::None,
        )
        .formats(CapacityKind::Unformatted, BD_RAW, &BD_RE_FORMATS)
        .last_block(0)
}

/// BD-RE, formatted with the default spare areas.
pub fn bd_re_formatted() -> FactsBuilder {
    overwritable(
        Profile::BdRe,
        &[0x10, 0x20, 0x23, 0x24, 0x40, 0x41],
        &[8_990],
    )
    .rewritable(
        DiscStatus::Complete,
        SessionState::Complete,
        BackgroundFormat::None,
    )
    .formats(CapacityKind::Formatted, BD_DEFAULT, &BD_RE_FORMATS)
    .last_block(11_826_175)
}
