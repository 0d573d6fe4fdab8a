//! What a person types to name a drive, and the way from there to an open one.
//!
//! Owns the grammar and the identity of an address. Must not know what is done
//! with the drive.
//!
//! ```text
//! DRIVE   = "/dev/" NAME                     a drive of this machine, by any of its nodes or links
//!         | "iscsi://" HOST [ ":" PORT ] "/" TARGET "/" LUN
//!         | "virtual:" ( FILE | "null" ) *( "," OPTION )
//! OPTION  = "speed=" NUMBER [ "x" ]          0.1 to 1000, at most one decimal for DVD's 2.4x
//!         | "id=" NUMBER                     of "null" only; 0 when missing
//!         | "bus=" NAME "@" NUMBER ( "MB/s" | "kB/s" )    shared with others of that name
//!         | "faults=" SCRIPTFILE             fails as the script says; "," is written %2C, "%" %25
//!         | "profile=" ( NAME | PROFILEFILE )    is and does what the drive profile says; written likewise
//! ```
//!
//! Everything after `/dev/` is the name, commas too. Options are taken from the right, as long as what follows the last comma
//! reads `word=value` (a word is lower-case letters, digits and `-`, a letter
//! first). So a comma in FILE needs no care: `virtual:a,b.vdisc`. Two names do:
//!
//! * a file called `null` is `virtual:./null`;
//! * where the end of FILE itself reads like an option, or FILE ends with a
//!   comma, one more comma ends it: `virtual:a,b=c,` is the file `a,b=c`, and
//!   `virtual:a,b=c,,speed=4x` the same at 4x.
//!
//! `Display` writes an address in this form, so that it parses back to itself.

mod iscsi;
mod options;

pub use iscsi::{IscsiAddress, IscsiAddressError, parse_portal};
pub use options::VirtualOptions;
use options::{bad_value, once};

use crate::bus::{BusRateDiffers, OnBus};
use crate::fault::{Fault, FaultFileError, FaultScript};
#[cfg(target_os = "linux")]
use crate::linux::{DeviceError, DriveNodes, LinuxDrive, ScsiAddress, System};
use crate::sim::{
    DiscFileError, DriveModel, DriveProfileFileError, Pace, VirtualDrive, drive_profile,
};
use crate::{BusShare, Transport};
use core::fmt;
use core::str::FromStr;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The name of a drive, as a person gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriveAddress {
    /// A drive of this machine.
    Device {
        /// One of its nodes, or a link to one; below `/dev/`. Not looked at
        /// before the drive is opened.
        path: PathBuf,
    },
    /// A logical unit of an iSCSI target.
    Iscsi(IscsiAddress),
    /// A virtual drive with the virtual disc of a file.
    VirtualFile {
        /// The file; not looked at before the drive is opened.
        path: PathBuf,
        /// What is wanted besides.
        options: VirtualOptions,
    },
    /// A virtual drive with a 100 GB BD-R that keeps no data, for measuring.
    VirtualNull {
        /// Which one: the same number is the same drive.
        id: u32,
        /// What is wanted besides.
        options: VirtualOptions,
    },
}

/// A multiple of a medium's 1x speed, in tenths; 0.1x to 1000x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeedFactor {
    tenths: u32,
}

impl SpeedFactor {
    /// From tenths: 24 is 2.4x. `None` outside of 1..=10000.
    pub const fn from_tenths(tenths: u32) -> Option<Self> {
        match tenths {
            1..=10_000 => Some(Self { tenths }),
            _ => None,
        }
    }

    /// In tenths: 24 is 2.4x.
    pub const fn tenths(self) -> u32 {
        self.tenths
    }

    /// From `16x`, `16` or `2.4x`.
    fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('x').unwrap_or(text);
        let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
        if !(1..=4).contains(&whole.len()) || tenth.len() != 1 {
            return None;
        }
        let digits = |part: &str| {
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse::<u32>().ok())
        };
        Self::from_tenths(digits(whole)?? * 10 + digits(tenth)??)
    }
}

