//! Who may do what with a drive, and what happens to an open track when its client goes away.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::writer::MediaWriter;
use pitland::{
    Activity, BurnError, BurnOptions, DriveHandle, Engine, Fault, Image, JobEvent, LeaseDenied,
    MediumState, Outcome, Phase, Placement, QueryError, VerifyLevel,
};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const LENGTH: u64 = 8 << 20;

/// 8 MiB; at half of it `halfway` is told and the stream stands still until `go_on`.
fn stalling(
    halfway: Arc<Notify>,
    go_on: Arc<Notify>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold((0u64, false), move |(sent, stalled)| {
        let (halfway, go_on) = (Arc::clone(&halfway), Arc::clone(&go_on));
        async move {
            if sent == LENGTH {
                return None;
            }
            if sent >= LENGTH / 2 && !stalled {
                halfway.notify_one();
                go_on.notified().await;
            }
            Some((
                Ok(Bytes::from(vec![7u8; 1 << 16])),
                (sent + (1 << 16), sent >= LENGTH / 2),
            ))
        }
    })
}

fn even(byte: u8) -> Image {
    Image::stream(
        LENGTH,
        stream::iter((0..128).map(move |_| Ok(Bytes::from(vec![byte; 1 << 16])))),
    )
}

fn drive(engine: &Engine, folder: &Path, kind: MediumKind) -> DriveHandle {
    let file = folder.join("disc.vdisc");
    if !file.exists() {
        drop(create_disc(&file, kind, None).unwrap());
    }
    engine
        .open(&format!("virtual:{}", file.display()).parse().unwrap())
        .unwrap()
}

/// Streams go straight to the drive here, so that what happens to them happens in mid-write.
fn quick() -> BurnOptions {
    BurnOptions::default()
        .verify(VerifyLevel::Quick)
        .stash(pitland::StashPolicy::Never, vec![])
}

#[tokio::test]
async fn a_second_lease_is_refused_with_the_holder_until_the_last_clone_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    let lease = drive.lease("first").await.unwrap();
    let again = lease.clone();
    let denied = drive.lease("second").await.unwrap_err();
    assert_eq!(
        denied,
        LeaseDenied::Held {
            holder: "first".into()
        }
    );
    drop(lease);
    assert!(drive.lease("second").await.is_err(), "a clone still counts");
    drop(again);
    let second = drive.lease("second").await.unwrap();
    assert_eq!(
        drive.status().await.unwrap().holder.as_deref(),
        Some("second")
    );
    drop(second);
    assert_eq!(drive.status().await.unwrap().holder, None);
}

#[tokio::test]
async fn a_leased_idle_drive_answers_strangers_but_keeps_its_tray_closed() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    let lease = drive.lease("holder").await.unwrap();
    assert!(drive.medium().await.is_ok());
    let refused = drive.eject().await.unwrap_err();
    assert_eq!(
        refused,
        QueryError::Denied(LeaseDenied::Held {
            holder: "holder".into()
        })
    );
    lease.eject().await.unwrap();
    lease.load().await.unwrap();
    drop(lease);
    drive.eject().await.unwrap();
}

#[tokio::test]
async fn a_working_drive_refuses_all_but_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    let lease = drive.lease("holder").await.unwrap();
    let (halfway, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let stream = stalling(Arc::clone(&halfway), Arc::clone(&go_on));
    let job = lease.burn(quick(), Image::stream(LENGTH, stream));
    halfway.notified().await;
    let status = drive.status().await.unwrap();
    assert_eq!(status.holder.as_deref(), Some("holder"));
    assert!(matches!(status.activity, Activity::Job(_)));
    for refused in [
        drive.medium().await.unwrap_err(),
        drive.eject().await.unwrap_err(),
        lease.eject().await.unwrap_err(),
        drive.lease("other").await.unwrap_err().into(),
    ] {
        assert!(
            matches!(&refused, QueryError::Denied(LeaseDenied::Busy { holder: Some(h), .. }) if h == "holder"),
            "{refused:?}"
        );
    }
    let second = lease.burn(quick(), even(1)).report().await.unwrap_err();
    assert!(
        matches!(second, BurnError::Denied(LeaseDenied::Busy { .. })),
        "{second:?}"
    );
    go_on.notify_one();
    let report = job.report().await.unwrap();
    assert_eq!(report.medium, MediumState::Appendable);
}

