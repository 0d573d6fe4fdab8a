//! What happened to the medium of a drive that is held open, asked of the
//! drive itself.
//!
//! The kernel tells of media only where something makes it look: udev sets it
//! an interval, and a drive that is open with `O_EXCL` it leaves alone. There
//! the engine asks, by GET EVENT STATUS NOTIFICATION (recipe 2.6), and by TEST
//! UNIT READY where a drive refuses that. A drive tells each event once: who
//! asks takes it from everybody else, the kernel too.
//!
//! Owns the questions and the meaning of the answers. Must not know when to
//! ask, nor what an event calls for.

use crate::{Exchange, Status, Transport, TransportError};
use core::time::Duration;
use pitland_mmc::SenseKey;
use pitland_mmc::cdb::{Cdb, GetEventStatusNotification, TestUnitReady};
use pitland_mmc::reply::{Event, EventClass, EventStatus, MediaEvent};

/// Both commands are answered from the drive's memory.
const LIMIT: Duration = Duration::from_secs(30);

/// Events taken at a time: some firmware repeats one for ever.
const MOST_AT_A_TIME: usize = 8;

/// Something that happened to a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MediumEvent {
    /// A medium is in, perhaps another one than before: identify it.
    Inserted,
    /// The medium is out.
    Removed,
    /// The eject button was pressed while the door was locked.
    EjectRequested,
    /// A background format came to its end.
    BackgroundFormatDone,
    /// A background format goes on.
    BackgroundFormatRestarted,
}

/// Reads an answer of GET EVENT STATUS NOTIFICATION. `None` where it tells of
/// nothing, of another class, or is cut short.
pub fn medium_event(answer: &[u8]) -> Option<MediumEvent> {
    match EventStatus::parse(answer).ok()?.event? {
        Event::Media { code, .. } => match code {
            MediaEvent::EjectRequest => Some(MediumEvent::EjectRequested),
            MediaEvent::NewMedia | MediaEvent::MediaChanged => Some(MediumEvent::Inserted),
            MediaEvent::MediaRemoval => Some(MediumEvent::Removed),
            MediaEvent::BackgroundFormatCompleted => Some(MediumEvent::BackgroundFormatDone),
            MediaEvent::BackgroundFormatRestarted => Some(MediumEvent::BackgroundFormatRestarted),
            _ => None,
        },
        _ => None,
    }
}

/// Asks one drive.
#[derive(Debug, Default)]
pub struct MediumEvents {
    /// The drive has refused to tell events.
    by_readiness: bool,
    /// Whether a medium was in at the last look.
    present: Option<bool>,
}

impl MediumEvents {
    /// Begins with a drive of which nothing is known.
    pub const fn new() -> Self {
        Self {
            by_readiness: false,
            present: None,
        }
    }

    /// What has happened since the last time, in its order: at most 16 events,
    /// from at most 8 questions of a kind.
    ///
    /// A drive without events is asked whether it is ready instead: then an
    /// eject button is not seen, and the first look tells of nothing.
    ///
    /// # Errors
    /// The drive did not answer. That it is busy or not ready is no error.
    pub fn take(&mut self, drive: &mut dyn Transport) -> Result<Vec<MediumEvent>, TransportError> {
        if self.by_readiness {
            return self.readiness(drive);
        }
        let cdb = GetEventStatusNotification {
            polled: true,
            classes: EventClass::Media.mask(),
            allocation_length: EventStatus::LEN as u16,
        }
        .emit();
        let mut events = Vec::new();
        for _ in 0..MOST_AT_A_TIME {
            let mut answer = [0; EventStatus::LEN];
            let reply = drive.execute(Exchange::data_in(cdb, &mut answer, LIMIT))?;
            match reply.status {
                Status::Good => {}
                Status::CheckCondition(sense) if sense.key == SenseKey::IllegalRequest => {
                    self.by_readiness = true;
                    return self.readiness(drive);
                }
                _ => break,
            }
            let came = answer.get(..reply.transferred).unwrap_or_default();
            if !tells_of_media(came) {
                self.by_readiness = true;
                return self.readiness(drive);
            }
            let event = medium_event(came);
            let implied = self.implied(came).filter(|implied| event != Some(*implied));
            match (event, implied) {
                (None, None) => break,
                // A drive that repeats itself has nothing more to say.
                (Some(event), None) if events.last() == Some(&event) => break,
                _ => events.extend(event.into_iter().chain(implied)),
            }
        }
        Ok(events)
    }

