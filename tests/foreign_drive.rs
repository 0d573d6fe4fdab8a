//! This engine on a recorder that others wrote: tgtd's DVD+R, by iSCSI and without a kernel between.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers"
)]

mod common;

#[path = "../engine/iscsi/tests/common/outside.rs"]
mod target;

use common::outside::{Session, outsider, xorriso_restore};
use common::watched::{Then, is_write, watched};
use common::{burn, seen, tree};
use pitland::mastering::BLOCK_SIZE;
use pitland::transport::Data;
use pitland::writer::mmc::cdb::Write10;
use pitland::{
    BurnError, BurnOptions, Engine, Finish, Image, MediumState, Note, OpenMode, Outcome, Refusal,
};
use std::fs;
use std::sync::{Arc, Mutex};
use target::Tgtd;

/// What was sent in WRITEs, each block at its place.
type Sent = Arc<Mutex<Vec<u8>>>;

fn keep(sent: &Sent, exchange: &pitland::transport::Exchange<'_>) {
    if !is_write(exchange) {
        return;
    }
    let Data::Blocks { bytes, .. } = exchange.data else {
        return;
    };
    let write = Write10::parse(exchange.cdb.as_slice()).unwrap();
    let at = usize::try_from(write.lba.0).unwrap() * BLOCK_SIZE;
    let mut sent = sent.lock().unwrap();
    if sent.len() < at + bytes.len() {
        sent.resize(at + bytes.len(), 0);
    }
    sent[at..at + bytes.len()].copy_from_slice(bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_burned_onto_a_recorder_of_others_and_every_byte_is_on_its_disc() {
    let name = "a_folder_is_burned_onto_a_recorder_of_others_and_every_byte_is_on_its_disc";
    let Some(tgtd) = Tgtd::start(name) else {
        return;
    };
    let bench = tempfile::tempdir().unwrap();
    let source = bench.path().join("source");
    fs::create_dir(&source).unwrap();
    tree::small(&source);
    fs::write(source.join("noise"), tree::noise(7, 9 << 20)).unwrap();

    let sent = Sent::default();
    let engine = Engine::builder().build().unwrap();
    let address = format!("iscsi://127.0.0.1:{}/{}/1", tgtd.port, Tgtd::NAME);
    let layer = {
        let sent = Arc::clone(&sent);
        move |drive| -> Box<dyn pitland::Transport> {
            watched(drive, move |exchange| {
                keep(&sent, exchange);
                Then::Pass
            })
        }
    };
    let opened = {
        let (engine, address) = (engine.clone(), address.parse().unwrap());
        let handle = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let _runtime = handle.enter();
            engine.open_with(&address, OpenMode::Existing, layer)
        })
    };
    let drive = opened.await.unwrap().unwrap();
    let told = drive.capabilities().await.unwrap();
    assert_eq!(told.writes.len(), 1, "a recorder of DVD+R: {told:?}");
    let lease = drive.lease("abroad").await.unwrap();
    let job = lease.burn(BurnOptions::default(), burn::tree(&source));
    let report = job.report().await.unwrap();

    assert_eq!(report.outcome, Outcome::Verified);
    assert!(report.blocks_written > (9 << 20) / 2048);
    // That drive finalizes whatever it is asked to close.
    assert_eq!(report.medium, MediumState::Closed);
    assert!(report.notes.contains(&Note::MoreClosedThanAsked));

    let disc = fs::read(&tgtd.disc).unwrap();
    assert_eq!(disc.len() as u64, report.blocks_written * BLOCK_SIZE as u64);
    assert!(disc == *sent.lock().unwrap(), "the disc is what was sent");
    if outsider("xorriso") {
        let restored = bench.path().join("restored");
        xorriso_restore(&tgtd.disc, Session::Default, &restored);
        seen::assert_same("xorriso", &seen::look(&source), &seen::look(&restored));
    }

    let again = lease.burn(BurnOptions::default(), burn::tree(&source));
    let refused = again.report().await.unwrap_err();
    assert_eq!(refused.medium_state(), MediumState::Untouched, "{refused}");
    assert!(
        matches!(
            &refused,
            BurnError::Refused(Refusal::NoWriter { .. } | Refusal::MediumClosed)
        ),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disc_that_is_to_be_finalized_is_so_without_a_remark() {
    let Some(tgtd) = Tgtd::start("a_disc_that_is_to_be_finalized_is_so_without_a_remark") else {
        return;
    };
    let engine = Engine::builder().build().unwrap();
    let address = format!("iscsi://127.0.0.1:{}/{}/1", tgtd.port, Tgtd::NAME);
    let drive = engine.open(&address.parse().unwrap()).unwrap();
    let lease = drive.lease("abroad").await.unwrap();
    let bytes = bytes::Bytes::from(tree::noise(3, 1 << 20));
    let image = Image::stream(1 << 20, futures::stream::iter([Ok(bytes.clone())]));
    let options = BurnOptions::default().finish(Finish::FinalizeDisc);
    let report = lease.burn(options, image).report().await.unwrap();
    assert_eq!(
        (report.outcome, report.medium),
        (Outcome::Verified, MediumState::Closed)
    );
    assert!(!report.notes.contains(&Note::MoreClosedThanAsked));
    assert_eq!(fs::read(&tgtd.disc).unwrap(), bytes);
}
