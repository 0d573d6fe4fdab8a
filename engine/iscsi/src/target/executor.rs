//! The thread that carries a session's commands out, one after the other.
//!
//! Owns the way from a command with its data to its answer. Must not know how
//! data come in.

use super::announced::{Announced, trimmed};
use super::connection::Session;
use super::luns;
use super::options::count;
use super::outbound::Carries;
use super::task::{Failure, Job, MOST_TRANSFER, Task};
use super::unit::{Answer, Caller, Unit, UnitData};
use crate::pdu::{
    DataIn, FrameError, LogoutRequest, LogoutResponse, LogoutResult, NO_TAG, Residual, ScsiCommand,
    ScsiResponse, TaskFunction, TaskManagementRequest, TaskManagementResponse,
    TaskManagementResult,
};
use pitland_mmc::{CdbBytes, DataDirection, Sense};
use std::sync::mpsc::Receiver;

/// Rooms for answers that are kept from command to command; a larger one is
/// given back when its command is done.
const KEPT_ROOM: usize = 256 << 10;

/// How a command ended, and by how much its data missed the expectation.
struct Done {
    answer: Answer,
    residual: Residual,
    /// Bytes of the answer that go to the initiator.
    sent: usize,
}

/// Carries out what comes, until the connection is closed.
pub(super) fn run(session: &Session, work: &Receiver<Job>) {
    let mut room = Vec::new();
    while let Ok(job) = work.recv() {
        if session.is_closed() {
            // What is left has lost its session.
            continue;
        }
        let sent = match job {
            Job::Command(task) => command(session, &task, &mut room),
            Job::TaskManagement { request, result } => manage(session, &request, result),
            Job::Logout { request, result } => log_out(session, &request, result),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "an iSCSI answer could not be sent");
            session.close();
        }
        if room.len() > KEPT_ROOM {
            room = Vec::new();
        }
    }
}

fn command(session: &Session, task: &Task, room: &mut Vec<u8>) -> Result<(), FrameError> {
    let units = &session.shared.units;
    let unit = task.control.unit.and_then(|index| units.get(index));
    let waits = || !task.control.is_aborted() && !session.is_closed();
    if !waits() {
        return finish(session, task, None, &[]);
    }
    let caller = Caller {
        nexus: session.nexus,
        generation: task.control.generation,
        waits: &waits,
    };
    let Some(done) = carry_out(session, task, unit, &caller, room) else {
        return finish(session, task, None, &[]);
    };
    count(&session.shared.counters.commands);
    if !waits() {
        return finish(session, task, None, &[]);
    }
    let data = room.get(..done.sent).unwrap_or_default();
    finish(session, task, Some(&done), data)
}

/// `None`: nobody waits for it any more, and it was not carried out.
fn carry_out(
    session: &Session,
    task: &Task,
    unit: Option<&Unit>,
    caller: &Caller<'_>,
    room: &mut Vec<u8>,
) -> Option<Done> {
    let command = &task.command;
    let expected = command.expected_data_transfer_length;
    let failed = |answer| {
        Some(Done {
            answer,
            residual: Residual::between(expected, 0),
            sent: 0,
        })
    };
    match (&task.failure, task.gathering.failure()) {
        (Some(Failure::Full), _) => {
            return failed(Answer::bare(Answer::TASK_SET_FULL));
        }
        (Some(Failure::Sense(sense)), _) | (None, Some(sense)) => {
            return failed(Answer::check(sense));
        }
        (None, None) => {}
    }
    let Some(cdb) = trimmed(&command.cdb) else {
        return failed(Answer::check(&luns::INVALID_FIELD));
    };
    let announced = Announced::of(&cdb, expected);
    let Some(unit) = unit.filter(|_| command.cdb[0] != luns::REPORT_LUNS) else {
        return Some(by_target(session, command, unit.is_some(), room));
    };
    // The CDB says which way its data go; where it is not understood, the
    // initiator does.
    let takes = announced
        .direction
        .map_or(command.write, |d| d == DataDirection::Out);
    if takes {
        return write(task, unit, caller, cdb, &announced);
    }
    // Some hosts expect far more than their CDB asks for.
    if announced.bytes.min(expected.into()) > MOST_TRANSFER as u64 {
        return failed(Answer::check(&luns::INVALID_FIELD));
    }
    let wanted = match announced.direction {
        Some(DataDirection::None) => 0,
        // The drive is given the room that its CDB speaks of, so that it tells
        // how much there would have been.
        _ => usize::try_from(announced.bytes)
            .unwrap_or(MOST_TRANSFER)
            .min(MOST_TRANSFER),
    };
    if room.len() < wanted {
        // Growing would keep twice as much as is needed.
        room.clear();
        room.reserve_exact(wanted);
        room.resize(wanted, 0);
    }
    let data = UnitData::In(room.get_mut(..wanted).unwrap_or_default());
    let answer = unit.execute(caller, cdb, &announced, data)?;
    // Without the direction agreed on, nothing goes.
    let mut presented = answer.transferred;
    if command.write {
        presented = 0;
    }
    let sent = if command.read { presented } else { 0 };
    Some(Done {
        answer,
        residual: Residual::between(expected, presented as u64),
        sent: sent.min(expected as usize).min(wanted),
    })
}

