//! A virtual disc in one sparse file.
//!
//! Owns the file: its format, who may hold it, what is refused as no virtual
//! disc. Must not know what the state of a disc means: that is the simulated
//! recorder's.
//!
//! # The format, version 1
//!
//! Numbers are little-endian, offsets in bytes from the start of the file.
//!
//! ```text
//! 0        header page, 4096 bytes
//!   0   20   "PITLAND VIRTUAL DISC" (ASCII)
//!   20   4   version, 1
//!   24   4   bytes of a block, 2048
//!   28   4   reserved, 0
//!   32   8   blocks that the file has room for, 1 to 2^32 - 1
//!   40 4052  reserved, 0
//!   4092 4   CRC-32C of bytes 0 to 4091
//! 4096     state slot A, 65536 bytes
//!   0    8   generation; 0 in a slot that was never written
//!   8    4   length of the state, at most 61440
//!   12   4   CRC-32C of generation, length and state
//!   16   n   the state, in the words of the simulated recorder
//! 69632    state slot B, 65536 bytes, of the same shape
//! 135168   block 0; block n lies at 135168 + n * 2048
//! 135168 + blocks * 2048 is the length of the file
//! ```
//!
//! Blocks that were never written are holes and read as zeros. The state is
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
//! where it is only read. The lock goes with the process, also when it is
//! killed.

use super::disc_file_error::{Damage, DiscFileError, FileKind};
use crate::sum::{crc32c, crc32c_of};
use pitland_simdrive::{DiscStore, StoreError};
use rustix::fs::{FallocateFlags, FlockOperation, OFlags, SeekFrom};
use rustix::io::Errno;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// First bytes of every virtual disc.
pub const MAGIC: &[u8; 20] = b"PITLAND VIRTUAL DISC";
/// Version of the format that is written and read here.
pub const VERSION: u32 = 1;
/// Bytes of a block.
pub const BLOCK_BYTES: u32 = 2048;

const HEADER_BYTES: usize = 4096;
const SLOT_BYTES: u64 = 65_536;
const SLOT_HEAD_BYTES: usize = 16;
const SLOTS: [u64; 2] = [HEADER_BYTES as u64, HEADER_BYTES as u64 + SLOT_BYTES];
const BLOCKS_AT: u64 = HEADER_BYTES as u64 + 2 * SLOT_BYTES;
/// Longest state that fits into a slot of this format.
const STATE_LIMIT: usize = 61_440;

// What the recorder saves must fit: a change over there is a new version here.
const _: () = assert!(pitland_simdrive::MAX_STATE_BYTES <= STATE_LIMIT);
const _: () = assert!(pitland_simdrive::BLOCK_BYTES == BLOCK_BYTES as usize);
const _: () = assert!(STATE_LIMIT + SLOT_HEAD_BYTES <= SLOT_BYTES as usize);

