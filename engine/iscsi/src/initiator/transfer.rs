//! The data of one command on their way, as the initiator checks them.
//!
//! Owns which bytes may come or be asked for next, and what an end is worth.
//! Does no I/O and holds no data.

use super::error::Breach;
use crate::negotiation::Parameters;
use crate::pdu::{DataIn, NO_TAG, ReadyToTransfer, Residual};
use core::ops::Range;

/// Which way the data of a command go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    None,
    In,
    Out,
}

/// The data of one command.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    direction: Direction,
    length: usize,
    /// Bytes that have come, or have been sent.
    moved: usize,
    /// Number of the next data or R2T PDU.
    next_sn: u32,
    max_burst: u32,
}

/// Data that go with a command unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unasked {
    /// In the command's own PDU.
    pub(crate) immediate: Range<usize>,
    /// In PDUs of their own behind it.
    pub(crate) unsolicited: Range<usize>,
}

impl Transfer {
    pub(crate) fn new(direction: Direction, length: usize, parameters: &Parameters) -> Self {
        Self {
            direction,
            length,
            moved: 0,
            next_sn: 0,
            max_burst: parameters.max_burst_length,
        }
    }

    /// What goes out before the target has asked for anything.
    pub(crate) fn unasked(&mut self, parameters: &Parameters) -> Unasked {
        let mut unasked = Unasked {
            immediate: 0..0,
            unsolicited: 0..0,
        };
        if self.direction != Direction::Out {
            return unasked;
        }
        let first = self.length.min(parameters.first_burst_length as usize);
        if parameters.immediate_data {
            let most = parameters.peer_max_recv_data_segment_length as usize;
            unasked.immediate = 0..first.min(most);
        }
        unasked.unsolicited = unasked.immediate.end..unasked.immediate.end;
        if !parameters.initial_r2t {
            unasked.unsolicited.end = first;
        }
        self.moved = unasked.unsolicited.end;
        unasked
    }

    /// Takes the header of a Data-In with so many bytes: where they belong.
    pub(crate) fn data_in(&mut self, pdu: &DataIn, bytes: usize) -> Result<Range<usize>, Breach> {
        if bytes == 0 && !pdu.has_status {
            return Err(Breach::Empty);
        }
        if self.direction != Direction::In {
            // A status without data is allowed to come this way.
            return match bytes {
                0 => Ok(0..0),
                _ => Err(Breach::Direction),
            };
        }
        let end = u64::from(pdu.buffer_offset) + bytes as u64;
        if end > self.length as u64 {
            return Err(Breach::Beyond {
                end,
                length: self.length,
            });
        }
        let start = pdu.buffer_offset as usize;
        if (bytes > 0 && start != self.moved) || pdu.data_sn != self.next_sn {
            return Err(Breach::Order {
                found: pdu.buffer_offset,
                expected: self.moved as u32,
            });
        }
        self.next_sn = self.next_sn.wrapping_add(1);
        self.moved += bytes;
        Ok(start..start + bytes)
    }

    /// Takes an R2T: what is to be sent.
    pub(crate) fn ready(&mut self, pdu: &ReadyToTransfer) -> Result<Range<usize>, Breach> {
        if self.direction != Direction::Out || pdu.target_transfer_tag == NO_TAG {
            return Err(Breach::Direction);
        }
        let length = pdu.desired_data_length;
        if length == 0 || length > self.max_burst {
            return Err(Breach::RequestLength { length });
        }
        let end = u64::from(pdu.buffer_offset) + u64::from(length);
        if end > self.length as u64 {
            return Err(Breach::Beyond {
                end,
                length: self.length,
            });
        }
        if pdu.buffer_offset as usize != self.moved || pdu.r2t_sn != self.next_sn {
            return Err(Breach::Order {
                found: pdu.buffer_offset,
                expected: self.moved as u32,
            });
        }
        self.next_sn = self.next_sn.wrapping_add(1);
        let start = self.moved;
        self.moved += length as usize;
        Ok(start..self.moved)
    }

