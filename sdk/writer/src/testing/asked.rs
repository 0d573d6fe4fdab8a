//! What a writer says to a request: its offer, its refusal, its plan.
//!
//! Owns these questions, and that assessing and beginning agree. Must not know what the answer should be.

#![allow(clippy::panic, reason = "a test says so by panicking")]

use super::FactsBuilder;
use crate::{
    BurnRequest, Finish, Fit, MediaWriter, Placement, Refusal, Request, ResumeRequest, Service,
    WritePlan,
};

/// A burn of that many blocks.
pub fn burn(blocks: u64, placement: Placement, finish: Finish) -> Request {
    let mut burn = BurnRequest::new(blocks);
    burn.placement = placement;
    burn.finish = finish;
    Request::Burn(burn)
}

/// The rest of a burn of `blocks` blocks that was cut off behind `written_blocks`.
pub fn rest(blocks: u64, written_blocks: u64, finish: Finish) -> Request {
    let mut burn = BurnRequest::new(blocks);
    burn.finish = finish;
    Request::Resume(ResumeRequest::new(burn, written_blocks))
}

/// A request of every kind, of these numbers.
pub fn every_kind(blocks: u64, written_blocks: u64, flag: bool) -> Vec<Request> {
    use crate::{CloseRequest, EraseRequest, EraseScope, FormatRequest};
    let finish = match flag {
        true => Finish::FinalizeDisc,
        false => Finish::CloseSession,
    };
    let mut erase = EraseRequest::new(flag);
    erase.volume_blocks = blocks;
    let address = i32::try_from(written_blocks % 0x8000_0000).unwrap_or(0);
    let mut tail = EraseRequest::new(flag);
    tail.scope = EraseScope::TrackTail(pitland_mmc::Lba(address));
    let kind = u8::try_from(written_blocks % 0x40).unwrap_or(0);
    vec![
        burn(blocks, Placement::BlankOnly, finish),
        burn(blocks, Placement::NewSession, finish),
        burn(blocks, Placement::Overwrite, finish),
        rest(blocks, written_blocks, finish),
        rest(blocks, blocks, finish),
        Request::Close(CloseRequest::new(flag)),
        Request::Erase(erase),
        Request::Erase(tail),
        Request::Format(FormatRequest::default()),
        Request::Format(FormatRequest::new(None, Some(blocks))),
        Request::Format(FormatRequest::new(Some(kind), flag.then_some(blocks))),
    ]
}

/// What the writer offers.
///
/// # Panics
/// It does not serve this, or serves it and does not begin.
pub fn service<W: MediaWriter>(medium: FactsBuilder, request: &Request) -> Service {
    let facts = medium.build();
    match W::assess(&facts, request) {
        Fit::Serves(service) => {
            if !is_unsettled(request)
                && let Err(refusal) = W::begin(&facts, request)
            {
                panic!("served, and then: {refusal}");
            }
            service
        }
        other => panic!("{other:?}"),
    }
}

/// Whether it is asked before the size of the burn is known.
fn is_unsettled(request: &Request) -> bool {
    matches!(request, Request::Burn(burn) if burn.blocks == 0)
}

/// The first block, the free blocks and the write unit of what the writer offers.
///
/// # Panics
/// As [`service`].
pub fn place<W: MediaWriter>(
    medium: FactsBuilder,
    request: &Request,
) -> (pitland_mmc::Lba, u64, u32) {
    let service = service::<W>(medium, request);
    (service.first_lba, service.free_blocks, service.write_unit)
}

/// Why the writer does not take it.
///
/// # Panics
/// It takes it, or assessing and beginning do not agree.
pub fn refusal<W: MediaWriter>(medium: FactsBuilder, request: &Request) -> Refusal {
    let facts = medium.build();
    let begun = W::begin(&facts, request).map(|(_, plan)| plan);
    match (W::assess(&facts, request), begun) {
        (Fit::Refuses(said), Err(refusal)) if said == refusal => refusal,
        other => panic!("{other:?}"),
    }
}

/// What the writer plans.
///
/// # Panics
/// It refuses.
pub fn plan<W: MediaWriter>(medium: FactsBuilder, request: &Request) -> WritePlan {
    match W::begin(&medium.build(), request) {
        Ok((_, plan)) => plan,
        Err(refusal) => panic!("refused: {refusal}"),
    }
}

/// A plan as a person reads it.
pub fn lines(plan: &WritePlan) -> Vec<String> {
    plan.to_string().lines().map(str::to_owned).collect()
}
