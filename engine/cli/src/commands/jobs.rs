//! `pitland jobs`: the burns that have a journal: those that run, and those that were cut off.

use super::{Context, blocking};
use crate::args::JobsArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::jobs::{JobView, JobsView};
use crate::output::json::Name;
use pitland::codes::Code;
use pitland::journal::{JobFolder, JobId};
use std::path::PathBuf;

pub(crate) async fn run(args: JobsArgs, context: Context) -> Result<Exit, Complaint> {
    let path = folder(args.journal)?;
    if let Some(name) = args.forget {
        let id: JobId = name.parse()?;
        let missing = Complaint::usage(format!("there is no job {id}")).coded(Code::JournalMissing);
        let forgotten = blocking(move || match JobFolder::existing(&path)? {
            Some(folder) => Ok(folder.forget(&id)?),
            None => Err(missing),
        });
        return forgotten.await.map(|()| Exit::Done);
    }
    let listed = path.clone();
    let jobs = blocking(move || Ok(pitland::jobs(&listed)?)).await?;
    context.output.result(&JobsView {
        folder: Name::new(&path),
        jobs: jobs.iter().map(JobView::new).collect(),
    });
    Ok(Exit::Done)
}

/// The folder that was named, else the usual one.
pub(super) fn folder(named: Option<PathBuf>) -> Result<PathBuf, Complaint> {
    named.or_else(open::journal_folder).ok_or_else(|| {
        Complaint::usage("there is no folder for journals: name one with --journal DIR")
    })
}
