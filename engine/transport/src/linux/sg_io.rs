//! One command by SG_IO, and what its answer is.
//!
//! Owns who is at fault: the drive (a [`Status`], its sense), the host adapter
//! or its driver, the kernel that refused, or time. Must not know what a
//! command does.
//!
//! How long a call may last. The kernel ends a command when its time limit
//! has passed, and then its error recovery runs before the call returns: an
//! abort, a reset of the device, of the bus, of the host adapter, each with a
//! limit of its own (`eh_deadline` of the host in sysfs bounds their sum). On
//! a block node a limit under 7 seconds counts as 7. Until then the call is
//! not to be interrupted there, by SIGKILL neither. On an sg node it can be,
//! and then the kernel *sends the command again* if the signal's handler asks
//! for restarts (`SA_RESTART`): so signals are kept from the thread meanwhile.
//! SIGKILL ends the process at once there, and the drive goes on alone with
//! its command. A drive that is unplugged ends its commands at once.
//!
//! A deferred error (sense 71h or 73h) is the drive's answer as any other:
//! [`Sense::deferred`] is set, the command that it answers was *not* carried
//! out, and an earlier write is what failed.

use super::sys;
use crate::{Exchange, MissingAccess, Reply, Status, TransportError};
use core::time::Duration;
use pitland_mmc::Sense;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Room for sense data: as much as the kernel keeps.
pub const SENSE_BYTES: usize = 96;

/// What the kernel brought back of one command, before it is judged.
#[derive(Debug, Clone)]
pub struct Answer {
    /// SCSI status byte.
    pub status: u8,
    /// The host adapter's status (`DID_*`).
    pub host: u16,
    /// The driver's status, with its suggestions.
    pub driver: u16,
    /// Bytes of the data that did not travel.
    pub residual: i32,
    /// Sense data.
    pub sense: [u8; SENSE_BYTES],
    /// Bytes of it that are valid.
    pub sense_len: u8,
}

/// Over which kind of node, and opened how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// An sg node; a block node otherwise.
    pub generic: bool,
    /// It could be opened for reading only.
    pub read_only: bool,
}

/// Status bytes (SAM), as far as they have a name in [`Status`].
mod status {
    pub(super) const GOOD: u8 = 0x00;
    pub(super) const CHECK_CONDITION: u8 = 0x02;
    pub(super) const CONDITION_MET: u8 = 0x04;
    pub(super) const BUSY: u8 = 0x08;
    pub(super) const RESERVATION_CONFLICT: u8 = 0x18;
}

/// `DID_*` of the kernel's `scsi/scsi_status.h`.
mod host {
    pub(super) const OK: u16 = 0x00;
    pub(super) const NO_CONNECT: u16 = 0x01;
    pub(super) const TIME_OUT: u16 = 0x03;
    pub(super) const BAD_TARGET: u16 = 0x04;
    /// 10h to 13h are the kernel's own remarks on an answer that the drive
    /// did give; older kernels let them through.
    pub(super) const REMARKS: core::ops::RangeInclusive<u16> = 0x10..=0x13;
}

/// Driver status of older kernels, without the suggestions in its high
/// nibble. `DRIVER_SENSE` is no failure: it says that there are sense data.
mod driver {
    pub(super) const CODE: u16 = 0x0F;
    pub(super) const OK: u16 = 0x00;
    pub(super) const TIMEOUT: u16 = 0x06;
    pub(super) const SENSE: u16 = 0x08;
}

/// Sends the exchange and waits for its end.
///
/// # Errors
/// A [`TransportError`] where there is no answer of the drive.
pub fn execute(
    node: BorrowedFd<'_>,
    channel: Channel,
    mut exchange: Exchange<'_>,
) -> Result<Reply, TransportError> {
    let limit = exchange.timeout;
    let given = exchange.data.len();
    let opcode = exchange.cdb.as_slice().first().copied().unwrap_or(0);
    let signals_off = match channel.generic {
        true => Some(sys::SignalsOff::new().map_err(|e| TransportError::System(Arc::new(e)))?),
        false => None,
    };
    let answer = sys::sg_io(
        node,
        exchange.cdb.as_slice(),
        &mut exchange.data,
        milliseconds(limit),
    );
    drop(signals_off);
    match answer {
        Ok(answer) => judge(&answer, given, limit),
        Err(error) => Err(refused(error, opcode, channel)),
    }
}

