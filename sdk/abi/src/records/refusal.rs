//! Refusals as records. One that has no name here arrives as [`Refusal::Unknown`], with its code.

use super::{Cursor, DecodeError, Words};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::refusal::MissingFact;
use pitland_writer::{
    CdForm, CdMode, Certification, Failure, LayoutFault, Placement, Recording, Refusal,
};

const OFFER: u32 = 1;

impl Words for MissingFact {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(match self {
            Self::DiscInformation => MISSING_DISC_INFORMATION,
            Self::TrackInformation => MISSING_TRACK_INFORMATION,
            Self::FormatCapacities => MISSING_FORMAT_CAPACITIES,
            Self::NextWritableAddress => MISSING_NEXT_WRITABLE_ADDRESS,
            Self::LeadIn => MISSING_LEAD_IN,
            _ => WITHOUT_CODE,
        }));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            MISSING_DISC_INFORMATION => Self::DiscInformation,
            MISSING_TRACK_INFORMATION => Self::TrackInformation,
            MISSING_FORMAT_CAPACITIES => Self::FormatCapacities,
            MISSING_NEXT_WRITABLE_ADDRESS => Self::NextWritableAddress,
            MISSING_LEAD_IN => Self::LeadIn,
            _ => return Err(record.unknown()),
        })
    }
}

fn of_profile(code: u32, profile: Profile) -> Record {
    Record::word(code).count(profile.code().into())
}

fn profile(record: &Record) -> Result<Profile, DecodeError> {
    record.count_as("profile").map(Profile::from_code)
}

