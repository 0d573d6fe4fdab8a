//! What the tests of this crate share: trees to master, images of them, and programs that judge those.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

pub mod sessions;

pub mod machines;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use pitland_mastering::{BLOCK_SIZE, Layout, Timestamp, Tree, VolumeOptions, WalkOptions};

/// A program that judges images; `None` where it is missing, which is said, and fails where tools are required.
pub fn tool(test: &str, program: &str) -> Option<()> {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if found {
        return Some(());
    }
    let required = std::env::var_os("PITLAND_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(
        !required,
        "{test}: {program} is missing, and PITLAND_REQUIRE_TOOLS=1"
    );
    // The harness captures `eprintln!` of a test that passes; what goes to the descriptor is seen.
    let _ = writeln!(
        std::io::stderr().lock(),
        "not run: {test}: {program} missing"
    );
    None
}

pub fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

pub fn options() -> VolumeOptions {
    VolumeOptions::new("PITLAND_TEST", Timestamp::from_seconds(1_700_000_000))
}

pub fn scan(dir: &Path) -> Tree {
    Tree::scan(&[dir.to_path_buf()], &WalkOptions::default()).unwrap()
}

pub fn plan(dir: &Path, first_lba: u32) -> Arc<Layout> {
    Arc::new(Layout::plan(scan(dir), first_lba, &options()).unwrap())
}

/// The whole image, in memory.
pub fn image(layout: &Arc<Layout>) -> Vec<u8> {
    let mut out = vec![0xa5; layout.blocks() as usize * BLOCK_SIZE];
    layout.emitter().read_blocks(0, &mut out).unwrap();
    out
}

/// Writes the image into a file from `first_lba` on, with holes for blocks of zeros.
pub fn write_image(layout: &Arc<Layout>, file: &File) {
    let mut emitter = layout.emitter();
    let mut piece = vec![0; 512 * BLOCK_SIZE];
    let zeros = vec![0; piece.len()];
    let start = u64::from(layout.first_lba());
    let mut block = 0;
    while block < layout.blocks() {
        let blocks = (layout.blocks() - block).min(512);
        let piece = &mut piece[..blocks as usize * BLOCK_SIZE];
        emitter.read_blocks(block, piece).unwrap();
        if piece != &zeros[..piece.len()] {
            file.write_all_at(piece, (start + block) * BLOCK_SIZE as u64)
                .unwrap();
        }
        block += blocks;
    }
    let end = (start + layout.blocks()) * BLOCK_SIZE as u64;
    if file.metadata().unwrap().len() < end {
        file.set_len(end).unwrap();
    }
}

pub fn image_file(layout: &Arc<Layout>, path: &Path) {
    write_image(layout, &File::create(path).unwrap());
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Bytes that look random and are always the same.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

pub fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let at = rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds as _,
    };
    let times = rustix::fs::Timestamps {
        last_access: at,
        last_modification: at,
    };
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(rustix::fs::CWD, path, &times, flags).unwrap();
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A tree with most of what a file system can have.
pub fn rich_tree(root: &Path) {
    // Sizes around a block's end.
    for size in [0, 1, 2047, 2048, 2049, 4096, 100_000] {
        write(
            &root.join(format!("sizes/{size}.bin")),
            &noise(size as u64 + 7, size),
        );
    }
    // Fourteen folders inside one another.
    let deep: PathBuf = (1..=14).map(|level| format!("level {level}")).collect();
    write(
        &root.join("deep").join(&deep).join("bottom.txt"),
        b"at the bottom",
    );
    // Names.
    let names = root.join("names");
    let long = format!("{}.tail", "l".repeat(250));
    write(&names.join(&long), b"255 bytes");
    write(
        &names.join(format!("{}é.txt", "ü".repeat(59))),
        b"two bytes a character",
    );
    write(
        &names.join(format!("{}.jpeg", "j".repeat(90))),
        b"beyond Joliet",
    );
    write(
        &names.join(format!("{}🦀.jpeg", "j".repeat(89))),
        b"beyond Joliet, too",
    );
    for name in [
        "Ærø",
        "日本語.txt",
        "🦀 crab.rs",
        "with space",
        "a;b",
        "trailing.",
        ".hidden",
        "-dash",
        "tab\tname",
    ] {
        write(&names.join(name), name.as_bytes());
    }
    write(
        &names.join(OsStr::from_bytes(b"latin-\xe9\xff.txt")),
        b"no UTF-8",
    );
    // Names that are equal once mangled.
    for name in [
        "Clash.txt",
        "CLASH.TXT",
        "clash.txt",
        "clash.TXT",
        "clash!.txt",
        "clash?.txt",
        "clash",
    ] {
        write(&root.join("clash").join(name), name.as_bytes());
    }
    fs::create_dir_all(root.join("clash/CLASH")).unwrap();
    for number in 0..40 {
        let name = format!("a very long common prefix of many names {number:03}.text");
        write(&root.join("clash/many").join(&name), name.as_bytes());
    }
    fs::create_dir_all(root.join("empty folder")).unwrap();
    // Links.
    let links = root.join("links");
    write(&links.join("original"), &noise(1, 5000));
    fs::create_dir_all(links.join("sub")).unwrap();
    fs::hard_link(links.join("original"), links.join("again")).unwrap();
    fs::hard_link(links.join("original"), links.join("sub/once more")).unwrap();
    write(&links.join("empty one"), b"");
    fs::hard_link(links.join("empty one"), links.join("empty two")).unwrap();
    let part = "component".repeat(20);
    let targets = [
        ("relative", "original".to_owned()),
        ("absolute", "/usr/share/../lib/./x".to_owned()),
        ("up", "../../..".to_owned()),
        ("root", "/".to_owned()),
        ("dangling", "no/such/thing".to_owned()),
        // libisofs takes targets up to about 1000 bytes, and isoinfo crashes on longer ones.
        ("long", [part.as_str(); 5].join("/")),
        ("long part", format!("x/{}/y", "p".repeat(255))),
        ("many parts", ["a"; 400].join("/")),
        ("non-ascii", "ziel/Ærø/🦀".to_owned()),
    ];
    for (name, target) in targets {
        symlink(target, links.join(name)).unwrap();
    }
    // A sparse file in one extent.
    let sparse = File::create(root.join("sparse.img")).unwrap();
    sparse
        .write_all_at(b"in the middle of nothing", 3 << 20)
        .unwrap();
    sparse.set_len(5 << 20).unwrap();
    // Modes, owners, times.
    for (name, mode) in [
        ("mode 4755", 0o4755),
        ("mode 640", 0o640),
        ("mode 400", 0o400),
        ("mode 777", 0o777),
    ] {
        let path = root.join("modes").join(name);
        write(&path, name.as_bytes());
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(
        root.join("empty folder"),
        fs::Permissions::from_mode(0o2750),
    )
    .unwrap();
    if is_root() {
        std::os::unix::fs::chown(root.join("modes/mode 640"), Some(1234), Some(70_000)).unwrap();
    }
    let times = [
        ("1970", 0),
        ("1999", 946_684_799),
        ("2038", 2_147_483_648),
        ("2100", 4_102_444_800),
    ];
    for (name, seconds) in times {
        let path = root.join("times").join(name);
        write(&path, name.as_bytes());
        set_time(&path, seconds, 999_999_999);
    }
    set_time(&root.join("times"), 1_000_000_000, 5);
    set_time(&root.join("links/relative"), 1_100_000_000, 5);
}

/// What must come back of one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub mode: u32,
    pub owner: (u32, u32),
    pub seconds: i64,
    pub target: Option<PathBuf>,
    pub content: Option<Vec<u8>>,
    /// The first path of the same file.
    pub same_as: PathBuf,
}

