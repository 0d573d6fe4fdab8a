//! The data of one command on their way in: with the command, unsolicited, and
//! asked for, in this order.
//!
//! Owns which bytes may come next and what is to be asked for. Does no I/O and
//! holds no data. Must not know the command.

use crate::negotiation::Parameters;
use crate::pdu::{DataOut, NO_TAG, ScsiCommand};
use core::ops::Range;
use pitland_mmc::Sense;

/// Data that nobody asked for: B/0C/0C (RFC 3720, 10.4.7.2).
const UNEXPECTED_DATA: Sense = Sense::new(0xB, 0x0C, 0x0C);
/// Not as much as was asked for: B/0C/0D (RFC 3720, 10.4.7.2).
const WRONG_AMOUNT: Sense = Sense::new(0xB, 0x0C, 0x0D);

/// What is to be done after a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// More will come by itself.
    Wait,
    /// Ask for this with an R2T of this number.
    Ask {
        offset: u32,
        length: u32,
        r2t_sn: u32,
        tag: u32,
    },
    /// All is here, or nothing more comes.
    Complete,
}

/// A Data-Out that belongs to nothing that is open; the task goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stray;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Burst {
    /// Nothing is on the way.
    None,
    /// Unsolicited data up to this offset.
    Unsolicited { limit: u32 },
    /// The answer to the R2T of this tag, up to this offset.
    Solicited { tag: u32, end: u32 },
}

/// The data of one command.
#[derive(Debug, Clone)]
pub(crate) struct Gathering {
    /// Bytes that are needed; never more than the initiator expects.
    wanted: u32,
    /// Bytes of unsolicited data that may come.
    unsolicited: u32,
    most_burst: u32,
    received: u32,
    burst: Burst,
    data_sn: u32,
    r2ts: u32,
    tags: u32,
    /// Why the command fails without being shown to the drive.
    failure: Option<Sense>,
}

impl Gathering {
    /// Of a command with so many bytes of immediate data, of which the device
    /// wants `wanted`. `tags` is the first tag for R2Ts of this command.
    pub(crate) fn begin(
        command: &ScsiCommand,
        immediate: usize,
        wanted: u64,
        parameters: &Parameters,
        tags: u32,
    ) -> (Self, Next) {
        let expected = match command.write {
            true => command.expected_data_transfer_length,
            false => 0,
        };
        let unsolicited = expected.min(parameters.first_burst_length);
        let immediate = u32::try_from(immediate).unwrap_or(u32::MAX);
        let allowed = match parameters.immediate_data {
            true => unsolicited,
            false => 0,
        };
        let mut this = Self {
            wanted: u32::try_from(wanted).unwrap_or(u32::MAX).min(expected),
            unsolicited,
            most_burst: parameters.max_burst_length,
            received: immediate.min(allowed),
            burst: Burst::None,
            data_sn: 0,
            r2ts: 0,
            tags,
            failure: None,
        };
        if immediate > allowed {
            this.failure = Some(UNEXPECTED_DATA);
        }
        if command.write && !command.last {
            this.burst = Burst::Unsolicited { limit: unsolicited };
            if parameters.initial_r2t {
                this.failure = Some(UNEXPECTED_DATA);
            }
            return (this, Next::Wait);
        }
        let next = this.next();
        (this, next)
    }

    /// Bytes of room that the data need at most.
    pub(crate) fn room(&self) -> usize {
        self.wanted.max(self.unsolicited) as usize
    }

    /// Bytes at the beginning of the room that are there and wanted.
    pub(crate) fn ready(&self) -> usize {
        self.received.min(self.wanted) as usize
    }

    /// Why the command fails, once all is here.
    pub(crate) fn failure(&self) -> Option<&Sense> {
        self.failure.as_ref()
    }

    /// R2Ts that were asked for.
    pub(crate) fn r2ts(&self) -> u32 {
        self.r2ts
    }

    /// Fails the command: what still comes is not kept.
    pub(crate) fn fail(&mut self, sense: Sense) {
        self.failure.get_or_insert(sense);
    }

