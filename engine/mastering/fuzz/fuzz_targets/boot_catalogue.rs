//! A boot catalogue of any bytes: it may fail, never panic or hang, and holds no more than it was given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mastering::{BLOCK_SIZE, BootCatalogue};

fuzz_target!(|data: &[u8]| {
    let mut image = data.to_vec();
    image.resize(image.len().next_multiple_of(BLOCK_SIZE), 0);
    if let Ok(catalogue) = BootCatalogue::read(&mut image.as_slice(), 0) {
        assert!(catalogue.entries.len() <= image.len() / 32);
    }
});