/// Everything below a folder, with the folder itself as the empty path.
pub fn snapshot(root: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    let mut inodes = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    let mut all = Vec::new();
    while let Some(path) = pending.pop() {
        let full = root.join(&path);
        if fs::symlink_metadata(&full).unwrap().is_dir() {
            for entry in fs::read_dir(&full).unwrap() {
                pending.push(path.join(entry.unwrap().file_name()));
            }
        }
        all.push(path);
    }
    all.sort();
    for path in all {
        let full = root.join(&path);
        let metadata = fs::symlink_metadata(&full).unwrap();
        let first = inodes
            .entry((metadata.dev(), metadata.ino()))
            .or_insert_with(|| path.clone());
        let seen = Seen {
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            seconds: metadata.mtime(),
            target: metadata.is_symlink().then(|| fs::read_link(&full).unwrap()),
            content: metadata.is_file().then(|| fs::read(&full).unwrap()),
            same_as: first.clone(),
        };
        found.insert(path, seen);
    }
    found
}

/// Compares two snapshots and names what differs, for the whole would fill the screen.
pub fn assert_same(expected: &BTreeMap<PathBuf, Seen>, got: &BTreeMap<PathBuf, Seen>) {
    let mut differences = Vec::new();
    for (path, seen) in expected {
        match got.get(path) {
            None => differences.push(format!("{} is missing", path.display())),
            Some(other) if other != seen => differences.push(format!(
                "{}: mode {:o} or {:o}, owner {:?} or {:?}, time {} or {}, target {:?} or {:?}, content same: {}, \
                 same file as {} or {}",
                path.display(),
                seen.mode,
                other.mode,
                seen.owner,
                other.owner,
                seen.seconds,
                other.seconds,
                seen.target,
                other.target,
                seen.content == other.content,
                seen.same_as.display(),
                other.same_as.display(),
            )),
            Some(_) => {}
        }
    }
    for path in got.keys().filter(|path| !expected.contains_key(*path)) {
        differences.push(format!("{} is too many", path.display()));
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Restores a volume with xorriso. Links are told apart only if asked for before the image is loaded.
pub fn xorriso_extract(image: &Path, sbsector: Option<u32>, to: &Path) {
    let mut command = Command::new("xorriso");
    command.args([
        "-no_rc",
        "-abort_on",
        "FAILURE",
        "-return_with",
        "SORRY",
        "32",
        "-hardlinks",
        "on",
    ]);
    if let Some(lba) = sbsector {
        command.args(["-load", "sbsector", &lba.to_string()]);
    }
    command
        .arg("-indev")
        .arg(image)
        .args(["-osirrox", "on:sparse=1m", "-extract", "/"])
        .arg(to);
    run(&mut command);
}

/// As [`snapshot`], without the times of symbolic links, which xorriso does not restore.
pub fn snapshot_for_xorriso(root: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = snapshot(root);
    for seen in found.values_mut().filter(|seen| seen.target.is_some()) {
        seen.seconds = 0;
    }
    found
}

/// Whether a stream has exactly the bytes of a file.
pub fn assert_stream_equals_file(stream: &mut dyn Read, path: &Path) {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let mut ours = vec![0; 1 << 20];
    let mut theirs = vec![0; 1 << 20];
    let mut offset = 0;
    while offset < size {
        let length = (size - offset).min(1 << 20) as usize;
        stream.read_exact(&mut theirs[..length]).unwrap();
        file.read_exact_at(&mut ours[..length], offset).unwrap();
        assert!(
            ours[..length] == theirs[..length],
            "{} differs beyond byte {offset}",
            path.display()
        );
        offset += length as u64;
    }
    assert_eq!(
        stream.read(&mut theirs).unwrap(),
        0,
        "the stream goes on beyond {size} bytes"
    );
}
