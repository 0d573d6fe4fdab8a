//! A plan against the medium, as the drive described it: nothing over what is closed, nothing outside of
//! the disc, nothing lost that nobody spoke of. A writer can slip or lie; the drive's answers are the same
//! for both.
//!
//! Owns the judgement of places. Must not know writers, nor what their [`Service`] says.
//!
//! [`Service`]: pitland_writer::Service

use super::PlanFault;
use super::cd::{self, LEAD_OUT_BLOCKS};
use super::commands::{formats_by, goes_on_formatting};
use super::extents::PREGAP;
use pitland_mmc::Lba;
use pitland_mmc::param::FormatType;
use pitland_mmc::profile::MediumFamily;
use pitland_writer::{
    BlockForm, CdMode, MediaFacts, MediumCondition, Move, Placement, PlannedCommand, Request,
    WritePlan,
};

/// Feature "BD-R pseudo-overwrite" (recipe 2.4): what is closed may be written over.
const FEATURE_PSEUDO_OVERWRITE: u16 = 0x0038;
/// The first block of a CD that has an address: minute 90 of the lead-in (recipe 2.3).
const FIRST_OF_LEAD_IN: i64 = -45_150;

/// Checks a plan against the medium.
///
/// # Errors
/// What it would lose, or the first extent that lies where it must not.
pub(super) fn check(
    plan: &WritePlan,
    request: &Request,
    facts: &MediaFacts,
) -> Result<(), PlanFault> {
    let mut commands = plan.prepare.iter().chain(&plan.closing);
    if let Some(planned) = commands.find(|c| loses_data(c, request, facts)) {
        return Err(PlanFault::LosesData {
            purpose: planned.purpose,
        });
    }
    let family = facts.profile().family();
    let is_cd = family == MediumFamily::Cd;
    let room = Room::of(plan, request, facts);
    for (index, extent) in plan.extents.iter().enumerate() {
        let start = i64::from(extent.first_lba.0);
        let end = start.saturating_add_unsigned(extent.blocks);
        let cooked = extent.form == BlockForm::Cooked2048;
        let other_form = !cooked && matches!(family, MediumFamily::Dvd | MediumFamily::Bd);
        if !is_cd && (start < 0 || other_form) {
            return Err(PlanFault::OnlyOnCd { index });
        }
        room.holds(index, start, end, extent.form)?;
    }
    Ok(())
}

/// Whether a command of a burn loses what is on the medium, without a word of the user about it.
fn loses_data(planned: &PlannedCommand, request: &Request, facts: &MediaFacts) -> bool {
    let Request::Burn(burn) = request else {
        return false;
    };
    planned.purpose == Move::Format
        && burn.placement != Placement::Overwrite
        && facts.condition().is_blank() == Some(false)
        && !keeps_data(planned)
}

/// Formats that add to what is there (recipe 6).
const GROWING: [FormatType; 5] = [
    FormatType::GrowSession,
    FormatType::AddSession,
    FormatType::QuickGrow,
    FormatType::QuickAddBorder,
    FormatType::SpareExpansion,
];

/// Whether a format adds to what is there: a suspended one that goes on, and those that grow (recipe 6).
fn keeps_data(planned: &PlannedCommand) -> bool {
    goes_on_formatting(planned) || formats_by(planned, &GROWING)
}

/// Where blocks may go.
#[derive(Debug, PartialEq, Eq)]
enum Room {
    /// Into one of these runs of blocks, each from a next writable address to the end of its track.
    Tracks(Vec<(i64, i64)>),
    /// Anywhere from a first block to an end, where that is known.
    Anywhere { first: i64, end: Option<i64> },
    /// Nowhere: the disc is closed.
    Nowhere,
}

