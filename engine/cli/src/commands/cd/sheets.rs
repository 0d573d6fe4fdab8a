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

impl Sheet {
    /// The sheet of a disc whose program stands in these files.
    pub(super) fn text(self, scan: &CdScan, files: &[SheetFile<'_>]) -> Result<String, Complaint> {
        Ok(match self {
            Self::Cue => cue_text_of(&scan.session, &scan.text, files),
            Self::Toc => toc_text_of(&scan.session, &scan.text, files),
            Self::Ccd => CcdFile::of(&scan.session, scan.text.clone())
                .to_text()
                .map_err(|error| Complaint::internal(format!("the disc's CD-TEXT: {error}")))?,
        })
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
