//! Sessions of whole sectors: what is planned, what is refused, and what a drive that wants it otherwise gets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_sao::CdSao;
use pitland_writer::cd::sectors::mastering;
use pitland_writer::mmc::param::DataForm;
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{Played, TestJob, album, asked, cd};
use pitland_writer::*;

fn burn((layout, blocks): (CdLayout, u64)) -> BurnRequest {
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout);
    burn
}

/// Two audio tracks, the second right behind the first.
fn gapless() -> (CdLayout, u64) {
    let tracks = vec![album::audio(1, 0, 1_000), album::audio(2, 0, 500)];
    album::layout(CdMode::SessionAtOnce, Lba(0), tracks)
}

/// A data track, and one of sound behind it that has a pause.
fn mixed() -> (CdLayout, u64) {
    let data = album::data(1, DataForm::Mode1Raw, 0, 1_000);
    album::layout(
        CdMode::SessionAtOnce,
        Lba(0),
        vec![data, album::audio(2, 150, 300)],
    )
}

fn with_text() -> (CdLayout, u64) {
    let (layout, blocks) = gapless();
    (album::with_text(layout, 5), blocks)
}

fn with_codes() -> (CdLayout, u64) {
    let (mut layout, blocks) = gapless();
    layout.catalogue = Some(*b"4006381333931");
    layout.tracks[0].control = 2;
    layout.tracks[0].isrc = Some(*b"DEA123456789");
    layout.cue_sheet = album::sheet(&layout);
    (layout, blocks)
}

/// A data session behind one of sound (CD-EXTRA).
fn behind_another() -> BurnRequest {
    let at = cd::session_start(1).cast_signed();
    let data = album::data(2, DataForm::XaRaw, 0, 2_000);
    let mut burn = burn(album::layout(CdMode::SessionAtOnce, Lba(at), vec![data]));
    burn.placement = Placement::NewSession;
    burn
}

fn appendable() -> testing::FactsBuilder {
    cd::appendable(Profile::CdR, 1, mmc::reply::DiscType::CdDaOrRom)
}

fn jobs() -> Vec<TestJob> {
    let job = |layout| TestJob::new(cd::blank(Profile::CdR), Request::Burn(burn(layout)));
    vec![
        job(gapless()),
        job(mixed()),
        job(with_text()),
        job(with_codes()),
        TestJob::new(appendable(), Request::Burn(behind_another())),
    ]
}

pitland_writer::laws_of!(CdSao, jobs);

fn plan(burn: BurnRequest) -> WritePlan {
    asked::plan::<CdSao>(cd::blank(Profile::CdR), &Request::Burn(burn))
}

fn refusal(burn: BurnRequest) -> Refusal {
    asked::refusal::<CdSao>(cd::blank(Profile::CdR), &Request::Burn(burn))
}

#[test]
fn an_album_is_written_from_its_first_pregap_in_one_go() {
    let plan = plan(burn(gapless()));
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: session at once, next session allowed, track mode 0, raw 2352, BUFE",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "calibrate power: SEND OPC INFORMATION calibrate",
            "send cue sheet: SEND CUE SHEET 40 bytes: lead-in at 00:00:00, audio by the drive; track 1 index 0 at 00:00:00, audio 2352; track 1 index 1 at 00:02:00, audio 2352; track 2 index 1 at 00:15:25, audio 2352; lead-out at 00:22:00, audio by the drive",
            "write 1650 blocks of 2352 bytes from LBA -150 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
        ]
    );
    let mut expected = ExpectedMedium::sessions(1, Some(true));
    expected.nwa_at_least = Some(Lba(1_500 + 11_400));
    assert_eq!(plan.expected, expected);
}

#[test]
fn texts_go_to_the_lead_in_before_the_program() {
    let plan = plan(burn(with_text()));
    let written: Vec<_> = plan
        .extents
        .iter()
        .map(|e| (e.form.bytes(), e.first_lba.0, e.blocks))
        .collect();
    assert_eq!(written, [(96, -11_625, 11_475), (2352, -150, 1_650)]);
    assert_eq!(plan.image_blocks(), 1_650);
}

