//! Sheets that are written here: our readers find the disc again that they are of, and so does cdrdao.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_redbook::SectorForm;
use pitland_redbook::cue::{CueSession, CueSheet, cue_text};
use pitland_redbook::disc::{Limits, Session, Track};
use pitland_redbook::subchannel::Control;
use pitland_redbook::text::{CdText, Language, TextBlock, TextKind};
use pitland_redbook::toc::{TocFile, toc_text};
use proptest::prelude::*;
use std::io::Write;
use std::process::Command;

fn text(tracks: u8) -> CdText {
    let english = TextBlock::new(Language::ENGLISH, 1, tracks)
        .with(TextKind::Title, 0, "Pits \\ Lands")
        .with(TextKind::Performer, 0, "Ångström & Søn")
        .with(TextKind::Title, 1, "First");
    CdText {
        blocks: vec![english],
    }
}

fn track() -> impl Strategy<Value = Track> {
    (
        300..2000u32,
        0..400u32,
        0..400u32,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(frames, pause, lead, copy, indexed)| {
            let mut track = Track::audio(frames).with_pause(pause);
            track.lead = lead;
            track.control = Control {
                copy_permitted: copy,
                pre_emphasis: indexed,
                ..Control::AUDIO
            };
            if indexed {
                track.indexes = vec![20, 150];
                track.isrc = Some("USAT29902803".parse().unwrap());
            }
            track
        })
}

/// Sound, and perhaps a data track before it, two seconds apart.
fn session() -> impl Strategy<Value = Session> {
    let tracks = proptest::collection::vec(track(), 1..8);
    (tracks, prop::option::of(300..900u32)).prop_map(|(mut tracks, data)| {
        if let Some(frames) = data {
            tracks[0].pause = 150;
            tracks.insert(0, Track::data(SectorForm::Mode1, frames));
        }
        let session = Session::new(tracks, &Limits::ADDRESSES).unwrap();
        session.with_catalogue("4006381333931".parse().unwrap())
    })
}

/// What a disc is, seen from outside: no matter whether silence is made or read.
fn seen(session: &Session) -> Vec<(SectorForm, u8, i32, i32, Vec<u32>)> {
    let tracks = session.tracks().map(|(track, placed)| {
        let control = track.control.bits();
        let (index_1, end) = (placed.index_1.0, placed.end.0);
        (track.form, control, index_1, end, track.indexes.clone())
    });
    tracks.collect()
}

fn placed(read: CueSession) -> Session {
    let tracks = read.tracks.into_iter().map(|parts| parts.track).collect();
    Session::new(tracks, &Limits::ADDRESSES).unwrap()
}

fn file_frames(session: &Session) -> Vec<u32> {
    vec![session.lead_out().0.unsigned_abs(); 2]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn our_readers_find_the_disc_again(session in session()) {
        let last = session.last_track();
        let sheet = CueSheet::parse(cue_text(&session, &text(last), "disc.bin").as_bytes()).unwrap();
        prop_assert_eq!(sheet.catalogue, session.catalogue());
        let read = sheet.session(&file_frames(&session)).unwrap();
        prop_assert_eq!(read.text.blocks[0].text(TextKind::Performer, 0), Some("Ångström & Søn"));
        prop_assert_eq!(seen(&placed(read)), seen(&session));

        let toc = TocFile::parse(toc_text(&session, &text(last), "disc.bin").as_bytes()).unwrap();
        prop_assert_eq!(toc.catalogue, session.catalogue());
        let read = toc.session(&file_frames(&session)).unwrap();
        prop_assert_eq!(&read.text, &text(last));
        prop_assert_eq!(seen(&placed(read)), seen(&session));
    }

    #[test]
    fn cdrdao_finds_the_same_disc(session in session()) {
        let Some(shown) = show(&session) else {
            return Ok(());
        };
        let expected: Vec<(i32, i32)> = session
            .tracks()
            .map(|(_, placed)| (placed.index_1.0, placed.end.0))
            .collect();
        prop_assert_eq!(shown, expected);
    }
}

/// Where cdrdao sees each track begin and end, in frames from block 0 on; `None` where it is missing, which is said.
fn show(session: &Session) -> Option<Vec<(i32, i32)>> {
    let dir = tempfile::tempdir().unwrap();
    let bytes = u64::from(session.lead_out().0.unsigned_abs()) * 2352;
    let image = std::fs::File::create(dir.path().join("disc.bin")).unwrap();
    image.set_len(bytes).unwrap();
    let file = dir.path().join("disc.toc");
    let text = toc_text(session, &text(session.last_track()), "disc.bin");
    std::fs::write(&file, &text).unwrap();
    let asked = Command::new("cdrdao").arg("show-toc").arg(&file).output();
    let Ok(output) = asked else {
        assert!(
            std::env::var("PITLAND_REQUIRE_TOOLS").as_deref() != Ok("1"),
            "cdrdao is missing, and PITLAND_REQUIRE_TOOLS=1"
        );
        // Past the harness, which keeps what passing tests print.
        let _ = writeln!(std::io::stderr(), "not run: written_sheets: cdrdao missing");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("ERROR"),
        "{said}\n{text}"
    );
    let number = |line: &str, word: &str| -> Option<i32> {
        let rest = line.trim().strip_prefix(word)?;
        let (_, number) = rest.split_once('(')?;
        number.strip_suffix(')')?.trim().parse().ok()
    };
    let starts = said.lines().filter_map(|line| number(line, "START"));
    let ends = said.lines().filter_map(|line| number(line, "END"));
    Some(starts.zip(ends).collect())
}
