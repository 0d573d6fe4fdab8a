//! The JSON forms: one type for each `"type"` of the schema, made from the engine's types (those of plans,
//! reports and journals have modules of their own). Owns names and units of the fields; `docs/cli.md` describes them. Speeds are bytes per second, times seconds, blocks
//! have 2048 bytes.

use pitland::MediaFacts;
use pitland::transport::linux::FoundDrive;
use pitland::transport::probe::Capabilities;
use pitland::writer::mmc::Profile;
use pitland::writer::mmc::cdb::StructureMedium;
use pitland::writer::mmc::feature::{Feature, FeatureCode};
use pitland::writer::mmc::reply::{BdSpareArea, DvdRamSpareArea, bd_format, dvd_format};
use pitland::writer::write_parameters::offers_underrun_protection;
use pitland::writer::{MediumCondition, WriteProtection};
use serde::Serialize;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// A name: a string, or where it is not UTF-8 `{"text": what can be read of it, "bytes": hex}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Name {
    Text(String),
    Bytes { text: String, bytes: String },
}

impl Name {
    /// Of a name of the file system.
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let name = name.as_ref();
        match name.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes {
                text: name.to_string_lossy().into_owned(),
                bytes: hex(name.as_bytes()),
            },
        }
    }

    /// Safe for a terminal.
    pub(crate) fn escaped(&self) -> String {
        match self {
            Self::Text(text) => super::escape::text(text),
            Self::Bytes { bytes, .. } => super::escape::name(OsStr::from_bytes(&unhex(bytes))),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Seconds with a resolution of milliseconds.
pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

pub(crate) fn profile_code(profile: Profile) -> String {
    format!("{:04X}h", profile.code())
}

/// `"error"`: what is wrong, who caused it, what the medium is now, and what to do.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ErrorView {
    pub(crate) code: &'static str,
    pub(crate) status: u8,
    /// The stable name of the condition, finer than the code.
    pub(crate) condition: &'static str,
    /// Its value in Windows' API, eight digits.
    pub(crate) imapi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drive: Option<Name>,
    pub(crate) message: String,
    pub(crate) blame: &'static str,
    pub(crate) medium: &'static str,
    pub(crate) advice: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<Box<super::report::ReportView>>,
}

/// `"warning"`: something worth knowing that does not end what is done.
#[derive(Debug, Serialize)]
pub(crate) struct WarningView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drive: Option<Name>,
    pub(crate) message: String,
}

/// `"interrupt"`: the user wants an end.
#[derive(Debug, Serialize)]
pub(crate) struct InterruptView {
    pub(crate) count: u32,
}

/// `"awaiting-disc"`: the program waits for a disc to be put in.
#[derive(Debug, Serialize)]
pub(crate) struct AwaitingView {
    pub(crate) drive: Name,
}

/// `"phase"`: a job enters a phase.
#[derive(Debug, Serialize)]
pub(crate) struct PhaseView {
    pub(crate) drive: Name,
    pub(crate) phase: &'static str,
}

/// `"progress"`: figures of a phase.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProgressView {
    pub(crate) drive: Name,
    pub(crate) phase: &'static str,
    /// 0 to 100, where the phase can be counted.
    pub(crate) percent: Option<f64>,
    pub(crate) bytes_done: u64,
    pub(crate) bytes_total: u64,
    pub(crate) bytes_per_second: u64,
    /// The same in multiples of the medium's 1x.
    pub(crate) times_nominal: Option<f64>,
    pub(crate) ring: Option<FillView>,
    pub(crate) drive_buffer: Option<FillView>,
    pub(crate) elapsed_seconds: f64,
    pub(crate) remaining_seconds: Option<f64>,
    /// Whether the disc has been changed.
    pub(crate) committed: bool,
}

/// How full something is: slots of the ring, bytes of the drive's buffer.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct FillView {
    pub(crate) used: u64,
    pub(crate) total: u64,
}