impl Room {
    fn of(plan: &WritePlan, request: &Request, facts: &MediaFacts) -> Self {
        let profile = facts.profile();
        let is_cd = profile.family() == MediumFamily::Cd;
        let before = |c: &PlannedCommand| matches!(c.purpose, Move::Format | Move::Blank);
        let overwrites =
            matches!(request, Request::Burn(burn) if burn.placement == Placement::Overwrite);
        let pseudo_overwrite = overwrites && facts.feature_current(FEATURE_PSEUDO_OVERWRITE);
        if plan.prepare.iter().any(before) || profile.is_overwritable() || pseudo_overwrite {
            return Self::Anywhere {
                first: if is_cd { -PREGAP } else { 0 },
                end: largest(facts),
            };
        }
        if let Some((_, layout)) = cd::layout_of(request)
            && let CdMode::Raw(_) = layout.mode
        {
            return match facts.condition().is_blank() {
                Some(true) => Self::Anywhere {
                    first: FIRST_OF_LEAD_IN,
                    end: cd::end_of_medium(request, facts).map(|end| end + LEAD_OUT_BLOCKS),
                },
                _ => Self::Nowhere,
            };
        }
        let at_once = plan.prepare.iter().any(|c| c.purpose == Move::SendCueSheet);
        let lead_out = cd::end_of_medium(request, facts);
        let runs = facts.tracks.iter().filter_map(|track| {
            // An address before its track means the start of the track (recipe 2.2).
            let nwa = i64::from(track.nwa?.max(track.start).0);
            let end = nwa + i64::from(track.free_blocks.0);
            // A session at once begins with the pregap, which a track at once leaves to the drive.
            let first = if is_cd && at_once { nwa - PREGAP } else { nwa };
            Some((first, end.max(lead_out.unwrap_or(end))))
        });
        let runs: Vec<_> = runs.collect();
        match facts.condition() {
            _ if !runs.is_empty() => Self::Tracks(runs),
            MediumCondition::Complete | MediumCondition::Damaged => Self::Nowhere,
            _ => Self::Anywhere {
                first: if is_cd { -PREGAP } else { 0 },
                end: None,
            },
        }
    }

    fn holds(&self, index: usize, start: i64, end: i64, form: BlockForm) -> Result<(), PlanFault> {
        // CD-TEXT lies in the lead-in, which ends where the first pregap begins (recipe 5).
        if form == BlockForm::CdText96 {
            return match (FIRST_OF_LEAD_IN..=-PREGAP).contains(&start) && end <= -PREGAP {
                true => Ok(()),
                false => Err(PlanFault::OutsideMedium { index }),
            };
        }
        match self {
            Self::Nowhere => Err(PlanFault::ClosedArea { index, nwa: None }),
            Self::Anywhere { first, end: limit } => {
                match start >= *first && limit.is_none_or(|limit| end <= limit) {
                    true => Ok(()),
                    false => Err(PlanFault::OutsideMedium { index }),
                }
            }
            Self::Tracks(runs) => {
                let inside = |(first, limit): &(i64, i64)| start >= *first && end <= *limit;
                if runs.iter().any(inside) {
                    return Ok(());
                }
                let nwa = runs.iter().map(|(first, _)| *first).max().unwrap_or(0);
                match start < nwa {
                    true => Err(PlanFault::ClosedArea {
                        index,
                        nwa: i32::try_from(nwa).ok().map(Lba),
                    }),
                    false => Err(PlanFault::OutsideMedium { index }),
                }
            }
        }
    }
}

/// The end of the medium in whatever state: as it is, or as any listed format would make it. `None` where
/// the drive tells nothing of it.
fn largest(facts: &MediaFacts) -> Option<i64> {
    let listed = facts.format_capacities.iter().flat_map(|list| {
        let current = list.current.blocks.0;
        let formats = list.formats.iter().map(|format| format.blocks.0);
        formats
            .chain([current])
            .filter(|blocks| *blocks != u32::MAX)
    });
    let told = facts.total_capacity().into_iter();
    let most = told.chain(listed.map(u64::from)).max();
    let tracks = facts.tracks.iter().filter_map(|track| {
        let size = track.size?;
        Some(i64::from(track.start.0) + i64::from(size.0))
    });
    most.and_then(|blocks| i64::try_from(blocks).ok())
        .into_iter()
        .chain(tracks)
        .chain(last_lead_out(facts))
        .max()
        .filter(|blocks| *blocks > 0)
}

/// The last block of a CD at which its lead-out can begin.
pub(super) fn last_lead_out(facts: &MediaFacts) -> Option<i64> {
    facts.last_possible_lead_out().map(|lba| lba.0.into())
}
