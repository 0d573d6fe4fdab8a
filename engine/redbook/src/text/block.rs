//! The texts of one language: their kinds, their encoding, and how they follow one another through packs.

use std::collections::BTreeMap;
use std::fmt;

use super::pack::TEXT_BYTES;
use super::{Pack, PackKind, TextError, TextFault};

/// Packs that say how large a block is.
pub(crate) const SIZE_PACKS: usize = 3;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TextKind {
    /// Of the album or a track.
    Title,
    /// Of the album or a track.
    Performer,
    /// Who wrote the words.
    Songwriter,
    /// Who wrote the music.
    Composer,
    /// Who arranged it.
    Arranger,
    /// A message of the publisher or the artist.
    Message,
    /// The catalogue number of the album, by its publisher. Latin-1 in every language.
    DiscId,
    /// The catalogue number (EAN) of the album, the ISRC of a track. Latin-1 in every language.
    Code,
}

impl TextKind {
    /// All of them, in the order of their packs.
    pub const ALL: [Self; 8] = [
        Self::Title,
        Self::Performer,
        Self::Songwriter,
        Self::Composer,
        Self::Arranger,
        Self::Message,
        Self::DiscId,
        Self::Code,
    ];

    /// The kind of its packs.
    #[must_use]
    pub const fn pack(self) -> PackKind {
        PackKind(match self {
            Self::Title => 0x80,
            Self::Performer => 0x81,
            Self::Songwriter => 0x82,
            Self::Composer => 0x83,
            Self::Arranger => 0x84,
            Self::Message => 0x85,
            Self::DiscId => 0x86,
            Self::Code => 0x8e,
        })
    }

    /// The word for it in the files that describe discs; catalogue numbers and codes have words of their own there.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Title => "TITLE",
            Self::Performer => "PERFORMER",
            Self::Songwriter => "SONGWRITER",
            Self::Composer => "COMPOSER",
            Self::Arranger => "ARRANGER",
            Self::Message => "MESSAGE",
            Self::DiscId => "DISC_ID",
            Self::Code => "CODE",
        }
    }

    /// What a word of such a file is about.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| *kind != Self::Code && kind.word() == word)
    }

    fn of(pack: PackKind) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.pack() == pack)
    }

    /// Whether tracks have it, too.
    const fn is_of_tracks(self) -> bool {
        !matches!(self, Self::DiscId)
    }

    /// Whether it is Latin-1 whatever the block's encoding.
    const fn is_code(self) -> bool {
        matches!(self, Self::DiscId | Self::Code)
    }
}

/// How characters are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// ISO 8859-1, one byte a character.
    #[default]
    Latin1,
    /// ASCII.
    Ascii,
    /// Japanese, two bytes a character.
    MsJis,
}

impl Encoding {
    const fn code(self) -> u8 {
        match self {
            Self::Latin1 => 0x00,
            Self::Ascii => 0x01,
            Self::MsJis => 0x80,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            0x00 => Some(Self::Latin1),
            0x01 => Some(Self::Ascii),
            0x80 => Some(Self::MsJis),
            _ => None,
        }
    }

    /// The bytes of a text; the first character that there are none for.
    fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        text.chars().try_fold(Vec::new(), |mut bytes, character| {
            match (self, u32::from(character)) {
                (_, 0) => return Err(character),
                (Self::Latin1, code @ ..=0xff) | (Self::Ascii, code @ ..=0x7f) => {
                    bytes.push(code as u8);
                }
                (Self::MsJis, _) => bytes.extend(double(character).ok_or(character)?),
                _ => return Err(character),
            }
            Ok(bytes)
        })
    }

    fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Latin1 | Self::Ascii => bytes.iter().copied().map(char::from).collect(),
            Self::MsJis => {
                let pairs = bytes.as_chunks::<2>().0;
                // A half character is one byte behind a zero.
                let bytes: Vec<u8> = pairs
                    .iter()
                    .flat_map(|[a, b]| [*a, *b])
                    .filter(|byte| *byte != 0)
                    .collect();
                encoding_rs::SHIFT_JIS
                    .decode_without_bom_handling(&bytes)
                    .0
                    .into_owned()
            }
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Latin1 => "ISO 8859-1",
            Self::Ascii => "ASCII",
            Self::MsJis => "MS-JIS",
        })
    }
}

