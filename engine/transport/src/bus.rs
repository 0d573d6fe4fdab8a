//! Bandwidth that drives share, and the layer that keeps a drive to it.
//!
//! Owns the name and rate of a bus and the schedule of what travels on it. Must
//! not know commands, nor who ought to get how much: that is the engine's.
//!
//! Drives of this process that name the same bus share it. On the real clock a
//! transfer waits for the ones before it. Drives on a virtual clock have a
//! clock each: the bus counts what travels in each tenth of a second, and a
//! transfer that finds its tenth full goes on in the next one. A drive that
//! runs ahead of the others takes what it wants there, and they get the rest:
//! the sum is right, who waits is not settled. An hour is remembered.

use crate::{Data, DeviceClock, Exchange, Reply, Transport, TransportError, layer};
use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

/// A bus and what it carries. Drives whose shares have the same name share
/// that bandwidth.
///
/// ```
/// use pitland_transport::BusShare;
///
/// let bus: BusShare = "usb1@35MB/s".parse()?;
/// assert_eq!((bus.name(), bus.bytes_per_second()), ("usb1", 35_000_000));
/// assert_eq!(bus.to_string(), "usb1@35MB/s");
/// # Ok::<(), pitland_transport::BusSyntax>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BusShare {
    name: Arc<str>,
    kilobytes_per_second: u32,
}

/// A text that names no bus, or a rate that none has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", BusShare::EXPECTED)]
#[non_exhaustive]
pub struct BusSyntax;

impl BusShare {
    /// Longest name, in characters.
    const NAME_MAX: usize = 32;
    /// Rates, in kB/s.
    const RATES: core::ops::RangeInclusive<u32> = 100..=100_000_000;

    /// What [`FromStr`] takes, for messages.
    pub const EXPECTED: &'static str = "a bus is NAME@RATE: 1 to 32 letters, digits, '-', '_', '.' or ':', and 100kB/s to 100000MB/s, as usb1@35MB/s";

    /// A bus of this name and rate, in units of 1000 bytes a second.
    ///
    /// # Errors
    /// [`BusSyntax`] when the name is not 1 to 32 letters, digits and `-_.:`,
    /// or the rate is outside of 100 kB/s to 100,000 MB/s.
    pub fn new(name: &str, kilobytes_per_second: u32) -> Result<Self, BusSyntax> {
        let sound = (1..=Self::NAME_MAX).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
            && Self::RATES.contains(&kilobytes_per_second);
        sound
            .then(|| Self {
                name: name.into(),
                kilobytes_per_second,
            })
            .ok_or(BusSyntax)
    }

    /// Which bus.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it carries, for all its drives together.
    pub fn bytes_per_second(&self) -> u64 {
        u64::from(self.kilobytes_per_second) * 1000
    }

    /// How long so many bytes are on their way.
    fn time_of(&self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many bytes travel in that time.
    fn bytes_in(&self, time: Duration) -> u64 {
        let bytes = u128::from(self.bytes_per_second()) * time.as_nanos() / 1_000_000_000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for BusShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (
            self.kilobytes_per_second / 1000,
            self.kilobytes_per_second % 1000,
        ) {
            (mega, 0) => write!(f, "{}@{mega}MB/s", self.name),
            _ => write!(f, "{}@{}kB/s", self.name, self.kilobytes_per_second),
        }
    }
}

impl FromStr for BusShare {
    type Err = BusSyntax;

    fn from_str(text: &str) -> Result<Self, BusSyntax> {
        let (name, rate) = text.split_once('@').ok_or(BusSyntax)?;
        let (number, kilobytes) = match rate.strip_suffix("MB/s") {
            Some(mega) => (mega, 1000),
            None => (rate.strip_suffix("kB/s").ok_or(BusSyntax)?, 1),
        };
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BusSyntax);
        }
        let number: u32 = number.parse().map_err(|_| BusSyntax)?;
        Self::new(name, number.checked_mul(kilobytes).ok_or(BusSyntax)?)
    }
}

/// The same bus was named with another rate, by a drive that is still open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bus {wanted} is open as {found}: name the same rate for all its drives")]
#[non_exhaustive]
pub struct BusRateDiffers {
    /// What was named now.
    pub wanted: BusShare,
    /// What was named before.
    pub found: BusShare,
}

/// A drive on a bus: what travels waits for the bandwidth.
///
/// The time on the bus is no part of a command's own: its time limit is not
/// measured by it, as if the host had queued the command.
#[derive(Debug)]
pub struct OnBus<T> {
    inner: T,
    bus: Arc<Bus>,
}

impl<T: Transport> OnBus<T> {
    /// Hangs `inner` on the bus `share`.
    ///
    /// # Errors
    /// [`BusRateDiffers`] when another drive of this process is on a bus of
    /// that name and another rate.
    pub fn new(inner: T, share: BusShare) -> Result<Self, BusRateDiffers> {
        let bus = Bus::named(share)?;
        Ok(Self { inner, bus })
    }

