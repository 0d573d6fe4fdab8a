//! What the descriptors of an ISO 9660 volume say: which names it has, and where each tree begins.
//!
//! Must not read folders: that is `directory`.

use super::{Location, Names, ReadError};
use crate::block::{BLOCK_SIZE, BlockSource, Extent};
use crate::el_torito;
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::iso9660::descriptor::{self, DescriptorKind, VolumeDescriptor, VolumeKind};
use crate::iso9660::directory_record::{DirectoryRecord, RecordBytes};
use crate::joliet;
use crate::susp;

/// Most volume descriptors that are looked at.
const MOST_DESCRIPTORS: u32 = 64;

/// A descriptor, and the block that it stands in.
#[derive(Clone, Debug)]
struct Found {
    lba: u32,
    value: VolumeDescriptor,
}

/// The descriptors of a volume, looked through once.
#[derive(Debug)]
pub(super) struct IsoVolume {
    primary: Found,
    joliet: Option<Found>,
    enhanced: Option<Found>,
    /// Bytes to skip in each system use field, when Rock Ridge is there.
    rock_ridge: Option<u8>,
    boot_catalogue: Option<u32>,
}

impl IsoVolume {
    /// Looks through the descriptors of the session that begins at `session_first_lba`.
    pub(super) fn open(
        source: &mut impl BlockSource,
        session_first_lba: u32,
    ) -> Result<Self, ReadError> {
        let mut primary = None;
        let mut joliet = None;
        let mut enhanced = None;
        let mut boot_catalogue = None;
        let mut block = [0; BLOCK_SIZE];
        for number in 0..MOST_DESCRIPTORS {
            let lba = session_first_lba
                .checked_add(FIRST_DESCRIPTOR + number)
                .ok_or(ReadError::NoVolume {
                    lba: session_first_lba,
                })?;
            source
                .read_blocks(lba, &mut block)
                .map_err(|source| ReadError::Source { lba, source })?;
            let parse = |block: &[u8]| {
                VolumeDescriptor::parse(block)
                    .map(|value| Found { lba, value })
                    .map_err(|source| ReadError::Descriptor { lba, source })
            };
            match descriptor::kind(&block) {
                None if number == 0 => return Err(ReadError::NoVolume { lba }),
                None => return Err(ReadError::DescriptorSetBroken { lba }),
                Some(DescriptorKind::Terminator) => break,
                Some(DescriptorKind::Primary) if primary.is_none() => {
                    primary = Some(parse(&block)?);
                }
                Some(DescriptorKind::Supplementary) => {
                    let found = parse(&block)?;
                    match found.value.kind {
                        VolumeKind::Enhanced if enhanced.is_none() => enhanced = Some(found),
                        VolumeKind::Supplementary(escapes)
                            if joliet.is_none() && joliet::is_joliet(&escapes) =>
                        {
                            joliet = Some(found);
                        }
                        _ => {}
                    }
                }
                Some(DescriptorKind::Boot) if boot_catalogue.is_none() => {
                    boot_catalogue = el_torito::catalogue_of(&block);
                }
                Some(_) => {}
            }
        }
        let mut this = Self {
            primary: primary.ok_or(ReadError::NoVolume {
                lba: session_first_lba.saturating_add(FIRST_DESCRIPTOR),
            })?,
            joliet,
            enhanced,
            rock_ridge: None,
            boot_catalogue,
        };
        this.rock_ridge = find_rock_ridge(source, &this.primary)?;
        Ok(this)
    }

    /// The names that the volume has, the best first.
    pub(super) fn offered_names(&self) -> Vec<Names> {
        let rock_ridge = self.rock_ridge.map(|_| Names::RockRidge);
        let joliet = self.joliet.as_ref().map(|_| Names::Joliet);
        let enhanced = self.enhanced.as_ref().map(|_| Names::Enhanced);
        rock_ridge
            .into_iter()
            .chain(joliet)
            .chain(enhanced)
            .chain([Names::Plain])
            .collect()
    }

    /// The descriptor whose tree has these names.
    fn found(&self, names: Names) -> &Found {
        let found = match names {
            Names::Joliet => self.joliet.as_ref(),
            Names::Enhanced => self.enhanced.as_ref(),
            Names::RockRidge | Names::Plain | Names::Udf => None,
        };
        found.unwrap_or(&self.primary)
    }

    /// The descriptor whose tree has these names.
    pub(super) fn descriptor(&self, names: Names) -> &VolumeDescriptor {
        &self.found(names).value
    }

    /// Where the records of the root are, among these names.
    pub(super) fn root(&self, names: Names) -> Result<Extent, ReadError> {
        root_of(self.found(names))
    }

    /// Bytes to skip in each system use field, when Rock Ridge is there.
    pub(super) fn rock_ridge(&self) -> Option<u8> {
        self.rock_ridge
    }

    /// The block of the boot catalogue.
    pub(super) fn boot_catalogue(&self) -> Option<u32> {
        self.boot_catalogue
    }
}

/// Looks into the root's record of itself for `SP` and `PX`.
fn find_rock_ridge(
    source: &mut impl BlockSource,
    primary: &Found,
) -> Result<Option<u8>, ReadError> {
    let lba = root_of(primary)?.first_lba;
    let mut block = [0; BLOCK_SIZE];
    source
        .read_blocks(lba, &mut block)
        .map_err(|source| ReadError::Source { lba, source })?;
    let location = Location { lba, offset: 0 };
    let record = RecordBytes::new_checked(&block)
        .map_err(|source| ReadError::Record { location, source })?;
    let Some(record) = record else {
        return Ok(None);
    };
    let mut skip = None;
    for entry in susp::Entries::new(record.system_use()).map_while(Result::ok) {
        match (&entry.signature, entry.data) {
            (b"SP", [0xbe, 0xef, bytes, ..]) => skip = Some(*bytes),
            (b"PX", _) if skip.is_some() => return Ok(skip),
            _ => {}
        }
    }
    Ok(None)
}

fn root_of(descriptor: &Found) -> Result<Extent, ReadError> {
    let location = Location {
        lba: descriptor.lba,
        offset: 156,
    };
    let record = RecordBytes::new_checked(&descriptor.value.root)
        .and_then(|record| {
            record
                .map(|record| DirectoryRecord::parse(&record))
                .transpose()
        })
        .map_err(|source| ReadError::Record { location, source })?
        .ok_or(ReadError::NoRoot { location })?;
    Ok(Extent {
        first_lba: record.lba,
        blocks: record.bytes.div_ceil(BLOCK_SIZE as u32),
        bytes: record.bytes,
    })
}
