//! A layer round a drive that keeps what was sent and what came back. Owns the log; changes nothing of what passes.

use crate::common::burn::Opened;
use pitland::Transport;
use pitland::transport::Data;
use pitland::transport::layer::Around;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// WRITE (10), WRITE AND VERIFY (10), WRITE (12): blocks. Then what else changes a disc: FORMAT UNIT, RESERVE TRACK,
/// CLOSE TRACK/SESSION, SEND CUE SHEET, BLANK, SEND DISC STRUCTURE, SEND OPC INFORMATION.
const CHANGING: [u8; 10] = [0x2A, 0x2E, 0xAA, 0x04, 0x53, 0x5B, 0x5D, 0xA1, 0xBF, 0x54];

/// A command, what went with it, and what came back.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) cdb: Vec<u8>,
    /// The parameter list; not the blocks of a WRITE.
    pub(crate) list: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    /// The drive's clock when it was answered.
    pub(crate) at: Duration,
}

impl Sent {
    pub(crate) fn opcode(&self) -> u8 {
        self.cdb[0]
    }

    pub(crate) fn writes_blocks(&self) -> bool {
        matches!(self.opcode(), 0x2A | 0x2E | 0xAA)
    }

    /// First block and number of blocks of a WRITE.
    pub(crate) fn run(&self) -> (i32, u32) {
        let be = |bytes: &[u8]| bytes.iter().fold(0u32, |n, byte| n << 8 | u32::from(*byte));
        let blocks = match self.opcode() {
            0xAA => be(&self.cdb[6..10]),
            _ => be(&self.cdb[7..9]),
        };
        (be(&self.cdb[2..6]).cast_signed(), blocks)
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Sent>>>);

impl Log {
    /// All since the last time.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Nothing went out since the last time that changes a disc.
    #[track_caller]
    pub(crate) fn nothing_changed(&self) {
        let sent = self.take();
        assert!(!sent.is_empty(), "the log is not in the way");
        let changing = sent.iter().find(|sent| CHANGING.contains(&sent.opcode()));
        assert!(changing.is_none(), "{changing:?}");
    }
}

/// A drive with this disc, and what it is told.
pub(crate) fn open(disc: &Path) -> (Opened, Log) {
    let log = Log::default();
    let of_layer = log.clone();
    let opened = Opened::with(disc, |inner| round(inner, of_layer));
    (opened, log)
}

/// The layer.
pub(crate) fn round(inner: Box<dyn Transport>, log: Log) -> Box<dyn Transport> {
    Box::new(Around::new(inner, move |inner, mut exchange| {
        let list = match &exchange.data {
            Data::Out(list) => list.to_vec(),
            _ => Vec::new(),
        };
        let reply = inner.execute(exchange.reborrow())?;
        let answer = match &exchange.data {
            Data::In(room) => room[..reply.transferred].to_vec(),
            _ => Vec::new(),
        };
        log.0.lock().unwrap().push(Sent {
            cdb: exchange.cdb.as_slice().to_vec(),
            list,
            answer,
            at: inner.now(),
        });
        Ok(reply)
    }))
}
