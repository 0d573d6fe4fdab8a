//! The layer that refuses what cannot be right, before it is sent.
//!
//! Owns the comparison of a command with the data given for it. Must not know
//! whether the command makes sense for the drive or the medium: that is the
//! drive's to say.
//!
//! A wrong length is no small fault. A drive that is given fewer bytes than
//! its WRITE announces waits for the rest until the bus is reset, and a wrong
//! block size shifts everything after the first block.

use crate::error::DataKind;
use crate::{Data, Exchange, Limits, Reply, Transport, TransportError, layer};
use pitland_mmc::cdb::{Cdb, Write10, Write10View, Write12, Write12View, WriteAndVerify10};
use pitland_mmc::{CdbBytes, Command, DataDirection};

/// A transport whose exchanges are checked before they are sent.
///
/// Refused are: blocks that are no whole number of the stated block size or
/// not as many as the CDB of a write says; data of another direction or length
/// than the CDB announces; more bytes than [`Limits`] allow. An answer that
/// claims more bytes than could travel is refused, too. Commands without a
/// name in `pitland-mmc` pass as they are, within the limits.
#[derive(Debug, Clone)]
pub struct Checked<T> {
    inner: T,
}

impl<T: Transport> Checked<T> {
    /// Puts the checks round `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The transport inside.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Takes the checks off.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Transport> layer::Layer for Checked<T> {
    type Inner = T;

    fn inner(&self) -> &T {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        check(exchange.cdb, &exchange.data, self.inner.limits())?;
        let given = exchange.data.len();
        let reply = self.inner.execute(exchange)?;
        if reply.transferred > given {
            return Err(TransportError::Overrun {
                transferred: reply.transferred,
                given,
            });
        }
        Ok(reply)
    }
}

/// What a command says about its data.
struct Announced {
    kind: DataKind,
    size: Size,
}

enum Size {
    /// So many bytes.
    Bytes(u64),
    /// So many blocks, of a size that the CDB does not say.
    Blocks(u32),
    /// The CDB does not say, or there need not be any.
    Any,
}

fn check(cdb: CdbBytes, data: &Data<'_>, limits: Limits) -> Result<(), TransportError> {
    let given = data.len();
    if given > limits.max_transfer_bytes {
        return Err(TransportError::OverLimit {
            given,
            limit: limits.max_transfer_bytes,
        });
    }
    if let Data::Blocks { block_bytes, .. } = *data
        && !whole_blocks(given, block_bytes)
    {
        return Err(TransportError::NotWholeBlocks { given, block_bytes });
    }
    let Some(announced) = announced(cdb) else {
        return Ok(());
    };
    let kind = data_kind(data);
    if kind == DataKind::None || (given == 0 && kind == announced.kind) {
        // Nothing travels: right for a length of zero, and for lists that
        // need not be there.
        return match announced.size {
            Size::Any => Ok(()),
            Size::Bytes(0) | Size::Blocks(0) => Ok(()),
            Size::Bytes(bytes) => Err(TransportError::LengthMismatch {
                given,
                announced: bytes,
            }),
            Size::Blocks(_) => Err(TransportError::WrongDirection {
                given: kind,
                announced: announced.kind,
            }),
        };
    }
    if kind != announced.kind {
        return Err(TransportError::WrongDirection {
            given: kind,
            announced: announced.kind,
        });
    }
    let expected = match (announced.size, data) {
        (Size::Any, _) => return Ok(()),
        (Size::Bytes(bytes), _) => bytes,
        (Size::Blocks(blocks), Data::Blocks { block_bytes, .. }) => {
            u64::from(blocks) * u64::from(*block_bytes)
        }
        // READ leaves the block size to the medium: blocks of whatever size.
        (Size::Blocks(blocks), _) if whole_blocks(given, blocks) => return Ok(()),
        (Size::Blocks(blocks), _) => u64::from(blocks) * 2048,
    };
    if given as u64 == expected {
        Ok(())
    } else {
        Err(TransportError::LengthMismatch {
            given,
            announced: expected,
        })
    }
}

fn whole_blocks(bytes: usize, block_bytes: u32) -> bool {
    block_bytes != 0 && (bytes as u64).is_multiple_of(u64::from(block_bytes))
}

fn data_kind(data: &Data<'_>) -> DataKind {
    match data {
        Data::None => DataKind::None,
        Data::In(_) => DataKind::In,
        Data::Out(_) => DataKind::Out,
        Data::Blocks { .. } => DataKind::Blocks,
    }
}

