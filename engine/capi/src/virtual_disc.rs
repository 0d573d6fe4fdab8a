//! Virtual discs, so that a program can be tried without a drive. Owns nothing: the discs are the engine's.

use crate::border::{call, system_text, text};
use crate::error::{Fault, pitland_error, pitland_status};
use pitland::transport::sim::{DiscType, create_disc};
use std::ffi::c_char;
use std::path::Path;

/// Makes a virtual disc in a new file, as it is sold under a name such as "cd-r", "cd-rw", "dvd+rw" or "bd-re"; an error names
/// all of them. A drive with it is opened as "virtual:" and the path. `blocks` of 2048 bytes are its capacity; 0: the usual
/// one. The file takes next to no room until it is written to. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_virtual_disc_create(
    path: *const c_char,
    name: *const c_char,
    blocks: u32,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let create = || {
        // SAFETY: texts or null, as everywhere.
        let path = Path::new(unsafe { system_text(path, "path") }?);
        // SAFETY: as above.
        let name = unsafe { text(name, "name") }?;
        let disc: DiscType = match name.parse() {
            Ok(disc) => disc,
            Err(error) => return Err(Fault::argument(format!("{error}"))),
        };
        drop(create_disc(path, disc, (blocks > 0).then_some(blocks))?);
        Ok(())
    };
    // SAFETY: a place or null, as everywhere.
    unsafe { call(error, create) }
}
