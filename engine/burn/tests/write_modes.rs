//! Burns in the modes that a host chooses by page 05h: in the drive's test mode, all at once, and begun anew
//! in another mode. The drive is a CD or DVD recorder as small as can be, written from what drives do
//! (recipes 3, 4.2, 5 and 6), apart from the machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of these tests"
)]

use pitland_burn::{
    Action, Ending, Fault, Input, Job, Machine, MediumState, Note, Outcome, Payload, Source,
    Unproven, VerifyLevel,
};
use pitland_mmc::cdb::{CdbBytes, Command, PageControl};
use pitland_mmc::mode_page::{
    DataBlockType, ModePage, ModeParameterList, WriteParameters, WriteType,
};
use pitland_mmc::reply::{DiscStatus, SessionState};
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, Profile, SectorCount, TrackNumber};
use pitland_writer::cd::sheet_of_one_data_track;
use pitland_writer::testing::FactsBuilder;
use pitland_writer::{
    BlockForm, BurnRequest, Event, ExpectedMedium, Extent, MediaFacts, Occasion, Origin, Recipe,
    Request, Step, WritePlan, moves,
};
use std::time::Duration;

const BLOCKS: u64 = 320;
const CAPACITY: u32 = 300_000;

/// A recorder with a blank disc.
#[derive(Debug)]
struct Drive {
    profile: Profile,
    page: WriteParameters,
    /// Behind the last block that was recorded.
    recorded: i64,
    /// The session is closed.
    closed: bool,
    now: Duration,
    /// Names of what was sent, and WRITEs by their address and blocks.
    sent: Vec<String>,
    writes: Vec<(i32, u32, Source)>,
    /// Takes the page and forgets Test Write.
    never_tests: bool,
    /// Says that it tests, and records.
    records_in_test: bool,
    /// Does not know MODE SENSE.
    hides_its_page: bool,
    /// The WRITE of this number, from 1, is answered with a sense.
    refuses: Option<(usize, Sense)>,
    /// Answers to the next commands of these operation codes, in the place of what it would do.
    answers: Vec<(u8, Sense)>,
}

impl Drive {
    fn new(profile: Profile) -> Self {
        Self {
            profile,
            page: WriteParameters::default(),
            recorded: 0,
            closed: false,
            now: Duration::ZERO,
            sent: Vec::new(),
            writes: Vec::new(),
            never_tests: false,
            records_in_test: false,
            hides_its_page: false,
            refuses: None,
            answers: Vec::new(),
        }
    }

    fn answering(mut self, opcode: u8, sense: Sense, times: usize) -> Self {
        self.answers.extend(vec![(opcode, sense); times]);
        self
    }

