//! DVD-R, DVD-RW in sequential recording and DVD-R DL: recipes 3, 4, 6, 8, 12 to 14.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::{
    BLOCK_BYTES, DiscStore, DriveModel, Medium, MediumKind, MemoryStore, Quirks, Recorder,
};

const MINUS: [MediumKind; 3] = [
    MediumKind::DvdMinusR,
    MediumKind::DvdMinusRw,
    MediumKind::DvdMinusRDl,
];
const ILLEGAL_MODE: Sense = (5, 0x64, 0);
const SEQUENCE: Sense = (5, 0x2C, 0);
const FINISHED: Sense = (5, 0x30, 5);
const INCOMPLETE_TRACK: Sense = (5, 0x72, 3);

fn features(host: &mut Host) -> Vec<u16> {
    let always = [0, 1, 2, 3, 0x100, 0x105, 0x107, 0x108];
    let mut current = host.current_features();
    current.retain(|code| !always.contains(code));
    current
}

fn profile(host: &mut Host) -> u8 {
    host.get(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 8)[7]
}

/// Bits 7 to 5 of byte 6: reserved, blank, incremental.
fn state(host: &mut Host, track: u8) -> u8 {
    host.track(track)[6] >> 5
}

#[test]
fn recipe_13_blank_discs_tell_state_free_blocks_and_features() {
    let expected: [(MediumKind, u8, u32, &[u16]); 3] = [
        (
            MediumKind::DvdMinusR,
            0x11,
            2_297_888,
            &[0x10, 0x1F, 0x21, 0x2F],
        ),
        (
            MediumKind::DvdMinusRw,
            0x14,
            2_297_888,
            &[0x10, 0x1F, 0x21, 0x23, 0x2F],
        ),
        (
            MediumKind::DvdMinusRDl,
            0x15,
            4_171_712,
            &[0x10, 0x1F, 0x21, 0x2F],
        ),
    ];
    for (kind, number, free, current) in expected {
        let mut host = Host::with(kind);
        assert_eq!(profile(&mut host), number, "{kind:?}");
        assert_eq!(host.disc(), (0, 0, 1, 1, 1));
        assert_eq!(host.nwa(1), Some(0));
        assert_eq!(word(&host.track(1), 16), free);
        assert_eq!(state(&mut host, 1), 0b011, "blank, incremental");
        // growisofs burns no track of fixed packets here.
        assert_eq!(
            host.track(1)[6] & 0x1F,
            1,
            "mode 1, packets of no fixed size"
        );
        assert_eq!(host.track(1)[5] & 0x0F, 5, "track mode");
        assert_eq!(host.last_lba(), 0);
        assert_eq!(features(&mut host), current, "{kind:?}");
        let erasable = host.disc_information()[2] & 0x10 != 0;
        assert_eq!(erasable, kind == MediumKind::DvdMinusRw);
        assert_eq!(
            host.try_get(&[0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0], 12),
            Err(ILLEGAL_FIELD)
        );
    }
}

/// Recipe 13, R4: what can be recorded is 608 blocks less than structure 10h has.
#[test]
fn recipe_2_4_structures_of_dvd_r() {
    let mut host = Host::with(MediumKind::DvdMinusR);
    let read =
        |host: &mut Host, format| host.try_get(&[0xAD, 0, 0, 0, 0, 0, 0, format, 8, 0, 0, 0], 2052);
    let area = read(&mut host, 0x10).unwrap();
    assert_eq!(word(&area, 12) + 1 - word(&area, 8), 2_298_496);
    let physical = read(&mut host, 0).unwrap();
    assert_eq!((physical[4], physical[6] & 0x60), (0x25, 0));
    let lead_in = read(&mut host, 0x0E).unwrap();
    assert_eq!((lead_in[20], lead_in[28]), (3, 4));
    assert_eq!(&lead_in[21..27], b"PITLAN");
    for format in [0x0A, 0x11, 0x20, 0x21, 0x22, 0x23, 0x24] {
        assert_eq!(read(&mut host, format), Err(ILLEGAL_FIELD), "{format:02X}");
    }
    let mut host = Host::with(MediumKind::DvdMinusRDl);
    let area = read(&mut host, 0x10).unwrap();
    assert_eq!(area[6] & 0x70, 0x30, "two layers, opposite track path");
    assert_eq!(
        word(&area, 16) + 1 - word(&area, 8),
        4_171_712 / 2,
        "layer 0"
    );
    assert_eq!(word(&read(&mut host, 0x20).unwrap(), 8), 4_171_712 / 2);
    assert!(read(&mut host, 0x21).is_ok());
    assert_eq!(read(&mut host, 0x22), Err(ILLEGAL_FIELD));
}

