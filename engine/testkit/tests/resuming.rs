//! Burns that are cut off, and what comes of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_burn::{MediumState, Outcome};
use pitland_dvd_plus_r::DvdPlusR;
use pitland_overwritable::Overwritable;
use pitland_testkit::{
    Bench, Fault, Image, NotRun, Run, SimulatedDrive, Trace, VirtualBench, burn, identify, perform,
};
use pitland_writer::mmc::{Lba, Profile, Sense};
use pitland_writer::{
    BurnRequest, CloseRequest, Finish, FormatRequest, MediaWriter, Placement, Refusal, Request,
    ResumeRequest,
};

/// No multiple of any unit, and some WRITEs long.
const IMAGE: Image = Image::new(1_001, 5);
const REWRITABLE: [Profile; 3] = [Profile::DvdPlusRw, Profile::DvdRam, Profile::BdRe];
const WRITE_ERROR: Sense = Sense::new(0x3, 0x0C, 0x00);

struct Table {
    drive: Box<dyn SimulatedDrive>,
    trace: Trace,
}

fn table(profile: Profile) -> Table {
    let drive = VirtualBench::of(profile).unwrap().drive();
    Table {
        drive,
        trace: Trace::default(),
    }
}

fn request(placement: Placement, finish: Finish) -> BurnRequest {
    let mut burn = BurnRequest::new(IMAGE.blocks);
    burn.placement = placement;
    burn.finish = finish;
    burn
}

fn blank() -> BurnRequest {
    request(Placement::BlankOnly, Finish::CloseSession)
}

impl Table {
    fn burn<W: MediaWriter>(
        &mut self,
        burn_request: BurnRequest,
        fault: Fault,
    ) -> Result<Run, NotRun> {
        let drive = self.drive.as_mut();
        burn::<W>(drive, &mut self.trace, burn_request, &IMAGE, fault)
    }

