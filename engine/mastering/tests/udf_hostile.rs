//! Volumes of UDF with changed bytes whose descriptors are sealed anew, as somebody with malice would: they are read or
//! refused, and reading ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::os::unix::fs::symlink;
use std::sync::{Arc, LazyLock};

use pitland_mastering::read::ReadError;
use pitland_mastering::{BLOCK_SIZE, Layout, Names, UdfRevision, Volume};
use proptest::prelude::*;
use support::*;

/// A small volume, and where its descriptors are: offset and bytes behind the tag that its CRC covers.
struct Sample {
    image: Vec<u8>,
    descriptors: Vec<(usize, usize)>,
}

fn sum(tag: &[u8]) -> u8 {
    let others = tag.iter().enumerate().filter(|(at, _)| *at != 4);
    others.fold(0, |sum, (_, byte)| sum.wrapping_add(*byte))
}

fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| match crc >> 15 {
            1 => crc << 1 ^ 0x1021,
            _ => crc << 1,
        })
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn descriptors(image: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for at in (0..image.len() - 16).step_by(4) {
        let tag = &image[at..at + 16];
        let length = usize::from(u16_at(tag, 10));
        let known = matches!(u16_at(tag, 0), 1..=9 | 256..=266);
        let body = image.get(at + 16..at + 16 + length);
        if known && sum(tag) == tag[4] && body.is_some_and(|body| crc(body) == u16_at(tag, 8)) {
            found.push((at, length));
        }
    }
    found
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), &noise(1, 5000));
    write(&dir.path().join("a/b/c/deep"), b"deep");
    symlink("a/b/../file", dir.path().join("link")).unwrap();
    for number in 0..60 {
        write(&dir.path().join(format!("many/{number:040}")), b"x");
    }
    let sample = |revision, iso9660| {
        let mut wanted = options();
        wanted.padding_blocks = 0;
        wanted.iso9660 = iso9660;
        wanted.udf = Some(revision);
        let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &wanted).unwrap());
        let image = image(&layout);
        let descriptors = descriptors(&image);
        assert!(descriptors.len() > 140);
        Sample { image, descriptors }
    };
    vec![
        sample(UdfRevision::V1_02, true),
        sample(UdfRevision::V2_01, false),
        sample(UdfRevision::V2_60, false),
    ]
});

/// Reads all that can be read; how many names that were.
fn read_all(image: &[u8]) -> usize {
    let Ok(mut volume) = Volume::open(image, 0) else {
        return 0;
    };
    if !volume.use_names(Names::Udf) {
        return 0;
    }
    let found: Vec<_> = volume
        .walk()
        .filter_map(Result::ok)
        .take(10_000)
        .map(|(_, entry)| entry)
        .collect();
    assert!(found.len() < 10_000, "the walk does not end");
    let mut piece = vec![0; 8 * BLOCK_SIZE];
    for entry in &found {
        for offset in [0, 1000, entry.size.saturating_sub(1)] {
            let _ = volume.read_file(entry, offset, &mut piece);
        }
        let _ = volume.named_streams(entry);
    }
    found.len()
}

#[test]
fn the_samples_are_whole() {
    for sample in SAMPLES.iter() {
        assert_eq!(read_all(&sample.image), 68);
    }
}

/// Seals all descriptors anew; what holds others after them.
fn seal(image: &mut [u8], descriptors: &[(usize, usize)]) {
    for (at, length) in descriptors.iter().rev() {
        let seal = crc(&image[at + 16..at + 16 + length]);
        image[at + 8..at + 10].copy_from_slice(&seal.to_le_bytes());
        image[at + 4] = sum(&image[*at..at + 16]);
    }
}

#[test]
fn a_folder_that_holds_itself_is_met_once() {
    for sample in SAMPLES.iter() {
        let mut image = sample.image.clone();
        let (file_set, _) = sample
            .descriptors
            .iter()
            .find(|(at, _)| u16_at(&image, *at) == 256)
            .unwrap();
        let root = image[file_set + 400..file_set + 416].to_vec();
        let mut changed = 0;
        for (at, _) in &sample.descriptors {
            // Where the name `c` leads, in both copies.
            if u16_at(&image, *at) == 257 && image[at + 38..at + 40] == [8, b'c'] {
                image[at + 20..at + 36].copy_from_slice(&root);
                changed += 1;
            }
        }
        assert!(changed > 0);
        seal(&mut image, &sample.descriptors);
        let mut volume = Volume::open(image.as_slice(), 0).unwrap();
        volume.use_names(Names::Udf);
        let found: Vec<_> = volume.walk().take(10_000).collect();
        let faults: Vec<_> = found.iter().filter_map(|f| f.as_ref().err()).collect();
        assert_eq!(faults.len(), 1);
        assert!(matches!(faults[0], ReadError::DirectoryLoop { .. }));
        assert_eq!(found.len(), 67 + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn sealed_lies_are_read_or_refused(
        which in 0..3usize,
        changes in proptest::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop_oneof![
                any::<u8>(), Just(0u8), Just(1u8), Just(0xffu8), Just(0x40u8), Just(0xc0u8),
            ]),
            1..6,
        ),
    ) {
        let sample = &SAMPLES[which];
        let mut image = sample.image.clone();
        for (descriptor, byte, value) in changes {
            let (at, length) = *descriptor.get(&sample.descriptors);
            if length == 0 {
                continue;
            }
            image[at + 16 + byte.index(length)] = value;
            seal(&mut image, &sample.descriptors);
        }
        read_all(&image);
    }

    #[test]
    fn volumes_that_are_cut_short_are_read_or_refused(which in 0..3usize, part in 0.0..1.0f64) {
        let sample = &SAMPLES[which];
        let blocks = (sample.image.len() / BLOCK_SIZE) as f64 * part;
        read_all(&sample.image[..blocks as usize * BLOCK_SIZE]);
    }
}
