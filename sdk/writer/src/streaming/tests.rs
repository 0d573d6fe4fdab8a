//! Which part of a burn is streamed.

use super::*;
use proptest::prelude::*;

fn shape(extent: Extent) -> Vec<(i32, u64, WriteCommand, u32)> {
    split(extent)
        .into_iter()
        .map(|part| (part.first_lba.0, part.blocks, part.command, part.unit))
        .collect()
}

#[test]
fn anchors_and_the_end_are_verified_and_the_bulk_is_streamed() {
    use WriteCommand::{Write10, Write12Streaming};
    assert_eq!(
        shape(Extent::image(Lba(0), 10_000, 16)),
        [
            (0, 2_048, Write10, 16),
            (2_048, 7_936, Write12Streaming, 32),
            (9_984, 16, Write10, 16)
        ]
    );
    assert_eq!(
        shape(Extent::image(Lba(6_528), 4_096, 32)),
        [
            (6_528, 2_048, Write10, 32),
            (8_576, 2_048, Write12Streaming, 32)
        ]
    );
    assert_eq!(
        shape(Extent::image(Lba(0), 2_048, 16)),
        [(0, 2_048, Write10, 16)]
    );
}

proptest! {
    #[test]
    fn the_parts_are_the_whole_in_whole_units(start in 0..1_000_000i32, units in 1..4_000u64) {
        let whole = Extent::image(Lba(start * 16), units * 16, 16);
        let mut next = whole.first_lba.0;
        let parts = split(whole.clone());
        for part in &parts {
            prop_assert_eq!(part.first_lba.0, next);
            prop_assert!(part.blocks > 0 && part.blocks.is_multiple_of(part.unit.into()));
            if part.command == WriteCommand::Write12Streaming {
                prop_assert!(part.first_lba.0.rem_euclid(32) == 0 && part.unit == 32);
                prop_assert!(part.first_lba.0 - whole.first_lba.0 >= ANCHORS);
            }
            next += i32::try_from(part.blocks).map_err(|e| TestCaseError::fail(e.to_string()))?;
        }
        prop_assert_eq!(parts.iter().map(|part| part.blocks).sum::<u64>(), whole.blocks);
    }
}
