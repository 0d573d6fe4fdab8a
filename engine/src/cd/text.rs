//! Which texts a CD gets: a file of packs, those of a cue sheet, or what its sound files say of themselves.
//!
//! Owns the choice, and what becomes of characters that CD-TEXT has not. Packs are `pitland-redbook`'s.

use super::error::{CdError, CdFault, CdWarning};
use pitland_redbook::audio::AudioTags;
use pitland_redbook::subchannel::Isrc;
use pitland_redbook::text::{CdText, Language, PACK_BYTES, Pack, TextBlock, TextError, TextKind};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the texts of a CD come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CdTextFrom {
    /// The file that the cue sheet names, else the sheet's own texts, else the tags of the sound files. Without any there is
    /// no CD-TEXT.
    #[default]
    Auto,
    /// A file of packs, 18 bytes each, with or without the four bytes that READ TOC/PMA/ATIP answers before them.
    File(PathBuf),
    /// No CD-TEXT.
    None,
}

/// Eight languages of 256 packs, the header, and a byte that some programs append.
const MOST_BYTES: u64 = 8 * 256 * PACK_BYTES as u64 + 5;

/// The packs of a file, as they are.
pub(super) fn packs_of_file(path: &Path) -> Result<Vec<Pack>, CdError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| CdError::io(path, error))?;
    let headed = bytes.len() % PACK_BYTES == 4 || bytes.len() % PACK_BYTES == 5;
    let bytes = bytes.get(if headed { 4 } else { 0 }..).unwrap_or_default();
    let (pieces, rest) = bytes.as_chunks::<PACK_BYTES>();
    let packs: Option<Vec<Pack>> = pieces.iter().map(Pack::parse).collect();
    let is_whole = rest.is_empty() || rest == [0];
    match packs.filter(|packs| is_whole && !packs.is_empty() && bytes.len() as u64 <= MOST_BYTES) {
        Some(packs) => Ok(packs),
        None => Err(CdFault::NoPacks {
            path: path.to_owned(),
        }
        .into()),
    }
}

/// The packs of texts. A text that cannot be recorded is left out, and told.
pub(super) fn packs_of(
    mut texts: CdText,
    warnings: &mut Vec<CdWarning>,
) -> Result<Vec<Pack>, TextError> {
    for text in texts
        .blocks
        .iter_mut()
        .flat_map(|block| block.texts.values_mut())
    {
        *text = text
            .chars()
            .map(plain)
            .collect::<String>()
            .replace('\u{2026}', "...");
    }
    loop {
        texts
            .blocks
            .retain(|block| !block.texts.is_empty() || block.genre.is_some());
        let of = |other: &String, text: &String| other == text;
        match texts.packs() {
            Err(TextError::Character {
                text, character, ..
            }) if texts
                .blocks
                .iter()
                .any(|b| b.texts.values().any(|other| of(other, &text))) =>
            {
                for block in &mut texts.blocks {
                    block.texts.retain(|_, other| !of(other, &text));
                }
                warnings.push(CdWarning::TextLeftOut { text, character });
            }
            done => return done,
        }
    }
}

/// Typesetters' quotation marks and dashes become those that CD-TEXT has.
fn plain(character: char) -> char {
    match character {
        '\u{2018}' | '\u{2019}' | '\u{2032}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// The tags of tracks, each the only one of its file, by their numbers.
pub(super) fn block_of_tags(
    tags: &[(u8, &AudioTags)],
    (first, last): (u8, u8),
) -> Option<TextBlock> {
    let mut block = TextBlock::new(Language::ENGLISH, first, last);
    let common = |of: fn(&AudioTags) -> Option<&String>| {
        let mut all = tags.iter().map(|(_, tags)| of(tags));
        let first = all.next().flatten()?;
        all.all(|other| other == Some(first)).then(|| first.clone())
    };
    let performer =
        common(|tags| tags.album_artist.as_ref()).or_else(|| common(|tags| tags.artist.as_ref()));
    for (kind, text) in [
        (TextKind::Title, common(|tags| tags.album.as_ref())),
        (TextKind::Performer, performer),
    ] {
        if let Some(text) = text {
            block = block.with(kind, 0, text);
        }
    }
    for (number, tags) in tags {
        for (kind, text) in [
            (TextKind::Title, &tags.title),
            (TextKind::Performer, &tags.artist),
            (TextKind::Composer, &tags.composer),
        ] {
            if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
                block = block.with(kind, *number, text);
            }
        }
    }
    (!block.texts.is_empty()).then_some(block)
}

/// The recording code of a tag; what is none is told.
pub(super) fn isrc_of(
    path: &Path,
    tags: &AudioTags,
    warnings: &mut Vec<CdWarning>,
) -> Option<Isrc> {
    let code = tags.isrc.as_deref().filter(|code| !code.is_empty())?;
    let isrc = code.parse().ok();
    if isrc.is_none() {
        warnings.push(CdWarning::BadIsrcTag {
            path: path.to_owned(),
            code: code.to_owned(),
        });
    }
    isrc
}
