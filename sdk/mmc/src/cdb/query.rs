//! Commands that ask a drive about itself and its medium and change nothing.
//!
//! Owns their layout (recipe 2). Must not know the replies.

use super::Flag;
use crate::addr::Lba;
use crate::wire::Field;

coded! {
    /// Which features are asked for.
    RequestedFeatures: u8 {
        /// All that the drive has, current or not.
        All = 0 => "all features",
        /// Those that are current.
        Current = 1 => "current features",
        /// The one named, if the drive has it.
        One = 2 => "one feature",
    }
}

cdb! {
    /// Asks for profile and features.
    0x46, 10, "GET CONFIGURATION", GetConfiguration, GetConfigurationView {
        /// RT.
        requested: RequestedFeatures = Field::bits(1, 1, 0),
        /// First feature code wanted.
        starting_feature: u16 = Field::be(2, 2),
        /// Bytes the host has room for; 8 for the header alone.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(GetConfiguration, |c, f| write!(
    f,
    " {} from {:04X}h, {} bytes",
    c.requested, c.starting_feature, c.allocation_length
));

cdb! {
    /// Asks for one event; each is told once (recipe 2.6).
    0x4A, 10, "GET EVENT STATUS NOTIFICATION",
    GetEventStatusNotification, GetEventStatusNotificationView {
        /// Polled: answer at once. Must be 1; drives do not queue.
        polled: bool = Field::bit(1, 0),
        /// Classes wanted, bit n for class n.
        classes: u8 = Field::be(4, 1),
        /// Bytes the host has room for; 8 for one event.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(GetEventStatusNotification, |c, f| write!(
    f,
    " classes {:02X}h, {} bytes{}",
    c.classes,
    c.allocation_length,
    Flag("not polled", !c.polled)
));

coded! {
    /// Kind of disc information.
    DiscInformationType: u8 {
        /// Status, sessions, tracks.
        Standard = 0 => "standard",
        /// How many tracks are possible and used.
        TrackResources = 1 => "track resources",
        /// Pseudo-overwrite resources of a BD-R.
        PowResources = 2 => "pseudo-overwrite resources",
    }
}

cdb! {
    /// Asks for status, sessions and tracks (recipe 2.1).
    0x51, 10, "READ DISC INFORMATION", ReadDiscInformation, ReadDiscInformationView {
        /// Kind.
        data_type: DiscInformationType = Field::bits(1, 2, 0),
        /// Bytes the host has room for; 34 for the standard kind.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadDiscInformation, |c, f| write!(
    f,
    " {}, {} bytes",
    c.data_type, c.allocation_length
));

coded! {
    /// How READ TRACK INFORMATION names a track.
    TrackAddressType: u8 {
        /// By a block in it.
        Lba = 0 => "of lba",
        /// By its number; 255 for the invisible one.
        Track = 1 => "of track",
        /// By a session: its first track.
        Session = 2 => "of session",
    }
}

cdb! {
    /// Asks for one track: start, next writable address, free blocks
    /// (recipe 2.2).
    0x52, 10, "READ TRACK INFORMATION", ReadTrackInformation, ReadTrackInformationView {
        /// OPEN: the next open track from that number on.
        open: bool = Field::bit(1, 2),
        /// What `address` is.
        address_type: TrackAddressType = Field::bits(1, 1, 0),
        /// Block, track or session.
        address: u32 = Field::be(2, 4),
        /// Bytes the host has room for; 36 to 48.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadTrackInformation, |c, f| {
    write!(f, " {} ", c.address_type)?;
    match (c.address_type, c.address) {
        (TrackAddressType::Track, 0xFF) => f.write_str("FFh (invisible)")?,
        (TrackAddressType::Lba, lba) => write!(f, "{}", lba as i32)?,
        (_, number) => write!(f, "{number}")?,
    }
    write!(
        f,
        "{}, {} bytes",
        Flag("next open", c.open),
        c.allocation_length
    )
});

