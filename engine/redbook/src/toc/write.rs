//! The table-of-contents file of a session whose program stands in one file, from block 0 on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::cue::CueTrackKind;
use crate::disc::Session;
use crate::listing::time_of;
use crate::sector::SectorForm;
use crate::text::{CdText, TextKind};

/// The text of the file that says how `name` becomes that disc: whole sectors of 2352 bytes, samples in Motorola's order as
/// such files have them, from block 0 on up to the lead-out. What stands before block 0 is silence and in no file.
#[must_use]
pub fn toc_text(session: &Session, text: &CdText, name: &str) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut out, session, text, name);
    out
}

fn write(out: &mut String, session: &Session, text: &CdText, name: &str) -> std::fmt::Result {
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
        let first = placed.start.0.max(0);
        let frames = |from: i32, to: i32| time_of(to.abs_diff(from));
        let word = match track.form {
            SectorForm::Audio => {
                format!("FILE {} {} ", quoted(name), time_of(first.unsigned_abs()))
            }
            _ => {
                let offset =
                    u64::from(first.unsigned_abs()) * CueTrackKind::Raw(1).sector_bytes() as u64;
                format!("DATAFILE {} #{offset} ", quoted(name))
            }
        };
        writeln!(out, "{word}{}", frames(first, placed.end.0))?;
        if placed.index_1.0 > first {
            writeln!(out, "START {}", frames(first, placed.index_1.0))?;
        }
        for index in &track.indexes {
            writeln!(out, "INDEX {}", time_of(*index))?;
        }
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
