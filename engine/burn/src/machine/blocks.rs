//! The commit and the write loop's turns: when the medium is changed for the first time, and what follows from
//! each WRITE.

use super::*;

impl Machine {
    /// The one door from "can be walked back" to "the medium is changed".
    pub(super) fn commit(&mut self, then: AfterCommit) -> Action {
        if self.cancel_requested {
            return self.consult(Event::Done);
        }
        self.state = State::Committing { then };
        Action::Commit
    }

    pub(super) fn commit_answered(&mut self, then: AfterCommit, input: Input<'_>) -> Action {
        match input {
            Input::Proceed if !self.cancel_requested => {
                if let Err(slow) = self.source_keeps_up() {
                    self.fail(slow);
                    return self.end();
                }
                self.progress.committed = true;
                match then {
                    AfterCommit::Send(planned) => self.send_planned(planned, Tries::default()),
                    AfterCommit::Write(index) => self.begin_extent(index),
                }
            }
            Input::SourceFailed => {
                self.fail(Fault::Source);
                self.end()
            }
            _ => {
                self.cancel_requested = true;
                self.consult(Event::Done)
            }
        }
    }

    pub(super) fn blocks_written(&self) -> u64 {
        self.taken.iter().sum()
    }

    /// Blocks that an earlier job has left on the medium.
    pub(super) fn blocks_resumed(&self) -> u64 {
        self.job.resumed.map_or(0, |run| run.blocks)
    }

    /// The block of the image that the first one of an extent is.
    fn image_base(&self, index: usize) -> u64 {
        self.blocks_resumed() + self.job.plan.image_blocks_before(index)
    }

    pub(super) fn start_extent(&mut self, index: usize) -> Action {
        // The source runs forward only: extents are written in their order.
        if !self.is_next(index) || self.cancel_told {
            return self.writer_failed(Failure::OutsidePlan);
        }
        if !self.may_begin(index) {
            return self.writer_failed(Failure::OutsidePlan);
        }
        if self.job.rehearse {
            self.rehearsed = true;
            return self.end();
        }
        if self.must_confirm_test() {
            return self.confirm_test(AfterCommit::Write(index), 0);
        }
        let follows = self.job.plan.extents.get(index).is_some_and(|e| e.follows);
        match self.progress.committed {
            true if follows => self.place_extent(index, 0),
            true => self.begin_extent(index),
            false => self.commit(AfterCommit::Write(index)),
        }
    }

    /// Whether all extents before this one are written, and nothing of it.
    pub(super) fn is_next(&self, index: usize) -> bool {
        let wanted = self.job.plan.extents.iter().map(|extent| extent.blocks);
        let in_order = wanted
            .enumerate()
            .map(|(at, blocks)| if at < index { blocks } else { 0 });
        index < self.taken.len() && self.taken.iter().copied().eq(in_order)
    }

    pub(super) fn begin_extent(&mut self, index: usize) -> Action {
        let image_base = self.image_base(index);
        let writing = self.job.plan.extents.get(index).and_then(|extent| {
            let profile = self.job.facts.profile();
            let limit = writing::most_chunk_bytes(profile.family()).min(self.job.most_bytes);
            let again = profile.is_overwritable();
            Writing::new(index, extent, image_base, limit, again)
        });
        let Some(writing) = writing else {
            return self.writer_failed(Failure::OutsidePlan);
        };
        let sector = match &self.job.request {
            Request::Burn(burn) => burn.cd.as_ref().map(|layout| layout.mode.block().bytes()),
            _ => None,
        };
        let writing = writing.out_of_sectors(sector);
        // Of blocks by themselves nobody knows what they are part of.
        let at_once = |known: fn(&WritePlan) -> bool| self.writes_only || known(&self.job.plan);
        let writing = match at_once(test_write::ends_with_the_cache) {
            true => {
                let begins = self.blocks_written() == 0;
                writing.at_once(begins && at_once(test_write::records_at_once))
            }
            false => writing,
        };
        self.progress.phase = Phase::Writing;
        self.progress.blocks_done = self.blocks_resumed() + self.blocks_written();
        self.progress.blocks_total = self.blocks_resumed() + self.job.plan.blocks();
        self.flow = self.flow_for(index);
        self.write_turn(Box::new(writing), writing::Turn::Go)
    }

    pub(super) fn write_answered(&mut self, mut writing: Box<Writing>, input: Input<'_>) -> Action {
        let turn = match input {
            Input::Good(_) => writing.taken(),
            Input::Sense(sense) => writing.refused(sense),
            Input::NoAnswer(cause) => return self.write_unanswered(writing, cause),
            Input::Waited => writing::Turn::Go,
            Input::SourceFailed => {
                self.keep(&writing);
                self.fail(Fault::Source);
                self.writer_lost = true;
                return self.end();
            }
            _ => return self.writer_failed(Failure::UnexpectedEvent),
        };
        self.write_turn(writing, turn)
    }

    pub(super) fn write_unanswered(
        &mut self,
        mut writing: Box<Writing>,
        cause: NoAnswer,
    ) -> Action {
        match cause {
            NoAnswer::TimedOut | NoAnswer::Link => {
                let turn = writing.unanswered();
                self.write_turn(writing, turn)
            }
            NoAnswer::Gone | NoAnswer::NotSent => {
                self.keep(&writing);
                self.command_lost(cause)
            }
        }
    }

