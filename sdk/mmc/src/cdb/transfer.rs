//! Commands that move blocks, and the one that waits for them.
//!
//! Owns their layout (recipes 4 and 10). Must not know of buffers or pacing.

use super::{Blocks, Flag};
use crate::addr::{Lba, Msf};
use crate::wire::Field;

cdb! {
    /// Reads blocks.
    0x28, 10, "READ (10)", Read10, Read10View {
        /// First block.
        lba: Lba = Field::be(2, 4),
        /// Blocks.
        blocks: u16 = Field::be(7, 2),
        /// FUA: from the medium, not from the drive's cache.
        fua: bool = Field::bit(1, 3),
    }
}
show!(Read10, |c, f| write!(
    f,
    " lba {}, {}{}",
    c.lba,
    Blocks(c.blocks.into()),
    Flag("FUA", c.fua)
));

cdb! {
    /// Reads blocks.
    0xA8, 12, "READ (12)", Read12, Read12View {
        /// First block.
        lba: Lba = Field::be(2, 4),
        /// Blocks.
        blocks: u32 = Field::be(6, 4),
        /// FUA: from the medium, not from the drive's cache.
        fua: bool = Field::bit(1, 3),
        /// Streaming: no retries.
        streaming: bool = Field::bit(10, 7),
    }
}
show!(Read12, |c, f| write!(
    f,
    " lba {}, {}{}{}",
    c.lba,
    Blocks(c.blocks),
    Flag("FUA", c.fua),
    Flag("streaming", c.streaming)
));

cdb! {
    /// Writes blocks. The data must be exactly `blocks` times the block size
    /// (recipe 4).
    0x2A, 10, "WRITE (10)", Write10, Write10View {
        /// First block; negative in pregap and lead-in of a CD.
        lba: Lba = Field::be(2, 4),
        /// Blocks.
        blocks: u16 = Field::be(7, 2),
        /// FUA: answer when it is on the medium.
        fua: bool = Field::bit(1, 3),
    }
}
show!(Write10, |c, f| write!(
    f,
    " lba {}, {}{}",
    c.lba,
    Blocks(c.blocks.into()),
    Flag("FUA", c.fua)
));

cdb! {
    /// Writes blocks.
    0xAA, 12, "WRITE (12)", Write12, Write12View {
        /// First block.
        lba: Lba = Field::be(2, 4),
        /// Blocks.
        blocks: u32 = Field::be(6, 4),
        /// FUA: answer when it is on the medium.
        fua: bool = Field::bit(1, 3),
        /// Streaming: no verification and no defect management.
        streaming: bool = Field::bit(10, 7),
    }
}
show!(Write12, |c, f| write!(
    f,
    " lba {}, {}{}{}",
    c.lba,
    Blocks(c.blocks),
    Flag("FUA", c.fua),
    Flag("streaming", c.streaming)
));

cdb! {
    /// Writes blocks and reads each back, on overwritable media.
    0x2E, 10, "WRITE AND VERIFY (10)", WriteAndVerify10, WriteAndVerify10View {
        /// First block.
        lba: Lba = Field::be(2, 4),
        /// Blocks.
        blocks: u16 = Field::be(7, 2),
    }
}
show!(WriteAndVerify10, |c, f| write!(
    f,
    " lba {}, {}",
    c.lba,
    Blocks(c.blocks.into())
));

cdb! {
    /// Lets the drive read blocks and check them.
    0x2F, 10, "VERIFY (10)", Verify10, Verify10View {
        /// First block.
        lba: Lba = Field::be(2, 4),
        /// Blocks.
        blocks: u16 = Field::be(7, 2),
    }
}
show!(Verify10, |c, f| write!(
    f,
    " lba {}, {}",
    c.lba,
    Blocks(c.blocks.into())
));

cdb! {
    /// Moves the pickup.
    0x2B, 10, "SEEK (10)", Seek10, Seek10View {
        /// Where to.
        lba: Lba = Field::be(2, 4),
    }
}
show!(Seek10, |c, f| write!(f, " lba {}", c.lba));

