//! What the tests of this crate share: drives behind a target, a host that
//! uses a drive, and a peer that says whatever it is told to.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, each of which uses a part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

pub mod outside;
pub mod peer;

use pitland_iscsi::initiator::{Initiator, InitiatorOptions};
use pitland_iscsi::target::{LogicalUnit, Target, TargetOptions};
use pitland_mmc::{CdbBytes, Sense};
use pitland_transport::sim::{DriveModel, Medium, MediumKind, MemoryStore, Pace, VirtualDrive};
use pitland_transport::{Exchange, Reply, Status, Transport, TransportError};
use std::time::Duration;

/// More than any command of a test takes.
pub const LIMIT: Duration = Duration::from_secs(120);

pub const EVERY_MEDIUM: [MediumKind; 6] = [
    MediumKind::BdR,
    MediumKind::BdRe,
    MediumKind::DvdPlusR,
    MediumKind::DvdPlusRDl,
    MediumKind::DvdPlusRw,
    MediumKind::DvdRam,
];

/// A drive with a blank disc that keeps its data in memory.
pub fn drive(kind: MediumKind) -> VirtualDrive {
    let medium = Medium::blank(kind, None, Box::new(MemoryStore::new())).unwrap();
    VirtualDrive::new(DriveModel::default(), medium, Pace::Virtual, "test".into())
}

/// A target on loopback with one drive for each kind of disc.
pub fn target(kinds: &[MediumKind], options: TargetOptions) -> Target {
    let units = kinds
        .iter()
        .map(|kind| LogicalUnit::from(drive(*kind)))
        .collect();
    Target::bind("127.0.0.1:0".parse().unwrap(), units, options).unwrap()
}

/// The drive of a target, over a session of its own.
pub fn connected(target: &Target, lun: u16) -> Initiator {
    connected_with(target, lun, InitiatorOptions::default())
}

pub fn connected_with(target: &Target, lun: u16, options: InitiatorOptions) -> Initiator {
    Initiator::connect(&target.address(lun).unwrap(), options).unwrap()
}

pub fn cdb(bytes: &[u8]) -> CdbBytes {
    CdbBytes::from_slice(bytes).unwrap()
}

pub type Triple = (u8, u8, u8);

pub fn triple(reply: &Reply) -> Option<Triple> {
    reply.status.sense().map(Sense::triple)
}

pub fn none(drive: &mut dyn Transport, bytes: &[u8]) -> Result<Reply, TransportError> {
    drive.execute(Exchange::none(cdb(bytes), LIMIT))
}

pub fn read_in(drive: &mut dyn Transport, bytes: &[u8], room: &mut [u8]) -> Reply {
    drive
        .execute(Exchange::data_in(cdb(bytes), room, LIMIT))
        .unwrap()
}

/// Sends until the drive no longer says that it is busy, or has something to
/// tell. Behind a target asking is what makes time pass.
pub fn patient(mut send: impl FnMut() -> Reply) -> Reply {
    for _ in 0..10_000 {
        let reply = send();
        match triple(&reply) {
            Some((2, 0x04, _) | (6, _, _)) => {}
            _ => return reply,
        }
    }
    panic!("the drive never became ready");
}

pub fn good(reply: Reply) -> usize {
    assert_eq!(reply.status, Status::Good);
    reply.transferred
}

pub fn do_none(drive: &mut dyn Transport, bytes: &[u8]) {
    good(patient(|| none(drive, bytes).unwrap()));
}

pub fn do_in(drive: &mut dyn Transport, bytes: &[u8], room: &mut [u8]) -> usize {
    good(patient(|| read_in(drive, bytes, room)))
}

pub fn do_out(drive: &mut dyn Transport, bytes: &[u8], list: &[u8]) {
    good(patient(|| {
        drive
            .execute(Exchange::data_out(cdb(bytes), list, LIMIT))
            .unwrap()
    }));
}

pub fn wait_ready(drive: &mut dyn Transport) {
    do_none(drive, &[0; 6]);
}

/// WRITE (10) or READ (10).
pub fn at(opcode: u8, lba: u32, blocks: u16) -> [u8; 10] {
    let [a, b, c, d] = lba.to_be_bytes();
    let [e, f] = blocks.to_be_bytes();
    [opcode, 0, a, b, c, d, 0, e, f, 0]
}

pub fn write(drive: &mut dyn Transport, lba: u32, data: &[u8]) {
    let command = cdb(&at(0x2A, lba, (data.len() / 2048) as u16));
    let moved = good(patient(|| {
        drive
            .execute(Exchange::blocks(command, data, 2048, LIMIT))
            .unwrap()
    }));
    assert_eq!(moved, data.len());
}

pub fn read(drive: &mut dyn Transport, lba: u32, blocks: u16) -> Vec<u8> {
    let mut room = vec![0; usize::from(blocks) * 2048];
    let moved = do_in(drive, &at(0x28, lba, blocks), &mut room);
    assert_eq!(moved, room.len());
    room
}

pub fn synchronize(drive: &mut dyn Transport) {
    do_none(drive, &[0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    wait_ready(drive);
}

/// CLOSE TRACK/SESSION, immediate, waited for.
pub fn close(drive: &mut dyn Transport, function: u8, track: u8) {
    do_none(drive, &[0x5B, 1, function, 0, 0, track, 0, 0, 0, 0]);
    wait_ready(drive);
}

/// Bytes that tell for each block which one it is.
pub fn pattern(lba: u32, blocks: u32) -> Vec<u8> {
    (lba..lba + blocks)
        .flat_map(|lba| {
            let word = u64::from(lba).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            [u64::from(lba).to_le_bytes(), word.to_le_bytes()]
                .concat()
                .repeat(2048 / 16)
        })
        .collect()
}

/// FORMAT UNIT with the first format that READ FORMAT CAPACITIES lists of the
/// wished type; immediate, waited for.
pub fn format(drive: &mut dyn Transport, format_type: u8) {
    let mut list = [0; 252];
    let length = do_in(drive, &[0x23, 0, 0, 0, 0, 0, 0, 0, 252, 0], &mut list);
    let formats = list[12..length].chunks_exact(8);
    let format = formats
        .into_iter()
        .find(|f| f[4] >> 2 == format_type)
        .expect("the disc has that format");
    let mut parameters = vec![0, 2, 0, 8];
    parameters.extend(&format[..4]);
    parameters.extend([format_type << 2, 0, 0, 0]);
    do_out(drive, &[0x04, 0x11, 0, 0, 0, 0], &parameters);
    wait_ready(drive);
}

/// A burn on a blank disc as its recipe has it: prepared, `units` units of 32
/// blocks written from where writing begins, and closed. Gives the first block.
pub fn burn(drive: &mut dyn Transport, kind: MediumKind, units: u32) -> u32 {
    wait_ready(drive);
    match kind {
        MediumKind::BdRe => format(drive, 0x30),
        MediumKind::DvdPlusRw => format(drive, 0x26),
        _ => {}
    }
    for unit in 0..units {
        write(drive, unit * 32, &pattern(unit * 32, 32));
    }
    synchronize(drive);
    match kind {
        MediumKind::BdR | MediumKind::DvdPlusR | MediumKind::DvdPlusRDl => {
            close(drive, 1, 1);
            close(drive, 2, 0);
        }
        MediumKind::DvdPlusRw => {
            close(drive, 0, 0);
            close(drive, 2, 0);
        }
        _ => {}
    }
    0
}
