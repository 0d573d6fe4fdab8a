//! A volume with a manifest of any bytes, checked; lines of weights and patterns of any text. They may be refused,
//! never panic or hang.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use pitland_mastering::checksums::check;
use pitland_mastering::{
    Attributes, BLOCK_SIZE, Globs, Layout, Origin, Timestamp, TreeBuilder, Volume, VolumeOptions,
    Weights,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Weights::parse(text);
        let _ = Globs::new(text.lines());
    }
    let time = Timestamp::from_seconds(0);
    let attributes = Attributes::new(0o644, time);
    let mut builder = TreeBuilder::new();
    for (name, bytes) in [("SUMS", data), ("file", b"bytes")] {
        if builder
            .add_file(name, Origin::memory(bytes), &attributes)
            .is_err()
        {
            return;
        }
    }
    let Ok(tree) = builder.finish() else { return };
    let Ok(layout) = Layout::plan(tree, 0, &VolumeOptions::new("X", time)) else {
        return;
    };
    let layout = Arc::new(layout);
    let mut image = vec![0; layout.blocks() as usize * BLOCK_SIZE];
    if layout.emitter().read_blocks(0, &mut image).is_ok()
        && let Ok(mut volume) = Volume::open(image.as_slice(), 0)
    {
        let _ = check(&mut volume, "SUMS");
    }
});
