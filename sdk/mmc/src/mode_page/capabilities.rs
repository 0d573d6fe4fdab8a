//! Mode page 2Ah: what the drive can do, its buffer and speeds (recipe 2.5).
//!
//! Owns the layout. Must not know which drives lie in it.

use core::fmt;

use super::check_page;
use crate::cdb::RotationControl;
use crate::reply::ReplyError;
use crate::wire::Field;

layout! {
    /// Fields of page 2Ah, unjudged.
    CapabilitiesView, CapabilitiesPut {
        /// PS: the page can be saved.
        savable: bool = Field::bit(0, 7),
        /// Page code.
        code: u8 = Field::bits(0, 5, 0),
        /// Bytes after byte 1.
        length: u8 = Field::be(1, 1),
        /// Byte 2: what it reads.
        read_flags: u8 = Field::be(2, 1),
        /// Byte 3: what it writes.
        write_flags: u8 = Field::be(3, 1),
        /// Byte 4: playing, multi-session, BUF.
        feature_flags: u8 = Field::be(4, 1),
        /// Byte 5: CD-DA and sub-channel.
        audio_flags: u8 = Field::be(5, 1),
        /// Byte 6: lock, eject, mechanism.
        mechanism_flags: u8 = Field::be(6, 1),
        /// Byte 7: changer, volume, lead-in.
        changer_flags: u8 = Field::be(7, 1),
        /// Obsolete: highest read speed, kB/s.
        max_read_speed: u16 = Field::be(8, 2),
        /// Volume levels.
        volume_levels: u16 = Field::be(10, 2),
        /// Buffer, KiB.
        buffer_kib: u16 = Field::be(12, 2),
        /// Obsolete: current read speed, kB/s.
        read_speed: u16 = Field::be(14, 2),
        /// Obsolete: highest write speed, kB/s.
        max_write_speed: u16 = Field::be(18, 2),
        /// Obsolete: current write speed, kB/s.
        old_write_speed: u16 = Field::be(20, 2),
        /// Copy management revision.
        copy_management: u16 = Field::be(22, 2),
        /// Rotation.
        rotation: RotationControl = Field::bits(27, 1, 0),
        /// Current write speed, kB/s.
        write_speed: u16 = Field::be(28, 2),
        /// Write speed descriptors that follow.
        speed_count: u16 = Field::be(30, 2),
    }
}

/// One write speed of page 2Ah.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PageWriteSpeed {
    /// How the disc turns.
    pub rotation: RotationControl,
    /// kB/s.
    pub speed: u16,
}

/// Page 2Ah, capabilities and mechanical status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Capabilities {
    /// PS, only in answers.
    pub savable: bool,
    /// Byte 2: what it reads; bit 0 CD-R, 1 CD-RW, 3 DVD-ROM, 4 DVD-R, 5
    /// DVD-RAM.
    pub read_flags: u8,
    /// Byte 3: what it writes; bit 0 CD-R, 1 CD-RW, 2 test write, 4 DVD-R, 5
    /// DVD-RAM.
    pub write_flags: u8,
    /// Byte 4: bit 7 BUF, underrun protection; 6 multi-session.
    pub feature_flags: u8,
    /// Byte 5: CD-DA and sub-channel.
    pub audio_flags: u8,
    /// Byte 6: bit 0 lock, 1 locked, 3 eject, 7 to 5 mechanism.
    pub mechanism_flags: u8,
    /// Byte 7: changer, volume, lead-in.
    pub changer_flags: u8,
    /// Obsolete: highest read speed, kB/s.
    pub max_read_speed: u16,
    /// Volume levels.
    pub volume_levels: u16,
    /// Buffer in KiB, as told; some drives tell nonsense.
    pub buffer_kib: u16,
    /// Obsolete: current read speed, kB/s.
    pub read_speed: u16,
    /// Obsolete: highest write speed, kB/s.
    pub max_write_speed: u16,
    /// Obsolete: current write speed, kB/s.
    pub old_write_speed: u16,
    /// Copy management revision; `None` on short pages.
    pub copy_management: Option<u16>,
    /// Rotation of the current write speed; `None` on short pages.
    pub rotation: Option<RotationControl>,
    /// Current write speed, kB/s; `None` on short pages.
    pub write_speed: Option<u16>,
    /// Write speeds on offer.
    pub write_speeds: Vec<PageWriteSpeed>,
}

impl Capabilities {
    /// Page code.
    pub const CODE: u8 = 0x2A;
    /// Length of the oldest form, without write speeds of its own.
    pub const SHORT_LEN: usize = 20;
    /// Length before the write speed descriptors.
    pub const LEN: usize = 32;

    const NAME: &'static str = "capabilities page";

    /// Reads the page.
    ///
    /// # Errors
    /// Another page, or fewer than 18 bytes. Speeds beyond the page are left
    /// out, whatever their count says.
    pub fn parse(page: &[u8]) -> Result<Self, ReplyError> {
        check_page(Self::NAME, Self::CODE, page, 18)?;
        let end = page.len().min(2 + usize::from(page[1]));
        let page = &page[..end];
        let view = CapabilitiesView::new(page);
        let count = usize::from(view.speed_count().unwrap_or_default());
        let (speeds, _) = page.get(Self::LEN..).unwrap_or_default().as_chunks::<4>();
        Ok(Self {
            savable: view.savable().unwrap_or_default(),
            read_flags: view.read_flags().unwrap_or_default(),
            write_flags: view.write_flags().unwrap_or_default(),
            feature_flags: view.feature_flags().unwrap_or_default(),
            audio_flags: view.audio_flags().unwrap_or_default(),
            mechanism_flags: view.mechanism_flags().unwrap_or_default(),
            changer_flags: view.changer_flags().unwrap_or_default(),
            max_read_speed: view.max_read_speed().unwrap_or_default(),
            volume_levels: view.volume_levels().unwrap_or_default(),
            buffer_kib: view.buffer_kib().unwrap_or_default(),
            read_speed: view.read_speed().unwrap_or_default(),
            max_write_speed: view.max_write_speed().unwrap_or_default(),
            old_write_speed: view.old_write_speed().unwrap_or_default(),
            copy_management: view.copy_management(),
            rotation: view.rotation(),
            write_speed: view.write_speed(),
            write_speeds: speeds
                .iter()
                .take(count)
                .map(|d| PageWriteSpeed {
                    rotation: RotationControl::from_code(d[1] & 3),
                    speed: u16::from_be_bytes([d[2], d[3]]),
                })
                .collect(),
        })
    }

