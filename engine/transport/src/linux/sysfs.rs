//! Reading sysfs: attributes as bounded, printable text.
//!
//! Owns how a file of sysfs is read and made fit to print. Must not know what an
//! attribute means.

use crate::printable::printable;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes of an attribute that are read; sysfs gives one page at most.
const MOST_BYTES: u64 = 4096;

/// What was read; `None` where it cannot be had, for a device may vanish at any
/// moment, and some attributes refuse where a drive has nothing to say.
///
/// # Errors
/// It is the process that has no file or memory left: that tells nothing of the
/// device.
pub(super) fn had<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    let Err(error) = result else {
        return result.map(Some);
    };
    match Errno::from_io_error(&error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Err(error),
        _ => Ok(None),
    }
}

/// The bytes of an attribute, as [`had`].
pub(super) fn bytes(folder: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    had(read(&folder.join(name)))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A fifo in the place of an attribute would let an open wait for ever.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An attribute as [`printable`] text; `None` where it is missing or says
/// nothing.
pub(super) fn text(folder: &Path, name: &str) -> io::Result<Option<String>> {
    let text = bytes(folder, name)?.map(|bytes| printable(&bytes));
    Ok(text.filter(|text| !text.is_empty()))
}

/// An attribute that is a number.
pub(super) fn number<N: core::str::FromStr>(folder: &Path, name: &str) -> io::Result<Option<N>> {
    let text = bytes(folder, name)?.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.and_then(|text| text.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padding_goes_and_what_is_within_stays() {
        assert_eq!(printable(b"HL-DT-ST\n"), "HL-DT-ST");
        assert_eq!(printable(b"  BD-RE  WH16NS40 \0\0\n"), "BD-RE  WH16NS40");
        assert_eq!(printable(b" \0\n"), "");
        assert_eq!(printable(b"\x1b[2J\xff\"x'"), "\\x1b[2J\\xff\"x'");
    }

    #[test]
    fn what_is_no_readable_file_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::create_dir(at.join("folder")).unwrap();
        std::fs::write(at.join("said"), "yes\n").unwrap();
        std::os::unix::fs::symlink("said", at.join("link")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, at.join("fifo"), kind, mode, 0).unwrap();
        for name in ["folder", "link", "fifo", "missing"] {
            assert_eq!(bytes(at, name).unwrap(), None, "{name}");
        }
        assert_eq!(text(at, "said").unwrap().as_deref(), Some("yes"));
    }

    #[test]
    fn an_endless_attribute_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("long"), vec![b'x'; 1 << 20]).unwrap();
        let text = text(folder.path(), "long").unwrap().unwrap();
        assert_eq!(text.len(), 4096);
    }

    proptest! {
        #[test]
        fn nothing_that_a_device_says_reaches_a_terminal(said in prop::collection::vec(any::<u8>(), 0..64)) {
            let text = printable(&said);
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(text.trim(), text.as_str());
        }
    }
}
