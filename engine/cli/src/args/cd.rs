//! The command line of CDs beyond one data track.

use crate::values;
use clap::{Args, Subcommand, ValueEnum};
use pitland::cd::CdTextFrom;
use pitland::writer::mmc::Lba;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum CdCommand {
    /// Make a raw image of a cue sheet: lead-in, program and lead-out with their sub-channels.
    Image(CdImageArgs),
}

/// What every command that makes a CD of sound takes.
#[derive(Debug, Args)]
pub(crate) struct SoundArgs {
    /// The texts: auto takes the cue sheet's, else the tags of the sound files; a file of packs; or none.
    #[arg(long, value_name = "auto|FILE|none", default_value = "auto", value_parser = values::cd_text())]
    pub(crate) cd_text: CdTextFrom,
    /// Fill tracks shorter than four seconds up with silence; without it they are refused.
    #[arg(long)]
    pub(crate) pad: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CdImageArgs {
    /// The cue sheet. Its files are beside it.
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
