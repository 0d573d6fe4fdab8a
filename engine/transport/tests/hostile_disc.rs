//! Files that are no virtual discs, or damaged ones: a typed error, never a
//! panic, and the file as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod host;

use host::*;
use pitland_transport::Transport;
use pitland_transport::address::{DriveAddress, OpenError, OpenMode, VirtualOptions};
use pitland_transport::sim::*;
use proptest::prelude::*;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where the blocks begin: the header and two slots.
const BLOCKS_AT: u64 = 135_168;
const SLOTS: [u64; 2] = [4096, 69_632];
const BLOCKS: u32 = 64 * 32;

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 }
        })
    })
}

/// Header, slots and a few blocks of a disc that a drive has burned on.
fn burned() -> &'static [u8] {
    static DISC: OnceLock<Vec<u8>> = OnceLock::new();
    DISC.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        drop(create_disc(&path, MediumKind::BdR, Some(BLOCKS)).unwrap());
        let mut drive = open(&path, OpenMode::Existing).unwrap();
        wait_ready(&mut drive);
        for lba in [0, 32, 64] {
            good(write(&mut drive, lba, &pattern(lba, 32)));
            synchronize(&mut drive);
        }
        drop(drive);
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(BLOCKS_AT as usize);
        bytes
    })
}

/// A file with these first bytes, as long as told.
fn put(bytes: &[u8], length: u64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let file = File::create(&path).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.set_len(length).unwrap();
    (folder, path)
}

fn full_length() -> u64 {
    BLOCKS_AT + u64::from(BLOCKS) * 2048
}

fn open(path: &Path, mode: OpenMode) -> Result<Box<dyn Transport>, OpenError> {
    DriveAddress::VirtualFile {
        path: path.to_owned(),
        options: VirtualOptions::default(),
    }
    .open(mode)
}

/// Opens the disc in every way; the file must not change by it.
fn refusal(path: &Path) -> Option<DiscFileError> {
    let print = |path: &Path| {
        let found = fs::metadata(path).unwrap();
        (
            found.len(),
            found.mtime(),
            found.mtime_nsec(),
            fs::read(path).unwrap(),
        )
    };
    let before = print(path);
    let disc = open_disc(path, Access::ReadOnly).map(drop);
    let drive = open(path, OpenMode::Existing).map(drop);
    assert_eq!(disc.is_ok(), drive.is_ok());
    assert!(print(path) == before, "the file was changed");
    disc.err()
}

fn damage(bytes: &[u8], length: u64) -> Damage {
    let (_folder, path) = put(bytes, length);
    match refusal(&path) {
        Some(DiscFileError::Damaged { damage, .. }) => damage,
        other => panic!("{other:?}"),
    }
}

/// The header page with a field changed and its sum made right again.
fn header_with(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut disc = burned().to_vec();
    disc[at..at + bytes.len()].copy_from_slice(bytes);
    let sum = crc32c(&disc[..4092]);
    disc[4092..4096].copy_from_slice(&sum.to_le_bytes());
    disc
}

/// A disc whose newest state is whatever is told, with its sum right.
fn with_state(generation: u64, state: &[u8]) -> Vec<u8> {
    let mut disc = burned().to_vec();
    let mut slot = generation.to_le_bytes().to_vec();
    slot.extend((state.len() as u32).to_le_bytes());
    let sum = crc32c(&[&slot[..], state].concat());
    slot.extend(sum.to_le_bytes());
    slot.extend(state);
    disc[SLOTS[0] as usize..][..slot.len()].copy_from_slice(&slot);
    disc
}

#[test]
fn the_format_is_as_described() {
    let disc = burned();
    assert_eq!(&disc[..20], b"PITLAND VIRTUAL DISC");
    assert_eq!(disc[20..32], [1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0]);
    assert_eq!(disc[32..40], u64::from(BLOCKS).to_le_bytes());
    assert_eq!(disc[4092..4096], crc32c(&disc[..4092]).to_le_bytes());
    let generation = |slot: u64| u64::from_le_bytes(disc[slot as usize..][..8].try_into().unwrap());
    assert_eq!(
        generation(SLOTS[0]).abs_diff(generation(SLOTS[1])),
        1,
        "saved by turns"
    );
    for slot in SLOTS.map(|at| &disc[at as usize..]) {
        let length = u32::from_le_bytes(slot[8..12].try_into().unwrap()) as usize;
        let sum = crc32c(&[&slot[..12], &slot[16..16 + length]].concat());
        assert_eq!(slot[12..16], sum.to_le_bytes());
    }
    let (_folder, path) = put(disc, full_length());
    assert!(refusal(&path).is_none());
}

