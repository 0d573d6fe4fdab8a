//! BD-R in its three ways of recording, discs of more layers, and what a drive of its age
//! does not know (recipes 7, 9 and 13).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{
    BUFFER_FULL, Host, ILLEGAL_FIELD, ILLEGAL_PARAMETER, NOT_AT_NWA, SMALL, pattern, word,
};
use pitland_mmc::Profile;
use pitland_simdrive::{Defect, DiscType, DriveModel, MediumKind, Status};
use proptest::prelude::*;

const NO_SPARE: (u8, u8, u8) = (3, 0x32, 0);
const READ_ERROR: (u8, u8, u8) = (3, 0x11, 5);
const NOT_BLANK: (u8, u8, u8) = (8, 0, 0);

/// The first format that is listed, with another subtype.
fn format_as(host: &mut Host, subtype: u8) -> Option<(u8, u8, u8)> {
    let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let mut data = [0; 12];
    data[1] = 0x82;
    data[3] = 8;
    data[4..12].copy_from_slice(&list[12..20]);
    data[8] |= subtype;
    let answer = host.format(data);
    if answer.status == Status::Good {
        host.ready();
    }
    answer.key_asc_ascq()
}

fn pow(host: &mut Host) -> (u32, u32, u32) {
    let reply = host.get(&[0x51, 2, 0, 0, 0, 0, 0, 0, 16, 0], 16);
    assert_eq!((reply[1], reply[2] >> 5), (14, 2));
    (word(&reply, 4), word(&reply, 8), word(&reply, 12))
}

fn profile(host: &mut Host) -> u16 {
    let reply = host.get(&[0x46, 1, 0, 0, 0, 0, 0, 0, 8, 0], 8);
    u16::from_be_bytes([reply[6], reply[7]])
}

fn track_state(host: &mut Host, number: u8) -> (u8, u32, bool) {
    let track = host.track(number);
    (track[6] >> 5, word(&track, 16), track[7] & 1 == 1)
}

#[test]
fn recipe_13_a_disc_for_pseudo_overwriting_says_so_and_has_all_its_formatted_size() {
    let mut host = Host::small(MediumKind::BdR);
    assert_eq!(format_as(&mut host, 0), None);
    let blocks = host.drive.medium().unwrap().capacity();
    assert_eq!(profile(&mut host), Profile::BdRSrm.code());
    let features = host.current_features();
    assert!(features.contains(&0x38) && features.contains(&0x24) && features.contains(&0x21));
    assert!(!features.contains(&0x23), "once only");
    assert_eq!(host.last_lba(), blocks - 1);
    assert_eq!(host.disc().0, 1, "appendable");
    let first = pow(&mut host);
    assert_eq!(
        host.drive.medium().unwrap().spares(),
        Some((first.0, first.0))
    );
    // Two tracks that are closed, and the last one.
    for number in 1..=2 {
        let nwa = host.nwa(number).unwrap();
        host.write_units(nwa, 4);
        host.sync();
        host.close(1, u16::from(number));
    }
    assert_eq!(host.disc(), (1, 1, 1, 1, 3));
    assert_eq!(track_state(&mut host, 1), (0b101, 0, false));
    assert_eq!(track_state(&mut host, 2), (0b101, 0, false));
    let (state, free, nwa) = track_state(&mut host, 3);
    assert_eq!((state & 0b100, free, nwa), (0, blocks - 256, true));
    assert_eq!(host.last_lba(), blocks - 1);
    assert_eq!(host.read(256, 32), Err(READ_ERROR), "never written");
}

#[test]
fn recipe_7_what_was_written_is_replaced_from_the_spares_until_there_are_none() {
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), DriveModel::default());
    host.write_units(0, 8);
    host.sync();
    let (replacements, entries, updates) = pow(&mut host);
    // In the middle, twice; never on.
    host.write(64, &pattern(9000, 64));
    host.sync();
    assert_eq!(host.read(64, 64), Ok(pattern(9000, 64)));
    assert_eq!(host.read(0, 64), Ok(pattern(0, 64)));
    assert_eq!(host.nwa(1), Some(256));
    assert_eq!(pow(&mut host), (replacements - 2, entries - 2, updates - 1));
    host.sync();
    assert_eq!(pow(&mut host).2, updates - 1, "an unchanged map stays");
    // Over what is there and beyond it, and past the next writable address.
    assert_eq!(host.write_once(224, &pattern(0, 64)), Err(NOT_AT_NWA));
    assert_eq!(host.write_once(288, &pattern(0, 32)), Err(NOT_AT_NWA));
    host.write_units(256, 1);
    host.sync();
    // Another drive finds it as it was left.
    let mut host = host.reopened();
    assert_eq!(host.read(64, 64), Ok(pattern(9000, 64)));
    assert_eq!(pow(&mut host).0, replacements - 2);
    for at in 0..replacements - 2 {
        host.write(96, &pattern(at, 32));
    }
    host.sync();
    assert_eq!(pow(&mut host).0, 0);
    assert_eq!(host.write_once(0, &pattern(0, 32)), Err(NO_SPARE));
    // What was never written still takes data.
    host.write_units(288, 1);
    host.sync();
    assert_eq!(host.read(0, 32), Ok(pattern(0, 32)));
}

