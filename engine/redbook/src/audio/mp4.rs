//! What an MP4 file says of the samples that its encoder put before and behind the sound: an edit list, or iTunes' word.
//!
//! Walks the boxes by itself, for the demuxer keeps them to itself. Every length is bounded by the file's; nothing is held
//! but a few boxes of bounded size.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// Samples to drop at the beginning, and how many to keep then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cut {
    drop: u64,
    keep: Option<u64>,
}

impl Cut {
    /// Which of the samples of a piece are kept, where the container has cut `range` out of it already.
    pub(super) fn keep(&mut self, range: Range<usize>) -> Range<usize> {
        let length = range.len() as u64;
        let dropped = self.drop.min(length);
        self.drop -= dropped;
        let mut kept = length - dropped;
        if let Some(left) = &mut self.keep {
            kept = kept.min(*left);
            *left -= kept;
        }
        let start = range.start + dropped as usize;
        start..start + kept as usize
    }

    /// Whether nothing more is kept.
    pub(super) fn is_done(&self) -> bool {
        self.keep == Some(0)
    }
}

/// Boxes that hold others.
const CONTAINERS: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"edts", b"udta", b"ilst"];
/// Boxes inside one another at most.
const DEEPEST: usize = 8;
/// Boxes that are looked at.
const MOST_BOXES: usize = 100_000;
/// Most bytes of a box that is read whole.
const LARGEST: u64 = 1 << 16;

/// What was found on the way.
#[derive(Debug, Default)]
struct Found {
    /// Ticks a second of the whole film, and of the track.
    movie_scale: Option<u32>,
    media_scale: Option<u32>,
    /// Of an edit list with one edit: how long in the film's ticks, and from which tick of the track on.
    edit: Option<(u64, u64)>,
    /// iTunes': samples before, behind, and between.
    words: Option<(u64, u64)>,
}

/// The cut of a file; none where it is no MP4, or says nothing.
pub(super) fn cut_of(path: &Path) -> io::Result<Cut> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut head = [0; 8];
    file.seek(SeekFrom::Start(0))?;
    if length < 8 || file.read_exact(&mut head).is_err() || &head[4..] != b"ftyp" {
        return Ok(Cut::default());
    }
    let mut found = Found::default();
    let mut boxes = 0;
    walk(&mut file, 0..length, 0, &mut boxes, &mut found)?;
    Ok(found.cut())
}

impl Found {
    fn cut(&self) -> Cut {
        if let Some((before, sound)) = self.words {
            return Cut {
                drop: before,
                keep: Some(sound),
            };
        }
        let (Some((length, start)), Some(movie), Some(media)) =
            (self.edit, self.movie_scale, self.media_scale)
        else {
            return Cut::default();
        };
        // The track of sound counts samples. The film's ticks are often coarser: what they cannot tell is not cut off.
        let samples = u128::from(length) * u128::from(media);
        let keep = (movie == media && length > 0)
            .then(|| u64::try_from(samples / u128::from(movie.max(1))).unwrap_or(u64::MAX));
        Cut { drop: start, keep }
    }
}

