//! The reader, and the comparison with the source: what is there is found, what is wrong is named, malice ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use pitland_mastering::Structure;
use pitland_mastering::compare::{Attribute, CompareObserver, CompareSummary};
use pitland_mastering::import::ImportError;
use pitland_mastering::iso9660::directory_record::{RecordBytes, base_length};
use pitland_mastering::read::ReadLimits;
use pitland_mastering::rock_ridge::Attributes;
use pitland_mastering::susp::Entries;
use pitland_mastering::tree::{ExtendedAttribute, Extras};
use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    BLOCK_SIZE, BlockSource, CompareOptions, Deep, Difference, ImageFile, ImportOptions, Layout,
    Names, NodeKind, Owner, Tree, Volume, VolumeOptions, compare, import,
};
use proptest::prelude::*;
use support::*;

fn compare_image(image: &[u8], tree: &Tree, options: &CompareOptions) -> Vec<Difference> {
    let mut volume = Volume::open(image, 0).unwrap();
    let mut differences = Vec::new();
    compare(&mut volume, tree, options, &mut differences).unwrap();
    differences
}

#[test]
fn a_volume_is_read_as_it_was_planned() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
    assert_eq!(volume.names(), Names::RockRidge);
    assert_eq!(volume.volume_id(), "PITLAND_TEST");
    assert_eq!(u64::from(volume.blocks()), layout.blocks());
    assert_eq!(volume.created().unwrap().seconds, 1_700_000_000);
    let found: BTreeMap<_, _> = volume.walk().map(Result::unwrap).collect();
    let tree = layout.tree();
    assert_eq!(found.len(), tree.nodes().count());
    for id in tree.nodes() {
        let path = tree.disc_path(id);
        let entry = found
            .get(&path)
            .unwrap_or_else(|| panic!("{}", path.display()));
        assert_eq!(entry.kind, tree.kind(id), "{}", path.display());
        assert_eq!(entry.posix.unwrap().mode, tree.mode(id));
        assert_eq!(
            entry.target.as_deref(),
            tree.link_target(id)
                .map(|t| t.as_os_str().as_encoded_bytes())
        );
        assert_eq!(entry.modified.unwrap().seconds, tree.modified(id).seconds);
        if entry.kind == NodeKind::File {
            let expected = fs::read(tree.source_path(id)).unwrap();
            let mut content = vec![0; expected.len() + 10];
            let length = volume.read_file(entry, 0, &mut content).unwrap();
            assert!(content[..length] == expected, "{}", path.display());
            // Ranges that begin and end anywhere.
            let from = expected.len() / 3;
            let mut piece = vec![0; expected.len() / 2];
            let length = volume.read_file(entry, from as u64, &mut piece).unwrap();
            assert!(piece[..length] == expected[from..from + length]);
            assert_eq!(length, piece.len());
        }
    }
}

#[test]
fn all_three_kinds_of_names_lead_to_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 40);
    let mut bytes = vec![0; 40 * BLOCK_SIZE];
    bytes.extend(image(&layout));
    let mut volume = Volume::open(bytes.as_slice(), 40).unwrap();
    assert_eq!(
        volume.offered_names(),
        [Names::RockRidge, Names::Joliet, Names::Plain]
    );
    let mut counts = Vec::new();
    for names in volume.offered_names() {
        assert!(volume.use_names(names));
        let entries: Vec<_> = volume.walk().map(Result::unwrap).collect();
        let directories = entries
            .iter()
            .filter(|(_, e)| e.kind == NodeKind::Directory)
            .count() as u64;
        assert_eq!(directories, layout.tree().directory_count());
        counts.push(entries.len());
    }
    assert_eq!(counts[0], counts[2]);
    assert!(counts[1] < counts[0], "Joliet has no links");
    let mut differences = Vec::new();
    let summary = compare(
        &mut volume,
        layout.tree(),
        &CompareOptions::default(),
        &mut differences,
    )
    .unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
    // Plain was in use, so it was the first; it is in use again.
    assert_eq!(volume.names(), Names::Plain);
    assert_eq!(summary.bytes, layout.tree().data_bytes());
}

