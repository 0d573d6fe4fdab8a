//! `pitland verify`: compares the last session of a disc with the folders, or the image, that it came
//! from, and names file and LBA of whatever differs. A CD of more than one data track is compared with its sheet: `sheet`.

mod sheet;

use super::{Context, audio, blocking};
use crate::args::VerifyArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::Output;
use crate::output::bar::Watcher;
use crate::output::json::{DifferenceView, Name, VerifiedView};
use crate::source;
use pitland::codes::Coded;
use pitland::mastering::checksums::{ManifestDifference, ManifestError, check};
use pitland::mastering::compare::{CompareObserver, with_manifest_of};
use pitland::mastering::images::Sectors;
use pitland::mastering::tree::{Globs, HiddenIn};
use pitland::mastering::{
    BLOCK_SIZE, BlockSource, CompareOptions, Difference, DiscImage, NodeKind, ReadError, Volume,
    compare,
};
use pitland::{DriveReader, MANIFEST, MediaFacts, QueryError, SourceError};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) async fn run(args: VerifyArgs, context: Context) -> Result<Exit, Complaint> {
    if let Some(path) = audio::sheet_of(&args.sources, args.as_file) {
        return sheet::run(path, args, context).await;
    }
    if args.pad || args.normalise.is_some() || args.cd_text.is_some() {
        let what = "--pad, --normalise and --cd-text belong to the sheet of a CD of sound";
        return Err(Complaint::usage(what));
    }
    let named = open::address(&args.drive.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let session = session_start(&facts).map_err(|e| Complaint::from(e).of_drive(&named.name))?;
    let reader = handle.reader();
    let work = Work {
        drive: named.name,
        session,
        context: context.clone(),
    };
    let exit = blocking(
        move || match source::image_file(&args.sources, args.as_file) {
            _ if args.sources.is_empty() => work.manifest(reader),
            Some(image) => work.image(reader, &image),
            None => work.tree(reader, &args),
        },
    )
    .await?;
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(exit)
}

fn session_start(facts: &MediaFacts) -> Result<u32, QueryError> {
    let start = facts
        .last_closed_session_start()
        .ok_or(QueryError::NothingToRead)?;
    u32::try_from(start.0).map_err(|_| QueryError::NothingToRead)
}

struct Work {
    drive: Name,
    session: u32,
    context: Context,
}

impl Work {
    fn tree(&self, reader: DriveReader, args: &VerifyArgs) -> Result<Exit, Complaint> {
        let tree = source::tree(&args.sources, &args.tree)?;
        let mut volume = match Volume::open(reader, self.session) {
            Ok(volume) => volume,
            Err(error) => return self.no_volume(&error),
        };
        let tree = with_manifest_of(&mut volume, tree, MANIFEST);
        let mut tree = tree.map_err(|error| Complaint::source(error.to_string()).coded(error))?;
        // As it was done when it was mastered.
        let hidden = Globs::new(&args.tree.hide).map_err(SourceError::from)?;
        tree.hide(&hidden, HiddenIn::ALL);
        let how = CompareOptions::of_volume(&mut volume);
        let mut watcher = Watcher::new(&self.context.output, self.drive.clone());
        watcher.phase("comparing");
        let mut observer = Observer {
            work: self,
            watcher,
            total: tree.data_bytes(),
            done: 0,
            of_source: 0,
        };
        let summary = compare(&mut volume, &tree, &how, &mut observer)?;
        observer.watcher.finish();
        if summary.stopped {
            return Err(Complaint::cancelled().of_drive(&self.drive));
        }
        let of_source = observer.of_source;
        self.context.output.result(&VerifiedView {
            drive: self.drive.clone(),
            equal: summary.differences == 0,
            session_lba: self.session,
            names: Some(summary.names),
            bytes: summary.bytes,
            differences: summary.differences,
        });
        Ok(match summary.differences {
            0 => Exit::Done,
            // Only the source is at fault: nothing is known against the disc.
            all if all == of_source => Exit::Source,
            _ => Exit::Differs,
        })
    }

    /// The volume itself cannot be read: the one difference that there is.
    fn no_volume(&self, error: &ReadError) -> Result<Exit, Complaint> {
        self.differs(
            None,
            Some(error.lba()),
            format!("no volume can be read: {error}"),
        );
        self.end_of_image(0, 1)
    }

    /// Compares the files with the manifest that lists them on the disc itself.
    fn manifest(&self, reader: DriveReader) -> Result<Exit, Complaint> {
        let mut volume = match Volume::open(reader, self.session) {
            Ok(volume) => volume,
            Err(error) => return self.no_volume(&error),
        };
        let mut watcher = Watcher::new(&self.context.output, self.drive.clone());
        watcher.phase("comparing");
        let found = check(&mut volume, MANIFEST).map_err(|error| {
            let (message, condition) = (error.to_string(), error.code());
            match error {
                ManifestError::None { .. } => Complaint::new(
                    Exit::Refused,
                    message,
                    "medium",
                    "name the SOURCE that was burned",
                ),
                _ => Complaint::new(
                    Exit::Differs,
                    message,
                    "medium",
                    "the volume is damaged; copy what can be read, by pitland extract",
                ),
            }
            .coded(condition)
            .of_drive(&self.drive)
        })?;
        watcher.finish();
        let (mut names, mut bytes) = (0, 0);
        for (_, entry) in volume.walk().filter_map(Result::ok) {
            names += 1;
            if entry.kind == NodeKind::File {
                bytes += entry.size;
            }
        }
        let differences = found.len() as u64;
        for difference in found {
            let lba = match difference {
                ManifestDifference::Content { lba, .. } => lba,
                ManifestDifference::Unreadable { ref error, .. } => Some(error.lba()),
                _ => None,
            };
            self.differs(None, lba, difference.to_string());
        }
        self.context.output.result(&VerifiedView {
            drive: self.drive.clone(),
            equal: differences == 0,
            session_lba: self.session,
            names: Some(names),
            bytes,
            differences,
        });
        Ok(match differences {
            0 => Exit::Done,
            _ => Exit::Differs,
        })
    }

    /// Compares the blocks of an image with those of the session.
    fn image(&self, mut reader: DriveReader, path: &Path) -> Result<Exit, Complaint> {
        let unreadable =
            |error: io::Error| Complaint::source(format!("{}: {error}", path.display()));
        let mut image = Expected::open(path)?;
        let total = image.bytes().map_err(unreadable)?;
        let mut watcher = Watcher::new(&self.context.output, self.drive.clone());
        watcher.phase("comparing");
        let (mut expected, mut found) = (vec![0; 32 * BLOCK_SIZE], vec![0; 32 * BLOCK_SIZE]);
        let (mut lba, mut done) = (self.session, 0u64);
        let mut differences = 0;
        while done < total {
            if self.context.interrupt.is_raised() {
                return Err(Complaint::cancelled().of_drive(&self.drive));
            }
            let bytes =
                usize::try_from((total - done).min(expected.len() as u64)).unwrap_or(BLOCK_SIZE);
            let blocks = bytes.div_ceil(BLOCK_SIZE);
            let (expected, found) = (
                expected.get_mut(..blocks * BLOCK_SIZE).unwrap_or_default(),
                found.get_mut(..blocks * BLOCK_SIZE).unwrap_or_default(),
            );
            image.read(done, bytes, expected).map_err(unreadable)?;
            if let Err(error) = BlockSource::read_blocks(&mut reader, lba, found) {
                differences += 1;
                self.differs(
                    None,
                    Some(lba),
                    format!("the disc cannot be read at LBA {lba}: {error}"),
                );
                break;
            }
            for (block, (expected, found)) in
                (lba..).zip(expected.chunks(BLOCK_SIZE).zip(found.chunks(BLOCK_SIZE)))
            {
                if expected != found {
                    differences += 1;
                    let owner = owner_of(&mut reader, self.session, block);
                    let file = owner
                        .as_ref()
                        .map(|p| format!(", in {}", p.display()))
                        .unwrap_or_default();
                    self.differs(
                        owner.as_deref(),
                        Some(block),
                        format!("the image differs at LBA {block}{file}"),
                    );
                }
            }
            lba = lba.saturating_add(u32::try_from(blocks).unwrap_or(u32::MAX));
            done += bytes as u64;
            watcher.bytes(done, total);
        }
        watcher.finish();
        self.end_of_image(done, differences)
    }

    fn differs(&self, path: Option<&Path>, lba: Option<u32>, what: String) {
        tell(&self.context.output, &self.drive, path, lba, what);
    }

    fn end_of_image(&self, bytes: u64, differences: u64) -> Result<Exit, Complaint> {
        self.context.output.result(&VerifiedView {
            drive: self.drive.clone(),
            equal: differences == 0,
            session_lba: self.session,
            names: None,
            bytes,
            differences,
        });
        Ok(if differences == 0 {
            Exit::Done
        } else {
            Exit::Differs
        })
    }
}

/// The image that should be on the disc.
enum Expected {
    Plain(File),
    Track(Sectors),
}

impl Expected {
    fn open(path: &Path) -> Result<Self, Complaint> {
        if source::is_cue_sheet(path) {
            let track = DiscImage::only_track(path);
            return Ok(Self::Track(
                track.map_err(|e| Complaint::from(SourceError::from(Arc::new(e))))?,
            ));
        }
        let file = File::open(path);
        let file = file.map_err(|e| Complaint::source(format!("{}: {e}", path.display())))?;
        Ok(Self::Plain(file))
    }

    fn bytes(&self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => Ok(file.metadata()?.len()),
            Self::Track(track) => Ok(u64::from(track.blocks()) * BLOCK_SIZE as u64),
        }
    }

    /// Reads so many bytes from a block's beginning on, and zeros behind them.
    fn read(&mut self, position: u64, bytes: usize, out: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => {
                out.fill(0);
                file.read_exact_at(out.get_mut(..bytes).unwrap_or_default(), position)
            }
            Self::Track(track) => {
                let block = u32::try_from(position / BLOCK_SIZE as u64).unwrap_or(u32::MAX);
                track.read_blocks(block, out)
            }
        }
    }
}

