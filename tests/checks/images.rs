//! Volumes and their files.

use crate::common::burn::{Place, mastering};
use crate::common::outside::{self, Session, outsider, run};
use crate::common::tree::{noise, write};
use crate::volumes::{
    FILE, FOLDER, Unwritten, Zeros, contents, files_below, image, options, plain, plan, planned,
    scan, tree,
};
use pitland::codes::{Coded, imapi};
use pitland::mastering::import::ImportOptions;
use pitland::mastering::tree::{Clash, NameFault, NamedStream};
use pitland::mastering::{
    BLOCK_SIZE, BootCatalogue, BootImageFault, Deep, EditError, Emulation, Extras, ImportError,
    IsoLevel, Layout, Names, Origin, Owner, PlanError, PlanWarning, Platform, ReadyError,
    Structure, TreeBuilder, UdfRevision, Volume, VolumeOptions, import, validate,
};
use pitland::{BootEmulation, BootImage, MasterOptions, SourceError};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// A folder that every file system can hold as it is.
fn folder(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    write(&root.join("README.TXT"), b"plain");
    write(&root.join("EMPTY"), b"");
    write(&root.join("A/B/THREE.BIN"), &noise(3, 3 * BLOCK_SIZE - 1));
    write(&root.join("A/LONGER.BIN"), &noise(4, 300_000));
    files_below(root)
}

