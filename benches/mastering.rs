//! Mastering to nowhere, beside what others do with the same files in the same run: many small files, large
//! files, planning alone (time and memory), names that all clash, reading a volume's folders again, and small files
//! that no cache holds, where this machine lets its caches be emptied.
//!
//! `PITLAND_BENCH_FILES` sets how many small files, `PITLAND_BENCH_PLANNED` how many are planned alone, and
//! `PITLAND_BENCH_MIB` the MiB of the large files; 0 leaves a part out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

mod beside;

use beside::{Figures, Runner, goal, measure, number, peak_kib, timed};
use pitland::mastering::read::Volume;
use pitland::mastering::{
    BLOCK_SIZE, Emitter, Layout, Timestamp, Tree, UdfRevision, VolumeOptions, WalkOptions,
};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Blocks that are made at a time.
const PIECE: u64 = 512;

/// The part that a child of this bench does alone, for the most memory of a process is told of all it did.
const PLAN_ALONE: &str = "PITLAND_BENCH_PLAN_ALONE";

fn folder(root: &Path, files: u64) {
    for number in 0..files {
        let dir = root.join(format!("{:03}", number / 200));
        if number % 200 == 0 {
            fs::create_dir_all(&dir).unwrap();
        }
        let length = 500 + (number * 7919) % 12_000;
        fs::write(
            dir.join(format!("a file of a name of some length {number}.txt")),
            vec![number as u8; length as usize],
        )
        .unwrap();
    }
}

/// Files that have a length and no bytes of their own on the file system.
fn hollow(dir: &Path, files: u64, in_each: u64, name: impl Fn(u64) -> String) {
    for number in 0..files {
        let dir = dir.join(format!("{:05}", number / in_each));
        if number % in_each == 0 {
            fs::create_dir_all(&dir).unwrap();
        }
        let file = File::create(dir.join(name(number))).unwrap();
        file.set_len(1000 + number % 5000).unwrap();
    }
}

fn options(udf: Option<UdfRevision>) -> VolumeOptions {
    let mut options = VolumeOptions::new("BENCH", Timestamp::now());
    options.udf = udf;
    options
}

fn plan(root: &Path, udf: Option<UdfRevision>) -> Arc<Layout> {
    let tree = Tree::scan(&[root.to_path_buf()], &WalkOptions::default()).unwrap();
    Arc::new(Layout::plan(tree, 0, &options(udf)).unwrap())
}

fn pour(mut emitter: Emitter, mut sink: impl Write) {
    let blocks = emitter.layout().blocks();
    let mut piece = vec![0; PIECE as usize * BLOCK_SIZE];
    let mut block = 0;
    while block < blocks {
        let count = (blocks - block).min(PIECE);
        let piece = &mut piece[..count as usize * BLOCK_SIZE];
        emitter.read_blocks(block, piece).unwrap();
        sink.write_all(piece).unwrap();
        block += count;
    }
}

fn master(root: &Path, udf: Option<UdfRevision>) -> bool {
    pour(plan(root, udf).emitter_ahead(), io::sink());
    true
}

fn master_in_one_thread(root: &Path) -> bool {
    pour(plan(root, None).emitter(), io::sink());
    true
}

fn mkisofs(program: &[&str], more: &[&str], root: &Path) -> Command {
    let (name, first) = program.split_first().unwrap();
    let mut command = Command::new(name);
    command.args(first).args(["-quiet", "-R", "-J"]);
    command
        .args(["-joliet-long", "-o", "/dev/null"])
        .args(more)
        .arg(root);
    command
}

fn genisoimage(more: &[&str], root: &Path) -> Command {
    mkisofs(&["genisoimage"], more, root)
}

fn xorriso(root: &Path) -> Command {
    mkisofs(&["xorriso", "-no_rc", "-as", "mkisofs"], &[], root)
}

fn ratio(of: Option<Figures>, to: Option<Figures>) -> Option<f64> {
    Some(of?.wall / to?.wall)
}

