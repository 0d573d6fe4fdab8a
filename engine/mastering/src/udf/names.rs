//! Names and texts in OSTA's compressed Unicode (UDF 2.1.1): 8 bits a character where that is enough, else 16.
//!
//! Owns the encoding and the settling of names that cannot stand as they are; must not know folders or descriptors.

use std::collections::HashMap;

use crate::layout::Count;
use crate::settle::{Parts, settle};
use crate::tree::{NodeId, NodeKind, Tree};

/// Bytes of a name at most, the first of which tells the bits of a character.
pub(crate) const NAME_BYTES: usize = 255;

/// Longest extension that is kept whole when a name must be cut.
const EXTENSION_UNITS: usize = 16;

/// A text in its shorter form.
pub(crate) fn compressed(units: impl Iterator<Item = u16> + Clone) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    if units.clone().all(|unit| unit <= 0xff) {
        out.push(8);
        out.extend(units.map(|unit| unit.to_le_bytes()[0]));
    } else {
        out.push(16);
        out.extend(units.flat_map(u16::to_be_bytes));
    }
    out
}

/// The longest beginning of a text that takes at most `room` bytes.
pub(crate) fn cut(text: &str, room: usize) -> &str {
    let mut end = text.len();
    loop {
        let held = text.get(..end).unwrap_or_default();
        if compressed(held.encode_utf16()).len() <= room || held.is_empty() {
            return held;
        }
        end -= held.chars().next_back().map_or(end, char::len_utf8);
    }
}

/// Whether a name can be recorded as it is.
pub(crate) fn holds_name(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok() && bytes_of(&units(name)) <= NAME_BYTES
}

/// The units of a name; a byte that is no UTF-8 becomes U+FFFD.
fn units(name: &[u8]) -> Vec<u16> {
    let mut out = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.extend(chunk.valid().encode_utf16());
        if !chunk.invalid().is_empty() {
            out.push(0xfffd);
        }
    }
    out
}

fn bytes_of(units: &[u16]) -> usize {
    match units.iter().all(|unit| *unit <= 0xff) {
        true => 1 + units.len(),
        false => 1 + 2 * units.len(),
    }
}

fn parts(name: &[u8], directory: bool) -> Parts<u16> {
    let all = units(name);
    let narrow = all.iter().all(|unit| *unit <= 0xff);
    let limit = if narrow {
        NAME_BYTES - 1
    } else {
        (NAME_BYTES - 1) / 2
    };
    let dot = all.iter().rposition(|unit| *unit == u16::from(b'.'));
    let split = dot.filter(|dot| !directory && *dot > 0 && all.len() - dot - 1 <= EXTENSION_UNITS);
    let (mut stem, extension) = match split {
        Some(dot) => (
            all.get(..dot).unwrap_or_default().to_vec(),
            all.get(dot..).unwrap_or_default().to_vec(),
        ),
        None => (all, Vec::new()),
    };
    if stem.len() + extension.len() > limit {
        crate::joliet::cut(&mut stem, limit - extension.len());
    }
    Parts {
        stem,
        extension,
        limit,
    }
}

/// The names of a tree: encoded when asked for, but for those that had to be changed.
#[derive(Debug, Default)]
pub(crate) struct Names {
    changed: HashMap<NodeId, Vec<u8>>,
}

impl Names {
    /// Looks at every name, and settles those that cannot stand: too long, or no UTF-8.
    pub(crate) fn settle(tree: &Tree, changed: &mut Count) -> Self {
        let mut this = Self::default();
        for folder in tree
            .nodes()
            .filter(|id| tree.kind(*id) == NodeKind::Directory)
        {
            let stands = |id: NodeId| holds_name(tree.name_bytes(id));
            if tree.children(folder).all(stands) {
                continue;
            }
            let children: Vec<NodeId> = tree.children(folder).collect();
            // Those that can stand come first, so that they keep their names.
            let (standing, others): (Vec<_>, Vec<_>) =
                children.into_iter().partition(|id| stands(*id));
            let ordered: Vec<NodeId> = standing.into_iter().chain(others).collect();
            let parts = |at: usize| {
                let id = ordered.get(at).copied().unwrap_or(NodeId::ROOT);
                parts(tree.name_bytes(id), tree.kind(id) == NodeKind::Directory)
            };
            let settled = settle(ordered.len(), parts, crate::joliet::cut, Parts::append_to);
            for (id, settled) in ordered.iter().zip(settled.iter()) {
                if !stands(*id) {
                    changed.add(*id);
                    let name = compressed(settled.iter().copied());
                    this.changed.insert(*id, name);
                }
            }
        }
        this
    }

    /// A node's name as it is recorded.
    pub(crate) fn of(&self, tree: &Tree, id: NodeId) -> Vec<u8> {
        if let Some(name) = self.changed.get(&id) {
            return name.clone();
        }
        let name = tree.name_bytes(id);
        if name.is_ascii() {
            let mut out = Vec::with_capacity(1 + name.len());
            out.push(8);
            out.extend_from_slice(name);
            return out;
        }
        compressed(units(name).into_iter())
    }

    /// Bytes of a node's name as it is recorded.
    pub(crate) fn length(&self, tree: &Tree, id: NodeId) -> usize {
        if let Some(name) = self.changed.get(&id) {
            return name.len();
        }
        let name = tree.name_bytes(id);
        match name.is_ascii() {
            true => 1 + name.len(),
            false => bytes_of(&units(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_eight_bits_a_character_where_that_is_enough() {
        assert_eq!(compressed("aé".encode_utf16()), [8, b'a', 0xe9]);
        assert_eq!(compressed("aż".encode_utf16()), [16, 0, b'a', 0x01, 0x7c]);
        assert_eq!(
            compressed("😀".encode_utf16()),
            [16, 0xd8, 0x3d, 0xde, 0x00]
        );
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "ab");
        assert_eq!(cut("aż", 4), "a");
        assert_eq!(cut("😀😀", 8), "😀");
        assert_eq!(cut("😀", 4), "");
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let long = "ż".repeat(200) + ".txt";
        let parts = parts(long.as_bytes(), false);
        assert_eq!(parts.stem.len() + parts.extension.len(), 127);
        let mut name = Vec::new();
        parts.append_to(&mut name);
        assert_eq!(compressed(name.into_iter()).len(), 255);
    }
}
