//! What the drive lets be written, and how it refuses the rest (recipes 4.2, 6 to 8, 13.2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::{BLOCK_BYTES, DriveModel, Medium, MediumKind, MemoryStore, Recorder};

const SEQUENTIAL: [MediumKind; 3] = [
    MediumKind::BdR,
    MediumKind::DvdPlusR,
    MediumKind::DvdPlusRDl,
];

fn write_12(lba: u32, blocks: u32, streaming: bool) -> [u8; 12] {
    let [a, b, c, d] = lba.to_be_bytes();
    let [e, f, g, h] = blocks.to_be_bytes();
    [0xAA, 0, a, b, c, d, e, f, g, h, u8::from(streaming) << 7, 0]
}

#[test]
fn recipe_13_2_a_write_beside_the_nwa_is_refused_below_and_above() {
    for kind in SEQUENTIAL {
        let mut host = Host::small(kind);
        let unit = kind.unit();
        host.write_units(0, 3);
        for lba in [0, unit, 2 * unit, 4 * unit, 3 * unit + 1] {
            let sense = host.write_once(lba, &pattern(lba, unit));
            assert_eq!(sense, Err(NOT_AT_NWA), "{kind:?} {lba}");
        }
        assert_eq!(host.nwa(1), Some(3 * unit));
        host.write_units(3 * unit, 1);
    }
}

/// Recipe 8: whole units, for writers that want to be held to it.
#[test]
fn recipe_8_a_strict_drive_refuses_a_part_of_a_unit() {
    let strict = DriveModel {
        refuses_part_units: true,
        ..DriveModel::default()
    };
    for kind in SEQUENTIAL {
        let mut host = Host::with_model(kind, Some(SMALL), strict.clone());
        for blocks in [1, kind.unit() - 1, kind.unit() + 1] {
            let sense = host.write_once(0, &pattern(0, blocks));
            assert_eq!(sense, Err(ILLEGAL_FIELD));
        }
        assert_eq!(host.disc().0, 0, "nothing happened");
    }
}

/// wodim reserves exactly the image's size, and writes 31 blocks at a time.
#[test]
fn wodim_reserves_and_writes_a_dvd_plus_r_in_any_number_of_blocks() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.good(&reserve(1060));
    assert_eq!(word(&host.track(1), 24), 1072);
    for lba in (0..1060).step_by(31) {
        host.write(lba, &pattern(lba, 31.min(1060 - lba)));
    }
    host.sync();
    assert_eq!(host.nwa(1), None, "the reservation is full");
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.last_lba(), 1071);
    assert_eq!(stored(&host.store, 0, 1060), pattern(0, 1060));
    assert_eq!(host.read(1060, 12).unwrap(), vec![0; 12 * BLOCK_BYTES]);
}

/// growisofs writes BD-R in half clusters, on every drive.
#[test]
fn bd_r_collects_clusters_and_pads_the_last_one_when_it_is_synchronized() {
    let mut host = Host::small(MediumKind::BdR);
    for lba in (0..176).step_by(16) {
        host.write(lba, &pattern(lba, 16));
        assert_eq!(host.nwa(1), Some(lba + 16));
    }
    host.drive.advance(std::time::Duration::from_secs(10));
    assert_eq!(
        host.drive.next_change(),
        None,
        "half a cluster waits for its rest"
    );
    assert_eq!(
        host.read(150, 26).unwrap(),
        pattern(150, 26),
        "and can be read"
    );
    assert_eq!(stored(&host.store, 160, 16), vec![0; 16 * BLOCK_BYTES]);
    host.write(176, &pattern(176, 7));
    host.sync();
    assert_eq!(host.nwa(1), Some(192));
    assert_eq!(stored(&host.store, 0, 183), pattern(0, 183));
    assert_eq!(host.read(183, 9).unwrap(), vec![0; 9 * BLOCK_BYTES]);
    assert_eq!(host.write_once(183, &pattern(183, 1)), Err(NOT_AT_NWA));
    // A close pads as well.
    host.write(192, &pattern(192, 1));
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.last_lba(), 223);
    assert_eq!(stored(&host.store, 192, 1), pattern(192, 1));
}

