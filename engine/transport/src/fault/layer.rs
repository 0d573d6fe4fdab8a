//! The layer that plays a script round a transport.
//!
//! Owns what becomes of a command when a rule comes to it. Must not know why
//! the rule is there.

use super::dice::Dice;
use super::rule::{FaultScript, What};
use super::tally::FaultTally;
use super::when::{Count, Seen};
use crate::{
    Claim, ClaimDenied, Data, DeviceClock, Exchange, Reply, Status, Transport, TransportError,
    layer,
};
use core::time::Duration;
use pitland_mmc::cdb::{
    Cdb, GetEventStatusNotification, Inquiry, PreventAllowMediumRemoval, RequestSense, Write10,
    Write12, WriteAndVerify10,
};
use pitland_mmc::reply::TrackInformationView;
use pitland_mmc::{CdbBytes, Command, Sense};

/// Host status of a command that the adapter could not carry: `DID_ERROR` of
/// the kernel's `scsi/scsi_status.h`.
const ADAPTER_FAILED: u16 = 0x07;
/// Host status of a command that a reset of the bus ended: `DID_RESET`.
const BUS_WAS_RESET: u16 = 0x08;

/// What the first command after a reset finds: 6/29/00.
const RESET_OCCURRED: Sense = Sense::new(6, 0x29, 0x00);

/// How long the drive has to unlock its door in a reset.
const UNLOCK_LIMIT: Duration = Duration::from_secs(10);

/// Where the next writable address stands in the answer to READ TRACK
/// INFORMATION (recipe 2.2).
const NWA: core::ops::Range<usize> = 12..16;

/// A transport that fails as its script says.
///
/// Put it *inside* of [`Trace`](crate::trace::Trace) and
/// [`Checked`](crate::Checked): then the trace holds what the host was told.
#[derive(Debug)]
pub struct Fault<T> {
    inner: T,
    script: FaultScript,
    counts: Box<[Count]>,
    dice: Dice,
    tally: FaultTally,
    /// Bytes of blocks that were answered GOOD.
    written: u64,
    /// After a reset, until it was told.
    attention: Option<Sense>,
    gone: bool,
}

impl<T: Transport> Fault<T> {
    /// Puts the faults of `script` round `inner`.
    pub fn new(inner: T, script: FaultScript) -> Self {
        Self {
            inner,
            counts: vec![Count::default(); script.rules.len()].into(),
            dice: Dice::new(script.seed),
            tally: FaultTally::new(script.rules.len()),
            script,
            written: 0,
            attention: None,
            gone: false,
        }
    }

    /// A handle that tells which faults came.
    pub fn tally(&self) -> FaultTally {
        self.tally.clone()
    }

    /// The transport inside.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// The transport inside; what is done to it here meets no fault.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Takes the faults off.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// What the rules want of this command.
    fn judge(&mut self, cdb: CdbBytes) -> Verdict {
        let seen = Seen::new(cdb, self.written, self.inner.now());
        let mut verdict = Verdict::default();
        for (place, (rule, count)) in
            (self.script.rules.iter().zip(self.counts.iter_mut())).enumerate()
        {
            if !count.comes_to(&rule.when, &seen, &mut self.dice) {
                continue;
            }
            match rule.what {
                What::Delay(longer) => verdict.delay = verdict.delay.saturating_add(longer),
                What::Pause(before) => verdict.pause = verdict.pause.saturating_add(before),
                // An earlier rule has decided; this one keeps its times.
                _ if verdict.what.is_some() => continue,
                what => verdict.what = Some(what),
            }
            count.fire();
            self.tally.count_fired(place);
        }
        verdict
    }

