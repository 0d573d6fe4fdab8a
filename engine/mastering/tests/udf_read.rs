//! The reader of UDF: our own volumes, those of others, and damaged ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::compare::CompareObserver;
use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    Attributes, BLOCK_SIZE, BootEntry, CompareOptions, Difference, Entry, Extras, Layout,
    NamedStream, Names, NodeKind, Origin, Owner, Platform, Structure, Timestamp, Tree, TreeBuilder,
    UdfRevision, Volume, compare,
};
use support::*;

fn plan_udf(dir: &Path, first_lba: u32, revision: UdfRevision) -> Arc<Layout> {
    let mut options = options();
    options.udf = Some(revision);
    Arc::new(Layout::plan(scan(dir), first_lba, &options).unwrap())
}

#[derive(Default)]
struct Told(Vec<String>);

impl CompareObserver for Told {
    fn compared(&mut self, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn difference(&mut self, difference: Difference) {
        self.0.push(format!("{difference:?}"));
    }
}

/// What differs between a volume, by its UDF names first and by all others then, and the folder.
fn differences(image: &[u8], dir: &Path) -> Vec<String> {
    let mut volume = Volume::open(image, 0).unwrap();
    assert!(volume.use_names(Names::Udf));
    let mut told = Told::default();
    let options = CompareOptions::default();
    let summary = compare(&mut volume, &scan(dir), &options, &mut told).unwrap();
    assert!(summary.names > 0);
    told.0
}

fn entries(volume: &mut Volume<impl pitland_mastering::BlockSource>) -> Vec<(String, Entry)> {
    volume
        .walk()
        .map(|found| found.unwrap())
        .map(|(path, entry)| (path.to_str().unwrap().to_owned(), entry))
        .collect()
}

#[test]
fn every_revision_of_ours_is_read_as_its_source() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    for number in 0..1500 {
        write(&dir.path().join(format!("large/{number:0100}")), b"x");
    }
    for revision in UdfRevision::ALL {
        let image = image(&plan_udf(dir.path(), 0, revision));
        assert_eq!(differences(&image, dir.path()), [""; 0], "{revision}");
    }
}

#[test]
fn a_byte_or_a_name_that_is_another_is_a_difference() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"contents");
    symlink("file", dir.path().join("link")).unwrap();
    let image = image(&plan_udf(dir.path(), 0, UdfRevision::V2_01));
    write(&dir.path().join("file"), b"Contents");
    write(&dir.path().join("new"), b"");
    std::fs::remove_file(dir.path().join("link")).unwrap();
    symlink("elif", dir.path().join("link")).unwrap();
    let told = differences(&image, dir.path()).join("\n");
    for part in ["Content", "Missing { path: \"/new\", names: Udf", "Target"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn the_volume_says_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("folder/file"), b"1");
    let image = image(&plan_udf(dir.path(), 0, UdfRevision::V2_60));
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    assert_eq!(
        volume.offered_names(),
        [Names::RockRidge, Names::Udf, Names::Joliet, Names::Plain]
    );
    let facts = volume.udf().unwrap().clone();
    assert_eq!((facts.revision, facts.least_reader), (0x260, 0x250));
    assert_eq!(facts.volume_id, "PITLAND_TEST");
    assert_eq!(facts.counts, Some((1, 2)));
    assert_eq!(facts.closed, Some(true));
    assert_eq!(facts.created, options().created.into());
    volume.use_names(Names::Udf);
    let file = volume.find(Path::new("/folder/file")).unwrap().unwrap();
    let facts = file.udf.as_ref().unwrap();
    assert!(facts.unique_id >= 16 && !facts.has_streams);
    assert!(volume.named_streams(&file).unwrap().is_empty());
}

/// Blocks of the image whose owner is a structure.
fn blocks_of(layout: &Layout, wanted: &Structure) -> Vec<usize> {
    (0..layout.blocks() as u32)
        .filter(|block| layout.owner_of(*block) == Some(Owner::Structure(wanted.clone())))
        .map(|block| block as usize)
        .collect()
}

