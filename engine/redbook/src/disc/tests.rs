//! How tracks are placed, and what their sub-channels say.

use super::*;
use crate::sector::Subheader;
use crate::subchannel::{Q, QMessage, SubchannelTrack};
use pitland_mmc::Msf;
use pitland_mmc::param::CueSheetEntry;
use proptest::prelude::*;

fn session(tracks: Vec<Track>) -> Session {
    Session::new(tracks, &Limits::ADDRESSES).unwrap()
}

fn position(session: &Session, lba: i32) -> (u8, u8, Msf, Msf) {
    let channels = session.subcode(Lba(-4500)).at(Lba(lba));
    match Q::parse(&channels.q()).unwrap().message {
        QMessage::Position {
            track: SubchannelTrack::Number(track),
            index,
            relative,
            absolute,
        } => (track, index, relative, absolute),
        other => panic!("no position at {lba}: {other:?}"),
    }
}

#[test]
fn a_gapless_album_has_no_sector_between_its_tracks() {
    let album = session(vec![Track::audio(1000), Track::audio(2000)]);
    let placed: Vec<Placed> = album.tracks().map(|(_, placed)| placed).collect();
    assert_eq!(placed[0].index_1, Lba(0));
    assert_eq!((placed[1].start, placed[1].index_1), (Lba(1000), Lba(1000)));
    assert_eq!(album.lead_out(), Lba(3000));
    let msf = Msf::new;
    assert_eq!(position(&album, -150), (1, 0, msf(0, 1, 74), msf(0, 0, 0)));
    assert_eq!(position(&album, -1), (1, 0, msf(0, 0, 0), msf(0, 1, 74)));
    assert_eq!(position(&album, 0), (1, 1, msf(0, 0, 0), msf(0, 2, 0)));
    assert_eq!(
        position(&album, 999),
        (1, 1, msf(0, 13, 24), msf(0, 15, 24))
    );
    assert_eq!(position(&album, 1000), (2, 1, msf(0, 0, 0), msf(0, 15, 25)));
}

#[test]
fn a_pause_counts_down_and_its_lead_is_of_the_source() {
    let second = Track {
        lead: 50,
        ..Track::audio(600).with_pause(100)
    };
    let album = session(vec![Track::audio(300), second]);
    let silent = album.at(Lba(399)).unwrap();
    assert_eq!((silent.index, silent.source_frame), (0, None));
    assert_eq!(album.at(Lba(400)).unwrap().source_frame, Some(0));
    assert_eq!(album.at(Lba(450)).unwrap().index, 1);
    assert_eq!(position(&album, 300).2, Msf::new(0, 1, 74));
    assert_eq!(position(&album, 449).2, Msf::new(0, 0, 0));
}

#[test]
fn p_is_set_in_pauses_and_for_two_seconds_before_a_track_without_one() {
    let album = session(vec![Track::audio(1000), Track::audio(1000)]);
    let p = |lba: i32| album.subcode(Lba(-4500)).at(Lba(lba)).p();
    // Through the first sector of the track, and of the lead-out, which is announced like one.
    assert!(p(-150) && p(0) && !p(1));
    assert!(!p(849) && p(850) && p(1000) && !p(1001));
    assert!(!p(1849) && p(1850) && p(2000) && !p(2001));
    assert!(
        !p(2150) && p(2151),
        "two seconds of zeros, before it turns on and off"
    );
    let cycle: Vec<bool> = (2151..2151 + 75).map(p).collect();
    let changes = cycle.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 3, "two cycles a second");
    let paused = session(vec![Track::audio(1000), Track::audio(1000).with_pause(225)]);
    let p = |lba: i32| paused.subcode(Lba(-4500)).at(Lba(lba)).p();
    assert!(!p(999) && p(1000) && p(1225) && !p(1226), "a longer pause");
}

#[test]
fn the_lead_in_repeats_the_table_of_contents_three_times_each() {
    let data = Track::data(SectorForm::Mode2Form1(Subheader::data()), 300);
    let disc = session(vec![data, Track::audio(500).with_pause(150)]);
    let subcode = disc.subcode(Lba(-4500));
    let frames: Vec<[u8; 12]> = (-4500..-151).map(|lba| subcode.at(Lba(lba)).q()).collect();
    let points: Vec<u8> = frames.iter().map(|q| q[2]).collect();
    assert_eq!(
        points[..18],
        [
            1, 1, 1, 2, 2, 2, 0xa0, 0xa0, 0xa0, 0xa1, 0xa1, 0xa1, 0xa2, 0xa2, 0xa2, 1, 1, 1
        ]
    );
    assert_eq!(frames[0][0], 0x41, "data");
    assert_eq!(frames[3][0], 0x01, "audio");
    assert_eq!(frames[6][7..10], [0x01, 0x20, 0x00], "CD-ROM XA");
    assert_eq!(
        frames[12][7..10],
        [0x00, 0x14, 0x50],
        "lead-out at block 950"
    );
    assert_eq!(subcode.at(Lba(-151)).q()[3..6], [0x99, 0x59, 0x74]);
}

