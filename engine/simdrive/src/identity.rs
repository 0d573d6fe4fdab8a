//! INQUIRY, its vital product data, and REPORT LUNS: who the drive is (recipe 2).

use crate::dispatch::{Outcome, Request, reply};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Peripheral device type of an MMC device.
const DEVICE_TYPE: u8 = 0x05;

/// A string as INQUIRY has it: ASCII, cut or padded with spaces.
pub(crate) fn padded(text: &str, len: usize) -> Vec<u8> {
    let printable = |c: char| {
        if (' '..='~').contains(&c) {
            c as u8
        } else {
            b'?'
        }
    };
    let mut out: Vec<u8> = text.chars().map(printable).take(len).collect();
    out.resize(len, b' ');
    out
}

pub(crate) fn inquiry(drive: &mut Recorder, request: &Request<'_>, data_in: &mut [u8]) -> Outcome {
    let allocation = usize::from(request.cdb.be16(3));
    let page = request.cdb.byte(2);
    let bytes = if request.cdb.bit(1, 0) {
        vital_product_data(drive, page)?
    } else if page != 0 {
        return Err(Refusal::ILLEGAL_FIELD);
    } else {
        standard(drive)
    };
    reply(data_in, allocation, &bytes)
}

fn standard(drive: &Recorder) -> Vec<u8> {
    let pre_mmc = drive.model.quirks.pre_mmc;
    let identity = &drive.model.identity;
    // Removable; SPC-3; response format 2; 91 bytes follow byte 4.
    let mut out = vec![DEVICE_TYPE, 0x80, 0x05, 0x02, 91, 0, 0, 0];
    out.extend(padded(&identity.vendor, 8));
    out.extend(padded(&identity.product, 16));
    out.extend(padded(&identity.revision, 4));
    if pre_mmc {
        // SCSI-2, and 31 bytes follow byte 4.
        [out[2], out[4]] = [0x02, 31];
        return out;
    }
    out.resize(96, 0);
    out
}

fn vital_product_data(drive: &Recorder, page: u8) -> Result<Vec<u8>, Refusal> {
    if drive.model.quirks.pre_mmc {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let identity = &drive.model.identity;
    let body = match page {
        0x00 => vec![0x00, 0x80, 0x83],
        0x80 => padded(&identity.serial, identity.serial.len().min(20)),
        0x83 => {
            // One designator of the logical unit: ASCII, T10 vendor identification.
            let mut name = padded(&identity.vendor, 8);
            name.extend(padded(&identity.product, 16));
            name.extend(padded(&identity.serial, identity.serial.len().min(20)));
            let mut out = vec![0x02, 0x01, 0x00, name.len() as u8];
            out.extend(name);
            out
        }
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    let mut out = vec![DEVICE_TYPE, page];
    out.extend((body.len() as u16).to_be_bytes());
    out.extend(body);
    Ok(out)
}

pub(crate) fn report_luns(
    _drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let allocation = request.cdb.be32(6) as usize;
    if request.cdb.byte(2) > 2 || allocation < 16 {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    // One logical unit, number 0.
    let mut out = [0; 16];
    out[3] = 8;
    reply(data_in, allocation, &out)
}