#[test]
fn volumes_with_fewer_names_compare_as_equal() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    for (rock_ridge, joliet) in [(false, false), (false, true), (true, false)] {
        let options = VolumeOptions {
            rock_ridge,
            joliet,
            ..options()
        };
        let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &options).unwrap());
        let differences = compare_image(&image(&layout), layout.tree(), &CompareOptions::default());
        assert!(
            differences.is_empty(),
            "{rock_ridge} {joliet} {differences:#?}"
        );
    }
}

#[test]
fn one_byte_of_any_file_is_found_with_its_file_and_block() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    for file in layout
        .files()
        .filter(|file| file.size() > 0 && !file.is_further_name())
    {
        let offset = file.size() - 1;
        let lba = file.first_lba() + (offset / BLOCK_SIZE as u64) as u32;
        let at = file.first_lba() as usize * BLOCK_SIZE + offset as usize;
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        match &compare_image(&damaged, layout.tree(), &CompareOptions::default())[..] {
            [
                Difference::Content {
                    path,
                    lba: found,
                    offset: byte,
                },
            ] => {
                assert_eq!((path, *found, *byte), (&file.path(), lba, offset));
            }
            other => panic!("{}: {other:#?}", file.path().display()),
        }
    }
}

/// Bytes of the records in a block of a folder that say something which is compared. Not so: pad bytes, versions, the length of an extended attribute record, and access and change times; and the records `.` and `..`.
fn telling_bytes(block: &[u8]) -> Vec<usize> {
    let mut bytes = Vec::new();
    let (mut offset, mut last) = (0, 0);
    while let Some(record) = RecordBytes::new_checked(&block[offset..]).unwrap() {
        let identifier = record.identifier().len();
        let version = usize::from(record.identifier().ends_with(b";1"));
        if !matches!(record.identifier(), [0] | [1]) {
            bytes.extend(
                (0..33 + identifier - version)
                    .filter(|at| *at != 1)
                    .map(|at| offset + at),
            );
            let mut at = offset + base_length(identifier);
            for entry in Entries::new(record.system_use()) {
                let entry = entry.unwrap();
                // The flag that more parts follow is not needed to read them.
                let link = &entry.signature == b"SL";
                let compared = match &entry.signature {
                    // Without it, the record's own stamp says the same.
                    b"TF" => 5..12,
                    _ => 0..4 + entry.data.len(),
                };
                bytes.extend(
                    compared
                        .filter(|byte| *byte != 3 && !(link && *byte == 4))
                        .map(|byte| at + byte),
                );
                at += 4 + entry.data.len();
            }
        }
        last = offset;
        offset += record.length();
    }
    // Behind the last record there are zeros, which a longer record takes in without harm.
    bytes.retain(|at| *at != last);
    bytes
}

#[test]
fn every_byte_of_a_record_that_says_something_is_found_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("folder/file.txt"), &noise(1, 5000));
    write(&dir.path().join("other.txt"), &noise(2, 100));
    fs::hard_link(dir.path().join("other.txt"), dir.path().join("same.txt")).unwrap();
    std::os::unix::fs::symlink("folder/file.txt", dir.path().join("link")).unwrap();
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    let options = CompareOptions {
        contents: false,
        ..CompareOptions::default()
    };
    let mut tried = 0;
    for lba in 0..layout.blocks() as u32 {
        let Some(Owner::Structure(Structure::Directory { .. })) = layout.owner_of(lba) else {
            continue;
        };
        let start = lba as usize * BLOCK_SIZE;
        // Continuation areas hold no records; here, that is the root's extension reference alone.
        let is_records = matches!(bytes[start + 32..start + 34], [1, 0]);
        if !is_records {
            continue;
        }
        for at in telling_bytes(&bytes[start..start + BLOCK_SIZE]) {
            let mut damaged = bytes.clone();
            damaged[start + at] ^= 0x02;
            tried += 1;
            let mut volume = Volume::open(damaged.as_slice(), 0).unwrap();
            let mut differences = Vec::new();
            compare(&mut volume, layout.tree(), &options, &mut differences).unwrap();
            let near = bytes[start..][at.saturating_sub(30)..at + 10].escape_ascii();
            assert!(!differences.is_empty(), "LBA {lba}, byte {at}: {near}");
            assert!(
                differences.iter().any(|d| d.lba() == Some(lba)),
                "LBA {lba}, byte {at}: {differences:#?}"
            );
        }
    }
    assert!(tried > 600, "{tried}");
}

