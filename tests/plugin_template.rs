//! The template for authors, built outside of the workspace against the SDK alone, loaded into the engine, and
//! at work there on the simulated medium that its own test brings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_wrap,
    reason = "tests"
)]

#[path = "plugins/built.rs"]
mod built;
#[path = "../examples/plugin-template/tests/sketch_disc/mod.rs"]
mod sketch_disc;

use futures::stream;
use pitland::transport::{Data, DeviceClock, Exchange, Reply, Transport, TransportError};
use pitland::writer::MediumCondition;
use pitland::writer::mmc::Profile;
use pitland::{BurnError, BurnOptions, Engine, Image, Outcome, Placement, Refusal};
use pitland_testkit::{MediumDrive, SimulatedDrive};
use sketch_disc::SketchDisc;
use std::path::PathBuf;
use std::time::Duration;

/// As the template says them; a test compares the profile with that of the loaded writer.
const PROFILE: Profile = Profile::Other(0x5C01);
const UNIT: u32 = 8;
const GAP: u32 = 64;

/// The author's drive, where the engine expects one.
struct SketchDrive(MediumDrive<SketchDisc>);

impl Transport for SketchDrive {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let given = exchange.data.len();
        let (out, room): (&[u8], &mut [u8]) = match exchange.data {
            Data::None => (&[], &mut []),
            Data::In(room) => (&[], room),
            Data::Out(bytes) | Data::Blocks { bytes, .. } => (bytes, &mut []),
        };
        let sends = !out.is_empty();
        Ok(match self.0.execute(exchange.cdb.as_slice(), out, room) {
            Ok(_) if sends => Reply::good(given),
            Ok(came) => Reply::good(came),
            Err(sense) => Reply::check(sense),
        })
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::Virtual
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn advance(&mut self, by: Duration) {
        self.0.advance(by);
    }

    fn identity_hint(&self) -> String {
        "an author's drive".into()
    }
}

fn template() -> PathBuf {
    built::library_outside("examples/plugin-template", "plugin_template")
}

fn image(byte: u8) -> Image {
    let block = bytes::Bytes::from(vec![byte; 2048]);
    Image::stream(
        97 * 2048,
        stream::iter((0..97).map(move |_| Ok(block.clone()))),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_writer_burns_a_medium_that_the_engine_does_not_know() {
    let library = template();
    let engine = Engine::builder().plugin(&library).build().unwrap();
    let drive = engine
        .attach(Box::new(SketchDrive(MediumDrive::new(
            SketchDisc::default(),
        ))))
        .unwrap();
    let writers = engine.writers().iter();
    let sketch = writers.filter(|writer| writer.info.name == "sketch");
    let sketch: Vec<_> = sketch.collect();
    assert_eq!(sketch.len(), 1);
    assert_eq!(sketch[0].info.profiles, [PROFILE]);

    let burn = async |options: BurnOptions, byte| {
        let lease = drive.lease("a test").await.unwrap();
        lease.burn(options, image(byte)).report().await
    };
    let condition = async || drive.medium().await.unwrap().facts.condition();
    assert_eq!(condition().await, MediumCondition::Blank);
    let first = burn(BurnOptions::default(), 1).await.unwrap();
    assert_eq!(first.outcome, Outcome::Verified);
    let origin = first.led_by.unwrap();
    assert_eq!(
        (&*origin.name, &*origin.package),
        ("sketch", "plugin-template")
    );
    assert_eq!(
        origin.source,
        pitland::plugin_host::Source::Plugin(library.canonicalize().unwrap())
    );

    let error = burn(BurnOptions::default(), 2).await.unwrap_err();
    assert!(
        matches!(error, BurnError::Refused(Refusal::MediumNotBlank { .. })),
        "{error}"
    );
    let further = BurnOptions::default().placement(Placement::NewSession);
    let second = burn(further.clone(), 2).await.unwrap();
    assert_eq!(second.outcome, Outcome::Verified);
    let unit = i32::try_from(UNIT).unwrap();
    let gap = i32::try_from(GAP).unwrap();
    let end_of_first = (97 + unit - 1) / unit * unit;
    assert_eq!(second.first_lba, end_of_first + gap);
    let last = burn(further.finish(pitland::Finish::FinalizeDisc), 3)
        .await
        .unwrap();
    assert_eq!(last.outcome, Outcome::Verified);
    assert_eq!(condition().await, MediumCondition::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_plugin_nobody_takes_the_medium() {
    let engine = Engine::builder().build().unwrap();
    let drive = engine
        .attach(Box::new(SketchDrive(MediumDrive::new(
            SketchDisc::default(),
        ))))
        .unwrap();
    let lease = drive.lease("a test").await.unwrap();
    let error = lease
        .burn(BurnOptions::default(), image(1))
        .report()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            BurnError::Refused(Refusal::NoWriter { profile: PROFILE })
        ),
        "{error}"
    );
}

/// The code of the template's files: neither blank lines nor comments.
fn code() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/plugin-template");
    [
        "src/lib.rs",
        "tests/conformance.rs",
        "tests/sketch_disc/mod.rs",
    ]
    .iter()
    .flat_map(|file| {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let lines = text.lines().map(str::trim).map(str::to_owned);
        lines.collect::<Vec<_>>()
    })
    .filter(|line| !line.is_empty() && !line.starts_with("//"))
    .collect()
}

#[test]
fn the_template_is_short_and_needs_the_sdk_alone() {
    let lines = code().len();
    assert!((50..150).contains(&lines), "{lines} lines of code");

    let manifest = include_str!("../examples/plugin-template/Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]\n").unwrap();
    let (needed, _) = rest.split_once("\n\n").unwrap();
    let names: Vec<&str> = needed
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, ["pitland-abi", "pitland-writer"]);
}
