//! Closing what an earlier burn left open (recipe 6).
//!
//! Owns the recipe. Must not know how it came to be left open.

use crate::page;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::sequential::Unclosed;
use pitland_writer::{CloseRequest, Finish, MediaFacts, Occasion, Recipe, Refusal, moves};

/// The recipe. The disc is finalized with its last session: no function does so once that is closed.
pub(crate) fn recipe(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
    let unclosed = Unclosed::find(facts, close.finalize)?;
    if unclosed.open_tracks.is_empty() {
        return Err(Refusal::FinalWithSessionOnly {
            profile: facts.profile(),
        });
    }
    let finish = match close.finalize {
        true => Finish::FinalizeDisc,
        false => Finish::CloseSession,
    };
    let page = page::closing(facts, finish);
    // A recording at once is ended by this, before anything else is said of the next one (recipe 6).
    let [synchronize, _] = moves::synchronize_cache();
    Ok(Recipe::new()
        .prepare([
            synchronize.only(Occasion::Always),
            moves::clear_test_write(&page),
        ])
        .close(unclosed.closing(close.finalize.then_some(CloseFunction::Session)))
        .expect(unclosed.expected(close.finalize)))
}
