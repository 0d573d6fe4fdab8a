//! SCSI command and response.

use super::wire::Field;

header! {
    /// A command on its way to a logical unit (RFC 3720, 10.3).
    ScsiCommand = 0x01, ones &[], {
        /// I.
        immediate: bool = Field::bit(0, 6),
        /// F: no unsolicited data follow in PDUs of their own.
        last: bool = Field::bit(1, 7),
        /// R: data come back.
        read: bool = Field::bit(1, 6),
        /// W: data go out.
        write: bool = Field::bit(1, 5),
        /// Task attribute; 0 untagged to 4 ACA.
        attribute: u8 = Field::bits(1, 2, 0),
        /// Logical unit.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of the command.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Bytes that the initiator expects to go one way.
        expected_data_transfer_length: u32 = Field::be(20, 4),
        /// Command number.
        cmd_sn: u32 = Field::be(24, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
        /// The CDB, filled with zeros.
        cdb: [u8; 16] = Field::be(32, 16),
    }
}

coded! {
    /// Whether the command reached the logical unit at all (RFC 3720, 10.4.3).
    ServiceResponse {
        /// The SCSI status says the rest.
        CommandCompleted = 0 => "command completed",
        /// It did not.
        TargetFailure = 1 => "target failure",
    }
}

header! {
    /// How a command ended (RFC 3720, 10.4). The data are two bytes of length,
    /// then the sense.
    ScsiResponse = 0x21, ones &[Field::bit(1, 7)], {
        /// o: a bidirectional read had more.
        read_overflow: bool = Field::bit(1, 4),
        /// u: a bidirectional read had less.
        read_underflow: bool = Field::bit(1, 3),
        /// O: the device had, or wanted, more than expected.
        overflow: bool = Field::bit(1, 2),
        /// U: the device had, or wanted, less than expected.
        underflow: bool = Field::bit(1, 1),
        /// Whether the SCSI status counts.
        response: ServiceResponse = Field::be(2, 1),
        /// SCSI status.
        status: u8 = Field::be(3, 1),
        /// As in the command.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// For retransmissions.
        snack_tag: u32 = Field::be(20, 4),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// How many data and R2T PDUs the command had.
        exp_data_sn: u32 = Field::be(36, 4),
        /// Bytes of `read_overflow` or `read_underflow`.
        read_residual_count: u32 = Field::be(40, 4),
        /// Bytes of `overflow` or `underflow`.
        residual_count: u32 = Field::be(44, 4),
    }
}

/// By how much the data of a command missed what the initiator expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Residual {
    /// Not at all.
    #[default]
    None,
    /// So many bytes less went.
    Underflow(u32),
    /// So many bytes more could have gone.
    Overflow(u32),
}

impl Residual {
    /// Of a device that would move `presented` bytes where `expected` were
    /// expected (RFC 7143, 11.4.5.2).
    pub fn between(expected: u32, presented: u64) -> Self {
        match presented.cmp(&u64::from(expected)) {
            core::cmp::Ordering::Equal => Self::None,
            core::cmp::Ordering::Less => Self::Underflow(expected - presented as u32),
            core::cmp::Ordering::Greater => {
                let more = presented - u64::from(expected);
                Self::Overflow(u32::try_from(more).unwrap_or(u32::MAX))
            }
        }
    }

    /// O, U and the count, as a header has them.
    pub const fn fields(self) -> (bool, bool, u32) {
        match self {
            Self::None => (false, false, 0),
            Self::Underflow(count) => (false, true, count),
            Self::Overflow(count) => (true, false, count),
        }
    }

    /// From O, U and the count; `None` where both bits are set, which is an
    /// error of the peer (RFC 3720, 10.4.1).
    pub const fn from_fields(overflow: bool, underflow: bool, count: u32) -> Option<Self> {
        match (overflow, underflow) {
            (true, true) => None,
            (true, false) => Some(Self::Overflow(count)),
            (false, true) => Some(Self::Underflow(count)),
            (false, false) => Some(Self::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::BasicHeaderSegment;
    use proptest::prelude::*;

    /// An INQUIRY of libiscsi's `iscsi-inq`, as it came: 64 bytes expected.
    const INQUIRY: [u8; 48] = [
        0x01, 0xC1, 0, 0, 0, 0, 0, 0, // F and R, simple
        0, 1, 0, 0, 0, 0, 0, 0, // LUN 1
        0x24, 0x5A, 0x37, 0xD2, 0, 0, 0, 0x40, // task tag, expected length
        0x7F, 0xF1, 0x93, 0x9C, 0, 0, 0, 4, // CmdSN, ExpStatSN
        0x12, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn a_command_is_read_and_written_as_it_came() {
        let header = BasicHeaderSegment(INQUIRY);
        let command = ScsiCommand::parse(&header);
        assert!(command.last && command.read && !command.write && !command.immediate);
        assert_eq!(command.attribute, 1);
        assert_eq!(command.lun, [0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(command.initiator_task_tag, 0x245A_37D2);
        assert_eq!(command.expected_data_transfer_length, 64);
        assert_eq!((command.cmd_sn, command.exp_stat_sn), (0x7FF1_939C, 4));
        assert_eq!(command.cdb[..5], [0x12, 0, 0, 0, 0x40]);
        assert_eq!(command.emit(), header);
    }

    #[test]
    fn a_response_tells_status_and_residual() {
        let header = ScsiResponse {
            underflow: true,
            status: 2,
            residual_count: 0x0102,
            stat_sn: 9,
            ..ScsiResponse::default()
        }
        .emit();
        assert_eq!(header.0[..4], [0x21, 0x82, 0, 2]);
        assert_eq!(header.0[24..28], [0, 0, 0, 9]);
        assert_eq!(header.0[44..], [0, 0, 1, 2]);
    }

    proptest! {
        #[test]
        fn a_residual_is_what_is_missing_or_too_much(expected: u32, presented: u32) {
            let residual = Residual::between(expected, presented.into());
            let (over, under, count) = residual.fields();
            let count = i64::from(count);
            let sum = i64::from(expected) + if over { count } else { 0 } - if under { count } else { 0 };
            prop_assert_eq!(sum, i64::from(presented));
            prop_assert_eq!(Residual::from_fields(over, under, count as u32), Some(residual));
        }
    }

    #[test]
    fn both_kinds_of_residual_at_once_are_none() {
        assert_eq!(Residual::from_fields(true, true, 1), None);
    }
}
