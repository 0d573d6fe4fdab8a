//! A virtual disc: its kind, what is recorded on it, and the store that keeps both.
//!
//! Must not know commands, buffers or time.
//!
//! ```text
//! MediumKind -> Recorded::Sequential   BD-R, DVD+R (DL), DVD-R (DL), DVD-RW  (sequential.rs)
//!            -> Recorded::Rewritable   BD-RE, DVD+RW (DL), DVD-RAM, DVD-RW   (rewritable.rs)
//!            -> Recorded::Cd           CD-R, CD-RW                           (cd/)
//! ```
//!
//! A DVD-RW is the one or the other, by what it was last made: BLANK and FORMAT UNIT change it.

pub(crate) mod bd_r;
pub(crate) mod bd_re;
pub(crate) mod cd;
mod cd_sectors;
mod defects;
mod disc_type;
pub(crate) mod dvd_minus;
pub(crate) mod dvd_plus_r;
pub(crate) mod dvd_plus_rw;
pub(crate) mod dvd_ram;
pub(crate) mod dvd_rw;
pub(crate) mod pow;
mod protection;
pub(crate) mod ranges;
mod reallocation;
pub(crate) mod rewritable;
pub(crate) mod sequential;
mod state;

use std::fmt;

use pitland_mmc::Profile;

use self::cd::CdDisc;
pub(crate) use self::cd::MAIN_BYTES as CD_MAIN_BYTES;
pub(crate) use self::cd_sectors::SectorKind;
pub use self::defects::Defect;
use self::defects::Defects;
pub use self::disc_type::DiscType;
pub use self::protection::Protection;
use self::rewritable::Rewritable;
use self::sequential::{Damage, Sequential};
use crate::refusal::Refusal;
use crate::store::{DiscStore, StoreError};

/// The media that the virtual recorder serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediumKind {
    /// BD-R: sequential (0041h), or random after such a format (0042h).
    BdR,
    /// BD-RE (0043h).
    BdRe,
    /// DVD+R (001Bh).
    DvdPlusR,
    /// DVD+R DL (002Bh).
    DvdPlusRDl,
    /// DVD+RW (001Ah).
    DvdPlusRw,
    /// DVD-RAM (0012h).
    DvdRam,
    /// CD-R (0009h).
    CdR,
    /// CD-RW (000Ah).
    CdRw,
    /// DVD-R (0011h).
    DvdMinusR,
    /// DVD-RW: sequential (0014h) or in restricted overwrite (0013h).
    DvdMinusRw,
    /// DVD-R DL (0015h; 0016h when it was begun by layer jumps).
    DvdMinusRDl,
    /// DVD+RW DL (002Ah).
    DvdPlusRwDl,
}

