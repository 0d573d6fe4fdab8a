//! What the writer of DVD-R and DVD-RW says to every state of them, and to requests of every kind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_sequential::DvdSequential;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, asked, dvd_minus, media};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, EraseScope, Fit, FormatRequest, MediaWriter,
    MediumCondition, MissingFact, Move, Placement, Recording, Refusal, Request, ResumeRequest,
    Service,
};

const R: Profile = Profile::DvdMinusRSequential;
const RW: Profile = Profile::DvdMinusRwSequential;

fn burn(placement: Placement) -> BurnRequest {
    let mut burn = BurnRequest::new(100);
    burn.placement = placement;
    burn
}

fn service(medium: FactsBuilder, request: Request) -> Service {
    asked::service::<DvdSequential>(medium, &request)
}

fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    asked::refusal::<DvdSequential>(medium, &request)
}

#[test]
fn a_blank_disc_takes_a_first_session() {
    for medium in [
        dvd_minus::dvd_r_blank(),
        dvd_minus::dvd_rw_blank(),
        dvd_minus::dvd_rw_quickly_blanked(),
    ] {
        for placement in [
            Placement::BlankOnly,
            Placement::Overwrite,
            Placement::NewSession,
        ] {
            let service = service(medium.clone(), Request::Burn(burn(placement)));
            assert_eq!(
                (service.first_lba, service.free_blocks, service.write_unit),
                (Lba(0), dvd_minus::DVD_MINUS.into(), 16)
            );
            assert!(service.test_write);
        }
    }
}

#[test]
fn a_disc_with_sessions_takes_a_further_one_and_nothing_else() {
    for profile in [R, RW] {
        let medium = || dvd_minus::dvd_minus_appendable(profile, 2);
        let next = service(medium(), Request::Burn(burn(Placement::NewSession)));
        assert_eq!(next.first_lba, Lba(78_784));
        let offer = Some(Placement::NewSession);
        let blank_only = refusal(medium(), Request::Burn(burn(Placement::BlankOnly)));
        assert_eq!(blank_only, Refusal::MediumNotBlank { offer });
    }
    let overwrite = |profile| {
        let medium = dvd_minus::dvd_minus_appendable(profile, 1);
        refusal(medium, Request::Burn(burn(Placement::Overwrite)))
    };
    let offer = Some(Placement::NewSession);
    assert_eq!(overwrite(R), Refusal::NotRewritable { profile: R });
    assert_eq!(overwrite(RW), Refusal::MediumNotBlank { offer });
}

#[test]
fn states_that_take_no_session_are_refused_by_name() {
    for (medium, refused) in [
        (dvd_minus::dvd_minus_open(R), Refusal::SessionOpen),
        (dvd_minus::dvd_r_damaged(), Refusal::MediumDamaged),
        (dvd_minus::dvd_minus_complete(R), Refusal::MediumClosed),
        (dvd_minus::dvd_minus_complete(RW), Refusal::EraseFirst),
    ] {
        let request = Request::Burn(burn(Placement::NewSession));
        assert_eq!(refusal(medium, request), refused);
    }
}

#[test]
fn data_that_do_not_fit_are_refused_by_the_padded_size() {
    let all = dvd_minus::DVD_MINUS;
    let of = |blocks: u32| Request::Burn(BurnRequest::new(blocks.into()));
    service(dvd_minus::dvd_r_blank(), of(all));
    let too_large = Refusal::TooLarge {
        needed: u64::from(all) + 16,
        available: all.into(),
    };
    let refused = refusal(dvd_minus::dvd_r_blank(), of(all + 1));
    assert_eq!(refused, too_large);
    let nothing = Request::Burn(BurnRequest::new(0));
    let facts = dvd_minus::dvd_r_blank().build();
    assert!(matches!(
        DvdSequential::assess(&facts, &nothing),
        Fit::Serves(_)
    ));
    let begun = DvdSequential::begin(&facts, &nothing).map(|(_, plan)| plan);
    assert_eq!(begun, Err(Refusal::Empty));
}

