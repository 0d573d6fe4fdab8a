//! Write plans as records.

use super::{Cursor, DecodeError, Words, length};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::mmc::TrackNumber;
use pitland_writer::{
    BlockForm, ExpectedMedium, Extent, Move, Occasion, Origin, PlannedCommand, SensePattern,
    Settle, Tolerance, Warning, WriteCommand, WritePlan,
};
use std::time::Duration;

const RESUMABLE: u32 = 1;

impl Words for WritePlan {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(PLAN)
                .count(length(self.prepare.len()))
                .numbers(&[
                    length(self.extents.len()),
                    length(self.closing.len()),
                    length(self.warnings.len()),
                ])
                .flag(RESUMABLE, self.resumable),
        );
        self.prepare.iter().for_each(|command| command.put(out));
        self.extents.iter().for_each(|extent| extent.put(out));
        self.closing.iter().for_each(|command| command.put(out));
        self.warnings.iter().for_each(|warning| warning.put(out));
        self.expected.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(PLAN)?;
        let mut plan = Self::default();
        plan.prepare = from.take_many(record.count)?;
        plan.extents = from.take_many(record.number(0)?)?;
        plan.closing = from.take_many(record.number(1)?)?;
        plan.warnings = from.take_many(record.number(2)?)?;
        plan.expected = ExpectedMedium::take(from)?;
        plan.resumable = record.flags & RESUMABLE != 0;
        Ok(plan)
    }
}

impl Words for PlannedCommand {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(COMMAND)
                .count(length(self.tolerate.len()))
                .bytes(self.cdb.as_slice()),
        );
        self.purpose.put(out);
        out.push(Record::word(COMMAND_PARAMETERS).bytes(&self.parameters));
        self.timeout.put(out);
        self.settle.put(out);
        self.occasion.put(out);
        self.tolerate
            .iter()
            .for_each(|tolerance| tolerance.put(out));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(COMMAND)?;
        let mut command = Self::new(Move::take(from)?, record.cdb()?);
        command.parameters = from.expect(COMMAND_PARAMETERS)?.bytes.to_vec();
        command.timeout = Duration::take(from)?;
        command.settle = Settle::take(from)?;
        command.occasion = Occasion::take(from)?;
        command.tolerate = from.take_many(record.count)?;
        Ok(command)
    }
}

