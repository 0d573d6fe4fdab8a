//! READ FORMAT CAPACITIES, FORMAT UNIT and BLANK (recipes 6 and 7).

use crate::cdb::be32;
use crate::dispatch::{Outcome, Request, reply};
use crate::long_operation::Effect;
use crate::medium::sequential::Session;
use crate::medium::{Medium, MediumKind, Recorded, bd_r, bd_re, dvd_plus_rw, dvd_ram, dvd_rw};
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::timing::Task;

/// Header and one format descriptor.
const LIST_BYTES: usize = 12;

pub(crate) fn read_format_capacities(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let formats = medium.formats();
    let mut out = vec![0, 0, 0, (8 + 8 * formats.len()) as u8];
    // 1 unformatted (the most there can be), 2 formatted.
    let (kind, blocks) = match &medium.recorded {
        Recorded::Sequential(disc) if disc.spares.is_none() && disc.is_unwritten() => {
            (1, disc.raw_capacity)
        }
        Recorded::Rewritable(disc) if !disc.is_formatted() => (1, disc.raw_capacity),
        // 3: a session that is not closed (recipe 6).
        Recorded::Rewritable(disc) if disc.growing.is_some() => (3, disc.raw_capacity),
        Recorded::Sequential(disc) if disc.rules.minus && disc.session() == Session::Incomplete => {
            (3, disc.raw_capacity)
        }
        _ => (2, medium.capacity()),
    };
    out.extend(blocks.to_be_bytes());
    out.extend([kind, 0, 8, 0]);
    for format in formats {
        let [_, high, middle, low] = format.parameter.to_be_bytes();
        out.extend(format.blocks.to_be_bytes());
        out.extend([format.kind << 2, high, middle, low]);
    }
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}

/// The 12 bytes that come with FORMAT UNIT.
struct FormatList {
    immediate: bool,
    /// Disable certification.
    no_certification: bool,
    /// The flag bits of the header count.
    options_valid: bool,
    /// At least one of them is set.
    options: bool,
    blocks: u32,
    kind: u8,
    subtype: u8,
    parameter: u32,
}

