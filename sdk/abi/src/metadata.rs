//! The handshake: bytes that a library carries under a plain C symbol, read before any of its code
//! runs and before abi_stable looks at it.
//!
//! Owns the layout of those bytes, which every version of the ABI shares: a host can always tell
//! what it was given. They hold no pointers, so they can be read from the file without loading it.

use std::fmt;

/// The name of the symbol.
pub const SYMBOL: &str = "pitland_plugin_metadata";

/// Bytes under the symbol.
pub const SIZE: usize = 2048;

/// The first bytes. The line ends show a copy made as text.
pub const MAGIC: [u8; 16] = *b"PITLAND PLUGIN\r\n";

const UNWINDS: u8 = 1;
/// Where the text begins: behind magic, version (3 x 2 bytes), flags (2) and length of the text (4).
const TEXT: usize = 28;

/// The version of the ABI: host and plug-in must have the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbiVersion {
    /// A new shape.
    pub major: u16,
    /// New words; a new shape, while the major version is 0.
    pub minor: u16,
    /// Neither.
    pub patch: u16,
}

impl AbiVersion {
    /// Whether a host of this version and a library of that one have the same shape. Words that one of them
    /// does not know are refused when they come.
    pub const fn is_spoken_by(self, library: Self) -> bool {
        let draft = self.major == 0;
        let same_draft = self.minor == library.minor && self.patch == library.patch;
        self.major == library.major && (!draft || same_draft)
    }
}

impl fmt::Display for AbiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The version that this crate speaks: its own package version.
pub const ABI_VERSION: AbiVersion = AbiVersion {
    major: number(env!("CARGO_PKG_VERSION_MAJOR")),
    minor: number(env!("CARGO_PKG_VERSION_MINOR")),
    patch: number(env!("CARGO_PKG_VERSION_PATCH")),
};

/// The compiler that built this crate, and with it the library that it is part of.
pub const RUSTC: &str = env!("PITLAND_ABI_RUSTC");

const fn number(text: &str) -> u16 {
    let digits = text.as_bytes();
    let (mut value, mut i) = (0, 0);
    while i < digits.len() {
        value = value * 10 + (digits[i] - b'0') as u16;
        i += 1;
    }
    value
}

/// The bytes of a library, made while it is compiled. `text` is lines of `key: value`.
///
/// Does not compile when the text is too long.
#[doc(hidden)]
pub const fn emit(unwinds: bool, text: &[&str]) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let mut at = put(&mut bytes, 0, &MAGIC);
    at = put(&mut bytes, at, &ABI_VERSION.major.to_le_bytes());
    at = put(&mut bytes, at, &ABI_VERSION.minor.to_le_bytes());
    at = put(&mut bytes, at, &ABI_VERSION.patch.to_le_bytes());
    at = put(&mut bytes, at, &[if unwinds { UNWINDS } else { 0 }, 0]);
    let mut end = at + 4;
    let mut i = 0;
    while i < text.len() {
        end = put(&mut bytes, end, text[i].as_bytes());
        i += 1;
    }
    // Within SIZE, so it fits four bytes.
    let length = (end - TEXT) as u32;
    put(&mut bytes, at, &length.to_le_bytes());
    bytes
}

const fn put(bytes: &mut [u8; SIZE], at: usize, part: &[u8]) -> usize {
    let mut i = 0;
    while i < part.len() {
        bytes[at + i] = part[i];
        i += 1;
    }
    at + i
}

/// What a library tells of itself before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The ABI that it was built for.
    pub abi: AbiVersion,
    /// Whether its panics can be caught.
    pub unwinds: bool,
    /// The package it was built from.
    pub package: String,
    /// The version of that package.
    pub version: String,
    /// Its authors, with a colon between them.
    pub authors: String,
    /// Its licence, as an SPDX expression.
    pub license: String,
    /// The types of its writers; their names and profiles are told once it is loaded.
    pub writers: String,
    /// The compiler that built it.
    pub rustc: String,
    /// The version of the SDK that it was built with; empty from before it was told.
    pub sdk: String,
}

/// Why bytes are no metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// Fewer bytes than there must be.
    #[error("the metadata are cut short")]
    Short,
    /// Other bytes than the magic ones come first.
    #[error("the metadata do not begin as they must")]
    Magic,
    /// The text is longer than its room, or no text.
    #[error("the metadata hold no readable text")]
    Text,
}

