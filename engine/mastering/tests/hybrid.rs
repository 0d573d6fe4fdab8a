//! Images that start from a stick as well as from a disc: judged by readers of partition tables, and by machines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::hybrid::Pointer;
use pitland_mastering::{
    BLOCK_SIZE, BootCode, BootEntry, EfiPartition, Hybrid, HybridFault, Layout, Owner,
    PartitionTable, PlanError, Platform, Structure, UdfRevision, VolumeOptions,
};
use support::machines::*;
use support::*;

const TABLES: [PartitionTable; 3] = [
    PartitionTable::Gpt,
    PartitionTable::Mbr,
    PartitionTable::GptAndMbr,
];
const PLACES: [EfiPartition; 2] = [EfiPartition::Embedded, EfiPartition::Appended];

/// Plans a volume of a folder that says a line of its own in each way to start it.
fn plan_hybrid(dir: &Path, hybrid: &Hybrid, change: impl Fn(&mut VolumeOptions)) -> Arc<Layout> {
    let source = dir.join("s");
    if !source.exists() {
        write(&source.join("a"), &noise(1, 70_000));
        write(&source.join("z"), &noise(2, 70_000));
        write(&dir.join("bios"), &says("entry for a BIOS"));
        let efi = fat_with_efi_program(&efi_program("entry for UEFI"));
        write(&dir.join("efi"), &efi);
    }
    let mut tree = scan(&source);
    let mut options = options();
    for (name, platform) in [("bios", Platform::Bios), ("efi", Platform::Efi)] {
        let id = tree.add_boot_image(&dir.join(name)).unwrap();
        options.boot.push(BootEntry::new(id, platform));
    }
    options.hybrid = Some(hybrid.clone());
    change(&mut options);
    Arc::new(Layout::plan(tree, 0, &options).unwrap())
}

fn hybrid(table: PartitionTable, efi: EfiPartition) -> Hybrid {
    Hybrid {
        code: BootCode::new(&says("boot record"), Pointer::None).ok(),
        table,
        efi,
    }
}

/// The image for UEFI: its first sector of 512 bytes, and how many it has.
fn efi_sectors(layout: &Layout, dir: &Path) -> (u64, u64) {
    let efi = dir.join("efi");
    let file = layout.files().find(|file| file.source_path() == efi);
    let file = file.unwrap();
    (u64::from(file.first_lba()) * 4, file.size() / 512)
}

