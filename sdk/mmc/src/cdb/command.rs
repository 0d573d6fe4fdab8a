//! The enum of all commands: one place where an operation code becomes a
//! value, and back.
//!
//! Owns the dispatch and the properties that hold for a command as such. Must
//! not know the layout of any command.

use core::fmt;

use super::*;

/// Which way the data of a command go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataDirection {
    /// No data.
    None,
    /// From the drive to the host.
    In,
    /// From the host to the drive.
    Out,
}

macro_rules! commands {
    ($($name:ident: $direction:ident,)+) => {
        /// Any command descriptor block, understood.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Command {
            $(#[doc = concat!("See [`", stringify!($name), "`].")]
            $name($name),)+
            /// An operation code without a name here, kept as it came.
            Unknown(CdbBytes),
        }

        impl Command {
            /// Reads a block by its operation code. A code without a name
            /// here becomes [`Command::Unknown`].
            ///
            /// # Errors
            /// The block is empty or longer than 16 bytes, or a known command
            /// has a wrong length or reserved bits set.
            pub fn parse(cdb: &[u8]) -> Result<Self, CdbError> {
                let Some(opcode) = cdb.first() else {
                    return Err(CdbError::Empty);
                };
                match *opcode {
                    $(<$name as Cdb>::OPCODE => $name::parse(cdb).map(Self::$name),)+
                    _ => CdbBytes::from_slice(cdb).map(Self::Unknown),
                }
            }

            /// The block, ready to send.
            pub fn emit(&self) -> CdbBytes {
                match self {
                    $(Self::$name(command) => command.emit(),)+
                    Self::Unknown(cdb) => *cdb,
                }
            }

            /// The command's name in the standard's capitals; for an unknown
            /// one `UNKNOWN COMMAND`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => <$name as Cdb>::NAME,)+
                    Self::Unknown(_) => "UNKNOWN COMMAND",
                }
            }

            /// Which way the data go. [`DataDirection::None`] for an unknown
            /// command, of which nothing can be said.
            ///
            /// A command with a length of zero still has its direction.
            pub const fn direction(&self) -> DataDirection {
                match self {
                    $(Self::$name(_) => DataDirection::$direction,)+
                    Self::Unknown(_) => DataDirection::None,
                }
            }

            /// Name of the command of an operation code, if it has one here.
            pub const fn name_of(opcode: u8) -> Option<&'static str> {
                match opcode {
                    $(<$name as Cdb>::OPCODE => Some(<$name as Cdb>::NAME),)+
                    _ => None,
                }
            }

            #[cfg(test)]
            pub(crate) const ALL: &'static [(u8, usize, &'static str)] = &[
                $((<$name as Cdb>::OPCODE, $name::LEN, <$name as Cdb>::NAME),)+
            ];
        }

        impl fmt::Display for Command {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name(command) => command.fmt(f),)+
                    Self::Unknown(cdb) => write!(f, "UNKNOWN COMMAND {cdb}"),
                }
            }
        }
    };
}

commands! {
    TestUnitReady: None,
    RezeroUnit: None,
    RequestSense: In,
    FormatUnit: Out,
    Inquiry: In,
    ModeSense6: In,
    StartStopUnit: None,
    PreventAllowMediumRemoval: None,
    ReadFormatCapacities: In,
    ReadCapacity: In,
    Read10: In,
    Write10: Out,
    Seek10: None,
    WriteAndVerify10: Out,
    Verify10: None,
    SynchronizeCache: None,
    ReadBuffer: In,
    ReadSubChannel: In,
    ReadTocPmaAtip: In,
    ReadHeader: In,
    GetConfiguration: In,
    GetEventStatusNotification: In,
    ReadDiscInformation: In,
    ReadTrackInformation: In,
    ReserveTrack: None,
    SendOpcInformation: Out,
    ModeSelect10: Out,
    ModeSense10: In,
    CloseTrackSession: None,
    ReadBufferCapacity: In,
    SendCueSheet: Out,
    Blank: None,
    LoadUnloadMedium: None,
    Read12: In,
    Write12: Out,
    GetPerformance: In,
    ReadDiscStructure: In,
    SetStreaming: Out,
    ReadCdMsf: In,
    SetCdSpeed: None,
    MechanismStatus: In,
    ReadCd: In,
    SendDiscStructure: Out,
}

impl Command {
    /// Operation code, byte 0.
    pub fn opcode(&self) -> u8 {
        self.emit().opcode()
    }

