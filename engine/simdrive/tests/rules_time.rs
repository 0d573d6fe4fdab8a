//! Attentions, long operations, formats, events and the tray (recipes 2.6, 4.1, 6, 7, 13, 14).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::*;
use pitland_simdrive::{DriveModel, Medium, MediumKind, MemoryStore, NullStore, Recorder, Status};

const TUR: [u8; 6] = [0; 6];
const SYNC: [u8; 10] = [0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0];
const EVENTS: [u8; 10] = [0x4A, 1, 0, 0, 0x7E, 0, 0, 0, 8, 0];

fn fresh(kind: MediumKind) -> Host {
    let store = MemoryStore::new();
    let medium = Medium::blank(kind, Some(SMALL), Box::new(store.clone())).unwrap();
    let mut drive = Recorder::new(DriveModel::default());
    drive.insert(medium);
    Host { drive, store }
}

#[test]
fn recipe_4_1_power_on_then_becoming_ready_then_medium_changed_each_once() {
    let mut host = fresh(MediumKind::BdR);
    host.get(&[0x12, 0, 0, 0, 36, 0], 36);
    host.refused(&TUR, (6, 0x29, 0));
    host.refused(&TUR, (2, 4, 1));
    assert_eq!(host.drive.next_change(), Some(Duration::from_secs(15)));
    host.drive.advance(Duration::from_secs(14));
    host.refused(&TUR, (2, 4, 1));
    host.drive.advance(Duration::from_secs(1));
    host.get(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 8);
    host.refused(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], (6, 0x28, 0));
    host.good(&TUR);
    assert_eq!(host.drive.now(), Duration::from_secs(15));
    assert_eq!(host.drive.next_change(), None);
}

#[test]
fn recipe_2_request_sense_tells_an_attention_once_instead() {
    let mut host = fresh(MediumKind::BdR);
    let sense = |host: &mut Host| {
        let data = host.get(&[3, 0, 0, 0, 18, 0], 18);
        (data[2], data[12], data[13])
    };
    assert_eq!(sense(&mut host), (6, 0x29, 0));
    assert_eq!(sense(&mut host), (2, 4, 1));
    host.ready();
    assert_eq!(sense(&mut host), (0, 0, 0));
}

#[test]
fn recipe_4_1_an_immediate_operation_answers_2_04_07_with_growing_progress() {
    let mut host = Host::small(MediumKind::BdR);
    host.write_units(0, 50);
    host.good(&SYNC);
    host.ready();
    host.good(&close(2, 0));
    let mut last = 0;
    for second in 0..10 {
        let answer = host.command(&TUR);
        assert_eq!(answer.key_asc_ascq(), Some((2, 4, 7)), "{second}");
        assert_eq!(answer.sense[15], 0x80);
        let progress = u16::from_be_bytes([answer.sense[16], answer.sense[17]]);
        assert!(progress >= last);
        last = progress;
        let asked = host.get(&[3, 0, 0, 0, 18, 0], 18);
        assert_eq!((asked[2], asked[12], asked[13], asked[15]), (2, 4, 7, 0x80));
        host.refused(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], (2, 4, 7));
        assert_eq!(host.write_once(1600, &pattern(1600, 32)), Err((2, 4, 7)));
        host.drive.advance(Duration::from_secs(1));
    }
    assert!(last > 50_000);
    host.good(&TUR);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
}

#[test]
fn recipe_4_an_operation_without_immed_takes_its_time_before_the_answer() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.write_units(0, 50);
    let before = host.drive.now();
    let mut cdb = close(5, 0);
    cdb[1] = 0;
    host.good(&cdb);
    let took = host.drive.now() - before;
    assert!(took >= Duration::from_secs(90), "{took:?}");
    host.good(&TUR);
    assert_eq!(host.disc().0, 2);
}

/// Recipe 14: sync takes the buffer at medium speed, and a little.
#[test]
fn recipe_14_sync_drains_the_buffer_first() {
    let mut host = Host::small(MediumKind::BdR);
    host.write(0, &pattern(0, 1024));
    host.good(&SYNC);
    host.refused(&TUR, (2, 4, 7));
    host.drive.advance(host.drive.next_change().unwrap());
    host.good(&TUR);
    assert_eq!(stored(&host.store, 0, 1024), pattern(0, 1024));
    // Nothing left to do: answered at once.
    host.good(&SYNC);
    host.good(&TUR);
}

