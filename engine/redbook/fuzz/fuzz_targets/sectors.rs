//! Sectors of any bytes are judged and mended, or given up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_redbook::{SECTOR_BYTES, SectorCodec};

fuzz_target!(|data: &[u8]| {
    let Some(sector) = data.first_chunk::<SECTOR_BYTES>() else {
        return;
    };
    let codec = SectorCodec::new();
    let _ = codec.judge(sector);
    let mut mended = *sector;
    let _ = codec.correct(&mut mended);
});
