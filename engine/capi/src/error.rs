//! How calls end: a status for programs, and an error object for people and logs. Owns the numbers, which stay; the
//! sentences and the states of discs are the engine's.

use crate::border::{c_text, free, shared, tell};
use pitland::cd::CdError;
use pitland::codes::{Code, Coded};
use pitland::transport::address::AddressError;
use pitland::transport::sim::DiscFileError;
use pitland::{
    BurnError, EngineError, Fault as JobFault, LeaseDenied, MediumState, QueryError, TreeError,
};
use std::ffi::{CString, c_char};
use std::fmt::Display;
use std::path::Path;
use std::ptr;

/// How a call ended. Further numbers may come: what is not known is a failure.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pitland_status {
    /// As asked.
    Ok = 0,
    /// A pointer is null that must not be, a text is no UTF-8, a number means nothing here, or a call was made from a
    /// call-back.
    BadArgument = 1,
    /// The library itself is at fault.
    Internal = 2,
    /// The text names no drive.
    BadAddress = 3,
    /// The drive cannot be opened, or is open already.
    NotOpened = 4,
    /// Somebody else has the drive, or it is at work.
    Denied = 5,
    /// What was asked cannot be done with this disc in this drive; the disc is untouched.
    Refused = 6,
    /// The source cannot be read, or cannot become a volume; the disc is untouched.
    Source = 7,
    /// The drive does not answer, or answers with an error; the disc is untouched.
    Drive = 8,
    /// A job was begun and did not come to its end: the error says what the disc is now.
    Failed = 9,
    /// Cancelled: the error says what the disc is now.
    Cancelled = 10,
    /// The disc does not hold what it was compared with.
    Different = 11,
    /// There was nothing to be cancelled.
    NothingRunning = 12,
    /// The machine has something not: a list of its drives, a thread, a runtime.
    System = 13,
    /// A file of this machine cannot be written. Since PITLAND_ABI 2.
    Output = 14,
    /// Blocks of the disc could not be read; the others are there. Since PITLAND_ABI 2.
    Incomplete = 15,
}

/// What a disc is after a job.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pitland_medium {
    /// As it was before.
    Untouched = 0,
    /// Changed, readable, and open to more data.
    Appendable = 1,
    /// Changed, readable, and final.
    Closed = 2,
    /// Changed, and its last session is incomplete or unreadable.
    Damaged = 3,
    /// The drive no longer tells.
    Unknown = 4,
}

impl From<MediumState> for pitland_medium {
    fn from(state: MediumState) -> Self {
        match state {
            MediumState::Untouched => Self::Untouched,
            MediumState::Appendable => Self::Appendable,
            MediumState::Closed => Self::Closed,
            MediumState::Damaged => Self::Damaged,
            _ => Self::Unknown,
        }
    }
}

/// Why a call failed.
pub struct pitland_error {
    status: pitland_status,
    medium: pitland_medium,
    text: CString,
    advice: CString,
    name: CString,
    imapi: u32,
}

/// The same on this side of the border.
pub(crate) struct Fault(Box<pitland_error>);

impl Fault {
    /// A condition of the engine's.
    fn of(status: pitland_status, error: &(impl Coded + Display)) -> Self {
        let code = error.code();
        let imapi = error.imapi_code().unwrap_or(0);
        Self::new(status, error.to_string(), code.advice(), code.name(), imapi)
    }

    fn new(status: pitland_status, text: String, advice: &str, name: &str, imapi: u32) -> Self {
        Self(Box::new(pitland_error {
            status,
            medium: pitland_medium::Untouched,
            text: c_text(text),
            advice: c_text(advice),
            name: c_text(name),
            imapi,
        }))
    }

    /// A condition that no error of the engine's stands for.
    fn coded(status: pitland_status, code: Code, text: String) -> Self {
        let imapi = code.imapi().unwrap_or(0);
        Self::new(status, text, code.advice(), code.name(), imapi)
    }

    pub(crate) fn argument(text: String) -> Self {
        Self::coded(pitland_status::BadArgument, Code::RequestUsage, text)
    }

    pub(crate) fn null(name: &str) -> Self {
        Self::argument(format!("{name} is a null pointer"))
    }

    pub(crate) fn internal(words: &str) -> Self {
        let text = format!("the library is at fault: {words}");
        Self::coded(pitland_status::Internal, Code::EngineFault, text).of_disc(MediumState::Unknown)
    }

    pub(crate) fn different(text: String) -> Self {
        Self::coded(pitland_status::Different, Code::VerifyDiffers, text)
    }

    pub(crate) fn output(path: &Path, error: &std::io::Error) -> Self {
        let text = format!("{}: {error}", path.display());
        Self::coded(pitland_status::Output, Code::HostOutput, text)
    }

    pub(crate) fn incomplete(blocks: u64) -> Self {
        let text = format!("{blocks} blocks cannot be read; zeros are in their place");
        Self::coded(pitland_status::Incomplete, Code::MediumUnreadable, text)
    }

    /// Of what changes no disc.
    pub(crate) fn cancelled() -> Self {
        Self::from(BurnError::Cancelled)
    }

