//! Burns that do not come to their end: cancelled, dropped, a drive that goes, a source that changes, a
//! process that is killed. The medium's state is named each time, and what the disc says is true.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use crate::common::watched::{Then, at_write};
use futures::StreamExt;
use pitland::transport::sim::{DiscType, MediumKind};
use pitland::writer::MediumCondition;
use pitland::{
    BurnError, Canceller, Engine, Fault, Image, MediumState, Outcome, Phase, ReadOptions,
    SourceError, StashPolicy,
};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

/// More than the ring holds: the end is read after the first WRITE.
const BEYOND_THE_RING: u64 = 48 << 20;

/// A folder whose first file alone fills the ring.
fn large(root: &Path) {
    tree::small(root);
    let first = File::create(root.join("a large one.img")).unwrap();
    first.set_len(BEYOND_THE_RING).unwrap();
    tree::write(&root.join("z the last one.txt"), b"as it was planned");
}

/// What the drive says of a medium agrees with the state that a job named.
async fn assert_true(opened: &Opened, told: MediumState) {
    let condition = opened.facts().await.condition();
    let agrees = match told {
        MediumState::Untouched => condition.is_blank() != Some(false),
        MediumState::Appendable => matches!(
            condition,
            MediumCondition::Appendable
                | MediumCondition::Formatted { .. }
                | MediumCondition::OpenSession
        ),
        MediumState::Closed => condition == MediumCondition::Complete,
        MediumState::Damaged => {
            matches!(
                condition,
                MediumCondition::Damaged | MediumCondition::OpenSession
            )
        }
        _ => false,
    };
    assert!(agrees, "told {told}, the drive says {condition:?}");
}

