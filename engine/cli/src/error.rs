//! What went wrong, as the program tells it: one cause, who caused it, what the medium is now, what to do,
//! and the exit status. Made from the engine's typed errors, and the only place that judges them.

mod source;

use crate::ending;
use crate::exit::Exit;
use crate::output::json::{ErrorView, Name};
use crate::output::report::ReportView;
use pitland::cd::{CdError, CompareError, ScanCdError};
use pitland::codes::{Code, Coded, Interface};
use pitland::journal::{JournalError, Verdict};
use pitland::mastering::{PlanError, ScanError};
use pitland::plugin_host::PluginError;
use pitland::transport::ClaimDenied;
use pitland::transport::address::{AddressError, OpenError};
use pitland::transport::linux::DeviceError;
use pitland::transport::sim::{DiscFileError, MediumError};
use pitland::{
    Blame, BurnError, BurnReport, DriveAddress, EngineError, Fault, LeaseDenied, MediumState,
    QueryError, Refusal, ResumeError, SourceError,
};
use source::{is_for_want_of_room, source_advice};
use std::io;
use std::path::Path;

/// An error as it is told.
#[derive(Debug, Clone)]
pub(crate) struct Complaint {
    exit: Exit,
    condition: Code,
    /// Of several values the one that this interface of Windows' API has is told.
    interface: Interface,
    drive: Option<Name>,
    message: String,
    blame: &'static str,
    medium: MediumState,
    advice: String,
    report: Option<Box<ReportView>>,
}

impl Complaint {
    /// Something on which no medium depends.
    pub(crate) fn new(
        exit: Exit,
        message: impl Into<String>,
        blame: &'static str,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            exit,
            condition: by_status(exit),
            interface: Interface::Data,
            drive: None,
            message: message.into(),
            blame,
            medium: MediumState::Untouched,
            advice: advice.into(),
            report: None,
        }
    }

    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(
            Exit::Usage,
            message,
            "caller",
            "ask again, corrected; pitland help tells how",
        )
    }

    /// A file that is to be made cannot be.
    pub(crate) fn output(name: &Path, error: &io::Error) -> Self {
        let message = format!("{} cannot be written: {error}", name.display());
        Self::new(
            Exit::Output,
            message,
            "host",
            "look at the path, its permissions, and the space left",
        )
    }

    /// The user asked for an end, and no disc was changed.
    pub(crate) fn cancelled() -> Self {
        Self::new(
            Exit::Cancelled,
            "cancelled",
            "caller",
            "ask again when it suits",
        )
    }

    /// A task of the program ended without a word.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(
            Exit::Internal,
            message,
            "engine",
            "report this; identify the medium anew before it is used",
        )
    }

    /// A source with a fault.
    pub(crate) fn source(message: impl Into<String>) -> Self {
        Self::new(
            Exit::Source,
            message,
            "source",
            "mend the source and ask again",
        )
    }

    /// What the medium is now is not known from this error.
    pub(crate) fn of_unknown_medium(mut self) -> Self {
        self.medium = MediumState::Unknown;
        self
    }

    /// About this drive, whose name the message need not begin with any more.
    pub(crate) fn of_drive(mut self, drive: &Name) -> Self {
        let told = format!("{}: ", drive.escaped());
        if let Some(rest) = self.message.strip_prefix(&told) {
            self.message = rest.to_owned();
        }
        self.drive = Some(drive.clone());
        self
    }

    /// A job's error, with its report where it was begun.
    pub(crate) fn of_job(job: &'static str, drive: &Name, error: &BurnError) -> Self {
        let mut complaint = match error {
            BurnError::Denied(denied) => Self::of_lease(denied),
            BurnError::Drive(query) => Self::from(query),
            BurnError::Source(source) => Self::from(source),
            BurnError::Refused(refusal) => of_refusal(job, refusal),
            BurnError::Failed {
                fault,
                source,
                report,
            } => of_failure(job, error, fault, source.as_ref(), report),
            _ => of_no_job(error),
        };
        complaint.condition = error.code();
        complaint.interface = match job {
            "erase" | "format" => Interface::Erase,
            _ => Interface::Data,
        };
        if complaint.condition == Code::DriveLink && drive.escaped().starts_with("virtual:") {
            complaint.advice.push_str(
                "; look at the file system that the virtual disc lies on, and the space left there: -v tells what the system said",
            );
        }
        complaint.drive = Some(drive.clone());
        complaint.report = error
            .report()
            .map(|report| Box::new(ReportView::new(job, drive.clone(), report, complaint.exit)));
        complaint
    }

    /// The drive cannot be held, in a command that has `--force-unmount`.
    pub(crate) fn of_lease(denied: &LeaseDenied) -> Self {
        let mut complaint = Self::from(denied);
        if matches!(denied, LeaseDenied::Outside(ClaimDenied::Mounted { .. })) {
            complaint.advice = "unmount it, or say --force-unmount".into();
        }
        complaint
    }

    /// With a condition that tells more than the status does.
    pub(crate) fn coded(mut self, of: impl Coded) -> Self {
        self.condition = of.code();
        self
    }

    /// As this interface of Windows' API has it.
    pub(crate) fn of_interface(mut self, interface: Interface) -> Self {
        self.interface = interface;
        self
    }

    /// With another advice.
    pub(crate) fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// As what went wrong behind a burn, of which this is the report, and this the medium's state.
    pub(crate) fn behind(mut self, exit: Exit, report: ReportView, medium: MediumState) -> Self {
        self.exit = exit;
        self.medium = medium;
        self.report = Some(Box::new(report));
        self
    }

    /// The cause, in words.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The exit status.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The form that is told.
    pub(crate) fn view(&self) -> ErrorView {
        ErrorView {
            code: self.exit.code(),
            status: self.exit.status(),
            condition: self.condition.name(),
            imapi: self
                .condition
                .imapi_in(self.interface)
                .map(|value| format!("{value:08X}")),
            drive: self.drive.clone(),
            message: self.message.clone(),
            blame: self.blame,
            medium: self.medium.name(),
            advice: self.advice.clone(),
            report: self.report.clone(),
        }
    }
}

