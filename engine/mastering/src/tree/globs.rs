//! Patterns that say which nodes of a tree are meant: to be left out, hidden, or placed near the beginning.
//!
//! Owns what a pattern matches; must not know what becomes of that.
//!
//! `*` stands for any run of characters but slashes, `?` for one of them, `[abc]` and `[!abc]` for one out of a set or none
//! of it, `{a,b}` for either, `**` for any number of folders; a backslash takes the meaning from the next character. Upper
//! and lower case differ, and a leading dot is a character like any other.
//!
//! A pattern is compared with paths of the volume, as rsync does it. Without a slash it means names, in any folder. With a
//! slash at its beginning it means the whole path from the root; with one further on, the end of a path. A slash at its
//! end lets it mean folders alone.

use std::path::Path;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Extras, HiddenIn, NodeId, NodeKind, Tree};

/// Patterns. See the [module](self) for what they mean.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    set: GlobSet,
    /// For each pattern whether it means folders alone.
    folders_alone: Arc<[bool]>,
}

/// A pattern that has no meaning. The caller's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no pattern: {reason}")]
pub struct GlobError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Globs {
    /// Patterns in their order.
    ///
    /// # Errors
    /// [`GlobError`], which names the first that is none.
    pub fn new(patterns: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, GlobError> {
        let mut set = GlobSetBuilder::new();
        let mut folders_alone = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let refused = |reason: String| GlobError {
                pattern: pattern.to_owned(),
                reason,
            };
            let (body, folders) = match pattern.strip_suffix('/') {
                Some(body) => (body, true),
                None => (pattern, false),
            };
            if body.is_empty() {
                return Err(refused("it has no name".into()));
            }
            let anchored = match body.strip_prefix('/') {
                Some(rest) => rest.to_owned(),
                None => format!("**/{body}"),
            };
            let glob = GlobBuilder::new(&anchored)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| refused(error.kind().to_string()))?;
            set.add(glob);
            folders_alone.push(folders);
        }
        let set = set.build().map_err(|error| GlobError {
            pattern: error.glob().unwrap_or_default().to_owned(),
            reason: error.kind().to_string(),
        })?;
        Ok(Self {
            set,
            folders_alone: folders_alone.into(),
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether a path of the volume is meant by one of them.
    #[must_use]
    pub fn matches(&self, path: &Path, kind: NodeKind) -> bool {
        self.last_match(path, kind).is_some()
    }

    /// The position of the last pattern that means a path of the volume.
    pub(crate) fn last_match(&self, path: &Path, kind: NodeKind) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let path = path.strip_prefix("/").unwrap_or(path);
        let matches = self.set.matches(path);
        let means = |at: &&usize| {
            let folders_alone = self.folders_alone.get(**at).copied().unwrap_or(false);
            !folders_alone || kind == NodeKind::Directory
        };
        matches.iter().rev().find(means).copied()
    }
}

/// Weights of files by patterns, for their places on the disc.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    globs: Globs,
    weights: Vec<i32>,
}

/// A line of a file of weights that says nothing. The caller's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightError {
    /// No weight behind the pattern, or none that fits into 32 bits.
    #[error("line {line} has no weight between -2147483648 and 2147483647 behind its pattern")]
    NoWeight {
        /// The line, from 1.
        line: usize,
    },
    /// The pattern has no meaning.
    #[error("line {line}: {source}")]
    Pattern {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: GlobError,
    },
}

impl Weights {
    /// Reads lines of a pattern and a weight, parted by spaces or tabs; empty lines, and those that begin with `#`, say
    /// nothing. Where several lines mean a file the last one counts, and a line that means a folder means all that it
    /// holds.
    ///
    /// # Errors
    /// [`WeightError`], which names the line.
    pub fn parse(text: &str) -> Result<Self, WeightError> {
        let mut patterns = Vec::new();
        let mut weights = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = at + 1;
            let parted = line.rsplit_once([' ', '\t']);
            let (pattern, weight) = parted
                .and_then(|(pattern, weight)| Some((pattern.trim_end(), weight.parse().ok()?)))
                .ok_or(WeightError::NoWeight { line: number })?;
            Globs::new([pattern]).map_err(|source| WeightError::Pattern {
                line: number,
                source,
            })?;
            patterns.push(pattern);
            weights.push(weight);
        }
        let globs =
            Globs::new(patterns).map_err(|source| WeightError::Pattern { line: 0, source })?;
        Ok(Self { globs, weights })
    }
}

