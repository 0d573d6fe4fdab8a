//! A journal, whatever it is: read or refused, and judged where it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/reading.rs"]
mod reading;

fuzz_target!(|data: &[u8]| {
    reading::read(data);
});
