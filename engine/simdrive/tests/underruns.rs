//! The write buffer that runs empty in the middle of a stream (recipe 14).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use std::time::Duration;

use common::*;
use pitland_simdrive::{DriveModel, MediumKind, Underruns};

const TUR: [u8; 6] = [0; 6];
const LOSS_OF_STREAMING: Sense = (3, 0x0C, 9);
const UNREADABLE: Sense = (3, 0x11, 5);

fn ready_to_write(kind: MediumKind, model: DriveModel) -> Host {
    let mut host = Host::with_model(kind, None, model);
    host.prepare();
    host
}

fn unprotected() -> DriveModel {
    DriveModel {
        underrun_protection: false,
        ..DriveModel::default()
    }
}

/// A drive without protection that was kept waiting after 40 units of 32 blocks of BD-R.
fn lost_track() -> Host {
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), unprotected());
    host.write_units(0, 40);
    host.advance_ms(10_000);
    host
}

#[test]
fn recipe_14_a_buffer_that_runs_empty_is_linked_over_and_counted() {
    for kind in MediumKind::ALL {
        let mut host = ready_to_write(kind, DriveModel::default());
        let unit = kind.unit();
        host.write_units(0, 20);
        assert_eq!(host.drive.underruns(), Underruns::default(), "{kind:?}");
        let before = host.drive.now();
        let drained = host.drive.next_change().unwrap();
        host.advance_ms(30_000);
        host.write_units(20 * unit, 20);
        host.advance_ms(30_000);
        host.write_units(40 * unit, 1);
        let told = host.drive.underruns();
        assert_eq!(
            (told.count, told.first, told.last),
            (2, Some(20 * unit), Some(40 * unit)),
            "{kind:?}"
        );
        assert!(told.waited < host.drive.now() - before, "{kind:?}");
        assert!(told.waited > Duration::from_secs(59) - drained, "{kind:?}");
        host.sync();
        let blocks = 41 * unit;
        for lba in (0..blocks).step_by(unit as usize) {
            let back = host.read(lba, unit as u16).unwrap();
            assert_eq!(back, pattern(lba, unit), "{kind:?} {lba}");
        }
    }
}

/// What empties the buffer for the host's own reasons is no underrun.
#[test]
fn the_end_of_a_stream_and_another_place_are_no_underruns() {
    let mut host = ready_to_write(MediumKind::BdRe, DriveModel::default());
    host.write_units(0, 3);
    host.advance_ms(5_000);
    host.sync();
    host.write_units(96, 3);
    host.advance_ms(5_000);
    host.write_units(6400, 3);
    // Forced unit access: on the disc before it is answered.
    let mut through = write_10(6496, 32);
    through[1] = 8;
    host.sent(&through, &pattern(6496, 32));
    host.advance_ms(5_000);
    host.write_units(6528, 1);
    assert_eq!(host.drive.underruns(), Underruns::default());
}

/// As long as the drive collects its first unit there is nothing to run out of.
#[test]
fn a_part_of_the_first_unit_is_no_stream() {
    for model in [DriveModel::default(), unprotected()] {
        let mut host = Host::with_model(MediumKind::DvdPlusR, None, model);
        for lba in 0..16 {
            host.write(lba, &pattern(lba, 1));
            host.advance_ms(1_000 * u64::from(lba < 15));
        }
        host.sync();
        assert_eq!(host.drive.underruns(), Underruns::default());
        assert_eq!(host.read(0, 16).unwrap(), pattern(0, 16));
    }
}

#[test]
fn a_drive_whose_writing_takes_no_time_has_no_underruns() {
    let model = DriveModel {
        clock_permille: 0,
        ..unprotected()
    };
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), model);
    host.write_units(0, 10);
    host.advance_ms(1000);
    host.write_units(320, 10);
    host.sync();
    assert_eq!(host.drive.underruns(), Underruns::default());
}

