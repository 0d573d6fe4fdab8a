//! Carrying out a plan: what is to be stored is copied, and what stays at its source is looked at once more,
//! before the disc is touched. Owns the threads that copy; a cancel ends the waiting for them at once.

use super::plan::{StashPlan, Subject};
use super::rules::{SMALL, StashPlace};
use super::stashed::{Stashed, StoredFiles};
use super::store::Store;
use crate::cd::CdBlocks;
use crate::config::StashPolicy;
use crate::drive::JobControl;
use crate::error::SourceError;
use crate::pipeline::image::{Feed, ImageSource, Readable};
use crate::pipeline::image_file::ImageFile;
use crate::pipeline::producer::read_given;
use crate::pipeline::wait::wait_for;
use pitland_mastering::{EmitError, Layout, NodeId};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

/// Threads for small files, beside the one for large ones: these mostly wait for their device or server.
const SMALL_FILE_THREADS: usize = 3;

/// Bytes between two looks at whether to go on.
const PIECE: usize = 1 << 20;

/// Files between two looks at whether to go on.
const FILES: usize = 64;

/// Carries out a plan that was made of `feed`, an image of `bytes` bytes. Gives the image back, with all that
/// had to be stored in the stash; `None` when the job was cancelled meanwhile. The stash is gone with the
/// last that holds it, whatever happens.
///
/// # Errors
/// No room; a source that changed or cannot be read, by name. The medium is untouched.
pub(crate) async fn carry_out(
    plan: StashPlan,
    feed: Feed,
    bytes: u64,
    control: Arc<JobControl>,
) -> Result<Option<Feed>, SourceError> {
    let runtime = tokio::runtime::Handle::current();
    let work = move || {
        // A source may need the runtime's clock or sockets.
        let _entered = runtime.enter();
        Supervisor::new(control).carry_out(&plan, feed, bytes)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| SourceError::Vanished)?
}

/// What the threads of a stash share.
struct Shared {
    supervisor: Thread,
    running: AtomicUsize,
    stop: AtomicBool,
    failed: Mutex<Option<SourceError>>,
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn fail(&self, error: SourceError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(error);
        // Last: who finds the others stopped, and no failure, would take the stash for complete.
        self.stop.store(true, Ordering::Release);
    }
}

/// A thread at work; the supervisor hears of its end, whatever that is.
struct AtWork(Arc<Shared>);

impl Drop for AtWork {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(SourceError::Vanished);
        }
        self.0.running.fetch_sub(1, Ordering::Release);
        self.0.supervisor.unpark();
    }
}

/// Work of one thread. It ends early where the others were stopped.
type Task = Box<dyn FnOnce(&Shared) -> Result<(), SourceError> + Send>;

/// The thread that waits for the others, and that a cancel wakes.
struct Supervisor {
    control: Arc<JobControl>,
}

impl Supervisor {
    fn new(control: Arc<JobControl>) -> Self {
        control.at_work(None);
        Self { control }
    }

