//! Each habit of a single drive, by its name in recipe 11 or the recipe that tells of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::*;
use pitland_simdrive::{
    BLOCK_BYTES, DriveModel, Medium, MediumKind, MemoryStore, Quirks, Recorder,
};

const TUR: [u8; 6] = [0; 6];
const SYNC: [u8; 10] = [0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0];
const SYNC_AND_WAIT: [u8; 10] = [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const BUFFER: [u8; 10] = [0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0];
const CALIBRATE: [u8; 10] = [0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0];
const UNKNOWN: Sense = (5, 0x20, 0);
const IN_PROGRESS: Sense = (2, 4, 7);
const UNIT_FAILED: Sense = (4, 0x3E, 1);

type Habit = fn(&mut Quirks);

fn model(habit: Habit) -> DriveModel {
    let mut model = DriveModel::default();
    habit(&mut model.quirks);
    model
}

/// A drive of these habits with a small disc, ready.
fn odd(kind: MediumKind, habit: Habit) -> Host {
    Host::with_model(kind, Some(SMALL), model(habit))
}

/// The same, just switched on.
fn odd_and_loading(kind: MediumKind, habit: Habit) -> Host {
    let store = MemoryStore::new();
    let mut drive = Recorder::new(model(habit));
    drive.insert(Medium::blank(kind, Some(SMALL), Box::new(store.clone())).unwrap());
    let mut host = Host { drive, store };
    host.refused(&TUR, (6, 0x29, 0));
    host
}

fn settle(host: &mut Host) {
    while let Some(time) = host.drive.next_change() {
        host.drive.advance(time.max(Duration::from_nanos(1)));
    }
}

fn streaming_write(lba: u32, blocks: u8) -> [u8; 12] {
    let [a, b, c, d] = lba.to_be_bytes();
    [0xAA, 0, a, b, c, d, 0, 0, 0, blocks, 0x80, 0]
}

fn free_blocks(host: &mut Host) -> (u32, u32) {
    let reply = host.get(&BUFFER, 12);
    (word(&reply, 4) / 2048, word(&reply, 8) / 2048)
}

// ---- commands that the drive does not know ---------------------------------------

#[test]
fn q9_a_recorder_from_before_mmc_is_known_by_what_it_does_not_know() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.pre_mmc = true);
    for opcode in [0x46, 0x4A, 0x51, 0x52, 0x5B, 0x5C, 0xAC, 0xAD] {
        host.refused(&[opcode; 12], UNKNOWN);
    }
    let inquiry = host.get(&[0x12, 0, 0, 0, 96, 0], 96);
    assert_eq!((inquiry.len(), inquiry[2], inquiry[4]), (36, 2, 31));
    let page = host.get(&[0x5A, 8, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
    assert_eq!(
        page[8..12],
        [0x2A, 18, 3, 3],
        "reads and writes CD-R and CD-RW"
    );
}

/// Recipe 9: 5/20/00 is a feature that the drive has not.
#[test]
fn recipe_9_optional_commands_may_be_unknown() {
    let unknown: [(u8, Habit); 11] = [
        (0x23, |q| q.no_format_capacities = true),
        (0x46, |q| q.no_get_configuration = true),
        (0x4A, |q| q.no_event_status = true),
        (0x51, |q| q.no_disc_information = true),
        (0x53, |q| q.no_reserve_track = true),
        (0x54, |q| q.no_calibration = true),
        (0x5C, |q| q.no_buffer_capacity = true),
        (0xAC, |q| q.no_performance = true),
        (0xAD, |q| q.no_disc_structure = true),
        (0xB6, |q| q.no_set_streaming = true),
        (0xBB, |q| q.no_set_cd_speed = true),
    ];
    for (opcode, habit) in unknown {
        let mut host = odd(MediumKind::DvdPlusR, habit);
        for (other, _) in unknown {
            let answer = host.command(&[other, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let refused = answer.key_asc_ascq() == Some(UNKNOWN);
            assert_eq!(refused, other == opcode, "{opcode:02X} {other:02X}");
        }
        // It burns all the same.
        host.write_units(0, 1);
        host.close(1, 1);
        host.close(2, 0);
        assert_eq!(host.last_lba(), 15);
    }
}

#[test]
fn recipe_2_4_the_streaming_feature_lists_what_the_drive_knows() {
    let abilities = |habit: Habit| {
        let mut host = odd(MediumKind::DvdPlusR, habit);
        host.get(&[0x46, 2, 1, 7, 0, 0, 0, 0, 16, 0], 16)[12]
    };
    assert_eq!(abilities(|_| {}), 0x1E);
    assert_eq!(abilities(|q| q.no_performance = true), 0x1C);
    assert_eq!(abilities(|q| q.no_capabilities_page = true), 0x1A);
    assert_eq!(abilities(|q| q.no_set_cd_speed = true), 0x16);
    assert_eq!(abilities(|q| q.no_buffer_capacity = true), 0x0E);
}

// ---- what it knows and refuses ------------------------------------------------------

#[test]
fn q10_and_q11_calibration_may_be_refused_in_several_ways() {
    let refusals: [(Sense, Habit); 3] = [
        ((5, 0x2C, 0), |q| q.refuses_calibration = true),
        ((7, 0x27, 0), |q| q.calibration_is_write_protected = true),
        ((5, 0x30, 2), |q| q.calibration_wants_another_medium = true),
    ];
    for (sense, habit) in refusals {
        let mut host = odd(MediumKind::DvdPlusR, habit);
        host.refused(&CALIBRATE, sense);
        host.write_units(0, 1);
    }
}

#[test]
fn page_2ah_may_be_refused() {
    let mut host = odd(MediumKind::BdR, |q| q.no_capabilities_page = true);
    let ask = |page: u8| [0x5A, 8, page, 0, 0, 0, 0, 1, 0, 0];
    assert_eq!(host.try_get(&ask(0x2A), 256), Err(ILLEGAL_FIELD));
    assert_eq!(
        host.try_get(&[0x1A, 8, 0x2A, 0, 255, 0], 255),
        Err(ILLEGAL_FIELD)
    );
    let all = host.get(&ask(0x3F), 256);
    assert!(!all[8..].windows(2).any(|w| w[0] == 0x2A && w[1] >= 18));
}

#[test]
fn q6_adip_information_may_be_refused() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.no_adip_structure = true);
    let ask = |format: u8| [0xAD, 0, 0, 0, 0, 0, 0, format, 8, 4, 0, 0];
    assert_eq!(host.try_get(&ask(0x11), 2052), Err(ILLEGAL_FIELD));
    assert_eq!(host.get(&ask(0), 2052)[4] >> 4, 0xA);
}

/// Recipe 2.4: a command that is not answered in time. The caller's limit is far below.
#[test]
fn recipe_2_4_disc_structures_may_hang_the_drive() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.hangs_on_disc_structure = true);
    let before = host.drive.now();
    assert!(
        host.try_get(&[0xAD, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0], 2052)
            .is_err()
    );
    assert!(host.drive.now() - before >= Duration::from_secs(3600));
    host.good(&TUR);
}