#[test]
fn recipe_13_a_border_is_written_closed_and_followed_by_another() {
    let mut host = Host::with(MediumKind::DvdMinusR);
    host.incremental();
    host.write_units(0, 4);
    assert_eq!(host.disc(), (1, 1, 1, 1, 1));
    assert_eq!(host.last_lba(), 0, "0 while no border is closed");
    host.sync();
    assert_eq!(state(&mut host, 1), 0b001);
    host.close(1, 1);
    // R5: the next track starts 16 blocks after the end of the last.
    assert_eq!(host.disc(), (1, 1, 1, 1, 2));
    assert_eq!((host.nwa(1), host.nwa(2)), (None, Some(64 + 16)));
    assert_eq!(
        word(&host.track(1), 16),
        0,
        "no block of a closed track is free"
    );
    host.write_units(80, 1);
    host.refused(&close(2, 0), INCOMPLETE_TRACK);
    host.close(1, 2);
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 3, 3));
    assert_eq!(host.last_lba(), 95);
    assert_eq!(host.nwa(3), Some(96 + 37_792));
    host.refused(&write_10(96, 16), (0xB, 0x4B, 0));
    host.send_refused(&write_10(96, 16), &pattern(96, 16), NOT_AT_NWA);
    assert_eq!(
        host.read(64, 16),
        Err((3, 0x11, 5)),
        "the link between two tracks"
    );
    assert_eq!(host.read(96, 16), Err(OUT_OF_RANGE));
    let start = 96 + 37_792;
    host.write_units(start, 2);
    host.last_session();
    host.close(1, 3);
    host.close(2, 0);
    assert_eq!(host.disc(), (2, 3, 2, 3, 3));
    assert_eq!(host.last_lba(), start + 31);
    assert_eq!(features(&mut host), [0x10, 0x1F]);
    assert_eq!(host.read(start, 32).unwrap(), pattern(start, 32));
    host.send_refused(&write_10(start + 32, 16), &pattern(0, 16), FINISHED);
    host.refused(&close(2, 0), FINISHED);
    let toc = host.get(&[0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0], 12);
    assert_eq!((toc[2], toc[3], toc[6], word(&toc, 8)), (1, 2, 3, start));
}

/// Recipe 13.2: with nothing written since, there is nothing to close, nor to finish.
#[test]
fn recipe_13_2_an_empty_border_is_not_closed() {
    for kind in MINUS {
        let mut host = Host::small(kind);
        host.last_session();
        host.refused(&close(2, 0), (5, 0x72, 4));
        host.refused(&close(1, 1), (5, 0x72, 4));
        host.refused(&close(1, 2), ILLEGAL_FIELD);
        for function in [0, 3, 4, 5, 6, 7] {
            host.refused(&close(function, 0), ILLEGAL_FIELD);
        }
    }
    let mut host = Host::small(MediumKind::DvdMinusR);
    host.incremental();
    host.write_units(0, 1);
    host.close(1, 1);
    host.close(2, 0);
    host.last_session();
    host.refused(&close(2, 0), (5, 0x72, 4));
}

#[test]
fn recipe_13_2_writes_beside_the_nwa_and_past_the_end_are_refused() {
    for kind in MINUS {
        let mut host = Host::small(kind);
        host.incremental();
        host.send_refused(&write_10(16, 16), &pattern(16, 16), NOT_AT_NWA);
        host.write_units(0, 1);
        host.send_refused(&write_10(0, 16), &pattern(0, 16), NOT_AT_NWA);
        host.send_refused(&write_10(SMALL, 16), &pattern(0, 16), OUT_OF_RANGE);
        host.sync();
        host.send_refused(&write_10(32, 16), &pattern(32, 16), NOT_AT_NWA);
    }
}

