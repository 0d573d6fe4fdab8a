//! What a disc does where it is bad: the spares that it has, the ECC blocks that were put
//! there, and what fails where there are none (recipes 7 and 9).
//!
//! Must not know buffers, time, nor which command came.

use std::ops::Range;

use super::defects::Defect;
use super::{FormatResult, Medium, MediumError, MediumKind, Recorded, dvd_ram};
use crate::refusal::Refusal;

impl Medium {
    /// Makes places of the disc bad, beside those that are bad already: blocks as a range of
    /// their addresses, and how. The disc keeps them for good. Past a few hundred places, those
    /// that lie closest become one.
    ///
    /// # Errors
    /// The store failed.
    pub fn add_defects(&mut self, places: &[(Range<u32>, Defect)]) -> Result<(), MediumError> {
        self.is_worn_by(places);
        self.save()?;
        Ok(())
    }

    /// ECC blocks that were put into the spare area, because where they belong is bad.
    pub fn reallocated(&self) -> u32 {
        self.defects.replaced_units(self.kind.unit())
    }

    /// Spares as (free, all) in ECC blocks, where the disc was formatted with them.
    pub fn spares(&self) -> Option<(u32, u32)> {
        let (all, spent) = match &self.recorded {
            Recorded::Sequential(disc) => {
                let spent = disc.pow.map_or(0, |pow| pow.accepted());
                (disc.spares?.clusters, spent)
            }
            Recorded::Rewritable(disc) if !disc.is_formatted() => return None,
            Recorded::Rewritable(disc) => {
                let primary = match self.kind {
                    MediumKind::DvdRam => dvd_ram::primary_spare_units(disc.raw_capacity),
                    _ => 0,
                };
                (primary + disc.spare_units, 0)
            }
            Recorded::Cd(_) => return None,
        };
        let spent = spent.saturating_add(self.reallocated());
        (all > 0).then_some((all.saturating_sub(spent), all))
    }

    /// Looks at blocks that are about to be written: where the disc is bad and the drive reads
    /// back, the ECC block goes to the spare area. `Err`: the block that fails, and how.
    pub(crate) fn place(
        &mut self,
        lba: u32,
        blocks: u32,
        reads_back: bool,
    ) -> Result<(), (u32, Refusal)> {
        if self.defects.is_empty() {
            return Ok(());
        }
        let unit = self.kind.unit();
        let mut at = lba;
        let end = lba.saturating_add(blocks);
        while let Some((bad, defect)) = self.defects.first(at..end) {
            let whole = bad / unit * unit..(bad / unit + 1) * unit;
            at = whole.end;
            match (self.spares(), defect) {
                (Some((0, _)), _) if reads_back => return Err((bad, Refusal::NO_SPARE.at(bad))),
                (Some(_), _) if reads_back => {
                    self.defects.replace(whole);
                    self.changed = true;
                }
                // A drive that streams does not look (recipe 7): reading will tell.
                (Some(_), _) | (None, Defect::Unreadable) => {}
                (None, Defect::Unwritable) => {
                    return Err((bad, Refusal::WRITE_ERROR.at(bad)));
                }
            }
        }
        Ok(())
    }

    /// As [`Self::place`], of what closing a reserved track pads.
    pub(crate) fn place_padding(&mut self, number: u16) -> Result<(), Refusal> {
        let track = self.sequential().and_then(|d| d.track(u32::from(number)));
        let Some(track) = track.filter(|t| t.reserved && !t.closed) else {
            return Ok(());
        };
        let (start, end) = (track.recorded, track.end);
        let reads_back = self.verifies_writes();
        let placed = self.place(start, end - start, reads_back);
        placed.map_err(|(_, refusal)| refusal)
    }

    /// Whether what was written can be read again.
    pub(crate) fn check_places(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        match self.defects.first(lba..lba.saturating_add(blocks)) {
            Some((bad, _)) => Err(Refusal::READ_ERROR.at(bad)),
            None => Ok(()),
        }
    }

    /// A format has ended. Quick ones free all spares, whatever is bad; one that certified has
    /// put each bad place into the spare area, and fails where there are not enough of them.
    pub(crate) fn certify(&mut self, result: &FormatResult) -> Result<(), Refusal> {
        if self.defects.is_empty() {
            return Ok(());
        }
        self.changed = true;
        if !result.keeps_defects {
            self.defects.free_spares();
        }
        if !result.wiped {
            return Ok(());
        }
        let found = match self.place(0, result.blocks, true) {
            Ok(()) => Ok(()),
            Err((_, refusal)) if refusal.is(&Refusal::NO_SPARE) => Err(Refusal::FORMAT_FAILED),
            Err((_, refusal)) => Err(refusal),
        };
        if found.is_err()
            && let Recorded::Rewritable(disc) = &mut self.recorded
        {
            disc.begin_format();
        }
        found
    }

    /// The bad places that a drive brings to every disc.
    pub(crate) fn is_worn_by(&mut self, places: &[(Range<u32>, Defect)]) {
        for (blocks, defect) in places {
            self.changed |= self.defects.add(blocks.clone(), *defect);
        }
    }
}
