//! From what the engine knows to what a journal notes, and back. Owns no rule: what the marks amount to is
//! the journal's verdict.

use crate::config::{BurnOptions, MasterOptions, Simulate};
use crate::drive::DriveLease;
use crate::pipeline::checks::Checks;
use crate::pipeline::{Feed, Image, Origin, Prepared, Readable};
use pitland_burn::VerifyLevel;
use pitland_journal as journal;
use pitland_journal::{
    Begun, DiscMark, DiscNow, DiscState, DriveMark, FileMark, JobFolder, JobJournal, SourceMark,
    Wish,
};
use pitland_mastering::SpecialFiles;
use pitland_mmc::cdb::StructureMedium;
use pitland_mmc::reply::{BdDiscInformation, DvdPhysical, InquiryData};
use pitland_mmc::{Lba, MediumFamily, Profile};
use pitland_writer::{Finish, MediaFacts, MediumCondition, Placement, Speed, WritePlan};
use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a journal begins with.
pub(crate) struct Beginning<'a> {
    pub(crate) lease: &'a DriveLease,
    /// Drive and disc before the burn.
    pub(crate) facts: &'a MediaFacts,
    /// The writer's name.
    pub(crate) writer: &'a str,
    pub(crate) options: &'a BurnOptions,
    pub(crate) plan: &'a WritePlan,
    pub(crate) source: &'a SourceMark,
    pub(crate) image_bytes: u64,
}

impl Beginning<'_> {
    /// Begins the journal that the options ask for, where the writer can take a burn up again. One that cannot
    /// be written harms no burn.
    pub(crate) async fn journal(&self, checks: &Arc<Checks>) -> Option<JobJournal> {
        let folder = self
            .options
            .journal
            .clone()
            .filter(|_| self.plan.resumable && self.options.simulate == Simulate::No)?;
        let begun = self.begun()?;
        let checks = Arc::clone(checks);
        let begin = move || {
            let folder = JobFolder::open(&folder)?;
            JobJournal::begin(&folder, &begun, move |unit| checks.of(unit))
        };
        match tokio::task::spawn_blocking(begin).await.ok()? {
            Ok(journal) => Some(journal),
            Err(error) => {
                tracing::warn!(%error, "the burn has no journal");
                None
            }
        }
    }

    /// The first record. `None` for an image that does not start at a block of the disc's user data.
    fn begun(&self) -> Option<Begun> {
        let mut extents = self.plan.extents.iter();
        let first = extents.find(|extent| extent.origin == pitland_writer::Origin::Image)?;
        let inquiry = self.facts.inquiry.as_ref();
        let told = |field: fn(&InquiryData) -> &[u8]| {
            let bytes = inquiry.map(field).unwrap_or_default();
            String::from_utf8_lossy(bytes).trim().to_owned()
        };
        Some(Begun {
            began: SystemTime::now(),
            client: self.lease.who().to_owned(),
            drive: DriveMark {
                address: self.lease.drive().name().to_owned(),
                vendor: told(|inquiry| &inquiry.vendor),
                product: told(|inquiry| &inquiry.product),
                revision: told(|inquiry| &inquiry.revision),
                serial: None,
            },
            disc: disc_mark(self.facts),
            writer: self.writer.to_owned(),
            wish: wish(self.options)?,
            source: self.source.clone(),
            image_bytes: self.image_bytes,
            first_lba: u32::try_from(first.first_lba.0).ok()?,
            planned_blocks: self.plan.image_blocks(),
            write_unit: self.facts.profile().write_unit().unwrap_or(1),
        })
    }
}

/// What tells this disc from others.
fn disc_mark(facts: &MediaFacts) -> DiscMark {
    let profile = facts.profile();
    let overwritable = profile.is_overwritable();
    let disc = facts.disc.as_ref();
    DiscMark {
        profile,
        closed_sessions: match overwritable {
            true => 0,
            false => facts.closed_sessions().unwrap_or(0),
        },
        // What is left of a sequential disc shrinks while it is written, and a format may change what an
        // overwritable one holds.
        capacity: None,
        maker: maker(facts, profile),
        number: disc.and_then(|disc| disc.disc_id),
        bar_code: disc.and_then(|disc| disc.bar_code),
    }
}

/// The structure in which the disc's maker says what it is. That of a DVD also tells what is recorded, so
/// that only the part behind it counts.
fn maker(facts: &MediaFacts, profile: Profile) -> Option<u32> {
    let read = |medium| facts.disc_structure(medium, 0);
    match profile.family() {
        MediumFamily::Bd => {
            let structure = read(StructureMedium::Bd)?;
            let told = BdDiscInformation::parse(&structure.data).ok()?;
            Some(crc32c::crc32c(&told.raw))
        }
        MediumFamily::Dvd => {
            let structure = read(StructureMedium::Dvd)?;
            let told = DvdPhysical::parse(&structure.data).ok()?;
            Some(crc32c::crc32c(&told.media_specific))
        }
        _ => None,
    }
}