#[test]
fn what_differs_from_the_source_is_named_by_kind() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("s");
    for name in ["gone", "grown", "retyped", "touched", "chmodded", "same"] {
        write(&source.join(name), name.as_bytes());
        set_time(&source.join(name), 1_000_000_000, 0);
    }
    let link = source.join("link");
    std::os::unix::fs::symlink("one", &link).unwrap();
    let bytes = image(&plan(&source, 0));
    fs::remove_file(source.join("gone")).unwrap();
    write(&source.join("new"), b"new");
    write(&source.join("grown"), b"grown more");
    fs::remove_file(source.join("retyped")).unwrap();
    fs::create_dir(source.join("retyped")).unwrap();
    set_time(&source.join("touched"), 1_000_000_001, 0);
    fs::set_permissions(
        source.join("chmodded"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("two", &link).unwrap();
    let options = CompareOptions {
        all_names: false,
        ..CompareOptions::default()
    };
    let differences = compare_image(&bytes, &scan(&source), &options);
    let has = |wanted: &dyn Fn(&Difference) -> bool| differences.iter().any(wanted);
    let at = |path: &PathBuf, name: &str| path == Path::new(name);
    assert!(
        has(&|d| matches!(d, Difference::Extra { path, .. } if at(path, "/gone"))),
        "{differences:#?}"
    );
    assert!(has(
        &|d| matches!(d, Difference::Missing { path, .. } if at(path, "/new"))
    ));
    assert!(has(
        &|d| matches!(d, Difference::Size { path, volume: 5, source: 10, .. } if at(path, "/grown"))
    ));
    assert!(has(
        &|d| matches!(d, Difference::Kind { path, source: NodeKind::Directory, .. } if at(path, "/retyped"))
    ));
    let attribute = |name: &'static str, which: Attribute| {
        move |d: &Difference| {
            matches!(d, Difference::Attribute { path, attribute, .. }
            if path == Path::new(name) && *attribute == which)
        }
    };
    assert!(has(&attribute("/touched", Attribute::Modified)));
    assert!(has(&attribute("/chmodded", Attribute::Mode)));
    assert!(has(&attribute("/link", Attribute::Target)));
    assert!(!differences.iter().any(|d| d.path() == Path::new("/same")));
    assert!(differences.iter().all(|d| !d.to_string().is_empty()));
}

#[test]
fn a_source_that_changes_before_the_comparison_is_blamed_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    write(&path, &noise(1, 5000));
    set_time(&path, 1_000_000_000, 0);
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .write_all_at(b"x", 0)
        .unwrap();
    let differences = compare_image(&bytes, layout.tree(), &CompareOptions::default());
    assert!(
        matches!(&differences[..], [Difference::SourceChanged { path: p, .. }] if *p == path),
        "{differences:?}"
    );
}

/// A source with blocks that cannot be read.
struct Scratched<'a> {
    image: &'a [u8],
    bad: std::ops::Range<u32>,
}

impl BlockSource for Scratched<'_> {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let end = lba + (out.len() / BLOCK_SIZE) as u32;
        if lba < self.bad.end && self.bad.start < end {
            return Err(io::Error::other("scratch"));
        }
        self.image.read_blocks(lba, out)
    }
}

#[test]
fn blocks_that_cannot_be_read_are_found_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &noise(1, 1 << 20));
    write(&dir.path().join("b"), &noise(2, 5000));
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    let first = layout.files().next().unwrap().first_lba();
    let bad = first + 300..first + 302;
    let mut volume = Volume::open(Scratched { image: &bytes, bad }, 0).unwrap();
    let mut differences = Vec::new();
    compare(
        &mut volume,
        layout.tree(),
        &CompareOptions::default(),
        &mut differences,
    )
    .unwrap();
    match &differences[..] {
        [
            Difference::Unreadable {
                path, lba, offset, ..
            },
        ] => {
            assert_eq!(
                (path.as_path(), *lba, *offset),
                (Path::new("/a"), first + 300, 300 * 2048)
            );
        }
        other => panic!("{other:#?}"),
    }
}