#[test]
fn recipe_13_2_eject_while_locked_is_5_53_02_and_the_button_is_an_event() {
    let mut host = Host::small(MediumKind::BdR);
    host.get(&EVENTS, 8);
    host.good(&[0x1E, 0, 0, 0, 1, 0]);
    host.refused(&[0x1B, 0, 0, 0, 2, 0], (5, 0x53, 2));
    assert_eq!(host.get(&EVENTS, 8)[4], 0, "nothing is left to tell");
    host.drive.press_eject_button();
    host.good(&TUR);
    assert_eq!(host.get(&EVENTS, 8)[..6], [0, 6, 4, 0x5E, 1, 2]);
    host.good(&[0x1E, 0, 0, 0, 0, 0]);
    host.good(&[0x1B, 0, 0, 0, 2, 0]);
    host.refused(&TUR, (2, 0x3A, 2));
    assert_eq!(host.get(&EVENTS, 8)[..6], [0, 6, 4, 0x5E, 3, 1]);
    // In again: the disc is recognised anew.
    host.good(&[0x1B, 1, 0, 0, 3, 0]);
    host.refused(&TUR, (2, 4, 1));
    host.drive.advance(host.drive.next_change().unwrap());
    host.refused(&TUR, (6, 0x28, 0));
    host.good(&TUR);
    assert_eq!(host.get(&EVENTS, 8)[..6], [0, 6, 4, 0x5E, 2, 2]);
}

#[test]
fn recipe_2_6_each_event_is_told_once_and_polling_is_the_only_way() {
    let mut host = fresh(MediumKind::BdR);
    host.ready();
    assert_eq!(host.get(&EVENTS, 8)[..6], [0, 6, 4, 0x5E, 2, 2]);
    let quiet = host.get(&EVENTS, 8);
    assert_eq!((quiet[2], quiet[4]), (1, 0));
    let media = host.get(&[0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0], 8);
    assert_eq!(
        media[..6],
        [0, 6, 4, 0x5E, 0, 2],
        "no event, medium present"
    );
    host.refused(&[0x4A, 0, 0, 0, 0x7E, 0, 0, 0, 8, 0], ILLEGAL_FIELD);
    let none = host.get(&[0x4A, 1, 0, 0, 0x01, 0, 0, 0, 8, 0], 8);
    assert_eq!(none, [0, 2, 0x80, 0x5E]);
    // A close changes the features: event 1:2 (recipe 13.1).
    host.write_units(0, 1);
    host.close(6, 0);
    assert_eq!(host.get(&EVENTS, 8), [0, 6, 1, 0x5E, 2, 0, 0, 1]);
    // Busy, with the time left in tenths of a second.
    let mut host = fresh(MediumKind::BdR);
    let busy = host.get(&[0x4A, 1, 0, 0, 0x40, 0, 0, 0, 8, 0], 8);
    assert_eq!(busy[4..], [1, 1, 0, 150]);
}

#[test]
fn recipe_13_1_a_format_may_be_followed_by_medium_changed() {
    let model = DriveModel {
        attention_after_format: true,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdRe, Some(SMALL), model);
    let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let mut data = [0; 12];
    data[1] = 0x82;
    data[3] = 8;
    data[4..].copy_from_slice(&list[12..20]);
    assert_eq!(host.format(data).status, Status::Good);
    let answer = host.command(&TUR);
    assert_eq!(answer.key_asc_ascq(), Some((2, 4, 4)));
    assert_eq!(answer.sense[15] & 0x80, 0x80);
    host.drive.advance(host.drive.next_change().unwrap());
    host.refused(&TUR, (6, 0x28, 0));
    host.good(&TUR);
}

