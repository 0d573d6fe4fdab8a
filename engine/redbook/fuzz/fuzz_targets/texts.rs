//! Packs of CD-TEXT of any bytes; what is read of them can be looked at, and mostly written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_redbook::text::CdText;

fuzz_target!(|data: &[u8]| {
    let (text, _) = CdText::parse(data);
    let _ = text.packs();
});