#[test]
fn half_a_cluster_never_keeps_a_full_buffer_full() {
    let model = DriveModel {
        buffer_bytes: 0, // the least: 64 blocks
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), model);
    let mut lba = 0;
    for blocks in [31, 64, 33, 64, 1, 64, 63].into_iter().cycle().take(50) {
        host.write(lba, &pattern(lba, blocks));
        lba += blocks;
    }
    host.sync();
    assert_eq!(stored(&host.store, 0, lba), pattern(0, lba));
}

#[test]
fn half_a_cluster_is_padded_when_the_host_writes_another_track() {
    let mut host = Host::small(MediumKind::BdR);
    host.good(&reserve(64));
    host.write(0, &pattern(0, 16));
    host.write(64, &pattern(64, 16));
    assert_eq!((host.nwa(1), host.nwa(2)), (Some(32), Some(80)));
    host.write(32, &pattern(32, 32));
    assert_eq!((host.nwa(1), host.nwa(2)), (None, Some(96)));
    host.sync();
    assert_eq!(stored(&host.store, 0, 16), pattern(0, 16));
    assert_eq!(stored(&host.store, 16, 16), vec![0; 16 * BLOCK_BYTES]);
    assert_eq!(stored(&host.store, 32, 48), pattern(32, 48));
}

/// Recipe 8: the next writable address is the only truth after a power loss.
#[test]
fn recipe_8_a_power_loss_costs_the_cluster_that_was_not_whole() {
    let mut host = Host::small(MediumKind::BdR);
    host.write(0, &pattern(0, 48));
    host.advance_ms(10_000);
    host.drive.power_loss();
    host.ready();
    assert_eq!(host.nwa(1), Some(32));
    host.write(32, &pattern(32, 32));
    // Left alone, it is written, and taken out by hand too.
    host.write(64, &pattern(64, 3));
    host.drive.settle();
    assert_eq!(host.nwa(1), Some(96));
    assert_eq!(stored(&host.store, 64, 3), pattern(64, 3));
    host.write(96, &pattern(96, 3));
    let medium = host.drive.remove().unwrap();
    assert_eq!(medium.written_end(), 128);
}

#[test]
fn recipe_13_2_a_write_over_the_end_of_the_medium_is_refused() {
    for kind in SEQUENTIAL {
        let mut host = Host::small(kind);
        let unit = kind.unit();
        host.write_units(0, SMALL / unit - 1);
        let last = SMALL - unit;
        let sense = host.write_once(last, &pattern(last, 2 * unit));
        assert_eq!(sense, Err(OUT_OF_RANGE));
        host.write_units(last, 1);
        let sense = host.write_once(SMALL, &pattern(SMALL, unit));
        assert_eq!(sense, Err(OUT_OF_RANGE));
        host.sync();
        assert_eq!(host.nwa(1), None, "a full track has no address to write to");
        host.close(1, 1);
        host.close(2, 0);
        assert_eq!(host.disc().0, 2, "a full disc is complete");
    }
}

#[test]
fn recipe_13_2_a_finished_disc_is_not_written() {
    for (kind, function) in [(MediumKind::BdR, 6), (MediumKind::DvdPlusR, 5)] {
        let mut host = Host::small(kind);
        host.write_units(0, 2);
        host.close(function, 0);
        let lba = 2 * kind.unit();
        let sense = host.write_once(lba, &pattern(lba, kind.unit()));
        assert_eq!(sense, Err((5, 0x30, 5)));
        host.refused(&close(2, 0), (5, 0x30, 5));
        host.refused(&reserve(kind.unit()), (5, 0x30, 5));
        host.refused(&[0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0], (5, 0x30, 5));
    }
}

