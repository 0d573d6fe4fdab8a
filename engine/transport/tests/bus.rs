//! Drives that share a bus: the sum of what travels is what the bus carries.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod host;

use host::*;
use pitland_transport::address::{DriveAddress, OpenError, OpenMode};
use pitland_transport::*;
use std::time::{Duration, Instant};

fn open(address: &str) -> Box<dyn Transport> {
    let address: DriveAddress = address.parse().unwrap();
    address.open(OpenMode::Existing).unwrap()
}

/// Bytes that a drive takes until its clock shows `end`.
fn written_until(drive: &mut dyn Transport, at: &mut u32, end: Duration) -> u64 {
    let mut bytes = 0;
    let unit = pattern(0, 32);
    while drive.now() < end {
        bytes += good(write(drive, *at, &unit)) as u64;
        *at += 32;
    }
    bytes
}

/// What so many drives write in ten seconds of their time, each a second at a turn.
fn together(addresses: &[String]) -> Vec<u64> {
    let mut drives: Vec<_> = addresses
        .iter()
        .map(|address| (open(address), 0, 0))
        .collect();
    for (drive, ..) in &mut drives {
        wait_ready(drive);
    }
    let begin = drives.iter().map(|(drive, ..)| drive.now()).max().unwrap();
    for second in 1..=10 {
        for (drive, at, bytes) in &mut drives {
            *bytes += written_until(drive, at, begin + Duration::from_secs(second));
        }
    }
    drives.into_iter().map(|(.., bytes)| bytes).collect()
}

#[test]
fn drives_on_one_bus_get_what_it_carries_and_no_more() {
    let alone: u64 = together(&["virtual:null".into()]).iter().sum();
    assert!(alone > 200_000_000, "{alone}");
    let on = |bus: &str, n| {
        let addresses: Vec<_> = (0..n)
            .map(|id| format!("virtual:null,id={id},bus={bus}"))
            .collect();
        together(&addresses)
    };
    // Wide enough for all of them: nobody notices.
    let wide: u64 = on("wide@1000MB/s", 2).iter().sum();
    assert!(wide > 19 * alone / 10, "{wide} of twice {alone}");
    for (bus, drives) in [("narrow@10MB/s", 1), ("shared@10MB/s", 3)] {
        let carried: u64 = on(bus, drives).iter().sum();
        assert!(
            (90_000_000..=102_000_000).contains(&carried),
            "{bus}: {carried}"
        );
    }
    // Another name is another bus.
    let two: u64 = together(&[
        "virtual:null,id=1,bus=left@10MB/s".into(),
        "virtual:null,id=2,bus=right@10MB/s".into(),
    ])
    .iter()
    .sum();
    assert!((180_000_000..=204_000_000).contains(&two), "{two}");
}

#[test]
fn a_bus_in_real_time_is_really_waited_for() {
    let mut drives: Vec<_> = (0..2)
        .map(|id| open(&format!("virtual:null,id={id},speed=1000x,bus=real@20MB/s")))
        .collect();
    for drive in &mut drives {
        wait_ready(drive);
    }
    let begun = Instant::now();
    for lba in (0..16 * 32).step_by(32) {
        for drive in &mut drives {
            assert_eq!(good(write(drive, lba, &pattern(lba, 32))), UNIT);
        }
    }
    // 2 MiB at 20 MB/s, less what may be early. Slower is any machine.
    assert!(begun.elapsed() >= Duration::from_millis(90));
}

#[test]
fn the_bus_of_a_drive_is_told_through_every_layer() {
    let share: BusShare = "told@35MB/s".parse().unwrap();
    let drive = open("virtual:null,bus=told@35MB/s");
    assert_eq!(drive.bus(), Some(share.clone()));
    let drive = trace::Trace::new(drive, Vec::new(), trace::Detail::Words);
    let mut drive = Checked::new(fault::Fault::new(drive, fault::FaultScript::new(0)));
    assert_eq!(drive.bus(), Some(share.clone()));
    let drive: &mut dyn Transport = &mut drive;
    assert_eq!((&drive).bus(), Some(share));
    assert_eq!(open("virtual:null").bus(), None);
}

#[test]
fn one_bus_has_one_rate_while_a_drive_is_on_it() {
    let first = open("virtual:null,bus=once@35MB/s");
    let other: DriveAddress = "virtual:null,bus=once@36MB/s".parse().unwrap();
    let refused = other.open(OpenMode::Existing).map(|_| ()).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Bus(BusRateDiffers { found, .. }) if found.bytes_per_second() == 35_000_000),
        "{refused}"
    );
    drop(first);
    drop(open("virtual:null,bus=once@36MB/s"));
}
