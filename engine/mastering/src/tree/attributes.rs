//! Extended attributes and access control lists of the host's files, asked for where they are wished.
//!
//! Reads attributes alone; must not know which format records them.

use std::path::PathBuf;

use rustix::fs::{lgetxattr, lgetxattr_query, llistxattr, llistxattr_query};
use rustix::io::Errno;

use super::{ExtendedAttribute, NodeId, NodeKind, Origin, ScanError, Tree};

impl Tree {
    /// Takes the extended attributes of the host's files and folders into the tree, with their access control lists:
    /// all that this process may see. A file system that has none is no error. Answers how many nodes have some.
    ///
    /// # Errors
    /// [`ScanError::Missing`] and [`ScanError::Unreadable`], with the path at the source.
    pub fn read_attributes(&mut self) -> Result<u64, ScanError> {
        let mut found = 0;
        for id in self.nodes().collect::<Vec<_>>() {
            let held = matches!(self.kind(id), NodeKind::File | NodeKind::Directory);
            // A root that gathers several sources has no source of its own.
            let of_host =
                matches!(self.origin(id), Origin::Host) && (id != NodeId::ROOT || self.is_base(id));
            if !held || !of_host {
                continue;
            }
            let path = self.source_path(id);
            let attributes = read(&path).map_err(|error| refused(path, error))?;
            if !attributes.is_empty() {
                found += 1;
                self.change_extras(id, |extras| extras.attributes = attributes);
            }
        }
        Ok(found)
    }
}

fn refused(path: PathBuf, error: Errno) -> ScanError {
    match error {
        Errno::NOENT => ScanError::Missing { path },
        other => ScanError::Unreadable {
            path,
            source: other.into(),
        },
    }
}

fn read(path: &PathBuf) -> Result<Vec<ExtendedAttribute>, Errno> {
    let names = match whole(|| llistxattr_query(path), |buffer| llistxattr(path, buffer)) {
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        names => names?,
    };
    let mut attributes = Vec::new();
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let length = || lgetxattr_query(path, name);
        match whole(length, |buffer| lgetxattr(path, name, buffer)) {
            Ok(value) => attributes.push(ExtendedAttribute {
                name: name.to_vec(),
                value,
            }),
            // Gone since it was listed, or not for everybody to see.
            Err(Errno::NODATA | Errno::PERM | Errno::NOTSUP) => {}
            Err(error) => return Err(error),
        }
    }
    // The system lists them in no order that would be the same tomorrow.
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(attributes)
}

/// A value of unknown length: the system says how long it is, and says so again where it has grown meanwhile.
fn whole(
    length: impl Fn() -> Result<usize, Errno>,
    get: impl Fn(&mut [u8]) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    loop {
        let length = length()?;
        let mut buffer = vec![0; length];
        if length == 0 {
            return Ok(buffer);
        }
        match get(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) => {}
            Err(error) => return Err(error),
        }
    }
}