/// Recipe 4: data length must equal blocks times block size on the wire.
#[test]
fn recipe_4_data_that_do_not_fit_the_cdb_are_refused_and_nothing_is_written() {
    let mut host = Host::small(MediumKind::BdR);
    for len in [0, 31 * BLOCK_BYTES, 32 * BLOCK_BYTES - 1, 33 * BLOCK_BYTES] {
        host.send_refused(&write_10(0, 32), &vec![0; len], (0xB, 0x4B, 0));
    }
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    let answer = host
        .drive
        .execute(&[0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[], &mut [0; 2048]);
    assert_eq!(answer.key_asc_ascq(), Some((0xB, 0x4B, 0)));
}

/// Recipe 4.2: 2/04/08, and the same CDB again.
#[test]
fn recipe_4_2_a_full_buffer_refuses_without_any_change_and_drains_at_medium_speed() {
    let model = DriveModel {
        buffer_bytes: 1 << 20,
        calibrates_at_first_write: false,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, None, model);
    // 2x: 8990 kB/s.
    host.good(&[0xBB, 0, 0xFF, 0xFF, 0x23, 0x1E, 0, 0, 0, 0, 0, 0]);
    let mut lba = 0;
    while host.write_once(lba, &pattern(lba, 32)) == Ok(()) {
        lba += 32;
    }
    assert_eq!(lba, 512, "1 MiB of blocks");
    let before = host.track(1);
    assert_eq!(host.write_once(lba, &pattern(lba, 32)), Err(BUFFER_FULL));
    assert_eq!(host.track(1), before);
    // One cluster takes 7.29 ms at 2x.
    host.advance_ms(7);
    assert_eq!(host.write_once(lba, &pattern(lba, 32)), Err(BUFFER_FULL));
    host.advance_ms(1);
    assert_eq!(host.write_once(lba, &pattern(lba, 32)), Ok(()));
    let free = host.get(&[0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0], 12);
    assert_eq!((word(&free, 4), word(&free, 8)), (1 << 20, 0));
    // The caller learns when to come back.
    let wait = host.drive.next_change().unwrap();
    assert!((50..70).contains(&wait.as_millis()), "{wait:?}");
    host.drive.advance(wait);
    let free = host.get(&[0x5C, 1, 0, 0, 0, 0, 0, 0, 12, 0], 12);
    assert_eq!((free[3] & 1, word(&free, 8)), (1, 256));
}

/// Recipe 7: with spares every cluster is read back; WRITE (12) streaming disables that.
#[test]
fn recipe_7_spares_halve_the_speed_unless_the_host_streams() {
    let time = |streaming: bool| {
        let mut host = Host::with(MediumKind::BdRe);
        host.format_default();
        let data = pattern(0, 32);
        for at in 0..8 {
            host.sent(&write_12(at * 32, 32, streaming), &data);
        }
        host.drive.next_change().unwrap()
    };
    let (verified, streamed) = (time(false), time(true));
    assert_eq!(verified, streamed * 2);
    // 8 clusters of 64 KiB at 8990 kB/s.
    assert!((57..60).contains(&streamed.as_millis()), "{streamed:?}");
}

#[test]
fn recipe_6_streaming_needs_whole_units_and_a_medium_that_has_it() {
    let mut host = Host::small(MediumKind::DvdRam);
    host.send_refused(&write_12(1, 16, true), &pattern(1, 16), ILLEGAL_FIELD);
    host.send_refused(&write_12(0, 15, true), &pattern(0, 15), ILLEGAL_FIELD);
    host.sent(&write_12(0, 16, true), &pattern(0, 16));
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.send_refused(&write_12(0, 16, true), &pattern(0, 16), ILLEGAL_FIELD);
    host.sent(&write_12(0, 16, false), &pattern(0, 16));
}

#[test]
fn recipe_13_unformatted_bd_re_and_dvd_plus_rw_are_neither_written_nor_read() {
    for kind in [MediumKind::BdRe, MediumKind::DvdPlusRw] {
        let mut host = Host::small(kind);
        assert_eq!(host.write_once(0, &pattern(0, 32)), Err((3, 0x31, 0)));
        assert_eq!(host.read(0, 1), Err((3, 0x31, 0)));
        host.format_default();
        host.write(0, &pattern(0, 1));
    }
}

#[test]
fn recipe_8_overwritable_media_take_any_block_and_part_units_cost_more() {
    let mut host = Host::with(MediumKind::DvdRam);
    host.write(5, &pattern(5, 1));
    let part = host.drive.next_change().unwrap();
    host.sync();
    host.write(16, &pattern(16, 16));
    let whole = host.drive.next_change().unwrap();
    assert_eq!(part, whole * 2, "read, modify, write");
    assert_eq!(host.write_once(2_236_704, &[0; 2048]), Err(OUT_OF_RANGE));
    assert_eq!(host.write_once(2_236_703, &[0; 4096]), Err(OUT_OF_RANGE));
    assert_eq!(
        host.write_once(u32::MAX - 150, &[0; 2048]),
        Err(OUT_OF_RANGE)
    );
}

/// Recipe 9: 7/27.
#[test]
fn recipe_9_a_protected_disc_is_read_and_not_written() {
    let mut host = Host::small(MediumKind::DvdRam);
    host.write(0, &pattern(0, 16));
    host.sync();
    let mut medium = host.drive.remove().unwrap();
    medium.set_write_protected(true).unwrap();
    host.drive.insert(medium);
    host.ready();
    assert_eq!(host.write_once(0, &pattern(0, 16)), Err((7, 0x27, 0)));
    assert_eq!(
        host.format([0, 0x82, 0, 8, 0, 0, 0, 0, 0, 0, 8, 0])
            .key_asc_ascq(),
        Some((7, 0x27, 0))
    );
    assert_eq!(host.read(0, 16).unwrap(), pattern(0, 16));
    let status = host.get(&[0xAD, 0, 0, 0, 0, 0, 0, 0xC0, 0, 8, 0, 0], 8);
    assert_eq!(status[4], 4);
    let store = MemoryStore::new();
    let mut medium = Medium::restricted_overwrite(Some(SMALL), Box::new(store.clone())).unwrap();
    medium.set_write_protected(true).unwrap();
    let mut drive = Recorder::new(DriveModel::default());
    drive.insert(medium);
    let mut host = Host { drive, store };
    host.ready();
    let quick = [0, 0x82, 0, 8, 0, 0, 0, 0, 0x54, 0, 0, 16];
    assert_eq!(host.format(quick).key_asc_ascq(), Some((7, 0x27, 0)));
    host.refused(&blank(0), (7, 0x27, 0));
    assert_eq!(host.write_once(0, &pattern(0, 16)), Err((7, 0x27, 0)));
}

/// Recipe 4: WRITE AND VERIFY is a drop-in on overwrite media.
#[test]
fn recipe_4_write_and_verify_serves_overwritable_media_only() {
    let mut cdb = write_10(0, 16);
    cdb[0] = 0x2E;
    let mut host = Host::small(MediumKind::DvdRam);
    host.sent(&cdb, &pattern(0, 16));
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.send_refused(&cdb, &pattern(0, 16), (5, 0x20, 0));
}

/// Recipe 10: data still in the drive's cache are read back from it.
#[test]
fn recipe_10_a_read_gives_what_is_still_in_the_buffer() {
    // While a CD is written nothing of it reads.
    for kind in MediumKind::ALL.into_iter().filter(|kind| !kind.is_cd()) {
        let mut host = Host::small(kind);
        host.prepare();
        let unit = kind.unit();
        host.write(0, &pattern(0, 64 + 2 * unit));
        assert_eq!(host.read(unit, 40).unwrap(), pattern(unit, 40), "{kind:?}");
    }
}

#[test]
fn recipe_13_2_an_unwritten_block_is_not_read() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    assert_eq!(host.read(0, 1), Err(OUT_OF_RANGE));
    host.write_units(0, 2);
    host.close(2, 0);
    host.write_units(2080, 2);
    host.close(2, 0);
    assert_eq!(host.read(31, 1).unwrap(), pattern(31, 1));
    assert_eq!(host.read(31, 2), Err((3, 0x11, 5)), "between the sessions");
    assert_eq!(host.read(2112, 1), Err(OUT_OF_RANGE), "past the capacity");
    let mut host = Host::small(MediumKind::DvdRam);
    host.write(100, &pattern(100, 1));
    host.sync();
    assert_eq!(
        host.read(99, 1).unwrap(),
        vec![0; 2048],
        "of the same ECC block"
    );
    let answer = host.drive.execute(
        &[0x28, 0, 0, 0, 0, 100, 0, 0, 32, 0],
        &[],
        &mut vec![0; 32 * 2048],
    );
    assert_eq!(answer.key_asc_ascq(), Some((3, 0x11, 5)));
    assert_eq!(answer.sense[0], 0xF0);
    assert_eq!(word(&answer.sense, 3), 112, "the block to blame");
}

