//! How jobs end when drive, writer or link misbehave: each story is one that once ended wrongly.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

use pitland_burn::gate::check_plan;
use pitland_burn::{
    Action, Ending, Input, Job, Machine, MediumState, NoAnswer, Payload, VerifyLevel,
};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{
    Cdb, CloseFunction, CloseTrackSession, Command, GetConfiguration, ReadDiscInformation,
    RequestedFeatures, SynchronizeCache,
};
use pitland_mmc::sense::Sense;
use pitland_writer::{
    Answer, BlockForm, BurnRequest, CloseRequest, Event, Extent, Failure, MediaFacts, Move,
    PlannedCommand, Request, Step, WritePlan,
};
use std::time::Duration;

/// GET CONFIGURATION: a BD-R, no features.
const BD_R: [u8; 8] = [0, 0, 0, 4, 0, 0, 0, 0x41];
const BLOCKS: u64 = 256;
/// Actions after which a machine counts as one that does not end.
const FOR_EVER: usize = 2_000_000;

/// How a drive of a story answers; GOOD where the story says nothing.
enum Given {
    Good,
    Sense(u8, u8, u8),
    Deferred(u8, u8, u8),
    Nothing(NoAnswer),
}

/// A blank BD-R, as its drive described it before the job.
fn blank_bd_r() -> MediaFacts {
    let mut disc = vec![0; 34];
    disc[1] = 32;
    disc[3..7].fill(1);
    let configuration = GetConfiguration {
        requested: RequestedFeatures::All,
        starting_feature: 0,
        allocation_length: 8,
    };
    let information = ReadDiscInformation {
        allocation_length: 34,
        ..Default::default()
    };
    MediaFacts::from_answers(vec![
        Answer {
            cdb: configuration.emit(),
            data: BD_R.to_vec(),
        },
        Answer {
            cdb: information.emit(),
            data: disc,
        },
    ])
}

fn close(function: CloseFunction) -> PlannedCommand {
    let command = CloseTrackSession {
        function,
        ..Default::default()
    };
    PlannedCommand::new(Move::CloseSession, command.emit())
}

/// These extents; then the cache is synchronized and the session closed.
fn plan(extents: Vec<Extent>) -> WritePlan {
    let mut plan = WritePlan::default();
    plan.extents = extents;
    plan.closing = vec![
        PlannedCommand::new(Move::SynchronizeCache, SynchronizeCache::default().emit()),
        close(CloseFunction::Session),
    ];
    plan
}

/// A writer that walks its plan.
fn walking() -> impl FnMut(&Event) -> Step {
    let mut at = 0;
    move |event| {
        match event {
            Event::Refused { sense } | Event::WriteRefused { sense, .. } => {
                return Step::Failed(Failure::Drive(*sense));
            }
            Event::Cancelled { .. } => at = 1,
            _ => {}
        }
        at += 1;
        match at {
            1 => Step::Write(0),
            2 => Step::Close(0),
            3 => Step::Close(1),
            _ => Step::Finished,
        }
    }
}

/// Plays a burn of these extents. The drive sees each command, and the machine, to cancel it. Answers the
/// ending, if it came to one, and the names of the commands that were sent.
fn play(
    extents: Vec<Extent>,
    mut writer: impl FnMut(&Event) -> Step,
    mut drive: impl FnMut(&mut Machine, &Command) -> Given,
) -> (Option<Box<Ending>>, Vec<&'static str>) {
    let blocks = extents.iter().map(|extent| extent.blocks).sum();
    let mut machine = Machine::new(Job {
        request: Request::Burn(BurnRequest::new(blocks)),
        facts: blank_bd_r(),
        service: None,
        plan: plan(extents),
        verify: VerifyLevel::Full,
        rehearse: false,
        most_bytes: 65536,
        resumed: None,
    })
    .unwrap();
    let mut sent = Vec::new();
    let mut now = Duration::ZERO;
    let mut action = machine.next(now, Input::Start);
    for _ in 0..FOR_EVER {
        let (cdb, room) = match action {
            Action::Finished(ending) => return (Some(ending), sent),
            Action::Wait(pause) => {
                now += pause;
                action = machine.next(now, Input::Waited);
                continue;
            }
            Action::Commit => {
                action = machine.next(now, Input::Proceed);
                continue;
            }
            Action::Consult(event) => {
                action = machine.next(now, Input::Advice(writer(&event)));
                continue;
            }
            Action::Read(_) => {
                action = machine.next(now, Input::Compared(true));
                continue;
            }
            Action::Write(chunk) => (chunk.cdb, 0),
            Action::Send(command) => match command.payload {
                Payload::In(bytes) => (command.cdb, bytes as usize),
                _ => (command.cdb, 0),
            },
            other => panic!("{other:?}"),
        };
        let command = Command::parse(cdb.as_slice()).unwrap();
        sent.push(command.name());
        let mut data = vec![0; room];
        match command {
            Command::Inquiry(_) => data[0] = 5,
            Command::GetConfiguration(_) => data[..8].copy_from_slice(&BD_R),
            _ => {}
        }
        let input = match drive(&mut machine, &command) {
            Given::Good => Input::Good(&data),
            Given::Sense(key, asc, ascq) => Input::Sense(Sense::new(key, asc, ascq)),
            Given::Deferred(key, asc, ascq) => {
                Input::Sense(Sense::new(key, asc, ascq).as_deferred())
            }
            Given::Nothing(cause) => Input::NoAnswer(cause),
        };
        action = machine.next(now, input);
    }
    (None, sent)
}

