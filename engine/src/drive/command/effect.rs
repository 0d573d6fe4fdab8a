//! What a command changes, by its operation code.
//!
//! Owns the table. An operation code that is not in it may do anything.

use std::fmt;

/// What a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandEffect {
    /// It asks, reads, or moves the head.
    Nothing,
    /// How the drive is set, or what it does just now: mode pages, speeds, the door, the tray, a reservation, sound.
    Drive,
    /// What is on the disc, now or by the next write.
    Disc,
    /// What the drive keeps for good: its firmware, its region.
    Firmware,
    /// Nobody but its vendor can say.
    Unknown,
}

impl CommandEffect {
    /// What a command of this operation code changes.
    pub const fn of(opcode: u8) -> Self {
        match opcode {
            // TEST UNIT READY, REZERO UNIT, REQUEST SENSE, INQUIRY, MODE SENSE (6).
            0x00 | 0x01 | 0x03 | 0x12 | 0x1A => Self::Nothing,
            // READ FORMAT CAPACITIES, READ CAPACITY, READ (10), SEEK (10), VERIFY (10).
            0x23 | 0x25 | 0x28 | 0x2B | 0x2F => Self::Nothing,
            // READ BUFFER, READ SUB-CHANNEL, READ TOC/PMA/ATIP, READ HEADER, GET CONFIGURATION.
            0x3C | 0x42 | 0x43 | 0x44 | 0x46 => Self::Nothing,
            // GET EVENT STATUS NOTIFICATION, LOG SENSE, READ DISC and READ TRACK INFORMATION, MODE SENSE (10),
            // READ BUFFER CAPACITY.
            0x4A | 0x4D | 0x51 | 0x52 | 0x5A | 0x5C => Self::Nothing,
            // REPORT LUNS, READ (12), GET PERFORMANCE, READ DISC STRUCTURE, READ CD MSF, MECHANISM STATUS, READ CD.
            0xA0 | 0xA8 | 0xAC | 0xAD | 0xB9 | 0xBD | 0xBE => Self::Nothing,
            // MODE SELECT (6), RESERVE, RELEASE, START STOP UNIT, SEND DIAGNOSTIC, PREVENT ALLOW MEDIUM REMOVAL.
            0x15 | 0x16 | 0x17 | 0x1B | 0x1D | 0x1E => Self::Drive,
            // PLAY AUDIO (10), PLAY AUDIO MSF, PAUSE/RESUME, LOG SELECT, STOP PLAY/SCAN, MODE SELECT (10).
            0x45 | 0x47 | 0x4B | 0x4C | 0x4E | 0x55 => Self::Drive,
            // REPORT KEY (it begins an exchange of keys), LOAD/UNLOAD MEDIUM, SET READ AHEAD, SET STREAMING, SCAN,
            // SET CD SPEED.
            0xA4 | 0xA6 | 0xA7 | 0xB6 | 0xBA | 0xBB => Self::Drive,
            // FORMAT UNIT, WRITE (6), (10), AND VERIFY (10), SYNCHRONIZE CACHE.
            0x04 | 0x0A | 0x2A | 0x2E | 0x35 => Self::Disc,
            // RESERVE TRACK, SEND OPC INFORMATION (it spends the test area), REPAIR TRACK, CLOSE TRACK/SESSION,
            // SEND CUE SHEET.
            0x53 | 0x54 | 0x58 | 0x5B | 0x5D => Self::Disc,
            // BLANK, WRITE (12), SEND DISC STRUCTURE.
            0xA1 | 0xAA | 0xBF => Self::Disc,
            // WRITE BUFFER, SEND KEY (it can set the region, a few times only).
            0x3B | 0xA3 => Self::Firmware,
            _ => Self::Unknown,
        }
    }

    /// A stable lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Drive => "drive",
            Self::Disc => "disc",
            Self::Firmware => "firmware",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for CommandEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "changes nothing",
            Self::Drive => "changes the drive's settings",
            Self::Disc => "changes the disc",
            Self::Firmware => "changes what the drive keeps for good",
            Self::Unknown => "may change anything",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::cdb::Command;

    #[test]
    fn nothing_that_changes_a_disc_counts_as_a_question() {
        for opcode in 0..=0xFF {
            let Some(name) = Command::name_of(opcode) else {
                continue;
            };
            let mut cdb = vec![0; pitland_mmc::cdb::cdb_len(opcode).unwrap()];
            cdb[0] = opcode;
            let Ok(command) = Command::parse(&cdb) else {
                continue;
            };
            let effect = CommandEffect::of(opcode);
            assert_ne!(effect, CommandEffect::Unknown, "{name}");
            if command.changes_disc() {
                assert_eq!(effect, CommandEffect::Disc, "{name}");
            }
        }
    }
}
