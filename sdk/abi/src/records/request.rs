//! Requests as records.

use super::{Cursor, DecodeError, Words};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::growth::HEAD_RUNS;
use pitland_writer::mmc::Lba;
use pitland_writer::{
    BurnRequest, CdForm, CdLayout, Certification, CloseRequest, EraseRequest, EraseScope, Finish,
    FormatRequest, Growth, Placement, Recording, Request, ResumeRequest, Run, Speed,
};
use std::num::NonZeroU32;

const TEST_WRITE: u32 = 1;
const UNDERRUN_PROTECTION: u32 = 2;
const FAST_WRITE: u32 = 4;
const OVERBURN: u32 = 8;
const LAYOUT: u32 = 16;
const POSTGAP_IN_IMAGE: u32 = 64;
const PURE_CAV: u32 = 32;
const KIND: u32 = 1;
const SPARE: u32 = 2;
const FULL: u32 = 1;
const FINALIZE: u32 = 1;

impl Words for Placement {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::BlankOnly => PLACEMENT_BLANK_ONLY,
            Self::Overwrite => PLACEMENT_OVERWRITE,
            Self::NewSession => PLACEMENT_NEW_SESSION,
            Self::Grow(growth) => return out.push(grow(growth)),
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            PLACEMENT_BLANK_ONLY => Self::BlankOnly,
            PLACEMENT_OVERWRITE => Self::Overwrite,
            PLACEMENT_NEW_SESSION => Self::NewSession,
            PLACEMENT_GROW => Self::Grow(growth(record)?),
            _ => return Err(record.unknown()),
        })
    }
}

fn grow(growth: &Growth) -> Record {
    let head = growth.head.iter();
    let numbers: Vec<u64> = head
        .flat_map(|run| [run.first_lba.0.cast_unsigned().into(), run.blocks])
        .collect();
    Record::word(PLACEMENT_GROW)
        .lba(growth.session.first_lba.0.into())
        .count(growth.session.blocks)
        .numbers(&numbers)
}

fn growth(record: &Record) -> Result<Growth, DecodeError> {
    let mut head = [Run::default(); HEAD_RUNS];
    for (index, run) in head.iter_mut().enumerate() {
        let first: u32 = record.number_as(2 * index, "head")?;
        *run = Run::new(Lba(first.cast_signed()), record.number(2 * index + 1)?);
    }
    Ok(Growth::from(record.address()?)
        .session(record.count)
        .head(head))
}

