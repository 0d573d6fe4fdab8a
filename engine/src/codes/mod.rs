//! A stable code for each condition that a program can meet, and its value in Windows' Image Mastering API for those who
//! come from there. Each error of this crate, and of the crates that it hands on, is [`Coded`]. Owns the mapping from
//! errors to conditions; must not know how anything is done.
//!
//! ```
//! use pitland::codes::{Code, Coded, Interface, imapi};
//! use pitland::{BurnError, Refusal};
//!
//! let error = BurnError::Refused(Refusal::MediumNotBlank { offer: None });
//! assert_eq!(error.code(), Code::MediumNotBlank);
//! assert_eq!(error.code().name(), "medium.not-blank");
//! assert_eq!(error.imapi_code(), Some(imapi::E_IMAPI_DF2DATA_MEDIA_NOT_BLANK));
//! assert_eq!(error.code().imapi_in(Interface::RawCd), Some(imapi::E_IMAPI_DF2RAW_MEDIA_IS_NOT_BLANK));
//! ```
//!
//! `docs/errors.md` has the whole table, and the results of that API that nothing here leads to, with the reasons.

/// Errors that are one condition, whatever they say of it.
macro_rules! one_condition {
    ($($error:ty: $code:ident,)+) => {
        $(impl $crate::codes::Coded for $error {
            fn code(&self) -> $crate::codes::Code {
                $crate::codes::Code::$code
            }
        })+
    };
}

/// Errors that say where a fault is: the condition is the fault's.
macro_rules! condition_of_fault {
    ($($error:ty,)+) => {
        $(impl $crate::codes::Coded for $error {
            fn code(&self) -> $crate::codes::Code {
                self.fault.code()
            }
        })+
    };
}

mod burn;
mod cd;
mod command;
mod drive;
pub mod imapi;
mod source;
mod table;
mod volume;

pub use imapi::Interface;
pub use table::Code;

use std::fmt;

/// What has a condition: an error, or a result that is worth telling.
pub trait Coded {
    /// Which condition it is.
    fn code(&self) -> Code;

    /// The value that tells it best in Windows' API, as an `HRESULT`; `None` where that API has no word for it.
    fn imapi_code(&self) -> Option<u32> {
        self.code().imapi()
    }
}

impl Code {
    /// The stable name, as `medium.not-blank`: lower case, a point behind what it is about.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// When it is met, in words.
    pub const fn when(self) -> &'static str {
        self.row().when
    }

    /// What to do then, in words. Where an error has an advice of its own, that one knows more.
    pub const fn advice(self) -> &'static str {
        self.row().advice
    }

    /// Its values in Windows' API, the best one first; empty where that API has no word for it.
    pub const fn imapi_values(self) -> &'static [u32] {
        self.row().imapi
    }

    /// The best of its values.
    pub fn imapi(self) -> Option<u32> {
        self.imapi_values().first().copied()
    }

    /// The value that this interface has for it, else one that all share, else the best.
    pub fn imapi_in(self, interface: Interface) -> Option<u32> {
        let values = self.imapi_values();
        let of = |wanted| {
            let found = values
                .iter()
                .find(|value| Interface::of(**value) == Some(wanted));
            found.copied()
        };
        of(interface)
            .or_else(|| of(Interface::Recorder))
            .or_else(|| self.imapi())
    }

    /// Whether it is no failure: something was done, and something is worth telling of it.
    pub fn is_success(self) -> bool {
        self.imapi().is_some_and(imapi::is_success)
    }

    /// The condition of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Coded for Code {
    fn code(&self) -> Code {
        *self
    }
}

impl<T: Coded + ?Sized> Coded for &T {
    fn code(&self) -> Code {
        (**self).code()
    }
}

impl<T: Coded + ?Sized> Coded for std::sync::Arc<T> {
    fn code(&self) -> Code {
        (**self).code()
    }
}

impl<T: Coded + ?Sized> Coded for Box<T> {
    fn code(&self) -> Code {
        (**self).code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once_and_leads_back() {
        for code in Code::ALL {
            let name = code.name();
            assert_eq!(Code::from_name(name), Some(*code));
            let (about, what) = name.split_once('.').unwrap();
            let plain = |part: &str| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            };
            assert!(plain(about) && plain(what), "{name}");
            assert!(
                !code.when().is_empty() && !code.advice().is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn an_interface_has_its_own_value_else_one_that_all_share() {
        let code = Code::LeaseBadName;
        let value = |interface| code.imapi_in(interface);
        assert_eq!(
            value(Interface::Erase),
            Some(imapi::E_IMAPI_ERASE_CLIENT_NAME_IS_NOT_VALID)
        );
        let shared = Some(imapi::E_IMAPI_RECORDER_CLIENT_NAME_IS_NOT_VALID);
        assert_eq!(value(Interface::Image), shared);
        assert_eq!(Code::CdIsrc.imapi_in(Interface::Data), Code::CdIsrc.imapi());
        assert_eq!(Code::PluginRejected.imapi_in(Interface::Data), None);
    }

    #[test]
    fn what_is_no_failure_says_so_by_all_of_its_best_value() {
        assert!(Code::SpeedAdjusted.is_success());
        assert!(Code::VolumeWithoutEffect.is_success());
        assert!(!Code::MediumNotBlank.is_success());
        assert!(!Code::PluginRejected.is_success());
    }
}