/// The blocks and the state of a virtual disc, in an open file.
#[derive(Debug)]
pub struct FileStore {
    file: File,
    blocks: u64,
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
        let blocks = read_header(&file, length).map_err(|fault| fault.at(path))?;
        let mut store = Self::over(file, blocks, access);
        let (newest, _) = store.newest_state().map_err(|fault| fault.at(path))?;
        store.newest = Some(newest);
        Ok(store)
    }

    /// Makes a virtual disc with room for `blocks` blocks and gives it to
    /// `fill`, which saves its first state. Only then does the file appear at
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
        fill: impl FnOnce(Self) -> Result<R, E>,
    ) -> Result<R, E> {
        let fault = |source| {
            E::from(DiscFileError::Io {
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
        write_header(&file, blocks).map_err(fault)?;
        let made = fill(Self::over(file, u64::from(blocks), Access::ReadWrite))?;
        temporary.become_file(path)?;
        Ok(made)
    }

    fn over(file: File, blocks: u64, access: Access) -> Self {
        Self {
            file,
            blocks,
            access,
            newest: None,
            scratch: Vec::new(),
            overlay: None,
            fault: StorageFault::default(),
        }
    }

    /// Blocks that the file has room for.
    pub fn blocks(&self) -> u64 {
        self.blocks
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
        if u64::from(lba) + count > self.blocks {
            return Err(StoreError::OutOfRange { lba });
        }
        Ok(BLOCKS_AT + u64::from(lba) * u64::from(BLOCK_BYTES))
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
        let end = BLOCKS_AT + self.blocks * u64::from(BLOCK_BYTES);
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

    fn erase(&mut self) -> Result<(), StoreError> {
        self.refuse_read_only()?;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let length = self.blocks * u64::from(BLOCK_BYTES);
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

/// What can go wrong below the level that knows the path.
enum Fault {
    Io(io::Error),
    Damaged(Damage),
}

impl Fault {
    fn at(self, path: &Path) -> DiscFileError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => DiscFileError::Io { path, source },
            Self::Damaged(Damage::BadMagic) => DiscFileError::NotADisc { path },
            Self::Damaged(damage) => DiscFileError::Damaged { path, damage },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
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

/// The process that holds the lock, where the system tells: a line of
/// `/proc/locks` reads `1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF`.
fn holder(file: &File) -> Option<u32> {
    let found = file.metadata().ok()?;
    let (device, inode) = (found.dev(), found.ino());
    let id = format!(
        "{:02x}:{:02x}:{inode}",
        rustix::fs::major(device),
        rustix::fs::minor(device)
    );
    std::fs::read_to_string("/proc/locks")
        .ok()?
        .lines()
        .find_map(|line| {
            let mut words = line
                .split_whitespace()
                .skip(1)
                .skip_while(|word| *word == "->");
            (words.next()? == "FLOCK").then_some(())?;
            let pid = words.nth(2)?.parse().ok().filter(|pid| *pid > 0)?;
            (words.next()? == id).then_some(pid)
        })
}

fn write_header(file: &File, blocks: u32) -> io::Result<()> {
    let mut page = vec![0; HEADER_BYTES];
    put(&mut page, 0, MAGIC);
    put(&mut page, 20, &VERSION.to_le_bytes());
    put(&mut page, 24, &BLOCK_BYTES.to_le_bytes());
    put(&mut page, 32, &u64::from(blocks).to_le_bytes());
    let sum = crc32c(page.get(..HEADER_BYTES - 4).unwrap_or(&[]));
    put(&mut page, HEADER_BYTES - 4, &sum.to_le_bytes());
    file.write_all_at(&page, 0)?;
    file.set_len(file_length(u64::from(blocks)))
}

fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = page.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

fn file_length(blocks: u64) -> u64 {
    BLOCKS_AT + blocks * u64::from(BLOCK_BYTES)
}

/// Judges the header page; returns the number of blocks.
fn read_header(file: &File, length: u64) -> Result<u64, Fault> {
    let mut page = [0; HEADER_BYTES];
    let have = read_up_to(file, &mut page, 0)?;
    if page.get(..MAGIC.len()) != Some(MAGIC.as_slice()) {
        return Err(Damage::BadMagic.into());
    }
    if have < HEADER_BYTES {
        return Err(Damage::Truncated {
            length,
            expected: BLOCKS_AT,
        }
        .into());
    }
    let version = le32(&page, 20);
    if version != VERSION {
        return Err(Damage::Version { found: version }.into());
    }
    if le32(&page, HEADER_BYTES - 4) != crc32c(page.get(..HEADER_BYTES - 4).unwrap_or(&[])) {
        return Err(Damage::HeaderSum.into());
    }
    let block_bytes = le32(&page, 24);
    let blocks = le64(&page, 32);
    if block_bytes != BLOCK_BYTES || !(1..=u64::from(u32::MAX)).contains(&blocks) {
        return Err(Damage::HeaderValues {
            block_bytes,
            blocks,
        }
        .into());
    }
    if length != file_length(blocks) {
        return Err(Damage::Truncated {
            length,
            expected: file_length(blocks),
        }
        .into());
    }
    Ok(blocks)
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

fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut have = 0;
    while let Some(room) = buffer.get_mut(have..).filter(|room| !room.is_empty()) {
        match file.read_at(room, offset + have as u64) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .map_or(0, u32::from_le_bytes)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .map_or(0, u64::from_le_bytes)
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
            Err(other) => Err(DiscFileError::io(path, other.into())),
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
        let store = FileStore::create(&path, blocks, |mut store| {
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
