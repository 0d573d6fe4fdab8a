//! CDs of sound, and of sound and data. Owns how they are wished; what becomes of sound files and sheets is the engine's.

use crate::border::{call, some_paths, system_text};
use crate::drive::pitland_drive;
use crate::error::{Fault, pitland_error, pitland_status};
use crate::growth::{Growing, grown, unknown, yes_or_no};
use crate::job::{Source, burn};
use crate::options::{Wish, pitland_burn_options};
use crate::report::pitland_report;
use pitland::cd::{
    CdError, CdImage, CdMode, CdSubchannel, CdTextFrom, CdTrack, CueOptions, Gap, Level,
};
use pitland::{Image, Placement};
use std::ffi::c_char;
use std::path::Path;
use std::ptr;

/// All in one go, by a cue sheet.
pub const PITLAND_CD_SAO: u32 = 0;
/// Track by track: the drive puts two seconds between them, and there is no CD-TEXT.
pub const PITLAND_CD_TAO: u32 = 1;
/// Raw with P to W, 96 bytes a sector: lead-in, program and lead-out are made here.
pub const PITLAND_CD_RAW: u32 = 2;
/// The same; the drive adds what R to W are recorded with.
pub const PITLAND_CD_RAW_PACKED: u32 = 3;
/// Raw with P and Q, 16 bytes a sector: there is no CD-TEXT.
pub const PITLAND_CD_RAW_PQ: u32 = 4;

/// Two seconds of silence before each track but the first.
pub const PITLAND_GAP_USUAL: u32 = 0;
/// None: sound that was cut goes on without a sample between.
pub const PITLAND_GAP_NONE: u32 = 1;
/// As much silence as `gap_frames` says.
pub const PITLAND_GAP_FRAMES: u32 = 2;

/// CD-TEXT of the sheet, else of the sound files' tags; none where there are none.
pub const PITLAND_CD_TEXT_AUTO: u32 = 0;
/// No CD-TEXT.
pub const PITLAND_CD_TEXT_NONE: u32 = 1;
/// CD-TEXT of the file of packs that `cd_text_file` names.
pub const PITLAND_CD_TEXT_FILE: u32 = 2;

/// Sound is as loud as in its files.
pub const PITLAND_LEVEL_AS_IS: u32 = 0;
/// The album's greatest sample is brought to full scale.
pub const PITLAND_LEVEL_PEAK: u32 = 1;
/// The album is brought to -18 LUFS, its greatest sample to 1 dB below full scale at most.
pub const PITLAND_LEVEL_LOUDNESS: u32 = 2;

/// How a CD of sound is made. Zeros, but for the size, are the defaults: in one go, two seconds between the tracks, texts of
/// the files. Since PITLAND_ABI 2.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_audio_options {
    /// Bytes of this struct, as the caller has it: sizeof(pitland_audio_options).
    pub size: usize,
    /// The file of packs, 18 bytes each, with PITLAND_CD_TEXT_FILE; else null.
    pub cd_text_file: *const c_char,
    /// One of PITLAND_CD_...
    pub mode: u32,
    /// One of PITLAND_GAP_...
    pub gap: u32,
    /// Frames of 1/75 second, at most 22500, with PITLAND_GAP_FRAMES; else 0.
    pub gap_frames: u32,
    /// One of PITLAND_CD_TEXT_...
    pub cd_text: u32,
    /// One of PITLAND_LEVEL_...
    pub level: u32,
    /// 1: tracks shorter than four seconds are filled up with silence. 0: they are refused.
    pub pad: u32,
    /// 1: the disc is filled beyond what it says it holds; what lies behind may not be readable.
    pub overburn: u32,
    /// Sound is recorded so many samples later than its place, -5880 to 5880, for a drive that writes it beside.
    pub write_offset: i32,
}

// SAFETY: its first field is the size, and zeros are its defaults.
unsafe impl Growing for pitland_audio_options {
    const NAME: &str = "pitland_audio_options";
    const DEFAULTS: Self = Self {
        size: size_of::<Self>(),
        cd_text_file: ptr::null(),
        mode: 0,
        gap: 0,
        gap_frames: 0,
        cd_text: 0,
        level: 0,
        pad: 0,
        overburn: 0,
        write_offset: 0,
    };
}

/// Frames of the usual gap: two seconds.
const USUAL_GAP: u32 = 150;
/// Frames of the longest gap: five minutes.
const MOST_GAP: u32 = 22_500;
/// Samples of the largest write offset: ten frames.
const MOST_OFFSET: i32 = 5_880;

/// The options on this side of the border.
struct Sound {
    mode: CdMode,
    /// None where nothing was said.
    gap: Option<Gap>,
    text: CdTextFrom,
    level: Level,
    pad: bool,
    overburn: bool,
    write_offset: i32,
}

