//! The BD-R writer on good days, cancelled days and arbitrary ones.

use pitland_bd_r::BdR;
use pitland_writer::testing::asked::{burn, rest};
use pitland_writer::testing::{TestJob, media};
use pitland_writer::{CloseRequest, Finish, FormatRequest, Placement, Request};

/// Every kind of job that the writer takes.
fn jobs() -> Vec<TestJob> {
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    vec![
        TestJob::new(
            media::bd_r_blank(),
            burn(100, Placement::BlankOnly, Finish::CloseSession),
        ),
        TestJob::new(
            media::bd_r_formatted(),
            burn(100, Placement::BlankOnly, Finish::FinalizeDisc),
        ),
        TestJob::new(
            media::bd_r_appendable(1),
            burn(100, Placement::NewSession, Finish::FinalizeDisc),
        ),
        TestJob::new(
            media::bd_r_blank(),
            Request::Format(FormatRequest::default()),
        ),
        TestJob::new(media::bd_r_open(), close(false)),
        TestJob::new(media::bd_r_appendable(1), close(true)),
        TestJob::new(media::bd_r_open(), rest(3_300, 3_200, Finish::CloseSession)),
        TestJob::new(media::bd_r_open(), rest(3_200, 3_200, Finish::CloseSession)),
    ]
}

pitland_writer::laws_of!(BdR, jobs);
