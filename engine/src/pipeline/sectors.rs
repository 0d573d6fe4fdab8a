//! The check of each sector of a CD as its blocks pass: a CRC-32C of what a reader gets of it. Owns which bytes those are.
//!
//! Sound is read back from some samples away, and each sector is found by its own check then. Must not know drives.

use pitland_burn::WrittenRun;
use pitland_mmc::param::DataForm;
use pitland_redbook::SECTOR_BYTES;
use pitland_writer::{CdLayout, CdMode};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// What is compared of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Every sample.
    Sound,
    /// The bytes that do not depend on where it stands: user data, and what lies among them.
    Data {
        from: usize,
        to: usize,
        /// They pass scrambled.
        scrambled: bool,
    },
}

/// Sectors of one kind, side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SectorRun {
    /// The first one's block in the image.
    pub(crate) image_block: u32,
    pub(crate) blocks: u32,
    pub(crate) told: Told,
}

/// The same, on the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DiscRun {
    pub(crate) lba: i32,
    pub(crate) run: SectorRun,
}

/// The checks of the sectors of an image, by its blocks.
pub(crate) struct SectorChecks {
    block_bytes: usize,
    /// Those of the program, rising.
    runs: Vec<SectorRun>,
    values: Vec<AtomicU32>,
    /// Blocks that have passed, from the first one on.
    passed: AtomicU32,
}

impl fmt::Debug for SectorChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As many values as there are sectors are for nobody to read.
        f.debug_struct("SectorChecks")
            .field("runs", &self.runs)
            .finish_non_exhaustive()
    }
}

/// The check of the bytes that are told of a sector.
pub(crate) fn check(told: &[u8]) -> u32 {
    crc32c::crc32c(told)
}

impl Told {
    /// The bytes that count, of a sector as it passes.
    pub(crate) fn of(self, sector: &[u8]) -> &[u8] {
        let range = match self {
            Self::Sound => 0..SECTOR_BYTES,
            Self::Data { from, to, .. } => from..to,
        };
        sector.get(range).unwrap_or_default()
    }

    /// Whether data pass scrambled.
    pub(crate) fn is_scrambled(self) -> bool {
        matches!(
            self,
            Self::Data {
                scrambled: true,
                ..
            }
        )
    }

    fn of_form(form: DataForm, mode: CdMode) -> Self {
        let scrambled = matches!(mode, CdMode::Raw(_));
        match form {
            DataForm::Audio => Self::Sound,
            // The codes behind the user data are also those of the header.
            DataForm::Mode1Raw => Self::Data {
                from: 16,
                to: 2064,
                scrambled,
            },
            _ => Self::Data {
                from: 16,
                to: 2348,
                scrambled,
            },
        }
    }
}

impl SectorChecks {
    /// For an image of so many blocks, of which the layout tells what they are.
    pub(crate) fn of(layout: &CdLayout, image_blocks: u64) -> Self {
        let blocks = u32::try_from(image_blocks).unwrap_or(u32::MAX);
        Self {
            block_bytes: layout.mode.block().bytes() as usize,
            runs: runs_of(layout, blocks),
            values: (0..blocks).map(|_| AtomicU32::new(0)).collect(),
            passed: AtomicU32::new(0),
        }
    }

    /// Takes whole blocks, the first of which stands at a byte of the image.
    pub(crate) fn take(&self, position: u64, bytes: &[u8]) {
        let first = position / self.block_bytes as u64;
        let Ok(first) = u32::try_from(first) else {
            return;
        };
        let mut end = first;
        for (block, number) in bytes.chunks_exact(self.block_bytes).zip(first..) {
            if let (Some(run), Some(value)) =
                (self.run_of(number), self.values.get(number as usize))
            {
                value.store(check(run.told.of(block)), Ordering::Relaxed);
            }
            end = number.saturating_add(1);
        }
        // Whoever sees that they passed sees their checks.
        self.passed.fetch_max(end, Ordering::Release);
    }

    fn run_of(&self, block: u32) -> Option<&SectorRun> {
        let behind = self.runs.partition_point(|run| run.image_block <= block);
        let run = self.runs.get(behind.checked_sub(1)?)?;
        (block - run.image_block < run.blocks).then_some(run)
    }

    /// The check of a block of the program; `None` where it has not passed.
    pub(crate) fn of_block(&self, block: u32) -> Option<u32> {
        if block >= self.passed.load(Ordering::Acquire) {
            return None;
        }
        Some(self.values.get(block as usize)?.load(Ordering::Relaxed))
    }

