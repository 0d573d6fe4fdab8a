//! Habits of single drives with speeds: how they are set, told and obeyed (recipe 2.5).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::MediumKind;

#[test]
fn q10_and_recipe_2_5_speeds_may_be_refused_or_not_obeyed() {
    let set_streaming = [0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0];
    let mut list = [0; 28];
    for (at, value) in [
        (8, SMALL),
        (12, 8310),
        (16, 1000),
        (20, 8310),
        (24, 1000_u32),
    ] {
        list[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    let set_cd_speed = [0xBB, 0, 0xFF, 0xFF, 0x20, 0x76, 0, 0, 0, 0, 0, 0];
    let current = |host: &mut Host| {
        let page = host.get(&[0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
        u16::from_be_bytes([page[8 + 28], page[8 + 29]])
    };
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.refuses_set_streaming = true);
    host.send_refused(&set_streaming, &list, OUT_OF_RANGE);
    host.good(&set_cd_speed);
    assert_eq!(current(&mut host), 8310);
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.refuses_speeds = true);
    host.send_refused(&set_streaming, &list, (5, 0x2C, 0));
    host.refused(&set_cd_speed, (5, 0x2C, 0));
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.ignores_speeds = true);
    host.sent(&set_streaming, &list);
    host.good(&set_cd_speed);
    assert_eq!(current(&mut host), 22_160);
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.ignores_set_cd_speed = true);
    host.good(&set_cd_speed);
    assert_eq!(current(&mut host), 22_160);
    host.sent(&set_streaming, &list);
    assert_eq!(current(&mut host), 8310);
}

/// Recipe 2.5: its own 24x is 4234 kB/s, and 23.9 times 177.
#[test]
fn a_cd_speed_may_have_to_be_a_whole_multiple_of_177() {
    let mut host = Host::odd(MediumKind::CdRw, |q| q.counts_cd_speeds_in_177 = true);
    let set = |speed: u16| {
        let [high, low] = speed.to_be_bytes();
        [0xBB, 0, 0xFF, 0xFF, high, low, 0, 0, 0, 0, 0, 0]
    };
    let current = |host: &mut Host| {
        let page = host.get(&[0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
        u16::from_be_bytes([page[8 + 28], page[8 + 29]])
    };
    host.refused(&set(2822), ILLEGAL_FIELD);
    host.good(&set(2822 + 177));
    assert_eq!(current(&mut host), 2822);
    host.refused(&set(4234), ILLEGAL_FIELD);
    host.good(&set(4234 + 177));
    assert_eq!(current(&mut host), 4234);
    host.good(&set(0xFFFF));
    assert_eq!(current(&mut host), 4234);
    // Without the habit any number is taken.
    let mut host = Host::odd(MediumKind::CdRw, |_| {});
    host.good(&set(2822));
    assert_eq!(current(&mut host), 2822);
}

#[test]
fn recipe_2_5_current_speeds_may_be_told_wrong() {
    let slow = [0xBB, 0, 0xFF, 0xFF, 0x20, 0x76, 0, 0, 0, 0, 0, 0];
    let page = |host: &mut Host| {
        let page = host.get(&[0x5A, 8, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
        let half = |at: usize| u16::from_be_bytes([page[8 + at], page[9 + at]]);
        (half(28), half(30))
    };
    let performance = |host: &mut Host| {
        let reply = host.get(&[0xAC, 0x14, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], 264);
        word(&reply, reply.len() - 4)
    };
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.performance_is_nominal = true);
    host.good(&slow);
    assert_eq!(
        (page(&mut host), performance(&mut host)),
        ((8310, 4), 22_160)
    );
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.cd_speeds_in_capabilities = true);
    host.good(&slow);
    assert_eq!((page(&mut host), performance(&mut host)), ((8467, 5), 8310));
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| q.no_speeds_in_capabilities = true);
    host.good(&slow);
    assert_eq!((page(&mut host), performance(&mut host)), ((0, 0), 8310));
}

#[test]
fn recipe_14_speeds_of_a_blank_disc_may_have_no_end() {
    let mut host = Host::odd(MediumKind::DvdPlusR, |q| {
        q.no_end_of_speeds_when_blank = true
    });
    let ask = [0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 16, 3, 0];
    let ends = |host: &mut Host| -> Vec<u32> {
        let reply = host.get(&ask, 4096);
        reply[8..].chunks(16).map(|line| word(line, 4)).collect()
    };
    assert_eq!(ends(&mut host), [0; 4]);
    host.write_units(0, 1);
    assert_eq!(ends(&mut host), [SMALL - 1; 4]);
}
