//! A WRITE over iSCSI allocates nothing on the side that sends it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
#[path = "../../../tests/common/counting.rs"]
mod counting;

use common::*;
use pitland_iscsi::initiator::InitiatorOptions;
use pitland_iscsi::negotiation::{Digests, Wish};
use pitland_iscsi::target::TargetOptions;
use pitland_transport::sim::MediumKind;

#[test]
fn a_write_allocates_nothing_whatever_was_agreed_on() {
    let target = target(&[MediumKind::BdR; 3], TargetOptions::default());
    let plain = Wish::default();
    let wishes = [
        plain,
        Wish {
            header_digest: Digests::Crc32c,
            data_digest: Digests::Crc32c,
            ..plain
        },
        Wish {
            initial_r2t: true,
            immediate_data: false,
            max_burst_length: 20_000,
            ..plain
        },
    ];
    let unit = [7; 65536];
    for (lun, wish) in (1..).zip(wishes) {
        let mut options = InitiatorOptions::default();
        options.wish = wish;
        let mut drive = connected_with(&target, lun, options);
        wait_ready(&mut drive);
        write(&mut drive, 0, &unit);
        let before = counting::allocations();
        for number in 1..100 {
            write(&mut drive, number * 32, &unit);
        }
        assert_eq!(counting::allocations() - before, 0, "{wish:?}");
    }
}
