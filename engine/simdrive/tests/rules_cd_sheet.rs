//! The rules of a cue sheet, one by one (recipe 5): what breaks one is refused, and the session
//! can still be announced after it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::cd::*;
use common::*;
use pitland_simdrive::{DriveModel, MediumKind};

const SEQUENCE: Sense = (5, 0x2C, 0);
type Sheet = Vec<[u8; 8]>;

fn ready() -> Host {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(0);
    host
}

/// Two data tracks, the second with a pregap and a third index.
fn two_tracks() -> Sheet {
    vec![
        entry(0x41, 0, 0, 0x14, [0; 3]),
        entry(0x41, 1, 0, 0x10, [0; 3]),
        entry(0x41, 1, 1, 0x10, [0, 2, 0]),
        entry(0x41, 2, 0, 0x10, msf(400)),
        entry(0x41, 2, 1, 0x10, msf(550)),
        entry(0x41, 2, 2, 0x10, msf(700)),
        entry(0x41, 0xAA, 1, 0x14, msf(1000)),
    ]
}

#[test]
fn recipe_5_sheets_that_are_in_order() {
    let mut host = ready();
    assert_eq!(host.cue(&data_sheet(300)), None);
    assert_eq!(host.cue(&two_tracks()), None);
    // The last possible lead-out.
    assert_eq!(host.cue(&data_sheet(60_000)), None);
    // A longer pregap; other control bits; a generation already used.
    let mut sheet = data_sheet(2000);
    sheet[2] = entry(0x41, 1, 1, 0x10, msf(500));
    assert_eq!(host.cue(&sheet), None);
    let mut sheet = two_tracks();
    for entry in &mut sheet[3..6] {
        entry[0] = 0x61;
        entry[4] = 0x80;
    }
    assert_eq!(host.cue(&sheet), None);
    // Catalogue number and ISRC.
    let mut sheet = two_tracks();
    sheet.insert(3, *b"\x43\x02345678");
    sheet.insert(3, *b"\x43\x02DEABC1");
    sheet.insert(0, *b"\x42890123\0");
    sheet.insert(0, *b"\x421234567");
    assert_eq!(host.cue(&sheet), None);
}

