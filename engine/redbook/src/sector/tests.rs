//! Sectors made, judged and mended.

use super::*;
use proptest::prelude::*;

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

const FORMS: [SectorForm; 5] = [
    SectorForm::Mode0,
    SectorForm::Mode1,
    SectorForm::Mode2,
    SectorForm::Mode2Form1(Subheader::data()),
    SectorForm::Mode2Form2(Subheader::data()),
];

#[test]
fn every_form_is_judged_right_as_it_was_made() {
    for form in FORMS {
        for codec in [SectorCodec::new(), SectorCodec::portable()] {
            let user = noise(7, form.user_bytes());
            let mut sector = [0; SECTOR_BYTES];
            codec.encode(form, Lba(12345), &user, &mut sector).unwrap();
            assert_eq!(codec.judge(&sector), None, "{form:?} {codec:?}");
        }
    }
}

#[test]
fn a_wrong_byte_anywhere_is_found_and_mended() {
    let codec = SectorCodec::new();
    for form in [SectorForm::Mode1, SectorForm::Mode2Form1(Subheader::data())] {
        let mut right = [0; SECTOR_BYTES];
        codec
            .encode(form, Lba(0), &noise(3, 2048), &mut right)
            .unwrap();
        // The address of form 1 is not covered by its parity.
        let covered = |at: &usize| form == SectorForm::Mode1 || !(12..15).contains(at);
        for at in (0..SECTOR_BYTES).filter(covered) {
            let mut sector = right;
            sector[at] ^= 0x81;
            assert!(codec.judge(&sector).is_some(), "{form:?} {at}");
            let correction = codec.correct(&mut sector);
            assert_eq!(correction, Ok(Correction { bytes: 1 }), "{form:?} {at}");
            assert_eq!(sector, right);
        }
    }
}

#[test]
fn a_burst_over_two_rows_is_mended_and_a_lost_sector_is_not() {
    let codec = SectorCodec::new();
    let mut right = [0; SECTOR_BYTES];
    codec
        .encode(SectorForm::Mode1, Lba(99), &noise(5, 2048), &mut right)
        .unwrap();
    let mut sector = right;
    sector[500..586].copy_from_slice(&noise(11, 86));
    assert!(codec.correct(&mut sector).is_ok());
    assert_eq!(sector, right);

    let mut lost = right;
    lost[400..1400].copy_from_slice(&noise(13, 1000));
    let before = lost;
    assert_eq!(
        codec.correct(&mut lost),
        Err(Uncorrectable(SectorFault::Detection))
    );
    assert_eq!(lost, before, "what cannot be mended is left as it was");
}

#[test]
fn the_address_counts_on_over_minutes() {
    let codec = SectorCodec::portable();
    let mut out = vec![0; 3 * SECTOR_BYTES];
    codec
        .encode_run(SectorForm::Mode0, Lba(4348), &[], &mut out)
        .unwrap();
    let headers: Vec<&[u8]> = out.chunks(SECTOR_BYTES).map(|s| &s[12..16]).collect();
    assert_eq!(
        headers,
        [[0, 0x59, 0x73, 0], [0, 0x59, 0x74, 0], [1, 0, 0, 0]]
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let codec = SectorCodec::new();
    let mut out = [0; SECTOR_BYTES];
    assert_eq!(
        codec.encode(SectorForm::Mode1, Lba(0), &[0; 2047], &mut out),
        Err(EncodeError::UserBytes {
            given: 2047,
            sectors: 1,
            each: 2048
        })
    );
    assert_eq!(
        codec.encode_run(SectorForm::Mode0, Lba(0), &[], &mut out[1..]),
        Err(EncodeError::NoWholeSectors { length: 2351 })
    );
    assert_eq!(
        codec.encode(SectorForm::Mode0, Lba(500_000), &[], &mut out),
        Err(EncodeError::Address(Lba(500_000)))
    );
}

/// The parities as sums of every byte of each code word, one by one.
fn slow_parity_is_right(sector: &[u8; SECTOR_BYTES]) -> bool {
    let word = |n: usize, half: usize| sector[12 + 2 * n + half];
    let p = (0..43).all(|column| {
        (0..2).all(|half| {
            (0..26).fold((0, 0), |(sum, weighted), row| {
                let byte = word(43 * row + column, half);
                (
                    sum ^ byte,
                    weighted ^ field::multiply(byte, field::power(25 - row as i32)),
                )
            }) == (0, 0)
        })
    });
    let q = (0..26).all(|diagonal| {
        (0..2).all(|half| {
            (0..45).fold((0, 0), |(sum, weighted), at| {
                let n = match at {
                    43 | 44 => 1118 + 26 * (at - 43) + diagonal,
                    _ => (44 * at + 43 * diagonal) % 1118,
                };
                let byte = word(n, half);
                (
                    sum ^ byte,
                    weighted ^ field::multiply(byte, field::power(44 - at as i32)),
                )
            }) == (0, 0)
        })
    });
    p && q
}

proptest! {
    #[test]
    fn the_vectorised_path_gives_what_the_portable_one_gives(seed: u64, at in 0usize..5, lba in -150i32..400_000) {
        let form = FORMS[at];
        let user = noise(seed, form.user_bytes());
        let (mut a, mut b) = ([0; SECTOR_BYTES], [0; SECTOR_BYTES]);
        SectorCodec::new().encode(form, Lba(lba), &user, &mut a).unwrap();
        SectorCodec::portable().encode(form, Lba(lba), &user, &mut b).unwrap();
        prop_assert_eq!(a, b);
        let (mut a2, mut b2) = ([0; SECTOR_BYTES], [0; SECTOR_BYTES]);
        SectorCodec::new().encode_run_scrambled(form, Lba(lba), &user, &mut a2).unwrap();
        SectorCodec::portable().encode_run_scrambled(form, Lba(lba), &user, &mut b2).unwrap();
        prop_assert_eq!(a2, b2);
        SectorCodec::new().scramble(&mut a2);
        prop_assert_eq!(a, a2);
        if form == SectorForm::Mode1 {
            prop_assert!(slow_parity_is_right(&a));
        }
    }
}
