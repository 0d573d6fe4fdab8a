//! A stop and a start of the disc, after which a drive that says ready is ready, and tells of the disc
//! as it is (recipe 4, step 13).
//!
//! Owns the two commands and the wait between them. Must not know what is asked afterwards.

use super::*;

/// Which of the two commands is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spin {
    /// STOP UNIT with IMMED: a drive that still works answers 2/04/07.
    Stop,
    /// START UNIT without: it answers when the disc turns.
    Start,
}

impl Machine {
    pub(super) fn refresh(&mut self, spin: Spin, busy: u32) -> Action {
        self.state = State::Refreshing { spin, busy };
        let unit = match spin {
            Spin::Stop => StartStopUnit {
                immed: !self.quirks.no_immed,
                ..StartStopUnit::STOP
            },
            Spin::Start => StartStopUnit::START,
        };
        Action::Send(Command {
            cdb: unit.emit(),
            payload: Payload::None,
            timeout: patience::SPIN,
        })
    }

    pub(super) fn refresh_answered(&mut self, spin: Spin, busy: u32, input: Input<'_>) -> Action {
        match input {
            Input::Sense(sense) if busy < self.spin_tries() && passes(&sense) => {
                self.state = State::Refreshing {
                    spin,
                    busy: busy + 1,
                };
                Action::Wait(patience::POLL)
            }
            Input::Waited => self.refresh(spin, busy),
            Input::NoAnswer(NoAnswer::Gone) => self.proof_unanswered(NoAnswer::Gone),
            // A drive that knows no START/STOP is asked as it is; one that does not answer will not
            // answer the questions either.
            _ => match spin {
                Spin::Stop => self.refresh(Spin::Start, 0),
                Spin::Start => self.look(),
            },
        }
    }

    /// How often a drive is asked that is busy. One that says ready too early is busy with the close all
    /// the same, and the close of a disc that is filled up takes longer than anything else.
    fn spin_tries(&self) -> u32 {
        let limits = self
            .plan()
            .closing
            .iter()
            .map(|command| match command.settle {
                Settle::WhenReady { limit } => limit.min(patience::LONGEST),
                _ => Duration::ZERO,
            });
        let longest = limits.max().unwrap_or_default().as_millis();
        let tries = longest / patience::POLL.as_millis();
        u32::try_from(tries)
            .unwrap_or(u32::MAX)
            .max(patience::BUSY_TRIES)
    }
}
