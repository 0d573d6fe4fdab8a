//! Sleep and shutdown are inhibited while a disc is changed: judged by a logind of the test's own on a
//! private bus.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test's helpers"
)]

#[allow(dead_code, unreachable_pub, reason = "a part of it is used")]
#[path = "common/outside.rs"]
mod outside;

use bytes::Bytes;
use futures::StreamExt;
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::{BurnOptions, DriveHandle, Engine, Image, JobEvent, Outcome, Phase, SleepInhibitor};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{BufRead, BufReader, Read, pipe};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// A message bus that nobody else is on.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start(folder: &Path) -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .arg(format!("--address=unix:path={}/bus", folder.display()))
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut told = BufReader::new(daemon.stdout.take().unwrap());
        told.read_line(&mut address).unwrap();
        Self {
            daemon,
            address: address.trim().to_owned(),
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// What logind was asked, and the other ends of what it gave.
#[derive(Debug, Default)]
struct Asked {
    words: Vec<[String; 4]>,
    ends: Vec<std::io::PipeReader>,
}

struct Logind(Arc<Mutex<Asked>>);

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Logind {
    fn inhibit(
        &self,
        what: String,
        who: String,
        why: String,
        mode: String,
    ) -> zbus::fdo::Result<zbus::OwnedFd> {
        if who == "denied" {
            return Err(zbus::fdo::Error::AccessDenied("not you".into()));
        }
        let (end, held) = pipe().unwrap();
        let mut asked = self.0.lock().unwrap();
        asked.words.push([what, who, why, mode]);
        asked.ends.push(end);
        Ok(OwnedFd::from(held).into())
    }
}

async fn logind(bus: &Bus) -> (zbus::Connection, Arc<Mutex<Asked>>) {
    let asked = Arc::new(Mutex::new(Asked::default()));
    let connection = zbus::connection::Builder::address(bus.address.as_str())
        .name("org.freedesktop.login1")
        .serve_at("/org/freedesktop/login1", Logind(Arc::clone(&asked)))
        .build()
        .await
        .unwrap();
    (connection, asked)
}

fn drive(folder: &Path, address: &str) -> DriveHandle {
    let file = folder.join("disc.vdisc");
    drop(create_disc(&file, MediumKind::BdR, None).unwrap());
    let engine = Engine::builder()
        .inhibit_sleep(SleepInhibitor::on_bus(address))
        .build()
        .unwrap();
    engine
        .open(&format!("virtual:{}", file.display()).parse().unwrap())
        .unwrap()
}

const PIECES: u32 = 128;

/// 8 MiB of which the last piece waits to be allowed: until then the job cannot end.
/// The stream goes straight to the drive: its end comes in mid-write.
fn straight() -> BurnOptions {
    BurnOptions::default().stash(pitland::StashPolicy::Never, vec![])
}

fn image(last: &Arc<Notify>) -> Image {
    let last = Arc::clone(last);
    let pieces = futures::stream::iter(1..=PIECES).then(move |number| {
        let last = Arc::clone(&last);
        async move {
            if number == PIECES {
                last.notified().await;
            }
            Ok(Bytes::from(vec![9u8; 1 << 16]))
        }
    });
    Image::stream(u64::from(PIECES) << 16, pieces)
}

fn is_held(end: &std::io::PipeReader) -> bool {
    let mut polled = [PollFd::new(end, PollFlags::IN)];
    poll(&mut polled, Some(&Timespec::default())).unwrap() == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn logind_holds_the_machine_awake_from_before_the_first_change_to_the_end() {
    if !outside::outsider("dbus-daemon") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bus = Bus::start(folder.path());
    let (_logind, asked) = logind(&bus).await;
    let drive = drive(folder.path(), &bus.address);
    let lease = drive.lease("night shift").await.unwrap();
    assert!(
        asked.lock().unwrap().words.is_empty(),
        "a lease alone changes nothing"
    );
    let last = Arc::default();
    let mut job = lease.burn(straight(), image(&last));
    let mut held_while_writing = None;
    while let Some(event) = job.next().await {
        if event == JobEvent::Phase(Phase::Writing) {
            held_while_writing = asked.lock().unwrap().ends.first().map(is_held);
            last.notify_one();
        }
    }
    let report = job.report().await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(held_while_writing, Some(true));
    let mut asked = asked.lock().unwrap();
    let [what, who, why, mode] = &asked.words[0];
    assert_eq!(
        (what.as_str(), who.as_str()),
        ("sleep:shutdown:idle", "night shift")
    );
    assert!(why.contains("disc.vdisc"), "{why}");
    assert_eq!(mode, "block");
    // The pipe ends when the last holder of the other end is gone.
    let mut rest = Vec::new();
    assert_eq!(asked.ends[0].read_to_end(&mut rest).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burn_goes_on_where_logind_refuses_or_is_not_there() {
    if !outside::outsider("dbus-daemon") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bus = Bus::start(folder.path());
    let (_logind, asked) = logind(&bus).await;
    let drive = drive(folder.path(), &bus.address);
    let lease = drive.lease("denied").await.unwrap();
    let last = Arc::default();
    Notify::notify_one(&last);
    let job = lease.burn(straight(), image(&last));
    let report = job.report().await;
    assert_eq!(report.unwrap().outcome, Outcome::Verified);
    assert!(asked.lock().unwrap().words.is_empty());

    let other = tempfile::tempdir().unwrap();
    let nowhere = format!("unix:path={}/no-bus", other.path().display());
    let drive = self::drive(other.path(), &nowhere);
    let lease = drive.lease("alone").await.unwrap();
    last.notify_one();
    let job = lease.burn(straight(), image(&last));
    let report = job.report().await;
    assert_eq!(report.unwrap().outcome, Outcome::Verified);
}
