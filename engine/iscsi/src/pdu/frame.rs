//! Where one PDU ends and the next begins: lengths, padding, digests.
//!
//! Owns framing over any byte stream. Must not know what a PDU means, and
//! holds no data: they go straight between the stream and the caller's memory.

use super::{BadAdditionalHeader, BasicHeaderSegment, padding};
use std::io::{ErrorKind, IoSlice, Read, Write};

/// Bytes of a digest: CRC-32C, least significant byte first.
const DIGEST: usize = 4;
/// Longest list of additional headers: 255 words.
const MOST_AHS: usize = 1020;
/// Bytes that are skipped at a time.
const SKIP: usize = 4096;

/// Why a PDU could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream failed or its time is over.
    #[error("the connection failed: {0}")]
    Io(#[source] std::io::Error),
    /// The peer closed the connection in the middle of a PDU.
    #[error("the peer closed the connection in the middle of a message")]
    Cut,
    /// The header arrived damaged; what follows it cannot be found.
    #[error("a header arrived damaged: its digest is wrong")]
    HeaderDigest,
    /// The data arrived damaged.
    #[error("data arrived damaged: their digest is wrong")]
    DataDigest,
    /// The peer announces more data than it was told that we take.
    #[error(
        "the peer announces {announced} bytes of data where it was told to send at most {limit}"
    )]
    TooLong {
        /// Bytes announced.
        announced: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Additional headers contradict themselves.
    #[error(transparent)]
    AdditionalHeader(#[from] BadAdditionalHeader),
}

impl From<std::io::Error> for FrameError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof {
            Self::Cut
        } else {
            Self::Io(error)
        }
    }
}

/// A PDU whose header is here and whose data are still on the way.
#[derive(Debug, Clone, Copy)]
#[must_use = "its data come next in the stream: read or skip them"]
pub struct Incoming {
    /// The header.
    pub header: BasicHeaderSegment,
    /// Bytes of data to be read.
    pub data_bytes: usize,
}

/// Takes PDUs from a stream.
#[derive(Debug)]
pub struct PduReader<R> {
    stream: R,
    /// Whether headers carry a digest.
    pub header_digest: bool,
    /// Whether data carry a digest.
    pub data_digest: bool,
    /// Most bytes of data that a PDU may announce.
    pub most_data: usize,
    ahs: [u8; MOST_AHS],
}

impl<R: Read> PduReader<R> {
    /// A reader without digests that takes PDUs of at most `most_data` bytes
    /// of data.
    pub fn new(stream: R, most_data: usize) -> Self {
        Self {
            stream,
            header_digest: false,
            data_digest: false,
            most_data,
            ahs: [0; MOST_AHS],
        }
    }

    /// The stream.
    pub fn stream(&mut self) -> &mut R {
        &mut self.stream
    }

