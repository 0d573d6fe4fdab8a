//! What the DVD+R writer says to every state of its media, and to requests of every kind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_plus_r::DvdPlusR;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, asked, media};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Finish, Fit, FormatRequest, MediaWriter, MissingFact,
    Placement, Refusal, Request, ResumeRequest,
};

fn burn(placement: Placement) -> Request {
    asked::burn(100, placement, Finish::CloseSession)
}

fn fit(medium: FactsBuilder, request: Request) -> Fit {
    DvdPlusR::assess(&medium.build(), &request)
}

fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    asked::refusal::<DvdPlusR>(medium, &request)
}

fn place(medium: FactsBuilder, placement: Placement) -> (Lba, u64, u32) {
    asked::place::<DvdPlusR>(medium, &burn(placement))
}

fn appendable(sessions: u16) -> FactsBuilder {
    media::dvd_plus_r_appendable(Profile::DvdPlusR, sessions)
}

#[test]
fn a_blank_disc_is_served_from_its_first_block() {
    let single = place(media::dvd_plus_r_blank(), Placement::BlankOnly);
    assert_eq!(single, (Lba(0), u64::from(media::DVD_PLUS), 16));
    let dual = place(media::dvd_plus_r_dl_blank(), Placement::NewSession);
    assert_eq!(dual, (Lba(0), u64::from(media::DVD_PLUS_DL), 16));
}

#[test]
fn a_further_session_goes_to_the_next_writable_address() {
    let expected = (Lba(7_296), u64::from(media::DVD_PLUS) - 7_296, 16);
    assert_eq!(place(appendable(2), Placement::NewSession), expected);
    let dual = media::dvd_plus_r_appendable(Profile::DvdPlusRDl, 4);
    assert_eq!(place(dual, Placement::NewSession).0, Lba(14_592));
}

#[test]
fn a_disc_that_holds_a_session_is_not_blank_and_not_rewritable() {
    let offer = Some(Placement::NewSession);
    let not_blank = refusal(appendable(1), burn(Placement::BlankOnly));
    assert_eq!(not_blank, Refusal::MediumNotBlank { offer });
    let profile = Profile::DvdPlusR;
    let overwrite = refusal(appendable(1), burn(Placement::Overwrite));
    assert_eq!(overwrite, Refusal::NotRewritable { profile });
}

#[test]
fn discs_that_cannot_be_continued_say_why() {
    let request = || burn(Placement::NewSession);
    assert_eq!(
        refusal(media::dvd_plus_r_open(), request()),
        Refusal::SessionOpen
    );
    assert_eq!(
        refusal(media::dvd_plus_r_complete(), request()),
        Refusal::MediumClosed
    );
}

#[test]
fn the_153rd_session_is_the_last() {
    assert!(matches!(
        fit(appendable(152), burn(Placement::NewSession)),
        Fit::Serves(_)
    ));
    let refused = refusal(appendable(153), burn(Placement::NewSession));
    assert_eq!(refused, Refusal::SessionLimit { limit: 153 });
}

#[test]
fn other_media_are_not_mine() {
    for medium in [
        media::bd_r_blank(),
        media::dvd_plus_rw_formatted(),
        media::no_medium(),
    ] {
        assert_eq!(fit(medium, burn(Placement::BlankOnly)), Fit::NotMine);
    }
}

#[test]
fn size_is_judged_with_its_padding_before_anything_is_sent() {
    let free = u64::from(media::DVD_PLUS);
    let of = |blocks| Request::Burn(BurnRequest::new(blocks));
    let facts = media::dvd_plus_r_blank().build();
    let served = DvdPlusR::begin(&facts, &of(free - 15)).map(|(_, plan)| plan.blocks());
    assert_eq!(served, Ok(free));
    let too_large = Refusal::TooLarge {
        needed: free + 16,
        available: free,
    };
    assert_eq!(refusal(media::dvd_plus_r_blank(), of(free + 1)), too_large);
    assert!(matches!(
        fit(media::dvd_plus_r_blank(), of(0)),
        Fit::Serves(_)
    ));
    let empty = DvdPlusR::begin(&facts, &of(0)).map(|_| ());
    assert_eq!(empty, Err(Refusal::Empty));
}

