//! The burn machine under random histories: whatever writer, drive, source and client do, it ends, keeps
//! its promises on the way, and names the medium's state.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

use pitland_burn::{
    Action, Ending, Fault, HostQuirks, Input, Job, Machine, MediumState, NoAnswer, Outcome,
    Payload, VerifyLevel,
};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, CloseFunction, CloseTrackSession, Command, SynchronizeCache};
use pitland_mmc::sense::Sense;
use pitland_writer::{
    BurnRequest, Event, Extent, Failure, MediaFacts, Move, PlannedCommand, Request, Step, WritePlan,
};
use proptest::prelude::*;
use std::time::Duration;

const BLOCKS: u64 = 256;

fn plan() -> WritePlan {
    let mut plan = WritePlan::default();
    plan.extents = vec![Extent::image(Lba(0), BLOCKS, 32)];
    plan.closing = vec![
        PlannedCommand::new(Move::SynchronizeCache, SynchronizeCache::default().emit()),
        PlannedCommand::new(
            Move::CloseSession,
            CloseTrackSession {
                immed: true,
                function: CloseFunction::Session,
                ..Default::default()
            }
            .emit(),
        )
        .until_ready(Duration::from_secs(60)),
    ];
    plan
}

fn job(verify: VerifyLevel, rehearse: bool) -> Job {
    Job {
        request: Request::Burn(BurnRequest::new(BLOCKS)),
        facts: MediaFacts::default(),
        service: None,
        plan: plan(),
        verify,
        rehearse,
        most_bytes: 64 * 1024,
        resumed: None,
    }
}

/// A writer that walks its plan.
#[derive(Default)]
struct Linear {
    at: u32,
}

impl Linear {
    fn next(&mut self, event: &Event) -> Step {
        match event {
            Event::Refused { sense } => return Step::Failed(Failure::Drive(*sense)),
            Event::WriteRefused { sense, .. } => return Step::Failed(Failure::Drive(*sense)),
            Event::TimedOut => return Step::Failed(Failure::TimedOut),
            Event::Cancelled { .. } => self.at = 1,
            _ => {}
        }
        let step = match self.at {
            0 => Step::Write(0),
            1 => Step::Close(0),
            2 => Step::Close(1),
            _ => Step::Finished,
        };
        self.at += 1;
        step
    }
}

/// Something that goes wrong, or not, at each action.
#[derive(Debug, Clone)]
enum Luck {
    Good,
    Sense(u8, u8, u8, bool),
    NoAnswer(NoAnswer),
    Cancel,
    SourceFails,
    WriterSays(u8),
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        30 => Just(Luck::Good),
        3 => (0u8..16, any::<u8>(), 0u8..12, any::<bool>()).prop_map(|(k, a, q, d)| Luck::Sense(k, a, q, d)),
        4 => prop::sample::select(vec![
            (2, 4, 8), (2, 4, 7), (2, 4, 1), (2, 4, 0), (5, 0x21, 2), (6, 0x28, 0), (3, 0x0C, 0), (2, 0x3A, 2),
        ]).prop_map(|(k, a, q)| Luck::Sense(k, a, q, false)),
        1 => prop::sample::select(vec![NoAnswer::TimedOut, NoAnswer::Gone, NoAnswer::Link, NoAnswer::NotSent])
            .prop_map(Luck::NoAnswer),
        1 => Just(Luck::Cancel),
        1 => Just(Luck::SourceFails),
        1 => any::<u8>().prop_map(Luck::WriterSays),
    ]
}

#[derive(Default)]
struct Seen {
    commits: u32,
    writes: u32,
    next_lba: i32,
    disc_changed_before_commit: bool,
    locked: u32,
    unlocked_last: bool,
    gone: bool,
}

