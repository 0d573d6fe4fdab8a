//! The one write loop: which blocks go out with which command, and what to do when a WRITE is not
//! simply taken. Owns the place in the extent and the count of repeats; sectors never pass through.

use crate::patience;
use pitland_mmc::cdb::{
    Cdb, CdbBytes, ReadTrackInformation, TrackAddressType, Write10, Write12, WriteAndVerify10,
};
use pitland_mmc::reply::TrackInformation;
use pitland_mmc::sense::{Reaction, Sense};
use pitland_mmc::{Lba, MediumFamily};
use pitland_writer::{Extent, Origin, WriteCommand};
use std::time::Duration;

/// Where the bytes of a chunk come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The image, from this block of it on (in blocks of the extent's form).
    Image {
        /// Block of the image.
        block: u64,
    },
    /// Zeros.
    Zeros,
    /// The writer's own bytes of this extent of the plan, from this byte on.
    Bytes {
        /// Extent of the plan.
        extent: usize,
        /// First byte.
        offset: usize,
    },
}

/// Blocks that go out with one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteChunk {
    /// The command, complete.
    pub cdb: CdbBytes,
    /// Its first block on the medium.
    pub lba: Lba,
    /// How many blocks.
    pub blocks: u32,
    /// Bytes of each block.
    pub block_bytes: u32,
    /// Bytes of a block of the image. Where it is longer than what is sent, the block is a whole sector, and
    /// what is sent stands in it behind sync and header: from byte 16 on.
    pub image_block_bytes: u32,
    /// Where the bytes come from.
    pub source: Source,
    /// Whether this is the same chunk again.
    pub again: bool,
}

/// What to do after a WRITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Send the next chunk, or the same again.
    Go,
    /// Let this much time pass, then send the chunk.
    Pause(Duration),
    /// Synchronize the cache, then send the chunk again.
    Synchronize,
    /// Ask for the track's next writable address first.
    AskAddress,
    /// Look how full the drive's buffer is, then go on.
    AskBuffer,
    /// The extent is complete.
    Complete,
    /// It ends here.
    Refused(Sense),
    /// It ends here, without an answer.
    Unanswered,
}

/// A place in an extent.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    pub(crate) extent_index: usize,
    extent: ExtentShape,
    image_base: u64,
    /// Where it is not that of the extent.
    image_block_bytes: Option<u32>,
    done: u64,
    chunk_blocks: u32,
    in_flight: u32,
    full_repeats: u32,
    busy_repeats: u32,
    sync_repeats: u32,
    resyncs: u32,
    /// Repeats of the chunk in flight after which the drive counts as stalled.
    stalled_after: u32,
    /// Nothing may be synchronized before the end.
    is_at_once: bool,
    /// The same blocks again do no harm on this medium.
    overwritable: bool,
    /// The chunk in flight was sent once without an answer.
    sent_before: bool,
    /// Why the address is being asked for, when the drive said so itself.
    refusal: Option<Sense>,
    pub(crate) buffer_full: u64,
    /// A drive is not asked for its buffer before the buffer was full once: one wedges (recipe 4.2).
    buffer_full_seen: bool,
    buffer_asked_at: u64,
    pub(crate) stalled_at: Option<Lba>,
    pub(crate) resynced_at: Option<Lba>,
}

