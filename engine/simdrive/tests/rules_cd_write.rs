//! How a CD is written: track at once, session at once, closing and blanking (recipes 3, 5, 8,
//! 13 and 13.2).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use std::time::Duration;

use common::cd::*;
use common::*;
use pitland_simdrive::{BLOCK_BYTES, DriveModel, MediumKind, Quirks};

const SEQUENCE: Sense = (5, 0x2C, 0);
const CANNOT_WRITE: Sense = (5, 0x30, 5);
const CANNOT_FORMAT: Sense = (5, 0x30, 6);
const END_OF_USER_AREA: Sense = (5, 0x63, 0);
const ILLEGAL_MODE: Sense = (5, 0x64, 0);
const INCOMPLETE_TRACK: Sense = (5, 0x72, 3);
const NOTHING_TO_CLOSE: Sense = (5, 0x72, 4);
const UNREADABLE: Sense = (3, 0x11, 5);
const LOSS_OF_STREAMING: Sense = (3, 0x0C, 9);
const ERASE_FAILED: Sense = (3, 0x51, 0);

const SYNC: [u8; 10] = [0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0];
/// Multi-session bits.
const LAST: u8 = 0;
const NEXT_ALLOWED: u8 = 3;

type Habit = fn(&mut Quirks);

fn model(habit: Habit) -> DriveModel {
    let mut model = DriveModel::default();
    habit(&mut model.quirks);
    model
}

fn odd(kind: MediumKind, habit: Habit) -> Host {
    Host::cd_with(kind, model(habit))
}

// ---- track at once ----------------------------------------------------------------

/// Recipes 5 and 13, R2: 18532 blocks are followed by 18684, a first session by 11700 blocks
/// from the end of its track, run-out included.
#[test]
fn recipe_5_tracks_at_once_leave_the_gaps_that_drives_make() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(host.cd_nwa(), Some((0, 59_998)), "lead-out - 2");
    host.whole_track(0, 300);
    assert_eq!(host.disc(), (1, 1, 1, 1, 2));
    assert_eq!(host.cd_nwa(), Some((452, 59_998 - 452)));
    host.whole_track(452, 400);
    assert_eq!(host.last_lba(), 0, "no session is closed");
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 3, 3));
    assert_eq!(host.last_lba(), 853, "run-out counts");
    assert_eq!(host.cd_nwa(), Some((854 + 11_400, 59_998 - 12_254)));
    host.whole_track(12_254, 300);
    host.close(2, 0);
    assert_eq!(host.cd_nwa().unwrap().0, 12_254 + 302 + 6900);
    host.last_track_at_once();
    host.whole_track(12_254 + 302 + 6900, 300);
    host.close(2, 0);
    assert_eq!(host.disc(), (2, 3, 3, 4, 4));
    assert_eq!(host.read(0, 300).unwrap(), pattern(0, 300));
    assert_eq!(host.read(452, 400).unwrap(), pattern(452, 400));
    let mut again = host.reopened();
    assert_eq!(again.disc(), (2, 3, 3, 4, 4));
    assert_eq!(again.read(12_254, 300).unwrap(), pattern(12_254, 300));
}

/// Recipe 13, R2: a session of 300 blocks at once is followed by 11702.
#[test]
fn recipe_13_r2_a_session_of_one_short_track_is_followed_by_11702() {
    let mut host = Host::cd(MediumKind::CdRw);
    host.track_at_once();
    host.whole_track(0, 300);
    host.close(2, 0);
    assert_eq!(host.cd_nwa().unwrap().0, 11_702);
    let mut host = Host::cd(MediumKind::CdRw);
    host.session_at_once(NEXT_ALLOWED);
    host.whole_session(300);
    host.track_at_once();
    assert_eq!(host.cd_nwa().unwrap().0, 11_700);
}

