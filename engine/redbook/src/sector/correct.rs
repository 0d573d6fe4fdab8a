//! What is wrong with a sector, and what parity can mend of it.
//!
//! Owns the judgement; `parity` says where code words stand.

use super::field::{logarithm, power};
use super::parity::{COLUMNS, DATA_ROWS, DIAGONALS, Q_PARITY, ROW, ROWS, TABLE};
use super::{
    FORM1_EDC, FORM2_EDC, HEADER_END, MODE1_EDC, SECTOR_BYTES, SYNC_PATTERN, SectorCodec,
    Subheader, edc,
};

/// What is wrong with a sector; the first that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SectorFault {
    /// It does not begin with the sync pattern: audio, perhaps, or not read from its beginning.
    #[error("there is no sync pattern")]
    NoSync,
    /// The header is no address on a CD.
    #[error("the header has no address")]
    Address,
    /// There is no such mode, or it is still scrambled.
    #[error("there is no mode {0}")]
    Mode(u8),
    /// The two copies of the subheader differ.
    #[error("the copies of the subheader differ")]
    Subheader,
    /// The error detection code is not that of the bytes.
    #[error("the error detection code does not fit")]
    Detection,
    /// The parity is not that of the bytes.
    #[error("the parity does not fit")]
    Parity,
    /// What should be zero is not.
    #[error("bytes that must be zero are not")]
    NotZero,
}

/// What was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Correction {
    /// Bytes that were changed.
    pub bytes: u32,
}

/// More is wrong than parity can mend. The sector is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sector cannot be corrected: {0}")]
pub struct Uncorrectable(pub SectorFault);

/// Rounds over all code words, after which a correction is given up. Each mends what the one before made possible.
const ROUNDS: usize = 8;

/// Which code protects a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    None,
    Mode1,
    Form1,
    Form2,
}

impl Protection {
    fn of(sector: &[u8; SECTOR_BYTES]) -> Result<Self, SectorFault> {
        match sector[15] {
            0 => Ok(Self::None),
            1 => Ok(Self::Mode1),
            2 if !is_xa(sector) => Ok(Self::None),
            2 if sector[18] & Subheader::FORM_2 == 0 => Ok(Self::Form1),
            2 => Ok(Self::Form2),
            other => Err(SectorFault::Mode(other)),
        }
    }
}

/// Mode 2 with a subheader has it twice.
fn is_xa(sector: &[u8; SECTOR_BYTES]) -> bool {
    sector[16..20] == sector[20..24]
}

fn is_address(header: &[u8]) -> bool {
    let digits = |byte: u8, most: u8| byte & 0x0f < 10 && byte >> 4 <= most;
    matches!(header, [m, s, f, ..] if digits(*m, 9) && digits(*s, 5) && digits(*f, 7) && *f <= 0x74)
}

fn code_fits(sector: &[u8; SECTOR_BYTES], from: usize, at: usize) -> bool {
    edc::continued(0, &sector[from..at]).to_le_bytes() == sector[at..at + 4]
}

impl SectorCodec {
    /// What is wrong with a sector that is not scrambled; `None`: nothing.
    ///
    /// Mode 2 whose first eight bytes are no subheader, and no damaged one of a form 1 that parity tells, is taken for data
    /// without protection, of which nothing can be wrong but sync and header. A code of zero is allowed in form 2, where it is optional.
    #[must_use]
    pub fn judge(&self, sector: &[u8; SECTOR_BYTES]) -> Option<SectorFault> {
        judged(sector).err()
    }

    /// Mends a sector that is not scrambled, as far as its parity can.
    ///
    /// # Errors
    /// [`Uncorrectable`], with what is wrong still: more than parity covers, or a sector without any.
    pub fn correct(&self, sector: &mut [u8; SECTOR_BYTES]) -> Result<Correction, Uncorrectable> {
        let Err(fault) = judged(sector) else {
            return Ok(Correction::default());
        };
        // A damaged byte of the header or subheader may hide the form, so both are tried.
        for protection in [Protection::Mode1, Protection::Form1] {
            if let Some(mended) = mended_as(protection, sector) {
                let bytes = mended.iter().zip(&*sector).filter(|(a, b)| a != b).count();
                *sector = mended;
                return Ok(Correction {
                    bytes: bytes as u32,
                });
            }
        }
        Err(Uncorrectable(fault))
    }
}

