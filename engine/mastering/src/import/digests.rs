//! The SHA-256 of files that stay where they are, for a manifest of the next session.
//!
//! What the volume's own manifest lists of its session is believed, so that a file that has changed since then does not
//! become right by being listed anew; all else is read. Owns which of the two it is; must not know how a manifest is made.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::ImportError;
use crate::block::{BLOCK_BYTES, BlockSource, Extent};
use crate::checksums::{Digest, digest_of, listed_in};
use crate::read::{Entry, Volume};
use crate::tree::{Origin, TreeBuilder};

/// Files can share blocks, and compressed ones can pretend to hold much: so many times the bytes of the disc are read at most.
const MOST_TIMES: u64 = 4;

/// What is listed, and what is newer than the list.
struct Listed {
    digests: HashMap<Vec<u8>, Digest>,
    /// The first block of the manifest, which stands behind all that it lists.
    behind: u32,
}

impl Listed {
    fn of<R: BlockSource>(volume: &mut Volume<R>, manifest: &Entry) -> Option<Self> {
        let behind = manifest.lba_of(0)?;
        // One that cannot be read lists nothing.
        let digests = listed_in(volume, manifest).ok()?;
        Some(Self { digests, behind })
    }

    fn digest(&self, path: &Path, file: &Entry) -> Option<Digest> {
        let is_older = file.lba_of(0).is_none_or(|first| first < self.behind);
        let name = path.as_os_str().as_bytes();
        let name = name.strip_prefix(b"/").unwrap_or(name);
        self.digests.get(name).copied().filter(|_| is_older)
    }
}

/// Notes the digest of each of `files` that stays in its place. `manifest` is what may list them.
pub(super) fn take<R: BlockSource>(
    volume: &mut Volume<R>,
    builder: &mut TreeBuilder,
    mut files: Vec<(PathBuf, Entry)>,
    manifest: &Path,
) -> Result<(), ImportError> {
    let manifest = Path::new("/").join(manifest);
    let own = files.iter().find(|(path, _)| *path == manifest);
    let listed = own.and_then(|(_, entry)| Listed::of(volume, entry));
    files.retain(|(path, _)| {
        let item = builder.get(path);
        *path != manifest && item.is_some_and(|item| matches!(item.origin(), Origin::Recorded(_)))
    });
    // In the order of the disc; those that are one file beside one another.
    files.sort_by_cached_key(|(_, entry)| (places(entry), entry.size));
    let most = volume.source().blocks().map_or(u64::MAX, |blocks| {
        u64::from(blocks)
            .saturating_mul(BLOCK_BYTES)
            .saturating_mul(MOST_TIMES)
    });
    let mut bytes = 0u64;
    let mut before: Option<(&Entry, Digest)> = None;
    for (path, entry) in &files {
        let known = listed
            .as_ref()
            .and_then(|listed| listed.digest(path, entry));
        let same = before.filter(|(other, _)| {
            (&other.extents, other.size, other.zisofs) == (&entry.extents, entry.size, entry.zisofs)
        });
        let digest = match (known, same) {
            (Some(digest), _) | (None, Some((_, digest))) => digest,
            (None, None) => {
                bytes = bytes.saturating_add(entry.size);
                if bytes > most {
                    return Err(ImportError::TooMuch {
                        path: path.clone(),
                        limit: most,
                    });
                }
                let digest = digest_of(volume, entry);
                let digest = digest.map_err(|source| ImportError::Unreadable {
                    path: path.clone(),
                    source,
                })?;
                before = Some((entry, digest));
                digest
            }
        };
        builder.set_digest(path, digest)?;
    }
    Ok(())
}

fn places(entry: &Entry) -> Vec<(u32, u32)> {
    let place = |extent: &Extent| (extent.first_lba, extent.bytes);
    entry.extents.iter().map(place).collect()
}
