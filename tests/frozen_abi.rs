//! Version 1 of the plug-in ABI is frozen: a library that was written against it loads, and so does one whose version
//! of it is another of the same shape.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "plugins/built.rs"]
mod built;

use pitland::plugin_host::load;
use pitland_abi::{ABI_VERSION, AbiVersion};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::media;
use pitland_writer::{
    BurnRequest, CdLayout, CdMode, CloseRequest, Event, Extent, Failure, Fit, Refusal, Request,
    Step, Warning, WriterModule,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

const SOURCE: &str = "tests/plugins/frozen";

/// How its library is called, and how one is that was made of it. Of one name, the one would take the other's place for
/// the next run.
const NAME: &str = "pitland_frozen_plugin";
const RAISED: &str = "pitland_raised_plugin";

/// The library of that source, in a folder that nobody else can write.
fn library(source: &str, name: &str, folder: &Path) -> std::path::PathBuf {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let path = folder.join("frozen.so");
    fs::copy(built::library_outside(source, name), &path).unwrap();
    path
}

/// Everything that is said to a writer and by it.
fn works(writer: &Arc<dyn WriterModule>) {
    let info = writer.info();
    assert_eq!(info.name, "frozen");
    assert_eq!(info.profiles, [Profile::Other(0x5C07)]);
    let facts = media::bd_r_blank().build();
    let request = Request::Burn(BurnRequest::new(33));
    let Fit::Serves(service) = writer.assess(&facts, &request) else {
        panic!("it does not serve");
    };
    assert_eq!((service.first_lba, service.free_blocks), (Lba(64), 1_000));
    assert_eq!((service.fitness, service.write_unit), (70, 8));
    let (mut job, plan) = writer.begin(&facts, &request).unwrap();
    let mut extent = Extent::image(Lba(64), 40, 8);
    extent.underrun_protection = false;
    assert_eq!(plan.extents, [extent]);
    assert_eq!(plan.warnings, [Warning::VerifiedByDrive]);
    assert_eq!(job.next(Event::Begin), Step::Write(0));
    assert_eq!(job.next(Event::Done), Step::Finished);
    assert_eq!(
        job.next(Event::TimedOut),
        Step::Failed(Failure::UnexpectedEvent)
    );
    // What came later it does not know, and says so.
    let mut layout = BurnRequest::new(300);
    layout.cd = Some(CdLayout::new(CdMode::SessionAtOnce, Lba(-150)));
    assert_eq!(
        writer.assess(&facts, &Request::Burn(layout)),
        Fit::Refuses(Refusal::WriterFault(Failure::UnknownWord { code: 0x0300 }))
    );
    let close = Request::Close(CloseRequest::new(false));
    assert_eq!(writer.assess(&facts, &close), Fit::NotMine);
    assert_eq!(
        writer.begin(&facts, &close).map(|_| ()),
        Err(Refusal::NotOffered)
    );
}

#[test]
fn a_library_written_against_version_1_loads_whatever_the_minor_version() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = load(library(SOURCE, NAME, folder.path())).unwrap();
    let version = |minor, patch| AbiVersion {
        major: 1,
        minor,
        patch,
    };
    assert_eq!(plugin.metadata().abi, version(0, 0));
    works(&plugin.writers()[0]);

    // The same with its versions raised: what is newer than this program, as this program may be newer than it.
    let raised = tempfile::tempdir().unwrap();
    let manifest = fs::read_to_string(format!("{SOURCE}/Cargo.toml")).unwrap();
    let newer = manifest
        .replace("version = \"1.0.0\"", "version = \"1.9.7\"")
        .replace(NAME, RAISED);
    assert_ne!(newer, manifest);
    fs::write(raised.path().join("Cargo.toml"), newer).unwrap();
    fs::create_dir(raised.path().join("src")).unwrap();
    fs::copy(
        format!("{SOURCE}/src/lib.rs"),
        raised.path().join("src/lib.rs"),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = library(raised.path().to_str().unwrap(), RAISED, folder.path());
    let plugin = load(path).unwrap();
    assert_eq!(plugin.metadata().abi, version(9, 7));
    assert_ne!(plugin.metadata().abi, ABI_VERSION);
    works(&plugin.writers()[0]);
}