fn write(
    task: &Task,
    unit: &Unit,
    caller: &Caller<'_>,
    cdb: CdbBytes,
    announced: &Announced,
) -> Option<Done> {
    let bytes = task.room.bytes().get(..task.gathering.ready());
    let data = UnitData::Out(bytes.unwrap_or_default());
    let answer = unit.execute(caller, cdb, announced, data)?;
    let expected = task.command.expected_data_transfer_length;
    Some(Done {
        answer,
        residual: Residual::between(expected, announced.bytes),
        sent: 0,
    })
}

/// What the target answers itself.
fn by_target(session: &Session, command: &ScsiCommand, there: bool, room: &mut Vec<u8>) -> Done {
    const ROOM: usize = 4096;
    if room.len() < ROOM {
        room.resize(ROOM, 0);
    }
    let place = room.get_mut(..ROOM).unwrap_or_default();
    let result: Result<usize, Sense> = if command.cdb[0] == luns::REPORT_LUNS {
        luns::report(session.shared.units.len(), &command.cdb, place)
    } else {
        debug_assert!(!there);
        luns::absent(&command.cdb, place)
    };
    let answer = Answer::of(result);
    let expected = command.expected_data_transfer_length;
    let sent = if command.read { answer.transferred } else { 0 };
    Done {
        answer,
        residual: Residual::between(expected, answer.transferred as u64),
        sent: sent.min(expected as usize),
    }
}

/// Sends the answer, if there is one to be sent, and gives the task's place
/// in the window free.
fn finish(
    session: &Session,
    task: &Task,
    done: Option<&Done>,
    data: &[u8],
) -> Result<(), FrameError> {
    session.forget(&task.control);
    let numbered = !task.command.immediate;
    let Some(done) = done else {
        if numbered {
            session.outbound().numbers.release();
        }
        return Ok(());
    };
    let collapsed = done.answer.status == Answer::GOOD && !data.is_empty();
    let data_sn = send_data(session, task, done, data, collapsed)?;
    if collapsed {
        return Ok(());
    }
    let (overflow, underflow, residual_count) = done.residual.fields();
    let mut sense = [0; 2 + Sense::LEN];
    let mut sense_len = 0;
    if let Some(bytes) = done.answer.sense {
        sense[1] = Sense::LEN as u8;
        sense[2..].copy_from_slice(&bytes);
        sense_len = sense.len();
    }
    let status = done.answer.status;
    let tag = task.command.initiator_task_tag;
    let mut outbound = session.outbound();
    if numbered {
        outbound.numbers.release();
    }
    outbound.send(
        Carries::Status,
        sense.get(..sense_len).unwrap_or_default(),
        |numbers| {
            ScsiResponse {
                overflow,
                underflow,
                status,
                initiator_task_tag: tag,
                stat_sn: numbers.stat_sn,
                exp_cmd_sn: numbers.exp_cmd_sn,
                max_cmd_sn: numbers.max_cmd_sn,
                exp_data_sn: data_sn.wrapping_add(task.gathering.r2ts()),
                residual_count,
                ..ScsiResponse::default()
            }
            .emit()
        },
    )
}

