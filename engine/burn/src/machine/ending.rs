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
        let wrote = self.blocks_written() > 0;
        if self.test_write_only {
            return match wrote && self.fault.is_some() {
                true => self.write_out(),
                false => self.leave(),
            };
        }
        if self.writer_lost && (wrote || self.formatted) {
            return self.safe_end(SafeStep::Close(0), 0);
        }
        let write_refused = matches!(
            self.fault,
            Some(Fault::Drive {
                phase: Phase::Writing,
                ..
            })
        );
        match wrote && write_refused {
            true => self.write_out(),
            false => self.leave(),
        }
    }

    /// What the drive holds must reach the disc; the track stays open, to be resumed or closed. By the
    /// plan's own commands, for not every medium bears each form of them (recipe 4).
    fn write_out(&mut self) -> Action {
        if self.writes_only {
            return self.finish(None);
        }
        self.leaves_open = true;
        match self.closes_next(0) {
            Some(index) => self.safe_end(SafeStep::Close(index), 0),
            None => self.safe_end(SafeStep::Synchronize, 0),
        }
    }

    /// The plan's next closing command, from `index` on, that the engine sends by itself: nobody asked to
    /// finalize half of a burn, and where no block was taken only what a format has begun is ended.
    fn closes_next(&self, index: usize) -> Option<usize> {
        let sends = |command: &PlannedCommand| match (command.purpose, command.occasion) {
            (Move::SynchronizeCache, _) => self.wrote_from.is_some(),
            // A format that is left as it is may be one that some drives do not even read (recipe 6); what was
            // written behind it can be resumed either way.
            (Move::CloseSession, Occasion::AfterFormat) => self.formatted,
            _ if self.leaves_open || self.test_write_only => false,
            (Move::FinalizeDisc, _) => false,
            (_, Occasion::AfterFormat) => self.formatted,
            _ => self.blocks_written() > 0,
        };
        let rest = self.job.plan.closing.iter().enumerate().skip(index);
        rest.filter(|(_, command)| sends(command))
            .map(|(index, _)| index)
            .next()
    }

    pub(super) fn safe_end(&mut self, next: SafeStep, busy: u32) -> Action {
        self.progress.phase = Phase::Closing;
        self.progress.uncounted();
        let (index, waiting) = match next {
            SafeStep::Close(index) => (index, self.quirks.no_immed),
            SafeStep::CloseWaiting(index) => (index, true),
            SafeStep::Synchronize => {
                self.state = State::SafeEnding { next, busy };
                return self.send_long(SynchronizeCache::default().emit());
            }
        };
        let Some(index) = self.closes_next(index) else {
            return self.leave();
        };
        let Some(command) = self.job.plan.closing.get(index) else {
            return self.leave();
        };
        let next = match next {
            SafeStep::CloseWaiting(_) => SafeStep::CloseWaiting(index),
            _ => SafeStep::Close(index),
        };
        let (cdb, payload, timeout) = advice::form(command, waiting);
        self.state = State::SafeEnding { next, busy };
        Action::Send(Command {
            cdb,
            payload,
            timeout,
        })
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
                let next = SafeStep::Close(index + 1);
                let closed = self.job.plan.closing.get(index);
                self.session_closed |= closed.is_some_and(|c| c.purpose == Move::CloseSession);
                // The next command would meet a drive that works on this one, for minutes it may be.
                match closed.map(|command| command.settle) {
                    Some(Settle::WhenReady { limit }) => {
                        let settling = Settling::new(self.now, limit).obeying(&self.quirks);
                        self.look_whether_closed(next, settling)
                    }
                    _ => self.safe_end(next, 0),
                }
            }
            // Whatever else it answered: the next closing command may still help.
            (_, SafeStep::Close(index) | SafeStep::CloseWaiting(index)) => {
                self.safe_end(SafeStep::Close(index + 1), 0)
            }
            (_, SafeStep::Synchronize) => self.leave(),
        }
    }

    fn look_whether_closed(&mut self, next: SafeStep, settling: Settling) -> Action {
        self.state = State::SafeSettling { next, settling };
        self.send_quietly(TestUnitReady {}.emit())
    }

    pub(super) fn safe_settled(
        &mut self,
        next: SafeStep,
        mut settling: Settling,
        input: Input<'_>,
    ) -> Action {
        let answer = match input {
            Input::Good(_) => None,
            Input::Sense(sense) => Some(sense),
            Input::Waited => return self.look_whether_closed(next, settling),
            Input::NoAnswer(NoAnswer::Gone) => return self.command_lost(NoAnswer::Gone),
            _ => return self.safe_end(next, 0),
        };
        let settled = settling.judge(self.now, answer);
        self.progress.drive_progress = settling.progress();
        match settled {
            Settled::Wait(pause) if pause.is_zero() => self.look_whether_closed(next, settling),
            Settled::Wait(pause) => {
                self.state = State::SafeSettling { next, settling };
                Action::Wait(pause)
            }
            // Well or not: what is left to close may still help.
            _ => self.safe_end(next, 0),
        }
    }

    /// The way out of every job: a drive that was told to test records again, and the door is unlocked.
    fn leave(&mut self) -> Action {
        if self.writes_only {
            return self.finish(None);
        }
        match self.must_record_again() {
            true => self.record_again(0),
            false => self.unlock(0),
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
            MediumCondition::NoMedium | MediumCondition::Unrecognized | MediumCondition::Unknown
        );
        if told_nothing && self.looks < patience::LOOKS {
            return self.look();
        }
        if self.reads_only {
            return self.read_another(facts);
        }
        let proof = match self.test_write_only {
            true => proof::as_before(&self.before, &facts),
            false => proof::proven(
                &self.job.plan,
                &facts,
                self.blocks_resumed() + self.blocks_written(),
            ),
        };
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
            _ if self.blocks_written() > 0 => self.write_out(),
            _ => self.leave(),
        }
    }
}
