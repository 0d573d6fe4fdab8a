//! Control files: what is written is read again, and what is wrong is told by its line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::{CcdFault, CcdFile};
use crate::cue::CuePart;
use crate::disc::{Limits, Session, Track};
use crate::sector::SectorForm;
use crate::subchannel::{Channels, Control};
use crate::text::{CdText, Language, TextBlock, TextKind};
use proptest::prelude::*;

/// A disc of two tracks as other programs write it.
const TWO_TRACKS: &str = "[CloneCD]\r
Version=3\r
[Disc]\r
TocEntries=5\r
Sessions=1\r
DataTracksScrambled=0\r
CATALOG=4006381333931\r
CDTextLength=0\r
[Session 1]\r
PreGapMode=1\r
PreGapSubC=0\r
[Entry 0]\r
Session=1\r
Point=0xa0\r
ADR=0x01\r
Control=0x04\r
TrackNo=0\r
PMin=1\r
PLBA=4350\r
[Entry 1]\r
Point=0xa1\r
ADR=0x01\r
Control=0x00\r
PLBA=8850\r
[Entry 2]\r
Point=0xa2\r
ADR=0x01\r
Control=0x00\r
PLBA=1500\r
[Entry 3]\r
Point=0x01\r
ADR=0x01\r
Control=0x04\r
PLBA=0\r
[Entry 4]\r
Point=0x02\r
ADR=0x01\r
Control=0x02\r
PLBA=850\r
[TRACK 1]\r
MODE=1\r
INDEX 1=0\r
[TRACK 2]\r
MODE=0\r
INDEX 0=700\r
INDEX 1=850\r
INDEX 2=950\r
ISRC=USAT29902803\r
";

fn fault(text: &str) -> CcdFault {
    CcdFile::parse(text.as_bytes()).unwrap_err().fault
}

#[test]
fn a_control_file_of_another_program_is_a_session() {
    let ccd = CcdFile::parse(TWO_TRACKS.as_bytes()).unwrap();
    assert_eq!(ccd.catalogue.unwrap().to_string(), "4006381333931");
    let made = ccd.session(1500).unwrap();
    let [data, audio] = &made.tracks[..] else {
        panic!("two tracks");
    };
    assert_eq!(data.track, Track::data(SectorForm::Mode1, 700));
    assert_eq!((audio.track.lead, audio.track.frames), (150, 650));
    assert_eq!(audio.track.indexes, [100]);
    assert!(audio.track.control.copy_permitted && !audio.track.control.data);
    let whole = CuePart {
        file: Some(0),
        first: 700,
        frames: 800,
    };
    assert_eq!(audio.parts, [whole]);
    let tracks = vec![data.track.clone(), audio.track.clone()];
    let session = Session::new(tracks, &Limits::ADDRESSES).unwrap();
    assert_eq!(session.lead_out().0, 1500);
}

#[test]
fn what_is_written_is_read_again() {
    let mut first = Track::audio(900);
    first.indexes = vec![100, 300];
    first.isrc = Some("USAT29902803".parse().unwrap());
    let mut second = Track::audio(600).with_pause(150);
    second.control = Control {
        pre_emphasis: true,
        ..Control::AUDIO
    };
    let third = Track::data(SectorForm::Mode1, 300).with_pause(225);
    let session = Session::new(vec![first, second, third], &Limits::ADDRESSES).unwrap();
    let session = session.with_catalogue("4006381333931".parse().unwrap());
    let block = TextBlock::new(Language::ENGLISH, 1, 3)
        .with(TextKind::Title, 0, "Pits and Lands")
        .with(TextKind::Title, 2, "Second");
    let text = CdText {
        blocks: vec![block],
    };
    let written = CcdFile::of(&session, text);
    let read = CcdFile::parse(written.to_text().unwrap().as_bytes()).unwrap();
    assert_eq!(read, written);
    assert_eq!(read.lead_out, 900 + 150 + 600 + 225 + 300);
    assert_eq!(read.tracks[2].index_0, Some(1650));
}

#[test]
fn what_is_wrong_is_told() {
    let changed = |from: &str, to: &str| fault(&TWO_TRACKS.replace(from, to));
    assert_eq!(fault("[Disc]\n"), CcdFault::NotOne);
    assert_eq!(fault("PLBA=3\n"), CcdFault::NotOne);
    assert_eq!(fault("[CloneCD]\nVersion=3\n"), CcdFault::Missing("[Disc]"));
    assert_eq!(changed("Sessions=1", "Sessions=2"), CcdFault::Sessions(2));
    assert_eq!(changed("Scrambled=0", "Scrambled=1"), CcdFault::Scrambled);
    assert_eq!(
        changed("Point=0xa2", "Point=0xa3"),
        CcdFault::Missing("the entry of the lead-out")
    );
    assert_eq!(changed("PLBA=850", "PLBA=-3"), CcdFault::Order(2));
    assert_eq!(changed("PLBA=850", "PLBA=1500"), CcdFault::Order(2));
    assert_eq!(changed("Point=0x02", "Point=0x03"), CcdFault::Order(3));
    assert_eq!(
        changed("MODE=0", "MODE=7"),
        CcdFault::Mode { track: 2, mode: 7 }
    );
    let error = CcdFile::parse(TWO_TRACKS.replace("=700", "=seven").as_bytes()).unwrap_err();
    assert_eq!(
        (error.line, error.fault),
        (45, CcdFault::Number("seven".to_owned()))
    );
    let ccd = CcdFile::parse(TWO_TRACKS.as_bytes()).unwrap();
    let image = CcdFault::Image {
        given: 1499,
        lead_out: 1500,
    };
    assert_eq!(ccd.session(1499).unwrap_err().fault, image);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(at in 0..TWO_TRACKS.len(), byte: u8, cut in 0..TWO_TRACKS.len(), sectors: u16) {
        let mut text = TWO_TRACKS.as_bytes().to_vec();
        text[at] = byte;
        for text in [&text[..], &text[..cut], &text[cut..]] {
            if let Ok(ccd) = CcdFile::parse(text)
                && let Ok(session) = ccd.session(sectors.into())
            {
                let parts = session.tracks.iter().flat_map(|track| &track.parts);
                let all: u32 = parts.map(|part| part.frames).sum();
                prop_assert_eq!(all, ccd.lead_out);
            }
        }
    }

    #[test]
    fn channels_come_back_one_by_one(bytes in prop::array::uniform32(any::<[u8; 3]>())) {
        let mut all = [0; 96];
        all.copy_from_slice(bytes.as_flattened());
        let channels = Channels::from_by_channel(&all);
        prop_assert_eq!(channels.by_channel(), all);
        prop_assert_eq!(channels.q().to_vec(), &all[12..24]);
    }
}
