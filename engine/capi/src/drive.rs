//! A drive that is open: its tray, what it says of itself, and the job that runs in it. Owns the one place from which
//! another thread cancels that job.

use crate::border::{c_text, call, free, place, put, shared, tell};
use crate::engine::Face;
use crate::error::{Fault, pitland_error, pitland_status};
use crate::facts::pitland_facts;
use pitland::{Canceller, DriveAddress, DriveHandle};
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

/// A drive.
pub struct pitland_drive {
    face: Arc<Face>,
    handle: DriveHandle,
    address: CString,
    running: Mutex<Option<Canceller>>,
}

impl pitland_drive {
    pub(crate) fn new(face: Arc<Face>, handle: DriveHandle, address: &DriveAddress) -> Self {
        Self {
            face,
            handle,
            address: c_text(address.to_os_string().as_encoded_bytes()),
            running: Mutex::new(None),
        }
    }

    pub(crate) fn face(&self) -> &Face {
        &self.face
    }

    pub(crate) fn handle(&self) -> &DriveHandle {
        &self.handle
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Canceller>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets others cancel a job for as long as the answer lives.
    pub(crate) fn cancellable(&self, job: Canceller) -> Cancellable<'_> {
        *self.running() = Some(job);
        Cancellable(self)
    }
}

impl Drop for pitland_drive {
    fn drop(&mut self) {
        self.face.engine().release(&self.handle);
    }
}

/// A job that others can cancel.
pub(crate) struct Cancellable<'a>(&'a pitland_drive);

impl Drop for Cancellable<'_> {
    fn drop(&mut self) {
        *self.0.running() = None;
    }
}

/// A drive that a caller names.
///
/// # Safety
/// A drive that is not freed, or null.
pub(crate) unsafe fn drive_of<'a>(drive: *const pitland_drive) -> Result<&'a pitland_drive, Fault> {
    // SAFETY: as the caller promises.
    unsafe { shared(drive, "drive") }
}

/// The address by which a drive was opened. Null without a drive.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_address(drive: *const pitland_drive) -> *const c_char {
    // SAFETY: a drive or null, as everywhere.
    unsafe { drive_of(drive) }.map_or(ptr::null(), |drive| drive.address.as_ptr())
}

/// Asks what the drive and the disc in it are. Refused while the drive is at work.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_facts(
    drive: *const pitland_drive,
    facts: *mut *mut pitland_facts,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let ask = || {
        // SAFETY: places or null, as everywhere.
        unsafe { place(facts, "facts") }?;
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        let told = drive.face.wait(drive.handle.medium())??;
        // SAFETY: places or null, as everywhere.
        unsafe { put(facts, Some(Box::new(pitland_facts::new(&told.facts)))) };
        Ok(())
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, ask) }
}

/// Opens the tray. Refused while somebody holds the drive.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_eject(
    drive: *const pitland_drive,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let eject = || {
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        Ok(drive.face.wait(drive.handle.eject())??)
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, eject) }
}

/// Closes the tray and waits for the disc. Refused while somebody holds the drive.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_load(
    drive: *const pitland_drive,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let load = || {
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        Ok(drive.face.wait(drive.handle.load())??)
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, load) }
}

/// Asks for an early end of the job that runs by this drive, from any thread and from its call-back. What is open on the disc
/// is closed first; the call that began the job tells what the disc became. PITLAND_STATUS_NOTHING_RUNNING: there is none,
/// or it has not got the drive yet.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_cancel(drive: *const pitland_drive) -> pitland_status {
    // SAFETY: a drive or null, as everywhere.
    let Ok(drive) = (unsafe { drive_of(drive) }) else {
        return pitland_status::BadArgument;
    };
    tell(pitland_status::Internal, || match &*drive.running() {
        Some(job) => {
            job.cancel();
            pitland_status::Ok
        }
        None => pitland_status::NothingRunning,
    })
}

/// Frees a drive. It is closed when what it does has come to its end.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_free(drive: *mut pitland_drive) {
    // SAFETY: a drive that is not freed yet, or null.
    unsafe { free(drive) };
}
