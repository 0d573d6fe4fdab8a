//! A TCP connection whose reads and writes end in time.
//!
//! Owns the deadline, and that a vanished peer raises no signal. Must not know
//! what is said.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, sockopt};
use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a peer may be silent before the system asks whether it is there.
const SILENCE: Duration = Duration::from_secs(60);
/// How long after each question the next one comes.
const ASKED_AGAIN: Duration = Duration::from_secs(10);
/// Questions without an answer after which the peer is dead.
const ASKED: u32 = 6;
/// How long what was sent may go unacknowledged, in milliseconds.
const UNACKNOWLEDGED: u32 = 120_000;

/// One side of a connection. Clones are the same connection, each with a
/// deadline of its own.
#[derive(Debug, Clone)]
pub(crate) struct Socket {
    stream: Arc<TcpStream>,
    deadline: Option<Instant>,
}

impl Socket {
    /// Takes a connected stream: small messages go out at once, and the system
    /// notices within minutes that a peer is dead.
    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(&stream, true)?;
        sockopt::set_tcp_keepidle(&stream, SILENCE)?;
        sockopt::set_tcp_keepintvl(&stream, ASKED_AGAIN)?;
        sockopt::set_tcp_keepcnt(&stream, ASKED)?;
        sockopt::set_tcp_user_timeout(&stream, UNACKNOWLEDGED)?;
        Ok(Self {
            stream: Arc::new(stream),
            deadline: None,
        })
    }

    /// When reads and writes are given up; never without.
    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    /// Ends both directions: a thread that waits in a read wakes up.
    pub(crate) fn close(&self) {
        // Fails where the peer was faster.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Says that nothing more will be sent.
    pub(crate) fn close_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Whether something is there to be read now: bytes, or the end.
    pub(crate) fn is_readable(&self) -> bool {
        let mut fds = [PollFd::new(&*self.stream, PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        matches!(poll(&mut fds, Some(&now)), Ok(ready) if ready > 0)
    }

    /// Waits until something is there to be read, or the deadline.
    pub(crate) fn wait_readable(&self) -> Result<()> {
        self.wait(PollFlags::IN)
    }

    /// Time until the deadline; an error where that is over.
    fn left(&self) -> Result<Option<Duration>> {
        let Some(deadline) = self.deadline else {
            return Ok(None);
        };
        match deadline.checked_duration_since(Instant::now()) {
            None | Some(Duration::ZERO) => Err(ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }

    /// Waits until the stream is ready for `what`, or the deadline.
    fn wait(&self, what: PollFlags) -> Result<()> {
        loop {
            let left = self.left()?.map(|left| Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            });
            let mut fds = [PollFd::new(&*self.stream, what)];
            match poll(&mut fds, left.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        loop {
            // A peer that always has bytes ready does not put the end off.
            self.left()?;
            // What is there already costs one call.
            match rustix::net::recv(&*self.stream, &mut *room, RecvFlags::DONTWAIT) {
                Ok((_, taken)) => return Ok(taken),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => self.wait(PollFlags::IN)?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> Result<usize> {
        loop {
            self.left()?;
            let sent = rustix::net::sendmsg(
                &*self.stream,
                parts,
                &mut SendAncillaryBuffer::default(),
                SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
            );
            match sent {
                Ok(sent) => return Ok(sent),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => self.wait(PollFlags::OUT)?,
                Err(error) => return Err(Error::from(error)),
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        (Socket::new(near).unwrap(), far)
    }

    #[test]
    fn a_silent_peer_costs_no_more_than_the_deadline() {
        let (mut near, _far) = pair();
        near.set_deadline(Some(Instant::now()));
        let told = near.read(&mut [0; 8]).unwrap_err();
        assert_eq!(told.kind(), ErrorKind::TimedOut);
        assert!(!near.is_readable());
    }

    #[test]
    fn a_peer_that_takes_nothing_costs_no_more_than_the_deadline() {
        let (mut near, _far) = pair();
        near.set_deadline(Some(Instant::now()));
        let lot = vec![0; 1 << 20];
        let told = (0..64).find_map(|_| near.write(&lot).err()).unwrap();
        assert_eq!(told.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_peer_that_always_has_bytes_ready_costs_no_more_than_the_deadline() {
        let (mut near, mut far) = pair();
        far.write_all(&[7; 64]).unwrap();
        near.wait_readable().unwrap();
        near.set_deadline(Some(Instant::now()));
        let told = near.read(&mut [0; 8]).unwrap_err();
        assert_eq!(told.kind(), ErrorKind::TimedOut);
        let told = near.write(&[0; 8]).unwrap_err();
        assert_eq!(told.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn the_system_looks_after_a_peer_that_is_dead() {
        let (near, _far) = pair();
        let tcp = near.tcp();
        assert!(sockopt::socket_keepalive(tcp).unwrap());
        assert_eq!(sockopt::tcp_keepidle(tcp).unwrap(), SILENCE);
        assert_eq!(sockopt::tcp_keepintvl(tcp).unwrap(), ASKED_AGAIN);
        assert_eq!(sockopt::tcp_keepcnt(tcp).unwrap(), ASKED);
        assert_eq!(sockopt::tcp_user_timeout(tcp).unwrap(), UNACKNOWLEDGED);
    }

    #[test]
    fn the_end_is_seen_before_anything_is_sent() {
        let (near, far) = pair();
        assert!(!near.is_readable());
        drop(far);
        near.wait(PollFlags::IN).unwrap();
        assert!(near.is_readable());
    }
}