fn image(blocks: u64) -> Vec<Extent> {
    vec![Extent::image(Lba(0), blocks, 32)]
}

/// A drive that does something at its `nth` WRITE (from 1), and is good otherwise.
fn at_write(
    nth: u32,
    mut happens: impl FnMut(&mut Machine) -> Given,
) -> impl FnMut(&mut Machine, &Command) -> Given {
    let mut writes = 0;
    move |machine, command| {
        writes += u32::from(command.is_write());
        if command.is_write() && writes == nth {
            happens(machine)
        } else {
            Given::Good
        }
    }
}

#[test]
fn facts_from_before_the_job_are_not_told_as_those_of_after_it() {
    let mut gone = false;
    let mut writes = 0;
    let (ending, _) = play(image(BLOCKS), walking(), |_, command| {
        if gone {
            return Given::Nothing(NoAnswer::Gone);
        }
        writes += u32::from(command.is_write());
        gone = writes == 3;
        if gone {
            Given::Sense(4, 0x44, 0)
        } else {
            Given::Good
        }
    });
    let ending = ending.unwrap();
    assert_eq!((ending.medium, ending.facts), (MediumState::Unknown, None));
}

#[test]
fn a_writer_that_dies_after_a_cancel_leaves_a_closed_session() {
    let dying = |event: &Event| match event {
        Event::Cancelled { .. } => Step::Failed(Failure::Hung {
            limit: Duration::from_secs(5),
        }),
        _ => Step::Write(0),
    };
    let cancelled = at_write(3, |machine| {
        machine.cancel();
        Given::Good
    });
    let (ending, sent) = play(image(BLOCKS), dying, cancelled);
    assert!(sent.contains(&"CLOSE TRACK/SESSION"), "{ending:?}");
}

#[test]
fn a_write_that_nothing_explains_is_followed_by_a_synchronized_cache() {
    let silent = at_write(3, |_| Given::Nothing(NoAnswer::TimedOut));
    let (ending, sent) = play(image(BLOCKS), walking(), silent);
    assert!(sent.contains(&"SYNCHRONIZE CACHE"), "{ending:?}");
}

/// A drive whose buffer was full once, so that it is asked how full it is, and answers this.
fn asked_for_its_buffer(answer: impl Fn() -> Given) -> impl FnMut(&mut Machine, &Command) -> Given {
    let mut full_once = at_write(2, |_| Given::Sense(2, 4, 8));
    move |machine, command| match command {
        Command::ReadBufferCapacity(_) => answer(),
        _ => full_once(machine, command),
    }
}

#[test]
fn a_deferred_write_error_is_heard_whatever_command_it_answers() {
    let drive = asked_for_its_buffer(|| Given::Deferred(3, 0x0C, 0));
    let (ending, sent) = play(image(4096), walking(), drive);
    assert!(sent.contains(&"READ BUFFER CAPACITY"));
    let ending = ending.unwrap();
    assert!(ending.blocks_written < 4096, "{ending:?}");
    assert!(ending.result.is_err());
}