    /// What the state in an answer tells that its code may keep back: some
    /// drives (QEMU's among them) have no code for an open tray. Only a change
    /// counts, for others may never set the bit.
    fn implied(&mut self, answer: &[u8]) -> Option<MediumEvent> {
        let Some(Event::Media { present, .. }) = EventStatus::parse(answer).ok()?.event else {
            return None;
        };
        match (self.present.replace(present), present) {
            (Some(true), false) => Some(MediumEvent::Removed),
            (Some(false), true) => Some(MediumEvent::Inserted),
            _ => None,
        }
    }

    fn readiness(&mut self, drive: &mut dyn Transport) -> Result<Vec<MediumEvent>, TransportError> {
        let cdb = TestUnitReady::default().emit();
        let mut changed = false;
        let before = self.present;
        // 6/28 and 6/29 may stand one behind the other, before the state.
        for _ in 0..MOST_AT_A_TIME {
            let reply = drive.execute(Exchange::none(cdb, LIMIT))?;
            match reply.status {
                Status::Good => self.present = Some(true),
                Status::CheckCondition(sense) => match sense.triple() {
                    (6, asc, _) => {
                        changed |= asc == 0x28;
                        continue;
                    }
                    (2, 0x3A, _) => self.present = Some(false),
                    _ => {}
                },
                _ => {}
            }
            break;
        }
        Ok(match (before, self.present) {
            (Some(false), Some(true)) => vec![MediumEvent::Inserted],
            (Some(true), Some(false)) => vec![MediumEvent::Removed],
            (Some(true), Some(true)) if changed => vec![MediumEvent::Inserted],
            _ => Vec::new(),
        })
    }
}