#[test]
fn the_second_copy_stands_in_for_a_damaged_first_one() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("folder/file"), &noise(3, 5000));
    for number in 0..100 {
        write(&dir.path().join(format!("folder/{number:060}")), b"");
    }
    let layout = plan_udf(dir.path(), 0, UdfRevision::V2_50);
    let whole = image(&layout);
    for structure in [
        Structure::UdfMetadata { mirror: false },
        Structure::UdfMetadata { mirror: true },
    ] {
        let mut image = whole.clone();
        for block in blocks_of(&layout, &structure) {
            image[block * BLOCK_SIZE..(block + 1) * BLOCK_SIZE].fill(0xaa);
        }
        assert_eq!(differences(&image, dir.path()), [""; 0], "{structure:?}");
    }
    // With the entry of the first copy left whole, each block of it stands alone.
    let first = blocks_of(&layout, &Structure::UdfMetadata { mirror: false });
    for damaged in [&first[1..], &first[3..4], &first[first.len() / 2..]] {
        let mut image = whole.clone();
        for block in damaged {
            image[block * BLOCK_SIZE..(block + 1) * BLOCK_SIZE].fill(0xaa);
        }
        assert_eq!(differences(&image, dir.path()), [""; 0], "{damaged:?}");
    }
    // One main sequence, one anchor: there are others.
    for structure in [Structure::UdfDescriptors, Structure::UdfAnchor] {
        let mut image = whole.clone();
        let block = blocks_of(&layout, &structure)[0];
        image[block * BLOCK_SIZE..(block + 1) * BLOCK_SIZE].fill(0xaa);
        assert_eq!(differences(&image, dir.path()), [""; 0], "{structure:?}");
    }
}

#[test]
fn udf_that_is_damaged_is_told_where_iso_9660_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"1");
    let layout = plan_udf(dir.path(), 0, UdfRevision::V2_01);
    let mut image = image(&layout);
    for block in blocks_of(&layout, &Structure::UdfAnchor) {
        image[block * BLOCK_SIZE..(block + 1) * BLOCK_SIZE].fill(0);
    }
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    assert!(!volume.offered_names().contains(&Names::Udf));
    assert!(volume.udf_fault().unwrap().to_string().contains("tag 2"));
    let mut told = Told::default();
    let options = CompareOptions::default();
    compare(&mut volume, &scan(dir.path()), &options, &mut told).unwrap();
    assert_eq!(told.0.len(), 1);
    assert!(told.0[0].contains("Damaged"), "{:?}", told.0);
}

#[test]
fn volumes_of_mkudffs_are_opened_with_their_partition_maps() {
    let name = "volumes_of_mkudffs_are_opened_with_their_partition_maps";
    if tool(name, "mkudffs").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("i");
    // Plain, spared, virtual (which is found by the end of what was recorded), and metadata partitions.
    let cases = [
        ("hd", "1.02", "20480"),
        ("hd", "1.50", "20480"),
        ("dvd", "2.01", "20480"),
        ("dvdram", "2.00", "20480"),
        ("cdrw", "1.50", "20480"),
        ("cdrw", "2.01", "20480"),
        ("dvdrw", "2.01", "20480"),
        ("cdr", "1.50", "0"),
        ("dvdr", "2.01", "0"),
    ];
    for (medium, revision, blocks) in cases {
        let image = std::fs::File::create(&file).unwrap();
        image.set_len(20480 * BLOCK_SIZE as u64).unwrap();
        run(Command::new("mkudffs")
            .args(["-b", "2048", "-l", "Żółw", "-m", medium, "-r", revision])
            .arg(&file));
        let mut image = std::fs::read(&file).unwrap();
        if blocks == "0" {
            // A drive tells the end of what was recorded; in the file zeros follow.
            let end = image.iter().rposition(|byte| *byte != 0).unwrap();
            image.truncate((end + 1).next_multiple_of(BLOCK_SIZE));
        }
        let mut volume = Volume::open(image.as_slice(), 0)
            .unwrap_or_else(|error| panic!("{medium} {revision}: {error}"));
        assert_eq!(volume.offered_names(), [Names::Udf], "{medium} {revision}");
        assert_eq!(volume.volume_id(), "Żółw", "{medium} {revision}");
        let found = entries(&mut volume);
        let names: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert!(
            matches!(
                names.as_slice(),
                ["/"] | ["/", "/lost+found" | "/Non-Allocatable Space"]
            ),
            "{medium} {revision}: {names:?}"
        );
        assert_eq!(found[0].1.kind, NodeKind::Directory);
    }
}

