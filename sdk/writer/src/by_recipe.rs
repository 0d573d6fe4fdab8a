//! The writer that is nothing but recipes: one for each kind of request, and what it offers.
//!
//! Owns the shell that all such writers share: whose medium it is, what is answered where there is no
//! recipe, and the walk. Must not know any medium. A writer that has to decide something while it burns
//! is a [`MediaWriter`] of its own.

use crate::cd::CdMode;
use crate::facts::MediaFacts;
use crate::plan::WritePlan;
use crate::recipe::Recipe;
use crate::refusal::Refusal;
use crate::request::{
    BurnRequest, CloseRequest, EraseRequest, FormatRequest, Request, ResumeRequest,
};
use crate::step::{Event, Step};
use crate::writer::{Fit, MediaWriter, Service, WriterInfo};
use pitland_mmc::Lba;
use std::marker::PhantomData;

/// The recipes of a writer, for the media of its profiles; [`ByRecipe`] makes the writer of them.
///
/// Each is asked only for what [`RecipeWriter::takes`] took. What is not written down is refused.
pub trait RecipeWriter: Send + 'static {
    /// Who this is.
    fn info() -> WriterInfo;

    /// Whether this job is one of the writer's: as it stands, any on a medium of its profiles.
    ///
    /// # Errors
    /// [`Refusal::NoWriter`], where it is for others to judge; any other refusal is the writer's own
    /// answer.
    fn takes(facts: &MediaFacts, request: &Request) -> Result<(), Refusal> {
        let _ = request;
        let profile = facts.profile();
        match Self::info().profiles.contains(&profile) {
            true => Ok(()),
            false => Err(Refusal::NoWriter { profile }),
        }
    }

    /// Whether the writer writes CDs of this mode, beyond one data track.
    fn writes(mode: CdMode) -> bool {
        let _ = mode;
        false
    }

    /// How well the writer fits a job that it takes, 1 to 100.
    fn fitness(request: &Request) -> u8 {
        let _ = request;
        100
    }

    /// What is offered for a burn. Its size is 0 before it is settled: then only the place is judged.
    ///
    /// # Errors
    /// What is missing.
    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal>;

    /// The recipe of a burn.
    ///
    /// # Errors
    /// What is missing.
    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal>;

    /// What is offered for the rest of a burn that was cut off.
    ///
    /// # Errors
    /// What is missing.
    fn offer_rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Service, Refusal> {
        let _ = (facts, resume);
        Err(Refusal::NotOffered)
    }

    /// The recipe of the rest of a burn that was cut off.
    ///
    /// # Errors
    /// What is missing.
    fn rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
        let _ = (facts, resume);
        Err(Refusal::NotOffered)
    }

    /// The recipe of a close alone.
    ///
    /// # Errors
    /// What is missing.
    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        let _ = (facts, close);
        Err(Refusal::NotOffered)
    }

    /// The recipe of an erase.
    ///
    /// # Errors
    /// What is missing.
    fn erase(facts: &MediaFacts, erase: &EraseRequest) -> Result<Recipe, Refusal> {
        let _ = erase;
        let profile = facts.profile();
        Err(match profile.is_rewritable() {
            true => Refusal::NotOffered,
            false => Refusal::NotRewritable { profile },
        })
    }

    /// The recipe of a format.
    ///
    /// # Errors
    /// What is missing.
    fn format(facts: &MediaFacts, format: &FormatRequest) -> Result<Recipe, Refusal> {
        let _ = format;
        let profile = facts.profile();
        Err(match profile.is_rewritable() {
            true => Refusal::NotOffered,
            false => Refusal::NotFormattable { profile },
        })
    }
}

/// The writer with the recipes of `R`.
#[derive(Debug)]
pub struct ByRecipe<R> {
    recipe: Recipe,
    recipes: PhantomData<fn() -> R>,
}

impl<R: RecipeWriter> ByRecipe<R> {
    /// Whether the job is the writer's, and what is said of a CD holds whatever the disc.
    fn takes(facts: &MediaFacts, request: &Request) -> Result<(), Refusal> {
        R::takes(facts, request)?;
        let burn = match request {
            Request::Burn(burn) => burn,
            Request::Resume(resume) => &resume.burn,
            _ => return Ok(()),
        };
        let Some(layout) = &burn.cd else {
            return Ok(());
        };
        let (mode, profile) = (layout.mode, facts.profile());
        match burn.blocks {
            // Another writer of CDs may write it.
            _ if !R::writes(mode) && facts.is_cd() => Err(Refusal::NoWriter { profile }),
            _ if !R::writes(mode) => Err(Refusal::NoSuchMode { mode }),
            0 => Ok(()),
            blocks => Ok(layout.check(blocks)?),
        }
    }

    fn recipe(facts: &MediaFacts, request: &Request) -> Result<Recipe, Refusal> {
        match request {
            Request::Burn(burn) => R::burn(facts, burn),
            Request::Resume(resume) => R::rest(facts, resume),
            Request::Close(close) => R::close(facts, close),
            Request::Erase(erase) => R::erase(facts, erase),
            Request::Format(format) => R::format(facts, format),
        }
    }

    fn service(facts: &MediaFacts, request: &Request) -> Result<Service, Refusal> {
        match request {
            Request::Burn(burn) => R::offer(facts, burn),
            Request::Resume(resume) => R::offer_rest(facts, resume),
            other => Self::recipe(facts, other).map(|_| {
                // No image comes of it: only that it is served is of interest.
                Service::new(Lba(0), 0, facts.profile().write_unit().unwrap_or(1))
            }),
        }
    }
}

impl<R: RecipeWriter> MediaWriter for ByRecipe<R> {
    fn info() -> WriterInfo {
        R::info()
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        match Self::takes(facts, request) {
            Ok(()) => {}
            Err(Refusal::NoWriter { .. }) => return Fit::NotMine,
            Err(refusal) => return Fit::Refuses(refusal),
        }
        let fitting = |service| Service {
            fitness: R::fitness(request),
            ..service
        };
        Self::service(facts, request).map(fitting).into()
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        Self::takes(facts, request)?;
        let (recipe, plan) = Self::recipe(facts, request)?.build();
        let writer = Self {
            recipe,
            recipes: PhantomData,
        };
        Ok((writer, plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.recipe.next(event)
    }
}
