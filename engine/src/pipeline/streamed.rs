//! A file of a tree whose bytes come from an async stream. Owns the order in which it is read, and that it has the length
//! that was said; must not know who stores them.

use crate::pipeline::wait::wait_for;
use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt};
use pitland_mastering::tree::LengthFault;
use pitland_mastering::{FileBytes, Origin};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// A file of exactly `length` bytes from an async stream, for [`TreeBuilder::add_file`](pitland_mastering::TreeBuilder) and
/// [`Image::built`](crate::Image::built). It is read once, by a thread that waits for it; if it is made inside of a tokio
/// runtime, that one's clock and sockets serve it. Where it ends early or goes on, the burn ends with
/// [`EmitError::WrongLength`](pitland_mastering::EmitError::WrongLength), before the medium is touched where it is
/// stashed. A stream of no bytes is not read at all. The streams of a tree are read in an order of the engine's, several at
/// a time: none may wait for another.
#[must_use]
pub fn streamed_file(
    length: u64,
    stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Origin {
    Origin::Given(Arc::new(StreamedFile {
        length,
        runtime: Handle::try_current().ok(),
        state: Mutex::new(State {
            stream: stream.boxed(),
            piece: Bytes::new(),
            next: Some(0),
        }),
    }))
}

struct StreamedFile {
    length: u64,
    runtime: Option<Handle>,
    state: Mutex<State>,
}

struct State {
    stream: BoxStream<'static, io::Result<Bytes>>,
    /// What has come and was not asked for yet.
    piece: Bytes,
    /// The byte that can be read next; none after a failure.
    next: Option<u64>,
}

impl fmt::Debug for StreamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a stream of {} bytes", self.length)
    }
}

impl State {
    /// Makes `piece` hold something, unless the stream has ended.
    fn fetch(&mut self) -> io::Result<()> {
        while self.piece.is_empty() {
            match wait_for(self.stream.next(), || false)
                .flatten()
                .transpose()?
            {
                Some(piece) => self.piece = piece,
                None => break,
            }
        }
        Ok(())
    }
}

impl FileBytes for StreamedFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let _entered = self.runtime.as_ref().map(Handle::enter);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A piece that fails leaves the stream somewhere else: nothing can be read any more.
        if state.next.take() != Some(offset) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a stream can be read but once, from its beginning; let it be stashed",
            ));
        }
        let stated = self.length;
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            state.fetch()?;
            let count = rest.len().min(state.piece.len());
            if count == 0 {
                let found = offset + filled as u64;
                return Err(LengthFault::Short { stated, found }.into());
            }
            let taken = state.piece.split_to(count);
            if let Some(place) = rest.get_mut(..count) {
                place.copy_from_slice(&taken);
            }
            filled += count;
        }
        let end = offset + filled as u64;
        if end >= stated {
            state.fetch()?;
            if !state.piece.is_empty() {
                return Err(LengthFault::Long { stated }.into());
            }
        }
        state.next = Some(end);
        Ok(())
    }

    fn repeatable(&self) -> bool {
        false
    }
}
