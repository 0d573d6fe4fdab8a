//! The extents of a CD beyond one data track: those of the layout that was asked for, and nothing else.
//!
//! Owns these judgements. Must not know cue sheets, which are judged with the commands, nor what is on the medium.

use pitland_mmc::MediumFamily;
use pitland_writer::{
    BlockForm, BurnRequest, CdLayout, CdMode, Extent, MediaFacts, Origin, Request, Service,
};

use super::extents::PREGAP;
use super::medium::last_lead_out;

/// The block behind the last one that a CD's addresses can tell: minute 90 is the lead-in's (recipe 2.3).
pub(super) const LAST_ADDRESS: i64 = 404_850;
/// Blocks of the lead-out that the host writes raw (recipe 5).
pub(super) const LEAD_OUT_BLOCKS: i64 = 6_750;

/// The burn of a CD beyond one data track, and what it shall be.
pub(super) fn layout_of(request: &Request) -> Option<(&BurnRequest, &CdLayout)> {
    match request {
        Request::Burn(burn) => Some((burn, burn.cd.as_ref()?)),
        _ => None,
    }
}

/// Whether what an extent carries is of this layout: blocks of its image in their form, in a track at once
/// the part of them that the drive does not make itself, or CD-TEXT where there is some.
pub(super) fn carries(layout: &CdLayout, extent: &Extent) -> bool {
    let form = extent.form;
    let of_image = form == layout.mode.block()
        || (layout.mode == CdMode::TrackAtOnce
            && matches!(
                form,
                BlockForm::Cooked2048 | BlockForm::Xa2332 | BlockForm::Mode2336
            ));
    match extent.origin {
        Origin::Image => of_image && extent.unit == 1,
        Origin::Bytes(_) => {
            form == BlockForm::CdText96
                && layout.mode == CdMode::SessionAtOnce
                && !layout.text.is_empty()
        }
        _ => false,
    }
}

/// Whether an extent of the image lies where the layout has it, and inside of what the writer said is free.
/// `begins`: it is the first of the image.
pub(super) fn is_placed(
    layout: &CdLayout,
    service: &Service,
    (start, end): (i64, i64),
    begins: bool,
) -> bool {
    let first = i64::from(service.first_lba.0);
    let last = first.saturating_add_unsigned(service.free_blocks);
    let image = i64::from(layout.first_lba.0);
    let (from, to) = match layout.mode {
        CdMode::SessionAtOnce => (first - PREGAP, last),
        CdMode::TrackAtOnce => (first, last),
        // From the lead-in, wherever the disc has it, to the end of the lead-out.
        _ => (image.min(-PREGAP - 1), last + LEAD_OUT_BLOCKS),
    };
    let at_its_beginning = !begins
        || match layout.mode {
            CdMode::TrackAtOnce => start == first,
            CdMode::SessionAtOnce => start == image && start == from,
            _ => start == image,
        };
    at_its_beginning && start >= from && end <= to
}

/// The block behind the last one that a burn may reach: the last lead-out of the disc, or of any disc where an
/// overburn was asked for. `None` where the medium is no CD, or does not tell.
pub(crate) fn end_of_medium(request: &Request, facts: &MediaFacts) -> Option<i64> {
    let overburn = matches!(request, Request::Burn(burn) if burn.overburn);
    match facts.profile().family() {
        MediumFamily::Cd if overburn => Some(LAST_ADDRESS),
        MediumFamily::Cd => last_lead_out(facts),
        _ => None,
    }
}
