//! The control file of a session that was made here or read from a disc.

use std::fmt::{self, Write as _};

use pitland_mmc::{Lba, Msf};

use super::{CcdFile, CcdTrack};
use crate::disc::{Placed, Session, Track};
use crate::sector::SectorForm;
use crate::text::{CdText, TextError};

/// What P of the first entry says of a disc: that of CD-ROM XA, or none.
const XA: u8 = 0x20;

impl CcdFile {
    /// The control file of a session. The image that belongs to it begins with block 0: what a disc has before that, its
    /// first 150 blocks, stands in no image.
    #[must_use]
    pub fn of(session: &Session, text: CdText) -> Self {
        Self {
            catalogue: session.catalogue(),
            text,
            tracks: session.tracks().map(track).collect(),
            lead_out: block(session.lead_out()),
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
        let mode = self.tracks.first().map_or(0, |first| first.mode);
        let control = |track: Option<&CcdTrack>| track.map_or(0, |track| track.control.bits());
        let last = self.tracks.last();
        let last_number = last.map_or(1, |last| last.number);
        writeln!(out, "[CloneCD]\nVersion=3\n\n[Disc]")?;
        writeln!(out, "TocEntries={}\nSessions=1", self.tracks.len() + 3)?;
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
        writeln!(out, "\n[Session 1]\nPreGapMode={mode}\nPreGapSubC=0")?;
        let kind = match self.tracks.iter().any(|track| track.mode == 2) {
            true => XA,
            false => 0,
        };
        let first = self.tracks.first();
        let mut points = vec![
            (0xa0, control(first), [1, kind, 0]),
            (0xa1, control(last), [last_number, 0, 0]),
            (0xa2, control(last), time(self.lead_out)),
        ];
        for track in &self.tracks {
            let start = track.indexes.first().copied().unwrap_or(0);
            points.push((track.number, track.control.bits(), time(start)));
        }
        for (at, (point, control, [m, s, f])) in points.iter().enumerate() {
            writeln!(out, "\n[Entry {at}]\nSession=1\nPoint=0x{point:02x}")?;
            writeln!(out, "ADR=0x01\nControl=0x{control:02x}\nTrackNo=0")?;
            writeln!(out, "AMin=0\nASec=0\nAFrame=0\nALBA=-150\nZero=0")?;
            let frames = (i32::from(*m) * 60 + i32::from(*s)) * 75 + i32::from(*f);
            writeln!(out, "PMin={m}\nPSec={s}\nPFrame={f}\nPLBA={}", frames - 150)?;
        }
        for track in &self.tracks {
            writeln!(out, "\n[TRACK {}]\nMODE={}", track.number, track.mode)?;
            if let Some(code) = track.isrc {
                writeln!(out, "ISRC={code}")?;
            }
            if let Some(start) = track.index_0 {
                writeln!(out, "INDEX 0={start}")?;
            }
            for (start, index) in track.indexes.iter().zip(1..) {
                writeln!(out, "INDEX {index}={start}")?;
            }
        }
        Ok(())
    }
}

fn track((track, placed): (&Track, Placed)) -> CcdTrack {
    let index_1 = block(placed.index_1);
    // Blocks before 0 stand in no image.
    let index_0 = Some(block(placed.start)).filter(|start| *start < index_1 && placed.number > 1);
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