impl fmt::Display for SpeedFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.tenths / 10, self.tenths % 10) {
            (whole, 0) => write!(f, "{whole}x"),
            (whole, tenth) => write!(f, "{whole}.{tenth}x"),
        }
    }
}

/// Why a text names no drive. All are faults of who gave the text; nothing was
/// looked at or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// A path that is no drive.
    #[error(
        "{given:?} is a path, not a drive; a virtual disc in that file is named with virtual: before it"
    )]
    PathIsNoDrive {
        /// What was given.
        given: OsString,
    },
    /// No drive is called so.
    #[error(
        "unknown drive {given:?}; a drive is /dev/srN, iscsi://HOST[:PORT]/TARGET/LUN, virtual:FILE or virtual:null[,id=N], which take [,speed=16x][,bus=NAME@RATE][,faults=FILE][,profile=NAME]"
    )]
    UnknownDrive {
        /// What was given.
        given: OsString,
    },
    /// An iSCSI address that does not read as one.
    #[error("{given:?} names no iSCSI drive: {source}")]
    Iscsi {
        /// What was given.
        given: OsString,
        /// What was expected.
        source: IscsiAddressError,
    },
    /// `virtual:` without a file.
    #[error("{given:?} names no file; say virtual:FILE")]
    MissingFile {
        /// What was given.
        given: OsString,
    },
    /// An option that this kind of drive does not have.
    #[error(
        "unknown option {option:?} in {given:?}; known are speed=16x, bus=NAME@RATE, faults=FILE, profile=NAME, and id=N for virtual:null (if it belongs to the file's name, end the name with one more comma)"
    )]
    UnknownOption {
        /// What was given.
        given: OsString,
        /// The option's word.
        option: String,
    },
    /// An option whose value is out of its range.
    #[error("{value:?} is no value for {option}; {expected}")]
    BadValue {
        /// The option's word.
        option: &'static str,
        /// What was given for it.
        value: OsString,
        /// What is taken.
        expected: &'static str,
    },
    /// An option given twice.
    #[error("option {option} is given twice in {given:?}")]
    RepeatedOption {
        /// What was given.
        given: OsString,
        /// The option's word.
        option: &'static str,
    },
}

impl DriveAddress {
    /// From what a person gave; a file's name need not be UTF-8.
    ///
    /// # Errors
    /// An [`AddressError`] that says what is wrong with the text.
    pub fn parse(given: &OsStr) -> Result<Self, AddressError> {
        if is_device_path(given) {
            let path = PathBuf::from(given);
            return Ok(Self::Device { path });
        }
        if given.as_bytes().starts_with(b"iscsi:") {
            return iscsi_unit(given);
        }
        let Some(rest) = given.as_bytes().strip_prefix(b"virtual:") else {
            return Err(no_drive(given));
        };
        let (name, words) = split_options(rest);
        let mut options = VirtualOptions::default();
        let mut id = None;
        let is_null = name == b"null";
        for (word, value) in words {
            if word == b"id" && is_null {
                once("id", given, id.is_some())?;
                id = Some(parse_id(value)?);
            } else if !options.take(given, word, value)? {
                return Err(AddressError::UnknownOption {
                    given: given.to_owned(),
                    option: String::from_utf8_lossy(word).into_owned(),
                });
            }
        }
        if name.is_empty() {
            return Err(AddressError::MissingFile {
                given: given.to_owned(),
            });
        }
        if is_null {
            return Ok(Self::VirtualNull {
                id: id.unwrap_or(0),
                options,
            });
        }
        let path = PathBuf::from(OsString::from_vec(name.to_vec()));
        Ok(Self::VirtualFile { path, options })
    }

