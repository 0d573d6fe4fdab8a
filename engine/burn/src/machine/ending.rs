//! The way out: the engine's own safe ending, the unlocked door and the proof.

use super::*;
use crate::proof::Proven;

/// Tries to unlock the door of a drive that is busy: two minutes of them.
const MOST_UNLOCKS: u8 = 240;
/// Tries to unlock the door of a drive that has no good reason not to.
const FEW_UNLOCKS: u8 = 4;

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
            (Input::Good(_), SafeStep::Close(index) | SafeStep::CloseWaiting(index)) => {
                let closed = self.job.plan.closing.get(index);
                self.session_closed |= closed.is_some_and(|c| c.purpose == Move::CloseSession);
                self.safe_end(SafeStep::Close(index + 1), 0)
            }
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
            Input::Sense(sense)
                if tries < FEW_UNLOCKS && sense.reaction() != Reaction::Unsupported =>
            {
                return self.unlock(tries + 1);
            }
            Input::NoAnswer(NoAnswer::TimedOut | NoAnswer::Link) if tries < FEW_UNLOCKS => {
                return self.unlock(tries + 1);
            }
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
        self.wrote_until = self.now;
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
        self.looks += 1;
        let identify = Box::new(Identify::obeying(self.now, self.quirks));
        self.continue_identify(identify, State::Proving)
    }

    fn look_again(&mut self) -> Action {
        self.refreshed = true;
        self.looks = 0;
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
            // A question that failed once may be asked again: it changes nothing.
            Ok(IdentifyAction::Failed { .. }) | Err(NoAnswer::TimedOut | NoAnswer::Link)
                if self.looks < patience::LOOKS =>
            {
                return self.look();
            }
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
        // A question that was refused is left out of the facts, and may be what they lack.
        let told_nothing = matches!(
            facts.condition(),
            MediumCondition::NoMedium | MediumCondition::Unknown
        );
        if told_nothing && self.looks < patience::LOOKS {
            return self.look();
        }
        if self.reads_only {
            return self.read_another(facts);
        }
        let proof = proof::proven(
            &self.job.plan,
            &facts,
            self.blocks_resumed() + self.blocks_written(),
            self.test_write_only,
        );
        let proof = proof.and_then(|proven| match self.job.verify {
            VerifyLevel::Quick | VerifyLevel::Full if self.tells_of_discs => {
                proof::plausible(&facts).map(|()| proven)
            }
            _ => Ok(proven),
        });
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
        self.job.facts = *facts;
        self.proved = true;
        self.read_what_was_written()
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
}
