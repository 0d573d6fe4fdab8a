//! The layer that makes a drive fail, by a script.
//!
//! Owns the faults: when one comes ([`When`]), what it is ([`What`]), the text
//! of a script, and the layer ([`Fault`]) that plays it round any transport.
//! Must not know how a burn proceeds, nor what a right reaction would be.
//!
//! A script is data. It is built here, or read from a text whose grammar is
//! described in `docs/faults.md`; either way the same script on the same
//! commands gives the same faults, since all chance comes from its seed.
//!
//! ```
//! use pitland_transport::fault::{Commands, Fault, FaultScript, What, When};
//! use pitland_transport::address::{DriveAddress, OpenMode};
//! use pitland_mmc::Sense;
//!
//! let built = FaultScript::new(7).rule(
//!     When::any_of(Commands::Writes).nth(3),
//!     What::sense(Sense::new(3, 0x0C, 0x00)),
//! );
//! let read: FaultScript = "seed 7\nwhen write nth 3 do sense 3/0C/00".parse()?;
//! assert_eq!(read, built);
//!
//! let null: DriveAddress = "virtual:null".parse()?;
//! let drive = Fault::new(null.open(OpenMode::Existing)?, built);
//! let tally = drive.tally();
//! assert_eq!(tally.fired(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dice;
mod layer;
mod rule;
mod script;
mod tally;
mod when;

pub use layer::Fault;
pub use rule::{FaultRule, FaultScript, What};
pub use script::{FaultFileError, FaultScriptError, SyntaxFault};
pub use tally::FaultTally;
pub use when::{Chance, Commands, LbaRange, Turn, When};
