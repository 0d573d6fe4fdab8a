//! Reading such bytes in order: by `Read` and `Seek`, and as the source of a job.
//!
//! Owns the place that is read next. Must not know what the bytes are.

use crate::pipeline::ImageSource;
use async_trait::async_trait;
use bytes::Bytes;
use pitland_mastering::FileBytes;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Bytes of a piece for a job.
const PIECE: u64 = 1 << 18;

/// A place in bytes that can be read from anywhere. Behind the end nothing comes, as in a file.
#[derive(Debug, Clone)]
pub struct Reader {
    bytes: Arc<dyn FileBytes>,
    at: u64,
}

impl Reader {
    /// At the first byte.
    pub fn new(bytes: Arc<dyn FileBytes>) -> Self {
        Self { bytes, at: 0 }
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.length().saturating_sub(self.at);
        let count = super::at_most(left, out.len());
        let now = out.get_mut(..count).unwrap_or_default();
        if !now.is_empty() {
            self.bytes.read_at(self.at, now)?;
            self.at += count as u64;
        }
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.bytes.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The source of a job that gives these bytes from the first to the last, once.
pub fn source(bytes: Arc<dyn FileBytes>) -> impl ImageSource {
    InOrder { bytes, at: 0 }
}

struct InOrder {
    bytes: Arc<dyn FileBytes>,
    at: u64,
}

#[async_trait]
impl ImageSource for InOrder {
    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn name(&self) -> String {
        format!("{:?}", self.bytes)
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let left = self.bytes.length().saturating_sub(self.at);
        if left == 0 {
            return Ok(None);
        }
        let (bytes, at) = (Arc::clone(&self.bytes), self.at);
        // Bytes of the caller's own may lie anywhere, and take their time.
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; left.min(PIECE) as usize];
            bytes.read_at(at, &mut piece).map(|()| Bytes::from(piece))
        });
        let piece = read.await.map_err(io::Error::other)??;
        self.at += piece.len() as u64;
        Ok(Some(piece))
    }
}
