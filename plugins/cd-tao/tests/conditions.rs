//! On which CDs the TAO writer writes, and why not on the others.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_tao::CdTao;
use pitland_writer::mmc::reply::DiscType;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, asked, cd, media};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, EraseScope, Finish, Fit, FormatRequest, MediaWriter,
    Placement, Recording, Refusal, Request, ResumeRequest, Service,
};

fn burn(blocks: u64, placement: Placement) -> Request {
    asked::burn(blocks, placement, Finish::CloseSession)
}

fn service(medium: FactsBuilder, request: &Request) -> Service {
    asked::service::<CdTao>(medium, request)
}

fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    asked::refusal::<CdTao>(medium, &request)
}

fn appendable(profile: Profile) -> FactsBuilder {
    cd::appendable(profile, 1, DiscType::CdDaOrRom)
}

#[test]
fn other_media_are_left_to_other_writers() {
    for medium in [
        media::no_medium(),
        media::bd_r_blank(),
        media::dvd_plus_r_blank(),
    ] {
        let facts = medium.build();
        let request = burn(10, Placement::BlankOnly);
        assert_eq!(CdTao::assess(&facts, &request), Fit::NotMine);
        let profile = facts.profile();
        assert_eq!(
            CdTao::begin(&facts, &request).unwrap_err(),
            Refusal::NoWriter { profile }
        );
    }
}

#[test]
fn a_blank_disc_is_written_from_its_first_block() {
    for profile in [Profile::CdR, Profile::CdRw] {
        let service = service(cd::blank(profile), &burn(0, Placement::BlankOnly));
        assert_eq!(service.first_lba, Lba(0));
        assert_eq!(service.free_blocks, u64::from(cd::FREE));
        assert_eq!((service.write_unit, service.fitness), (1, 100));
        assert!(service.test_write);
    }
}

#[test]
fn a_disc_whose_drive_counts_from_the_pregap_is_written_from_its_first_block() {
    let disc = cd::blank_at_the_pregap(Profile::CdR);
    let service = service(disc, &burn(0, Placement::BlankOnly));
    assert_eq!(service.first_lba, Lba(0));
    assert_eq!(service.free_blocks, u64::from(cd::FREE));
}

#[test]
fn a_session_is_added_where_the_drive_says() {
    let service = service(appendable(Profile::CdR), &burn(0, Placement::NewSession));
    assert_eq!(service.first_lba, Lba(452 + 11_400));
    assert_eq!(
        service.free_blocks,
        u64::from(cd::FREE) - u64::from(service.first_lba.0.unsigned_abs())
    );
}

#[test]
fn what_is_on_the_disc_is_not_written_over() {
    assert_eq!(
        refusal(appendable(Profile::CdR), burn(10, Placement::BlankOnly)),
        Refusal::MediumNotBlank {
            offer: Some(Placement::NewSession)
        }
    );
    assert_eq!(
        refusal(appendable(Profile::CdR), burn(10, Placement::Overwrite)),
        Refusal::NotRewritable {
            profile: Profile::CdR
        }
    );
    assert_eq!(
        refusal(cd::complete(Profile::CdR), burn(10, Placement::NewSession)),
        Refusal::MediumClosed
    );
    assert_eq!(
        refusal(cd::complete(Profile::CdRw), burn(10, Placement::NewSession)),
        Refusal::EraseFirst
    );
    assert_eq!(
        refusal(cd::open(Profile::CdR), burn(10, Placement::NewSession)),
        Refusal::SessionOpen
    );
    assert_eq!(
        refusal(cd::damaged(Profile::CdR), burn(10, Placement::NewSession)),
        Refusal::MediumDamaged
    );
}

