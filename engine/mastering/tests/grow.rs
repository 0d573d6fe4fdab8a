//! Volumes that are grown in their place: only what is new is written, the head last, and what other programs then find
//! is the merged tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::grow::{GrowError, Growth, grow_file, grow_file_with, next_session};
use pitland_mastering::import::{ImportOptions, import};
use pitland_mastering::sessions::sessions;
use pitland_mastering::{
    Attributes, BLOCK_SIZE, BlockSource, DiscImage, Layout, Names, NodeKind, Origin, Timestamp,
    TreeBuilder, UdfRevision, Volume, WalkOptions,
};
use support::sessions::*;
use support::*;

#[test]
fn only_what_is_new_is_written_and_other_programs_find_the_merged_tree() {
    if tool(
        "only_what_is_new_is_written_and_other_programs_find_the_merged_tree",
        "xorriso",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    rich_tree(&source);
    let file = dir.path().join("image.iso");
    image_file(&plan(&source, 0), &file);
    let before = fs::read(&file).unwrap();
    let first = bring_in(&file, 0);

    // The same edits, of the imported tree and of the source.
    let mut edited = first.clone();
    let builder = &mut edited.builder;
    builder.remove_tree("/clash").unwrap();
    fs::remove_dir_all(source.join("clash")).unwrap();
    builder.rename("/sizes", "/names/sizes moved").unwrap();
    fs::rename(source.join("sizes"), source.join("names/sizes moved")).unwrap();
    write(&source.join("new/folder/file.bin"), &noise(77, 30_000));
    builder
        .add_host("/new", source.join("new"), &WalkOptions::default())
        .unwrap();
    write(&source.join("sparse.img"), b"replaced");
    builder.remove("/sparse.img").unwrap();
    builder
        .add_host(
            "/sparse.img",
            source.join("sparse.img"),
            &WalkOptions::default(),
        )
        .unwrap();
    for folder in ["", "names"] {
        let modified = fs::metadata(source.join(folder)).unwrap();
        let attributes = builder
            .get(Path::new("/").join(folder))
            .unwrap()
            .attributes();
        let modified = Timestamp::from(modified.modified().unwrap());
        builder
            .set_attributes(
                Path::new("/").join(folder),
                &Attributes {
                    modified,
                    ..attributes
                },
            )
            .unwrap();
    }
    let layout = grow(&file, &edited, &options());

    // The bytes of the old volume are as they were, but for the descriptors.
    let after = fs::read(&file).unwrap();
    let untouched = 32 * BLOCK_SIZE..before.len();
    assert!(before[untouched.clone()] == after[untouched]);
    assert!(after[..16 * BLOCK_SIZE] == before[..16 * BLOCK_SIZE]);
    // New data alone were written.
    let new: u64 = layout
        .files()
        .filter(|f| !f.is_recorded())
        .map(|f| u64::from(f.blocks()))
        .sum();
    assert_eq!(new, 15 + 1);
    let old: BTreeMap<PathBuf, u32> = {
        let mut volume = Volume::open(before.as_slice(), 0).unwrap();
        let walk = volume.walk().map(Result::unwrap).collect::<Vec<_>>();
        walk.into_iter()
            .filter_map(|(path, e)| Some((path, e.extents.first()?.first_lba)))
            .collect()
    };
    for planned in layout
        .files()
        .filter(pitland_mastering::PlannedFile::is_recorded)
    {
        let path = planned.path();
        let path = match path.strip_prefix("/names/sizes moved") {
            Ok(name) => Path::new("/sizes").join(name),
            Err(_) => path,
        };
        if planned.size() > 0 {
            assert_eq!(planned.first_lba(), old[&path], "{}", path.display());
        }
    }
    // What other programs find, at the head and in the session itself.
    let expected = snapshot_for_xorriso(&source);
    for sbsector in [None, Some(layout.first_lba())] {
        assert_same(
            &expected,
            &xorriso_sees(&file, sbsector, &dir.path().join("out")),
        );
    }
    // Each name in each hierarchy leads to the same bytes.
    let mut volume = Volume::open(after.as_slice(), 0).unwrap();
    let mut differences = Vec::new();
    pitland_mastering::compare(
        &mut volume,
        &scan(&source),
        &Default::default(),
        &mut differences,
    )
    .unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
    let found = sessions(&mut after.as_slice()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].first_lba, found[0].at_head),
        (layout.first_lba(), true)
    );
}

