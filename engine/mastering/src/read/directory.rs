//! The records of a folder become entries: sections joined, continuation areas followed, names judged.
//!
//! Must not walk: one folder at a time.

use super::{Entry, Location, Names, ReadError, ReadLimits};
use crate::aaip;
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource, Extent};
use crate::iso9660::directory_record::{
    DirectoryRecord, FLAG_ASSOCIATED, FLAG_DIRECTORY, FLAG_HIDDEN, FLAG_MULTI_EXTENT,
    PARENT_IDENTIFIER, RecordBytes, SELF_IDENTIFIER,
};
use crate::joliet;
use crate::rock_ridge::{AttributeError, Attributes};
use crate::susp::{Continuation, Entries};
use crate::tree::NodeKind;

/// Most continuation areas of one record. A link's target of 4095 bytes takes four.
const MOST_AREAS: usize = 32;

/// Blocks of a folder that are read at a time.
const PIECE: u32 = 32;

/// The name that a reader shows for an identifier.
pub(crate) fn shown_name(names: Names, identifier: &[u8]) -> Vec<u8> {
    match names {
        Names::Enhanced => identifier.to_vec(),
        Names::Joliet => {
            let text = joliet::to_utf8(identifier);
            text.strip_suffix(";1").unwrap_or(&text).as_bytes().to_vec()
        }
        _ => {
            let version = identifier
                .iter()
                .rposition(|b| *b == b';')
                .unwrap_or(identifier.len());
            let name = identifier.get(..version).unwrap_or(identifier);
            name.strip_suffix(b".").unwrap_or(name).to_vec()
        }
    }
}

/// Reads folders of one tree of a volume.
pub(super) struct Folders<'a, R> {
    pub(super) source: &'a mut R,
    /// Bytes to skip in each system use field, when Rock Ridge is there.
    pub(super) rock_ridge: Option<u8>,
    pub(super) names: Names,
    pub(super) limits: ReadLimits,
}

