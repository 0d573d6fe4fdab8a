//! Burns that are cut off, and taken up again: by their journal, their source and the disc.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::burn::{Opened, Place, blank, export, mastering, tree};
use common::tree::{noise, write};
use common::watched::{Then, watched};
use pitland::journal::{JobFolder, JobState, JournalError, OtherBecause, UnclearBecause, Verdict};
use pitland::mastering::{IsoLevel, Platform};
use pitland::transport::layer::Around;
use pitland::transport::sim::MediumKind;
use pitland::transport::{Data, TransportError};
use pitland::{
    Append, BootImage, BurnOptions, DriveHandle, FileSystems, Finish, Image, Interrupted,
    MasterOptions, Outcome, Placement, ResumeError, SourceChange, Transport, Udf,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Blocks of the discs: a file of them is small enough to be copied and compared.
const DISC: Option<u32> = Some(8192);

const KINDS: [MediumKind; 8] = [
    MediumKind::BdR,
    MediumKind::DvdMinusR,
    MediumKind::DvdMinusRw,
    MediumKind::DvdPlusR,
    MediumKind::DvdPlusRDl,
    MediumKind::BdRe,
    MediumKind::DvdPlusRw,
    MediumKind::DvdRam,
];

/// What happens at the command at which a burn is cut off.
#[derive(Debug, Clone)]
enum Cut {
    /// Nothing: commands are counted.
    Never,
    /// The cable is pulled: no command is answered any more.
    Unplug { at: u64 },
    /// The same, at this WRITE.
    UnplugAtWrite { at: u64 },
    /// The process is killed, as it looks from outside: disc and journals are copied as they are, and the
    /// burn that goes on does not concern the copies.
    Kill {
        at: u64,
        copy: Vec<(PathBuf, PathBuf)>,
    },
}

/// A drive whose link is cut.
fn cutting(inner: Box<dyn Transport>, cut: Cut, count: Arc<AtomicU64>) -> Box<dyn Transport> {
    let mut writes = 0;
    Box::new(Around::new(inner, move |inner, exchange| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        // WRITE (10) and WRITE (12).
        let write = matches!(exchange.cdb.as_slice(), [0x2A | 0xAA, ..]);
        writes += u64::from(write);
        match &cut {
            Cut::UnplugAtWrite { at } if writes >= *at => return Err(TransportError::Gone),
            Cut::Unplug { at } if number >= *at => return Err(TransportError::Gone),
            Cut::Kill { at, copy } if number == *at => {
                for (from, to) in copy {
                    copy_all(from, to);
                }
            }
            _ => {}
        }
        inner.execute(exchange)
    }))
}

/// A file, or a folder of files; what is not there is not copied.
fn copy_all(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        std::fs::set_permissions(to, from.metadata().unwrap().permissions()).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    } else if from.exists() {
        std::fs::copy(from, to).unwrap();
    }
}

/// One burn: its source, its disc, its journals.
struct Scene {
    place: Place,
    options: BurnOptions,
    mastering: MasterOptions,
}

impl Scene {
    /// A folder of some MB in files of many sizes.
    fn new(options: BurnOptions) -> Self {
        let place = Place::new();
        for (n, length) in [3 << 20, 1 << 20, 700_001, 70_000, 5_000, 1, 0]
            .into_iter()
            .enumerate()
        {
            let file = place.path("source").join(format!("dir{}", n % 3));
            write(&file.join(format!("file{n}")), &noise(n as u64, length));
        }
        let journals = place.path("jobs");
        Self {
            place,
            options: options.journal(journals),
            mastering: mastering(),
        }
    }

    fn image(&self) -> Image {
        Image::tree(vec![self.source()], self.mastering.clone())
    }

    fn source(&self) -> PathBuf {
        self.place.path("source")
    }

    fn disc(&self) -> PathBuf {
        self.place.path("disc.vdisc")
    }

