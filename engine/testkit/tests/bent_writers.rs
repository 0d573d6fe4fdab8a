//! Writers with one fault each: the kit must name the rule that they break.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_cd_sao::CdSao;
use pitland_dvd_sequential::DvdSequential;
use pitland_overwritable::Overwritable;
use pitland_testkit::{Bench, Image, Rule, Trace, VirtualBench, check};
use pitland_writer::mmc::Profile;
use pitland_writer::{
    Event, Fit, MediaFacts, MediaWriter, Move, Placement, Refusal, Request, Step, WritePlan,
    WriterInfo, moves,
};
use std::sync::atomic::{AtomicU64, Ordering};

const CLOSES_NOTHING: u8 = 0;
const PANICS_WHEN_REFUSED: u8 = 1;
const TAKES_USED_MEDIA: u8 = 2;
const FAKES_TEST_WRITE: u8 = 3;
const TAKES_TOO_MUCH: u8 = 4;
const TAKES_NOTHING: u8 = 5;
const SKIPS_BLOCKS: u8 = 6;
const CHANGES_ITS_MIND: u8 = 7;
const NEVER_CLOSES_LATER: u8 = 8;
const IGNORES_A_CANCEL: u8 = 9;
const FINALIZES_NOTHING: u8 = 10;
const REFUSES_TO_RESUME: u8 = 11;
const RESUMES_ANYTHING: u8 = 12;
const RESUMES_WITHOUT_CLOSING: u8 = 13;

/// The BD-R writer with one fault.
struct Bent<const FAULT: u8> {
    writer: BdR,
    resumes: bool,
}

static BEGUN: AtomicU64 = AtomicU64::new(0);

/// The request as the bent writer passes it on.
fn bent<const FAULT: u8>(facts: &MediaFacts, request: &Request) -> Request {
    let mut request = request.clone();
    if let Request::Resume(resume) = &mut request
        && FAULT == RESUMES_ANYTHING
        && let Some(track) = facts.writable_track()
        && let Some(nwa) = facts.nwa()
    {
        // Wherever the drive is, that is where it was cut off.
        resume.written_blocks = u64::from(nwa.0.abs_diff(track.start.0));
    }
    if let Request::Burn(burn) = &mut request {
        match FAULT {
            TAKES_USED_MEDIA => burn.placement = Placement::NewSession,
            FAKES_TEST_WRITE => burn.test_write = false,
            TAKES_TOO_MUCH => burn.blocks = burn.blocks.min(facts.free_blocks().unwrap_or(0)),
            TAKES_NOTHING => burn.blocks = burn.blocks.max(1),
            FINALIZES_NOTHING => burn.finish = pitland_writer::Finish::CloseSession,
            _ => {}
        }
    }
    request
}

impl<const FAULT: u8> MediaWriter for Bent<FAULT> {
    fn info() -> WriterInfo {
        BdR::info()
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        if FAULT == REFUSES_TO_RESUME && matches!(request, Request::Resume(_)) {
            return Fit::Refuses(Refusal::NothingToResume);
        }
        BdR::assess(facts, &bent::<FAULT>(facts, request))
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        if FAULT == NEVER_CLOSES_LATER && matches!(request, Request::Close(_)) {
            return Err(Refusal::NothingToClose);
        }
        if FAULT == REFUSES_TO_RESUME && matches!(request, Request::Resume(_)) {
            return Err(Refusal::NothingToResume);
        }
        let (writer, mut plan) = BdR::begin(facts, &bent::<FAULT>(facts, request))?;
        match FAULT {
            SKIPS_BLOCKS => {
                for extent in &mut plan.extents {
                    extent.first_lba.0 += 32;
                }
            }
            CHANGES_ITS_MIND if BEGUN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => {
                plan.closing.swap(0, 1);
            }
            RESUMES_WITHOUT_CLOSING if matches!(request, Request::Resume(_)) => {
                plan.expected = pitland_writer::ExpectedMedium::default();
            }
            FINALIZES_NOTHING => plan.expected.appendable = Some(false),
            _ => {}
        }
        let resumes = matches!(request, Request::Resume(_));
        Ok((Self { writer, resumes }, plan))
    }

