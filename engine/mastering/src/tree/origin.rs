//! Where the bytes of a file come from.
//!
//! Owns the choice and what each source must promise; must not know where the bytes go.

use std::fmt::Debug;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::{BLOCK_BYTES, Extent};

/// The bytes of a file that is no file of the host: in memory, a member of an archive, a stream that somebody stored.
pub trait FileBytes: Send + Sync + Debug {
    /// How many there are. The same at every call.
    fn length(&self) -> u64;

    /// Fills `out` with the bytes from `offset` on, all of them; never asked for more than [`FileBytes::length`].
    ///
    /// # Errors
    /// What the source answered. An emitter hands it on, with the file's path in the volume.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Whether the same bytes can be read again, and in any order. What is read once and from the front must be stored
    /// by somebody before the volume is verified, burned twice or read at random.
    fn repeatable(&self) -> bool {
        true
    }
}

/// Bytes in memory.
#[derive(Clone)]
struct Memory(Arc<[u8]>);

impl Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes in memory", self.0.len())
    }
}

impl FileBytes for Memory {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).ok();
        let piece = start.and_then(|start| self.0.get(start..start.checked_add(out.len())?));
        out.copy_from_slice(piece.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Bytes that come but once, in order.
struct Once {
    length: u64,
    state: Mutex<(Box<dyn Read + Send>, u64)>,
}

impl Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a stream of {} bytes", self.length)
    }
}

impl FileBytes for Once {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (reader, next) = &mut *state;
        if offset != *next {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a stream can be read but once, from its beginning; let it be stashed",
            ));
        }
        // A piece that fails leaves the reader somewhere else: nothing can be read any more.
        *next = u64::MAX;
        let stated = self.length;
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let found = offset + filled as u64;
            match reader.read(rest) {
                Ok(0) => return Err(LengthFault::Short { stated, found }.into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let end = offset + filled as u64;
        if end == stated && reader.read(&mut [0])? > 0 {
            return Err(LengthFault::Long { stated }.into());
        }
        *next = end;
        Ok(())
    }

    fn repeatable(&self) -> bool {
        false
    }
}

/// Where the bytes of a file come from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Origin {
    /// A file of the host, at [`Tree::source_path`](crate::Tree::source_path); also all that is no file.
    #[default]
    Host,
    /// They stand on the disc already, in these extents of an earlier session, and are not written again. Each extent
    /// but the last holds whole blocks.
    Recorded(Arc<[Extent]>),
    /// Somebody gives them.
    Given(Arc<dyn FileBytes>),
    /// The SHA-256 of all other files, made from their bytes when these are: see [`manifest`](crate::checksums).
    Manifest,
}

impl Origin {
    /// Bytes in memory.
    #[must_use]
    pub fn memory(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Given(Arc::new(Memory(bytes.into())))
    }

    /// A stream of exactly `length` bytes, which is read once: a member of an archive, the output of a program. A shorter
    /// or longer one is an error when its end is reached.
    #[must_use]
    pub fn stream(length: u64, reader: impl Read + Send + 'static) -> Self {
        Self::Given(Arc::new(Once {
            length,
            state: Mutex::new((Box::new(reader), 0)),
        }))
    }

    /// How many bytes there are; `None` where only the host's file system or the finished tree knows.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Host | Self::Manifest => None,
            Self::Recorded(extents) => Some(extents.iter().map(|e| u64::from(e.bytes)).sum()),
            Self::Given(bytes) => Some(bytes.length()),
        }
    }

    /// The extents of a file on the disc, in pieces that every format can record.
    pub(crate) fn in_pieces(extents: &[Extent]) -> Result<Arc<[Extent]>, ExtentFault> {
        let mut pieces = Vec::with_capacity(extents.len());
        let last = extents.len().saturating_sub(1);
        for (at, extent) in extents.iter().enumerate() {
            let bytes = u64::from(extent.bytes);
            if u64::from(extent.blocks) != bytes.div_ceil(BLOCK_BYTES) {
                return Err(ExtentFault::Length(*extent));
            }
            if at != last && !bytes.is_multiple_of(BLOCK_BYTES) {
                return Err(ExtentFault::Gap(*extent));
            }
            if extent.first_lba.checked_add(extent.blocks).is_none() {
                return Err(ExtentFault::Address(*extent));
            }
            pieces.extend(extent.pieces(Extent::MOST_BYTES));
        }
        Ok(pieces.into())
    }
}