    fn journals(&self) -> JobFolder {
        JobFolder::open(&self.place.path("jobs")).unwrap()
    }

    /// Burns onto a new disc, cut off somewhere. Gives the number of commands.
    async fn burn(&self, kind: MediumKind, cut: Cut) -> u64 {
        let _ = std::fs::remove_file(self.disc());
        blank(&self.disc(), kind, DISC);
        if self.mastering.append.is_some() {
            let opened = Opened::new(&self.disc());
            let earlier = Image::tree(vec![self.source()], mastering());
            opened.burn(BurnOptions::default(), earlier).await.unwrap();
            opened.close().await;
        }
        let count = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&count);
        let opened = Opened::with(&self.disc(), move |inner| cutting(inner, cut, seen));
        let image = self.image();
        // How it ends is not the matter here.
        let _ = opened.burn(self.options.clone(), image).await;
        opened.close().await;
        count.load(Ordering::SeqCst)
    }

    /// The first bytes of the disc.
    async fn content(&self, bytes: usize) -> Vec<u8> {
        let opened = Opened::new(&self.disc());
        let out = self.place.path("out");
        export(&opened.drive, Some(bytes as u64 / 2048), &out).await;
        opened.close().await;
        std::fs::read(out).unwrap()
    }

    /// Looks at the only job, with the disc that is there.
    async fn examine(&self, drive: &DriveHandle) -> Result<Interrupted, ResumeError> {
        let folder = self.journals();
        let mut jobs = folder.list().unwrap();
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        let lease = drive.lease("resume").await.unwrap();
        lease.examine(&folder, &jobs.pop().unwrap().id).await
    }
}

/// How a burn that was cut off went on.
#[derive(Debug, PartialEq, Eq)]
enum Went {
    /// No journal: nothing had begun, or all had ended.
    NoJob,
    /// Taken up, by this verdict; verified.
    On(Verdict),
    /// Nothing was written, and the medium is not one that can be told to be blank.
    BurnAgain,
}

/// Takes the only job up, whatever it was cut off at.
async fn take_up(scene: &Scene) -> Went {
    let folder = scene.journals();
    if folder.list().unwrap().is_empty() {
        return Went::NoJob;
    }
    let opened = Opened::new(&scene.disc());
    let interrupted = scene.examine(&opened.drive).await.unwrap();
    let verdict = interrupted.verdict();
    let facts = (interrupted.facts().condition(), interrupted.facts().nwa());
    let went = match interrupted.go_on().await {
        Ok(job) => {
            let report = job.report().await.unwrap_or_else(|error| {
                panic!(
                    "{verdict}: {error}: {facts:?} {:?}",
                    error.report().map(|r| r.outcome)
                )
            });
            assert_eq!(report.outcome, Outcome::Verified, "{verdict}: {report:?}");
            assert!(folder.list().unwrap().is_empty(), "a journal is left");
            Went::On(verdict)
        }
        Err(ResumeError::BurnAgain) => Went::BurnAgain,
        Err(error) => panic!("{verdict}: {error}; {facts:#?}"),
    };
    opened.close().await;
    went
}

