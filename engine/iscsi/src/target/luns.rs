//! Which logical units there are, and what is answered for the others.
//!
//! Owns the numbers and the answers that belong to the target as such. Must
//! not know drives.

use pitland_mmc::Sense;

/// No such logical unit: 5/25/00.
const NO_SUCH_UNIT: Sense = Sense::new(5, 0x25, 0x00);
/// 5/24/00.
pub(crate) const INVALID_FIELD: Sense = Sense::new(5, 0x24, 0x00);

/// INQUIRY's first byte where nothing can be: qualifier 011b, type 1Fh.
const NOTHING_THERE: u8 = 0x7F;

const REQUEST_SENSE: u8 = 0x03;
const INQUIRY: u8 = 0x12;
/// Answered by the target, whatever the logical unit.
pub(crate) const REPORT_LUNS: u8 = 0xA0;

/// The number in the eight bytes: single-level, by peripheral or by flat space
/// addressing. `None` for anything deeper.
pub(crate) fn number(lun: &[u8; 8]) -> Option<u16> {
    let [first, second, rest @ ..] = lun;
    if rest.iter().any(|byte| *byte != 0) {
        return None;
    }
    match first >> 6 {
        0 if *first == 0 => Some((*second).into()),
        1 => Some(u16::from_be_bytes([first & 0x3F, *second])),
        _ => None,
    }
}

/// REPORT LUNS of a target with units 1 to `count`: bytes put into `room`.
pub(crate) fn report(count: usize, cdb: &[u8; 16], room: &mut [u8]) -> Result<usize, Sense> {
    let allocation = u32::from_be_bytes([cdb[6], cdb[7], cdb[8], cdb[9]]) as usize;
    // 0 all but the well known, 1 the well known, 2 all.
    if cdb[2] > 2 || allocation < 16 {
        return Err(INVALID_FIELD);
    }
    let listed = if cdb[2] == 1 { 0 } else { count };
    let mut list = vec![0; 8];
    for number in 1..=listed {
        list.extend([0, number as u8, 0, 0, 0, 0, 0, 0]);
    }
    let length = (list.len() - 8) as u32;
    for (to, from) in list.iter_mut().zip(length.to_be_bytes()) {
        *to = from;
    }
    Ok(put(&list, allocation, room))
}

/// What a logical unit answers that is not there.
pub(crate) fn absent(cdb: &[u8; 16], room: &mut [u8]) -> Result<usize, Sense> {
    match cdb[0] {
        INQUIRY if cdb[1] & 1 == 0 && cdb[2] == 0 => {
            let allocation = usize::from(u16::from_be_bytes([cdb[3], cdb[4]]));
            let mut answer = [b' '; 36];
            // SPC-3, so that hosts ask for the list of the others.
            answer[..8].copy_from_slice(&[NOTHING_THERE, 0, 5, 2, 31, 0, 0, 0]);
            answer[8..15].copy_from_slice(b"PITLAND");
            answer[16..24].copy_from_slice(b"NO DRIVE");
            Ok(put(&answer, allocation, room))
        }
        REQUEST_SENSE => Ok(put(&NO_SUCH_UNIT.emit(), usize::from(cdb[4]), room)),
        _ => Err(NO_SUCH_UNIT),
    }
}

fn put(answer: &[u8], allocation: usize, room: &mut [u8]) -> usize {
    let length = answer.len().min(allocation).min(room.len());
    for (to, from) in room.iter_mut().zip(answer).take(length) {
        *to = *from;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_single_level_addressing_are_read() {
        assert_eq!(number(&[0, 1, 0, 0, 0, 0, 0, 0]), Some(1));
        assert_eq!(number(&[0x40, 1, 0, 0, 0, 0, 0, 0]), Some(1));
        assert_eq!(number(&[0x41, 2, 0, 0, 0, 0, 0, 0]), Some(258));
        assert_eq!(number(&[1, 1, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(number(&[0, 1, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(number(&[0xC1, 1, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn the_list_of_units_begins_at_1() {
        let mut cdb = [0; 16];
        cdb[0] = REPORT_LUNS;
        cdb[9] = 64;
        let mut room = [0xEE; 64];
        assert_eq!(report(2, &cdb, &mut room), Ok(24));
        assert_eq!(room[..8], [0, 0, 0, 16, 0, 0, 0, 0]);
        assert_eq!(
            room[8..24],
            [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
        );
        cdb[9] = 15;
        assert_eq!(report(2, &cdb, &mut room), Err(INVALID_FIELD));
    }

    #[test]
    fn where_nothing_is_inquiry_says_so_and_all_else_is_refused() {
        let mut cdb = [0; 16];
        let mut room = [0; 36];
        assert_eq!(absent(&cdb, &mut room), Err(NO_SUCH_UNIT));
        cdb[0] = INQUIRY;
        cdb[4] = 36;
        assert_eq!(absent(&cdb, &mut room), Ok(36));
        assert_eq!(room[0], 0x7F);
        assert_eq!(absent(&cdb, &mut room[..5]), Ok(5));
        cdb[1] = 1;
        assert_eq!(absent(&cdb, &mut room), Err(NO_SUCH_UNIT));
        let mut sense = [0; 16];
        sense[0] = REQUEST_SENSE;
        sense[4] = 18;
        assert_eq!(absent(&sense, &mut room), Ok(18));
        assert_eq!((room[2], room[12]), (5, 0x25));
    }
}