#[test]
fn what_xorriso_grew_is_imported_and_what_we_grow_xorriso_grows() {
    if tool(
        "what_xorriso_grew_is_imported_and_what_we_grow_xorriso_grows",
        "xorriso",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("image.iso");
    let source = dir.path().join("source");
    write(&source.join("a/one.bin"), &noise(1, 50_000));
    write(&source.join("b.txt"), b"b");
    run(Command::new("xorriso")
        .args(["-outdev"])
        .arg(&file)
        .args(["-joliet", "on", "-map"])
        .arg(&source)
        .arg("/"));
    let add = |path: &str, content: &[u8]| {
        let host = dir.path().join("host");
        write(&host, content);
        run(Command::new("xorriso")
            .arg("-dev")
            .arg(&file)
            .args(["-joliet", "on", "-map"])
            .arg(&host)
            .arg(path));
    };
    add("/c.bin", &noise(3, 5000));
    // Ours on what xorriso has grown.
    let mut imported = bring_in(&file, 0);
    imported
        .builder
        .add_file("/d.bin", Origin::memory(noise(4, 7000)), &given(5))
        .unwrap();
    imported.builder.remove("/b.txt").unwrap();
    let options = options_of("GROWN");
    let layout = grow(&file, &imported, &options);
    // xorriso on ours.
    add("/e.bin", b"e");
    let seen = xorriso_sees(&file, None, &dir.path().join("out"));
    let names: Vec<&str> = seen.keys().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, ["", "a", "a/one.bin", "c.bin", "d.bin", "e.bin"]);
    assert_eq!(seen[Path::new("d.bin")].content, Some(noise(4, 7000)));
    assert_eq!(seen[Path::new("d.bin")].owner, (7, 8));
    assert_eq!(seen[Path::new("c.bin")].content, Some(noise(3, 5000)));
    // Ours once more, with Joliet alone imported.
    let joliet = ImportOptions::default();
    let mut joliet = joliet;
    joliet.names = Some(Names::Joliet);
    let again = import(DiscImage::open(&file).unwrap(), 0, &joliet).unwrap();
    assert_eq!(again.names, Names::Joliet);
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    assert_eq!(again.builder.walk().count(), 6);
    let found = sessions(&mut DiscImage::open(&file).unwrap()).unwrap();
    assert!(
        found
            .iter()
            .any(|session| session.first_lba == layout.first_lba()),
        "{found:?}"
    );
    assert_eq!(
        found.iter().filter(|session| session.at_head).count(),
        1,
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_grown_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("a"), &noise(1, 100_000));
    let file = dir.path().join("image.iso");
    image_file(&plan(&source, 0), &file);
    let imported = bring_in(&file, 0);
    let refuse = |first_lba: u32| {
        let layout = Arc::new(
            Layout::plan(imported.builder.finish().unwrap(), first_lba, &options()).unwrap(),
        );
        Growth::new(&layout, &mut DiscImage::open(&file).unwrap(), None).unwrap_err()
    };
    assert!(matches!(
        refuse(imported.end + 1),
        GrowError::Unaligned { .. }
    ));
    let inside = imported.end / 16 * 16;
    assert!(matches!(refuse(inside - 16), GrowError::Inside { .. }));
    // A volume whose files stand where the head goes.
    let mut builder = TreeBuilder::new();
    let low = pitland_mastering::Extent {
        first_lba: 18,
        blocks: 1,
        bytes: 100,
    };
    builder
        .add_file("/low", Origin::Recorded([low].into()), &given(1))
        .unwrap();
    let layout = Layout::plan(builder.finish().unwrap(), 1024, &options()).unwrap();
    let error = Growth::new(
        &Arc::new(layout),
        &mut DiscImage::open(&file).unwrap(),
        None,
    )
    .unwrap_err();
    assert!(
        matches!(&error, GrowError::HeadInUse { lba: 18, path } if path == Path::new("/low")),
        "{error}"
    );
    // A file that the session would lie on.
    let mut builder = TreeBuilder::new();
    let high = pitland_mastering::Extent {
        first_lba: 1030,
        blocks: 1,
        bytes: 100,
    };
    builder
        .add_file("/high", Origin::Recorded([high].into()), &given(1))
        .unwrap();
    let layout = Layout::plan(builder.finish().unwrap(), 1024, &options()).unwrap();
    let error = Growth::new(
        &Arc::new(layout),
        &mut DiscImage::open(&file).unwrap(),
        None,
    )
    .unwrap_err();
    assert!(
        matches!(&error, GrowError::Overwrites { path, .. } if path == Path::new("/high")),
        "{error}"
    );
}

