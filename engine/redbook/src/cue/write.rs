//! The cue sheet of a session whose program stands in one file from block 0 on, or in several.

use std::fmt::Write as _;

use pitland_mmc::Lba;

use super::CueFileKind;
use crate::disc::Session;
use crate::listing::{SheetFile, file_at, time_of};
use crate::sector::SectorForm;
use crate::text::{CdText, TextKind};

/// The text of a sheet that says how `name` becomes that disc: whole sectors of 2352 bytes, samples in Intel's order, from
/// block 0 on up to the lead-out. What stands before block 0 is silence and in no file. A sheet has the texts of one
/// language, the first, and those kinds that sheets have words for (others can stand in a file of packs beside it); a quotation mark in a text or a name becomes an
/// apostrophe, for sheets have no way to say it.
#[must_use]
pub fn cue_text(session: &Session, text: &CdText, name: &str) -> String {
    let file = SheetFile {
        name,
        kind: CueFileKind::Binary,
        first: Lba(0),
    };
    cue_text_of(session, text, &[file])
}

/// The same where the program stands in several files, in the order of their blocks. What stands before the first file is
/// in none, and is silence.
#[must_use]
pub fn cue_text_of(session: &Session, text: &CdText, files: &[SheetFile<'_>]) -> String {
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
    if let Some(number) = session.catalogue() {
        writeln!(out, "CATALOG {number}")?;
    }
    write_texts(out, text, 0, "")?;
    let mut in_file = None;
    for (track, placed) in session.tracks() {
        let kind = match track.form {
            SectorForm::Audio => "AUDIO",
            form if form.mode() == Some(2) => "MODE2/2352",
            _ => "MODE1/2352",
        };
        let before = placed
            .start
            .0
            .max(files.first().map_or(0, |file| file.first.0));
        let first = before.min(placed.index_1.0);
        open(out, files, first, &mut in_file)?;
        writeln!(out, "  TRACK {:02} {kind}", placed.number)?;
        write_texts(out, text, placed.number, "    ")?;
        let flags = [
            (track.control.copy_permitted, " DCP"),
            (track.control.four_channels, " 4CH"),
            (track.control.pre_emphasis, " PRE"),
            (track.serial_copy, " SCMS"),
        ];
        let flags: String = flags
            .iter()
            .filter_map(|(set, word)| set.then_some(*word))
            .collect();
        if !flags.is_empty() {
            writeln!(out, "    FLAGS{flags}")?;
        }
        if let Some(code) = track.isrc {
            writeln!(out, "    ISRC {code}")?;
        }
        let later = track
            .indexes
            .iter()
            .map(|start| placed.index_1.0.saturating_add_unsigned(*start));
        let index_0 = (first < placed.index_1.0).then_some((0, first));
        let indexes = (1..).zip(std::iter::once(placed.index_1.0).chain(later));
        for (index, lba) in index_0.into_iter().chain(indexes) {
            open(out, files, lba, &mut in_file)?;
            let begins = file_at(files, lba).map_or(0, |(_, file)| file.first.0);
            let time = time_of(lba.abs_diff(begins));
            writeln!(out, "    INDEX {index:02} {time}")?;
        }
    }
    Ok(())
}

/// Names the file that a block is in, where it is not the one before it.
fn open(
    out: &mut String,
    files: &[SheetFile<'_>],
    lba: i32,
    in_file: &mut Option<usize>,
) -> std::fmt::Result {
    let Some((at, file)) = file_at(files, lba) else {
        return Ok(());
    };
    if in_file.replace(at) == Some(at) {
        return Ok(());
    }
    let kind = match file.kind {
        CueFileKind::Binary => "BINARY",
        CueFileKind::Motorola => "MOTOROLA",
        CueFileKind::Sound => "WAVE",
    };
    writeln!(out, "FILE {} {kind}", quoted(file.name))
}

fn write_texts(out: &mut String, text: &CdText, track: u8, space: &str) -> std::fmt::Result {
    let texts = text.blocks.first().into_iter().flat_map(|b| &b.texts);
    for ((kind, of), text) in texts.filter(|((_, of), _)| *of == track) {
        // What is recorded elsewhere says it already, and tracks have no number of the album's.
        if *kind == TextKind::Code || (*kind == TextKind::DiscId && *of > 0) {
            continue;
        }
        let word = kind.word();
        writeln!(out, "{space}{word} {}", quoted(text))?;
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    let plain = |character: char| match character {
        '"' => '\'',
        control if control.is_control() => ' ',
        other => other,
    };
    format!("\"{}\"", text.chars().map(plain).collect::<String>())
}
