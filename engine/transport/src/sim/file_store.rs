//! A virtual disc in one sparse file.
//!
//! Owns the file: its format, who may hold it, what is refused as no virtual
//! disc. Must not know what the state of a disc means: that is the simulated
//! recorder's.
//!
//! # The format, versions 1 and 2
//!
//! Numbers are little-endian, offsets in bytes from the start of the file.
//!
//! ```text
//! 0        header page, 4096 bytes
//!   0   20   "PITLAND VIRTUAL DISC" (ASCII)
//!   20   4   version: 2 where whole sectors are kept (CD), else 1
//!   24   4   bytes of a block, 2048
//!   28   4   reserved, 0
//!   32   8   blocks that the file has room for, 1 to 2^32 - 1
//!   40   4   version 2: bytes of a sector, 2448
//!   44   4   version 2: the first sector's address, -12000, as two's complement
//!   48   8   version 2: sectors that the file has room for, the blocks and 28000 more
//!   56 4036  reserved, 0
//!   4092 4   CRC-32C of bytes 0 to 4091
//! 4096     state slot A, 65536 bytes
//!   0    8   generation; 0 in a slot that was never written
//!   8    4   length of the state, at most 61440
//!   12   4   CRC-32C of generation, length and state
//!   16   n   the state, in the words of the simulated recorder
//! 69632    state slot B, 65536 bytes, of the same shape
//! 135168   block 0; block n lies at 135168 + n * 2048
//! 135168 + blocks * 2048: in version 1 the end of the file, in version 2 the first sector
//! ```
//!
//! ```text
//! a sector 2352 bytes of the main channel, then 96 bytes with a bit of each sub-channel, P highest
//! ```
//!
//! Blocks and sectors that were never written are holes and read as zeros. The state is
//! saved into the slot that is *not* valid newest, under the next generation;
//! the valid slot with the higher generation counts.
//!
//! # What survives
//!
//! The recorder writes blocks first and the state that claims them after, and
//! the system keeps that order for one process: after `kill -9` at any moment
//! the file holds the last state that was saved whole, and every block that it
//! claims. Nothing is synced to the device: a power failure of the *computer*
//! may lose what the system had not written back.
//!
//! # Who holds it
//!
//! An open disc is held by `flock`: alone where it may be written, shared
//! where it is only read. It is given back when the store is dropped, and by
//! the kernel when the process ends, also when it is killed.

use super::disc_file_error::{Damage, DiscFileError, FileKind};
use super::file_layout::{BLOCK_BYTES, BLOCKS_AT, Fault, HEADER_BYTES, Layout, le32, le64};
use crate::flock;
use crate::sum::crc32c_of;
use pitland_simdrive::{DiscStore, SECTOR_BYTES, StoreError, whole_sectors};
use rustix::fs::{FallocateFlags, FlockOperation, OFlags, SeekFrom};
use rustix::io::Errno;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const SLOT_BYTES: u64 = 65_536;
const SLOT_HEAD_BYTES: usize = 16;
const SLOTS: [u64; 2] = [HEADER_BYTES as u64, HEADER_BYTES as u64 + SLOT_BYTES];
/// Longest state that fits into a slot of this format.
const STATE_LIMIT: usize = 61_440;

// What the recorder saves must fit: a change over there is a new version here.
const _: () = assert!(pitland_simdrive::MAX_STATE_BYTES <= STATE_LIMIT);
const _: () = assert!(SLOTS[1] + SLOT_BYTES == BLOCKS_AT);
const _: () = assert!(STATE_LIMIT + SLOT_HEAD_BYTES <= SLOT_BYTES as usize);

/// The blocks and the state of a virtual disc, in an open file.
#[derive(Debug)]
pub struct FileStore {
    file: File,
    layout: Layout,
    access: Access,
    /// The slot that holds the valid state, and its generation.
    newest: Option<(usize, u64)>,
    /// One slot's bytes, reused so that saving does not allocate.
    scratch: Vec<u8>,
    /// What a read-only disc was told to remember: never reaches the file.
    overlay: Option<Vec<u8>>,
    fault: StorageFault,
}