    fn next(&mut self, event: Event) -> Step {
        let refused = matches!(event, Event::Refused { .. } | Event::WriteRefused { .. });
        assert!(
            !(FAULT == PANICS_WHEN_REFUSED && refused),
            "no answer was foreseen"
        );
        if FAULT == IGNORES_A_CANCEL && matches!(event, Event::Cancelled { .. }) {
            return Step::Finished;
        }
        match self.writer.next(event) {
            Step::Close(_) if FAULT == CLOSES_NOTHING => Step::Finished,
            // The last session is open as it was, and that is called an end.
            Step::Close(2..) if FAULT == RESUMES_WITHOUT_CLOSING && self.resumes => Step::Finished,
            step => step,
        }
    }
}

/// The rule that is broken, and the trace of how.
fn broken<const FAULT: u8>() -> (Rule, String, Trace) {
    let bench = VirtualBench::of(Profile::BdRSrm).unwrap();
    let broken = check::<Bent<FAULT>>(&bench).unwrap_err();
    (broken.rule, broken.what, broken.trace)
}

#[test]
fn a_writer_that_closes_nothing() {
    assert_eq!(broken::<CLOSES_NOTHING>().0, Rule::BurnsAndVerifies);
}

#[test]
fn a_writer_that_panics() {
    let (rule, what, _) = broken::<PANICS_WHEN_REFUSED>();
    assert_eq!(rule, Rule::SurvivesAnySense);
    assert!(
        what.contains("the writer panicked: no answer was foreseen"),
        "{what}"
    );
}

#[test]
fn a_writer_that_takes_used_media_for_blank() {
    assert_eq!(broken::<TAKES_USED_MEDIA>().0, Rule::RefusesUsedMedia);
}

#[test]
fn a_writer_that_plans_a_test_write_as_a_real_one() {
    assert_eq!(broken::<FAKES_TEST_WRITE>().0, Rule::NeverFakesTestWrite);
}

#[test]
fn writers_that_misjudge_sizes() {
    assert_eq!(broken::<TAKES_TOO_MUCH>().0, Rule::JudgesSize);
    assert_eq!(broken::<TAKES_NOTHING>().0, Rule::RefusesNothing);
}

#[test]
fn a_writer_that_leaves_a_gap() {
    // The drive refuses the first WRITE: it is not at the next writable address.
    assert_eq!(broken::<SKIPS_BLOCKS>().0, Rule::BurnsAndVerifies);
}

#[test]
fn a_writer_that_does_something_else_every_time() {
    assert_eq!(broken::<CHANGES_ITS_MIND>().0, Rule::IsDeterministic);
}

#[test]
fn a_writer_that_leaves_sessions_open() {
    assert_eq!(broken::<NEVER_CLOSES_LATER>().0, Rule::ClosesWhatWasCutOff);
    assert_eq!(broken::<IGNORES_A_CANCEL>().0, Rule::CancelsAnywhere);
}

#[test]
fn a_writer_that_calls_an_open_disc_final() {
    assert_eq!(broken::<FINALIZES_NOTHING>().0, Rule::BurnsAndVerifies);
}

#[test]
fn writers_that_misjudge_where_a_burn_was_cut_off() {
    let rule = broken::<REFUSES_TO_RESUME>().0;
    assert_eq!(rule, Rule::ResumesWhatWasCutOff);
    assert_eq!(broken::<RESUMES_ANYTHING>().0, Rule::ResumesNothingElse);
    let (rule, what, _) = broken::<RESUMES_WITHOUT_CLOSING>();
    assert_eq!(rule, Rule::ResumesWhatWasCutOff, "{what}");
}

/// A writer that erases by less than it must, or not as it says.
struct BentErase<const FAULT: u8>(Overwritable);

const ERASES_ONE_UNIT: u8 = 0;
const ERASES_NOTHING: u8 = 1;
const PANICS_WHEN_CANCELLED: u8 = 2;

