//! A drive behind an iSCSI target, as a [`Transport`].
//!
//! Owns the life of a session: one at a time, made anew when it is needed. The
//! kernel has no part in it, and no device appears. Must not know what a
//! command does.
//!
//! # When the connection breaks
//!
//! A command without an answer is never sent again: whether the drive carried
//! it out is unknown, and the caller is told so. The *next* command makes a new
//! session, under the same name as the old one, which so ends at the target.
//! Only when that fails is the drive [gone](TransportError::Gone). A session
//! that ended while nothing was under way is renewed without a word.
//!
//! With its session the door's lock goes, too: where the caller had locked it,
//! the new session does so again before anything else. What the drive says to
//! that instead of doing it, the caller's command is answered with.
//!
//! # A hostile target
//!
//! Nothing that a target sends makes a command's data longer, or memory grow:
//! data go into the caller's buffer at the one place where they belong, and all
//! else is read into small rooms or skipped. What breaks the rules ends the
//! session with a [`Breach`].

mod error;
mod link;
mod transfer;

pub use error::{Breach, ConnectError, LinkError};

use crate::negotiation::{
    LoginError, SessionKind, SessionWish, TextError, Wish, is_name, push_pair,
};
use crate::{IscsiAddress, Portal};
use core::time::Duration;
use link::{Link, Trouble};
use pitland_mmc::CdbBytes;
use pitland_mmc::cdb::{Cdb, Inquiry};
use pitland_transport::{
    Data, DeviceClock, Exchange, Limits, Reply, Status, Transport, TransportError,
};
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

/// Most bytes of the answer to SendTargets, and most targets in it.
const MOST_TARGETS_TEXT: usize = 256 * 1024;
const MOST_TARGETS: usize = 1024;

/// INQUIRY's first byte where nothing can be.
const NOTHING_THERE: u8 = 0x7F;

const PREVENT_ALLOW: u8 = 0x1E;
/// How often the door is locked anew before the attempt is given up.
const MOST_ATTENTIONS: usize = 8;

/// How a drive is connected to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InitiatorOptions {
    /// Our name.
    pub initiator_name: String,
    /// How long connection and login may take together.
    pub connect_timeout: Duration,
    /// Most bytes of data that a command may have.
    pub max_transfer_bytes: usize,
    /// What is wished of the session.
    pub wish: Wish,
}

impl Default for InitiatorOptions {
    /// 30 seconds for a login, 64 KiB a command.
    fn default() -> Self {
        Self {
            initiator_name: "iqn.2026-11.org.pitland:initiator".into(),
            connect_timeout: Duration::from_secs(30),
            max_transfer_bytes: Limits::DEFAULT_TRANSFER_BYTES,
            wish: Wish::default(),
        }
    }
}

/// A drive behind a target.
#[derive(Debug)]
pub struct Initiator {
    address: IscsiAddress,
    options: InitiatorOptions,
    isid: [u8; 6],
    opened: Instant,
    link: Option<Link>,
    /// By which the caller locked the door, until it is unlocked again.
    prevents: Option<CdbBytes>,
    /// What the drive said to a command of our own, for the caller.
    owed: VecDeque<Reply>,
}

impl Initiator {
    /// Connects, logs in, and looks whether the logical unit is there.
    ///
    /// # Errors
    /// A [`ConnectError`].
    pub fn connect(
        address: &IscsiAddress,
        options: InitiatorOptions,
    ) -> Result<Self, ConnectError> {
        let mut initiator = Self {
            address: address.clone(),
            isid: random_isid(),
            opened: Instant::now(),
            link: None,
            prevents: None,
            owed: VecDeque::new(),
            options,
        };
        let deadline = initiator.connect_deadline(None);
        let mut link = initiator.log_in(deadline)?;
        let mut answer = [0; 36];
        let inquiry = Inquiry {
            allocation_length: 36,
            ..Inquiry::default()
        };
        let room = Data::In(&mut answer);
        let reply = link
            .command(inquiry.emit(), room, Some(deadline))
            .map_err(|trouble| ConnectError::Link {
                portal: Portal::from(address).to_string(),
                source: trouble.into_link_error(),
            })?;
        let nothing = match reply.status {
            Status::Good => reply.transferred > 0 && answer[0] == NOTHING_THERE,
            status => status.sense().is_some_and(|s| s.triple() == (5, 0x25, 0)),
        };
        if nothing {
            link.log_out();
            return Err(ConnectError::NoSuchUnit { lun: address.lun() });
        }
        initiator.link = Some(link);
        Ok(initiator)
    }