    fn carry_out(
        &self,
        plan: &StashPlan,
        feed: Feed,
        bytes: u64,
    ) -> Result<Option<Feed>, SourceError> {
        plan.allowed()?;
        let totals = plan.totals();
        let stored = |store| Feed::Again(Readable::Stashed(Arc::new(Stashed::whole(store))));
        match (&plan.subject, feed) {
            (Subject::Volume { .. }, feed) if plan.policy == StashPolicy::Never => Ok(Some(feed)),
            (Subject::Volume { layout, files }, _) => {
                let store = Store::reserve(totals.memory.bytes, totals.file.bytes, &plan.dirs)?;
                let mut memory = 0;
                let mut file = totals.memory.bytes;
                let mut places = Vec::new();
                let mut at_source = Vec::new();
                for (id, decision) in files.iter() {
                    let next = match decision.place {
                        StashPlace::Memory => &mut memory,
                        StashPlace::File => &mut file,
                        StashPlace::Straight | StashPlace::Ahead => {
                            at_source.push(*id);
                            continue;
                        }
                    };
                    places.push((*id, *next));
                    *next += layout.tree().size(*id);
                }
                // The order of the data is another where files have weights.
                places.sort_unstable_by_key(|(id, _)| *id);
                places.shrink_to_fit();
                let stored = Arc::new(StoredFiles { store, places });
                if !self.run(copies(layout, &stored))? {
                    return Ok(None);
                }
                // Last of all: what changed until now costs no disc.
                if !self.run(vec![look(Arc::clone(layout), at_source)])? {
                    return Ok(None);
                }
                let ahead = plan.ahead_files();
                Ok(Some(Feed::Again(
                    if stored.places.is_empty() && ahead.is_empty() {
                        Readable::Layout(Arc::clone(layout))
                    } else {
                        let layout = Arc::clone(layout);
                        let stashed = Stashed::volume(layout, stored, Arc::new(ahead));
                        Readable::Stashed(Arc::new(stashed))
                    },
                )))
            }
            (Subject::Whole { decision, .. }, feed) if !decision.place.is_stored() => {
                let image = match &feed {
                    Feed::Again(Readable::File(file)) if file.has_sums() => Arc::clone(file),
                    _ => return Ok(Some(feed)),
                };
                // Damage that is found in time costs no disc.
                let read = through(of_file(image, bytes), bytes, |_, _| Ok(()));
                Ok(self.run(vec![read])?.then_some(feed))
            }
            (Subject::Whole { .. }, Feed::Again(Readable::File(file))) => {
                let store = Store::reserve(totals.memory.bytes, totals.file.bytes, &plan.dirs)?;
                let store = Arc::new(store);
                let to = Arc::clone(&store);
                let copy = through(of_file(file, bytes), bytes, move |position, piece| {
                    to.write(position, piece)
                });
                let done = self.run(vec![copy])?;
                // The task is gone, and with it the other hold on the store.
                Ok(Arc::into_inner(store).filter(|_| done).map(stored))
            }
            (Subject::Whole { .. }, Feed::Again(Readable::Cd(blocks))) => {
                let store = Store::reserve(totals.memory.bytes, totals.file.bytes, &plan.dirs)?;
                let store = Arc::new(store);
                let copy = through_cd(blocks, Arc::clone(&store));
                let done = self.run(vec![copy])?;
                Ok(Arc::into_inner(store).filter(|_| done).map(stored))
            }
            (Subject::Whole { .. }, Feed::Again(Readable::Given(given))) => {
                let store = Store::reserve(totals.memory.bytes, totals.file.bytes, &plan.dirs)?;
                let store = Arc::new(store);
                let to = Arc::clone(&store);
                let read = move |position, out: &mut [u8]| read_given(&*given, position, out);
                let copy = through(read, bytes, move |position, piece| {
                    to.write(position, piece)
                });
                let done = self.run(vec![copy])?;
                Ok(Arc::into_inner(store).filter(|_| done).map(stored))
            }
            (Subject::Whole { .. }, Feed::Once(source)) => {
                // As much of it as may be in memory, the rest in files.
                let store = Store::reserve(totals.memory.bytes, totals.file.bytes, &plan.dirs)?;
                Ok(self.spool(source, &store, bytes)?.then(|| stored(store)))
            }
            (Subject::Whole { .. }, feed) => Ok(Some(feed)),
        }
    }

    /// Runs tasks, each on a thread of its own; `false` when the job was cancelled meanwhile. A thread that
    /// hangs at a dead server is not waited for then: it ends when the server answers.
    fn run(&self, tasks: Vec<Task>) -> Result<bool, SourceError> {
        let shared = Arc::new(Shared {
            supervisor: std::thread::current(),
            running: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failed: Mutex::new(None),
        });
        for task in tasks {
            shared.running.fetch_add(1, Ordering::Relaxed);
            let present = AtWork(Arc::clone(&shared));
            let begun = std::thread::Builder::new()
                .name("pitland-stash".into())
                .spawn(move || {
                    let present = present;
                    if let Err(error) = task(&present.0) {
                        present.0.fail(error);
                    }
                });
            if let Err(error) = begun {
                shared.fail(SourceError::Io {
                    name: "a thread of the stash".into(),
                    error: Arc::new(error),
                });
            }
        }
        let all_done = || shared.running.load(Ordering::Acquire) == 0;
        while !all_done() && !shared.stopped() {
            if self.control.is_cancelled() {
                shared.stop.store(true, Ordering::Relaxed);
                return Ok(false);
            }
            std::thread::park();
        }
        let failed = shared
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match failed {
            Some(error) => Err(error),
            None => Ok(!self.control.is_cancelled()),
        }
    }

