//! Our initiator at our target, on every medium: what a drive says over iSCSI
//! is what it says at hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::*;
use pitland_iscsi::initiator::InitiatorOptions;
use pitland_iscsi::negotiation::{Digests, Wish};
use pitland_iscsi::target::TargetOptions;
use pitland_transport::sim::MediumKind;
use pitland_transport::{Data, Exchange, Status, Transport};

#[test]
fn every_medium_is_burned_and_read_back() {
    let target = target(&EVERY_MEDIUM, TargetOptions::default());
    for (lun, kind) in (1..).zip(EVERY_MEDIUM) {
        let mut drive = connected(&target, lun);
        // More than the drive's buffer of 4 MiB holds.
        let start = burn(&mut drive, kind, 70);
        for at in [0, 31 * 32, 69 * 32] {
            let lba = start + at;
            assert_eq!(read(&mut drive, lba, 32), pattern(lba, 32), "{kind:?}");
        }
        // The disc stays in the drive when the session ends.
        drop(drive);
        let mut again = connected(&target, lun);
        assert_eq!(read(&mut again, start, 16), pattern(start, 16), "{kind:?}");
    }
    assert_eq!(target.counts().protocol_errors, 0);
}

#[test]
fn whatever_is_agreed_on_the_bytes_are_the_same() {
    let plain = Wish::default();
    let wishes = [
        Wish {
            header_digest: Digests::Crc32c,
            data_digest: Digests::Crc32c,
            ..plain
        },
        // Everything is asked for, in small pieces.
        Wish {
            immediate_data: false,
            initial_r2t: true,
            max_burst_length: 5000,
            max_recv_data_segment_length: 1000,
            ..plain
        },
        Wish {
            immediate_data: true,
            initial_r2t: true,
            first_burst_length: 3000,
            max_burst_length: 20_000,
            ..plain
        },
        Wish {
            immediate_data: false,
            initial_r2t: false,
            first_burst_length: 30_000,
            max_recv_data_segment_length: 4096,
            data_digest: Digests::Crc32c,
            ..plain
        },
        Wish {
            first_burst_length: 512,
            max_burst_length: 512,
            max_recv_data_segment_length: 512,
            ..plain
        },
    ];
    let kinds = [MediumKind::DvdRam];
    for wish in wishes {
        for ours_wishes in [false, true] {
            let mut theirs = TargetOptions::default();
            let mut ours = InitiatorOptions::default();
            match ours_wishes {
                true => ours.wish = wish,
                false => theirs.wish = wish,
            }
            let target = target(&kinds, theirs);
            let mut drive = connected_with(&target, 1, ours);
            burn(&mut drive, kinds[0], 4);
            assert_eq!(read(&mut drive, 0, 32), pattern(0, 32), "{wish:?}");
            assert_eq!(read(&mut drive, 96, 32), pattern(96, 32), "{wish:?}");
            assert_eq!(target.counts().protocol_errors, 0);
        }
    }
}

/// Commands whose answers tell most about drive and disc.
const QUESTIONS: [(&[u8], usize); 14] = [
    (&[0x12, 0, 0, 0, 96, 0], 96),
    (&[0x12, 1, 0x83, 0, 255, 0], 255),
    (&[0x12, 1, 0x77, 0, 255, 0], 255),
    (&[0x46, 0, 0, 0, 0, 0, 0, 4, 0, 0], 1024),
    (&[0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0], 8),
    (&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], 34),
    (&[0x52, 1, 0, 0, 0, 1, 0, 0, 48, 0], 48),
    (&[0x23, 0, 0, 0, 0, 0, 0, 0, 252, 0], 252),
    (&[0x5A, 0, 0x3F, 0, 0, 0, 0, 1, 0, 0], 256),
    (&[0x43, 0, 0, 0, 0, 0, 0, 1, 0, 0], 256),
    (&[0xAD, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0], 4096),
    (&[0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0], 12),
    (&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8),
    (&[0xEE, 1, 2, 3, 4, 5], 64),
];

