//! What is asked of every writer.
//!
//! Owns the rules. Must not know any medium: which rules apply is read from what the writer accepts.

mod emptying;
mod resuming;
mod sound;
mod trying;

use crate::bench::{Bench, SimulatedDrive};
use crate::image::{BLOCK_BYTES, Image};
use crate::run::{Fault, NotRun, Run, SENSES, burn, identify, perform};
use crate::trace::{Outgoing, Trace, send};
use pitland_burn::{Fault as JobFault, MediumState, Outcome};
use pitland_writer::mmc::cdb::{Cdb, Read10};
use pitland_writer::mmc::mode_page::{ModePage, ModeParameterList, WriteType};
use pitland_writer::mmc::{Lba, Sense};
use pitland_writer::{
    BurnRequest, CloseRequest, Finish, Fit, MediaFacts, MediaWriter, MediumCondition, Move,
    Placement, PlannedCommand, Recording, Refusal, Request, Warning, WritePlan,
};
use std::fmt;

/// A length that is no multiple of any write unit.
const ODD_BLOCKS: u64 = 97;
/// A WRITE that failed on the medium.
const WRITE_ERROR: Sense = Sense::new(0x3, 0x0C, 0x00);
/// Blocks of the gap before the track of a CD (recipe 5).
const CD_PREGAP: u32 = 150;
/// Random histories a medium.
const HISTORIES: u64 = 60;

/// A rule for writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A blank medium is burned, proves it, and reads back equal.
    BurnsAndVerifies,
    /// What is served a second time (a further session, or written over) reads back equal too.
    BurnsAgain,
    /// A finalized burn ends finalized on media that can be.
    Finalizes,
    /// A medium that holds something is refused where a blank one was asked for.
    RefusesUsedMedia,
    /// What does not fit is refused before anything is sent, with both sizes; what just fits is not.
    JudgesSize,
    /// Nothing to write is refused.
    RefusesNothing,
    /// A test write is refused where there is none, and never records: afterwards the medium is as it was, and
    /// is burned like a fresh one. So after one that was cancelled or refused anywhere.
    NeverFakesTestWrite,
    /// What is erased or formatted is empty, and burned again. What was cut short ends in a named state, and is
    /// erased or formatted by a second try.
    LeavesItUsable,
    /// On media that have a next writable address, WRITEs begin there and rise without a gap.
    AddressesRise,
    /// A cancel at any step ends in a named state.
    CancelsAnywhere,
    /// Any sense at any step ends in a named state, and is never taken for success unless the medium
    /// proves it.
    SurvivesAnySense,
    /// A session that was cut off can be closed.
    ClosesWhatWasCutOff,
    /// A burn whose writer says that it can be resumed is resumed wherever it was cut off, and reads back
    /// equal as a whole; where nothing or everything is done, it is refused with that reason.
    ResumesWhatWasCutOff,
    /// What cannot be the place of the cut is not resumed.
    ResumesNothingElse,
    /// On CD: a layout of whole sectors that is served, sound or data beside it, reads back equal sector by sector, its tracks
    /// stand where they were written, and it ends in a named state wherever it is cut short.
    WritesSound,
    /// Random histories neither panic nor loop.
    SurvivesChance,
    /// The same job sends the same commands.
    IsDeterministic,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BurnsAndVerifies => "burns and verifies",
            Self::BurnsAgain => "burns again",
            Self::Finalizes => "finalizes",
            Self::RefusesUsedMedia => "refuses used media",
            Self::JudgesSize => "judges size",
            Self::RefusesNothing => "refuses an empty image",
            Self::NeverFakesTestWrite => "never fakes a test write",
            Self::LeavesItUsable => "leaves what it empties usable",
            Self::AddressesRise => "addresses rise from the next writable one",
            Self::CancelsAnywhere => "can be cancelled anywhere",
            Self::SurvivesAnySense => "survives any sense",
            Self::ClosesWhatWasCutOff => "closes what was cut off",
            Self::ResumesWhatWasCutOff => "resumes what was cut off",
            Self::ResumesNothingElse => "resumes nothing else",
            Self::WritesSound => "writes sound",
            Self::SurvivesChance => "survives chance",
            Self::IsDeterministic => "is deterministic",
        })
    }
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// The medium, in words.
    pub medium: String,
    /// What happened.
    pub what: String,
    /// The exchange with the drive.
    pub trace: Trace,
}

impl std::error::Error for Broken {}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "rule broken on {}: {}: {}",
            self.medium, self.rule, self.what
        )?;
        write!(f, "{}", self.trace)
    }
}