/// growisofs copies volume descriptors so: 16 blocks at address 16.
#[test]
fn a_part_of_a_recorded_cluster_replaces_the_whole_of_it_and_keeps_the_rest() {
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), DriveModel::default());
    host.write_units(0, 4);
    host.sync();
    let (replacements, entries, _) = pow(&mut host);
    host.write(16, &pattern(9000, 16));
    // The end of one cluster, the whole of the next, the beginning of a third.
    host.write(40, &pattern(7000, 64));
    assert_eq!(pow(&mut host).0, replacements - 4, "in the buffer");
    // Once more, over what is still on its way.
    host.write(20, &pattern(5000, 1));
    host.sync();
    assert_eq!(host.nwa(1), Some(128));
    let left = pow(&mut host);
    assert_eq!((left.0, left.1), (replacements - 5, entries - 5));
    let mut host = host.reopened();
    for (lba, first, blocks) in [
        (0, 0, 16),
        (16, 9000, 4),
        (20, 5000, 1),
        (21, 9005, 11),
        (32, 32, 8),
        (40, 7000, 64),
        (104, 104, 24),
    ] {
        assert_eq!(
            host.read(lba, blocks),
            Ok(pattern(first, u32::from(blocks))),
            "{lba}"
        );
    }
    assert_eq!(pow(&mut host).0, replacements - 5);
}

#[test]
fn a_part_of_a_cluster_that_is_not_all_recorded_is_not_replaced() {
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), DriveModel::default());
    host.write_units(0, 2);
    let before = pow(&mut host);
    assert_eq!(host.write_once(48, &pattern(0, 32)), Err(NOT_AT_NWA));
    assert_eq!(host.write_once(66, &pattern(0, 2)), Err(NOT_AT_NWA));
    // The cluster that waits for its other half takes nothing but this.
    host.write(64, &pattern(64, 16));
    assert_eq!(host.write_once(70, &pattern(0, 2)), Err(NOT_AT_NWA));
    host.write(80, &pattern(80, 16));
    host.sync();
    assert_eq!(pow(&mut host), before);
    assert_eq!(host.read(0, 96), Ok(pattern(0, 96)));
}

#[test]
fn a_part_of_a_cluster_that_does_not_read_is_not_replaced_and_costs_nothing() {
    let model = DriveModel {
        defects: vec![(40..41, Defect::Unreadable)],
        ..DriveModel::default()
    };
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), model);
    // Streaming, so that nobody notices.
    let cdb = [0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0x80, 0];
    assert_eq!(host.send(&cdb, &pattern(0, 96)).key_asc_ascq(), None);
    host.sync();
    let before = pow(&mut host);
    assert_eq!(host.write_once(48, &pattern(0, 16)), Err(READ_ERROR));
    assert_eq!(pow(&mut host), before);
    assert_eq!(host.read(48, 16), Ok(pattern(48, 16)));
}

#[test]
fn a_drive_that_wants_whole_units_wants_them_of_what_replaces_too() {
    let model = DriveModel {
        refuses_part_units: true,
        ..DriveModel::default()
    };
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), model);
    host.write_units(0, 2);
    assert_eq!(host.write_once(16, &pattern(0, 16)), Err(ILLEGAL_FIELD));
    assert_eq!(host.write_once(0, &pattern(500, 32)), Ok(()));
    host.sync();
    assert_eq!(host.read(0, 32), Ok(pattern(500, 32)));
}

#[test]
fn a_power_loss_gives_back_the_spares_that_were_not_used() {
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), DriveModel::default());
    host.write_units(0, 4);
    host.sync();
    let before = pow(&mut host).0;
    host.write(0, &pattern(5000, 32));
    assert_eq!(pow(&mut host).0, before - 1);
    host.drive.power_loss();
    host.ready();
    assert_eq!(pow(&mut host).0, before);
    assert_eq!(host.read(0, 32), Ok(pattern(0, 32)));
}

