//! A writer of a medium that the project does not know, with a drive of its author's own: the kit and
//! the SDK serve it all the same.

#![allow(clippy::unwrap_used, reason = "a test says so by panicking")]

use pitland_testkit::{
    Bench, MediumDrive, SimulatedDrive, SimulatedMedium, Told, VirtualBench, conformance_on,
};
use pitland_writer::mmc::cdb::{Cdb, CloseFunction, Command, Read12};
use pitland_writer::mmc::{Lba, Profile, Sense};
use pitland_writer::sequential::{Spot, Unclosed, padded};
use pitland_writer::speed::set_speed;
use pitland_writer::{
    Event, Fit, MediaFacts, MediaWriter, Recipe, Refusal, Request, Service, Step, WritePlan,
    WriterInfo,
};
use std::time::Duration;

/// A profile number without a name.
const OWN: Profile = Profile::Other(0x0F51);

/// The author's drive: one of the project's, under the author's profile.
struct OwnDrive(Box<dyn SimulatedDrive>);

impl SimulatedDrive for OwnDrive {
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense> {
        let came = self.0.execute(cdb, data_out, data_in)?;
        if let Ok(Command::GetConfiguration(_)) = Command::parse(cdb)
            && let Some(profile) = data_in.get_mut(6..8)
        {
            profile.copy_from_slice(&OWN.code().to_be_bytes());
        }
        Ok(came)
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn advance(&mut self, by: Duration) {
        self.0.advance(by);
    }
}

struct OwnBench;

impl Bench for OwnBench {
    fn profile(&self) -> Profile {
        OWN
    }

    fn drive(&self) -> Box<dyn SimulatedDrive> {
        let inner = VirtualBench::of(Profile::BdRSrm).unwrap();
        Box::new(OwnDrive(inner.drive()))
    }
}

/// The author's writer: a table.
struct OwnWriter(Recipe);

fn spot(facts: &MediaFacts, request: &Request) -> Result<Spot, Refusal> {
    let Request::Burn(burn) = request else {
        return Err(Refusal::NotOffered);
    };
    if burn.test_write {
        return Err(Refusal::NoTestWrite { profile: OWN });
    }
    let mut spot = Spot::find(facts, burn.placement)?;
    spot.unit = 32;
    if burn.blocks > 0 {
        padded(burn.blocks, spot.unit, spot.free_blocks)?;
    }
    Ok(spot)
}

impl MediaWriter for OwnWriter {
    fn info() -> WriterInfo {
        WriterInfo::new("own", "a medium of my own", vec![OWN])
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        match request {
            _ if facts.profile() != OWN => Fit::NotMine,
            Request::Close(_) => Fit::Serves(Service::new(Lba(0), 0, 32)),
            _ => spot(facts, request).map(|spot| spot.service()).into(),
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let recipe = match request {
            Request::Close(close) => {
                let unclosed = Unclosed::find(facts, close.finalize)?;
                let finalize = close.finalize.then_some(CloseFunction::Finalize);
                Recipe::new()
                    .close(unclosed.closing(finalize))
                    .expect(unclosed.expected(close.finalize))
            }
            Request::Burn(burn) => {
                let spot = spot(facts, request)?;
                let extent = spot.extent(burn)?;
                Recipe::new()
                    .prepare(set_speed(facts, burn.speed).commands)
                    .expect(spot.expected(&extent, burn.finish, 0))
                    .extent(extent)
                    .close(spot.closing(burn.finish, CloseFunction::Finalize))
            }
            _ => return Err(Refusal::NotOffered),
        };
        let (recipe, plan) = recipe.build();
        Ok((Self(recipe), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

#[test]
fn a_writer_of_an_unknown_medium_conforms_on_its_own_drive() {
    conformance_on::<OwnWriter>(&OwnBench);
}

/// A medium that takes and gives nothing.
struct Empty;

impl SimulatedMedium for Empty {
    fn profile(&self) -> Profile {
        OWN
    }

    fn told(&self) -> Told {
        Told {
            readable_blocks: u32::MAX,
            ..Told::default()
        }
    }

    fn read(&self, _: Lba, _: &mut [u8]) -> Result<(), Sense> {
        Ok(())
    }

    fn write(&mut self, _: Lba, _: &[u8]) -> Result<(), Sense> {
        Err(Sense::default())
    }
}

#[test]
fn a_read_of_more_than_is_transferred_is_refused_and_costs_no_memory() {
    let mut drive = MediumDrive::new(Empty);
    for blocks in [2, u32::MAX] {
        let read = Read12 {
            lba: Lba(0),
            blocks,
            ..Read12::default()
        };
        let cdb = read.emit();
        let refused = drive.execute(cdb.as_slice(), &[], &mut [0; 2048]);
        assert_eq!(refused, Err(Sense::new(0x5, 0x21, 0x00)), "{blocks}");
    }
}
