//! One image onto one drive or many: the source is mastered and read once, each drive goes at its own
//! speed, stalls and fails alone.
//!
//! Owns the order of things until every drive's thread has its work: identify all, lay out once, plan all,
//! stash, start the source. Must not know what happens to a medium.

use crate::bus::BusTime;
use crate::config::{BurnOptions, Simulate};
use crate::drive::actor::Running;
use crate::drive::burning::{self, Assembly, Chosen, Ready};
use crate::drive::finishing;
use crate::drive::incoming::Supply;
use crate::drive::job::Job;
use crate::drive::lease::DriveLease;
use crate::drive::read::DriveReader;
use crate::drive::report::BurnReport;
use crate::drive::start_line::start_line;
use crate::drive::thread::{AtWork, JobControl};
use crate::error::BurnError;
use crate::pipeline::checks::{Checks, Kept};
use crate::pipeline::growing::{GoesOnWith, OldVolume};
use crate::pipeline::sectors::SectorChecks;
use crate::pipeline::stash::carry_out;
use crate::pipeline::{Feed, Image, Onto, Prepared};
use crate::progress::{self, Teller};
use crate::resume::{Beginning, disc_now, source_mark};
use futures::future::{join_all, select_all};
use pitland_burn::{Note, Phase, VerifyLevel, WrittenRun};
use pitland_journal::{DiscNow, JobJournal};
use pitland_mmc::MediumFamily;
use pitland_transport::BusShare;
use pitland_writer::{BurnRequest, CdMode, MediaFacts, Refusal, Request, ResumeRequest, Speed};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Burns one image onto several drives at once, each with its own options; the jobs are in the order of the
/// drives. The image is mastered and read once for all discs that start at the same block (a volume's
/// addresses depend on it); how it is stashed, and the size of the ring, are the first drive's options.
///
/// Each drive writes at its own speed as long as the ring lets it: one that is slower all the time sets the pace
/// of all. One that keeps the others waiting for longer than
/// [`BurnOptions::most_lag`] is let go: it reads the source, or its stash, by itself from there on, and
/// where that cannot be read again its job ends. One that fails or is cancelled does not concern the others.
pub fn burn_together(image: Image, onto: Vec<(DriveLease, BurnOptions)>) -> Vec<Job> {
    let (jobs, members): (Vec<_>, Vec<_>) = onto
        .into_iter()
        .map(|(lease, options)| enrol(lease, options))
        .unzip();
    tokio::spawn(conduct(image, members));
    jobs
}

/// The same for a single drive.
pub(crate) fn burn_one(image: Image, lease: DriveLease, options: BurnOptions) -> Job {
    let (job, member) = enrol(lease, options);
    tokio::spawn(conduct(image, vec![member]));
    job
}

/// A part of a bus that drives share, and the speed that this one is limited to, kB/s.
type BusPart = (Arc<BusTime>, Option<u32>);

/// A drive of the set on its way to its work.
pub(crate) struct Member {
    pub(crate) lease: DriveLease,
    pub(crate) options: BurnOptions,
    pub(crate) control: Arc<JobControl>,
    pub(crate) at_work: Arc<AtWork>,
    pub(crate) teller: Teller,
    pub(crate) began: Instant,
    /// The part of the bus that the drive got.
    bus_time: Option<BusPart>,
    report: oneshot::Sender<Result<BurnReport, BurnError>>,
    running: Running,
}

impl Member {
    /// Ends this drive's job.
    pub(crate) fn end(self, with: impl Into<BurnError>) {
        // The drive is free, and the lease given back, before the client hears of the end.
        drop((self.at_work, self.bus_time, self.lease));
        let _ = self.report.send(Err(with.into()));
    }

    /// Takes the member apart, for when the work goes to the drive's thread.
    pub(crate) fn into_parts(self) -> Parts {
        Parts {
            lease: self.lease,
            at_work: self.at_work,
            teller: self.teller,
            began: self.began,
            bus_time: self.bus_time,
            report: self.report,
        }
    }
}

