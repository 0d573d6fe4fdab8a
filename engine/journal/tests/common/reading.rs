//! Reading whatever is there: what the fuzz targets do, and the tests on a stable toolchain.

use pitland_journal::*;

/// Reads a journal and judges discs by it: `None` when it is refused.
pub(crate) fn read(data: &[u8]) -> Option<Journal> {
    let journal = Journal::parse(data).ok()?;
    assert!(journal.acknowledged <= journal.begun.planned_blocks);
    assert!(journal.checks.end() <= journal.begun.planned_blocks.div_ceil(32));
    assert!(journal.checks.len() * 4 <= data.len() as u64);
    let mut last = None;
    for (unit, check) in journal.checks.iter() {
        assert!(last < Some(unit));
        assert_eq!(journal.checks.get(unit), Some(check));
        last = Some(unit);
    }
    let states = [
        DiscState::Blank,
        DiscState::OpenSession,
        DiscState::Appendable,
        DiscState::Formatted,
    ];
    for state in states {
        let now = DiscNow {
            mark: journal.begun.disc,
            state,
            sessions_known: true,
            nwa: journal.begun.first_lba.checked_add(32),
            closed_track_end: None,
            readable_blocks: Some(64),
        };
        if let Survey::Compare(mut comparison) = survey(&journal, &now) {
            while comparison.next_unit().is_some() {
                comparison.found(UnitFound::Equal);
            }
            assert!(comparison.verdict().is_some());
        }
    }
    Some(journal)
}

/// A journal of records that begin with a kind and a length, each with a check that holds.
pub(crate) fn framed(mut data: &[u8]) -> Vec<u8> {
    let mut bytes = b"PITLAND JOURNAL\n\x01\0\0\0".to_vec();
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    while let Some(([kind, flags, length], rest)) = data.split_first_chunk::<3>() {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        bytes.extend(record(u16::from(*kind), u16::from(*flags), payload));
    }
    bytes
}

/// A record as it is written.
pub(crate) fn record(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::from(u32::try_from(payload.len()).unwrap_or(0).to_le_bytes());
    head.extend(kind.to_le_bytes());
    head.extend(flags.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    [&head, sum.to_le_bytes().as_slice(), payload].concat()
}
