//! What a CD tells of itself: disc, tracks, tables, ATIP, features, and what its blocks are
//! (recipes 2, 10, 13 and 13.1).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::cd::*;
use common::*;
use pitland_simdrive::{DriveModel, MediumKind, Quirks};

const ILLEGAL_MODE: Sense = (5, 0x64, 0);
const LAST: u8 = 0;
const FINAL_BY_POINTER: u8 = 1;
const NEXT_ALLOWED: u8 = 3;

fn odd(kind: MediumKind, habit: fn(&mut Quirks)) -> Host {
    let mut model = DriveModel::default();
    habit(&mut model.quirks);
    Host::cd_with(kind, model)
}

/// Recipe 2.1: minutes, seconds and frames; FFh on a complete disc.
#[test]
fn recipe_2_1_disc_information_has_its_addresses_in_msf() {
    let mut host = Host::with(MediumKind::CdRw);
    let blank = host.disc_information();
    assert_eq!(blank[2], 0x10, "blank, erasable");
    assert_eq!(blank[8], 0xFF, "no disc type yet");
    assert_eq!(
        blank[16..20],
        [0, 97, 28, 0],
        "where the first lead-in begins"
    );
    assert_eq!(blank[20..24], [0, 79, 59, 71], "359846");
    host.track_at_once();
    host.whole_track(0, 300);
    host.close(2, 0);
    let appendable = host.disc_information();
    assert_eq!(appendable[8], 0);
    let [m, s, f] = msf(302 + 6750);
    assert_eq!(
        appendable[16..20],
        [0, m, s, f],
        "behind the lead-out of 6750 blocks"
    );
    host.last_track_at_once();
    host.whole_track(11_702, 300);
    host.close(2, 0);
    let complete = host.disc_information();
    assert_eq!(complete[16..24], [0, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0xFF]);
    host.refused(&[0x51, 1, 0, 0, 0, 0, 0, 0, 34, 0], ILLEGAL_FIELD);
}

/// Recipes 2.2 and 13: the next writable address depends on page 05h, and an LG drive rejects
/// the question before it.
#[test]
fn recipe_2_2_the_next_writable_address_wants_page_05h() {
    let ask = [0x52, 1, 0, 0, 0, 0xFF, 0, 0, 48, 0];
    let mut host = Host::cd(MediumKind::CdR);
    host.refused(&ask, ILLEGAL_FIELD);
    host.track_at_once();
    let track = host.track(0xFF);
    assert_eq!((track[2], track[3]), (1, 1));
    assert_eq!(
        (track[5], track[6], track[7]),
        (4, 0x41, 1),
        "data, blank, NWA valid"
    );
    assert_eq!(
        [word(&track, 8), word(&track, 12), word(&track, 16)],
        [0, 0, 59_998]
    );
    host.session_at_once(LAST);
    let track = host.track(0xFF);
    assert_eq!(word(&track, 8), 0);
    assert_eq!(word(&track, 12) as i32, -150);
    let mut host = odd(MediumKind::CdR, |q| {
        q.tells_address_before_write_parameters = true
    });
    assert_eq!(word(&host.get(&ask, 48), 12), 0);
}

#[test]
fn recipe_2_2_tracks_are_found_by_number_block_and_session() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.whole_track(0, 300);
    host.whole_track(452, 300);
    host.close(2, 0);
    host.whole_track(754 + 11_400, 300);
    let mut ask = |by: u8, number: u32| {
        let [a, b, c, d] = number.to_be_bytes();
        let reply = host.try_get(&[0x52, by, a, b, c, d, 0, 0, 48, 0], 48)?;
        Ok((reply[2], reply[3], word(&reply, 8), word(&reply, 24)))
    };
    // Run-out counts in the size of a track at once.
    assert_eq!(ask(1, 1), Ok((1, 1, 0, 302)));
    assert_eq!(ask(1, 2), Ok((2, 1, 452, 302)));
    assert_eq!(ask(1, 3), Ok((3, 2, 12_154, 302)));
    let free = 59_998 - 12_606;
    assert_eq!(ask(1, 4), Ok((4, 2, 12_606, free)));
    assert_eq!(ask(1, 0xFF), Ok((4, 2, 12_606, free)));
    assert_eq!(ask(0, 301), Ok((1, 1, 0, 302)));
    assert_eq!(ask(0, 302), Err(ILLEGAL_FIELD), "between the tracks");
    assert_eq!(ask(0, 460), Ok((2, 1, 452, 302)));
    assert_eq!(ask(0, 20_000), Ok((4, 2, 12_606, free)));
    assert_eq!(ask(0, 60_000), Err(ILLEGAL_FIELD));
    assert_eq!(ask(2, 1), Ok((1, 1, 0, 302)));
    assert_eq!(ask(2, 2), Ok((3, 2, 12_154, 302)));
    assert_eq!(ask(2, 3), Err(ILLEGAL_FIELD));
    assert_eq!(ask(1, 0), Err(ILLEGAL_FIELD));
    assert_eq!(ask(1, 5), Err(ILLEGAL_FIELD));
    assert_eq!(ask(5, 1), Ok((4, 2, 12_606, free)), "the next open one");
}