    fn of_disc(mut self, state: MediumState) -> Self {
        self.0.medium = state.into();
        self
    }

    pub(crate) fn status(&self) -> pitland_status {
        self.0.status
    }

    pub(crate) fn into_error(self) -> Box<pitland_error> {
        self.0
    }
}

impl From<CdError> for Fault {
    fn from(error: CdError) -> Self {
        Self::of(pitland_status::Source, &error)
    }
}

impl From<DiscFileError> for Fault {
    fn from(error: DiscFileError) -> Self {
        Self::of(pitland_status::Output, &error)
    }
}

impl From<AddressError> for Fault {
    fn from(error: AddressError) -> Self {
        Self::of(pitland_status::BadAddress, &error)
    }
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Self {
        let status = match &error {
            EngineError::Open(_) | EngineError::Connect(_) | EngineError::SameDrive { .. } => {
                pitland_status::NotOpened
            }
            _ => pitland_status::System,
        };
        Self::of(status, &error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::from(EngineError::Thread(error))
    }
}

impl From<LeaseDenied> for Fault {
    fn from(denied: LeaseDenied) -> Self {
        let status = match denied {
            LeaseDenied::BadName => pitland_status::BadArgument,
            _ => pitland_status::Denied,
        };
        Self::of(status, &denied)
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Denied(denied) => denied.into(),
            other => Self::of(pitland_status::Drive, &other),
        }
    }
}

impl From<TreeError> for Fault {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Query(query) => query.into(),
            TreeError::Source(_) | TreeError::Plan(_) => Self::of(pitland_status::Source, &error),
            TreeError::Volume(_) => Self::of(pitland_status::Different, &error),
            _ => Self::of(pitland_status::Internal, &error),
        }
    }
}

impl From<BurnError> for Fault {
    fn from(error: BurnError) -> Self {
        let status = match &error {
            BurnError::Denied(LeaseDenied::BadName) => pitland_status::BadArgument,
            BurnError::Denied(_) => pitland_status::Denied,
            BurnError::Refused(_)
            | BurnError::NoSuchWriter { .. }
            | BurnError::DiscChanged
            | BurnError::Plan { .. }
            | BurnError::Writer { .. } => pitland_status::Refused,
            BurnError::Source(_) => pitland_status::Source,
            BurnError::Drive(_) => pitland_status::Drive,
            BurnError::Cancelled => pitland_status::Cancelled,
            BurnError::Failed { fault, .. } => match fault {
                JobFault::Cancelled => pitland_status::Cancelled,
                JobFault::Verification(_) => pitland_status::Different,
                _ => pitland_status::Failed,
            },
            _ => pitland_status::Failed,
        };
        let mut fault = Self::of(status, &error).of_disc(error.medium_state());
        if error.report().is_some() {
            // Of a disc that was changed it knows more than the condition alone.
            fault.0.advice = c_text(error.advice());
        }
        fault
    }
}

/// A text of an error; null where there is no error.
unsafe fn told(
    error: *const pitland_error,
    which: impl FnOnce(&pitland_error) -> &CString,
) -> *const c_char {
    // SAFETY: an error or null, as everywhere.
    let error = unsafe { shared(error, "error") };
    tell(ptr::null(), || {
        error.map_or(ptr::null(), |error| which(error).as_ptr())
    })
}

/// How the call ended that gave this error; PITLAND_STATUS_OK without an error.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_status(error: *const pitland_error) -> pitland_status {
    // SAFETY: an error or null, as everywhere.
    unsafe { shared(error, "error") }.map_or(pitland_status::Ok, |error| error.status)
}

/// What went wrong, in a sentence. Null without an error.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_text(error: *const pitland_error) -> *const c_char {
    // SAFETY: an error or null, as everywhere.
    unsafe { told(error, |error| &error.text) }
}

/// What to do now, in a sentence. Null without an error.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_advice(error: *const pitland_error) -> *const c_char {
    // SAFETY: an error or null, as everywhere.
    unsafe { told(error, |error| &error.advice) }
}

/// A name of the condition that stays the same in later versions, finer than the status. Null without an error.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_name(error: *const pitland_error) -> *const c_char {
    // SAFETY: an error or null, as everywhere.
    unsafe { told(error, |error| &error.name) }
}

/// What the disc is now; PITLAND_MEDIUM_UNTOUCHED without an error.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_medium(error: *const pitland_error) -> pitland_medium {
    // SAFETY: an error or null, as everywhere.
    unsafe { shared(error, "error") }.map_or(pitland_medium::Untouched, |error| error.medium)
}

/// The HRESULT that Windows' Image Mastering API has for the condition; 0 where it has none.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_imapi_code(error: *const pitland_error) -> u32 {
    // SAFETY: an error or null, as everywhere.
    unsafe { shared(error, "error") }.map_or(0, |error| error.imapi)
}

/// Frees an error, and its texts with it.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_error_free(error: *mut pitland_error) {
    // SAFETY: an error that is not freed yet, or null.
    unsafe { free(error) };
}
