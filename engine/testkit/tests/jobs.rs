//! Jobs other than a plain burn, and burns in unusual places, on the virtual drive.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_burn::{MediumState, Outcome};
use pitland_dvd_plus_r::DvdPlusR;
use pitland_dvd_sequential::DvdSequential;
use pitland_overwritable::Overwritable;
use pitland_testkit::{
    Bench, Fault, Image, Run, SimulatedDrive, Trace, VirtualBench, burn, identify, perform,
};
use pitland_writer::mmc::cdb::{Cdb, StartStopUnit};
use pitland_writer::mmc::reply::BackgroundFormat;
use pitland_writer::mmc::{Profile, Sense};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Finish, FormatRequest, MediaFacts, MediaWriter,
    MediumCondition, Move, Placement, Recording, Request, Speed, Warning,
};
use std::num::NonZeroU32;
use std::time::Duration;

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

impl Table {
    fn facts(&mut self) -> MediaFacts {
        identify(self.drive.as_mut(), &mut self.trace).unwrap()
    }

    fn insist(&mut self, cdb: &[u8]) {
        while let Err(sense) = self.drive.execute(cdb, &[], &mut []) {
            let passes = [0x04, 0x28, 0x29].contains(&sense.asc);
            assert!(passes, "{sense}");
            self.drive.advance(Duration::from_secs(1));
        }
    }

    fn burn_with<W: MediaWriter>(
        &mut self,
        blocks: u64,
        fault: Fault,
        change: impl FnOnce(&mut BurnRequest),
    ) -> Run {
        let mut request = BurnRequest::new(blocks);
        change(&mut request);
        let image = Image::new(blocks, blocks);
        burn::<W>(self.drive.as_mut(), &mut self.trace, request, &image, fault).unwrap()
    }

    /// A burn that must end verified.
    fn burn<W: MediaWriter>(&mut self, blocks: u64, placement: Placement, finish: Finish) -> Run {
        let run = self.burn_with::<W>(blocks, Fault::None, |request| {
            request.placement = placement;
            request.finish = finish;
        });
        assert_eq!(
            run.ending.outcome,
            Outcome::Verified,
            "{:?}\n{}",
            run.ending,
            self.trace
        );
        run
    }

    /// A job without an image that must end well.
    fn does<W: MediaWriter>(&mut self, request: &Request) -> Run {
        let none = Image::new(0, 0);
        let drive = self.drive.as_mut();
        let run = perform::<W>(drive, &mut self.trace, request, &none, Fault::None).unwrap();
        assert!(
            run.ending.result.is_ok(),
            "{:?}\n{}",
            run.ending,
            self.trace
        );
        run
    }
}

const REWRITABLE: [Profile; 3] = [Profile::DvdPlusRw, Profile::DvdRam, Profile::BdRe];

#[test]
fn a_medium_that_was_erased_is_blank_again() {
    for profile in REWRITABLE {
        for full in [false, true] {
            let mut table = table(profile);
            table.burn::<Overwritable>(700, Placement::BlankOnly, Finish::CloseSession);
            assert_eq!(
                table.facts().condition().is_blank(),
                Some(false),
                "{profile}"
            );
            table.does::<Overwritable>(&Request::Erase(EraseRequest::new(full)));
            assert_eq!(
                table.facts().condition().is_blank(),
                Some(true),
                "{profile}"
            );
            table.burn::<Overwritable>(97, Placement::BlankOnly, Finish::CloseSession);
        }
    }
}

#[test]
fn an_unformatted_medium_can_be_erased_and_is_formatted_then() {
    for profile in [Profile::DvdPlusRw, Profile::BdRe] {
        let mut table = table(profile);
        assert_eq!(table.facts().condition(), MediumCondition::Unformatted);
        table.does::<Overwritable>(&Request::Erase(EraseRequest::new(false)));
        let looks_empty = Some(true);
        let formatted = MediumCondition::Formatted { looks_empty };
        assert_eq!(table.facts().condition(), formatted, "{profile}");
    }
}