fn small_files(root: &Path, files: u64) {
    folder(root, files);
    let mut cat = Command::new("sh");
    cat.args(["-c", "find \"$0\" -type f -print0 | xargs -0 cat"])
        .arg(root);
    let bridge = Some(UdfRevision::V1_02);
    let figures = measure(
        &format!("{files} small files to a null sink"),
        &mut [
            Runner::new("pitland", || master(root, None)),
            Runner::new("pitland, with UDF", || master(root, bridge)),
            Runner::new("pitland, one thread", || master_in_one_thread(root)),
            Runner::new("pitland, plan alone", || plan(root, None).blocks() > 0),
            Runner::program("find | xargs cat", cat),
            Runner::program("genisoimage", genisoimage(&[], root)),
            Runner::program("genisoimage -udf", genisoimage(&["-udf"], root)),
            Runner::program("xorriso -as mkisofs", xorriso(root)),
        ],
    );
    let [own, udf, _, _, cat, genisoimage, with_udf, _] = figures[..] else {
        panic!("a figure for each");
    };
    goal("of the time of cat", ratio(own, cat), 0.6, "");
    goal("of the time of cat, with UDF", ratio(udf, cat), 0.6, "");
    goal(
        "of the time of genisoimage",
        ratio(own, genisoimage),
        1.0 / 6.0,
        "",
    );
    goal(
        "of the time of genisoimage -udf",
        ratio(udf, with_udf),
        1.0 / 6.0,
        "",
    );
}

fn listing(root: &Path, image: &Path, files: u64) {
    pour(
        plan(root, Some(UdfRevision::V2_01)).emitter(),
        File::create(image).unwrap(),
    );
    let walk = || {
        let source = pitland::mastering::ImageFile::new(File::open(image).unwrap());
        let mut volume = Volume::open(source, 0).unwrap();
        let found = volume.walk().filter(|entry| entry.is_ok()).count() as u64;
        assert!(found >= files, "{found}");
        true
    };
    let mut isoinfo = Command::new("isoinfo");
    isoinfo.args(["-R", "-f", "-i"]).arg(image);
    let mut xorriso = Command::new("xorriso");
    xorriso.args(["-no_rc", "-indev"]).arg(image);
    xorriso.args(["-find", "/", "-exec", "lsdl"]);
    measure(
        &format!("an image's {files} files listed"),
        &mut [
            Runner::new("pitland", walk),
            Runner::program("isoinfo -R -f", isoinfo),
            Runner::program("xorriso -find", xorriso),
        ],
    );
}

fn large_files(root: &Path, mib: u64) {
    fs::create_dir(root).unwrap();
    let files: Vec<PathBuf> = (0..4)
        .map(|number| root.join(format!("{number}.bin")))
        .collect();
    for file in &files {
        File::create(file).unwrap().set_len(mib << 18).unwrap();
    }
    let mut dd = Command::new("sh");
    dd.args(["-c", "for f; do dd if=\"$f\" of=/dev/null bs=2M; done", "x"])
        .args(&files);
    let figures = measure(
        &format!("{mib} MiB of large files to a null sink"),
        &mut [
            Runner::new("pitland", || master(root, None)),
            Runner::new("pitland, with UDF", || {
                master(root, Some(UdfRevision::V2_01))
            }),
            Runner::program("dd bs=2M", dd),
            Runner::program("genisoimage", genisoimage(&["-allow-limited-size"], root)),
            Runner::program("xorriso -as mkisofs", xorriso(root)),
        ],
    );
    let [own, _, dd, ..] = figures[..] else {
        panic!("a figure for each");
    };
    goal("of the time of dd", ratio(own, dd), 1.0 / 0.9, "");
}

/// Scans and plans a folder, with UDF where `udf` is asked for. Prints the seconds of CPU time of both and of the scan,
/// and the most bytes of memory a node.
fn plan_alone(what: &str, root: &Path) {
    let before = peak_kib();
    let (tree, scanned) =
        timed(|| Tree::scan(&[root.to_path_buf()], &WalkOptions::default()).unwrap());
    let count = tree.file_count() + tree.directory_count();
    let udf = (what == "udf").then_some(UdfRevision::V2_50);
    let (layout, planned) = timed(|| Layout::plan(tree, 0, &options(udf)).unwrap());
    assert!(layout.blocks() > 0);
    let bytes = (peak_kib() - before) * 1024 / count;
    let scanned = scanned.cpu.as_secs_f64();
    let both = scanned + planned.cpu.as_secs_f64();
    println!("{both:.3} {scanned:.3} {bytes}");
}

