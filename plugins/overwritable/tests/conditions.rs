//! What the writer of overwritable media says to every state of them, and to requests of every kind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_overwritable::Overwritable;
use pitland_writer::mmc::cdb::{Command, StructureMedium};
use pitland_writer::mmc::reply::dvd_format;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, media};
use pitland_writer::{
    Answer, BurnRequest, CloseRequest, EraseRequest, Fit, FormatRequest, MediaFacts, MediaWriter,
    MissingFact, Placement, Refusal, Request, ResumeRequest,
};

fn burn(placement: Placement) -> Request {
    let mut burn = BurnRequest::new(100);
    burn.placement = placement;
    Request::Burn(burn)
}

fn fit(medium: FactsBuilder, request: Request) -> Fit {
    Overwritable::assess(&medium.build(), &request)
}

/// The refusal, which `assess` and `begin` must agree on.
fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    let facts = medium.build();
    let begun = Overwritable::begin(&facts, &request).map(|(_, plan)| plan);
    match (Overwritable::assess(&facts, &request), begun) {
        (Fit::Refuses(said), Err(refusal)) if said == refusal => refusal,
        other => panic!("{other:?}"),
    }
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
    ]
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
    Request::Resume(ResumeRequest::new(BurnRequest::new(blocks), written_blocks))
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
    let dual = FactsBuilder::new(Profile::DvdPlusRwDl, &[0x2A]).build();
    let refused = Refusal::NoWriter {
        profile: Profile::DvdPlusRwDl,
    };
    assert_eq!(
        Overwritable::begin(&dual, &request()).map(|_| ()),
        Err(refused)
    );
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
