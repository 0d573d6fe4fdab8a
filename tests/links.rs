//! Drives whose link is not what it should be, and sources that break: the medium's state is told truly.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use bytes::Bytes;
use futures::stream;
use pitland::transport::layer::{self, Around};
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::transport::{Exchange, Limits, Reply, Status, TransportError};
use pitland::{
    BurnError, BurnOptions, BurnReport, DriveHandle, Engine, Image, MediumState, OpenMode, Outcome,
    Transport,
};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::Notify;

#[allow(dead_code, unreachable_pub, reason = "a part of it is used")]
#[path = "common/watched.rs"]
mod watched;

/// A link that carries so much at a time, and whose READs may bring nothing after the first.
struct Link {
    drive: Box<dyn Transport>,
    most: usize,
    reads_to_serve: usize,
}

impl layer::Layer for Link {
    type Inner = dyn Transport;

    fn inner(&self) -> &Self::Inner {
        &*self.drive
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut *self.drive
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        if exchange.cdb.opcode() == 0x28 {
            match self.reads_to_serve.checked_sub(1) {
                Some(left) => self.reads_to_serve = left,
                None => return Ok(Reply::good(0)),
            }
        }
        self.inner_mut().execute(exchange)
    }

    fn limits(&self) -> Limits {
        Limits::with_max_transfer(self.most)
    }
}

fn open(
    folder: &Path,
    kind: MediumKind,
    most: usize,
    reads_to_serve: usize,
) -> (Engine, DriveHandle) {
    let file = folder.join("disc.vdisc");
    drop(create_disc(&file, kind, None).unwrap());
    let engine = Engine::builder().build().unwrap();
    let address = format!("virtual:{}", file.display()).parse().unwrap();
    let layer = |drive: Box<dyn Transport>| -> Box<dyn Transport> {
        Box::new(Link {
            drive,
            most,
            reads_to_serve,
        })
    };
    let drive = engine
        .open_with(&address, OpenMode::Existing, layer)
        .unwrap();
    (engine, drive)
}

async fn burn(
    kind: MediumKind,
    image: Image,
    most: usize,
    reads: usize,
) -> Result<BurnReport, BurnError> {
    let folder = tempfile::tempdir().unwrap();
    let (_engine, drive) = open(folder.path(), kind, most, reads);
    let lease = drive.lease("links").await.unwrap();
    lease.burn(BurnOptions::default(), image).report().await
}

fn zeros(bytes: usize) -> Image {
    Image::stream(
        bytes as u64,
        stream::iter([Ok(Bytes::from(vec![0u8; bytes]))]),
    )
}

#[tokio::test]
async fn a_read_that_brings_nothing_does_not_verify() {
    // Zeros read once look like zeros read for ever, to whoever looks at an old buffer.
    let error = burn(MediumKind::BdR, zeros(4 << 20), 65536, 1)
        .await
        .unwrap_err();
    let report = error.report().unwrap();
    assert_ne!(report.outcome, Outcome::Verified, "{error}");
}

/// A drive that says GOOD or aborted at its fifth WRITE, which it has carried out or not.
fn doubtful(drive: Box<dyn Transport>, carried_out: bool, says: Status) -> Box<dyn Transport> {
    let mut writes = 0;
    Box::new(Around::new(drive, move |drive, exchange| {
        let is_write = watched::is_write(&exchange);
        writes += u32::from(is_write);
        if !is_write || writes != 5 {
            return drive.execute(exchange);
        }
        if carried_out {
            assert_eq!(drive.execute(exchange)?.status, Status::Good);
        }
        Ok(Reply {
            status: says,
            transferred: 0,
        })
    }))
}

/// TASK ABORTED, of SAM.
const TASK_ABORTED: Status = Status::Other(0x40);

#[tokio::test]
async fn a_write_that_fell_short_or_was_aborted_is_neither_believed_nor_repeated_blindly() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR, MediumKind::BdRe] {
        for (carried_out, says) in [
            (false, Status::Good),
            (true, Status::Good),
            (false, TASK_ABORTED),
            (true, TASK_ABORTED),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("disc.vdisc");
            drop(create_disc(&file, kind, None).unwrap());
            let engine = Engine::builder().build().unwrap();
            let address = format!("virtual:{}", file.display()).parse().unwrap();
            let drive = engine
                .open_with(&address, OpenMode::Existing, |drive| {
                    doubtful(drive, carried_out, says)
                })
                .unwrap();
            let lease = drive.lease("links").await.unwrap();
            let bytes: Vec<u8> = (0..4u32 << 20).map(|at| (at >> 11) as u8).collect();
            let image = Image::stream(
                bytes.len() as u64,
                stream::iter([Ok(Bytes::from(bytes.clone()))]),
            );
            let report = lease.burn(BurnOptions::default(), image).report().await;
            let report =
                report.unwrap_or_else(|error| panic!("{kind:?} {carried_out} {says}: {error}"));
            assert_eq!(
                report.outcome,
                Outcome::Verified,
                "{kind:?} {carried_out} {says}"
            );
        }
    }
}

#[tokio::test]
async fn a_link_that_carries_less_at_a_time_is_read_in_more_commands() {
    let report = burn(MediumKind::DvdPlusR, zeros(4 << 20), 32768, usize::MAX)
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
}

#[tokio::test]
async fn a_link_that_carries_no_write_unit_is_refused_before_the_medium_is_touched() {
    let error = burn(MediumKind::BdR, zeros(4 << 20), 32768, usize::MAX)
        .await
        .unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error}");
}

#[tokio::test]
async fn a_small_source_that_breaks_is_found_out_before_the_medium_is_touched() {
    for kind in [MediumKind::BdR, MediumKind::BdRe, MediumKind::DvdPlusRw] {
        let broken = stream::once(async {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            Err(io::Error::other("unreadable"))
        });
        let error = burn(kind, Image::stream(100_000, broken), 65536, usize::MAX)
            .await
            .unwrap_err();
        assert_eq!(
            error.medium_state(),
            MediumState::Untouched,
            "{kind:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_source_that_panics_is_found_out_before_the_medium_is_touched() {
    let panicking = stream::poll_fn(|_| -> Poll<Option<io::Result<Bytes>>> {
        std::panic::resume_unwind(Box::new("the source"))
    });
    let image = Image::stream(64 << 20, panicking);
    let error = burn(MediumKind::BdRe, image, 65536, usize::MAX)
        .await
        .unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error}");
}

/// Tells when it is dropped.
struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_source_that_stands_still_is_let_go_of_with_its_job() {
    let folder = tempfile::tempdir().unwrap();
    let (_engine, drive) = open(folder.path(), MediumKind::BdR, 65536, usize::MAX);
    let lease = drive.lease("links").await.unwrap();
    let (asked, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let told = Told(Arc::clone(&gone));
    let asking = Arc::clone(&asked);
    let still = stream::poll_fn(move |_| -> Poll<Option<io::Result<Bytes>>> {
        let _held = &told;
        asking.notify_one();
        Poll::Pending
    });
    let job = lease.burn(BurnOptions::default(), Image::stream(64 << 20, still));
    asked.notified().await;
    job.cancel();
    job.report().await.unwrap_err();
    gone.notified().await;
}
