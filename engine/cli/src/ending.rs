//! How a job that was begun ended: its exit status by what became of the data, and the answer to "is my disc
//! ruined, and what now". Knows outcomes only; what went wrong is told by `error`.

use crate::exit::Exit;
use pitland::{BurnReport, MediumState, Outcome};

/// Whether the job was to bring data onto the disc.
fn records_data(job: &str) -> bool {
    matches!(job, "burn" | "resume")
}

/// The status of a job that failed after it had begun, by its outcome. `None`: the disc is as it was, and what
/// went wrong tells more.
pub(crate) fn status(job: &str, report: &BurnReport) -> Option<Exit> {
    let untouched = report.medium == MediumState::Untouched;
    if !records_data(job) {
        return (!untouched).then_some(Exit::BurnFailed);
    }
    Some(match (report.outcome, report.medium) {
        (Outcome::NothingWritten, MediumState::Untouched) => return None,
        (Outcome::NothingWritten | Outcome::Lost, MediumState::Unknown) => Exit::Unknown,
        (Outcome::ReadableOpen, _) => Exit::ReadableOpen,
        (Outcome::Resumable, _) => Exit::Resumable,
        (Outcome::Lost, _) => Exit::Lost,
        (Outcome::Unverified, _) => Exit::Unverified,
        _ => Exit::BurnFailed,
    })
}

/// Whether the disc is ruined, and what to do now. `None`: what went wrong tells more.
pub(crate) fn advice(job: &str, report: &BurnReport) -> Option<String> {
    let rewritable = report
        .facts
        .as_ref()
        .is_some_and(|facts| facts.profile().is_rewritable());
    let again = if rewritable {
        "burn the data once more, over these (--overwrite) or onto another disc"
    } else {
        "burn the data once more, as a new session (--new-session) or onto another disc"
    };
    Some(match status(job, report)? {
        Exit::Unverified => {
            "the disc is not ruined: all was recorded and closed; compare it with its source by pitland verify"
                .into()
        }
        Exit::ReadableOpen => {
            format!("the disc is not ruined: what is on it can be read, but not all of it is there; {again}")
        }
        Exit::Resumable if job == "resume" => {
            "the disc is not ruined: write nothing else onto it, and say pitland resume again".into()
        }
        Exit::Resumable => format!(
            "the disc is not ruined, but there is no journal to resume the burn by; {again}"
        ),
        Exit::Lost if rewritable => format!("these data are lost, the disc is not: {again}"),
        Exit::Lost => "do not rely on this disc: burn the data onto another one".into(),
        Exit::Unknown => {
            "nobody can tell now: identify the disc by pitland medium, in another drive if need be, before it is used"
                .into()
        }
        _ => return None,
    })
}

/// What to say instead of [`advice`] where the burn has a journal.
pub(crate) fn advice_to_resume(command: &str) -> String {
    format!("the disc is not ruined: write nothing else onto it, and say {command}")
}
