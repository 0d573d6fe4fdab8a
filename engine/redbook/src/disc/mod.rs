//! A session of a CD as it shall be: its tracks, their indexes, and what the sub-channels say in every sector.
//!
//! Owns the times and the limits of the Red Book. Must not know where samples and user bytes come from, nor drives.

mod cue_sheet;
mod rules;
mod subcode;

pub use cue_sheet::CueSheetForm;
pub use rules::{LayoutError, Limits};
pub use subcode::Subcode;

use crate::sector::SectorForm;
use crate::subchannel::{Control, Isrc, Mcn};
use pitland_mmc::Lba;

/// The last block before the program, and the lead-in's last: the program begins with 150 frames of pause.
pub(crate) const PROGRAM_START: i32 = -150;

/// One track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// What its sectors are.
    pub form: SectorForm,
    /// Flags; whether it is data is told by the form.
    pub control: Control,
    /// A copy that must not be copied once more (SCMS): the flag that permits copies alternates along the track.
    pub serial_copy: bool,
    /// The code of the recording.
    pub isrc: Option<Isrc>,
    /// Frames of silence, or of sectors without user data, before index 1: made here, no part of the source. The first
    /// track has 150 more, which every disc begins with.
    pub pause: u32,
    /// Frames of the source before index 1: a pause with sound in it. Before the first track: hidden sound.
    pub lead: u32,
    /// Frames of the source from index 1 on.
    pub frames: u32,
    /// Where index 2 and on begin: frames from index 1, each greater than the one before.
    pub indexes: Vec<u32>,
}

impl Track {
    /// Audio of so many frames, right behind the track before it.
    #[must_use]
    pub fn audio(frames: u32) -> Self {
        Self {
            form: SectorForm::Audio,
            control: Control::AUDIO,
            serial_copy: false,
            isrc: None,
            pause: 0,
            lead: 0,
            frames,
            indexes: Vec::new(),
        }
    }

    /// Data of so many sectors.
    #[must_use]
    pub fn data(form: SectorForm, frames: u32) -> Self {
        Self {
            form,
            control: Control::DATA,
            ..Self::audio(frames)
        }
    }

    /// With so many frames of silence before it.
    #[must_use]
    pub const fn with_pause(mut self, frames: u32) -> Self {
        self.pause = frames;
        self
    }

    /// Frames of index 0 but for the first 150 of a disc.
    #[must_use]
    pub const fn pregap(&self) -> u32 {
        self.pause.saturating_add(self.lead)
    }

    fn is_data(&self) -> bool {
        self.form != SectorForm::Audio
    }

    /// Its flags as the table of contents has them: whether it is data is told by its form. Where the flag of copies
    /// alternates it is off here.
    #[must_use]
    pub fn recorded_control(&self) -> Control {
        Control {
            data: self.is_data(),
            copy_permitted: self.control.copy_permitted && !self.serial_copy,
            ..self.control
        }
    }
}

/// Where a track stands. Every address is that of a block of the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// 1 to 99.
    pub number: u8,
    /// Where index 0 begins; with `index_1` where there is none.
    pub start: Lba,
    /// Where the source begins: behind the silence.
    pub source: Lba,
    /// Where index 1 begins, as the table of contents says.
    pub index_1: Lba,
    /// The block behind the last one.
    pub end: Lba,
}

/// A session, whole: the first of a disc, which is written in one go, or a later one as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    tracks: Vec<Track>,
    placed: Vec<Placed>,
    first_track: u8,
    catalogue: Option<Mcn>,
}

/// What stands at a block of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The track.
    pub track: &'a Track,
    /// Where it stands.
    pub placed: Placed,
    /// 0 in a pause, 1 to 99.
    pub index: u8,
    /// Whether it is a block of the source, and which; `None` in silence.
    pub source_frame: Option<u32>,
}

impl Session {
    /// Places tracks one behind the other, numbered from 1.
    ///
    /// # Errors
    /// [`LayoutError`], which names the track: none or too many tracks, one too short, indexes out of order, a session
    /// that ends beyond `limits`.
    pub fn new(tracks: Vec<Track>, limits: &Limits) -> Result<Self, LayoutError> {
        rules::check(&tracks, limits)?;
        Ok(Self::placing(tracks, 1, PROGRAM_START))
    }

