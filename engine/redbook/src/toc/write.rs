//! The table-of-contents file of a session whose program stands in one file from block 0 on, or in several.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pitland_mmc::Lba;

use crate::cue::{CueFileKind, CueTrackKind};
use crate::disc::{Session, Track};
use crate::listing::{SheetFile, file_at, time_of};
use crate::sector::SectorForm;
use crate::text::{CdText, TextKind};

/// The text of the file that says how `name` becomes that disc: whole sectors of 2352 bytes, samples in Motorola's order as
/// such files have them, from block 0 on up to the lead-out. What stands before block 0 is silence and in no file.
#[must_use]
pub fn toc_text(session: &Session, text: &CdText, name: &str) -> String {
    let file = SheetFile {
        name,
        kind: CueFileKind::Motorola,
        first: Lba(0),
    };
    toc_text_of(session, text, &[file])
}

/// The same where the program stands in several files, in the order of their blocks: sound files, or whole sectors with
/// samples in Motorola's order. What stands before the first file is in none, and is silence.
#[must_use]
pub fn toc_text_of(session: &Session, text: &CdText, files: &[SheetFile<'_>]) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut out, session, text, files);
    out
}

fn write(
    out: &mut String,
    session: &Session,
    text: &CdText,
    files: &[SheetFile<'_>],
) -> std::fmt::Result {
    let forms = || session.tracks().map(|(track, _)| track.form);
    let is_xa = forms().any(|form| form.mode() == Some(2));
    let is_audio = forms().all(|form| form == SectorForm::Audio);
    writeln!(
        out,
        "{}",
        match (is_xa, is_audio) {
            (true, _) => "CD_ROM_XA",
            (_, true) => "CD_DA",
            _ => "CD_ROM",
        }
    )?;
    if let Some(number) = session.catalogue() {
        writeln!(out, "CATALOG \"{number}\"")?;
    }
    if !text.blocks.is_empty() {
        writeln!(out, "CD_TEXT {{\n  LANGUAGE_MAP {{")?;
        for (number, block) in text.blocks.iter().enumerate() {
            writeln!(out, "    {number} : {}", block.language.0)?;
        }
        writeln!(out, "  }}")?;
        write_texts(out, text, 0)?;
        writeln!(out, "}}")?;
    }
    for (track, placed) in session.tracks() {
        let kind = match track.form {
            SectorForm::Audio => "AUDIO",
            form if form.mode() == Some(2) => "MODE2_RAW",
            _ => "MODE1_RAW",
        };
        writeln!(out, "\nTRACK {kind}")?;
        let not = |set| if set { "" } else { "NO " };
        writeln!(out, "{}COPY", not(track.control.copy_permitted))?;
        if track.form == SectorForm::Audio {
            writeln!(out, "{}PRE_EMPHASIS", not(track.control.pre_emphasis))?;
            let channels = if track.control.four_channels {
                "FOUR"
            } else {
                "TWO"
            };
            writeln!(out, "{channels}_CHANNEL_AUDIO")?;
        }
        if let Some(code) = track.isrc {
            writeln!(out, "ISRC \"{code}\"")?;
        }
        if !text.blocks.is_empty() {
            writeln!(out, "CD_TEXT {{")?;
            write_texts(out, text, placed.number)?;
            writeln!(out, "}}")?;
        }
        let before = placed
            .start
            .0
            .max(files.first().map_or(0, |file| file.first.0));
        let first = before.min(placed.index_1.0);
        write_pieces(out, track, first..placed.end.0, files)?;
        if placed.index_1.0 > first {
            writeln!(out, "START {}", time_of(placed.index_1.0.abs_diff(first)))?;
        }
        for index in &track.indexes {
            writeln!(out, "INDEX {}", time_of(*index))?;
        }
    }
    Ok(())
}

/// The parts of files that blocks of a track are in.
fn write_pieces(
    out: &mut String,
    track: &Track,
    blocks: std::ops::Range<i32>,
    files: &[SheetFile<'_>],
) -> std::fmt::Result {
    let mut at = blocks.start;
    while at < blocks.end {
        let Some((number, file)) = file_at(files, at) else {
            break;
        };
        let next = files
            .get(number + 1)
            .map_or(blocks.end, |next| next.first.0);
        let end = next.min(blocks.end);
        let (skipped, length) = (at.abs_diff(file.first.0), time_of(end.abs_diff(at)));
        let name = quoted(file.name);
        match track.form {
            SectorForm::Audio => writeln!(out, "FILE {name} {} {length}", time_of(skipped))?,
            _ => {
                let offset = u64::from(skipped) * CueTrackKind::Raw(1).sector_bytes() as u64;
                writeln!(out, "DATAFILE {name} #{offset} {length}")?;
            }
        }
        at = end;
    }
    Ok(())
}

/// A kind of text that one track has, all have, empty if need be, and the album, too: cdrdao wants it so.
fn write_texts(out: &mut String, text: &CdText, track: u8) -> std::fmt::Result {
    for (number, block) in text.blocks.iter().enumerate() {
        let kinds: BTreeSet<TextKind> = block.texts.keys().map(|(kind, _)| *kind).collect();
        writeln!(out, "  LANGUAGE {number} {{")?;
        for kind in kinds {
            if track == 0 || kind != TextKind::DiscId {
                let text = block.text(kind, track).unwrap_or_default();
                writeln!(out, "    {} {}", word_of(kind, track), quoted(text))?;
            }
        }
        writeln!(out, "  }}")?;
    }
    Ok(())
}

const fn word_of(kind: TextKind, track: u8) -> &'static str {
    match kind {
        TextKind::Code if track == 0 => "UPC_EAN",
        TextKind::Code => "ISRC",
        other => other.word(),
    }
}

/// Between quotation marks; what has a meaning there, and what is not ASCII, by its code.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match (character, u32::from(character)) {
            ('"' | '\\', code) | (_, code @ (..=0x1f | 0x7f..=0xff)) => {
                // Writing into a string cannot fail.
                let _ = write!(out, "\\{code:03o}");
            }
            (plain, _) => out.push(plain),
        }
    }
    out.push('"');
    out
}