    /// How many bytes moved, by what the end says; `well` where the command
    /// ended with GOOD.
    pub(crate) fn finish(
        &self,
        overflow: bool,
        underflow: bool,
        count: u32,
        well: bool,
    ) -> Result<usize, Breach> {
        let impossible = Breach::Residual {
            count,
            length: self.length,
        };
        let residual = Residual::from_fields(overflow, underflow, count).ok_or(impossible)?;
        let said = match residual {
            Residual::Underflow(less) => {
                self.length.checked_sub(less as usize).ok_or(impossible)?
            }
            Residual::None | Residual::Overflow(_) => self.length,
        };
        match self.direction {
            Direction::None => Ok(0),
            // A target that never asked for the rest of a write cannot have
            // written it.
            Direction::In | Direction::Out if well && self.moved < said => Err(Breach::Missing {
                moved: self.moved,
                said,
            }),
            // What came beyond what the answer says is filling.
            Direction::In => Ok(said.min(self.moved)),
            Direction::Out if well => Ok(said),
            // What a drive took of a write that it refused is not known.
            Direction::Out => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parameters() -> Parameters {
        Parameters {
            peer_max_recv_data_segment_length: 1000,
            first_burst_length: 4000,
            max_burst_length: 8000,
            ..Parameters::default()
        }
    }

    fn out(length: usize) -> Transfer {
        Transfer::new(Direction::Out, length, &parameters())
    }

    fn come(offset: u32, data_sn: u32) -> DataIn {
        DataIn {
            buffer_offset: offset,
            data_sn,
            ..DataIn::default()
        }
    }

    fn ask(offset: u32, length: u32, r2t_sn: u32) -> ReadyToTransfer {
        ReadyToTransfer {
            buffer_offset: offset,
            desired_data_length: length,
            r2t_sn,
            target_transfer_tag: 1,
            ..ReadyToTransfer::default()
        }
    }

    #[test]
    fn data_go_unasked_as_far_as_was_agreed() {
        let cases = [
            (true, true, 0..1000, 1000..1000),
            (false, true, 0..0, 0..0),
            (true, false, 0..1000, 1000..4000),
            (false, false, 0..0, 0..4000),
        ];
        for (immediate_data, initial_r2t, immediate, unsolicited) in cases {
            let agreed = Parameters {
                immediate_data,
                initial_r2t,
                ..parameters()
            };
            let unasked = out(10_000).unasked(&agreed);
            assert_eq!(
                unasked,
                Unasked {
                    immediate,
                    unsolicited
                }
            );
        }
    }

    #[test]
    fn what_is_asked_for_continues_what_was_sent() {
        let mut transfer = out(10_000);
        transfer.unasked(&parameters());
        assert_eq!(transfer.ready(&ask(1000, 8000, 0)), Ok(1000..9000));
        assert_eq!(transfer.ready(&ask(9000, 1000, 1)), Ok(9000..10_000));
        assert!(matches!(
            transfer.ready(&ask(10_000, 1, 2)),
            Err(Breach::Beyond { .. })
        ));
    }

    #[test]
    fn a_target_that_asks_for_other_bytes_is_refused() {
        let refused = |pdu: ReadyToTransfer| out(10_000).ready(&pdu).unwrap_err();
        assert!(matches!(
            refused(ask(0, 0, 0)),
            Breach::RequestLength { .. }
        ));
        assert!(matches!(
            refused(ask(0, 8001, 0)),
            Breach::RequestLength { .. }
        ));
        assert!(matches!(refused(ask(4, 10, 0)), Breach::Order { .. }));
        assert!(matches!(refused(ask(0, 10, 1)), Breach::Order { .. }));
        assert!(matches!(
            refused(ask(u32::MAX, 8000, 0)),
            Breach::Beyond { .. }
        ));
        let mut reading = Transfer::new(Direction::In, 100, &parameters());
        assert_eq!(reading.ready(&ask(0, 10, 0)), Err(Breach::Direction));
    }

    #[test]
    fn data_that_come_continue_what_came() {
        let mut transfer = Transfer::new(Direction::In, 100, &parameters());
        assert_eq!(transfer.data_in(&come(0, 0), 60), Ok(0..60));
        assert!(matches!(
            transfer.data_in(&come(50, 1), 10),
            Err(Breach::Order { .. })
        ));
        assert!(matches!(
            transfer.data_in(&come(60, 2), 10),
            Err(Breach::Order { .. })
        ));
        assert!(matches!(
            transfer.data_in(&come(60, 1), 41),
            Err(Breach::Beyond { .. })
        ));
        assert_eq!(transfer.data_in(&come(60, 1), 40), Ok(60..100));
        assert_eq!(transfer.finish(false, false, 0, true), Ok(100));
        assert_eq!(out(10).data_in(&come(0, 0), 1), Err(Breach::Direction));
    }

    #[test]
    fn an_end_that_cannot_be_is_refused() {
        let mut transfer = Transfer::new(Direction::In, 100, &parameters());
        transfer.data_in(&come(0, 0), 60).unwrap();
        assert_eq!(transfer.finish(false, true, 40, true), Ok(60));
        // It sent more than there was, and says so.
        assert_eq!(transfer.finish(false, true, 64, true), Ok(36));
        assert!(matches!(
            transfer.finish(true, true, 40, true),
            Err(Breach::Residual { .. })
        ));
        assert!(matches!(
            transfer.finish(false, true, 101, true),
            Err(Breach::Residual { .. })
        ));
        assert!(matches!(
            transfer.finish(false, false, 0, true),
            Err(Breach::Missing { .. })
        ));
        assert_eq!(transfer.finish(false, false, 0, false), Ok(60));
    }

    #[test]
    fn a_write_whose_data_were_not_asked_for_did_not_go_well() {
        let mut transfer = out(10_000);
        transfer.unasked(&parameters());
        transfer.ready(&ask(1000, 8000, 0)).unwrap();
        assert_eq!(
            transfer.finish(false, false, 0, true),
            Err(Breach::Missing {
                moved: 9000,
                said: 10_000
            })
        );
        assert_eq!(transfer.finish(false, true, 1000, true), Ok(9000));
        assert_eq!(transfer.finish(false, true, 4000, true), Ok(6000));
        assert_eq!(transfer.finish(false, false, 0, false), Ok(0));
    }

    #[test]
    fn data_without_bytes_or_status_are_refused() {
        for direction in [Direction::None, Direction::In, Direction::Out] {
            let mut transfer = Transfer::new(direction, 100, &parameters());
            assert_eq!(transfer.data_in(&come(0, 0), 0), Err(Breach::Empty));
            let status = DataIn {
                has_status: true,
                ..come(0, 0)
            };
            assert_eq!(transfer.data_in(&status, 0), Ok(0..0));
        }
    }

    proptest! {
        #[test]
        fn nothing_lies_beyond_the_command_s_data(
            length in 0usize..3000,
            pdus in prop::collection::vec((any::<bool>(), 0u32..4000, 0u32..4, 0u32..2000), 0..20),
        ) {
            for direction in [Direction::None, Direction::In, Direction::Out] {
                let mut transfer = Transfer::new(direction, length, &parameters());
                transfer.unasked(&parameters());
                for (asks, offset, sn, bytes) in &pdus {
                    let range = match asks {
                        true => transfer.ready(&ask(*offset, *bytes, *sn)),
                        false => transfer.data_in(&come(*offset, *sn), *bytes as usize),
                    };
                    prop_assert!(range.is_err() || range.unwrap().end <= length);
                }
                for (over, under) in [(false, false), (true, false), (false, true)] {
                    if let Ok(moved) = transfer.finish(over, under, 7, true) {
                        prop_assert!(moved <= length);
                    }
                }
            }
        }
    }
}