    /// Waits for the next header. `None`: the peer closed the connection
    /// between two PDUs.
    ///
    /// # Errors
    /// A [`FrameError`]; the stream is of no use afterwards.
    pub fn header(&mut self) -> Result<Option<Incoming>, FrameError> {
        let mut header = BasicHeaderSegment::default();
        let (first, rest) = header.0.split_at_mut(1);
        loop {
            match self.stream.read(first) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.stream.read_exact(rest)?;
        let ahs = self.ahs.get_mut(..header.ahs_bytes()).unwrap_or_default();
        self.stream.read_exact(ahs)?;
        if self.header_digest {
            let mut digest = [0; DIGEST];
            self.stream.read_exact(&mut digest)?;
            let sum = crc32c::crc32c_append(crc32c::crc32c(&header.0), ahs);
            if digest != sum.to_le_bytes() {
                return Err(FrameError::HeaderDigest);
            }
        }
        let data_bytes = header.data_bytes();
        if data_bytes > self.most_data {
            return Err(FrameError::TooLong {
                announced: data_bytes,
                limit: self.most_data,
            });
        }
        Ok(Some(Incoming { header, data_bytes }))
    }

    /// The additional headers of the header read last, of `incoming`.
    pub fn additional_headers(&self, incoming: &Incoming) -> &[u8] {
        self.ahs
            .get(..incoming.header.ahs_bytes())
            .unwrap_or_default()
    }

    /// Reads all the data of `incoming` into the beginning of `room`; what
    /// finds no room is skipped. Gives how many bytes are in `room`.
    ///
    /// # Errors
    /// A [`FrameError`]. After [`FrameError::DataDigest`] the stream is in
    /// order, and `room` holds what arrived.
    pub fn data(&mut self, incoming: Incoming, room: &mut [u8]) -> Result<usize, FrameError> {
        let kept = incoming.data_bytes.min(room.len());
        let kept_room = room.get_mut(..kept).unwrap_or_default();
        self.stream.read_exact(kept_room)?;
        let mut sum = 0;
        if self.data_digest {
            sum = crc32c::crc32c(kept_room);
        }
        // Padding is under the digest, too.
        let mut left = incoming.data_bytes - kept + padding(incoming.data_bytes);
        let mut skipped = [0; SKIP];
        while left > 0 {
            let part = skipped.get_mut(..left.min(SKIP)).unwrap_or_default();
            self.stream.read_exact(part)?;
            if self.data_digest {
                sum = crc32c::crc32c_append(sum, part);
            }
            left -= part.len();
        }
        if self.data_digest && incoming.data_bytes > 0 {
            let mut digest = [0; DIGEST];
            self.stream.read_exact(&mut digest)?;
            if digest != sum.to_le_bytes() {
                return Err(FrameError::DataDigest);
            }
        }
        Ok(kept)
    }

    /// Reads the data of `incoming` and forgets them.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub fn skip(&mut self, incoming: Incoming) -> Result<(), FrameError> {
        self.data(incoming, &mut []).map(|_| ())
    }
}

/// Puts PDUs into a stream. Allocates nothing.
#[derive(Debug)]
pub struct PduWriter<W> {
    stream: W,
    /// Whether headers carry a digest.
    pub header_digest: bool,
    /// Whether data carry a digest.
    pub data_digest: bool,
}

impl<W: Write> PduWriter<W> {
    /// A writer without digests.
    pub fn new(stream: W) -> Self {
        Self {
            stream,
            header_digest: false,
            data_digest: false,
        }
    }

