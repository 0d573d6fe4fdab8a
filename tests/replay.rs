//! Every command of a burn can be read in words in its trace, and the trace serves the same burn again.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use pitland::transport::sim::{MediumKind, create_disc};
use pitland::transport::trace::{Detail, Replay, Trace};
use pitland::{BurnOptions, Engine, Image, MasterOptions, OpenMode, Outcome, Transport};
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

const MEDIA: [MediumKind; 6] = [
    MediumKind::BdR,
    MediumKind::BdRe,
    MediumKind::DvdPlusR,
    MediumKind::DvdPlusRDl,
    MediumKind::DvdPlusRw,
    MediumKind::DvdRam,
];

/// Reads a folder once, so that burning it does not change the access times that are burned.
fn settle(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        fs::read(entry.unwrap().path()).unwrap();
    }
}

/// Burns the folder and verifies it; what the drive is made of is the caller's.
fn burn(folder: &Path, open: impl FnOnce(&Engine) -> pitland::DriveHandle) -> Outcome {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        let drive = open(&engine);
        let lease = drive.lease("replay").await.unwrap();
        let options =
            MasterOptions::default().created(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        let job = lease.burn(
            BurnOptions::default(),
            Image::tree(vec![folder.to_path_buf()], options),
        );
        let outcome = job.report().await.unwrap().outcome;
        drop((lease, drive));
        assert_eq!(
            engine.shutdown(Duration::from_secs(30)).await.still_running,
            0
        );
        outcome
    });
    drop(runtime);
    outcome
}

#[test]
fn the_trace_of_a_burn_is_in_words_and_serves_the_burn_again() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    fs::create_dir(&folder).unwrap();
    // More than the drive's buffer and more than a slot of the ring.
    fs::write(folder.join("large"), vec![0x5A; 9 << 20]).unwrap();
    fs::write(folder.join("small"), "small").unwrap();
    settle(&folder);
    for kind in MEDIA {
        let disc = place.path().join(format!("{kind:?}.vdisc"));
        let trace = place.path().join(format!("{kind:?}.trace"));
        drop(create_disc(&disc, kind, None).unwrap());
        let recorded = burn(&folder, |engine| {
            let address = format!("virtual:{}", disc.display()).parse().unwrap();
            let layer = |drive: Box<dyn Transport>| -> Box<dyn Transport> {
                Box::new(Trace::new(
                    drive,
                    File::create(&trace).unwrap(),
                    Detail::Replay,
                ))
            };
            engine
                .open_with(&address, OpenMode::Existing, layer)
                .unwrap()
        });
        assert_eq!(recorded, Outcome::Verified, "{kind:?}");

        let text = fs::read_to_string(&trace).unwrap();
        for words in [
            "INQUIRY",
            "GET CONFIGURATION",
            "WRITE (10) lba",
            "SYNCHRONIZE CACHE",
            "READ (10)",
        ] {
            assert!(text.contains(words), "{kind:?}: {words}");
        }
        assert!(!text.contains("UNKNOWN COMMAND"), "{kind:?}");

        let replay = Replay::open(&trace).unwrap();
        let replayed = burn(&folder, |engine| engine.attach(Box::new(replay)).unwrap());
        assert_eq!(replayed, Outcome::Verified, "{kind:?}");
    }
}

#[test]
fn another_folder_is_not_served_by_the_trace() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("file"), "as it was recorded").unwrap();
    let trace = place.path().join("trace");
    burn(&folder, |engine| {
        let address = format!("virtual:{}", place.path().join("disc.vdisc").display())
            .parse()
            .unwrap();
        let layer = |drive: Box<dyn Transport>| -> Box<dyn Transport> {
            Box::new(Trace::new(
                drive,
                File::create(&trace).unwrap(),
                Detail::Replay,
            ))
        };
        engine
            .open_with(&address, OpenMode::CreateBlankBdR, layer)
            .unwrap()
    });
    fs::write(folder.join("file"), "as it became later").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        let drive = engine
            .attach(Box::new(Replay::open(&trace).unwrap()))
            .unwrap();
        let lease = drive.lease("replay").await.unwrap();
        let options =
            MasterOptions::default().created(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        let job = lease.burn(BurnOptions::default(), Image::tree(vec![folder], options));
        assert!(job.report().await.is_err());
    });
}
