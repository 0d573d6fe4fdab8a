//! The cue sheet by which a drive is told of a session at once (recipe 5).

use super::{Placed, Session, Track};
use crate::sector::SectorForm;
use pitland_mmc::param::{CuePosition, CueSheetEntry, CueSubchannel, DataForm};
use pitland_mmc::{Lba, Msf};

/// SCMS of a copy that must not be copied once more (recipe 5).
const SECOND_GENERATION: u8 = 0x80;

/// How data sectors are handed to the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CueSheetForm {
    /// User bytes; the drive makes the rest. CD-ROM XA takes 2336 bytes, subheader and codes among them.
    #[default]
    User,
    /// Whole sectors of 2352 bytes.
    Raw,
}

impl CueSheetForm {
    /// What a cue sheet calls sectors that are handed over so.
    #[must_use]
    pub const fn of(self, form: SectorForm) -> DataForm {
        match (form, self) {
            (SectorForm::Audio, _) => DataForm::Audio,
            (SectorForm::Mode1, Self::User) => DataForm::Mode1,
            (SectorForm::Mode1 | SectorForm::Mode0, _) => DataForm::Mode1Raw,
            (SectorForm::Mode2, Self::User) => DataForm::Mode2,
            (SectorForm::Mode2, Self::Raw) => DataForm::Mode2Raw,
            (SectorForm::Mode2Form1(_) | SectorForm::Mode2Form2(_), Self::User) => DataForm::Xa,
            (SectorForm::Mode2Form1(_) | SectorForm::Mode2Form2(_), Self::Raw) => DataForm::XaRaw,
        }
    }
}

/// The lead-in and the lead-out are made by the drive.
fn by_drive(form: SectorForm) -> DataForm {
    match form {
        SectorForm::Audio => DataForm::AudioByDrive,
        SectorForm::Mode0 | SectorForm::Mode1 => DataForm::Mode1ByDrive,
        SectorForm::Mode2 => DataForm::Mode2ByDrive,
        SectorForm::Mode2Form1(_) | SectorForm::Mode2Form2(_) => DataForm::XaByDrive,
    }
}

impl Session {
    /// The cue sheet, in the order that recipe 5 has. `cd_text`: the host writes the lead-in's sub-channel.
    #[must_use]
    pub fn cue_sheet(&self, how: CueSheetForm, cd_text: bool) -> Vec<CueSheetEntry> {
        let mut sheet = Vec::new();
        let (Some(first), Some(last)) = (self.tracks.first(), self.tracks.last()) else {
            return sheet;
        };
        if let Some(number) = self.catalogue() {
            let digits = number.to_string().into_bytes();
            let half = |from: usize| {
                let mut characters = [0; 7];
                for (to, digit) in characters.iter_mut().zip(digits.iter().skip(from)) {
                    *to = *digit;
                }
                CueSheetEntry::Mcn {
                    control: 0,
                    characters,
                }
            };
            sheet.extend([half(0), half(7)]);
        }
        sheet.push(CueSheetEntry::Position(CuePosition {
            control: first.recorded_control().bits(),
            form: by_drive(first.form),
            subchannel: match cd_text {
                true => CueSubchannel::Raw,
                false => CueSubchannel::ByDrive,
            },
            ..CuePosition::default()
        }));
        for (track, placed) in self.tracks() {
            append_track(&mut sheet, track, placed, how);
        }
        sheet.push(CueSheetEntry::Position(CuePosition {
            control: last.recorded_control().bits(),
            track: 0xaa,
            index: 1,
            form: by_drive(last.form),
            start: msf(self.lead_out()),
            ..CuePosition::default()
        }));
        sheet
    }
}

fn msf(lba: Lba) -> Msf {
    lba.to_msf().unwrap_or_default()
}

fn append_track(sheet: &mut Vec<CueSheetEntry>, track: &Track, placed: Placed, how: CueSheetForm) {
    let control = track.recorded_control().bits();
    if let Some(code) = track.isrc {
        let text = code.to_string().into_bytes();
        for half in text.as_chunks::<6>().0 {
            sheet.push(CueSheetEntry::Isrc {
                control,
                track: placed.number,
                characters: *half,
            });
        }
    }
    let mut index = |index: u8, start: Lba| {
        sheet.push(CueSheetEntry::Position(CuePosition {
            control,
            track: placed.number,
            index,
            form: how.of(track.form),
            scms: match track.serial_copy {
                true => SECOND_GENERATION,
                false => 0,
            },
            start: msf(start),
            ..CuePosition::default()
        }));
    };
    if placed.start < placed.index_1 {
        index(0, placed.start);
    }
    index(1, placed.index_1);
    for (start, number) in track.indexes.iter().zip(2u8..) {
        index(
            number,
            Lba(placed.index_1.0.saturating_add_unsigned(*start)),
        );
    }
}