impl<R: BlockSource> Folders<'_, R> {
    /// The entry of the folder in `extent` by its record of itself: the root's, or that of a moved folder.
    pub(super) fn own_entry(&mut self, extent: Extent) -> Result<Entry, ReadError> {
        let mut block = [0; BLOCK_SIZE];
        let lba = extent.first_lba;
        self.source
            .read_blocks(lba, &mut block)
            .map_err(|source| ReadError::Source { lba, source })?;
        let location = Location { lba, offset: 0 };
        let (record, _) = record_at(&block, location)?.ok_or(ReadError::NoRoot { location })?;
        if record.identifier != SELF_IDENTIFIER || record.flags & FLAG_DIRECTORY == 0 {
            return Err(ReadError::NoRoot { location });
        }
        let attributes = self.attributes(&record, location)?;
        let mut entry = entry(&record, &attributes, location);
        // Both records name one extent; one of them is damaged otherwise.
        if record.lba != extent.first_lba || (extent.bytes != 0 && record.bytes != extent.bytes) {
            return Err(ReadError::NoRoot { location });
        }
        entry.kind = NodeKind::Directory;
        Ok(entry)
    }

    /// The entries of a folder.
    pub(super) fn read(&mut self, folder: &Entry) -> Result<Vec<Entry>, ReadError> {
        let location = folder.location;
        if folder.size > self.limits.directory_bytes {
            return Err(ReadError::DirectoryTooLarge {
                location,
                bytes: folder.size,
            });
        }
        let mut entries: Vec<Entry> = Vec::new();
        let first = folder.extents.first().map_or(0, |extent| extent.first_lba);
        // The identifier of a file whose next section must follow.
        let mut unfinished: Option<Vec<u8>> = None;
        let mut buffer = vec![0; PIECE as usize * BLOCK_SIZE];
        for extent in &folder.extents {
            let mut done = 0;
            let blocks = extent.bytes.div_ceil(BLOCK_SIZE as u32);
            while done < blocks {
                let count = PIECE.min(blocks - done);
                let lba = extent
                    .first_lba
                    .checked_add(done)
                    .ok_or(ReadError::OutOfRange { location })?;
                let piece = buffer
                    .get_mut(..count as usize * BLOCK_SIZE)
                    .unwrap_or_default();
                self.source
                    .read_blocks(lba, piece)
                    .map_err(|source| ReadError::Source { lba, source })?;
                for number in 0..count {
                    let at = number as usize * BLOCK_SIZE;
                    let block: Vec<u8> =
                        buffer.get(at..at + BLOCK_SIZE).unwrap_or_default().to_vec();
                    let lba = lba
                        .checked_add(number)
                        .ok_or(ReadError::OutOfRange { location })?;
                    self.read_records(&block, lba, first, &mut entries, &mut unfinished)?;
                }
                done += count;
            }
        }
        match unfinished {
            Some(_) => Err(ReadError::SectionMissing {
                location: entries.last().map_or(location, |e| e.location),
            }),
            None => Ok(entries),
        }
    }

    fn read_records(
        &mut self,
        block: &[u8],
        lba: u32,
        folder: u32,
        entries: &mut Vec<Entry>,
        unfinished: &mut Option<Vec<u8>>,
    ) -> Result<(), ReadError> {
        let mut offset = 0;
        while let Some(rest) = block.get(offset..) {
            let location = Location {
                lba,
                offset: offset as u32,
            };
            let Some((record, length)) = record_at(rest, location)? else {
                break;
            };
            offset += length;
            if record.identifier == SELF_IDENTIFIER && record.lba != folder {
                return Err(ReadError::OwnRecord {
                    location,
                    lba: record.lba,
                });
            }
            // What belongs to a file beside its bytes is no file of its own, and has the same name.
            let associated = record.flags & FLAG_ASSOCIATED != 0;
            if associated || matches!(record.identifier, SELF_IDENTIFIER | PARENT_IDENTIFIER) {
                continue;
            }
            let more = record.flags & FLAG_MULTI_EXTENT != 0;
            if let Some(identifier) = unfinished.take() {
                let Some(file) = entries
                    .last_mut()
                    .filter(|_| record.identifier == identifier)
                else {
                    return Err(ReadError::SectionMissing { location });
                };
                // Of a compressed file the size is told already, and of one with holes all.
                let has_holes = file.extents.is_empty();
                if file.zisofs.is_none() && !has_holes {
                    file.size += u64::from(record.bytes);
                }
                if !has_holes {
                    file.extents.push(extent_of(&record));
                }
                *unfinished = more.then_some(identifier);
                continue;
            }
            *unfinished = more.then(|| record.identifier.to_vec());
            let attributes = self.attributes(&record, location)?;
            if attributes.relocated {
                continue;
            }
            let mut entry = match attributes
                .child_link
                .filter(|_| self.names == Names::RockRidge)
            {
                Some(moved) => {
                    let block = Extent {
                        first_lba: moved,
                        blocks: 1,
                        bytes: 0,
                    };
                    Entry {
                        location,
                        ..self.own_entry(block)?
                    }
                }
                None => entry(&record, &attributes, location),
            };
            entry.name = match attributes.name {
                Some(name) => name,
                None => shown_name(self.names, record.identifier),
            };
            let name = entry.name.as_slice();
            if matches!(name, b"" | b"." | b"..") || name.iter().any(|b| matches!(b, b'/' | 0)) {
                return Err(ReadError::IllegalName { location });
            }
            entries.push(entry);
        }
        Ok(())
    }

    /// Collects the Rock Ridge entries of a record, and of the areas that it continues in.
    fn attributes(
        &mut self,
        record: &DirectoryRecord<'_>,
        location: Location,
    ) -> Result<Attributes, ReadError> {
        let mut attributes = Attributes::default();
        let Some(skip) = self.rock_ridge.filter(|_| self.names == Names::RockRidge) else {
            return Ok(attributes);
        };
        // The first record of the root has `SP`, which says what to skip elsewhere, and skips nothing itself.
        let skip = if record.system_use.starts_with(b"SP") {
            0
        } else {
            usize::from(skip)
        };
        let mut next = take_area(
            &mut attributes,
            record.system_use.get(skip..).unwrap_or_default(),
            location,
        )?;
        for _ in 0..MOST_AREAS {
            let Some(area) = next else {
                return Ok(attributes);
            };
            let lba = area.lba;
            let mut block = [0; BLOCK_SIZE];
            let bytes = usize::try_from(area.offset)
                .ok()
                .zip(usize::try_from(area.length).ok())
                .and_then(|(from, length)| Some(from..from.checked_add(length)?))
                .filter(|range| range.end <= BLOCK_SIZE);
            let Some(bytes) = bytes else {
                return Err(ReadError::Continuation {
                    location,
                    lba,
                    what: "reaches beyond its block",
                });
            };
            self.source
                .read_blocks(lba, &mut block)
                .map_err(|source| ReadError::Source { lba, source })?;
            next = take_area(
                &mut attributes,
                block.get(bytes).unwrap_or_default(),
                location,
            )?;
        }
        match next {
            Some(area) => Err(ReadError::Continuation {
                location,
                lba: area.lba,
                what: "is one of too many, or of a loop",
            }),
            None => Ok(attributes),
        }
    }
}