#[test]
fn a_recording_that_the_disc_does_not_take_is_refused() {
    let by = |medium, recording, placement| {
        let mut burn = burn(placement);
        burn.recording = recording;
        refusal(medium, Request::Burn(burn))
    };
    let no = |profile, recording| Refusal::NoSuchRecording { profile, recording };
    let (at_once, by_track) = (Recording::AtOnce, Recording::TrackByTrack);
    let second = dvd_minus::dvd_minus_appendable(R, 1);
    assert_eq!(
        by(second, at_once, Placement::NewSession),
        no(R, Recording::AtOnce)
    );
    let quick = dvd_minus::dvd_rw_quickly_blanked();
    assert_eq!(
        by(quick, by_track, Placement::BlankOnly),
        no(RW, Recording::TrackByTrack)
    );
}

#[test]
fn a_disc_at_once_starts_at_the_first_block() {
    let mut facts = dvd_minus::dvd_r_blank().build();
    facts.tracks[0].nwa = Some(Lba(16));
    let mut at_once = burn(Placement::BlankOnly);
    at_once.recording = Recording::AtOnce;
    let begun = DvdSequential::begin(&facts, &Request::Burn(at_once)).map(|_| ());
    let what = MissingFact::NextWritableAddress;
    assert_eq!(begun, Err(Refusal::FactMissing { what }));
}

#[test]
fn a_test_write_needs_a_drive_that_says_it_can() {
    let mut test = burn(Placement::BlankOnly);
    test.test_write = true;
    service(dvd_minus::dvd_r_blank(), Request::Burn(test.clone()));
    let plain = dvd_minus::dvd_r_blank_in_a_plain_drive();
    let offered = service(plain.clone(), Request::Burn(burn(Placement::BlankOnly)));
    assert!(!offered.test_write);
    let refused = refusal(plain, Request::Burn(test));
    assert_eq!(refused, Refusal::NoTestWrite { profile: R });
}

#[test]
fn a_drive_that_only_reads_the_disc_is_known_before_the_laser_is_on() {
    let mut facts = dvd_minus::dvd_r_blank().build();
    let features = &mut facts.configuration.as_mut().unwrap().features;
    features.retain(|feature| ![0x21, 0x2F].contains(&feature.code));
    let request = Request::Burn(burn(Placement::BlankOnly));
    let refused = Fit::Refuses(Refusal::DriveOnlyReads { profile: R });
    assert_eq!(DvdSequential::assess(&facts, &request), refused);
}

#[test]
fn layer_jump_is_recognized_and_not_written() {
    let profile = Profile::DvdMinusRDlLayerJump;
    for request in [
        Request::Burn(burn(Placement::NewSession)),
        Request::Close(CloseRequest::new(false)),
    ] {
        let refused = refusal(dvd_minus::dvd_r_dl_layer_jump(), request);
        assert_eq!(refused, Refusal::NoPrecedent { profile });
    }
}

#[test]
fn other_media_are_not_mine() {
    for medium in [
        media::no_medium(),
        media::dvd_plus_r_blank(),
        media::bd_r_blank(),
        dvd_minus::dvd_rw_formatted(1_600),
    ] {
        let facts = medium.build();
        let request = Request::Burn(burn(Placement::BlankOnly));
        assert_eq!(DvdSequential::assess(&facts, &request), Fit::NotMine);
        let begun = DvdSequential::begin(&facts, &request).map(|(_, plan)| plan);
        let profile = facts.profile();
        assert_eq!(begun, Err(Refusal::NoWriter { profile }));
    }
}

#[test]
fn a_disc_is_finalized_with_a_session_only() {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    for medium in [dvd_minus::dvd_minus_open(RW), dvd_minus::dvd_r_damaged()] {
        service(medium.clone(), close(false));
        service(medium, close(true));
    }
    let closed = dvd_minus::dvd_minus_appendable(R, 1);
    let refused = refusal(closed.clone(), close(true));
    assert_eq!(refused, Refusal::FinalWithSessionOnly { profile: R });
    for medium in [
        closed,
        dvd_minus::dvd_r_blank(),
        dvd_minus::dvd_minus_complete(R),
    ] {
        assert_eq!(refusal(medium, close(false)), Refusal::NothingToClose);
    }
}

