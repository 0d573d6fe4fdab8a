//! Facts from the answers of recipe 13's media, and from nonsense.

use super::*;
use crate::testing::{FactsBuilder, dvd_minus, media};
use pitland_mmc::cdb::{Cdb, TestUnitReady};
use pitland_mmc::reply::{DiscStatus, SessionState};
use pitland_mmc::{Profile, SectorCount};
use proptest::prelude::*;

fn condition(medium: FactsBuilder) -> MediumCondition {
    medium.build().condition()
}

const UNREAD: MediumCondition = MediumCondition::Formatted { looks_empty: None };

#[test]
fn every_row_of_sequential_media_is_told_apart() {
    assert_eq!(condition(media::bd_r_blank()), MediumCondition::Blank);
    assert_eq!(condition(media::bd_r_formatted()), MediumCondition::Blank);
    assert_eq!(condition(media::bd_r_open()), MediumCondition::OpenSession);
    assert_eq!(condition(media::bd_r_damaged()), MediumCondition::Damaged);
    assert_eq!(
        condition(media::bd_r_appendable(1)),
        MediumCondition::Appendable
    );
    assert_eq!(
        condition(media::bd_r_pseudo_overwrite()),
        MediumCondition::OpenSession
    );
    assert_eq!(condition(media::bd_r_complete()), MediumCondition::Complete);
    assert_eq!(condition(media::dvd_plus_r_blank()), MediumCondition::Blank);
    assert_eq!(
        condition(media::dvd_plus_r_dl_blank()),
        MediumCondition::Blank
    );
    assert_eq!(
        condition(media::dvd_plus_r_open()),
        MediumCondition::OpenSession
    );
    let dl = media::dvd_plus_r_appendable(Profile::DvdPlusRDl, 4);
    assert_eq!(condition(dl), MediumCondition::Appendable);
    assert_eq!(
        condition(media::dvd_plus_r_complete()),
        MediumCondition::Complete
    );
}

#[test]
fn every_row_of_overwritable_media_is_told_apart() {
    assert_eq!(
        condition(media::dvd_plus_rw_unformatted()),
        MediumCondition::Unformatted
    );
    assert_eq!(condition(media::dvd_plus_rw_formatting()), UNREAD);
    assert_eq!(
        condition(media::dvd_plus_rw_suspended(media::DVD_PLUS)),
        UNREAD
    );
    assert_eq!(condition(media::dvd_plus_rw_formatted()), UNREAD);
    assert_eq!(condition(media::dvd_ram()), UNREAD);
    assert_eq!(
        condition(media::bd_re_unformatted()),
        MediumCondition::Unformatted
    );
    assert_eq!(condition(media::bd_re_formatted()), UNREAD);
}

#[test]
fn no_medium_and_no_answer_differ() {
    assert_eq!(condition(media::no_medium()), MediumCondition::NoMedium);
    let said = |asc| {
        let sense = Sense::new(0x2, asc, 0x00).emit().to_vec();
        condition(media::no_medium().answer(TestUnitReady {}, sense))
    };
    assert_eq!(said(0x3A), MediumCondition::NoMedium);
    assert_eq!(said(0x30), MediumCondition::Unrecognized);
    assert_eq!(condition(FactsBuilder::default()), MediumCondition::Unknown);
    let silent = FactsBuilder::new(Profile::BdRSrm, &[]);
    assert_eq!(condition(silent), MediumCondition::Unknown);
}

#[test]
fn a_medium_without_a_name_is_judged_by_its_disc_information() {
    let facts = FactsBuilder::new(Profile::Other(0x0051), &[])
        .disc(DiscStatus::Appendable, SessionState::Empty, 2, (2, 2))
        .writable_track(2, 2, 640, 640, 1_000)
        .build();
    assert_eq!(facts.condition(), MediumCondition::Appendable);
    assert_eq!(
        (facts.nwa(), facts.free_blocks()),
        (Some(Lba(640)), Some(1_000))
    );
}

