//! What a drive is: its name, its buffer, its speeds and its habits.
//!
//! Data only; the rules that read these values live beside what they rule. Habits of
//! single drives are in `quirks`, drives with a name on record in `known_drives`.

use std::ops::Range;

use crate::medium::{Defect, DiscType, MediumKind};
use crate::quirks::Quirks;

/// The names that INQUIRY and its VPD pages answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Vendor, at most 8 characters of ASCII.
    pub vendor: String,
    /// Product, at most 16 characters of ASCII.
    pub product: String,
    /// Firmware revision, at most 4 characters of ASCII.
    pub revision: String,
    /// Serial number, at most 20 characters of ASCII.
    pub serial: String,
}

impl Default for Identity {
    /// A name of its own, so that no quirk table matches it by accident (recipe 14).
    fn default() -> Self {
        Self {
            vendor: "PITLAND".into(),
            product: "VIRTUAL RECORDER".into(),
            revision: "0001".into(),
            serial: "PL0000000001".into(),
        }
    }
}

/// Write speeds in kB/s (1000 bytes), fastest first, for each kind of medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteSpeeds {
    /// BD-R.
    pub bd_r: Vec<u32>,
    /// BD-RE.
    pub bd_re: Vec<u32>,
    /// DVD+R.
    pub dvd_plus_r: Vec<u32>,
    /// DVD+R DL.
    pub dvd_plus_r_dl: Vec<u32>,
    /// DVD+RW.
    pub dvd_plus_rw: Vec<u32>,
    /// DVD-RAM.
    pub dvd_ram: Vec<u32>,
    /// CD-R.
    pub cd_r: Vec<u32>,
    /// CD-RW.
    pub cd_rw: Vec<u32>,
    /// DVD-R.
    pub dvd_minus_r: Vec<u32>,
    /// DVD-RW, in either mode.
    pub dvd_minus_rw: Vec<u32>,
    /// DVD-R DL.
    pub dvd_minus_r_dl: Vec<u32>,
    /// DVD+RW DL.
    pub dvd_plus_rw_dl: Vec<u32>,
}

impl Default for WriteSpeeds {
    /// The lists that real drives of their class answer (recipe 14).
    fn default() -> Self {
        Self {
            bd_r: vec![53_952, 44_960, 35_968, 26_976, 17_984, 8990],
            bd_re: vec![8990],
            dvd_plus_r: vec![22_160, 16_620, 11_080, 8310],
            dvd_plus_r_dl: vec![8310, 5540, 3324],
            dvd_plus_rw: vec![11_080, 8310, 5540, 3324],
            dvd_ram: vec![6925, 4155, 2770],
            cd_r: vec![8467, 7056, 5645, 4234, 2822],
            cd_rw: vec![4234, 2822, 1764],
            dvd_minus_r: vec![22_160, 16_620, 11_080, 8310, 5540],
            dvd_minus_rw: vec![8310, 5540, 2770],
            // No list is on record: those of DVD+R DL and the only class that was ever sold.
            dvd_minus_r_dl: vec![8310, 5540, 2770],
            dvd_plus_rw_dl: vec![3324],
        }
    }
}

impl WriteSpeeds {
    /// The speeds for a kind of medium, fastest first, to change them.
    pub fn of_mut(&mut self, kind: MediumKind) -> &mut Vec<u32> {
        match kind {
            MediumKind::BdR => &mut self.bd_r,
            MediumKind::BdRe => &mut self.bd_re,
            MediumKind::DvdPlusR => &mut self.dvd_plus_r,
            MediumKind::DvdPlusRDl => &mut self.dvd_plus_r_dl,
            MediumKind::DvdPlusRw => &mut self.dvd_plus_rw,
            MediumKind::DvdRam => &mut self.dvd_ram,
            MediumKind::CdR => &mut self.cd_r,
            MediumKind::CdRw => &mut self.cd_rw,
            MediumKind::DvdMinusR => &mut self.dvd_minus_r,
            MediumKind::DvdMinusRw => &mut self.dvd_minus_rw,
            MediumKind::DvdMinusRDl => &mut self.dvd_minus_r_dl,
            MediumKind::DvdPlusRwDl => &mut self.dvd_plus_rw_dl,
        }
    }

    /// The speeds for a kind of medium, fastest first.
    pub fn of(&self, kind: MediumKind) -> &[u32] {
        match kind {
            MediumKind::BdR => &self.bd_r,
            MediumKind::BdRe => &self.bd_re,
            MediumKind::DvdPlusR => &self.dvd_plus_r,
            MediumKind::DvdPlusRDl => &self.dvd_plus_r_dl,
            MediumKind::DvdPlusRw => &self.dvd_plus_rw,
            MediumKind::DvdRam => &self.dvd_ram,
            MediumKind::CdR => &self.cd_r,
            MediumKind::CdRw => &self.cd_rw,
            MediumKind::DvdMinusR => &self.dvd_minus_r,
            MediumKind::DvdMinusRw => &self.dvd_minus_rw,
            MediumKind::DvdMinusRDl => &self.dvd_minus_r_dl,
            MediumKind::DvdPlusRwDl => &self.dvd_plus_rw_dl,
        }
    }
}

/// The forms in which a drive takes a CD that the host makes whole, sub-channels and all
/// (data block types 1 to 3 of page 05h); none of them: it does not write raw at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawForms {
    /// 2352 bytes, and 16 with P and Q.
    pub pq16: bool,
    /// 2352 bytes, and 96 with P to W, R to W not interleaved.
    pub packed96: bool,
    /// 2352 bytes, and 96 with P to W as they are on the disc.
    pub raw96: bool,
}