fn tell(output: &Arc<Output>, drive: &Name, path: Option<&Path>, lba: Option<u32>, what: String) {
    output.result(&DifferenceView {
        drive: drive.clone(),
        path: path.map(Name::new),
        lba,
        what,
    });
}

/// The file of the disc's own volume that holds a block.
fn owner_of(reader: &mut DriveReader, session: u32, lba: u32) -> Option<PathBuf> {
    let mut volume = Volume::open(reader, session).ok()?;
    let mut walk = volume.walk();
    walk.by_ref()
        .filter_map(Result::ok)
        .find(|(_, entry)| {
            entry
                .extents
                .iter()
                .any(|e| (e.first_lba..e.first_lba.saturating_add(e.blocks)).contains(&lba))
        })
        .map(|(path, _)| PathBuf::from(OsStr::from_bytes(path.as_os_str().as_bytes())))
}

struct Observer<'a> {
    work: &'a Work,
    watcher: Watcher,
    total: u64,
    done: u64,
    /// Differences that are the source's own.
    of_source: u64,
}

impl CompareObserver for Observer<'_> {
    fn difference(&mut self, difference: Difference) {
        if matches!(
            difference,
            Difference::SourceChanged { .. } | Difference::SourceUnreadable { .. }
        ) {
            self.of_source += 1;
        }
        self.work.differs(
            Some(difference.path()),
            difference.lba(),
            difference.to_string(),
        );
    }

    fn compared(&mut self, bytes: u64) -> ControlFlow<()> {
        self.done += bytes;
        self.watcher.bytes(self.done, self.total);
        if self.work.context.interrupt.is_raised() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
