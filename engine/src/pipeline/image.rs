//! What can be burned, and its preparation: from what a caller names to a length in blocks, before the
//! first byte is read. Owns the kinds of sources; how they are read is the producer's.

use crate::cd::{CdBlocks, CdImage};
use crate::config::{EarlierSession, Files, MasterOptions};
use crate::drive::DriveReader;
use crate::error::SourceError;
use crate::pipeline::growing::{GoesOnWith, Grown, Mark, OldVolume, Tail};
use crate::pipeline::image_file::ImageFile;
use crate::pipeline::stash::Stashed;
use crate::streams;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt};
use pitland_mastering::import::{ImportError, ImportOptions, Imported, import};
use pitland_mastering::{self as mastering, FileBytes, Layout, TreeBuilder};
use pitland_mmc::{Lba, MediumFamily};
use pitland_writer::{BurnRequest, CdLayout, CdMode, MediaFacts, Placement};
use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

/// A source of image bytes of known length that is asked for one piece after another.
#[async_trait]
pub trait ImageSource: Send {
    /// Length of the image in bytes.
    fn length(&self) -> u64;

    /// How messages call it.
    fn name(&self) -> String;

    /// The next piece, of any size; `None` at the end.
    ///
    /// # Errors
    /// What the source met. The job ends, and the medium is led into a named state.
    async fn next_piece(&mut self) -> io::Result<Option<Bytes>>;
}

/// Something to burn.
pub struct Image(Kind);

enum Kind {
    Tree {
        sources: Vec<PathBuf>,
        options: Box<MasterOptions>,
    },
    Built {
        builder: Box<TreeBuilder>,
        options: Box<MasterOptions>,
    },
    Imported {
        imported: Box<Imported>,
        options: Box<MasterOptions>,
    },
    File(PathBuf),
    Cd(CdImage, CdMode),
    Source(Box<dyn ImageSource>),
    Given(Arc<dyn FileBytes>),
    /// One more of an image that cannot be read once more.
    ComesOnce,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Tree { sources, .. } => f.debug_tuple("Tree").field(sources).finish(),
            Kind::Built { options, .. } => f.debug_tuple("Built").field(options).finish(),
            Kind::Imported { options, .. } => f.debug_tuple("Imported").field(options).finish(),
            Kind::File(path) => f.debug_tuple("File").field(path).finish(),
            Kind::Cd(_, mode) => f.debug_tuple("Cd").field(mode).finish(),
            Kind::Source(source) => f.debug_tuple("Source").field(&source.name()).finish(),
            Kind::Given(bytes) => f.debug_tuple("Given").field(bytes).finish(),
            Kind::ComesOnce => f.write_str("ComesOnce"),
        }
    }
}

impl Image {
    /// Folders and files, mastered as the options say while they are burned. One
    /// folder: its contents are the root; several sources: each under its own name.
    pub fn tree(sources: Vec<PathBuf>, options: MasterOptions) -> Self {
        let options = Box::new(options);
        Self(Kind::Tree { sources, options })
    }

    /// A tree that the caller has made or edited, mastered as the options say while it is burned. What the options say of
    /// walking folders has nothing to do. Files that can be read but once, as those of
    /// [`streamed_file`](crate::streamed_file), are stashed before the medium is touched, unless
    /// [`StashPolicy::Never`](crate::StashPolicy::Never) is asked for. A burn of such a tree that is cut off can be closed, not taken up again.
    pub fn built(builder: TreeBuilder, options: MasterOptions) -> Self {
        Self(Kind::Built {
            builder: Box::new(builder),
            options: Box::new(options),
        })
    }

    /// What an earlier session of a disc holds, imported and edited by the caller, as a further session of that disc: in
    /// another drive or later, and only where the disc in the drive is the one that it was imported from
    /// ([`DiscId`](pitland_mastering::DiscId)); any other is refused. What the options say of walking folders and of appending has
    /// nothing to do. Otherwise as [`Image::built`].
    pub fn imported(imported: Imported, options: MasterOptions) -> Self {
        Self(Kind::Imported {
            imported: Box::new(imported),
            options: Box::new(options),
        })
    }