#[test]
fn a_read_only_profile_is_complete_whatever_its_status_says() {
    let lying = FactsBuilder::new(Profile::DvdRom, &[0x10]);
    let lying = lying.disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1));
    assert_eq!(condition(lying), MediumCondition::Complete);
}

#[test]
fn the_first_blocks_tell_whether_a_formatted_medium_looks_empty() {
    let empty = media::bd_re_formatted().first_blocks(0).build();
    assert_eq!(
        empty.condition(),
        MediumCondition::Formatted {
            looks_empty: Some(true)
        }
    );
    assert_eq!(empty.condition().is_blank(), Some(true));
    let used = media::bd_re_formatted().first_blocks(1).build();
    assert_eq!(used.condition().is_blank(), Some(false));
    assert_eq!(
        media::bd_re_formatted().build().condition().is_blank(),
        None
    );
}

#[test]
fn blocks_that_were_never_written_look_empty_unless_another_holds_something() {
    use pitland_mmc::cdb::Read10;
    let look = |lba| Read10 {
        lba: Lba(lba),
        blocks: 1,
        fua: false,
    };
    let never = media::bd_re_formatted()
        .answer(look(0), vec![])
        .answer(look(16), vec![]);
    assert_eq!(never.clone().build().looks_empty(), Some(true));
    let zero = never.clone().answer(look(17), vec![0; 2048]);
    assert_eq!(zero.build().looks_empty(), Some(true));
    let used = never.answer(look(256), vec![0, 1]);
    assert_eq!(used.build().looks_empty(), Some(false));
}

#[test]
fn an_open_or_empty_last_session_is_not_counted_as_closed() {
    assert_eq!(media::bd_r_blank().build().closed_sessions(), Some(0));
    assert_eq!(media::bd_r_open().build().closed_sessions(), Some(0));
    assert_eq!(media::bd_r_appendable(3).build().closed_sessions(), Some(3));
    assert_eq!(media::bd_r_complete().build().closed_sessions(), Some(1));
    assert_eq!(media::dvd_ram().build().closed_sessions(), None);
}

#[test]
fn the_next_writable_address_is_that_of_the_last_track() {
    let facts = media::bd_r_appendable(2).build();
    assert_eq!(facts.nwa(), Some(Lba(6_528)));
    assert_eq!(facts.writable_track().unwrap().track, TrackNumber(3));
    assert_eq!(facts.free_blocks(), Some(u64::from(media::BD_RAW) - 6_528));
    assert_eq!(facts.total_capacity(), Some(u64::from(media::BD_RAW)));
    assert_eq!(facts.last_closed_session_start(), Some(Lba(3_264)));
}

#[test]
fn an_address_before_the_track_is_the_start_of_the_track() {
    let facts = FactsBuilder::new(Profile::CdR, &[])
        .disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1))
        .writable_track(1, 1, 0, -150, 359_844)
        .build();
    assert_eq!(facts.nwa(), Some(Lba(0)));
}

#[test]
fn media_without_a_next_writable_address_have_none() {
    assert_eq!(media::bd_r_complete().build().nwa(), None);
    assert_eq!(media::bd_r_complete().build().free_blocks(), Some(0));
    assert_eq!(media::bd_r_damaged().build().nwa(), None);
    assert_eq!(media::dvd_ram().build().nwa(), None);
}

#[test]
fn overwritable_capacity_is_the_formatted_or_the_formattable_one() {
    let capacity = |medium: FactsBuilder| medium.build().free_blocks().unwrap() as u32;
    assert_eq!(capacity(media::bd_re_unformatted()), media::BD_DEFAULT);
    assert_eq!(capacity(media::bd_re_formatted()), media::BD_DEFAULT);
    assert_eq!(capacity(media::dvd_ram()), media::DVD_RAM);
    assert_eq!(capacity(media::dvd_plus_rw_unformatted()), media::DVD_PLUS);
    assert_eq!(
        capacity(media::dvd_plus_rw_suspended(1_600)),
        media::DVD_PLUS
    );
    let no_list = FactsBuilder::new(Profile::BdRe, &[]).last_block(99).build();
    assert_eq!(no_list.free_blocks(), Some(100));
}