#[test]
fn a_recording_at_once_that_was_never_begun_has_no_end() {
    let mut facts = dvd_minus::dvd_minus_open(R).build();
    let track = &mut facts.tracks[0];
    track.reserved = true;
    let close = Request::Close(CloseRequest::new(false));
    assert!(DvdSequential::begin(&facts, &close).is_ok());
    let track = &mut facts.tracks[0];
    track.nwa = Some(track.start);
    assert_eq!(facts.condition(), MediumCondition::Announced);
    for request in [close, Request::Burn(burn(Placement::NewSession))] {
        let refused = DvdSequential::begin(&facts, &request).map(|_| ());
        assert_eq!(refused, Err(Refusal::OnlyAnnounced));
    }
    // A track that was reserved for increments stands on the disc: it is closed, padded, and the session with it.
    facts.tracks[0].packet = true;
    assert_eq!(facts.condition(), MediumCondition::OpenSession);
    let (_, plan) =
        DvdSequential::begin(&facts, &Request::Close(CloseRequest::new(false))).unwrap();
    let closes: Vec<Move> = plan.closing.iter().map(|c| c.purpose).collect();
    assert!(closes.contains(&Move::CloseTrack) && closes.contains(&Move::CloseSession));
    let burn = Request::Burn(burn(Placement::NewSession));
    let refused = DvdSequential::begin(&facts, &burn).map(|_| ());
    assert_eq!(refused, Err(Refusal::SessionOpen));
}

#[test]
fn only_a_dvd_rw_is_erased_and_only_as_a_whole() {
    let erase = |scope| {
        let mut erase = EraseRequest::new(false);
        erase.scope = scope;
        Request::Erase(erase)
    };
    for medium in [
        dvd_minus::dvd_rw_blank(),
        dvd_minus::dvd_minus_open(RW),
        dvd_minus::dvd_minus_appendable(RW, 1),
        dvd_minus::dvd_minus_complete(RW),
    ] {
        service(medium.clone(), erase(EraseScope::Disc));
        let part = refusal(medium, erase(EraseScope::LastSession));
        assert_eq!(part, Refusal::NotOffered);
    }
    let once = refusal(dvd_minus::dvd_r_blank(), erase(EraseScope::Disc));
    assert_eq!(once, Refusal::NotRewritable { profile: R });
}

#[test]
fn a_format_is_not_of_this_writer() {
    let format = || Request::Format(FormatRequest::default());
    let refused = refusal(dvd_minus::dvd_r_blank(), format());
    assert_eq!(refused, Refusal::NotFormattable { profile: R });
    let refused = refusal(dvd_minus::dvd_rw_blank(), format());
    assert_eq!(refused, Refusal::NotOffered);
}

#[test]
fn a_burn_goes_on_where_it_was_cut_off_and_nowhere_else() {
    let resume = |written| Request::Resume(ResumeRequest::new(BurnRequest::new(1_650), written));
    let rest = service(dvd_minus::dvd_minus_open(R), resume(1_600));
    assert_eq!(rest.first_lba, Lba(1_600));
    let elsewhere = Refusal::NotWhereCutOff {
        expected: Lba(1_584),
        found: Lba(1_600),
    };
    let refused = refusal(dvd_minus::dvd_minus_open(R), resume(1_584));
    assert_eq!(refused, elsewhere);
    // One at once cannot go on, and its disc is not recorded incrementally.
    let mut at_once = dvd_minus::dvd_minus_open(R).build();
    let features = &mut at_once.configuration.as_mut().unwrap().features;
    features.retain(|feature| feature.code != 0x21);
    let refused = Fit::Refuses(Refusal::NothingToResume);
    assert_eq!(DvdSequential::assess(&at_once, &resume(1_600)), refused);
    let mut reserved = dvd_minus::dvd_minus_open(R).build();
    reserved.tracks[0].reserved = true;
    assert_eq!(DvdSequential::assess(&reserved, &resume(1_600)), refused);
    for (medium, refused) in [
        (dvd_minus::dvd_r_blank(), Refusal::NothingToResume),
        (
            dvd_minus::dvd_minus_appendable(R, 1),
            Refusal::NothingToResume,
        ),
        (dvd_minus::dvd_minus_complete(R), Refusal::NothingToResume),
        (dvd_minus::dvd_r_damaged(), Refusal::MediumDamaged),
    ] {
        assert_eq!(refusal(medium, resume(1_600)), refused);
    }
}