/// `"drives"`.
#[derive(Debug, Serialize)]
pub(crate) struct DrivesView {
    pub(crate) drives: Vec<DriveView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DriveView {
    pub(crate) drive: Name,
    /// The generic node.
    pub(crate) generic: Option<Name>,
    #[serde(flatten)]
    pub(crate) inquiry: InquiryView,
    pub(crate) serial: Option<String>,
    pub(crate) firmware_date: Option<String>,
    pub(crate) bus: String,
    pub(crate) port: Option<String>,
    pub(crate) scsi_address: String,
    /// Whether the kernel can reach it.
    pub(crate) online: bool,
    pub(crate) mounts: Vec<Name>,
    /// Who holds it.
    pub(crate) holder: Option<String>,
    pub(crate) reads: Vec<String>,
    pub(crate) writes: Vec<String>,
    /// Why the drive was not asked what it can do.
    pub(crate) not_asked: Option<String>,
}

impl DriveView {
    /// What the kernel tells.
    pub(crate) fn new(found: &FoundDrive) -> Self {
        Self {
            drive: Name::new(found.node().unwrap_or(Path::new(""))),
            generic: found.generic.as_ref().map(Name::new),
            inquiry: InquiryView {
                vendor: found.vendor.clone(),
                product: found.model.clone(),
                revision: found.revision.clone(),
            },
            serial: found.serial.clone(),
            firmware_date: None,
            bus: found.bus.to_string(),
            port: found.port.clone(),
            scsi_address: found.address.to_string(),
            online: found.online,
            mounts: found.mounts.iter().map(Name::new).collect(),
            holder: None,
            reads: Vec::new(),
            writes: Vec::new(),
            not_asked: None,
        }
    }

