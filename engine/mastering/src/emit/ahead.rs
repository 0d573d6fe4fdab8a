//! Reading ahead: several threads read many small files in the order in which they will be asked for, into
//! bounded memory. A file that was not read, for whatever reason, is left to the one who asks: so a thread
//! that fails, panics or is late costs time and never a byte, and what ails a file is met as if nobody had
//! read ahead. Must not know what is asked for between the files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{EmitError, FileContents, SourceReader};
use crate::layout::Layout;
use crate::tree::{NodeId, Origin};

/// The largest of the files that [`AheadFiles::small`] takes. Of larger ones opening them is the lesser cost.
const SMALL: u64 = 64 << 10;

/// A batch ends with the file that makes it so large, or with so many files.
const BATCH_BYTES: u64 = 512 << 10;
const BATCH_FILES: usize = 256;

/// Batches that are read or being read ahead of the one that is asked for.
const BATCHES_AHEAD: usize = 6;

/// Files of a plan that are to be read ahead, in batches. Shared by all who read them.
#[derive(Debug, Default)]
pub struct AheadFiles {
    /// In the order of their data.
    files: Vec<NodeId>,
    /// Ends of the batches, as positions among the files.
    ends: Vec<u32>,
}

impl AheadFiles {
    /// Files of [`Layout::placed_files`], in the order in which these come.
    #[must_use]
    pub fn new(layout: &Layout, files: Vec<NodeId>) -> Self {
        let mut ends = Vec::new();
        let mut begun = 0;
        let mut bytes = 0;
        for (at, file) in files.iter().enumerate() {
            bytes += layout.tree().size(*file);
            if bytes >= BATCH_BYTES || at + 1 - begun >= BATCH_FILES || at + 1 == files.len() {
                ends.push(at as u32 + 1);
                begun = at + 1;
                bytes = 0;
            }
        }
        Self { files, ends }
    }

    /// The files of this machine that have at most 64 KiB.
    #[must_use]
    pub fn small(layout: &Layout) -> Self {
        let tree = layout.tree();
        let files = layout.placed_files().map(|file| file.node());
        let small = files
            .filter(|file| tree.size(*file) <= SMALL && matches!(tree.origin(*file), Origin::Host));
        Self::new(layout, small.collect())
    }

    /// Whether there is nothing to read ahead.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn batch(&self, number: usize) -> Range<usize> {
        let end_of = |at: usize| self.ends.get(at).copied().unwrap_or(0) as usize;
        let first = number.checked_sub(1).map_or(0, end_of);
        first..end_of(number).max(first)
    }

    fn in_batch(&self, number: usize) -> &[NodeId] {
        self.files.get(self.batch(number)).unwrap_or_default()
    }

    /// The position of a file, if it is one of these. Mostly the one at `guess` is asked for.
    fn position(&self, layout: &Layout, file: NodeId, guess: usize) -> Option<usize> {
        if self.files.get(guess) == Some(&file) {
            return Some(guess);
        }
        let block = |file: NodeId| layout.first_lba_of(file);
        let at = self
            .files
            .binary_search_by_key(&block(file), |id| block(*id));
        at.ok().filter(|at| self.files.get(*at) == Some(&file))
    }

    /// The batch of the file in a position.
    fn batch_of(&self, position: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= position)
    }
}

/// The bytes of a batch's files that could be read.
#[derive(Debug, Default)]
struct Batch {
    /// Of each of its files, in their order, the run of `bytes`; an empty one for what could not be read.
    runs: Vec<Range<usize>>,
    bytes: Vec<u8>,
}

impl Batch {
    fn of(&self, at: usize) -> Option<&[u8]> {
        let run = self.runs.get(at).filter(|run| !run.is_empty())?;
        self.bytes.get(run.clone())
    }
}

#[derive(Debug, Default)]
struct State {
    /// The batch that is asked for; none before it is read.
    wanted: usize,
    /// The next batch that nobody has begun.
    next: usize,
    /// What was read, from `wanted` on. `None`: being read.
    batches: BTreeMap<usize, Option<Batch>>,
    /// Batches whose memory can be used again.
    spare: Vec<Batch>,
    threads: usize,
    stop: bool,
}

#[derive(Debug)]
struct Shared {
    files: Arc<AheadFiles>,
    state: Mutex<State>,
    /// Wakes readers: the one who asks has moved on, or is gone.
    moved: Condvar,
    /// Wakes the one who asks: a batch was read, or a reader is gone.
    read: Condvar,
}

