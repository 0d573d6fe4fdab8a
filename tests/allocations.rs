//! The drive's thread makes no allocation per WRITE while blocks flow. Counted on that thread, from the
//! first WRITE to the last; what the simulated drive does inside of a command is left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "common/counting.rs"]
mod counting;

use bytes::Bytes;
use futures::StreamExt;
use pitland::transport::{Data, Exchange, Reply, TransportError, layer};
use pitland::{
    BurnOptions, DriveAddress, Engine, Image, OpenMode, Outcome, Transport, VerifyLevel,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was counted on the drive's thread.
#[derive(Debug, Default, Clone, Copy)]
struct Counted {
    writes: u64,
    /// Outside of commands, when the first WRITE had come back and when the last one was sent.
    at_first: u64,
    at_last: u64,
}

/// A drive round which allocations are counted.
struct Counter {
    inner: Box<dyn Transport>,
    inside: u64,
    counted: Counted,
    told: Arc<Mutex<Counted>>,
}

impl layer::Layer for Counter {
    type Inner = dyn Transport;

    fn inner(&self) -> &Self::Inner {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut *self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let write = matches!(exchange.data, Data::Blocks { .. });
        let before = counting::allocations();
        let reply = self.inner_mut().execute(exchange);
        self.inside += counting::allocations() - before;
        if write {
            self.counted.writes += 1;
            self.counted.at_last = before;
            self.counted.at_last -= self.inside - (counting::allocations() - before);
            if self.counted.writes == 1 {
                self.counted.at_first = counting::allocations() - self.inside;
            }
        } else if self.counted.writes > 0 {
            *self.told.lock().unwrap() = self.counted;
        }
        reply
    }

    fn advance(&mut self, by: Duration) {
        let before = counting::allocations();
        self.inner_mut().advance(by);
        self.inside += counting::allocations() - before;
    }
}

/// Allocations between the first and the last WRITE of a burn of so many MiB.
async fn counted(mebibytes: u64, verify: VerifyLevel) -> Counted {
    let told: Arc<Mutex<Counted>> = Arc::default();
    let out = Arc::clone(&told);
    let engine = Engine::builder().build().unwrap();
    let address: DriveAddress = "virtual:null".parse().unwrap();
    let drive = engine
        .open_with(&address, OpenMode::Existing, |inner| {
            Box::new(Counter {
                inner,
                inside: 0,
                counted: Counted::default(),
                told: out,
            })
        })
        .unwrap();
    let piece = Bytes::from(vec![0; 1 << 20]);
    let stream = futures::stream::iter(0..mebibytes).map(move |_| Ok(piece.clone()));
    let lease = drive.lease("a test").await.unwrap();
    let options = BurnOptions::default()
        .verify(verify)
        .stash(pitland::StashPolicy::Never, vec![]);
    let report = lease
        .burn(options, Image::stream(mebibytes << 20, stream))
        .report()
        .await
        .unwrap();
    let expected = match verify {
        VerifyLevel::None => Outcome::Unverified,
        _ => Outcome::Verified,
    };
    assert_eq!(report.outcome, expected, "{report:?}");
    let counted = *told.lock().unwrap();
    assert!(counted.writes >= mebibytes * 16, "{counted:?}");
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drives_thread_allocates_nothing_per_write() {
    for verify in [VerifyLevel::None, VerifyLevel::Full] {
        let short = counted(48, verify).await;
        let long = counted(384, verify).await;
        let made = |counted: Counted| counted.at_last - counted.at_first;
        println!("{verify:?}: {short:?} {long:?}");
        assert!(long.writes >= 8 * short.writes);
        // What the first units need once is not counted per WRITE; eight times the WRITEs need no more.
        assert!(
            made(long) <= made(short) + 8,
            "{verify:?}: {} allocations for {} WRITEs, {} for {}",
            made(short),
            short.writes,
            made(long),
            long.writes
        );
        assert!(made(long) < long.writes / 100, "{verify:?}: {long:?}");
    }
}
