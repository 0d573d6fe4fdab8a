//! Joliet, level 3: names in two-byte units beside the ISO 9660 names, for readers without Rock Ridge.
//!
//! Structures are those of `iso9660`; this file owns the character set and the length of the names.

use crate::settle::Parts;

/// What Joliet does with characters beyond 16 bits, which UCS-2 has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surrogates {
    /// They are recorded as pairs, as UTF-16 has them: the readers in use understand it.
    #[default]
    Keep,
    /// Each becomes `_`, as strict UCS-2 wants it.
    Replace,
}

/// The escape sequence of UCS-2 level 3, the first bytes of the descriptor's 32.
pub const ESCAPE_LEVEL_3: &[u8] = b"%/E";

/// Most units (of 16 bits) in one name.
pub const NAME_UNITS: usize = 64;
/// Most units in one name where long ones are asked for: what fits into a directory record, beyond what Joliet says.
pub const LONG_NAME_UNITS: usize = 103;

/// Most units of a name, long or not.
pub(crate) fn most_units(long: bool) -> usize {
    if long { LONG_NAME_UNITS } else { NAME_UNITS }
}

/// Longest extension that is kept whole when a name must be cut.
const EXTENSION_UNITS: usize = 16;

/// The 32 bytes of escape sequences of a Joliet descriptor, level 3.
#[must_use]
pub fn escapes() -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(ESCAPE_LEVEL_3) {
        *to = *from;
    }
    bytes
}

/// Whether escape sequences are those of Joliet, of any level.
#[must_use]
pub fn is_joliet(escapes: &[u8]) -> bool {
    matches!(escapes.get(..3), Some(b"%/@" | b"%/C" | b"%/E"))
}

const REPLACEMENT: u16 = 0xfffd;

/// A text in Joliet's units: what Joliet forbids (control characters and `* / : ; ? \`) becomes `_`; bytes that are no
/// UTF-8 become U+FFFD; a character beyond the 16 bits stays a surrogate pair, or becomes `_`, as `surrogates` says.
pub(crate) fn units(text: &[u8], surrogates: Surrogates) -> Vec<u16> {
    let mut out = Vec::with_capacity(text.len());
    let mut pair = [0; 2];
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\0'..='\x1f' | '*' | '/' | ':' | ';' | '?' | '\\' => out.push(u16::from(b'_')),
                '\u{10000}'.. if surrogates == Surrogates::Replace => out.push(u16::from(b'_')),
                _ => out.extend_from_slice(c.encode_utf16(&mut pair)),
            }
        }
        if !chunk.invalid().is_empty() {
            out.push(REPLACEMENT);
        }
    }
    out
}

/// Cuts to at most `limit` units, never between the halves of a surrogate pair.
pub(crate) fn cut(units: &mut Vec<u16>, limit: usize) {
    units.truncate(limit);
    if units
        .last()
        .is_some_and(|last| (0xd800..0xdc00).contains(last))
    {
        units.pop();
    }
}

/// The parts of a name within `limit` units. A file keeps its extension when the stem must be cut. The extension carries
/// its dot, for a name that ends in a dot differs from one that has none.
pub(crate) fn parts(
    name: &[u8],
    directory: bool,
    surrogates: Surrogates,
    limit: usize,
) -> Parts<u16> {
    let all = units(name, surrogates);
    let dot = all.iter().rposition(|u| *u == u16::from(b'.'));
    let split = dot.filter(|dot| !directory && *dot > 0 && all.len() - dot - 1 <= EXTENSION_UNITS);
    let (stem, extension) = all.split_at(split.unwrap_or(all.len()));
    let (mut stem, extension) = (stem.to_vec(), extension.to_vec());
    if stem.len() + extension.len() > limit {
        cut(&mut stem, limit - extension.len());
    }
    Parts {
        stem,
        extension,
        limit,
    }
}

/// Units as the big-endian bytes that are recorded.
pub(crate) fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|u| u.to_be_bytes()).collect()
}

/// Recorded bytes as a UTF-8 name; lone surrogates become U+FFFD.
#[must_use]
pub fn to_utf8(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settle::settle;

    fn whole(parts: &Parts<u16>) -> Vec<u16> {
        let mut units = Vec::new();
        parts.append_to(&mut units);
        units
    }

    fn name(text: &str) -> String {
        to_utf8(&bytes(&whole(&parts(
            text.as_bytes(),
            false,
            Surrogates::Keep,
            NAME_UNITS,
        ))))
    }

    #[test]
    fn names_are_big_endian_units() {
        let parts = parts("Aé☃".as_bytes(), false, Surrogates::Keep, NAME_UNITS);
        assert_eq!(bytes(&whole(&parts)), [0, b'A', 0, 0xe9, 0x26, 0x03]);
        assert_eq!(escapes()[..4], [0x25, 0x2f, 0x45, 0]);
        assert!(is_joliet(&escapes()) && !is_joliet(&[0; 32]));
    }

    #[test]
    fn what_joliet_forbids_is_replaced() {
        assert_eq!(name("a*b:c;d?e\\f\n.txt"), "a_b_c_d_e_f_.txt");
        assert_eq!(
            to_utf8(&bytes(&units(b"x\xffy", Surrogates::Keep))),
            "x\u{fffd}y"
        );
    }

    #[test]
    fn surrogates_are_kept_or_replaced_by_policy() {
        assert_eq!(name("🦀.rs"), "🦀.rs");
        assert_eq!(
            units("🦀".as_bytes(), Surrogates::Replace),
            [u16::from(b'_')]
        );
    }

    #[test]
    fn long_names_are_cut_to_64_units_and_keep_their_extension() {
        let long = name(&format!("{}.jpeg", "n".repeat(90)));
        assert_eq!(long, format!("{}.jpeg", "n".repeat(59)));
        let crabs = name(&format!("x{}", "🦀".repeat(40)));
        assert_eq!(crabs, format!("x{}", "🦀".repeat(31)));
        assert_eq!(name(".config"), ".config");
        assert_eq!(name("dot."), "dot.");
    }

    #[test]
    fn long_names_go_to_103_units() {
        let name = "n".repeat(120);
        let parts = parts(name.as_bytes(), true, Surrogates::Keep, LONG_NAME_UNITS);
        assert_eq!(whole(&parts).len(), 103);
        let record = crate::iso9660::directory_record::base_length(206);
        assert!(record <= crate::iso9660::directory_record::MAX_LENGTH);
    }

    #[test]
    fn names_that_clash_after_the_cut_are_numbered_within_64_units() {
        let long: Vec<String> = (0..20)
            .map(|n| format!("{}🦀{n:02}.jpeg", "n".repeat(60)))
            .collect();
        let parts = |at: usize| parts(long[at].as_bytes(), false, Surrogates::Keep, NAME_UNITS);
        let settled = settle(long.len(), parts, cut, Parts::append_to);
        let distinct: std::collections::HashSet<_> = settled.iter().collect();
        assert_eq!(distinct.len(), 20);
        assert!(
            settled
                .iter()
                .all(|n| n.len() <= NAME_UNITS && String::from_utf16(n).is_ok())
        );
    }
}
