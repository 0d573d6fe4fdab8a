//! The records of a journal, and their bytes.
//!
//! ```text
//! file     "PITLAND JOURNAL\n"  version: u32  check of these 20 bytes: u32   then records
//! record   length: u32   kind: u16   flags: u16   check: u32   payload (length bytes)
//! ```
//!
//! Numbers are little-endian. A record's check is CRC-32C over its first 8 bytes and its payload. Flag bit 0:
//! a reader that does not know the kind may pass the record over; without it, it must refuse the journal.
//!
//! Owns what a record says; where it is stored is the folder's, when it is written is the writer's.

use crate::error::JournalError;
use crate::wire::{MOST_TEXT, Put, Take, fits};
use pitland_mmc::Profile;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The version that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;

pub(crate) const MAGIC: &[u8; 16] = b"PITLAND JOURNAL\n";
/// Bytes before the first record.
pub(crate) const FILE_HEAD: usize = MAGIC.len() + 8;
/// Bytes of a record before its payload.
pub(crate) const RECORD_HEAD: usize = 12;
/// The most bytes of a payload.
pub(crate) const MOST_PAYLOAD: usize = 256 * 1024;
/// A reader may pass the record over.
pub(crate) const OPTIONAL: u16 = 1;
/// More than any disc has (128 GB): a table of checks is made for so many.
const MOST_BLOCKS: u64 = 1 << 26;
/// The most blocks of zeros behind an image, which fill up a write unit: a journal that claims more would have
/// them made and checked for hours.
const MOST_PADDING: u64 = u16::MAX as u64;
/// The most sources of a volume that a journal takes.
const MOST_SOURCES: usize = 4096;
/// The most options of a volume besides, each of at most [`MOST_TEXT`] bytes.
const MOST_OPTIONS: usize = 1024;

pub(crate) mod kind {
    pub(crate) const BEGUN: u16 = 1;
    pub(crate) const ACKNOWLEDGED: u16 = 2;
    pub(crate) const STEP: u16 = 3;
    pub(crate) const ENDED: u16 = 4;
    pub(crate) const RESUMED: u16 = 5;
}

/// What was to be burned, where, and how; the first record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// When, by the host's clock; kept in milliseconds.
    pub began: SystemTime,
    /// Who held the drive.
    pub client: String,
    /// Which drive.
    pub drive: DriveMark,
    /// Which disc.
    pub disc: DiscMark,
    /// The writer, by name.
    pub writer: String,
    /// How.
    pub wish: Wish,
    /// What.
    pub source: SourceMark,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// First block of the image on the medium.
    pub first_lba: u32,
    /// Blocks to write, padding included.
    pub planned_blocks: u64,
    /// Blocks of one write unit of the medium.
    pub write_unit: u32,
}

impl Begun {
    /// Blocks of 2048 bytes of the image itself.
    pub fn image_blocks(&self) -> u64 {
        self.image_bytes.div_ceil(2048)
    }
}

/// A drive: how it was called, and who it says it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriveMark {
    /// The address as it was given.
    pub address: String,
    /// INQUIRY's vendor.
    pub vendor: String,
    /// INQUIRY's product.
    pub product: String,
    /// INQUIRY's revision.
    pub revision: String,
    /// The serial number, where the drive tells one.
    pub serial: Option<String>,
}

/// What tells a disc from another before anything is read from it. Facts that recording changes have no
/// place here; two discs of one box have equal marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiscMark {
    /// Its profile.
    pub profile: Profile,
    /// Closed sessions before the burn; 0 on overwritable media.
    pub closed_sessions: u32,
    /// Blocks from the first to the last that it can have, where that is known and does not change.
    pub capacity: Option<u64>,
    /// CRC-32C of the structure that its maker wrote into it.
    pub maker: Option<u32>,
    /// The disc's number, of READ DISC INFORMATION.
    pub number: Option<u32>,
    /// The disc's bar code, of READ DISC INFORMATION.
    pub bar_code: Option<u64>,
}

/// Where the data go on a medium that holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// Only onto a blank medium.
    #[default]
    BlankOnly,
    /// From the medium's first block.
    Overwrite,
    /// As a further session.
    NewSession,
}

/// How the medium is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Finish {
    /// The session closed.
    #[default]
    CloseSession,
    /// The disc finalized.
    FinalizeDisc,
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speed {
    /// As fast as the drive offers.
    #[default]
    Maximum,
    /// At most this many kB/s.
    KilobytesPerSecond(u32),
    /// At most this many tenths of the nominal speed.
    TenthsOfNominal(u32),
}

