//! A drive that is open: its tray, what it says of itself, and the job that runs in it. Owns the one place from which
//! another thread cancels that job.

use crate::border::{c_text, call, free, place, put, shared, tell};
use crate::engine::Face;
use crate::error::{Fault, pitland_error, pitland_status};
use crate::facts::pitland_facts;
use pitland::{DriveAddress, DriveHandle};
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A drive.
pub struct pitland_drive {
    open: Arc<Open>,
}

/// What a drive is on this side. A call holds it for as long as it lasts, so that a caller who frees the drive meanwhile
/// takes nothing away from it.
pub(crate) struct Open {
    face: Arc<Face>,
    handle: DriveHandle,
    address: CString,
    running: Mutex<Running>,
}

/// What can be ended early.
#[derive(Default)]
struct Running {
    last: u64,
    now: Vec<(u64, Box<dyn Fn() + Send>)>,
}

impl pitland_drive {
    pub(crate) fn new(face: Arc<Face>, handle: DriveHandle, address: &DriveAddress) -> Self {
        let open = Open {
            face,
            handle,
            address: c_text(address.to_os_string().as_encoded_bytes()),
            running: Mutex::default(),
        };
        Self {
            open: Arc::new(open),
        }
    }
}

impl Open {
    pub(crate) fn face(&self) -> &Face {
        &self.face
    }

    pub(crate) fn handle(&self) -> &DriveHandle {
        &self.handle
    }

    pub(crate) fn address(&self) -> &CStr {
        &self.address
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets others end what runs, in this way, for as long as the answer lives.
    pub(crate) fn cancellable(&self, cancel: impl Fn() + Send + 'static) -> Cancellable<'_> {
        let mut running = self.running();
        running.last += 1;
        let number = running.last;
        running.now.push((number, Box::new(cancel)));
        Cancellable {
            drive: self,
            number,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.face.engine().release(&self.handle);
    }
}

/// Something that others can cancel.
pub(crate) struct Cancellable<'a> {
    drive: &'a Open,
    number: u64,
}

impl Drop for Cancellable<'_> {
    fn drop(&mut self) {
        let mut running = self.drive.running();
        running.now.retain(|(number, _)| *number != self.number);
    }
}

/// A drive that a caller names.
///
/// # Safety
/// A drive that is not freed, or null.
pub(crate) unsafe fn drive_of(drive: *const pitland_drive) -> Result<Arc<Open>, Fault> {
    // SAFETY: as the caller promises.
    unsafe { shared(drive, "drive") }.map(|drive| Arc::clone(&drive.open))
}

/// The address by which a drive was opened. Null without a drive.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_address(drive: *const pitland_drive) -> *const c_char {
    // SAFETY: a drive or null, as everywhere.
    unsafe { shared(drive, "drive") }.map_or(ptr::null(), |drive| drive.open.address.as_ptr())
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

/// Asks for an early end of what runs by this drive, a job or a reading, from any thread and from its call-back. What is open
/// on the disc is closed first; the call that began it tells what the disc became. PITLAND_STATUS_NOTHING_RUNNING: there is
/// none, or it has not got the drive yet. A drive that was cancelled takes further calls.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_cancel(drive: *const pitland_drive) -> pitland_status {
    // SAFETY: a drive or null, as everywhere.
    let Ok(drive) = (unsafe { drive_of(drive) }) else {
        return pitland_status::BadArgument;
    };
    tell(pitland_status::Internal, || {
        let running = drive.running();
        running.now.iter().for_each(|(_, cancel)| cancel());
        match running.now.is_empty() {
            true => pitland_status::NothingRunning,
            false => pitland_status::Ok,
        }
    })
}

/// Frees a drive, also from its call-back. It is closed when what it does has come to its end.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_free(drive: *mut pitland_drive) {
    // SAFETY: a drive that is not freed yet, or null.
    unsafe { free(drive) };
}