    /// Blocks that the command transfers, where it counts in blocks. The
    /// bytes of a block are not in the CDB; for READ CD they depend on its
    /// selectors, see [`ReadCd::block_len`].
    pub fn blocks(&self) -> Option<u32> {
        match self {
            Self::Read10(c) => Some(c.blocks.into()),
            Self::Read12(c) => Some(c.blocks),
            Self::Write10(c) => Some(c.blocks.into()),
            Self::Write12(c) => Some(c.blocks),
            Self::WriteAndVerify10(c) => Some(c.blocks.into()),
            Self::ReadCd(c) => Some(c.blocks),
            Self::ReadCdMsf(c) => {
                let start = c.start.to_lba()?;
                c.end.to_lba()?.blocks_since(start).map(|n| n.0)
            }
            _ => None,
        }
    }

    /// Bytes that the CDB itself announces: the allocation length or the
    /// length of the parameter list. `None` where the length is in blocks, is
    /// fixed by the command and not by the CDB, or where there are no data.
    pub fn byte_len(&self) -> Option<u32> {
        Some(match self {
            Self::RequestSense(c) => c.allocation_length.into(),
            Self::Inquiry(c) => c.allocation_length.into(),
            Self::ModeSense6(c) => c.allocation_length.into(),
            Self::ReadFormatCapacities(c) => c.allocation_length.into(),
            Self::ReadBuffer(c) => c.allocation_length,
            Self::ReadSubChannel(c) => c.allocation_length.into(),
            Self::ReadTocPmaAtip(c) => c.allocation_length.into(),
            Self::ReadHeader(c) => c.allocation_length.into(),
            Self::GetConfiguration(c) => c.allocation_length.into(),
            Self::GetEventStatusNotification(c) => c.allocation_length.into(),
            Self::ReadDiscInformation(c) => c.allocation_length.into(),
            Self::ReadTrackInformation(c) => c.allocation_length.into(),
            Self::SendOpcInformation(c) => c.parameter_list_length.into(),
            Self::ModeSelect10(c) => c.parameter_list_length.into(),
            Self::ModeSense10(c) => c.allocation_length.into(),
            Self::ReadBufferCapacity(c) => c.allocation_length.into(),
            Self::SendCueSheet(c) => c.parameter_list_length,
            Self::ReadDiscStructure(c) => c.allocation_length.into(),
            Self::SetStreaming(c) => c.parameter_list_length.into(),
            Self::MechanismStatus(c) => c.allocation_length.into(),
            Self::SendDiscStructure(c) => c.parameter_list_length.into(),
            _ => return None,
        })
    }

    /// Bytes of data, where CDB and command alone tell them: [`byte_len`],
    /// the fixed 8 bytes of READ CAPACITY, the 8-byte header and 16-byte
    /// descriptors of GET PERFORMANCE, and blocks times `block_size`.
    ///
    /// `None` for commands without data, for FORMAT UNIT (the list tells) and
    /// for unknown ones.
    ///
    /// [`byte_len`]: Command::byte_len
    pub fn transfer_len(&self, block_size: u32) -> Option<u64> {
        match self {
            Self::ReadCapacity(_) => Some(8),
            Self::GetPerformance(c) => Some(c.transfer_len()),
            Self::ReadCd(c) => Some(u64::from(c.blocks) * u64::from(c.block_len()?)),
            Self::ReadCdMsf(c) => Some(u64::from(self.blocks()?) * u64::from(c.block_len()?)),
            _ => match self.blocks() {
                Some(blocks) => Some(u64::from(blocks) * u64::from(block_size)),
                None => self.byte_len().map(u64::from),
            },
        }
    }

    /// Whether it is a WRITE that carries user data.
    pub const fn is_write(&self) -> bool {
        matches!(
            self,
            Self::Write10(_) | Self::Write12(_) | Self::WriteAndVerify10(_)
        )
    }

    /// Whether the command may change what is on the disc, now or by the next
    /// write: WRITE, BLANK, FORMAT, CLOSE, RESERVE TRACK, SEND CUE SHEET, SEND
    /// DISC STRUCTURE, and power calibration, which uses up its test area.
    /// SYNCHRONIZE CACHE is not among them: it only hastens what was sent. An
    /// unknown command may do anything and is counted in.
    pub const fn changes_disc(&self) -> bool {
        match self {
            Self::Blank(_)
            | Self::FormatUnit(_)
            | Self::CloseTrackSession(_)
            | Self::ReserveTrack(_)
            | Self::SendCueSheet(_)
            | Self::SendDiscStructure(_)
            | Self::Unknown(_) => true,
            Self::SendOpcInformation(c) => c.do_opc,
            _ => self.is_write(),
        }
    }
}