    /// With what the drive tells.
    pub(crate) fn tell(&mut self, told: &Capabilities) {
        let names = |profiles: &[Profile]| profiles.iter().map(Profile::to_string).collect();
        self.reads = names(&told.reads);
        self.writes = names(&told.writes);
        self.firmware_date.clone_from(&told.firmware_date);
        if told.serial.is_some() {
            self.serial.clone_from(&told.serial);
        }
    }
}

/// `"watching"`.
#[derive(Debug, Serialize)]
pub(crate) struct WatchingView {}

/// `"drive-event"`.
#[derive(Debug, Serialize)]
pub(crate) struct DriveEventView {
    pub(crate) what: &'static str,
    #[serde(flatten)]
    pub(crate) drive: DriveView,
}

/// Who a drive is, by INQUIRY.
#[derive(Debug, Default, Serialize)]
pub(crate) struct InquiryView {
    pub(crate) vendor: String,
    pub(crate) product: String,
    pub(crate) revision: String,
}

impl InquiryView {
    pub(crate) fn new(facts: &MediaFacts) -> Self {
        let field = |bytes: &[u8]| bytes.trim_ascii().escape_ascii().to_string();
        facts
            .inquiry
            .as_ref()
            .map_or_else(Self::default, |inquiry| Self {
                vendor: field(&inquiry.vendor),
                product: field(&inquiry.product),
                revision: field(&inquiry.revision),
            })
    }
}

/// `"medium"`.
#[derive(Debug, Serialize)]
pub(crate) struct MediumView {
    pub(crate) drive: Name,
    #[serde(flatten)]
    pub(crate) inquiry: InquiryView,
    pub(crate) profile: String,
    pub(crate) profile_code: String,
    pub(crate) condition: &'static str,
    /// Whether it holds nothing; null where that is not known.
    pub(crate) blank: Option<bool>,
    pub(crate) rewritable: bool,
    pub(crate) sessions: Option<u32>,
    pub(crate) next_writable_lba: Option<i32>,
    pub(crate) free_blocks: Option<u64>,
    pub(crate) capacity_blocks: Option<u64>,
    /// In kB/s (1000 bytes).
    pub(crate) write_speeds: Vec<u32>,
    /// Format types that the drive lists.
    pub(crate) formats: Vec<u8>,
    /// Whether the drive can go through a burn of this medium without recording.
    pub(crate) test_write: bool,
    /// Whether the drive says that it links when it runs out of data, where that is the host's choice.
    pub(crate) underrun_protection: bool,
    /// Whether the disc is formatted for pseudo-overwrite (BD-R).
    pub(crate) pseudo_overwrite: bool,
    /// What keeps it from being written; none where nothing does.
    pub(crate) protected_by: Vec<&'static str>,
    /// Spare blocks for defects; null where the drive tells none.
    pub(crate) spares: Option<SparesView>,
    pub(crate) tracks: Vec<TrackView>,
    pub(crate) volume: Option<VolumeView>,
    /// What is known of this drive, to follow "this drive".
    pub(crate) oddities: Vec<String>,
}

/// Spare blocks for defects. Drives count them in blocks or in clusters: what they tell is the ratio.
#[derive(Debug, Serialize)]
pub(crate) struct SparesView {
    pub(crate) free: u32,
    pub(crate) all: u32,
}

impl SparesView {
    fn of(facts: &MediaFacts) -> Option<Self> {
        let told = |medium, format| facts.disc_structure(medium, format);
        if let Some(structure) = told(StructureMedium::Bd, bd_format::SPARE_AREA) {
            let spares = BdSpareArea::parse(&structure.data).ok()?;
            let (free, all) = (spares.free, spares.allocated);
            return (all > 0).then_some(Self { free, all });
        }
        let structure = told(StructureMedium::Dvd, dvd_format::SPARE_AREA)?;
        let spares = DvdRamSpareArea::parse(&structure.data).ok()?;
        let (free, all) = (spares.supplementary_free, spares.supplementary_allocated);
        (all > 0).then_some(Self { free, all })
    }
}

/// Whether a feature of the medium as it is says that it can be written without recording (recipe 3).
fn has_test_write(facts: &MediaFacts) -> bool {
    let features = [
        FeatureCode::CdTrackAtOnce,
        FeatureCode::CdMastering,
        FeatureCode::DvdMinusWrite,
    ];
    let told = features
        .into_iter()
        .filter_map(|code| facts.current_feature(code));
    facts.profile().is_sequential()
        && told.into_iter().any(|feature| match feature {
            Feature::CdTrackAtOnce(f) => f.test_write,
            Feature::CdMastering(f) => f.test_write,
            Feature::DvdMinusWrite(f) => f.test_write,
            _ => false,
        })
}

#[derive(Debug, Serialize)]
pub(crate) struct TrackView {
    pub(crate) track: u16,
    pub(crate) session: u16,
    pub(crate) first_lba: i32,
    pub(crate) blocks: Option<u32>,
    pub(crate) blank: bool,
    pub(crate) damaged: bool,
}

/// The volume of the last session.
#[derive(Debug, Serialize)]
pub(crate) struct VolumeView {
    pub(crate) id: String,
    pub(crate) first_lba: u32,
    pub(crate) blocks: u32,
    pub(crate) names: Vec<String>,
}

impl MediumView {
    pub(crate) fn new(
        drive: Name,
        facts: &MediaFacts,
        volume: Option<VolumeView>,
        oddities: Vec<String>,
    ) -> Self {
        Self {
            drive,
            inquiry: InquiryView::new(facts),
            profile: facts.profile().to_string(),
            profile_code: profile_code(facts.profile()),
            condition: condition(facts.condition()),
            blank: facts.condition().is_blank(),
            rewritable: facts.profile().is_rewritable(),
            sessions: facts.closed_sessions(),
            next_writable_lba: facts.nwa().map(|lba| lba.0),
            free_blocks: facts.free_blocks(),
            capacity_blocks: facts.total_capacity(),
            write_speeds: facts.write_speeds(),
            formats: facts.offered_formats(),
            test_write: has_test_write(facts),
            underrun_protection: offers_underrun_protection(facts),
            pseudo_overwrite: facts.current_feature(FeatureCode::BdRPow).is_some(),
            protected_by: protected_by(facts.write_protection()),
            spares: SparesView::of(facts),
            tracks: facts
                .tracks
                .iter()
                .map(|track| TrackView {
                    track: track.track.0,
                    session: track.session.0,
                    first_lba: track.start.0,
                    blocks: track.size.map(|size| size.0),
                    blank: track.blank,
                    damaged: track.damage,
                })
                .collect(),
            volume,
            oddities,
        }
    }
}

/// Stable lower-case names of what keeps a medium from being written.
fn protected_by(protection: WriteProtection) -> Vec<&'static str> {
    let names = [
        (protection.until_power_down, "drive"),
        (protection.by_cartridge, "cartridge"),
        (protection.by_medium, "medium"),
        (protection.by_software, "command"),
        (protection.by_control_block, "control-block"),
        (protection.read_only, "read-only"),
    ];
    let so = names.into_iter().filter(|(is_so, _)| *is_so);
    so.map(|(_, name)| name).collect()
}

/// A stable lower-case name.
pub(crate) fn condition(condition: MediumCondition) -> &'static str {
    match condition {
        MediumCondition::NoMedium => "no-medium",
        MediumCondition::Unrecognized => "unrecognized",
        MediumCondition::Blank => "blank",
        MediumCondition::Appendable => "appendable",
        MediumCondition::OpenSession => "open-session",
        MediumCondition::Announced => "announced",
        MediumCondition::Complete => "closed",
        MediumCondition::Formatted { .. } => "formatted",
        MediumCondition::Unformatted => "unformatted",
        MediumCondition::Damaged => "damaged",
        _ => "unknown",
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ProfileView {
    pub(crate) code: String,
    pub(crate) name: String,
}

impl ProfileView {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            code: profile_code(profile),
            name: profile.to_string(),
        }
    }
}

