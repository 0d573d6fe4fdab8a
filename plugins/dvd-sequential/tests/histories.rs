//! The writer of DVD-R and DVD-RW on good days, cancelled days and arbitrary ones.

use pitland_dvd_sequential::DvdSequential;
use pitland_writer::mmc::Profile;
use pitland_writer::testing::TestJob;
use pitland_writer::testing::asked::{burn, rest};
use pitland_writer::testing::dvd_minus::{
    dvd_minus_appendable, dvd_minus_complete, dvd_minus_open, dvd_r_blank, dvd_rw_blank,
};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Finish, Placement, Recording, Request,
};

const R: Profile = Profile::DvdMinusRSequential;
const RW: Profile = Profile::DvdMinusRwSequential;

/// Every kind of job that the writer takes.
fn jobs() -> Vec<TestJob> {
    use Finish::{CloseSession, FinalizeDisc};
    let mut at_once = BurnRequest::new(100);
    at_once.recording = Recording::AtOnce;
    let mut test = BurnRequest::new(100);
    test.test_write = true;
    vec![
        TestJob::new(dvd_r_blank(), burn(100, Placement::BlankOnly, CloseSession)),
        TestJob::new(
            dvd_minus_appendable(R, 1),
            burn(100, Placement::NewSession, CloseSession),
        ),
        TestJob::new(
            dvd_minus_appendable(RW, 2),
            burn(100, Placement::NewSession, FinalizeDisc),
        ),
        TestJob::new(dvd_minus_open(RW), Request::Close(CloseRequest::new(true))),
        TestJob::new(
            dvd_minus_complete(RW),
            Request::Erase(EraseRequest::new(false)),
        ),
        TestJob::new(dvd_minus_open(R), rest(1_650, 1_600, CloseSession)),
        TestJob::new(dvd_minus_open(R), rest(1_600, 1_600, CloseSession)),
        TestJob::new(dvd_rw_blank(), Request::Burn(at_once)),
        TestJob::new(dvd_rw_blank(), Request::Burn(test)),
    ]
}

pitland_writer::laws_of!(DvdSequential, jobs);