    /// The stream.
    pub fn stream(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Sends one PDU in one piece; the data are sent from where they lie.
    ///
    /// # Errors
    /// [`FrameError::Io`]; how much went out is then unknown, and the stream
    /// of no use.
    pub fn write(&mut self, header: BasicHeaderSegment, data: &[u8]) -> Result<(), FrameError> {
        let mut header = header;
        header.set_data_bytes(data.len());
        let zeros = [0; 3];
        let filling = zeros.get(..padding(data.len())).unwrap_or_default();
        let (header_sum, data_sum): ([u8; DIGEST], [u8; DIGEST]);
        let mut header_digest: &[u8] = &[];
        let mut data_digest: &[u8] = &[];
        if self.header_digest {
            header_sum = crc32c::crc32c(&header.0).to_le_bytes();
            header_digest = &header_sum;
        }
        if self.data_digest && !data.is_empty() {
            data_sum = crc32c::crc32c_append(crc32c::crc32c(data), filling).to_le_bytes();
            data_digest = &data_sum;
        }
        let mut parts = [
            IoSlice::new(&header.0),
            IoSlice::new(header_digest),
            IoSlice::new(data),
            IoSlice::new(filling),
            IoSlice::new(data_digest),
        ];
        let mut parts: &mut [IoSlice<'_>] = &mut parts;
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            match self.stream.write_vectored(parts) {
                Ok(0) => return Err(FrameError::Io(ErrorKind::WriteZero.into())),
                Ok(written) => IoSlice::advance_slices(&mut parts, written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(FrameError::Io(error)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::{NopOut, ScsiCommand};
    use proptest::prelude::*;

    fn written(header_digest: bool, data_digest: bool, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = PduWriter::new(&mut bytes);
        writer.header_digest = header_digest;
        writer.data_digest = data_digest;
        writer.write(NopOut::default().emit(), data).unwrap();
        bytes
    }

    fn reader(bytes: &[u8], header_digest: bool, data_digest: bool) -> PduReader<&[u8]> {
        let mut reader = PduReader::new(bytes, 65536);
        reader.header_digest = header_digest;
        reader.data_digest = data_digest;
        reader
    }

    /// The known sum of 32 zeros, and what is on the wire.
    #[test]
    fn a_digest_has_its_least_significant_byte_first() {
        assert_eq!(
            crc32c::crc32c(&[0; 32]).to_le_bytes(),
            [0xAA, 0x36, 0x91, 0x8A]
        );
        let bytes = written(false, true, &[0; 32]);
        assert_eq!(bytes[48 + 32..], [0xAA, 0x36, 0x91, 0x8A]);
    }

    #[test]
    fn a_damaged_header_is_told_and_damaged_data_leave_the_stream_in_order() {
        let mut bytes = written(true, true, b"12345");
        bytes.extend(written(true, true, b""));
        let mut bad = bytes.clone();
        bad[20] ^= 1;
        let header = reader(&bad, true, true).header();
        assert!(
            matches!(header, Err(FrameError::HeaderDigest)),
            "{header:?}"
        );
        let mut bad = bytes.clone();
        bad[48 + 4 + 7] ^= 1; // in the padding
        let mut read = reader(&bad, true, true);
        let incoming = read.header().unwrap().unwrap();
        let mut room = [0; 5];
        assert!(matches!(
            read.data(incoming, &mut room),
            Err(FrameError::DataDigest)
        ));
        assert!(read.header().unwrap().is_some());
        assert!(read.header().unwrap().is_none());
    }

    #[test]
    fn more_data_than_allowed_are_refused_before_they_are_read() {
        let mut header = NopOut::default().emit();
        header.set_data_bytes(0x00FF_FFFF);
        let told = reader(&header.0, false, false).header();
        assert!(
            matches!(
                told,
                Err(FrameError::TooLong {
                    announced: 0x00FF_FFFF,
                    limit: 65536
                })
            ),
            "{told:?}"
        );
    }

    #[test]
    fn additional_headers_are_kept_until_the_next_pdu() {
        let mut header = ScsiCommand::default().emit();
        header.set_ahs_bytes(8);
        let mut bytes = header.0.to_vec();
        bytes.extend([0, 5, 2, 0, 1, 2, 3, 4]);
        let mut read = reader(&bytes, false, false);
        let incoming = read.header().unwrap().unwrap();
        assert_eq!(read.additional_headers(&incoming), [0, 5, 2, 0, 1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            header_digest: bool, data_digest: bool, data in prop::collection::vec(any::<u8>(), 0..200),
            room in 0usize..220,
        ) {
            let mut bytes = written(header_digest, data_digest, &data);
            bytes.extend(written(header_digest, data_digest, b"after"));
            let mut read = reader(&bytes, header_digest, data_digest);
            let incoming = read.header().unwrap().unwrap();
            let mut room = vec![0; room];
            let kept = read.data(incoming, &mut room).unwrap();
            prop_assert_eq!(&room[..kept], &data[..kept]);
            prop_assert_eq!(kept, data.len().min(room.len()));
            let after = read.header().unwrap().unwrap();
            prop_assert_eq!(after.data_bytes, 5);
            read.skip(after).unwrap();
            prop_assert!(read.header().unwrap().is_none());
        }

        #[test]
        fn a_stream_that_is_cut_ends_or_says_so(
            header_digest: bool, data_digest: bool, at in 0usize..66,
        ) {
            let bytes = written(header_digest, data_digest, b"0123456789");
            let cut = &bytes[..at.min(bytes.len() - 1)];
            let mut read = reader(cut, header_digest, data_digest);
            match read.header() {
                Ok(None) => prop_assert!(cut.is_empty()),
                Ok(Some(incoming)) => {
                    prop_assert!(matches!(read.skip(incoming), Err(FrameError::Cut)));
                }
                Err(error) => prop_assert!(matches!(error, FrameError::Cut), "{error}"),
            }
        }

        #[test]
        fn any_stream_comes_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..600), digests: bool) {
            let mut read = reader(&bytes, digests, digests);
            while let Ok(Some(incoming)) = read.header() {
                if read.skip(incoming).is_err() {
                    break;
                }
            }
        }
    }
}
