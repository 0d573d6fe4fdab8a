//! A test write: the drive goes through all of a burn with the laser low (recipe 3).
//!
//! Owns the certainty that it is one before anything of it is sent that would change the disc otherwise,
//! and that the drive records again afterwards. Must not know what the writer plans.
//!
//! ```text
//! page 05h taken -> read back: Test Write is set -> cue sheet, track, blocks .. -> page 05h without it
//! ```

use super::*;
use pitland_mmc::cdb::{ModeSelect10, ModeSense10, PageControl};
use pitland_mmc::mode_page::{ModePage, ModeParameterList, WriteParameters, WriteType};

/// Bytes asked of page 05h: header, and the page with as many of the vendor's bytes as one has.
const PAGE_REPLY: u16 = 128;
/// Questions for the page, and tries to set it, where something passing is in the way.
const TRIES: u8 = 20;

/// What the machine knows of a drive that is or was told to write without recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TestMode {
    /// Page 05h without Test Write, for the end; as long as the drive may have the other.
    page_of_recording: Option<WriteParameters>,
    /// The drive said itself that Test Write is set, and nothing has happened since that may clear it.
    confirmed: bool,
}

/// Page 05h in the parameters of a MODE SELECT.
fn write_parameters(parameters: &[u8]) -> Option<WriteParameters> {
    let pages = ModeParameterList::parse(parameters).ok()?.pages;
    pages.into_iter().find_map(|page| match page {
        ModePage::WriteParameters(page) => Some(page),
        _ => None,
    })
}

/// Whether the plan has the drive record a whole session or disc at once, in one go from its first block
/// (recipes 4.2 and 6).
pub(super) fn records_at_once(plan: &WritePlan) -> bool {
    writes_by(plan, &[WriteType::SessionAtOnce, WriteType::Raw])
}

/// Whether a synchronized cache ends what is being recorded, complete or not: at once, and a CD's track at
/// once (recipes 5 and 6).
pub(super) fn ends_with_the_cache(plan: &WritePlan) -> bool {
    writes_by(
        plan,
        &[
            WriteType::SessionAtOnce,
            WriteType::TrackAtOnce,
            WriteType::Raw,
        ],
    )
}

fn writes_by(plan: &WritePlan, types: &[WriteType]) -> bool {
    let mut pages = plan
        .prepare
        .iter()
        .filter(|command| command.purpose == Move::SetWriteParameters)
        .filter_map(|command| write_parameters(&command.parameters));
    pages.any(|page| types.contains(&page.write_type))
}

impl Machine {
    /// Before a command goes out: one with page 05h may switch the drive between testing and recording.
    pub(super) fn heed_write_parameters(&mut self, planned: Planned) {
        let page = self
            .command(planned)
            .filter(|command| command.purpose == Move::SetWriteParameters)
            .and_then(|command| write_parameters(&command.parameters));
        let Some(page) = page else { return };
        self.test_mode.confirmed = false;
        if page.test_write {
            self.test_mode.page_of_recording = Some(WriteParameters {
                test_write: false,
                ..page
            });
        }
    }

    /// The drive took a command of the plan.
    pub(super) fn heed_taken(&mut self, planned: Planned) {
        let records_again = self
            .command(planned)
            .filter(|command| command.purpose == Move::SetWriteParameters)
            .and_then(|command| write_parameters(&command.parameters))
            .is_some_and(|page| !page.test_write);
        if records_again {
            self.test_mode.page_of_recording = None;
        }
    }

    /// The drive was reset, or said that somebody changed its settings.
    pub(super) fn forget_test_mode(&mut self) {
        self.test_mode.confirmed = false;
    }

    /// Whether what comes next must not be sent before the drive has said that nothing is recorded.
    pub(super) fn must_confirm_test(&self) -> bool {
        self.test_write_only && self.records_data() && !self.test_mode.confirmed
    }

    /// Asks for page 05h: a drive that took MODE SELECT and does not test would record.
    pub(super) fn confirm_test(&mut self, then: AfterCommit, tries: u8) -> Action {
        self.state = State::ConfirmingTest { then, tries };
        let question = ModeSense10 {
            disable_block_descriptors: true,
            page_control: PageControl::Current,
            page_code: WriteParameters::CODE,
            subpage_code: 0,
            allocation_length: PAGE_REPLY,
        };
        Action::Send(Command {
            cdb: question.emit(),
            payload: Payload::In(PAGE_REPLY.into()),
            timeout: patience::QUICK,
        })
    }

    pub(super) fn test_confirmed(
        &mut self,
        then: AfterCommit,
        tries: u8,
        input: Input<'_>,
    ) -> Action {
        match input {
            Input::Good(data) if write_parameters(data).is_some_and(|page| page.test_write) => {
                self.test_mode.confirmed = true;
                match then {
                    AfterCommit::Send(planned) => self.planned(planned),
                    AfterCommit::Write(index) => self.start_extent(index),
                }
            }
            Input::Sense(sense) if tries < TRIES && passes(&sense) => match sense.key {
                SenseKey::UnitAttention => self.confirm_test(then, tries + 1),
                _ => {
                    self.state = State::ConfirmingTest { then, tries };
                    Action::Wait(patience::POLL)
                }
            },
            Input::Waited => self.confirm_test(then, tries + 1),
            Input::NoAnswer(cause) => self.command_lost(cause),
            // Said otherwise, or not at all.
            _ => {
                self.fail(Fault::TestWriteNotTaken);
                self.end()
            }
        }
    }

    /// Whether the drive may still have Test Write set: then it is told to record again.
    pub(super) fn must_record_again(&self) -> bool {
        self.test_mode.page_of_recording.is_some()
    }

    /// Sends page 05h without Test Write. Some drives take a disc for full until then (recipe 3).
    pub(super) fn record_again(&mut self, tries: u8) -> Action {
        let Some(page) = self.test_mode.page_of_recording.clone() else {
            return self.unlock(0);
        };
        let parameters = ModeParameterList::select(&ModePage::WriteParameters(page));
        let select = ModeSelect10 {
            page_format: true,
            save_pages: false,
            parameter_list_length: u16::try_from(parameters.len()).unwrap_or(u16::MAX),
        };
        self.state = State::RecordingAgain { tries };
        Action::Send(Command {
            cdb: select.emit(),
            payload: Payload::Out(parameters),
            timeout: patience::QUICK,
        })
    }

    pub(super) fn records_again(&mut self, tries: u8, input: Input<'_>) -> Action {
        match input {
            Input::Sense(sense) if tries < TRIES && passes(&sense) => match sense.key {
                SenseKey::UnitAttention => return self.record_again(tries + 1),
                _ => {
                    self.state = State::RecordingAgain { tries };
                    return Action::Wait(patience::POLL);
                }
            },
            Input::Waited => return self.record_again(tries + 1),
            Input::Sense(sense) => self.notes.push(Note::Tolerated {
                purpose: Move::SetWriteParameters,
                sense,
            }),
            _ => {}
        }
        self.test_mode.page_of_recording = None;
        self.unlock(0)
    }
}
