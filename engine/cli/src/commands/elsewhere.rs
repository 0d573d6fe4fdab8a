//! A burn that is read back in another drive: the burner is let go first, then the disc is awaited in the other
//! one. Owns the order of that.

use super::burn::{Wish, lease, make_ready};
use super::{Context, job};
use crate::args::{BurnArgs, VerifyArg};
use crate::error::{Complaint, drive_name};
use crate::exit::Exit;
use crate::open::{self, Named, TraceFile};
use crate::output::json::{AwaitingView, Name};
use crate::output::report::ReportView;
use pitland::writer::MediumCondition;
use pitland::{BurnReport, DriveAddress, DriveLease, Engine, OpenMode, QueryError, VerifyLevel};
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

/// How often the other drive is asked for the disc.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The drive in which the disc is read back.
pub(super) struct Verifier {
    named: Named,
    level: VerifyLevel,
    /// Its disc is a file: nobody has to carry it.
    is_file: bool,
}

impl Verifier {
    /// The drive that is named for it.
    pub(super) fn of(args: &BurnArgs, burners: &[Named]) -> Result<Option<Self>, Complaint> {
        let Some(given) = &args.verify_drive else {
            return Ok(None);
        };
        let level = match args.record.verify {
            VerifyArg::None => {
                return Err(Complaint::usage(
                    "--verify-drive has nothing to do with --verify none",
                ));
            }
            VerifyArg::Quick => VerifyLevel::Quick,
            VerifyArg::Full => VerifyLevel::Full,
        };
        let [burner] = burners else {
            return Err(Complaint::usage(
                "--verify-drive takes the disc of one --drive only",
            ));
        };
        if args.record.simulate.is_some() {
            return Err(Complaint::usage(
                "what --simulate burns cannot be read back",
            ));
        }
        let address = DriveAddress::parse(given)
            .map_err(|error| Complaint::from(error).of_drive(&Name::new(given)))?;
        let name = drive_name(&address);
        let key = |address: &DriveAddress| {
            let key = address.same_drive_key();
            key.map_err(|error| Complaint::from(error).of_drive(&name))
        };
        let is_file = matches!(address, DriveAddress::VirtualFile { .. });
        let same = key(&address)? == key(&burner.address)?;
        if same && !is_file {
            return Err(Complaint::usage(
                "--verify-drive is the drive that burns, which reads back without being told",
            )
            .of_drive(&name));
        }
        let named = Named { address, name };
        Ok(Some(Self {
            named,
            level,
            is_file,
        }))
    }
}

/// The drive that reads back, held.
struct Reader {
    engine: Engine,
    lease: DriveLease,
    trace: Option<TraceFile>,
}

impl Reader {
    async fn open(
        wish: &Wish<'_>,
        verifier: &Verifier,
        trace: Option<(PathBuf, File)>,
    ) -> Result<Self, Complaint> {
        // An engine of its own: the burner's has ended when a virtual disc is opened again.
        let engine = Engine::builder().build()?;
        let mode = match verifier.is_file {
            true => OpenMode::ReadOnly,
            false => OpenMode::Existing,
        };
        let named = &verifier.named;
        let (handle, trace) = open::open(&engine, named, mode, trace)?;
        let job = &wish.args.job;
        let lease = handle.lease_with(&job.client, job.lease_options()).await;
        let lease = lease.map_err(|denied| Complaint::of_lease(&denied).of_drive(&named.name))?;
        Ok(Self {
            engine,
            lease,
            trace,
        })
    }

    /// Waits until somebody has put a disc in.
    async fn await_disc(&self, drive: &Name, context: &Context) -> Result<(), Complaint> {
        // What is in it is not the disc that was burned.
        if let Err(error) = self.lease.eject().await {
            tracing::warn!(%error, "the tray of the drive that reads back does not open");
            let there = self.lease.drive().medium().await;
            if there.is_ok_and(|info| info.facts.condition() != MediumCondition::NoMedium) {
                return Err(Complaint::from(error));
            }
        }
        context.output.event(&AwaitingView {
            drive: drive.clone(),
        });
        let mut interrupt = context.interrupt.clone();
        loop {
            match self.lease.drive().medium().await {
                Ok(info) if info.facts.condition() != MediumCondition::NoMedium => return Ok(()),
                // It may be on its way to being ready.
                Ok(_) | Err(QueryError::Sense(_)) => {}
                Err(error) => return Err(Complaint::from(error)),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = interrupt.raised() => return Err(Complaint::cancelled()),
            }
        }
    }
}

