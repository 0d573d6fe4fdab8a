//! Each stream against a vector of its bytes, from every place.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::{Read, Seek, SeekFrom};

#[derive(Debug)]
struct Given(Vec<u8>);

impl FileBytes for Given {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = offset as usize;
        out.copy_from_slice(&self.0[from..from + out.len()]);
        Ok(())
    }
}

/// The bytes are those, from wherever and however many are read; behind them there are none.
fn is(bytes: &dyn FileBytes, expected: &[u8], cuts: &[(usize, usize)]) {
    assert_eq!(bytes.length(), expected.len() as u64);
    let whole = (0, expected.len());
    for (from, count) in cuts.iter().copied().chain([whole]) {
        let from = from % (expected.len() + 1);
        let count = count.min(expected.len() - from);
        let mut out = vec![0xEE; count];
        bytes.read_at(from as u64, &mut out).unwrap();
        assert_eq!(out, expected[from..from + count]);
    }
    let mut beyond = [0];
    let error = bytes.read_at(expected.len() as u64, &mut beyond);
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert!(bytes.read_at(u64::MAX, &mut beyond).is_err());
}

fn parts() -> impl Strategy<Value = Vec<(Vec<u8>, u64)>> {
    vec((vec(any::<u8>(), 0..40), 1u64..9), 0..5)
}

fn cuts() -> impl Strategy<Value = Vec<(usize, usize)>> {
    vec((any::<usize>(), 0usize..60), 0..20)
}

fn given(bytes: &[u8]) -> Arc<dyn FileBytes> {
    Arc::new(Given(bytes.to_vec()))
}

proptest! {
    #[test]
    fn one_behind_the_other_is_what_it_is_in_memory(parts in parts(), cuts in cuts()) {
        let expected: Vec<u8> = parts.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let parts = parts.iter().map(|(bytes, _)| given(bytes)).collect();
        is(&Concatenated::new(parts).unwrap(), &expected, &cuts);
    }

    #[test]
    fn in_turn_is_what_it_is_in_memory(parts in parts(), cuts in cuts()) {
        let mut expected = Vec::new();
        let mut left: Vec<(&[u8], usize)> =
            parts.iter().map(|(bytes, each)| (bytes.as_slice(), *each as usize)).collect();
        while left.iter().any(|(bytes, _)| !bytes.is_empty()) {
            for (bytes, each) in &mut left {
                let (now, later) = bytes.split_at(bytes.len().min(*each));
                expected.extend_from_slice(now);
                *bytes = later;
            }
        }
        let parts = parts
            .iter()
            .map(|(bytes, each)| (given(bytes), NonZeroU64::new(*each).unwrap()))
            .collect();
        is(&Interleaved::new(parts).unwrap(), &expected, &cuts);
    }

    #[test]
    fn noise_is_the_same_from_every_place(seed in any::<u64>(), length in 0u64..100, cuts in cuts()) {
        let noise = PseudoRandom::new(seed, length);
        let words = (0..13).flat_map(|number| noise.word(number).to_le_bytes());
        let expected: Vec<u8> = words.take(length as usize).collect();
        is(&noise, &expected, &cuts);
    }

    #[test]
    fn a_reader_goes_where_a_cursor_goes(
        bytes in vec(any::<u8>(), 0..50),
        steps in vec((0..3, -60i64..60, 0usize..20), 0..20),
    ) {
        let mut reader = Reader::new(given(&bytes));
        let mut cursor = io::Cursor::new(bytes);
        for (kind, by, count) in steps {
            let to = match kind {
                0 => SeekFrom::Start(by.unsigned_abs()),
                1 => SeekFrom::End(by),
                _ => SeekFrom::Current(by),
            };
            prop_assert_eq!(reader.seek(to).ok(), cursor.seek(to).ok());
            let (mut ours, mut theirs) = (vec![0; count], vec![0; count]);
            prop_assert_eq!(reader.read(&mut ours).unwrap(), cursor.read(&mut theirs).unwrap());
            prop_assert_eq!(ours, theirs);
        }
    }
}

/// The words that others give for this seed.
#[test]
fn noise_is_that_of_splitmix64() {
    let noise = PseudoRandom::new(1_234_567, 24);
    let words = [0, 1, 2].map(|number| noise.word(number));
    assert_eq!(
        words,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423
        ]
    );
}

#[test]
fn zeros_are_zeros() {
    is(&Zeros::new(10), &[0; 10], &[(3, 4), (9, 9)]);
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let parts = || -> Vec<Arc<dyn FileBytes>> {
        vec![Arc::new(Zeros::new(u64::MAX)), Arc::new(Zeros::new(1))]
    };
    assert_eq!(Concatenated::new(parts()).err(), Some(TooLong));
    let each = NonZeroU64::MIN;
    let turns = parts().into_iter().map(|part| (part, each)).collect();
    assert_eq!(Interleaved::new(turns).err(), Some(TooLong));
    // Streams of any length are found in few steps.
    let far = vec![
        (
            Arc::new(Zeros::new(u64::MAX - 8)) as Arc<dyn FileBytes>,
            each,
        ),
        (given(&[7; 8]), each),
    ];
    let far = Interleaved::new(far).unwrap();
    let mut out = [9; 4];
    far.read_at(14, &mut out).unwrap();
    assert_eq!(out, [0, 7, 0, 0]);
    far.read_at(u64::MAX - 4, &mut out).unwrap();
    assert_eq!(out, [0; 4]);
}