/// What the drive tells of its disc now.
pub(crate) fn disc_now(facts: &MediaFacts) -> DiscNow {
    DiscNow {
        mark: disc_mark(facts),
        state: match facts.condition() {
            MediumCondition::NoMedium => DiscState::NoMedium,
            MediumCondition::Blank => DiscState::Blank,
            MediumCondition::Appendable => DiscState::Appendable,
            MediumCondition::OpenSession | MediumCondition::Announced => DiscState::OpenSession,
            MediumCondition::Complete => DiscState::Complete,
            MediumCondition::Formatted { .. } => DiscState::Formatted,
            MediumCondition::Unformatted => DiscState::Unformatted,
            MediumCondition::Damaged => DiscState::Damaged,
            _ => DiscState::Unknown,
        },
        sessions_known: facts.closed_sessions().is_some(),
        nwa: where_it_goes_on(facts).and_then(|nwa| u32::try_from(nwa.0).ok()),
        closed_track_end: closed_track_end(facts),
        readable_blocks: facts.readable_blocks(),
    }
}

/// Where the job's track goes on: in an open session that is its first track, behind which a DVD-R has an
/// empty one with an address of its own once the first is closed (recipe 13).
fn where_it_goes_on(facts: &MediaFacts) -> Option<Lba> {
    let nwa = facts.nwa();
    if facts.condition() != MediumCondition::OpenSession || closed_track_end(facts).is_none() {
        return nwa;
    }
    let first = facts.disc.as_ref()?.first_track_in_last_session;
    let track = facts.tracks.iter().find(|track| track.track == first)?;
    track.nwa.map(|nwa| nwa.max(track.start))
}

/// The block behind the first track of the last session: a drive may follow it up with an invisible one once
/// it is closed.
fn closed_track_end(facts: &MediaFacts) -> Option<u32> {
    let first = facts.disc.as_ref()?.first_track_in_last_session;
    let track = facts.tracks.iter().find(|track| track.track == first)?;
    let size = track.size.filter(|_| track.nwa.is_none() && !track.blank)?;
    u32::try_from(track.start.checked_add(size.0)?.0).ok()
}

/// `None` for a wish that a journal has no word for.
fn wish(options: &BurnOptions) -> Option<Wish> {
    Some(Wish {
        placement: match options.placement {
            Placement::BlankOnly => journal::Placement::BlankOnly,
            Placement::Overwrite => journal::Placement::Overwrite,
            Placement::NewSession => journal::Placement::NewSession,
            _ => return None,
        },
        finish: match options.finish {
            Finish::CloseSession => journal::Finish::CloseSession,
            Finish::FinalizeDisc => journal::Finish::FinalizeDisc,
            _ => return None,
        },
        speed: match options.speed {
            Speed::Maximum => journal::Speed::Maximum,
            Speed::KilobytesPerSecond(value) => journal::Speed::KilobytesPerSecond(value.get()),
            Speed::TenthsOfNominal(value) => journal::Speed::TenthsOfNominal(value.get()),
            _ => return None,
        },
        verify: match options.verify {
            VerifyLevel::None => journal::Verify::None,
            VerifyLevel::Quick => journal::Verify::Quick,
            VerifyLevel::Full => journal::Verify::Full,
            _ => return None,
        },
        underrun_protection: options.underrun_protection,
        fast_write: options.fast_write,
        pure_cav: options.pure_cav,
    })
}

/// The options of the burn that a journal tells of.
pub(crate) fn options(begun: &Begun) -> BurnOptions {
    let wish = &begun.wish;
    let speed = |value, speed: fn(NonZeroU32) -> Speed| NonZeroU32::new(value).map(speed);
    let speed = match wish.speed {
        journal::Speed::Maximum => None,
        journal::Speed::KilobytesPerSecond(value) => speed(value, Speed::KilobytesPerSecond),
        journal::Speed::TenthsOfNominal(value) => speed(value, Speed::TenthsOfNominal),
    };
    let options = BurnOptions::default()
        .placement(match wish.placement {
            journal::Placement::BlankOnly => Placement::BlankOnly,
            journal::Placement::Overwrite => Placement::Overwrite,
            journal::Placement::NewSession => Placement::NewSession,
        })
        .finish(match wish.finish {
            journal::Finish::CloseSession => Finish::CloseSession,
            journal::Finish::FinalizeDisc => Finish::FinalizeDisc,
        })
        .speed(speed.unwrap_or_default())
        .verify(match wish.verify {
            journal::Verify::None => VerifyLevel::None,
            journal::Verify::Quick => VerifyLevel::Quick,
            journal::Verify::Full => VerifyLevel::Full,
        })
        .underrun_protection(wish.underrun_protection)
        .fast_write(wish.fast_write)
        .writer(begun.writer.clone());
    match wish.pure_cav {
        true => options.pure_cav(),
        false => options,
    }
}