    /// A file that is an image already, burned as it is. A last part of a block is filled with zeros. Of a cue sheet, a
    /// name that ends in `.cue`, the user data of its track are the image: it must have one, of data and from LBA 0 on.
    /// Sectors that have sums are all read and compared with them before the medium is touched.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::File(path.into()))
    }

    /// A CD of sound, or of sound and data, in this way: by a cue sheet in one go, track by track with the drive's gaps
    /// between them, or raw, with everything that the disc gets made here. Such a burn cannot be taken up again. Its own job
    /// reads it back where that is asked for: each sector is compared with what was sent of it, wherever the drive's read
    /// offset puts its sound. [`DriveReader::compare_cd`](crate::DriveReader::compare_cd) compares a disc with the image later.
    pub fn cd(image: CdImage, mode: CdMode) -> Self {
        Self(Kind::Cd(image, mode))
    }

    /// How a CD that is more than one data track is written.
    pub(crate) fn cd_mode(&self) -> Option<CdMode> {
        match &self.0 {
            Kind::Cd(_, mode) => Some(*mode),
            _ => None,
        }
    }

    /// An async stream of exactly `length` bytes.
    pub fn stream(
        length: u64,
        stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self::source(Streamed {
            length,
            stream: stream.boxed(),
        })
    }

    /// A source of the caller's own.
    pub fn source(source: impl ImageSource + 'static) -> Self {
        Self(Kind::Source(Box::new(source)))
    }

    /// Bytes that can be read from any place, as those of [`streams`](crate::streams): stored beforehand only where that
    /// is asked for. What can be read but once is a source like others.
    pub fn given(bytes: Arc<dyn FileBytes>) -> Self {
        match bytes.repeatable() {
            true => Self(Kind::Given(bytes)),
            false => Self::source(streams::source(bytes)),
        }
    }

    /// Whether its bytes depend on the block that it starts at: discs that start at different blocks need different
    /// volumes.
    pub(crate) fn depends_on_start(&self) -> bool {
        match &self.0 {
            Kind::Tree { .. } | Kind::Built { .. } | Kind::Imported { .. } | Kind::ComesOnce => {
                true
            }
            Kind::File(_) | Kind::Cd(..) | Kind::Source(_) | Kind::Given(_) => false,
        }
    }

    /// The same image once more, for another start; where it cannot be read once more, one whose preparation fails.
    pub(crate) fn for_another_start(&self) -> Self {
        match &self.0 {
            Kind::Tree { sources, options } => {
                Self::tree(sources.clone(), options.as_ref().clone())
            }
            Kind::Built { builder, options } if is_repeatable(builder) => {
                Self::built(builder.as_ref().clone(), options.as_ref().clone())
            }
            Kind::Imported { imported, options } if is_repeatable(&imported.builder) => {
                Self::imported(imported.as_ref().clone(), options.as_ref().clone())
            }
            Kind::Cd(image, mode) => Self::cd(image.clone(), *mode),
            Kind::Given(bytes) => Self::given(Arc::clone(bytes)),
            _ => Self(Kind::ComesOnce),
        }
    }

    /// Whether each disc gets bytes of its own: they go on with what it holds, or begin where its lead-in does.
    pub(crate) fn is_of_one_disc(&self) -> bool {
        matches!(&self.0, Kind::Cd(_, CdMode::Raw(_))) || self.goes_on_with().is_some()
    }

    /// What it goes on with of a disc; each disc then gets bytes of its own.
    pub(crate) fn goes_on_with(&self) -> Option<GoesOnWith> {
        match &self.0 {
            Kind::Tree { options, .. } | Kind::Built { options, .. } => {
                let append = options.append.as_ref()?;
                Some(GoesOnWith {
                    session: append.session,
                    import: options.import_options(),
                })
            }
            // Its tree is imported already.
            Kind::Imported { imported, .. } => Some(GoesOnWith {
                session: EarlierSession::At(imported.disc.session_first_lba()),
                import: ImportOptions::default(),
            }),
            Kind::File(_) | Kind::Cd(..) | Kind::Source(_) | Kind::Given(_) | Kind::ComesOnce => {
                None
            }
        }
    }

    /// Settles length and layout for a session on a disc.
    pub(crate) async fn prepare(self, onto: Onto) -> Result<Prepared, SourceError> {
        match self.0 {
            Kind::Tree {
                sources,
                mut options,
            } => {
                blocking(move || {
                    let volume = onto.volume(&mut options, Files::OfHost(&sources))?;
                    let origin = Origin::Tree { sources, options };
                    Ok(Prepared::of_volume(volume, origin))
                })
                .await
            }
            Kind::Built {
                builder,
                mut options,
            } => {
                blocking(move || {
                    let volume = onto.volume(&mut options, Files::Built(&builder))?;
                    Ok(Prepared::of_volume(volume, Origin::Stream))
                })
                .await
            }
            Kind::Imported {
                imported,
                mut options,
            } => {
                blocking(move || {
                    let volume = onto.volume_of(*imported, &mut options)?;
                    Ok(Prepared::of_volume(volume, Origin::Stream))
                })
                .await
            }
            Kind::ComesOnce => Err(SourceError::ComesOnce),
            Kind::File(path) => {
                blocking(move || {
                    let file = ImageFile::open(&path)?;
                    let bytes = file.bytes();
                    let feed = Feed::Again(Readable::File(Arc::new(file)));
                    Ok(Prepared::new(bytes, feed, Origin::File(path)))
                })
                .await
            }
            Kind::Cd(image, mode) => Prepared::of_cd(&image, mode, &onto.facts),
            Kind::Given(given) => {
                let bytes = given.length();
                let feed = Feed::Again(Readable::Given(given));
                Ok(Prepared::new(bytes, feed, Origin::Stream))
            }
            Kind::Source(source) => {
                let bytes = source.length();
                Ok(Prepared::new(bytes, Feed::Once(source), Origin::Stream))
            }
        }
    }
}

