//! The cue sheet of a session whose program stands in one file, from block 0 on.

use std::fmt::Write as _;

use crate::disc::Session;
use crate::listing::time_of;
use crate::sector::SectorForm;
use crate::text::{CdText, TextKind};

/// The text of a sheet that says how `name` becomes that disc: whole sectors of 2352 bytes, samples in Intel's order, from
/// block 0 on up to the lead-out. What stands before block 0 is silence and in no file. A sheet has the texts of one
/// language, the first, and those kinds that sheets have words for; a quotation mark in a text or a name becomes an
/// apostrophe, for sheets have no way to say it.
#[must_use]
pub fn cue_text(session: &Session, text: &CdText, name: &str) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut out, session, text, name);
    out
}

fn write(out: &mut String, session: &Session, text: &CdText, name: &str) -> std::fmt::Result {
    if let Some(number) = session.catalogue() {
        writeln!(out, "CATALOG {number}")?;
    }
    write_texts(out, text, 0, "")?;
    writeln!(out, "FILE {} BINARY", quoted(name))?;
    for (track, placed) in session.tracks() {
        let kind = match track.form {
            SectorForm::Audio => "AUDIO",
            form if form.mode() == Some(2) => "MODE2/2352",
            _ => "MODE1/2352",
        };
        writeln!(out, "  TRACK {:02} {kind}", placed.number)?;
        write_texts(out, text, placed.number, "    ")?;
        let flags = [
            (track.control.copy_permitted, " DCP"),
            (track.control.four_channels, " 4CH"),
            (track.control.pre_emphasis, " PRE"),
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
        let first = placed.start.0.max(0);
        if placed.index_1.0 > first {
            writeln!(out, "    INDEX 00 {}", time_of(first.unsigned_abs()))?;
        }
        let index_1 = placed.index_1.0.unsigned_abs();
        writeln!(out, "    INDEX 01 {}", time_of(index_1))?;
        for (start, index) in track.indexes.iter().zip(2..) {
            writeln!(out, "    INDEX {index:02} {}", time_of(index_1 + start))?;
        }
    }
    Ok(())
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