impl MediumKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::BdR,
        Self::BdRe,
        Self::DvdPlusR,
        Self::DvdPlusRDl,
        Self::DvdPlusRw,
        Self::DvdRam,
        Self::CdR,
        Self::CdRw,
        Self::DvdMinusR,
        Self::DvdMinusRw,
        Self::DvdMinusRDl,
        Self::DvdPlusRwDl,
    ];

    /// The profile of the disc as it is sold; [`Medium::profile`] goes by its state.
    pub const fn profile(self) -> Profile {
        match self {
            Self::BdR => Profile::BdRSrm,
            Self::BdRe => Profile::BdRe,
            Self::DvdPlusR => Profile::DvdPlusR,
            Self::DvdPlusRDl => Profile::DvdPlusRDl,
            Self::DvdPlusRw => Profile::DvdPlusRw,
            Self::DvdRam => Profile::DvdRam,
            Self::CdR => Profile::CdR,
            Self::CdRw => Profile::CdRw,
            Self::DvdMinusR => Profile::DvdMinusRSequential,
            Self::DvdMinusRw => Profile::DvdMinusRwSequential,
            Self::DvdMinusRDl => Profile::DvdMinusRDlSequential,
            Self::DvdPlusRwDl => Profile::DvdPlusRwDl,
        }
    }

    /// Blocks of 2048 bytes of an unformatted disc as sold (recipes 6 and 7; single layer, 12 cm).
    pub const fn default_capacity(self) -> u32 {
        match self {
            Self::BdR => bd_r::SINGLE_LAYER,
            Self::BdRe => bd_re::SINGLE_LAYER,
            Self::DvdPlusR => dvd_plus_r::SINGLE_LAYER,
            Self::DvdPlusRDl => dvd_plus_r::DUAL_LAYER,
            Self::DvdPlusRw => dvd_plus_rw::CAPACITY,
            Self::DvdRam => dvd_ram::RAW,
            Self::CdR | Self::CdRw => cd::CAPACITY,
            Self::DvdMinusR | Self::DvdMinusRw => dvd_minus::SINGLE_LAYER,
            Self::DvdMinusRDl => dvd_minus::DUAL_LAYER,
            Self::DvdPlusRwDl => dvd_plus_rw::DUAL_LAYER,
        }
    }

    /// Blocks of the unit of writing: an ECC block of 32 on BD and 16 on DVD, one block on CD
    /// (recipe 1).
    pub const fn unit(self) -> u32 {
        match self {
            Self::BdR | Self::BdRe => bd_r::CLUSTER,
            Self::CdR | Self::CdRw => 1,
            _ => dvd_plus_r::UNIT,
        }
    }

    /// Whether the medium belongs to the Blu-ray family.
    pub const fn is_bd(self) -> bool {
        matches!(self, Self::BdR | Self::BdRe)
    }

    /// Whether the medium belongs to the CD family.
    pub const fn is_cd(self) -> bool {
        matches!(self, Self::CdR | Self::CdRw)
    }

    /// Whether the medium belongs to the DVD family.
    pub const fn is_dvd(self) -> bool {
        !self.is_bd() && !self.is_cd()
    }

    /// Formatted in the background.
    pub(crate) const fn is_plus_rw(self) -> bool {
        matches!(self, Self::DvdPlusRw | Self::DvdPlusRwDl)
    }

    /// Two layers, from the centre out and back again.
    pub(crate) const fn is_dual_layer_dvd(self) -> bool {
        matches!(
            self,
            Self::DvdPlusRDl | Self::DvdMinusRDl | Self::DvdPlusRwDl
        )
    }

    const fn code(self) -> u8 {
        match self {
            Self::BdR => 1,
            Self::BdRe => 2,
            Self::DvdPlusR => 3,
            Self::DvdPlusRDl => 4,
            Self::DvdPlusRw => 5,
            Self::DvdRam => 6,
            Self::CdR => 7,
            Self::CdRw => 8,
            Self::DvdMinusR => 9,
            Self::DvdMinusRw => 10,
            Self::DvdMinusRDl => 11,
            Self::DvdPlusRwDl => 12,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Blocks of the largest disc that is accepted.
    const fn most_capacity(self) -> u32 {
        match self {
            Self::CdR | Self::CdRw => cd::MOST_CAPACITY,
            _ => i32::MAX as u32 / 2,
        }
    }

    /// Blocks of the smallest disc that is accepted.
    const fn least_capacity(self) -> u32 {
        match self {
            Self::CdR | Self::CdRw => cd::LEAST_CAPACITY,
            _ => 64 * self.unit(),
        }
    }
}

/// Why a disc could not be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediumError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store holds no disc yet: make one with [`Medium::blank`].
    #[error("the store holds no disc")]
    NoDisc,
    /// The saved state is not what a recorder wrote. The blocks may still be read by other means.
    #[error("the virtual disc is corrupt: {0}")]
    Corrupt(&'static str),
    /// The saved state has a layout that this version does not know.
    #[error("the virtual disc has layout version {0}, which is not known here")]
    Version(u8),
    /// The capacity asked for is not possible for the kind of medium.
    #[error(
        "{blocks} blocks are no possible capacity: between {least} and {most}, in whole ECC blocks"
    )]
    Capacity {
        /// Blocks asked for.
        blocks: u32,
        /// The fewest possible.
        least: u32,
        /// The most possible.
        most: u32,
    },
}

/// One line of what a disc can be formatted to (READ FORMAT CAPACITIES).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormatDescriptor {
    pub(crate) blocks: u32,
    /// Format type, 0 to 3Fh.
    pub(crate) kind: u8,
    /// Type-dependent parameter, 24 bits.
    pub(crate) parameter: u32,
}

