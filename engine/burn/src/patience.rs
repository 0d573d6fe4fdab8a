//! How long things may take and how often they are tried: one table of times, from recipe 4.1 and 4.2.
//! Owns numbers only.

use std::time::Duration;

/// Commands that only ask or set something.
pub const QUICK: Duration = Duration::from_secs(30);
/// A WRITE.
pub const WRITE: Duration = Duration::from_secs(200);
/// A READ.
pub const READ: Duration = Duration::from_secs(60);
/// Between two looks at a drive that is busy with a long operation.
pub const POLL: Duration = Duration::from_millis(500);
/// Before the first look at a drive that has begun to format: some say ready too early.
pub const BEFORE_FIRST_LOOK: Duration = Duration::from_secs(1);
/// A drive that says "not ready, no cause" is believed for this long.
pub const CLUELESS: Duration = Duration::from_secs(5);
/// A drive that is vague while it loads is believed to have no medium after this long: what a load of
/// a DVD takes at most (recipe 14).
pub const ABSENT: Duration = Duration::from_secs(20);
/// START and STOP UNIT, which may wait for the disc to turn, or to stand (recipe 2).
pub const SPIN: Duration = Duration::from_secs(300);
/// A medium that is being recognized.
pub const BECOMING_READY: Duration = Duration::from_secs(300);
/// The longest that a writer may have the engine wait for a drive.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The longest pause that a writer may ask for at a time.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest wait before a refused WRITE is repeated.
pub const BUFFER_FULL_MOST: Duration = Duration::from_millis(25);
/// What each further wait is longer by.
pub const BUFFER_FULL_STEP: Duration = Duration::from_millis(2);
/// Repeats of one WRITE after which the drive counts as stalled: noted once.
pub const STALLED_AFTER: u32 = 192;
/// The same for the first WRITE of a disc or session that is recorded at once.
pub const STALLED_AT_START_AFTER: u32 = 768;
/// Repeats of one WRITE after which the job ends (twenty minutes at the longest wait, more than any
/// calibration takes).
pub const STUCK_AFTER: u32 = 48_000;
/// Wait before a WRITE is repeated that found the drive busy with something else.
pub const BUSY: Duration = Duration::from_millis(500);
/// Such repeats before the job ends.
pub const BUSY_TRIES: u32 = 600;
/// Cache synchronizations for one WRITE that met another user of the drive.
pub const SYNC_TRIES: u32 = 2;
/// Looks at the next writable address for one WRITE.
pub const RESYNC_TRIES: u32 = 3;
/// Events taken from the drive at most before a job: some firmware repeats one for ever.
pub const EVENTS: u8 = 100;
/// Looks at a disc, all questions again, before it counts as one that the drive tells nothing of.
pub const LOOKS: u8 = 3;
/// Readings of a unit before it counts as bad.
pub const READ_TRIES: u8 = 3;
/// Unit attentions taken in a row before a query is given up.
pub const ATTENTIONS: u8 = 10;

/// How long to wait before a WRITE is repeated for the `nth` time (from 0).
pub fn buffer_full(nth: u32) -> Duration {
    (BUFFER_FULL_STEP * nth.saturating_add(1).min(1000)).min(BUFFER_FULL_MOST)
}
