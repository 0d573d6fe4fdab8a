//! What is asked of a writer that offers test writes: nothing is recorded, and afterwards all goes as if
//! nothing had been done.
//!
//! Owns this rule. Must not know any medium.

use super::{IMAGE, ODD_BLOCKS, Table, USUAL, Verdict, expect, is_verified};
use crate::run::{Fault, NotRun, Run, burn};
use pitland_burn::{MediumState, Outcome};
use pitland_writer::{MediaWriter, Refusal, Request};

/// Refused, or planned as one.
pub(super) fn is_none_or_planned<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let facts = table.facts()?;
    let mut request = table.request(ODD_BLOCKS);
    request.test_write = true;
    match W::begin(&facts, &Request::Burn(request)) {
        Err(Refusal::NoTestWrite { .. }) => Ok(()),
        Err(other) => Err(format!("a test write is answered with: {other}")),
        Ok((_, plan)) => expect(plan.extents.iter().all(|extent| extent.test_write), || {
            "a test write is planned as a real one".into()
        }),
    }
}

/// A test write on a blank medium, where it is offered, and a burn after it.
pub(super) fn records_nothing<W: MediaWriter>(table: &mut Table<'_>, fault: Fault) -> Verdict {
    let before = table.facts()?;
    let Some(run) = try_out::<W>(table, fault)? else {
        return Ok(());
    };
    if let Some(panic) = &run.panicked {
        return Err(format!("the writer panicked: {panic}"));
    }
    if fault == Fault::None {
        let ending = &run.ending;
        expect(
            ending.result.is_ok() && ending.outcome == Outcome::NothingWritten,
            || format!("the test write: {}, {:?}", ending.outcome, ending.result),
        )?;
    }
    expect(run.ending.medium == MediumState::Untouched, || {
        format!(
            "{fault:?}: a test write, and the medium is {}",
            run.ending.medium
        )
    })?;
    let after = table.facts()?;
    expect(
        (after.condition(), after.nwa(), after.free_blocks())
            == (before.condition(), before.nwa(), before.free_blocks()),
        || {
            format!(
                "{fault:?}: a test write, and the medium went from {:?}, {:?} to {:?}, {:?}",
                before.condition(),
                before.nwa(),
                after.condition(),
                after.nwa()
            )
        },
    )?;
    is_verified(&table.burn::<W>(USUAL, Fault::None)?)
        .map_err(|what| format!("the burn after a test write: {what}"))
}

/// Tries the usual burn; `None` where the medium has no test writes.
pub(super) fn try_out<W: MediaWriter>(
    table: &mut Table<'_>,
    fault: Fault,
) -> Result<Option<Run>, String> {
    let mut request = table.request(ODD_BLOCKS);
    request.test_write = true;
    let (drive, trace) = (table.drive.as_mut(), &mut table.trace);
    match burn::<W>(drive, trace, request, &IMAGE, fault) {
        Ok(run) => Ok(Some(run)),
        Err(NotRun::Refused(Refusal::NoTestWrite { .. })) => Ok(None),
        Err(other) => Err(format!("the test write: {other}")),
    }
}
