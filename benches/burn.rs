//! Burning a cached file onto `virtual:null`, beside a plain copy to nowhere and beside another burner.
//! `PITLAND_BENCH_MIB` sets the file's size.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

mod beside;

use beside::{Runner, measure, number};
use pitland::{BurnOptions, Engine, Image, VerifyLevel};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A disc that keeps no data reads back as zeros: a file of zeros can be verified on it.
fn zeros(path: &Path, mebibytes: u64) {
    let mut file = File::create(path).unwrap();
    let piece = vec![0; 1 << 20];
    for _ in 0..mebibytes {
        file.write_all(&piece).unwrap();
    }
}

fn burn(runtime: &tokio::runtime::Runtime, file: &Path, verify: VerifyLevel) -> bool {
    runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        let drive = engine.open(&"virtual:null".parse().unwrap()).unwrap();
        let lease = drive.lease("bench").await.unwrap();
        let options = BurnOptions::default().verify(verify);
        lease
            .burn(options, Image::file(file))
            .report()
            .await
            .unwrap();
        engine.shutdown(Duration::from_secs(10)).await;
    });
    true
}

fn main() {
    let mebibytes = number("PITLAND_BENCH_MIB", 1024);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("image");
    zeros(&file, mebibytes);
    let runtime = tokio::runtime::Runtime::new().unwrap();

    let mut dd = Command::new("dd");
    dd.arg(format!("if={}", file.display()))
        .args(["of=/dev/null", "bs=1M"]);
    let mut cdrskin = Command::new("cdrskin");
    cdrskin
        .args(["--allow_emulated_drives", "dev=stdio:/dev/null"])
        .arg(&file);
    measure(
        &format!("a cached file of {mebibytes} MiB to a null drive; CPU s is for all of it"),
        &mut [
            Runner::program("dd bs=1M", dd),
            Runner::new("pitland, no verification", || {
                burn(&runtime, &file, VerifyLevel::None)
            }),
            Runner::new("pitland, full verification", || {
                burn(&runtime, &file, VerifyLevel::Full)
            }),
            Runner::program("cdrskin dev=stdio:/dev/null", cdrskin),
        ],
    );
}
