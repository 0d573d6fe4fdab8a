//! A CD as a writer is told of it, and the blocks of its image in the way that it is written.
//!
//! Owns where each track stands in the image of each way. What a drive takes of it is the writer's.

use super::error::{CdError, CdFault};
use super::image::{CdBlocks, CdImage};
use pitland_mmc::Lba;
use pitland_mmc::reply::{Toc, TocEntry};
use pitland_redbook::disc::{CueSheetForm, Session};
use pitland_redbook::raw::{LEAST_LEAD_IN, SubchannelForm};
use pitland_redbook::sector::SectorForm;
use pitland_writer::cd::{PREGAP_BLOCKS, RUN_OUT_BLOCKS};
use pitland_writer::{CdLayout, CdMode, CdSubchannel, CdTrack, MediaFacts};

/// Where a raw image begins on a disc that does not tell where its lead-in does.
const LAST_LEAD_IN: Lba = Lba(-150 - LEAST_LEAD_IN as i32);

/// What drives put between tracks that are written one by one: run-out, link and pregap (recipe 5).
const GAP_BLOCKS: u32 = RUN_OUT_BLOCKS + PREGAP_BLOCKS;
/// The number of the lead-out in a table of contents.
const LEAD_OUT: u8 = 0xaa;

fn entry(control: u8, track: u8, start: Lba) -> TocEntry {
    TocEntry {
        adr: 1,
        control,
        track,
        start,
    }
}

impl CdImage {
    /// The blocks of the image for a disc, and what they are.
    ///
    /// # Errors
    /// What the image has and this way has no place for; a lead-in that is shorter than the disc's.
    pub(crate) fn blocks_for(
        &self,
        mode: CdMode,
        facts: &MediaFacts,
    ) -> Result<(CdBlocks, CdLayout), CdError> {
        let blocks = match mode {
            CdMode::Raw(subchannel) => self.raw(form_of(subchannel), lead_in_of(facts))?,
            CdMode::TrackAtOnce => {
                self.without_subcode()?;
                let first = self.session().first_track();
                if first != 1 {
                    return Err(CdFault::NumberedByDrive { first }.into());
                }
                self.by_track()
            }
            _ => {
                self.without_subcode()?;
                self.sectors()
            }
        };
        let layout = self.layout(mode, blocks.first_lba());
        Ok((blocks, layout))
    }

    /// The table of contents of a blank disc that this CD is burned onto in this way: tracks, and the lead-out as the last.
    /// Where the drive makes the gaps they are as long as most drives make them.
    pub fn expected_contents(&self, mode: CdMode) -> Toc {
        let session = self.session();
        let mut entries = Vec::new();
        let mut next = 0;
        for ((track, placed), runs) in session.tracks().zip(runs_by_track(session)) {
            let start = match mode {
                CdMode::TrackAtOnce => Lba(next),
                _ => placed.index_1,
            };
            let blocks: u32 = runs.iter().map(|run| run.1).sum();
            next = next.saturating_add_unsigned(blocks.saturating_add(GAP_BLOCKS));
            entries.push(entry(track.recorded_control().bits(), placed.number, start));
        }
        let lead_out = match mode {
            CdMode::TrackAtOnce => Lba(next.saturating_sub_unsigned(PREGAP_BLOCKS)),
            _ => session.lead_out(),
        };
        let control = session.tracks().last();
        let control = control.map_or(0, |(track, _)| track.recorded_control().bits());
        entries.push(entry(control, LEAD_OUT, lead_out));
        Toc {
            first_track: session.first_track(),
            last_track: session.last_track(),
            entries,
        }
    }

    pub(super) fn layout(&self, mode: CdMode, first_lba: Lba) -> CdLayout {
        let session = self.session();
        let mut layout = CdLayout::new(mode, first_lba);
        layout.lead_out = session.lead_out();
        if mode == CdMode::SessionAtOnce {
            layout.cue_sheet = session.cue_sheet(CueSheetForm::Raw, !self.text().is_empty());
        }
        if mode != CdMode::TrackAtOnce {
            layout.text = self.text().iter().flat_map(|pack| *pack.bytes()).collect();
        }
        let catalogue = session.catalogue().map(|number| number.to_string());
        layout.catalogue = catalogue.and_then(|number| number.into_bytes().try_into().ok());
        let runs = runs_by_track(session);
        let mut before = 0;
        for ((track, placed), runs) in session.tracks().zip(runs) {
            let in_image = placed.index_1.0.abs_diff(first_lba.0);
            let blocks = placed.end.0.abs_diff(placed.index_1.0);
            let by_track: u32 = runs.iter().map(|run| run.1).sum();
            let (image_block, blocks) = match mode {
                CdMode::TrackAtOnce => (before, by_track),
                _ => (in_image.into(), blocks),
            };
            before += u64::from(by_track);
            let mut described =
                CdTrack::audio(placed.number, placed.index_1, image_block, blocks.into());
            described.control = track.recorded_control().bits();
            described.form = CueSheetForm::Raw.of(track.form);
            if mode != CdMode::TrackAtOnce {
                described.pregap = placed.index_1.0.abs_diff(placed.start.0);
            }
            described.serial_copy = track.serial_copy;
            let isrc = track.isrc.map(|code| code.to_string());
            described.isrc = isrc.and_then(|code| code.into_bytes().try_into().ok());
            layout.tracks.push(described);
        }
        layout
    }
}

/// Where the disc's lead-in begins, as its pregroove says. A disc that does not say it gets the shortest one.
fn lead_in_of(facts: &MediaFacts) -> Lba {
    let told = facts.cd.atip.and_then(|atip| atip.lead_in.to_lba());
    told.map_or(LAST_LEAD_IN, |start| start.min(LAST_LEAD_IN))
}

fn form_of(subchannel: CdSubchannel) -> SubchannelForm {
    match subchannel {
        CdSubchannel::Packed96 => SubchannelForm::Packed96,
        CdSubchannel::Pq16 => SubchannelForm::Pq16,
        _ => SubchannelForm::Raw96,
    }
}

/// What is recorded of each track where the drive makes the gaps: the runs of blocks of the session that it is made of.
/// Silence before a track is left to the drive. Sound there, as nothing may be lost, ends the track before; before the first
/// track, or behind data, it begins its own.
pub(super) fn runs_by_track(session: &Session) -> Vec<Vec<(Lba, u32)>> {
    let mut all: Vec<Vec<(Lba, u32)>> = Vec::new();
    let mut was_audio = false;
    for (track, placed) in session.tracks() {
        let is_audio = track.form == SectorForm::Audio;
        let lead = (placed.source, placed.index_1.0.abs_diff(placed.source.0));
        let mut runs = Vec::new();
        match all.last_mut().filter(|_| is_audio && was_audio) {
            _ if lead.1 == 0 => {}
            Some(before) => before.push(lead),
            None => runs.push(lead),
        }
        runs.push((placed.index_1, placed.end.0.abs_diff(placed.index_1.0)));
        all.push(runs);
        was_audio = is_audio;
    }
    all
}
