//! Volumes that machines start from: judged by a reader of others, and by a machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    Attributes, BLOCK_SIZE, BootCatalogue, BootEntry, BootImageFault, Emulation, Extras, Layout,
    Names, Origin, Owner, PlanError, Platform, Selection, Structure, Tree, UdfRevision, Volume,
    VolumeOptions,
};
use support::machines::*;
use support::*;

/// Plans a volume of `source` whose entries are of the files at these paths.
fn plan_boot(
    source: &Path,
    images: &[(&Path, Platform)],
    change: impl Fn(&mut Vec<BootEntry>),
) -> Result<Arc<Layout>, PlanError> {
    let mut tree = scan(source);
    let mut options = options();
    for (image, platform) in images {
        let id = tree.add_boot_image(image).unwrap();
        options.boot.push(BootEntry::new(id, *platform));
    }
    change(&mut options.boot);
    Layout::plan(tree, 0, &options).map(Arc::new)
}

#[test]
fn xorriso_finds_every_entry_of_the_catalogue() {
    let name = "xorriso_finds_every_entry_of_the_catalogue";
    if tool(name, "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i"));
    rich_tree(&source);
    let files: Vec<_> = ["bios", "floppy", "drive", "efi", "mac"]
        .map(|name| dir.path().join(name))
        .into();
    write(&files[0], &says("x"));
    write(&files[1], &floppy("x"));
    write(&files[2], &hard_drive("x"));
    write(&files[3], &noise(1, 100_000));
    write(&files[4], &noise(2, 4096));
    let platforms = [
        Platform::Bios,
        Platform::Bios,
        Platform::Bios,
        Platform::Efi,
        Platform::Macintosh,
    ];
    let images: Vec<_> = files.iter().map(|f| f.as_path()).zip(platforms).collect();
    let layout = plan_boot(&source, &images, |entries| {
        entries[0].id = "PITLAND".into();
        entries[0].load_segment = 0x1000;
        entries[1].emulation = Emulation::Floppy1440;
        entries[2].emulation = Emulation::HardDrive {
            partition_type: 0x0e,
        };
        entries[4].bootable = false;
    })
    .unwrap();
    image_file(&layout, &image);
    let output = run(Command::new("xorriso")
        .args(["-indev"])
        .arg(&image)
        .args(["-report_el_torito", "plain"]));
    let told = String::from_utf8_lossy(&output.stdout);
    let told: Vec<&str> = told
        .lines()
        .filter(|l| l.starts_with("El Torito"))
        .collect();
    let first_of = |path: &Path| {
        layout
            .files()
            .find(|file| file.source_path() == path)
            .unwrap()
            .first_lba()
    };
    let expected = [
        ("BIOS", "y", "none", "0x1000", "0x00", 4),
        ("BIOS", "y", "fd1.4", "0x0000", "0x00", 1),
        ("BIOS", "y", "hd", "0x0000", "0x0e", 1),
        ("UEFI", "y", "none", "0x0000", "0x00", 196),
        ("Mac", "n", "none", "0x0000", "0x00", 4),
    ];
    for (at, (row, file)) in expected.iter().zip(&files).enumerate() {
        let (platform, boots, emulation, segment, partition, sectors) = row;
        let words = [
            (at + 1).to_string(),
            (*platform).to_owned(),
            (*boots).to_owned(),
            (*emulation).to_owned(),
            (*segment).to_owned(),
            (*partition).to_owned(),
            sectors.to_string(),
            first_of(file).to_string(),
        ];
        let line = told
            .iter()
            .find(|line| {
                let mut rest = line.split(':').nth(1).unwrap_or("").split_whitespace();
                line.starts_with("El Torito boot img") && rest.next() == Some(words[0].as_str())
            })
            .unwrap_or_else(|| panic!("no entry {} in {told:#?}", words[0]));
        let fields: Vec<&str> = line.split(':').nth(1).unwrap().split_whitespace().collect();
        assert_eq!(fields, words.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert_eq!(
        layout.owner_of(17),
        Some(Owner::Structure(Structure::BootRecord))
    );
}

#[test]
fn a_machine_starts_from_each_kind_of_image() {
    let name = "a_machine_starts_from_each_kind_of_image";
    if !can_start(name, Firmware::Bios) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, image, boot) = (
        dir.path().join("s"),
        dir.path().join("i"),
        dir.path().join("b"),
    );
    write(&source.join("file"), b"x");
    let drive = Emulation::HardDrive {
        partition_type: 0x0e,
    };
    let kinds = [
        ("no emulation", Emulation::None, says("no emulation")),
        ("floppy", Emulation::Floppy1440, floppy("floppy")),
        ("hard drive", drive, hard_drive("hard drive")),
    ];
    for (line, emulation, bytes) in kinds {
        write(&boot, &bytes);
        let images = [(boot.as_path(), Platform::Bios)];
        let layout = plan_boot(&source, &images, |entries| entries[0].emulation = emulation);
        image_file(&layout.unwrap(), &image);
        assert!(
            machine_says(Firmware::Bios, As::Disc, &image, line),
            "{line}"
        );
    }
}

