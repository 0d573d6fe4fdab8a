//! What a person types to name a drive behind an iSCSI target.
//!
//! Owns the grammar. Must not know sockets or targets: nothing is looked up.
//!
//! ```text
//! ADDRESS = "iscsi://" PORTAL "/" TARGET "/" LUN
//! PORTAL  = HOST [ ":" PORT ]         3260 when the port is missing
//! HOST    = name | IPv4 address | "[" IPv6 address "]"
//! TARGET  = the target's iSCSI name, such as iqn.2026-11.org.pitland:drive
//! LUN     = 0 to 16383
//! ```

use crate::negotiation::is_name;
use core::fmt;
use core::str::FromStr;
use std::net::{Ipv6Addr, SocketAddr};

/// The port of targets, where none is named.
pub const DEFAULT_PORT: u16 = 3260;

/// Highest logical unit number that single-level addressing holds.
const MOST_LUN: u16 = 0x3FFF;

/// Where targets are asked for: a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Portal {
    host: String,
    port: u16,
}

impl Portal {
    /// The host: a name or an address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl From<SocketAddr> for Portal {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
        }
    }
}

/// A logical unit of a target: `iscsi://HOST:PORT/TARGET/LUN`.
///
/// ```
/// use pitland_iscsi::IscsiAddress;
///
/// let address: IscsiAddress = "iscsi://[::1]/iqn.2026-11.org.pitland:drive/1".parse()?;
/// assert_eq!((address.portal().host(), address.portal().port()), ("::1", 3260));
/// assert_eq!(address.lun(), 1);
/// assert_eq!(address.to_string(), "iscsi://[::1]:3260/iqn.2026-11.org.pitland:drive/1");
/// # Ok::<(), pitland_iscsi::IscsiAddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IscsiAddress {
    portal: Portal,
    target: String,
    lun: u16,
}

/// Why a text is no such address. The fault of who gave it; nothing was
/// connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IscsiAddressError {
    /// It does not begin with `iscsi://`.
    #[error("{given:?} does not begin with iscsi://; a drive is iscsi://HOST:PORT/TARGET/LUN")]
    Scheme {
        /// What was given.
        given: String,
    },
    /// A part is missing or one too many.
    #[error("{given:?} is not iscsi://HOST:PORT/TARGET/LUN")]
    Parts {
        /// What was given.
        given: String,
    },
    /// The host is none.
    #[error(
        "{host:?} is no host: it is a name, an IPv4 address, or an IPv6 address in brackets; user names and passwords are not supported"
    )]
    Host {
        /// What was given for it.
        host: String,
    },
    /// The port is none.
    #[error("{port:?} is no port: it is a number from 1 to 65535")]
    Port {
        /// What was given for it.
        port: String,
    },
    /// The name of the target is none.
    #[error("{target:?} is no name of a target, such as iqn.2026-11.org.pitland:drive")]
    Target {
        /// What was given for it.
        target: String,
    },
    /// The number of the logical unit is none.
    #[error("{lun:?} is no logical unit: it is a number from 0 to {MOST_LUN}")]
    Lun {
        /// What was given for it.
        lun: String,
    },
}

impl IscsiAddress {
    /// How such an address begins.
    pub const SCHEME: &'static str = "iscsi://";

    /// Logical unit `lun` of `target` at `portal`.
    ///
    /// # Errors
    /// [`IscsiAddressError::Target`] and [`IscsiAddressError::Lun`].
    pub fn new(portal: Portal, target: &str, lun: u16) -> Result<Self, IscsiAddressError> {
        if !is_name(target) {
            return Err(IscsiAddressError::Target {
                target: target.into(),
            });
        }
        if lun > MOST_LUN {
            return Err(IscsiAddressError::Lun {
                lun: lun.to_string(),
            });
        }
        Ok(Self {
            portal,
            target: target.into(),
            lun,
        })
    }

    /// Where the target is.
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    /// The target's iSCSI name.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The logical unit, 0 to 16383.
    pub fn lun(&self) -> u16 {
        self.lun
    }
}

impl FromStr for IscsiAddress {
    type Err = IscsiAddressError;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let rest = given
            .strip_prefix(Self::SCHEME)
            .ok_or_else(|| IscsiAddressError::Scheme {
                given: given.into(),
            })?;
        let mut parts = rest.split('/');
        let (Some(portal), Some(target), Some(lun), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IscsiAddressError::Parts {
                given: given.into(),
            });
        };
        let portal = portal.parse()?;
        let number = digits(lun).ok_or_else(|| IscsiAddressError::Lun { lun: lun.into() })?;
        Self::new(portal, target, number)
    }
}

