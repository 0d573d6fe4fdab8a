//! Where the bytes of a file come from: its source, read and compared, or somebody who has them already.
//!
//! Must not know where files stand in the volume.

use std::fmt::Debug;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::EmitError;
use crate::layout::Layout;
use crate::tree::source::{OpenError, Opener, check_unchanged};
use crate::tree::{NodeId, Origin, SourceChange, Tree};

/// Somebody who has the bytes of some files already: a copy that was taken before, or a reader that runs ahead. What it
/// gives must have come from a [`SourceReader`], which compares the source with the plan.
pub trait FileContents: Send + Debug {
    /// Fills `out` with the bytes of a file from `offset` on, all of them, and answers `true`; or answers `false` and
    /// leaves `out` as it likes: the source is read then. `out` never reaches beyond the file's end. `file` is the first
    /// name of a file with data ([`PlannedFile::node`](crate::PlannedFile::node)).
    ///
    /// # Errors
    /// [`EmitError`], as if the source had been read.
    fn read(&mut self, file: NodeId, offset: u64, out: &mut [u8]) -> Result<bool, EmitError>;
}

/// Reads files of a tree, and finds out what changed since it was scanned. Holds at most one file and one folder open.
#[derive(Debug, Default)]
pub(crate) struct FileReader {
    opener: Opener,
    open: Option<(NodeId, OwnedFd)>,
}

impl FileReader {
    /// As [`SourceReader::read`].
    pub(crate) fn read(
        &mut self,
        tree: &Tree,
        file: NodeId,
        offset: u64,
        out: &mut [u8],
    ) -> Result<(), EmitError> {
        let size = tree.size(file);
        let ends = offset + out.len() as u64 >= size;
        match tree.origin(file) {
            Origin::Host => self.read_host(tree, file, offset, out)?,
            Origin::Given(bytes) => {
                let read = bytes.read_at(offset, out);
                read.map_err(|error| not_given(tree, file, error))?;
            }
            Origin::Recorded(_) | Origin::Manifest => {
                return Err(EmitError::NoSource {
                    path: tree.disc_path(file),
                });
            }
        }
        if ends {
            // Those with the same bytes are not read: they must be what they were, all the same.
            for sharer in tree.sharers_of(file) {
                self.look(tree, *sharer)?;
            }
        }
        Ok(())
    }

    fn read_host(
        &mut self,
        tree: &Tree,
        file: NodeId,
        offset: u64,
        out: &mut [u8],
    ) -> Result<(), EmitError> {
        let refused = |error| refused(tree, file, error);
        let source = match self.open.take() {
            Some((open, source)) if open == file => source,
            _ => self.opener.open(tree, file).map_err(refused)?,
        };
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match rustix::io::pread(&source, rest, offset + filled as u64) {
                Ok(0) => return Err(refused(OpenError::Changed(SourceChange::Size))),
                Ok(read) => filled += read,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(refused(OpenError::Io(error.into()))),
            }
        }
        if offset + filled as u64 >= tree.size(file) {
            check_unchanged(&source, tree, file).map_err(refused)?;
        } else {
            self.open = Some((file, source));
        }
        Ok(())
    }

    /// As [`SourceReader::look`].
    pub(crate) fn look(&mut self, tree: &Tree, file: NodeId) -> Result<(), EmitError> {
        match tree.origin(file) {
            Origin::Host => self
                .opener
                .look(tree, file)
                .map_err(|error| refused(tree, file, error)),
            _ => Ok(()),
        }
    }
}

fn not_given(tree: &Tree, file: NodeId, source: io::Error) -> EmitError {
    let path = tree.disc_path(file);
    let fault = source.get_ref().and_then(|inner| inner.downcast_ref());
    match fault {
        Some(fault) => EmitError::WrongLength {
            path,
            fault: *fault,
        },
        None => EmitError::Unreadable { path, source },
    }
}

fn refused(tree: &Tree, file: NodeId, error: OpenError) -> EmitError {
    let path = tree.source_path(file);
    match error {
        OpenError::Changed(what) => EmitError::SourceChanged { path, what },
        OpenError::Io(source) => EmitError::Unreadable { path, source },
    }
}

/// Reads the sources of a plan, and finds out what changed since it was made. Holds at most one file and one folder open.
#[derive(Debug)]
pub struct SourceReader {
    layout: Arc<Layout>,
    reader: FileReader,
}

impl SourceReader {
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        Self {
            layout,
            reader: FileReader::default(),
        }
    }

    /// Fills `out` with the bytes of a file from `offset` on. The source is compared with the plan when it is opened and
    /// after its last byte, and so are then the files with the same bytes that are stored as this one; reading on where
    /// the last call ended keeps it open.
    ///
    /// # Errors
    /// [`EmitError::SourceChanged`], also where `out` reaches beyond the end of the source, and
    /// [`EmitError::Unreadable`]; [`EmitError::NoSource`] of what has none. What `out` holds then is not to be used. A
    /// later call begins anew.
    pub fn read(&mut self, file: NodeId, offset: u64, out: &mut [u8]) -> Result<(), EmitError> {
        self.reader.read(&self.layout.tree, file, offset, out)
    }

    /// Compares a source with the plan, without opening it. What is not of the host is not looked at.
    ///
    /// # Errors
    /// As [`SourceReader::read`].
    pub fn look(&mut self, file: NodeId) -> Result<(), EmitError> {
        self.reader.look(&self.layout.tree, file)
    }
}
