//! Login and text PDUs: those that carry keys and values.

use super::wire::Field;

coded! {
    /// Stage of a login (RFC 3720, 10.12.3).
    Stage {
        /// Who is who.
        SecurityNegotiation = 0 => "security negotiation",
        /// How to speak.
        OperationalNegotiation = 1 => "operational negotiation",
        /// Commands may come.
        FullFeature = 3 => "full feature phase",
    }
}

header! {
    /// A step of the login, by the initiator (RFC 3720, 10.12). Always
    /// immediate.
    LoginRequest = 0x03, ones &[Field::bit(0, 6)], {
        /// T: ready for the next stage.
        transit: bool = Field::bit(1, 7),
        /// C: the text goes on in the next request.
        continues: bool = Field::bit(1, 6),
        /// CSG: the stage that this belongs to.
        current_stage: Stage = Field::bits(1, 3, 2),
        /// NSG: the stage wished for, where `transit`.
        next_stage: Stage = Field::bits(1, 1, 0),
        /// Highest version spoken; 0.
        version_max: u8 = Field::be(2, 1),
        /// Lowest version spoken; 0.
        version_min: u8 = Field::be(3, 1),
        /// The initiator's part of the session's name.
        isid: [u8; 6] = Field::be(8, 6),
        /// The target's part; 0 for a new session.
        tsih: u16 = Field::be(14, 2),
        /// Tag of the login, the same in all its steps.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// The connection within the session.
        cid: u16 = Field::be(20, 2),
        /// Number of the first command to come.
        cmd_sn: u32 = Field::be(24, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
    }
}

header! {
    /// A step of the login, by the target (RFC 3720, 10.13).
    LoginResponse = 0x23, ones &[], {
        /// T: the next stage begins.
        transit: bool = Field::bit(1, 7),
        /// C: the text goes on in the next response.
        continues: bool = Field::bit(1, 6),
        /// CSG: the stage that this belongs to.
        current_stage: Stage = Field::bits(1, 3, 2),
        /// NSG: the stage that begins, where `transit`.
        next_stage: Stage = Field::bits(1, 1, 0),
        /// Highest version spoken; 0.
        version_max: u8 = Field::be(2, 1),
        /// Version in use; 0.
        version_active: u8 = Field::be(3, 1),
        /// As in the request.
        isid: [u8; 6] = Field::be(8, 6),
        /// The target's part of the session's name, in the last response.
        tsih: u16 = Field::be(14, 2),
        /// As in the request.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
        /// Class in the high byte, detail in the low one.
        status: LoginStatus = Field::be(36, 2),
    }
}

header! {
    /// Keys and values, by the initiator (RFC 3720, 10.10).
    TextRequest = 0x04, ones &[], {
        /// I.
        immediate: bool = Field::bit(0, 6),
        /// F: the last of its sequence.
        last: bool = Field::bit(1, 7),
        /// C: the text goes on in the next request.
        continues: bool = Field::bit(1, 6),
        /// Logical unit, where a transfer tag is given.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of the exchange, the same in all its steps.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// From the response that this continues.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Command number.
        cmd_sn: u32 = Field::be(24, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
    }
}

header! {
    /// Keys and values, by the target.
    TextResponse = 0x24, ones &[], {
        /// F: nothing more to say.
        last: bool = Field::bit(1, 7),
        /// C: the text goes on in the next response.
        continues: bool = Field::bit(1, 6),
        /// Logical unit, where a transfer tag is given.
        lun: [u8; 8] = Field::be(8, 8),
        /// As in the request.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// To be repeated in the request that goes on.
        target_transfer_tag: u32 = Field::be(20, 4),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
    }
}

/// How a login goes: class and detail (RFC 3720, 10.13.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LoginStatus(pub u16);

macro_rules! login_statuses {
    ($($(#[$meta:meta])* $name:ident = $code:literal => $words:literal,)+) => {
        impl LoginStatus {
            $($(#[$meta])* pub const $name: Self = Self($code);)+

            /// In words; empty for a code without a name here.
            fn words(self) -> &'static str {
                match self.0 {
                    $($code => $words,)+
                    _ => "",
                }
            }
        }
    };
}

login_statuses! {
    /// It goes on, or is done.
    SUCCESS = 0x0000 => "success",
    /// The target is elsewhere for a while.
    MOVED_TEMPORARILY = 0x0101 => "the target has moved for a while",
    /// The target is elsewhere for good.
    MOVED_PERMANENTLY = 0x0102 => "the target has moved",
    /// The initiator did something wrong.
    INITIATOR_ERROR = 0x0200 => "the target calls it a fault of the initiator",
    /// Who it is could not be shown.
    AUTHENTICATION_FAILURE = 0x0201 => "the target wants another authentication",
    /// Not for this initiator.
    AUTHORIZATION_FAILURE = 0x0202 => "this initiator is not allowed in",
    /// No target is called so here.
    NOT_FOUND = 0x0203 => "no target is called so there",
    /// The target is no more.
    TARGET_REMOVED = 0x0204 => "the target has been removed",
    /// Another version of the protocol.
    UNSUPPORTED_VERSION = 0x0205 => "the target speaks another version",
    /// The session takes no more connections.
    TOO_MANY_CONNECTIONS = 0x0206 => "the session takes no more connections",
    /// A name is missing.
    MISSING_PARAMETER = 0x0207 => "a name is missing",
    /// The session does not spread to this address.
    CANNOT_INCLUDE = 0x0208 => "the session does not spread to that address",
    /// Not this kind of session.
    SESSION_TYPE_UNSUPPORTED = 0x0209 => "the target has no such kind of session",
    /// There is no such session.
    NO_SUCH_SESSION = 0x020A => "the target knows no such session",
    /// Something else than a login came.
    INVALID_DURING_LOGIN = 0x020B => "the login was interrupted",
    /// The target failed.
    TARGET_ERROR = 0x0300 => "the target failed",
    /// Not now.
    SERVICE_UNAVAILABLE = 0x0301 => "the target is out of service",
    /// Full.
    OUT_OF_RESOURCES = 0x0302 => "the target has no room for another session",
}

impl LoginStatus {
    /// Whether the login goes on.
    pub const fn is_success(self) -> bool {
        self.0 >> 8 == 0
    }
}

impl core::fmt::Display for LoginStatus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let words = self.words();
        let gap = if words.is_empty() { "" } else { " " };
        write!(f, "{words}{gap}(login status {:04X}h)", self.0)
    }
}

impl super::wire::FieldValue for LoginStatus {
    fn get(header: &super::BasicHeaderSegment, at: Field) -> Self {
        Self(<u16 as super::wire::FieldValue>::get(header, at))
    }

    fn put(self, header: &mut super::BasicHeaderSegment, at: Field) {
        super::wire::FieldValue::put(self.0, header, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::BasicHeaderSegment;

    /// The login request of libiscsi's `iscsi-inq`, as it came.
    const FROM_LIBISCSI: [u8; 48] = [
        0x43, 0x87, 0, 0, 0, 0, 0x01,
        0xB9, // T, operational to full feature; 441 bytes of text
        0x80, 0xC2, 0xBA, 0xDC, 0, 0, 0, 0, // ISID, TSIH
        0x24, 0x5A, 0x37, 0xCF, 0, 0, 0, 0, // task tag, CID
        0x7F, 0xF1, 0x93, 0x9A, 0, 0, 0, 1, // CmdSN, ExpStatSN
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn a_login_request_is_read_and_written_as_it_came() {
        let header = BasicHeaderSegment(FROM_LIBISCSI);
        let login = LoginRequest::parse(&header);
        assert!(login.transit && !login.continues);
        assert_eq!(login.current_stage, Stage::OperationalNegotiation);
        assert_eq!(login.next_stage, Stage::FullFeature);
        assert_eq!(login.isid, [0x80, 0xC2, 0xBA, 0xDC, 0, 0]);
        assert_eq!((login.tsih, login.cid), (0, 0));
        assert_eq!(login.initiator_task_tag, 0x245A_37CF);
        assert_eq!((login.cmd_sn, login.exp_stat_sn), (0x7FF1_939A, 1));
        let mut written = login.emit();
        written.set_data_bytes(header.data_bytes());
        assert_eq!(written, header);
    }

    #[test]
    fn a_response_has_its_status_behind_the_numbers() {
        let header = LoginResponse {
            status: LoginStatus::NOT_FOUND,
            tsih: 0x0102,
            ..LoginResponse::default()
        }
        .emit();
        assert_eq!(header.0[0], 0x23);
        assert_eq!(header.0[14..16], [1, 2]);
        assert_eq!(header.0[36..38], [2, 3]);
        assert_eq!(
            LoginStatus::NOT_FOUND.to_string(),
            "no target is called so there (login status 0203h)"
        );
        assert_eq!(LoginStatus(0x0999).to_string(), "(login status 0999h)");
    }

    #[test]
    fn text_says_whether_it_goes_on() {
        let header = TextRequest {
            immediate: true,
            continues: true,
            ..TextRequest::default()
        }
        .emit();
        assert_eq!(header.0[..2], [0x44, 0x40]);
        let header = TextResponse {
            last: true,
            stat_sn: 1,
            ..TextResponse::default()
        }
        .emit();
        assert_eq!(header.0[..2], [0x24, 0x80]);
        assert_eq!(header.0[24..28], [0, 0, 0, 1]);
    }
}
