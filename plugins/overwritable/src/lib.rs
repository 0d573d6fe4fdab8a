//! The writer of overwritable media: DVD+RW, DVD-RW in restricted overwrite, DVD-RAM and BD-RE
//! (recipes 6 and 7).
//!
//! Owns what these media share: any block can be written again, there are no sessions, and a medium
//! fresh from the box may have to be formatted first. Must not know the engine, or other media.

mod format;
mod medium;
mod restricted;
mod resume;
mod write;

use medium::Medium;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::{
    Event, Fit, MediaFacts, MediaWriter, Recipe, Refusal, Request, Service, Step, WritePlan,
    WriterInfo,
};

/// The writer of DVD+RW, DVD-RW in restricted overwrite, DVD-RAM and BD-RE.
#[derive(Debug)]
pub struct Overwritable(Recipe);

impl MediaWriter for Overwritable {
    fn info() -> WriterInfo {
        let profiles = Medium::ALL.iter().map(|medium| medium.profile()).collect();
        WriterInfo::new(
            "overwritable",
            "DVD+RW, DVD-RW (restricted overwrite), DVD-RAM and BD-RE, random recording",
            profiles,
        )
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        let Some(medium) = Medium::of(facts.profile()) else {
            return becoming(facts, request).map_or(Fit::NotMine, |recipe| {
                recipe.map(|_| Service::new(Lba(0), 0, 16)).into()
            });
        };
        match request {
            Request::Burn(burn) => write::offer(facts, medium, burn).into(),
            Request::Resume(resume) => resume::offer(facts, medium, resume).into(),
            other => recipe(facts, medium, other)
                .map(|_| Service::new(Lba(0), 0, medium.unit()))
                .into(),
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let profile = facts.profile();
        let recipe = match Medium::of(profile) {
            Some(medium) => recipe(facts, medium, request),
            None => becoming(facts, request).unwrap_or(Err(Refusal::NoWriter { profile })),
        };
        let (recipe, plan) = recipe?.build();
        Ok((Self(recipe), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

/// A medium that a format makes one of this writer: a DVD-RW in sequential recording. It is none of its
/// profiles, because nothing else is done with it here.
fn becoming(facts: &MediaFacts, request: &Request) -> Option<Result<Recipe, Refusal>> {
    match request {
        Request::Format(request) if facts.profile() == Profile::DvdMinusRwSequential => {
            Some(restricted::format(facts, request))
        }
        _ => None,
    }
}

fn recipe(facts: &MediaFacts, medium: Medium, request: &Request) -> Result<Recipe, Refusal> {
    match request {
        Request::Burn(burn) => write::burn(facts, medium, burn),
        Request::Erase(erase) => write::erase(facts, medium, erase),
        Request::Format(format) => format::recipe(facts, medium, format),
        Request::Close(close) => write::close(facts, medium, close),
        Request::Resume(resume) => resume::recipe(facts, medium, resume),
        _ => Err(Refusal::NotOffered),
    }
}
