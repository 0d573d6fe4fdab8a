//! READ DISC STRUCTURE and SEND DISC STRUCTURE (recipe 2.4).

use std::time::Duration;

use crate::cdb::be32;
use crate::dispatch::{Outcome, Request, parameters, reply};
use crate::medium::{Medium, MediumKind, Recorded, dvd_minus, dvd_plus_r, dvd_ram};
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use pitland_mmc::Profile;

/// First sector number of the data area of a DVD.
const DATA_START: u32 = 0x30000;
/// The same of a DVD-RAM.
const RAM_DATA_START: u32 = 0x31000;
/// Payload of the physical format structures.
const SECTOR: usize = 2048;

/// How long a drive that hangs gives no answer.
const HANG: Duration = Duration::from_secs(3600);

const MAKER: &[u8; 8] = b"PITLAND ";

pub(crate) fn read_disc_structure(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    if drive.model.quirks.hangs_on_disc_structure {
        drive.advance(HANG);
        return Err(Refusal::UNIT_FAILED);
    }
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    if medium.kind.is_cd() {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let bd = match request.cdb.byte(1) & 0x0F {
        0 => false,
        1 => true,
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    if bd != medium.kind.is_bd() || request.cdb.byte(10) != 0 {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let (layer, format) = (request.cdb.byte(6), request.cdb.byte(7));
    let payload = if bd {
        blu_ray(drive, medium, layer, format)?
    } else {
        dvd(drive, medium, layer, format, request.cdb.be32(2))?
    };
    let [high, low] = ((payload.len() + 2) as u16).to_be_bytes();
    let mut out = vec![high, low, 0, 0];
    out.extend(payload);
    reply(data_in, usize::from(request.cdb.be16(8)), &out)
}

fn blu_ray(drive: &Recorder, medium: &Medium, layer: u8, format: u8) -> Result<Vec<u8>, Refusal> {
    match format {
        0x00 if layer == 0 => Ok(blu_ray_information(medium)),
        0x0A => {
            if !medium.is_formatted() {
                return Err(Refusal::UNFORMATTED);
            }
            let (free, all) = medium.spares().unwrap_or((0, 0));
            // By MMC in clusters; a WH16NS40 answers 16 times that (recipe 2.4).
            let factor = match drive.model.quirks.spares_in_other_units {
                true => 16,
                false => 1,
            };
            let mut out = vec![0; 4];
            out.extend((free * factor).to_be_bytes());
            out.extend((all * factor).to_be_bytes());
            Ok(out)
        }
        0xFF => Ok(readable(&[0x00, 0x0A], |format| {
            blu_ray(drive, medium, 0, format)
        })),
        _ => Err(Refusal::ILLEGAL_FIELD),
    }
}

/// One unit of disc information, counted after the header.
fn blu_ray_information(medium: &Medium) -> Vec<u8> {
    let mut out = vec![0; 4096];
    out[..2].copy_from_slice(b"DI");
    out[2] = 1;
    let kind: &[u8; 3] = match medium.kind {
        MediumKind::BdR => b"BDR",
        _ => b"BDW",
    };
    out[8..11].copy_from_slice(kind);
    out[100..106].copy_from_slice(&MAKER[..6]);
    out[106..109].copy_from_slice(b"VR1");
    out[111] = 1;
    out
}

const DVD_STRUCTURES: [u8; 11] = [
    0x00, 0x0A, 0x0E, 0x10, 0x11, 0x20, 0x21, 0x22, 0x23, 0x30, 0xC0,
];

/// The content descriptor of the block by which a DVD+RW is protected.
const WRITE_INHIBIT: u32 = 0x5744_4300;

/// Whether a disc is protected by such a block. One that is not has none here, and its drive shows no feature for it.
pub(crate) fn has_write_inhibit(medium: &Medium) -> bool {
    let plus = matches!(medium.kind, MediumKind::DvdPlusRw | MediumKind::DvdPlusRwDl);
    let mut disc = medium.rewritable().into_iter();
    plus && disc.any(|disc| disc.protection.control_block)
}

/// Sixteen sectors: its descriptor, and in the last of 48 bytes how the disc is protected.
fn write_inhibit() -> Vec<u8> {
    let mut out = vec![0; 16 * SECTOR];
    out[..4].copy_from_slice(&WRITE_INHIBIT.to_be_bytes());
    out[47] = 0x01;
    out
}

fn dvd(
    drive: &Recorder,
    medium: &Medium,
    layer: u8,
    format: u8,
    address: u32,
) -> Result<Vec<u8>, Refusal> {
    let ram = medium.kind == MediumKind::DvdRam;
    let minus = matches!(
        medium.kind,
        MediumKind::DvdMinusR | MediumKind::DvdMinusRw | MediumKind::DvdMinusRDl
    );
    let plus = !ram && !minus;
    match format {
        0x0E if minus => Ok(lead_in_identification()),
        0x10 if minus => Ok(recordable_area(medium)),
        0x21..=0x23 if minus => layer_jump_address(medium, format),
        0x00 if layer <= layers(medium) => Ok(physical(medium)),
        0x11 if plus && !drive.model.quirks.no_adip_structure => {
            Ok(physical(medium)[..256].to_vec())
        }
        0x0A if ram => spare_area(medium),
        0x20 => layer_0_capacity(medium),
        0x30 if address == WRITE_INHIBIT && has_write_inhibit(medium) => Ok(write_inhibit()),
        0xC0 => {
            let protection = medium.rewritable().map(|disc| disc.protection);
            Ok(vec![protection.unwrap_or_default().structure(), 0, 0, 0])
        }
        0xFF => Ok(readable(&DVD_STRUCTURES, |format| {
            dvd(drive, medium, 0, format, WRITE_INHIBIT)
        })),
        _ => Err(Refusal::ILLEGAL_FIELD),
    }
}

/// Layers beyond the first.
fn layers(medium: &Medium) -> u8 {
    u8::from(medium.kind.is_dual_layer_dvd())
}

fn physical(medium: &Medium) -> Vec<u8> {
    let mut out = vec![0; SECTOR];
    let (book, rate, recorded) = match medium.kind {
        MediumKind::DvdPlusRw => (0x91, 0x0F, 0x04),
        MediumKind::DvdPlusR => (0xA1, 0x0F, 0x02),
        MediumKind::DvdPlusRDl => (0xE1, 0x0F, 0x02),
        MediumKind::DvdPlusRwDl => (0xD1, 0x0F, 0x04),
        MediumKind::DvdMinusR => (0x25, 0x0F, 0x02),
        MediumKind::DvdMinusRDl => (0x26, 0x0F, 0x02),
        MediumKind::DvdMinusRw => (0x32, 0x0F, 0x04),
        _ => (0x11, 0x0F, 0x04),
    };
    let start = match medium.kind {
        MediumKind::DvdRam => RAM_DATA_START,
        _ => DATA_START,
    };
    let end = start + described(medium).saturating_sub(1);
    out[0] = book;
    // 12 cm, no stated maximum rate.
    out[1] = rate;
    // Layers - 1 in bits 6-5, opposite track path in bit 4, layer type in bits 3-0.
    out[2] = layers(medium) << 5 | layers(medium) << 4 | recorded;
    out[4..8].copy_from_slice(&start.to_be_bytes());
    out[8..12].copy_from_slice(&end.to_be_bytes());
    if let (Recorded::Sequential(disc), MediumKind::DvdPlusRDl) = (&medium.recorded, medium.kind) {
        let end_0 = start + dvd_plus_r::layer_0(disc) - 1;
        out[12..16].copy_from_slice(&end_0.to_be_bytes());
    } else if medium.kind.is_dual_layer_dvd() {
        let end_0 = start + medium.recordable() / 2 - 1;
        out[12..16].copy_from_slice(&end_0.to_be_bytes());
    }
    if matches!(book & 0xF0, 0x90 | 0xA0 | 0xD0 | 0xE0) {
        out[19..27].copy_from_slice(MAKER);
        out[27..30].copy_from_slice(b"VR1");
        out[30] = 1;
    }
    out
}

/// Blocks that the physical format information of a disc tells of: those that it holds; of a
/// DVD-R or DVD-RW in sequence, those up to its last border-out.
fn described(medium: &Medium) -> u32 {
    match &medium.recorded {
        Recorded::Sequential(disc) if disc.rules.minus => disc.closed_end(),
        _ => medium.capacity(),
    }
}

/// Structure 10h: the same of the disc as it came, with its lead-out where the area for data ends
/// and, on two layers, where the first one ends (recipes 2.4 and 13, R4).
fn recordable_area(medium: &Medium) -> Vec<u8> {
    let mut out = physical(medium);
    let end = DATA_START + medium.recordable() + dvd_minus::BEFORE_LEAD_OUT - 1;
    out[0] = 0;
    out[8..12].copy_from_slice(&end.to_be_bytes());
    out
}

/// Structure 0Eh: fields of 8 bytes, of which the third and fourth name the maker and the
/// medium, six characters each (recipe 2.4).
fn lead_in_identification() -> Vec<u8> {
    let mut out = vec![0; 44];
    for (at, field) in out.chunks_exact_mut(8).enumerate() {
        field[0] = at as u8 + 1;
    }
    out[17..23].copy_from_slice(&MAKER[..6]);
    out[25..31].copy_from_slice(b"DVR-01");
    out
}

/// Structures 21h (start of the shifted middle area), 22h (jump interval) and 23h (manual layer
/// jump address): none is set. The latter two belong to recordings by layer jumps.
fn layer_jump_address(medium: &Medium, format: u8) -> Result<Vec<u8>, Refusal> {
    let known = match format {
        0x21 => medium.kind == MediumKind::DvdMinusRDl,
        _ => medium.profile() == Profile::DvdMinusRDlLayerJump,
    };
    match known {
        true => Ok(vec![0; 8]),
        false => Err(Refusal::ILLEGAL_FIELD),
    }
}

/// Primary spares of a full-size disc, then the supplementary ones: free and allocated.
fn spare_area(medium: &Medium) -> Result<Vec<u8>, Refusal> {
    if !medium.is_formatted() {
        return Err(Refusal::UNFORMATTED);
    }
    let (free, all) = medium.spares().unwrap_or((0, 0));
    let primary = medium
        .rewritable()
        .map_or(0, |disc| dvd_ram::primary_spare_units(disc.raw_capacity));
    let supplementary = all.saturating_sub(primary);
    // The primary ones are spent first.
    let free_primary = free.saturating_sub(supplementary);
    let mut out = (free_primary * 16).to_be_bytes().to_vec();
    out.extend((free.min(supplementary) * 16).to_be_bytes());
    out.extend((supplementary * 16).to_be_bytes());
    Ok(out)
}

/// Structure 20h: bit 7 of the first byte once the layer break is fixed.
fn layer_0_capacity(medium: &Medium) -> Result<Vec<u8>, Refusal> {
    if medium.kind == MediumKind::DvdMinusRDl {
        // It cannot be set on this one.
        let half = medium.recordable() / 2;
        return Ok([[0x80, 0, 0, 0], half.to_be_bytes()].concat());
    }
    let (Recorded::Sequential(disc), MediumKind::DvdPlusRDl) = (&medium.recorded, medium.kind)
    else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    let fixed = disc.layer_break.is_some() || !disc.is_unwritten();
    let mut out = vec![u8::from(fixed) << 7, 0, 0, 0];
    out.extend(dvd_plus_r::layer_0(disc).to_be_bytes());
    Ok(out)
}

/// Structure FFh: every structure with what can be done with it and its length.
fn readable(formats: &[u8], read: impl Fn(u8) -> Result<Vec<u8>, Refusal>) -> Vec<u8> {
    let mut out = Vec::new();
    for format in formats {
        let Ok(payload) = read(*format) else {
            continue;
        };
        let sends = *format == 0x20;
        // Bit 7: can be sent; bit 6: can be read.
        out.extend([*format, u8::from(sends) << 7 | 0x40]);
        out.extend(((payload.len() + 4) as u16).to_be_bytes());
    }
    out
}

pub(crate) fn send_disc_structure(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let length = usize::from(request.cdb.be16(8));
    let kind = drive.medium().ok_or(Refusal::INTERNAL)?.kind;
    let known = kind == MediumKind::DvdPlusRDl
        && request.cdb.byte(7) == 0x20
        && request.cdb.byte(1) & 0x0F == 0;
    if !known {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let list = parameters(request, length)?;
    if length != 12 {
        return Err(Refusal::LIST_LENGTH);
    }
    // The first two bytes say how long the rest is, or are left zero.
    let stated = be32(list, 0) >> 16;
    if stated != 0 && stated != 10 {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let blocks = be32(list, 8);
    if let Some(medium) = drive.medium_mut() {
        if let Recorded::Sequential(disc) = medium.recorded_mut() {
            dvd_plus_r::fix_layer_0(disc, blocks)?;
        }
        drive.save();
    }
    Ok(length)
}
