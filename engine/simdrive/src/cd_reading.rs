//! READ CD in both forms: user data of data tracks, with the type of sector that the host
//! expects (recipe 10).
//!
//! Headers, error correction, C2 pointers and sub-channel are not made: a host that asks for
//! them is refused (5/24/00), as audio has no place on these discs yet.

use crate::dispatch::{Outcome, Request};
use crate::medium::cd::{self, Form};
use crate::reading;
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Main channel selection: user data and nothing else.
const USER_DATA: u8 = 0x10;

pub(crate) fn read_cd(drive: &mut Recorder, request: &Request<'_>, data_in: &mut [u8]) -> Outcome {
    let blocks = request.cdb.be32(5) & 0x00FF_FFFF;
    read(drive, request, request.cdb.be32(2), blocks, data_in)
}

pub(crate) fn read_cd_msf(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let time = |at: usize| [at, at + 1, at + 2].map(|at| request.cdb.byte(at));
    let address = |at: usize| cd::lba(time(at)).ok_or(Refusal::ILLEGAL_FIELD);
    let (from, to) = (address(3)?, address(6)?);
    // The second address is the one behind the last block.
    let blocks = u32::try_from(to - from).map_err(|_| Refusal::ILLEGAL_FIELD)?;
    read(drive, request, from as u32, blocks, data_in)
}

fn read(
    drive: &mut Recorder,
    request: &Request<'_>,
    lba: u32,
    blocks: u32,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let disc = medium.cd().ok_or(Refusal::INCOMPATIBLE_MEDIUM)?;
    if request.cdb.byte(10) & 7 != 0 || !matches!(request.cdb.byte(9), 0 | USER_DATA) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let expected = match request.cdb.byte(1) >> 2 & 7 {
        0 => None,
        1 => Some(Form::Audio),
        2 => Some(Form::Mode1),
        4 => Some(Form::XaForm1),
        // Mode 2 without forms, and form 2: this drive writes no such tracks.
        3 | 5 => return Err(Refusal::ILLEGAL_MODE.at(lba)),
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    let form = disc.form_at(lba);
    if expected.is_some_and(|expected| form.is_some_and(|form| form != expected)) {
        return Err(Refusal::ILLEGAL_MODE.at(lba));
    }
    match request.cdb.byte(9) {
        0 => Ok(0),
        _ => reading::read_blocks(drive, lba, blocks, data_in),
    }
}
