//! Each condition that a program can meet, met: by virtual drives that fail by a script, by files, sheets and volumes that
//! are not as they should be. What is met has its stable code, its value in Windows' API, and words that say what to do;
//! and `docs/errors.md` has a row for every code, and one for every result of that API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod audio;
mod device;
mod erase;
mod images;
mod import;
mod page;
mod sources;
mod ways;

use pitland::codes::{Code, Coded, imapi};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::path::Path;

/// Something that was met, and what it should be.
#[derive(Debug)]
pub(crate) struct Met {
    wanted: Code,
    code: Code,
    imapi: Option<u32>,
    words: String,
}

impl Met {
    /// An error that should be of this condition.
    pub(crate) fn new(wanted: Code, error: &(impl Coded + Display)) -> Self {
        Self {
            imapi: error.imapi_code(),
            ..Self::told(wanted, Some(error.code()), error)
        }
    }

    /// What is told besides a success, with the condition that it has.
    pub(crate) fn told(wanted: Code, code: Option<Code>, words: &impl Display) -> Self {
        let code = code.unwrap_or_else(|| panic!("{words} has no code"));
        Self {
            wanted,
            code,
            imapi: code.imapi_code(),
            words: words.to_string(),
        }
    }

    /// The condition that it has.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self) -> Option<String> {
        let Self {
            wanted,
            code,
            imapi,
            words,
        } = self;
        if code != wanted {
            return Some(format!("{words:?} is {code}, not {wanted}"));
        }
        if *imapi != wanted.imapi_values().first().copied() {
            return Some(format!("{words:?} has the value {imapi:08x?}"));
        }
        let one_line = !words.trim().is_empty() && !words.contains('\n');
        let advice = wanted.advice();
        (!one_line || advice.split(' ').count() < 3)
            .then(|| format!("{words:?} says too little, or {advice:?}"))
    }
}

/// All that was met is as it should be.
pub(crate) fn as_wanted(met: &[Met]) {
    let wrong: Vec<String> = met.iter().filter_map(Met::wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Conditions that are met where this test cannot be, and the tests that meet them and look at their codes.
const ELSEWHERE: [(Code, &str); 7] = [
    // Of the program alone.
    (
        Code::RequestNoDrive,
        "engine/cli/tests/bad_input.rs::what_is_wrong_has_its_condition_and_the_value_that_windows_has_for_it",
    ),
    // Of drives and streams that the checks of the old API's behaviour have at hand.
    (
        Code::SpeedRotationAdjusted,
        "tests/checks/media.rs::check_23_the_nearest_speed_is_taken_and_what_was_adjusted_is_told",
    ),
    (
        Code::SpeedBothAdjusted,
        "tests/checks/media.rs::check_23_the_nearest_speed_is_taken_and_what_was_adjusted_is_told",
    ),
    (
        Code::CdLeadIn,
        "tests/checks/audio.rs::check_33_raw_blocks_of_three_forms_are_burned_from_where_the_disc_s_lead_in_begins",
    ),
    // File systems do not fail on request.
    (
        Code::StashOpen,
        "engine/src/pipeline/stash/store.rs::what_fails_in_a_folder_is_told_by_what_was_done",
    ),
    (
        Code::StashWrite,
        "engine/src/pipeline/stash/store.rs::what_fails_in_a_folder_is_told_by_what_was_done",
    ),
    (
        Code::StashRead,
        "engine/src/pipeline/stash/store.rs::what_fails_in_a_folder_is_told_by_what_was_done",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_result_that_something_here_leads_to_is_met() {
    let mut met: BTreeSet<&str> = BTreeSet::new();
    for found in [
        audio::met().await,
        device::met().await,
        erase::met().await,
        images::met(),
        import::met(),
        sources::met().await,
    ] {
        as_wanted(&found);
        met.extend(found.iter().map(|met| met.code.name()));
    }
    for (code, test) in ELSEWHERE {
        let (file, name) = test.split_once("::").unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("fn {name}(")), "there is no {test}");
        assert!(
            met.insert(code.name()),
            "{code} is met here: take it off the list"
        );
    }
    let reached: BTreeSet<u32> = Code::ALL
        .iter()
        .filter(|code| met.contains(code.name()))
        .flat_map(|code| code.imapi_values().iter().copied())
        .collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .flat_map(|code| code.imapi_values())
        .filter(|value| !reached.contains(value))
        .filter_map(|value| imapi::name(*value))
        .collect();
    assert!(missing.is_empty(), "nothing meets {missing:?}");
}

#[test]
fn what_was_met_is_judged() {
    let refusal = pitland::Refusal::NoMedium;
    assert_eq!(Met::new(Code::MediumNone, &refusal).wrong(), None);
    assert!(Met::new(Code::MediumNotBlank, &refusal).wrong().is_some());
    let speechless = Met {
        words: String::new(),
        ..Met::new(Code::MediumNone, &refusal)
    };
    assert!(speechless.wrong().is_some());
}
