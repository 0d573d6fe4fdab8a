//! Whose folder it is, and what is refused in it.
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
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn fault(error: JournalError) -> FolderFault {
    match error {
        JournalError::Place { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

/// The state of the only job of a folder, which cannot be used.
fn unusable(folder: &JobFolder) -> JournalError {
    let mut listed = folder.list().unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    match listed.pop().unwrap().state {
        JobState::Unusable(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_is_made_for_its_user_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let id = cut_off(&folder, &begun(Profile::BdRSrm), 64);
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(folder.path().parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join(format!("{id}.job"))), 0o600);
}

#[test]
fn looking_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    assert!(JobFolder::existing(&missing).unwrap().is_none());
    assert!(!missing.exists());
}

#[test]
fn a_folder_that_is_a_link_or_a_file_or_open_to_others_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    fs::create_dir(&real).unwrap();
    fs::set_permissions(&real, PermissionsExt::from_mode(0o700)).unwrap();
    let link = dir.path().join("link");
    symlink(&real, &link).unwrap();
    assert!(matches!(
        fault(JobFolder::open(&link).unwrap_err()),
        FolderFault::Link
    ));
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        fault(JobFolder::open(&file).unwrap_err()),
        FolderFault::WrongKind
    ));
    for mode in [0o770, 0o702, 0o777, 0o1777] {
        fs::set_permissions(&real, PermissionsExt::from_mode(mode)).unwrap();
        let error = JobFolder::open(&real).unwrap_err();
        assert!(error.to_string().contains("chmod go-w"), "{error}");
        assert!(matches!(fault(error), FolderFault::OthersMayWrite { .. }));
    }
}

#[test]
fn a_folder_of_another_user_is_refused() {
    // Another user's folder can be had without rights only where it is there already.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("theirs");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    let theirs = match std::os::unix::fs::chown(&path, Some(12_345), None) {
        Ok(()) => path,
        Err(_) => "/usr".into(),
    };
    assert!(matches!(
        fault(JobFolder::open(&theirs).unwrap_err()),
        FolderFault::NotOurs { .. }
    ));
}

#[test]
fn a_journal_that_is_a_link_or_no_file_or_has_two_names_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let id = cut_off(&folder, &begun(Profile::BdRSrm), 64);
    let file = folder.path().join(format!("{id}.job"));

    let elsewhere = dir.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert!(matches!(fault(unusable(&folder)), FolderFault::Link));
    assert!(matches!(
        fault(folder.take(&id).unwrap_err()),
        FolderFault::Link
    ));

    fs::remove_file(&file).unwrap();
    fs::hard_link(&elsewhere, &file).unwrap();
    assert!(matches!(fault(unusable(&folder)), FolderFault::SecondName));
    fs::remove_file(&elsewhere).unwrap();
    assert!(folder.take(&id).is_ok());

    fs::set_permissions(&file, PermissionsExt::from_mode(0o620)).unwrap();
    assert!(matches!(
        fault(unusable(&folder)),
        FolderFault::OthersMayWrite { mode: 0o620 }
    ));

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(fault(unusable(&folder)), FolderFault::WrongKind));

    fs::remove_dir(&file).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &file,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert!(matches!(fault(unusable(&folder)), FolderFault::WrongKind));
}

#[test]
fn a_folder_that_takes_the_place_of_an_open_one_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let moved = dir.path().join("moved");
    fs::rename(folder.path(), &moved).unwrap();
    let trap = dir.path().join("trap");
    fs::create_dir(&trap).unwrap();
    symlink(&trap, folder.path()).unwrap();
    let id = cut_off(&folder, &begun(Profile::BdRSrm), 64);
    assert_eq!(fs::read_dir(&trap).unwrap().count(), 0);
    assert!(moved.join(format!("{id}.job")).exists());
}

#[test]
fn damaged_journals_are_listed_by_name_and_reason_beside_good_ones() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let good = cut_off(&folder, &begun(Profile::BdRSrm), 64);
    plant(&folder, "rubbish.job", b"rubbish");
    plant(&folder, "empty.job", b"");
    plant(&folder, "notes.txt", b"not a journal's name");
    let listed = folder.list().unwrap();
    assert_eq!(listed.len(), 3);
    for job in listed {
        match (job.id.as_str(), job.state) {
            ("rubbish", JobState::Unusable(error)) => {
                assert!(matches!(error, JournalError::Damaged(Damage::NotAJournal)));
                folder.forget(&job.id).unwrap();
            }
            ("empty", JobState::Unusable(error)) => {
                assert!(matches!(error, JournalError::Damaged(Damage::NothingBegun)));
            }
            (_, JobState::Dead(_)) => assert_eq!(job.id, good),
            other => panic!("{other:?}"),
        }
    }
    assert!(!folder.path().join("rubbish.job").exists());
}

#[test]
fn a_half_made_journal_of_a_crash_is_removed_and_a_fresh_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    plant(&folder, "old-1.new", b"half");
    plant(&folder, "fresh-1.new", b"half");
    let old = fs::File::options()
        .write(true)
        .open(folder.path().join("old-1.new"))
        .unwrap();
    old.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3600))
        .unwrap();
    drop(old);
    assert!(folder.list().unwrap().is_empty());
    cut_off(&folder, &begun(Profile::BdRSrm), 64);
    assert!(!folder.path().join("old-1.new").exists());
    assert!(folder.path().join("fresh-1.new").exists());
}