    fn facts(&self) -> MediaFacts {
        let facts = FactsBuilder::new(self.profile, &[0x21, 0x2D, 0x2E, 0x2F]);
        let end = u32::try_from(self.recorded).unwrap();
        let facts = match (end, self.closed) {
            (0, _) => facts
                .disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1))
                .writable_track(1, 1, 0, 0, CAPACITY)
                .last_block(0),
            (end, false) => facts
                .disc(DiscStatus::Appendable, SessionState::Incomplete, 1, (1, 1))
                .writable_track(1, 1, 0, end as i32, CAPACITY - end)
                .last_block(0),
            (end, true) => facts
                .disc(DiscStatus::Appendable, SessionState::Empty, 2, (2, 2))
                .closed_track(1, 1, 0, end)
                .writable_track(2, 2, end as i32 + 11_400, end as i32 + 11_400, 100_000)
                .last_block(end as i32 - 1),
        };
        facts.build()
    }

    fn takes(&mut self, cdb: &CdbBytes, payload: &Payload) -> Result<Vec<u8>, Sense> {
        let command = Command::parse(cdb.as_slice()).unwrap();
        self.sent.push(command.name().to_owned());
        let forced = self
            .answers
            .iter()
            .position(|(code, _)| *code == command.opcode());
        if let Some(forced) = forced {
            let (_, sense) = self.answers.remove(forced);
            // A reset takes the settings with it.
            self.page.test_write &= sense.asc != 0x29;
            return Err(sense);
        }
        match (&command, payload) {
            (Command::ModeSelect10(_), Payload::Out(list)) => {
                for page in ModeParameterList::parse(list).unwrap().pages {
                    if let ModePage::WriteParameters(page) = page {
                        self.page = page;
                        self.page.test_write &= !self.never_tests;
                    }
                }
                Ok(Vec::new())
            }
            (Command::ModeSense10(c), _)
                if c.page_code == WriteParameters::CODE
                    && c.page_control == PageControl::Current
                    && !self.hides_its_page =>
            {
                let list = ModeParameterList {
                    pages: vec![ModePage::WriteParameters(self.page.clone())],
                    ..ModeParameterList::default()
                };
                Ok(list.emit())
            }
            (Command::CloseTrackSession(_), _) => {
                self.closed = true;
                Ok(Vec::new())
            }
            (
                Command::TestUnitReady(_)
                | Command::SynchronizeCache(_)
                | Command::PreventAllowMediumRemoval(_)
                | Command::StartStopUnit(_)
                | Command::SetCdSpeed(_)
                | Command::ReserveTrack(_)
                | Command::SendCueSheet(_)
                | Command::Blank(_),
                _,
            ) => Ok(Vec::new()),
            _ => self.tells(&command),
        }
    }

    fn tells(&self, question: &Command) -> Result<Vec<u8>, Sense> {
        let answers = self.facts().answers;
        let known = answers.into_iter().find(|answer| {
            match (Command::parse(answer.cdb.as_slice()).unwrap(), question) {
                (Command::ReadTrackInformation(a), Command::ReadTrackInformation(q)) => {
                    let last = if self.closed { 2 } else { 1 };
                    let wanted = if q.address == 0xFF {
                        last
                    } else {
                        q.address.max(1)
                    };
                    a.address == wanted
                }
                (a, q) => a.opcode() == q.opcode(),
            }
        });
        known
            .map(|answer| answer.data)
            .ok_or(Sense::new(5, 0x24, 0))
    }

    fn writes(&mut self, lba: i32, blocks: u32, source: Source) -> Result<Vec<u8>, Sense> {
        self.sent.push("WRITE (10)".into());
        if let Some(forced) = self.answers.iter().position(|(code, _)| *code == 0x2A) {
            return Err(self.answers.remove(forced).1);
        }
        if let Some((_, sense)) = self
            .refuses
            .filter(|(nth, _)| *nth == self.writes.len() + 1)
        {
            return Err(sense);
        }
        self.now += Duration::from_micros(300) * blocks;
        self.writes.push((lba, blocks, source));
        if !self.page.test_write || self.records_in_test {
            self.recorded = i64::from(lba) + i64::from(blocks);
        }
        Ok(Vec::new())
    }
}

/// Runs the machine to its end.
fn run(
    drive: &mut Drive,
    request: BurnRequest,
    plan: WritePlan,
    mut writer: impl FnMut(Event) -> Step,
) -> Box<Ending> {
    let mut machine = Machine::new(Job {
        request: Request::Burn(request),
        facts: drive.facts(),
        service: None,
        plan,
        verify: VerifyLevel::Full,
        rehearse: false,
        most_bytes: 64 * 1024,
        resumed: None,
    })
    .unwrap();
    let mut action = machine.next(drive.now, Input::Start);
    let mut source_left = false;
    for _ in 0..200_000 {
        // Whoever drives the machine leaves the source then, and cannot go back.
        source_left |= machine.writes_no_more();
        let answer = match action {
            Action::Finished(ending) => return ending,
            Action::Wait(pause) => {
                drive.now += pause;
                action = machine.next(drive.now, Input::Waited);
                continue;
            }
            Action::Commit => {
                action = machine.next(drive.now, Input::Proceed);
                continue;
            }
            Action::Consult(event) => {
                let step = writer(event);
                action = machine.next(drive.now, Input::Advice(step));
                continue;
            }
            Action::Read(_) => {
                action = machine.next(drive.now, Input::Compared(true));
                continue;
            }
            Action::Write(chunk) => {
                assert!(!source_left, "{chunk:?}");
                drive.writes(chunk.lba.0, chunk.blocks, chunk.source)
            }
            Action::Send(command) => drive.takes(&command.cdb, &command.payload),
            other => panic!("{other:?}"),
        };
        action = match answer {
            Ok(data) => machine.next(drive.now, Input::Good(&data)),
            Err(sense) => machine.next(drive.now, Input::Sense(sense)),
        };
    }
    panic!("the machine does not end: {:?}", drive.sent.len())
}