/// The fields that udfinfo tells of an image.
fn udfinfo(image: &Path) -> BTreeMap<String, String> {
    let output = run(Command::new("udfinfo").arg(image));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = String::from_utf8(output.stdout).unwrap();
    let fields = told.lines().filter_map(|line| line.split_once('='));
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn unpacked(image: &Path, kind: &str, to: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let out = format!("-o{}", to.display());
    run(Command::new("7z")
        .args(["x", "-bd", "-y", kind, &out])
        .arg(image));
    files_below(to)
}

#[test]
fn check_39_every_file_system_is_read_by_programs_of_others() {
    let place = Place::new();
    let (source, file) = (place.path("source"), place.path("image.iso"));
    let expected = folder(&source);
    let make = |change: &dyn Fn(&mut VolumeOptions)| {
        let layout = plan(scan(&source), &options(change)).unwrap();
        let bytes = image(&layout);
        fs::write(&file, &bytes).unwrap();
        bytes
    };
    let ours = |image: &[u8], names| -> BTreeMap<PathBuf, Vec<u8>> {
        let found = contents(image, names).into_iter();
        let from_root = |path: PathBuf| path.strip_prefix("/").unwrap().to_path_buf();
        found
            .filter_map(|(path, bytes)| Some((from_root(path), bytes?)))
            .collect()
    };
    for level in [IsoLevel::One, IsoLevel::Two, IsoLevel::Three] {
        let bytes = make(&|o| {
            plain(o);
            o.iso_level = level;
        });
        assert_eq!(ours(&bytes, Names::Plain), expected, "{level:?}");
        if outsider("7z") {
            let to = place.path(&format!("level {}", level.number()));
            assert_eq!(unpacked(&file, "-tiso", &to), expected, "{level:?}");
        }
    }
    make(&|_| {});
    if outsider("xorriso") {
        let to = place.path("rock ridge");
        outside::xorriso_restore(&file, Session::Default, &to);
        assert_eq!(files_below(&to), expected);
    }
    if outsider("7z") {
        assert_eq!(unpacked(&file, "-tiso", &place.path("joliet")), expected);
    }
    for revision in [
        UdfRevision::V1_02,
        UdfRevision::V1_50,
        UdfRevision::V2_00,
        UdfRevision::V2_01,
        UdfRevision::V2_50,
    ] {
        for bridge in [false, true] {
            let bytes = make(&|o| (o.iso9660, o.udf) = (bridge, Some(revision)));
            assert_eq!(ours(&bytes, Names::Udf), expected, "{revision}, {bridge}");
            if outsider("udfinfo") {
                let told = udfinfo(&file);
                assert_eq!(told["udfrev"], revision.to_string());
                assert_eq!(told["numfiles"], expected.len().to_string());
            }
            // 7-Zip knows no metadata partition.
            if revision < UdfRevision::V2_50 && outsider("7z") {
                let to = place.path(&format!("udf {revision} {bridge}"));
                assert_eq!(
                    unpacked(&file, "-tudf", &to),
                    expected,
                    "{revision}, {bridge}"
                );
            }
            if bridge && outsider("xorriso") {
                let to = place.path(&format!("bridge {revision}"));
                outside::xorriso_restore(&file, Session::Default, &to);
                assert_eq!(files_below(&to), expected, "{revision}");
            }
        }
    }
}

#[test]
fn check_40_mapped_names_are_unique_and_told_beforehand() {
    let names = [
        "Clash.txt",
        "CLASH.TXT",
        "clash.txt",
        "clash?.txt",
        "日本語.txt",
        "日本酒.txt",
    ];
    let files: Vec<_> = names.iter().map(|name| (*name, name.as_bytes())).collect();
    let mut builder = tree(&files);
    let layout = planned(&builder, |o| o.udf = Some(UdfRevision::V1_02));
    let image = image(&layout);
    for space in [Names::Plain, Names::Joliet, Names::RockRidge, Names::Udf] {
        let told: BTreeMap<PathBuf, Option<Vec<u8>>> = layout
            .files()
            .map(|file| {
                let name = file.path().file_name().unwrap().as_encoded_bytes().to_vec();
                (layout.path_in(space, file.node()).unwrap(), Some(name))
            })
            .collect();
        assert_eq!(told.len(), names.len(), "{space}: two files have one name");
        // What was told is what is read, and leads to the right bytes.
        let mut read = contents(&image, space);
        read.retain(|_, bytes| bytes.is_some());
        assert_eq!(read, told, "{space}");
        if space == Names::Plain {
            let legal = |c: char| matches!(c, 'A'..='Z' | '0'..='9' | '_' | '.' | ';' | '/');
            assert!(
                told.keys()
                    .all(|path| path.to_str().unwrap().chars().all(legal))
            );
        }
    }
    let taken = builder
        .add_file("clash.txt", Origin::memory(*b"x"), &FILE)
        .unwrap_err();
    assert!(matches!(&taken, EditError::Exists { .. }), "{taken}");
    assert_eq!(taken.imapi_code(), Some(imapi::IMAPI_E_DUP_NAME));
    // A name is changed where a file system cannot hold it, and refused where none can.
    let refused = builder
        .add_file("a\0b", Origin::memory(*b"x"), &FILE)
        .unwrap_err();
    let EditError::Name { fault, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(*fault, NameFault::Zero);
}

#[test]
fn check_41_depth_names_and_size_have_their_limits() {
    let deep = |levels: usize| {
        let path: String = (1..levels).map(|level| format!("/D{level}")).collect();
        let builder = tree(&[(&format!("{path}/F"), b"x")]);
        let options = options(|o| {
            plain(o);
            o.deep = Deep::Refuse;
        });
        plan(builder.finish().unwrap(), &options)
    };
    assert!(deep(8).is_ok());
    let error = deep(9).unwrap_err();
    assert!(
        matches!(error, PlanError::TooDeep { levels: 8, .. }),
        "{error}"
    );
    assert_eq!(error.imapi_code(), Some(imapi::IMAPI_E_ISO9660_LEVELS));

    let small = tree(&[("f", b"x")]);
    let named = |length: usize| {
        let options = options(|o| o.volume_id = "V".repeat(length));
        plan(small.finish().unwrap(), &options)
    };
    assert!(named(16).unwrap().warnings().is_empty());
    assert_eq!(
        named(32).unwrap().warnings(),
        [PlanWarning::JolietVolumeIdCut]
    );
    let error = named(33).unwrap_err();
    assert!(
        matches!(error, PlanError::TextTooLong { limit: 32, .. }),
        "{error}"
    );
    assert_eq!(error.imapi_code(), Some(imapi::IMAPI_E_INVALID_VOLUME_NAME));

    // 650 MiB to the block, one block more, and no limit.
    let sized = |blocks: u64, limit: Option<u64>| {
        let mut builder = TreeBuilder::new();
        let bytes = Zeros::new(blocks * BLOCK_SIZE as u64).origin();
        builder.add_file("f", bytes, &FILE).unwrap();
        let options = options(|o| o.most_blocks = limit);
        plan(builder.finish().unwrap(), &options)
    };
    let others = sized(1000, None).unwrap().blocks() - 1000;
    let most = 332_800;
    assert_eq!(sized(most - others, Some(most)).unwrap().blocks(), most);
    let error = sized(most - others + 1, Some(most)).unwrap_err();
    let PlanError::ImageSizeLimit { blocks, limit } = error else {
        panic!("{error}");
    };
    assert_eq!((blocks, limit), (most + 1, most));
    assert_eq!(sized(2 * most, None).unwrap().blocks(), 2 * most + others);
}

#[test]
fn check_42_a_file_over_4_gib_is_whole_in_udf_and_named_below_level_3() {
    let place = Place::new();
    let size = (4 << 30) + 12_345;
    let mut builder = TreeBuilder::new();
    builder
        .add_file("LARGE", Zeros::new(size).origin(), &FILE)
        .unwrap();
    for level in [IsoLevel::One, IsoLevel::Two] {
        let refused = options(|o| (o.iso_level, o.udf) = (level, Some(UdfRevision::V1_02)));
        let error = plan(builder.finish().unwrap(), &refused).unwrap_err();
        let PlanError::FileTooLarge {
            path, size: told, ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!((path.as_path(), *told), (Path::new("/LARGE"), size));
        assert_eq!(error.imapi_code(), Some(imapi::IMAPI_E_DATA_TOO_BIG));
    }
    let layout = planned(&builder, |o| o.udf = Some(UdfRevision::V2_01));
    let mut volume = Volume::open(Unwritten(layout.emitter(), layout.blocks()), 0).unwrap();
    for names in [Names::Udf, Names::RockRidge, Names::Joliet, Names::Plain] {
        assert!(volume.use_names(names));
        let path = layout
            .path_in(names, layout.files().next().unwrap().node())
            .unwrap();
        let entry = volume.find(&path).unwrap().unwrap();
        assert_eq!(entry.size, size, "{names}");
        let mut end = [0; Zeros::MARK.len()];
        volume
            .read_file(&entry, size - end.len() as u64, &mut end)
            .unwrap();
        assert_eq!(end, Zeros::MARK, "{names}");
    }
    // The rest of it is a hole: all but the end of the file is zeros.
    let file = fs::File::create(place.path("large.iso")).unwrap();
    let data = layout.files().next().unwrap();
    let behind = u64::from(data.first_lba() + data.blocks()) - 1;
    for (first, end) in [(0, u64::from(data.first_lba())), (behind, layout.blocks())] {
        let mut piece = vec![0; (end - first) as usize * BLOCK_SIZE];
        layout.emitter().read_blocks(first, &mut piece).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &piece, first * BLOCK_SIZE as u64).unwrap();
    }
    if outsider("7z") {
        for kind in ["-tudf", "-tiso"] {
            let told = run(Command::new("7z")
                .args(["l", "-slt", kind])
                .arg(place.path("large.iso")));
            let told = String::from_utf8(told.stdout).unwrap();
            assert!(told.contains(&format!("Size = {size}")), "{kind}: {told}");
        }
    }
}

#[test]
fn check_43_a_tree_is_added_whole_or_not_at_all() {
    let place = Place::new();
    let source = place.path("source");
    write(&source.join("sub/a"), b"new a");
    write(&source.join("sub/z"), b"new z");
    let base = tree(&[("sub/z", b"old z"), ("kept", b"kept")]);
    let seen =
        |builder: &TreeBuilder| contents(&image(&planned(builder, |_| {})), Names::RockRidge);
    let mut builder = base.clone();
    let error = builder
        .graft(scan(&source), "/", Clash::Refuse)
        .unwrap_err();
    assert!(
        matches!(&error, EditError::Exists { path } if path == Path::new("/sub/z")),
        "{error}"
    );
    assert_eq!(seen(&builder), seen(&base));
    let error = builder
        .add_host("more", place.path("nowhere"), &Default::default())
        .unwrap_err();
    assert!(matches!(error, EditError::Scan(_)), "{error}");
    assert_eq!(seen(&builder), seen(&base));
    for (clash, z) in [(Clash::Replace, b"new z"), (Clash::Keep, b"old z")] {
        let mut builder = base.clone();
        builder.graft(scan(&source), "/", clash).unwrap();
        let files = seen(&builder);
        let bytes = |path: &str| files[Path::new(path)].clone().unwrap();
        assert_eq!(bytes("/sub/z"), z);
        assert_eq!(
            (bytes("/sub/a"), bytes("/kept")),
            (b"new a".to_vec(), b"kept".to_vec())
        );
    }
    // Nothing is read when a tree is added, however large its files: their bytes, and with them progress, come with the
    // image, piece by piece and at the caller's pace.
    let large = Zeros::new(5 << 20);
    let asked = Arc::clone(&large.asked);
    let mut builder = base.clone();
    builder.add_file("large", large.origin(), &FILE).unwrap();
    let layout = planned(&builder, |_| {});
    let count = || asked.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(count(), 0);
    let file = layout.files().find(|file| file.size() == 5 << 20).unwrap();
    let mut emitter = layout.emitter();
    for megabyte in 0..5 {
        let before = count();
        let first = u64::from(file.first_lba()) + megabyte * 512;
        emitter.read_blocks(first, &mut vec![0; 1 << 20]).unwrap();
        assert!(count() > before);
        let Some(Owner::File { path, offset }) = layout.owner_of(first as u32) else {
            panic!("block {first} has no file");
        };
        assert_eq!(
            (path.as_path(), offset),
            (Path::new("/large"), megabyte << 20)
        );
    }
}

#[test]
fn check_44_streams_real_time_files_and_the_mirror_depend_on_the_revision() {
    let mut builder = tree(&[("file", b"bytes"), ("film", b"frames")]);
    let Origin::Given(bytes) = Origin::memory(*b"beside it") else {
        panic!("bytes in memory are given");
    };
    let mut extras = Extras::default();
    extras.streams.push(NamedStream {
        name: "note".into(),
        bytes,
    });
    builder.set_extras("file", extras).unwrap();
    let mut extras = Extras::default();
    extras.real_time = true;
    builder.set_extras("film", extras).unwrap();
    for revision in [
        UdfRevision::V1_50,
        UdfRevision::V2_00,
        UdfRevision::V2_01,
        UdfRevision::V2_50,
    ] {
        let layout = planned(&builder, |o| o.udf = Some(revision));
        let image = image(&layout);
        let mut volume = Volume::open(image.as_slice(), 0).unwrap();
        assert!(volume.use_names(Names::Udf));
        let file = volume.find(Path::new("/file")).unwrap().unwrap();
        let film = volume.find(Path::new("/film")).unwrap().unwrap();
        let streams = volume.named_streams(&file).unwrap();
        let (has_streams, has_real_time) = (
            revision >= UdfRevision::V2_00,
            revision >= UdfRevision::V2_01,
        );
        assert_eq!(streams.len(), usize::from(has_streams), "{revision}");
        if let Some(stream) = streams.first() {
            let mut bytes = [0; 9];
            volume.read_file(stream, 0, &mut bytes).unwrap();
            assert_eq!(
                (stream.name.as_slice(), &bytes),
                (&b"note"[..], b"beside it")
            );
        }
        assert_eq!(film.udf.unwrap().real_time, has_real_time, "{revision}");
        // The image is made without what the revision does not have, and says so.
        let told = layout.warnings().iter().filter_map(|warning| {
            let code = pitland::codes::Code::of_plan_warning(warning)?;
            assert_eq!(
                code.imapi(),
                Some(imapi::IMAPI_S_IMAGE_FEATURE_NOT_SUPPORTED)
            );
            Some(warning)
        });
        let expected = usize::from(!has_streams) + usize::from(!has_real_time);
        assert_eq!(
            told.count(),
            expected,
            "{revision}: {:?}",
            layout.warnings()
        );
    }
    let mirrors = |revision, mirror| {
        let layout = planned(&builder, |o| {
            o.udf = Some(revision);
            o.udf_options.mirror = mirror;
        });
        let owners = layout.owners_of(0, layout.blocks() as u32);
        let is_mirror = |owner: &Owner| {
            matches!(
                owner,
                Owner::Structure(Structure::UdfMetadata { mirror: true })
            )
        };
        (owners.filter(is_mirror).count(), image(&layout))
    };
    assert!(mirrors(UdfRevision::V2_50, true).0 > mirrors(UdfRevision::V2_50, false).0);
    // Without effect below 2.50.
    let (with, without) = (
        mirrors(UdfRevision::V2_01, true),
        mirrors(UdfRevision::V2_01, false),
    );
    assert_eq!(with.0, 0);
    assert!(with.1 == without.1);
}

#[test]
fn check_45_a_rolled_back_tree_is_the_tree_of_before() {
    let mut builder = tree(&[("a/f", b"f"), ("b", b"b")]);
    let seen = |builder: &TreeBuilder| image(&planned(builder, |_| {}));
    let before = seen(&builder);
    let first = builder.change_point();
    builder.remove("b").unwrap();
    let between = seen(&builder);
    let second = builder.change_point();
    builder.remove_tree("/").unwrap();
    builder.add_file("c", Origin::memory(*b"c"), &FILE).unwrap();
    assert!(seen(&builder) != between);
    builder.roll_back_to(second).unwrap();
    assert!(seen(&builder) == between);
    builder.roll_back_to(first).unwrap();
    assert!(seen(&builder) == before);
    assert!(matches!(
        builder.roll_back_to(second),
        Err(EditError::NoSuchPoint)
    ));
    builder.lock_in();
    assert!(matches!(
        builder.roll_back_to(first),
        Err(EditError::NoSuchPoint)
    ));
    assert!(seen(&builder) == before);
}

/// A volume of a folder with these images, as the whole engine plans it.
fn bootable(source: &Path, images: Vec<BootImage>) -> Result<Arc<Layout>, SourceError> {
    let options = images.into_iter().fold(mastering(), MasterOptions::boot);
    options.plan(&[source.to_path_buf()], 0, None).map(Arc::new)
}

/// The entries of an image's catalogue: machine, emulation, first block.
fn entries(image: &[u8]) -> Vec<(Platform, Option<Emulation>, u32)> {
    let mut volume = Volume::open(image, 0).unwrap();
    let at = volume.boot_catalogue().unwrap();
    let catalogue = BootCatalogue::read(volume.source(), at).unwrap();
    let entries = catalogue.entries.iter();
    entries
        .map(|entry| (entry.platform, entry.emulation, entry.lba))
        .collect()
}

#[test]
fn check_46_a_boot_images_size_is_its_emulation() {
    let place = Place::new();
    let (source, boot, file) = (
        place.path("source"),
        place.path("boot.img"),
        place.path("i.iso"),
    );
    folder(&source);
    for (size, emulation, told) in [
        (1_228_800, Emulation::Floppy1200, "fd1.2"),
        (1_474_560, Emulation::Floppy1440, "fd1.4"),
        (2_949_120, Emulation::Floppy2880, "fd2.8"),
    ] {
        fs::write(&boot, noise(size, size as usize)).unwrap();
        let mut entry = BootImage::new(&boot, Platform::Bios);
        entry.emulation = BootEmulation::Floppy;
        let layout = bootable(&source, vec![entry]).unwrap();
        let bytes = image(&layout);
        let found = entries(&bytes);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, found[0].1), (Platform::Bios, Some(emulation)));
        let at = found[0].2 as usize * BLOCK_SIZE;
        assert!(bytes[at..].starts_with(&fs::read(&boot).unwrap()));
        if outsider("xorriso") {
            fs::write(&file, &bytes).unwrap();
            let report = ["-report_el_torito", "plain"];
            let output = run(Command::new("xorriso")
                .arg("-indev")
                .arg(&file)
                .args(report));
            let words = String::from_utf8(output.stdout).unwrap();
            let line = words
                .lines()
                .find(|line| line.starts_with("El Torito boot img"))
                .unwrap();
            assert!(line.contains(told) && line.contains("BIOS"), "{line}");
        }
    }
    fs::write(&boot, noise(1, 1_474_561)).unwrap();
    let mut entry = BootImage::new(&boot, Platform::Bios);
    entry.emulation = BootEmulation::Floppy;
    let error = bootable(&source, vec![entry]).unwrap_err();
    let SourceError::Plan(plan) = &error else {
        panic!("{error}");
    };
    let PlanError::BootImage { fault, .. } = plan.as_ref() else {
        panic!("{error}");
    };
    assert_eq!(
        *fault,
        BootImageFault::Size {
            size: 1_474_561,
            needed: 1_474_560
        }
    );
    assert_eq!(
        error.imapi_code(),
        Some(imapi::IMAPI_E_BOOT_EMULATION_IMAGE_SIZE_MISMATCH)
    );
}

