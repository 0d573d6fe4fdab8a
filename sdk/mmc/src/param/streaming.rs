//! The performance descriptor of SET STREAMING (recipe 2.5).
//!
//! Owns the 28 bytes. Must not know which speed to choose.

use core::fmt;

use crate::cdb::RotationControl;
use crate::reply::{ReplyError, WriteSpeedDescriptor, need};
use crate::wire::Field;

layout! {
    /// Fields of a SET STREAMING descriptor, unjudged.
    StreamingDescriptorView, StreamingPut {
        /// WRC.
        rotation: RotationControl = Field::bits(0, 4, 3),
        /// RDD: restore the drive's defaults.
        restore_defaults: bool = Field::bit(0, 2),
        /// Exact: this speed or an error.
        exact: bool = Field::bit(0, 1),
        /// RA: random access.
        random_access: bool = Field::bit(0, 0),
        /// First block; unsigned, as drives give it.
        start: u32 = Field::be(4, 4),
        /// Last block; unsigned, FFFFFFFFh is seen.
        end: u32 = Field::be(8, 4),
        /// Kilobytes read in `read_time`.
        read_size: u32 = Field::be(12, 4),
        /// Milliseconds.
        read_time: u32 = Field::be(16, 4),
        /// Kilobytes written in `write_time`.
        write_size: u32 = Field::be(20, 4),
        /// Milliseconds.
        write_time: u32 = Field::be(24, 4),
    }
}

/// The speed that SET STREAMING sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StreamingDescriptor {
    /// How the disc turns.
    pub rotation: RotationControl,
    /// Restore the drive's defaults; the rest is then ignored.
    pub restore_defaults: bool,
    /// This speed or an error.
    pub exact: bool,
    /// For random access.
    pub random_access: bool,
    /// First block.
    pub start: u32,
    /// Last block.
    pub end: u32,
    /// Kilobytes read in `read_time`.
    pub read_size: u32,
    /// Milliseconds; 1000 makes `read_size` a speed in kB/s.
    pub read_time: u32,
    /// Kilobytes written in `write_time`.
    pub write_size: u32,
    /// Milliseconds; 1000 makes `write_size` a speed in kB/s.
    pub write_time: u32,
}

impl StreamingDescriptor {
    /// Length in bytes.
    pub const LEN: usize = 28;

    const NAME: &'static str = "SET STREAMING descriptor";

    /// The descriptor that asks for a speed which the drive offered. The bit
    /// that means MRW there means random access here and is not copied.
    pub const fn from_offer(offer: &WriteSpeedDescriptor) -> Self {
        Self {
            rotation: offer.rotation,
            restore_defaults: false,
            exact: offer.exact,
            random_access: false,
            start: 0,
            end: offer.end,
            read_size: offer.read_speed,
            read_time: 1000,
            write_size: offer.write_speed,
            write_time: 1000,
        }
    }

    /// Reads a descriptor.
    ///
    /// # Errors
    /// Other than 28 bytes.
    pub fn parse(list: &[u8]) -> Result<Self, ReplyError> {
        need(Self::NAME, list, Self::LEN)?;
        if list.len() != Self::LEN {
            return Err(ReplyError::invalid(
                Self::NAME,
                "list length",
                list.len() as u32,
            ));
        }
        let view = StreamingDescriptorView::new(list);
        Ok(Self {
            rotation: view.rotation().unwrap_or_default(),
            restore_defaults: view.restore_defaults().unwrap_or_default(),
            exact: view.exact().unwrap_or_default(),
            random_access: view.random_access().unwrap_or_default(),
            start: view.start().unwrap_or_default(),
            end: view.end().unwrap_or_default(),
            read_size: view.read_size().unwrap_or_default(),
            read_time: view.read_time().unwrap_or_default(),
            write_size: view.write_size().unwrap_or_default(),
            write_time: view.write_time().unwrap_or_default(),
        })
    }

