//! Where a replay and its record part.
//!
//! Owns the words. Must not know how lines are read or matched.

use std::sync::Arc;

/// The first place where a replay was asked something else than was recorded.
/// After it the replay serves nothing more: every further command is answered
/// with the same divergence.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the replay parts from its record at line {line}: {mismatch}")]
pub struct Divergence {
    /// Line of the record, from 1.
    pub line: u64,
    /// What differs.
    pub mismatch: Mismatch,
}

/// In what a replayed command differs from the record, or why the record
/// cannot serve it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// Another command, or the same with other fields.
    #[error("recorded is {recorded}, sent was {sent}")]
    Command {
        /// The recorded command in words.
        recorded: String,
        /// The command that was sent, in words.
        sent: String,
    },
    /// The same command with data of another kind or length.
    #[error("{command}: recorded are {recorded}, sent were {sent}")]
    Data {
        /// The command in words.
        command: String,
        /// The recorded data in words.
        recorded: String,
        /// The data that were sent, in words.
        sent: String,
    },
    /// Another parameter list.
    #[error("{command}: another parameter list from byte {byte} on")]
    ParameterList {
        /// The command in words.
        command: String,
        /// First byte that differs, from 0.
        byte: usize,
    },
    /// Other blocks.
    #[error("{command}: other bytes to write (CRC-32C {sent:08X}, recorded {recorded:08X})")]
    Payload {
        /// The command in words.
        command: String,
        /// CRC-32C of the recorded bytes.
        recorded: u32,
        /// CRC-32C of the bytes that were sent.
        sent: u32,
    },
    /// The record is over.
    #[error("the record is over, sent was {sent}")]
    Over {
        /// The command that was sent, in words.
        sent: String,
    },
    /// The answer's bytes are in the record by their sum only, and the writes
    /// of this replay do not make them up.
    #[error("{command}: the record does not hold the bytes of this answer")]
    AnswerNotKept {
        /// The command in words.
        command: String,
    },
    /// The line cannot be read: a fault of the file.
    #[error("the line cannot be read: {what}")]
    Malformed {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file could not be read.
    #[error("the record could not be read: {0}")]
    Io(#[source] Arc<std::io::Error>),
    /// Commands of the record were not sent.
    #[error("{commands} recorded commands were not sent")]
    LeftOver {
        /// How many.
        commands: u64,
    },
}
