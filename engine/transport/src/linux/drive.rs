//! A drive of the machine as a [`Transport`].
//!
//! Owns the open node that commands go through, its clock, and the count of
//! claims. Must not know what a command does, nor how the steps of a hold are
//! made.

use super::hold::{Hold, block_alone, same_file};
use super::lock::{Attempt, DriveLock};
use super::open::{Link, limits, open_node};
use super::permission::Access;
use super::{DeviceError, DriveNodes, System, bus, sg_io};
use crate::address::OpenMode;
use crate::{
    BusShare, Claim, ClaimDenied, DeviceClock, Exchange, Limits, Reply, Transport, TransportError,
};
use core::time::Duration;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// A drive behind `/dev/srN`, `/dev/sgN` or a link to one of them.
///
/// Commands go through the block node where there is one, because there the
/// data travel from and to the caller's pages without a copy; through the sg
/// node otherwise. The node is opened without waiting for a disc
/// (`O_NONBLOCK`) and without excluding others: that is what a
/// [claim](Transport::claim) is for.
///
/// A node that is opened sends a few commands of the kernel's own to the
/// drive, and an open or a command on a block node waits for the one that
/// runs: a drive that is busy for minutes keeps those waiting, too.
#[derive(Debug)]
pub struct LinuxDrive {
    nodes: DriveNodes,
    system: System,
    hint: String,
    mode: OpenMode,
    limits: Limits,
    bus: Option<BusShare>,
    opened: Instant,
    // Dropped in this order: what excludes others goes before the lock that says so.
    link: Option<Link>,
    hold: Option<Hold>,
    /// The block node, where the kernel is kept from asking for events beyond a hold.
    quiet: Option<File>,
    lock: DriveLock,
    claims: Vec<Granted>,
}

/// A claim that is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Granted {
    /// It took the lock, or its place was with a claim that has it.
    Look,
    /// It took lock and nodes.
    Hold,
    /// It was made within a hold.
    Within,
}

impl LinuxDrive {
    /// Opens the drive behind a path.
    ///
    /// [`OpenMode::ReadOnly`] takes a node that may only be read, where it
    /// may not be written; the kernel then lets pass the commands that change
    /// nothing. Every other mode needs both.
    ///
    /// # Errors
    /// [`DeviceError`]: it is no optical drive, or what is missing.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self, DeviceError> {
        Self::open_in(path, mode, System::default())
    }

    /// The same on a system whose folders are elsewhere.
    ///
    /// # Errors
    /// As [`LinuxDrive::open`].
    pub fn open_in(path: &Path, mode: OpenMode, system: System) -> Result<Self, DeviceError> {
        let nodes = DriveNodes::find(path, &system)?;
        let link = Link::open(&nodes, mode, &system)?;
        Ok(Self {
            hint: path.display().to_string(),
            limits: limits(&nodes, &link),
            bus: bus::share(&system.sys, &nodes.folder),
            lock: DriveLock::new(&system.locks, nodes.scsi, &system.proc),
            nodes,
            system,
            mode,
            opened: Instant::now(),
            link: Some(link),
            hold: None,
            quiet: None,
            claims: Vec::new(),
        })
    }

    /// The drive's nodes, as they were when it was opened.
    pub fn nodes(&self) -> &DriveNodes {
        &self.nodes
    }

    /// Opens the node for commands again, after a hold had to give it up.
    fn relink(&mut self) -> Result<&Link, TransportError> {
        let link =
            Link::open(&self.nodes, self.mode, &self.system).map_err(|error| match error {
                DeviceError::Missing { .. } | DeviceError::Gone { .. } => TransportError::Gone,
                DeviceError::System { source, .. } => TransportError::System(Arc::new(source)),
                other => TransportError::System(Arc::new(io::Error::other(other))),
            })?;
        Ok(self.link.insert(link))
    }

    fn look(&mut self) -> Result<Granted, ClaimDenied> {
        if self.hold.is_some() {
            return Ok(Granted::Within);
        }
        if self.claims.is_empty()
            && let Attempt::Held(holder) = self.lock.share()?
        {
            return Err(ClaimDenied::Held { holder });
        }
        Ok(Granted::Look)
    }

    fn hold(&mut self, who: &str, unmount: bool) -> Result<Granted, ClaimDenied> {
        if self.hold.is_some() {
            return Ok(Granted::Within);
        }
        if self.is_through_generic() {
            // While it is open here, nobody has the sg node alone: not we either.
            self.link = None;
        }
        let (lock, alone) = (&mut self.lock, self.quiet.as_ref());
        let taken = Hold::take_with(&self.nodes, &self.system, lock, who, unmount, alone);
        let hold = taken.inspect_err(|_| self.unlock())?;
        if self.is_through_generic() {
            self.link = self.link_within(&hold);
        }
        self.hold = Some(hold);
        Ok(Granted::Hold)
    }

    /// Whether commands go through the sg node.
    fn is_through_generic(&self) -> bool {
        self.nodes.block.is_none()
    }

    /// The sg node of the hold, for commands.
    fn link_within(&self, hold: &Hold) -> Option<Link> {
        let file = hold.generic()?.try_clone().ok()?;
        Some(Link::new(file, self.nodes.for_commands()?, false))
    }

    /// Gives a hold's lock back; a look that was there before goes on.
    fn unlock(&mut self) {
        match self.claims.is_empty() {
            true => self.lock.free(),
            false => self.lock.back_to_look(),
        }
    }
}

impl Transport for LinuxDrive {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let link = match &self.link {
            Some(link) => link,
            None => self.relink()?,
        };
        let answer = sg_io::execute(link.file.as_fd(), link.channel, exchange);
        match answer {
            // A command that was under way when its drive went ends with any host status.
            Err(TransportError::Host { .. } | TransportError::System(_))
                if self.nodes.is_gone() =>
            {
                Err(TransportError::Gone)
            }
            answer => answer,
        }
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::Real
    }

    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn advance(&mut self, _: Duration) {}

    fn identity_hint(&self) -> String {
        self.hint.clone()
    }

    /// The kernel's CD driver asks for the size of a disc when it sees one go in, and never again.
    fn host_remembers_medium(&self) -> bool {
        self.nodes.block.is_some()
    }

    /// The CD driver looks when its node is opened; the open itself may be
    /// refused for want of a disc, and need not succeed.
    fn have_host_look(&mut self) {
        if let Some(node) = &self.nodes.block {
            drop(open_node(node, Access::Read, 0));
        }
    }

    /// The kernel asks no drive whose block node is open exclusively for writing, and mounts nothing from it.
    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        if !quiet {
            self.quiet = None;
        } else if self.quiet.is_none() {
            let held = self.hold.as_ref().and_then(Hold::block);
            self.quiet = match (held, &self.nodes.block) {
                (Some(file), Some(node)) => Some(same_file(node, file)?),
                _ => block_alone(&self.nodes, &self.system)?,
            };
        }
        Ok(())
    }

    fn bus(&self) -> Option<BusShare> {
        self.bus.clone()
    }

    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        let granted = match claim {
            Claim::Look => self.look(),
            Claim::Hold { who, unmount } => self.hold(who, unmount),
        }?;
        self.claims.push(granted);
        Ok(())
    }

    fn release(&mut self) {
        match self.claims.pop() {
            Some(Granted::Hold) => {
                if self.is_through_generic() {
                    self.link = None;
                }
                self.hold = None;
                self.unlock();
            }
            Some(Granted::Look) if self.claims.is_empty() => self.lock.free(),
            Some(Granted::Look | Granted::Within) | None => {}
        }
    }
}
