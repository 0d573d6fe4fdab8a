//! What the drive's thread does for those who only ask, and the movements of the tray. Owns no state of
//! its own; who may ask is the actor's to say.

use crate::drive::read::{MOST_BLOCKS, ReadError};
use crate::drive::thread::{Brought, Device, Question, Tray, no_answer};
use crate::error::QueryError;
use bytes::Bytes;
use pitland_burn::settle::{Settled, Settling};
use pitland_burn::{
    Ending, Identify, IdentifyAction, NoAnswer, Note, QuirkTable, Unusable, patience,
};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, PreventAllowMediumRemoval, StartStopUnit, TestUnitReady};
use pitland_mmc::sense::Sense;
use pitland_transport::MediumEvent;
use pitland_transport::probe::{self, Capabilities, ProbeError};
use pitland_transport::{Data, Transport};
use pitland_writer::MediaFacts;

impl Device {
    pub(super) fn probe(&mut self) -> Result<Box<Capabilities>, QueryError> {
        match probe::probe(&mut self.transport) {
            Ok(capabilities) => Ok(Box::new(capabilities)),
            Err(ProbeError::Transport(error)) => Err(QueryError::NoAnswer(no_answer(&error))),
            Err(ProbeError::Refused { status, .. }) => Err(match status.sense() {
                Some(sense) => QueryError::Sense(*sense),
                None => QueryError::NoAnswer(NoAnswer::Link),
            }),
            Err(ProbeError::NotOptical(_)) => Err(QueryError::NotOptical),
            Err(error) => Err(QueryError::Nonsense {
                what: error.to_string(),
            }),
        }
    }

    pub(super) fn medium_events(&mut self) -> Result<Vec<MediumEvent>, QueryError> {
        self.events
            .take(&mut self.transport)
            .map_err(|error| QueryError::NoAnswer(no_answer(&error)))
    }

    pub(super) fn identify(&mut self) -> Result<Box<MediaFacts>, QueryError> {
        let table = QuirkTable::clone(&self.table);
        let mut identify = Identify::with_table(self.transport.now(), table);
        let mut action = identify.action();
        loop {
            action = match action {
                IdentifyAction::Ask { cdb, length } => {
                    let brought = self.ask(cdb, length as usize, patience::QUICK);
                    self.identify_next(&mut identify, brought)?
                }
                IdentifyAction::Send { cdb, parameters } => {
                    let sent = Data::Out(&parameters);
                    let brought = match self.exchange(cdb, sent, patience::QUICK) {
                        // What went over is no answer.
                        Brought::Good(_) => Brought::Good(0),
                        other => other,
                    };
                    self.identify_next(&mut identify, brought)?
                }
                IdentifyAction::Wait(pause) => {
                    self.wait(pause, None);
                    identify.action()
                }
                IdentifyAction::Done(facts) => {
                    if let Some(inquiry) = &facts.inquiry {
                        self.quirks = self.table.of_drive(inquiry);
                    }
                    return Ok(facts);
                }
                IdentifyAction::Failed { sense, why, .. } => {
                    return Err(match (why, sense) {
                        (Unusable::NotOptical, _) => QueryError::NotOptical,
                        (Unusable::Refused | Unusable::NotReady, Some(sense)) => {
                            QueryError::Sense(sense)
                        }
                        (why, _) => QueryError::Unusable(why),
                    });
                }
            };
        }
    }

    fn identify_next(
        &mut self,
        identify: &mut Identify,
        brought: Brought,
    ) -> Result<IdentifyAction, QueryError> {
        let now = self.transport.now();
        Ok(match brought {
            Brought::Good(length) => identify.answered(now, self.answer(length)),
            Brought::Sense(sense) => identify.refused(now, sense),
            // More than the link carries: the question is left out.
            Brought::NoAnswer(NoAnswer::NotSent) => identify.refused(now, Sense::new(5, 0x24, 0)),
            // A question that a drive hangs on is left out, too, where it can be.
            Brought::NoAnswer(NoAnswer::TimedOut) => identify
                .unanswered(now)
                .ok_or(QueryError::NoAnswer(NoAnswer::TimedOut))?,
            Brought::NoAnswer(cause) => return Err(QueryError::NoAnswer(cause)),
        })
    }

    pub(super) fn read(&mut self, lba: Lba, blocks: u16) -> Result<Bytes, ReadError> {
        let blocks = blocks.min(MOST_BLOCKS);
        let length = usize::from(blocks) * 2048;
        let came = self.patiently(|device| device.ask_blocks(lba, u32::from(blocks)))?;
        match came == length {
            true => Ok(Bytes::copy_from_slice(self.answer(length))),
            false => Err(ReadError::NoAnswer(NoAnswer::Link)),
        }
    }

