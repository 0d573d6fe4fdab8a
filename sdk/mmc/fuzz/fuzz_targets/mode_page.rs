//! Mode pages, printed whatever they are; what is understood returns.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mmc::mode_page::ModePage;

fuzz_target!(|data: &[u8]| {
    assert!(!pitland_mmc::pretty::describe_mode_pages(data).is_empty());
    if let Ok(page) = ModePage::parse(data) {
        let emitted = page.emit();
        assert_eq!(ModePage::parse(&emitted).map(|p| p.emit()), Ok(emitted));
    }
});
