//! From the command line to open drives: addresses, plug-ins, traces. Owns the order in which these are
//! judged, so that a wrong command line leaves every file as it was.

use crate::error::{Complaint, drive_name};
use crate::output::Output;
use crate::output::json::{Name, WarningView};
use pitland::codes::Code;
use pitland::plugin_host;
use pitland::transport::address::OpenMode;
use pitland::transport::trace::{Detail, Trace, TraceStatus};
use pitland::{DriveAddress, DriveHandle, Engine, MediaFacts, Transport};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Folders in which the program looks for plug-ins; besides those that the environment names. A program
/// that is setuid looks in none.
pub(crate) const PLUGIN_DIRS: [&str; 2] =
    ["/usr/local/lib/pitland/plugins", "/usr/lib/pitland/plugins"];
/// More folders, divided by colons.
const PLUGIN_DIR_VARIABLE: &str = "PITLAND_PLUGIN_DIR";

/// The folder of the journals.
const JOURNAL_DIR_VARIABLE: &str = "PITLAND_JOURNAL_DIR";

/// How long drives may take to end what they are doing before the program ends.
const ENDING: Duration = Duration::from_secs(600);

/// A drive that was named on the command line.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) address: DriveAddress,
    pub(crate) name: Name,
}

/// The addresses, each its own drive.
pub(crate) fn addresses(given: &[OsString]) -> Result<Vec<Named>, Complaint> {
    let mut named: Vec<Named> = Vec::new();
    let mut keys = Vec::new();
    for text in given {
        let address =
            DriveAddress::parse(text).map_err(|e| Complaint::from(e).of_drive(&Name::new(text)))?;
        let name = drive_name(&address);
        let key = address
            .same_drive_key()
            .map_err(|e| Complaint::from(e).of_drive(&name))?;
        if keys.contains(&key) {
            return Err(Complaint::usage("the same drive is named twice")
                .coded(Code::DriveSame)
                .of_drive(&name));
        }
        keys.push(key);
        named.push(Named { address, name });
    }
    Ok(named)
}

/// The one address.
pub(crate) fn address(given: &OsString) -> Result<Named, Complaint> {
    addresses(std::slice::from_ref(given))?
        .pop()
        .ok_or_else(|| Complaint::usage("no drive is named").coded(Code::RequestNoDrive))
}

/// The libraries in the listed folders, sound or not.
pub(crate) fn plugin_files() -> Vec<PathBuf> {
    let variable = std::env::var_os(PLUGIN_DIR_VARIABLE).unwrap_or_default();
    let named = std::env::split_paths(&variable).filter(|folder| !folder.as_os_str().is_empty());
    let folders: Vec<PathBuf> = named.chain(PLUGIN_DIRS.map(PathBuf::from)).collect();
    plugin_host::discover(&folders)
}

/// The plug-ins of the listed folders that can be loaded; the others are warned of.
pub(crate) fn listed_plugins(output: &Output) -> Vec<PathBuf> {
    plugin_files()
        .into_iter()
        .filter(|file| match plugin_host::load(file) {
            Ok(_) => true,
            Err(error) => {
                output.event(&WarningView {
                    drive: None,
                    message: format!("left out: {error}"),
                });
                false
            }
        })
        .collect()
}

/// The engine with its writers: those that were named must load.
pub(crate) fn engine(plugins: &[PathBuf], output: &Output) -> Result<Engine, Complaint> {
    let mut builder = Engine::builder();
    for file in plugins.iter().cloned().chain(listed_plugins(output)) {
        builder = builder.plugin(file);
    }
    Ok(builder.build()?)
}

/// What is written down of a drive's commands.
#[derive(Debug)]
pub(crate) struct TraceFile {
    path: PathBuf,
    status: TraceStatus,
}

impl TraceFile {
    /// Where the trace of drive number `index` (of `count`) goes.
    fn path(path: &Path, index: usize, count: usize) -> PathBuf {
        if count == 1 {
            return path.to_path_buf();
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}", index + 1));
        PathBuf::from(name)
    }

    /// Whether everything was written down. To be asked when the drive is closed.
    pub(crate) fn check(&self) -> Result<(), Complaint> {
        match self.status.fault() {
            // The job has ended by now, and has said itself what the medium is.
            Some(error) => Err(Complaint::output(&self.path, &error).of_unknown_medium()),
            None => Ok(()),
        }
    }
}

