//! The control file of a session that was made here or read from a disc.

use std::fmt::{self, Write as _};

use pitland_mmc::{Lba, Msf};

use super::{CcdFile, CcdSession, CcdTrack};
use crate::disc::{Placed, Session, Track};
use crate::sector::SectorForm;
use crate::text::{CdText, TextError};

/// What P of the first entry says of a disc: that of CD-ROM XA, or none.
const XA: u8 = 0x20;

impl CcdFile {
    /// The control file of a disc's sessions, in their order. The image that belongs to it begins with block 0: what a disc
    /// has before that, its first 150 blocks, stands in no image. Nor does what lies between sessions, the 150 blocks before
    /// a later one's first track among it.
    #[must_use]
    pub fn of<'a>(sessions: impl IntoIterator<Item = &'a Session>, text: CdText) -> Self {
        let mut catalogue = None;
        let mut found: Vec<CcdSession> = Vec::new();
        for session in sessions {
            catalogue = catalogue.or(session.catalogue());
            let first = session.tracks().next().map(|(_, placed)| placed);
            found.push(CcdSession {
                begin: match (found.is_empty(), first) {
                    (false, Some(first)) => block(first.source),
                    _ => 0,
                },
                tracks: session.tracks().map(|of| track(session, of)).collect(),
                lead_out: block(session.lead_out()),
            });
        }
        Self {
            catalogue,
            text,
            sessions: found,
        }
    }

    /// The text of the file, its lines ended as CloneCD's.
    ///
    /// # Errors
    /// [`TextError`]: texts that cannot be recorded.
    pub fn to_text(&self) -> Result<String, TextError> {
        let packs = self.text.packs()?;
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = self.write(&mut out, &packs);
        Ok(out.replace('\n', "\r\n"))
    }

    fn write(&self, out: &mut String, packs: &[crate::text::Pack]) -> fmt::Result {
        let tracks = self.sessions.iter().map(|session| session.tracks.len());
        let entries: usize = tracks.map(|tracks| tracks + 3).sum();
        writeln!(out, "[CloneCD]\nVersion=3\n\n[Disc]")?;
        writeln!(
            out,
            "TocEntries={entries}\nSessions={}",
            self.sessions.len()
        )?;
        writeln!(
            out,
            "DataTracksScrambled=0\nCDTextLength={}",
            packs.len() * 18
        )?;
        if let Some(number) = self.catalogue {
            writeln!(out, "CATALOG={number}")?;
        }
        if !packs.is_empty() {
            writeln!(out, "\n[CDText]\nEntries={}", packs.len())?;
        }
        for (at, pack) in packs.iter().enumerate() {
            let contents = pack.bytes().iter().take(16);
            let bytes: Vec<String> = contents.map(|byte| format!("{byte:02x}")).collect();
            writeln!(out, "Entry {at}={}", bytes.join(" "))?;
        }
        for (session, number) in self.sessions.iter().zip(1..) {
            let mode = session.tracks.first().map_or(0, |first| first.mode);
            writeln!(out, "\n[Session {number}]\nPreGapMode={mode}\nPreGapSubC=0")?;
        }
        let mut at = 0;
        for (session, number) in self.sessions.iter().zip(1..) {
            session.write_entries(out, number, &mut at)?;
        }
        for session in &self.sessions {
            for track in &session.tracks {
                track.write(out, session.begin)?;
            }
        }
        Ok(())
    }
}

impl CcdSession {
    /// Its part of the table of contents; `at` counts the entries of all.
    fn write_entries(&self, out: &mut String, number: u32, at: &mut usize) -> fmt::Result {
        let control = |track: Option<&CcdTrack>| track.map_or(0, |track| track.control.bits());
        let (first, last) = (self.tracks.first(), self.tracks.last());
        let number_of = |track: Option<&CcdTrack>| track.map_or(1, |track| track.number);
        let kind = match self.tracks.iter().any(|track| track.mode == 2) {
            true => XA,
            false => 0,
        };
        let mut points = vec![
            (0xa0, control(first), [number_of(first), kind, 0]),
            (0xa1, control(last), [number_of(last), 0, 0]),
            (0xa2, control(last), time(self.lead_out)),
        ];
        for track in &self.tracks {
            let start = track.indexes.first().copied().unwrap_or(0);
            points.push((track.number, track.control.bits(), time(start)));
        }
        for (point, control, [m, s, f]) in points {
            writeln!(out, "\n[Entry {at}]\nSession={number}\nPoint=0x{point:02x}")?;
            writeln!(out, "ADR=0x01\nControl=0x{control:02x}\nTrackNo=0")?;
            writeln!(out, "AMin=0\nASec=0\nAFrame=0\nALBA=-150\nZero=0")?;
            let frames = (i32::from(m) * 60 + i32::from(s)) * 75 + i32::from(f);
            writeln!(out, "PMin={m}\nPSec={s}\nPFrame={f}\nPLBA={}", frames - 150)?;
            *at += 1;
        }
        Ok(())
    }
}

impl CcdTrack {
    /// Its times count from where the session begins.
    fn write(&self, out: &mut String, begin: u32) -> fmt::Result {
        writeln!(out, "\n[TRACK {}]\nMODE={}", self.number, self.mode)?;
        if let Some(code) = self.isrc {
            writeln!(out, "ISRC={code}")?;
        }
        if let Some(start) = self.index_0 {
            writeln!(out, "INDEX 0={}", start.saturating_sub(begin))?;
        }
        for (start, index) in self.indexes.iter().zip(1..) {
            writeln!(out, "INDEX {index}={}", start.saturating_sub(begin))?;
        }
        Ok(())
    }
}

fn track(session: &Session, (track, placed): (&Track, Placed)) -> CcdTrack {
    let index_1 = block(placed.index_1);
    // What is before a session's first track counts from the session's beginning.
    let is_first = placed.number == session.first_track();
    let index_0 = Some(block(placed.start)).filter(|start| *start < index_1 && !is_first);
    let later = track.indexes.iter().map(|start| index_1 + start);
    CcdTrack {
        number: placed.number,
        mode: match track.form {
            SectorForm::Audio => 0,
            SectorForm::Mode0 | SectorForm::Mode1 => 1,
            SectorForm::Mode2 | SectorForm::Mode2Form1(_) | SectorForm::Mode2Form2(_) => 2,
        },
        control: track.recorded_control(),
        isrc: track.isrc,
        index_0,
        indexes: std::iter::once(index_1).chain(later).collect(),
    }
}

fn block(lba: Lba) -> u32 {
    u32::try_from(lba.0).unwrap_or(0)
}

/// The address as a table of contents has it; the greatest where it has none.
fn time(block: u32) -> [u8; 3] {
    let msf = i32::try_from(block)
        .ok()
        .and_then(|block| Lba(block).to_msf());
    let msf = msf.unwrap_or(Msf::new(99, 59, 74));
    [msf.m, msf.s, msf.f]
}
