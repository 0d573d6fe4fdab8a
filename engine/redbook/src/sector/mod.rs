//! Sectors of 2352 bytes: sync pattern, header, user data, error detection and parity, and the scrambling of all of it.
//!
//! Owns where each form of sector has what. The forms are those of ECMA-130; the two forms of mode 2 are
//! those of CD-ROM XA. Must not know where sectors go.

#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "vector loads; each result is tested against the portable path"
)]
mod avx2;
mod correct;
mod edc;
mod field;
mod parity;
mod scramble;

pub use correct::{Correction, SectorFault, Uncorrectable};

use crate::bcd::bcd;
use edc::{Shift, stream_bytes};
use parity::{SLACK, Scratch};
use pitland_mmc::{Lba, Msf};

/// Bytes of a sector.
pub const SECTOR_BYTES: usize = 2352;

/// What every sector but an audio one begins with.
pub const SYNC_PATTERN: [u8; 12] = [
    0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
];

/// Bytes of sync pattern and header.
const HEADER_END: usize = 16;
/// Bytes of both copies of the subheader behind the header.
const SUBHEADER_END: usize = 24;
/// Where the code of mode 1 begins, which covers everything before it.
const MODE1_EDC: usize = 2064;
/// Where the code of form 1 begins, which covers subheader and data.
const FORM1_EDC: usize = 2072;
/// Where the code of form 2 begins, which covers subheader and data.
const FORM2_EDC: usize = 2348;

static MODE1_SHIFT: Shift = Shift::by(stream_bytes(MODE1_EDC));
static FORM1_SHIFT: Shift = Shift::by(stream_bytes(FORM1_EDC - HEADER_END));
static FORM2_SHIFT: Shift = Shift::by(stream_bytes(FORM2_EDC - HEADER_END));

/// What CD-ROM XA says of a sector before its data, four bytes, recorded twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Subheader {
    /// File number; 0 for what is not interleaved.
    pub file: u8,
    /// Channel number.
    pub channel: u8,
    /// Flags. Bit 5, form 2, is set and cleared by the encoder.
    pub submode: u8,
    /// Coding of audio and video.
    pub coding: u8,
}

impl Subheader {
    /// The flag of [`Subheader::submode`] that says form 2.
    pub const FORM_2: u8 = 0x20;
    /// The flag of [`Subheader::submode`] for data.
    pub const DATA: u8 = 0x08;

    /// That of a file's data.
    pub const fn data() -> Self {
        Self {
            file: 0,
            channel: 0,
            submode: Self::DATA,
            coding: 0,
        }
    }

    fn bytes(self, form_2: bool) -> [u8; 8] {
        let submode = match form_2 {
            true => self.submode | Self::FORM_2,
            false => self.submode & !Self::FORM_2,
        };
        let [a, b, c, d] = [self.file, self.channel, submode, self.coding];
        [a, b, c, d, a, b, c, d]
    }
}

/// What a sector holds besides the user's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SectorForm {
    /// Nothing: 2352 bytes of samples. Audio is never scrambled.
    Audio,
    /// Sync and header, and zeros. No user bytes.
    Mode0,
    /// 2048 user bytes with error detection and parity.
    Mode1,
    /// 2336 user bytes without either.
    Mode2,
    /// 2048 user bytes with a subheader, error detection and parity.
    Mode2Form1(Subheader),
    /// 2324 user bytes with a subheader and error detection.
    Mode2Form2(Subheader),
}

impl SectorForm {
    /// User bytes in each sector.
    #[must_use]
    pub const fn user_bytes(self) -> usize {
        match self {
            Self::Audio => SECTOR_BYTES,
            Self::Mode0 => 0,
            Self::Mode1 | Self::Mode2Form1(_) => 2048,
            Self::Mode2 => SECTOR_BYTES - HEADER_END,
            Self::Mode2Form2(_) => FORM2_EDC - SUBHEADER_END,
        }
    }

    /// The last byte of the header; `None` for audio, which has none.
    #[must_use]
    pub const fn mode(self) -> Option<u8> {
        match self {
            Self::Audio => None,
            Self::Mode0 => Some(0),
            Self::Mode1 => Some(1),
            Self::Mode2 | Self::Mode2Form1(_) | Self::Mode2Form2(_) => Some(2),
        }
    }
}

/// Why sectors cannot be made. The caller's to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Not the user bytes that the sectors hold.
    #[error("{given} user bytes for {sectors} sectors of {each} each")]
    UserBytes {
        /// Bytes given.
        given: usize,
        /// Sectors asked for.
        sectors: usize,
        /// Bytes that each holds.
        each: usize,
    },
    /// A place for the sectors that does not hold whole ones.
    #[error("{length} bytes do not hold whole sectors of {SECTOR_BYTES} bytes")]
    NoWholeSectors {
        /// Its length.
        length: usize,
    },
    /// An address beyond what minutes, seconds and frames can say.
    #[error("sector {0} has no address on a CD")]
    Address(Lba),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

