//! Reading back: whether and how much, at the highest speed, unit by unit.
//!
//! Owns the decision and what the answers lead to; which units and what they amount to is
//! [`crate::verify`]'s, and whether the bytes are the right ones is found where they are.

use super::*;
use pitland_mmc::cdb::SetStreaming;
use pitland_mmc::param::StreamingDescriptor;
use pitland_writer::{CdTrack, moves};

/// READs in a row that got no answer before reading back is given up.
const MOST_TIMEOUTS: u8 = 3;

/// Which command for the highest reading speed is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hastening {
    /// SET STREAMING with the fastest that the drive offers.
    Streaming,
    /// SET CD SPEED, for a drive that refuses or offers nothing (recipe 2.5).
    CdSpeed,
}

impl Machine {
    /// After the proof: reads back what was written, as asked; a sample where nothing was asked and the
    /// burn was too fast to be true.
    pub(super) fn read_what_was_written(&mut self) -> Action {
        if self.fault.is_some() || self.test_write_only {
            return self.finish(None);
        }
        if self.writes_sectors() {
            return self.compare_sectors();
        }
        let suspicious = self.was_implausibly_fast() | self.looks_empty();
        let image = self.written_runs.iter().map(WrittenRun::image_end).max();
        let Some(image_blocks) = image else {
            return self.finish(None);
        };
        match self.job.verify {
            VerifyLevel::Full => self.hasten(),
            VerifyLevel::Quick => self.start_reading(Choice::Quick),
            VerifyLevel::None if suspicious => self.start_reading(sample_of(image_blocks)),
            VerifyLevel::None => self.finish(None),
        }
    }

    /// READ does not read them all: they are compared where the drive's sectors and the checks are.
    fn compare_sectors(&mut self) -> Action {
        let suspicious = self.was_implausibly_fast();
        let in_short = match self.job.verify {
            VerifyLevel::Full => false,
            VerifyLevel::None if !suspicious => return self.finish(None),
            VerifyLevel::Quick | VerifyLevel::None => true,
        };
        if let Some(track) = self.misplaced_track() {
            self.fail(Fault::NotProven(Unproven::Contents { track }));
            return self.finish(None);
        }
        self.progress.phase = Phase::Verifying;
        self.state = State::ComparingSectors;
        Action::CompareSectors { in_short }
    }

    /// The first track that does not begin where it was written, by the disc's table of contents.
    fn misplaced_track(&self) -> Option<u8> {
        let Request::Burn(burn) = &self.job.request else {
            return None;
        };
        let layout = burn.cd.as_ref()?;
        let contents = self.job.facts.cd.toc.as_ref()?;
        let written_at = |block: u64| {
            let mut runs = self.written_runs.iter();
            let run = runs.find(|run| (run.image_block..run.image_end()).contains(&block))?;
            let into = u32::try_from(block - run.image_block).ok()?;
            run.first_lba.0.checked_add_unsigned(into).map(Lba)
        };
        let is_misplaced = |track: &&CdTrack| {
            let entry = contents.entries.iter().find(|e| e.track == track.number);
            let is_there = entry.is_some_and(|entry| {
                written_at(track.image_block) == Some(entry.start)
                    && entry.is_data() != track.is_audio()
            });
            !is_there
        };
        layout.tracks.iter().find(is_misplaced).map(|t| t.number)
    }

    pub(super) fn sectors_compared(&mut self, input: Input<'_>) -> Action {
        if self.cancel_requested {
            self.fail(Fault::Cancelled);
            return self.finish(None);
        }
        let compared = match input {
            Input::SectorsCompared(compared) => compared,
            Input::NoAnswer(cause) if cause != NoAnswer::NotSent => {
                return self.reading_lost(None, cause);
            }
            // There was nothing to compare with.
            _ => return self.finish(None),
        };
        let reread = compared.reread.iter();
        self.notes
            .extend(reread.map(|lba| Note::Reread { lba: *lba }));
        if let Some(samples) = compared.read_offset.filter(|samples| *samples != 0) {
            self.notes.push(Note::ReadOffset { samples });
        }
        if compared.verification.bad_units > 0 {
            self.fail(Fault::Verification(compared.verification.clone()));
        }
        self.compared = Some(compared.verification);
        self.finish(None)
    }

    /// Tells how far the comparison of sectors has come.
    pub fn comparing(&mut self, done: u64, total: u64) {
        (self.progress.blocks_done, self.progress.blocks_total) = (done, total);
    }

    /// Whether whole sectors of a CD are written.
    fn writes_sectors(&self) -> bool {
        matches!(&self.job.request, Request::Burn(burn) if burn.cd.is_some())
    }

