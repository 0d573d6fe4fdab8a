//! Where a virtual disc keeps its blocks and its state.
//!
//! Owns the seam ([`DiscStore`]) and two stores that need no file: one in memory
//! and one that keeps no blocks. Must not know what the state means, nor files,
//! nor clocks: a store over a sparse file lives with its I/O, in another crate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes in one block of the media served here.
pub const BLOCK_BYTES: usize = 2048;

/// Bytes of a whole sector of a CD in a store: 2352 of the main channel, then 96 of the
/// sub-channels, each with a bit of P (the highest) to W.
pub const SECTOR_BYTES: usize = 2352 + 96;

/// The first sector of a CD that a store keeps: before the lead-in of every disc.
pub const FIRST_SECTOR: i32 = -12_000;

/// Sectors that a store keeps behind the blocks of a CD: what is written over its end, and the
/// lead-out.
pub const SECTORS_BEHIND: u32 = 16_000;

/// The largest state that [`DiscStore::save_state`] must take, in bytes.
pub const MAX_STATE_BYTES: usize = 60 * 1024;

/// Blocks kept together by [`MemoryStore`].
const CHUNK_BLOCKS: u32 = 32;

/// Why a store could not do as it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The host's storage failed; what to do depends on the inner error.
    #[error("the storage behind the virtual disc failed: {0}")]
    Io(#[from] std::io::Error),
    /// The caller passed a length that is not whole blocks (a mistake of the caller).
    #[error("{len} bytes are not whole blocks of {BLOCK_BYTES}")]
    PartBlock {
        /// The length that was passed, in bytes.
        len: usize,
    },
    /// The caller passed a block beyond what the store can address.
    #[error("block {lba} lies beyond the store")]
    OutOfRange {
        /// First block asked for.
        lba: u32,
    },
    /// The caller passed whole sectors of a CD to a store that keeps none.
    #[error("this virtual disc keeps no whole sectors")]
    NoSectors,
    /// The caller passed a length that is not whole sectors (a mistake of the caller).
    #[error("{len} bytes are not whole sectors of {SECTOR_BYTES}")]
    PartSector {
        /// The length that was passed, in bytes.
        len: usize,
    },
    /// The caller passed a sector that the store does not address.
    #[error("sector {lba} lies outside the store")]
    SectorOutOfRange {
        /// First sector asked for.
        lba: i32,
    },
    /// The state is larger than [`MAX_STATE_BYTES`].
    #[error("a state of {len} bytes does not fit the store")]
    StateTooLarge {
        /// Its length in bytes.
        len: usize,
    },
    /// The store itself is not what it should be (a damaged or foreign file).
    #[error("the virtual disc is corrupt: {what}")]
    Corrupt {
        /// The part that is wrong.
        what: &'static str,
    },
}

/// Keeps the blocks of one virtual disc and the small record of its state.
///
/// The recorder writes blocks first and the state that describes them after, so
/// a store only has to keep that order to be true after a kill at any moment.
pub trait DiscStore: Send {
    /// Reads whole blocks of 2048 bytes from `lba` on; blocks never written are zeros.
    ///
    /// # Errors
    /// The storage failed, or `out` is not whole blocks.
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError>;

    /// Writes whole blocks of 2048 bytes from `lba` on.
    ///
    /// # Errors
    /// The storage failed, or `data` is not whole blocks.
    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError>;

    /// Whether blocks that are written can be read again. A recorder spares a store
    /// that says no its blocks: neither drive nor store look at a byte of them. The
    /// answer must not change while the disc is in a drive.
    fn keeps_blocks(&self) -> bool {
        true
    }

    /// Whether it keeps whole sectors of a CD, beside its blocks: a place of its own for each
    /// sector, so that neither is ever written over the other. A CD in a store that says no
    /// takes data tracks of 2048-byte blocks only. The answer must not change while the disc is
    /// in a drive.
    fn keeps_sectors(&self) -> bool {
        false
    }

    /// Reads whole sectors of [`SECTOR_BYTES`] from `lba` on; sectors never written are zeros.
    ///
    /// # Errors
    /// The storage failed, `out` is not whole sectors, or it keeps none there.
    fn read_sectors(&mut self, lba: i32, out: &mut [u8]) -> Result<(), StoreError> {
        let _ = (lba, out);
        Err(StoreError::NoSectors)
    }

    /// Writes whole sectors of [`SECTOR_BYTES`] from `lba` on, [`FIRST_SECTOR`] at the earliest.
    ///
    /// # Errors
    /// The storage failed, `data` is not whole sectors, or it keeps none there.
    fn write_sectors(&mut self, lba: i32, data: &[u8]) -> Result<(), StoreError> {
        let _ = (lba, data);
        Err(StoreError::NoSectors)
    }