    /// The address that was connected to.
    pub fn address(&self) -> &IscsiAddress {
        &self.address
    }

    fn connect_deadline(&self, other: Option<Instant>) -> Instant {
        let now = Instant::now();
        let own = now.checked_add(self.options.connect_timeout).unwrap_or(now);
        other.map_or(own, |other| own.min(other))
    }

    fn log_in(&self, deadline: Instant) -> Result<Link, ConnectError> {
        let session = SessionWish {
            kind: SessionKind::Normal,
            initiator_name: self.options.initiator_name.clone(),
            initiator_alias: None,
            target_name: self.address.target().into(),
            isid: self.isid,
        };
        Link::open(
            &Portal::from(&self.address),
            session,
            self.options.wish,
            self.address.lun(),
            deadline,
        )
    }

    /// The session that is there, or a new one with the door as it was.
    fn take_link(
        &mut self,
        timeout: Duration,
        deadline: Option<Instant>,
    ) -> Result<Link, TransportError> {
        let alive = self.link.take().and_then(|mut link| {
            let alive = link.is_alive(deadline);
            alive.then_some(link)
        });
        if let Some(link) = alive {
            return Ok(link);
        }
        let by = self.connect_deadline(deadline);
        let mut link = self.log_in(by).map_err(|error| {
            tracing::warn!(%error, address = %self.address, "the drive does not come back");
            TransportError::Gone
        })?;
        match self.lock_again(&mut link, deadline) {
            Ok(()) => Ok(link),
            Err(trouble) => Err(self.failed(trouble, link, timeout)),
        }
    }

    /// Locks the door on a new session as it was locked on the old one.
    fn lock_again(&mut self, link: &mut Link, deadline: Option<Instant>) -> Result<(), Trouble> {
        let Some(cdb) = self.prevents else {
            return Ok(());
        };
        for _ in 0..MOST_ATTENTIONS {
            let reply = link.command(cdb, Data::None, deadline)?;
            let says_something = reply
                .status
                .sense()
                .is_some_and(|sense| sense.deferred || sense.triple().0 == 6);
            if !says_something {
                if reply.status != Status::Good {
                    tracing::warn!(status = %reply.status, "the door is not locked again");
                }
                break;
            }
            self.owed.push_back(reply);
            while self.owed.len() > MOST_ATTENTIONS {
                self.owed.pop_front();
            }
        }
        Ok(())
    }

    /// What the caller is told of a command that has no answer.
    fn failed(&self, trouble: Trouble, mut link: Link, timeout: Duration) -> TransportError {
        match trouble {
            Trouble::TimedOut => {
                link.abort_last();
                TransportError::TimedOut { limit: timeout }
            }
            Trouble::Link(error) => {
                tracing::warn!(%error, address = %self.address, "an iSCSI session is over");
                TransportError::Foreign(Arc::new(error))
            }
        }
    }
}

impl Transport for Initiator {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let Exchange { cdb, data, timeout } = exchange;
        let limit = self.options.max_transfer_bytes;
        if data.len() > limit {
            return Err(TransportError::OverLimit {
                given: data.len(),
                limit,
            });
        }
        let deadline = Instant::now().checked_add(timeout);
        let mut link = self.take_link(timeout, deadline)?;
        // These leave attentions alone.
        let hears = !matches!(cdb.opcode(), 0x03 | 0x12 | 0x46 | 0x4A | 0xBD);
        if hears && let Some(reply) = self.owed.pop_front() {
            self.link = Some(link);
            return Ok(reply);
        }
        match link.command(cdb, data, deadline) {
            Ok(reply) => {
                self.link = Some(link);
                if cdb.opcode() == PREVENT_ALLOW && reply.status == Status::Good {
                    let prevents = cdb.as_slice().get(4).is_some_and(|byte| byte & 1 != 0);
                    self.prevents = prevents.then_some(cdb);
                }
                Ok(reply)
            }
            Err(trouble) => Err(self.failed(trouble, link, timeout)),
        }
    }

    fn limits(&self) -> Limits {
        Limits::with_max_transfer(self.options.max_transfer_bytes)
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::Real
    }

    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn advance(&mut self, _: Duration) {}

    fn identity_hint(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Initiator {
    fn drop(&mut self) {
        if let Some(link) = &mut self.link {
            link.log_out();
        }
    }
}

/// A target that a portal tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredTarget {
    /// Its iSCSI name.
    pub name: String,
    /// Where it is, as `HOST:PORT,GROUP`; not checked. Without any it is at
    /// the portal that was asked.
    pub addresses: Vec<String>,
}

