//! Sources that stand still while the disc is being written, in virtual time: on every medium and at every
//! speed that a drive has, with protection no disc is spoiled; without it, the job says that it was.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use async_trait::async_trait;
use bytes::Bytes;
use common::full;
use pitland::transport::sim::{
    DriveModel, Medium, MediumKind, MemoryStore, Pace, Underruns, VirtualDrive,
};
use pitland::transport::{Data, Exchange, Reply, TransportError, layer};
use pitland::{
    BurnError, BurnOptions, BurnReport, Engine, Image, ImageSource, MediumState, Outcome, Speed,
    StashPolicy, Transport,
};
use std::io;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

const PIECE: u64 = 1 << 16;
/// Twice the ring that the burns here have, and more than a drive's buffer.
const LENGTH: u64 = 8 << 20;
const RING: u64 = 4 << 20;

/// The time that source and drive share: the drive's, and when the source can give what it held up.
#[derive(Default)]
struct Shared {
    now: Duration,
    /// Bytes from here on are not there before this time, in the order in which they come.
    due: Vec<(u64, Duration)>,
    written: u64,
    underruns: Underruns,
}

type Clock = Arc<Mutex<Shared>>;

/// Bytes that tell where they are, some of which are late.
struct Stalling {
    at: u64,
    clock: Clock,
    stalls: Vec<(u64, Duration)>,
}

#[async_trait]
impl ImageSource for Stalling {
    fn length(&self) -> u64 {
        LENGTH
    }

    fn name(&self) -> String {
        "the stalling source".into()
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        if self.at == LENGTH {
            return Ok(None);
        }
        if let Some((_, stall)) = self.stalls.iter().find(|(at, _)| *at == self.at) {
            let mut clock = self.clock.lock().unwrap();
            // A source that was held up before goes on from there.
            let begun = clock
                .due
                .last()
                .map_or(clock.now, |(_, due)| clock.now.max(*due));
            clock.due.push((self.at, begun + *stall));
        }
        let piece = piece(self.at);
        self.at += PIECE;
        Ok(Some(piece))
    }
}

fn piece(at: u64) -> Bytes {
    static IMAGE: OnceLock<Bytes> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        let word = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
        (0..LENGTH / 8).flat_map(word).collect()
    });
    image.slice(at as usize..(at + PIECE) as usize)
}

/// The drive, whose time passes while its host waits for bytes that are late.
struct Waiting {
    drive: VirtualDrive,
    clock: Clock,
}

impl Waiting {
    fn wait_for(&mut self, bytes: u64) {
        let mut clock = self.clock.lock().unwrap();
        clock.written += bytes;
        let reached = clock.written;
        let due = clock.due.iter().take_while(|(at, _)| *at < reached).last();
        let wait = due.map_or(Duration::ZERO, |(_, due)| {
            due.saturating_sub(self.drive.now())
        });
        drop(clock);
        self.drive.advance(wait);
    }

    fn tell(&self) {
        let mut clock = self.clock.lock().unwrap();
        clock.now = self.drive.now();
        clock.underruns = self.drive.underruns();
    }
}

impl layer::Layer for Waiting {
    type Inner = VirtualDrive;

    fn inner(&self) -> &Self::Inner {
        &self.drive
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.drive
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let blocks = match &exchange.data {
            Data::Blocks { bytes, .. } => bytes.len() as u64,
            _ => 0,
        };
        self.wait_for(blocks);
        let reply = self.drive.execute(exchange);
        if !matches!(&reply, Ok(reply) if reply.transferred > 0) {
            // Refused: it comes again.
            self.clock.lock().unwrap().written -= blocks;
        }
        self.tell();
        reply
    }

    fn advance(&mut self, by: Duration) {
        self.drive.advance(by);
        self.tell();
    }
}

/// One burn, the disc that it left, and how the drive's buffer fared.
struct Burned {
    report: Result<BurnReport, BurnError>,
    disc: MemoryStore,
    underruns: Underruns,
}