#[test]
fn recipe_13_2_reserved_tracks_are_filled_before_the_border_is_closed() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    host.incremental();
    host.refused(&reserve(0), ILLEGAL_FIELD);
    host.refused(&reserve(17), ILLEGAL_FIELD);
    host.good(&reserve(160));
    host.good(&reserve(320));
    // Two beside the invisible one.
    host.refused(&reserve(160), (5, 0x72, 5));
    assert_eq!(host.disc(), (1, 1, 1, 1, 3));
    assert_eq!(state(&mut host, 1), 0b111, "reserved, empty");
    assert_eq!(
        (host.nwa(1), host.nwa(2), host.nwa(3)),
        (Some(0), Some(176), Some(512))
    );
    host.write_units(0, 10);
    host.send_refused(&write_10(160, 16), &pattern(160, 16), NOT_AT_NWA);
    host.write_units(512, 1);
    assert_eq!(state(&mut host, 1), 0b101, "reserved, written");
    host.refused(&reserve(160), (5, 0x72, 5));
    host.refused(&close(2, 0), INCOMPLETE_TRACK);
    host.close(1, 1);
    host.close(1, 3);
    host.refused(&close(2, 0), INCOMPLETE_TRACK);
    host.close(1, 2);
    assert_eq!(
        host.read(176, 320).unwrap(),
        vec![0; 320 * BLOCK_BYTES],
        "padded"
    );
    host.close(2, 0);
    assert_eq!(host.disc().0, 1);
    assert_eq!(host.read(512, 16).unwrap(), pattern(512, 16));
}

/// Recipe 13.2: tracks that are not there, and a calibration that can be of no use.
#[test]
fn recipe_13_2_what_is_not_there_is_not_told() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    host.last_session();
    host.write_units(0, 1);
    for (by, number) in [(1, 0), (1, 2), (1, 3), (2, 2), (0, 0xFF)] {
        let ask = [0x52, by, 0, 0, number, 0, 0, 0, 48, 0];
        assert_eq!(host.try_get(&ask, 48), Err(ILLEGAL_FIELD), "{by} {number}");
    }
    // FFh is the track that goes on.
    assert_eq!(host.track(0xFF)[2], 1);
    host.close(1, 1);
    host.close(2, 0);
    let ask = [0x52, 1, 0, 0, 0, 0xFF, 0, 0, 48, 0];
    assert_eq!(host.try_get(&ask, 48), Err(ILLEGAL_FIELD));
    host.refused(&[0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0], FINISHED);
    assert_eq!(
        host.get(&[0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0], 256)
            .len(),
        8
    );
}

/// Recipe 13.2: RESERVE TRACK comes before the first write of its track.
#[test]
fn recipe_13_2_a_reservation_after_writing_is_refused() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    host.incremental();
    host.write_units(0, 1);
    host.refused(&reserve(160), SEQUENCE);
    host.at_once();
    host.refused(&reserve(160), SEQUENCE);
    host.send_refused(&write_10(16, 16), &pattern(16, 16), ILLEGAL_MODE);
}

#[test]
fn recipe_6_disc_at_once_takes_the_reserved_blocks_and_ends_with_a_synchronization() {
    for kind in MINUS {
        let mut host = Host::small(kind);
        host.at_once();
        host.send_refused(&write_10(0, 16), &pattern(0, 16), SEQUENCE);
        host.refused(&reserve(SMALL + 1), ILLEGAL_FIELD);
        host.good(&reserve(101));
        host.refused(&reserve(101), SEQUENCE);
        assert_eq!(host.nwa(1), Some(0));
        assert_eq!(state(&mut host, 1), 0b110, "reserved, not incremental");
        for lba in (0..96).step_by(16) {
            host.write(lba, &pattern(lba, 16));
        }
        host.send_refused(&write_10(96, 16), &pattern(96, 16), OUT_OF_RANGE);
        host.refused(&close(1, 1), SEQUENCE);
        host.refused(&close(2, 0), SEQUENCE);
        host.write(96, &pattern(96, 5));
        assert_eq!(host.disc().0, 1, "not before it is synchronized");
        host.sync();
        assert_eq!(host.disc(), (2, 3, 1, 1, 1), "{kind:?}");
        // The unit that it ends in is filled.
        assert_eq!(host.last_lba(), 111);
        assert_eq!(host.read(0, 101).unwrap(), pattern(0, 101));
        assert_eq!(host.read(101, 11).unwrap(), vec![0; 11 * BLOCK_BYTES]);
        host.refused(&close(2, 0), FINISHED);
        host.send_refused(&write_10(112, 16), &pattern(112, 16), FINISHED);
    }
}