#[test]
fn recipe_13_2_a_write_goes_to_the_next_writable_address_or_nowhere() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    assert_eq!(host.write_once(1, &pattern(1, 16)), Err(NOT_AT_NWA));
    assert_eq!(
        host.write_once((-150_i32) as u32, &pattern(0, 1)),
        Err(NOT_AT_NWA)
    );
    host.write(0, &pattern(0, 16));
    assert_eq!(host.write_once(0, &pattern(0, 16)), Err(NOT_AT_NWA));
    assert_eq!(host.write_once(17, &pattern(17, 16)), Err(NOT_AT_NWA));
    host.write(16, &pattern(16, 1));
    host.write(17, &pattern(17, 300));
    host.sync();
    assert_eq!(
        host.write_once(317, &pattern(317, 1)),
        Err(NOT_AT_NWA),
        "run-out"
    );
    assert_eq!(host.write_once(468, &pattern(468, 1)), Err(NOT_AT_NWA));
    host.write(469, &pattern(469, 1));
}

#[test]
fn recipe_13_2_past_the_end_of_the_disc_is_5_63_00() {
    let mut host = Host::with_model(MediumKind::CdR, Some(2048), DriveModel::default());
    host.track_at_once();
    host.write_from(0, 2032);
    assert_eq!(
        host.write_once(2032, &pattern(2032, 15)),
        Err(END_OF_USER_AREA)
    );
    host.write(2032, &pattern(2032, 14));
    host.sync();
    assert_eq!(host.track(0xFF)[7] & 1, 0, "no further track fits");
    assert_eq!(
        host.write_once(2198, &pattern(2198, 1)),
        Err(END_OF_USER_AREA)
    );
    // The multi-session bits allow another session, and there is no room for one.
    host.close(2, 0);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
}

/// Recipe 13.2: page 05h must be set for the track that is written.
#[test]
fn recipe_13_2_another_track_mode_or_block_type_is_5_64_00() {
    let mut host = Host::cd(MediumKind::CdR);
    // What was set for other media.
    assert_eq!(host.write_once(0, &pattern(0, 1)), Err(ILLEGAL_MODE));
    host.track_at_once();
    host.write(0, &pattern(0, 300));
    host.sync();
    // Mode 2 form 1 is a track of its own.
    assert_eq!(host.cd_page(0x41, 0xC4, 10).key_asc_ascq(), None);
    host.whole_track(452, 300);
    assert_eq!((host.track(1)[6] & 0xF, host.track(2)[6] & 0xF), (1, 2));
    assert_eq!(host.read(452, 300).unwrap(), pattern(452, 300));
}

#[test]
fn recipe_3_write_types_that_the_drive_has_not_are_refused_by_mode_select() {
    let mut host = Host::cd(MediumKind::CdR);
    for (byte_2, byte_3, block_type) in [
        (0x40, 0xC5, 8), // packets
        (0x43, 0x00, 0), // raw, without sub-channels
        (0x43, 0x00, 8),
        (0x44, 0xC5, 8), // layer jump
        (0x41, 0x84, 8), // multi-session 10b
        (0x41, 0xC4, 11),
        (0x41, 0xC0, 9), // data in an audio track
        (0x41, 0x00, 3), // audio with sub-channels from the host
        (0x42, 0x00, 1),
    ] {
        let answer = host.cd_page(byte_2, byte_3, block_type);
        let page = (byte_2, byte_3, block_type);
        assert_eq!(
            answer.key_asc_ascq(),
            Some(ILLEGAL_PARAMETER),
            "{page:02X?}"
        );
    }
}

/// Recipe 5: a track has four seconds. The drive makes them up, whatever a blanked disc held there.
#[test]
fn recipe_5_a_short_track_is_padded_with_zeros_to_300_blocks() {
    let mut host = Host::cd(MediumKind::CdRw);
    host.track_at_once();
    host.whole_track(0, 400);
    host.good(&blank_cd(1, 0));
    host.ready();
    host.whole_track(0, 10);
    assert_eq!(host.cd_nwa().unwrap().0, 452);
    host.close(2, 0);
    assert_eq!(host.read(0, 10).unwrap(), pattern(0, 10));
    assert_eq!(host.read(10, 290).unwrap(), vec![0; 290 * BLOCK_BYTES]);
    assert_eq!(host.last_lba(), 301);
}