/// Keeps the host's own word on what went wrong with a file: the recorder can
/// only answer a medium error for it.
#[derive(Debug, Clone, Default)]
pub(super) struct StorageFault(Arc<Mutex<Option<Arc<io::Error>>>>);

impl StorageFault {
    /// The last fault, once.
    pub(super) fn take(&self) -> Option<Arc<io::Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: io::Error) -> StoreError {
        let told = io::Error::from(error.kind());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(error));
        StoreError::Io(told)
    }
}

/// What may be done with an open virtual disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read and write; the file is held alone.
    ReadWrite,
    /// Only read; the file is shared with other readers.
    ReadOnly,
}

impl FileStore {
    /// Opens the virtual disc in the file at `path`. A symbolic link is
    /// followed. The file is not changed.
    ///
    /// # Errors
    /// A [`DiscFileError`]: no file, no ordinary one, held by another, no
    /// virtual disc, or a damaged one.
    pub fn open(path: &Path, access: Access) -> Result<Self, DiscFileError> {
        let file = open_ordinary(path, access)?;
        hold(&file, path, access)?;
        let length = file
            .metadata()
            .map_err(|source| DiscFileError::io(path, source))?
            .len();
        let layout = Layout::read(&file, length).map_err(|fault| fault.at(path))?;
        let mut store = Self::over(file, layout, access);
        let (newest, _) = store.newest_state().map_err(|fault| fault.at(path))?;
        store.newest = Some(newest);
        Ok(store)
    }

    /// Makes a virtual disc with room for `blocks` blocks, and for as many whole
    /// sectors where it is `sectors` that it keeps as well, and gives it to `fill`, which saves its first state. Only then does the file appear at
    /// `path`, whole: a kill in between leaves at most a hidden temporary file
    /// in the same folder.
    ///
    /// The new disc is held for writing.
    ///
    /// # Errors
    /// [`DiscFileError::Exists`] when there is anything at `path`, which then
    /// stays as it is; any other when the folder does not take the file or
    /// `fill` fails, and nothing is left behind.
    pub fn create<R, E: From<DiscFileError>>(
        path: &Path,
        blocks: u32,
        sectors: bool,
        fill: impl FnOnce(Self) -> Result<R, E>,
    ) -> Result<R, E> {
        let fault = |source| {
            E::from(DiscFileError::NotMade {
                path: path.to_owned(),
                source,
            })
        };
        if path.symlink_metadata().is_ok() {
            return Err(DiscFileError::Exists {
                path: path.to_owned(),
            }
            .into());
        }
        let (mut temporary, file) = Temporary::beside(path).map_err(fault)?;
        hold(&file, path, Access::ReadWrite)?;
        let layout = Layout::new(blocks, sectors);
        layout.write(&file).map_err(fault)?;
        let made = fill(Self::over(file, layout, Access::ReadWrite))?;
        temporary.become_file(path)?;
        Ok(made)
    }

    fn over(file: File, layout: Layout, access: Access) -> Self {
        Self {
            file,
            layout,
            access,
            newest: None,
            scratch: Vec::new(),
            overlay: None,
            fault: StorageFault::default(),
        }
    }

    /// Blocks that the file has room for.
    pub fn blocks(&self) -> u64 {
        self.layout.blocks
    }

    /// A handle on what the host says of failures.
    pub(super) fn fault(&self) -> StorageFault {
        self.fault.clone()
    }

    /// What may be done with the disc.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Where `bytes` bytes from block `lba` on lie, if the file has them.
    fn place(&self, lba: u32, bytes: usize) -> Result<u64, StoreError> {
        if !bytes.is_multiple_of(BLOCK_BYTES as usize) {
            return Err(StoreError::PartBlock { len: bytes });
        }
        let count = (bytes / BLOCK_BYTES as usize) as u64;
        if u64::from(lba) + count > self.layout.blocks {
            return Err(StoreError::OutOfRange { lba });
        }
        Ok(BLOCKS_AT + u64::from(lba) * u64::from(BLOCK_BYTES))
    }