/// What a status alone tells of the condition: that of complaints of the program itself.
fn by_status(exit: Exit) -> Code {
    match exit {
        Exit::Done | Exit::Internal => Code::EngineFault,
        Exit::Usage => Code::RequestUsage,
        Exit::Source => Code::SourceUnreadable,
        Exit::Refused => Code::MediumOtherState,
        Exit::NoDrive => Code::DriveMissing,
        Exit::Busy => Code::LeaseHeld,
        Exit::DriveFailed
        | Exit::BurnFailed
        | Exit::ReadableOpen
        | Exit::Resumable
        | Exit::Lost => Code::DriveFault,
        Exit::Differs => Code::VerifyDiffers,
        Exit::Plugin => Code::PluginRejected,
        Exit::Output => Code::HostOutput,
        Exit::NotPermitted => Code::LeaseNotPermitted,
        Exit::Unverified | Exit::Unknown => Code::WriteNotProven,
        Exit::Cancelled => Code::RequestCancelled,
    }
}

fn blame_name(blame: Blame) -> &'static str {
    match blame {
        Blame::Caller => "caller",
        Blame::Medium => "medium",
        Blame::Drive => "drive",
        Blame::Link => "link",
        Blame::Source => "source",
        Blame::Writer => "writer",
        _ => "engine",
    }
}

/// A job that was begun and failed.
fn of_failure(
    job: &str,
    error: &BurnError,
    fault: &Fault,
    source: Option<&SourceError>,
    report: &BurnReport,
) -> Complaint {
    let exit = match (fault, ending::status(job, report)) {
        (Fault::Cancelled, _) => Exit::Cancelled,
        (Fault::Verification(_), _) => Exit::Differs,
        (_, Some(by_outcome)) => by_outcome,
        (Fault::Source, None) => match source {
            Some(source) if is_for_want_of_room(source) => Exit::Output,
            _ => Exit::Source,
        },
        (Fault::SourceTooSlow { .. }, None) => Exit::Source,
        (Fault::Writer(_) | Fault::Plan(_), None) => Exit::Plugin,
        (_, None) => Exit::DriveFailed,
    };
    let by_fault = match (fault, source) {
        (Fault::Cancelled, _) => "ask again when it suits",
        (Fault::SourceTooSlow { .. }, _) => "say --stash all",
        (Fault::TestWriteNotTaken, _) => "say --simulate=host",
        (Fault::AnotherMedium, _) => "look at the disc that is in the drive now, and ask again",
        (Fault::Source, Some(source)) => source_advice(source),
        _ => error.advice(),
    };
    let blame = match fault {
        Fault::SourceTooSlow { .. } => "source",
        Fault::Source if source.is_some_and(is_for_want_of_room) => "host",
        _ => blame_name(error.blame()),
    };
    Complaint {
        exit,
        condition: error.code(),
        interface: Interface::Data,
        drive: None,
        message: error.to_string(),
        blame,
        medium: report.medium,
        advice: ending::advice(job, report).unwrap_or_else(|| by_fault.to_owned()),
        report: None,
    }
}

