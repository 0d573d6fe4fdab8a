//! Places that are bad: spares that are used up, writing and reading that fail, and formats that
//! look for them (recipes 2.4, 7 and 9).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::ops::Range;

use common::{Host, SMALL, pattern, word};
use pitland_simdrive::{Defect, DiscType, DriveModel, MediumKind};

const WRITE_ERROR: (u8, u8, u8) = (3, 0x0C, 0);
const READ_ERROR: (u8, u8, u8) = (3, 0x11, 5);
const NO_SPARE: (u8, u8, u8) = (3, 0x32, 0);
const TUR: [u8; 6] = [0; 6];

fn worn(kind: impl Into<DiscType>, defects: &[(Range<u32>, Defect)]) -> Host {
    let model = DriveModel {
        defects: defects.to_vec(),
        ..DriveModel::default()
    };
    Host::sold(kind.into(), Some(SMALL), model)
}

fn stream(host: &mut Host, lba: u32, units: u32) {
    let [a, b, c, d] = lba.to_be_bytes();
    let data = pattern(lba, 32 * units);
    let [e, f, g, h] = (32 * units).to_be_bytes();
    host.sent(&[0xAA, 0, a, b, c, d, e, f, g, h, 0x80, 0], &data);
}

/// What the synchronization says that waits for the disc.
fn sync(host: &mut Host) -> Option<(u8, u8, u8)> {
    let answer = host.command(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    answer.key_asc_ascq()
}

/// Spares as structure 0Ah of a BD tells them: free and all.
fn spares(host: &mut Host) -> (u32, u32) {
    let reply = host.get(&[0xAD, 1, 0, 0, 0, 0, 0, 0x0A, 0, 16, 0, 0], 16);
    (word(&reply, 8), word(&reply, 12))
}

#[test]
fn recipe_7_a_bad_cluster_goes_to_the_spare_area_when_the_drive_reads_back() {
    for defect in [Defect::Unwritable, Defect::Unreadable] {
        let mut host = worn(MediumKind::BdRe, &[(70..72, defect), (200..201, defect)]);
        host.format_default();
        let (free, all) = spares(&mut host);
        assert_eq!(free, all);
        host.write(0, &pattern(0, 128));
        assert_eq!(sync(&mut host), None);
        assert_eq!(spares(&mut host), (free - 1, all));
        assert_eq!(host.read(64, 32), Ok(pattern(64, 32)));
        // Again in the same place: it stays where it was put.
        host.write(64, &pattern(0, 32));
        assert_eq!(sync(&mut host), None);
        assert_eq!(spares(&mut host), (free - 1, all));
        let mut host = host.reopened();
        assert_eq!(host.read(64, 32), Ok(pattern(0, 32)));
        assert_eq!(host.drive.medium().unwrap().reallocated(), 1);
    }
}

#[test]
fn recipe_7_streaming_writes_over_a_defect_and_reading_tells() {
    let mut host = worn(MediumKind::BdRe, &[(70..72, Defect::Unwritable)]);
    host.format_default();
    let before = spares(&mut host);
    stream(&mut host, 0, 4);
    assert_eq!(sync(&mut host), None);
    assert_eq!(spares(&mut host), before);
    assert_eq!(host.read(0, 70), Ok(pattern(0, 70)));
    assert_eq!(host.read(64, 32), Err(READ_ERROR));
    // Written as usual, it is found.
    host.write(64, &pattern(64, 32));
    assert_eq!(sync(&mut host), None);
    assert_eq!(host.read(0, 128), Ok(pattern(0, 128)));
}

#[test]
fn recipe_9_when_the_spares_are_spent_writing_fails() {
    let mut host = worn(MediumKind::BdRe, &[(0..SMALL, Defect::Unwritable)]);
    host.format_default();
    let (free, _) = spares(&mut host);
    for at in 0..free {
        host.write(at * 32, &pattern(at * 32, 32));
    }
    assert_eq!(sync(&mut host), None);
    assert_eq!(spares(&mut host).0, 0);
    host.write(free * 32, &pattern(0, 32));
    assert_eq!(sync(&mut host), Some(NO_SPARE));
    assert_eq!(host.read(0, 32), Ok(pattern(0, 32)));
}

#[test]
fn recipe_7_without_spares_a_bad_place_fails_the_write_and_the_disc_stays_open() {
    for disc in [DiscType::BdR, DiscType::DvdPlusR, DiscType::DvdMinusR] {
        let mut host = worn(disc, &[(70..72, Defect::Unwritable)]);
        if disc == DiscType::DvdMinusR {
            // Incremental: the page's own default.
            assert_eq!(host.nwa(1), Some(0));
        }
        for at in 0..4 {
            host.write(at * 32, &pattern(at * 32, 32));
        }
        let answer = host.command(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(answer.key_asc_ascq(), Some(WRITE_ERROR), "{disc}");
        assert_eq!(word(&answer.sense, 3), 70);
        // What came before it is there, and the next writable address says how much.
        assert_eq!(host.nwa(1), Some(64), "{disc}");
        assert_eq!(host.read(0, 64), Ok(pattern(0, 64)));
        assert_eq!(host.track(1)[5] & 0x20, 0x20, "damage");
    }
}

#[test]
fn an_error_behind_the_host_s_back_is_told_with_the_next_command() {
    let mut host = worn(MediumKind::DvdPlusR, &[(0..16, Defect::Unwritable)]);
    host.write(0, &pattern(0, 16));
    host.advance_ms(1000);
    let answer = host.command(&TUR);
    assert_eq!(answer.key_asc_ascq(), Some(WRITE_ERROR));
    assert_eq!(answer.sense[0] & 0x7F, 0x71, "deferred");
}

#[test]
fn recipe_10_what_cannot_be_read_fails_from_the_very_block() {
    let mut host = worn(MediumKind::DvdPlusR, &[(20..21, Defect::Unreadable)]);
    host.write_units(0, 4);
    assert_eq!(sync(&mut host), None, "nobody reads it back");
    assert_eq!(host.read(0, 20), Ok(pattern(0, 20)));
    assert_eq!(host.read(0, 32), Err(READ_ERROR));
    assert_eq!(host.read(21, 11), Ok(pattern(21, 11)));
}

/// Recipe 7: full certification finds what is bad; quick formats do not look.
#[test]
fn recipe_7_certification_finds_the_bad_places_and_a_quick_format_forgets_them() {
    let mut host = worn(
        MediumKind::BdRe,
        &[(70..72, Defect::Unreadable), (200..201, Defect::Unwritable)],
    );
    let format = |host: &mut Host, subtype: u8| {
        let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
        let mut data = [0, 0x82, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        data[4..12].copy_from_slice(&list[20..28]);
        data[8] |= subtype;
        assert_eq!(host.format(data).key_asc_ascq(), None);
        host.ready();
    };
    format(&mut host, 2);
    let (free, all) = spares(&mut host);
    assert_eq!(free, all - 2);
    assert_eq!(host.read(64, 64), Ok(vec![0; 64 * 2048]));
    stream(&mut host, 64, 1);
    assert_eq!(sync(&mut host), None);
    assert_eq!(
        host.read(64, 32),
        Ok(pattern(64, 32)),
        "it lives in the spare area"
    );
    format(&mut host, 3);
    assert_eq!(
        spares(&mut host),
        (all - 2, all),
        "what was known stays known"
    );
    format(&mut host, 1);
    assert_eq!(spares(&mut host), (all, all));
}

#[test]
fn recipe_9_a_format_that_finds_more_than_it_has_spares_for_fails() {
    let mut host = worn(MediumKind::BdRe, &[(0..SMALL, Defect::Unreadable)]);
    let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let mut data = [0, 0x80, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    data[4..12].copy_from_slice(&list[20..28]);
    data[8] |= 2;
    assert_eq!(host.format(data).key_asc_ascq(), Some((3, 0x31, 1)));
    assert_eq!(host.write_once(0, &pattern(0, 32)), Err((3, 0x31, 1)));
    // Without certification it can be had.
    host.format_default();
}

#[test]
fn recipe_2_4_dvd_ram_spends_its_primary_spares_first() {
    let area = |host: &mut Host| {
        let reply = host.get(&[0xAD, 0, 0, 0, 0, 0, 0, 0x0A, 0, 16, 0, 0], 16);
        (word(&reply, 4), word(&reply, 8), word(&reply, 12))
    };
    let mut host = worn(MediumKind::DvdRam, &[(0..64, Defect::Unreadable)]);
    let (primary, free, all) = area(&mut host);
    assert!(
        primary > 0 && free == all && all > 0,
        "{primary} {free} {all}"
    );
    host.write(0, &pattern(0, 32));
    assert_eq!(sync(&mut host), None);
    let spent = (primary - area(&mut host).0) + (free - area(&mut host).1);
    assert_eq!((spent, area(&mut host).2), (32, all));
    assert_eq!(host.read(0, 32), Ok(pattern(0, 32)));
    assert_eq!(host.read(32, 1), Err(READ_ERROR));
}

#[test]
fn recipe_6_a_larger_spare_area_of_dvd_ram_leaves_the_data_before_it() {
    let mut host = Host::sold(DiscType::DvdRam, Some(229_504), DriveModel::default());
    host.write(0, &pattern(0, 16));
    let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let at = (12..list.len())
        .step_by(8)
        .find(|at| list[at + 4] >> 2 == 1)
        .unwrap();
    let mut data = [0, 0x82, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    data[4..12].copy_from_slice(&list[at..at + 8]);
    assert_eq!(host.format(data).key_asc_ascq(), None);
    host.ready();
    assert_eq!(host.last_lba() + 1, word(&list, at));
    assert_eq!(host.read(0, 16), Ok(pattern(0, 16)));
}

#[test]
fn closing_a_reserved_track_over_a_bad_place_fails() {
    let mut host = worn(MediumKind::DvdPlusR, &[(40..41, Defect::Unwritable)]);
    host.good(&[0x53, 0, 0, 0, 0, 0, 0, 0, 64, 0]);
    host.write(0, &pattern(0, 16));
    let mut cdb = common::close(1, 1);
    cdb[1] = 0;
    let answer = host.command(&cdb);
    assert_eq!(answer.key_asc_ascq(), Some(WRITE_ERROR));
}
