//! A cue sheet, a file of cdrdao's and one of CloneCD's, of any bytes: refused, or a disc whose parts are all accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_redbook::ccd::CcdFile;
use pitland_redbook::cue::{CueSession, CueSheet};
use pitland_redbook::disc::{Limits, Session};
use pitland_redbook::toc::TocFile;

const FRAMES: u32 = 20_000;

fn look_at(session: CueSession) {
    for track in &session.tracks {
        let all: u32 = track.parts.iter().map(|part| part.frames).sum();
        assert_eq!(all, track.track.lead + track.track.frames);
    }
    let _ = session.text.packs();
    let tracks = session.tracks.into_iter().map(|track| track.track).collect();
    let _ = Session::new(tracks, &Limits::ADDRESSES);
}

fuzz_target!(|data: &[u8]| {
    if let Ok(sheet) = CueSheet::parse(data)
        && let Ok(session) = sheet.session(&vec![FRAMES; sheet.files.len()])
    {
        look_at(session);
    }
    if let Ok(file) = TocFile::parse(data)
        && let Ok(session) = file.session(&vec![FRAMES; file.files.len()])
    {
        look_at(session);
    }
    if let Ok(file) = CcdFile::parse(data)
        && let Ok(sessions) = file.all_sessions(FRAMES)
    {
        sessions.into_iter().for_each(look_at);
    }
});
