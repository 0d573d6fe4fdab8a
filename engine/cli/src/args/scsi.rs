//! The command line of a single command to a drive, as data.

use super::DriveArg;
use crate::values;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ScsiArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// The command block, each byte as two hexadecimal digits: 6, 10, 12 or 16 of them, as the first one's group has it.
    #[arg(value_name = "BYTE", required = true, value_parser = values::byte)]
    pub(crate) cdb: Vec<u8>,
    /// So many bytes come from the drive.
    #[arg(long = "in", value_name = "N", conflicts_with = "send",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) receive: Option<u32>,
    /// The bytes of this file go to the drive; - is standard input.
    #[arg(long = "out", id = "send", value_name = "FILE")]
    pub(crate) send: Option<PathBuf>,
    /// Where the bytes from the drive go, instead of being printed; - is standard output.
    #[arg(short, long, value_name = "FILE", requires = "receive")]
    pub(crate) output: Option<PathBuf>,
    /// How long the command may take.
    #[arg(long, value_name = "SECONDS", default_value = "10",
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) timeout: u32,
    /// Send it even if it changes the disc, the drive's settings or its firmware, or is not known here.
    #[arg(long)]
    pub(crate) changes: bool,
    /// Under which name the drive is held; others see it.
    #[arg(long, value_name = "NAME", default_value = "pitland", value_parser = values::client)]
    pub(crate) client: String,
    /// Unmount what is mounted from the disc first; one that is in use is left alone and told.
    #[arg(long)]
    pub(crate) force_unmount: bool,
}
