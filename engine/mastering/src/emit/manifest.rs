//! The bytes of a manifest: digests of the files that went by, and of those that did not.
//!
//! Owns what is summed up while files are emitted; the lines are those of `checksums`.

use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use super::{EmitError, Emitter};
use crate::block::BLOCK_SIZE;
use crate::checksums::{Digest, Line, empty_digest, line};
use crate::layout::Layout;
use crate::tree::NodeId;

/// Bytes that are read at a time of a file that did not go by: whole blocks.
const PIECE: usize = 512 * BLOCK_SIZE;

/// The digests of the files with data, by their order, as they become known. A source that changes is refused, so that
/// one that is known stays right.
#[derive(Debug)]
pub(crate) struct Digests(Vec<OnceLock<Digest>>);

impl Digests {
    pub(crate) fn new(files: usize) -> Self {
        Self((0..files).map(|_| OnceLock::new()).collect())
    }

    fn get(&self, index: usize) -> Option<&Digest> {
        self.0.get(index)?.get()
    }
}

/// The sum of the file that goes by.
#[derive(Debug, Default)]
pub(super) struct Summing {
    index: usize,
    /// The byte that must come next.
    next: u64,
    sum: Sha256,
    /// Where in the manifest the next line begins, and which node is looked at for it.
    line: (u64, u32),
}

impl Summing {
    /// Takes in bytes of a file. What does not follow the last piece is left, but for a file's beginning.
    pub(super) fn take(
        &mut self,
        digests: &Digests,
        index: usize,
        offset: u64,
        bytes: &[u8],
        size: u64,
    ) {
        if offset == 0 {
            self.index = index;
            self.next = 0;
            self.sum = Sha256::new();
        }
        let Some(place) = digests.0.get(index).filter(|place| place.get().is_none()) else {
            return;
        };
        if (self.index, self.next) != (index, offset) {
            return;
        }
        self.sum.update(bytes);
        self.next += bytes.len() as u64;
        if self.next == size {
            let digest: Digest = std::mem::take(&mut self.sum).finalize().into();
            place.get_or_init(|| digest);
        }
    }
}

impl Emitter {
    /// Fills `out` with the bytes of the manifest from `offset` on.
    pub(super) fn fill_manifest(&mut self, offset: u64, out: &mut [u8]) -> Result<(), EmitError> {
        let layout = Arc::clone(&self.layout);
        let (mut at, mut node) = self.summing.line;
        if at > offset {
            (at, node) = (0, 0);
        }
        let end = offset + out.len() as u64;
        while at < end && (node as usize) < layout.tree.node_count() {
            let Some((id, line)) = line(&layout.tree, NodeId(node)) else {
                node += 1;
                continue;
            };
            let line_end = at + line.length();
            if line_end > offset {
                self.put_line(&layout, id, &line, at, offset, out)?;
            }
            if line_end > end {
                // The next piece begins in this line.
                break;
            }
            at = line_end;
            node += 1;
        }
        self.summing.line = (at, node);
        Ok(())
    }

    fn put_line(
        &mut self,
        layout: &Layout,
        id: NodeId,
        line: &Line,
        at: u64,
        offset: u64,
        out: &mut [u8],
    ) -> Result<(), EmitError> {
        let made = line.with(&self.digest(layout, id)?);
        let skip = offset.saturating_sub(at) as usize;
        let to = at.saturating_sub(offset) as usize;
        let from = made.get(skip..).unwrap_or_default();
        let to = out.get_mut(to..).unwrap_or_default();
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
        Ok(())
    }

    /// The digest of a file's bytes as they will be read in the volume; a file that did not go by is read.
    fn digest(&mut self, layout: &Layout, id: NodeId) -> Result<Digest, EmitError> {
        let extras = layout.tree.extras(layout.tree.first_name(id));
        if let Some(digest) = extras.and_then(|extras| extras.digest) {
            return Ok(digest);
        }
        let Some(index) = layout.data_index(id) else {
            return Ok(empty_digest());
        };
        let known = |layout: &Layout| layout.digests().and_then(|d| d.get(index)).copied();
        if let Some(digest) = known(layout) {
            return Ok(digest);
        }
        let Some((first, node)) = layout.extent(index) else {
            return Ok(empty_digest());
        };
        let mut piece = vec![0; PIECE];
        let mut done = 0;
        let size = layout.tree.size(node);
        while done < size {
            let block = first + (done / BLOCK_SIZE as u64) as u32;
            let filled = self.fill_from_file(block, &mut piece)?;
            if filled == 0 {
                break;
            }
            done += filled as u64;
        }
        known(layout).ok_or(EmitError::NoSource {
            path: layout.tree.disc_path(id),
        })
    }
}