#[test]
fn a_disc_without_room_for_a_border_is_full() {
    let full = FactsBuilder::new(Profile::DvdPlusR, &[0x2B])
        .disc_information(media::dvd_plus_r_open().build().disc.unwrap())
        .writable_track(1, 1, 0, 0, 0);
    assert_eq!(
        refusal(full, burn(Placement::NewSession)),
        Refusal::SessionOpen
    );
    let mut facts = appendable(1).build();
    for track in &mut facts.tracks {
        track.free_blocks.0 = 0;
    }
    let begun = DvdPlusR::begin(&facts, &burn(Placement::NewSession)).map(|_| ());
    assert_eq!(
        begun,
        Err(Refusal::TooLarge {
            needed: 112,
            available: 0
        })
    );
}

#[test]
fn there_is_no_test_write_no_format_and_no_erase() {
    let profile = Profile::DvdPlusR;
    let mut test = BurnRequest::new(100);
    test.test_write = true;
    let blank = media::dvd_plus_r_blank;
    assert_eq!(
        refusal(blank(), Request::Burn(test)),
        Refusal::NoTestWrite { profile }
    );
    let format = Request::Format(FormatRequest::default());
    assert_eq!(
        refusal(blank(), format),
        Refusal::NotFormattable { profile }
    );
    let erase = Request::Erase(EraseRequest::new(false));
    assert_eq!(refusal(blank(), erase), Refusal::NotRewritable { profile });
}

#[test]
fn a_burn_is_resumed_where_the_drive_goes_on_and_nowhere_else() {
    let resume = |written| Request::Resume(ResumeRequest::new(BurnRequest::new(1_700), written));
    let open = media::dvd_plus_r_open;
    match DvdPlusR::assess(&open().build(), &resume(1_600)) {
        Fit::Serves(service) => assert_eq!(
            (service.first_lba, service.free_blocks, service.write_unit),
            (Lba(1_600), u64::from(media::DVD_PLUS - 1_600), 16)
        ),
        other => panic!("{other:?}"),
    }
    let found = Lba(1_600);
    let expected = Lba(1_584);
    let elsewhere = Refusal::NotWhereCutOff { expected, found };
    assert_eq!(refusal(open(), resume(1_584)), elsewhere);
    let written_blocks = 1_608;
    let no_unit = Refusal::BadCheckpoint { written_blocks };
    assert_eq!(refusal(open(), resume(written_blocks)), no_unit);
    let nothing = Refusal::NothingToResume;
    for medium in [
        media::dvd_plus_r_blank(),
        media::dvd_plus_r_appendable(Profile::DvdPlusR, 1),
        media::dvd_plus_r_complete(),
    ] {
        assert_eq!(refusal(medium, resume(1_600)), nothing);
    }
    let done = media::dvd_plus_r_appendable(Profile::DvdPlusR, 1);
    assert_eq!(refusal(done, resume(1_712)), Refusal::NothingToClose);
}

#[test]
fn what_the_drive_kept_to_itself_is_named() {
    let silent = FactsBuilder::new(Profile::DvdPlusR, &[0x2B]);
    let what = MissingFact::DiscInformation;
    assert_eq!(
        refusal(silent, burn(Placement::BlankOnly)),
        Refusal::FactMissing { what }
    );
}

#[test]
fn close_is_for_what_is_open_or_can_be_finalized() {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    assert!(matches!(
        fit(media::dvd_plus_r_open(), close(false)),
        Fit::Serves(_)
    ));
    assert!(matches!(
        fit(media::dvd_plus_r_open(), close(true)),
        Fit::Serves(_)
    ));
    assert!(matches!(fit(appendable(1), close(true)), Fit::Serves(_)));
    let nothing = Refusal::NothingToClose;
    assert_eq!(refusal(appendable(1), close(false)), nothing);
    assert_eq!(refusal(media::dvd_plus_r_blank(), close(true)), nothing);
    assert_eq!(refusal(media::dvd_plus_r_complete(), close(true)), nothing);
}
