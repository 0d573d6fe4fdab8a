//! Damaged and hostile volumes that are imported: either nothing is, or a session built on what was imported shows just
//! that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use pitland_mastering::import::ImportError;
use pitland_mastering::read::{ReadError, ReadLimits};
use pitland_mastering::{
    Attributes, BLOCK_SIZE, BootEntry, ImportOptions, Layout, Names, NodeKind, Origin, Owner,
    Platform, Structure, Timestamp, TreeBuilder, UdfRevision, Volume, VolumeOptions, import,
    sessions,
};
use proptest::prelude::*;
use support::*;

/// A volume with two sessions, and the blocks of its structures.
static CORPUS: LazyLock<(Vec<u8>, u32, Vec<u32>)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..12 {
        let name = format!("d{}/e/{number} {}", number % 3, "n".repeat(120));
        write(&dir.path().join(name), &noise(number, 3000));
    }
    write(&dir.path().join("loader"), &noise(77, 2048));
    std::fs::hard_link(dir.path().join("loader"), dir.path().join("d0/loader")).unwrap();
    std::os::unix::fs::symlink("/x/../y/".repeat(60), dir.path().join("d1/link")).unwrap();
    let plan = |tree: pitland_mastering::Tree, first_lba| {
        let attributes = Attributes::new(0o444, Timestamp::from_seconds(0));
        let tree = tree.with_manifest("SHA256SUMS", &attributes).unwrap();
        let loader = tree.find(std::path::Path::new("/loader")).unwrap();
        let options = VolumeOptions {
            udf: Some(UdfRevision::V2_01),
            boot: vec![BootEntry::new(loader, Platform::Bios)],
            padding_blocks: 0,
            ..options()
        };
        Arc::new(Layout::plan(tree, first_lba, &options).unwrap())
    };
    let first = plan(scan(dir.path()), 0);
    let mut bytes = image(&first);
    let imported = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    let mut builder = imported.builder.clone();
    builder.rename("/d0", "/D").unwrap();
    let first_lba = imported.next_session(16).unwrap();
    let second = plan(builder.finish().unwrap(), first_lba);
    bytes.resize(first_lba as usize * BLOCK_SIZE, 0);
    bytes.extend(image(&second));
    let structures = (first_lba + 16..first_lba + second.blocks() as u32)
        .filter(|lba| {
            let owner = second.owner_of(*lba);
            !matches!(
                owner,
                Some(Owner::File { .. } | Owner::Structure(Structure::Padding)) | None
            )
        })
        .collect();
    (bytes, first_lba, structures)
});

/// Imports a volume, and builds a session on it: what that shows must be what was imported.
fn import_and_build(bytes: &[u8], session: u32, names: Option<Names>) -> bool {
    let mut options = ImportOptions::default();
    options.names = names;
    // Those that nobody names read every file as well.
    options.digests = names.is_none().then(|| "SHA256SUMS".into());
    options.limits = ReadLimits {
        directory_bytes: 1 << 22,
        total_directory_bytes: 1 << 24,
        depth: 64,
        ..ReadLimits::default()
    };
    options.most_nodes = 10_000;
    let imported = match import(bytes, session, &options) {
        Ok(imported) => imported,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let tree = imported.builder.finish().unwrap();
    let mut wanted = VolumeOptions {
        padding_blocks: 0,
        ..VolumeOptions::new("AGAIN", pitland_mastering::Timestamp::from_seconds(0))
    };
    wanted.boot = imported.boot_entries(&tree);
    let Some(first_lba) = imported.next_session(16) else {
        return false;
    };
    // An end that the descriptors make up is no place that this test can fill.
    if first_lba as usize > 4 * bytes.len() / BLOCK_SIZE {
        return false;
    }
    let layout = match Layout::plan(tree, first_lba, &wanted) {
        Ok(layout) => Arc::new(layout),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let mut image = bytes.to_vec();
    image.resize(first_lba as usize * BLOCK_SIZE, 0);
    image.extend(support::image(&layout));
    let mut volume = Volume::open(image.as_slice(), first_lba).unwrap();
    let found: Vec<_> = volume.walk().map(Result::unwrap).collect();
    let tree = layout.tree();
    let shown: Vec<_> = imported
        .builder
        .walk()
        .filter(|item| item.extras().is_none_or(|extras| !extras.hidden_in.iso))
        .collect();
    assert_eq!(found.len(), shown.len());
    for (path, entry) in found {
        let id = tree.find(&path).unwrap();
        assert_eq!(entry.kind, tree.kind(id));
        if entry.kind == NodeKind::File && tree.size(id) > 0 {
            let extents: Vec<_> = layout.extents_of(id).collect();
            assert_eq!(entry.extents, extents);
            for extent in &extents {
                let end = (extent.first_lba + extent.blocks) as usize;
                assert!(end <= bytes.len() / BLOCK_SIZE);
            }
        }
    }
    true
}

#[test]
fn the_volume_is_imported_while_it_is_whole() {
    let (bytes, session, _) = &*CORPUS;
    for names in [
        None,
        Some(Names::Udf),
        Some(Names::Joliet),
        Some(Names::Plain),
    ] {
        assert!(import_and_build(bytes, *session, names), "{names:?}");
    }
    let found = sessions(&mut bytes.as_slice()).unwrap();
    let begins: Vec<u32> = found.iter().map(|session| session.first_lba).collect();
    assert_eq!(begins, [0, *session]);
}

fn names() -> impl Strategy<Value = Option<Names>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Names::Udf)),
        1 => Just(Some(Names::Joliet)),
        1 => Just(Some(Names::Plain)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_session_is_refused_or_imported_as_it_reads(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..BLOCK_SIZE, any::<u8>()), 0..8),
        numbers in proptest::collection::vec((any::<prop::sample::Index>(), 0..400usize, any::<u32>(), any::<bool>()), 0..6),
        names in names(),
    ) {
        let (bytes, session, structures) = &*CORPUS;
        let mut bytes = bytes.clone();
        for (block, at, value) in damage {
            bytes[*block.get(structures) as usize * BLOCK_SIZE + at] = value;
        }
        let blocks = (bytes.len() / BLOCK_SIZE) as u32;
        for (block, at, target, near) in numbers {
            let target = if near { target % (blocks + 3) } else { target };
            let at = *block.get(structures) as usize * BLOCK_SIZE + at;
            bytes[at..at + 4].copy_from_slice(&target.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&target.to_be_bytes());
        }
        import_and_build(&bytes, *session, names);
        let _ = sessions(&mut bytes.as_slice());
    }

    #[test]
    fn an_image_that_was_cut_short_is_refused_or_imported_whole(part in 0.0..1.0f64, names in names()) {
        let (bytes, session, _) = &*CORPUS;
        let blocks = ((bytes.len() / BLOCK_SIZE) as f64 * part) as usize;
        import_and_build(&bytes[..blocks * BLOCK_SIZE], *session, names);
    }

    #[test]
    fn numbers_that_lead_anywhere_end_the_search_for_sessions(
        numbers in proptest::collection::vec((0..20u32, 0..200usize, 0..900u32), 0..12),
    ) {
        let (bytes, session, _) = &*CORPUS;
        let mut bytes = bytes.clone();
        for (block, at, value) in numbers {
            let at = (session * u32::from(block >= 10) + 16 + block % 10) as usize * BLOCK_SIZE + at;
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&value.to_be_bytes());
        }
        let found = sessions(&mut bytes.as_slice()).unwrap();
        prop_assert!(found.windows(2).all(|pair| pair[0].first_lba < pair[1].first_lba));
    }
}

