//! The same as in `json`, in words for a person. Everything that strangers wrote is escaped here.

use super::Say;
use super::escape;
use super::json::*;
use crate::exit;
use std::fmt::Write as _;

/// Lines that are put together; writing into a String cannot fail.
pub(crate) struct Lines(pub(crate) String);

impl Lines {
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
        self
    }

    pub(crate) fn field(&mut self, name: &str, value: impl AsRef<str>) -> &mut Self {
        let _ = writeln!(self.0, "  {name:<10}{}", value.as_ref());
        self
    }
}

/// Bytes as a person counts them.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 10.0 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

pub(crate) fn blocks(blocks: u64) -> String {
    format!("{blocks} blocks ({})", bytes(blocks.saturating_mul(2048)))
}

pub(crate) fn strings(list: &[String], lines: &mut Lines, name: &str) {
    for text in list {
        lines.field(name, escape::text(text));
    }
}

impl Say for ErrorView {
    const TYPE: &'static str = "error";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        let whose = self
            .drive
            .as_ref()
            .map(|drive| format!("{}: ", drive.escaped()))
            .unwrap_or_default();
        lines.line(format!("pitland: {whose}{}", escape::text(&self.message)));
        lines.line(format!("  medium: {}", self.medium));
        if let Some(report) = &self.report {
            lines.line(format!("  outcome: {}", report.outcome));
        }
        lines.line(format!("  advice: {}", escape::text(&self.advice)));
        if let Some(report) = &self.report {
            report.bad_files(&mut lines);
        }
        lines.0
    }
}

impl Say for WarningView {
    const TYPE: &'static str = "warning";

    fn say(&self) -> String {
        let whose = self
            .drive
            .as_ref()
            .map(|drive| format!("{}: ", drive.escaped()))
            .unwrap_or_default();
        format!("{whose}warning: {}\n", escape::text(&self.message))
    }
}

impl Say for InterruptView {
    const TYPE: &'static str = "interrupt";

    fn say(&self) -> String {
        if self.count <= 1 {
            "ending: what is under way ends in good order first, an open track above all; that may take a while\n".into()
        } else {
            "still ending: to stop now could leave a disc with an open track; it goes on by itself\n".into()
        }
    }
}

impl Say for AwaitingView {
    const TYPE: &'static str = "awaiting-disc";

    fn say(&self) -> String {
        format!(
            "{}: put the burned disc in here; Ctrl-C ends the waiting\n",
            self.drive.escaped()
        )
    }
}

impl Say for PhaseView {
    const TYPE: &'static str = "phase";

    fn say(&self) -> String {
        format!("{}: {}\n", self.drive.escaped(), self.phase)
    }
}

impl Say for ProgressView {
    const TYPE: &'static str = "progress";

    fn say(&self) -> String {
        format!(
            "{}: {} {}\n",
            self.drive.escaped(),
            self.phase,
            figures(self)
        )
    }
}

/// The figures of a phase in one line: what stands behind a bar.
pub(crate) fn figures(view: &ProgressView) -> String {
    let mut text = String::new();
    if let Some(percent) = view.percent {
        let _ = write!(text, "{percent:3.0}%");
    }
    if view.bytes_per_second > 0 {
        let _ = write!(text, "  {:.1} MB/s", view.bytes_per_second as f64 / 1e6);
    }
    if let Some(times) = view.times_nominal {
        let _ = write!(text, " {times:.1}x");
    }
    for (name, fill) in [("ring", view.ring), ("drive", view.drive_buffer)] {
        if let Some(fill) = fill.filter(|fill| fill.total > 0) {
            let _ = write!(
                text,
                "  {name} {}%",
                fill.used.saturating_mul(100) / fill.total
            );
        }
    }
    if let Some(left) = view.remaining_seconds.filter(|left| *left < 1e6) {
        let left = left.ceil() as u64;
        let _ = match left / 3600 {
            0 => write!(text, "  {}:{:02} left", left / 60, left % 60),
            hours => write!(
                text,
                "  {hours}:{:02}:{:02} left",
                left / 60 % 60,
                left % 60
            ),
        };
    }
    text.trim_start().to_owned()
}

impl Say for DrivesView {
    const TYPE: &'static str = "drives";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        for drive in &self.drives {
            say_drive(drive, &mut lines);
        }
        if self.drives.is_empty() {
            lines.line("This machine has no optical drive. Virtual ones are named by their file: virtual:FILE.");
        }
        lines.0
    }
}

