//! Where bytes of an image go: a file that appears under its name only when it is whole, or standard
//! output. Owns the temporary name and the holes for zeros; knows nothing of what the bytes mean.

use crate::error::Complaint;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Runs of zeros of this many bytes become holes.
const HOLE: usize = 64 * 1024;

/// Takes bytes in order. Dropped before [`Sink::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Sink {
    to: To,
    /// As it is told.
    name: PathBuf,
    written: u64,
}

#[derive(Debug)]
enum To {
    Stdout(io::Stdout),
    /// A device or a pipe: written as it comes.
    Stream(File),
    /// A file: under another name until it is whole.
    File {
        file: File,
        temporary: Temporary,
        target: PathBuf,
    },
}

/// A file that is removed unless it was kept.
#[derive(Debug)]
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // Nobody could act on a failure: the file is a hidden one beside the target.
            let _ = fs::remove_file(path);
        }
    }
}

impl Sink {
    /// A sink of this name; `-` is standard output. An existing file is replaced when the sink is
    /// finished, and stays as it is until then. `never` is a file that must not be replaced.
    pub(crate) fn create(name: &Path, never: Option<&Path>) -> Result<Self, Complaint> {
        let to = if name.as_os_str() == "-" {
            To::Stdout(io::stdout())
        } else {
            match never {
                Some(never) if same_file(name, never) => {
                    return Err(Complaint::usage(format!(
                        "{} is the disc itself",
                        name.display()
                    )));
                }
                _ => {}
            }
            open(name).map_err(|error| Complaint::output(name, &error))?
        };
        let told = match &to {
            To::Stdout(_) => Path::new("standard output"),
            To::Stream(_) | To::File { .. } => name,
        };
        Ok(Self {
            to,
            name: told.to_path_buf(),
            written: 0,
        })
    }

    /// Writes more.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Complaint> {
        self.put(bytes)
            .map_err(|error| Complaint::output(&self.name, &error))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => out.lock().write_all(bytes)?,
            To::Stream(file) => file.write_all(bytes)?,
            To::File { file, .. } => {
                for piece in bytes.chunks(HOLE) {
                    if piece.iter().all(|byte| *byte == 0) {
                        file.seek(SeekFrom::Current(piece.len() as i64))?;
                    } else {
                        file.write_all(piece)?;
                    }
                }
            }
        }
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Writes over what was written at a place of a file: of what goes elsewhere nothing comes back.
    pub(crate) fn rewrite(&mut self, position: u64, bytes: &[u8]) -> Result<(), Complaint> {
        let To::File { file, .. } = &self.to else {
            return Ok(());
        };
        file.write_all_at(bytes, position)
            .map_err(|error| Complaint::output(&self.name, &error))
    }

    /// Everything was written: the file gets its name. Answers the bytes.
    pub(crate) fn finish(self) -> Result<u64, Complaint> {
        let Self { to, name, written } = self;
        let finished = match to {
            To::Stdout(mut out) => out.flush(),
            To::Stream(_) => Ok(()),
            To::File {
                file,
                mut temporary,
                target,
            } => file.set_len(written).and_then(|()| {
                if let Some(path) = &temporary.0 {
                    fs::rename(path, &target)?;
                }
                temporary.0 = None;
                Ok(())
            }),
        };
        finished.map_err(|error| Complaint::output(&name, &error))?;
        Ok(written)
    }
}

fn open(name: &Path) -> io::Result<To> {
    // A link is followed: what it points at is replaced, not the link.
    let target = fs::canonicalize(name).unwrap_or_else(|_| name.to_path_buf());
    match fs::metadata(&target) {
        Ok(meta) if meta.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(meta) if !meta.is_file() => {
            return Ok(To::Stream(File::options().write(true).open(&target)?));
        }
        _ => {}
    }
    let folder = target
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if target.file_name().is_none() {
        return Err(io::Error::from(io::ErrorKind::InvalidFilename));
    }
    let (file, path) = create_hidden(folder)?;
    Ok(To::File {
        file,
        temporary: Temporary(Some(path)),
        target,
    })
}

/// A new file in the folder; a killed process may have left some of the names.
fn create_hidden(folder: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 0;
    loop {
        let path = folder.join(format!(".pitland-{}-{number}", std::process::id()));
        match File::options().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                number += 1
            }
            created => return created.map(|file| (file, path)),
        }
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}