/// Recipe 13.2: an unlisted type, a second format, a list that is no list.
#[test]
fn recipe_13_2_formats_that_the_medium_has_not_are_refused() {
    let model = DriveModel {
        pseudo_overwrite: false,
        random_recording: false,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, None, model);
    let list = |blocks: u32, kind: u8, sub: u8, parameter: u32| {
        let [a, b, c, d] = blocks.to_be_bytes();
        let [_, f, g, h] = parameter.to_be_bytes();
        [0, 0x82, 0, 8, a, b, c, d, kind << 2 | sub, f, g, h]
    };
    let refused = |host: &mut Host, list: [u8; 12], sense: Sense| {
        assert_eq!(host.format(list).key_asc_ascq(), Some(sense), "{list:02X?}");
    };
    let default = 11_826_176;
    for wrong in [
        list(default, 0x30, 1, 0),
        list(default, 0x00, 0, 12_288), // SRM with pseudo-overwrite
        list(default, 0x32, 2, 0),      // RRM
        list(default + 1, 0x32, 1, 0),
        list(12_219_392, 0x32, 1, 0), // 32h without a spare
        list(5_796_832, 0x32, 1, 0),
        list(default, 0x00, 1, 5),
    ] {
        refused(&mut host, wrong, ILLEGAL_PARAMETER);
    }
    let mut reserved = list(default, 0x00, 1, 12_288);
    reserved[1] |= 1;
    refused(&mut host, reserved, ILLEGAL_PARAMETER);
    host.send_refused(&[4, 0x11, 0, 0, 0, 0], &[0; 4], (5, 0x1A, 0));
    host.send_refused(&[4, 0x01, 0, 0, 0, 0], &[], ILLEGAL_FIELD);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1), "nothing happened");
    assert_eq!(
        host.format(list(6_000_000, 0x32, 1, 0)).status,
        Status::Good
    );
    host.ready();
    assert_eq!(word(&host.track(1), 16), 6_000_000);
    refused(&mut host, list(6_000_000, 0x32, 1, 0), (5, 0x30, 6));
    let mut host = Host::with(MediumKind::BdR);
    host.write_units(0, 1);
    refused(&mut host, list(default, 0x00, 1, 12_288), (5, 0x30, 6));
    let mut host = Host::with(MediumKind::DvdPlusR);
    refused(&mut host, list(2_295_104, 0x26, 0, 0), (5, 0x30, 6));
    let mut host = Host::with(MediumKind::BdRe);
    for wrong in [
        list(default, 0x00, 0, 5),
        list(default, 0x31, 0, 0x800),
        list(12_219_392, 0x30, 0, 0),
        list(11_564_000, 0x30, 0, 0x5001),
    ] {
        refused(&mut host, wrong, ILLEGAL_PARAMETER);
    }
    for right in [
        list(12_219_392, 0x31, 0, 0x800),
        list(11_564_032, 0x30, 3, 0x5000),
        // growisofs and dvd+rw-format leave the parameter out.
        list(default, 0x00, 0, 0),
        // libburn gives the length of a block.
        list(default, 0x00, 0, 0x800),
        list(12_219_392, 0x31, 0, 0),
        list(11_826_176, 0x30, 3, 0),
        list(12_000_000, 0x30, 1, (12_219_392 - 12_000_000) / 32),
    ] {
        assert_eq!(host.format(right).status, Status::Good, "{right:02X?}");
        host.ready();
        assert_eq!(host.last_lba() + 1, word(&right, 4));
    }
    let mut host = Host::with(MediumKind::DvdPlusRw);
    let mut uncertified = list(2_295_104, 0x26, 0, 0);
    uncertified[1] |= 0x20;
    refused(&mut host, uncertified, ILLEGAL_PARAMETER);
    let mut plain = list(100, 0x26, 0, 0);
    plain[1] = 2;
    refused(&mut host, plain, ILLEGAL_PARAMETER);
    plain[4..8].fill(0xFF);
    plain[11] = 1;
    refused(&mut host, plain, (5, 0x2C, 0));
    // libburn says that options are valid, and sets none.
    let by_index = list(2_295_104, 0x26, 0, 0);
    assert_eq!(host.format(by_index).status, Status::Good);
    let mut host = Host::with(MediumKind::DvdRam);
    let mut without_fov = list(2_236_704, 0, 0, 0x800);
    without_fov[1] = 2;
    refused(&mut host, without_fov, ILLEGAL_PARAMETER);
}

/// growisofs ejects with IMMED and then once more without, and goes no further where the
/// second one is refused; the tray is out when it is answered.
#[test]
fn an_eject_without_immed_waits_for_the_one_under_way() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.good(&[0x1B, 1, 0, 0, 2, 0]);
    host.refused(&[0x1B, 1, 0, 0, 2, 0], (2, 4, 7));
    host.refused(&TUR, (2, 4, 7));
    host.good(&[0x1B, 0, 0, 0, 2, 0]);
    host.refused(&TUR, (2, 0x3A, 2));
    host.good(&[0x1B, 1, 0, 0, 3, 0]);
    host.refused(&[0x1B, 0, 0, 0, 2, 0], (2, 4, 1));
}