/// What the CDB announces; `None` for one that is not understood.
fn announced(cdb: CdbBytes) -> Option<Announced> {
    match Command::parse(cdb.as_slice()) {
        Ok(Command::Unknown(_)) => None,
        Ok(command) => Some(announced_by(&command)),
        // A WRITE with a bit set that has no name here still counts its blocks.
        Err(_) => write_blocks(cdb).map(|blocks| Announced {
            kind: DataKind::Blocks,
            size: Size::Blocks(blocks),
        }),
    }
}

fn announced_by(command: &Command) -> Announced {
    let size = match (command.blocks(), command.byte_len()) {
        // READ CD selects parts of a sector: its own table knows the bytes.
        (Some(blocks), _) => match command.transfer_len(0) {
            Some(bytes) if bytes != 0 => Size::Bytes(bytes),
            _ => Size::Blocks(blocks),
        },
        (None, Some(bytes)) => Size::Bytes(u64::from(bytes)),
        (None, None) => command.transfer_len(0).map_or(Size::Any, Size::Bytes),
    };
    let kind = match command.direction() {
        DataDirection::None => {
            return Announced {
                kind: DataKind::None,
                size: Size::Bytes(0),
            };
        }
        DataDirection::In => DataKind::In,
        DataDirection::Out if command.is_write() => DataKind::Blocks,
        DataDirection::Out => DataKind::Out,
    };
    Announced { kind, size }
}

