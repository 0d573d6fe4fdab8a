//! What is told of blocks that went from a disc into a file, in JSON and in words. Owns how runs of unreadable blocks
//! are put together; which blocks those are is the engine's.

use super::Say;
use super::human::{Lines, blocks};
use super::json::Name;
use super::report::BadRunView;
use pitland::{EmptyBlock, WhyEmpty};
use serde::Serialize;

/// The most runs that are told, as of a verification.
const MOST_RUNS: usize = 64;

/// `"read"`: blocks of a disc are in a file; also the end of `virtual export`.
#[derive(Debug, Serialize)]
pub(crate) struct ReadView {
    pub(crate) drive: Name,
    pub(crate) track: Option<u16>,
    pub(crate) output: Name,
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
    /// Null where no drive was asked.
    pub(crate) empty: Option<EmptyView>,
}

/// The blocks that came as zeros because the drive gave nothing for them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EmptyView {
    /// Gaps, and what the drive says was never written.
    pub(crate) never_written_blocks: u64,
    /// Never written or damaged: the drive gives one answer for both.
    pub(crate) unclear_blocks: u64,
    pub(crate) first_unclear_lba: Option<i32>,
    pub(crate) unreadable_blocks: u64,
    /// The unreadable ones, in the first 64 runs.
    pub(crate) unreadable_runs: Vec<BadRunView>,
    /// Unreadable blocks that are in none of these runs.
    pub(crate) unreadable_beyond: u64,
}

impl EmptyView {
    /// Counts one more; they come by rising address.
    pub(crate) fn add(&mut self, block: &EmptyBlock) {
        match block.why {
            WhyEmpty::NeverWritten => self.never_written_blocks += 1,
            WhyEmpty::Unreadable => {
                self.unreadable_blocks += 1;
                self.add_unreadable(block.lba.0);
            }
            // A reason that this program does not know is one that it cannot rule out to be damage.
            _ => {
                self.unclear_blocks += 1;
                self.first_unclear_lba.get_or_insert(block.lba.0);
            }
        }
    }

    fn add_unreadable(&mut self, lba: i32) {
        let follows =
            |run: &&mut BadRunView| i64::from(run.lba) + run.blocks as i64 == i64::from(lba);
        if let Some(run) = self.unreadable_runs.last_mut().filter(follows) {
            run.blocks += 1;
        } else if self.unreadable_runs.len() < MOST_RUNS {
            self.unreadable_runs.push(BadRunView { lba, blocks: 1 });
        } else {
            self.unreadable_beyond += 1;
        }
    }

    fn lines(&self, lines: &mut Lines) {
        if self.unreadable_blocks == 0 {
            return;
        }
        lines.line(format!(
            "  cannot be read, and came as zeros: {}",
            blocks(self.unreadable_blocks)
        ));
        for run in &self.unreadable_runs {
            lines.line(format!("  bad: {} blocks from LBA {}", run.blocks, run.lba));
        }
        if self.unreadable_beyond > 0 {
            lines.line(format!("  bad: {} blocks more", self.unreadable_beyond));
        }
    }
}

impl Say for ReadView {
    const TYPE: &'static str = "read";

    fn say(&self) -> String {
        let track = self
            .track
            .map(|track| format!(", track {track}"))
            .unwrap_or_default();
        let mut lines = Lines::new();
        lines.line(format!(
            "{}{track}: {} to {}",
            self.drive.escaped(),
            blocks(self.blocks),
            self.output.escaped()
        ));
        if let Some(empty) = &self.empty {
            empty.lines(&mut lines);
        }
        lines.0
    }
}