/// The parts of an extent that the loop needs, without its bytes.
#[derive(Debug, Clone, Copy)]
struct ExtentShape {
    first_lba: Lba,
    blocks: u64,
    block_bytes: u32,
    command: WriteCommand,
    unit: u32,
    origin: OriginKind,
    /// Blocks after which the bytes of the writer begin anew; 0 of other origins.
    cycle: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OriginKind {
    Image,
    Zeros,
    Bytes,
}

impl Writing {
    /// Starts an extent. `image_base` is the block of the image that its first block is;
    /// `limit_bytes` is the most that one command may carry. `None` where the engine cannot make the
    /// blocks of this origin.
    pub(crate) fn new(
        index: usize,
        extent: &Extent,
        image_base: u64,
        limit_bytes: u32,
        overwritable: bool,
    ) -> Option<Self> {
        let origin = match extent.origin {
            Origin::Image => OriginKind::Image,
            Origin::Zeros | Origin::Silence => OriginKind::Zeros,
            Origin::Bytes(_) => OriginKind::Bytes,
            _ => return None,
        };
        let block_bytes = extent.form.bytes();
        let unit = extent.unit.max(1);
        // A power of two of units, so that chunks and the slots of a ring divide one another.
        let fitting = (limit_bytes.min(MOST_CHUNK_BYTES) / block_bytes / unit).max(1);
        let units = 1u32 << fitting.ilog2();
        Some(Self {
            extent_index: index,
            extent: ExtentShape {
                first_lba: extent.first_lba,
                blocks: extent.blocks,
                block_bytes,
                command: extent.command,
                unit,
                origin,
                cycle: match &extent.origin {
                    Origin::Bytes(bytes) => bytes.len() as u64 / u64::from(block_bytes.max(1)),
                    _ => 0,
                },
            },
            image_base,
            image_block_bytes: None,
            done: 0,
            chunk_blocks: units * unit,
            in_flight: 0,
            full_repeats: 0,
            busy_repeats: 0,
            sync_repeats: 0,
            resyncs: 0,
            stalled_after: patience::STALLED_AFTER,
            is_at_once: false,
            overwritable,
            sent_before: false,
            refusal: None,
            buffer_full: 0,
            buffer_full_seen: false,
            buffer_asked_at: 0,
            stalled_at: None,
            resynced_at: None,
        })
    }

    /// As part of what a synchronized cache ends, complete or not: a track, session or disc at once. Where the
    /// drive writes a lead-in before it takes the first block, it is not stalled meanwhile.
    pub(crate) fn at_once(mut self, behind_lead_in: bool) -> Self {
        self.is_at_once = true;
        if behind_lead_in {
            self.stalled_after = patience::STALLED_AT_START_AFTER;
        }
        self
    }

    /// As part of an image of whole sectors, of which the extent's form may be a part.
    pub(crate) fn out_of_sectors(mut self, image_block_bytes: Option<u32>) -> Self {
        self.image_block_bytes = image_block_bytes;
        self
    }

    /// Blocks that the drive has taken.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// Whether a chunk was sent that the drive has not taken yet.
    pub(crate) fn is_under_way(&self) -> bool {
        self.in_flight != 0
    }

    /// The first block not yet taken.
    pub(crate) fn lba(&self) -> Lba {
        // The gate has checked that the extent ends inside the range of an Lba.
        let offset = i32::try_from(self.done).unwrap_or(i32::MAX);
        Lba(self.extent.first_lba.0.saturating_add(offset))
    }

    /// The next chunk, or the one in flight again; `None` when all blocks are taken.
    pub(crate) fn chunk(&mut self) -> Option<WriteChunk> {
        let left = self.extent.blocks.saturating_sub(self.done);
        if left == 0 {
            return None;
        }
        let again = self.in_flight != 0;
        // After a partial take, or where an earlier job was cut off, the next chunk ends where it would
        // have ended: chunks never straddle.
        let place = self.image_base + self.done;
        let into_chunk = u32::try_from(place % u64::from(self.chunk_blocks)).unwrap_or(0);
        let whole = self.chunk_blocks - into_chunk;
        // Bytes of the writer that begin anew do so with a chunk.
        let into_cycle = self.done.checked_rem(self.extent.cycle).unwrap_or(0);
        let left = match self.extent.cycle {
            0 => left,
            cycle => left.min(cycle - into_cycle),
        };
        let blocks = u32::try_from(left).unwrap_or(u32::MAX).min(whole);
        self.in_flight = blocks;
        let lba = self.lba();
        Some(WriteChunk {
            cdb: self.cdb(lba, blocks),
            lba,
            blocks,
            block_bytes: self.extent.block_bytes,
            image_block_bytes: self.image_block_bytes.unwrap_or(self.extent.block_bytes),
            source: match self.extent.origin {
                OriginKind::Image => Source::Image {
                    block: self.image_base + self.done,
                },
                OriginKind::Zeros => Source::Zeros,
                OriginKind::Bytes => Source::Bytes {
                    extent: self.extent_index,
                    offset: usize::try_from(into_cycle * u64::from(self.extent.block_bytes))
                        .unwrap_or(usize::MAX),
                },
            },
            again,
        })
    }