    /// Has so many bytes travel, now.
    fn carry(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        match self.inner.clock() {
            DeviceClock::Virtual => {
                let takes = self.bus.book(self.inner.now(), bytes as u64);
                self.inner.advance(takes);
            }
            DeviceClock::Real => {
                let ahead = self.bus.book_real(bytes as u64);
                if ahead > REAL_SLACK {
                    std::thread::sleep(ahead);
                }
            }
        }
    }
}

/// Transfers that are this little early do not wait: a wake-up for each WRITE
/// would cost more than it tells, and every drive has more in its buffer.
const REAL_SLACK: Duration = Duration::from_millis(10);

impl<T: Transport> layer::Layer for OnBus<T> {
    type Inner = T;

    fn inner(&self) -> &T {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        match exchange.data {
            Data::In(_) => {
                let reply = self.inner.execute(exchange)?;
                self.carry(reply.transferred);
                Ok(reply)
            }
            // Before the drive has it, it has travelled.
            _ => {
                self.carry(exchange.data.len());
                self.inner.execute(exchange)
            }
        }
    }

    fn bus(&self) -> Option<BusShare> {
        Some(self.bus.share.clone())
    }
}

/// The buses that have drives.
static OPEN: Mutex<Vec<Weak<Bus>>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Bus {
    share: BusShare,
    ledger: Mutex<Ledger>,
    /// When the last transfer on the real clock ends.
    free_at: Mutex<Option<Instant>>,
}

impl Bus {
    fn named(wanted: BusShare) -> Result<Arc<Self>, BusRateDiffers> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|bus| bus.strong_count() > 0);
        let there = open
            .iter()
            .filter_map(Weak::upgrade)
            .find(|bus| bus.share.name == wanted.name);
        match there {
            Some(bus) if bus.share == wanted => Ok(bus),
            Some(bus) => Err(BusRateDiffers {
                wanted,
                found: bus.share.clone(),
            }),
            None => {
                let bus = Arc::new(Self {
                    share: wanted,
                    ledger: Mutex::default(),
                    free_at: Mutex::default(),
                });
                open.push(Arc::downgrade(&bus));
                Ok(bus)
            }
        }
    }

    /// Puts a transfer on the schedule; how long it takes from `now` on.
    fn book(&self, now: Duration, bytes: u64) -> Duration {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.book(&self.share, now, bytes)
    }

    /// The same on the real clock.
    fn book_real(&self, bytes: u64) -> Duration {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let begin = free_at.map_or(now, |at| at.max(now));
        let end = begin + self.share.time_of(bytes);
        *free_at = Some(end);
        end - now
    }
}

/// What travels on virtual clocks: bytes in each slice of time.
#[derive(Debug, Default)]
struct Ledger {
    /// Number of the first slice that is remembered.
    first: u64,
    slices: VecDeque<u64>,
}

impl Ledger {
    const SLICE: Duration = Duration::from_millis(100);
    /// Slices that are remembered: an hour.
    const WINDOW: u64 = 36_000;

    fn book(&mut self, share: &BusShare, now: Duration, bytes: u64) -> Duration {
        let mut at = now;
        let mut left = bytes;
        loop {
            let number = slice_of(at);
            let Some(used) = self.slice(number) else {
                // Longer ago than is remembered: nobody is in the way.
                return at.saturating_sub(now) + share.time_of(left);
            };
            let begin = start_of(number);
            let end = start_of(number.saturating_add(1));
            let capacity = share.bytes_in(Self::SLICE);
            let room = capacity
                .saturating_sub(*used)
                .min(share.bytes_in(end.saturating_sub(at)));
            if room >= left {
                *used += left;
                // What came first goes first.
                let done = (at + share.time_of(left)).max(begin + share.time_of(*used));
                return done.saturating_sub(now);
            }
            *used += room;
            left -= room;
            at = end;
        }
    }

    /// Bytes of a slice; `None` where it is forgotten.
    fn slice(&mut self, number: u64) -> Option<&mut u64> {
        let oldest = number.saturating_sub(Self::WINDOW - 1);
        if oldest > self.first {
            let gone = (oldest - self.first).min(self.slices.len() as u64);
            self.slices.drain(..gone as usize);
            self.first = oldest;
        }
        let place = number.checked_sub(self.first)? as usize;
        if place >= self.slices.len() {
            self.slices.resize(place + 1, 0);
        }
        self.slices.get_mut(place)
    }
}

fn slice_of(at: Duration) -> u64 {
    u64::try_from(at.as_nanos() / Ledger::SLICE.as_nanos()).unwrap_or(u64::MAX)
}

fn start_of(slice: u64) -> Duration {
    let millis = u64::try_from(Ledger::SLICE.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(slice.saturating_mul(millis))
}