/// Recipes 5 and 13.2: the two blocks behind a track at once.
#[test]
fn recipe_13_2_run_out_does_not_read() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.whole_track(0, 300);
    host.whole_track(452, 300);
    host.last_track_at_once();
    host.close(2, 0);
    assert_eq!(host.read(299, 1).unwrap(), pattern(299, 1));
    assert_eq!(host.read(299, 2), Err(ILLEGAL_MODE));
    assert_eq!(host.read(300, 1), Err(ILLEGAL_MODE));
    assert_eq!(host.read(301, 1), Err(ILLEGAL_MODE));
    assert_eq!(host.read(302, 1), Err(UNREADABLE), "link and pregap");
    assert_eq!(
        host.read(753, 1),
        Err(ILLEGAL_MODE),
        "the capacity counts it"
    );
    assert_eq!(host.read(754, 1), Err(OUT_OF_RANGE));
    assert_eq!(host.last_lba(), 753);
    // As on other drives.
    let mut host = odd(MediumKind::CdR, |q| q.run_out_is_read_error = true);
    host.track_at_once();
    host.whole_track(0, 300);
    host.close(2, 0);
    assert_eq!(host.read(300, 1), Err(UNREADABLE));
    assert_eq!(host.read(302, 1), Err(OUT_OF_RANGE));
}

#[test]
fn while_a_track_is_written_neither_page_05h_nor_a_read_is_served() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.write(0, &pattern(0, 310));
    assert_eq!(host.read(0, 1), Err(SEQUENCE));
    assert_eq!(host.cd_page(0x41, 0x04, 8).key_asc_ascq(), Some(SEQUENCE));
    assert_eq!(host.cue(&data_sheet(400)), Some(SEQUENCE));
    host.refused(&close(2, 0), INCOMPLETE_TRACK);
    host.sync();
    assert_eq!(host.read(0, 310).unwrap(), pattern(0, 310));
    host.last_track_at_once();
    host.close(2, 0);
}

// ---- closing ------------------------------------------------------------------------

#[test]
fn recipe_4_close_track_does_what_a_synchronization_does() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.refused(&close(1, 1), NOTHING_TO_CLOSE);
    host.refused(&close(1, 2), ILLEGAL_FIELD);
    host.write(0, &pattern(0, 300));
    host.close(1, 1);
    assert_eq!(host.cd_nwa().unwrap().0, 452);
    host.good(&close(1, 1));
    for function in [0, 3, 4, 5, 6] {
        host.refused(&close(function, 0), ILLEGAL_FIELD);
    }
    host.close(2, 0);
    let mut host = odd(MediumKind::CdR, |q| q.close_track_fails_on_cd = true);
    host.track_at_once();
    host.write(0, &pattern(0, 300));
    host.refused(&close(1, 1), ILLEGAL_FIELD);
    host.sync();
    host.close(2, 0);
}

/// Recipes 4 and 13.2, R3.
#[test]
fn recipe_13_2_closing_where_there_is_nothing_to_close() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.refused(&close(2, 0), NOTHING_TO_CLOSE);
    host.whole_track(0, 300);
    host.close(2, 0);
    host.refused(&close(2, 0), NOTHING_TO_CLOSE);
    host.last_track_at_once();
    host.whole_track(11_702, 300);
    host.close(2, 0);
    host.refused(&close(2, 0), CANNOT_WRITE);
    host.refused(&close(1, 2), CANNOT_WRITE);
    let mut host = odd(MediumKind::CdR, |q| q.closes_nothing_gladly = true);
    host.track_at_once();
    host.good(&close(2, 0));
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
}

/// Recipes 13 and 13.2, R3: a finished disc takes nothing, and says so everywhere.
#[test]
fn recipe_13_a_complete_disc_takes_no_more() {
    for kind in [MediumKind::CdR, MediumKind::CdRw] {
        let mut host = Host::cd(kind);
        host.last_track_at_once();
        host.whole_track(0, 300);
        assert!(host.current_features().contains(&0x2D));
        host.close(2, 0);
        assert_eq!(host.disc(), (2, 3, 1, 1, 1));
        assert_eq!(host.write_once(454, &pattern(454, 1)), Err(CANNOT_WRITE));
        host.refused(&[0x52, 1, 0, 0, 0, 0xFF, 0, 0, 48, 0], ILLEGAL_FIELD);
        host.refused(&[0x52, 1, 0, 0, 0, 2, 0, 0, 48, 0], ILLEGAL_FIELD);
        assert_eq!(host.track(1)[7] & 1, 0);
        let features = host.current_features();
        assert!(!features.contains(&0x2D) && !features.contains(&0x2E));
        assert_eq!(features.contains(&0x37), kind == MediumKind::CdRw);
        host.session_at_once(LAST);
        assert_eq!(host.cue(&data_sheet(400)), Some(CANNOT_WRITE));
    }
}

