//! The sessions of an image or disc that nobody has a table of contents of, and a mark that tells one disc from another.
//!
//! Looks at volume descriptors alone; must not read trees. Where a drive has a table of contents, that is to be believed
//! and nothing here is needed.

use std::collections::BTreeSet;
use std::io;

use crate::block::{BLOCK_SIZE, BlockSource};
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::iso9660::descriptor::{self, DescriptorKind, VolumeDescriptor};
use crate::iso9660::directory_record::{DirectoryRecord, RecordBytes, SELF_IDENTIFIER};
use crate::time::Timestamp;

/// Sessions of an overwritable disc and of an image begin at a multiple of this: a write unit of a DVD.
pub const SESSION_ALIGNMENT: u32 = 16;
/// That of a Blu-ray disc.
pub const SESSION_ALIGNMENT_BD: u32 = 32;
/// Blocks from the end of a first session of a CD to the next (lead-out of 90 s, lead-in of 60 s, a pregap of 2 s), and
/// of later ones, whose lead-outs are of 30 s; each also with the two run-out blocks of a track written at once.
const CD_GAPS: [u32; 4] = [11_400, 11_402, 6_900, 6_902];
/// Blocks of the system area and descriptors that make up the mark.
const MARKED: u32 = 64;
/// UDF's first anchor, relative to its session.
const ANCHOR: u32 = 256;

/// A session that holds a volume of ISO 9660.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its first block.
    pub first_lba: u32,
    /// Blocks of its volume, from `first_lba` on.
    pub blocks: u32,
    /// The volume's name in ISO 9660.
    pub volume_id: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Whether its tree is that which a reader finds that looks at the disc's beginning alone.
    pub at_head: bool,
}

/// A descriptor, and whether its root is where it says.
struct Found {
    value: VolumeDescriptor,
    root: u32,
}

fn read(source: &mut impl BlockSource, lba: u32) -> io::Result<Option<[u8; BLOCK_SIZE]>> {
    let mut block = [0; BLOCK_SIZE];
    match source.read_blocks(lba, &mut block) {
        Ok(()) => Ok(Some(block)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The volume of a session at a block, if there is one whose root folder is where it says: an image in a file of
/// somebody's has its addresses from its own beginning on, and is none.
fn volume_at(source: &mut impl BlockSource, first_lba: u32) -> io::Result<Option<Found>> {
    let Some(lba) = first_lba.checked_add(FIRST_DESCRIPTOR) else {
        return Ok(None);
    };
    let Some(block) = read(source, lba)? else {
        return Ok(None);
    };
    if descriptor::kind(&block) != Some(DescriptorKind::Primary) {
        return Ok(None);
    }
    let Ok(value) = VolumeDescriptor::parse(&block) else {
        return Ok(None);
    };
    let Some(root) = own_lba(&value.root) else {
        return Ok(None);
    };
    let Some(folder) = read(source, root)? else {
        return Ok(None);
    };
    let is_root = matches!(RecordBytes::new_checked(&folder), Ok(Some(record))
        if record.identifier() == SELF_IDENTIFIER && own_lba(&folder) == Some(root));
    Ok((is_root && root >= first_lba).then_some(Found { value, root }))
}

fn own_lba(record: &[u8]) -> Option<u32> {
    let view = RecordBytes::new_checked(record).ok()??;
    Some(DirectoryRecord::parse(&view).ok()?.lba)
}

/// The block behind a volume of `blocks` blocks, in a session at `first_lba`: its descriptor counts those of the session,
/// as most programs have it, or all from the beginning of the disc on, where they would otherwise go beyond its `end`.
pub(crate) fn volume_end(first_lba: u32, blocks: u32, end: Option<u32>) -> u32 {
    let own = first_lba.saturating_add(blocks);
    match end {
        Some(end) if own > end && blocks > first_lba => blocks,
        _ => own,
    }
}

/// Where a session is expected behind a volume.
fn behind(end: u32) -> impl Iterator<Item = u32> {
    let aligned = [SESSION_ALIGNMENT, SESSION_ALIGNMENT_BD]
        .map(|alignment| end.checked_next_multiple_of(alignment));
    let gaps = CD_GAPS.map(|gap| end.checked_add(gap));
    aligned
        .into_iter()
        .chain(gaps)
        .flatten()
        .filter(|at| *at > 0)
}

/// The sessions of an image or disc, in the order of their blocks: the volume at the beginning, those that stand where
/// the ones before them end (as growing an image or an overwritable disc leaves them), those behind the gaps of a CD, and,
/// where the source knows its size, those at any multiple of [`SESSION_ALIGNMENT`]. An empty list: no volume of ISO 9660.
///
/// The first volume of what was grown is told only while its own descriptors are at the beginning; afterwards the
/// beginning shows the newest tree, which stands in the list once, in its own session.
///
/// # Errors
/// What the source answered to blocks that it has.
pub fn sessions(source: &mut impl BlockSource) -> io::Result<Vec<Session>> {
    let head = volume_at(source, 0)?;
    let head_root = head.as_ref().map(|head| head.root);
    let known_end = source.blocks();
    let end = known_end.unwrap_or(0);
    let mut found: Vec<(u32, Found)> = Vec::new();
    // Places where a session is expected, beside those that are looked at one after the other.
    let mut expected: BTreeSet<u32> = head
        .iter()
        .flat_map(|head| behind(head.value.blocks))
        .collect();
    let mut in_row = Some(SESSION_ALIGNMENT);
    loop {
        let next_in_row = in_row.filter(|at| *at < end);
        let Some(at) = expected
            .first()
            .copied()
            .into_iter()
            .chain(next_in_row)
            .min()
        else {
            break;
        };
        expected.remove(&at);
        let mut last = at;
        if let Some(volume) = volume_at(source, at)? {
            let behind_it =
                volume_end(at, volume.value.blocks, known_end).max(at.saturating_add(1));
            // No other session begins inside of this one.
            last = behind_it - 1;
            expected = expected.split_off(&behind_it);
            expected.extend(behind(behind_it));
            found.push((at, volume));
        }
        if next_in_row.is_some_and(|next| next <= last) {
            in_row = (last / SESSION_ALIGNMENT + 1).checked_mul(SESSION_ALIGNMENT);
        }
    }
    if let Some(head) = head
        && !found.iter().any(|(_, volume)| volume.root == head.root)
    {
        found.insert(0, (0, head));
    }
    Ok(found
        .into_iter()
        .map(|(first_lba, Found { value, root })| Session {
            first_lba,
            blocks: volume_end(first_lba, value.blocks, known_end) - first_lba,
            volume_id: String::from_utf8_lossy(&value.volume).into_owned(),
            created: value.created.time(),
            at_head: Some(root) == head_root,
        })
        .collect())
}

/// What tells the disc that something was imported from, from any other: which session, and the sum of its descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DiscId {
    session_first_lba: u32,
    sum: u64,
}

/// Why a disc cannot be taken for the one that was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscError {
    /// It cannot be read.
    #[error("the disc cannot be read: {0}")]
    Source(#[from] io::Error),
    /// It is another one, or was written to since.
    #[error("this is not the disc that was imported: its mark is {found}, and that was {expected}")]
    Mismatch {
        /// The mark of the disc that was imported.
        expected: DiscId,
        /// That of the disc at hand.
        found: DiscId,
    },
}

impl std::fmt::Display for DiscId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}@{}", self.sum, self.session_first_lba)
    }
}

