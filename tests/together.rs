//! One source onto several drives: it is read once, and each drive goes, stalls and fails alone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use pitland::transport::layer::Around;
use pitland::transport::sim::{MediumKind, Pace, VirtualDrive, create_disc};
use pitland::transport::{Data, Reply};
use pitland::writer::mmc::Sense;
use pitland::{
    BurnError, BurnOptions, DriveHandle, DriveLease, Engine, Image, ImageSource, JobEvent,
    MasterOptions, OpenMode, Outcome, Phase, Placement, ReadOptions, StashPolicy, Transport,
    burn_together,
};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const LENGTH: u64 = 12 << 20;
const PIECE: u64 = 1 << 16;

/// Bytes that tell where they are, and how many were taken.
struct Counted {
    at: u64,
    taken: Arc<AtomicU64>,
}

#[async_trait]
impl ImageSource for Counted {
    fn length(&self) -> u64 {
        LENGTH
    }

    fn name(&self) -> String {
        "the counted source".into()
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        if self.at == LENGTH {
            return Ok(None);
        }
        let piece = piece(self.at);
        self.at += PIECE;
        self.taken.fetch_add(PIECE, Ordering::SeqCst);
        Ok(Some(piece))
    }
}

fn piece(at: u64) -> Bytes {
    (0..PIECE / 8)
        .flat_map(|n| {
            (at + n * 8)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .to_le_bytes()
        })
        .collect()
}

fn whole_image() -> Vec<u8> {
    (0..LENGTH / PIECE).flat_map(|n| piece(n * PIECE)).collect()
}

fn counted() -> (Image, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let image = Image::source(Counted {
        at: 0,
        taken: Arc::clone(&taken),
    });
    (image, taken)
}

fn disc(folder: &Path, name: &str, kind: MediumKind) -> PathBuf {
    let file = folder.join(name);
    drop(create_disc(&file, kind, None).unwrap());
    file
}

fn open(engine: &Engine, file: &Path) -> DriveHandle {
    let address = format!("virtual:{}", file.display());
    engine.open(&address.parse().unwrap()).unwrap()
}

/// Whether a reader of the disc finds the image at its start.
async fn holds_the_image(drive: &DriveHandle) -> bool {
    let mut pieces = drive.read(ReadOptions::default()).await.unwrap().pieces;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.unwrap().bytes);
        if bytes.len() as u64 >= LENGTH {
            break;
        }
    }
    bytes.truncate(usize::try_from(LENGTH).unwrap());
    bytes == whole_image()
}

fn straight() -> BurnOptions {
    BurnOptions::default().stash(StashPolicy::Never, vec![])
}

async fn lease(drive: &DriveHandle) -> DriveLease {
    drive.lease("set").await.unwrap()
}

#[tokio::test]
async fn one_source_for_many_drives_is_read_once_and_is_the_same_on_all() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let kinds = [
        MediumKind::BdR,
        MediumKind::DvdPlusR,
        MediumKind::BdRe,
        MediumKind::DvdPlusRw,
        MediumKind::DvdRam,
        MediumKind::BdR,
    ];
    let files: Vec<_> = (0..).zip(kinds).collect();
    let files: Vec<_> = files
        .into_iter()
        .map(|(n, kind): (u32, _)| disc(folder.path(), &format!("{n}.vdisc"), kind))
        .collect();
    let drives: Vec<_> = files.iter().map(|file| open(&engine, file)).collect();
    let mut onto = Vec::new();
    for drive in &drives {
        onto.push((lease(drive).await, straight()));
    }
    let (image, taken) = counted();
    for job in burn_together(image, onto) {
        let report = job.report().await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
    }
    assert_eq!(taken.load(Ordering::SeqCst), LENGTH, "read once");
    for drive in &drives {
        assert!(holds_the_image(drive).await, "{}", drive.name());
    }
}

#[tokio::test]
async fn a_drive_that_refuses_or_is_cancelled_does_not_concern_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let names = ["used", "cancelled", "good"];
    let files = names.map(|name| disc(folder.path(), name, MediumKind::BdR));
    let used = lease(&open(&engine, &files[0])).await;
    used.burn(straight(), counted().0).report().await.unwrap();
    let mut onto = vec![(used, straight())];
    let drives = [&files[1], &files[2]].map(|file| open(&engine, file));
    for drive in &drives {
        onto.push((lease(drive).await, straight()));
    }
    let mut jobs = burn_together(counted().0, onto).into_iter();
    let refused = jobs.next().unwrap().report().await.unwrap_err();
    assert!(matches!(refused, BurnError::Refused(_)), "{refused:?}");
    let cancelled = jobs.next().unwrap();
    cancelled.cancel();
    let _ = cancelled.report().await.unwrap_err();
    let report = jobs.next().unwrap().report().await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    assert!(holds_the_image(&drives[1]).await);
}

