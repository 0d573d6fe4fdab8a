//! What only CDs tell: tables of contents, and what the blank disc says of itself (recipe 2.3).
//!
//! Owns which of a drive's answers is believed. Must not know how a CD is written.

#[cfg(test)]
mod tests;

use super::MediaFacts;
use pitland_mmc::reply::{Atip, DiscType, FullToc, SessionInfo, Toc};
use pitland_mmc::{Lba, MediumFamily, Msf};

/// What READ TOC/PMA/ATIP told of a CD.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CdFacts {
    /// The table of contents of all closed sessions (format 0).
    pub toc: Option<Toc>,
    /// Where the last closed session starts (format 1).
    pub session_info: Option<SessionInfo>,
    /// The lead-ins of all closed sessions (format 2).
    pub full_toc: Option<FullToc>,
    /// What the pregroove says; `None` too where that is nonsense, as some drives have it.
    pub atip: Option<Atip>,
}

impl MediaFacts {
    /// Whether the medium is a CD.
    pub fn is_cd(&self) -> bool {
        self.profile().family() == MediumFamily::Cd
    }

    /// The block at which a lead-out can start at the latest, on CD: what the disc holds. By the
    /// pregroove, else by the disc information.
    pub fn last_possible_lead_out(&self) -> Option<Lba> {
        if !self.is_cd() {
            return None;
        }
        let by_groove = || self.cd.atip?.lead_out.to_lba();
        let by_disc = || {
            let [_, m, s, f] = self.disc.as_ref()?.last_possible_lead_out?.to_be_bytes();
            Msf::new(m, s, f).to_lba()
        };
        by_groove().or_else(by_disc).filter(|lba| lba.0 > 0)
    }

    /// The kind of CD that the first session made of the disc; undefined on a blank one.
    pub fn cd_type(&self) -> DiscType {
        let told = self.disc.as_ref().map(|disc| disc.disc_type);
        let known = told.filter(|kind| *kind != DiscType::Undefined);
        let by_lead_in = || self.cd.full_toc.as_ref()?.disc_type();
        known.or_else(by_lead_in).unwrap_or(DiscType::Undefined)
    }

    /// Where the last closed session of a CD starts, by the answer to just this question. Not believed
    /// when it speaks of another session.
    pub(super) fn cd_session_start(&self, session: u16) -> Option<Lba> {
        let told = self.cd.session_info?;
        (u16::from(told.last_session) == session).then_some(told.first_track.start)
    }

    /// Where a session of a CD starts, by its lead-in.
    pub(super) fn cd_lead_in_start(&self, session: u16) -> Option<Lba> {
        let session = u8::try_from(session).ok()?;
        self.cd.full_toc.as_ref()?.session_start(session)
    }
}
