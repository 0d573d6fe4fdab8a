//! The drives of a Linux machine: how commands reach them, and how other
//! programs are kept off.
//!
//! Owns everything here that is the kernel's: device nodes, SG_IO, mounts,
//! locks between processes, and who has what open. Must not know what a
//! command means, nor how a burn proceeds.
//!
//! Inside:
//!
//! * `sys`: the calls of the C library that need `unsafe`, and nothing else;
//! * [`sg_io`]: one command by SG_IO, and what its answer is;
//! * [`nodes`]: from a path to the one SCSI device behind it, by number;
//! * [`LinuxDrive`]: such a drive as a [`Transport`](crate::Transport);
//! * `open`: opening its nodes, and the limits that they have;
//! * [`hold`]: the steps of having a drive for oneself;
//! * [`lock`]: the advisory lock file, its place and its text;
//! * [`mounts`]: what is mounted from a drive, and unmounting it;
//! * [`holders`]: who is likely to have a node or a mount;
//! * [`permission`]: which permission is missing, in words;
//! * [`discover`]: which drives there are, from sysfs (`sysfs`, `bus`);
//! * [`watch`]: arrival, removal and media as events (`uevent`, [`DriveEvents`]).

mod bus;
pub mod discover;
mod drive;
mod drive_events;
mod error;
pub mod hold;
pub mod holders;
pub mod lock;
#[cfg(test)]
mod machine;
pub mod mounts;
pub mod nodes;
mod open;
pub mod permission;
pub mod sg_io;
mod sys;
mod sysfs;
mod system;
mod uevent;
pub mod watch;

pub use bus::Bus;
pub use discover::FoundDrive;
pub use drive::LinuxDrive;
pub use drive_events::{DriveEvent, DriveEvents};
pub use error::DeviceError;
pub use nodes::{DeviceNumber, DriveNodes, Node, NodeKind, ScsiAddress};
pub use system::System;
pub use uevent::Uevent;