/// What an uninterrupted burn gives, and how many commands it takes.
async fn whole(scene: &Scene, kind: MediumKind) -> (Vec<u8>, u64) {
    let commands = scene.burn(kind, Cut::Never).await;
    assert!(scene.journals().list().unwrap().is_empty(), "{kind:?}");
    let disc = scene.place.path("to-plan.vdisc");
    blank(&disc, kind, DISC);
    let opened = Opened::new(&disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    let planned = lease.plan(BurnOptions::default(), scene.image());
    let bytes = planned.await.unwrap().image_bytes;
    drop(lease);
    opened.close().await;
    (
        scene.content(usize::try_from(bytes).unwrap()).await,
        commands,
    )
}

/// Places to cut at: all at the end, and a spread.
fn places(commands: u64) -> Vec<u64> {
    let step = if common::full() { 1 } else { 9 };
    let spread = (0..commands).step_by(step);
    spread
        .chain(commands.saturating_sub(12)..commands)
        .collect()
}

fn forget_all(scene: &Scene) {
    let folder = scene.journals();
    for job in folder.list().unwrap() {
        folder.forget(&job.id).unwrap();
    }
}

/// A job that is cut off in the middle of its WRITEs.
async fn cut_in_the_middle(scene: &Scene, kind: MediumKind) {
    scene.burn(kind, Cut::UnplugAtWrite { at: 50 }).await;
    assert_eq!(scene.journals().list().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cable_that_is_pulled_at_any_command_costs_no_disc() {
    for kind in KINDS {
        let scene = Scene::new(BurnOptions::default());
        let (whole, commands) = whole(&scene, kind).await;
        let mut in_the_middle = 0;
        for at in places(commands) {
            scene.burn(kind, Cut::Unplug { at }).await;
            let went = take_up(&scene).await;
            if matches!(went, Went::On(_)) {
                let content = scene.content(whole.len()).await;
                assert!(
                    content == whole,
                    "{kind:?}, cut at {at}, {went:?}: other bytes"
                );
            }
            in_the_middle += u64::from(matches!(went, Went::On(Verdict::ResumeAt { .. })));
            forget_all(&scene);
        }
        assert!(
            in_the_middle >= 3,
            "{kind:?}: only {in_the_middle} went on in the middle"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_at_any_command_costs_no_sequential_disc() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR] {
        let scene = Scene::new(BurnOptions::default());
        let (whole, commands) = whole(&scene, kind).await;
        let (disc, jobs) = (
            scene.place.path("killed.vdisc"),
            scene.place.path("killed-jobs"),
        );
        let mut in_the_middle = 0;
        for at in places(commands) {
            let _ = std::fs::remove_dir_all(&jobs);
            let copy = vec![
                (scene.disc(), disc.clone()),
                (scene.place.path("jobs"), jobs.clone()),
            ];
            scene.burn(kind, Cut::Kill { at, copy }).await;
            // As it was when the process was killed: what the drive's buffer held is lost.
            std::fs::rename(&disc, scene.disc()).unwrap();
            for entry in std::fs::read_dir(&jobs).unwrap() {
                let entry = entry.unwrap();
                let place = scene.place.path("jobs").join(entry.file_name());
                std::fs::rename(entry.path(), place).unwrap();
            }
            let went = take_up(&scene).await;
            if matches!(went, Went::On(_)) {
                let content = scene.content(whole.len()).await;
                assert!(
                    content == whole,
                    "{kind:?}, killed at {at}, {went:?}: other bytes"
                );
            }
            in_the_middle += u64::from(matches!(went, Went::On(Verdict::ResumeAt { .. })));
            forget_all(&scene);
        }
        assert!(
            in_the_middle >= 3,
            "{kind:?}: only {in_the_middle} went on in the middle"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burn_that_is_cut_off_twice_goes_on_twice() {
    let scene = Scene::new(BurnOptions::default().finish(Finish::FinalizeDisc));
    let (whole, _) = whole(&scene, MediumKind::DvdPlusR).await;
    cut_in_the_middle(&scene, MediumKind::DvdPlusR).await;
    let count = Arc::new(AtomicU64::new(0));
    let opened = Opened::with(&scene.disc(), |inner| {
        let cut = Cut::UnplugAtWrite { at: 15 };
        cutting(inner, cut, count)
    });
    let interrupted = scene.examine(&opened.drive).await.unwrap();
    let Verdict::ResumeAt { block: first } = interrupted.verdict() else {
        panic!("{:?}", interrupted.verdict());
    };
    let failed = interrupted.go_on().await.unwrap().report().await;
    assert!(failed.is_err(), "{failed:?}");
    opened.close().await;
    let jobs = scene.journals().list().unwrap();
    assert!(matches!(&jobs[0].state, JobState::Dead(journal) if journal.resumed == 1));
    let Went::On(Verdict::ResumeAt { block }) = take_up(&scene).await else {
        panic!("not taken up a second time");
    };
    assert!(block > first, "{block} after {first}");
    assert!(scene.content(whole.len()).await == whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burn_at_one_rate_of_rotation_goes_on_at_it() {
    let scene = Scene::new(BurnOptions::default().pure_cav());
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let rotations = Arc::<Mutex<Vec<u8>>>::default();
    let heard = Arc::clone(&rotations);
    let opened = Opened::with(&scene.disc(), |inner| {
        watched(inner, move |exchange| {
            // SET STREAMING has the rotation control in its list.
            if let (0xB6, Data::Out(list)) = (exchange.cdb.opcode(), &exchange.data) {
                heard.lock().unwrap().push(list[0] >> 3 & 3);
            }
            Then::Pass
        })
    });
    let interrupted = scene.examine(&opened.drive).await.unwrap();
    let report = interrupted.go_on().await.unwrap().report().await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified, "{report:?}");
    // What follows sets the drive up for reading back.
    assert_eq!(rotations.lock().unwrap().first(), Some(&1));
    opened.close().await;
}

/// What is said of another disc.
async fn verdict_with(scene: &Scene, disc: &Path) -> Verdict {
    let opened = Opened::new(disc);
    let interrupted = scene.examine(&opened.drive).await.unwrap();
    let verdict = interrupted.verdict();
    match verdict {
        Verdict::OtherDisc(_) | Verdict::Lost(_) | Verdict::Unclear(_) => {
            let refused = interrupted.go_on().await;
            assert!(matches!(refused, Err(ResumeError::Disc(said)) if said == verdict));
        }
        _ => drop(interrupted),
    }
    opened.close().await;
    verdict
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_with_the_same_next_writable_address_does_not_pass() {
    for kind in [
        MediumKind::BdR,
        MediumKind::DvdPlusR,
        MediumKind::BdRe,
        MediumKind::DvdPlusRw,
    ] {
        let scene = Scene::new(BurnOptions::default());
        // Another job of the same length is cut off at the same place.
        let twin = Scene::new(BurnOptions::default());
        for n in 0..7 {
            let file = twin.source().join(format!("dir{}/file{n}", n % 3));
            let length = file.metadata().unwrap().len() as usize;
            write(&file, &noise(100 + n, length));
        }
        cut_in_the_middle(&scene, kind).await;
        cut_in_the_middle(&twin, kind).await;
        let before = std::fs::read(twin.disc()).unwrap();
        let verdict = verdict_with(&scene, &twin.disc()).await;
        let known = matches!(
            verdict,
            Verdict::OtherDisc(OtherBecause::Data { .. })
                | Verdict::Lost(_)
                | Verdict::Unclear(UnclearBecause::TooLittle)
        );
        assert!(known, "{kind:?}: {verdict}");
        assert!(
            std::fs::read(twin.disc()).unwrap() == before,
            "the twin was changed"
        );
        // Its own disc passes.
        let verdict = verdict_with(&scene, &scene.disc()).await;
        assert!(
            matches!(verdict, Verdict::ResumeAt { .. }),
            "{kind:?}: {verdict}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_discs_are_told_apart() {
    let scene = Scene::new(BurnOptions::default());
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let other = scene.place.path("other.vdisc");
    blank(&other, MediumKind::DvdPlusR, DISC);
    let verdict = verdict_with(&scene, &other).await;
    assert!(matches!(
        verdict,
        Verdict::OtherDisc(OtherBecause::Profile { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_closed_too_early_is_lost_and_says_so() {
    let scene = Scene::new(BurnOptions::default());
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let opened = Opened::new(&scene.disc());
    let lease = opened.drive.lease("somebody").await.unwrap();
    lease.close(false).report().await.unwrap();
    drop(lease);
    opened.close().await;
    let verdict = verdict_with(&scene, &scene.disc()).await;
    assert!(matches!(verdict, Verdict::Lost(_)), "{verdict}");
    assert!(verdict.to_string().contains("closed after"), "{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_somebody_else_has_closed_is_finalized_and_read_back() {
    let scene = Scene::new(BurnOptions::default().finish(Finish::FinalizeDisc));
    let (whole, commands) = whole(&scene, MediumKind::BdR).await;
    let mut taken_up = false;
    for at in (0..commands).rev() {
        scene.burn(MediumKind::BdR, Cut::Unplug { at }).await;
        if !scene.journals().list().unwrap().is_empty()
            && matches!(
                verdict_with(&scene, &scene.disc()).await,
                Verdict::CloseOnly { .. }
            )
        {
            let opened = Opened::new(&scene.disc());
            let lease = opened.drive.lease("somebody").await.unwrap();
            // Where the session is closed already there is nothing to do.
            let _ = lease.close(false).report().await;
            drop(lease);
            opened.close().await;
            // What is taken up has to end verified: see there.
            let went = take_up(&scene).await;
            assert!(
                matches!(went, Went::On(Verdict::CloseOnly { finalize: true })),
                "{went:?}"
            );
            assert!(scene.content(whole.len()).await == whole);
            taken_up = true;
            break;
        }
        forget_all(&scene);
    }
    assert!(taken_up, "no place at which only closing is left");
}

/// The error with which the only job is not taken up; its disc stays as it is.
async fn refused(scene: &Scene) -> ResumeError {
    let before = std::fs::read(scene.disc()).unwrap();
    let opened = Opened::new(&scene.disc());
    let interrupted = scene.examine(&opened.drive).await.unwrap();
    let error = interrupted.go_on().await.unwrap_err();
    opened.close().await;
    assert!(
        std::fs::read(scene.disc()).unwrap() == before,
        "the disc was changed"
    );
    assert_eq!(scene.journals().list().unwrap().len(), 1);
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_has_changed_is_refused() {
    let scene = Scene::new(BurnOptions::default());
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let file = scene.source().join("dir1/file1");
    let was = file.metadata().unwrap().modified().unwrap();
    let good = std::fs::read(&file).unwrap();

    // Other names.
    std::fs::write(scene.source().join("new"), "new").unwrap();
    let error = refused(&scene).await;
    assert!(
        matches!(error, ResumeError::SourceChanged(SourceChange::Tree)),
        "{error}"
    );
    std::fs::remove_file(scene.source().join("new")).unwrap();

    // The same size and time, and other bytes: only its checks tell.
    let mut bent = good.clone();
    bent[500_000] ^= 1;
    std::fs::write(&file, &bent).unwrap();
    let set = |file: &Path| {
        let open = std::fs::File::options().write(true).open(file).unwrap();
        open.set_modified(was).unwrap();
    };
    set(&file);
    let error = refused(&scene).await;
    assert!(matches!(error, ResumeError::SourceChanged(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_with_options_of_every_kind_is_made_again_as_it_was() {
    let mut scene = Scene::new(BurnOptions::default());
    let loader = scene.place.path("a,loader.img");
    write(&loader, &noise(9, 10_000));
    let mut bios = BootImage::new(&loader, Platform::Bios);
    bios.info_table = true;
    bios.load_sectors = Some(20);
    let mut efi = BootImage::new(&loader, Platform::Efi);
    efi.id = "EFI".into();
    let systems = FileSystems::default()
        .joliet(false)
        .iso_level(IsoLevel::Two)
        .udf(Udf::ByMedium);
    scene.mastering = mastering().file_systems(systems).boot(bios).boot(efi);
    let (whole, _) = whole(&scene, MediumKind::BdR).await;
    // Behind the descriptors of ISO 9660 those by which UDF is known; and the boot record.
    assert_eq!(&whole[17 * 2048 + 7..][..23], b"EL TORITO SPECIFICATION");
    assert!(
        whole[18 * 2048..32 * 2048]
            .windows(5)
            .any(|id| id == b"NSR03")
    );
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let went = take_up(&scene).await;
    assert!(
        matches!(went, Went::On(Verdict::ResumeAt { .. })),
        "{went:?}"
    );
    assert!(scene.content(whole.len()).await == whole);

    // Another loader is another volume.
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    write(&loader, &noise(10, 10_000));
    let error = refused(&scene).await;
    let changed = matches!(error, ResumeError::SourceChanged(SourceChange::Tree));
    assert!(changed, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_goes_on_with_an_earlier_one_is_taken_up() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR, MediumKind::DvdMinusR] {
        let options = BurnOptions::default().placement(Placement::NewSession);
        let mut scene = Scene::new(options);
        let append = Append::default().replace(true).remove(["/dir1".into()]);
        scene.mastering = mastering().append(append);
        scene.burn(kind, Cut::Never).await;
        let blocks = DISC.unwrap() as usize;
        let whole = scene.content(blocks * 2048 / 2).await;
        cut_in_the_middle(&scene, kind).await;
        let went = take_up(&scene).await;
        assert!(
            matches!(went, Went::On(Verdict::ResumeAt { .. })),
            "{kind:?}: {went:?}"
        );
        assert!(scene.content(whole.len()).await == whole, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_file_is_known_by_its_stamp_and_its_data() {
    let scene = Scene::new(BurnOptions::default());
    let iso = scene.place.path("image.iso");
    write(&iso, &noise(5, 5 << 20));
    blank(&scene.disc(), MediumKind::BdR, DISC);
    let count = Arc::new(AtomicU64::new(0));
    let opened = Opened::with(&scene.disc(), |inner| {
        let cut = Cut::UnplugAtWrite { at: 50 };
        cutting(inner, cut, count)
    });
    let burned = opened.burn(scene.options.clone(), Image::file(&iso)).await;
    assert!(burned.is_err());
    opened.close().await;

    let copy = scene.place.path("copy.iso");
    std::fs::copy(&iso, &copy).unwrap();
    std::fs::rename(&iso, scene.place.path("kept.iso")).unwrap();
    std::fs::rename(&copy, &iso).unwrap();
    let error = refused(&scene).await;
    assert!(
        matches!(error, ResumeError::SourceChanged(SourceChange::File)),
        "{error}"
    );

    std::fs::remove_file(&iso).unwrap();
    let error = refused(&scene).await;
    assert!(matches!(error, ResumeError::Source(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_cannot_be_read_again_and_says_so() {
    let scene = Scene::new(BurnOptions::default());
    blank(&scene.disc(), MediumKind::BdR, DISC);
    let bytes = noise(5, 5 << 20);
    let length = bytes.len() as u64;
    let pieces: Vec<_> = bytes
        .chunks(1 << 16)
        .map(|p| Ok(p.to_vec().into()))
        .collect();
    let image = Image::stream(length, futures::stream::iter(pieces));
    let count = Arc::new(AtomicU64::new(0));
    let opened = Opened::with(&scene.disc(), |inner| {
        let cut = Cut::UnplugAtWrite { at: 50 };
        cutting(inner, cut, count)
    });
    let burned = opened.burn(scene.options.clone(), image).await;
    assert!(burned.is_err());
    opened.close().await;
    let error = refused(&scene).await;
    assert!(matches!(error, ResumeError::SourceGone), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_journal_is_refused_and_a_torn_end_is_not() {
    let scene = Scene::new(BurnOptions::default());
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let folder = scene.journals();
    let id = folder.list().unwrap().pop().unwrap().id;
    let path = folder.path().join(format!("{id}.job"));
    let good = std::fs::read(&path).unwrap();
    let opened = Opened::new(&scene.disc());
    let lease = opened.drive.lease("a test").await.unwrap();

    let mut bent = good.clone();
    bent[60] ^= 1;
    std::fs::write(&path, &bent).unwrap();
    let error = lease.examine(&folder, &id).await.unwrap_err();
    assert!(
        matches!(error, ResumeError::Journal(JournalError::Damaged(_))),
        "{error}"
    );

    std::fs::write(&path, &good[..good.len() - 3]).unwrap();
    let interrupted = lease.examine(&folder, &id).await.unwrap();
    assert!(matches!(interrupted.verdict(), Verdict::ResumeAt { .. }));
    let report = interrupted.go_on().await.unwrap().report().await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    drop(lease);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_somebody_works_on_is_left_alone() {
    let scene = Scene::new(BurnOptions::default());
    cut_in_the_middle(&scene, MediumKind::BdR).await;
    let folder = scene.journals();
    let id = folder.list().unwrap().pop().unwrap().id;
    let opened = Opened::new(&scene.disc());
    let somebody = folder.take(&id).unwrap();
    let jobs = pitland::jobs(folder.path()).unwrap();
    assert!(matches!(jobs[0].state, JobState::Running(_)));
    let error = scene.examine(&opened.drive).await.unwrap_err();
    let running = matches!(error, ResumeError::Journal(JournalError::Running { .. }));
    assert!(running, "{error}");
    drop(somebody);
    assert!(scene.examine(&opened.drive).await.is_ok());
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burn_without_a_journal_leaves_none() {
    let scene = Scene::new(BurnOptions::default());
    let mut options = scene.options.clone();
    options.journal = None;
    let scene = Scene { options, ..scene };
    scene
        .burn(MediumKind::BdR, Cut::UnplugAtWrite { at: 50 })
        .await;
    assert!(pitland::jobs(&scene.place.path("jobs")).unwrap().is_empty());
    assert!(!scene.place.path("jobs").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_folder_that_cannot_be_used_harms_no_burn() {
    let scene = Scene::new(BurnOptions::default());
    let file = scene.place.path("not-a-folder");
    write(&file, b"x");
    let scene = Scene {
        options: scene.options.clone().journal(file),
        ..scene
    };
    blank(&scene.disc(), MediumKind::BdR, DISC);
    let opened = Opened::new(&scene.disc());
    let report = opened
        .burn(scene.options.clone(), tree(&scene.source()))
        .await;
    assert_eq!(report.unwrap().outcome, Outcome::Verified);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zeros_that_a_buffer_lost_are_not_taken_for_written_on_a_disc_that_held_data() {
    let options = BurnOptions::default().placement(Placement::Overwrite);
    let scene = Scene::new(options.clone());
    let (disc, image) = (scene.disc(), scene.place.path("image"));
    let mut bytes = noise(1, 3 << 20);
    bytes.resize(6 << 20, 0);
    write(&image, &bytes);
    let old = scene.place.path("old");
    write(&old, &noise(2, 6 << 20));
    let burn = async |image: &Path, options: BurnOptions, cut| {
        let count = Arc::new(AtomicU64::new(0));
        let opened = Opened::with(&disc, |inner| cutting(inner, cut, count));
        let _ = opened.burn(options, Image::file(image)).await;
        opened.close().await;
    };
    blank(&disc, MediumKind::BdRe, DISC);
    burn(&old, options, Cut::Never).await;
    let held = std::fs::read(&disc).unwrap();
    // As much as reached the disc, and as much as was acknowledged.
    burn(&image, scene.options.clone(), Cut::UnplugAtWrite { at: 65 }).await;
    let reached = std::fs::read(&disc).unwrap();
    forget_all(&scene);
    std::fs::write(&disc, held).unwrap();
    burn(&image, scene.options.clone(), Cut::UnplugAtWrite { at: 85 }).await;
    std::fs::write(&disc, reached).unwrap();
    let went = take_up(&scene).await;
    assert!(
        matches!(went, Went::On(Verdict::ResumeAt { .. })),
        "{went:?}"
    );
    assert!(scene.content(bytes.len()).await == bytes, "other bytes");
}