/// A job that was not begun.
fn of_no_job(error: &BurnError) -> Complaint {
    let (exit, advice) = match error {
        BurnError::NoSuchWriter { .. } => (Exit::Usage, "name one that pitland plugins lists"),
        BurnError::Plan { .. } | BurnError::Writer { .. } => (Exit::Plugin, error.advice()),
        BurnError::Cancelled => (Exit::Cancelled, "ask again when it suits"),
        _ => (Exit::Internal, error.advice()),
    };
    let mut complaint = Complaint::new(exit, error.to_string(), blame_name(error.blame()), advice);
    complaint.medium = error.medium_state();
    complaint
}

fn of_refusal(job: &str, refusal: &Refusal) -> Complaint {
    let error = BurnError::Refused(refusal.clone());
    let exit = if matches!(refusal, Refusal::WriterFault(_)) {
        Exit::Plugin
    } else {
        Exit::Refused
    };
    let message = match refusal {
        // Both sizes, in the units of those who ask.
        Refusal::TooLarge { needed, available } => format!(
            "{refusal} ({} bytes needed, {} bytes free)",
            needed.saturating_mul(2048),
            available.saturating_mul(2048)
        ),
        _ => refusal.to_string(),
    };
    let advice = match job {
        "burn" => burn_advice(refusal),
        "erase" if *refusal == Refusal::NotOffered => Some(
            "leave --last-session and --tail away: both are for a CD-RW, --tail for one whose last track is open",
        ),
        _ => None,
    };
    Complaint::new(
        exit,
        message,
        blame_name(error.blame()),
        advice
            .or_else(|| refusal_advice(refusal))
            .unwrap_or(error.advice()),
    )
}

/// What to do by options that only a burn has.
fn burn_advice(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::MediumNotBlank {
            offer: Some(pitland::Placement::Overwrite),
        } => "say --overwrite to replace what it holds, or insert a blank one",
        Refusal::MediumNotBlank {
            offer: Some(pitland::Placement::NewSession),
        } => "say --new-session to add to it, or insert a blank one",
        Refusal::NotRewritable { .. } => {
            "say --new-session to add to it, or insert a rewritable medium"
        }
        Refusal::NoSessions { .. } => "say --overwrite to replace what it holds",
        Refusal::NoTestWrite { .. } => "say --simulate=host",
        Refusal::NoWriter { .. } => {
            "insert a medium of another kind, or leave --writer away; pitland plugins lists what each writer takes"
        }
        Refusal::NoSuchMode { .. } => {
            "tracks of sound and several tracks need a CD-R or CD-RW; where there is one, try another --mode or drive"
        }
        Refusal::NoSuchRecording { .. } => "leave --recording away",
        Refusal::NoUnderrunChoice { .. } => "leave --no-underrun-protection away",
        Refusal::NoSuchForm { .. } => "leave --recording away, or say --cd-form mode1",
        Refusal::TooLarge { .. } => "burn less, or insert a larger medium",
        _ => return None,
    })
}

