//! `pitland burn`: sources onto one drive or several at once.

use super::elsewhere::{self, Verifier};
use super::{Context, audio, job, journals, plan};
use crate::args::{
    BurnArgs, CdFormArg, RecordArgs, RecordingArg, SimulateArg, StashArg, VerifyArg,
};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named, TraceFile};
use crate::output::json::WarningView;
use crate::output::report::ReportView;
use crate::source::Source;
use crate::stand_in;
use futures::future::join_all;
use pitland::transport::sim::{Access, open_disc};
use pitland::writer::mmc::Profile;
use pitland::writer::{CdForm, Recording};
use pitland::{
    BurnOptions, DriveAddress, DriveHandle, DriveLease, Engine, Finish, Job, OpenMode, Placement,
    Simulate, StashPolicy, VerifyLevel, burn_together,
};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A drive that is ready to be burned on.
pub(super) struct Ready {
    pub(super) named: Named,
    pub(super) handle: DriveHandle,
    /// The drive has a disc that exists in no file: `--simulate=host` onto a missing one.
    stand_in: bool,
}

pub(crate) async fn run(args: BurnArgs, context: Context) -> Result<Exit, Complaint> {
    if let Some(sheet) = audio::sheet_of(&args.sources, args.as_file || args.go_on) {
        return Box::pin(audio::burn_sheet(sheet, args, context)).await;
    }
    let source = Source::of_burn(&args)?;
    let looked_at = source.clone();
    let doubt = super::blocking(move || Ok(looked_at.doubt())).await?;
    if let Some(message) = doubt {
        let drive = None;
        context.output.event(&WarningView { drive, message });
    }
    let mut options = options(&args);
    let drives = open::addresses(&args.drives)?;
    let verifier = Verifier::of(&args, &drives)?;
    if verifier.is_some() {
        options = options.verify_elsewhere();
    }
    let journals = journals::folder(&args, &context.output)?;
    let engine = open::engine(&args.job.plugins.plugins, &context.output)?;
    // What the first drive refuses must not leave a new file for the second.
    if !args.record.plan {
        judge_missing(&engine, &drives, &args, &options, &source).await?;
    }
    let count = drives.len() + usize::from(verifier.is_some());
    let mut files = open::traces(args.job.trace.as_deref(), count)?;
    let verifier_file = files.split_off(drives.len()).pop().flatten();
    let made: Vec<PathBuf> = drives
        .iter()
        .filter(|named| stand_in::is_missing(&named.address))
        .filter_map(|named| match &named.address {
            DriveAddress::VirtualFile { path, .. } => Some(path.clone()),
            _ => None,
        })
        .collect();
    let wish = Wish {
        args: &args,
        options,
        source: &source,
        journals: journals.as_deref(),
        context: &context,
    };
    let mut burners: Vec<_> = drives.into_iter().zip(files).collect();
    let ended = match (&verifier, burners.pop()) {
        (Some(verifier), Some(burner)) if !args.record.plan => {
            elsewhere::burn(&wish, engine, burner, verifier, verifier_file).await
        }
        (_, last) => {
            burners.extend(last);
            burn_all(&wish, engine, burners).await
        }
    };
    if !matches!(ended, Ok(Exit::Done)) {
        forget_unused(&made);
    }
    ended
}

/// What is wanted of all drives.
pub(super) struct Wish<'a> {
    pub(super) args: &'a BurnArgs,
    options: BurnOptions,
    source: &'a Source,
    /// The folder of the journals.
    pub(super) journals: Option<&'a Path>,
    pub(super) context: &'a Context,
}