#[test]
fn q6_quick_certification_may_be_refused_though_it_is_offered() {
    let mut host = odd(MediumKind::BdRe, |q| q.refuses_quick_certification = true);
    let feature = host.get(&[0x46, 2, 0, 0x23, 0, 0, 0, 0, 20, 0], 20);
    assert_eq!(feature[12] & 0x02, 2, "it is offered");
    let capacities = host.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
    let mut list = [0, 0x82, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    list[4..].copy_from_slice(&capacities[20..28]);
    assert_eq!(list[8], 0x30 << 2);
    list[8] |= 3;
    assert_eq!(host.format(list).key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    list[8] &= 0xFC;
    assert_eq!(host.format(list).key_asc_ascq(), None);
}

#[test]
fn immed_may_be_refused() {
    let mut host = odd(MediumKind::BdR, |q| q.refuses_immediate = true);
    host.write_units(0, 2);
    host.refused(&SYNC, ILLEGAL_FIELD);
    host.good(&SYNC_AND_WAIT);
    host.refused(&close(2, 0), ILLEGAL_FIELD);
    host.refused(&[0x1B, 1, 0, 0, 2, 0], ILLEGAL_FIELD);
    host.refused(&[0xA1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ILLEGAL_FIELD);
    host.good(&[0x5B, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
    let mut host = odd(MediumKind::DvdPlusRw, |q| q.refuses_immediate = true);
    let mut list = [0, 2, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0x26 << 2, 0, 0, 0];
    assert_eq!(host.format(list).key_asc_ascq(), Some(ILLEGAL_PARAMETER));
    list[1] = 0;
    assert_eq!(host.format(list).key_asc_ascq(), None);
    host.ready();
    assert_eq!(host.disc_information()[7] & 3, 2);
}

#[test]
fn q15_immed_may_be_broken_for_blank_and_sync() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.breaks_immediate = true);
    host.write_units(0, 4);
    host.refused(&SYNC, (2, 0, 0));
    host.refused(&[0xA1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], (2, 0, 0));
    host.good(&SYNC_AND_WAIT);
    assert_eq!(stored(&host.store, 0, 64), pattern(0, 64));
    host.close(1, 1);
}

#[test]
fn recipe_4_1_immed_may_be_implied() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.implies_immediate = true);
    host.write_units(0, 4);
    host.good(&SYNC_AND_WAIT);
    let mut cdb = close(1, 1);
    cdb[1] = 0;
    host.refused(&cdb, (6, 0x2E, 0));
    host.refused(&TUR, IN_PROGRESS);
    host.ready();
    cdb = close(2, 0);
    cdb[1] = 0;
    host.refused(&cdb, (6, 0x2E, 0));
    host.ready();
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
}

#[test]
fn q14_asking_for_the_serial_number_of_the_medium_may_be_the_end() {
    let serial = [0xAB, 1, 0, 0, 0, 0, 0, 0, 0, 36, 0, 0];
    Host::small(MediumKind::BdR).refused(&serial, UNKNOWN);
    let mut host = odd(MediumKind::BdR, |q| q.wedged_by_media_serial = true);
    host.refused(&serial, UNIT_FAILED);
    host.refused(&TUR, UNIT_FAILED);
    assert_eq!(host.write_once(0, &pattern(0, 32)), Err(UNIT_FAILED));
    host.get(&[0x12, 0, 0, 0, 36, 0], 36);
    host.drive.power_loss();
    host.ready();
    host.write_units(0, 1);
}

#[test]
fn recipe_4_2_asking_for_the_buffer_before_it_was_full_may_be_the_end() {
    let mut host = odd(MediumKind::BdR, |q| {
        q.wedged_by_early_buffer_question = true
    });
    host.get(&BUFFER, 12);
    host.write(0, &pattern(0, 32));
    host.refused(&BUFFER, UNIT_FAILED);
    host.refused(&TUR, UNIT_FAILED);
    host.drive.power_loss();
    host.ready();
    let mut lba = host.nwa(1).unwrap();
    while host.write_once(lba, &pattern(lba, 32)) == Ok(()) {
        lba += 32;
    }
    host.get(&BUFFER, 12);
    host.good(&TUR);
}

// ---- when it says that it is ready -----------------------------------------------------

#[test]
fn q1_test_unit_ready_is_good_while_the_next_command_is_not() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.ready_too_early = true);
    host.write_units(0, 4);
    host.good(&close(1, 1));
    host.good(&TUR);
    host.refused(&close(2, 0), IN_PROGRESS);
    host.drive.advance(host.drive.next_change().unwrap());
    host.good(&close(2, 0));
}