    /// Takes the header of a Data-Out with so many bytes: says where in the
    /// room they belong (`None`: nowhere), and what comes after them.
    pub(crate) fn take(
        &mut self,
        pdu: &DataOut,
        bytes: usize,
    ) -> Result<(Option<Range<usize>>, Next), Stray> {
        let end = match self.burst {
            Burst::Unsolicited { limit } if pdu.target_transfer_tag == NO_TAG => limit,
            Burst::Solicited { tag, end } if pdu.target_transfer_tag == tag => end,
            _ => return Err(Stray),
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let after = self
            .received
            .checked_add(bytes)
            .filter(|after| *after <= end);
        let in_order = pdu.buffer_offset == self.received && pdu.data_sn == self.data_sn;
        self.data_sn = self.data_sn.wrapping_add(1);
        let mut place = None;
        match after {
            Some(after) if in_order && self.failure.is_none() => {
                place = Some(self.received as usize..after as usize);
                self.received = after;
            }
            _ => self.fail(WRONG_AMOUNT),
        }
        if !pdu.last {
            return Ok((place, Next::Wait));
        }
        // What is asked for comes whole.
        if matches!(self.burst, Burst::Solicited { .. }) && self.received != end {
            self.fail(WRONG_AMOUNT);
        }
        self.burst = Burst::None;
        Ok((place, self.next()))
    }

    fn next(&mut self) -> Next {
        if self.failure.is_some() || self.received >= self.wanted {
            return Next::Complete;
        }
        let length = (self.wanted - self.received).min(self.most_burst);
        let tag = self.tags.wrapping_add(self.r2ts);
        let tag = if tag == NO_TAG { 0 } else { tag };
        let r2t_sn = self.r2ts;
        self.r2ts += 1;
        self.data_sn = 0;
        self.burst = Burst::Solicited {
            tag,
            end: self.received + length,
        };
        Next::Ask {
            offset: self.received,
            length,
            r2t_sn,
            tag,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn command(expected: u32, last: bool) -> ScsiCommand {
        ScsiCommand {
            last,
            write: true,
            expected_data_transfer_length: expected,
            ..ScsiCommand::default()
        }
    }

    fn parameters() -> Parameters {
        Parameters {
            max_burst_length: 1000,
            first_burst_length: 600,
            initial_r2t: false,
            ..Parameters::default()
        }
    }

    fn out(tag: u32, offset: u32, data_sn: u32, last: bool) -> DataOut {
        DataOut {
            last,
            target_transfer_tag: tag,
            buffer_offset: offset,
            data_sn,
            ..DataOut::default()
        }
    }

    #[test]
    fn data_come_with_the_command_then_by_themselves_then_asked_for() {
        let (mut gathering, next) =
            Gathering::begin(&command(2000, false), 100, 2000, &parameters(), 7);
        assert_eq!(next, Next::Wait);
        let taken = gathering.take(&out(NO_TAG, 100, 0, false), 200);
        assert_eq!(taken, Ok((Some(100..300), Next::Wait)));
        let taken = gathering.take(&out(NO_TAG, 300, 1, true), 300);
        let ask = Next::Ask {
            offset: 600,
            length: 1000,
            r2t_sn: 0,
            tag: 7,
        };
        assert_eq!(taken, Ok((Some(300..600), ask)));
        let taken = gathering.take(&out(7, 600, 0, true), 1000);
        let ask = Next::Ask {
            offset: 1600,
            length: 400,
            r2t_sn: 1,
            tag: 8,
        };
        assert_eq!(taken, Ok((Some(600..1600), ask)));
        let taken = gathering.take(&out(8, 1600, 0, true), 400);
        assert_eq!(taken, Ok((Some(1600..2000), Next::Complete)));
        assert_eq!((gathering.ready(), gathering.failure()), (2000, None));
    }

    #[test]
    fn only_what_the_device_wants_is_asked_for() {
        let (gathering, next) = Gathering::begin(&command(5000, true), 0, 2048, &parameters(), 0);
        assert!(matches!(
            next,
            Next::Ask {
                offset: 0,
                length: 1000,
                ..
            }
        ));
        assert_eq!(gathering.room(), 2048);
        let (gathering, next) = Gathering::begin(&command(512, true), 512, 2048, &parameters(), 0);
        assert_eq!((next, gathering.ready()), (Next::Complete, 512));
    }

    #[test]
    fn a_strange_tag_changes_nothing() {
        let (mut gathering, _) = Gathering::begin(&command(2000, true), 0, 2000, &parameters(), 7);
        assert_eq!(gathering.take(&out(9, 0, 0, true), 1000), Err(Stray));
        assert_eq!(gathering.take(&out(NO_TAG, 0, 0, true), 100), Err(Stray));
        assert!(gathering.take(&out(7, 0, 0, true), 1000).is_ok());
        assert_eq!(gathering.failure(), None);
    }

    #[test]
    fn disorder_fails_the_command_once_its_data_have_ended() {
        for bad in [out(7, 4, 0, false), out(7, 0, 1, false)] {
            let (mut gathering, _) =
                Gathering::begin(&command(2000, true), 0, 2000, &parameters(), 7);
            assert_eq!(gathering.take(&bad, 500), Ok((None, Next::Wait)));
            assert_eq!(
                gathering.take(&out(7, 500, 1, true), 500),
                Ok((None, Next::Complete))
            );
            assert_eq!(gathering.failure(), Some(&WRONG_AMOUNT));
        }
        let (mut gathering, _) = Gathering::begin(&command(2000, true), 0, 2000, &parameters(), 7);
        assert_eq!(
            gathering.take(&out(7, 0, 0, true), 999),
            Ok((Some(0..999), Next::Complete))
        );
        assert_eq!(gathering.failure(), Some(&WRONG_AMOUNT));
    }

    #[test]
    fn data_that_nobody_wants_fail_the_command() {
        let shy = Parameters {
            immediate_data: false,
            initial_r2t: true,
            ..parameters()
        };
        let (gathering, next) = Gathering::begin(&command(2000, true), 8, 2000, &shy, 0);
        assert_eq!(
            (next, gathering.failure()),
            (Next::Complete, Some(&UNEXPECTED_DATA))
        );
        let (gathering, next) = Gathering::begin(&command(2000, false), 0, 2000, &shy, 0);
        assert_eq!(
            (next, gathering.failure()),
            (Next::Wait, Some(&UNEXPECTED_DATA))
        );
        let reading = ScsiCommand {
            last: true,
            read: true,
            ..ScsiCommand::default()
        };
        let (gathering, _) = Gathering::begin(&reading, 4, 0, &parameters(), 0);
        assert_eq!(gathering.failure(), Some(&UNEXPECTED_DATA));
    }

    proptest! {
        /// Whatever comes, bytes are put into the room only, in order and once;
        /// what is asked for lies within what is expected.
        #[test]
        fn any_history_stays_within_the_room(
            expected in 0u32..3000, immediate in 0usize..700, wanted in 0u64..4000, last: bool,
            pdus in prop::collection::vec((0u32..4, 0u32..3000, 0u32..4, any::<bool>(), 0usize..1200, any::<bool>()), 0..40),
        ) {
            let (mut gathering, mut next) =
                Gathering::begin(&command(expected, last), immediate, wanted, &parameters(), 0);
            let mut at = gathering.received as usize;
            for (tag, offset, data_sn, last, bytes, honest) in pdus {
                if let Next::Ask { offset, length, .. } = next {
                    prop_assert!(length > 0 && offset + length <= expected);
                }
                let mut pdu = out(if tag == 3 { NO_TAG } else { tag }, offset, data_sn, last);
                if honest {
                    pdu.buffer_offset = gathering.received;
                    pdu.data_sn = gathering.data_sn;
                    if let Burst::Solicited { tag, .. } = gathering.burst {
                        pdu.target_transfer_tag = tag;
                    }
                }
                let Ok((place, then)) = gathering.take(&pdu, bytes) else { continue };
                if let Some(place) = place {
                    prop_assert_eq!(place.start, at);
                    prop_assert!(place.end <= gathering.room());
                    at = place.end;
                }
                next = then;
            }
            prop_assert!(gathering.ready() <= gathering.room());
        }
    }
}
