//! Growing a volume on what can be overwritten, a disc or an image file: a session behind the old volume, and then the
//! beginning made to show it.
//!
//! Owns which blocks are written and in which order. The new session is written first and whole; the old volume is not
//! touched by it, so that a cut-off leaves the old tree. The head comes last: UDF's anchor in block 256, and then the
//! descriptors from block 16 on, few enough to lie in one write unit of every disc. Between the two UDF shows the new
//! tree already and ISO 9660 the old one, and both are whole. Must not know drives.
//!
//! A reader at the head sees the new session's tree, whose addresses are absolute, and the size of all volumes together,
//! as growisofs and xorriso leave it. Later ones find the session itself where it begins.

use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource, Extent, ImageFile};
use crate::emit::EmitError;
use crate::import::Imported;
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::iso9660::descriptor::{self, DescriptorKind, set_volume_size};
use crate::layout::Layout;
use crate::sessions::{DiscError, DiscId, SESSION_ALIGNMENT};
use crate::udf::descriptors::ANCHOR_BLOCK;
use crate::udf::tag;

/// The first block behind those of the head: files of a volume made here begin no earlier.
const HEAD_END: u32 = 32;
/// The first block where a session with UDF may begin that grows a volume: behind the anchor of the head, at a multiple of
/// [`SESSION_ALIGNMENT`] and of [`SESSION_ALIGNMENT_BD`](crate::sessions::SESSION_ALIGNMENT_BD).
pub const FIRST_SESSION_WITH_UDF: u32 =
    (ANCHOR_BLOCK + 1).next_multiple_of(crate::sessions::SESSION_ALIGNMENT_BD);
/// Sectors of a partition table in a block.
const SECTORS_IN_BLOCK: u64 = 4;
/// Blocks that are made at a time.
const PIECE: u64 = 512;