impl FormatDescriptor {
    pub(crate) const fn new(blocks: u32, kind: u8, parameter: u32) -> Self {
        Self {
            blocks,
            kind,
            parameter,
        }
    }
}

/// What a format leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormatResult {
    pub(crate) blocks: u32,
    pub(crate) spare_units: u32,
    /// Every block was written while certifying, and reads as zeros.
    pub(crate) wiped: bool,
    /// What was known to be bad stays in the spare area (quick certification).
    pub(crate) keeps_defects: bool,
    /// What lies before the new end stays as it is.
    pub(crate) keeps_data: bool,
}

/// In the saved state, a DVD-RW in restricted overwrite: what the code of its kind is for
/// sequential ones.
const RESTRICTED_OVERWRITE: u8 = 13;

/// The same of a BD-R that is recorded at random.
const RANDOM_RECORDING: u8 = 14;

/// The same of a CD-R and a CD-RW whose record says more than of plain data.
const WHOLE_CD_R: u8 = 15;
const WHOLE_CD_RW: u8 = 16;

/// In the saved state, where the layers beyond the first stand in the code of the kind: at most three.
const LAYERS_SHIFT: u32 = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recorded {
    Sequential(Sequential),
    Rewritable(Rewritable),
    Cd(CdDisc),
}

/// A disc, in or out of a drive.
pub struct Medium {
    pub(crate) kind: MediumKind,
    pub(crate) recorded: Recorded,
    /// Layers of a BD, 1 to 4.
    layers: u8,
    defects: Defects,
    store: Box<dyn DiscStore>,
    /// The saved state lags behind.
    changed: bool,
    scratch: Vec<u8>,
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Medium")
            .field("kind", &self.kind)
            .field("recorded", &self.recorded)
            .finish_non_exhaustive()
    }
}

impl Medium {
    /// A disc as it is sold: blank, unformatted, or (DVD-RAM) formatted and empty.
    ///
    /// `capacity_blocks` are the blocks of the unformatted disc, in whole ECC blocks
    /// (an even number of them on a dual-layer disc); `None` is the usual size. What
    /// the store held is forgotten.
    ///
    /// # Errors
    /// The capacity is not possible, or the store failed.
    pub fn blank(
        kind: MediumKind,
        capacity_blocks: Option<u32>,
        store: Box<dyn DiscStore>,
    ) -> Result<Self, MediumError> {
        let blocks = capacity_blocks.unwrap_or(kind.default_capacity());
        let (least, most) = (kind.least_capacity(), kind.most_capacity());
        let step = match kind {
            kind if kind.is_dual_layer_dvd() => 2 * kind.unit(),
            _ => kind.unit(),
        };
        if blocks < least || blocks > most || !blocks.is_multiple_of(step) {
            return Err(MediumError::Capacity {
                blocks,
                least,
                most,
            });
        }
        let recorded = match kind {
            MediumKind::BdR => Recorded::Sequential(Sequential::blank(&bd_r::RULES, blocks)),
            MediumKind::DvdPlusR | MediumKind::DvdPlusRDl => {
                Recorded::Sequential(Sequential::blank(&dvd_plus_r::RULES, blocks))
            }
            MediumKind::DvdMinusR | MediumKind::DvdMinusRw | MediumKind::DvdMinusRDl => {
                Recorded::Sequential(Sequential::blank(&dvd_minus::RULES, blocks))
            }
            MediumKind::BdRe | MediumKind::DvdPlusRw | MediumKind::DvdPlusRwDl => {
                Recorded::Rewritable(Rewritable::new(kind, blocks))
            }
            MediumKind::CdR | MediumKind::CdRw => Recorded::Cd(CdDisc::blank(kind, blocks)),
            MediumKind::DvdRam => {
                let mut disc = Rewritable::new(kind, blocks);
                let capacity = dvd_ram::default_capacity(blocks);
                disc.end_format(capacity, dvd_ram::spare_units(blocks, capacity), false);
                Recorded::Rewritable(disc)
            }
        };
        let mut medium = Self {
            kind,
            recorded,
            layers: 1,
            defects: Defects::default(),
            store,
            changed: true,
            scratch: Vec::new(),
        };
        medium.store.erase()?;
        medium.save()?;
        Ok(medium)
    }