/// Holds a writer to every rule on one medium.
///
/// # Errors
/// The first rule that is broken.
pub fn check<W: MediaWriter>(bench: &dyn Bench) -> Result<(), Box<Broken>> {
    check_recording::<W>(bench, Recording::AsUsual)
}

/// Holds a writer to every rule on one medium that is recorded in one way: all at once, where it is not
/// what the writer does by itself.
///
/// # Errors
/// The first rule that is broken.
pub fn check_recording<W: MediaWriter>(
    bench: &dyn Bench,
    recording: Recording,
) -> Result<(), Box<Broken>> {
    let bench = &Trial { bench, recording };
    let plain: [(Rule, PlainRule); 10] = [
        (Rule::BurnsAndVerifies, burns_and_verifies::<W>),
        (Rule::BurnsAgain, burns_again::<W>),
        (Rule::Finalizes, finalizes::<W>),
        (Rule::RefusesUsedMedia, refuses_used_media::<W>),
        (Rule::JudgesSize, judges_size::<W>),
        (Rule::RefusesNothing, refuses_nothing::<W>),
        (Rule::NeverFakesTestWrite, trying::is_none_or_planned::<W>),
        (Rule::AddressesRise, addresses_rise::<W>),
        (Rule::IsDeterministic, is_deterministic::<W>),
        (Rule::ResumesNothingElse, resuming::nothing_else::<W>),
    ];
    for (rule, verdict) in plain {
        on(bench, rule, verdict)?;
    }
    let usual = on(bench, Rule::BurnsAndVerifies, |table| {
        table.burn::<W>(USUAL, Fault::None)
    })?;
    let mut finishes = vec![Finish::CloseSession, Finish::FinalizeDisc];
    for action in 0..usual.actions {
        on(bench, Rule::CancelsAnywhere, |table| {
            cancels::<W>(table, action)
        })?;
        // Behind the first cut that leaves nothing to do there is none that leaves more.
        let mut unfinished = Vec::new();
        for finish in finishes {
            let fault = Fault::CutAt(action);
            let done = on(bench, Rule::ResumesWhatWasCutOff, |table| {
                resuming::after_a_cut::<W>(table, finish, fault)
            })?;
            if !done {
                unfinished.push(finish);
            }
        }
        finishes = unfinished;
    }
    for command in 0..usual.commands {
        for sense in SENSES {
            let fault = Fault::SenseAt { command, sense };
            on(bench, Rule::SurvivesAnySense, |table| {
                survives::<W>(table, fault)
            })?;
        }
        on(bench, Rule::ClosesWhatWasCutOff, |table| {
            closes_after::<W>(table, command)
        })?;
        let fault = Fault::SenseAt {
            command,
            sense: WRITE_ERROR,
        };
        on(bench, Rule::ResumesWhatWasCutOff, |table| {
            resuming::after_a_cut::<W>(table, Finish::CloseSession, fault)
        })?;
    }
    test_writes::<W>(bench)?;
    empties::<W>(bench)?;
    if bench.recording == Recording::AsUsual {
        sound::check::<W>(bench)?;
    }
    for seed in 0..HISTORIES {
        let fault = Fault::Random(seed);
        on(bench, Rule::SurvivesChance, |table| {
            survives::<W>(table, fault)
        })?;
    }
    Ok(())
}

/// Holds a writer to the rule of test writes, wherever one may be cut short.
fn test_writes<W: MediaWriter>(bench: &Trial<'_>) -> Result<(), Box<Broken>> {
    let rule = Rule::NeverFakesTestWrite;
    on(bench, rule, |table| {
        trying::records_nothing::<W>(table, Fault::None)
    })?;
    let Some(tried) = on(bench, rule, |table| {
        trying::try_out::<W>(table, Fault::None)
    })?
    else {
        return Ok(());
    };
    let cancels = (0..tried.actions).map(Fault::CancelAt);
    let refusals = (0..tried.commands).map(|command| Fault::SenseAt {
        command,
        sense: WRITE_ERROR,
    });
    for fault in cancels.chain(refusals) {
        on(bench, rule, |table| {
            trying::records_nothing::<W>(table, fault)
        })?;
    }
    Ok(())
}