impl Words for Move {
    fn put(&self, out: &mut Message) {
        out.push(match self {
            Self::SetSpeed => Record::word(MOVE_SET_SPEED),
            Self::SetWriteParameters => Record::word(MOVE_SET_WRITE_PARAMETERS),
            Self::CalibratePower => Record::word(MOVE_CALIBRATE_POWER),
            Self::Format => Record::word(MOVE_FORMAT),
            Self::Blank => Record::word(MOVE_BLANK),
            Self::ReserveTrack => Record::word(MOVE_RESERVE_TRACK),
            Self::SetLayerBreak => Record::word(MOVE_SET_LAYER_BREAK),
            Self::SendCueSheet => Record::word(MOVE_SEND_CUE_SHEET),
            Self::SynchronizeCache => Record::word(MOVE_SYNCHRONIZE_CACHE),
            Self::StopFormat => Record::word(MOVE_STOP_FORMAT),
            Self::CloseTrack => Record::word(MOVE_CLOSE_TRACK),
            Self::CloseSession => Record::word(MOVE_CLOSE_SESSION),
            Self::FinalizeDisc => Record::word(MOVE_FINALIZE_DISC),
            Self::Own(n) => Record::word(MOVE_OWN).count((*n).into()),
            _ => Record::word(WITHOUT_CODE),
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            MOVE_SET_SPEED => Self::SetSpeed,
            MOVE_SET_WRITE_PARAMETERS => Self::SetWriteParameters,
            MOVE_CALIBRATE_POWER => Self::CalibratePower,
            MOVE_FORMAT => Self::Format,
            MOVE_BLANK => Self::Blank,
            MOVE_RESERVE_TRACK => Self::ReserveTrack,
            MOVE_SET_LAYER_BREAK => Self::SetLayerBreak,
            MOVE_SEND_CUE_SHEET => Self::SendCueSheet,
            MOVE_SYNCHRONIZE_CACHE => Self::SynchronizeCache,
            MOVE_STOP_FORMAT => Self::StopFormat,
            MOVE_CLOSE_TRACK => Self::CloseTrack,
            MOVE_CLOSE_SESSION => Self::CloseSession,
            MOVE_FINALIZE_DISC => Self::FinalizeDisc,
            MOVE_OWN => Self::Own(record.count_as("number")?),
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Settle {
    fn put(&self, out: &mut Message) {
        match self {
            Self::AtOnce => out.push(Record::word(SETTLE_AT_ONCE)),
            Self::WhenReady { limit } => {
                out.push(Record::word(SETTLE_WHEN_READY));
                limit.put(out);
            }
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            SETTLE_AT_ONCE => Self::AtOnce,
            SETTLE_WHEN_READY => Self::WhenReady {
                limit: Duration::take(from)?,
            },
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Occasion {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::Always => OCCASION_ALWAYS,
            Self::IfRefused => OCCASION_IF_REFUSED,
            Self::AfterWriting => OCCASION_AFTER_WRITING,
            Self::AfterBlocks => OCCASION_AFTER_BLOCKS,
            Self::AfterAll => OCCASION_AFTER_ALL,
            Self::AfterCancel => OCCASION_AFTER_CANCEL,
            Self::AfterFormat => OCCASION_AFTER_FORMAT,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            OCCASION_ALWAYS => Self::Always,
            OCCASION_IF_REFUSED => Self::IfRefused,
            OCCASION_AFTER_WRITING => Self::AfterWriting,
            OCCASION_AFTER_BLOCKS => Self::AfterBlocks,
            OCCASION_AFTER_ALL => Self::AfterAll,
            OCCASION_AFTER_CANCEL => Self::AfterCancel,
            OCCASION_AFTER_FORMAT => Self::AfterFormat,
            _ => return Err(record.unknown()),
        })
    }
}

const KEY: u32 = 1;
const ASC: u32 = 2;
const ASCQ: u32 = 4;
const WARN: u32 = 8;

impl Words for Tolerance {
    fn put(&self, out: &mut Message) {
        let SensePattern { key, asc, ascq } = self.pattern;
        out.push(
            Record::word(TOLERANCE)
                .flag(KEY, key.is_some())
                .flag(ASC, asc.is_some())
                .flag(ASCQ, ascq.is_some())
                .flag(WARN, self.warn)
                .bytes(&[key, asc, ascq].map(Option::unwrap_or_default)),
        );
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(TOLERANCE)?;
        let flags = record.flags;
        let &[key, asc, ascq] = record.bytes.as_slice() else {
            return Err(record.bad("sense triple"));
        };
        Ok(Self {
            pattern: SensePattern {
                key: (flags & KEY != 0).then_some(key),
                asc: (flags & ASC != 0).then_some(asc),
                ascq: (flags & ASCQ != 0).then_some(ascq),
            },
            warn: flags & WARN != 0,
        })
    }
}

const UNDERRUN_PROTECTION: u32 = 1;
const TEST_WRITE: u32 = 2;
const FOLLOWS: u32 = 4;

impl Words for Extent {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(EXTENT)
                .flag(UNDERRUN_PROTECTION, self.underrun_protection)
                .flag(TEST_WRITE, self.test_write)
                .flag(FOLLOWS, self.follows)
                .lba(self.first_lba.0.into())
                .count(self.blocks)
                .numbers(&[
                    self.form.bytes().into(),
                    self.unit.into(),
                    length(self.before.len()),
                ]),
        );
        self.origin.put(out);
        self.command.put(out);
        self.before.iter().for_each(|command| command.put(out));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(EXTENT)?;
        let flags = record.flags;
        let unit = record.number_as(1, "write unit")?;
        let mut extent = Self::image(record.address()?, record.count, unit);
        extent.form = record
            .number_as(0, "block size")
            .map(BlockForm::from_bytes)?
            .ok_or_else(|| record.bad("block size"))?;
        extent.underrun_protection = flags & UNDERRUN_PROTECTION != 0;
        extent.test_write = flags & TEST_WRITE != 0;
        extent.origin = Origin::take(from)?;
        extent.command = WriteCommand::take(from)?;
        extent.follows = flags & FOLLOWS != 0;
        extent.before = from.take_many(record.number(2)?)?;
        Ok(extent)
    }
}

impl Words for Origin {
    fn put(&self, out: &mut Message) {
        out.push(match self {
            Self::Image => Record::word(ORIGIN_IMAGE),
            Self::Track(number) => Record::word(ORIGIN_TRACK).count(number.0.into()),
            Self::Silence => Record::word(ORIGIN_SILENCE),
            Self::Zeros => Record::word(ORIGIN_ZEROS),
            Self::LeadIn => Record::word(ORIGIN_LEAD_IN),
            Self::LeadOut => Record::word(ORIGIN_LEAD_OUT),
            Self::Bytes(bytes) => Record::word(ORIGIN_BYTES).bytes(bytes),
            _ => Record::word(WITHOUT_CODE),
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            ORIGIN_IMAGE => Self::Image,
            ORIGIN_TRACK => Self::Track(TrackNumber(record.count_as("track")?)),
            ORIGIN_SILENCE => Self::Silence,
            ORIGIN_ZEROS => Self::Zeros,
            ORIGIN_LEAD_IN => Self::LeadIn,
            ORIGIN_LEAD_OUT => Self::LeadOut,
            ORIGIN_BYTES => Self::Bytes(record.bytes.to_vec()),
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for WriteCommand {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::Write10 => WRITE_10,
            Self::Write12Streaming => WRITE_12_STREAMING,
            Self::WriteAndVerify10 => WRITE_AND_VERIFY_10,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            WRITE_10 => Self::Write10,
            WRITE_12_STREAMING => Self::Write12Streaming,
            WRITE_AND_VERIFY_10 => Self::WriteAndVerify10,
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Warning {
    fn put(&self, out: &mut Message) {
        out.push(match self {
            Self::WouldFitOneLayer { needed, layer } => Record::word(WARNING_WOULD_FIT_ONE_LAYER)
                .count(*needed)
                .numbers(&[*layer]),
            Self::VerifiedByDrive => Record::word(WARNING_VERIFIED_BY_DRIVE),
            Self::SpeedAdjusted { chosen } => {
                Record::word(WARNING_SPEED_ADJUSTED).count((*chosen).into())
            }
            Self::RotationAdjusted => Record::word(WARNING_ROTATION_ADJUSTED),
            Self::SpeedAndRotationAdjusted { chosen } => {
                Record::word(WARNING_SPEED_AND_ROTATION_ADJUSTED).count((*chosen).into())
            }
            Self::ManySessions { sessions } => {
                Record::word(WARNING_MANY_SESSIONS).count((*sessions).into())
            }
            Self::FormatsFirst => Record::word(WARNING_FORMATS_FIRST),
            Self::BecomesFinal => Record::word(WARNING_BECOMES_FINAL),
            Self::LongLeadOut => Record::word(WARNING_LONG_LEAD_OUT),
            Self::OnlyAtOnceAfterwards => Record::word(WARNING_ONLY_AT_ONCE_AFTERWARDS),
            Self::NoUnderrunProtection => Record::word(WARNING_NO_UNDERRUN_PROTECTION),
            Self::DefectsNotReplaced => Record::word(WARNING_DEFECTS_NOT_REPLACED),
            Self::Overburn { blocks } => Record::word(WARNING_OVERBURN).count(*blocks),
            Self::Unknown { code } => Record::word(WARNING_UNKNOWN).count((*code).into()),
            _ => Record::word(WITHOUT_CODE),
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            WARNING_WOULD_FIT_ONE_LAYER => Self::WouldFitOneLayer {
                needed: record.count,
                layer: record.number(0)?,
            },
            WARNING_VERIFIED_BY_DRIVE => Self::VerifiedByDrive,
            WARNING_SPEED_ADJUSTED => Self::SpeedAdjusted {
                chosen: record.count_as("speed")?,
            },
            WARNING_ROTATION_ADJUSTED => Self::RotationAdjusted,
            WARNING_SPEED_AND_ROTATION_ADJUSTED => Self::SpeedAndRotationAdjusted {
                chosen: record.count_as("speed")?,
            },
            WARNING_MANY_SESSIONS => Self::ManySessions {
                sessions: record.count_as("sessions")?,
            },
            WARNING_FORMATS_FIRST => Self::FormatsFirst,
            WARNING_BECOMES_FINAL => Self::BecomesFinal,
            WARNING_LONG_LEAD_OUT => Self::LongLeadOut,
            WARNING_ONLY_AT_ONCE_AFTERWARDS => Self::OnlyAtOnceAfterwards,
            WARNING_NO_UNDERRUN_PROTECTION => Self::NoUnderrunProtection,
            WARNING_DEFECTS_NOT_REPLACED => Self::DefectsNotReplaced,
            WARNING_OVERBURN => Self::Overburn {
                blocks: record.count,
            },
            WARNING_UNKNOWN => Self::Unknown {
                code: record.count_as("code")?,
            },
            // A warning is one record: a new one is passed on by its number.
            code => Self::Unknown { code },
        })
    }
}

const SESSIONS: u32 = 1;
const APPENDABLE: u32 = 2;
const IS_APPENDABLE: u32 = 4;
const BLANK: u32 = 8;
const IS_BLANK: u32 = 16;
const NWA: u32 = 32;
const CAPACITY: u32 = 64;

impl Words for ExpectedMedium {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(EXPECTED)
                .flag(SESSIONS, self.closed_sessions.is_some())
                .flag(APPENDABLE, self.appendable.is_some())
                .flag(IS_APPENDABLE, self.appendable == Some(true))
                .flag(BLANK, self.blank.is_some())
                .flag(IS_BLANK, self.blank == Some(true))
                .flag(NWA, self.nwa_at_least.is_some())
                .flag(CAPACITY, self.capacity_at_least.is_some())
                .lba(self.nwa_at_least.map_or(0, |lba| lba.0.into()))
                .count(self.capacity_at_least.unwrap_or_default())
                .numbers(&[self.closed_sessions.unwrap_or_default().into()]),
        );
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(EXPECTED)?;
        let flags = record.flags;
        let told = |flag: u32| flags & flag != 0;
        let mut expected = Self::default();
        if told(SESSIONS) {
            expected.closed_sessions = Some(record.number_as(0, "sessions")?);
        }
        expected.appendable = told(APPENDABLE).then_some(told(IS_APPENDABLE));
        expected.blank = told(BLANK).then_some(told(IS_BLANK));
        if told(NWA) {
            expected.nwa_at_least = Some(record.address()?);
        }
        expected.capacity_at_least = told(CAPACITY).then_some(record.count);
        Ok(expected)
    }
}
