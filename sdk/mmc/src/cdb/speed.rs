//! Commands about speed (recipe 2.5).
//!
//! Owns their layout. Must not know the descriptors they carry.

use crate::addr::Lba;
use crate::wire::Field;

coded! {
    /// Kind of GET PERFORMANCE data.
    PerformanceType: u8 {
        /// Nominal or exceptional speeds over the medium.
        Performance = 0 => "performance",
        /// Unusable area.
        UnusableArea = 1 => "unusable area",
        /// Defects.
        DefectStatus = 2 => "defect status",
        /// Write speed descriptors.
        WriteSpeed = 3 => "write speed",
        /// Defective block information.
        Dbi = 4 => "defective block information",
    }
}

cdb! {
    /// Asks for speeds.
    0xAC, 12, "GET PERFORMANCE", GetPerformance, GetPerformanceView {
        /// Tolerance; must be 10b for type 0. Burners that put 0 are served
        /// by real drives all the same.
        tolerance: u8 = Field::bits(1, 4, 3),
        /// Write performance is wanted, not read (type 0).
        write: bool = Field::bit(1, 2),
        /// Except: 0 nominal, 1 all that depart from it, 2 only exceptions.
        except: u8 = Field::bits(1, 1, 0),
        /// First block of interest.
        start: Lba = Field::be(2, 4),
        /// Descriptors the host has room for; 0 for the header alone.
        max_descriptors: u16 = Field::be(8, 2),
        /// Kind of data.
        kind: PerformanceType = Field::be(10, 1),
    }
}
show!(GetPerformance, |c, f| {
    write!(f, " {}", c.kind)?;
    if c.kind == PerformanceType::Performance {
        write!(f, " {}", if c.write { "write" } else { "read" })?;
    }
    write!(f, " from lba {}, ", c.start)?;
    match c.max_descriptors {
        0 => f.write_str("header alone"),
        1 => f.write_str("1 descriptor"),
        n => write!(f, "{n} descriptors"),
    }
});

impl GetPerformance {
    /// Largest reply in bytes: the 8-byte header and 16 bytes a descriptor
    /// (8 for unusable area data and defect lists, of which 16 is the safe
    /// upper limit).
    pub fn transfer_len(&self) -> u64 {
        8 + 16 * u64::from(self.max_descriptors)
    }
}

cdb! {
    /// Sets speeds by a performance descriptor.
    0xB6, 12, "SET STREAMING", SetStreaming, SetStreamingView {
        /// Type; 0 for a performance descriptor.
        kind: u8 = Field::be(8, 1),
        /// Bytes of the list; 28.
        parameter_list_length: u16 = Field::be(9, 2),
    }
}
show!(SetStreaming, |c, f| write!(
    f,
    " type {}, {} bytes",
    c.kind, c.parameter_list_length
));

coded! {
    /// How the disc turns.
    RotationControl: u8 {
        /// The drive's default; constant linear velocity for writing.
        Default = 0 => "default rotation",
        /// Constant angular velocity.
        Cav = 1 => "CAV",
    }
}

cdb! {
    /// Sets the speed of a CD.
    0xBB, 12, "SET CD SPEED", SetCdSpeed, SetCdSpeedView {
        /// Rotation.
        rotation: RotationControl = Field::bits(1, 1, 0),
        /// Read speed in kB/s, FFFFh for the highest.
        read_speed: u16 = Field::be(2, 2),
        /// Write speed in kB/s, FFFFh for the highest.
        write_speed: u16 = Field::be(4, 2),
    }
}

/// A speed of SET CD SPEED in words.
struct Speed(u16);

impl core::fmt::Display for Speed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            u16::MAX => f.write_str("max"),
            0 => f.write_str("unset"),
            speed => write!(f, "{speed} kB/s"),
        }
    }
}

show!(SetCdSpeed, |c, f| write!(
    f,
    " read {}, write {}, {}",
    Speed(c.read_speed),
    Speed(c.write_speed),
    c.rotation
));