/// The two bytes of a character in MS-JIS; one byte is not recorded, so that ASCII takes its full width there.
fn double(character: char) -> Option<[u8; 2]> {
    let wide = match u32::from(character) {
        0x20 => '\u{3000}',
        code @ 0x21..=0x7e => char::from_u32(code - 0x21 + 0xff01)?,
        _ => character,
    };
    let mut utf8 = [0; 4];
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(wide.encode_utf8(&mut utf8));
    match (lost, bytes.as_ref()) {
        (false, [a, b]) => Some([*a, *b]),
        _ => None,
    }
}

/// A language by its code, as EBU Tech 3264 numbers them: 9 English, 8 German, 15 French, 69h Japanese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(pub u8);

impl Language {
    /// English.
    pub const ENGLISH: Self = Self(0x09);
    /// German.
    pub const GERMAN: Self = Self(0x08);
    /// French.
    pub const FRENCH: Self = Self(0x0f);
    /// Japanese.
    pub const JAPANESE: Self = Self(0x69);
}

/// The texts of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBlock {
    /// Which language.
    pub language: Language,
    /// How its characters are recorded.
    pub encoding: Encoding,
    /// The first track of the disc.
    pub first_track: u8,
    /// The last track of the disc.
    pub last_track: u8,
    /// The copyright byte of the size information; 0: nothing said.
    pub copyright: u8,
    /// By kind and track; 0 is the album. What is not there is recorded as an empty text where others of its kind are there.
    pub texts: BTreeMap<(TextKind, u8), String>,
    /// The genre of the album: a code, and words of one's own.
    pub genre: Option<(u16, String)>,
}

impl TextBlock {
    /// A block without texts for tracks `first_track` to `last_track`.
    #[must_use]
    pub fn new(language: Language, first_track: u8, last_track: u8) -> Self {
        Self {
            language,
            encoding: Encoding::default(),
            first_track,
            last_track,
            copyright: 0,
            texts: BTreeMap::new(),
            genre: None,
        }
    }

    /// With a text of the album (track 0) or of a track.
    #[must_use]
    pub fn with(mut self, kind: TextKind, track: u8, text: impl Into<String>) -> Self {
        self.texts.insert((kind, track), text.into());
        self
    }

    /// A text.
    #[must_use]
    pub fn text(&self, kind: TextKind, track: u8) -> Option<&str> {
        self.texts.get(&(kind, track)).map(String::as_str)
    }

    fn encoding_of(&self, kind: TextKind) -> Encoding {
        match kind.is_code() {
            true => Encoding::Latin1,
            false => self.encoding,
        }
    }

    /// All packs but those of the sizes.
    pub(crate) fn contents(&self, number: u8) -> Result<Vec<Pack>, TextError> {
        let range = || {
            [0].into_iter()
                .chain(self.first_track..=self.last_track)
                .filter(|track| *track < 100)
        };
        let stray = self.texts.keys().find(|(kind, track)| {
            !range().any(|known| known == *track) || (*track > 0 && !kind.is_of_tracks())
        });
        if let Some((_, track)) = stray {
            return Err(TextError::Track {
                track: *track,
                first: self.first_track,
                last: self.last_track,
            });
        }
        let mut packs = Packs {
            number,
            packs: Vec::new(),
        };
        for kind in TextKind::ALL {
            if kind == TextKind::Code {
                self.add_genre(&mut packs)?;
            }
            if !self.texts.keys().any(|(other, _)| *other == kind) {
                continue;
            }
            let encoding = self.encoding_of(kind);
            let tracks = range().filter(|track| *track == 0 || kind.is_of_tracks());
            let texts = tracks
                .map(|track| {
                    let text = self.text(kind, track).unwrap_or_default();
                    Ok((track, encoded(encoding, text)?))
                })
                .collect::<Result<Vec<_>, TextError>>()?;
            packs.add(kind.pack(), encoding == Encoding::MsJis, &texts);
        }
        Ok(packs.packs)
    }

