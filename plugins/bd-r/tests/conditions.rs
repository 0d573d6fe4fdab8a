//! What the BD-R writer says to every state of its medium, and to requests of every kind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_writer::mmc::reply::{DiscStatus, SessionState};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, asked, media};
use pitland_writer::{
    BurnRequest, Certification, CloseRequest, EraseRequest, Finish, Fit, FormatRequest,
    MediaWriter, MissingFact, Placement, Recording, Refusal, Request, ResumeRequest,
};

fn burn(placement: Placement) -> Request {
    asked::burn(100, placement, Finish::CloseSession)
}

fn fit(medium: FactsBuilder, request: Request) -> Fit {
    BdR::assess(&medium.build(), &request)
}

fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    asked::refusal::<BdR>(medium, &request)
}

fn place(medium: FactsBuilder, placement: Placement) -> (Lba, u64, u32) {
    asked::place::<BdR>(medium, &burn(placement))
}

#[test]
fn a_blank_disc_is_served_from_its_first_block() {
    let expected = (Lba(0), u64::from(media::BD_RAW), 32);
    assert_eq!(place(media::bd_r_blank(), Placement::BlankOnly), expected);
    assert_eq!(place(media::bd_r_blank(), Placement::NewSession), expected);
}

#[test]
fn a_formatted_disc_is_served_without_its_spare_areas() {
    let expected = (Lba(0), u64::from(media::BD_DEFAULT), 32);
    assert_eq!(
        place(media::bd_r_formatted(), Placement::BlankOnly),
        expected
    );
}

#[test]
fn a_further_session_goes_to_the_next_writable_address() {
    let expected = (Lba(6_528), u64::from(media::BD_RAW) - 6_528, 32);
    assert_eq!(
        place(media::bd_r_appendable(2), Placement::NewSession),
        expected
    );
}

#[test]
fn a_disc_that_holds_a_session_is_not_blank_and_not_rewritable() {
    assert_eq!(
        refusal(media::bd_r_appendable(1), burn(Placement::BlankOnly)),
        Refusal::MediumNotBlank {
            offer: Some(Placement::NewSession)
        }
    );
    assert_eq!(
        refusal(media::bd_r_appendable(1), burn(Placement::Overwrite)),
        Refusal::NotRewritable {
            profile: Profile::BdRSrm
        }
    );
}

#[test]
fn discs_that_cannot_be_continued_say_why() {
    for placement in [
        Placement::BlankOnly,
        Placement::NewSession,
        Placement::Overwrite,
    ] {
        assert_eq!(
            refusal(media::bd_r_open(), burn(placement)),
            Refusal::SessionOpen
        );
        assert_eq!(
            refusal(media::bd_r_damaged(), burn(placement)),
            Refusal::MediumDamaged
        );
        assert_eq!(
            refusal(media::bd_r_complete(), burn(placement)),
            Refusal::MediumClosed
        );
        // In use for pseudo-overwrite its session is open all the time.
        let pow = refusal(media::bd_r_pseudo_overwrite(), burn(placement));
        assert_eq!(pow, Refusal::SessionOpen);
    }
}

#[test]
fn other_media_are_not_mine() {
    for medium in [
        media::dvd_plus_r_blank(),
        media::bd_re_formatted(),
        media::no_medium(),
    ] {
        assert_eq!(fit(medium, burn(Placement::BlankOnly)), Fit::NotMine);
    }
    let begun = BdR::begin(&media::dvd_ram().build(), &burn(Placement::BlankOnly));
    let refused = Refusal::NoWriter {
        profile: Profile::DvdRam,
    };
    assert_eq!(begun.map(|_| ()), Err(refused));
}

#[test]
fn size_is_judged_with_its_padding_before_anything_is_sent() {
    let small = FactsBuilder::new(Profile::BdRSrm, &[0x41]);
    let small = small.disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1));
    let small = small.writable_track(1, 1, 0, 0, 96);
    let of = |blocks| Request::Burn(BurnRequest::new(blocks));
    let served = BdR::begin(&small.clone().build(), &of(96)).map(|(_, plan)| plan.blocks());
    assert_eq!(served, Ok(96));
    let served = BdR::begin(&small.clone().build(), &of(65)).map(|(_, plan)| plan.blocks());
    assert_eq!(served, Ok(96));
    let too_large = Refusal::TooLarge {
        needed: 128,
        available: 96,
    };
    assert_eq!(refusal(small.clone(), of(97)), too_large);
    let too_large = BdR::begin(&small.clone().build(), &of(u64::MAX)).map(|_| ());
    assert_eq!(
        too_large,
        Err(Refusal::TooLarge {
            needed: u64::MAX,
            available: 96
        })
    );
    assert!(matches!(fit(small.clone(), of(0)), Fit::Serves(_)));
    let empty = BdR::begin(&small.build(), &of(0)).map(|_| ());
    assert_eq!(empty, Err(Refusal::Empty));
}