impl Wish<'_> {
    /// The options for this drive.
    fn options_for(&self, named: &Named) -> BurnOptions {
        match self
            .journals
            .filter(|_| journals::is_worth_one(&named.address))
        {
            Some(folder) => self.options.clone().journal(folder),
            None => self.options.clone(),
        }
    }

    /// Starts the burn; the jobs are in the order of the drives.
    pub(super) fn start(&self, onto: Vec<(&Named, DriveLease)>) -> Vec<Job> {
        let onto = onto.into_iter();
        let onto = onto.map(|(named, lease)| (lease, self.options_for(named)));
        burn_together(self.source.image(), onto.collect())
    }

    /// Tells how a burn failed.
    pub(super) async fn lament(&self, named: &Named, error: &pitland::BurnError) -> Exit {
        let mut complaint = Complaint::of_job("burn", &named.name, error);
        let resumable = error
            .report()
            .is_some_and(|report| report.outcome == pitland::Outcome::Resumable);
        if let Some(folder) = self.journals.filter(|_| resumable)
            && let Some(advice) = journals::advice(folder, self.args.journal.is_some(), named).await
        {
            complaint = complaint.advising(advice);
        }
        self.context.output.event(&complaint.view());
        complaint.exit()
    }
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
    wish: &Wish<'_>,
    engine: Engine,
    burners: Vec<(Named, Option<(PathBuf, File)>)>,
) -> Result<Exit, Complaint> {
    let mut ready = Vec::new();
    let mut traces: Vec<Option<TraceFile>> = Vec::new();
    for (named, file) in burners {
        let (drive, trace) = make_ready(wish, &engine, named, file)?;
        ready.push(drive);
        traces.push(trace);
    }
    let leases = join_all(ready.iter().map(|drive| lease(wish, drive))).await;
    let exits = if wish.args.record.plan {
        let shown = ready
            .iter()
            .zip(leases)
            .map(async |(drive, lease)| match lease {
                Ok(lease) => show(wish, drive, &lease).await,
                Err(exit) => exit,
            });
        join_all(shown).await
    } else {
        burn_onto(wish, &ready, leases).await
    };
    drop(ready);
    let ended = open::end(engine, &traces).await;
    let first_failed = exits.into_iter().find(|exit| *exit != Exit::Done);
    match (first_failed, ended) {
        (None, Ok(())) => Ok(Exit::Done),
        (None, Err(complaint)) => Err(complaint),
        (Some(exit), Ok(())) => Ok(exit),
        (Some(exit), Err(complaint)) => {
            wish.context.output.event(&complaint.view());
            Ok(exit)
        }
    }
}

/// Opens a drive for a burn or for its plan.
pub(super) fn make_ready(
    wish: &Wish<'_>,
    engine: &Engine,
    named: Named,
    file: Option<(PathBuf, File)>,
) -> Result<(Ready, Option<TraceFile>), Complaint> {
    let missing = stand_in::is_missing(&named.address);
    let rehearsal = wish.args.record.plan || wish.options.simulate == Simulate::Host;
    let (handle, trace) = if missing && rehearsal {
        if !wish.args.record.plan {
            wish.context.output.event(&WarningView {
                drive: Some(named.name.clone()),
                message:
                    "there is no such file: rehearsed with the blank BD-R that a burn would make"
                        .into(),
            });
        }
        open::attach(engine, stand_in::drive_with_options(&named)?, file)?
    } else {
        let mode = if wish.args.record.plan {
            OpenMode::ReadOnly
        } else {
            OpenMode::CreateBlankBdR
        };
        open::open(engine, &named, mode, file)?
    };
    let ready = Ready {
        named,
        handle,
        stand_in: missing && rehearsal,
    };
    Ok((ready, trace))
}

/// Burns onto all drives that could be had, and waits for them.
async fn burn_onto(
    wish: &Wish<'_>,
    ready: &[Ready],
    leases: Vec<Result<DriveLease, Exit>>,
) -> Vec<Exit> {
    let mut exits = vec![Exit::Done; ready.len()];
    let mut onto = Vec::new();
    let mut places = Vec::new();
    for ((drive, lease), exit) in ready.iter().zip(leases).zip(&mut exits) {
        match lease {
            Ok(lease) => {
                onto.push((&drive.named, lease));
                places.push((drive, exit));
            }
            Err(failed) => *exit = failed,
        }
    }
    let jobs = wish.start(onto);
    let watched = places
        .into_iter()
        .zip(jobs)
        .map(async |((drive, exit), job)| {
            *exit = watch(wish, &drive.named, job).await;
        });
    join_all(watched).await;
    exits
}

/// Shows a burn until its end, and tells its report or error.
async fn watch(wish: &Wish<'_>, named: &Named, job: Job) -> Exit {
    match job::follow(&named.name, job, wish.context).await {
        Ok(report) => {
            let view = ReportView::new("burn", named.name.clone(), &report, Exit::Done);
            wish.context.output.result(&view);
            Exit::Done
        }
        Err(error) => wish.lament(named, &error).await,
    }
}

/// The medium's profile, if it is one that has nothing to finalize.
async fn never_final(drive: &DriveHandle) -> Option<Profile> {
    let profile = drive.medium().await.ok()?.facts.profile();
    let rewritable_for_good = matches!(
        profile,
        Profile::BdRe | Profile::DvdRam | Profile::DvdMinusRwRestrictedOverwrite
    );
    rewritable_for_good.then_some(profile)
}