/// How much is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Nothing.
    None,
    /// A sample.
    Quick,
    /// Everything.
    #[default]
    Full,
}

/// How the burn was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Where.
    pub placement: Placement,
    /// How the medium is left.
    pub finish: Finish,
    /// How fast.
    pub speed: Speed,
    /// How much is read back.
    pub verify: Verify,
    /// Whether the drive protects against underruns.
    pub underrun_protection: bool,
    /// Whether the drive leaves out its own verification.
    pub fast_write: bool,
    /// Whether the disc was to turn at one rate all the time, where the drive offers it.
    pub pure_cav: bool,
}

/// What becomes of devices, fifos and sockets in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Special {
    /// The scan is refused.
    #[default]
    Refuse,
    /// They are left out.
    Skip,
    /// They are stored as what they are.
    Store,
}

/// What the image was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceMark {
    /// Folders and files, mastered by us.
    Tree {
        /// Where they are; absolute.
        sources: Vec<PathBuf>,
        /// The volume's name.
        volume_id: String,
        /// When the volume says it was made: seconds since 1970, and nanoseconds.
        created: (i64, u32),
        /// What links point at is stored instead of the links.
        follow_links: bool,
        /// Devices, fifos and sockets.
        special: Special,
        /// How the volume is made besides, in words that are whoever's who began the journal.
        options: Vec<Vec<u8>>,
        /// The fingerprint of the volume's plan: names, sizes and times of everything in it.
        fingerprint: u64,
    },
    /// A file that is an image already.
    File {
        /// Where it is; absolute.
        path: PathBuf,
        /// What it was.
        stamp: FileMark,
    },
    /// Something that cannot be read a second time.
    Stream {
        /// How messages call it.
        name: String,
    },
}

/// A file's state, by which a change is seen. The number of its device is no part of it: it may differ after
/// the machine was started anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileMark {
    /// Its number in its file system.
    pub inode: u64,
    /// Bytes.
    pub length: u64,
    /// Seconds and nanoseconds of its last change of data.
    pub modified: (i64, i64),
    /// Seconds and nanoseconds of its last change of any kind.
    pub changed: (i64, i64),
}

/// How the job ended; the last record of a job that did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What became of the data, in the words of the report. For people: a verdict asks the disc.
    pub outcome: String,
    /// What became of the medium, likewise.
    pub medium: String,
}

pub(crate) fn file_head() -> [u8; FILE_HEAD] {
    let mut head = [0; FILE_HEAD];
    let (text, rest) = head.split_at_mut(MAGIC.len());
    text.copy_from_slice(MAGIC);
    let (version, check) = rest.split_at_mut(4);
    version.copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(MAGIC), version);
    check.copy_from_slice(&sum.to_le_bytes());
    head
}

/// Appends a record to `out`. `out` then holds at most [`MOST_PAYLOAD`] bytes more than before.
pub(crate) fn frame(out: &mut Vec<u8>, kind: u16, payload: &[u8]) {
    let mut head = [0; 8];
    let (length, rest) = head.split_at_mut(4);
    length.copy_from_slice(&u32::try_from(payload.len()).unwrap_or(0).to_le_bytes());
    let (kind_at, _) = rest.split_at_mut(2);
    kind_at.copy_from_slice(&kind.to_le_bytes());
    let check = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    out.extend(head);
    out.extend(check.to_le_bytes());
    out.extend(payload);
}