/// Drives a machine through a history that ends in good luck.
fn run(mut machine: Machine, history: &[Luck]) -> (Box<Ending>, Seen) {
    let mut writer = Linear::default();
    let mut seen = Seen::default();
    let mut luck = history.iter();
    let mut now = Duration::ZERO;
    let mut action = machine.next(now, Input::Start);
    for _ in 0..2_000_000u32 {
        let chance = luck.next().cloned().unwrap_or(Luck::Good);
        if matches!(chance, Luck::Cancel) {
            machine.cancel();
        }
        let answer_len = |payload: &Payload| match payload {
            Payload::In(n) => *n as usize,
            _ => 0,
        };
        let zeros = [0u8; 70_000];
        action = match action {
            Action::Finished(ending) => return (ending, seen),
            Action::Wait(pause) => {
                now += pause;
                machine.next(now, Input::Waited)
            }
            Action::Commit => {
                seen.commits += 1;
                let input = if matches!(chance, Luck::SourceFails) {
                    Input::SourceFailed
                } else {
                    Input::Proceed
                };
                machine.next(now, input)
            }
            Action::Consult(event) => {
                let step = match chance {
                    Luck::WriterSays(n) => match n % 8 {
                        0 => Step::Prepare(n.into()),
                        1 => Step::Write(u32::from(n) % 3),
                        2 => Step::Close(u32::from(n) % 4),
                        3 => Step::Failed(Failure::Panicked {
                            message: String::new(),
                        }),
                        4 => Step::Wait(Duration::from_secs(1)),
                        5 => Step::Identify,
                        6 => Step::Ask {
                            cdb: CloseTrackSession::default().emit(),
                            length: 0,
                        },
                        _ => Step::WaitReady {
                            limit: Duration::from_secs(5),
                        },
                    },
                    _ => writer.next(&event),
                };
                machine.next(now, Input::Advice(step))
            }
            Action::Write(chunk) => {
                assert_eq!(seen.commits, 1, "a WRITE before the commit");
                if !chunk.again {
                    assert!(chunk.lba.0 >= seen.next_lba, "a WRITE went backwards");
                }
                seen.writes += 1;
                match chance {
                    Luck::Sense(k, a, q, d) => machine.next(now, Input::Sense(sense(k, a, q, d))),
                    Luck::NoAnswer(cause) => {
                        seen.gone |= cause == NoAnswer::Gone;
                        machine.next(now, Input::NoAnswer(cause))
                    }
                    Luck::SourceFails => machine.next(now, Input::SourceFailed),
                    _ => {
                        seen.next_lba = chunk.lba.0 + chunk.blocks as i32;
                        machine.next(now, Input::Good(&[]))
                    }
                }
            }
            Action::Read(_) => match chance {
                Luck::Sense(k, a, q, d) => machine.next(now, Input::Sense(sense(k, a, q, d))),
                Luck::NoAnswer(cause) => machine.next(now, Input::NoAnswer(cause)),
                Luck::WriterSays(n) => machine.next(now, Input::Compared(n % 2 == 0)),
                _ => machine.next(now, Input::Compared(true)),
            },
            Action::Send(command) => {
                let parsed = Command::parse(command.cdb.as_slice()).unwrap();
                match parsed {
                    Command::PreventAllowMediumRemoval(c) => {
                        seen.locked += u32::from(c.prevent);
                        seen.unlocked_last = !c.prevent;
                    }
                    c if c.changes_disc() => seen.disc_changed_before_commit |= seen.commits == 0,
                    _ => {}
                }
                match chance {
                    Luck::Sense(k, a, q, d) => machine.next(now, Input::Sense(sense(k, a, q, d))),
                    Luck::NoAnswer(cause) => {
                        seen.gone |= cause == NoAnswer::Gone;
                        machine.next(now, Input::NoAnswer(cause))
                    }
                    _ => {
                        let n = answer_len(&command.payload).min(zeros.len());
                        let mut data = zeros[..n].to_vec();
                        // INQUIRY: an optical drive; other answers of zeros read as "no medium".
                        if command.cdb.as_slice()[0] == 0x12 && !data.is_empty() {
                            data[0] = 5;
                        }
                        machine.next(now, Input::Good(&data))
                    }
                }
            }
            other => panic!("{other:?}"),
        };
    }
    panic!("the machine does not end");
}