/// What is left of a member when its work has begun.
pub(crate) struct Parts {
    pub(crate) lease: DriveLease,
    pub(crate) at_work: Arc<AtWork>,
    pub(crate) teller: Teller,
    pub(crate) began: Instant,
    pub(crate) bus_time: Option<BusPart>,
    pub(crate) report: oneshot::Sender<Result<BurnReport, BurnError>>,
}

/// A job for the client, and the drive's place in the set.
pub(crate) fn enrol(lease: DriveLease, options: BurnOptions) -> (Job, Member) {
    let control = Arc::new(JobControl::default());
    let (teller, told, figures) = progress::channel();
    let at_work = Arc::new(AtWork);
    let running = Running {
        at_work: Arc::downgrade(&at_work),
        control: Arc::clone(&control),
        figures,
    };
    let (report, outcome) = oneshot::channel();
    let job = Job::new(told, Arc::clone(&control), outcome);
    let member = Member {
        lease,
        options,
        control,
        at_work,
        teller,
        began: Instant::now(),
        bus_time: None,
        report,
        running,
    };
    (job, member)
}

/// A drive that has been looked at.
struct Introduced {
    member: Member,
    facts: MediaFacts,
    burn: BurnRequest,
    first_lba: u32,
    /// What grows, where the medium is overwritten.
    old: Option<OldVolume>,
}

async fn conduct(image: Image, members: Vec<Member>) {
    let (goes_on_with, mode) = (image.goes_on_with(), image.cd_mode());
    let of_one_disc = image.is_of_one_disc();
    let members = members.into_iter();
    let introduced = join_all(members.map(|one| introduce(one, goes_on_with.clone(), mode))).await;
    let introduced = share_buses(introduced.into_iter().flatten().collect()).await;
    let mut groups: Vec<(u32, Vec<Introduced>)> = Vec::new();
    let depends_on_start = image.depends_on_start();
    for one in introduced {
        let start = if depends_on_start { one.first_lba } else { 0 };
        match groups.iter_mut().find(|(first, _)| *first == start) {
            Some((_, group)) if !of_one_disc => group.push(one),
            _ => groups.push((start, vec![one])),
        }
    }
    let mut images: Vec<Image> = groups
        .iter()
        .skip(1)
        .map(|_| image.for_another_start())
        .collect();
    images.push(image);
    let groups = groups.into_iter().zip(images);
    join_all(groups.map(|((first, group), image)| burn_group(image, first, group))).await;
}

/// Takes a part of each bus that drives of the set hang on, for all of them together; who is cancelled
/// meanwhile is out at once. In the order of names: two sets never wait for one another.
async fn share_buses(mut set: Vec<Introduced>) -> Vec<Introduced> {
    let buses: BTreeMap<String, BusShare> = set
        .iter()
        .filter_map(bus_of)
        .map(|bus| (bus.name().to_owned(), bus))
        .collect();
    for bus in buses.into_values() {
        let time = loop {
            set = without_cancelled(set);
            let mut speeds = Vec::new();
            let mut shares = None;
            for one in set.iter_mut().filter(|one| is_on(one, &bus)) {
                one.member.teller.phase(Phase::Waiting);
                speeds.push(burning::speeds(&one.facts, one.burn.speed));
                shares = Some(Arc::clone(one.member.lease.drive().buses()));
            }
            let Some(shares) = shares else {
                break None;
            };
            let controls: Vec<_> = set.iter().map(|m| Arc::clone(&m.member.control)).collect();
            let cancelled = select_all(controls.iter().map(|c| Box::pin(c.cancelled())));
            tokio::select! {
                time = shares.take(&bus, &speeds) => break Some(Arc::new(time)),
                _ = cancelled => {}
            }
        };
        let Some(time) = time else {
            continue;
        };
        let on_it = set.iter_mut().filter(|one| is_on(one, &bus));
        for (place, drive) in on_it.enumerate() {
            let limit = time.limit(place);
            if let Some(limit) = limit.and_then(NonZeroU32::new) {
                drive.burn.speed = Speed::KilobytesPerSecond(limit);
            }
            drive.member.bus_time = Some((Arc::clone(&time), limit));
        }
    }
    set
}