#[test]
fn recipe_14_without_protection_a_track_that_is_kept_waiting_is_lost() {
    let mut host = lost_track();
    let told = host.command(&TUR);
    assert_eq!(told.key_asc_ascq(), Some(LOSS_OF_STREAMING));
    assert_eq!(told.sense[0], 0xF1, "deferred, with the block");
    assert_eq!(told.sense[3..7], 1280_u32.to_be_bytes());
    host.good(&TUR);
    let underruns = host.drive.underruns();
    assert_eq!((underruns.count, underruns.last), (1, Some(1280)));
    let answer = host.send(&write_10(1280, 32), &pattern(1280, 32));
    assert_eq!(answer.key_asc_ascq(), Some(LOSS_OF_STREAMING));
    assert_eq!(answer.sense[0], 0xF0, "of this very command");
    for lba in [0, 1279] {
        assert_eq!(host.read(lba, 1), Err(UNREADABLE), "{lba}");
    }
    // Recipe 2.2: damage without a next writable address is only closable.
    let track = host.track(1);
    assert_eq!((track[5] & 0x20, track[7] & 1), (0x20, 0));
    assert!(host.drive.medium().unwrap().tracks().is_empty());
}

#[test]
fn a_lost_track_stays_lost_and_the_disc_behind_it_can_be_used() {
    let mut host = lost_track().reopened();
    assert_eq!(host.read(0, 1), Err(UNREADABLE));
    assert_eq!(
        host.write_once(1280, &pattern(1280, 32)),
        Err(LOSS_OF_STREAMING)
    );
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.read(0, 1), Err(UNREADABLE));
    assert_eq!(host.nwa(2), Some(1280));
    host.write_units(1280, 4);
    host.sync();
    host.close(6, 0);
    let mut host = host.reopened();
    assert_eq!(host.read(1280, 128).unwrap(), pattern(1280, 128));
    assert_eq!(host.read(1279, 1), Err(UNREADABLE));
    assert_eq!(host.disc(), (2, 3, 2, 2, 2));
}

#[test]
fn a_power_loss_does_not_make_a_lost_track_good() {
    let mut host = lost_track();
    host.drive.power_loss();
    host.ready();
    assert_eq!(host.read(0, 1), Err(UNREADABLE));
    assert_eq!(host.nwa(1), None);
}

/// The damage of a power loss goes to the track that was being written.
#[test]
fn a_power_loss_beside_a_lost_track_does_not_make_it_good() {
    let model = DriveModel {
        damage_after_power_loss: true,
        ..unprotected()
    };
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), model);
    host.good(&[0x53, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    host.write_units(256, 4);
    host.advance_ms(10_000);
    host.refused(&TUR, LOSS_OF_STREAMING);
    host.write_units(0, 2);
    host.drive.power_loss();
    host.ready();
    assert_eq!((host.nwa(1), host.nwa(2)), (Some(0), None));
    assert_eq!(host.read(256, 1), Err(UNREADABLE));
}

#[test]
fn without_protection_a_host_that_is_in_time_loses_nothing() {
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), unprotected());
    let mut lba = 0;
    while lba < 4096 {
        // A pause that is shorter than what the buffer holds.
        let holds = host.drive.next_change().unwrap_or_default();
        host.drive.advance(holds * 9 / 10);
        host.write_units(lba, 8);
        lba += 256;
    }
    host.sync();
    assert_eq!(host.drive.underruns(), Underruns::default());
    assert_eq!(host.read(3840, 256).unwrap(), pattern(3840, 256));
}

#[test]
fn media_that_are_written_anywhere_need_no_protection() {
    for kind in [MediumKind::BdRe, MediumKind::DvdPlusRw, MediumKind::DvdRam] {
        let mut host = ready_to_write(kind, unprotected());
        let unit = kind.unit();
        host.write_units(0, 3);
        host.advance_ms(10_000);
        host.good(&TUR);
        host.write_units(3 * unit, 3);
        host.sync();
        assert_eq!(host.drive.underruns().count, 1, "{kind:?}");
        let blocks = 6 * unit;
        assert_eq!(host.read(0, blocks as u16).unwrap(), pattern(0, blocks));
    }
}

#[test]
fn recipes_2_4_and_2_5_the_drive_says_whether_it_has_protection() {
    for (model, protected) in [(DriveModel::default(), true), (unprotected(), false)] {
        let mut host = Host::with_model(MediumKind::BdR, None, model);
        let page = host.get(&[0x5A, 8, 0x2A, 0, 0, 0, 0, 0, 64, 0], 64);
        assert_eq!(page[8 + 4] & 0x80 != 0, protected);
        let feature = host.get(&[0x46, 2, 0, 0x21, 0, 0, 0, 0, 64, 0], 64);
        assert_eq!(feature[8 + 6] & 1 != 0, protected);
    }
}