    /// Where `bytes` bytes of whole sectors from `lba` on lie.
    fn place_of_sectors(&self, lba: i32, bytes: usize) -> Result<u64, StoreError> {
        if self.layout.sectors == 0 {
            return Err(StoreError::NoSectors);
        }
        let room = u32::try_from(self.layout.sectors).unwrap_or(u32::MAX);
        let (_, before) = whole_sectors(lba, bytes, room)?;
        Ok(self.layout.sectors_at() + u64::from(before) * SECTOR_BYTES as u64)
    }

    /// The valid slot of the highest generation, and its state.
    fn newest_state(&self) -> Result<((usize, u64), Vec<u8>), Fault> {
        let mut best: Option<((usize, u64), Vec<u8>)> = None;
        for (index, offset) in SLOTS.iter().enumerate() {
            if let Some((generation, state)) = read_slot(&self.file, *offset)?
                && best
                    .as_ref()
                    .is_none_or(|((_, held), _)| generation > *held)
            {
                best = Some(((index, generation), state));
            }
        }
        best.ok_or(Fault::Damaged(Damage::NoValidState))
    }

    fn refuse_read_only(&self) -> Result<(), StoreError> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(self.fault.keep(Errno::ROFS.into())),
        }
    }

    /// Zeros over everything that holds data, for file systems that cannot
    /// punch holes.
    fn overwrite_with_zeros(&self) -> io::Result<()> {
        let zeros = vec![0; 1 << 20];
        let end = self.layout.length();
        let mut at = BLOCKS_AT;
        while at < end {
            at = match rustix::fs::seek(&self.file, SeekFrom::Data(at)) {
                Ok(data) if data < end => data,
                Ok(_) | Err(Errno::NXIO) => return Ok(()),
                // Cannot tell data from holes: all of it counts as data.
                Err(_) => at,
            };
            let count = (end - at).min(zeros.len() as u64) as usize;
            self.file
                .write_all_at(zeros.get(..count).unwrap_or(&zeros), at)?;
            at += count as u64;
        }
        Ok(())
    }
}

impl DiscStore for FileStore {
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        let at = self.place(lba, out.len())?;
        self.file
            .read_exact_at(out, at)
            .map_err(|error| self.fault.keep(error))
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        self.refuse_read_only()?;
        let at = self.place(lba, data.len())?;
        self.file
            .write_all_at(data, at)
            .map_err(|error| self.fault.keep(error))
    }

    fn keeps_sectors(&self) -> bool {
        self.layout.sectors > 0
    }

    fn read_sectors(&mut self, lba: i32, out: &mut [u8]) -> Result<(), StoreError> {
        let at = self.place_of_sectors(lba, out.len())?;
        self.file
            .read_exact_at(out, at)
            .map_err(|error| self.fault.keep(error))
    }

    fn write_sectors(&mut self, lba: i32, data: &[u8]) -> Result<(), StoreError> {
        self.refuse_read_only()?;
        let at = self.place_of_sectors(lba, data.len())?;
        self.file
            .write_all_at(data, at)
            .map_err(|error| self.fault.keep(error))
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        self.refuse_read_only()?;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let length = self.layout.length() - BLOCKS_AT;
        match rustix::fs::fallocate(&self.file, flags, BLOCKS_AT, length) {
            Ok(()) => Ok(()),
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self
                .overwrite_with_zeros()
                .map_err(|error| self.fault.keep(error)),
            Err(other) => Err(self.fault.keep(other.into())),
        }
    }

    fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError> {
        if state.len() > STATE_LIMIT {
            return Err(StoreError::StateTooLarge { len: state.len() });
        }
        if self.access == Access::ReadOnly {
            self.overlay = Some(state.to_vec());
            return Ok(());
        }
        let (slot, generation) = match self.newest {
            Some((newest, generation)) => (1 - newest.min(1), generation.saturating_add(1)),
            None => (0, 1),
        };
        emit_slot(&mut self.scratch, generation, state);
        let offset = SLOTS.get(slot).copied().unwrap_or(BLOCKS_AT - SLOT_BYTES);
        self.file
            .write_all_at(&self.scratch, offset)
            .map_err(|error| self.fault.keep(error))?;
        self.newest = Some((slot, generation));
        Ok(())
    }

    fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(overlay) = &self.overlay {
            return Ok(Some(overlay.clone()));
        }
        match self.newest {
            None => Ok(None),
            Some(_) => match self.newest_state() {
                Ok((_, state)) => Ok(Some(state)),
                Err(Fault::Io(source)) => Err(StoreError::Io(source)),
                Err(Fault::Damaged(_)) => Err(StoreError::Corrupt {
                    what: "both copies of its state",
                }),
            },
        }
    }
}

