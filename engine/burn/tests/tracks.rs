//! CDs of several tracks: where the drive goes on between them, and what the gate holds their plans to. The drive
//! is a recorder of tracks at once as small as can be, with a gap of its own (recipe 5).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of these tests"
)]

use pitland_burn::gate::{Allowances, Gate, PlanFault};
use pitland_burn::{
    Action, Ending, Fault, Input, Job, Machine, Note, Outcome, Payload, SectorsCompared, Source,
    VerifyLevel,
};
use pitland_mmc::cdb::{CdbBytes, Command};
use pitland_mmc::mode_page::{WriteParameters, WriteType};
use pitland_mmc::param::{CueSheetEntry, DataForm};
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, Profile};
use pitland_writer::testing::{album, cd};
use pitland_writer::{
    BlockForm, BurnRequest, CdLayout, CdMode, CdSubchannel, Event, Extent, Failure, Move, Occasion,
    Origin, Recipe, Refusal, Request, Service, Step, WritePlan, moves,
};
use std::time::Duration;

/// What is told of the next writable address in the place of the truth.
type Told = Option<Result<i32, Sense>>;

struct Drive {
    /// Blocks between the end of one track and the start of the next.
    gap: i32,
    next: i32,
    told: Told,
    now: Duration,
    sent: Vec<&'static str>,
    writes: Vec<(i32, u32, Source)>,
    closed: bool,
    /// What comes of a comparison of its sectors; `None`: there is nothing to compare with.
    compared: Option<SectorsCompared>,
}

impl Drive {
    fn with_gap(gap: i32) -> Self {
        Self {
            gap,
            next: 0,
            told: None,
            now: Duration::ZERO,
            sent: Vec::new(),
            writes: Vec::new(),
            closed: false,
            compared: None,
        }
    }

    fn takes(&mut self, cdb: &CdbBytes) -> Result<Vec<u8>, Sense> {
        let command = Command::parse(cdb.as_slice()).unwrap();
        self.sent.push(command.name());
        match command {
            Command::SynchronizeCache(c) if c.immed && !self.closed => self.next += self.gap,
            Command::CloseTrackSession(_) => self.closed = true,
            Command::ReadTrackInformation(_) if !self.closed && !self.writes.is_empty() => {
                let told = self.told.take().unwrap_or(Ok(self.next))?;
                let mut track = vec![0; 36];
                track[1] = 34;
                track[2..4].fill(1);
                track[7] = 1;
                track[8..12].copy_from_slice(&told.to_be_bytes());
                track[12..16].copy_from_slice(&told.to_be_bytes());
                return Ok(track);
            }
            _ => {
                let disc = match self.closed {
                    true => {
                        cd::appendable(Profile::CdR, 1, pitland_mmc::reply::DiscType::CdDaOrRom)
                    }
                    false => cd::blank(Profile::CdR),
                };
                return Ok(answer_to(&disc.build(), &command));
            }
        }
        Ok(Vec::new())
    }
}

/// What such a disc says to a question; nothing to what is none.
fn answer_to(facts: &pitland_writer::MediaFacts, question: &Command) -> Vec<u8> {
    let same = |cdb: &CdbBytes| match (Command::parse(cdb.as_slice()).unwrap(), question) {
        (Command::ReadTrackInformation(a), Command::ReadTrackInformation(q)) => {
            q.address == 0xFF || a.address == q.address
        }
        (Command::ReadTocPmaAtip(a), Command::ReadTocPmaAtip(q)) => a.format == q.format,
        (a, q) => a.opcode() == q.opcode(),
    };
    let mut known = facts.answers.iter().rev();
    let known = known.find(|answer| same(&answer.cdb));
    known.map_or_else(Vec::new, |answer| answer.data.clone())
}

fn two_tracks() -> BurnRequest {
    let tracks = vec![album::audio(1, 0, 304), album::audio(2, 0, 300)];
    let (layout, blocks) = album::layout(CdMode::TrackAtOnce, Lba(0), tracks);
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout);
    burn
}

fn page() -> WriteParameters {
    WriteParameters {
        buffer_underrun_free: true,
        write_type: WriteType::TrackAtOnce,
        ..WriteParameters::default()
    }
}

fn track(first: i32, blocks: u64) -> Extent {
    let mut extent = Extent::image(Lba(first), blocks, 1);
    extent.form = BlockForm::Raw2352;
    extent
}

fn between() -> Vec<pitland_writer::PlannedCommand> {
    let mut commands: Vec<_> = moves::synchronize_cache()
        .map(|command| command.only(Occasion::Always))
        .into();
    commands.push(moves::set_write_parameters(&page()));
    commands
}