    /// Stores a source that comes once, piece by piece; `false` when the job was cancelled meanwhile.
    fn spool(
        &self,
        mut source: Box<dyn ImageSource>,
        store: &Store,
        bytes: u64,
    ) -> Result<bool, SourceError> {
        let name = source.name();
        let mut position = 0;
        loop {
            let piece = wait_for(source.next_piece(), || self.control.is_cancelled());
            let Some(piece) = piece else {
                return Ok(false);
            };
            let piece = piece.map_err(|error| SourceError::Io {
                name: name.clone(),
                error: Arc::new(error),
            })?;
            let Some(piece) = piece else {
                break;
            };
            if piece.len() as u64 > bytes - position {
                return Err(SourceError::Long { expected: bytes });
            }
            store.write(position, &piece)?;
            position += piece.len() as u64;
        }
        if position < bytes {
            return Err(SourceError::Short {
                expected: bytes,
                found: position,
            });
        }
        Ok(true)
    }
}

fn emit_error(error: EmitError) -> SourceError {
    Arc::new(error).into()
}

/// The tasks that copy a volume's files: one for the large ones, so that a hard disk need not seek between them,
/// and several for the small ones.
fn copies(layout: &Arc<Layout>, stored: &Arc<StoredFiles>) -> Vec<Task> {
    let tree = layout.tree();
    let (mut small, large): (Vec<_>, Vec<_>) = stored
        .places
        .iter()
        .partition(|(id, _)| tree.size(*id) <= SMALL);
    small.sort_by_key(|(id, _)| (tree.parent(*id), tree.inode(*id).1));
    let mut tasks = Vec::new();
    for (files, threads) in [(large, 1), (small, SMALL_FILE_THREADS)] {
        let threads = threads.min(files.len().div_ceil(FILES));
        let files: Arc<Vec<(NodeId, u64)>> = Arc::new(files);
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..threads {
            let (layout, stored) = (Arc::clone(layout), Arc::clone(stored));
            let (files, next) = (Arc::clone(&files), Arc::clone(&next));
            let task: Task =
                Box::new(move |shared| copy_files(&layout, &stored.store, &files, &next, shared));
            tasks.push(task);
        }
    }
    tasks
}

/// Copies files until there are no more, a few at a time.
fn copy_files(
    layout: &Arc<Layout>,
    store: &Store,
    files: &[(NodeId, u64)],
    next: &AtomicUsize,
    shared: &Shared,
) -> Result<(), SourceError> {
    let mut sources = layout.sources();
    let mut piece = vec![0; PIECE];
    loop {
        let first = next.fetch_add(FILES, Ordering::Relaxed);
        let some = files.get(first..).unwrap_or_default();
        if some.is_empty() {
            return Ok(());
        }
        for (file, position) in some.iter().take(FILES) {
            let size = layout.tree().size(*file);
            let mut copied = 0;
            while copied < size {
                if shared.stopped() {
                    return Ok(());
                }
                let length = (size - copied).min(PIECE as u64) as usize;
                let out = piece.get_mut(..length).unwrap_or_default();
                // Compared with the plan when it is opened, and after its last byte.
                sources.read(*file, copied, out).map_err(emit_error)?;
                store.write(position + copied, out)?;
                copied += length as u64;
            }
        }
    }
}

/// Looks whether what is read while it is burned is still what was planned.
fn look(layout: Arc<Layout>, files: Vec<NodeId>) -> Task {
    Box::new(move |shared| {
        let mut sources = layout.sources();
        for file in files {
            if shared.stopped() {
                return Ok(());
            }
            sources.look(file).map_err(emit_error)?;
        }
        Ok(())
    })
}

