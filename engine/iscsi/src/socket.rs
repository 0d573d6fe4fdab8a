//! A TCP connection whose reads and writes end in time.
//!
//! Owns the deadline, and that a vanished peer raises no signal. Must not know
//! what is said.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};
use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One side of a connection. Clones are the same connection, each with a
/// deadline of its own.
#[derive(Debug, Clone)]
pub(crate) struct Socket {
    stream: Arc<TcpStream>,
    deadline: Option<Instant>,
}

impl Socket {
    /// Takes a connected stream: small messages go out at once, and the system
    /// looks after a peer that is silent for hours.
    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
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

    /// Waits until the stream is ready for `what`, or the deadline.
    fn wait(&self, what: PollFlags) -> Result<()> {
        loop {
            let left = match self.deadline {
                None => None,
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    None | Some(Duration::ZERO) => return Err(ErrorKind::TimedOut.into()),
                    Some(left) => Some(Timespec {
                        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                        tv_nsec: left.subsec_nanos().into(),
                    }),
                },
            };
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
    fn the_end_is_seen_before_anything_is_sent() {
        let (near, far) = pair();
        assert!(!near.is_readable());
        drop(far);
        near.wait(PollFlags::IN).unwrap();
        assert!(near.is_readable());
    }
}
