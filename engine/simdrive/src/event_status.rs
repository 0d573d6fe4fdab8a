//! GET EVENT STATUS NOTIFICATION (recipe 2.6), polled only.

use crate::dispatch::{Outcome, Request, reply};
use crate::events::{Event, SUPPORTED_CLASSES};
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;

pub(crate) fn get_event_status(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let allocation = usize::from(request.cdb.be16(7));
    // Bit 0: polled. This drive has no asynchronous way.
    if !request.cdb.bit(1, 0) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let asked = request.cdb.byte(4) & SUPPORTED_CLASSES;
    if asked == 0 {
        return reply(data_in, allocation, &[0, 2, 0x80, SUPPORTED_CLASSES]);
    }
    let event = drive.events.next(asked);
    let class = event.map_or(asked.trailing_zeros() as u8, Event::class);
    let body = body(drive, class, event);
    let mut out = vec![0, 6, class, SUPPORTED_CLASSES];
    out.extend(body);
    let len = reply(data_in, allocation, &out)?;
    // A host that asked for the header only has not been told.
    if len > 4
        && !drive.model.quirks.events_repeat
        && let Some(event) = event
    {
        drive.events.told(event);
    }
    Ok(len)
}

fn body(drive: &Recorder, class: u8, event: Option<Event>) -> [u8; 4] {
    let code = event.map_or(0, Event::code);
    match class {
        1 => [code, 0, 0, u8::from(event.is_some())],
        // The drive is active, or idle once stopped.
        2 => [0, if drive.stopped { 2 } else { 1 }, 0, 0],
        4 => {
            let (open, present) = match &drive.tray {
                Tray::Open(_) => (1, 0),
                Tray::Closed(medium) => (0, u8::from(medium.is_some())),
            };
            [code, open | present << 1, 0, 0]
        }
        6 if drive.operation.is_some() => {
            let left = drive.next_change().unwrap_or_default().as_millis() / 100;
            let [high, low] = (left.min(0xFFFF) as u16).to_be_bytes();
            [1, 1, high, low]
        }
        _ => [0; 4],
    }
}
