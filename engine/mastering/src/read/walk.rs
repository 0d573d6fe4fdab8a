//! The walk over a tree, and what makes it end.
//!
//! Must not know any file system: it asks the volume for one folder at a time.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::{Entry, ReadError, ReadLimits, Volume};
use crate::block::BlockSource;
use crate::tree::NodeKind;

/// Sees to it that a walk ends: no folder twice, none too deep, not too much in all.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: ReadLimits,
    entered: HashSet<u32>,
    bytes: u64,
    path_bytes: u64,
}

impl Guard {
    pub(crate) fn new(limits: ReadLimits) -> Self {
        Self {
            limits,
            entered: HashSet::new(),
            bytes: 0,
            path_bytes: 0,
        }
    }

    /// Notes that a folder is entered.
    pub(crate) fn enter(&mut self, folder: &Entry, depth: usize) -> Result<(), ReadError> {
        let location = folder.location;
        let lba = match (folder.extents.first(), &folder.inline) {
            (Some(extent), _) => extent.first_lba,
            // What a folder of UDF holds stands in its entry.
            (None, Some(_)) => location.lba,
            (None, None) => return Ok(()),
        };
        if !self.entered.insert(lba) {
            return Err(ReadError::DirectoryLoop { location, lba });
        }
        self.bytes = self.bytes.saturating_add(folder.size);
        if depth > self.limits.depth {
            return Err(ReadError::TooDeep { location });
        }
        if self.bytes > self.limits.total_directory_bytes {
            return Err(ReadError::DirectoryTooLarge {
                location,
                bytes: self.bytes,
            });
        }
        Ok(())
    }

    /// Notes the paths of what a folder at a path holds, before they are made.
    fn hold(&mut self, folder: &Entry, path: &Path, entries: &[Entry]) -> Result<(), ReadError> {
        let above = path.as_os_str().len() as u64 + 1;
        let below = entries.iter().map(|entry| entry.name.len() as u64);
        let sum = below.fold(self.path_bytes, |sum, name| {
            sum.saturating_add(above + name)
        });
        self.path_bytes = sum;
        match sum > self.limits.path_bytes {
            true => Err(ReadError::PathsTooLong {
                location: folder.location,
                bytes: sum,
            }),
            false => Ok(()),
        }
    }
}

/// A walk over a volume's tree.
#[derive(Debug)]
pub struct Walk<'a, R> {
    volume: &'a mut Volume<R>,
    guard: Guard,
    pending: Vec<Result<(PathBuf, Entry, usize), ReadError>>,
}

impl<'a, R: BlockSource> Walk<'a, R> {
    pub(super) fn new(
        volume: &'a mut Volume<R>,
        first: Result<(PathBuf, Entry), ReadError>,
    ) -> Self {
        let first = first.map(|(path, entry)| (path, entry, 0));
        Self {
            guard: Guard::new(volume.limits()),
            volume,
            pending: vec![first],
        }
    }
}

impl<R: BlockSource> Iterator for Walk<'_, R> {
    type Item = Result<(PathBuf, Entry), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (path, entry, depth) = match self.pending.pop()? {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        if entry.kind == NodeKind::Directory {
            let entries = self
                .guard
                .enter(&entry, depth)
                .and_then(|()| self.volume.read_dir(&entry))
                .and_then(|entries| {
                    self.guard.hold(&entry, &path, &entries)?;
                    Ok(entries)
                });
            match entries {
                Ok(entries) => self.pending.extend(entries.into_iter().rev().map(|child| {
                    let path = path.join(OsString::from_vec(child.name.clone()));
                    Ok((path, child, depth + 1))
                })),
                Err(error) => self.pending.push(Err(error)),
            }
        }
        Some(Ok((path, entry)))
    }
}