// ---- session at once ----------------------------------------------------------------

/// Recipe 5: no CLOSE, the drive writes lead-in and lead-out by itself.
#[test]
fn recipe_5_a_session_at_once_is_complete_when_it_is_synchronized() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(LAST);
    assert_eq!(host.cd_nwa().unwrap().0, -150);
    assert_eq!(host.cue(&data_sheet(1000)), None);
    assert_eq!(host.cd_nwa().unwrap().0, -150);
    host.write_from(-150, 1150);
    assert_eq!(host.disc(), (1, 1, 1, 1, 1));
    host.refused(&close(2, 0), SEQUENCE);
    host.sync();
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!(host.last_lba(), 999, "no run-out");
    assert_eq!(host.read(0, 1000).unwrap(), pattern(0, 1000));
    assert_eq!(word(&host.track(1), 24), 1000);
    assert_eq!(host.reopened().disc(), (2, 3, 1, 1, 1));
}

#[test]
fn recipe_13_2_session_at_once_keeps_to_its_sheet() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(LAST);
    assert_eq!(
        host.write_once((-150_i32) as u32, &pattern(0, 1)),
        Err(SEQUENCE)
    );
    assert_eq!(host.cue(&data_sheet(500)), None);
    assert_eq!(host.write_once(0, &pattern(0, 1)), Err(NOT_AT_NWA));
    assert_eq!(
        host.write_once((-151_i32) as u32, &pattern(0, 1)),
        Err(ILLEGAL_FIELD)
    );
    host.write_from(-150, 140);
    // Over the address 0 in one command.
    let lba = (-10_i32) as u32;
    host.write(lba, &cd_pattern(-10, 31));
    assert_eq!(host.write_once(0, &pattern(0, 1)), Err(NOT_AT_NWA));
    host.write_from(21, 470);
    assert_eq!(
        host.write_once(491, &pattern(491, 10)),
        Err(ILLEGAL_FIELD),
        "into the lead-out"
    );
    host.write_from(491, 9);
    assert_eq!(host.write_once(500, &pattern(500, 1)), Err(ILLEGAL_FIELD));
    host.sync();
    assert_eq!(host.read(0, 500).unwrap(), pattern(0, 500));
}

/// Recipe 5: tracks back to back, with or without a pregap of their own.
#[test]
fn recipe_5_several_data_tracks_in_one_session_at_once() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(NEXT_ALLOWED);
    let sheet = [
        entry(0x41, 0, 0, 0x14, [0; 3]),
        entry(0x41, 1, 0, 0x10, [0; 3]),
        entry(0x41, 1, 1, 0x10, [0, 2, 0]),
        entry(0x41, 1, 2, 0x10, [0, 4, 0]),
        entry(0x41, 2, 0, 0x10, msf(400)),
        entry(0x41, 2, 1, 0x10, msf(550)),
        entry(0x41, 3, 1, 0x10, msf(900)),
        entry(0x41, 0xAA, 1, 0x14, msf(1200)),
    ];
    assert_eq!(host.cue(&sheet), None);
    host.write_from(-150, 1350);
    host.sync();
    assert_eq!(host.disc(), (1, 0, 2, 4, 4));
    // The pregap of the second track came from the host, and reads.
    assert_eq!(host.read(0, 1200).unwrap(), pattern(0, 1200));
    let starts = [1, 2, 3].map(|n| (word(&host.track(n), 8), word(&host.track(n), 24)));
    assert_eq!(starts, [(0, 400), (550, 350), (900, 300)]);
    assert_eq!(
        word(&host.get(&[0x52, 0, 0, 0, 1, 0x9A, 0, 0, 48, 0], 48), 8),
        550,
        "pregap"
    );
}

