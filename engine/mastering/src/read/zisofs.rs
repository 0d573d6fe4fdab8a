//! The bytes of a file that stands compressed in the volume, as they were.
//!
//! The file is somebody's: its table of places is believed only as far as it lies in the file, and no block becomes
//! longer than it says. Must not know folders.

use super::{Entry, ReadError, Volume};
use crate::block::BlockSource;
use crate::iso9660::read_u32_le;
use crate::zisofs::{HEADER_BYTES, Zisofs};

/// A block that zlib makes longer grows by less than this.
const MOST_GROWTH: u64 = 4096;

impl<R: BlockSource> Volume<R> {
    /// As [`Volume::read_file`], of a file that is compressed.
    pub(super) fn read_compressed(
        &mut self,
        file: &Entry,
        zisofs: Zisofs,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, ReadError> {
        let fault = |what| ReadError::Compressed {
            location: file.location,
            what,
        };
        let mut header = [0; HEADER_BYTES];
        let read = self.read_stored(file, 0, &mut header)?;
        if read < header.len() || Zisofs::parse_header(&header) != Some(zisofs) {
            return Err(fault("the header of the file differs from its ZF entry"));
        }
        let stored: u64 = file.extents.iter().map(|e| u64::from(e.bytes)).sum();
        if zisofs.data_start() > stored {
            return Err(fault("the file is too short for the places of its blocks"));
        }
        let block_bytes = zisofs.block_bytes() as u64;
        let mut packed = Vec::new();
        let mut plain = Vec::new();
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(filled as u64);
            let Some(left) = u64::from(zisofs.size)
                .checked_sub(at)
                .filter(|left| *left > 0)
            else {
                break;
            };
            let number = at / block_bytes;
            let within = (at % block_bytes) as usize;
            let length = (u64::from(zisofs.size) - number * block_bytes).min(block_bytes) as usize;
            let mut places = [0; 8];
            let table = u64::from(zisofs.header_bytes) + number * 4;
            self.read_stored(file, table, &mut places)?;
            let [first, second] = [0, 4].map(|half| {
                let place = places.get(half..).unwrap_or_default();
                u64::from(read_u32_le(place))
            });
            let bytes = second.checked_sub(first).filter(|_| second <= stored);
            let bytes = bytes.filter(|_| first >= zisofs.data_start());
            let Some(bytes) = bytes.filter(|bytes| *bytes <= block_bytes + MOST_GROWTH) else {
                return Err(fault("a block lies outside of the file"));
            };
            plain.clear();
            plain.resize(length, 0);
            if bytes > 0 {
                packed.clear();
                packed.resize(bytes as usize, 0);
                self.read_stored(file, first, &mut packed)?;
                inflate(&packed, &mut plain).ok_or(fault("a block is damaged"))?;
            }
            let from = plain.get(within..).unwrap_or_default();
            let take = from.len().min(rest.len()).min(left as usize);
            for (to, from) in rest.iter_mut().zip(from).take(take) {
                *to = *from;
            }
            filled += take;
        }
        Ok(filled)
    }
}

/// Fills `plain`, all of it and no more.
fn inflate(packed: &[u8], plain: &mut [u8]) -> Option<()> {
    let length = plain.len();
    let made = miniz_oxide::inflate::decompress_slice_iter_to_slice(
        plain,
        std::iter::once(packed),
        true,
        false,
    );
    (made.ok()? == length).then_some(())
}
