//! Volumes judged by programs of others: xorriso, isoinfo, 7z.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use pitland_mastering::compare::Attribute;
use pitland_mastering::{CompareOptions, Difference, ImageFile, Names, Volume, compare};
use support::*;

#[test]
fn xorriso_restores_every_byte_name_mode_link_and_time() {
    if tool(
        "xorriso_restores_every_byte_name_mode_link_and_time",
        "xorriso",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image, out) = (
        dir.path().join("s"),
        dir.path().join("i.iso"),
        dir.path().join("o"),
    );
    rich_tree(&source);
    let expected = snapshot_for_xorriso(&source);
    image_file(&plan(&source, 0), &image);
    xorriso_extract(&image, None, &out);
    assert_same(&expected, &snapshot_for_xorriso(&out));
}

#[test]
fn xorriso_reads_a_further_session_at_its_own_address() {
    if tool(
        "xorriso_reads_a_further_session_at_its_own_address",
        "xorriso",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("one"), dir.path().join("two"));
    write(&first.join("in the first session"), b"1");
    rich_tree(&second);
    let image = dir.path().join("i.iso");
    let file = File::create(&image).unwrap();
    let one = plan(&first, 0);
    write_image(&one, &file);
    let start = 10_016;
    let two = plan(&second, start);
    write_image(&two, &file);
    assert!(one.blocks() < u64::from(start));
    let outs = [dir.path().join("o1"), dir.path().join("o2")];
    xorriso_extract(&image, None, &outs[0]);
    xorriso_extract(&image, Some(start), &outs[1]);
    assert_same(
        &snapshot_for_xorriso(&first),
        &snapshot_for_xorriso(&outs[0]),
    );
    assert_same(
        &snapshot_for_xorriso(&second),
        &snapshot_for_xorriso(&outs[1]),
    );
}

#[test]
fn isoinfo_lists_the_rock_ridge_names_and_reads_files() {
    if tool(
        "isoinfo_lists_the_rock_ridge_names_and_reads_files",
        "isoinfo",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i.iso"));
    rich_tree(&source);
    image_file(&plan(&source, 0), &image);
    let listed = run(Command::new("isoinfo").args(["-R", "-f", "-i"]).arg(&image)).stdout;
    let mut listed: Vec<&[u8]> = listed
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    listed.sort_unstable();
    let tree = scan(&source);
    let paths: Vec<_> = tree.nodes().skip(1).map(|id| tree.disc_path(id)).collect();
    let mut expected: Vec<&[u8]> = paths
        .iter()
        .map(|p| p.as_os_str().as_encoded_bytes())
        .collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    for path in [
        "/sizes/100000.bin",
        "/sizes/2049.bin",
        "/links/again",
        "/clash/clash?.txt",
    ] {
        let read = run(Command::new("isoinfo")
            .args(["-R", "-x", path, "-i"])
            .arg(&image))
        .stdout;
        assert!(read == fs::read(source.join(&path[1..])).unwrap(), "{path}");
    }
    let text = run(Command::new("isoinfo").args(["-R", "-l", "-i"]).arg(&image)).stdout;
    let text = String::from_utf8_lossy(&text);
    let line = |name: &str| {
        text.lines()
            .find(|line| line.trim_end().ends_with(name))
            .unwrap_or_default()
    };
    assert!(line("  mode 640").starts_with("-rw-r-----"), "{text}");
    assert!(line("  original").starts_with("-rw-r--r--   3"), "{text}");
    assert!(text.contains("absolute -> /usr/share/../lib/./x"), "{text}");
}

#[test]
fn seven_zip_reads_every_byte_by_joliet_names() {
    if tool("seven_zip_reads_every_byte_by_joliet_names", "7z").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image, out) = (
        dir.path().join("s"),
        dir.path().join("i.iso"),
        dir.path().join("o"),
    );
    rich_tree(&source);
    let layout = plan(&source, 0);
    image_file(&layout, &image);
    run(Command::new("7z")
        .args(["x", "-bd", "-y", &format!("-o{}", out.display())])
        .arg(&image));
    let got = snapshot(&out);
    let mut by_content = Vec::new();
    for file in layout.files() {
        let path = file.path();
        let path = path.strip_prefix("/").unwrap();
        let expected = fs::read(source.join(path)).unwrap();
        // Names that Joliet holds come back as they are; others are found by their bytes.
        let same_name = got.get(path).and_then(|seen| seen.content.as_ref());
        if let Some(content) = same_name {
            assert!(*content == expected, "{}", path.display());
        } else {
            by_content.push(path.to_string_lossy().into_owned());
            let folder = path.parent().unwrap();
            let found = got.iter().any(|(other, seen)| {
                other.parent() == Some(folder) && seen.content.as_ref() == Some(&expected)
            });
            assert!(found, "{}", path.display());
        }
    }
    // What Joliet or 7z cannot have: `?`, `;`, more than 64 units, no UTF-8, control characters, a dot at the end.
    by_content.sort();
    let foreign = |name: &str| {
        ["?", ";", "jjj", "lll", "latin", "\t"]
            .iter()
            .any(|part| name.contains(part))
    };
    assert!(
        by_content
            .iter()
            .all(|name| foreign(name) || name.ends_with('.')),
        "{by_content:?}"
    );
    assert_eq!(by_content.len(), 8, "{by_content:?}");
    let files = got.values().filter(|seen| seen.content.is_some()).count();
    assert_eq!(files, layout.files().count());
    assert!(
        got.contains_key(Path::new("names/🦀 crab.rs"))
            && got.contains_key(Path::new("empty folder"))
    );
}

