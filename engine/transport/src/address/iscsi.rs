//! The name of a logical unit on an iSCSI target.
//!
//! Owns the grammar of `iscsi://HOST[:PORT]/TARGET/LUN`. Must not know the
//! protocol.

use core::fmt;
use core::str::FromStr;
use std::net::Ipv6Addr;

/// A logical unit of an iSCSI target: `iscsi://HOST[:PORT]/TARGET/LUN`.
///
/// HOST is a name, an IPv4 address, or an IPv6 address in brackets, and TARGET
/// an iSCSI name (`iqn.`, `eui.` or `naa.`), kept as it is written: some targets
/// tell letters of different case apart. Two addresses are equal when their
/// text is, but for the case of HOST: names are not looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IscsiAddress {
    host: String,
    port: u16,
    target: String,
    lun: u16,
}

/// Why a text is no iSCSI address: what was expected instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected}")]
pub struct IscsiAddressError {
    expected: &'static str,
}

const fn expected(expected: &'static str) -> IscsiAddressError {
    IscsiAddressError { expected }
}

/// Bytes of an iSCSI name at most (RFC 7143).
const NAME_BYTES: usize = 223;
/// Bytes of a host name at most.
const HOST_BYTES: usize = 253;

impl IscsiAddress {
    /// The port when none is named.
    pub const DEFAULT_PORT: u16 = 3260;
    /// The highest logical unit number: 14 bits, as in flat addressing.
    pub const MAX_LUN: u16 = 0x3FFF;

    /// From its parts. `host` is without brackets.
    ///
    /// # Errors
    /// The part that is wrong, and what it should be.
    pub fn new(host: &str, port: u16, target: &str, lun: u16) -> Result<Self, IscsiAddressError> {
        let host = match host.contains(':') {
            true => ipv6(host)?,
            false => host_name(host)?,
        };
        if port == 0 {
            return Err(BAD_PORT);
        }
        if !is_target_name(target) {
            return Err(expected(
                "a target is an iSCSI name, as iqn.2026-11.org.pitland:drive",
            ));
        }
        if lun > Self::MAX_LUN {
            return Err(BAD_LUN);
        }
        Ok(Self {
            host,
            port,
            target: target.into(),
            lun,
        })
    }

    /// Host name or IP address, an IPv6 one without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port, never 0.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The target's iSCSI name.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Logical unit number, 0 to [`MAX_LUN`](Self::MAX_LUN).
    pub const fn lun(&self) -> u16 {
        self.lun
    }
}

const SHAPE: IscsiAddressError = expected("an iSCSI drive is iscsi://HOST[:PORT]/TARGET/LUN");
const BAD_PORT: IscsiAddressError = expected("a port is a number from 1 to 65535");
const BAD_LUN: IscsiAddressError = expected("a logical unit is a number from 0 to 16383");

fn ipv6(text: &str) -> Result<String, IscsiAddressError> {
    let parsed: Result<Ipv6Addr, _> = text.parse();
    parsed
        .map(|address| address.to_string())
        .map_err(|_| expected("what stands in brackets is an IPv6 address"))
}

fn host_name(text: &str) -> Result<String, IscsiAddressError> {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let is_name = (1..=HOST_BYTES).contains(&text.len()) && text.bytes().all(is_letter);
    is_name.then(|| text.to_ascii_lowercase()).ok_or(expected(
        "a host is a name, an IPv4 address or an IPv6 address in brackets; there is no login by name and password",
    ))
}

fn is_target_name(name: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'_');
    if name.len() > NAME_BYTES || !name.bytes().all(is_letter) {
        return false;
    }
    let Some((kind, rest)) = name.split_once('.') else {
        return false;
    };
    let is_hex = |lengths: &[usize]| {
        lengths.contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_hexdigit())
    };
    match kind.to_ascii_lowercase().as_str() {
        "iqn" => is_dated(rest),
        "eui" => is_hex(&[16]),
        "naa" => is_hex(&[16, 32]),
        _ => false,
    }
}

/// `YYYY-MM.` and something after it.
fn is_dated(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let shape = b"0000-00.";
    let is_date = bytes.iter().zip(shape).all(|(byte, place)| match place {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    });
    is_date && bytes.len() > shape.len()
}

/// Host and port of `HOST[:PORT]`, an IPv6 host without its brackets.
///
/// # Errors
/// The part that is wrong, and what it should be.
pub fn parse_portal(text: &str) -> Result<(String, u16), IscsiAddressError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']').ok_or(SHAPE)?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or(SHAPE)?),
            };
            (ipv6(host)?, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host_name(host)?, Some(port)),
            None => (host_name(text)?, None),
        },
    };
    let port = match port {
        Some(port) => number(port).filter(|port| *port != 0).ok_or(BAD_PORT)?,
        None => IscsiAddress::DEFAULT_PORT,
    };
    Ok((host, port))
}