#[test]
fn answers_over_iscsi_are_the_drive_s_own() {
    for kind in EVERY_MEDIUM {
        let target = target(&[kind], TargetOptions::default());
        let mut far = connected(&target, 1);
        let mut near = drive(kind);
        wait_ready(&mut far);
        for _ in 0..100 {
            near.advance(LIMIT);
            if none(&mut near, &[0; 6]).unwrap().status == Status::Good {
                break;
            }
        }
        for (question, length) in QUESTIONS {
            let (mut far_room, mut near_room) = (vec![0xEE; length], vec![0xEE; length]);
            let far_reply = read_in(&mut far, question, &mut far_room);
            let near_reply = read_in(&mut near, question, &mut near_room);
            assert_eq!(far_reply, near_reply, "{kind:?} {question:02X?}");
            let moved = near_reply.transferred;
            assert_eq!(
                far_room[..moved],
                near_room[..moved],
                "{kind:?} {question:02X?}"
            );
        }
    }
}

#[test]
fn refusals_and_lengths_arrive_as_the_drive_gave_them() {
    let target = target(&[MediumKind::BdR], TargetOptions::default());
    let mut options = InitiatorOptions::default();
    options.max_transfer_bytes = 1 << 20;
    let mut drive = connected_with(&target, 1, options);
    wait_ready(&mut drive);
    // An address that is not the next one.
    let write = cdb(&at(0x2A, 64, 32));
    let reply = drive
        .execute(Exchange::blocks(write, &[0; 65536], 2048, LIMIT))
        .unwrap();
    assert_eq!((triple(&reply), reply.transferred), (Some((5, 0x21, 2)), 0));
    // Fewer data than the CDB says: the drive judges.
    let short = Exchange {
        cdb: cdb(&at(0x2A, 0, 32)),
        data: Data::Out(&[0; 2048]),
        timeout: LIMIT,
    };
    assert_eq!(triple(&drive.execute(short).unwrap()), Some((0xB, 0x4B, 0)));
    // More data than the CDB says: the rest is not taken.
    let long = Exchange {
        cdb: cdb(&at(0x2A, 0, 32)),
        data: Data::Out(&[7; 65536 + 2048]),
        timeout: LIMIT,
    };
    assert_eq!(good(drive.execute(long).unwrap()), 65536);
    // Less room than the answer has.
    let mut room = [0; 4];
    let reply = read_in(&mut drive, &[0x12, 0, 0, 0, 96, 0], &mut room);
    assert_eq!((reply.status, reply.transferred), (Status::Good, 4));
    assert_eq!(room, [5, 0x80, 5, 2]);
}

#[test]
fn a_long_operation_lasts_a_few_polls_and_gets_on() {
    let target = target(&[MediumKind::BdR], TargetOptions::default());
    let mut drive = connected(&target, 1);
    wait_ready(&mut drive);
    write(&mut drive, 0, &pattern(0, 32));
    synchronize(&mut drive);
    do_none(&mut drive, &[0x5B, 1, 1, 0, 0, 1, 0, 0, 0, 0]);
    let mut progress = Vec::new();
    loop {
        let reply = none(&mut drive, &[0; 6]).unwrap();
        match reply.status.sense() {
            None => break,
            Some(sense) => {
                assert_eq!(sense.triple(), (2, 4, 7));
                progress.push(sense.progress.unwrap());
            }
        }
        assert!(progress.len() < 10);
    }
    assert!((2..=4).contains(&progress.len()), "{progress:?}");
    assert!(progress.is_sorted_by(|a, b| a < b), "{progress:?}");
}

#[test]
fn a_background_format_gets_on_while_somebody_looks() {
    let target = target(&[MediumKind::DvdPlusRw], TargetOptions::default());
    let mut drive = connected(&target, 1);
    wait_ready(&mut drive);
    format(&mut drive, 0x26);
    let mut information = [0; 34];
    let mut looks = 0;
    loop {
        do_in(
            &mut drive,
            &[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0],
            &mut information,
        );
        if information[7] & 3 == 3 {
            break;
        }
        looks += 1;
        assert!(looks < 10, "{information:?}");
    }
    assert!(looks > 0);
}