/// Makes and judges sectors, by the fastest means of the machine. Every means gives the same bytes.
///
/// ```
/// use pitland_mmc::Lba;
/// use pitland_redbook::{SECTOR_BYTES, SectorCodec, SectorForm};
///
/// let codec = SectorCodec::new();
/// let mut sector = [0; SECTOR_BYTES];
/// codec.encode(SectorForm::Mode1, Lba(0), &[7; 2048], &mut sector)?;
/// assert_eq!(sector[12..16], [0x00, 0x02, 0x00, 0x01]); // 00:02:00, mode 1
/// assert_eq!(codec.judge(&sector), None);
///
/// sector[1000] ^= 0x55;
/// assert!(codec.judge(&sector).is_some());
/// codec.correct(&mut sector)?;
/// assert_eq!(sector[1000], 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SectorCodec {
    kernel: Kernel,
}

impl Default for SectorCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl SectorCodec {
    /// By what this machine does best.
    #[must_use]
    pub fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        if avx2::is_there() {
            return Self {
                kernel: Kernel::Avx2,
            };
        }
        Self::portable()
    }

    /// By plain instructions alone.
    #[must_use]
    pub const fn portable() -> Self {
        Self {
            kernel: Kernel::Portable,
        }
    }

    /// Whether vector instructions are in use.
    #[must_use]
    pub fn is_vectorised(&self) -> bool {
        self.kernel != Kernel::Portable
    }

    /// Makes one sector, not scrambled.
    ///
    /// # Errors
    /// [`EncodeError`]: not the user bytes of the form, or no address.
    pub fn encode(
        &self,
        form: SectorForm,
        lba: Lba,
        user: &[u8],
        out: &mut [u8; SECTOR_BYTES],
    ) -> Result<(), EncodeError> {
        self.encode_all(form, lba, user, out, false)
    }

    /// Makes sectors from `first` on, as many as `out` holds, not scrambled.
    ///
    /// # Errors
    /// [`EncodeError`]: `out` does not hold whole sectors, `user` not what they take, or an address beyond a CD's.
    pub fn encode_run(
        &self,
        form: SectorForm,
        first: Lba,
        user: &[u8],
        out: &mut [u8],
    ) -> Result<(), EncodeError> {
        self.encode_all(form, first, user, out, false)
    }

    /// Makes sectors as [`SectorCodec::encode_run`] does, scrambled as they are recorded. Audio stays as it is.
    ///
    /// # Errors
    /// As [`SectorCodec::encode_run`].
    pub fn encode_run_scrambled(
        &self,
        form: SectorForm,
        first: Lba,
        user: &[u8],
        out: &mut [u8],
    ) -> Result<(), EncodeError> {
        self.encode_all(form, first, user, out, true)
    }

    fn encode_all(
        &self,
        form: SectorForm,
        first: Lba,
        user: &[u8],
        out: &mut [u8],
        scrambled: bool,
    ) -> Result<(), EncodeError> {
        let length = out.len();
        let (sectors, rest) = out.as_chunks_mut::<SECTOR_BYTES>();
        if !rest.is_empty() {
            return Err(EncodeError::NoWholeSectors { length });
        }
        let each = form.user_bytes();
        if user.len() != sectors.len() * each {
            return Err(EncodeError::UserBytes {
                given: user.len(),
                sectors: sectors.len(),
                each,
            });
        }
        let Some(mode) = form.mode() else {
            for (sector, user) in sectors.iter_mut().zip(user.chunks_exact(SECTOR_BYTES)) {
                sector.copy_from_slice(user);
            }
            return Ok(());
        };
        let last = i32::try_from(sectors.len().saturating_sub(1))
            .ok()
            .and_then(|more| first.0.checked_add(more))
            .map(Lba)
            .filter(|last| last.to_msf().is_some() && (first.0 < -150) == (last.0 < -150));
        let (Some(_), Some(mut address)) = (last, first.to_msf()) else {
            return Err(EncodeError::Address(first));
        };
        let mut scratch = [0; SLACK + SECTOR_BYTES];
        for (at, sector) in sectors.iter_mut().enumerate() {
            let user = user.get(at * each..(at + 1) * each).unwrap_or_default();
            self.fill(form, header(address, mode), user, &mut scratch);
            let Some(made) = scratch.last_chunk::<SECTOR_BYTES>() else {
                continue;
            };
            match scrambled {
                true => self.scramble_into(made, sector),
                false => *sector = *made,
            }
            address = next_frame(address);
        }
        Ok(())
    }

    /// Makes one sector in `scratch`.
    fn fill(&self, form: SectorForm, header: [u8; 4], user: &[u8], scratch: &mut Scratch) {
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = scratch.get_mut(SLACK + at..SLACK + at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        };
        put(0, &SYNC_PATTERN);
        match form {
            SectorForm::Audio => {}
            SectorForm::Mode0 => {
                put(12, &header);
                put(HEADER_END, &[0; SECTOR_BYTES - HEADER_END]);
            }
            SectorForm::Mode2 => {
                put(12, &header);
                put(HEADER_END, user);
            }
            SectorForm::Mode1 => {
                put(12, &header);
                put(HEADER_END, user);
                let code = self.edc(of(scratch, 0, MODE1_EDC), &MODE1_SHIFT);
                let mut behind = [0; 12];
                behind[..4].copy_from_slice(&code.to_le_bytes());
                scratch[SLACK + MODE1_EDC..][..12].copy_from_slice(&behind);
                self.fill_parity(scratch);
            }
            SectorForm::Mode2Form1(subheader) => {
                // Parity is made as if the header were zero, so that a sector can be moved to another address.
                put(12, &[0; 4]);
                put(HEADER_END, &subheader.bytes(false));
                put(SUBHEADER_END, user);
                let code = self.edc(of(scratch, HEADER_END, FORM1_EDC), &FORM1_SHIFT);
                scratch[SLACK + FORM1_EDC..][..4].copy_from_slice(&code.to_le_bytes());
                self.fill_parity(scratch);
                scratch[SLACK + 12..][..4].copy_from_slice(&header);
            }
            SectorForm::Mode2Form2(subheader) => {
                put(12, &header);
                put(HEADER_END, &subheader.bytes(true));
                put(SUBHEADER_END, user);
                let code = self.edc(of(scratch, HEADER_END, FORM2_EDC), &FORM2_SHIFT);
                scratch[SLACK + FORM2_EDC..][..4].copy_from_slice(&code.to_le_bytes());
            }
        }
    }

    /// Scrambles a sector, or takes the scrambling away: the same.
    pub fn scramble(&self, sector: &mut [u8; SECTOR_BYTES]) {
        scramble::scramble(sector);
    }

    fn edc(&self, bytes: &[u8], shift: &Shift) -> u32 {
        match self.kernel {
            Kernel::Portable => edc::in_streams(bytes, shift),
            #[cfg(target_arch = "x86_64")]
            #[allow(
                unsafe_code,
                reason = "the machine was asked for what the kernel needs"
            )]
            // SAFETY: this kernel is chosen only where `avx2::is_there`.
            Kernel::Avx2 => unsafe { avx2::edc(bytes) },
        }
    }

    fn fill_parity(&self, scratch: &mut Scratch) {
        match self.kernel {
            Kernel::Portable => {
                parity::fill_p(scratch);
                parity::fill_q(scratch);
            }
            #[cfg(target_arch = "x86_64")]
            #[allow(
                unsafe_code,
                reason = "the machine was asked for what the kernel needs"
            )]
            // SAFETY: this kernel is chosen only where `avx2::is_there`.
            Kernel::Avx2 => unsafe {
                avx2::fill_p(scratch);
                avx2::fill_q(scratch);
            },
        }
    }

    fn scramble_into(&self, from: &[u8; SECTOR_BYTES], to: &mut [u8; SECTOR_BYTES]) {
        match self.kernel {
            Kernel::Portable => {
                *to = *from;
                scramble::scramble(to);
            }
            #[cfg(target_arch = "x86_64")]
            #[allow(
                unsafe_code,
                reason = "the machine was asked for what the kernel needs"
            )]
            // SAFETY: this kernel is chosen only where `avx2::is_there`.
            Kernel::Avx2 => unsafe { avx2::scrambled(from, to) },
        }
    }
}

/// Bytes of the sector in a scratch.
fn of(scratch: &Scratch, from: usize, to: usize) -> &[u8] {
    scratch.get(SLACK + from..SLACK + to).unwrap_or_default()
}

fn header(address: Msf, mode: u8) -> [u8; 4] {
    [bcd(address.m), bcd(address.s), bcd(address.f), mode]
}

fn next_frame(address: Msf) -> Msf {
    match address {
        Msf { m, s: 59, f: 74 } => Msf::new((m + 1) % 100, 0, 0),
        Msf { m, s, f: 74 } => Msf::new(m, s + 1, 0),
        Msf { m, s, f } => Msf::new(m, s, f + 1),
    }
}

#[cfg(test)]
mod tests;