/// The volume that is to be made.
#[derive(Debug, Serialize)]
pub(crate) struct PlannedVolumeView {
    pub(crate) id: String,
    pub(crate) files: u64,
    pub(crate) folders: u64,
    pub(crate) data_bytes: u64,
    pub(crate) skipped: u64,
    /// Zeros at the volume's end, which are part of it.
    pub(crate) padding_blocks: u32,
}

impl PlannedVolumeView {
    pub(crate) fn new(layout: &pitland::mastering::Layout) -> Self {
        Self {
            id: layout.options().volume_id.clone(),
            files: layout.tree().file_count(),
            folders: layout.tree().directory_count(),
            data_bytes: layout.tree().data_bytes(),
            skipped: layout.tree().skipped_count(),
            padding_blocks: layout.options().padding_blocks,
        }
    }
}

/// `"image"`: an image was mastered.
#[derive(Debug, Serialize)]
pub(crate) struct ImageView {
    pub(crate) output: Name,
    /// Where the volume begins: 0, but where an image was grown.
    pub(crate) first_lba: u32,
    /// What was written.
    pub(crate) bytes: u64,
    pub(crate) blocks: u64,
    pub(crate) volume: PlannedVolumeView,
    pub(crate) warnings: Vec<String>,
}

/// `"difference"`: one thing in which a disc differs from its source.
#[derive(Debug, Serialize)]
pub(crate) struct DifferenceView {
    pub(crate) drive: Name,
    /// Where in the volume; null where no file is known for the block.
    pub(crate) path: Option<Name>,
    pub(crate) lba: Option<u32>,
    pub(crate) what: String,
}

/// `"verified"`: the end of a comparison.
#[derive(Debug, Serialize)]
pub(crate) struct VerifiedView {
    pub(crate) drive: Name,
    pub(crate) equal: bool,
    pub(crate) session_lba: u32,
    /// Names that were compared; null for an image.
    pub(crate) names: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) differences: u64,
}

/// `"tray"`.
#[derive(Debug, Serialize)]
pub(crate) struct TrayView {
    pub(crate) drive: Name,
    /// `ejected` or `loaded`.
    pub(crate) tray: &'static str,
}

/// `"virtual-disc"`: a virtual disc was made.
#[derive(Debug, Serialize)]
pub(crate) struct VirtualDiscView {
    pub(crate) file: Name,
    /// The drive to be named for it.
    pub(crate) drive: Name,
    pub(crate) profile: String,
    pub(crate) profile_code: String,
    pub(crate) blocks: u32,
    pub(crate) bytes: u64,
}

impl VirtualDiscView {
    pub(crate) fn new(file: Name, drive: Name, profile: Profile, blocks: u32) -> Self {
        Self {
            file,
            drive,
            profile: profile.to_string(),
            profile_code: profile_code(profile),
            blocks,
            bytes: u64::from(blocks) * 2048,
        }
    }
}

/// `"serving"`.
#[derive(Debug, Serialize)]
pub(crate) struct ServingView {
    pub(crate) drives: Vec<ServedView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ServedView {
    pub(crate) drive: Name,
    pub(crate) lun: u16,
    /// As an initiator names it.
    pub(crate) address: String,
}

/// `"exit-statuses"`.
#[derive(Debug, Serialize)]
pub(crate) struct ExitStatusesView {
    pub(crate) statuses: Vec<ExitStatusView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ExitStatusView {
    pub(crate) status: u8,
    pub(crate) code: &'static str,
    pub(crate) meaning: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_protects_a_medium_has_a_name() {
        let mut protection = WriteProtection::default();
        assert!(protected_by(protection).is_empty());
        protection.by_cartridge = true;
        assert_eq!(protected_by(protection), ["cartridge"]);
        protection.until_power_down = true;
        protection.by_medium = true;
        protection.by_software = true;
        protection.by_control_block = true;
        protection.read_only = true;
        let names = protected_by(protection);
        assert_eq!(names.len(), protection.mask().count_ones() as usize);
    }

    #[test]
    fn a_name_that_is_not_utf8_keeps_its_bytes_beside_what_can_be_read() {
        let name = Name::new(OsStr::from_bytes(b"a\xff"));
        assert_eq!(
            serde_json::to_string(&name).unwrap(),
            r#"{"text":"a�","bytes":"61ff"}"#
        );
        assert_eq!(name.escaped(), "a\\xff");
        assert_eq!(serde_json::to_string(&Name::new("ü")).unwrap(), "\"ü\"");
    }
}
