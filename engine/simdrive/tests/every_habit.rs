//! No habit of a drive without a test of its own.
#![allow(clippy::panic, reason = "a test says what is missing")]

use pitland_simdrive::Quirks;

/// Habits of DVD-R, DVD-RW and CD have their tests beside the rules that they bend.
const TESTS: [&str; 9] = [
    include_str!("quirks.rs"),
    include_str!("quirks_of_speeds.rs"),
    include_str!("rules_dvd_minus.rs"),
    include_str!("rules_dvd_rw.rs"),
    include_str!("rules_cd_audio.rs"),
    include_str!("rules_cd_raw.rs"),
    include_str!("rules_cd_sheet.rs"),
    include_str!("rules_cd_tell.rs"),
    include_str!("rules_cd_write.rs"),
];

/// A new habit without a test of its own does not pass.
#[test]
fn every_habit_is_tested() {
    for name in Quirks::NAMES {
        let sets = format!("q.{name} =");
        assert!(TESTS.iter().any(|file| file.contains(&sets)), "{name}");
    }
}