#[test]
fn a_further_session_begins_before_its_track() {
    let plan = asked::plan::<CdSao>(appendable(), &Request::Burn(behind_another()));
    let at = cd::session_start(1).cast_signed();
    assert_eq!(plan.extents[0].first_lba, Lba(at - 150));
    assert!(lines(&plan)[0].contains("CD-ROM XA"));
    assert_eq!(plan.expected.closed_sessions, Some(2));
    let job = TestJob::new(appendable(), Request::Burn(behind_another()));
    let elsewhere = job.clone().becoming(cd::open(Profile::CdR));
    let played = Played::new::<CdSao>(&elsewhere, |_, _| None);
    assert_eq!(played.last(), Some(&Step::Failed(Failure::MediumState)));
    assert!(played.words().iter().all(|word| !word.starts_with("write")));
}

#[test]
fn drives_of_other_tastes_get_another_sheet_or_page() {
    let refuse = |times: usize, layout| {
        let mut refused = 0;
        let job = TestJob::new(cd::blank(Profile::CdR), Request::Burn(burn(layout)));
        Played::new::<CdSao>(&job, |purpose, _| {
            let now = purpose == Some(Move::SendCueSheet) && refused < times;
            refused += usize::from(now);
            now.then_some(Event::Refused {
                sense: Sense::new(5, 0x26, 0),
            })
        })
    };
    let sheet_of = |played: &Played| {
        let sheets = played.plan.prepare.iter();
        let mut sheets = sheets.filter(|c| c.purpose == Move::SendCueSheet);
        sheets.next().unwrap().to_string()
    };
    // Flags of ISRC entries.
    let codes = refuse(1, with_codes());
    assert_eq!(codes.last(), Some(&Step::Finished));
    let isrc = |played: &Played| {
        let sheet = played
            .plan
            .prepare
            .iter()
            .find(|c| c.purpose == Move::SendCueSheet);
        sheet
            .unwrap()
            .parameters
            .chunks(8)
            .find(|e| e[0] & 0xF == 3)
            .unwrap()[0]
    };
    assert_eq!((isrc(&refuse(0, with_codes())), isrc(&codes)), (0x23, 0x03));
    // CD-TEXT: the page, then the start of the lead-in.
    let page = refuse(1, with_text());
    assert!(
        lines(&page.plan)[0].contains("raw 2352 + 96 raw P-W"),
        "{}",
        page.plan
    );
    let start = refuse(2, with_text());
    assert!(
        sheet_of(&start).contains("lead-in at 97:27:00"),
        "{}",
        start.plan
    );
    let never = refuse(3, with_text());
    assert!(matches!(
        never.last(),
        Some(Step::Failed(Failure::Drive(_)))
    ));
}

#[test]
fn what_does_not_hold_is_refused_before_anything_is_sent() {
    let mut short = burn(gapless());
    short.blocks -= 1;
    assert!(matches!(
        refusal(short),
        Refusal::BadLayout(LayoutFault::Blocks { .. })
    ));
    let mut other_sheet = burn(gapless());
    other_sheet.cd.as_mut().unwrap().cue_sheet.pop();
    assert_eq!(
        refusal(other_sheet),
        Refusal::BadLayout(LayoutFault::CueSheet)
    );
    let mut second = burn(album::layout(
        CdMode::SessionAtOnce,
        Lba(0),
        vec![album::audio(2, 0, 300)],
    ));
    assert_eq!(
        refusal(second.clone()),
        Refusal::BadLayout(LayoutFault::Number { track: 2 })
    );
    second.cd = Some(CdLayout::new(CdMode::SessionAtOnce, Lba(-150)));
    assert_eq!(
        refusal(second),
        Refusal::BadLayout(LayoutFault::Tracks { tracks: 0 })
    );
    let elsewhere = album::layout(
        CdMode::SessionAtOnce,
        Lba(75),
        vec![album::audio(1, 0, 300)],
    );
    assert_eq!(
        refusal(burn(elsewhere)),
        Refusal::OtherPlace {
            planned: Lba(-75),
            found: Lba(-150)
        }
    );
    let mut test = burn(gapless());
    test.test_write = true;
    let (track, mut mastering) = cd::able();
    mastering.test_write = false;
    let no_test = cd::blank_in(Profile::CdR, (track, mastering));
    assert!(matches!(
        asked::refusal::<CdSao>(no_test, &Request::Burn(test)),
        Refusal::NoTestWrite { .. }
    ));
}

