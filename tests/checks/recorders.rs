//! Drives, their discs, and who may use them.

use crate::drives::{Attached, Layer, blocks, small, virtual_drive};
use pitland::transport::sim::{DriveModel, MediumKind};
use pitland::transport::{Status, TransportError};
use pitland::writer::mmc::Sense;
use pitland::writer::mmc::cdb::PageControl;
use pitland::{
    BurnOptions, CommandEffect, CommandError, CommandRefused, LeaseDenied, LeaseOptions, PageError,
    RawCommand,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const INQUIRY: [u8; 6] = [0x12, 0, 0, 0, 36, 0];
const READ_CAPACITY: [u8; 10] = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// RECOVERED ERROR, recovered data with retries.
const REMARK: Sense = Sense::new(1, 0x17, 0x01);

fn raw(cdb: &[u8]) -> RawCommand {
    RawCommand::new(cdb).unwrap()
}

#[tokio::test]
async fn check_05_a_clients_own_command_goes_as_it_is_and_its_sense_comes_back() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let drive = virtual_drive(DriveModel::default(), small(MediumKind::BdR));
    let bench = Attached::new(Layer::new(drive, move |exchange, send| {
        counted.fetch_add(1, Ordering::SeqCst);
        let remarks = exchange.cdb.opcode() == READ_CAPACITY[0];
        let mut reply = send(exchange)?;
        if remarks {
            reply.status = Status::CheckCondition(REMARK);
        }
        Ok(reply)
    }));
    bench.facts().await;

    // The length of the block is that of its group, before anything is sent.
    let before = sent.load(Ordering::SeqCst);
    for (cdb, expected) in [(0x12, 6), (0x28, 10), (0x9E, 16), (0xAD, 12)] {
        for length in (1..=17).filter(|length| *length != expected) {
            let mut block = vec![0; length];
            block[0] = cdb;
            assert!(RawCommand::new(&block).is_err(), "{cdb:02X} of {length}");
        }
    }
    assert!(matches!(
        RawCommand::new(&[0x12, 0, 0]).unwrap_err(),
        CommandRefused::WrongLength {
            opcode: 0x12,
            expected: 6,
            found: 3
        }
    ));
    assert!(matches!(
        RawCommand::new(&[0x7F; 10]).unwrap_err(),
        CommandRefused::NoLength { opcode: 0x7F, .. }
    ));
    for length in 6..=16 {
        let mut vendors = vec![0; length];
        vendors[0] = 0xC4;
        assert_eq!(raw(&vendors).effect(), CommandEffect::Unknown);
    }

    // Who only asks needs no more than the lease.
    let lease = bench.drive.lease("asks").await.unwrap();
    let reply = lease.execute(raw(&INQUIRY).receiving(36)).await.unwrap();
    assert_eq!((&reply.data[8..15], reply.sense), (&b"PITLAND"[..], None));
    assert_eq!(
        sent.load(Ordering::SeqCst),
        before + 1,
        "once, and nothing else"
    );
    let reply = lease
        .execute(raw(&READ_CAPACITY).receiving(8))
        .await
        .unwrap();
    assert_eq!(
        (reply.data.len(), reply.sense),
        (8, Some(REMARK)),
        "success with sense"
    );
    let read = raw(&[0x28, 0, 0, 0, 0, 64, 0, 0, 1, 0]).receiving(2048);
    match lease.execute(read).await.unwrap_err() {
        CommandError::Sense { sense, .. } => assert_ne!(sense.key.code(), 0, "failure with sense"),
        other => panic!("{other:?}"),
    }

    // What does not fit, or changes anything, is not sent.
    let before = sent.load(Ordering::SeqCst);
    let short = lease
        .execute(raw(&INQUIRY).receiving(35))
        .await
        .unwrap_err();
    assert!(
        matches!(
            short,
            CommandError::Refused(CommandRefused::Data(TransportError::LengthMismatch { .. }))
        ),
        "{short:?}"
    );
    let write = raw(&[0x2A, 0, 0, 0, 0, 0, 0, 0, 32, 0]).sending(vec![7; 32 * 2048]);
    let firmware = raw(&[0x3B, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (command, effect) in [
        (write.clone(), CommandEffect::Disc),
        (raw(&[0x1B, 0, 0, 0, 2, 0]), CommandEffect::Drive),
        (firmware.clone(), CommandEffect::Firmware),
        (raw(&[0xD1; 12]), CommandEffect::Unknown),
    ] {
        match lease.execute(command).await.unwrap_err() {
            CommandError::Refused(CommandRefused::Changes { effect: told, .. }) => {
                assert_eq!(told, effect)
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent.load(Ordering::SeqCst), before);
    drop(lease);

    // By a lease that was taken for it, everything goes.
    let options = LeaseOptions::default().raw();
    let lease = bench.drive.lease_with("knows", options).await.unwrap();
    lease.execute(write).await.unwrap();
    lease
        .execute(raw(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
        .await
        .unwrap();
    assert_eq!(bench.facts().await.nwa().unwrap().0, 32, "it was written");
    let unknown = lease.execute(firmware).await.unwrap_err();
    assert!(
        matches!(unknown, CommandError::Sense { sense, .. } if sense.triple() == (5, 0x20, 0)),
        "the drive's own answer"
    );
    lease
        .execute(raw(&[0x1B, 0, 0, 0, 2, 0]).within(Duration::from_secs(60)))
        .await
        .unwrap();
    let load = raw(&[0x1B, 0, 0, 0, 3, 0]).within(Duration::from_secs(1));
    let late = lease.execute(load).await.unwrap_err();
    assert!(
        matches!(late, CommandError::TimedOut { limit } if limit == Duration::from_secs(1)),
        "{late:?}"
    );
    drop(lease);
    bench.end().await;
}

#[tokio::test]
async fn while_a_job_runs_no_client_sends_anything_and_pages_have_their_own_words() {
    let bench = Attached::blank(MediumKind::BdR);
    let lease = bench
        .drive
        .lease_with("both", LeaseOptions::default().raw())
        .await
        .unwrap();
    let capabilities = lease.mode_page(0x2A, PageControl::Current).await.unwrap();
    assert_eq!(
        usize::from(capabilities[1]) + 2,
        capabilities.len(),
        "the page alone"
    );
    let codes: Vec<u8> = lease
        .mode_pages()
        .await
        .unwrap()
        .iter()
        .map(|page| page.code())
        .collect();
    assert!(
        codes.contains(&0x2A) && codes.contains(&0x01),
        "{codes:02X?}"
    );
    let mut recovery = lease.mode_page(0x01, PageControl::Current).await.unwrap();
    recovery[3] ^= 1;
    lease.set_mode_page(&recovery).await.unwrap();
    let now = lease.mode_page(0x01, PageControl::Current).await.unwrap();
    assert_eq!((now[3], now.len()), (recovery[3], recovery.len()));
    for (page, which) in [(0x33, PageControl::Current), (0x01, PageControl::Saved)] {
        let error = lease.mode_page(page, which).await.unwrap_err();
        assert!(
            matches!(error, PageError::NoSuchModePage { page: p } if p == page),
            "{error:?}"
        );
    }
    let mut fixed = capabilities.clone();
    fixed[2] ^= 0xFF;
    let error = lease.set_mode_page(&fixed).await.unwrap_err();
    assert!(
        matches!(error, PageError::InvalidModeParameters { .. }),
        "{error:?}"
    );
    let error = lease.set_mode_page(&recovery[..5]).await.unwrap_err();
    assert!(matches!(error, PageError::NotAPage(_)), "{error:?}");

    assert!(lease.feature(0x0000, true).await.unwrap().persistent);
    assert!(!lease.feature(0x002D, false).await.unwrap().current);
    let error = lease.feature(0x002D, true).await.unwrap_err();
    assert!(
        matches!(error, PageError::FeatureIsNotCurrent { feature: 0x002D }),
        "{error:?}"
    );
    let error = lease.feature(0x0777, false).await.unwrap_err();
    assert!(
        matches!(error, PageError::NoSuchFeature { feature: 0x0777 }),
        "{error:?}"
    );

    let mut job = lease.burn(BurnOptions::default(), blocks(64, 1));
    use futures::StreamExt;
    job.next().await.unwrap();
    let denied = lease
        .execute(raw(&INQUIRY).receiving(36))
        .await
        .unwrap_err();
    assert!(
        matches!(denied, CommandError::Denied(LeaseDenied::Busy { .. })),
        "{denied:?}"
    );
    job.report().await.unwrap();
    lease.execute(raw(&INQUIRY).receiving(36)).await.unwrap();
    drop(lease);
    bench.end().await;

    let old = "about = \"x\"\nhabits = [\"no_get_configuration\"]";
    let bench = Attached::holding(
        DriveModel::from_profile(old).unwrap(),
        small(MediumKind::CdR),
    );
    let lease = bench.drive.lease("asks").await.unwrap();
    let error = lease.feature(0x0000, false).await.unwrap_err();
    assert!(
        matches!(error, PageError::GetConfigurationNotSupported),
        "{error:?}"
    );
}