#[test]
fn a_growth_that_is_cut_off_leaves_the_old_tree_or_shows_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("old"), &noise(1, 100_000));
    let file = dir.path().join("image.iso");
    let mut options = options();
    options.udf = Some(UdfRevision::V2_01);
    let layout = Arc::new(Layout::plan(scan(&source), 0, &options).unwrap());
    image_file(&layout, &file);
    let before = fs::read(&file).unwrap();
    let mut imported = bring_in(&file, 0);
    imported
        .builder
        .add_file("/new", Origin::memory(*b"new"), &given(1))
        .unwrap();
    let grown = grow(&file, &imported, &options);
    let after = fs::read(&file).unwrap();
    let growth = Growth::new(&grown, &mut before.as_slice(), None).unwrap();
    // Block by block, in the order of the writes.
    let mut at_hand = before.clone();
    at_hand.resize(after.len(), 0);
    let names = |bytes: &[u8], names: Names| -> Vec<PathBuf> {
        let mut volume = Volume::open(bytes, 0).unwrap();
        assert!(volume.use_names(names));
        volume.walk().map(|entry| entry.unwrap().0).collect()
    };
    let old = ["/", "/old"].map(PathBuf::from);
    let new = ["/", "/new", "/old"].map(PathBuf::from);
    let mut shown = Vec::new();
    for range in growth.modified_blocks() {
        for block in range {
            let place = block as usize * BLOCK_SIZE..(block as usize + 1) * BLOCK_SIZE;
            at_hand[place.clone()].copy_from_slice(&after[place]);
            if block >= grown.first_lba() && block % 37 != 0 {
                continue;
            }
            for kind in [Names::RockRidge, Names::Joliet, Names::Udf] {
                let mut found = names(&at_hand, kind);
                found.sort();
                assert!(
                    found == old || found == new,
                    "{kind}: {found:?} at block {block}"
                );
                shown.push(found == new);
            }
        }
    }
    assert!(at_hand == after);
    assert!(shown.ends_with(&[true; 3]) && !shown[0]);
}

#[test]
fn udf_shows_the_merged_tree_in_a_further_session_of_every_revision() {
    let name = "udf_shows_the_merged_tree_in_a_further_session_of_every_revision";
    let outsider = tool(name, "7z");
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    // 7z refuses a volume of UDF that holds links.
    for size in [0, 1, 2047, 2048, 2049, 100_000] {
        write(
            &source.join(format!("sizes/{size}.bin")),
            &noise(size as u64 + 7, size),
        );
    }
    for name in ["Ærø", "日本語.txt", "with space", ".hidden"] {
        write(&source.join("names/deeper").join(name), name.as_bytes());
    }
    fs::hard_link(source.join("sizes/2049.bin"), source.join("names/again")).unwrap();
    let file = dir.path().join("image.iso");
    for revision in UdfRevision::ALL {
        let mut options = options();
        options.udf = Some(revision);
        let first = Arc::new(Layout::plan(scan(&source), 0, &options).unwrap());
        let _ = fs::remove_file(&file);
        image_file(&first, &file);
        for names in [Names::Udf, Names::RockRidge] {
            let mut wanted = ImportOptions::default();
            wanted.names = Some(names);
            let mut imported = import(DiscImage::open(&file).unwrap(), 0, &wanted).unwrap();
            assert!(
                imported.warnings.is_empty(),
                "{revision:?}: {:?}",
                imported.warnings
            );
            let added = format!("/added with {names}");
            imported
                .builder
                .add_file(&added, Origin::memory(noise(4, 5000)), &given(5))
                .unwrap();
            let layout = grow(&file, &imported, &options);
            let bytes = fs::read(&file).unwrap();
            // It knows no metadata partition.
            if outsider.is_some() && revision < UdfRevision::V2_50 {
                seven_zip_agrees(&file, &layout, &source, &dir.path().join("out"));
            }
            for at in [0, layout.first_lba()] {
                let mut volume = Volume::open(bytes.as_slice(), at).unwrap();
                assert!(volume.use_names(Names::Udf), "{revision:?} at {at}");
                let entries: Vec<_> = volume.walk().map(Result::unwrap).collect();
                let tree = layout.tree();
                assert_eq!(entries.len(), tree.nodes().count());
                for (path, entry) in entries
                    .into_iter()
                    .filter(|(_, e)| e.kind == NodeKind::File)
                {
                    let expected = match fs::read(source.join(path.strip_prefix("/").unwrap())) {
                        Ok(bytes) => bytes,
                        Err(_) => noise(4, 5000),
                    };
                    let mut content = vec![0; entry.size as usize];
                    volume.read_file(&entry, 0, &mut content).unwrap();
                    assert!(content == expected, "{revision:?}: {}", path.display());
                }
            }
        }
    }
}

