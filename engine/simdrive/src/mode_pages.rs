//! The drive's mode pages: what they hold now, by default, and which bits the host
//! may change (recipes 2.5 and 3).
//!
//! Owns bytes; the commands that carry them lie in `mode_sense` and `mode_select`.

use crate::medium::{DiscType, MediumKind};
use crate::model::DriveModel;
use crate::recorder::Recorder;
use crate::store::BLOCK_BYTES;
use crate::write_parameters::{WriteParameters, has_test_write};

/// Codes of the pages, in the order in which page 3Fh lists them.
pub(crate) const PAGES: [u8; 6] = [0x01, 0x05, 0x08, 0x1A, 0x1D, 0x2A];

/// Write speeds of a CD-R recorder of the 52x class, kB/s (recipe 14).
const CD_SPEEDS: [u32; 5] = [8467, 7056, 5645, 4234, 2822];

/// What can be written to in test only (recipe 3).
const TESTED: [MediumKind; 5] = [
    MediumKind::CdR,
    MediumKind::CdRw,
    MediumKind::DvdMinusR,
    MediumKind::DvdMinusRDl,
    MediumKind::DvdMinusRw,
];

/// Which values are asked for: the page control field of MODE SENSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Current,
    Changeable,
    Default,
}

/// The pages that keep what the host sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModePages {
    error_recovery: [u8; 12],
    write_parameters: [u8; 52],
    caching: [u8; 12],
}

impl ModePages {
    /// The pages of a drive that was just switched on.
    pub(crate) fn of(model: &DriveModel) -> Self {
        let mut write_parameters = [0; 52];
        write_parameters[..2].copy_from_slice(&[0x05, 0x32]);
        // Underrun protection, incremental; data track; mode 1 blocks; pause of 150 blocks.
        write_parameters[2] = u8::from(model.underrun_protection) << 6;
        write_parameters[3] = 0xC5;
        write_parameters[4] = 0x08;
        write_parameters[13] = 16;
        write_parameters[15] = 150;
        let mut caching = [0; 12];
        // Write cache enabled.
        caching[..3].copy_from_slice(&[0x08, 0x0A, 0x04]);
        let mut error_recovery = [0; 12];
        // Automatic reallocation of writes; 32 read retries.
        error_recovery[..4].copy_from_slice(&[0x01, 0x0A, 0x80, 0x20]);
        Self {
            error_recovery,
            write_parameters,
            caching,
        }
    }

    pub(crate) fn write_parameters(&self) -> WriteParameters<'_> {
        WriteParameters(&self.write_parameters)
    }

    /// Page 05h says that no session may follow: multi-session bits 00 (recipe 3).
    pub(crate) fn is_last_session(&self) -> bool {
        self.write_parameters().multi_session() == 0
    }

    fn stored(&self, code: u8) -> Option<&[u8]> {
        match code {
            0x01 => Some(&self.error_recovery),
            0x05 => Some(&self.write_parameters),
            0x08 => Some(&self.caching),
            _ => None,
        }
    }

    /// Takes a page that was checked against the changeable bits.
    pub(crate) fn store(&mut self, page: &[u8]) {
        let to: &mut [u8] = match page.first() {
            Some(0x01) => &mut self.error_recovery,
            Some(0x05) => &mut self.write_parameters,
            Some(0x08) => &mut self.caching,
            _ => return,
        };
        if to.len() == page.len() {
            to.copy_from_slice(page);
        }
    }
}

/// Bits that the host may change, in a page of this length.
fn changeable(drive: &Recorder, code: u8, len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    match code {
        0x01 => out[2..4].fill(0xFF),
        0x05 => {
            // Underrun protection and test write only where there is such a thing.
            let tests = match drive.medium() {
                Some(medium) => has_test_write(&drive.model, medium),
                None => drive.model.test_write,
            };
            out[2] = 0x2F | u8::from(drive.model.underrun_protection) << 6 | u8::from(tests) << 4;
            out[3..6].fill(0xFF);
            out[8] = 0xFF;
            out[10..52].fill(0xFF);
        }
        0x08 => out[2] = 0x04,
        _ => {}
    }
    out
}

