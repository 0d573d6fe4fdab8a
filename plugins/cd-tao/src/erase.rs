//! Making a CD-RW, or a part of it, empty again (recipe 5).

use pitland_writer::mmc::cdb::BlankingType;
use pitland_writer::mmc::{Lba, SessionNumber};
use pitland_writer::{
    BurnRequest, EraseRequest, EraseScope, ExpectedMedium, MediaFacts, MediumCondition,
    MissingFact, Recipe, Refusal, cd, moves,
};

/// Blanks what the request names. Test Write is taken back first: a drive that still has it set blanks
/// nothing, and says that it did.
pub(crate) fn recipe(facts: &MediaFacts, erase: &EraseRequest) -> Result<Recipe, Refusal> {
    let profile = facts.profile();
    if !profile.is_rewritable() {
        return Err(Refusal::NotRewritable { profile });
    }
    let condition = facts.condition();
    if condition == MediumCondition::Unknown {
        return Err(Refusal::FactMissing {
            what: MissingFact::DiscInformation,
        });
    }
    let page = cd::track_at_once(facts, &BurnRequest::new(0));
    let recipe = Recipe::new().prepare([moves::clear_test_write(&page)]);
    match erase.scope {
        EraseScope::Disc => Ok(recipe
            .prepare(moves::blank_disc(erase.full))
            .expect(ExpectedMedium::blank())),
        EraseScope::LastSession => last_session(facts, condition, recipe),
        EraseScope::TrackTail(from) => track_tail(facts, condition, from, recipe),
        _ => Err(Refusal::NotOffered),
    }
}

/// With the only session goes all that is on the disc.
fn last_session(
    facts: &MediaFacts,
    condition: MediumCondition,
    recipe: Recipe,
) -> Result<Recipe, Refusal> {
    let left = match condition {
        MediumCondition::Appendable | MediumCondition::Complete => facts.closed_sessions(),
        MediumCondition::OpenSession | MediumCondition::Damaged => {
            return Err(Refusal::SessionOpen);
        }
        _ => None,
    };
    let expected = match left.and_then(|sessions| sessions.checked_sub(1)) {
        None => return Err(Refusal::NotOffered),
        Some(0) => ExpectedMedium::blank(),
        Some(left) => ExpectedMedium::sessions(left, Some(true)),
    };
    Ok(recipe
        .prepare([moves::blank(BlankingType::EraseSession, 0)])
        .expect(expected))
}

/// The end of the track that was written last in a session that is still open, from a block of it on.
fn track_tail(
    facts: &MediaFacts,
    condition: MediumCondition,
    from: Lba,
    recipe: Recipe,
) -> Result<Recipe, Refusal> {
    let session = facts.disc.as_ref().map(|disc| disc.sessions);
    let start = session.and_then(|session| facts.session_start(SessionNumber(session)));
    let within = condition == MediumCondition::OpenSession
        && start.is_some_and(|start| start <= from)
        && facts.nwa().is_none_or(|nwa| from < nwa);
    let address = u32::try_from(from.0).ok().filter(|_| within);
    let address = address.ok_or(Refusal::NotOffered)?;
    Ok(recipe.prepare([moves::blank(BlankingType::TrackTail, address)]))
}