fn take_area(
    attributes: &mut Attributes,
    area: &[u8],
    location: Location,
) -> Result<Option<Continuation>, ReadError> {
    let mut next = None;
    for entry in Entries::new(area) {
        let entry = entry.map_err(|source| ReadError::SystemUse { location, source })?;
        let attribute = |source| ReadError::Attribute { location, source };
        if &entry.signature == b"CE" {
            let area = Continuation::parse(entry.data).map_err(|halves| {
                attribute(AttributeError::Halves {
                    entry: "CE",
                    halves,
                })
            })?;
            next = Some(area);
        } else {
            attributes.take(&entry).map_err(attribute)?;
        }
    }
    Ok(next)
}

fn record_at(
    bytes: &[u8],
    location: Location,
) -> Result<Option<(DirectoryRecord<'_>, usize)>, ReadError> {
    let wrap = |source| ReadError::Record { location, source };
    let Some(view) = RecordBytes::new_checked(bytes).map_err(wrap)? else {
        return Ok(None);
    };
    Ok(Some((
        DirectoryRecord::parse(&view).map_err(wrap)?,
        view.length(),
    )))
}

fn extent_of(record: &DirectoryRecord<'_>) -> Extent {
    Extent {
        first_lba: record.lba,
        blocks: u64::from(record.bytes).div_ceil(BLOCK_BYTES) as u32,
        bytes: record.bytes,
    }
}

/// The entry of a record, without a name.
fn entry(record: &DirectoryRecord<'_>, attributes: &Attributes, location: Location) -> Entry {
    let flag_says = if record.flags & FLAG_DIRECTORY != 0 {
        NodeKind::Directory
    } else {
        NodeKind::File
    };
    // Only the flag says where a folder's records are, whatever the mode may claim.
    let kind = match attributes
        .posix
        .map(|posix| NodeKind::from_mode(posix.mode))
    {
        Some(kind) if flag_says == NodeKind::File && kind != NodeKind::Directory => kind,
        _ => flag_says,
    };
    let has_bytes = matches!(kind, NodeKind::Directory | NodeKind::File);
    let zisofs = attributes.zisofs.filter(|_| kind == NodeKind::File);
    let sparse = attributes.sparse.filter(|_| kind == NodeKind::File);
    Entry {
        name: Vec::new(),
        kind,
        size: match (sparse, zisofs) {
            (Some(size), _) => size,
            (None, Some(zisofs)) => u64::from(zisofs.size),
            (None, None) if has_bytes => u64::from(record.bytes),
            (None, None) => 0,
        },
        zisofs: zisofs.filter(|_| sparse.is_none()),
        attributes: aaip::attributes(&aaip::parse(&attributes.attribute_list)),
        // What stands there of a file with holes are not its bytes.
        extents: if has_bytes && sparse.is_none() {
            vec![extent_of(record)]
        } else {
            Vec::new()
        },
        posix: attributes.posix,
        target: attributes
            .target
            .clone()
            .filter(|_| kind == NodeKind::Symlink),
        device: attributes.device,
        hidden: record.flags & FLAG_HIDDEN != 0,
        inline: None,
        created: None,
        udf: None,
        modified: attributes.modified.or_else(|| record.stamp.time()),
        accessed: attributes.accessed,
        changed: attributes.changed,
        location,
    }
}