#[test]
fn the_table_in_a_boot_image_tells_where_it_is_and_its_sum() {
    let dir = tempfile::tempdir().unwrap();
    let (source, loader) = (dir.path().join("s"), dir.path().join("loader"));
    // Neither whole blocks nor whole words, and more than is summed up at a time.
    let bytes = noise(7, 200_003);
    write(&source.join("file"), b"x");
    write(&loader, &bytes);
    let images = [(loader.as_path(), Platform::Bios)];
    let layout = plan_boot(&source, &images, |entries| entries[0].info_table = true).unwrap();
    let whole = image(&layout);
    let file = layout.files().find(|f| f.source_path() == loader).unwrap();
    let at = file.first_lba() as usize * BLOCK_SIZE;
    let on_disc = &whole[at..at + bytes.len()];
    let mut padded = bytes[64..].to_vec();
    padded.resize(padded.len().next_multiple_of(4), 0);
    let sum = padded.chunks(4).fold(0u32, |sum, word| {
        sum.wrapping_add(u32::from_le_bytes(word.try_into().unwrap()))
    });
    let word = |at: usize| u32::from_le_bytes(on_disc[at..at + 4].try_into().unwrap());
    assert_eq!(
        [word(8), word(12), word(16), word(20)],
        [16, file.first_lba(), 200_003, sum]
    );
    assert_eq!(on_disc[24..64], [0; 40]);
    assert_eq!((&on_disc[..8], &on_disc[64..]), (&bytes[..8], &bytes[64..]));
    // Block by block it is the same.
    let mut emitter = layout.emitter();
    let mut block = vec![0; BLOCK_SIZE];
    emitter
        .read_blocks(file.first_lba().into(), &mut block)
        .unwrap();
    assert!(block == whole[at..at + BLOCK_SIZE]);
}

#[test]
fn a_boot_image_that_is_a_file_of_the_tree_is_stored_once() {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("boot/loader");
    write(&inside, &says("x"));
    let mut tree = scan(dir.path());
    let before = tree.data_bytes();
    let id = tree.add_boot_image(&inside).unwrap();
    assert_eq!(tree.disc_path(id), Path::new("/boot/loader"));
    assert_eq!(tree.data_bytes(), before);
}