/// Recipe 13.2: RESERVE after writing 5/2C/00; recipe 6: a multiple of 32 KiB on DVD+R.
#[test]
fn recipe_13_2_a_reservation_comes_before_the_first_write() {
    let mut host = Host::small(MediumKind::BdR);
    host.refused(&reserve(0), ILLEGAL_FIELD);
    host.refused(&reserve(33), ILLEGAL_FIELD);
    host.refused(&reserve(SMALL + 32), ILLEGAL_FIELD);
    host.good(&reserve(64));
    assert_eq!(host.disc(), (1, 1, 1, 1, 2));
    let track = host.track(1);
    assert_eq!(track[6] & 0xC0, 0xC0, "reserved and blank");
    assert_eq!((word(&track, 16), word(&track, 24)), (64, 64));
    assert_eq!(host.nwa(2), Some(64), "what follows is open too");
    host.write_units(0, 1);
    assert_eq!(host.track(1)[6] & 0xC0, 0x80, "reserved, partly written");
    host.refused(&close(2, 0), (5, 0x72, 3));
    assert_eq!(
        host.write_once(32, &pattern(32, 64)),
        Err(OUT_OF_RANGE),
        "over the end of the track"
    );
    host.write_units(64, 1);
    host.refused(&reserve(64), (5, 0x2C, 0));
    // Closing pads the reservation.
    host.close(1, 1);
    assert_eq!(host.read(32, 32).unwrap(), vec![0; 32 * 2048]);
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 3, 3));
}

