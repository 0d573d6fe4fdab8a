//! Writing a journal while a burn runs. The drive's thread stores a number per WRITE; a thread of the
//! journal's own brings what is new to stable storage.
//!
//! The cost is bounded: one record and one `fdatasync` at most once a second, and never more than a twentieth
//! of the time; a closing step adds one. A disc of 100 GB makes a journal of 6 MB. A journal that cannot be
//! written is given up at the first failure, and that never touches the burn: [`JobJournal::trouble`] tells
//! it once, and what was written until then stays true.
//!
//! Must not know how a burn is done.

use crate::UNIT_BLOCKS;
use crate::error::JournalError;
use crate::folder::{JobFile, JobFolder, JobId};
use crate::journal::{Journal, MOST_UNITS, emit_acknowledged};
use crate::record::{self, Begun, Ended, kind};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two acknowledgements on stable storage.
const PAUSE: Duration = Duration::from_secs(1);
/// A pause is at least so many times as long as the write before it took.
const PAUSE_PER_WRITE: u32 = 19;
/// How long a closing step waits for its record: a storage that hangs must not hold an open disc.
const PATIENCE: Duration = Duration::from_secs(2);
/// Closing steps that may wait to be written.
const MOST_WAITING: usize = 64;
/// The journal's thread writes and waits, nothing else.
const STACK: usize = 128 * 1024;

/// Gives the check of a unit of the image, where one was taken. Asked only for units that the drive has
/// acknowledged.
pub trait JournalCheck: Send + 'static {
    /// The check of a unit.
    fn check(&self, unit: u64) -> Option<u32>;
}

impl<F: Fn(u64) -> Option<u32> + Send + 'static> JournalCheck for F {
    fn check(&self, unit: u64) -> Option<u32> {
        self(unit)
    }
}

/// Why a journal is no longer written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Trouble {
    /// The system's answer.
    Io(Arc<io::Error>),
    /// A record did not reach stable storage in time; it may still.
    Slow,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Slow => f.write_str("the storage does not answer in time"),
        }
    }
}

/// The journal of a running job. Dropping it without [`JobJournal::ended`] leaves what a crash would leave: a
/// journal from which the job can be resumed. One that has nothing to tell, because nothing was acknowledged
/// since it began, is removed.
pub struct JobJournal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Option<JobFile>>>,
    id: JobId,
}

impl fmt::Debug for JobJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobJournal")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    acknowledged: AtomicU64,
    orders: Mutex<Orders>,
    /// Wakes the journal's thread.
    ordered: Condvar,
    /// Wakes who waits for a record.
    written: Condvar,
}

#[derive(Debug, Default)]
struct Orders {
    waiting: VecDeque<Vec<u8>>,
    /// Records of steps that were ordered, and that are on stable storage or given up.
    ordered: u64,
    settled: u64,
    quit: bool,
    /// Nobody will say how the job ended.
    dropped: bool,
    finished: bool,
    trouble: Option<Trouble>,
    told: bool,
}

impl Shared {
    /// A panic cannot leave the orders half changed: every change is one push, pop or count.
    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JobJournal {
    /// Begins a journal. When this returns, it is on stable storage and listed as running. Waits for the
    /// storage: not for a task.
    ///
    /// # Errors
    /// [`JournalError::Place`], and [`JournalError::TooLong`].
    pub fn begin(
        folder: &JobFolder,
        begun: &Begun,
        checks: impl JournalCheck,
    ) -> Result<Self, JournalError> {
        let mut bytes = record::file_head().to_vec();
        record::frame(&mut bytes, kind::BEGUN, &begun.emit()?);
        let file = folder.create(&bytes)?;
        Self::spawn(file, 0, 0, begun.planned_blocks, checks, true)
    }

    /// Goes on with the journal of a job that is taken up again at `block` of its image. When this returns,
    /// that is on stable storage.
    ///
    /// # Errors
    /// [`JournalError::Place`]; the journal is as it was.
    pub fn resume(
        file: JobFile,
        journal: &Journal,
        block: u64,
        checks: impl JournalCheck,
    ) -> Result<Self, JournalError> {
        let mut bytes = Vec::new();
        record::frame(&mut bytes, kind::RESUMED, &record::emit_resumed(block));
        file.cut_torn_end(journal)?;
        file.append(&bytes)?;
        let first = journal.checks.end().max(block / UNIT_BLOCKS);
        Self::spawn(
            file,
            block,
            first,
            journal.begun.planned_blocks,
            checks,
            false,
        )
    }

    fn spawn(
        file: JobFile,
        acknowledged: u64,
        next_unit: u64,
        planned: u64,
        checks: impl JournalCheck,
        is_new: bool,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared {
            acknowledged: AtomicU64::new(acknowledged),
            orders: Mutex::default(),
            ordered: Condvar::new(),
            written: Condvar::new(),
        });
        let id = file.id().clone();
        let seen = Arc::clone(&shared);
        let path = file.path();
        let keeper = Keeper {
            file,
            shared: seen,
            checks,
            noted: acknowledged,
            next_unit,
            planned,
            is_new,
        };
        let thread = std::thread::Builder::new()
            .name("pitland-journal".into())
            .stack_size(STACK)
            .spawn(move || keeper.run())
            .map_err(|error| JournalError::Place {
                path,
                fault: error.into(),
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
            id,
        })
    }

