//! CDs' layouts as records.

use super::{Cursor, DecodeError, Words, length};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::mmc::Lba;
use pitland_writer::mmc::param::{CueSheetEntry, DataForm};
use pitland_writer::{CdLayout, CdMode, CdSubchannel, CdTrack, LayoutFault};

/// With a layout: a catalogue number follows. With a track: an ISRC does.
const CODE: u32 = 1;
/// With a track: it is a copy that must not be copied once more.
const SERIAL_COPY: u32 = 2;

impl Words for CdSubchannel {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::Raw96 => CD_SUBCHANNEL_RAW_96,
            Self::Packed96 => CD_SUBCHANNEL_PACKED_96,
            Self::Pq16 => CD_SUBCHANNEL_PQ_16,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            CD_SUBCHANNEL_RAW_96 => Self::Raw96,
            CD_SUBCHANNEL_PACKED_96 => Self::Packed96,
            CD_SUBCHANNEL_PQ_16 => Self::Pq16,
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for CdMode {
    fn put(&self, out: &mut Message) {
        match self {
            Self::SessionAtOnce => out.push(Record::word(CD_MODE_SESSION_AT_ONCE)),
            Self::TrackAtOnce => out.push(Record::word(CD_MODE_TRACK_AT_ONCE)),
            Self::Raw(subchannel) => {
                out.push(Record::word(CD_MODE_RAW));
                subchannel.put(out);
            }
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            CD_MODE_SESSION_AT_ONCE => Self::SessionAtOnce,
            CD_MODE_TRACK_AT_ONCE => Self::TrackAtOnce,
            CD_MODE_RAW => Self::Raw(CdSubchannel::take(from)?),
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for CdTrack {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(CD_TRACK)
                .flag(CODE, self.isrc.is_some())
                .flag(SERIAL_COPY, self.serial_copy)
                .lba(self.index_1.0.into())
                .count(self.blocks)
                .numbers(&[
                    self.number.into(),
                    self.control.into(),
                    self.form.code().into(),
                    self.pregap.into(),
                    self.image_block,
                ]),
        );
        if let Some(isrc) = &self.isrc {
            out.push(Record::word(CD_ISRC).bytes(isrc));
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(CD_TRACK)?;
        let number = record.number_as(0, "track number")?;
        let mut track = Self::audio(number, record.address()?, record.number(4)?, record.count);
        track.control = record.number_as(1, "control")?;
        track.form = DataForm::from_code(record.number_as(2, "data form")?);
        track.pregap = record.number_as(3, "pregap")?;
        track.serial_copy = record.flags & SERIAL_COPY != 0;
        track.isrc = code(record, CD_ISRC, from)?;
        Ok(track)
    }
}

impl Words for CdLayout {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(CD_LAYOUT)
                .flag(CODE, self.catalogue.is_some())
                .lba(self.first_lba.0.into())
                .count(length(self.tracks.len()))
                .numbers(&[self.lead_out.0.cast_unsigned().into()]),
        );
        if let Some(catalogue) = &self.catalogue {
            out.push(Record::word(CD_CATALOGUE).bytes(catalogue));
        }
        self.mode.put(out);
        out.push(Record::word(CD_CUE_SHEET).bytes(&CueSheetEntry::emit_sheet(&self.cue_sheet)));
        out.push(Record::word(CD_TEXT).bytes(&self.text));
        self.tracks.iter().for_each(|track| track.put(out));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(CD_LAYOUT)?;
        let lead_out = record.number_as::<u32>(0, "address")?.cast_signed();
        let catalogue = code(record, CD_CATALOGUE, from)?;
        let mut layout = Self::new(CdMode::take(from)?, record.address()?);
        layout.lead_out = Lba(lead_out);
        layout.catalogue = catalogue;
        let sheet = from.expect(CD_CUE_SHEET)?;
        if !sheet.bytes.is_empty() {
            layout.cue_sheet = CueSheetEntry::parse_sheet(sheet.bytes.as_slice())
                .map_err(|_| sheet.bad("cue sheet"))?;
        }
        layout.text = from.expect(CD_TEXT)?.bytes.to_vec();
        layout.tracks = from.take_many(record.count)?;
        Ok(layout)
    }
}

/// The characters that follow a record which says so.
fn code<const N: usize>(
    record: &Record,
    word: u32,
    from: &mut Cursor<'_>,
) -> Result<Option<[u8; N]>, DecodeError> {
    if record.flags & CODE == 0 {
        return Ok(None);
    }
    let follows = from.expect(word)?;
    let characters = follows.bytes.as_slice().try_into();
    characters.map(Some).map_err(|_| follows.bad("length"))
}

impl Words for LayoutFault {
    fn put(&self, out: &mut Message) {
        let of_track = |code, track: &u8| Record::word(code).count((*track).into());
        out.push(match self {
            Self::Tracks { tracks } => Record::word(LAYOUT_TRACKS).count((*tracks).into()),
            Self::Number { track } => of_track(LAYOUT_NUMBER, track),
            Self::Form { track } => of_track(LAYOUT_FORM, track),
            Self::TooShort { track, blocks } => {
                of_track(LAYOUT_TOO_SHORT, track).numbers(&[*blocks])
            }
            Self::Place { track } => of_track(LAYOUT_PLACE, track),
            Self::LeadOut => Record::word(LAYOUT_LEAD_OUT),
            Self::Blocks { described, image } => Record::word(LAYOUT_BLOCKS)
                .count(*described)
                .numbers(&[*image]),
            Self::CueSheet => Record::word(LAYOUT_CUE_SHEET),
            Self::Text => Record::word(LAYOUT_TEXT),
            Self::SheetTooLong { bytes, most } => Record::word(LAYOUT_SHEET_TOO_LONG)
                .count((*bytes).into())
                .numbers(&[(*most).into()]),
            _ => Record::word(WITHOUT_CODE),
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        let track = || record.count_as("track");
        Ok(match record.code {
            LAYOUT_TRACKS => Self::Tracks {
                tracks: record.count_as("tracks")?,
            },
            LAYOUT_NUMBER => Self::Number { track: track()? },
            LAYOUT_FORM => Self::Form { track: track()? },
            LAYOUT_TOO_SHORT => Self::TooShort {
                track: track()?,
                blocks: record.number(0)?,
            },
            LAYOUT_PLACE => Self::Place { track: track()? },
            LAYOUT_LEAD_OUT => Self::LeadOut,
            LAYOUT_BLOCKS => Self::Blocks {
                described: record.count,
                image: record.number(0)?,
            },
            LAYOUT_CUE_SHEET => Self::CueSheet,
            LAYOUT_TEXT => Self::Text,
            LAYOUT_SHEET_TOO_LONG => Self::SheetTooLong {
                bytes: record.count_as("bytes")?,
                most: record.number_as(0, "bytes")?,
            },
            _ => return Err(record.unknown()),
        })
    }
}