#[test]
fn q2_an_immediate_sync_may_not_be_enough() {
    let mut host = odd(MediumKind::BdR, |q| {
        q.synchronizes_immediately_only_in_name = true
    });
    host.write(0, &pattern(0, 1024));
    host.good(&SYNC);
    host.good(&TUR);
    host.refused(&close(1, 1), IN_PROGRESS);
    host.refused(&[0x1B, 0, 0, 0, 2, 0], IN_PROGRESS);
    assert_ne!(stored(&host.store, 0, 1024), pattern(0, 1024));
    host.good(&SYNC_AND_WAIT);
    assert_eq!(stored(&host.store, 0, 1024), pattern(0, 1024));
    host.close(1, 1);
    // A DVD at once gets no second one, and is finished all the same (recipe 4).
    let mut host = odd(MediumKind::DvdMinusR, |q| {
        q.synchronizes_immediately_only_in_name = true
    });
    host.at_once();
    host.good(&[0x53, 0, 0, 0, 0, 0, 0, 1, 0x40, 0]);
    host.write_units(0, 20);
    host.sync();
    assert_eq!(host.disc().0, 2);
}

#[test]
fn q3_the_drive_may_say_too_early_that_it_has_started() {
    let mut host = odd(MediumKind::DvdPlusR, |q| {
        q.ready_too_early_after_start = true
    });
    host.good(&[0x1B, 1, 0, 0, 0, 0]);
    host.good(&[0x1B, 1, 0, 0, 1, 0]);
    host.good(&TUR);
    host.refused(&[0x1B, 0, 0, 0, 2, 0], (2, 4, 1));
    host.refused(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], (2, 4, 1));
    let before = host.drive.now();
    host.good(&[0x1B, 0, 0, 0, 1, 0]);
    assert_eq!(host.drive.now() - before, Duration::from_secs(4));
    host.good(&[0x1B, 0, 0, 0, 2, 0]);
}