/// Where an image goes.
pub(crate) struct Onto {
    /// The first block of its session.
    pub(crate) first_lba: u32,
    pub(crate) medium: MediumFamily,
    /// What the disc's drive says of it.
    pub(crate) facts: MediaFacts,
    pub(crate) reader: DriveReader,
    /// What grows, on a disc that is overwritten.
    pub(crate) old: Option<OldVolume>,
}

/// Whether all its bytes can be read as often as one likes.
fn is_repeatable(builder: &TreeBuilder) -> bool {
    builder.walk().all(|item| match item.origin() {
        mastering::Origin::Given(bytes) => bytes.repeatable(),
        _ => true,
    })
}

impl Onto {
    /// The volume of these files, and how it grows where it does.
    fn volume(
        mut self,
        options: &mut MasterOptions,
        files: Files<'_>,
    ) -> Result<(Arc<Layout>, Option<Grown>), SourceError> {
        let old = self.old.take();
        let mark = old.as_ref().map(OldVolume::mark);
        let earlier = match old {
            Some(old) => Some(old.imported),
            None => self.earlier(options)?,
        };
        self.settled(options, files, earlier, mark)
    }

    /// The volume of what was imported from this disc, and of no other.
    fn volume_of(
        mut self,
        imported: Imported,
        options: &mut MasterOptions,
    ) -> Result<(Arc<Layout>, Option<Grown>), SourceError> {
        let same = imported.disc.check(&mut self.reader);
        same.map_err(|error| Arc::new(ImportError::from(error)))?;
        let mark = self.old.take().map(|old| old.mark());
        // What was to be edited is edited.
        options.append = None;
        let nothing_more = TreeBuilder::new();
        self.settled(options, Files::Built(&nothing_more), Some(imported), mark)
    }

    fn settled(
        self,
        options: &mut MasterOptions,
        files: Files<'_>,
        earlier: Option<Imported>,
        mark: Option<Mark>,
    ) -> Result<(Arc<Layout>, Option<Grown>), SourceError> {
        let layout = options.settle(files, self.first_lba, Some(self.medium), earlier)?;
        let layout = Arc::new(layout);
        let grown = mark.map(|mark| mark.grown(&layout, self.reader));
        Ok((layout, grown.transpose()?))
    }

    /// What the options want of an earlier session. Which one it is stays the same from then on.
    fn earlier(&self, options: &mut MasterOptions) -> Result<Option<Imported>, SourceError> {
        let Some(append) = &mut options.append else {
            return Ok(None);
        };
        let first = match append.session {
            EarlierSession::At(first) => first,
            EarlierSession::Last => session_lba(self.facts.last_closed_session_start())?,
            EarlierSession::Number(number) => session_lba(self.facts.closed_session_start(number))?,
        };
        append.session = EarlierSession::At(first);
        let wanted = options.import_options();
        let imported = import(self.reader.clone(), first, &wanted);
        Ok(Some(imported.map_err(Arc::new)?))
    }
}

fn session_lba(first: Option<Lba>) -> Result<u32, SourceError> {
    let first = first.ok_or(SourceError::NoSession)?;
    // What lies before block 0 belongs to no volume.
    Ok(u32::try_from(first.0).unwrap_or(0))
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| SourceError::Vanished)?
}

