//! The options of a virtual drive, as they follow the comma.
//!
//! Owns their words, values and text. Must not know to which kind of virtual
//! drive they belong.

use super::{AddressError, SpeedFactor};
use crate::BusShare;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What is wanted of a virtual drive besides its disc.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct VirtualOptions {
    /// Real time at this speed; as fast as it goes without.
    pub speed: Option<SpeedFactor>,
    /// The bus that it shares with other drives of this process.
    pub bus: Option<BusShare>,
    /// The file of a [`FaultScript`](crate::fault::FaultScript), by which the
    /// drive fails; not looked at before the drive is opened.
    pub faults: Option<PathBuf>,
    /// The drive profile that the drive follows: the name of one that comes with the
    /// program, or its file; not looked at before the drive is opened.
    pub profile: Option<PathBuf>,
}

impl From<Option<SpeedFactor>> for VirtualOptions {
    fn from(speed: Option<SpeedFactor>) -> Self {
        Self {
            speed,
            ..Self::default()
        }
    }
}

impl VirtualOptions {
    /// Takes one option; `false` when it is none of these.
    pub(super) fn take(
        &mut self,
        given: &OsStr,
        word: &[u8],
        value: &[u8],
    ) -> Result<bool, AddressError> {
        match word {
            b"speed" => {
                once("speed", given, self.speed.is_some())?;
                self.speed = Some(parse_speed(value)?);
            }
            b"bus" => {
                once("bus", given, self.bus.is_some())?;
                self.bus = Some(parse_bus(value)?);
            }
            b"faults" => {
                once("faults", given, self.faults.is_some())?;
                self.faults = Some(parse_path(
                    "faults",
                    value,
                    "it takes the file of a script of faults",
                )?);
            }
            b"profile" => {
                once("profile", given, self.profile.is_some())?;
                let expected = "it takes the name of a drive, or the file of a drive profile";
                self.profile = Some(parse_path("profile", value, expected)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn push_to(&self, text: &mut OsString) {
        if let Some(speed) = self.speed {
            text.push(format!(",speed={speed}"));
        }
        if let Some(bus) = &self.bus {
            text.push(format!(",bus={bus}"));
        }
        for (word, path) in [(",faults=", &self.faults), (",profile=", &self.profile)] {
            if let Some(path) = path {
                text.push(word);
                text.push(OsString::from_vec(escaped(path.as_os_str().as_bytes())));
            }
        }
    }
}

pub(super) fn once(option: &'static str, given: &OsStr, seen: bool) -> Result<(), AddressError> {
    if seen {
        return Err(AddressError::RepeatedOption {
            given: given.to_owned(),
            option,
        });
    }
    Ok(())
}

fn parse_speed(value: &[u8]) -> Result<SpeedFactor, AddressError> {
    core::str::from_utf8(value)
        .ok()
        .and_then(SpeedFactor::parse)
        .ok_or_else(|| {
            bad_value(
                "speed",
                value,
                "a speed is a number with x, from 0.1x to 1000x, as 16x or 2.4x",
            )
        })
}

fn parse_bus(value: &[u8]) -> Result<BusShare, AddressError> {
    core::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| bad_value("bus", value, BusShare::EXPECTED))
}

fn parse_path(
    option: &'static str,
    value: &[u8],
    expected: &'static str,
) -> Result<PathBuf, AddressError> {
    if value.is_empty() {
        return Err(bad_value(option, value, expected));
    }
    Ok(OsString::from_vec(unescaped(value)).into())
}

pub(super) fn bad_value(
    option: &'static str,
    value: &[u8],
    expected: &'static str,
) -> AddressError {
    AddressError::BadValue {
        option,
        value: OsStr::from_bytes(value).to_owned(),
        expected,
    }
}

/// A path without a comma, which would end it.
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(path.len());
    for byte in path {
        match byte {
            b',' => text.extend_from_slice(b"%2C"),
            b'%' => text.extend_from_slice(b"%25"),
            other => text.push(*other),
        }
    }
    text
}

/// The path of such a text; a `%` that begins neither is itself.
fn unescaped(mut text: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        (path, text) = match text {
            [b'%', b'2', b'C' | b'c', rest @ ..] => (with(path, b','), rest),
            [b'%', b'2', b'5', rest @ ..] => (with(path, b'%'), rest),
            _ => (with(path, *first), rest),
        };
    }
    path
}

fn with(mut path: Vec<u8>, byte: u8) -> Vec<u8> {
    path.push(byte);
    path
}
