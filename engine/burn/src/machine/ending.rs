//! The way out: the engine's own safe ending, the unlocked door, the proof and the reading back.

use super::*;
use crate::proof::Proven;

/// Tries to unlock the door of a drive that is busy: two minutes of them.
const MOST_UNLOCKS: u8 = 240;
/// READs in a row that got no answer before reading back is given up.
const MOST_TIMEOUTS: u8 = 3;

impl Machine {
    /// The writer is done with, well or not. What it left open is closed by the engine.
    pub(super) fn end(&mut self) -> Action {
        if self.blocks_written() > 0 && !self.test_write_only {
            if self.writer_lost {
                return self.safe_end(SafeStep::Close(0), 0);
            }
            let write_refused = matches!(
                self.fault,
                Some(Fault::Drive {
                    phase: Phase::Writing,
                    ..
                })
            );
            if write_refused {
                // What the drive holds must reach the disc; the track stays open, to be resumed or closed.
                return self.safe_end(SafeStep::SynchronizeOnly, 0);
            }
        }
        self.unlock(0)
    }

    pub(super) fn safe_end(&mut self, next: SafeStep, busy: u32) -> Action {
        self.progress.phase = Phase::Closing;
        self.progress.uncounted();
        self.state = State::SafeEnding { next, busy };
        let (index, waiting) = match next {
            SafeStep::Close(index) => (index, self.quirks.no_immed),
            SafeStep::CloseWaiting(index) => (index, true),
            SafeStep::SynchronizeOnly => return self.send_long(SynchronizeCache::default().emit()),
        };
        match self.job.plan.closing.get(index) {
            Some(command) if command.purpose != Move::FinalizeDisc => {
                let (cdb, payload, timeout) = advice::form(command, waiting);
                Action::Send(Command {
                    cdb,
                    payload,
                    timeout,
                })
            }
            Some(_) => self.safe_end(SafeStep::Close(index + 1), 0),
            None => self.unlock(0),
        }
    }

    pub(super) fn safe_end_answered(
        &mut self,
        next: SafeStep,
        busy: u32,
        input: Input<'_>,
    ) -> Action {
        match (input, next) {
            (Input::NoAnswer(NoAnswer::Gone), _) => self.command_lost(NoAnswer::Gone),
            // Busy with the command, or with the one before: look again after a while, not for ever.
            (Input::Sense(sense), _) if busy < patience::BUSY_TRIES && passes(&sense) => {
                self.state = State::SafeEnding {
                    next,
                    busy: busy + 1,
                };
                Action::Wait(patience::POLL)
            }
            (Input::Sense(sense), SafeStep::Close(index)) if self.closes_waiting(index, &sense) => {
                self.safe_end(SafeStep::CloseWaiting(index), 0)
            }
            (Input::Waited, _) => self.safe_end(next, busy),
            // Whatever else it answered: the next closing command may still help.
            (_, SafeStep::Close(index) | SafeStep::CloseWaiting(index)) => {
                self.safe_end(SafeStep::Close(index + 1), 0)
            }
            (_, SafeStep::SynchronizeOnly) => self.unlock(0),
        }
    }

    fn closes_waiting(&self, index: usize, sense: &Sense) -> bool {
        let closing = self.job.plan.closing.get(index);
        !self.quirks.no_immed
            && closing.is_some_and(|command| {
                immed::may_be_refused(command, sense) && immed::waiting_form(command).is_some()
            })
    }

    pub(super) fn unlock(&mut self, tries: u8) -> Action {
        self.state = State::UnlockingDoor { tries };
        self.send_quietly(
            PreventAllowMediumRemoval {
                prevent: false,
                persistent: false,
            }
            .emit(),
        )
    }

    pub(super) fn unlock_answered(&mut self, tries: u8, input: Input<'_>) -> Action {
        match input {
            // A door that stays locked is worse than a wait.
            Input::Sense(sense) if tries < MOST_UNLOCKS && passes(&sense) => match sense.key {
                SenseKey::UnitAttention => return self.unlock(tries + 1),
                _ => {
                    self.state = State::UnlockingDoor { tries };
                    return Action::Wait(patience::POLL);
                }
            },
            Input::Waited => return self.unlock(tries + 1),
            Input::Sense(sense) => self.notes.push(Note::Door { sense }),
            _ => {}
        }
        self.prove()
    }

