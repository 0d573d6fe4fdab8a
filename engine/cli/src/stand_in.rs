//! The disc that a burn would make of a missing file, without making it: for plans, rehearsals, and to
//! judge a burn before its file exists.

use crate::error::Complaint;
use crate::open::Named;
use pitland::transport::sim::{DriveModel, MediumKind, Pace, VirtualDrive, create_disc};
use pitland::{DriveAddress, Transport};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether the address is that of a virtual disc whose file is still to be made.
pub(crate) fn is_missing(address: &DriveAddress) -> bool {
    match address {
        DriveAddress::VirtualFile { path, .. } => {
            matches!(path.metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
        }
        _ => false,
    }
}

/// The drive that the address names, with a blank BD-R that nobody else sees. Its file, a sparse one among the temporary files, has
/// no name any more when this returns.
pub(crate) fn drive(named: &Named) -> Result<VirtualDrive, Complaint> {
    let model = match named.address.virtual_options() {
        Some(options) => options
            .model()
            .map_err(|error| Complaint::from(error).of_drive(&named.name))?,
        None => DriveModel::default(),
    };
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("pitland-{}-{number}.vdisc", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    let medium = create_disc(&path, MediumKind::BdR, None)?;
    std::fs::remove_file(&path).map_err(|error| Complaint::output(&path, &error))?;
    let pace = Pace::from(named.address.speed());
    let hint = named.address.to_string();
    Ok(VirtualDrive::new(model, medium, pace, hint))
}

/// The same with the faults and the bus of its address, as for a file that is there.
pub(crate) fn drive_with_options(named: &Named) -> Result<Box<dyn Transport>, Complaint> {
    let drive = drive(named)?;
    let rounded = named.address.with_options(drive);
    rounded.map_err(|error| Complaint::from(error).of_drive(&named.name))
}
