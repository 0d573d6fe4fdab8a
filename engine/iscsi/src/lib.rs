//! iSCSI over TCP (RFC 7143): virtual drives for the programs of others, and
//! the drives of others as a transport.
//!
//! Owns the protocol, from bytes to sessions. Must not know what a command
//! means beyond its length and direction, nor how a burn proceeds. There is no
//! runtime in here: threads and blocking sockets.
//!
//! * [`pdu`]: bytes; [`negotiation`]: logins. Both are pure.
//! * [`target`]: a small target whose logical units are drives.
//! * [`initiator`]: a drive of a target, as a
//!   [`Transport`](pitland_transport::Transport).
//! * [`IscsiAddress`] is `iscsi://HOST:PORT/TARGET/LUN`.
//!
//! **What is spoken**: one connection a session, error recovery level 0, no
//! authentication, CRC-32C digests if one side wants them. There is no
//! protection against listeners and impostors: a target serves loopback only,
//! unless it is told otherwise.
//!
//! ```
//! use pitland_iscsi::initiator::{Initiator, InitiatorOptions};
//! use pitland_iscsi::target::{LogicalUnit, Target, TargetOptions};
//! use pitland_mmc::cdb::{Cdb, Inquiry};
//! use pitland_transport::sim::{DriveModel, Medium, MediumKind, MemoryStore, Pace, VirtualDrive};
//! use pitland_transport::{Exchange, Status, Transport};
//! use std::time::Duration;
//!
//! let disc = Medium::blank(MediumKind::BdR, None, Box::new(MemoryStore::new()))?;
//! let drive = VirtualDrive::new(DriveModel::default(), disc, Pace::Virtual, "a drive".into());
//! let units = vec![LogicalUnit::from(drive)];
//! let target = Target::bind("127.0.0.1:0".parse()?, units, TargetOptions::default())?;
//!
//! let address = target.address(1).ok_or("no such unit")?;
//! let mut drive = Initiator::connect(&address, InitiatorOptions::default())?;
//! let mut answer = [0; 36];
//! let inquiry = Inquiry { allocation_length: 36, ..Inquiry::default() }.emit();
//! let reply = drive.execute(Exchange::data_in(inquiry, &mut answer, Duration::from_secs(10)))?;
//! assert_eq!(reply.status, Status::Good);
//! assert_eq!(&answer[8..15], b"PITLAND");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod address;
pub mod initiator;
pub mod negotiation;
pub mod pdu;
mod socket;
pub mod target;

pub use address::Portal;
pub use pitland_transport::address::{IscsiAddress, IscsiAddressError};

/// Name of the target that offers virtual drives.
pub const TARGET_NAME: &str = "iqn.2026-11.org.pitland:drive";
