//! Control files: what is written is read again, and what is wrong is told by its line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::{CcdFault, CcdFile};
use crate::cue::CuePart;
use crate::disc::{Limits, Session, Track};
use crate::sector::SectorForm;
use crate::subchannel::{Channels, Control};
use crate::text::{CdText, Language, TextBlock, TextKind};
use pitland_mmc::Lba;
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
    let written = CcdFile::of([&session], text);
    let read = CcdFile::parse(written.to_text().unwrap().as_bytes()).unwrap();
    assert_eq!(read, written);
    assert_eq!(read.sessions[0].lead_out, 900 + 150 + 600 + 225 + 300);
    assert_eq!(read.sessions[0].tracks[2].index_0, Some(1650));
}

/// Two tracks of sound, and behind them a session of data and sound.
fn two_sessions() -> CcdFile {
    let sound = vec![Track::audio(400), Track::audio(500)];
    let sound = Session::new(sound, &Limits::ADDRESSES).unwrap();
    let mut last = Track::audio(310);
    last.lead = 150;
    let form = SectorForm::Mode2Form1(crate::sector::Subheader::data());
    let data = vec![Track::data(form, 320), last];
    let later = Session::of_disc_from(data, 3, Lba(900 + 11_400)).unwrap();
    CcdFile::of([&sound, &later], CdText::default())
}

#[test]
fn a_later_session_stands_behind_the_one_before_in_the_image_and_where_it_is_on_the_disc() {
    let written = two_sessions();
    let text = written.to_text().unwrap();
    assert_eq!(CcdFile::parse(text.as_bytes()).unwrap(), written);
    assert_eq!(written.sectors(), 900 + 320 + 150 + 310);
    let [_, second] = &written.sessions[..] else {
        panic!("two sessions");
    };
    assert_eq!((second.begin, second.lead_out), (12_300, 12_300 + 780));
    // As other programs have it: places of the disc in the table of contents, else those of the session.
    for told in [
        "Session=2\r\nPoint=0x03\r\nADR=0x01\r\nControl=0x04",
        "PLBA=12300",
        "[TRACK 3]\r\nMODE=2\r\nINDEX 1=0\r\n",
        "[TRACK 4]\r\nMODE=0\r\nINDEX 0=320\r\nINDEX 1=470\r\n",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    let made = written.all_sessions(1680).unwrap();
    let places = |at: usize| {
        let parts = made[at].tracks.iter().flat_map(|track| &track.parts);
        parts
            .map(|part| (part.first, part.frames))
            .collect::<Vec<_>>()
    };
    assert_eq!(places(0), [(0, 400), (400, 500)]);
    assert_eq!(places(1), [(900, 320), (1220, 460)]);
    let short = written.all_sessions(1679).unwrap_err().fault;
    let image = CcdFault::Image {
        given: 1679,
        needed: 1680,
    };
    assert_eq!(short, image);
    // Times that count from the disc's beginning are the same session.
    let absolute = text
        .replace(
            "INDEX 1=0\r\n\r\n[TRACK 4]",
            "INDEX 1=12300\r\n\r\n[TRACK 4]",
        )
        .replace("INDEX 0=320", "INDEX 0=12620")
        .replace("INDEX 1=470", "INDEX 1=12770");
    assert_ne!(absolute, text);
    assert_eq!(CcdFile::parse(absolute.as_bytes()).unwrap(), written);
}

#[test]
fn a_disc_whose_numbers_do_not_begin_with_1_keeps_them() {
    let tracks = vec![Track::audio(400), Track::audio(500)];
    let session = Session::of_disc_from(tracks, 7, Lba(0)).unwrap();
    let written = CcdFile::of([&session], CdText::default());
    let text = written.to_text().unwrap();
    assert!(text.contains("[TRACK 7]") && text.contains("[TRACK 8]"));
    assert_eq!(CcdFile::parse(text.as_bytes()).unwrap(), written);
}

#[test]
fn what_is_wrong_is_told() {
    let changed = |from: &str, to: &str| fault(&TWO_TRACKS.replace(from, to));
    assert_eq!(fault("[Disc]\n"), CcdFault::NotOne);
    assert_eq!(fault("PLBA=3\n"), CcdFault::NotOne);
    assert_eq!(fault("[CloneCD]\nVersion=3\n"), CcdFault::Missing("[Disc]"));
    assert_eq!(changed("Sessions=1", "Sessions=0"), CcdFault::Sessions(0));
    assert_eq!(
        changed("Sessions=1", "Sessions=2"),
        CcdFault::Missing("the entry of the lead-out")
    );
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
        needed: 1500,
    };
    assert_eq!(ccd.session(1499).unwrap_err().fault, image);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(which: bool, at: prop::sample::Index, byte: u8, cut: prop::sample::Index, sectors: u16) {
        let base = if which { TWO_TRACKS.to_owned() } else { two_sessions().to_text().unwrap() };
        let mut text = base.into_bytes();
        let (at, cut) = (at.index(text.len()), cut.index(text.len()));
        text[at] = byte;
        for text in [&text[..], &text[..cut], &text[cut..]] {
            if let Ok(ccd) = CcdFile::parse(text)
                && let Ok(sessions) = ccd.all_sessions(sectors.into())
            {
                let tracks = sessions.iter().flat_map(|session| &session.tracks);
                let all: u32 = tracks.flat_map(|track| &track.parts).map(|part| part.frames).sum();
                prop_assert_eq!(all, ccd.sectors());
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
