//! What is told of a single command to a drive, in JSON and in words.

use super::Say;
use super::human::Lines;
use super::json::{Name, hex};
use pitland::RawCommand;
use pitland::writer::mmc::Sense;
use serde::Serialize;

/// `"scsi"`: a command was answered.
#[derive(Debug, Serialize)]
pub(crate) struct ScsiView {
    pub(crate) drive: Name,
    /// The block as hexadecimal digits.
    pub(crate) cdb: String,
    /// What a command of this operation code changes.
    pub(crate) effect: &'static str,
    /// Whether the drive carried it out.
    pub(crate) done: bool,
    pub(crate) sense: Option<SenseView>,
    /// Bytes that came.
    pub(crate) bytes: u64,
    /// They as hexadecimal digits, where they are not in a file.
    pub(crate) data: Option<String>,
    #[serde(skip)]
    shown: Vec<u8>,
}

/// A sense.
#[derive(Debug, Serialize)]
pub(crate) struct SenseView {
    key: u8,
    asc: u8,
    ascq: u8,
    /// It is about an earlier command.
    deferred: bool,
    information: Option<u32>,
    words: String,
}

impl From<&Sense> for SenseView {
    fn from(sense: &Sense) -> Self {
        let (key, asc, ascq) = sense.triple();
        Self {
            key,
            asc,
            ascq,
            deferred: sense.deferred,
            information: sense.information,
            words: sense.to_string(),
        }
    }
}

impl ScsiView {
    /// Of a command that brought these bytes; they are shown where they go into no file.
    pub(crate) fn new(
        drive: Name,
        command: &RawCommand,
        done: bool,
        sense: Option<&Sense>,
        data: &[u8],
        in_file: bool,
    ) -> Self {
        let shown = if in_file { &[] } else { data };
        Self {
            drive,
            cdb: hex(command.cdb().as_slice()),
            effect: command.effect().name(),
            done,
            sense: sense.map(SenseView::from),
            bytes: data.len() as u64,
            data: (!in_file).then(|| hex(data)),
            shown: shown.to_vec(),
        }
    }
}

impl Say for ScsiView {
    const TYPE: &'static str = "scsi";

    /// Sixteen bytes a line, and what of them is printable.
    fn say(&self) -> String {
        let mut lines = Lines::new();
        for (at, bytes) in (0usize..).step_by(16).zip(self.shown.chunks(16)) {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let letter = |byte: &u8| match byte {
                0x20..0x7F => char::from(*byte),
                _ => '.',
            };
            let text: String = bytes.iter().map(letter).collect();
            lines.line(format!("{at:04x}  {:<47}  {text}", digits.join(" ")));
        }
        let answer = if self.done { "done" } else { "not done" };
        let sense = self
            .sense
            .as_ref()
            .map(|sense| format!("; {}", sense.words));
        lines.line(format!(
            "{}: {answer}, {} bytes came{}",
            self.drive.escaped(),
            self.bytes,
            sense.unwrap_or_default()
        ));
        lines.0
    }
}
