//! `pitland resume`: takes up a burn that was cut off.

use super::{Context, blocking, job, jobs};
use crate::args::ResumeArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::jobs::ResumeView;
use pitland::OpenMode;
use pitland::codes::Code;
use pitland::journal::{JobFolder, JobId, JobState, Listed};
use std::ffi::OsString;

pub(crate) async fn run(args: ResumeArgs, context: Context) -> Result<Exit, Complaint> {
    let path = jobs::folder(args.journal.clone())?;
    let none = Complaint::usage(format!("there are no jobs in {}", path.display()))
        .coded(Code::JournalMissing);
    let wanted = args.name.as_deref().map(str::parse).transpose()?;
    let (folder, listed) = blocking(move || {
        let folder = JobFolder::existing(&path)?.ok_or(none)?;
        let listed = folder.list()?;
        Ok((folder, listed))
    })
    .await?;
    let chosen = choose(listed, wanted)?;
    let id = chosen.id.clone();
    let drive = drive(&args, &chosen)?;
    let named = open::address(&drive)?;
    let engine = open::engine(&args.job.plugins.plugins, &context.output)?;
    let trace = open::traces(args.job.trace.as_deref(), 1)?.pop().flatten();
    let mode = if args.plan {
        OpenMode::ReadOnly
    } else {
        OpenMode::Existing
    };
    let (handle, trace) = open::open(&engine, &named, mode, trace)?;
    let lease = handle
        .lease_with(&args.job.client, args.job.lease_options())
        .await
        .map_err(|error| Complaint::of_lease(&error).of_drive(&named.name))?;
    let mut interrupt = context.interrupt.clone();
    let examined = tokio::select! {
        examined = lease.examine(&folder, &id) => examined,
        () = interrupt.raised() => return Err(Complaint::cancelled()),
    };
    let examined = examined.map_err(|error| Complaint::from(&error).of_drive(&named.name))?;
    let source = examined.source_error().map(ToString::to_string);
    context.output.event(&ResumeView::new(
        id.as_str(),
        named.name.clone(),
        examined.verdict(),
        source,
    ));
    let exit = if args.plan {
        drop(examined);
        Exit::Done
    } else {
        let started = examined.go_on().await;
        let started = started.map_err(|error| Complaint::from(&error).of_drive(&named.name))?;
        job::watch("resume", &named.name, started, &context).await
    };
    drop((lease, handle));
    job::end(engine, &[trace], exit, &named, &context).await
}

/// The job that was named; without a name the only one that was cut off.
fn choose(listed: Vec<Listed>, wanted: Option<JobId>) -> Result<Listed, Complaint> {
    if let Some(wanted) = wanted {
        let found = listed.into_iter().find(|job| job.id == wanted);
        return found.ok_or_else(|| {
            Complaint::usage(format!("there is no job {wanted}")).coded(Code::JournalMissing)
        });
    }
    let mut dead = listed
        .into_iter()
        .filter(|job| matches!(job.state, JobState::Dead(_)));
    match (dead.next(), dead.next()) {
        (Some(job), None) => Ok(job),
        (None, _) => Err(Complaint::usage("there is no job to resume").coded(Code::JournalMissing)),
        (Some(_), Some(_)) => Err(Complaint::usage(
            "there are several jobs to resume: name one that pitland jobs lists",
        )),
    }
}

/// The drive that was named, else the one in which the job began.
fn drive(args: &ResumeArgs, job: &Listed) -> Result<OsString, Complaint> {
    if let Some(drive) = &args.drive {
        return Ok(drive.clone());
    }
    match &job.state {
        JobState::Dead(journal) => Ok(journal.begun.drive.address.clone().into()),
        JobState::Running(_) => Err(Complaint::from(pitland::journal::JournalError::Running {
            id: job.id.to_string(),
        })),
        JobState::Unusable(error) => Err(error.into()),
        _ => Err(Complaint::usage("name the drive with --drive").coded(Code::RequestNoDrive)),
    }
}
