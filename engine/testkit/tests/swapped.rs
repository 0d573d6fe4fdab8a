//! A disc that is changed between the look at it and the burn.

#![allow(clippy::unwrap_used, reason = "a test says so by panicking")]

use pitland_bd_r::BdR;
use pitland_burn::{Fault as JobFault, MediumState, Outcome};
use pitland_cd_tao::CdTao;
use pitland_overwritable::Overwritable;
use pitland_testkit::{
    Bench, DiscType, Fault, Image, Run, SimulatedDrive, Trace, VirtualBench, burn, identify,
};
use pitland_writer::mmc::Sense;
use pitland_writer::mmc::cdb::{Cdb, PreventAllowMediumRemoval, SetCdSpeed, SetStreaming};
use pitland_writer::{BurnRequest, Finish, MediaWriter, Placement};
use std::time::Duration;

const CHANGED: Sense = Sense::new(0x6, 0x28, 0x00);

/// A drive into which somebody puts another disc before it gets one of these commands.
struct Swapped {
    drive: Box<dyn SimulatedDrive>,
    other: Option<Box<dyn SimulatedDrive>>,
    before: &'static [u8],
    /// What is said of the change; nothing, where another program was told.
    told: Option<Sense>,
    writes: usize,
}

impl SimulatedDrive for Swapped {
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense> {
        if self.before.contains(&cdb[0])
            && let Some(other) = self.other.take()
        {
            self.drive = other;
            if let Some(sense) = self.told {
                return Err(sense);
            }
        }
        self.writes += usize::from([0x2A, 0xAA].contains(&cdb[0]));
        self.drive.execute(cdb, data_out, data_in)
    }

    fn now(&self) -> Duration {
        self.drive.now()
    }

    fn advance(&mut self, by: Duration) {
        self.drive.advance(by);
    }
}

/// A disc, used or not, in a drive that has nothing more to tell of its insertion.
fn disc<W: MediaWriter>(disc: DiscType, image: Option<&Image>) -> Box<dyn SimulatedDrive> {
    let mut drive = VirtualBench::with(disc).drive();
    let mut trace = Trace::default();
    match image {
        None => drop(identify(drive.as_mut(), &mut trace).unwrap()),
        Some(image) => {
            let mut request = BurnRequest::new(image.blocks);
            request.placement = match disc.profile().is_overwritable() {
                true => Placement::Overwrite,
                false => Placement::BlankOnly,
            };
            let none = Fault::None;
            let run = burn::<W>(drive.as_mut(), &mut trace, request, image, none).unwrap();
            assert_eq!(run.ending.outcome, Outcome::Verified);
        }
    }
    drive
}

/// A burn that was planned for one disc and finds the other.
fn run<W: MediaWriter>(
    (first, second): (Box<dyn SimulatedDrive>, Box<dyn SimulatedDrive>),
    before: &'static [u8],
    told: Option<Sense>,
    placement: Placement,
) -> (Run, usize) {
    let mut drive = Swapped {
        drive: first,
        other: Some(second),
        before,
        told,
        writes: 0,
    };
    let mut request = BurnRequest::new(97);
    request.placement = placement;
    request.finish = Finish::CloseSession;
    let mut trace = Trace::default();
    let image = Image::new(97, 5);
    let run = burn::<W>(&mut drive, &mut trace, request, &image, Fault::None).unwrap();
    assert!(drive.other.is_none(), "never swapped");
    (run, drive.writes)
}

const LOCK: &[u8] = &[PreventAllowMediumRemoval::OPCODE];
const SPEED: &[u8] = &[SetStreaming::OPCODE, SetCdSpeed::OPCODE];

fn is_refused((run, writes): (Run, usize)) {
    assert_eq!(run.ending.result, Err(JobFault::AnotherMedium));
    assert_eq!(run.ending.medium, MediumState::Untouched);
    assert_eq!(run.ending.outcome, Outcome::NothingWritten);
    assert_eq!(writes, 0);
}

#[test]
fn another_disc_behind_the_lock_is_not_written_though_nobody_tells_of_it() {
    let image = Image::new(200, 9);
    for (before, told) in [(LOCK, None), (SPEED, Some(CHANGED))] {
        let blank = |disc: DiscType| (disc, Placement::BlankOnly);
        let (bd_r, on_blank) = blank(DiscType::BdR);
        let discs = (disc::<BdR>(bd_r, None), disc::<BdR>(bd_r, Some(&image)));
        is_refused(run::<BdR>(discs, before, told, on_blank));
        let (cd_r, on_blank) = blank(DiscType::CdR);
        let discs = (disc::<CdTao>(cd_r, None), disc::<CdTao>(cd_r, Some(&image)));
        is_refused(run::<CdTao>(discs, before, told, on_blank));
        // Two discs in the same state are told apart by what is on them.
        let ram = DiscType::DvdRam;
        let discs = (
            disc::<Overwritable>(ram, Some(&Image::new(200, 8))),
            disc::<Overwritable>(ram, Some(&image)),
        );
        is_refused(run::<Overwritable>(
            discs,
            before,
            told,
            Placement::Overwrite,
        ));
    }
}

#[test]
fn the_same_disc_is_known_again_and_burned() {
    for (before, told) in [(LOCK, None), (SPEED, Some(CHANGED))] {
        let discs = (
            disc::<BdR>(DiscType::BdR, None),
            disc::<BdR>(DiscType::BdR, None),
        );
        let (burned, _) = run::<BdR>(discs, before, told, Placement::BlankOnly);
        assert_eq!(burned.ending.outcome, Outcome::Verified);
    }
}