/// Sends data in PDUs and bursts of the sizes that were agreed on, the status
/// with the last one if that is GOOD. Gives how many PDUs there were.
fn send_data(
    session: &Session,
    task: &Task,
    done: &Done,
    data: &[u8],
    collapsed: bool,
) -> Result<u32, FrameError> {
    let parameters = &session.parameters;
    let most = parameters.peer_max_recv_data_segment_length.max(512) as usize;
    let burst = parameters.max_burst_length.max(512) as usize;
    let tag = task.command.initiator_task_tag;
    let (mut at, mut data_sn) = (0, 0);
    while at < data.len() {
        let left_of_burst = burst - at % burst;
        let length = most.min(left_of_burst).min(data.len() - at);
        let part = data.get(at..at + length).unwrap_or_default();
        let ends = at + length == data.len();
        let last = ends || length == left_of_burst;
        let status = ends && collapsed;
        let (overflow, underflow, residual_count) = match status {
            true => done.residual.fields(),
            false => (false, false, 0),
        };
        let mut outbound = session.outbound();
        if status && !task.command.immediate {
            outbound.numbers.release();
        }
        let carries = match status {
            true => Carries::Status,
            false => Carries::NoStatus,
        };
        outbound.send(carries, part, |numbers| {
            DataIn {
                last,
                has_status: status,
                overflow,
                underflow,
                residual_count,
                status: if status { done.answer.status } else { 0 },
                initiator_task_tag: tag,
                target_transfer_tag: NO_TAG,
                stat_sn: if status { numbers.stat_sn } else { 0 },
                exp_cmd_sn: numbers.exp_cmd_sn,
                max_cmd_sn: numbers.max_cmd_sn,
                data_sn,
                buffer_offset: at as u32,
                ..DataIn::default()
            }
            .emit()
        })?;
        at += length;
        data_sn += 1;
    }
    Ok(data_sn)
}

fn manage(
    session: &Session,
    request: &TaskManagementRequest,
    result: TaskManagementResult,
) -> Result<(), FrameError> {
    let units = &session.shared.units;
    if result == TaskManagementResult::Complete {
        match request.function {
            TaskFunction::LogicalUnitReset => {
                let index = luns::number(&request.lun).and_then(|n| usize::from(n).checked_sub(1));
                if let Some(unit) = index.and_then(|index| units.get(index)) {
                    unit.reset();
                }
            }
            TaskFunction::TargetWarmReset | TaskFunction::TargetColdReset => {
                units.iter().for_each(Unit::reset);
            }
            _ => {}
        }
    }
    tracing::info!(function = %request.function, %result, "iSCSI task management");
    let tag = request.initiator_task_tag;
    session.outbound().send(Carries::Status, &[], |numbers| {
        TaskManagementResponse {
            result,
            initiator_task_tag: tag,
            stat_sn: numbers.stat_sn,
            exp_cmd_sn: numbers.exp_cmd_sn,
            max_cmd_sn: numbers.max_cmd_sn,
        }
        .emit()
    })?;
    if request.function == TaskFunction::TargetColdReset {
        // As after power on: all sessions are gone (RFC 3720, 10.5.1).
        session.shared.sessions.close_all();
    }
    Ok(())
}

fn log_out(
    session: &Session,
    request: &LogoutRequest,
    result: LogoutResult,
) -> Result<(), FrameError> {
    let tag = request.initiator_task_tag;
    let mut outbound = session.outbound();
    outbound.send(Carries::Status, &[], |numbers| {
        LogoutResponse {
            result,
            initiator_task_tag: tag,
            stat_sn: numbers.stat_sn,
            exp_cmd_sn: numbers.exp_cmd_sn,
            max_cmd_sn: numbers.max_cmd_sn,
            ..LogoutResponse::default()
        }
        .emit()
    })?;
    if result == LogoutResult::Closed {
        // The peer closes its side when it has read this.
        outbound.close_sending();
    }
    Ok(())
}
