//! Sessions built on earlier ones: what is imported, edited and planned anew is what other programs then find, and
//! unchanged bytes stay where they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::grow::{GrowError, Growth, grow_file};
use pitland_mastering::import::{ImportError, ImportOptions, Imported, import};
use pitland_mastering::sessions::{DiscError, DiscId, SESSION_ALIGNMENT, sessions};
use pitland_mastering::{
    Attributes, BLOCK_SIZE, DiscImage, Layout, Names, NodeKind, Origin, Timestamp, TreeBuilder,
    UdfRevision, Volume, VolumeOptions, WalkOptions,
};
use support::*;

fn bring_in(image: &Path, session_first_lba: u32) -> Imported {
    let source = DiscImage::open(image).unwrap();
    import(source, session_first_lba, &ImportOptions::default()).unwrap()
}

/// Plans a tree as a session that grows an image, and grows it.
fn grow(image: &Path, imported: &Imported, options: &VolumeOptions) -> Arc<Layout> {
    let tree = imported.builder.finish().unwrap();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(image)
        .unwrap();
    let blocks = file.metadata().unwrap().len().div_ceil(BLOCK_SIZE as u64) as u32;
    let first_lba = imported.next_session(SESSION_ALIGNMENT).unwrap();
    let first_lba = first_lba.max(blocks.next_multiple_of(SESSION_ALIGNMENT));
    let layout = Arc::new(Layout::plan(tree, first_lba, options).unwrap());
    grow_file(&file, &layout, Some(imported.disc)).unwrap();
    layout
}

fn options_of(name: &str) -> VolumeOptions {
    let made = Timestamp::from_seconds(1_700_000_000);
    VolumeOptions {
        padding_blocks: 0,
        ..VolumeOptions::new(name, made)
    }
}

fn given(seconds: i64) -> Attributes {
    Attributes {
        owner: 7,
        group: 8,
        ..Attributes::new(0o640, Timestamp::from_seconds(seconds))
    }
}

/// What xorriso finds in the session that an image shows, by path: kind and content, or target.
fn xorriso_sees(image: &Path, sbsector: Option<u32>, to: &Path) -> BTreeMap<PathBuf, Seen> {
    xorriso_extract(image, sbsector, to);
    let seen = snapshot_for_xorriso(to);
    run(Command::new("chmod").args(["-R", "u+rwX"]).arg(to));
    fs::remove_dir_all(to).unwrap();
    seen
}

