//! Operations that go on after their command was answered, or that make it wait.
//!
//! Owns what is under way, how far it is, and what it will change when it ends.
//! An operation changes the disc at its end, so that a kill in the middle leaves
//! the disc as it was; a format alone destroys at its beginning.

use crate::medium::FormatResult;
use crate::medium::cd::Blanking;
use crate::medium::dvd_minus::WriteMode;
use crate::medium::{bd_r, dvd_plus_rw, dvd_rw};
use crate::refusal::Refusal;

/// What happens when an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The medium is recognised.
    Loaded,
    SpunUp,
    SpunDown,
    Ejected,
    Calibrated,
    Synchronized,
    TrackClosed(u16),
    SessionClosed {
        finalize: bool,
    },
    TrackReserved {
        blocks: u32,
        mode: WriteMode,
    },
    BdRFormatted {
        blocks: u32,
        mode: bd_r::Mode,
    },
    Formatted(FormatResult),
    DvdRwFormatted(dvd_rw::Format),
    /// `minimal`: only what tells of the recording.
    Blanked {
        minimal: bool,
    },
    CdBlanked(Blanking),
    BackgroundFormatBegun(dvd_plus_rw::Request),
    BackgroundFormatStopped,
}

impl Effect {
    /// It makes no sense when the data before it could not be written.
    pub(crate) fn needs_the_data(self) -> bool {
        matches!(
            self,
            Self::Synchronized | Self::TrackClosed(_) | Self::SessionClosed { .. }
        )
    }

    /// A format or a close: what a drive may go on with, whatever the host asked for.
    pub(crate) fn is_format_or_close(self) -> bool {
        matches!(
            self,
            Self::TrackClosed(_)
                | Self::SessionClosed { .. }
                | Self::BdRFormatted { .. }
                | Self::Formatted(_)
                | Self::DvdRwFormatted(_)
                | Self::Blanked { .. }
                | Self::CdBlanked(_)
                | Self::BackgroundFormatBegun(_)
                | Self::BackgroundFormatStopped
        )
    }

    /// What other commands are told meanwhile (recipe 4.1).
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Loaded | Self::SpunUp => Refusal::BECOMING_READY,
            Self::BdRFormatted { .. }
            | Self::Formatted(_)
            | Self::DvdRwFormatted(_)
            | Self::BackgroundFormatBegun(_) => Refusal::FORMAT_IN_PROGRESS,
            _ => Refusal::OPERATION_IN_PROGRESS,
        }
    }
}

/// An operation under way. The buffer drains first, then its own time runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) effect: Effect,
    /// Its own time, scaled, in nanoseconds.
    total: u64,
    left: u64,
    /// Blocks in the buffer when it began.
    buffered: u32,
}

impl Operation {
    pub(crate) fn new(effect: Effect, total: u64, buffered: u32) -> Self {
        Self {
            effect,
            total,
            left: total,
            buffered,
        }
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// How much of its own time is over.
    pub(crate) fn passed(&self) -> u64 {
        self.total - self.left
    }

    /// Lets time pass; gives back what was not needed once it is over.
    pub(crate) fn pass(&mut self, time: u64) -> Option<u64> {
        if time >= self.left {
            let rest = time - self.left;
            self.left = 0;
            return Some(rest);
        }
        self.left -= time;
        None
    }

    /// In 65536ths; `buffered` blocks are still to be drained. Half of it is the
    /// buffer, where there was anything in it.
    pub(crate) fn progress(&self, buffered: u32) -> u16 {
        let share = |done: u64, all: u64| done * 65_535 / all.max(1);
        let own = share(self.total - self.left, self.total);
        let all = if self.buffered == 0 {
            own
        } else {
            let drained = u64::from(self.buffered.saturating_sub(buffered));
            (share(drained, u64::from(self.buffered)) + own) / 2
        };
        all.min(65_535) as u16
    }

    /// A load shows no progress on real drives.
    pub(crate) fn shows_progress(&self) -> bool {
        !matches!(self.effect, Effect::Loaded | Effect::SpunUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_grows_and_ends_below_65536() {
        let mut operation = Operation::new(Effect::Synchronized, 1000, 10);
        assert_eq!(operation.progress(10), 0);
        assert_eq!(operation.progress(0), 32_767);
        assert_eq!(operation.pass(500), None);
        assert_eq!(operation.progress(0), 49_151);
        assert_eq!(operation.pass(600), Some(100));
        assert_eq!(operation.progress(0), 65_535);
    }
}
