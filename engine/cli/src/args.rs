//! The command line, as data. Owns names, forms and help texts; what a command does is its module's.

pub(crate) mod cd;
pub(crate) mod scsi;
mod volume;

pub(crate) use volume::{TextArgs, VolumeArgs};

use crate::exit;
use crate::values;
use clap::{Args, Parser, Subcommand, ValueEnum};
use pitland::cd::{CdTextFrom, Level};
use pitland::transport::sim::DiscType;
use pitland::{LeaseOptions, Speed};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Masters folders and burns them onto optical discs.
#[derive(Debug, Parser)]
#[command(name = "pitland", version, max_term_width = 100, after_long_help = exit::table())]
pub(crate) struct Cli {
    /// Results, progress and errors as JSON lines (schema "pitland/1").
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log what is done, on standard error; twice and three times: in more detail.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the drives of this machine.
    Drives(DrivesArgs),
    /// Say what is in a drive.
    Medium(DriveArg),
    /// List the writers, built in and loaded.
    Plugins(PluginArgs),
    /// Master an image without burning it.
    Image(Box<ImageArgs>),
    /// Burn folders, files or an image, and verify them.
    Burn(Box<BurnArgs>),
    /// Compare the tree of a disc's last session with its sources.
    Verify(VerifyArgs),
    /// Read a disc, or one track, into a file.
    Read(ReadArgs),
    /// List what a disc or an image holds.
    Ls(LsArgs),
    /// Take files out of a disc or an image.
    Extract(ExtractArgs),
    /// Leave a rewritable medium empty.
    Erase(EraseArgs),
    /// Format a medium.
    Format(FormatArgs),
    /// Close what an earlier burn left open.
    Close(CloseArgs),
    /// List the burns that run, and those that were cut off.
    Jobs(JobsArgs),
    /// Take up a burn that was cut off: write the rest, close or verify what there is, or say that it is lost.
    Resume(ResumeArgs),
    /// Open the tray.
    Eject(DriveArg),
    /// Close the tray and wait for the medium.
    Load(DriveArg),
    /// Send one command to a drive, as it is typed.
    Scsi(scsi::ScsiArgs),
    /// Burn a CD of sound, and compare it with its files.
    Audio(Box<cd::AudioArgs>),
    /// CDs beyond one data track.
    #[command(subcommand)]
    Cd(cd::CdCommand),
    /// Make, serve and export virtual discs.
    #[command(subcommand)]
    Virtual(VirtualCommand),
    /// The table of exit statuses.
    #[command(long_about = exit::table())]
    ExitStatuses,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VirtualCommand {
    /// Offer virtual discs as drives to other programs, by iSCSI.
    Serve(ServeArgs),
    /// Make a blank virtual disc.
    Create(CreateArgs),
    /// Write the user data of a virtual disc into a file, as a reader sees them.
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DrivesArgs {
    /// Stay, and tell arrivals, removals, changes of the medium and eject buttons.
    #[arg(long)]
    pub(crate) watch: bool,
}

/// What every command with one drive takes.
#[derive(Debug, Args)]
pub(crate) struct DriveArg {
    /// /dev/srN, iscsi://HOST[:PORT]/TARGET/LUN, virtual:FILE or virtual:null[,id=N]; the virtual ones
    /// also with [,speed=16x][,profile=P][,bus=NAME@RATE][,faults=SCRIPT].
    #[arg(value_name = "DRIVE")]
    pub(crate) drive: OsString,
}

#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    /// Load the writers of this library. A plug-in is trusted code: it runs in this program.
    #[arg(long = "plugin", value_name = "FILE")]
    pub(crate) plugins: Vec<PathBuf>,
}

/// What every command that changes a disc takes.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    #[command(flatten)]
    pub(crate) plugins: PluginArgs,
    /// Write every command and its answer into this file; with several drives into FILE.1, FILE.2, ...
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Under which name the drive is held; others see it.
    #[arg(long, value_name = "NAME", default_value = "pitland", value_parser = values::client)]
    pub(crate) client: String,
    /// Do not move the tray out and in at the end. Other programs then see the disc as it was.
    #[arg(long)]
    pub(crate) no_reload: bool,
    /// Unmount what is mounted from the disc first; one that is in use is left alone and told.
    #[arg(long)]
    pub(crate) force_unmount: bool,
}

