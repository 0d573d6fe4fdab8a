//! Table-of-contents files as cdrdao's manual page and its own output have them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::{TocFault, TocFile};
use crate::cue::{CueFileKind, CuePart, CueTrackKind};
use crate::disc::{Limits, Session};
use crate::text::{Language, TextKind};
use proptest::prelude::*;

const ALBUM: &str = r#"// an album
CD_DA
CATALOG "4006381333931"
CD_TEXT {
  LANGUAGE_MAP { 0 : EN 1: 8 }
  LANGUAGE 0 { TITLE "Pits \"and\" Lands" PERFORMER "Nobody" UPC_EAN "" SIZE_INFO { 0, 1, 255} }
  LANGUAGE 1 { TITLE "Gruben \344" }
}
TRACK AUDIO
COPY
PRE_EMPHASIS
ISRC "USAT29902803"
CD_TEXT { LANGUAGE 0 { TITLE "One" } }
FILE "pregap.wav" 0
START
FILE "track.cdr" 1:0:0 1:0:0
SILENCE 0:2:0
FILE "track.cdr" 2:0:0
INDEX 0:10:0
INDEX 0:20:0

TRACK AUDIO
NO COPY
PREGAP 0:2:0
FILE "two.wav" 588 44100
"#;

fn fault(text: &str) -> (u32, TocFault) {
    let error = TocFile::parse(text.as_bytes()).unwrap_err();
    (error.line, error.fault)
}

fn part(file: Option<usize>, first: u32, frames: u32) -> CuePart {
    CuePart {
        file,
        first,
        frames,
    }
}

#[test]
fn a_composed_track_is_its_pieces_in_their_order() {
    let toc = TocFile::parse(ALBUM.as_bytes()).unwrap();
    let kinds: Vec<_> = toc.files.iter().map(|file| file.kind).collect();
    let (sound, raw) = (CueFileKind::Sound, CueFileKind::Motorola);
    assert_eq!(kinds, [sound, raw, sound]);
    let session = toc.session(&[300, 75 * 150, 1000]).unwrap();
    let [first, second] = &session.tracks[..] else {
        panic!("two tracks");
    };
    let parts = [
        part(Some(0), 0, 300),
        part(Some(1), 4500, 4500),
        part(None, 0, 150),
        part(Some(1), 9000, 2250),
    ];
    assert_eq!(first.parts, parts);
    assert_eq!((first.track.lead, first.track.frames), (300, 6900));
    assert_eq!(first.track.indexes, [750, 1500]);
    assert!(first.track.control.copy_permitted && first.track.control.pre_emphasis);
    assert_eq!(second.parts, [part(None, 0, 150), part(Some(2), 1, 75)]);
    assert_eq!((second.track.lead, second.track.frames), (150, 75));
}

#[test]
fn texts_of_each_language_become_a_block() {
    let toc = TocFile::parse(ALBUM.as_bytes()).unwrap();
    let [english, german] = &toc.text.blocks[..] else {
        panic!("two languages");
    };
    assert_eq!(
        (english.language, german.language),
        (Language::ENGLISH, Language::GERMAN)
    );
    assert_eq!(english.text(TextKind::Title, 0), Some("Pits \"and\" Lands"));
    assert_eq!(english.text(TextKind::Title, 1), Some("One"));
    assert_eq!(english.text(TextKind::Code, 0), None);
    assert_eq!(german.text(TextKind::Title, 0), Some("Gruben ä"));
}