/// The bus that a drive needs a part of; none for a rehearsal.
fn bus_of(one: &Introduced) -> Option<BusShare> {
    let rehearses = one.member.options.simulate == Simulate::Host;
    let bus = one.member.lease.drive().bus().filter(|_| !rehearses);
    bus.cloned()
}

fn is_on(one: &Introduced, bus: &BusShare) -> bool {
    bus_of(one).is_some_and(|its| its.name() == bus.name())
}

/// Ends the jobs that were cancelled.
fn without_cancelled(set: Vec<Introduced>) -> Vec<Introduced> {
    let is_cancelled = |one: &Introduced| one.member.control.is_cancelled();
    let (cancelled, set): (Vec<_>, _) = set.into_iter().partition(is_cancelled);
    end_all(cancelled, || BurnError::Cancelled);
    set
}

/// Identifies the member's medium and hears what a writer offers on it; `None` when that ended its job.
async fn introduce(
    member: Member,
    goes_on_with: Option<GoesOnWith>,
    mode: Option<CdMode>,
) -> Option<Introduced> {
    let (member, facts) = begin(member).await?;
    let mut burn = burning::request(&member.options, mode);
    let reader = DriveReader::of_job(member.lease.drive().clone()).until(&member.control);
    let found = tokio::select! {
        found = OldVolume::find(goes_on_with, burn.placement, &facts, reader) => found,
        () = member.control.cancelled() => Err(BurnError::Cancelled),
    };
    let old = match found {
        Ok(old) => old,
        Err(error) => {
            member.end(error);
            return None;
        }
    };
    burn.placement = old.as_ref().map_or(burn.placement, OldVolume::placement);
    let chosen = burning::assess(&member.lease, facts, burn.clone(), &member.options).await;
    let first_lba = |chosen: Chosen| {
        // Only the engine's own lead-in starts below 0, and no image does.
        let first = u32::try_from(chosen.service.first_lba.0).map_err(|_| Refusal::NotOffered)?;
        Ok((chosen.facts, first))
    };
    match chosen.and_then(first_lba) {
        Ok((facts, first_lba)) => Some(Introduced {
            member,
            facts,
            burn,
            first_lba,
            old,
        }),
        Err(error) => {
            member.end(error);
            None
        }
    }
}

/// Makes the member's drive busy with its job and identifies what is in it; `None` when that ended the job.
pub(crate) async fn begin(mut member: Member) -> Option<(Member, MediaFacts)> {
    let running = member.running.clone();
    let facts = burning::begin(&member.lease, running, &mut member.teller).await;
    match facts.and_then(|facts| burning::not_cancelled(&member.control).map(|()| facts)) {
        Ok(facts) => Some((member, facts)),
        Err(error) => {
            member.end(error);
            None
        }
    }
}

/// Makes the member's drive busy with its job, and asks it nothing; `None` when that ended the job.
pub(crate) async fn occupy(member: Member) -> Option<Member> {
    let lease = &member.lease;
    match lease
        .drive
        .begin_job(lease.token.id, member.running.clone())
        .await
    {
        Ok(()) => Some(member),
        Err(denied) => {
            member.end(denied);
            None
        }
    }
}

/// All drives whose discs get the same bytes.
async fn burn_group(image: Image, first_lba: u32, mut group: Vec<Introduced>) {
    // One that grows is alone in its group.
    let old = group.first_mut().and_then(|one| one.old.take());
    // A set on several kinds of media gets what the least of them wants.
    let least = group
        .iter()
        .min_by_key(|one| match one.facts.profile().family() {
            MediumFamily::Bd => 1,
            _ => 0,
        });
    let Some(least) = least else { return };
    let controls = group.iter().map(|one| Arc::clone(&one.member.control));
    let control = JobControl::of_all(controls.collect());
    let reader = DriveReader::of_job(least.member.lease.drive().clone());
    let onto = Onto {
        first_lba,
        medium: least.facts.profile().family(),
        facts: least.facts.clone(),
        reader: reader.until(&control),
        old,
    };
    // Files may be read for it from end to end.
    let prepared = tokio::select! {
        prepared = image.prepare(onto) => prepared,
        () = control.cancelled() => return end_all(group, || BurnError::Cancelled),
    };
    let prepared = match prepared {
        Ok(prepared) if prepared.blocks() > 0 => prepared,
        Ok(_) => return end_all(group, || Refusal::Empty.into()),
        Err(error) => return end_all(group, || error.clone().into()),
    };
    for one in &mut group {
        prepared.settle(&mut one.burn);
        one.burn.finish = finishing::finish(&one.member.options, &one.facts, one.burn.blocks);
        // What is decided once holds for a burn that is taken up again, too.
        one.member.options.finish = one.burn.finish;
    }
    let begun = join_all(group.into_iter().map(begin_writer)).await;
    let ready: Vec<(Member, Ready)> = begun.into_iter().flatten().collect();
    launch(ready, prepared).await;
}

