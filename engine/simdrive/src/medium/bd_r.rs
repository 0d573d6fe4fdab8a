//! BD-R in sequential recording mode (profile 0041h): recipes 7 and 13.
//!
//! A blank disc may be written straight away, and then has no spares, or be
//! formatted once before that. This drive knows SRM only: pseudo-overwrite
//! (subtype 0 of a format) and random recording (subtype 2) are refused with
//! 5/26/00, and feature 0038h is never current.

use super::FormatDescriptor;
use super::sequential::{Rules, Sequential, Spares};
use crate::refusal::Refusal;

/// Blocks of one cluster.
pub(crate) const CLUSTER: u32 = 32;

/// In place of the listed parameter, libburn and others give type 00h the length of a block
/// (recipe 7); drives go by neither (BDR-203 command reference, 4.3.1.1.2).
pub(crate) const BLOCK_LENGTH: u32 = 2048;

/// Blocks of a single-layer disc.
pub(crate) const SINGLE_LAYER: u32 = 12_219_392;

pub(crate) static RULES: Rules = Rules {
    unit: CLUSTER,
    session_gap: 0,
    plus: false,
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

/// The capacity that a format asks for gives, or why the drive will not have it.
pub(crate) fn check_format(
    disc: &Sequential,
    kind: u8,
    subtype: u8,
    blocks: u32,
    parameter: u32,
) -> Result<u32, Refusal> {
    let listed = formats(disc);
    let (Some(default), Some(most), Some(least)) = (listed.first(), listed.get(1), listed.get(3))
    else {
        // Formatted already, or written: only once per disc.
        return Err(Refusal::CANNOT_FORMAT_MEDIUM);
    };
    if subtype != 1 {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    match kind {
        0x00 if blocks == default.blocks
            && [0, BLOCK_LENGTH, default.parameter].contains(&parameter) =>
        {
            Ok(blocks)
        }
        0x32 if (most.blocks..=least.blocks).contains(&blocks)
            && blocks.is_multiple_of(CLUSTER)
            && parameter == 0 =>
        {
            Ok(blocks)
        }
        _ => Err(Refusal::ILLEGAL_PARAMETER),
    }
}

/// The disc as the format leaves it.
pub(crate) fn format(disc: &mut Sequential, blocks: u32) {
    disc.spares = Some(Spares {
        clusters: (disc.raw_capacity - blocks) / CLUSTER,
    });
    disc.resize(blocks);
}

/// The drive formats a blank disc by itself at the first write, without spares.
pub(crate) fn format_at_first_write(disc: &mut Sequential) {
    if disc.spares.is_none() {
        disc.spares = Some(Spares { clusters: 0 });
    }
}