#[test]
fn what_the_drive_does_not_do_is_refused_in_words() {
    let (track, able) = cd::able();
    let in_drive = |change: fn(&mut mmc::feature::CdMastering), layout| {
        let mut mastering = able;
        change(&mut mastering);
        let disc = cd::blank_in(Profile::CdR, (track, mastering));
        assert_ne!(
            mastering,
            crate::mastering(&cd::blank(Profile::CdR).build())
        );
        asked::refusal::<CdSao>(disc, &Request::Burn(burn(layout)))
    };
    assert_eq!(
        in_drive(|m| m.session_at_once = false, gapless()),
        Refusal::NoSuchMode {
            mode: CdMode::SessionAtOnce
        }
    );
    assert_eq!(
        in_drive(|m| m.rw_subchannel = false, with_text()),
        Refusal::NoCdText
    );
    assert_eq!(
        in_drive(|m| m.max_cue_sheet = 39, gapless()),
        Refusal::BadLayout(LayoutFault::SheetTooLong {
            bytes: 40,
            most: 39
        })
    );
}

#[test]
fn the_disc_is_filled_to_its_last_lead_out_and_beyond_only_by_name() {
    let of = |blocks| {
        let tracks = vec![album::audio(1, 0, blocks)];
        burn(album::layout(CdMode::SessionAtOnce, Lba(0), tracks))
    };
    let full = u64::from(cd::LEAD_OUT);
    let blank = || cd::blank_at_the_pregap(Profile::CdR);
    let fits = asked::plan::<CdSao>(blank(), &Request::Burn(of(full)));
    assert!(fits.warnings.is_empty());
    assert_eq!(
        asked::refusal::<CdSao>(blank(), &Request::Burn(of(full + 1))),
        Refusal::TooLarge {
            needed: full + 1,
            available: full
        }
    );
    let mut over = of(full + 2_000);
    over.overburn = true;
    let plan = asked::plan::<CdSao>(blank(), &Request::Burn(over));
    assert_eq!(plan.warnings, [Warning::Overburn { blocks: 2_000 }]);
    let mut beyond = of(404_851);
    beyond.overburn = true;
    assert!(matches!(
        asked::refusal::<CdSao>(blank(), &Request::Burn(beyond)),
        Refusal::TooLarge { .. } | Refusal::BadLayout(_)
    ));
}

#[test]
fn before_the_size_is_known_only_the_place_is_judged() {
    let mut burn = BurnRequest::new(0);
    burn.cd = Some(CdLayout::new(CdMode::SessionAtOnce, Lba(-150)));
    let blank = cd::blank_at_the_pregap(Profile::CdR);
    let service = asked::service::<CdSao>(blank, &Request::Burn(burn));
    assert_eq!(service.first_lba, Lba(0));
    assert_eq!(service.free_blocks, u64::from(cd::LEAD_OUT));
    assert_eq!(service.fitness, 100);
}

#[test]
fn other_modes_are_for_other_writers() {
    let mut burn = BurnRequest::new(300);
    burn.cd = Some(CdLayout::new(CdMode::TrackAtOnce, Lba(0)));
    let facts = cd::blank(Profile::CdR).build();
    assert_eq!(CdSao::assess(&facts, &Request::Burn(burn)), Fit::NotMine);
}
