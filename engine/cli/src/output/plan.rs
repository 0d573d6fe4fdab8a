//! What a burn would do, as JSON and in words.

use super::json::{Name, PlannedVolumeView, condition, profile_code};
use super::plugins::OriginView;
use super::stash::{StashingView, summary};
use super::{Say, escape, human};
use human::{Lines, blocks, bytes, strings};
use pitland::BurnPlan;
use pitland::writer::PlannedCommand;
use serde::Serialize;

/// `"plan"`: what a burn would do.
#[derive(Debug, Serialize)]
pub(crate) struct PlanView {
    pub(crate) drive: Name,
    /// The virtual disc does not exist; the plan is for the blank BD-R that a burn would make.
    pub(crate) disc_to_be_made: bool,
    pub(crate) profile: String,
    pub(crate) profile_code: String,
    pub(crate) condition: &'static str,
    pub(crate) free_blocks: u64,
    pub(crate) writer: String,
    pub(crate) led_by: OriginView,
    pub(crate) image_bytes: u64,
    /// Bytes of a block of the image, where it is not 2048.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block_bytes: Option<u32>,
    pub(crate) image_blocks: u64,
    pub(crate) volume: Option<PlannedVolumeView>,
    pub(crate) first_lba: i32,
    pub(crate) blocks: u64,
    pub(crate) padding_blocks: u64,
    pub(crate) write_unit: u32,
    pub(crate) sessions_now: Option<u32>,
    pub(crate) sessions_then: Option<u32>,
    /// Whether more can be added afterwards; null where the medium has no such thing.
    pub(crate) appendable_then: Option<bool>,
    pub(crate) changes_disc: bool,
    pub(crate) test_write: bool,
    /// Where the source's files go, in words.
    pub(crate) stash: String,
    /// The same in numbers; `"stash-row"` has each file.
    pub(crate) stashing: StashingView,
    pub(crate) verify: &'static str,
    pub(crate) warnings: Vec<String>,
    pub(crate) prepare: Vec<CommandView>,
    pub(crate) extents: Vec<ExtentView>,
    pub(crate) closing: Vec<CommandView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CommandView {
    /// What it is for.
    pub(crate) purpose: String,
    /// The command and its parameters in words.
    pub(crate) words: String,
}

impl CommandView {
    fn new(command: &PlannedCommand) -> Self {
        let whole = command.to_string();
        let purpose = command.purpose.to_string();
        let words = whole
            .strip_prefix(&format!("{purpose}: "))
            .unwrap_or(&whole)
            .to_owned();
        Self { purpose, words }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ExtentView {
    /// What is sent before its first block, behind the extent before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) before: Vec<CommandView>,
    pub(crate) first_lba: i32,
    pub(crate) blocks: u64,
    pub(crate) block_bytes: u32,
    pub(crate) origin: String,
    pub(crate) command: String,
    pub(crate) underrun_protection: bool,
}

impl PlanView {
    pub(crate) fn new(
        drive: Name,
        disc_to_be_made: bool,
        verify: &'static str,
        plan: &BurnPlan,
    ) -> Self {
        let facts = &plan.facts;
        let write = &plan.plan;
        let warnings = write.warnings.iter().map(ToString::to_string);
        let volume_warnings = plan
            .layout
            .iter()
            .flat_map(|l| l.warnings())
            .map(ToString::to_string);
        Self {
            drive,
            disc_to_be_made,
            profile: facts.profile().to_string(),
            profile_code: profile_code(facts.profile()),
            condition: condition(facts.condition()),
            free_blocks: plan.service.free_blocks,
            writer: plan.writer.clone(),
            led_by: OriginView::new(&plan.led_by),
            image_bytes: plan.image_bytes,
            block_bytes: Some(plan.block_bytes).filter(|bytes| *bytes != 2048),
            image_blocks: plan.image_blocks,
            volume: plan.layout.as_deref().map(PlannedVolumeView::new),
            first_lba: plan.service.first_lba.0,
            blocks: write.blocks(),
            padding_blocks: write.blocks().saturating_sub(plan.image_blocks),
            write_unit: plan.service.write_unit,
            sessions_now: facts.closed_sessions(),
            sessions_then: write.expected.closed_sessions,
            appendable_then: write.expected.appendable,
            changes_disc: write.changes_disc(),
            test_write: write.extents.iter().any(|extent| extent.test_write),
            stash: summary(&plan.stash.totals()),
            stashing: StashingView::new(&plan.stash),
            verify,
            warnings: warnings.chain(volume_warnings).collect(),
            prepare: write.prepare.iter().map(CommandView::new).collect(),
            extents: write
                .extents
                .iter()
                .map(|extent| ExtentView {
                    before: extent.before.iter().map(CommandView::new).collect(),
                    first_lba: extent.first_lba.0,
                    blocks: extent.blocks,
                    block_bytes: extent.form.bytes(),
                    origin: extent.origin.to_string(),
                    command: extent.command.to_string(),
                    underrun_protection: extent.underrun_protection,
                })
                .collect(),
            closing: write.closing.iter().map(CommandView::new).collect(),
        }
    }
}

impl Say for PlanView {
    const TYPE: &'static str = "plan";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(format!("plan for {}", self.drive.escaped()));
        if self.disc_to_be_made {
            lines.field(
                "note",
                "there is no such file: planned for the blank BD-R that a burn would make",
            );
        }
        lines.field(
            "medium",
            format!(
                "{} ({}), {}, {} free",
                self.profile,
                self.profile_code,
                self.condition,
                blocks(self.free_blocks)
            ),
        );
        lines.field(
            "writer",
            format!("{} {}", escape::text(&self.writer), self.led_by.words()),
        );
        let image = match self.block_bytes {
            None => blocks(self.image_blocks),
            Some(each) => format!(
                "{} blocks of {each} bytes ({})",
                self.image_blocks,
                bytes(self.image_bytes)
            ),
        };
        lines.field("image", image);
        if let Some(volume) = &self.volume {
            lines.field(
                "volume",
                format!(
                    "\"{}\": {} files, {} folders, {} of data, {} blocks of zeros at its end",
                    escape::text(&volume.id),
                    volume.files,
                    volume.folders,
                    bytes(volume.data_bytes),
                    volume.padding_blocks
                ),
            );
            if volume.skipped > 0 {
                lines.field("skipped", format!("{} special files", volume.skipped));
            }
        }
        lines.field("from", format!("LBA {}", self.first_lba));
        lines.field(
            "padding",
            match self.write_unit {
                1 => format!("{} blocks around the image", self.padding_blocks),
                unit => format!("{} blocks, to whole units of {unit}", self.padding_blocks),
            },
        );
        if let (Some(now), Some(then)) = (self.sessions_now, self.sessions_then) {
            lines.field("sessions", format!("{now} now, {then} afterwards"));
        }
        if let Some(appendable) = self.appendable_then {
            lines.field(
                "then",
                if appendable {
                    "the disc stays appendable"
                } else {
                    "the disc is finalized"
                },
            );
        }
        lines.field("source", &self.stash);
        self.stashing.fields(&mut lines);
        strings(&self.warnings, &mut lines, "warning");
        for command in &self.prepare {
            lines.field("prepare", format!("{}: {}", command.purpose, command.words));
        }
        for extent in &self.extents {
            for command in &extent.before {
                lines.field("between", format!("{}: {}", command.purpose, command.words));
            }
            lines.field(
                "write",
                format!(
                    "{} blocks of {} bytes from LBA {} by {}, {}",
                    extent.blocks,
                    extent.block_bytes,
                    extent.first_lba,
                    extent.command,
                    extent.origin
                ),
            );
        }
        for command in &self.closing {
            lines.field("close", format!("{}: {}", command.purpose, command.words));
        }
        lines.field("verify", self.verify);
        lines.0
    }
}
