//! Volumes that grow in place on media that are overwritten: one tree afterwards, and whatever cuts a burn off before its
//! head is begun, the old volume in every byte.

use crate::common::burn::{self, Opened, Place, mastering};
use crate::common::outside::{self, Session};
use crate::common::seen::{Folder, assert_same, look_without_link_times};
use crate::common::tree;
use crate::common::watched::{Then, is_write, watched};
use pitland::transport::Exchange;
use pitland::transport::sim::DiscType;
use pitland::writer::{MediumCondition, Origin};
use pitland::{
    Append, BurnError, BurnReport, Canceller, Fault, FileSystems, Image, MasterOptions, Note,
    Outcome, Placement, Refusal, SourceError, Udf,
};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

const SYNCHRONIZE_CACHE: u8 = 0x35;

/// Blocks of a disc that is small, and large enough for every head.
const BLOCKS: Option<u32> = Some(16 * 1024);

/// What can be overwritten, by the state in which it is burned for the first time.
#[derive(Debug, Clone, Copy)]
enum Disc {
    AsSold(DiscType),
    /// A DVD-RW, formatted the quick way: it grows as it is written.
    QuicklyFormatted,
}

const DISCS: [Disc; 6] = [
    Disc::AsSold(DiscType::DvdPlusRw),
    Disc::AsSold(DiscType::DvdPlusRwDl),
    Disc::AsSold(DiscType::DvdRam),
    Disc::AsSold(DiscType::BdRe),
    Disc::AsSold(DiscType::DvdMinusRwRestrictedOverwrite),
    Disc::QuicklyFormatted,
];

/// A disc with a volume, what is burned behind it, and what is there then.
struct Bench {
    place: Place,
    disc: PathBuf,
    /// What the disc holds.
    first: PathBuf,
    second: PathBuf,
    both: PathBuf,
}

impl Bench {
    async fn new(kind: Disc, options: &MasterOptions) -> Self {
        let place = Place::new();
        let [disc, first, second, both] =
            ["disc.vdisc", "first", "second", "both"].map(|name| place.path(name));
        tree::small(&first);
        tree::small(&second.join("more"));
        tree::write(&second.join("more/large.bin"), &tree::noise(3, 700_000));
        for folder in [&first, &second] {
            whole_seconds(folder);
            let copied = Command::new("cp")
                .arg("-aT")
                .arg(folder)
                .arg(&both)
                .status();
            assert!(copied.unwrap().success());
        }
        match kind {
            Disc::AsSold(kind) => burn::blank(&disc, kind, BLOCKS),
            Disc::QuicklyFormatted => burn::blank(&disc, DiscType::DvdMinusRw, BLOCKS),
        }
        let opened = Opened::new(&disc);
        if let Disc::QuicklyFormatted = kind {
            let lease = opened.drive.lease("a test").await.unwrap();
            lease.format(None, None).report().await.unwrap();
        }
        let image = Image::tree(vec![first.clone()], options.clone());
        let report = opened.burn(burn::options(), image).await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified, "{report:?}");
        opened.close().await;
        Self {
            place,
            disc,
            first,
            second,
            both,
        }
    }

    /// The second folder, to go on with what the disc holds.
    fn further(&self, options: &MasterOptions) -> Image {
        let options = options.clone().append(Append::default());
        Image::tree(vec![self.second.clone()], options)
    }

    /// A copy of the disc.
    fn copy(&self) -> PathBuf {
        let copy = self.place.path("copy.vdisc");
        std::fs::copy(&self.disc, &copy).unwrap();
        copy
    }
}

/// Rock Ridge keeps no less of a time, and its names are those that a further session goes on with.
fn whole_seconds(folder: &Path) {
    let touch = ["-exec", "touch", "-h", "-d", "@1690000000", "{}", "+"];
    let touched = Command::new("find").arg(folder).args(touch).status();
    assert!(touched.unwrap().success());
}

fn with_udf() -> MasterOptions {
    mastering().file_systems(FileSystems::default().udf(Udf::ByMedium))
}

async fn readable(disc: &Path) -> u64 {
    let opened = Opened::new(disc);
    let blocks = opened.facts().await.readable_blocks().unwrap();
    opened.close().await;
    blocks
}

/// The blocks of a disc up to an end.
async fn blocks(disc: &Path, end: u64) -> Vec<u8> {
    let opened = Opened::new(disc);
    let out = disc.with_extension("img");
    burn::export(&opened.drive, Some(end), &out).await;
    opened.close().await;
    std::fs::read(out).unwrap()
}

/// What a folder holds, without its own attributes: those of the root are the first volume's or the second's.
fn below(root: &Path) -> Folder {
    let mut seen = look_without_link_times(root);
    seen.remove(Path::new(""));
    seen
}

