//! The saved form of a CD's record.
//!
//! Owns the fields and their order. A disc on which there is nothing but plain data has the form
//! that it always had, and is read by older programs; all others have more, behind that.

use super::track::Kept;
use super::{CdDisc, Form, MOST_INDEXES, Next, Session, Track};
use crate::medium::state::{Reader, Writer};
use crate::medium::{MediumError, MediumKind};

use pitland_redbook::text::Pack;

impl CdDisc {
    /// As it would be found after a loss of power.
    pub(in crate::medium) fn as_saved(&self) -> Self {
        let mut saved = self.clone();
        saved.interrupt();
        saved
    }

    /// Whether there is more to say than of plain data.
    pub(in crate::medium) fn is_beyond_blocks(&self) -> bool {
        self.unreadable
            || self.first_number != 1
            || !self.texts.is_empty()
            || self.sessions.iter().any(|s| s.mcn.is_some())
            || self.tracks.iter().any(Track::is_beyond_blocks)
            || self.tracks.iter().any(|t| t.form == Form::Mode2)
    }

    pub(in crate::medium) fn save(&self, out: &mut Writer<'_>) {
        out.word(self.capacity);
        out.flag(self.complete);
        out.flag(self.half_blanked);
        out.byte(self.sessions.len() as u8);
        for session in &self.sessions {
            out.word(session.lead_out);
            let (code, at) = match session.next {
                Next::None => (0, 0),
                Next::Final => (1, 0),
                Next::At(at) => (2, at),
            };
            out.byte(code);
            out.word(at);
            out.byte(session.format);
        }
        out.byte(self.tracks.len() as u8);
        for track in &self.tracks {
            out.byte(track.session);
            out.word(track.first);
            out.word(track.start);
            out.word(track.end);
            out.byte(track.control);
            out.byte(track.form.code());
            out.flag(track.ended);
            out.flag(track.lost);
            out.flag(track.run_out);
        }
        if self.is_beyond_blocks() {
            self.save_more(out);
        }
    }

    fn save_more(&self, out: &mut Writer<'_>) {
        out.flag(self.unreadable);
        for session in &self.sessions {
            save_code(out, session.mcn);
        }
        for track in &self.tracks {
            out.byte(track.kept.code());
            save_code(out, track.isrc);
            out.half(track.indexes.len() as u16);
            track.indexes.iter().for_each(|at| out.word(*at));
        }
        let packs = self.texts.packs();
        out.half(packs.len() as u16);
        for pack in packs {
            pack.iter().for_each(|byte| out.byte(*byte));
        }
        // Most discs have no more, and are read by older programs.
        if self.first_number != 1 || self.tracks.iter().any(|t| t.serial_copy) {
            out.byte(self.first_number);
            self.tracks.iter().for_each(|t| out.flag(t.serial_copy));
        }
    }

    /// `more`: it is one that [`Self::is_beyond_blocks`].
    pub(in crate::medium) fn load(
        kind: MediumKind,
        more: bool,
        from: &mut Reader<'_>,
    ) -> Result<Self, MediumError> {
        let mut disc = Self::blank(kind, from.word()?);
        disc.complete = from.flag()?;
        disc.half_blanked = from.flag()?;
        for _ in 0..from.byte()? {
            let lead_out = from.word()?;
            let next = match (from.byte()?, from.word()?) {
                (0, _) => Next::None,
                (1, _) => Next::Final,
                (2, at) => Next::At(at),
                _ => return Err(MediumError::Corrupt("unknown pointer to the next session")),
            };
            disc.sessions.push(Session {
                lead_out,
                next,
                format: from.byte()?,
                mcn: None,
            });
        }
        for _ in 0..from.byte()? {
            let session = from.byte()?;
            let (first, start, end) = (from.word()?, from.word()?, from.word()?);
            let control = from.byte()?;
            let form = Form::from_code(from.byte()?)?;
            disc.tracks.push(Track {
                first,
                end,
                ended: from.flag()?,
                lost: from.flag()?,
                run_out: from.flag()?,
                ..Track::at(session, start, control, form)
            });
        }
        if more {
            disc.load_more(from)?;
        }
        disc.validate()?;
        Ok(disc)
    }

    fn load_more(&mut self, from: &mut Reader<'_>) -> Result<(), MediumError> {
        self.unreadable = from.flag()?;
        for session in &mut self.sessions {
            session.mcn = load_code::<13, _>(from)?;
        }
        let mut indexes = 0;
        for track in &mut self.tracks {
            track.kept = Kept::from_code(from.byte()?)?;
            track.isrc = load_code::<12, _>(from)?;
            let count = from.half()?;
            indexes += usize::from(count);
            if indexes > MOST_INDEXES {
                return Err(MediumError::Corrupt("there are too many indexes"));
            }
            for _ in 0..count {
                track.indexes.push(from.word()?);
            }
        }
        for _ in 0..from.half()? {
            let mut bytes = [0; 18];
            for byte in &mut bytes {
                *byte = from.byte()?;
            }
            let pack = Pack::parse(&bytes);
            self.texts
                .keep(&pack.ok_or(MediumError::Corrupt("a pack of CD-TEXT has a wrong sum"))?);
        }
        if !from.is_empty() {
            self.first_number = from.byte()?;
            for track in &mut self.tracks {
                track.serial_copy = from.flag()?;
            }
        }
        Ok(())
    }
}

fn save_code(out: &mut Writer<'_>, code: Option<impl ToString>) {
    out.flag(code.is_some());
    if let Some(code) = code {
        code.to_string().bytes().for_each(|byte| out.byte(byte));
    }
}

fn load_code<const LENGTH: usize, Code: std::str::FromStr>(
    from: &mut Reader<'_>,
) -> Result<Option<Code>, MediumError> {
    if !from.flag()? {
        return Ok(None);
    }
    let mut bytes = [0; LENGTH];
    for byte in &mut bytes {
        *byte = from.byte()?;
    }
    let text = str::from_utf8(&bytes).ok();
    match text.and_then(|text| text.parse().ok()) {
        Some(code) => Ok(Some(code)),
        None => Err(MediumError::Corrupt("a code of the disc is none")),
    }
}
