//! What strangers wrote (names, labels, INQUIRY strings, messages that quote them) as it may stand on a
//! terminal: nothing in it moves the cursor, changes colours or turns the text's direction.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;

/// A text with everything escaped that a terminal might obey: `\n`, `\u{1b}`, `\u{202e}`. A backslash is
/// left alone, so this is for reading and not for parsing.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut out, c);
    }
    out
}

/// A name of the file system: as [`text`], and bytes that are no UTF-8 as `\xff`.
pub(crate) fn name(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            push(&mut out, c);
        }
        for byte in chunk.invalid() {
            // Writing into a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn push(out: &mut String, c: char) {
    if is_dangerous(c) {
        out.extend(c.escape_default())
    } else {
        out.push(c)
    }
}

/// Controls (C0, DEL, C1), line and paragraph separators, direction marks, overrides and isolates, and
/// invisible characters that make two names look the same.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(text("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(text("\u{9b}0m"), "\\u{9b}0m");
        assert_eq!(text("gpj.\u{202e}exe"), "gpj.\\u{202e}exe");
        assert_eq!(text("a\u{2066}b\u{200b}c"), "a\\u{2066}b\\u{200b}c");
    }

    #[test]
    fn names_of_all_languages_stay_as_they_are() {
        for plain in ["über/naïve", "写真", "שלום", "🎵 a b"] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_shown_as_bytes() {
        assert_eq!(name(OsStr::from_bytes(b"a\xffb\xc3")), "a\\xffb\\xc3");
    }
}
