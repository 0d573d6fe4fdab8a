//! The DVD+R writer on good days, cancelled days and arbitrary ones.

use pitland_dvd_plus_r::DvdPlusR;
use pitland_writer::mmc::Profile;
use pitland_writer::testing::asked::{burn, rest};
use pitland_writer::testing::{TestJob, media};
use pitland_writer::{CloseRequest, Finish, Placement, Request};

/// Every kind of job that the writer takes.
fn jobs() -> Vec<TestJob> {
    use Finish::{CloseSession, FinalizeDisc};
    let appendable = || media::dvd_plus_r_appendable(Profile::DvdPlusR, 1);
    let open = media::dvd_plus_r_open;
    let two_layers = media::dvd_plus_r_dl_blank;
    let close = |finalize| Request::Close(CloseRequest::new(finalize));
    vec![
        TestJob::new(
            media::dvd_plus_r_blank(),
            burn(100, Placement::BlankOnly, CloseSession),
        ),
        TestJob::new(
            two_layers(),
            burn(3_000_000, Placement::BlankOnly, FinalizeDisc),
        ),
        TestJob::new(appendable(), burn(100, Placement::NewSession, FinalizeDisc)),
        TestJob::new(two_layers(), burn(100, Placement::NewSession, CloseSession)),
        TestJob::new(open(), close(false)),
        TestJob::new(appendable(), close(true)),
        TestJob::new(open(), rest(1_700, 1_600, CloseSession)),
        TestJob::new(open(), rest(1_600, 1_600, FinalizeDisc)),
    ]
}

pitland_writer::laws_of!(DvdPlusR, jobs);
