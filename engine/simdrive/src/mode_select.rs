//! MODE SELECT (10): takes pages 01h, 05h and 08h, and nothing that cannot be changed.

use crate::cd_recording;
use crate::dispatch::{Outcome, Request, parameters};
use crate::mode_pages::{Values, page};
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::write_parameters::{self, WriteParameters};

const HEADER: usize = 8;

pub(crate) fn mode_select_10(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    // Page format must be set; there are no saved pages (recipe 2).
    if !request.cdb.bit(1, 4) || request.cdb.bit(1, 0) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let length = usize::from(request.cdb.be16(7));
    let list = parameters(request, length)?;
    if length == 0 {
        return Ok(0);
    }
    let (Some(header), Some(mut rest)) = (list.get(..HEADER), list.get(HEADER..)) else {
        return Err(Refusal::LIST_LENGTH);
    };
    // Mode data length is reserved here, and there are no block descriptors.
    if header.iter().any(|byte| *byte != 0) {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let mut accepted = Vec::new();
    while let [code, page_len, ..] = *rest {
        let len = usize::from(page_len) + 2;
        let Some(sent) = rest.get(..len) else {
            return Err(Refusal::LIST_LENGTH);
        };
        check_page(drive, code, sent)?;
        accepted.push(sent);
        rest = rest.get(len..).unwrap_or_default();
    }
    if !rest.is_empty() {
        return Err(Refusal::LIST_LENGTH);
    }
    let parameters_come = accepted.iter().any(|sent| sent.first() == Some(&0x05));
    if parameters_come {
        cd_recording::forget_announced(drive)?;
    }
    // All of them, or none.
    for sent in accepted {
        drive.pages.store(sent);
    }
    Ok(length)
}

fn check_page(drive: &Recorder, code: u8, sent: &[u8]) -> Result<(), Refusal> {
    let current = page(drive, code, Values::Current).ok_or(Refusal::ILLEGAL_PARAMETER)?;
    let mask = page(drive, code, Values::Changeable).ok_or(Refusal::ILLEGAL_PARAMETER)?;
    if sent.len() != current.len() {
        return Err(Refusal::LIST_LENGTH);
    }
    let fixed = |((sent, current), mask): ((&u8, &u8), &u8)| (sent ^ current) & !mask != 0;
    if code == 0x05 {
        write_parameters::check(drive, WriteParameters(sent))?;
    }
    let fields = sent.iter().zip(&current).zip(&mask).skip(2);
    if fields.into_iter().any(fixed) {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    Ok(())
}