#[test]
fn recipe_13_a_disc_for_pseudo_overwriting_is_closed_as_others_and_then_takes_no_more() {
    let mut host = Host::sold(DiscType::BdRPow, Some(SMALL), DriveModel::default());
    host.write_units(0, 4);
    host.sync();
    host.close(6, 0);
    assert_eq!(host.disc().0, 2);
    assert_eq!(host.write_once(0, &pattern(0, 32)), Err((5, 0x30, 5)));
    assert!(!host.current_features().contains(&0x38));
}

#[test]
fn random_recording_takes_each_cluster_anywhere_and_once() {
    let mut host = Host::small(MediumKind::BdR);
    assert_eq!(format_as(&mut host, 2), None);
    assert_eq!(profile(&mut host), Profile::BdRRrm.code());
    let features = host.current_features();
    assert!(features.contains(&0x20) && features.contains(&0x24) && features.contains(&0x41));
    assert!(!features.contains(&0x21) && !features.contains(&0x23) && !features.contains(&0x38));
    host.write(640, &pattern(640, 32));
    assert_eq!(
        host.write_once(640, &pattern(0, 32)),
        Err(NOT_BLANK),
        "in the buffer"
    );
    host.write(64, &pattern(64, 32));
    host.sync();
    assert_eq!(host.write_once(64, &pattern(0, 32)), Err(NOT_BLANK));
    assert_eq!(host.write_once(32, &pattern(0, 64)), Err(NOT_BLANK));
    assert_eq!(host.write_once(96, &pattern(0, 16)), Err(ILLEGAL_FIELD));
    assert_eq!(host.read(640, 32), Ok(pattern(640, 32)));
    assert_eq!(host.read(96, 32), Err(READ_ERROR));
    assert_eq!(host.reopened().read(64, 32), Ok(pattern(64, 32)));
    host.refused(&common::close(6, 0), ILLEGAL_FIELD);
    host.send_refused(&[4, 0x11, 0, 0, 0, 0], &[0; 12], (5, 0x30, 6));
    // Nothing is left behind in the way of a blank check, or of a buffer.
    assert_ne!(host.write_once(96, &pattern(0, 32)), Err(BUFFER_FULL));
}

#[test]
fn a_drive_that_has_neither_refuses_the_formats_and_does_not_offer_them() {
    let model = DriveModel {
        pseudo_overwrite: false,
        random_recording: false,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), model);
    assert_eq!(format_as(&mut host, 0), Some(ILLEGAL_PARAMETER));
    assert_eq!(format_as(&mut host, 2), Some(ILLEGAL_PARAMETER));
    let feature = host.get(&[0x46, 2, 0, 0x23, 0, 0, 0, 0, 20, 0], 20);
    assert_eq!(feature[16] & 1, 0, "no RRM");
    assert_eq!(format_as(&mut host, 1), None);
    assert_eq!(
        host.try_get(&[0x51, 2, 0, 0, 0, 0, 0, 0, 16, 0], 16),
        Err(ILLEGAL_FIELD)
    );
    assert_eq!(host.write_once(32, &pattern(0, 32)), Err(NOT_AT_NWA));
}

#[test]
fn recipe_7_discs_of_more_layers_are_one_longer_row_of_blocks() {
    for (disc, raw, default) in [
        (DiscType::BdRDl, 24_438_784, 23_652_352),
        (DiscType::BdReDl, 24_438_784, 23_652_352),
        (DiscType::BdRXl, 48_878_592, 47_305_696),
        (DiscType::BdReXl, 48_878_592, 47_305_696),
    ] {
        let mut host = Host::sold(disc, None, DriveModel::default());
        let list = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
        assert_eq!((word(&list, 4), word(&list, 12)), (raw, default), "{disc}");
        host.format_default();
        assert_eq!(host.drive.medium().unwrap().capacity(), default);
        host.write_units(0, 1);
        host.sync();
    }
}

#[test]
fn recipe_9_a_drive_says_2_30_00_of_a_disc_that_it_does_not_know() {
    let model = DriveModel::shipped("early-bd").unwrap();
    let mut drive = pitland_simdrive::Recorder::new(model.clone());
    let store = Box::new(pitland_simdrive::MemoryStore::new());
    let medium = pitland_simdrive::Medium::as_sold(DiscType::BdRDl, Some(SMALL), store).unwrap();
    drive.insert(medium);
    drive.settle();
    let answers: Vec<_> = (0..3)
        .map(|_| drive.execute(&[0; 6], &[], &mut []).key_asc_ascq())
        .collect();
    assert_eq!(answers.last(), Some(&Some((2, 0x30, 0))), "{answers:?}");
    let mut reply = [0; 8];
    drive.execute(&[0x46, 1, 0, 0, 0, 0, 0, 0, 8, 0], &[], &mut reply);
    assert_eq!(reply[6..], [0, 0], "no profile");
    assert!(!model.reads.contains(&DiscType::BdRDl));
}