    fn cdb(&self, lba: Lba, blocks: u32) -> CdbBytes {
        let short = u16::try_from(blocks).unwrap_or(u16::MAX);
        match self.extent.command {
            WriteCommand::Write12Streaming => Write12 {
                lba,
                blocks,
                fua: false,
                streaming: true,
            }
            .emit(),
            WriteCommand::WriteAndVerify10 => WriteAndVerify10 { lba, blocks: short }.emit(),
            _ => Write10 {
                lba,
                blocks: short,
                fua: false,
            }
            .emit(),
        }
    }

    /// The chunk in flight was taken.
    pub(crate) fn taken(&mut self) -> Turn {
        self.done += u64::from(self.in_flight);
        self.in_flight = 0;
        self.full_repeats = 0;
        self.busy_repeats = 0;
        self.sync_repeats = 0;
        self.resyncs = 0;
        self.refusal = None;
        self.sent_before = false;
        self.stalled_after = patience::STALLED_AFTER;
        if self.done >= self.extent.blocks {
            Turn::Complete
        } else if self.buffer_full_seen && self.done - self.buffer_asked_at >= BUFFER_QUERY_BLOCKS {
            self.buffer_asked_at = self.done;
            Turn::AskBuffer
        } else {
            Turn::Go
        }
    }

    /// The chunk in flight was answered with a sense (recipe 4.2 and 9).
    pub(crate) fn refused(&mut self, sense: Sense) -> Turn {
        if sense.deferred {
            // An earlier WRITE failed: repeating this one would leave a hole.
            return Turn::Refused(sense);
        }
        match sense.reaction() {
            Reaction::Continue | Reaction::ContinueAndWarn => self.taken(),
            Reaction::BufferFull => {
                let pause = patience::buffer_full(self.full_repeats);
                self.full_repeats += 1;
                self.buffer_full += 1;
                self.buffer_full_seen = true;
                if self.full_repeats == self.stalled_after {
                    self.stalled_at = Some(self.lba());
                }
                if self.full_repeats > patience::STUCK_AFTER {
                    Turn::Refused(sense)
                } else {
                    Turn::Pause(pause)
                }
            }
            Reaction::PollBriefly | Reaction::PollUntilReady | Reaction::PollOperation => {
                self.busy_repeats += 1;
                if self.busy_repeats > patience::BUSY_TRIES {
                    Turn::Refused(sense)
                } else {
                    Turn::Pause(patience::BUSY)
                }
            }
            // Somebody else used the drive: recipe 4.2 has the cache synchronized, and the same again.
            Reaction::PollFormat | Reaction::SequenceError
                if self.sync_repeats < patience::SYNC_TRIES =>
            {
                self.sync_repeats += 1;
                match self.is_at_once {
                    true => Turn::Pause(patience::BUSY),
                    false => Turn::Synchronize,
                }
            }
            Reaction::ResyncNwa if self.resyncs < patience::RESYNC_TRIES => {
                self.resyncs += 1;
                self.refusal = Some(sense);
                Turn::AskAddress
            }
            _ => Turn::Refused(sense),
        }
    }

    /// The chunk in flight got no answer. On media with a next writable address that address tells
    /// what became of it; never repeated blindly.
    pub(crate) fn unanswered(&mut self) -> Turn {
        self.sent_before = true;
        self.refusal = None;
        if self.resyncs < patience::RESYNC_TRIES {
            self.resyncs += 1;
            Turn::AskAddress
        } else {
            Turn::Unanswered
        }
    }

