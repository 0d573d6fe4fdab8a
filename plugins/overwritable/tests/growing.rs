//! What the writer of overwritable media says of a volume that is to grow, and how it plans it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_overwritable::Overwritable;
use pitland_writer::mmc::Lba;
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{FactsBuilder, TestJob, asked, dvd_minus, media};
use pitland_writer::{
    BurnRequest, ExpectedMedium, Finish, Growth, Placement, Refusal, Request, Run, WritePlan,
};

/// A session of so many blocks from there on; before it 32 blocks from 256 on, and a unit with block 16 in it.
fn growth(first_lba: i32, blocks: u64, unit: u64) -> Growth {
    let descriptors = match unit {
        32 => Run::new(Lba(0), 32),
        _ => Run::new(Lba(16), 16),
    };
    Growth::from(Lba(first_lba))
        .session(blocks)
        .head([Run::new(Lba(256), 32), descriptors])
}

fn grow(growth: Growth) -> Request {
    asked::burn(
        growth.blocks(),
        Placement::Grow(growth),
        Finish::CloseSession,
    )
}

fn plan(medium: FactsBuilder, request: &Request) -> WritePlan {
    asked::plan::<Overwritable>(medium.first_blocks(7), request)
}

fn refusal(medium: FactsBuilder, growth: Growth) -> Refusal {
    asked::refusal::<Overwritable>(medium, &grow(growth))
}

fn jobs() -> Vec<TestJob> {
    let job = |medium: FactsBuilder, growth| TestJob::new(medium.first_blocks(7), grow(growth));
    vec![
        job(media::bd_re_formatted(), growth(1_600, 64, 32)),
        job(media::dvd_ram(), growth(1_600, 64, 16)),
        job(media::dvd_plus_rw_formatted(), growth(1_600, 64, 16)),
        job(media::dvd_plus_rw_suspended(1_600), growth(1_600, 64, 16))
            .becoming(media::dvd_plus_rw_formatting()),
        job(dvd_minus::dvd_rw_formatted(1_600), growth(1_600, 64, 16))
            .becoming(dvd_minus::dvd_rw_intermediate(1_600)),
    ]
}

pitland_writer::laws_of!(Overwritable, jobs);

#[test]
fn the_head_comes_behind_what_writes_out_the_session() {
    let plan = plan(
        dvd_minus::dvd_rw_formatted(1_600),
        &grow(growth(1_600, 64, 16)),
    );
    let lines = lines(&plan);
    let written = lines
        .iter()
        .position(|line| line.starts_with("write"))
        .unwrap();
    assert!(
        lines[..written]
            .iter()
            .any(|line| line.contains("quick grow")),
        "{lines:#?}"
    );
    assert_eq!(
        lines[written..],
        [
            "write 64 blocks of 2048 bytes from LBA 1600 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "write 32 blocks of 2048 bytes from LBA 256 by WRITE (10), the image",
            "write 16 blocks of 2048 bytes from LBA 16 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close session: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert!(!plan.resumable);
    assert_eq!(plan.expected.capacity_at_least, Some(1_664));
}

#[test]
fn a_session_inside_of_what_is_formatted_needs_no_format() {
    for medium in [media::bd_re_formatted(), media::dvd_ram()] {
        let unit = if medium.clone().build().profile().write_unit() == Some(32) {
            32
        } else {
            16
        };
        let plan = plan(medium, &grow(growth(1_600, 64, unit)));
        let formats = |line: &String| line.starts_with("format");
        assert!(!lines(&plan).iter().any(formats), "{plan}");
        assert_eq!(plan.expected, ExpectedMedium::capacity(Some(1_664)));
    }
}

#[test]
fn the_place_is_told_before_the_length_is_known() {
    let mut burn = BurnRequest::new(0);
    burn.placement = Placement::Grow(Growth::from(Lba(1_600)));
    let place =
        asked::place::<Overwritable>(media::dvd_ram().first_blocks(7), &Request::Burn(burn));
    let whole = asked::place::<Overwritable>(
        media::dvd_ram().first_blocks(7),
        &asked::burn(100, Placement::Overwrite, Finish::CloseSession),
    );
    assert_eq!(place, (Lba(1_600), whole.1 - 1_600, 16));
}

#[test]
fn what_holds_nothing_does_not_grow_nor_where_it_would_leave_a_gap() {
    for medium in [
        media::bd_re_unformatted(),
        media::dvd_plus_rw_unformatted(),
        media::dvd_ram().first_blocks(0),
        dvd_minus::dvd_rw_intermediate(0),
    ] {
        assert_eq!(refusal(medium, growth(1_600, 64, 16)), Refusal::NotOffered);
    }
    let open = dvd_minus::dvd_rw_intermediate(1_600);
    assert_eq!(refusal(open, growth(1_600, 64, 16)), Refusal::SessionOpen);
    let formatted = || dvd_minus::dvd_rw_formatted(1_600).first_blocks(7);
    assert_eq!(
        refusal(formatted(), growth(1_616, 64, 16)),
        Refusal::NotOffered
    );
}

#[test]
fn a_growth_is_of_whole_units_with_a_head_before_it_and_no_longer_than_the_medium() {
    let ram = || media::dvd_ram().first_blocks(7);
    for bad in [
        growth(1_608, 64, 16),
        growth(1_600, 40, 16),
        growth(272, 64, 16),
        Growth::from(Lba(1_600)).session(64),
    ] {
        assert_eq!(refusal(ram(), bad), Refusal::NotOffered, "{bad:?}");
    }
    // An image of another length than its runs.
    let other = asked::burn(
        64,
        Placement::Grow(growth(1_600, 64, 16)),
        Finish::CloseSession,
    );
    assert_eq!(
        asked::refusal::<Overwritable>(ram(), &other),
        Refusal::NotOffered
    );
    let too_large = growth(1_600, 4_000_000, 16);
    assert!(matches!(
        refusal(ram(), too_large),
        Refusal::TooLarge {
            needed: 4_000_000,
            ..
        }
    ));
}
