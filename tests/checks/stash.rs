//! What is copied beforehand, and the streams and writes beside the usual way.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use crate::common::watched::{Then, at_write};
use crate::logged::{self, Log, Sent};
use futures::{StreamExt, stream};
use pitland::mastering::{Attributes, FileBytes, Origin, Timestamp, TreeBuilder, WalkOptions};
use pitland::streams::{self, Concatenated, Interleaved, PseudoRandom, Reader, Zeros};
use pitland::transport::sim::DiscType;
use pitland::writer::BlockForm;
use pitland::writer::mmc::Lba;
use pitland::writer::mmc::cdb::{Cdb, ModeSelect10, SendCueSheet};
use pitland::{
    BurnError, BurnReport, Canceller, Fault, Image, JobEvent, LeaseDenied, LeaseOptions,
    MediumState, Outcome, Phase, SourceError, StashPlace, StashPolicy, StashWhy, WriteSection,
};
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

/// More than the ring holds.
const LARGE: u64 = 24 << 20;

fn noise(seed: u64, bytes: u64) -> Arc<dyn FileBytes> {
    Arc::new(PseudoRandom::new(seed, bytes))
}

/// A stream that comes once, of this noise.
fn once(seed: u64, bytes: u64) -> Image {
    Image::source(streams::source(noise(seed, bytes)))
}

fn read(bytes: &dyn FileBytes) -> Vec<u8> {
    let mut out = vec![0; bytes.length() as usize];
    bytes.read_at(0, &mut out).unwrap();
    out
}

/// Stash files of a process, by its open files: they have no name any more.
fn stash_files(process: &str, folder: &Path) -> usize {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let targets = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(folder)).count()
}

/// Set for a process that burns out of its stash until it is killed.
const STASH_UNTIL_KILLED: &str = "PITLAND_TEST_STASH_UNTIL_KILLED";

/// Does nothing by itself: the next check runs it in a process of its own.
#[tokio::test(flavor = "multi_thread")]
async fn stashing_until_killed() {
    let Some(place) = std::env::var_os(STASH_UNTIL_KILLED) else {
        return;
    };
    let place = Path::new(&place);
    let opened = Opened::with(&place.join("disc.vdisc"), |inner| {
        at_write(inner, 3, || {
            // Past the harness, which would keep it.
            let mut out = std::io::stdout().lock();
            out.write_all(b"\nin mid-write\n").unwrap();
            loop {
                std::thread::park();
            }
        })
    });
    let options = burn::options()
        .stash(StashPolicy::All, vec![place.join("stash")])
        .stash_bounds(0, None);
    let _ = opened.burn(options, once(1, LARGE)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_54_stashes_live_side_by_side_and_nothing_outlives_them() {
    let place = Place::new();
    let stash = place.path("stash");
    let stash = fs::canonicalize({
        fs::create_dir(&stash).unwrap();
        &stash
    })
    .unwrap();
    let options = |stash: &Path| {
        burn::options()
            .stash(StashPolicy::All, vec![stash.to_owned()])
            .stash_bounds(0, None)
    };
    // Two at once, which meet in mid-write; there the folder gets another name. What has no name itself goes with it.
    let moved = place.path("moved");
    let meeting = Arc::new(std::sync::Barrier::new(2));
    let burns = [1, 2].map(|seed| {
        let disc = place.path(&format!("disc {seed}.vdisc"));
        burn::blank(&disc, DiscType::BdRe, Some(16_384));
        let (meeting, stash, moved) = (Arc::clone(&meeting), stash.clone(), moved.clone());
        let options = options(&stash);
        let out = place.path(&format!("out {seed}"));
        async move {
            let opened = Opened::with(&disc, |inner| {
                at_write(inner, 3, move || {
                    if meeting.wait().is_leader() {
                        assert_eq!(stash_files("self", &stash), 2);
                        assert_eq!(fs::read_dir(&stash).unwrap().count(), 0);
                        fs::rename(&stash, &moved).unwrap();
                    }
                    meeting.wait();
                    Then::Pass
                })
            });
            let report = opened.burn(options, once(seed, LARGE)).await.unwrap();
            assert_eq!(report.outcome, Outcome::Verified);
            burn::export(&opened.drive, Some(LARGE / 2048), &out).await;
            assert!(fs::read(out).unwrap() == read(&*noise(seed, LARGE)));
            opened.close().await;
        }
    });
    let [first, second] = burns;
    tokio::join!(first, second);
    assert_eq!(stash_files("self", &moved), 0, "the room is free again");
    assert_eq!(fs::read_dir(&moved).unwrap().count(), 0);
    fs::rename(&moved, &stash).unwrap();

    // A process that is killed leaves nothing either.
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, DiscType::BdRe, Some(16_384));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stash::stashing_until_killed", "--nocapture"])
        .env(STASH_UNTIL_KILLED, place.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "in mid-write"));
    assert_eq!(stash_files(&child.id().to_string(), &stash), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_dir(&stash).unwrap().count(), 0);

    // No room: a quota, and a folder that is not there.
    let opened = Opened::new(&disc);
    let missing = place.path("missing");
    for options in [
        options(&stash).stash_bounds(0, Some(LARGE - 1)),
        options(&missing),
    ] {
        let error = opened
            .burn(
                options.placement(pitland::Placement::Overwrite),
                once(1, LARGE),
            )
            .await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, BurnError::Source(SourceError::Stash { .. })),
            "{error:?}"
        );
        assert_eq!(error.medium_state(), MediumState::Untouched);
    }
    opened.close().await;
}