#[test]
fn the_observer_can_end_the_comparison() {
    struct Impatient(u64);
    impl CompareObserver for Impatient {
        fn difference(&mut self, difference: Difference) {
            panic!("{difference}");
        }
        fn compared(&mut self, bytes: u64) -> ControlFlow<()> {
            self.0 += bytes;
            if self.0 > 1 << 20 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &noise(1, 3 << 20));
    let layout = plan(dir.path(), 0);
    let bytes = image(&layout);
    let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
    let mut observer = Impatient(0);
    let summary: CompareSummary = compare(
        &mut volume,
        layout.tree(),
        &CompareOptions::default(),
        &mut observer,
    )
    .unwrap();
    assert!(summary.stopped && summary.bytes < 3 << 20);
}

#[test]
fn a_sparse_file_over_4_gib_compares_without_a_whole_image() {
    /// Makes blocks as they are asked for.
    struct Emitted(pitland_mastering::Emitter);
    impl BlockSource for Emitted {
        fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
            self.0
                .read_blocks(u64::from(lba), out)
                .map_err(io::Error::other)
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(dir.path().join("big")).unwrap();
    let section = (1u64 << 32) - 2048;
    file.set_len(section + 5_000).unwrap();
    file.write_all_at(b"end", section + 4_997).unwrap();
    let layout = plan(dir.path(), 0);
    let mut volume = Volume::open(Emitted(layout.emitter()), 0).unwrap();
    let root = volume.root().unwrap();
    let entries = volume.read_dir(&root).unwrap();
    assert_eq!(
        (entries.len(), entries[0].extents.len(), entries[0].size),
        (1, 2, section + 5_000)
    );
    let mut end = [0; 8];
    assert_eq!(
        volume
            .read_file(&entries[0], section + 4_995, &mut end)
            .unwrap(),
        5
    );
    assert_eq!(&end[..5], b"\0\0end");
    // Across the border between the sections.
    assert_eq!(
        volume
            .read_file(&entries[0], section - 3, &mut end)
            .unwrap(),
        8
    );
    assert_eq!(
        entries[0].lba_of(section),
        Some(entries[0].extents[1].first_lba)
    );
}

#[test]
fn an_image_file_is_a_source() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("s/a"), b"1");
    let layout = plan(&dir.path().join("s"), 0);
    image_file(&layout, &dir.path().join("i"));
    let file = ImageFile::new(File::open(dir.path().join("i")).unwrap());
    let mut volume = Volume::open(file, 0).unwrap();
    assert_eq!(volume.walk().count(), 2);
    let no_volume = Volume::open([0u8; 40 * BLOCK_SIZE].as_slice(), 0).unwrap_err();
    assert!(no_volume.to_string().contains("LBA 16"), "{no_volume}");
    assert!(Volume::open([0u8; 0].as_slice(), u32::MAX).is_err());
}

/// A small volume with everything in it, to be damaged.
fn corpus() -> &'static (Vec<u8>, Vec<u32>) {
    static CORPUS: OnceLock<(Vec<u8>, Vec<u32>)> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..30 {
            write(
                &dir.path()
                    .join(format!("d{}/e/{number} {}", number % 3, "n".repeat(200))),
                &[7; 3000],
            );
        }
        std::os::unix::fs::symlink("/x/../y/".repeat(60), dir.path().join("d1/link")).unwrap();
        let deep: std::path::PathBuf = (0..10).map(|level| format!("level {level}")).collect();
        write(&dir.path().join(deep).join("file"), &[0; 50_000]);
        let mut tree = scan(dir.path());
        tree.compress(&Compression::default()).unwrap();
        let mut builder = tree.edit();
        let mut extras = Extras::default();
        extras.attributes = ["user.a", "user.b"]
            .map(|name| ExtendedAttribute {
                name: name.into(),
                value: vec![7; 700],
            })
            .to_vec();
        builder.set_extras("/d0", extras).unwrap();
        let mut with = options();
        with.deep = Deep::Relocate;
        with.enhanced = true;
        let tree = builder.finish().unwrap();
        let layout = Arc::new(Layout::plan(tree, 0, &with).unwrap());
        let structures = (16..layout.blocks() as u32)
            .filter(|lba| !matches!(layout.owner_of(*lba), Some(Owner::File { .. }) | None))
            .filter(|lba| layout.owner_of(*lba) != Some(Owner::Structure(Structure::Padding)))
            .collect();
        (image(&layout), structures)
    })
}

