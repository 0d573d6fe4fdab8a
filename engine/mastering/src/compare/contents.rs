//! The bytes of the files, in the order of their blocks.
//!
//! A difference is the source's where that changed since it was scanned.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Comparison, Difference};
use crate::block::{BLOCK_SIZE, BlockSource};
use crate::checksums::{empty_digest, lines};
use crate::el_torito::{INFO_TABLE_END, INFO_TABLE_START, add_words, info_table};
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::read::{Entry, ReadError, Volume};
use crate::tree::source::{OpenError, check_unchanged};
use crate::tree::{FileBytes, NodeId, Origin, SourceChange, Tree};

/// Bytes that are compared at a time.
const PIECE: usize = 256 * BLOCK_SIZE;

/// The source's side of a file.
enum Source {
    Host(OwnedFd),
    Given(Arc<dyn FileBytes>),
}

impl Source {
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), OpenError> {
        match self {
            Self::Host(file) => read_exact(file, offset, out),
            Self::Given(bytes) => bytes.read_at(offset, out).map_err(OpenError::Io),
        }
    }

    fn check(&self, tree: &Tree, id: NodeId) -> Result<(), OpenError> {
        match self {
            Self::Host(file) => check_unchanged(file, tree, id),
            Self::Given(_) => Ok(()),
        }
    }
}

impl Comparison<'_> {
    pub(super) fn contents<R: BlockSource>(&mut self, volume: &mut Volume<R>) {
        let mut files = std::mem::take(&mut self.files);
        files.append(&mut self.copies);
        files.sort_by_key(|(id, entry)| (entry.extents.first().map(|e| e.first_lba), *id));
        // Further names of a file need no second look, if they lead to the same blocks.
        let mut seen = HashSet::new();
        let mut buffers = (vec![0; PIECE], vec![0; PIECE]);
        let mut manifest = None;
        for (id, entry) in files {
            if self.manifest == Some(id) {
                manifest = Some((id, entry));
                continue;
            }
            let key = (
                self.tree.first_name(id),
                entry.extents.first().map(|e| e.first_lba),
                entry.extents.len(),
            );
            if entry.size == 0 || (self.tree.link_count(id) > 1 && !seen.insert(key)) {
                continue;
            }
            if self.content(volume, id, &entry, &mut buffers).is_break() {
                self.summary.stopped = true;
                return;
            }
        }
        if let Some((id, entry)) = manifest {
            self.manifest_lines(volume, id, &entry);
        }
    }

    /// Compares the manifest's lines with the files that are as they should be: those of others cannot be known.
    fn manifest_lines<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        id: NodeId,
        entry: &Entry,
    ) {
        let tree = self.tree;
        let mut offset = 0;
        let mut found = Vec::new();
        for (file, line) in lines(tree) {
            let length = line.length();
            // Compressed files are listed as what they were.
            let compressed = tree.extras(file).and_then(|extras| extras.digest);
            let digest = match tree.size(file) {
                0 => Some(empty_digest()),
                _ => compressed.or_else(|| self.digests.get(&tree.first_name(file)).copied()),
            };
            found.resize(length as usize, 0);
            let at = offset;
            offset += length;
            let Some(digest) = digest else { continue };
            let path = || tree.disc_path(id);
            let lba = entry.lba_of(at).unwrap_or(entry.location.lba);
            match volume.read_file(entry, at, &mut found) {
                Ok(_) if found == line.with(&digest) => continue,
                Ok(_) => self.report(Difference::Content {
                    path: path(),
                    lba,
                    offset: at,
                }),
                Err(error) => self.report(Difference::Unreadable {
                    path: path(),
                    lba,
                    offset: at,
                    source: io::Error::other(error),
                }),
            }
            return;
        }
    }

    fn content<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        id: NodeId,
        entry: &Entry,
        (ours, theirs): &mut (Vec<u8>, Vec<u8>),
    ) -> ControlFlow<()> {
        let file = match self.open(id) {
            Ok(Some(file)) => file,
            // It has never been anywhere but on the disc.
            Ok(None) => return self.observer.compared(entry.size),
            Err(error) => {
                self.source_failed(id, error);
                return ControlFlow::Continue(());
            }
        };
        let size = self.tree.size(id);
        let mut offset = 0;
        let mut sum = self.manifest.map(|_| Sha256::new());
        while offset < size {
            let length = (size - offset).min(PIECE as u64) as usize;
            let ours = ours.get_mut(..length).unwrap_or_default();
            if let Err(error) = file.read(offset, ours) {
                self.source_failed(id, error);
                return ControlFlow::Continue(());
            }
            let whole = length.next_multiple_of(BLOCK_SIZE);
            let theirs = theirs.get_mut(..whole).unwrap_or_default();
            let mut found = match read_as(volume, self.tree, id, entry, offset, theirs) {
                Ok(_) => first_difference(ours, theirs).map(|at| (at, None)),
                Err(_) => by_blocks(volume, (self.tree, id), entry, offset, ours, theirs),
            };
            let table = INFO_TABLE_START..INFO_TABLE_END;
            if offset == 0 && matches!(&found, Some((at, None)) if table.contains(at)) {
                // A boot image has a table of addresses put into it.
                let made = match self.info_table(volume.first_lba(), entry, &file) {
                    Ok(made) => made,
                    Err(error) => {
                        self.source_failed(id, error);
                        return ControlFlow::Continue(());
                    }
                };
                if theirs.get(table.clone()) == Some(&made) {
                    let place = ours.get_mut(table).unwrap_or_default();
                    place.copy_from_slice(&made);
                    found = first_difference(ours, theirs).map(|at| (at, None));
                }
            }
            if let Some((at, error)) = found {
                let at = offset + at as u64;
                // The source may have changed under the comparison: then it is the source that is reported.
                if let Err(error) = file.check(self.tree, id) {
                    self.source_failed(id, error);
                    return ControlFlow::Continue(());
                }
                let path = self.tree.disc_path(id);
                let lba = entry.lba_of(at).unwrap_or(entry.location.lba);
                self.report(match error {
                    Some(source) => Difference::Unreadable {
                        path,
                        lba,
                        offset: at,
                        source,
                    },
                    None => Difference::Content {
                        path,
                        lba,
                        offset: at,
                    },
                });
                return self.observer.compared(size - offset);
            }
            if let Some(sum) = &mut sum {
                sum.update(&*ours);
            }
            offset += length as u64;
            self.summary.bytes += length as u64;
            self.observer.compared(length as u64)?;
        }
        match (file.check(self.tree, id), sum) {
            (Err(error), _) => self.source_failed(id, error),
            (Ok(()), Some(sum)) => {
                let file = self.tree.first_name(id);
                self.digests.insert(file, sum.finalize().into());
            }
            (Ok(()), None) => {}
        }
        ControlFlow::Continue(())
    }

    fn open(&mut self, id: NodeId) -> Result<Option<Source>, OpenError> {
        match self.tree.origin(id) {
            Origin::Host => self.opener.open(self.tree, id).map(Source::Host).map(Some),
            Origin::Given(bytes) => Ok(Some(Source::Given(Arc::clone(bytes)))),
            // What the disc had before has no source, and a manifest's lines are compared behind all files.
            Origin::Recorded(_) | Origin::Manifest => Ok(None),
        }
    }

    /// The table that the image of an entry would have, where it is a loader that asks for one.
    fn info_table(
        &self,
        first_lba: u32,
        entry: &Entry,
        file: &Source,
    ) -> Result<[u8; INFO_TABLE_END - INFO_TABLE_START], OpenError> {
        let mut piece = vec![0; PIECE];
        let mut sum = 0;
        let mut at = INFO_TABLE_END as u64;
        while at < entry.size {
            let length = (entry.size - at).min(PIECE as u64) as usize;
            let piece = piece.get_mut(..length).unwrap_or_default();
            file.read(at, piece)?;
            sum = add_words(sum, piece);
            at += length as u64;
        }
        let first = entry.extents.first().map_or(0, |extent| extent.first_lba);
        let bytes = u32::try_from(entry.size).unwrap_or(u32::MAX);
        let descriptor = first_lba.saturating_add(FIRST_DESCRIPTOR);
        Ok(info_table(descriptor, first, bytes, sum))
    }

    fn source_failed(&mut self, id: NodeId, error: OpenError) {
        let path = self.tree.source_path(id);
        self.report(match error {
            OpenError::Changed(what) => Difference::SourceChanged { path, what },
            OpenError::Io(source) => Difference::SourceUnreadable { path, source },
        });
    }
}