/// Recipe 8: a session at once cannot be gone on with.
#[test]
fn recipe_8_a_session_at_once_that_is_cut_off_can_only_be_closed() {
    let cuts: [fn(&mut Host); 3] = [
        |host| host.sync(),
        |host| {
            host.drive.power_loss();
            host.ready();
        },
        |host| {
            let medium = host.drive.remove().unwrap();
            host.drive.insert(medium);
            host.ready();
        },
    ];
    for (at, cut) in cuts.into_iter().enumerate() {
        let mut host = Host::cd(MediumKind::CdR);
        host.session_at_once(NEXT_ALLOWED);
        assert_eq!(host.cue(&data_sheet(1000)), None);
        host.write_from(-150, 650);
        host.advance_ms(10_000);
        cut(&mut host);
        assert_eq!(host.disc(), (1, 2, 1, 1, 1), "{at}: damaged");
        host.session_at_once(NEXT_ALLOWED);
        assert_eq!(host.track(0xFF)[5] & 0x20, 0x20, "{at}");
        assert_eq!(host.cd_nwa(), None, "{at}");
        assert_eq!(
            host.write_once(500, &pattern(500, 1)),
            Err(LOSS_OF_STREAMING)
        );
        assert_eq!(host.read(0, 1), Err(UNREADABLE));
        assert_eq!(host.cue(&data_sheet(1000)), Some(ILLEGAL_FIELD));
        host.close(2, 0);
        assert_eq!(host.disc(), (1, 0, 2, 2, 2), "{at}");
        assert_eq!(host.read(0, 1), Err(UNREADABLE));
        host.track_at_once();
        assert_eq!(host.cd_nwa().unwrap().0, 502 + 11_400);
    }
}

#[test]
fn a_session_at_once_that_is_cut_off_at_the_end_of_the_disc_can_be_closed_and_kept() {
    let mut host = Host::with_model(MediumKind::CdR, Some(2048), DriveModel::default());
    host.session_at_once(LAST);
    assert_eq!(host.cue(&data_sheet(2048)), None);
    host.write_from(-150, 150 + 2048);
    host.advance_ms(60_000);
    host.drive.power_loss();
    host.ready();
    host.close(2, 0);
    assert_eq!(host.reopened().disc(), (2, 3, 1, 1, 1));
}

#[test]
fn a_sheet_that_nothing_came_of_is_forgotten_with_its_page() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(LAST);
    assert_eq!(host.cue(&data_sheet(1000)), None);
    host.session_at_once(LAST);
    assert_eq!(
        host.write_once((-150_i32) as u32, &pattern(0, 1)),
        Err(SEQUENCE)
    );
    assert_eq!(host.cue(&data_sheet(1000)), None);
    let mut host = host.reopened();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    // A track at once after all.
    host.session_at_once(LAST);
    assert_eq!(host.cue(&data_sheet(1000)), None);
    host.track_at_once();
    host.whole_track(0, 300);
    host.close(2, 0);
}

/// Recipes 5 and 13.2, R3: [L] refuses it, [D] has drives that take it.
#[test]
fn recipe_5_a_session_at_once_on_an_appendable_disc() {
    let habits: [(Habit, Option<Sense>); 2] = [
        (|_| {}, Some(ILLEGAL_FIELD)),
        (|q| q.appends_at_once = true, None),
    ];
    for (habit, expected) in habits {
        let mut host = odd(MediumKind::CdR, habit);
        host.session_at_once(NEXT_ALLOWED);
        host.whole_session(600);
        host.session_at_once(LAST);
        let start = 600 + 11_400;
        assert_eq!(host.cd_nwa().unwrap().0, start);
        let sheet = sheet_from(start, 2, start + 700);
        assert_eq!(host.cue(&sheet), expected);
        if expected.is_none() {
            assert_eq!(
                host.cue(&data_sheet(1000)),
                Some(ILLEGAL_PARAMETER),
                "not from 0"
            );
            assert_eq!(host.cue(&sheet), None);
            host.write_from(start - 150, 850);
            host.sync();
            assert_eq!(host.disc(), (2, 3, 2, 2, 2));
            let first = start as u32;
            assert_eq!(host.read(first, 700).unwrap(), pattern(first, 700));
        }
    }
}

// ---- test writing, underruns, power ---------------------------------------------------

