//! iSCSI PDUs as bytes: 48 bytes of header, additional headers, data.
//!
//! Owns layouts (views and values over the bytes) and framing. Does no I/O of
//! its own but through [`std::io::Read`] and [`std::io::Write`] that it is
//! lent, and must not know who may say what when: that is the business of
//! negotiation, target and initiator.
//!
//! The layouts are those of RFC 7143, which left RFC 3720's as they were;
//! clause numbers in this folder are RFC 3720's.

#[macro_use]
pub(crate) mod wire;

mod ahs;
mod data;
mod frame;
mod login;
mod scsi;
mod session;
mod task;

pub use ahs::{AdditionalHeader, AdditionalHeaders, BadAdditionalHeader};
pub use data::{DataIn, DataOut, ReadyToTransfer};
pub use frame::{FrameError, Incoming, PduReader, PduWriter};
pub use login::{LoginRequest, LoginResponse, LoginStatus, Stage, TextRequest, TextResponse};
pub use scsi::{Residual, ScsiCommand, ScsiResponse, ServiceResponse};
pub use session::{
    AsyncEvent, AsyncMessage, LogoutRequest, LogoutResponse, LogoutResult, NopIn, NopOut, Reject,
    RejectReason,
};
pub use task::{TaskFunction, TaskManagementRequest, TaskManagementResponse, TaskManagementResult};

use wire::Field;

/// A tag that is not given: of a PDU that no task owns, or that asks for no
/// answer.
pub const NO_TAG: u32 = 0xFFFF_FFFF;

const IMMEDIATE: Field = Field::bit(0, 6);
const OPCODE: Field = Field::bits(0, 5, 0);
const AHS_WORDS: Field = Field::be(4, 1);
const DATA_BYTES: Field = Field::be(5, 3);
const INITIATOR_TASK_TAG: Field = Field::be(16, 4);

/// The first 48 bytes of every PDU, unjudged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BasicHeaderSegment(pub [u8; Self::LEN]);

impl BasicHeaderSegment {
    /// Length in bytes.
    pub const LEN: usize = 48;

    fn of_opcode(opcode: u8) -> Self {
        let mut header = Self([0; Self::LEN]);
        OPCODE.put_number(&mut header, opcode.into());
        header
    }

    /// Low six bits of byte 0: what kind of PDU.
    pub fn opcode(&self) -> u8 {
        OPCODE.number(self) as u8
    }

    /// I: to be taken at once, outside of the order of commands.
    pub fn immediate(&self) -> bool {
        IMMEDIATE.number(self) != 0
    }

    /// Bytes of additional headers that follow, at most 1020.
    pub fn ahs_bytes(&self) -> usize {
        AHS_WORDS.number(self) as usize * 4
    }

    /// Announces additional headers; the length is that of whole words.
    pub fn set_ahs_bytes(&mut self, bytes: usize) {
        AHS_WORDS.put_number(self, (bytes.div_ceil(4)) as u32);
    }

    /// Bytes of data that follow, without padding and digest.
    pub fn data_bytes(&self) -> usize {
        DATA_BYTES.number(self) as usize
    }

    /// Announces data; at most 2^24 - 1 bytes.
    pub fn set_data_bytes(&mut self, bytes: usize) {
        DATA_BYTES.put_number(self, bytes as u32);
    }

    /// Initiator task tag: at the same place in every PDU.
    pub fn initiator_task_tag(&self) -> u32 {
        INITIATOR_TASK_TAG.number(self)
    }
}

impl Default for BasicHeaderSegment {
    fn default() -> Self {
        Self([0; Self::LEN])
    }
}

impl core::fmt::Debug for BasicHeaderSegment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BasicHeaderSegment(")?;
        for byte in self.0 {
            write!(f, "{byte:02X}")?;
        }
        f.write_str(")")
    }
}

/// A PDU that no side of ours can take: an operation code without a meaning
/// for the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer sent a PDU with operation code {opcode:02X}h, which means nothing here")]
pub struct UnknownOpcode {
    /// The code.
    pub opcode: u8,
}

macro_rules! directions {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident($value:ident),)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant($value),)+
        }

        impl $name {
            /// Reads a header by its operation code.
            ///
            /// # Errors
            /// [`UnknownOpcode`] for codes that this side never sends.
            pub fn parse(header: &BasicHeaderSegment) -> Result<Self, UnknownOpcode> {
                match header.opcode() {
                    $($value::OPCODE => Ok(Self::$variant($value::parse(header))),)+
                    opcode => Err(UnknownOpcode { opcode }),
                }
            }

            /// The 48 bytes, without lengths.
            pub fn emit(&self) -> BasicHeaderSegment {
                match self {
                    $(Self::$variant(value) => value.emit(),)+
                }
            }
        }
    };
}

directions! {
    /// What an initiator sends.
    InitiatorPdu {
        /// A ping, or the answer to one.
        NopOut(NopOut),
        /// A command.
        ScsiCommand(ScsiCommand),
        /// Something about other tasks.
        TaskManagement(TaskManagementRequest),
        /// A step of the login.
        Login(LoginRequest),
        /// Keys and values.
        Text(TextRequest),
        /// Data of a command.
        DataOut(DataOut),
        /// The end.
        Logout(LogoutRequest),
    }
}

directions! {
    /// What a target sends.
    TargetPdu {
        /// A ping, or the answer to one.
        NopIn(NopIn),
        /// How a command ended.
        ScsiResponse(ScsiResponse),
        /// How a task management function ended.
        TaskManagement(TaskManagementResponse),
        /// A step of the login.
        Login(LoginResponse),
        /// Keys and values.
        Text(TextResponse),
        /// Data of a command.
        DataIn(DataIn),
        /// The end.
        Logout(LogoutResponse),
        /// Data of a command may come.
        ReadyToTransfer(ReadyToTransfer),
        /// Something that nobody asked for.
        Async(AsyncMessage),
        /// A PDU was refused.
        Reject(Reject),
    }
}

/// Zeros that fill a segment of `bytes` up to whole words.
pub(crate) const fn padding(bytes: usize) -> usize {
    bytes.wrapping_neg() % 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is understood of any 48 bytes returns from the bytes that it is written to.
        #[test]
        fn any_header_is_read_or_refused_and_what_is_read_returns(bytes: [u8; 48]) {
            let header = BasicHeaderSegment(bytes);
            if let Ok(pdu) = InitiatorPdu::parse(&header) {
                prop_assert_eq!(InitiatorPdu::parse(&pdu.emit()), Ok(pdu));
            }
            if let Ok(pdu) = TargetPdu::parse(&header) {
                prop_assert_eq!(TargetPdu::parse(&pdu.emit()), Ok(pdu));
            }
        }
    }

    #[test]
    fn codes_of_the_other_side_are_unknown() {
        let header = NopIn::default().emit();
        assert_eq!(
            InitiatorPdu::parse(&header),
            Err(UnknownOpcode { opcode: 0x20 })
        );
        let header = NopOut::default().emit();
        assert_eq!(
            TargetPdu::parse(&header),
            Err(UnknownOpcode { opcode: 0x00 })
        );
    }

    #[test]
    fn lengths_are_counted_in_words_and_bytes() {
        let mut header = BasicHeaderSegment::default();
        header.set_ahs_bytes(9);
        header.set_data_bytes(0x0001_0203);
        assert_eq!(header.0[4..8], [3, 1, 2, 3]);
        assert_eq!((header.ahs_bytes(), header.data_bytes()), (12, 0x0001_0203));
    }

    #[test]
    fn segments_are_filled_to_whole_words() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(padding), [0, 3, 2, 1, 0, 3]);
    }
}
