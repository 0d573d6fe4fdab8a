//! Folders to burn. Owns what a realistic one holds; always the same bytes for the same request.

use super::seen::is_root;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// What a realistic folder shall hold.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Small files, about.
    pub files: usize,
    /// A sparse file over 4 GiB.
    pub over_4_gib: bool,
    /// Names that are not UTF-8.
    pub raw_names: bool,
}

impl Wanted {
    /// What is burned on every medium.
    pub fn usual() -> Self {
        let files = if super::full() { 30_000 } else { 3_000 };
        Self {
            files,
            over_4_gib: false,
            raw_names: true,
        }
    }
}

/// Bytes that look random and are always the same.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

pub fn set_time(path: &Path, seconds: u64, nanoseconds: u32) {
    let at = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    let times = FileTimes::new().set_modified(at).set_accessed(at);
    File::open(path).unwrap().set_times(times).unwrap();
}

/// A small folder: three files, one of them in a folder.
pub fn small(root: &Path) {
    write(&root.join("read me.txt"), b"a small folder\n");
    write(&root.join("numbers.bin"), &noise(7, 300_000));
    write(
        &root.join("inside/below.txt"),
        "darunter, größer\n".as_bytes(),
    );
}

/// A folder like one that somebody keeps: many files, deep folders, and most of what a file system can
/// have.
pub fn realistic(root: &Path, wanted: Wanted) {
    fs::create_dir_all(root).unwrap();
    many(root, wanted.files);
    deep(root);
    names(&root.join("names"), wanted.raw_names);
    sizes(root);
    links(&root.join("links"));
    modes(root);
    times(root);
    if wanted.over_4_gib {
        let big = File::create(root.join("over 4 GiB.img")).unwrap();
        let end = (4 << 30) + (1 << 20) + 77;
        big.set_len(end).unwrap();
        for (number, at) in [0, (1 << 32) - 2050, 1 << 32, end - 13].iter().enumerate() {
            big.write_all_at(&noise(number as u64, 13), *at).unwrap();
        }
    }
}

/// Folders of photographs and of sources, with times of their own.
fn many(root: &Path, files: usize) {
    let mut made = 0;
    let mut folder = 0;
    while made < files {
        let path = if folder % 3 == 0 {
            root.join(format!("Fotos/{}/{folder:04} Ausflug", 1998 + folder % 25))
        } else {
            root.join(format!(
                "projects/project-{}/src/module_{folder}",
                folder % 40
            ))
        };
        fs::create_dir_all(&path).unwrap();
        // One folder is much larger than the others, and some are small.
        let here = if folder == 0 {
            files / 5
        } else {
            10 + folder % 37
        };
        for number in 0..here.min(files - made) {
            let seed = (folder * 10_000 + number) as u64;
            let (name, length) = if folder % 3 == 0 {
                (
                    format!("IMG_{seed:08}.JPG"),
                    6000 + (seed as usize * 7919) % 30_000,
                )
            } else {
                (
                    format!("Item{number}.with.dots.rs"),
                    (seed as usize * 613) % 5000,
                )
            };
            let file = path.join(name);
            fs::write(&file, noise(seed, length)).unwrap();
            set_time(
                &file,
                900_000_000 + seed * 4_001 % 1_000_000_000,
                123_456_789,
            );
            made += 1;
        }
        folder += 1;
    }
}

/// Folders of more than twelve levels, with a file at each.
fn deep(root: &Path) {
    let mut path = root.join("deep");
    for level in 1..=16 {
        path = path.join(format!("level {level}"));
        write(
            &path.join("here.txt"),
            format!("at level {level}\n").as_bytes(),
        );
    }
    let mut short = root.join("d");
    for level in 0..40 {
        short = short.join(level.to_string());
    }
    write(&short.join("end"), b"forty folders down");
}

fn names(dir: &Path, raw: bool) {
    for (number, name) in NAMES.iter().enumerate() {
        write(&dir.join(name), format!("{number} {name}").as_bytes());
    }
    // The longest of a file system, in one byte and in three bytes a character.
    write(&dir.join("n".repeat(255)), b"255 bytes");
    write(
        &dir.join("名".repeat(85)),
        "85 characters, 255 bytes".as_bytes(),
    );
    // About the 64 units of Joliet; the crab has two.
    for length in [63, 64, 65, 100] {
        let name = format!("{}.txt", "j".repeat(length - 4));
        write(
            &dir.join("joliet").join(name),
            length.to_string().as_bytes(),
        );
    }
    write(
        &dir.join("joliet").join(format!("{}🦀", "k".repeat(62))),
        b"64 units",
    );
    write(
        &dir.join("joliet").join(format!("{}🦀", "k".repeat(63))),
        b"65 units",
    );
    // Names that are one name once they are cut or mangled.
    for number in 0..120 {
        let name = format!(
            "{} {number:03}.text",
            "a long common beginning of many names, ".repeat(2)
        );
        write(&dir.join("alike").join(name), number.to_string().as_bytes());
    }
    for name in ["Case.txt", "CASE.TXT", "case.txt", "case.TXT"] {
        write(&dir.join("alike").join(name), name.as_bytes());
    }
    if raw {
        write(
            &dir.join(OsStr::from_bytes(b"latin-\xe9\xff.txt")),
            b"no UTF-8",
        );
    }
}

