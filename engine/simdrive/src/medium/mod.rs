//! A virtual disc: its kind, what is recorded on it, and the store that keeps both.
//!
//! Must not know commands, buffers or time.
//!
//! ```text
//! MediumKind -> Recorded::Sequential   BD-R, DVD+R, DVD+R DL   (sequential.rs)
//!            -> Recorded::Rewritable   BD-RE, DVD+RW, DVD-RAM  (rewritable.rs)
//! ```

pub(crate) mod bd_r;
pub(crate) mod bd_re;
pub(crate) mod dvd_plus_r;
pub(crate) mod dvd_plus_rw;
pub(crate) mod dvd_ram;
pub(crate) mod ranges;
pub(crate) mod rewritable;
pub(crate) mod sequential;
mod state;

use std::fmt;

use pitland_mmc::Profile;

use self::rewritable::Rewritable;
use self::sequential::{Damage, Sequential};
use crate::refusal::Refusal;
use crate::store::{DiscStore, StoreError};

/// The media that the virtual recorder serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediumKind {
    /// BD-R, sequential recording mode (0041h).
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
}

impl MediumKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::BdR,
        Self::BdRe,
        Self::DvdPlusR,
        Self::DvdPlusRDl,
        Self::DvdPlusRw,
        Self::DvdRam,
    ];

    /// The profile of the medium.
    pub const fn profile(self) -> Profile {
        match self {
            Self::BdR => Profile::BdRSrm,
            Self::BdRe => Profile::BdRe,
            Self::DvdPlusR => Profile::DvdPlusR,
            Self::DvdPlusRDl => Profile::DvdPlusRDl,
            Self::DvdPlusRw => Profile::DvdPlusRw,
            Self::DvdRam => Profile::DvdRam,
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
        }
    }

    /// Blocks of one ECC block: 32 on BD, 16 on DVD (recipe 1).
    pub const fn unit(self) -> u32 {
        match self {
            Self::BdR | Self::BdRe => bd_r::CLUSTER,
            _ => dvd_plus_r::UNIT,
        }
    }

    /// Whether the medium belongs to the Blu-ray family.
    pub const fn is_bd(self) -> bool {
        matches!(self, Self::BdR | Self::BdRe)
    }

    const fn code(self) -> u8 {
        match self {
            Self::BdR => 1,
            Self::BdRe => 2,
            Self::DvdPlusR => 3,
            Self::DvdPlusRDl => 4,
            Self::DvdPlusRw => 5,
            Self::DvdRam => 6,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Blocks of the smallest disc that is accepted.
    const fn least_capacity(self) -> u32 {
        64 * self.unit()
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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recorded {
    Sequential(Sequential),
    Rewritable(Rewritable),
}

/// A disc, in or out of a drive.
pub struct Medium {
    pub(crate) kind: MediumKind,
    pub(crate) recorded: Recorded,
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
        let (least, most) = (kind.least_capacity(), i32::MAX as u32 / 2);
        let step = match kind {
            MediumKind::DvdPlusRDl => 2 * kind.unit(),
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
            MediumKind::BdRe | MediumKind::DvdPlusRw => {
                Recorded::Rewritable(Rewritable::new(kind, blocks))
            }
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
        let kind =
            MediumKind::from_code(code).ok_or(MediumError::Corrupt("unknown kind of medium"))?;
        let recorded = match kind {
            MediumKind::BdR => Recorded::Sequential(Sequential::load(&bd_r::RULES, &mut fields)?),
            MediumKind::DvdPlusR | MediumKind::DvdPlusRDl => {
                Recorded::Sequential(Sequential::load(&dvd_plus_r::RULES, &mut fields)?)
            }
            _ => Recorded::Rewritable(Rewritable::load(kind, &mut fields)?),
        };
        fields.end()?;
        Ok(Self {
            kind,
            recorded,
            store,
            changed: false,
            scratch: Vec::new(),
        })
    }

    /// The kind of the disc.
    pub fn kind(&self) -> MediumKind {
        self.kind
    }

    /// Blocks that the disc holds, as it is formatted now.
    pub fn capacity(&self) -> u32 {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.capacity,
            Recorded::Rewritable(disc) => disc.capacity,
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
            Recorded::Rewritable(disc) if disc.is_formatted() => vec![(0, disc.capacity)],
            Recorded::Rewritable(_) => Vec::new(),
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
        }
    }

    /// Reads blocks as the store has them, without a drive: for exports and tests.
    /// Blocks that were never written are zeros.
    ///
    /// # Errors
    /// The store failed, or `out` is not whole blocks.
    pub fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        self.store.read(lba, out)
    }

    /// Sets the write-protect tab or status (DVD-RAM and the other rewritable media;
    /// no effect on write-once media).
    ///
    /// # Errors
    /// The store failed.
    pub fn set_write_protected(&mut self, protected: bool) -> Result<(), MediumError> {
        if let Recorded::Rewritable(disc) = &mut self.recorded {
            disc.write_protected = protected;
            self.changed = true;
            self.save()?;
        }
        Ok(())
    }

    pub(crate) fn sequential(&self) -> Option<&Sequential> {
        match &self.recorded {
            Recorded::Sequential(disc) => Some(disc),
            Recorded::Rewritable(_) => None,
        }
    }

    pub(crate) fn rewritable(&self) -> Option<&Rewritable> {
        match &self.recorded {
            Recorded::Rewritable(disc) => Some(disc),
            Recorded::Sequential(_) => None,
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
        }
    }

    /// A write-once disc that takes no more.
    pub(crate) fn is_complete(&self) -> bool {
        self.sequential().is_some_and(|disc| disc.complete)
    }

    /// Spares as (free, all) in ECC blocks, where the disc was formatted with them.
    pub(crate) fn spares(&self) -> Option<(u32, u32)> {
        match &self.recorded {
            Recorded::Sequential(disc) => disc
                .spares
                .map(|s| s.clusters)
                .filter(|n| *n > 0)
                .map(|n| (n, n)),
            Recorded::Rewritable(disc) => (disc.is_formatted() && disc.spare_units > 0)
                .then_some((disc.spare_units, disc.spare_units)),
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
            (Recorded::Sequential(_), _) => Vec::new(),
            (Recorded::Rewritable(disc), MediumKind::BdRe) => bd_re::formats(disc),
            (Recorded::Rewritable(disc), MediumKind::DvdRam) => dvd_ram::formats(disc),
            (Recorded::Rewritable(disc), _) => dvd_plus_rw::formats(disc),
        }
    }

    pub(crate) fn check_read(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        match &self.recorded {
            Recorded::Sequential(disc) => disc.check_read(lba, blocks),
            Recorded::Rewritable(disc) => disc.check_read(lba, blocks),
        }
    }

    pub(crate) fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        self.store.read(lba, out)
    }

    /// Puts blocks on the disc; the state follows with the next [`Medium::save`].
    pub(crate) fn record(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        self.store.write(lba, data)?;
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
        }
    }

    pub(crate) fn keeps_blocks(&self) -> bool {
        self.store.keeps_blocks()
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
        let mut out = state::Writer::begin(&mut self.scratch, self.kind.code());
        match &self.recorded {
            Recorded::Sequential(disc) => disc.save(&mut out),
            Recorded::Rewritable(disc) => disc.save(&mut out),
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
        }
    }
}
