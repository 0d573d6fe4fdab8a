//! Drives that are odd in one way each, and what the machine does about it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

use pitland_burn::{
    Action, Ending, HostQuirks, Identify, IdentifyAction, Input, Job, Machine, MediumState,
    NoAnswer, Note, Outcome, Payload, QuirkRow, QuirkTable, Unusable, VerifyLevel,
};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{
    Cdb, CloseFunction, Command, GetConfiguration, ReadDiscInformation, RequestedFeatures,
};
use pitland_mmc::reply::{DeviceType, InquiryData, TrackInformation};
use pitland_mmc::sense::Sense;
use pitland_mmc::{SessionNumber, TrackNumber};
use pitland_writer::{
    Answer, BurnRequest, Event, Extent, Failure, MediaFacts, Request, Step, WritePlan, moves,
};
use std::collections::VecDeque;
use std::time::Duration;

/// GET CONFIGURATION: a BD-R, no features.
const BD_R: [u8; 8] = [0, 0, 0, 4, 0, 0, 0, 0x41];
const BLOCKS: u64 = 256;
/// Actions after which a machine counts as one that does not end.
const FOR_EVER: usize = 200_000;

/// READ DISC INFORMATION of a disc with so many closed sessions; complete, or else appendable.
fn disc(closed: u8, complete: bool) -> Vec<u8> {
    let mut disc = vec![0; 34];
    disc[1] = 32;
    disc[2] = match (closed, complete) {
        (0, _) => 0x00,
        (_, true) => 0x0E,
        (_, false) => 0x01,
    };
    disc[3] = 1;
    disc[4] = closed + u8::from(!complete);
    disc[5] = 1;
    disc[6] = disc[4];
    disc
}

fn blank_bd_r() -> MediaFacts {
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
            data: disc(0, false),
        },
    ])
}

/// An image and the usual end of a BD-R that stays appendable.
fn plan(finalizes: bool) -> WritePlan {
    let mut plan = WritePlan::default();
    plan.extents = vec![Extent::image(Lba(0), BLOCKS, 32)];
    plan.closing = moves::synchronize_cache().into();
    plan.closing.push(moves::close_track(TrackNumber(1)));
    plan.closing.push(match finalizes {
        true => moves::finalize(CloseFunction::Finalize),
        false => moves::close_session(),
    });
    plan.expected.closed_sessions = Some(1);
    plan.expected.appendable = Some(!finalizes);
    plan
}

fn machine(quirks: HostQuirks, finalizes: bool) -> Machine {
    let mut burn = BurnRequest::new(BLOCKS);
    if finalizes {
        burn.finish = pitland_writer::Finish::FinalizeDisc;
    }
    let job = Job {
        request: Request::Burn(burn),
        facts: blank_bd_r(),
        service: None,
        plan: plan(finalizes),
        verify: VerifyLevel::Full,
        rehearse: false,
        most_bytes: 65536,
        resumed: None,
    };
    Machine::new(job).unwrap().obeying(quirks)
}

/// What a drive answers; what a story does not say is up to the play.
enum Given {
    Usual,
    Data(Vec<u8>),
    Sense(Sense),
    Nothing(NoAnswer),
}

/// Whether a command has the IMMED bit.
fn is_immed(command: &Command) -> bool {
    match command {
        Command::SynchronizeCache(c) => c.immed,
        Command::CloseTrackSession(c) => c.immed,
        Command::StartStopUnit(c) => c.immed,
        _ => false,
    }
}

struct Played {
    ending: Box<Ending>,
    sent: Vec<Command>,
    /// The progress of long operations that was shown.
    progress: Vec<u16>,
}

impl Played {
    fn count(&self, wanted: impl Fn(&Command) -> bool) -> usize {
        self.sent.iter().filter(|command| wanted(command)).count()
    }
}

