//! Whatever a journal holds is read or refused: the fuzz targets' functions on a stable toolchain, over a
//! small corpus and random bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
#[path = "common/reading.rs"]
mod reading;

use common::*;
use pitland_journal::*;
use pitland_mmc::Profile;
use proptest::prelude::*;
use reading::{framed, read, record};

/// A journal with records of every kind, and where each of them begins.
fn sample() -> (Vec<u8>, Vec<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let begun = begun(Profile::BdRSrm);
    let id = cut_off(&folder, &begun, 3_200);
    let (file, journal) = folder.take(&id).unwrap();
    let again = JobJournal::resume(file, &journal, 3_200, |unit| Some(check(unit))).unwrap();
    again.acknowledging().blocks(6_400);
    again.closing("close track");
    again
        .ended(Some(&Ended {
            outcome: "lost".into(),
            medium: "damaged".into(),
        }))
        .unwrap();
    let bytes = bytes_of(&folder, &id);
    let mut starts = Vec::new();
    let mut at = 24;
    while at < bytes.len() {
        starts.push(at);
        at += 12 + u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    }
    assert_eq!(at, bytes.len());
    (bytes, starts)
}

#[test]
fn a_journal_that_is_cut_anywhere_says_what_was_before_the_cut() {
    let (bytes, starts) = sample();
    let first_end = starts[1];
    let mut acknowledged = 0;
    for cut in 0..bytes.len() {
        let journal = read(&bytes[..cut]);
        if cut < first_end {
            assert!(journal.is_none(), "{cut}");
            continue;
        }
        let journal = journal.unwrap();
        assert!(journal.acknowledged >= acknowledged);
        acknowledged = journal.acknowledged;
        let whole = starts.contains(&cut);
        assert_eq!(journal.tail == Tail::Whole, whole, "{cut}");
        // Room that was never written looks the same: behind the last record, or in it.
        let start = *starts.iter().rfind(|start| **start <= cut).unwrap();
        let end = *starts
            .iter()
            .find(|start| **start > cut)
            .unwrap_or(&bytes.len());
        if whole || cut >= start + 4 {
            let mut longer = bytes[..cut].to_vec();
            longer.resize(if whole { cut + 5000 } else { end }, 0);
            let read = read(&longer).unwrap();
            // A record may end in zeros of its own.
            assert!(
                read.acknowledged == acknowledged || longer == bytes[..end],
                "{cut}"
            );
        }
    }
    assert_eq!(acknowledged, 6_400);
}

#[test]
fn a_bent_byte_is_found_wherever_it_is() {
    let (bytes, starts) = sample();
    let whole = read(&bytes).unwrap();
    let last = *starts.last().unwrap();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 0x40;
        match Journal::parse(&bent) {
            Err(_) => assert!(at < last, "the last record may be torn"),
            Ok(journal) => {
                let record = starts.iter().rposition(|start| *start <= at).unwrap();
                let length_field = at - starts[record] < 4;
                assert!(record + 1 == starts.len() || length_field, "{at}");
                let torn = Tail::Torn {
                    at: starts[record] as u64,
                };
                assert_eq!(journal.tail, torn);
                assert_eq!(journal.begun, whole.begun);
            }
        }
    }
}

#[test]
fn the_corpus_is_read_or_refused() {
    let (bytes, starts) = sample();
    let payload = |at: usize| &bytes[starts[at] + 12..starts[at + 1]];
    for entry in [
        &b""[..],
        &b"PITLAND JOURNAL\n"[..],
        &[0; 600],
        &[0xFF; 600],
        &bytes,
        &bytes[24..],
    ] {
        read(entry);
        read(&framed(entry));
    }
    // What is framed here is read as what was written there.
    let begun = [&[1, 0, u8::try_from(payload(0).len()).unwrap()], payload(0)].concat();
    assert_eq!(read(&framed(&begun)).unwrap().acknowledged, 0);
}

#[test]
fn a_later_version_is_refused_by_its_number() {
    let (mut bytes, _) = sample();
    bytes[16..20].copy_from_slice(&2u32.to_le_bytes());
    let sum = crc32c::crc32c(&bytes[..20]);
    bytes[20..24].copy_from_slice(&sum.to_le_bytes());
    assert!(matches!(
        Journal::parse(&bytes),
        Err(JournalError::Version { found: 2 })
    ));
}

#[test]
fn an_unknown_record_is_passed_over_only_where_it_says_so() {
    let (bytes, _) = sample();
    let whole = read(&bytes).unwrap();
    let mut optional = bytes.clone();
    optional.extend(record(77, 1, b"from the future"));
    assert_eq!(read(&optional).unwrap(), whole);
    let mut needed = bytes;
    needed.extend(record(77, 0, b"from the future"));
    assert!(matches!(
        Journal::parse(&needed),
        Err(JournalError::Damaged(Damage::UnknownRecord {
            kind: 77,
            ..
        }))
    ));
}