static SUM: crc::Crc<u64> = crc::Crc::<u64>::new(&crc::CRC_64_XZ);

impl DiscId {
    /// The mark of the disc that `source` reads, by the session that begins at `session_first_lba`: a sum of its system
    /// area and descriptors, and of UDF's first anchor.
    ///
    /// # Errors
    /// What the source answered to blocks that it has.
    pub fn of(source: &mut impl BlockSource, session_first_lba: u32) -> io::Result<Self> {
        let mut sum = SUM.digest();
        // Behind a short volume a drive may have blocks that nobody has recorded, and which it cannot read.
        let mut volume_blocks = None;
        for number in (0..MARKED).chain([ANCHOR]) {
            if volume_blocks.is_some_and(|blocks| number >= blocks) {
                break;
            }
            let lba = session_first_lba.saturating_add(number);
            let Some(block) = read(source, lba)? else {
                break;
            };
            let kind = descriptor::kind(&block);
            if number == ANCHOR || number < FIRST_DESCRIPTOR || kind.is_some() {
                sum.update(&block);
            }
            if number == FIRST_DESCRIPTOR
                && kind == Some(DescriptorKind::Primary)
                && let Ok(primary) = VolumeDescriptor::parse(&block)
            {
                let end = volume_end(session_first_lba, primary.blocks, source.blocks());
                volume_blocks = Some(end.saturating_sub(session_first_lba));
            }
        }
        Ok(Self {
            session_first_lba,
            sum: sum.finalize(),
        })
    }

    /// The session that was looked at.
    #[must_use]
    pub fn session_first_lba(self) -> u32 {
        self.session_first_lba
    }

    /// Sees to it that `source` reads the same disc still, and that nothing was written to it since.
    ///
    /// # Errors
    /// [`DiscError`].
    pub fn check(self, source: &mut impl BlockSource) -> Result<(), DiscError> {
        let found = Self::of(source, self.session_first_lba)?;
        match found == self {
            true => Ok(()),
            false => Err(DiscError::Mismatch {
                expected: self,
                found,
            }),
        }
    }
}
