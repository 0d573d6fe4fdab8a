//! The example burns what it says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;
#[allow(dead_code, reason = "its main takes arguments")]
#[path = "../examples/two_discs.rs"]
mod two_discs;

use pitland::transport::sim::MediumKind;
use pitland::writer::MediumCondition;
use std::fs;
use support::{Bench, samples};

#[tokio::test]
async fn a_data_disc_and_an_audio_disc_are_burned() {
    let bench = Bench::new();
    let folder = bench.folder.path();
    let files = bench.files("files", &[("hello.txt", b"hello")]);
    let sound = folder.join("sound.raw");
    fs::write(&sound, samples(320, 1)).unwrap();
    let drives = ["data", "audio"].map(|name| bench.drive(name, MediumKind::CdR, None));
    let sounds = [sound.display().to_string()];
    two_discs::burn(bench.open().await, &files, &sounds)
        .await
        .unwrap();
    let ends = [
        ("data", MediumCondition::Appendable),
        ("audio", MediumCondition::Complete),
    ];
    for (drive, (name, end)) in drives.iter().zip(ends) {
        drive.load().await.unwrap();
        let facts = drive.medium().await.unwrap().facts;
        assert_eq!(facts.condition(), end, "{name}");
        let toc = facts.cd.toc.unwrap();
        let (track, next) = toc.tracks().next().unwrap();
        assert_eq!(track.is_data(), name == "data");
        if name == "audio" {
            assert!(next.start.0 - track.start.0 >= 320);
        }
    }
}
