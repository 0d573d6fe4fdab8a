//! Writers that misbehave, for the tests of the plug-in host.
//!
//! One module of many writers, each named after what it does wrong.

use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::{
    Event, Fit, MediaFacts, MediaWriter, Refusal, Request, Service, Step, WritePlan, WriterInfo,
};

/// Where a writer misbehaves.
#[derive(PartialEq)]
enum Place {
    Assess,
    Begin,
    Next,
    Drop,
}

/// What it does there.
enum Deed {
    Panic,
    /// A panic that carries something which panics when it is dropped.
    Bomb,
    Hang,
}

const WRITERS: [(&str, Deed, &[Place]); 9] = [
    ("panics-in-assess", Deed::Panic, &[Place::Assess]),
    ("panics-in-begin", Deed::Panic, &[Place::Begin]),
    ("panics-in-next", Deed::Panic, &[Place::Next]),
    ("panics-in-drop", Deed::Panic, &[Place::Drop]),
    ("panics-twice", Deed::Bomb, &[Place::Next, Place::Drop]),
    ("hangs-in-assess", Deed::Hang, &[Place::Assess]),
    ("hangs-in-begin", Deed::Hang, &[Place::Begin]),
    ("hangs-in-next", Deed::Hang, &[Place::Next]),
    ("hangs-in-drop", Deed::Hang, &[Place::Drop]),
];

/// The writer of this row.
struct Hostile<const ROW: usize>;

impl<const ROW: usize> Hostile<ROW> {
    #[allow(clippy::panic, reason = "it misbehaves")]
    fn misbehave(place: Place) {
        let (name, deed, places) = &WRITERS[ROW];
        if !places.contains(&place) {
            return;
        }
        match deed {
            Deed::Panic => panic!("hostile: {name}"),
            Deed::Bomb => std::panic::panic_any(Bomb),
            Deed::Hang => loop {
                std::thread::park();
            },
        }
    }
}

struct Bomb;

impl Drop for Bomb {
    #[allow(clippy::panic, reason = "it misbehaves")]
    fn drop(&mut self) {
        panic!("the payload too");
    }
}

impl<const ROW: usize> MediaWriter for Hostile<ROW> {
    fn info() -> WriterInfo {
        WriterInfo::new(WRITERS[ROW].0, "misbehaves", vec![Profile::BdRSrm])
    }

    fn assess(_: &MediaFacts, _: &Request) -> Fit {
        Self::misbehave(Place::Assess);
        Fit::Serves(Service::new(Lba(0), 64, 32))
    }

    fn begin(_: &MediaFacts, _: &Request) -> Result<(Self, WritePlan), Refusal> {
        Self::misbehave(Place::Begin);
        Ok((Self, WritePlan::default()))
    }

    fn next(&mut self, event: Event) -> Step {
        if event == Event::Begin {
            return Step::Identify;
        }
        Self::misbehave(Place::Next);
        Step::Finished
    }
}

impl<const ROW: usize> Drop for Hostile<ROW> {
    fn drop(&mut self) {
        Self::misbehave(Place::Drop);
    }
}

pitland_abi::export_writers!(
    Hostile<0>,
    Hostile<1>,
    Hostile<2>,
    Hostile<3>,
    Hostile<4>,
    Hostile<5>,
    Hostile<6>,
    Hostile<7>,
    Hostile<8>,
);
