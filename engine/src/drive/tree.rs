//! Comparing what is on a disc with the folders it came from. Owns the way from a drive to a volume; the
//! comparison is mastering's.

use crate::config::{MANIFEST, MasterOptions};
use crate::drive::handle::DriveHandle;
use crate::error::{QueryError, SourceError};
use pitland_mastering::compare::with_manifest_of;
use pitland_mastering::tree::{Globs, HiddenIn};
use pitland_mastering::{CompareOptions, Difference, PlanError, ReadError, Tree, Volume, compare};
use pitland_mmc::Lba;
use std::path::PathBuf;
use std::sync::Arc;

/// What a comparison of a disc with its source found.
#[derive(Debug)]
#[non_exhaustive]
pub struct TreeReport {
    /// First block of the session that was compared.
    pub session_lba: u32,
    /// Names that were compared, folders among them.
    pub names: u64,
    /// Bytes of files that were compared.
    pub bytes: u64,
    /// What differs, in the order in which it was found; each tells file and, where there is one, block.
    pub differences: Vec<Difference>,
}

impl TreeReport {
    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Why a disc could not be compared at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The drive did not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is no volume, or its first structures are damaged.
    #[error("no volume can be read: {0}")]
    Volume(#[from] ReadError),
    /// The source could not have become a volume.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The engine ended.
    #[error("the engine ended")]
    Gone,
}

impl DriveHandle {
    /// Compares the volume of the disc's last closed session with the folders and files it came from:
    /// names, kinds, sizes, attributes, and every byte. Of the options count how sources are walked, and what is hidden. A
    /// manifest that the sources do not have is compared with what it must list.
    ///
    /// # Errors
    /// When there is nothing to compare; what differs is in the report.
    pub async fn verify_tree(
        &self,
        sources: Vec<PathBuf>,
        options: MasterOptions,
    ) -> Result<TreeReport, TreeError> {
        let facts = self.medium().await?.facts;
        let session_lba = facts.last_closed_session_start().unwrap_or(Lba(0));
        let session_lba = u32::try_from(session_lba.0).unwrap_or(0);
        let reader = self.reader();
        tokio::task::spawn_blocking(move || {
            let mut tree = Tree::scan(&sources, &options.walk()?)
                .map_err(|error| SourceError::Scan(Arc::new(error)))?;
            let mut volume = Volume::open(reader, session_lba)?;
            tree = with_manifest_of(&mut volume, tree, MANIFEST)
                .map_err(|error| SourceError::Edit(Arc::new(error)))?;
            tree.hide(
                &Globs::new(&options.hide).map_err(SourceError::from)?,
                HiddenIn::ALL,
            );
            let how = CompareOptions::of_volume(&mut volume);
            let mut differences = Vec::new();
            let summary = compare(&mut volume, &tree, &how, &mut differences)?;
            Ok(TreeReport {
                session_lba,
                names: summary.names,
                bytes: summary.bytes,
                differences,
            })
        })
        .await
        .map_err(|_| TreeError::Gone)?
    }
}
