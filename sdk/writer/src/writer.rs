//! The one trait that a media-format writer implements, and its erased form.

use crate::{Event, MediaFacts, Recipe, Refusal, Request, Step, WritePlan};
use pitland_mmc::{Lba, Profile};
use std::marker::PhantomData;

/// Who a writer is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriterInfo {
    /// Short name, unique among the writers of an engine: `bd-r`.
    pub name: String,
    /// One line for a person: `BD-R, sequential recording`.
    pub summary: String,
    /// The profiles this writer serves.
    pub profiles: Vec<Profile>,
}

impl WriterInfo {
    /// A description from its parts.
    pub fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        profiles: Vec<Profile>,
    ) -> Self {
        Self {
            name: name.into(),
            summary: summary.into(),
            profiles,
        }
    }
}

/// What a writer offers for a medium and a request, before any size is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// How well the writer fits, 1 (it would do) to 100 (made for it).
    pub fitness: u8,
    /// Where the first block of the image will lie; mastering is planned for this address.
    pub first_lba: Lba,
    /// Blocks of 2048 bytes that can be written from [`Service::first_lba`] on.
    pub free_blocks: u64,
    /// Blocks of one write unit: what is written is padded to a multiple of this.
    pub write_unit: u32,
    /// Whether the medium can be written in test mode.
    pub test_write: bool,
}

impl Service {
    /// A service of full fitness.
    pub fn new(first_lba: Lba, free_blocks: u64, write_unit: u32) -> Self {
        Self {
            fitness: 100,
            first_lba,
            free_blocks,
            write_unit,
            test_write: false,
        }
    }
}

/// A writer's answer to "would you serve this?".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fit {
    /// Yes, and how.
    Serves(Service),
    /// The medium is of this writer's kind, but the request cannot be met.
    Refuses(Refusal),
    /// Not a medium of this writer.
    NotMine,
}

impl From<Result<Service, Refusal>> for Fit {
    fn from(judged: Result<Service, Refusal>) -> Self {
        judged.map_or_else(Self::Refuses, Self::Serves)
    }
}

/// A media-format writer.
///
/// Called on a thread of its own with a deadline; must not block, sleep or do I/O. A panic ends the
/// writer, not the host: the engine then closes the track by itself.
pub trait MediaWriter: Send + Sized + 'static {
    /// Who this is.
    fn info() -> WriterInfo;

    /// Whether and how the request would be served on this medium. Has no effects.
    fn assess(facts: &MediaFacts, request: &Request) -> Fit;

    /// Takes the job: the state machine, and the plan that binds it.
    ///
    /// # Errors
    /// A [`Refusal`] says what is missing; nothing has been sent to the drive.
    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal>;

    /// The next step, given what became of the last one.
    fn next(&mut self, event: Event) -> Step;
}

/// A [`MediaWriter`] at work, erased: linked in, or on the far side of the ABI.
pub trait ActiveWriter: Send {
    /// See [`MediaWriter::next`]. A fault of the writer itself arrives as [`Step::Failed`].
    fn next(&mut self, event: Event) -> Step;
}

impl<W: MediaWriter> ActiveWriter for W {
    fn next(&mut self, event: Event) -> Step {
        MediaWriter::next(self, event)
    }
}

impl ActiveWriter for Recipe {
    fn next(&mut self, event: Event) -> Step {
        Self::next(self, event)
    }
}

/// A writer that can be chosen: linked in, or loaded.
pub trait WriterModule: Send + Sync {
    /// See [`MediaWriter::info`].
    fn info(&self) -> WriterInfo;
    /// See [`MediaWriter::assess`].
    fn assess(&self, facts: &MediaFacts, request: &Request) -> Fit;
    /// See [`MediaWriter::begin`].
    ///
    /// # Errors
    /// As [`MediaWriter::begin`].
    fn begin(
        &self,
        facts: &MediaFacts,
        request: &Request,
    ) -> Result<(Box<dyn ActiveWriter>, WritePlan), Refusal>;
}

struct Linked<W>(PhantomData<fn() -> W>);

impl<W: MediaWriter> WriterModule for Linked<W> {
    fn info(&self) -> WriterInfo {
        W::info()
    }

    fn assess(&self, facts: &MediaFacts, request: &Request) -> Fit {
        W::assess(facts, request)
    }

    fn begin(
        &self,
        facts: &MediaFacts,
        request: &Request,
    ) -> Result<(Box<dyn ActiveWriter>, WritePlan), Refusal> {
        let (writer, plan) = W::begin(facts, request)?;
        Ok((Box::new(writer), plan))
    }
}

/// The writer `W`, linked in, as a module that an engine can choose.
pub fn module_of<W: MediaWriter>() -> Box<dyn WriterModule> {
    Box::new(Linked::<W>(PhantomData))
}