#[test]
fn q1_an_immediate_eject_may_have_to_be_repeated() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.immediate_eject_loops = true);
    let eject = [0x1B, 1, 0, 0, 2, 0];
    host.write_units(0, 1);
    host.refused(&eject, IN_PROGRESS);
    host.advance_ms(1000);
    host.refused(&eject, IN_PROGRESS);
    host.advance_ms(1500);
    host.good(&eject);
    settle(&mut host);
    host.refused(&TUR, (2, 0x3A, 2));
    assert_eq!(stored(&host.store, 0, 16), pattern(0, 16));
}

#[test]
fn recipe_4_1_a_format_may_begin_late() {
    let mut host = odd(MediumKind::DvdPlusRw, |q| {
        q.ready_before_format_begins = true
    });
    let list = [0, 2, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0x26 << 2, 0, 0, 0];
    host.sent(&[4, 0x11, 0, 0, 0, 0], &list);
    host.good(&TUR);
    host.advance_ms(999);
    host.good(&TUR);
    host.advance_ms(1);
    host.refused(&TUR, (2, 4, 4));
    host.ready();
    host.write(0, &pattern(0, 16));
}

#[test]
fn q4_a_loading_drive_may_know_of_no_medium_and_then_of_no_cause() {
    let mut host = odd_and_loading(MediumKind::DvdPlusR, |q| {
        q.absent_while_loading = true;
        q.clueless_while_loading = true;
    });
    host.refused(&TUR, (2, 0x3A, 1));
    host.drive.advance(Duration::from_secs(5));
    host.refused(&TUR, (2, 4, 0));
    host.drive.advance(Duration::from_secs(5));
    host.refused(&TUR, (6, 0x28, 0));
    host.good(&TUR);
    let mut host = odd_and_loading(MediumKind::DvdPlusR, |q| q.clueless_while_loading = true);
    host.refused(&TUR, (2, 4, 0));
}

#[test]
fn recipe_4_2_the_first_write_may_be_refused_while_the_drive_calibrates() {
    let mut host = odd(MediumKind::BdR, |q| q.not_ready_at_first_write = true);
    assert_eq!(host.write_once(0, &pattern(0, 32)), Err((2, 4, 1)));
    assert_eq!(host.drive.next_change(), Some(Duration::from_secs(8)));
    host.ready();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1), "nothing was written");
    host.write_units(0, 2);
}

#[test]
fn q8_and_recipe_4_1_progress_may_be_hidden_absent_or_early() {
    let closing = |habit: Habit| {
        let mut host = odd(MediumKind::BdR, habit);
        host.write_units(0, 4);
        host.sync();
        host.good(&close(2, 0));
        host.drive.advance(Duration::from_secs(6));
        let ready = host.command(&TUR).sense;
        let asked = host.get(&[3, 0, 0, 0, 18, 0], 18);
        let progress = u16::from_be_bytes([asked[16], asked[17]]);
        (ready[15] == 0x80, asked[15] == 0x80, progress)
    };
    assert_eq!(closing(|_| {}), (true, true, 39_321));
    assert_eq!(
        closing(|q| q.progress_only_by_request_sense = true),
        (false, true, 39_321)
    );
    assert_eq!(closing(|q| q.no_progress = true), (false, false, 0));
    assert_eq!(
        closing(|q| q.progress_runs_ahead = true),
        (true, true, 65_535)
    );
}