#[tokio::test]
async fn discs_that_start_at_different_blocks_each_get_a_volume_that_fits() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("a"), vec![5u8; 3 << 20]).unwrap();
    let engine = Engine::builder().build().unwrap();
    let files = ["blank", "used"].map(|name| disc(folder.path(), name, MediumKind::BdR));
    let tree = || Image::tree(vec![source.clone()], MasterOptions::default());
    let blank = lease(&open(&engine, &files[0])).await;
    let used = lease(&open(&engine, &files[1])).await;
    used.burn(straight(), tree()).report().await.unwrap();
    let appended = straight().placement(Placement::NewSession);
    let jobs = burn_together(
        tree(),
        vec![(blank.clone(), straight()), (used.clone(), appended)],
    );
    let mut starts = Vec::new();
    for job in jobs {
        let report = job.report().await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
        starts.push(report.first_lba);
    }
    assert_eq!(starts[0], 0);
    assert!(starts[1] > 0);
    for drive in [blank.drive(), used.drive()] {
        let compared = drive
            .verify_tree(vec![source.clone()], MasterOptions::default())
            .await
            .unwrap();
        assert!(compared.is_equal(), "{compared:?}");
    }
}

/// Shut until it is opened, once.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    moved: Condvar,
}

impl Gate {
    fn wait(&self) {
        let open = self.open.lock().unwrap();
        drop(self.moved.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.moved.notify_all();
    }
}

/// A drive that stands still at one WRITE until it is told to go on.
fn stalling(drive: VirtualDrive, gate: Arc<Gate>) -> impl Transport {
    let mut writes = 0;
    Around::new(drive, move |drive, exchange| {
        if matches!(exchange.data, Data::Blocks { .. }) {
            writes += 1;
            if writes == 20 {
                gate.wait();
            }
        }
        drive.execute(exchange)
    })
}

/// A set of two drives one of which stalls; both reports, the good drive's first. The other may go on only
/// when the good one has ended.
async fn with_a_stall(
    image: Image,
    stalled_disc: &Path,
    good_disc: &Path,
) -> [Result<pitland::BurnReport, BurnError>; 2] {
    let engine = Engine::builder().build().unwrap();
    let gate = Arc::default();
    let drive = VirtualDrive::file(stalled_disc, OpenMode::Existing, Pace::Virtual, "v".into());
    let stalling = stalling(drive.unwrap(), Arc::clone(&gate));
    let stalling = engine.attach(Box::new(stalling)).unwrap();
    let good_drive = open(&engine, good_disc);
    // Long enough that a busy machine does not keep the good drive as long.
    let options = straight().most_lag(Duration::from_secs(1));
    let onto = vec![
        (lease(&stalling).await, options.clone()),
        (lease(&good_drive).await, options),
    ];
    let mut jobs = burn_together(image, onto).into_iter();
    let stalled = jobs.next().unwrap();
    let good = jobs.next().unwrap().report().await;
    gate.open();
    let stalled = stalled.report().await;
    let complete = [good.is_ok(), stalled.is_ok()];
    for (drive, complete) in [&good_drive, &stalling].into_iter().zip(complete) {
        assert!(
            !complete || holds_the_image(drive).await,
            "{}",
            drive.name()
        );
    }
    [good, stalled]
}

#[tokio::test]
async fn a_drive_that_holds_the_others_up_is_let_go_and_catches_up_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    std::fs::write(&image, whole_image()).unwrap();
    let files = ["stalled", "good"].map(|name| disc(folder.path(), name, MediumKind::BdR));
    let [good, stalled] = with_a_stall(Image::file(image), &files[0], &files[1]).await;
    assert_eq!(good.unwrap().outcome, Outcome::Verified);
    let stalled = stalled.unwrap();
    assert_eq!(stalled.outcome, Outcome::Verified);
    let told = stalled
        .notes
        .iter()
        .any(|note| matches!(note, pitland::Note::LetGo { .. }));
    assert!(told, "{:?}", stalled.notes);
}

#[tokio::test]
async fn a_drive_that_is_let_go_of_a_source_that_comes_once_ends_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["stalled", "good"].map(|name| disc(folder.path(), name, MediumKind::BdR));
    let [good, stalled] = with_a_stall(counted().0, &files[0], &files[1]).await;
    assert_eq!(good.unwrap().outcome, Outcome::Verified);
    let BurnError::Failed { source, .. } = stalled.unwrap_err() else {
        panic!("not a failure of the job");
    };
    assert!(
        matches!(source, Some(pitland::SourceError::LeftBehind)),
        "{source:?}"
    );
}

