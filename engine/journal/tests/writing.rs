//! A journal that is written while a burn runs, and read after it was cut off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::*;
use pitland_journal::*;
use pitland_mmc::Profile;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn only(folder: &JobFolder) -> Listed {
    let mut listed = folder.list().unwrap();
    assert_eq!(listed.len(), 1);
    listed.pop().unwrap()
}

#[test]
fn what_was_begun_and_acknowledged_is_there_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let begun = begun(Profile::BdRSrm);
    let id = cut_off(&folder, &begun, 3_000);
    let JobState::Dead(journal) = only(&folder).state else {
        panic!("not dead");
    };
    assert_eq!(only(&folder).id, id);
    assert_eq!(journal.begun, begun);
    assert_eq!(journal.acknowledged, 3_000);
    // Only whole units have checks: 93 of them.
    assert_eq!(journal.checks.len(), 93);
    assert_eq!(journal.checks.get(92), Some(check(92)));
    assert_eq!(journal.checks.get(93), None);
    assert_eq!(journal.ended.as_ref().unwrap().outcome, "resumable");
    assert_eq!(journal.tail, Tail::Whole);
}

#[test]
fn the_last_unit_has_its_check_although_it_is_short() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let mut begun = begun(Profile::DvdPlusR);
    begun.planned_blocks = 10_000;
    let id = cut_off(&folder, &begun, begun.planned_blocks);
    // The writer was dropped as in a crash: wait for its lock to be given back.
    let (_, journal) = take(&folder, &id);
    assert_eq!(journal.checks.len(), begun.planned_blocks.div_ceil(32));
    assert_eq!(journal.steps, ["close track"]);
    assert_eq!(journal.ended, None);
}

/// Takes a job whose writer was dropped a moment ago.
fn take(folder: &JobFolder, id: &JobId) -> (JobFile, Journal) {
    loop {
        match folder.take(id) {
            Err(JournalError::Running { .. }) => std::thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}

#[test]
fn a_job_that_ended_well_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let journal = JobJournal::begin(&folder, &begun(Profile::BdRSrm), |_| None).unwrap();
    journal.acknowledging().blocks(64);
    journal.closing("close track");
    journal.ended(None).unwrap();
    assert!(folder.list().unwrap().is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_job_that_never_came_to_anything_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    drop(JobJournal::begin(&folder, &begun(Profile::BdRSrm), |_| None).unwrap());
    // The journal's own thread takes it away.
    while !folder.list().unwrap().is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn a_running_job_is_listed_as_running_and_cannot_be_taken_or_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let journal = JobJournal::begin(&folder, &begun(Profile::BdRSrm), |_| None).unwrap();
    let id = journal.id().clone();
    assert!(matches!(only(&folder).state, JobState::Running(_)));
    assert!(matches!(
        folder.take(&id),
        Err(JournalError::Running { .. })
    ));
    assert!(matches!(
        folder.forget(&id),
        Err(JournalError::Running { .. })
    ));
    journal.ended(None).unwrap();
    assert!(matches!(
        folder.take(&id),
        Err(JournalError::NoSuchJob { .. })
    ));
}

#[test]
fn a_job_that_is_taken_counts_as_running_until_it_is_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let id = cut_off(&folder, &begun(Profile::BdRSrm), 640);
    let held = take(&folder, &id);
    assert!(matches!(only(&folder).state, JobState::Running(_)));
    assert!(folder.take(&id).is_err());
    drop(held);
    assert!(folder.take(&id).is_ok());
}

#[test]
fn a_burn_that_is_taken_up_again_goes_on_in_the_same_journal() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let begun = begun(Profile::BdRSrm);
    let id = cut_off(&folder, &begun, 3_200);
    let (file, journal) = folder.take(&id).unwrap();
    // The drive had lost the last blocks.
    let again = JobJournal::resume(file, &journal, 2_560, |unit| Some(check(unit))).unwrap();
    again.acknowledging().blocks(6_400);
    again
        .ended(Some(&Ended {
            outcome: "resumable".into(),
            medium: "unknown".into(),
        }))
        .unwrap();
    let (_, journal) = folder.take(&id).unwrap();
    assert_eq!((journal.resumed, journal.acknowledged), (1, 6_400));
    assert_eq!(journal.checks.len(), 200);
    assert!(journal.checks.iter().all(|(unit, sum)| sum == check(unit)));
}

#[test]
fn a_torn_end_is_cut_before_more_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let begun = begun(Profile::BdRSrm);
    let id = cut_off(&folder, &begun, 3_200);
    let mut bytes = bytes_of(&folder, &id);
    bytes.extend([9, 0, 0, 0, 2, 0]);
    plant(&folder, &format!("{id}.job"), &bytes);
    let (file, journal) = folder.take(&id).unwrap();
    assert!(matches!(journal.tail, Tail::Torn { .. }));
    drop(JobJournal::resume(file, &journal, 3_200, |_| None).unwrap());
    let (_, journal) = take(&folder, &id);
    assert_eq!((journal.resumed, journal.tail), (1, Tail::Whole));
}

#[test]
fn checks_that_were_not_taken_leave_gaps_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let begun = begun(Profile::BdRSrm);
    let journal =
        JobJournal::begin(&folder, &begun, |unit| (unit % 7 == 3).then(|| check(unit))).unwrap();
    let id = journal.id().clone();
    journal.acknowledging().blocks(begun.planned_blocks);
    journal.closing("close track");
    drop(journal);
    let (_, journal) = take(&folder, &id);
    for unit in 0..begun.planned_blocks.div_ceil(32) {
        assert_eq!(
            journal.checks.get(unit),
            (unit % 7 == 3).then(|| check(unit))
        );
    }
}

#[test]
fn what_is_acknowledged_reaches_the_storage_while_the_burn_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let asked = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&asked);
    let checks = move |unit| {
        seen.fetch_max(unit + 1, Ordering::SeqCst);
        Some(check(unit))
    };
    let journal = JobJournal::begin(&folder, &begun(Profile::BdRSrm), checks).unwrap();
    journal.acknowledging().blocks(320);
    // Nobody calls: the journal's own thread comes round.
    loop {
        if let JobState::Running(journal) = only(&folder).state
            && journal.acknowledged == 320
        {
            assert_eq!(journal.checks.len(), 10);
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(
        asked.load(Ordering::SeqCst),
        10,
        "a unit was asked for too early"
    );
    assert!(journal.trouble().is_none());
    journal.ended(None).unwrap();
}

#[test]
fn names_of_jobs_are_plain_and_never_used_twice() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let begun = begun(Profile::BdRSrm);
    let jobs: Vec<_> = (0..20)
        .map(|_| JobJournal::begin(&folder, &begun, |_| None).unwrap())
        .collect();
    let mut names: Vec<_> = jobs.iter().map(|job| job.id().to_string()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 20);
    for name in &names {
        assert_eq!(name.parse::<JobId>().unwrap().as_str(), name);
    }
    for name in [
        "",
        "..",
        "../x",
        "a/b",
        "a.job",
        ".",
        "x\n",
        &"x".repeat(33),
    ] {
        assert!(name.parse::<JobId>().is_err(), "{name:?}");
    }
}
