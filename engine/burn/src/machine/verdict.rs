//! The verdict: what is in the drive now, and what became of the data.
//!
//! Owns the judgement, from what the drive said last and what it has acknowledged. Must not send
//! anything any more.

use super::*;

impl Machine {
    pub(super) fn finish(&mut self, verifying: Option<&Verifying>) -> Action {
        self.progress.phase = Phase::Ended;
        self.state = State::Done;
        self.tell_of_growth();
        let looked = self.proved && (self.progress.committed || self.reads_only);
        let facts = looked.then(|| self.job.facts.clone());
        let verification = verifying.map(|v| v.result.clone());
        let verification = verification.or(self.compared.take());
        let medium = self.medium(facts.as_ref());
        let outcome = self.outcome(facts.as_ref(), verification.as_ref());
        let result = match self.fault.take() {
            None => Ok(Completed {
                verification,
                rehearsed: self.rehearsed,
                test_written: self.test_write_only && self.records_data() && !self.rehearsed,
            }),
            Some(fault) => Err(fault),
        };
        Action::Finished(Box::new(Ending {
            result,
            medium,
            outcome,
            facts,
            blocks_written: self.blocks_written(),
            written: std::mem::take(&mut self.written_runs),
            buffer_full: self.progress.buffer_full,
            notes: std::mem::take(&mut self.notes),
        }))
    }

    fn medium(&self, facts: Option<&MediaFacts>) -> MediumState {
        if !self.reads_only && (!self.progress.committed || self.was_only_tested()) {
            return MediumState::Untouched;
        }
        let Some(facts) = facts else {
            return MediumState::Unknown;
        };
        match facts.condition() {
            condition if self.fault.is_some() && self.left_as_it_was(condition) => {
                MediumState::Untouched
            }
            // It was formatted, or was to be.
            MediumCondition::Unformatted if self.fault.is_some() => MediumState::Damaged,
            _ => proof::medium_state(facts),
        }
    }

    /// Whether the medium holds nothing, as before, although the job had begun to change it.
    fn left_as_it_was(&self, condition: MediumCondition) -> bool {
        let empty = |condition| {
            matches!(
                condition,
                MediumCondition::Blank | MediumCondition::Unformatted
            )
        };
        // A recording that was only announced has put nothing onto the disc.
        let same = condition == self.before.condition || condition == MediumCondition::Announced;
        empty(self.before.condition) && same && self.blocks_resumed() + self.blocks_written() == 0
    }

    fn outcome(&self, facts: Option<&MediaFacts>, verification: Option<&Verification>) -> Outcome {
        let compared_all = self.job.verify == VerifyLevel::Full
            && verification.is_some_and(Verification::is_complete);
        if self.reads_only {
            return match &self.fault {
                None if compared_all => Outcome::Verified,
                Some(Fault::Verification(_)) => Outcome::Lost,
                _ => Outcome::Unverified,
            };
        }
        if !self.progress.committed || self.was_only_tested() {
            // What was to be resumed is as it was.
            return match self.job.resumed {
                Some(_) => Outcome::Resumable,
                None => Outcome::NothingWritten,
            };
        }
        match &self.fault {
            None if !self.records_data() => Outcome::MediumChanged,
            None if compared_all => Outcome::Verified,
            None => Outcome::Unverified,
            Some(Fault::Verification(_) | Fault::NotProven(Unproven::NotAsBefore)) => Outcome::Lost,
            Some(_) if !self.records_data() => self.outcome_without_data(facts),
            // The disc was proven; only what came afterwards did not come to its end.
            Some(fault) if self.as_planned && self.all_taken() && !data_in_doubt(fault) => {
                Outcome::Unverified
            }
            Some(fault) => self.outcome_cut_off(fault, facts),
        }
    }

    /// Whether nothing can have been recorded: the drive said that it only tests, and does not show the
    /// contrary.
    fn was_only_tested(&self) -> bool {
        self.test_write_only
            && !matches!(self.fault, Some(Fault::NotProven(Unproven::NotAsBefore)))
            && (self.as_planned || !self.proved)
    }

    /// Whether the job is about an image.
    pub(super) fn records_data(&self) -> bool {
        let mut extents = self.job.plan.extents.iter();
        self.job.resumed.is_some() || extents.any(|extent| extent.origin == Origin::Image)
    }

    /// The end of a format, an erase or a close that did not do what it should.
    fn outcome_without_data(&self, facts: Option<&MediaFacts>) -> Outcome {
        match &self.job.request {
            _ if facts.is_some_and(|facts| self.left_as_it_was(facts.condition())) => {
                Outcome::NothingWritten
            }
            // What was there before is there.
            Request::Close(_) => Outcome::ReadableOpen,
            _ => Outcome::Lost,
        }
    }

