//! Records with checks that hold and payloads that are anything, behind each other.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/reading.rs"]
mod reading;

fuzz_target!(|data: &[u8]| {
    reading::read(&reading::framed(data));
});