impl JobArgs {
    /// How the drive is taken.
    pub(crate) fn lease_options(&self) -> LeaseOptions {
        let mut options = LeaseOptions::default();
        options.unmount = self.force_unmount;
        options.keep_tray = self.no_reload;
        options
    }
}

/// How folders and files are read.
#[derive(Debug, Args)]
pub(crate) struct TreeArgs {
    /// Store what symbolic links point at, instead of the links.
    #[arg(long)]
    pub(crate) follow_links: bool,
    /// What to do with devices, fifos and sockets inside of a folder; without it they are refused.
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) special: Option<SpecialArg>,
    /// Leave out what the pattern means: a name in any folder, or with a slash a path of the volume; * and ? stand
    /// for characters of a name, ** for folders, a slash at the end for folders alone.
    #[arg(long, value_name = "GLOB", value_parser = values::glob)]
    pub(crate) exclude: Vec<String>,
    /// Record the data of what the pattern means, but no name for it.
    #[arg(long, value_name = "GLOB", value_parser = values::glob)]
    pub(crate) hide: Vec<String>,
}

/// What a session that goes on with an earlier one takes.
#[derive(Debug, Args)]
pub(crate) struct AppendArgs {
    /// The new session does not have this file or folder of the earlier one. Its blocks stay as they are.
    #[arg(long, value_name = "PATH")]
    pub(crate) remove: Vec<PathBuf>,
    /// Sources take the place of what has their names in the earlier session; without it that is refused.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Go on with this session, counted from 1; without it with the last one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) session: Option<u16>,
}

impl AppendArgs {
    /// Whether one of them is said.
    pub(crate) fn any(&self) -> bool {
        self.replace || self.session.is_some() || !self.remove.is_empty()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    /// Folders and files. One folder: its contents are the root; several: each under its own name. With --append-to
    /// there may be none.
    #[arg(value_name = "SOURCE", required_unless_present = "append_to")]
    pub(crate) sources: Vec<PathBuf>,
    /// Where the image goes; - is standard output.
    #[arg(
        short,
        long,
        value_name = "FILE",
        required_unless_present = "append_to"
    )]
    pub(crate) output: Option<PathBuf>,
    /// Grow this image: a session behind what it holds, and its beginning made to show it.
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(crate) append_to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) earlier: AppendArgs,
    #[command(flatten)]
    pub(crate) volume: VolumeArgs,
}