/// What to do, where it can be said better than by who caused it.
fn refusal_advice(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::NoMedium => "insert a disc",
        Refusal::UnrecognizedMedium => {
            "clean the disc, or turn it over; else insert one of another kind, or use another drive"
        }
        Refusal::MediumNotBlank { .. } => "insert a blank medium",
        Refusal::NotRewritable { .. } => "insert a rewritable medium",
        Refusal::OnlyAnnounced => "pitland eject DRIVE, insert the disc again, and ask again",
        Refusal::SessionOpen => "pitland close DRIVE, and ask again",
        Refusal::MediumDamaged => {
            "pitland close DRIVE, then add a session where the disc stays appendable; or pitland erase DRIVE where it \
             is rewritable; else insert another"
        }
        Refusal::MediumClosed | Refusal::SessionLimit { .. } => "insert another medium",
        Refusal::EraseFirst => "pitland erase DRIVE empties it; or insert another medium",
        Refusal::FormatNeeded => "pitland format DRIVE, in a drive that formats such media",
        Refusal::DriveOnlyReads { .. } => "use a drive that writes it",
        Refusal::NothingToClose => {
            "nothing needs to be done; where a disc can be finalized alone, --disc does it"
        }
        Refusal::NoPrecedent { .. } => "read it, and burn onto a medium of another kind",
        Refusal::PseudoOverwrite => "read it, and burn onto another disc",
        Refusal::NoSuchCertification { .. } => "leave --certify away",
        Refusal::NoSuchFormat { .. } => {
            "leave --kind and --spare away, or name one that pitland medium lists"
        }
        Refusal::NotFormattable { profile } if profile.is_rewritable() => {
            "such a disc needs no format: burn onto it where it is blank or appendable, as pitland medium DRIVE tells; \
             else pitland erase DRIVE empties it"
        }
        Refusal::NotFormattable { .. } => {
            "burn onto it where it is blank or appendable, as pitland medium DRIVE tells; one that is closed takes no \
             more: insert another"
        }
        Refusal::FinalWithSessionOnly { .. } => {
            "burn one more session with --new-session --close, or leave it as it is"
        }
        Refusal::WriteProtected => "take the protection away, or insert another medium",
        _ => return None,
    })
}

impl From<&JournalError> for Complaint {
    fn from(error: &JournalError) -> Self {
        let complaint = match error {
            JournalError::Running { .. } => Self::new(
                Exit::Busy,
                error.to_string(),
                "caller",
                "wait for it, or end it",
            ),
            JournalError::NoSuchJob { .. } | JournalError::NoSuchName { .. } => {
                Self::usage(error.to_string())
            }
            JournalError::Place { .. } | JournalError::TooLong { .. } => Self::new(
                Exit::Output,
                error.to_string(),
                "host",
                "look at the folder and its permissions, or name another with --journal",
            ),
            _ => Self::new(
                Exit::Source,
                error.to_string(),
                "host",
                "identify the disc with pitland medium: what the journal cannot tell, the disc may",
            ),
        };
        complaint.coded(error)
    }
}

impl From<&ResumeError> for Complaint {
    fn from(error: &ResumeError) -> Self {
        let (exit, blame) = match error {
            ResumeError::Journal(journal) => return journal.into(),
            ResumeError::Drive(query) => return query.into(),
            ResumeError::Source(source) => return source.into(),
            ResumeError::SourceChanged(_) | ResumeError::SourceGone => (Exit::Source, "source"),
            ResumeError::Disc(Verdict::Lost(_)) => (Exit::Lost, "medium"),
            ResumeError::Disc(_) | ResumeError::NotRead | ResumeError::BurnAgain => {
                (Exit::Refused, "medium")
            }
            _ => return Self::internal(error.to_string()),
        };
        Self::new(exit, error.to_string(), blame, error.advice()).coded(error)
    }
}

impl From<&LeaseDenied> for Complaint {
    fn from(denied: &LeaseDenied) -> Self {
        let complaint = match denied {
            LeaseDenied::Held { .. } | LeaseDenied::Busy { .. } => Self::new(
                Exit::Busy,
                denied.to_string(),
                "caller",
                "wait until it is done",
            ),
            LeaseDenied::BadName => Self::usage(denied.to_string()),
            LeaseDenied::Outside(claim) => claim.into(),
            _ => Self::internal(denied.to_string()),
        };
        complaint.coded(denied)
    }
}

