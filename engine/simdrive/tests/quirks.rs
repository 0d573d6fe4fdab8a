//! Each habit of a single drive, by its name in recipe 11 or the recipe that tells of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::*;
use pitland_simdrive::{DriveModel, MediumKind, Quirks};

const TUR: [u8; 6] = [0; 6];

fn with(kind: MediumKind, quirks: Quirks) -> Host {
    let model = DriveModel {
        quirks,
        ..DriveModel::default()
    };
    Host::with_model(kind, Some(SMALL), model)
}

#[test]
fn q1_test_unit_ready_is_good_while_the_next_command_is_not() {
    let quirks = Quirks {
        ready_too_early: true,
        ..Quirks::default()
    };
    let mut host = with(MediumKind::DvdPlusR, quirks);
    host.write_units(0, 4);
    host.good(&close(1, 1));
    host.good(&TUR);
    host.refused(&close(2, 0), (2, 4, 7));
    host.drive.advance(host.drive.next_change().unwrap());
    host.good(&close(2, 0));
}

#[test]
fn q4_a_loading_drive_may_give_no_cause() {
    let quirks = Quirks {
        clueless_while_loading: true,
        ..Quirks::default()
    };
    let mut host = with(MediumKind::DvdPlusR, quirks);
    let medium = host.drive.remove().unwrap();
    host.drive.insert(medium);
    host.refused(&TUR, (2, 4, 0));
    host.ready();
}

#[test]
fn q8_progress_may_be_told_by_request_sense_only() {
    let quirks = Quirks {
        progress_only_by_request_sense: true,
        ..Quirks::default()
    };
    let mut host = with(MediumKind::BdR, quirks);
    host.write_units(0, 4);
    host.good(&close(2, 0));
    assert_eq!(host.command(&TUR).sense[15..], [0, 0, 0]);
    assert_eq!(host.get(&[3, 0, 0, 0, 18, 0], 18)[15], 0x80);
}

#[test]
fn q10_calibration_and_speed_may_be_refused() {
    let quirks = Quirks {
        refuses_calibration: true,
        refuses_set_streaming: true,
        no_buffer_capacity: true,
        ..Quirks::default()
    };
    let mut host = with(MediumKind::DvdPlusR, quirks);
    host.refused(&[0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0], (5, 0x2C, 0));
    host.send_refused(
        &[0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0],
        &[0; 28],
        OUT_OF_RANGE,
    );
    assert_eq!(
        host.try_get(&[0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0], 12),
        Err((5, 0x20, 0))
    );
    host.write_units(0, 1);
}

#[test]
fn recipe_4_2_the_first_write_may_be_refused_while_the_drive_calibrates() {
    let quirks = Quirks {
        not_ready_at_first_write: true,
        ..Quirks::default()
    };
    let mut host = with(MediumKind::BdR, quirks);
    assert_eq!(host.write_once(0, &pattern(0, 32)), Err((2, 4, 1)));
    assert_eq!(host.drive.next_change(), Some(Duration::from_secs(8)));
    host.ready();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1), "nothing was written");
    host.write_units(0, 2);
}

#[test]
fn recipe_13_a_finished_disc_may_pass_for_a_pressed_one() {
    for (kind, profile) in [(MediumKind::BdR, 0x40), (MediumKind::DvdPlusR, 0x10)] {
        let quirks = Quirks {
            read_only_profile_when_complete: true,
            ..Quirks::default()
        };
        let mut host = with(kind, quirks);
        let ask = [0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0];
        assert_eq!(u16::from(host.get(&ask, 8)[7]), kind.profile().code());
        host.write_units(0, 1);
        host.close(if kind == MediumKind::BdR { 6 } else { 5 }, 0);
        assert_eq!(host.get(&ask, 8)[6..], [0, profile]);
        // The list of profiles says the same: behind the header and the head of feature 0000h.
        let list = host.get(&[0x46, 0, 0, 0, 0, 0, 0, 1, 0, 0], 256);
        let current: Vec<u8> = list[12..12 + usize::from(list[11])]
            .chunks(4)
            .filter(|entry| entry[2] == 1)
            .map(|entry| entry[1])
            .collect();
        assert_eq!(current, [profile]);
    }
}

#[test]
fn recipe_6_a_lenient_drive_lets_a_suspended_format_be_overtaken() {
    let quirks = Quirks {
        writes_past_suspended_format: true,
        ..Quirks::default()
    };
    let mut host = with(MediumKind::DvdPlusRw, quirks);
    host.format_default();
    host.close(0, 0);
    host.write(8000, &pattern(8000, 16));
    host.sync();
    assert_eq!(host.read(8000, 16).unwrap(), pattern(8000, 16));
}