/// A strict bench holds writers to whole units, but for the end of a disc at once (recipe 8).
#[test]
fn recipe_8_only_the_end_of_a_disc_at_once_is_a_part_of_a_unit() {
    let model = DriveModel {
        refuses_part_units: true,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::DvdMinusR, Some(SMALL), model.clone());
    host.incremental();
    host.send_refused(&write_10(0, 5), &pattern(0, 5), ILLEGAL_FIELD);
    let mut host = Host::with_model(MediumKind::DvdMinusR, Some(SMALL), model);
    host.at_once();
    host.good(&reserve(5));
    host.write(0, &pattern(0, 5));
    host.sync();
    assert_eq!(host.disc().0, 2);
}

/// Recipe 14: a short disc is recorded out to where readers look for the lead-out.
#[test]
fn recipe_14_the_lead_out_of_a_short_disc_at_once_takes_minutes() {
    let mut host = Host::with(MediumKind::DvdMinusR);
    host.at_once();
    host.good(&reserve(64));
    host.write_units(0, 4);
    host.good(&[0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    let before = host.drive.now();
    host.refused(&[0; 6], (2, 4, 7));
    host.ready();
    let minutes = (host.drive.now() - before).as_secs() / 60;
    assert!((2..=5).contains(&minutes), "{minutes}");
}

/// Recipe 8: a disc at once is not gone on with. What the store has of it stays, and no more is
/// told than that it can be closed.
#[test]
fn recipe_8_a_disc_at_once_that_is_cut_off_is_lost() {
    for how in 0..3 {
        let mut host = Host::small(MediumKind::DvdMinusR);
        host.at_once();
        host.good(&reserve(1600));
        host.write_units(0, 40);
        host.advance_ms(10_000);
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
        host.at_once();
        let track = host.track(1);
        assert_eq!((track[5] >> 5 & 1, track[7] & 1), (1, 0), "damaged, no NWA");
        let refused = host.write_once(640, &pattern(640, 16)).unwrap_err();
        assert_eq!(refused, (3, 0x0C, 9), "{how}");
        // A synchronization does not mend it.
        host.sync();
        host.incremental();
        host.close(1, 1);
        let mut host = host.reopened();
        host.send_refused(&write_10(656, 16), &pattern(656, 16), ILLEGAL_MODE);
        assert_eq!(host.disc(), (1, 1, 1, 1, 1));
        host.close(2, 0);
        assert_eq!(
            host.disc(),
            (2, 3, 1, 1, 1),
            "whatever the multi-session bits"
        );
        assert!(host.read(0, 16).is_err());
    }
}

#[test]
fn recipe_6_two_layers_are_one_session() {
    let mut host = Host::small(MediumKind::DvdMinusRDl);
    host.incremental();
    host.write_units(0, 4);
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
}

/// Recipe 1: recognised and read, never written.
#[test]
fn recipe_1_a_layer_jump_recording_is_read_and_not_gone_on_with() {
    let mut store = MemoryStore::new();
    let medium = Medium::layer_jump(Some(SMALL), 64, Box::new(store.clone())).unwrap();
    store.write(0, &pattern(0, 64)).unwrap();
    let mut drive = Recorder::new(DriveModel::default());
    drive.insert(medium);
    let mut host = Host { drive, store };
    host.ready();
    assert_eq!(profile(&mut host), 0x16);
    assert_eq!(features(&mut host), [0x10, 0x1F, 0x21, 0x2F, 0x33]);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
    assert_eq!(host.read(0, 64).unwrap(), pattern(0, 64));
    assert_eq!(host.nwa(2), None);
    host.incremental();
    let start = word(&host.track(2), 8);
    host.send_refused(&write_10(start, 16), &pattern(start, 16), ILLEGAL_MODE);
    host.refused(&reserve(160), ILLEGAL_MODE);
    host.refused(&close(2, 0), ILLEGAL_MODE);
    // Nor is page 05h taken that asks for it.
    let answer = host.write_parameters(&[(2, 0x44), (3, 0xC5)]);
    assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    let mut again = host.reopened();
    assert_eq!(profile(&mut again), 0x16);
    let jump = again.get(&[0xAD, 0, 0, 0, 0, 0, 0, 0x22, 0, 12, 0, 0], 12);
    assert_eq!(jump.len(), 12);
}

#[test]
fn recipe_13_2_page_05h_is_checked_for_the_medium() {
    for kind in MINUS {
        let mut host = Host::small(kind);
        host.incremental();
        host.at_once();
        let before = host.get(&[0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0], 60);
        let bent: [&[(usize, u8)]; 10] = [
            &[(2, 0x41)],                      // track at once
            &[(2, 0x43)],                      // raw
            &[(2, 0x44)],                      // layer jump
            &[(2, 0x4F)],                      // reserved
            &[(3, 0x01)],                      // audio
            &[(2, 0x40), (3, 0x85)],           // reserved multi-session bits
            &[(4, 0x0A)],                      // a block type of CD
            &[(2, 0x60), (3, 0xC5), (5, 7)],   // a link size of CD
            &[(2, 0x40), (3, 0x25), (13, 32)], // packets of another size
            &[(8, 0x20)],                      // a session format of CD
        ];
        for bytes in bent {
            let answer = host.write_parameters(bytes);
            assert_eq!(
                answer.key_asc_ascq(),
                Some(ILLEGAL_PARAMETER),
                "{kind:?} {bytes:?}"
            );
        }
        // cdrecord sets the write type and leaves the rest as it finds it; growisofs has packets of
        // no fixed size on DVD-RW.
        let taken: [&[(usize, u8)]; 3] = [
            &[(2, 0x02), (3, 0xC5), (13, 16)],
            &[(2, 0x22), (3, 0x04), (5, 7), (13, 0)],
            &[(2, 0x40), (3, 0xC5), (5, 0), (13, 0)],
        ];
        for bytes in taken {
            let answer = host.write_parameters(bytes);
            assert_eq!(answer.key_asc_ascq(), None, "{kind:?} {bytes:?}");
        }
        host.at_once();
        let short = [&[0; 8][..], &before[8..59]].concat();
        host.send_refused(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, 59, 0], &short, (5, 0x1A, 0));
        assert_eq!(host.get(&[0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0], 60), before);
        let page = |host: &mut Host, values: u8| {
            host.get(&[0x5A, 8, 0x05 | values, 0, 0, 0, 0, 0, 60, 0], 60)
        };
        assert_eq!(
            page(&mut host, 0x40)[10],
            0x7F,
            "all of byte 2 can be changed"
        );
        assert_eq!(
            page(&mut host, 0x80)[10],
            0x40,
            "underrun protection by default"
        );
    }
}

/// Page 05h outlives the medium that it was set for.
#[test]
fn recipe_13_2_a_page_of_another_medium_is_5_64_00_at_the_write() {
    let mut host = Host::small(MediumKind::CdR);
    let page = [(2, 0x41), (3, 0xC4), (4, 8)];
    assert_eq!(host.write_parameters(&page).key_asc_ascq(), None);
    host.drive.remove();
    let store = MemoryStore::new();
    let medium = Medium::blank(MediumKind::DvdMinusR, Some(SMALL), Box::new(store)).unwrap();
    host.drive.insert(medium);
    host.ready();
    host.send_refused(&write_10(0, 16), &pattern(0, 16), ILLEGAL_MODE);
    host.refused(&reserve(160), ILLEGAL_MODE);
    host.incremental();
    host.write_units(0, 1);
}

#[test]
fn recipe_3_some_drives_insist_on_packets() {
    let mut host = Host::odd(MediumKind::DvdMinusR, |q| {
        q.wants_packet_write_parameters = true
    });
    for bytes in [[(3, 0xC5), (13, 0)], [(3, 0xE4), (13, 16)]] {
        let answer = host.write_parameters(&bytes);
        assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    }
    host.incremental();
    host.at_once();
}

/// Recipe 3: after a test run the next writable address did not move, and nothing is on the disc.
#[test]
fn recipe_3_a_test_write_leaves_the_disc_as_it_was() {
    for kind in MINUS {
        let mut host = Host::small(kind);
        host.incremental();
        if kind != MediumKind::DvdMinusRDl {
            host.write_units(0, 2);
            host.sync();
        }
        let nwa = host.nwa(1).unwrap();
        let before = host.disc_information();
        for _ in 0..2 {
            let test = [(2, 0x70), (3, 0xE5)];
            assert_eq!(host.write_parameters(&test).key_asc_ascq(), None);
            host.send_refused(&write_10(nwa + 16, 16), &pattern(0, 16), NOT_AT_NWA);
            let started = host.drive.now();
            host.write_units(nwa, 200);
            assert!(host.drive.now() > started, "the buffer drains at speed");
            assert_eq!(host.nwa(1), Some(nwa));
            host.sync();
            host.refused(&close(1, 1), SEQUENCE);
            host.refused(&close(2, 0), SEQUENCE);
        }
        assert_eq!(host.nwa(1), Some(nwa));
        // The power calibration left its table, and that is all.
        assert_eq!(host.disc_information()[2..33], before[2..33]);
        assert!(host.read(nwa, 16).is_err());
        host.incremental();
        host.write_units(nwa, 1);
        host.sync();
        assert_eq!(host.nwa(1), Some(nwa + 16));
        assert_eq!(host.read(nwa, 16).unwrap(), pattern(nwa, 16));
    }
}

#[test]
fn recipe_3_a_disc_at_once_can_be_tested() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    let test = [(2, 0x52), (3, 0x05)];
    assert_eq!(host.write_parameters(&test).key_asc_ascq(), None);
    host.good(&reserve(320));
    assert_eq!(host.disc(), (0, 0, 1, 1, 1), "reserved in test only");
    host.write_units(0, 20);
    host.send_refused(&write_10(320, 16), &pattern(320, 16), OUT_OF_RANGE);
    host.sync();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    host.at_once();
    host.good(&reserve(320));
    host.write_units(0, 20);
    host.sync();
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
}