/// Both sessions on one disc, in memory.
fn disc(first: &Arc<Layout>, second: &Arc<Layout>) -> Vec<u8> {
    let mut bytes = image(first);
    bytes.resize(second.first_lba() as usize * BLOCK_SIZE, 0);
    bytes.extend(image(second));
    bytes
}

#[test]
fn a_further_session_holds_files_of_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    write(&one.join("old/kept"), &noise(5, 9000));
    write(&one.join("old/left"), b"left behind");
    write(&two.join("new/file"), &noise(6, 3000));
    for revision in UdfRevision::ALL {
        let first = plan_udf(&one, 0, revision);
        let kept = first
            .files()
            .find(|file| file.path().ends_with("kept"))
            .unwrap();
        let mut builder = scan(&two).edit();
        let at = Attributes::new(0o640, options().created);
        let origin = Origin::Recorded(kept.extents().collect());
        builder.add_folder(Path::new("/old"), &at).unwrap();
        builder
            .add_file(Path::new("/old/again"), origin, &at)
            .unwrap();
        let mut wanted = options();
        wanted.udf = Some(revision);
        // Windows between sessions are no part of either.
        let nwa = first.blocks() as u32 + 6912;
        let tree = builder.finish().unwrap();
        let second = Arc::new(Layout::plan(tree, nwa, &wanted).unwrap());
        let disc = disc(&first, &second);
        for (session, expected) in [(0, 2), (nwa, 2)] {
            let mut volume = Volume::open(disc.as_slice(), session).unwrap();
            assert!(volume.use_names(Names::Udf), "{revision}");
            let files = entries(&mut volume);
            let files = files.iter().filter(|(_, e)| e.kind == NodeKind::File);
            assert_eq!(files.count(), expected, "{revision} {session}");
        }
        let mut volume = Volume::open(disc.as_slice(), nwa).unwrap();
        volume.use_names(Names::Udf);
        let read = |volume: &mut Volume<&[u8]>, path: &str| {
            let entry = volume.find(Path::new(path)).unwrap().unwrap();
            let mut bytes = vec![0; entry.size as usize + 1];
            let length = volume.read_file(&entry, 0, &mut bytes).unwrap();
            bytes.truncate(length);
            bytes
        };
        assert!(read(&mut volume, "/old/again") == noise(5, 9000));
        assert!(read(&mut volume, "/new/file") == noise(6, 3000));
        assert_eq!(volume.find(Path::new("/old/left")).unwrap(), None);
    }
}

#[test]
fn a_volume_of_udf_alone_holds_all_of_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    for revision in UdfRevision::ALL {
        let mut wanted = options();
        wanted.udf = Some(revision);
        wanted.iso9660 = false;
        let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &wanted).unwrap());
        let image = image(&layout);
        let volume = Volume::open(image.as_slice(), 0).unwrap();
        assert_eq!(volume.offered_names(), [Names::Udf]);
        assert_eq!(u64::from(volume.blocks()) + 1, layout.blocks());
        assert_eq!(differences(&image, dir.path()), [""; 0], "{revision}");
    }
}

