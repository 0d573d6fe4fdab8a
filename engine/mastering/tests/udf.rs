//! Volumes with UDF: judged by programs of others, and held to what the layout promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::{BLOCK_SIZE, Layout, Owner, PlanWarning, Structure, UdfRevision};
use support::*;

fn plan_udf(dir: &Path, first_lba: u32, revision: UdfRevision) -> Arc<Layout> {
    let mut options = options();
    options.udf = Some(revision);
    Arc::new(Layout::plan(scan(dir), first_lba, &options).unwrap())
}

/// Files and folders alone: what 7-Zip reads of UDF. One folder does not fit into its file entry, one not into a window.
fn plain_tree(root: &Path) {
    write(&root.join("a.txt"), b"a");
    write(&root.join("empty"), b"");
    write(&root.join("café"), b"eight bits a character");
    write(&root.join("żółw.txt"), b"sixteen bits a character");
    write(&root.join("three blocks"), &noise(1, 3 * BLOCK_SIZE - 1));
    write(&root.join("deep/er/and/deeper/file"), &noise(2, 5000));
    for number in 0..60 {
        write(&root.join(format!("beside/file number {number}")), b"x");
    }
    for number in 0..1100 {
        let name = format!("large/{number:0200}");
        write(&root.join(name), number.to_string().as_bytes());
    }
}

#[test]
fn udfinfo_finds_every_revision_whole() {
    let name = "udfinfo_finds_every_revision_whole";
    if tool(name, "udfinfo").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i"));
    plain_tree(&source);
    fs::hard_link(source.join("a.txt"), source.join("deep/again")).unwrap();
    symlink("a.txt", source.join("link")).unwrap();
    for revision in UdfRevision::ALL {
        let layout = plan_udf(&source, 0, revision);
        image_file(&layout, &image);
        let output = run(Command::new("udfinfo").arg(&image));
        let complaints = String::from_utf8(output.stderr).unwrap();
        assert_eq!(complaints, "", "{revision}");
        let told = String::from_utf8(output.stdout).unwrap();
        let told: BTreeMap<&str, &str> = told
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();
        // 2.60 asks readers for no more than 2.50.
        let least = match revision {
            UdfRevision::V2_60 => UdfRevision::V2_50,
            other => other,
        };
        let expected = [
            ("label", "PITLAND_TEST".to_owned()),
            ("lvid", "PITLAND_TEST".to_owned()),
            ("blocksize", "2048".to_owned()),
            ("blocks", layout.blocks().to_string()),
            ("numfiles", "1168".to_owned()),
            ("numdirs", "7".to_owned()),
            ("udfrev", least.to_string()),
            ("udfwriterev", revision.to_string()),
            ("integrity", "closed".to_owned()),
            ("accesstype", "readonly".to_owned()),
        ];
        for (key, value) in expected {
            assert_eq!(told.get(key), Some(&value.as_str()), "{key} of {revision}");
        }
    }
}

#[test]
fn seven_zip_reads_every_byte_by_udf_names() {
    let name = "seven_zip_reads_every_byte_by_udf_names";
    if tool(name, "7z").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i"));
    plain_tree(&source);
    // It knows no metadata partition.
    for revision in [
        UdfRevision::V1_02,
        UdfRevision::V1_50,
        UdfRevision::V2_00,
        UdfRevision::V2_01,
    ] {
        let out = dir.path().join(revision.to_string());
        image_file(&plan_udf(&source, 0, revision), &image);
        let mut to = std::ffi::OsString::from("-o");
        to.push(&out);
        run(Command::new("7z")
            .args(["x", "-tudf", "-y"])
            .arg(to)
            .arg(&image));
        let bytes = |root: &Path| {
            let mut found = BTreeMap::new();
            collect(root, root, &mut found);
            found
        };
        assert_eq!(bytes(&source), bytes(&out), "{revision}");
    }
}