#[test]
fn records_that_make_no_sense_are_refused_although_their_checks_hold() {
    let (bytes, starts) = sample();
    let begun = &bytes[..starts[1]];
    let nonsense: [(u16, Vec<u8>); 9] = [
        // Begun twice.
        (1, Vec::new()),
        // Too short; more blocks than planned; a unit that was not acknowledged; a run without checks;
        // a run that is longer than the record; a run at the end of numbers.
        (2, vec![1]),
        (2, u64::MAX.to_le_bytes().to_vec()),
        (
            2,
            [
                64u64.to_le_bytes().as_slice(),
                &2u64.to_le_bytes(),
                &1u32.to_le_bytes(),
                &[0; 4],
            ]
            .concat(),
        ),
        (
            2,
            [
                64u64.to_le_bytes().as_slice(),
                &0u64.to_le_bytes(),
                &0u32.to_le_bytes(),
            ]
            .concat(),
        ),
        (
            2,
            [
                64u64.to_le_bytes().as_slice(),
                &0u64.to_le_bytes(),
                &2u32.to_le_bytes(),
                &[0; 4],
            ]
            .concat(),
        ),
        (
            2,
            [
                64u64.to_le_bytes().as_slice(),
                &u64::MAX.to_le_bytes(),
                &u32::MAX.to_le_bytes(),
            ]
            .concat(),
        ),
        // A text longer than its record; a resumption behind the end.
        (3, vec![255, 0, 0, 0, b'x']),
        (5, u64::MAX.to_le_bytes().to_vec()),
    ];
    for (kind, payload) in nonsense {
        let mut bent = begun.to_vec();
        bent.extend(record(kind, 0, &payload));
        let parsed = Journal::parse(&bent);
        assert!(
            matches!(parsed, Err(JournalError::Damaged(_))),
            "{kind}: {payload:?}"
        );
    }
}

#[test]
fn what_was_to_be_done_must_make_sense() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let good = begun(Profile::BdRSrm);
    let mut bad = Vec::new();
    for change in [
        |b: &mut Begun| b.image_bytes = 0,
        |b: &mut Begun| b.planned_blocks = u64::MAX,
        |b: &mut Begun| b.planned_blocks -= 1,
        |b: &mut Begun| b.planned_blocks += 1 << 17,
        |b: &mut Begun| b.image_bytes = u64::MAX,
        |b: &mut Begun| b.write_unit = 0,
        |b: &mut Begun| b.first_lba = u32::MAX,
    ] {
        let mut begun = good.clone();
        change(&mut begun);
        bad.push(cut_off(&folder, &begun, 0));
    }
    for id in bad {
        assert!(matches!(
            folder.take(&id),
            Err(JournalError::Damaged(Damage::Content { .. }))
        ));
    }
}

#[test]
fn a_source_that_cannot_be_noted_whole_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let mut begun = begun(Profile::BdRSrm);
    begun.source = SourceMark::File {
        path: "x".repeat(5000).into(),
        stamp: FileMark::default(),
    };
    let refused = JobJournal::begin(&folder, &begun, |_| None);
    assert!(matches!(refused, Err(JournalError::TooLong { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(data in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&data);
        read(&framed(&data));
        // Behind a good beginning, and with checks that hold.
        let (mut bytes, starts) = sample_once();
        bytes.truncate(starts[1]);
        for piece in data.chunks(40) {
            let (kind, payload) = piece.split_first().unwrap();
            bytes.extend(record(u16::from(kind % 7), u16::from(kind / 128), payload));
        }
        read(&bytes);
    }

    #[test]
    fn every_wish_and_source_comes_back_as_it_was(
        placement in 0usize..3, finish in any::<bool>(), speed in 0usize..3, value in 1u32..,
        verify in 0usize..3, kind in 0..3, text in "\\PC{0,60}", created in any::<i64>(), nanos in 0u32..1_000_000_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let mut begun = begun(Profile::DvdPlusR);
        begun.client.clone_from(&text);
        begun.drive.serial = (value % 2 == 0).then(|| text.clone());
        begun.disc.bar_code = (value % 3 == 0).then_some(u64::from(value) << 9);
        begun.disc.number = (value % 5 == 0).then_some(value);
        begun.wish = Wish {
            placement: [Placement::BlankOnly, Placement::Overwrite, Placement::NewSession][placement],
            finish: if finish { Finish::FinalizeDisc } else { Finish::CloseSession },
            speed: [Speed::Maximum, Speed::KilobytesPerSecond(value), Speed::TenthsOfNominal(value)][speed],
            verify: [Verify::None, Verify::Quick, Verify::Full][verify],
            underrun_protection: value % 2 == 1,
            fast_write: value % 4 > 1,
            pure_cav: value % 8 > 3,
        };
        begun.source = match kind {
            0 => SourceMark::Stream { name: text },
            1 => SourceMark::File { path: text.into(), stamp: FileMark {
                inode: u64::from(value), length: 9, modified: (created, 3), changed: (-created / 2, 4),
            } },
            _ => SourceMark::Tree {
                sources: vec![text.clone().into(); 1 + value as usize % 5], volume_id: text,
                created: (created, nanos), follow_links: finish,
                special: [Special::Refuse, Special::Skip, Special::Store][verify],
                options: vec![vec![value as u8; placement * 7]; speed * 3],
                fingerprint: u64::from(value) << 31,
            },
        };
        let id = cut_off(&folder, &begun, 32);
        prop_assert_eq!(folder.take(&id).unwrap().1.begun, begun);
    }
}

fn sample_once() -> (Vec<u8>, Vec<usize>) {
    static SAMPLE: std::sync::OnceLock<(Vec<u8>, Vec<usize>)> = std::sync::OnceLock::new();
    SAMPLE.get_or_init(sample).clone()
}