/// Burns on a drive that takes everything, but for what the story says.
fn play(mut machine: Machine, mut drive: impl FnMut(&Command) -> Given) -> Played {
    let (mut sent, mut progress) = (Vec::new(), Vec::new());
    let closing = machine.plan().closing.len();
    let mut closed = 0;
    let mut wrote = false;
    let mut now = Duration::ZERO;
    let mut action = machine.next(now, Input::Start);
    for _ in 0..FOR_EVER {
        progress.extend(machine.progress().drive_progress);
        let (cdb, room) = match action {
            Action::Finished(ending) => {
                return Played {
                    ending,
                    sent,
                    progress,
                };
            }
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
                let step = match event {
                    Event::Begin => Step::Write(0),
                    Event::Refused { sense } => Step::Failed(Failure::Drive(sense)),
                    _ if closed == closing => Step::Finished,
                    _ => {
                        closed += 1;
                        Step::Close(closed as u32 - 1)
                    }
                };
                action = machine.next(now, Input::Advice(step));
                continue;
            }
            Action::Read(_) => {
                action = machine.next(now, Input::Compared(true));
                continue;
            }
            Action::Write(chunk) => {
                // About the time that the blocks take.
                now += Duration::from_millis(1);
                (chunk.cdb, 0)
            }
            Action::Send(command) => match command.payload {
                Payload::In(bytes) => (command.cdb, bytes as usize),
                _ => (command.cdb, 0),
            },
            other => panic!("{other:?}"),
        };
        let command = Command::parse(cdb.as_slice()).unwrap();
        wrote |= matches!(command, Command::Write10(_));
        if !wrote && matches!(command, Command::ReadDiscInformation(_)) {
            // The disc is as it was examined; the stories are of what comes later.
            action = machine.next(now, Input::Good(&disc(0, false)));
            continue;
        }
        sent.push(command);
        let mut data = vec![0; room];
        let input = match (drive(&command), command) {
            (Given::Sense(sense), _) => Input::Sense(sense),
            (Given::Nothing(cause), _) => Input::NoAnswer(cause),
            (Given::Data(given), _) => {
                data = given;
                data.truncate(room);
                Input::Good(&data)
            }
            (Given::Usual, Command::Inquiry(_)) => {
                data[0] = 5;
                Input::Good(&data)
            }
            (Given::Usual, Command::GetConfiguration(_)) => {
                data[..8].copy_from_slice(&BD_R);
                Input::Good(&data)
            }
            (Given::Usual, Command::ReadDiscInformation(_)) => {
                data = disc(1, false);
                Input::Good(&data)
            }
            (Given::Usual, Command::ReadTrackInformation(c)) => {
                data = TrackInformation {
                    track: TrackNumber(c.address as u16),
                    session: SessionNumber(c.address as u16),
                    ..TrackInformation::default()
                }
                .emit();
                data.truncate(room);
                Input::Good(&data)
            }
            (Given::Usual, _) => Input::Good(&data),
        };
        action = machine.next(now, input);
    }
    panic!("the machine does not end");
}

fn quirks(set: impl FnOnce(&mut HostQuirks)) -> HostQuirks {
    let mut quirks = HostQuirks::NONE;
    set(&mut quirks);
    quirks
}

fn verified(played: &Played) {
    let ending = &played.ending;
    assert_eq!(ending.outcome, Outcome::Verified, "{ending:?}");
}

/// A drive that shows the disc of before until it was started.
fn stale() -> impl FnMut(&Command) -> Given {
    let mut started = false;
    move |command| match command {
        Command::StartStopUnit(c) if c.start => {
            started = true;
            Given::Usual
        }
        Command::ReadDiscInformation(_) if !started => Given::Data(disc(0, false)),
        _ => Given::Usual,
    }
}

#[test]
fn a_drive_that_shows_the_disc_as_it_was_is_looked_at_once_more() {
    let played = play(machine(HostQuirks::NONE, false), stale());
    verified(&played);
    assert_eq!(played.ending.notes, [Note::ProvenAfterRefresh]);
}

#[test]
fn a_disc_that_stays_blank_is_not_proven_by_a_second_look() {
    let played = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::ReadDiscInformation(_) => Given::Data(disc(0, false)),
        _ => Given::Usual,
    });
    assert!(played.ending.result.is_err());
    let looks = played.count(|c| matches!(c, Command::ReadDiscInformation(_)));
    assert_eq!(looks, 2);
}

#[test]
fn behind_a_barrier_the_first_look_is_right() {
    let barrier = quirks(|q| q.stop_barrier = true);
    let played = play(machine(barrier, false), stale());
    verified(&played);
    assert_eq!(played.ending.notes, []);
}