#[test]
fn the_image_must_fit_and_its_padding_need_not() {
    let free = u64::from(cd::FREE);
    let disc = || cd::blank(Profile::CdR);
    assert_eq!(
        refusal(disc(), burn(free + 1, Placement::BlankOnly)),
        Refusal::TooLarge {
            needed: free + 1,
            available: free
        }
    );
    let (_, plan) = CdTao::begin(&disc().build(), &burn(free, Placement::BlankOnly)).unwrap();
    assert_eq!(plan.blocks(), free);
    let facts = disc().build();
    assert_eq!(
        CdTao::begin(&facts, &burn(0, Placement::BlankOnly)).unwrap_err(),
        Refusal::Empty
    );
}

#[test]
fn a_disc_takes_99_tracks() {
    let disc = cd::appendable(Profile::CdR, 99, DiscType::CdDaOrRom);
    assert_eq!(
        refusal(disc, burn(10, Placement::NewSession)),
        Refusal::SessionLimit { limit: 99 }
    );
}

#[test]
fn a_test_write_needs_a_drive_that_has_it() {
    let mut rehearsal = BurnRequest::new(10);
    rehearsal.test_write = true;
    let (mut track, mastering) = cd::able();
    track.test_write = false;
    let disc = cd::blank_in(Profile::CdR, (track, mastering));
    assert_eq!(
        refusal(disc.clone(), Request::Burn(rehearsal)),
        Refusal::NoTestWrite {
            profile: Profile::CdR
        }
    );
    assert!(!service(disc, &burn(10, Placement::BlankOnly)).test_write);
}

#[test]
fn at_once_is_another_writers() {
    let mut at_once = BurnRequest::new(10);
    at_once.recording = Recording::AtOnce;
    assert_eq!(
        refusal(cd::blank(Profile::CdR), Request::Burn(at_once)),
        Refusal::NoSuchRecording {
            profile: Profile::CdR,
            recording: Recording::AtOnce
        }
    );
}

#[test]
fn a_burn_that_was_cut_off_is_not_resumed() {
    let resume = ResumeRequest::new(BurnRequest::new(1_000), 450);
    assert_eq!(
        refusal(cd::open(Profile::CdR), Request::Resume(resume)),
        Refusal::NotOffered
    );
}

#[test]
fn only_what_is_open_can_be_closed() {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    assert_eq!(
        refusal(cd::blank(Profile::CdR), close(true)),
        Refusal::NothingToClose
    );
    assert_eq!(
        refusal(cd::complete(Profile::CdR), close(true)),
        Refusal::NothingToClose
    );
    assert_eq!(
        refusal(appendable(Profile::CdR), close(false)),
        Refusal::NothingToClose
    );
    assert_eq!(
        refusal(appendable(Profile::CdR), close(true)),
        Refusal::FinalWithSessionOnly {
            profile: Profile::CdR
        }
    );
}

#[test]
fn only_a_cd_rw_is_erased_and_no_cd_is_formatted() {
    let erase = |scope| {
        let mut erase = EraseRequest::new(false);
        erase.scope = scope;
        Request::Erase(erase)
    };
    assert_eq!(
        refusal(appendable(Profile::CdR), erase(EraseScope::Disc)),
        Refusal::NotRewritable {
            profile: Profile::CdR
        }
    );
    assert_eq!(
        refusal(cd::blank(Profile::CdRw), erase(EraseScope::LastSession)),
        Refusal::NotOffered
    );
    assert_eq!(
        refusal(cd::open(Profile::CdRw), erase(EraseScope::LastSession)),
        Refusal::SessionOpen
    );
    for outside in [-1, 602, 10_000] {
        let tail = erase(EraseScope::TrackTail(Lba(outside)));
        assert_eq!(refusal(cd::open(Profile::CdRw), tail), Refusal::NotOffered);
    }
    let closed = erase(EraseScope::TrackTail(Lba(300)));
    assert_eq!(
        refusal(appendable(Profile::CdRw), closed),
        Refusal::NotOffered
    );
    assert_eq!(
        refusal(
            cd::blank(Profile::CdRw),
            Request::Format(FormatRequest::default())
        ),
        Refusal::NotFormattable {
            profile: Profile::CdRw
        }
    );
}