impl Say for WatchingView {
    const TYPE: &'static str = "watching";

    fn say(&self) -> String {
        "watching the drives of this machine; Ctrl-C ends it\n".into()
    }
}

impl Say for DriveEventView {
    const TYPE: &'static str = "drive-event";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        if self.what == "arrived" {
            say_drive(&self.drive, &mut lines);
        } else {
            let drive = self.drive.drive.escaped();
            lines.line(format!("{drive:<10}{}", self.what.replace('-', " ")));
        }
        lines.0
    }
}

fn say_drive(drive: &DriveView, lines: &mut Lines) {
    lines.line(format!(
        "{:<10}{}",
        drive.drive.escaped(),
        inquiry(&drive.inquiry)
    ));
    if let Some(generic) = &drive.generic {
        lines.field("generic", generic.escaped());
    }
    let port = drive.port.as_deref().unwrap_or_default();
    let bus = format!("{} {port}", drive.bus);
    lines.field(
        "bus",
        format!("{}, {}", escape::text(bus.trim()), drive.scsi_address),
    );
    if let Some(serial) = &drive.serial {
        lines.field("serial", escape::text(serial));
    }
    for mount in &drive.mounts {
        lines.field("mounted", mount.escaped());
    }
    if let Some(holder) = &drive.holder {
        lines.field("held by", escape::text(holder));
    }
    if !drive.online {
        lines.field("state", "the kernel cannot reach it");
    }
    if let Some(why) = &drive.not_asked {
        lines.field("not asked", escape::text(why));
        return;
    }
    lines.field("writes", drive.writes.join(", "));
    lines.field("reads", drive.reads.join(", "));
}

fn inquiry(view: &InquiryView) -> String {
    let names = format!("{} {} {}", view.vendor, view.product, view.revision);
    escape::text(names.trim())
}

/// What protects a medium, by its name in the JSON.
fn protection(name: &str) -> &str {
    match name {
        "drive" => "by the drive, until its power goes",
        "cartridge" => "by the tab of its cartridge",
        "medium" => "by a cause of its own, as spares that are used up",
        "command" => "for good, by a command",
        "control-block" => "by the block of the disc that is for it",
        "read-only" => "made to be read only",
        other => other,
    }
}

impl Say for MediumView {
    const TYPE: &'static str = "medium";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(format!(
            "{}: {}",
            self.drive.escaped(),
            inquiry(&self.inquiry)
        ));
        lines.field(
            "medium",
            format!("{} ({})", self.profile, self.profile_code),
        );
        let blank = match self.blank {
            Some(true) if self.condition != "blank" => ", holds nothing",
            Some(false) if self.condition == "formatted" => ", holds data",
            _ => "",
        };
        lines.field("condition", format!("{}{blank}", self.condition));
        if let Some(capacity) = self.capacity_blocks {
            lines.field("capacity", blocks(capacity));
        }
        if let Some(free) = self.free_blocks.filter(|_| self.sessions.is_some()) {
            lines.field("free", blocks(free));
        }
        if let Some(sessions) = self.sessions {
            lines.field("sessions", sessions.to_string());
        }
        if let Some(lba) = self.next_writable_lba {
            lines.field("next", format!("LBA {lba}"));
        }
        for track in &self.tracks {
            let state = match (track.blank, track.damaged) {
                (_, true) => ", damaged",
                (true, _) => ", empty",
                _ => "",
            };
            let size = track
                .blocks
                .map(|n| format!(", {}", blocks(u64::from(n))))
                .unwrap_or_default();
            lines.field(
                "track",
                format!(
                    "{} of session {}: LBA {}{size}{state}",
                    track.track, track.session, track.first_lba
                ),
            );
        }
        if !self.write_speeds.is_empty() {
            let speeds: Vec<String> = self.write_speeds.iter().map(ToString::to_string).collect();
            lines.field("speeds", format!("{} kB/s", speeds.join(", ")));
        }
        if !self.formats.is_empty() {
            let formats: Vec<String> = self
                .formats
                .iter()
                .map(|kind| format!("{kind:02X}h"))
                .collect();
            lines.field("formats", formats.join(", "));
        }
        let able: Vec<&str> = [
            (self.test_write, "test write"),
            (self.underrun_protection, "underrun protection"),
            (self.pseudo_overwrite, "pseudo-overwrite"),
        ]
        .into_iter()
        .filter_map(|(is_so, name)| is_so.then_some(name))
        .collect();
        if !able.is_empty() {
            lines.field("with", able.join(", "));
        }
        if !self.protected_by.is_empty() {
            let by: Vec<&str> = self
                .protected_by
                .iter()
                .map(|name| protection(name))
                .collect();
            lines.field("protected", by.join(", "));
        }
        if let Some(spares) = &self.spares {
            lines.field("spares", format!("{} of {} free", spares.free, spares.all));
        }
        if let Some(volume) = &self.volume {
            lines.field(
                "volume",
                format!(
                    "\"{}\" at LBA {}, {}, {}",
                    escape::text(&volume.id),
                    volume.first_lba,
                    blocks(u64::from(volume.blocks)),
                    volume.names.join(" + ")
                ),
            );
        }
        for oddity in &self.oddities {
            lines.field("known", format!("this drive {}", escape::text(oddity)));
        }
        lines.0
    }
}