/// What was begun for real is not lost when the host turns to a test, and the other way round.
#[test]
fn a_test_run_and_a_real_one_do_not_mix() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    host.incremental();
    host.write(0, &pattern(0, 20));
    assert_eq!(host.write_parameters(&[(2, 0x70)]).key_asc_ascq(), None);
    assert_eq!(host.nwa(1), Some(20));
    host.write(20, &pattern(20, 12));
    // The test began behind what is real, which was padded and written.
    host.sync();
    assert_eq!(host.nwa(1), Some(32));
    assert_eq!(host.read(0, 20).unwrap(), pattern(0, 20));
    assert_eq!(host.read(20, 12).unwrap(), vec![0; 12 * BLOCK_BYTES]);
    host.write(32, &pattern(32, 16));
    host.incremental();
    // The test was not synchronized: what is real goes on where it was.
    host.write(32, &pattern(48, 16));
    host.sync();
    assert_eq!(host.read(32, 16).unwrap(), pattern(48, 16));
}

#[test]
fn a_drive_without_test_write_takes_no_page_that_asks_for_it() {
    let model = DriveModel {
        test_write: false,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::DvdMinusR, Some(SMALL), model);
    let answer = host.write_parameters(&[(2, 0x70)]);
    assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    let feature = host.get(&[0x46, 2, 0, 0x2F, 0, 0, 0, 0, 16, 0], 16);
    assert_eq!(feature[12] & 4, 0);
    let page = host.get(&[0x5A, 8, 0x2A, 0, 0, 0, 0, 0, 64, 0], 64);
    assert_eq!(page[8 + 3] & 4, 0);
    for kind in [MediumKind::DvdPlusR, MediumKind::DvdPlusRw] {
        let mut host = Host::small(kind);
        let answer = host.write_parameters(&[(2, 0x50)]);
        assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_PARAMETER), "{kind:?}");
    }
}