    /// The address in the form that [`parse`](Self::parse) takes, exactly,
    /// also where a file's name is not UTF-8.
    pub fn to_os_string(&self) -> OsString {
        let mut text = OsString::from("virtual:");
        match self {
            Self::Device { path } => return path.clone().into_os_string(),
            Self::Iscsi(unit) => return unit.to_string().into(),
            Self::VirtualFile { path, options } => {
                let name = path.as_os_str();
                if name == "null" {
                    text.push("./");
                }
                text.push(name);
                if needs_closing_comma(name.as_bytes()) {
                    text.push(",");
                }
                options.push_to(&mut text);
            }
            Self::VirtualNull { id, options } => {
                text.push("null");
                if *id != 0 {
                    text.push(format!(",id={id}"));
                }
                options.push_to(&mut text);
            }
        }
        text
    }

    /// What is wanted of a virtual drive besides its disc; `None` for others.
    pub fn virtual_options(&self) -> Option<&VirtualOptions> {
        match self {
            Self::VirtualFile { options, .. } | Self::VirtualNull { options, .. } => Some(options),
            Self::Device { .. } | Self::Iscsi(_) => None,
        }
    }

    /// Real time at this speed, if one is named: of virtual drives only.
    pub fn speed(&self) -> Option<SpeedFactor> {
        self.virtual_options().and_then(|options| options.speed)
    }

    /// What makes two addresses the same drive, however they are written.
    ///
    /// A drive of the machine is known by its SCSI device, whichever node is
    /// named; a logical unit by the text of its address; a file that exists by
    /// device and inode, one that is yet to be made by its folder and name. A key is good for comparing while nobody
    /// moves the files: take the keys of one command line together, before the
    /// first drive is opened.
    ///
    /// # Errors
    /// [`OpenError::Key`] when neither the file nor its folder can be looked
    /// at; for a drive of the machine, what [`open`](Self::open) says.
    pub fn same_drive_key(&self) -> Result<DriveKey, OpenError> {
        match self {
            Self::Device { path } => device_key(path).map(DriveKey),
            Self::Iscsi(unit) => Ok(DriveKey(Key::Iscsi(unit.clone()))),
            Self::VirtualNull { id, .. } => Ok(DriveKey(Key::Null(*id))),
            Self::VirtualFile { path, .. } => {
                file_key(path)
                    .map(DriveKey)
                    .map_err(|source| OpenError::Key {
                        path: path.clone(),
                        source,
                    })
            }
        }
    }

    /// Opens the drive.
    ///
    /// A virtual disc's file is held for as long as the drive is open: alone,
    /// or together with other readers under [`OpenMode::ReadOnly`]. Every call
    /// for `virtual:null` makes another drive: one who wants "same id, same
    /// drive" keeps the first, by [`same_drive_key`](Self::same_drive_key). An
    /// iSCSI unit takes an initiator, which this crate does not have.
    ///
    /// # Errors
    /// An [`OpenError`]; an existing file is not changed by the attempt.
    pub fn open(&self, mode: OpenMode) -> Result<Box<dyn Transport>, OpenError> {
        let pace = Pace::from(self.speed());
        let hint = self.to_string();
        match self {
            Self::Device { path } => open_device(path, mode),
            Self::Iscsi(unit) => Err(OpenError::NeedsInitiator { unit: unit.clone() }),
            Self::VirtualNull { id, options } => {
                let extras = Extras::of(options)?;
                let model = options.model()?;
                extras.round(VirtualDrive::null_in(model, *id, pace, hint)?)
            }
            Self::VirtualFile { path, options } => {
                let extras = Extras::of(options)?;
                let model = options.model()?;
                extras.round(VirtualDrive::file_in(model, path, mode, pace, hint)?)
            }
        }
    }

    /// Puts the bus and the faults that the address names round a virtual
    /// drive that the caller has opened itself.
    ///
    /// # Errors
    /// [`OpenError::Faults`] or [`OpenError::Bus`].
    pub fn with_options(&self, drive: VirtualDrive) -> Result<Box<dyn Transport>, OpenError> {
        match self.virtual_options() {
            Some(options) => Extras::of(options)?.round(drive),
            None => Ok(Box::new(drive)),
        }
    }
}

