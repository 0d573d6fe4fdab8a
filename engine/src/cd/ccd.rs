//! A CD out of a control file of CloneCD: the image of its sectors, and of its sub-channels, stand beside it under its name.
//!
//! Owns where these files are and how long they must be. Positions, codes and texts are the control file's; of the
//! sub-channels R to W alone are taken, where they hold anything.

use super::error::{CdError, CdFault, CdWarning};
use super::image::CdImage;
use super::later::LaterSession;
use super::program::{From, Piece};
use super::samples::{bounded, part};
use super::sectors::Sectors;
use super::sheet::{CueOptions, Described, pad, text_of};
use super::subcode::OpenSubcode;
use crate::pipeline::image_file::ImageFile;
use pitland_mmc::Lba;
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::ccd::{CcdFile, CcdSession, CcdTrack};
use pitland_redbook::cue::{CuePart, CueSession, CueTrackKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of the sub-channels of a sector: 12 of each channel, P first.
const SUBCHANNEL_BYTES: u64 = 96;
/// Those of P and Q, which are made anew.
const P_AND_Q: usize = 24;
/// Sectors whose sub-channels are read at a time.
const PIECE: usize = 1024;

impl CdImage {
    /// Reads a control file of CloneCD: its first session, and those behind it as
    /// [`later_sessions`](CdImage::later_sessions). The image of the sectors has its name and ends in `.img`; that of the sub-channels
    /// ends in `.sub`, and may be missing. P and Q are made anew from what the control file says; what stands in R to W is
    /// taken as it is where [`CueOptions::subcode`] asks for it, but not where tracks are filled up, for their places change
    /// then. Else it is left out, which is told.
    ///
    /// # Errors
    /// [`CdError`], with the line of the file: words that make no sense, a missing image, one that is too short, sub-channels of
    /// another length, what the Red Book does not allow.
    pub fn from_ccd(path: &Path, options: &CueOptions) -> Result<Self, CdError> {
        let text = text_of(path)?;
        let of_file = |error: pitland_redbook::ccd::CcdError| {
            CdError::from(error.fault).at(path, Some(error.line))
        };
        let ccd = CcdFile::parse(&text).map_err(of_file)?;
        let at_first = |error: CdError| error.at(path, Some(1));
        let image = of_name(path, "img");
        let file = ImageFile::plain(&image)
            .map_err(CdError::from)
            .map_err(at_first)?;
        let (bytes, each) = (file.bytes(), SECTOR_BYTES);
        if bytes == 0 || !bytes.is_multiple_of(each as u64) {
            let path = image;
            return Err(at_first(CdFault::Length { path, bytes, each }.into()));
        }
        let sectors = bytes / each as u64;
        let count = bounded(&image, sectors).map_err(at_first)?;
        let mut warnings = Vec::new();
        let subchannels = of_name(path, "sub");
        let mut subcode = match subchannels.exists() {
            true => more_than_p_and_q(&subchannels, sectors).map_err(at_first)?,
            false => None,
        };
        let sessions = ccd.all_sessions(count).map_err(of_file)?;
        let mut sessions = ccd.sessions.iter().zip(sessions);
        let Some((of_first, mut session)) = sessions.next() else {
            let path = image;
            return Err(at_first(CdFault::Empty { path }.into()));
        };
        let mut has_moved = false;
        if options.pad {
            let before = warnings.len();
            pad(&mut session.tracks, &mut warnings);
            has_moved = warnings.len() > before;
        }
        if subcode.is_some() && (has_moved || !options.subcode) {
            warnings.push(CdWarning::SubchannelsLeftOut { path: subchannels });
            subcode = None;
        }
        let file = Arc::new(file);
        let mut tracks = Vec::with_capacity(session.tracks.len());
        let later = (2..=u8::MAX).zip(sessions);
        let later = later.map(|(number, (of, made))| later_session(number, &file, of, &made));
        let later = later.collect();
        for (parts, track) in session.tracks.iter().zip(&of_first.tracks) {
            let pieces = parts.parts.iter().map(|part| Piece {
                from: from(&file, track, part),
                frames: part.frames,
            });
            tracks.push((parts.track.clone(), pieces.collect(), None));
        }
        let described = Described {
            path,
            options,
            first_track: of_first.tracks.first().map_or(1, |first| first.number),
            tracks,
            tags: Vec::new(),
            catalogue: ccd.catalogue,
            text_file: None,
            text: &session.text,
        };
        let image = described.image(warnings)?;
        Ok(image.with_subcode(subcode).with_later(later))
    }
}

/// The file beside a control file that has its name and this ending, in small letters or in capitals.
fn of_name(path: &Path, ending: &str) -> PathBuf {
    let small = path.with_extension(ending);
    let capital = path.with_extension(ending.to_uppercase());
    match !small.exists() && capital.exists() {
        true => capital,
        false => small,
    }
}

fn from(file: &Arc<ImageFile>, track: &CcdTrack, of: &CuePart) -> From {
    let first_byte = u64::from(of.first) * SECTOR_BYTES as u64;
    match (of.file, track.mode) {
        (None, _) => From::Nothing,
        (Some(_), 0) => From::Samples {
            run: part(file, first_byte, of.frames, false),
            first: 0,
        },
        (Some(_), mode) => From::Sectors {
            sectors: Sectors {
                file: Arc::clone(file),
                first_byte,
                kind: CueTrackKind::Raw(mode),
            },
            first: 0,
        },
    }
}

/// A later session, if it is one track of data.
fn later_session(
    number: u8,
    file: &Arc<ImageFile>,
    of: &CcdSession,
    made: &CueSession,
) -> Option<LaterSession> {
    let ([track], [parts]) = (&of.tracks[..], &made.tracks[..]) else {
        return None;
    };
    let [part] = parts.parts[..] else {
        return None;
    };
    let From::Sectors { sectors, .. } = from(file, track, &part) else {
        return None;
    };
    let first_lba = Lba(i32::try_from(of.begin).ok()?);
    LaterSession::new(number, first_lba, sectors, part.frames)
}

/// R to W, where there is something in them.
fn more_than_p_and_q(path: &Path, sectors: u64) -> Result<Option<OpenSubcode>, CdError> {
    let file = Arc::new(ImageFile::plain(path)?);
    let bytes = file.bytes();
    if bytes != sectors.saturating_mul(SUBCHANNEL_BYTES) {
        let path = path.to_owned();
        return Err(CdFault::Subchannels {
            path,
            bytes,
            sectors,
        }
        .into());
    }
    let mut piece = vec![0; PIECE * SUBCHANNEL_BYTES as usize];
    let mut at = 0;
    while at < bytes {
        let length = (bytes - at).min(piece.len() as u64);
        let piece = piece.get_mut(..length as usize).unwrap_or_default();
        file.read(at, piece, bytes)?;
        let sectors = piece.chunks_exact(SUBCHANNEL_BYTES as usize);
        let mut channels = sectors.flat_map(|sector| sector.iter().skip(P_AND_Q));
        if channels.any(|byte| *byte != 0) {
            return Ok(Some(OpenSubcode::ByChannel(file)));
        }
        at += length;
    }
    Ok(None)
}
