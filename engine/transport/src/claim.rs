//! Keeping other programs off a drive, and saying who keeps whom.
//!
//! Owns the words only. How a claim is made effective is each transport's; who
//! may have one is the engine's.

use core::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// How much of a drive is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim<'a> {
    /// A look that changes nothing and lasts a moment: several programs may
    /// look at once, none while another one holds the drive.
    Look,
    /// The drive for oneself, until the release.
    Hold {
        /// Under which name: 1 to 64 characters, none of them a control
        /// character; anyone may read it.
        who: &'a str,
        /// What is mounted from the drive is unmounted first; without, a
        /// mounted disc is a refusal.
        unmount: bool,
    },
}

/// Another program that has a drive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Holder {
    /// The name it gave, where it gave one: at most 64 characters, none of
    /// them a control character.
    pub who: Option<String>,
    /// Its process, as far as it can be known.
    pub pid: Option<u32>,
    /// The name of its program, as the system has it.
    pub program: Option<String>,
}

impl Holder {
    /// A holder of whom this much is known.
    pub fn new(who: Option<String>, pid: Option<u32>, program: Option<String>) -> Self {
        Self { who, pid, program }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.who, &self.program) {
            (Some(who), _) => write!(f, "\"{}\"", who.escape_debug())?,
            (None, Some(program)) => write!(f, "{}", program.escape_debug())?,
            (None, None) => f.write_str("another program")?,
        }
        match self.pid {
            Some(pid) => write!(f, " (process {pid})"),
            None => Ok(()),
        }
    }
}

/// Why a drive could not be claimed. Nothing was sent to it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimDenied {
    /// Another client holds the drive. Wait for it, or ask it.
    #[error("the drive is held by {holder}")]
    Held {
        /// Who.
        holder: Holder,
    },
    /// Other programs were looking at the drive for as long as it was waited
    /// for. Try again.
    #[error("other programs are looking at the drive: try again")]
    BeingLookedAt,
    /// The lock file of the drive is not one that we make, so nothing is
    /// written to it. Remove it.
    #[error("the lock file {path:?} cannot be used, {why}: remove it")]
    OddLockFile {
        /// The file.
        path: PathBuf,
        /// What is odd about it.
        why: &'static str,
    },
    /// A file system of the disc is mounted. Unmount it.
    #[error("the disc is mounted at {}", .at.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
    Mounted {
        /// Where; in other mount namespaces it may be mounted unseen.
        at: Vec<PathBuf>,
    },
    /// What is mounted could not be unmounted. End what uses it, or unmount it
    /// by hand.
    #[error("{at:?} could not be unmounted: {cause}{}", and_users(.users))]
    NotUnmounted {
        /// Where it is mounted.
        at: PathBuf,
        /// What the system said.
        cause: Arc<std::io::Error>,
        /// Who uses files there, as far as can be seen.
        users: Vec<Holder>,
    },
    /// Another program, which does not use our locks, has the drive open.
    #[error("{node:?} is in use{}", by_whom(.holders))]
    Busy {
        /// The device node.
        node: PathBuf,
        /// Who is likely to have it, as far as can be seen.
        holders: Vec<Holder>,
    },
    /// A permission is missing.
    #[error("{node:?} may not be used: {missing}")]
    NotPermitted {
        /// The file.
        node: PathBuf,
        /// Which permission, group or capability is missing.
        missing: String,
    },
    /// The drive is gone.
    #[error("the drive is gone: connect it again and open it anew")]
    Gone,
    /// The system failed.
    #[error("{path:?}: {cause}")]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: Arc<std::io::Error>,
    },
}

pub(crate) fn by_whom(holders: &[Holder]) -> String {
    if holders.is_empty() {
        return " by a program that cannot be seen from here".into();
    }
    let names: Vec<String> = holders.iter().map(Holder::to_string).collect();
    format!(" by {}", names.join(", "))
}

/// Two refusals are equal when they tell the same.
impl PartialEq for ClaimDenied {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

fn and_users(users: &[Holder]) -> String {
    match users.is_empty() {
        true => String::new(),
        false => format!("; it is in use{}", by_whom(users)),
    }
}