    /// Forgets all blocks and sectors: they read as zeros again.
    ///
    /// # Errors
    /// The storage failed.
    fn erase(&mut self) -> Result<(), StoreError>;

    /// Replaces the saved state, at most [`MAX_STATE_BYTES`]: after a kill either
    /// the old or the new state is found, whole.
    ///
    /// # Errors
    /// The storage failed, or the state is too large.
    fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError>;

    /// The state last saved; `None` when none ever was.
    ///
    /// # Errors
    /// The storage failed or is damaged.
    fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
}

fn whole_blocks(lba: u32, len: usize) -> Result<u32, StoreError> {
    if !len.is_multiple_of(BLOCK_BYTES) {
        return Err(StoreError::PartBlock { len });
    }
    let blocks = u32::try_from(len / BLOCK_BYTES).map_err(|_| StoreError::OutOfRange { lba })?;
    lba.checked_add(blocks)
        .ok_or(StoreError::OutOfRange { lba })?;
    Ok(blocks)
}

/// How many sectors there are, and behind how many others, counted from [`FIRST_SECTOR`].
///
/// # Errors
/// `len` bytes are not whole sectors, or they begin before the first one or end behind `last`.
pub fn whole_sectors(lba: i32, len: usize, last: u32) -> Result<(u32, u32), StoreError> {
    if !len.is_multiple_of(SECTOR_BYTES) {
        return Err(StoreError::PartSector { len });
    }
    let outside = StoreError::SectorOutOfRange { lba };
    let before = u32::try_from(i64::from(lba) - i64::from(FIRST_SECTOR));
    match (before, u32::try_from(len / SECTOR_BYTES)) {
        (Ok(before), Ok(sectors)) if before.checked_add(sectors).is_some_and(|end| end <= last) => {
            Ok((sectors, before))
        }
        _ => Err(outside),
    }
}

fn check_state(state: &[u8]) -> Result<(), StoreError> {
    if state.len() > MAX_STATE_BYTES {
        return Err(StoreError::StateTooLarge { len: state.len() });
    }
    Ok(())
}

#[derive(Default)]
struct Memory {
    chunks: BTreeMap<u32, Box<[u8]>>,
    sectors: BTreeMap<i32, Box<[u8]>>,
    state: Option<Vec<u8>>,
}

/// A disc in memory. Clones share the same disc, so a test can pull the plug on
/// a recorder and put what is left of the disc into another.
#[derive(Clone, Default)]
pub struct MemoryStore {
    memory: Arc<Mutex<Memory>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        // A panic elsewhere leaves plain bytes behind, which are still what was stored.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiscStore for MemoryStore {
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        whole_blocks(lba, out.len())?;
        let memory = self.lock();
        for (block, lba) in out.chunks_exact_mut(BLOCK_BYTES).zip(lba..) {
            let at = (lba % CHUNK_BLOCKS) as usize * BLOCK_BYTES;
            match memory.chunks.get(&(lba / CHUNK_BLOCKS)) {
                Some(chunk) => block.copy_from_slice(&chunk[at..at + BLOCK_BYTES]),
                None => block.fill(0),
            }
        }
        Ok(())
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        whole_blocks(lba, data.len())?;
        let mut memory = self.lock();
        let (mut lba, mut rest) = (lba, data);
        while !rest.is_empty() {
            let first = (lba % CHUNK_BLOCKS) as usize * BLOCK_BYTES;
            let len = rest.len().min(CHUNK_BLOCKS as usize * BLOCK_BYTES - first);
            let chunk = memory
                .chunks
                .entry(lba / CHUNK_BLOCKS)
                .or_insert_with(|| vec![0; CHUNK_BLOCKS as usize * BLOCK_BYTES].into());
            chunk[first..first + len].copy_from_slice(&rest[..len]);
            rest = &rest[len..];
            lba += (len / BLOCK_BYTES) as u32;
        }
        Ok(())
    }

    fn keeps_sectors(&self) -> bool {
        true
    }

    fn read_sectors(&mut self, lba: i32, out: &mut [u8]) -> Result<(), StoreError> {
        whole_sectors(lba, out.len(), u32::MAX)?;
        let memory = self.lock();
        for (sector, lba) in out.chunks_exact_mut(SECTOR_BYTES).zip(lba..) {
            match memory.sectors.get(&lba) {
                Some(kept) => sector.copy_from_slice(kept),
                None => sector.fill(0),
            }
        }
        Ok(())
    }

    fn write_sectors(&mut self, lba: i32, data: &[u8]) -> Result<(), StoreError> {
        whole_sectors(lba, data.len(), u32::MAX)?;
        let mut memory = self.lock();
        for (sector, lba) in data.chunks_exact(SECTOR_BYTES).zip(lba..) {
            memory.sectors.insert(lba, sector.into());
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        let mut memory = self.lock();
        memory.chunks.clear();
        memory.sectors.clear();
        Ok(())
    }

    fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError> {
        check_state(state)?;
        let mut memory = self.lock();
        let kept = memory.state.get_or_insert_with(Vec::new);
        kept.clear();
        kept.extend_from_slice(state);
        Ok(())
    }

    fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().state.clone())
    }
}