#[test]
fn recipe_4_the_calibration_table_is_there_once_it_was_done() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    let ask = [0x51, 0, 0, 0, 0, 0, 0, 0, 64, 0];
    assert_eq!(host.get(&ask, 64).len(), 34);
    host.good(&[0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let info = host.get(&ask, 64);
    assert_eq!((info.len(), info[1], info[33]), (42, 40, 1));
}

#[test]
fn recipe_13_2_blank_is_for_dvd_rw() {
    for kind in [MediumKind::DvdMinusR, MediumKind::DvdMinusRDl] {
        let mut host = Host::small(kind);
        host.refused(&blank(0), (5, 0x30, 6));
        let list = [0, 0x82, 0, 8, 0, 0, 0, 0, 0x54, 0, 0, 16];
        host.send_refused(&[0x04, 0x11, 0, 0, 0, 0], &list, (5, 0x30, 6));
    }
    let mut host = Host::small(MediumKind::DvdMinusRw);
    for kind in 2..8 {
        host.refused(&blank(kind), ILLEGAL_FIELD);
    }
    let test = [(2, 0x50), (3, 0xE5)];
    assert_eq!(host.write_parameters(&test).key_asc_ascq(), None);
    host.refused(&blank(1), SEQUENCE);
}

#[test]
fn recipe_6_blanking_a_dvd_rw_makes_it_new() {
    let mut host = Host::with(MediumKind::DvdMinusRw);
    host.last_session();
    host.write_units(0, 4);
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.disc().0, 2);
    assert_eq!(features(&mut host), [0x10, 0x1F, 0x23, 0x2F]);
    host.good(&blank(0));
    let before = host.drive.now();
    let busy = host.command(&[0; 6]);
    assert_eq!(busy.key_asc_ascq(), Some((2, 4, 7)));
    assert_eq!(busy.sense[15] & 0x80, 0x80, "with its progress");
    host.ready();
    let minutes = (host.drive.now() - before).as_secs() / 60;
    assert!((8..=95).contains(&minutes), "{minutes}");
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(features(&mut host), [0x10, 0x1F, 0x21, 0x23, 0x2F]);
    assert!(host.read(0, 16).is_err());
    host.incremental();
    host.write_units(0, 1);
    host.sync();
    assert_eq!(host.read(0, 16).unwrap(), pattern(0, 16));
}