    /// The end of a burn that did not come to its own, by what is on the medium.
    fn outcome_cut_off(&self, fault: &Fault, facts: Option<&MediaFacts>) -> Outcome {
        if self.left_the_old_volume() {
            return match self.wrote_from {
                Some(_) => Outcome::ReadableOpen,
                None => Outcome::NothingWritten,
            };
        }
        let taken = self.blocks_resumed() + self.blocks_written();
        // What became of a WRITE without an answer is not known.
        let unanswered = matches!(
            fault,
            Fault::NoAnswer {
                phase: Phase::Writing,
                ..
            }
        );
        let tried = taken > 0 || unanswered;
        let untold = match self.job.plan.resumable && tried {
            // By the drive's word there is no place left for the rest.
            true if self.session_closed && !self.all_taken() => Outcome::ReadableOpen,
            true => Outcome::Resumable,
            false => Outcome::Lost,
        };
        let Some(facts) = facts else {
            return untold;
        };
        match facts.condition() {
            MediumCondition::Blank if taken == 0 => Outcome::NothingWritten,
            condition if self.left_as_it_was(condition) => Outcome::NothingWritten,
            // What a drive without protection ran out of data in is not a track any more (recipe 14).
            _ if self.ran_dry_unprotected(fault) => Outcome::Lost,
            MediumCondition::OpenSession => self.outcome_of_open_session(fault, facts),
            MediumCondition::Appendable | MediumCondition::Complete => match fault {
                // Closed, and the number of sessions or of blocks is not what it should be.
                Fault::NotProven(_) => Outcome::Lost,
                // A drive that refused the first block may have begun with it, and one that writes at once
                // then closes what it has begun.
                _ if taken == 0 && facts.closed_sessions() != self.before.closed_sessions => {
                    Outcome::Lost
                }
                _ if taken == 0 => Outcome::NothingWritten,
                _ => Outcome::ReadableOpen,
            },
            MediumCondition::Formatted { .. } if self.wrote_from.is_none() && !self.formatted => {
                Outcome::NothingWritten
            }
            MediumCondition::Formatted { .. } if taken > 0 => match fault {
                Fault::NotProven(_) => Outcome::Lost,
                _ if closing_failed(fault) => Outcome::ReadableOpen,
                _ if self.job.plan.resumable => Outcome::Resumable,
                _ => Outcome::ReadableOpen,
            },
            MediumCondition::NoMedium
            | MediumCondition::Unrecognized
            | MediumCondition::Unknown => untold,
            _ => Outcome::Lost,
        }
    }

    /// Whether the drive ran out of data where it may not link, on a medium that is written once.
    fn ran_dry_unprotected(&self, fault: &Fault) -> bool {
        let unprotected = |extent: &pitland_writer::Extent| !extent.underrun_protection;
        !self.job.facts.profile().is_overwritable()
            && self.job.plan.extents.iter().any(unprotected)
            && matches!(fault, Fault::Drive { sense, .. } if sense.reaction() == Reaction::StreamingLost)
    }

    /// A session was left open. Its next writable address tells what reached the disc.
    fn outcome_of_open_session(&self, fault: &Fault, facts: &MediaFacts) -> Outcome {
        let all = self.all_taken();
        let mut extents = self.job.plan.extents.iter();
        let image = extents.find(|extent| extent.origin == Origin::Image);
        let resumed = self.job.resumed.map(|run| run.first_lba);
        let start = resumed.or(image.map(|extent| extent.first_lba));
        let own = facts.tracks.iter().find(|track| Some(track.start) == start);
        let nwa = match own {
            // A track behind it goes on behind what a drive puts between two (recipes 5 and 13).
            Some(track) => track.nwa,
            None => facts.nwa(),
        };
        let (Some(nwa), Some(start)) = (nwa, start) else {
            // A track that is closed in a session that is not: it takes no more.
            return match all || own.is_some_and(|track| !track.damage) {
                true => Outcome::ReadableOpen,
                false => Outcome::Lost,
            };
        };
        let there = u64::try_from(i64::from(nwa.0) - i64::from(start.0)).unwrap_or(0);
        let in_all = self.blocks_resumed() + self.job.plan.blocks();
        match there {
            // What was reserved for it is all that there is, and goes with the next load.
            0 if refused_as_illegal(fault)
                && self.blocks_resumed() + self.blocks_written() == 0 =>
            {
                Outcome::NothingWritten
            }
            0 => Outcome::Lost,
            there if there >= in_all && (all || closing_failed(fault)) => Outcome::ReadableOpen,
            there if there <= in_all && self.job.plan.resumable => Outcome::Resumable,
            there if there <= in_all => Outcome::ReadableOpen,
            // More than was written: it is not the disc that it was.
            _ => Outcome::Lost,
        }
    }
}

/// Whether a WRITE was refused as an illegal request: the drive did not begin with it.
fn refused_as_illegal(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Drive { phase: Phase::Writing, sense, .. }
            if sense.key == SenseKey::IllegalRequest && !sense.deferred
    )
}

/// Whether it was a command that closes which failed: the data are there.
fn closing_failed(fault: &Fault) -> bool {
    let closing = matches!(
        fault,
        Fault::Drive {
            phase: Phase::Closing,
            ..
        } | Fault::NoAnswer {
            phase: Phase::Closing,
            ..
        }
    );
    closing && !data_in_doubt(fault)
}

/// Whether blocks that the drive took may not be on the disc: an earlier WRITE failed, or the cache was
/// not written out.
fn data_in_doubt(fault: &Fault) -> bool {
    let deferred = matches!(fault, Fault::Drive { sense, .. } if sense.deferred);
    let (Fault::Drive { phase, cdb, .. } | Fault::NoAnswer { phase, cdb, .. }) = fault else {
        return false;
    };
    deferred || (*phase == Phase::Closing && cdb.opcode() == SynchronizeCache::OPCODE)
}