/// How a disc is recorded, whatever goes onto it.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// How much is read back and compared.
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "full")]
    pub(crate) verify: VerifyArg,
    /// At most this fast: max, a multiple such as 4x or 2.4x, or kB/s such as 8310.
    #[arg(long, value_name = "SPEED", default_value = "max", value_parser = values::speed)]
    pub(crate) speed: Speed,
    /// At a speed at which the disc turns at one rate all the time, where the drive offers one.
    #[arg(long)]
    pub(crate) cav: bool,
    /// Finalize the disc: nothing can be added afterwards.
    #[arg(long)]
    pub(crate) close: bool,
    /// Record nothing: by the drive's test-write mode; with =host everything up to the first command
    /// that changes the disc.
    #[arg(long, value_enum, value_name = "host", num_args = 0..=1, require_equals = true,
          default_missing_value = "test-write")]
    pub(crate) simulate: Option<SimulateArg>,
    /// Let a drive that runs out of data spoil the disc instead of linking, where the medium leaves the
    /// choice: some old readers stumble over links.
    #[arg(long)]
    pub(crate) no_underrun_protection: bool,
    /// Print what would be done, and touch nothing.
    #[arg(long)]
    pub(crate) plan: bool,
    /// By the writer of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) writer: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BurnArgs {
    /// One folder: its contents are the root; several sources: each under its own name; one .iso file, or
    /// one .cue, .toc or .ccd file that describes a disc: burned as the image it is; -: an image from standard input, with --size. With --append there may be none.
    #[arg(value_name = "SOURCE", required_unless_present = "go_on")]
    pub(crate) sources: Vec<PathBuf>,
    /// Go on with what the disc's last session holds, in a further session: it has the files of both, and those of
    /// the disc are not written again.
    #[arg(long = "append", conflicts_with_all = ["overwrite", "size", "as_file"])]
    pub(crate) go_on: bool,
    #[command(flatten)]
    pub(crate) earlier: AppendArgs,
    /// Onto this drive; several times: onto several at once.
    #[arg(long = "drive", value_name = "DRIVE", required = true)]
    pub(crate) drives: Vec<OsString>,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// Replace what a rewritable medium holds.
    #[arg(long, conflicts_with = "new_session")]
    pub(crate) overwrite: bool,
    /// Add a session to a sequential medium that holds some.
    #[arg(long)]
    pub(crate) new_session: bool,
    /// Without the drive's own check of what it writes, where it has one: twice as fast.
    #[arg(long)]
    pub(crate) fast_write: bool,
    /// In how many goes a session is written, where the medium leaves the choice (CD, DVD-R, DVD-RW).
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) recording: Option<RecordingArg>,
    /// The sectors of a CD's data track; without it as the disc's earlier sessions, mode 2 behind sound alone, or mode 1.
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) cd_form: Option<CdFormArg>,
    /// The image has its own padding: nothing behind a CD's data track but what makes the shortest one of it.
    #[arg(long, alias = "nopad")]
    pub(crate) no_pad: bool,
    /// Finalize the disc if no more than 2 % of it stays free.
    #[arg(long)]
    pub(crate) close_when_full: bool,
    /// Finalize every DVD+R, for players.
    #[arg(long)]
    pub(crate) dvd_compat: bool,
    /// What is stored a second time before the disc is touched; --plan tells it file by file.
    #[arg(long, value_enum, value_name = "WHAT", default_value = "auto")]
    pub(crate) stash: StashArg,
    /// A folder for stash files; several are filled in their order.
    #[arg(long = "stash-dir", value_name = "DIR")]
    pub(crate) stash_dirs: Vec<PathBuf>,
    /// So much of the stash stays in memory; what is beyond goes into stash files.
    #[arg(long, value_name = "BYTES", value_parser = values::size_or_none)]
    pub(crate) stash_memory: Option<u64>,
    /// The most that is stored a second time, in memory and files together.
    #[arg(long, value_name = "BYTES", value_parser = values::size_or_none)]
    pub(crate) stash_quota: Option<u64>,
    /// The ring between source and drives: 2M to 1G, in whole MiB.
    #[arg(long, value_name = "BYTES", value_parser = values::ring)]
    pub(crate) buffer: Option<u64>,
    /// Of several drives: one that holds the others up for so long goes on by itself.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) most_lag: Option<u32>,
    /// Read the disc back in this drive; for a virtual disc it may be the same file.
    #[arg(long, value_name = "DRIVE")]
    pub(crate) verify_drive: Option<OsString>,
    /// The folder of the journal, by which pitland resume takes up what was cut off; without it the user's
    /// own. none: no journal.
    #[arg(long, value_name = "DIR|none")]
    pub(crate) journal: Option<PathBuf>,
    /// Put a single .iso, .cue, .toc or .ccd file onto the disc as a file.
    #[arg(long)]
    pub(crate) as_file: bool,
    /// Bytes of the image on standard input; k, M, G, T are powers of 1024, kB, MB, GB, TB of 1000.
    #[arg(long, value_name = "BYTES", value_parser = values::size)]
    pub(crate) size: Option<u64>,
    #[command(flatten)]
    pub(crate) volume: VolumeArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// What was burned; one .iso, .cue, .toc or .ccd file: the image itself. None: what the disc's own manifest lists.
    #[arg(value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,
    /// The single .iso, .cue, .toc or .ccd file is on the disc as a file.
    #[arg(long)]
    pub(crate) as_file: bool,
    /// Short tracks of the sheet were filled up with silence.
    #[arg(long)]
    pub(crate) pad: bool,
    /// The sheet's sound was made louder or quieter, as for the burn.
    #[arg(long, value_name = "peak|loudness[=LUFS]", value_parser = values::level)]
    pub(crate) normalise: Option<Level>,
    /// Which texts the disc was burned with, as for the burn; none: texts are not compared.
    #[arg(long, value_name = "auto|FILE|none", value_parser = values::cd_text())]
    pub(crate) cd_text: Option<CdTextFrom>,
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// Only this track; without it the whole disc, gaps as zeros.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) track: Option<u16>,
    /// Go on behind blocks that cannot be read: they come as zeros, and the status is 9.
    #[arg(long)]
    pub(crate) skip_errors: bool,
    /// Where the data go; - is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// What every command that looks into a volume takes.
