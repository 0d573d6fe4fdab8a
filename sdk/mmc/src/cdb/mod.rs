//! Command descriptor blocks: every command that the project speaks, as a
//! value and as bytes.
//!
//! Owns the layout and the words of commands. Must not know of transports,
//! drives, or what a command is good for in a burn.

mod bytes;
mod command;

macro_rules! cdb {
    ($(#[$meta:meta])* $opcode:literal, $len:literal, $words:literal,
     $name:ident, $view:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty = $at:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $ty,)*
        }

        view! {
            #[doc = concat!("Fields of a ", $words, " block, unjudged.")]
            $view { $($(#[$fmeta])* $field: $ty = $at,)* }
        }

        impl $name {
            /// Length of the block in bytes.
            pub const LEN: usize = $len;

            #[doc = concat!("Reads a ", $words, " block.")]
            ///
            /// # Errors
            /// A wrong length, another operation code, or a bit set that has
            /// no meaning here; the error names the byte.
            pub fn parse(cdb: &[u8]) -> Result<Self, $crate::cdb::CdbError> {
                #[allow(unused_mut, reason = "some commands have no field")]
                let mut known = [0u8; $len];
                $($at.mark(&mut known);)*
                $crate::cdb::check($words, $opcode, &known, cdb)?;
                Ok(Self {
                    $($field: $crate::wire::FieldValue::from_raw(
                        $at.get(cdb).unwrap_or_default(),
                    ),)*
                })
            }
        }

        impl $crate::cdb::Cdb for $name {
            const OPCODE: u8 = $opcode;
            const NAME: &'static str = $words;

            fn emit(&self) -> $crate::cdb::CdbBytes {
                let mut cdb = [0u8; $len];
                cdb[0] = $opcode;
                $($at.put(&mut cdb, $crate::wire::FieldValue::to_raw(self.$field));)*
                $crate::cdb::CdbBytes::copied(&cdb)
            }
        }

        impl From<$name> for $crate::cdb::Command {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        }
    };
}

/// Prints `NAME` followed by further words.
macro_rules! show {
    ($name:ident, |$this:ident, $f:ident| $body:expr) => {
        impl core::fmt::Display for $name {
            fn fmt(&self, $f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let $this = self;
                $f.write_str(<Self as $crate::cdb::Cdb>::NAME)?;
                $body
            }
        }
    };
}

mod basic;
mod query;
mod record;
mod speed;
#[cfg(test)]
mod tests;
mod transfer;
mod tray;

pub use basic::*;
pub use bytes::{CdbBytes, cdb_len};
pub use command::{Command, DataDirection};
pub use query::*;
pub use record::*;
pub use speed::*;
pub use transfer::*;
pub use tray::*;

use core::fmt;

use thiserror::Error;

/// What every command's value can do.
pub trait Cdb: Copy + fmt::Display + Into<Command> {
    /// Operation code, byte 0.
    const OPCODE: u8;
    /// The command's name in the standard's capitals.
    const NAME: &'static str;

    /// The block, ready to send. A value too large for its field is written
    /// as the largest one that fits.
    fn emit(&self) -> CdbBytes;
}

/// Why bytes are not the command that they claim to be. The sender of the
/// block caused it; a drive would answer ILLEGAL REQUEST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CdbError {
    /// There is no operation code.
    #[error("the command block is empty")]
    Empty,
    /// No block is that long.
    #[error("a command block of {found} bytes; the longest has 16")]
    TooLong {
        /// Bytes given.
        found: usize,
    },
    /// The command has another length.
    #[error("{command}: a block of {found} bytes, must be {expected}")]
    WrongLength {
        /// Name of the command.
        command: &'static str,
        /// Bytes it has.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// A block of another command was given to a value's own `parse`.
    #[error("{command}: operation code {found:02X}h, must be {expected:02X}h")]
    WrongOpcode {
        /// Name of the command.
        command: &'static str,
        /// Its operation code.
        expected: u8,
        /// Byte 0 as given.
        found: u8,
    },
    /// Bits are set that must be zero.
    #[error("{command}: reserved bits {bits:02X}h set in byte {byte} ({field})")]
    Reserved {
        /// Name of the command.
        command: &'static str,
        /// `control` for the last byte, else `reserved`.
        field: &'static str,
        /// Index of the byte, from 0.
        byte: u8,
        /// The offending bits, in their place.
        bits: u8,
    },
}

/// Checks length, operation code and that no bit outside of `known` is set.
fn check(name: &'static str, opcode: u8, known: &[u8], cdb: &[u8]) -> Result<(), CdbError> {
    let Some(found) = cdb.first() else {
        return Err(CdbError::Empty);
    };
    if *found != opcode {
        return Err(CdbError::WrongOpcode {
            command: name,
            expected: opcode,
            found: *found,
        });
    }
    if cdb.len() != known.len() {
        return Err(CdbError::WrongLength {
            command: name,
            expected: known.len(),
            found: cdb.len(),
        });
    }
    for (i, (byte, known)) in cdb.iter().zip(known).enumerate().skip(1) {
        let bits = byte & !known;
        if bits != 0 {
            return Err(CdbError::Reserved {
                command: name,
                field: if i + 1 == cdb.len() {
                    "control"
                } else {
                    "reserved"
                },
                byte: i as u8,
                bits,
            });
        }
    }
    Ok(())
}

/// `", WORD"` when the flag is set; the flags at the end of a printed command.
struct Flag(&'static str, bool);

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 {
            write!(f, ", {}", self.0)
        } else {
            Ok(())
        }
    }
}

/// `"1 block"`, `"32 blocks"`.
struct Blocks(u32);

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} block{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
