//! The writer's say: asking it, judging its steps, and carrying out the commands of its plan.

use super::*;

/// Bytes asked of READ DISC INFORMATION to see whether it is answered.
const DISC_REPLY: u16 = 34;

/// A command as it is sent, and how long it may take; without IMMED where that is wanted.
pub(super) fn form(command: &PlannedCommand, waiting: bool) -> (CdbBytes, Payload, Duration) {
    let without = waiting.then(|| immed::waiting_form(command)).flatten();
    match without {
        Some((cdb, parameters, timeout)) => (cdb, Payload::carrying(&parameters), timeout),
        None => {
            let payload = Payload::carrying(&command.parameters);
            (command.cdb, payload, command.timeout)
        }
    }
}

impl Machine {
    pub(super) fn consult(&mut self, event: Event) -> Action {
        if self.fault.is_some() && !self.cancel_told {
            return self.end();
        }
        // What the drive refused is told before a cancel that came meanwhile.
        let told_first = matches!(
            event,
            Event::Refused { .. } | Event::TimedOut | Event::WriteRefused { .. }
        ) && self.progress.committed;
        let may_wait = told_first || self.is_in_head();
        let event = if self.cancel_requested && !self.cancel_told && !may_wait {
            self.fault = Some(Fault::Cancelled);
            self.cancel_told = true;
            if !self.progress.committed {
                return self.end();
            }
            Event::Cancelled {
                written_blocks: self.blocks_written(),
            }
        } else {
            event
        };
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return self.writer_failed(Failure::OutsidePlan);
        }
        self.state = State::Consulting;
        Action::Consult(event)
    }

    pub(super) fn advised(&mut self, input: Input<'_>) -> Action {
        let step = match input {
            Input::Advice(step) => step,
            _ => return self.writer_failed(Failure::UnexpectedEvent),
        };
        // A writer that has no other plan for a refused first block says so by what it does.
        let may_still_replan = matches!(
            step,
            Step::Replan(_) | Step::Ask { .. } | Step::Identify | Step::Wait(_)
        );
        if !may_still_replan {
            self.refused_at_once = None;
        }
        match step {
            Step::Prepare(i) => self.planned(Planned::Prepare(i as usize)),
            Step::Between { extent, command } => {
                self.planned(Planned::Between(extent as usize, command as usize))
            }
            Step::Close(i) => self.planned(Planned::Close(i as usize)),
            Step::Write(i) => self.start_extent(i as usize),
            Step::Ask { cdb, length } => match gate::check_query_by(&cdb, length, self.allowed) {
                Ok(()) => {
                    self.state = State::Asking;
                    self.send(cdb, Payload::wanting(length))
                }
                Err(fault) => self.plan_failed(fault),
            },
            Step::WaitReady { limit } => self.settle(None, limit.min(patience::LONGEST)),
            Step::Wait(pause) => {
                self.state = State::Pausing;
                Action::Wait(pause.min(patience::LONGEST_PAUSE))
            }
            Step::Identify => {
                let identify = Box::new(Identify::obeying(self.now, self.quirks));
                self.continue_identify(identify, State::Reidentifying)
            }
            Step::Replan(plan) => self.replan(*plan),
            // A writer that says so with blocks missing, or with nothing done of what changes the disc, is
            // not believed.
            Step::Finished if !(self.cancel_told || self.all_taken() && self.has_begun()) => {
                self.writer_failed(Failure::OutsidePlan)
            }
            Step::Finished => self.end(),
            Step::Failed(failure) => self.writer_failed(failure),
            _ => self.writer_failed(Failure::UnknownWord { code: 0 }),
        }
    }

    pub(super) fn replan(&mut self, plan: WritePlan) -> Action {
        if self.blocks_written() > 0 {
            return self.writer_failed(Failure::OutsidePlan);
        }
        let checked = self.gate().check(&plan);
        if let Err(fault) = checked {
            return self.plan_failed(fault);
        }
        // The source was started for so many blocks of image, and no other number.
        if plan.image_blocks() != self.job.plan.image_blocks() {
            return self.writer_failed(Failure::OutsidePlan);
        }
        // The first block was refused, and the writer knows another way: that is not the end.
        if let Some(sense) = self.refused_at_once.take() {
            self.fault = None;
            self.cancel_told = false;
            self.notes.push(Note::Replanned { sense });
        }
        self.notes
            .extend(plan.warnings.iter().copied().map(Note::Planned));
        self.taken = vec![0; plan.extents.len()];
        self.test_write_only = !plan.changes_disc();
        self.job.plan = plan;
        self.consult(Event::Done)
    }

    pub(super) fn plan_failed(&mut self, fault: PlanFault) -> Action {
        self.fail(Fault::Plan(fault));
        self.writer_lost = true;
        self.end()
    }

    pub(super) fn writer_failed(&mut self, failure: Failure) -> Action {
        let fault = match failure {
            // The writer passes the drive's answer on: say which command it was.
            Failure::Drive(sense) => Fault::Drive {
                phase: self.progress.phase,
                cdb: self.blamed(),
                sense,
            },
            other => {
                self.writer_lost = true;
                Fault::Writer(other)
            }
        };
        self.fail(fault);
        self.end()
    }

    pub(super) fn all_taken(&self) -> bool {
        let wanted = self.job.plan.extents.iter().map(|extent| extent.blocks);
        self.taken.iter().copied().eq(wanted)
    }

    /// Whether the medium was changed, where the plan has something that changes it.
    fn has_begun(&self) -> bool {
        self.progress.committed || !self.job.plan.changes_disc()
    }

    /// Keeps the first fault: what follows from it is not the cause.
    pub(super) fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    pub(super) fn command(&self, planned: Planned) -> Option<&PlannedCommand> {
        match planned {
            Planned::Prepare(i) => self.job.plan.prepare.get(i),
            Planned::Between(extent, i) => self.job.plan.extents.get(extent)?.before.get(i),
            Planned::Close(i) => self.job.plan.closing.get(i),
        }
    }

    pub(super) fn planned(&mut self, planned: Planned) -> Action {
        let Some(command) = self.command(planned) else {
            return self.writer_failed(Failure::OutsidePlan);
        };
        let in_its_place = match planned {
            Planned::Prepare(_) => self.blocks_written() == 0,
            Planned::Between(extent, _) => extent > 0 && self.is_next(extent),
            Planned::Close(_) => true,
        };
        if !in_its_place {
            return self.writer_failed(Failure::OutsidePlan);
        }
        let change = command.change();
        if self.job.rehearse && change >= Change::CalibrationArea {
            self.rehearsed = true;
            return self.end();
        }
        if change == Change::Disc && self.must_confirm_test() {
            return self.confirm_test(AfterCommit::Send(planned), 0);
        }
        if change == Change::Disc && !self.progress.committed {
            return self.commit(AfterCommit::Send(planned));
        }
        self.send_planned(planned, Tries::default())
    }

    pub(super) fn send_planned(&mut self, planned: Planned, tries: Tries) -> Action {
        let Some(command) = self.command(planned) else {
            return self.writer_failed(Failure::OutsidePlan);
        };
        let purpose = command.purpose;
        let waiting = self.quirks.no_immed || tries.without_immed;
        let (cdb, payload, timeout) = form(command, waiting);
        self.formatted |= matches!(purpose, Move::Format | Move::Blank);
        self.heed_write_parameters(planned);
        self.progress.phase = match (planned, purpose) {
            (_, Move::Format | Move::Blank) => Phase::Formatting,
            (Planned::Prepare(_), _) => Phase::Preparing,
            (Planned::Between(..), _) => Phase::Writing,
            (Planned::Close(_), _) => Phase::Closing,
        };
        self.progress.uncounted();
        self.state = State::Sending { planned, tries };
        self.pending_command = Some(cdb);
        Action::Send(Command {
            cdb,
            payload,
            timeout,
        })
    }

    /// Whether write parameters were sent before this command, and nothing was written by them yet.
    fn is_behind_write_parameters(&self, planned: Planned) -> bool {
        let index = match planned {
            Planned::Prepare(index) => index,
            Planned::Between(..) => return true,
            Planned::Close(_) => return false,
        };
        let before = self.job.plan.prepare.iter().take(index);
        before
            .into_iter()
            .any(|command| command.purpose == Move::SetWriteParameters)
    }

    pub(super) fn planned_answered(
        &mut self,
        planned: Planned,
        tries: Tries,
        input: Input<'_>,
    ) -> Action {
        match input {
            Input::Good(_) => self.planned_taken(planned, tries),
            Input::Sense(sense) => match sense.reaction() {
                Reaction::Continue | Reaction::ContinueAndWarn => {
                    self.notes.push(Note::Recovered { sense });
                    self.planned_taken(planned, tries)
                }
                // It took the write parameters with it that were sent before (recipe 9): what would follow is
                // not what was planned.
                Reaction::Reset if self.is_behind_write_parameters(planned) => {
                    self.planned_refused(planned, sense)
                }
                // Nothing was done yet that a drive calls a change of its medium.
                Reaction::MediumChanged
                    if !self.progress.committed && tries.attentions < patience::ATTENTIONS =>
                {
                    let attentions = tries.attentions + 1;
                    let tries = Tries {
                        attentions,
                        ..tries
                    };
                    self.forget_test_mode();
                    self.recognize(0, 0, recognizing::Recognized::Send(planned, tries))
                }
                // Before the first block an attention is consumed and the same command sent again.
                it if it.is_attention()
                    && self.blocks_written() == 0
                    && tries.attentions < patience::ATTENTIONS =>
                {
                    self.forget_test_mode();
                    let attentions = tries.attentions + 1;
                    self.send_planned(
                        planned,
                        Tries {
                            attentions,
                            ..tries
                        },
                    )
                }
                // Still busy with what went before.
                Reaction::PollOperation
                | Reaction::PollUntilReady
                | Reaction::PollFormat
                | Reaction::BufferFull
                    if tries.busy < patience::BUSY_TRIES && !sense.deferred =>
                {
                    let busy = tries.busy + 1;
                    let tries = Tries { busy, ..tries };
                    self.state = State::Sending { planned, tries };
                    Action::Wait(patience::POLL)
                }
                // It went to work, and did not wait to say so.
                Reaction::WaitAndPoll if !sense.deferred => {
                    let limit = self.command(planned).map_or(Duration::ZERO, immed::longest);
                    self.settle(Some(planned), limit)
                }
                _ if self.may_do_without_immed(planned, tries, &sense) => {
                    let without_immed = true;
                    self.send_planned(
                        planned,
                        Tries {
                            without_immed,
                            ..tries
                        },
                    )
                }
                _ => self.planned_refused(planned, sense),
            },
            Input::NoAnswer(cause) => self.command_lost(cause),
            // A pause before the same command has passed.
            Input::Waited => self.send_planned(planned, tries),
            _ => self.writer_failed(Failure::UnexpectedEvent),
        }
    }

    /// Whether a refusal may be of IMMED alone, so that the form without it is worth one try.
    fn may_do_without_immed(&self, planned: Planned, tries: Tries, sense: &Sense) -> bool {
        let told = tries.without_immed || self.quirks.no_immed || sense.deferred;
        let refused = |command: &PlannedCommand| {
            command.tolerance(sense).is_none()
                && immed::may_be_refused(command, sense)
                && immed::waiting_form(command).is_some()
        };
        !told && self.command(planned).is_some_and(refused)
    }

    pub(super) fn planned_taken(&mut self, planned: Planned, tries: Tries) -> Action {
        let Some((purpose, settle)) = self.command(planned).map(|c| (c.purpose, c.settle)) else {
            return self.writer_failed(Failure::OutsidePlan);
        };
        self.session_closed |= matches!(purpose, Move::CloseSession | Move::FinalizeDisc);
        self.heed_taken(planned);
        if tries.without_immed {
            // What the drive refused once it will refuse again.
            self.quirks.no_immed = true;
            self.notes.push(Note::WithoutImmed { purpose });
        }
        match settle {
            Settle::WhenReady { limit } => self.settle(Some(planned), limit),
            _ if purpose == Move::SetSpeed => self.check_speed(planned),
            _ => {
                self.heed_done(planned);
                self.consult(Event::Done)
            }
        }
    }

    pub(super) fn planned_refused(&mut self, planned: Planned, sense: Sense) -> Action {
        let tolerance = self
            .command(planned)
            .and_then(|c| c.tolerance(&sense).map(|t| (c.purpose, t.warn)));
        let closes_nothing =
            self.test_write_only && self.records_data() && matches!(planned, Planned::Close(_));
        match tolerance {
            // There is nothing to close after a test write, and drives say so (recipe 3).
            None if closes_nothing && !sense.deferred => {
                if let Some(purpose) = self.command(planned).map(|command| command.purpose) {
                    self.notes.push(Note::Tolerated { purpose, sense });
                }
                self.consult(Event::Done)
            }
            Some((purpose, warn)) => {
                if warn {
                    self.notes.push(Note::Tolerated { purpose, sense });
                }
                self.consult(Event::Done)
            }
            None => self.consult(Event::Refused { sense }),
        }
    }

    pub(super) fn settle(&mut self, planned: Option<Planned>, limit: Duration) -> Action {
        self.state = State::Settling {
            planned,
            settling: Settling::new(self.now, limit).obeying(&self.quirks),
        };
        let formats = planned
            .and_then(|planned| self.command(planned))
            .is_some_and(|command| command.purpose == Move::Format);
        if formats {
            return Action::Wait(patience::BEFORE_FIRST_LOOK);
        }
        self.send_quietly(TestUnitReady {}.emit())
    }

    pub(super) fn settle_answered(
        &mut self,
        planned: Option<Planned>,
        mut settling: Settling,
        input: Input<'_>,
    ) -> Action {
        let answer = match input {
            Input::Good(_) => None,
            Input::Sense(sense) => Some(sense),
            Input::NoAnswer(cause) => return self.command_lost(cause),
            _ => {
                // A pause between two looks has passed.
                self.state = State::Settling { planned, settling };
                return self.send_quietly(TestUnitReady {}.emit());
            }
        };
        let settled = settling.judge(self.now, answer);
        self.progress.drive_progress = settling.progress();
        match settled {
            Settled::Ready if self.may_be_ready_too_early(planned) => {
                self.state = State::AskingDisc { planned, settling };
                let question = ReadDiscInformation {
                    allocation_length: DISC_REPLY,
                    ..ReadDiscInformation::default()
                };
                Action::Send(Command {
                    cdb: question.emit(),
                    payload: Payload::In(DISC_REPLY.into()),
                    timeout: patience::QUICK,
                })
            }
            Settled::Ready => {
                planned
                    .into_iter()
                    .for_each(|planned| self.heed_done(planned));
                self.settled_well()
            }
            Settled::Wait(pause) if pause.is_zero() => {
                self.state = State::Settling { planned, settling };
                self.send_quietly(TestUnitReady {}.emit())
            }
            Settled::Wait(_) if self.quirks.progress_by_request_sense => {
                self.state = State::AskingProgress { planned, settling };
                let question = RequestSense {
                    descriptor: false,
                    allocation_length: Sense::LEN as u8,
                };
                Action::Send(Command {
                    cdb: question.emit(),
                    payload: Payload::In(Sense::LEN as u32),
                    timeout: patience::QUICK,
                })
            }
            Settled::Wait(pause) => {
                self.state = State::Settling { planned, settling };
                Action::Wait(pause)
            }
            Settled::Failed(sense) => self.settled_badly(planned, sense),
            Settled::TimedOut => self.consult(Event::TimedOut),
        }
    }

    fn settled_well(&mut self) -> Action {
        self.progress.drive_progress = None;
        self.consult(Event::Done)
    }

    /// Whether the drive's word is not enough: with a CD some say ready while they still work on it
    /// (recipe 4.1).
    fn may_be_ready_too_early(&self, planned: Option<Planned>) -> bool {
        planned.is_some() && self.job.facts.profile().family() == MediumFamily::Cd
    }

    pub(super) fn disc_answered(
        &mut self,
        planned: Option<Planned>,
        mut settling: Settling,
        input: Input<'_>,
    ) -> Action {
        match input {
            Input::Sense(sense) if sense.reaction().is_busy() && !sense.deferred => {
                match settling.judge(self.now, Some(sense)) {
                    Settled::Wait(pause) => {
                        self.state = State::Settling { planned, settling };
                        Action::Wait(pause.max(patience::POLL))
                    }
                    Settled::TimedOut => self.consult(Event::TimedOut),
                    _ => self.settled_badly(planned, sense),
                }
            }
            Input::Sense(sense) if sense.deferred && !passes(&sense) => {
                self.settled_badly(planned, sense)
            }
            Input::NoAnswer(cause) => self.command_lost(cause),
            _ => self.settled_well(),
        }
    }

    fn settled_badly(&mut self, planned: Option<Planned>, sense: Sense) -> Action {
        match planned {
            Some(planned) => self.planned_refused(planned, sense),
            None => self.consult(Event::Refused { sense }),
        }
    }

    pub(super) fn progress_answered(
        &mut self,
        planned: Option<Planned>,
        mut settling: Settling,
        input: Input<'_>,
    ) -> Action {
        match input {
            Input::Good(data) => {
                if let Ok(sense) = Sense::parse(data) {
                    // Told once and then gone: it must not get lost here.
                    if sense.deferred && !passes(&sense) {
                        return self.settled_badly(planned, sense);
                    }
                    settling.learn_progress(sense.progress);
                    self.progress.drive_progress = settling.progress();
                }
            }
            Input::NoAnswer(cause) => return self.command_lost(cause),
            _ => {}
        }
        self.state = State::Settling { planned, settling };
        Action::Wait(patience::POLL)
    }

    pub(super) fn query_answered(&mut self, input: Input<'_>) -> Action {
        match input {
            Input::Good(data) => self.consult(Event::Answer(data.to_vec())),
            Input::Sense(sense) => self.consult(Event::Refused { sense }),
            Input::NoAnswer(cause) => self.command_lost(cause),
            _ => self.writer_failed(Failure::UnexpectedEvent),
        }
    }

    pub(super) fn reidentify_answered(
        &mut self,
        mut identify: Box<Identify>,
        input: Input<'_>,
    ) -> Action {
        match Self::feed(&mut identify, self.now, input) {
            Ok(IdentifyAction::Done(facts)) => self.consult(Event::Facts(facts)),
            Ok(IdentifyAction::Failed {
                sense: Some(sense), ..
            }) => self.consult(Event::Refused { sense }),
            Ok(IdentifyAction::Failed { sense: None, .. }) => self.consult(Event::TimedOut),
            Ok(action) => {
                self.state = State::Reidentifying(identify);
                self.identify_action(action)
            }
            Err(cause) => self.command_lost(cause),
        }
    }
}