/// A disc that keeps its state in memory but none of its data: every block reads
/// as zeros, whatever was written. For measuring; verification against it fails
/// unless the data were zeros.
#[derive(Debug, Default)]
pub struct NullStore {
    state: Option<Vec<u8>>,
}

impl NullStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl DiscStore for NullStore {
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        whole_blocks(lba, out.len())?;
        out.fill(0);
        Ok(())
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        whole_blocks(lba, data.len()).map(|_| ())
    }

    fn keeps_blocks(&self) -> bool {
        false
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError> {
        check_state(state)?;
        let kept = self.state.get_or_insert_with(Vec::new);
        kept.clear();
        kept.extend_from_slice(state);
        Ok(())
    }

    fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_what_was_written_and_reads_zeros_elsewhere() {
        let mut store = MemoryStore::new();
        let data: Vec<u8> = (0..40 * BLOCK_BYTES).map(|i| (i / 7) as u8).collect();
        store.write(20, &data).unwrap();
        let mut other = store.clone();
        let mut back = vec![1; 42 * BLOCK_BYTES];
        other.read(19, &mut back).unwrap();
        assert!(back[..BLOCK_BYTES].iter().all(|b| *b == 0));
        assert_eq!(&back[BLOCK_BYTES..41 * BLOCK_BYTES], &data[..]);
        other.erase().unwrap();
        store.read(20, &mut back).unwrap();
        assert!(back.iter().all(|b| *b == 0));
    }

    #[test]
    fn sectors_have_a_place_of_their_own() {
        let mut store = MemoryStore::new();
        store.write(0, &[7; BLOCK_BYTES]).unwrap();
        store.write_sectors(-1, &[8; 2 * SECTOR_BYTES]).unwrap();
        let (mut block, mut sectors) = ([0; BLOCK_BYTES], [1; 3 * SECTOR_BYTES]);
        store.read(0, &mut block).unwrap();
        store.read_sectors(-1, &mut sectors).unwrap();
        assert_eq!(block, [7; BLOCK_BYTES]);
        assert!(sectors[..2 * SECTOR_BYTES].iter().all(|b| *b == 8));
        assert!(sectors[2 * SECTOR_BYTES..].iter().all(|b| *b == 0));
        assert!(matches!(
            store.write_sectors(FIRST_SECTOR - 1, &sectors),
            Err(StoreError::SectorOutOfRange { .. })
        ));
        assert!(matches!(
            store.write_sectors(0, &[0; 2352]),
            Err(StoreError::PartSector { len: 2352 })
        ));
        store.erase().unwrap();
        store.read_sectors(-1, &mut sectors).unwrap();
        assert!(sectors.iter().all(|b| *b == 0));
        let mut none = NullStore::new();
        assert!(!none.keeps_sectors());
        assert!(matches!(
            none.write_sectors(0, &sectors),
            Err(StoreError::NoSectors)
        ));
    }

    #[test]
    fn part_blocks_and_large_states_are_refused() {
        let mut store = MemoryStore::new();
        assert!(matches!(
            store.write(0, &[0; 100]),
            Err(StoreError::PartBlock { len: 100 })
        ));
        assert!(matches!(
            store.write(u32::MAX, &[0; 4096]),
            Err(StoreError::OutOfRange { .. })
        ));
        assert!(matches!(
            store.save_state(&vec![0; MAX_STATE_BYTES + 1]),
            Err(StoreError::StateTooLarge { .. })
        ));
    }

    #[test]
    fn null_keeps_the_state_and_no_data() {
        let mut store = NullStore::new();
        store.write(0, &[7; 2048]).unwrap();
        store.save_state(b"kept").unwrap();
        let mut block = [1; 2048];
        store.read(0, &mut block).unwrap();
        assert_eq!(block, [0; 2048]);
        assert_eq!(store.load_state().unwrap().as_deref(), Some(&b"kept"[..]));
    }
}
