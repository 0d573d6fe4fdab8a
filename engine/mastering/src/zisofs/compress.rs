//! Files of a tree become compressed ones, where that saves blocks.
//!
//! They are compressed once, before the volume is planned: so the plan knows their length, the same plan gives the same
//! bytes whenever they are asked for, and what is emitted is what was measured. The price is that the sources are
//! read before the first block is written, and that the result is kept until the last: in memory, or in a file without
//! a name in a folder of the caller's. (Compressing a second time while the volume is emitted would need no room, but
//! would take the time twice, and every read at random would begin at a file's first byte.)

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{CWD, Mode, OFlags};
use sha2::{Digest as _, Sha256};

use super::{BLOCK_LOG2, Zisofs};
use crate::block::blocks_for;
use crate::checksums::Digest;
use crate::tree::source::{OpenError, Opener, check_unchanged};
use crate::tree::{FileBytes, NodeId, NodeKind, Origin, SourceChange, Tree};

/// How the files of a tree are compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// How hard zlib tries: 1 (fast) to 9.
    pub level: u8,
    /// A folder for what is compressed; `None` keeps it in memory. The file in it has no name, and is gone with the tree.
    pub spool: Option<PathBuf>,
    /// Files that are left as they are, by any of their names: those that machines start from.
    pub leave: Vec<NodeId>,
}

impl Default for Compression {
    /// Level 6, in memory.
    fn default() -> Self {
        Self {
            level: 6,
            spool: None,
            leave: Vec::new(),
        }
    }
}

/// What compressing a tree has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// Files that are compressed now.
    pub files: u64,
    /// Their bytes as they were.
    pub bytes_before: u64,
    /// Their bytes in the volume.
    pub bytes_after: u64,
}

