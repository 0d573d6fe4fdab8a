//! What is asked of a writer that erases or formats: afterwards the medium is empty, and can be burned.
//!
//! Owns these rules. Must not know any medium: what a writer offers is read from its answers. A medium may
//! have another profile afterwards, and then be another writer's; who burns that one is not asked here.

use super::{IMAGE, Manner, Table, USUAL, Verdict, expect, is_verified, rise};
use crate::image::Image;
use crate::run::{Fault, NotRun, Run, perform};
use pitland_burn::{MediumState, Outcome};
use pitland_writer::{
    EraseRequest, Finish, Fit, FormatRequest, MediaFacts, MediaWriter, MediumCondition, Placement,
    Refusal, Request,
};

/// The jobs that empty a medium, as they are asked for.
pub(super) fn jobs() -> [(Request, &'static str); 3] {
    let mut quick = EraseRequest::new(false);
    quick.volume_blocks = IMAGE.blocks;
    [
        (Request::Erase(quick), "a quick erase"),
        (Request::Erase(EraseRequest::new(true)), "a full erase"),
        (Request::Format(FormatRequest::default()), "a format"),
    ]
}

impl Table<'_> {
    /// A medium that was burned once; `None` where the writer does not offer the job for it.
    fn used<W: MediaWriter>(&mut self, job: &Request) -> Result<Option<MediaFacts>, String> {
        self.burn::<W>(USUAL, Fault::None)?;
        let facts = self.facts()?;
        Ok(matches!(W::assess(&facts, job), Fit::Serves(_)).then_some(facts))
    }

    /// Does a job that writes no image.
    pub(super) fn job<W: MediaWriter>(
        &mut self,
        job: &Request,
        fault: Fault,
    ) -> Result<Run, NotRun> {
        let nothing = Image::new(0, 0);
        perform::<W>(self.drive.as_mut(), &mut self.trace, job, &nothing, fault)
    }

    /// Burns onto what is empty now, where it still is the writer's medium.
    fn burns_onto_it<W: MediaWriter>(&mut self, what: &str) -> Verdict {
        let facts = self.facts()?;
        let manner = |placement| -> Manner { (placement, Finish::CloseSession) };
        let served = |placement: &Placement| {
            let mut request = self.request(IMAGE.blocks);
            request.placement = *placement;
            W::assess(&facts, &Request::Burn(request))
        };
        let placement = match served(&Placement::BlankOnly) {
            Fit::Serves(_) => Placement::BlankOnly,
            Fit::NotMine => return Ok(()),
            // What a format leaves behind need not look empty.
            Fit::Refuses(Refusal::MediumNotBlank {
                offer: Some(Placement::Overwrite),
            }) if facts.condition().is_blank().is_none() => Placement::Overwrite,
            other => return Err(format!("after {what} a burn is answered with {other:?}")),
        };
        let run = self
            .try_burn::<W>(manner(placement), &IMAGE, Fault::None)
            .map_err(|e| format!("the burn after {what}: {e}"))?;
        is_verified(&run).map_err(|what_came| format!("the burn after {what}: {what_came}"))?;
        rise(&run)
    }
}

/// Erases or formats a used medium, and burns it again. Answers the run, where the job is offered.
pub(super) fn leaves_it_usable<W: MediaWriter>(
    table: &mut Table<'_>,
    job: &Request,
    what: &str,
) -> Result<Option<Run>, String> {
    let Some(_) = table.used::<W>(job)? else {
        return Ok(None);
    };
    let run = table
        .job::<W>(job, Fault::None)
        .map_err(|e| format!("{what}: {e}"))?;
    if let Err(fault) = &run.ending.result {
        return Err(format!(
            "{what}: {fault}, and the medium is {}",
            run.ending.medium
        ));
    }
    let condition = table.facts()?.condition();
    let empty = match job {
        Request::Erase(_) => condition.is_blank() == Some(true),
        _ => condition.is_writable() && condition.is_blank() != Some(false),
    };
    expect(empty, || {
        format!("after {what} the medium is {condition:?}")
    })?;
    table.burns_onto_it::<W>(what)?;
    Ok(Some(run))
}

/// An ending that says what the medium is, after no panic.
fn has_an_end(run: &Run) -> Verdict {
    if let Some(panic) = &run.panicked {
        return Err(format!("the writer panicked: {panic}"));
    }
    let ending = &run.ending;
    let known = ending.medium != MediumState::Unknown;
    let told = ending.result.is_err() || ending.outcome == Outcome::MediumChanged;
    expect(known && told, || {
        let result = &ending.result;
        format!(
            "{}, the medium {}: {result:?}",
            ending.outcome, ending.medium
        )
    })
}

/// The same job, cut short or refused somewhere, ends in a named state, and can be done once more.
pub(super) fn can_be_repeated<W: MediaWriter>(
    table: &mut Table<'_>,
    job: &Request,
    what: &str,
    fault: Fault,
) -> Verdict {
    let Some(_) = table.used::<W>(job)? else {
        return Ok(());
    };
    let run = table
        .job::<W>(job, fault)
        .map_err(|e| format!("{what}, {fault:?}: {e}"))?;
    has_an_end(&run).map_err(|end| format!("{what}, {fault:?}: {end}"))?;
    let facts = table.facts()?;
    expect(facts.condition() != MediumCondition::Unknown, || {
        format!("{what}, {fault:?}: nobody can say what the medium is")
    })?;
    if !matches!(W::assess(&facts, job), Fit::Serves(_)) {
        return Ok(());
    }
    let again = table
        .job::<W>(job, Fault::None)
        .map_err(|e| format!("{what} once more after {fault:?}: {e}"))?;
    again
        .ending
        .result
        .map(|_| ())
        .map_err(|fault_again| format!("{what} once more after {fault:?}: {fault_again}"))
}
