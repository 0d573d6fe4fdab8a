//! Programs of others: how a missing one is told, how one is run, and a foreign
//! target.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Where a program is installed. If it is not, the running test is told by
/// name, as a line of the file that `PITLAND_NOT_RUN` names, or on stderr;
/// where `PITLAND_REQUIRE_TOOLS` is 1 it fails.
pub fn program(test: &str, name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|dir| dir.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        not_run(test, &format!("{name} is not installed"));
    }
    found
}

/// Tells that a test, or a part of it, is not run.
pub fn not_run(test: &str, reason: &str) {
    let required = std::env::var_os("PITLAND_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{reason}, and PITLAND_REQUIRE_TOOLS=1");
    tell_not_run(test, reason);
}

/// As [`not_run`], for what no package brings and is never required.
pub fn tell_not_run(test: &str, reason: &str) {
    let line = format!("not run: {test} ({reason})\n");
    match std::env::var_os("PITLAND_NOT_RUN") {
        Some(file) => {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(file)
                .unwrap();
            file.write_all(line.as_bytes()).unwrap();
        }
        // The harness captures `eprintln!` of a test that passes.
        None => {
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
    }
}

/// Runs a program to its end; what it said on both streams, and whether it
/// called that a success.
pub fn run<S: AsRef<OsStr>>(program: &Path, arguments: &[S]) -> (bool, String) {
    run_with_input(program, arguments, b"")
}

/// The same, with something to read; it ends by itself, or when it is told to.
pub fn run_with_input<S: AsRef<OsStr>>(
    program: &Path,
    arguments: &[S],
    input: &[u8],
) -> (bool, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not listen is judged by what it says.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let said = [stdout, stderr].concat();
    (
        status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// A `tgtd` of our own with a blank DVD+R at logical unit 1; it ends with this
/// value.
pub struct Tgtd {
    process: Child,
    pub port: u16,
    pub disc: PathBuf,
    _folder: tempfile::TempDir,
}

impl Tgtd {
    pub const NAME: &'static str = "iqn.2000-01.test:drive";

    /// `None` where a program is missing, which has been told.
    pub fn start(test: &str) -> Option<Self> {
        let (tgtd, tgtadm) = (program(test, "tgtd")?, program(test, "tgtadm")?);
        let folder = tempfile::tempdir().unwrap();
        let disc = folder.path().join("disc.img");
        std::fs::File::create(&disc).unwrap();
        // Its own sockets, so that two of these do not meet.
        let socket = folder.path().join("ipc");
        let port = free_port();
        let process = Command::new(tgtd)
            .args(["-f", "-C", "1", "--iscsi"])
            .arg(format!("portal=127.0.0.1:{port}"))
            .env("TGT_IPC_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self {
            process,
            port,
            disc,
            _folder: folder,
        };
        let adm = |arguments: &[&str]| {
            Command::new(&tgtadm)
                .args(["-C", "1", "--lld", "iscsi"])
                .args(arguments)
                .env("TGT_IPC_SOCKET", &socket)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success()
        };
        // Another process' start has no event to wait for.
        let up = (0..200).any(|_| {
            adm(&["--op", "show", "--mode", "system"]) || {
                std::thread::sleep(Duration::from_millis(50));
                false
            }
        });
        if !up {
            not_run(test, "tgtd does not come up here");
            return None;
        }
        let disc = this.disc.to_str().unwrap();
        for arguments in [
            &[
                "--op",
                "new",
                "--mode",
                "target",
                "--tid",
                "1",
                "-T",
                Self::NAME,
            ][..],
            &[
                "--op",
                "new",
                "--mode",
                "logicalunit",
                "--tid",
                "1",
                "--lun",
                "1",
                "--device-type",
                "cd",
                "-b",
                disc,
                "--blocksize=2048",
            ],
            &[
                "--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL",
            ],
            // Its own wish is none; this has it take what it is offered.
            &[
                "--op",
                "update",
                "--mode",
                "target",
                "--tid",
                "1",
                "-n",
                "HeaderDigest",
                "-v",
                "CRC32C",
            ],
            &[
                "--op",
                "update",
                "--mode",
                "target",
                "--tid",
                "1",
                "-n",
                "DataDigest",
                "-v",
                "CRC32C",
            ],
        ] {
            assert!(adm(arguments), "{arguments:?}");
        }
        Some(this)
    }
}

impl Drop for Tgtd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