/// That a stream has another length than was said. What gives a file's bytes tells it as an [`io::Error`] of its kind, in
/// which it can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LengthFault {
    /// It ended early.
    #[error("the stream ended after {found} of {stated} bytes")]
    Short {
        /// The bytes that were said.
        stated: u64,
        /// The bytes that came.
        found: u64,
    },
    /// It goes on.
    #[error("the stream gives more than the {stated} bytes that were said")]
    Long {
        /// The bytes that were said.
        stated: u64,
    },
}

impl From<LengthFault> for io::Error {
    fn from(fault: LengthFault) -> Self {
        let kind = match fault {
            LengthFault::Short { .. } => io::ErrorKind::UnexpectedEof,
            LengthFault::Long { .. } => io::ErrorKind::InvalidData,
        };
        Self::new(kind, fault)
    }
}

/// Why extents cannot be those of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtentFault {
    /// Its blocks are not those that its bytes take.
    #[error("the extent at block {} has {} blocks and {} bytes", .0.first_lba, .0.blocks, .0.bytes)]
    Length(Extent),
    /// It is not the last one, and does not end with its block.
    #[error("the extent at block {} has {} bytes, no whole blocks, and others follow it", .0.first_lba, .0.bytes)]
    Gap(Extent),
    /// It ends beyond block 2^32.
    #[error("the extent at block {} ends beyond what 32 bits can address", .0.first_lba)]
    Address(Extent),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_end_of_memory_is_an_error() {
        let Origin::Given(bytes) = Origin::memory(*b"12345") else {
            panic!("given")
        };
        let mut out = [0; 3];
        bytes.read_at(2, &mut out).unwrap();
        assert_eq!(&out, b"345");
        for offset in [3, 5, 6, u64::MAX] {
            let error = bytes.read_at(offset, &mut out).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn a_stream_is_read_once_and_has_the_length_that_was_said() {
        let stream = |length, bytes: &'static [u8]| {
            let Origin::Given(bytes) = Origin::stream(length, bytes) else {
                panic!("given")
            };
            assert!(!bytes.repeatable());
            bytes
        };
        let mut out = [0; 2];
        let good = stream(4, b"1234");
        good.read_at(0, &mut out).unwrap();
        let early = good.read_at(0, &mut out).unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::Unsupported);
        good.read_at(2, &mut out).unwrap();
        assert_eq!(&out, b"34");
        let short = stream(4, b"123");
        short.read_at(0, &mut out).unwrap();
        let error = short.read_at(2, &mut out).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(short.read_at(2, &mut out).is_err());
        let error = stream(2, b"123").read_at(0, &mut out).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn extents_are_cut_into_what_a_record_can_say() {
        let long = Extent {
            first_lba: 100,
            blocks: 1 << 21,
            bytes: u32::MAX,
        };
        let pieces = Origin::in_pieces(&[long]).unwrap();
        let [first, second] = *pieces else {
            panic!("{pieces:?}")
        };
        assert_eq!((first.first_lba, first.bytes), (100, u32::MAX - 2047));
        assert_eq!(
            (second.first_lba, second.blocks, second.bytes),
            (100 + (1 << 21) - 1, 1, 2047)
        );
    }

    #[test]
    fn extents_that_no_file_has_are_refused() {
        let extent = |first_lba, blocks, bytes| Extent {
            first_lba,
            blocks,
            bytes,
        };
        let short = extent(5, 1, 2049);
        assert_eq!(
            Origin::in_pieces(&[short]).unwrap_err(),
            ExtentFault::Length(short)
        );
        let open = extent(5, 1, 2047);
        assert_eq!(
            Origin::in_pieces(&[open, open]).unwrap_err(),
            ExtentFault::Gap(open)
        );
        let far = extent(u32::MAX, 1, 2048);
        assert_eq!(
            Origin::in_pieces(&[far]).unwrap_err(),
            ExtentFault::Address(far)
        );
    }
}