/// A drive that fails at a WRITE and then takes its time with whatever comes next, until it is told to go on.
fn failing(drive: VirtualDrive, gate: Arc<Gate>) -> impl Transport {
    let mut writes = 0;
    Around::new(drive, move |drive, exchange| {
        if matches!(exchange.data, Data::Blocks { .. }) {
            writes += 1;
            if writes == 10 {
                return Ok(Reply::check(Sense::new(3, 0x0c, 0)));
            }
        } else if writes == 10 && exchange.cdb.opcode() == 0x35 {
            gate.wait();
        }
        drive.execute(exchange)
    })
}

#[tokio::test]
async fn a_drive_that_has_failed_holds_nobody_up_while_it_closes() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["failing", "good"].map(|name| disc(folder.path(), name, MediumKind::BdR));
    let engine = Engine::builder().build().unwrap();
    let gate = Arc::default();
    let drive = VirtualDrive::file(&files[0], OpenMode::Existing, Pace::Virtual, "v".into());
    let failing = failing(drive.unwrap(), Arc::clone(&gate));
    let failing = engine.attach(Box::new(failing)).unwrap();
    let good = open(&engine, &files[1]);
    // Never let go by the rule.
    let options = straight().most_lag(Duration::MAX);
    let onto = vec![
        (lease(&failing).await, options.clone()),
        (lease(&good).await, options),
    ];
    let mut jobs = burn_together(counted().0, onto).into_iter();
    let failed = jobs.next().unwrap();
    let limit = Duration::from_secs(120);
    let good = tokio::time::timeout(limit, jobs.next().unwrap().report()).await;
    gate.open();
    assert!(failed.report().await.is_err());
    assert_eq!(good.unwrap().unwrap().outcome, Outcome::Verified);
}

/// An error that can be seen to be gone.
#[derive(Debug)]
struct Trace(#[allow(dead_code, reason = "held, never read")] Arc<()>);

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a trace")
    }
}

impl std::error::Error for Trace {}

#[tokio::test]
async fn an_idle_drive_keeps_nothing_of_the_ring_of_its_last_job() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = open(&engine, &disc(folder.path(), "disc", MediumKind::BdR));
    let trace = Arc::new(());
    let seen = Arc::downgrade(&trace);
    let failure = io::Error::other(Trace(trace));
    let image = Image::stream(LENGTH, futures::stream::iter([Err(failure)]));
    let error = lease(&drive).await.burn(straight(), image).report().await;
    assert!(error.is_err());
    assert!(seen.upgrade().is_some(), "the error tells of it");
    drop(error);
    assert!(seen.upgrade().is_none(), "the drive still holds the ring");
}

#[tokio::test]
async fn a_drive_is_cancelled_at_once_while_its_set_waits_for_a_bus() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    // Slower than any drive, so that one has it alone.
    let on_bus = |name: &str, bus: &str| {
        let file = disc(folder.path(), name, MediumKind::BdR);
        let address = format!("virtual:{},bus={bus}@4MB/s", file.display());
        engine.open(&address.parse().unwrap()).unwrap()
    };
    let [holder, free, waiting] =
        [("1", "wanted"), ("2", "free"), ("3", "wanted")].map(|(name, bus)| on_bus(name, bus));
    let standing = Image::stream(LENGTH, futures::stream::pending());
    let mut holding = lease(&holder).await.burn(straight(), standing);
    while !matches!(
        holding.next().await.unwrap(),
        JobEvent::Phase(Phase::Preparing)
    ) {}
    let onto = vec![
        (lease(&free).await, straight()),
        (lease(&waiting).await, straight()),
    ];
    let mut jobs = burn_together(counted().0, onto).into_iter();
    let (cancelled, mut waits) = (jobs.next().unwrap(), jobs.next().unwrap());
    while !matches!(waits.next().await.unwrap(), JobEvent::Phase(Phase::Waiting)) {}
    cancelled.cancel();
    let limit = Duration::from_secs(60);
    let ended = tokio::time::timeout(limit, cancelled.report()).await;
    assert!(matches!(ended.unwrap(), Err(BurnError::Cancelled)));
    holding.cancel();
    let _ = holding.report().await.unwrap_err();
    assert_eq!(waits.report().await.unwrap().outcome, Outcome::Verified);
}
