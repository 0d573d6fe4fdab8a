//! A command block and its parameter list, printed whatever they are.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((len, rest)) = data.split_first() else {
        return;
    };
    let (block, bytes) = rest.split_at(rest.len().min(usize::from(len % 17)));
    assert!(!pitland_mmc::pretty::describe(block, bytes).is_empty());
});
