//! What was said to a drive and what it answered, as text: written by
//! [`Trace`], served again by [`Replay`].
//!
//! Owns the format. Must not know what the commands are for.
//!
//! # The format, version 1
//!
//! UTF-8 text, a line an exchange, in the order of sending. The first line is
//!
//! ```text
//! pitland-trace 1 detail=replay clock=virtual max-transfer=65536 drive=virtual:x.vdisc
//! ```
//!
//! and an exchange is (one line)
//!
//! ```text
//!      12.345678 WRITE (10) lba 4096, 32 blocks -> GOOD | at=12345678901 cdb=2A000000100000002000
//!               limit=60000000000 blocks=65536/2048 crc=1A2B3C4D st=00 n=65536 end=12345679000
//! ```
//!
//! Left of the last ` | ` stands what a person reads: seconds on the device's
//! clock, the command and its parameter list in words, status and sense in
//! words, and the answer in words where its bytes are kept. Right of it
//! stands what a program reads, and nothing else is read by [`Replay`]; fields
//! `name=value`, one space between, in this order:
//!
//! | field | value |
//! |---|---|
//! | `at` | device time when the command was sent, ns |
//! | `cdb` | its bytes, hexadecimal |
//! | `limit` | the caller's time limit, ns |
//! | `in` | bytes of room for an answer; missing without data-in |
//! | `out` | a parameter list, hexadecimal, empty for an empty one; missing without |
//! | `blocks` | bytes of a write `/` bytes of a block; missing without |
//! | `crc` | CRC-32C of those bytes, 8 hexadecimal digits; with `blocks` |
//! | `st` | the SCSI status, 2 hexadecimal digits |
//! | `sense` | with `st=02`: sense data in fixed format, 18 bytes hexadecimal |
//! | `err` | instead of `st`: `gone`, `timeout:NS`, `host:HHHH:HHHH` (host and driver status) or `other` |
//! | `n` | bytes that travelled; with `st` |
//! | `got` | the answer's `n` bytes, hexadecimal; with `in` and `n` above 0 |
//! | `sum` | CRC-32C of the answer, where its bytes are not kept |
//! | `end` | device time when the answer came, ns |
//!
//! The bytes of a write are never kept, their sum is. An answer is kept whole,
//! with one exception: a READ of blocks that the same trace wrote is kept by
//! its sum, because a replay is given those bytes by the writes (not after a
//! write that failed: what is on the disc is then unsure). So a trace is small
//! and still replays with its verification. [`Detail`] changes this.
//!
//! The last line is `end N`, with the number of exchanges; a trace without it
//! was cut off. Lines that begin with `#` and empty ones mean nothing.

mod divergence;
mod format;
mod layer;
mod parse;
mod replay;
mod written;

pub use divergence::{Divergence, Mismatch};
pub use layer::{Detail, Trace, TraceStatus};
pub use replay::{Replay, ReplayError};

/// First word of a trace.
const MAGIC: &str = "pitland-trace";
/// Version of the format written and read here.
const VERSION: u32 = 1;
