//! Leading a job from a client's wish to the drive's thread: identify, choose a writer, settle the image's
//! length, get the plan, start the source. Owns the order of these; what happens to the medium is the
//! machine's.

use crate::config::{BurnOptions, Simulate, StashPolicy};
use crate::drive::actor::Running;
use crate::drive::job::Job;
use crate::drive::lease::DriveLease;
use crate::drive::report::{BurnReport, JobFacts};
use crate::drive::thread::{AtWork, Done, JobControl, Order, Work};
use crate::error::{BurnError, LeaseDenied, QueryError, SourceError};
use crate::pipeline::digest::CHECK_BLOCKS;
use crate::pipeline::ring::{self, SLOT_BYTES};
use crate::pipeline::{Image, Prepared, start as start_producer, stash};
use crate::plugin_host::Registry;
use crate::progress::{self, Teller};
use pitland_burn::{Fault, HostQuirks, Machine, Phase, VerifyLevel};
use pitland_mastering::Layout;
use pitland_writer::{ActiveWriter, BurnRequest, MediaFacts, Refusal, Request, Service, WritePlan};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Slots of a job's ring: its memory is at most this many MiB.
pub(crate) const RING_SLOTS: usize = 32;

/// What a client wants.
pub(crate) enum What {
    Burn {
        options: Box<BurnOptions>,
        image: Box<Image>,
    },
    Other(Request),
}

/// What a burn would do, before anything is sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BurnPlan {
    /// Drive and medium.
    pub facts: MediaFacts,
    /// The writer that would lead the job.
    pub writer: String,
    /// What the writer offers on this medium.
    pub service: Service,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// Blocks of the image.
    pub image_blocks: u64,
    /// The commands and extents.
    pub plan: WritePlan,
    /// What happens to the source before it is burned.
    pub stash: &'static str,
    /// The volume's layout, where the image is mastered here.
    pub layout: Option<Arc<Layout>>,
}

/// A job that only needs its drive.
struct Ready {
    facts: MediaFacts,
    name: String,
    service: Option<Service>,
    request: Request,
    image: Option<Prepared>,
    writer: Box<dyn ActiveWriter>,
    plan: WritePlan,
}

pub(crate) async fn plan(
    lease: &DriveLease,
    options: BurnOptions,
    image: Image,
) -> Result<BurnPlan, BurnError> {
    let facts = lease.drive.medium().await?.facts;
    let stash = stash::decide(options.stash).words();
    let what = What::Burn {
        options: Box::new(options),
        image: Box::new(image),
    };
    // A plan reads names and sizes, never the data.
    let ready = prepare(lease, what, facts, None).await?;
    let (image_bytes, image_blocks, layout) = ready
        .image
        .as_ref()
        .map_or((0, 0, None), |i| (i.bytes, i.blocks(), i.layout()));
    Ok(BurnPlan {
        facts: ready.facts,
        writer: ready.name,
        service: ready
            .service
            .ok_or(BurnError::Refused(Refusal::NotOffered))?,
        image_bytes,
        image_blocks,
        plan: ready.plan,
        stash,
        layout,
    })
}

pub(crate) fn start(lease: &DriveLease, what: What) -> Job {
    let control = Arc::new(JobControl::default());
    let (teller, told, figures) = progress::channel();
    let at_work = Arc::new(AtWork);
    let running = Running {
        at_work: Arc::downgrade(&at_work),
        control: Arc::clone(&control),
        figures,
    };
    let task = tokio::spawn(lead(
        lease.clone(),
        what,
        Arc::clone(&control),
        at_work,
        teller,
        running,
    ));
    Job::new(told, control, task)
}

