//! What is asked of a writer that says of its plans that they can be resumed.
//!
//! Owns these two rules. Must not know any medium: where a burn was cut off is read from the drive's next
//! writable address, and from what it has taken where it has none.

use super::{IMAGE, Table, USUAL, Verdict, expect, is_verified};
use crate::run::{Fault, NotRun, Run, perform};
use crate::trace::Trace;
use pitland_burn::{MediumState, Outcome};
use pitland_writer::mmc::Lba;
use pitland_writer::{
    BurnRequest, Finish, Fit, MediaFacts, MediaWriter, MediumCondition, Placement, Refusal,
    Request, ResumeRequest, Warning,
};

/// A burn that did not come to its end.
struct Cut {
    first_lba: Lba,
    /// Blocks of it that are on the medium, as far as host and drive can tell.
    written_blocks: u64,
    /// Blocks in all, padding included.
    planned_blocks: u64,
    /// What the machine said became of it, where it could still say something.
    outcome: Option<Outcome>,
}

impl Table<'_> {
    fn burn_request(&self, finish: Finish) -> BurnRequest {
        let mut burn = self.request(IMAGE.blocks);
        burn.finish = finish;
        burn
    }

    /// Begins a burn and cuts it off. `None`: its plan cannot be resumed, or the fault did no harm.
    fn cut_off<W: MediaWriter>(
        &mut self,
        finish: Finish,
        fault: Fault,
    ) -> Result<Option<Cut>, String> {
        let facts = self.facts()?;
        let request = Request::Burn(self.burn_request(finish));
        let (_, plan) = W::begin(&facts, &request).map_err(|e| e.to_string())?;
        let extent = plan.extents.first().filter(|_| plan.resumable);
        let Some(extent) = extent else {
            return Ok(None);
        };
        let manner = (Placement::BlankOnly, finish);
        let (taken, outcome) = match self.try_burn::<W>(manner, &IMAGE, fault) {
            Ok(run) if run.ending.result.is_ok() => return Ok(None),
            Ok(run) => (run.ending.blocks_written, Some(run.ending.outcome)),
            Err(NotRun::CutOff { written_blocks }) => (written_blocks, None),
            Err(other) => return Err(other.to_string()),
        };
        let first_lba = extent.first_lba;
        Ok(Some(Cut {
            first_lba,
            written_blocks: on_the_medium(&self.facts()?, first_lba).unwrap_or(taken),
            planned_blocks: plan.blocks(),
            outcome,
        }))
    }

    fn resume<W: MediaWriter>(
        &mut self,
        finish: Finish,
        written_blocks: u64,
    ) -> Result<Run, NotRun> {
        let resume = ResumeRequest::new(self.burn_request(finish), written_blocks);
        let request = Request::Resume(resume);
        let drive = self.drive.as_mut();
        perform::<W>(drive, &mut self.trace, &request, &IMAGE, Fault::None)
    }
}

/// Blocks that an open session holds by the drive's next writable address.
fn on_the_medium(facts: &MediaFacts, first_lba: Lba) -> Option<u64> {
    let nwa = facts.nwa()?;
    u64::try_from(i64::from(nwa.0) - i64::from(first_lba.0)).ok()
}

