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
use pitland_mastering::{
    BLOCK_SIZE, CompareOptions, Difference, Entry, Layout, Names, NodeKind, Owner, Structure,
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
    assert!(facts.unique_id >= 16 && !facts.hidden && !facts.has_streams);
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