/// One page, header included; `None` where the drive has no such page.
pub(crate) fn page(drive: &Recorder, code: u8, values: Values) -> Option<Vec<u8>> {
    let defaults = ModePages::of(&drive.model);
    let source = match values {
        Values::Default => &defaults,
        _ => &drive.pages,
    };
    let mut out = match code {
        0x1A => {
            let mut out = vec![0; 12];
            out[..2].copy_from_slice(&[0x1A, 0x0A]);
            out
        }
        0x1D => {
            // 10 s for commands of group 1, 60 s for those of group 2.
            vec![0x1D, 0x0A, 0, 0, 0, 0, 0, 10, 0, 60, 0, 0]
        }
        0x2A => capabilities(drive),
        other => source.stored(other)?.to_vec(),
    };
    if values == Values::Changeable {
        let mut mask = changeable(drive, code, out.len());
        mask[..2].copy_from_slice(&out[..2]);
        out = mask;
    }
    Some(out)
}

/// Page 2Ah, capabilities and mechanical status (recipe 2.5).
fn capabilities(drive: &Recorder) -> Vec<u8> {
    let mut out = vec![0; 32];
    out[0] = 0x2A;
    // What it reads, DVD-ROM in bit 3 among it, and what it writes, and in test only.
    let kinds = |discs: &[DiscType]| {
        let bit = |disc, bit: u8| u8::from(discs.contains(&disc)) << bit;
        bit(DiscType::CdR, 0)
            | bit(DiscType::CdRw, 1)
            | bit(DiscType::DvdMinusR, 4)
            | bit(DiscType::DvdRam, 5)
    };
    let model = &drive.model;
    let reads_dvd = model.reads.iter().any(|disc| disc.kind().is_dvd());
    let tests = model.test_write && model.writes_any(&TESTED);
    out[2] = u8::from(reads_dvd) << 3 | kinds(&model.reads);
    out[3] = kinds(&model.writes) | u8::from(tests) << 2;
    if drive.model.quirks.pre_mmc {
        // A CD recorder and no more.
        [out[2], out[3]] = [0x03, 0x03];
    }
    out[4] = u8::from(drive.model.underrun_protection) << 7;
    // Tray; eject and lock by command; whether it is locked now.
    out[6] = 0x29 | u8::from(drive.locked) << 1;
    let half = |value: u32| (value.min(0xFFFF) as u16).to_be_bytes();
    let fastest_read = drive.model.bd_read_speed.max(drive.model.dvd_read_speed);
    let buffer_kib = u64::from(drive.buffer.capacity()) * BLOCK_BYTES as u64 / 1024;
    let quirks = &drive.model.quirks;
    let (mut write, mut speeds): (u32, &[u32]) = match drive.medium() {
        Some(m) => (drive.write_speed(), drive.model.write_speeds.of(m.kind)),
        None => (0, &[]),
    };
    if quirks.cd_speeds_in_capabilities {
        (write, speeds) = (CD_SPEEDS[0], &CD_SPEEDS);
    }
    if quirks.no_speeds_in_capabilities {
        (write, speeds) = (0, &[]);
    }
    out[8..10].copy_from_slice(&half(fastest_read));
    out[12..14].copy_from_slice(&half(buffer_kib.min(0xFFFF) as u32));
    out[14..16].copy_from_slice(&half(drive.read_speed()));
    out[18..20].copy_from_slice(&half(speeds.first().copied().unwrap_or(0)));
    out[20..22].copy_from_slice(&half(write));
    out[28..30].copy_from_slice(&half(write));
    out[30..32].copy_from_slice(&half(speeds.len() as u32));
    for speed in speeds {
        out.extend([0, 0]);
        out.extend(half(*speed));
    }
    if quirks.short_capabilities_page || quirks.pre_mmc {
        out.truncate(20);
    }
    out[1] = (out.len() - 2) as u8;
    out
}
