//! What the writers of CDs share: the measures of a track and a session, mode page 05h of a data track,
//! the cue sheet of a session with one of them, and the close of one that was left open (recipes 3, 5
//! and 13).
//!
//! Owns these numbers and judgements. Must not know how a writer burns. What is more than one data track of
//! 2048-byte blocks is described in [`CdLayout`], and measured in [`sectors`].

mod layout;
pub mod sectors;
#[cfg(test)]
mod tests;

pub use layout::{
    CdLayout, CdMode, CdSubchannel, CdTrack, LayoutFault, MOST_TEXT_PACKS, TEXT_PACK_BYTES,
};

use crate::facts::MediaFacts;
use crate::plan::{ExpectedMedium, Extent, Occasion, Origin, PlannedCommand, WritePlan};
use crate::recipe::Recipe;
use crate::refusal::Refusal;
use crate::request::{BurnRequest, CdForm, CloseRequest, Finish};
use crate::sequential::{Spot, Unclosed};
use crate::step::Failure;
use crate::{moves, write_parameters};
use pitland_mmc::cdb::CloseFunction;
use pitland_mmc::mode_page::{
    DataBlockType, MultiSession, SessionFormat, WriteParameters, WriteType,
};
use pitland_mmc::param::{CuePosition, CueSheetEntry, DataForm};
use pitland_mmc::reply::DiscType;
use pitland_mmc::{Lba, Msf};

/// The most tracks of a disc, and so of its sessions.
pub const MOST_TRACKS: u16 = 99;
/// The least blocks of a track: four seconds.
pub const LEAST_TRACK_BLOCKS: u64 = 300;
/// Blocks of the pregap in front of a session's first track.
pub const PREGAP_BLOCKS: u32 = 150;
/// Blocks behind the data of a track written at once that belong to the track and cannot be read.
pub const RUN_OUT_BLOCKS: u32 = 2;
/// Blocks of padding that keep a reader which reads ahead away from the run-out.
pub const READ_AHEAD_BLOCKS: u64 = 150;
/// Blocks from the first session's lead-out to the start of the next track: lead-out, lead-in, pregap.
const FIRST_SESSION_GAP: u32 = 11_400;
/// The same behind any later session.
const LATER_SESSION_GAP: u32 = 6_900;
/// CTL of a data track.
const CONTROL_DATA: u8 = 4;
/// TNO of the lead-out.
const LEAD_OUT: u8 = 0xAA;
/// Track mode of data that are written in one go (recipe 3).
pub const TRACK_MODE_DATA: u8 = 4;
/// Sub-header of a form 1 block whose only property is to hold data (submode bit 3).
const SUB_HEADER_FORM_1: [u8; 4] = [0, 0, 8, 0];

/// A data track that fits: the image, and zeros behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataTrack {
    /// Its first block.
    pub start: Lba,
    /// Blocks of the image.
    pub image_blocks: u64,
    /// Blocks of zeros behind the image.
    pub padding_blocks: u64,
}

impl DataTrack {
    /// A track for a burn at `start`, with room for `room` blocks: padded by `padding` blocks, and to the
    /// least that a track must have. The padding is no part of what was asked for, so that a disc is
    /// filled with less of it rather than refused.
    ///
    /// # Errors
    /// [`Refusal::Empty`], and [`Refusal::TooLarge`].
    pub fn fitting(
        burn: &BurnRequest,
        start: Lba,
        room: u64,
        padding: u64,
    ) -> Result<Self, Refusal> {
        let image_blocks = burn.blocks;
        if image_blocks == 0 {
            return Err(Refusal::Empty);
        }
        let needed = image_blocks.max(LEAST_TRACK_BLOCKS);
        if needed > room {
            return Err(Refusal::TooLarge {
                needed,
                available: room,
            });
        }
        let wanted = image_blocks.saturating_add(padding).max(needed);
        Ok(Self {
            start,
            image_blocks,
            padding_blocks: wanted.min(room) - image_blocks,
        })
    }

    /// All of its blocks.
    pub fn blocks(&self) -> u64 {
        self.image_blocks.saturating_add(self.padding_blocks)
    }

    /// The block behind it; `None` where no disc reaches.
    pub fn end(&self) -> Option<Lba> {
        let blocks = u32::try_from(self.blocks()).ok()?;
        self.start.checked_add(blocks)
    }

    /// The image and its padding, written as `page` says.
    pub fn extents(&self, page: &WriteParameters) -> Vec<Extent> {
        let padding_start = u32::try_from(self.image_blocks)
            .ok()
            .and_then(|blocks| self.start.checked_add(blocks));
        let image = Extent::image(self.start, self.image_blocks, 1).under(page);
        let padding = padding_start
            .filter(|_| self.padding_blocks > 0)
            .map(|start| zeros(start, self.padding_blocks, page));
        std::iter::once(image).chain(padding).collect()
    }
}