fn end_all(group: Vec<Introduced>, error: impl Fn() -> BurnError) {
    for one in group {
        one.member.end(error());
    }
}

/// The plan for one drive; `None` when that ended its job.
async fn begin_writer(one: Introduced) -> Option<(Member, Ready)> {
    let Introduced {
        member,
        facts,
        burn,
        ..
    } = one;
    let begun = burning::begin_writer(&member.lease, facts, burn, &member.options).await;
    match begun.and_then(|ready| burning::not_cancelled(&member.control).map(|()| ready)) {
        Ok(ready) => Some((member, ready)),
        Err(error) => {
            member.end(error);
            None
        }
    }
}

/// Stashes, starts the source, and gives each drive its work.
async fn launch(ready: Vec<(Member, Ready)>, prepared: Prepared) {
    let Some((first, _)) = ready.first() else {
        return;
    };
    let options = first.options.clone();
    let controls = ready.iter().map(|(m, _)| Arc::clone(&m.control)).collect();
    let control = JobControl::of_all(controls);
    let layout = prepared.layout();
    let (image_bytes, block_bytes) = (prepared.bytes, prepared.block_bytes);
    let tail = prepared.tail();
    let cd = prepared.cd.clone();
    let source = Arc::new(source_mark(&prepared));
    let rehearsed = |(member, _): &(Member, Ready)| member.options.simulate == Simulate::Host;
    let rates = ready
        .iter()
        .map(|(m, r)| burning::drive_rate(&r.facts, m.options.speed));
    let stashed = if ready.iter().all(rehearsed) {
        Ok(Some(prepared.feed))
    } else {
        stash(prepared, &options, rates.max().flatten(), control).await
    };
    let feed = match stashed {
        Ok(Some(feed)) => feed,
        Ok(None) => {
            for (member, _) in ready {
                member.end(BurnError::Cancelled);
            }
            return;
        }
        Err(error) => {
            for (member, _) in ready {
                member.end(error.clone());
            }
            return;
        }
    };
    let mut still = Vec::new();
    for (member, ready) in ready {
        if member.control.is_cancelled() {
            member.end(BurnError::Cancelled);
        } else {
            still.push((member, ready));
        }
    }
    let padded_blocks = still.iter().map(|(_, r)| r.plan.image_blocks()).max();
    let readers = still.iter().filter(|one| !rehearsed(one)).count();
    let image_blocks = padded_blocks.unwrap_or(0);
    let checks = match &cd {
        Some(layout) => Checks::of_sectors(SectorChecks::of(layout, image_blocks)),
        None => Checks::new(image_blocks, kept(&still)),
    };
    let supply = Supply {
        feed,
        bytes: image_bytes,
        padded_bytes: padded_blocks.unwrap_or(0) * u64::from(block_bytes),
        block_bytes,
        tail,
        from: 0,
        checks: Arc::clone(&checks),
        most_lag: options.most_lag,
    };
    let incoming = match supply.start(options.ring_bytes, readers) {
        Ok(incoming) => incoming,
        Err(error) => {
            for (member, _) in still {
                member.end(error.clone());
            }
            return;
        }
    };
    let mut incoming = incoming.into_iter().zip(start_line(readers));
    for one in still {
        let place = if rehearsed(&one) {
            None
        } else {
            incoming.next()
        };
        let (member, ready) = one;
        let mut work = Assembly {
            ready,
            image_bytes,
            block_bytes,
            layout: layout.clone(),
            checks: Arc::clone(&checks),
            place,
            journal: None,
            notes: Vec::new(),
        };
        let source = Arc::clone(&source);
        tokio::spawn(async move {
            if work.place.is_some() {
                let beginning = Beginning {
                    lease: &member.lease,
                    facts: &work.ready.facts,
                    writer: &work.ready.name,
                    options: &member.options,
                    plan: &work.ready.plan,
                    source: &source,
                    image_bytes,
                };
                work.journal = beginning.journal(&work.checks).await;
                let wanted = member.options.journal.is_some() && work.ready.plan.resumable;
                if wanted && work.journal.is_none() {
                    work.notes.push(Note::JournalLost);
                }
            }
            burning::run(member, work).await;
        });
    }
}

