//! Manifests and files with equal bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::checksums::{ManifestDifference, ManifestError, check, share_equal_files};
use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    Attributes, BlockSource, BootEntry, EmitError, Extent, Layout, Origin, Platform, SourceChange,
    Timestamp, Tree, TreeBuilder, UdfRevision, Volume, VolumeOptions,
};
use support::{image, image_file, options, run, scan, tool, write};

const FILE: Attributes = Attributes::new(0o644, Timestamp::from_seconds(1_700_000_000));

fn tree(dir: &Path) -> Tree {
    write(&dir.join("one"), &support::noise(1, 70_000));
    write(&dir.join("sub/two"), &support::noise(2, 5_000_000));
    write(&dir.join("sub/three"), b"three");
    write(&dir.join("empty"), b"");
    write(&dir.join("new\nline \\ and return\r"), b"odd name");
    write(&dir.join(OsStr::from_bytes(b"\xff\xfe")), b"no UTF-8");
    fs::hard_link(dir.join("one"), dir.join("sub/again")).unwrap();
    let mut builder = scan(dir).edit();
    builder
        .add_file("made", Origin::memory(*b"from memory"), &FILE)
        .unwrap();
    let tree = builder.finish().unwrap();
    tree.with_manifest("SHA256SUMS", &FILE).unwrap()
}

fn plan(tree: Tree, options: &VolumeOptions) -> Arc<Layout> {
    Arc::new(Layout::plan(tree, 0, options).unwrap())
}

fn differences(image: &[u8]) -> Vec<String> {
    let mut volume = Volume::open(image, 0).unwrap();
    let found = check(&mut volume, "SHA256SUMS").unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_manifest_is_what_sha256sum_checks() {
    let test = "a_manifest_is_what_sha256sum_checks";
    if tool(test, "xorriso").is_none() || tool(test, "sha256sum").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let layout = plan(tree(&dir.path().join("tree")), &options());
    let iso = dir.path().join("x.iso");
    image_file(&layout, &iso);
    let out = dir.path().join("out");
    run(Command::new("xorriso")
        .args(["-osirrox", "on", "-indev"])
        .arg(&iso)
        .args(["-extract", "/"])
        .arg(&out));
    let checked = run(Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(&out));
    // One line for each file but the manifest itself.
    let lines = String::from_utf8_lossy(&checked.stdout).lines().count();
    assert_eq!(lines, 8);
    // And it is the very text that sha256sum writes.
    let mut names: Vec<PathBuf> = layout
        .files()
        .map(|file| file.path().strip_prefix("/").unwrap().to_path_buf())
        .collect();
    names.retain(|name| name != Path::new("SHA256SUMS"));
    let written = run(Command::new("sha256sum").args(&names).current_dir(&out)).stdout;
    assert_eq!(
        String::from_utf8_lossy(&fs::read(out.join("SHA256SUMS")).unwrap()),
        String::from_utf8_lossy(&written)
    );
}

#[test]
fn a_manifest_is_the_same_from_wherever_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    // Enough names for several blocks.
    for number in 0..60 {
        let name = format!("{number:02} {}", "n".repeat(60));
        write(&dir.path().join(name), format!("{number}").as_bytes());
    }
    let layout = plan(tree(dir.path()), &options());
    let whole = image(&layout);
    assert!(differences(&whole).is_empty());
    let manifest = layout.placed_files().last().unwrap();
    assert_eq!(manifest.path(), Path::new("/SHA256SUMS"));
    let first = manifest.first_lba() as usize;
    // Read ahead by others.
    let fresh = plan(scan_again(dir.path()), &options());
    let mut out = vec![0; whole.len()];
    fresh.emitter_ahead().read_blocks(0, &mut out).unwrap();
    assert!(out == whole);
    // A plan whose files did not go by, block by block and from behind.
    let fresh = plan(scan_again(dir.path()), &options());
    let mut emitter = fresh.emitter();
    for block in (0..manifest.blocks() as usize).rev() {
        let mut out = [0; 2048];
        emitter
            .read_blocks((first + block) as u64, &mut out)
            .unwrap();
        let at = (first + block) * 2048;
        assert_eq!(out, whole[at..at + 2048]);
    }
    // Files whose blocks went by in another order.
    let fresh = plan(scan_again(dir.path()), &options());
    let mut emitter = fresh.emitter();
    let mut out = [0; 2048];
    for file in fresh.placed_files() {
        let first = u64::from(file.first_lba());
        let rest = (1..u64::from(file.blocks())).rev();
        for block in std::iter::once(0).chain(rest) {
            emitter.read_blocks(first + block, &mut out).unwrap();
        }
    }
    let blocks = manifest.blocks() as usize;
    assert!(blocks > 2);
    let mut out = vec![0; blocks * 2048];
    emitter.read_blocks(first as u64, &mut out).unwrap();
    assert!(out == whole[first * 2048..][..out.len()]);
    // Odd pieces in order.
    let fresh = plan(scan_again(dir.path()), &options());
    let mut emitter = fresh.emitter();
    let mut block = 0;
    for length in [3, 1, 7, 40].into_iter().cycle() {
        let blocks = (fresh.blocks() - block).min(length);
        if blocks == 0 {
            break;
        }
        let mut out = vec![0; blocks as usize * 2048];
        emitter.read_blocks(block, &mut out).unwrap();
        let at = block as usize * 2048;
        assert!(out == whole[at..at + out.len()], "block {block}");
        block += blocks;
    }
}

