//! The engine, its runtime, and the list of the machine's drives. Owns how long both live: as long as the engine or one of
//! its drives does.

use crate::border::{c_text, call, free, place, put, shared, system_text, tell};
use crate::drive::pitland_drive;
use crate::error::{Fault, pitland_error, pitland_status};
use pitland::{DriveAddress, Engine, OpenMode};
use std::ffi::{CString, c_char};
use std::future::Future;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// The version of this interface: what a program compares pitland_abi_version() with.
pub const PITLAND_ABI: u32 = 2;

/// What pitland_engine_open makes of a virtual disc whose file is missing: an error.
pub const PITLAND_OPEN_EXISTING: u32 = 0;
/// What pitland_engine_open makes of a virtual disc whose file is missing: a blank BD-R.
pub const PITLAND_OPEN_CREATE: u32 = 1;
/// For looking alone: nothing is written, and others may read a virtual disc at the same time.
pub const PITLAND_OPEN_READ_ONLY: u32 = 2;

/// How long an engine that is freed waits for its drives. Fixating a disc takes minutes; a drive that hangs is to keep
/// nobody for ever.
const ENDING: Duration = Duration::from_secs(3600);

/// Writers and drives.
pub struct pitland_engine {
    face: Arc<Face>,
}

/// What an engine and its drives share.
pub(crate) struct Face {
    /// There until the end.
    runtime: Option<Runtime>,
    engine: Engine,
}

impl Drop for Face {
    fn drop(&mut self) {
        // Of a call-back's thread a runtime cannot be waited for.
        if let (Err(_), Some(runtime)) = (not_within(), self.runtime.take()) {
            runtime.shutdown_background();
        }
    }
}

impl Face {
    /// Waits for what takes its time. The runtime cannot wait on one of its own threads, nor within a wait.
    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T, Fault> {
        not_within()?;
        Ok(self.runtime()?.block_on(what))
    }

    fn runtime(&self) -> Result<&Runtime, Fault> {
        self.runtime
            .as_ref()
            .ok_or_else(|| Fault::internal("the runtime has ended"))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Refuses calls from a call-back that would have to wait.
pub(crate) fn not_within() -> Result<(), Fault> {
    match Handle::try_current() {
        Ok(_) => Err(Fault::argument("the call was made from a call-back".into())),
        Err(_) => Ok(()),
    }
}

/// The drives of the machine, as they were when they were looked for.
pub struct pitland_drive_list {
    drives: Vec<Listed>,
}

struct Listed {
    address: CString,
    name: CString,
}

/// The version of the library, as "0.1.0".
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn pitland_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The version of the interface that the library has. It can do all that a header with the same or a smaller PITLAND_ABI
/// says.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn pitland_abi_version() -> u32 {
    PITLAND_ABI
}

/// Frees a text that was given as a char *.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: of a text that was given out and is not freed yet.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// Makes an engine with the writers of the library.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_engine_new(
    engine: *mut *mut pitland_engine,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let make = || {
        // SAFETY: places or null, as everywhere.
        unsafe { place(engine, "engine") }?;
        not_within()?;
        // Drives have threads of their own; these two carry their messages.
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("pitland")
            .enable_all()
            .build()?;
        let face = Face {
            engine: Engine::builder().build()?,
            runtime: Some(runtime),
        };
        let made = pitland_engine {
            face: Arc::new(face),
        };
        // SAFETY: places or null, as everywhere.
        unsafe { put(engine, Some(Box::new(made))) };
        Ok(())
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, make) }
}

/// Ends an engine: jobs that run are cancelled and led to a safe end, which is waited for. Drives that are not freed yet
/// refuse everything afterwards. From a call-back it waits for nothing and cancels nothing: the drives go on until they are
/// freed.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_engine_free(engine: *mut pitland_engine) {
    // SAFETY: an engine that is not freed yet, or null.
    if let Ok(engine) = unsafe { engine_of(engine) } {
        tell((), || {
            let _ = engine
                .face
                .wait(engine.face.engine.clone().shutdown(ENDING));
        });
    }
    // SAFETY: an engine that is not freed yet, or null.
    unsafe { free(engine) };
}