#[tokio::test]
async fn a_client_name_must_be_readable() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    for bad in ["", "line\nbreak", "\u{1b}[31mred", &"x".repeat(65)] {
        assert_eq!(drive.lease(bad).await.unwrap_err(), LeaseDenied::BadName);
    }
    assert!(drive.lease(&"ö".repeat(64)).await.is_ok());
}

#[tokio::test]
async fn the_drive_is_free_as_soon_as_the_report_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::DvdPlusR);
    let lease = drive.lease("serial").await.unwrap();
    for n in 0..12u8 {
        let options = quick().placement(if n == 0 {
            Placement::BlankOnly
        } else {
            Placement::NewSession
        });
        lease.burn(options, even(n)).report().await.unwrap();
    }
    let facts = drive.medium().await.unwrap().facts;
    assert_eq!(facts.closed_sessions(), Some(12));
}

#[tokio::test]
async fn every_phase_is_told_in_order_and_the_stream_ends_with_the_job() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdRe);
    let lease = drive.lease("reader").await.unwrap();
    let job = lease.burn(BurnOptions::default(), even(3));
    let mut phases = Vec::new();
    let mut done = 0;
    let mut job = job;
    while let Some(event) = job.next().await {
        match event {
            JobEvent::Phase(phase) => {
                phases.push(phase);
                done = 0;
            }
            JobEvent::Progress(figures) => {
                assert!(figures.blocks_done >= done || figures.phase != *phases.last().unwrap());
                done = figures.blocks_done;
            }
            _ => {}
        }
    }
    use Phase::{Closing, Ended, Formatting, Identifying, Preparing, Proving, Verifying, Writing};
    assert_eq!(
        phases,
        [
            Identifying,
            Preparing,
            Formatting,
            Preparing,
            Writing,
            Closing,
            Proving,
            Verifying,
            Ended
        ]
    );
    assert_eq!(job.report().await.unwrap().outcome, Outcome::Verified);
}

#[test]
fn dropping_the_whole_runtime_in_mid_write_still_closes_the_track() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let halfway = Arc::new(Notify::new());
    runtime.block_on(async {
        let drive = drive(&engine, folder.path(), MediumKind::BdR);
        let lease = drive.lease("short-lived").await.unwrap();
        let stream = stalling(Arc::clone(&halfway), Arc::default());
        let mut job = lease.burn(quick(), Image::stream(LENGTH, stream));
        // From here on a block is on its way: before, a cancel would leave the medium untouched.
        while let Some(event) = job.next().await {
            if event == JobEvent::Phase(Phase::Writing) {
                break;
            }
        }
        job.detach();
        halfway.notified().await;
    });
    drop(runtime);
    assert_eq!(engine.join_drives(Duration::from_secs(30)).still_running, 0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        let facts = drive(&engine, folder.path(), MediumKind::BdR)
            .medium()
            .await
            .unwrap()
            .facts;
        assert_eq!(facts.closed_sessions(), Some(1), "{:?}", facts.condition());
    });
}