#[test]
fn a_hidden_boot_image_has_no_name_in_any_file_system() {
    let dir = tempfile::tempdir().unwrap();
    let (source, loader) = (dir.path().join("s"), dir.path().join("UNSEENNAME"));
    write(&source.join("file"), b"x");
    write(&loader, &says("x"));
    let mut tree = scan(&source);
    let id = tree.add_boot_image(&loader).unwrap();
    let mut options = options();
    options.udf = Some(UdfRevision::V2_01);
    options.boot.push(BootEntry::new(id, Platform::Bios));
    let layout = Arc::new(Layout::plan(tree, 0, &options).unwrap());
    let whole = image(&layout);
    let named = |text: &[u8]| whole.windows(text.len()).any(|window| window == text);
    assert!(!named(b"UNSEENNAME") && !named(b"\0U\0N\0S\0E\0E\0N"));
    assert!(named(&says("x")));
}

#[test]
fn images_that_cannot_be_what_their_entry_says_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (source, loader) = (dir.path().join("s"), dir.path().join("loader"));
    write(&source.join("file"), b"x");
    write(&loader, b"short");
    let images = [(loader.as_path(), Platform::Bios)];
    let fault = |change: fn(&mut BootEntry)| match plan_boot(&source, &images, |entries| {
        change(&mut entries[0])
    }) {
        Err(PlanError::BootImage { path, fault }) => {
            assert_eq!(path, loader);
            fault
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        fault(|entry| entry.emulation = Emulation::Floppy2880),
        BootImageFault::Size {
            size: 5,
            needed: 2_949_120
        }
    );
    assert_eq!(
        fault(|entry| entry.info_table = true),
        BootImageFault::NoRoom
    );
    assert_eq!(
        fault(|entry| entry.id = "ö".into()),
        BootImageFault::Id { limit: 24 }
    );
    fs::write(&loader, b"").unwrap();
    assert_eq!(fault(|_| ()), BootImageFault::Empty);
    let mut tree = scan(&source);
    assert!(tree.add_boot_image(&source).is_err());
    assert!(tree.add_boot_image(&dir.path().join("nothing")).is_err());
}

#[test]
fn a_compressed_boot_image_is_refused_and_one_without_a_name_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (source, loader) = (dir.path().join("s"), dir.path().join("loader"));
    write(&source.join("file"), &[7; 50_000]);
    write(&loader, &[8; 50_000]);
    let mut tree = scan(&source);
    let loader = tree.add_boot_image(&loader).unwrap();
    let file = tree.find(Path::new("/file")).unwrap();
    let mut how = Compression {
        leave: vec![file],
        ..Compression::default()
    };
    assert_eq!(tree.compress(&how).unwrap().files, 0);
    how.leave.clear();
    assert_eq!(tree.compress(&how).unwrap().files, 1);
    let mut options = VolumeOptions {
        joliet: false,
        ..options()
    };
    options.boot = vec![BootEntry::new(file, Platform::Bios)];
    let error = Layout::plan(tree, 0, &options).unwrap_err();
    assert!(
        matches!(
            error,
            PlanError::BootImage {
                fault: BootImageFault::Compressed,
                ..
            }
        ),
        "{error}"
    );
    assert_ne!(loader, file);
}

/// A tree with a file for the catalogue, and an entry for a BIOS and one for UEFI, whose image is a file as well.
fn tree_with_catalogue(dir: &Path, extras: Option<Extras>) -> (Tree, VolumeOptions) {
    let source = dir.join("s");
    write(&source.join("boot/efi.img"), &noise(3, 5000));
    write(&dir.join("loader"), &says("x"));
    let mut builder = scan(&source).edit();
    let attributes = Attributes::new(0o444, options().created);
    let path = "/boot/boot.cat";
    builder
        .add_file(path, Origin::memory(Vec::new()), &attributes)
        .unwrap();
    if let Some(extras) = extras {
        builder.set_extras(path, extras).unwrap();
    }
    let mut tree = builder.finish().unwrap();
    let mut options = options();
    options.boot_catalogue = tree.find(Path::new(path));
    let loader = tree.add_boot_image(&dir.join("loader")).unwrap();
    let efi = tree.find(Path::new("/boot/efi.img")).unwrap();
    options.boot = vec![
        BootEntry::new(loader, Platform::Bios),
        BootEntry {
            selection: Selection {
                kind: 1,
                criteria: vec![7; 25],
            },
            ..BootEntry::new(efi, Platform::Efi)
        },
    ];
    (tree, options)
}

