//! A volume against its own manifest: no source is at hand.
//!
//! Reads the volume alone. What it keeps is bounded by the manifest, and so by the volume.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::line::{Digest, Line};
use crate::block::{BLOCK_SIZE, BlockSource};
use crate::read::{Entry, ReadError, Volume};
use crate::tree::NodeKind;

/// Bytes that are read at a time: whole blocks.
const PIECE: usize = 512 * BLOCK_SIZE;
/// No path of a volume is longer, so neither is a line.
const LONGEST_LINE: usize = 1 << 17;

/// Something in which a volume differs from its manifest. Paths are those of the volume, from `/`.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestDifference {
    /// The manifest lists a file that is not there.
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The file has other bytes.
    Content {
        /// Where.
        path: PathBuf,
        /// Its first block, absolute on the disc; none for an empty file.
        lba: Option<u32>,
    },
    /// A part of the file, or a folder, cannot be read.
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why not.
        error: ReadError,
    },
    /// The volume has a file that the manifest does not list.
    NotListed {
        /// Where.
        path: PathBuf,
    },
    /// A line that is none of a manifest.
    Line {
        /// Which one, from 1.
        number: u64,
    },
}

impl std::fmt::Display for ManifestDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "{} is missing", path.display()),
            Self::Content { path, lba } => {
                write!(f, "{} has other bytes", path.display())?;
                match lba {
                    Some(lba) => write!(f, "; it begins at block {lba}"),
                    None => Ok(()),
                }
            }
            Self::Unreadable { path, error } => {
                write!(f, "{} cannot be read: {error}", path.display())
            }
            Self::NotListed { path } => {
                write!(f, "{} is not listed in the manifest", path.display())
            }
            Self::Line { number } => write!(f, "line {number} of the manifest is none"),
        }
    }
}

/// Why a volume cannot be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It has no such file.
    #[error("the volume has no manifest {}", .path.display())]
    None {
        /// Which one was looked for.
        path: PathBuf,
    },
    /// The manifest or a folder above it cannot be read.
    #[error("the manifest cannot be read: {0}")]
    Read(#[from] ReadError),
}

/// Compares a volume with the manifest that stands in it, by the names in use: they must be those of the tree, so Rock
/// Ridge's or UDF's. Files are read in the order of their blocks. Answers the differences; none where all is well.
///
/// # Errors
/// [`ManifestError`], when there is no manifest, or it cannot be read.
pub fn check<R: BlockSource>(
    volume: &mut Volume<R>,
    manifest: impl AsRef<Path>,
) -> Result<Vec<ManifestDifference>, ManifestError> {
    let manifest = Path::new("/").join(manifest);
    let entry = volume.find(&manifest)?;
    let entry = entry
        .filter(|entry| entry.kind == NodeKind::File)
        .ok_or_else(|| ManifestError::None {
            path: manifest.clone(),
        })?;
    let mut differences = Vec::new();
    let mut listed = read_manifest(volume, &entry, &mut differences)?;
    let mut files: Vec<(PathBuf, Entry, Digest)> = Vec::new();
    for found in volume.walk() {
        match found {
            Ok((path, entry)) if entry.kind == NodeKind::File => {
                let name = path.as_os_str().as_bytes();
                match listed.remove(name.strip_prefix(b"/").unwrap_or(name)) {
                    Some(digest) => files.push((path, entry, digest)),
                    None if path == manifest => {}
                    None => differences.push(ManifestDifference::NotListed { path }),
                }
            }
            Ok(_) => {}
            Err(error) => differences.push(ManifestDifference::Unreadable {
                path: "/".into(),
                error,
            }),
        }
    }
    files.sort_by_key(|(_, entry, _)| entry.lba_of(0));
    for (path, entry, digest) in files {
        match digest_of(volume, &entry) {
            Ok(found) if found == digest => {}
            Ok(_) => differences.push(ManifestDifference::Content {
                path,
                lba: entry.lba_of(0),
            }),
            Err(error) => differences.push(ManifestDifference::Unreadable { path, error }),
        }
    }
    let mut missing: Vec<Vec<u8>> = listed.into_keys().collect();
    missing.sort_unstable();
    differences.extend(missing.into_iter().map(|path| {
        let path = Path::new("/").join(OsString::from_vec(path));
        ManifestDifference::Missing { path }
    }));
    Ok(differences)
}

/// What a manifest lists, by paths without a slash at the beginning. What is no line is passed over.
pub(crate) fn listed_in<R: BlockSource>(
    volume: &mut Volume<R>,
    manifest: &Entry,
) -> Result<HashMap<Vec<u8>, Digest>, ReadError> {
    read_manifest(volume, manifest, &mut Vec::new())
}

fn read_manifest<R: BlockSource>(
    volume: &mut Volume<R>,
    entry: &Entry,
    differences: &mut Vec<ManifestDifference>,
) -> Result<HashMap<Vec<u8>, Digest>, ReadError> {
    let mut listed = HashMap::new();
    let mut number = 0;
    let mut line = Vec::new();
    let mut end = |line: &mut Vec<u8>| {
        number += 1;
        match Line::parse(line) {
            Some((path, digest)) => {
                listed.insert(path, digest);
            }
            None => differences.push(ManifestDifference::Line { number }),
        }
        line.clear();
    };
    each_piece(volume, entry, |piece| {
        for byte in piece {
            match byte {
                b'\n' => end(&mut line),
                // What is longer is no line, whatever follows.
                _ if line.len() >= LONGEST_LINE => {}
                byte => line.push(*byte),
            }
        }
    })?;
    if !line.is_empty() {
        end(&mut line);
    }
    Ok(listed)
}

/// The SHA-256 of a file as it is read.
pub(crate) fn digest_of<R: BlockSource>(
    volume: &mut Volume<R>,
    entry: &Entry,
) -> Result<Digest, ReadError> {
    let mut sum = Sha256::new();
    each_piece(volume, entry, |piece| sum.update(piece))?;
    Ok(sum.finalize().into())
}

fn each_piece<R: BlockSource>(
    volume: &mut Volume<R>,
    entry: &Entry,
    mut take: impl FnMut(&[u8]),
) -> Result<(), ReadError> {
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < entry.size {
        let length = (entry.size - at).min(PIECE as u64) as usize;
        let out = piece.get_mut(..length).unwrap_or_default();
        match volume.read_file(entry, at, out)? {
            0 => break,
            filled => {
                take(out.get(..filled).unwrap_or_default());
                at += filled as u64;
            }
        }
    }
    Ok(())
}
