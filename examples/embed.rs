//! What a service does with the engine: burn an async stream to two drives at once, cancel one of them
//! in mid-write, drop a job's future, bring a transport of its own, and shut down with a deadline.
//!
//! `cargo run --example embed -- multi-thread` or `-- current-thread`: both flavours of runtime.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use pitland::transport::sim::{MediumKind, Pace, VirtualDrive, create_disc};
use pitland::transport::{Exchange, Reply, TransportError, layer};
use pitland::{
    BurnError, BurnOptions, Engine, Fault, Image, JobEvent, MediumState, Outcome, Phase,
    StashPolicy, Transport,
};
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes of the example's images: more than fits into a ring, so that backpressure is at work.
const LENGTH: u64 = 96 << 20;
const PIECE: usize = 100_000;

/// A transport of the caller's own: here it counts commands on the way to a virtual drive; a real one
/// would speak to hardware.
struct Counting<T> {
    inner: T,
    commands: Arc<AtomicU64>,
}

impl<T: Transport> layer::Layer for Counting<T> {
    type Inner = T;

    fn inner(&self) -> &Self::Inner {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        self.commands.fetch_add(1, Ordering::Relaxed);
        self.inner.execute(exchange)
    }

    fn identity_hint(&self) -> String {
        format!("counted {}", self.inner.identity_hint())
    }
}

/// `LENGTH` bytes in pieces. At half of it, `halfway` is told; with `stall`, the stream then stands still.
fn data(
    halfway: Arc<Notify>,
    stall: bool,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(0u64, move |sent| {
        let halfway = Arc::clone(&halfway);
        async move {
            if sent >= LENGTH {
                return None;
            }
            if sent >= LENGTH / 2 {
                halfway.notify_one();
                if stall {
                    std::future::pending::<()>().await;
                }
            }
            let length = usize::try_from(LENGTH - sent).map_or(PIECE, |left| left.min(PIECE));
            let piece = Bytes::from(vec![(sent / 1000) as u8; length]);
            Some((Ok(piece), sent + length as u64))
        }
    })
}

async fn example(folder: &Path) -> Result<(), Box<dyn Error>> {
    let engine = Engine::builder().build()?;

    // Two drives: one opened by its address, one brought as a transport.
    let first_file = folder.join("first.vdisc");
    let second_file = folder.join("second.vdisc");
    drop(create_disc(&first_file, MediumKind::BdR, None)?);
    let first = engine.open(&format!("virtual:{}", first_file.display()).parse()?)?;
    let medium = create_disc(&second_file, MediumKind::DvdPlusR, None)?;
    let commands = Arc::new(AtomicU64::new(0));
    let virtual_drive = VirtualDrive::new(
        Default::default(),
        medium,
        Pace::Virtual,
        "second.vdisc".into(),
    );
    let second = engine.attach(Box::new(Counting {
        inner: virtual_drive,
        commands: Arc::clone(&commands),
    }))?;

    // One job goes to its end, its events looked at; the other is cancelled at half of its data.
    let first_lease = first.lease("embedding example").await?;
    let second_lease = second.lease("embedding example").await?;
    let halfway = Arc::new(Notify::new());
    let mut whole = first_lease.burn(
        BurnOptions::default(),
        Image::stream(LENGTH, data(Arc::default(), false)),
    );
    // Without a stash the stream goes straight to the disc, so that the cancel comes in mid-write.
    let straight = || BurnOptions::default().stash(StashPolicy::Never, Vec::new());
    let cut = second_lease.burn(
        straight(),
        Image::stream(LENGTH, data(Arc::clone(&halfway), true)),
    );

    let canceller = cut.canceller();
    let (report, (cut, ())) = tokio::join!(
        async {
            let mut phases = Vec::new();
            while let Some(event) = whole.next().await {
                if let JobEvent::Phase(phase) = event {
                    phases.push(phase);
                }
            }
            println!("phases: {phases:?}");
            whole.report().await
        },
        async {
            tokio::join!(cut.report(), async {
                halfway.notified().await;
                canceller.cancel();
            })
        }
    );
    let report = report?;
    println!("first: {}, the disc is {}", report.outcome, report.medium);
    expect(
        report.outcome == Outcome::Verified,
        "the whole stream is on the first disc",
    )?;

    let Err(BurnError::Failed {
        fault: Fault::Cancelled,
        report,
        ..
    }) = cut
    else {
        return Err("the second job was to end as cancelled".into());
    };
    println!(
        "second: cancelled after {} blocks, the disc is {}",
        report.blocks_written, report.medium
    );
    expect(report.blocks_written > 0, "it was cancelled in mid-write")?;
    expect(
        report.medium == MediumState::Appendable,
        "its session was closed all the same",
    )?;
    expect(
        commands.load(Ordering::Relaxed) > 0,
        "the commands went through our transport",
    )?;

    // While a job runs the drive refuses others and says who holds it; a dropped job ends safely.
    let halfway = Arc::new(Notify::new());
    let options = straight().placement(pitland::Placement::NewSession);
    let mut job = second_lease.burn(
        options,
        Image::stream(LENGTH, data(Arc::clone(&halfway), true)),
    );
    while let Some(event) = job.next().await {
        if event == JobEvent::Phase(Phase::Writing) {
            break;
        }
    }
    let refused = second.lease("somebody else").await;
    println!(
        "second lease: {}",
        refused.err().map_or("granted".into(), |e| e.to_string())
    );
    drop(job.report());
    loop {
        match second.status().await?.activity {
            pitland::Activity::Idle => break,
            _ => tokio::task::yield_now().await,
        }
    }
    let medium = second.medium().await?;
    println!("after the dropped job: {:?}", medium.facts.condition());
    expect(
        medium.facts.closed_sessions() == Some(2),
        "the dropped job closed its session",
    )?;

    drop((first_lease, second_lease));
    let ended = engine.shutdown(Duration::from_secs(30)).await;
    expect(ended.still_running == 0, "every drive's thread has ended")?;
    expect(
        first.status().await.is_err(),
        "nobody is served after the shutdown",
    )?;
    println!("shut down");
    Ok(())
}

fn expect(holds: bool, what: &str) -> Result<(), Box<dyn Error>> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}").into())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let flavour = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "multi-thread".into());
    let runtime = match flavour.as_str() {
        "multi-thread" => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?,
        "current-thread" => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
        other => return Err(format!("{other}: neither multi-thread nor current-thread").into()),
    };
    let folder = tempfile::tempdir()?;
    runtime.block_on(example(folder.path()))
}