    /// The 28 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut list = vec![0; Self::LEN];
        StreamingPut(&mut list)
            .rotation(self.rotation)
            .restore_defaults(self.restore_defaults)
            .exact(self.exact)
            .random_access(self.random_access)
            .start(self.start)
            .end(self.end)
            .read_size(self.read_size)
            .read_time(self.read_time)
            .write_size(self.write_size)
            .write_time(self.write_time);
        list
    }

    /// Write speed in kB/s; `None` when no time is named.
    pub fn write_speed(&self) -> Option<u32> {
        speed(self.write_size, self.write_time)
    }

    /// Read speed in kB/s; `None` when no time is named.
    pub fn read_speed(&self) -> Option<u32> {
        speed(self.read_size, self.read_time)
    }
}

/// Kilobytes a second.
fn speed(size: u32, time: u32) -> Option<u32> {
    let speed = (u64::from(size) * 1000).checked_div(u64::from(time))?;
    Some(u32::try_from(speed).unwrap_or(u32::MAX))
}

impl fmt::Display for StreamingDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.restore_defaults {
            return f.write_str("restore default speeds");
        }
        let show = |f: &mut fmt::Formatter<'_>, speed: Option<u32>| match speed {
            Some(speed) => write!(f, "{speed} kB/s"),
            None => f.write_str("unset"),
        };
        f.write_str("read ")?;
        show(f, self.read_speed())?;
        f.write_str(", write ")?;
        show(f, self.write_speed())?;
        write!(
            f,
            ", blocks {} to {}, {}",
            self.start, self.end, self.rotation
        )?;
        for (set, word) in [(self.exact, "exact"), (self.random_access, "random access")] {
            if set {
                write!(f, ", {word}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sent by cdrskin before it burned a DVD+R.
    #[rustfmt::skip]
    const DVD_PLUS_R: [u8; 28] = [
        0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x23, 0x05, 0x40, 0x00, 0x00, 0x81, 0xD8,
        0, 0, 0x03, 0xE8, 0, 0, 0x56, 0x90, 0, 0, 0x03, 0xE8,
    ];

    #[test]
    fn a_captured_descriptor_is_read_and_written() {
        let descriptor = StreamingDescriptor::parse(&DVD_PLUS_R).unwrap();
        assert_eq!(descriptor.end, 2_295_104);
        assert_eq!(descriptor.write_speed(), Some(22_160));
        assert_eq!(descriptor.read_speed(), Some(33_240));
        assert_eq!(descriptor.emit(), DVD_PLUS_R);
        assert_eq!(
            descriptor.to_string(),
            "read 33240 kB/s, write 22160 kB/s, blocks 0 to 2295104, default rotation"
        );
    }

    #[test]
    fn an_offer_loses_its_mrw_bit() {
        let offer = WriteSpeedDescriptor {
            mrw: true,
            exact: true,
            end: 100,
            read_speed: 5540,
            write_speed: 3324,
            ..Default::default()
        };
        let descriptor = StreamingDescriptor::from_offer(&offer);
        assert!(!descriptor.random_access && descriptor.exact);
        assert_eq!(descriptor.write_speed(), Some(3324));
    }

    #[test]
    fn another_length_is_refused() {
        assert!(StreamingDescriptor::parse(&[0; 27]).is_err());
        assert!(StreamingDescriptor::parse(&[0; 29]).is_err());
    }

    #[test]
    fn no_time_is_no_speed() {
        let descriptor = StreamingDescriptor::default();
        assert_eq!(descriptor.write_speed(), None);
        assert!(descriptor.to_string().contains("unset"));
    }

    proptest! {
        #[test]
        fn any_descriptor_returns(mut bytes: [u8; 28]) {
            bytes[0] &= 0x1F;
            bytes[1..4].fill(0);
            let descriptor = StreamingDescriptor::parse(&bytes).unwrap();
            prop_assert_eq!(descriptor.emit(), bytes);
        }
    }
}