#[test]
fn a_medium_that_was_only_formatted_is_blank() {
    for profile in [
        Profile::DvdPlusRw,
        Profile::DvdRam,
        Profile::BdRe,
        Profile::BdRSrm,
    ] {
        let mut table = table(profile);
        let format = Request::Format(FormatRequest::default());
        match profile {
            Profile::BdRSrm => table.does::<BdR>(&format),
            _ => table.does::<Overwritable>(&format),
        };
        assert_eq!(
            table.facts().condition().is_blank(),
            Some(true),
            "{profile}"
        );
        match profile {
            Profile::BdRSrm => table.burn::<BdR>(97, Placement::BlankOnly, Finish::CloseSession),
            _ => table.burn::<Overwritable>(97, Placement::BlankOnly, Finish::CloseSession),
        };
    }
}

#[test]
fn every_format_that_a_bd_re_lists_can_be_had() {
    for (kind, spare) in [
        (None, None),
        (Some(0x00), None),
        (Some(0x30), None),
        (Some(0x31), None),
        (None, Some(0)),
        (None, Some(1)),
    ] {
        let mut table = table(Profile::BdRe);
        let before = table.facts().free_blocks();
        let format = Request::Format(FormatRequest::new(kind, spare));
        let plan = table.does::<Overwritable>(&format).plan;
        let after = table.facts();
        assert_eq!(
            after.free_blocks(),
            plan.expected.capacity_at_least,
            "{before:?}"
        );
        table.burn::<Overwritable>(97, Placement::BlankOnly, Finish::CloseSession);
    }
}

#[test]
fn a_suspended_format_goes_on_when_the_data_reach_beyond_it() {
    let mut table = table(Profile::DvdPlusRw);
    table.burn::<Overwritable>(97, Placement::BlankOnly, Finish::CloseSession);
    let background = table.facts().background_format();
    assert_eq!(background, BackgroundFormat::Suspended);
    let large = table.burn::<Overwritable>(6_000, Placement::Overwrite, Finish::CloseSession);
    assert!(large.plan.prepare.iter().any(|c| c.purpose == Move::Format));
    // The whole disc, to the last block.
    let all = table.facts().free_blocks().unwrap();
    table.burn::<Overwritable>(all, Placement::Overwrite, Finish::FinalizeDisc);
}

#[test]
fn a_running_format_can_be_stopped_by_hand() {
    let mut table = table(Profile::DvdPlusRw);
    table.does::<Overwritable>(&Request::Format(FormatRequest::default()));
    assert_eq!(table.facts().background_format(), BackgroundFormat::Running);
    table.does::<Overwritable>(&Request::Close(CloseRequest::new(false)));
    assert_ne!(table.facts().background_format(), BackgroundFormat::Running);
}

#[test]
fn three_sessions_and_the_last_one_finalizes() {
    for profile in [Profile::BdRSrm, Profile::DvdPlusR, Profile::DvdPlusRDl] {
        let mut table = table(profile);
        for (blocks, finish) in [
            (97, Finish::CloseSession),
            (500, Finish::CloseSession),
            (33, Finish::FinalizeDisc),
        ] {
            let place = Placement::NewSession;
            match profile {
                Profile::BdRSrm => table.burn::<BdR>(blocks, place, finish),
                _ => table.burn::<DvdPlusR>(blocks, place, finish),
            };
        }
        let facts = table.facts();
        assert_eq!(facts.closed_sessions(), Some(3), "{profile}");
        assert_eq!(facts.condition(), MediumCondition::Complete, "{profile}");
    }
}

#[test]
fn an_appendable_disc_can_be_finalized_later() {
    let finalize = Request::Close(CloseRequest::new(true));
    let mut bd_r = table(Profile::BdRSrm);
    bd_r.burn::<BdR>(97, Placement::BlankOnly, Finish::CloseSession);
    bd_r.does::<BdR>(&finalize);
    assert_eq!(bd_r.facts().condition(), MediumCondition::Complete);
    for profile in [Profile::DvdPlusR, Profile::DvdPlusRDl] {
        let mut table = table(profile);
        table.burn::<DvdPlusR>(97, Placement::BlankOnly, Finish::CloseSession);
        table.does::<DvdPlusR>(&finalize);
        assert_eq!(
            table.facts().condition(),
            MediumCondition::Complete,
            "{profile}"
        );
    }
}

