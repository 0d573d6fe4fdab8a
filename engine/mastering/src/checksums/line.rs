//! One line of a manifest.

use std::os::unix::ffi::OsStrExt;

use sha2::{Digest as _, Sha256};

use crate::tree::{NodeId, NodeKind, Origin, Tree};

/// A SHA-256.
pub(crate) type Digest = [u8; 32];

/// That of a file without bytes.
pub(crate) fn empty_digest() -> Digest {
    Sha256::digest([]).into()
}

const HEX_LENGTH: usize = 64;

/// A line without its digest.
#[derive(Debug)]
pub(crate) struct Line {
    /// As it is written.
    path: Vec<u8>,
    escaped: bool,
}

impl Line {
    fn new(path: &[u8]) -> Self {
        let mut written = Vec::with_capacity(path.len());
        for byte in path {
            match byte {
                b'\n' => written.extend_from_slice(b"\\n"),
                b'\r' => written.extend_from_slice(b"\\r"),
                b'\\' => written.extend_from_slice(b"\\\\"),
                other => written.push(*other),
            }
        }
        Self {
            escaped: written.len() != path.len(),
            path: written,
        }
    }

    /// Its bytes, the line's end among them.
    pub(crate) fn length(&self) -> u64 {
        (usize::from(self.escaped) + HEX_LENGTH + 2 + self.path.len() + 1) as u64
    }

    /// The line with its digest.
    pub(crate) fn with(&self, digest: &Digest) -> Vec<u8> {
        let mut line = Vec::with_capacity(self.path.len() + 68);
        if self.escaped {
            line.push(b'\\');
        }
        for byte in digest {
            for half in [byte >> 4, byte & 15] {
                line.push(if half < 10 {
                    b'0' + half
                } else {
                    b'a' + half - 10
                });
            }
        }
        line.extend_from_slice(b"  ");
        line.extend_from_slice(&self.path);
        line.push(b'\n');
        line
    }

    /// Reads a line without its end: the path, and the digest. Also lines of `sha256sum --binary`.
    pub(super) fn parse(line: &[u8]) -> Option<(Vec<u8>, Digest)> {
        let (line, escaped) = match line.strip_prefix(b"\\") {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        let (hex, rest) = line.split_at_checked(HEX_LENGTH)?;
        let mut digest = Digest::default();
        for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| !pair.starts_with('+'))?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        let path = rest
            .strip_prefix(b"  ")
            .or_else(|| rest.strip_prefix(b" *"))?;
        if !escaped {
            return (!path.is_empty()).then(|| (path.to_vec(), digest));
        }
        let mut plain = Vec::with_capacity(path.len());
        let mut bytes = path.iter();
        while let Some(byte) = bytes.next() {
            plain.push(match byte {
                b'\\' => match bytes.next()? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b'\\' => b'\\',
                    _ => return None,
                },
                other => *other,
            });
        }
        (!plain.is_empty()).then_some((plain, digest))
    }
}

/// The files that a manifest of a tree lists, and their lines.
pub(crate) fn lines(tree: &Tree) -> impl Iterator<Item = (NodeId, Line)> + '_ {
    tree.nodes().filter_map(|id| line(tree, id))
}

/// The line of a node; `None` of what is not listed.
pub(crate) fn line(tree: &Tree, id: NodeId) -> Option<(NodeId, Line)> {
    let has_bytes = match tree.origin(id) {
        Origin::Host | Origin::Given(_) => true,
        Origin::Recorded(_) => tree
            .extras(tree.first_name(id))
            .is_some_and(|extras| extras.digest.is_some()),
        Origin::Manifest => false,
    };
    let listed = has_bytes && tree.kind(id) == NodeKind::File && !tree.is_nowhere(id);
    listed.then(|| {
        let path = tree.disc_path(id);
        let path = path.as_os_str().as_bytes();
        (id, Line::new(path.strip_prefix(b"/").unwrap_or(path)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_that_of_sha256sum() {
        // printf 'x' > 'a\b' and so on; sha256sum of coreutils 9.
        let digest: Digest = Sha256::digest(b"x").into();
        let hex = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        assert_eq!(
            Line::new(b"plain file").with(&digest),
            format!("{hex}  plain file\n").into_bytes()
        );
        assert_eq!(
            Line::new(b"a\\b\nc").with(&digest),
            format!("\\{hex}  a\\\\b\\nc\n").into_bytes()
        );
    }

    #[test]
    fn what_is_no_line_is_not_read() {
        let digest = Digest::default();
        let good = Line::new(b"a").with(&digest);
        let good = good.strip_suffix(b"\n").unwrap();
        assert!(Line::parse(good).is_some());
        for length in 0..good.len() {
            assert_eq!(Line::parse(&good[..length]), None, "{length}");
        }
        let signed = [b"+1".as_slice(), &good[2..]].concat();
        assert_eq!(Line::parse(&signed), None);
        let open = [b"\\".as_slice(), good, b"\\"].concat();
        assert_eq!(Line::parse(&open), None);
    }

    proptest! {
        #[test]
        fn every_path_comes_back(path in proptest::collection::vec(1u8.., 1..40), seed: u8) {
            let line = Line::new(&path);
            let digest = [seed; 32];
            let written = line.with(&digest);
            prop_assert_eq!(written.len() as u64, line.length());
            let without_end = written.strip_suffix(b"\n").unwrap();
            prop_assert!(!without_end.contains(&b'\n'));
            prop_assert_eq!(Line::parse(without_end), Some((path, digest)));
        }
    }
}