#[test]
fn recipe_13_2_a_blank_disc_has_no_table_of_contents() {
    let mut host = Host::cd(MediumKind::CdR);
    for format in [0, 1, 2, 5, 6] {
        assert_eq!(host.toc(format), Err(ILLEGAL_FIELD), "{format}");
    }
    assert_eq!(
        host.toc(3),
        Ok(vec![]),
        "nothing in the program memory area"
    );
    assert_eq!(host.toc(4).unwrap().len(), 24);
    assert_eq!(host.last_lba(), 0);
}

/// Recipe 2.3: all tracks of closed sessions, then the last lead-out; the start of the last
/// session is where a kernel mounts.
#[test]
fn recipe_2_3_tables_of_contents_in_formats_0_and_1() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.whole_track(0, 300);
    assert_eq!(host.toc(0), Err(ILLEGAL_FIELD), "no session is closed");
    host.close(2, 0);
    host.whole_track(11_702, 300);
    host.close(2, 0);
    let line = |number: u8, lba: u32| {
        let [a, b, c, d] = lba.to_be_bytes();
        [0, 0x14, number, 0, a, b, c, d]
    };
    let table = [line(1, 0), line(2, 11_702), line(0xAA, 12_004)].concat();
    assert_eq!(host.toc(0).unwrap(), table);
    assert_eq!(host.toc(1).unwrap(), line(2, 11_702));
    let header = host.get(&[0x43, 0, 0, 0, 0, 0, 0, 0, 4, 0], 4);
    assert_eq!(header[2..4], [1, 2]);
    // From the second track on; in minutes, seconds and frames.
    let reply = host.get(&[0x43, 2, 0, 0, 0, 0, 2, 0, 100, 0], 100);
    let [m, s, f] = msf(11_702);
    assert_eq!(reply[4..12], [0, 0x14, 2, 0, 0, m, s, f]);
    let reply = host.get(&[0x43, 0, 0, 0, 0, 0, 0xAA, 0, 100, 0], 100);
    assert_eq!(reply[4..], line(0xAA, 12_004));
    host.refused(&[0x43, 0, 0, 0, 0, 0, 3, 0, 100, 0], ILLEGAL_FIELD);
    // As Linux asks for the last session: the format in the last byte.
    let reply = host.get(&[0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40], 12);
    assert_eq!(reply[4..], line(2, 11_702));
}

/// Recipe 2.3: A0h to A2h, the tracks, and what the multi-session bits made of B0h and C0h.
#[test]
fn recipe_2_3_the_full_table_of_contents_has_its_pointers() {
    fn full(multi_session: u8) -> Vec<u8> {
        let mut host = Host::cd(MediumKind::CdR);
        host.session_at_once(multi_session);
        host.whole_session(600);
        host.toc(2).unwrap()
    }
    let line = |point: u8, control_adr: u8, time: [u8; 3], zero: u8, p: [u8; 3]| {
        let mut out = vec![1, control_adr, 0, point];
        out.extend(time);
        out.push(zero);
        out.extend(p);
        out
    };
    let plain = [
        line(0xA0, 0x14, [0; 3], 0, [1, 0, 0]),
        line(0xA1, 0x14, [0; 3], 0, [1, 0, 0]),
        line(0xA2, 0x14, [0; 3], 0, msf(600)),
        line(1, 0x14, [0; 3], 0, [0, 2, 0]),
    ]
    .concat();
    assert_eq!(full(LAST), plain);
    let pointers = |next: [u8; 3]| {
        [
            plain.clone(),
            line(0xB0, 0x54, next, 2, msf(60_000)),
            line(0xC0, 0x54, [0; 3], 0, [97, 28, 0]),
        ]
        .concat()
    };
    assert_eq!(full(FINAL_BY_POINTER), pointers([0xFF; 3]));
    // Two and a half minutes behind the lead-out, the pregap of the next session begins.
    assert_eq!(full(NEXT_ALLOWED), pointers(msf(600 + 11_250)));
}