impl Say for ImageView {
    const TYPE: &'static str = "image";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(format!(
            "{}: {}",
            self.output.escaped(),
            blocks(self.blocks)
        ));
        lines.field(
            "volume",
            format!(
                "\"{}\": {} files, {} folders, {} of data",
                escape::text(&self.volume.id),
                self.volume.files,
                self.volume.folders,
                bytes(self.volume.data_bytes)
            ),
        );
        if self.volume.skipped > 0 {
            lines.field("skipped", format!("{} special files", self.volume.skipped));
        }
        strings(&self.warnings, &mut lines, "warning");
        lines.0
    }
}

impl Say for DifferenceView {
    const TYPE: &'static str = "difference";

    fn say(&self) -> String {
        format!("{}: {}\n", self.drive.escaped(), escape::text(&self.what))
    }
}

impl Say for VerifiedView {
    const TYPE: &'static str = "verified";

    fn say(&self) -> String {
        let result = if self.equal {
            "equal to its source".to_owned()
        } else {
            format!("{} differences", self.differences)
        };
        let names = self
            .names
            .map(|names| format!("{names} names and "))
            .unwrap_or_default();
        format!(
            "{}: {result}; {names}{} compared, session at LBA {}\n",
            self.drive.escaped(),
            bytes(self.bytes),
            self.session_lba
        )
    }
}

impl Say for TrayView {
    const TYPE: &'static str = "tray";

    fn say(&self) -> String {
        format!("{}: {}\n", self.drive.escaped(), self.tray)
    }
}

impl Say for VirtualDiscView {
    const TYPE: &'static str = "virtual-disc";

    fn say(&self) -> String {
        format!(
            "{}: a blank {} of {}; its drive is {}\n",
            self.file.escaped(),
            self.profile,
            blocks(u64::from(self.blocks)),
            self.drive.escaped()
        )
    }
}

impl Say for ServingView {
    const TYPE: &'static str = "serving";

    /// One address a line, for scripts.
    fn say(&self) -> String {
        let mut lines = Lines::new();
        for drive in &self.drives {
            lines.line(&drive.address);
        }
        lines.0
    }
}

impl Say for ExitStatusesView {
    const TYPE: &'static str = "exit-statuses";

    fn say(&self) -> String {
        exit::table()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_what_a_person_reads() {
        for (given, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (9_999, "10.0 kB"),
            (25_025_314_816, "25 GB"),
            (999_999, "1.0 MB"),
        ] {
            assert_eq!(bytes(given), text);
        }
    }

    #[test]
    fn the_figures_name_speed_fill_and_time_left() {
        let view = ProgressView {
            drive: Name::Text("d".into()),
            phase: "writing",
            percent: Some(42.4),
            bytes_done: 1,
            bytes_total: 2,
            bytes_per_second: 53_952_000,
            times_nominal: Some(12.0),
            ring: Some(FillView {
                used: 31,
                total: 32,
            }),
            drive_buffer: Some(FillView { used: 3, total: 4 }),
            elapsed_seconds: 1.0,
            remaining_seconds: Some(3725.2),
            committed: true,
        };
        assert_eq!(
            figures(&view),
            "42%  54.0 MB/s 12.0x  ring 96%  drive 75%  1:02:06 left"
        );
    }

    #[test]
    fn a_label_cannot_reach_the_terminal() {
        let view = DifferenceView {
            drive: Name::Text("virtual:a\u{1b}b".into()),
            path: None,
            lba: None,
            what: "x\u{202e}y".into(),
        };
        assert_eq!(view.say(), "virtual:a\\u{1b}b: x\\u{202e}y\n");
    }
}
