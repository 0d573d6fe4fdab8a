//! A program of others reads our CD-TEXT: `cdrskin`, which checks each pack and prints the texts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_redbook::text::{CdText, Language, TextBlock, TextKind};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;

/// What `cdrskin` reads in a file of packs: for each language its lines, by their names. `None` where it is missing,
/// which is said.
fn printed(packs: &[u8]) -> Option<Vec<BTreeMap<String, String>>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(packs).unwrap();
    let asked = Command::new("cdrskin")
        .arg(format!("textfile_to_v07t={}", file.path().display()))
        .output();
    let Ok(output) = asked else {
        assert!(
            std::env::var("PITLAND_REQUIRE_TOOLS").as_deref() != Ok("1"),
            "cdrskin is missing, and PITLAND_REQUIRE_TOOLS=1"
        );
        // Past the harness, which keeps what passing tests print.
        let _ = writeln!(std::io::stderr(), "not run: outside_text: cdrskin missing");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut blocks: Vec<BTreeMap<String, String>> = Vec::new();
    for (name, value) in said.lines().filter_map(|line| line.split_once('=')) {
        if name.trim() == "Input Sheet Version" {
            blocks.push(BTreeMap::new());
        }
        if let Some(block) = blocks.last_mut() {
            block.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    Some(blocks)
}

fn album() -> CdText {
    let mut block = TextBlock::new(Language::ENGLISH, 1, 3)
        .with(TextKind::Title, 0, "Pits and Lands")
        .with(
            TextKind::Performer,
            0,
            "Nobody at All, with a Name Longer than One Pack",
        )
        .with(TextKind::DiscId, 0, "PL-0001")
        .with(TextKind::Code, 0, "4006381333931");
    for (track, title) in [
        (1, "First"),
        (2, "A second title that takes some packs"),
        (3, "Last"),
    ] {
        block = block
            .with(TextKind::Title, track, title)
            .with(TextKind::Performer, track, "Nobody")
            .with(TextKind::Composer, track, format!("Composer {track}"))
            .with(TextKind::Code, track, format!("USAT2990280{track}"));
    }
    block.genre = Some((5, "Classical".into()));
    let german = TextBlock::new(Language::GERMAN, 1, 3)
        .with(TextKind::Title, 0, "Gruben und Land")
        .with(TextKind::Title, 1, "Erstes")
        .with(TextKind::Title, 2, "Zweites")
        .with(TextKind::Title, 3, "Letztes");
    CdText {
        blocks: vec![block, german],
    }
}

#[test]
fn another_program_reads_each_text() {
    let packs: Vec<u8> = album()
        .packs()
        .unwrap()
        .iter()
        .flat_map(|pack| *pack.bytes())
        .collect();
    let Some(blocks) = printed(&packs) else {
        return;
    };
    let [english, german] = &blocks[..] else {
        panic!("two languages are there: {blocks:#?}");
    };
    let line = |name: &str| english.get(name).map(String::as_str);
    assert_eq!(line("Album Title"), Some("Pits and Lands"));
    assert_eq!(
        line("Artist Name"),
        Some("Nobody at All, with a Name Longer than One Pack")
    );
    assert_eq!(
        line("Track 02 Title"),
        Some("A second title that takes some packs")
    );
    assert_eq!(line("Track 03 Composer"), Some("Composer 3"));
    assert_eq!(line("ISRC 01"), Some("USAT29902801"));
    assert_eq!(line("UPC / EAN"), Some("4006381333931"));
    assert_eq!(line("Genre Information"), Some("Classical"));
    assert_eq!(line("Catalog Number"), Some("PL-0001"));
    assert_eq!(line("Language Code"), Some("English"));
    assert_eq!(
        german.get("Language Code").map(String::as_str),
        Some("German")
    );
    assert_eq!(
        german.get("Track 02 Title").map(String::as_str),
        Some("Zweites")
    );
}

/// The judge finds a wrong byte.
#[test]
fn another_program_refuses_a_damaged_pack() {
    let mut packs: Vec<u8> = album()
        .packs()
        .unwrap()
        .iter()
        .flat_map(|pack| *pack.bytes())
        .collect();
    packs[7] ^= 0x20;
    let Some(blocks) = printed(&packs) else {
        return;
    };
    let title = blocks.first().and_then(|block| block.get("Album Title"));
    assert_ne!(title.map(String::as_str), Some("Pits and Lands"));
}
