//! Failures, sense answers and spans of time as records.

use super::{Cursor, DecodeError, Words};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::Failure;
use pitland_writer::mmc::{Sense, SenseKey};
use std::time::Duration;

const DEFERRED: u32 = 1;
const PROGRESS: u32 = 2;
const INFORMATION: u32 = 4;

impl Words for Sense {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(SENSE)
                .flag(DEFERRED, self.deferred)
                .flag(PROGRESS, self.progress.is_some())
                .flag(INFORMATION, self.information.is_some())
                .count(self.progress.unwrap_or_default().into())
                .lba(self.information.unwrap_or_default().into())
                .bytes(&[self.key.code(), self.asc, self.ascq]),
        );
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(SENSE)?;
        let flags = record.flags;
        let &[key, asc, ascq] = record.bytes.as_slice() else {
            return Err(record.bad("sense triple"));
        };
        let information = (flags & INFORMATION != 0)
            .then(|| u32::try_from(record.lba).map_err(|_| record.bad("information")))
            .transpose()?;
        let progress = (flags & PROGRESS != 0)
            .then(|| record.count_as("progress"))
            .transpose()?;
        Ok(Self {
            deferred: flags & DEFERRED != 0,
            key: SenseKey::from_code(key),
            asc,
            ascq,
            progress,
            information,
        })
    }
}

impl Words for Duration {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(TIME)
                .count(self.as_secs())
                .numbers(&[self.subsec_nanos().into()]),
        );
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(TIME)?;
        let nanos: u32 = record.number_as(0, "nanoseconds")?;
        if nanos >= 1_000_000_000 {
            return Err(record.bad("nanoseconds"));
        }
        Ok(Self::new(record.count, nanos))
    }
}

impl Words for Failure {
    fn put(&self, out: &mut Message) {
        match self {
            Self::Drive(sense) => {
                out.push(Record::word(FAILURE_DRIVE));
                sense.put(out);
            }
            Self::UnexpectedEvent => out.push(Record::word(FAILURE_UNEXPECTED_EVENT)),
            Self::TimedOut => out.push(Record::word(FAILURE_TIMED_OUT)),
            Self::Panicked { message } => {
                out.push(Record::word(FAILURE_PANICKED).bytes(message.as_bytes()));
            }
            Self::Hung { limit } => {
                out.push(Record::word(FAILURE_HUNG));
                limit.put(out);
            }
            Self::UnknownWord { code } => {
                out.push(Record::word(FAILURE_UNKNOWN_WORD).count((*code).into()));
            }
            Self::OutsidePlan => out.push(Record::word(FAILURE_OUTSIDE_PLAN)),
            Self::MediumState => out.push(Record::word(FAILURE_MEDIUM_STATE)),
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            FAILURE_DRIVE => Self::Drive(Sense::take(from)?),
            FAILURE_UNEXPECTED_EVENT => Self::UnexpectedEvent,
            FAILURE_TIMED_OUT => Self::TimedOut,
            FAILURE_PANICKED => Self::Panicked {
                message: record.text()?,
            },
            FAILURE_HUNG => Self::Hung {
                limit: Duration::take(from)?,
            },
            FAILURE_UNKNOWN_WORD => Self::UnknownWord {
                code: record.count_as("code")?,
            },
            FAILURE_OUTSIDE_PLAN => Self::OutsidePlan,
            FAILURE_MEDIUM_STATE => Self::MediumState,
            _ => return Err(record.unknown()),
        })
    }
}