#[test]
fn last_block_zero_means_that_nothing_is_readable() {
    assert_eq!(media::bd_r_blank().build().readable_blocks(), Some(0));
    assert_eq!(
        media::bd_r_complete().build().readable_blocks(),
        Some(3_200)
    );
    assert_eq!(media::no_medium().build().readable_blocks(), None);
}

#[test]
fn speeds_come_from_page_2a_where_get_performance_is_silent() {
    use pitland_mmc::cdb::ModeSense10;
    use pitland_mmc::mode_page::PageWriteSpeed;
    let page = Capabilities {
        write_speed: Some(7_056),
        rotation: Some(Default::default()),
        write_speeds: vec![PageWriteSpeed {
            speed: 7_056,
            ..PageWriteSpeed::default()
        }],
        ..Capabilities::default()
    };
    let list = ModeParameterList {
        pages: vec![ModePage::Capabilities(page)],
        ..ModeParameterList::default()
    };
    let ask = ModeSense10 {
        page_code: 0x2A,
        allocation_length: 64,
        ..ModeSense10::default()
    };
    let facts = FactsBuilder::new(Profile::CdR, &[])
        .answer(ask, list.emit())
        .build();
    assert_eq!(facts.write_speeds(), [7_056]);
    assert_eq!(
        media::bd_r_blank().build().write_speeds(),
        [35_968, 26_976, 17_984]
    );
}

/// READ DISC INFORMATION and READ TRACK INFORMATION of a blank BD-R, byte by byte (recipe 13).
#[test]
fn the_bytes_of_a_blank_bd_r_are_read() {
    let cdb = |bytes: &[u8]| CdbBytes::from_slice(bytes).unwrap();
    let mut configuration = vec![0, 0, 0, 12, 0, 0, 0x00, 0x41];
    configuration.extend([0x00, 0x41, 0x01, 0x04, 0, 0, 0, 0]);
    let mut disc = vec![0; 34];
    disc[1] = 32;
    disc[3..7].copy_from_slice(&[1, 1, 1, 1]);
    let mut track = vec![0; 36];
    track[1] = 34;
    track[2..8].copy_from_slice(&[1, 1, 0, 0x04, 0x61, 0x01]);
    track[16..20].copy_from_slice(&12_219_392u32.to_be_bytes());
    track[24..28].copy_from_slice(&12_219_392u32.to_be_bytes());
    let facts = MediaFacts::from_answers(vec![
        Answer {
            cdb: cdb(&[0x46, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0]),
            data: configuration,
        },
        Answer {
            cdb: cdb(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0]),
            data: disc,
        },
        Answer {
            cdb: cdb(&[0x52, 1, 0, 0, 0, 1, 0, 0, 48, 0]),
            data: track,
        },
    ]);
    assert_eq!(facts.unreadable, []);
    assert_eq!(facts.profile(), Profile::BdRSrm);
    assert!(facts.feature_current(0x41) && !facts.feature_current(0x38));
    assert_eq!(facts.condition(), MediumCondition::Blank);
    assert_eq!(
        (facts.nwa(), facts.free_blocks()),
        (Some(Lba(0)), Some(12_219_392))
    );
    assert_eq!(
        facts.first_track().unwrap().free_blocks,
        SectorCount(12_219_392)
    );
}

#[test]
fn an_answer_that_does_not_parse_is_noted_and_left_out() {
    use pitland_mmc::cdb::{ReadCapacity, ReadDiscInformation};
    let ask = ReadDiscInformation {
        allocation_length: 34,
        ..Default::default()
    };
    let facts = FactsBuilder::new(Profile::BdRSrm, &[])
        .answer(ask, vec![0; 3])
        .answer(ReadCapacity {}, vec![])
        .build();
    let noted: Vec<CdbBytes> = facts.unreadable.iter().map(|(cdb, _)| *cdb).collect();
    assert_eq!(noted, [ask.emit(), ReadCapacity {}.emit()]);
    assert_eq!((facts.disc.is_none(), facts.answers.len()), (true, 4));
}