/// Recipe 6: a quick blanking leaves a disc for one recording at once.
#[test]
fn recipe_6_a_dvd_rw_that_was_blanked_quickly_is_written_at_once_only() {
    let honest: fn(&mut Quirks) = |_| ();
    for (habit, advertises) in [
        (honest, false),
        (
            |q: &mut Quirks| q.advertises_incremental_after_quick_blank = true,
            true,
        ),
    ] {
        let mut host = Host::odd(MediumKind::DvdMinusRw, habit);
        host.good(&blank(1));
        host.ready();
        assert_eq!(host.disc(), (0, 0, 1, 1, 1));
        assert_eq!(features(&mut host).contains(&0x21), advertises);
        host.incremental();
        host.send_refused(&write_10(0, 16), &pattern(0, 16), ILLEGAL_MODE);
        host.refused(&reserve(160), ILLEGAL_MODE);
        let mut host = host.reopened();
        host.at_once();
        host.good(&reserve(64));
        host.write_units(0, 4);
        host.sync();
        assert_eq!(host.disc().0, 2);
        host.good(&blank(0));
        host.ready();
        host.incremental();
        host.write_units(0, 1);
    }
}

/// Recipe 9: 3/51 until a BLANK goes through.
#[test]
fn recipe_9_a_blanking_that_was_cut_off_leaves_nothing_to_use() {
    let mut host = Host::small(MediumKind::DvdMinusRw);
    host.incremental();
    host.write_units(0, 4);
    host.sync();
    host.good(&blank(0));
    host.advance_ms(5000);
    host.drive.power_loss();
    host.ready();
    assert_eq!(host.disc_information()[2] & 0x0F, 1 | 2 << 2, "damaged");
    assert_eq!(host.nwa(1), None);
    host.incremental();
    host.send_refused(&write_10(0, 16), &pattern(0, 16), (3, 0x51, 0));
    host.refused(&close(2, 0), (3, 0x51, 0));
    let mut host = host.reopened();
    host.good(&blank(1));
    host.ready();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
}

