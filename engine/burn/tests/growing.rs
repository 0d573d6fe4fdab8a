//! A volume that grows, under a writer that is in too great a haste: the engine begins no head before the drive has
//! written out what it holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

use pitland_burn::{
    Action, Ending, Fault, Input, Job, Machine, Note, Outcome, Payload, VerifyLevel,
};
use pitland_mmc::Lba;
use pitland_writer::testing::media;
use pitland_writer::{
    BurnRequest, Event, Extent, Failure, Growth, Placement, Request, Run, Step, WritePlan, moves,
};
use std::time::Duration;

/// Plays the steps of a writer on a drive that is always good. Answers the ending, and the first blocks of all WRITEs.
fn play(steps: &[Step]) -> (Box<Ending>, Vec<i32>) {
    let growth = Growth::from(Lba(1_600))
        .session(64)
        .head([Run::default(), Run::new(Lba(0), 32)]);
    let mut burn = BurnRequest::new(growth.blocks());
    burn.placement = Placement::Grow(growth);
    let mut head = Extent::image(Lba(0), 32, 32);
    head.before.extend(moves::synchronize_cache());
    let mut plan = WritePlan::default();
    plan.extents = vec![Extent::image(Lba(1_600), 64, 32), head];
    plan.closing.extend(moves::synchronize_cache());
    let facts = media::bd_re_formatted().first_blocks(7).build();
    let answers = facts.answers.clone();
    let mut machine = Machine::new(Job {
        request: Request::Burn(burn),
        facts,
        service: None,
        plan,
        verify: VerifyLevel::None,
        rehearse: false,
        most_bytes: 65_536,
        resumed: None,
    })
    .unwrap();
    let mut steps = steps.iter();
    let mut written = Vec::new();
    let mut now = Duration::ZERO;
    let mut action = machine.next(now, Input::Start);
    for _ in 0..100_000 {
        let mut data = Vec::new();
        let input = match action {
            Action::Finished(ending) => return (ending, written),
            Action::Wait(pause) => {
                now += pause;
                Input::Waited
            }
            Action::Commit => Input::Proceed,
            Action::Consult(Event::Refused { sense }) => panic!("{sense}"),
            Action::Consult(_) => Input::Advice(steps.next().cloned().unwrap_or(Step::Finished)),
            Action::Read(_) => Input::Compared(true),
            Action::Write(chunk) => {
                written.push(chunk.lba.0);
                Input::Good(&data)
            }
            Action::Send(command) => {
                // As it told of itself before.
                let known = answers
                    .iter()
                    .filter(|a| a.cdb.opcode() == command.cdb.opcode());
                let told = known.min_by_key(|answer| answer.cdb != command.cdb);
                if let Payload::In(bytes) = command.payload {
                    data = told.map_or(Vec::new(), |answer| answer.data.clone());
                    data.resize(bytes as usize, 0);
                }
                Input::Good(&data)
            }
            other => panic!("{other:?}"),
        };
        action = machine.next(now, input);
    }
    panic!("it does not end");
}

const SYNCHRONIZED: [Step; 2] = [
    Step::Between {
        extent: 1,
        command: 0,
    },
    Step::Between {
        extent: 1,
        command: 1,
    },
];

#[test]
fn a_head_waits_until_the_session_is_written_out() {
    let [first, second] = SYNCHRONIZED;
    let (ending, written) = play(&[Step::Write(0), Step::Write(1)]);
    let fault = ending.result.unwrap_err();
    assert_eq!(fault, Fault::Writer(Failure::OutsidePlan));
    assert_eq!(written, [1_600, 1_632]);
    assert!(ending.notes.contains(&Note::OldVolumeLeft));
    assert_eq!(ending.outcome, Outcome::ReadableOpen);
    let (_, written) = play(&[Step::Write(0), first, second, Step::Write(1)]);
    assert_eq!(written, [1_600, 1_632, 0]);
}
