//! Comparing the packs of CD-TEXT of a disc with those of its sheet, block by block.
//!
//! Owns which packs tell the same: texts count by what they say, not by how they are split.

use super::finding::{CdFinding, Found, TextHead};
use pitland_redbook::text::{CdText, MOST_BLOCKS, Pack, PackKind, TextBlock, TextKind};
use std::collections::BTreeSet;

/// What differs; nothing where the sheet has no texts. `missing` is what it means that the disc has none.
pub(super) fn compare(
    wanted: &[Pack],
    found: &[[u8; 18]],
    missing: Found<std::convert::Infallible>,
) -> Vec<CdFinding> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let found: Vec<Pack> = found.iter().filter_map(Pack::parse).collect();
    if found.is_empty() {
        let blocks: BTreeSet<u8> = wanted.iter().map(Pack::block).collect();
        return vec![CdFinding::Texts {
            blocks: blocks.len() as u8, // at most eight
            found: missing,
        }];
    }
    let numbers = 0..MOST_BLOCKS as u8;
    numbers
        .flat_map(|number| block(number, &of_block(wanted, number), &of_block(&found, number)))
        .collect()
}

fn of_block(packs: &[Pack], number: u8) -> Vec<Pack> {
    let of = packs.iter().filter(|pack| pack.block() == number);
    of.cloned().collect()
}

fn read(packs: &[Pack]) -> Option<TextBlock> {
    let bytes: Vec<u8> = packs.iter().flat_map(|pack| *pack.bytes()).collect();
    CdText::parse(&bytes).0.blocks.into_iter().next()
}

/// One block.
fn block(number: u8, wanted: &[Pack], found: &[Pack]) -> Vec<CdFinding> {
    let (sheet, disc) = (read(wanted), read(found));
    let heads = (
        sheet.as_ref().map(TextHead::of),
        disc.as_ref().map(TextHead::of),
    );
    let mut findings = Vec::new();
    if heads.0 != heads.1 {
        findings.push(CdFinding::TextBlock {
            block: number,
            wanted: heads.0,
            found: heads.1,
        });
    }
    // A block that is not there has no texts to be told one by one.
    let (Some(sheet), Some(disc)) = (sheet, disc) else {
        return findings;
    };
    let texts = sheet.texts.keys().chain(disc.texts.keys()).copied();
    let places: BTreeSet<(TextKind, u8)> = texts.collect();
    for (kind, track) in places {
        // An empty text is recorded where others of its kind are there.
        let text = |of: &TextBlock| {
            let text = of.text(kind, track).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let (wanted, found) = (text(&sheet), text(&disc));
        if wanted != found {
            findings.push(CdFinding::Text {
                block: number,
                kind,
                track,
                wanted,
                found,
            });
        }
    }
    if sheet.genre != disc.genre {
        findings.push(CdFinding::Genre {
            block: number,
            wanted: sheet.genre,
            found: disc.genre,
        });
    }
    let kinds: BTreeSet<u8> = wanted
        .iter()
        .chain(found)
        .map(|pack| pack.kind().0)
        .filter(|kind| !is_read(PackKind(*kind)))
        .collect();
    for kind in kinds.into_iter().map(PackKind) {
        // What is not understood is compared as it is; where it stands among the others does not count.
        let bytes = |packs: &[Pack]| {
            let of = packs.iter().filter(|pack| pack.kind() == kind);
            of.map(|pack| (pack.track(), pack.bytes().get(4..16).map(<[u8]>::to_vec)))
                .collect::<Vec<_>>()
        };
        if bytes(wanted) != bytes(found) {
            findings.push(CdFinding::Packs {
                block: number,
                kind,
            });
        }
    }
    findings
}

/// Whether it is compared by what it says.
fn is_read(kind: PackKind) -> bool {
    let is_text = TextKind::ALL.iter().any(|text| text.pack() == kind);
    is_text || kind == PackKind::GENRE || kind == PackKind::SIZES
}
