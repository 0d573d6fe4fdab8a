//! Who may use a drive, and when.

use crate::drives::{Attached, halting, small, virtual_drive};
use futures::StreamExt;
use pitland::codes::{Code, Coded, imapi};
use pitland::transport::linux::lock::{Attempt, DriveLock, LockPlace};
use pitland::transport::sim::{DriveModel, MediumKind, VirtualDrive, create_disc};
use pitland::transport::{Claim, ClaimDenied, Exchange, MediumEvent, Reply, TransportError, layer};
use pitland::writer::mmc::Lba;
use pitland::{
    BurnOptions, DriveAddress, DriveHandle, Engine, EngineError, Job, JobEvent, LeaseDenied,
    LeaseOptions, Outcome, Phase, Placement, QueryError, StashPolicy, Transport,
};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Barrier, Notify};

/// The folder of the process that other checks start and kill.
const CHILD: &str = "PITLAND_CHECK_CHILD";

fn disc_in(folder: &Path) -> DriveAddress {
    format!("virtual:{}", folder.join("disc.vdisc").display())
        .parse()
        .unwrap()
}

fn lock_in(folder: &Path) -> DriveLock {
    let place = LockPlace::Folder(folder.to_path_buf());
    DriveLock::new(&place, "3:0:0:0".parse().unwrap(), Path::new("/proc"))
}

/// Not a check: what the other process does until it is killed. It holds a drive and its lock, with notifications off.
#[tokio::test]
async fn the_other_process() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let folder = Path::new(&folder);
    let engine = Engine::builder().build().unwrap();
    let drive = engine.open(&disc_in(folder)).unwrap();
    let _lease = drive.lease("the other").await.unwrap();
    let _off = drive.disable_notifications().await.unwrap();
    let mut lock = lock_in(folder);
    assert_eq!(lock.hold("the other").unwrap(), Attempt::Ours);
    println!(
        "\nholds: {}",
        drive.status().await.unwrap().notifications_off
    );
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

struct Other(Child);