    pub(super) fn write_turn(&mut self, mut writing: Box<Writing>, turn: writing::Turn) -> Action {
        self.progress.blocks_done =
            self.blocks_resumed() + self.blocks_before(writing.extent_index) + writing.done();
        self.progress.buffer_full += std::mem::take(&mut writing.buffer_full);
        if let Some(lba) = writing.stalled_at.take() {
            self.notes.push(Note::DriveStalled { lba });
        }
        match turn {
            writing::Turn::Go if self.cancel_requested && !self.is_in_head() => {
                self.keep(&writing);
                self.consult(Event::Done)
            }
            writing::Turn::Go => match self.flow_turn(&writing) {
                FlowTurn::Go => self.send_chunk(writing),
                FlowTurn::SlowDown {
                    kilobytes_per_second,
                } => self.slow_down(writing, kilobytes_per_second),
            },
            writing::Turn::Pause(pause) => {
                self.state = State::Writing(writing);
                Action::Wait(pause)
            }
            writing::Turn::Synchronize => {
                self.state = State::Synchronizing(writing);
                self.send_quietly(SynchronizeCache::default().emit())
            }
            writing::Turn::AskAddress => {
                let cdb = writing.address_query();
                self.state = State::Resyncing(writing);
                Action::Send(Command {
                    cdb,
                    payload: Payload::In(writing::ADDRESS_REPLY.into()),
                    timeout: patience::QUICK,
                })
            }
            writing::Turn::AskBuffer if self.buffer_unknown => {
                self.write_turn(writing, writing::Turn::Go)
            }
            writing::Turn::AskBuffer => {
                self.state = State::Gauging(writing);
                Action::Send(Command {
                    cdb: ReadBufferCapacity {
                        blocks: false,
                        allocation_length: 12,
                    }
                    .emit(),
                    payload: Payload::In(12),
                    timeout: patience::QUICK,
                })
            }
            writing::Turn::Complete => self.extent_complete(&writing),
            writing::Turn::Refused(sense) => {
                self.keep(&writing);
                let extent = u32::try_from(writing.extent_index).unwrap_or(u32::MAX);
                self.fail(Fault::Drive {
                    phase: Phase::Writing,
                    cdb: self.blamed(),
                    sense,
                });
                self.refused_at_once =
                    Some(sense).filter(|sense| self.blocks_written() == 0 && !sense.deferred);
                // The writer knows whether the medium can be left in a better state.
                self.cancel_told = true;
                self.consult(Event::WriteRefused {
                    extent,
                    lba: writing.lba(),
                    sense,
                })
            }
            writing::Turn::Unanswered => {
                self.keep(&writing);
                self.command_lost(NoAnswer::TimedOut)
            }
        }
    }

    pub(super) fn send_chunk(&mut self, mut writing: Box<Writing>) -> Action {
        let Some(chunk) = writing.chunk() else {
            return self.extent_complete(&writing);
        };
        self.wrote_from.get_or_insert(self.now);
        self.pending_command = Some(chunk.cdb);
        self.state = State::Writing(writing);
        Action::Write(chunk)
    }

    pub(super) fn address_answered(
        &mut self,
        mut writing: Box<Writing>,
        input: Input<'_>,
    ) -> Action {
        let turn = match input {
            Input::Good(data) => writing.resync(data),
            Input::NoAnswer(cause) => {
                self.keep(&writing);
                return self.command_lost(cause);
            }
            _ => writing.at_a_loss(),
        };
        if let Some(lba) = writing.resynced_at.take() {
            self.notes.push(Note::Resynchronized { lba });
        }
        self.write_turn(writing, turn)
    }

    pub(super) fn buffer_answered(&mut self, writing: Box<Writing>, input: Input<'_>) -> Action {
        match input {
            Input::Good(data) => {
                self.progress.drive_buffer = match BufferCapacity::parse(data) {
                    // More free than there is counts as half (recipe 2).
                    Ok(BufferCapacity::Bytes { total, free }) if total > 0 && free > total => {
                        Some((total, total / 2))
                    }
                    Ok(BufferCapacity::Bytes { total, free }) if total > 0 => {
                        Some((total, total - free))
                    }
                    _ => None,
                };
            }
            Input::NoAnswer(cause @ (NoAnswer::Gone | NoAnswer::Link)) => {
                self.keep(&writing);
                return self.command_lost(cause);
            }
            Input::Sense(sense) if ends_writing(&sense) => {
                return self.write_turn(writing, writing::Turn::Refused(sense));
            }
            // A drive that does not tell is not asked again.
            _ => self.buffer_unknown = true,
        }
        self.write_turn(writing, writing::Turn::Go)
    }

    pub(super) fn extent_complete(&mut self, writing: &Writing) -> Action {
        self.keep(writing);
        self.consult(Event::Done)
    }

    pub(super) fn blocks_before(&self, index: usize) -> u64 {
        self.taken.iter().take(index).sum()
    }

    /// Books what was written of an extent.
    pub(super) fn keep(&mut self, writing: &Writing) {
        let index = writing.extent_index;
        if let Some(taken) = self.taken.get_mut(index) {
            *taken = writing.done();
        }
        if let Some(extent) = self.job.plan.extents.get(index)
            && extent.origin == Origin::Image
            && writing.done() > 0
        {
            let run = WrittenRun {
                first_lba: extent.first_lba,
                blocks: writing.done(),
                image_block: self.image_base(index),
            };
            let joined = self
                .written_runs
                .last_mut()
                .is_some_and(|last| last.joins(&run));
            if !joined {
                self.written_runs.push(run);
            }
        }
        self.progress.blocks_done = self.blocks_resumed() + self.blocks_written();
    }
}