#[test]
fn a_barrier_waits_for_a_drive_that_still_works_and_asks_no_more_of_one_that_knows_none() {
    let barrier = quirks(|q| q.stop_barrier = true);
    let mut busy = 7;
    let works = play(machine(barrier, false), |command| match command {
        Command::StartStopUnit(c) if !c.start && busy > 0 => {
            busy -= 1;
            Given::Sense(Sense::new(2, 4, 7))
        }
        _ => Given::Usual,
    });
    verified(&works);
    assert_eq!(busy, 0);
    let knows_none = play(machine(barrier, false), |command| match command {
        Command::StartStopUnit(_) => Given::Sense(Sense::new(5, 0x20, 0)),
        _ => Given::Usual,
    });
    verified(&knows_none);
}

#[test]
fn a_drive_that_goes_away_at_the_barrier_ends_the_job() {
    let barrier = quirks(|q| q.stop_barrier = true);
    let played = play(machine(barrier, false), |command| match command {
        Command::StartStopUnit(_) => Given::Nothing(NoAnswer::Gone),
        _ => Given::Usual,
    });
    assert_eq!(played.ending.medium, MediumState::Unknown);
    assert!(played.ending.result.is_err());
}

#[test]
fn a_question_that_a_drive_hangs_on_is_left_out_of_the_proof() {
    let hangs = |command: &Command| match command {
        Command::ReadDiscStructure(_) | Command::GetPerformance(_) => {
            Given::Nothing(NoAnswer::TimedOut)
        }
        _ => Given::Usual,
    };
    verified(&play(machine(HostQuirks::NONE, false), hangs));
    // What the disc has become must be told.
    let silent = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::ReadDiscInformation(_) => Given::Nothing(NoAnswer::TimedOut),
        _ => Given::Usual,
    });
    assert_eq!(silent.ending.medium, MediumState::Unknown);
}

#[test]
fn a_disc_that_is_more_closed_than_asked_is_told_and_is_no_failure() {
    let completes = |command: &Command| match command {
        Command::ReadDiscInformation(_) => Given::Data(disc(1, true)),
        _ => Given::Usual,
    };
    let played = play(machine(HostQuirks::NONE, false), completes);
    verified(&played);
    assert_eq!(played.ending.notes, [Note::MoreClosedThanAsked]);
    assert_eq!(played.ending.medium, MediumState::Closed);
}

#[test]
fn a_disc_that_is_less_closed_than_asked_is_a_failure() {
    let played = play(machine(HostQuirks::NONE, true), |_| Given::Usual);
    assert!(played.ending.result.is_err(), "{:?}", played.ending);
    assert_eq!(played.ending.medium, MediumState::Appendable);
}

#[test]
fn a_disc_that_lost_its_session_while_it_was_completed_is_a_failure() {
    let mut two = disc(2, true);
    two[4] = 0;
    let played = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::ReadDiscInformation(_) => Given::Data(two.clone()),
        _ => Given::Usual,
    });
    assert!(played.ending.result.is_err(), "{:?}", played.ending);
}

#[test]
fn immed_that_is_refused_is_done_without_and_not_tried_again() {
    for refusal in [Sense::new(5, 0x24, 0), Sense::new(2, 0, 0)] {
        let played = play(machine(HostQuirks::NONE, false), |command| match command {
            c if is_immed(c) => Given::Sense(refusal),
            _ => Given::Usual,
        });
        verified(&played);
        assert_eq!(played.count(is_immed), 1, "{refusal}");
        assert!(matches!(
            played.ending.notes.as_slice(),
            [Note::WithoutImmed { .. }]
        ));
    }
}

#[test]
fn a_close_that_is_refused_in_both_forms_is_refused() {
    let played = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::CloseTrackSession(_) => Given::Sense(Sense::new(5, 0x24, 0)),
        _ => Given::Usual,
    });
    assert!(played.ending.result.is_err());
    let closes = played.count(|c| matches!(c, Command::CloseTrackSession(_)));
    assert_eq!(closes, 2);
    assert_eq!(played.ending.notes, []);
}

