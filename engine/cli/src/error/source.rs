//! What is wrong with what was to be burned: a source, a sheet, a plan, or what a CD is compared with.

use super::Complaint;
use crate::exit::Exit;
use pitland::SourceError;
use pitland::cd::{CdError, CdFault, CompareError, LayoutError, ScanCdError};
use pitland::mastering::zisofs::CompressError;
use pitland::mastering::{EditError, GrowError, ImageError, NodeKind, PlanError, ScanError};

impl From<&SourceError> for Complaint {
    fn from(error: &SourceError) -> Self {
        let complaint = match error {
            SourceError::Plan(plan) => plan.as_ref().into(),
            _ if is_for_want_of_room(error) => Self::new(
                Exit::Output,
                error.to_string(),
                "host",
                source_advice(error),
            ),
            SourceError::NoSession => Self::new(
                Exit::Refused,
                error.to_string(),
                "medium",
                source_advice(error),
            ),
            SourceError::Vanished => Self::internal(error.to_string()),
            _ => Self::source(error.to_string()).advising(source_advice(error)),
        };
        complaint.coded(error)
    }
}

/// Whether the source is as it should be, and the host has no place for what is stored of it.
pub(super) fn is_for_want_of_room(error: &SourceError) -> bool {
    match error {
        SourceError::Stash { .. } => true,
        SourceError::Compress(error) => matches!(**error, CompressError::Spool { .. }),
        _ => false,
    }
}

pub(super) fn source_advice(error: &SourceError) -> &'static str {
    match error {
        SourceError::Stash { .. } => {
            "name folders with more room by --stash-dir, allow more by --stash-quota, or say --stash never"
        }
        SourceError::Compress(_) if is_for_want_of_room(error) => {
            "name a folder with more room by --stash-dir or the variable TMPDIR"
        }
        SourceError::NoSession => {
            "name a session that pitland medium lists, or burn without --append"
        }
        SourceError::Grow(error) if matches!(**error, GrowError::HeadInUse { .. }) => {
            "leave udf out of --fs, or burn without --append"
        }
        SourceError::Import(_) | SourceError::Grow(_) => {
            "the volume on the disc cannot be gone on with; burn without --append"
        }
        SourceError::Image(error) => match error.as_ref() {
            ImageError::Sound { .. } | ImageError::SeveralTracks { .. } => {
                "a sheet of several tracks, or with sound, is compared when it is burned; pitland extract takes files out of it"
            }
            ImageError::NotAtStart { .. } => {
                "what it holds states addresses that would be wrong on the disc; pitland extract takes its files out"
            }
            _ => "mend the source and ask again",
        },
        SourceError::Edit(error)
            if matches!(
                **error,
                EditError::Kind {
                    kind: NodeKind::Directory,
                    ..
                }
            ) =>
        {
            "say --remove for a folder that shall give way, and for all that it holds"
        }
        SourceError::Edit(error)
            if matches!(**error, EditError::Exists { .. } | EditError::Kind { .. }) =>
        {
            "say --replace where sources shall take the place of what is there"
        }
        SourceError::Edit(_) => "name paths of the earlier session as pitland ls -R shows them",
        SourceError::LeftBehind => "say --stash all, or a longer --most-lag",
        _ => "mend the source and ask again",
    }
}

impl From<&ScanCdError> for Complaint {
    fn from(error: &ScanCdError) -> Self {
        match error {
            ScanCdError::Drive(error) => error.into(),
            ScanCdError::Contents(_) => Self::new(
                Exit::DriveFailed,
                error.to_string(),
                "drive",
                "clean the disc, or use another drive",
            ),
            ScanCdError::NoSession(_) => Self::new(
                Exit::Refused,
                error.to_string(),
                "medium",
                "pitland medium DRIVE lists the sessions of the tracks",
            ),
            _ => Self::new(
                Exit::Refused,
                error.to_string(),
                "medium",
                "insert a CD that was burned",
            ),
        }
    }
}

impl From<&CompareError> for Complaint {
    fn from(error: &CompareError) -> Self {
        match error {
            CompareError::Drive(error) => error.into(),
            CompareError::Source(error) => error.into(),
            CompareError::Stopped => Self::cancelled(),
            _ => Self::new(
                Exit::Refused,
                error.to_string(),
                "medium",
                "insert a CD that was burned",
            )
            .coded(error),
        }
    }
}

impl From<&CdError> for Complaint {
    fn from(error: &CdError) -> Self {
        let advice = match error.is_of_host() {
            true => "look at the path and its permissions",
            false => match &error.fault {
                CdFault::Layout(LayoutError::TooShort { .. }) => {
                    "say --pad, or join the track with another"
                }
                CdFault::Text(_) | CdFault::NoPacks { .. } => {
                    "mend the texts, or say --cd-text none"
                }
                _ => "mend the source and ask again",
            },
        };
        Self::source(error.to_string())
            .advising(advice)
            .coded(error)
    }
}

impl From<&ScanError> for Complaint {
    fn from(error: &ScanError) -> Self {
        Self::source(error.to_string()).coded(error)
    }
}

impl From<&PlanError> for Complaint {
    fn from(error: &PlanError) -> Self {
        let complaint = match error {
            // The only texts are those of the command line.
            PlanError::TextTooLong { .. } => Self::usage(error.to_string()),
            _ => Self::source(error.to_string()),
        };
        complaint.coded(error)
    }
}