/// Closing a reserved track pads it to its end, also where nothing was written (recipe 6).
#[test]
fn an_empty_reserved_track_is_padded_when_it_is_closed() {
    for kind in SEQUENTIAL {
        let mut host = Host::small(kind);
        let unit = kind.unit();
        host.good(&reserve(4 * unit));
        host.refused(&close(2, 0), (5, 0x72, 3));
        host.close(1, 1);
        assert_eq!(host.nwa(1), None, "{kind:?}");
        host.write_units(4 * unit, 1);
        host.close(1, 2);
        host.close(2, 0);
        assert_eq!(host.last_lba(), 5 * unit - 1);
        let zeros = vec![0; 4 * unit as usize * BLOCK_BYTES];
        assert_eq!(host.read(0, 4 * unit as u16).unwrap(), zeros);
        assert_eq!(host.read(4 * unit, 1).unwrap(), pattern(4 * unit, 1));
    }
}

/// Sixteen fragments to a session of DVD+R, of which the last cannot be reserved (recipe 6).
#[test]
fn a_dvd_plus_r_session_takes_fifteen_reservations_and_the_track_after_them() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    for number in 1..=15_u8 {
        host.good(&reserve(16));
        assert_eq!(host.disc(), (1, 1, 1, 1, number + 1));
        assert_eq!(host.nwa(number), Some(u32::from(number - 1) * 16));
    }
    host.refused(&reserve(16), (5, 0x72, 5));
    assert_eq!(
        host.nwa(0xFF),
        Some(240),
        "the invisible track lies behind them"
    );
    // In any order.
    host.write_units(32, 1);
    host.write_units(0, 1);
    host.write_units(240, 2);
    host.refused(&close(2, 0), (5, 0x72, 3));
    for number in 1..=16 {
        host.close(1, number);
    }
    host.refused(&reserve(16), (5, 0x72, 5));
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 17, 17));
    assert_eq!(host.read(32, 16).unwrap(), pattern(32, 16));
    assert_eq!(host.read(16, 1).unwrap(), vec![0; BLOCK_BYTES]);
    host.good(&reserve(16));
}

/// Recipe 4: pairs of function and medium that do not exist.
#[test]
fn recipe_4_close_functions_of_other_media_are_refused() {
    let refused: [(MediumKind, &[u8]); 6] = [
        (MediumKind::BdR, &[0, 3, 4, 5, 7]),
        (MediumKind::BdRe, &[0, 1, 2, 3, 4, 5, 6, 7]),
        (MediumKind::DvdPlusR, &[0, 3, 4, 7]),
        (MediumKind::DvdPlusRDl, &[0, 3, 6, 7]),
        (MediumKind::DvdPlusRw, &[1, 4, 5, 6, 7]),
        (MediumKind::DvdRam, &[0, 1, 2, 3, 4, 5, 6, 7]),
    ];
    for (kind, functions) in refused {
        let mut host = Host::small(kind);
        if kind == MediumKind::DvdPlusRw {
            host.format_default();
        }
        for function in functions {
            host.refused(&close(*function, u16::from(*function == 1)), ILLEGAL_FIELD);
        }
    }
}