async fn lead(
    lease: DriveLease,
    what: What,
    control: Arc<JobControl>,
    at_work: Arc<AtWork>,
    mut teller: Teller,
    running: Running,
) -> Result<BurnReport, BurnError> {
    let began = Instant::now();
    lease.drive.begin_job(lease.token.id, running).await?;
    teller.phase(Phase::Identifying);
    let (verify, rehearse) = match &what {
        What::Burn { options, .. } => (options.verify, options.simulate == Simulate::Host),
        What::Other(_) => (VerifyLevel::None, false),
    };
    let facts = identify(&lease).await?;
    teller.nominal_speed(facts.profile().one_x_kb_per_s());
    not_cancelled(&control)?;
    let ready = prepare(&lease, what, facts, Some(Arc::clone(&control))).await?;
    not_cancelled(&control)?;
    let (mut work, job, done) =
        assemble(&lease, ready, verify, rehearse, control, at_work, teller)?;
    work.reload = !lease.keep_tray && !rehearse;
    if !rehearse {
        work.awake = lease.drive.keep_awake(lease.who()).await;
    }
    lease.run(Order::Job(Box::new(work))).await?;
    let done: Done = done.await.map_err(|_| BurnError::Abandoned)?;
    let report = BurnReport::new(&job, &done, began.elapsed());
    match done.ending.result {
        Ok(_) => Ok(report),
        Err(fault) => Err(BurnError::Failed {
            fault,
            source: done.source,
            report: Box::new(report),
        }),
    }
}

fn not_cancelled(control: &JobControl) -> Result<(), BurnError> {
    if control.is_cancelled() {
        Err(BurnError::Cancelled)
    } else {
        Ok(())
    }
}

async fn identify(lease: &DriveLease) -> Result<MediaFacts, BurnError> {
    let (reply, answer) = oneshot::channel();
    lease.run(Order::Identify(reply)).await?;
    let facts = answer
        .await
        .map_err(|_| QueryError::Denied(LeaseDenied::Gone))??;
    Ok(*facts)
}

/// Everything before the drive is touched. With a `control` the source's data may be read; without one
/// only names and sizes.
async fn prepare(
    lease: &DriveLease,
    what: What,
    facts: MediaFacts,
    control: Option<Arc<JobControl>>,
) -> Result<Ready, BurnError> {
    let registry = lease.drive.registry();
    match what {
        What::Other(request) => {
            let (facts, request, begun) = begin(registry, facts, request, None).await?;
            Ok(Ready {
                facts,
                name: begun.name,
                service: begun.service,
                request,
                image: None,
                writer: begun.writer,
                plan: begun.plan,
            })
        }
        What::Burn { options, image } => {
            let mut burn = BurnRequest::new(0);
            burn.placement = options.placement;
            burn.finish = options.finish;
            burn.speed = options.speed;
            burn.test_write = options.simulate == Simulate::TestWrite;
            // The first block must be known before a volume can be laid out.
            let (facts, service) = assess(
                registry.clone(),
                facts,
                Request::Burn(burn.clone()),
                options.writer.clone(),
            )
            .await?;
            // Only the engine's own lead-in starts below 0, and no image does.
            let first = u32::try_from(service.first_lba.0).map_err(|_| Refusal::NotOffered)?;
            let mut image = image.prepare(first).await?;
            burn.blocks = image.blocks();
            if burn.blocks == 0 {
                return Err(Refusal::Empty.into());
            }
            let (facts, request, begun) =
                begin(registry, facts, Request::Burn(burn), options.writer.clone()).await?;
            if let Some(control) = control
                && options.stash == StashPolicy::All
                && options.simulate != Simulate::Host
            {
                let layout = image.layout();
                image = stash::stash(image, options.stash, &options.stash_dirs, control)
                    .await?
                    .ok_or(BurnError::Cancelled)?;
                image.keep_layout(layout);
            }
            Ok(Ready {
                facts,
                name: begun.name,
                service: begun.service,
                request,
                image: Some(image),
                writer: begun.writer,
                plan: begun.plan,
            })
        }
    }
}

