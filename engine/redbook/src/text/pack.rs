//! One pack: a header of four bytes, twelve bytes of text, and a checksum.

use crate::subchannel::checksum;

/// Bytes of a pack.
pub const PACK_BYTES: usize = 18;
/// Bytes of text in a pack.
pub(crate) const TEXT_BYTES: usize = 12;
/// Packs in the sub-channel of one sector.
const PACKS_OF_A_SECTOR: usize = 4;

/// What a pack is about: its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackKind(pub u8);

impl PackKind {
    /// The genre: a code of two bytes and a text, of the album.
    pub const GENRE: Self = Self(0x87);
    /// How large the blocks are.
    pub const SIZES: Self = Self(0x8f);
    /// The first of all kinds.
    pub(crate) const FIRST: u8 = 0x80;
}

/// A pack as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pack([u8; PACK_BYTES]);

impl Pack {
    pub(crate) fn new(
        kind: PackKind,
        track: u8,
        sequence: u8,
        position: u8,
        text: &[u8; TEXT_BYTES],
    ) -> Self {
        let mut contents = [0; PACK_BYTES - 2];
        contents[..4].copy_from_slice(&[kind.0, track, sequence, position]);
        contents[4..].copy_from_slice(text);
        Self::of_contents(&contents)
    }

    /// With the checksum that belongs to its other bytes.
    #[must_use]
    pub fn of_contents(contents: &[u8; PACK_BYTES - 2]) -> Self {
        let mut out = [0; PACK_BYTES];
        out[..16].copy_from_slice(contents);
        out[16..].copy_from_slice(&checksum(contents).to_be_bytes());
        Self(out)
    }

    /// Reads a pack; `None`: its checksum is not that of its bytes.
    #[must_use]
    pub fn parse(bytes: &[u8; PACK_BYTES]) -> Option<Self> {
        let given = u16::from_be_bytes([bytes[16], bytes[17]]);
        (checksum(&bytes[..16]) == given).then_some(Self(*bytes))
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; PACK_BYTES] {
        &self.0
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> PackKind {
        PackKind(self.0[0])
    }

    /// The track that the first character belongs to; 0 the album.
    #[must_use]
    pub const fn track(&self) -> u8 {
        self.0[1]
    }

    /// Its number in its block.
    #[must_use]
    pub const fn sequence(&self) -> u8 {
        self.0[2]
    }

    /// Which block it belongs to, 0 to 7.
    #[must_use]
    pub const fn block(&self) -> u8 {
        self.0[3] >> 4 & 7
    }

    /// Whether its characters have two bytes each.
    #[must_use]
    pub const fn is_double(&self) -> bool {
        self.0[3] & 0x80 != 0
    }

    /// Characters of the first text that stand in packs before this one; 15 stands for more, too.
    #[must_use]
    pub const fn position(&self) -> u8 {
        self.0[3] & 0x0f
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.0[4..16]
    }
}

/// What R to W of one sector say: four packs, as 96 values of six bits. Where packs run out, they begin again: `first` is
/// the number of the first one of this sector.
///
/// No packs give zeros.
#[must_use]
pub fn symbols_of(packs: &[Pack], first: usize) -> [u8; 96] {
    let mut out = [0; 96];
    let groups = out.as_chunks_mut::<4>().0;
    let bytes_of = (0..PACKS_OF_A_SECTOR).filter_map(|at| {
        let number = (first + at).checked_rem(packs.len())?;
        packs.get(number).map(Pack::bytes)
    });
    let threes = bytes_of.flat_map(|bytes| bytes.as_chunks::<3>().0);
    for (group, [a, b, c]) in groups.iter_mut().zip(threes) {
        *group = [
            a >> 2,
            (a << 4 | b >> 4) & 0x3f,
            (b << 2 | c >> 6) & 0x3f,
            c & 0x3f,
        ];
    }
    out
}

/// The packs in R to W of one sector, as 96 values of six bits: those whose checksum is right. The inverse of
/// [`symbols_of`].
pub fn packs_in(symbols: &[u8; 96]) -> impl Iterator<Item = Pack> {
    let bytes = symbols.as_chunks::<4>().0.iter().flat_map(|[a, b, c, d]| {
        let [a, b, c, d] = [a, b, c, d].map(|symbol| symbol & 0x3f);
        [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
    });
    let bytes: Vec<u8> = bytes.collect();
    let (packs, _) = bytes.as_chunks::<PACK_BYTES>();
    let right = packs.iter().filter_map(Pack::parse);
    right.collect::<Vec<_>>().into_iter()
}
