//! R to W of a CD's program as a caller brings them, for graphics and the like (CD+G).
//!
//! Owns their opening and what must hold of them. What they mean is the caller's; must not know drives.

use super::error::{CdError, CdFault};
use crate::pipeline::image_file::ImageFile;
use pitland_redbook::raw::SubchannelForm;
use pitland_redbook::subchannel::Channels;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a sector: one for each of 96 values of six bits.
const SECTOR_VALUES: usize = 96;
/// The bits of P and Q, which are not the caller's.
const NOT_ITS_OWN: u8 = 0xc0;
/// Sectors that are looked at in one go.
const PIECE: u32 = 1024;

/// R to W of every sector from block 0 to the lead-out: 96 bytes a sector, in each of them the channels R to W in the lower
/// six bits and nothing in the upper two. They go onto the disc as they are: for a raw form with the parity and the order
/// that discs have, for a packed one without, as the drive adds both.
#[derive(Debug, Clone)]
pub struct CdSubcode(From);

#[derive(Debug, Clone)]
enum From {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

/// The same, opened and found right.
#[derive(Debug, Clone)]
pub(super) enum OpenSubcode {
    File(Arc<ImageFile>),
    Bytes(Arc<[u8]>),
    /// A file with all eight channels of each sector, one behind the other: that of an image.
    ByChannel(Arc<ImageFile>),
}

impl CdSubcode {
    /// A file of them.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(From::File(path.into()))
    }

    /// These themselves.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(From::Bytes(bytes.into()))
    }

    /// Opens what belongs to so many sectors, and looks at all of it.
    pub(super) fn open(&self, sectors: u32) -> Result<OpenSubcode, CdError> {
        let open = match &self.0 {
            From::File(path) => OpenSubcode::File(Arc::new(ImageFile::plain(path)?)),
            From::Bytes(bytes) => OpenSubcode::Bytes(Arc::clone(bytes)),
        };
        let needed = u64::from(sectors) * SECTOR_VALUES as u64;
        let bytes = match &open {
            OpenSubcode::File(file) | OpenSubcode::ByChannel(file) => file.bytes(),
            OpenSubcode::Bytes(bytes) => bytes.len() as u64,
        };
        if bytes != needed {
            return Err(CdFault::SubcodeLength { bytes, needed }.into());
        }
        let mut values = vec![0; PIECE as usize * SECTOR_VALUES];
        for first in (0..sectors).step_by(PIECE as usize) {
            let count = PIECE.min(sectors - first) as usize;
            let values = values.get_mut(..count * SECTOR_VALUES).unwrap_or_default();
            open.read(first, values)
                .map_err(|error| CdError::of_subcode(&open, error))?;
            let mut wrong = (first..).zip(values.chunks_exact(SECTOR_VALUES));
            let wrong = wrong.find(|(_, values)| values.iter().any(|v| v & NOT_ITS_OWN != 0));
            if let Some((sector, _)) = wrong {
                return Err(CdFault::SubcodeBits { sector }.into());
            }
        }
        Ok(open)
    }
}

impl OpenSubcode {
    /// The file that they are read from.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(file) | Self::ByChannel(file) => Some(&file.path),
            Self::Bytes(_) => None,
        }
    }

    /// Whether they are what stands in blocks of this form. Those of an image are as they were recorded, to which no drive
    /// may add anything.
    pub(super) fn has_place_in(&self, form: SubchannelForm) -> bool {
        match self {
            Self::ByChannel(_) => form == SubchannelForm::Raw96,
            Self::File(_) | Self::Bytes(_) => form != SubchannelForm::Pq16,
        }
    }

    /// Fills `out` with the values from a sector on.
    pub(super) fn read(&self, sector: u32, out: &mut [u8]) -> io::Result<()> {
        let position = u64::from(sector) * SECTOR_VALUES as u64;
        match self {
            Self::File(file) => file
                .read(position, out, file.bytes())
                .map_err(io::Error::other),
            Self::ByChannel(file) => {
                file.read(position, out, file.bytes())
                    .map_err(io::Error::other)?;
                for sector in out.as_chunks_mut::<SECTOR_VALUES>().0 {
                    *sector = Channels::from_by_channel(sector).symbols();
                }
                Ok(())
            }
            Self::Bytes(bytes) => {
                let from = usize::try_from(position).unwrap_or(usize::MAX);
                let there = bytes.get(from..from.saturating_add(out.len()));
                out.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

impl CdError {
    fn of_subcode(open: &OpenSubcode, error: io::Error) -> Self {
        let path = open.path().map(Path::to_owned).unwrap_or_default();
        CdFault::Io { path, error }.into()
    }
}