impl RawForms {
    /// A drive that does not write raw.
    pub const NONE: Self = Self {
        pq16: false,
        packed96: false,
        raw96: false,
    };

    /// A drive that takes all forms.
    pub const ALL: Self = Self {
        pq16: true,
        packed96: true,
        raw96: true,
    };

    /// Whether it writes raw at all.
    pub const fn any(self) -> bool {
        self.pq16 || self.packed96 || self.raw96
    }
}

/// A drive to build a [`crate::Recorder`] from. The default is as strict as the
/// strictest drive on record; each field can be set apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveModel {
    /// Names.
    pub identity: Identity,
    /// Size of the write buffer in bytes; whole blocks of it are used, 64 at least.
    pub buffer_bytes: usize,
    /// Write speeds by medium.
    pub write_speeds: WriteSpeeds,
    /// Each speed is held over the whole disc, whatever the medium and however high (recipe
    /// 2.5, rotation control 0); otherwise by the zones and the constant rate of recipe 14.
    pub constant_linear_velocity: bool,
    /// Read speed on BD, kB/s.
    pub bd_read_speed: u32,
    /// Read speed on DVD, kB/s.
    pub dvd_read_speed: u32,
    /// Every duration is multiplied by this many thousandths: 1000 is a believable
    /// drive, 0 a drive that takes no time at all.
    pub clock_permille: u32,
    /// The tray can be loaded and unloaded by command.
    pub motor_tray: bool,
    /// MODE SELECT of the write parameters page is refused (5/26/00) on media that have
    /// no use for it, but for single-layer DVD+R; otherwise it is accepted and ignored
    /// (recipe 13.2). growisofs sends it to DVD+R and goes no further where it is refused,
    /// so a drive that did would have been useless to all its users.
    pub refuses_write_parameters: bool,
    /// On write-once media a WRITE that is not whole ECC blocks is refused (5/24/00), in
    /// place of being collected into whole ones. Recipe 8 has hosts write whole ones:
    /// for writers that want to be held to it. growisofs (BD-R) and wodim (DVD+R) are not.
    pub refuses_part_units: bool,
    /// 6/28/00 follows a format, because the medium is another one now (recipe 13.1: it
    /// may). libburn takes that for a failed format.
    pub attention_after_format: bool,
    /// 6/28/00 follows the closing of a session or disc (recipe 13.1: it may).
    pub attention_after_close: bool,
    /// After a power loss in mid-write the open track has its damage bit set, with a
    /// valid next writable address (recipe 2.2).
    pub damage_after_power_loss: bool,
    /// The first WRITE after a load takes the time of a power calibration (recipe 14).
    pub calibrates_at_first_write: bool,
    /// The drive goes on where its buffer ran empty; page 2Ah and feature 0021h say so. Without
    /// it a track of a write-once disc is lost when that happens (recipe 14). BD and DVD+R
    /// drives all have it.
    pub underrun_protection: bool,
    /// BD-R is formatted for pseudo-overwriting when the host wants it.
    pub pseudo_overwrite: bool,
    /// BD-R is formatted for random recording when the host wants it; feature 0023h says so.
    pub random_recording: bool,
    /// BD-RE is formatted with full certification; feature 0023h says so.
    pub full_certification: bool,
    /// BD-RE is formatted with quick certification; feature 0023h says so.
    pub quick_certification: bool,
    /// Discs that the drive knows; of another one it says 2/30/00.
    pub reads: Vec<DiscType>,
    /// Those of them that it writes; on another one writing is 5/30/05, and the features for it
    /// are not current.
    pub writes: Vec<DiscType>,
    /// Places that are bad on every disc that is put into this drive.
    pub defects: Vec<(Range<u32>, Defect)>,
    /// CD-R, CD-RW, DVD-R and DVD-RW (not in restricted overwrite) can be written to in test
    /// only; the features and page 2Ah say so.
    pub test_write: bool,
    /// The forms in which a CD is written raw; feature 002Eh says so.
    pub raw_forms: RawForms,
    /// Texts are taken for the lead-in of a session at once; feature 002Eh says so.
    pub writes_cd_text: bool,
    /// Bytes of a cue sheet at most; feature 002Eh says so.
    pub cue_sheet_bytes: u32,
    /// Blocks that the drive writes behind the last possible lead-out of a CD (9000 at most), in a
    /// session at once and raw.
    pub overburn_blocks: u32,
    /// Audio of a CD is read so many samples too late: what a drive gives as the first sample of a
    /// sector is one of those behind it, or before it where this is below 0.
    pub audio_read_offset: i32,
    /// What is odd about this drive.
    pub quirks: Quirks,
}

impl Default for DriveModel {
    fn default() -> Self {
        Self {
            identity: Identity::default(),
            buffer_bytes: 4 << 20,
            write_speeds: WriteSpeeds::default(),
            constant_linear_velocity: false,
            bd_read_speed: 26_976,
            dvd_read_speed: 11_080,
            clock_permille: 1000,
            motor_tray: true,
            refuses_write_parameters: true,
            refuses_part_units: false,
            attention_after_format: false,
            attention_after_close: false,
            damage_after_power_loss: false,
            calibrates_at_first_write: true,
            underrun_protection: true,
            pseudo_overwrite: true,
            random_recording: true,
            full_certification: true,
            quick_certification: true,
            reads: DiscType::ALL.to_vec(),
            writes: DiscType::ALL.to_vec(),
            defects: Vec::new(),
            test_write: true,
            raw_forms: RawForms::ALL,
            writes_cd_text: true,
            cue_sheet_bytes: 3072,
            overburn_blocks: 0,
            audio_read_offset: 0,
            quirks: Quirks::default(),
        }
    }
}