    /// The bytes; the short form where the current write speed and the
    /// rotation are `None`. At most 56 speeds, which is what a page can hold.
    pub fn emit(&self) -> Vec<u8> {
        let long = self.write_speed.is_some() || self.rotation.is_some();
        let mut page = vec![0; if long { Self::LEN } else { 24 }];
        let speeds = &self.write_speeds[..self.write_speeds.len().min(56)];
        if long {
            for speed in speeds {
                let [msb, lsb] = speed.speed.to_be_bytes();
                page.extend([0, speed.rotation.code() & 3, msb, lsb]);
            }
        }
        let length = (page.len() - 2) as u8;
        CapabilitiesPut(&mut page)
            .savable(self.savable)
            .code(Self::CODE)
            .length(length)
            .read_flags(self.read_flags)
            .write_flags(self.write_flags)
            .feature_flags(self.feature_flags)
            .audio_flags(self.audio_flags)
            .mechanism_flags(self.mechanism_flags)
            .changer_flags(self.changer_flags)
            .max_read_speed(self.max_read_speed)
            .volume_levels(self.volume_levels)
            .buffer_kib(self.buffer_kib)
            .read_speed(self.read_speed)
            .max_write_speed(self.max_write_speed)
            .old_write_speed(self.old_write_speed)
            .copy_management(self.copy_management.unwrap_or_default())
            .rotation(self.rotation.unwrap_or_default())
            .write_speed(self.write_speed.unwrap_or_default())
            .speed_count(if long { speeds.len() as u16 } else { 0 });
        page
    }

    /// BUF: underrun protection.
    pub const fn buffer_underrun_free(&self) -> bool {
        self.feature_flags & 0x80 != 0
    }

    /// Test write on CD.
    pub const fn test_write(&self) -> bool {
        self.write_flags & 0x04 != 0
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "capabilities: buffer {} KiB", self.buffer_kib)?;
        if let Some(speed) = self.write_speed {
            write!(f, ", write speed {speed} kB/s")?;
        }
        for (i, speed) in self.write_speeds.iter().enumerate() {
            let before = if i == 0 { ", offered " } else { "/" };
            write!(f, "{before}{}", speed.speed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[rustfmt::skip]
    const PAGE: [u8; 40] = [
        0x2A, 38, 0x3F, 0x37, 0xF1, 0x73, 0x29, 0x23, 0x1B, 0x90, 0x01, 0x00, 0x02, 0x00, 0x1B, 0x90,
        0, 0, 0x21, 0x13, 0x21, 0x13, 0x00, 0x01, 0, 0, 0, 1, 0x21, 0x13, 0x00, 0x02,
        0, 1, 0x21, 0x13, 0, 0, 0x0B, 0x06,
    ];

    #[test]
    fn every_field_is_where_the_recipe_says() {
        let page = Capabilities::parse(&PAGE).unwrap();
        let expected = Capabilities {
            savable: false,
            read_flags: 0x3F,
            write_flags: 0x37,
            feature_flags: 0xF1,
            audio_flags: 0x73,
            mechanism_flags: 0x29,
            changer_flags: 0x23,
            max_read_speed: 7056,
            volume_levels: 256,
            buffer_kib: 512,
            read_speed: 7056,
            max_write_speed: 8467,
            old_write_speed: 8467,
            copy_management: Some(1),
            rotation: Some(RotationControl::Cav),
            write_speed: Some(8467),
            write_speeds: vec![
                PageWriteSpeed {
                    rotation: RotationControl::Cav,
                    speed: 8467,
                },
                PageWriteSpeed {
                    rotation: RotationControl::Default,
                    speed: 2822,
                },
            ],
        };
        assert_eq!(page, expected);
        assert_eq!(page.emit(), PAGE);
        assert!(page.buffer_underrun_free() && page.test_write());
        assert_eq!(
            page.to_string(),
            "capabilities: buffer 512 KiB, write speed 8467 kB/s, offered 8467/2822"
        );
    }

    #[test]
    fn a_count_beyond_the_page_is_not_believed() {
        let mut page = PAGE;
        page[31] = 200;
        assert_eq!(Capabilities::parse(&page).unwrap().write_speeds.len(), 2);
    }

    #[test]
    fn a_short_page_has_no_speeds_of_its_own() {
        let mut page = PAGE[..20].to_vec();
        page[1] = 18;
        let read = Capabilities::parse(&page).unwrap();
        assert_eq!((read.write_speed, read.rotation), (None, None));
        assert_eq!(read.max_write_speed, 8467);
        assert!(Capabilities::parse(&page[..17]).is_err());
        page[1] = 10;
        assert!(Capabilities::parse(&page).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut page in prop::collection::vec(any::<u8>(), 32..120)) {
            page[0] = 0x2A;
            page[1] = (page.len() - 2) as u8;
            let read = Capabilities::parse(&page).unwrap();
            prop_assert_eq!(Capabilities::parse(&read.emit()), Ok(read));
        }
    }
}