async fn burn(
    model: DriveModel,
    kind: MediumKind,
    speed: Speed,
    stalls: Vec<(u64, Duration)>,
) -> Burned {
    let disc = MemoryStore::new();
    let medium = Medium::blank(kind, None, Box::new(disc.clone())).unwrap();
    let clock = Clock::default();
    let drive = Waiting {
        drive: VirtualDrive::new(model, medium, Pace::Virtual, format!("{kind:?}")),
        clock: Arc::clone(&clock),
    };
    let source = Stalling {
        at: 0,
        clock: Arc::clone(&clock),
        stalls,
    };
    let engine = Engine::builder().build().unwrap();
    let drive = engine.attach(Box::new(drive)).unwrap();
    let lease = drive.lease("stalls").await.unwrap();
    let options = BurnOptions::default()
        .speed(speed)
        .ring_bytes(RING)
        .stash(StashPolicy::Never, Vec::new());
    let report = lease.burn(options, Image::source(source)).report().await;
    drop(lease);
    assert_eq!(
        engine.shutdown(Duration::from_secs(60)).await.still_running,
        0
    );
    let underruns = clock.lock().unwrap().underruns;
    Burned {
        report,
        disc,
        underruns,
    }
}

/// The disc itself holds the image, whatever the job says.
fn assert_whole(disc: &MemoryStore, case: &str) {
    let mut medium = Medium::open(Box::new(disc.clone())).unwrap();
    let whole = medium
        .tracks()
        .iter()
        .any(|(first, blocks)| *first == 0 && u64::from(*blocks) * 2048 >= LENGTH);
    assert!(whole, "{case}: {:?}", medium.tracks());
    let mut back = vec![0; PIECE as usize];
    for at in (0..LENGTH).step_by(PIECE as usize) {
        medium.read_blocks((at / 2048) as u32, &mut back).unwrap();
        assert!(back == piece(at), "{case}: byte {at}");
    }
}

/// Six stalls between a tenth of a second and half a minute, each in a part of the image of its own.
fn stalls(seed: u64) -> Vec<(u64, Duration)> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let parts = 6;
    let pieces = LENGTH / PIECE / parts;
    (0..parts)
        .map(|part| {
            let at = (part * pieces + random(pieces)) * PIECE;
            // As many short ones as long ones: by powers of two up to 300 tenths.
            let tenths = (1 << random(9)) + random(45);
            (at, Duration::from_millis(100 * tenths.min(300)))
        })
        .collect()
}

#[tokio::test]
async fn no_disc_is_spoiled_by_a_source_that_stalls_at_any_speed() {
    let rounds = if full() { 20 } else { 1 };
    let mut seed = 0;
    for kind in MediumKind::ALL {
        let mut linked = 0;
        for speed in DriveModel::default().write_speeds.of(kind) {
            for _ in 0..rounds {
                seed += 1;
                let stalls = stalls(seed);
                let case = format!("{kind:?} at {speed} kB/s, {stalls:?}");
                let wish = Speed::KilobytesPerSecond(NonZeroU32::new(*speed).unwrap());
                let burned = burn(DriveModel::default(), kind, wish, stalls).await;
                let report = burned
                    .report
                    .unwrap_or_else(|error| panic!("{case}: {error}"));
                assert_eq!(report.outcome, Outcome::Verified, "{case}");
                assert_whole(&burned.disc, &case);
                linked += burned.underruns.count;
            }
        }
        assert!(linked > 0, "{kind:?}: no stall reached the drive");
    }
}

#[tokio::test]
async fn a_source_that_keeps_up_lets_no_buffer_run_empty() {
    for kind in MediumKind::ALL {
        let burned = burn(DriveModel::default(), kind, Speed::Maximum, Vec::new()).await;
        assert_eq!(
            burned.report.unwrap().outcome,
            Outcome::Verified,
            "{kind:?}"
        );
        assert_eq!(burned.underruns, Underruns::default(), "{kind:?}");
    }
}

#[tokio::test]
async fn without_protection_the_disc_is_lost_and_the_job_says_so() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR] {
        let model = DriveModel {
            underrun_protection: false,
            ..DriveModel::default()
        };
        let late = vec![(LENGTH / 8 * 7, Duration::from_secs(30))];
        let burned = burn(model, kind, Speed::Maximum, late).await;
        let error = burned
            .report
            .expect_err("a lost disc passes for a good one");
        assert_eq!(burned.underruns.count, 1, "{kind:?}: {error}");
        let medium = Medium::open(Box::new(burned.disc.clone())).unwrap();
        assert!(medium.tracks().is_empty(), "{kind:?}: nothing of it reads");
        let BurnError::Failed { report, .. } = &error else {
            panic!("{kind:?}: {error:?}");
        };
        assert_ne!(report.medium, MediumState::Untouched, "{kind:?}");
        assert_ne!(report.outcome, Outcome::Verified, "{kind:?}");
    }
}