    /// What came of a command that only reads, perhaps less than there was room for.
    pub(super) fn asked(&mut self, question: Question) -> Result<Bytes, ReadError> {
        let Question {
            cdb,
            length,
            timeout,
        } = question;
        let came = self.patiently(|device| device.ask(cdb, length, timeout))?;
        Ok(Bytes::copy_from_slice(self.answer(came)))
    }

    /// Asks until the drive is ready for it, and answers how many bytes came.
    fn patiently(&mut self, mut ask: impl FnMut(&mut Self) -> Brought) -> Result<usize, ReadError> {
        let (mut attentions, mut tries) = (0, 0);
        loop {
            match ask(self) {
                Brought::Good(came) => return Ok(came),
                Brought::NoAnswer(cause) => return Err(ReadError::NoAnswer(cause)),
                Brought::Sense(sense) => match sense.reaction() {
                    it if it.is_attention() && attentions < patience::ATTENTIONS => {
                        // A drive that was busy loading tells of its medium then.
                        attentions += 1;
                    }
                    it if it.is_busy() && tries < patience::BUSY_TRIES => {
                        tries += 1;
                        self.wait(patience::POLL, None);
                    }
                    _ => return Err(ReadError::Sense(sense)),
                },
            }
        }
    }

    pub(super) fn move_tray(&mut self, tray: Tray) -> Result<(), QueryError> {
        let command = match tray {
            Tray::Eject => {
                let unlock = PreventAllowMediumRemoval {
                    prevent: false,
                    persistent: false,
                }
                .emit();
                // A drive without a lock refuses this, and ejects all the same.
                self.ask(unlock, 0, patience::QUICK);
                if let Some(first) = self.quirks.before_eject() {
                    self.ask(first, 0, patience::SPIN);
                }
                StartStopUnit {
                    load_eject: true,
                    start: false,
                    ..Default::default()
                }
            }
            Tray::Load => StartStopUnit {
                load_eject: true,
                start: true,
                ..Default::default()
            },
        };
        let mut settling =
            Settling::new(self.transport.now(), patience::BECOMING_READY).obeying(&self.quirks);
        loop {
            match self.ask(command.emit(), 0, patience::BECOMING_READY) {
                Brought::Good(_) => break,
                Brought::NoAnswer(cause) => return Err(QueryError::NoAnswer(cause)),
                // Attentions are taken, and a drive that is still busy is waited for.
                Brought::Sense(sense) => match settling.judge(self.transport.now(), Some(sense)) {
                    Settled::Wait(pause) => self.wait(pause, None),
                    _ => return Err(QueryError::Sense(sense)),
                },
            }
        }
        if tray == Tray::Eject {
            return Ok(());
        }
        let mut settling =
            Settling::new(self.transport.now(), patience::BECOMING_READY).obeying(&self.quirks);
        loop {
            let answer = match self.ask(TestUnitReady {}.emit(), 0, patience::QUICK) {
                Brought::Good(_) => None,
                Brought::Sense(sense) => Some(sense),
                Brought::NoAnswer(cause) => return Err(QueryError::NoAnswer(cause)),
            };
            match settling.judge(self.transport.now(), answer) {
                Settled::Ready => return Ok(()),
                Settled::Wait(pause) => self.wait(pause, None),
                Settled::Failed(sense) => return Err(QueryError::Sense(sense)),
                Settled::TimedOut => return Err(QueryError::NoAnswer(NoAnswer::TimedOut)),
                _ => return Err(QueryError::NoAnswer(NoAnswer::Link)),
            }
        }
    }

    /// Lets the host see the medium anew, where it keeps what it once learned of it: the tray goes out and
    /// in. That cannot spoil a job that has ended.
    pub(super) fn show_the_host(&mut self, ending: &mut Ending) {
        if !self.transport.host_remembers_medium() {
            return;
        }
        let told = self.probe();
        if matches!(told, Err(QueryError::NoAnswer(NoAnswer::Gone))) {
            return;
        }
        let moves_by_itself = told
            .is_ok_and(|told| told.has_tray() && told.can_eject && told.can_load != Some(false));
        let mut came_in = None;
        if moves_by_itself && self.move_tray(Tray::Eject).is_ok() {
            // Nobody else looks while it is out, and the host would have seen nothing go.
            self.transport.have_host_look();
            came_in = Some(self.move_tray(Tray::Load));
            self.transport.have_host_look();
        }
        match came_in {
            Some(Ok(())) | Some(Err(QueryError::NoAnswer(NoAnswer::Gone))) => {}
            Some(Err(_)) => ending.notes.push(Note::TrayLeftOut),
            None => ending.notes.push(Note::HostSeesOldMedium),
        }
    }
}
