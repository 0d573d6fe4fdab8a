//! Whether the medium behind the locked door is the one that was judged: between the two anybody may have
//! changed it, and the drive's word of that may have gone to another program.
//!
//! Owns the few questions that tell discs apart, asked again with the same CDBs, and the comparison. Must
//! not know what the plan is.

use super::*;
use crate::gate::BLOCK_BYTES;
use pitland_mmc::cdb::{Command as Mmc, DiscInformationType};
use pitland_mmc::reply::{BackgroundFormat, DiscInformation, TrackInformation};
use pitland_writer::Answer;

/// What comes once the medium is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recognized {
    /// The job begins.
    Begin,
    /// The command goes out again that an attention stood in the way of.
    Send(Planned, Tries),
}

impl Machine {
    /// Asks from the n-th answer of the facts on; `tries` counts those that had to be repeated.
    pub(super) fn recognize(&mut self, from: usize, tries: u8, then: Recognized) -> Action {
        let rest = self.job.facts.answers.iter().enumerate().skip(from);
        let next = rest.into_iter().find(|(_, answer)| tells_apart(answer));
        let Some((number, cdb)) = next.map(|(number, answer)| (number, answer.cdb)) else {
            return match then {
                Recognized::Begin => self.consult(Event::Begin),
                Recognized::Send(planned, tries) => self.send_planned(planned, tries),
            };
        };
        self.state = State::Recognizing {
            number,
            tries,
            then,
        };
        self.send(cdb, Payload::wanting(room_for(&cdb)))
    }

    pub(super) fn recognize_answered(
        &mut self,
        number: usize,
        tries: u8,
        then: Recognized,
        input: Input<'_>,
    ) -> Action {
        match input {
            Input::Good(data) => {
                let before = self.job.facts.answers.get(number);
                if before.is_some_and(|before| is_another(before, data)) {
                    return self.is_another_medium();
                }
                self.recognize(number + 1, 0, then)
            }
            Input::Sense(sense) if sense.reaction() == Reaction::NoMedium => {
                self.is_another_medium()
            }
            Input::Sense(sense) if tries < patience::ATTENTIONS && passes(&sense) => {
                self.state = State::Recognizing {
                    number,
                    tries: tries + 1,
                    then,
                };
                match sense.key {
                    SenseKey::UnitAttention => self.recognize(number, tries + 1, then),
                    _ => Action::Wait(patience::POLL),
                }
            }
            Input::Waited => self.recognize(number, tries, then),
            Input::NoAnswer(cause) => self.command_lost(cause),
            // What a drive does not answer now tells nothing, and the next question may.
            _ => self.recognize(number + 1, 0, then),
        }
    }

    fn is_another_medium(&mut self) -> Action {
        self.fail(Fault::AnotherMedium);
        self.end()
    }
}

/// What a question makes room for, however little of it came then.
fn room_for(cdb: &CdbBytes) -> u32 {
    let asked = Mmc::parse(cdb.as_slice()).ok();
    let announced = asked.and_then(|asked| asked.transfer_len(BLOCK_BYTES));
    announced.map_or(0, |bytes| u32::try_from(bytes).unwrap_or(u32::MAX))
}

/// Whether the answer is one of those that differ between discs: their state, where the next block goes,
/// and what stands in the first blocks.
fn tells_apart(answer: &Answer) -> bool {
    match Mmc::parse(answer.cdb.as_slice()) {
        Ok(Mmc::ReadDiscInformation(ask)) => ask.data_type == DiscInformationType::Standard,
        Ok(Mmc::ReadTrackInformation(_)) => {
            place(&answer.data).is_some_and(|(_, nwa)| nwa.is_some())
        }
        Ok(Mmc::Read10(_)) => !answer.data.is_empty(),
        _ => false,
    }
}

/// Whether an answer cannot be that of the same medium. One that cannot be read tells nothing.
fn is_another(before: &Answer, now: &[u8]) -> bool {
    match Mmc::parse(before.cdb.as_slice()) {
        Ok(Mmc::ReadDiscInformation(_)) => differ(disc(&before.data), disc(now)),
        Ok(Mmc::ReadTrackInformation(_)) => differ(place(&before.data), place(now)),
        Ok(Mmc::Read10(_)) => now.len() == before.data.len() && now != before.data,
        _ => false,
    }
}

fn differ<T: PartialEq>(before: Option<T>, now: Option<T>) -> bool {
    before.is_some() && now.is_some() && before != now
}

/// Disc information without what changes by itself: a background format with the status that it leads to, and
/// the drive's calibrations.
fn disc(data: &[u8]) -> Option<DiscInformation> {
    let told = DiscInformation::parse(data).ok()?;
    let (status, last_session_state) = match told.background_format {
        BackgroundFormat::None => (told.status, told.last_session_state),
        _ => Default::default(),
    };
    Some(DiscInformation {
        status,
        last_session_state,
        background_format: BackgroundFormat::None,
        dirty: false,
        opc_table_count: None,
        opc_tables: Vec::new(),
        ..told
    })
}

fn place(data: &[u8]) -> Option<(Lba, Option<Lba>)> {
    let told = TrackInformation::parse(data).ok()?;
    Some((told.start, told.nwa))
}
