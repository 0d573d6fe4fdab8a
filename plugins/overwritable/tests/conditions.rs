//! What the writer of overwritable media says to every state of them, and to requests of every kind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_overwritable::Overwritable;
use pitland_writer::mmc::cdb::{Command, StructureMedium};
use pitland_writer::mmc::param::FormatType;
use pitland_writer::mmc::reply::{
    BackgroundFormat, CapacityKind, DiscStatus, SessionState, dvd_format,
};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, asked, dvd_minus, media};
use pitland_writer::{
    Answer, BurnRequest, Certification, CloseRequest, EraseRequest, EraseScope, Finish, Fit,
    FormatRequest, MediaFacts, MediaWriter, MissingFact, Placement, Recording, Refusal, Request,
    ResumeRequest,
};

fn burn(placement: Placement) -> Request {
    asked::burn(100, placement, Finish::CloseSession)
}

fn fit(medium: FactsBuilder, request: Request) -> Fit {
    Overwritable::assess(&medium.build(), &request)
}

fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    asked::refusal::<Overwritable>(medium, &request)
}

fn free(medium: FactsBuilder, placement: Placement) -> u32 {
    match fit(medium, burn(placement)) {
        Fit::Serves(service) => {
            assert_eq!(service.first_lba, Lba(0));
            u32::try_from(service.free_blocks).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// Every medium of the writer, in a state in which it can be written.
fn all() -> Vec<FactsBuilder> {
    vec![
        media::dvd_plus_rw_unformatted(),
        media::dvd_plus_rw_formatting(),
        media::dvd_plus_rw_suspended(1_600),
        media::dvd_plus_rw_formatted(),
        media::dvd_ram(),
        media::bd_re_unformatted(),
        media::bd_re_formatted(),
        dvd_plus_rw_dl(),
        dvd_minus::dvd_rw_formatted(1_600),
        dvd_minus::dvd_rw_intermediate(0),
    ]
}

/// A DVD+RW DL is a DVD+RW of another profile and size.
fn dvd_plus_rw_dl() -> FactsBuilder {
    FactsBuilder::new(Profile::DvdPlusRwDl, &[0x20, 0x23, 0x3A])
        .rewritable(
            DiscStatus::Blank,
            SessionState::Empty,
            BackgroundFormat::None,
        )
        .formats(
            CapacityKind::Unformatted,
            media::DVD_PLUS_DL,
            &[(FormatType::DvdPlusRwBasic, media::DVD_PLUS_DL, 0)],
        )
}

#[test]
fn an_unformatted_medium_is_blank_and_offers_what_it_will_be_formatted_to() {
    assert_eq!(
        free(media::bd_re_unformatted(), Placement::BlankOnly),
        media::BD_DEFAULT
    );
    assert_eq!(
        free(media::dvd_plus_rw_unformatted(), Placement::BlankOnly),
        media::DVD_PLUS
    );
}

/// The medium in a drive that does not know READ FORMAT CAPACITIES.
fn unlisted(medium: FactsBuilder) -> MediaFacts {
    let listed = |answer: &Answer| {
        let command = Command::parse(answer.cdb.as_slice());
        matches!(command, Ok(Command::ReadFormatCapacities(_)))
    };
    let mut answers = medium.build().answers;
    answers.retain(|answer| !listed(answer));
    MediaFacts::from_answers(answers)
}

#[test]
fn without_a_list_of_formats_what_needs_none_is_served() {
    let room = |medium: FactsBuilder| match Overwritable::assess(
        &unlisted(medium),
        &burn(Placement::Overwrite),
    ) {
        Fit::Serves(service) => service.free_blocks,
        other => panic!("{other:?}"),
    };
    // The one format of a DVD+RW needs no number.
    let free = room(media::dvd_plus_rw_unformatted());
    assert_eq!(free, u64::from(media::DVD_PLUS));
    assert_eq!(room(media::dvd_plus_rw_formatted()), free);
    assert_eq!(room(media::dvd_ram()), u64::from(media::DVD_RAM));
    assert_eq!(room(media::bd_re_formatted()), u64::from(media::BD_DEFAULT));
}

#[test]
fn without_a_list_of_formats_one_that_has_sizes_is_refused_with_the_reason() {
    let missing = Refusal::FactMissing {
        what: MissingFact::FormatCapacities,
    };
    let burns = burn(Placement::BlankOnly);
    let formats = Request::Format(FormatRequest::default());
    for (medium, request) in [
        (media::bd_re_unformatted(), &burns),
        (media::bd_re_unformatted(), &formats),
        (media::bd_re_formatted(), &formats),
        (media::dvd_ram(), &formats),
    ] {
        let begun = Overwritable::begin(&unlisted(medium), request);
        assert_eq!(begun.map(|(_, plan)| plan).unwrap_err(), missing);
    }
}

#[test]
fn a_medium_that_looks_empty_counts_as_blank() {
    let empty = |medium: FactsBuilder| medium.first_blocks(0);
    assert_eq!(
        free(empty(media::dvd_ram()), Placement::BlankOnly),
        media::DVD_RAM
    );
    assert_eq!(
        free(empty(media::bd_re_formatted()), Placement::BlankOnly),
        media::BD_DEFAULT
    );
    let suspended = empty(media::dvd_plus_rw_suspended(1_600));
    assert_eq!(free(suspended, Placement::BlankOnly), media::DVD_PLUS);
}

#[test]
fn a_medium_that_holds_data_or_may_hold_some_is_not_blank() {
    let not_blank = Refusal::MediumNotBlank {
        offer: Some(Placement::Overwrite),
    };
    for medium in [
        media::dvd_plus_rw_formatted(),
        media::dvd_ram(),
        media::bd_re_formatted(),
    ] {
        let used = medium.clone().first_blocks(7);
        assert_eq!(refusal(used, burn(Placement::BlankOnly)), not_blank);
        assert_eq!(refusal(medium, burn(Placement::BlankOnly)), not_blank);
    }
}

#[test]
fn every_medium_can_be_overwritten_and_none_has_sessions() {
    for medium in all() {
        let profile = medium.clone().build().profile();
        assert!(free(medium.clone().first_blocks(7), Placement::Overwrite) > 0);
        let refused = refusal(medium, burn(Placement::NewSession));
        assert_eq!(refused, Refusal::NoSessions { profile });
    }
}

#[test]
fn there_is_no_test_write() {
    for medium in all() {
        let profile = medium.clone().build().profile();
        let mut test = BurnRequest::new(100);
        test.placement = Placement::Overwrite;
        test.test_write = true;
        let refused = refusal(medium.clone(), Request::Burn(test.clone()));
        assert_eq!(refused, Refusal::NoTestWrite { profile });
        let resume = Request::Resume(ResumeRequest::new(test, 32));
        let refused = refusal(medium, resume);
        assert_eq!(refused, Refusal::NoTestWrite { profile });
    }
}

fn resume(blocks: u64, written_blocks: u64) -> Request {
    asked::rest(blocks, written_blocks, Finish::CloseSession)
}

#[test]
fn a_burn_goes_on_behind_what_is_known_to_be_written() {
    for (medium, written) in [
        (media::dvd_plus_rw_formatted(), 48),
        (media::dvd_ram(), 48),
        (media::bd_re_formatted(), 64),
    ] {
        let facts = medium.first_blocks(7).build();
        match Overwritable::assess(&facts, &resume(100, written)) {
            Fit::Serves(service) => {
                assert_eq!(service.first_lba, Lba(written as i32));
                assert_eq!(Some(service.free_blocks + written), facts.total_capacity());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_burn_of_which_nothing_can_be_there_is_not_resumed() {
    let nothing = Refusal::NothingToResume;
    for medium in [
        media::dvd_plus_rw_unformatted(),
        media::bd_re_unformatted(),
        media::bd_re_formatted().first_blocks(0),
    ] {
        assert_eq!(refusal(medium, resume(100, 64)), nothing);
    }
    let used = || media::bd_re_formatted().first_blocks(7);
    assert_eq!(refusal(used(), resume(100, 0)), nothing);
    let written_blocks = 48;
    let no_unit = Refusal::BadCheckpoint { written_blocks };
    assert_eq!(refusal(used(), resume(100, written_blocks)), no_unit);
    // Nothing is closed on a BD-RE: with all blocks there, the burn is done.
    assert_eq!(refusal(used(), resume(100, 128)), Refusal::NothingToClose);
}

#[test]
fn other_media_are_not_mine() {
    let request = || burn(Placement::Overwrite);
    for medium in [
        media::bd_r_blank(),
        media::dvd_plus_r_blank(),
        media::no_medium(),
    ] {
        assert_eq!(fit(medium, request()), Fit::NotMine);
    }
    let begun = Overwritable::begin(&media::bd_r_blank().build(), &request());
    let profile = Profile::BdRSrm;
    assert_eq!(begun.map(|_| ()), Err(Refusal::NoWriter { profile }));
}

#[test]
fn a_dvd_rw_in_sequential_recording_is_only_formatted_here() {
    let profile = Profile::DvdMinusRwSequential;
    for medium in [
        dvd_minus::dvd_rw_blank(),
        dvd_minus::dvd_rw_blank().first_blocks(0),
    ] {
        let format = Request::Format(FormatRequest::default());
        assert!(matches!(fit(medium.clone(), format), Fit::Serves(_)));
        assert_eq!(
            fit(medium.clone(), burn(Placement::Overwrite)),
            Fit::NotMine
        );
        let begun = Overwritable::begin(&medium.build(), &burn(Placement::Overwrite));
        assert_eq!(begun.map(|_| ()), Err(Refusal::NoWriter { profile }));
    }
    let unlisted = dvd_minus::dvd_minus_complete(profile);
    let what = MissingFact::FormatCapacities;
    let refused = refusal(unlisted, Request::Format(FormatRequest::default()));
    assert_eq!(refused, Refusal::FactMissing { what });
}

#[test]
fn a_dvd_rw_has_the_whole_disc_whatever_it_is_formatted_to() {
    for medium in [
        dvd_minus::dvd_rw_formatted(1_600),
        dvd_minus::dvd_rw_formatted(dvd_minus::DVD_MINUS),
        dvd_minus::dvd_rw_intermediate(0),
    ] {
        assert_eq!(free(medium, Placement::Overwrite), dvd_minus::DVD_MINUS);
    }
    // Formatted, and nothing written since.
    let fresh = dvd_minus::dvd_rw_intermediate(0);
    assert_eq!(free(fresh, Placement::BlankOnly), dvd_minus::DVD_MINUS);
}

#[test]
fn an_intermediate_session_is_closed_or_gone_on_with_before_anything_else() {
    let open = || dvd_minus::dvd_rw_intermediate(1_600);
    let refused = refusal(open(), burn(Placement::Overwrite));
    assert_eq!(refused, Refusal::SessionOpen);
    let close = || Request::Close(CloseRequest::new(false));
    assert!(matches!(fit(open(), close()), Fit::Serves(_)));
    let closed = refusal(dvd_minus::dvd_rw_formatted(1_600), close());
    assert_eq!(closed, Refusal::NothingToClose);
    let profile = Profile::DvdMinusRwRestrictedOverwrite;
    let sessions = refusal(
        dvd_minus::dvd_rw_formatted(1_600),
        burn(Placement::NewSession),
    );
    assert_eq!(sessions, Refusal::NoSessions { profile });
    // What the drive had in its buffer only is not there.
    match fit(open(), resume(2_000, 1_600)) {
        Fit::Serves(service) => assert_eq!(service.first_lba, Lba(1_600)),
        other => panic!("{other:?}"),
    }
    let elsewhere = Refusal::NotWhereCutOff {
        expected: Lba(1_616),
        found: Lba(1_600),
    };
    assert_eq!(refusal(open(), resume(2_000, 1_616)), elsewhere);
}

#[test]
fn what_is_to_be_resumed_is_never_formatted_away() {
    let mut facts = dvd_minus::dvd_rw_formatted(1_600).build();
    let grows = Overwritable::begin(&facts, &resume(2_000, 1_600)).map(|(_, plan)| plan);
    assert!(grows.unwrap().to_string().contains("quick grow"));
    let formats = &mut facts.format_capacities.as_mut().unwrap().formats;
    formats.retain(|format| format.kind != FormatType::QuickGrow);
    let refused = Overwritable::begin(&facts, &resume(2_000, 1_600)).map(|_| ());
    assert_eq!(refused, Err(Refusal::NothingToResume));
    // Inside of what is formatted nothing has to grow.
    assert!(Overwritable::begin(&facts, &resume(1_600, 800)).is_ok());
    let elsewhere = Refusal::NotWhereCutOff {
        expected: Lba(1_616),
        found: Lba(1_600),
    };
    let formatted = dvd_minus::dvd_rw_formatted(1_600);
    assert_eq!(refusal(formatted, resume(2_000, 1_616)), elsewhere);
}

#[test]
fn a_session_into_which_nothing_was_written_is_not_closed() {
    let close = Request::Close(CloseRequest::new(false));
    let fresh = dvd_minus::dvd_rw_intermediate(0);
    assert_eq!(refusal(fresh, close), Refusal::NothingToClose);
}

#[test]
fn a_protected_medium_is_called_so_whatever_else_the_drive_says_of_it() {
    let mut facts = media::dvd_ram()
        .structure(
            StructureMedium::Dvd,
            dvd_format::WRITE_PROTECTION,
            vec![0x04, 0, 0, 0],
        )
        .build();
    let features = &mut facts.configuration.as_mut().unwrap().features;
    features.retain(|feature| feature.code != 0x20);
    let request = burn(Placement::Overwrite);
    let refused = Overwritable::begin(&facts, &request).map(|_| ());
    assert_eq!(refused, Err(Refusal::WriteProtected));
}

#[test]
fn what_a_drive_does_not_certify_is_refused() {
    let format = |medium, kind, wanted| {
        let mut format = FormatRequest::new(kind, None);
        format.certification = wanted;
        fit(medium, Request::Format(format))
    };
    let refused = |wanted| Fit::Refuses(Refusal::NoSuchCertification { wanted });
    let (quick, full) = (Certification::Quick, Certification::Full);
    let plain = media::bd_re_formatted();
    assert_eq!(format(plain.clone(), None, full), refused(full));
    assert_eq!(format(plain, None, quick), refused(quick));
    let without_spare = format(media::bd_re_formatted(), Some(0x31), Certification::None);
    assert_eq!(without_spare, refused(Certification::None));
    let plus = format(media::dvd_plus_rw_formatted(), None, full);
    assert_eq!(plus, refused(full));
    let quickly_in_full = format(dvd_minus::dvd_rw_blank(), Some(0x15), full);
    assert_eq!(quickly_in_full, refused(full));
    let grown = format(dvd_minus::dvd_rw_formatted(1_600), Some(0x13), quick);
    assert!(matches!(
        grown,
        Fit::Refuses(Refusal::NoSuchFormat { kind: 0x13, .. })
    ));
}

#[test]
fn what_only_other_media_have_is_refused() {
    let mut at_once = BurnRequest::new(100);
    at_once.placement = Placement::Overwrite;
    at_once.recording = Recording::AtOnce;
    let mut part = EraseRequest::new(false);
    part.scope = EraseScope::LastSession;
    for medium in all() {
        let profile = medium.clone().build().profile();
        let refused = refusal(medium.clone(), Request::Burn(at_once.clone()));
        let recording = Recording::AtOnce;
        assert_eq!(refused, Refusal::NoSuchRecording { profile, recording });
        let refused = refusal(medium, Request::Erase(part.clone()));
        assert_eq!(refused, Refusal::NotOffered);
    }
}

#[test]
fn a_drive_that_only_reads_the_medium_is_known_before_the_laser_is_on() {
    let mut facts = media::dvd_plus_rw_formatted().build();
    let features = &mut facts.configuration.as_mut().unwrap().features;
    features.retain(|feature| ![0x20, 0x2A].contains(&feature.code));
    let profile = Profile::DvdPlusRw;
    let refused = Fit::Refuses(Refusal::DriveOnlyReads { profile });
    let request = burn(Placement::Overwrite);
    assert_eq!(Overwritable::assess(&facts, &request), refused);
}

#[test]
fn a_medium_that_this_drive_cannot_format_needs_another_drive() {
    let mut facts = media::bd_re_unformatted().build();
    let features = &mut facts.configuration.as_mut().unwrap().features;
    features.retain(|feature| feature.code != 0x23);
    let request = burn(Placement::BlankOnly);
    let begun = Overwritable::begin(&facts, &request).map(|_| ());
    assert_eq!(begun, Err(Refusal::FormatNeeded));
}

#[test]
fn size_is_judged_with_its_padding_before_anything_is_sent() {
    let of = |blocks| {
        let mut burn = BurnRequest::new(blocks);
        burn.placement = Placement::Overwrite;
        Request::Burn(burn)
    };
    for (medium, unit) in [
        (media::dvd_plus_rw_unformatted(), 16),
        (media::dvd_ram(), 16),
        (media::bd_re_unformatted(), 32),
    ] {
        let available = u64::from(free(medium.clone(), Placement::Overwrite));
        let facts = medium.clone().build();
        let served = Overwritable::begin(&facts, &of(available - 1)).map(|(_, plan)| plan.blocks());
        assert_eq!(served, Ok(available));
        let needed = available + unit;
        let refused = refusal(medium, of(available + 1));
        assert_eq!(refused, Refusal::TooLarge { needed, available });
        let empty = Overwritable::begin(&facts, &of(0)).map(|_| ());
        assert_eq!(empty, Err(Refusal::Empty));
    }
}

#[test]
fn a_protected_dvd_ram_is_left_alone() {
    for (bits, protected) in [(0b100, true), (0b010, true), (0b001, true), (0b000, false)] {
        let format = dvd_format::WRITE_PROTECTION;
        let medium = media::dvd_ram().structure(StructureMedium::Dvd, format, vec![bits, 0, 0, 0]);
        for request in [
            burn(Placement::Overwrite),
            Request::Erase(EraseRequest::new(false)),
            Request::Format(FormatRequest::default()),
        ] {
            let refused = fit(medium.clone(), request) == Fit::Refuses(Refusal::WriteProtected);
            assert_eq!(refused, protected);
        }
    }
}

#[test]
fn what_the_drive_kept_to_itself_is_named() {
    let silent = FactsBuilder::new(Profile::BdRe, &[0x43]);
    let what = MissingFact::DiscInformation;
    let refused = refusal(silent, burn(Placement::Overwrite));
    assert_eq!(refused, Refusal::FactMissing { what });
    let mut facts = media::bd_re_formatted().build();
    facts.format_capacities = None;
    facts.read_capacity = None;
    let refused = Overwritable::begin(&facts, &burn(Placement::Overwrite)).map(|_| ());
    let what = MissingFact::FormatCapacities;
    assert_eq!(refused, Err(Refusal::FactMissing { what }));
}

#[test]
fn a_format_that_is_not_listed_is_refused_with_the_list() {
    let format =
        |medium, kind, spare| refusal(medium, Request::Format(FormatRequest::new(kind, spare)));
    let no_such = |kind, offered: &[u8]| Refusal::NoSuchFormat {
        kind,
        offered: offered.to_vec(),
    };
    let bd_re = media::bd_re_unformatted;
    let lists = [0x00, 0x30, 0x31];
    assert_eq!(format(bd_re(), Some(0x26), None), no_such(0x26, &lists));
    assert_eq!(format(bd_re(), Some(0x00), Some(1)), no_such(0x00, &lists));
    assert_eq!(format(bd_re(), Some(0x30), Some(0)), no_such(0x30, &lists));
    assert_eq!(format(bd_re(), Some(0x31), Some(1)), no_such(0x31, &lists));
    assert_eq!(format(bd_re(), None, Some(u64::MAX)), no_such(0x30, &lists));
    let plus_rw = media::dvd_plus_rw_unformatted;
    assert_eq!(format(plus_rw(), Some(0x00), None), no_such(0x00, &[0x26]));
    assert_eq!(format(plus_rw(), None, Some(1)), no_such(0x26, &[0x26]));
    assert_eq!(
        format(media::dvd_ram(), None, Some(u64::MAX)),
        no_such(0x00, &[0x00, 0x01])
    );
}

#[test]
fn only_a_dvd_plus_rw_has_anything_to_close() {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    let formatting = media::dvd_plus_rw_formatting;
    assert!(matches!(fit(formatting(), close(false)), Fit::Serves(_)));
    assert!(matches!(fit(formatting(), close(true)), Fit::Serves(_)));
    assert!(matches!(
        fit(media::dvd_plus_rw_formatted(), close(true)),
        Fit::Serves(_)
    ));
    let nothing = Refusal::NothingToClose;
    assert_eq!(
        refusal(media::dvd_plus_rw_formatted(), close(false)),
        nothing
    );
    assert_eq!(
        refusal(media::dvd_plus_rw_suspended(1_600), close(false)),
        nothing
    );
    assert_eq!(
        refusal(media::dvd_plus_rw_unformatted(), close(true)),
        nothing
    );
    for medium in [media::dvd_ram(), media::bd_re_formatted()] {
        let profile = medium.clone().build().profile();
        assert_eq!(
            refusal(medium, close(true)),
            Refusal::NoSessions { profile }
        );
    }
}
