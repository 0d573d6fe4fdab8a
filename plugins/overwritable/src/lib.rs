//! The writer of overwritable media: DVD+RW, DVD-RW in restricted overwrite, DVD-RAM and BD-RE
//! (recipes 6 and 7).
//!
//! Owns what these media share: any block can be written again, there are no sessions, and a medium
//! fresh from the box may have to be formatted first. Must not know the engine, or other media.

mod format;
mod growing;
mod medium;
mod restricted;
mod resume;
mod write;

use medium::Medium;
use pitland_writer::mmc::Profile;
use pitland_writer::{
    BurnRequest, ByRecipe, CloseRequest, EraseRequest, FormatRequest, MediaFacts, Recipe,
    RecipeWriter, Refusal, Request, ResumeRequest, Service, WriterInfo,
};

/// The writer of DVD+RW, DVD-RW in restricted overwrite, DVD-RAM and BD-RE.
pub type Overwritable = ByRecipe<Recipes>;

/// Its recipes.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        let profiles = Medium::ALL.iter().map(|medium| medium.profile()).collect();
        WriterInfo::new(
            "overwritable",
            "DVD+RW, DVD-RW (restricted overwrite), DVD-RAM and BD-RE, random recording",
            profiles,
        )
    }

    fn takes(facts: &MediaFacts, request: &Request) -> Result<(), Refusal> {
        let becomes = matches!(request, Request::Format(_)) && becomes_one(facts);
        match becomes {
            true => Ok(()),
            false => medium(facts).map(|_| ()),
        }
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        write::offer(facts, medium(facts)?, burn)
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        write::burn(facts, medium(facts)?, burn)
    }

    fn offer_rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Service, Refusal> {
        resume::offer(facts, medium(facts)?, resume)
    }

    fn rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
        resume::recipe(facts, medium(facts)?, resume)
    }

    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        write::close(facts, medium(facts)?, close)
    }

    fn erase(facts: &MediaFacts, erase: &EraseRequest) -> Result<Recipe, Refusal> {
        write::erase(facts, medium(facts)?, erase)
    }

    fn format(facts: &MediaFacts, format: &FormatRequest) -> Result<Recipe, Refusal> {
        match becomes_one(facts) {
            true => restricted::format(facts, format),
            false => format::recipe(facts, medium(facts)?, format),
        }
    }
}

fn medium(facts: &MediaFacts) -> Result<Medium, Refusal> {
    let profile = facts.profile();
    Medium::of(profile).ok_or(Refusal::NoWriter { profile })
}

/// Whether a format makes it a medium of this writer: a DVD-RW in sequential recording. It is none of its
/// profiles, because nothing else is done with it here.
fn becomes_one(facts: &MediaFacts) -> bool {
    facts.profile() == Profile::DvdMinusRwSequential
}
