//! What the drive tells of the disc: capacity, disc, tracks, table of contents and
//! structures (recipes 2 and 13). Nothing here changes anything, but for the
//! structures that the host may send.

pub(crate) mod capacity;
mod cd;
mod cd_toc;
pub(crate) mod disc;
pub(crate) mod structure;
pub(crate) mod toc;
pub(crate) mod track;
