//! A volume of UDF alone, of any bytes, whose descriptors are sealed for it: so what they say is looked at, not only that
//! their checksums are wrong. It may fail, never panic or hang.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mastering::{BLOCK_SIZE, Names, Volume};

/// Seals the descriptor at the beginning of `bytes`, as long as it says it is.
fn seal(bytes: &mut [u8]) {
    let Some((tag, body)) = bytes.split_at_mut_checked(16) else {
        return;
    };
    let known = matches!(u16::from_le_bytes([tag[0], tag[1]]), 1..=9 | 256..=266);
    let length = usize::from(u16::from_le_bytes([tag[10], tag[11]]));
    let Some(body) = body.get(..length).filter(|_| known) else {
        return;
    };
    let crc = body.iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| match crc >> 15 {
            1 => crc << 1 ^ 0x1021,
            _ => crc << 1,
        })
    });
    tag[8..10].copy_from_slice(&crc.to_le_bytes());
    tag[4] = 0;
    tag[4] = tag.iter().fold(0, |sum, byte| sum.wrapping_add(*byte));
}

fuzz_target!(|data: &[u8]| {
    // The first 16 blocks are the system area: the reader does not look at them.
    let mut image = vec![0u8; 16 * BLOCK_SIZE];
    image.extend_from_slice(data);
    image.resize(image.len().next_multiple_of(BLOCK_SIZE), 0);
    // Names stand one behind the other; what holds them is sealed after them.
    for at in (0..image.len()).step_by(4).rev() {
        seal(&mut image[at..]);
    }
    let Ok(mut volume) = Volume::open(image.as_slice(), 0) else {
        return;
    };
    if !volume.use_names(Names::Udf) {
        return;
    }
    let entries: Vec<_> = volume.walk().filter_map(Result::ok).take(1000).collect();
    for (_, entry) in entries {
        let mut block = [0u8; BLOCK_SIZE];
        let _ = volume.read_file(&entry, 0, &mut block);
        let _ = volume.named_streams(&entry);
    }
});