impl VirtualOptions {
    /// The drive that is wanted: that of its profile, or the one that is used where none is named.
    ///
    /// # Errors
    /// [`OpenError::Profile`].
    pub fn model(&self) -> Result<DriveModel, OpenError> {
        let Some(path) = &self.profile else {
            return Ok(DriveModel::default());
        };
        drive_profile(path).map_err(|source| OpenError::Profile {
            path: path.clone(),
            source,
        })
    }
}

/// What goes round a virtual drive, looked at before its file is touched.
struct Extras {
    faults: Option<FaultScript>,
    bus: Option<BusShare>,
}

impl Extras {
    fn of(options: &VirtualOptions) -> Result<Self, OpenError> {
        let faults = options.faults.as_ref().map(|path| {
            FaultScript::read(path).map_err(|source| OpenError::Faults {
                path: path.clone(),
                source,
            })
        });
        Ok(Self {
            faults: faults.transpose()?,
            bus: options.bus.clone(),
        })
    }

    fn round(self, drive: VirtualDrive) -> Result<Box<dyn Transport>, OpenError> {
        let mut drive: Box<dyn Transport> = Box::new(drive);
        if let Some(bus) = self.bus {
            drive = Box::new(OnBus::new(drive, bus)?);
        }
        if let Some(faults) = self.faults {
            drive = Box::new(Fault::new(drive, faults));
        }
        Ok(drive)
    }
}

/// How a drive is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenMode {
    /// The drive must be there.
    Existing,
    /// A virtual disc's file that is missing is made, as a blank BD-R.
    CreateBlankBdR,
    /// The drive must be there, nothing is written to it, and others may read
    /// it at the same time.
    ReadOnly,
}

/// Why a drive could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The drive of the machine could not be opened.
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Drives of the machine can be used on Linux only, so far. Name a virtual
    /// or an iSCSI drive.
    #[cfg(not(target_os = "linux"))]
    #[error("{path:?}: drives of the machine can be used on Linux only")]
    NoDevices {
        /// What was named.
        path: PathBuf,
    },
    /// The drive is an iSCSI unit: a fault of the caller, who has to log in
    /// with an initiator and to take the drive that it gives.
    #[error("{unit} is opened by an iSCSI initiator")]
    NeedsInitiator {
        /// The logical unit.
        unit: IscsiAddress,
    },
    /// The script of faults could not be read. Mend the file or its line.
    #[error("the script of faults {path:?}: {source}")]
    Faults {
        /// The script's file.
        path: PathBuf,
        /// What is wrong with it.
        source: FaultFileError,
    },
    /// The drive profile could not be read. Mend its name, its file or its line.
    #[error("the drive profile {path:?}: {source}")]
    Profile {
        /// What was named.
        path: PathBuf,
        /// What is wrong with it.
        source: DriveProfileFileError,
    },
    /// The bus is open with another rate. Name the same for all its drives.
    #[error(transparent)]
    Bus(#[from] BusRateDiffers),
    /// The file of a virtual disc could not be opened as one.
    #[error(transparent)]
    DiscFile(#[from] DiscFileError),
    /// Neither the file nor its folder could be looked at. Look at the path
    /// and its permissions.
    #[error("{path:?} cannot be looked at: {source}")]
    Key {
        /// The virtual disc's file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The identity of a drive: equal keys are the same drive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DriveKey(Key);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    #[cfg(target_os = "linux")]
    Scsi(ScsiAddress, u64),
    Iscsi(IscsiAddress),
    Null(u32),
    File {
        device: u64,
        inode: u64,
    },
    Missing {
        device: u64,
        inode: u64,
        name: OsString,
    },
}

impl fmt::Display for DriveAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_os_string().to_string_lossy())
    }
}

impl FromStr for DriveAddress {
    type Err = AddressError;

    fn from_str(given: &str) -> Result<Self, AddressError> {
        Self::parse(OsStr::new(given))
    }
}

