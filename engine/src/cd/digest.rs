//! Digests of the sound of a CD's tracks, by which a rip is judged without the files that the disc was made of.
//!
//! Owns what is summed up, and the text in which it is kept. A track reaches from its index 1 to that of the next one, as
//! tables of contents have it, but for the pause before data.

use super::image::CdImage;
use crate::error::SourceError;
use pitland_mmc::Lba;
use pitland_redbook::{SECTOR_BYTES, SectorForm};
use pitland_writer::CdMode;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Samples at the disc's ends that the sums of AccurateRip leave out: five sectors, but for one sample at the beginning. What
/// a drive's read offset keeps away lies there.
const UNSEEN: u64 = 5 * 588;
/// Blocks of pause between sound and data behind it, which are data's.
const TURN: u32 = 150;
/// Sectors that are read at a time.
const PIECE: usize = 64;
/// The first line of the text.
const TITLE: &str = "# pitland cd digests 1";

/// Digests of a track of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackDigest {
    /// 1 to 99.
    pub track: u8,
    /// Where its index 1 stands.
    pub first_lba: i32,
    /// Its sectors.
    pub blocks: u32,
    /// The SHA-256 of its samples, 2352 bytes a sector, the lower byte of each first.
    pub sha256: [u8; 32],
    /// The sum of its samples that AccurateRip has as its first version: each sample of both channels as a number of 32 bits,
    /// left in the lower half, times its place in the track counted from 1, modulo 2^32. Of the first track the first 2939
    /// samples count nothing, of the last one the last 2940.
    pub crc_1: u32,
    /// The same as its second version: the upper halves of the products are added, too.
    pub crc_2: u32,
}

/// Sums up a track as its samples come.
#[derive(Debug)]
pub struct TrackDigester {
    sha: Sha256,
    crc_1: u32,
    crc_2: u32,
    /// Samples that count in the sums, by their places counted from 1.
    counts: std::ops::RangeInclusive<u64>,
    place: u64,
}

impl TrackDigester {
    /// For a track of so many sectors; whether it is the first, and the last, of the disc.
    #[must_use]
    pub fn new(blocks: u32, is_first: bool, is_last: bool) -> Self {
        let samples = u64::from(blocks) * (SECTOR_BYTES as u64 / 4);
        let first = if is_first { UNSEEN } else { 0 };
        let last = match is_last {
            true => samples.saturating_sub(UNSEEN),
            false => samples,
        };
        Self {
            sha: Sha256::new(),
            crc_1: 0,
            crc_2: 0,
            counts: first..=last,
            place: 0,
        }
    }

    /// Takes more samples, whole ones.
    pub fn update(&mut self, samples: &[u8]) {
        self.sha.update(samples);
        for sample in samples.as_chunks::<4>().0 {
            self.place += 1;
            if self.counts.contains(&self.place) {
                let product = u64::from(u32::from_le_bytes(*sample)).wrapping_mul(self.place);
                let (low, high) = (product as u32, (product >> 32) as u32);
                self.crc_1 = self.crc_1.wrapping_add(low);
                self.crc_2 = self.crc_2.wrapping_add(low).wrapping_add(high);
            }
        }
    }

    /// The digests of a track that begins there.
    #[must_use]
    pub fn finish(self, track: u8, first_lba: Lba) -> TrackDigest {
        TrackDigest {
            track,
            first_lba: first_lba.0,
            blocks: u32::try_from(self.place / (SECTOR_BYTES as u64 / 4)).unwrap_or(u32::MAX),
            sha256: self.sha.finalize().into(),
            crc_1: self.crc_1,
            crc_2: self.crc_2,
        }
    }
}

/// What is wrong with a text of digests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct DigestsError {
    /// The line, from 1 on.
    pub line: u32,
    /// What is wrong there.
    pub what: &'static str,
}

impl TrackDigest {
    /// The text of digests: a line for each track.
    #[must_use]
    pub fn to_text(digests: &[Self]) -> String {
        let mut out = format!("{TITLE}\n# track first-lba blocks sha256 crc-1 crc-2\n");
        for of in digests {
            let sha: String = of.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            let (track, lba, blocks) = (of.track, of.first_lba, of.blocks);
            // Writing into a string cannot fail.
            let _ = writeln!(
                out,
                "{track} {lba} {blocks} {sha} {:08x} {:08x}",
                of.crc_1, of.crc_2
            );
        }
        out
    }

    /// Reads such a text.
    ///
    /// # Errors
    /// [`DigestsError`], with the line.
    pub fn parse(text: &str) -> Result<Vec<Self>, DigestsError> {
        if text.lines().next() != Some(TITLE) {
            let what = "this is no file of digests";
            return Err(DigestsError { line: 1, what });
        }
        let mut digests: Vec<Self> = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let words: Vec<&str> = content.split_whitespace().collect();
            if words.is_empty() || content.starts_with('#') {
                continue;
            }
            let wrong = |what| DigestsError { line, what };
            let parsed =
                Self::of_words(&words).ok_or_else(|| wrong("these are no digests of a track"))?;
            let follows = digests.last().is_none_or(|last| last.track < parsed.track);
            if !follows {
                return Err(wrong("the track does not follow the one before it"));
            }
            digests.push(parsed);
        }
        Ok(digests)
    }

    fn of_words(words: &[&str]) -> Option<Self> {
        let [track, first_lba, blocks, sha, crc_1, crc_2] = words else {
            return None;
        };
        let mut sha256 = [0; 32];
        let (pairs, []) = sha.as_bytes().as_chunks::<2>() else {
            return None;
        };
        if pairs.len() != sha256.len() {
            return None;
        }
        for (to, pair) in sha256.iter_mut().zip(pairs) {
            *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        let sum = |text: &str| u32::from_str_radix(text, 16).ok();
        Some(Self {
            track: track
                .parse()
                .ok()
                .filter(|track| (1..=99).contains(track))?,
            first_lba: first_lba.parse().ok()?,
            blocks: blocks.parse().ok()?,
            sha256,
            crc_1: sum(crc_1)?,
            crc_2: sum(crc_2)?,
        })
    }
}

