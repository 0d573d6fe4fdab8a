//! Where the bytes of a file come from: its source, read and compared, or somebody who has them already.
//!
//! Must not know where files stand in the volume.

use std::fmt::Debug;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::EmitError;
use crate::layout::Layout;
use crate::tree::source::{OpenError, Opener, check_unchanged};
use crate::tree::{NodeId, Origin, SourceChange};

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

/// Reads the sources of a plan, and finds out what changed since it was made. Holds at most one file and one folder open.
#[derive(Debug)]
pub struct SourceReader {
    layout: Arc<Layout>,
    opener: Opener,
    open: Option<(NodeId, OwnedFd)>,
}

impl SourceReader {
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        Self {
            layout,
            opener: Opener::default(),
            open: None,
        }
    }

    /// Fills `out` with the bytes of a file from `offset` on. The source is compared with the plan when it is opened and
    /// after its last byte; reading on where the last call ended keeps it open.
    ///
    /// # Errors
    /// [`EmitError::SourceChanged`], also where `out` reaches beyond the end of the source, and
    /// [`EmitError::Unreadable`]. What `out` holds then is not to be used. A later call begins anew.
    pub fn read(&mut self, file: NodeId, offset: u64, out: &mut [u8]) -> Result<(), EmitError> {
        let size = self.layout.tree.size(file);
        match self.layout.tree.origin(file) {
            Origin::Host => {}
            Origin::Given(bytes) => {
                let path = || self.layout.tree.source_path(file);
                return bytes
                    .read_at(offset, out)
                    .map_err(|source| EmitError::Unreadable {
                        path: path(),
                        source,
                    });
            }
            Origin::Recorded(_) => {
                return Err(EmitError::Recorded {
                    path: self.layout.tree.disc_path(file),
                });
            }
        }
        let source = match self.open.take() {
            Some((open, source)) if open == file => source,
            _ => self
                .opener
                .open(&self.layout.tree, file)
                .map_err(|error| self.refused(file, error))?,
        };
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match rustix::io::pread(&source, rest, offset + filled as u64) {
                Ok(0) => return Err(self.refused(file, OpenError::Changed(SourceChange::Size))),
                Ok(read) => filled += read,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(self.refused(file, OpenError::Io(error.into()))),
            }
        }
        if offset + filled as u64 >= size {
            check_unchanged(&source, &self.layout.tree, file)
                .map_err(|error| self.refused(file, error))?;
        } else {
            self.open = Some((file, source));
        }
        Ok(())
    }

    /// Compares a source with the plan, without opening it. What is not of the host is not looked at.
    ///
    /// # Errors
    /// As [`SourceReader::read`].
    pub fn look(&mut self, file: NodeId) -> Result<(), EmitError> {
        if !matches!(self.layout.tree.origin(file), Origin::Host) {
            return Ok(());
        }
        self.opener
            .look(&self.layout.tree, file)
            .map_err(|error| self.refused(file, error))
    }

    fn refused(&self, file: NodeId, error: OpenError) -> EmitError {
        let path = self.layout.tree.source_path(file);
        match error {
            OpenError::Changed(what) => EmitError::SourceChanged { path, what },
            OpenError::Io(source) => EmitError::Unreadable { path, source },
        }
    }
}