async fn a_cancel_in_mid_write_ends_in_a_named_state_on(kind: DiscType) {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    large(&folder);
    burn::blank(&disc, kind, None);
    let canceller: Arc<OnceLock<Canceller>> = Arc::default();
    let at = Arc::clone(&canceller);
    let opened = Opened::with(&disc, |inner| {
        at_write(inner, 100, move || {
            at.wait().cancel();
            Then::Pass
        })
    });
    let lease = opened.drive.lease("a test").await.unwrap();
    let job = lease.burn(burn::options(), burn::tree(&folder));
    canceller.set(job.canceller()).unwrap();
    let error = job.report().await.unwrap_err();
    let BurnError::Failed {
        fault: Fault::Cancelled,
        report,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert!((1..24_000).contains(&report.blocks_written), "{report:?}");
    assert!(
        matches!(report.medium, MediumState::Appendable | MediumState::Closed),
        "{report:?}"
    );
    assert!(
        matches!(
            report.outcome,
            Outcome::ReadableOpen | Outcome::Resumable | Outcome::Lost
        ),
        "{report:?}"
    );
    assert_true(&opened, report.medium).await;
    // And the drive is free for the next job.
    let small = place.path("small");
    tree::small(&small);
    drop(lease);
    let facts = opened.facts().await;
    let next = match facts.profile().is_overwritable() {
        true => burn::overwrite(),
        false => burn::new_session(),
    };
    if kind == DiscType::DvdMinusRDl {
        // One session is all that it takes, and that was this one.
        assert_eq!(report.medium, MediumState::Closed);
        return opened.close().await;
    }
    opened.burn_tree(next, &small).await;
    opened.assert_holds(&small).await;
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_in_mid_write_ends_in_a_named_state_on_each_medium() {
    for kind in DiscType::ALL {
        println!("{kind}");
        a_cancel_in_mid_write_ends_in_a_named_state_on(kind).await;
    }
}

/// On one thread: the job begins when the test waits, and is cancelled by then.
#[tokio::test]
async fn a_cancel_before_the_medium_is_changed_leaves_it_untouched() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    burn::blank(&disc, MediumKind::BdR, Some(8192));
    let before = std::fs::read(&disc).unwrap();
    let opened = Opened::new(&disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    let job = lease.burn(burn::options(), burn::tree(&folder));
    job.cancel();
    let error = job.report().await.unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error:?}");
    assert_eq!(opened.facts().await.condition(), MediumCondition::Blank);
    opened.close().await;
    assert!(std::fs::read(&disc).unwrap() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_job_leads_the_medium_into_a_named_state() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    large(&folder);
    burn::blank(&disc, MediumKind::DvdPlusR, None);
    let (writing, mut begun) = tokio::sync::mpsc::channel(1);
    let (dropped, gone) = std::sync::mpsc::channel::<()>();
    let opened = Opened::with(&disc, |inner| {
        at_write(inner, 50, move || {
            writing.blocking_send(()).unwrap();
            gone.recv().unwrap();
            Then::Pass
        })
    });
    let lease = opened.drive.lease("a test").await.unwrap();
    let job = lease.burn(burn::options(), burn::tree(&folder));
    begun.recv().await.unwrap();
    drop(job);
    drop(lease);
    dropped.send(()).unwrap();
    // The shutdown waits for the safe ending.
    opened.close().await;
    let opened = Opened::new(&disc);
    let facts = opened.facts().await;
    assert_eq!(facts.condition(), MediumCondition::Appendable, "{facts:?}");
    assert_eq!(facts.closed_sessions(), Some(1));
    opened.close().await;
}

#[test]
fn a_dropped_runtime_leads_the_medium_into_a_named_state() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    large(&folder);
    burn::blank(&disc, MediumKind::BdR, None);
    let (writing, begun) = std::sync::mpsc::channel();
    let (dropped, gone) = std::sync::mpsc::channel::<()>();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let engine = runtime.block_on(async {
        let opened = Opened::with(&disc, |inner| {
            at_write(inner, 50, move || {
                writing.send(()).unwrap();
                gone.recv().unwrap();
                Then::Pass
            })
        });
        let lease = opened.drive.lease("a test").await.unwrap();
        lease.burn(burn::options(), burn::tree(&folder)).detach();
        opened.engine
    });
    begun.recv().unwrap();
    runtime.shutdown_background();
    dropped.send(()).unwrap();
    let report = engine.join_drives(std::time::Duration::from_secs(60));
    assert_eq!(report.still_running, 0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let opened = Opened::new(&disc);
        let condition = opened.facts().await.condition();
        assert_eq!(condition, MediumCondition::Appendable);
        opened.close().await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_changes_is_named_and_never_burned_silently() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("grown", |path| {
            File::options()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"more")
                .unwrap();
        }),
        ("other bytes of the same length", |path| {
            let length = std::fs::metadata(path).unwrap().len() as usize;
            std::fs::write(path, vec![b'x'; length]).unwrap();
        }),
        ("replaced", |path| {
            let other = path.with_extension("new");
            std::fs::copy(path, &other).unwrap();
            std::fs::rename(other, path).unwrap();
        }),
        ("removed", |path| std::fs::remove_file(path).unwrap()),
    ];
    for (what, change) in changes {
        let place = Place::new();
        let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
        large(&folder);
        let victim = folder.join("z the last one.txt");
        burn::blank(&disc, MediumKind::BdR, None);
        let opened = Opened::with(&disc, |inner| {
            at_write(inner, 2, move || {
                change(&victim);
                Then::Pass
            })
        });
        let error = opened
            .burn(
                burn::options().stash(StashPolicy::Never, vec![]),
                burn::tree(&folder),
            )
            .await
            .unwrap_err();
        assert!(
            matches!(
                &error,
                BurnError::Failed {
                    fault: Fault::Source,
                    source: Some(SourceError::Emit(_)),
                    ..
                }
            ),
            "{what}: {error:?}"
        );
        assert!(
            error.to_string().contains("z the last one.txt"),
            "{what}: {error}"
        );
        assert_ne!(error.report().unwrap().outcome, Outcome::Verified, "{what}");
        assert_true(&opened, error.medium_state()).await;
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_length_than_stated_is_named() {
    let piece = bytes::Bytes::from(vec![0x5a; 1 << 20]);
    for (pieces, stated) in [(50_u64, 52_u64), (54, 52), (3, 4)] {
        let place = Place::new();
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, MediumKind::BdR, None);
        let opened = Opened::new(&disc);
        let piece = piece.clone();
        let stream = futures::stream::iter(0..pieces).map(move |_| Ok(piece.clone()));
        let image = Image::stream(stated << 20, stream);
        let error = opened.burn(burn::options(), image).await.unwrap_err();
        let named = matches!(
            &error,
            BurnError::Source(SourceError::Short { .. } | SourceError::Long { .. })
                | BurnError::Failed {
                    source: Some(SourceError::Short { .. } | SourceError::Long { .. }),
                    ..
                }
        );
        assert!(named, "{pieces} MiB for {stated}: {error:?}");
        assert_true(&opened, error.medium_state()).await;
        opened.close().await;
    }
}

/// A drive that answers no more leaves the state unknown; another look at the disc tells it.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_goes_in_mid_write_leaves_a_disc_that_can_be_closed() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR] {
        let place = Place::new();
        let (folder, small, disc) = (
            place.path("folder"),
            place.path("small"),
            place.path("disc.vdisc"),
        );
        large(&folder);
        tree::small(&small);
        burn::blank(&disc, kind, None);
        let opened = Opened::with(&disc, |inner| at_write(inner, 200, || Then::Gone));
        let error = opened
            .burn(burn::options(), burn::tree(&folder))
            .await
            .unwrap_err();
        assert!(
            matches!(
                &error,
                BurnError::Failed {
                    fault: Fault::NoAnswer { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(error.medium_state(), MediumState::Unknown, "{error:?}");
        opened.close().await;

        closes_and_takes_a_session(&disc, &small).await;
    }
}

/// A disc with an open session refuses a further one, is closed, and takes one then.
async fn closes_and_takes_a_session(disc: &Path, folder: &Path) {
    let opened = Opened::new(disc);
    let facts = opened.facts().await;
    assert_eq!(facts.condition(), MediumCondition::OpenSession, "{facts:?}");
    let lease = opened.drive.lease("a test").await.unwrap();
    let report = lease.close(false).report().await.unwrap();
    assert_eq!(report.medium, MediumState::Appendable, "{report:?}");
    drop(lease);
    opened.burn_tree(burn::new_session(), folder).await;
    opened.assert_holds(folder).await;
    opened.close().await;
}

/// Set for a process that burns until it is killed: the folder, and the disc.
const BURN_UNTIL_KILLED: &str = "PITLAND_TEST_BURN_UNTIL_KILLED";

/// Does nothing by itself: the next test runs it in a process of its own.
#[tokio::test(flavor = "multi_thread")]
async fn burning_until_killed() {
    let Some(place) = std::env::var_os(BURN_UNTIL_KILLED) else {
        return;
    };
    let place = Path::new(&place);
    let opened = Opened::with(&place.join("disc.vdisc"), |inner| {
        at_write(inner, 300, || {
            // Past the harness, which would keep it.
            std::io::stdout()
                .lock()
                .write_all(b"\nin mid-write\n")
                .unwrap();
            loop {
                std::thread::park();
            }
        })
    });
    let _ = opened
        .burn(burn::options(), burn::tree(&place.join("folder")))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_a_disc_that_tells_the_truth() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR, MediumKind::BdRe] {
        let place = Place::new();
        let (folder, small) = (place.path("folder"), place.path("small"));
        large(&folder);
        tree::small(&small);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "interrupted::burning_until_killed",
                "--nocapture",
            ])
            .env(BURN_UNTIL_KILLED, place.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            lines.any(|line| line.unwrap() == "in mid-write"),
            "{kind:?}"
        );
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));

        if kind == MediumKind::BdRe {
            let opened = Opened::new(&disc);
            opened.burn_tree(burn::overwrite(), &small).await;
            opened.assert_holds(&small).await;
            opened.close().await;
        } else {
            what_was_written_stands(&disc).await;
            closes_and_takes_a_session(&disc, &small).await;
        }
    }
}

