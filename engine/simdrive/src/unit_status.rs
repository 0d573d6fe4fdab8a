//! TEST UNIT READY, REQUEST SENSE and MECHANISM STATUS: how the drive is.

use crate::dispatch::{Outcome, Request, check_medium, operation_refusal, reply};
use crate::medium::rewritable::Background;
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;

pub(crate) fn test_unit_ready(
    _drive: &mut Recorder,
    _request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    // All that could stand in the way was looked at before.
    Ok(0)
}

pub(crate) fn request_sense(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let sense = current(drive);
    let bytes = drive.sense_bytes(&sense);
    reply(data_in, usize::from(request.cdb.byte(4)), &bytes)
}

/// What is to be said now: an attention is told once; an operation, and a background
/// format (key 0, recipe 4.1), with their progress.
fn current(drive: &mut Recorder) -> Refusal {
    if let Some(refusal) = drive.deferred.take() {
        return refusal;
    }
    if let Some(attention) = drive.attentions.pop_front() {
        return attention;
    }
    if let Some(refusal) = operation_refusal(drive) {
        return refusal;
    }
    if let Err(refusal) = check_medium(drive) {
        return refusal;
    }
    if let Some(disc) = drive.medium().and_then(|m| m.rewritable())
        && disc.background == Background::Running
    {
        let share = u64::from(disc.formatted_to) * 65_535 / u64::from(disc.capacity.max(1));
        return Refusal::BACKGROUND_FORMAT.with_progress(Some(share as u16));
    }
    Refusal::NO_SENSE
}

pub(crate) fn mechanism_status(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let open = matches!(drive.tray, Tray::Open(_));
    let out = [0, u8::from(open) << 4, 0, 0, 0, 0, 0, 0];
    reply(data_in, usize::from(request.cdb.be16(8)), &out)
}
