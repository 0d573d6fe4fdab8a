//! A sound writer, which the tests build with `panic = "abort"`.

use pitland_writer::{
    Event, Fit, MediaFacts, MediaWriter, Refusal, Request, Step, WritePlan, WriterInfo,
};

struct Sound;

impl MediaWriter for Sound {
    fn info() -> WriterInfo {
        WriterInfo::new("sound", "does nothing", Vec::new())
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

pitland_abi::export_writers!(Sound);
