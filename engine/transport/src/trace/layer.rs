//! The layer that writes down what is said to a drive.
//!
//! Owns the sink and what is kept of data. Must not know how a line looks, nor
//! change anything of what passes.

use super::format::{Answer, Line, header};
use super::written::Written;
use crate::sum::crc32c;
use crate::{Data, Exchange, Reply, Status, Transport, TransportError, layer};
use core::fmt::Write as _;
use core::time::Duration;
use pitland_mmc::{CdbBytes, Command, Lba, Sense, SenseKey};
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, OnceLock};

/// Bytes gathered before the sink is written to, so that a trace costs one
/// system call for hundreds of commands.
const BUFFER_BYTES: usize = 256 * 1024;

/// Longest answer that [`Detail::Words`] keeps.
const WORDS_ANSWER_BYTES: usize = 64;

/// How much a trace keeps of the bytes that a drive answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Detail {
    /// For reading only: answers up to 64 bytes, of longer ones the sum. Does
    /// not replay as a rule.
    Words,
    /// Whatever a replay needs: every answer whole, but for READs of blocks
    /// that this trace wrote.
    #[default]
    Replay,
    /// Every answer whole, also the blocks read back.
    Everything,
}

impl Detail {
    fn word(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Replay => "replay",
            Self::Everything => "everything",
        }
    }
}

/// A transport that writes a line for every exchange, in words and for
/// [`Replay`](super::Replay); the format is described in [`crate::trace`].
///
/// Put it *inside* of [`Checked`](crate::Checked), and it holds what was
/// really sent. A sink that fails stops the trace, never the burn: the error
/// is kept for [`Trace::finish`] and [`TraceStatus`]. No exchange allocates
/// once the longest line has been written.
#[derive(Debug)]
pub struct Trace<T, W: Write> {
    inner: T,
    detail: Detail,
    sink: Sink<W>,
    written: Written,
    line: String,
}

impl<T: Transport, W: Write + Send> Trace<T, W> {
    /// Traces `inner` into `sink`, and writes the header line.
    pub fn new(inner: T, sink: W, detail: Detail) -> Self {
        let mut sink = Sink::new(sink);
        let limit = inner.limits().max_transfer_bytes;
        let mut line = header(detail.word(), inner.clock(), limit, &inner.identity_hint());
        line.push('\n');
        sink.put(&line);
        Self {
            inner,
            detail,
            sink,
            written: Written::default(),
            line,
        }
    }

    /// A handle that tells the fate of the sink, also when the trace is out of
    /// reach or gone.
    pub fn status(&self) -> TraceStatus {
        TraceStatus(Arc::clone(&self.sink.fault))
    }

    /// The transport inside.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// The drive inside; what is done to it here is in no trace.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Ends the trace: writes the last line and what was gathered, and gives
    /// the transport back. Dropping a trace does the same.
    ///
    /// # Errors
    /// The first error of the sink, beside the transport.
    pub fn finish(self) -> (T, Result<(), Arc<io::Error>>) {
        let Self {
            inner, mut sink, ..
        } = self;
        sink.end();
        let fate = sink.fault.get().cloned().map_or(Ok(()), Err);
        (inner, fate)
    }

    fn write_down(
        &mut self,
        at: Duration,
        cdb: CdbBytes,
        limit: Duration,
        data: &Data<'_>,
        result: &Result<Reply, TransportError>,
    ) {
        let payload_sum = match data {
            Data::Blocks { bytes, .. } => crc32c(bytes),
            _ => 0,
        };
        let answer = match (data, result) {
            (Data::In(room), Ok(reply)) => {
                self.keep(cdb, room.get(..reply.transferred).unwrap_or(room))
            }
            _ => Answer::None,
        };
        self.line.clear();
        let end = self.inner.now();
        // Writing into a String cannot fail.
        let _ = write!(
            self.line,
            "{}",
            Line {
                at,
                end,
                cdb,
                limit,
                data,
                payload_sum,
                result,
                answer
            }
        );
        self.sink.put(&self.line);
        self.sink.exchanges += 1;
        match result {
            Ok(Reply {
                status: Status::Good,
                ..
            }) => self.note(cdb, data),
            Ok(reply)
                if reply
                    .status
                    .sense()
                    .is_some_and(|sense| leaves_doubt(sense, data)) =>
            {
                self.written.clear();
            }
            Err(_) => self.written.clear(),
            Ok(_) => {}
        }
    }

