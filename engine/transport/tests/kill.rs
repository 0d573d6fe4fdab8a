//! A virtual disc is true after `kill -9`.
//!
//! A child process (this very test binary again) burns blocks that tell their
//! address. It is killed after a number of writes, which hits it anywhere in
//! the next ones. What the drive had said to be written stands, byte by byte;
//! only what its buffer held may be lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod host;

use host::*;
use pitland_transport::Transport;
use pitland_transport::address::{DriveAddress, OpenMode, VirtualOptions};
use pitland_transport::sim::*;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const DISC: &str = "PITLAND_TEST_BURN_ONTO";
const FOLDER: &str = "PITLAND_TEST_MAKE_DISCS_IN";
/// The simulated drive's buffer, in blocks: what a kill may cost.
const BUFFER_BLOCKS: u32 = (4 << 20) / 2048;

fn open(path: &Path) -> Box<dyn Transport> {
    DriveAddress::VirtualFile {
        path: path.to_owned(),
        options: VirtualOptions::default(),
    }
    .open(OpenMode::Existing)
    .unwrap()
}

#[test]
fn child_that_burns_until_it_is_killed() {
    let Some(path) = std::env::var_os(DISC) else {
        return; // only a child of the test below has work to do
    };
    let mut drive = open(Path::new(&path));
    wait_ready(&mut drive);
    let mut lba = nwa(&mut drive);
    println!("from {lba}");
    loop {
        good(write(&mut drive, lba, &pattern(lba, 32)));
        lba += 32;
        println!("taken {lba}");
    }
}

#[test]
fn child_that_makes_discs_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return; // only a child of the test below has work to do
    };
    for number in 0.. {
        let path = Path::new(&folder).join(format!("disc{number}"));
        drop(create_disc(&path, MediumKind::DvdRam, None).unwrap());
        println!("made {number}");
    }
}

fn child(test: &str, variable: &str, value: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(variable, value)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a child burn `writes` times, kills it, and says where it began and how
/// far it told to have got.
fn burn_and_kill(path: &Path, writes: usize) -> (u32, u32) {
    let mut child = child("child_that_burns_until_it_is_killed", DISC, path);
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut number = |word: &str| -> u32 {
        let line = lines
            .by_ref()
            .find_map(|line| line.split_once(word).map(|(_, number)| number.to_owned()));
        line.expect("the child burns").trim().parse().unwrap()
    };
    let first = number("from ");
    let mut taken = first;
    for _ in 0..writes {
        taken = number("taken ");
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    (first, taken)
}

fn same_as_sent(disc: &mut Medium, blocks: std::ops::Range<u32>) {
    let mut unit = vec![0; UNIT];
    for lba in blocks.step_by(32) {
        disc.read_blocks(lba, &mut unit).unwrap();
        assert!(unit == pattern(lba, 32), "blocks from {lba} on");
    }
}

#[test]
fn every_block_below_the_nwa_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.vdisc");
    drop(create_disc(&path, MediumKind::BdR, None).unwrap());
    let mut end = 0;
    let mut random = 0x2545_F491_u32;
    for _ in 0..12 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (first, taken) = burn_and_kill(&path, 1 + (random >> 16) as usize % 150);
        assert_eq!(first, end, "the next burn goes on where the disc ends");
        let mut disc = open_disc(&path, Access::ReadOnly).unwrap();
        end = disc.written_end();
        assert!(
            end >= first && end + BUFFER_BLOCKS >= taken,
            "{taken} blocks taken, {end} on the disc"
        );
        same_as_sent(&mut disc, first..end);
    }
    same_as_sent(&mut open_disc(&path, Access::ReadOnly).unwrap(), 0..end);
    assert!(end > BUFFER_BLOCKS, "{end} blocks: the burns got somewhere");
    let mut drive = open(&path);
    wait_ready(&mut drive);
    assert_eq!(nwa(&mut drive), end);
}

#[test]
fn a_disc_that_is_there_is_whole_however_its_making_was_cut_off() {
    for made in [1, 2, 5, 9] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = child(
            "child_that_makes_discs_until_it_is_killed",
            FOLDER,
            folder.path(),
        );
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        assert_eq!(
            lines
                .filter(|line| line.contains("made "))
                .take(made)
                .count(),
            made
        );
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let mut discs = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().as_encoded_bytes().starts_with(b"disc") {
                open_disc(&entry.path(), Access::ReadWrite).unwrap();
                discs += 1;
            }
        }
        assert!(discs >= made);
    }
}
