//! A drive for tests that gives the answers it is told to.

use crate::{Data, DeviceClock, Exchange, Reply, Status, Transport, TransportError};
use core::time::Duration;
use pitland_mmc::Sense;
use std::collections::{HashMap, VecDeque};

/// One answer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Data(Vec<u8>),
    Sense(u8, u8, u8),
    Busy,
    Gone,
}

/// Answers by operation code; the last one of each is repeated. What is not
/// among them is unknown to the drive (5/20/00).
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    answers: HashMap<u8, VecDeque<Answer>>,
    /// The commands that came: operation code and announced bytes.
    pub(crate) asked: Vec<(u8, usize)>,
}

impl Scripted {
    pub(crate) fn on(mut self, opcode: u8, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.answers.entry(opcode).or_default().extend(answers);
        self
    }
}

impl Transport for Scripted {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let opcode = exchange.cdb.as_slice().first().copied().unwrap_or_default();
        self.asked.push((opcode, exchange.data.len()));
        let answer = match self.answers.get_mut(&opcode) {
            Some(answers) if answers.len() > 1 => answers.pop_front(),
            Some(answers) => answers.front().cloned(),
            None => Some(Answer::Sense(5, 0x20, 0)),
        };
        match (answer, exchange.data) {
            (Some(Answer::Data(bytes)), Data::In(room)) => {
                let moved = bytes.len().min(room.len());
                room[..moved].copy_from_slice(&bytes[..moved]);
                Ok(Reply::good(moved))
            }
            (Some(Answer::Data(_)), _) => Ok(Reply::good(0)),
            (Some(Answer::Sense(key, asc, ascq)), _) => {
                Ok(Reply::check(Sense::new(key, asc, ascq)))
            }
            (Some(Answer::Busy), _) => Ok(Reply {
                status: Status::Busy,
                transferred: 0,
            }),
            (Some(Answer::Gone) | None, _) => Err(TransportError::Gone),
        }
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::Virtual
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn advance(&mut self, _: Duration) {}

    fn identity_hint(&self) -> String {
        "scripted".into()
    }
}