#[test]
fn a_drive_that_is_not_to_get_immed_gets_none() {
    let played = play(machine(quirks(|q| q.no_immed = true), false), |_| {
        Given::Usual
    });
    verified(&played);
    assert_eq!(played.count(is_immed), 0);
}

#[test]
fn a_close_that_was_told_to_wait_and_did_not_is_waited_for() {
    let mut busy = 5;
    let played = play(
        machine(quirks(|q| q.no_immed = true), false),
        |command| match command {
            Command::CloseTrackSession(c) if c.function == CloseFunction::Session => {
                Given::Sense(Sense::new(6, 0x2E, 0))
            }
            Command::TestUnitReady(_) if busy > 0 => {
                busy -= 1;
                Given::Sense(Sense::new(2, 4, 7))
            }
            _ => Given::Usual,
        },
    );
    verified(&played);
    let session = |c: &Command| matches!(c, Command::CloseTrackSession(c) if c.function == CloseFunction::Session);
    assert_eq!(played.count(session), 1);
}

/// A drive that is busy for a while after each CLOSE, and tells how far it is only in REQUEST SENSE.
fn silent() -> impl FnMut(&Command) -> Given {
    let mut busy = 0;
    move |command| match command {
        Command::CloseTrackSession(_) => {
            busy = 4;
            Given::Usual
        }
        Command::TestUnitReady(_) if busy > 0 => {
            busy -= 1;
            Given::Sense(Sense::new(2, 4, 7))
        }
        Command::RequestSense(_) => {
            Given::Data(Sense::new(2, 4, 7).with_progress(0x4000).emit().to_vec())
        }
        _ => Given::Usual,
    }
}

#[test]
fn a_progress_that_only_request_sense_tells_is_asked_for() {
    let by_request = quirks(|q| q.progress_by_request_sense = true);
    let asked = play(machine(by_request, false), silent());
    verified(&asked);
    assert!(asked.progress.contains(&0x4000));
    let not_asked = play(machine(HostQuirks::NONE, false), silent());
    verified(&not_asked);
    assert_eq!(not_asked.progress, []);
}

#[test]
fn a_write_error_that_comes_with_the_progress_is_not_lost() {
    let mut told = false;
    let mut silent = silent();
    let by_request = quirks(|q| q.progress_by_request_sense = true);
    let played = play(machine(by_request, false), |command| match command {
        Command::RequestSense(_) if !told => {
            told = true;
            Given::Data(Sense::new(3, 0x0C, 0).as_deferred().emit().to_vec())
        }
        other => silent(other),
    });
    assert!(told && played.ending.result.is_err(), "{:?}", played.ending);
}

#[test]
fn an_event_that_comes_for_ever_is_taken_once() {
    let new_medium = [0, 6, 4, 0x5E, 2, 2, 0, 0];
    let played = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::GetEventStatusNotification(_) => Given::Data(new_medium.to_vec()),
        _ => Given::Usual,
    });
    verified(&played);
    let asked = played.count(|c| matches!(c, Command::GetEventStatusNotification(_)));
    assert_eq!(
        asked, 2,
        "once to hear it, once to hear that it is the same"
    );
}

#[test]
fn different_events_are_taken_one_by_one_and_not_for_ever() {
    let mut code = 0;
    let played = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::GetEventStatusNotification(_) => {
            code = 1 + code % 3;
            Given::Data(vec![0, 6, 4, 0x5E, code, 2, 0, 0])
        }
        _ => Given::Usual,
    });
    verified(&played);
    let asked = played.count(|c| matches!(c, Command::GetEventStatusNotification(_)));
    assert_eq!(asked, usize::from(pitland_burn::patience::EVENTS) + 1);
}

#[test]
fn a_drive_that_knows_no_events_and_no_lock_burns() {
    let played = play(machine(HostQuirks::NONE, false), |command| match command {
        Command::GetEventStatusNotification(_) | Command::PreventAllowMediumRemoval(_) => {
            Given::Sense(Sense::new(5, 0x20, 0))
        }
        _ => Given::Usual,
    });
    verified(&played);
    // That the door was open all along is worth telling.
    assert!(
        played
            .ending
            .notes
            .iter()
            .all(|n| matches!(n, Note::Door { .. }))
    );
    assert_eq!(played.ending.notes.len(), 2);
}

