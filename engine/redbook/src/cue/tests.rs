//! Sheets read, refused, and turned into sessions.

use super::*;
use crate::disc::{Limits, Session};
use proptest::prelude::*;

const ALBUM: &str = r#"REM GENRE Test
CATALOG 4006381333931
PERFORMER "Nobody"
TITLE "Pits and Lands"
FILE "album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "First"
    ISRC USAT29902803
    FLAGS DCP PRE
    INDEX 01 00:00:00
    INDEX 02 00:10:00
  TRACK 02 AUDIO
    TITLE "Second"
    INDEX 00 00:20:00
    INDEX 01 00:22:00
  TRACK 03 AUDIO
    PREGAP 00:02:00
    INDEX 01 00:30:00
    POSTGAP 00:01:00
"#;

fn parse(text: &str) -> Result<CueSheet, CueError> {
    CueSheet::parse(text.as_bytes())
}

#[test]
fn an_album_in_one_file_is_a_session_without_a_gap() {
    let sheet = parse(ALBUM).unwrap();
    let session = sheet.session(&[75 * 40]).unwrap();
    let [first, second, third] = &session.tracks[..] else {
        panic!("three tracks");
    };
    assert_eq!(
        first.parts,
        [CuePart {
            file: Some(0),
            first: 0,
            frames: 1500
        }]
    );
    assert_eq!(first.track.indexes, [750]);
    assert!(first.track.control.copy_permitted && first.track.control.pre_emphasis);
    assert_eq!((second.track.lead, second.track.frames), (150, 600));
    assert_eq!(
        second.parts,
        [CuePart {
            file: Some(0),
            first: 1500,
            frames: 750
        }]
    );
    assert_eq!((third.track.pause, third.track.frames), (150, 825));
    let postgap = CuePart {
        file: None,
        first: 0,
        frames: 75,
    };
    assert_eq!(third.parts.last(), Some(&postgap));
    let [text] = &session.text.blocks[..] else {
        panic!("one language");
    };
    assert_eq!(text.text(TextKind::Title, 0), Some("Pits and Lands"));
    assert_eq!(text.text(TextKind::Code, 1), Some("USAT29902803"));
    let tracks = session
        .tracks
        .into_iter()
        .map(|track| track.track)
        .collect();
    let disc = Session::new(tracks, &Limits::ADDRESSES).unwrap();
    assert_eq!(disc.lead_out().0, 1500 + 750 + 150 + 825);
}

#[test]
fn a_pause_may_be_the_end_of_the_file_before() {
    let sheet = parse(
        "FILE a.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:10:00\n\
         FILE b.wav WAVE\nINDEX 01 00:00:00\n",
    )
    .unwrap();
    let session = sheet.session(&[900, 500]).unwrap();
    let second = &session.tracks[1];
    assert_eq!((second.track.lead, second.track.frames), (150, 500));
    let parts = [
        CuePart {
            file: Some(0),
            first: 750,
            frames: 150,
        },
        CuePart {
            file: Some(1),
            first: 0,
            frames: 500,
        },
    ];
    assert_eq!(second.parts, parts);
    assert_eq!(session.text.blocks, []);
}

#[test]
fn sound_before_the_first_index_is_hidden_before_track_1() {
    let sheet = parse("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:05:00\n").unwrap();
    let session = sheet.session(&[1000]).unwrap();
    assert_eq!(
        (session.tracks[0].track.lead, session.tracks[0].track.frames),
        (375, 625)
    );
}

#[test]
fn sheets_of_other_habits_are_the_same_sheet() {
    let neat = "TITLE \"One Piece\"\nFILE \"my album.bin\" BINARY\nTRACK 01 AUDIO\nTITLE \"Ends and \u{17d}\"\n\
        INDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:05:00\nTRACK 03 AUDIO\nINDEX 00 00:10:00\nINDEX 01 00:12:00\n";
    let sheet = parse(neat).unwrap();
    assert_eq!(parse(&neat.replace('"', "")).unwrap(), sheet);
    let two = "INDEX 00 00:05:00\nINDEX 01 00:05:00";
    let with_empty_pause = parse(&neat.replace("INDEX 01 00:05:00", two)).unwrap();
    let of = |sheet: &CueSheet| sheet.session(&[1500]).unwrap();
    assert_eq!(of(&with_empty_pause).tracks, of(&sheet).tracks);

    let marked: Vec<u16> = std::iter::once(0xfeff).chain(neat.encode_utf16()).collect();
    let little: Vec<u8> = marked.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = marked.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for text in [&little, &big] {
        assert_eq!(CueSheet::parse(text).unwrap(), sheet);
        // Half a character, and half of a pair.
        let cut = &text[..text.len() - 1];
        let lone = [&text[..2], &[0xd8, 0xd8]].concat();
        for wrong in [cut, &lone] {
            let error = CueSheet::parse(wrong).unwrap_err();
            assert_eq!((error.line, error.fault), (1, CueFault::NoText));
        }
    }
}