/// A file for each drive's trace, made before any drive is opened.
pub(crate) fn traces(
    path: Option<&Path>,
    count: usize,
) -> Result<Vec<Option<(PathBuf, File)>>, Complaint> {
    let Some(path) = path else {
        return Ok((0..count).map(|_| None).collect());
    };
    let paths = (0..count).map(|index| TraceFile::path(path, index, count));
    let open = |path: PathBuf| match open_trace(&path) {
        Ok(file) => Ok((path, file)),
        Err(error) => Err(Complaint::output(&path, &error)),
    };
    let files = paths.map(open).collect::<Result<Vec<_>, _>>()?;
    // None is emptied while one of them cannot be had.
    let emptied = |(path, file): (PathBuf, File)| match file.set_len(0) {
        Ok(()) => Ok(Some((path, file))),
        // A pipe or a terminal has nothing to empty.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(Some((path, file))),
        Err(error) => Err(Complaint::output(&path, &error)),
    };
    files.into_iter().map(emptied).collect()
}

/// With what every trace begins.
const TRACE_START: &[u8] = b"pitland-trace ";

/// Opens the file, alone. An older trace will be replaced; any other file, a virtual disc above all, is not.
fn open_trace(path: &Path) -> io::Result<File> {
    let exists = |words| io::Error::new(io::ErrorKind::AlreadyExists, words);
    match path.metadata() {
        Ok(meta) if meta.is_file() && meta.len() > 0 => {
            let mut start = [0; TRACE_START.len()];
            let is_trace = File::open(path)?.read_exact(&mut start).is_ok() && start == TRACE_START;
            if !is_trace {
                return Err(exists("it exists and is no trace"));
            }
        }
        _ => {}
    }
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(exists("somebody else is writing a trace into it")),
        // Where files cannot be locked, none is.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// The folder of the journals where none is named: that of the environment, else the user's own.
pub(crate) fn journal_folder() -> Option<PathBuf> {
    let named = std::env::var_os(JOURNAL_DIR_VARIABLE).filter(|folder| !folder.is_empty());
    named
        .map(PathBuf::from)
        .or_else(pitland::journal::default_folder)
}

/// Opens a drive, traced where a file is given.
pub(crate) fn open(
    engine: &Engine,
    named: &Named,
    mode: OpenMode,
    trace: Option<(PathBuf, File)>,
) -> Result<(DriveHandle, Option<TraceFile>), Complaint> {
    let mut file = None;
    let layer = |transport| {
        let (transport, traced) = traced(transport, trace);
        file = traced;
        transport
    };
    let opened = engine.open_with(&named.address, mode, layer);
    let handle = opened.map_err(|e| Complaint::from(e).of_drive(&named.name))?;
    Ok((handle, file))
}

/// Takes a drive that no address names, traced where a file is given.
pub(crate) fn attach(
    engine: &Engine,
    drive: Box<dyn Transport>,
    trace: Option<(PathBuf, File)>,
) -> Result<(DriveHandle, Option<TraceFile>), Complaint> {
    let (drive, file) = traced(drive, trace);
    Ok((engine.attach(drive)?, file))
}

fn traced(
    drive: Box<dyn Transport>,
    trace: Option<(PathBuf, File)>,
) -> (Box<dyn Transport>, Option<TraceFile>) {
    match trace {
        None => (drive, None),
        Some((path, file)) => {
            let layer = Trace::new(drive, file, Detail::Replay);
            let status = layer.status();
            (Box::new(layer), Some(TraceFile { path, status }))
        }
    }
}

/// Opens a drive to look at it: nothing is written to it, and a virtual disc is shared with others.
pub(crate) fn look(engine: &Engine, named: &Named) -> Result<DriveHandle, Complaint> {
    open(engine, named, OpenMode::ReadOnly, None).map(|(handle, _)| handle)
}

/// What the drive says of its medium; one that is still looking at it is awaited.
pub(crate) async fn facts(drive: &DriveHandle, named: &Named) -> Result<MediaFacts, Complaint> {
    let told = drive.medium().await;
    let told = told.map_err(|error| Complaint::from(error).of_drive(&named.name))?;
    Ok(told.facts)
}

/// Ends the engine, and asks whether the traces are whole.
pub(crate) async fn end(engine: Engine, traces: &[Option<TraceFile>]) -> Result<(), Complaint> {
    let report = engine.shutdown(ENDING).await;
    if report.still_running > 0 {
        return Err(Complaint::internal("a drive did not end what it was doing"));
    }
    traces.iter().flatten().try_for_each(TraceFile::check)
}