    pub(super) fn prove(&mut self) -> Action {
        if !self.progress.committed {
            return self.finish(None);
        }
        self.progress.phase = Phase::Proving;
        self.progress.uncounted();
        if self.quirks.stop_barrier && self.may_stop() {
            return self.look_again();
        }
        self.look()
    }

    /// A job that only formats may leave a format running in the background, which a stop would cut
    /// short.
    fn may_stop(&self) -> bool {
        let plan = &self.job.plan;
        !(plan.extents.is_empty() && plan.closing.is_empty())
    }

    pub(super) fn look(&mut self) -> Action {
        let identify = Box::new(Identify::obeying(self.now, self.quirks));
        self.continue_identify(identify, State::Proving)
    }

    fn look_again(&mut self) -> Action {
        self.refreshed = true;
        self.refresh(refresh::Spin::Stop, 0)
    }

    /// The proof cannot be had: the drive does not answer.
    pub(super) fn proof_unanswered(&mut self, cause: NoAnswer) -> Action {
        let cdb = TestUnitReady {}.emit();
        self.fail(Fault::NoAnswer {
            phase: Phase::Proving,
            cdb,
            cause,
        });
        self.finish(None)
    }

    pub(super) fn proof_answered(
        &mut self,
        mut identify: Box<Identify>,
        input: Input<'_>,
    ) -> Action {
        let facts = match Self::feed(&mut identify, self.now, input) {
            Ok(IdentifyAction::Done(facts)) => facts,
            Ok(IdentifyAction::Failed { .. }) => {
                self.fail(Fault::NotProven(Unproven::NotIdentified));
                return self.finish(None);
            }
            Ok(action) => {
                self.state = State::Proving(identify);
                return self.identify_action(action);
            }
            Err(cause) => return self.proof_unanswered(cause),
        };
        let proof = proof::proven(
            &self.job.plan,
            &facts,
            self.blocks_written(),
            self.test_write_only,
        );
        // Some drives tell of a disc as it was until it has stopped and turned again.
        if proof.is_err() && self.fault.is_none() && !self.refreshed && self.may_stop() {
            self.unproven_once = true;
            return self.look_again();
        }
        self.as_planned = proof.is_ok();
        match proof {
            Ok(proven) => {
                if self.unproven_once {
                    self.notes.push(Note::ProvenAfterRefresh);
                }
                if proven == Proven::MoreClosed {
                    self.notes.push(Note::MoreClosedThanAsked);
                }
            }
            Err(unproven) => self.fail(Fault::NotProven(unproven)),
        }
        let read_back = self.fault.is_none()
            && !self.test_write_only
            && self.job.verify != VerifyLevel::None
            && !self.written_runs.is_empty();
        self.job.facts = *facts;
        self.proved = true;
        if !read_back {
            return self.finish(None);
        }
        self.progress.phase = Phase::Verifying;
        let mut verifying = Box::new(Verifying::new(
            self.written_runs.clone(),
            self.job.verify == VerifyLevel::Quick,
        ));
        let turn = verifying.turn();
        self.verify_turn(verifying, turn)
    }

    pub(super) fn verify_answered(
        &mut self,
        mut verifying: Box<Verifying>,
        input: Input<'_>,
    ) -> Action {
        let turn = match input {
            Input::Compared(equal) => verifying.compared(equal),
            Input::Sense(sense) => verifying.refused(sense),
            Input::NoAnswer(NoAnswer::TimedOut) if verifying.timed_out() < MOST_TIMEOUTS => {
                verifying.refused(Sense::new(3, 0x11, 0))
            }
            Input::NoAnswer(cause) => {
                let cdb = TestUnitReady {}.emit();
                self.fail(Fault::NoAnswer {
                    phase: Phase::Verifying,
                    cdb,
                    cause,
                });
                return self.finish(Some(&verifying));
            }
            _ => verifying.turn(),
        };
        if let Some(lba) = verifying.reread_at.take() {
            self.notes.push(Note::Reread { lba });
        }
        self.verify_turn(verifying, turn)
    }

