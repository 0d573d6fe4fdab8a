//! The sheets beside what was read of a disc, by which the files become the disc again.
//!
//! Owns their names and which text is whose; the texts are the library's.

use crate::error::Complaint;
use crate::sink::Sink;
use pitland::cd::control_file::CcdFile;
use pitland::cd::cue_sheet::{CueSheet, SheetFile, cue_text_of};
use pitland::cd::toc_file::toc_text_of;
use pitland::cd::{CdScan, CdText};
use std::path::{Path, PathBuf};

/// Kinds of sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sheet {
    Cue,
    Toc,
    Ccd,
}

/// Sessions that were read, each with the files that its program stands in.
pub(super) type Described<'a> = (&'a CdScan, &'a [SheetFile<'a>]);

impl Sheet {
    /// Writes the sheet of sessions; a table of contents of cdrdao has one. Answers the files: the sheet, and beside a cue
    /// sheet the packs of CD-TEXT, where its own words do not say all of them.
    pub(super) fn write(
        self,
        path: &Path,
        sessions: &[Described<'_>],
    ) -> Result<Vec<PathBuf>, Complaint> {
        let mut text = self.text_of_all(sessions)?;
        let mut written = vec![path.to_owned()];
        let first = sessions.first().filter(|_| self == Self::Cue);
        if let Some(packs) = first.and_then(|(scan, _)| packs_beside(&text, &scan.text)) {
            let beside = path.with_extension("cdt");
            // As the sheet has its other files.
            let name = name_of(&beside).replace('"', "'");
            text = format!("CDTEXTFILE \"{name}\"\n{text}");
            write(&beside, &packs)?;
            written.push(beside);
        }
        write(path, text.as_bytes())?;
        Ok(written)
    }

    fn text_of_all(self, sessions: &[Described<'_>]) -> Result<String, Complaint> {
        let one = |(scan, files): &Described<'_>| match self {
            Self::Toc => toc_text_of(&scan.session, &scan.text, files),
            _ => cue_text_of(&scan.session, &scan.text, files),
        };
        match (self, sessions) {
            (Self::Ccd, _) => {
                let text = sessions.first().map(|(scan, _)| scan.text.clone());
                let of = sessions.iter().map(|(scan, _)| &scan.session);
                CcdFile::of(of, text.unwrap_or_default())
                    .to_text()
                    .map_err(|error| Complaint::internal(format!("the disc's CD-TEXT: {error}")))
            }
            (_, [only]) => Ok(one(only)),
            // Sheets have no word for sessions; this remark is what other programs write and read.
            (_, all) => Ok(all
                .iter()
                .map(|session| format!("REM SESSION {:02}\n{}", session.0.number, one(session)))
                .collect()),
        }
    }

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Cue => "cue",
            Self::Toc => "toc",
            Self::Ccd => "ccd",
        }
    }
}

/// The packs of a disc's texts, where a cue sheet that is read again has other ones.
fn packs_beside(sheet: &str, disc: &CdText) -> Option<Vec<u8>> {
    let own = CueSheet::parse(sheet.as_bytes()).ok()?.text();
    if disc.blocks.iter().eq(&own) {
        return None;
    }
    let packs = disc.packs().ok()?;
    Some(packs.iter().flat_map(|pack| *pack.bytes()).collect())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Complaint> {
    let mut sink = Sink::create(path, None)?;
    sink.write(bytes)?;
    sink.finish().map(drop)
}

/// A name with an ending appended, whatever it ends in.
pub(super) fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// The name of a file as a sheet beside it has it.
pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