impl Drop for FileStore {
    /// Gives the lock back by name. Closing the file is not enough: a child
    /// that another thread is just starting has it open until it runs its own
    /// program.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

/// Opens an ordinary file and nothing else. Looked at before it is opened
/// (opening a device can move a tape) and once more on the descriptor; without
/// blocking, for a fifo that is put there in between.
fn open_ordinary(path: &Path, access: Access) -> Result<File, DiscFileError> {
    let fault = |source| DiscFileError::io(path, source);
    refuse_special(path, std::fs::metadata(path).map_err(fault)?.file_type())?;
    let file = OpenOptions::new()
        .read(true)
        .write(access == Access::ReadWrite)
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
        .open(path)
        .map_err(fault)?;
    refuse_special(path, file.metadata().map_err(fault)?.file_type())?;
    Ok(file)
}

fn refuse_special(path: &Path, found: FileType) -> Result<(), DiscFileError> {
    if found.is_file() {
        return Ok(());
    }
    let kind = if found.is_dir() {
        FileKind::Folder
    } else if found.is_fifo() {
        FileKind::Fifo
    } else if found.is_block_device() || found.is_char_device() {
        FileKind::Device
    } else {
        FileKind::Socket
    };
    Err(DiscFileError::NotAFile {
        path: path.to_owned(),
        kind,
    })
}

/// Takes the lock that says who holds the disc.
fn hold(file: &File, path: &Path, access: Access) -> Result<(), DiscFileError> {
    let operation = match access {
        Access::ReadWrite => FlockOperation::NonBlockingLockExclusive,
        Access::ReadOnly => FlockOperation::NonBlockingLockShared,
    };
    match rustix::fs::flock(file, operation) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => Err(DiscFileError::InUse {
            path: path.to_owned(),
            holder: holder(file),
        }),
        Err(other) => Err(DiscFileError::io(path, other.into())),
    }
}

/// The process that holds the lock, where the system tells.
fn holder(file: &File) -> Option<u32> {
    let found = file.metadata().ok()?;
    let list = std::fs::read_to_string("/proc/locks").ok()?;
    flock::held(&list, &found).next().map(|lock| lock.pid)
}

/// A slot's generation and state, where it is valid.
fn read_slot(file: &File, offset: u64) -> Result<Option<(u64, Vec<u8>)>, Fault> {
    let mut head = [0; SLOT_HEAD_BYTES];
    file.read_exact_at(&mut head, offset)?;
    let (generation, length, sum) = (le64(&head, 0), le32(&head, 8) as usize, le32(&head, 12));
    if generation == 0 || length > STATE_LIMIT {
        return Ok(None);
    }
    let mut state = vec![0; length];
    file.read_exact_at(&mut state, offset + SLOT_HEAD_BYTES as u64)?;
    Ok((slot_sum(generation, &state) == sum).then_some((generation, state)))
}

fn emit_slot(slot: &mut Vec<u8>, generation: u64, state: &[u8]) {
    slot.clear();
    slot.extend_from_slice(&generation.to_le_bytes());
    slot.extend_from_slice(&(state.len() as u32).to_le_bytes());
    slot.extend_from_slice(&slot_sum(generation, state).to_le_bytes());
    slot.extend_from_slice(state);
}

