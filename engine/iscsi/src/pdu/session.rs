//! What keeps a session alive or ends it: NOP, Logout, Async, Reject.

use super::wire::Field;

header! {
    /// A ping by the initiator, or its answer to one. Its data come back.
    NopOut = 0x00, ones &[Field::bit(1, 7)], {
        /// I.
        immediate: bool = Field::bit(0, 6),
        /// Logical unit, where a transfer tag is given.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of the ping; [`NO_TAG`](super::NO_TAG) where no answer is
        /// wanted.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// From the ping that is answered.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Command number.
        cmd_sn: u32 = Field::be(24, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
    }
}

header! {
    /// A ping by the target, or its answer to one.
    NopIn = 0x20, ones &[Field::bit(1, 7)], {
        /// Logical unit, where a transfer tag is given.
        lun: [u8; 8] = Field::be(8, 8),
        /// From the ping that is answered; [`NO_TAG`](super::NO_TAG) otherwise.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Where an answer is wanted.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Status number; advanced where a ping is answered.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
    }
}

header! {
    /// The initiator ends a connection or a session.
    LogoutRequest = 0x06, ones &[Field::bit(1, 7)], {
        /// I.
        immediate: bool = Field::bit(0, 6),
        /// 0 the session, 1 this connection, 2 for recovery.
        reason: u8 = Field::bits(1, 6, 0),
        /// Tag of this task.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// The connection that is meant.
        cid: u16 = Field::be(20, 2),
        /// Command number.
        cmd_sn: u32 = Field::be(24, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
    }
}

coded! {
    /// How a logout ended.
    LogoutResult {
        /// It is over.
        Closed = 0 => "closed",
        /// There is no such connection.
        NoSuchConnection = 1 => "no such connection",
        /// Connections are not recovered.
        RecoveryUnsupported = 2 => "recovery is not supported",
        /// Something went wrong.
        CleanupFailed = 3 => "clean-up failed",
    }
}

header! {
    /// How a logout ended.
    LogoutResponse = 0x26, ones &[Field::bit(1, 7)], {
        /// The end.
        result: LogoutResult = Field::be(2, 1),
        /// As in the request.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// Seconds to wait before coming back.
        time2wait: u16 = Field::be(40, 2),
        /// Seconds that tasks are kept.
        time2retain: u16 = Field::be(42, 2),
    }
}

coded! {
    /// What a target has to tell unasked.
    AsyncEvent {
        /// Sense data of a logical unit.
        Sense = 0 => "a logical unit has something to tell",
        /// The initiator shall log out.
        LogoutRequested = 1 => "the target asks for a logout",
        /// This connection is about to be dropped.
        ConnectionDropped = 2 => "the target drops the connection",
        /// The session is about to be dropped.
        SessionDropped = 3 => "the target drops the session",
        /// Keys are to be negotiated anew.
        NegotiationRequested = 4 => "the target asks for a negotiation",
    }
}

header! {
    /// Something that the target tells unasked.
    AsyncMessage = 0x32, ones &[Field::bit(1, 7), Field::be(16, 4)], {
        /// Logical unit, where the event has one.
        lun: [u8; 8] = Field::be(8, 8),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// The event.
        event: AsyncEvent = Field::be(36, 1),
        /// The vendor's own.
        vendor_code: u8 = Field::be(37, 1),
        /// By event: the connection.
        parameter1: u16 = Field::be(38, 2),
        /// By event: seconds to wait.
        parameter2: u16 = Field::be(40, 2),
        /// By event: seconds that are left.
        parameter3: u16 = Field::be(42, 2),
    }
}

coded! {
    /// Why a PDU was refused (RFC 3720, 10.17.1).
    RejectReason {
        /// The data digest is wrong.
        DataDigest = 0x02 => "the data's digest is wrong",
        /// Nothing to retransmit.
        Snack = 0x03 => "nothing can be sent again",
        /// Against the rules.
        ProtocolError = 0x04 => "against the protocol",
        /// Not known.
        CommandUnsupported = 0x05 => "not supported",
        /// Too many immediate commands.
        TooManyImmediate = 0x06 => "too many immediate commands",
        /// The task is under way.
        TaskInProgress = 0x07 => "the task is under way",
        /// An acknowledgement of nothing.
        InvalidDataAck = 0x08 => "an acknowledgement of nothing",
        /// A field makes no sense.
        InvalidPduField = 0x09 => "a field makes no sense",
        /// No room for a long operation.
        LongOperation = 0x0A => "no room for a long operation",
        /// The negotiation begins anew.
        NegotiationReset = 0x0B => "the negotiation begins anew",
        /// Only a logout is taken now.
        WaitingForLogout = 0x0C => "only a logout is taken now",
    }
}

header! {
    /// A PDU was refused (RFC 3720, 10.17); its header is the data.
    Reject = 0x3F, ones &[Field::bit(1, 7), Field::be(16, 4)], {
        /// Why.
        reason: RejectReason = Field::be(2, 1),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// For acknowledgements.
        data_sn: u32 = Field::be(36, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_carry_two_tags() {
        let header = NopOut {
            immediate: true,
            initiator_task_tag: 0xFFFF_FFFF,
            target_transfer_tag: 5,
            ..NopOut::default()
        }
        .emit();
        assert_eq!(header.0[..2], [0x40, 0x80]);
        assert_eq!(header.0[16..24], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 5]);
        assert_eq!(NopIn::default().emit().0[..2], [0x20, 0x80]);
    }

    #[test]
    fn a_logout_names_reason_and_connection() {
        let header = LogoutRequest {
            reason: 1,
            cid: 0x0203,
            ..LogoutRequest::default()
        }
        .emit();
        assert_eq!(header.0[..2], [0x06, 0x81]);
        assert_eq!(header.0[20..24], [2, 3, 0, 0]);
        let header = LogoutResponse {
            result: LogoutResult::RecoveryUnsupported,
            time2wait: 2,
            time2retain: 20,
            ..LogoutResponse::default()
        }
        .emit();
        assert_eq!(header.0[..3], [0x26, 0x80, 2]);
        assert_eq!(header.0[40..44], [0, 2, 0, 20]);
    }

    #[test]
    fn what_nobody_asked_for_has_no_tag() {
        let header = Reject {
            reason: RejectReason::InvalidPduField,
            ..Reject::default()
        }
        .emit();
        assert_eq!(header.0[..3], [0x3F, 0x80, 9]);
        assert_eq!(header.initiator_task_tag(), crate::pdu::NO_TAG);
        let header = AsyncMessage {
            event: AsyncEvent::SessionDropped,
            parameter3: 4,
            ..AsyncMessage::default()
        }
        .emit();
        assert_eq!(header.0[36..44], [3, 0, 0, 0, 0, 0, 0, 4]);
        assert_eq!(header.initiator_task_tag(), crate::pdu::NO_TAG);
    }
}