    /// How an answer is kept.
    fn keep<'a>(&self, cdb: CdbBytes, answer: &'a [u8]) -> Answer<'a> {
        let whole = match self.detail {
            Detail::Everything => true,
            Detail::Words => answer.len() <= WORDS_ANSWER_BYTES,
            Detail::Replay => {
                !read_of(cdb).is_some_and(|(lba, blocks)| self.written.holds(lba.0.into(), blocks))
            }
        };
        match answer {
            [] => Answer::None,
            bytes if whole => Answer::Whole(bytes),
            bytes => Answer::Sum(crc32c(bytes)),
        }
    }

    /// Remembers which blocks were written.
    fn note(&mut self, cdb: CdbBytes, data: &Data<'_>) {
        match written_by(cdb, data) {
            Effect::Nothing => {}
            Effect::Writes(lba, blocks) => self.written.insert(lba.0.into(), blocks),
            Effect::Erases => self.written.clear(),
        }
    }
}

/// Whether it is no longer sure what the written blocks hold: something that
/// was taken has failed, or a write ended halfway. Their READs are then kept
/// whole.
fn leaves_doubt(sense: &Sense, data: &Data<'_>) -> bool {
    let halfway = !matches!(
        sense.key,
        SenseKey::NotReady | SenseKey::IllegalRequest | SenseKey::UnitAttention
    );
    sense.deferred || (halfway && matches!(data, Data::Blocks { .. }))
}

/// What a command did to the blocks of the disc, as far as a replay can know
/// their bytes.
pub(super) enum Effect {
    Nothing,
    Writes(Lba, u32),
    Erases,
}

pub(super) fn written_by(cdb: CdbBytes, data: &Data<'_>) -> Effect {
    let Ok(command) = Command::parse(cdb.as_slice()) else {
        return Effect::Nothing;
    };
    match (command, data) {
        (Command::Blank(_) | Command::FormatUnit(_), _) => Effect::Erases,
        (
            Command::Write10(c),
            Data::Blocks {
                block_bytes: 2048, ..
            },
        ) => Effect::Writes(c.lba, c.blocks.into()),
        (
            Command::Write12(c),
            Data::Blocks {
                block_bytes: 2048, ..
            },
        ) => Effect::Writes(c.lba, c.blocks),
        (
            Command::WriteAndVerify10(c),
            Data::Blocks {
                block_bytes: 2048, ..
            },
        ) => Effect::Writes(c.lba, c.blocks.into()),
        _ => Effect::Nothing,
    }
}

/// First block and number of blocks of a READ.
pub(super) fn read_of(cdb: CdbBytes) -> Option<(Lba, u32)> {
    match Command::parse(cdb.as_slice()).ok()? {
        Command::Read10(c) => Some((c.lba, c.blocks.into())),
        Command::Read12(c) => Some((c.lba, c.blocks)),
        _ => None,
    }
}

impl<T: Transport, W: Write + Send> layer::Layer for Trace<T, W> {
    type Inner = T;

    fn inner(&self) -> &T {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn execute(&mut self, mut exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let at = self.inner.now();
        let result = self.inner.execute(exchange.reborrow());
        if self.sink.is_sound() {
            self.write_down(at, exchange.cdb, exchange.timeout, &exchange.data, &result);
        }
        result
    }
}

/// Tells whether a trace is whole so far.
#[derive(Debug, Clone)]
pub struct TraceStatus(Arc<OnceLock<Arc<io::Error>>>);

impl TraceStatus {
    /// The error that ended the trace early, if one did. Final once the trace
    /// was finished or dropped.
    pub fn fault(&self) -> Option<Arc<io::Error>> {
        self.0.get().cloned()
    }
}

/// Where the lines go. After its first error it takes nothing more.
#[derive(Debug)]
struct Sink<W: Write> {
    out: BufWriter<W>,
    fault: Arc<OnceLock<Arc<io::Error>>>,
    exchanges: u64,
    ended: bool,
}

impl<W: Write> Sink<W> {
    fn new(out: W) -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER_BYTES, out),
            fault: Arc::default(),
            exchanges: 0,
            ended: false,
        }
    }

    fn is_sound(&self) -> bool {
        self.fault.get().is_none()
    }

    fn put(&mut self, text: &str) {
        if self.is_sound() {
            let done = self.out.write_all(text.as_bytes());
            self.keep(done);
        }
    }

    fn end(&mut self) {
        if !self.ended && self.is_sound() {
            let done = writeln!(self.out, "end {}", self.exchanges).and_then(|()| self.out.flush());
            self.keep(done);
        }
        self.ended = true;
    }

    fn keep(&self, done: io::Result<()>) {
        if let Err(error) = done {
            // The first error is the one that tells what happened.
            let _ = self.fault.set(Arc::new(error));
        }
    }
}

impl<W: Write> Drop for Sink<W> {
    fn drop(&mut self) {
        self.end();
    }
}