fn slot_sum(generation: u64, state: &[u8]) -> u32 {
    crc32c_of(&[
        &generation.to_le_bytes(),
        &(state.len() as u32).to_le_bytes(),
        state,
    ])
}

/// A file without its final name yet; removed unless it gets one.
struct Temporary {
    path: Option<PathBuf>,
}

impl Temporary {
    /// A new hidden file in the folder of `path`.
    fn beside(path: &Path) -> io::Result<(Self, File)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        for attempt in 0..1000u32 {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.new", std::process::id()));
            let hidden = path.with_file_name(hidden);
            match OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&hidden)
            {
                Ok(file) => return Ok((Self { path: Some(hidden) }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Gives the file its name, if nothing has that name.
    fn become_file(&mut self, path: &Path) -> Result<(), DiscFileError> {
        let Some(hidden) = &self.path else {
            return Ok(());
        };
        match std::fs::hard_link(hidden, path) {
            Ok(()) => return Ok(()), // the hidden name goes with the guard
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(DiscFileError::Exists {
                    path: path.to_owned(),
                });
            }
            Err(_) => {} // a file system without hard links
        }
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(rustix::fs::CWD, hidden, rustix::fs::CWD, path, flags) {
            Ok(()) => {
                self.path = None;
                Ok(())
            }
            Err(Errno::EXIST) => Err(DiscFileError::Exists {
                path: path.to_owned(),
            }),
            Err(other) => Err(DiscFileError::NotMade {
                path: path.to_owned(),
                source: other.into(),
            }),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Nothing depends on it: a file left over is hidden and named for what it is.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_simdrive::BLOCK_BYTES as BLOCK;

    fn store(blocks: u32) -> (tempfile::TempDir, PathBuf, FileStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let store = FileStore::create(&path, blocks, true, |mut store| {
            store
                .save_state(b"first")
                .map_err(|_| DiscFileError::Missing { path: path.clone() })?;
            Ok::<_, DiscFileError>(store)
        });
        let store = store.unwrap();
        (folder, path, store)
    }

    #[test]
    fn blocks_and_states_come_back_and_states_go_by_turns() {
        let (_folder, path, mut store) = store(10);
        store.write(9, &[7; BLOCK]).unwrap();
        for n in 0..5u8 {
            store.save_state(&[n; 3]).unwrap();
            assert_eq!(store.load_state().unwrap().unwrap(), [n; 3]);
        }
        drop(store);
        let mut store = FileStore::open(&path, Access::ReadWrite).unwrap();
        assert_eq!(store.load_state().unwrap().unwrap(), [4; 3]);
        let mut block = [1; BLOCK];
        store.read(9, &mut block).unwrap();
        assert_eq!(block, [7; BLOCK]);
        store.read(8, &mut block).unwrap();
        assert_eq!(block, [0; BLOCK]);
    }

    #[test]
    fn a_dropped_disc_is_free_though_a_child_has_its_file_open() {
        let (_folder, path, store) = store(10);
        let child = store.file.try_clone().unwrap();
        assert!(matches!(
            FileStore::open(&path, Access::ReadOnly),
            Err(DiscFileError::InUse { .. })
        ));
        drop(store);
        FileStore::open(&path, Access::ReadWrite).unwrap();
        drop(child);
    }

    #[test]
    fn what_lies_outside_is_refused() {
        let (_folder, _path, mut store) = store(10);
        assert!(matches!(
            store.write(9, &[0; 2 * BLOCK]),
            Err(StoreError::OutOfRange { lba: 9 })
        ));
        assert!(matches!(
            store.read(u32::MAX, &mut [0; BLOCK]),
            Err(StoreError::OutOfRange { .. })
        ));
        assert!(matches!(
            store.write(0, &[0; 5]),
            Err(StoreError::PartBlock { len: 5 })
        ));
        assert!(matches!(
            store.save_state(&vec![0; STATE_LIMIT + 1]),
            Err(StoreError::StateTooLarge { .. })
        ));
        store.save_state(&vec![3; STATE_LIMIT]).unwrap();
        assert_eq!(store.load_state().unwrap().unwrap(), vec![3; STATE_LIMIT]);
    }

    #[test]
    fn sectors_lie_behind_the_blocks_and_come_back() {
        let (_folder, path, mut store) = store(10);
        store.write(9, &[7; BLOCK]).unwrap();
        store.write_sectors(-12_000, &[8; SECTOR_BYTES]).unwrap();
        let last = 10 + pitland_simdrive::SECTORS_BEHIND as i32 - 1;
        store.write_sectors(last, &[9; SECTOR_BYTES]).unwrap();
        for (lba, bytes) in [(-12_001, 1), (last, 2), (i32::MAX, 1)] {
            assert!(matches!(
                store.write_sectors(lba, &vec![0; bytes * SECTOR_BYTES]),
                Err(StoreError::SectorOutOfRange { .. })
            ));
        }
        drop(store);
        let mut store = FileStore::open(&path, Access::ReadWrite).unwrap();
        assert!(store.keeps_sectors());
        let (mut block, mut sector) = ([0; BLOCK], [0; SECTOR_BYTES]);
        store.read(9, &mut block).unwrap();
        assert_eq!(block, [7; BLOCK]);
        for (lba, byte) in [(-12_000, 8), (last, 9), (0, 0)] {
            store.read_sectors(lba, &mut sector).unwrap();
            assert_eq!(sector, [byte; SECTOR_BYTES]);
        }
        store.erase().unwrap();
        store.read_sectors(last, &mut sector).unwrap();
        assert_eq!(sector, [0; SECTOR_BYTES]);
    }

    #[test]
    fn a_file_of_version_1_keeps_blocks_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let made = FileStore::create(&path, 10, false, |mut store| {
            store.save_state(b"first").unwrap();
            Ok::<_, DiscFileError>(())
        });
        made.unwrap();
        assert_eq!(path.metadata().unwrap().len(), BLOCKS_AT + 10 * 2048);
        let mut store = FileStore::open(&path, Access::ReadWrite).unwrap();
        assert!(!store.keeps_sectors());
        let written = store.write_sectors(0, &[0; SECTOR_BYTES]);
        assert!(matches!(written, Err(StoreError::NoSectors)));
    }

    #[test]
    fn both_ways_of_erasing_leave_zeros_and_the_state() {
        for punch in [true, false] {
            let (_folder, _path, mut store) = store(1024);
            for lba in [0, 500, 1023] {
                store.write(lba, &[9; BLOCK]).unwrap();
            }
            if punch {
                store.erase().unwrap()
            } else {
                store.overwrite_with_zeros().unwrap()
            }
            let mut all = vec![1; 1024 * BLOCK];
            store.read(0, &mut all).unwrap();
            assert!(all.iter().all(|byte| *byte == 0));
            assert_eq!(store.load_state().unwrap().unwrap(), b"first");
        }
    }

    #[test]
    fn a_store_for_reading_keeps_its_state_to_itself_and_refuses_blocks() {
        let (_folder, path, store) = store(10);
        drop(store);
        let mut store = FileStore::open(&path, Access::ReadOnly).unwrap();
        let fault = store.fault();
        assert!(store.write(0, &[0; BLOCK]).is_err());
        assert_eq!(
            fault.take().unwrap().kind(),
            io::ErrorKind::ReadOnlyFilesystem
        );
        assert!(fault.take().is_none(), "told once");
        assert!(store.erase().is_err());
        store.save_state(b"second").unwrap();
        assert_eq!(store.load_state().unwrap().unwrap(), b"second");
        let mut other = FileStore::open(&path, Access::ReadOnly).unwrap();
        assert_eq!(other.load_state().unwrap().unwrap(), b"first");
    }
}