    /// The session of a disc that was read: what the Red Book demands of who makes one is not asked, for discs are sold that
    /// break its rules.
    ///
    /// # Errors
    /// [`LayoutError`]: none or too many tracks, or an end that has no address.
    pub fn of_disc(tracks: Vec<Track>) -> Result<Self, LayoutError> {
        rules::check_addresses(&tracks, PROGRAM_START)?;
        Ok(Self::placing(tracks, 1, PROGRAM_START))
    }

    /// The same of a session whose tracks are numbered from `first_track` on, and whose source begins at `begin`, behind
    /// the pause of 150 frames that every session begins with: a later one of the disc, or a disc whose numbers do not
    /// begin with 1.
    ///
    /// # Errors
    /// [`LayoutError`]: none or too many tracks, numbers beyond 99, or an end that has no address.
    pub fn of_disc_from(
        tracks: Vec<Track>,
        first_track: u8,
        begin: Lba,
    ) -> Result<Self, LayoutError> {
        let start = begin.0.saturating_add(PROGRAM_START);
        rules::check_addresses(&tracks, start)?;
        rules::check_count_from(&tracks, first_track)?;
        Ok(Self::placing(tracks, first_track, start))
    }

    fn placing(tracks: Vec<Track>, first_track: u8, start: i32) -> Self {
        let mut placed: Vec<Placed> = Vec::with_capacity(tracks.len());
        let mut next = i64::from(start);
        for (track, number) in tracks.iter().zip(first_track..) {
            let start = next;
            let own = if placed.is_empty() { 150 } else { 0 };
            let silence = i64::from(track.pause) + own;
            let source = start + silence;
            let index_1 = source + i64::from(track.lead);
            next = index_1 + i64::from(track.frames);
            // The rules have refused what ends beyond the limits, which are addresses.
            let lba = |at: i64| Lba(at as i32);
            placed.push(Placed {
                number,
                start: lba(start),
                source: lba(source),
                index_1: lba(index_1),
                end: lba(next),
            });
        }
        Self {
            tracks,
            placed,
            first_track,
            catalogue: None,
        }
    }

    /// The same tracks, numbered from another number than 1 on.
    ///
    /// # Errors
    /// [`LayoutError::FirstNumber`], where there are no such numbers for all of them; [`LayoutError::NumberedData`], where
    /// one is data: only discs of sound alone begin with another number.
    pub fn numbered_from(mut self, first: u8) -> Result<Self, LayoutError> {
        rules::check_numbers(&self.tracks, first)?;
        for (placed, number) in self.placed.iter_mut().zip(first..) {
            placed.number = number;
        }
        self.first_track = first;
        Ok(self)
    }

    /// With a catalogue number.
    #[must_use]
    pub fn with_catalogue(mut self, number: Mcn) -> Self {
        self.catalogue = Some(number);
        self
    }

    /// The tracks and where they stand.
    pub fn tracks(&self) -> impl ExactSizeIterator<Item = (&Track, Placed)> {
        self.tracks.iter().zip(self.placed.iter().copied())
    }

    /// The number of the first track.
    #[must_use]
    pub const fn first_track(&self) -> u8 {
        self.first_track
    }

    /// The number of the last track.
    #[must_use]
    pub fn last_track(&self) -> u8 {
        self.placed
            .last()
            .map_or(self.first_track, |last| last.number)
    }

    /// The catalogue number.
    #[must_use]
    pub const fn catalogue(&self) -> Option<Mcn> {
        self.catalogue
    }

    /// Where the lead-out begins.
    #[must_use]
    pub fn lead_out(&self) -> Lba {
        self.placed.last().map_or(Lba(0), |last| last.end)
    }

    /// What stands at a block; `None` outside the program.
    #[must_use]
    pub fn at(&self, lba: Lba) -> Option<Spot<'_>> {
        let after = self.placed.partition_point(|placed| placed.end <= lba);
        let placed = *self
            .placed
            .get(after)
            .filter(|placed| placed.start <= lba)?;
        let track = self.tracks.get(after)?;
        let index = if lba < placed.index_1 {
            0
        } else {
            let offset = (lba.0 - placed.index_1.0) as u32; // not negative
            // At most 99 indexes, by the rules.
            1 + track
                .indexes
                .iter()
                .filter(|start| **start <= offset)
                .count() as u8
        };
        let frame = u32::try_from(i64::from(lba.0) - i64::from(placed.source.0));
        Some(Spot {
            track,
            placed,
            index,
            source_frame: frame.ok(),
        })
    }
}

#[cfg(test)]
mod tests;