#[test]
fn recipe_13_2_there_is_nothing_to_close_on_a_blank_disc() {
    for kind in SEQUENTIAL {
        let mut host = Host::small(kind);
        host.refused(&close(1, 1), (5, 0x72, 4));
        host.refused(&close(2, 0), (5, 0x72, 4));
        host.refused(&close(1, 2), ILLEGAL_FIELD);
        host.write_units(0, 1);
        host.close(2, 0);
        host.refused(&close(2, 0), (5, 0x72, 4));
    }
}

/// Recipe 6: one session per track.
#[test]
fn recipe_6_a_closed_track_of_dvd_plus_r_waits_for_its_session_to_be_closed() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.write_units(0, 4);
    host.close(1, 1);
    assert_eq!(host.disc(), (1, 1, 1, 1, 1));
    assert_eq!(host.write_once(64, &pattern(64, 16)), Err((5, 0x2C, 0)));
    assert_eq!(
        host.try_get(&[0x52, 1, 0, 0, 0, 0xFF, 0, 0, 48, 0], 48),
        Err(ILLEGAL_FIELD)
    );
    host.close(2, 0);
    assert_eq!(host.nwa(0xFF), Some(64 + 2048));
}

/// Recipe 6: at most 153 sessions.
#[test]
fn recipe_6_a_dvd_plus_r_is_complete_with_its_153rd_session() {
    let blocks = 154 * 2064;
    let mut host = Host::with_model(MediumKind::DvdPlusR, Some(blocks), DriveModel::default());
    for session in 0..153 {
        assert_eq!(host.disc().0, u8::from(session > 0));
        host.write_units(session * (2048 + 16), 1);
        host.close(2, 0);
    }
    assert_eq!(host.disc(), (2, 3, 153, 153, 153));
    assert!(
        blocks > host.last_lba() + 2064,
        "there was room for another"
    );
}

/// Recipe 6: a DVD+RW whose background format was stopped is restarted before
/// blocks beyond it are written.
#[test]
fn recipe_6_a_suspended_format_is_restarted_before_it_is_overtaken() {
    let mut host = Host::with(MediumKind::DvdPlusRw);
    host.format_default();
    host.write_units(0, 4);
    host.sync();
    host.close(0, 0);
    host.write_units(0, 4);
    assert_eq!(
        host.write_once(1_000_000, &pattern(1_000_000, 16)),
        Err((5, 0x2C, 0))
    );
    host.sent(&[4, 0x11, 0, 0, 0, 0], &restart());
    host.ready();
    assert_eq!(host.disc_information()[7] & 3, 2);
    host.write(1_000_000, &pattern(1_000_000, 16));
    host.sync();
    assert_eq!(
        host.read(0, 64).unwrap(),
        pattern(0, 64),
        "nothing was lost"
    );
    // Left alone, it comes to its end and says so.
    let left = host.drive.background_format_left().unwrap();
    host.drive.advance(left);
    assert_eq!(host.disc_information()[7] & 3, 3);
    assert_eq!(host.read(500_000, 1).unwrap(), vec![0; 2048]);
    assert_eq!(host.read(1_000_000, 16).unwrap(), pattern(1_000_000, 16));
}

fn restart() -> [u8; 12] {
    [0, 2, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0x26 << 2, 0, 0, 1]
}