fn page(write_type: WriteType, test_write: bool) -> WriteParameters {
    WriteParameters {
        buffer_underrun_free: true,
        write_type,
        test_write,
        track_mode: 4,
        data_block_type: DataBlockType::Mode1,
        ..WriteParameters::default()
    }
}

/// A test write of an image; with what the writer plans behind it.
fn test_write(closing: Vec<pitland_writer::PlannedCommand>) -> (BurnRequest, Recipe, WritePlan) {
    let mut request = BurnRequest::new(BLOCKS);
    request.test_write = true;
    let mut extent = Extent::image(Lba(0), BLOCKS, 1);
    extent.test_write = true;
    let page = page(WriteType::TrackAtOnce, true);
    let (recipe, plan) = Recipe::new()
        .prepare([moves::set_write_parameters(&page)])
        .extent(extent)
        .close(moves::synchronize_cache())
        .close(closing)
        .build();
    (request, recipe, plan)
}

#[test]
fn a_test_write_goes_through_all_of_it_and_leaves_the_disc_as_it_was() {
    let mut drive = Drive::new(Profile::CdR);
    let (request, mut recipe, plan) = test_write(vec![]);
    let ending = run(&mut drive, request, plan, |event| recipe.next(event));
    let done = ending.result.as_ref().unwrap();
    assert!(done.test_written && !done.rehearsed, "{ending:?}");
    assert_eq!(done.verification, None);
    assert_eq!(ending.outcome, Outcome::NothingWritten);
    assert_eq!(ending.medium, MediumState::Untouched);
    assert_eq!((ending.blocks_written, drive.recorded), (BLOCKS, 0));
    assert!(!drive.page.test_write, "the next burn would record nothing");
}

#[test]
fn a_drive_that_took_the_page_and_does_not_test_is_sent_no_block() {
    for hides in [false, true] {
        let mut drive = Drive::new(Profile::CdR);
        drive.never_tests = true;
        drive.hides_its_page = hides;
        let (request, mut recipe, plan) = test_write(vec![]);
        let ending = run(&mut drive, request, plan, |event| recipe.next(event));
        assert_eq!(ending.result, Err(Fault::TestWriteNotTaken));
        assert_eq!(ending.medium, MediumState::Untouched);
        assert_eq!((drive.writes.len(), drive.recorded), (0, 0));
    }
}

#[test]
fn a_reset_takes_the_page_with_it_and_nothing_is_written_by_another() {
    // The page is taken, and a reset takes it away before the speed is set.
    let reset = Sense::new(6, 0x29, 0);
    for test in [true, false] {
        let mut drive = Drive::new(Profile::CdR).answering(0xBB, reset, 1);
        let (mut request, _, plan) = test_write(vec![]);
        request.test_write = test;
        let mut extent = plan.extents[0].clone();
        extent.test_write = test;
        let (mut recipe, plan) = Recipe::new()
            .prepare([moves::set_write_parameters(&page(
                WriteType::TrackAtOnce,
                test,
            ))])
            .prepare([moves::set_cd_speed(u32::MAX)])
            .extent(extent)
            .close(moves::synchronize_cache())
            .build();
        let ending = run(&mut drive, request, plan, |event| recipe.next(event));
        assert!(
            matches!(&ending.result, Err(Fault::Drive { sense, .. }) if *sense == reset),
            "{ending:?}"
        );
        assert_eq!(ending.outcome, Outcome::NothingWritten);
        assert_eq!((drive.writes.len(), drive.recorded), (0, 0));
    }
}

#[test]
fn a_disc_that_was_changed_behind_the_looks_is_left_alone() {
    // PREVENT ALLOW MEDIUM REMOVAL, the first command of the job, is told of another medium.
    let changed = Sense::new(6, 0x28, 0);
    let mut drive = Drive::new(Profile::CdR).answering(0x1E, changed, 1);
    let (request, mut recipe, plan) = at_once(BLOCKS);
    let ending = run(&mut drive, request, plan, |event| recipe.next(event));
    assert!(
        matches!(&ending.result, Err(Fault::Drive { sense, .. }) if *sense == changed),
        "{ending:?}"
    );
    assert_eq!(ending.medium, MediumState::Untouched);
    assert_eq!((drive.writes.len(), drive.recorded), (0, 0));
    assert!(!drive.sent.iter().any(|name| name == "MODE SELECT (10)"));
}