/// Holds a writer to the rule of erasing and formatting, wherever that may be cut short.
fn empties<W: MediaWriter>(bench: &Trial<'_>) -> Result<(), Box<Broken>> {
    let rule = Rule::LeavesItUsable;
    for (job, what) in emptying::jobs() {
        let done = on(bench, rule, |table| {
            emptying::leaves_it_usable::<W>(table, &job, what)
        })?;
        let Some(done) = done else {
            continue;
        };
        // Zeros over the whole surface are many commands: each kind of place once is enough.
        let cancels = places(done.actions).map(Fault::CancelAt);
        let refusals = places(done.commands).map(|command| Fault::SenseAt {
            command,
            sense: WRITE_ERROR,
        });
        for fault in cancels.chain(refusals) {
            on(bench, rule, |table| {
                emptying::can_be_repeated::<W>(table, &job, what, fault)
            })?;
        }
    }
    Ok(())
}

/// The places of a job at which it is cut short: all of its beginning and its end.
fn places(count: usize) -> impl Iterator<Item = usize> {
    const EACH_SIDE: usize = 10;
    let end = count.saturating_sub(EACH_SIDE).max(EACH_SIDE);
    (0..count.min(EACH_SIDE)).chain(end..count)
}

/// What a rule finds; the error says what happened instead.
type Verdict = Result<(), String>;

/// A bench, and how its media are recorded.
struct Trial<'a> {
    bench: &'a dyn Bench,
    recording: Recording,
}

/// A drive of the bench, and what was said to it.
struct Table<'a> {
    bench: &'a dyn Bench,
    recording: Recording,
    drive: Box<dyn SimulatedDrive>,
    trace: Trace,
}

/// A rule that needs a fresh medium and no fault.
type PlainRule = fn(&mut Table<'_>) -> Verdict;

/// How a job asks: where it goes and how it leaves the medium.
type Manner = (Placement, Finish);

const USUAL: Manner = (Placement::BlankOnly, Finish::CloseSession);
const IMAGE: Image = Image::new(ODD_BLOCKS, 1);
const SECOND_IMAGE: Image = Image::new(ODD_BLOCKS + 64, 2);

fn on<T>(
    bench: &Trial<'_>,
    rule: Rule,
    verdict: impl FnOnce(&mut Table<'_>) -> Result<T, String>,
) -> Result<T, Box<Broken>> {
    let Trial { bench, recording } = *bench;
    let mut table = Table {
        bench,
        recording,
        drive: bench.drive(),
        trace: Trace::default(),
    };
    verdict(&mut table).map_err(|what| {
        let medium = bench.profile().to_string();
        Box::new(Broken {
            rule,
            medium,
            what,
            trace: table.trace,
        })
    })
}

impl Table<'_> {
    fn facts(&mut self) -> Result<MediaFacts, String> {
        identify(self.drive.as_mut(), &mut self.trace).map_err(|e| e.to_string())
    }

    /// A burn of that many blocks, recorded as is tried here.
    fn request(&self, blocks: u64) -> BurnRequest {
        let mut request = BurnRequest::new(blocks);
        request.recording = self.recording;
        request
    }

    fn try_burn<W: MediaWriter>(
        &mut self,
        (placement, finish): Manner,
        image: &Image,
        fault: Fault,
    ) -> Result<Run, NotRun> {
        let mut request = self.request(image.blocks);
        request.placement = placement;
        request.finish = finish;
        burn::<W>(self.drive.as_mut(), &mut self.trace, request, image, fault)
    }

    /// Burns the first image; that it runs is taken for granted.
    fn burn<W: MediaWriter>(&mut self, manner: Manner, fault: Fault) -> Result<Run, String> {
        self.try_burn::<W>(manner, &IMAGE, fault)
            .map_err(|e| e.to_string())
    }

    /// Whether what lies from `lba` on is the image.
    fn holds(&mut self, lba: Lba, image: &Image) -> Verdict {
        let blocks = u16::try_from(image.blocks).map_err(|e| e.to_string())?;
        let mut expected = vec![0; usize::from(blocks) * BLOCK_BYTES];
        image.fill(0, &mut expected);
        let cdb = Read10 {
            lba,
            blocks,
            fua: false,
        }
        .emit();
        let outgoing = Outgoing::In(expected.len());
        match send(self.drive.as_mut(), &cdb, &outgoing, image) {
            Ok(found) if found == expected => Ok(()),
            Ok(_) => Err(format!("LBA {lba} does not hold what was burned there")),
            Err(sense) => Err(format!("LBA {lba} cannot be read: {sense}")),
        }
    }
}

fn expect(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

fn is_verified(run: &Run) -> Verdict {
    let ending = &run.ending;
    expect(
        ending.result.is_ok() && ending.outcome == Outcome::Verified,
        || {
            format!(
                "{} on a medium that is {}: {:?}",
                ending.outcome, ending.medium, ending.result
            )
        },
    )
}

fn burns_and_verifies<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let run = table.burn::<W>(USUAL, Fault::None)?;
    is_verified(&run)?;
    // A medium of one session ends with it, and the plan must say so before.
    let wanted = match run.plan.warnings.contains(&Warning::BecomesFinal) {
        true => MediumState::Closed,
        false => MediumState::Appendable,
    };
    expect(run.ending.medium == wanted, || {
        format!(
            "the medium is {} after a burn that only closes its session",
            run.ending.medium
        )
    })
}

/// How a used medium takes another burn, if it does.
fn second_manner<W: MediaWriter>(table: &mut Table<'_>) -> Result<Option<Manner>, String> {
    let facts = table.facts()?;
    let served = |placement: &Placement| {
        let mut request = table.request(SECOND_IMAGE.blocks);
        request.placement = *placement;
        matches!(W::assess(&facts, &Request::Burn(request)), Fit::Serves(_))
    };
    let placements = [Placement::NewSession, Placement::Overwrite];
    Ok(placements
        .into_iter()
        .find(served)
        .map(|placement| (placement, Finish::CloseSession)))
}

fn burns_again<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let first = table.burn::<W>(USUAL, Fault::None)?;
    let Some(manner) = second_manner::<W>(table)? else {
        return Ok(());
    };
    let second = table
        .try_burn::<W>(manner, &SECOND_IMAGE, Fault::None)
        .map_err(|e| format!("the second burn: {e}"))?;
    is_verified(&second)?;
    match (manner.0, first.writes.first()) {
        (Placement::NewSession, Some((lba, _))) => table.holds(*lba, &IMAGE),
        _ => Ok(()),
    }
}