impl Begun {
    /// The payload.
    ///
    /// # Errors
    /// A path or the number of sources does not fit: a journal that names another place is worse than none.
    pub(crate) fn emit(&self) -> Result<Vec<u8>, JournalError> {
        let mut put = Put::default();
        let since = self.began.duration_since(UNIX_EPOCH).unwrap_or_default();
        put.u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        put.text(&self.client);
        put.text(&self.drive.address);
        put.text(&self.drive.vendor);
        put.text(&self.drive.product);
        put.text(&self.drive.revision);
        put.option(self.drive.serial.as_deref(), Put::text);
        put.u32(u32::from(self.disc.profile.code()));
        put.u32(self.disc.closed_sessions);
        put.option(self.disc.capacity, Put::u64);
        put.option(self.disc.maker, Put::u32);
        put.option(self.disc.number, Put::u32);
        put.option(self.disc.bar_code, Put::u64);
        put.text(&self.writer);
        self.wish.put(&mut put);
        self.source.put(&mut put)?;
        put.u64(self.image_bytes);
        put.u32(self.first_lba);
        put.u64(self.planned_blocks);
        put.u32(self.write_unit);
        if put.0.len() > MOST_PAYLOAD {
            return Err(JournalError::TooLong {
                what: "the list of sources",
            });
        }
        Ok(put.0)
    }

    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let take = &mut Take(payload);
        let began = UNIX_EPOCH.checked_add(Duration::from_millis(take.u64()?))?;
        let client = take.text()?;
        let drive = DriveMark {
            address: take.text()?,
            vendor: take.text()?,
            product: take.text()?,
            revision: take.text()?,
            serial: take.option(Take::text)?,
        };
        let disc = DiscMark {
            profile: Profile::from_code(u16::try_from(take.u32()?).ok()?),
            closed_sessions: take.u32()?,
            capacity: take.option(Take::u64)?,
            maker: take.option(Take::u32)?,
            number: take.option(Take::u32)?,
            bar_code: take.option(Take::u64)?,
        };
        let begun = Self {
            began,
            client,
            drive,
            disc,
            writer: take.text()?,
            wish: Wish::take(take)?,
            source: SourceMark::take(take)?,
            image_bytes: take.u64()?,
            first_lba: take.u32()?,
            planned_blocks: take.u64()?,
            write_unit: take.u32()?,
        };
        take.end()?;
        begun.is_sensible().then_some(begun)
    }

    /// Sizes that a disc can have: what is computed from them then cannot overflow.
    fn is_sensible(&self) -> bool {
        let end = u64::from(self.first_lba).checked_add(self.planned_blocks);
        let on_a_disc = end.is_some_and(|end| end <= i32::MAX as u64);
        on_a_disc
            && self.planned_blocks <= MOST_BLOCKS
            && self.image_bytes > 0
            && self.image_blocks() <= self.planned_blocks
            && self.planned_blocks - self.image_blocks() <= MOST_PADDING
            && (1..=u32::from(u16::MAX)).contains(&self.write_unit)
            && self
                .planned_blocks
                .is_multiple_of(u64::from(self.write_unit))
    }
}

impl Wish {
    fn put(&self, put: &mut Put) {
        put.u8(match self.placement {
            Placement::BlankOnly => 0,
            Placement::Overwrite => 1,
            Placement::NewSession => 2,
        });
        put.u8(match self.finish {
            Finish::CloseSession => 0,
            Finish::FinalizeDisc => 1,
        });
        let (unit, value) = match self.speed {
            Speed::Maximum => (0, 0),
            Speed::KilobytesPerSecond(value) => (1, value),
            Speed::TenthsOfNominal(value) => (2, value),
        };
        put.u8(unit);
        put.u32(value);
        put.u8(match self.verify {
            Verify::None => 0,
            Verify::Quick => 1,
            Verify::Full => 2,
        });
        put.u8(u8::from(self.underrun_protection)
            | u8::from(self.fast_write) << 1
            | u8::from(self.pure_cav) << 2);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let placement = match take.u8()? {
            0 => Placement::BlankOnly,
            1 => Placement::Overwrite,
            2 => Placement::NewSession,
            _ => return None,
        };
        let finish = match take.u8()? {
            0 => Finish::CloseSession,
            1 => Finish::FinalizeDisc,
            _ => return None,
        };
        let speed = match (take.u8()?, take.u32()?) {
            (0, 0) => Speed::Maximum,
            (1, value @ 1..) => Speed::KilobytesPerSecond(value),
            (2, value @ 1..) => Speed::TenthsOfNominal(value),
            _ => return None,
        };
        let verify = match take.u8()? {
            0 => Verify::None,
            1 => Verify::Quick,
            2 => Verify::Full,
            _ => return None,
        };
        // Journals of earlier versions have the first bit only, or the first two.
        let flags = take.u8().filter(|flags| *flags < 8)?;
        Some(Self {
            placement,
            finish,
            speed,
            verify,
            underrun_protection: flags & 1 != 0,
            fast_write: flags & 2 != 0,
            pure_cav: flags & 4 != 0,
        })
    }
}