#[test]
fn a_file_over_4_gib_comes_back_from_its_sections() {
    let test = "a_file_over_4_gib_comes_back_from_its_sections";
    let xorriso = tool(test, "xorriso");
    let seven_zip = tool(test, "7z");
    if xorriso.is_none() && seven_zip.is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image, out) = (
        dir.path().join("s"),
        dir.path().join("i.iso"),
        dir.path().join("o"),
    );
    fs::create_dir(&source).unwrap();
    let big = File::create(source.join("big.bin")).unwrap();
    let section = (1u64 << 32) - 2048;
    let size = section + (300 << 20) + 77;
    big.set_len(size).unwrap();
    for at in [0, section - 5, section + 2043, size - 11] {
        big.write_all_at(format!("mark {at:06x}").get(..11).unwrap().as_bytes(), at)
            .unwrap();
    }
    write(&source.join("z after.txt"), b"behind the big one");
    let layout = plan(&source, 0);
    let planned = layout.files().next().unwrap();
    let extents: Vec<_> = planned.extents().collect();
    assert_eq!(extents.len(), 2);
    assert_eq!(
        extents[1].first_lba,
        extents[0].first_lba + extents[0].blocks
    );
    image_file(&layout, &image);
    if xorriso.is_some() {
        xorriso_extract(&image, None, &out);
        assert_stream_equals_file(
            &mut File::open(out.join("big.bin")).unwrap(),
            &source.join("big.bin"),
        );
        assert_eq!(
            fs::read(out.join("z after.txt")).unwrap(),
            b"behind the big one"
        );
    }
    if seven_zip.is_some() {
        let mut child = Command::new("7z")
            .args(["e", "-so", "-bd"])
            .arg(&image)
            .arg("big.bin")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert_stream_equals_file(&mut child.stdout.take().unwrap(), &source.join("big.bin"));
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn forty_thousand_files_come_back() {
    if tool("forty_thousand_files_come_back", "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image, out) = (
        dir.path().join("s"),
        dir.path().join("i.iso"),
        dir.path().join("o"),
    );
    for folder in 0..40 {
        // One folder is large enough to be made in several windows.
        let files = if folder == 0 { 10_000 } else { 770 };
        let path = source.join(format!("folder {folder}"));
        fs::create_dir_all(&path).unwrap();
        for file in 0..files {
            fs::write(
                path.join(format!("a file with number {file} of many.txt")),
                format!("{folder} {file}"),
            )
            .unwrap();
        }
    }
    let layout = plan(&source, 0);
    assert_eq!(layout.tree().file_count(), 40_030);
    image_file(&layout, &image);
    xorriso_extract(&image, None, &out);
    assert_same(&snapshot_for_xorriso(&source), &snapshot_for_xorriso(&out));
}

#[test]
fn special_files_are_stored_for_rock_ridge() {
    if tool("special_files_are_stored_for_rock_ridge", "isoinfo").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i.iso"));
    fs::create_dir(&source).unwrap();
    let make = |name: &str, kind, device| {
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(rustix::fs::CWD, source.join(name), kind, mode, device)
    };
    make("pipe", rustix::fs::FileType::Fifo, 0).unwrap();
    // Devices need privileges that a test may not have.
    let device = make(
        "null",
        rustix::fs::FileType::CharacterDevice,
        rustix::fs::makedev(1, 3),
    )
    .is_ok();
    let walk = pitland_mastering::WalkOptions {
        special: pitland_mastering::SpecialFiles::Store,
        ..Default::default()
    };
    let tree = pitland_mastering::Tree::scan(&[source], &walk).unwrap();
    let layout = std::sync::Arc::new(pitland_mastering::Layout::plan(tree, 0, &options()).unwrap());
    image_file(&layout, &image);
    let text = run(Command::new("isoinfo").args(["-R", "-l", "-i"]).arg(&image)).stdout;
    let text = String::from_utf8_lossy(&text);
    assert!(
        text.lines().any(
            |line| (line.starts_with("prw-r--r--") || line.starts_with("frw-r--r--"))
                && line.contains("pipe")
        ),
        "{text}"
    );
    assert!(
        !device
            || text
                .lines()
                .any(|line| line.starts_with("crw-r--r--") && line.contains("null")),
        "{text}"
    );
}

/// The reader is judged by volumes that others made, too.
#[test]
fn volumes_of_other_programs_compare_as_equal() {
    let test = "volumes_of_other_programs_compare_as_equal";
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i.iso"));
    // Not the rich tree: genisoimage of cdrkit 1.1.11 never ends on it.
    for name in [
        "a/b/c/file.txt",
        "Ærø/long name of more than thirty-one characters.text",
        "x y",
    ] {
        write(&source.join(name), &noise(name.len() as u64, 100_000));
    }
    std::os::unix::fs::symlink("../a/./b", source.join("a/link")).unwrap();
    fs::hard_link(source.join("x y"), source.join("z")).unwrap();
    let tree = scan(&source);
    let makers: [(&str, &[&str]); 2] = [
        ("genisoimage", &["-quiet", "-R", "-J", "-D", "-o"]),
        (
            "xorriso",
            &[
                "-compliance",
                "new_rr",
                "-hardlinks",
                "on",
                "-as",
                "mkisofs",
                "-quiet",
                "-R",
                "-J",
                "-o",
            ],
        ),
    ];
    for (maker, arguments) in makers {
        if tool(test, maker).is_none() {
            continue;
        }
        let _ = fs::remove_file(&image);
        run(Command::new(maker).args(arguments).arg(&image).arg(&source));
        let mut volume = Volume::open(ImageFile::new(File::open(&image).unwrap()), 0).unwrap();
        assert_eq!(volume.names(), Names::RockRidge, "{maker}");
        // Their Joliet and plain names follow other rules.
        let options = CompareOptions {
            all_names: false,
            ..CompareOptions::default()
        };
        let mut differences = Vec::new();
        let summary = compare(&mut volume, &tree, &options, &mut differences).unwrap();
        // xorriso counts the names of folders by another rule.
        differences.retain(|d| {
            !matches!(
                d,
                Difference::Attribute {
                    attribute: Attribute::Links,
                    ..
                }
            )
        });
        assert!(differences.is_empty(), "{maker}: {differences:#?}");
        assert!(summary.bytes >= 300_000, "{maker}: {summary:?}");
    }
}