#[test]
fn what_is_hidden_in_udf_has_a_name_elsewhere_alone() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("folder/inside"), b"1");
    write(&dir.path().join("shown"), b"2");
    std::fs::hard_link(dir.path().join("shown"), dir.path().join("again")).unwrap();
    write(&dir.path().join("marked"), b"3");
    let mut builder = scan(dir.path()).edit();
    let mut hidden = Extras::default();
    hidden.hidden_in.udf = true;
    for path in ["/folder", "/again"] {
        builder.set_extras(Path::new(path), hidden.clone()).unwrap();
    }
    let mut marked = Extras::default();
    marked.marked_hidden = true;
    marked.created = Some(Timestamp::from_seconds(1_000_000_000));
    marked.real_time = true;
    builder.set_extras(Path::new("/marked"), marked).unwrap();
    for revision in UdfRevision::ALL {
        let mut wanted = options();
        wanted.udf = Some(revision);
        let tree = builder.finish().unwrap();
        let layout = Arc::new(Layout::plan(tree, 0, &wanted).unwrap());
        let image = image(&layout);
        let mut volume = Volume::open(image.as_slice(), 0).unwrap();
        volume.use_names(Names::Udf);
        let found = entries(&mut volume);
        let names: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["/", "/marked", "/shown"], "{revision}");
        let links: Vec<u32> = found.iter().map(|(_, e)| e.posix.unwrap().links).collect();
        assert_eq!(links, [1, 1, 1], "{revision}");
        let marked = &found[1].1;
        assert_eq!(marked.created, Some(Timestamp::from_seconds(1_000_000_000)));
        let facts = marked.udf.as_ref().unwrap();
        assert!(marked.hidden && !found[2].1.hidden);
        assert_eq!(facts.real_time, revision >= UdfRevision::V2_01);
        assert_eq!(volume.udf().unwrap().counts, Some((2, 1)));
        let tree = builder.finish().unwrap();
        let mut told = Told::default();
        let options = CompareOptions::default();
        compare(&mut volume, &tree, &options, &mut told).unwrap();
        assert!(
            told.0.iter().all(|told| !told.contains("Udf")),
            "{revision}: {:?}",
            told.0
        );
    }
}

#[test]
fn without_a_mirror_the_metadata_stand_once() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"1");
    let mut wanted = options();
    wanted.udf = Some(UdfRevision::V2_60);
    wanted.udf_options.mirror = false;
    let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &wanted).unwrap());
    let blocks = blocks_of(&layout, &Structure::UdfMetadata { mirror: true });
    assert_eq!(blocks.len(), 1);
    assert_eq!(differences(&image(&layout), dir.path()), [""; 0]);
}

#[test]
fn the_table_in_a_boot_image_is_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("loader"), &noise(9, 700_001));
    let tree = scan(dir.path());
    let loader = tree.find(Path::new("/loader")).unwrap();
    let mut entry = BootEntry::new(loader, Platform::Bios);
    entry.info_table = true;
    let mut wanted = options();
    wanted.udf = Some(UdfRevision::V2_01);
    wanted.boot.push(entry);
    let layout = Arc::new(Layout::plan(tree, 0, &wanted).unwrap());
    let mut image = image(&layout);
    assert_eq!(differences(&image, dir.path()), [""; 0]);
    // Its length is another; and what stands behind it is.
    let first = layout.files().next().unwrap().first_lba() as usize * BLOCK_SIZE;
    for at in [16, 64] {
        image[first + at] ^= 1;
        assert_eq!(differences(&image, dir.path()).len(), 1, "{at}");
        image[first + at] ^= 1;
    }
}