fn collect(root: &Path, at: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(name.to_owned(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn the_other_file_systems_of_the_volume_are_as_they_are_without() {
    let name = "the_other_file_systems_of_the_volume_are_as_they_are_without";
    if tool(name, "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image, out) = (
        dir.path().join("s"),
        dir.path().join("i"),
        dir.path().join("o"),
    );
    rich_tree(&source);
    let expected = snapshot_for_xorriso(&source);
    image_file(&plan_udf(&source, 0, UdfRevision::V2_50), &image);
    xorriso_extract(&image, None, &out);
    assert_same(&expected, &snapshot_for_xorriso(&out));
}

#[test]
fn any_range_is_a_piece_of_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    plain_tree(dir.path());
    symlink("a.txt".repeat(300), dir.path().join("long link")).unwrap();
    for revision in [UdfRevision::V1_02, UdfRevision::V2_60] {
        let layout = plan_udf(dir.path(), 64, revision);
        let whole = image(&layout);
        let mut emitter = layout.emitter();
        let mut out = Vec::new();
        let (mut first, mut step) = (0u64, 1u64);
        while first < layout.blocks() {
            let blocks = step.min(layout.blocks() - first) as usize;
            out.clear();
            out.resize(blocks * BLOCK_SIZE, 0xa5);
            emitter.read_blocks(first, &mut out).unwrap();
            let at = first as usize * BLOCK_SIZE;
            assert!(out == whole[at..at + out.len()], "{blocks} from {first}");
            first += step;
            step = step % 37 + 1;
        }
        // And backwards, so that nothing made before helps.
        for first in (0..layout.blocks()).rev().step_by(61) {
            let mut block = vec![0xa5; BLOCK_SIZE];
            layout.emitter().read_blocks(first, &mut block).unwrap();
            let at = first as usize * BLOCK_SIZE;
            assert!(block == whole[at..at + BLOCK_SIZE], "block {first}");
        }
    }
}

#[test]
fn the_last_block_is_an_anchor_and_every_block_has_an_owner() {
    let dir = tempfile::tempdir().unwrap();
    plain_tree(dir.path());
    for revision in UdfRevision::ALL {
        let layout = plan_udf(dir.path(), 320, revision);
        assert!(layout.blocks().is_multiple_of(32), "{revision}");
        let last = 320 + u32::try_from(layout.blocks()).unwrap() - 1;
        for anchor in [320 + 256, last] {
            let owner = layout.owner_of(anchor);
            assert_eq!(owner, Some(Owner::Structure(Structure::UdfAnchor)));
        }
        assert!((320..=last).all(|lba| layout.owner_of(lba).is_some()));
    }
}

#[test]
fn both_copies_of_the_metadata_are_the_same() {
    let dir = tempfile::tempdir().unwrap();
    plain_tree(dir.path());
    let layout = plan_udf(dir.path(), 0, UdfRevision::V2_50);
    let whole = image(&layout);
    let copy = |mirror| {
        let blocks: Vec<usize> = (0..layout.blocks() as usize)
            .filter(|block| {
                layout.owner_of(*block as u32)
                    == Some(Owner::Structure(Structure::UdfMetadata { mirror }))
            })
            .collect();
        let begin = blocks[usize::from(!mirror)] * BLOCK_SIZE;
        let end = (blocks[blocks.len() - 1 - usize::from(mirror)] + 1) * BLOCK_SIZE;
        whole[begin..end].to_vec()
    };
    let (main, mirror) = (copy(false), copy(true));
    assert!(main.len() >= 1000 * BLOCK_SIZE);
    assert!(main == mirror);
}

#[test]
fn names_that_cannot_stand_are_settled_and_told() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("n".repeat(255)), b"1");
    write(&dir.path().join("n".repeat(254)), b"2");
    let bad = std::ffi::OsStr::from_bytes(b"bad\xff");
    write(&dir.path().join(bad), b"3");
    let layout = plan_udf(dir.path(), 0, UdfRevision::V2_01);
    let told = layout.warnings().iter().find_map(|warning| match warning {
        PlanWarning::UdfNamesChanged { count, .. } => Some(*count),
        _ => None,
    });
    assert_eq!(told, Some(2));
    // The name that can stand as it is has kept it; the longer one is another.
    let whole = image(&layout);
    let name = [&[8][..], "n".repeat(254).as_bytes()].concat();
    let found = whole
        .windows(name.len())
        .filter(|w| *w == name.as_slice())
        .count();
    assert_eq!(found, 1);
}

#[test]
fn a_file_of_many_extents_is_described_without_a_gap() {
    const SIZE: u64 = 600 << 30;
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(dir.path().join("huge")).unwrap();
    if file.set_len(SIZE).is_err() {
        // The file system of the temporary folder holds none so large.
        file.set_len(16 << 30).unwrap();
    }
    let size = file.metadata().unwrap().len();
    for revision in [UdfRevision::V1_02, UdfRevision::V2_50] {
        let layout = plan_udf(dir.path(), 0, revision);
        let first = layout.files().next().unwrap().first_lba();
        let entry = find_entry(&layout, size);
        let (lengths, further) = extents(&layout, entry, revision);
        let mut next = u64::from(first);
        let mut sum = 0;
        for (length, block) in lengths {
            assert_eq!(block, next, "{revision}");
            next += length.div_ceil(BLOCK_SIZE as u64);
            sum += length;
        }
        assert_eq!(sum, size, "{revision}");
        assert_eq!(further > 0, size > 235 << 30, "{revision}");
    }
}

/// The block of the file entry that tells this size.
fn find_entry(layout: &Arc<Layout>, size: u64) -> u64 {
    let mut emitter = layout.emitter();
    let mut block = vec![0; BLOCK_SIZE];
    (257..2000)
        .find(|at| {
            emitter.read_blocks(*at, &mut block).unwrap();
            let tag = u16::from_le_bytes([block[0], block[1]]);
            matches!(tag, 261 | 266) && block[56..64] == size.to_le_bytes()
        })
        .expect("no file entry tells the size")
}

/// Bytes and absolute block of each extent that an entry describes, and how many further blocks describe them.
fn extents(layout: &Arc<Layout>, entry: u64, revision: UdfRevision) -> (Vec<(u64, u64)>, usize) {
    let metadata = revision >= UdfRevision::V2_50;
    let read = |at: u64| {
        let mut block = vec![0; BLOCK_SIZE];
        layout.emitter().read_blocks(at, &mut block).unwrap();
        block
    };
    let number =
        |block: &[u8], at: usize| u32::from_le_bytes(block[at..at + 4].try_into().unwrap());
    let fixed = if revision >= UdfRevision::V2_00 {
        216
    } else {
        176
    };
    let partition = if metadata { 288 } else { 257 };
    let mut block = read(entry);
    let (mut at, mut end) = (fixed, fixed + number(&block, fixed - 4) as usize);
    let mut found = Vec::new();
    let mut further = 0;
    let mut beside = entry;
    while at < end {
        let (length, place) = (number(&block, at), number(&block, at + 4));
        at += if metadata { 16 } else { 8 };
        if length >> 30 == 3 {
            beside += 1;
            further += 1;
            block = read(beside);
            assert_eq!(block[..2], 258u16.to_le_bytes());
            (at, end) = (24, 24 + number(&block, 20) as usize);
            continue;
        }
        assert_eq!(length >> 30, 0);
        found.push((u64::from(length), u64::from(place) + partition));
    }
    (found, further)
}