/// Recipe 3: nothing changes, and the next writable address does not move.
#[test]
fn recipe_3_a_test_write_leaves_the_disc_as_it_was() {
    let mut host = Host::cd(MediumKind::CdR);
    assert_eq!(host.cd_page(0x51, 0xC4, 8).key_asc_ascq(), None);
    host.write_from(0, 2000);
    assert_eq!(host.write_once(0, &pattern(0, 1)), Err(NOT_AT_NWA));
    host.refused(&close(2, 0), SEQUENCE);
    host.sync();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(host.cd_nwa().unwrap().0, 0);
    assert_eq!(host.cd_page(0x52, 0x00, 0).key_asc_ascq(), None);
    assert_eq!(host.cue(&data_sheet(1000)), None);
    assert_eq!(host.write_once(0, &pattern(0, 1)), Err(NOT_AT_NWA));
    host.write_from(-150, 1150);
    host.sync();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(stored(&host.store, 0, 2000), vec![0; 2000 * BLOCK_BYTES]);
    // And now in earnest; what was announced in the test does not count.
    host.session_at_once(LAST);
    assert_eq!(
        host.write_once((-150_i32) as u32, &pattern(0, 1)),
        Err(SEQUENCE)
    );
    host.whole_session(1000);
    assert_eq!(host.read(0, 1000).unwrap(), pattern(0, 1000));
}

/// Recipe 14: without protection the track is lost when the buffer runs empty.
#[test]
fn recipe_14_an_underrun_spoils_a_track_of_a_drive_that_is_not_told_to_link() {
    let mut host = Host::cd(MediumKind::CdR);
    assert_eq!(host.cd_page(0x01, 0xC4, 8).key_asc_ascq(), None);
    host.write_from(0, 500);
    host.advance_ms(20_000);
    host.refused(&[0; 6], LOSS_OF_STREAMING);
    assert_eq!(host.disc(), (1, 2, 1, 1, 1));
    assert_eq!(host.cd_nwa(), None);
    assert_eq!(
        host.write_once(500, &pattern(500, 1)),
        Err(LOSS_OF_STREAMING)
    );
    assert_eq!(host.read(0, 1), Err(UNREADABLE));
    // The session can be closed over it, or the track, and another one comes behind it.
    host.close(1, 1);
    assert_eq!(host.cd_nwa().unwrap().0, 652);
    host.track_at_once();
    host.whole_track(652, 300);
    host.close(2, 0);
    assert_eq!(host.read(652, 300).unwrap(), pattern(652, 300));
    // With protection it goes on.
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.write_from(0, 500);
    host.advance_ms(20_000);
    host.write_from(500, 500);
    host.sync();
    assert_eq!(host.drive.underruns().count, 1);
    assert_eq!(host.read(0, 1000).unwrap(), pattern(0, 1000));
}

/// Recipe 8: the power fails within a track.
#[test]
fn recipe_8_a_track_at_once_does_not_outlive_the_power() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.whole_track(0, 300);
    host.write_from(452, 600);
    host.advance_ms(20_000);
    let mut killed = host.reopened();
    assert_eq!(killed.disc(), (1, 2, 1, 1, 2));
    assert_eq!(killed.read(0, 300).unwrap(), pattern(0, 300));
    assert_eq!(killed.read(452, 1), Err(UNREADABLE));
    host.drive.power_loss();
    host.ready();
    host.track_at_once();
    assert_eq!(host.cd_nwa(), None);
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 3, 3));
    assert_eq!(host.read(0, 300).unwrap(), pattern(0, 300));
    assert_eq!(host.read(452, 1), Err(UNREADABLE));
    // A drive that nobody talks to keeps the track open, and goes on with it.
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.write_from(0, 100);
    host.advance_ms(600_000);
    assert_eq!(host.cd_nwa().unwrap().0, 100);
    host.write_from(100, 300);
    host.sync();
    assert_eq!(host.read(0, 400).unwrap(), pattern(0, 400));
}

// ---- blanking and formatting --------------------------------------------------------

/// A CD-RW of two sessions, one track each, and an open third one of two tracks.
fn three_sessions() -> Host {
    let mut host = Host::cd(MediumKind::CdRw);
    host.track_at_once();
    host.whole_track(0, 300);
    host.close(2, 0);
    host.whole_track(11_702, 300);
    host.close(2, 0);
    host.whole_track(18_904, 300);
    host.whole_track(19_356, 400);
    assert_eq!(host.disc(), (1, 1, 3, 3, 5));
    host
}

