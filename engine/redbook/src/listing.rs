//! What the text files that describe discs have in common: their encoding, their size, and how they write times.

use pitland_mmc::{Lba, Msf};

use crate::cue::CueFileKind;

/// A file that holds a disc's blocks from one on, up to where the next file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetFile<'a> {
    /// Its name, as a sheet beside it has it.
    pub name: &'a str,
    /// What is in it: whole sectors of 2352 bytes, or sound.
    pub kind: CueFileKind,
    /// The block that its first sector is.
    pub first: Lba,
}

/// The file that a block is in, and which; files are in the order of their blocks.
pub(crate) fn file_at<'a>(
    files: &'a [SheetFile<'a>],
    lba: i32,
) -> Option<(usize, &'a SheetFile<'a>)> {
    let after = files.partition_point(|file| file.first.0 <= lba);
    let at = after.checked_sub(1)?;
    Some((at, files.get(at)?))
}

/// Longer files describe no disc.
const MOST_BYTES: usize = 1 << 20;

/// Text in UTF-8, with or without its mark, in UTF-16 with it, else in Latin-1; `None`: it is none, or too long.
pub(crate) fn decoded(text: &[u8]) -> Option<String> {
    match text {
        [0xff, 0xfe, units @ ..] => return of_utf16(units, u16::from_le_bytes),
        [0xfe, 0xff, units @ ..] => return of_utf16(units, u16::from_be_bytes),
        _ => {}
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.len() > MOST_BYTES || text.contains(&0) {
        return None;
    }
    Some(match std::str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => text.iter().copied().map(char::from).collect(),
    })
}

fn of_utf16(units: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, odd) = units.as_chunks::<2>();
    if units.len() > MOST_BYTES || !odd.is_empty() {
        return None;
    }
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let text = text.collect::<Result<String, _>>().ok()?;
    (!text.contains('\0')).then_some(text)
}

/// Frames of a time in minutes, seconds and frames. Minutes may have more than two digits: files are longer than discs.
pub(crate) fn frames_of(time: &str) -> Option<u32> {
    let parts: Vec<u32> = time
        .split(':')
        .map(|part| {
            let digits = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        })
        .collect::<Option<_>>()?;
    match parts[..] {
        [m, s, f] if s < 60 && f < Msf::FRAMES_PER_SECOND => {
            Some((m * 60 + s) * Msf::FRAMES_PER_SECOND + f)
        }
        _ => None,
    }
}

/// A time as such files have it, with as many minutes as it takes.
pub(crate) fn time_of(frames: u32) -> String {
    let (seconds, frames) = (
        frames / Msf::FRAMES_PER_SECOND,
        frames % Msf::FRAMES_PER_SECOND,
    );
    format!("{:02}:{:02}:{frames:02}", seconds / 60, seconds % 60)
}
