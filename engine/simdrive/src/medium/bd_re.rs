//! BD-RE (profile 0043h): what it can be formatted to (recipe 7).

use super::bd_r::{BLOCK_LENGTH, CLUSTER, scaled};
use super::rewritable::Rewritable;
use super::{FormatDescriptor, FormatResult};
use crate::refusal::Refusal;

/// Blocks of the unformatted single-layer disc.
pub(crate) const SINGLE_LAYER: u32 = 12_219_392;

fn with_spares(raw: u32, clusters: u32) -> FormatDescriptor {
    let clusters = scaled(raw, clusters);
    FormatDescriptor::new(raw - clusters * CLUSTER, 0x30, clusters)
}

/// 00h, three sizes of 30h (default, most and least spare) and 31h without spares.
pub(crate) fn formats(disc: &Rewritable) -> Vec<FormatDescriptor> {
    let raw = disc.raw_capacity;
    let default = with_spares(raw, 12_288);
    vec![
        FormatDescriptor {
            kind: 0x00,
            ..default
        },
        default,
        with_spares(raw, 20_480),
        with_spares(raw, 4096),
        FormatDescriptor::new(raw, 0x31, BLOCK_LENGTH),
    ]
}

/// Subtypes of 30h: 0 quick, 1 no certification, 2 full and 3 quick certification; whether the
/// drive has the last two is for feature 0023h to say.
///
/// The parameter is as listed, or 0, or for 00h the length of a block: growisofs leaves it
/// out, libburn gives that length (recipe 7), and both format real discs so.
pub(crate) fn check_format(
    disc: &Rewritable,
    kind: u8,
    subtype: u8,
    blocks: u32,
    parameter: u32,
) -> Result<FormatResult, Refusal> {
    let listed = formats(disc);
    let wiped = kind == 0x30 && subtype == 2;
    let accepted = match (kind, subtype) {
        (0x00 | 0x31, 0) => listed.iter().any(|f| {
            f.kind == kind
                && f.blocks == blocks
                && [0, BLOCK_LENGTH, f.parameter].contains(&parameter)
        }),
        (0x30, 0..=3) => {
            let sizes = listed.iter().filter(|f| f.kind == 0x30).map(|f| f.blocks);
            let (least, most) = sizes.fold((u32::MAX, 0), |(a, b), n| (a.min(n), b.max(n)));
            (least..=most).contains(&blocks)
                && blocks.is_multiple_of(CLUSTER)
                && [0, (disc.raw_capacity - blocks) / CLUSTER].contains(&parameter)
        }
        _ => false,
    };
    if !accepted {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    Ok(FormatResult {
        blocks,
        spare_units: (disc.raw_capacity - blocks) / CLUSTER,
        wiped,
        keeps_defects: (kind, subtype) == (0x30, 3),
        keeps_data: false,
    })
}