#[test]
fn recipe_5_a_sheet_that_breaks_a_rule_is_refused() {
    fn set(at: usize, byte: usize, value: u8) -> impl Fn(&mut Sheet) {
        move |sheet| sheet[at][byte] = value
    }
    fn without(at: usize) -> impl Fn(&mut Sheet) {
        move |sheet| {
            sheet.remove(at);
        }
    }
    type Fault = (&'static str, Box<dyn Fn(&mut Sheet)>);
    let faults: Vec<Fault> = vec![
        ("no lead-in", Box::new(without(0))),
        ("a lead-in of another ADR", Box::new(set(0, 0, 0x42))),
        ("a lead-in with a track", Box::new(set(0, 1, 1))),
        ("a lead-in with an index", Box::new(set(0, 2, 1))),
        ("a lead-in of user data", Box::new(set(0, 3, 0x10))),
        (
            "an audio lead-in",
            Box::new(|s| s[0] = entry(0x01, 0, 0, 0x01, [0; 3])),
        ),
        ("a lead-in with a generation", Box::new(set(0, 4, 0x80))),
        ("a lead-in that has a time", Box::new(set(0, 7, 1))),
        ("no index 0 of the first track", Box::new(without(1))),
        ("a first pregap that begins late", Box::new(set(1, 7, 1))),
        (
            "a first pregap that is short",
            Box::new(|s| s[2] = entry(0x41, 1, 1, 0x10, [0, 1, 74])),
        ),
        ("no index 1", Box::new(without(2))),
        ("tracks that begin at 2", Box::new(|s| drop(s.drain(1..3)))),
        (
            "a track number twice",
            Box::new(|s| s[3..6].iter_mut().for_each(|e| e[1] = 1)),
        ),
        (
            "a track number left out",
            Box::new(|s| s[3..6].iter_mut().for_each(|e| e[1] = 3)),
        ),
        ("an index left out", Box::new(set(5, 2, 3))),
        ("an index twice", Box::new(set(5, 2, 1))),
        (
            "times that decrease",
            Box::new(|s| s[5] = entry(0x41, 2, 2, 0x10, msf(540))),
        ),
        (
            "a pregap before its track",
            Box::new(|s| s[3] = entry(0x41, 2, 0, 0x10, msf(-1))),
        ),
        ("a form that changes in a track", Box::new(set(5, 3, 0x11))),
        (
            "control bits that change in a track",
            Box::new(set(5, 0, 0x61)),
        ),
        (
            "a data track that says audio",
            Box::new(|s| s[3..6].iter_mut().for_each(|e| e[0] = 0x01)),
        ),
        (
            "a form that does not exist",
            Box::new(|s| s[1..3].iter_mut().for_each(|e| e[3] = 0x12)),
        ),
        (
            "sub-channel of no kind",
            Box::new(|s| s[1..3].iter_mut().for_each(|e| e[3] = 0x90)),
        ),
        ("a generation that is neither", Box::new(set(2, 4, 1))),
        (
            "seconds beyond 59",
            Box::new(|s| s[6] = entry(0x41, 0xAA, 1, 0x14, [0, 60, 0])),
        ),
        (
            "frames beyond 74",
            Box::new(|s| s[6] = entry(0x41, 0xAA, 1, 0x14, [0, 20, 75])),
        ),
        (
            "a track of 299 blocks",
            Box::new(|s| s[6] = entry(0x41, 0xAA, 1, 0x14, msf(849))),
        ),
        (
            "a first track of 299 blocks",
            Box::new(|s| s[3] = entry(0x41, 2, 0, 0x10, msf(299))),
        ),
        (
            "a lead-out beyond the last",
            Box::new(|s| s[6] = entry(0x41, 0xAA, 1, 0x14, msf(60_001))),
        ),
        ("a lead-out of index 0", Box::new(set(6, 2, 0))),
        ("a lead-out of user data", Box::new(set(6, 3, 0x10))),
        ("an audio lead-out", Box::new(|s| s[6][0] = 0x01)),
        ("no lead-out", Box::new(without(6))),
        ("something behind the lead-out", Box::new(|s| s.push(s[6]))),
        ("no track", Box::new(|s| drop(s.drain(1..6)))),
        ("an unknown ADR", Box::new(set(4, 0, 0x45))),
        (
            "half a catalogue number",
            Box::new(|s| s.insert(0, *b"\x021234567")),
        ),
        (
            "a catalogue number of letters",
            Box::new(|s| {
                s.insert(0, *b"\x02890123\0");
                s.insert(0, *b"\x02123A567");
            }),
        ),
        (
            "half an ISRC",
            Box::new(|s| s.insert(3, *b"\x43\x02DEABC1")),
        ),
        (
            "an ISRC of another track",
            Box::new(|s| {
                s.insert(3, *b"\x43\x01345678");
                s.insert(3, *b"\x43\x02DEABC1");
            }),
        ),
        (
            "an ISRC of other control bits",
            Box::new(|s| {
                s.insert(3, *b"\x03\x02345678");
                s.insert(3, *b"\x03\x02DEABC1");
            }),
        ),
    ];
    let mut host = ready();
    for (name, spoil) in faults {
        let mut sheet = two_tracks();
        spoil(&mut sheet);
        assert_eq!(host.cue(&sheet), Some(ILLEGAL_PARAMETER), "{name}");
    }
    for (tracks, expected) in [(99, None), (100, Some(ILLEGAL_PARAMETER))] {
        let many = (1..=tracks).map(|n| entry(0x41, n, 1, 0x10, msf(i32::from(n - 1) * 300)));
        let mut sheet = data_sheet(30_000);
        sheet.splice(2..3, many);
        assert_eq!(host.cue(&sheet), expected, "{tracks} tracks");
    }
    assert_eq!(host.cue(&two_tracks()), None);
    host.write_from(-150, 1150);
    host.sync();
    assert_eq!(host.disc(), (2, 3, 1, 1, 2));
}

/// Audio, whole sectors, XA with subheaders, sub-channel from the host, CD-TEXT: all that a disc
/// in a file of the first version has no place for is understood there, and refused before
/// anything is written.
#[test]
fn sheets_of_what_cannot_be_kept_are_refused() {
    let (mut host, mut old) = (ready(), Host::old_cd(MediumKind::CdR));
    old.session_at_once(0);
    // As wodim and cdrdao send them, of tracks that are long enough: data and two of audio.
    let mixed = vec![
        entry(0x41, 0, 0, 0x14, [0; 3]),
        entry(0x41, 1, 0, 0x10, [0; 3]),
        entry(0x41, 1, 1, 0x10, [0, 2, 0]),
        entry(0x01, 2, 0, 0x00, msf(919)),
        entry(0x01, 2, 1, 0x00, msf(1174)),
        entry(0x01, 3, 0, 0x00, msf(1474)),
        entry(0x01, 3, 1, 0x00, msf(1624)),
        entry(0x01, 0xAA, 1, 0x01, msf(2074)),
    ];
    let mut sheets = vec![mixed];
    for (form, lead) in [
        (0x11, 0x14),
        (0x20, 0x24),
        (0x21, 0x24),
        (0x30, 0x34),
        (0x31, 0x34),
        (0x50, 0x14),
        (0xD0, 0x14),
    ] {
        let mut sheet = data_sheet(1000);
        sheet[1][3] = form;
        sheet[2][3] = form;
        sheet[0][3] = lead;
        sheet[3][3] = lead;
        sheets.push(sheet);
    }
    let mut texts = data_sheet(1000);
    texts[0][3] |= 0x40;
    sheets.push(texts);
    for sheet in sheets {
        assert_eq!(old.cue(&sheet), Some(ILLEGAL_PARAMETER), "{sheet:02X?}");
        assert_eq!(host.cue(&sheet), None, "{sheet:02X?}");
    }
    assert_eq!(old.cue(&data_sheet(1000)), None);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
}

#[test]
fn recipe_2_4_the_length_of_a_sheet() {
    let mut host = ready();
    let sheet = data_sheet(1000).concat();
    let cdb = |len: u16| {
        let [a, b] = len.to_be_bytes();
        [0x5D, 0, 0, 0, 0, 0, 0, a, b, 0]
    };
    host.send_refused(&cdb(0), &[], ILLEGAL_FIELD);
    host.send_refused(&cdb(31), &sheet[..31], ILLEGAL_FIELD);
    host.send_refused(&cdb(3080), &[0; 3080], ILLEGAL_FIELD);
    host.send_refused(&cdb(32), &sheet[..24], (0xB, 0x4B, 0));
    host.send_refused(&cdb(24), &sheet[..24], ILLEGAL_PARAMETER);
    host.sent(&cdb(32), &sheet);
}

#[test]
fn recipe_5_some_drives_answer_5_24_00() {
    let mut model = DriveModel::default();
    let q = &mut model.quirks;
    q.bad_cue_sheet_is_illegal_field = true;
    let mut host = Host::cd_with(MediumKind::CdR, model);
    host.session_at_once(0);
    assert_eq!(host.cue(&two_tracks()[1..]), Some(ILLEGAL_FIELD));
    assert_eq!(host.cue(&two_tracks()), None);
}

#[test]
fn recipe_13_2_a_sheet_wants_page_05h() {
    let mut host = Host::cd(MediumKind::CdR);
    assert_eq!(host.cue(&two_tracks()), Some(SEQUENCE));
    host.track_at_once();
    assert_eq!(host.cue(&two_tracks()), Some(SEQUENCE));
    host.whole_track(0, 300);
    host.session_at_once(0);
    assert_eq!(
        host.cue(&two_tracks()),
        Some(ILLEGAL_FIELD),
        "a session is open"
    );
}