fn plan_of_two_tracks() -> (Recipe, WritePlan) {
    Recipe::new()
        .prepare([moves::set_write_parameters(&page())])
        .extent(track(0, 304))
        .extent(track(456, 300).behind(between()))
        .close(moves::synchronize_cache())
        .close([moves::close_session().only(Occasion::AfterBlocks)])
        .build()
}

fn run(drive: &mut Drive, mut writer: impl FnMut(Event) -> Step) -> Box<Ending> {
    let mut machine = Machine::new(Job {
        request: Request::Burn(two_tracks()),
        facts: cd::blank(Profile::CdR).build(),
        service: Some(Service::new(Lba(0), 300_000, 1)),
        plan: plan_of_two_tracks().1,
        verify: VerifyLevel::Full,
        rehearse: false,
        most_bytes: 64 * 1024,
        resumed: None,
    })
    .unwrap();
    let mut action = machine.next(drive.now, Input::Start);
    for _ in 0..10_000 {
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
            Action::Write(chunk) => {
                assert_eq!((chunk.block_bytes, chunk.image_block_bytes), (2352, 2352));
                drive.now += Duration::from_millis(5) * chunk.blocks;
                drive.writes.push((chunk.lba.0, chunk.blocks, chunk.source));
                drive.next = chunk.lba.0 + chunk.blocks as i32;
                Ok(Vec::new())
            }
            Action::Send(command) => drive.takes(&command.cdb).map(|mut data| {
                if let Payload::In(room) = command.payload {
                    data.truncate(room as usize);
                }
                data
            }),
            Action::CompareSectors { in_short } => {
                assert!(!in_short, "all was asked for");
                let input = match drive.compared.clone() {
                    Some(compared) => Input::SectorsCompared(Box::new(compared)),
                    None => Input::Unchecked,
                };
                action = machine.next(drive.now, input);
                continue;
            }
            other => panic!("{other:?}"),
        };
        action = match answer {
            Ok(data) => machine.next(drive.now, Input::Good(&data)),
            Err(sense) => machine.next(drive.now, Input::Sense(sense)),
        };
    }
    panic!("the machine does not end");
}

fn burned(drive: &mut Drive) -> Box<Ending> {
    let (mut recipe, _) = plan_of_two_tracks();
    run(drive, |event| recipe.next(event))
}

/// The first block of each track that was written.
fn starts(drive: &Drive) -> Vec<i32> {
    let of_track = |block: u64| {
        drive.writes.iter().find(|(_, _, source)| match source {
            Source::Image { block: at } => *at == block,
            _ => false,
        })
    };
    [0, 304]
        .into_iter()
        .filter_map(of_track)
        .map(|(lba, ..)| *lba)
        .collect()
}

#[test]
fn a_track_begins_where_the_drive_says_that_it_goes_on() {
    // As planned for, less, and more.
    for gap in [152, 150, 0, 375] {
        let mut drive = Drive::with_gap(gap);
        let ending = burned(&mut drive);
        assert!(ending.result.is_ok(), "{ending:?}");
        assert_eq!(starts(&drive), [0, 304 + gap]);
        let written: Vec<_> = ending
            .written
            .iter()
            .map(|run| (run.first_lba.0, run.blocks, run.image_block))
            .collect();
        match gap {
            // What follows without a gap is one run.
            0 => assert_eq!(written, [(0, 604, 0)]),
            _ => assert_eq!(written, [(0, 304, 0), (304 + gap, 300, 304)]),
        }
        // Nobody has compared its sectors.
        assert_eq!(ending.outcome, Outcome::Unverified);
        assert!(drive.closed);
    }
}

/// What became of the data is what the comparison of the sectors says.
#[test]
fn sectors_that_were_compared_are_verified_or_lost() {
    let of = |compared_blocks, written, bad| {
        let mut compared = SectorsCompared {
            read_offset: Some(-30),
            reread: vec![Lba(7)],
            ..SectorsCompared::default()
        };
        compared.verification.blocks_compared = compared_blocks;
        compared.verification.blocks_written = written;
        for lba in 0..bad {
            compared.verification.add_bad(Lba(lba * 2), 1, None);
        }
        let mut drive = Drive::with_gap(152);
        drive.compared = Some(compared);
        burned(&mut drive)
    };
    let ending = of(604, 604, 0);
    assert_eq!(ending.outcome, Outcome::Verified);
    let verification = ending.result.unwrap().verification.unwrap();
    assert_eq!(verification.blocks_compared, 604);
    let notes = [
        Note::Reread { lba: Lba(7) },
        Note::ReadOffset { samples: -30 },
    ];
    assert!(notes.iter().all(|note| ending.notes.contains(note)));
    assert_eq!(of(600, 604, 0).outcome, Outcome::Unverified);
    let ending = of(604, 604, 3);
    assert_eq!(ending.outcome, Outcome::Lost);
    let Err(Fault::Verification(verification)) = &ending.result else {
        panic!("{ending:?}");
    };
    assert_eq!(
        (verification.bad_units, verification.first_bad),
        (3, Some(Lba(0)))
    );
}