impl Tree {
    /// Gives files weights: [`Extras::weight`].
    pub fn weigh(&mut self, weights: &Weights) {
        // For each folder the line that it goes by, for what it holds.
        let mut lines: Vec<Option<usize>> = Vec::with_capacity(self.nodes.len());
        for at in 0..self.nodes.len() {
            let id = NodeId(at as u32); // a tree has no more
            let own = weights.globs.last_match(&self.disc_path(id), self.kind(id));
            let above = lines.get(self.parent(id).index()).copied().flatten();
            let line = own.max(above);
            lines.push(line);
            let weight = line.and_then(|line| weights.weights.get(line));
            if let Some(weight) = weight.filter(|_| self.kind(id) == NodeKind::File) {
                self.change_extras(id, |extras| extras.weight = *weight);
            }
        }
    }

    /// Hides what the patterns mean, but not the root, in these file systems, and answers how many that are.
    pub fn hide(&mut self, globs: &Globs, hidden_in: HiddenIn) -> u64 {
        let mut count = 0;
        for at in 1..self.nodes.len() {
            let id = NodeId(at as u32); // a tree has no more
            if globs.matches(&self.disc_path(id), self.kind(id)) {
                count += 1;
                self.change_extras(id, |extras| {
                    extras.hidden_in.iso |= hidden_in.iso;
                    extras.hidden_in.joliet |= hidden_in.joliet;
                    extras.hidden_in.udf |= hidden_in.udf;
                });
            }
        }
        self.settle_manifests();
        count
    }

    pub(super) fn change_extras(&mut self, id: NodeId, change: impl FnOnce(&mut Extras)) {
        let mut extras = self.extras.remove(&id.0).unwrap_or_default();
        change(Arc::make_mut(&mut extras));
        if !extras.are_none() {
            self.extras.insert(id.0, extras);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    fn matches(pattern: &str, path: &str, kind: NodeKind) -> bool {
        Globs::new([pattern])
            .unwrap()
            .matches(Path::new(path), kind)
    }

    #[test]
    fn patterns_mean_names_ends_or_whole_paths() {
        use NodeKind::{Directory, File};
        let cases = [
            ("*.o", "/main.o", File, true),
            ("*.o", "/a/b/main.o", File, true),
            ("*.o", "/a/main.ox", File, false),
            ("*", "/a/.hidden", File, true),
            ("/*.o", "/main.o", File, true),
            ("/*.o", "/a/main.o", File, false),
            ("/a/*", "/a/b", File, true),
            ("/a/*", "/a/b/c", File, false),
            ("/a/**", "/a/b/c", File, true),
            ("b/c", "/a/b/c", File, true),
            ("b/c", "/b/c", File, true),
            ("b/c", "/bb/c", File, false),
            ("tmp/", "/a/tmp", Directory, true),
            ("tmp/", "/a/tmp", File, false),
            ("[ab]?", "/b1", File, true),
            ("[!ab]?", "/b1", File, false),
            ("{x,y}.c", "/y.c", File, true),
            ("A", "/a", File, false),
            ("\\*", "/*", File, true),
            ("\\*", "/a", File, false),
        ];
        for (pattern, path, kind, expected) in cases {
            assert_eq!(
                matches(pattern, path, kind),
                expected,
                "{pattern} and {path}"
            );
        }
        let odd = Path::new(OsStr::from_bytes(b"/a/\xff.o"));
        assert!(Globs::new(["*.o"]).unwrap().matches(odd, File));
        assert!(Globs::new(["?.o"]).unwrap().matches(odd, File));
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for pattern in ["[a", "{a", "/", ""] {
            let error = Globs::new(["*.c", pattern]).unwrap_err();
            assert_eq!(error.pattern, pattern);
        }
    }

    #[test]
    fn weights_are_read_by_lines() {
        let weights = Weights::parse("# first\n\n/boot 100\nwith space.txt\t-5\n").unwrap();
        assert_eq!(weights.weights, [100, -5]);
        let path = Path::new("/x/with space.txt");
        assert_eq!(weights.globs.last_match(path, NodeKind::File), Some(1));
        assert_eq!(
            Weights::parse("\n/boot").unwrap_err(),
            WeightError::NoWeight { line: 2 }
        );
        assert_eq!(
            Weights::parse("/boot 3000000000").unwrap_err(),
            WeightError::NoWeight { line: 1 }
        );
        let error = Weights::parse("a 1\n[b 2").unwrap_err();
        assert!(matches!(error, WeightError::Pattern { line: 2, .. }));
    }
}