#[test]
fn the_catalogue_can_be_a_file_of_the_tree() {
    let name = "the_catalogue_can_be_a_file_of_the_tree";
    let dir = tempfile::tempdir().unwrap();
    let (tree, mut options) = tree_with_catalogue(dir.path(), None);
    options.udf = Some(UdfRevision::V2_01);
    let layout = Arc::new(Layout::plan(tree, 0, &options).unwrap());
    let whole = image(&layout);
    let mut volume = Volume::open(whole.as_slice(), 0).unwrap();
    let lba = volume.boot_catalogue().unwrap();
    let read = BootCatalogue::read(volume.source(), lba).unwrap();
    assert_eq!(read.entries.len(), 2);
    assert_eq!(read.entries[1].selection, options.boot[1].selection);
    for names in volume.offered_names() {
        assert!(volume.use_names(names));
        let path = match names {
            Names::Plain => "/BOOT/BOOT.CAT;1",
            _ => "/boot/boot.cat",
        };
        let path = match volume.find(Path::new(path)).unwrap() {
            Some(_) => path,
            None => "/BOOT/BOOT.CAT",
        };
        let file = volume.find(Path::new(path)).unwrap().unwrap();
        // The validation entry, the default one, a header, an entry, its extension, and the end.
        assert_eq!(
            (file.size, file.extents[0].first_lba),
            (6 * 32, lba),
            "{names}"
        );
    }
    let owner = layout.owner_of(lba);
    let path = Path::new("/boot/boot.cat").to_path_buf();
    assert_eq!(owner, Some(Owner::File { path, offset: 0 }));
    if tool(name, "xorriso").is_some() {
        let file = dir.path().join("i");
        image_file(&layout, &file);
        let told = run(Command::new("xorriso")
            .arg("-indev")
            .arg(&file)
            .args(["-report_el_torito", "plain"]));
        let told = String::from_utf8_lossy(&told.stdout);
        let mut lines = told.lines();
        assert!(
            lines
                .any(|line| line.starts_with("El Torito cat path")
                    && line.ends_with(": /boot/boot.cat")),
            "{told}"
        );
    }
}

#[test]
fn a_hidden_catalogue_is_found_by_machines_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut extras = Extras::default();
    extras.hidden_in.iso = true;
    extras.hidden_in.joliet = true;
    let (tree, options) = tree_with_catalogue(dir.path(), Some(extras));
    let layout = Arc::new(Layout::plan(tree, 0, &options).unwrap());
    let whole = image(&layout);
    let mut volume = Volume::open(whole.as_slice(), 0).unwrap();
    let lba = volume.boot_catalogue().unwrap();
    assert_eq!(
        BootCatalogue::read(volume.source(), lba).unwrap().entries[0].lba,
        layout.first_lba_of(options.boot[0].image)
    );
    for names in volume.offered_names() {
        volume.use_names(names);
        let files = volume.walk().map(|entry| entry.unwrap().0);
        assert!(
            !files
                .into_iter()
                .any(|path| path.to_string_lossy().to_lowercase().contains("boot.cat")),
            "{names}"
        );
    }
}

#[test]
fn a_catalogue_that_cannot_be_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |change: fn(&mut VolumeOptions, &Tree)| {
        let (tree, mut options) = tree_with_catalogue(dir.path(), None);
        change(&mut options, &tree);
        matches!(
            Layout::plan(tree, 0, &options),
            Err(PlanError::Conflict { .. })
        )
    };
    assert!(!refuse(|_, _| {}));
    assert!(refuse(|options, _| options.boot.clear()));
    assert!(refuse(|options, tree| {
        options.boot_catalogue = tree.find(Path::new("/boot"));
    }));
    assert!(refuse(|options, _| {
        options.boot_catalogue = Some(options.boot[1].image);
    }));
}