    fn add_genre(&self, packs: &mut Packs) -> Result<(), TextError> {
        if let Some((code, words)) = &self.genre {
            let mut bytes = code.to_be_bytes().to_vec();
            bytes.extend(encoded(Encoding::Latin1, words)?);
            packs.add(PackKind::GENRE, false, &[(0, bytes)]);
        }
        Ok(())
    }

    /// Appends the packs that say how large every block is.
    pub(crate) fn append_sizes(
        &self,
        number: u8,
        packs: &mut Vec<Pack>,
        last_packs: &[u8; 8],
        languages: &[u8; 8],
    ) {
        let mut sizes = [0; SIZE_PACKS * TEXT_BYTES];
        sizes[..4].copy_from_slice(&[
            self.encoding.code(),
            self.first_track,
            self.last_track,
            self.copyright,
        ]);
        for pack in packs.iter() {
            let kind = pack.kind().0.saturating_sub(PackKind::FIRST);
            if let Some(count) = sizes.get_mut(4 + usize::from(kind)) {
                *count += 1;
            }
        }
        sizes[19] = SIZE_PACKS as u8;
        sizes[20..28].copy_from_slice(last_packs);
        sizes[28..].copy_from_slice(languages);
        for (piece, track) in sizes.as_chunks::<TEXT_BYTES>().0.iter().zip(0u8..) {
            let sequence = packs.len() as u8; // fewer than 256, as the caller has counted
            packs.push(Pack::new(
                PackKind::SIZES,
                track,
                sequence,
                number << 4,
                piece,
            ));
        }
    }
}

fn encoded(encoding: Encoding, text: &str) -> Result<Vec<u8>, TextError> {
    let refused = |character| TextError::Character {
        text: text.to_owned(),
        character,
        encoding,
    };
    let mut bytes = encoding.encode(text).map_err(refused)?;
    bytes.push(0);
    if encoding == Encoding::MsJis {
        bytes.push(0);
    }
    Ok(bytes)
}

/// The packs of a block as they are made.
struct Packs {
    number: u8,
    packs: Vec<Pack>,
}

impl Packs {
    /// Texts of one kind follow one another without a gap; the last pack is filled up with zeros.
    fn add(&mut self, kind: PackKind, double: bool, texts: &[(u8, Vec<u8>)]) {
        let all: Vec<(u8, usize, u8)> = texts
            .iter()
            .flat_map(|(track, bytes)| {
                let places = bytes.iter().enumerate();
                places.map(|(at, byte)| (*track, at, *byte))
            })
            .collect();
        for piece in all.chunks(TEXT_BYTES) {
            let (track, before) = piece.first().map_or((0, 0), |(track, at, _)| (*track, *at));
            let characters = if double { before / 2 } else { before };
            let position = characters.min(15) as u8;
            let mut text = [0; TEXT_BYTES];
            for (to, (_, _, byte)) in text.iter_mut().zip(piece) {
                *to = *byte;
            }
            let flags = (u8::from(double) << 7) | (self.number << 4) | position;
            let sequence = self.packs.len() as u8; // what is beyond 255 is refused by its count
            self.packs
                .push(Pack::new(kind, track, sequence, flags, &text));
        }
    }
}