/// Cuts a burn off and resumes it; answers whether all was done before the cut.
pub(super) fn after_a_cut<W: MediaWriter>(
    table: &mut Table<'_>,
    finish: Finish,
    fault: Fault,
) -> Result<bool, String> {
    let Some(cut) = table.cut_off::<W>(finish, fault)? else {
        return Ok(false);
    };
    let condition = table.facts()?.condition();
    let all = cut.written_blocks >= cut.planned_blocks;
    let closed = matches!(
        condition,
        MediumCondition::Appendable | MediumCondition::Complete
    );
    let written_blocks = cut.written_blocks.min(cut.planned_blocks);
    let run = match table.resume::<W>(finish, written_blocks) {
        Ok(run) => run,
        Err(NotRun::Refused(Refusal::NothingToResume)) => {
            // Nothing of it is there, or what is there was closed before it was complete.
            let nothing = cut.written_blocks == 0 || condition.is_blank() == Some(true);
            expect(nothing || (closed && !all), || {
                format!("{fault:?}: nothing to resume on a medium that is {condition:?}")
            })?;
            expect(cut.outcome != Some(Outcome::Resumable), || {
                format!("{fault:?}: called resumable, and refused")
            })?;
            return Ok(false);
        }
        Err(NotRun::Refused(Refusal::NothingToClose)) => {
            expect(all, || {
                format!("{fault:?}: blocks are missing, none to write")
            })?;
            return table.holds(cut.first_lba, &IMAGE).map(|()| true);
        }
        Err(other) => {
            return Err(format!(
                "{fault:?}: cut off behind {written_blocks} blocks, {condition:?}: {other}"
            ));
        }
    };
    is_verified(&run).map_err(|what| format!("{fault:?}: resumed: {what}"))?;
    let begins = run.writes.first().map(|(lba, _)| i64::from(lba.0));
    let rest = i64::from(cut.first_lba.0).saturating_add_unsigned(written_blocks);
    expect(begins.is_none_or(|begins| begins == rest), || {
        format!("{fault:?}: goes on at LBA {begins:?}, and not at {rest}")
    })?;
    let asked =
        finish == Finish::FinalizeDisc || run.plan.warnings.contains(&Warning::BecomesFinal);
    let finalizes = asked && run.plan.expected.appendable == Some(false);
    let wanted = match finalizes {
        true => MediumState::Closed,
        false => MediumState::Appendable,
    };
    expect(
        run.ending.medium == wanted || run.ending.medium == MediumState::Untouched,
        || {
            format!(
                "{fault:?}: resumed, and the medium is {}",
                run.ending.medium
            )
        },
    )?;
    table.holds(cut.first_lba, &IMAGE).map(|()| false)
}

/// Neither a blank medium, nor a burn that is done, nor one that was cut off elsewhere is resumed.
pub(super) fn nothing_else<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let facts = table.facts()?;
    let burn = table.burn_request(USUAL.1);
    let resume = |blocks| Request::Resume(ResumeRequest::new(burn.clone(), blocks));
    let refuses = |facts: &MediaFacts, blocks, what: &str| match W::assess(facts, &resume(blocks)) {
        Fit::Serves(_) => Err(format!("{what}: resumed behind {blocks} blocks")),
        _ => Ok(()),
    };
    let unit = match W::assess(&facts, &Request::Burn(table.request(0))) {
        Fit::Serves(service) => u64::from(service.write_unit.max(1)),
        other => return Err(format!("a blank medium is answered with {other:?}")),
    };
    for blocks in [0, unit, 2 * unit] {
        refuses(&facts, blocks, "a blank medium")?;
    }
    let usual = table.burn::<W>(USUAL, Fault::None)?;
    let facts = table.facts()?;
    refuses(&facts, unit, "a burn that is done").or_else(|what| {
        // Any block of it can be written again, and so can the rest of it.
        expect(
            facts.nwa().is_none() && facts.condition().is_writable(),
            || what,
        )
    })?;
    if !usual.plan.resumable {
        return Ok(());
    }
    let mut inside = None;
    for action in 0..usual.actions {
        table.drive = table.bench.drive();
        table.trace = Trace::default();
        inside = table
            .cut_off::<W>(USUAL.1, Fault::CutAt(action))?
            .filter(|cut| (unit..cut.planned_blocks).contains(&cut.written_blocks));
        if inside.is_some() {
            break;
        }
    }
    let Some(cut) = inside else {
        return Err("a burn that can be resumed was cut off nowhere in its blocks".into());
    };
    let facts = table.facts()?;
    let odd = match unit {
        1 => cut.planned_blocks + 1,
        _ => cut.written_blocks + 1,
    };
    for blocks in [0, odd, cut.planned_blocks + unit, u64::MAX] {
        refuses(&facts, blocks, "no place of a cut")?;
    }
    if facts.nwa().is_some() {
        for blocks in [cut.written_blocks - unit, cut.written_blocks + unit] {
            refuses(&facts, blocks, "not where the drive goes on")?;
        }
    }
    Ok(())
}