fn scan_again(dir: &Path) -> Tree {
    let mut builder = scan(dir).edit();
    builder
        .add_file("made", Origin::memory(*b"from memory"), &FILE)
        .unwrap();
    let tree = builder.finish().unwrap();
    tree.with_manifest("SHA256SUMS", &FILE).unwrap()
}

#[test]
fn a_patched_boot_image_is_listed_as_it_stands_on_the_disc() {
    let dir = tempfile::tempdir().unwrap();
    let tree = tree(dir.path());
    let mut options = options();
    let boot = tree.find(Path::new("/one")).unwrap();
    options.boot.push(BootEntry {
        info_table: true,
        ..BootEntry::new(boot, Platform::Bios)
    });
    assert!(differences(&image(&plan(tree, &options))).is_empty());
}

#[test]
fn a_compressed_file_is_listed_as_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("long"), &[b'x'; 200_000]);
    write(&dir.path().join("noise"), &support::noise(1, 50_000));
    for manifest_first in [true, false] {
        let how = Compression::default();
        let mut tree = scan(dir.path());
        if manifest_first {
            tree = tree.with_manifest("SHA256SUMS", &FILE).unwrap();
        }
        assert_eq!(tree.compress(&how).unwrap().files, 1);
        if !manifest_first {
            tree = tree.with_manifest("SHA256SUMS", &FILE).unwrap();
        }
        assert!(differences(&image(&plan(tree, &options()))).is_empty());
    }
}

#[test]
fn the_manifest_of_an_earlier_session_gives_way() {
    let mut builder = TreeBuilder::new();
    let extent = Extent {
        first_lba: 100,
        blocks: 1,
        bytes: 70,
    };
    for name in ["SHA256SUMS", "old"] {
        builder
            .add_file(name, Origin::Recorded([extent].into()), &FILE)
            .unwrap();
    }
    builder
        .add_file("new", Origin::memory(*b"new"), &FILE)
        .unwrap();
    let tree = builder.finish().unwrap();
    let tree = tree.with_manifest("SHA256SUMS", &FILE).unwrap();
    // 64 digits, two spaces, the name of the new file alone, and the line's end.
    let id = tree.find(Path::new("/SHA256SUMS")).unwrap();
    assert_eq!(tree.size(id), 64 + 2 + 3 + 1);
    assert!(tree.with_manifest("new", &FILE).is_err());
}

#[test]
fn a_stream_goes_by_once_for_volume_and_manifest() {
    let bytes = support::noise(4, 700_000);
    let mut builder = TreeBuilder::new();
    let stream = Origin::stream(700_000, std::io::Cursor::new(bytes));
    builder.add_file("stream", stream, &FILE).unwrap();
    let tree = builder.finish().unwrap();
    let tree = tree.with_manifest("SHA256SUMS", &FILE).unwrap();
    assert!(differences(&image(&plan(tree, &options()))).is_empty());
}

/// Whatever stands in an image, it is read to an end.
#[test]
fn a_damaged_volume_is_checked_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("sub/one"), &support::noise(1, 3000));
    write(&dir.path().join("two"), b"two");
    let mut options = options();
    options.udf = Some(UdfRevision::V2_01);
    let tree = scan(dir.path()).with_manifest("SHA256SUMS", &FILE).unwrap();
    let whole = image(&plan(tree, &options));
    let noise = support::noise(9, 4 * 500);
    let (mut refused, mut differing) = (0, 0);
    for four in noise.chunks_exact(4) {
        let mut image = whole.clone();
        let at = u32::from_le_bytes([four[0], four[1], four[2], 0]) as usize % image.len();
        image[at] = four[3];
        let Ok(mut volume) = Volume::open(image.as_slice(), 0) else {
            continue;
        };
        for names in volume.offered_names() {
            volume.use_names(names);
            match check(&mut volume, "SHA256SUMS") {
                Ok(found) => differing += usize::from(!found.is_empty()),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 0 && differing > 0, "{refused} {differing}");
}

#[test]
fn what_differs_from_the_manifest_is_told() {
    for udf in [None, Some(UdfRevision::V2_01)] {
        let dir = tempfile::tempdir().unwrap();
        let mut options = options();
        options.udf = udf;
        let layout = plan(tree(dir.path()), &options);
        let mut image = image(&layout);
        assert!(differences(&image).is_empty());
        let lba_of = |name: &str| {
            let id = layout.tree().find(Path::new(name)).unwrap();
            layout.first_lba_of(id) as usize
        };
        image[lba_of("/sub/two") * 2048 + 4_000_000] ^= 1;
        let text = lba_of("/SHA256SUMS") * 2048;
        // The last lines: another name, and a line that is none.
        let end = text
            + layout
                .tree()
                .size(layout.tree().find(Path::new("/SHA256SUMS")).unwrap()) as usize;
        let lines = &mut image[text..end];
        let at = lines
            .windows(10)
            .position(|window| window == b"sub/three\n")
            .unwrap();
        lines[at] = b'x';
        lines[0] = b'?';
        let mut said = differences(&image);
        let mut expected = vec![
            "line 1 of the manifest is none".to_owned(),
            "/empty is not listed in the manifest".to_owned(),
            "/sub/three is not listed in the manifest".to_owned(),
            format!(
                "/sub/two has other bytes; it begins at block {}",
                lba_of("/sub/two")
            ),
            "/xub/three is missing".to_owned(),
        ];
        expected.sort();
        said.sort();
        assert_eq!(said, expected);
        let mut volume = Volume::open(image.as_slice(), 0).unwrap();
        assert!(matches!(
            check(&mut volume, "none"),
            Err(ManifestError::None { .. })
        ));
    }
}

/// An image with a block that cannot be read.
struct Scratched<'a>(&'a [u8], u32);

