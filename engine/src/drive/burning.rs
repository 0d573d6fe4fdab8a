//! Leading a job from a client's wish to the drive's thread: identify, choose a writer, get the plan. Owns
//! these steps; their order for drives that share a source is [`super::together`]'s, and what happens to the
//! medium is the machine's.

use crate::config::{BurnOptions, Simulate};
use crate::drive::actor::Running;
use crate::drive::finishing;
use crate::drive::incoming::Incoming;
use crate::drive::job::Job;
use crate::drive::lease::DriveLease;
use crate::drive::report::{BurnReport, JobFacts, Written};
use crate::drive::start_line::Runner;
use crate::drive::thread::{Done, JobControl, Order, Work};
use crate::drive::together::{self, Member, Parts, enrol};
use crate::error::{BurnError, LeaseDenied, QueryError};
use crate::pipeline::checks::{Checks, Kept};
use crate::pipeline::growing::OldVolume;
use crate::pipeline::stash::{StashOptions, StashPlan};
use crate::pipeline::{Image, Onto, Prepared};
use crate::plugin_host::{Allowances, WriterOrigin};
use crate::progress::Teller;
use pitland_burn::gate::Gate;
use pitland_burn::{Fault, HostQuirks, Machine, Note, Phase, ReadBack, VerifyLevel, WrittenRun};
use pitland_journal::JobJournal;
use pitland_mastering::Layout;
use pitland_mmc::Lba;
use pitland_writer::{
    ActiveWriter, BurnRequest, CdLayout, CdMode, Event, Failure, MediaFacts, Origin, Refusal,
    Request, Service, Speed, Step, WritePlan,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a burn would do, before anything is sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BurnPlan {
    /// Drive and medium.
    pub facts: MediaFacts,
    /// The writer that would lead the job.
    pub writer: String,
    /// Where that writer comes from, and in which versions.
    pub led_by: WriterOrigin,
    /// What the writer offers on this medium.
    pub service: Service,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// Bytes of a block of it: 2048, but on CD for what is more than one data track.
    pub block_bytes: u32,
    /// Blocks of the image.
    pub image_blocks: u64,
    /// The commands and extents.
    pub plan: WritePlan,
    /// Where each file of the source goes before it is burned, and why.
    pub stash: StashPlan,
    /// The volume's layout, where the image is mastered here.
    pub layout: Option<Arc<Layout>>,
}

/// A job that only needs its drive.
pub(crate) struct Ready {
    pub(crate) facts: MediaFacts,
    pub(crate) name: String,
    pub(crate) origin: WriterOrigin,
    pub(crate) allowed: Allowances,
    pub(crate) service: Option<Service>,
    pub(crate) request: Request,
    pub(crate) writer: Box<dyn ActiveWriter>,
    pub(crate) plan: WritePlan,
    /// What an earlier job has written of the image.
    pub(crate) resumed: Option<WrittenRun>,
}

/// What the writer that fits best would do.
pub(crate) struct Chosen {
    pub(crate) facts: MediaFacts,
    pub(crate) service: Service,
}

/// The plan of a burn, without a job: reads names and sizes, never the data.
pub(crate) async fn plan(
    lease: &DriveLease,
    options: BurnOptions,
    image: Image,
) -> Result<BurnPlan, BurnError> {
    let facts = lease.drive.medium().await?.facts;
    let mut burn = request(&options, image.cd_mode());
    let old = OldVolume::find(image.goes_on_with(), burn.placement, &facts, lease.reader()).await?;
    burn.placement = old.as_ref().map_or(burn.placement, OldVolume::placement);
    let Chosen { facts, service } = assess(lease, facts, burn.clone(), &options).await?;
    // Only the engine's own lead-in starts below 0, and no image does.
    let first = u32::try_from(service.first_lba.0).map_err(|_| Refusal::NotOffered)?;
    let onto = Onto {
        first_lba: first,
        medium: facts.profile().family(),
        facts: facts.clone(),
        reader: lease.reader(),
        old,
    };
    let image = image.prepare(onto).await?;
    image.settle(&mut burn);
    burn.finish = finishing::finish(&options, &facts, burn.blocks);
    if burn.blocks == 0 {
        return Err(Refusal::Empty.into());
    }
    let ready = begin_writer(lease, facts, burn, &options).await?;
    let rate = drive_rate(&ready.facts, options.speed);
    let (image, stash) = plan_stash(image, &options, rate).await?;
    stash.allowed()?;
    Ok(BurnPlan {
        facts: ready.facts,
        writer: ready.name,
        led_by: ready.origin,
        service: ready
            .service
            .ok_or(BurnError::Refused(Refusal::NotOffered))?,
        image_bytes: image.bytes,
        block_bytes: image.block_bytes,
        image_blocks: image.blocks(),
        plan: ready.plan,
        stash,
        layout: image.layout(),
    })
}

/// Decides where each file goes. Looks at names, sizes and file systems.
pub(crate) async fn plan_stash(
    image: Prepared,
    options: &BurnOptions,
    drive_rate: Option<u64>,
) -> Result<(Prepared, StashPlan), BurnError> {
    let options = StashOptions {
        policy: options.stash,
        dirs: options.stash_dirs.clone(),
        memory: options.stash_memory,
        quota: options.stash_quota,
        drive_rate,
    };
    tokio::task::spawn_blocking(move || {
        let plan = StashPlan::of(&image.feed, image.bytes, options);
        (image, plan)
    })
    .await
    .map_err(|_| BurnError::Abandoned)
}

/// Bytes a second that the drive takes of its source at most.
pub(crate) fn drive_rate(facts: &MediaFacts, wish: Speed) -> Option<u64> {
    let fastest = speeds(facts, wish).into_iter().max();
    fastest.map(|speed| u64::from(speed) * 1000)
}

/// The speeds that the drive offers for its medium and that the wish does not rule out, kB/s.
pub(crate) fn speeds(facts: &MediaFacts, wish: Speed) -> Vec<u32> {
    let nominal = facts.profile().one_x_kb_per_s();
    let most = match wish {
        Speed::KilobytesPerSecond(most) => most.get(),
        Speed::TenthsOfNominal(tenths) => nominal.saturating_mul(tenths.get()) / 10,
        _ => u32::MAX,
    };
    let offered = facts.write_speeds();
    let within: Vec<u32> = offered
        .iter()
        .copied()
        .filter(|speed| *speed <= most)
        .collect();
    if within.is_empty() {
        // The slowest is taken where all are faster than asked.
        return offered.into_iter().min().into_iter().collect();
    }
    within
}

/// A job without an image: format, erase, close.
pub(crate) fn start_without_image(lease: &DriveLease, request: Request) -> Job {
    let options = BurnOptions::default().verify(VerifyLevel::None);
    begin_with(lease, options, request, Assembly::of)
}

/// What is to be closed, of a burn that is on the disc already.
pub(crate) struct Unfinished {
    pub(crate) request: Request,
    pub(crate) run: WrittenRun,
    pub(crate) image_bytes: u64,
    pub(crate) layout: Option<Arc<Layout>>,
    pub(crate) checks: Arc<Checks>,
    pub(crate) journal: JobJournal,
}

/// Closes what a burn has left, and reads the burn back as it had asked for.
pub(crate) fn close_and_verify(
    lease: &DriveLease,
    options: BurnOptions,
    unfinished: Unfinished,
) -> Job {
    let request = unfinished.request.clone();
    begin_with(lease, options, request, move |mut ready| {
        ready.resumed = Some(unfinished.run);
        Assembly {
            image_bytes: unfinished.image_bytes,
            layout: unfinished.layout,
            checks: unfinished.checks,
            journal: Some(unfinished.journal),
            ..Assembly::of(ready)
        }
    })
}

fn begin_with(
    lease: &DriveLease,
    options: BurnOptions,
    request: Request,
    assemble: impl FnOnce(Ready) -> Assembly + Send + 'static,
) -> Job {
    let (job, member) = enrol(lease.clone(), options);
    tokio::spawn(async move {
        let Some((member, facts)) = together::begin(member).await else {
            return;
        };
        let ready = choose_and_begin(&member.lease, facts, request, None).await;
        match ready.and_then(|ready| not_cancelled(&member.control).map(|()| ready)) {
            Ok(ready) => run(member, assemble(ready)).await,
            Err(error) => member.end(error),
        }
    });
    job
}

/// Makes the drive busy with the job and identifies what is in it.
pub(crate) async fn begin(
    lease: &DriveLease,
    running: Running,
    teller: &mut Teller,
) -> Result<MediaFacts, BurnError> {
    lease.drive.begin_job(lease.token.id, running).await?;
    teller.phase(Phase::Identifying);
    let (reply, answer) = oneshot::channel();
    lease.run(Order::Identify(reply)).await?;
    let facts = answer
        .await
        .map_err(|_| QueryError::Denied(LeaseDenied::Gone))??;
    teller.nominal_speed(facts.profile().one_x_kb_per_s());
    Ok(*facts)
}

pub(crate) fn not_cancelled(control: &JobControl) -> Result<(), BurnError> {
    if control.is_cancelled() {
        Err(BurnError::Cancelled)
    } else {
        Ok(())
    }
}

/// The wish for a burn of yet unknown length.
pub(crate) fn request(options: &BurnOptions, mode: Option<CdMode>) -> BurnRequest {
    let mut burn = BurnRequest::new(0);
    burn.cd = mode.map(|mode| CdLayout::new(mode, Lba(0)));
    burn.overburn = options.overburn;
    burn.placement = options.placement;
    burn.finish = options.finish;
    burn.speed = options.speed;
    burn.pure_cav = options.pure_cav;
    burn.test_write = options.simulate == Simulate::TestWrite;
    burn.underrun_protection = options.underrun_protection;
    burn.fast_write = options.fast_write;
    burn.recording = options.recording;
    burn.cd_form = options.cd_form;
    burn.postgap_in_image = options.postgap_in_image;
    burn
}

/// What the best writer says before the length is known: the first block must be known before a volume can be
/// laid out.
pub(crate) async fn assess(
    lease: &DriveLease,
    facts: MediaFacts,
    burn: BurnRequest,
    options: &BurnOptions,
) -> Result<Chosen, BurnError> {
    let registry = lease.drive.registry();
    let writer = options.writer.clone();
    // Writers are called with a deadline, and that waits: not on the runtime's own threads.
    tokio::task::spawn_blocking(move || {
        let request = Request::Burn(burn);
        let choice = registry.choose(&facts, &request, writer.as_deref())?;
        let service = choice.service;
        Ok(Chosen { facts, service })
    })
    .await
    .map_err(|_| BurnError::Abandoned)?
}

/// The writer and its plan for a burn of known length.
pub(crate) async fn begin_writer(
    lease: &DriveLease,
    facts: MediaFacts,
    burn: BurnRequest,
    options: &BurnOptions,
) -> Result<Ready, BurnError> {
    choose_and_begin(lease, facts, Request::Burn(burn), options.writer.clone()).await
}

/// The best writer for a request, begun.
pub(crate) async fn choose_and_begin(
    lease: &DriveLease,
    facts: MediaFacts,
    request: Request,
    writer: Option<String>,
) -> Result<Ready, BurnError> {
    let registry = lease.drive.registry();
    let most_bytes = lease.drive.most_bytes();
    tokio::task::spawn_blocking(move || {
        let choice = registry.choose(&facts, &request, writer.as_deref())?;
        let name = choice.writer.info.name.clone();
        let origin = choice.writer.origin();
        let begun = choice.writer.module.begin(&facts, &request);
        let (writer, plan) = begun.map_err(|refusal| BurnError::refused_by(&origin, refusal))?;
        let burns = matches!(request, Request::Burn(_) | Request::Resume(_));
        let service = burns.then_some(choice.service);
        let gate = Gate {
            request: &request,
            facts: &facts,
            service: service.as_ref(),
            most_bytes,
            resumed: None,
            allowed: choice.writer.allowed,
        };
        // Before anything is made of its figures.
        gate.judge(&plan).map_err(|fault| BurnError::Plan {
            writer: Box::new(origin.clone()),
            fault: Fault::Plan(fault),
        })?;
        Ok(Ready {
            facts,
            name,
            origin,
            allowed: choice.writer.allowed,
            service,
            request,
            writer,
            plan,
            resumed: None,
        })
    })
    .await
    .map_err(|_| BurnError::Abandoned)?
}

/// A job and what its drive gets of the set.
pub(crate) struct Assembly {
    pub(crate) ready: Ready,
    pub(crate) image_bytes: u64,
    /// Bytes of a block of the image.
    pub(crate) block_bytes: u32,
    pub(crate) layout: Option<Arc<Layout>>,
    pub(crate) checks: Arc<Checks>,
    /// The drive's end of the source, and its place at the start line.
    pub(crate) place: Option<(Incoming, Runner)>,
    pub(crate) journal: Option<JobJournal>,
    /// What is to be told of the job's beginning.
    pub(crate) notes: Vec<Note>,
}

impl Assembly {
    /// A job without an image.
    fn of(ready: Ready) -> Self {
        Self {
            ready,
            image_bytes: 0,
            block_bytes: 2048,
            layout: None,
            checks: Checks::new(0, Kept::None),
            place: None,
            journal: None,
            notes: Vec::new(),
        }
    }
}

/// Hands the work to the drive's thread and waits for its end.
pub(crate) async fn run(member: Member, assembly: Assembly) {
    let rehearse = member.options.simulate == Simulate::Host;
    let Assembly {
        ready,
        image_bytes,
        block_bytes,
        layout,
        checks,
        place,
        journal,
        notes,
    } = assembly;
    let written_before = ready.resumed.map(|run| run.first_lba.0);
    let mut extents = ready.plan.extents.iter();
    let image = extents.find(|extent| extent.origin == Origin::Image);
    let first_lba = image.map(|extent| extent.first_lba.0);
    let job = JobFacts {
        drive: member.lease.drive.name().to_owned(),
        writer: ready.name,
        led_by: Some(ready.origin.clone()),
        first_lba: written_before.or(first_lba).unwrap_or(0),
        image_bytes,
        block_bytes,
        layout,
    };
    let quirks = quirks(&member.lease, &ready.facts);
    let work = pitland_burn::Job {
        request: ready.request,
        facts: ready.facts,
        service: ready.service,
        plan: ready.plan,
        verify: match member.options.verify_elsewhere {
            true => VerifyLevel::None,
            false => member.options.verify,
        },
        rehearse,
        most_bytes: member.lease.drive.most_bytes(),
        resumed: ready.resumed,
    };
    let machine = Machine::allowing(work, ready.allowed);
    let machine = match machine {
        Ok(machine) => machine.obeying(quirks),
        Err(fault) => {
            return member.end(BurnError::Plan {
                writer: Box::new(ready.origin),
                fault: Fault::Plan(fault),
            });
        }
    };
    let errand = Errand {
        machine,
        writer: ready.writer,
        job,
        checks,
        place,
        journal,
        notes,
        changes: !rehearse,
        shows_host: !rehearse,
    };
    carry_out(member, errand).await;
}

/// Reads back what another job has written, perhaps in another drive.
pub(crate) fn verify(
    lease: &DriveLease,
    level: VerifyLevel,
    written: Written,
    journal: Option<JobJournal>,
) -> Job {
    let options = BurnOptions::default().verify(level);
    let (job, member) = enrol(lease.clone(), options);
    tokio::spawn(async move {
        let Some((member, facts)) = together::begin(member).await else {
            return;
        };
        let quirks = quirks(&member.lease, &facts);
        let machine = Machine::read_back(ReadBack {
            facts,
            runs: written.runs.clone(),
            level,
            most_bytes: member.lease.drive.most_bytes(),
        });
        let first_lba = written.runs.first().map_or(0, |run| run.first_lba.0);
        let errand = Errand {
            machine: machine.obeying(quirks),
            writer: Box::new(NoWriter),
            job: JobFacts {
                drive: member.lease.drive.name().to_owned(),
                writer: String::new(),
                led_by: None,
                first_lba,
                image_bytes: written.blocks() * 2048,
                block_bytes: 2048,
                layout: written.layout,
            },
            checks: written.checks,
            place: None,
            journal,
            notes: Vec::new(),
            changes: false,
            shows_host: false,
        };
        carry_out(member, errand).await;
    });
    job
}

/// For jobs that ask no writer.
struct NoWriter;

impl ActiveWriter for NoWriter {
    fn next(&mut self, _: Event) -> Step {
        Step::Failed(Failure::UnexpectedEvent)
    }
}

pub(crate) fn quirks(lease: &DriveLease, facts: &MediaFacts) -> HostQuirks {
    let inquiry = facts.inquiry.as_ref();
    inquiry.map_or(HostQuirks::NONE, |inquiry| {
        lease.drive.quirks().of_drive(inquiry)
    })
}

/// A machine and all that it needs.
pub(crate) struct Errand {
    pub(crate) machine: Machine,
    pub(crate) writer: Box<dyn ActiveWriter>,
    pub(crate) job: JobFacts,
    pub(crate) checks: Arc<Checks>,
    pub(crate) place: Option<(Incoming, Runner)>,
    pub(crate) journal: Option<JobJournal>,
    pub(crate) notes: Vec<Note>,
    /// The medium may be changed: the host is kept awake.
    pub(crate) changes: bool,
    /// The host is shown the medium anew, if it was changed.
    pub(crate) shows_host: bool,
}

pub(crate) async fn carry_out(member: Member, errand: Errand) {
    let Errand {
        machine,
        writer,
        job,
        checks,
        place,
        journal,
        mut notes,
        changes,
        shows_host,
    } = errand;
    let control = Arc::clone(&member.control);
    let Parts {
        lease,
        at_work,
        mut teller,
        began,
        bus_time,
        report,
    } = member.into_parts();
    teller.block_bytes(job.block_bytes);
    let (bus_time, limited) = bus_time.unzip();
    let limited = limited.flatten();
    notes.extend(limited.map(|kilobytes_per_second| Note::SpeedLimitedByBus {
        kilobytes_per_second,
    }));
    let awake = match changes {
        true => lease.drive.keep_awake(lease.who()).await,
        false => None,
    };
    let (incoming, runner) = place.unzip();
    let (done_in, done) = oneshot::channel();
    let work = Work {
        machine,
        writer,
        incoming,
        runner,
        checks: Arc::clone(&checks),
        first_lba: Lba(job.first_lba),
        block_bytes: job.block_bytes,
        notes,
        acknowledging: journal.as_ref().map(JobJournal::acknowledging),
        journal,
        closing_told: false,
        source_failure: None,
        ran_dry: 0,
        bus_time,
        control,
        at_work,
        reload: shows_host && !lease.keep_tray,
        awake,
        teller,
        done: done_in,
    };
    let taken = lease.run(Order::Job(Box::new(work))).await;
    if let Err(denied) = taken {
        drop(lease);
        let _ = report.send(Err(denied.into()));
        return;
    }
    let ended = done.await.map_err(|_| BurnError::Abandoned);
    let ended = ended.and_then(|done: Done| {
        let written = Written::new(checks, &done.ending, job.layout.clone());
        let report = BurnReport::new(&job, &done, began.elapsed(), written);
        match done.ending.result {
            Ok(_) => Ok(report),
            Err(fault) => Err(BurnError::Failed {
                fault,
                source: done.source,
                report: Box::new(report),
            }),
        }
    });
    // Whoever hears of the end finds the lease given back.
    drop(lease);
    let _ = report.send(ended);
}
