//! DVD+RW and DVD+RW DL (profiles 001Ah, 002Ah): one format, which goes on in the background (recipe 6).

use super::FormatDescriptor;
use super::rewritable::{Background, Formatting, Rewritable};
use crate::refusal::Refusal;

/// Blocks of one ECC block.
pub(crate) const UNIT: u32 = 16;
/// Blocks of the disc.
pub(crate) const CAPACITY: u32 = 2_295_104;
/// Blocks of a dual-layer disc: those of a DVD+R DL, whose layout it has.
pub(crate) const DUAL_LAYER: u32 = 4_173_824;

pub(crate) fn formats(disc: &Rewritable) -> Vec<FormatDescriptor> {
    vec![FormatDescriptor::new(disc.raw_capacity, 0x26, 0)]
}

/// What a FORMAT UNIT of type 26h asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// From the start; the disc is empty after.
    Fresh,
    /// Go on where a suspended format stopped.
    Restart,
}

/// Blocks are the listed number or FFFFFFFFh, or 0 with the restart bit, bit 0 of the
/// parameter: so dvd+rw-format has the lead-out moved.
pub(crate) fn check_format(
    disc: &Rewritable,
    kind: u8,
    subtype: u8,
    blocks: u32,
    parameter: u32,
) -> Result<Request, Refusal> {
    let known =
        blocks == disc.raw_capacity || blocks == u32::MAX || (blocks == 0 && parameter == 1);
    if kind != 0x26 || subtype != 0 || !known {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    match parameter {
        0 => Ok(Request::Fresh),
        1 if disc.background == Background::Suspended => Ok(Request::Restart),
        1 => Err(Refusal::SEQUENCE),
        _ => Err(Refusal::ILLEGAL_PARAMETER),
    }
}

/// The lead-in is there: the disc can be used, and the rest follows while it is idle.
pub(crate) fn begin_background(disc: &mut Rewritable, request: Request) {
    if request == Request::Fresh {
        disc.formatted_to = 0;
        disc.written.clear();
    }
    disc.formatting = Formatting::Done;
    disc.capacity = disc.raw_capacity;
    disc.background = Background::Running;
}

/// The background format moves on; true when it has reached the end.
pub(crate) fn progress(disc: &mut Rewritable, blocks: u32) -> bool {
    disc.formatted_to = disc.formatted_to.saturating_add(blocks).min(disc.capacity);
    if disc.formatted_to == disc.capacity {
        disc.background = Background::Complete;
        return true;
    }
    false
}

/// Stops the background format; a later restart goes on from there.
pub(crate) fn suspend(disc: &mut Rewritable) {
    if disc.background == Background::Running {
        disc.background = Background::Suspended;
    }
}
