//! Volumes that other programs made, with their odder options: every name and every byte is found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pitland_mastering::read::ReadError;
use pitland_mastering::{BlockSource, ImageFile, Names, NodeKind, Volume};
use support::*;

/// Names and sizes that all of the programs take, folders inside one another beyond eight.
fn tree(root: &Path) {
    for size in [0, 1, 2048, 5000, 70_000] {
        write(
            &root.join(format!("sizes/{size}.bin")),
            &noise(size as u64, size),
        );
    }
    let deep: PathBuf = (1..=12).map(|level| format!("level{level}")).collect();
    write(
        &root.join("deep").join(&deep).join("bottom.txt"),
        b"at the bottom",
    );
    write(&root.join("deep/level1/level2/beside.txt"), b"beside");
    let names = [
        "plain.txt",
        "UPPER.TXT",
        "a name of more than thirty characters.text",
        "two.dots.txt",
        "no extension",
        "tilde~1.txt",
        "#hash",
        "Ærø.txt",
    ];
    for name in names {
        write(&root.join("names").join(name), name.as_bytes());
    }
    std::os::unix::fs::symlink("../sizes/1.bin", root.join("names/link")).unwrap();
    fs::hard_link(root.join("sizes/5000.bin"), root.join("names/hard")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
}

fn content<R: BlockSource>(volume: &mut Volume<R>, entry: &pitland_mastering::Entry) -> Vec<u8> {
    let mut out = vec![0; entry.size as usize];
    assert_eq!(volume.read_file(entry, 0, &mut out).unwrap(), out.len());
    out
}

/// What a tree holds: by path, links by target, folders as `None`.
fn expected(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for (path, seen) in snapshot(root) {
        let target = seen
            .target
            .map(|target| target.into_os_string().into_encoded_bytes());
        found.insert(Path::new("/").join(path), seen.content.or(target));
    }
    found
}

fn found<R: BlockSource>(volume: &mut Volume<R>) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let entries: Vec<_> = volume.walk().map(Result::unwrap).collect();
    entries
        .into_iter()
        .map(|(path, entry)| {
            let bytes = match entry.kind {
                NodeKind::Directory => None,
                NodeKind::Symlink => entry.target.clone(),
                _ => Some(content(volume, &entry)),
            };
            (path, bytes)
        })
        .collect()
}