    /// The question for the next writable address of the track being written.
    pub(crate) fn address_query(&self) -> CdbBytes {
        ReadTrackInformation {
            open: false,
            address_type: TrackAddressType::Lba,
            // A pregap in front of the disc's first block belongs to the track that starts there.
            address: u32::try_from(self.extent.first_lba.0).unwrap_or(0),
            allocation_length: ADDRESS_REPLY,
        }
        .emit()
    }

    /// What the track's answer means for the chunk in flight.
    pub(crate) fn resync(&mut self, answer: &[u8]) -> Turn {
        let Ok(track) = TrackInformation::parse(answer) else {
            return self.at_a_loss();
        };
        let start = i64::from(self.lba().0);
        let end = start + i64::from(self.in_flight);
        let Some(nwa) = track.nwa else {
            // No such address: a medium that can be overwritten, where the same again is harmless, or
            // a track that is closed, which refuses it.
            let again = self.refusal.is_none() && self.overwritable && !track.damage;
            return if again { Turn::Go } else { self.at_a_loss() };
        };
        let taken = i64::from(nwa.0) - start;
        let whole_units = taken % i64::from(self.extent.unit) == 0;
        if taken == 0 && self.refusal.is_none() {
            self.resynced_at = Some(nwa);
            Turn::Go
        } else if taken > 0 && self.sent_before && i64::from(nwa.0) <= end && whole_units {
            // Only blocks that were sent before can have been taken: others are somebody else's.
            self.resynced_at = Some(nwa);
            self.in_flight = u32::try_from(taken).unwrap_or(0);
            self.taken()
        } else {
            self.at_a_loss()
        }
    }