/// Why a tree's files cannot be compressed. The tree is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// A source is not what it was when it was scanned.
    #[error("{} changed since it was scanned: {what}", .path.display())]
    SourceChanged {
        /// Where.
        path: PathBuf,
        /// What changed first.
        what: SourceChange,
    },
    /// A source cannot be read.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The room for what is compressed cannot be used.
    #[error("compressed files cannot be kept in {}: {source}", .folder.display())]
    Spool {
        /// The folder.
        folder: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Tree {
    /// Compresses the files that take fewer blocks then, for volumes with Rock Ridge and without UDF. They have their
    /// compressed bytes and [`Extras::zisofs`](crate::tree::Extras::zisofs) afterwards; [`Tree::size`] tells the compressed ones.
    /// Files of 4 GiB and more, files that stand on the disc already or can be read but once, and those that are compressed
    /// are left as they are.
    ///
    /// # Errors
    /// [`CompressError`]; the tree is as it was.
    pub fn compress(&mut self, how: &Compression) -> Result<Compressed, CompressError> {
        let mut spool = Spool::new(how)?;
        let mut done: Vec<(NodeId, Zisofs, Digest, Origin)> = Vec::new();
        let mut source = Source::default();
        let left: Vec<NodeId> = how.leave.iter().map(|id| self.first_name(*id)).collect();
        for id in self.nodes() {
            let left_alone = match self.origin(id) {
                Origin::Recorded(_) => true,
                // Who saves nothing could not be read again.
                Origin::Given(bytes) => !bytes.repeatable(),
                _ => false,
            };
            let compressed = self
                .extras(id)
                .is_some_and(|extras| extras.zisofs.is_some());
            if self.kind(id) != NodeKind::File
                || self.first_name(id) != id
                || left_alone
                || compressed
                // What has no name is started from, as it is.
                || self.is_hidden(id)
                || left.contains(&id)
            {
                continue;
            }
            if let Some((zisofs, digest, bytes)) = source.compressed(self, id, how.level)? {
                done.push((id, zisofs, digest, spool.keep(bytes)?));
            }
        }
        let mut summary = Compressed::default();
        for (id, zisofs, digest, origin) in done {
            summary.files += 1;
            summary.bytes_before += u64::from(zisofs.size);
            summary.bytes_after += origin.length().unwrap_or(0);
            self.set_compressed(id, zisofs, digest, origin);
        }
        Ok(summary)
    }
}

/// Reads files of a tree, one block after the other.
#[derive(Default)]
struct Source {
    opener: Opener,
    block: Vec<u8>,
}

impl Source {
    /// A file's compressed form with the SHA-256 of what it was, or `None` where that saves no block.
    fn compressed(
        &mut self,
        tree: &Tree,
        id: NodeId,
        level: u8,
    ) -> Result<Option<(Zisofs, Digest, Vec<u8>)>, CompressError> {
        let Ok(size) = u32::try_from(tree.size(id)) else {
            return Ok(None);
        };
        let zisofs = Zisofs::of_size(size);
        // The most bytes that take a block less than the file itself.
        let most = (blocks_for(u64::from(size)).saturating_sub(1)) * crate::block::BLOCK_BYTES;
        if zisofs.data_start() > most {
            return Ok(None);
        }
        let refused = |error: OpenError| {
            let path = tree.source_path(id);
            match error {
                OpenError::Changed(what) => CompressError::SourceChanged { path, what },
                OpenError::Io(source) => CompressError::Unreadable { path, source },
            }
        };
        let host = match tree.origin(id) {
            Origin::Host => Some(File::from(self.opener.open(tree, id).map_err(refused)?)),
            _ => None,
        };
        let mut out = zisofs.header().to_vec();
        out.resize(zisofs.data_start() as usize, 0);
        let mut sum = Sha256::new();
        for number in 0..zisofs.blocks() {
            let offset = u64::from(number) << BLOCK_LOG2;
            let length = (u64::from(size) - offset).min(1 << BLOCK_LOG2) as usize;
            self.block.resize(length, 0);
            let read = match (&host, tree.origin(id)) {
                (Some(file), _) => file.read_exact_at(&mut self.block, offset),
                (None, Origin::Given(bytes)) => bytes.read_at(offset, &mut self.block),
                (None, _) => return Ok(None),
            };
            read.map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => refused(OpenError::Changed(SourceChange::Size)),
                _ => refused(OpenError::Io(error)),
            })?;
            sum.update(&self.block);
            put_place(&mut out, number);
            // A block of zeros is one without bytes.
            if self.block.iter().any(|byte| *byte != 0) {
                out.extend(miniz_oxide::deflate::compress_to_vec_zlib(
                    &self.block,
                    level.clamp(1, 9),
                ));
            }
            if out.len() as u64 > most {
                return Ok(None);
            }
        }
        put_place(&mut out, zisofs.blocks());
        if let Some(file) = &host {
            check_unchanged(file, tree, id).map_err(refused)?;
        }
        Ok(Some((zisofs, sum.finalize().into(), out)))
    }
}

/// Notes that a block begins where the bytes end by now, which are fewer than the file has.
fn put_place(out: &mut [u8], number: u32) {
    let end = (out.len() as u32).to_le_bytes();
    let at = super::HEADER_BYTES + number as usize * 4;
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&end);
    }
}

/// Where compressed files are kept.
struct Spool {
    file: Option<(Arc<File>, PathBuf)>,
    end: u64,
}

impl Spool {
    fn new(how: &Compression) -> Result<Self, CompressError> {
        let open = |folder: &PathBuf| {
            let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
            let file = rustix::fs::openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR);
            let file = file.map_err(|error| CompressError::Spool {
                folder: folder.clone(),
                source: error.into(),
            })?;
            Ok((Arc::new(File::from(file)), folder.clone()))
        };
        Ok(Self {
            file: how.spool.as_ref().map(open).transpose()?,
            end: 0,
        })
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Result<Origin, CompressError> {
        let Some((file, folder)) = &self.file else {
            return Ok(Origin::memory(bytes));
        };
        file.write_all_at(&bytes, self.end)
            .map_err(|source| CompressError::Spool {
                folder: folder.clone(),
                source,
            })?;
        let kept = Kept {
            file: Arc::clone(file),
            offset: self.end,
            length: bytes.len() as u64,
        };
        self.end += kept.length;
        Ok(Origin::Given(Arc::new(kept)))
    }
}

/// A piece of the spool.
#[derive(Debug)]
struct Kept {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl FileBytes for Kept {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, self.offset + offset)
    }
}