/// Recipes 6 and 13.2: the layer break is set once, before the first write.
#[test]
fn recipe_6_the_layer_break_of_a_dual_layer_disc_is_fixed_once() {
    let send = [0xBF, 0, 0, 0, 0, 0, 0, 0x20, 0, 12, 0, 0];
    let read = [0xAD, 0, 0, 0, 0, 0, 0, 0x20, 0, 12, 0, 0];
    let list = |blocks: u32| {
        let mut out = [0; 12];
        out[8..].copy_from_slice(&blocks.to_be_bytes());
        out
    };
    let mut host = Host::with(MediumKind::DvdPlusRDl);
    let before = host.get(&read, 12);
    assert_eq!((before[4] & 0x80, word(&before, 8)), (0, 2_086_912));
    for blocks in [0, 8, 2_086_912 + 16] {
        host.send_refused(&send, &list(blocks), ILLEGAL_PARAMETER);
    }
    host.sent(&send, &list(1_600_000));
    let after = host.get(&read, 12);
    assert_eq!((after[4] & 0x80, word(&after, 8)), (0x80, 1_600_000));
    assert_eq!(word(&host.track(1), 16), 3_200_000);
    host.send_refused(&send, &list(1_600_000), (5, 0x2C, 0));
    let mut host = Host::with(MediumKind::DvdPlusRDl);
    host.write_units(0, 1);
    host.send_refused(&send, &list(1_600_000), (5, 0x2C, 0));
    let mut host = Host::with(MediumKind::DvdPlusR);
    host.send_refused(&send, &list(1_600_000), ILLEGAL_FIELD);
}

/// Recipe 8: after a power loss the track is open, and the NWA is the only truth.
#[test]
fn recipe_8_a_power_loss_costs_what_the_buffer_held_and_nothing_else() {
    for kind in SEQUENTIAL {
        let mut host = Host::small(kind);
        host.write_units(0, 40);
        host.advance_ms(60);
        let accepted = host.nwa(1).unwrap();
        host.drive.power_loss();
        host.refused(&[0; 6], (6, 0x29, 0));
        host.refused(&[0; 6], (2, 4, 1));
        host.ready();
        let kept = host.nwa(1).unwrap();
        assert!(0 < kept && kept < accepted, "{kind:?} {kept} {accepted}");
        assert_eq!(host.read(0, kept as u16).unwrap(), pattern(0, kept));
        assert_eq!(host.disc(), (1, 1, 1, 1, 1));
        assert_eq!(host.reopened().nwa(1), Some(kept));
        host.write_units(kept, 2);
        host.close(2, 0);
        assert_eq!(host.disc().0, 1);
    }
}

#[test]
fn recipe_2_2_a_drive_may_report_the_damage_of_a_power_loss() {
    let model = DriveModel {
        damage_after_power_loss: true,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), model);
    host.write_units(0, 40);
    host.advance_ms(60);
    host.drive.power_loss();
    host.ready();
    let track = host.track(1);
    assert_eq!(
        (track[5] & 0x20, track[7] & 1),
        (0x20, 1),
        "damaged, resumable"
    );
    host.close(1, 1);
    assert_eq!(host.track(1)[5] & 0x20, 0);
}

/// In test nothing is on its way to the disc (recipe 3).
#[test]
fn recipe_3_a_power_loss_in_test_damages_nothing() {
    let model = DriveModel {
        damage_after_power_loss: true,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::DvdMinusR, Some(SMALL), model);
    assert_eq!(host.write_parameters(&[(2, 0x50)]).key_asc_ascq(), None);
    host.write_units(0, 40);
    host.drive.power_loss();
    host.ready();
    assert_eq!(host.track(1)[5] & 0x20, 0);
    assert_eq!((host.disc(), host.nwa(1)), ((0, 0, 1, 1, 1), Some(0)));
}

/// A recording at once that was only announced is forgotten: nothing of it is on the disc.
#[test]
fn a_reservation_at_once_does_not_outlive_the_power_nor_the_tray() {
    for how in 0..3 {
        let mut host = Host::small(MediumKind::DvdMinusR);
        host.at_once();
        host.good(&reserve(1600));
        assert_eq!(host.disc().1, 1);
        match how {
            0 => {
                host.drive.power_loss();
                host.ready();
            }
            1 => host = host.reopened(),
            _ => {
                let medium = host.drive.remove().unwrap();
                host.drive.insert(medium);
                host.ready();
            }
        }
        assert_eq!(host.disc(), (0, 0, 1, 1, 1), "{how}");
        assert_eq!(word(&host.track(1), 16), SMALL);
        host.incremental();
        host.write_units(0, 1);
    }
}