impl Metadata {
    /// Reads the bytes under the symbol. Keys without a meaning here are skipped, keys that are not
    /// there are empty.
    ///
    /// # Errors
    /// They are not the bytes that a library of ours carries.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let rest = bytes.strip_prefix(&MAGIC[..]).ok_or_else(|| {
            if bytes.len() < MAGIC.len() {
                MetadataError::Short
            } else {
                MetadataError::Magic
            }
        })?;
        let (head, text) = rest
            .split_at_checked(TEXT - MAGIC.len())
            .ok_or(MetadataError::Short)?;
        let &[a, b, c, d, e, f, flags, _, l0, l1, l2, l3] = head else {
            return Err(MetadataError::Short);
        };
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3]))
            .map_err(|_| MetadataError::Text)?;
        let text = text.get(..length).ok_or(MetadataError::Text)?;
        let text = std::str::from_utf8(text).map_err(|_| MetadataError::Text)?;
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
                .unwrap_or_default()
                .to_owned()
        };
        Ok(Self {
            abi: AbiVersion {
                major: u16::from_le_bytes([a, b]),
                minor: u16::from_le_bytes([c, d]),
                patch: u16::from_le_bytes([e, f]),
            },
            unwinds: flags & UNWINDS != 0,
            package: value("package"),
            version: value("version"),
            authors: value("authors"),
            license: value("license"),
            writers: value("writers"),
            rustc: value("rustc"),
            sdk: value("sdk"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BYTES: [u8; SIZE] = emit(
        true,
        &[
            "package: a-writer\nversion: 1.2.3\n",
            "writers: A, B\nnew: x\n",
        ],
    );

    #[test]
    fn what_is_emitted_is_read() {
        let metadata = Metadata::parse(&BYTES).unwrap();
        assert_eq!(metadata.abi, ABI_VERSION);
        assert!(metadata.unwinds);
        assert_eq!(metadata.package, "a-writer");
        assert_eq!(metadata.version, "1.2.3");
        assert_eq!(metadata.writers, "A, B");
        assert_eq!(metadata.authors, "");
        assert_eq!(metadata.sdk, "", "one from before it was told");
        assert!(!Metadata::parse(&emit(false, &[])).unwrap().unwinds);
    }

    /// A raised version refuses plug-ins or tells of new words, so it must be meant.
    #[test]
    fn the_version_of_the_abi_is_its_own() {
        let manifest = include_str!("../Cargo.toml");
        assert!(
            manifest.contains(&format!("\nversion = \"{ABI_VERSION}\"\n")),
            "{ABI_VERSION}"
        );
        assert_eq!(
            ABI_VERSION,
            AbiVersion {
                major: 1,
                minor: 0,
                patch: 0
            }
        );
    }

    #[test]
    fn a_shape_is_the_same_for_all_of_a_major_version() {
        let version = |major, minor, patch| AbiVersion {
            major,
            minor,
            patch,
        };
        let host = version(1, 3, 0);
        for library in [version(1, 0, 0), version(1, 3, 7), version(1, 9, 0)] {
            assert!(host.is_spoken_by(library), "{library}");
        }
        for library in [version(0, 2, 0), version(0, 3, 0), version(2, 0, 0)] {
            assert!(!host.is_spoken_by(library), "{library}");
        }
        let draft = version(0, 2, 0);
        assert!(draft.is_spoken_by(draft));
        assert!(!draft.is_spoken_by(version(0, 2, 1)));
    }

    #[test]
    fn the_layout_stays_for_every_version() {
        assert_eq!(&BYTES[..16], b"PITLAND PLUGIN\r\n");
        assert_eq!(BYTES[22], 1, "unwinds");
        assert_eq!(BYTES[24..28], 54u32.to_le_bytes(), "length of the text");
        assert_eq!(&BYTES[28..37], b"package: ");
    }

    #[test]
    fn other_bytes_are_told_apart() {
        assert_eq!(Metadata::parse(&[]), Err(MetadataError::Short));
        assert_eq!(Metadata::parse(&[7; 64]), Err(MetadataError::Magic));
        assert_eq!(Metadata::parse(&BYTES[..20]), Err(MetadataError::Short));
        assert_eq!(Metadata::parse(&BYTES[..40]), Err(MetadataError::Text));
        let mut broken = BYTES;
        broken[30] = 0xFF;
        assert_eq!(Metadata::parse(&broken), Err(MetadataError::Text));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 256 }))]

        #[test]
        fn no_bytes_panic(tail in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Metadata::parse(&tail);
            let _ = Metadata::parse(&[&MAGIC[..], &tail].concat());
        }
    }
}
