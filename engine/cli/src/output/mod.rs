//! What the program says, and where: results, events and errors, for a person or as JSON lines. Owns the
//! choice of the stream and what happens when it breaks; the words are in `human`, the JSON forms in
//! `json`, running figures in `bar`.

pub(crate) mod bar;
pub(crate) mod cd;
pub(crate) mod escape;
pub(crate) mod human;
pub(crate) mod jobs;
pub(crate) mod json;
pub(crate) mod listing;
pub(crate) mod plan;
pub(crate) mod plugins;
pub(crate) mod read;
pub(crate) mod report;
pub(crate) mod scsi;
pub(crate) mod stash;

use crate::error::Complaint;
use indicatif::MultiProgress;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The version of all JSON that the program writes. A new field does not change it; a field that goes or
/// means something else does.
pub(crate) const SCHEMA: &str = "pitland/1";

/// Something that can be said.
pub(crate) trait Say: Serialize {
    /// The JSON's `"type"`.
    const TYPE: &'static str;

    /// In words: whole lines, already escaped for a terminal.
    fn say(&self) -> String;
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// Where everything goes. Shared by all tasks.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    data_on_stdout: bool,
    bars: Option<MultiProgress>,
    /// What the system said when standard output, and when standard error, could not be written.
    broken: [OnceLock<std::io::Error>; 2],
}

impl Output {
    /// Decides by what the user wants and what the streams are.
    pub(crate) fn new(json: bool, data_on_stdout: bool, verbose: bool) -> Self {
        // Log lines and bars would write over each other.
        let bars = !json && !verbose && std::io::stderr().is_terminal();
        Self {
            json,
            data_on_stdout,
            bars: bars.then(MultiProgress::new),
            broken: Default::default(),
        }
    }

    /// Whether the user wants JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Bars, where there is a terminal for them.
    pub(crate) fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_ref()
    }

    /// Says a result: on standard output, or on standard error where data go to standard output.
    pub(crate) fn result<T: Say>(&self, what: &T) {
        if self.data_on_stdout {
            self.stderr(what)
        } else {
            self.stdout(what)
        }
    }

    /// Says something that happens on the way, or an error: JSON goes where the results go, words to
    /// standard error.
    pub(crate) fn event<T: Say>(&self, what: &T) {
        if self.json && !self.data_on_stdout {
            self.stdout(what)
        } else {
            self.stderr(what)
        }
    }

    /// That a stream broke: then not all that was asked is done. `changes`: the command may have changed
    /// a disc.
    pub(crate) fn broken(&self, changes: bool) -> Option<Complaint> {
        let names = ["standard output", "standard error"];
        let mut broken = self.broken.iter().zip(names);
        let (error, name) = broken.find_map(|(error, name)| Some((error.get()?, name)))?;
        let complaint = Complaint::output(Path::new(name), error);
        let complaint = match changes {
            true => complaint.of_unknown_medium(),
            false => complaint,
        };
        Some(complaint.advising(
            "what was asked is done, only the telling is not: look at where the output goes",
        ))
    }

    /// Says an error on standard error, wherever others go.
    pub(crate) fn lament<T: Say>(&self, what: &T) {
        self.stderr(what);
    }

    fn render<T: Say>(&self, what: &T) -> String {
        if !self.json {
            return what.say();
        }
        let envelope = Envelope {
            schema: SCHEMA,
            kind: T::TYPE,
            body: what,
        };
        let mut line = serde_json::to_string(&envelope).unwrap_or_else(|error| {
            // Only maps with other keys than strings can fail, and there are none.
            format!("{{\"schema\":\"{SCHEMA}\",\"type\":\"error\",\"message\":\"{error}\"}}")
        });
        line.push('\n');
        line
    }

    fn stdout<T: Say>(&self, what: &T) {
        let text = self.render(what);
        self.beside_bars(0, || {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
    }

    fn stderr<T: Say>(&self, what: &T) {
        let text = self.render(what);
        self.beside_bars(1, || std::io::stderr().lock().write_all(text.as_bytes()));
    }

    fn beside_bars(&self, stream: usize, write: impl FnOnce() -> std::io::Result<()>) {
        let written = match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        };
        if let (Err(error), Some(broken)) = (written, self.broken.get(stream)) {
            // The first is the one to tell.
            let _ = broken.set(error);
        }
    }
}
