//! The advisory lock of a drive, between processes of their own.
//!
//! The second process is this test's own program, started again with the one
//! test `the_other_program` and told by the environment what to do.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_transport::linux::ScsiAddress;
use pitland_transport::linux::lock::{Attempt, DriveLock, LockPlace, holder};
use pitland_transport::{ClaimDenied, Holder};
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

const DRIVE: ScsiAddress = ScsiAddress {
    host: 3,
    channel: 0,
    target: 1,
    lun: 0,
};
const PROC: &str = "/proc";
const FOLDER: &str = "PITLAND_TEST_LOCK_FOLDER";
const WHO: &str = "PITLAND_TEST_LOCK_WHO";

fn lock(place: &LockPlace) -> DriveLock {
    DriveLock::new(place, DRIVE, Path::new(PROC))
}

fn who(place: &LockPlace) -> Option<Holder> {
    holder(place, DRIVE, Path::new(PROC)).unwrap()
}

fn held_by(attempt: Attempt) -> Holder {
    match attempt {
        Attempt::Held(holder) => holder,
        other => panic!("{other:?}"),
    }
}

/// A folder of one test, and the right to run: a program that another test starts would have this
/// one's locks too, from its fork until it is another program.
struct Folder {
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Folder {
    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A folder for lock files, and one lock file's path in it.
fn folder() -> (Folder, LockPlace, PathBuf) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let place = LockPlace::Folder(folder.path().to_owned());
    let file = place.file(DRIVE);
    let folder = Folder {
        folder,
        _alone: alone,
    };
    (folder, place, file)
}

/// Not a test: what the other program does. It holds the lock under the name
/// it is given, or looks when it is given none, until its input ends.
#[test]
fn the_other_program() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let place = LockPlace::Folder(folder.into());
    let mut lock = lock(&place);
    let attempt = match std::env::var(WHO) {
        Ok(who) => lock.hold(&who),
        Err(_) => lock.share(),
    };
    println!("\nattempt: {:?}", attempt.unwrap());
    let mut until_the_end = String::new();
    std::io::stdin().read_line(&mut until_the_end).unwrap();
    lock.free();
}

struct Other {
    child: Child,
    input: Option<ChildStdin>,
    // Kept open: it goes on to print.
    _output: BufReader<ChildStdout>,
}

