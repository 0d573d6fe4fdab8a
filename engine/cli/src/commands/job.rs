//! One job on one drive, from its start to its report: shown while it runs, cancelled when the user wants
//! an end.

use super::Context;
use crate::args::JobArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named};
use crate::output::bar::Watcher;
use crate::output::json::Name;
use crate::output::report::ReportView;
use futures::StreamExt;
use pitland::{BurnError, BurnReport, DriveLease, Job, OpenMode};
use std::ffi::OsString;

/// Shows a job until its end and tells its report or error. The status is [`Exit::Done`] only when the job
/// did all that was asked.
pub(crate) async fn watch(what: &'static str, drive: &Name, job: Job, context: &Context) -> Exit {
    match follow(drive, job, context).await {
        Ok(report) => {
            let exit = done(&report);
            context
                .output
                .result(&ReportView::new(what, drive.clone(), &report, exit));
            exit
        }
        Err(error) => {
            let complaint = Complaint::of_job(what, drive, &error);
            context.output.event(&complaint.view());
            complaint.exit()
        }
    }
}

/// The status of a job that did what it could: blocks that were read back with nothing to compare them with
/// are not verified.
fn done(report: &BurnReport) -> Exit {
    match &report.verification {
        Some(verification) if verification.blocks_unchecked > 0 => Exit::Unverified,
        _ => Exit::Done,
    }
}

/// Shows a job until its end.
pub(super) async fn follow(
    drive: &Name,
    mut job: Job,
    context: &Context,
) -> Result<BurnReport, BurnError> {
    let mut watcher = Watcher::new(&context.output, drive.clone());
    let mut interrupt = context.interrupt.clone();
    let mut cancelled = false;
    loop {
        tokio::select! {
            event = job.next() => match event {
                Some(event) => watcher.event(&event),
                None => break,
            },
            () = interrupt.raised(), if !cancelled => {
                cancelled = true;
                job.cancel();
            }
        }
    }
    let ended = job.report().await;
    watcher.finish();
    ended
}

/// A command that is one job on one drive.
pub(crate) async fn run(
    what: &'static str,
    drive: &OsString,
    args: &JobArgs,
    context: Context,
    start: impl FnOnce(&DriveLease) -> Job,
) -> Result<Exit, Complaint> {
    let named = open::address(drive)?;
    let engine = open::engine(&args.plugins.plugins, &context.output)?;
    let trace = open::traces(args.trace.as_deref(), 1)?.pop().flatten();
    let (handle, trace) = open::open(&engine, &named, OpenMode::Existing, trace)?;
    let lease = handle
        .lease_with(&args.client, args.lease_options())
        .await
        .map_err(|e| Complaint::of_lease(&e).of_drive(&named.name))?;
    let exit = watch(what, &named.name, start(&lease), &context).await;
    drop((lease, handle));
    end(engine, &[trace], exit, &named, &context).await
}

/// Ends the engine behind a job: a trace that is not whole spoils a job that is.
pub(crate) async fn end(
    engine: pitland::Engine,
    traces: &[Option<open::TraceFile>],
    exit: Exit,
    named: &Named,
    context: &Context,
) -> Result<Exit, Complaint> {
    match open::end(engine, traces).await {
        Ok(()) => Ok(exit),
        Err(complaint) if exit == Exit::Done => Err(complaint.of_drive(&named.name)),
        Err(complaint) => {
            context
                .output
                .event(&complaint.of_drive(&named.name).view());
            Ok(exit)
        }
    }
}