/// Up to its next writable address the disc holds the volume's beginning, every block readable.
async fn what_was_written_stands(disc: &Path) {
    let opened = Opened::new(disc);
    let facts = opened.facts().await;
    let track = facts.last_track().unwrap();
    let nwa = facts.nwa().unwrap();
    assert!(nwa > track.start, "{facts:?}");
    let reading = ReadOptions::default().track(track.track.0);
    let reading = opened.drive.read(reading).await.unwrap();
    let (blocks, mut pieces) = (reading.blocks, reading.pieces);
    assert_eq!(
        Some(blocks),
        nwa.blocks_since(track.start)
            .map(|count| u64::from(count.0))
    );
    let mut image = Vec::new();
    while let Some(piece) = pieces.next().await {
        image.extend_from_slice(&piece.unwrap().bytes);
    }
    assert_eq!(image.len() as u64, blocks * 2048);
    assert_eq!(&image[16 * 2048 + 1..16 * 2048 + 6], b"CD001");
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_tells_its_phases_in_order() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    burn::blank(&disc, MediumKind::BdR, None);
    let engine = Engine::builder().build().unwrap();
    let opened = Opened::of(engine, &disc, |inner| inner);
    let lease = opened.drive.lease("a test").await.unwrap();
    let mut job = lease.burn(burn::options(), burn::tree(&folder));
    let mut phases = Vec::new();
    while let Some(event) = job.next().await {
        if let pitland::JobEvent::Phase(phase) = event {
            phases.push(phase);
        }
    }
    job.report().await.unwrap();
    let at = |wanted: Phase| phases.iter().position(|phase| *phase == wanted);
    let order = [
        at(Phase::Identifying),
        at(Phase::Writing),
        at(Phase::Closing),
        at(Phase::Verifying),
        at(Phase::Ended),
    ];
    assert!(
        order.is_sorted() && order.iter().all(Option::is_some),
        "{phases:?}"
    );
    opened.close().await;
}
