//! Emptying a DVD-RW by BLANK (recipes 5 and 6).
//!
//! Owns the recipe. Must not know what was on the disc.

use crate::page;
use pitland_writer::{
    EraseRequest, EraseScope, MediaFacts, MediumCondition, Recipe, Refusal, Warning,
};

/// The recipe. The quick way leaves a disc that is written at once only, in one session.
pub(crate) fn recipe(facts: &MediaFacts, erase: &EraseRequest) -> Result<Recipe, Refusal> {
    let profile = facts.profile();
    if facts.condition() == MediumCondition::NoMedium {
        return Err(Refusal::NoMedium);
    }
    if !profile.is_rewritable() {
        return Err(Refusal::NotRewritable { profile });
    }
    if erase.scope != EraseScope::Disc {
        return Err(Refusal::NotOffered);
    }
    Ok(Recipe::blank(&page::neutral(facts), erase.full)
        .warn((!erase.full).then_some(Warning::OnlyAtOnceAfterwards)))
}