#[test]
fn q8_the_valid_bit_of_sense_data_may_be_clear() {
    let unreadable = |habit: Habit| {
        let mut host = odd(MediumKind::DvdRam, habit);
        let answer = host
            .drive
            .execute(&[0x28, 0, 0, 0, 0, 5, 0, 0, 1, 0], &[], &mut [0; 2048]);
        (answer.sense[0], word(&answer.sense, 3))
    };
    assert_eq!(unreadable(|_| {}), (0xF0, 5));
    assert_eq!(unreadable(|q| q.sense_valid_bit_clear = true), (0x70, 5));
}

#[test]
fn q10_an_event_may_be_told_for_ever() {
    let mut host = odd(MediumKind::BdR, |q| q.events_repeat = true);
    for _ in 0..200 {
        let event = host.get(&[0x4A, 1, 0, 0, 0x7E, 0, 0, 0, 8, 0], 8);
        assert_eq!((event[2], event[4]), (4, 2), "new medium");
    }
}

// ---- how it writes ------------------------------------------------------------------------

#[test]
fn q4_buffer_reports_may_be_late() {
    let mut host = odd(MediumKind::BdR, |q| q.late_buffer_reports = true);
    assert_eq!(free_blocks(&mut host), (2048, 2048));
    host.write(0, &pattern(0, 512));
    assert_eq!(free_blocks(&mut host), (2048, 2048));
    host.write(512, &pattern(512, 512));
    assert_eq!(free_blocks(&mut host), (2048, 1536));
    settle(&mut host);
    assert_eq!(free_blocks(&mut host), (2048, 1536));
    host.sync();
    assert_eq!(free_blocks(&mut host), (2048, 2048));
}

#[test]
fn q2_at_high_speed_more_may_be_free_than_there_is() {
    let mut host = odd(MediumKind::BdR, |q| q.absurd_free_space = true);
    assert_eq!(free_blocks(&mut host), (2048, 2048));
    host.write(0, &pattern(0, 512));
    let (all, free) = free_blocks(&mut host);
    assert!(free > all, "{free}");
    host.sync();
    // 2x.
    host.good(&[0xBB, 0, 0xFF, 0xFF, 0x23, 0x1E, 0, 0, 0, 0, 0, 0]);
    host.write(512, &pattern(512, 512));
    assert_eq!(free_blocks(&mut host), (2048, 1536));
}

#[test]
fn recipe_4_2_a_question_between_two_writes_may_cost_a_sync() {
    let mut host = odd(MediumKind::BdR, |q| q.loses_its_place = true);
    host.track(1);
    host.write_units(0, 2);
    host.get(&BUFFER, 12);
    host.good(&TUR);
    host.write_units(64, 1);
    host.disc_information();
    assert_eq!(host.write_once(96, &pattern(96, 32)), Err((5, 0x2C, 0)));
    assert_eq!(host.write_once(96, &pattern(96, 32)), Err((5, 0x2C, 0)));
    host.sync();
    host.write_units(96, 1);
    host.close(1, 1);
}

#[test]
fn q6_streaming_in_half_clusters_may_write_junk() {
    let mut host = Host::small(MediumKind::BdRe);
    host.format_default();
    host.send_refused(&streaming_write(0, 16), &pattern(0, 16), ILLEGAL_FIELD);
    let mut host = odd(MediumKind::BdRe, |q| q.junk_from_short_streaming = true);
    host.format_default();
    host.sent(&streaming_write(0, 16), &pattern(0, 16));
    host.sent(&streaming_write(32, 32), &pattern(32, 32));
    host.sync();
    assert_ne!(host.read(0, 16).unwrap()[..BLOCK_BYTES], pattern(0, 1));
    assert_eq!(host.read(32, 32).unwrap(), pattern(32, 32));
}

#[test]
fn recipe_6_a_lenient_drive_lets_a_suspended_format_be_overtaken() {
    let mut host = odd(MediumKind::DvdPlusRw, |q| {
        q.writes_past_suspended_format = true
    });
    host.format_default();
    host.close(0, 0);
    host.write(8000, &pattern(8000, 16));
    host.sync();
    assert_eq!(host.read(8000, 16).unwrap(), pattern(8000, 16));
}

