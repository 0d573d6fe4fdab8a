//! A file that is an image, while it is open. Owns how its bytes are read, whichever kind of image it is, and that the file
//! stays what it was when it was opened.

use crate::error::SourceError;
use pitland_mastering::images::Sectors;
use pitland_mastering::{BlockSource, DiscImage, Timestamp};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open image file, and what it was when it was opened.
#[derive(Debug)]
pub(crate) struct ImageFile {
    blocks: Blocks,
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
}

/// How a file holds the blocks of an image.
#[derive(Debug)]
enum Blocks {
    /// One behind the other, and the last perhaps cut.
    Plain(File),
    /// As the sectors of a track, from LBA 0 on.
    Sectors(Sectors),
}

/// What must not change while a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let meta = file.metadata()?;
        Ok(Self {
            device: meta.dev(),
            inode: meta.ino(),
            length: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }

    /// The file system that holds it: its `st_dev`.
    pub(crate) fn device(&self) -> u64 {
        self.device
    }

    /// When it was modified, and when it was changed in any way.
    pub(crate) fn times(&self) -> [Timestamp; 2] {
        [self.modified, self.changed].map(|(seconds, nanoseconds)| Timestamp {
            seconds,
            nanoseconds: u32::try_from(nanoseconds).unwrap_or(0),
        })
    }
}

impl ImageFile {
    /// Opens an image file; a cue sheet where the name ends in `.cue`.
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        let extension = path.extension();
        let is_sheet = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("cue"));
        Self::opened(path, is_sheet)
    }

    /// Opens a file whose bytes are meant, whatever its name.
    pub(crate) fn plain(path: &Path) -> Result<Self, SourceError> {
        Self::opened(path, false)
    }

    fn opened(path: &Path, is_sheet: bool) -> Result<Self, SourceError> {
        // A fifo must not hang the open.
        let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
        let failed = |error| failed(path, error);
        let file = File::options()
            .read(true)
            .custom_flags(nonblocking)
            .open(path)
            .map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(SourceError::NotData {
                path: path.to_path_buf(),
            });
        }
        let blocks = match is_sheet {
            true => Blocks::Sectors(DiscImage::only_track(path).map_err(Arc::new)?),
            false => Blocks::Plain(file),
        };
        let stamp = Stamp::of(blocks.file()).map_err(failed)?;
        Ok(Self {
            blocks,
            path: path.to_path_buf(),
            stamp,
        })
    }

    /// The file with the image's bytes.
    pub(crate) fn file(&self) -> &File {
        self.blocks.file()
    }

    /// Bytes of the image.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.blocks {
            Blocks::Plain(_) => self.stamp.length,
            Blocks::Sectors(sectors) => u64::from(sectors.blocks()) * 2048,
        }
    }

    /// Whether damage in it is found when it is read.
    pub(crate) fn has_sums(&self) -> bool {
        matches!(&self.blocks, Blocks::Sectors(sectors) if sectors.have_sums())
    }

    /// Whether the file is another one than was opened.
    pub(crate) fn has_changed(&self) -> io::Result<bool> {
        Ok(Stamp::of(self.file())? != self.stamp)
    }

    /// Reads from `position` on, the beginning of a block; with the last of the `bytes` bytes the file must still be what it
    /// was.
    pub(crate) fn read(
        &self,
        position: u64,
        out: &mut [u8],
        bytes: u64,
    ) -> Result<(), SourceError> {
        let changed = || SourceError::Changed {
            path: self.path.clone(),
        };
        let read = match &self.blocks {
            Blocks::Plain(file) => file.read_exact_at(out, position),
            Blocks::Sectors(sectors) => {
                let block = u32::try_from(position / 2048).unwrap_or(u32::MAX);
                sectors.clone().read_blocks(block, out)
            }
        };
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(),
            _ => failed(&self.path, error),
        })?;
        let last = position + out.len() as u64 >= bytes;
        if last && self.has_changed().map_err(|e| failed(&self.path, e))? {
            return Err(changed());
        }
        Ok(())
    }
}

impl Blocks {
    fn file(&self) -> &File {
        match self {
            Self::Plain(file) => file,
            Self::Sectors(sectors) => sectors.file(),
        }
    }
}

fn failed(path: &Path, error: io::Error) -> SourceError {
    SourceError::Io {
        name: path.display().to_string(),
        error: Arc::new(error),
    }
}
