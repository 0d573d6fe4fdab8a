//! A module whose second writer panics when it is asked who it is.

use pitland_writer::{
    Event, Fit, MediaFacts, MediaWriter, Refusal, Request, Step, WritePlan, WriterInfo,
};

macro_rules! writer {
    ($name:ident, $info:expr) => {
        struct $name;

        impl MediaWriter for $name {
            fn info() -> WriterInfo {
                $info
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
    };
}

#[allow(clippy::panic, reason = "it misbehaves")]
fn nobody() -> WriterInfo {
    panic!("hostile in info")
}

writer!(
    Described,
    WriterInfo::new("described", "does nothing", Vec::new())
);
writer!(Undescribed, nobody());

pitland_abi::export_writers!(Described, Undescribed);