    /// A medium that is only read back was identified.
    pub(super) fn read_another(&mut self, facts: Box<MediaFacts>) -> Action {
        let there = !matches!(
            facts.condition(),
            MediumCondition::NoMedium | MediumCondition::Unrecognized | MediumCondition::Unknown
        );
        self.job.facts = *facts;
        self.proved = there;
        if !there {
            self.fail(Fault::NotProven(Unproven::NotIdentified));
        } else if self.tells_of_discs
            && let Err(unproven) = proof::plausible(&self.job.facts)
        {
            self.fail(Fault::NotProven(unproven));
        }
        let image = self.written_runs.iter().map(WrittenRun::image_end).max();
        match (self.job.verify, image) {
            _ if self.fault.is_some() => self.finish(None),
            (_, None) => self.finish(None),
            (VerifyLevel::Full, _) => self.hasten(),
            (VerifyLevel::Quick, _) => self.start_reading(Choice::Quick),
            (VerifyLevel::None, Some(blocks)) => self.start_reading(sample_of(blocks)),
        }
    }

    /// Whether the job took less time than any drive needs, which is told; by the drive's own clock.
    fn was_implausibly_fast(&mut self) -> bool {
        let Some(from) = self.wrote_from else {
            return false;
        };
        let extents = self.job.plan.extents.iter().zip(&self.taken);
        let bytes = extents
            .map(|(e, taken)| taken.saturating_mul(e.form.bytes().into()))
            .sum();
        let took = self.wrote_until.saturating_sub(from);
        let least = proof::least_time(&self.job.facts, bytes);
        let implausible = took < least;
        if implausible {
            self.notes.push(Note::ImplausiblyFast { took, least });
        }
        implausible
    }

    /// Whether the disc shows nothing where volumes start, which is told; an image may be so.
    fn looks_empty(&mut self) -> bool {
        let looks_empty = self.blocks_written() > 0
            && self.records_data()
            && self.job.facts.looks_empty() == Some(true);
        if looks_empty {
            self.notes.push(Note::LooksEmpty);
        }
        looks_empty
    }

    /// Has the drive read as fast as it can: it keeps the speed of the burn otherwise.
    fn hasten(&mut self) -> Action {
        self.progress.phase = Phase::Verifying;
        let offers = self.job.facts.write_speed_descriptors.iter();
        let fastest = offers.max_by_key(|offer| offer.read_speed);
        let Some(offer) = fastest.filter(|offer| offer.read_speed > 0) else {
            return self.hasten_cd_speed();
        };
        let parameters = StreamingDescriptor::from_offer(offer).emit();
        let cdb = SetStreaming {
            kind: 0,
            parameter_list_length: u16::try_from(parameters.len()).unwrap_or(u16::MAX),
        };
        self.state = State::Hastening(Hastening::Streaming);
        self.send(cdb.emit(), Payload::Out(parameters))
    }

    fn hasten_cd_speed(&mut self) -> Action {
        self.state = State::Hastening(Hastening::CdSpeed);
        self.send(moves::set_cd_speed(u32::MAX).cdb, Payload::None)
    }

    /// A drive that does not take a speed is read as it is.
    pub(super) fn hastening_answered(&mut self, hastening: Hastening, input: Input<'_>) -> Action {
        match (hastening, input) {
            (_, Input::NoAnswer(NoAnswer::Gone)) => self.reading_lost(None, NoAnswer::Gone),
            (Hastening::Streaming, Input::Sense(sense))
                if sense.key == SenseKey::IllegalRequest =>
            {
                self.hasten_cd_speed()
            }
            _ => self.start_reading(Choice::All),
        }
    }

    fn start_reading(&mut self, choice: Choice) -> Action {
        self.progress.phase = Phase::Verifying;
        let runs = self.written_runs.clone();
        let mut verifying = Box::new(Verifying::new(runs, choice, self.job.most_bytes));
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
            Input::Unchecked => verifying.unchecked(),
            Input::Sense(sense) => verifying.refused(sense),
            Input::NoAnswer(NoAnswer::TimedOut) if verifying.timed_out() < MOST_TIMEOUTS => {
                verifying.refused(Sense::new(3, 0x11, 0))
            }
            Input::NoAnswer(cause) => return self.reading_lost(Some(&verifying), cause),
            _ => verifying.turn(),
        };
        if let Some(lba) = verifying.reread_at.take() {
            self.notes.push(Note::Reread { lba });
        }
        self.verify_turn(verifying, turn)
    }

    fn reading_lost(&mut self, verifying: Option<&Verifying>, cause: NoAnswer) -> Action {
        let cdb = self.blamed();
        self.fail(Fault::NoAnswer {
            phase: Phase::Verifying,
            cdb,
            cause,
        });
        self.finish(verifying)
    }

    fn verify_turn(&mut self, verifying: Box<Verifying>, turn: verify::Turn) -> Action {
        (self.progress.blocks_done, self.progress.blocks_total) = verifying.progress();
        if self.cancel_requested {
            self.fail(Fault::Cancelled);
            return self.finish(Some(&verifying));
        }
        match turn {
            verify::Turn::Read(unit) => {
                self.pending_command = Some(unit.cdb);
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
                    self.fail(Fault::Verification(verifying.result.clone()));
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
}

/// The sample of an image of so many blocks.
fn sample_of(image_blocks: u64) -> Choice {
    let units = image_blocks.div_ceil(verify::UNIT_BLOCKS.into());
    Choice::Sample(verify::sample(units))
}