#[test]
fn what_no_disc_has_is_refused_by_track() {
    let new = |tracks: Vec<Track>| Session::new(tracks, &Limits::ADDRESSES).unwrap_err();
    assert_eq!(new(vec![]), LayoutError::NoTrack);
    assert_eq!(
        new(vec![Track::audio(300); 100]),
        LayoutError::TooManyTracks(100)
    );
    assert_eq!(
        new(vec![Track::audio(300), Track::audio(299)]),
        LayoutError::TooShort {
            track: 2,
            frames: 299
        }
    );
    let mixed = vec![Track::data(SectorForm::Mode1, 300), Track::audio(300)];
    assert_eq!(new(mixed), LayoutError::Turn { track: 2, pause: 0 });
    let mut emphasized = Track::data(SectorForm::Mode1, 300);
    emphasized.control.pre_emphasis = true;
    assert_eq!(new(vec![emphasized]), LayoutError::AudioOnly { track: 1 });
    let indexed = |indexes: Vec<u32>| {
        new(vec![Track {
            indexes,
            ..Track::audio(300)
        }])
    };
    assert_eq!(
        indexed(vec![50, 55]),
        LayoutError::Index {
            track: 1,
            index: 3,
            start: 55
        }
    );
    assert_eq!(
        indexed(vec![295]),
        LayoutError::Index {
            track: 1,
            index: 2,
            start: 295
        }
    );
    let small = Limits {
        last_lead_out: Some(Lba(500)),
        overburn: false,
    };
    assert_eq!(
        Session::new(vec![Track::audio(501)], &small),
        Err(LayoutError::TooLong {
            end: 501,
            limit: 500
        })
    );
    let over = Limits {
        overburn: true,
        ..small
    };
    assert!(Session::new(vec![Track::audio(501)], &over).is_ok());
    assert!(matches!(
        new(vec![Track::audio(500_000)]),
        LayoutError::TooLong { .. }
    ));
}

#[test]
fn the_cue_sheet_is_that_of_recipe_5() {
    let first = Track {
        isrc: Some("USAT29902803".parse().unwrap()),
        indexes: vec![75],
        ..Track::audio(300)
    };
    let disc = session(vec![first, Track::audio(300).with_pause(75)])
        .with_catalogue("4006381333931".parse().unwrap());
    let bytes = CueSheetEntry::emit_sheet(&disc.cue_sheet(CueSheetForm::User, true));
    let rows: Vec<&[u8]> = bytes.chunks(8).collect();
    let expected: [&[u8]; 11] = [
        b"\x024006381",
        b"\x02333931\0",
        &[0x01, 0x00, 0x00, 0x41, 0, 0, 0, 0],
        b"\x03\x01USAT29",
        b"\x03\x01902803",
        &[0x01, 0x01, 0x00, 0x00, 0, 0, 0, 0],
        &[0x01, 0x01, 0x01, 0x00, 0, 0, 2, 0],
        &[0x01, 0x01, 0x02, 0x00, 0, 0, 3, 0],
        &[0x01, 0x02, 0x00, 0x00, 0, 0, 6, 0],
        &[0x01, 0x02, 0x01, 0x00, 0, 0, 7, 0],
        &[0x01, 0xaa, 0x01, 0x01, 0, 0, 11, 0],
    ];
    assert_eq!(rows, expected);
}

fn track() -> impl Strategy<Value = Track> {
    (
        300u32..900,
        0u32..400,
        0u32..200,
        any::<bool>(),
        proptest::option::of(20u32..200),
    )
        .prop_map(|(frames, pause, lead, isrc, index)| Track {
            lead,
            isrc: isrc.then(|| "DEA120512345".parse().unwrap()),
            indexes: index.into_iter().collect(),
            ..Track::audio(frames).with_pause(pause)
        })
}

proptest! {
    /// Each sector says where it is, the numbers come often enough, and never where an index begins.
    #[test]
    fn the_program_is_told_without_a_gap(tracks in proptest::collection::vec(track(), 1..5)) {
        let disc = session(tracks).with_catalogue("4006381333931".parse().unwrap());
        let subcode = disc.subcode(Lba(-4500));
        let (mut since_catalogue, mut since_isrc) = (0, 0);
        let mut before: Option<(u8, u8)> = None;
        for lba in -150..disc.lead_out().0 {
            let spot = disc.at(Lba(lba)).unwrap();
            let here = (spot.placed.number, spot.index);
            let q = Q::parse(&subcode.at(Lba(lba)).q()).unwrap();
            since_catalogue += 1;
            since_isrc += 1;
            match q.message {
                QMessage::Position { track, index, absolute, .. } => {
                    prop_assert_eq!((track, index), (SubchannelTrack::Number(here.0), here.1));
                    prop_assert_eq!(absolute.to_lba(), Some(Lba(lba)));
                }
                QMessage::Catalogue { .. } => {
                    prop_assert_eq!(before, Some(here), "not where an index begins");
                    since_catalogue = 0;
                }
                QMessage::Recording { .. } => {
                    prop_assert_eq!(before, Some(here), "not where an index begins");
                    prop_assert!(spot.track.isrc.is_some());
                    since_isrc = 0;
                }
                other => prop_assert!(false, "{other:?} in the program"),
            }
            prop_assert!(since_catalogue <= 101, "at {}", lba);
            if spot.track.isrc.is_none() || before.is_none_or(|(track, _)| track != here.0) {
                since_isrc = 0;
            }
            prop_assert!(since_isrc <= 101, "at {}", lba);
            before = Some(here);
        }
    }
}
