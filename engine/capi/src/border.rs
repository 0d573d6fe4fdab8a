//! The border itself: pointers that come in, values that go out, and panics that stay inside. Owns the only places where
//! pointers of others are followed; knows nothing of drives.

use crate::error::{Fault, pitland_error, pitland_status};
use std::any::Any;
use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::ptr;

/// Does what a call is for, and hands out how it ended. A panic becomes an error.
///
/// # Safety
/// `error` is null, or a place for a pointer.
pub(crate) unsafe fn call(
    error: *mut *mut pitland_error,
    work: impl FnOnce() -> Result<(), Fault>,
) -> pitland_status {
    let ended = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Fault::internal(words_of(panic.as_ref()))));
    let (status, told) = match ended {
        Ok(()) => (pitland_status::Ok, None),
        Err(fault) => (fault.status(), Some(fault.into_error())),
    };
    // SAFETY: as the caller promises.
    unsafe { put(error, told) };
    status
}

/// What can be told without an error: `otherwise`, where it panics.
pub(crate) fn tell<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    words.unwrap_or("a panic without words")
}

/// Puts a value where the caller wants it, or null where there is none; nothing where the caller has no place for it.
///
/// # Safety
/// `place` is null, or a place for a pointer.
pub(crate) unsafe fn put<T>(place: *mut *mut T, value: Option<Box<T>>) {
    if !place.is_null() {
        let value = value.map_or(ptr::null_mut(), Box::into_raw);
        // SAFETY: not null, and so a place, as the caller promises.
        unsafe { place.write(value) };
    }
}

/// The place for what a call gives, emptied: a caller that does not look at the status finds nothing there.
///
/// # Safety
/// `place` is null, or a place for a pointer.
pub(crate) unsafe fn place<T>(place: *mut *mut T, name: &str) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    unsafe { put(place, None) };
    match place.is_null() {
        true => Err(Fault::null(name)),
        false => Ok(()),
    }
}

/// What a pointer points at.
///
/// # Safety
/// `pointer` is null, or to a `T` that stays where it is and is not changed while it is looked at.
pub(crate) unsafe fn shared<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Fault> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| Fault::null(name))
}

/// Takes back what was given out.
///
/// # Safety
/// `pointer` is null, or was given out by [`put`] and not freed yet.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: of a box, as the caller promises.
        let owned = unsafe { Box::from_raw(pointer) };
        tell((), || drop(owned));
    }
}

/// The bytes of a text up to its zero byte.
///
/// # Safety
/// `pointer` is null, or to bytes that end with a zero.
unsafe fn bytes<'a>(pointer: *const c_char, name: &str) -> Result<&'a [u8], Fault> {
    if pointer.is_null() {
        return Err(Fault::null(name));
    }
    // SAFETY: not null, and ends with a zero, as the caller promises.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// A text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Fault> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { bytes(pointer, name) }?;
    std::str::from_utf8(bytes).map_err(|_| Fault::argument(format!("{name} is no UTF-8")))
}

/// A text, or what it is where there is none.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text_or<'a>(
    pointer: *const c_char,
    name: &str,
    otherwise: &'a str,
) -> Result<&'a str, Fault> {
    match pointer.is_null() {
        true => Ok(otherwise),
        // SAFETY: as the caller promises.
        false => unsafe { text(pointer, name) },
    }
}

/// A path, or an address of a drive, which may be one.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn system_text<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<&'a OsStr, Fault> {
    // SAFETY: as the caller promises.
    unsafe { bytes(pointer, name) }.map(OsStr::from_bytes)
}

/// As many paths as are counted.
///
/// # Safety
/// `pointers` is null, or to so many pointers, each of them null or to bytes that end with a zero.
pub(crate) unsafe fn paths(
    pointers: *const *const c_char,
    count: usize,
) -> Result<Vec<PathBuf>, Fault> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if pointers.is_null() {
        return Err(Fault::null("paths"));
    }
    // More than any memory has is no count.
    if count > isize::MAX as usize / size_of::<*const c_char>() {
        return Err(Fault::argument(format!("there are not {count} paths")));
    }
    // SAFETY: not null, and so many, as the caller promises.
    let pointers = unsafe { std::slice::from_raw_parts(pointers, count) };
    let path = |pointer: &*const c_char| {
        // SAFETY: as the caller promises.
        unsafe { system_text(*pointer, "a path") }.map(PathBuf::from)
    };
    pointers.iter().map(path).collect()
}

/// The same, at least one.
///
/// # Safety
/// As [`paths`].
pub(crate) unsafe fn some_paths(
    pointers: *const *const c_char,
    count: usize,
) -> Result<Vec<PathBuf>, Fault> {
    match count {
        0 => Err(Fault::argument("there is no path".into())),
        // SAFETY: as the caller promises.
        _ => unsafe { paths(pointers, count) },
    }
}

/// A text to be given out. A zero byte, which no text of C can have, ends it.
pub(crate) fn c_text(text: impl Into<Vec<u8>>) -> CString {
    let mut text = text.into();
    if let Some(zero) = text.iter().position(|byte| *byte == 0) {
        text.truncate(zero);
    }
    CString::new(text).unwrap_or_default()
}