/// Stores a second time what has to be; `None`: all jobs were cancelled meanwhile.
async fn stash(
    prepared: Prepared,
    options: &BurnOptions,
    drive_rate: Option<u64>,
    control: Arc<JobControl>,
) -> Result<Option<Feed>, BurnError> {
    let (prepared, plan) = burning::plan_stash(prepared, options, drive_rate).await?;
    Ok(carry_out(plan, prepared.feed, prepared.bytes, control).await?)
}

/// What a burn that was cut off is taken up with.
pub(crate) struct Resumption {
    /// The whole image.
    pub(crate) image: Prepared,
    /// The burn that was cut off, with its length.
    pub(crate) burn: BurnRequest,
    /// What is on the medium of it, from the image's first block on.
    pub(crate) written: WrittenRun,
    /// The checks of the whole image.
    pub(crate) checks: Arc<Checks>,
    pub(crate) journal: Option<JobJournal>,
    /// The disc as it was when it was compared: another one is refused.
    pub(crate) examined: Option<DiscNow>,
}

/// Goes on with a burn that was cut off: writes the rest, where there is one, closes, and verifies the whole.
pub(crate) fn resume_one(lease: DriveLease, options: BurnOptions, resumption: Resumption) -> Job {
    let (job, member) = enrol(lease, options);
    tokio::spawn(async move {
        let Some((member, facts)) = begin(member).await else {
            return;
        };
        match assemble_rest(&member, facts, resumption).await {
            Ok(assembly) => burning::run(member, assembly).await,
            Err(error) => member.end(error),
        }
    });
    job
}

async fn assemble_rest(
    member: &Member,
    facts: MediaFacts,
    resumption: Resumption,
) -> Result<Assembly, BurnError> {
    let Resumption {
        image,
        burn,
        written,
        checks,
        journal,
        examined,
    } = resumption;
    if examined.is_some_and(|disc| disc != disc_now(&facts)) {
        return Err(BurnError::DiscChanged);
    }
    let request = Request::Resume(ResumeRequest::new(burn, written.blocks));
    let writer = member.options.writer.clone();
    let mut ready = burning::choose_and_begin(&member.lease, facts, request, writer).await?;
    ready.resumed = Some(written);
    let rest = ready.plan.image_blocks();
    let image_bytes = image.bytes;
    let layout = image.layout();
    let mut place = None;
    if rest > 0 {
        let from = written.blocks * 2048;
        let supply = Supply {
            feed: image.feed,
            bytes: image_bytes,
            padded_bytes: from + rest * 2048,
            tail: None,
            block_bytes: 2048,
            from,
            checks: Arc::clone(&checks),
            most_lag: member.options.most_lag,
        };
        let incoming = supply.start(member.options.ring_bytes, 1)?;
        place = incoming.into_iter().zip(start_line(1)).next();
    }
    Ok(Assembly {
        ready,
        image_bytes,
        block_bytes: 2048,
        layout,
        checks,
        place,
        journal,
        notes: Vec::new(),
    })
}

/// Which checks the set needs.
fn kept(members: &[(Member, Ready)]) -> Kept {
    let none = |(member, _): &(Member, Ready)| member.options.verify == VerifyLevel::None;
    if members.iter().all(none) {
        Kept::Sample
    } else {
        Kept::All
    }
}
