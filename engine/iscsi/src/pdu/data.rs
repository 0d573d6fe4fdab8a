//! Data-Out, Data-In and Ready To Transfer: the bytes of a command on their way.

use super::wire::Field;

header! {
    /// Data from the initiator to the target.
    DataOut = 0x05, ones &[], {
        /// F: the last of its sequence.
        last: bool = Field::bit(1, 7),
        /// Logical unit, as in the R2T that is answered.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of the command.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Tag of the R2T that is answered; [`NO_TAG`](super::NO_TAG) where
        /// none was needed.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
        /// Number within the sequence, from 0.
        data_sn: u32 = Field::be(36, 4),
        /// Where in the command's data these bytes begin.
        buffer_offset: u32 = Field::be(40, 4),
    }
}

header! {
    /// Data from the target to the initiator, with the status where the
    /// command ended well.
    DataIn = 0x25, ones &[], {
        /// F: the last of its sequence.
        last: bool = Field::bit(1, 7),
        /// A: wants an acknowledgement; of use above error recovery level 0.
        acknowledge: bool = Field::bit(1, 6),
        /// O: the device had more; with the status only.
        overflow: bool = Field::bit(1, 2),
        /// U: the device had less; with the status only.
        underflow: bool = Field::bit(1, 1),
        /// S: the status is in this header, and no response follows.
        has_status: bool = Field::bit(1, 0),
        /// SCSI status, where `has_status`.
        status: u8 = Field::be(3, 1),
        /// Logical unit, where a transfer tag is given.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of the command.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// For acknowledgements.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Status number, where `has_status`.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// Number among the data and R2T PDUs of the command, from 0.
        data_sn: u32 = Field::be(36, 4),
        /// Where in the command's data these bytes begin.
        buffer_offset: u32 = Field::be(40, 4),
        /// Bytes more or less than the initiator expected.
        residual_count: u32 = Field::be(44, 4),
    }
}

header! {
    /// The target asks for some of a command's data.
    ReadyToTransfer = 0x31, ones &[Field::bit(1, 7)], {
        /// Logical unit.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of the command.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// To be repeated in the data.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Next status number; not advanced by this PDU.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// Number among the data and R2T PDUs of the command, from 0.
        r2t_sn: u32 = Field::be(36, 4),
        /// Where in the command's data the wanted bytes begin.
        buffer_offset: u32 = Field::be(40, 4),
        /// Bytes wanted; never 0.
        desired_data_length: u32 = Field::be(44, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::BasicHeaderSegment;

    #[test]
    fn every_field_of_a_data_in_is_where_the_standard_has_it() {
        let mut bytes = [0; 48];
        bytes[0] = 0x25;
        bytes[1] = 0x83;
        bytes[5..8].copy_from_slice(&[0, 0, 8]);
        bytes[16..20].copy_from_slice(&[0, 0, 0, 7]);
        bytes[20..24].copy_from_slice(&[0xFF; 4]);
        for (at, value) in [(24, 1), (28, 2), (32, 3), (36, 4), (40, 5), (44, 6)] {
            bytes[at + 3] = value;
        }
        let header = BasicHeaderSegment(bytes);
        let data = DataIn::parse(&header);
        assert_eq!(
            data,
            DataIn {
                last: true,
                underflow: true,
                has_status: true,
                initiator_task_tag: 7,
                target_transfer_tag: 0xFFFF_FFFF,
                stat_sn: 1,
                exp_cmd_sn: 2,
                max_cmd_sn: 3,
                data_sn: 4,
                buffer_offset: 5,
                residual_count: 6,
                ..DataIn::default()
            }
        );
        let mut written = data.emit();
        written.set_data_bytes(8);
        assert_eq!(written, header);
    }

    #[test]
    fn an_r2t_is_always_final() {
        let header = ReadyToTransfer {
            buffer_offset: 0x0001_0000,
            desired_data_length: 0x0002_0000,
            target_transfer_tag: 9,
            r2t_sn: 3,
            ..ReadyToTransfer::default()
        }
        .emit();
        assert_eq!(header.0[..2], [0x31, 0x80]);
        assert_eq!(header.0[20..24], [0, 0, 0, 9]);
        assert_eq!(header.0[36..], [0, 0, 0, 3, 0, 1, 0, 0, 0, 2, 0, 0]);
    }

    #[test]
    fn a_data_out_says_where_its_bytes_belong() {
        let header = DataOut {
            last: true,
            data_sn: 2,
            buffer_offset: 0x8000,
            target_transfer_tag: 0x1234_5678,
            ..DataOut::default()
        }
        .emit();
        assert_eq!(header.0[..2], [0x05, 0x80]);
        assert_eq!(header.0[20..24], [0x12, 0x34, 0x56, 0x78]);
        assert_eq!(header.0[36..44], [0, 0, 0, 2, 0, 0, 0x80, 0]);
    }
}