#[test]
fn recipe_2_1_a_disc_closed_with_either_final_value_is_complete() {
    for (multi_session, disc) in [
        (LAST, (2, 3, 1, 1, 1)),
        (FINAL_BY_POINTER, (2, 3, 1, 1, 1)),
        (NEXT_ALLOWED, (1, 0, 2, 2, 2)),
    ] {
        let mut host = Host::cd(MediumKind::CdR);
        host.session_at_once(multi_session);
        host.whole_session(300);
        assert_eq!(host.disc(), disc);
        let mut host = Host::cd(MediumKind::CdR);
        assert_eq!(
            host.cd_page(0x41, multi_session << 6 | 4, 8).key_asc_ascq(),
            None
        );
        host.whole_track(0, 300);
        host.close(2, 0);
        assert_eq!(host.disc(), disc);
    }
}

#[test]
fn recipe_2_3_program_memory_area_and_atip() {
    let mut host = Host::with(MediumKind::CdRw);
    host.track_at_once();
    host.whole_track(0, 300);
    host.whole_track(452, 300);
    let pma = host.toc(3).unwrap();
    let line = |number: u8, start: i32, end: i32| {
        let ([a, b, c], [d, e, f]) = (msf(end), msf(start));
        [0, 0x14, 0, number, a, b, c, 0, d, e, f]
    };
    assert_eq!(pma, [line(1, 0, 302), line(2, 452, 754)].concat());
    let atip = host.toc(4).unwrap();
    assert_eq!(atip[2] & 0x40, 0x40, "CD-RW");
    assert_eq!(atip[4..7], [97, 28, 0]);
    assert_eq!(atip[8..11], [79, 59, 71]);
    let atip = Host::with(MediumKind::CdR).toc(4).unwrap();
    assert_eq!(atip[2], 0x80, "CD-R");
    // Other firmware.
    let atip = odd(MediumKind::CdR, |q| q.atip_in_bcd = true)
        .toc(4)
        .unwrap();
    assert_eq!(atip[4..7], [0x97, 0x28, 0]);
    let atip = odd(MediumKind::CdR, |q| q.atip_is_zero = true)
        .toc(4)
        .unwrap();
    assert_eq!(atip, vec![0; 24]);
}

/// Recipe 13.1. Packets are not written, nor is a CD-RW formatted: 0021h, 0023h and 0026h stay
/// out.
#[test]
fn recipe_13_1_features_of_cd() {
    for kind in [MediumKind::CdR, MediumKind::CdRw] {
        let mut host = Host::with(kind);
        let mut expected = vec![0, 1, 2, 3, 0x10, 0x1D, 0x1E, 0x2D, 0x2E];
        if kind == MediumKind::CdRw {
            expected.push(0x37);
        }
        expected.extend([0x100, 0x105, 0x107, 0x108]);
        assert_eq!(host.current_features(), expected);
        let reply = host.get(&[0x46, 2, 0, 0x2D, 0, 0, 0, 0, 16, 0], 16);
        let profile = if kind == MediumKind::CdR { 9 } else { 10 };
        assert_eq!(reply[6..8], [0, profile]);
        assert_eq!(reply[8..], [0, 0x2D, 0x09, 4, 0x46, 0, 0x27, 0x01]);
        let reply = host.get(&[0x46, 2, 0, 0x2E, 0, 0, 0, 0, 16, 0], 16);
        assert_eq!(reply[8..], [0, 0x2E, 0x09, 4, 0x6F, 0, 0x0C, 0]);
    }
    let unprotected = DriveModel {
        underrun_protection: false,
        test_write: false,
        ..DriveModel::default()
    };
    let mut host = Host::cd_with(MediumKind::CdR, unprotected);
    let reply = host.get(&[0x46, 2, 0, 0x2D, 0, 0, 0, 0, 16, 0], 16);
    assert_eq!(reply[12], 0x02);
    assert_eq!(
        host.cd_page(0x41, 0xC4, 8).key_asc_ascq(),
        Some(ILLEGAL_PARAMETER)
    );
    assert_eq!(
        host.cd_page(0x11, 0xC4, 8).key_asc_ascq(),
        Some(ILLEGAL_PARAMETER)
    );
}

