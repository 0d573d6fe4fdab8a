//! What other burning programs send is understood: each distinct command and
//! parameter list of recorded burns parses, prints in the words expected and
//! is written back byte for byte.
//!
//! `foreign_burners.txt` holds one line a command: the block in hexadecimal,
//! the parameter list (or `-`), and the words. The bytes are recordings of
//! wodim 1.1.11, cdrskin 1.5.4, xorriso 1.5.4 and cdrdao 1.2.4 burning CD-R,
//! DVD+R and BD-R.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not test functions"
)]

use pitland_mmc::mode_page::{ModePage, ModeParameterList};
use pitland_mmc::param::{CueSheetEntry, StreamingDescriptor};
use pitland_mmc::pretty::describe;
use pitland_mmc::{Command, Sense};

struct Line {
    cdb: Vec<u8>,
    list: Vec<u8>,
    words: &'static str,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn recorded() -> impl Iterator<Item = Line> {
    include_str!("foreign_burners.txt").lines().map(|line| {
        let mut parts = line.splitn(3, ' ');
        let cdb = unhex(parts.next().unwrap());
        let list = match parts.next().unwrap() {
            "-" => Vec::new(),
            list => unhex(list),
        };
        let words = parts.next().unwrap();
        Line { cdb, list, words }
    })
}

#[test]
fn every_recorded_command_prints_in_words() {
    let mut count = 0;
    for line in recorded() {
        assert_eq!(describe(&line.cdb, &line.list), line.words);
        count += 1;
    }
    assert!(count > 80, "the recordings are missing");
}

#[test]
fn every_recorded_command_is_known_and_returns() {
    for line in recorded() {
        let command = Command::parse(&line.cdb).unwrap();
        assert!(!matches!(command, Command::Unknown(_)), "{}", line.words);
        assert_eq!(command.emit().as_slice(), line.cdb);
        if !line.list.is_empty() {
            assert_eq!(command.byte_len(), Some(line.list.len() as u32));
        }
    }
}

#[test]
fn every_recorded_parameter_list_returns() {
    for line in recorded().filter(|line| !line.list.is_empty()) {
        let returned = match Command::parse(&line.cdb).unwrap() {
            Command::ModeSelect10(_) => {
                let list = ModeParameterList::parse(&line.list).unwrap();
                match list.pages.as_slice() {
                    [page @ ModePage::WriteParameters(_)] => ModeParameterList::select(page),
                    [] => {
                        assert_eq!(list.block_descriptors, line.list[8..]);
                        continue;
                    }
                    other => panic!("{other:?}"),
                }
            }
            Command::SetStreaming(_) => StreamingDescriptor::parse(&line.list).unwrap().emit(),
            Command::SendCueSheet(_) => {
                CueSheetEntry::emit_sheet(&CueSheetEntry::parse_sheet(&line.list).unwrap())
            }
            other => panic!("{other} has a list"),
        };
        assert_eq!(returned, line.list, "{}", line.words);
    }
}

/// The refusals that those burners shrugged off.
#[test]
fn every_recorded_refusal_has_words() {
    for (key, asc, ascq, words) in [
        (
            5,
            0x20,
            0x00,
            "ILLEGAL REQUEST, invalid command operation code (5/20/00)",
        ),
        (
            5,
            0x24,
            0x00,
            "ILLEGAL REQUEST, invalid field in CDB (5/24/00)",
        ),
        (
            5,
            0x26,
            0x00,
            "ILLEGAL REQUEST, invalid field in parameter list (5/26/00)",
        ),
        (
            6,
            0x28,
            0x00,
            "UNIT ATTENTION, not ready to ready change, medium may have changed (6/28/00)",
        ),
    ] {
        assert_eq!(Sense::new(key, asc, ascq).to_string(), words);
    }
}