/// Whether the text is the path of a node: it begins with `/dev/`.
fn is_device_path(given: &OsStr) -> bool {
    let name = given.as_bytes().strip_prefix(b"/dev/");
    name.is_some_and(|name| !name.is_empty())
}

fn iscsi_unit(given: &OsStr) -> Result<DriveAddress, AddressError> {
    // A text that is not UTF-8 is none of these letters either.
    let unit = given.to_string_lossy().parse();
    unit.map(DriveAddress::Iscsi)
        .map_err(|source| AddressError::Iscsi {
            given: given.to_owned(),
            source,
        })
}

#[cfg(target_os = "linux")]
fn device_key(path: &Path) -> Result<Key, OpenError> {
    let nodes = DriveNodes::find(path, &System::default())?;
    // One that was unplugged and came back is another one: sysfs numbers its folder anew.
    let inode = std::fs::metadata(&nodes.folder).map_or(0, |folder| folder.ino());
    Ok(Key::Scsi(nodes.scsi, inode))
}

#[cfg(not(target_os = "linux"))]
fn device_key(path: &Path) -> Result<Key, OpenError> {
    let path = path.to_owned();
    Err(OpenError::NoDevices { path })
}

#[cfg(target_os = "linux")]
fn open_device(path: &Path, mode: OpenMode) -> Result<Box<dyn Transport>, OpenError> {
    Ok(Box::new(LinuxDrive::open(path, mode)?))
}

#[cfg(not(target_os = "linux"))]
fn open_device(path: &Path, _: OpenMode) -> Result<Box<dyn Transport>, OpenError> {
    let path = path.to_owned();
    Err(OpenError::NoDevices { path })
}

/// What to say of a text that is no address.
fn no_drive(given: &OsStr) -> AddressError {
    let given = given.to_owned();
    let bytes = given.as_bytes();
    if bytes.iter().any(|b| matches!(b, b'/' | b'.')) {
        AddressError::PathIsNoDrive { given }
    } else {
        AddressError::UnknownDrive { given }
    }
}

type RawOption<'a> = (&'a [u8], &'a [u8]);

/// Takes the options from the right; the rest is the name. In order of typing.
fn split_options(rest: &[u8]) -> (&[u8], Vec<RawOption<'_>>) {
    let mut name = rest;
    let mut options = Vec::new();
    while let Some(comma) = name.iter().rposition(|b| *b == b',') {
        let (before, last) = (
            name.get(..comma).unwrap_or(name),
            name.get(comma + 1..).unwrap_or(&[]),
        );
        if last.is_empty() {
            name = before;
            break;
        }
        let Some(option) = as_option(last) else { break };
        options.push(option);
        name = before;
    }
    options.reverse();
    (name, options)
}

/// `word=value`, when the part reads so.
fn as_option(part: &[u8]) -> Option<RawOption<'_>> {
    let equals = part.iter().position(|b| *b == b'=')?;
    let word = part.get(..equals)?;
    let value = part.get(equals + 1..)?;
    let is_word = word.first().is_some_and(u8::is_ascii_lowercase)
        && word
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
    is_word.then_some((word, value))
}

/// Whether a name's end would be taken for an option or for the closing comma.
fn needs_closing_comma(name: &[u8]) -> bool {
    match name.iter().rposition(|b| *b == b',') {
        None => false,
        Some(comma) => {
            let last = name.get(comma + 1..).unwrap_or(&[]);
            last.is_empty() || as_option(last).is_some()
        }
    }
}

fn parse_id(value: &[u8]) -> Result<u32, AddressError> {
    core::str::from_utf8(value)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| bad_value("id", value, "an id is a number from 0 to 4294967295"))
}

fn file_key(path: &Path) -> std::io::Result<Key> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Key::File {
            device: found.dev(),
            inode: found.ino(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let name = path.file_name().ok_or(error)?.to_owned();
            let found = std::fs::metadata(folder)?;
            Ok(Key::Missing {
                device: found.dev(),
                inode: found.ino(),
                name,
            })
        }
        Err(error) => Err(error),
    }
}