    /// Cuts a burn off at the first place with so many blocks taken; answers the blocks.
    fn cut<W: MediaWriter>(profile: Profile, burn: &BurnRequest, least: u64) -> (Self, u64) {
        for action in 0..10_000 {
            let mut table = table(profile);
            match table.burn::<W>(burn.clone(), Fault::CutAt(action)) {
                Err(NotRun::CutOff { written_blocks }) if written_blocks >= least => {
                    return (table, written_blocks);
                }
                Err(NotRun::CutOff { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("never cut off there")
    }

    fn resume<W: MediaWriter>(&mut self, burn: &BurnRequest, written: u64) -> Result<Run, NotRun> {
        let request = Request::Resume(ResumeRequest::new(burn.clone(), written));
        let drive = self.drive.as_mut();
        perform::<W>(drive, &mut self.trace, &request, &IMAGE, Fault::None)
    }

    /// Resumes with the rest in order and nothing else, and reads the whole back.
    fn resumes<W: MediaWriter>(&mut self, burn: &BurnRequest, first: Lba, written: u64) -> Run {
        let run = self.resume::<W>(burn, written).unwrap();
        let ending = &run.ending;
        assert_eq!(
            ending.outcome,
            Outcome::Verified,
            "{:?}\n{}",
            ending.result,
            self.trace
        );
        let mut next = i64::from(first.0) + written as i64;
        for (lba, blocks) in &run.writes {
            assert_eq!(i64::from(lba.0), next);
            next += i64::from(*blocks);
        }
        let verification = ending
            .result
            .as_ref()
            .unwrap()
            .verification
            .as_ref()
            .unwrap();
        assert!(verification.is_complete());
        let all = (next - i64::from(first.0)) as u64;
        assert_eq!(verification.blocks_written, all);
        assert_eq!(ending.blocks_written, all - written);
        assert!(all >= IMAGE.blocks);
        run
    }
}

#[test]
fn a_burn_that_was_cut_off_in_the_middle_gets_its_rest() {
    let (mut disc, written) = Table::cut::<BdR>(Profile::BdRSrm, &blank(), 500);
    disc.resumes::<BdR>(&blank(), Lba(0), written);
    for profile in [Profile::DvdPlusR, Profile::DvdPlusRDl] {
        let (mut disc, written) = Table::cut::<DvdPlusR>(profile, &blank(), 500);
        disc.resumes::<DvdPlusR>(&blank(), Lba(0), written);
    }
    for profile in REWRITABLE {
        let (mut disc, written) = Table::cut::<Overwritable>(profile, &blank(), 500);
        disc.resumes::<Overwritable>(&blank(), Lba(0), written);
    }
}

#[test]
fn a_place_that_is_no_multiple_of_the_checks_unit_is_resumed_from() {
    let (mut disc, written) = Table::cut::<Overwritable>(Profile::DvdRam, &blank(), 500);
    assert!(written.is_multiple_of(32));
    disc.resumes::<Overwritable>(&blank(), Lba(0), written - 16);
}

#[test]
fn a_second_session_that_was_cut_off_is_resumed_where_it_lies() {
    let further = request(Placement::NewSession, Finish::FinalizeDisc);
    let cut = |table: &mut Table| table.burn::<BdR>(blank(), Fault::None).unwrap();
    for action in 0..10_000 {
        let mut disc = table(Profile::BdRSrm);
        cut(&mut disc);
        let first = identify(disc.drive.as_mut(), &mut disc.trace)
            .unwrap()
            .nwa()
            .unwrap();
        assert!(first.0 > 1_000);
        match disc.burn::<BdR>(further.clone(), Fault::CutAt(action)) {
            Err(NotRun::CutOff {
                written_blocks: written @ 300..,
            }) => {
                let run = disc.resumes::<BdR>(&further, first, written);
                assert_eq!(run.ending.medium, MediumState::Closed);
                return;
            }
            Err(NotRun::CutOff { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_burn_that_lacks_only_its_closing_gets_that_and_no_block() {
    let (mut disc, written) = Table::cut::<BdR>(Profile::BdRSrm, &blank(), 1_024);
    let run = disc.resumes::<BdR>(&blank(), Lba(0), written);
    assert_eq!((run.writes.len(), run.plan.extents.len()), (0, 0));
    assert_eq!(run.ending.medium, MediumState::Appendable);
    let again = disc.resume::<BdR>(&blank(), written).unwrap_err();
    assert_eq!(again, NotRun::Refused(Refusal::NothingToClose));
}

#[test]
fn a_write_error_leaves_a_burn_that_is_resumable_and_is_resumed() {
    let fault = Fault::SenseAt {
        command: 10,
        sense: WRITE_ERROR,
    };
    let mut disc = table(Profile::BdRSrm);
    let cut = disc.burn::<BdR>(blank(), fault).unwrap().ending;
    assert_eq!(cut.outcome, Outcome::Resumable);
    disc.resumes::<BdR>(&blank(), Lba(0), cut.blocks_written);
    for profile in REWRITABLE {
        let mut disc = table(profile);
        let cut = disc.burn::<Overwritable>(blank(), fault).unwrap().ending;
        assert_eq!(cut.outcome, Outcome::Resumable, "{profile}");
        disc.resumes::<Overwritable>(&blank(), Lba(0), cut.blocks_written);
    }
}

/// The ending of a burn that was cancelled when about half of it was written.
fn cancelled<W: MediaWriter>(profile: Profile) -> Run {
    let mut disc = table(profile);
    let usual = disc.burn::<W>(blank(), Fault::None).unwrap();
    (0..usual.actions)
        .map(|action| {
            table(profile)
                .burn::<W>(blank(), Fault::CancelAt(action))
                .unwrap()
        })
        .find(|run| run.ending.blocks_written >= 500)
        .unwrap()
}

#[test]
fn what_a_cancel_leaves_depends_on_the_medium() {
    // A session is closed, and what is in it can be read; the rest has no place in it any more.
    let open = Outcome::ReadableOpen;
    assert_eq!(cancelled::<BdR>(Profile::BdRSrm).ending.outcome, open);
    assert_eq!(
        cancelled::<DvdPlusR>(Profile::DvdPlusR).ending.outcome,
        open
    );
    // Any block can be written again.
    for profile in REWRITABLE {
        let ending = cancelled::<Overwritable>(profile).ending;
        assert_eq!(ending.outcome, Outcome::Resumable, "{profile}");
    }
}

#[test]
fn a_disc_that_was_closed_by_hand_is_not_resumed() {
    let (mut disc, written) = Table::cut::<BdR>(Profile::BdRSrm, &blank(), 500);
    let close = Request::Close(CloseRequest::new(false));
    let none = Image::new(0, 0);
    let drive = disc.drive.as_mut();
    perform::<BdR>(drive, &mut disc.trace, &close, &none, Fault::None).unwrap();
    let refused = disc.resume::<BdR>(&blank(), written).unwrap_err();
    assert_eq!(refused, NotRun::Refused(Refusal::NothingToResume));
}

#[test]
fn a_resumed_burn_that_is_cut_off_again_is_resumed_again() {
    let (mut disc, first) = Table::cut::<BdR>(Profile::BdRSrm, &blank(), 300);
    let again = Request::Resume(ResumeRequest::new(blank(), first));
    let drive = disc.drive.as_mut();
    let fault = Fault::SenseAt {
        command: 8,
        sense: WRITE_ERROR,
    };
    let cut = perform::<BdR>(drive, &mut disc.trace, &again, &IMAGE, fault).unwrap();
    assert_eq!(cut.ending.outcome, Outcome::Resumable);
    assert!(cut.ending.blocks_written > 0);
    let written = first + cut.ending.blocks_written;
    disc.resumes::<BdR>(&blank(), Lba(0), written);
}

/// A DVD-RW that was only quick-formatted: what lies behind the formatted part comes by growing.
#[test]
fn a_burn_that_grows_its_disc_is_resumed() {
    const LONG: Image = Image::new(2_001, 9);
    let mut request = BurnRequest::new(LONG.blocks);
    request.placement = Placement::Overwrite;
    let mut resumed = 0;
    for command in (20..60).step_by(5) {
        let mut drive = VirtualBench::of(Profile::DvdMinusRwRestrictedOverwrite)
            .unwrap()
            .drive();
        let (drive, mut trace) = (drive.as_mut(), Trace::default());
        let quick = Request::Format(FormatRequest::new(Some(0x15), None));
        let nothing = Image::new(0, 0);
        perform::<Overwritable>(drive, &mut trace, &quick, &nothing, Fault::None)
            .unwrap()
            .ending
            .result
            .unwrap();
        let fault = Fault::SenseAt {
            command,
            sense: WRITE_ERROR,
        };
        let run = burn::<Overwritable>(drive, &mut trace, request.clone(), &LONG, fault).unwrap();
        if run.ending.result.is_ok() || run.ending.outcome != Outcome::Resumable {
            continue;
        }
        let rest = ResumeRequest::new(request.clone(), run.ending.blocks_written);
        let rest = Request::Resume(rest);
        let run = perform::<Overwritable>(drive, &mut trace, &rest, &LONG, Fault::None);
        let run = run.unwrap_or_else(|e| panic!("{fault:?}: called resumable, and {e}"));
        assert_eq!(run.ending.outcome, Outcome::Verified, "{fault:?}: {run:?}");
        resumed += 1;
    }
    assert!(resumed > 3, "cut off and resumed only {resumed} times");
}