    /// The disc that the store holds, as it was when its state was last saved.
    ///
    /// # Errors
    /// The store failed or holds no disc, or its state is corrupt.
    pub fn open(mut store: Box<dyn DiscStore>) -> Result<Self, MediumError> {
        let state = store.load_state()?.ok_or(MediumError::NoDisc)?;
        let (code, mut fields) = state::Reader::begin(&state)?;
        let layers = (code >> LAYERS_SHIFT) + 1;
        let code = code & ((1 << LAYERS_SHIFT) - 1);
        let kind = match code {
            RESTRICTED_OVERWRITE => Some(MediumKind::DvdMinusRw),
            RANDOM_RECORDING => Some(MediumKind::BdR),
            WHOLE_CD_R => Some(MediumKind::CdR),
            WHOLE_CD_RW => Some(MediumKind::CdRw),
            code => MediumKind::from_code(code),
        };
        let kind = kind.ok_or(MediumError::Corrupt("unknown kind of medium"))?;
        let recorded = match kind {
            MediumKind::CdR | MediumKind::CdRw => {
                let more = matches!(code, WHOLE_CD_R | WHOLE_CD_RW);
                Recorded::Cd(CdDisc::load(kind, more, &mut fields)?)
            }
            MediumKind::DvdMinusRw if code == RESTRICTED_OVERWRITE => {
                Recorded::Rewritable(Rewritable::load(kind, &mut fields)?)
            }
            MediumKind::DvdMinusR | MediumKind::DvdMinusRw | MediumKind::DvdMinusRDl => {
                Recorded::Sequential(Sequential::load(&dvd_minus::RULES, &mut fields)?)
            }
            MediumKind::BdR if code == RANDOM_RECORDING => {
                Recorded::Rewritable(Rewritable::load(kind, &mut fields)?)
            }
            MediumKind::BdR => Recorded::Sequential(Sequential::load(&bd_r::RULES, &mut fields)?),
            MediumKind::DvdPlusR | MediumKind::DvdPlusRDl => {
                Recorded::Sequential(Sequential::load(&dvd_plus_r::RULES, &mut fields)?)
            }
            _ => Recorded::Rewritable(Rewritable::load(kind, &mut fields)?),
        };
        // Discs without bad places have nothing here.
        let defects = match fields.is_empty() {
            true => Defects::default(),
            false => Defects::load(&mut fields)?,
        };
        fields.end()?;
        let raw_capacity = match &recorded {
            Recorded::Sequential(disc) => disc.raw_capacity,
            Recorded::Rewritable(disc) => disc.raw_capacity,
            Recorded::Cd(disc) => disc.capacity(),
        };
        if raw_capacity > kind.most_capacity() {
            return Err(MediumError::Corrupt("there is no disc of such a size"));
        }
        Ok(Self {
            kind,
            recorded,
            layers,
            defects,
            store,
            changed: false,
            scratch: Vec::new(),
        })
    }

    /// The kind of the disc.
    pub fn kind(&self) -> MediumKind {
        self.kind
    }

    /// The profile of the disc in its present state (recipe 1).
    pub fn profile(&self) -> Profile {
        match (self.kind, &self.recorded) {
            (MediumKind::DvdMinusRw, Recorded::Rewritable(_)) => {
                Profile::DvdMinusRwRestrictedOverwrite
            }
            (MediumKind::DvdMinusRDl, Recorded::Sequential(disc)) if disc.minus.layer_jump => {
                Profile::DvdMinusRDlLayerJump
            }
            (MediumKind::BdR, Recorded::Rewritable(_)) => Profile::BdRRrm,
            (kind, _) => kind.profile(),
        }
    }