/// Reads all that can be read, within limits that a hostile volume meets.
fn exhaust(image: &[u8]) {
    let limits = ReadLimits {
        directory_bytes: 1 << 22,
        total_directory_bytes: 1 << 24,
        depth: 64,
        ..ReadLimits::default()
    };
    let Ok(mut volume) = Volume::open_with(image, 0, limits) else {
        return;
    };
    for names in volume.offered_names() {
        volume.use_names(names);
        let entries: Vec<_> = volume.walk().collect();
        for entry in entries {
            match entry {
                Ok((_, entry)) => {
                    assert!(entry.name.iter().all(|b| !matches!(b, b'/' | 0)));
                    let _ = volume.read_file(&entry, entry.size / 2, &mut [0; 5000]);
                    let _ = entry.lba_of(u64::MAX);
                }
                Err(error) => assert!(error.to_string().contains("LBA"), "{error}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn a_damaged_volume_neither_panics_nor_holds_the_reader(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..BLOCK_SIZE, any::<u8>()), 1..40),
        numbers in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0usize..400, any::<prop::sample::Index>()), 0..6),
    ) {
        let (bytes, structures) = corpus();
        let mut bytes = bytes.clone();
        for (block, at, value) in damage {
            bytes[*block.get(structures) as usize * BLOCK_SIZE + at] = value;
        }
        // Numbers in both byte orders that lead to another structure: loops, areas that name themselves.
        for (block, at, target) in numbers {
            let target = *target.get(structures);
            let at = *block.get(structures) as usize * BLOCK_SIZE + at;
            bytes[at..at + 4].copy_from_slice(&target.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&target.to_be_bytes());
        }
        exhaust(&bytes);
    }

    #[test]
    fn noise_behind_a_descriptor_neither_panics_nor_holds_the_reader(seed in any::<u64>()) {
        let (bytes, _) = corpus();
        let mut bytes = bytes[..64 * BLOCK_SIZE].to_vec();
        let noise = noise(seed, 40 * BLOCK_SIZE);
        // The root's record of itself stays, for the reader to begin at all.
        let root = u32::from_le_bytes(bytes[16 * BLOCK_SIZE + 158..][..4].try_into().unwrap()) as usize * BLOCK_SIZE;
        let from = root + 200;
        let length = noise.len().min(bytes.len() - from);
        bytes[from..from + length].copy_from_slice(&noise[..length]);
        exhaust(&bytes);
    }
}

/// Puts a record's extent where a folder's record is.
fn redirect(bytes: &mut [u8], name: &[u8], target: u32) {
    let at = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    let record = at - 33;
    bytes[record + 2..record + 6].copy_from_slice(&target.to_le_bytes());
    bytes[record + 6..record + 10].copy_from_slice(&target.to_be_bytes());
}

#[test]
fn a_folder_that_holds_itself_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("INNER/file"), b"1");
    let bytes = &mut image(&plan(dir.path(), 0));
    let root = u32::from_le_bytes(bytes[16 * BLOCK_SIZE + 158..][..4].try_into().unwrap());
    let records = root as usize * BLOCK_SIZE;
    redirect(&mut bytes[records..], b"INNER", root);
    let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
    let errors: Vec<_> = volume.walk().filter_map(Result::err).collect();
    assert!(
        matches!(errors[..], [pitland_mastering::ReadError::DirectoryLoop { lba, .. }] if lba == root),
        "{errors:?}"
    );
}