/// The pregap in front of the track that starts at `track`, which the host writes in a session at once.
/// `None` where nothing can lie in front of it.
pub fn pregap(track: Lba, page: &WriteParameters) -> Option<Extent> {
    let start = track.checked_sub(PREGAP_BLOCKS)?;
    Some(zeros(start, PREGAP_BLOCKS.into(), page))
}

fn zeros(start: Lba, blocks: u64, page: &WriteParameters) -> Extent {
    Extent {
        origin: Origin::Zeros,
        ..Extent::image(start, blocks, 1).under(page)
    }
}

/// Blocks that a track can have at `spot`: what the drive says is free, and never beyond the last block
/// at which a lead-out can start. A drive may count the pregap too while its page 05h says "session at
/// once".
pub fn room(facts: &MediaFacts, spot: &Spot, run_out: u32) -> u64 {
    let last = facts.last_possible_lead_out();
    let up_to_lead_out = last
        .and_then(|last| last.checked_sub(run_out)?.blocks_since(spot.nwa))
        .map(|blocks| u64::from(blocks.0));
    up_to_lead_out.map_or(spot.free_blocks, |blocks| blocks.min(spot.free_blocks))
}

/// Whether the last track that a disc can have is on it.
pub fn is_out_of_tracks(spot: &Spot) -> bool {
    spot.track.0 > MOST_TRACKS
}

/// The sectors of a data track: as asked for, else as those of the disc's first session, mode 1 on a
/// blank disc. Behind sound alone they are of mode 2, form 1: such a disc is a CD-EXTRA, whose second session is one of
/// CD-ROM XA.
pub fn form(facts: &MediaFacts, burn: &BurnRequest) -> CdForm {
    match burn.cd_form {
        CdForm::AsDisc => match facts.cd_type() {
            DiscType::CdI | DiscType::CdRomXa => CdForm::Mode2Form1,
            _ if is_sound_alone(facts) => CdForm::Mode2Form1,
            _ => CdForm::Mode1,
        },
        asked => asked,
    }
}

/// Whether the disc has tracks, and all of them are sound.
fn is_sound_alone(facts: &MediaFacts) -> bool {
    let mut tracks = facts.cd.toc.iter().flat_map(|toc| toc.tracks()).peekable();
    tracks.peek().is_some() && tracks.all(|(track, _)| !track.is_data())
}

/// Page 05h of a data track that is written at once (TAO).
pub fn track_at_once(facts: &MediaFacts, burn: &BurnRequest) -> WriteParameters {
    let page = WriteParameters {
        write_type: WriteType::TrackAtOnce,
        track_mode: TRACK_MODE_DATA,
        session_format: session_format(facts),
        ..write_parameters::of_burn(facts, burn)
    };
    match form(facts, burn) {
        CdForm::Mode2Form1 => WriteParameters {
            data_block_type: DataBlockType::XaForm1,
            sub_header: SUB_HEADER_FORM_1,
            session_format: match page.session_format {
                SessionFormat::CdDaOrRom => SessionFormat::CdRomXa,
                of_the_disc => of_the_disc,
            },
            ..page
        },
        _ => WriteParameters {
            data_block_type: DataBlockType::Mode1,
            ..page
        },
    }
}

/// Page 05h of a session at once (SAO) as most drives want it: the cue sheet says what the blocks are.
pub fn session_at_once(facts: &MediaFacts, burn: &BurnRequest) -> WriteParameters {
    session_at_once_of(write_parameters::of_burn(facts, burn))
}

/// The same of what a page has beside it.
pub fn session_at_once_of(page: WriteParameters) -> WriteParameters {
    WriteParameters {
        write_type: WriteType::SessionAtOnce,
        data_block_type: DataBlockType::Raw2352,
        ..page
    }
}

/// The same for drives that want the page to agree with the cue sheet of a mode 1 track.
pub fn session_at_once_as_data(facts: &MediaFacts, burn: &BurnRequest) -> WriteParameters {
    WriteParameters {
        track_mode: TRACK_MODE_DATA,
        data_block_type: DataBlockType::Mode1,
        ..session_at_once(facts, burn)
    }
}

/// The kind of disc that the first session made, which later ones go by.
fn session_format(facts: &MediaFacts) -> SessionFormat {
    match facts.cd_type() {
        DiscType::CdI => SessionFormat::CdI,
        DiscType::CdRomXa => SessionFormat::CdRomXa,
        _ => SessionFormat::CdDaOrRom,
    }
}

