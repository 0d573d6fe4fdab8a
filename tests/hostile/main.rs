//! Plug-ins that reach for what nobody asked them for, at work in the engine: it survives each, leaves the disc
//! as it was or closes what was open, frees the drive, and says whose fault it was.
//!
//! What plug-ins do before they are at work (loading, panics and hangs when they are asked) is in
//! `tests/plugins.rs`; which plan is refused by which rule, in the gate's own tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "../plugins/built.rs"]
mod built;

use futures::stream;
use pitland::transport::address::VirtualOptions;
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::{
    Blame, BurnError, BurnOptions, BurnReport, DriveAddress, DriveHandle, Engine, Image,
    MediaFacts, MediumState, Outcome, Placement,
};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Blocks of an image.
const BLOCKS: u64 = 64;
/// Blocks of a disc.
const DISC_BLOCKS: u32 = 16_384;

/// The library of writers that reach for more, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| built::example("pitland-hostile-plugin", "grasping", &[]))
}

fn image(byte: u8) -> Image {
    let block = bytes::Bytes::from(vec![byte; 2048]);
    Image::stream(
        BLOCKS * 2048,
        stream::iter((0..BLOCKS).map(move |_| Ok(block.clone()))),
    )
}

/// A BD-R with one session on it, in a drive of an engine that knows the plug-in.
struct Bench {
    _folder: tempfile::TempDir,
    engine: Engine,
    drive: DriveHandle,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Engine::builder(), MediumKind::BdR).await
    }

    async fn with(engine: pitland::EngineBuilder, kind: MediumKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disc.vdisc");
        drop(create_disc(&path, kind, Some(DISC_BLOCKS)).unwrap());
        let engine = engine.plugin(library()).build().unwrap();
        let options = VirtualOptions::default();
        let address = DriveAddress::VirtualFile { path, options };
        let drive = engine.open(&address).unwrap();
        Self {
            _folder: folder,
            engine,
            drive,
        }
    }

    async fn burn(&self, options: BurnOptions, byte: u8) -> Result<BurnReport, BurnError> {
        let lease = self.drive.lease("a test").await.unwrap();
        lease.burn(options, image(byte)).report().await
    }

    /// The first session, by the writer that is built in.
    async fn first_session(&self) -> MediaFacts {
        let report = self.burn(honest(), 1).await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
        self.facts().await
    }

    async fn facts(&self) -> MediaFacts {
        self.drive.medium().await.unwrap().facts
    }

    /// The drive is free, and the disc takes a further session as if nothing had been.
    async fn still_serves(&self) {
        let report = self
            .burn(honest().placement(Placement::NewSession), 3)
            .await
            .unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
    }
}

fn honest() -> BurnOptions {
    BurnOptions::default().writer("bd-r")
}

fn hostile(name: &str) -> BurnOptions {
    let options = BurnOptions::default().placement(Placement::NewSession);
    options.writer(name)
}

/// What makes a disc what it is to a user.
fn seen(facts: &MediaFacts) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        facts.condition(),
        facts.closed_sessions(),
        facts.nwa(),
        facts.free_blocks(),
    )
}

/// The error is the writer's own, and says which writer and from which file.
fn is_its_own(error: &BurnError, name: &str) {
    let text = error.to_string();
    assert_eq!(error.blame(), Blame::Writer, "{name}: {text}");
    let origin = error.writer_at_fault().expect(name);
    assert_eq!(origin.name, name);
    let file = library().canonicalize().unwrap();
    for part in [name, env!("CARGO_PKG_VERSION"), file.to_str().unwrap()] {
        assert!(text.contains(part), "{name}: no {part:?} in {text:?}");
    }
}