impl SourceMark {
    fn put(&self, put: &mut Put) -> Result<(), JournalError> {
        let checked = |path: &PathBuf| {
            fits(path)
                .then_some(())
                .ok_or(JournalError::TooLong { what: "a path" })
        };
        match self {
            Self::Tree {
                sources,
                volume_id,
                created,
                follow_links,
                special,
                options,
                fingerprint,
            } => {
                if sources.len() > MOST_SOURCES {
                    return Err(JournalError::TooLong {
                        what: "the list of sources",
                    });
                }
                if options.len() > MOST_OPTIONS || options.iter().any(|word| word.len() > MOST_TEXT)
                {
                    return Err(JournalError::TooLong {
                        what: "the list of options",
                    });
                }
                // Journals of volumes without options are as they always were.
                put.u8(if options.is_empty() { 1 } else { 4 });
                put.u32(u32::try_from(sources.len()).unwrap_or(0));
                for source in sources {
                    checked(source)?;
                    put.path(source);
                }
                put.text(volume_id);
                put.i64(created.0);
                put.u32(created.1);
                put.u8(u8::from(*follow_links));
                put.u8(match special {
                    Special::Refuse => 0,
                    Special::Skip => 1,
                    Special::Store => 2,
                });
                put.u64(*fingerprint);
                if !options.is_empty() {
                    put.u32(u32::try_from(options.len()).unwrap_or(0));
                    options.iter().for_each(|word| put.bytes(word));
                }
            }
            Self::File { path, stamp } => {
                checked(path)?;
                put.u8(2);
                put.path(path);
                put.u64(stamp.inode);
                put.u64(stamp.length);
                for (seconds, nanoseconds) in [stamp.modified, stamp.changed] {
                    put.i64(seconds);
                    put.i64(nanoseconds);
                }
            }
            Self::Stream { name } => {
                put.u8(3);
                put.text(name);
            }
        }
        Ok(())
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(match take.u8()? {
            kind @ (1 | 4) => {
                let count = usize::try_from(take.u32()?).ok()?;
                if count == 0 || count > MOST_SOURCES {
                    return None;
                }
                let sources = (0..count).map(|_| take.path()).collect::<Option<_>>()?;
                let volume_id = take.text()?;
                let created = (take.i64()?, take.u32().filter(|n| *n < 1_000_000_000)?);
                let follow_links = take.bool()?;
                let special = match take.u8()? {
                    0 => Special::Refuse,
                    1 => Special::Skip,
                    2 => Special::Store,
                    _ => return None,
                };
                let fingerprint = take.u64()?;
                let count = match kind {
                    1 => 0,
                    _ => take.u32().filter(|count| *count > 0)? as usize,
                };
                if count > MOST_OPTIONS {
                    return None;
                }
                let options = (0..count).map(|_| take.bytes(MOST_TEXT).map(<[u8]>::to_vec));
                Self::Tree {
                    sources,
                    volume_id,
                    created,
                    follow_links,
                    special,
                    options: options.collect::<Option<_>>()?,
                    fingerprint,
                }
            }
            2 => {
                let path = take.path()?;
                let (inode, length) = (take.u64()?, take.u64()?);
                let modified = (take.i64()?, take.i64()?);
                let changed = (take.i64()?, take.i64()?);
                Self::File {
                    path,
                    stamp: FileMark {
                        inode,
                        length,
                        modified,
                        changed,
                    },
                }
            }
            3 => Self::Stream { name: take.text()? },
            _ => return None,
        })
    }
}

impl Ended {
    pub(crate) fn emit(&self) -> Vec<u8> {
        let mut put = Put::default();
        put.text(&self.outcome);
        put.text(&self.medium);
        put.0
    }

    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let take = &mut Take(payload);
        let ended = Self {
            outcome: take.text()?,
            medium: take.text()?,
        };
        take.end()?;
        Some(ended)
    }
}

/// The name of a closing step.
pub(crate) fn emit_step(step: &str) -> Vec<u8> {
    let mut put = Put::default();
    put.text(step);
    put.0
}

pub(crate) fn parse_step(payload: &[u8]) -> Option<String> {
    let take = &mut Take(payload);
    let step = take.text()?;
    take.end()?;
    Some(step)
}

/// Where a burn was taken up again.
pub(crate) fn emit_resumed(block: u64) -> Vec<u8> {
    block.to_le_bytes().to_vec()
}

pub(crate) fn parse_resumed(payload: &[u8]) -> Option<u64> {
    let take = &mut Take(payload);
    let block = take.u64()?;
    take.end()?;
    Some(block)
}