#[tokio::test]
async fn a_source_that_fails_in_mid_write_is_named_and_the_session_closed() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    let lease = drive.lease("unlucky").await.unwrap();
    let pieces = (0..100).map(|n| match n {
        50 => Err(io::Error::other("the far end hung up")),
        _ => Ok(Bytes::from(vec![1u8; 1 << 16])),
    });
    let image = Image::stream(100 << 16, stream::iter(pieces));
    let Err(BurnError::Failed {
        fault: Fault::Source,
        source: Some(source),
        report,
    }) = lease.burn(quick(), image).report().await
    else {
        panic!("a source that fails fails the job");
    };
    assert!(source.to_string().contains("hung up"), "{source}");
    // Nothing had to be written: the failure may be seen before the start mark is reached.
    assert!(
        matches!(
            report.medium,
            MediumState::Appendable | MediumState::Untouched
        ),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_stream_of_another_length_than_stated_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdRe);
    let lease = drive.lease("liar").await.unwrap();
    for stated in [LENGTH + 1, LENGTH - 1] {
        let pieces = stream::iter((0..128).map(|_| Ok(Bytes::from(vec![1u8; 1 << 16]))));
        let options = quick().placement(Placement::Overwrite);
        let error = lease
            .burn(options, Image::stream(stated, pieces))
            .report()
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                BurnError::Failed {
                    fault: Fault::Source,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_stash_holds_the_whole_image_before_the_medium_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    let lease = drive.lease("stasher").await.unwrap();
    let stash = |dirs| {
        quick()
            .stash(pitland::StashPolicy::All, dirs)
            .stash_bounds(0, None)
    };

    // A source that breaks after half is found out before the disc is.
    let broken = (0..128).map(|n| match n {
        64 => Err(io::Error::other("the far end hung up")),
        _ => Ok(Bytes::from(vec![1u8; 1 << 16])),
    });
    let image = Image::stream(LENGTH, stream::iter(broken));
    let error = lease.burn(stash(vec![]), image).report().await.unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error}");

    // A stash that cannot be made, neither.
    let nowhere = vec![folder.path().join("missing")];
    let error = lease
        .burn(stash(nowhere), even(1))
        .report()
        .await
        .unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error}");

    // A stalled source does not hold a cancelled job.
    let (halfway, never) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let image = Image::stream(LENGTH, stalling(Arc::clone(&halfway), never));
    let job = lease.burn(stash(vec![]), image);
    halfway.notified().await;
    job.cancel();
    let error = job.report().await.unwrap_err();
    assert!(matches!(error, BurnError::Cancelled), "{error:?}");

    let dirs = vec![folder.path().to_path_buf()];
    let report = lease.burn(stash(dirs), even(2)).report().await.unwrap();
    assert_eq!(
        report.outcome,
        Outcome::Unverified,
        "a quick look is no full one"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a stash leaves nothing behind: {left:?}");
}

/// The BD-R writer, until its extent is written; then it panics.
struct Faint(pitland_bd_r::BdR, bool);

impl MediaWriter for Faint {
    fn info() -> pitland::writer::WriterInfo {
        let profiles = pitland_bd_r::BdR::info().profiles;
        pitland::writer::WriterInfo::new("faint", "panics at the end", profiles)
    }

    fn assess(
        facts: &pitland::MediaFacts,
        request: &pitland::writer::Request,
    ) -> pitland::writer::Fit {
        pitland_bd_r::BdR::assess(facts, request)
    }

    fn begin(
        facts: &pitland::MediaFacts,
        request: &pitland::writer::Request,
    ) -> Result<(Self, pitland::writer::WritePlan), pitland::Refusal> {
        pitland_bd_r::BdR::begin(facts, request).map(|(writer, plan)| (Self(writer, false), plan))
    }

    fn next(&mut self, event: pitland::writer::Event) -> pitland::writer::Step {
        assert!(!self.1, "the writer faints");
        let step = self.0.next(event);
        self.1 = matches!(step, pitland::writer::Step::Write(_));
        step
    }
}

#[tokio::test]
async fn a_writer_that_panics_in_mid_burn_leaves_a_closed_session() {
    let folder = tempfile::tempdir().unwrap();
    let faint = pitland::writer::module_of::<Faint>();
    let engine = Engine::builder().writer(faint).build().unwrap();
    let drive = drive(&engine, folder.path(), MediumKind::BdR);
    let lease = drive.lease("careless").await.unwrap();
    let options = quick().writer("faint");
    let error = lease.burn(options, even(4)).report().await.unwrap_err();
    let BurnError::Failed {
        fault: Fault::Writer(_),
        report,
        ..
    } = error
    else {
        panic!("a writer that panics fails the job: {error:?}");
    };
    assert_eq!(report.medium, MediumState::Appendable, "{report:?}");
    let facts = drive.medium().await.unwrap().facts;
    assert_eq!(facts.closed_sessions(), Some(1));
    // The drive is as good as before.
    let options = quick().placement(Placement::NewSession);
    lease.burn(options, even(5)).report().await.unwrap();
}