/// Asks a portal which targets there are.
///
/// # Errors
/// A [`ConnectError`].
pub fn discover(
    portal: &Portal,
    options: &InitiatorOptions,
) -> Result<Vec<DiscoveredTarget>, ConnectError> {
    let now = Instant::now();
    let deadline = now.checked_add(options.connect_timeout).unwrap_or(now);
    let session = SessionWish {
        kind: SessionKind::Discovery,
        initiator_name: options.initiator_name.clone(),
        initiator_alias: None,
        target_name: String::new(),
        isid: random_isid(),
    };
    let mut link = Link::open(portal, session, options.wish, 0, deadline)?;
    let mut request = Vec::new();
    push_pair(&mut request, "SendTargets", "All");
    let answer = link
        .ask_text(&request, MOST_TARGETS_TEXT, deadline)
        .map_err(|trouble| ConnectError::Link {
            portal: portal.to_string(),
            source: trouble.into_link_error(),
        })?;
    link.log_out();
    listed_targets(&answer).map_err(|error| ConnectError::Login {
        portal: portal.to_string(),
        source: LoginError::Text(error),
    })
}

/// The answer to SendTargets: a name, then where it is, and so on.
fn listed_targets(text: &[u8]) -> Result<Vec<DiscoveredTarget>, TextError> {
    let mut targets: Vec<DiscoveredTarget> = Vec::new();
    for part in text
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
    {
        let part = core::str::from_utf8(part).map_err(|_| TextError::NotText)?;
        match part.split_once('=').ok_or(TextError::NoPair)? {
            ("TargetName", name) if is_name(name) => {
                if targets.len() == MOST_TARGETS {
                    return Err(TextError::TooManyPairs);
                }
                targets.push(DiscoveredTarget {
                    name: name.into(),
                    addresses: Vec::new(),
                });
            }
            ("TargetName", _) => return Err(TextError::NoPair),
            ("TargetAddress", address) => {
                if let Some(target) = targets.last_mut() {
                    target.addresses.push(address.into());
                }
            }
            _ => {}
        }
    }
    Ok(targets)
}

/// The initiator's part of a session's name, of the random kind (RFC 3720,
/// 10.12.5): two processes do not end one another's sessions.
fn random_isid() -> [u8; 6] {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    let [a, b, c, d, e, ..] = hasher.finish().to_be_bytes();
    [0x80, a, b, c, d, e]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_targets_is_read_in_its_order() {
        let text = b"TargetName=iqn.a:1\0TargetAddress=127.0.0.1:3260,1\0TargetAddress=[::1]:3260,1\0TargetName=iqn.a:2\0";
        let targets = listed_targets(text).unwrap();
        assert_eq!(targets.len(), 2);
        assert_eq!(targets[0].name, "iqn.a:1");
        assert_eq!(targets[0].addresses, ["127.0.0.1:3260,1", "[::1]:3260,1"]);
        assert!(targets[1].addresses.is_empty());
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let told = listed_targets(b"TargetName=\x1b[2J\0");
        assert_eq!(told, Err(TextError::NoPair));
        assert_eq!(listed_targets(b"nonsense"), Err(TextError::NoPair));
    }

    #[test]
    fn sessions_of_two_drives_do_not_end_one_another() {
        assert_ne!(random_isid(), random_isid());
        assert_eq!(random_isid()[0] >> 6, 2);
    }
}