#[test]
fn two_layers_share_what_is_finalized() {
    let mut table = table(Profile::DvdPlusRDl);
    let all = table.facts().free_blocks().unwrap();
    let blocks = all / 2 + 500;
    let run = table.burn::<DvdPlusR>(blocks, Placement::BlankOnly, Finish::FinalizeDisc);
    assert!(
        run.plan
            .prepare
            .iter()
            .any(|c| c.purpose == Move::SetLayerBreak)
    );
    assert_eq!(run.plan.warnings, []);
}

#[test]
fn data_that_would_fit_one_layer_are_burned_with_a_warning() {
    let mut table = table(Profile::DvdPlusRDl);
    let run = table.burn::<DvdPlusR>(97, Placement::BlankOnly, Finish::CloseSession);
    let [warning] = run.plan.warnings.as_slice() else {
        panic!("{:?}", run.plan.warnings);
    };
    assert!(matches!(
        warning,
        Warning::WouldFitOneLayer { needed: 112, .. }
    ));
}

#[test]
fn a_disc_can_be_filled_to_its_last_block() {
    for profile in [Profile::BdRSrm, Profile::DvdPlusR, Profile::DvdPlusRDl] {
        let mut table = table(profile);
        let all = table.facts().free_blocks().unwrap();
        match profile {
            Profile::BdRSrm => table.burn::<BdR>(all, Placement::BlankOnly, Finish::CloseSession),
            _ => table.burn::<DvdPlusR>(all, Placement::BlankOnly, Finish::CloseSession),
        };
    }
}

#[test]
fn a_slower_speed_takes_longer() {
    let mut took = Vec::new();
    for tenths in [20, 120] {
        let mut table = table(Profile::BdRSrm);
        let run = table.burn_with::<BdR>(4_000, Fault::None, |request| {
            request.speed = Speed::TenthsOfNominal(NonZeroU32::new(tenths).unwrap());
        });
        assert_eq!(run.ending.outcome, Outcome::Verified);
        took.push(table.drive.now());
    }
    assert!(took[0] > took[1], "{took:?}");
}

#[test]
fn a_write_error_leaves_a_session_that_can_be_closed_and_appended_to() {
    let mut table = table(Profile::BdRSrm);
    // The sixth acting command is a WRITE in the middle of the image.
    let fault = Fault::SenseAt {
        command: 5,
        sense: Sense::new(0x3, 0x0C, 0x00),
    };
    let run = table.burn_with::<BdR>(500, fault, |_| {});
    assert!(run.ending.result.is_err() && run.ending.blocks_written > 0);
    assert_eq!(table.facts().condition(), MediumCondition::OpenSession);
    table.does::<BdR>(&Request::Close(CloseRequest::new(false)));
    assert_eq!(table.facts().condition(), MediumCondition::Appendable);
    table.burn::<BdR>(97, Placement::NewSession, Finish::FinalizeDisc);
}

#[test]
fn a_recording_at_once_that_is_cancelled_before_its_first_block_leaves_the_disc_as_it_was() {
    let at_once = |request: &mut BurnRequest| request.recording = Recording::AtOnce;
    let profile = Profile::DvdMinusRSequential;
    let whole = table(profile).burn_with::<DvdSequential>(97, Fault::None, at_once);
    let mut announced = 0;
    for action in 0..whole.actions {
        let mut table = table(profile);
        let fault = Fault::CancelAt(action);
        let run = table.burn_with::<DvdSequential>(97, fault, at_once);
        if table.facts().condition() != MediumCondition::Announced {
            continue;
        }
        announced += 1;
        assert_eq!(run.ending.blocks_written, 0);
        assert_eq!(run.ending.medium, MediumState::Untouched);
        assert_eq!(run.ending.outcome, Outcome::NothingWritten);
        // As the words for it say: it is gone once the disc has left the drive.
        for cdb in [StartStopUnit::EJECT, StartStopUnit::LOAD] {
            table.insist(cdb.emit().as_slice());
        }
        assert_eq!(table.facts().condition(), MediumCondition::Blank);
    }
    assert!(announced > 0);
}
