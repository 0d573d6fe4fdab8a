//! On which CDs the SAO writer writes, and why not on the others.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_sao::CdSao;
use pitland_writer::mmc::reply::DiscType;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, asked, cd, media};
use pitland_writer::{
    BurnRequest, CdForm, CloseRequest, EraseRequest, Fit, FormatRequest, MediaWriter, Placement,
    Recording, Refusal, Request,
};

fn burn(blocks: u64) -> Request {
    Request::Burn(BurnRequest::new(blocks))
}

fn refusal(medium: FactsBuilder, request: Request) -> Refusal {
    asked::refusal::<CdSao>(medium, &request)
}

fn fitness(recording: Recording) -> u8 {
    let mut burn = BurnRequest::new(10);
    burn.recording = recording;
    match CdSao::assess(&cd::blank(Profile::CdRw).build(), &Request::Burn(burn)) {
        Fit::Serves(service) => service.fitness,
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_media_and_other_jobs_are_left_to_other_writers() {
    for medium in [media::no_medium(), media::bd_r_blank()] {
        assert_eq!(CdSao::assess(&medium.build(), &burn(10)), Fit::NotMine);
    }
    let facts = cd::open(Profile::CdRw).build();
    for request in [
        Request::Erase(EraseRequest::new(false)),
        Request::Format(FormatRequest::default()),
    ] {
        assert_eq!(CdSao::assess(&facts, &request), Fit::NotMine);
        let profile = Profile::CdRw;
        assert_eq!(
            CdSao::begin(&facts, &request).unwrap_err(),
            Refusal::NoWriter { profile }
        );
    }
}

#[test]
fn a_session_that_was_cut_off_is_closed_where_there_is_one() {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    let facts = cd::damaged(Profile::CdR).build();
    let Fit::Serves(service) = CdSao::assess(&facts, &close(false)) else {
        panic!("not served");
    };
    assert!(service.fitness < 100);
    let (_, plan) = CdSao::begin(&facts, &close(true)).unwrap();
    assert_eq!(plan.expected.closed_sessions, Some(1));
    assert_eq!(
        refusal(cd::blank(Profile::CdR), close(false)),
        Refusal::NothingToClose
    );
}

#[test]
fn it_is_taken_when_it_is_asked_for() {
    assert_eq!(fitness(Recording::AtOnce), 100);
    assert!(fitness(Recording::AsUsual) < 100);
    let mut by_track = BurnRequest::new(10);
    by_track.recording = Recording::TrackByTrack;
    assert_eq!(
        refusal(cd::blank(Profile::CdR), Request::Burn(by_track)),
        Refusal::NoSuchRecording {
            profile: Profile::CdR,
            recording: Recording::TrackByTrack
        }
    );
}

#[test]
fn a_blank_disc_offers_all_up_to_the_lead_out() {
    for disc in [
        cd::blank(Profile::CdR),
        cd::blank_at_the_pregap(Profile::CdR),
    ] {
        let Fit::Serves(service) = CdSao::assess(&disc.build(), &burn(0)) else {
            panic!("not served");
        };
        assert_eq!(service.first_lba, Lba(0));
        assert!((u64::from(cd::FREE)..=u64::from(cd::LEAD_OUT)).contains(&service.free_blocks));
        assert_eq!(service.write_unit, 1);
    }
}

#[test]
fn a_further_session_is_not_added() {
    let mut further = BurnRequest::new(10);
    further.placement = Placement::NewSession;
    assert_eq!(
        refusal(
            cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom),
            Request::Burn(further)
        ),
        Refusal::MediumNotBlank { offer: None }
    );
    assert_eq!(
        refusal(cd::complete(Profile::CdR), burn(10)),
        Refusal::MediumClosed
    );
    assert_eq!(
        refusal(cd::open(Profile::CdR), burn(10)),
        Refusal::SessionOpen
    );
}

#[test]
fn the_image_must_fit() {
    let free = u64::from(cd::FREE);
    assert_eq!(
        refusal(cd::blank(Profile::CdR), burn(free + 1)),
        Refusal::TooLarge {
            needed: free + 1,
            available: free
        }
    );
    let facts = cd::blank(Profile::CdR).build();
    assert_eq!(CdSao::begin(&facts, &burn(0)).unwrap_err(), Refusal::Empty);
}

#[test]
fn a_drive_must_have_what_is_asked_for() {
    let (track, mut mastering) = cd::able();
    mastering.test_write = false;
    let mut rehearsal = BurnRequest::new(10);
    rehearsal.test_write = true;
    assert_eq!(
        refusal(
            cd::blank_in(Profile::CdR, (track, mastering)),
            Request::Burn(rehearsal)
        ),
        Refusal::NoTestWrite {
            profile: Profile::CdR
        }
    );
    mastering.session_at_once = false;
    assert_eq!(
        refusal(cd::blank_in(Profile::CdR, (track, mastering)), burn(10)),
        Refusal::NoSuchRecording {
            profile: Profile::CdR,
            recording: Recording::AtOnce
        }
    );
    let mut form_1 = BurnRequest::new(10);
    form_1.cd_form = CdForm::Mode2Form1;
    assert_eq!(
        refusal(cd::blank(Profile::CdR), Request::Burn(form_1)),
        Refusal::NoSuchForm {
            form: CdForm::Mode2Form1,
            recording: Recording::AtOnce
        }
    );
}
