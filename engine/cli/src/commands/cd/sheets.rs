//! The sheets beside what was read of a disc, by which the files become the disc again.
//!
//! Owns their names and which text is whose; the texts are the library's.

use crate::error::Complaint;
use crate::sink::Sink;
use pitland::cd::CdScan;
use pitland::cd::control_file::CcdFile;
use pitland::cd::cue_sheet::{SheetFile, cue_text_of};
use pitland::cd::toc_file::toc_text_of;
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
    /// The sheet of a session whose program stands in these files.
    pub(super) fn text(self, scan: &CdScan, files: &[SheetFile<'_>]) -> Result<String, Complaint> {
        self.text_of_all(&[(scan, files)])
    }

    /// The sheet of sessions; a table of contents of cdrdao has one.
    pub(super) fn text_of_all(self, sessions: &[Described<'_>]) -> Result<String, Complaint> {
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

/// Writes a sheet.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Complaint> {
    let mut sink = Sink::create(path, None)?;
    sink.write(text.as_bytes())?;
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
