//! DVD-RAM (profile 0012h): what it can be formatted to (recipe 6, R8).
//!
//! It comes formatted from the factory. Verification is built in.

use super::rewritable::Rewritable;
use super::{FormatDescriptor, FormatResult};
use crate::refusal::Refusal;

/// Blocks of one ECC block.
pub(crate) const UNIT: u32 = 16;
/// Blocks without a supplementary spare area: the most there are.
pub(crate) const RAW: u32 = 2_295_072;
/// Blocks as formatted in the factory.
pub(crate) const DEFAULT: u32 = 2_236_704;
/// Type-dependent parameter of every format: the block length.
const BLOCK_LENGTH: u32 = 0x800;

/// A number of blocks of the full-size disc, in proportion to a smaller one.
fn scaled(raw: u32, blocks: u32) -> u32 {
    let part = u64::from(raw) * u64::from(blocks) / u64::from(RAW);
    (part as u32 / UNIT * UNIT).max(UNIT)
}

pub(crate) fn default_capacity(raw: u32) -> u32 {
    scaled(raw, DEFAULT)
}

/// 00h in two sizes, and 01h (a larger supplementary spare area) in two, where the disc has not
/// got as much of it already.
pub(crate) fn formats(disc: &Rewritable) -> Vec<FormatDescriptor> {
    let raw = disc.raw_capacity;
    let mut formats = vec![
        FormatDescriptor::new(scaled(raw, DEFAULT), 0x00, BLOCK_LENGTH),
        FormatDescriptor::new(raw, 0x00, BLOCK_LENGTH),
    ];
    let larger = [2_226_976, 2_217_248].map(|blocks| scaled(raw, blocks));
    let grows = |blocks: &u32| disc.is_formatted() && *blocks < disc.capacity;
    formats.extend(
        larger
            .into_iter()
            .filter(grows)
            .map(|blocks| FormatDescriptor::new(blocks, 0x01, BLOCK_LENGTH)),
    );
    formats
}

/// Only what is listed; 00h certifies unless the host says otherwise (DCRT).
pub(crate) fn check_format(
    disc: &Rewritable,
    kind: u8,
    subtype: u8,
    blocks: u32,
    parameter: u32,
    certify: bool,
) -> Result<FormatResult, Refusal> {
    let known = formats(disc)
        .iter()
        .any(|f| f.kind == kind && f.blocks == blocks && f.parameter == parameter);
    if !known || subtype != 0 {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    Ok(FormatResult {
        blocks,
        spare_units: spare_units(disc.raw_capacity, blocks),
        wiped: certify && kind == 0x00,
        keeps_defects: kind == 0x01,
        keeps_data: kind == 0x01,
    })
}

/// ECC blocks of the primary spare area: 12,800 blocks of a full-size disc (recipe 2.4). It lies outside
/// of what is counted as the disc's capacity, and is there in every format.
pub(crate) fn primary_spare_units(raw: u32) -> u32 {
    scaled(raw, 12_800) / UNIT
}

/// ECC blocks of the supplementary spare area.
pub(crate) fn spare_units(raw: u32, blocks: u32) -> u32 {
    raw.saturating_sub(blocks) / UNIT
}
