//! A CD as a writer is told of it, and the blocks of its image in the way that it is written.
//!
//! Owns where each track stands in the image of each way. What a drive takes of it is the writer's.

use super::image::{CdBlocks, CdImage};
use pitland_mmc::Lba;
use pitland_redbook::disc::{CueSheetForm, Session};
use pitland_redbook::raw::{LEAST_LEAD_IN, SubchannelForm};
use pitland_redbook::sector::SectorForm;
use pitland_writer::{CdLayout, CdMode, CdSubchannel, CdTrack, MediaFacts};

/// Where a raw image begins on a disc that does not tell where its lead-in does.
const LAST_LEAD_IN: Lba = Lba(-150 - LEAST_LEAD_IN as i32);

impl CdImage {
    /// The blocks of the image for a disc, and what they are.
    pub(crate) fn blocks_for(&self, mode: CdMode, facts: &MediaFacts) -> (CdBlocks, CdLayout) {
        let blocks = match mode {
            CdMode::Raw(subchannel) => self.raw(form_of(subchannel), lead_in_of(facts)),
            CdMode::TrackAtOnce => self.by_track(),
            _ => self.sectors(),
        };
        let layout = self.layout(mode, blocks.first_lba());
        (blocks, layout)
    }

    fn layout(&self, mode: CdMode, first_lba: Lba) -> CdLayout {
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