impl<const FAULT: u8> MediaWriter for BentErase<FAULT> {
    fn info() -> WriterInfo {
        Overwritable::info()
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        Overwritable::assess(facts, request)
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let (writer, mut plan) = Overwritable::begin(facts, request)?;
        if let Request::Erase(_) = request {
            match FAULT {
                // The end of a volume, where nobody looks for one.
                ERASES_ONE_UNIT => plan.extents.iter_mut().for_each(|extent| {
                    extent.first_lba.0 = 1024;
                    extent.blocks = 16;
                }),
                ERASES_NOTHING => plan.extents.clear(),
                _ => {}
            }
            plan.expected = pitland_writer::ExpectedMedium::default();
        }
        Ok((Self(writer), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        let cancelled = matches!(event, Event::Cancelled { .. });
        assert!(
            !(FAULT == PANICS_WHEN_CANCELLED && cancelled),
            "no cancel was foreseen"
        );
        self.0.next(event)
    }
}

#[test]
fn writers_that_empty_nothing() {
    let bench = VirtualBench::of(Profile::DvdRam).unwrap();
    let rule = check::<BentErase<ERASES_ONE_UNIT>>(&bench).unwrap_err();
    assert_eq!(rule.rule, Rule::LeavesItUsable, "{}", rule.what);
    let rule = check::<BentErase<ERASES_NOTHING>>(&bench).unwrap_err();
    assert_eq!(rule.rule, Rule::LeavesItUsable, "{}", rule.what);
    let rule = check::<BentErase<PANICS_WHEN_CANCELLED>>(&bench).unwrap_err();
    assert_eq!(rule.rule, Rule::CancelsAnywhere, "{}", rule.what);
}

/// A writer whose test write closes its session, or is none.
struct BentTest<const FAULT: u8>(DvdSequential);

const TESTS_FOR_REAL: u8 = 0;
const CLOSES_A_TEST: u8 = 1;

impl<const FAULT: u8> MediaWriter for BentTest<FAULT> {
    fn info() -> WriterInfo {
        DvdSequential::info()
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        DvdSequential::assess(facts, request)
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let (writer, mut plan) = DvdSequential::begin(facts, request)?;
        let tests = matches!(request, Request::Burn(burn) if burn.test_write);
        if tests && FAULT == TESTS_FOR_REAL {
            // It says so of its blocks, and leaves out what would make it true.
            plan.prepare
                .retain(|command| command.purpose != Move::SetWriteParameters);
        }
        if tests && FAULT == CLOSES_A_TEST {
            plan.closing.push(moves::close_session());
        }
        Ok((Self(writer), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

#[test]
fn writers_that_record_in_a_test_write() {
    let bench = VirtualBench::of(Profile::DvdMinusRSequential).unwrap();
    for broken in [
        check::<BentTest<TESTS_FOR_REAL>>(&bench).unwrap_err(),
        check::<BentTest<CLOSES_A_TEST>>(&bench).unwrap_err(),
    ] {
        assert_eq!(broken.rule, Rule::NeverFakesTestWrite, "{}", broken.what);
        assert!(
            broken.what.contains("the plan is refused"),
            "{}",
            broken.what
        );
    }
}

#[test]
fn the_trace_of_a_failure_replays_from_its_text() {
    let (.., trace) = broken::<PANICS_WHEN_REFUSED>();
    let read: Trace = trace.to_string().parse().unwrap();
    assert_eq!(read.to_string(), trace.to_string());
    let mut drive = VirtualBench::of(Profile::BdRSrm).unwrap().drive();
    read.replay(drive.as_mut(), &Image::new(97, 1)).unwrap();
}

/// A writer of CDs that leaves the tracks' sound out.
struct Mute(CdSao);

impl MediaWriter for Mute {
    fn info() -> WriterInfo {
        CdSao::info()
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        CdSao::assess(facts, request)
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let (writer, mut plan) = CdSao::begin(facts, request)?;
        if matches!(request, Request::Burn(burn) if burn.cd.is_some()) {
            for extent in &mut plan.extents {
                extent.origin = pitland_writer::Origin::Zeros;
            }
        }
        Ok((Self(writer), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

#[test]
fn one_that_writes_silence_for_sound_is_found() {
    let bench = VirtualBench::of(Profile::CdR).unwrap();
    let broken = check::<Mute>(&bench).unwrap_err();
    assert_eq!(broken.rule, Rule::WritesSound, "{}", broken.what);
}