fn finalizes<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let manner = (Placement::BlankOnly, Finish::FinalizeDisc);
    let run = table.burn::<W>(manner, Fault::None)?;
    is_verified(&run)?;
    if run.plan.expected.appendable != Some(false) {
        return Ok(());
    }
    expect(run.ending.medium == MediumState::Closed, || {
        format!(
            "the medium is {} after a burn that finalizes",
            run.ending.medium
        )
    })?;
    match second_manner::<W>(table)? {
        None => Ok(()),
        Some(_) => Err("a finalized disc is served again".into()),
    }
}

fn refuses_used_media<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    table.burn::<W>(USUAL, Fault::None)?;
    match table.try_burn::<W>(USUAL, &SECOND_IMAGE, Fault::None) {
        Err(NotRun::Refused(
            Refusal::MediumNotBlank { .. } | Refusal::MediumClosed | Refusal::EraseFirst,
        )) => Ok(()),
        other => Err(format!(
            "asked for a blank medium, a used one: {}",
            in_words(other)
        )),
    }
}

fn in_words(result: Result<Run, NotRun>) -> String {
    match result {
        Ok(run) => format!("burned, {}", run.ending.outcome),
        Err(not_run) => not_run.to_string(),
    }
}

fn judges_size<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let facts = table.facts()?;
    let of = |blocks| Request::Burn(table.request(blocks));
    let service = match W::assess(&facts, &of(0)) {
        Fit::Serves(service) => service,
        other => return Err(format!("a blank medium is answered with {other:?}")),
    };
    let unit = u64::from(service.write_unit.max(1));
    let fits = service.free_blocks / unit * unit;
    W::begin(&facts, &of(fits)).map_err(|e| format!("{fits} blocks are offered, but: {e}"))?;
    for blocks in [service.free_blocks + 1, u64::from(u32::MAX), u64::MAX] {
        match W::begin(&facts, &of(blocks)) {
            Err(Refusal::TooLarge { needed, available }) if needed > available => {}
            Err(other) => return Err(format!("{blocks} blocks are answered with: {other}")),
            Ok(_) => return Err(format!("{blocks} blocks are taken, {fits} fit")),
        }
    }
    Ok(())
}

fn refuses_nothing<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let facts = table.facts()?;
    match W::begin(&facts, &Request::Burn(table.request(0))) {
        Err(Refusal::Empty) => Ok(()),
        Err(other) => Err(format!("an empty image is answered with: {other}")),
        Ok(_) => Err("an empty image is taken".into()),
    }
}

fn addresses_rise<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    let first = table.burn::<W>(USUAL, Fault::None)?;
    rise(&first)?;
    let Some(manner) = second_manner::<W>(table)? else {
        return Ok(());
    };
    let second = table.try_burn::<W>(manner, &SECOND_IMAGE, Fault::None);
    rise(&second.map_err(|e| e.to_string())?)
}