#[test]
fn blocks_of_a_hidden_image_are_told_by_where_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let (source, loader) = (dir.path().join("s"), dir.path().join("loader"));
    write(&source.join("file"), b"x");
    write(&loader, &noise(1, 5000));
    let images = [(loader.as_path(), Platform::Bios)];
    let layout = plan_boot(&source, &images, |_| {}).unwrap();
    let first = layout.first_lba_of(layout.options().boot[0].image);
    let expected = Owner::BootImage {
        source: loader,
        offset: 4096,
    };
    assert_eq!(layout.owner_of(first + 2), Some(expected));
}

/// What others have recorded, and what of it is read: platform, emulation, sectors, and the file whose block it is.
#[test]
fn catalogues_of_other_programs_are_read() {
    let name = "catalogues_of_other_programs_are_read";
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = (dir.path().join("s"), dir.path().join("i"));
    write(&source.join("floppy.img"), &floppy("x"));
    write(&source.join("loader.bin"), &noise(1, 5000));
    // Whole blocks: some count the sectors of the last one.
    write(&source.join("efi.img"), &noise(2, 35 * BLOCK_SIZE));
    let two = [
        "-b",
        "loader.bin",
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-eltorito-alt-boot",
        "-e",
        "efi.img",
        "-no-emul-boot",
    ];
    let entry = |platform, emulation, sectors, path| (platform, Some(emulation), sectors, path);
    let expected = [
        entry(Platform::Bios, Emulation::None, 4, "/loader.bin"),
        entry(Platform::Efi, Emulation::None, 140, "/efi.img"),
    ];
    let one = [entry(
        Platform::Bios,
        Emulation::Floppy1440,
        1,
        "/floppy.img",
    )];
    let makers: [(&str, &[&str], &[&str], &[_]); 3] = [
        ("xorriso", &["-as", "mkisofs"], &two, &expected),
        ("genisoimage", &[], &two, &expected),
        ("genisoimage", &[], &["-b", "floppy.img"], &one),
    ];
    for (maker, mode, options, expected) in makers {
        if tool(name, maker).is_none() {
            continue;
        }
        let _ = fs::remove_file(&image);
        run(Command::new(maker)
            .args(mode)
            .args(["-quiet", "-R", "-c", "boot.cat", "-o"])
            .arg(&image)
            .args(options)
            .arg(&source));
        let bytes = fs::read(&image).unwrap();
        let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
        let lba = volume.boot_catalogue().unwrap();
        let read = BootCatalogue::read(volume.source(), lba).unwrap();
        assert_eq!(read.entries.len(), expected.len(), "{maker}: {read:#?}");
        for (entry, (platform, emulation, sectors, path)) in read.entries.iter().zip(expected) {
            let file = volume.find(Path::new(path)).unwrap().unwrap();
            let seen = (entry.platform, entry.emulation, entry.load_sectors);
            assert_eq!(seen, (*platform, *emulation, *sectors), "{maker}: {path}");
            assert_eq!(entry.lba, file.extents[0].first_lba, "{maker}: {path}");
            assert!(entry.bootable);
        }
        // Damaged in any one byte it is an error or something else, and never more than there is.
        let at = lba as usize * BLOCK_SIZE;
        let mut damaged = bytes[at..at + BLOCK_SIZE].to_vec();
        for byte in 0..256 {
            for value in [0, 1, 0x20, 0x44, 0x88, 0x90, 0x91, 0xff] {
                let was = std::mem::replace(&mut damaged[byte], value);
                if let Ok(read) = BootCatalogue::read(&mut damaged.as_slice(), 0) {
                    assert!(read.entries.len() < 64);
                }
                damaged[byte] = was;
            }
        }
    }
}
