//! Whom a file may come from.
//!
//! Owns the one question whether somebody else than root or the user could have put, or could still
//! put, other bytes where a plug-in is. Must not know what a plug-in is.
//!
//! Every folder from `/` on is opened below the one before it, without following links, and judged by
//! its open descriptor: what was judged is what is used, whatever is renamed meanwhile.

use super::PluginError;
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open, openat};
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// An open file that only root or the user can have made.
#[derive(Debug)]
pub(super) struct TrustedFile {
    /// For reading.
    pub(super) file: File,
    /// Where it was found, without links.
    pub(super) path: PathBuf,
    /// Device and inode: the same file by any name.
    pub(super) identity: (u64, u64),
}

impl TrustedFile {
    /// A name under which the open descriptor, and no other file, can be opened.
    ///
    /// Good as long as the descriptor stays open.
    pub(super) fn name(&self) -> PathBuf {
        by_descriptor(&self.file)
    }
}

fn by_descriptor(fd: &impl AsRawFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// Whether the program has rights that its caller has not.
pub(super) fn privileged() -> bool {
    rustix::process::getuid() != rustix::process::geteuid()
        || rustix::process::getgid() != rustix::process::getegid()
}

/// Opens a file if nobody but root and the user can have made it.
pub(super) fn open_trusted(given: &Path) -> Result<TrustedFile, PluginError> {
    let judge = Judge {
        user: rustix::process::geteuid().as_raw(),
    };
    judge.open(given)
}

struct Judge {
    user: u32,
}

impl Judge {
    fn open(&self, given: &Path) -> Result<TrustedFile, PluginError> {
        let not_found = |source| PluginError::NotFound {
            path: given.to_path_buf(),
            source,
        };
        let plugin = fs::canonicalize(given).map_err(not_found)?;
        let not_a_file = || PluginError::NotAFile {
            path: plugin.clone(),
        };
        let look = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;

        let mut names = plugin.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let last = names.next_back().ok_or_else(not_a_file)?;

        let mut path = PathBuf::from("/");
        let mut folder: OwnedFd =
            open("/", look | OFlags::DIRECTORY, Mode::empty()).map_err(|e| not_found(e.into()))?;
        self.judge(&plugin, &path, &stat(&folder).map_err(not_found)?)?;
        for name in names {
            path.push(name);
            folder = openat(&folder, name, look | OFlags::DIRECTORY, Mode::empty())
                .map_err(|e| not_found(e.into()))?;
            self.judge(&plugin, &path, &stat(&folder).map_err(not_found)?)?;
        }

        // Looked at before it is opened for reading: opening a pipe would wait, a device would act.
        let found = openat(&folder, last, look, Mode::empty()).map_err(|e| not_found(e.into()))?;
        let seen = stat(&found).map_err(not_found)?;
        if FileType::from_raw_mode(seen.st_mode) != FileType::RegularFile {
            return Err(not_a_file());
        }
        self.judge(&plugin, &plugin, &seen)?;
        let file = File::open(by_descriptor(&found)).map_err(not_found)?;
        let opened = stat(&file).map_err(not_found)?;
        let identity = |stat: &Stat| (stat.st_dev, stat.st_ino);
        if identity(&opened) != identity(&seen) {
            return Err(not_a_file());
        }
        Ok(TrustedFile {
            file,
            identity: identity(&seen),
            path: plugin,
        })
    }

    fn judge(&self, plugin: &Path, path: &Path, stat: &Stat) -> Result<(), PluginError> {
        let uid = stat.st_uid;
        if uid != 0 && uid != self.user {
            return Err(PluginError::UnsafeOwner {
                plugin: plugin.to_path_buf(),
                path: path.to_path_buf(),
                uid,
            });
        }
        let folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let mode = Mode::from_raw_mode(stat.st_mode);
        // In a sticky folder others make files of their own, but cannot touch what lies below it; and
        // that is judged in turn.
        let sticky = folder && mode.contains(Mode::SVTX);
        if mode.intersects(Mode::WGRP | Mode::WOTH) && !sticky {
            return Err(PluginError::WritableByOthers {
                plugin: plugin.to_path_buf(),
                path: path.to_path_buf(),
                mode: mode.as_raw_mode(),
            });
        }
        Ok(())
    }
}

fn stat(fd: impl AsFd) -> std::io::Result<Stat> {
    Ok(fstat(fd)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// A folder below a sticky one, as `tempfile` makes it, whose own mode nobody else can write.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        folder
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn file(path: &Path) -> PathBuf {
        fs::write(path, "x").unwrap();
        set_mode(path, 0o644);
        path.to_path_buf()
    }

    #[test]
    fn a_file_of_ones_own_below_a_sticky_folder_is_trusted() {
        let folder = folder();
        let path = file(&folder.path().join("a"));
        let trusted = open_trusted(&path).unwrap();
        assert_eq!(fs::read(trusted.name()).unwrap(), b"x");
        assert_eq!(trusted.path, fs::canonicalize(&path).unwrap());
    }

    #[test]
    fn what_was_judged_is_what_is_used_whatever_takes_its_place() {
        let folder = folder();
        let path = file(&folder.path().join("a"));
        let trusted = open_trusted(&path).unwrap();
        fs::write(folder.path().join("b"), "other").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        assert_eq!(fs::read(trusted.name()).unwrap(), b"x");
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused_unless_it_is_sticky() {
        let folder = folder();
        let open_to_all = folder.path().join("open");
        fs::create_dir(&open_to_all).unwrap();
        let path = file(&open_to_all.join("a"));
        for mode in [0o777, 0o775, 0o757] {
            set_mode(&open_to_all, mode);
            let Err(PluginError::WritableByOthers {
                path: at_fault,
                mode: found,
                ..
            }) = open_trusted(&path)
            else {
                panic!("trusted");
            };
            assert_eq!(at_fault, fs::canonicalize(&open_to_all).unwrap());
            assert_eq!(found, mode);
        }
        set_mode(&open_to_all, 0o1777);
        open_trusted(&path).unwrap();
    }

    #[test]
    fn a_file_that_others_can_write_is_refused_sticky_or_not() {
        let folder = folder();
        let path = file(&folder.path().join("a"));
        for mode in [0o646, 0o664, 0o1666] {
            set_mode(&path, mode);
            assert!(matches!(
                open_trusted(&path),
                Err(PluginError::WritableByOthers { .. })
            ));
        }
    }

    #[test]
    fn a_link_is_judged_by_where_it_leads() {
        let folder = folder();
        let open_to_all = folder.path().join("open");
        fs::create_dir(&open_to_all).unwrap();
        set_mode(&open_to_all, 0o777);
        let target = file(&open_to_all.join("a"));
        let link = folder.path().join("link");
        symlink(&target, &link).unwrap();
        assert!(matches!(
            open_trusted(&link),
            Err(PluginError::WritableByOthers { .. })
        ));
        let folder_link = folder.path().join("folder-link");
        symlink(&open_to_all, &folder_link).unwrap();
        assert!(matches!(
            open_trusted(&folder_link.join("a")),
            Err(PluginError::WritableByOthers { .. })
        ));
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let folder = folder();
        let path = file(&folder.path().join("a"));
        let me = rustix::process::geteuid().as_raw();
        let stranger = Judge {
            user: me.wrapping_add(1),
        };
        if me == 0 {
            // Root trusts root alone; only root can give a file away.
            std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
            let error = open_trusted(&path).unwrap_err();
            assert!(
                matches!(error, PluginError::UnsafeOwner { uid: 12_345, .. }),
                "{error}"
            );
        } else {
            let error = stranger.open(&path).unwrap_err();
            assert!(matches!(error, PluginError::UnsafeOwner { .. }), "{error}");
        }
    }

    #[test]
    fn folders_pipes_and_nothing_are_no_files() {
        let folder = folder();
        assert!(matches!(
            open_trusted(folder.path()),
            Err(PluginError::NotAFile { .. })
        ));
        assert!(matches!(
            open_trusted(Path::new("/")),
            Err(PluginError::NotAFile { .. })
        ));
        let none = folder.path().join("none");
        assert!(matches!(
            open_trusted(&none),
            Err(PluginError::NotFound { .. })
        ));
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert!(matches!(
            open_trusted(&pipe),
            Err(PluginError::NotAFile { .. })
        ));
    }
}
