//! The command line of CDs beyond one data track.

use super::{DriveArg, JobArgs, RecordArgs};
use crate::values;
use clap::{Args, Subcommand, ValueEnum};
use pitland::cd::{CdError, CdImage, CdTextFrom, CueOptions, Level};
use pitland::writer::mmc::Lba;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum CdCommand {
    /// Make a raw image of a cue sheet: lead-in, program and lead-out with their sub-channels.
    Image(CdImageArgs),
    /// List the tracks of a CD, and its codes.
    Toc(TocArgs),
    /// Show the CD-TEXT of a CD.
    Text(DriveArg),
    /// Read the sound of a CD into WAVE or FLAC files, one for each track or one for all.
    Rip(RipArgs),
    /// Read a CD, sound and data, into an image and a file that describes it: burned again it is the same disc.
    Read(CdReadArgs),
}

/// What every command that makes a CD of sound takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct SoundArgs {
    /// The texts: auto takes the cue sheet's, else the tags of the sound files; a file of packs; or none.
    #[arg(long, value_name = "auto|FILE|none", default_value = "auto", value_parser = values::cd_text())]
    pub(crate) cd_text: CdTextFrom,
    /// Fill tracks shorter than four seconds up with silence; without it they are refused.
    #[arg(long)]
    pub(crate) pad: bool,
    /// Make the album louder or quieter, all of it alike: peak brings its greatest sample to full scale; loudness brings it to
    /// -18 LUFS or to those given, and its true peak to 1 dB below full scale at most. Files are decoded again for it.
    #[arg(long, value_name = "peak|loudness[=LUFS]", value_parser = values::level)]
    pub(crate) normalise: Option<Level>,
    /// Record sound so many samples later than its place, or earlier where N is negative, for a drive that writes it beside.
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true, value_parser = clap::value_parser!(i32).range(-5880..=5880))]
    pub(crate) write_offset: i32,
}

impl SoundArgs {
    /// The same for a cue sheet; whether R to W have a place in what it becomes.
    pub(crate) fn of_sheet(&self, takes_subcode: bool) -> CueOptions {
        let mut options = CueOptions::default();
        options.subcode = takes_subcode;
        options.text_from = self.cd_text.clone();
        options.pad = self.pad;
        options
    }

    /// An image with its sound at its level and its place.
    pub(crate) fn settle(&self, image: CdImage) -> Result<CdImage, CdError> {
        let level = self.normalise.unwrap_or(Level::AsIs);
        Ok(image.levelled(level)?.moved(self.write_offset))
    }
}

#[derive(Debug, Args)]
pub(crate) struct CdImageArgs {
    /// The cue sheet, or a table of contents of cdrdao (.toc) or control file of CloneCD (.ccd). Its files are beside it.
    #[arg(value_name = "FILE.cue")]
    pub(crate) sheet: PathBuf,
    /// Where the image goes; - is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What stands behind the 2352 bytes of each block.
    #[arg(long, value_enum, value_name = "FORM", default_value = "raw96")]
    pub(crate) form: SubchannelArg,
    /// Where the lead-in begins, 90:00:00 to 99:00:00. pitland medium tells it of a disc; 95:00:00 is before that of any.
    #[arg(long, value_name = "MM:SS:FF", default_value = "95:00:00", value_parser = values::lead_in, allow_hyphen_values = true)]
    pub(crate) lead_in: Lba,
    #[command(flatten)]
    pub(crate) sound: SoundArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SubchannelArg {
    /// P to W, 96 bytes, as they are recorded.
    Raw96,
    /// P to W, 96 bytes, to which the drive adds what R to W are recorded with.
    Packed96,
    /// P and Q, 16 bytes.
    Pq16,
}

/// How a CD of sound is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CdModeArg {
    /// Track by track; the drive puts two seconds between them.
    Tao,
    /// All in one go, by a cue sheet.
    Sao,
    /// Raw with P to W, 96 bytes: lead-in, program and lead-out made here.
    Raw,
    /// The same; the drive adds what R to W are recorded with.
    RawPacked,
    /// Raw with P and Q, 16 bytes. There is no room for CD-TEXT.
    RawPq,
}

