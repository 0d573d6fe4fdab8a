//! The seam to a drive: one trait that sends one command and brings back its
//! answer, the layers that go round any drive, and the virtual drive.
//!
//! Owns how a command *travels*: its data and block size, time limits, the
//! device's clock, what is refused before it is sent, traces, and how a drive
//! is named and opened. It must not know how a burn proceeds, which command
//! comes next, or what an answer means for the job: an answer with sense is a
//! [`Reply`], never an error of this crate.
//!
//! [`Transport::execute`] blocks. There is no runtime in here, and no thread
//! but that of [`linux::watch`].
//!
//! Inside:
//!
//! * [`transport`](crate::Transport): the trait and its words;
//! * [`layer`]: what every layer round a drive passes on by itself;
//! * [`Checked`]: refuses what cannot be right before it is sent;
//! * [`trace`]: what was said, as text: [`trace::Trace`] writes it, for a
//!   person and for [`trace::Replay`], which serves it again;
//! * [`probe`]: what a drive says it reads and writes; [`MediumEvents`]: what
//!   happened to the medium, asked of the drive;
//! * [`fault`]: a drive that fails, by a script;
//! * [`OnBus`]: drives that share the bandwidth of a bus;
//! * [`sim`]: the simulated recorder as a drive, its disc in a sparse file;
//! * [`linux`]: the drives of a Linux machine, their nodes, locks and mounts;
//! * [`address`]: what a person types to name a drive.
//!
//! ```
//! use pitland_mmc::cdb::{Cdb, Inquiry};
//! use pitland_transport::address::{DriveAddress, OpenMode};
//! use pitland_transport::{Checked, Exchange, Status, Transport};
//! use std::time::Duration;
//!
//! let address: DriveAddress = "virtual:null,id=1".parse()?;
//! let mut drive = Checked::new(address.open(OpenMode::Existing)?);
//! let mut answer = [0; 36];
//! let inquiry = Inquiry { allocation_length: 36, ..Inquiry::default() }.emit();
//! let reply = drive.execute(Exchange::data_in(inquiry, &mut answer, Duration::from_secs(10)))?;
//! assert_eq!(reply.status, Status::Good);
//! assert_eq!(&answer[8..15], b"PITLAND");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `unsafe` stands in `linux/sys.rs` only: the three calls of the C library
//! that have no safe form.

#![deny(unsafe_code)]

pub mod address;
mod bus;
mod checked;
mod claim;
mod error;
pub mod fault;
mod flock;
pub mod layer;
#[cfg(target_os = "linux")]
pub mod linux;
mod medium_events;
mod printable;
pub mod probe;
#[cfg(test)]
mod scripted;
pub mod sim;
mod sum;
pub mod trace;
mod transport;

pub use bus::{BusRateDiffers, BusShare, BusSyntax, OnBus};
pub use checked::Checked;
pub use claim::{Claim, ClaimDenied, Holder};
pub use error::{DataKind, MissingAccess, TransportError};
pub use medium_events::{MediumEvent, MediumEvents, medium_event};
pub use transport::{Data, DeviceClock, Exchange, Limits, Reply, Status, Transport};
