//! A module as a host sees it, without loading anything: both sides of the border in one process.
//!
//! Runs under miri, which cannot load libraries, and so do the unit tests of the crate:
//! `MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks" cargo +nightly miri test -p pitland-abi
//! --lib --test module`. (Leaks: a module's root is never given back. Isolation: proptest looks for a
//! file of its own.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use pitland_abi::entries::{WriterList, root};
use pitland_abi::{ModuleError, writers_of};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::{
    BurnRequest, Event, Extent, Failure, Fit, MediaFacts, MediaWriter, Refusal, Request, Service,
    Step, WritePlan, WriterInfo, WriterModule, module_of,
};

/// Writes what it is told, and panics where it is told to.
struct Sound(u32);

impl MediaWriter for Sound {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "sound",
            "for tests",
            vec![Profile::BdRSrm, Profile::Other(0x77)],
        )
    }

    fn assess(_: &MediaFacts, request: &Request) -> Fit {
        match request {
            Request::Burn(_) => Fit::Serves(Service::new(Lba(-150), 1 << 40, 32)),
            Request::Close(_) => Fit::Refuses(Refusal::NothingToClose),
            _ => Fit::NotMine,
        }
    }

    fn begin(_: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let Request::Burn(burn) = request else {
            return Err(Refusal::NotOffered);
        };
        let mut plan = WritePlan::default();
        plan.extents.push(Extent::image(Lba(-150), burn.blocks, 32));
        Ok((Self(0), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        match event {
            Event::Begin => Step::Write(self.0),
            Event::Answer(bytes) => {
                // The panic of a real mistake: an index out of bounds.
                Step::Prepare(u32::from(bytes[3]))
            }
            _ => Step::Finished,
        }
    }
}

/// Panics wherever it can but in its description.
struct Panicking;

impl MediaWriter for Panicking {
    fn info() -> WriterInfo {
        WriterInfo::new("panicking", "for tests", vec![])
    }
    fn assess(_: &MediaFacts, _: &Request) -> Fit {
        panic!("in assess")
    }
    fn begin(_: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        match request {
            Request::Close(_) => Ok((Self, WritePlan::default())),
            _ => panic!("in begin"),
        }
    }
    fn next(&mut self, _: Event) -> Step {
        std::panic::panic_any(7)
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

struct Undescribed;

impl MediaWriter for Undescribed {
    fn info() -> WriterInfo {
        panic!("who am I?")
    }
    fn assess(_: &MediaFacts, _: &Request) -> Fit {
        Fit::NotMine
    }
    fn begin(_: &MediaFacts, _: &Request) -> Result<(Self, WritePlan), Refusal> {
        Err(Refusal::NotOffered)
    }
    fn next(&mut self, _: Event) -> Step {
        Step::Finished
    }
}

struct Two;
impl WriterList for Two {
    const WRITERS: &'static [fn() -> Box<dyn WriterModule>] =
        &[module_of::<Sound>, module_of::<Panicking>];
}

struct Bad;
impl WriterList for Bad {
    const WRITERS: &'static [fn() -> Box<dyn WriterModule>] = &[module_of::<Undescribed>];
}

struct None;
impl WriterList for None {
    const WRITERS: &'static [fn() -> Box<dyn WriterModule>] = &[];
}

fn facts() -> MediaFacts {
    MediaFacts::from_answers(Vec::new())
}

fn burn() -> Request {
    Request::Burn(BurnRequest::new(64))
}

fn close() -> Request {
    Request::Close(pitland_writer::CloseRequest::new(false))
}

#[test]
fn a_module_tells_who_its_writers_are() {
    let writers = writers_of(root::<Two>()).unwrap();
    let infos: Vec<_> = writers.iter().map(|w| w.info()).collect();
    assert_eq!(infos, [Sound::info(), Panicking::info()]);
}

#[test]
fn a_writer_behind_the_border_answers_like_the_one_linked_in() {
    let far = &writers_of(root::<Two>()).unwrap()[0];
    let near = module_of::<Sound>();
    for request in [
        burn(),
        close(),
        Request::Erase(pitland_writer::EraseRequest::new(true)),
    ] {
        assert_eq!(
            far.assess(&facts(), &request),
            near.assess(&facts(), &request)
        );
        let (far, near) = (
            far.begin(&facts(), &request),
            near.begin(&facts(), &request),
        );
        match (far, near) {
            (Ok((mut far, far_plan)), Ok((mut near, near_plan))) => {
                assert_eq!(far_plan, near_plan);
                for event in [Event::Begin, Event::Answer(vec![1, 2, 3, 4]), Event::Done] {
                    assert_eq!(far.next(event.clone()), near.next(event));
                }
            }
            (Err(far), Err(near)) => assert_eq!(far, near),
            _ => panic!("one begins, the other does not"),
        }
    }
}

#[test]
fn a_panic_is_a_failure_and_the_writer_is_not_called_again() {
    let writer = &writers_of(root::<Two>()).unwrap()[0];
    let (mut job, _) = writer.begin(&facts(), &burn()).unwrap();
    assert_eq!(job.next(Event::Begin), Step::Write(0));
    let Step::Failed(Failure::Panicked { message }) = job.next(Event::Answer(vec![])) else {
        panic!("no failure");
    };
    assert!(message.contains("index out of bounds"), "{message}");
    assert!(message.contains("module.rs:"), "{message}");
    assert_eq!(
        job.next(Event::Begin),
        Step::Failed(Failure::Panicked { message })
    );
}

#[test]
fn panics_in_assess_begin_next_and_drop_stay_behind_the_border() {
    let writer = &writers_of(root::<Two>()).unwrap()[1];
    let Fit::Refuses(Refusal::WriterFault(Failure::Panicked { message })) =
        writer.assess(&facts(), &burn())
    else {
        panic!("no fault");
    };
    assert!(message.starts_with("in assess at "), "{message}");
    let Err(Refusal::WriterFault(Failure::Panicked { message })) = writer.begin(&facts(), &burn())
    else {
        panic!("no fault");
    };
    assert!(message.starts_with("in begin at "), "{message}");
    let (mut job, _) = writer.begin(&facts(), &close()).unwrap();
    assert!(matches!(
        job.next(Event::Begin),
        Step::Failed(Failure::Panicked { .. })
    ));
    drop(job);
}

#[test]
fn a_module_whose_description_panics_is_refused() {
    let Err(ModuleError::Panicked { message }) = writers_of(root::<Bad>()) else {
        panic!("taken");
    };
    assert!(message.starts_with("who am I? at "), "{message}");
}

#[test]
fn a_module_without_writers_is_refused() {
    assert_eq!(writers_of(root::<None>()).err(), Some(ModuleError::Empty));
}

#[test]
fn modules_and_jobs_may_move_to_other_threads() {
    let writers = writers_of(root::<Two>()).unwrap();
    let step = std::thread::spawn(move || {
        let (mut job, _) = writers[0].begin(&facts(), &burn()).unwrap();
        std::thread::spawn(move || job.next(Event::Begin))
            .join()
            .unwrap()
    })
    .join()
    .unwrap();
    assert_eq!(step, Step::Write(0));
}
