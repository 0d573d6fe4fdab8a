//! Making CD sectors from user bytes, beside a plain codec and one of others in the same run, on one core. Sectors of ours and of
//! the plain one are scrambled, too, which the other one's are not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

mod beside;
mod plain;

use beside::{Runner, measure, number};
use ecmlib::{Decoder, Encoder, Optimizations, SectorType};
use pitland_mmc::Lba;
use pitland_redbook::{SECTOR_BYTES, SectorCodec, SectorForm};
use plain::Plain;
use std::hint::black_box;

const USER: usize = 2048;

/// Sectors that stay in the nearest cache.
const FEW: usize = 8;

fn bytes(length: usize) -> Vec<u8> {
    (0..length as u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// Makes sectors from the same user bytes again and again.
fn hot(codec: SectorCodec, rounds: u64) -> bool {
    let user = bytes(FEW * USER);
    let mut out = vec![0; FEW * SECTOR_BYTES];
    for _ in 0..rounds {
        codec
            .encode_run_scrambled(SectorForm::Mode1, Lba(0), black_box(&user), &mut out)
            .unwrap();
        black_box(&out);
    }
    true
}

/// The same by the plain codec.
fn plainly(plain: &Plain, rounds: u64) -> bool {
    let user = bytes(FEW * USER);
    let mut out = vec![0; FEW * SECTOR_BYTES];
    for _ in 0..rounds {
        let sectors = out.chunks_exact_mut(SECTOR_BYTES);
        for ((user, sector), lba) in black_box(&user).chunks_exact(USER).zip(sectors).zip(0..) {
            plain.encode(lba, user, sector);
        }
        black_box(&out);
    }
    true
}

/// Both make the same bytes.
fn agree(plain: &Plain) {
    let user = bytes(FEW * USER);
    let mut ours = vec![0; FEW * SECTOR_BYTES];
    let mut theirs = ours.clone();
    SectorCodec::new()
        .encode_run_scrambled(SectorForm::Mode1, Lba(0), &user, &mut ours)
        .unwrap();
    let sectors = theirs.chunks_exact_mut(SECTOR_BYTES);
    for ((user, sector), lba) in user.chunks_exact(USER).zip(sectors).zip(0..) {
        plain.encode(lba, user, sector);
    }
    assert_eq!(ours, theirs, "the plain codec makes other sectors");
}

fn main() {
    let plain = Plain::new();
    agree(&plain);
    let sectors = number("PITLAND_BENCH_SECTORS", 100_000);
    let rounds = sectors / FEW as u64;
    let mut other = Encoder::new(Optimizations::all());
    let mut sector = [0; SECTOR_BYTES];
    SectorCodec::new()
        .encode(SectorForm::Mode1, Lba(0), &bytes(USER), &mut sector)
        .unwrap();
    let bare = other
        .encode_sector(&sector, 150, Some(SectorType::Mode1), true)
        .unwrap();
    let how = other.get_last_used_optimizations();
    let mut decoder = Decoder::new();
    measure(
        &format!("{sectors} sectors of mode 1, hot in cache"),
        &mut [
            Runner::new("pitland", || hot(SectorCodec::new(), rounds)),
            Runner::new("pitland, portable", || hot(SectorCodec::portable(), rounds)),
            Runner::new("a plain codec", || plainly(&plain, rounds)),
            Runner::new("ecmlib", || {
                for _ in 0..rounds * FEW as u64 {
                    let made = decoder.decode_sector(black_box(&bare), SectorType::Mode1, 150, how);
                    black_box(made.unwrap());
                }
                true
            }),
        ],
    );
    let user = bytes(sectors as usize * USER);
    let mut out = vec![0; sectors as usize * SECTOR_BYTES];
    let mut theirs = out.clone();
    let mut copy = vec![0; user.len()];
    measure(
        &format!("{sectors} sectors of mode 1, from memory to memory"),
        &mut [
            Runner::new("pitland", || {
                SectorCodec::new()
                    .encode_run_scrambled(SectorForm::Mode1, Lba(0), &user, &mut out)
                    .unwrap();
                true
            }),
            Runner::new("a plain codec", || {
                let sectors = theirs.chunks_exact_mut(SECTOR_BYTES);
                for ((user, sector), lba) in user.chunks_exact(USER).zip(sectors).zip(0..) {
                    plain.encode(lba, user, sector);
                }
                true
            }),
            Runner::new("a copy of the user bytes", || {
                copy.copy_from_slice(black_box(&user));
                true
            }),
        ],
    );
}
