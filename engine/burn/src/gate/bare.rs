//! Blocks that are written by themselves, without a plan for the disc.
//!
//! Owns what makes them commands that can be sent at all. What is on the medium, and whether the blocks belong there, is
//! the caller's affair: that is not judged.

use super::PlanFault;
use super::extents::STREAMING_BLOCKS;
use pitland_mmc::MediumFamily;
use pitland_writer::{BlockForm, Extent, WriteCommand};

/// Checks the blocks for a medium of this family, and for a link that carries so many bytes at once.
///
/// # Errors
/// There are none, they reach beyond every address, they are sectors or lie at an address that only a CD has, streaming
/// does not begin and end with its units, or not one unit can be sent.
pub(crate) fn check(
    extent: &Extent,
    family: MediumFamily,
    most_bytes: u32,
) -> Result<(), PlanFault> {
    let index = 0;
    let start = i64::from(extent.first_lba.0);
    let end = start.saturating_add_unsigned(extent.blocks);
    if end > i64::from(i32::MAX) {
        return Err(PlanFault::OutsideMedium { index });
    }
    let of_cd = start < 0 || extent.form != BlockForm::Cooked2048;
    if of_cd && family != MediumFamily::Cd {
        return Err(PlanFault::OnlyOnCd { index });
    }
    let each = u64::from(STREAMING_BLOCKS);
    let streams_part = extent.command == WriteCommand::Write12Streaming
        && (start.rem_euclid(STREAMING_BLOCKS.into()) != 0 || !extent.blocks.is_multiple_of(each));
    if extent.blocks == 0 || streams_part {
        return Err(PlanFault::BadExtent { index });
    }
    let unit_bytes = extent.unit.saturating_mul(extent.form.bytes());
    match unit_bytes > most_bytes {
        true => Err(PlanFault::UnitOverLimit {
            unit_bytes,
            most_bytes,
        }),
        false => Ok(()),
    }
}