unsafe fn engine_of<'a>(engine: *const pitland_engine) -> Result<&'a pitland_engine, Fault> {
    // SAFETY: an engine or null, as everywhere.
    unsafe { shared(engine, "engine") }
}

/// Looks for the drives of the machine. None is opened.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_engine_find_drives(
    engine: *const pitland_engine,
    list: *mut *mut pitland_drive_list,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let find = || {
        // SAFETY: places or null, as everywhere.
        unsafe { place(list, "list") }?;
        // SAFETY: an engine or null, as everywhere.
        let engine = unsafe { engine_of(engine) }?;
        let found = engine.face.wait(pitland::find_drives())??;
        let listed = found.iter().filter_map(|drive| {
            Some(Listed {
                address: c_text(drive.node()?.as_os_str().as_encoded_bytes()),
                name: c_text(format!(
                    "{} {} {}",
                    drive.vendor, drive.model, drive.revision
                )),
            })
        });
        let found = pitland_drive_list {
            drives: listed.collect(),
        };
        // SAFETY: places or null, as everywhere.
        unsafe { put(list, Some(Box::new(found))) };
        Ok(())
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, find) }
}

/// The number of drives in a list.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_list_count(list: *const pitland_drive_list) -> usize {
    // SAFETY: a list or null, as everywhere.
    unsafe { shared(list, "list") }.map_or(0, |list| list.drives.len())
}

/// A text of a drive in a list; null where there is no such drive.
unsafe fn listed(
    list: *const pitland_drive_list,
    index: usize,
    which: impl FnOnce(&Listed) -> &CString,
) -> *const c_char {
    // SAFETY: a list or null, as everywhere.
    let list = unsafe { shared(list, "list") };
    let drive = list.ok().and_then(|list| list.drives.get(index));
    drive.map_or(ptr::null(), |drive| which(drive).as_ptr())
}

/// The address of a drive in a list, as pitland_engine_open takes it. Null where there is no such drive.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_list_address(
    list: *const pitland_drive_list,
    index: usize,
) -> *const c_char {
    // SAFETY: a list or null, as everywhere.
    unsafe { listed(list, index, |drive| &drive.address) }
}

/// Vendor, product and revision of a drive in a list. Null where there is no such drive.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_list_name(
    list: *const pitland_drive_list,
    index: usize,
) -> *const c_char {
    // SAFETY: a list or null, as everywhere.
    unsafe { listed(list, index, |drive| &drive.name) }
}

/// Frees a list, and its texts with it.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_list_free(list: *mut pitland_drive_list) {
    // SAFETY: a list that is not freed yet, or null.
    unsafe { free(list) };
}

/// Opens a drive: /dev/sr0, iscsi://HOST/TARGET/LUN, or virtual:FILE. `mode` is one of PITLAND_OPEN_...
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_engine_open(
    engine: *const pitland_engine,
    address: *const c_char,
    mode: u32,
    drive: *mut *mut pitland_drive,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let open = || {
        // SAFETY: places or null, as everywhere.
        unsafe { place(drive, "drive") }?;
        // SAFETY: an engine or null, as everywhere.
        let engine = unsafe { engine_of(engine) }?;
        // SAFETY: a text or null, as everywhere.
        let address = unsafe { system_text(address, "address") }?;
        let mode = match mode {
            PITLAND_OPEN_EXISTING => OpenMode::Existing,
            PITLAND_OPEN_CREATE => OpenMode::CreateBlankBdR,
            PITLAND_OPEN_READ_ONLY => OpenMode::ReadOnly,
            other => return Err(Fault::argument(format!("there is no mode {other}"))),
        };
        let address = DriveAddress::parse(address)?;
        not_within()?;
        let face = Arc::clone(&engine.face);
        let handle = {
            let _within = face.runtime()?.enter();
            face.engine
                .open_with(&address, mode, |transport| transport)?
        };
        let opened = pitland_drive::new(face, handle, &address);
        // SAFETY: places or null, as everywhere.
        unsafe { put(drive, Some(Box::new(opened))) };
        Ok(())
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, open) }
}