#[test]
fn a_machine_starts_in_each_way() {
    let name = "a_machine_starts_in_each_way";
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("i");
    for table in TABLES {
        for efi in PLACES {
            let layout = plan_hybrid(dir.path(), &hybrid(table, efi), |_| {});
            image_file(&layout, &image);
            let ways = [
                (Firmware::Bios, As::Disc, "entry for a BIOS"),
                (Firmware::Bios, As::Stick, "boot record"),
                (Firmware::Uefi, As::Disc, "entry for UEFI"),
                (Firmware::Uefi, As::Stick, "entry for UEFI"),
            ];
            for (firmware, way, line) in ways {
                // A disc is started by its boot catalogue, whatever tables there are.
                if way == As::Disc && table != PartitionTable::Gpt {
                    continue;
                }
                if can_start(name, firmware) {
                    assert!(
                        machine_says(firmware, way, &image, line),
                        "{table:?} {efi:?}: {firmware:?} {way:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn sgdisk_finds_nothing_wrong_with_a_gpt() {
    let name = "sgdisk_finds_nothing_wrong_with_a_gpt";
    if tool(name, "sgdisk").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("i");
    for table in [PartitionTable::Gpt, PartitionTable::GptAndMbr] {
        for efi in PLACES {
            for udf in [None, Some(UdfRevision::V2_50)] {
                let layout = plan_hybrid(dir.path(), &hybrid(table, efi), |options| {
                    options.udf = udf;
                });
                image_file(&layout, &image);
                let told = run(Command::new("sgdisk").arg("--verify").arg(&image)).stdout;
                let told = String::from_utf8_lossy(&told);
                assert!(
                    told.contains("No problems found"),
                    "{table:?} {efi:?} {told}"
                );
                let told = run(Command::new("sgdisk").arg("--print").arg(&image)).stdout;
                let told = String::from_utf8_lossy(&told);
                let (first, sectors) = efi_sectors(&layout, dir.path());
                let row = told.lines().find(|line| line.contains("EF00")).unwrap();
                let row: Vec<&str> = row.split_whitespace().collect();
                let expected = [first.to_string(), (first + sectors - 1).to_string()];
                assert_eq!(row[1..3], expected, "{told}");
            }
        }
    }
}

#[test]
fn xorriso_finds_the_tables_of_each_kind() {
    let name = "xorriso_finds_the_tables_of_each_kind";
    if tool(name, "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("i");
    for table in TABLES {
        for efi in PLACES {
            let layout = plan_hybrid(dir.path(), &hybrid(table, efi), |_| {});
            image_file(&layout, &image);
            let output = run(Command::new("xorriso")
                .args(["-indev"])
                .arg(&image)
                .args(["-report_system_area", "plain"]));
            let told = String::from_utf8_lossy(&output.stdout);
            let row = |begins: &str, holds: &str| {
                let mut rows = told.lines().filter(|line| line.starts_with(begins));
                rows.find(|line| line.contains(holds))
                    .unwrap_or_else(|| panic!("{table:?} {efi:?}: no {begins} {holds} in {told}"))
            };
            let (first, sectors) = efi_sectors(&layout, dir.path());
            row("System area summary:", "MBR");
            if table != PartitionTable::Gpt {
                let row = row("MBR partition", "0xef");
                assert!(row.contains(&first.to_string()) && row.contains(&sectors.to_string()));
            }
            if table != PartitionTable::Mbr {
                row("System area summary:", "GPT");
                let row = row("GPT start and size", &first.to_string());
                assert!(row.contains(&sectors.to_string()), "{row}");
                assert!(!told.contains("GPT backup problems"), "{told}");
            }
        }
    }
}

#[test]
fn the_ends_of_udf_and_of_the_partition_table_stand_beside_one_another() {
    let dir = tempfile::tempdir().unwrap();
    for (table, behind) in [(PartitionTable::Gpt, 256), (PartitionTable::Mbr, 0)] {
        let hybrid = hybrid(table, EfiPartition::Appended);
        let layout = plan_hybrid(dir.path(), &hybrid, |options| {
            options.udf = Some(UdfRevision::V1_02);
        });
        let last = layout.blocks() as u32 - 1;
        let anchor = Some(Owner::Structure(Structure::UdfAnchor));
        assert_eq!(layout.owner_of(last - behind), anchor);
        assert_eq!(layout.blocks() % 512, 0);
        if behind > 0 {
            let table = Some(Owner::Structure(Structure::PartitionTable));
            assert_eq!(layout.owner_of(last), table);
            assert_eq!(layout.owner_of(last - 8), table);
        }
        // The same volume has the same tables, and any range of blocks is as it is in one piece.
        let whole = image(&layout);
        let again = plan_hybrid(dir.path(), &hybrid, |options| {
            options.udf = Some(UdfRevision::V1_02);
        });
        assert!(image(&again) == whole);
        let mut emitter = layout.emitter();
        for block in (0..20).chain(u64::from(last) - 20..=u64::from(last)) {
            let mut piece = [0; BLOCK_SIZE];
            emitter.read_blocks(block, &mut piece).unwrap();
            let at = block as usize * BLOCK_SIZE;
            assert!(piece == whole[at..at + BLOCK_SIZE], "block {block}");
        }
    }
}

#[test]
fn what_cannot_be_a_hybrid_image_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"x");
    let fault = |first_lba, hybrid: Hybrid| {
        let options = VolumeOptions {
            hybrid: Some(hybrid),
            ..options()
        };
        match Layout::plan(scan(dir.path()), first_lba, &options) {
            Err(PlanError::Hybrid { fault }) => fault,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        fault(32, Hybrid::default()),
        HybridFault::NotAtTheBeginning { first_lba: 32 }
    );
    let grub = Hybrid {
        code: BootCode::new(b"x", Pointer::Grub).ok(),
        ..Hybrid::default()
    };
    assert_eq!(fault(0, grub), HybridFault::NoImageForTheCode);
}