    /// Its job.
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// A way to tell the blocks that the drive acknowledged, for the drive's thread.
    pub fn acknowledging(&self) -> Acknowledging {
        Acknowledging(Arc::clone(&self.shared))
    }

    /// Notes that a closing step begins. Waits until that is on stable storage, for two seconds at most.
    pub fn closing(&self, step: &str) {
        let mut bytes = Vec::new();
        record::frame(&mut bytes, kind::STEP, &record::emit_step(step));
        let mut orders = self.shared.lock();
        if orders.trouble.is_some() || orders.waiting.len() >= MOST_WAITING {
            return;
        }
        orders.waiting.push_back(bytes);
        orders.ordered += 1;
        let number = orders.ordered;
        self.shared.ordered.notify_one();
        let began = Instant::now();
        while orders.settled < number {
            let left = PATIENCE.saturating_sub(began.elapsed());
            if left.is_zero() {
                orders.trouble.get_or_insert(Trouble::Slow);
                return;
            }
            orders = match self.shared.written.wait_timeout(orders, left) {
                Ok((orders, _)) => orders,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// What keeps the journal from being written: told once.
    pub fn trouble(&self) -> Option<Trouble> {
        let mut orders = self.shared.lock();
        let trouble = orders.trouble.clone()?;
        (!std::mem::replace(&mut orders.told, true)).then_some(trouble)
    }

    /// The job has ended: with `None` well, and its journal is removed; else how, and it stays. Waits for the
    /// storage: not for a task.
    ///
    /// # Errors
    /// [`JournalError::Place`]: of a job that ended well, a journal is left.
    pub fn ended(mut self, ended: Option<&Ended>) -> Result<(), JournalError> {
        let Some(file) = self.stop() else {
            return Ok(());
        };
        let Some(ended) = ended else {
            return file.remove();
        };
        // Behind a torn record nothing may be written.
        if self.shared.lock().trouble.is_some() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        record::frame(&mut bytes, kind::ENDED, &ended.emit());
        file.append(&bytes)
    }

    /// Lets the thread write what is new and end; `None` where the storage does not let it.
    fn stop(&mut self) -> Option<JobFile> {
        let began = Instant::now();
        let mut orders = self.shared.lock();
        orders.quit = true;
        self.shared.ordered.notify_one();
        while !orders.finished {
            let left = PATIENCE.saturating_sub(began.elapsed());
            if left.is_zero() {
                return None;
            }
            orders = match self.shared.written.wait_timeout(orders, left) {
                Ok((orders, _)) => orders,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        drop(orders);
        self.thread.take()?.join().ok().flatten()
    }
}

impl Drop for JobJournal {
    fn drop(&mut self) {
        // The thread ends by itself; a storage that hangs must not hold whoever drops this.
        let mut orders = self.shared.lock();
        orders.quit = true;
        orders.dropped = true;
        drop(orders);
        self.shared.ordered.notify_one();
    }
}

/// Tells how far the drive is. One store a call: no lock, no allocation, no system call.
#[derive(Debug, Clone)]
pub struct Acknowledging(Arc<Shared>);

impl Acknowledging {
    /// The drive has acknowledged this many blocks from the image's start.
    #[inline]
    pub fn blocks(&self, blocks: u64) {
        self.0.acknowledged.store(blocks, Ordering::Release);
    }
}

/// The journal's thread.
struct Keeper<C> {
    file: JobFile,
    shared: Arc<Shared>,
    checks: C,
    /// Blocks that are noted on stable storage.
    noted: u64,
    /// The next unit whose check is to be noted.
    next_unit: u64,
    planned: u64,
    /// It was not carried on from an earlier job.
    is_new: bool,
}

impl<C: JournalCheck> Keeper<C> {
    /// Gives the file back at the end: the lock on it lives as long as the job.
    fn run(mut self) -> Option<JobFile> {
        let shared = Arc::clone(&self.shared);
        let mut due = Instant::now() + PAUSE;
        loop {
            let (steps, quit) = wait(&shared, due);
            let began = Instant::now();
            let noted = self
                .note_blocks()
                .and_then(|()| steps.iter().try_for_each(|bytes| self.write(bytes)));
            let mut orders = shared.lock();
            orders.settled += steps.len() as u64;
            if let Err(error) = noted {
                orders.settled = u64::MAX;
                orders.trouble = Some(Trouble::Io(Arc::new(error)));
                orders.finished = true;
            }
            orders.finished |= quit && orders.waiting.is_empty();
            shared.written.notify_all();
            if orders.finished {
                let is_idle =
                    orders.dropped && self.is_new && self.noted == 0 && orders.ordered == 0;
                drop(orders);
                return if is_idle {
                    self.file.remove_quietly()
                } else {
                    Some(self.file)
                };
            }
            drop(orders);
            due = Instant::now() + PAUSE.max(began.elapsed().saturating_mul(PAUSE_PER_WRITE));
        }
    }

    /// Notes the blocks that were acknowledged since the last time, and the checks of their units.
    fn note_blocks(&mut self) -> io::Result<()> {
        let acknowledged = self
            .shared
            .acknowledged
            .load(Ordering::Acquire)
            .min(self.planned);
        while self.noted < acknowledged {
            let most = (self.next_unit + MOST_UNITS) * UNIT_BLOCKS;
            let blocks = acknowledged.min(most.max(self.noted + 1));
            let end = self.units_of(blocks);
            let checks =
                (self.next_unit..end).filter_map(|unit| Some((unit, self.checks.check(unit)?)));
            let mut bytes = Vec::new();
            record::frame(
                &mut bytes,
                kind::ACKNOWLEDGED,
                &emit_acknowledged(blocks, checks),
            );
            self.write(&bytes)?;
            self.noted = blocks;
            self.next_unit = self.next_unit.max(end);
        }
        Ok(())
    }

    /// Units that are whole with so many blocks; the image's last one may be short.
    fn units_of(&self, blocks: u64) -> u64 {
        if blocks == self.planned {
            blocks.div_ceil(UNIT_BLOCKS)
        } else {
            blocks / UNIT_BLOCKS
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file.file).write_all(bytes)?;
        self.file.file.sync_data()
    }
}

/// Waits until something is to be written: a step, the end, or time for the next acknowledgement.
fn wait(shared: &Shared, due: Instant) -> (Vec<Vec<u8>>, bool) {
    let mut orders = shared.lock();
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if !orders.waiting.is_empty() || orders.quit || left.is_zero() {
            return (orders.waiting.drain(..).collect(), orders.quit);
        }
        orders = match shared.ordered.wait_timeout(orders, left) {
            Ok((orders, _)) => orders,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{DiscMark, DriveMark, SourceMark, Wish};
    use std::time::UNIX_EPOCH;

    fn begun() -> Begun {
        Begun {
            began: UNIX_EPOCH,
            client: "a client".into(),
            drive: DriveMark::default(),
            disc: DiscMark::default(),
            writer: "a writer".into(),
            wish: Wish::default(),
            source: SourceMark::Stream {
                name: "a stream".into(),
            },
            image_bytes: 32_000 * 2048,
            first_lba: 0,
            planned_blocks: 32_000,
            write_unit: 32,
        }
    }

    /// A journal that has begun, and whose storage is full from then on.
    fn full(folder: &JobFolder) -> JobJournal {
        let mut bytes = record::file_head().to_vec();
        record::frame(&mut bytes, kind::BEGUN, &begun().emit().unwrap());
        let mut file = folder.create(&bytes).unwrap();
        file.file = std::fs::File::options()
            .append(true)
            .open("/dev/full")
            .unwrap();
        JobJournal::spawn(file, 0, 0, 32_000, |_| Some(1), true).unwrap()
    }

    #[test]
    fn a_storage_that_is_full_does_not_hold_the_burn_and_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = JobFolder::open(&dir.path().join("jobs")).unwrap();
        let journal = full(&folder);
        journal.acknowledging().blocks(32_000);
        journal.closing("close track");
        journal.closing("close session");
        let told = journal.trouble().unwrap();
        assert!(matches!(told, Trouble::Io(error) if error.kind() == io::ErrorKind::StorageFull));
        assert!(journal.trouble().is_none());
        let id = journal.id().clone();
        let ended = Ended {
            outcome: "incomplete".into(),
            medium: "appendable".into(),
        };
        journal.ended(Some(&ended)).unwrap();
        // What was written before stays true.
        let (_, read) = folder.take(&id).unwrap();
        assert_eq!((read.begun, read.ended), (begun(), None));
    }

    #[test]
    fn a_burn_that_ends_well_takes_even_a_broken_journal_away() {
        let dir = tempfile::tempdir().unwrap();
        let folder = JobFolder::open(&dir.path().join("jobs")).unwrap();
        let journal = full(&folder);
        journal.acknowledging().blocks(64);
        journal.closing("close track");
        journal.ended(None).unwrap();
        assert!(folder.list().unwrap().is_empty());
    }
}
