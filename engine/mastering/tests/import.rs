//! Sessions built on earlier ones: what is imported, edited and planned anew is what other programs then find, and
//! unchanged bytes stay where they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::grow_file;
use pitland_mastering::import::{ImportError, ImportOptions, ImportWarning, import};
use pitland_mastering::sessions::{DiscError, DiscId, sessions};
use pitland_mastering::{
    BLOCK_SIZE, BlockSource, BootEntry, DiscImage, Layout, Names, NodeKind, Origin, Platform,
    UdfRevision, Volume, VolumeOptions,
};
use support::sessions::*;
use support::*;

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

/// A drive whose disc has room behind what is recorded: it answers blocks of that with an error of the medium.
struct RoomBehind(Vec<u8>);

impl BlockSource for RoomBehind {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> std::io::Result<()> {
        let recorded = self.0.as_slice().read_blocks(lba, out);
        recorded.map_err(|_| std::io::Error::other("MEDIUM ERROR"))
    }

    fn blocks(&mut self) -> Option<u32> {
        Some(1_000_000)
    }
}

#[test]
fn a_short_volume_is_imported_from_a_disc_with_room_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), b"1");
    let short = VolumeOptions {
        padding_blocks: 0,
        ..options()
    };
    let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &short).unwrap());
    // Neither all of what makes up the mark is there nor the place of an anchor of UDF.
    assert!(layout.blocks() < 64);
    let bytes = image(&layout);
    let imported = import(RoomBehind(bytes.clone()), 0, &ImportOptions::default()).unwrap();
    assert_eq!(u64::from(imported.end), layout.blocks());
    imported.disc.check(&mut bytes.as_slice()).unwrap();
}

#[test]
fn what_starts_a_machine_still_does_after_a_further_session() {
    let name = "what_starts_a_machine_still_does_after_a_further_session";
    if tool(name, "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    write(&source.join("boot/loader.bin"), &noise(1, 2048 * 3));
    write(&source.join("efi.img"), &noise(2, 1_474_560));
    write(&source.join("file"), b"file");
    let file = dir.path().join("image.iso");
    xorriso_image(
        &[
            "-R",
            "-J",
            "-b",
            "boot/loader.bin",
            "-no-emul-boot",
            "-boot-load-size",
            "4",
            "-eltorito-alt-boot",
            "-e",
            "efi.img",
            "-no-emul-boot",
        ],
        &source,
        &file,
    );
    let seen = |image: &Path, more: &[&str]| -> Vec<String> {
        let output = run(Command::new("xorriso")
            .arg("-no_rc")
            .args(more)
            .arg("-indev")
            .arg(image)
            .args(["-report_el_torito", "plain"]));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .filter(|line| line.contains("boot img"))
            .map(str::to_owned)
            .collect()
    };
    let before = seen(&file, &[]);
    let mut imported = bring_in(&file, 0);
    assert_eq!(imported.boot.len(), 2);
    imported.builder.rename("/boot", "/start").unwrap();
    // An image without a name.
    imported.builder.remove("/efi.img").unwrap();
    let tree = imported.builder.finish().unwrap();
    let boot = imported.boot_entries(&tree);
    assert_eq!(boot.len(), 1, "the image of the other was removed");
    let imported = bring_in(&file, 0);
    let tree = imported.builder.finish().unwrap();
    let mut options = options();
    options.boot = imported.boot_entries(&tree);
    assert_eq!(options.boot.len(), 2);
    let disc = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&file)
        .unwrap();
    let blocks = (disc.metadata().unwrap().len() / BLOCK_SIZE as u64) as u32;
    let first_lba = imported.end.max(blocks).next_multiple_of(16);
    let layout = Arc::new(Layout::plan(tree, first_lba, &options).unwrap());
    write_image(&layout, &disc);
    let after = seen(&file, &["-load", "sbsector", &first_lba.to_string()]);
    assert_eq!(after, before);
    assert_eq!(after.len(), 2, "{after:#?}");
}

#[test]
fn a_boot_image_without_a_name_is_kept_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let (source, loader) = (dir.path().join("source"), dir.path().join("loader"));
    write(&source.join("file"), b"file");
    write(&loader, &noise(1, 5 * 512));
    let mut tree = scan(&source);
    let mut entry = BootEntry::new(tree.add_boot_image(&loader).unwrap(), Platform::Bios);
    entry.load_sectors = Some(5);
    let mut options = options();
    options.udf = Some(UdfRevision::V2_01);
    options.boot = vec![entry];
    let file = dir.path().join("image.iso");
    image_file(&Arc::new(Layout::plan(tree, 0, &options).unwrap()), &file);
    let imported = bring_in(&file, 0);
    assert_eq!(imported.boot.len(), 1);
    let lba = imported.boot[0].lba;
    let tree = imported.builder.finish().unwrap();
    options.boot = imported.boot_entries(&tree);
    let first_lba = imported.next_session(16).unwrap();
    let layout = Arc::new(Layout::plan(tree, first_lba, &options).unwrap());
    let disc = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&file)
        .unwrap();
    grow_file(&disc, &layout, None).unwrap();
    let again = bring_in(&file, 0);
    assert_eq!((again.boot[0].lba, again.boot[0].load_sectors), (lba, 5));
    let mut volume = Volume::open(DiscImage::open(&file).unwrap(), 0).unwrap();
    for names in volume.offered_names() {
        volume.use_names(names);
        assert_eq!(volume.walk().count(), 2, "{names}");
    }
}