/// Burns with each writer, which must fail with these words in the error and leave the disc as it was.
async fn leaves_the_disc_alone(cases: &[(&str, &str)]) {
    let bench = Bench::new().await;
    let before = seen(&bench.first_session().await);
    for (name, words) in cases {
        let error = bench.burn(hostile(name), 2).await.expect_err(name);
        is_its_own(&error, name);
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert_eq!(error.medium_state(), MediumState::Untouched, "{name}");
        assert_eq!(seen(&bench.facts().await), before, "{name}");
    }
    bench.still_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_with_commands_that_nobody_asked_for_are_refused() {
    leaves_the_disc_alone(&[
        ("plans-a-write", "WRITE (10)"),
        ("plans-a-blank", "blank is not part of what was asked"),
        ("plans-a-format", "format would lose what is on the medium"),
        (
            "plans-a-finalize",
            "finalize disc is not part of what was asked",
        ),
        ("plans-firmware", "does not serve the purpose"),
        ("plans-for-another-unit", "malformed"),
        ("plans-a-key", "does not serve the purpose"),
        ("plans-security", "does not serve the purpose"),
        (
            "plans-a-vendor-command",
            "operation code EAh is the vendor's own",
        ),
        ("plans-an-eject", "does not serve the purpose"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_over_what_is_closed_or_outside_of_the_disc_are_refused() {
    leaves_the_disc_alone(&[
        (
            "plans-over-what-is-closed",
            "before the next writable address",
        ),
        ("plans-outside", "outside of the free blocks"),
        ("plans-before-the-first-block", "outside of the free blocks"),
        (
            "plans-more-blocks-than-there-are",
            "outside of the free blocks",
        ),
        ("replans-over-what-is-closed", "outside of the free blocks"),
        ("replans-a-blank", "blank is not part of what was asked"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_of_absurd_lengths_are_refused() {
    leaves_the_disc_alone(&[
        ("plans-zeros-without-end", "blocks of padding"),
        ("plans-nothing", "records 0 blocks of an image of 64"),
        // The border lets no such list through.
        ("plans-a-huge-list", "a word unknown to this version"),
        (
            "plans-a-list-of-another-length",
            "announces 0 bytes and has 24",
        ),
        ("plans-ever-more", "parts is refused"),
        ("plans-a-huge-unit", "not of whole write units"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_are_none_are_refused() {
    leaves_the_disc_alone(&[
        ("asks-to-write", "is not a query"),
        ("asks-to-blank", "is not a query"),
        ("asks-to-format", "is not a query"),
        ("asks-to-close", "is not a query"),
        ("asks-the-vendor", "operation code EAh is the vendor's own"),
        ("asks-for-too-much", "4294967295 bytes are more"),
        (
            "takes-a-step-outside",
            "asked for what its plan does not contain",
        ),
        (
            "ends-before-the-blocks",
            "asked for what its plan does not contain",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_leaves_open_is_closed_for_it() {
    for (name, words) in [
        ("asks-to-blank-in-the-end", "is not a query"),
        ("panics-in-the-end", "panicked: hostile: panics-in-the-end"),
        ("hangs-in-the-end", "did not answer within"),
    ] {
        let bench = Bench::new().await;
        let before = bench.first_session().await;
        let error = bench.burn(hostile(name), 2).await.expect_err(name);
        is_its_own(&error, name);
        assert!(error.to_string().contains(words), "{name}: {error}");
        // The track that it began is closed by the engine, with all that was written in it.
        assert_eq!(error.medium_state(), MediumState::Appendable, "{name}");
        let after = bench.facts().await;
        let sessions = |facts: &MediaFacts| facts.closed_sessions().unwrap();
        assert_eq!(sessions(&after), sessions(&before) + 1, "{name}");
        bench.still_serves().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_claims_every_medium_is_taken_for_none_where_a_writer_is_made_for_it() {
    let bench = Bench::new().await;
    bench.first_session().await;
    // It offers more than there is to offer; a builtin writer comes first at the highest fit there is.
    let options = BurnOptions::default().placement(Placement::NewSession);
    let report = bench.burn(options, 2).await.unwrap();
    assert_eq!(report.writer, "bd-r");
    assert_eq!(report.outcome, Outcome::Verified);

    // On a medium of which it knows nothing the plan is held to what the drive said.
    let ram = Bench::with(Engine::builder(), MediumKind::DvdRam).await;
    let before = seen(&ram.facts().await);
    let error = ram.burn(hostile("claims-all"), 2).await.unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error}");
    assert_eq!(seen(&ram.facts().await), before);
    let report = ram.burn(BurnOptions::default(), 3).await.unwrap();
    assert_eq!(
        (&*report.writer, report.outcome),
        ("overwritable", Outcome::Verified)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_commands_are_for_those_whom_the_host_names() {
    let allowed = Engine::builder().allow_vendor_commands("asks-the-vendor");
    let bench = Bench::with(allowed, MediumKind::BdR).await;
    bench.first_session().await;
    // The question goes out. The virtual drive knows no such command, and the job ends by the drive's word.
    let error = bench.burn(hostile("asks-the-vendor"), 2).await.unwrap_err();
    assert!(!error.to_string().contains("the vendor's own"), "{error}");
    let error = bench
        .burn(hostile("plans-a-vendor-command"), 2)
        .await
        .unwrap_err();
    is_its_own(&error, "plans-a-vendor-command");
    bench.still_serves().await;
    let names: Vec<&str> = bench
        .engine
        .writers()
        .iter()
        .filter(|writer| writer.allowed.vendor_commands)
        .map(|writer| writer.info.name.as_str())
        .collect();
    assert_eq!(names, ["asks-the-vendor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_names_the_writer_its_file_and_its_version() {
    let bench = Bench::new().await;
    let report = bench.burn(honest(), 1).await.unwrap();
    let origin = report.led_by.unwrap();
    assert_eq!(
        origin.to_string(),
        format!("bd-r {} (built in)", env!("CARGO_PKG_VERSION"))
    );
    // Sound but for the vendor's question, which it is allowed here and never comes to ask: it claims all.
    let second = hostile("claims-all");
    let report = bench.burn(second, 2).await.unwrap();
    let origin = report.led_by.unwrap();
    assert_eq!(origin.name, "claims-all");
    assert_eq!(origin.package, "pitland-hostile-plugin");
    let file = library().canonicalize().unwrap();
    assert_eq!(origin.source, pitland::plugin_host::Source::Plugin(file));
    assert_eq!(origin.abi, pitland_abi::ABI_VERSION);
    assert_eq!(origin.sdk, pitland::writer::VERSION);
}