#[test]
fn the_later_answer_for_a_track_counts() {
    let facts = media::dvd_plus_r_blank()
        .writable_track(1, 1, 0, 16, 32)
        .build();
    assert_eq!(facts.tracks.len(), 1);
    assert_eq!(facts.nwa(), Some(Lba(16)));
}

proptest! {
    #[test]
    fn any_answers_make_facts(answers in prop::collection::vec(
        (
            prop::sample::select(vec![
                0x12u8, 0x46, 0x51, 0x52, 0x23, 0x25, 0x28, 0x5A, 0xAC, 0xAD, 0x43, 0xFF,
            ]),
            prop::collection::vec(any::<u8>(), 0..16),
            prop::collection::vec(any::<u8>(), 0..80),
        ),
        0..12,
    )) {
        let answers: Vec<Answer> = answers
            .into_iter()
            .map(|(opcode, rest, data)| {
                let length = pitland_mmc::cdb::cdb_len(opcode).unwrap_or(6);
                let mut cdb = vec![0; length];
                cdb[0] = opcode;
                for (to, from) in cdb[1..].iter_mut().zip(rest) {
                    // Sparse, so that many of them parse.
                    *to = if from < 0x40 { from } else { 0 };
                }
                Answer { cdb: CdbBytes::from_slice(&cdb).unwrap(), data }
            })
            .collect();
        let facts = MediaFacts::from_answers(answers.clone());
        prop_assert_eq!(&facts.answers, &answers);
        let _ = (facts.condition(), facts.nwa(), facts.free_blocks(), facts.total_capacity());
        let _ = (facts.last_closed_session_start(), facts.looks_empty(), facts.write_speeds());
        let _ = facts.disc_structure(StructureMedium::Dvd, 0x20);
    }
}

#[test]
fn every_row_of_dvd_minus_is_told_apart() {
    use crate::testing::dvd_minus as dvd;
    let r = Profile::DvdMinusRSequential;
    for (medium, expected) in [
        (dvd::dvd_r_blank(), MediumCondition::Blank),
        (dvd::dvd_rw_quickly_blanked(), MediumCondition::Blank),
        (dvd::dvd_minus_open(r), MediumCondition::OpenSession),
        (dvd::dvd_minus_appendable(r, 2), MediumCondition::Appendable),
        (dvd::dvd_minus_complete(r), MediumCondition::Complete),
        (dvd::dvd_r_damaged(), MediumCondition::Damaged),
        (dvd::dvd_rw_formatted(1_600), UNREAD),
        (dvd::dvd_rw_intermediate(0), MediumCondition::OpenSession),
    ] {
        assert_eq!(condition(medium), expected);
    }
    // Some drives call the disc of an intermediate session complete.
    let mut complete = dvd::dvd_rw_intermediate(1_600).build();
    complete.disc.as_mut().unwrap().status = DiscStatus::Complete;
    assert_eq!(complete.condition(), MediumCondition::OpenSession);
    let capacity = |medium: FactsBuilder| medium.build().total_capacity();
    let whole = Some(u64::from(dvd::DVD_MINUS));
    assert_eq!(capacity(dvd::dvd_rw_formatted(1_600)), whole);
    assert_eq!(capacity(dvd::dvd_rw_intermediate(1_600)), whole);
}

