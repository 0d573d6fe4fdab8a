//! A cue sheet of any bytes; it may be refused, never panic or hang.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mastering::images::CueSheet;

fuzz_target!(|data: &[u8]| {
    if let Ok(sheet) = CueSheet::parse(data) {
        assert!(sheet.files.iter().all(|file| !file.tracks.is_empty()));
    }
});
