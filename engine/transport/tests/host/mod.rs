//! A host that speaks just enough to use a virtual drive in tests.
#![allow(dead_code, reason = "each test binary uses a part")]

use pitland_mmc::CdbBytes;
use pitland_mmc::cdb::*;
use pitland_transport::*;
use std::time::Duration;

pub(crate) const LIMIT: Duration = Duration::from_secs(3600);
pub(crate) const UNIT: usize = 32 * 2048;

pub(crate) fn cdb(bytes: &[u8]) -> CdbBytes {
    CdbBytes::from_slice(bytes).unwrap()
}

/// Sends until the drive no longer says that it is busy or has something to tell.
pub(crate) fn patient(
    drive: &mut dyn Transport,
    mut send: impl FnMut(&mut dyn Transport) -> Result<Reply, TransportError>,
) -> Reply {
    for _ in 0..100_000 {
        let reply = send(drive).unwrap();
        match reply.status.sense().map(pitland_mmc::Sense::triple) {
            Some((2, 0x04, _)) => drive.advance(Duration::from_millis(100)),
            Some((6, _, _)) => {}
            _ => return reply,
        }
    }
    panic!("the drive never became ready");
}

pub(crate) fn good(reply: Reply) -> usize {
    assert_eq!(reply.status, Status::Good);
    reply.transferred
}

pub(crate) fn wait_ready(drive: &mut dyn Transport) {
    good(patient(drive, |drive| {
        drive.execute(Exchange::none(TestUnitReady::default().emit(), LIMIT))
    }));
}

pub(crate) fn write(drive: &mut dyn Transport, lba: u32, bytes: &[u8]) -> Reply {
    let blocks = (bytes.len() / 2048) as u16;
    let cdb = Write10 {
        lba: pitland_mmc::Lba(lba as i32),
        blocks,
        fua: false,
    }
    .emit();
    patient(drive, |drive| {
        drive.execute(Exchange::blocks(cdb, bytes, 2048, LIMIT))
    })
}

pub(crate) fn read(drive: &mut dyn Transport, lba: u32, room: &mut [u8]) -> Reply {
    let blocks = (room.len() / 2048) as u16;
    let cdb = Read10 {
        lba: pitland_mmc::Lba(lba as i32),
        blocks,
        fua: false,
    }
    .emit();
    patient(drive, |drive| {
        drive.execute(Exchange::data_in(cdb, room, LIMIT))
    })
}

pub(crate) fn synchronize(drive: &mut dyn Transport) {
    let cdb = cdb(&[0x35, 0x02, 0, 0, 0, 0, 0, 0, 0, 0]);
    good(patient(drive, |drive| {
        drive.execute(Exchange::none(cdb, LIMIT))
    }));
    wait_ready(drive);
}

/// Next writable address of the last track (BD-R, one track).
pub(crate) fn nwa(drive: &mut dyn Transport) -> u32 {
    let mut info = [0; 36];
    let cdb = cdb(&[0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0]);
    good(patient(drive, |drive| {
        drive.execute(Exchange::data_in(cdb, &mut info, LIMIT))
    }));
    u32::from_be_bytes([info[12], info[13], info[14], info[15]])
}

/// Bytes that tell for each block which one it is.
pub(crate) fn pattern(lba: u32, blocks: u32) -> Vec<u8> {
    (lba..lba + blocks)
        .flat_map(|lba| {
            let word = u64::from(lba).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            [u64::from(lba).to_le_bytes(), word.to_le_bytes()]
                .concat()
                .repeat(2048 / 16)
        })
        .collect()
}
