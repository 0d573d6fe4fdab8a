//! A volume of any bytes, imported, and a session planned on it; it may be refused, never panic or hang. The sessions of
//! an image of any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mastering::{
    BLOCK_SIZE, ImportOptions, Layout, Timestamp, VolumeOptions, import, sessions,
};

fuzz_target!(|data: &[u8]| {
    // The first 16 blocks are the system area: the reader does not look at them.
    let mut image = vec![0u8; 16 * BLOCK_SIZE];
    image.extend_from_slice(data);
    image.resize(image.len().next_multiple_of(BLOCK_SIZE), 0);
    let _ = sessions(&mut image.as_slice());
    let mut wanted = ImportOptions::default();
    wanted.digests = Some("SHA256SUMS".into());
    let Ok(imported) = import(image.as_slice(), 0, &wanted) else {
        return;
    };
    let (Ok(tree), Some(first_lba)) = (imported.builder.finish(), imported.next_session(16)) else {
        return;
    };
    let mut options = VolumeOptions::new("FUZZ", Timestamp::from_seconds(0));
    options.boot = imported.boot_entries(&tree);
    let _ = Layout::plan(tree, first_lba, &options);
});