impl From<&ClaimDenied> for Complaint {
    fn from(denied: &ClaimDenied) -> Self {
        let (exit, advice) = match denied {
            ClaimDenied::Mounted { .. } => (Exit::Busy, "unmount it"),
            ClaimDenied::NotUnmounted { .. } => (Exit::Busy, "end what uses it, and unmount it"),
            ClaimDenied::Held { .. } | ClaimDenied::Busy { .. } => {
                (Exit::Busy, "wait until it is done, or end it")
            }
            ClaimDenied::NotPermitted { .. } => (
                Exit::NotPermitted,
                "ask for the permission that the message names",
            ),
            ClaimDenied::BeingLookedAt => (Exit::Busy, "try again in a moment"),
            ClaimDenied::OddLockFile { .. } => (Exit::DriveFailed, "remove the file that is named"),
            ClaimDenied::Gone => (Exit::NoDrive, "connect the drive again"),
            _ => (Exit::DriveFailed, "look at what the system said of it"),
        };
        Self::new(exit, denied.to_string(), "caller", advice).coded(denied)
    }
}

impl From<&QueryError> for Complaint {
    fn from(error: &QueryError) -> Self {
        let complaint = match error {
            QueryError::Denied(denied) => denied.into(),
            QueryError::NoSuchTrack { .. } => Self::new(
                Exit::Refused,
                error.to_string(),
                "caller",
                "pitland medium DRIVE lists the tracks",
            ),
            QueryError::NothingToRead => Self::new(
                Exit::Refused,
                error.to_string(),
                "medium",
                "insert a disc that holds data",
            ),
            QueryError::Unreadable { .. } => Self::new(
                Exit::Differs,
                error.to_string(),
                "medium",
                "clean the disc, or try another drive; --skip-errors takes what can be read",
            ),
            QueryError::NoAnswer(_) => Self::new(
                Exit::DriveFailed,
                error.to_string(),
                "link",
                "check the drive's connection, then identify the medium anew",
            ),
            _ => Self::new(
                Exit::DriveFailed,
                error.to_string(),
                "drive",
                "try again; if it stays, try another disc or drive",
            ),
        };
        complaint.coded(error)
    }
}

impl From<&AddressError> for Complaint {
    fn from(error: &AddressError) -> Self {
        let exit = match error {
            AddressError::PathIsNoDrive { .. } | AddressError::UnknownDrive { .. } => Exit::NoDrive,
            _ => Exit::Usage,
        };
        Self::new(
            exit,
            error.to_string(),
            "caller",
            "pitland drives lists those of this machine; a virtual one is virtual:FILE",
        )
        .coded(error)
    }
}

impl From<&DiscFileError> for Complaint {
    fn from(error: &DiscFileError) -> Self {
        let (exit, advice) = match error {
            DiscFileError::InUse { .. } => (Exit::Busy, "wait until it is done"),
            DiscFileError::Exists { .. } => (Exit::Output, "choose another name"),
            DiscFileError::NotMade { .. } => (
                Exit::Output,
                "look at the path, its permissions, and the space left",
            ),
            DiscFileError::Medium {
                source: MediumError::Capacity { .. },
                ..
            } => (Exit::Usage, "choose a capacity in that range"),
            DiscFileError::Io { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                (
                    Exit::NotPermitted,
                    "take or ask for the right to read the file, and to write it where it is burned onto",
                )
            }
            DiscFileError::Missing { .. } => {
                (Exit::NoDrive, "pitland virtual create makes a virtual disc")
            }
            DiscFileError::Damaged { .. } | DiscFileError::Medium { .. } => (
                Exit::NoDrive,
                "restore the file from a copy, or make a new virtual disc",
            ),
            _ => (Exit::NoDrive, "look at the path and its permissions"),
        };
        Self::new(exit, error.to_string(), "caller", advice).coded(error)
    }
}

impl From<&DeviceError> for Complaint {
    fn from(error: &DeviceError) -> Self {
        let (exit, advice) = match error {
            DeviceError::Missing { .. } | DeviceError::NotADrive { .. } => (
                Exit::NoDrive,
                "pitland drives lists the drives of this machine",
            ),
            DeviceError::Gone { .. } => (Exit::NoDrive, "connect the drive again"),
            DeviceError::NotPermitted { .. } => (
                Exit::NotPermitted,
                "ask for the permission that the message names",
            ),
            DeviceError::Busy { .. } => (Exit::Busy, "wait until it is done, or end it"),
            _ => (Exit::NoDrive, "look at what the system said of it"),
        };
        Self::new(exit, error.to_string(), "caller", advice).coded(error)
    }
}

