//! What a node can have beside its name and its bytes: attributes that everything has, extras that few have.
//!
//! Holds data; must not know which format records what.

use std::ffi::OsString;
use std::sync::Arc;

use super::origin::FileBytes;
use crate::checksums::Digest;
use crate::time::Timestamp;
use crate::zisofs::Zisofs;

/// Whose a node is, what may be done with it, and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Permissions, with the set-id and sticky bits: 0 to `0o7777`. Bits beyond these are not looked at.
    pub permissions: u32,
    /// The owner's number.
    pub owner: u32,
    /// The group's number.
    pub group: u32,
    /// When the bytes were changed last.
    pub modified: Timestamp,
    /// When the attributes or bytes were changed last.
    pub changed: Timestamp,
    /// When it was read last; whole seconds are kept.
    pub accessed: Timestamp,
    /// When it was made, where that is known.
    pub created: Option<Timestamp>,
}

impl Attributes {
    /// Owner and group 0, all times but that of creation `modified`.
    #[must_use]
    pub const fn new(permissions: u32, modified: Timestamp) -> Self {
        Self {
            permissions,
            owner: 0,
            group: 0,
            modified,
            changed: modified,
            accessed: modified,
            created: None,
        }
    }
}

/// File systems of the volume in which a node has no name. Its bytes are there all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HiddenIn {
    /// ISO 9660, with Rock Ridge, and its enhanced names.
    pub iso: bool,
    /// Joliet.
    pub joliet: bool,
    /// UDF.
    pub udf: bool,
}

impl HiddenIn {
    /// Hidden in all of them.
    pub const ALL: Self = Self {
        iso: true,
        joliet: true,
        udf: true,
    };
}

/// Further bytes of a file under a name of their own.
#[derive(Clone, Debug)]
pub struct NamedStream {
    /// The stream's name.
    pub name: OsString,
    /// Its bytes.
    pub bytes: Arc<dyn FileBytes>,
}

/// A name with a value that a file system of the host keeps with a file, such as `user.comment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedAttribute {
    /// The name, with its namespace.
    pub name: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// What few nodes have. Those that have nothing of it take no memory for it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Extras {
    /// Where the node has no name. Of a folder: nor has what it holds.
    pub hidden_in: HiddenIn,
    /// Listed with the mark for names that are not shown to users.
    pub marked_hidden: bool,
    /// Where the file's bytes go: those of greater weight stand nearer to the beginning; 0 unless told otherwise.
    pub weight: i32,
    /// Named streams of the file, for UDF.
    pub streams: Vec<NamedStream>,
    /// Extended attributes and access control lists.
    pub attributes: Vec<ExtendedAttribute>,
    /// The file is to be read in real time, for UDF.
    pub real_time: bool,
    /// When the node was made, where that is known.
    pub created: Option<Timestamp>,
    /// The file's bytes are compressed; Rock Ridge says so.
    pub zisofs: Option<Zisofs>,
    /// The SHA-256 of the bytes as they are read, where others are stored, or where they stand on the disc already.
    pub(crate) digest: Option<Digest>,
}

impl Extras {
    /// Whether there is nothing that a table would have to hold.
    pub(crate) fn are_none(&self) -> bool {
        let Self {
            hidden_in,
            marked_hidden,
            weight,
            streams,
            attributes,
            real_time,
            created,
            zisofs,
            digest,
        } = self;
        *hidden_in == HiddenIn::default()
            && !marked_hidden
            && *weight == 0
            && streams.is_empty()
            && attributes.is_empty()
            && !real_time
            && created.is_none()
            && zisofs.is_none()
            && digest.is_none()
    }
}