fn rise(run: &Run) -> Verdict {
    let Some(nwa) = run.before.nwa() else {
        return Ok(());
    };
    // In a session at once the host writes the gap before its track itself.
    let mut next = match describes_a_session(&run.plan) {
        true => nwa.checked_sub(CD_PREGAP).unwrap_or(nwa),
        false => nwa,
    };
    for (lba, blocks) in &run.writes {
        expect(*lba == next, || {
            format!("a WRITE at LBA {lba}, and not at {next}")
        })?;
        next = lba.checked_add(*blocks).unwrap_or(next);
    }
    Ok(())
}

/// Whether a plan sends a cue sheet, so that all blocks of its session come from the host.
fn describes_a_session(plan: &WritePlan) -> bool {
    plan.prepare.iter().any(|c| c.purpose == Move::SendCueSheet)
}

/// Whether a plan records all at once, what nobody can close before its end (recipe 8).
fn is_at_once(plan: &WritePlan) -> bool {
    let of_page = |c: &PlannedCommand| {
        let list = ModeParameterList::parse(&c.parameters).unwrap_or_default();
        list.pages.iter().any(|page| {
            matches!(page, ModePage::WriteParameters(page) if page.write_type == WriteType::SessionAtOnce)
        })
    };
    let pages = plan.prepare.iter();
    let mut pages = pages.filter(|c| c.purpose == Move::SetWriteParameters);
    pages.any(of_page)
}

fn is_deterministic<W: MediaWriter>(table: &mut Table<'_>) -> Verdict {
    table.burn::<W>(USUAL, Fault::None)?;
    let mut drive = table.bench.drive();
    let mut trace = Trace::default();
    let request = table.request(IMAGE.blocks);
    let again = burn::<W>(drive.as_mut(), &mut trace, request, &IMAGE, Fault::None);
    again.map_err(|e| e.to_string())?;
    expect(trace == table.trace, || {
        "the same job sent other commands".into()
    })?;
    let mut drive = table.bench.drive();
    table
        .trace
        .replay(drive.as_mut(), &IMAGE)
        .map_err(|e| e.to_string())
}

/// An ending that says what the medium is, after no panic, and calls nothing verified that is not.
fn is_named(run: &Run) -> Verdict {
    if let Some(panic) = &run.panicked {
        return Err(format!("the writer panicked: {panic}"));
    }
    expect(run.ending.medium != MediumState::Unknown, || {
        format!("the medium is left unknown: {:?}", run.ending.result)
    })?;
    if run.ending.result.is_ok() {
        is_verified(run)
    } else {
        Ok(())
    }
}

fn cancels<W: MediaWriter>(table: &mut Table<'_>, action: usize) -> Verdict {
    let run = table.burn::<W>(USUAL, Fault::CancelAt(action))?;
    is_named(&run)?;
    expect(
        matches!(run.ending.result, Ok(_) | Err(JobFault::Cancelled)),
        || {
            format!(
                "cancelled at action {action}, ended with {:?}",
                run.ending.result
            )
        },
    )?;
    let lost = run.ending.medium == MediumState::Damaged && !is_at_once(&run.plan);
    expect(!lost, || {
        format!("cancelled at action {action}, and nothing closed what was begun")
    })
}

fn survives<W: MediaWriter>(table: &mut Table<'_>, fault: Fault) -> Verdict {
    let run = table
        .burn::<W>(USUAL, fault)
        .map_err(|what| format!("{fault:?}: {what}"))?;
    is_named(&run).map_err(|what| format!("{fault:?}: {what}"))
}

fn closes_after<W: MediaWriter>(table: &mut Table<'_>, command: usize) -> Verdict {
    let fault = Fault::SenseAt {
        command,
        sense: WRITE_ERROR,
    };
    table.burn::<W>(USUAL, fault)?;
    let open = [
        MediumCondition::OpenSession,
        MediumCondition::Announced,
        MediumCondition::Damaged,
    ];
    if !open.contains(&table.facts()?.condition()) {
        return Ok(());
    }
    let request = Request::Close(CloseRequest::new(false));
    let closed = perform::<W>(
        table.drive.as_mut(),
        &mut table.trace,
        &request,
        &Image::new(0, 0),
        Fault::None,
    );
    let closed = match closed {
        // A session that was announced and never begun is gone once the medium leaves the drive.
        Err(NotRun::Refused(Refusal::OnlyAnnounced)) => return Ok(()),
        closed => closed.map_err(|e| format!("a session was cut off, and closing it: {e}"))?,
    };
    closed
        .ending
        .result
        .map_err(|e| format!("a session was cut off, and closing it: {e}"))?;
    let condition = table.facts()?.condition();
    expect(!open.contains(&condition), || {
        format!("a session was cut off and closed, and the medium is {condition:?}")
    })
}
