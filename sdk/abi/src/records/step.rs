//! Steps and events as records.

use super::{Cursor, DecodeError, Words};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::mmc::Sense;
use pitland_writer::{Event, Failure, MediaFacts, Step, WritePlan};
use std::time::Duration;

impl Words for Step {
    fn put(&self, out: &mut Message) {
        match self {
            Self::Prepare(index) => out.push(Record::word(STEP_PREPARE).count((*index).into())),
            Self::Write(index) => out.push(Record::word(STEP_WRITE).count((*index).into())),
            Self::Between { extent, command } => out.push(
                Record::word(STEP_BETWEEN)
                    .count((*extent).into())
                    .numbers(&[(*command).into()]),
            ),
            Self::Close(index) => out.push(Record::word(STEP_CLOSE).count((*index).into())),
            Self::Ask { cdb, length } => out.push(
                Record::word(STEP_ASK)
                    .count((*length).into())
                    .bytes(cdb.as_slice()),
            ),
            Self::WaitReady { limit } => {
                out.push(Record::word(STEP_WAIT_READY));
                limit.put(out);
            }
            Self::Wait(time) => {
                out.push(Record::word(STEP_WAIT));
                time.put(out);
            }
            Self::Identify => out.push(Record::word(STEP_IDENTIFY)),
            Self::Replan(plan) => {
                out.push(Record::word(STEP_REPLAN));
                plan.put(out);
            }
            Self::Finished => out.push(Record::word(STEP_FINISHED)),
            Self::Failed(failure) => {
                out.push(Record::word(STEP_FAILED));
                failure.put(out);
            }
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            STEP_PREPARE => Self::Prepare(record.count_as("index")?),
            STEP_WRITE => Self::Write(record.count_as("index")?),
            STEP_BETWEEN => Self::Between {
                extent: record.count_as("index")?,
                command: record.number_as(0, "index")?,
            },
            STEP_CLOSE => Self::Close(record.count_as("index")?),
            STEP_ASK => Self::Ask {
                cdb: record.cdb()?,
                length: record.count_as("length")?,
            },
            STEP_WAIT_READY => Self::WaitReady {
                limit: Duration::take(from)?,
            },
            STEP_WAIT => Self::Wait(Duration::take(from)?),
            STEP_IDENTIFY => Self::Identify,
            STEP_REPLAN => Self::Replan(Box::new(WritePlan::take(from)?)),
            STEP_FINISHED => Self::Finished,
            STEP_FAILED => Self::Failed(Failure::take(from)?),
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Event {
    fn put(&self, out: &mut Message) {
        match self {
            Self::Begin => out.push(Record::word(EVENT_BEGIN)),
            Self::Done => out.push(Record::word(EVENT_DONE)),
            Self::Answer(data) => out.push(Record::word(EVENT_ANSWER).bytes(data)),
            Self::Refused { sense } => {
                out.push(Record::word(EVENT_REFUSED));
                sense.put(out);
            }
            Self::WriteRefused { extent, lba, sense } => {
                out.push(
                    Record::word(EVENT_WRITE_REFUSED)
                        .count((*extent).into())
                        .lba(lba.0.into()),
                );
                sense.put(out);
            }
            Self::Facts(facts) => {
                out.push(Record::word(EVENT_FACTS));
                facts.put(out);
            }
            Self::Cancelled { written_blocks } => {
                out.push(Record::word(EVENT_CANCELLED).count(*written_blocks));
            }
            Self::TimedOut => out.push(Record::word(EVENT_TIMED_OUT)),
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            EVENT_BEGIN => Self::Begin,
            EVENT_DONE => Self::Done,
            EVENT_ANSWER => Self::Answer(record.bytes.to_vec()),
            EVENT_REFUSED => Self::Refused {
                sense: Sense::take(from)?,
            },
            EVENT_WRITE_REFUSED => Self::WriteRefused {
                extent: record.count_as("index")?,
                lba: record.address()?,
                sense: Sense::take(from)?,
            },
            EVENT_FACTS => Self::Facts(Box::new(MediaFacts::take(from)?)),
            EVENT_CANCELLED => Self::Cancelled {
                written_blocks: record.count,
            },
            EVENT_TIMED_OUT => Self::TimedOut,
            _ => return Err(record.unknown()),
        })
    }
}
