//! Data tracks out of image files: user bytes, sectors without a header, or whole ones.
//!
//! Owns what a stored sector's user bytes are and what it becomes on the disc. A whole sector that is damaged is mended by its
//! own parity, or refused. Must not know where a track lies.

use super::error::CdFault;
use crate::pipeline::image_file::ImageFile;
use pitland_redbook::cue::CueTrackKind;
use pitland_redbook::sector::{SectorForm, Subheader};
use pitland_redbook::{SECTOR_BYTES, SectorCodec};
use std::io;
use std::sync::Arc;

/// Bytes of sync and header, which shorter stored sectors are without.
const HEADER_BYTES: usize = 16;
/// Bytes of both copies of a subheader.
const SUBHEADER_BYTES: usize = 8;

/// Sectors of one track in a file.
#[derive(Debug, Clone)]
pub(super) struct Sectors {
    pub(super) file: Arc<ImageFile>,
    pub(super) first_byte: u64,
    pub(super) kind: CueTrackKind,
}

/// The sector that was read last: its form is asked for before its bytes.
#[derive(Debug)]
pub(super) struct SectorReader {
    codec: SectorCodec,
    read: Option<(usize, u64, u64)>,
    form: SectorForm,
    sector: [u8; SECTOR_BYTES],
}

impl Default for SectorReader {
    fn default() -> Self {
        Self {
            codec: SectorCodec::new(),
            read: None,
            form: SectorForm::Mode1,
            sector: [0; SECTOR_BYTES],
        }
    }
}

impl SectorReader {
    /// What a sector is on the disc.
    pub(super) fn form(&mut self, of: &Sectors, number: u64) -> io::Result<SectorForm> {
        self.load(of, number)?;
        Ok(self.form)
    }

    /// The user bytes of a sector.
    pub(super) fn read(&mut self, of: &Sectors, number: u64, out: &mut [u8]) -> io::Result<()> {
        self.load(of, number)?;
        let from = match self.form {
            SectorForm::Mode2Form1(_) | SectorForm::Mode2Form2(_) => HEADER_BYTES + SUBHEADER_BYTES,
            _ => HEADER_BYTES,
        };
        let user = self.sector.get(from..from + out.len());
        let user = user.ok_or(io::ErrorKind::InvalidInput)?;
        out.copy_from_slice(user);
        Ok(())
    }

    /// Puts the stored sector where its bytes are in a whole one.
    fn load(&mut self, of: &Sectors, number: u64) -> io::Result<()> {
        let bytes = of.kind.sector_bytes();
        let position = of
            .first_byte
            .saturating_add(number.saturating_mul(bytes as u64));
        let which = (Arc::as_ptr(&of.file) as usize, of.first_byte, number);
        if self.read == Some(which) {
            return Ok(());
        }
        self.read = None;
        let at = match of.kind {
            CueTrackKind::Cooked(SectorForm::Mode2Form1(_)) => HEADER_BYTES + SUBHEADER_BYTES,
            CueTrackKind::Cooked(_) | CueTrackKind::Mode2 => HEADER_BYTES,
            _ => 0,
        };
        let place = self.sector.get_mut(at..at + bytes);
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        of.file
            .read(position, place, of.file.bytes())
            .map_err(io::Error::other)?;
        self.form = match of.kind {
            CueTrackKind::Raw(mode) => self.whole(of, number, mode).map_err(io::Error::other)?,
            CueTrackKind::Mode2 => self.mode_2_form(),
            other => other.form(),
        };
        self.read = Some(which);
        Ok(())
    }

    /// Judges and mends a whole sector.
    fn whole(&mut self, of: &Sectors, number: u64, mode: u8) -> Result<SectorForm, CdFault> {
        let path = || of.file.path.clone();
        if self.codec.judge(&self.sector).is_some() {
            self.codec
                .correct(&mut self.sector)
                .map_err(|fault| CdFault::Sector {
                    path: path(),
                    sector: number,
                    fault: fault.0,
                })?;
        }
        let [.., found] = self
            .sector
            .first_chunk::<HEADER_BYTES>()
            .copied()
            .unwrap_or_default();
        match (mode, found) {
            (1, 1) => Ok(SectorForm::Mode1),
            (2, 2) => Ok(self.mode_2_form()),
            (_, 0) => Ok(SectorForm::Mode0),
            (_, found) => Err(CdFault::OtherMode {
                path: path(),
                sector: number,
                found,
            }),
        }
    }

    /// Form 1 or 2 as the subheader says, where there is one.
    fn mode_2_form(&self) -> SectorForm {
        let subheader = self
            .sector
            .get(HEADER_BYTES..)
            .and_then(|bytes| bytes.first_chunk::<8>());
        match subheader {
            Some([file, channel, submode, coding, again @ ..])
                if again == &[*file, *channel, *submode, *coding] =>
            {
                let subheader = Subheader {
                    file: *file,
                    channel: *channel,
                    submode: *submode,
                    coding: *coding,
                };
                match submode & Subheader::FORM_2 {
                    0 => SectorForm::Mode2Form1(subheader),
                    _ => SectorForm::Mode2Form2(subheader),
                }
            }
            _ => SectorForm::Mode2,
        }
    }
}
