//! MODE SENSE in both forms (recipe 2). There are no block descriptors, whether or
//! not the host wants them.

use crate::dispatch::{Outcome, Request, reply};
use crate::mode_pages::{PAGES, Values, page};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

fn pages(drive: &Recorder, request: &Request<'_>) -> Result<Vec<u8>, Refusal> {
    // No sub-pages.
    if request.cdb.byte(3) != 0 {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let values = match request.cdb.byte(2) >> 6 {
        0 => Values::Current,
        1 => Values::Changeable,
        2 => Values::Default,
        _ => return Err(Refusal::NO_SAVED_PAGES),
    };
    match request.cdb.byte(2) & 0x3F {
        0x3F => Ok(PAGES
            .iter()
            .filter_map(|code| page(drive, *code, values))
            .flatten()
            .collect()),
        code => page(drive, code, values).ok_or(Refusal::ILLEGAL_FIELD),
    }
}

pub(crate) fn mode_sense_10(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let pages = pages(drive, request)?;
    let [high, low] = ((pages.len() + 6) as u16).to_be_bytes();
    let mut out = vec![high, low, 0, 0, 0, 0, 0, 0];
    out.extend(pages);
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}

pub(crate) fn mode_sense_6(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let pages = pages(drive, request)?;
    let mut out = vec![(pages.len() + 3).min(255) as u8, 0, 0, 0];
    out.extend(pages);
    reply(data_in, usize::from(request.cdb.byte(4)), &out)
}