const NAMES: [&str; 16] = [
    "Ærøskøbing",
    "日本語のファイル.txt",
    "Ελληνικά.odt",
    "кириллица.doc",
    "🦀 crab.rs",
    "e\u{301} decomposed",
    "é composed",
    "with space",
    " leading space",
    "semi;colon",
    "question?",
    "star*",
    "back\\slash",
    ".hidden",
    "-dash",
    "no.extension.at.all.but.many.dots",
];

/// Sizes about a block's end, empty files and folders, sparse files, and one that is not small.
fn sizes(root: &Path) {
    for size in [0, 1, 2047, 2048, 2049, 4096, 65_536, 65_537] {
        write(
            &root.join(format!("sizes/{size}.bin")),
            &noise(size as u64, size),
        );
    }
    for number in 0..20 {
        write(&root.join(format!("sizes/empty/{number}")), b"");
    }
    fs::create_dir_all(root.join("empty folder/empty folder")).unwrap();
    write(&root.join("sizes/larger.bin"), &noise(99, 5_000_001));
    let sparse = File::create(root.join("sizes/sparse.img")).unwrap();
    sparse
        .write_all_at(b"in the middle of nothing", 11 << 20)
        .unwrap();
    sparse.set_len(20 << 20).unwrap();
    let hole = File::create(root.join("sizes/hole.img")).unwrap();
    hole.set_len(1 << 20).unwrap();
}

fn links(dir: &Path) {
    write(&dir.join("original"), &noise(1, 50_000));
    fs::create_dir_all(dir.join("sub")).unwrap();
    fs::hard_link(dir.join("original"), dir.join("again")).unwrap();
    fs::hard_link(dir.join("original"), dir.join("sub/once more")).unwrap();
    write(&dir.join("empty one"), b"");
    fs::hard_link(dir.join("empty one"), dir.join("empty two")).unwrap();
    let part = "component".repeat(20);
    let targets = [
        ("relative", "original".to_owned()),
        ("to a folder", "sub".to_owned()),
        ("absolute", "/usr/share/../lib/./x".to_owned()),
        ("up", "../../..".to_owned()),
        ("root", "/".to_owned()),
        ("dangling", "no/such/thing".to_owned()),
        ("to itself", "to itself".to_owned()),
        // Readers of others take targets up to about 1000 bytes.
        ("long", [part.as_str(); 5].join("/")),
        ("long part", format!("x/{}/y", "p".repeat(255))),
        ("non-ascii", "ziel/Ærø/🦀".to_owned()),
    ];
    for (name, target) in targets {
        symlink(target, dir.join(name)).unwrap();
    }
}

fn modes(root: &Path) {
    for mode in [0o4755, 0o2755, 0o640, 0o400, 0o777, 0o444] {
        let path = root.join("modes").join(format!("mode {mode:o}"));
        write(&path, b"mode");
        set_mode(&path, mode);
    }
    set_mode(&root.join("empty folder"), 0o2750);
    set_mode(&root.join("modes"), 0o1777);
    if is_root() {
        std::os::unix::fs::chown(root.join("modes/mode 640"), Some(1234), Some(70_000)).unwrap();
    }
}

fn times(root: &Path) {
    let at = [
        ("1970", 0),
        ("1999", 946_684_799),
        ("2038", 2_147_483_648),
        ("2100", 4_102_444_800),
    ];
    for (name, seconds) in at {
        let path = root.join("times").join(name);
        write(&path, name.as_bytes());
        set_time(&path, seconds, 999_999_999);
    }
    set_time(&root.join("times"), 1_000_000_000, 5);
}

/// The files of a folder, by their paths in it, sorted.
pub fn files(root: &Path) -> Vec<PathBuf> {
    super::seen::look(root)
        .into_iter()
        .filter(|(_, seen)| seen.content.is_some())
        .map(|(path, _)| path)
        .collect()
}

/// Whether a reader of Joliet has the whole path as it is.
pub fn joliet_has(path: &Path) -> bool {
    path.iter().all(|name| {
        name.to_str().is_some_and(|name| {
            name.encode_utf16().count() <= 64
                && !name.contains(['*', '/', ':', ';', '?', '\\'])
                && !name.chars().any(char::is_control)
        })
    })
}
