//! `pitland virtual serve`: virtual discs as drives of an iSCSI target, for the programs of others.

use super::{Context, blocking};
use crate::args::ServeArgs;
use crate::error::{Complaint, drive_name};
use crate::exit::Exit;
use crate::open;
use crate::output::json::{Name, ServedView, ServingView};
use pitland::DriveAddress;
use pitland::iscsi::target::{BindError, LogicalUnit, Target, TargetOptions};
use pitland::transport::address::{OpenMode, VirtualOptions};
use pitland::transport::sim::{DriveModel, Pace, VirtualDrive};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

/// Connections for each drive: a program may look at all drives before it keeps one.
const CONNECTIONS_PER_DRIVE: usize = 4;
/// And for those that only ask which drives there are.
const SPARE_CONNECTIONS: usize = 12;

pub(crate) async fn run(args: ServeArgs, mut context: Context) -> Result<Exit, Complaint> {
    let addresses = addresses(&args.files)?;
    let count = addresses.len();
    let drives = addresses.iter().map(drive);
    let drives = drives.collect::<Result<Vec<_>, Complaint>>()?;
    let mut options = TargetOptions::default();
    options.insecure = args.insecure;
    options.most_connections = count * CONNECTIONS_PER_DRIVE + SPARE_CONNECTIONS;
    // A trace that is there already is replaced only when nothing is in the way of serving.
    drop(bind(&args, Vec::new(), &options)?);
    let mut faults = Vec::new();
    let mut units = Vec::new();
    for (drive, trace) in drives
        .into_iter()
        .zip(open::traces(args.trace.as_deref(), count)?)
    {
        let unit = LogicalUnit::from(drive);
        units.push(match trace {
            Some((path, file)) => {
                let fault = Arc::new(OnceLock::new());
                faults.push((path, Arc::clone(&fault)));
                unit.traced(Told { file, fault })
            }
            None => unit,
        });
    }
    let target = bind(&args, units, &options)?;
    let drives = addresses.iter().zip(1..).filter_map(|(address, lun)| {
        let served = target.address(lun)?.to_string();
        Some(ServedView {
            drive: drive_name(address),
            lun,
            address: served,
        })
    });
    context.output.result(&ServingView {
        drives: drives.collect(),
    });
    context.interrupt.raised().await;
    // The drives finish what they were told, and their files are closed.
    blocking(move || {
        drop(target);
        let lost = faults
            .iter()
            .find_map(|(path, fault)| Some((path, fault.get()?)));
        match lost {
            Some((path, error)) => Err(Complaint::output(path, error)),
            None => Ok(Exit::Done),
        }
    })
    .await
}

fn bind(
    args: &ServeArgs,
    units: Vec<LogicalUnit>,
    options: &TargetOptions,
) -> Result<Target, Complaint> {
    Target::bind(args.listen, units, options.clone()).map_err(|error| {
        let exit = match error {
            BindError::System { .. } => Exit::Output,
            _ => Exit::Usage,
        };
        Complaint::new(
            exit,
            error.to_string(),
            "caller",
            "choose another address with --listen",
        )
    })
}

/// A trace's file that remembers what went wrong first.
struct Told {
    file: File,
    fault: Arc<OnceLock<io::Error>>,
}

impl Told {
    fn keep<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            let _ = self
                .fault
                .set(io::Error::new(error.kind(), error.to_string()));
        }
        result
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        self.keep(flushed)
    }
}

/// The drives, each its own file.
fn addresses(files: &[OsString]) -> Result<Vec<DriveAddress>, Complaint> {
    let named: Vec<OsString> = files.iter().map(|file| virtual_name(file)).collect();
    let named = open::addresses(&named)?;
    Ok(named.into_iter().map(|named| named.address).collect())
}

/// A file may be given with or without `virtual:`.
fn virtual_name(file: &OsStr) -> OsString {
    if file.as_encoded_bytes().starts_with(b"virtual:") {
        return file.to_owned();
    }
    let mut name = OsString::from("virtual:");
    name.push(file);
    name
}

fn drive(address: &DriveAddress) -> Result<VirtualDrive, Complaint> {
    let pace = Pace::from(address.speed());
    let hint = address.to_string();
    let name = Name::new(address.to_os_string());
    let extras = address.virtual_options();
    if extras.is_some_and(|options| options.faults.is_some() || options.bus.is_some()) {
        let message = "faults= and bus= are for drives that this program uses itself; a served one has neither";
        return Err(Complaint::usage(message).of_drive(&name));
    }
    let model = extras.map_or(Ok(DriveModel::default()), VirtualOptions::model);
    let model = model.map_err(|error| Complaint::from(&error).of_drive(&name))?;
    let opened = match address {
        DriveAddress::VirtualFile { path, .. } => {
            VirtualDrive::file_in(model, path, OpenMode::Existing, pace, hint)
        }
        DriveAddress::VirtualNull { id, .. } => VirtualDrive::null_in(model, *id, pace, hint),
        _ => return Err(Complaint::usage("only virtual drives can be served").of_drive(&name)),
    };
    opened.map_err(|error| Complaint::from(error).of_drive(&name))
}
