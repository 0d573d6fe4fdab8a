//! The kernels with AVX2 and carry-less multiplication. Each gives what its portable twin in `edc` and `parity` gives.
//!
//! Owns instructions only: which bytes are summed is said there.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_set_epi64x,
    _mm_unpackhi_epi64, _mm_xor_si128, _mm256_add_epi8, _mm256_and_si256,
    _mm256_broadcastsi128_si256, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    _mm256_xor_si256,
};

use super::edc;
use super::field::{INVERSE_OF_ONE_AND_ALPHA, REDUCTION};
use super::parity::{
    FOLD, FOLDED_FACTORS, LANES, P_PARITY, P_WEIGHTED, Q_HALF, ROW, ROWS, SLACK, Scratch, TABLE,
    WINDOW, lanes_of, product_tables, store_q,
};
use super::scramble::SEQUENCE;
use super::{SECTOR_BYTES, parity};

/// Whether this machine has what the kernels need.
pub(crate) fn is_there() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(to: &mut [u8; 32], value: __m256i) {
    // SAFETY: the reference is to 32 bytes that nobody else has, and the store asks for no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_half(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Each byte times α.
#[inline]
#[target_feature(enable = "avx2")]
fn double(bytes: __m256i) -> __m256i {
    let overflows = _mm256_cmpgt_epi8(_mm256_setzero_si256(), bytes);
    let reduction = _mm256_and_si256(overflows, _mm256_set1_epi8(REDUCTION as i8));
    _mm256_xor_si256(_mm256_add_epi8(bytes, bytes), reduction)
}

/// Each byte times one factor.
#[inline]
#[target_feature(enable = "avx2")]
fn scale(bytes: __m256i, tables: &[[u8; 16]; 2]) -> __m256i {
    let low = _mm256_set1_epi8(0x0f);
    let [of_low, of_high] = tables;
    let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
    let of_low = _mm256_broadcastsi128_si256(load_half(of_low));
    let of_high = _mm256_broadcastsi128_si256(load_half(of_high));
    _mm256_xor_si256(
        _mm256_shuffle_epi8(of_low, _mm256_and_si256(bytes, low)),
        _mm256_shuffle_epi8(of_high, high_half),
    )
}

static BY_INVERSE: [[u8; 16]; 2] = product_tables(INVERSE_OF_ONE_AND_ALPHA);
static BY_P_WEIGHTED: [[u8; 16]; 2] = product_tables(P_WEIGHTED);
static BY_FOLD: [[[u8; 16]; 2]; 2] = [product_tables(FOLD[0]), product_tables(FOLD[1])];

/// Where the vectors of a row of P begin: the last overlaps the one before, so that nothing behind the row is touched.
const P_VECTORS: [usize; 3] = [0, 32, ROW - 32];

/// As [`parity::fill_p`].
#[target_feature(enable = "avx2")]
pub(crate) fn fill_p(scratch: &mut Scratch) {
    let zero = _mm256_setzero_si256();
    let mut sums = [zero; 3];
    let mut weighted = [zero; 3];
    let (table, _) = scratch.split_at(SLACK + P_PARITY);
    let (rows, _) = table.split_at(SLACK + TABLE).1.as_chunks::<ROW>();
    for row in rows {
        for ((sum, weighted), at) in sums.iter_mut().zip(&mut weighted).zip(P_VECTORS) {
            if let Some(bytes) = row[at..].first_chunk() {
                let bytes = load(bytes);
                *sum = _mm256_xor_si256(*sum, bytes);
                *weighted = _mm256_xor_si256(double(*weighted), bytes);
            }
        }
    }
    let (_, parity) = scratch.split_at_mut(SLACK + P_PARITY);
    let (first_row, second_row) = parity.split_at_mut(ROW);
    for ((sum, weighted), at) in sums.into_iter().zip(weighted).zip(P_VECTORS) {
        let first = _mm256_xor_si256(scale(sum, &BY_INVERSE), scale(weighted, &BY_P_WEIGHTED));
        if let Some(to) = first_row[at..].first_chunk_mut() {
            store(to, first);
        }
        if let Some(to) = second_row[at..].first_chunk_mut() {
            store(to, _mm256_xor_si256(first, sum));
        }
    }
}

/// As [`parity::fill_q`].
#[target_feature(enable = "avx2")]
pub(crate) fn fill_q(scratch: &mut Scratch) {
    const VECTORS: usize = LANES / 32;
    let zero = _mm256_setzero_si256();
    let mut sums = [zero; VECTORS];
    let mut weighted = [zero; VECTORS];
    for row in 0..ROWS {
        let lanes = scratch[lanes_of(row)..].first_chunk::<LANES>();
        let window = WINDOW[2 * row..].first_chunk::<LANES>();
        let (Some(lanes), Some(window)) = (lanes, window) else {
            continue;
        };
        let lanes = lanes.as_chunks::<32>().0.iter();
        let window = window.as_chunks::<32>().0;
        for ((sum, weighted), (lanes, window)) in
            sums.iter_mut().zip(&mut weighted).zip(lanes.zip(window))
        {
            let bytes = _mm256_and_si256(load(lanes), load(window));
            *sum = _mm256_xor_si256(*sum, bytes);
            *weighted = _mm256_xor_si256(double(*weighted), bytes);
        }
    }
    let (sums, weighted) = (fold(&sums, None), fold(&weighted, Some(&BY_FOLD)));
    let mut first = [zero; 2];
    for (at, first) in first.iter_mut().enumerate() {
        *first = scale(sums[at], &BY_INVERSE);
        let mut powers = weighted[at];
        for masks in &FOLDED_FACTORS {
            let masks = load(&masks.as_chunks::<32>().0[at]);
            *first = _mm256_xor_si256(*first, _mm256_and_si256(powers, masks));
            powers = double(powers);
        }
    }
    store_q(scratch, &bytes_of(first), &bytes_of(sums));
}

#[inline]
#[target_feature(enable = "avx2")]
fn bytes_of(vectors: [__m256i; 2]) -> [u8; 64] {
    let mut out = [0; 64];
    for (to, from) in out.as_chunks_mut::<32>().0.iter_mut().zip(vectors) {
        store(to, from);
    }
    out
}

/// The lanes of one code word together, each fold times its factor.
#[inline]
#[target_feature(enable = "avx2")]
fn fold(lanes: &[__m256i; LANES / 32], factors: Option<&[[[u8; 16]; 2]; 2]>) -> [__m256i; 2] {
    // 32 bytes more, for the last fold is shorter than the others.
    let mut bytes = [0; LANES + 32];
    for (to, from) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(lanes) {
        store(to, *from);
    }
    let mut out = [_mm256_setzero_si256(); 2];
    for (number, start) in [0, Q_HALF, 2 * Q_HALF].into_iter().enumerate() {
        for (half, out) in out.iter_mut().enumerate() {
            if let Some(piece) = bytes[start + 32 * half..].first_chunk() {
                let piece = load(piece);
                let factor = factors.and_then(|both| both.get(number.checked_sub(1)?));
                let piece = match factor {
                    Some(factor) => scale(piece, factor),
                    None => piece,
                };
                *out = _mm256_xor_si256(*out, piece);
            }
        }
    }
    out
}

/// x to a power, modulo the polynomial of the code, as the upper half of 64 bits with the highest term lowest.
const fn power_of_x(exponent: u32) -> i64 {
    // The highest bit is x^0.
    let mut value = 1u32 << 31;
    let mut at = 0;
    while at < exponent {
        value = (value >> 1) ^ ((value & 1) * edc::REFLECTED);
        at += 1;
    }
    ((value as u64) << 32) as i64
}

/// Factors that move 16 bytes by so many bits: of their first and of their last 8 bytes. A product of two numbers whose bits
/// are the other way round is one bit short, hence the power less one.
const fn movers(bits: u32) -> [i64; 2] {
    [power_of_x(bits + 63), power_of_x(bits - 1)]
}

const BY_64_BYTES: [i64; 2] = movers(512);
const BY_16_BYTES: [i64; 2] = movers(128);

#[inline]
#[target_feature(enable = "avx2,pclmulqdq")]
fn moved(value: __m128i, by: __m128i, onto: __m128i) -> __m128i {
    let first = _mm_clmulepi64_si128::<0x00>(value, by);
    let last = _mm_clmulepi64_si128::<0x11>(value, by);
    _mm_xor_si128(_mm_xor_si128(first, last), onto)
}

/// The code of `bytes`, as [`edc::continued`] from zero.
#[target_feature(enable = "avx2,pclmulqdq")]
pub(crate) fn edc(bytes: &[u8]) -> u32 {
    let (quads, rest) = bytes.as_chunks::<64>();
    let Some((head, quads)) = quads.split_first() else {
        return edc::continued(0, bytes);
    };
    let [first, last] = BY_64_BYTES;
    let by_64_bytes = _mm_set_epi64x(last, first);
    let mut folds = quarters(head);
    for quad in quads {
        let onto = quarters(quad);
        for (fold, onto) in folds.iter_mut().zip(onto) {
            *fold = moved(*fold, by_64_bytes, onto);
        }
    }
    let [first, last] = BY_16_BYTES;
    let by_16_bytes = _mm_set_epi64x(last, first);
    let [mut sum, others @ ..] = folds;
    for onto in others {
        sum = moved(sum, by_16_bytes, onto);
    }
    let (pieces, tail) = rest.as_chunks::<16>();
    for piece in pieces {
        sum = moved(sum, by_16_bytes, load_half(piece));
    }
    let low = _mm_cvtsi128_si64(sum) as u64;
    let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum)) as u64;
    let last = (u128::from(high) << 64 | u128::from(low)).to_le_bytes();
    edc::continued(edc::continued(0, &last), tail)
}

#[inline]
#[target_feature(enable = "avx2")]
fn quarters(quad: &[u8; 64]) -> [__m128i; 4] {
    let (quarters, _) = quad.as_chunks::<16>();
    [
        load_half(&quarters[0]),
        load_half(&quarters[1]),
        load_half(&quarters[2]),
        load_half(&quarters[3]),
    ]
}

/// As [`super::scramble::scramble`], from one place to another.
#[target_feature(enable = "avx2")]
pub(crate) fn scrambled(from: &[u8; SECTOR_BYTES], to: &mut [u8; SECTOR_BYTES]) {
    for ((to, from), key) in to.iter_mut().zip(from).zip(&SEQUENCE) {
        *to = from ^ key;
    }
}

const _: () = assert!(parity::ROW == 86 && SECTOR_BYTES == 2352);