#[test]
fn a_new_disc_takes_next_to_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    drop(create_disc(&path, MediumKind::BdR, None).unwrap());
    let found = fs::metadata(&path).unwrap();
    assert_eq!(found.len(), BLOCKS_AT + 12_219_392 * 2048);
    assert!(
        found.blocks() * 512 < 1 << 20,
        "{} bytes on the host",
        found.blocks() * 512
    );
}

#[test]
fn foreign_files_are_no_discs() {
    for bytes in [
        &b""[..],
        b"P",
        b"PITLAND VIRTUAL DIS",
        b"PITLAND VIRTUAL DISK\x01\0\0\0",
        &[0; 8192],
    ] {
        let (_folder, path) = put(bytes, bytes.len() as u64);
        assert!(matches!(
            refusal(&path),
            Some(DiscFileError::NotADisc { .. })
        ));
    }
}

#[test]
fn damaged_headers_are_told_apart() {
    let length = full_length();
    assert!(matches!(
        damage(&header_with(20, &[3]), length),
        Damage::Version { found: 3 }
    ));
    // Version 2 says how large the sectors are that it has.
    assert!(matches!(
        damage(&header_with(20, &[2]), length),
        Damage::HeaderValues { block_bytes: 0, .. }
    ));
    let mut flipped = burned().to_vec();
    flipped[100] ^= 1;
    assert_eq!(damage(&flipped, length), Damage::HeaderSum);
    assert!(matches!(
        damage(&header_with(24, &[0, 0]), length),
        Damage::HeaderValues { block_bytes: 0, .. }
    ));
    assert!(matches!(
        damage(&header_with(32, &[0; 8]), length),
        Damage::HeaderValues { blocks: 0, .. }
    ));
    assert!(matches!(
        damage(&header_with(32, &[0xFF; 8]), length),
        Damage::HeaderValues { .. }
    ));
    let more = u64::from(BLOCKS + 1).to_le_bytes();
    assert!(matches!(
        damage(&header_with(32, &more), length),
        Damage::Truncated { .. }
    ));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for cut in [
        20,
        24,
        4095,
        4096,
        70_000,
        BLOCKS_AT,
        full_length() - 1,
        full_length() + 1,
    ] {
        let bytes = &burned()[..burned().len().min(cut as usize)];
        assert!(
            matches!(damage(bytes, cut), Damage::Truncated { length, .. } if length == cut),
            "{cut}"
        );
    }
}

#[test]
fn the_older_state_serves_when_the_newer_is_broken_and_none_is_an_error() {
    let disc = burned();
    let generation = |slot: u64| u64::from_le_bytes(disc[slot as usize..][..8].try_into().unwrap());
    let newer = if generation(SLOTS[0]) > generation(SLOTS[1]) {
        0
    } else {
        1
    };
    let mut broken = disc.to_vec();
    broken[SLOTS[newer] as usize + 20] ^= 0x40;
    let (_folder, path) = put(&broken, full_length());
    assert!(open_disc(&path, Access::ReadOnly).unwrap().written_end() <= 96);
    assert!(refusal(&path).is_none());
    broken[SLOTS[1 - newer] as usize + 8] ^= 0xFF;
    assert_eq!(damage(&broken, full_length()), Damage::NoValidState);
}

#[test]
fn what_is_no_ordinary_file_is_refused_without_hanging() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, kind) in [
        (fifo.as_path(), FileKind::Fifo),
        (folder.path(), FileKind::Folder),
        (Path::new("/dev/null"), FileKind::Device),
        (socket.as_path(), FileKind::Socket),
    ] {
        for mode in [
            OpenMode::Existing,
            OpenMode::ReadOnly,
            OpenMode::CreateBlankBdR,
        ] {
            match open(path, mode) {
                Err(OpenError::DiscFile(DiscFileError::NotAFile { kind: found, .. })) => {
                    assert_eq!(found, kind)
                }
                other => panic!("{path:?}: {:?}", other.map(drop)),
            }
        }
        assert!(matches!(
            create_disc(path, MediumKind::BdR, None),
            Err(DiscFileError::Exists { .. })
        ));
    }
    let link = folder.path().join("link");
    let (_kept, disc) = put(burned(), full_length());
    std::os::unix::fs::symlink(&disc, &link).unwrap();
    assert!(
        open(&link, OpenMode::Existing).is_ok(),
        "a link to a disc is fine"
    );
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink(folder.path().join("nothing"), &dangling).unwrap();
    assert!(matches!(
        create_disc(&dangling, MediumKind::BdR, None),
        Err(DiscFileError::Exists { .. })
    ));
}

