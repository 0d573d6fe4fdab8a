//! Where a burn's journal goes, and how the burn is taken up by it again.

use super::blocking;
use crate::args::BurnArgs;
use crate::ending;
use crate::error::Complaint;
use crate::open::{self, Named};
use crate::output::Output;
use crate::output::escape;
use crate::output::json::WarningView;
use pitland::DriveAddress;
use pitland::journal::{JobFolder, JobState};
use std::path::{Path, PathBuf};

/// The folder for the journals of this burn: the one that is named must do, the usual one is warned of. Nothing
/// that records nothing has a journal.
pub(super) fn folder(args: &BurnArgs, output: &Output) -> Result<Option<PathBuf>, Complaint> {
    let named = args.journal.as_deref();
    let none = named.is_some_and(|folder| folder.as_os_str() == "none");
    if args.record.plan || args.record.simulate.is_some() || none {
        return Ok(None);
    }
    let Some(folder) = args.journal.clone().or_else(open::journal_folder) else {
        return Ok(None);
    };
    match JobFolder::open(&folder) {
        Ok(_) => Ok(Some(folder)),
        Err(error) if named.is_some() => Err(error.into()),
        Err(error) => {
            output.event(&WarningView {
                drive: None,
                message: format!("{error}: a burn that is cut off cannot be resumed"),
            });
            Ok(None)
        }
    }
}

/// Whether there is something to take up again in such a drive.
pub(super) fn is_worth_one(address: &DriveAddress) -> bool {
    !matches!(address, DriveAddress::VirtualNull { .. })
}

/// What to do with a burn that can be resumed; `None` where its journal is not to be found.
pub(super) async fn advice(folder: &Path, is_named: bool, drive: &Named) -> Option<String> {
    let listed = folder.to_owned();
    let address = drive.address.to_string();
    let job = blocking(move || {
        let jobs = pitland::jobs(&listed)?;
        let cut_off = jobs.into_iter().filter_map(|job| match job.state {
            JobState::Dead(journal) if journal.begun.drive.address == address => {
                Some((journal.begun.began, job.id))
            }
            _ => None,
        });
        Ok(cut_off.max_by_key(|(began, _)| *began))
    });
    let (_, id) = job.await.ok().flatten()?;
    let mut command = format!("pitland resume {id}");
    if is_named {
        command.push_str(" --journal ");
        command.push_str(&escape::name(folder.as_os_str()));
    }
    Some(ending::advice_to_resume(&command))
}