fn blanked(host: &mut Host, kind: u8, address: u32) {
    host.good(&blank_cd(kind, address));
    host.refused(&[0; 6], (2, 4, 7));
    host.ready();
}

#[test]
fn recipe_5_a_cd_rw_is_blanked_whole_or_minimally() {
    for (kind, kept) in [(0, false), (1, true)] {
        let mut host = three_sessions();
        blanked(&mut host, kind, 0);
        assert_eq!(host.disc(), (0, 0, 1, 1, 1));
        assert_eq!(host.read(0, 1), Err(OUT_OF_RANGE));
        assert_eq!(stored(&host.store, 0, 1) == pattern(0, 1), kept);
        host.track_at_once();
        assert_eq!(host.cd_nwa().unwrap().0, 0);
        host.whole_track(0, 310);
        host.last_track_at_once();
        host.close(2, 0);
        assert_eq!(host.disc(), (2, 3, 1, 1, 1));
        blanked(&mut host, kind, 0);
        assert_eq!(host.disc(), (0, 0, 1, 1, 1), "from complete");
    }
}

#[test]
fn recipe_5_parts_of_a_cd_rw_are_blanked() {
    // The last track of the open session, and no other.
    let mut host = three_sessions();
    host.refused(&blank_cd(2, 3), SEQUENCE);
    host.refused(&blank_cd(2, 6), ILLEGAL_FIELD);
    blanked(&mut host, 2, 4);
    assert_eq!(host.disc(), (1, 1, 3, 3, 4));
    assert_eq!(host.cd_nwa().unwrap().0, 19_356);
    // Its tail.
    host.whole_track(19_356, 400);
    host.refused(&blank_cd(4, 19_355), OUT_OF_RANGE);
    blanked(&mut host, 4, 19_656);
    assert_eq!(host.cd_nwa().unwrap().0, 19_656 + 152);
    assert_eq!(host.read(19_356, 300).unwrap(), pattern(19_356, 300));
    assert_eq!(host.read(19_656, 1), Err(ILLEGAL_MODE));
    host.refused(&blank_cd(5, 0), SEQUENCE);
    host.refused(&blank_cd(3, 0), ILLEGAL_FIELD);
    // The whole open session; then the one before it.
    blanked(&mut host, 6, 0);
    assert_eq!(host.disc(), (1, 0, 3, 3, 3));
    assert_eq!(host.cd_nwa().unwrap().0, 18_904);
    blanked(&mut host, 5, 0);
    assert_eq!(
        host.disc(),
        (1, 1, 2, 2, 3),
        "lead-out gone, its track there"
    );
    host.close(2, 0);
    assert_eq!(host.cd_nwa().unwrap().0, 18_904);
    blanked(&mut host, 6, 0);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
    blanked(&mut host, 6, 0);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    host.refused(&blank_cd(6, 0), SEQUENCE);
    host.refused(&blank_cd(5, 0), SEQUENCE);
    host.refused(&blank_cd(4, 0), SEQUENCE);
    host.refused(&blank_cd(7, 0), ILLEGAL_FIELD);
}

#[test]
fn recipe_13_2_what_cannot_be_blanked_or_formatted() {
    let mut host = Host::cd(MediumKind::CdR);
    host.refused(&blank_cd(0, 0), CANNOT_FORMAT);
    host.refused(&blank_cd(1, 0), CANNOT_FORMAT);
    let list = [0, 2, 0, 8, 0, 0, 0x10, 0, 0x40, 0, 0, 16];
    assert_eq!(host.format(list).key_asc_ascq(), Some(CANNOT_FORMAT));
    let mut host = Host::cd(MediumKind::CdRw);
    assert_eq!(
        host.format(list).key_asc_ascq(),
        Some(ILLEGAL_PARAMETER),
        "packets"
    );
    assert_eq!(host.cd_page(0x51, 0xC4, 8).key_asc_ascq(), None);
    host.refused(&blank_cd(1, 0), SEQUENCE);
    // While a track is written.
    host.track_at_once();
    host.write_from(0, 300);
    host.refused(&blank_cd(1, 0), SEQUENCE);
}