cdb! {
    /// Waits until what was sent is on the medium; ends a track-at-once track
    /// and the packet of incremental media.
    0x35, 10, "SYNCHRONIZE CACHE", SynchronizeCache, SynchronizeCacheView {
        /// IMMED: answer before the end.
        immed: bool = Field::bit(1, 1),
        /// First block; 0.
        lba: Lba = Field::be(2, 4),
        /// Blocks; 0 for all.
        blocks: u16 = Field::be(7, 2),
    }
}
show!(SynchronizeCache, |c, f| {
    if c.lba.0 != 0 || c.blocks != 0 {
        write!(f, " lba {}, {}", c.lba, Blocks(c.blocks.into()))?;
    }
    write!(f, "{}", Flag("IMMED", c.immed))
});

coded! {
    /// Type of sector that READ CD expects; another one is answered 5/64/00.
    SectorType: u8 {
        /// Whatever is there.
        Any = 0 => "any sector",
        /// Audio.
        CdDa = 1 => "CD-DA",
        /// Mode 1.
        Mode1 = 2 => "mode 1",
        /// Mode 2 without form.
        Mode2Formless = 3 => "mode 2 formless",
        /// Mode 2, form 1.
        Mode2Form1 = 4 => "mode 2 form 1",
        /// Mode 2, form 2.
        Mode2Form2 = 5 => "mode 2 form 2",
    }
}

coded! {
    /// Error bits that READ CD adds to each block.
    C2Selection: u8 {
        /// None.
        None = 0 => "no C2",
        /// 294 bytes: a bit for each byte of the block.
        Flags = 1 => "C2 bits",
        /// 296 bytes: two bytes of summary, then the bits.
        FlagsAndBlock = 2 => "C2 and block error bits",
    }
}

coded! {
    /// Sub-channel that READ CD adds to each block.
    SubchannelSelection: u8 {
        /// None.
        None = 0 => "no sub-channel",
        /// 96 bytes P to W, as recorded.
        RawPw = 1 => "raw P-W",
        /// 16 bytes of Q.
        Q = 2 => "Q",
        /// 96 bytes R to W, corrected.
        Rw = 4 => "R-W",
    }
}

cdb! {
    /// Reads sectors of a CD with whatever belongs to them.
    0xBE, 12, "READ CD", ReadCd, ReadCdView {
        /// Type of sector expected.
        sector_type: SectorType = Field::bits(1, 4, 2),
        /// DAP: conceal errors of audio.
        dap: bool = Field::bit(1, 1),
        /// First sector.
        lba: Lba = Field::be(2, 4),
        /// Sectors; 24 bits.
        blocks: u32 = Field::be(6, 3),
        /// The 12 bytes of sync.
        sync: bool = Field::bit(9, 7),
        /// Headers: bit 0 the 4-byte header, bit 1 the 8-byte sub-header.
        headers: u8 = Field::bits(9, 6, 5),
        /// User data.
        user_data: bool = Field::bit(9, 4),
        /// EDC and ECC.
        edc_ecc: bool = Field::bit(9, 3),
        /// Error bits.
        c2: C2Selection = Field::bits(9, 2, 1),
        /// Sub-channel.
        subchannel: SubchannelSelection = Field::bits(10, 2, 0),
    }
}
show!(ReadCd, |c, f| {
    write!(f, " lba {}, {}, {}", c.lba, Blocks(c.blocks), c.sector_type)?;
    parts(f, c.parts())
});

cdb! {
    /// Reads sectors of a CD by time; the end is not included.
    0xB9, 12, "READ CD MSF", ReadCdMsf, ReadCdMsfView {
        /// Type of sector expected.
        sector_type: SectorType = Field::bits(1, 4, 2),
        /// DAP: conceal errors of audio.
        dap: bool = Field::bit(1, 1),
        /// First sector.
        start: Msf = Field::be(3, 3),
        /// The sector after the last one.
        end: Msf = Field::be(6, 3),
        /// The 12 bytes of sync.
        sync: bool = Field::bit(9, 7),
        /// Headers: bit 0 the 4-byte header, bit 1 the 8-byte sub-header.
        headers: u8 = Field::bits(9, 6, 5),
        /// User data.
        user_data: bool = Field::bit(9, 4),
        /// EDC and ECC.
        edc_ecc: bool = Field::bit(9, 3),
        /// Error bits.
        c2: C2Selection = Field::bits(9, 2, 1),
        /// Sub-channel.
        subchannel: SubchannelSelection = Field::bits(10, 2, 0),
    }
}
show!(ReadCdMsf, |c, f| {
    write!(f, " {} to {}, {}", c.start, c.end, c.sector_type)?;
    parts(f, c.parts())
});

