//! What a folder holds, as `guest/listing` tells it on the host and in the guest. Owns the comparison.

use super::common::outside;
use super::guest::file;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A record with its time as Linux before 6.16 counts it on ISO 9660: in 32 bits, which 2038 overflows.
fn in_32_bits(record: &[u8]) -> Vec<u8> {
    let mut words: Vec<&[u8]> = record.splitn(5, |byte| *byte == b' ').collect();
    let seconds = match words[..] {
        [b"f" | b"d" | b"l", _, _, seconds, _] => std::str::from_utf8(seconds).unwrap_or_default(),
        _ => return record.to_vec(),
    };
    let wrapped = seconds.parse::<i64>().unwrap() as i32;
    let wrapped = wrapped.to_string();
    words[3] = wrapped.as_bytes();
    words.join(&b' ')
}

/// The records of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing(BTreeSet<Vec<u8>>);

impl Listing {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let records = bytes.split(|byte| *byte == 0);
        Self(
            records
                .filter(|record| !record.is_empty())
                .map(in_32_bits)
                .collect(),
        )
    }

    /// Of a folder of this machine.
    pub(crate) fn of(folder: &Path) -> Self {
        Self::parse(&outside::run(Command::new(file("guest/listing")).arg(folder)).stdout)
    }

    /// What the guest left in a file.
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read(path).unwrap_or_default())
    }

    /// Only which bytes each path has.
    pub(crate) fn only_bytes(self) -> Self {
        self.only(|record| {
            record
                .get(..64)
                .is_some_and(|start| start.iter().all(u8::is_ascii_hexdigit))
        })
    }

    /// With the records of another one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The records that `wanted` chooses.
    pub(crate) fn only(mut self, wanted: impl Fn(&[u8]) -> bool) -> Self {
        self.0.retain(|record| wanted(record));
        self
    }

    /// The sums of the files' bytes by themselves, sorted, each as often as it is there. Without those
    /// of empty files, as which a reader without Rock Ridge sees symbolic links.
    fn sums(&self) -> Vec<String> {
        let records = self.0.iter().filter_map(|record| record.get(..64));
        let mut sums: Vec<String> = records
            .filter(|start| start.iter().all(u8::is_ascii_hexdigit))
            .map(|sum| String::from_utf8_lossy(sum).into_owned())
            .filter(|sum| !sum.starts_with("e3b0c44298fc1c149afb"))
            .collect();
        sums.sort_unstable();
        sums
    }

    /// The same bytes are there as often, under whatever names.
    #[track_caller]
    pub(crate) fn assert_same_bytes(&self, what: &str, got: &Self) {
        let (wanted, got) = (self.sums(), got.sums());
        assert!(!wanted.is_empty(), "{what}: nothing to compare with");
        let first = wanted.iter().zip(&got).position(|(a, b)| a != b);
        assert!(
            wanted == got,
            "{what}: {} files, {} expected; first other one at {first:?}",
            got.len(),
            wanted.len()
        );
    }

    /// All records of both are the same.
    #[track_caller]
    pub(crate) fn assert_same(&self, what: &str, got: &Self) {
        assert_eq!(self.difference(got), None, "{what}");
    }

    /// All records are among those of the other one.
    #[track_caller]
    pub(crate) fn assert_within(&self, what: &str, got: &Self) {
        let both = Self(self.0.intersection(&got.0).cloned().collect());
        assert_eq!(self.difference(&both), None, "{what}");
    }

    /// What differs: the first twenty records that are missing (-) or too many (+).
    pub(crate) fn difference(&self, got: &Self) -> Option<String> {
        assert!(!self.0.is_empty(), "nothing to compare with");
        let missing = self.0.difference(&got.0).map(|record| ('-', record));
        let added = got.0.difference(&self.0).map(|record| ('+', record));
        let lines: Vec<String> = missing
            .chain(added)
            .map(|(sign, record)| format!("{sign} {}", String::from_utf8_lossy(record)))
            .collect();
        let shown = lines[..lines.len().min(20)].join("\n");
        (!lines.is_empty()).then(|| format!("{} records differ:\n{shown}", lines.len()))
    }
}

#[test]
fn a_listing_tells_names_bytes_modes_and_links() {
    let folder = tempfile::tempdir().unwrap();
    super::common::tree::small(folder.path());
    let before = Listing::of(folder.path());
    before.assert_same("the same folder", &Listing::of(folder.path()));
    assert_eq!(before.sums().len(), 3);
    before.assert_same_bytes("the same folder", &before);
    let changes: [&dyn Fn(&Path); 4] = [
        &|path| std::fs::write(path.join("read me.txt"), b"a small folder?").unwrap(),
        &|path| super::common::tree::set_mode(&path.join("numbers.bin"), 0o600),
        &|path| std::os::unix::fs::symlink("x", path.join("a link")).unwrap(),
        &|path| super::common::tree::set_time(&path.join("inside"), 1_000, 0),
    ];
    let mut before = before;
    for (number, change) in changes.iter().enumerate() {
        change(folder.path());
        let after = Listing::of(folder.path());
        assert_ne!(before, after, "change {number}");
        before = after;
    }
}