/// The sector mended as one of that form; `None` where it is no such sector, or more is wrong than parity covers.
fn mended_as(protection: Protection, sector: &[u8; SECTOR_BYTES]) -> Option<[u8; SECTOR_BYTES]> {
    let mut mended = *sector;
    mended[..12].copy_from_slice(&SYNC_PATTERN);
    if protection == Protection::Form1 {
        mended[12..16].fill(0);
    }
    for _ in 0..ROUNDS {
        if mend_once(&mut mended) == 0 {
            break;
        }
    }
    if protection == Protection::Form1 {
        mended[12..15].copy_from_slice(&sector[12..15]);
        mended[15] = 2;
    }
    let right = Protection::of(&mended) == Ok(protection) && judged(&mended).is_ok();
    right.then_some(mended)
}

fn judged(sector: &[u8; SECTOR_BYTES]) -> Result<(), SectorFault> {
    let check = |right: bool, fault: SectorFault| match right {
        true => Ok(()),
        false => Err(fault),
    };
    check(sector[..12] == SYNC_PATTERN, SectorFault::NoSync)?;
    let protection = Protection::of(sector)?;
    check(is_address(&sector[12..16]), SectorFault::Address)?;
    match protection {
        Protection::None if sector[15] == 0 => check(
            sector[HEADER_END..].iter().all(|byte| *byte == 0),
            SectorFault::NotZero,
        ),
        Protection::None => check(
            mended_as(Protection::Form1, sector).is_none(),
            SectorFault::Subheader,
        ),
        Protection::Mode1 => {
            check(code_fits(sector, 0, MODE1_EDC), SectorFault::Detection)?;
            check(
                sector[MODE1_EDC + 4..MODE1_EDC + 12] == [0; 8],
                SectorFault::NotZero,
            )?;
            check(parity_fits(sector), SectorFault::Parity)
        }
        Protection::Form1 => {
            check(
                code_fits(sector, HEADER_END, FORM1_EDC),
                SectorFault::Detection,
            )?;
            let mut moved = *sector;
            moved[12..16].fill(0);
            check(parity_fits(&moved), SectorFault::Parity)
        }
        Protection::Form2 => check(
            sector[FORM2_EDC..] == [0; 4] || code_fits(sector, HEADER_END, FORM2_EDC),
            SectorFault::Detection,
        ),
    }
}

/// Where the bytes of a code word stand.
#[derive(Clone, Copy)]
enum CodeWord {
    /// Down a column of bytes.
    P { column: usize },
    /// Down a diagonal, in one half of the words.
    Q { diagonal: usize, half: usize },
}

impl CodeWord {
    const fn length(self) -> usize {
        match self {
            Self::P { .. } => DATA_ROWS + 2,
            Self::Q { .. } => COLUMNS + 2,
        }
    }

    const fn place(self, at: usize) -> usize {
        match self {
            Self::P { column } => TABLE + at * ROW + column,
            Self::Q { diagonal, half } if at < COLUMNS => {
                TABLE + (diagonal + at) % ROWS * ROW + 2 * at + half
            }
            Self::Q { diagonal, half } => {
                Q_PARITY + 2 * ((at - COLUMNS) * DIAGONALS + diagonal) + half
            }
        }
    }

    /// The sum of the bytes, and the sum of the bytes times their weights. Both are zero where nothing is wrong.
    fn sums(self, sector: &[u8; SECTOR_BYTES]) -> (u8, u8) {
        let mut sum = 0;
        let mut weighted = 0;
        for at in 0..self.length() {
            let byte = sector.get(self.place(at)).copied().unwrap_or_default();
            sum ^= byte;
            weighted = super::field::double(weighted) ^ byte;
        }
        (sum, weighted)
    }
}

fn code_words() -> impl Iterator<Item = CodeWord> {
    let columns = (0..ROW).map(|column| CodeWord::P { column });
    let diagonals = (0..2 * DIAGONALS).map(|at| CodeWord::Q {
        diagonal: at / 2,
        half: at % 2,
    });
    columns.chain(diagonals)
}

fn parity_fits(sector: &[u8; SECTOR_BYTES]) -> bool {
    code_words().all(|word| word.sums(sector) == (0, 0))
}

/// Mends every code word in which one byte is wrong, and answers how many.
fn mend_once(sector: &mut [u8; SECTOR_BYTES]) -> usize {
    let mut mended = 0;
    for word in code_words() {
        let (sum, weighted) = word.sums(sector);
        let (Some(sum_log), Some(weighted_log)) = (logarithm(sum), logarithm(weighted)) else {
            continue;
        };
        // One wrong byte: the sum is what it is wrong by, and the weight tells which one.
        let exponent = (i32::from(weighted_log) - i32::from(sum_log)).rem_euclid(255);
        let last = word.length() as i32 - 1;
        let Ok(at) = usize::try_from(last - exponent) else {
            continue;
        };
        debug_assert_eq!(power(exponent), super::field::divide(weighted, sum));
        if let Some(byte) = sector.get_mut(word.place(at)) {
            *byte ^= sum;
            mended += 1;
        }
    }
    mended
}