async fn assert_holds(disc: &Path, folder: &Path) {
    let opened = Opened::new(disc);
    let walk = vec![folder.to_path_buf()];
    let report = opened.drive.verify_tree(walk, mastering()).await.unwrap();
    let differences = report.differences.iter().map(ToString::to_string);
    let differences: Vec<_> = differences.filter(|d| !d.starts_with("/:")).collect();
    assert!(differences.is_empty(), "{differences:#?}");
    opened.close().await;
}

/// A command that may change the disc: a WRITE with its first block, or another by its operation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Write(u32),
    Other(u8),
}

fn sent(exchange: &Exchange<'_>) -> Option<Sent> {
    let cdb = exchange.cdb.as_slice();
    match is_write(exchange) {
        true => Some(Sent::Write(u32::from_be_bytes(
            cdb[2..6].try_into().unwrap(),
        ))),
        false if cdb[0] == SYNCHRONIZE_CACHE => Some(Sent::Other(cdb[0])),
        false => None,
    }
}

/// Burns a further session onto a disc; `look` sees each command that may change it, by its number.
async fn grow(
    bench: &Bench,
    disc: &Path,
    options: &MasterOptions,
    mut look: impl FnMut(usize, Sent) -> Then + Send + 'static,
    canceller: Arc<OnceLock<Canceller>>,
) -> Result<BurnReport, BurnError> {
    let mut number = 0;
    let opened = Opened::with(disc, |inner| {
        watched(inner, move |exchange| {
            let Some(sent) = sent(exchange) else {
                return Then::Pass;
            };
            number += 1;
            look(number - 1, sent)
        })
    });
    let lease = opened.drive.lease("a test").await.unwrap();
    let job = lease.burn(burn::new_session(), bench.further(options));
    canceller.set(job.canceller()).unwrap();
    let ended = job.report().await;
    drop(lease);
    opened.close().await;
    ended
}