#[test]
fn there_is_no_test_write() {
    let mut burn = BurnRequest::new(100);
    burn.test_write = true;
    assert_eq!(
        refusal(media::bd_r_blank(), Request::Burn(burn)),
        Refusal::NoTestWrite {
            profile: Profile::BdRSrm
        }
    );
}

#[test]
fn what_the_drive_kept_to_itself_is_named() {
    let silent = FactsBuilder::new(Profile::BdRSrm, &[0x41]);
    let missing = |what| Refusal::FactMissing { what };
    let request = || burn(Placement::BlankOnly);
    assert_eq!(
        refusal(silent.clone(), request()),
        missing(MissingFact::DiscInformation)
    );
    let no_track = silent.disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1));
    assert_eq!(
        refusal(no_track, request()),
        missing(MissingFact::TrackInformation)
    );
}

#[test]
fn only_a_blank_unformatted_disc_can_be_formatted() {
    let format = || Request::Format(FormatRequest::default());
    assert!(matches!(fit(media::bd_r_blank(), format()), Fit::Serves(_)));
    let not = Refusal::NotFormattable {
        profile: Profile::BdRSrm,
    };
    assert_eq!(refusal(media::bd_r_formatted(), format()), not);
    assert_eq!(refusal(media::bd_r_appendable(1), format()), not);
    assert_eq!(refusal(media::bd_r_complete(), format()), not);
    assert_eq!(refusal(media::bd_r_pseudo_overwrite(), format()), not);
    let mut certified = FormatRequest::default();
    certified.certification = Certification::Full;
    let wanted = Certification::Full;
    assert_eq!(
        refusal(media::bd_r_blank(), Request::Format(certified)),
        Refusal::NoSuchCertification { wanted }
    );
}

#[test]
fn a_format_that_is_not_listed_is_refused_with_the_list() {
    let format = |kind, spare| Request::Format(FormatRequest::new(kind, spare));
    let no_such = |kind| Refusal::NoSuchFormat {
        kind,
        offered: vec![0x00, 0x32],
    };
    let gigabyte = 1 << 30;
    assert_eq!(
        refusal(media::bd_r_blank(), format(Some(0x26), None)),
        no_such(0x26)
    );
    assert_eq!(
        refusal(media::bd_r_blank(), format(Some(0), Some(gigabyte))),
        no_such(0)
    );
    assert_eq!(
        refusal(media::bd_r_blank(), format(None, Some(0))),
        no_such(0x32)
    );
    assert_eq!(
        refusal(media::bd_r_blank(), format(None, Some(20 * gigabyte))),
        no_such(0x32)
    );
    assert_eq!(
        refusal(media::bd_r_blank(), format(None, Some(u64::MAX))),
        no_such(0x32)
    );
}

#[test]
fn close_is_for_what_is_open_or_can_be_finalized() {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    for medium in [media::bd_r_open(), media::bd_r_damaged()] {
        assert!(matches!(fit(medium.clone(), close(false)), Fit::Serves(_)));
        assert!(matches!(fit(medium, close(true)), Fit::Serves(_)));
    }
    assert!(matches!(
        fit(media::bd_r_appendable(1), close(true)),
        Fit::Serves(_)
    ));
    for (medium, finalize) in [
        (media::bd_r_appendable(1), false),
        (media::bd_r_blank(), true),
        (media::bd_r_formatted(), true),
        (media::bd_r_complete(), true),
    ] {
        assert_eq!(refusal(medium, close(finalize)), Refusal::NothingToClose);
    }
}

#[test]
fn an_erase_is_refused() {
    let erase = Request::Erase(EraseRequest::new(true));
    let not = Refusal::NotRewritable {
        profile: Profile::BdRSrm,
    };
    assert_eq!(refusal(media::bd_r_appendable(1), erase), not);
}