    fn play(&mut self, what: What, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let timeout = exchange.timeout;
        match what {
            What::Sense { sense, carried_out } => {
                if carried_out {
                    self.inner.execute(exchange)?;
                }
                Ok(Reply::check(sense))
            }
            What::Busy => Ok(Reply {
                status: Status::Busy,
                transferred: 0,
            }),
            What::Good => {
                let moved = exchange.data.len();
                if let Data::In(room) = exchange.data {
                    room.fill(0);
                }
                Ok(Reply::good(moved))
            }
            What::NextWritable { by } => self.with_wrong_address(exchange, by),
            What::LostReply => {
                self.inner.execute(exchange)?;
                Err(host_failed(ADAPTER_FAILED))
            }
            What::LostCommand => Err(host_failed(ADAPTER_FAILED)),
            What::Timeout { carried_out } => {
                let before = self.inner.now();
                if carried_out {
                    self.inner.execute(exchange)?;
                }
                let passed = self.inner.now().saturating_sub(before);
                self.pass(timeout.saturating_sub(passed));
                Err(TransportError::TimedOut { limit: timeout })
            }
            What::Reset => {
                let unlock = PreventAllowMediumRemoval::default().emit();
                // The drive has no say in a reset.
                let _ = self.inner.execute(Exchange::none(unlock, UNLOCK_LIMIT));
                self.attention = Some(RESET_OCCURRED);
                Err(host_failed(BUS_WAS_RESET))
            }
            What::Unplug => {
                self.gone = true;
                Err(TransportError::Gone)
            }
            What::Short { bytes } => self.cut_short(exchange, bytes as usize),
            What::FlipBit => self.with_wrong_bit(exchange),
            What::Kill { carried_out } => {
                if carried_out {
                    self.inner.execute(exchange)?;
                }
                Err(kill_this_process())
            }
            What::Delay(_) | What::Pause(_) => self.inner.execute(exchange),
        }
    }

    fn with_wrong_address(
        &mut self,
        mut exchange: Exchange<'_>,
        by: i32,
    ) -> Result<Reply, TransportError> {
        let reply = self.inner.execute(exchange.reborrow())?;
        let asks = matches!(
            Command::parse(exchange.cdb.as_slice()),
            Ok(Command::ReadTrackInformation(_))
        );
        if let (true, Status::Good, Data::In(room)) = (asks, reply.status, exchange.data) {
            let came = room.get_mut(..reply.transferred).unwrap_or_default();
            let told = TrackInformationView::new(&*came).nwa();
            if let (Some(told), Some(field)) = (told, came.get_mut(NWA)) {
                field.copy_from_slice(&told.0.wrapping_add(by).to_be_bytes());
            }
        }
        Ok(reply)
    }

    fn cut_short(
        &mut self,
        mut exchange: Exchange<'_>,
        bytes: usize,
    ) -> Result<Reply, TransportError> {
        if exchange.data.len() <= bytes {
            return self.inner.execute(exchange);
        }
        match exchange.data {
            Data::Blocks {
                bytes: all,
                block_bytes,
            } => {
                let whole = bytes.checked_div(block_bytes as usize).unwrap_or_default();
                let part = all.get(..whole * block_bytes as usize).unwrap_or_default();
                match fewer_blocks(exchange.cdb, whole) {
                    Some(cdb) if !part.is_empty() => {
                        let part = Exchange::blocks(cdb, part, block_bytes, exchange.timeout);
                        self.inner.execute(part)
                    }
                    _ => Ok(Reply::good(0)),
                }
            }
            // A list that ends too early is not taken by any drive.
            Data::Out(_) => Ok(Reply::good(bytes)),
            Data::In(_) => {
                let mut reply = self.inner.execute(exchange.reborrow())?;
                if let Data::In(room) = exchange.data {
                    room.get_mut(bytes..).unwrap_or_default().fill(0);
                }
                reply.transferred = reply.transferred.min(bytes);
                Ok(reply)
            }
            Data::None => self.inner.execute(exchange),
        }
    }

