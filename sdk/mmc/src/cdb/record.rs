//! Commands that prepare, close or erase a disc.
//!
//! Owns their layout (recipes 4 to 7). Must not know which media take which.

use super::{Blocks, Flag};
use crate::addr::{Lba, SectorCount, TrackNumber};
use crate::param::FormatParameterList;
use crate::wire::Field;

cdb! {
    /// Formats the medium by a [`FormatParameterList`].
    0x04, 6, "FORMAT UNIT", FormatUnit, FormatUnitView {
        /// FmtData: a list follows. Must be 1.
        format_data: bool = Field::bit(1, 4),
        /// CmpList: the list is complete (DVD-RAM quick format).
        complete_list: bool = Field::bit(1, 3),
        /// Format code; must be 1.
        format_code: u8 = Field::bits(1, 2, 0),
        /// Interleave; 0.
        interleave: u16 = Field::be(3, 2),
    }
}
show!(FormatUnit, |c, f| {
    write!(f, " code {}", c.format_code)?;
    write!(
        f,
        "{}{}",
        Flag("no list", !c.format_data),
        Flag("complete list", c.complete_list)
    )
});

impl FormatUnit {
    /// The form that MMC drives take: code 1 with a list (byte 1 = 11h).
    pub const WITH_LIST: Self = Self {
        format_data: true,
        complete_list: false,
        format_code: 1,
        interleave: 0,
    };

    /// Length of the list that follows.
    pub const LIST_LEN: usize = FormatParameterList::LEN;
}

coded! {
    /// What BLANK erases (recipe 5).
    BlankingType: u8 {
        /// The whole disc.
        Full = 0 => "whole disc",
        /// PMA, TOC and the first track's pregap.
        Minimal = 1 => "minimal",
        /// One track.
        Track = 2 => "track",
        /// A reserved, empty track.
        UnreserveTrack = 3 => "unreserve track",
        /// The end of a track.
        TrackTail = 4 => "track tail",
        /// Reopens the last session.
        UncloseSession = 5 => "unclose last session",
        /// Erases the last session.
        EraseSession = 6 => "erase last session",
    }
}

cdb! {
    /// Erases a rewritable disc that is written sequentially.
    0xA1, 12, "BLANK", Blank, BlankView {
        /// IMMED: answer before the end.
        immed: bool = Field::bit(1, 4),
        /// What to erase.
        kind: BlankingType = Field::bits(1, 2, 0),
        /// Track or block, for the kinds that need one.
        address: u32 = Field::be(2, 4),
    }
}
show!(Blank, |c, f| {
    write!(f, " {}", c.kind)?;
    if c.address != 0 {
        write!(f, " at {}", Lba(c.address as i32))?;
    }
    write!(f, "{}", Flag("IMMED", c.immed))
});

coded! {
    /// What CLOSE TRACK/SESSION does (recipe 4); the meaning depends on the
    /// medium, and most pairs of medium and function are refused.
    CloseFunction: u8 {
        /// Stop a background format (DVD+RW).
        StopBackgroundFormat = 0 => "stop background format",
        /// Close the track of that number.
        Track = 1 => "track",
        /// Close the last session or border; the disc stays appendable where
        /// the medium and mode page 05h permit.
        Session = 2 => "session",
        /// Finalize a DVD-RW, or stop a +RW format compatibly.
        FinalizeRw = 3 => "finalize, or stop format compatibly",
        /// Close the session of a DVD+R DL with an extended lead-out.
        SessionExtendedLeadOut = 4 => "session with extended lead-out",
        /// Finalize with a minimal radius (DVD+R, +R DL).
        FinalizeMinimalRadius = 5 => "finalize with minimal radius",
        /// Finalize the disc (DVD+R, BD-R).
        Finalize = 6 => "finalize disc",
    }
}

cdb! {
    /// Closes a track or session, or finalizes the disc.
    0x5B, 10, "CLOSE TRACK/SESSION", CloseTrackSession, CloseTrackSessionView {
        /// IMMED: answer before the end.
        immed: bool = Field::bit(1, 0),
        /// What to close.
        function: CloseFunction = Field::bits(2, 2, 0),
        /// Track, with [`CloseFunction::Track`]; else 0 (burners are seen to
        /// send 1).
        track: TrackNumber = Field::be(4, 2),
    }
}
show!(CloseTrackSession, |c, f| {
    write!(f, " {}", c.function)?;
    if c.function == CloseFunction::Track {
        write!(f, " {}", c.track)?;
    } else if c.track.0 != 0 {
        write!(f, " (number {})", c.track)?;
    }
    write!(f, "{}", Flag("IMMED", c.immed))
});

cdb! {
    /// Reserves room for a track before anything is written to it.
    0x53, 10, "RESERVE TRACK", ReserveTrack, ReserveTrackView {
        /// RMZ: a rewritable (-RW) zone.
        rmz: bool = Field::bit(1, 1),
        /// ARSV: `size` is an address instead of a count.
        by_address: bool = Field::bit(1, 0),
        /// Blocks.
        size: SectorCount = Field::be(5, 4),
    }
}
show!(ReserveTrack, |c, f| {
    if c.by_address {
        write!(f, " up to lba {}", c.size)?;
    } else {
        write!(f, " {}", Blocks(c.size.0))?;
    }
    write!(f, "{}", Flag("RMZ", c.rmz))
});

cdb! {
    /// Calibrates the laser's power, or sends known good values.
    0x54, 10, "SEND OPC INFORMATION", SendOpcInformation, SendOpcInformationView {
        /// DoOPC: calibrate now.
        do_opc: bool = Field::bit(1, 0),
        /// Bytes of the list; 0 without.
        parameter_list_length: u16 = Field::be(7, 2),
    }
}
show!(SendOpcInformation, |c, f| {
    f.write_str(if c.do_opc {
        " calibrate"
    } else {
        " send values"
    })?;
    match c.parameter_list_length {
        0 => Ok(()),
        length => write!(f, ", {length} bytes"),
    }
});

cdb! {
    /// Describes a session-at-once CD (recipe 5).
    0x5D, 10, "SEND CUE SHEET", SendCueSheet, SendCueSheetView {
        /// Bytes of the sheet, 8 an entry; 24 bits.
        parameter_list_length: u32 = Field::be(6, 3),
    }
}
show!(SendCueSheet, |c, f| write!(
    f,
    " {} bytes",
    c.parameter_list_length
));

cdb! {
    /// Sends a structure, such as the layer break of a DVD+R DL.
    0xBF, 12, "SEND DISC STRUCTURE", SendDiscStructure, SendDiscStructureView {
        /// Whose formats are meant.
        medium: super::StructureMedium = Field::bits(1, 3, 0),
        /// Format of the structure.
        format: u8 = Field::be(7, 1),
        /// Bytes of the list, its 4-byte header included.
        parameter_list_length: u16 = Field::be(8, 2),
    }
}
show!(SendDiscStructure, |c, f| write!(
    f,
    " {} format {:02X}h, {} bytes",
    c.medium, c.format, c.parameter_list_length
));