/// dvd+rw-format -lead-out: restart with no number of blocks.
#[test]
fn a_dvd_plus_rw_format_is_restarted_without_a_number_of_blocks() {
    let mut host = Host::small(MediumKind::DvdPlusRw);
    let restart = [0, 2, 0, 8, 0, 0, 0, 0, 0x26 << 2, 0, 0, 1];
    host.format_default();
    host.write_units(0, 1);
    host.close(0, 0);
    assert_eq!(host.disc_information()[7] & 3, 1);
    let mut fresh = restart;
    fresh[11] = 0;
    assert_eq!(host.format(fresh).key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    assert_eq!(host.format(restart).status, Status::Good);
    host.ready();
    assert_eq!(host.disc_information()[7] & 3, 2);
    assert_eq!(host.read(0, 16).unwrap(), pattern(0, 16));
}

/// Recipe 6: a format forgets what was on the disc, and a certification leaves zeros.
#[test]
fn recipe_6_dvd_ram_formats_forget_the_data() {
    let mut host = Host::small(MediumKind::DvdRam);
    let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let mut data = [0; 12];
    data[3] = 8;
    data[4..].copy_from_slice(&list[12..20]);
    host.write(0, &pattern(0, 16));
    host.sync();
    // Without certification: quick, and nothing to read.
    data[1] = 0xA2;
    assert_eq!(
        host.send(&[4, 0x19, 0, 0, 0, 0], &data).status,
        Status::Good
    );
    assert_eq!(host.drive.next_change(), Some(Duration::from_secs(1)));
    host.ready();
    assert_eq!(host.read(0, 1), Err((3, 0x11, 5)));
    data[1] = 0x82;
    host.write(0, &pattern(0, 16));
    assert_eq!(host.format(data).status, Status::Good);
    assert!(host.drive.next_change().unwrap() > Duration::from_secs(20));
    host.ready();
    assert_eq!(host.read(0, 1).unwrap(), vec![0; 2048]);
}

/// Recipe 4.1: key 0, 04/04 with progress: the background format runs and the drive is usable.
#[test]
fn recipe_4_1_request_sense_shows_the_progress_of_a_background_format() {
    let mut host = Host::with(MediumKind::DvdPlusRw);
    host.format_default();
    host.good(&TUR);
    let left = host.drive.background_format_left().unwrap();
    host.drive.advance(left / 2);
    let sense = host.get(&[3, 0, 0, 0, 18, 0], 18);
    assert_eq!((sense[2], sense[12], sense[13], sense[15]), (0, 4, 4, 0x80));
    let progress = u16::from_be_bytes([sense[16], sense[17]]);
    assert!((32_000..33_500).contains(&progress), "{progress}");
    host.good(&TUR);
    // Pulled out, it is suspended.
    let medium = host.drive.remove().unwrap();
    host.drive.insert(medium);
    host.ready();
    assert_eq!(host.disc_information()[7] & 3, 1);
    assert_eq!(host.last_lba(), 2_295_103);
    assert_eq!(host.read(1_000_000, 1).unwrap(), vec![0; 2048]);
    assert_eq!(host.read(2_000_000, 1), Err((3, 0x11, 5)));
}

/// A kill in mid-format leaves a disc whose format failed (3/31/01), to be formatted again.
#[test]
fn recipe_9_a_format_that_was_cut_off_is_3_31_01() {
    let mut host = Host::small(MediumKind::DvdRam);
    host.write(0, &pattern(0, 16));
    host.sync();
    let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let mut data = [0, 0x82, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    data[4..].copy_from_slice(&list[12..20]);
    assert_eq!(host.format(data).status, Status::Good);
    let mut after = host.reopened();
    assert_eq!(after.read(0, 1), Err((3, 0x31, 1)));
    assert_eq!(after.write_once(0, &pattern(0, 16)), Err((3, 0x31, 1)));
    assert_eq!(after.format(data).status, Status::Good);
    after.ready();
    after.write(0, &pattern(0, 16));
}

#[test]
fn recipe_14_a_clock_factor_of_zero_makes_a_drive_that_takes_no_time() {
    let model = DriveModel {
        clock_permille: 0,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, None, model);
    for at in 0..1000 {
        host.write(at * 32, &pattern(at * 32, 32));
    }
    host.sync();
    host.close(6, 0);
    assert_eq!(host.disc().0, 2);
    assert_eq!(host.drive.now().as_millis(), 0);
    assert_eq!(host.read(31_968, 32).unwrap(), pattern(31_968, 32));
}

/// Recipe 14: reading takes time too, and draining goes on meanwhile.
#[test]
fn recipe_14_reading_moves_the_clock() {
    let mut host = Host::small(MediumKind::BdR);
    host.write_units(0, 20);
    host.sync();
    let before = host.drive.now();
    host.read(0, 640).unwrap();
    let took = host.drive.now() - before;
    // 1.25 MiB at 26976 kB/s.
    assert!((48..50).contains(&took.as_millis()), "{took:?}");
    // A stopped disc has to spin up first.
    host.good(&[0x1B, 1, 0, 0, 0, 0]);
    host.good(&TUR);
    let before = host.drive.now();
    host.read(0, 1).unwrap();
    assert!(host.drive.now() - before > Duration::from_secs(4));
}

#[test]
fn a_drive_without_a_disc_to_keep_takes_a_hundred_gigabytes() {
    let blocks = 48_878_592;
    let medium = Medium::blank(MediumKind::BdR, Some(blocks), Box::new(NullStore::new())).unwrap();
    let mut drive = Recorder::new(DriveModel::default());
    drive.insert(medium);
    let mut host = Host {
        drive,
        store: MemoryStore::new(),
    };
    host.ready();
    host.write_units(0, 200);
    host.close(2, 0);
    assert_eq!(host.nwa(2), Some(6400));
    assert_eq!(host.read(0, 1).unwrap(), vec![0; 2048], "no data are kept");
}
