//! Tracks of whole sectors: what is planned, what comes between them, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_tao::CdTao;
use pitland_writer::mmc::param::DataForm;
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{FactsBuilder, Played, TestJob, album, asked, cd};
use pitland_writer::*;

fn burn(tracks: Vec<CdTrack>) -> BurnRequest {
    let (layout, blocks) = album::layout(CdMode::TrackAtOnce, Lba(0), tracks);
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout);
    burn
}

/// Two audio tracks of 1000 and 500 blocks, with codes and pre-emphasis.
fn album() -> BurnRequest {
    let mut first = album::audio(1, 0, 1_000);
    first.isrc = Some(*b"DEA123456789");
    let mut second = album::audio(2, 0, 500);
    second.control = 3;
    let mut burn = burn(vec![first, second]);
    burn.cd.as_mut().unwrap().catalogue = Some(*b"4006381333931");
    burn
}

/// A data track, one of XA, and sound.
fn mixed() -> BurnRequest {
    burn(vec![
        album::data(1, DataForm::Mode1Raw, 0, 1_000),
        album::data(2, DataForm::XaRaw, 0, 400),
        album::audio(3, 0, 300),
    ])
}

fn blank() -> FactsBuilder {
    cd::blank(Profile::CdR)
}

fn jobs() -> Vec<TestJob> {
    let mut test = album();
    test.test_write = true;
    let mut last = mixed();
    last.finish = Finish::FinalizeDisc;
    [album(), mixed(), test, last]
        .map(|burn| TestJob::new(blank(), Request::Burn(burn)))
        .into()
}

pitland_writer::laws_of!(CdTao, jobs);

fn played(answer: impl FnMut(Option<Move>, &Step) -> Option<Event>) -> Played {
    Played::new::<CdTao>(&TestJob::new(blank(), Request::Burn(album())), answer)
}

#[test]
fn each_track_has_its_page_behind_the_buffer_of_the_one_before() {
    let plan = asked::plan::<CdTao>(blank(), &Request::Burn(album()));
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 0, raw 2352, BUFE, MCN \"4006381333931\", ISRC \"DEA123456789\"",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "calibrate power: SEND OPC INFORMATION calibrate",
            "write 1000 blocks of 2352 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 3, raw 2352, BUFE, MCN \"4006381333931\"",
            "write 500 blocks of 2352 bytes from where the drive goes on, about LBA 1152 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close session: CLOSE TRACK/SESSION session, IMMED",
        ]
    );
    let mut expected = ExpectedMedium::sessions(1, Some(true));
    // Without the gap between the tracks, which is the drive's.
    expected.nwa_at_least = Some(Lba(1_500 + 2 + 11_400));
    assert_eq!(plan.expected, expected);
    assert_eq!(
        played(|_, _| None).words(),
        [
            "set write parameters",
            "Identify",
            "set speed",
            "calibrate power",
            "write from 0",
            "synchronize cache",
            "synchronize cache",
            "set write parameters",
            "write from 1152",
            "synchronize cache",
            "synchronize cache",
            "close session",
        ]
    );
}

#[test]
fn data_go_out_without_what_the_drive_makes() {
    let plan = asked::plan::<CdTao>(blank(), &Request::Burn(mixed()));
    let forms: Vec<u32> = plan.extents.iter().map(|e| e.form.bytes()).collect();
    assert_eq!(forms, [2048, 2332, 2352]);
    let pages: Vec<String> = plan
        .commands()
        .filter(|c| c.purpose == Move::SetWriteParameters)
        .map(ToString::to_string)
        .collect();
    assert!(
        pages[0].contains("track mode 4, mode 1 2048"),
        "{}",
        pages[0]
    );
    assert!(
        pages[1].contains("track mode 4, XA mixed 2332"),
        "{}",
        pages[1]
    );
    assert!(pages[2].contains("track mode 0, raw 2352"), "{}", pages[2]);
    assert!(pages.iter().all(|page| page.contains("CD-ROM XA")));
}