fn write_blocks(cdb: CdbBytes) -> Option<u32> {
    match cdb.opcode() {
        // WRITE AND VERIFY has the layout of WRITE (10).
        Write10::OPCODE | WriteAndVerify10::OPCODE => Write10View::new(cdb).blocks().map(u32::from),
        Write12::OPCODE => Write12View::new(cdb).blocks(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceClock;
    use core::time::Duration;
    use pitland_mmc::Lba;
    use pitland_mmc::cdb::*;

    /// Counts what reaches it.
    struct Wire {
        sent: usize,
        claims: Option<usize>,
    }

    impl Transport for Wire {
        fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
            self.sent += 1;
            Ok(Reply::good(self.claims.unwrap_or(exchange.data.len())))
        }
        fn clock(&self) -> DeviceClock {
            DeviceClock::Virtual
        }
        fn now(&self) -> Duration {
            Duration::ZERO
        }
        fn advance(&mut self, _: Duration) {}
        fn identity_hint(&self) -> String {
            "wire".into()
        }
    }

    fn send(cdb: CdbBytes, data: Data<'_>) -> Result<Reply, TransportError> {
        let mut checked = Checked::new(Wire {
            sent: 0,
            claims: None,
        });
        let result = checked.execute(Exchange {
            cdb,
            data,
            timeout: Duration::ZERO,
        });
        assert_eq!(
            checked.inner().sent,
            usize::from(result.is_ok()),
            "a refused command is not sent"
        );
        result
    }

    fn blocks(bytes: &[u8], block_bytes: u32) -> Data<'_> {
        Data::Blocks { bytes, block_bytes }
    }

    fn write10(blocks: u16) -> CdbBytes {
        Write10 {
            lba: Lba(0),
            blocks,
            fua: false,
        }
        .emit()
    }

    #[test]
    fn a_write_of_the_announced_length_passes() {
        for block_bytes in [2048, 2352, 2448] {
            let bytes = vec![0; 3 * block_bytes as usize];
            assert!(send(write10(3), blocks(&bytes, block_bytes)).is_ok());
        }
        let cdb = Write12 {
            lba: Lba(0),
            blocks: 2,
            fua: false,
            streaming: true,
        }
        .emit();
        assert!(send(cdb, blocks(&[0; 4096], 2048)).is_ok());
        assert!(send(write10(0), Data::None).is_ok());
    }

    #[test]
    fn a_write_that_is_not_blocks_times_size_is_refused() {
        assert!(matches!(
            send(write10(2), blocks(&[0; 4095], 2048)),
            Err(TransportError::NotWholeBlocks {
                given: 4095,
                block_bytes: 2048
            })
        ));
        assert!(matches!(
            send(write10(2), blocks(&[0; 4096], 0)),
            Err(TransportError::NotWholeBlocks { block_bytes: 0, .. })
        ));
        assert!(matches!(
            send(write10(3), blocks(&[0; 4096], 2048)),
            Err(TransportError::LengthMismatch {
                given: 4096,
                announced: 6144
            })
        ));
        let cdb = WriteAndVerify10 {
            lba: Lba(0),
            blocks: 1,
        }
        .emit();
        assert!(send(cdb, blocks(&[0; 4096], 2048)).is_err());
        let cdb = Write12 {
            lba: Lba(0),
            blocks: 1,
            fua: false,
            streaming: false,
        }
        .emit();
        assert!(send(cdb, blocks(&[0; 4096], 2048)).is_err());
    }

    #[test]
    fn a_write_with_a_bit_without_a_name_still_counts_its_blocks() {
        let cdb = CdbBytes::from_slice(&[0x2A, 0x01, 0, 0, 0, 0, 0, 0, 2, 0]).unwrap();
        assert!(send(cdb, blocks(&[0; 2048], 2048)).is_err());
        assert!(send(cdb, blocks(&[0; 4096], 2048)).is_ok());
    }

    #[test]
    fn a_write_without_blocks_or_with_a_list_is_refused() {
        assert!(matches!(
            send(write10(1), Data::None),
            Err(TransportError::WrongDirection {
                given: DataKind::None,
                announced: DataKind::Blocks
            })
        ));
        assert!(matches!(
            send(write10(1), Data::Out(&[0; 2048])),
            Err(TransportError::WrongDirection {
                given: DataKind::Out,
                ..
            })
        ));
        assert!(send(write10(1), Data::In(&mut [0; 2048])).is_err());
    }

    #[test]
    fn lists_and_answers_have_the_length_of_the_cdb() {
        let inquiry = CdbBytes::from_slice(&[0x12, 0, 0, 0, 36, 0]).unwrap();
        assert!(send(inquiry, Data::In(&mut [0; 36])).is_ok());
        assert!(matches!(
            send(inquiry, Data::In(&mut [0; 96])),
            Err(TransportError::LengthMismatch {
                given: 96,
                announced: 36
            })
        ));
        assert!(send(inquiry, Data::Out(&[0; 36])).is_err());
        assert!(send(inquiry, Data::None).is_err());
        let select = CdbBytes::from_slice(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0]).unwrap();
        assert!(send(select, Data::Out(&[0; 60])).is_ok());
        assert!(send(select, Data::Out(&[0; 59])).is_err());
        let capacity = CdbBytes::from_slice(&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert!(send(capacity, Data::In(&mut [0; 8])).is_ok());
        assert!(send(capacity, Data::In(&mut [0; 9])).is_err());
    }

    #[test]
    fn a_command_without_data_takes_none() {
        let ready = TestUnitReady::default().emit();
        assert!(send(ready, Data::None).is_ok());
        assert!(matches!(
            send(ready, Data::In(&mut [0; 4])),
            Err(TransportError::WrongDirection {
                announced: DataKind::None,
                ..
            })
        ));
    }

    #[test]
    fn a_read_takes_room_for_whole_blocks() {
        let read = Read10 {
            lba: Lba(0),
            blocks: 2,
            fua: false,
        }
        .emit();
        assert!(send(read, Data::In(&mut [0; 4096])).is_ok());
        assert!(send(read, Data::In(&mut [0; 4704])).is_ok());
        assert!(send(read, Data::In(&mut [0; 4097])).is_err());
    }

    #[test]
    fn unknown_commands_pass_within_the_limit() {
        let vendor = CdbBytes::from_slice(&[0xDF; 12]).unwrap();
        assert!(send(vendor, Data::In(&mut [0; 77])).is_ok());
        assert!(matches!(
            send(vendor, Data::Out(&vec![0; 64 * 1024 + 1])),
            Err(TransportError::OverLimit {
                given: 65537,
                limit: 65536
            })
        ));
    }

    #[test]
    fn a_transport_that_claims_more_than_could_travel_is_found_out() {
        let mut checked = Checked::new(Wire {
            sent: 0,
            claims: Some(37),
        });
        let inquiry = CdbBytes::from_slice(&[0x12, 0, 0, 0, 36, 0]).unwrap();
        let result = checked.execute(Exchange::data_in(inquiry, &mut [0; 36], Duration::ZERO));
        assert!(matches!(
            result,
            Err(TransportError::Overrun {
                transferred: 37,
                given: 36
            })
        ));
    }
}
