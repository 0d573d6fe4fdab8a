//! An extent that begins where the drive goes on: the question where that is, and whether it can be so.
//!
//! Owns the account of the drive's word against the plan. Must not know what was sent to make it go on there.

use super::*;
use crate::gate;
use pitland_mmc::TrackNumber;
use pitland_mmc::cdb::{ReadTrackInformation, TrackAddressType};
use pitland_mmc::reply::TrackInformation;

/// Questions to a drive that is busy with something passing.
const TRIES: u8 = 20;

impl Machine {
    /// Asks for the next writable address of the track that is not there yet (recipe 2.2).
    pub(super) fn place_extent(&mut self, extent: usize, tries: u8) -> Action {
        self.state = State::Placing { extent, tries };
        let question = ReadTrackInformation {
            open: false,
            address_type: TrackAddressType::Track,
            address: TrackNumber::INVISIBLE.0.into(),
            allocation_length: writing::ADDRESS_REPLY,
        };
        let cdb = question.emit();
        self.pending_command = Some(cdb);
        Action::Send(Command {
            cdb,
            payload: Payload::In(writing::ADDRESS_REPLY.into()),
            timeout: patience::QUICK,
        })
    }

    pub(super) fn place_answered(&mut self, index: usize, tries: u8, input: Input<'_>) -> Action {
        match input {
            Input::Good(data) => {
                let told = TrackInformation::parse(data).ok();
                let address = told.and_then(|track| Some(track.nwa?.max(track.start)));
                match address.filter(|lba| self.may_go_on_at(index, *lba)) {
                    Some(lba) => {
                        if let Some(extent) = self.job.plan.extents.get_mut(index) {
                            extent.first_lba = lba;
                        }
                        self.begin_extent(index)
                    }
                    None => self.writer_failed(Failure::MediumState),
                }
            }
            Input::Sense(sense)
                if sense.reaction().is_busy() && !sense.deferred && tries < TRIES =>
            {
                self.state = State::Placing {
                    extent: index,
                    tries: tries + 1,
                };
                Action::Wait(patience::POLL)
            }
            Input::Waited => self.place_extent(index, tries),
            Input::Sense(sense) => {
                let cdb = self.blamed();
                self.fail(Fault::Drive {
                    phase: Phase::Writing,
                    cdb,
                    sense,
                });
                // What is written is whole tracks: they are closed, not left to be gone on with.
                self.writer_lost = true;
                self.end()
            }
            Input::NoAnswer(cause) => self.command_lost(cause),
            _ => self.writer_failed(Failure::UnexpectedEvent),
        }
    }

    /// Whether an extent can be written from there on: behind what is written, and inside of the medium. In
    /// a test write nothing is written that it could lie behind (recipe 3).
    fn may_go_on_at(&self, index: usize, lba: Lba) -> bool {
        let start = i64::from(lba.0);
        let extents = self.job.plan.extents.iter().take(index);
        let written = extents.map(|e| i64::from(e.first_lba.0).saturating_add_unsigned(e.blocks));
        let behind = written.max().is_none_or(|end| start >= end) || self.test_write_only;
        let end = self.job.plan.extents.get(index).and_then(|extent| {
            let blocks = i64::try_from(extent.blocks).ok()?;
            start.checked_add(blocks)
        });
        let limit = gate::end_of_medium(&self.job.request, &self.job.facts);
        behind && start >= 0 && end.is_some_and(|end| end <= limit.unwrap_or(i32::MAX.into()))
    }
}