/// The time limit as the kernel takes it: rounded up, and never 0, which
/// would be the kernel's own choice, nor so large that it counts as none.
pub fn milliseconds(limit: Duration) -> u32 {
    let rounded_up = limit.as_nanos().div_ceil(1_000_000);
    u32::try_from(rounded_up)
        .unwrap_or(u32::MAX)
        .clamp(1, i32::MAX as u32)
}

/// What an answer is, when `given` bytes could travel.
///
/// # Errors
/// Host adapter, driver or time limit failed, so there is no answer of the
/// drive; or the answer cannot be believed.
pub fn judge(answer: &Answer, given: usize, limit: Duration) -> Result<Reply, TransportError> {
    let driver_code = answer.driver & driver::CODE;
    match answer.host {
        host::OK => {}
        host::NO_CONNECT | host::BAD_TARGET => return Err(TransportError::Gone),
        host::TIME_OUT => return Err(TransportError::TimedOut { limit }),
        remark if host::REMARKS.contains(&remark) && is_refusal(answer.status) => {}
        _ => return Err(host_failure(answer)),
    }
    match driver_code {
        driver::OK | driver::SENSE => {}
        driver::TIMEOUT => return Err(TransportError::TimedOut { limit }),
        _ => return Err(host_failure(answer)),
    }
    let status = match answer.status {
        status::GOOD | status::CONDITION_MET => Status::Good,
        status::CHECK_CONDITION => Status::CheckCondition(sense(answer)?),
        status::BUSY => Status::Busy,
        status::RESERVATION_CONFLICT => Status::ReservationConflict,
        other => Status::Other(other),
    };
    let transferred = match transferred(answer.residual, given) {
        Some(bytes) => bytes,
        // What the drive refused is in its sense, which must not be lost.
        None if status != Status::Good => 0,
        None => {
            return Err(TransportError::AbsurdResidual {
                residual: answer.residual,
                given,
            });
        }
    };
    Ok(Reply {
        status,
        transferred,
    })
}

fn is_refusal(status: u8) -> bool {
    !matches!(status, status::GOOD | status::CONDITION_MET)
}

fn host_failure(answer: &Answer) -> TransportError {
    TransportError::Host {
        host: answer.host,
        driver: answer.driver,
    }
}

fn sense(answer: &Answer) -> Result<Sense, TransportError> {
    let valid = answer
        .sense
        .get(..usize::from(answer.sense_len))
        .unwrap_or(&answer.sense);
    Sense::parse(valid).map_err(|_| TransportError::NoSense)
}

/// Bytes that travelled; `None` when the residual cannot be.
fn transferred(residual: i32, given: usize) -> Option<usize> {
    // Without data there is nothing left over, whatever a bridge says.
    if given == 0 {
        return Some(0);
    }
    given.checked_sub(usize::try_from(residual).ok()?)
}

