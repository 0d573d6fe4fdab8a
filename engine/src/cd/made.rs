//! A CD that somebody else has made raw: every block of lead-in, program and lead-out with its sub-channels, in a file.
//!
//! Owns what is learnt of it from its lead-in and its pauses, and where a disc's lead-in begins in it. What is in the blocks
//! is burned as it is. Must not know drives.

use super::error::{CdError, CdFault};
use super::image::CdImage;
use crate::pipeline::image_file::ImageFile;
use pitland_mmc::{Lba, Msf};
use pitland_redbook::disc::{Limits, Session, Track};
use pitland_redbook::raw::SubchannelForm;
use pitland_redbook::sector::{SectorForm, Subheader};
use pitland_redbook::subchannel::{Channels, Control, LeadInPoint, Q, QMessage, SubchannelTrack};
use pitland_redbook::{SECTOR_BYTES, SectorCodec};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Blocks from 95:00:00 to the first pregap: those of the longest lead-in.
pub(super) const LONGEST_LEAD_IN: u32 = 22_500;
/// Where the first pregap begins, and the lead-in ends.
const PROGRAM_START: i32 = -150;
/// Blocks of a lead-in among which every entry of its table stands: 102 of them at most, each three times, and some that
/// cannot be read.
const CONTENTS_BLOCKS: i32 = 1000;
/// Frames of Q in a row that say nothing of a position and may lie within a pause.
const WITHOUT_POSITION: u32 = 3;
/// Where a sector's mode stands, and where its subheader.
const MODE_AT: usize = 15;
const SUBHEADER_AT: usize = 16;

/// The blocks, in their file.
#[derive(Debug, Clone)]
pub(super) struct Made {
    file: Arc<ImageFile>,
    pub(super) form: SubchannelForm,
    /// The first block's address.
    pub(super) first: Lba,
    pub(super) blocks: u32,
}

impl CdImage {
    /// A CD out of a file with all its blocks as raw disc-at-once takes them: 2352 bytes of each, those of data scrambled, and
    /// the sub-channels in `form` behind them. The file begins `lead_in` blocks before the first pregap; without a number at
    /// 95:00:00, 22500 blocks before it. It is burned in [`CdMode::Raw`](super::CdMode::Raw) of the same form from where
    /// the disc's lead-in begins; what tracks there are, its lead-in says.
    ///
    /// # Errors
    /// [`CdError`]: a file that cannot be read or is not whole blocks, that has no table of contents or ends before the
    /// lead-out, tracks that no disc has.
    pub fn from_raw_blocks(
        path: &Path,
        form: SubchannelForm,
        lead_in: Option<u32>,
    ) -> Result<Self, CdError> {
        let made = Made::open(path, form, lead_in.unwrap_or(LONGEST_LEAD_IN))?;
        let session = made.session()?;
        let end = i64::from(made.first.0) + i64::from(made.blocks);
        if end <= i64::from(session.lead_out().0) {
            return Err(CdFault::NoLeadOut {
                path: path.to_owned(),
                lead_out: session.lead_out(),
            }
            .into());
        }
        Ok(Self::new(session, Vec::new(), Vec::new(), Vec::new()).made_as(made))
    }
}

impl Made {
    fn open(path: &Path, form: SubchannelForm, lead_in: u32) -> Result<Self, CdError> {
        let file = ImageFile::plain(path)?;
        let (bytes, each) = (file.bytes(), form.block_bytes());
        let path = || path.to_owned();
        if bytes == 0 {
            return Err(CdFault::Empty { path: path() }.into());
        }
        if !bytes.is_multiple_of(each as u64) {
            let path = path();
            return Err(CdFault::Length { path, bytes, each }.into());
        }
        let frames = bytes / each as u64;
        // No more have addresses: those of the program, and of the longest lead-in.
        let most = u64::from(LONGEST_LEAD_IN) + 405_000;
        let blocks = u32::try_from(frames).ok().filter(|_| frames <= most);
        let blocks = blocks.ok_or_else(|| CdFault::TooLong {
            path: path(),
            frames,
        })?;
        let first = PROGRAM_START.saturating_sub_unsigned(lead_in);
        Ok(Self {
            file: Arc::new(file),
            form,
            first: Lba(first),
            blocks,
        })
    }

    /// Fills `out` with bytes from `within` of a block on.
    fn bytes_of(&self, lba: Lba, within: usize, out: &mut [u8]) -> io::Result<()> {
        let block = u32::try_from(i64::from(lba.0) - i64::from(self.first.0))
            .ok()
            .filter(|block| *block < self.blocks)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let position = u64::from(block) * self.form.block_bytes() as u64 + within as u64;
        self.file
            .read(position, out, self.file.bytes())
            .map_err(io::Error::other)
    }

    /// The file with them.
    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Whole blocks.
    pub(super) fn read(&self, lba: Lba, out: &mut [u8]) -> io::Result<()> {
        self.bytes_of(lba, 0, out)
    }

    /// The sector of a block, as it is told from without: data not scrambled.
    pub(super) fn read_sector(
        &self,
        lba: Lba,
        is_data: bool,
        out: &mut [u8; SECTOR_BYTES],
    ) -> io::Result<()> {
        self.bytes_of(lba, 0, out)?;
        if is_data {
            SectorCodec::new().scramble(out);
        }
        Ok(())
    }