/// Reads what a node's bytes are to be compared with: a node that was compressed has those that stand in the volume.
fn read_as<R: BlockSource>(
    volume: &mut Volume<R>,
    tree: &Tree,
    id: NodeId,
    entry: &Entry,
    offset: u64,
    out: &mut [u8],
) -> Result<usize, ReadError> {
    match tree.extras(id).and_then(|extras| extras.zisofs) {
        Some(_) => volume.read_stored(entry, offset, out),
        None => volume.read_file(entry, offset, out),
    }
}

/// Looks block by block at a piece that could not be read at once: the first byte that differs, or the first block
/// that cannot be read.
fn by_blocks<R: BlockSource>(
    volume: &mut Volume<R>,
    (tree, id): (&Tree, NodeId),
    entry: &Entry,
    offset: u64,
    ours: &[u8],
    theirs: &mut [u8],
) -> Option<(usize, Option<io::Error>)> {
    for (number, (ours, theirs)) in ours
        .chunks(BLOCK_SIZE)
        .zip(theirs.chunks_mut(BLOCK_SIZE))
        .enumerate()
    {
        let at = number * BLOCK_SIZE;
        match read_as(volume, tree, id, entry, offset + at as u64, theirs) {
            Ok(_) => {
                if let Some(within) = first_difference(ours, theirs) {
                    return Some((at + within, None));
                }
            }
            Err(ReadError::Source { source, .. }) => return Some((at, Some(source))),
            Err(other) => return Some((at, Some(io::Error::other(other)))),
        }
    }
    None
}

/// The first byte of `ours` that is another in `theirs`, which is at least as long.
fn first_difference(ours: &[u8], theirs: &[u8]) -> Option<usize> {
    if theirs.get(..ours.len()) == Some(ours) {
        return None;
    }
    ours.iter()
        .zip(theirs)
        .position(|(a, b)| a != b)
        .or(Some(theirs.len()))
}

fn read_exact(file: &OwnedFd, offset: u64, out: &mut [u8]) -> Result<(), OpenError> {
    let mut filled = 0;
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(file, rest, offset + filled as u64) {
            Ok(0) => return Err(OpenError::Changed(SourceChange::Size)),
            Ok(read) => filled += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(OpenError::Io(error.into())),
        }
    }
    Ok(())
}
