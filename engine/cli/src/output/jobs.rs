//! Jobs that have a journal, and what can still be done with one: their JSON forms and their words. Owns
//! nothing else; `docs/cli.md` describes the fields.

use super::json::Name;
use super::{Say, escape, human};
use pitland::journal::{JobState, Journal, JournalError, Listed, SourceMark, Verdict};
use serde::Serialize;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// `"jobs"`: the journals in a folder, the oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct JobsView {
    pub(crate) folder: Name,
    pub(crate) jobs: Vec<JobView>,
}

/// One job.
#[derive(Debug, Serialize)]
pub(crate) struct JobView {
    pub(crate) job: String,
    /// `running`, `interrupted`, `ended` (not well) or `unusable`.
    pub(crate) state: &'static str,
    /// Why the journal cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(flatten)]
    pub(crate) begun: Option<BegunView>,
}

/// What a job was to do, and how far it came.
#[derive(Debug, Serialize)]
pub(crate) struct BegunView {
    /// Seconds since 1970.
    pub(crate) began: u64,
    pub(crate) client: String,
    pub(crate) drive: String,
    pub(crate) model: String,
    pub(crate) profile: String,
    pub(crate) writer: String,
    pub(crate) sources: Vec<Name>,
    pub(crate) image_bytes: u64,
    pub(crate) first_lba: u32,
    pub(crate) planned_blocks: u64,
    /// Blocks that the drive acknowledged.
    pub(crate) acknowledged_blocks: u64,
    pub(crate) outcome: Option<String>,
    pub(crate) medium: Option<String>,
}

/// `"resume"`: what will be done with a job that was cut off.
#[derive(Debug, Serialize)]
pub(crate) struct ResumeView {
    pub(crate) job: String,
    pub(crate) drive: Name,
    /// `nothing-written`, `resume`, `close`, `verify`, `other-disc`, `lost` or `unclear`.
    pub(crate) verdict: &'static str,
    /// Block of the image at which writing goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<u64>,
    pub(crate) words: String,
    /// Why the source cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
}

impl JobView {
    pub(crate) fn new(listed: &Listed) -> Self {
        let (state, journal, reason) = match &listed.state {
            JobState::Running(journal) => ("running", Some(journal), None),
            JobState::Dead(journal) if journal.ended.is_some() => ("ended", Some(journal), None),
            JobState::Dead(journal) => ("interrupted", Some(journal), None),
            JobState::Unusable(error) => ("unusable", None, Some(reason(error))),
            _ => ("unusable", None, None),
        };
        Self {
            job: listed.id.to_string(),
            state,
            reason,
            begun: journal.map(|journal| BegunView::new(journal)),
        }
    }
}

fn reason(error: &JournalError) -> String {
    error.to_string()
}

impl BegunView {
    fn new(journal: &Journal) -> Self {
        let begun = &journal.begun;
        let drive = &begun.drive;
        Self {
            began: seconds(begun.began),
            client: begun.client.clone(),
            drive: drive.address.clone(),
            model: format!("{} {} {}", drive.vendor, drive.product, drive.revision),
            profile: begun.disc.profile.to_string(),
            writer: begun.writer.clone(),
            sources: match &begun.source {
                SourceMark::Tree { sources, .. } => sources.iter().map(Name::new).collect(),
                SourceMark::File { path, .. } => vec![Name::new(path)],
                SourceMark::Stream { name } => vec![Name::new(name)],
            },
            image_bytes: begun.image_bytes,
            first_lba: begun.first_lba,
            planned_blocks: begun.planned_blocks,
            acknowledged_blocks: journal.acknowledged,
            outcome: journal.ended.as_ref().map(|ended| ended.outcome.clone()),
            medium: journal.ended.as_ref().map(|ended| ended.medium.clone()),
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl ResumeView {
    pub(crate) fn new(job: &str, drive: Name, verdict: Verdict, source: Option<String>) -> Self {
        let (name, block) = match verdict {
            Verdict::NothingWritten => ("nothing-written", None),
            Verdict::ResumeAt { block } => ("resume", Some(block)),
            Verdict::CloseOnly { .. } => ("close", None),
            Verdict::VerifyOnly => ("verify", None),
            Verdict::OtherDisc(_) => ("other-disc", None),
            Verdict::Lost(_) => ("lost", None),
            _ => ("unclear", None),
        };
        Self {
            job: job.to_owned(),
            drive,
            verdict: name,
            block,
            words: verdict.to_string(),
            source,
        }
    }
}

impl Say for JobsView {
    const TYPE: &'static str = "jobs";

    fn say(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        if self.jobs.is_empty() {
            let _ = writeln!(text, "no jobs in {}", self.folder.escaped());
        }
        for job in &self.jobs {
            let _ = writeln!(text, "{}: {}", escape::text(&job.job), job.state);
            if let Some(reason) = &job.reason {
                let _ = writeln!(text, "  {:<10}{}", "reason", escape::text(reason));
            }
            if let Some(begun) = &job.begun {
                begun.lines(&mut text);
            }
        }
        text
    }
}

impl BegunView {
    fn lines(&self, text: &mut String) {
        let mut field = |name: &str, value: String| {
            let _ = writeln!(text, "  {name:<10}{value}");
        };
        let ago = seconds(SystemTime::now()).saturating_sub(self.began);
        field("began", format!("{} ago", span(ago)));
        for source in &self.sources {
            field("source", source.escaped());
        }
        field(
            "drive",
            format!(
                "{} ({})",
                escape::text(&self.drive),
                escape::text(&self.model)
            ),
        );
        field("disc", escape::text(&self.profile));
        let bytes = |blocks: u64| human::bytes(blocks.saturating_mul(2048));
        field(
            "written",
            format!(
                "{} of {} from LBA {}",
                bytes(self.acknowledged_blocks),
                bytes(self.planned_blocks),
                self.first_lba
            ),
        );
        if let (Some(outcome), Some(medium)) = (&self.outcome, &self.medium) {
            let words = format!(
                "{}, the disc is {}",
                escape::text(outcome),
                escape::text(medium)
            );
            field("ended", words);
        }
    }
}

/// A span of time as a person counts it.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl Say for ResumeView {
    const TYPE: &'static str = "resume";

    fn say(&self) -> String {
        let mut text = format!(
            "{}: job {}: {}\n",
            self.drive.escaped(),
            escape::text(&self.job),
            escape::text(&self.words)
        );
        if let Some(source) = &self.source {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "  {:<10}{}", "source", escape::text(source));
        }
        text
    }
}
