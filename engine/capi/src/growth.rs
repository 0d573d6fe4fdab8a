//! Structs that the caller makes and that grow with the header: their first field is their size. Owns how one of another
//! header becomes the one that is known here; knows nothing of what is in them.

use crate::error::Fault;
use std::ptr;

/// A struct of the header that begins with its size.
///
/// # Safety
/// It is `repr(C)`, its first field is a `usize`, the others are numbers, pointers and call-backs, and any zeros in them are
/// sound.
// SAFETY: each of its implementations says why it is sound.
pub(crate) unsafe trait Growing: Copy {
    /// How it is called in C.
    const NAME: &str;
    /// What is meant where nothing is set.
    const DEFAULTS: Self;
}

/// More bytes than any of these structs will ever have.
const MOST_BYTES: usize = 4096;

/// The caller's struct as this library has it.
///
/// # Safety
/// `given` is null, or to as many bytes as its first field says.
pub(crate) unsafe fn grown<T: Growing>(given: *const T) -> Result<T, Fault> {
    if given.is_null() {
        return Ok(T::DEFAULTS);
    }
    // SAFETY: not null, and the size stands at its beginning, as the caller promises.
    let size = unsafe { given.cast::<usize>().read_unaligned() };
    // What was never set is seldom a size.
    if !(size_of::<usize>()..=MOST_BYTES).contains(&size) {
        return Err(Fault::argument(format!(
            "the size of the options is {size}: it is sizeof({})",
            T::NAME
        )));
    }
    let known = size_of::<T>();
    // SAFETY: so many bytes, as the caller promises.
    let beyond = unsafe { std::slice::from_raw_parts(given.cast::<u8>(), size) };
    // What is zero is the default, in what is not known here, too.
    if beyond.iter().skip(known).any(|byte| *byte != 0) {
        return Err(Fault::argument(
            "the options have something that this version of the library does not know".into(),
        ));
    }
    let mut taken = T::DEFAULTS;
    // SAFETY: both have so many bytes; any of them are sound in these fields, for zeros are, and pointers and numbers are as
    // the caller has set them.
    unsafe {
        ptr::copy_nonoverlapping(
            given.cast::<u8>(),
            (&raw mut taken).cast::<u8>(),
            size.min(known),
        );
    }
    Ok(taken)
}

/// What a field has that has no such value.
pub(crate) fn unknown(field: &str, value: impl std::fmt::Display) -> Fault {
    Fault::argument(format!("{field} has no value {value}"))
}

/// A field that is there for later, or says yes or no.
pub(crate) fn yes_or_no(field: &str, value: u32) -> Result<bool, Fault> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(unknown(field, other)),
    }
}