#[test]
fn files_of_no_host_are_compared_where_their_bytes_are_known() {
    let mut builder = TreeBuilder::new();
    let at = Attributes::new(0o644, options().created);
    let origin = Origin::memory(noise(4, 5000));
    builder.add_file(Path::new("/given"), origin, &at).unwrap();
    let mut wanted = options();
    wanted.udf = Some(UdfRevision::V2_01);
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &wanted).unwrap());
    let mut image = image(&layout);
    let differences = |image: &[u8]| {
        let mut volume = Volume::open(image, 0).unwrap();
        let mut told = Vec::new();
        let options = CompareOptions::default();
        compare(&mut volume, layout.tree(), &options, &mut told).unwrap();
        told.len()
    };
    assert_eq!(differences(&image), 0);
    image[layout.files().next().unwrap().first_lba() as usize * BLOCK_SIZE + 4999] ^= 1;
    assert_eq!(differences(&image), 1);
}

/// A tree with a file that has `count` streams, and a folder that has one.
fn streamed(count: usize) -> TreeBuilder {
    let mut builder = TreeBuilder::new();
    let at = Attributes::new(0o640, options().created);
    let stream = |name: String, bytes: Vec<u8>| NamedStream {
        name: name.into(),
        bytes: match Origin::memory(bytes) {
            Origin::Given(bytes) => bytes,
            other => panic!("{other:?}"),
        },
    };
    let origin = Origin::memory(b"main".to_vec());
    builder.add_file(Path::new("/file"), origin, &at).unwrap();
    builder
        .add_file(Path::new("/other"), Origin::memory(noise(8, 3000)), &at)
        .unwrap();
    let mut extras = Extras::default();
    for number in 0..count {
        let name = format!("stream number {number} {}", "ż".repeat(number % 50));
        extras
            .streams
            .push(stream(name, noise(number as u64, number * 100)));
    }
    builder.set_extras(Path::new("/file"), extras).unwrap();
    builder
}

#[test]
fn named_streams_come_back() {
    for (revision, count) in [
        (UdfRevision::V2_00, 1),
        (UdfRevision::V2_01, 3),
        (UdfRevision::V2_50, 90),
        (UdfRevision::V2_60, 300),
    ] {
        let mut wanted = options();
        wanted.udf = Some(revision);
        let tree = streamed(count).finish().unwrap();
        let layout = Arc::new(Layout::plan(tree, 0, &wanted).unwrap());
        assert!(layout.warnings().is_empty(), "{:?}", layout.warnings());
        let image = image(&layout);
        let mut volume = Volume::open(image.as_slice(), 0).unwrap();
        volume.use_names(Names::Udf);
        assert_eq!(volume.udf().unwrap().counts, Some((2, 1)), "{revision}");
        let other = volume.find(Path::new("/other")).unwrap().unwrap();
        assert!(!other.udf.as_ref().unwrap().has_streams);
        let file = volume.find(Path::new("/file")).unwrap().unwrap();
        assert!(file.udf.as_ref().unwrap().has_streams);
        assert_eq!(file.size, 4);
        let streams = volume.named_streams(&file).unwrap();
        assert_eq!(streams.len(), count, "{revision}");
        for (number, stream) in streams.iter().enumerate() {
            let name = format!("stream number {number} {}", "ż".repeat(number % 50));
            assert_eq!(stream.name, name.as_bytes());
            let mut bytes = vec![0; stream.size as usize];
            volume.read_file(stream, 0, &mut bytes).unwrap();
            assert!(bytes == noise(number as u64, number * 100), "{name}");
        }
        let mut told = Vec::new();
        let options = CompareOptions::default();
        compare(&mut volume, layout.tree(), &options, &mut told).unwrap();
        assert!(told.is_empty(), "{told:?}");
        // Blocks alone are as in the whole.
        for block in (0..layout.blocks()).step_by(29) {
            let mut alone = vec![0; BLOCK_SIZE];
            layout.emitter().read_blocks(block, &mut alone).unwrap();
            let at = block as usize * BLOCK_SIZE;
            assert!(alone == image[at..at + BLOCK_SIZE], "block {block}");
        }
    }
}