impl FormatList {
    fn parse(drive: &Recorder, request: &Request<'_>) -> Result<Self, Refusal> {
        // FmtData set, format code 1, complete list or not.
        if request.cdb.byte(1) & 0x17 != 0x11 {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        let list = request.data_out;
        if list.len() != LIST_BYTES {
            return Err(Refusal::LIST_LENGTH);
        }
        let byte = |at: usize| list.get(at).copied().unwrap_or(0);
        let flags = byte(1);
        let parameter = be32(list, 8) & 0x00FF_FFFF;
        // Options without FOV, reserved bits, or more than one descriptor.
        let options_valid = flags & 0x80 != 0;
        if byte(0) != 0
            || flags & 0x05 != 0
            || (!options_valid && flags & 0x78 != 0)
            || (byte(2), byte(3)) != (0, 8)
        {
            return Err(Refusal::ILLEGAL_PARAMETER);
        }
        let immediate = flags & 0x02 != 0;
        if immediate && drive.model.quirks.refuses_immediate {
            return Err(Refusal::ILLEGAL_PARAMETER);
        }
        Ok(Self {
            immediate,
            no_certification: options_valid && flags & 0x20 != 0,
            options_valid,
            options: flags & 0x78 != 0,
            blocks: be32(list, 4),
            kind: byte(8) >> 2,
            subtype: byte(8) & 3,
            parameter,
        })
    }
}

pub(crate) fn format_unit(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    if medium.kind == MediumKind::BdR {
        return format_bd_r(drive, request);
    }
    if medium.kind == MediumKind::DvdMinusRw {
        return format_dvd_rw(drive, request);
    }
    if medium.kind == MediumKind::CdRw {
        // READ FORMAT CAPACITIES lists nothing: neither packets nor Mount Rainier.
        FormatList::parse(drive, request)?;
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    if medium.is_sequential() {
        return Err(Refusal::CANNOT_FORMAT_MEDIUM);
    }
    let list = FormatList::parse(drive, request)?;
    let disc = medium.rewritable().ok_or(Refusal::INTERNAL)?;
    if disc.protection.any() {
        return Err(Refusal::WRITE_PROTECTED);
    }
    let (kind, subtype, blocks) = (list.kind, list.subtype, list.blocks);
    let certifies = match (kind, subtype) {
        (0x30, 2) => drive.model.full_certification,
        (0x30, 3) => {
            drive.model.quick_certification && !drive.model.quirks.refuses_quick_certification
        }
        _ => true,
    };
    if !certifies {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let result = match medium.kind {
        MediumKind::DvdPlusRw | MediumKind::DvdPlusRwDl => return format_dvd_plus_rw(drive, &list),
        MediumKind::DvdRam => {
            if !list.options_valid {
                return Err(Refusal::ILLEGAL_PARAMETER);
            }
            let certify = !list.no_certification;
            dvd_ram::check_format(disc, kind, subtype, blocks, list.parameter, certify)?
        }
        _ => bd_re::check_format(disc, kind, subtype, blocks, list.parameter)?,
    };
    let task = if result.wiped {
        Task::FullFormat(blocks)
    } else {
        Task::QuickFormat
    };
    if result.keeps_data {
        drive.drain_all();
    } else {
        // What was about to be written is of no use any more.
        drive.buffer.clear();
        if let Some(medium) = drive.medium_mut() {
            medium.begin_format().map_err(|_| Refusal::FORMAT_FAILED)?;
        }
    }
    drive.start_and(list.immediate, Effect::Formatted(result), task)?;
    Ok(LIST_BYTES)
}

fn format_bd_r(drive: &mut Recorder, request: &Request<'_>) -> Outcome {
    let disc = drive
        .medium()
        .and_then(|m| m.sequential())
        // One that is recorded at random was formatted.
        .ok_or(Refusal::CANNOT_FORMAT_MEDIUM)?;
    let list = FormatList::parse(drive, request)?;
    if disc.complete {
        return Err(Refusal::CANNOT_WRITE_MEDIUM);
    }
    let (blocks, mode) =
        bd_r::check_format(disc, list.kind, list.subtype, list.blocks, list.parameter)?;
    let known = match mode {
        bd_r::Mode::Sequential => true,
        bd_r::Mode::PseudoOverwrite => drive.model.pseudo_overwrite,
        bd_r::Mode::Random => drive.model.random_recording,
    };
    if !known {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let effect = Effect::BdRFormatted { blocks, mode };
    drive.start_and(list.immediate, effect, Task::QuickFormat)?;
    Ok(LIST_BYTES)
}

fn format_dvd_plus_rw(drive: &mut Recorder, list: &FormatList) -> Outcome {
    let disc = drive
        .medium()
        .and_then(|m| m.rewritable())
        .ok_or(Refusal::INTERNAL)?;
    // Certification and the like have no meaning on this medium; that options are valid, with
    // none set, is what libburn says when it formats by index.
    if list.options {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let request =
        dvd_plus_rw::check_format(disc, list.kind, list.subtype, list.blocks, list.parameter)?;
    let task = match request {
        dvd_plus_rw::Request::Fresh => {
            drive.buffer.clear();
            if let Some(medium) = drive.medium_mut() {
                medium.begin_format().map_err(|_| Refusal::FORMAT_FAILED)?;
            }
            Task::QuickFormat
        }
        dvd_plus_rw::Request::Restart => Task::StopBackgroundFormat,
    };
    let effect = Effect::BackgroundFormatBegun(request);
    drive.start_and(list.immediate, effect, task)?;
    Ok(LIST_BYTES)
}

/// To restricted overwrite, from either mode, or more of it (recipe 6).
fn format_dvd_rw(drive: &mut Recorder, request: &Request<'_>) -> Outcome {
    check_not_in_test(drive)?;
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    check_not_protected(medium)?;
    let list = FormatList::parse(drive, request)?;
    let (kind, subtype) = (list.kind, list.subtype);
    let format = dvd_rw::check_format(medium, kind, subtype, list.blocks, list.parameter)?;
    if format.is_destructive() {
        drive.buffer.clear();
        if let Some(medium) = drive.medium_mut() {
            medium
                .begin_restricted_overwrite()
                .map_err(|_| Refusal::FORMAT_FAILED)?;
        }
    }
    let task = match format.blocks() {
        0 => Task::QuickFormat,
        blocks => Task::Overwrite(blocks),
    };
    drive.start_and(list.immediate, Effect::DvdRwFormatted(format), task)?;
    Ok(LIST_BYTES)
}

fn check_not_protected(medium: &Medium) -> Result<(), Refusal> {
    match medium.rewritable() {
        Some(disc) if disc.protection.any() => Err(Refusal::WRITE_PROTECTED),
        _ => Ok(()),
    }
}

/// Page 05h must not say Test Write while a disc is formatted or blanked (recipe 6; by recipe 5
/// cdrdao clears it first).
fn check_not_in_test(drive: &Recorder) -> Result<(), Refusal> {
    match drive.is_test_writing() {
        true => Err(Refusal::SEQUENCE),
        false => Ok(()),
    }
}

/// BLANK: types 0 and 1 of a DVD-RW (recipe 6). Media that are
/// written once answer 5/30/06, the others that cannot be blanked 5/30/05 (recipe 13.2).
pub(crate) fn blank(drive: &mut Recorder, request: &Request<'_>, _data_in: &mut [u8]) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    if medium.is_write_once() {
        return Err(Refusal::CANNOT_FORMAT_MEDIUM);
    }
    match medium.kind {
        MediumKind::DvdMinusRw => blank_dvd_rw(drive, request),
        MediumKind::CdRw => blank_cd_rw(drive, request),
        _ => Err(Refusal::CANNOT_WRITE_MEDIUM),
    }
}

/// All types of a CD-RW, but for that of reserved tracks, of which there are none (recipe 5).
fn blank_cd_rw(drive: &mut Recorder, request: &Request<'_>) -> Outcome {
    let kind = request.cdb.byte(1) & 7;
    if drive.model.quirks.blanks_few_parts && !matches!(kind, 0 | 1 | 4) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let disc = medium.cd().ok_or(Refusal::INTERNAL)?;
    let blanking = disc.check_blank(kind, request.cdb.be32(2))?;
    check_not_in_test(drive)?;
    let task = match disc.blanked_blocks(blanking) {
        0 => Task::QuickFormat,
        blocks => Task::Overwrite(blocks),
    };
    drive.rehearsal = None;
    if let Some(Recorded::Cd(disc)) = drive.medium_mut().map(Medium::recorded_mut) {
        disc.begin_blank(blanking);
    }
    drive.save();
    let immediate = request.cdb.bit(1, 4);
    drive.start_and(immediate, Effect::CdBlanked(blanking), task)
}

fn blank_dvd_rw(drive: &mut Recorder, request: &Request<'_>) -> Outcome {
    let minimal = match request.cdb.byte(1) & 7 {
        0 => false,
        1 => true,
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    check_not_in_test(drive)?;
    check_not_protected(drive.medium().ok_or(Refusal::INTERNAL)?)?;
    let immediate = request.cdb.bit(1, 4);
    // What was about to be written is of no use any more.
    drive.buffer.clear();
    drive.rehearsal = None;
    let mut blocks = 0;
    if let Some(medium) = drive.medium_mut() {
        blocks = medium.recordable();
        medium.begin_blank().map_err(|_| Refusal::ERASE_FAILED)?;
    }
    let task = match minimal {
        true => Task::QuickFormat,
        false => Task::Overwrite(blocks),
    };
    drive.start_and(immediate, Effect::Blanked { minimal }, task)
}