/// Reads the packs of one block.
pub(crate) fn read_block(number: u8, packs: &[Pack], faults: &mut Vec<TextFault>) -> TextBlock {
    let sizes: Vec<u8> = packs
        .iter()
        .filter(|pack| pack.kind() == PackKind::SIZES)
        .take(SIZE_PACKS)
        .flat_map(|pack| pack.text().to_vec())
        .collect();
    let last_seen = packs
        .iter()
        .filter(|pack| pack.kind() != PackKind::SIZES)
        .map(Pack::track)
        .max();
    let mut block = TextBlock::new(Language(0), 1, last_seen.unwrap_or(1).clamp(1, 99));
    match <[u8; SIZE_PACKS * TEXT_BYTES]>::try_from(sizes) {
        Ok(sizes) => {
            block.first_track = sizes[1].clamp(1, 99);
            block.last_track = sizes[2].clamp(block.first_track, 99);
            block.copyright = sizes[3];
            block.language = Language(sizes[28 + usize::from(number & 7)]);
            match Encoding::of(sizes[0]) {
                Some(encoding) => block.encoding = encoding,
                None => faults.push(TextFault::UnknownEncoding {
                    block: number,
                    code: sizes[0],
                }),
            }
        }
        Err(_) => faults.push(TextFault::NoSizes(number)),
    }
    let mut at = 0;
    while let Some(first) = packs.get(at) {
        let kind = first.kind();
        let run = packs.iter().skip(at).take_while(|pack| pack.kind() == kind);
        let run: Vec<&Pack> = run.collect();
        at += run.len();
        if kind == PackKind::GENRE {
            read_genre(&mut block, &run);
        } else if let Some(kind) = TextKind::of(kind) {
            read_texts(&mut block, kind, &run, faults);
        }
    }
    block
}

fn read_genre(block: &mut TextBlock, run: &[&Pack]) {
    let bytes: Vec<u8> = run.iter().flat_map(|pack| pack.text().to_vec()).collect();
    if let Some((code, words)) = bytes.split_first_chunk::<2>() {
        let words = words.split(|byte| *byte == 0).next().unwrap_or_default();
        block.genre = Some((u16::from_be_bytes(*code), Encoding::Latin1.decode(words)));
    }
}

/// Each pack says whose its first character is, so that what follows a lost one is found again.
fn read_texts(block: &mut TextBlock, kind: TextKind, run: &[&Pack], faults: &mut Vec<TextFault>) {
    let width = if run.iter().any(|pack| pack.is_double()) {
        2
    } else {
        1
    };
    let encoding = block.encoding_of(kind);
    let mut text: Vec<u8> = Vec::new();
    let mut track = run.first().map_or(0, |pack| pack.track());
    // Whether the beginning of the text at hand was lost.
    let mut torn = run.first().is_some_and(|pack| pack.position() > 0);
    let mut expected = run.first().map_or(0, |pack| pack.sequence());
    for pack in run {
        if pack.sequence() != expected {
            faults.push(TextFault::Gap(usize::from(pack.sequence())));
            text.clear();
            track = pack.track();
            torn = pack.position() > 0;
        }
        expected = pack.sequence().wrapping_add(1);
        for character in pack.text().chunks_exact(width) {
            if character.iter().any(|byte| *byte != 0) {
                text.extend_from_slice(character);
                continue;
            }
            // Behind the last text there are zeros.
            if track <= block.last_track && !torn {
                // A tabulator says: as before.
                let same: &[u8] = if width == 2 { b"\t\t" } else { b"\t" };
                let before = track
                    .checked_sub(1)
                    .and_then(|before| block.text(kind, before));
                let shown = match before {
                    Some(before) if text == same => before.to_owned(),
                    _ => encoding.decode(&text),
                };
                if !shown.is_empty() {
                    block.texts.insert((kind, track), shown);
                }
            }
            torn = false;
            text.clear();
            track = match track {
                0 => block.first_track,
                track => track.saturating_add(1),
            };
        }
    }
}