    pub(super) fn verify_turn(&mut self, verifying: Box<Verifying>, turn: verify::Turn) -> Action {
        (self.progress.blocks_done, self.progress.blocks_total) = verifying.progress();
        if self.cancel_requested {
            self.fail(Fault::Cancelled);
            return self.finish(Some(&verifying));
        }
        match turn {
            verify::Turn::Read(unit) => {
                self.state = State::Verifying(verifying);
                Action::Read(ReadChunk {
                    unit,
                    block_bytes: 2048,
                })
            }
            verify::Turn::Pause(pause) => {
                self.state = State::Verifying(verifying);
                Action::Wait(pause)
            }
            verify::Turn::Complete => {
                if verifying.result.bad_units > 0 {
                    self.fail(Fault::Verification(verifying.result));
                }
                self.finish(Some(&verifying))
            }
            verify::Turn::Broken(sense) => {
                let cdb = self.blamed();
                self.fail(Fault::Drive {
                    phase: Phase::Verifying,
                    cdb,
                    sense,
                });
                self.finish(Some(&verifying))
            }
        }
    }

    /// A command outside of the write loop got no answer: nothing is repeated, the end is orderly if
    /// the drive is still there.
    pub(super) fn command_lost(&mut self, cause: NoAnswer) -> Action {
        let cdb = self.blamed();
        self.fail(Fault::NoAnswer {
            phase: self.progress.phase,
            cdb,
            cause,
        });
        match cause {
            NoAnswer::Gone => self.finish(None),
            // What the drive holds reaches the disc if it still listens; what is open stays so.
            _ if self.blocks_written() > 0 && !self.test_write_only => {
                self.safe_end(SafeStep::SynchronizeOnly, 0)
            }
            _ => self.unlock(0),
        }
    }

    pub(super) fn finish(&mut self, verifying: Option<&Verifying>) -> Action {
        self.progress.phase = Phase::Ended;
        self.state = State::Done;
        let facts = (self.progress.committed && self.proved).then(|| self.job.facts.clone());
        let medium = if !self.progress.committed || self.test_write_only {
            MediumState::Untouched
        } else {
            facts
                .as_ref()
                .map_or(MediumState::Unknown, proof::medium_state)
        };
        let verification = verifying.map(|v| v.result);
        let full = self.job.verify == VerifyLevel::Full && verification.is_some();
        let outcome = match &self.fault {
            _ if !self.progress.committed || self.test_write_only => Outcome::NothingWritten,
            None if !self
                .job
                .plan
                .extents
                .iter()
                .any(|e| e.origin == Origin::Image) =>
            {
                Outcome::MediumChanged
            }
            None if full => Outcome::Verified,
            None => Outcome::Unverified,
            Some(Fault::Cancelled)
                if self.as_planned && self.blocks_written() == self.job.plan.blocks() =>
            {
                Outcome::Unverified
            }
            // The disc was proven; only reading it back did not come to its end.
            Some(
                Fault::Drive {
                    phase: Phase::Verifying,
                    ..
                }
                | Fault::NoAnswer {
                    phase: Phase::Verifying,
                    ..
                },
            ) => Outcome::Unverified,
            Some(_)
                if self.blocks_written() == 0
                    && facts
                        .as_ref()
                        .is_some_and(|f| f.condition() == MediumCondition::Blank) =>
            {
                Outcome::NothingWritten
            }
            Some(Fault::Cancelled | Fault::Source | Fault::Writer(_) | Fault::Plan(_))
                if medium != MediumState::Damaged =>
            {
                Outcome::Incomplete
            }
            // The data are there; what closes them is not.
            Some(Fault::Drive {
                phase: Phase::Closing,
                ..
            }) => Outcome::Incomplete,
            Some(Fault::Drive {
                phase: Phase::Writing,
                ..
            }) if facts
                .as_ref()
                .is_some_and(|f| f.condition() == MediumCondition::OpenSession) =>
            {
                Outcome::Resumable
            }
            Some(_) => Outcome::Lost,
        };
        let result = match self.fault.take() {
            None => Ok(Completed {
                verification,
                rehearsed: self.rehearsed,
            }),
            Some(fault) => Err(fault),
        };
        Action::Finished(Box::new(Ending {
            result,
            medium,
            outcome,
            facts,
            blocks_written: self.blocks_written(),
            buffer_full: self.progress.buffer_full,
            notes: std::mem::take(&mut self.notes),
        }))
    }
}