/// A burn of 3300 blocks, padded to 3328, that is said to be cut off behind this many.
fn resume(written_blocks: u64) -> Request {
    Request::Resume(ResumeRequest::new(BurnRequest::new(3_300), written_blocks))
}

#[test]
fn a_burn_goes_on_in_the_open_session_where_it_was_cut_off() {
    assert_eq!(
        asked::place::<BdR>(media::bd_r_open(), &resume(3_200)),
        (Lba(3_200), u64::from(media::BD_RAW - 3_200), 32)
    );
}

#[test]
fn a_burn_goes_on_nowhere_else() {
    let elsewhere = |blocks: u64| Refusal::NotWhereCutOff {
        expected: Lba(blocks as i32),
        found: Lba(3_200),
    };
    for blocks in [3_168, 3_232] {
        let refused = refusal(media::bd_r_open(), resume(blocks));
        assert_eq!(refused, elsewhere(blocks));
    }
    for (medium, refused) in [
        (media::bd_r_blank(), Refusal::NothingToResume),
        (media::bd_r_formatted(), Refusal::NothingToResume),
        (media::bd_r_appendable(1), Refusal::NothingToResume),
        (media::bd_r_complete(), Refusal::NothingToResume),
        (media::bd_r_damaged(), Refusal::MediumDamaged),
    ] {
        assert_eq!(refusal(medium, resume(3_200)), refused);
    }
}

#[test]
fn a_place_where_no_burn_can_be_cut_off_is_refused() {
    for written_blocks in [3_199, 3_360, u64::MAX] {
        let refused = refusal(media::bd_r_open(), resume(written_blocks));
        assert_eq!(refused, Refusal::BadCheckpoint { written_blocks });
    }
    let nothing = refusal(media::bd_r_open(), resume(0));
    assert_eq!(nothing, Refusal::NothingToResume);
    let mut test = BurnRequest::new(3_300);
    test.test_write = true;
    let profile = Profile::BdRSrm;
    let rehearsed = Request::Resume(ResumeRequest::new(test, 3_200));
    let refused = refusal(media::bd_r_open(), rehearsed);
    assert_eq!(refused, Refusal::NoTestWrite { profile });
}

#[test]
fn a_burn_that_is_there_and_closed_has_nothing_to_resume() {
    let closed = media::bd_r_appendable(1);
    assert_eq!(refusal(closed, resume(3_328)), Refusal::NothingToClose);
}

/// Formatted for pseudo-overwrite by someone else, and used by nobody yet.
fn for_pseudo_overwrite() -> FactsBuilder {
    FactsBuilder::new(Profile::BdRSrm, &[0x10, 0x21, 0x24, 0x38, 0x40, 0x41])
        .disc(DiscStatus::Appendable, SessionState::Empty, 1, (1, 1))
        .writable_track(1, 1, 0, 0, media::BD_DEFAULT)
        .last_block(11_826_175)
}

#[test]
fn a_disc_in_pseudo_overwrite_is_written_in_its_last_track_and_closed_like_any_other() {
    let default = u64::from(media::BD_DEFAULT);
    let first = place(for_pseudo_overwrite(), Placement::BlankOnly);
    assert_eq!(first, (Lba(0), default, 32));
    let in_use = media::bd_r_pseudo_overwrite();
    let close = Request::Close(CloseRequest::new(false));
    let (_, plan) = BdR::begin(&in_use.build(), &close).unwrap();
    assert!(plan.to_string().contains("CLOSE TRACK/SESSION track 3"));
}

#[test]
fn random_recording_is_recognized_and_not_written() {
    let profile = Profile::BdRRrm;
    let random = FactsBuilder::new(profile, &[0x10, 0x20, 0x24, 0x40, 0x41]);
    for request in [
        burn(Placement::Overwrite),
        Request::Format(FormatRequest::default()),
    ] {
        let refused = refusal(random.clone(), request);
        assert_eq!(refused, Refusal::NoPrecedent { profile });
    }
}

#[test]
fn a_recording_at_once_is_refused() {
    let (profile, recording) = (Profile::BdRSrm, Recording::AtOnce);
    let mut burn = BurnRequest::new(100);
    burn.recording = recording;
    let refused = refusal(media::bd_r_blank(), Request::Burn(burn));
    assert_eq!(refused, Refusal::NoSuchRecording { profile, recording });
}
