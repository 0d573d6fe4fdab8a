//! How a lease keeps other programs off the drive: what the transport is asked, and when it is let go.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers")]

use futures::StreamExt;
use pitland::transport::layer::{self, Around};
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::transport::{
    Claim, ClaimDenied, Data, Exchange, Holder, MediumEvent, Reply, TransportError,
};
use pitland::{
    BurnOptions, DriveHandle, Engine, Image, LeaseDenied, LeaseOptions, QueryError, Transport,
};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What a transport was asked, in order; and the refusals that it is to give.
#[derive(Debug, Default)]
struct Book {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    asked: Vec<String>,
    holds: u32,
    looks: u32,
    refusals: VecDeque<ClaimDenied>,
}

impl Book {
    fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    fn refuse(&self, denied: ClaimDenied) {
        self.state.lock().unwrap().refusals.push_back(denied);
    }

    /// Waits until nothing is claimed: the thread lets go by itself.
    fn wait_until_free(&self) {
        let state = self.state.lock().unwrap();
        let (state, late) = self
            .changed
            .wait_timeout_while(state, Duration::from_secs(60), |s| s.holds + s.looks > 0)
            .unwrap();
        assert!(!late.timed_out(), "still claimed: {:?}", state.asked);
    }
}

/// A drive that keeps a book of its claims, and takes no command without one.
struct Booked {
    inner: Box<dyn Transport>,
    book: Arc<Book>,
    order: Vec<bool>,
}

impl layer::Layer for Booked {
    type Inner = dyn Transport;

    fn inner(&self) -> &Self::Inner {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut *self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        assert!(!self.order.is_empty(), "{} without a claim", exchange.cdb);
        self.inner_mut().execute(exchange)
    }

    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        let mut state = self.book.state.lock().unwrap();
        if let Some(denied) = state.refusals.pop_front() {
            return Err(denied);
        }
        let hold = match claim {
            Claim::Hold { who, unmount } => {
                state.asked.push(format!("hold {who} {unmount}"));
                state.holds += 1;
                true
            }
            _ => {
                state.looks += 1;
                false
            }
        };
        self.order.push(hold);
        Ok(())
    }

    fn release(&mut self) {
        let mut state = self.book.state.lock().unwrap();
        if self.order.pop().expect("a release without a claim") {
            state.holds -= 1;
            state.asked.push("let go".into());
        } else {
            state.looks -= 1;
        }
        self.book.changed.notify_all();
    }
}

impl Drop for Booked {
    fn drop(&mut self) {
        let mut state = self.book.state.lock().unwrap();
        state.holds = 0;
        state.asked.push("closed".into());
        self.book.changed.notify_all();
    }
}

fn booked(engine: &Engine, folder: &Path) -> (DriveHandle, Arc<Book>) {
    let file = folder.join("disc.vdisc");
    drop(create_disc(&file, MediumKind::BdR, None).unwrap());
    let book = Arc::new(Book::default());
    let address = format!("virtual:{}", file.display()).parse().unwrap();
    let drive = engine
        .open_with(&address, pitland::OpenMode::Existing, |inner| {
            Box::new(Booked {
                inner,
                book: Arc::clone(&book),
                order: Vec::new(),
            })
        })
        .unwrap();
    (drive, book)
}

#[tokio::test]
async fn a_lease_holds_the_drive_by_its_name_until_the_last_clone_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (drive, book) = booked(&engine, folder.path());
    let lease = drive.lease("archive").await.unwrap();
    let again = lease.clone();
    drive.medium().await.unwrap();
    drop(lease);
    drive.medium().await.unwrap();
    assert_eq!(book.asked(), ["hold archive false"]);
    drop(again);
    book.wait_until_free();
    let options = LeaseOptions::default().unmounting();
    drop(drive.lease_with("next", options).await.unwrap());
    book.wait_until_free();
    assert_eq!(
        book.asked(),
        ["hold archive false", "let go", "hold next true", "let go"]
    );
}

#[tokio::test]
async fn a_job_keeps_the_hold_of_its_lease_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (drive, book) = booked(&engine, folder.path());
    let lease = drive.lease("burner").await.unwrap();
    let image = Image::stream(
        1 << 20,
        futures::stream::iter((0..16).map(|_| Ok(vec![5u8; 1 << 16].into()))),
    );
    let job = lease.burn(BurnOptions::default(), image);
    drop(lease);
    // Every command of the job is asserted to come under a claim.
    job.report().await.unwrap();
    book.wait_until_free();
    assert_eq!(book.asked(), ["hold burner false", "let go"]);
}