#[test]
fn a_first_track_keeps_its_number_and_a_later_session_is_not_taken() {
    let first = "REM SESSION 01\nFILE a.bin BINARY\nTRACK 07 AUDIO\nINDEX 01 00:00:00\nTRACK 08 AUDIO\nINDEX 01 00:05:00\n";
    let sheet = parse(first).unwrap();
    let numbers: Vec<u8> = sheet.tracks.iter().map(|track| track.number).collect();
    assert_eq!((numbers, sheet.later_files), (vec![7, 8], None));
    let later = "REM SESSION 02\nFILE b.bin BINARY\nTRACK 09 MODE2/2352\nINDEX 01 00:00:00\n";
    let both = parse(&format!("{first}{later}")).unwrap();
    assert_eq!((&both.tracks, &both.files), (&sheet.tracks, &sheet.files));
    assert_eq!(both.later_files, Some(1));
    // In one file nobody knows where the first session ends.
    let joined = format!("{first}{}", later.replace("FILE b.bin BINARY\n", ""));
    let error = parse(&joined).unwrap_err();
    assert_eq!((error.line, error.fault), (8, CueFault::SessionInFile));
    for number in ["0", "100"] {
        let wrong = first.replace("07", number);
        assert_eq!(parse(&wrong).unwrap_err().line, 3, "{number}");
    }
}

#[test]
fn what_is_wrong_is_told_by_its_line() {
    let fault = |text: &str| {
        let error = parse(text).unwrap_err();
        (error.line, error.fault)
    };
    let head = "FILE a.wav WAVE\nTRACK 01 AUDIO\n";
    let with = |rest: &str| fault(&format!("{head}{rest}"));
    assert_eq!(
        fault("FILE a.wav WAVE\nTRAK 01 AUDIO"),
        (2, CueFault::UnknownWord("TRAK".into()))
    );
    assert_eq!(
        fault("TRACK 01 AUDIO"),
        (1, CueFault::TooEarly("TRACK", "FILE"))
    );
    assert_eq!(fault(""), (1, CueFault::NoTrack));
    assert_eq!(fault(head), (3, CueFault::NoIndex(1)));
    assert_eq!(fault("FILE \"a.wav WAVE"), (1, CueFault::Words("FILE")));
    assert_eq!(
        fault("FILE a.wav WAX"),
        (1, CueFault::FileKind("WAX".into()))
    );
    assert_eq!(
        with("INDEX 01 00:60:00"),
        (3, CueFault::Time("00:60:00".into()))
    );
    assert_eq!(
        with("INDEX 02 00:00:00"),
        (3, CueFault::Index("02 00:00:00".into()))
    );
    assert_eq!(
        with("INDEX 00 00:10:00\nINDEX 01 00:05:00"),
        (4, CueFault::Index("01 00:05:00".into())),
        "times do not go backward"
    );
    assert!(matches!(with("ISRC 12345"), (3, CueFault::Isrc(_))));
    assert_eq!(with("FLAGS XYZ"), (3, CueFault::Flag("XYZ".into())));
    assert_eq!(
        with("INDEX 01 00:00:00\nTRACK 03 AUDIO"),
        (
            4,
            CueFault::TrackNumber {
                given: "03".into(),
                expected: 2
            }
        )
    );
    assert_eq!(fault("FILE \"a\" b c"), (1, CueFault::Words("FILE")));
    assert_eq!(fault("FILE a b c"), (1, CueFault::FileKind("c".into())));
    assert_eq!(fault("TITLE"), (1, CueFault::Words("TITLE")));
    assert_eq!(
        with("INDEX 01 00:02:00\nINDEX 02 00:02:00"),
        (4, CueFault::Index("02 00:02:00".into())),
        "only a pause may have no length"
    );
    assert_eq!(
        with("INDEX 01 00:02:00\nINDEX 01 00:02:00"),
        (4, CueFault::Index("01 00:02:00".into())),
        "and no index comes twice"
    );
    assert_eq!(fault("CATALOG 123").0, 1);
    let many: String = (1..=99)
        .map(|n| format!("TRACK {n:02} AUDIO\nINDEX 01 {:02}:00:00\n", n - 1))
        .collect();
    assert_eq!(
        fault(&format!("FILE a.bin BINARY\n{many}TRACK 100 AUDIO")),
        (200, CueFault::TooManyTracks)
    );
    let late = parse(&format!("{head}INDEX 01 00:20:00"))
        .unwrap()
        .session(&[1500])
        .unwrap_err();
    assert_eq!(late.line, 3, "behind the end of its file");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_line(cuts in proptest::collection::vec((0usize..600, any::<u8>()), 0..12)) {
        let mut text = ALBUM.as_bytes().to_vec();
        for (at, byte) in cuts {
            let place = at % text.len();
            text[place] = byte;
        }
        match CueSheet::parse(&text) {
            Ok(sheet) => {
                if let Ok(session) = sheet.session(&vec![4000; sheet.files.len()]) {
                    let tracks = session.tracks.into_iter().map(|track| track.track).collect();
                    let _ = Session::new(tracks, &Limits::ADDRESSES);
                }
            }
            Err(error) => prop_assert!(error.line >= 1 && error.line <= 600),
        }
    }
}
