//! What a writer tells of itself and of what it offers, as records.

use super::{Cursor, DecodeError, Words, length};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::mmc::Profile;
use pitland_writer::{Fit, Refusal, Service, WritePlan, WriterInfo};

const TEST_WRITE: u32 = 1;

impl Words for Profile {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(PROFILE).count(self.code().into()));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        from.expect(PROFILE)?
            .count_as("profile")
            .map(Self::from_code)
    }
}

impl Words for WriterInfo {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(WRITER)
                .count(length(self.profiles.len()))
                .bytes(self.name.as_bytes()),
        );
        out.push(Record::word(WRITER_SUMMARY).bytes(self.summary.as_bytes()));
        for profile in &self.profiles {
            profile.put(out);
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let writer = from.expect(WRITER)?;
        let summary = from.expect(WRITER_SUMMARY)?.text()?;
        Ok(Self::new(
            writer.text()?,
            summary,
            from.take_many(writer.count)?,
        ))
    }
}

impl Words for Service {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(FIT_SERVES)
                .flag(TEST_WRITE, self.test_write)
                .lba(self.first_lba.0.into())
                .count(self.free_blocks)
                .numbers(&[self.fitness.into(), self.write_unit.into()]),
        );
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        take_service(from.expect(FIT_SERVES)?)
    }
}

fn take_service(record: &Record) -> Result<Service, DecodeError> {
    let write_unit = record.number_as(1, "write unit")?;
    let mut service = Service::new(record.address()?, record.count, write_unit);
    service.fitness = record.number_as(0, "fitness")?;
    service.test_write = record.flags != 0;
    Ok(service)
}

impl Words for Fit {
    fn put(&self, out: &mut Message) {
        match self {
            Self::Serves(service) => service.put(out),
            Self::Refuses(refusal) => {
                out.push(Record::word(FIT_REFUSES));
                refusal.put(out);
            }
            Self::NotMine => out.push(Record::word(FIT_NOT_MINE)),
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            FIT_SERVES => Self::Serves(take_service(record)?),
            FIT_REFUSES => Self::Refuses(Refusal::take(from)?),
            FIT_NOT_MINE => Self::NotMine,
            _ => return Err(record.unknown()),
        })
    }
}

/// What `begin` answers, apart from the job itself.
impl Words for Result<WritePlan, Refusal> {
    fn put(&self, out: &mut Message) {
        match self {
            Ok(plan) => {
                out.push(Record::word(BEGUN));
                plan.put(out);
            }
            Err(refusal) => {
                out.push(Record::word(NOT_BEGUN));
                refusal.put(out);
            }
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            BEGUN => Ok(WritePlan::take(from)?),
            NOT_BEGUN => Err(Refusal::take(from)?),
            _ => return Err(record.unknown()),
        })
    }
}