#[test]
fn a_test_write_that_is_cancelled_or_fails_leaves_a_drive_that_records() {
    for sense in [Sense::new(3, 0x0C, 0), Sense::new(6, 0x29, 0)] {
        let mut drive = Drive::new(Profile::DvdMinusRSequential).answering(0x2A, sense, 1);
        let (request, mut recipe, plan) = test_write(vec![]);
        let ending = run(&mut drive, request, plan, |event| recipe.next(event));
        assert!(
            matches!(ending.result, Err(Fault::Drive { .. })),
            "{ending:?}"
        );
        assert_eq!(ending.medium, MediumState::Untouched);
        assert_eq!(ending.outcome, Outcome::NothingWritten);
        assert!(!drive.page.test_write);
    }
}

#[test]
fn a_test_write_that_recorded_is_not_told_as_one() {
    let mut drive = Drive::new(Profile::CdR);
    drive.records_in_test = true;
    let (request, mut recipe, plan) = test_write(vec![]);
    let ending = run(&mut drive, request, plan, |event| recipe.next(event));
    assert_eq!(ending.result, Err(Fault::NotProven(Unproven::NotAsBefore)));
    assert_ne!(ending.medium, MediumState::Untouched);
    assert_eq!(ending.outcome, Outcome::Lost);
}

/// A disc at once of the whole image.
fn at_once(profile_blocks: u64) -> (BurnRequest, Recipe, WritePlan) {
    let [synchronize, _] = moves::synchronize_cache();
    let size = SectorCount(u32::try_from(profile_blocks).unwrap());
    let (recipe, plan) = Recipe::new()
        .prepare([moves::set_write_parameters(&page(
            WriteType::SessionAtOnce,
            false,
        ))])
        .prepare([moves::reserve_track(size)])
        .extent(Extent::image(Lba(0), profile_blocks, 16))
        .close([synchronize])
        .build();
    (BurnRequest::new(profile_blocks), recipe, plan)
}

#[test]
fn a_disc_at_once_may_refuse_its_first_block_for_long() {
    let full = Sense::new(2, 4, 8);
    let stalls = |times, at_once_plan: bool| {
        let mut drive = Drive::new(Profile::DvdMinusRSequential).answering(0x2A, full, times);
        let (request, mut recipe, plan) = match at_once_plan {
            true => at_once(BLOCKS),
            false => {
                let (recipe, plan) = Recipe::new()
                    .extent(Extent::image(Lba(0), BLOCKS, 16))
                    .close(moves::synchronize_cache())
                    .build();
                (BurnRequest::new(BLOCKS), recipe, plan)
            }
        };
        let ending = run(&mut drive, request, plan, |event| recipe.next(event));
        let notes = ending.notes.iter();
        (
            ending.result.is_ok(),
            notes
                .filter(|note| matches!(note, Note::DriveStalled { .. }))
                .count(),
        )
    };
    assert_eq!(stalls(500, true), (true, 0));
    assert_eq!(stalls(800, true), (true, 1));
    assert_eq!(stalls(500, false), (true, 1));
}

#[test]
fn in_the_midst_of_what_a_synchronized_cache_ends_nothing_is_synchronized() {
    let foreign = Sense::new(5, 0x2C, 0);
    let (track_request, track, track_plan) = track_at_once();
    let (disc_request, disc, disc_plan) = at_once(BLOCKS);
    let cases = [
        (Profile::CdR, track_request, track, track_plan),
        (Profile::DvdMinusRSequential, disc_request, disc, disc_plan),
    ];
    for (profile, request, mut recipe, plan) in cases {
        let mut drive = Drive::new(profile).answering(0x2A, foreign, 1);
        let ending = run(&mut drive, request, plan, |event| recipe.next(event));
        assert!(ending.result.is_ok(), "{ending:?}");
        let order: Vec<&str> = drive.sent.iter().map(String::as_str).collect();
        let synchronized = order.iter().position(|name| *name == "SYNCHRONIZE CACHE");
        let last_write = order.iter().rposition(|name| *name == "WRITE (10)");
        assert!(synchronized > last_write, "{order:?}");
    }
}