/// Recipes 3 and 14: without underrun protection in page 05h the track is lost, whatever the
/// drive could do.
#[test]
fn recipe_3_the_host_can_do_without_underrun_protection() {
    for (kind, at_once) in [
        (MediumKind::DvdMinusR, false),
        (MediumKind::DvdMinusR, true),
        (MediumKind::DvdMinusRw, false),
    ] {
        for protected in [true, false] {
            let mut host = Host::small(kind);
            let write_type = if at_once { 2 } else { 0 };
            let sessions = if at_once { 0x05 } else { 0xE5 };
            let byte = u8::from(protected) << 6 | write_type;
            let page = [(2, byte), (3, sessions), (13, 16)];
            assert_eq!(host.write_parameters(&page).key_asc_ascq(), None);
            if at_once {
                host.good(&reserve(1600));
            }
            host.write_units(0, 40);
            host.advance_ms(30_000);
            let next = host.write_once(640, &pattern(640, 16));
            assert_eq!(host.drive.underruns().count, 1);
            if protected {
                assert_eq!(next, Ok(()));
                continue;
            }
            assert_eq!(next, Err((3, 0x0C, 9)));
            assert_eq!(host.read(0, 16), Err((3, 0x11, 5)), "the disc is spoiled");
            assert_eq!(host.nwa(1), None);
            assert_eq!(host.track(1)[5] & 0x20, 0x20);
        }
    }
}

/// Recipe 14: an underrun of a test run costs the run alone.
#[test]
fn recipe_3_an_underrun_in_test_spoils_nothing() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    let page = [(2, 0x10), (3, 0xE5), (13, 16)];
    assert_eq!(host.write_parameters(&page).key_asc_ascq(), None);
    host.write_units(0, 40);
    host.advance_ms(30_000);
    assert_eq!(host.write_once(640, &pattern(640, 16)), Err((3, 0x0C, 9)));
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(host.nwa(1), Some(0));
    host.incremental();
    host.write_units(0, 1);
}

/// Recipe 8: what was synchronized outlives a power loss, and the track goes on there.
#[test]
fn recipe_8_an_incremental_recording_is_resumed() {
    let mut host = Host::small(MediumKind::DvdMinusR);
    host.incremental();
    host.write_units(0, 10);
    host.sync();
    host.write_units(160, 10);
    host.drive.power_loss();
    host.ready();
    host.incremental();
    let nwa = host.nwa(1).unwrap();
    assert!((160..320).contains(&nwa));
    assert_eq!(host.read(0, 160).unwrap(), pattern(0, 160));
    host.write_units(nwa, 1);
    host.sync();
    assert_eq!(host.nwa(1), Some(nwa + 16));
}

/// Recipe 14: what the drive offers, the fastest first.
#[test]
fn recipe_14_write_speeds_of_the_dash_media() {
    let expected: [(MediumKind, &[u32]); 3] = [
        (MediumKind::DvdMinusR, &[22_160, 16_620, 11_080, 8310, 5540]),
        (MediumKind::DvdMinusRw, &[8310, 5540, 2770]),
        (MediumKind::DvdPlusRwDl, &[3324]),
    ];
    for (kind, speeds) in expected {
        let mut host = Host::with(kind);
        let reply = host.get(&[0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0], 256);
        let told: Vec<u32> = reply[8..].chunks(16).map(|line| word(line, 12)).collect();
        assert_eq!(told, speeds, "{kind:?}");
    }
}
