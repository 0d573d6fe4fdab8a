//! Mode page 05h for a burn: what the pages of all media that are written by it have in common
//! (recipe 3).
//!
//! Owns what follows from the request and from the drive alone. Must not know write types, packets or
//! tracks: these are the writer's to add.

#[cfg(test)]
mod tests;

use crate::facts::MediaFacts;
use crate::plan::Warning;
use crate::refusal::Refusal;
use crate::request::{BurnRequest, Finish, Recording};
use pitland_mmc::Profile;
use pitland_mmc::feature::{Feature, FeatureCode};
use pitland_mmc::mode_page::{DataBlockType, MultiSession, WriteParameters};

/// Track mode of data that are written incrementally, and of all data on DVD.
const DATA_INCREMENTAL: u8 = 5;

/// A page of one's own: of all that the drive has in its page only the vendor's bytes are kept.
pub fn fresh(facts: &MediaFacts) -> WriteParameters {
    let drives_own = facts.write_parameters.as_ref();
    WriteParameters {
        vendor: drives_own.map_or_else(Vec::new, |page| page.vendor.clone()),
        ..WriteParameters::default()
    }
}

/// A page with what all of DVD-R and DVD-RW share: blocks of 2048 bytes, and the track mode that some
/// drives insist on.
pub fn of_dvd(page: WriteParameters) -> WriteParameters {
    WriteParameters {
        track_mode: DATA_INCREMENTAL,
        data_block_type: DataBlockType::Mode1,
        ..page
    }
}

/// The page of a burn: test write, what the close leaves behind, and underrun protection where it is
/// wanted and offered.
pub fn of_burn(facts: &MediaFacts, burn: &BurnRequest) -> WriteParameters {
    WriteParameters {
        buffer_underrun_free: burn.underrun_protection && offers_underrun_protection(facts),
        test_write: burn.test_write,
        multi_session: match burn.finish {
            Finish::FinalizeDisc => MultiSession::Final,
            Finish::CloseSession => MultiSession::NextSessionAllowed,
        },
        ..fresh(facts)
    }
}

/// Whether the drive says that it can pause and link when data run short: by a feature of the medium
/// that is in it, or else by page 2Ah. A drive may refuse a page that asks for what it cannot do.
pub fn offers_underrun_protection(facts: &MediaFacts) -> bool {
    let told = [
        FeatureCode::IncrementalStreamingWritable,
        FeatureCode::CdTrackAtOnce,
        FeatureCode::CdMastering,
        FeatureCode::DvdMinusWrite,
    ]
    .into_iter()
    .filter_map(|code| facts.current_feature(code))
    .any(|feature| match feature {
        Feature::IncrementalStreamingWritable(f) => f.buffer_underrun_free,
        Feature::CdTrackAtOnce(f) => f.buffer_underrun_free,
        Feature::CdMastering(f) => f.buffer_underrun_free,
        Feature::DvdMinusWrite(f) => f.buffer_underrun_free,
        _ => false,
    });
    let page_tells = facts.capabilities.as_ref();
    told || page_tells.is_some_and(|page| page.buffer_underrun_free())
}

/// What is said of a burn that shall be protected and cannot be.
pub fn unprotected(page: &WriteParameters, burn: &BurnRequest) -> Option<Warning> {
    (burn.underrun_protection && !page.buffer_underrun_free)
        .then_some(Warning::NoUnderrunProtection)
}

/// Judges a burn of media that are not written by page 05h: these have neither test write nor
/// recording at once, and nothing by which underrun protection could be turned off.
///
/// # Errors
/// [`Refusal::NoTestWrite`], [`Refusal::NoSuchRecording`] and [`Refusal::NoUnderrunChoice`].
pub fn not_needed(profile: Profile, burn: &BurnRequest) -> Result<(), Refusal> {
    let recording = burn.recording;
    match burn {
        burn if burn.test_write => Err(Refusal::NoTestWrite { profile }),
        _ if recording == Recording::AtOnce => Err(Refusal::NoSuchRecording { profile, recording }),
        burn if !burn.underrun_protection => Err(Refusal::NoUnderrunChoice { profile }),
        _ => Ok(()),
    }
}
