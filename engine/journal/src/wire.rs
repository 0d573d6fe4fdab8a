//! Numbers and texts in a record, little-endian. Owns the bounds: whatever is read says first how long it
//! is, and is refused where it is longer than its place allows.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The most bytes of a path or of a text.
pub(crate) const MOST_TEXT: usize = 4096;

/// A payload that is being made.
#[derive(Debug, Default)]
pub(crate) struct Put(pub(crate) Vec<u8>);

impl Put {
    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.0.extend(value.to_le_bytes());
    }

    /// At most [`MOST_TEXT`] bytes; what is longer is cut.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let kept = bytes.get(..MOST_TEXT).unwrap_or(bytes);
        self.u32(u32::try_from(kept.len()).unwrap_or(0));
        self.0.extend(kept);
    }

    /// A text, cut at a whole character.
    pub(crate) fn text(&mut self, text: &str) {
        let mut end = text.len().min(MOST_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.bytes(text.get(..end).unwrap_or_default().as_bytes());
    }

    pub(crate) fn path(&mut self, path: &Path) {
        self.bytes(path.as_os_str().as_bytes());
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.u8(0),
            Some(value) => {
                self.u8(1);
                put(self, value);
            }
        }
    }
}

/// A payload that is being read; every look past its end is `None`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Take<'a>(pub(crate) &'a [u8]);

impl<'a> Take<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn bool(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        if length > most {
            return None;
        }
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes(MOST_TEXT)?.to_vec()).ok()
    }

    pub(crate) fn path(&mut self) -> Option<PathBuf> {
        let bytes = self.bytes(MOST_TEXT)?;
        if bytes.contains(&0) {
            return None;
        }
        Some(OsStr::from_bytes(bytes).to_owned().into())
    }

    pub(crate) fn option<T>(
        &mut self,
        take: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.bool()? {
            take(self).map(Some)
        } else {
            Some(None)
        }
    }

    /// Nothing is left.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A path that a record can hold whole.
pub(crate) fn fits(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= MOST_TEXT
}