/// What an image was made of, and by what it is known again. Of an image as it was prepared: before it was
/// stashed.
pub(crate) fn source_mark(image: &Prepared) -> SourceMark {
    match &image.origin {
        Origin::Tree { sources, options } => SourceMark::Tree {
            sources: sources.iter().map(|source| absolute(source)).collect(),
            volume_id: options.volume_id.clone(),
            created: since_1970(options.created.unwrap_or(UNIX_EPOCH)),
            follow_links: options.follow_links,
            special: match options.special {
                SpecialFiles::Refuse => journal::Special::Refuse,
                SpecialFiles::Skip => journal::Special::Skip,
                SpecialFiles::Store => journal::Special::Store,
            },
            options: options.words(),
            fingerprint: image.layout().map_or(0, |layout| layout.fingerprint()),
        },
        Origin::File(path) => SourceMark::File {
            path: absolute(path),
            stamp: file_mark(image).unwrap_or_default(),
        },
        Origin::Stream => SourceMark::Stream {
            name: "a stream".into(),
        },
    }
}

/// The state of the open image file.
fn file_mark(image: &Prepared) -> Option<FileMark> {
    let Feed::Again(Readable::File(open)) = &image.feed else {
        return None;
    };
    let meta = open.file().metadata().ok()?;
    Some(FileMark {
        inode: meta.ino(),
        length: meta.len(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}

/// The image that a journal tells of; `None` for one that came once.
pub(crate) fn image(source: &SourceMark) -> Option<Image> {
    match source {
        SourceMark::Tree {
            sources,
            volume_id,
            created,
            follow_links,
            special,
            options: words,
            ..
        } => {
            let options = MasterOptions::default()
                .volume_id(volume_id.clone())
                .created(at(*created)?)
                .follow_links(*follow_links)
                .special(match special {
                    journal::Special::Refuse => SpecialFiles::Refuse,
                    journal::Special::Skip => SpecialFiles::Skip,
                    journal::Special::Store => SpecialFiles::Store,
                })
                .with_words(words)?;
            Some(Image::tree(sources.clone(), options))
        }
        SourceMark::File { path, .. } => Some(Image::file(path)),
        SourceMark::Stream { .. } => None,
    }
}

/// As it is found from another folder, too. Links in it are kept: what a scan follows is its own affair.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn since_1970(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => (
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            since.subsec_nanos(),
        ),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-whole, 0),
                nanoseconds => (-whole - 1, 1_000_000_000 - nanoseconds),
            }
        }
    }
}

/// `None` for a time that the clock cannot tell.
fn at((seconds, nanoseconds): (i64, u32)) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(whole),
        false => UNIX_EPOCH.checked_add(whole),
    };
    second?.checked_add(Duration::from_nanos(nanoseconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were() {
        for offset in [0, 1, 999_999_999, 1_795_000_000_123_456_789] {
            let offset = Duration::from_nanos(offset);
            for time in [UNIX_EPOCH + offset, UNIX_EPOCH - offset] {
                assert_eq!(at(since_1970(time)), Some(time));
            }
        }
    }

    #[test]
    fn a_wish_comes_back_as_it_was() {
        for verify in [VerifyLevel::None, VerifyLevel::Quick, VerifyLevel::Full] {
            for placement in [
                Placement::BlankOnly,
                Placement::Overwrite,
                Placement::NewSession,
            ] {
                for finish in [Finish::CloseSession, Finish::FinalizeDisc] {
                    for speed in [
                        Speed::Maximum,
                        Speed::KilobytesPerSecond(NonZeroU32::MIN),
                        Speed::TenthsOfNominal(NonZeroU32::MAX),
                    ] {
                        let asked = BurnOptions::default()
                            .placement(placement)
                            .finish(finish)
                            .speed(speed)
                            .verify(verify)
                            .underrun_protection(finish == Finish::CloseSession)
                            .fast_write(placement == Placement::Overwrite)
                            .writer("x");
                        let asked = match speed {
                            Speed::Maximum => asked,
                            _ => asked.pure_cav(),
                        };
                        let begun = Begun {
                            began: UNIX_EPOCH,
                            client: String::new(),
                            drive: DriveMark::default(),
                            disc: DiscMark::default(),
                            writer: "x".into(),
                            wish: wish(&asked).unwrap(),
                            source: SourceMark::Stream {
                                name: String::new(),
                            },
                            image_bytes: 1,
                            first_lba: 0,
                            planned_blocks: 1,
                            write_unit: 1,
                        };
                        assert_eq!(options(&begun), asked);
                    }
                }
            }
        }
    }
}
