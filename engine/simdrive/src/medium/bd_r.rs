//! BD-R: sequential, with pseudo-overwriting, or random (profiles 0041h and 0042h):
//! recipes 7 and 13.
//!
//! A blank disc may be written straight away, and then has no spares, or be
//! formatted once before that, for one of three ways of recording:
//!
//! ```text
//! subtype 0  SRM+POW  sequential; what was written can be replaced, from spares     0041h, feature 0038h
//!         1  SRM      sequential                                                    0041h
//!         2  RRM      each cluster anywhere, once; kept as a rewritable disc is     0042h
//! ```
//!
//! More layers are one longer row of blocks (recipe 7).

use super::pow::Pow;
use super::rewritable::Rewritable;
use super::sequential::{Rules, Sequential, Spares};
use super::{FormatDescriptor, MediumKind, Recorded};
use crate::refusal::Refusal;

/// Blocks of one cluster.
pub(crate) const CLUSTER: u32 = 32;

/// In place of the listed parameter, libburn and others give type 00h the length of a block
/// (recipe 7), and formats real discs so.
pub(crate) const BLOCK_LENGTH: u32 = 2048;

/// Blocks of a single-layer disc.
pub(crate) const SINGLE_LAYER: u32 = 12_219_392;

/// Blocks of a dual-layer disc.
pub(crate) const DUAL_LAYER: u32 = 24_438_784;

/// Blocks of a disc of three layers; one of four has 62,500,864.
pub(crate) const TRIPLE_LAYER: u32 = 48_878_592;

/// How a disc is recorded, as its format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// SRM+POW.
    PseudoOverwrite,
    /// SRM.
    Sequential,
    /// RRM.
    Random,
}

impl Mode {
    fn from_subtype(subtype: u8) -> Option<Self> {
        match subtype {
            0 => Some(Self::PseudoOverwrite),
            1 => Some(Self::Sequential),
            2 => Some(Self::Random),
            _ => None,
        }
    }
}

pub(crate) static RULES: Rules = Rules {
    unit: CLUSTER,
    session_gap: 0,
    track_gap: 0,
    plus: false,
    minus: false,
    max_sessions: 1000,
    max_reserved: 16,
};

/// Clusters set aside by default: 12288 on a single layer, in proportion elsewhere.
pub(crate) fn default_spare_clusters(raw: u32) -> u32 {
    scaled(raw, 12_288)
}

/// A number of clusters of the single-layer disc, in proportion to another size.
pub(crate) fn scaled(raw: u32, clusters: u32) -> u32 {
    let whole = raw / CLUSTER;
    let part = u64::from(whole) * u64::from(clusters) / u64::from(SINGLE_LAYER / CLUSTER);
    // Never nothing and never all, however small the disc.
    (part as u32).clamp(1, (whole / 4 * 3).max(1))
}

/// Blocks left when so many clusters are set aside.
fn less(raw: u32, clusters: u32) -> u32 {
    raw - clusters * CLUSTER
}

/// What a blank disc can be formatted to: 00h and three sizes of 32h (recipe 7, R9, R10).
pub(crate) fn formats(disc: &Sequential) -> Vec<FormatDescriptor> {
    if disc.spares.is_some() || !disc.is_unwritten() {
        return Vec::new();
    }
    let raw = disc.raw_capacity;
    let default = default_spare_clusters(raw);
    let most = less(raw, scaled(raw, 200_704));
    let least = less(raw, scaled(raw, 4096));
    vec![
        FormatDescriptor::new(less(raw, default), 0x00, default),
        FormatDescriptor::new(most, 0x32, 0),
        FormatDescriptor::new(less(raw, default), 0x32, 0),
        FormatDescriptor::new(least, 0x32, 0),
    ]
}

/// The capacity and the way of recording that a format asks for, or why the drive will not have
/// it.
pub(crate) fn check_format(
    disc: &Sequential,
    kind: u8,
    subtype: u8,
    blocks: u32,
    parameter: u32,
) -> Result<(u32, Mode), Refusal> {
    let listed = formats(disc);
    let (Some(default), Some(most), Some(least)) = (listed.first(), listed.get(1), listed.get(3))
    else {
        // Formatted already, or written: only once per disc.
        return Err(Refusal::CANNOT_FORMAT_MEDIUM);
    };
    let mode = Mode::from_subtype(subtype).ok_or(Refusal::ILLEGAL_PARAMETER)?;
    match kind {
        0x00 if blocks == default.blocks
            && [0, BLOCK_LENGTH, default.parameter].contains(&parameter) =>
        {
            Ok((blocks, mode))
        }
        0x32 if (most.blocks..=least.blocks).contains(&blocks)
            && blocks.is_multiple_of(CLUSTER)
            && parameter == 0 =>
        {
            Ok((blocks, mode))
        }
        _ => Err(Refusal::ILLEGAL_PARAMETER),
    }
}

/// The disc as the format leaves it.
pub(crate) fn format(recorded: &mut Recorded, blocks: u32, mode: Mode) {
    let Recorded::Sequential(disc) = recorded else {
        return;
    };
    let clusters = (disc.raw_capacity - blocks) / CLUSTER;
    if mode == Mode::Random {
        let mut random = Rewritable::new(MediumKind::BdR, disc.raw_capacity);
        random.end_format(blocks, clusters, false);
        *recorded = Recorded::Rewritable(random);
        return;
    }
    disc.spares = Some(Spares { clusters });
    disc.pow = (mode == Mode::PseudoOverwrite).then(Pow::default);
    disc.resize(blocks);
}

/// The drive formats a blank disc by itself at the first write, without spares.
pub(crate) fn format_at_first_write(disc: &mut Sequential) {
    if disc.spares.is_none() {
        disc.spares = Some(Spares { clusters: 0 });
    }
}