/// Burns, lets go of the burner, and reads the disc back in the other drive.
pub(super) async fn burn(
    wish: &Wish<'_>,
    engine: Engine,
    (named, file): (Named, Option<(PathBuf, File)>),
    verifier: &Verifier,
    mut trace: Option<(PathBuf, File)>,
) -> Result<Exit, Complaint> {
    // A drive that is not there, or not free, is found out before the disc is touched.
    let waiting = match verifier.is_file {
        true => None,
        false => Some(Reader::open(wish, verifier, trace.take()).await?),
    };
    let (ready, burner_trace) = make_ready(wish, &engine, named, file)?;
    let lease = match lease(wish, &ready).await {
        Ok(lease) => lease,
        Err(exit) => return Ok(exit),
    };
    let named = ready.named;
    let job = wish.start(vec![(&named, lease.clone())]).pop();
    let job = job.ok_or_else(|| Complaint::internal("the burn was not started"))?;
    let burned = job::follow(&named.name, job, wish.context).await;
    // Where the tray does not open, a person opens it.
    if burned.is_ok()
        && !verifier.is_file
        && let Err(error) = lease.eject().await
    {
        tracing::warn!(%error, "the tray of the burner does not open");
    }
    drop((lease, ready.handle));
    let report = match burned {
        Ok(report) => report,
        Err(error) => {
            let exit = wish.lament(&named, &error).await;
            return job::end(engine, &[burner_trace], exit, &named, wish.context).await;
        }
    };
    open::end(engine, &[burner_trace])
        .await
        .map_err(|complaint| not_read_back(complaint, &named, &report))?;
    let reader = match waiting {
        Some(reader) => Ok(reader),
        None => Reader::open(wish, verifier, trace).await,
    };
    let reader = reader.map_err(|complaint| not_read_back(complaint, &named, &report))?;
    read_back(reader, verifier, wish.context, &named, &report).await
}

async fn read_back(
    reader: Reader,
    verifier: &Verifier,
    context: &Context,
    burner: &Named,
    burned: &BurnReport,
) -> Result<Exit, Complaint> {
    let name = &verifier.named.name;
    if !verifier.is_file {
        let awaited = reader.await_disc(name, context).await;
        awaited.map_err(|complaint| not_read_back(complaint, burner, burned))?;
    }
    let job = reader.lease.verify(&burned.written, verifier.level);
    let read = job::follow(name, job, context).await;
    let exit = match &read {
        Ok(read) => {
            let view = ReportView::new("burn", burner.name.clone(), burned, Exit::Done);
            let view = view.read_back_in(name.clone(), read, Exit::Done);
            context.output.result(&view);
            Exit::Done
        }
        Err(error) => {
            let complaint = Complaint::of_job("burn", name, error);
            let exit = complaint.exit();
            let complaint = match error.report() {
                Some(read) => {
                    let view = ReportView::new("burn", burner.name.clone(), burned, exit);
                    let view = view.read_back_in(name.clone(), read, exit);
                    complaint.behind(exit, view, burned.medium)
                }
                None => not_read_back(complaint, burner, burned),
            };
            context.output.event(&complaint.view());
            complaint.exit()
        }
    };
    let Reader {
        engine,
        lease,
        trace,
    } = reader;
    drop(lease);
    job::end(engine, &[trace], exit, &verifier.named, context).await
}

/// The disc was burned, and it did not come to reading it back.
fn not_read_back(complaint: Complaint, burner: &Named, burned: &BurnReport) -> Complaint {
    let exit = match complaint.exit() {
        Exit::Cancelled => Exit::Cancelled,
        _ => Exit::Unverified,
    };
    let view = ReportView::new("burn", burner.name.clone(), burned, exit);
    complaint
        .advising("the disc is burned and closed; compare it with its source by pitland verify")
        .behind(exit, view, burned.medium)
}