#[test]
fn files_that_share_blocks_are_not_read_for_longer_than_the_disc_is() {
    let attributes = Attributes::new(0o644, Timestamp::from_seconds(0));
    let mut builder = TreeBuilder::new();
    let large = Origin::memory(noise(1, 1 << 20));
    builder.add_file("/large", large, &attributes).unwrap();
    let mut options = VolumeOptions::new("SHARED", Timestamp::from_seconds(0));
    options.padding_blocks = 0;
    let layout = Layout::plan(builder.finish().unwrap(), 0, &options).unwrap();
    let mut bytes = image(&Arc::new(layout));
    let imported = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    let mut builder = imported.builder.clone();
    let Origin::Recorded(extents) = builder.get("/large").unwrap().origin().clone() else {
        panic!("it stands on the disc");
    };
    for number in 1..20 {
        let mut extent = extents[0];
        extent.bytes -= number;
        let origin = Origin::Recorded([extent].into());
        let name = format!("/{number:02}");
        builder.add_file(name, origin, &attributes).unwrap();
    }
    // The same bytes under another name are no more to be read.
    let same = Origin::Recorded(extents);
    builder.add_file("/same", same, &attributes).unwrap();
    let session = imported.next_session(16).unwrap();
    let layout = Layout::plan(builder.finish().unwrap(), session, &options).unwrap();
    bytes.resize(session as usize * BLOCK_SIZE, 0);
    bytes.extend(image(&Arc::new(layout)));
    let mut with_digests = ImportOptions::default();
    with_digests.digests = Some("SHA256SUMS".into());
    let error = import(bytes.as_slice(), session, &with_digests).unwrap_err();
    assert!(
        matches!(&error, ImportError::TooMuch { limit, .. } if *limit == 4 * bytes.len() as u64),
        "{error}"
    );
    import(bytes.as_slice(), session, &ImportOptions::default()).unwrap();
}

#[test]
fn paths_that_take_more_than_the_volume_are_an_error_and_no_memory() {
    let mut builder = TreeBuilder::new();
    let mut path = PathBuf::from("/");
    let attributes = Attributes::new(0o755, Timestamp::from_seconds(0));
    for _ in 0..400 {
        path.push("n".repeat(250));
        builder.add_folder(&path, &attributes).unwrap();
    }
    // 400 folders alone have paths of 20 MB; each file has one of 100 kB.
    let within = builder.clone();
    for number in 0..1000 {
        let file = path.join(number.to_string());
        let empty = Origin::memory(Vec::new());
        builder.add_file(&file, empty, &attributes).unwrap();
    }
    let mut options = VolumeOptions::new("DEEP", Timestamp::from_seconds(0));
    options.joliet = false;
    for revision in [None, Some(UdfRevision::V2_01)] {
        options.udf = revision;
        let plan = |builder: &TreeBuilder| {
            let layout = Layout::plan(builder.finish().unwrap(), 0, &options).unwrap();
            image(&Arc::new(layout))
        };
        let bytes = plan(&builder);
        let most = (16 * bytes.len()).max(64 << 20);
        assert!(most < 100 << 20);
        let error = import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap_err();
        assert!(
            matches!(
                error,
                ImportError::Volume(ReadError::PathsTooLong { bytes, .. }) if bytes > 64 << 20
            ),
            "{error}"
        );
        let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
        for names in volume.offered_names() {
            volume.use_names(names);
            let found = volume.walk().filter_map(Result::ok);
            let paths: usize = found.map(|(path, _)| path.as_os_str().len()).sum();
            assert!(paths <= most, "{names}");
        }
        let bytes = plan(&within);
        import(bytes.as_slice(), 0, &ImportOptions::default()).unwrap();
    }
}