    /// Where the program lies on a disc that was written so: [`on_disc`].
    pub(crate) fn on_disc(&self, written: &[WrittenRun]) -> Vec<DiscRun> {
        on_disc(&self.runs, written)
    }
}

/// What the blocks of an image of so many are, as its layout tells.
pub(crate) fn runs_of(layout: &CdLayout, image_blocks: u32) -> Vec<SectorRun> {
    let runs = layout.tracks.iter().map(|track| {
        let begin = track.image_block.saturating_sub(track.pregap.into());
        let end = track.image_block.saturating_add(track.blocks);
        let within = |block: u64| u32::try_from(block).unwrap_or(u32::MAX).min(image_blocks);
        SectorRun {
            image_block: within(begin),
            blocks: within(end).saturating_sub(within(begin)),
            told: Told::of_form(track.form, layout.mode),
        }
    });
    runs.collect()
}

/// Where the program lies on a disc that was written so, without what lies before block 0, which no drive reads.
/// Sound that goes on from one track to the next is one run.
pub(crate) fn on_disc(runs: &[SectorRun], written: &[WrittenRun]) -> Vec<DiscRun> {
    let mut all: Vec<DiscRun> = Vec::new();
    for run in runs {
        let of_image =
            u64::from(run.image_block)..u64::from(run.image_block) + u64::from(run.blocks);
        for written in written {
            let common = common(&of_image, &(written.image_block..written.image_end()));
            let into = common.start.saturating_sub(written.image_block);
            let lba = i64::from(written.first_lba.0).saturating_add_unsigned(into);
            let before = u64::try_from(-lba).unwrap_or(0);
            let blocks = (common.end.saturating_sub(common.start)).saturating_sub(before);
            let (Ok(lba), Ok(image_block), Ok(blocks)) = (
                i32::try_from(lba.saturating_add_unsigned(before)),
                u32::try_from(common.start + before),
                u32::try_from(blocks),
            ) else {
                continue;
            };
            let run = SectorRun {
                image_block,
                blocks,
                told: run.told,
            };
            match all.last_mut() {
                _ if blocks == 0 => {}
                Some(last) if last.goes_on_with(lba, &run) => last.run.blocks += blocks,
                _ => all.push(DiscRun { lba, run }),
            }
        }
    }
    all
}

impl DiscRun {
    fn goes_on_with(&self, lba: i32, next: &SectorRun) -> bool {
        self.run.told == next.told
            && self.lba.saturating_add_unsigned(self.run.blocks) == lba
            && self.run.image_block.saturating_add(self.run.blocks) == next.image_block
    }
}

fn common(a: &Range<u64>, b: &Range<u64>) -> Range<u64> {
    a.start.max(b.start)..a.end.min(b.end).max(a.start.max(b.start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::Lba;
    use pitland_writer::CdTrack;

    fn layout() -> CdLayout {
        let mut layout = CdLayout::new(CdMode::SessionAtOnce, Lba(-150));
        let mut data = CdTrack::audio(3, Lba(1050), 1200, 300);
        data.form = DataForm::Mode1Raw;
        data.control = 4;
        data.pregap = 150;
        layout.tracks = vec![
            CdTrack::audio(1, Lba(0), 150, 500),
            CdTrack::audio(2, Lba(500), 650, 400),
            data,
        ];
        layout.tracks[0].pregap = 150;
        layout
    }

    #[test]
    fn sound_is_one_run_from_block_0_on_and_data_another() {
        let checks = SectorChecks::of(&layout(), 1500);
        let written = WrittenRun {
            first_lba: Lba(-150),
            blocks: 1500,
            image_block: 0,
        };
        let runs = checks.on_disc(&[written]);
        let places: Vec<_> = runs
            .iter()
            .map(|r| (r.lba, r.run.image_block, r.run.blocks))
            .collect();
        assert_eq!(places, [(0, 150, 900), (900, 1050, 450)]);
        assert_eq!(runs[0].run.told, Told::Sound);
    }

    #[test]
    fn what_has_not_passed_has_no_check() {
        let checks = SectorChecks::of(&layout(), 1500);
        let block = |n: u32| vec![n as u8; 2352];
        let image: Vec<u8> = (0..200).flat_map(block).collect();
        checks.take(0, &image);
        assert_eq!(checks.of_block(199), Some(check(&block(199))));
        assert_eq!(checks.of_block(200), None);
        assert_ne!(checks.of_block(150), checks.of_block(151));
    }
}