#[test]
fn a_drive_whose_buffer_reports_are_no_good_is_not_asked_for_any() {
    let full_once = || {
        let mut writes = 0;
        move |command: &Command| match command {
            c if c.is_write() => {
                writes += 1;
                match writes {
                    2 => Given::Sense(Sense::new(2, 4, 8)),
                    _ => Given::Usual,
                }
            }
            _ => Given::Usual,
        }
    };
    let reports = |c: &Command| matches!(c, Command::ReadBufferCapacity(_));
    let long = |quirks: HostQuirks| {
        let blocks = 4096;
        let mut job = Job {
            request: Request::Burn(BurnRequest::new(blocks)),
            facts: blank_bd_r(),
            service: None,
            plan: plan(false),
            verify: VerifyLevel::None,
            rehearse: false,
            most_bytes: 65536,
            resumed: None,
        };
        job.plan.extents = vec![Extent::image(Lba(0), blocks, 32)];
        Machine::new(job).unwrap().obeying(quirks)
    };
    let trusted = play(long(HostQuirks::NONE), full_once());
    assert!(trusted.count(reports) > 0);
    let not = play(long(quirks(|q| q.no_buffer_reports = true)), full_once());
    assert_eq!(not.count(reports), 0);
}

/// Identifies a drive that gives itself this name and then answers so, until the end.
fn identify(
    mut identify: Identify,
    product: &str,
    mut answers: VecDeque<Sense>,
) -> (IdentifyAction, usize) {
    let mut inquiry = InquiryData {
        device_type: DeviceType::CdDvd,
        vendor: *b"ACME    ",
        product: [b' '; 16],
        ..InquiryData::default()
    };
    inquiry.product[..product.len()].copy_from_slice(product.as_bytes());
    let (mut now, mut asked) = (Duration::ZERO, 0);
    let mut action = identify.action();
    for _ in 0..FOR_EVER {
        action = match action {
            IdentifyAction::Ask { cdb, .. } => {
                asked += 1;
                match Command::parse(cdb.as_slice()).unwrap() {
                    Command::Inquiry(_) => identify.answered(now, &inquiry.emit()),
                    Command::GetConfiguration(_) if answers.is_empty() => {
                        identify.answered(now, &BD_R)
                    }
                    _ => match answers.pop_front() {
                        Some(sense) => identify.refused(now, sense),
                        None => identify.answered(now, &[0; 36]),
                    },
                }
            }
            IdentifyAction::Wait(pause) => {
                now += pause;
                identify.action()
            }
            ended => return (ended, asked),
        };
    }
    panic!("the identification does not end");
}

#[test]
fn a_drive_from_before_mmc_is_asked_for_its_name_and_nothing_else() {
    let row = QuirkRow::new("old", "ACME", "CD-R", quirks(|q| q.pre_mmc = true));
    let table = QuirkTable::builtin().with(row);
    let old = Identify::with_table(Duration::ZERO, table);
    let (ended, asked) = identify(old, "CD-R 2000", VecDeque::new());
    let IdentifyAction::Failed { why, .. } = ended else {
        panic!("{ended:?}");
    };
    assert_eq!((why, asked), (Unusable::PreMmc, 1));
}

#[test]
fn a_drive_that_knows_no_configuration_is_refused_with_the_reason() {
    // The first question after the name is whether it is ready.
    let refusals = [Sense::new(1, 0, 0), Sense::new(5, 0x20, 0)];
    let (ended, _) = identify(Identify::new(Duration::ZERO), "CD-R 2001", refusals.into());
    let IdentifyAction::Failed { why, .. } = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(why, Unusable::NoProfiles);
}

#[test]
fn quirks_may_be_given_without_a_name() {
    let vague = quirks(|q| q.vague_while_loading = true);
    let absent: VecDeque<Sense> = [Sense::new(2, 0x3A, 1); 9].into();
    let patient = Identify::obeying(Duration::ZERO, vague);
    let (found, _) = identify(patient, "BURNER", absent.clone());
    let IdentifyAction::Done(facts) = found else {
        panic!("{found:?}");
    };
    assert_eq!(facts.profile(), pitland_mmc::Profile::BdRSrm);
}
