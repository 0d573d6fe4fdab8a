//! The conformance kit for authors of media-format writers.
//!
//! One line is a test suite: the writer runs under the real burn machine, against a strict virtual
//! drive, on every profile that it claims.
//!
//! ```
//! # use pitland_bd_r::BdR as MyWriter;
//! pitland_testkit::conformance::<MyWriter>();
//! ```
//!
//! What is asked of a writer is the list in [`Rule`]. A failure names the rule and the medium, and
//! prints the whole exchange with the drive as a [`Trace`], which can be read, kept, and
//! [replayed](Trace::replay).
//!
//! For a medium that the virtual drive does not know, an author brings a simulation of their own: a
//! [`SimulatedMedium`], which the kit puts into a drive ([`MediumBench`]), or a whole [`SimulatedDrive`]
//! behind a [`Bench`]. Either goes to [`conformance_on`]. Its profile number may be one that has no name
//! here.
//!
//! Owns the rules and the driving of machine and drive. Must not know any writer, transports, tokio
//! or the plug-in ABI: a writer is the same code linked in and loaded.
#![forbid(unsafe_code)]

mod bench;
mod image;
mod own_medium;
mod rules;
mod run;
mod trace;

pub use bench::{Bench, SimulatedDrive, VirtualBench};
pub use image::Image;
pub use own_medium::{Blocks, MediumBench, MediumDrive, SimulatedMedium, Told};
pub use pitland_simdrive::{DiscType, DriveModel};
pub use rules::{Broken, Rule, check, check_recording};
pub use run::{Fault, NotRun, Run, burn, identify, perform};
pub use trace::{Entry, Given, Outgoing, ReplayError, Trace, TraceSyntax};

use pitland_writer::{MediaWriter, Recording};

/// Holds the writer `W` to every rule on every profile that it claims, with the virtual drive.
///
/// # Panics
/// A rule is broken, or the virtual drive has no medium of a claimed profile: use
/// [`conformance_on`] for that one.
#[allow(clippy::panic, reason = "a test kit fails by panicking")]
pub fn conformance<W: MediaWriter>() {
    let info = W::info();
    assert!(!info.profiles.is_empty(), "{} claims no profile", info.name);
    for profile in info.profiles {
        match VirtualBench::of(profile) {
            Some(bench) => conformance_on::<W>(&bench),
            None => panic!("the virtual drive has no {profile}; bring one to conformance_on"),
        }
    }
}

/// Holds the writer `W` to every rule on one medium.
///
/// # Panics
/// A rule is broken.
#[allow(clippy::panic, reason = "a test kit fails by panicking")]
pub fn conformance_on<W: MediaWriter>(bench: &dyn Bench) {
    if let Err(broken) = check::<W>(bench) {
        panic!("{broken}");
    }
}

/// Holds the writer `W` to every rule on one medium, each burn recorded in this way.
///
/// # Panics
/// A rule is broken.
#[allow(clippy::panic, reason = "a test kit fails by panicking")]
pub fn conformance_of_recording<W: MediaWriter>(bench: &dyn Bench, recording: Recording) {
    if let Err(broken) = check_recording::<W>(bench, recording) {
        panic!("{broken}");
    }
}