impl From<&OpenError> for Complaint {
    fn from(error: &OpenError) -> Self {
        let complaint = match error {
            OpenError::DiscFile(error) => error.into(),
            OpenError::Device(error) => error.into(),
            OpenError::Faults { .. } => {
                Self::new(Exit::Usage, error.to_string(), "caller", "mend the script")
            }
            OpenError::Profile { .. } => Self::new(
                Exit::Usage,
                error.to_string(),
                "caller",
                "name a drive that comes with the program, or mend the file",
            ),
            OpenError::Bus(_) => Self::usage(error.to_string()),
            _ => Self::new(
                Exit::NoDrive,
                error.to_string(),
                "caller",
                "look at the path and its permissions",
            ),
        };
        complaint.coded(error)
    }
}

impl From<&PluginError> for Complaint {
    fn from(error: &PluginError) -> Self {
        Self::new(
            Exit::Plugin,
            error.to_string(),
            "caller",
            "leave the plug-in away, or mend what is named",
        )
        .coded(error)
    }
}

impl From<&EngineError> for Complaint {
    fn from(error: &EngineError) -> Self {
        let complaint = match error {
            EngineError::Plugin(error) => error.into(),
            EngineError::Open(error) => error.into(),
            EngineError::Connect(_) => Self::new(
                Exit::NoDrive,
                error.to_string(),
                "link",
                "look at the address, and whether the target runs",
            ),
            EngineError::SameDrive { .. } => Self::usage(error.to_string()),
            _ => Self::internal(error.to_string()),
        };
        complaint.coded(error)
    }
}

macro_rules! from_owned {
    ($($error:ty),+) => {$(
        impl From<$error> for Complaint {
            fn from(error: $error) -> Self {
                Self::from(&error)
            }
        }
    )+};
}

from_owned!(
    LeaseDenied,
    QueryError,
    SourceError,
    CdError,
    ScanCdError,
    CompareError,
    ScanError,
    PlanError,
    AddressError,
    DiscFileError,
    OpenError,
    PluginError,
    EngineError,
    JournalError
);

/// The name of a drive, as it is told.
pub(crate) fn drive_name(address: &DriveAddress) -> Name {
    Name::new(address.to_os_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland::writer::mmc::Profile;

    #[test]
    fn a_disc_that_is_not_formatted_is_burned_onto_only_where_it_takes_more() {
        let not = |profile| refusal_advice(&Refusal::NotFormattable { profile }).unwrap();
        for profile in [Profile::CdR, Profile::DvdMinusRSequential, Profile::BdRSrm] {
            let advice = not(profile);
            assert!(advice.contains("where it is blank or appendable"));
            assert!(advice.ends_with("insert another"), "{advice}");
            assert!(!advice.contains("erase"), "{advice}");
        }
        let advice = not(Profile::CdRw);
        assert!(advice.contains("where it is blank or appendable"));
        assert!(advice.ends_with("pitland erase DRIVE empties it"));
    }

    #[test]
    fn a_virtual_disc_that_may_not_be_used_is_no_missing_one() {
        let of = |kind: io::ErrorKind| {
            let (path, source) = ("disc".into(), kind.into());
            Complaint::from(DiscFileError::Io { path, source })
        };
        let refused = of(io::ErrorKind::PermissionDenied);
        assert_eq!(refused.exit(), Exit::NotPermitted);
        assert!(refused.view().advice.contains("the right to read"));
        assert_eq!(of(io::ErrorKind::FileTooLarge).exit(), Exit::NoDrive);
    }

    #[test]
    fn a_damaged_disc_is_closed_or_erased_before_it_is_replaced() {
        let advice = refusal_advice(&Refusal::MediumDamaged).unwrap();
        for way in ["pitland close DRIVE", "pitland erase DRIVE", "another"] {
            assert!(advice.contains(way), "{advice}");
        }
    }
}