impl Shared {
    /// A panic cannot leave the state half changed: no lock is held while files are read.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who asks for files that are read ahead, in the order of their data: what lies behind, and what is none of the
/// [`AheadFiles`], is left to the source. Its threads begin with the first file that is asked for, and end with it. Of files
/// of at most 64 KiB it never holds more than 7 MiB.
#[derive(Debug)]
pub struct ReadAhead {
    layout: Arc<Layout>,
    shared: Arc<Shared>,
    current: Option<(usize, Batch)>,
    /// The position behind that of the file that was asked for last.
    next: usize,
    begun: bool,
}

impl ReadAhead {
    /// Threads of one reader. Two keep up with a warm cache; a hard drive gains by one more.
    pub const THREADS: usize = 3;

    /// A reader of these files of a plan.
    #[must_use]
    pub fn new(layout: Arc<Layout>, files: Arc<AheadFiles>) -> Self {
        Self {
            layout,
            shared: Arc::new(Shared {
                files,
                state: Mutex::default(),
                moved: Condvar::new(),
                read: Condvar::new(),
            }),
            current: None,
            next: 0,
            begun: false,
        }
    }

    /// The bytes of a file, if they were read; waits for a batch that is being read. `None`: the caller has
    /// to read the file itself, and will meet what hindered the readers.
    fn bytes(&mut self, file: NodeId) -> Option<&[u8]> {
        let files = &self.shared.files;
        let position = match self.next.checked_sub(1) {
            // A file that is asked for piece by piece.
            Some(last) if files.files.get(last) == Some(&file) => last,
            _ => files.position(&self.layout, file, self.next)?,
        };
        self.next = position + 1;
        let number = match &self.current {
            Some((number, _)) if files.batch(*number).contains(&position) => *number,
            _ => files.batch_of(position),
        };
        let first = files.batch(number).start;
        if !self.begun {
            self.begun = true;
            self.shared.lock().next = number;
            self.begin();
        }
        if self.current.as_ref().is_none_or(|(at, _)| *at != number) {
            let used = self.current.take();
            let batch = self.fetch(number, used)?;
            self.current = Some((number, batch));
        }
        self.current.as_ref()?.1.of(position - first)
    }

    fn begin(&self) {
        for _ in 0..Self::THREADS.min(self.shared.files.ends.len()) {
            self.begin_thread(|sources, file, out| sources.read(file, 0, out).is_ok());
        }
    }

    fn begin_thread(
        &self,
        read: impl FnMut(&mut SourceReader, NodeId, &mut [u8]) -> bool + Send + 'static,
    ) {
        let layout = Arc::clone(&self.layout);
        let shared = Arc::clone(&self.shared);
        shared.lock().threads += 1;
        // Whatever becomes of the thread, this is dropped with it.
        let present = Present(Arc::clone(&shared));
        // Without a thread there are only fewer to read ahead, or none.
        let _ = std::thread::Builder::new()
            .name("pitland-ahead".into())
            .spawn(move || {
                let present = present;
                read_batches(&layout, &present.0, read);
            });
    }

    /// Waits for a batch and takes it; `None` where it lies behind, or nobody will read it.
    fn fetch(&self, number: usize, used: Option<(usize, Batch)>) -> Option<Batch> {
        let mut state = self.shared.lock();
        state.spare.extend(used.map(|(_, batch)| batch));
        if number >= state.wanted {
            state.wanted = number;
            state.next = state.next.max(number);
            // What was jumped over is not needed any more.
            while let Some(first) = state.batches.first_entry().filter(|e| *e.key() < number) {
                let passed = first.remove();
                state.spare.extend(passed);
            }
            self.shared.moved.notify_all();
        }
        loop {
            match state.batches.get(&number) {
                Some(Some(_)) => {
                    return state.batches.remove(&number).flatten();
                }
                // It is being read, or will be.
                Some(None) => {}
                None if state.next <= number && state.threads > 0 => {}
                None => return None,
            }
            state = self
                .shared
                .read
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl FileContents for ReadAhead {
    fn read(&mut self, file: NodeId, offset: u64, out: &mut [u8]) -> Result<bool, EmitError> {
        let bytes = self.bytes(file).and_then(|bytes| {
            let start = usize::try_from(offset).ok()?;
            bytes.get(start..start.checked_add(out.len())?)
        });
        if let Some(bytes) = bytes {
            out.copy_from_slice(bytes);
        }
        Ok(bytes.is_some())
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.moved.notify_all();
    }
}

/// A reading thread is there; when it is not any more, the one who asks hears of it.
struct Present(Arc<Shared>);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.lock().threads -= 1;
        self.0.read.notify_all();
    }
}

/// A batch is being read; what was not read by the end of it, nobody waits for.
struct Begun<'a> {
    shared: &'a Shared,
    number: usize,
    batch: Option<Batch>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let passed = self.number < state.wanted;
        match self.batch.take() {
            Some(batch) if !passed => {
                state.batches.insert(self.number, Some(batch));
            }
            batch => {
                state.spare.extend(batch);
                state.batches.remove(&self.number);
            }
        }
        drop(state);
        self.shared.read.notify_all();
    }
}

