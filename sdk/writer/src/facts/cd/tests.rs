//! Which of several answers about a CD is believed.

use crate::facts::{MediaFacts, MediumCondition};
use crate::testing::{FactsBuilder, cd};
use pitland_mmc::cdb::{ReadTocPmaAtip, ReadTrackInformation, TocFormat, TrackAddressType};
use pitland_mmc::reply::{
    Atip, DiscInformation, DiscStatus, DiscType, SessionState, TrackInformation,
};
use pitland_mmc::{Lba, Msf, Profile, SectorCount, SessionNumber, TrackNumber};

#[test]
fn every_row_of_cds_is_told_apart() {
    for profile in [Profile::CdR, Profile::CdRw] {
        let kind = DiscType::CdDaOrRom;
        for (medium, expected) in [
            (cd::blank(profile), MediumCondition::Blank),
            (cd::blank_at_the_pregap(profile), MediumCondition::Blank),
            (cd::open(profile), MediumCondition::OpenSession),
            (
                cd::appendable(profile, 2, kind),
                MediumCondition::Appendable,
            ),
            (cd::complete(profile), MediumCondition::Complete),
            (cd::damaged(profile), MediumCondition::Damaged),
        ] {
            assert_eq!(medium.build().condition(), expected);
        }
    }
}

/// An appendable disc whose drive calls its invisible track this.
fn with_invisible_track_called(number: u16) -> MediaFacts {
    let ask = ReadTrackInformation {
        open: false,
        address_type: TrackAddressType::Track,
        address: TrackNumber::INVISIBLE.0.into(),
        allocation_length: 48,
    };
    let track = TrackInformation {
        track: TrackNumber(number),
        session: SessionNumber(2),
        start: Lba(12_000),
        nwa: Some(Lba(12_000)),
        free_blocks: SectorCount(5),
        ..TrackInformation::default()
    };
    cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom)
        .answer(ask, track.emit())
        .build()
}

#[test]
fn the_invisible_track_is_the_last_one_whatever_it_is_called() {
    for called in [0, 2, 255] {
        let facts = with_invisible_track_called(called);
        assert_eq!(facts.tracks.len(), 2, "called {called}");
        let track = facts.writable_track().unwrap();
        assert_eq!(track.track, TrackNumber(2));
        assert_eq!(facts.nwa(), Some(Lba(12_000)));
        assert_eq!(facts.free_blocks(), Some(5));
    }
}

#[test]
fn the_last_possible_lead_out_is_told_by_the_groove_and_else_by_the_disc_information() {
    let lead_out = Some(Lba(cd::LEAD_OUT.cast_signed()));
    assert_eq!(
        cd::blank(Profile::CdR).build().last_possible_lead_out(),
        lead_out
    );
    let told = |bytes: [u8; 4]| {
        FactsBuilder::new(Profile::CdR, &[])
            .disc_information(DiscInformation {
                status: DiscStatus::Blank,
                last_session_state: SessionState::Empty,
                last_possible_lead_out: Some(u32::from_be_bytes(bytes)),
                ..DiscInformation::default()
            })
            .build()
            .last_possible_lead_out()
    };
    assert_eq!(told([0, 79, 59, 71]), lead_out);
    // A complete disc, and a drive that does not tell.
    assert_eq!(told([0xFF; 4]), None);
    assert_eq!(told([0; 4]), None);
    let other = crate::testing::media::bd_r_blank().build();
    assert_eq!(other.last_possible_lead_out(), None);
}

/// Old firmware has the times of the groove in binary-coded decimal (recipe 2.3), where no time that a
/// groove can have reads as another one.
#[test]
fn times_in_decimal_digits_are_no_times() {
    let atip = Atip {
        lead_in: Msf::new(0x97, 0x27, 0x00),
        lead_out: Msf::new(0x79, 0x59, 0x71),
        ..Atip::default()
    };
    let ask = ReadTocPmaAtip {
        format: TocFormat::Atip,
        allocation_length: 28,
        ..ReadTocPmaAtip::default()
    };
    let facts = cd::blank(Profile::CdR).answer(ask, atip.emit()).build();
    assert_eq!(facts.cd.atip, None);
    assert_eq!(facts.last_possible_lead_out(), None);
}

#[test]
fn what_the_first_session_made_of_the_disc_is_known_once_there_is_one() {
    let blank = cd::blank(Profile::CdR).build();
    assert_eq!(blank.cd_type(), DiscType::Undefined);
    let xa = cd::appendable(Profile::CdR, 1, DiscType::CdRomXa).build();
    assert_eq!(xa.cd_type(), DiscType::CdRomXa);
}
