//! SHA-256 of the files of a volume: a manifest on the disc that lists them, and files with equal bytes stored once.
//!
//! A manifest has a line for each file with bytes of the tree, as `sha256sum` writes and reads them: the digest, two
//! spaces, and the path from the root of the volume without a slash before it. A path with a line's end or a backslash in
//! it has each as `\n`, `\r` or `\\`, and a backslash before the digest. The lines stand in the order of the tree.
//!
//! How long it is follows from the names, so it is planned like any file, behind all others. Its bytes are made from
//! digests that are taken as the other files go by; what has not gone by is read for it. So a volume that is made from
//! its beginning reads every source once, and any block can be made alone.
//!
//! Owns the lines and what they are compared with; must not know where files stand.

mod check;
mod equal;
mod line;

pub use check::{ManifestDifference, ManifestError, check};
pub(crate) use check::{digest_of, listed_in};
pub use equal::{Shared, share_equal_files};
pub(crate) use line::{Digest, Line, empty_digest, line, lines};
