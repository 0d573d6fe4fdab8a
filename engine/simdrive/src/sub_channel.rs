//! READ SUB-CHANNEL and READ HEADER: where the pickup is, and what the codes of the disc are
//! (recipe 2.3 has what a table of contents tells).
//!
//! Owns the layouts. Where the host wrote the sub-channels the codes are those that were heard then.

use crate::dispatch::{Outcome, Request, reply};
use crate::info::toc::address;
use crate::medium::SectorKind;
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;
use crate::store::SECTOR_BYTES;

/// Nothing is playing, nor was.
const NO_AUDIO_STATUS: u8 = 0x15;
/// What READ SUB-CHANNEL is asked for.
const POSITION: u8 = 1;
const CATALOGUE: u8 = 2;
const RECORDING: u8 = 3;

pub(crate) fn read_sub_channel(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let in_msf = request.cdb.bit(1, 1);
    let mut out = vec![0, NO_AUDIO_STATUS, 0, 0];
    if request.cdb.bit(2, 6) {
        let body = match request.cdb.byte(3) {
            POSITION => position(drive, in_msf)?,
            CATALOGUE => catalogue(drive)?,
            RECORDING => recording(drive, request.cdb.byte(6))?,
            _ => return Err(Refusal::ILLEGAL_FIELD),
        };
        out[3] = body.len() as u8;
        out.extend(body);
    }
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}

/// Where the last read left the pickup.
fn position(drive: &mut Recorder, in_msf: bool) -> Result<Vec<u8>, Refusal> {
    let disc = drive.medium().and_then(|m| m.cd());
    let disc = disc.ok_or(Refusal::INCOMPATIBLE_MEDIUM)?;
    let lba = drive.pickup;
    let place = disc.place(lba)?;
    let track = place.track();
    let number = disc.number_of(track);
    let relative = lba.abs_diff(track.start);
    let mut out = vec![POSITION, 0x10 | track.control, number, track.index_at(lba)];
    out.extend(address(lba, in_msf));
    // Counted from index 1, without the two seconds that every disc begins with.
    out.extend(match in_msf {
        true => {
            let seconds = relative / 75;
            [
                0,
                (seconds / 60) as u8,
                (seconds % 60) as u8,
                (relative % 75) as u8,
            ]
        }
        false => lba.wrapping_sub(track.start).to_be_bytes(),
    });
    Ok(out)
}

fn catalogue(drive: &mut Recorder) -> Result<Vec<u8>, Refusal> {
    let disc = drive.medium().and_then(|m| m.cd());
    let disc = disc.ok_or(Refusal::INCOMPATIBLE_MEDIUM)?;
    disc.check_table_of_contents()?;
    let number = disc.sessions.iter().find_map(|s| s.mcn);
    let mut out = vec![CATALOGUE, 0, 0, 0];
    out.extend(code(number.map(|n| n.to_string()), 15));
    Ok(out)
}

fn recording(drive: &mut Recorder, number: u8) -> Result<Vec<u8>, Refusal> {
    let disc = drive.medium().and_then(|m| m.cd());
    let disc = disc.ok_or(Refusal::INCOMPATIBLE_MEDIUM)?;
    disc.check_table_of_contents()?;
    let found = disc.closed_tracks().find(|(n, _)| *n == number);
    let (_, track) = found.ok_or(Refusal::ILLEGAL_FIELD)?;
    let mut out = vec![RECORDING, 0x10 | track.control, number, 0];
    out.extend(code(track.isrc.map(|n| n.to_string()), 15));
    Ok(out)
}

/// A byte that says whether there is a code, and the code in so many bytes.
fn code(code: Option<String>, bytes: usize) -> Vec<u8> {
    let mut out = vec![if code.is_some() { 0x80 } else { 0 }];
    out.extend(code.unwrap_or_default().into_bytes());
    out.resize(1 + bytes, 0);
    out
}

/// The mode of a data block, and its address. Sound has no header.
pub(crate) fn read_header(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let lba = request.cdb.be32(2);
    let in_msf = request.cdb.bit(1, 1);
    let mut sector = [0; SECTOR_BYTES];
    let Tray::Closed(Some(medium)) = &mut drive.tray else {
        return Err(Refusal::INTERNAL);
    };
    medium.cd().ok_or(Refusal::INCOMPATIBLE_MEDIUM)?;
    let mode = match medium.sector(lba, &mut sector)? {
        SectorKind::Audio => return Err(Refusal::ILLEGAL_MODE.at(lba)),
        SectorKind::Mode1 => 1,
        SectorKind::Mode2 | SectorKind::Form1 | SectorKind::Form2 => 2,
    };
    let mut out = vec![mode, 0, 0, 0];
    out.extend(address(lba, in_msf));
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}