impl Other {
    /// Starts it, and waits until it holds what it shall.
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sharing::the_other_process", "--nocapture"])
            .env(CHILD, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "holds: 1"));
        Self(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn check_06_a_held_drive_names_its_holder_and_is_free_when_the_last_hold_ends() {
    let bench = Attached::blank(MediumKind::BdR);
    let (first, second) = (bench.drive.clone(), bench.drive.clone());
    let lease = first.lease("archive").await.unwrap();
    let denied = second.lease("other").await.unwrap_err();
    assert_eq!(
        denied,
        LeaseDenied::Held {
            holder: "archive".into()
        }
    );
    assert_eq!(denied.imapi_code(), Some(imapi::E_IMAPI_RECORDER_LOCKED));
    assert_eq!(
        second.status().await.unwrap().holder.as_deref(),
        Some("archive")
    );
    // Counted: it is held until the last of them is gone, in whatever order.
    let nested = [lease.clone(), lease.clone()];
    drop(lease);
    for hold in nested {
        assert!(second.lease("other").await.is_err());
        drop(hold);
    }
    let theirs = second.lease("other").await.unwrap();
    assert_eq!(theirs.who(), "other");
    // A client that dies gives its own back.
    let died = tokio::spawn(async move {
        let _lease = theirs;
        panic!("this client dies, as it should");
    });
    assert!(died.await.is_err());
    drop(first.lease("archive").await.unwrap());
    bench.end().await;

    // And so does a process.
    let folder = tempfile::tempdir().unwrap();
    drop(create_disc(&folder.path().join("disc.vdisc"), MediumKind::BdR, None).unwrap());
    let other = Other::start(folder.path());
    let pid = other.0.id();
    let engine = Engine::builder().build().unwrap();
    let refused = engine.open(&disc_in(folder.path())).unwrap_err();
    assert!(matches!(&refused, EngineError::Open(_)), "{refused:?}");
    assert!(refused.to_string().contains(&pid.to_string()), "{refused}");
    let mut lock = lock_in(folder.path());
    match lock.hold("ours").unwrap() {
        Attempt::Held(holder) => {
            assert_eq!(
                (holder.who.as_deref(), holder.pid),
                (Some("the other"), Some(pid))
            );
        }
        other => panic!("{other:?}"),
    }
    other.kill();
    assert_eq!(lock.hold("ours").unwrap(), Attempt::Ours);
    let drive = engine.open(&disc_in(folder.path())).unwrap();
    drop(drive.lease("ours").await.unwrap());
}

/// A drive that another program can have mounted, and that tells what it was asked.
struct Host {
    inner: VirtualDrive,
    asked: Arc<Mutex<Asked>>,
}

#[derive(Debug, Default)]
struct Asked {
    mounted: bool,
    quiet: Vec<bool>,
    event_questions: usize,
}

impl layer::Layer for Host {
    type Inner = VirtualDrive;

    fn inner(&self) -> &Self::Inner {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        if exchange.cdb.opcode() == 0x4A {
            self.asked.lock().unwrap().event_questions += 1;
        }
        self.inner.execute(exchange)
    }

    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        let mut asked = self.asked.lock().unwrap();
        match claim {
            Claim::Hold { unmount: false, .. } if asked.mounted => Err(ClaimDenied::Mounted {
                at: vec!["/media/disc".into()],
            }),
            Claim::Hold { unmount: true, .. } => {
                asked.mounted = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn release(&mut self) {}

    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        let mut asked = self.asked.lock().unwrap();
        if quiet && asked.mounted {
            return Err(ClaimDenied::Mounted {
                at: vec!["/media/disc".into()],
            });
        }
        asked.quiet.push(quiet);
        Ok(())
    }
}

fn hosted(kind: MediumKind) -> (Attached, Arc<Mutex<Asked>>) {
    let asked = Arc::<Mutex<Asked>>::default();
    let inner = virtual_drive(DriveModel::default(), small(kind));
    let host = Host {
        inner,
        asked: Arc::clone(&asked),
    };
    (Attached::new(host), asked)
}

#[tokio::test]
async fn check_07_a_mounted_disc_is_taken_only_by_one_who_says_so() {
    let (bench, asked) = hosted(MediumKind::BdR);
    asked.lock().unwrap().mounted = true;
    let denied = bench.drive.lease("polite").await.unwrap_err();
    assert!(
        matches!(&denied, LeaseDenied::Outside(ClaimDenied::Mounted { at }) if at == &[Path::new("/media/disc")]),
        "{denied:?}"
    );
    assert_eq!(
        (denied.code(), bench.drive.status().await.unwrap().holder),
        (Code::LeaseMounted, None)
    );
    let options = LeaseOptions::default().unmounting();
    let lease = bench.drive.lease_with("insistent", options).await.unwrap();
    assert!(!asked.lock().unwrap().mounted);
    drop(lease);
    bench.end().await;
}

/// Straight from the stream, so that what happens to it happens in mid-write.
fn streaming() -> BurnOptions {
    BurnOptions::default().stash(StashPolicy::Never, vec![])
}

/// Blocks of an image that does not fit the ring.
const LONG: u64 = 4096;

async fn until_writing(job: &mut Job) {
    while job.next().await.unwrap() != JobEvent::Phase(Phase::Writing) {}
}

#[tokio::test]
async fn check_08_two_drives_burn_at_the_same_time_and_both_right() {
    let engine = Engine::builder().build().unwrap();
    let both = Arc::new(Barrier::new(2));
    let burn = |kind, byte: u8| {
        let drive = virtual_drive(DriveModel::default(), small(kind));
        let drive = engine.attach(Box::new(drive)).unwrap();
        let both = Arc::clone(&both);
        async move {
            let lease = drive.lease("one of two").await.unwrap();
            let (halfway, go_on) = (Arc::<Notify>::default(), Arc::<Notify>::default());
            let image = halting(LONG, byte, Arc::clone(&halfway), Arc::clone(&go_on));
            let mut job = lease.burn(streaming(), image);
            halfway.notified().await;
            until_writing(&mut job).await;
            // Neither goes on before the other one writes.
            both.wait().await;
            go_on.notify_one();
            let report = job.report().await.unwrap();
            assert_eq!(report.outcome, Outcome::Verified, "{report:?}");
            let reader = drive.reader();
            let all = tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; LONG as usize * 2048];
                reader.read_blocks(Lba(0), &mut bytes).map(|()| bytes)
            });
            let all = all.await.unwrap().unwrap();
            assert!(all.iter().all(|found| *found == byte), "each has its own");
        }
    };
    tokio::join!(
        burn(MediumKind::BdR, 0xA1),
        burn(MediumKind::DvdPlusR, 0xB2)
    );
}

