//! READ and VERIFY: what is on the disc, and what is still on its way there
//! (recipes 10 and 13.2).

use std::time::Duration;

use crate::dispatch::{Outcome, Request};
use crate::medium::{Medium, MediumKind};
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::store::BLOCK_BYTES;
use crate::timing;

struct Range {
    lba: u32,
    blocks: u32,
    /// Bypass the drive's cache.
    from_medium: bool,
}

impl Range {
    fn of(request: &Request<'_>, blocks: u32) -> Self {
        Self {
            lba: request.cdb.be32(2),
            blocks,
            from_medium: request.cdb.bit(1, 3),
        }
    }
}

pub(crate) fn read_10(drive: &mut Recorder, request: &Request<'_>, data_in: &mut [u8]) -> Outcome {
    let blocks = u32::from(request.cdb.be16(7));
    read(drive, &Range::of(request, blocks), data_in)
}

pub(crate) fn read_12(drive: &mut Recorder, request: &Request<'_>, data_in: &mut [u8]) -> Outcome {
    let blocks = request.cdb.be32(6);
    read(drive, &Range::of(request, blocks), data_in)
}

/// Reads blocks whose CDB was looked at already.
pub(crate) fn read_blocks(
    drive: &mut Recorder,
    lba: u32,
    blocks: u32,
    data_in: &mut [u8],
) -> Outcome {
    let range = Range {
        lba,
        blocks,
        from_medium: false,
    };
    read(drive, &range, data_in)
}

fn read(drive: &mut Recorder, range: &Range, data_in: &mut [u8]) -> Outcome {
    let len = (range.blocks as usize).saturating_mul(BLOCK_BYTES);
    let data = data_in.get_mut(..len).ok_or(Refusal::DATA_PHASE)?;
    check(drive, range)?;
    spend(drive, range);
    if range.from_medium {
        drive.drain_all();
    }
    let (lba, buffer) = (range.lba, &drive.buffer);
    if let crate::recorder::Tray::Closed(Some(medium)) = &mut drive.tray {
        if let Some(bad) = medium.first_of_form_2(lba, range.blocks) {
            return Err(Refusal::ILLEGAL_MODE.at(bad));
        }
        medium
            .read(lba, data)
            .map_err(|_| Refusal::READ_ERROR.at(lba))?;
    }
    if drive.rehearsal.is_none() {
        buffer.overlay(lba, data);
    }
    drive.pickup = lba.saturating_add(range.blocks.saturating_sub(1));
    Ok(len)
}

fn check(drive: &Recorder, range: &Range) -> Result<(), Refusal> {
    let quirks = &drive.model.quirks;
    let open = |m: &Medium| m.rewritable().is_some_and(|disc| disc.growing.is_some());
    if quirks.reads_no_intermediate_session && drive.medium().is_some_and(open) {
        return Err(Refusal::READ_ERROR.at(range.lba));
    }
    match check_written(drive, range) {
        Err(refusal) if refusal.is(&Refusal::READ_ERROR) && reads_zeros(drive) => Ok(()),
        checked => checked.map_err(|refusal| by_habit(drive, refusal)),
    }
}

/// What a drive of this one's habits says in place of a refusal of a read.
pub(crate) fn by_habit(drive: &Recorder, refusal: Refusal) -> Refusal {
    let quirks = &drive.model.quirks;
    match refusal.information {
        Some(bad) if quirks.run_out_is_read_error && is_run_out(drive, bad) => {
            Refusal::READ_ERROR.at(bad)
        }
        information if refusal.is(&Refusal::READ_ERROR) && quirks.unwritten_is_blank_check => {
            Refusal {
                information,
                ..Refusal::BLANK_CHECK
            }
        }
        _ => refusal,
    }
}

/// What was never written reads as zeros.
fn reads_zeros(drive: &Recorder) -> bool {
    let kind = drive.medium().map(|m| m.kind);
    drive.model.quirks.unwritten_reads_as_zeros
        && matches!(kind, Some(MediumKind::DvdRam | MediumKind::BdRe))
}

fn is_run_out(drive: &Recorder, lba: u32) -> bool {
    let disc = drive.medium().and_then(|m| m.cd());
    disc.is_some_and(|disc| disc.is_run_out(lba))
}

fn check_written(drive: &Recorder, range: &Range) -> Result<(), Refusal> {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    match medium.check_read(range.lba, range.blocks) {
        // What is not on the disc yet may be on its way.
        Err(refusal) if refusal.is(&Refusal::READ_ERROR) => {
            for lba in range.lba..range.lba.saturating_add(range.blocks) {
                if drive.rehearsal.is_some() || !drive.buffer.holds(lba) {
                    medium.check_read(lba, 1)?;
                }
            }
            Ok(())
        }
        other => other,
    }
}

/// Reading so many blocks of a CD takes its time.
pub(crate) fn spend_on(drive: &mut Recorder, lba: u32, blocks: u32) {
    let range = Range {
        lba,
        blocks,
        from_medium: false,
    };
    spend(drive, &range);
}

/// Reading takes its time.
fn spend(drive: &mut Recorder, range: &Range) {
    wake(drive);
    let kind = drive.medium().map_or(MediumKind::BdR, |m| m.kind);
    let time = timing::transfer_on(kind, range.blocks, drive.read_speed());
    let time = drive.scaled(time);
    drive.advance(Duration::from_nanos(time));
}

/// A stopped disc spins up at the first access.
pub(crate) fn wake(drive: &mut Recorder) {
    if drive.stopped
        && let Some(medium) = drive.medium()
    {
        let time = timing::duration(timing::Task::SpinUp, medium.kind, 0);
        drive.stopped = false;
        drive.advance(Duration::from_nanos(drive.scaled(time)));
    }
}

pub(crate) fn verify(drive: &mut Recorder, request: &Request<'_>, _data_in: &mut [u8]) -> Outcome {
    let range = Range {
        from_medium: true,
        ..Range::of(request, u32::from(request.cdb.be16(7)))
    };
    check(drive, &range)?;
    drive.drain_all();
    spend(drive, &range);
    Ok(0)
}