/// Why a volume cannot be grown. Nothing was written, but for [`GrowError::Write`], [`GrowError::Emit`] and
/// [`GrowError::Stopped`], after which the old volume is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrowError {
    /// The session begins inside of a write unit.
    #[error("the session begins at block {first_lba}, which is no multiple of {alignment}")]
    Unaligned {
        /// Where it was planned.
        first_lba: u32,
        /// What it must be a multiple of.
        alignment: u32,
    },
    /// The session begins inside of what is there.
    #[error("the session begins at block {first_lba}, and what is there ends at {end}")]
    Inside {
        /// Where it was planned.
        first_lba: u32,
        /// Where the old volume ends, or the image file.
        end: u32,
    },
    /// The session would overwrite a file that it keeps.
    #[error("the session begins at block {first_lba}, before the end of {}", .path.display())]
    Overwrites {
        /// Where it was planned.
        first_lba: u32,
        /// The file.
        path: PathBuf,
    },
    /// The blocks of the head hold bytes of a file that the session keeps: its volume was made for being written once.
    #[error("block {lba}, which must show the new session, holds bytes of {}", .path.display())]
    HeadInUse {
        /// The block.
        lba: u32,
        /// The file.
        path: PathBuf,
    },
    /// The disc is not the one that was imported, or cannot be read.
    #[error(transparent)]
    Disc(#[from] DiscError),
    /// The session's blocks cannot be made.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The image file cannot be written.
    #[error("the image cannot be written: {0}")]
    Write(#[source] io::Error),
    /// The observer ended it, while the session was written.
    #[error("it was ended before the session was whole")]
    Stopped,
}

/// What is written to grow a volume.
#[derive(Clone, Debug)]
pub struct Growth {
    session: Range<u32>,
    head: Vec<(u32, Vec<u8>)>,
}

impl Growth {
    /// Works out how the session of a plan grows what `source` reads. `disc` is the mark of what was imported.
    ///
    /// # Errors
    /// [`GrowError`].
    pub fn new(
        layout: &Arc<Layout>,
        source: &mut impl BlockSource,
        disc: Option<DiscId>,
    ) -> Result<Self, GrowError> {
        if let Some(disc) = disc {
            disc.check(source)?;
        }
        let first_lba = layout.first_lba();
        if !first_lba.is_multiple_of(SESSION_ALIGNMENT) {
            return Err(GrowError::Unaligned {
                first_lba,
                alignment: SESSION_ALIGNMENT,
            });
        }
        let old = OldHead::read(source).map_err(DiscError::from)?;
        let old_end = match layout.options().udf {
            Some(_) => old.end.max(ANCHOR_BLOCK + 1),
            None => old.end.max(HEAD_END),
        };
        if first_lba < old_end {
            return Err(GrowError::Inside {
                first_lba,
                end: old_end,
            });
        }
        let end = first_lba + layout.blocks() as u32; // the plan has refused what would overflow
        let head = head(layout, &old, end)?;
        check_kept(layout, &head)?;
        Ok(Self {
            session: first_lba..end,
            head,
        })
    }

    /// The blocks of the new session, which are written first: those of an [`Emitter`](crate::Emitter) of the plan.
    #[must_use]
    pub fn session(&self) -> Range<u32> {
        self.session.clone()
    }

    /// What is written when the session is on the medium, in this order: first blocks, and the bytes from there on.
    #[must_use]
    pub fn head(&self) -> &[(u32, Vec<u8>)] {
        &self.head
    }

    /// All ranges of blocks that are written, in their order; the rest of the medium stays as it is.
    pub fn modified_blocks(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let head = self.head.iter().map(|(lba, bytes)| {
            let blocks = bytes.len() / BLOCK_SIZE;
            *lba..*lba + blocks as u32 // a few
        });
        std::iter::once(self.session()).chain(head)
    }
}

/// Where a session may begin that grows what `source` reads and an [`Imported`] was taken of: behind all that was imported,
/// and behind the volume that the beginning shows, which may be a newer one; at a multiple of `alignment`. `None`: no such
/// block has an address.
///
/// # Errors
/// The beginning cannot be read.
pub fn next_session(
    imported: &Imported,
    source: &mut impl BlockSource,
    alignment: u32,
) -> Result<Option<u32>, DiscError> {
    let shown = shown_end(source)?;
    Ok(imported.end.max(shown).checked_next_multiple_of(alignment))
}

/// The block behind the volume of ISO 9660 that the beginning of what `source` reads shows, and behind the partitions of a
/// hybrid image, which may stand behind that volume; 0 where there is none.
///
/// # Errors
/// What the source answered.
pub fn shown_end(source: &mut impl BlockSource) -> io::Result<u32> {
    let end = OldHead::descriptors(source)?.end;
    match end {
        0 => Ok(0),
        end => Ok(end.max(partitions_end(source)?)),
    }
}

/// The block behind the partitions of a master boot record, as far as they lie within the source. That of a GPT, which
/// protects all, counts like others.
fn partitions_end(source: &mut impl BlockSource) -> io::Result<u32> {
    let mut block = [0; BLOCK_SIZE];
    source.read_blocks(0, &mut block)?;
    if block.get(510..512) != Some(&[0x55, 0xAA]) {
        return Ok(0);
    }
    let most = source.blocks().unwrap_or(0);
    let entries = block.get(446..510).unwrap_or_default().chunks(16);
    let ends = entries.filter_map(|entry| {
        let number = |at: usize| entry.get(at..)?.first_chunk().copied();
        let kind = entry.get(4).copied()?;
        let sectors =
            u64::from(u32::from_le_bytes(number(8)?)) + u64::from(u32::from_le_bytes(number(12)?));
        let end = u32::try_from(sectors.div_ceil(SECTORS_IN_BLOCK)).ok()?;
        (kind != 0 && end <= most).then_some(end)
    });
    Ok(ends.max().unwrap_or(0))
}

/// What stands at the beginning before it is overwritten.
struct OldHead {
    /// Descriptors in a row, from the first on.
    descriptors: u32,
    /// The block behind the volume.
    end: u32,
    has_anchor: bool,
}

impl OldHead {
    fn descriptors(source: &mut impl BlockSource) -> io::Result<Self> {
        let mut block = [0; BLOCK_SIZE];
        let mut this = Self {
            descriptors: 0,
            end: 0,
            has_anchor: false,
        };
        for lba in FIRST_DESCRIPTOR..HEAD_END {
            source.read_blocks(lba, &mut block)?;
            if !is_descriptor(&block) {
                break;
            }
            this.descriptors += 1;
            if descriptor::kind(&block) == Some(DescriptorKind::Primary)
                && let Ok(primary) = descriptor::VolumeDescriptor::parse(&block)
            {
                this.end = primary.blocks;
            }
        }
        Ok(this)
    }

    fn read(source: &mut impl BlockSource) -> io::Result<Self> {
        let mut this = Self::descriptors(source)?;
        let mut block = [0; BLOCK_SIZE];
        match source.read_blocks(ANCHOR_BLOCK, &mut block) {
            Ok(()) => this.has_anchor = tag::identifier(&block) == Some(tag::ANCHOR),
            // A volume may be shorter than that.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(this)
    }
}

/// Whether a block is a descriptor of ISO 9660, or one of those by which UDF is recognised.
fn is_descriptor(block: &[u8]) -> bool {
    let known: [&[u8]; 6] = [b"CD001", b"BEA01", b"NSR02", b"NSR03", b"TEA01", b"BOOT2"];
    block.get(1..6).is_some_and(|id| known.contains(&id))
}

/// The blocks of the head, UDF's anchor first.
fn head(layout: &Arc<Layout>, old: &OldHead, end: u32) -> Result<Vec<(u32, Vec<u8>)>, GrowError> {
    let mut emitter = layout.emitter();
    let mut head = Vec::new();
    let mut anchor = vec![0; BLOCK_SIZE];
    if layout.options().udf.is_some() {
        emitter.read_blocks(u64::from(ANCHOR_BLOCK), &mut anchor)?;
        tag::retag(&mut anchor, ANCHOR_BLOCK);
        head.push((ANCHOR_BLOCK, anchor));
    } else if old.has_anchor {
        // The tree that it leads to is not the newest any more.
        head.push((ANCHOR_BLOCK, anchor));
    }
    let mut blocks = vec![0; (HEAD_END - FIRST_DESCRIPTOR) as usize * BLOCK_SIZE];
    emitter.read_blocks(u64::from(FIRST_DESCRIPTOR), &mut blocks)?;
    let own = blocks
        .chunks(BLOCK_SIZE)
        .take_while(|block| is_descriptor(block))
        .count();
    // Descriptors of the old volume behind the new ones are not to be taken for theirs.
    let count = own.max(old.descriptors as usize);
    blocks.truncate(count * BLOCK_SIZE);
    for (at, block) in blocks.chunks_mut(BLOCK_SIZE).enumerate() {
        if at >= own {
            block.fill(0);
        }
        set_volume_size(block, end);
    }
    head.push((FIRST_DESCRIPTOR, blocks));
    Ok(head)
}

/// Sees to it that no file that the session keeps is overwritten, by the session or by the head.
fn check_kept(layout: &Layout, head: &[(u32, Vec<u8>)]) -> Result<(), GrowError> {
    let first_lba = layout.first_lba();
    let overlap = |extent: &Extent| {
        let end = extent.first_lba.saturating_add(extent.blocks);
        head.iter().find_map(|(lba, bytes)| {
            let head_end = lba + (bytes.len() / BLOCK_SIZE) as u32; // a few
            (extent.first_lba < head_end && *lba < end).then_some((*lba).max(extent.first_lba))
        })
    };
    for file in layout.files().filter(crate::PlannedFile::is_recorded) {
        for extent in file.extents() {
            if extent.first_lba.saturating_add(extent.blocks) > first_lba {
                let path = file.path();
                return Err(GrowError::Overwrites { first_lba, path });
            }
            if let Some(lba) = overlap(&extent) {
                let path = file.path();
                return Err(GrowError::HeadInUse { lba, path });
            }
        }
    }
    Ok(())
}

/// Grows an image file: writes the session behind what is there, waits until it is on the medium, and then makes the
/// beginning show it. `file` is open for reading and writing.
///
/// # Errors
/// [`GrowError`]. Where the session could not be written, the file has its old length and the old volume; where only the
/// head could not, the old head or the new one.
pub fn grow_file(
    file: &File,
    layout: &Arc<Layout>,
    disc: Option<DiscId>,
) -> Result<Growth, GrowError> {
    grow_file_with(file, layout, disc, |_, _| ControlFlow::Continue(()))
}

/// As [`grow_file`], and tells `observe` how many blocks of the session of how many are written. [`ControlFlow::Break`]
/// ends it: the file then has its old length and the old volume.
///
/// # Errors
/// As [`grow_file`], and [`GrowError::Stopped`].
pub fn grow_file_with(
    file: &File,
    layout: &Arc<Layout>,
    disc: Option<DiscId>,
    observe: impl FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Growth, GrowError> {
    let length = file.metadata().map_err(GrowError::Write)?.len();
    let end = length.div_ceil(BLOCK_BYTES);
    if u64::from(layout.first_lba()) < end {
        return Err(GrowError::Inside {
            first_lba: layout.first_lba(),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        });
    }
    let mut source = ImageFile::new(file.try_clone().map_err(GrowError::Write)?);
    let growth = Growth::new(layout, &mut source, disc)?;
    if let Err(error) = write_session(file, layout, observe) {
        // What is behind the old volume does no harm, should even this fail.
        let _ = file.set_len(length);
        return Err(error);
    }
    for (lba, bytes) in growth.head() {
        file.write_all_at(bytes, u64::from(*lba) * BLOCK_BYTES)
            .map_err(GrowError::Write)?;
    }
    file.sync_data().map_err(GrowError::Write)?;
    Ok(growth)
}

fn write_session(
    file: &File,
    layout: &Arc<Layout>,
    mut observe: impl FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<(), GrowError> {
    let mut emitter = layout.emitter_ahead();
    let mut piece = vec![0; PIECE as usize * BLOCK_SIZE];
    let mut block = 0;
    while block < layout.blocks() {
        let blocks = PIECE.min(layout.blocks() - block);
        let bytes = piece
            .get_mut(..blocks as usize * BLOCK_SIZE)
            .unwrap_or_default();
        emitter.read_blocks(block, bytes)?;
        let at = (u64::from(layout.first_lba()) + block) * BLOCK_BYTES;
        file.write_all_at(bytes, at).map_err(GrowError::Write)?;
        block += blocks;
        if observe(block, layout.blocks()).is_break() {
            return Err(GrowError::Stopped);
        }
    }
    file.sync_data().map_err(GrowError::Write)
}