fn names_of(tree: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> Vec<&PathBuf> {
    tree.keys().collect()
}

/// Makes an image with `program` and looks at it with all names that it has.
fn judge(program: &str, arguments: &[&str], source: &Path, image: &Path) {
    let story = format!("{program} {}", arguments.join(" "));
    let mut command = Command::new(program);
    if program == "xorriso" {
        command.args(["-as", "mkisofs"]);
    }
    command
        .args(arguments)
        .args(["-quiet", "-o"])
        .arg(image)
        .arg(source);
    run(&mut command);
    let mut volume = Volume::open(ImageFile::new(fs::File::open(image).unwrap()), 0).unwrap();
    let expected = expected(source);
    let mut contents: Vec<_> = expected.values().flatten().cloned().collect();
    contents.sort();
    for names in volume.offered_names() {
        assert!(volume.use_names(names));
        let mut found = found(&mut volume);
        // Lists of names that genisoimage adds when asked to.
        found.retain(|path, _| !path.ends_with("TRANS.TBL"));
        match names {
            Names::RockRidge => {
                // The folder that genisoimage moves deep ones into stands there, empty to a reader that puts them back.
                let moved = Path::new("/rr_moved");
                if found.contains_key(moved) && !expected.contains_key(moved) {
                    assert!(
                        !found
                            .keys()
                            .any(|path| path.starts_with(moved) && path != moved)
                    );
                    found.remove(moved);
                }
                assert_eq!(names_of(&found), names_of(&expected), "{story}: {names}");
                assert!(found == expected, "{story}: {names}");
            }
            Names::Joliet => {
                for (path, bytes) in &found {
                    if path.starts_with("/deep") || path.starts_with("/sizes") {
                        assert_eq!(
                            bytes,
                            expected.get(path).unwrap(),
                            "{story}: {}",
                            path.display()
                        );
                    }
                }
                // genisoimage has a file without bytes in place of the link.
                let files = |tree: &BTreeMap<PathBuf, Option<Vec<u8>>>| {
                    let others = tree
                        .iter()
                        .filter(|(path, _)| *path != Path::new("/names/link"));
                    others.filter(|(_, bytes)| bytes.is_some()).count()
                };
                assert_eq!(files(&found), files(&expected), "{story}: {names}");
            }
            _ => {
                for bytes in found.values().flatten().filter(|bytes| !bytes.is_empty()) {
                    assert!(contents.binary_search(bytes).is_ok(), "{story}: {names}");
                }
            }
        }
    }
}

#[test]
fn images_of_genisoimage_are_read_whatever_its_options() {
    if tool(
        "images_of_genisoimage_are_read_whatever_its_options",
        "genisoimage",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    tree(&source);
    for options in [
        "-R",
        "-r -J -joliet-long",
        "-J -D",
        "-R -D",
        "-R -l -L -N",
        "-R -U",
        "-U -D -allow-lowercase",
        "-R -relaxed-filenames -no-iso-translate",
        "-R -allow-multidot -allow-leading-dots -d -max-iso9660-filenames",
        "-iso-level 4 -R -J",
        "-iso-level 1 -D",
        "-R -T",
        "-R -no-pad",
        "-R -udf",
        "-J -udf -D",
        "-R -hfs -quiet",
        "-R -cache-inodes",
        "-R -no-rr",
        "-apple -R",
    ] {
        let arguments: Vec<&str> = options.split(' ').collect();
        judge(
            "genisoimage",
            &arguments,
            &source,
            &dir.path().join("image.iso"),
        );
    }
}

#[test]
fn images_of_xorriso_are_read_whatever_its_options() {
    if tool("images_of_xorriso_are_read_whatever_its_options", "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    tree(&source);
    for options in [
        "-R",
        "-r -J -joliet-long",
        "-iso-level 4 -R",
        "-R -l -L -N -U",
        "-R -D",
        "-R -iso-level 1",
        "-R -d -U",
        "-R --old-empty",
        "-R --hardlinks --acl --xattr",
        "-R --md5",
        "-partition_offset 16 -R -J",
        "-R -no-pad",
        "-R -input-charset utf-8 -output-charset utf-8",
        "--norock -J",
        "-hfsplus -R",
        "-R -rr_reloc_dir /rr_moved",
    ] {
        let arguments: Vec<&str> = options.split(' ').collect();
        judge(
            "xorriso",
            &arguments,
            &source,
            &dir.path().join("image.iso"),
        );
    }
}

#[test]
fn a_file_in_several_sections_is_one_file() {
    if tool("a_file_in_several_sections_is_one_file", "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::create_dir(&source).unwrap();
    let size = (1u64 << 32) + 5000;
    fs::File::create(source.join("large.bin"))
        .unwrap()
        .set_len(size)
        .unwrap();
    write(&source.join("m"), b"behind it");
    // The head alone is made: zeros take no room in a pipe.
    let mut child = Command::new("xorriso")
        .args([
            "-as",
            "mkisofs",
            "-iso-level",
            "3",
            "-R",
            "-J",
            "-quiet",
            "-o",
            "-",
        ])
        .arg(&source)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut head = vec![0; 400 * 2048];
    std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut head).unwrap();
    let _ = child.kill();
    child.wait().unwrap();
    let mut volume = Volume::open(head.as_slice(), 0).unwrap();
    for names in [Names::RockRidge, Names::Joliet] {
        assert!(volume.use_names(names));
        let large = volume.find(Path::new("/large.bin")).unwrap().unwrap();
        assert_eq!(large.size, size);
        assert!(large.extents.len() >= 2);
        let after: u64 = large
            .extents
            .iter()
            .map(|extent| u64::from(extent.blocks))
            .sum();
        assert_eq!(
            large.lba_of(size - 1),
            Some(large.extents[0].first_lba + after as u32 - 1)
        );
    }
}

#[test]
fn an_image_that_was_cut_short_is_read_as_far_as_it_goes_and_no_further() {
    if tool(
        "an_image_that_was_cut_short_is_read_as_far_as_it_goes_and_no_further",
        "xorriso",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    tree(&source);
    let image = dir.path().join("image.iso");
    judge("xorriso", &["-R", "-J"], &source, &image);
    let whole = fs::read(&image).unwrap();
    for blocks in (0..whole.len() / 2048).step_by(7) {
        let cut = &whole[..blocks * 2048];
        let Ok(mut volume) = Volume::open(cut, 0) else {
            assert!(blocks < 60, "{blocks}");
            continue;
        };
        let entries: Vec<_> = volume.walk().collect();
        for entry in entries {
            match entry {
                Ok((_, entry)) if entry.kind == NodeKind::File => {
                    let mut out = vec![0; entry.size as usize];
                    let end = entry.lba_of(entry.size.max(1) - 1).unwrap_or(0);
                    let whole = (end as usize) < blocks;
                    assert_eq!(
                        volume.read_file(&entry, 0, &mut out).is_ok(),
                        whole || entry.size == 0
                    );
                }
                Ok(_) => {}
                Err(error) => assert!(matches!(error, ReadError::Source { .. }), "{error}"),
            }
        }
    }
}