#[test]
fn streams_that_no_file_system_has_are_told() {
    for udf in [None, Some(UdfRevision::V1_50)] {
        let mut wanted = options();
        wanted.udf = udf;
        let tree = streamed(3).finish().unwrap();
        let layout = Arc::new(Layout::plan(tree, 0, &wanted).unwrap());
        let told: Vec<String> = layout.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "3 named streams are left out, which UDF has from 2.00 on; the first is /file:stream number 0 "
            ]
        );
        let image = image(&layout);
        assert!(Volume::open(image.as_slice(), 0).is_ok());
    }
}

#[test]
fn compressed_files_are_compared_with_either_tree() {
    let dir = tempfile::tempdir().unwrap();
    write(
        &dir.path().join("text"),
        &b"the same again. ".repeat(20_000),
    );
    write(&dir.path().join("noise"), &noise(2, 9000));
    let mut compressed = scan(dir.path());
    let done = compressed.compress(&Compression::default()).unwrap();
    assert_eq!(done.files, 1);
    let layout = Arc::new(Layout::plan(compressed, 0, &options()).unwrap());
    let mut image = image(&layout);
    let count = |image: &[u8], tree: &Tree, all_names| {
        let mut volume = Volume::open(image, 0).unwrap();
        let mut told = Vec::new();
        let options = CompareOptions {
            all_names,
            ..CompareOptions::default()
        };
        compare(&mut volume, tree, &options, &mut told).unwrap();
        told.len()
    };
    assert_eq!(count(&image, layout.tree(), true), 0);
    // Names without Rock Ridge show the compressed bytes.
    let plain = scan(dir.path());
    assert_eq!(count(&image, &plain, false), 0);
    let text = layout.files().find(|f| f.path().ends_with("text")).unwrap();
    image[text.first_lba() as usize * BLOCK_SIZE + 100] ^= 1;
    assert_eq!(count(&image, layout.tree(), true), 1);
    assert_eq!(count(&image, &plain, false), 1);
}

#[test]
fn a_target_that_udf_cannot_hold_is_told() {
    let dir = tempfile::tempdir().unwrap();
    symlink("p".repeat(254), dir.path().join("held")).unwrap();
    symlink(format!("x/{}/y", "p".repeat(255)), dir.path().join("cut")).unwrap();
    symlink("ż".repeat(127) + "ż", dir.path().join("cut too")).unwrap();
    let layout = plan_udf(dir.path(), 0, UdfRevision::V2_01);
    let told: Vec<String> = layout.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told.last().unwrap(),
        "2 links have other targets in UDF; the first is /cut"
    );
    assert_eq!(differences(&image(&layout), dir.path()), [""; 0]);
}

#[test]
fn a_bridge_of_genisoimage_is_read_by_its_udf_names() {
    let name = "a_bridge_of_genisoimage_is_read_by_its_udf_names";
    if tool(name, "genisoimage").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i"));
    write(&source.join("folder/inside/zażółć"), &noise(1, 5000));
    write(&source.join("café"), b"");
    for number in 0..200 {
        write(&source.join(format!("many/{number:050}")), &[number]);
    }
    run(Command::new("genisoimage")
        .args(["-quiet", "-udf", "-input-charset", "utf-8", "-o"])
        .arg(&file)
        .arg(&source));
    let image = std::fs::read(&file).unwrap();
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    assert_eq!(volume.udf_fault().map(ToString::to_string), None);
    assert!(volume.use_names(Names::Udf));
    let mut found = 0;
    for (path, entry) in entries(&mut volume) {
        let source = source.join(path.trim_start_matches('/'));
        match entry.kind {
            NodeKind::Directory => assert!(source.is_dir(), "{path}"),
            _ => {
                let expected = std::fs::read(&source).unwrap();
                let mut bytes = vec![0; expected.len() + 1];
                let length = volume.read_file(&entry, 0, &mut bytes).unwrap();
                assert!(bytes[..length] == expected, "{path}");
                found += 1;
            }
        }
    }
    assert_eq!(found, 202);
}