    /// The address does not explain what happened: the job ends, blaming what the drive said, if it
    /// said something.
    pub(crate) fn at_a_loss(&self) -> Turn {
        self.refusal.map_or(Turn::Unanswered, Turn::Refused)
    }
}

/// Bytes asked of READ TRACK INFORMATION to learn an address.
pub(crate) const ADDRESS_REPLY: u16 = 36;
/// Blocks between two looks at the drive's buffer.
const BUFFER_QUERY_BLOCKS: u64 = 1024;
/// The most bytes of one WRITE: above this, transfers fail on several hosts (recipe 8).
pub(crate) const MOST_CHUNK_BYTES: u32 = 64 * 1024;

/// The most bytes of one WRITE to a medium of this family: half of it on CD (recipe 5).
pub(crate) const fn most_chunk_bytes(family: MediumFamily) -> u32 {
    match family {
        MediumFamily::Cd => MOST_CHUNK_BYTES / 2,
        _ => MOST_CHUNK_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writing(blocks: u64, unit: u32) -> Writing {
        Writing::new(0, &Extent::image(Lba(0), blocks, unit), 0, 64 * 1024, false).unwrap()
    }

    fn track_with_nwa(start: u32, nwa: u32) -> Vec<u8> {
        let mut reply = vec![0u8; 36];
        reply[1] = 34;
        reply[2] = 1;
        reply[3] = 1;
        reply[6] = 0x01;
        reply[7] = 0x01;
        reply[8..12].copy_from_slice(&start.to_be_bytes());
        reply[12..16].copy_from_slice(&nwa.to_be_bytes());
        reply
    }

    #[test]
    fn bytes_of_the_writer_begin_anew_with_a_chunk() {
        let mut extent = Extent::image(Lba(-1_000), 700, 1);
        extent.form = pitland_writer::BlockForm::CdText96;
        extent.origin = Origin::Bytes(vec![0; 300 * 96]);
        let mut w = Writing::new(0, &extent, 0, 32 * 1024, false).unwrap();
        let mut next = 0;
        while let Some(chunk) = w.chunk() {
            assert_eq!(chunk.lba.0, -1_000 + next);
            let Source::Bytes { offset, .. } = chunk.source else {
                panic!("{chunk:?}");
            };
            assert_eq!(offset, next as usize % 300 * 96);
            assert!(offset + chunk.blocks as usize * 96 <= 300 * 96);
            next += chunk.blocks as i32;
            w.taken();
        }
        assert_eq!(next, 700);
    }

    #[test]
    fn blocks_go_out_in_order_without_gap_or_overlap() {
        let mut w = writing(80, 16);
        let mut next = 0;
        while let Some(chunk) = w.chunk() {
            assert_eq!(chunk.lba.0, next);
            assert!(chunk.blocks * 2048 <= 64 * 1024);
            next += chunk.blocks as i32;
            w.taken();
        }
        assert_eq!(next, 80);
    }

    #[test]
    fn a_full_buffer_repeats_the_same_command_after_a_growing_pause() {
        let mut w = writing(64, 32);
        let first = w.chunk().unwrap();
        let Turn::Pause(short) = w.refused(Sense::new(2, 4, 8)) else {
            panic!()
        };
        let again = w.chunk().unwrap();
        assert_eq!((again.cdb, again.again), (first.cdb, true));
        let Turn::Pause(longer) = w.refused(Sense::new(2, 4, 8)) else {
            panic!()
        };
        assert!(longer > short);
    }

    #[test]
    fn a_deferred_error_is_never_answered_with_the_same_write() {
        let mut w = writing(64, 32);
        w.chunk();
        let sense = Sense::new(2, 4, 8).as_deferred();
        assert_eq!(w.refused(sense), Turn::Refused(sense));
    }

    #[test]
    fn a_write_without_answer_is_repeated_only_if_the_drive_did_not_take_it() {
        for (nwa, expected_done, turn) in [(32, 32, Turn::Go), (64, 64, Turn::Complete)] {
            let mut w = writing(64, 32);
            w.chunk();
            w.taken();
            w.chunk();
            assert_eq!(w.unanswered(), Turn::AskAddress);
            assert_eq!(w.resync(&track_with_nwa(0, nwa)), turn);
            assert_eq!(w.done(), expected_done);
        }
    }

    #[test]
    fn a_half_taken_chunk_goes_on_in_its_middle_and_ends_where_it_would_have() {
        let mut w = writing(96, 16);
        w.chunk();
        w.unanswered();
        assert_eq!(w.resync(&track_with_nwa(0, 16)), Turn::Go);
        let rest = w.chunk().unwrap();
        assert_eq!((rest.lba.0, rest.blocks), (16, 16));
        w.taken();
        assert_eq!(w.chunk().unwrap().blocks, 32);
    }

    #[test]
    fn the_rest_of_a_burn_goes_out_in_the_chunks_that_it_would_have_had() {
        let extent = Extent::image(Lba(48), 80, 16);
        let mut w = Writing::new(0, &extent, 48, 64 * 1024, false).unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = w.chunk() {
            let Source::Image { block } = chunk.source else {
                panic!()
            };
            chunks.push((chunk.lba.0, block, chunk.blocks));
            w.taken();
        }
        assert_eq!(chunks, [(48, 48, 16), (64, 64, 32), (96, 96, 32)]);
    }

    #[test]
    fn an_address_outside_of_the_chunk_ends_the_job() {
        let mut w = writing(96, 16);
        w.chunk();
        w.unanswered();
        assert_eq!(w.resync(&track_with_nwa(0, 64)), Turn::Unanswered);
    }

    #[test]
    fn a_refused_address_that_the_track_does_not_explain_is_blamed_on_the_drive() {
        let mut w = writing(96, 16);
        w.chunk();
        w.taken();
        w.chunk();
        let sense = Sense::new(5, 0x21, 2);
        assert_eq!(w.refused(sense), Turn::AskAddress);
        assert_eq!(w.resync(&track_with_nwa(0, 16)), Turn::Refused(sense));
    }

    #[test]
    fn the_buffer_is_not_looked_at_before_it_was_full_once() {
        let mut w = writing(1024 * 64, 32);
        for _ in 0..64 {
            w.chunk();
            assert_eq!(w.taken(), Turn::Go);
        }
        w.chunk();
        w.refused(Sense::new(2, 4, 8));
        w.chunk();
        assert_eq!(w.taken(), Turn::AskBuffer);
    }
}
