//! Whole sectors of a CD through the drive's queue, its sub-channels, and the texts and codes that it has there. Owns the
//! commands; what sectors hold is for whoever asked.

use crate::cd::read_back::{ReadBack, Unread};
use crate::drive::read::{DriveReader, ReadError};
use crate::drive::thread::{Device, Order, Question, Work};
use crate::error::{LeaseDenied, QueryError};
use bytes::Bytes;
use pitland_burn::{Action, Input, NoAnswer, patience};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{
    C2Selection, Cdb, CdbBytes, ReadCd, ReadSubChannel, ReadTocPmaAtip, SectorType,
    SubChannelFormat, SubchannelSelection, TocFormat,
};
use pitland_mmc::reply::{CdTextPacks, SubChannelCode};
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::subchannel::{Isrc, Mcn};
use pitland_transport::Transport;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Bytes of C2 bits behind a sector.
const C2_BYTES: usize = 294;
/// Bytes of P to W behind a sector.
const SUBCHANNEL_BYTES: usize = 96;
/// Every byte of a sector, whatever it holds.
const WHOLE: ReadCd = ReadCd {
    sector_type: SectorType::Any,
    dap: false,
    lba: Lba(0),
    blocks: 0,
    sync: true,
    headers: 3,
    user_data: true,
    edc_ecc: true,
    c2: C2Selection::None,
    subchannel: SubchannelSelection::None,
};
/// The most sectors of one command: their bytes stay below 64 KiB, C2 bits among them (recipe 2).
const MOST_SECTORS: usize = 24;
/// Room for the texts: eight languages of 256 packs do not go into the length of a reply.
const MOST_TEXT: u16 = u16::MAX;

/// What a drive says that was asked for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeAnswer<T> {
    Code(T),
    /// There is none, or it found none.
    Nothing,
    /// It does not know the question.
    Refused,
}

impl<T> CodeAnswer<T> {
    fn code(self) -> Option<T> {
        match self {
            Self::Code(code) => Some(code),
            Self::Nothing | Self::Refused => None,
        }
    }
}

impl CodeAnswer<String> {
    /// The code, where it is one that counts.
    fn parsed<T: FromStr>(self, counts: impl Fn(&T) -> bool) -> CodeAnswer<T> {
        match self {
            Self::Code(text) => match text.parse().ok().filter(counts) {
                Some(code) => CodeAnswer::Code(code),
                None => CodeAnswer::Nothing,
            },
            Self::Nothing => CodeAnswer::Nothing,
            Self::Refused => CodeAnswer::Refused,
        }
    }
}

impl Device {
    /// Reads whole sectors for the job that is under way.
    fn sectors(&mut self, lba: Lba, out: &mut [u8]) -> Result<(), Unread<NoAnswer>> {
        for (piece, index) in out.chunks_mut(MOST_SECTORS * SECTOR_BYTES).zip(0i32..) {
            let offset = index.saturating_mul(MOST_SECTORS as i32);
            let with = ReadCd {
                lba: Lba(lba.0.saturating_add(offset)),
                blocks: (piece.len() / SECTOR_BYTES) as u32, // at most MOST_SECTORS
                ..WHOLE
            };
            let question = Question {
                cdb: with.emit(),
                length: piece.len(),
                timeout: patience::READ,
            };
            match self.asked(question) {
                Ok(came) if came.len() == piece.len() => piece.copy_from_slice(&came),
                Ok(_) => return Err(Unread::Fault(NoAnswer::Link)),
                Err(ReadError::Sense(sense)) => return Err(Unread::Sense(sense)),
                Err(ReadError::NoAnswer(cause)) => return Err(Unread::Fault(cause)),
                Err(ReadError::Denied(_)) => return Err(Unread::Fault(NoAnswer::NotSent)),
            }
        }
        Ok(())
    }