    fn with_wrong_bit(&mut self, mut exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let reply = self.inner.execute(exchange.reborrow())?;
        if let Data::In(room) = exchange.data {
            let came = room.get_mut(..reply.transferred).unwrap_or_default();
            let bit = self.dice.below(came.len() as u64 * 8);
            if let Some(byte) = came.get_mut((bit / 8) as usize) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Ok(reply)
    }

    /// Lets device time pass: by waiting, where the clock is the one on the
    /// wall.
    fn pass(&mut self, time: Duration) {
        match self.inner.clock() {
            DeviceClock::Virtual => self.inner.advance(time),
            DeviceClock::Real => std::thread::sleep(time),
        }
    }

    /// Whether a pending attention stands before this command. Commands that
    /// never meet one are those of SPC, and the question for events.
    fn attention_for(&mut self, cdb: CdbBytes) -> Option<Sense> {
        match cdb.opcode() {
            Inquiry::OPCODE | RequestSense::OPCODE | GetEventStatusNotification::OPCODE => None,
            _ => self.attention.take(),
        }
    }
}

/// What becomes of a command.
#[derive(Default)]
struct Verdict {
    pause: Duration,
    delay: Duration,
    what: Option<What>,
}

fn host_failed(host: u16) -> TransportError {
    TransportError::Host { host, driver: 0 }
}

/// The same WRITE with fewer blocks; `None` for other commands.
fn fewer_blocks(cdb: CdbBytes, blocks: usize) -> Option<CdbBytes> {
    let few = u16::try_from(blocks);
    let fewer = match Command::parse(cdb.as_slice()).ok()? {
        Command::Write10(c) => Command::Write10(Write10 {
            blocks: few.ok()?,
            ..c
        }),
        Command::Write12(c) => Command::Write12(Write12 {
            blocks: u32::try_from(blocks).ok()?,
            ..c
        }),
        Command::WriteAndVerify10(c) => Command::WriteAndVerify10(WriteAndVerify10 {
            blocks: few.ok()?,
            ..c
        }),
        _ => return None,
    };
    Some(fewer.emit())
}

/// Does not come back but where the system refuses the signal.
fn kill_this_process() -> TransportError {
    let me = rustix::process::getpid();
    match rustix::process::kill_process(me, rustix::process::Signal::KILL) {
        // The signal is on its way to this very thread.
        Ok(()) => loop {
            std::thread::park();
        },
        Err(error) => TransportError::System(std::sync::Arc::new(error.into())),
    }
}

impl<T: Transport> layer::Layer for Fault<T> {
    type Inner = T;

    fn inner(&self) -> &T {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn execute(&mut self, mut exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        self.tally.count_command();
        if self.gone {
            return Err(TransportError::Gone);
        }
        let verdict = self.judge(exchange.cdb);
        if !verdict.pause.is_zero() {
            self.pass(verdict.pause);
        }
        let timeout = exchange.timeout;
        let before = self.inner.now();
        let result = match (verdict.what, self.attention_for(exchange.cdb)) {
            (Some(what), attention) => {
                self.attention = attention.or(self.attention);
                self.play(what, exchange.reborrow())
            }
            (None, Some(attention)) => Ok(Reply::check(attention)),
            (None, None) => self.inner.execute(exchange.reborrow()),
        };
        if !verdict.delay.is_zero() {
            let left = timeout.saturating_sub(self.inner.now().saturating_sub(before));
            self.pass(verdict.delay.min(left));
            if verdict.delay > left && result.is_ok() {
                return Err(TransportError::TimedOut { limit: timeout });
            }
        }
        if let (
            Data::Blocks { .. },
            Ok(Reply {
                status: Status::Good,
                transferred,
            }),
        ) = (&exchange.data, &result)
        {
            self.written = self.written.saturating_add(*transferred as u64);
        }
        result
    }

    /// What was granted is given back to a drive that is gone, too.
    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        if self.gone {
            return Err(ClaimDenied::Gone);
        }
        self.inner.claim(claim)
    }

    fn have_host_look(&mut self) {
        if !self.gone {
            self.inner.have_host_look();
        }
    }

    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        if self.gone && quiet {
            return Err(ClaimDenied::Gone);
        }
        self.inner.quieten(quiet)
    }
}
