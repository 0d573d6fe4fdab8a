//! The drives' own buffers, in virtual time: from the first block to the last, none runs empty, however many
//! drives share one source. In real time that depends on the machine, and is told by a bench.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland::transport::sim::{Pace, VirtualDrive};
use pitland::transport::{Data, Exchange, Reply, TransportError, layer};
use pitland::{BurnOptions, Engine, Image, Outcome, Transport, VerifyLevel, burn_together};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Ten times what a drive's buffer holds, and not a whole number of slots.
const IMAGE_BYTES: u64 = (40 << 20) + 2048;

/// A drive that says at its end how often its buffer had run empty. The host may be late with one WRITE.
struct Watched {
    drive: VirtualDrive,
    ran_empty: Arc<Mutex<Vec<u64>>>,
    writes: Arc<AtomicU64>,
    late: Option<(u64, Duration)>,
}

impl layer::Layer for Watched {
    type Inner = VirtualDrive;

    fn inner(&self) -> &Self::Inner {
        &self.drive
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.drive
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        if matches!(exchange.data, Data::Blocks { .. }) {
            let before = self.writes.fetch_add(1, Ordering::SeqCst);
            if let Some((_, by)) = self.late.take_if(|(write, _)| *write == before) {
                self.drive.advance(by);
            }
        }
        self.drive.execute(exchange)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let count = self.drive.underruns().count;
        self.ran_empty.lock().unwrap().push(count);
    }
}

/// Burns one image onto so many drives; how often the buffer of each ran empty.
async fn ran_empty(image: &Path, drives: u32, late: Option<(u64, Duration)>) -> Vec<u64> {
    let engine = Engine::builder().build().unwrap();
    let ran_empty = Arc::new(Mutex::new(Vec::new()));
    let mut onto = Vec::new();
    let mut writes = Vec::new();
    for id in 0..drives {
        let written = Arc::new(AtomicU64::new(0));
        let drive = Watched {
            drive: VirtualDrive::null(id, Pace::Virtual, format!("null {id}")).unwrap(),
            ran_empty: Arc::clone(&ran_empty),
            writes: Arc::clone(&written),
            late,
        };
        writes.push(written);
        let drive = engine.attach(Box::new(drive)).unwrap();
        let options = BurnOptions::default().verify(VerifyLevel::None);
        onto.push((drive.lease("buffers").await.unwrap(), options));
    }
    for job in burn_together(Image::file(image), onto) {
        let report = job.report().await.unwrap();
        assert_eq!(report.outcome, Outcome::Unverified);
        assert_eq!(report.image_bytes, IMAGE_BYTES);
    }
    let shut = engine.shutdown(Duration::from_secs(60)).await;
    assert_eq!(shut.still_running, 0);
    for writes in writes {
        assert!(writes.load(Ordering::SeqCst) > 0);
    }
    let ran_empty = ran_empty.lock().unwrap().clone();
    assert_eq!(ran_empty.len(), drives as usize);
    ran_empty
}

fn image(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("image");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(IMAGE_BYTES).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_buffer_runs_empty_however_many_drives_share_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let image = image(folder.path());
    for drives in [1, 4, 16] {
        let counts = ran_empty(&image, drives, None).await;
        assert!(counts.iter().all(|count| *count == 0), "{counts:?}");
    }
}

/// The other side of the same check: it would have told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_late_is_seen_to_let_the_buffer_run_empty() {
    let folder = tempfile::tempdir().unwrap();
    let image = image(folder.path());
    let late = Some((300, Duration::from_secs(5)));
    assert_eq!(ran_empty(&image, 2, late).await, [1, 1]);
}