#[test]
fn a_volume_is_imported_with_all_that_it_says() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let tree = scan(dir.path());
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    let imported = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    assert_eq!(imported.names, Names::RockRidge);
    assert_eq!(imported.volume.volume_id, "PITLAND_TEST");
    assert!(imported.warnings.is_empty(), "{:?}", imported.warnings);
    assert!(u64::from(imported.end) == layout.blocks());
    let found = imported.builder.finish().unwrap();
    assert_eq!(found.nodes().count(), tree.nodes().count());
    for id in tree.nodes() {
        let path = tree.disc_path(id);
        let same = found
            .find(&path)
            .unwrap_or_else(|| panic!("{}", path.display()));
        assert_eq!(found.kind(same), tree.kind(id));
        assert_eq!(found.size(same), tree.size(id));
        assert_eq!(found.mode(same), tree.mode(id), "{}", path.display());
        assert_eq!(found.owner(same), tree.owner(id));
        assert_eq!(found.modified(same).seconds, tree.modified(id).seconds);
        assert_eq!(found.changed(same).seconds, tree.changed(id).seconds);
        assert_eq!(found.link_target(same), tree.link_target(id));
        assert_eq!(
            found.link_count(same),
            tree.link_count(id),
            "{}",
            path.display()
        );
        if tree.kind(id) == NodeKind::File && tree.size(id) > 0 {
            assert!(matches!(found.origin(same), Origin::Recorded(_)));
        }
    }
}

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
fn a_chain_of_sessions_on_a_disc_that_is_written_once() {
    let name = "a_chain_of_sessions_on_a_disc_that_is_written_once";
    if tool(name, "xorriso").is_none() || tool(name, "genisoimage").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("disc.img");
    let source = dir.path().join("source");
    write(&source.join("one/first.bin"), &noise(1, 50_000));
    write(&source.join("two.txt"), b"two");
    image_file(&plan(&source, 0), &file);
    // Ours on ours.
    let mut imported = bring_in(&file, 0);
    imported
        .builder
        .add_file("/one/second.bin", Origin::memory(noise(2, 9000)), &given(5))
        .unwrap();
    imported.builder.rename("/two.txt", "/zwei.txt").unwrap();
    let second = imported.end + 11_402;
    let layout =
        Arc::new(Layout::plan(imported.builder.finish().unwrap(), second, &options()).unwrap());
    write_image(
        &layout,
        &OpenOptions::new().write(true).open(&file).unwrap(),
    );
    // Theirs on ours.
    let third = (second + layout.blocks() as u32 + 6_902).next_multiple_of(2);
    let extra = dir.path().join("extra");
    write(&extra.join("theirs.txt"), b"theirs");
    let session = dir.path().join("session.img");
    run(Command::new("genisoimage")
        .args([
            "-quiet",
            "-R",
            "-J",
            "-C",
            &format!("{second},{third}"),
            "-M",
        ])
        .arg(&file)
        .arg("-o")
        .arg(&session)
        .arg(&extra));
    let disc = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&file)
        .unwrap();
    disc.write_all_at(
        &fs::read(&session).unwrap(),
        u64::from(third) * BLOCK_SIZE as u64,
    )
    .unwrap();
    // Ours on theirs.
    let mut imported = bring_in(&file, third);
    assert_eq!(imported.names, Names::RockRidge);
    assert!(imported.warnings.is_empty(), "{:?}", imported.warnings);
    imported.builder.remove("/zwei.txt").unwrap();
    imported
        .builder
        .add_file("/last", Origin::memory(*b"last"), &given(6))
        .unwrap();
    let fourth = imported.end + 6_902;
    let layout =
        Arc::new(Layout::plan(imported.builder.finish().unwrap(), fourth, &options()).unwrap());
    write_image(&layout, &disc);
    let seen = xorriso_sees(&file, Some(fourth), &dir.path().join("out"));
    let content = |path: &str| seen[Path::new(path)].content.clone();
    assert_eq!(content("one/first.bin"), Some(noise(1, 50_000)));
    assert_eq!(content("one/second.bin"), Some(noise(2, 9000)));
    assert_eq!(content("theirs.txt"), Some(b"theirs".to_vec()));
    assert_eq!(content("last"), Some(b"last".to_vec()));
    assert_eq!(seen.len(), 6, "{:?}", seen.keys());
    let listed: Vec<u32> = sessions(&mut DiscImage::open(&file).unwrap())
        .unwrap()
        .iter()
        .map(|session| session.first_lba)
        .collect();
    assert!(listed.starts_with(&[0, second]), "{listed:?}");
}

