//! The way out of a session: numbers, and one PDU at a time.
//!
//! Owns StatSN, ExpCmdSN and MaxCmdSN. Shared by the thread that reads and the
//! one that carries commands out, behind a mutex.

use crate::pdu::{BasicHeaderSegment, FrameError, PduWriter};
use crate::socket::Socket;
use core::time::Duration;
use std::time::Instant;

/// The numbers that every PDU of a target carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) stat_sn: u32,
    pub(crate) exp_cmd_sn: u32,
    pub(crate) max_cmd_sn: u32,
}

/// What becomes of a numbered request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is its turn.
    Take,
    /// It lies outside of the window, or came before: forgotten silently.
    Ignore,
    /// One before it is missing. On one connection it will never come.
    Gap,
}

impl Numbers {
    /// Judges a command number, and moves on if it is taken. The window stays
    /// where it is until [`release`](Self::release).
    pub(crate) fn admit(&mut self, cmd_sn: u32) -> Admission {
        let ahead = cmd_sn.wrapping_sub(self.exp_cmd_sn);
        let window = self
            .max_cmd_sn
            .wrapping_add(1)
            .wrapping_sub(self.exp_cmd_sn);
        if ahead >= window {
            return Admission::Ignore;
        }
        if ahead > 0 {
            return Admission::Gap;
        }
        self.exp_cmd_sn = self.exp_cmd_sn.wrapping_add(1);
        Admission::Take
    }

    /// A command is done: one more may come.
    pub(crate) fn release(&mut self) {
        self.max_cmd_sn = self.max_cmd_sn.wrapping_add(1);
    }
}

/// Whether a PDU uses up a status number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carries {
    Status,
    NoStatus,
}

pub(crate) struct Outbound {
    writer: PduWriter<Socket>,
    pub(crate) numbers: Numbers,
    stall: Duration,
}

impl Outbound {
    pub(crate) fn new(writer: PduWriter<Socket>, numbers: Numbers, stall: Duration) -> Self {
        Self {
            writer,
            numbers,
            stall,
        }
    }

    /// Sends what `make` builds with the numbers of this moment.
    pub(crate) fn send(
        &mut self,
        carries: Carries,
        data: &[u8],
        make: impl FnOnce(Numbers) -> BasicHeaderSegment,
    ) -> Result<(), FrameError> {
        let header = make(self.numbers);
        if carries == Carries::Status {
            self.numbers.stat_sn = self.numbers.stat_sn.wrapping_add(1);
        }
        let deadline = Instant::now().checked_add(self.stall);
        self.writer.stream().set_deadline(deadline);
        self.writer.write(header, data)
    }

    pub(crate) fn close(&mut self) {
        self.writer.stream().close();
    }

    pub(crate) fn close_sending(&mut self) {
        self.writer.stream().close_sending();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_in_order_and_within_the_window() {
        let mut numbers = Numbers {
            stat_sn: 0,
            exp_cmd_sn: u32::MAX,
            max_cmd_sn: 0,
        };
        assert_eq!(numbers.admit(0), Admission::Gap);
        assert_eq!(numbers.admit(1), Admission::Ignore);
        assert_eq!(numbers.admit(u32::MAX - 1), Admission::Ignore);
        assert_eq!(numbers.admit(u32::MAX), Admission::Take);
        assert_eq!(numbers.admit(u32::MAX), Admission::Ignore);
        assert_eq!(numbers.admit(0), Admission::Take);
        // The window is used up.
        assert_eq!(numbers.admit(1), Admission::Ignore);
        numbers.release();
        assert_eq!(numbers.admit(1), Admission::Take);
    }
}
