//! The host's side of the border: a module's writers as plain [`WriterModule`]s.
//!
//! Owns the translation. Must not know where a module came from, or that a call may take too long.

use crate::module::{JobBox, Root};
use crate::records::{Cursor, DecodeError, Words, decode, encode};
use abi_stable::std_types::{ROption, RSlice};
use pitland_writer::{
    ActiveWriter, Event, Failure, Fit, MediaFacts, Refusal, Request, Step, WritePlan, WriterInfo,
    WriterModule,
};

/// Why a module's writers cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// The description of a writer panicked.
    #[error("its description panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The description is not understood.
    #[error("its description is not understood: {0}")]
    Description(#[source] DecodeError),
    /// It describes no writer at all.
    #[error("it holds no writer")]
    Empty,
}

/// The writers of a module, in its order.
///
/// # Errors
/// They cannot be asked who they are.
pub fn writers_of(root: Root) -> Result<Vec<Box<dyn WriterModule>>, ModuleError> {
    let message = (root.writers())();
    if let Ok(Failure::Panicked { message }) = decode::<Failure>(&message) {
        return Err(ModuleError::Panicked { message });
    }
    let infos = infos(&message).map_err(ModuleError::Description)?;
    if infos.is_empty() {
        return Err(ModuleError::Empty);
    }
    Ok((0..)
        .zip(infos)
        .map(|(index, info)| Box::new(FarModule { root, index, info }) as Box<dyn WriterModule>)
        .collect())
}

fn infos(message: &[crate::Record]) -> Result<Vec<WriterInfo>, DecodeError> {
    let mut cursor = Cursor::new(message)?;
    let mut infos = Vec::new();
    while cursor.end().is_err() {
        infos.push(WriterInfo::take(&mut cursor)?);
    }
    Ok(infos)
}

/// One writer of a module.
struct FarModule {
    root: Root,
    index: u32,
    info: WriterInfo,
}

/// Says facts and request without copying them into a pair first.
fn asked(facts: &MediaFacts, request: &Request) -> crate::Message {
    let mut out = encode(facts);
    request.put(&mut out);
    out
}

impl WriterModule for FarModule {
    fn info(&self) -> WriterInfo {
        self.info.clone()
    }

    fn assess(&self, facts: &MediaFacts, request: &Request) -> Fit {
        let answer = (self.root.assess())(self.index, RSlice::from_slice(&asked(facts, request)));
        decode(&answer).unwrap_or_else(|error| Fit::Refuses(error.into_refusal()))
    }

    fn begin(
        &self,
        facts: &MediaFacts,
        request: &Request,
    ) -> Result<(Box<dyn ActiveWriter>, WritePlan), Refusal> {
        let begun = (self.root.begin())(self.index, RSlice::from_slice(&asked(facts, request)));
        let plan = decode::<Result<WritePlan, Refusal>>(&begun.answer)
            .map_err(DecodeError::into_refusal)??;
        match begun.job {
            ROption::RSome(job) => Ok((Box::new(FarWriter(job)), plan)),
            ROption::RNone => Err(DecodeError::Ended.into_refusal()),
        }
    }
}

/// A writer of a module at work.
struct FarWriter(JobBox);

impl ActiveWriter for FarWriter {
    fn next(&mut self, event: Event) -> Step {
        let step = self.0.next(RSlice::from_slice(&encode(&event)));
        decode(&step).unwrap_or_else(|error| Step::Failed(error.into_failure()))
    }
}
