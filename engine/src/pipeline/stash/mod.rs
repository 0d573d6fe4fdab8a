//! The stash selector: what is stored a second time, or read ahead, before and while it is burned. Decides
//! file by file by written rules, says so row by row, and carries it out before the disc is touched.
//!
//! ```text
//! plan ──> rules <── file_systems, probe        looks, decides
//!   └────> copying ──> store                    copies what is to be stored
//!              └─────> stashed                  reads all of it, from any place, as often as one likes
//! ```
//!
//! Must not know drives but by the rate that they take, nor discs.

mod copying;
mod file_systems;
mod plan;
mod probe;
mod rules;
mod stashed;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use copying::carry_out;
pub(crate) use plan::StashOptions;
pub use plan::{StashPlan, StashRoom, StashRow, StashTotal, StashTotals};
pub use rules::{StashPlace, StashWhy};
pub(crate) use stashed::Stashed;
pub(crate) use store::{StashStep, standard_dirs};
