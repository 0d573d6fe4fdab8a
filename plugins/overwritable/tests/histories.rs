//! The writer of overwritable media on good days, cancelled days and arbitrary ones.

use pitland_overwritable::Overwritable;
use pitland_writer::testing::asked::{burn, rest};
use pitland_writer::testing::{Played, TestJob, dvd_minus, media};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Failure, Finish, FormatRequest, Move, Placement,
    Request, Step,
};

/// Every kind of job.
fn jobs() -> Vec<TestJob> {
    use Finish::{CloseSession, FinalizeDisc};
    let burn = |finish| burn(2_000, Placement::Overwrite, finish);
    let rest = |written| rest(2_000, written, CloseSession);
    let erase = |full| Request::Erase(EraseRequest::new(full));
    let format = || Request::Format(FormatRequest::default());
    let plus_rw = media::dvd_plus_rw_unformatted;
    let formatting = media::dvd_plus_rw_formatting;
    let intermediate = dvd_minus::dvd_rw_intermediate;
    vec![
        TestJob::new(plus_rw(), burn(FinalizeDisc)).becoming(formatting()),
        TestJob::new(media::dvd_plus_rw_suspended(1_600), burn(CloseSession))
            .becoming(formatting()),
        TestJob::new(media::bd_re_unformatted(), burn(CloseSession))
            .becoming(media::bd_re_formatted()),
        TestJob::new(plus_rw(), erase(false)).becoming(formatting()),
        TestJob::new(media::bd_re_formatted(), erase(true)),
        TestJob::new(media::dvd_ram(), burn(FinalizeDisc)),
        TestJob::new(formatting(), burn(CloseSession)),
        TestJob::new(formatting(), Request::Close(CloseRequest::new(true))),
        TestJob::new(media::bd_re_unformatted(), format()),
        TestJob::new(media::dvd_ram().first_blocks(7), rest(1_008)),
        TestJob::new(formatting().first_blocks(7), rest(2_000)),
        TestJob::new(dvd_minus::dvd_rw_formatted(1_600), burn(CloseSession))
            .becoming(intermediate(1_600)),
        TestJob::new(intermediate(0), burn(CloseSession)),
        TestJob::new(dvd_minus::dvd_rw_blank(), format()).becoming(intermediate(0)),
        TestJob::new(intermediate(1_008), rest(1_008)),
    ]
}

pitland_writer::laws_of!(Overwritable, jobs);

#[test]
fn a_medium_is_looked_at_again_after_a_format_and_before_blocks() {
    for job in jobs() {
        let played = Played::new::<Overwritable>(&job, |_, _| None);
        let formats = played.sent().contains(&Move::Format);
        let looks = played.steps.iter().any(|(step, _)| *step == Step::Identify);
        let writes = !played.plan.extents.is_empty();
        assert_eq!(looks, formats && writes, "{:?}", job.request);
    }
}

#[test]
fn a_format_that_left_the_medium_as_it_was_ends_the_job() {
    for medium in [media::dvd_plus_rw_unformatted(), media::bd_re_unformatted()] {
        let job = TestJob::new(medium, Request::Burn(BurnRequest::new(64)));
        let played = Played::new::<Overwritable>(&job, |_, _| None);
        let failed = Step::Failed(Failure::MediumState);
        assert_eq!(played.last(), Some(&failed));
        let writes = |(step, _): &(Step, _)| matches!(step, Step::Write(_));
        assert!(!played.steps.iter().any(writes));
    }
}