/// 7z finds in UDF, by its first anchor, all files with their bytes.
fn seven_zip_agrees(image: &Path, layout: &Layout, source: &Path, out: &Path) {
    run(Command::new("7z")
        .args(["x", "-tudf", "-y", "-bd"])
        .arg(format!("-o{}", out.display()))
        .arg(image));
    for file in layout.files() {
        let path = file.path();
        let path = path.strip_prefix("/").unwrap();
        let expected = fs::read(source.join(path)).unwrap_or_else(|_| noise(4, 5000));
        assert!(
            fs::read(out.join(path)).unwrap() == expected,
            "{}",
            path.display()
        );
    }
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn growisofs_grows_what_we_made_and_we_grow_what_it_made() {
    let name = "growisofs_grows_what_we_made_and_we_grow_what_it_made";
    if tool(name, "growisofs").is_none()
        || tool(name, "genisoimage").is_none()
        || tool(name, "xorriso").is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("folder/one"), &noise(1, 10_000));
    write(&source.join("two"), b"two");
    let image = dir.path().join("image.iso");
    let theirs = |number: u64| {
        let extra = dir.path().join(format!("extra{number}"));
        write(&extra.join(format!("theirs{number}")), &noise(number, 3000));
        // It asks of whom the device is; a file is nobody's.
        run(Command::new("growisofs")
            .arg("-M")
            .arg(&image)
            .args(["-R", "-J", "-quiet"])
            .arg(&extra));
    };
    let ours = |number: u64| {
        let mut imported = bring_in(&image, 0);
        assert!(imported.warnings.is_empty(), "{:?}", imported.warnings);
        let path = format!("/ours{number}");
        imported
            .builder
            .add_file(&path, Origin::memory(noise(number, 3000)), &given(5))
            .unwrap();
        grow(&image, &imported, &options_of("GROWN"));
    };
    for first_is_ours in [true, false] {
        let _ = fs::remove_file(&image);
        if first_is_ours {
            image_file(&plan(&source, 0), &image);
        } else {
            run(Command::new("genisoimage")
                .args(["-quiet", "-R", "-J", "-o"])
                .arg(&image)
                .arg(&source));
            ours(10);
        }
        theirs(11);
        ours(12);
        theirs(13);
        let mut seen = xorriso_sees(&image, None, &dir.path().join("out"));
        if !first_is_ours {
            assert!(seen.remove(Path::new("ours10")).is_some());
        }
        let names: Vec<&str> = seen.keys().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "",
                "folder",
                "folder/one",
                "ours12",
                "theirs11",
                "theirs13",
                "two"
            ]
        );
        assert_eq!(
            seen[Path::new("folder/one")].content,
            Some(noise(1, 10_000))
        );
        for (name, number) in [("ours12", 12), ("theirs11", 11), ("theirs13", 13)] {
            assert_eq!(
                seen[Path::new(name)].content,
                Some(noise(number, 3000)),
                "{name}"
            );
        }
    }
}

#[test]
fn a_volume_of_mkudffs_is_imported_and_grown() {
    let name = "a_volume_of_mkudffs_is_imported_and_grown";
    if tool(name, "mkudffs").is_none() {
        return;
    }
    let seven_zip = tool(name, "7z");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("image.udf");
    for (revision, media) in [
        ("1.02", "hd"),
        ("2.01", "hd"),
        ("2.01", "dvdram"),
        ("1.50", "cdr"),
    ] {
        let _ = fs::remove_file(&file);
        let blocks = (8 << 20) / BLOCK_SIZE;
        run(Command::new("mkudffs")
            .args(["--new-file", "--blocksize=2048", "--label=THEIRS"])
            .arg(format!("--media-type={media}"))
            .arg(format!("--udfrev={revision}"))
            .arg(&file)
            .arg(blocks.to_string()));
        let mut imported = bring_in(&file, 0);
        assert_eq!(imported.names, Names::Udf, "{revision} {media}");
        assert_eq!(imported.volume.volume_id, "THEIRS");
        let there = imported.builder.walk().count();
        imported
            .builder
            .add_file("/ours", Origin::memory(noise(1, 5000)), &given(5))
            .unwrap();
        let mut options = options();
        options.udf = Some(UdfRevision::V2_01);
        grow(&file, &imported, &options);
        let bytes = fs::read(&file).unwrap();
        let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
        for names in volume.offered_names() {
            volume.use_names(names);
            assert_eq!(
                volume.walk().count(),
                there + 1,
                "{revision} {media} {names}"
            );
        }
        if seven_zip.is_some() {
            let out = dir.path().join("out");
            run(Command::new("7z")
                .args(["x", "-tudf", "-y", "-bd"])
                .arg(format!("-o{}", out.display()))
                .arg(&file));
            assert!(fs::read(out.join("ours")).unwrap() == noise(1, 5000));
            fs::remove_dir_all(&out).unwrap();
        }
    }
}

