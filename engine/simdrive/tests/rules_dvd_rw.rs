//! DVD-RW in restricted overwrite, and the ways to it and back: recipes 1, 6, 8, 13, 13.2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::{
    BLOCK_BYTES, DriveModel, Medium, MediumKind, MemoryStore, Recorder, Status,
};

const NOTHING_TO_CLOSE: Sense = (5, 0x72, 4);
const READ_ERROR: Sense = (3, 0x11, 5);

/// The 12 bytes of FORMAT UNIT, answered at once.
fn list(kind: u8, blocks: u32, parameter: u32) -> [u8; 12] {
    let [a, b, c, d] = blocks.to_be_bytes();
    let [_, x, y, z] = parameter.to_be_bytes();
    [0, 0x82, 0, 8, a, b, c, d, kind << 2, x, y, z]
}

fn format(host: &mut Host, kind: u8, blocks: u32, parameter: u32) {
    let answer = host.format(list(kind, blocks, parameter));
    assert_eq!(answer.key_asc_ascq(), None, "{kind:02X} {blocks}");
    host.ready();
}

/// A disc sold formatted, in a drive.
fn formatted(blocks: Option<u32>, model: DriveModel) -> Host {
    let store = MemoryStore::new();
    let medium = Medium::restricted_overwrite(blocks, Box::new(store.clone())).unwrap();
    let mut drive = Recorder::new(model);
    drive.insert(medium);
    let mut host = Host { drive, store };
    host.ready();
    host
}

fn profile(host: &mut Host) -> u8 {
    host.get(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 8)[7]
}

fn features(host: &mut Host) -> Vec<u16> {
    let always = [0, 1, 2, 3, 0x100, 0x105, 0x107, 0x108];
    let mut current = host.current_features();
    current.retain(|code| !always.contains(code));
    current
}

/// The current descriptor, then each format: blocks, type, parameter.
fn capacities(host: &mut Host) -> Vec<(u32, u8, u32)> {
    let reply = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let line = |(at, line): (usize, &[u8])| {
        let kind = if at == 0 { line[4] & 3 } else { line[4] >> 2 };
        (word(line, 0), kind, word(line, 4) & 0xFF_FFFF)
    };
    reply[4..].chunks(8).enumerate().map(line).collect()
}

const RESTRICTED: [u16; 6] = [0x10, 0x1F, 0x21, 0x23, 0x26, 0x2C];

#[test]
fn recipe_13_a_disc_that_is_sold_formatted_is_complete_and_written_anywhere() {
    let mut host = formatted(None, DriveModel::default());
    assert_eq!(profile(&mut host), 0x13);
    assert_eq!(features(&mut host), RESTRICTED);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!(host.disc_information()[2] & 0x10, 0x10, "erasable");
    assert_eq!(host.last_lba(), 2_297_887);
    assert_eq!(host.nwa(1), None);
    assert_eq!(word(&host.track(1), 16), 0);
    // growisofs wants fixed packets of one ECC block here.
    assert_eq!(host.track(1)[6], 0x31);
    assert_eq!(word(&host.track(1), 20), 16);
    assert_eq!(
        capacities(&mut host),
        [
            (2_297_888, 2, 2048),
            (2_297_888, 0x00, 2048),
            (2_297_888, 0x10, 16),
            (2_297_888, 0x15, 16)
        ]
    );
    assert_eq!(host.read(1000, 16).unwrap(), vec![0; 16 * BLOCK_BYTES]);
    host.write(160, &pattern(160, 32));
    host.write(0, &pattern(0, 16));
    host.sync();
    assert_eq!(host.read(160, 32).unwrap(), pattern(160, 32));
    host.refused(&close(2, 0), NOTHING_TO_CLOSE);
    let mut again = host.reopened();
    assert_eq!((profile(&mut again), again.last_lba()), (0x13, 2_297_887));
    assert_eq!(again.read(160, 32).unwrap(), pattern(160, 32));
}