impl Words for Refusal {
    fn put(&self, out: &mut Message) {
        out.push(match self {
            Self::NoMedium => Record::word(REFUSAL_NO_MEDIUM),
            Self::NoWriter { profile } => of_profile(REFUSAL_NO_WRITER, *profile),
            Self::MediumNotBlank { offer } => {
                Record::word(REFUSAL_MEDIUM_NOT_BLANK).flag(OFFER, offer.is_some())
            }
            Self::MediumClosed => Record::word(REFUSAL_MEDIUM_CLOSED),
            Self::MediumDamaged => Record::word(REFUSAL_MEDIUM_DAMAGED),
            Self::SessionOpen => Record::word(REFUSAL_SESSION_OPEN),
            Self::TooLarge { needed, available } => Record::word(REFUSAL_TOO_LARGE)
                .count(*needed)
                .numbers(&[*available]),
            Self::Empty => Record::word(REFUSAL_EMPTY),
            Self::NoTestWrite { profile } => of_profile(REFUSAL_NO_TEST_WRITE, *profile),
            Self::NoUnderrunChoice { profile } => of_profile(REFUSAL_NO_UNDERRUN_CHOICE, *profile),
            Self::NotRewritable { profile } => of_profile(REFUSAL_NOT_REWRITABLE, *profile),
            Self::NoSessions { profile } => of_profile(REFUSAL_NO_SESSIONS, *profile),
            Self::SessionLimit { limit } => {
                Record::word(REFUSAL_SESSION_LIMIT).count((*limit).into())
            }
            Self::NoSuchFormat { kind, offered } => Record::word(REFUSAL_NO_SUCH_FORMAT)
                .count((*kind).into())
                .bytes(offered),
            Self::NotFormattable { profile } => of_profile(REFUSAL_NOT_FORMATTABLE, *profile),
            Self::NothingToClose => Record::word(REFUSAL_NOTHING_TO_CLOSE),
            Self::FactMissing { .. } => Record::word(REFUSAL_FACT_MISSING),
            Self::PseudoOverwrite => Record::word(REFUSAL_PSEUDO_OVERWRITE),
            Self::NothingToResume => Record::word(REFUSAL_NOTHING_TO_RESUME),
            Self::NotWhereCutOff { expected, found } => Record::word(REFUSAL_NOT_WHERE_CUT_OFF)
                .count(expected.0.cast_unsigned().into())
                .lba(found.0.into()),
            Self::BadCheckpoint { written_blocks } => {
                Record::word(REFUSAL_BAD_CHECKPOINT).count(*written_blocks)
            }
            Self::NoPrecedent { profile } => of_profile(REFUSAL_NO_PRECEDENT, *profile),
            Self::NoSuchRecording { profile, .. } => {
                of_profile(REFUSAL_NO_SUCH_RECORDING, *profile)
            }
            Self::OnlyAnnounced => Record::word(REFUSAL_ONLY_ANNOUNCED),
            Self::UnrecognizedMedium => Record::word(REFUSAL_UNRECOGNIZED_MEDIUM),
            Self::NoSuchForm { .. } => Record::word(REFUSAL_NO_SUCH_FORM),
            Self::FormatNeeded => Record::word(REFUSAL_FORMAT_NEEDED),
            Self::EraseFirst => Record::word(REFUSAL_ERASE_FIRST),
            Self::DriveOnlyReads { profile } => of_profile(REFUSAL_DRIVE_ONLY_READS, *profile),
            Self::NoSuchCertification { .. } => Record::word(REFUSAL_NO_SUCH_CERTIFICATION),
            Self::FinalWithSessionOnly { profile } => {
                of_profile(REFUSAL_FINAL_WITH_SESSION_ONLY, *profile)
            }
            Self::WriteProtected => Record::word(REFUSAL_WRITE_PROTECTED),
            Self::NotOffered => Record::word(REFUSAL_NOT_OFFERED),
            Self::BadLayout(_) => Record::word(REFUSAL_BAD_LAYOUT),
            Self::OtherPlace { planned, found } => Record::word(REFUSAL_OTHER_PLACE)
                .count(planned.0.cast_unsigned().into())
                .lba(found.0.into()),
            Self::NoSuchMode { .. } => Record::word(REFUSAL_NO_SUCH_MODE),
            Self::NoCdText => Record::word(REFUSAL_NO_CD_TEXT),
            Self::WriterFault(_) => Record::word(REFUSAL_WRITER_FAULT),
            Self::Unknown { code } => Record::word(REFUSAL_UNKNOWN).count((*code).into()),
            _ => Record::word(WITHOUT_CODE),
        });
        match self {
            Self::MediumNotBlank { offer: Some(offer) } => offer.put(out),
            Self::FactMissing { what } => what.put(out),
            Self::NoSuchRecording { recording, .. } => recording.put(out),
            Self::NoSuchForm { form, recording } => {
                form.put(out);
                recording.put(out);
            }
            Self::NoSuchCertification { wanted } => wanted.put(out),
            Self::BadLayout(fault) => fault.put(out),
            Self::NoSuchMode { mode } => mode.put(out),
            Self::WriterFault(failure) => failure.put(out),
            _ => {}
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let record = from.record()?;
        Ok(match record.code {
            REFUSAL_NO_MEDIUM => Self::NoMedium,
            REFUSAL_NO_WRITER => Self::NoWriter {
                profile: profile(record)?,
            },
            REFUSAL_MEDIUM_NOT_BLANK => {
                let offered = record.flags != 0;
                let offer = offered.then(|| Placement::take(from)).transpose()?;
                Self::MediumNotBlank { offer }
            }
            REFUSAL_ONLY_ANNOUNCED => Self::OnlyAnnounced,
            REFUSAL_UNRECOGNIZED_MEDIUM => Self::UnrecognizedMedium,
            REFUSAL_NO_SUCH_FORM => Self::NoSuchForm {
                form: CdForm::take(from)?,
                recording: Recording::take(from)?,
            },
            REFUSAL_MEDIUM_CLOSED => Self::MediumClosed,
            REFUSAL_MEDIUM_DAMAGED => Self::MediumDamaged,
            REFUSAL_SESSION_OPEN => Self::SessionOpen,
            REFUSAL_TOO_LARGE => Self::TooLarge {
                needed: record.count,
                available: record.number(0)?,
            },
            REFUSAL_EMPTY => Self::Empty,
            REFUSAL_NO_TEST_WRITE => Self::NoTestWrite {
                profile: profile(record)?,
            },
            REFUSAL_NO_UNDERRUN_CHOICE => Self::NoUnderrunChoice {
                profile: profile(record)?,
            },
            REFUSAL_NOT_REWRITABLE => Self::NotRewritable {
                profile: profile(record)?,
            },
            REFUSAL_NO_SESSIONS => Self::NoSessions {
                profile: profile(record)?,
            },
            REFUSAL_SESSION_LIMIT => Self::SessionLimit {
                limit: record.count_as("limit")?,
            },
            REFUSAL_NO_SUCH_FORMAT => Self::NoSuchFormat {
                kind: record.count_as("kind")?,
                offered: record.bytes.to_vec(),
            },
            REFUSAL_NOT_FORMATTABLE => Self::NotFormattable {
                profile: profile(record)?,
            },
            REFUSAL_NOTHING_TO_CLOSE => Self::NothingToClose,
            REFUSAL_FACT_MISSING => Self::FactMissing {
                what: MissingFact::take(from)?,
            },
            REFUSAL_PSEUDO_OVERWRITE => Self::PseudoOverwrite,
            REFUSAL_NOTHING_TO_RESUME => Self::NothingToResume,
            REFUSAL_NOT_WHERE_CUT_OFF => Self::NotWhereCutOff {
                expected: Lba(record.count_as::<u32>("address")?.cast_signed()),
                found: record.address()?,
            },
            REFUSAL_BAD_CHECKPOINT => Self::BadCheckpoint {
                written_blocks: record.count,
            },
            REFUSAL_NO_PRECEDENT => Self::NoPrecedent {
                profile: profile(record)?,
            },
            REFUSAL_NO_SUCH_RECORDING => Self::NoSuchRecording {
                profile: profile(record)?,
                recording: Recording::take(from)?,
            },
            REFUSAL_FORMAT_NEEDED => Self::FormatNeeded,
            REFUSAL_ERASE_FIRST => Self::EraseFirst,
            REFUSAL_DRIVE_ONLY_READS => Self::DriveOnlyReads {
                profile: profile(record)?,
            },
            REFUSAL_NO_SUCH_CERTIFICATION => Self::NoSuchCertification {
                wanted: Certification::take(from)?,
            },
            REFUSAL_FINAL_WITH_SESSION_ONLY => Self::FinalWithSessionOnly {
                profile: profile(record)?,
            },
            REFUSAL_WRITE_PROTECTED => Self::WriteProtected,
            REFUSAL_NOT_OFFERED => Self::NotOffered,
            REFUSAL_BAD_LAYOUT => Self::BadLayout(LayoutFault::take(from)?),
            REFUSAL_OTHER_PLACE => Self::OtherPlace {
                planned: Lba(record.count_as::<u32>("address")?.cast_signed()),
                found: record.address()?,
            },
            REFUSAL_NO_SUCH_MODE => Self::NoSuchMode {
                mode: CdMode::take(from)?,
            },
            REFUSAL_NO_CD_TEXT => Self::NoCdText,
            REFUSAL_WRITER_FAULT => Self::WriterFault(Failure::take(from)?),
            REFUSAL_UNKNOWN => Self::Unknown {
                code: record.count_as("code")?,
            },
            code => {
                // A refusal is the last word of its message; what belongs to a new one is unknown.
                from.skip_rest();
                Self::Unknown { code }
            }
        })
    }
}