#[test]
fn a_volume_inside_of_a_file_is_no_session() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner");
    write(&inner.join("file"), &noise(1, 5000));
    let nested = image(&plan(&inner, 0));
    let source = dir.path().join("source");
    for number in 0..20 {
        // One of them begins at a multiple of sixteen blocks.
        write(&source.join(format!("{number}.iso")), &nested);
        write(&source.join(format!("{number}.pad")), &noise(number, 2048));
    }
    let layout = plan(&source, 0);
    let at_sixteen = layout
        .files()
        .any(|file| file.blocks() > 1 && file.first_lba() % 16 == 0);
    assert!(at_sixteen);
    let bytes = image(&layout);
    let found = sessions(&mut bytes.as_slice()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].first_lba, found[0].at_head), (0, true));
    assert_eq!(u64::from(found[0].blocks), layout.blocks());
    assert_eq!(found[0].volume_id, "PITLAND_TEST");
    assert!(
        sessions(&mut [0u8; 100 * BLOCK_SIZE].as_slice())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn files_that_other_names_alone_lead_to_are_told() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("both"), &noise(1, 5000));
    write(&dir.path().join("only in one"), &noise(2, 5000));
    let mut builder = scan(dir.path()).edit();
    let mut extras = pitland_mastering::Extras::default();
    extras.hidden_in.iso = true;
    builder.set_extras("/only in one", extras).unwrap();
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &options()).unwrap());
    let bytes = image(&layout);
    let imported = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    let expected = ImportWarning::OnlyUnder {
        names: Names::Joliet,
        count: 1,
        first: "/only in one".into(),
    };
    assert_eq!(imported.warnings, [expected]);
    let mut wanted = ImportOptions::default();
    wanted.names = Some(Names::Udf);
    let error = import(bytes.as_slice(), 0, &wanted).unwrap_err();
    assert!(matches!(
        error,
        ImportError::NoSuchNames { names: Names::Udf }
    ));
}

#[test]
fn compressed_files_stay_compressed_in_a_further_session() {
    let dir = tempfile::tempdir().unwrap();
    let text = b"the same line again and again\n".repeat(5000);
    write(&dir.path().join("text"), &text);
    let mut tree = scan(dir.path());
    let compressed = tree
        .compress(&pitland_mastering::zisofs::Compression::default())
        .unwrap();
    assert_eq!(compressed.files, 1);
    let options = VolumeOptions {
        joliet: false,
        ..options()
    };
    let mut bytes = image(&Arc::new(Layout::plan(tree, 0, &options).unwrap()));
    let imported = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    let first_lba = imported.next_session(16).unwrap();
    let tree = imported.builder.finish().unwrap();
    let layout = Arc::new(Layout::plan(tree, first_lba, &options).unwrap());
    bytes.resize(first_lba as usize * BLOCK_SIZE, 0);
    bytes.extend(image(&layout));
    let mut volume = Volume::open(bytes.as_slice(), first_lba).unwrap();
    let entry = volume.find(Path::new("/text")).unwrap().unwrap();
    assert!(entry.extents[0].first_lba < first_lba);
    let mut content = vec![0; text.len() + 1];
    assert_eq!(
        volume.read_file(&entry, 0, &mut content).unwrap(),
        text.len()
    );
    assert!(content[..text.len()] == text);
}

#[test]
fn extended_attributes_are_kept_but_those_of_libisofs_itself() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"1");
    let attribute = |name: &[u8]| pitland_mastering::ExtendedAttribute {
        name: name.to_vec(),
        value: b"value".to_vec(),
    };
    let mut builder = scan(dir.path()).edit();
    let mut extras = pitland_mastering::Extras::default();
    extras.attributes = vec![attribute(b"isofs.ca"), attribute(b"user.comment")];
    builder.set_extras("/file", extras).unwrap();
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &options()).unwrap());
    let bytes = image(&layout);
    let imported = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    let file = imported.builder.get("/file").unwrap();
    assert_eq!(
        file.extras().unwrap().attributes,
        [attribute(b"user.comment")]
    );
}

#[test]
fn a_session_whose_descriptor_counts_from_the_beginning_of_the_disc_ends_where_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), &noise(1, 5000));
    let mut bytes = image(&plan(dir.path(), 0));
    let first_lba = (bytes.len() / BLOCK_SIZE).next_multiple_of(16) as u32;
    let options = VolumeOptions {
        volume_size: pitland_mastering::VolumeSize::ToEnd,
        ..options()
    };
    let layout = Arc::new(Layout::plan(scan(dir.path()), first_lba, &options).unwrap());
    bytes.resize(first_lba as usize * BLOCK_SIZE, 0);
    bytes.extend(image(&layout));
    let end = (bytes.len() / BLOCK_SIZE) as u32;
    let found = sessions(&mut bytes.as_slice()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(u64::from(found[1].blocks), layout.blocks());
    let imported = import(bytes.as_slice(), first_lba, &ImportOptions::default()).unwrap();
    assert_eq!(imported.end, end);
}
