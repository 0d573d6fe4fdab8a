//! The states of CDs, as [`super::media`] has those of other media.
//!
//! Owns what a drive answers in each state. Must not know what should be done with it.

use super::FactsBuilder;
use pitland_mmc::cdb::{ModeSense10, ReadTocPmaAtip, TocFormat};
use pitland_mmc::feature::{CdMastering, CdTrackAtOnce, Feature, FeatureCode, FeatureDescriptor};
use pitland_mmc::mode_page::{ModePage, ModeParameterList, WriteParameters, WriteType};
use pitland_mmc::reply::{
    Atip, DiscInformation, DiscStatus, DiscType, SessionInfo, SessionState, TocEntry,
};
use pitland_mmc::{Lba, Msf, Profile, TrackNumber};

/// The block at which the lead-out of the test CD can start at the latest (recipe 13, R1).
pub const LEAD_OUT: u32 = 359_846;
/// What the drive says is free on it when it is blank.
pub const FREE: u32 = LEAD_OUT - 2;
/// Blocks of each session on [`appendable`].
pub const SESSION: u32 = 450;

const SPEEDS: [u32; 3] = [8_467, 7_056, 2_822];

/// What a drive offers for a CD that can be written.
pub fn features(track: CdTrackAtOnce, mastering: CdMastering) -> Vec<FeatureDescriptor> {
    let plain = [
        FeatureCode::IncrementalStreamingWritable,
        FeatureCode::RealTimeStreaming,
    ];
    let plain = plain.into_iter().map(|code| FeatureDescriptor {
        code: code.code(),
        current: true,
        ..FeatureDescriptor::default()
    });
    plain
        .chain([
            FeatureDescriptor::new(&Feature::CdTrackAtOnce(track), true),
            FeatureDescriptor::new(&Feature::CdMastering(mastering), true),
        ])
        .collect()
}

/// All that a drive can do on CDs.
pub fn able() -> (CdTrackAtOnce, CdMastering) {
    let track = CdTrackAtOnce {
        buffer_underrun_free: true,
        test_write: true,
        rewritable: true,
        data_block_types: 0x3F01,
        ..CdTrackAtOnce::default()
    };
    let mastering = CdMastering {
        buffer_underrun_free: true,
        session_at_once: true,
        raw: true,
        rw_subchannel: true,
        test_write: true,
        rewritable: true,
        max_cue_sheet: 3_072,
        ..CdMastering::default()
    };
    (track, mastering)
}

/// A drive with a CD; its page 05h is that of session at once, with vendor bytes and a test write that
/// somebody left.
fn cd(profile: Profile, (track, mastering): (CdTrackAtOnce, CdMastering)) -> FactsBuilder {
    let page = WriteParameters {
        savable: true,
        test_write: true,
        write_type: WriteType::SessionAtOnce,
        vendor: vec![0xAB, 0xCD],
        ..WriteParameters::default()
    };
    let list = ModeParameterList {
        pages: vec![ModePage::WriteParameters(page)],
        ..ModeParameterList::default()
    };
    let atip = Atip {
        rewritable: profile == Profile::CdRw,
        lead_in: Msf::new(97, 27, 0),
        lead_out: Lba(LEAD_OUT.cast_signed()).to_msf().unwrap_or_default(),
        ..Atip::default()
    };
    let ask_page = ModeSense10 {
        disable_block_descriptors: true,
        page_code: WriteParameters::CODE,
        allocation_length: 62,
        ..ModeSense10::default()
    };
    FactsBuilder::with_features(profile, features(track, mastering))
        .answer(ask_page, list.emit())
        .answer(ask_toc(TocFormat::Atip), atip.emit())
        .speeds(0, &SPEEDS)
}

fn ask_toc(format: TocFormat) -> ReadTocPmaAtip {
    ReadTocPmaAtip {
        format,
        allocation_length: 2_048,
        ..ReadTocPmaAtip::default()
    }
}

fn state(
    disc: FactsBuilder,
    status: DiscStatus,
    last_session_state: SessionState,
    sessions: u16,
    disc_type: DiscType,
) -> FactsBuilder {
    disc.disc_information(DiscInformation {
        status,
        last_session_state,
        sessions,
        disc_type,
        first_track: TrackNumber(1),
        first_track_in_last_session: TrackNumber(sessions),
        last_track_in_last_session: TrackNumber(sessions),
        ..DiscInformation::default()
    })
}

/// A blank disc.
pub fn blank(profile: Profile) -> FactsBuilder {
    blank_in(profile, able())
}

/// A blank disc in a drive that can do this much.
pub fn blank_in(profile: Profile, drive: (CdTrackAtOnce, CdMastering)) -> FactsBuilder {
    state(
        cd(profile, drive),
        DiscStatus::Blank,
        SessionState::Empty,
        1,
        DiscType::Undefined,
    )
    .writable_track(1, 1, 0, 0, FREE)
    .last_block(0)
}

/// A blank disc as a drive tells of it whose page 05h says "session at once".
pub fn blank_at_the_pregap(profile: Profile) -> FactsBuilder {
    blank(profile).writable_track(1, 1, 0, -150, LEAD_OUT + 150)
}

/// The start of the n-th session of [`appendable`], from 0.
pub fn session_start(n: u32) -> u32 {
    match n {
        0 => 0,
        n => n * (SESSION + 2) + 11_400 + (n - 1) * 6_900,
    }
}

/// A disc with closed sessions of [`SESSION`] blocks each, written track at once.
pub fn appendable(profile: Profile, sessions: u16, disc_type: DiscType) -> FactsBuilder {
    let start = |n: u32| session_start(n).cast_signed();
    let next = sessions + 1;
    let nwa = start(sessions.into());
    let last = TocEntry {
        adr: 1,
        control: 4,
        track: u8::try_from(sessions).unwrap_or(u8::MAX),
        start: Lba(start(u32::from(sessions) - 1)),
    };
    let info = SessionInfo {
        first_session: 1,
        last_session: last.track,
        first_track: last,
    };
    (0..sessions)
        .fold(
            state(
                cd(profile, able()),
                DiscStatus::Appendable,
                SessionState::Empty,
                next,
                disc_type,
            ),
            |disc, n| disc.closed_track(n + 1, n + 1, start(n.into()), SESSION + 2),
        )
        .answer(ask_toc(TocFormat::SessionInfo), info.emit())
        .writable_track(
            next,
            next,
            nwa,
            nwa,
            FREE.saturating_sub(nwa.unsigned_abs()),
        )
        .last_block(last.start.0 + SESSION.cast_signed() + 1)
}

/// A disc with a complete track in a session that was not closed.
pub fn open(profile: Profile) -> FactsBuilder {
    let nwa = SESSION.cast_signed() + 152;
    cd(profile, able())
        .disc(DiscStatus::Appendable, SessionState::Incomplete, 1, (1, 2))
        .closed_track(1, 1, 0, SESSION + 2)
        .writable_track(2, 1, nwa, nwa, FREE - nwa.unsigned_abs())
        .last_block(0)
}

/// A disc whose open track is damaged and has no next writable address.
pub fn damaged(profile: Profile) -> FactsBuilder {
    cd(profile, able()).damaged(None)
}

/// A finalized disc: nothing is said of a next track.
pub fn complete(profile: Profile) -> FactsBuilder {
    state(
        cd(profile, able()),
        DiscStatus::Complete,
        SessionState::Complete,
        1,
        DiscType::CdDaOrRom,
    )
    .closed_track(1, 1, 0, SESSION + 2)
    .last_block(SESSION.cast_signed() + 1)
}
