//! A sound file of any bytes: refused, or as long as it says. What panics in a decoder of others is contained, and is no find.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_redbook::audio::AudioFile;
use std::io::Write;

fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |data: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a temporary file");
    let _ = AudioFile::measure(file.path());
});