#[test]
fn a_drive_that_only_reads_a_disc_writes_nothing_of_it() {
    let model = DriveModel {
        writes: vec![DiscType::BdR],
        ..DriveModel::default()
    };
    let mut host = Host::sold(DiscType::DvdRam, Some(SMALL), model);
    assert_eq!(host.write_once(0, &pattern(0, 16)), Err((5, 0x30, 5)));
    let features = host.current_features();
    assert!(
        !features.contains(&0x20) && !features.contains(&0x23),
        "{features:02X?}"
    );
    let speeds = host.get(&[0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 16, 3, 0], 64);
    assert_eq!(speeds.len(), 8);
    host.refused(&common::close(2, 0), (5, 0x30, 5));
}

/// What a host may do with a disc for pseudo-overwriting.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// So many clusters at the next writable address.
    GoOn(u32),
    /// So many blocks at one that may have been written.
    Replace(u32, u32),
    Synchronize,
    CloseTrack,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1u32..4).prop_map(Act::GoOn),
        3 => (0u32..40, 1u32..4).prop_map(|(at, count)| Act::Replace(at * 32, count * 32)),
        3 => (0u32..1280, 1u32..100).prop_map(|(lba, blocks)| Act::Replace(lba, blocks)),
        2 => Just(Act::Synchronize),
        1 => Just(Act::CloseTrack),
        1 => Just(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is written and replaced, a disc with bad places reads back as the last that was
    /// written, and each cluster of a replacement and each bad cluster costs one spare.
    #[test]
    fn a_disc_for_pseudo_overwriting_reads_back_what_was_written_last(
        acts in prop::collection::vec(act(), 1..60),
        bad in prop::collection::btree_set(0u32..40, 0..6),
    ) {
        let model = DriveModel {
            defects: bad.iter().map(|at| (at * 32 + 5..at * 32 + 6, Defect::Unwritable)).collect(),
            ..DriveModel::default()
        };
        // Large enough for more spares than the acts can spend.
        let mut host = Host::sold(DiscType::BdRPow, Some(SMALL * 32), model);
        let spares = pow(&mut host).0;
        // What each block holds, in their order.
        let mut held: Vec<u32> = Vec::new();
        let (mut replaced, mut version) = (0, 1_000_000);
        for act in acts {
            let track = host.disc().4;
            match act {
                Act::GoOn(count) => {
                    let nwa = host.nwa(track).unwrap();
                    prop_assert_eq!(nwa, held.len() as u32);
                    for at in 0..count {
                        version += 32;
                        host.write(nwa + at * 32, &pattern(version, 32));
                        held.extend(version..version + 32);
                    }
                }
                Act::Replace(lba, blocks) => {
                    version += 320;
                    let there = held.len() as u32;
                    let end = lba + blocks;
                    if lba >= there && !blocks.is_multiple_of(32) {
                        // At the next writable address, whole clusters.
                        continue;
                    }
                    let told = host.write_once(lba, &pattern(version, blocks));
                    let replaces = lba < there && end <= there;
                    prop_assert_eq!(told.is_ok(), replaces || lba == there, "{:?}", told);
                    if replaces {
                        replaced += end.div_ceil(32) - lba / 32;
                        let new = version..version + blocks;
                        held.splice(lba as usize..end as usize, new);
                    } else if lba == there {
                        held.extend(version..version + blocks);
                    }
                }
                Act::Synchronize => host.sync(),
                Act::CloseTrack => {
                    let _ = host.command(&common::close(1, u16::from(track)));
                    host.ready();
                }
                Act::Reopen => {
                    host.sync();
                    host = host.reopened();
                }
            }
            host.drive.medium().unwrap().validate().unwrap();
        }
        host.sync();
        for (cluster, held) in held.chunks(32).enumerate() {
            let pattern: Vec<u8> = held.iter().flat_map(|version| pattern(*version, 1)).collect();
            prop_assert_eq!(host.read(cluster as u32 * 32, 32), Ok(pattern));
        }
        let worn = bad.iter().filter(|at| **at * 32 < held.len() as u32).count() as u32;
        prop_assert_eq!(pow(&mut host).0, spares - replaced - worn);
    }
}