fn read_batches(
    layout: &Arc<Layout>,
    shared: &Shared,
    mut read: impl FnMut(&mut SourceReader, NodeId, &mut [u8]) -> bool,
) {
    let mut sources = layout.sources();
    let mut order = Vec::with_capacity(BATCH_FILES);
    while let Some((number, mut batch)) = next_batch(shared) {
        let mut begun = Begun {
            shared,
            number,
            batch: None,
        };
        let tree = layout.tree();
        let files = shared.files.in_batch(number);
        batch.runs.clear();
        let mut length = 0;
        for file in files {
            let end = length + tree.size(*file) as usize; // it is to be held in memory
            batch.runs.push(length..end);
            length = end;
        }
        batch.bytes.resize(length, 0);
        // Folder by folder, and in each in the order of the inodes, which is about that on the device.
        order.clear();
        order.extend(files.iter().copied().enumerate());
        order.sort_by_key(|(_, file)| (tree.parent(*file), tree.inode(*file).1));
        for (at, file) in &order {
            let Some(run) = batch.runs.get_mut(*at) else {
                continue;
            };
            let out = batch.bytes.get_mut(run.clone()).unwrap_or_default();
            if !read(&mut sources, *file, out) {
                // Never `out` as it is: an empty run is no file's.
                *run = 0..0;
            }
        }
        begun.batch = Some(batch);
    }
}