impl Sound {
    /// What a caller wishes.
    ///
    /// # Safety
    /// `options` is null, or to as many bytes as its first field says; its text is null or ends with a zero.
    unsafe fn read(options: *const pitland_audio_options) -> Result<Self, Fault> {
        // SAFETY: as the caller promises.
        let given = unsafe { grown(options) }?;
        let text_file = match given.cd_text_file.is_null() {
            true => None,
            // SAFETY: as the caller promises.
            false => Some(unsafe { system_text(given.cd_text_file, "cd_text_file") }?),
        };
        if !(-MOST_OFFSET..=MOST_OFFSET).contains(&given.write_offset) {
            return Err(unknown("write_offset", given.write_offset));
        }
        Ok(Self {
            mode: match given.mode {
                PITLAND_CD_SAO => CdMode::SessionAtOnce,
                PITLAND_CD_TAO => CdMode::TrackAtOnce,
                PITLAND_CD_RAW => CdMode::Raw(CdSubchannel::Raw96),
                PITLAND_CD_RAW_PACKED => CdMode::Raw(CdSubchannel::Packed96),
                PITLAND_CD_RAW_PQ => CdMode::Raw(CdSubchannel::Pq16),
                other => return Err(unknown("mode", other)),
            },
            gap: match (given.gap, given.gap_frames) {
                (PITLAND_GAP_USUAL, 0) => None,
                (PITLAND_GAP_NONE, 0) => Some(Gap::None),
                (PITLAND_GAP_FRAMES, frames @ 0..=MOST_GAP) => Some(Gap::Silence(frames)),
                (PITLAND_GAP_USUAL..=PITLAND_GAP_FRAMES, frames) => {
                    return Err(unknown("gap_frames", frames));
                }
                (other, _) => return Err(unknown("gap", other)),
            },
            text: match (given.cd_text, text_file) {
                (PITLAND_CD_TEXT_AUTO, None) => CdTextFrom::Auto,
                (PITLAND_CD_TEXT_NONE, None) => CdTextFrom::None,
                (PITLAND_CD_TEXT_FILE, Some(path)) => CdTextFrom::File(path.into()),
                (PITLAND_CD_TEXT_FILE, None) => return Err(Fault::null("cd_text_file")),
                (PITLAND_CD_TEXT_AUTO | PITLAND_CD_TEXT_NONE, Some(_)) => {
                    return Err(Fault::argument(
                        "cd_text_file has nothing to do here".into(),
                    ));
                }
                (other, _) => return Err(unknown("cd_text", other)),
            },
            level: match given.level {
                PITLAND_LEVEL_AS_IS => Level::AsIs,
                PITLAND_LEVEL_PEAK => Level::Peak { ceiling: 0.0 },
                PITLAND_LEVEL_LOUDNESS => Level::Loudness {
                    target: -18.0,
                    ceiling: -1.0,
                },
                other => return Err(unknown("level", other)),
            },
            pad: yes_or_no("pad", given.pad)?,
            overburn: yes_or_no("overburn", given.overburn)?,
            write_offset: given.write_offset,
        })
    }

    /// What is burned, of an image that is as its files say.
    fn source(&self, image: CdImage, wish: &mut Wish<'_>) -> Result<Source, CdError> {
        let image = image.levelled(self.level)?.moved(self.write_offset);
        let warnings = image.warnings().iter().map(ToString::to_string).collect();
        wish.burn.overburn = self.overburn;
        Ok(Source {
            image: Image::cd(image, self.mode),
            warnings,
        })
    }
}

/// Refuses what such a disc cannot have.
fn check(wish: &Wish<'_>) -> Result<(), Fault> {
    wish.is_to_have_no("label", wish.label.is_some())?;
    wish.is_to_have_no("placement", wish.burn.placement != Placement::default())
}

/// Burns sound files, each a track, in this order: WAVE, AIFF, FLAC, MP3, Ogg Vorbis, AAC. What has not the samples of a CD is
/// converted; all files are decoded once before the disc is touched. `audio` and `options` may be null; of these `label` and
/// `placement` are left 0. `report` as with pitland_drive_burn_tree. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_burn_audio(
    drive: *const pitland_drive,
    tracks: *const *const c_char,
    count: usize,
    audio: *const pitland_audio_options,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let album = |wish: &mut Wish<'_>| {
        check(wish)?;
        // SAFETY: options or null, as everywhere.
        let sound = unsafe { Sound::read(audio) }?;
        // SAFETY: so many paths, as everywhere.
        let paths = unsafe { some_paths(tracks, count) }?;
        let mut builder = CdImage::builder();
        builder.gap = sound.gap.unwrap_or(Gap::Silence(USUAL_GAP));
        builder.pad = sound.pad;
        builder.text_from = sound.text.clone();
        for path in paths {
            builder.add(CdTrack::sound(path));
        }
        Ok(sound.source(builder.finish()?, wish)?)
    };
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || burn(drive, options, report, album)) }
}

/// Burns the CD that a file describes: a cue sheet, a table of contents of cdrdao (.toc) or a control file of CloneCD (.ccd),
/// with the files that it names beside it. What lies between its tracks it says itself: `gap` and `gap_frames` of `audio` are
/// left 0. Otherwise as pitland_drive_burn_audio. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_burn_sheet(
    drive: *const pitland_drive,
    path: *const c_char,
    audio: *const pitland_audio_options,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let disc = |wish: &mut Wish<'_>| {
        check(wish)?;
        // SAFETY: options or null, as everywhere.
        let sound = unsafe { Sound::read(audio) }?;
        wish.is_to_have_no("gap", sound.gap.is_some())?;
        // SAFETY: a text or null, as everywhere.
        let path = Path::new(unsafe { system_text(path, "path") }?);
        let mut sheet = CueOptions::default();
        sheet.text_from = sound.text.clone();
        sheet.pad = sound.pad;
        Ok(sound.source(CdImage::from_sheet(path, &sheet)?, wish)?)
    };
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || burn(drive, options, report, disc)) }
}