impl Other {
    /// Starts it, and waits until it has what it was told to take.
    fn start(place: &LockPlace, who: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "the_other_program", "--nocapture"])
            .env(FOLDER, place.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        if let Some(who) = who {
            command.env(WHO, who);
        }
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let attempt = output
            .by_ref()
            .lines()
            .map(Result::unwrap)
            .find(|line| line.starts_with("attempt: "));
        assert_eq!(attempt.as_deref(), Some("attempt: Ours"));
        Self {
            child,
            input,
            _output: output,
        }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn end(mut self) {
        self.input.take().unwrap().write_all(b"\n").unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn one_who_holds_a_drive_is_named_to_everyone() {
    let (_folder, place, _) = folder();
    let other = Other::start(&place, Some("archive of 2026"));
    let expected = |found: Holder| {
        assert_eq!(found.who.as_deref(), Some("archive of 2026"));
        assert_eq!(found.pid, Some(other.pid()));
        let program = fs::read_to_string(format!("/proc/{}/comm", other.pid())).unwrap();
        assert_eq!(found.program.as_deref(), Some(program.trim_end()));
    };
    let mut ours = lock(&place);
    expected(held_by(ours.hold("us").unwrap()));
    expected(held_by(ours.share().unwrap()));
    expected(who(&place).unwrap());
    other.end();
    assert_eq!(who(&place), None);
    assert_eq!(ours.hold("us").unwrap(), Attempt::Ours);
}

#[test]
fn a_killed_program_holds_nothing_and_its_name_is_believed_no_more() {
    let (_folder, place, file) = folder();
    let other = Other::start(&place, Some("first"));
    let pid = other.pid();
    other.kill();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{pid} first\n"));
    assert_eq!(who(&place), None);
    let mut ours = lock(&place);
    assert_eq!(ours.hold("second").unwrap(), Attempt::Ours);
    assert_eq!(who(&place).unwrap().who.as_deref(), Some("second"));
}

#[test]
fn lookers_let_each_other_look_and_only_delay_a_hold() {
    let (_folder, place, _) = folder();
    let other = Other::start(&place, None);
    let mut ours = lock(&place);
    assert_eq!(ours.share().unwrap(), Attempt::Ours);
    assert_eq!(who(&place), None);
    assert_eq!(ours.hold("us").unwrap(), Attempt::BeingLookedAt);
    // The look that was there before the attempt goes on.
    let mut third = lock(&place);
    assert_eq!(third.hold("third").unwrap(), Attempt::BeingLookedAt);
    other.end();
    assert_eq!(third.hold("third").unwrap(), Attempt::BeingLookedAt);
    assert_eq!(ours.hold("us").unwrap(), Attempt::Ours);
    assert_eq!(
        held_by(third.hold("third").unwrap()).who.as_deref(),
        Some("us")
    );
    ours.back_to_look();
    assert_eq!(who(&place), None);
    assert_eq!(third.hold("third").unwrap(), Attempt::BeingLookedAt);
    ours.free();
    assert_eq!(third.hold("third").unwrap(), Attempt::Ours);
}

#[test]
fn a_lock_that_is_given_back_leaves_an_empty_file_for_everyone() {
    let (_folder, place, file) = folder();
    let mut ours = lock(&place);
    assert_eq!(ours.hold("us").unwrap(), Attempt::Ours);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("{} us\n", std::process::id()));
    drop(ours);
    let left = fs::metadata(&file).unwrap();
    assert_eq!((left.len(), left.mode() & 0o7777), (0, 0o666));
}

#[test]
fn a_text_of_another_process_than_the_holder_is_not_believed() {
    let (_folder, place, file) = folder();
    let other = Other::start(&place, Some("honest"));
    for lie in [
        "1 systemd\n".to_owned(),
        format!("{} \u{1b}[2Jx\n", other.pid()),
        String::new(),
        "\u{0}".repeat(100_000),
    ] {
        fs::write(&file, lie).unwrap();
        let found = who(&place).unwrap();
        assert_eq!((found.who, found.pid), (None, Some(other.pid())));
    }
    // Where the kernel's list is not to be had, the text is all there is; the
    // number may be one of another namespace.
    fs::write(&file, "1 systemd\n").unwrap();
    let nowhere = tempfile::tempdir().unwrap();
    let found = holder(&place, DRIVE, nowhere.path()).unwrap().unwrap();
    assert_eq!((found.who.as_deref(), found.pid), (Some("systemd"), None));
    other.end();
}

#[test]
fn a_lock_file_that_is_none_is_refused_and_left_as_it_is() {
    let refused = |prepare: &dyn Fn(&Path, &Path)| {
        let (folder, place, file) = folder();
        prepare(&file, folder.path());
        for attempt in [lock(&place).hold("us"), lock(&place).share()] {
            let denied = attempt.unwrap_err();
            assert!(
                matches!(denied, ClaimDenied::OddLockFile { .. }),
                "{denied}"
            );
        }
        assert!(holder(&place, DRIVE, Path::new(PROC)).is_err());
        folder
    };
    let precious = |folder: &Path| folder.join("precious");
    let write = |path: &Path| fs::write(path, "precious\n").unwrap();
    let is_whole = |folder: Folder| {
        let text = fs::read_to_string(precious(folder.path())).unwrap();
        assert_eq!(text, "precious\n");
    };
    is_whole(refused(&|file, folder| {
        write(&precious(folder));
        symlink(precious(folder), file).unwrap();
    }));
    is_whole(refused(&|file, folder| {
        write(&precious(folder));
        fs::hard_link(precious(folder), file).unwrap();
    }));
    refused(&|file, folder| symlink(folder.join("nothing"), file).unwrap());
    refused(&|file, _| fs::create_dir(file).unwrap());
    refused(&|file, _| {
        let made = Command::new("mkfifo").arg(file).status().unwrap();
        assert!(made.success());
    });
    refused(&|file, _| {
        std::os::unix::net::UnixListener::bind(file).unwrap();
    });
}

#[test]
fn a_huge_file_is_a_lock_file_like_any_other() {
    let (_folder, place, file) = folder();
    File::create(&file).unwrap().set_len(1 << 40).unwrap();
    let mut ours = lock(&place);
    assert_eq!(ours.hold("us").unwrap(), Attempt::Ours);
    assert_eq!(who(&place).unwrap().who.as_deref(), Some("us"));
}

#[test]
fn a_lock_on_a_file_that_was_removed_excludes_nobody_and_is_not_taken() {
    let (_folder, place, file) = folder();
    let mut first = lock(&place);
    assert_eq!(first.hold("first").unwrap(), Attempt::Ours);
    fs::remove_file(&file).unwrap();
    let mut second = lock(&place);
    assert_eq!(second.hold("second").unwrap(), Attempt::Ours);
    assert_eq!(who(&place).unwrap().who.as_deref(), Some("second"));
}

#[test]
fn a_look_does_without_a_lock_where_none_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = LockPlace::Folder(folder.path().join("missing"));
    assert_eq!(lock(&place).share().unwrap(), Attempt::Ours);
    assert_eq!(who(&place), None);
    let denied = lock(&place).hold("us").unwrap_err();
    assert!(denied.to_string().contains("missing"), "{denied}");
}

#[test]
fn a_folder_that_is_closed_to_us_is_named() {
    let (folder, place, _) = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    let is_closed = File::create(folder.path().join("x")).is_err();
    let attempt = lock(&place).hold("us");
    if is_closed {
        let denied = attempt.unwrap_err();
        assert!(
            matches!(&denied, ClaimDenied::NotPermitted { node, .. } if node == folder.path()),
            "{denied}"
        );
    } else {
        // Nothing is closed to root.
        assert_eq!(attempt.unwrap(), Attempt::Ours);
        println!("not run: a folder that is closed to root does not exist");
    }
}
