//! DVD-RW in restricted overwrite (profile 0013h): what it can be formatted to, and the
//! session that a quick format leaves open (recipes 6, 8, 13).
//!
//! A quick format writes no data area: the host writes it, from the start or from the old end
//! on, and closes the session. Until then the session is *intermediate*. The steps of formats
//! are those of recipe 6.

use super::dvd_minus::UNIT;
use super::rewritable::Rewritable;
use super::{FormatDescriptor, Medium, MediumError, MediumKind, Recorded};
use crate::refusal::Refusal;
use crate::store::{DiscStore, StoreError};

/// The type-dependent parameter of the formats of this medium: blocks of an ECC block.
const ECC_BLOCKS: u32 = UNIT;
/// The parameter of type 00h: the length of a block.
const BLOCK_LENGTH: u32 = 2048;

/// What a format leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// So many blocks, each written, all else unformatted.
    Full(u32),
    /// No block: an intermediate session that begins at 0.
    Quick,
    /// So many blocks more, each written.
    Grow(u32),
    /// An intermediate session that goes on at the old end.
    QuickGrow,
}

impl Format {
    /// It begins with what was there lost.
    pub(crate) fn is_destructive(self) -> bool {
        matches!(self, Self::Full(_) | Self::Quick)
    }

    /// Blocks that it writes.
    pub(crate) fn blocks(self) -> u32 {
        match self {
            Self::Full(blocks) | Self::Grow(blocks) => blocks,
            Self::Quick | Self::QuickGrow => 0,
        }
    }
}

/// The formatted disc that can be grown: its last session is closed.
fn growable(medium: &Medium) -> Option<&Rewritable> {
    medium
        .rewritable()
        .filter(|disc| disc.is_formatted() && disc.growing.is_none())
}

/// 00h, 10h and 15h in every state; 11h and 13h while the session is closed, with what is left
/// to grow by (recipe 13).
pub(crate) fn formats(medium: &Medium) -> Vec<FormatDescriptor> {
    let raw = medium.recordable();
    let mut out = vec![
        FormatDescriptor::new(raw, 0x00, BLOCK_LENGTH),
        FormatDescriptor::new(raw, 0x10, ECC_BLOCKS),
        FormatDescriptor::new(raw, 0x15, ECC_BLOCKS),
    ];
    if let Some(disc) = growable(medium).filter(|disc| disc.capacity < raw) {
        let left = raw - disc.capacity;
        out.push(FormatDescriptor::new(left, 0x11, ECC_BLOCKS));
        out.push(FormatDescriptor::new(left, 0x13, ECC_BLOCKS));
    }
    out
}

/// What a FORMAT UNIT asks for, or why the drive will not do it. Numbers of blocks are raised to
/// whole ECC blocks.
pub(crate) fn check_format(
    medium: &Medium,
    kind: u8,
    subtype: u8,
    blocks: u32,
    parameter: u32,
) -> Result<Format, Refusal> {
    let listed = formats(medium).into_iter().find(|f| f.kind == kind);
    let listed = listed.ok_or(Refusal::ILLEGAL_PARAMETER)?;
    let rounded = blocks
        .checked_next_multiple_of(UNIT)
        .filter(|rounded| *rounded <= listed.blocks && subtype == 0)
        .ok_or(Refusal::ILLEGAL_PARAMETER)?;
    // The quick format is also asked for with nothing in the parameter (recipe 6).
    if parameter != listed.parameter && (kind, parameter) != (0x15, 0) {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    match (kind, rounded) {
        (0x00, all) if all == listed.blocks => Ok(Format::Full(all)),
        (0x10, 1..) => Ok(Format::Full(rounded)),
        (0x11, 1..) => Ok(Format::Grow(rounded)),
        (0x13, _) => Ok(Format::QuickGrow),
        (0x15, _) => Ok(Format::Quick),
        _ => Err(Refusal::ILLEGAL_PARAMETER),
    }
}

/// The disc as the format leaves it.
pub(crate) fn end_format(recorded: &mut Recorded, format: Format) {
    let Recorded::Rewritable(disc) = recorded else {
        return;
    };
    match format {
        Format::Full(blocks) => disc.end_format(blocks, 0, true),
        Format::Quick => {
            disc.end_format(0, 0, false);
            disc.growing = Some(0);
        }
        Format::Grow(blocks) => {
            let old = disc.capacity;
            disc.capacity = old.saturating_add(blocks).min(disc.raw_capacity);
            disc.written.insert(old..disc.capacity);
        }
        Format::QuickGrow => disc.growing = Some(disc.capacity),
    }
}

/// Whether the blocks may be written now: whole ECC blocks, inside the formatted part, or in
/// the intermediate session up to where it has come (recipes 8, 13.2).
pub(super) fn check_write(disc: &Rewritable, lba: u32, blocks: u32) -> Result<(), Refusal> {
    if !lba.is_multiple_of(UNIT) || !blocks.is_multiple_of(UNIT) {
        return Err(Refusal::LBA_OUT_OF_RANGE.at(lba));
    }
    let limit = match disc.growing {
        Some(nwa) if lba > nwa => return Err(Refusal::INVALID_WRITE_ADDRESS.at(lba)),
        Some(_) => disc.raw_capacity,
        None => disc.capacity,
    };
    match lba.checked_add(blocks) {
        Some(end) if end <= limit && lba < limit => Ok(()),
        _ => Err(Refusal::LBA_OUT_OF_RANGE.at(lba)),
    }
}

/// Whether the intermediate session can be closed.
pub(crate) fn check_close(disc: &Rewritable) -> Result<(), Refusal> {
    match (disc.is_formatted(), disc.growing) {
        (false, _) => Err(Refusal::UNFORMATTED),
        (true, None | Some(0)) => Err(Refusal::NOTHING_TO_CLOSE),
        (true, Some(_)) => Ok(()),
    }
}

impl Medium {
    /// A DVD-RW as it is sold formatted: in restricted overwrite (0013h), all of it.
    ///
    /// `capacity_blocks` as in [`Medium::blank`].
    ///
    /// # Errors
    /// The capacity is not possible, or the store failed.
    pub fn restricted_overwrite(
        capacity_blocks: Option<u32>,
        store: Box<dyn DiscStore>,
    ) -> Result<Self, MediumError> {
        let mut medium = Self::blank(MediumKind::DvdMinusRw, capacity_blocks, store)?;
        let blocks = medium.capacity();
        let mut disc = Rewritable::new(medium.kind, blocks);
        disc.end_format(blocks, 0, true);
        *medium.recorded_mut() = Recorded::Rewritable(disc);
        medium.save()?;
        Ok(medium)
    }

    /// Begins a format to restricted overwrite that destroys what is there, in either mode.
    pub(crate) fn begin_restricted_overwrite(&mut self) -> Result<(), StoreError> {
        let disc = Rewritable::new(self.kind, self.recordable());
        *self.recorded_mut() = Recorded::Rewritable(disc);
        self.begin_format()
    }
}