/// Reads an image file from its beginning to its end.
fn through(
    mut read: impl FnMut(u64, &mut [u8]) -> Result<(), SourceError> + Send + 'static,
    bytes: u64,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), SourceError> + Send + 'static,
) -> Task {
    Box::new(move |shared| {
        let mut piece = vec![0; PIECE];
        let mut position = 0;
        while position < bytes && !shared.stopped() {
            let length = (bytes - position).min(PIECE as u64) as usize;
            let out = piece.get_mut(..length).unwrap_or_default();
            read(position, out)?;
            each(position, out)?;
            position += length as u64;
        }
        Ok(())
    })
}

/// How an image file is read.
fn of_file(
    image: Arc<ImageFile>,
    bytes: u64,
) -> impl FnMut(u64, &mut [u8]) -> Result<(), SourceError> + Send + 'static {
    move |position, out| image.read(position, out, bytes)
}

/// Makes the blocks of a CD, from the first to the last.
fn through_cd(blocks: Arc<CdBlocks>, to: Arc<Store>) -> Task {
    Box::new(move |shared| {
        let mut reader = blocks.reader();
        let each = blocks.block_bytes();
        let bytes = u64::from(blocks.blocks()) * each as u64;
        let mut piece = vec![0; PIECE - PIECE % each];
        let mut position = 0;
        while position < bytes && !shared.stopped() {
            let length = (bytes - position).min(piece.len() as u64) as usize;
            let out = piece.get_mut(..length).unwrap_or_default();
            reader.read_at(position, out)?;
            to.write(position, out)?;
            position += length as u64;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn supervise(control: &Arc<JobControl>, tasks: Vec<Task>) -> Result<bool, SourceError> {
        Supervisor::new(Arc::clone(control)).run(tasks)
    }

    #[test]
    fn a_cancel_does_not_wait_for_a_thread_that_hangs() {
        let control = Arc::new(JobControl::default());
        let (release, hangs) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let canceller = Arc::clone(&control);
        let cancelling = std::thread::spawn(move || {
            has_begun.recv().unwrap();
            canceller.cancel();
        });
        let hanging: Task = Box::new(move |shared| {
            begun.send(()).unwrap();
            let _ = hangs.recv();
            assert!(shared.stopped());
            Ok(())
        });
        assert!(!supervise(&control, vec![hanging]).unwrap());
        cancelling.join().unwrap();
        drop(release);
    }

    #[test]
    fn the_first_failure_ends_the_others() {
        let control = Arc::new(JobControl::default());
        let until_stopped: Task = Box::new(|shared| {
            while !shared.stopped() {
                std::thread::yield_now();
            }
            Ok(())
        });
        let failing: Task = Box::new(|_| {
            Err(SourceError::Short {
                expected: 2,
                found: 1,
            })
        });
        let error = supervise(&control, vec![until_stopped, failing]).unwrap_err();
        assert!(matches!(error, SourceError::Short { .. }));
    }

    #[test]
    fn who_is_stopped_by_a_failure_finds_it() {
        let shared = Arc::new(Shared {
            supervisor: std::thread::current(),
            running: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failed: Mutex::new(None),
        });
        let failed = shared.failed.lock().unwrap();
        let failing = Arc::clone(&shared);
        let failing = std::thread::spawn(move || failing.fail(SourceError::Vanished));
        // As long as the failure cannot be told, nobody is stopped by it.
        for _ in 0..10_000 {
            assert!(!shared.stopped());
            std::thread::yield_now();
        }
        drop(failed);
        failing.join().unwrap();
        assert!(shared.stopped());
    }

    #[test]
    fn a_thread_that_panics_is_no_success() {
        let control = Arc::new(JobControl::default());
        let panicking: Task = Box::new(|_| std::panic::resume_unwind(Box::new(())));
        let fine: Task = Box::new(|_| Ok(()));
        let error = supervise(&control, vec![fine, panicking]).unwrap_err();
        assert!(matches!(error, SourceError::Vanished));
        assert!(supervise(&control, Vec::new()).unwrap());
    }
}