struct Streamed {
    length: u64,
    stream: BoxStream<'static, io::Result<Bytes>>,
}

#[async_trait]
impl ImageSource for Streamed {
    fn length(&self) -> u64 {
        self.length
    }

    fn name(&self) -> String {
        "the stream".into()
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        self.stream.next().await.transpose()
    }
}

/// An image whose length is settled.
pub(crate) struct Prepared {
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// Where they come from.
    pub(crate) feed: Feed,
    /// What a caller named.
    pub(crate) origin: Origin,
    /// Where it goes, and what is written behind it, of a volume that grows.
    pub(crate) grown: Option<Grown>,
    /// Bytes of a block.
    pub(crate) block_bytes: u32,
    /// What a CD is that is more than one data track.
    pub(crate) cd: Option<CdLayout>,
}

/// What an image was made of, for whoever has to make it again.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Folders and files, with all that decides what the volume's bytes are.
    Tree {
        sources: Vec<PathBuf>,
        options: Box<MasterOptions>,
    },
    /// A file.
    File(PathBuf),
    /// Something that comes only once, or a tree that only the caller can make.
    Stream,
}

impl Prepared {
    pub(crate) fn new(bytes: u64, feed: Feed, origin: Origin) -> Self {
        Self {
            bytes,
            feed,
            origin,
            grown: None,
            block_bytes: 2048,
            cd: None,
        }
    }

    fn of_cd(image: &CdImage, mode: CdMode, facts: &MediaFacts) -> Result<Self, SourceError> {
        let (blocks, layout) = image.blocks_for(mode, facts).map_err(Arc::new)?;
        let block_bytes = layout.mode.block().bytes();
        let bytes = u64::from(blocks.blocks()) * u64::from(block_bytes);
        let feed = Feed::Again(Readable::Cd(Arc::new(blocks)));
        Ok(Self {
            block_bytes,
            cd: Some(layout),
            ..Self::new(bytes, feed, Origin::Stream)
        })
    }

    fn of_volume((layout, grown): (Arc<Layout>, Option<Grown>), origin: Origin) -> Self {
        let bytes = layout.blocks() * 2048;
        let feed = Feed::Again(Readable::Layout(layout));
        Self {
            grown,
            ..Self::new(bytes, feed, origin)
        }
    }

    /// Length in blocks, with what is written behind it.
    pub(crate) fn blocks(&self) -> u64 {
        match &self.grown {
            Some(grown) => grown.growth.blocks(),
            None => self.bytes.div_ceil(self.block_bytes.into()),
        }
    }

    /// A burn of it.
    pub(crate) fn settle(&self, burn: &mut BurnRequest) {
        burn.blocks = self.blocks();
        burn.cd.clone_from(&self.cd);
        if let Some(grown) = &self.grown {
            burn.placement = Placement::Grow(grown.growth);
        }
    }

    /// What is written behind its padding.
    pub(crate) fn tail(&self) -> Option<Arc<Tail>> {
        self.grown.as_ref().map(|grown| Arc::clone(&grown.tail))
    }

    /// The volume's layout, where the image is mastered here.
    pub(crate) fn layout(&self) -> Option<Arc<Layout>> {
        match &self.feed {
            Feed::Again(Readable::Layout(layout)) => Some(Arc::clone(layout)),
            Feed::Again(Readable::Stashed(stashed)) => stashed.layout().cloned(),
            Feed::Again(Readable::File(_) | Readable::Cd(_) | Readable::Given(_))
            | Feed::Once(_) => None,
        }
    }
}

/// Where the bytes of an image come from.
pub(crate) enum Feed {
    /// From anywhere, as often as one likes.
    Again(Readable),
    /// Asked for, piece by piece, once.
    Once(Box<dyn ImageSource>),
}

/// A source that can be read from any place, several times, by several at once.
#[derive(Clone)]
pub(crate) enum Readable {
    /// Mastered as it is needed.
    Layout(Arc<Layout>),
    /// A file.
    File(Arc<ImageFile>),
    /// The blocks of a CD, made as they are needed.
    Cd(Arc<CdBlocks>),
    /// Bytes of the caller's own.
    Given(Arc<dyn FileBytes>),
    /// An image of which what had to be stored is stored.
    Stashed(Arc<Stashed>),
}

impl Feed {
    /// The same bytes once more; `None` where they come only once.
    pub(crate) fn again(&self) -> Option<Readable> {
        match self {
            Self::Again(source) => Some(source.clone()),
            Self::Once(_) => None,
        }
    }
}