/// A folder with a large file, and a tree with a file beside it that comes once.
fn mixed(place: &Place) -> (PathBuf, TreeBuilder) {
    let large = place.path("source/large");
    tree::write(&large, &read(&*noise(3, LARGE)));
    // Changed long ago.
    tree::set_time(&large, 1_700_000_000, 0);
    let mut builder = TreeBuilder::new();
    let time = Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let attributes = Attributes::new(0o644, time);
    builder
        .add_host("large", &large, &WalkOptions::default())
        .unwrap();
    let pieces = stream::iter([Ok(bytes::Bytes::from_static(&[9; 5_000]))]);
    let doubtful = pitland::streamed_file(5_000, pieces);
    builder.add_file("once", doubtful, &attributes).unwrap();
    builder
        .add_file("given", Origin::Given(noise(4, 70_000)), &attributes)
        .unwrap();
    (large, builder)
}

#[tokio::test(flavor = "multi_thread")]
async fn check_55_what_is_large_and_steady_is_not_copied_and_what_is_doubtful_is() {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, DiscType::BdR, Some(32_768));
    let opened = Opened::new(&disc);
    let (large, builder) = mixed(&place);
    let image = || Image::built(builder.clone(), burn::mastering());
    let lease = opened.drive.lease("a test").await.unwrap();
    // At a speed that any hard drive keeps up with.
    let slow = NonZeroU32::new(10).unwrap();
    let options = burn::options().speed(pitland::Speed::TenthsOfNominal(slow));
    let plan = async |policy| {
        let options = options.clone().stash(policy, vec![place.path(".")]);
        lease.plan(options, image()).await.unwrap().stash
    };
    let auto = plan(StashPolicy::Auto).await;
    let where_is = |name: &str| {
        let row = auto.rows().find(|row| row.path == Path::new(name)).unwrap();
        (row.place, row.why)
    };
    assert_eq!(where_is("/large"), (StashPlace::Straight, StashWhy::Steady));
    assert_eq!(where_is("/once"), (StashPlace::Memory, StashWhy::Once));
    // What is not copied is what a copy of everything would have copied.
    let (auto, all) = (auto.totals(), plan(StashPolicy::All).await.totals());
    assert_eq!(all.saved_bytes(), 0);
    assert_eq!(all.stored_bytes() - auto.stored_bytes(), auto.saved_bytes());
    assert_eq!(auto.saved_bytes(), LARGE + 70_000);
    drop(lease);

    // What changes meanwhile is named: nothing tells it but its times.
    let other = place.path("other.vdisc");
    burn::blank(&other, DiscType::BdR, Some(32_768));
    let changing = Opened::with(&other, |inner| {
        at_write(inner, 2, move || {
            fs::write(&large, vec![b'x'; LARGE as usize]).unwrap();
            Then::Pass
        })
    });
    let error = changing.burn(options.clone(), image()).await.unwrap_err();
    assert!(
        matches!(
            &error,
            BurnError::Failed {
                fault: Fault::Source,
                source: Some(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("large"), "{error}");
    changing.close().await;
    opened.close().await;
}

/// WRITE commands of a log: first block, blocks, operation code.
fn writes(sent: &[Sent]) -> Vec<(i32, u32, u8)> {
    let writes = sent.iter().filter(|sent| sent.writes_blocks());
    writes
        .map(|sent| (sent.run().0, sent.run().1, sent.opcode()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_56_blocks_are_written_by_themselves() {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    // A medium that takes blocks anywhere.
    burn::blank(&disc, DiscType::DvdRam, Some(16_384));
    let (opened, log) = logged::open(&disc);
    let section = WriteSection::new(Lba(96), BlockForm::Cooked2048);
    let plain = opened.drive.lease("a test").await.unwrap();
    log.take();
    let denied = plain
        .write_section(section, streams::source(noise(5, 2048)))
        .report()
        .await;
    assert!(
        matches!(denied, Err(BurnError::Denied(LeaseDenied::NotRaw))),
        "{denied:?}"
    );
    assert!(log.take().is_empty());
    drop(plain);

    let lease = opened
        .drive
        .lease_with("a test", LeaseOptions::default().raw())
        .await
        .unwrap();
    let pace = |blocks| NonZeroU32::new(blocks).unwrap();
    let section = section.pace(pace(600), pace(1_200));
    let mut job = lease.write_section(section, streams::source(noise(5, 100 * 2048 + 7)));
    let mut events = Vec::new();
    while let Some(event) = job.next().await {
        events.push(event);
    }
    let report: BurnReport = job.report().await.unwrap();
    assert_eq!((report.first_lba, report.blocks_written), (96, 101));
    assert_eq!(
        (report.medium, report.outcome),
        (MediumState::Unknown, Outcome::Unverified)
    );
    let phases = events.iter().filter_map(|event| match event {
        JobEvent::Phase(phase) => Some(*phase),
        _ => None,
    });
    assert_eq!(phases.collect::<Vec<_>>(), [Phase::Writing, Phase::Ended]);
    let estimates = events.iter().filter_map(|event| match event {
        JobEvent::Progress(now) if now.phase == Phase::Writing => now.remaining,
        _ => None,
    });
    // Between the two: 101 blocks at 600 and at 1200 a second.
    for left in estimates.take(1) {
        assert!(left <= Duration::from_millis(170), "{left:?}");
    }
    // Questions that change nothing (TEST UNIT READY, INQUIRY, GET CONFIGURATION), and the WRITE commands: no lock, no
    // calibration, no cache, no close.
    let sent = log.take();
    let questions = sent.iter().position(Sent::writes_blocks).unwrap();
    let (questions, rest) = sent.split_at(questions);
    assert!(
        questions
            .iter()
            .all(|sent| [0x00, 0x12, 0x46].contains(&sent.opcode())),
        "{questions:?}"
    );
    assert!(rest.iter().all(Sent::writes_blocks), "{rest:?}");
    let runs = writes(&sent);
    assert_eq!(
        runs,
        [
            (96, 32, 0x2A),
            (128, 32, 0x2A),
            (160, 32, 0x2A),
            (192, 5, 0x2A)
        ]
    );
    let streaming = WriteSection::new(Lba(320), BlockForm::Cooked2048).streaming();
    lease
        .write_section(streaming, streams::source(noise(6, 64 * 2048)))
        .report()
        .await
        .unwrap();
    assert_eq!(writes(&log.take()), [(320, 32, 0xAA), (352, 32, 0xAA)]);
    let beyond = WriteSection::new(Lba(-1), BlockForm::Cooked2048);
    let error = lease
        .write_section(beyond, streams::source(noise(6, 2048)))
        .report()
        .await;
    assert!(matches!(error, Err(BurnError::Section(_))), "{error:?}");
    assert!(writes(&log.take()).is_empty());

    // What was written is there.
    let out = place.path("out");
    burn::export(&opened.drive, Some(384), &out).await;
    let back = fs::read(out).unwrap();
    assert!(back[320 * 2048..] == read(&*noise(6, 64 * 2048)));
    assert!(back[96 * 2048..][..100 * 2048 + 7] == read(&*noise(5, 100 * 2048 + 7)));
    opened.close().await;
    cancelled(&place).await;
    below_block_0(&place).await;
}

/// A cancel ends it behind the WRITE that is out.
async fn cancelled(place: &Place) {
    let disc = place.path("cancelled.vdisc");
    burn::blank(&disc, DiscType::DvdRam, Some(16_384));
    let canceller: Arc<OnceLock<Canceller>> = Arc::default();
    let (at, log) = (Arc::clone(&canceller), Log::default());
    let of_layer = log.clone();
    let opened = Opened::with(&disc, |inner| {
        let inner = at_write(inner, 5, move || {
            at.wait().cancel();
            Then::Pass
        });
        logged::round(inner, of_layer)
    });
    let raw = LeaseOptions::default().raw();
    let lease = opened.drive.lease_with("a test", raw).await.unwrap();
    let section = WriteSection::new(Lba(0), BlockForm::Cooked2048);
    let job = lease.write_section(section, streams::source(noise(1, LARGE)));
    canceller.set(job.canceller()).unwrap();
    let error = job.report().await.unwrap_err();
    let BurnError::Failed {
        fault: Fault::Cancelled,
        report,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    // That one, and at most another that was on its way.
    let writes = writes(&log.take()).len() as u64;
    assert!((5..=6).contains(&writes), "{writes} WRITE commands");
    assert_eq!(
        (report.blocks_written, report.medium),
        (writes * 32, MediumState::Unknown)
    );
    drop(lease);
    opened.close().await;
}

/// A session at once whose page and cue sheet are the client's own: its pregap is at -150.
async fn below_block_0(place: &Place) {
    let disc = place.path("cd.vdisc");
    burn::blank(&disc, DiscType::CdR, None);
    // What our own writer sends before its first WRITE is sent by hand to a second drive.
    let model = place.path("model.vdisc");
    burn::blank(&model, DiscType::CdR, None);
    let (opened, log) = logged::open(&model);
    let at_once = burn::options().recording(pitland::writer::Recording::AtOnce);
    opened.burn(at_once, once(8, 400 * 2048)).await.unwrap();
    opened.close().await;
    let sent = log.take();
    let before = sent.iter().take_while(|sent| !sent.writes_blocks());
    let set_up: Vec<Sent> = before
        .filter(|sent| [ModeSelect10::OPCODE, SendCueSheet::OPCODE].contains(&sent.opcode()))
        .cloned()
        .collect();
    assert_eq!(set_up.last().map(Sent::opcode), Some(SendCueSheet::OPCODE));
    let log = Log::default();
    let of_layer = log.clone();
    let opened = Opened::with(&disc, |mut inner| {
        // The time in which a drive makes out its disc.
        inner.advance(Duration::from_secs(60));
        for sent in &set_up {
            use pitland::transport::{Exchange, Status};
            use pitland::writer::mmc::cdb::CdbBytes;
            let cdb = CdbBytes::from_slice(&sent.cdb).unwrap();
            // The first commands meet the attention of a drive that was just switched on.
            let good = (0..5).any(|_| {
                let exchange = Exchange::data_out(cdb, &sent.list, Duration::from_secs(30));
                inner.execute(exchange).unwrap().status == Status::Good
            });
            assert!(good, "{sent:?}");
        }
        logged::round(inner, of_layer)
    });
    let raw = LeaseOptions::default().raw();
    let lease = opened.drive.lease_with("a test", raw).await.unwrap();
    log.take();
    let section = WriteSection::new(Lba(-150), BlockForm::Cooked2048);
    let parts: Vec<Arc<dyn FileBytes>> =
        vec![Arc::new(Zeros::new(150 * 2048)), noise(8, 400 * 2048)];
    let both = Arc::new(Concatenated::new(parts).unwrap());
    let report = lease
        .write_section(section, streams::source(both))
        .report()
        .await
        .unwrap();
    assert_eq!((report.first_lba, report.blocks_written), (-150, 550));
    let runs = writes(&log.take());
    assert_eq!(runs.first().map(|run| run.0), Some(-150));
    assert_eq!(runs.iter().map(|run| run.1).sum::<u32>(), 550);
    drop(lease);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_57_streams_are_joined_laid_in_turn_and_made_of_nothing() {
    let (first, second) = (noise(1, 5_000), noise(2, 3_001));
    let joined = Concatenated::new(vec![
        first.clone(),
        Arc::new(Zeros::new(100)),
        first.clone(),
    ])
    .unwrap();
    let expected = [read(&*first), vec![0; 100], read(&*first)].concat();
    assert!(read(&joined) == expected);
    let each = |bytes| NonZeroU64::new(bytes).unwrap();
    let in_turn = Interleaved::new(vec![
        (first.clone(), each(1_000)),
        (second.clone(), each(700)),
    ])
    .unwrap();
    let (a, b) = (read(&*first), read(&*second));
    let mut expected = Vec::new();
    for round in 0..5 {
        expected.extend_from_slice(&a[round * 1_000..(round + 1) * 1_000]);
        expected
            .extend_from_slice(&b[(round * 700).min(b.len())..((round + 1) * 700).min(b.len())]);
    }
    assert!(read(&in_turn) == expected);
    // The same seed gives the same bytes, another one others, and a part of them is a part of the whole.
    assert!(read(&*noise(1, 5_000)) == a && read(&*noise(3, 5_000)) != a);
    let mut reader = Reader::new(Arc::new(in_turn.clone()));
    for from in [0u64, 999, 1_000, 1_699, 4_321, 8_000] {
        reader.seek(SeekFrom::Start(from)).unwrap();
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert!(rest == expected[from as usize..], "from {from}");
    }
    reader.seek(SeekFrom::End(-1)).unwrap();
    assert_eq!(reader.seek(SeekFrom::Current(-7_000)).unwrap(), 1_000);

    // As an image: what comes again needs no stash.
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, DiscType::BdR, Some(16_384));
    let opened = Opened::new(&disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    let image = || Image::given(Arc::new(in_turn.clone()));
    let plan = lease.plan(burn::options(), image()).await.unwrap();
    assert_eq!(plan.stash.totals().stored_bytes(), 0);
    drop(lease);
    let stored = burn::options().stash(StashPolicy::All, vec![place.path(".")]);
    for options in [
        burn::options(),
        stored.placement(pitland::Placement::NewSession),
    ] {
        let report = opened.burn(options, image()).await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
    }
    let out = place.path("out");
    burn::export(&opened.drive, Some(4), &out).await;
    assert!(fs::read(out).unwrap()[..8_001] == expected);
    opened.close().await;
}
