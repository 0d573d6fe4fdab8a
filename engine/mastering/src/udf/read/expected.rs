//! What the reader finds of a tree that this crate has written, where UDF does not hold it quite as the source has it.
//!
//! For comparisons: made with the writer's own encoding, so that there is one rule.

use super::directory;
use super::fields::View;
use crate::time::Timestamp;
use crate::tree::{NodeId, Tree};
use crate::udf::entry::components;
use crate::udf::field::Fields;
use crate::udf::shown::Shown;

/// A point in time as it comes back: to the microsecond, in the years that 16 bits hold.
pub(crate) fn time(time: Timestamp) -> Option<Timestamp> {
    let mut fields = Fields(Vec::new());
    fields.time(time);
    View(&fields.0).time(0)
}

/// A link's target as it comes back: without empty components.
pub(crate) fn target(tree: &Tree, id: NodeId) -> Option<Vec<u8>> {
    tree.link_target(id)?;
    directory::target(&components(tree, id))
}

/// The number of names of a file or folder as it comes back.
pub(crate) fn links(tree: &Tree, shown: &Shown, id: NodeId) -> u32 {
    u32::from(crate::udf::entry::links(tree, shown, id))
}

/// A recorded name as the reader shows it.
pub(crate) fn name(recorded: &[u8]) -> Option<Vec<u8>> {
    directory::shown(recorded)
}
