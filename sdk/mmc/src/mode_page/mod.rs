//! Mode pages: the drive's settings, read with MODE SENSE and written with
//! MODE SELECT.
//!
//! Owns the frame (header, block descriptors, pages) and the pages that MMC
//! drives have. Must not know which settings a burn wants.

mod capabilities;
mod error_recovery;
mod list;
mod timeouts;
mod write_parameters;

pub use capabilities::*;
pub use error_recovery::*;
pub use list::*;
pub use timeouts::*;
pub use write_parameters::*;

use core::fmt;

use crate::reply::{ReplyError, need};

/// One mode page: those with a name here read, others kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModePage {
    /// 01h.
    ErrorRecovery(ErrorRecovery),
    /// 05h.
    WriteParameters(WriteParameters),
    /// 08h.
    Caching(Caching),
    /// 1Ah.
    PowerCondition(PowerCondition),
    /// 1Dh.
    Timeouts(Timeouts),
    /// 2Ah.
    Capabilities(Capabilities),
    /// A page without a name here, or a subpage.
    Unknown(RawPage),
}

/// A page as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPage {
    /// All its bytes, code and length included.
    pub bytes: Vec<u8>,
}

impl RawPage {
    /// Page code.
    pub fn code(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default() & 0x3F
    }
}

impl ModePage {
    /// Reads one page; bytes after it are ignored. A known page that is
    /// shorter than its fields is kept as [`ModePage::Unknown`]: old drives
    /// cut pages short.
    ///
    /// # Errors
    /// The bytes end before the length that the page announces.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReplyError> {
        let page = &bytes[..page_len(bytes)?];
        // Bit 6 marks the form with subpages, whose layout is another one.
        let code = page[0] & 0x7F;
        Ok(match code {
            ErrorRecovery::CODE => ErrorRecovery::parse(page).ok().map(Self::ErrorRecovery),
            WriteParameters::CODE => WriteParameters::parse(page).ok().map(Self::WriteParameters),
            Caching::CODE => Caching::parse(page).ok().map(Self::Caching),
            PowerCondition::CODE => PowerCondition::parse(page).ok().map(Self::PowerCondition),
            Timeouts::CODE => Timeouts::parse(page).ok().map(Self::Timeouts),
            Capabilities::CODE => Capabilities::parse(page).ok().map(Self::Capabilities),
            _ => None,
        }
        .unwrap_or_else(|| {
            Self::Unknown(RawPage {
                bytes: page.to_vec(),
            })
        }))
    }

    /// The bytes of the page.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::ErrorRecovery(page) => page.emit(),
            Self::WriteParameters(page) => page.emit(),
            Self::Caching(page) => page.emit(),
            Self::PowerCondition(page) => page.emit(),
            Self::Timeouts(page) => page.emit(),
            Self::Capabilities(page) => page.emit(),
            Self::Unknown(page) => page.bytes.clone(),
        }
    }

    /// Page code.
    pub fn code(&self) -> u8 {
        match self {
            Self::ErrorRecovery(_) => ErrorRecovery::CODE,
            Self::WriteParameters(_) => WriteParameters::CODE,
            Self::Caching(_) => Caching::CODE,
            Self::PowerCondition(_) => PowerCondition::CODE,
            Self::Timeouts(_) => Timeouts::CODE,
            Self::Capabilities(_) => Capabilities::CODE,
            Self::Unknown(page) => page.code(),
        }
    }
}

impl fmt::Display for ModePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorRecovery(page) => page.fmt(f),
            Self::WriteParameters(page) => page.fmt(f),
            Self::Caching(page) => page.fmt(f),
            Self::PowerCondition(page) => page.fmt(f),
            Self::Timeouts(page) => page.fmt(f),
            Self::Capabilities(page) => page.fmt(f),
            Self::Unknown(page) => {
                write!(f, "page {:02X}h, {} bytes", page.code(), page.bytes.len())
            }
        }
    }
}

/// Length of the page at the start of `bytes`, head included.
fn page_len(bytes: &[u8]) -> Result<usize, ReplyError> {
    const NAME: &str = "mode page";
    need(NAME, bytes, 2)?;
    let len = if bytes[0] & 0x40 != 0 {
        need(NAME, bytes, 4)?;
        4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))
    } else {
        2 + usize::from(bytes[1])
    };
    need(NAME, bytes, len)?;
    Ok(len)
}

/// Checks the code of a page and that `needed` bytes of it came.
fn check_page(name: &'static str, code: u8, page: &[u8], needed: usize) -> Result<(), ReplyError> {
    need(name, page, needed)?;
    let found = page[0] & 0x7F;
    if found != code {
        return Err(ReplyError::invalid(name, "page code", found));
    }
    if usize::from(page[1]) + 2 < needed {
        return Err(ReplyError::invalid(name, "page length", page[1]));
    }
    Ok(())
}