impl CdImage {
    /// The digests of its tracks of sound, as a disc has them that is burned in this way and read without an offset. The
    /// sources are read for it from end to end. Track by track, only what is the track's own is summed up: the gaps are the
    /// drive's.
    ///
    /// # Errors
    /// What the sources say.
    pub fn digests(&self, mode: CdMode) -> Result<Vec<TrackDigest>, SourceError> {
        // What the disc shall hold, wherever the drive has to be told to write it.
        let still = self.clone().moved(0);
        let by_track = mode == CdMode::TrackAtOnce;
        let blocks = match by_track {
            true => still.by_track(),
            false => still.sectors(),
        };
        let mut reader = blocks.reader();
        let tracks: Vec<_> = still.session().tracks().collect();
        let runs = super::layout::runs_by_track(still.session());
        let is_sound = |at: usize| {
            let track = tracks.get(at)?;
            Some(track.0.form == SectorForm::Audio)
        };
        let sounds = || (0..tracks.len()).filter(|at| is_sound(*at) == Some(true));
        let ends = (sounds().next(), sounds().next_back());
        let mut digests = Vec::new();
        let mut of_own = 0;
        for (at, ((_, placed), run)) in tracks.iter().zip(&runs).enumerate() {
            let own: u32 = run.iter().map(|run| run.1).sum();
            let next = tracks
                .get(at + 1)
                .map_or(placed.end, |(_, next)| next.index_1);
            let to_data = is_sound(at + 1) == Some(false);
            let up_to = next.0.abs_diff(placed.index_1.0) - if to_data { TURN } else { 0 };
            let (first, count) = match by_track {
                true => (of_own, own),
                false => (placed.index_1.0.abs_diff(blocks.first_lba().0), up_to),
            };
            of_own += own;
            if is_sound(at) != Some(true) {
                continue;
            }
            let mut digester = TrackDigester::new(count, Some(at) == ends.0, Some(at) == ends.1);
            let mut piece = vec![0; PIECE * SECTOR_BYTES];
            let mut done = 0;
            while done < count {
                let sectors = (PIECE as u32).min(count - done);
                let piece = piece
                    .get_mut(..sectors as usize * SECTOR_BYTES)
                    .unwrap_or_default();
                let position = u64::from(first + done) * SECTOR_BYTES as u64;
                reader.read_at(position, piece)?;
                digester.update(piece);
                done += sectors;
            }
            digests.push(digester.finish(placed.number, placed.index_1));
        }
        Ok(digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_refused_or_comes_back(lines in prop::collection::vec("[0-9a-f #-]{0,90}", 0..6)) {
            let text = format!("{TITLE}\n{}\n", lines.join("\n"));
            if let Ok(digests) = TrackDigest::parse(&text) {
                prop_assert_eq!(TrackDigest::parse(&TrackDigest::to_text(&digests)), Ok(digests));
            }
        }
    }

    /// Sums by a plain reading of the formula.
    fn sums(samples: &[u32], from: u64, to: u64) -> (u32, u32) {
        let (mut one, mut two) = (0u64, 0u64);
        for (place, sample) in (1u64..).zip(samples) {
            if place >= from && place <= to {
                let product = u128::from(*sample) * u128::from(place);
                one += (product % (1 << 32)) as u64;
                two += (product % (1 << 32)) as u64 + (product >> 32) as u64;
            }
        }
        ((one % (1 << 32)) as u32, (two % (1 << 32)) as u32)
    }

    #[test]
    fn the_ends_of_a_disc_count_nothing() {
        let blocks = 20u32;
        let samples: Vec<u32> = (0..blocks * 588)
            .map(|n| n.wrapping_mul(2_654_435_761))
            .collect();
        let bytes: Vec<u8> = samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        let all = samples.len() as u64;
        for (first, last, from, to) in [
            (false, false, 1, all),
            (true, false, 2940, all),
            (false, true, 1, all - 2940),
            (true, true, 2940, all - 2940),
        ] {
            let mut digester = TrackDigester::new(blocks, first, last);
            digester.update(&bytes);
            let digest = digester.finish(3, Lba(77));
            assert_eq!((digest.crc_1, digest.crc_2), sums(&samples, from, to));
            assert_eq!(
                (digest.track, digest.first_lba, digest.blocks),
                (3, 77, blocks)
            );
        }
    }

    #[test]
    fn a_text_is_read_as_it_was_written() {
        let mut digester = TrackDigester::new(1, true, false);
        digester.update(&[7; SECTOR_BYTES]);
        let one = digester.finish(1, Lba(0));
        let two = TrackDigest {
            track: 2,
            first_lba: 400,
            ..one.clone()
        };
        let text = TrackDigest::to_text(&[one.clone(), two.clone()]);
        assert_eq!(
            TrackDigest::parse(&text),
            Ok(vec![one.clone(), two.clone()])
        );
        for (wrong, line) in [
            (String::new(), 1),
            (text.replace("pitland", "other"), 1),
            (text.replace("\n2 ", "\n1 "), 4),
            (text.replace("\n2 ", "\n100 "), 4),
            (text.replace("\n1 0 1 ", "\n1 0 "), 3),
            (text.replace("\n1 0 1 ", "\n1 0 1 zz"), 3),
        ] {
            assert_eq!(
                TrackDigest::parse(&wrong).unwrap_err().line,
                line,
                "{wrong}"
            );
        }
    }
}
