//! The error detection code: a CRC of 32 bits, least significant bit first, that begins with zero (recipe 5).
//!
//! Owns the polynomial and the path without vector instructions; must not know which bytes of a sector it covers.

/// The polynomial 8001801Bh with its bits the other way round.
pub(crate) const REFLECTED: u32 = 0xd801_8001;

/// `TABLES[n][byte]` is the code of that byte with `n` bytes of zeros behind it.
static TABLES: [[u32; 256]; 16] = tables();

const fn tables() -> [[u32; 256]; 16] {
    let mut out = [[0; 256]; 16];
    let mut byte = 0;
    while byte < 256 {
        let mut code = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            code = (code >> 1) ^ ((code & 1) * REFLECTED);
            bit += 1;
        }
        out[0][byte] = code;
        byte += 1;
    }
    let mut table = 1;
    while table < 16 {
        let mut byte = 0;
        while byte < 256 {
            let before = out[table - 1][byte];
            out[table][byte] = (before >> 8) ^ out[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    out
}

/// Bytes that one step takes.
const STEP: usize = 16;
/// Streams that are taken at a time, for the look-ups of one step depend on those before.
const STREAMS: usize = 3;

/// The code of what came before followed by a piece.
fn step(code: u32, piece: &[u8; STEP]) -> u32 {
    let head = code.to_le_bytes();
    let mut out = 0;
    for (at, byte) in piece.iter().enumerate() {
        let byte = match head.get(at) {
            Some(head) => byte ^ head,
            None => *byte,
        };
        out ^= TABLES[STEP - 1 - at][byte as usize];
    }
    out
}

fn single(mut code: u32, bytes: &[u8]) -> u32 {
    for byte in bytes {
        code = (code >> 8) ^ TABLES[0][((code ^ u32::from(*byte)) & 0xff) as usize];
    }
    code
}

/// Goes on with a code over further bytes.
pub(crate) fn continued(mut code: u32, bytes: &[u8]) -> u32 {
    let (pieces, rest) = bytes.as_chunks::<STEP>();
    for piece in pieces {
        code = step(code, piece);
    }
    single(code, rest)
}

/// A shift by a number of bytes of zeros: what each byte of a code becomes by it.
pub(crate) struct Shift([[u32; 256]; 4]);

impl Shift {
    /// The shift by so many bytes.
    pub(crate) const fn by(bytes: usize) -> Self {
        // The codes of the 32 single bits, each shifted; every other code is a sum of these.
        let mut bits = [0u32; 32];
        let mut at = 0;
        while at < 32 {
            let mut code = 1u32 << at;
            let mut byte = 0;
            while byte < bytes {
                code = (code >> 8) ^ TABLES[0][(code & 0xff) as usize];
                byte += 1;
            }
            bits[at] = code;
            at += 1;
        }
        let mut out = [[0; 256]; 4];
        let mut place = 0;
        while place < 4 {
            let mut byte = 1;
            while byte < 256usize {
                let lowest = byte.trailing_zeros() as usize;
                out[place][byte] = out[place][byte & (byte - 1)] ^ bits[place * 8 + lowest];
                byte += 1;
            }
            place += 1;
        }
        Self(out)
    }

    fn shifted(&self, code: u32) -> u32 {
        let mut out = 0;
        for (table, byte) in self.0.iter().zip(code.to_le_bytes()) {
            out ^= table[byte as usize];
        }
        out
    }
}

/// The code of `bytes`, taken in three streams, where `shift` is that of one stream's length: a third of the bytes, in
/// whole steps.
pub(crate) fn in_streams(bytes: &[u8], shift: &Shift) -> u32 {
    let (pieces, _) = bytes.as_chunks::<STEP>();
    let each = pieces.len() / STREAMS;
    let head = bytes.len() - each * STREAMS * STEP;
    let (head, rest) = bytes.split_at(head);
    let (pieces, _) = rest.as_chunks::<STEP>();
    let (first, others) = pieces.split_at(each);
    let (second, third) = others.split_at(each);
    let mut codes = [continued(0, head), 0, 0];
    for ((a, b), c) in first.iter().zip(second).zip(third) {
        codes = [step(codes[0], a), step(codes[1], b), step(codes[2], c)];
    }
    let [a, b, c] = codes;
    shift.shifted(shift.shifted(a) ^ b) ^ c
}

/// Bytes of one of the streams in which so many bytes are taken.
pub(crate) const fn stream_bytes(bytes: usize) -> usize {
    bytes / STEP / STREAMS * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_the_digits_is_that_of_the_catalogue() {
        assert_eq!(continued(0, b"123456789"), 0x6ec2_edc4);
    }

    #[test]
    fn streams_give_what_one_stream_gives() {
        static SHIFT: Shift = Shift::by(stream_bytes(2064));
        let bytes: Vec<u8> = (0..2064u32).map(|at| ((at * at) >> 3) as u8).collect();
        assert_eq!(in_streams(&bytes, &SHIFT), single(0, &bytes));
        static OTHER: Shift = Shift::by(stream_bytes(2056));
        assert_eq!(
            in_streams(&bytes[..2056], &OTHER),
            single(0, &bytes[..2056])
        );
    }
}