impl BlockSource for Scratched<'_> {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> std::io::Result<()> {
        let end = lba + (out.len() / 2048) as u32;
        if (lba..end).contains(&self.1) {
            return Err(std::io::Error::other("a scratch"));
        }
        self.0.read_blocks(lba, out)
    }
}

#[test]
fn a_block_that_cannot_be_read_concerns_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let layout = plan(tree(dir.path()), &options());
    let image = image(&layout);
    let lba_of = |name: &str| layout.first_lba_of(layout.tree().find(Path::new(name)).unwrap());
    let scratched = |lba| Volume::open(Scratched(&image, lba), 0).unwrap();
    let found = check(&mut scratched(lba_of("/sub/two") + 9), "SHA256SUMS").unwrap();
    assert!(
        matches!(
            &found[..],
            [ManifestDifference::Unreadable { path, .. }] if path == Path::new("/sub/two")
        ),
        "{found:?}"
    );
    assert!(matches!(
        check(&mut scratched(lba_of("/SHA256SUMS")), "SHA256SUMS"),
        Err(ManifestError::Read(_))
    ));
}

#[test]
fn files_with_equal_bytes_stand_on_the_disc_once() {
    let dir = tempfile::tempdir().unwrap();
    let big = support::noise(5, 300_000);
    let mut other = big.clone();
    other[299_999] ^= 1;
    write(&dir.path().join("a"), &big);
    write(&dir.path().join("b/copy"), &big);
    write(&dir.path().join("c"), &other);
    write(&dir.path().join("d"), b"small");
    write(&dir.path().join("e"), b"small");
    let mut builder = scan(dir.path()).edit();
    builder
        .add_file("virtual", Origin::memory(*b"small"), &FILE)
        .unwrap();
    let scanned = || builder.finish().unwrap();
    let plain = plan(scanned(), &options());
    let mut tree = scanned();
    let shared = share_equal_files(&mut tree, &[]).unwrap();
    assert_eq!((shared.files, shared.bytes), (3, 300_010));
    let layout = plan(tree, &options());
    assert_eq!(plain.blocks() - layout.blocks(), 147 + 2);
    let lba = |name: &str| layout.first_lba_of(layout.tree().find(Path::new(name)).unwrap());
    assert_eq!(lba("/a"), lba("/b/copy"));
    assert_ne!(lba("/a"), lba("/c"));
    assert_eq!(lba("/d"), lba("/e"));
    assert_eq!(lba("/d"), lba("/virtual"));
    let image = image(&layout);
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    for (name, bytes) in [
        ("/a", &big),
        ("/b/copy", &big),
        ("/c", &other),
        ("/e", &b"small".to_vec()),
        ("/virtual", &b"small".to_vec()),
    ] {
        let entry = volume.find(Path::new(name)).unwrap().unwrap();
        let mut out = vec![0; bytes.len()];
        volume.read_file(&entry, 0, &mut out).unwrap();
        assert!(out == *bytes, "{name}");
    }
    // A boot image that gets a table keeps bytes of its own.
    let mut tree = scanned();
    let boot = tree.find(Path::new("/a")).unwrap();
    assert_eq!(share_equal_files(&mut tree, &[boot]).unwrap().files, 2);
}

#[test]
fn a_file_that_is_stored_as_another_one_must_stay_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &[1; 10_000]);
    write(&dir.path().join("b"), &[1; 10_000]);
    let mut tree = scan(dir.path());
    assert_eq!(share_equal_files(&mut tree, &[]).unwrap().files, 1);
    let layout = plan(tree, &options());
    image(&layout);
    write(&dir.path().join("b"), &[2; 9_999]);
    let mut out = vec![0; layout.blocks() as usize * 2048];
    let error = layout.emitter().read_blocks(0, &mut out).unwrap_err();
    assert!(
        matches!(
            &error,
            EmitError::SourceChanged {
                path,
                what: SourceChange::Size
            } if path == &dir.path().join("b")
        ),
        "{error}"
    );
}