    /// Blocks that the disc holds, as it is formatted now.
    pub fn capacity(&self) -> u32 {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.capacity,
            Recorded::Rewritable(disc) => disc.capacity,
            Recorded::Cd(disc) => disc.capacity(),
        }
    }

    /// Blocks that can ever be written to: beyond what is formatted too, where the disc grows.
    pub(crate) fn recordable(&self) -> u32 {
        match &self.recorded {
            Recorded::Rewritable(disc) if disc.kind == MediumKind::DvdMinusRw => disc.raw_capacity,
            _ => self.capacity(),
        }
    }

    /// The tracks that hold data that can be read, as a reader sees them: first block and number of
    /// blocks, in order of their numbers. A rewritable disc is one track.
    pub fn tracks(&self) -> Vec<(u32, u32)> {
        match &self.recorded {
            Recorded::Sequential(disc) => disc
                .tracks
                .iter()
                .filter(|t| t.recorded > t.start && t.damage != Damage::Lost)
                .map(|t| (t.start, t.recorded - t.start))
                .collect(),
            Recorded::Rewritable(disc) if disc.is_formatted() && disc.capacity > 0 => {
                vec![(0, disc.capacity)]
            }
            Recorded::Rewritable(_) => Vec::new(),
            Recorded::Cd(disc) => disc.readable_tracks(),
        }
    }

    /// Blocks from 0 to the end of the last written ECC block, whatever lies between.
    pub fn written_end(&self) -> u32 {
        match &self.recorded {
            Recorded::Sequential(disc) => disc
                .tracks
                .iter()
                .filter(|t| t.recorded > t.start)
                .map(|t| t.recorded)
                .max()
                .unwrap_or(0),
            Recorded::Rewritable(disc) => disc.written.iter().map(|r| r.end).max().unwrap_or(0),
            Recorded::Cd(disc) => disc.written_end(),
        }
    }

    /// The end of what must have a place among the blocks of the store: [`Self::written_end`], but
    /// for what is kept as whole sectors of a CD.
    pub fn blocks_end(&self) -> u32 {
        match &self.recorded {
            Recorded::Cd(disc) => disc.blocks_end(),
            _ => self.written_end(),
        }
    }

    /// Reads blocks as the store has them, without a drive: for exports and tests.
    /// Blocks that were never written are zeros.
    ///
    /// # Errors
    /// The store failed, or `out` is not whole blocks.
    pub fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        self.read(lba, out)
    }

    /// Sets the write-protect tab or status (DVD-RAM and the other rewritable media;
    /// no effect on write-once media).
    ///
    /// # Errors
    /// The store failed.
    pub fn set_write_protected(&mut self, protected: bool) -> Result<(), MediumError> {
        if let Recorded::Rewritable(disc) = &mut self.recorded {
            disc.protection.cartridge = protected;
            self.changed = true;
            self.save()?;
        }
        Ok(())
    }

    /// Protects a rewritable disc by these means alone; no effect on write-once media. Only a DVD-RAM tells by
    /// which, and a DVD+RW of its write inhibit block.
    ///
    /// # Errors
    /// The store failed.
    pub fn protect(&mut self, protection: Protection) -> Result<(), MediumError> {
        if let Recorded::Rewritable(disc) = &mut self.recorded {
            disc.protection = protection;
            self.changed = true;
            self.save()?;
        }
        Ok(())
    }

    pub(crate) fn sequential(&self) -> Option<&Sequential> {
        match &self.recorded {
            Recorded::Sequential(disc) => Some(disc),
            Recorded::Rewritable(_) | Recorded::Cd(_) => None,
        }
    }

    pub(crate) fn rewritable(&self) -> Option<&Rewritable> {
        match &self.recorded {
            Recorded::Rewritable(disc) => Some(disc),
            Recorded::Sequential(_) | Recorded::Cd(_) => None,
        }
    }

    pub(crate) fn cd(&self) -> Option<&CdDisc> {
        match &self.recorded {
            Recorded::Cd(disc) => Some(disc),
            Recorded::Sequential(_) | Recorded::Rewritable(_) => None,
        }
    }

    /// Written from one address on, and not anywhere.
    pub(crate) fn is_sequential(&self) -> bool {
        self.rewritable().is_none()
    }

    /// Nothing that was written once can be taken back: BLANK and FORMAT UNIT are not for it.
    pub(crate) fn is_write_once(&self) -> bool {
        match self.kind {
            MediumKind::BdR
            | MediumKind::DvdPlusR
            | MediumKind::DvdPlusRDl
            | MediumKind::CdR
            | MediumKind::DvdMinusR
            | MediumKind::DvdMinusRDl => true,
            MediumKind::BdRe
            | MediumKind::DvdPlusRw
            | MediumKind::DvdPlusRwDl
            | MediumKind::DvdRam
            | MediumKind::CdRw
            | MediumKind::DvdMinusRw => false,
        }
    }

    /// Written to and not synchronized since: the power may have failed.
    pub(crate) fn in_flight(&self) -> bool {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.in_flight,
            Recorded::Rewritable(_) => false,
            Recorded::Cd(disc) => disc.in_flight(),
        }
    }

    /// The record of the disc, to change it; [`Medium::save`] must follow.
    pub(crate) fn recorded_mut(&mut self) -> &mut Recorded {
        self.changed = true;
        &mut self.recorded
    }

    pub(crate) fn is_formatted(&self) -> bool {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.spares.is_some(),
            Recorded::Rewritable(disc) => disc.is_formatted(),
            Recorded::Cd(_) => false,
        }
    }

    /// A sequential disc that takes no more.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.complete,
            Recorded::Rewritable(_) => false,
            Recorded::Cd(disc) => disc.is_complete(),
        }
    }

    /// Every write is read back, unless the host streams (recipe 7).
    pub(crate) fn verifies_writes(&self) -> bool {
        match self.kind {
            MediumKind::BdR | MediumKind::BdRe => self.spares().is_some(),
            MediumKind::DvdRam => true,
            _ => false,
        }
    }

    pub(crate) fn formats(&self) -> Vec<FormatDescriptor> {
        match (&self.recorded, self.kind) {
            (Recorded::Sequential(disc), MediumKind::BdR) => bd_r::formats(disc),
            (Recorded::Cd(disc), _) => disc.formats(),
            (_, MediumKind::DvdMinusRw) => dvd_rw::formats(self),
            (Recorded::Sequential(_), _) => Vec::new(),
            (Recorded::Rewritable(disc), MediumKind::BdRe) => bd_re::formats(disc),
            (Recorded::Rewritable(disc), MediumKind::DvdRam) => dvd_ram::formats(disc),
            // Once in its life, and that was it.
            (Recorded::Rewritable(_), MediumKind::BdR) => Vec::new(),
            (Recorded::Rewritable(disc), _) => dvd_plus_rw::formats(disc),
        }
    }

    pub(crate) fn check_read(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.check_read(lba, blocks),
            Recorded::Rewritable(disc) => disc.check_read(lba, blocks),
            Recorded::Cd(disc) => disc.check_read(lba, blocks),
        }?;
        self.check_places(lba, blocks)
    }

    pub(crate) fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        match self.keeps_sectors_at(lba) {
            true => self.read_user_data(lba, out),
            false => self.store.read(lba, out),
        }
    }

    /// Puts blocks on the disc, or whole sectors where `sectors` says so; the state follows with
    /// the next [`Medium::save`].
    pub(crate) fn record(
        &mut self,
        lba: u32,
        data: &[u8],
        sectors: bool,
    ) -> Result<(), StoreError> {
        if sectors {
            return self.record_sectors(lba, data);
        }
        // The pregap of a CD lies before block 0, and is not kept.
        if !(self.kind.is_cd() && (lba as i32) < 0) {
            self.store.write(lba, data)?;
        }
        self.count(lba, (data.len() / crate::store::BLOCK_BYTES) as u32);
        Ok(())
    }

    /// Blocks are on the disc. What [`Medium::record`] does, where the store keeps no blocks.
    pub(crate) fn count(&mut self, lba: u32, blocks: u32) {
        match &mut self.recorded {
            Recorded::Sequential(disc) => {
                if self.kind == MediumKind::BdR {
                    bd_r::format_at_first_write(disc);
                }
                disc.recorded(lba, blocks);
                self.changed = true;
            }
            Recorded::Rewritable(disc) => self.changed |= disc.recorded(lba, blocks),
            Recorded::Cd(disc) => {
                disc.recorded(lba, blocks);
                self.changed = true;
            }
        }
    }

    pub(crate) fn keeps_blocks(&self) -> bool {
        self.store.keeps_blocks()
    }

    /// Forgets every block.
    pub(crate) fn erase_blocks(&mut self) -> Result<(), StoreError> {
        self.changed = true;
        self.store.erase()
    }

    /// Pads the track of a CD that is about to end, where it is too short; what a blanked disc
    /// still holds there goes.
    pub(crate) fn pad_cd_track(&mut self) -> Result<(), StoreError> {
        let Some((lba, blocks)) = self.cd().and_then(CdDisc::padding) else {
            return Ok(());
        };
        let sectors = self.cd().is_some_and(CdDisc::is_writing_sectors);
        let bytes = match sectors {
            true => crate::store::SECTOR_BYTES,
            false => crate::store::BLOCK_BYTES,
        };
        self.record(lba, &vec![0; blocks as usize * bytes], sectors)
    }

    /// Fills a reserved track that is about to be closed with zeros.
    ///
    /// Blocks that were never written are zeros in the store already, but for what a
    /// process wrote there just before it was killed, and did not come to count: at
    /// most a buffer full. So only the beginning is written.
    pub(crate) fn pad_track(&mut self, number: u16) -> Result<(), StoreError> {
        const LIMIT: u32 = 32 << 20 >> 11;
        let Recorded::Sequential(disc) = &self.recorded else {
            return Ok(());
        };
        let Some(track) = disc.track(u32::from(number)).filter(|t| t.reserved) else {
            return Ok(());
        };
        let end = track.end.min(track.recorded.saturating_add(LIMIT));
        let zeros = vec![0; self.kind.unit() as usize * crate::store::BLOCK_BYTES];
        for lba in (track.recorded..end).step_by(self.kind.unit() as usize) {
            self.store.write(lba, &zeros)?;
        }
        Ok(())
    }

    /// Begins a format of a rewritable disc: from here on the old data are gone, and a
    /// kill leaves a disc whose format failed.
    pub(crate) fn begin_format(&mut self) -> Result<(), StoreError> {
        if let Recorded::Rewritable(disc) = &mut self.recorded {
            disc.begin_format();
            self.changed = true;
            self.save()?;
            self.store.erase()?;
        }
        Ok(())
    }

    /// Saves the state, if it changed since the last time.
    pub(crate) fn save(&mut self) -> Result<(), StoreError> {
        if !self.changed {
            return Ok(());
        }
        // A CD is saved as the loss of power would leave it.
        let cd = self.cd().map(CdDisc::as_saved);
        let more = cd.as_ref().is_some_and(CdDisc::is_beyond_blocks);
        let code = match (self.kind, &self.recorded) {
            (MediumKind::DvdMinusRw, Recorded::Rewritable(_)) => RESTRICTED_OVERWRITE,
            (MediumKind::BdR, Recorded::Rewritable(_)) => RANDOM_RECORDING,
            (MediumKind::CdR, _) if more => WHOLE_CD_R,
            (MediumKind::CdRw, _) if more => WHOLE_CD_RW,
            (kind, _) => kind.code(),
        };
        let code = code | (self.layers - 1) << LAYERS_SHIFT;
        let mut out = state::Writer::begin(&mut self.scratch, code);
        match (&self.recorded, cd) {
            (Recorded::Sequential(disc), _) => disc.save(&mut out),
            (Recorded::Rewritable(disc), _) => disc.save(&mut out),
            (Recorded::Cd(_), Some(saved)) => saved.save(&mut out),
            (Recorded::Cd(_), None) => {}
        }
        if !self.defects.is_empty() {
            self.defects.save(&mut out);
        }
        out.end();
        self.store.save_state(&self.scratch)?;
        self.changed = false;
        Ok(())
    }

    /// What must hold between any two commands.
    #[doc(hidden)]
    pub fn validate(&self) -> Result<(), MediumError> {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.validate(),
            Recorded::Rewritable(disc) => disc.validate(),
            Recorded::Cd(disc) => disc.validate(),
        }
    }
}