fn walk(
    file: &mut File,
    range: Range<u64>,
    depth: usize,
    boxes: &mut usize,
    found: &mut Found,
) -> io::Result<()> {
    let mut at = range.start;
    while range.end.saturating_sub(at) >= 8 && *boxes < MOST_BOXES && depth < DEEPEST {
        *boxes += 1;
        let mut head: [u8; 8] = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let [a, b, c, d, kind @ ..] = head;
        let (header, length) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, range.end - at),
            1 => {
                if range.end - at < 16 {
                    return Ok(());
                }
                let mut long = [0; 8];
                file.read_exact(&mut long)?;
                (16, u64::from_be_bytes(long))
            }
            length => (8, u64::from(length)),
        };
        let end = at.saturating_add(length);
        if length < header || end > range.end {
            return Ok(());
        }
        let inside = at + header..end;
        match &kind {
            kind if CONTAINERS.contains(&kind) => walk(file, inside, depth + 1, boxes, found)?,
            // A box of its own, with four bytes before what it holds.
            b"meta" if inside.end - inside.start >= 4 => {
                walk(file, inside.start + 4..inside.end, depth + 1, boxes, found)?;
            }
            b"mvhd" | b"mdhd" | b"elst" | b"----" if inside.end - inside.start <= LARGEST => {
                let mut bytes = vec![0; (inside.end - inside.start) as usize];
                file.seek(SeekFrom::Start(inside.start))?;
                file.read_exact(&mut bytes)?;
                take(&kind, &bytes, found);
            }
            _ => {}
        }
        at = end;
    }
    Ok(())
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let piece = bytes.get(at..)?.first_chunk::<N>()?;
    Some(
        piece
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

fn take(kind: &[u8; 4], bytes: &[u8], found: &mut Found) {
    let is_long = bytes.first() == Some(&1);
    match kind {
        b"mvhd" | b"mdhd" => {
            let scale = number::<4>(bytes, if is_long { 20 } else { 12 });
            let place = match kind {
                b"mvhd" => &mut found.movie_scale,
                _ => &mut found.media_scale,
            };
            *place = scale.and_then(|scale| u32::try_from(scale).ok()).or(*place);
        }
        b"elst" => found.edit = only_edit(bytes, is_long).or(found.edit),
        _ => found.words = words_of(bytes).or(found.words),
    }
}

/// An edit list of one edit that plays; others are not of encoders.
fn only_edit(bytes: &[u8], is_long: bool) -> Option<(u64, u64)> {
    let (length, start) = match (number::<4>(bytes, 4)?, is_long) {
        (1, false) => (number::<4>(bytes, 8)?, number::<4>(bytes, 12)?),
        (1, true) => (number::<8>(bytes, 8)?, number::<8>(bytes, 16)?),
        _ => return None,
    };
    let empty = if is_long {
        u64::MAX
    } else {
        u64::from(u32::MAX)
    };
    (start != empty).then_some((length, start))
}

/// The text `iTunSMPB`: numbers in hexadecimal, of which the second is the samples before the sound and the fourth those of
/// the sound.
fn words_of(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut name = None;
    let mut data = None;
    let mut rest = bytes;
    while let Some(length) = number::<4>(rest, 0) {
        let length = usize::try_from(length).ok()?;
        let (this, behind) = rest.split_at_checked(length).filter(|_| length >= 8)?;
        match this.get(4..8)? {
            b"name" => name = this.get(12..),
            b"data" => data = this.get(16..),
            _ => {}
        }
        rest = behind;
    }
    if name? != b"iTunSMPB" {
        return None;
    }
    let text = std::str::from_utf8(data?).ok()?;
    let mut numbers = text
        .split_ascii_whitespace()
        .map(|word| u64::from_str_radix(word, 16).ok());
    let before = numbers.nth(1)??;
    let sound = numbers.nth(1)??;
    (sound > 0).then_some((before, sound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn boxed(kind: &[u8; 4], inside: &[u8]) -> Vec<u8> {
        let length = (inside.len() as u32 + 8).to_be_bytes();
        [&length[..], kind, inside].concat()
    }

    fn header(scale: u32) -> Vec<u8> {
        let mut bytes = vec![0; 100];
        bytes[12..16].copy_from_slice(&scale.to_be_bytes());
        bytes
    }

    fn cut(file: &[u8]) -> Cut {
        let mut at = tempfile::NamedTempFile::new().unwrap();
        at.write_all(file).unwrap();
        cut_of(at.path()).unwrap()
    }

    fn film(edit: &[u8], words: &[u8]) -> Vec<u8> {
        let trak = boxed(
            b"trak",
            &[
                boxed(b"edts", &boxed(b"elst", edit)),
                boxed(b"mdia", &boxed(b"mdhd", &header(44_100))),
            ]
            .concat(),
        );
        let meta = boxed(b"meta", &[&[0; 4][..], &boxed(b"ilst", words)].concat());
        let moov = [boxed(b"mvhd", &header(44_100)), trak, boxed(b"udta", &meta)].concat();
        [boxed(b"ftyp", b"M4A \0\0\0\0"), boxed(b"moov", &moov)].concat()
    }

    #[test]
    fn an_edit_list_tells_where_the_sound_is() {
        let edit = [0u32, 1, 100_000, 2112, 0x1_0000];
        let edit: Vec<u8> = edit.iter().flat_map(|word| word.to_be_bytes()).collect();
        let expected = Cut {
            drop: 2112,
            keep: Some(100_000),
        };
        assert_eq!(cut(&film(&edit, &[])), expected);
        assert_eq!(cut(b"RIFF\0\0\0\0WAVE"), Cut::default());
    }

    #[test]
    fn itunes_word_is_heard_first() {
        let text = b" 00000000 00000840 000001C0 0000000000012345 00000000";
        let words = boxed(
            b"----",
            &[
                boxed(b"mean", b"\0\0\0\0com.apple.iTunes"),
                boxed(b"name", b"\0\0\0\0iTunSMPB"),
                boxed(b"data", &[&[0; 8][..], text].concat()),
            ]
            .concat(),
        );
        let expected = Cut {
            drop: 0x840,
            keep: Some(0x12345),
        };
        assert_eq!(cut(&film(&[], &words)), expected);
    }

    #[test]
    fn what_is_kept_ends_where_the_sound_ends() {
        let mut cut = Cut {
            drop: 10,
            keep: Some(25),
        };
        assert_eq!(cut.keep(0..8), 8..8);
        assert_eq!(cut.keep(1..20), 3..20);
        assert_eq!(cut.keep(0..20), 0..8);
        assert!(cut.is_done());
    }

    proptest! {
        #[test]
        fn any_boxes_are_walked_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..60) {
            let mut file = film(&[0; 20], &bytes);
            for (number, byte) in bytes.iter().enumerate().take(20) {
                let place = (at * 7 + number * 13) % file.len();
                file[place] ^= byte & 0x11;
            }
            let _ = cut(&file);
        }
    }
}