#[test]
fn recipe_5_a_worn_disc_is_not_blanked_minimally() {
    let mut host = odd(MediumKind::CdRw, |q| q.minimal_blank_fails = true);
    host.last_track_at_once();
    host.whole_track(0, 300);
    host.close(2, 0);
    host.refused(&[0xA1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ERASE_FAILED);
    assert_eq!(host.disc(), (1, 2, 1, 1, 1));
    blanked(&mut host, 0, 0);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    let mut host = odd(MediumKind::CdRw, |q| q.blanks_few_parts = true);
    host.track_at_once();
    host.whole_track(0, 400);
    host.refused(&blank_cd(2, 1), ILLEGAL_FIELD);
    host.refused(&blank_cd(6, 0), ILLEGAL_FIELD);
    blanked(&mut host, 4, 350);
    blanked(&mut host, 1, 0);
}

/// What was on the disc goes when a blanking of all of it begins.
#[test]
fn a_blanking_that_is_cut_off_leaves_a_disc_that_only_blanking_helps() {
    for kind in [0, 1] {
        let mut host = three_sessions();
        host.good(&blank_cd(kind, 0));
        host.advance_ms(5000);
        let mut host = host.reopened();
        assert_eq!(host.disc(), (1, 2, 1, 1, 1));
        host.track_at_once();
        assert_eq!(host.cd_nwa(), None);
        assert_eq!(host.track(1)[5] & 0x20, 0x20);
        assert_eq!(host.write_once(0, &pattern(0, 1)), Err(ERASE_FAILED));
        assert_eq!(host.read(0, 1), Err(OUT_OF_RANGE));
        assert_eq!(host.toc(0), Err(ILLEGAL_FIELD));
        host.refused(&close(1, 1), SEQUENCE);
        host.refused(&close(2, 0), SEQUENCE);
        host.refused(&blank_cd(6, 0), SEQUENCE);
        host.session_at_once(LAST);
        assert_eq!(host.cue(&data_sheet(1000)), Some(ERASE_FAILED));
        blanked(&mut host, kind, 0);
        host.whole_session(1000);
        assert_eq!(host.read(0, 1000).unwrap(), pattern(0, 1000));
    }
}

// ---- durations ------------------------------------------------------------------------

/// Recipe 14: 75 blocks a second at 1x; a minimal blank 20 to 90 s; a whole one as long as the
/// disc at its speed; closing two and a half minutes divided by the speed, and some seconds.
#[test]
fn recipe_14_a_cd_takes_its_time() {
    fn timed(host: &mut Host, act: impl FnOnce(&mut Host)) -> f64 {
        let before = host.drive.now();
        act(host);
        (host.drive.now() - before).as_secs_f64()
    }
    let mut host = Host::with_model(MediumKind::CdRw, None, DriveModel::default());
    // 10x: 1764 kB/s.
    host.good(&[0xBB, 0, 0xFF, 0xFF, 6, 0xE4, 0, 0, 0, 0, 0, 0]);
    host.track_at_once();
    let blocks = 9000;
    let seconds = timed(&mut host, |host| host.whole_track(0, blocks));
    // 12 s, with calibration and the end of the track.
    assert!(
        (17.0..22.0).contains(&seconds),
        "{blocks} blocks at 10x: {seconds}"
    );
    let seconds = timed(&mut host, |host| host.close(2, 0));
    assert!((20.0..36.0).contains(&seconds), "{seconds}");
    let seconds = timed(&mut host, |host| blanked(host, 1, 0));
    assert!((20.0..90.0).contains(&seconds), "{seconds}");
    let seconds = timed(&mut host, |host| blanked(host, 0, 0)) / 60.0;
    assert!((8.0..12.0).contains(&seconds), "{seconds} minutes");
}

#[test]
fn what_a_synchronization_waits_for_is_told() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(LAST);
    assert_eq!(host.cue(&data_sheet(1000)), None);
    host.write_from(-150, 1150);
    host.good(&SYNC);
    host.refused(&[0; 6], (2, 4, 7));
    host.refused(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], (2, 4, 7));
    let left = host.drive.next_change().unwrap();
    assert!(
        (Duration::from_secs(8)..Duration::from_secs(30)).contains(&left),
        "{left:?}"
    );
    host.ready();
    host.good(&SYNC);
}