/// Why the kernel did not bring an answer.
pub fn refused(error: io::Error, opcode: u8, channel: Channel) -> TransportError {
    match error.raw_os_error() {
        Some(libc::ENODEV | libc::ENXIO) => TransportError::Gone,
        Some(libc::EPERM | libc::EACCES) => TransportError::NotPermitted {
            opcode,
            missing: if channel.read_only {
                MissingAccess::WriteAccess
            } else {
                MissingAccess::RawIo
            },
        },
        _ => TransportError::System(Arc::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Duration = Duration::from_secs(30);
    const BLOCK_NODE: Channel = Channel {
        generic: false,
        read_only: false,
    };

    fn answer(status: u8, host: u16, driver: u16, residual: i32, sense: &[u8]) -> Answer {
        let mut bytes = [0; SENSE_BYTES];
        bytes[..sense.len()].copy_from_slice(sense);
        Answer {
            status,
            host,
            driver,
            residual,
            sense: bytes,
            sense_len: sense.len() as u8,
        }
    }

    fn told(status: u8, host: u16, driver: u16) -> Result<Reply, TransportError> {
        judge(&answer(status, host, driver, 0, &NOT_READY), 0, LIMIT)
    }

    /// 2/04/08 in the fixed form.
    const NOT_READY: [u8; 18] = [
        0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x08, 0, 0, 0, 0,
    ];

    #[test]
    fn what_the_drive_says_is_its_status() {
        let sense = Sense::new(2, 0x04, 0x08);
        for (byte, status) in [
            (0x00, Status::Good),
            (0x02, Status::CheckCondition(sense)),
            (0x04, Status::Good),
            (0x08, Status::Busy),
            (0x18, Status::ReservationConflict),
            (0x28, Status::Other(0x28)),
            (0x40, Status::Other(0x40)),
        ] {
            assert_eq!(told(byte, 0, 0).unwrap().status, status, "{byte:02X}h");
        }
    }

    #[test]
    fn the_drivers_word_that_there_is_sense_is_no_failure() {
        assert_eq!(told(0x00, 0, 0x08).unwrap().status, Status::Good);
        assert!(told(0x02, 0, 0x08).unwrap().status.sense().is_some());
        // Suggestions of old kernels stand in the high nibble.
        assert!(told(0x02, 0, 0x28).unwrap().status.sense().is_some());
    }

    #[test]
    fn host_and_driver_failures_are_told_apart_from_the_drives_answer() {
        for status in [0x00, 0x02, 0x08] {
            assert!(matches!(told(status, 0x01, 0), Err(TransportError::Gone)));
            assert!(matches!(told(status, 0x04, 0), Err(TransportError::Gone)));
            for (host, driver) in [(0x03, 0), (0, 0x06), (0, 0x36)] {
                assert!(matches!(
                    told(status, host, driver),
                    Err(TransportError::TimedOut { limit: LIMIT })
                ));
            }
            for (host, driver) in [(0x02, 0), (0x07, 0), (0x08, 0x08), (0x14, 0), (0, 0x05)] {
                assert!(matches!(
                    told(status, host, driver),
                    Err(TransportError::Host { host: h, driver: d }) if (h, d) == (host, driver)
                ));
            }
        }
    }

    #[test]
    fn the_kernels_remark_on_an_answer_leaves_it_the_drives() {
        let answer = told(0x02, 0x10, 0x08).unwrap();
        assert_eq!(answer.status.sense().unwrap().asc, 0x04);
        assert_eq!(
            told(0x18, 0x11, 0).unwrap().status,
            Status::ReservationConflict
        );
        for done in [0x00, 0x04] {
            let judged = told(done, 0x13, 0);
            assert!(matches!(judged, Err(TransportError::Host { .. })));
        }
    }

    #[test]
    fn a_deferred_error_is_an_answer_that_says_so() {
        for code in [0x71, 0xF1] {
            let mut sense = NOT_READY;
            sense[0] = code;
            sense[2] = 3;
            let reply = judge(&answer(2, 0, 8, 0, &sense), 2048, LIMIT).unwrap();
            assert!(reply.status.sense().unwrap().deferred);
        }
        let descriptors = [0x73, 3, 0x0C, 0, 0, 0, 0, 0];
        let reply = judge(&answer(2, 0, 8, 0, &descriptors), 2048, LIMIT).unwrap();
        assert!(reply.status.sense().unwrap().deferred);
    }

    #[test]
    fn a_refusal_without_its_sense_is_not_an_answer() {
        for sense in [&[][..], &[0x70, 0], &[0x7F; 18], &[0; 18]] {
            let judged = judge(&answer(2, 0, 8, 0, sense), 2048, LIMIT);
            assert!(matches!(judged, Err(TransportError::NoSense)), "{sense:?}");
        }
        // A length beyond the room does not reach beyond it.
        let mut long = answer(2, 0, 8, 0, &NOT_READY);
        long.sense_len = 255;
        assert!(judge(&long, 2048, LIMIT).is_ok());
    }

    #[test]
    fn what_did_not_travel_is_taken_off() {
        let moved = |residual, given| {
            judge(&answer(0, 0, 0, residual, &[]), given, LIMIT).map(|reply| reply.transferred)
        };
        assert_eq!(moved(0, 2048).unwrap(), 2048);
        assert_eq!(moved(2012, 2048).unwrap(), 36);
        assert_eq!(moved(2048, 2048).unwrap(), 0);
        for residual in [-1, 2049, i32::MIN, i32::MAX] {
            assert!(matches!(
                moved(residual, 2048),
                Err(TransportError::AbsurdResidual { residual: r, given: 2048 }) if r == residual
            ));
            assert_eq!(moved(residual, 0).unwrap(), 0);
            // A refusal keeps its sense.
            let reply = judge(&answer(2, 0, 8, residual, &NOT_READY), 2048, LIMIT).unwrap();
            assert_eq!(
                (reply.transferred, reply.status.sense().is_some()),
                (0, true)
            );
        }
    }

    #[test]
    fn the_kernels_refusals_say_what_is_missing() {
        let refused = |code, channel| refused(io::Error::from_raw_os_error(code), 0xF1, channel);
        let read_only = Channel {
            read_only: true,
            ..BLOCK_NODE
        };
        for (channel, expected) in [
            (BLOCK_NODE, MissingAccess::RawIo),
            (read_only, MissingAccess::WriteAccess),
        ] {
            assert!(matches!(
                refused(libc::EPERM, channel),
                TransportError::NotPermitted { opcode: 0xF1, missing } if missing == expected
            ));
        }
        let told = refused(libc::EPERM, BLOCK_NODE).to_string();
        assert!(
            told.contains("CAP_SYS_RAWIO") && told.contains("F1h"),
            "{told}"
        );
        for code in [libc::ENODEV, libc::ENXIO] {
            assert!(matches!(refused(code, BLOCK_NODE), TransportError::Gone));
        }
        for code in [
            libc::EINTR,
            libc::ENOMEM,
            libc::EINVAL,
            libc::ENOTTY,
            libc::EIO,
        ] {
            assert!(matches!(
                refused(code, BLOCK_NODE),
                TransportError::System(cause) if cause.raw_os_error() == Some(code)
            ));
        }
    }

    #[test]
    fn time_limits_are_never_none_and_never_endless() {
        for (limit, wanted) in [
            (Duration::ZERO, 1),
            (Duration::from_micros(1), 1),
            (Duration::from_micros(1001), 2),
            (Duration::from_secs(200), 200_000),
            (Duration::from_secs(24 * 3600), 86_400_000),
            (Duration::MAX, i32::MAX as u32),
        ] {
            assert_eq!(milliseconds(limit), wanted, "{limit:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_brings_more_than_could_travel(
            status in any::<u8>(),
            host in prop_oneof![Just(0u16), 0u16..0x20, any::<u16>()],
            driver in prop_oneof![Just(0u16), Just(8), any::<u16>()],
            residual in prop_oneof![-3i32..3, 2040i32..2060, any::<i32>()],
            sense in prop::collection::vec(any::<u8>(), 0..=SENSE_BYTES),
            sense_len in any::<u8>(),
            given in prop_oneof![Just(0usize), Just(2048), 0usize..65537],
        ) {
            let mut answer = answer(status, host, driver, residual, &sense);
            answer.sense_len = sense_len;
            if let Ok(reply) = judge(&answer, given, LIMIT) {
                prop_assert!(reply.transferred <= given);
                prop_assert!(driver & 0x0F == 0 || driver & 0x0F == 8);
                prop_assert!(host == 0 || (0x10..=0x13).contains(&host));
                // GOOD is said only of a command of which nothing is amiss.
                if reply.status == Status::Good {
                    prop_assert_eq!(host, 0);
                    prop_assert!(status == 0 || status == 4);
                }
            }
        }
    }
}
