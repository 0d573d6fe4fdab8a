//! `pitland burn`: sources onto one drive or several at once.

use super::{Context, job, plan};
use crate::args::{BurnArgs, SimulateArg, StashArg, VerifyArg};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named, TraceFile};
use crate::source::Source;
use crate::stand_in;
use futures::future::join_all;
use pitland::transport::sim::{Access, open_disc};
use pitland::writer::mmc::Profile;
use pitland::{
    BurnOptions, DriveAddress, DriveHandle, Engine, Finish, OpenMode, Placement, Simulate,
    StashPolicy, VerifyLevel,
};
use std::fs::File;
use std::path::PathBuf;

/// A drive that is ready to be burned on.
struct Ready {
    named: Named,
    handle: DriveHandle,
    /// The drive has a disc that exists in no file: `--simulate=host` onto a missing one.
    stand_in: bool,
}

pub(crate) async fn run(args: BurnArgs, context: Context) -> Result<Exit, Complaint> {
    let source = Source::of_burn(&args)?;
    let options = options(&args);
    let drives = open::addresses(&args.drives)?;
    let engine = open::engine(&args.job.plugins.plugins, &context.output)?;
    // What the first drive refuses must not leave a new file for the second.
    if !args.plan {
        judge_missing(&engine, &drives, &args, &options, &source).await?;
    }
    let files = open::traces(args.job.trace.as_deref(), drives.len())?;
    let made: Vec<PathBuf> = drives
        .iter()
        .filter(|named| stand_in::is_missing(&named.address))
        .filter_map(|named| match &named.address {
            DriveAddress::VirtualFile { path, .. } => Some(path.clone()),
            _ => None,
        })
        .collect();
    let ended = burn_all(&args, &options, &source, &context, engine, drives, files).await;
    if !matches!(ended, Ok(Exit::Done)) {
        forget_unused(&made);
    }
    ended
}

/// Removes discs that this burn made and then recorded nothing on.
fn forget_unused(made: &[PathBuf]) {
    for path in made {
        let unused = open_disc(path, Access::ReadOnly).is_ok_and(|disc| disc.written_end() == 0);
        if unused {
            // It holds nothing: nobody misses it, and nobody is hurt if it stays.
            let _ = std::fs::remove_file(path);
        }
    }
}

async fn burn_all(
    args: &BurnArgs,
    options: &BurnOptions,
    source: &Source,
    context: &Context,
    engine: Engine,
    drives: Vec<Named>,
    files: Vec<Option<(PathBuf, File)>>,
) -> Result<Exit, Complaint> {
    let mut ready = Vec::new();
    let mut traces: Vec<Option<TraceFile>> = Vec::new();
    for (named, file) in drives.into_iter().zip(files) {
        let missing = stand_in::is_missing(&named.address);
        let rehearsal = args.plan || options.simulate == Simulate::Host;
        let (handle, trace) = if missing && rehearsal {
            open::attach(&engine, stand_in::drive(&named)?, file)?
        } else {
            let mode = if args.plan {
                OpenMode::ReadOnly
            } else {
                OpenMode::CreateBlankBdR
            };
            open::open(&engine, &named, mode, file)?
        };
        ready.push(Ready {
            named,
            handle,
            stand_in: missing && rehearsal,
        });
        traces.push(trace);
    }
    let exits = join_all(
        ready
            .iter()
            .map(|drive| one(drive, args, options, source, context)),
    )
    .await;
    drop(ready);
    let ended = open::end(engine, &traces).await;
    let first_failed = exits.into_iter().find(|exit| *exit != Exit::Done);
    match (first_failed, ended) {
        (None, Ok(())) => Ok(Exit::Done),
        (None, Err(complaint)) => Err(complaint),
        (Some(exit), Ok(())) => Ok(exit),
        (Some(exit), Err(complaint)) => {
            context.output.event(&complaint.view());
            Ok(exit)
        }
    }
}

/// The medium's profile, if it is one that has nothing to finalize.
async fn never_final(drive: &DriveHandle) -> Option<Profile> {
    let profile = drive.medium().await.ok()?.facts.profile();
    matches!(profile, Profile::BdRe | Profile::DvdRam).then_some(profile)
}

async fn one(
    drive: &Ready,
    args: &BurnArgs,
    options: &BurnOptions,
    source: &Source,
    context: &Context,
) -> Exit {
    let name = &drive.named.name;
    let mut how = args.job.lease_options();
    // What only rehearses leaves other people's mounts alone.
    how.unmount &= !args.plan && !matches!(args.simulate, Some(SimulateArg::Host));
    let taken = drive.handle.lease_with(&args.job.client, how);
    let lease = match taken.await {
        Ok(lease) => lease,
        Err(denied) => {
            let complaint = Complaint::from(denied).of_drive(name);
            context.output.event(&complaint.view());
            return complaint.exit();
        }
    };
    if args.close
        && let Some(profile) = never_final(&drive.handle).await
    {
        let complaint = Complaint::new(
            Exit::Refused,
            format!("{profile} cannot be finalized: it stays rewritable"),
            "medium",
            "leave --close away",
        )
        .of_drive(name);
        context.output.event(&complaint.view());
        return complaint.exit();
    }
    if args.plan {
        return plan::show(&lease, name, drive.stand_in, options, source, context).await;
    }
    let job = lease.burn(options.clone(), source.image());
    job::watch("burn", name, job, context).await
}

/// Judges the burn for the discs that are still to be made: a burn that is refused makes no file.
async fn judge_missing(
    engine: &Engine,
    drives: &[Named],
    args: &BurnArgs,
    options: &BurnOptions,
    source: &Source,
) -> Result<(), Complaint> {
    for named in drives
        .iter()
        .filter(|named| stand_in::is_missing(&named.address))
    {
        let (handle, _) = open::attach(engine, stand_in::drive(named)?, None)?;
        let lease = handle.lease(&args.job.client).await?;
        let planned = lease.plan(options.clone(), source.image_for_plan()).await;
        engine.release(&handle);
        planned.map_err(|error| Complaint::of_job("burn", &named.name, &error))?;
    }
    Ok(())
}

fn options(args: &BurnArgs) -> BurnOptions {
    let options = BurnOptions::default()
        .placement(match (args.overwrite, args.new_session) {
            (true, _) => Placement::Overwrite,
            (false, true) => Placement::NewSession,
            (false, false) => Placement::BlankOnly,
        })
        .finish(if args.close {
            Finish::FinalizeDisc
        } else {
            Finish::CloseSession
        })
        .speed(args.speed)
        .verify(match args.verify {
            VerifyArg::None => VerifyLevel::None,
            VerifyArg::Quick => VerifyLevel::Quick,
            VerifyArg::Full => VerifyLevel::Full,
        })
        .simulate(match args.simulate {
            None => Simulate::No,
            Some(SimulateArg::TestWrite) => Simulate::TestWrite,
            Some(SimulateArg::Host) => Simulate::Host,
        })
        .stash(
            match args.stash {
                StashArg::Auto => StashPolicy::Auto,
                StashArg::Never => StashPolicy::Never,
                StashArg::All => StashPolicy::All,
            },
            args.stash_dirs.clone(),
        );
    match &args.writer {
        Some(name) => options.writer(name),
        None => options,
    }
}
