//! The seam to a drive: one trait that sends one command and brings back its
//! answer, the layers that go round any drive, and the virtual drive.
//!
//! Owns how a command *travels*: its data and block size, time limits, the
//! device's clock, what is refused before it is sent, traces, and how a drive
//! is named and opened. It must not know how a burn proceeds, which command
//! comes next, or what an answer means for the job: an answer with sense is a
//! [`Reply`], never an error of this crate.
//!
//! [`Transport::execute`] blocks. There is no runtime in here, and no thread.
//!
//! Inside:
//!
//! * [`transport`](crate::Transport): the trait and its words;
//! * [`Checked`]: refuses what cannot be right before it is sent;
//! * [`trace`]: what was said, as text: [`trace::Trace`] writes it, for a
//!   person and for [`trace::Replay`], which serves it again;
//! * [`sim`]: the simulated recorder as a drive, its disc in a sparse file;
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
//! Two places are kept free. `linux/` will hold the real drives (SG_IO and
//! their discovery); it alone will hold `unsafe`, so that the `forbid` below
//! becomes a `deny` with that one exception. `fault.rs` will hold the layer
//! that injects seeded faults; it is one more `impl Transport for Fault<T>`.

#![forbid(unsafe_code)]

pub mod address;
mod checked;
mod claim;
mod error;
pub mod sim;
mod sum;
pub mod trace;
mod transport;

pub use checked::Checked;
pub use claim::{Claim, ClaimDenied, Holder};
pub use error::{DataKind, TransportError};
pub use transport::{Data, DeviceClock, Exchange, Limits, Reply, Status, Transport};
