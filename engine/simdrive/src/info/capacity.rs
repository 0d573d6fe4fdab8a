//! READ CAPACITY: the last block that a reader may count on (recipe 13).

use crate::dispatch::{Outcome, Request, reply};
use crate::medium::{Medium, Recorded};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Last LBA; 0 while no session is complete, and on unformatted discs.
pub(super) fn last_lba(medium: &Medium) -> u32 {
    match &medium.recorded {
        // With pseudo-overwriting all that it was formatted to counts as there (R9).
        Recorded::Sequential(disc) if disc.pow.is_some() => disc.capacity - 1,
        Recorded::Sequential(disc) => disc.closed_end().saturating_sub(1),
        Recorded::Rewritable(disc) if disc.is_formatted() => disc.capacity.saturating_sub(1),
        Recorded::Rewritable(_) => 0,
        Recorded::Cd(disc) => disc.last_lba(),
    }
}

pub(crate) fn read_capacity(
    drive: &mut Recorder,
    _request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let mut out = [0, 0, 0, 0, 0, 0, 8, 0];
    out[..4].copy_from_slice(&last_lba(medium).to_be_bytes());
    reply(data_in, out.len(), &out)
}
