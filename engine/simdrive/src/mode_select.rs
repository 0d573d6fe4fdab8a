//! MODE SELECT (10): takes pages 01h, 05h and 08h, and nothing that cannot be changed.

use crate::dispatch::{Outcome, Request, parameters};
use crate::medium::MediumKind;
use crate::mode_pages::{Values, page};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

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
    // All of them, or none.
    for sent in accepted {
        drive.pages.store(sent);
    }
    Ok(length)
}

fn check_page(drive: &Recorder, code: u8, sent: &[u8]) -> Result<(), Refusal> {
    let of_no_use = drive
        .medium()
        .is_some_and(|m| m.kind != MediumKind::DvdPlusR);
    if code == 0x05 && of_no_use && drive.model.refuses_write_parameters {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let current = page(drive, code, Values::Current).ok_or(Refusal::ILLEGAL_PARAMETER)?;
    let mask = page(drive, code, Values::Changeable).ok_or(Refusal::ILLEGAL_PARAMETER)?;
    if sent.len() != current.len() {
        return Err(Refusal::LIST_LENGTH);
    }
    let fixed = |((sent, current), mask): ((&u8, &u8), &u8)| (sent ^ current) & !mask != 0;
    if code == 0x05 && !write_parameters_have_meaning(sent) {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let fields = sent.iter().zip(&current).zip(&mask).skip(2);
    if fields.into_iter().any(fixed) {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    Ok(())
}

/// Whether write type, data block type and session format are ones that page 05h names (recipe 3, 13.2).
fn write_parameters_have_meaning(page: &[u8]) -> bool {
    let field = |at: usize| page.get(at).copied().unwrap_or(0);
    field(2) & 0x0F <= 4
        && !matches!(field(4) & 0x0F, 4..=6)
        && matches!(field(8), 0x00 | 0x10 | 0x20)
}