#[test]
fn unwritten_blocks_of_formatted_media_may_read_as_zeros() {
    for kind in [MediumKind::DvdRam, MediumKind::BdRe] {
        let mut host = odd(kind, |q| q.unwritten_reads_as_zeros = true);
        if kind == MediumKind::BdRe {
            assert_eq!(host.read(0, 1), Err((3, 0x31, 0)), "not yet formatted");
            host.format_default();
        }
        host.write(64, &pattern(64, 1));
        let mut expected = vec![0; 96 * BLOCK_BYTES];
        expected[64 * BLOCK_BYTES..65 * BLOCK_BYTES].copy_from_slice(&pattern(64, 1));
        assert_eq!(host.read(0, 96).unwrap(), expected);
        assert_eq!(host.read(SMALL, 1), Err(OUT_OF_RANGE));
        assert_eq!(
            Host::small(MediumKind::DvdRam).read(0, 1),
            Err((3, 0x11, 5))
        );
    }
    // The rest of a suspended format stays unreadable.
    let mut host = odd(MediumKind::DvdPlusRw, |q| q.unwritten_reads_as_zeros = true);
    host.format_default();
    host.close(0, 0);
    assert_eq!(host.read(8000, 1), Err((3, 0x11, 5)));
}

#[test]
fn recipe_13_2_refusals_of_addresses_differ() {
    let mut host = odd(MediumKind::DvdPlusR, |q| {
        q.wrong_address_is_out_of_range = true
    });
    assert_eq!(host.write_once(16, &pattern(16, 16)), Err(OUT_OF_RANGE));
    let mut host = odd(MediumKind::DvdRam, |q| q.unwritten_is_blank_check = true);
    assert_eq!(host.read(0, 1), Err((8, 0, 0)));
}

// ---- how it closes --------------------------------------------------------------------------

#[test]
fn an_emulated_recorder_completes_the_disc_at_any_close() {
    for (function, track) in [(1, 1), (2, 0), (6, 0)] {
        let mut host = odd(MediumKind::DvdPlusR, |q| {
            q.closes_too_much = true;
            q.read_only_profile_when_complete = true;
        });
        host.refused(&close(function, track), (5, 0x72, 4));
        host.write_units(0, 4);
        host.close(function, track);
        assert_eq!(host.disc(), (2, 3, 1, 1, 1));
        assert_eq!(host.last_lba(), 63);
        assert_eq!(
            host.get(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 8)[6..],
            [0, 0x10]
        );
    }
}

#[test]
fn q7_finalizing_may_follow_the_multi_session_bits_of_page_05h() {
    for (bits, status) in [(0xC0, 1), (0x00, 2)] {
        let mut host = odd(MediumKind::DvdPlusR, |q| {
            q.finalizes_by_write_parameters = true
        });
        let mut page = host.get(&[0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0], 60);
        page[..8].fill(0);
        page[8 + 3] = page[8 + 3] & 0x3F | bits;
        host.sent(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0], &page);
        host.write_units(0, 4);
        host.close(1, 1);
        host.close(6, 0);
        assert_eq!(host.disc().0, status, "{bits:02X}");
    }
}

#[test]
fn recipe_4_closing_nothing_may_be_good() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR] {
        let mut host = odd(kind, |q| q.closes_nothing_gladly = true);
        host.good(&close(1, 1));
        host.good(&close(2, 0));
        assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    }
}

#[test]
fn a_session_may_want_its_tracks_to_be_closed_first() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.closes_closed_tracks_only = true);
    host.write_units(0, 4);
    for function in [2, 5, 6] {
        host.refused(&close(function, 0), (5, 0x72, 3));
    }
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
}

// ---- what it says of itself and its medium ----------------------------------------------------