#[test]
fn a_drive_that_is_busy_is_asked_again() {
    let mut drive = Drive::with_gap(152);
    drive.told = Some(Err(Sense::new(2, 0x04, 0x07)));
    let ending = burned(&mut drive);
    assert!(ending.result.is_ok(), "{ending:?}");
    assert_eq!(starts(&drive), [0, 456]);
}

#[test]
fn nothing_is_written_where_it_cannot_be_and_what_is_there_is_closed() {
    let lead_out = cd::LEAD_OUT as i32;
    for (told, fault) in [
        // Inside of the first track, before it, and behind the disc's end.
        (Ok(303), Some(Failure::MediumState)),
        (Ok(-150), Some(Failure::MediumState)),
        (Ok(lead_out - 299), Some(Failure::MediumState)),
        (Err(Sense::new(5, 0x24, 0)), None),
    ] {
        let mut drive = Drive::with_gap(152);
        drive.told = Some(told);
        let ending = burned(&mut drive);
        match (&ending.result, fault) {
            (Err(Fault::Writer(found)), Some(fault)) => assert_eq!(*found, fault),
            (Err(Fault::Drive { sense, .. }), None) => assert_eq!(Err(*sense), told),
            other => panic!("{told:?}: {other:?}"),
        }
        assert_eq!(starts(&drive), [0], "{told:?}");
        assert!(drive.closed, "{told:?}");
        assert_eq!(ending.blocks_written, 304);
    }
    // The last place that it can have.
    let mut drive = Drive::with_gap(152);
    drive.told = Some(Ok(lead_out - 300));
    assert!(burned(&mut drive).result.is_ok());
}

#[test]
fn what_comes_between_comes_between() {
    // Before the first track is written, before the first extent, and a command that is not there.
    for (at, extent, command) in [(1, 1, 0), (1, 0, 0), (2, 1, 3)] {
        let mut drive = Drive::with_gap(152);
        let (mut recipe, _) = plan_of_two_tracks();
        let mut steps = 0;
        let ending = run(&mut drive, |event| {
            let step = recipe.next(event);
            steps += 1;
            match steps - 1 == at {
                true => Step::Between { extent, command },
                false => step,
            }
        });
        assert_eq!(ending.result, Err(Fault::Writer(Failure::OutsidePlan)));
    }
}

fn judged(request: &Request, service: &Service, plan: &WritePlan) -> Result<(), PlanFault> {
    let facts = cd::blank(Profile::CdR).build();
    Gate {
        request,
        facts: &facts,
        service: Some(service),
        most_bytes: 64 * 1024,
        resumed: None,
        allowed: Allowances::NONE,
    }
    .check(plan)
}

/// A plan with something changed, before the gate.
fn changed(
    burn: &BurnRequest,
    plan: &WritePlan,
    change: impl Fn(&mut WritePlan),
) -> Result<(), PlanFault> {
    let mut plan = plan.clone();
    change(&mut plan);
    let free = cd::LEAD_OUT.into();
    judged(
        &Request::Burn(burn.clone()),
        &Service::new(Lba(0), free, 1),
        &plan,
    )
}

#[test]
fn tracks_at_once_are_those_of_the_layout() {
    let burn = two_tracks();
    let (_, plan) = plan_of_two_tracks();
    let with = |change: fn(&mut WritePlan)| changed(&burn, &plan, change);
    assert_eq!(with(|_| {}), Ok(()));
    let bad = |index| Err(PlanFault::BadExtent { index });
    assert_eq!(with(|p| p.extents[0].form = BlockForm::Raw2448), bad(0));
    assert_eq!(with(|p| p.extents[0].unit = 2), bad(0));
    assert_eq!(with(|p| p.extents[1].origin = Origin::Zeros), bad(1));
    assert_eq!(with(|p| p.extents[0].follows = true), bad(0));
    assert_eq!(with(|p| p.extents[0].before = between()), bad(0));
    assert_eq!(
        with(|p| p.extents[0].first_lba = Lba(10)),
        Err(PlanFault::OutsideMedium { index: 0 })
    );
    for cut in [299, 301] {
        let mut plan = plan.clone();
        plan.extents[1].blocks = cut;
        assert!(matches!(
            changed(&burn, &plan, |_| {}),
            Err(PlanFault::ImageCut { needed: 604, .. })
        ));
    }
    assert_eq!(
        with(|p| p.extents[1].before.push(moves::close_session())),
        Err(PlanFault::NotAsked {
            purpose: Move::CloseSession
        })
    );
    assert!(matches!(
        with(|p| {
            let page = WriteParameters {
                test_write: true,
                ..page()
            };
            p.extents[1].before = vec![moves::set_write_parameters(&page)];
        }),
        Err(PlanFault::BadParameters { .. })
    ));
    // Without a layout whole sectors are nobody's.
    let mut plain = burn.clone();
    plain.cd = None;
    assert_eq!(changed(&plain, &plan, |_| {}), bad(0));
}