/// What READ CD and READ CD MSF say about one sector.
struct Parts {
    sector_type: SectorType,
    sync: bool,
    headers: u8,
    user_data: bool,
    edc_ecc: bool,
    c2: C2Selection,
    subchannel: SubchannelSelection,
}

impl Parts {
    /// Bytes of one sector; `None` where they depend on the sector found.
    fn block_len(&self) -> Option<u32> {
        let c2 = match self.c2 {
            C2Selection::None => 0,
            C2Selection::Flags => 294,
            C2Selection::FlagsAndBlock => 296,
            C2Selection::Other(_) => return None,
        };
        let subchannel = match self.subchannel {
            SubchannelSelection::None => 0,
            SubchannelSelection::RawPw | SubchannelSelection::Rw => 96,
            SubchannelSelection::Q => 16,
            SubchannelSelection::Other(_) => return None,
        };
        let main = if !self.sync && self.headers == 0 && !self.user_data && !self.edc_ecc {
            0
        } else if self.sync && self.headers == 3 && self.user_data && self.edc_ecc {
            2352
        } else {
            self.partial_len()?
        };
        Some(main + c2 + subchannel)
    }

    /// Bytes of the main channel when not all or nothing of it is asked for.
    fn partial_len(&self) -> Option<u32> {
        // Sync, header, sub-header, user data, and what follows them.
        let [sub_header, user, edc] = match self.sector_type {
            // The selectors of an audio sector mean nothing: all or none.
            SectorType::CdDa => return Some(if self.user_data { 2352 } else { 0 }),
            SectorType::Mode1 => [0, 2048, 288],
            SectorType::Mode2Formless => [0, 2336, 0],
            SectorType::Mode2Form1 => [8, 2048, 280],
            // The four spare bytes count as user data.
            SectorType::Mode2Form2 => [8, 2328, 0],
            SectorType::Any | SectorType::Other(_) => return None,
        };
        let chosen = |yes: bool, len: u32| if yes { len } else { 0 };
        Some(
            chosen(self.sync, 12)
                + chosen(self.headers & 1 != 0, 4)
                + chosen(self.headers & 2 != 0, sub_header)
                + chosen(self.user_data, user)
                + chosen(self.edc_ecc, edc),
        )
    }
}

fn parts(f: &mut core::fmt::Formatter<'_>, parts: Parts) -> core::fmt::Result {
    write!(
        f,
        "{}{}{}{}{}",
        Flag("sync", parts.sync),
        Flag("header", parts.headers & 1 != 0),
        Flag("sub-header", parts.headers & 2 != 0),
        Flag("user data", parts.user_data),
        Flag("EDC/ECC", parts.edc_ecc)
    )?;
    if parts.c2 != C2Selection::None {
        write!(f, ", {}", parts.c2)?;
    }
    if parts.subchannel != SubchannelSelection::None {
        write!(f, ", {}", parts.subchannel)?;
    }
    Ok(())
}

macro_rules! sector_parts {
    ($($name:ident),+) => {
        $(impl $name {
            fn parts(&self) -> Parts {
                Parts {
                    sector_type: self.sector_type,
                    sync: self.sync,
                    headers: self.headers,
                    user_data: self.user_data,
                    edc_ecc: self.edc_ecc,
                    c2: self.c2,
                    subchannel: self.subchannel,
                }
            }

            /// Bytes that each sector brings by these selectors; `None` where
            /// they depend on the type of the sector found.
            pub fn block_len(&self) -> Option<u32> {
                self.parts().block_len()
            }
        })+
    };
}
sector_parts!(ReadCd, ReadCdMsf);
