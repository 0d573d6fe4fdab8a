//! How jobs end when drive, writer or link misbehave: each story is one that once ended wrongly.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

use pitland_burn::*;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{
    Cdb, CdbBytes, CloseFunction, CloseTrackSession, Command, GetConfiguration,
    ReadDiscInformation, RequestedFeatures, SynchronizeCache,
};
use pitland_mmc::sense::Sense;
use pitland_writer::{
    Answer, BurnRequest, CloseRequest, Event, Extent, Failure, MediaFacts, Move, PlannedCommand,
    Request, Step, WritePlan,
};
use std::time::Duration;

fn cfg() -> Vec<u8> {
    vec![0, 0, 0, 4, 0, 0, 0, 0x41]
}
fn blank_disc() -> Vec<u8> {
    let mut d = vec![0u8; 34];
    d[1] = 32;
    d[3] = 1;
    d[4] = 1;
    d[5] = 1;
    d[6] = 1;
    d
}
fn pre() -> MediaFacts {
    MediaFacts::from_answers(vec![
        Answer {
            cdb: GetConfiguration {
                requested: RequestedFeatures::All,
                starting_feature: 0,
                allocation_length: 8,
            }
            .emit(),
            data: cfg(),
        },
        Answer {
            cdb: ReadDiscInformation {
                allocation_length: 34,
                ..Default::default()
            }
            .emit(),
            data: blank_disc(),
        },
    ])
}
fn plan(extents: Vec<Extent>) -> WritePlan {
    let mut p = WritePlan::default();
    p.extents = extents;
    p.closing = vec![
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
    p
}
fn machine(p: WritePlan, blocks: u64) -> Machine {
    Machine::new(Job {
        request: Request::Burn(BurnRequest::new(blocks)),
        facts: pre(),
        service: None,
        plan: p,
        verify: VerifyLevel::Full,
        rehearse: false,
        most_bytes: 65536,
    })
    .unwrap()
}
enum R {
    Good,
    Sense(Sense),
    No(NoAnswer),
}
fn drive(
    mut m: Machine,
    mut writer: impl FnMut(&Event) -> Step,
    mut dev: impl FnMut(&mut Machine, &CdbBytes) -> R,
    most: usize,
) -> (Option<Box<Ending>>, Vec<String>) {
    let mut log = vec![];
    let mut now = Duration::ZERO;
    let mut a = m.next(now, Input::Start);
    for _ in 0..most {
        a = match a {
            Action::Finished(e) => return (Some(e), log),
            Action::Wait(p) => {
                now += p;
                m.next(now, Input::Waited)
            }
            Action::Commit => m.next(now, Input::Proceed),
            Action::Consult(e) => {
                let s = writer(&e);
                log.push(format!("{e:?} -> {s:?}").chars().take(80).collect());
                m.next(now, Input::Advice(s))
            }
            Action::Write(c) => match dev(&mut m, &c.cdb) {
                R::Good => m.next(now, Input::Good(&[])),
                R::Sense(s) => m.next(now, Input::Sense(s)),
                R::No(c) => m.next(now, Input::NoAnswer(c)),
            },
            Action::Read(_) => m.next(now, Input::Compared(true)),
            Action::Send(c) => {
                let cmd = Command::parse(c.cdb.as_slice()).unwrap();
                log.push(format!("{:?}", cmd).chars().take(60).collect());
                let mut data = match c.payload {
                    Payload::In(n) => vec![0u8; n as usize],
                    _ => vec![],
                };
                if c.cdb.as_slice()[0] == 0x12 {
                    data[0] = 5;
                }
                if c.cdb.as_slice()[0] == 0x46 {
                    let n = data.len().min(8);
                    data[..n].copy_from_slice(&cfg()[..n]);
                }
                match dev(&mut m, &c.cdb) {
                    R::Good => m.next(now, Input::Good(&data)),
                    R::Sense(s) => m.next(now, Input::Sense(s)),
                    R::No(c) => m.next(now, Input::NoAnswer(c)),
                }
            }
            o => panic!("{o:?}"),
        };
    }
    (None, log)
}
fn linear() -> impl FnMut(&Event) -> Step {
    let mut at = 0u32;
    move |e| {
        match e {
            Event::Refused { sense } | Event::WriteRefused { sense, .. } => {
                return Step::Failed(Failure::Drive(*sense));
            }
            Event::Cancelled { .. } => at = 1,
            _ => {}
        }
        at += 1;
        match at - 1 {
            0 => Step::Write(0),
            1 => Step::Close(0),
            2 => Step::Close(1),
            _ => Step::Finished,
        }
    }
}
fn op(c: &CdbBytes) -> u8 {
    c.as_slice()[0]
}

#[test]
fn facts_from_before_the_job_are_not_told_as_those_of_after_it() {
    let mut w = 0;
    let mut dead = false;
    let (e, _) = drive(
        machine(plan(vec![Extent::image(Lba(0), 256, 32)]), 256),
        linear(),
        |_, c| {
            if dead {
                return R::No(NoAnswer::Gone);
            }
            if op(c) == 0x2a {
                w += 1;
                if w == 3 {
                    dead = true;
                    return R::Sense(Sense::new(4, 0x44, 0));
                }
            }
            R::Good
        },
        100000,
    );
    let e = e.unwrap();
    assert_eq!(e.medium, MediumState::Unknown);
}

#[test]
fn a_writer_that_dies_after_a_cancel_leaves_a_closed_session() {
    let mut w = 0;
    let (_, log) = drive(
        machine(plan(vec![Extent::image(Lba(0), 256, 32)]), 256),
        |e| match e {
            Event::Cancelled { .. } => Step::Failed(Failure::Hung {
                limit: Duration::from_secs(5),
            }),
            _ => Step::Write(0),
        },
        |m, c| {
            if op(c) == 0x2a {
                w += 1;
                if w == 3 {
                    m.cancel()
                }
            }
            R::Good
        },
        100000,
    );

    assert!(log.iter().any(|l| l.contains("CloseTrackSession")));
}

#[test]
fn a_write_that_nothing_explains_is_followed_by_a_synchronized_cache() {
    let mut w = 0;
    let (e, log) = drive(
        machine(plan(vec![Extent::image(Lba(0), 256, 32)]), 256),
        linear(),
        |_, c| {
            if op(c) == 0x2a {
                w += 1;
                if w == 3 {
                    return R::No(NoAnswer::TimedOut);
                }
            }
            R::Good
        },
        100000,
    );
    let e = e.unwrap();
    assert!(
        log.iter()
            .any(|l| l.contains("SynchronizeCache") || l.contains("CloseTrackSession")),
        "{:?}",
        e.result
    );
}

#[test]
fn a_deferred_write_error_is_heard_whatever_command_it_answers() {
    let mut w = 0;
    let mut told = false;
    let (e, _) = drive(
        machine(plan(vec![Extent::image(Lba(0), 4096, 32)]), 4096),
        linear(),
        |_, c| {
            if op(c) == 0x2a {
                w += 1;
                if w == 2 {
                    return R::Sense(Sense::new(2, 4, 8));
                }
            }
            if op(c) == 0x5c {
                told = true;
                return R::Sense(Sense::new(3, 0x0c, 0).as_deferred());
            }
            if op(c) == 0x51 {
                return R::Sense(Sense::new(5, 0x20, 0));
            }
            R::Good
        },
        100000,
    );
    let e = e.unwrap();
    assert!(told && e.result.is_err());
}

#[test]
fn a_drive_that_does_not_tell_its_buffer_goes_on_writing() {
    let mut w = 0;
    let (e, log) = drive(
        machine(plan(vec![Extent::image(Lba(0), 4096, 32)]), 4096),
        linear(),
        |_, c| {
            if op(c) == 0x2a {
                w += 1;
                if w == 2 {
                    return R::Sense(Sense::new(2, 4, 8));
                }
            }
            if op(c) == 0x5c {
                return R::No(NoAnswer::TimedOut);
            }
            R::Good
        },
        100000,
    );
    let e = e.unwrap();
    assert!(
        log.iter()
            .any(|l| l.contains("SynchronizeCache") || l.contains("CloseTrackSession")),
        "{:?}",
        e.result
    );
}

#[test]
fn a_drive_that_is_busy_for_ever_does_not_hold_the_ending() {
    let mut w = 0;
    let (e, _) = drive(
        machine(plan(vec![Extent::image(Lba(0), 256, 32)]), 256),
        |e| match e {
            Event::Begin => Step::Write(0),
            _ => Step::Failed(Failure::MediumState),
        },
        |_, c| {
            if op(c) == 0x2a {
                w += 1;
            }
            if op(c) == 0x35 {
                return R::Sense(Sense::new(2, 4, 7));
            }
            R::Good
        },
        3_000_000,
    );
    assert!(e.is_some());
}

#[test]
fn an_attention_does_not_leave_the_door_locked() {
    let mut n = 0;
    let mut unlocked = false;
    let _ = drive(
        machine(plan(vec![Extent::image(Lba(0), 256, 32)]), 256),
        linear(),
        |_, c| {
            if op(c) == 0x1e && c.as_slice()[4] & 1 == 0 {
                n += 1;
                if n == 1 {
                    return R::Sense(Sense::new(6, 0x2a, 1));
                }
                unlocked = true;
            }
            R::Good
        },
        100000,
    );
    assert!(unlocked);
}

#[test]
fn a_writer_that_finishes_before_its_blocks_are_written_is_not_believed() {
    let (e, _) = drive(
        machine(plan(vec![Extent::image(Lba(0), 256, 32)]), 256),
        |_| Step::Finished,
        |_, _| R::Good,
        100000,
    );
    let e = e.unwrap();
    let a = e.result.is_ok();
    let mut i = 0;
    let (e, _) = drive(
        machine(
            plan(vec![
                Extent::image(Lba(0), 256, 32),
                Extent::image(Lba(256), 256, 32),
            ]),
            512,
        ),
        move |_| {
            i += 1;
            if i == 1 {
                Step::Write(0)
            } else {
                Step::Finished
            }
        },
        |_, c| {
            if op(c) == 0x51 {
                R::Sense(Sense::new(5, 0x20, 0))
            } else {
                R::Good
            }
        },
        100000,
    );
    let e = e.unwrap();
    assert!(!a && e.result.is_err());
}

#[test]
fn what_the_engine_cannot_carry_or_was_not_asked_for_stops_at_the_gate() {
    let mut p = plan(vec![]);
    p.closing = vec![PlannedCommand::new(
        Move::CloseSession,
        CloseTrackSession {
            function: CloseFunction::FinalizeRw,
            ..Default::default()
        }
        .emit(),
    )];
    let a = gate::check_plan(&p, &Request::Close(CloseRequest::new(false)), None);
    let mut x = Extent::image(Lba(0), 32, 32);
    x.form = pitland_writer::BlockForm::Raw2352;
    let b = gate::check_plan(&plan(vec![x]), &Request::Burn(BurnRequest::new(32)), None);
    let c = gate::check_plan(
        &plan(vec![Extent::image(Lba(0), 64, 64)]),
        &Request::Burn(BurnRequest::new(64)),
        None,
    );
    let d = gate::check_plan(
        &plan(vec![
            Extent::image(Lba(0), 16, 16),
            Extent::image(Lba(16), 1600, 16),
        ]),
        &Request::Burn(BurnRequest::new(1616)),
        None,
    );
    let mut r = BurnRequest::new(32);
    r.test_write = true;
    let e = gate::check_plan(
        &plan(vec![Extent::image(Lba(0), 32, 32)]),
        &Request::Burn(r),
        None,
    );

    assert!(a.is_err() && b.is_err() && c.is_err() && d.is_err() && e.is_err());
}