fn sense(key: u8, asc: u8, ascq: u8, deferred: bool) -> Sense {
    let sense = Sense::new(key, asc, ascq);
    if deferred { sense.as_deferred() } else { sense }
}

/// Habits of a host, a bit each.
fn quirks(habits: u8) -> HostQuirks {
    let mut quirks = HostQuirks::NONE;
    let flags = [
        &mut quirks.stop_barrier,
        &mut quirks.no_buffer_reports,
        &mut quirks.progress_by_request_sense,
        &mut quirks.no_immed,
        &mut quirks.speed_by_performance,
        &mut quirks.vague_while_loading,
    ];
    for (bit, flag) in flags.into_iter().enumerate() {
        *flag = habits & 1 << bit != 0;
    }
    quirks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_history_ends_in_a_named_state_and_keeps_the_promises(
        history in prop::collection::vec(luck(), 0..120),
        verify in prop::sample::select(vec![VerifyLevel::None, VerifyLevel::Quick, VerifyLevel::Full]),
        habits in any::<u8>(),
    ) {
        let machine = Machine::new(job(verify, false)).unwrap().obeying(quirks(habits));
        let (ending, seen) = run(machine, &history);
        prop_assert!(!seen.disc_changed_before_commit);
        prop_assert!(seen.commits <= 1);
        if seen.commits == 0 {
            prop_assert_eq!(ending.medium, MediumState::Untouched);
            prop_assert_eq!(ending.outcome, Outcome::NothingWritten);
        }
        if ending.blocks_written > 0 {
            prop_assert!(ending.medium != MediumState::Untouched);
        }
        prop_assert!(ending.blocks_written <= BLOCKS);
        // A door that was locked is unlocked again, unless the drive is gone.
        prop_assert!(seen.gone || seen.unlocked_last || seen.locked == 0);
        if ending.outcome == Outcome::Verified {
            prop_assert!(ending.result.is_ok());
            prop_assert_eq!(ending.blocks_written, BLOCKS);
        }
    }

    #[test]
    fn a_rehearsal_never_changes_the_disc(history in prop::collection::vec(luck(), 0..60)) {
        let machine = Machine::new(job(VerifyLevel::Full, true)).unwrap();
        let (ending, seen) = run(machine, &history);
        prop_assert_eq!(seen.writes, 0);
        prop_assert_eq!(seen.commits, 0);
        prop_assert!(!seen.disc_changed_before_commit);
        prop_assert_eq!(ending.medium, MediumState::Untouched);
    }
}

#[test]
fn every_command_succeeded_and_the_disc_is_not_there_is_a_failure() {
    // All answers of zeros: no current profile, that is no medium, after a burn without any error.
    let (ending, seen) = run(Machine::new(job(VerifyLevel::Full, false)).unwrap(), &[]);
    assert_eq!(seen.writes, (BLOCKS / 32) as u32);
    assert!(
        matches!(ending.result, Err(Fault::NotProven(_))),
        "{:?}",
        ending.result
    );
}

#[test]
fn a_cancel_before_the_commit_leaves_the_medium_untouched() {
    let mut machine = Machine::new(job(VerifyLevel::Full, false)).unwrap();
    machine.cancel();
    let (ending, seen) = run(machine, &[]);
    assert_eq!(ending.result, Err(Fault::Cancelled));
    assert_eq!((seen.writes, ending.medium), (0, MediumState::Untouched));
}

#[test]
fn a_cancel_while_writing_still_closes_the_session() {
    let mut history = vec![Luck::Good; 8];
    history.push(Luck::Cancel);
    let machine = Machine::new(job(VerifyLevel::Full, false)).unwrap();
    let (ending, seen) = run(machine, &history);
    assert!(seen.writes > 0 && u64::from(seen.writes) < BLOCKS / 32);
    assert_eq!(ending.result, Err(Fault::Cancelled));
    assert!(ending.blocks_written > 0);
}
