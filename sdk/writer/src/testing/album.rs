//! CDs of whole sectors for tests: tracks in, a layout and the length of its image out.
//!
//! Owns the arithmetic of their places. Must not know what should be done with them.

use crate::cd::{CdLayout, CdMode, CdTrack, PREGAP_BLOCKS};
use pitland_mmc::Lba;
use pitland_mmc::param::{CuePosition, CueSheetEntry, CueSubchannel, DataForm};

/// Where the lead-in of the test CD begins (97:27:00).
pub const LEAD_IN: Lba = Lba(-11_625);
/// Blocks of the lead-out behind a raw program.
const LEAD_OUT_BLOCKS: u64 = 6_750;
const CONTROL_DATA: u8 = 4;

/// An audio track of so many blocks, behind so many of pause.
pub fn audio(number: u8, pause: u32, blocks: u64) -> CdTrack {
    let mut track = CdTrack::audio(number, Lba(0), 0, blocks);
    track.pregap = pause;
    track
}

/// A data track of whole sectors.
pub fn data(number: u8, form: DataForm, pause: u32, blocks: u64) -> CdTrack {
    let mut track = audio(number, pause, blocks);
    track.form = form;
    track.control = CONTROL_DATA;
    track
}

/// A layout of these tracks with index 1 of the first at `at`, and the blocks of its image. Their places are
/// filled in; the first has 150 blocks of pregap and what its pause adds.
pub fn layout(mode: CdMode, at: Lba, tracks: Vec<CdTrack>) -> (CdLayout, u64) {
    let pregap = PREGAP_BLOCKS + tracks.first().map_or(0, |first| first.pregap);
    let session = Lba(at.0 - PREGAP_BLOCKS.cast_signed());
    let first_lba = match mode {
        CdMode::TrackAtOnce => at,
        CdMode::SessionAtOnce => session,
        CdMode::Raw(_) => LEAD_IN,
    };
    let mut layout = CdLayout::new(mode, first_lba);
    layout.tracks = tracks;
    let mut lba = session;
    let mut image = 0;
    for (index, track) in layout.tracks.iter_mut().enumerate() {
        if index == 0 {
            track.pregap = pregap;
        }
        let begins = lba.0 + track.pregap.cast_signed();
        track.index_1 = Lba(begins);
        track.image_block = match mode {
            CdMode::TrackAtOnce => image,
            _ => u64::from(begins.abs_diff(first_lba.0)),
        };
        image = track.image_block + track.blocks;
        lba = Lba(begins.saturating_add_unsigned(u32::try_from(track.blocks).unwrap_or(u32::MAX)));
    }
    layout.lead_out = lba;
    if mode == CdMode::SessionAtOnce {
        layout.cue_sheet = sheet(&layout);
    }
    let behind = match mode {
        CdMode::Raw(_) => LEAD_OUT_BLOCKS,
        _ => 0,
    };
    (layout, image + behind)
}

/// With texts: so many packs.
pub fn with_text(mut layout: CdLayout, packs: u8) -> CdLayout {
    layout.text = (0..packs).flat_map(|pack| [pack; 18]).collect();
    layout.cue_sheet = sheet(&layout);
    layout
}

/// The sheet of a layout, as recipe 5 has it.
pub fn sheet(layout: &CdLayout) -> Vec<CueSheetEntry> {
    let position = |control, track, index, form, lba: Lba| CuePosition {
        control,
        track,
        index,
        form,
        start: lba.to_msf().unwrap_or_default(),
        ..CuePosition::default()
    };
    let by_drive = |track: Option<&CdTrack>| match track.map(|track| track.form) {
        Some(DataForm::Mode1Raw) => DataForm::Mode1ByDrive,
        Some(DataForm::XaRaw) => DataForm::XaByDrive,
        Some(DataForm::Mode2Raw) => DataForm::Mode2ByDrive,
        _ => DataForm::AudioByDrive,
    };
    let (first, last) = (layout.tracks.first(), layout.tracks.last());
    let control = |track: Option<&CdTrack>| track.map_or(0, |track| track.control);
    let mut sheet = Vec::new();
    if let Some(number) = layout.catalogue {
        let half = |from: usize| CueSheetEntry::Mcn {
            control: 0,
            characters: std::array::from_fn(|n| number.get(from + n).copied().unwrap_or(0)),
        };
        sheet.extend([half(0), half(7)]);
    }
    sheet.push(CueSheetEntry::Position(CuePosition {
        subchannel: match layout.text.is_empty() {
            true => CueSubchannel::ByDrive,
            false => CueSubchannel::Raw,
        },
        start: Default::default(),
        ..position(control(first), 0, 0, by_drive(first), Lba(0))
    }));
    for track in &layout.tracks {
        for half in track.isrc.iter().flat_map(|code| code.as_chunks::<6>().0) {
            sheet.push(CueSheetEntry::Isrc {
                control: track.control,
                track: track.number,
                characters: *half,
            });
        }
        let entry = |index, lba| {
            CueSheetEntry::Position(position(
                track.control,
                track.number,
                index,
                track.form,
                lba,
            ))
        };
        if track.pregap > 0 {
            let index_0 = track.index_1.0 - track.pregap.cast_signed();
            sheet.push(entry(0, Lba(index_0)));
        }
        sheet.push(entry(1, track.index_1));
    }
    let lead_out = position(control(last), 0xAA, 1, by_drive(last), layout.lead_out);
    sheet.push(CueSheetEntry::Position(lead_out));
    sheet
}
