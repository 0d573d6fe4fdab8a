//! The form of a command that answers at its end, for drives that refuse IMMED or answer it wrongly
//! (recipes 4.1 and 11, Q15).
//!
//! Owns which commands have an IMMED bit, and where. Must not know when the form is used.

use pitland_mmc::cdb::{CdbBytes, Command};
use pitland_mmc::sense::Sense;
use pitland_writer::{Move, PlannedCommand, Settle};
use std::time::Duration;

/// IMMED in the header of FORMAT UNIT's parameter list: byte 1, bit 1 (recipe 6).
const LIST_IMMED: u8 = 0x02;

/// What is sent in the place of a command with IMMED: the command, its parameters, and how long it may
/// take, which is as long as the drive would have been waited for. `None` where it has no IMMED set.
pub(crate) fn waiting_form(planned: &PlannedCommand) -> Option<(CdbBytes, Vec<u8>, Duration)> {
    let mut command = Command::parse(planned.cdb.as_slice()).ok()?;
    let mut parameters = planned.parameters.clone();
    let was_set = match &mut command {
        Command::SynchronizeCache(c) => std::mem::take(&mut c.immed),
        Command::CloseTrackSession(c) => std::mem::take(&mut c.immed),
        Command::Blank(c) => std::mem::take(&mut c.immed),
        Command::StartStopUnit(c) => std::mem::take(&mut c.immed),
        Command::FormatUnit(_) => {
            let flags = parameters.get_mut(1)?;
            let was_set = *flags & LIST_IMMED != 0;
            *flags &= !LIST_IMMED;
            was_set
        }
        _ => false,
    };
    if !was_set {
        return None;
    }
    Some((command.emit(), parameters, longest(planned)))
}

/// The longest that a command may keep the drive busy, in whichever form it is sent.
pub(crate) fn longest(planned: &PlannedCommand) -> Duration {
    match planned.settle {
        Settle::WhenReady { limit } => limit.max(planned.timeout),
        _ => planned.timeout,
    }
}

/// Whether a refusal may be of IMMED alone, and the form without it is worth a try: an illegal field in
/// the command, or in a format's list. "Not ready" without any code is what a cache synchronization or a
/// blanking gets where IMMED breaks on the way to the drive (recipe 11, Q15); those do no harm a second
/// time.
pub(crate) fn may_be_refused(planned: &PlannedCommand, sense: &Sense) -> bool {
    match (sense.triple(), planned.purpose) {
        ((0x5, 0x24, _), _) | ((0x5, 0x26, _), Move::Format) => true,
        (broken, Move::SynchronizeCache | Move::Blank) => broken == (0x2, 0x00, 0x00),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::param::FormatParameterList;
    use pitland_writer::mmc::TrackNumber;
    use pitland_writer::moves;

    #[test]
    fn the_waiting_form_may_take_as_long_as_the_wait_would() {
        let close = moves::close_track(TrackNumber(3));
        let (cdb, parameters, timeout) = waiting_form(&close).unwrap();
        let Ok(Command::CloseTrackSession(c)) = Command::parse(cdb.as_slice()) else {
            panic!("{cdb:?}");
        };
        assert_eq!((c.immed, c.track), (false, TrackNumber(3)));
        assert!(parameters.is_empty());
        assert_eq!(Settle::WhenReady { limit: timeout }, close.settle);
    }

    #[test]
    fn the_bit_of_a_format_is_in_its_list() {
        let list = FormatParameterList {
            immed: true,
            ..FormatParameterList::default()
        };
        let format = moves::format(&list);
        let (cdb, parameters, _) = waiting_form(&format).unwrap();
        let without = FormatParameterList {
            immed: false,
            ..list
        };
        assert_eq!((cdb, parameters), (format.cdb, without.emit()));
        assert_eq!(waiting_form(&moves::format(&without)), None);
    }

    #[test]
    fn a_command_that_waits_already_has_no_other_form() {
        let [immed, waiting] = moves::synchronize_cache();
        assert_eq!(waiting_form(&immed).map(|(cdb, ..)| cdb), Some(waiting.cdb));
        assert_eq!(waiting_form(&waiting), None);
    }
}
