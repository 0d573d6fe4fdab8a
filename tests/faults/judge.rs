//! Whether what a job says is true to the disc. Owns the rules; knows no fault but by what it may hide.

use crate::bench::Run;
use crate::cases::{Case, HowOften};
use pitland::transport::fault::What;
use pitland::writer::MediumCondition;
use pitland::writer::mmc::{Command, Reaction};
use pitland::{BurnError, MediumState, Outcome, VerifyLevel};

/// What a burn may say though it is not so, because its drive hides the truth.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Excuses {
    /// The drive never answers something again: its state may be called unknown.
    pub(crate) blind: bool,
    /// The drive is gone.
    pub(crate) gone: bool,
    /// The door's lock does not obey.
    pub(crate) door: bool,
    /// The drive says GOOD to a WRITE and does not do it: only reading back can tell.
    pub(crate) write: bool,
    /// It does so once: a rewritable disc may then look empty at its beginning, though it is not.
    pub(crate) first_write: bool,
}

impl Excuses {
    pub(crate) fn of(case: &Case) -> Self {
        let gone = case.what == What::Unplug;
        let blind = gone || case.often == HowOften::Always;
        Self {
            blind,
            gone,
            door: blind || Command::name_of(case.opcode) == Some(DOOR),
            write: is_taken_for_done(case.what),
            first_write: case.often == HowOften::Once && is_taken_for_done(case.what),
        }
    }
}

/// Whether the host has no reason to doubt that the command was carried out, though it was not: GOOD, or a
/// sense that the table of reactions calls no failure.
pub(crate) fn is_taken_for_done(what: What) -> bool {
    match what {
        What::Good => true,
        What::Sense { sense, carried_out } => {
            let reaction = sense.reaction();
            !carried_out && matches!(reaction, Reaction::Continue | Reaction::ContinueAndWarn)
        }
        _ => false,
    }
}

const DOOR: &str = "PREVENT/ALLOW MEDIUM REMOVAL";

/// The lies of a burn; none where all is true.
pub(crate) fn lies(excuses: Excuses, verify: VerifyLevel, image: &[u8], run: &Run) -> Vec<String> {
    let mut lies = Vec::new();
    let mut lie = |is_lie: bool, what: String| {
        if is_lie {
            lies.push(what);
        }
    };
    lie(run.heard.endless, "the burn does not end".into());
    lie(
        run.heard.locked && !excuses.door,
        "the door stays locked".into(),
    );
    lie(
        run.next.is_err() && !excuses.gone,
        format!("the next client is refused: {:?}", run.next),
    );

    let blocks = (image.len() / 2048) as u32;
    let (outcome, medium, first) = match &run.result {
        Ok(report) => (report.outcome, report.medium, report.first_lba),
        Err(error) => (
            error
                .report()
                .map_or(Outcome::NothingWritten, |report| report.outcome),
            error.medium_state(),
            error.report().map_or(0, |report| report.first_lba),
        ),
    };
    let condition = run.facts.condition();
    let told = format!("told {outcome}, {medium}; the disc is {condition:?}");
    let is_there = run.disc.blocks(first.unsigned_abs(), blocks) == image;

    if let Ok(report) = &run.result {
        let expected = match verify {
            VerifyLevel::Full => Outcome::Verified,
            _ => Outcome::Unverified,
        };
        lie(outcome != expected, format!("a success that is {outcome}"));
        lie(
            !is_there && (verify == VerifyLevel::Full || !excuses.write),
            format!("a success, and the data are not on the disc; {told}"),
        );
        lie(
            condition.is_blank() == Some(true) && !excuses.first_write,
            format!("a success, and the disc is blank; {told}"),
        );
        if verify == VerifyLevel::Full {
            let compared = report.verification.as_ref().map(|v| v.blocks_compared);
            // Beside the image a CD has a pregap and padding, which nobody reads back.
            let wanted = report.written.blocks();
            lie(
                compared != Some(wanted) || wanted < blocks.into(),
                format!("verified {compared:?} of {wanted} blocks"),
            );
        }
    }
    lie(
        outcome == Outcome::Verified && !is_there,
        format!("verified, and the data are not there; {told}"),
    );
    lie(
        outcome == Outcome::NothingWritten && !run.same_data,
        format!("nothing written, and there is something; {told}"),
    );
    let agrees = match medium {
        MediumState::Untouched => run.disc.state() == run.before,
        MediumState::Appendable => matches!(
            condition,
            MediumCondition::Appendable
                | MediumCondition::Formatted { .. }
                | MediumCondition::OpenSession
                | MediumCondition::Blank
        ),
        MediumState::Closed => condition == MediumCondition::Complete,
        MediumState::Damaged => !matches!(condition, MediumCondition::Complete),
        MediumState::Unknown => excuses.blind,
        _ => false,
    };
    lie(!agrees, format!("the state is not true; {told}"));
    lie(
        outcome == Outcome::Resumable
            && medium != MediumState::Unknown
            && !matches!(
                condition,
                MediumCondition::OpenSession | MediumCondition::Formatted { .. }
            ),
        format!("resumable, and no track is open; {told}"),
    );
    if let Err(error) = &run.result {
        lie(
            matches!(error, BurnError::Abandoned),
            "a job without an end".into(),
        );
        lie(
            error.to_string().is_empty() || error.advice().is_empty(),
            "an error without words".into(),
        );
    }
    lies
}