#[derive(Debug, Args)]
pub(crate) struct VolumeAt {
    /// An image file, or a drive as other commands name it.
    #[arg(value_name = "IMAGE|DRIVE")]
    pub(crate) place: OsString,
    /// The volume of this session, counted from 1; without it that of the last closed one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) session: Option<u16>,
    /// The volume of the session that begins at this block.
    #[arg(long, value_name = "LBA", conflicts_with = "session")]
    pub(crate) session_lba: Option<u32>,
    /// Whose names and attributes are shown; without it the best that there are.
    #[arg(long, value_enum, value_name = "NAMES")]
    pub(crate) fs: Option<NamesArg>,
}

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    #[command(flatten)]
    pub(crate) volume: VolumeAt,
    /// A folder or file of the volume; without it the root.
    #[arg(value_name = "PATH", default_value = "/", hide_default_value = true)]
    pub(crate) path: PathBuf,
    /// With all that is below, under whole paths.
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Show the blocks, too, as first+count.
    #[arg(long)]
    pub(crate) lba: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExtractArgs {
    #[command(flatten)]
    pub(crate) volume: VolumeAt,
    /// Folders and files of the volume; without any all of it. Each keeps its whole path.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Below this folder, which is made where it is missing.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Replace files and links that are there already; without it they stay, and that is an error.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Set extended attributes, too, as far as they belong to users (user.*).
    #[arg(long)]
    pub(crate) xattr: bool,
    /// The most bytes that are written. Files can share blocks: without it four times the size of the image.
    #[arg(long, value_name = "BYTES", value_parser = values::size)]
    pub(crate) most: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// The whole surface, not only what makes the medium look used.
    #[arg(long)]
    pub(crate) full: bool,
    /// Only the last session (CD-RW).
    #[arg(long, conflicts_with_all = ["full", "tail"])]
    pub(crate) last_session: bool,
    /// Only the end of the last, open track, from this block on (CD-RW).
    #[arg(long, value_name = "LBA", conflicts_with = "full",
          value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) tail: Option<i32>,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// The format type as the drive lists it, 0 to 63; hexadecimal as 26h or 0x26.
    #[arg(long, value_name = "K", value_parser = values::format_kind)]
    pub(crate) kind: Option<u8>,
    /// Bytes kept as spare for defects, where the format has a choice; k, M, G are powers of 1024.
    #[arg(long, value_name = "BYTES", value_parser = values::size_or_none)]
    pub(crate) spare: Option<u64>,
    /// How thoroughly the surface is gone over, where the format has a choice.
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) certify: Option<CertifyArg>,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    #[command(flatten)]
    pub(crate) drive: DriveArg,
    /// Finalize the disc, not only its session.
    #[arg(long)]
    pub(crate) disc: bool,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