/// All that is sent for a session, which of it is the first WRITE of the head, and the session's first block.
async fn course(bench: &Bench, options: &MasterOptions) -> (Vec<Sent>, usize, u64) {
    let all = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&all);
    let look = move |_, sent| {
        seen.lock().unwrap().push(sent);
        Then::Pass
    };
    let report = grow(bench, &bench.copy(), options, look, Arc::default()).await;
    let report = report.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let first_lba = u32::try_from(report.first_lba).unwrap();
    let all = std::mem::take(&mut *all.lock().unwrap());
    let in_head = |sent: &Sent| matches!(sent, Sent::Write(lba) if *lba < first_lba);
    let head = all.iter().position(in_head).unwrap();
    let behind = |sent: &Sent| matches!(sent, Sent::Write(lba) if *lba >= first_lba);
    assert!(all[..head].iter().any(behind) && !all[head..].iter().any(behind));
    (all, head, first_lba.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_grows_twice_on_each_medium() {
    for kind in DISCS {
        for options in [mastering(), with_udf()] {
            let bench = Bench::new(kind, &options).await;
            let third = bench.place.path("third");
            tree::write(&third.join("last/a third.bin"), &tree::noise(5, 100_000));
            whole_seconds(&third);
            let mut end = 0;
            for sources in [&bench.second, &third] {
                let image = Image::tree(
                    vec![sources.clone()],
                    options.clone().append(Append::default()),
                );
                let opened = Opened::new(&bench.disc);
                let report = opened.burn(burn::new_session(), image).await.unwrap();
                opened.close().await;
                assert_eq!(report.outcome, Outcome::Verified, "{kind:?}");
                assert!(i64::from(report.first_lba) >= end, "{kind:?}: {report:?}");
                end =
                    i64::from(report.first_lba) + i64::try_from(report.image_bytes / 2048).unwrap();
            }
            let copied = Command::new("cp")
                .arg("-aT")
                .arg(&third)
                .arg(&bench.both)
                .status();
            assert!(copied.unwrap().success());
            assert_holds(&bench.disc, &bench.both).await;
            let end = u64::try_from(end).unwrap();
            blocks(&bench.disc, end).await;
            if outside::outsider("xorriso") {
                let restored = bench.place.path("restored");
                let image = bench.disc.with_extension("img");
                outside::xorriso_restore(&image, Session::Default, &restored);
                assert_same("xorriso", &below(&bench.both), &below(&restored));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_begun_when_the_session_is_on_the_medium() {
    for kind in DISCS {
        let bench = Bench::new(kind, &with_udf()).await;
        let (all, head, _) = course(&bench, &with_udf()).await;
        let sync = Sent::Other(SYNCHRONIZE_CACHE);
        assert_eq!(all[head - 1], sync, "{kind:?}: {all:?}");
        assert_eq!(*all.last().unwrap(), sync, "{kind:?}: {all:?}");
        // The anchor, and then the descriptors, which are one write unit.
        let Sent::Write(last) = all.iter().rfind(|sent| **sent != sync).unwrap() else {
            panic!("{all:?}");
        };
        assert!(*last < 32 && all[head..].iter().filter(|sent| **sent != sync).count() == 2);
    }
}

/// As far as it goes: the drive is gone at a command, and what a reader sees of the disc is what it saw before.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_goes_before_the_head_leaves_the_old_volume() {
    for kind in DISCS {
        for options in [mastering(), with_udf()] {
            let bench = Bench::new(kind, &options).await;
            let (all, head, session) = course(&bench, &options).await;
            let end = readable(&bench.disc).await.min(session);
            let before = blocks(&bench.disc, end).await;
            for cut in [0, 1, head / 2, head - 2, head - 1, head] {
                let disc = bench.copy();
                let look = move |number, _| match number == cut {
                    true => Then::Gone,
                    false => Then::Pass,
                };
                let error = grow(&bench, &disc, &options, look, Arc::default()).await;
                let error = error.unwrap_err();
                let report = error.report().unwrap();
                let wrote = all[..=cut]
                    .iter()
                    .any(|sent| matches!(sent, Sent::Write(_)));
                let (note, outcome) = match cut == head {
                    false if wrote => (Note::OldVolumeLeft, Outcome::ReadableOpen),
                    false => (Note::OldVolumeLeft, Outcome::NothingWritten),
                    true => (Note::HeadInDoubt, Outcome::Lost),
                };
                assert!(report.notes.contains(&note), "{kind:?}, {cut}: {report:?}");
                assert_eq!(report.outcome, outcome, "{kind:?}, {cut}: {report:?}");
                let opened = Opened::new(&disc);
                if opened.facts().await.condition() == MediumCondition::OpenSession {
                    let lease = opened.drive.lease("a test").await.unwrap();
                    lease.close(false).report().await.unwrap();
                }
                opened.close().await;
                let after = blocks(&disc, end).await;
                assert!(after == before, "{kind:?}, {cut}");
                assert_holds(&disc, &bench.first).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_before_the_head_leaves_the_old_volume_and_one_within_it_comes_behind_it() {
    for kind in DISCS {
        let options = with_udf();
        let bench = Bench::new(kind, &options).await;
        let (all, head, session) = course(&bench, &options).await;
        let end = readable(&bench.disc).await.min(session);
        let before = blocks(&bench.disc, end).await;
        for at in [1, head - 3, head - 2, head - 1, head, head + 1] {
            let disc = bench.copy();
            let canceller: Arc<OnceLock<Canceller>> = Arc::default();
            let cancels = Arc::clone(&canceller);
            let look = move |number, _| {
                if number == at {
                    cancels.wait().cancel();
                }
                Then::Pass
            };
            let ended = grow(&bench, &disc, &options, look, canceller).await;
            let error = ended.unwrap_err();
            assert!(
                matches!(
                    &error,
                    BurnError::Failed {
                        fault: Fault::Cancelled,
                        ..
                    }
                ),
                "{kind:?}, {at} of {all:?}: {error:?}"
            );
            let report = error.report().unwrap();
            if at < head {
                assert!(report.notes.contains(&Note::OldVolumeLeft), "{report:?}");
                assert_eq!(report.outcome, Outcome::ReadableOpen, "{report:?}");
                assert!(blocks(&disc, end).await == before, "{kind:?}, {at}");
                assert_holds(&disc, &bench.first).await;
                // It is begun anew as if nothing had been.
                let pass = |_, _| Then::Pass;
                let again = grow(&bench, &disc, &options, pass, Arc::default()).await;
                assert_eq!(again.unwrap().outcome, Outcome::Verified);
            } else {
                assert!(!report.notes.contains(&Note::OldVolumeLeft), "{report:?}");
                assert_eq!(report.outcome, Outcome::Unverified, "{report:?}");
            }
            assert_holds(&disc, &bench.both).await;
        }
    }
}

/// Set for a process that grows a volume until it is killed: the folder of it.
const GROW_UNTIL_KILLED: &str = "PITLAND_TEST_GROW_UNTIL_KILLED";

/// Does nothing by itself: the next test runs it in a process of its own.
#[tokio::test(flavor = "multi_thread")]
async fn growing_until_killed() {
    let Some(place) = std::env::var_os(GROW_UNTIL_KILLED) else {
        return;
    };
    let place = Path::new(&place);
    let opened = Opened::with(&place.join("disc.vdisc"), |inner| {
        watched(inner, |exchange| {
            if let Some(Sent::Write(..288)) = sent(exchange) {
                // Past the harness, which would keep it.
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(b"\nbefore the head\n").unwrap();
                drop(stdout);
                loop {
                    std::thread::park();
                }
            }
            Then::Pass
        })
    });
    let options = with_udf().append(Append::default());
    let image = Image::tree(vec![place.join("second")], options);
    let _ = opened.burn(burn::new_session(), image).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_before_the_head_leaves_the_old_volume() {
    for kind in DISCS {
        let bench = Bench::new(kind, &with_udf()).await;
        let (.., session) = course(&bench, &with_udf()).await;
        let end = readable(&bench.disc).await.min(session);
        let before = blocks(&bench.disc, end).await;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "growing::growing_until_killed", "--nocapture"])
            .env(GROW_UNTIL_KILLED, bench.place.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let found = lines.any(|line| line.unwrap() == "before the head");
        assert!(found, "{kind:?}");
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let opened = Opened::new(&bench.disc);
        if opened.facts().await.condition() == MediumCondition::OpenSession {
            let lease = opened.drive.lease("a test").await.unwrap();
            lease.close(false).report().await.unwrap();
        }
        opened.close().await;
        assert!(blocks(&bench.disc, end).await == before, "{kind:?}");
        assert_holds(&bench.disc, &bench.first).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_a_growth_tells_its_runs_and_no_journal_is_kept() {
    let bench = Bench::new(Disc::AsSold(DiscType::BdRe), &with_udf()).await;
    let opened = Opened::new(&bench.disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    let options = burn::new_session().journal(bench.place.path("journals"));
    let plan = lease.plan(options.clone(), bench.further(&with_udf()));
    let plan = plan.await.unwrap();
    let runs: Vec<_> = plan
        .plan
        .extents
        .iter()
        .map(|e| (e.first_lba.0, e.blocks))
        .collect();
    let [session, anchor, descriptors] = runs[..] else {
        panic!("{runs:?}");
    };
    assert_eq!((anchor, descriptors), ((256, 32), (0, 32)));
    assert!(session.0 >= 288 && session.1 + 64 == plan.image_blocks);
    assert!(plan.plan.extents.iter().all(|e| e.origin == Origin::Image));
    assert!(!plan.plan.resumable);
    // What was planned is what is burned.
    let report = lease
        .burn(options, bench.further(&with_udf()))
        .report()
        .await
        .unwrap();
    assert_eq!(report.blocks_written, plan.image_blocks);
    assert!(!bench.place.path("journals").exists());
    drop(lease);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_grow_is_refused_untouched() {
    let bench = Bench::new(Disc::AsSold(DiscType::DvdPlusRw), &mastering()).await;
    let before = std::fs::read(&bench.disc).unwrap();
    let opened = Opened::new(&bench.disc);
    // It would be written over what it goes on with.
    let error = opened
        .burn(burn::overwrite(), bench.further(&mastering()))
        .await;
    assert!(
        matches!(error, Err(BurnError::Refused(Refusal::NotOffered))),
        "{error:?}"
    );
    let error = opened
        .burn(burn::options(), bench.further(&mastering()))
        .await;
    assert!(
        matches!(
            error,
            Err(BurnError::Refused(Refusal::MediumNotBlank {
                offer: Some(Placement::Overwrite)
            }))
        ),
        "{error:?}"
    );
    // A session without what the disc holds is none of a medium without sessions.
    let error = opened
        .burn(burn::new_session(), burn::tree(&bench.second))
        .await;
    assert!(
        matches!(error, Err(BurnError::Refused(Refusal::NoSessions { .. }))),
        "{error:?}"
    );
    let large = bench.second.join("too large");
    std::fs::File::create(&large)
        .unwrap()
        .set_len(1 << 26)
        .unwrap();
    let error = opened
        .burn(burn::new_session(), bench.further(&mastering()))
        .await;
    assert!(
        matches!(error, Err(BurnError::Refused(Refusal::TooLarge { .. }))),
        "{error:?}"
    );
    std::fs::remove_file(large).unwrap();
    opened.close().await;
    assert!(std::fs::read(&bench.disc).unwrap() == before);

    let blank = bench.place.path("blank.vdisc");
    for kind in [DiscType::DvdPlusRw, DiscType::DvdRam, DiscType::BdRe] {
        let _ = std::fs::remove_file(&blank);
        burn::blank(&blank, kind, BLOCKS);
        let opened = Opened::new(&blank);
        let error = opened
            .burn(burn::new_session(), bench.further(&mastering()))
            .await;
        assert!(
            matches!(error, Err(BurnError::Source(SourceError::NoSession))),
            "{error:?}"
        );
        opened.close().await;
    }
}