#[test]
fn a_source_that_changes_while_a_volume_is_grown_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("old"), &noise(1, 5000));
    let file = dir.path().join("image.iso");
    image_file(&plan(&source, 0), &file);
    let before = fs::read(&file).unwrap();
    let mut imported = bring_in(&file, 0);
    let new = dir.path().join("new");
    write(&new, &noise(2, 5_000_000));
    imported
        .builder
        .add_host("/new", &new, &WalkOptions::default())
        .unwrap();
    let first_lba = imported.next_session(16).unwrap();
    let layout = Layout::plan(imported.builder.finish().unwrap(), first_lba, &options()).unwrap();
    write(&new, b"something else");
    let disc = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&file)
        .unwrap();
    let error = grow_file(&disc, &Arc::new(layout), Some(imported.disc)).unwrap_err();
    assert!(matches!(error, GrowError::Emit(_)), "{error}");
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_growth_that_is_ended_leaves_the_old_volume() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("old"), &noise(1, 5000));
    let file = dir.path().join("image.iso");
    image_file(&plan(&source, 0), &file);
    let before = fs::read(&file).unwrap();
    let mut imported = bring_in(&file, 0);
    imported
        .builder
        .add_file("/new", Origin::memory(noise(2, 5_000_000)), &given(1))
        .unwrap();
    let first_lba = imported.next_session(16).unwrap();
    let layout = Layout::plan(imported.builder.finish().unwrap(), first_lba, &options()).unwrap();
    let disc = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&file)
        .unwrap();
    let mut told = Vec::new();
    let grown = grow_file_with(
        &disc,
        &Arc::new(layout),
        Some(imported.disc),
        |blocks, of| {
            told.push((blocks, of));
            match told.len() {
                3 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        },
    );
    assert!(matches!(grown, Err(GrowError::Stopped)), "{grown:?}");
    assert!(told.is_sorted() && told.iter().all(|(blocks, of)| blocks < of));
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_session_begins_behind_partitions_that_stand_behind_the_volume() {
    let name = "a_session_begins_behind_partitions_that_stand_behind_the_volume";
    if tool(name, "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("file"), &noise(1, 5000));
    let partition = dir.path().join("partition");
    write(&partition, &noise(2, 1 << 20));
    let file = dir.path().join("image.iso");
    let append = [
        "-R",
        "-no-pad",
        "-append_partition",
        "2",
        "0xef",
        partition.to_str().unwrap(),
    ];
    let boot = [
        "-e",
        "--interval:appended_partition_2:all::",
        "-no-emul-boot",
    ];
    for starts in [&[][..], &boot] {
        xorriso_image(&[&append[..], starts].concat(), &source, &file);
        let mut bytes = fs::read(&file).unwrap();
        let at = bytes.len() - (1 << 20);
        assert!(bytes[at..] == noise(2, 1 << 20)[..]);
        let end = (bytes.len() / BLOCK_SIZE) as u32;
        // A disc that is overwritten has room behind what is on it.
        bytes.resize(bytes.len() + (4 << 20), 0);
        let mut disc = Disc(bytes);
        let imported = import(&mut disc, 0, &ImportOptions::default()).unwrap();
        assert!(imported.volume.blocks < end);
        let next = next_session(&imported, &mut disc, 16).unwrap().unwrap();
        assert_eq!(next, end.next_multiple_of(16));
        let entries = imported.boot_entries(&imported.builder.finish().unwrap());
        assert_eq!(entries.len(), usize::from(!starts.is_empty()));
    }
}

/// A source that knows its size.
struct Disc(Vec<u8>);

impl BlockSource for Disc {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> std::io::Result<()> {
        self.0.as_slice().read_blocks(lba, out)
    }

    fn blocks(&mut self) -> Option<u32> {
        Some((self.0.len() / BLOCK_SIZE) as u32)
    }
}