impl FromStr for Portal {
    type Err = IscsiAddressError;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let bad_host = |host: &str| IscsiAddressError::Host { host: host.into() };
        let (host, port) = match given.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(|| bad_host(given))?;
                host.parse::<Ipv6Addr>().map_err(|_| bad_host(given))?;
                let port = match port.strip_prefix(':') {
                    None if port.is_empty() => None,
                    None => return Err(bad_host(given)),
                    Some(port) => Some(port),
                };
                (host, port)
            }
            None => {
                let (host, port) = match given.split_once(':') {
                    Some((host, port)) => (host, Some(port)),
                    None => (given, None),
                };
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                if host.is_empty() || host.len() > 253 || !host.bytes().all(allowed) {
                    return Err(bad_host(host));
                }
                (host, port)
            }
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => digits(port)
                .filter(|port| *port != 0)
                .ok_or_else(|| IscsiAddressError::Port { port: port.into() })?,
        };
        Ok(Self {
            host: host.into(),
            port,
        })
    }
}

/// A number of decimal digits, without sign or spaces.
fn digits(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

impl fmt::Display for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for IscsiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}/{}/{}",
            Self::SCHEME,
            self.portal,
            self.target,
            self.lun
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<IscsiAddress, IscsiAddressError> {
        text.parse()
    }

    #[test]
    fn an_address_has_host_port_target_and_unit() {
        let address = parse("iscsi://drives.example:13260/iqn.2000-01.test:drive/2").unwrap();
        assert_eq!(address.portal().host(), "drives.example");
        assert_eq!(address.portal().port(), 13260);
        assert_eq!(address.target(), "iqn.2000-01.test:drive");
        assert_eq!(address.lun(), 2);
        let address = parse("iscsi://10.0.0.1/eui.02004567A425678D/0").unwrap();
        assert_eq!(address.portal().port(), DEFAULT_PORT);
    }

    #[test]
    fn what_is_wrong_is_said() {
        use IscsiAddressError as E;
        type Is = fn(&E) -> bool;
        let scheme: Is = |e| matches!(e, E::Scheme { .. });
        let parts: Is = |e| matches!(e, E::Parts { .. });
        let host: Is = |e| matches!(e, E::Host { .. });
        let port: Is = |e| matches!(e, E::Port { .. });
        let target: Is = |e| matches!(e, E::Target { .. });
        let lun: Is = |e| matches!(e, E::Lun { .. });
        let cases: [(&str, Is); 15] = [
            ("/dev/sr0", scheme),
            ("ISCSI://h/iqn.a:b/1", scheme),
            ("iscsi://h/iqn.a:b", parts),
            ("iscsi://h/iqn.a:b/1/2", parts),
            ("iscsi:///iqn.a:b/1", host),
            ("iscsi://user%secret@h/iqn.a:b/1", host),
            ("iscsi://::1/iqn.a:b/1", host),
            ("iscsi://[::1/iqn.a:b/1", host),
            ("iscsi://[x]/iqn.a:b/1", host),
            ("iscsi://h:0/iqn.a:b/1", port),
            ("iscsi://h:70000/iqn.a:b/1", port),
            ("iscsi://h:/iqn.a:b/1", port),
            ("iscsi://h/a b/1", target),
            ("iscsi://h/iqn.a:b/16384", lun),
            ("iscsi://h/iqn.a:b/+1", lun),
        ];
        for (text, expected) in cases {
            let told = parse(text).unwrap_err();
            assert!(expected(&told), "{text}: {told:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(
            host in prop_oneof!["[a-z0-9][a-z0-9.-]{0,20}", any::<[u16; 8]>().prop_map(|s| {
                Ipv6Addr::from(s).to_string()
            })],
            port in 1u16.., target in "iqn\\.[a-z0-9.:-]{1,40}", lun in 0..=MOST_LUN,
        ) {
            let portal = Portal { host, port };
            let address = IscsiAddress::new(portal, &target, lun).unwrap();
            prop_assert_eq!(parse(&address.to_string()), Ok(address));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok(address) = parse(&text) {
                prop_assert_eq!(parse(&address.to_string()), Ok(address));
            }
        }
    }
}