/// What every burn of a CD of sound takes.
#[derive(Debug, Args)]
pub(crate) struct AudioBurnArgs {
    /// How it is written.
    #[arg(long, value_enum, value_name = "MODE", default_value = "sao")]
    pub(crate) mode: CdModeArg,
    #[command(flatten)]
    pub(crate) sound: SoundArgs,
    /// Fill the disc beyond what it says it holds. What lies behind may not be readable.
    #[arg(long)]
    pub(crate) overburn: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AudioArgs {
    /// Sound files, each a track: WAVE, AIFF, FLAC, ALAC, MP3, Ogg Vorbis, AAC. What has not the samples of a CD is converted.
    #[arg(
        value_name = "TRACK",
        required_unless_present = "cue",
        conflicts_with = "cue"
    )]
    pub(crate) tracks: Vec<PathBuf>,
    /// The tracks of this cue sheet, or of a table of contents of cdrdao (.toc) or control file of CloneCD (.ccd).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["gapless", "pause"])]
    pub(crate) cue: Option<PathBuf>,
    /// Onto this drive.
    #[arg(long, value_name = "DRIVE")]
    pub(crate) drive: OsString,
    /// Nothing between the tracks: sound that was cut goes on without a sample between.
    #[arg(long, conflicts_with = "pause")]
    pub(crate) gapless: bool,
    /// So much silence before each track but the first, in frames of 1/75 second.
    #[arg(long, value_name = "FRAMES", default_value = "150", value_parser = clap::value_parser!(u32).range(0..=22_500))]
    pub(crate) pause: u32,
    #[command(flatten)]
    pub(crate) how: AudioBurnArgs,
    /// Write digests of each track's samples into this file, by which pitland cd rip knows later whether they are the same.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "simulate"])]
    pub(crate) digests: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TocArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// Find the pauses and indexes, too, which the drive has to look for.
    #[arg(long)]
    pub(crate) indexes: bool,
}

/// What sound is read into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SoundFormatArg {
    /// WAVE.
    Wav,
    /// FLAC, with the disc's texts and codes as tags.
    Flac,
}

/// The sheet beside what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SheetArg {
    /// A cue sheet.
    Cue,
    /// A table of contents of cdrdao.
    Toc,
    /// None.
    None,
}

/// How sound is read from a drive.
#[derive(Debug, Args)]
pub(crate) struct SoundReadArgs {
    /// Samples by which the drive's sound is to be moved, as lists of drives have it: read so many samples further on.
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true, value_parser = clap::value_parser!(i32).range(-5880..=5880))]
    pub(crate) read_offset: i32,
}

#[derive(Debug, Args)]
pub(crate) struct RipArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// Into this folder, as track01.wav and on; it is made where it is missing.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Only this track; several times: these.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) track: Vec<u8>,
    /// What the sound is read into.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "wav")]
    pub(crate) format: SoundFormatArg,
    /// The sheet by which the files become the disc again, disc.cue or disc.toc: with pauses, indexes, codes and texts.
    #[arg(
        long,
        value_enum,
        value_name = "KIND",
        default_value = "none",
        conflicts_with = "track"
    )]
    pub(crate) sheet: SheetArg,
    /// All sound in one file, disc.wav or disc.flac.
    #[arg(long, conflicts_with = "track")]
    pub(crate) whole: bool,
    /// Compare each track with these digests, as pitland audio --digests wrote them.
    #[arg(long, value_name = "FILE")]
    pub(crate) digests: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sound: SoundReadArgs,
}

/// The image and what describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CdFormatArg {
    /// NAME.bin and a cue sheet, NAME.cue.
    Bincue,
    /// NAME.bin and a table of contents of cdrdao, NAME.toc.
    Toc,
    /// NAME.img, its sub-channels NAME.sub, and a control file of CloneCD, NAME.ccd.
    Ccd,
}

#[derive(Debug, Args)]
pub(crate) struct CdReadArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// The name of the files, but for their endings.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) output: PathBuf,
    /// What kind of files.
    #[arg(long = "as", value_enum, value_name = "KIND", default_value = "bincue")]
    pub(crate) kind: CdFormatArg,
    /// This session alone, counted from 1; without it all of them, or the first where the files hold one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) session: Option<u8>,
    #[command(flatten)]
    pub(crate) sound: SoundReadArgs,
}