#[test]
fn a_changed_time_is_told_once_and_not_for_each_set_of_names() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"1");
    let bytes = image(&plan(dir.path(), 0));
    let file = File::options()
        .write(true)
        .open(dir.path().join("file"))
        .unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1))
        .unwrap();
    let tree = Tree::scan(&[dir.path().to_path_buf()], &Default::default()).unwrap();
    let told = compare_image(&bytes, &tree, &CompareOptions::default())
        .iter()
        .filter(|difference| difference.path() == Path::new("/file"))
        .count();
    assert_eq!(told, 1);
}

#[test]
fn records_stand_in_the_order_of_ecma_119_where_one_extension_begins_another() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "foo", "foo.1", "a.r", "a.r0", "syslog", "syslog.1", "x.c", "x.c1",
    ] {
        write(&dir.path().join(name), b"1");
    }
    let bytes = image(&plan(dir.path(), 0));
    let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
    assert!(volume.use_names(Names::Plain));
    let root = volume.root().unwrap();
    let names: Vec<String> = volume
        .read_dir(&root)
        .unwrap()
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.name).into_owned())
        .collect();
    // As xorriso and genisoimage have them.
    let expected = [
        "A.R", "A.R0", "FOO", "FOO.1", "SYSLOG", "SYSLOG.1", "X.C", "X.C1",
    ];
    assert_eq!(names, expected);
}

#[test]
fn an_entry_is_found_by_its_path_and_walked_from() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let bytes = image(&plan(dir.path(), 0));
    let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
    let mut find = |path: &str| volume.find(Path::new(path)).unwrap();
    assert_eq!(find("/sizes/2049.bin").unwrap().size, 2049);
    assert_eq!(find("sizes/./2049.bin"), find("/sizes//2049.bin"));
    assert_eq!(find("/").unwrap().kind, NodeKind::Directory);
    for none in ["/none", "/sizes/../sizes", "/sizes/1.bin/x", "/links/up/x"] {
        assert_eq!(find(none), None, "{none}");
    }
    let links = find("/links").unwrap();
    let found: Vec<PathBuf> = volume
        .walk_from("/here".into(), links)
        .map(|entry| entry.unwrap().0)
        .collect();
    let folder = dir.path().join("links");
    assert_eq!(found.len(), snapshot(&folder).len());
    assert!(found.contains(&PathBuf::from("/here/sub/once more")));
}

#[test]
fn a_file_with_holes_by_rock_ridge_is_never_taken_for_its_tables() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sparse"), [7; 5000]).unwrap();
    let both = |number: u32| [number.to_le_bytes(), number.to_be_bytes()].concat();
    let mut bytes = image(&plan(dir.path(), 0));
    let record = bytes.windows(9).position(|at| at == b"SPARSE.;1").unwrap();
    let record = &mut bytes[record..record + 200];
    // Its mode makes room: 8 GiB and a byte, told in a table of one level.
    let mode = record.windows(4).position(|at| at == b"PX\x2c\x01");
    let mode = mode.unwrap();
    let mut entry = [&b"SF\x15\x01"[..], &both(2), &both(1), &[1], b"PD\x17\x01"].concat();
    entry.resize(0x2c, 0);
    record[mode..mode + entry.len()].copy_from_slice(&entry);
    let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
    let path = Path::new("/sparse");
    let entry = volume.find(path).unwrap().unwrap();
    assert_eq!(
        (entry.size, entry.extents.as_slice()),
        ((2 << 32) + 1, &[][..])
    );
    assert_eq!(volume.read_file(&entry, 0, &mut [0; 9000]).unwrap(), 0);
    let refused = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap_err();
    assert!(
        matches!(&refused, ImportError::NotInPlace { path: at } if at == path),
        "{refused}"
    );
    // The fields of before 1.12 have one number.
    let short = [&b"SF\x0c\x01"[..], &both(9)].concat();
    let short = Entries::new(&short).next().unwrap().unwrap();
    let mut attributes = Attributes::default();
    attributes.take(&short).unwrap();
    assert_eq!(attributes.sparse, Some(9));
}
