//! The questions of an identification, as commands (recipe 2).
//!
//! Owns what is asked in each, and how much. Must not know their order, nor what the answers mean.

use pitland_mmc::cdb::{
    Cdb, CdbBytes, GetConfiguration, GetPerformance, ModeSense10, PageControl, PerformanceType,
    ReadDiscStructure, ReadTocPmaAtip, ReadTrackInformation, RequestedFeatures, StructureMedium,
    TocFormat, TrackAddressType,
};
use pitland_mmc::mode_page::{DataBlockType, WriteParameters, WriteType};
use pitland_mmc::reply::{WriteInhibitBlock, dvd_format};
use pitland_mmc::{Lba, MediumFamily, Profile};
use pitland_writer::{cd, moves};

const WRITE_INHIBIT: u8 = dvd_format::DISC_CONTROL_BLOCK;

/// A disc structure worth asking for.
pub(super) struct Structure {
    pub(super) family: MediumFamily,
    format: u8,
    /// Which of several blocks of that format.
    address: u32,
    pub(super) length: u16,
    pub(super) wanted: fn(Profile) -> bool,
}

impl Structure {
    /// Whether drives answer it only if a feature says so.
    pub(super) fn is_write_inhibit(&self) -> bool {
        self.family == MediumFamily::Dvd && self.format == WRITE_INHIBIT
    }

    pub(super) fn cdb(&self) -> CdbBytes {
        let medium = match self.family {
            MediumFamily::Bd => StructureMedium::Bd,
            _ => StructureMedium::Dvd,
        };
        ReadDiscStructure {
            medium,
            format: self.format,
            address: self.address,
            allocation_length: self.length,
            ..Default::default()
        }
        .emit()
    }
}

/// Structures worth asking for (recipe 2.4). Never on CD: some drives hang.
pub(super) const STRUCTURES: &[Structure] = &[
    Structure {
        family: MediumFamily::Dvd,
        format: 0x00,
        address: 0,
        length: 2052,
        wanted: |_| true,
    },
    // Where the first layer ends.
    Structure {
        family: MediumFamily::Dvd,
        format: 0x10,
        address: 0,
        length: 2052,
        wanted: |p| p == Profile::DvdMinusRDlSequential,
    },
    Structure {
        family: MediumFamily::Dvd,
        format: 0x20,
        address: 0,
        length: 12,
        wanted: |p| p == Profile::DvdPlusRDl,
    },
    Structure {
        family: MediumFamily::Dvd,
        format: 0x0A,
        address: 0,
        length: 16,
        wanted: |p| p == Profile::DvdRam,
    },
    Structure {
        family: MediumFamily::Dvd,
        format: 0xC0,
        address: 0,
        length: 8,
        wanted: |p| p == Profile::DvdRam,
    },
    // Where the drive says that it reads such a block.
    Structure {
        family: MediumFamily::Dvd,
        format: WRITE_INHIBIT,
        address: WriteInhibitBlock::DESCRIPTOR,
        length: 4 + WriteInhibitBlock::LEN as u16,
        wanted: |p| p == Profile::DvdPlusRw || p == Profile::DvdPlusRwDl,
    },
    Structure {
        family: MediumFamily::Bd,
        format: 0x00,
        address: 0,
        length: 4100,
        wanted: |_| true,
    },
    Structure {
        family: MediumFamily::Bd,
        format: 0x0A,
        address: 0,
        length: 16,
        wanted: |_| true,
    },
];

/// Where the volumes of ISO 9660 and UDF start.
pub(super) const START_BLOCKS: &[Lba] = &[Lba(0), Lba(16), Lba(17), Lba(256)];

/// Write speeds asked for at most.
pub(super) const SPEED_DESCRIPTORS: u16 = 32;

pub(super) fn configuration(length: u16) -> CdbBytes {
    GetConfiguration {
        requested: RequestedFeatures::All,
        starting_feature: 0,
        allocation_length: length,
    }
    .emit()
}

pub(super) fn track(number: u32) -> CdbBytes {
    ReadTrackInformation {
        open: false,
        address_type: TrackAddressType::Track,
        address: number,
        allocation_length: 48,
    }
    .emit()
}

pub(super) fn mode_page(page_code: u8, length: u16) -> CdbBytes {
    ModeSense10 {
        disable_block_descriptors: true,
        page_control: PageControl::Current,
        page_code,
        subpage_code: 0,
        allocation_length: length,
    }
    .emit()
}

/// The page of the drive, or one of its own making, as a CD is written track by track: on CD a drive
/// tells the next writable address for the write type that is set, and some tell none before (recipe
/// 2.2). What concerns packets goes with them; all else stays as it was.
pub(super) fn track_at_once(page: Option<&WriteParameters>) -> (CdbBytes, Vec<u8>) {
    let page = WriteParameters {
        write_type: WriteType::TrackAtOnce,
        track_mode: cd::TRACK_MODE_DATA,
        data_block_type: DataBlockType::Mode1,
        fixed_packet: false,
        packet_size: 0,
        link_size: None,
        ..page.cloned().unwrap_or_default()
    };
    let command = moves::set_write_parameters(&page);
    (command.cdb, command.parameters)
}

/// The full TOC has times in any case, and says so only to who asks for times.
pub(super) fn toc(format: TocFormat, length: u16) -> CdbBytes {
    ReadTocPmaAtip {
        msf: format == TocFormat::FullToc,
        format,
        number: u8::from(matches!(format, TocFormat::Toc | TocFormat::FullToc)),
        allocation_length: length,
    }
    .emit()
}

pub(super) fn write_speeds() -> CdbBytes {
    GetPerformance {
        tolerance: 0,
        write: false,
        except: 0,
        start: Lba(0),
        max_descriptors: SPEED_DESCRIPTORS,
        kind: PerformanceType::WriteSpeed,
    }
    .emit()
}