impl Words for Finish {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::CloseSession => FINISH_CLOSE_SESSION,
            Self::FinalizeDisc => FINISH_FINALIZE_DISC,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            FINISH_CLOSE_SESSION => Self::CloseSession,
            FINISH_FINALIZE_DISC => Self::FinalizeDisc,
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Speed {
    fn put(&self, out: &mut Message) {
        out.push(match self {
            Self::Maximum => Record::word(SPEED_MAXIMUM),
            Self::KilobytesPerSecond(n) => {
                Record::word(SPEED_KILOBYTES_PER_SECOND).count(n.get().into())
            }
            Self::TenthsOfNominal(n) => Record::word(SPEED_TENTHS_OF_NOMINAL).count(n.get().into()),
            _ => Record::word(WITHOUT_CODE),
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        let speed =
            || NonZeroU32::new(record.count_as("speed")?).ok_or_else(|| record.bad("speed"));
        Ok(match record.code {
            SPEED_MAXIMUM => Self::Maximum,
            SPEED_KILOBYTES_PER_SECOND => Self::KilobytesPerSecond(speed()?),
            SPEED_TENTHS_OF_NOMINAL => Self::TenthsOfNominal(speed()?),
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Recording {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::AsUsual => RECORDING_AS_USUAL,
            Self::AtOnce => RECORDING_AT_ONCE,
            Self::TrackByTrack => RECORDING_TRACK_BY_TRACK,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            RECORDING_AS_USUAL => Self::AsUsual,
            RECORDING_AT_ONCE => Self::AtOnce,
            RECORDING_TRACK_BY_TRACK => Self::TrackByTrack,
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for CdForm {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::AsDisc => CD_FORM_AS_DISC,
            Self::Mode1 => CD_FORM_MODE_1,
            Self::Mode2Form1 => CD_FORM_MODE_2_FORM_1,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            CD_FORM_AS_DISC => Self::AsDisc,
            CD_FORM_MODE_1 => Self::Mode1,
            CD_FORM_MODE_2_FORM_1 => Self::Mode2Form1,
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for Certification {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::AsUsual => CERTIFICATION_AS_USUAL,
            Self::None => CERTIFICATION_NONE,
            Self::Quick => CERTIFICATION_QUICK,
            Self::Full => CERTIFICATION_FULL,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            CERTIFICATION_AS_USUAL => Self::AsUsual,
            CERTIFICATION_NONE => Self::None,
            CERTIFICATION_QUICK => Self::Quick,
            CERTIFICATION_FULL => Self::Full,
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for EraseScope {
    fn put(&self, out: &mut Message) {
        out.push(match self {
            Self::Disc => Record::word(SCOPE_DISC),
            Self::LastSession => Record::word(SCOPE_LAST_SESSION),
            Self::TrackTail(first) => Record::word(SCOPE_TRACK_TAIL).lba(first.0.into()),
            _ => Record::word(WITHOUT_CODE),
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            SCOPE_DISC => Self::Disc,
            SCOPE_LAST_SESSION => Self::LastSession,
            SCOPE_TRACK_TAIL => Self::TrackTail(record.address()?),
            _ => return Err(record.unknown()),
        })
    }
}

impl Words for BurnRequest {
    fn put(&self, out: &mut Message) {
        out.push(
            Record::word(REQUEST_BURN)
                .flag(TEST_WRITE, self.test_write)
                .flag(UNDERRUN_PROTECTION, self.underrun_protection)
                .flag(FAST_WRITE, self.fast_write)
                .flag(OVERBURN, self.overburn)
                .flag(LAYOUT, self.cd.is_some())
                .flag(POSTGAP_IN_IMAGE, self.postgap_in_image)
                .flag(PURE_CAV, self.pure_cav)
                .count(self.blocks),
        );
        self.placement.put(out);
        self.finish.put(out);
        self.speed.put(out);
        self.recording.put(out);
        self.cd_form.put(out);
        if let Some(layout) = &self.cd {
            layout.put(out);
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.expect(REQUEST_BURN)?;
        take_burn(record, from)
    }
}

fn take_burn(record: &Record, from: &mut Cursor<'_>) -> Result<BurnRequest, DecodeError> {
    let flags = record.flags;
    let mut burn = BurnRequest::new(record.count);
    burn.test_write = flags & TEST_WRITE != 0;
    burn.underrun_protection = flags & UNDERRUN_PROTECTION != 0;
    burn.fast_write = flags & FAST_WRITE != 0;
    burn.placement = Placement::take(from)?;
    burn.finish = Finish::take(from)?;
    burn.speed = Speed::take(from)?;
    burn.recording = Recording::take(from)?;
    burn.cd_form = CdForm::take(from)?;
    burn.overburn = flags & OVERBURN != 0;
    burn.postgap_in_image = flags & POSTGAP_IN_IMAGE != 0;
    burn.pure_cav = flags & PURE_CAV != 0;
    if flags & LAYOUT != 0 {
        burn.cd = Some(CdLayout::take(from)?);
    }
    Ok(burn)
}

impl Words for Request {
    fn put(&self, out: &mut Message) {
        match self {
            Self::Burn(burn) => burn.put(out),
            Self::Format(format) => {
                out.push(
                    Record::word(REQUEST_FORMAT)
                        .flag(KIND, format.kind.is_some())
                        .flag(SPARE, format.spare_bytes.is_some())
                        .count(format.kind.unwrap_or_default().into())
                        .numbers(&[format.spare_bytes.unwrap_or_default()]),
                );
                format.certification.put(out);
            }
            Self::Erase(erase) => {
                out.push(
                    Record::word(REQUEST_ERASE)
                        .flag(FULL, erase.full)
                        .count(erase.volume_blocks),
                );
                erase.scope.put(out);
            }
            Self::Close(close) => {
                out.push(Record::word(REQUEST_CLOSE).flag(FINALIZE, close.finalize));
            }
            Self::Resume(resume) => {
                out.push(Record::word(REQUEST_RESUME).count(resume.written_blocks));
                resume.burn.put(out);
            }
            _ => out.push(Record::word(WITHOUT_CODE)),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            REQUEST_BURN => Self::Burn(take_burn(record, from)?),
            REQUEST_FORMAT => {
                let flags = record.flags;
                let kind = (flags & KIND != 0)
                    .then(|| record.count_as("kind"))
                    .transpose()?;
                let spare = (flags & SPARE != 0).then(|| record.number(0)).transpose()?;
                let mut format = FormatRequest::new(kind, spare);
                format.certification = Certification::take(from)?;
                Self::Format(format)
            }
            REQUEST_ERASE => {
                let mut erase = EraseRequest::new(record.flags & FULL != 0);
                erase.volume_blocks = record.count;
                erase.scope = EraseScope::take(from)?;
                Self::Erase(erase)
            }
            REQUEST_CLOSE => Self::Close(CloseRequest::new(record.flags & FINALIZE != 0)),
            REQUEST_RESUME => {
                Self::Resume(ResumeRequest::new(BurnRequest::take(from)?, record.count))
            }
            _ => return Err(record.unknown()),
        })
    }
}
