//! The field of the parity bytes: GF(2^8) by x^8 + x^4 + x^3 + x^2 + 1, whose primitive element α is 2 (ECMA-130, Annex A).
//!
//! Owns products and powers of single bytes; the kernels multiply many at once.

/// The polynomial without its highest term.
pub(crate) const REDUCTION: u8 = 0x1d;

/// α times a byte.
pub(crate) const fn double(byte: u8) -> u8 {
    (byte << 1) ^ ((byte >> 7) * REDUCTION)
}

const fn powers() -> [u8; 255] {
    let mut out = [1; 255];
    let mut at = 1;
    while at < 255 {
        out[at] = double(out[at - 1]);
        at += 1;
    }
    out
}

const POWERS: [u8; 255] = powers();

const fn logarithms() -> [u8; 256] {
    let mut out = [0; 256];
    let mut at = 0;
    while at < 255 {
        out[POWERS[at] as usize] = at as u8;
        at += 1;
    }
    out
}

const LOGARITHMS: [u8; 256] = logarithms();

/// α to a power, which may be negative.
pub(crate) const fn power(exponent: i32) -> u8 {
    POWERS[exponent.rem_euclid(255) as usize]
}

/// The exponent of α that gives a byte; `None` for zero.
pub(crate) const fn logarithm(byte: u8) -> Option<u8> {
    match byte {
        0 => None,
        _ => Some(LOGARITHMS[byte as usize]),
    }
}

/// The product of two bytes.
pub(crate) const fn multiply(a: u8, b: u8) -> u8 {
    match (logarithm(a), logarithm(b)) {
        (Some(a), Some(b)) => POWERS[(a as usize + b as usize) % 255],
        _ => 0,
    }
}

/// The quotient; zero for a divisor of zero, which no caller has.
pub(crate) const fn divide(a: u8, b: u8) -> u8 {
    match (logarithm(a), logarithm(b)) {
        (Some(a), Some(b)) => POWERS[(a as usize + 255 - b as usize) % 255],
        _ => 0,
    }
}

/// One byte over 1 + α, by which both parities are solved.
pub(crate) const INVERSE_OF_ONE_AND_ALPHA: u8 = divide(1, 1 ^ 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_powers_of_alpha_are_every_byte_but_zero() {
        let mut seen = [false; 256];
        for exponent in 0..255 {
            seen[power(exponent) as usize] = true;
        }
        assert!(!seen[0] && seen[1..].iter().all(|seen| *seen));
        assert_eq!(power(8), REDUCTION);
        assert_eq!(power(-1), power(254));
    }

    #[test]
    fn a_quotient_times_its_divisor_is_the_dividend() {
        for a in 0..=255 {
            for b in 1..=255 {
                assert_eq!(multiply(divide(a, b), b), a);
            }
        }
    }
}