/// Holds the drive; what is in the way is told.
pub(super) async fn lease(wish: &Wish<'_>, drive: &Ready) -> Result<DriveLease, Exit> {
    let taken = try_lease(wish, drive).await;
    taken.map_err(|complaint| {
        let complaint = complaint.of_drive(&drive.named.name);
        wish.context.output.event(&complaint.view());
        complaint.exit()
    })
}

async fn try_lease(wish: &Wish<'_>, drive: &Ready) -> Result<DriveLease, Complaint> {
    let args = wish.args;
    let mut how = args.job.lease_options();
    // What only rehearses leaves other people's mounts alone.
    how.unmount &= !args.record.plan && !matches!(args.record.simulate, Some(SimulateArg::Host));
    // The disc leaves the drive anyway.
    how.keep_tray |= args.verify_drive.is_some();
    let taken = drive.handle.lease_with(&args.job.client, how).await;
    let lease = taken.map_err(|denied| Complaint::of_lease(&denied))?;
    if args.record.close
        && let Some(profile) = never_final(&drive.handle).await
    {
        return Err(Complaint::new(
            Exit::Refused,
            format!("{profile} cannot be finalized: it stays rewritable"),
            "medium",
            "leave --close away",
        ));
    }
    Ok(lease)
}

async fn show(wish: &Wish<'_>, drive: &Ready, lease: &DriveLease) -> Exit {
    let (name, options) = (&drive.named.name, &wish.options);
    plan::show(
        lease,
        name,
        drive.stand_in,
        options,
        wish.source,
        wish.context,
    )
    .await
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
        let (handle, _) = open::attach(engine, Box::new(stand_in::drive(named)?), None)?;
        let lease = handle.lease(&args.job.client).await?;
        let planned = lease.plan(options.clone(), source.image_for_plan()).await;
        engine.release(&handle);
        planned.map_err(|error| Complaint::of_job("burn", &named.name, &error))?;
    }
    Ok(())
}

fn options(args: &BurnArgs) -> BurnOptions {
    let options = recording(&args.record)
        .placement(match (args.overwrite, args.new_session || args.go_on) {
            (true, _) => Placement::Overwrite,
            (false, true) => Placement::NewSession,
            (false, false) => Placement::BlankOnly,
        })
        .fast_write(args.fast_write)
        .recording(match args.recording {
            None => Recording::AsUsual,
            Some(RecordingArg::AtOnce) => Recording::AtOnce,
            Some(RecordingArg::TrackByTrack) => Recording::TrackByTrack,
        })
        .cd_form(match args.cd_form {
            None => CdForm::AsDisc,
            Some(CdFormArg::Mode1) => CdForm::Mode1,
            Some(CdFormArg::Mode2) => CdForm::Mode2Form1,
        })
        .postgap_in_image(args.no_pad)
        .finalize_when_full(args.close_when_full)
        .dvd_compatibility(args.dvd_compat)
        .stash(
            match args.stash {
                StashArg::Auto => StashPolicy::Auto,
                StashArg::Never => StashPolicy::Never,
                StashArg::All => StashPolicy::All,
            },
            args.stash_dirs.clone(),
        );
    let (memory, lag) = (options.stash_memory, options.most_lag);
    let ring = options.ring_bytes;
    options
        .stash_bounds(args.stash_memory.unwrap_or(memory), args.stash_quota)
        .ring_bytes(args.buffer.unwrap_or(ring))
        .most_lag(
            args.most_lag
                .map_or(lag, |lag| Duration::from_secs(lag.into())),
        )
}

/// What is wished of every recording.
pub(super) fn recording(args: &RecordArgs) -> BurnOptions {
    let options = BurnOptions::default()
        .verify(match args.verify {
            VerifyArg::None => VerifyLevel::None,
            VerifyArg::Quick => VerifyLevel::Quick,
            VerifyArg::Full => VerifyLevel::Full,
        })
        .finish(match args.close {
            true => Finish::FinalizeDisc,
            false => Finish::CloseSession,
        })
        .speed(args.speed)
        .simulate(match args.simulate {
            None => Simulate::No,
            Some(SimulateArg::TestWrite) => Simulate::TestWrite,
            Some(SimulateArg::Host) => Simulate::Host,
        })
        .underrun_protection(!args.no_underrun_protection);
    let options = match args.cav {
        true => options.pure_cav(),
        false => options,
    };
    match &args.writer {
        Some(name) => options.writer(name),
        None => options,
    }
}