/// Whether the classes of the answer include media.
fn tells_of_media(answer: &[u8]) -> bool {
    EventStatus::parse(answer).is_ok_and(|status| status.supported & EventClass::Media.mask() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Answer::*;
    use crate::scripted::*;
    use proptest::prelude::*;

    const EVENT_STATUS: u8 = 0x4A;
    const READY: u8 = 0x00;

    fn media(code: u8) -> Answer {
        Data(vec![0, 6, 4, 0x5E, code, 2, 0, 0])
    }

    fn take(drive: &mut Scripted, events: &mut MediumEvents) -> Vec<MediumEvent> {
        events.take(drive).unwrap()
    }

    #[test]
    fn each_code_has_its_word() {
        let told = |code| medium_event(&[0, 6, 4, 0x10, code, 2, 0, 0]);
        assert_eq!(told(0), None);
        assert_eq!(told(1), Some(MediumEvent::EjectRequested));
        assert_eq!(told(2), Some(MediumEvent::Inserted));
        assert_eq!(told(3), Some(MediumEvent::Removed));
        assert_eq!(told(4), Some(MediumEvent::Inserted));
        assert_eq!(told(5), Some(MediumEvent::BackgroundFormatDone));
        assert_eq!(told(6), Some(MediumEvent::BackgroundFormatRestarted));
        assert_eq!(told(7), None);
    }

    #[test]
    fn no_event_another_class_and_half_an_answer_tell_nothing() {
        for answer in [
            &[0, 2, 0x80, 0x5E][..],
            &[0, 6, 0x84, 0x5E, 1, 2, 0, 0],
            &[0, 6, 6, 0x5E, 1, 2, 0, 9],
            &[0, 6, 3, 0x5E, 3, 0, 0, 1],
            &[0, 6, 4],
            &[],
        ] {
            assert_eq!(medium_event(answer), None, "{answer:?}");
        }
        // QEMU's drive tells the length of the event alone.
        assert_eq!(
            medium_event(&[0, 4, 4, 0x10, 1, 2, 0, 0]),
            Some(MediumEvent::EjectRequested)
        );
    }

    #[test]
    fn all_that_happened_is_taken_at_once() {
        let mut drive = Scripted::default().on(EVENT_STATUS, [1, 3, 2, 0].map(media));
        let mut events = MediumEvents::new();
        assert_eq!(
            take(&mut drive, &mut events),
            [
                MediumEvent::EjectRequested,
                MediumEvent::Removed,
                MediumEvent::Inserted
            ]
        );
        assert_eq!(take(&mut drive, &mut events), []);
    }

    #[test]
    fn an_open_tray_is_told_by_the_state_alone() {
        let state = |code, state| Data(vec![0, 4, 4, 0x10, code, state, 0, 0]);
        // What QEMU's drive says: a disc is in, then ejected, then another in.
        let answers = [
            state(0, 2),
            state(0, 1),
            state(0, 1),
            state(0, 1),
            state(2, 2),
            state(0, 2),
        ];
        let mut drive = Scripted::default().on(EVENT_STATUS, answers);
        let mut events = MediumEvents::new();
        assert_eq!(take(&mut drive, &mut events), []);
        assert_eq!(take(&mut drive, &mut events), [MediumEvent::Removed]);
        assert_eq!(take(&mut drive, &mut events), []);
        assert_eq!(take(&mut drive, &mut events), [MediumEvent::Inserted]);
        assert_eq!(take(&mut drive, &mut events), []);
    }

    #[test]
    fn a_drive_that_never_says_that_a_medium_is_in_is_not_read_as_empty() {
        let answers = [0, 2, 0].map(|code| Data(vec![0, 6, 4, 0x10, code, 0, 0, 0]));
        let mut drive = Scripted::default().on(EVENT_STATUS, answers);
        let mut events = MediumEvents::new();
        assert_eq!(take(&mut drive, &mut events), []);
        assert_eq!(take(&mut drive, &mut events), [MediumEvent::Inserted]);
        assert_eq!(take(&mut drive, &mut events), []);
    }

    #[test]
    fn a_drive_that_repeats_itself_for_ever_is_heard_once_at_a_time() {
        let mut drive = Scripted::default().on(EVENT_STATUS, [media(2)]);
        let mut events = MediumEvents::new();
        assert_eq!(take(&mut drive, &mut events), [MediumEvent::Inserted]);
        let mut drive = Scripted::default().on(EVENT_STATUS, (0..100).map(|i| media(2 + i % 2)));
        assert_eq!(take(&mut drive, &mut events).len(), MOST_AT_A_TIME);
        assert_eq!(drive.asked.len(), MOST_AT_A_TIME);
    }

    #[test]
    fn a_drive_that_is_not_ready_or_busy_has_nothing_to_tell_now() {
        let answers = [
            Sense(2, 0x04, 0x01),
            Busy,
            Sense(6, 0x29, 0),
            media(2),
            media(0),
        ];
        let mut drive = Scripted::default().on(EVENT_STATUS, answers);
        let mut events = MediumEvents::new();
        for _ in 0..3 {
            assert_eq!(take(&mut drive, &mut events), []);
        }
        assert_eq!(take(&mut drive, &mut events), [MediumEvent::Inserted]);
    }

    #[test]
    fn a_drive_without_events_is_asked_whether_it_is_ready() {
        let no_medium = Sense(2, 0x3A, 0);
        let no_media_class = Data(vec![0, 2, 0x80, 0x02]);
        for refusal in [
            Sense(5, 0x20, 0),
            Sense(5, 0x24, 0),
            no_media_class,
            Data(Vec::new()),
        ] {
            let mut drive = Scripted::default().on(EVENT_STATUS, [refusal]).on(
                READY,
                [
                    no_medium.clone(),    // the first look
                    no_medium.clone(),    // no change
                    Sense(2, 0x04, 0x01), // becoming ready
                    Sense(6, 0x28, 0),
                    Data(vec![]), // in
                    Data(vec![]), // no change
                    Sense(6, 0x29, 0),
                    Data(vec![]), // a reset
                    Sense(6, 0x28, 0),
                    Data(vec![]), // another one
                    Sense(6, 0x28, 0),
                    no_medium.clone(), // out
                ],
            );
            let mut events = MediumEvents::new();
            let told: Vec<_> = (0..8).map(|_| take(&mut drive, &mut events)).collect();
            assert_eq!(
                told,
                [
                    vec![],
                    vec![],
                    vec![],
                    vec![MediumEvent::Inserted],
                    vec![],
                    vec![],
                    vec![MediumEvent::Inserted],
                    vec![MediumEvent::Removed],
                ]
            );
            assert_eq!(
                drive
                    .asked
                    .iter()
                    .filter(|(opcode, _)| *opcode == EVENT_STATUS)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn a_drive_full_of_attention_is_asked_so_often_and_no_more() {
        let mut drive = Scripted::default().on(READY, [Sense(6, 0x28, 0)]);
        assert_eq!(take(&mut drive, &mut MediumEvents::new()), []);
        assert_eq!(drive.asked.len(), 1 + MOST_AT_A_TIME);
    }

    #[test]
    fn a_drive_that_is_gone_is_an_error() {
        let mut drive = Scripted::default().on(EVENT_STATUS, [Gone]);
        let error = MediumEvents::new().take(&mut drive).unwrap_err();
        assert!(matches!(error, TransportError::Gone));
    }

    proptest! {
        #[test]
        fn any_answer_is_an_event_or_none(answer in prop::collection::vec(any::<u8>(), 0..12)) {
            let _ = medium_event(&answer);
            let mut drive = Scripted::default()
                .on(EVENT_STATUS, [Data(answer)])
                .on(READY, [Data(vec![])]);
            prop_assert!(MediumEvents::new().take(&mut drive).unwrap().len() <= 1);
        }
    }
}