/// The best of several runs: seconds of CPU time for scan and plan together, which are those of one idle core, and the
/// most bytes a file.
fn planned_in_a_process(name: &str, what: &str, root: &Path) -> (f64, f64) {
    let mut best = (f64::MAX, 0.0);
    for round in 0..3 {
        let output = Command::new(std::env::current_exe().unwrap())
            .env(PLAN_ALONE, what)
            .arg(root)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let figures: Vec<f64> = text
            .split_whitespace()
            .map(|word| word.parse().unwrap())
            .collect();
        let [both, scan, bytes] = figures[..] else {
            panic!("{text}");
        };
        // The first warms.
        if round > 0 {
            println!("  {name}: CPU {both:.2} s, of it the walk {scan:.2} s; {bytes} bytes a node");
            best = (best.0.min(both), bytes.max(best.1));
        }
    }
    best
}

/// Returns the seconds of a million and the most bytes of memory a file.
fn planning(place: &Path, files: u64, in_each: u64, name: impl Fn(u64) -> String) -> (f64, f64) {
    let (all, tenth) = (place.join("all"), place.join("tenth"));
    hollow(&all, files, in_each, &name);
    hollow(&tenth, files / 10, in_each, &name);
    let (took, bytes) = planned_in_a_process("ISO, Joliet, Rock Ridge", "plan", &all);
    let (of_tenth, _) = planned_in_a_process("a tenth of them", "plan", &tenth);
    planned_in_a_process("with UDF", "udf", &all);
    goal(
        "cost per file beside that of a tenth of them",
        Some(took / of_tenth / 10.0),
        1.25,
        "",
    );
    fs::remove_dir_all(&all).unwrap();
    fs::remove_dir_all(&tenth).unwrap();
    (took / (files as f64 / 1e6), bytes)
}

/// What is gained by reading ahead where files come from a drive, not from memory.
fn cold_files(root: &Path) {
    let forget = || {
        rustix::fs::sync();
        fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
    };
    let figures = measure(
        "the same files, no cache holding them",
        &mut [
            Runner::new("pitland", || forget() && master(root, None)),
            Runner::new("pitland, one thread", || {
                forget() && master_in_one_thread(root)
            }),
        ],
    );
    let [ahead, alone] = figures[..] else {
        panic!("a figure for each");
    };
    goal("of the time of one thread", ratio(ahead, alone), 0.8, "");
}

fn main() {
    if let Some(what) = std::env::var_os(PLAN_ALONE) {
        let root = std::env::args_os().nth(1).unwrap();
        return plan_alone(what.to_str().unwrap(), Path::new(&root));
    }
    let files = number("PITLAND_BENCH_FILES", 100_000);
    let planned = number("PITLAND_BENCH_PLANNED", 1_000_000);
    let mib = number("PITLAND_BENCH_MIB", 4096);
    let place = tempfile::tempdir().unwrap();
    if files > 0 {
        let (root, image) = (place.path().join("small"), place.path().join("image"));
        small_files(&root, files);
        cold_files(&root);
        listing(&root, &image, files);
        fs::remove_file(&image).unwrap();
        fs::remove_dir_all(&root).unwrap();
    }
    if mib > 0 {
        let root = place.path().join("large");
        large_files(&root, mib);
        fs::remove_dir_all(&root).unwrap();
    }
    if planned > 0 {
        println!("{planned} files planned");
        let plain = |number: u64| format!("some picture of a holiday {number}.jpeg");
        let (took, bytes) = planning(place.path(), planned, 500, plain);
        goal("a million files, one thread", Some(took), 4.0, "s");
        goal("memory at its peak", Some(bytes), 300.0, "bytes a file");
        println!("{planned} files in one folder, whose names all clash");
        let same = "the same long beginning of all the names that stand in this one folder, ";
        let clashing = |number: u64| format!("{same}{number}.jpeg");
        planning(place.path(), planned, u64::MAX, clashing);
    }
}