#[tokio::test]
async fn check_09_a_drive_answers_others_but_while_it_writes() {
    let bench = Attached::blank(MediumKind::BdR);
    let stranger: DriveHandle = bench.drive.clone();
    let lease = bench.drive.lease("burner").await.unwrap();
    stranger.medium().await.unwrap();
    for placement in [Placement::BlankOnly, Placement::NewSession] {
        let (halfway, go_on) = (Arc::<Notify>::default(), Arc::<Notify>::default());
        let image = halting(LONG, 3, Arc::clone(&halfway), Arc::clone(&go_on));
        let mut job = lease.burn(streaming().placement(placement), image);
        halfway.notified().await;
        until_writing(&mut job).await;
        let refused = stranger.medium().await.unwrap_err();
        assert!(
            matches!(&refused, QueryError::Denied(LeaseDenied::Busy { holder: Some(who), .. }) if who == "burner"),
            "{refused:?}"
        );
        assert_eq!(
            refused.imapi_code(),
            Some(imapi::E_IMAPI_DF2DATA_WRITE_IN_PROGRESS)
        );
        stranger.status().await.unwrap();
        go_on.notify_one();
        job.report().await.unwrap();
        // Between two operations of the same client it is idle.
        assert!(stranger.medium().await.unwrap().facts.nwa().is_some());
    }
    bench.end().await;
}

#[tokio::test]
async fn check_10_notifications_are_off_as_long_as_somebody_wants_it_and_no_longer() {
    let (bench, asked) = hosted(MediumKind::DvdPlusR);
    let quiet = || asked.lock().unwrap().quiet.clone();
    bench.facts().await;
    let mut events = bench.drive.medium_events(Duration::from_millis(1));
    assert_eq!(events.next().await, Some(Ok(MediumEvent::Inserted)));

    let first = bench.drive.disable_notifications().await.unwrap();
    let second = bench.drive.disable_notifications().await.unwrap();
    assert_eq!(bench.drive.status().await.unwrap().notifications_off, 2);
    assert_eq!(quiet(), [true], "the host is told once");
    // Apart from the lease: neither needs or ends the other.
    let lease = bench.drive.lease("several steps").await.unwrap();
    let questions = asked.lock().unwrap().event_questions;
    lease.eject().await.unwrap();
    lease.load().await.unwrap();
    drop(lease);
    for _ in 0..3 {
        let none = tokio::time::timeout(Duration::from_millis(20), events.next()).await;
        assert!(none.is_err(), "{none:?}");
    }
    assert_eq!(
        asked.lock().unwrap().event_questions,
        questions,
        "the drive is not asked"
    );
    drop(first);
    assert_eq!(bench.drive.status().await.unwrap().notifications_off, 1);
    assert_eq!(quiet(), [true]);
    drop(second);
    assert_eq!(bench.drive.status().await.unwrap().notifications_off, 0);
    // What happened meanwhile is told now.
    while events.next().await.unwrap().unwrap() != MediumEvent::Inserted {}
    assert_eq!(quiet(), [true, false]);

    // What cannot be is said, and counts for nothing.
    asked.lock().unwrap().mounted = true;
    let denied = bench.drive.disable_notifications().await.unwrap_err();
    assert_eq!(denied.code(), Code::LeaseMounted);
    assert_eq!(bench.drive.status().await.unwrap().notifications_off, 0);
    bench.end().await;

    // A process that dies leaves nothing off.
    let folder = tempfile::tempdir().unwrap();
    drop(create_disc(&folder.path().join("disc.vdisc"), MediumKind::BdR, None).unwrap());
    Other::start(folder.path()).kill();
    let engine = Engine::builder().build().unwrap();
    let drive = engine.open(&disc_in(folder.path())).unwrap();
    drive.medium().await.unwrap();
    assert_eq!(drive.status().await.unwrap().notifications_off, 0);
    let mut events = drive.medium_events(Duration::from_millis(1));
    assert_eq!(events.next().await, Some(Ok(MediumEvent::Inserted)));
}