#[test]
fn recipe_13_a_finished_disc_may_pass_for_a_pressed_one() {
    for (kind, profile) in [(MediumKind::BdR, 0x40), (MediumKind::DvdPlusR, 0x10)] {
        let mut host = odd(kind, |q| q.read_only_profile_when_complete = true);
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
fn recipe_2_4_write_features_may_stay_or_never_be_there() {
    let mut host = odd(MediumKind::DvdPlusR, |q| q.keeps_write_features = true);
    host.write_units(0, 1);
    host.close(5, 0);
    assert_eq!(host.disc().0, 2);
    assert!(host.current_features().contains(&0x2B));
    for (kind, feature) in [
        (MediumKind::BdR, 0x41),
        (MediumKind::DvdPlusR, 0x2B),
        (MediumKind::DvdPlusRw, 0x20),
        (MediumKind::DvdRam, 0x20),
        (MediumKind::DvdMinusRw, 0x2F),
    ] {
        assert!(Host::small(kind).current_features().contains(&feature));
        let mut host = odd(kind, |q| q.no_write_features = true);
        for write in [0x20, 0x21, 0x23, 0x2B, 0x2F, 0x41] {
            assert!(!host.current_features().contains(&write), "{write:02X}");
        }
        let data = pattern(0, kind.unit());
        assert_eq!(host.write_once(0, &data), Err((5, 0x30, 5)));
    }
}

#[test]
fn q11_the_data_mode_may_be_unknown_before_the_first_write() {
    let mut host = odd(MediumKind::DvdPlusR, |q| {
        q.data_mode_unknown_before_first_write = true;
    });
    assert_eq!(host.track(1)[6] & 0x0F, 0x0F);
    host.write_units(0, 1);
    assert_eq!(host.track(1)[6] & 0x0F, 1);
}

#[test]
fn recipe_13_a_dvd_plus_r_may_have_no_read_compatibility_address() {
    assert_eq!(
        word(&Host::small(MediumKind::DvdPlusR).track(1), 36),
        262_144
    );
    let mut host = odd(MediumKind::DvdPlusR, |q| q.no_read_compatibility = true);
    assert_eq!(word(&host.track(1), 36), 0);
}

#[test]
fn recipe_2_4_spares_may_be_told_sixteen_times_over() {
    let mut host = odd(MediumKind::BdRe, |q| q.spares_in_other_units = true);
    let ask = [0xAD, 1, 0, 0, 0, 0, 0, 0x0A, 0, 16, 0, 0];
    host.format_default();
    let told = host.get(&ask, 16);
    let mut host = Host::small(MediumKind::BdRe);
    host.format_default();
    let clusters = host.get(&ask, 16);
    for at in [8, 12] {
        assert_eq!(word(&told, at), 16 * word(&clusters, at));
    }
}

#[test]
fn q12_mode_sense_of_an_emulated_drive_has_a_short_page_and_a_block_descriptor() {
    let mut host = odd(MediumKind::DvdPlusR, |q| {
        q.short_capabilities_page = true;
        q.block_descriptors_always = true;
    });
    let long = host.get(&[0x5A, 8, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
    assert_eq!((long.len(), long[1], long[7]), (8 + 8 + 20, 34, 8));
    assert_eq!(long[8..18], [0, 0, 0, 0, 0, 0, 8, 0, 0x2A, 18]);
    let short = host.get(&[0x1A, 8, 0x2A, 0, 100, 0], 100);
    assert_eq!((short.len(), short[3]), (4 + 8 + 20, 8));
    assert_eq!(short[4..], long[8..]);
}

#[test]
fn recipe_2_mode_sense_may_understate_its_length() {
    let mut host = odd(MediumKind::BdR, |q| q.understates_mode_length = true);
    let reply = host.get(&[0x5A, 8, 5, 0, 0, 0, 0, 0, 100, 0], 100);
    assert_eq!((reply.len(), reply[1]), (60, 52));
}

// ---- drives on record ---------------------------------------------------------------------------

#[test]
fn recipe_14_a_drive_on_record_has_its_name_and_its_habits() {
    let model = DriveModel::named("DVR-216D").unwrap();
    let mut host = Host::with_model(MediumKind::DvdPlusR, Some(SMALL), model);
    assert_eq!(
        &host.get(&[0x12, 0, 0, 0, 36, 0], 36)[8..],
        b"PIONEER DVD-RW  DVR-216D1.09"
    );
    host.write(0, &pattern(0, 16));
    host.refused(&BUFFER, UNIT_FAILED);
    for name in DriveModel::known_names() {
        let model = DriveModel::named(name).unwrap();
        let mut host = Host::with_model(MediumKind::DvdPlusR, Some(SMALL), model);
        if host.write_once(0, &pattern(0, 64)) == Err((2, 4, 1)) {
            host.ready();
            host.write(0, &pattern(0, 64));
        }
        host.good(&SYNC_AND_WAIT);
        assert_eq!(host.read(0, 64).unwrap(), pattern(0, 64), "{name}");
    }
}
