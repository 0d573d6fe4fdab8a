//! DVD+R and DVD+R DL (profiles 001Bh, 002Bh): recipes 6, 13 and 13.2.
//!
//! One track is one session; the next one starts 2048 blocks after the end of
//! the last. RESERVE TRACK before the first write cuts off tracks that come before
//! it in the session, fifteen at most (recipe 6). On a dual-layer disc the host may fix where layer 0 ends before the
//! first write; layer 1 is as long as layer 0, so that fixes the capacity too.

use super::sequential::{Rules, Sequential};
use crate::refusal::Refusal;

/// Blocks of one ECC block.
pub(crate) const UNIT: u32 = 16;
/// Blocks of a single-layer disc.
pub(crate) const SINGLE_LAYER: u32 = 2_295_104;
/// Blocks of a dual-layer disc.
pub(crate) const DUAL_LAYER: u32 = 4_173_824;

pub(crate) static RULES: Rules = Rules {
    unit: UNIT,
    session_gap: 2048,
    track_gap: 0,
    plus: true,
    minus: false,
    max_sessions: 153,
    // Sixteen fragments to a session, the last of which cannot be reserved.
    max_reserved: 15,
};

/// Blocks of layer 0, as fixed or as the medium has it.
pub(crate) fn layer_0(disc: &Sequential) -> u32 {
    disc.layer_break
        .unwrap_or((disc.raw_capacity / 2) / UNIT * UNIT)
}

/// Fixes the blocks of layer 0 (SEND DISC STRUCTURE 20h).
pub(crate) fn fix_layer_0(disc: &mut Sequential, blocks: u32) -> Result<(), Refusal> {
    if disc.complete {
        return Err(Refusal::CANNOT_WRITE_MEDIUM);
    }
    if disc.layer_break.is_some() || !disc.is_unwritten() {
        return Err(Refusal::SEQUENCE);
    }
    if blocks == 0 || !blocks.is_multiple_of(UNIT) || blocks > disc.raw_capacity / 2 {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    disc.layer_break = Some(blocks);
    disc.resize(blocks * 2);
    Ok(())
}