#[test]
fn a_drive_that_does_not_tell_its_buffer_goes_on_writing() {
    let drive = asked_for_its_buffer(|| Given::Nothing(NoAnswer::TimedOut));
    let (ending, sent) = play(image(4096), walking(), drive);
    assert_eq!(ending.unwrap().blocks_written, 4096);
    let asked = sent.iter().filter(|name| **name == "READ BUFFER CAPACITY");
    assert_eq!(asked.count(), 1, "it is not asked again");
}

#[test]
fn a_drive_that_is_busy_for_ever_does_not_hold_the_ending() {
    let failing = |event: &Event| match event {
        Event::Begin => Step::Write(0),
        _ => Step::Failed(Failure::MediumState),
    };
    let (ending, _) = play(image(BLOCKS), failing, |_, command| match command {
        Command::SynchronizeCache(_) => Given::Sense(2, 4, 7),
        _ => Given::Good,
    });
    assert!(ending.is_some());
}

#[test]
fn an_attention_does_not_leave_the_door_locked() {
    let mut tries = 0;
    play(image(BLOCKS), walking(), |_, command| match command {
        Command::PreventAllowMediumRemoval(door) if !door.prevent => {
            tries += 1;
            if tries == 1 {
                Given::Sense(6, 0x2A, 1)
            } else {
                Given::Good
            }
        }
        _ => Given::Good,
    });
    assert_eq!(tries, 2);
}

#[test]
fn a_writer_that_finishes_before_its_blocks_are_written_is_not_believed() {
    let (ending, _) = play(image(BLOCKS), |_| Step::Finished, |_, _| Given::Good);
    assert!(ending.unwrap().result.is_err());

    let halves = vec![
        Extent::image(Lba(0), BLOCKS, 32),
        Extent::image(Lba(BLOCKS as i32), BLOCKS, 32),
    ];
    let half = |event: &Event| match event {
        Event::Begin => Step::Write(0),
        _ => Step::Finished,
    };
    let (ending, sent) = play(halves, half, |_, _| Given::Good);
    assert!(ending.unwrap().result.is_err());
    assert!(
        sent.contains(&"CLOSE TRACK/SESSION"),
        "what was begun is closed"
    );
}

#[test]
fn a_writer_that_finishes_before_it_has_closed_anything_is_not_believed() {
    let mut machine = Machine::new(Job {
        request: Request::Close(CloseRequest::new(false)),
        facts: blank_bd_r(),
        service: None,
        plan: plan(Vec::new()),
        verify: VerifyLevel::None,
        rehearse: false,
        most_bytes: 65536,
        resumed: None,
    })
    .unwrap();
    let mut action = machine.next(Duration::ZERO, Input::Start);
    let ending = loop {
        let input = match action {
            Action::Finished(ending) => break ending,
            Action::Consult(_) => Input::Advice(Step::Finished),
            _ => Input::Good(&[]),
        };
        action = machine.next(Duration::ZERO, input);
    };
    assert!(ending.result.is_err(), "{ending:?}");
    assert_eq!(ending.medium, MediumState::Untouched);
}

#[test]
fn what_the_engine_cannot_carry_or_was_not_asked_for_stops_at_the_gate() {
    let burn = |blocks| Request::Burn(BurnRequest::new(blocks));

    let mut finalizing = WritePlan::default();
    finalizing.closing = vec![close(CloseFunction::FinalizeRw)];
    let closing = Request::Close(CloseRequest::new(false));
    assert!(
        check_plan(&finalizing, &closing, None).is_err(),
        "finalize dressed as close session"
    );

    let mut raw = Extent::image(Lba(0), 32, 32);
    raw.form = BlockForm::Raw2352;
    assert!(
        check_plan(&plan(vec![raw]), &burn(32), None).is_err(),
        "a form the ring has not"
    );

    let wide = Extent::image(Lba(0), 64, 64);
    assert!(
        check_plan(&plan(vec![wide]), &burn(64), None).is_err(),
        "more than a command carries"
    );

    let astride = vec![
        Extent::image(Lba(0), 16, 16),
        Extent::image(Lba(16), 1600, 16),
    ];
    assert!(
        check_plan(&plan(astride), &burn(1616), None).is_err(),
        "units astride the slots"
    );

    let mut test = BurnRequest::new(32);
    test.test_write = true;
    let real = plan(image(32));
    assert!(
        check_plan(&real, &Request::Burn(test), None).is_err(),
        "a test write that writes"
    );
}