#[test]
fn making_a_disc_leaves_nothing_when_it_fails_and_touches_nothing_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for blocks in [0, 1, 33, u32::MAX] {
        let refused = create_disc(&path, MediumKind::BdR, Some(blocks));
        assert!(
            matches!(refused, Err(DiscFileError::Medium { .. })),
            "{blocks}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::write(&path, "mine").unwrap();
    assert!(matches!(
        create_disc(&path, MediumKind::BdR, None),
        Err(DiscFileError::Exists { .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = create_disc(&folder.path().join("no/x"), MediumKind::BdR, None);
    assert!(matches!(nowhere, Err(DiscFileError::NotMade { .. })));
}

#[test]
fn a_state_that_claims_more_than_the_file_is_refused() {
    let (_folder, path) = put(burned(), full_length());
    // A larger disc's state in this smaller file.
    let larger = tempfile::tempdir().unwrap();
    let other = larger.path().join("x");
    drop(create_disc(&other, MediumKind::BdR, Some(2 * BLOCKS)).unwrap());
    let bytes = fs::read(&other).unwrap();
    let length = u32::from_le_bytes(bytes[4104..4108].try_into().unwrap()) as usize;
    let disc = with_state(u64::MAX, &bytes[4112..4112 + length]);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .write_all_at(&disc, 0)
        .unwrap();
    assert!(matches!(
        refusal(&path),
        Some(DiscFileError::Damaged {
            damage: Damage::ClaimsMoreThanFile { .. },
            ..
        })
    ));
}

/// Uses a drive as far as it lets itself be used: no panic is all that is asked.
fn use_it(path: &Path) {
    let Ok(mut drive) = open(path, OpenMode::Existing) else {
        return;
    };
    for bytes in [
        &[0u8; 6][..],
        &[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0],
        &[0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0],
    ] {
        for _ in 0..3 {
            let mut room = [0; 36];
            let wanted = usize::from(bytes.get(8).copied().unwrap_or(0));
            let exchange =
                pitland_transport::Exchange::data_in(cdb(bytes), &mut room[..wanted], LIMIT);
            let _ = drive.execute(exchange);
            drive.advance(std::time::Duration::from_secs(20));
        }
    }
    let _ = read(&mut drive, 0, &mut vec![0; UNIT]);
    let _ = write(&mut drive, 96, &pattern(96, 32));
    drive.advance(std::time::Duration::from_secs(60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn flipped_bits_never_panic_and_never_change_the_file(
        flips in prop::collection::vec((0usize..135_168, 0u8..8), 1..8),
        near in prop::collection::vec((0usize..300, 0u8..8), 0..4),
    ) {
        let mut disc = burned().to_vec();
        for (at, bit) in flips {
            disc[at] ^= 1 << bit;
        }
        for (at, bit) in near {
            disc[SLOTS[at % 2] as usize + at / 2] ^= 1 << bit;
        }
        let (_folder, path) = put(&disc, full_length());
        let _ = refusal(&path);
        use_it(&path);
    }

    #[test]
    fn a_valid_sum_over_an_insane_state_never_panics(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        put_in in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let slot = &burned()[SLOTS[0] as usize..];
        let length = u32::from_le_bytes(slot[8..12].try_into().unwrap()) as usize;
        let good = &slot[16..16 + length];
        let mut changed = good.to_vec();
        changed[at.index(length)] = put_in;
        for state in [&noise[..], &changed, &good[..cut.index(length)]] {
            let (_folder, path) = put(&with_state(1 << 40, state), full_length());
            let _ = refusal(&path);
            use_it(&path);
        }
    }

    #[test]
    fn a_file_cut_at_random_never_panics(length in 0..full_length(), noise in any::<bool>()) {
        let mut bytes = burned()[..burned().len().min(length as usize)].to_vec();
        if noise {
            bytes.iter_mut().skip(20).for_each(|byte| *byte = byte.wrapping_mul(7).wrapping_add(13));
        }
        let (_folder, path) = put(&bytes, length);
        prop_assert!(refusal(&path).is_some());
    }
}