cdb! {
    /// Asks which formats the medium can take.
    0x23, 10, "READ FORMAT CAPACITIES", ReadFormatCapacities, ReadFormatCapacitiesView {
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadFormatCapacities, |c, f| write!(
    f,
    ", {} bytes",
    c.allocation_length
));

cdb! {
    /// Asks for the last readable block. The reply has 8 bytes.
    0x25, 10, "READ CAPACITY", ReadCapacity, ReadCapacityView {}
}
show!(ReadCapacity, |_c, f| f.write_str(""));

coded! {
    /// Format of READ TOC/PMA/ATIP (recipe 2.3).
    TocFormat: u8 {
        /// Formatted table of contents.
        Toc = 0 => "TOC",
        /// First and last session, start of the last one.
        SessionInfo = 1 => "session information",
        /// The Q channel of the lead-in, as it was recorded.
        FullToc = 2 => "full TOC",
        /// Program memory area.
        Pma = 3 => "PMA",
        /// Absolute time in pregroove: the disc's own data.
        Atip = 4 => "ATIP",
        /// CD-TEXT packs of the lead-in.
        CdText = 5 => "CD-TEXT",
    }
}

coded! {
    /// What READ SUB-CHANNEL tells.
    SubChannelFormat: u8 {
        /// Where the pickup is.
        Position = 1 => "position",
        /// The disc's catalogue number.
        Catalogue = 2 => "catalogue number",
        /// A track's recording code.
        Isrc = 3 => "ISRC",
    }
}

cdb! {
    /// Reads what the sub-channels of a CD say.
    0x42, 10, "READ SUB-CHANNEL", ReadSubChannel, ReadSubChannelView {
        /// MSF: times instead of block addresses.
        msf: bool = Field::bit(1, 1),
        /// SubQ: without it the header alone comes.
        sub_q: bool = Field::bit(2, 6),
        /// What to tell.
        format: SubChannelFormat = Field::be(3, 1),
        /// Track, for its ISRC.
        track: u8 = Field::be(6, 1),
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadSubChannel, |c, f| write!(
    f,
    " {} of track {}, {} bytes{}{}",
    c.format,
    c.track,
    c.allocation_length,
    Flag("MSF", c.msf),
    Flag("header alone", !c.sub_q)
));

cdb! {
    /// Reads the header of a data block of a CD.
    0x44, 10, "READ HEADER", ReadHeader, ReadHeaderView {
        /// MSF: a time instead of a block address.
        msf: bool = Field::bit(1, 1),
        /// Which block.
        lba: Lba = Field::be(2, 4),
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadHeader, |c, f| write!(
    f,
    " of lba {}, {} bytes{}",
    c.lba,
    c.allocation_length,
    Flag("MSF", c.msf)
));

cdb! {
    /// Reads the table of contents, PMA, ATIP or CD-TEXT.
    0x43, 10, "READ TOC/PMA/ATIP", ReadTocPmaAtip, ReadTocPmaAtipView {
        /// MSF: times instead of block addresses.
        msf: bool = Field::bit(1, 1),
        /// What to read.
        format: TocFormat = Field::bits(2, 3, 0),
        /// First track (format 0) or session (format 2).
        number: u8 = Field::be(6, 1),
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadTocPmaAtip, |c, f| write!(
    f,
    " {} from {}, {} bytes{}",
    c.format,
    c.number,
    c.allocation_length,
    Flag("MSF", c.msf)
));

coded! {
    /// Family of disc structures.
    StructureMedium: u8 {
        /// DVD.
        Dvd = 0 => "DVD",
        /// Blu-ray.
        Bd = 1 => "BD",
    }
}

cdb! {
    /// Reads a structure of a DVD or BD (recipe 2.4). Not for CD media: one
    /// drive hangs.
    0xAD, 12, "READ DISC STRUCTURE", ReadDiscStructure, ReadDiscStructureView {
        /// Whose formats are meant.
        medium: StructureMedium = Field::bits(1, 3, 0),
        /// Address, for the few formats that have one.
        address: u32 = Field::be(2, 4),
        /// Layer, from 0.
        layer: u8 = Field::be(6, 1),
        /// Format of the structure.
        format: u8 = Field::be(7, 1),
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(8, 2),
        /// AGID of copy protection commands.
        agid: u8 = Field::bits(10, 7, 6),
    }
}
show!(ReadDiscStructure, |c, f| {
    write!(
        f,
        " {} format {:02X}h, layer {}",
        c.medium, c.format, c.layer
    )?;
    if c.address != 0 {
        write!(f, ", address {}", Lba(c.address as i32))?;
    }
    if c.agid != 0 {
        write!(f, ", agid {}", c.agid)?;
    }
    write!(f, ", {} bytes", c.allocation_length)
});

cdb! {
    /// Asks how full the write buffer is.
    0x5C, 10, "READ BUFFER CAPACITY", ReadBufferCapacity, ReadBufferCapacityView {
        /// BLOCK: the answer counts blocks instead of bytes.
        blocks: bool = Field::bit(1, 0),
        /// Bytes the host has room for; 12.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ReadBufferCapacity, |c, f| write!(
    f,
    " in {}, {} bytes",
    if c.blocks { "blocks" } else { "bytes" },
    c.allocation_length
));

cdb! {
    /// Asks for the state of tray and changer.
    0xBD, 12, "MECHANISM STATUS", MechanismStatus, MechanismStatusView {
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(8, 2),
    }
}
show!(MechanismStatus, |c, f| write!(
    f,
    ", {} bytes",
    c.allocation_length
));
