//! START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL: the tray, its lock, the motor
//! (recipe 2).

use crate::dispatch::{Outcome, Request, check_medium};
use crate::habits;
use crate::long_operation::Effect;
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;
use crate::timing::Task;

pub(crate) fn start_stop_unit(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let immediate = request.cdb.bit(1, 0);
    match request.cdb.byte(4) & 3 {
        0 => stop(drive),
        1 => start(drive, immediate),
        2 => eject(drive, immediate),
        _ => load(drive, immediate),
    }
}

/// The buffer is written and the disc stops, and with it a background format until
/// the disc turns again. The host is answered at once in either form; the next
/// access spins it up.
fn stop(drive: &mut Recorder) -> Outcome {
    check_medium(drive)?;
    drive.drain_all();
    drive.stopped = true;
    Ok(0)
}

fn start(drive: &mut Recorder, immediate: bool) -> Outcome {
    check_medium(drive)?;
    // Let in while the disc spins up already (a habit): nothing to begin.
    if drive.operation.is_some() {
        return drive.wait_unless(immediate);
    }
    if !drive.stopped {
        return Ok(0);
    }
    drive.start_and(immediate, Effect::SpunUp, Task::SpinUp)
}

fn eject(drive: &mut Recorder, immediate: bool) -> Outcome {
    if drive.locked {
        return Err(Refusal::REMOVAL_PREVENTED);
    }
    if let Tray::Open(_) = drive.tray {
        return Ok(0);
    }
    // It is on its way out already.
    if drive.operation.is_some() {
        return drive.wait_unless(immediate);
    }
    habits::check_settled(drive)?;
    let spins = !drive.stopped && drive.medium().is_some();
    if immediate && spins && drive.model.quirks.immediate_eject_loops {
        drive.start(Effect::SpunDown, Task::SpinDown);
        return Err(Refusal::OPERATION_IN_PROGRESS);
    }
    drive.start_and(immediate, Effect::Ejected, Task::Eject)
}

fn load(drive: &mut Recorder, immediate: bool) -> Outcome {
    if let Tray::Open(_) = drive.tray {
        if !drive.model.motor_tray {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        drive.load_tray();
        if !immediate {
            drive.wait()?;
        }
        return Ok(0);
    }
    check_medium(drive)?;
    if drive.stopped {
        return drive.start_and(immediate, Effect::SpunUp, Task::SpinUp);
    }
    Ok(0)
}

pub(crate) fn prevent_allow(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    // Bit 1 is the persistent form; this drive makes no difference.
    drive.locked = request.cdb.bit(4, 0);
    Ok(0)
}