#[test]
fn check_47_many_boot_entries_keep_their_order() {
    let place = Place::new();
    let (source, file) = (place.path("source"), place.path("i.iso"));
    folder(&source);
    let images = |count: usize| -> Vec<BootImage> {
        let image = |number: usize| {
            let path = place.path(&format!("boot {number}"));
            fs::write(&path, noise(number as u64, 2048 + number)).unwrap();
            let machines = [Platform::Bios, Platform::Efi, Platform::Bios];
            BootImage::new(path, machines[number % 3])
        };
        (0..count).map(image).collect()
    };
    // No end at 32: a catalogue has room for as many as its extents.
    for count in [2, 32, 33, 100] {
        let images = images(count);
        let layout = bootable(&source, images.clone()).unwrap();
        let bytes = image(&layout);
        let found = entries(&bytes);
        assert_eq!(found.len(), count);
        for (image, (platform, emulation, lba)) in images.iter().zip(found) {
            assert_eq!(
                (platform, emulation),
                (image.platform, Some(Emulation::None))
            );
            let at = lba as usize * BLOCK_SIZE;
            assert!(bytes[at..].starts_with(&fs::read(&image.path).unwrap()));
        }
        // xorriso lists no more than 32.
        if count <= 32 && outsider("xorriso") {
            fs::write(&file, &bytes).unwrap();
            let report = ["-report_el_torito", "plain"];
            let output = run(Command::new("xorriso")
                .arg("-indev")
                .arg(&file)
                .args(report));
            let words = String::from_utf8(output.stdout).unwrap();
            let lines = words
                .lines()
                .filter(|line| line.starts_with("El Torito boot img"));
            let machines: Vec<_> = lines
                .filter_map(|line| line.split(':').nth(1)?.split_whitespace().nth(1))
                .collect();
            let expected = images.iter().map(|image| match image.platform {
                Platform::Efi => "UEFI",
                _ => "BIOS",
            });
            assert_eq!(machines, expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn check_50_the_best_file_system_is_imported_unless_one_is_named() {
    let builder = tree(&[("Mixed Case.txt", b"old"), ("other", b"other")]);
    let imported = |change: &dyn Fn(&mut VolumeOptions), names: Option<Names>| {
        let image = image(&planned(&builder, change));
        let mut options = ImportOptions::default();
        options.names = names;
        import(image.as_slice(), 0, &options)
    };
    let all = |o: &mut VolumeOptions| o.udf = Some(UdfRevision::V2_01);
    let no_rock_ridge = |o: &mut VolumeOptions| {
        all(o);
        o.rock_ridge = false;
    };
    let joliet = |o: &mut VolumeOptions| o.rock_ridge = false;
    // Rock Ridge before them, which the others have no word of; then as they are there.
    for (change, best) in [
        (&all as &dyn Fn(&mut VolumeOptions), Names::RockRidge),
        (&no_rock_ridge, Names::Udf),
        (&joliet, Names::Joliet),
        (&plain, Names::Plain),
    ] {
        assert_eq!(imported(change, None).unwrap().names, best);
    }
    for names in [Names::Udf, Names::Joliet, Names::Plain] {
        let found = imported(&all, Some(names)).unwrap();
        assert_eq!(found.names, names);
        assert_eq!(
            found.builder.get("Mixed Case.txt").is_some(),
            names != Names::Plain
        );
    }
    let error = imported(&plain, Some(Names::Udf)).unwrap_err();
    assert!(
        matches!(error, ImportError::NoSuchNames { names: Names::Udf }),
        "{error}"
    );
    assert_eq!(
        error.imapi_code(),
        Some(imapi::IMAPI_E_FILE_SYSTEM_NOT_FOUND)
    );
    // What is in memory wins, where the caller wants that.
    let mut session = imported(&all, None).unwrap().builder;
    let new = tree(&[("other", b"newer")]).finish().unwrap();
    session.graft(new, "/", Clash::Replace).unwrap();
    assert!(matches!(
        session.get("other").unwrap().origin(),
        Origin::Given(_)
    ));
    assert!(matches!(
        session.get("Mixed Case.txt").unwrap().origin(),
        Origin::Recorded(_)
    ));
    // UDF tells how many files there are, ISO 9660 does not.
    let counts = |change: &dyn Fn(&mut VolumeOptions)| {
        let image = image(&planned(&builder, change));
        Volume::open(image.as_slice(), 0)
            .unwrap()
            .udf()
            .and_then(|udf| udf.counts)
    };
    assert_eq!((counts(&all), counts(&plain)), (Some((2, 1)), None));
}

#[test]
fn check_52_any_block_at_any_time_and_each_has_an_owner() {
    let mut builder = tree(&[
        ("a", &noise(1, 5000)),
        ("empty", b""),
        ("sub/b", &noise(2, 40_000)),
    ]);
    builder.add_folder("void", &FOLDER).unwrap();
    let layout = planned(&builder, |o| o.udf = Some(UdfRevision::V2_50));
    let whole = image(&layout);
    assert_eq!(whole.len() as u64, layout.blocks() * BLOCK_SIZE as u64);
    // Seeks, there and back.
    let mut emitter = layout.emitter();
    let mut order: Vec<u64> = (0..layout.blocks()).step_by(7).collect();
    order.extend((0..layout.blocks()).rev().step_by(5));
    for block in order {
        let mut alone = [0; BLOCK_SIZE];
        emitter.read_blocks(block, &mut alone).unwrap();
        assert!(
            alone == whole[block as usize * BLOCK_SIZE..][..BLOCK_SIZE],
            "block {block}"
        );
    }
    assert!(
        emitter
            .read_blocks(layout.blocks(), &mut [0; BLOCK_SIZE])
            .is_err()
    );
    let mut files = BTreeMap::new();
    for block in 0..layout.blocks() as u32 {
        match layout
            .owner_of(block)
            .unwrap_or_else(|| panic!("block {block} is nobody's"))
        {
            Owner::File { path, .. } => *files.entry(path).or_insert(0) += 1,
            Owner::Structure(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(files, [("/a".into(), 3), ("/sub/b".into(), 20)].into());
    // By name, too.
    let extents = layout.extents_at(Path::new("/sub/b")).unwrap();
    assert_eq!(extents.map(|extent| extent.blocks).sum::<u32>(), 20);
}

#[test]
fn check_53_an_image_is_judged_before_it_is_burned() {
    let place = Place::new();
    let builder = tree(&[("f", &noise(1, 5000))]);
    let judged = |bytes: &[u8]| {
        let path = place.path("x.iso");
        fs::write(&path, bytes).unwrap();
        validate(&path).map(|volume| volume.offered_names())
    };
    let whole = image(&planned(&builder, |o| o.udf = Some(UdfRevision::V1_02)));
    assert!(judged(&whole).unwrap().contains(&Names::Udf));
    assert_eq!(
        judged(&image(&planned(&builder, plain))).unwrap(),
        [Names::Plain]
    );
    let alone = image(&planned(&builder, |o| {
        (o.iso9660, o.udf) = (false, Some(UdfRevision::V2_01))
    }));
    assert_eq!(judged(&alone).unwrap(), [Names::Udf]);
    let misaligned = judged(&whole[..whole.len() - 1]).unwrap_err();
    assert!(
        matches!(misaligned, ReadyError::NotWhole { .. }),
        "{misaligned}"
    );
    assert_eq!(
        misaligned.imapi_code(),
        Some(imapi::IMAPI_E_IMAGEMANAGER_IMAGE_NOT_ALIGNED)
    );
    // A header of another format before it is no whole number of blocks either, or hides the descriptors.
    assert!(matches!(
        judged(&[&[0; 512][..], &whole].concat()),
        Err(ReadyError::NotWhole { .. })
    ));
    for bytes in [
        vec![0; 40 * BLOCK_SIZE],
        [vec![0; BLOCK_SIZE], whole].concat(),
        Vec::new(),
    ] {
        let error = judged(&bytes).unwrap_err();
        assert!(matches!(error, ReadyError::NoVolume { .. }), "{error}");
        assert_eq!(
            error.imapi_code(),
            Some(imapi::IMAPI_E_IMAGEMANAGER_NO_VALID_VD_FOUND)
        );
    }
    let nothing = validate(&place.path("nothing.iso")).unwrap_err();
    assert!(matches!(nothing, ReadyError::Image(_)), "{nothing}");
}
