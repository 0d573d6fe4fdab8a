//! A job's end, as JSON and in words.

use super::json::{Name, seconds};
use super::plugins::OriginView;
use super::{Say, escape, human};
use crate::exit::Exit;
use human::{Lines, blocks, bytes, strings};
use pitland::{BurnReport, MediaFacts, Verification};
use serde::Serialize;
use std::fmt::Write as _;

/// `"report"`: a job's end.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReportView {
    pub(crate) job: &'static str,
    pub(crate) drive: Name,
    pub(crate) writer: String,
    /// Where the writer came from; null for a job that no writer led.
    pub(crate) led_by: Option<OriginView>,
    pub(crate) outcome: &'static str,
    /// The exit status of this job alone.
    pub(crate) exit: u8,
    pub(crate) medium: &'static str,
    pub(crate) first_lba: i32,
    pub(crate) image_bytes: u64,
    /// Bytes of a block of the image, where it is not 2048.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block_bytes: Option<u32>,
    pub(crate) blocks_written: u64,
    pub(crate) rehearsed: bool,
    /// The drive went through it in its test mode.
    pub(crate) test_written: bool,
    pub(crate) verification: Option<VerificationView>,
    /// The other drive in which the disc was read back.
    pub(crate) verified_in: Option<Name>,
    pub(crate) buffer_full: u64,
    pub(crate) ring_ran_dry: u64,
    pub(crate) elapsed_seconds: f64,
    pub(crate) device_seconds: f64,
    pub(crate) notes: Vec<String>,
    pub(crate) profile: Option<String>,
    pub(crate) sessions: Option<u32>,
    pub(crate) free_blocks: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct VerificationView {
    pub(crate) blocks_compared: u64,
    /// Blocks that were read and had nothing to be compared with.
    pub(crate) blocks_unchecked: u64,
    pub(crate) blocks_written: u64,
    pub(crate) bad_units: u64,
    pub(crate) first_bad_lba: Option<i32>,
    pub(crate) first_bad_owner: Option<String>,
    pub(crate) bad_runs: Vec<BadRunView>,
    /// Bad units that are in none of these runs.
    pub(crate) bad_units_beyond: u64,
    /// The files and structures of the volume that the bad runs belong to.
    pub(crate) bad_files: Vec<String>,
}

/// Blocks side by side that differ or cannot be read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BadRunView {
    pub(crate) lba: i32,
    pub(crate) blocks: u64,
}

impl VerificationView {
    fn new(verification: &Verification, report: &BurnReport) -> Self {
        Self {
            blocks_compared: verification.blocks_compared,
            blocks_unchecked: verification.blocks_unchecked,
            blocks_written: verification.blocks_written,
            bad_units: verification.bad_units,
            first_bad_lba: verification.first_bad.map(|lba| lba.0),
            first_bad_owner: report.first_bad_owner.clone(),
            bad_runs: verification
                .bad_runs
                .iter()
                .map(|run| BadRunView {
                    lba: run.first.0,
                    blocks: run.blocks,
                })
                .collect(),
            bad_units_beyond: verification.bad_units_beyond,
            bad_files: report.bad_owners.clone(),
        }
    }
}

impl ReportView {
    pub(crate) fn new(job: &'static str, drive: Name, report: &BurnReport, exit: Exit) -> Self {
        Self {
            job,
            drive,
            writer: report.writer.clone(),
            led_by: report.led_by.as_ref().map(OriginView::new),
            outcome: report.outcome.name(),
            exit: exit.status(),
            medium: report.medium.name(),
            first_lba: report.first_lba,
            image_bytes: report.image_bytes,
            block_bytes: Some(report.block_bytes).filter(|bytes| *bytes != 2048),
            blocks_written: report.blocks_written,
            rehearsed: report.rehearsed,
            test_written: report.test_written,
            verification: verification(report),
            verified_in: None,
            buffer_full: report.buffer_full,
            ring_ran_dry: report.ring_ran_dry,
            elapsed_seconds: seconds(report.elapsed),
            device_seconds: seconds(report.device_time),
            notes: report
                .volume_warnings
                .iter()
                .map(ToString::to_string)
                .chain(report.notes.iter().map(ToString::to_string))
                .collect(),
            profile: report
                .facts
                .as_ref()
                .map(|facts| facts.profile().to_string()),
            sessions: report.facts.as_ref().and_then(MediaFacts::closed_sessions),
            free_blocks: report.facts.as_ref().and_then(MediaFacts::free_blocks),
        }
    }

