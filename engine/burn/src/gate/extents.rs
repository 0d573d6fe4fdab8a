//! The extents of a plan: whole write units, in order, all of the image and not much else.
//!
//! Owns these judgements, and that against what the writer itself said is free. Must not know what is on
//! the medium.

use super::{MOST_BYTES, PlanFault, cd};
use crate::verify::UNIT_BLOCKS;
use crate::writing::MOST_CHUNK_BYTES;
use pitland_writer::cd::LEAST_TRACK_BLOCKS;
use pitland_writer::{
    BlockForm, Extent, Growth, Origin, Placement, Request, Service, WriteCommand,
};

/// Blocks of a streaming WRITE, and of its place: one drive wrote junk in smaller ones (recipe 7).
pub(crate) const STREAMING_BLOCKS: u32 = 32;
/// Blocks of the gap before a CD's track, which the host writes in a session at once (recipe 5).
pub(super) const PREGAP: i64 = 150;
/// Zeros that a burn may add beyond a write unit: a CD's pregap, its shortest track of 300 blocks and the
/// 150 behind it (recipe 5) are the most that any medium needs.
const MOST_PADDING: u64 = 1024;

/// Whether an extent can be the gap before the image: zeros, block by block as only a CD takes them.
fn is_pregap(extent: &Extent) -> bool {
    extent.origin == Origin::Zeros && extent.unit == 1
}

fn growth_of(request: &Request) -> Option<&Growth> {
    match request {
        Request::Burn(burn) => match &burn.placement {
            Placement::Grow(growth) => Some(growth),
            _ => None,
        },
        _ => None,
    }
}

/// Checks that a plan records the session and the head of a volume that grows, in this order, and nothing else; a run
/// may be in several extents.
fn check_growth(extents: &[Extent], growth: &Growth) -> Result<(), PlanFault> {
    let mut runs = growth.runs();
    let mut run = runs.next().unwrap_or_default();
    let unit = extents.iter().map(|extent| extent.unit).min().unwrap_or(1);
    if !growth.is_sound(unit.max(1)) {
        return Err(PlanFault::NotTheGrowth { index: 0 });
    }
    for (index, extent) in extents.iter().enumerate() {
        if run.blocks == 0 {
            run = runs.next().unwrap_or_default();
        }
        let left = run.blocks.checked_sub(extent.blocks);
        let here =
            extent.origin == Origin::Image && extent.first_lba == run.first_lba && !extent.follows;
        let Some(left) = left.filter(|_| here) else {
            return Err(PlanFault::NotTheGrowth { index });
        };
        let taken = u32::try_from(extent.blocks).unwrap_or(u32::MAX);
        let next = run.first_lba.checked_add(taken);
        run.first_lba = next.ok_or(PlanFault::OutsideMedium { index })?;
        run.blocks = left;
    }
    match run.blocks > 0 || runs.next().is_some() {
        true => Err(PlanFault::NotTheGrowth {
            index: extents.len(),
        }),
        false => Ok(()),
    }
}

/// Blocks of zeros behind an image that has its own postgap, where they are more than a short track lacks.
fn unasked_postgap(extents: &[Extent], request: &Request) -> Option<u64> {
    let Request::Burn(burn) = request else {
        return None;
    };
    let lacks = LEAST_TRACK_BLOCKS.saturating_sub(burn.blocks);
    let behind = extents.iter().skip_while(|e| e.origin != Origin::Image);
    let zeros = behind.filter(|extent| extent.origin == Origin::Zeros && extent.unit == 1);
    let blocks = zeros.map(|extent| extent.blocks).sum();
    (burn.postgap_in_image && blocks > lacks).then_some(blocks)
}

