//! A volume of any bytes, walked by all its names and read; it may fail, never panic or hang.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mastering::{BLOCK_SIZE, Volume};

fuzz_target!(|data: &[u8]| {
    // The first 16 blocks are the system area: the reader does not look at them.
    let mut image = vec![0u8; 16 * BLOCK_SIZE];
    image.extend_from_slice(data);
    image.resize(image.len().next_multiple_of(BLOCK_SIZE), 0);
    let Ok(mut volume) = Volume::open(image.as_slice(), 0) else {
        return;
    };
    for names in volume.offered_names() {
        volume.use_names(names);
        let entries: Vec<_> = volume.walk().filter_map(Result::ok).take(1000).collect();
        for (_, entry) in entries {
            let mut block = [0u8; BLOCK_SIZE];
            let _ = volume.read_file(&entry, 0, &mut block);
        }
    }
});
