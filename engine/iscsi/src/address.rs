//! Where a target is asked for.
//!
//! Owns host and port. Must not know sockets; how a drive behind a target is
//! written is [`pitland_transport::address`]'s.

use core::fmt;
use core::str::FromStr;
use pitland_transport::address::{IscsiAddress, IscsiAddressError, parse_portal};
use std::net::SocketAddr;

/// A host and a port.
///
/// ```
/// use pitland_iscsi::Portal;
///
/// let portal: Portal = "[::1]".parse()?;
/// assert_eq!((portal.host(), portal.port()), ("::1", 3260));
/// let drive = portal.unit("iqn.2026-11.org.pitland:drive", 1)?;
/// assert_eq!(drive.to_string(), "iscsi://[::1]:3260/iqn.2026-11.org.pitland:drive/1");
/// # Ok::<(), pitland_iscsi::IscsiAddressError>(())
/// ```
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

    /// Logical unit `lun` of `target` here.
    ///
    /// # Errors
    /// `target` is no iSCSI name, or `lun` is over 16383.
    pub fn unit(&self, target: &str, lun: u16) -> Result<IscsiAddress, IscsiAddressError> {
        IscsiAddress::new(&self.host, self.port, target, lun)
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

impl From<&IscsiAddress> for Portal {
    fn from(unit: &IscsiAddress) -> Self {
        Self {
            host: unit.host().into(),
            port: unit.port(),
        }
    }
}

impl FromStr for Portal {
    type Err = IscsiAddressError;

    /// From `HOST[:PORT]`; the port is 3260 where it is missing.
    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let (host, port) = parse_portal(given)?;
        Ok(Self { host, port })
    }
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
