//! The disc that a burn would make of a missing file, without making it: for plans, rehearsals, and to
//! judge a burn before its file exists.

use crate::error::Complaint;
use crate::open::Named;
use pitland::DriveAddress;
use pitland::transport::sim::{DriveModel, MediumKind, Pace, VirtualDrive, create_disc};
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

/// A drive with a blank BD-R that nobody else sees. Its file, a sparse one among the temporary files, has
/// no name any more when this returns.
pub(crate) fn drive(named: &Named) -> Result<Box<VirtualDrive>, Complaint> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("pitland-{}-{number}.vdisc", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    let medium = create_disc(&path, MediumKind::BdR, None)?;
    std::fs::remove_file(&path).map_err(|error| Complaint::output(&path, &error))?;
    let pace = Pace::from(named.address.speed());
    let hint = named.address.to_string();
    Ok(Box::new(VirtualDrive::new(
        DriveModel::default(),
        medium,
        pace,
        hint,
    )))
}