/// The cue sheet of a first session with one mode 1 track of that many blocks. `None` where no disc
/// reaches.
pub fn sheet_of_one_data_track(blocks: u64) -> Option<Vec<CueSheetEntry>> {
    let lead_out = i32::try_from(blocks).ok().map(Lba)?.to_msf()?;
    let entry = |track, index, form, start| {
        CueSheetEntry::Position(CuePosition {
            control: CONTROL_DATA,
            track,
            index,
            form,
            start,
            ..CuePosition::default()
        })
    };
    let start_of_pregap = Msf::new(0, 0, 0);
    let start_of_track = Lba(0).to_msf()?;
    Some(vec![
        entry(0, 0, DataForm::Mode1ByDrive, start_of_pregap),
        entry(1, 0, DataForm::Mode1, start_of_pregap),
        entry(1, 1, DataForm::Mode1, start_of_track),
        entry(LEAD_OUT, 1, DataForm::Mode1ByDrive, lead_out),
    ])
}

/// The moves that end a session whose track is complete. Page 05h says what the close makes of the disc,
/// and nothing else does: a burn that is cancelled before the end of its last session says anew that
/// others may follow, because nobody asked to finalize half of it.
pub fn closing(page: &WriteParameters, finish: Finish) -> Vec<PlannedCommand> {
    match finish {
        Finish::CloseSession => vec![moves::close_session().only(Occasion::AfterBlocks)],
        Finish::FinalizeDisc => {
            let appendable = WriteParameters {
                multi_session: MultiSession::NextSessionAllowed,
                ..page.clone()
            };
            vec![
                moves::finalize(CloseFunction::Session).only(Occasion::AfterAll),
                moves::clear_test_write(&appendable).only(Occasion::AfterCancel),
                moves::close_session().only(Occasion::AfterCancel),
            ]
        }
    }
}

/// Closes the session that a burn left open, or spoiled. The drive's buffer comes first: what is in it
/// belongs to the track, and ends it. Page 05h says what the close makes of the disc.
///
/// # Errors
/// There is nothing open; a disc is finalized with a session only.
pub fn close_recipe(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
    let unclosed = Unclosed::find(facts, close.finalize)?;
    if unclosed.open_tracks.is_empty() {
        return Err(Refusal::FinalWithSessionOnly {
            profile: facts.profile(),
        });
    }
    let mut as_burned = BurnRequest::new(0);
    let mut last = moves::close_session();
    if close.finalize {
        as_burned.finish = Finish::FinalizeDisc;
        last = moves::finalize(CloseFunction::Session);
    }
    let page = track_at_once(facts, &as_burned);
    Ok(Recipe::new()
        .prepare(moves::synchronize_cache())
        .prepare([moves::set_write_parameters(&page)])
        .close([last.only(Occasion::AfterAll)])
        .expect(unclosed.expected(close.finalize)))
}

/// What the disc must show after `track` was written at `spot` and its session closed, whose lead-out
/// starts `run_out` blocks behind it. A further session is possible where one more track fits behind the
/// gap that it costs. What must be readable is the image: what drives count behind it differs.
pub fn expected(spot: &Spot, track: &DataTrack, run_out: u32, finish: Finish) -> ExpectedMedium {
    let readable = i64::from(track.start.0).saturating_add_unsigned(track.image_blocks);
    ExpectedMedium {
        capacity_at_least: u64::try_from(readable).ok(),
        ..expected_behind(spot, track.end(), track.blocks(), run_out, finish)
    }
}

/// The same for `blocks` blocks of tracks that end at `end`, whatever of them is readable.
fn expected_behind(
    spot: &Spot,
    end: Option<Lba>,
    blocks: u64,
    run_out: u32,
    finish: Finish,
) -> ExpectedMedium {
    let gap = match spot.sessions {
        0 => FIRST_SESSION_GAP,
        _ => LATER_SESSION_GAP,
    };
    let next = end.and_then(|end| end.checked_add(run_out + gap));
    let costs = blocks
        .saturating_add(u64::from(run_out + gap))
        .saturating_add(LEAST_TRACK_BLOCKS);
    let appendable = match finish {
        Finish::FinalizeDisc => Some(false),
        Finish::CloseSession if costs <= spot.free_blocks => Some(true),
        Finish::CloseSession => None,
    };
    ExpectedMedium {
        closed_sessions: Some(spot.sessions.saturating_add(1)),
        appendable,
        blank: None,
        nwa_at_least: next.filter(|_| appendable == Some(true)),
        capacity_at_least: None,
    }
}

/// The check after page 05h: the drive's next writable address, which goes by that page, is the one that
/// was planned for.
///
/// # Errors
/// [`Failure::MediumState`], when it is not.
pub fn nwa_as_planned(facts: &MediaFacts, plan: &WritePlan) -> Result<(), Failure> {
    let first = plan.extents.first().map(|extent| extent.first_lba);
    match facts.nwa() == first {
        true => Ok(()),
        false => Err(Failure::MediumState),
    }
}