#[derive(Debug, Args)]
pub(crate) struct JobsArgs {
    /// The folder of the journals; without it the user's own.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// Remove the journal of this job: it can then not be resumed.
    #[arg(long, value_name = "JOB")]
    pub(crate) forget: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The job, as pitland jobs names it; may be left away if there is only one.
    #[arg(value_name = "JOB")]
    pub(crate) name: Option<String>,
    /// The drive that holds the job's disc; without it the one in which it was begun.
    #[arg(long, value_name = "DRIVE")]
    pub(crate) drive: Option<OsString>,
    /// The folder of the journals; without it the user's own.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Virtual discs; the first is logical unit 1. With a speed they run in real time, without one a long
    /// operation lasts a few polls.
    #[arg(value_name = "FILE[,speed=16x]", required = true)]
    pub(crate) files: Vec<OsString>,
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3260")]
    pub(crate) listen: SocketAddr,
    /// Serve other machines, too. Nobody is asked for a password: whoever reaches the port owns the drives.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Write every command and its answer into this file; with several drives into FILE.1, FILE.2, ...
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The file to be made; it must not exist.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The disc, by the name that it is sold under.
    #[arg(long, value_name = "NAME", value_parser = values::disc())]
    pub(crate) medium: DiscType,
    /// Bytes of the unformatted disc; without it as such discs are sold.
    #[arg(long, value_name = "BYTES", value_parser = values::size)]
    pub(crate) capacity: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The virtual disc.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only this track; without it all from block 0 to the last written one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) track: Option<u16>,
    /// Where the data go; - is standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum VerifyArg {
    /// Nothing is read back.
    None,
    /// Both ends and a sample.
    Quick,
    /// Every block.
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulateArg {
    /// The drive's test-write mode.
    TestWrite,
    /// On the host.
    Host,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RecordingArg {
    /// All at once: the disc is final afterwards, or on CD the session.
    AtOnce,
    /// Track by track, or incrementally: sessions can follow, and a burn that is cut off can be resumed on DVD.
    TrackByTrack,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CdFormArg {
    /// Mode 1.
    Mode1,
    /// Mode 2 form 1 (CD-ROM XA).
    Mode2,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CertifyArg {
    /// Not at all.
    None,
    /// A part of it, or the quick format.
    Quick,
    /// All of it, which takes as long as writing the whole medium, or twice that.
    Full,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StashArg {
    /// File by file: what comes once, may stall, vanish or change.
    Auto,
    /// Nothing.
    Never,
    /// Everything.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FsArg {
    /// ISO 9660.
    Iso,
    /// Joliet.
    Joliet,
    /// Rock Ridge.
    Rr,
    /// UDF.
    Udf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum NamesArg {
    /// ISO 9660 alone.
    Iso,
    /// Joliet.
    Joliet,
    /// Rock Ridge.
    Rr,
    /// UDF.
    Udf,
    /// The enhanced names of ISO 9660:1999.
    Enhanced,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SpecialArg {
    /// As what they are.
    Store,
    /// Left out.
    Skip,
}

impl Command {
    /// Whether standard output carries data instead of messages.
    pub(crate) fn data_on_stdout(&self) -> bool {
        let output = match self {
            Self::Image(args) => match &args.output {
                Some(output) => output,
                None => return false,
            },
            Self::Read(args) => &args.output,
            Self::Scsi(args) => match &args.output {
                Some(output) => output,
                None => return false,
            },
            Self::Cd(cd::CdCommand::Image(args)) => &args.output,
            Self::Virtual(VirtualCommand::Export(args)) => &args.output,
            _ => return false,
        };
        output.as_os_str() == "-"
    }

    /// Whether a disc may be another one when the command has ended.
    pub(crate) fn may_change_a_disc(&self) -> bool {
        let records = |record: &RecordArgs| {
            !record.plan && !matches!(record.simulate, Some(SimulateArg::Host))
        };
        match self {
            Self::Burn(args) => records(&args.record),
            Self::Audio(args) => records(&args.record),
            Self::Resume(args) => !args.plan,
            Self::Scsi(args) => args.changes,
            Self::Erase(_) | Self::Format(_) | Self::Close(_) => true,
            Self::Virtual(VirtualCommand::Serve(_)) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn simulate_takes_its_value_only_behind_an_equals_sign() {
        let parse = |args: &[&str]| {
            let given = ["pitland", "burn", "--drive", "virtual:null"]
                .iter()
                .chain(args);
            match Cli::try_parse_from(given).unwrap().command {
                Command::Burn(args) => (args.record.simulate, args.sources.len()),
                other => unreachable!("{other:?}"),
            }
        };
        assert_eq!(
            parse(&["--simulate", "host"]),
            (Some(SimulateArg::TestWrite), 1)
        );
        assert_eq!(
            parse(&["--simulate=host", "a"]),
            (Some(SimulateArg::Host), 1)
        );
        assert_eq!(parse(&["a", "b"]), (None, 2));
    }
}
