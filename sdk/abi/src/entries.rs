//! The plug-in's side of the border: the three entries over plain writers, each behind the fence.
//!
//! Everything here is compiled into the plug-in.

use crate::fence::{Fenced, fenced};
use crate::module::{Begun, Job, Job_TO, Root, RootFields};
use crate::record::{Message, Record};
use crate::records::{DecodeError, Words, decode, encode};
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RSlice};
use pitland_writer::{
    ActiveWriter, Event, Failure, Fit, MediaFacts, Refusal, Request, Step, WriterModule,
};

/// The writers of a module; implemented by [`export_writers!`](crate::export_writers).
pub trait WriterList: 'static {
    /// Their constructors, in order.
    const WRITERS: &'static [fn() -> Box<dyn WriterModule>];
}

/// The root of a module with these writers. Its memory is never given back: nor is the library.
pub fn root<L: WriterList>() -> Root {
    RootFields {
        writers: writers::<L>,
        assess: assess::<L>,
        begin: begin::<L>,
    }
    .leak_into_prefix()
}

fn panicked(message: String) -> Failure {
    Failure::Panicked { message }
}

fn writer<L: WriterList>(index: u32) -> Option<Box<dyn WriterModule>> {
    let index = usize::try_from(index).ok()?;
    L::WRITERS.get(index).map(|writer| writer())
}

extern "C" fn writers<L: WriterList>() -> Message {
    fenced(|| {
        let mut out = Message::new();
        for writer in L::WRITERS {
            writer().info().put(&mut out);
        }
        out
    })
    .unwrap_or_else(|message| encode(&panicked(message)))
}

extern "C" fn assess<L: WriterList>(index: u32, asked: RSlice<'_, Record>) -> Message {
    fenced(|| encode(&assess_plain::<L>(index, asked.as_slice())))
        .unwrap_or_else(|message| encode(&Fit::Refuses(Refusal::WriterFault(panicked(message)))))
}

fn assess_plain<L: WriterList>(index: u32, asked: &[Record]) -> Fit {
    let (facts, request) = match decode::<(MediaFacts, Request)>(asked) {
        Ok(asked) => asked,
        Err(error) => return Fit::Refuses(error.into_refusal()),
    };
    writer::<L>(index).map_or(Fit::NotMine, |writer| writer.assess(&facts, &request))
}

extern "C" fn begin<L: WriterList>(index: u32, asked: RSlice<'_, Record>) -> Begun {
    let refused = |refusal| Begun {
        answer: encode(&Err::<_, Refusal>(refusal)),
        job: ROption::RNone,
    };
    fenced(|| match begin_plain::<L>(index, asked.as_slice()) {
        Ok((writer, plan)) => {
            let job = Fence(Fenced::new(writer));
            Begun {
                answer: encode(&Ok::<_, Refusal>(plan)),
                job: ROption::RSome(Job_TO::from_value(job, TD_Opaque)),
            }
        }
        Err(refusal) => refused(refusal),
    })
    .unwrap_or_else(|message| refused(Refusal::WriterFault(panicked(message))))
}

type Started = (Box<dyn ActiveWriter>, pitland_writer::WritePlan);

fn begin_plain<L: WriterList>(index: u32, asked: &[Record]) -> Result<Started, Refusal> {
    let (facts, request) =
        decode::<(MediaFacts, Request)>(asked).map_err(DecodeError::into_refusal)?;
    writer::<L>(index)
        .ok_or(Refusal::NotOffered)?
        .begin(&facts, &request)
}

/// A writer at work, behind the fence.
struct Fence(Fenced<Box<dyn ActiveWriter>>);

impl Job for Fence {
    fn next(&mut self, event: RSlice<'_, Record>) -> Message {
        let step = self
            .0
            .call(|writer| match decode::<Event>(event.as_slice()) {
                Ok(event) => encode(&writer.next(event)),
                Err(error) => encode(&Step::Failed(error.into_failure())),
            });
        step.unwrap_or_else(|message| encode(&Step::Failed(panicked(message))))
    }
}
