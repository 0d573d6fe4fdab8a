//! Which files to load, where a program lists folders. The library has no folder of its own.

use super::trust;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The libraries in these folders, folder by folder, by rising name; to be given to
/// [`load`](super::load()), which judges each.
///
/// Nothing at all when the program is setuid or setgid: its caller chose what the folders hold. A
/// folder that is not there is skipped, one that cannot be read is skipped and logged.
pub fn discover<P: AsRef<Path>>(folders: &[P]) -> Vec<PathBuf> {
    if trust::privileged() {
        tracing::warn!("a setuid or setgid program looks for no plug-ins");
        return Vec::new();
    }
    folders
        .iter()
        .flat_map(|folder| libraries(folder.as_ref()))
        .collect()
}

fn libraries(folder: &Path) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::warn!(folder = %folder.display(), %error, "no plug-ins from there");
            }
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "so"))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_by_rising_name_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.so", "a.so", "readme.txt", "c.so.1", "so"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let missing = folder.path().join("missing");
        let found = discover(&[missing.as_path(), folder.path()]);
        assert_eq!(
            found,
            [folder.path().join("a.so"), folder.path().join("b.so")]
        );
    }
}