async fn assess(
    registry: Arc<Registry>,
    facts: MediaFacts,
    request: Request,
    writer: Option<String>,
) -> Result<(MediaFacts, Service), BurnError> {
    // Writers are called with a deadline, and that waits: not on the runtime's own threads.
    tokio::task::spawn_blocking(move || {
        let choice = registry.choose(&facts, &request, writer.as_deref())?;
        Ok((facts, choice.service))
    })
    .await
    .map_err(|_| BurnError::Abandoned)?
}

struct Begun {
    name: String,
    service: Option<Service>,
    writer: Box<dyn ActiveWriter>,
    plan: WritePlan,
}

async fn begin(
    registry: Arc<Registry>,
    facts: MediaFacts,
    request: Request,
    writer: Option<String>,
) -> Result<(MediaFacts, Request, Begun), BurnError> {
    tokio::task::spawn_blocking(move || {
        let choice = registry.choose(&facts, &request, writer.as_deref())?;
        let name = choice.writer.info.name.clone();
        let (writer, plan) = choice.writer.module.begin(&facts, &request)?;
        let service = matches!(request, Request::Burn(_)).then_some(choice.service);
        Ok((
            facts,
            request,
            Begun {
                name,
                service,
                writer,
                plan,
            },
        ))
    })
    .await
    .map_err(|_| BurnError::Abandoned)?
}

/// Machine, ring and source, ready for the drive's thread.
fn assemble(
    lease: &DriveLease,
    ready: Ready,
    verify: VerifyLevel,
    rehearse: bool,
    control: Arc<JobControl>,
    at_work: Arc<AtWork>,
    teller: Teller,
) -> Result<(Work, JobFacts, oneshot::Receiver<Done>), BurnError> {
    let image_blocks = ready.plan.image_blocks();
    let padded_bytes = image_blocks * 2048;
    let job = JobFacts {
        drive: lease.drive.name().to_owned(),
        writer: ready.name,
        first_lba: ready.plan.extents.first().map_or(0, |e| e.first_lba.0),
        image_bytes: ready.image.as_ref().map_or(0, |i| i.bytes),
        layout: ready.image.as_ref().and_then(Prepared::layout),
    };
    let inquiry = ready.facts.inquiry.as_ref();
    let quirks = inquiry.map_or(HostQuirks::NONE, |inquiry| {
        lease.drive.quirks().of_drive(inquiry)
    });
    let machine = Machine::new(pitland_burn::Job {
        request: ready.request,
        facts: ready.facts,
        service: ready.service,
        plan: ready.plan,
        verify,
        rehearse,
        most_bytes: lease.drive.most_bytes(),
    })
    .map_err(|fault| BurnError::Plan(Fault::Plan(fault)))?
    .obeying(quirks);
    let mut drain = None;
    let mut gauge = None;
    let mut start_mark = 0;
    let mut checks = Vec::new();
    if let Some(image) = ready.image.filter(|_| !rehearse) {
        let needed =
            usize::try_from(padded_bytes.div_ceil(SLOT_BYTES as u64)).unwrap_or(usize::MAX);
        let slots = RING_SLOTS.min(needed);
        let (filler, out, fill) = ring::ring(slots);
        let checked = verify != VerifyLevel::None;
        if checked {
            let units = image_blocks.div_ceil(u64::from(CHECK_BLOCKS));
            checks.reserve_exact(usize::try_from(units).unwrap_or(0));
        }
        start_producer(image.feed, image.bytes, padded_bytes, checked, filler).map_err(
            |error| SourceError::Io {
                name: "the source's thread".into(),
                error: Arc::new(error),
            },
        )?;
        start_mark = slots.div_ceil(2);
        drain = Some(out);
        gauge = Some(fill);
    }
    let (done_in, done) = oneshot::channel();
    let work = Work {
        machine,
        writer: ready.writer,
        drain,
        gauge,
        start_mark,
        checks,
        control,
        at_work,
        reload: false,
        awake: None,
        teller,
        done: done_in,
    };
    Ok((work, job, done))
}