    fn q(&self, lba: i32) -> io::Result<Option<Q>> {
        let mut bytes = [0; 96];
        let room = bytes.get_mut(..self.form.bytes()).unwrap_or_default();
        self.bytes_of(Lba(lba), SECTOR_BYTES, room)?;
        let channels = match bytes.first_chunk::<16>() {
            Some(sixteen) if self.form == SubchannelForm::Pq16 => Channels::from_sixteen(sixteen),
            _ => Channels::from_interleaved(&bytes),
        };
        Ok(Q::parse(&channels.q()).ok())
    }

    /// The session as the lead-in and the pauses tell it.
    fn session(&self) -> Result<Session, CdError> {
        let failed = |error| CdError::io(&self.file.path, error);
        let contents = self.contents().map_err(failed)?;
        let nothing = || CdFault::NoContents {
            path: self.file.path.clone(),
        };
        let contents = contents.ok_or_else(nothing)?;
        let mut tracks = Vec::new();
        let mut before = None;
        let starts = contents.starts.iter().skip(1).map(|(start, _)| *start);
        let ends = starts.chain([contents.lead_out]);
        for (((start, control), end), number) in
            contents.starts.iter().zip(ends).zip(contents.first..)
        {
            if end <= *start {
                return Err(nothing().into());
            }
            let form = match control.data {
                true => self.data_form(*start).map_err(failed)?,
                false => SectorForm::Audio,
            };
            let bare = match form {
                SectorForm::Audio => Track::audio(0),
                form => Track::data(form, 0),
            };
            let pause = match before {
                // All that lies before the first track is its pause.
                None => u32::try_from(*start).map_err(|_| nothing())?,
                Some(earliest) => self.pause(number, earliest, *start).map_err(failed)?,
            };
            if let Some(last) = tracks.last_mut() {
                let last: &mut Track = last;
                last.frames = last.frames.saturating_sub(pause);
            }
            tracks.push(Track {
                control: *control,
                pause,
                frames: start.abs_diff(end),
                ..bare
            });
            before = Some(*start);
        }
        let session = Session::new(tracks, &Limits::ADDRESSES)?;
        Ok(session.numbered_from(contents.first)?)
    }

    /// The table of contents of the lead-in, where it is complete.
    fn contents(&self) -> io::Result<Option<Contents>> {
        let from = (PROGRAM_START - CONTENTS_BLOCKS).max(self.first.0);
        let (mut first, mut last, mut lead_out) = (None, None, None);
        let mut starts: BTreeMap<u8, (i32, Control)> = BTreeMap::new();
        let address = |time: Msf| Some(time.to_lba()?.0);
        for lba in from..PROGRAM_START {
            let Some(Q {
                control,
                message: QMessage::Contents { point, .. },
            }) = self.q(lba)?
            else {
                continue;
            };
            match point {
                LeadInPoint::Track { number, start } => {
                    if let Some(start) = address(start) {
                        starts.insert(number, (start, control));
                    }
                }
                LeadInPoint::First { track, .. } => first = Some(track),
                LeadInPoint::Last { track } => last = Some(track),
                LeadInPoint::LeadOut { start } => lead_out = address(start),
                _ => {}
            }
        }
        let (Some(first), Some(last), Some(lead_out)) = (first, last, lead_out) else {
            return Ok(None);
        };
        let is_whole = first <= last && starts.keys().copied().eq(first..=last);
        Ok(is_whole.then(|| Contents {
            first,
            starts: starts.into_values().collect(),
            lead_out,
        }))
    }

    /// Blocks of index 0 of a track, that end before `start` and begin behind `earliest`.
    fn pause(&self, number: u8, earliest: i32, start: i32) -> io::Result<u32> {
        let (mut pause, mut unsure) = (0, 0);
        for lba in (earliest..start).rev() {
            match self.q(lba)?.map(|q| q.message) {
                Some(QMessage::Position {
                    track: SubchannelTrack::Number(track),
                    index: 0,
                    ..
                }) if track == number => {
                    pause += unsure + 1;
                    unsure = 0;
                }
                Some(QMessage::Position { .. }) => break,
                _ => unsure += 1,
            }
            if unsure > WITHOUT_POSITION {
                break;
            }
        }
        Ok(pause)
    }

    /// What the sectors of a data track are, by the first one.
    fn data_form(&self, start: i32) -> io::Result<SectorForm> {
        let mut sector = [0; SECTOR_BYTES];
        self.read_sector(Lba(start), true, &mut sector)?;
        let subheader = sector
            .get(SUBHEADER_AT..)
            .and_then(|bytes| bytes.first_chunk::<8>());
        Ok(match (sector.get(MODE_AT), subheader) {
            (Some(2), Some([a, b, c, d, again @ ..])) if again == &[*a, *b, *c, *d] => {
                SectorForm::Mode2Form1(Subheader::data())
            }
            (Some(2), _) => SectorForm::Mode2,
            _ => SectorForm::Mode1,
        })
    }
}

/// What a table of contents says.
struct Contents {
    first: u8,
    /// Index 1 of each track.
    starts: Vec<(i32, Control)>,
    lead_out: i32,
}