/// Checks the extents of a plan.
///
/// # Errors
/// The first one that the engine would not record.
pub(super) fn check(
    extents: &[Extent],
    request: &Request,
    service: Option<&Service>,
) -> Result<(), PlanFault> {
    // What makes a medium empty is zeros; what closes it is nothing.
    let may_hold = |extent: &Extent| match request {
        Request::Burn(_) | Request::Resume(_) => true,
        Request::Erase(_) | Request::Format(_) => extent.origin == Origin::Zeros,
        _ => false,
    };
    if let Some(index) = extents.iter().position(|extent| !may_hold(extent)) {
        return Err(PlanFault::BadExtent { index });
    }
    let written_before = match request {
        Request::Resume(resume) => resume.written_blocks,
        _ => 0,
    };
    let layout = cd::layout_of(request).map(|(_, layout)| layout);
    let growth = growth_of(request);
    if let Some(growth) = growth {
        check_growth(extents, growth)?;
    }
    let mut image_blocks = 0u64;
    let mut previous_end = i64::MIN;
    for (index, extent) in extents.iter().enumerate() {
        let unit = u64::from(extent.unit);
        let fits_form = match &extent.origin {
            // Whole blocks, over and over; never more than are recorded.
            Origin::Bytes(bytes) => {
                let (given, block) = (bytes.len() as u64, u64::from(extent.form.bytes()));
                (block..=u64::from(MOST_BYTES)).contains(&given)
                    && given.is_multiple_of(block)
                    && given <= extent.blocks.saturating_mul(block)
            }
            // The ring carries whole units of 2048-byte blocks, in slots that are powers of two.
            Origin::Image if layout.is_none() => {
                extent.form == BlockForm::Cooked2048
                    && unit.is_power_of_two()
                    && (image_blocks == 0
                        || (written_before + image_blocks).is_multiple_of(UNIT_BLOCKS.into()))
            }
            _ => true,
        };
        let fits_command =
            unit.saturating_mul(extent.form.bytes().into()) <= MOST_CHUNK_BYTES.into();
        let streams_whole = extent.command != WriteCommand::Write12Streaming
            || (extent.unit.is_multiple_of(STREAMING_BLOCKS)
                && extent.first_lba.0.rem_euclid(STREAMING_BLOCKS as i32) == 0);
        let as_asked = match request {
            Request::Burn(burn) => extent.test_write == burn.test_write,
            _ => !extent.test_write,
        };
        let of_layout = layout.is_none_or(|layout| cd::carries(layout, extent));
        // Nothing comes between the beginning and the first extent but what prepares it.
        let follows_one = index > 0 || (!extent.follows && extent.before.is_empty());
        if extent.blocks == 0
            || !of_layout
            || !follows_one
            || unit == 0
            || extent.blocks % unit != 0
            || !fits_form
            || !fits_command
            || !streams_whole
            || !as_asked
        {
            return Err(PlanFault::BadExtent { index });
        }
        let start = i64::from(extent.first_lba.0);
        let Some(end) = i64::try_from(extent.blocks)
            .ok()
            .and_then(|n| start.checked_add(n))
        else {
            return Err(PlanFault::OutsideMedium { index });
        };
        // The head of a volume that grows is all of it where it was asked for, and before the session.
        let in_head = growth.is_some_and(|growth| start < growth.session.first_lba.0.into());
        if start < previous_end && !in_head {
            return Err(PlanFault::Overlap { index });
        }
        if end > i64::from(i32::MAX) {
            return Err(PlanFault::OutsideMedium { index });
        }
        if let (Some(service), Some(layout)) = (service, layout) {
            let begins = image_blocks == 0;
            let is_image = extent.origin == Origin::Image;
            if is_image && !cd::is_placed(layout, service, (start, end), begins) {
                return Err(PlanFault::OutsideMedium { index });
            }
        } else if let Some(service) = service.filter(|_| !in_head) {
            let first = i64::from(service.first_lba.0);
            let last = first.saturating_add_unsigned(service.free_blocks);
            // A volume is laid out for the address that the writer named.
            let displaced = extent.origin == Origin::Image && image_blocks == 0 && start != first;
            let begins = match is_pregap(extent) {
                true => first - PREGAP,
                false => first,
            };
            if start < begins || end > last || displaced || (start < first && end > first) {
                return Err(PlanFault::OutsideMedium { index });
            }
        }
        previous_end = end;
        if extent.origin == Origin::Image {
            image_blocks = image_blocks.saturating_add(extent.blocks);
        }
    }
    let needed = match request {
        Request::Burn(burn) => burn.blocks,
        Request::Resume(resume) => resume.burn.blocks,
        _ => 0,
    };
    let planned = image_blocks.saturating_add(written_before);
    let cut = match layout {
        Some(_) => planned != needed,
        None => planned < needed,
    };
    if cut {
        return Err(PlanFault::ImageCut { planned, needed });
    }
    // What the caller has padded is not padded again.
    if let Some(blocks) = unasked_postgap(extents, request) {
        return Err(PlanFault::TooMuchPadding { blocks });
    }
    // An erase may write zeros as it likes.
    let burns = matches!(request, Request::Burn(_) | Request::Resume(_));
    let recorded = extents.iter().fold(written_before, |sum, extent| {
        sum.saturating_add(extent.blocks)
    });
    let unit = extents.iter().map(|e| u64::from(e.unit)).max().unwrap_or(0);
    let blocks = recorded - needed.min(recorded);
    if burns && layout.is_none() && blocks > MOST_PADDING + unit {
        return Err(PlanFault::TooMuchPadding { blocks });
    }
    Ok(())
}
