//! What the raw writer plans, what it refuses, and its histories.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_raw::CdRaw;
use pitland_writer::mmc::cdb::{ReadTocPmaAtip, TocFormat};
use pitland_writer::mmc::feature::CdMastering;
use pitland_writer::mmc::reply::{Atip, DiscType};
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Msf, Profile};
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{FactsBuilder, Played, TestJob, album, asked, cd};
use pitland_writer::*;

const FORMS: [CdSubchannel; 3] = [
    CdSubchannel::Raw96,
    CdSubchannel::Packed96,
    CdSubchannel::Pq16,
];

fn burn_in(form: CdSubchannel, blocks: u64) -> BurnRequest {
    let tracks = vec![album::audio(1, 0, blocks), album::audio(2, 150, 300)];
    let (layout, blocks) = album::layout(CdMode::Raw(form), Lba(0), tracks);
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout);
    burn.finish = Finish::FinalizeDisc;
    burn
}

fn blank() -> FactsBuilder {
    cd::blank(Profile::CdR)
}

fn jobs() -> Vec<TestJob> {
    let mut test = burn_in(CdSubchannel::Raw96, 300);
    test.test_write = true;
    let mut jobs: Vec<_> = FORMS.map(|form| burn_in(form, 300)).into();
    jobs.push(test);
    let job = |burn| TestJob::new(blank(), Request::Burn(burn));
    jobs.into_iter().map(job).collect()
}

pitland_writer::laws_of!(CdRaw, jobs);

fn refusal(disc: FactsBuilder, burn: BurnRequest) -> Refusal {
    asked::refusal::<CdRaw>(disc, &Request::Burn(burn))
}

#[test]
fn a_disc_is_one_extent_from_its_lead_in_to_the_end_of_its_lead_out() {
    let plan = asked::plan::<CdRaw>(blank(), &Request::Burn(burn_in(CdSubchannel::Raw96, 1_000)));
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: raw, final, track mode 0, raw 2352 + 96 raw P-W, BUFE",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "calibrate power: SEND OPC INFORMATION calibrate",
            "write 19825 blocks of 2448 bytes from LBA -11625 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
        ]
    );
    assert_eq!(plan.expected, ExpectedMedium::sessions(1, None));
    let job = TestJob::new(blank(), Request::Burn(burn_in(CdSubchannel::Raw96, 1_000)));
    let played = Played::new::<CdRaw>(&job, |_, _| None);
    assert_eq!(
        played.words(),
        [
            "set write parameters",
            "set speed",
            "calibrate power",
            "write from -11625",
            "synchronize cache",
            "synchronize cache",
        ]
    );
}

#[test]
fn the_page_and_the_blocks_go_by_the_form_of_the_sub_channel() {
    for (form, bytes, words) in [
        (CdSubchannel::Raw96, 2448, "raw 2352 + 96 raw P-W"),
        (CdSubchannel::Packed96, 2448, "raw 2352 + 96 packed"),
        (CdSubchannel::Pq16, 2368, "raw 2352 + 16"),
    ] {
        let plan = asked::plan::<CdRaw>(blank(), &Request::Burn(burn_in(form, 300)));
        assert_eq!(plan.extents[0].form.bytes(), bytes);
        assert!(lines(&plan)[0].contains(words), "{}", lines(&plan)[0]);
    }
}

#[test]
fn a_disc_that_shall_stay_open_is_told_not_to() {
    let mut burn = burn_in(CdSubchannel::Pq16, 300);
    burn.finish = Finish::CloseSession;
    let plan = asked::plan::<CdRaw>(blank(), &Request::Burn(burn));
    assert_eq!(plan.warnings, [Warning::BecomesFinal]);
}

#[test]
fn drives_are_asked_for_what_they_offer() {
    let (track, able) = cd::able();
    let with = |mastering: CdMastering, form| {
        let disc = cd::blank_in(Profile::CdR, (track, mastering));
        CdRaw::begin(&disc.build(), &Request::Burn(burn_in(form, 300))).map(|_| ())
    };
    let no_raw = CdMastering { raw: false, ..able };
    let no_text = CdMastering {
        rw_subchannel: false,
        ..able
    };
    for form in FORMS {
        let mode = CdMode::Raw(form);
        assert_eq!(with(no_raw, form), Err(Refusal::NoSuchMode { mode }));
        let expected = match form {
            CdSubchannel::Pq16 => Ok(()),
            _ => Err(Refusal::NoSuchMode { mode }),
        };
        assert_eq!(with(no_text, form), expected);
    }
}

#[test]
fn the_image_begins_where_the_disc_does() {
    let with_lead_in = |lead_in| {
        let atip = Atip {
            lead_in,
            lead_out: Lba(cd::LEAD_OUT.cast_signed()).to_msf().unwrap(),
            ..Atip::default()
        };
        let ask = ReadTocPmaAtip {
            format: TocFormat::Atip,
            allocation_length: 2_048,
            ..ReadTocPmaAtip::default()
        };
        blank().answer(ask, atip.emit())
    };
    assert_eq!(
        refusal(
            with_lead_in(Msf::new(97, 15, 0)),
            burn_in(CdSubchannel::Raw96, 300)
        ),
        Refusal::OtherPlace {
            planned: album::LEAD_IN,
            found: Lba(-12_525)
        }
    );
    // A lead-in of less than a minute is nonsense.
    assert_eq!(
        refusal(
            with_lead_in(Msf::new(99, 0, 1)),
            burn_in(CdSubchannel::Raw96, 300)
        ),
        Refusal::FactMissing {
            what: refusal::MissingFact::LeadIn
        }
    );
}

#[test]
fn only_a_blank_disc_is_written_so_and_only_as_long_as_it_is() {
    let mut behind = burn_in(CdSubchannel::Raw96, 300);
    behind.placement = Placement::NewSession;
    let used = cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom);
    assert_eq!(
        refusal(used, behind),
        Refusal::MediumNotBlank { offer: None }
    );
    // 450 more blocks, of the second track and its pause.
    let most = u64::from(cd::LEAD_OUT) - 450;
    let disc = || cd::blank_at_the_pregap(Profile::CdR);
    let full = burn_in(CdSubchannel::Pq16, most);
    assert!(asked::plan::<CdRaw>(disc(), &Request::Burn(full)).blocks() > most);
    let mut over = burn_in(CdSubchannel::Pq16, most + 75);
    assert!(matches!(
        refusal(disc(), over.clone()),
        Refusal::TooLarge { .. }
    ));
    over.overburn = true;
    let plan = asked::plan::<CdRaw>(disc(), &Request::Burn(over));
    assert_eq!(plan.warnings, [Warning::Overburn { blocks: 75 }]);
}

#[test]
fn plain_data_and_other_jobs_are_for_other_writers() {
    let facts = blank().build();
    for request in asked::every_kind(300, 0, false) {
        assert_eq!(CdRaw::assess(&facts, &request), Fit::NotMine);
    }
}

#[test]
fn nothing_is_repeated_in_another_way_once_the_lead_in_is_refused() {
    let job = TestJob::new(blank(), Request::Burn(burn_in(CdSubchannel::Packed96, 300)));
    let played = Played::new::<CdRaw>(&job, |_, step| match step {
        Step::Write(extent) => Some(Event::WriteRefused {
            extent: *extent,
            lba: album::LEAD_IN,
            sense: Sense::new(5, 0x24, 0),
        }),
        _ => None,
    });
    assert!(matches!(
        played.last(),
        Some(Step::Failed(Failure::Drive(_)))
    ));
}
