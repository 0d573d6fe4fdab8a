//! How time passes for a drive whose clock only moves when it is told to.
//!
//! Owns when and by how much. Behind a target nobody waits on the drive's
//! clock, so the commands themselves move it: an operation that goes on after
//! its command was answered lasts a few polls, each of which finds it further.
//! Must not know initiators: the polls of all of them count.

use core::time::Duration;
use pitland_mmc::Sense;
use pitland_transport::sim::VirtualDrive;
use pitland_transport::trace::Trace;
use pitland_transport::{DeviceClock, Transport};
use std::io::Write;

/// Polls that find an operation under way; the next one finds it done.
const POLLS: u32 = 3;

/// Time for a drive that cannot say how long it takes, a poll; the n-th one is
/// ten times the one before.
const BLIND_STEP: Duration = Duration::from_secs(1);
const MOST_BLIND_STEP: Duration = Duration::from_secs(100_000);

/// A drive behind the target.
pub(crate) enum Drive {
    /// A virtual one, which says how long it will take.
    Virtual(Box<VirtualDrive>),
    /// The same, with a trace of what it is told and answers.
    Traced(Box<Trace<VirtualDrive, Box<dyn Write + Send>>>),
    /// Any other one.
    Any(Box<dyn Transport>),
}

impl Drive {
    pub(crate) fn transport(&mut self) -> &mut dyn Transport {
        match self {
            Self::Virtual(drive) => &mut **drive,
            Self::Traced(drive) => drive,
            Self::Any(drive) => drive,
        }
    }

    /// Time until what is under way is done, or the buffer has room again.
    fn next_change(&mut self) -> Option<Duration> {
        match self {
            Self::Virtual(drive) => drive.recorder().next_change(),
            Self::Traced(drive) => drive.inner_mut().recorder().next_change(),
            Self::Any(_) => None,
        }
    }

    fn background_left(&mut self) -> Option<Duration> {
        match self {
            Self::Virtual(drive) => drive.recorder().background_format_left(),
            Self::Traced(drive) => drive.inner_mut().recorder().background_format_left(),
            Self::Any(_) => None,
        }
    }
}

/// Counts polls and moves the clock.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Of what keeps the drive from being ready.
    polls: u32,
    /// Of a format in the background.
    background_polls: u32,
}

/// Commands by which hosts look whether something is done.
const fn looks(opcode: u8) -> bool {
    // TEST UNIT READY, REQUEST SENSE, GET EVENT STATUS NOTIFICATION,
    // READ DISC INFORMATION, READ BUFFER CAPACITY.
    matches!(opcode, 0x00 | 0x03 | 0x4A | 0x51 | 0x5C)
}

/// Operations that a drive is let finish before it is offered: a disc that is
/// being recognised, and hardly more.
const MOST_STARTS: usize = 100;

impl Pace {
    /// Before the first command: the disc has been recognised, as in a drive
    /// that was switched on a while ago. Initiators that log in expect a drive
    /// that is ready, and some give up on one that is not.
    pub(crate) fn start(drive: &mut Drive) {
        if drive.transport().clock() == DeviceClock::Real {
            return;
        }
        for _ in 0..MOST_STARTS {
            match drive.next_change() {
                Some(left) => drive.transport().advance(at_least_some(left)),
                None => return,
            }
        }
    }

    /// After each command: lets time pass where somebody waits.
    pub(crate) fn after(&mut self, drive: &mut Drive, opcode: u8, sense: Option<&Sense>) {
        if drive.transport().clock() == DeviceClock::Real {
            return;
        }
        let not_yet = match sense.map(Sense::triple) {
            // The buffer is full. Just so much passes that the same WRITE goes in.
            Some((2, 0x04, 0x08)) => {
                let time = drive.next_change().unwrap_or(BLIND_STEP);
                drive.transport().advance(at_least_some(time));
                return;
            }
            Some((2, 0x04, _)) => true,
            _ => false,
        };
        if !not_yet && !looks(opcode) {
            // Whatever is under way from here on has not been looked at.
            self.polls = 0;
            return;
        }
        if let Some(left) = drive.next_change() {
            drive.transport().advance(share(left, &mut self.polls));
            return;
        }
        if not_yet {
            let step = BLIND_STEP.saturating_mul(10u32.saturating_pow(self.polls));
            drive.transport().advance(step.min(MOST_BLIND_STEP));
            self.polls = self.polls.saturating_add(1);
            return;
        }
        self.polls = 0;
        match drive.background_left() {
            Some(left) => {
                let time = share(left, &mut self.background_polls);
                drive.transport().advance(time);
            }
            None => self.background_polls = 0,
        }
    }
}

/// A part of what is left, so that all of it is over after [`POLLS`] of them.
fn share(left: Duration, polls: &mut u32) -> Duration {
    let parts = POLLS.saturating_sub(*polls).max(1);
    *polls = polls.saturating_add(1);
    at_least_some(left / parts)
}

fn at_least_some(time: Duration) -> Duration {
    time.max(Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_transport::{Exchange, Reply, TransportError};
    use std::sync::{Arc, Mutex};

    /// A drive that is never ready and notes how its clock is moved.
    struct Never {
        clock: DeviceClock,
        moved: Arc<Mutex<Vec<Duration>>>,
    }

    impl Transport for Never {
        fn execute(&mut self, _: Exchange<'_>) -> Result<Reply, TransportError> {
            Ok(Reply::check(Sense::new(2, 0x04, 0x01)))
        }
        fn clock(&self) -> DeviceClock {
            self.clock
        }
        fn now(&self) -> Duration {
            Duration::ZERO
        }
        fn advance(&mut self, by: Duration) {
            self.moved.lock().unwrap().push(by);
        }
        fn identity_hint(&self) -> String {
            "never".into()
        }
    }

    fn moved_by_polls(clock: DeviceClock, polls: usize) -> Vec<Duration> {
        let moved = Arc::default();
        let mut drive = Drive::Any(Box::new(Never {
            clock,
            moved: Arc::clone(&moved),
        }));
        let mut pace = Pace::default();
        Pace::start(&mut drive);
        for _ in 0..polls {
            pace.after(&mut drive, 0x00, Some(&Sense::new(2, 0x04, 0x01)));
        }
        let moved = moved.lock().unwrap();
        moved.clone()
    }

    #[test]
    fn the_clock_on_the_wall_is_left_alone() {
        assert_eq!(moved_by_polls(DeviceClock::Real, 5), []);
    }

    #[test]
    fn a_drive_that_cannot_say_how_long_it_takes_gets_more_time_each_poll() {
        let seconds = |n| Duration::from_secs(n);
        assert_eq!(
            moved_by_polls(DeviceClock::Virtual, 7),
            [1, 10, 100, 1000, 10_000, 100_000, 100_000].map(seconds)
        );
    }

    #[test]
    fn shares_of_what_is_left_use_it_up() {
        let (mut left, mut polls) = (Duration::from_secs(90), 0);
        for expected in [30, 30, 30] {
            let time = share(left, &mut polls);
            assert_eq!(time, Duration::from_secs(expected));
            left -= time;
        }
        assert_eq!(left, Duration::ZERO);
    }
}
