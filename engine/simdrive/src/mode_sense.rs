//! MODE SENSE in both forms (recipe 2). There are no block descriptors, whether or
//! not the host wants them, but where a drive has the habit.

use crate::dispatch::{Outcome, Request, reply};
use crate::mode_pages::{PAGES, Values, page};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Blocks of 2048 bytes, of no stated number and density.
const BLOCK_DESCRIPTOR: [u8; 8] = [0, 0, 0, 0, 0, 0, 8, 0];

fn block_descriptors(drive: &Recorder) -> &'static [u8] {
    match drive.model.quirks.block_descriptors_always {
        true => &BLOCK_DESCRIPTOR,
        false => &[],
    }
}

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
        0x2A if drive.model.quirks.no_capabilities_page => Err(Refusal::ILLEGAL_FIELD),
        0x3F => Ok(PAGES
            .iter()
            .filter(|code| **code != 0x2A || !drive.model.quirks.no_capabilities_page)
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
    let descriptors = block_descriptors(drive);
    let understated = match drive.model.quirks.understates_mode_length {
        true => 6,
        false => 0,
    };
    let length = (6 + descriptors.len() + pages.len() - understated) as u16;
    let [high, low] = length.to_be_bytes();
    let mut out = vec![high, low, 0, 0, 0, 0, 0, descriptors.len() as u8];
    out.extend(descriptors);
    out.extend(pages);
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}

pub(crate) fn mode_sense_6(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let pages = pages(drive, request)?;
    let descriptors = block_descriptors(drive);
    let length = (3 + descriptors.len() + pages.len()).min(255) as u8;
    let mut out = vec![length, 0, 0, descriptors.len() as u8];
    out.extend(descriptors);
    out.extend(pages);
    reply(data_in, usize::from(request.cdb.byte(4)), &out)
}
