//! A drive whose disc can be changed under the session, and that can be held in the midst of a burn.

use pitland::OpenMode;
use pitland::transport::sim::{Pace, VirtualDrive};
use pitland::transport::{
    Claim, ClaimDenied, Data, DeviceClock, Exchange, Limits, Reply, Transport, TransportError,
};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What a test holds of the drive.
#[derive(Clone)]
pub struct Shelf {
    inside: Arc<Mutex<Inside>>,
    /// Whether blocks may be written beyond the first ones.
    may_go_on: Arc<(Mutex<bool>, Condvar)>,
}

struct Inside {
    drive: VirtualDrive,
    /// What the drives before this one have seen of the clock.
    before: Duration,
    writes: u32,
}

/// Writes that pass before the drive is held.
const FIRST_WRITES: u32 = 20;

fn drive(disc: &Path) -> VirtualDrive {
    VirtualDrive::file(disc, OpenMode::Existing, Pace::Virtual, "shelf".into()).unwrap()
}

impl Shelf {
    /// A drive with the disc of this file, which writes what it is told.
    pub fn new(disc: &Path) -> Self {
        let inside = Inside {
            drive: drive(disc),
            before: Duration::ZERO,
            writes: 0,
        };
        Self {
            inside: Arc::new(Mutex::new(inside)),
            may_go_on: Arc::new((Mutex::new(true), Condvar::new())),
        }
    }

    /// Puts another disc in.
    pub fn change(&self, disc: &Path) {
        let mut inside = self.inside.lock().unwrap();
        let shown = inside.drive.now();
        inside.before += shown;
        inside.drive = drive(disc);
    }

    /// From some blocks on the drive waits until it may go on.
    pub fn hold(&self) {
        *self.may_go_on.0.lock().unwrap() = false;
    }

    pub fn go_on(&self) {
        *self.may_go_on.0.lock().unwrap() = true;
        self.may_go_on.1.notify_all();
    }
}

impl Transport for Shelf {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let mut inside = self.inside.lock().unwrap();
        if matches!(exchange.data, Data::Blocks { .. }) {
            inside.writes += 1;
            if inside.writes > FIRST_WRITES {
                drop(inside);
                let mut held = self.may_go_on.0.lock().unwrap();
                while !*held {
                    held = self.may_go_on.1.wait(held).unwrap();
                }
                drop(held);
                inside = self.inside.lock().unwrap();
            }
        }
        inside.drive.execute(exchange)
    }

    fn limits(&self) -> Limits {
        self.inside.lock().unwrap().drive.limits()
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::Virtual
    }

    fn now(&self) -> Duration {
        let inside = self.inside.lock().unwrap();
        inside.before + inside.drive.now()
    }

    fn advance(&mut self, by: Duration) {
        self.inside.lock().unwrap().drive.advance(by);
    }

    fn identity_hint(&self) -> String {
        "shelf".into()
    }

    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        self.inside.lock().unwrap().drive.claim(claim)
    }

    fn release(&mut self) {
        self.inside.lock().unwrap().drive.release();
    }
}