/// xorriso as mkisofs of a folder.
fn xorriso_image(options: &[&str], source: &Path, image: &Path) {
    run(Command::new("xorriso")
        .args(["-as", "mkisofs", "-quiet"])
        .args(options)
        .arg("-o")
        .arg(image)
        .arg(source));
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
fn volumes_of_others_are_imported_and_extended() {
    let name = "volumes_of_others_are_imported_and_extended";
    if tool(name, "xorriso").is_none() || tool(name, "genisoimage").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    let deep: PathBuf = (1..=12).map(|level| format!("level{level}")).collect();
    write(
        &source.join("deep").join(&deep).join("bottom.txt"),
        b"at the bottom",
    );
    write(&source.join("file.bin"), &noise(9, 40_000));
    fs::hard_link(source.join("file.bin"), source.join("deep/again.bin")).unwrap();
    std::os::unix::fs::symlink("file.bin", source.join("link")).unwrap();
    write(&source.join("many/UPPER.TXT"), b"upper");
    write(&source.join("empty.txt"), b"");
    let file = dir.path().join("image.iso");
    for (program, options) in [
        ("xorriso", "-R -J"),
        ("xorriso", "-R --hardlinks"),
        ("xorriso", "-R -iso-level 1"),
        ("genisoimage", "-R"),
        ("genisoimage", "-R -D"),
        ("genisoimage", "-R -J -udf"),
        ("genisoimage", "-R -cache-inodes"),
    ] {
        let story = format!("{program} {options}");
        let arguments: Vec<&str> = options.split(' ').collect();
        let _ = fs::remove_file(&file);
        match program {
            "xorriso" => xorriso_image(&arguments, &source, &file),
            _ => {
                run(Command::new(program)
                    .arg("-quiet")
                    .args(&arguments)
                    .arg("-o")
                    .arg(&file)
                    .arg(&source));
            }
        }
        let mut imported = bring_in(&file, 0);
        assert_eq!(imported.names, Names::RockRidge, "{story}");
        assert!(
            imported.warnings.is_empty(),
            "{story}: {:?}",
            imported.warnings
        );
        imported
            .builder
            .add_file("/added", Origin::memory(*b"added"), &given(9))
            .unwrap();
        // A volume of theirs may have its files where the descriptors of ours must go: it cannot be grown in place then,
        // but built on as a further session.
        let tree = imported.builder.finish().unwrap();
        let first_lba = (imported.end.max(300) + 100).next_multiple_of(16);
        let layout = Arc::new(Layout::plan(tree, first_lba, &options_of("MORE")).unwrap());
        write_image(
            &layout,
            &OpenOptions::new().write(true).open(&file).unwrap(),
        );
        let mut seen = xorriso_sees(&file, Some(first_lba), &dir.path().join("out"));
        assert_eq!(
            seen.remove(Path::new("added")).unwrap().content,
            Some(b"added".to_vec()),
            "{story}"
        );
        let mut expected = snapshot_for_xorriso(&source);
        if !options.contains("hardlinks") && program == "xorriso" || program == "genisoimage" {
            // Whether two names are one file was not asked of them.
            for tree in [&mut seen, &mut expected] {
                for one in tree.values_mut() {
                    one.same_as = PathBuf::new();
                }
            }
        }
        for tree in [&mut seen, &mut expected] {
            tree.get_mut(Path::new("")).unwrap().seconds = 0;
        }
        assert_same(&expected, &seen);
    }
}

#[test]
fn a_file_system_of_its_own_kind_of_names_is_imported_without_modes() {
    if tool(
        "a_file_system_of_its_own_kind_of_names_is_imported_without_modes",
        "genisoimage",
    )
    .is_none()
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("A longer name.text"), b"1");
    write(&source.join("folder/other.txt"), b"2");
    let file = dir.path().join("image.iso");
    for (options, names, first) in [
        (&["-J"][..], Names::Joliet, "/A longer name.text"),
        (&[], Names::Plain, "/A_LONGER.TEX"),
    ] {
        run(Command::new("genisoimage")
            .arg("-quiet")
            .args(options)
            .arg("-o")
            .arg(&file)
            .arg(&source));
        let imported = bring_in(&file, 0);
        assert_eq!(imported.names, names);
        let paths: Vec<PathBuf> = imported
            .builder
            .walk()
            .map(|item| item.path().to_path_buf())
            .collect();
        assert_eq!(paths.len(), 4);
        assert!(
            paths
                .iter()
                .any(|path| path.starts_with("/folder") || path.starts_with("/FOLDER"))
        );
        assert!(paths.contains(&PathBuf::from(first)), "{paths:?}");
        let item = imported.builder.get(first).unwrap();
        assert_eq!(item.attributes().permissions, 0o644);
    }
}

#[test]
fn an_image_that_was_cut_short_is_refused_with_its_last_file() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &noise(1, 100_000));
    write(&dir.path().join("b"), &noise(2, 100_000));
    let options = VolumeOptions {
        padding_blocks: 0,
        ..options()
    };
    let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &options).unwrap());
    let bytes = image(&layout);
    import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    let cut = &bytes[..bytes.len() - BLOCK_SIZE];
    let error = import(cut, 0, &ImportOptions::default()).unwrap_err();
    assert!(
        matches!(&error, ImportError::CutShort { path, last_lba, .. }
            if path == Path::new("/b") && u64::from(*last_lba) == layout.blocks() - 1),
        "{error}"
    );
}

#[test]
fn another_disc_than_the_imported_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), b"1");
    let bytes = image(&plan(dir.path(), 0));
    let mut other = bytes.clone();
    other[16 * BLOCK_SIZE + 813] ^= 1;
    let disc = DiscId::of(&mut bytes.as_slice(), 0).unwrap();
    disc.check(&mut bytes.as_slice()).unwrap();
    let mut options = ImportOptions::default();
    options.disc = Some(disc);
    import(bytes.as_slice(), 0, &options).unwrap();
    let error = import(other.as_slice(), 0, &options).unwrap_err();
    assert!(
        matches!(error, ImportError::Disc(DiscError::Mismatch { expected, .. }) if expected == disc)
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