#[test]
fn data_and_sound_share_a_disc() {
    let toc = TocFile::parse(
        b"CD_ROM\nTRACK MODE1\nDATAFILE \"d\"\nZERO 00:02:00\nTRACK AUDIO\nSILENCE 00:02:00\nSTART\n\
          FILE \"a.wav\" 0\nTRACK MODE2_RAW\nPREGAP 0:2:0\nDATAFILE \"raw\" #23520 4704000\n",
    )
    .unwrap();
    assert_eq!(toc.tracks[2].kind, CueTrackKind::Raw(2));
    let made = toc.session(&[500, 400, 2010]).unwrap();
    assert_eq!(made.tracks[0].track.frames, 650);
    assert_eq!(
        made.tracks[2].parts,
        [part(None, 0, 150), part(Some(2), 10, 2000)]
    );
    let tracks = made.tracks.into_iter().map(|parts| parts.track).collect();
    let disc = Session::new(tracks, &Limits::ADDRESSES).unwrap();
    assert_eq!(disc.lead_out().0, 650 + 150 + 400 + 150 + 2000);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let expected = |found: &str, wanted| TocFault::Unexpected {
        found: found.to_owned(),
        wanted,
    };
    assert_eq!(fault("CD_DA\n"), (1, TocFault::NoTrack));
    assert_eq!(
        fault("CD_DA\n\nWORD\n"),
        (3, expected("WORD", "a word of the header, or TRACK"))
    );
    assert_eq!(
        fault("TRACK AUDIO\nFILE \"a.wav"),
        (2, TocFault::OpenQuotation)
    );
    assert_eq!(
        fault("TRACK AUDIO\nTRACK AUDIO\n"),
        (2, TocFault::EmptyTrack(1))
    );
    let part_frame = TocFault::PartFrame {
        given: 600,
        unit: 588,
    };
    assert_eq!(fault("TRACK AUDIO\nSILENCE 600\n"), (2, part_frame));
    assert_eq!(
        fault("TRACK AUDIO RW\n"),
        (1, TocFault::Subchannels("RW".to_owned()))
    );
    assert_eq!(
        fault("TRACK AUDIO\nFILE \"a\" 0:60:0\n").1,
        expected("0:60:0", "a time, or a length")
    );
    assert!(matches!(
        fault("TRACK AUDIO\nISRC \"nonsense\"\nSILENCE 0:4:0\n"),
        (2, TocFault::Isrc(_))
    ));
    assert!(matches!(
        fault("CD_DA\nCATALOG \"1\"\nTRACK AUDIO\n"),
        (2, TocFault::Catalogue(_))
    ));
    assert_eq!(
        fault("CD_TEXT { LANGUAGE 3 { TITLE \"x\" } }\n").1,
        TocFault::Language(3)
    );
    let many = "TRACK AUDIO\nSILENCE 0:4:0\n".repeat(100);
    assert_eq!(fault(&many), (199, TocFault::TooManyTracks));
}

#[test]
fn files_that_are_too_short_are_named_by_line() {
    let toc = TocFile::parse(b"TRACK AUDIO\nFILE \"a.wav\" 0:1:0 0:9:0\n").unwrap();
    let error = toc.session(&[100]).unwrap_err();
    let fault = TocFault::BehindEnd {
        first: 75,
        frames: 675,
        all: 100,
    };
    assert_eq!((error.line, error.fault), (2, fault));
    let toc = TocFile::parse(b"TRACK AUDIO\nFILE \"a.wav\" 0\nSTART 0:9:0\n").unwrap();
    let error = toc.session(&[100]).unwrap_err();
    let fault = TocFault::StartBehindEnd {
        start: 675,
        all: 100,
    };
    assert_eq!(error.fault, fault);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![
        any::<Vec<u8>>(),
        (0..ALBUM.len(), 0..ALBUM.len(), any::<u8>()).prop_map(|(from, at, byte)| {
            let mut text = ALBUM.as_bytes()[from..].to_vec();
            let at = at % text.len();
            text[at] = byte;
            text
        }),
    ], frames: [u16; 4]) {
        if let Ok(toc) = TocFile::parse(&text) {
            let frames = frames.map(u32::from);
            if let Ok(session) = toc.session(&frames) {
                for parts in session.tracks {
                    let all: u32 = parts.parts.iter().map(|part| part.frames).sum();
                    prop_assert_eq!(all, parts.track.lead + parts.track.frames);
                }
            }
        }
    }
}
