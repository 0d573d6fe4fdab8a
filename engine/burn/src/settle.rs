//! Waiting for a drive that is busy with a long operation (recipe 4.1). Owns the judgement of each
//! TEST UNIT READY; the machine sends it and lets the time pass.

use crate::patience;
use crate::quirks::HostQuirks;
use pitland_mmc::sense::{Reaction, Sense};
use std::time::Duration;

/// Qualifier of "no medium" with an open tray (recipe 9).
const TRAY_OPEN: u8 = 0x02;

/// What a look at the drive tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// The operation has ended well.
    Ready,
    /// Not yet: look again after this long.
    Wait(Duration),
    /// The operation failed, or the drive is in no state to end it.
    Failed(Sense),
    /// It took too long.
    TimedOut,
}

/// One long operation being waited for.
#[derive(Debug, Clone, Copy)]
pub struct Settling {
    started: Duration,
    limit: Duration,
    clueless_since: Option<Duration>,
    attentions: u8,
    progress: Option<u16>,
    vague: bool,
}

impl Settling {
    /// Starts waiting at `now` for at most `limit`.
    pub fn new(now: Duration, limit: Duration) -> Self {
        Self {
            started: now,
            limit,
            clueless_since: None,
            attentions: 0,
            progress: None,
            vague: false,
        }
    }

    /// With the habits of the drive that is waited for.
    #[must_use]
    pub fn obeying(mut self, quirks: &HostQuirks) -> Self {
        self.vague = quirks.vague_while_loading;
        self
    }

    /// Takes a progress that the drive told otherwise than with TEST UNIT READY.
    pub(crate) fn learn_progress(&mut self, progress: Option<u16>) {
        self.progress = progress.or(self.progress);
    }

    /// How far the drive says it is, in 1/65536. Never a reason to stop waiting: it stalls on some
    /// drives and is absent on others.
    pub fn progress(&self) -> Option<u16> {
        self.progress
    }

    /// Judges the drive's answer to TEST UNIT READY; `None` is GOOD.
    pub fn judge(&mut self, now: Duration, answer: Option<Sense>) -> Settled {
        let Some(sense) = answer else {
            return Settled::Ready;
        };
        self.learn_progress(sense.progress);
        let waited = now.saturating_sub(self.started);
        let reaction = sense.reaction();
        if reaction != Reaction::PollBriefly {
            self.clueless_since = None;
        }
        match reaction {
            Reaction::Continue | Reaction::ContinueAndWarn => return Settled::Ready,
            // Not the open tray, which a drive knows of.
            Reaction::NoMedium
                if self.vague && sense.ascq != TRAY_OPEN && waited <= patience::ABSENT => {}
            Reaction::PollBriefly if self.vague => {}
            Reaction::PollBriefly => {
                let since = *self.clueless_since.get_or_insert(now);
                if now.saturating_sub(since) > patience::CLUELESS {
                    return Settled::Failed(sense);
                }
            }
            Reaction::WaitAndPoll => {}
            it if it.is_busy() => {}
            it if it.is_attention() || it == Reaction::OperatorRequest => {
                self.attentions = self.attentions.saturating_add(1);
                if self.attentions > patience::ATTENTIONS {
                    return Settled::Failed(sense);
                }
                return Settled::Wait(Duration::ZERO);
            }
            _ => return Settled::Failed(sense),
        }
        if waited > self.limit {
            return Settled::TimedOut;
        }
        Settled::Wait(patience::POLL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sense(key: u8, asc: u8, ascq: u8) -> Option<Sense> {
        Some(Sense::new(key, asc, ascq))
    }

    #[test]
    fn an_operation_in_progress_is_waited_for_until_good() {
        let mut s = Settling::new(Duration::ZERO, Duration::from_secs(60));
        assert_eq!(
            s.judge(Duration::ZERO, sense(2, 4, 7)),
            Settled::Wait(patience::POLL)
        );
        assert_eq!(s.judge(Duration::from_secs(1), None), Settled::Ready);
    }

    #[test]
    fn a_drive_without_a_clue_is_believed_for_a_short_while_only() {
        let mut s = Settling::new(Duration::ZERO, Duration::from_secs(600));
        assert!(matches!(
            s.judge(Duration::from_secs(1), sense(2, 4, 0)),
            Settled::Wait(_)
        ));
        assert!(matches!(
            s.judge(Duration::from_secs(5), sense(2, 4, 0)),
            Settled::Wait(_)
        ));
        assert!(matches!(
            s.judge(Duration::from_secs(7), sense(2, 4, 0)),
            Settled::Failed(_)
        ));
    }

    #[test]
    fn a_drive_that_needs_help_or_has_no_medium_is_not_waited_for() {
        let mut s = Settling::new(Duration::ZERO, Duration::from_secs(600));
        assert!(matches!(
            s.judge(Duration::ZERO, sense(2, 4, 2)),
            Settled::Failed(_)
        ));
        assert!(matches!(
            s.judge(Duration::ZERO, sense(2, 0x3A, 1)),
            Settled::Failed(_)
        ));
        assert!(matches!(
            s.judge(Duration::ZERO, sense(3, 0x31, 1)),
            Settled::Failed(_)
        ));
    }

    #[test]
    fn attentions_are_consumed_but_not_for_ever() {
        let mut s = Settling::new(Duration::ZERO, Duration::from_secs(600));
        for _ in 0..patience::ATTENTIONS {
            assert_eq!(
                s.judge(Duration::ZERO, sense(6, 0x28, 0)),
                Settled::Wait(Duration::ZERO)
            );
        }
        assert!(matches!(
            s.judge(Duration::ZERO, sense(6, 0x28, 0)),
            Settled::Failed(_)
        ));
    }

    #[test]
    fn a_drive_that_is_vague_while_it_loads_is_given_the_time_of_a_load() {
        let mut quirks = HostQuirks::NONE;
        quirks.vague_while_loading = true;
        let mut s = Settling::new(Duration::ZERO, Duration::from_secs(300)).obeying(&quirks);
        let wait = Settled::Wait(patience::POLL);
        assert_eq!(s.judge(Duration::from_secs(2), sense(2, 0x3A, 1)), wait);
        assert_eq!(s.judge(Duration::from_secs(9), sense(2, 4, 0)), wait);
        assert_eq!(s.judge(Duration::from_secs(16), sense(2, 4, 0)), wait);
        assert_eq!(s.judge(Duration::from_secs(18), None), Settled::Ready);
        // What stays absent is.
        assert!(matches!(
            s.judge(Duration::from_secs(60), sense(2, 0x3A, 1)),
            Settled::Failed(_)
        ));
        assert!(matches!(
            s.judge(Duration::ZERO, sense(2, 0x3A, 2)),
            Settled::Failed(_)
        ));
    }

    #[test]
    fn the_limit_ends_the_wait() {
        let mut s = Settling::new(Duration::ZERO, Duration::from_secs(10));
        assert_eq!(
            s.judge(Duration::from_secs(11), sense(2, 4, 7)),
            Settled::TimedOut
        );
    }
}