fn track_at_once() -> (BurnRequest, Recipe, WritePlan) {
    let (recipe, plan) = Recipe::new()
        .prepare([moves::set_write_parameters(&page(
            WriteType::TrackAtOnce,
            false,
        ))])
        .extent(Extent::image(Lba(0), BLOCKS, 1))
        .close(moves::synchronize_cache())
        .close([moves::close_session().only(Occasion::AfterBlocks)])
        .build();
    (BurnRequest::new(BLOCKS), recipe, plan)
}

#[test]
fn the_engines_own_ending_of_a_disc_at_once_sends_no_form_that_the_plan_leaves_out() {
    let refusing = Sense::new(3, 0x0C, 0);
    let mut drive = Drive::new(Profile::DvdMinusRSequential);
    let (request, mut recipe, plan) = at_once(BLOCKS);
    let mut wrote = false;
    let ending = run(&mut drive, request, plan, |event| match event {
        Event::WriteRefused { .. } => Step::Failed(pitland_writer::Failure::Drive(refusing)),
        event => {
            let step = recipe.next(event);
            wrote |= matches!(step, Step::Write(_));
            step
        }
    });
    assert!(wrote && ending.result.is_ok());
    let synchronized = |drive: &Drive| {
        drive
            .sent
            .iter()
            .filter(|name| *name == "SYNCHRONIZE CACHE")
            .count()
    };
    assert_eq!(synchronized(&drive), 1);

    // Cut off by the drive in the middle: the same single command.
    let mut drive = Drive::new(Profile::DvdMinusRSequential);
    let (request, mut recipe, plan) = at_once(BLOCKS);
    let mut gone = false;
    let ending = run(&mut drive, request, plan, |event| match event {
        Event::Done if !gone => {
            let step = recipe.next(event);
            gone = matches!(step, Step::Close(_));
            match gone {
                true => Step::Failed(pitland_writer::Failure::MediumState),
                false => step,
            }
        }
        event => recipe.next(event),
    });
    assert!(matches!(ending.result, Err(Fault::Writer(_))), "{ending:?}");
    assert_eq!(synchronized(&drive), 1);
}

#[test]
fn a_first_block_refused_for_its_mode_is_begun_anew_by_another_plan() {
    let wrong_mode = Sense::new(5, 0x64, 0);
    let mut drive = Drive::new(Profile::DvdMinusRwSequential).answering(0x2A, wrong_mode, 1);
    let incremental = page(WriteType::Incremental, false);
    let (mut first, plan) = Recipe::new()
        .prepare([moves::set_write_parameters(&incremental)])
        .extent(Extent::image(Lba(0), BLOCKS, 16))
        .close(moves::synchronize_cache())
        .close([moves::close_track(TrackNumber(1)).only(Occasion::AfterBlocks)])
        .build();
    let (request, mut second, other) = at_once(BLOCKS);
    let mut changed = false;
    let ending = run(&mut drive, request, plan, |event| match event {
        Event::WriteRefused { sense, .. } => {
            assert_eq!(sense, wrong_mode);
            changed = true;
            Step::Replan(Box::new(other.clone()))
        }
        Event::Done if changed => {
            changed = false;
            std::mem::swap(&mut first, &mut second);
            first.next(Event::Begin)
        }
        event => first.next(event),
    });
    assert!(ending.result.is_ok(), "{ending:?}");
    assert_eq!(ending.notes, [Note::Replanned { sense: wrong_mode }]);
    assert_eq!(drive.page.write_type, WriteType::SessionAtOnce);
    assert_eq!(drive.recorded, BLOCKS as i64);
    assert_eq!(drive.writes[0].2, Source::Image { block: 0 });
}