#[tokio::test]
async fn another_programs_hold_is_told_and_leaves_the_drive_free_here() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (drive, book) = booked(&engine, folder.path());
    let held = ClaimDenied::Held {
        holder: Holder::new(Some("their job".into()), Some(4711), None),
    };
    book.refuse(held.clone());
    let denied = drive.lease("ours").await.unwrap_err();
    assert_eq!(denied, LeaseDenied::Outside(held.clone()));
    assert_eq!(
        denied.to_string(),
        "the drive is held by \"their job\" (process 4711)"
    );
    assert_eq!(drive.status().await.unwrap().holder, None);

    book.refuse(held.clone());
    assert_eq!(
        drive.medium().await.unwrap_err(),
        QueryError::Denied(LeaseDenied::Outside(held))
    );
    drive.lease("ours").await.unwrap();
}

#[tokio::test]
async fn the_tray_moves_only_where_nobody_else_uses_the_drive() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (drive, book) = booked(&engine, folder.path());
    let mounted = ClaimDenied::Mounted {
        at: vec!["/media/disc".into()],
    };
    book.refuse(mounted.clone());
    assert_eq!(
        drive.eject().await.unwrap_err(),
        QueryError::Denied(LeaseDenied::Outside(mounted))
    );
    let facts = drive.medium().await.unwrap().facts;
    assert!(facts.condition().is_blank().is_some(), "it stayed in");
    drive.eject().await.unwrap();
    assert_eq!(book.asked(), ["hold the tray false", "let go"]);
    // A lease holds the drive already.
    let lease = drive.lease("mover").await.unwrap();
    lease.load().await.unwrap();
    drop(lease);
    book.wait_until_free();
    assert_eq!(book.asked()[2..], ["hold mover false", "let go"]);
}

/// A drive that counts its holds, and says nothing else.
struct Counting {
    inner: Box<dyn Transport>,
    holds: Arc<Mutex<(i32, i32)>>,
    kinds: Vec<bool>,
}

impl layer::Layer for Counting {
    type Inner = dyn Transport;

    fn inner(&self) -> &Self::Inner {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut *self.inner
    }

    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        let is_hold = matches!(claim, Claim::Hold { .. });
        self.kinds.push(is_hold);
        let mut holds = self.holds.lock().unwrap();
        holds.0 += i32::from(is_hold);
        holds.1 = holds.1.max(holds.0);
        Ok(())
    }

    fn release(&mut self) {
        let was_hold = self.kinds.pop().unwrap();
        self.holds.lock().unwrap().0 -= i32::from(was_hold);
    }
}

/// Clients that come and go as fast as they can: a lease counts as gone a moment before it says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_hold_becomes_part_of_another_ones() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("disc.vdisc");
    drop(create_disc(&file, MediumKind::BdR, None).unwrap());
    let holds = Arc::new(Mutex::new((0, 0)));
    let engine = Engine::builder().build().unwrap();
    let address = format!("virtual:{}", file.display()).parse().unwrap();
    let counted = Arc::clone(&holds);
    let drive = engine
        .open_with(&address, pitland::OpenMode::Existing, move |inner| {
            Box::new(Counting {
                inner,
                holds: counted,
                kinds: Vec::new(),
            })
        })
        .unwrap();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let drive = drive.clone();
            tokio::spawn(async move {
                let mut granted = 0;
                while granted < 8000 {
                    granted += u32::from(drive.lease("quick").await.is_ok());
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    // Behind this query every lease has been seen to end.
    drive.medium().await.unwrap();
    let (left, most) = *holds.lock().unwrap();
    assert_eq!((left, most), (0, 1), "holds left, most at a time");
}

#[tokio::test]
async fn a_drive_that_repeats_an_event_is_asked_no_more_often() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let file = folder.path().join("disc.vdisc");
    drop(create_disc(&file, MediumKind::BdR, None).unwrap());
    let address = format!("virtual:{}", file.display()).parse().unwrap();
    let drive = engine
        .open_with(&address, pitland::OpenMode::Existing, repeating)
        .unwrap();
    let mut events = drive.medium_events(Duration::from_secs(3600));
    assert_eq!(events.next().await, Some(Ok(MediumEvent::Inserted)));
    // The next round is an hour away.
    let next = tokio::time::timeout(Duration::from_millis(200), events.next()).await;
    assert!(next.is_err(), "{next:?}");
}

/// A drive whose newest event never goes away (recipe 4.1).
fn repeating(inner: Box<dyn Transport>) -> Box<dyn Transport> {
    Box::new(Around::new(inner, |inner, exchange| match exchange.data {
        Data::In(room) if exchange.cdb.opcode() == 0x4A => {
            let event = [0, 6, 0x04, 0x5E, 0x02, 0x02, 0, 0];
            let length = room.len().min(event.len());
            room[..length].copy_from_slice(&event[..length]);
            Ok(Reply::good(length))
        }
        _ => inner.execute(exchange),
    }))
}

#[tokio::test]
async fn a_lease_that_outlives_the_engine_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (drive, book) = booked(&engine, folder.path());
    let lease = drive.lease("forgetful").await.unwrap();
    let report = engine.shutdown(Duration::from_secs(60)).await;
    assert_eq!(report.still_running, 0);
    book.wait_until_free();
    drop(lease);
    drop(drive);
    assert_eq!(book.asked(), ["hold forgetful false", "closed"]);
}
