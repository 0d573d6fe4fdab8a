//! Who has locked a file by flock, as the kernel lists it.
//!
//! Owns the lines of `/proc/locks` (proc(5)). Must not know what a lock is for.

use rustix::fs::{major, minor};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// A lock that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// The process that took it.
    pub(crate) pid: u32,
    /// Nobody else has one beside it.
    pub(crate) is_exclusive: bool,
}

/// The flocks on a file, in the words of `list`: `1: FLOCK ADVISORY WRITE 4711
/// 08:01:1234 0 EOF`. Who still waits for one (`->`) holds none; a process of
/// another namespace has no number here, and is left out.
pub(crate) fn held<'a>(list: &'a str, file: &Metadata) -> impl Iterator<Item = Held> + use<'a> {
    let (device, inode) = (file.dev(), file.ino());
    let wanted = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
    list.lines().filter_map(move |line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (kind, _, access) = (words.next()?, words.next()?, words.next()?);
        let (pid, at) = (words.next()?, words.next()?);
        let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
        let is_exclusive = access == "WRITE";
        (kind == "FLOCK" && at == wanted).then_some(Held { pid, is_exclusive })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_is_read_by_device_and_inode() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = file.as_file().metadata().unwrap();
        let at = format!(
            "{:02x}:{:02x}:{}",
            major(found.dev()),
            minor(found.dev()),
            found.ino()
        );
        let by = |is_exclusive| {
            Some(Held {
                pid: 77,
                is_exclusive,
            })
        };
        for (line, expected) in [
            (format!("1: FLOCK  ADVISORY  WRITE 77 {at} 0 EOF"), by(true)),
            (
                format!("1: FLOCK  ADVISORY  READ  77 {at} 0 EOF"),
                by(false),
            ),
            (format!("1: -> FLOCK  ADVISORY  WRITE 77 {at} 0 EOF"), None),
            (format!("1: POSIX  ADVISORY  WRITE 77 {at} 0 EOF"), None),
            (format!("1: FLOCK  ADVISORY  WRITE 77 {at}1 0 EOF"), None),
            (format!("1: FLOCK  ADVISORY  WRITE 0 {at} 0 EOF"), None),
            (format!("1: OFDLCK ADVISORY  WRITE -1 {at} 0 EOF"), None),
            ("1: FLOCK".into(), None),
        ] {
            assert_eq!(held(&line, &found).next(), expected, "{line}");
        }
    }
}
