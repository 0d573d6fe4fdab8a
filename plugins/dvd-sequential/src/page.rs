//! The write parameters of each way of recording (recipe 3).
//!
//! Owns the two pages. Must not know when which is sent.

use pitland_writer::mmc::feature::{Feature, FeatureCode};
use pitland_writer::mmc::mode_page::{MultiSession, WriteParameters, WriteType};
use pitland_writer::write_parameters::{fresh, of_burn, of_dvd};
use pitland_writer::{BurnRequest, Finish, MediaFacts};

/// Blocks of a packet, and of a link where the drive has a choice.
const UNIT: u8 = 16;

/// The page of incremental recording. Dual-layer discs take one session, and the page says so: a drive
/// may refuse another one.
pub(crate) fn incremental(facts: &MediaFacts, burn: &BurnRequest) -> WriteParameters {
    let page = of_burn(facts, burn);
    let multi_session = match facts.profile().is_dual_layer() {
        true => MultiSession::Final,
        false => page.multi_session,
    };
    WriteParameters {
        write_type: WriteType::Incremental,
        multi_session,
        link_size: Some(link_size(facts)),
        fixed_packet: true,
        packet_size: UNIT.into(),
        ..of_dvd(page)
    }
}

/// The page of recording at once: final, without packets.
pub(crate) fn at_once(facts: &MediaFacts, burn: &BurnRequest) -> WriteParameters {
    WriteParameters {
        write_type: WriteType::SessionAtOnce,
        multi_session: MultiSession::Final,
        ..of_dvd(of_burn(facts, burn))
    }
}

/// The page of a close without a burn.
pub(crate) fn closing(facts: &MediaFacts, finish: Finish) -> WriteParameters {
    let mut nothing = BurnRequest::new(0);
    nothing.finish = finish;
    incremental(facts, &nothing)
}

/// The page of what the write parameters do not govern: only that nothing is in test write.
pub(crate) fn neutral(facts: &MediaFacts) -> WriteParameters {
    of_dvd(fresh(facts))
}

/// 16 blocks wherever that is offered: the size that a drive calls its preferred one may be nonsense
/// (recipe 3). Else the first of its list.
fn link_size(facts: &MediaFacts) -> u8 {
    let offered = match facts.current_feature(FeatureCode::IncrementalStreamingWritable) {
        Some(Feature::IncrementalStreamingWritable(feature)) => feature.link_sizes,
        _ => Vec::new(),
    };
    match offered.first() {
        Some(first) if !offered.contains(&UNIT) => *first,
        _ => UNIT,
    }
}