    /// With what reading the disc back in another drive brought.
    pub(crate) fn read_back_in(mut self, drive: Name, read_back: &BurnReport, exit: Exit) -> Self {
        self.outcome = read_back.outcome.name();
        self.exit = exit.status();
        self.verification = verification(read_back);
        self.verified_in = Some(drive);
        self.elapsed_seconds += seconds(read_back.elapsed);
        self.device_seconds += seconds(read_back.device_time);
        self.notes
            .extend(read_back.notes.iter().map(ToString::to_string));
        self
    }

    /// Which files the bad blocks belong to.
    pub(super) fn bad_files(&self, lines: &mut Lines) {
        let Some(verification) = &self.verification else {
            return;
        };
        for run in verification.bad_runs.iter().take(MOST_BAD_TOLD) {
            lines.line(format!("  bad: {} blocks from LBA {}", run.blocks, run.lba));
        }
        let more = verification.bad_runs.len().saturating_sub(MOST_BAD_TOLD) as u64;
        if more > 0 || verification.bad_units_beyond > 0 {
            lines.line(format!(
                "  bad: more; {} units of 32 blocks in all",
                verification.bad_units
            ));
        }
        for file in verification.bad_files.iter().take(MOST_BAD_TOLD) {
            lines.line(format!("  bad file: {}", escape::text(file)));
        }
        let more = verification.bad_files.len().saturating_sub(MOST_BAD_TOLD);
        if more > 0 {
            lines.line(format!(
                "  bad file: and more, {more} of which --json names"
            ));
        }
    }
}

/// Bad runs and files that a person is told one by one.
const MOST_BAD_TOLD: usize = 10;

fn verification(report: &BurnReport) -> Option<VerificationView> {
    let verification = report.verification.as_ref()?;
    Some(VerificationView::new(verification, report))
}

impl Say for ReportView {
    const TYPE: &'static str = "report";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        let what = match (self.job, self.outcome) {
            (_, _) if self.rehearsed => "rehearsed; nothing was recorded".to_owned(),
            (_, _) if self.test_written => {
                "written in the drive's test mode; nothing was recorded".to_owned()
            }
            ("resume", "verified") => "taken up again, and verified".to_owned(),
            ("resume", outcome) => format!("taken up again; the data are {outcome}"),
            ("burn", "verified") => "burned and verified".to_owned(),
            ("burn", "unverified") => "burned, not wholly read back".to_owned(),
            ("burn", "nothing-written") => "nothing was recorded".to_owned(),
            ("burn", outcome) => format!("burned; the data are {outcome}"),
            ("erase", _) => "erased".to_owned(),
            ("format", _) => "formatted".to_owned(),
            (_, _) => "closed".to_owned(),
        };
        lines.line(format!("{}: {what}", self.drive.escaped()));
        if matches!(self.job, "burn" | "resume") {
            lines.field(
                "image",
                format!("{} from LBA {}", bytes(self.image_bytes), self.first_lba),
            );
            let how = if self.test_written {
                "tested"
            } else {
                "written"
            };
            let written = match self.block_bytes {
                None => blocks(self.blocks_written),
                // Texts of the lead-in are shorter ones.
                Some(_) => format!("{} blocks", self.blocks_written),
            };
            lines.field(how, written);
            if let Some(verification) = &self.verification {
                lines.field("read back", blocks(verification.blocks_compared));
            }
        }
        let mut medium = self.medium.to_owned();
        if let Some(profile) = &self.profile {
            let _ = write!(medium, ", {profile}");
        }
        if let Some(sessions) = self.sessions {
            let _ = write!(
                medium,
                ", {sessions} session{}",
                if sessions == 1 { "" } else { "s" }
            );
        }
        if let Some(free) = self.free_blocks {
            let _ = write!(medium, ", {} free", bytes(free.saturating_mul(2048)));
        }
        lines.field("medium", medium);
        let origin = self.led_by.as_ref();
        let origin = origin.map(|origin| format!(" {}", origin.words()));
        lines.field(
            "writer",
            format!(
                "{}{}",
                escape::text(&self.writer),
                origin.unwrap_or_default()
            ),
        );
        lines.field(
            "time",
            format!(
                "{:.1} s, {:.1} s by the drive's clock",
                self.elapsed_seconds, self.device_seconds
            ),
        );
        strings(&self.notes, &mut lines, "note");
        lines.0
    }
}