#[test]
fn recipe_13_2_parts_of_ecc_blocks_and_what_is_not_formatted_are_not_written() {
    let mut host = formatted(Some(SMALL), DriveModel::default());
    for (lba, blocks) in [(0, 1), (8, 16), (0, 17), (16, 8)] {
        let cdb = write_10(lba, blocks);
        host.send_refused(&cdb, &pattern(lba, blocks.into()), OUT_OF_RANGE);
    }
    host.send_refused(&write_10(SMALL, 16), &pattern(0, 16), OUT_OF_RANGE);
    host.send_refused(&write_10(SMALL - 16, 32), &pattern(0, 32), OUT_OF_RANGE);
    assert_eq!(host.read(SMALL, 1), Err(OUT_OF_RANGE));
    // No test writing, and nothing but packets (recipe 3).
    for bytes in [[(2, 0x50), (3, 0x25)], [(2, 0x42), (3, 0x05)]] {
        let answer = host.write_parameters(&bytes);
        assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    }
    let page = [(2, 0x40), (3, 0x25), (5, 0), (13, 16)];
    assert_eq!(host.write_parameters(&page).key_asc_ascq(), None);
    host.refused(&reserve(160), ILLEGAL_FIELD);
    host.refused(&close(1, 1), ILLEGAL_FIELD);
    host.good(&[0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
}

/// Recipe 6: after a quick format the session is written from 0 on, and closed.
#[test]
fn recipe_6_a_quick_format_is_written_in_order_and_closed() {
    let mut host = Host::small(MediumKind::DvdMinusRw);
    assert_eq!(profile(&mut host), 0x14);
    assert_eq!(capacities(&mut host)[0], (SMALL, 1, 2048));
    let answer = host.format(list(0x15, 0, 0));
    assert_eq!(answer.status, Status::Good);
    host.refused(&[0; 6], (2, 4, 4));
    host.ready();
    assert_eq!(profile(&mut host), 0x13);
    assert_eq!(features(&mut host), RESTRICTED);
    assert_eq!(host.disc(), (1, 1, 1, 1, 1));
    assert_eq!((host.last_lba(), host.nwa(1)), (0, Some(0)));
    assert_eq!(word(&host.track(1), 16), SMALL, "all of it can be written");
    assert_eq!((host.track(1)[6], word(&host.track(1), 20)), (0x31, 16));
    // Neither 13h nor 11h while it is open.
    assert_eq!(
        capacities(&mut host),
        [
            (SMALL, 3, 2048),
            (SMALL, 0x00, 2048),
            (SMALL, 0x10, 16),
            (SMALL, 0x15, 16)
        ]
    );
    host.refused(&close(2, 0), NOTHING_TO_CLOSE);
    host.send_refused(&write_10(16, 16), &pattern(16, 16), NOT_AT_NWA);
    host.write(0, &pattern(0, 64));
    assert_eq!(host.nwa(1), Some(64));
    host.send_refused(&write_10(80, 16), &pattern(80, 16), NOT_AT_NWA);
    // What was written is written again.
    host.write(32, &pattern(32, 64));
    assert_eq!(host.nwa(1), Some(96));
    host.sync();
    assert_eq!(host.last_lba(), 95);
    assert_eq!(host.read(0, 96).unwrap(), pattern(0, 96));
    assert_eq!(host.read(96, 16), Err(OUT_OF_RANGE));
    host.close(2, 0);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!((host.last_lba(), host.nwa(1)), (95, None));
    host.send_refused(&write_10(96, 16), &pattern(96, 16), OUT_OF_RANGE);
    host.write(16, &pattern(16, 16));
    let toc = host.get(&[0x43, 0, 0, 0, 0, 0, 0, 0, 20, 0], 20);
    assert_eq!(word(&toc, 16), 96, "lead-out");
}

#[test]
fn recipe_6_a_closed_session_is_grown() {
    let mut host = Host::small(MediumKind::DvdMinusRw);
    format(&mut host, 0x10, 160, 16);
    assert_eq!(capacities(&mut host)[0], (160, 2, 2048));
    assert_eq!(
        capacities(&mut host)[4..],
        [(SMALL - 160, 0x11, 16), (SMALL - 160, 0x13, 16)]
    );
    host.write(0, &pattern(0, 160));
    // 13h: what is there stays, and the session is open at its end.
    format(&mut host, 0x13, 0, 16);
    assert_eq!(host.disc(), (1, 1, 1, 1, 1));
    assert_eq!((host.last_lba(), host.nwa(1)), (159, Some(160)));
    assert_eq!(word(&host.track(1), 16), SMALL - 160);
    host.write(160, &pattern(160, 32));
    host.close(2, 0);
    assert_eq!((host.disc().0, host.last_lba()), (2, 191));
    assert_eq!(host.read(0, 192).unwrap(), pattern(0, 192));
    // Nothing need be written of it.
    format(&mut host, 0x13, 0, 16);
    host.close(2, 0);
    assert_eq!(host.last_lba(), 191);
    // 11h: formatted all through.
    format(&mut host, 0x11, 20, 16);
    assert_eq!((host.disc().0, host.last_lba()), (2, 223));
    assert_eq!(host.read(192, 32).unwrap(), vec![0; 32 * BLOCK_BYTES]);
    assert_eq!(host.read(0, 192).unwrap(), pattern(0, 192));
    let most = SMALL - 224;
    let answer = host.format(list(0x11, most + 1, 16));
    assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    format(&mut host, 0x11, most, 16);
    assert_eq!(capacities(&mut host).len(), 4, "it can grow no more");
}

#[test]
fn recipe_8_an_open_session_outlives_a_power_loss_with_what_reached_the_disc() {
    let mut host = Host::small(MediumKind::DvdMinusRw);
    format(&mut host, 0x15, 0, 16);
    host.write_units(0, 10);
    host.sync();
    host.write_units(160, 200);
    host.drive.power_loss();
    host.ready();
    let nwa = host.nwa(1).unwrap();
    assert!(
        (160..3360).contains(&nwa) && nwa.is_multiple_of(16),
        "{nwa}"
    );
    assert_eq!(host.read(0, 160).unwrap(), pattern(0, 160));
    let mut host = host.reopened();
    assert_eq!(host.nwa(1), Some(nwa));
    host.write(nwa, &pattern(nwa, 16));
    host.close(2, 0);
    assert_eq!(host.last_lba(), nwa + 15);
}

#[test]
fn recipe_6_a_full_format_takes_its_time_and_leaves_zeros() {
    for (kind, blocks, parameter, told) in [
        (0x00, SMALL, 2048, SMALL),
        (0x10, SMALL, 16, SMALL),
        (0x10, 1000, 16, 1008),
    ] {
        let mut host = Host::small(MediumKind::DvdMinusRw);
        host.incremental();
        host.write_units(0, 4);
        host.close(1, 1);
        host.close(2, 0);
        let before = host.drive.now();
        format(&mut host, kind, blocks, parameter);
        assert!((host.drive.now() - before).as_secs() >= 20);
        assert_eq!(host.disc(), (2, 3, 1, 1, 1));
        assert_eq!(host.last_lba() + 1, told);
        assert_eq!(host.read(0, 64).unwrap(), vec![0; 64 * BLOCK_BYTES]);
    }
}

#[test]
fn recipe_13_2_formats_that_are_not_listed_are_refused() {
    let mut host = Host::small(MediumKind::DvdMinusRw);
    let wrong = [
        (0x00, SMALL - 16, 2048),
        (0x00, SMALL, 16),
        (0x01, SMALL, 2048),
        (0x10, SMALL + 16, 16),
        (0x10, 0, 16),
        (0x10, SMALL, 2048),
        (0x11, 16, 16),
        (0x12, 0, 16),
        (0x13, 0, 16),
        (0x14, 0, 16),
        (0x15, SMALL + 1, 16),
        (0x15, 0, 32),
        (0x26, SMALL, 0),
        (0x30, SMALL, 0),
    ];
    for (kind, blocks, parameter) in wrong {
        let answer = host.format(list(kind, blocks, parameter));
        assert_eq!(
            answer.key_asc_ascq(),
            Some(ILLEGAL_PARAMETER),
            "{kind:02X} {blocks}"
        );
    }
    host.send_refused(&[0x04, 0x11, 0, 0, 0, 0], &[0; 8], (5, 0x1A, 0));
    let test = [(2, 0x50), (3, 0xE5)];
    assert_eq!(host.write_parameters(&test).key_asc_ascq(), None);
    let answer = host.format(list(0x15, 0, 16));
    assert_eq!(answer.key_asc_ascq(), Some((5, 0x2C, 0)), "in test write");
    assert_eq!(profile(&mut host), 0x14);
}

#[test]
fn recipe_9_a_format_that_was_cut_off_is_3_31_01() {
    let mut host = formatted(Some(SMALL), DriveModel::default());
    host.write_units(0, 4);
    host.sync();
    assert_eq!(host.format(list(0x10, SMALL, 16)).status, Status::Good);
    host.advance_ms(1000);
    let mut host = host.reopened();
    assert_eq!(profile(&mut host), 0x13);
    assert_eq!(host.read(0, 16), Err((3, 0x31, 1)));
    host.send_refused(&write_10(0, 16), &pattern(0, 16), (3, 0x31, 1));
    format(&mut host, 0x15, 0, 16);
    host.write_units(0, 1);
}

#[test]
fn recipe_6_blank_leads_back_to_sequential_recording() {
    for (kind, increments) in [(0, true), (1, false)] {
        let mut host = formatted(Some(SMALL), DriveModel::default());
        host.write_units(0, 4);
        host.sync();
        host.good(&blank(kind));
        host.refused(&[0; 6], (2, 4, 7));
        host.ready();
        assert_eq!(profile(&mut host), 0x14);
        assert_eq!(host.disc(), (0, 0, 1, 1, 1));
        assert_eq!((host.nwa(1), word(&host.track(1), 16)), (Some(0), SMALL));
        assert_eq!(features(&mut host).contains(&0x21), increments);
        let mut host = host.reopened();
        assert_eq!(profile(&mut host), 0x14);
    }
}

#[test]
fn recipe_6_some_drives_do_not_read_an_open_session() {
    let mut host = Host::odd(MediumKind::DvdMinusRw, |q| {
        q.reads_no_intermediate_session = true
    });
    format(&mut host, 0x15, 0, 16);
    host.write_units(0, 4);
    host.sync();
    assert_eq!(host.read(0, 16), Err(READ_ERROR));
    host.close(2, 0);
    assert_eq!(host.read(0, 64).unwrap(), pattern(0, 64));
}

/// DVD+RW DL is like DVD+RW (recipe 1).
#[test]
fn recipe_6_dvd_plus_rw_of_two_layers_is_formatted_in_the_background() {
    let mut host = Host::with(MediumKind::DvdPlusRwDl);
    assert_eq!(profile(&mut host), 0x2A);
    assert_eq!(features(&mut host), [0x10, 0x1F, 0x20, 0x23, 0x3A]);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(
        capacities(&mut host),
        [(4_173_824, 1, 2048), (4_173_824, 0x26, 0)]
    );
    host.send_refused(&write_10(0, 16), &pattern(0, 16), (3, 0x31, 0));
    host.format_default();
    assert_eq!(host.disc_information()[7] & 3, 2, "in the background");
    host.write(5, &pattern(5, 3));
    host.sync();
    assert_eq!(host.last_lba(), 4_173_823);
    host.close(0, 0);
    host.close(2, 0);
    assert_eq!(host.disc_information()[7] & 3, 1);
    assert_eq!(host.read(5, 3).unwrap(), pattern(5, 3));
    host.refused(&blank(0), (5, 0x30, 5));
}