/// The next batch to read, and memory for it; waits while enough is read ahead. `None`: the end.
fn next_batch(shared: &Shared) -> Option<(usize, Batch)> {
    let mut state = shared.lock();
    loop {
        if state.stop || state.next >= shared.files.ends.len() {
            return None;
        }
        if state.next <= state.wanted + BATCHES_AHEAD {
            let number = state.next;
            state.next += 1;
            state.batches.insert(number, None);
            return Some((number, state.spare.pop().unwrap_or_default()));
        }
        state = shared
            .moved
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::VolumeOptions;
    use crate::time::Timestamp;
    use crate::tree::{Tree, WalkOptions};
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn write(root: &Path, number: usize, length: usize) {
        let dir = root.join(format!("{}", number % 7));
        std::fs::create_dir_all(&dir).unwrap();
        let bytes: Vec<u8> = (0..length).map(|at| (at * 7 + number * 13) as u8).collect();
        std::fs::write(dir.join(number.to_string()), bytes).unwrap();
    }

    /// Files enough for many batches.
    fn folder() -> (tempfile::TempDir, Arc<Layout>, Vec<NodeId>) {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..1000 {
            write(folder.path(), number, 1 + number * 12);
        }
        let tree = Tree::scan(&[folder.path().to_path_buf()], &WalkOptions::default()).unwrap();
        let options = VolumeOptions::new("AHEAD", Timestamp::from_seconds(1_700_000_000));
        let layout = Arc::new(Layout::plan(tree, 0, &options).unwrap());
        let files = layout.placed_files().map(|file| file.node()).collect();
        (folder, layout, files)
    }

    fn contents(layout: &Arc<Layout>, file: NodeId) -> Vec<u8> {
        let mut bytes = vec![0; layout.tree().size(file) as usize];
        layout.sources().read(file, 0, &mut bytes).unwrap();
        bytes
    }

    fn ahead(layout: &Arc<Layout>, files: &[NodeId]) -> ReadAhead {
        let files = Arc::new(AheadFiles::new(layout, files.to_vec()));
        assert!(files.ends.len() > 3 + BATCHES_AHEAD, "{}", files.ends.len());
        ReadAhead::new(Arc::clone(layout), files)
    }

    #[test]
    fn every_file_is_in_one_batch() {
        let (_folder, layout, files) = folder();
        let ahead = AheadFiles::new(&layout, files.clone());
        let mut seen = Vec::new();
        for number in 0..ahead.ends.len() {
            let batch = ahead.in_batch(number);
            assert!(!batch.is_empty() && batch.len() <= BATCH_FILES);
            for file in batch {
                let position = ahead.position(&layout, *file, number).unwrap();
                assert_eq!(ahead.batch_of(position), number);
            }
            seen.extend_from_slice(batch);
        }
        assert_eq!(seen, files);
        assert_eq!(ahead.position(&layout, NodeId::ROOT, 0), None);
        assert!(AheadFiles::new(&layout, Vec::new()).ends.is_empty());
    }

    #[test]
    fn all_files_are_read_ahead_within_bounded_memory() {
        let (_folder, layout, files) = folder();
        let mut ahead = ahead(&layout, &files);
        for file in &files {
            assert_eq!(ahead.bytes(*file).unwrap(), contents(&layout, *file));
            let state = ahead.shared.lock();
            assert!(state.batches.len() <= BATCHES_AHEAD + 1);
            assert!(
                state.batches.len() + state.spare.len() <= BATCHES_AHEAD + 2 + ReadAhead::THREADS
            );
        }
    }

    #[test]
    fn what_lies_behind_is_left_to_the_one_who_asks() {
        let (_folder, layout, files) = folder();
        let mut ahead = ahead(&layout, &files);
        let last = *files.last().unwrap();
        assert_eq!(ahead.bytes(last).unwrap(), contents(&layout, last));
        assert_eq!(ahead.bytes(files[0]), None);
        assert_eq!(
            ahead.bytes(last),
            None,
            "its batch was given up for another"
        );
    }

    #[test]
    fn one_may_begin_in_the_middle_and_jump_ahead() {
        let (_folder, layout, files) = folder();
        let mut ahead = ahead(&layout, &files);
        for at in [500, 501, 502, 700, 999] {
            assert_eq!(
                ahead.bytes(files[at]).unwrap(),
                contents(&layout, files[at])
            );
        }
    }

    #[test]
    fn a_reader_that_panics_does_not_leave_anyone_waiting() {
        let (_folder, layout, files) = folder();
        let mut ahead = ahead(&layout, &files);
        ahead.begun = true;
        let read = Arc::new(AtomicUsize::new(0));
        for _ in 0..ReadAhead::THREADS {
            let read = Arc::clone(&read);
            ahead.begin_thread(move |sources, file, out| {
                if read.fetch_add(1, Ordering::Relaxed) % 300 == 299 {
                    // Without the hook that writes to the test's output.
                    std::panic::resume_unwind(Box::new(()));
                }
                sources.read(file, 0, out).is_ok()
            });
        }
        let mut without = 0;
        for file in &files {
            match ahead.bytes(*file) {
                Some(bytes) => assert_eq!(bytes, contents(&layout, *file)),
                None => without += 1,
            }
        }
        assert!(without > 0 && without < files.len(), "{without}");
        assert_eq!(ahead.shared.lock().threads, 0);
    }

    #[test]
    fn files_that_cannot_be_read_are_left_to_the_one_who_asks() {
        let (_folder, layout, files) = folder();
        let gone = files[17];
        std::fs::remove_file(layout.tree().source_path(gone)).unwrap();
        let changed = files[600];
        std::fs::write(layout.tree().source_path(changed), b"other").unwrap();
        let mut ahead = ahead(&layout, &files);
        for file in &files {
            let read = ahead.bytes(*file).is_some();
            assert_eq!(read, *file != gone && *file != changed);
        }
    }

    #[test]
    fn threads_end_with_the_one_who_asked() {
        let (_folder, layout, files) = folder();
        let mut ahead = ahead(&layout, &files);
        assert!(ahead.bytes(files[0]).is_some());
        let shared = Arc::clone(&ahead.shared);
        drop(ahead);
        let mut state = shared.lock();
        while state.threads > 0 {
            state = shared.read.wait(state).unwrap();
        }
    }
}