#[test]
fn a_drive_that_fails_between_tracks_has_its_session_closed_where_it_is() {
    // The page of the second track is refused: the first is whole.
    let mut pages = 0;
    let refused = played(|purpose, _| {
        pages += usize::from(purpose == Some(Move::SetWriteParameters));
        let now = pages == 2;
        pages += usize::from(now);
        now.then_some(Event::Refused {
            sense: Sense::new(5, 0x26, 0),
        })
    });
    assert!(matches!(refused.last(), Some(Step::Failed(_))));
    assert_eq!(
        refused.closed(),
        [Move::SynchronizeCache, Move::SynchronizeCache]
    );
    // A cancel there closes what is there.
    let mut between = 0;
    let cancelled = played(|_, step| {
        between += usize::from(matches!(step, Step::Between { .. }));
        (between == 1).then(|| {
            between += 1;
            Event::Cancelled {
                written_blocks: 1_000,
            }
        })
    });
    assert_eq!(cancelled.last(), Some(&Step::Finished));
    assert_eq!(
        cancelled.closed(),
        [
            Move::SynchronizeCache,
            Move::SynchronizeCache,
            Move::CloseSession
        ]
    );
}

#[test]
fn what_disc_or_drive_do_not_take_is_refused() {
    let refusal =
        |disc: FactsBuilder, burn: BurnRequest| asked::refusal::<CdTao>(disc, &Request::Burn(burn));
    let mut text = album();
    text.cd.as_mut().unwrap().text = vec![0; 18];
    assert_eq!(refusal(blank(), text), Refusal::NoCdText);
    let (mut track, mastering) = cd::able();
    track.data_block_types = 0x0101;
    let plain = || cd::blank_in(Profile::CdR, (track, mastering));
    assert_eq!(
        refusal(plain(), mixed()),
        Refusal::NoSuchMode {
            mode: CdMode::TrackAtOnce
        }
    );
    assert!(asked::plan::<CdTao>(plain(), &Request::Burn(album())).blocks() > 0);
    let full = u64::from(cd::FREE);
    let two = |blocks| burn(vec![album::audio(1, 0, blocks), album::audio(2, 0, 300)]); // A run-out and a pregap between them.
    let most = full - 300 - 152;
    assert!(asked::plan::<CdTao>(blank(), &Request::Burn(two(most))).blocks() > 0);
    assert!(matches!(
        refusal(blank(), two(most + 1)),
        Refusal::TooLarge { .. }
    ));
    let mut over = two(most + 1_000);
    over.overburn = true;
    let plan = asked::plan::<CdTao>(blank(), &Request::Burn(over));
    assert_eq!(plan.warnings, [Warning::Overburn { blocks: 1_000 }]);
    let mut elsewhere = album();
    elsewhere.cd.as_mut().unwrap().first_lba = Lba(10);
    assert!(matches!(
        refusal(blank(), elsewhere),
        Refusal::OtherPlace { .. }
    ));
    let mut short = album();
    short.cd.as_mut().unwrap().tracks[0].blocks = 299;
    assert!(matches!(
        refusal(blank(), short),
        Refusal::BadLayout(LayoutFault::TooShort { .. })
    ));
}

#[test]
fn tracks_are_added_in_a_further_session() {
    let disc = || cd::appendable(Profile::CdR, 1, mmc::reply::DiscType::CdDaOrRom);
    let at = cd::session_start(1).cast_signed();
    let (layout, blocks) = album::layout(
        CdMode::TrackAtOnce,
        Lba(at),
        vec![album::audio(2, 0, 300), album::audio(3, 0, 300)],
    );
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout);
    burn.placement = Placement::NewSession;
    let plan = asked::plan::<CdTao>(disc(), &Request::Burn(burn.clone()));
    assert_eq!(plan.extents[1].first_lba, Lba(at + 300 + 152));
    assert_eq!(plan.expected.closed_sessions, Some(2));
    burn.placement = Placement::BlankOnly;
    assert!(matches!(
        asked::refusal::<CdTao>(disc(), &Request::Burn(burn)),
        Refusal::MediumNotBlank { .. }
    ));
}