    /// Compares the sectors of a CD with the checks that were taken as they were sent.
    pub(super) fn compare_sectors(&mut self, work: &mut Work, in_short: bool) -> Action {
        let checks = Arc::clone(&work.checks);
        let Some(sectors) = checks.sectors() else {
            return work.machine.next(self.transport.now(), Input::Unchecked);
        };
        let runs = sectors.on_disc(work.machine.written());
        let control = Arc::clone(&work.control);
        let read = |lba: Lba, out: &mut [u8]| self.sectors(lba, out);
        let compared = ReadBack::new(sectors, read).compare(&runs, in_short, &mut |done, total| {
            work.machine.comparing(done, total);
            work.teller.figures(work.machine.progress(), || None);
            match control.is_cancelled() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if control.is_cancelled() {
            work.machine.cancel();
        }
        let input = match compared {
            Ok(done) => Input::SectorsCompared(Box::new(done.compared)),
            Err(cause) => Input::NoAnswer(cause),
        };
        work.machine.next(self.transport.now(), input)
    }
}

impl DriveReader {
    /// Reads whole sectors of 2352 bytes from `lba` on, blocking: sound as it is, data with sync, header and codes. Sound
    /// comes from where the drive's read offset has it. With `c2` the drive's error bits are asked for, too: the answer is the
    /// number of sectors with any; a drive that has none refuses.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_sectors(&self, lba: Lba, c2: bool, out: &mut [u8]) -> Result<u32, QueryError> {
        let behind = if c2 { C2_BYTES } else { 0 };
        let with = ReadCd {
            c2: match c2 {
                true => C2Selection::Flags,
                false => C2Selection::None,
            },
            ..WHOLE
        };
        let mut flagged = 0;
        let mut sectors = out.chunks_exact_mut(SECTOR_BYTES);
        self.each_sector(lba, sectors.len(), SECTOR_BYTES + behind, with, |whole| {
            let (main, bits) = whole.split_at(SECTOR_BYTES);
            if let Some(sector) = sectors.next() {
                sector.copy_from_slice(main);
            }
            flagged += u32::from(bits.iter().any(|bits| *bits != 0));
        })?;
        Ok(flagged)
    }

    /// Reads the sub-channels P to W of the sectors from `lba` on, blocking: 96 bytes each, with a bit of every channel in
    /// each byte, as they are recorded. With `sectors`, 2352 bytes each, the sectors themselves, too, as
    /// [`read_sectors`](Self::read_sectors).
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer: not every drive gives sub-channels.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_subchannels(
        &self,
        lba: Lba,
        sectors: Option<&mut [u8]>,
        out: &mut [[u8; SUBCHANNEL_BYTES]],
    ) -> Result<(), QueryError> {
        let (main, with) = match &sectors {
            Some(_) => (SECTOR_BYTES, WHOLE),
            None => (0, ReadCd::default()),
        };
        let with = ReadCd {
            subchannel: SubchannelSelection::RawPw,
            ..with
        };
        let mut sectors = sectors.unwrap_or_default().chunks_exact_mut(SECTOR_BYTES);
        let count = out.len();
        let mut channels = out.iter_mut();
        self.each_sector(lba, count, main + SUBCHANNEL_BYTES, with, |whole| {
            let (sector, behind) = whole.split_at(main);
            if let (Some(to), Ok(from)) = (channels.next(), behind.try_into()) {
                *to = from;
            }
            if let Some(to) = sectors.next() {
                to.copy_from_slice(sector);
            }
        })
    }

    /// Reads so many sectors by commands like `with`, each of which brings so many bytes.
    fn each_sector(
        &self,
        lba: Lba,
        count: usize,
        each: usize,
        with: ReadCd,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), QueryError> {
        let mut at = 0;
        while at < count {
            let sectors = MOST_SECTORS.min(count - at);
            let offset = i32::try_from(at).unwrap_or(i32::MAX);
            let cdb = ReadCd {
                lba: Lba(lba.0.saturating_add(offset)),
                blocks: sectors as u32, // at most MOST_SECTORS
                ..with
            };
            let came = self.question(cdb.emit(), sectors * each)?;
            if came.len() < sectors * each {
                return Err(QueryError::NoAnswer(NoAnswer::Link));
            }
            came.chunks_exact(each).take(sectors).for_each(&mut take);
            at += sectors;
        }
        Ok(())
    }

    /// The disc's catalogue number, blocking; `None`: it has none, or the drive found none.
    ///
    /// # Errors
    /// Refused while the drive is at work, or no answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_catalogue(&self) -> Result<Option<Mcn>, QueryError> {
        Ok(self.ask_catalogue()?.code())
    }

    pub(crate) fn ask_catalogue(&self) -> Result<CodeAnswer<Mcn>, QueryError> {
        let answer = self.ask_code(SubChannelFormat::Catalogue, 0)?;
        // Drives tell of a number of zeros where there is none.
        Ok(answer.parsed(|number: &Mcn| !number.is_zero()))
    }

    /// The recording code of a track of sound, blocking; `None`: it has none, or the drive found none.
    ///
    /// # Errors
    /// Refused while the drive is at work, or no answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_isrc(&self, track: u8) -> Result<Option<Isrc>, QueryError> {
        Ok(self.ask_isrc(track)?.code())
    }

    pub(crate) fn ask_isrc(&self, track: u8) -> Result<CodeAnswer<Isrc>, QueryError> {
        let answer = self.ask_code(SubChannelFormat::Isrc, track)?;
        Ok(answer.parsed(|_| true))
    }

    fn ask_code(
        &self,
        format: SubChannelFormat,
        track: u8,
    ) -> Result<CodeAnswer<String>, QueryError> {
        let cdb = ReadSubChannel {
            sub_q: true,
            format,
            track,
            allocation_length: SubChannelCode::LEN as u16,
            ..ReadSubChannel::default()
        };
        match self.question(cdb.emit(), SubChannelCode::LEN) {
            Ok(reply) => Ok(match SubChannelCode::parse(&reply) {
                Ok(SubChannelCode {
                    code: Some(code), ..
                }) => CodeAnswer::Code(code),
                Ok(_) => CodeAnswer::Nothing,
                Err(_) => CodeAnswer::Refused,
            }),
            Err(QueryError::Sense(_)) => Ok(CodeAnswer::Refused),
            Err(error) => Err(error),
        }
    }

    /// The packs of CD-TEXT of 18 bytes each, blocking; none where the disc has no texts, or the drive does not read them.
    ///
    /// # Errors
    /// Refused while the drive is at work, or no answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_cd_text(&self) -> Result<Vec<[u8; 18]>, QueryError> {
        let cdb = ReadTocPmaAtip {
            format: TocFormat::CdText,
            allocation_length: MOST_TEXT,
            ..ReadTocPmaAtip::default()
        };
        match self.question(cdb.emit(), MOST_TEXT.into()) {
            Ok(reply) => {
                Ok(CdTextPacks::parse(&reply).map_or_else(|_| Vec::new(), |text| text.packs))
            }
            Err(QueryError::Sense(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn question(&self, cdb: CdbBytes, length: usize) -> Result<Bytes, QueryError> {
        let (reply, answer) = oneshot::channel();
        let question = Question {
            cdb,
            length,
            timeout: patience::READ,
        };
        self.ask_blocking(Order::Ask(question, reply))?;
        Ok(answer.blocking_recv().map_err(|_| LeaseDenied::Gone)??)
    }
}