/// Recipe 2.2: reserved without a block is 110 at once, and 111 by increments; on CD and DVD+R there is nothing
/// but tracks of their own, which stand on the disc.
#[test]
fn only_what_was_reserved_for_a_recording_at_once_is_an_announcement() {
    let reserved = |profile, packet| {
        let open = (DiscStatus::Appendable, SessionState::Incomplete);
        let mut facts = FactsBuilder::new(profile, &[])
            .disc(open.0, open.1, 1, (1, 1))
            .writable_track(1, 1, 0, 0, 4_096)
            .build();
        let track = &mut facts.tracks[0];
        (track.reserved, track.packet) = (true, packet);
        facts.condition()
    };
    for profile in [
        Profile::DvdMinusRSequential,
        Profile::DvdMinusRwSequential,
        Profile::DvdMinusRDlSequential,
    ] {
        assert_eq!(reserved(profile, false), MediumCondition::Announced);
        assert_eq!(reserved(profile, true), MediumCondition::OpenSession);
    }
    for profile in [Profile::CdR, Profile::CdRw, Profile::DvdPlusR] {
        assert_eq!(reserved(profile, false), MediumCondition::OpenSession);
    }
}

#[test]
fn a_feature_is_understood_only_while_it_is_current() {
    let facts = crate::testing::dvd_minus::dvd_r_blank().build();
    let told = facts.current_feature(FeatureCode::DvdMinusWrite);
    assert!(matches!(told, Some(Feature::DvdMinusWrite(f)) if f.test_write));
    assert_eq!(facts.current_feature(FeatureCode::DvdPlusR), None);
    // Without its payload it tells nothing.
    let bare = media::bd_r_blank().build();
    assert_eq!(bare.current_feature(FeatureCode::BdWrite), None);
}

#[test]
fn a_feature_that_writes_nothing_of_this_medium_is_none_of_writing() {
    use pitland_mmc::feature::{DvdPlusRDl, FeatureDescriptor};
    let written = |features: &[Feature]| {
        let features = features.iter().map(|f| FeatureDescriptor::new(f, true));
        let medium = FactsBuilder::with_features(Profile::DvdPlusRDl, features.collect());
        medium.build().is_written_by_drive()
    };
    let dual = |write| Feature::DvdPlusRDl(DvdPlusRDl { write });
    let rewritable = |write| {
        Feature::DvdPlusRw(DvdPlusRw {
            write,
            ..DvdPlusRw::default()
        })
    };
    assert!(written(&[dual(true)]) && written(&[rewritable(false), dual(true)]));
    assert!(!written(&[dual(false)]) && !written(&[rewritable(false), dual(false)]));
    assert!(!written(&[]));
    assert!(media::dvd_plus_r_blank().build().is_written_by_drive());
    assert!(!media::dvd_plus_r_complete().build().is_written_by_drive());
}

#[test]
fn the_last_session_that_a_disc_takes_is_told_beforehand() {
    let final_session = |medium: FactsBuilder| medium.build().medium_status().final_session;
    assert!(final_session(dvd_minus::dvd_rw_quickly_blanked()));
    assert!(final_session(dvd_minus::dvd_r_dl_blank()));
    assert!(!final_session(dvd_minus::dvd_rw_blank()));
    assert!(!final_session(dvd_minus::dvd_r_blank()));
    let plus_r = |sessions| media::dvd_plus_r_appendable(Profile::DvdPlusR, sessions);
    assert!(!final_session(plus_r(151)));
    assert!(final_session(plus_r(152)));
    let cd = |track| {
        FactsBuilder::new(Profile::CdR, &[0x2D])
            .disc(
                DiscStatus::Appendable,
                SessionState::Empty,
                2,
                (track, track),
            )
            .writable_track(track, 2, 60_000, 60_000, 90_000)
    };
    assert!(!final_session(cd(98)));
    assert!(final_session(cd(99)));
    assert!(!final_session(media::bd_r_complete()));
}

#[test]
fn a_medium_that_nobody_writes_is_unsupported_and_an_empty_drive_is_nothing() {
    assert_eq!(media::no_medium().build().medium_status().mask(), 0);
    assert_eq!(FactsBuilder::default().build().medium_status().mask(), 0);
    let hd_dvd = FactsBuilder::new(Profile::Other(0x0051), &[]);
    let hd_dvd = hd_dvd.disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1));
    let facts = hd_dvd.build();
    assert_eq!(facts.medium_type(), pitland_mmc::MediumType::HdDvdR);
    assert!(facts.medium_status().unsupported);
}