impl FromStr for IscsiAddress {
    type Err = IscsiAddressError;

    fn from_str(text: &str) -> Result<Self, IscsiAddressError> {
        let rest = text.strip_prefix("iscsi://").ok_or(SHAPE)?;
        let (portal, rest) = rest.split_once('/').ok_or(SHAPE)?;
        let (target, lun) = rest.split_once('/').ok_or(SHAPE)?;
        let (host, port) = parse_portal(portal)?;
        Self::new(&host, port, target, number(lun).ok_or(BAD_LUN)?)
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

impl fmt::Display for IscsiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("iscsi://")?;
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        write!(f, ":{}/{}/{}", self.port, self.target, self.lun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TARGET: &str = "iqn.2026-11.org.pitland:drive";

    #[test]
    fn addresses_are_read_and_written_back() {
        for (given, host, port, lun) in [
            ("127.0.0.1", "127.0.0.1", 3260, 0),
            ("127.0.0.1:40001", "127.0.0.1", 40001, 3),
            ("burner.example", "burner.example", 3260, 16383),
            ("[::1]", "::1", 3260, 1),
            ("[fe80::2]:99", "fe80::2", 99, 255),
        ] {
            let text = format!("iscsi://{given}/{TARGET}/{lun}");
            let address: IscsiAddress = text.parse().unwrap();
            assert_eq!(
                (
                    address.host(),
                    address.port(),
                    address.target(),
                    address.lun()
                ),
                (host, port, TARGET, lun)
            );
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }

    #[test]
    fn the_host_s_case_and_the_spelling_of_a_number_make_no_other_drive() {
        let one: IscsiAddress = format!("iscsi://Burner:3260/{TARGET}/0").parse().unwrap();
        let other: IscsiAddress = format!("iscsi://burner/{TARGET}/00").parse().unwrap();
        assert_eq!(one.to_string(), format!("iscsi://burner:3260/{TARGET}/0"));
        assert_eq!(one, other);
        let long = format!("iscsi://[0:0::0:1]/{TARGET}/0").parse::<IscsiAddress>();
        assert_eq!(long, format!("iscsi://[::1]/{TARGET}/0").parse());
    }

    #[test]
    fn other_texts_are_refused() {
        for odd in [
            "iscsi:/h/iqn.2026-11.org:d/0",
            "iscsi://h/iqn.2026-11.org:d",
            "iscsi://h/iqn.2026-11.org:d/",
            "iscsi://h/iqn.2026-11.org:d/-1",
            "iscsi://h/iqn.2026-11.org:d/+1",
            "iscsi://h/iqn.2026-11.org:d/16384",
            "iscsi://h/iqn.2026-11.org:d/65536",
            "iscsi://h/iqn.2026-11.org:d/0/1",
            "iscsi:///iqn.2026-11.org:d/0",
            "iscsi://h:/iqn.2026-11.org:d/0",
            "iscsi://h:0/iqn.2026-11.org:d/0",
            "iscsi://h:65536/iqn.2026-11.org:d/0",
            "iscsi://::1/iqn.2026-11.org:d/0",
            "iscsi://[::1/iqn.2026-11.org:d/0",
            "iscsi://[::1]9/iqn.2026-11.org:d/0",
            "iscsi://[h]/iqn.2026-11.org:d/0",
            "iscsi://me%secret@h/iqn.2026-11.org:d/0",
            "iscsi://h/iqn.2026-11./0",
            "iscsi://h/iqn.202-611.org:d/0",
            "iscsi://h/iqn.org:d/0",
            "iscsi://h/disc/0",
            "iscsi://h/eui.02004567A425678/0",
            "iscsi://h/naa.x/0",
            "iscsi://h/iqn.2026-11.org:\u{1b}/0",
        ] {
            assert!(odd.parse::<IscsiAddress>().is_err(), "{odd}");
        }
        for good in ["eui.02004567A425678D", "naa.52004567BA64678D"] {
            let text = format!("iscsi://h/{good}/0");
            assert!(text.parse::<IscsiAddress>().is_ok(), "{good}");
        }
        let long = format!("iqn.2026-11.{}", "a".repeat(212));
        assert!(IscsiAddress::new("h", 1, &long, 0).is_err());
        assert!(IscsiAddress::new("h", 1, &long[..223], 0).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_what_reads_reads_back(text in "iscsi://\\PC{0,40}") {
            if let Ok(address) = text.parse::<IscsiAddress>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }

        #[test]
        fn every_address_parses_back_to_itself(
            host in "[a-z0-9.-]{1,20}|([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}",
            port in 1u16..,
            tail in "[a-z0-9.:-]{1,30}",
            lun in 0u16..=IscsiAddress::MAX_LUN,
        ) {
            let address = IscsiAddress::new(&host, port, &format!("iqn.2000-01.{tail}"), lun).unwrap();
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
}
