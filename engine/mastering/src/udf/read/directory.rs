//! Folders: rows of file identifier descriptors (ECMA-167 4/14.4), and the names in them.
//!
//! Must not follow what they lead to.

use super::UdfFault;
use super::fields::{Allocation, View, characters};
use super::tagged::{identifier, is_whole};
use crate::udf::tag;

/// Bytes of an identifier descriptor before what implementations put into it, and the name.
const FIXED_BYTES: usize = 38;

const HIDDEN: u8 = 1 << 0;
const DELETED: u8 = 1 << 2;
const PARENT: u8 = 1 << 3;

/// A name in a folder, and where it leads.
#[derive(Debug)]
pub(super) struct Identifier {
    pub(super) name: Vec<u8>,
    pub(super) hidden: bool,
    pub(super) to: Allocation,
}

/// The names of a folder without deleted ones and the way to its parent; or the byte with which one begins that cannot be
/// used, and what is wrong with it.
pub(super) fn identifiers(folder: &[u8]) -> Result<Vec<Identifier>, (usize, UdfFault)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = folder.get(at..).filter(|rest| !rest.is_empty()) {
        let begins = at;
        let wrong = |source| (begins, source);
        let view = View(rest);
        let name_bytes = usize::from(view.u8(19));
        let before = FIXED_BYTES + usize::from(view.u16(36));
        let length = (before + name_bytes).next_multiple_of(4);
        if identifier(rest) != Some(tag::FILE_IDENTIFIER) {
            return Err(wrong(UdfFault::Tag {
                expected: tag::FILE_IDENTIFIER,
                found: view.u16(0),
            }));
        }
        // What fills up the last one may be missing at the end of the folder.
        if rest.len() < before + name_bytes {
            return Err(wrong(UdfFault::Field("a name reaches beyond its folder")));
        }
        if !is_whole(rest) {
            return Err(wrong(UdfFault::Crc));
        }
        at += length;
        let flags = view.u8(18);
        if flags & (DELETED | PARENT) != 0 {
            continue;
        }
        found.push(Identifier {
            name: shown(view.bytes(before, name_bytes)).ok_or_else(|| wrong(UdfFault::Name))?,
            hidden: flags & HIDDEN != 0,
            to: view.long_allocation(20),
        });
    }
    Ok(found)
}

/// A name as UTF-8. What no path can hold is an underscore, as UDF has it for systems of this kind (UDF 4.2.2.1);
/// `None` for a name without characters.
pub(super) fn shown(recorded: &[u8]) -> Option<Vec<u8>> {
    let mut name = characters(recorded);
    if matches!(name.as_slice(), b"." | b"..") {
        name.fill(b'_');
    }
    for byte in &mut name {
        if matches!(byte, b'/' | 0) {
            *byte = b'_';
        }
    }
    (!name.is_empty()).then_some(name)
}

/// The target of a symbolic link, from its path components (ECMA-167 4/14.16); `None` where one is unknown.
pub(super) fn target(components: &[u8]) -> Option<Vec<u8>> {
    let mut path = Vec::new();
    let mut rest = components;
    let mut open = false;
    while rest.len() >= 4 {
        let length = usize::from(View(rest).u8(1));
        let name = rest.get(4..4 + length)?;
        match View(rest).u8(0) {
            // The root of this volume, and that of the whole: one to us.
            1 | 2 => {
                path = b"/".to_vec();
                open = false;
            }
            kind @ 3..=5 => {
                if open {
                    path.push(b'/');
                }
                open = true;
                match kind {
                    3 => path.extend_from_slice(b".."),
                    4 => path.push(b'.'),
                    _ => path.extend(shown(name)?),
                }
            }
            _ => return None,
        }
        rest = rest.get(4 + length..)?;
    }
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_path_can_hold_are_shown_with_underscores() {
        assert_eq!(shown(b"\x08a/b").as_deref(), Some(&b"a_b"[..]));
        assert_eq!(shown(b"\x08..").as_deref(), Some(&b"__"[..]));
        assert_eq!(shown(b"\x08a\0").as_deref(), Some(&b"a_"[..]));
        assert_eq!(shown(b"\x08"), None);
        assert_eq!(shown(b""), None);
        assert_eq!(shown(b"\x07a"), None);
    }

    #[test]
    fn a_target_is_put_together_from_its_components() {
        let parts: &[u8] = &[2, 0, 0, 0, 5, 2, 0, 0, 8, b'a', 3, 0, 0, 0, 4, 0, 0, 0];
        assert_eq!(target(parts).as_deref(), Some(&b"/a/../."[..]));
        assert_eq!(target(&parts[4..]).as_deref(), Some(&b"a/../."[..]));
        assert_eq!(target(&[5, 9, 0, 0, 8, b'a']), None);
        assert_eq!(target(&[]), None);
    }
}