fn session(layout: &CdLayout, blocks: u64, sheet: &[CueSheetEntry]) -> WritePlan {
    let page = WriteParameters {
        write_type: WriteType::SessionAtOnce,
        ..page()
    };
    let mut extent = track(layout.first_lba.0, blocks);
    extent.form = layout.mode.block();
    Recipe::new()
        .prepare([moves::set_write_parameters(&page)])
        .prepare([moves::send_cue_sheet(sheet)])
        .extent(extent)
        .build()
        .1
}

#[test]
fn a_session_at_once_is_what_its_sheet_and_its_layout_say() {
    let tracks = vec![
        album::data(1, DataForm::Mode1Raw, 0, 300),
        album::audio(2, 150, 300),
    ];
    let (layout, blocks) = album::layout(CdMode::SessionAtOnce, Lba(0), tracks);
    let plan = session(&layout, blocks, &layout.cue_sheet);
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout.clone());
    let with = |change: &dyn Fn(&mut WritePlan)| changed(&burn, &plan, change);
    assert_eq!(with(&|_| {}), Ok(()));
    // A track in the middle whose blocks are others than those that are sent.
    let mut sheet = layout.cue_sheet.clone();
    for entry in &mut sheet {
        match entry {
            CueSheetEntry::Position(position) if position.track == 2 => {
                position.form = DataForm::Mode1;
            }
            _ => {}
        }
    }
    assert!(matches!(
        with(&|p| p.prepare[1] = moves::send_cue_sheet(&sheet)),
        Err(PlanFault::BadParameters {
            purpose: Move::SendCueSheet,
            ..
        })
    ));
    let text = |bytes: usize| {
        let mut extent = Extent::image(Lba(-11_625), 11_475, 1);
        extent.form = BlockForm::CdText96;
        extent.origin = Origin::Bytes(vec![0; bytes]);
        extent
    };
    // Texts that nobody asked for, and some that are no whole blocks.
    assert_eq!(
        with(&|p| p.extents.insert(0, text(96))),
        Err(PlanFault::BadExtent { index: 0 })
    );
    let mut titled = burn.clone();
    titled.cd.as_mut().unwrap().text = vec![0; 18];
    for (bytes, good) in [
        (96, true),
        (192, true),
        (95, false),
        (0, false),
        (100, false),
    ] {
        let judged = changed(&titled, &plan, |p| p.extents.insert(0, text(bytes)));
        assert_eq!(judged.is_ok(), good, "{bytes}: {judged:?}");
    }
}

#[test]
fn a_raw_disc_lies_between_its_lead_in_and_its_lead_out() {
    let (layout, blocks) = album::layout(
        CdMode::Raw(CdSubchannel::Raw96),
        Lba(0),
        vec![album::audio(1, 0, 300)],
    );
    let mut plan = session(&layout, blocks, &layout.cue_sheet);
    plan.prepare.truncate(1);
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout.clone());
    let with = |change: fn(&mut WritePlan)| changed(&burn, &plan, change);
    assert_eq!(with(|_| {}), Ok(()));
    let outside = Err(PlanFault::OutsideMedium { index: 0 });
    assert_eq!(with(|p| p.extents[0].first_lba = Lba(-11_626)), outside);
    assert_eq!(with(|p| p.extents[0].first_lba = Lba(-150)), outside);
    // Longer than the disc, by the word of the drive.
    let long = u64::from(cd::LEAD_OUT) + 11_625 + 6_750;
    for (blocks, good) in [(long, true), (long + 1, false)] {
        let mut burn = burn.clone();
        burn.blocks = blocks;
        let judged = changed(&burn, &plan, |p| p.extents[0].blocks = blocks);
        assert_eq!(judged.is_ok(), good, "{blocks}: {judged:?}");
        burn.overburn = true;
        let mut plan = plan.clone();
        plan.extents[0].blocks = blocks;
        let service = Service::new(Lba(0), 404_850, 1);
        assert_eq!(judged_with(&burn, &service, &plan), Ok(()));
    }
}

fn judged_with(burn: &BurnRequest, service: &Service, plan: &WritePlan) -> Result<(), PlanFault> {
    judged(&Request::Burn(burn.clone()), service, plan)
}

#[test]
fn a_refusal_of_a_layout_says_whose_it_is() {
    let refusal = Refusal::from(pitland_writer::LayoutFault::LeadOut);
    assert_eq!(
        refusal.to_string(),
        "the CD's layout: the lead-out does not begin where the last track ends"
    );
}