#[test]
fn no_other_plan_is_taken_once_a_block_was() {
    let wrong_mode = Sense::new(5, 0x64, 0);
    let mut drive = Drive::new(Profile::DvdMinusRwSequential);
    drive.refuses = Some((2, wrong_mode));
    let (mut recipe, plan) = Recipe::new()
        .extent(Extent::image(Lba(0), BLOCKS, 16))
        .close(moves::synchronize_cache())
        .build();
    let (request, _, other) = at_once(BLOCKS);
    let mut asked = false;
    let ending = run(&mut drive, request, plan, |event| match event {
        Event::WriteRefused { .. } => {
            asked = true;
            Step::Replan(Box::new(other.clone()))
        }
        event => recipe.next(event),
    });
    assert!(asked);
    assert!(
        matches!(ending.result, Err(Fault::Drive { .. })),
        "{ending:?}"
    );
    assert_eq!(ending.notes, []);
    assert_eq!(drive.writes.len(), 1);
}

#[test]
fn a_cd_gets_its_pregap_its_image_and_its_padding_in_small_pieces() {
    let mut drive = Drive::new(Profile::CdR);
    let zeros = |first, blocks| {
        let mut extent = Extent::image(Lba(first), blocks, 1);
        extent.origin = Origin::Zeros;
        extent
    };
    let sheet = sheet_of_one_data_track(301 + 150).unwrap();
    let (mut recipe, plan) = Recipe::new()
        .prepare([
            moves::set_write_parameters(&page(WriteType::SessionAtOnce, false)),
            moves::send_cue_sheet(&sheet),
        ])
        .extent(zeros(-150, 150))
        .extent(Extent::image(Lba(0), 301, 1))
        .extent(zeros(301, 150))
        .close(moves::synchronize_cache())
        .close([moves::close_session().only(Occasion::AfterBlocks)])
        .expect(ExpectedMedium::sessions(1, Some(true)))
        .build();
    let ending = run(&mut drive, BurnRequest::new(301), plan, |event| {
        recipe.next(event)
    });
    assert!(ending.result.is_ok(), "{ending:?}");
    assert_eq!(ending.outcome, Outcome::Verified);
    let mut next = -150;
    for (lba, blocks, source) in &drive.writes {
        assert_eq!(*lba, next);
        assert!(blocks * BlockForm::Cooked2048.bytes() <= 32 * 1024);
        next += *blocks as i32;
        let expected = match lba {
            0..301 => Source::Image { block: *lba as u64 },
            _ => Source::Zeros,
        };
        assert_eq!(*source, expected, "LBA {lba}");
    }
    assert_eq!(next, 451);
    // Only the image is read back: behind it are padding and run-out.
    let read = ending.result.unwrap().verification.unwrap();
    assert_eq!((read.blocks_written, read.blocks_compared), (301, 301));
}

#[test]
fn a_cd_that_says_ready_while_it_still_works_is_waited_for() {
    let busy = Sense::new(2, 4, 7);
    let asked = |busy_times| {
        let mut drive = Drive::new(Profile::CdR);
        let (mut recipe, plan) = Recipe::new()
            .extent(Extent::image(Lba(0), BLOCKS, 1))
            .close(moves::synchronize_cache())
            .close([moves::close_session().only(Occasion::AfterBlocks)])
            .expect(ExpectedMedium::sessions(1, Some(true)))
            .build();
        drive.answers = vec![(0x51, busy); busy_times];
        let ending = run(&mut drive, BurnRequest::new(BLOCKS), plan, |e| {
            recipe.next(e)
        });
        assert_eq!(ending.outcome, Outcome::Verified, "{ending:?}");
        drive.now
    };
    assert!(asked(40) >= asked(0) + Duration::from_secs(19));
}

#[test]
fn an_underrun_without_protection_is_not_told_as_a_burn_that_can_be_resumed() {
    let dry = Sense::new(3, 0x0C, 9);
    let told = |protected: bool| {
        let mut drive = Drive::new(Profile::DvdMinusRSequential);
        drive.refuses = Some((4, dry));
        let mut extent = Extent::image(Lba(0), BLOCKS, 16);
        extent.underrun_protection = protected;
        let (mut recipe, plan) = Recipe::new()
            .extent(extent)
            .close(moves::synchronize_cache())
            .resumable()
            .build();
        let ending = run(&mut drive, BurnRequest::new(BLOCKS), plan, |e| {
            recipe.next(e)
        });
        ending.outcome
    };
    assert_eq!(told(true), Outcome::Resumable);
    assert_eq!(told(false), Outcome::Lost);
}
