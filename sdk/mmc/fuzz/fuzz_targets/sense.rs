//! Sense data, printed whatever they are; what is understood returns.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mmc::Sense;

fuzz_target!(|data: &[u8]| {
    assert!(!pitland_mmc::pretty::describe_sense(data).is_empty());
    if let Ok(sense) = Sense::parse(data) {
        assert_eq!(
            Sense::parse(&sense.emit()).map(|s| s.triple()),
            Ok(sense.triple())
        );
    }
});
