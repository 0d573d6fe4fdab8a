//! P and Q parity (ECMA-130, Annex A): where each code word's bytes stand, and the path without vector instructions.
//!
//! From the header on a sector is a table of 26 rows and 43 columns of words of two bytes, whose halves never meet. A P code
//! word is a column of 24 rows with two words of parity below it. A Q code word goes down one row with each column, from the
//! last row on to the first, over the P parity too. For each, the sum of its bytes is zero, and so is the sum of its
//! bytes times a power of α that falls by one from byte to byte and ends with 1.
//!
//! Q is made row by row without taking bytes to pieces: lane `column - row` of a row belongs to the same code word in every
//! row, so that rows are added where they stand, each one word further left. 68 lanes are then folded to 26 code words.

use super::field::{INVERSE_OF_ONE_AND_ALPHA, double, multiply, power};

/// Bytes of a row.
pub(crate) const ROW: usize = 86;
/// Rows without parity.
pub(crate) const DATA_ROWS: usize = 24;
/// Rows, P parity among them.
pub(crate) const ROWS: usize = 26;
/// Columns of words.
pub(crate) const COLUMNS: usize = 43;
/// Code words of Q, in one half of the words.
pub(crate) const DIAGONALS: usize = 26;
/// Where the table begins in a sector: with the header.
pub(crate) const TABLE: usize = 12;
/// Where P parity begins in a sector.
pub(crate) const P_PARITY: usize = TABLE + DATA_ROWS * ROW;
/// Where Q parity begins in a sector.
pub(crate) const Q_PARITY: usize = TABLE + ROWS * ROW;

/// Bytes of the lanes in which Q is summed: 68 words, filled up to whole vectors.
pub(crate) const LANES: usize = 160;
/// Where the first lane of the first row stands before its first byte.
const LANE_LEAD: usize = 2 * (ROWS - 1);
/// Bytes of one half of Q parity.
pub(crate) const Q_HALF: usize = 2 * DIAGONALS;
/// Bytes in front of a sector that the lanes of its first row reach into, filled up.
pub(crate) const SLACK: usize = 64;
/// A sector with slack before it.
pub(crate) type Scratch = [u8; SLACK + super::SECTOR_BYTES];

/// What Q's weighted sums are multiplied by when the 68 lanes are folded to 26: lane `column - row`, and those 26 and 52 lanes on.
pub(crate) const FOLD: [u8; 2] = [power(-26), power(-52)];

/// What each folded lane is multiplied by, for the first word of Q parity: bit `n` of a factor is whether `MASKS[n]` has
/// all bits set at that byte.
pub(crate) static FOLDED_FACTORS: [[u8; 64]; 8] = folded_factors();

const fn folded_factors() -> [[u8; 64]; 8] {
    let mut out = [[0; 64]; 8];
    let mut word = 0;
    while word < DIAGONALS {
        let factor = multiply(INVERSE_OF_ONE_AND_ALPHA, power(44 - word as i32));
        let mut bit = 0;
        while bit < 8 {
            let mask = if factor >> bit & 1 == 1 { 0xff } else { 0 };
            out[bit][2 * word] = mask;
            out[bit][2 * word + 1] = mask;
            bit += 1;
        }
        word += 1;
    }
    out
}

/// α squared over 1 + α: what P's weighted sum, whose last byte has the weight 1, is multiplied by.
pub(crate) const P_WEIGHTED: u8 = multiply(INVERSE_OF_ONE_AND_ALPHA, power(2));

/// Products with one factor: of the low and of the high half of each byte.
pub(crate) const fn product_tables(factor: u8) -> [[u8; 16]; 2] {
    let mut out = [[0; 16]; 2];
    let mut half = 0;
    while half < 16 {
        out[0][half] = multiply(half as u8, factor);
        out[1][half] = multiply((half as u8) << 4, factor);
        half += 1;
    }
    out
}

/// Which bytes of the lanes a row has: `WINDOW` from `2 * row` on.
pub(crate) static WINDOW: [u8; LANES + LANE_LEAD] = window();

const fn window() -> [u8; LANES + LANE_LEAD] {
    let mut out = [0; LANES + LANE_LEAD];
    let mut at = LANE_LEAD;
    while at < LANE_LEAD + ROW {
        out[at] = 0xff;
        at += 1;
    }
    out
}

/// Where the lanes of a row begin in a [`Scratch`].
pub(crate) const fn lanes_of(row: usize) -> usize {
    SLACK + TABLE + row * (ROW + 2) - LANE_LEAD
}