/// Recipe 1: a finished CD-R passes for a pressed one on some drives, a CD-RW never.
#[test]
fn recipe_1_a_finished_cd_r_may_be_a_cd_rom() {
    for (kind, profile) in [(MediumKind::CdR, 8), (MediumKind::CdRw, 10)] {
        let mut host = odd(kind, |q| q.read_only_profile_when_complete = true);
        host.session_at_once(LAST);
        host.whole_session(300);
        let reply = host.get(&[0x46, 1, 0, 0, 0, 0, 0, 0, 8, 0], 8);
        assert_eq!(reply[6..8], [0, profile]);
    }
}

/// Recipes 2.4 and 2.5: no structures, and SET CD SPEED only.
#[test]
fn recipe_2_commands_that_cd_has_not() {
    let mut host = Host::with(MediumKind::CdR);
    host.refused(&[0xAD, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0], ILLEGAL_FIELD);
    host.send_refused(
        &[0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0],
        &[0; 28],
        ILLEGAL_FIELD,
    );
    host.refused(&[0x53, 0, 0, 0, 0, 0, 0, 1, 0, 0], ILLEGAL_FIELD);
    host.good(&[0xBB, 0, 0xFF, 0xFF, 0x10, 0x8A, 0, 0, 0, 0, 0, 0]);
    let speeds = host.get(&[0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 16, 3, 0], 400);
    assert_eq!(word(&speeds, 8 + 12), 8467, "48x first");
    // And what only CD has.
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.send_refused(&[0x5D, 0, 0, 0, 0, 0, 0, 0, 8, 0], &[0; 8], ILLEGAL_FIELD);
    host.refused(&[0xBE, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0, 0], (5, 0x30, 2));
}

/// Recipe 10: the expected sector type tells audio from data.
#[test]
fn recipe_10_read_cd_gives_user_data_of_the_expected_type() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.whole_track(0, 300);
    assert_eq!(host.cd_page(0x41, 0xC4, 10).key_asc_ascq(), None);
    host.whole_track(452, 300);
    host.last_track_at_once();
    host.close(2, 0);
    let mut read = |expected: u8, lba: u32, main: u8| {
        let [a, b, c, d] = lba.to_be_bytes();
        let cdb = [0xBE, expected << 2, a, b, c, d, 0, 0, 3, main, 0, 0];
        host.try_get(&cdb, 3 * 2048)
    };
    assert_eq!(read(0, 10, 0x10).unwrap(), pattern(10, 3));
    assert_eq!(read(2, 10, 0x10).unwrap(), pattern(10, 3));
    assert_eq!(read(4, 460, 0x10).unwrap(), pattern(460, 3));
    assert_eq!(read(0, 10, 0).unwrap(), vec![], "nothing was wanted");
    for (expected, lba) in [(1, 10), (3, 10), (4, 10), (5, 10), (1, 460), (2, 460)] {
        assert_eq!(
            read(expected, lba, 0x10),
            Err(ILLEGAL_MODE),
            "{expected} {lba}"
        );
    }
    assert_eq!(read(0, 298, 0x10), Err(ILLEGAL_MODE), "into the run-out");
    assert_eq!(read(6, 10, 0x10), Err(ILLEGAL_FIELD));
    let ([a, b, c], [d, e, f]) = (msf(10), msf(13));
    let cdb = [0xB9, 0, 0, a, b, c, d, e, f, 0x10, 0, 0];
    assert_eq!(host.get(&cdb, 3 * 2048), pattern(10, 3));
    let cdb = [0xB9, 0, 0, d, e, f, a, b, c, 0x10, 0, 0];
    assert_eq!(
        host.try_get(&cdb, 3 * 2048),
        Err(ILLEGAL_FIELD),
        "backwards"
    );
}
