//! A stash that is ready to be burned: read from any place, as often as one likes, by several at once.
//! Puts together what is stored, what is read ahead and what stays at its source.

use super::store::Store;
use crate::error::SourceError;
use pitland_mastering::{AheadFiles, EmitError, Emitter, FileContents, Layout, NodeId, ReadAhead};
use std::io;
use std::sync::Arc;

/// The stored files of a volume: which, and where in the store.
#[derive(Debug)]
pub(super) struct StoredFiles {
    pub(super) store: Store,
    /// In the order of the nodes.
    pub(super) places: Vec<(NodeId, u64)>,
}

impl StoredFiles {
    fn place(&self, file: NodeId) -> Option<u64> {
        let at = self
            .places
            .binary_search_by_key(&file, |(id, _)| *id)
            .ok()?;
        self.places.get(at).map(|(_, position)| *position)
    }
}

#[derive(Debug)]
enum Kind {
    Volume {
        layout: Arc<Layout>,
        stored: Arc<StoredFiles>,
        ahead: Arc<AheadFiles>,
    },
    Whole(Store),
}

/// An image of which what had to be stashed is stashed.
#[derive(Debug)]
pub(crate) struct Stashed {
    kind: Kind,
}

impl Stashed {
    pub(super) fn volume(
        layout: Arc<Layout>,
        stored: Arc<StoredFiles>,
        ahead: Arc<AheadFiles>,
    ) -> Self {
        Self {
            kind: Kind::Volume {
                layout,
                stored,
                ahead,
            },
        }
    }

    pub(super) fn whole(store: Store) -> Self {
        Self {
            kind: Kind::Whole(store),
        }
    }

    /// The volume's layout, where the image is mastered here.
    pub(crate) fn layout(&self) -> Option<&Arc<Layout>> {
        match &self.kind {
            Kind::Volume { layout, .. } => Some(layout),
            Kind::Whole(_) => None,
        }
    }

    /// A reader of the whole image. Each has a few MiB and threads of its own where files are read ahead.
    pub(crate) fn reader(self: &Arc<Self>) -> StashReader {
        match &self.kind {
            Kind::Volume {
                layout,
                stored,
                ahead,
            } => {
                let contents = Contents {
                    layout: Arc::clone(layout),
                    stored: Arc::clone(stored),
                    ahead: (!ahead.is_empty())
                        .then(|| ReadAhead::new(Arc::clone(layout), Arc::clone(ahead))),
                };
                StashReader::Volume(Box::new(layout.emitter_with(Box::new(contents))))
            }
            Kind::Whole(_) => StashReader::Whole(Arc::clone(self)),
        }
    }
}

/// Reads an image of which a part is stashed.
#[derive(Debug)]
pub(crate) enum StashReader {
    Volume(Box<Emitter>),
    Whole(Arc<Stashed>),
}

impl StashReader {
    /// Fills `out` with the image's bytes from `position` on; of a volume, whole blocks.
    ///
    /// # Errors
    /// What the source or the stash met. A file that changed since it was planned is named.
    pub(crate) fn read(&mut self, position: u64, out: &mut [u8]) -> Result<(), SourceError> {
        match self {
            Self::Volume(emitter) => emitter
                .read_blocks(position / 2048, out)
                .map_err(|error| Arc::new(error).into()),
            Self::Whole(stashed) => match &stashed.kind {
                Kind::Whole(store) => store.read(position, out),
                Kind::Volume { .. } => Err(SourceError::Vanished),
            },
        }
    }
}

/// What an emitter asks for the bytes of files.
#[derive(Debug)]
struct Contents {
    layout: Arc<Layout>,
    stored: Arc<StoredFiles>,
    ahead: Option<ReadAhead>,
}

impl FileContents for Contents {
    fn read(&mut self, file: NodeId, offset: u64, out: &mut [u8]) -> Result<bool, EmitError> {
        if let Some(position) = self.stored.place(file) {
            return match self.stored.store.read(position + offset, out) {
                Ok(()) => Ok(true),
                Err(error) => Err(EmitError::Copy {
                    path: self.layout.tree().source_path(file),
                    source: io::Error::other(error),
                }),
            };
        }
        match &mut self.ahead {
            Some(ahead) => ahead.read(file, offset, out),
            None => Ok(false),
        }
    }
}