fn double_all(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = double(*byte);
    }
}

fn add(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to ^= from;
    }
}

/// Each byte times one factor.
fn scale<const N: usize>(bytes: [u8; N], factor: u8) -> [u8; N] {
    let mut powers = bytes;
    let mut out = [0; N];
    let mut bits = factor;
    while bits != 0 {
        if bits & 1 == 1 {
            add(&mut out, &powers);
        }
        double_all(&mut powers);
        bits >>= 1;
    }
    out
}

/// Fills in P parity from what stands above it.
pub(crate) fn fill_p(scratch: &mut Scratch) {
    let mut sums = [0; ROW];
    let mut weighted = [0; ROW];
    let (table, _) = scratch.split_at(SLACK + P_PARITY);
    let (rows, _) = table.split_at(SLACK + TABLE).1.as_chunks::<ROW>();
    for row in rows {
        add(&mut sums, row);
        double_all(&mut weighted);
        add(&mut weighted, row);
    }
    let mut first = scale(sums, INVERSE_OF_ONE_AND_ALPHA);
    add(&mut first, &scale(weighted, P_WEIGHTED));
    add(&mut sums, &first);
    let (_, parity) = scratch.split_at_mut(SLACK + P_PARITY);
    let (first_row, second_row) = parity.split_at_mut(ROW);
    first_row.copy_from_slice(&first);
    for (to, from) in second_row.iter_mut().zip(sums) {
        *to = from;
    }
}

/// Fills in Q parity from what stands above it, P parity too.
pub(crate) fn fill_q(scratch: &mut Scratch) {
    let mut sums = [0; LANES];
    let mut weighted = [0; LANES];
    for row in 0..ROWS {
        let (_, lanes) = scratch.split_at(SLACK + TABLE + row * ROW);
        let first = LANE_LEAD - 2 * row;
        double_all(&mut weighted);
        let (Some(lanes), Some(sums), Some(weighted)) = (
            lanes.first_chunk::<ROW>(),
            sums.get_mut(first..),
            weighted.get_mut(first..),
        ) else {
            continue;
        };
        add(sums, lanes);
        add(weighted, lanes);
    }
    let (folded_sums, folded) = (fold(&sums, [1, 1]), fold(&weighted, FOLD));
    store_q(scratch, &first_of_q(&folded_sums, folded), &folded_sums);
}

/// The lanes of one code word together: 26 words, the last code word first.
fn fold(lanes: &[u8; LANES], factors: [u8; 2]) -> [u8; 64] {
    let piece = |at: usize, length: usize| {
        let mut out = [0; 64];
        for (to, from) in out.iter_mut().zip(lanes.iter().skip(at)).take(length) {
            *to = *from;
        }
        out
    };
    let mut out = piece(0, Q_HALF);
    add(&mut out, &scale(piece(Q_HALF, Q_HALF), factors[0]));
    add(&mut out, &scale(piece(2 * Q_HALF, Q_HALF), factors[1]));
    out
}

fn first_of_q(sums: &[u8; 64], mut weighted: [u8; 64]) -> [u8; 64] {
    let mut out = scale(*sums, INVERSE_OF_ONE_AND_ALPHA);
    for masks in &FOLDED_FACTORS {
        for ((to, from), mask) in out.iter_mut().zip(&weighted).zip(masks) {
            *to ^= from & mask;
        }
        double_all(&mut weighted);
    }
    out
}

/// Stores Q parity: the first words, and behind them the second, which make the sums zero. Both come with the last code
/// word first.
pub(crate) fn store_q(scratch: &mut Scratch, first: &[u8; 64], sums: &[u8; 64]) {
    let (_, parity) = scratch.split_at_mut(SLACK + Q_PARITY);
    let (first_half, second_half) = parity.split_at_mut(Q_HALF);
    let (first, _) = first.split_at(Q_HALF);
    let (sums, _) = sums.split_at(Q_HALF);
    let reversed = first.as_chunks::<2>().0.iter().rev();
    for (to, word) in first_half
        .as_chunks_mut::<2>()
        .0
        .iter_mut()
        .zip(reversed.clone())
    {
        *to = *word;
    }
    let sums = sums.as_chunks::<2>().0.iter().rev();
    let second_half = second_half.as_chunks_mut::<2>().0.iter_mut();
    for ((to, first), sum) in second_half.zip(reversed).zip(sums) {
        *to = [first[0] ^ sum[0], first[1] ^ sum[1]];
    }
}
