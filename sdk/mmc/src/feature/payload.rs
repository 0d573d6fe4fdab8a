//! Payloads of the features that writers look at (recipe 2.4). Byte numbers
//! of the recipe count from the feature code; here they count from the
//! payload, four less.
//!
//! Owns their layouts. Must not know which medium has which.

use crate::reply::{ReplyError, need};
use crate::wire::Field;

macro_rules! payload {
    ($(#[$meta:meta])* $name:ident, $words:literal, $needed:literal, $len:literal {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty = $at:expr,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $ty,)*
        }

        impl $name {
            #[doc = concat!("Reads the payload of ", $words, ".")]
            ///
            /// # Errors
            /// It is too short; fields beyond that are zero where missing.
            pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
                need(concat!($words, " feature"), data, $needed)?;
                Ok(Self {
                    $($field: $crate::wire::FieldValue::from_raw(
                        $at.get(data).unwrap_or_default(),
                    ),)*
                })
            }

            /// The bytes of the payload.
            pub fn emit(&self) -> Vec<u8> {
                let mut data = vec![0; $len];
                $($at.put(&mut data, $crate::wire::FieldValue::to_raw(self.$field));)*
                data
            }
        }
    };
}

coded! {
    /// The bus of a drive.
    PhysicalInterface: u32 {
        /// Unspecified.
        Unspecified = 0 => "unspecified",
        /// SCSI.
        Scsi = 1 => "SCSI",
        /// ATAPI.
        Atapi = 2 => "ATAPI",
        /// FireWire.
        Ieee1394 = 3 => "IEEE 1394",
        /// Serial ATA.
        Sata = 7 => "SATA",
        /// USB.
        Usb = 8 => "USB",
    }
}

coded! {
    /// How a medium goes in.
    LoadingMechanism: u8 {
        /// Caddy.
        Caddy = 0 => "caddy",
        /// Tray.
        Tray = 1 => "tray",
        /// Pop-up.
        PopUp = 2 => "pop-up",
        /// Changer with single discs.
        ChangerSingle = 4 => "changer",
        /// Changer with magazines.
        ChangerMagazine = 5 => "magazine changer",
    }
}

payload! {
    /// 0001h: the bus.
    Core, "core", 4, 8 {
        /// The bus.
        interface: PhysicalInterface = Field::be(0, 4),
        /// INQ2: INQUIRY pages by the newer rules.
        inquiry2: bool = Field::bit(4, 1),
        /// DBE: device busy events.
        device_busy_events: bool = Field::bit(4, 0),
    }
}

payload! {
    /// 0003h: how the medium goes in and out.
    RemovableMedium, "removable medium", 1, 4 {
        /// Mechanism.
        mechanism: LoadingMechanism = Field::bits(0, 7, 5),
        /// Load: it can close the tray.
        load: bool = Field::bit(0, 4),
        /// Eject: it can open the tray.
        eject: bool = Field::bit(0, 3),
        /// Pvnt jumper.
        prevent_jumper: bool = Field::bit(0, 2),
        /// Lock: it can keep the medium in.
        lock: bool = Field::bit(0, 0),
    }
}

payload! {
    /// 0020h: writes any block.
    RandomWritable, "random writable", 10, 12 {
        /// Last block.
        last_lba: u32 = Field::be(0, 4),
        /// Bytes of a block.
        block_size: u32 = Field::be(4, 4),
        /// Blocks written at once.
        blocking: u16 = Field::be(8, 2),
        /// PP: page 01h is there.
        page_present: bool = Field::bit(10, 0),
    }
}

payload! {
    /// 0023h: formats.
    Formattable, "formattable", 0, 8 {
        /// RENoSA: BD-RE without spare area.
        no_spare: bool = Field::bit(0, 3),
        /// Expand: BD-RE spare area expansion.
        expand: bool = Field::bit(0, 2),
        /// QCert: BD-RE quick certification.
        quick_certification: bool = Field::bit(0, 1),
        /// Cert: BD-RE full certification.
        certification: bool = Field::bit(0, 0),
        /// RRM: BD-R random recording.
        random_recording: bool = Field::bit(4, 0),
    }
}

payload! {
    /// 0024h: replaces defects.
    DefectManagement, "defect management", 0, 4 {
        /// SSA: supplementary spare areas.
        supplementary_spare: bool = Field::bit(0, 7),
    }
}

payload! {
    /// 002Ah: DVD+RW.
    DvdPlusRw, "DVD+RW", 1, 4 {
        /// Write.
        write: bool = Field::bit(0, 0),
        /// Quick start.
        quick_start: bool = Field::bit(1, 1),
        /// Close only: functions 0 and 2 alone.
        close_only: bool = Field::bit(1, 0),
    }
}

payload! {
    /// 003Ah: DVD+RW DL.
    DvdPlusRwDl, "DVD+RW DL", 1, 4 {
        /// Write.
        write: bool = Field::bit(0, 0),
        /// Quick start.
        quick_start: bool = Field::bit(1, 1),
        /// Close only.
        close_only: bool = Field::bit(1, 0),
    }
}

payload! {
    /// 002Bh: DVD+R.
    DvdPlusR, "DVD+R", 1, 4 {
        /// Write.
        write: bool = Field::bit(0, 0),
    }
}

payload! {
    /// 003Bh: DVD+R DL.
    DvdPlusRDl, "DVD+R DL", 1, 4 {
        /// Write.
        write: bool = Field::bit(0, 0),
    }
}

payload! {
    /// 002Ch: DVD-RW restricted overwrite.
    RigidRestrictedOverwrite, "rigid restricted overwrite", 1, 4 {
        /// DSDG: generates the defect status.
        defect_status_generate: bool = Field::bit(0, 3),
        /// DSDR: reads the defect status.
        defect_status_read: bool = Field::bit(0, 2),
        /// Intermediate: writes intermediate sessions.
        intermediate: bool = Field::bit(0, 1),
        /// Blank: BLANK works.
        blank: bool = Field::bit(0, 0),
    }
}

payload! {
    /// 0004h: write protection.
    WriteProtect, "write protect", 1, 4 {
        /// DWP: the block of BD by which a disc is protected is read and written.
        disc_write_protect: bool = Field::bit(0, 3),
        /// WDCB: the block of DVD+RW by which a disc is protected is read and written.
        write_inhibit_block: bool = Field::bit(0, 2),
        /// SPWP: discs are protected for good and released.
        persistent: bool = Field::bit(0, 1),
        /// SSWPP: discs are protected until the power goes.
        until_power_down: bool = Field::bit(0, 0),
    }
}

payload! {
    /// 002Dh: CD track at once.
    CdTrackAtOnce, "CD track at once", 1, 4 {
        /// BUF: underrun protection.
        buffer_underrun_free: bool = Field::bit(0, 6),
        /// R-W raw.
        rw_raw: bool = Field::bit(0, 4),
        /// R-W pack.
        rw_pack: bool = Field::bit(0, 3),
        /// Test write.
        test_write: bool = Field::bit(0, 2),
        /// CD-RW.
        rewritable: bool = Field::bit(0, 1),
        /// R-W sub-code.
        rw_subcode: bool = Field::bit(0, 0),
        /// Data block types, bit n for type n.
        data_block_types: u16 = Field::be(2, 2),
    }
}

payload! {
    /// 002Eh: CD session at once and raw.
    CdMastering, "CD mastering", 4, 4 {
        /// BUF: underrun protection.
        buffer_underrun_free: bool = Field::bit(0, 6),
        /// SAO.
        session_at_once: bool = Field::bit(0, 5),
        /// Raw multi-session.
        raw_multi_session: bool = Field::bit(0, 4),
        /// Raw.
        raw: bool = Field::bit(0, 3),
        /// Test write.
        test_write: bool = Field::bit(0, 2),
        /// CD-RW.
        rewritable: bool = Field::bit(0, 1),
        /// R-W sub-channel.
        rw_subchannel: bool = Field::bit(0, 0),
        /// Longest cue sheet in bytes; 24 bits.
        max_cue_sheet: u32 = Field::be(1, 3),
    }
}

payload! {
    /// 002Fh: DVD-R and DVD-RW writing.
    DvdMinusWrite, "DVD-R/-RW write", 1, 4 {
        /// BUF: underrun protection.
        buffer_underrun_free: bool = Field::bit(0, 6),
        /// DVD-R DL.
        dual_layer: bool = Field::bit(0, 3),
        /// Test write.
        test_write: bool = Field::bit(0, 2),
        /// DVD-RW.
        rewritable: bool = Field::bit(0, 1),
    }
}

payload! {
    /// 0037h: sub-types of CD-RW.
    CdRwMediaWrite, "CD-RW media write support", 2, 4 {
        /// Sub-types, bit n for sub-type n.
        sub_types: u8 = Field::be(1, 1),
    }
}

payload! {
    /// 0107h: speeds, streaming and buffer capacity.
    RealTimeStreaming, "real-time streaming", 0, 4 {
        /// RBCB: READ BUFFER CAPACITY counts blocks.
        buffer_capacity_blocks: bool = Field::bit(0, 4),
        /// SCS: SET CD SPEED works.
        set_cd_speed: bool = Field::bit(0, 3),
        /// MP2A: page 2Ah has write speeds.
        page_2a: bool = Field::bit(0, 2),
        /// WSPD: GET PERFORMANCE has write speeds.
        write_speeds: bool = Field::bit(0, 1),
        /// SW: streaming writes work.
        stream_writing: bool = Field::bit(0, 0),
    }
}

/// 0021h: writes incrementally.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IncrementalStreamingWritable {
    /// Data block types, bit n for type n.
    pub data_block_types: u16,
    /// TRIO: track resources can be asked for.
    pub track_resources: bool,
    /// ARSV: RESERVE TRACK by address.
    pub address_reservation: bool,
    /// BUF: underrun protection.
    pub buffer_underrun_free: bool,
    /// Link sizes; 16 is the one to prefer whenever it is listed.
    pub link_sizes: Vec<u8>,
}

impl IncrementalStreamingWritable {
    const TRIO: Field = Field::bit(2, 2);
    const ARSV: Field = Field::bit(2, 1);
    const BUF: Field = Field::bit(2, 0);

    /// Reads the payload.
    ///
    /// # Errors
    /// It is too short. Link sizes beyond its end are left out.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "incremental streaming writable feature";
        let link_sizes = link_sizes(NAME, data, 3)?;
        let flag = |field: Field| field.get(data).is_some_and(|bit| bit != 0);
        Ok(Self {
            data_block_types: u16::from_be_bytes([data[0], data[1]]),
            track_resources: flag(Self::TRIO),
            address_reservation: flag(Self::ARSV),
            buffer_underrun_free: flag(Self::BUF),
            link_sizes,
        })
    }

    /// The bytes of the payload, padded to a multiple of four.
    pub fn emit(&self) -> Vec<u8> {
        let mut head = self.data_block_types.to_be_bytes().to_vec();
        head.push(0);
        Self::TRIO.put(&mut head, self.track_resources.into());
        Self::ARSV.put(&mut head, self.address_reservation.into());
        Self::BUF.put(&mut head, self.buffer_underrun_free.into());
        with_link_sizes(head, &self.link_sizes)
    }
}

/// A count at `at` and as many link sizes after it.
pub(super) fn link_sizes(
    name: &'static str,
    data: &[u8],
    at: usize,
) -> Result<Vec<u8>, ReplyError> {
    need(name, data, at + 1)?;
    let count = usize::from(data[at]);
    Ok(data[at + 1..].iter().copied().take(count).collect())
}

/// Count and link sizes after a head, padded to a multiple of four.
pub(super) fn with_link_sizes(mut data: Vec<u8>, sizes: &[u8]) -> Vec<u8> {
    let sizes = &sizes[..sizes.len().min(248)];
    data.push(sizes.len() as u8);
    data.extend(sizes);
    data.resize(data.len().next_multiple_of(4), 0);
    data
}

/// 0041h: writes BDs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct BdWrite {
    /// SVNR: it can write without verifying.
    pub verify_not_required: bool,
    /// Bitmaps of the classes and versions of media, as they came.
    pub classes: Vec<u8>,
}

impl BdWrite {
    const SVNR: Field = Field::bit(0, 0);

    /// Reads the payload.
    ///
    /// # Errors
    /// It is shorter than 4 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("BD write feature", data, 4)?;
        Ok(Self {
            verify_not_required: Self::SVNR.get(data) == Some(1),
            classes: data[4..].to_vec(),
        })
    }

    /// The bytes of the payload.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; 4];
        Self::SVNR.put(&mut data, self.verify_not_required.into());
        data.extend(&self.classes);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incremental_writing_lists_its_link_sizes() {
        let data = [0x01, 0x0F, 0b101, 2, 7, 16, 0, 0];
        let read = IncrementalStreamingWritable::parse(&data).unwrap();
        assert_eq!(read.data_block_types, 0x010F);
        assert!(read.track_resources && !read.address_reservation && read.buffer_underrun_free);
        assert_eq!(read.link_sizes, [7, 16]);
        assert_eq!(read.emit(), data);
        assert!(IncrementalStreamingWritable::parse(&data[..3]).is_err());
        let counted = IncrementalStreamingWritable::parse(&[0, 0, 0, 9, 16]).unwrap();
        assert_eq!(counted.link_sizes, [16]);
    }

    #[test]
    fn mastering_tells_the_longest_cue_sheet() {
        let data = [0b0110_1110, 0x00, 0x0C, 0x00];
        let read = CdMastering::parse(&data).unwrap();
        assert_eq!(read.max_cue_sheet, 3072);
        assert!(read.buffer_underrun_free && read.session_at_once && !read.raw_multi_session);
        assert!(read.raw && read.test_write && read.rewritable && !read.rw_subchannel);
        assert_eq!(read.emit(), data);
        assert!(CdMastering::parse(&data[..3]).is_err());
    }

    #[test]
    fn random_writing_tells_size_and_blocking() {
        let data = [0x00, 0x22, 0x05, 0x3F, 0, 0, 8, 0, 0, 16, 1, 0];
        let read = RandomWritable::parse(&data).unwrap();
        assert_eq!((read.last_lba, read.block_size), (2_229_567, 2048));
        assert_eq!(read.blocking, 16);
        assert!(read.page_present);
        assert_eq!(read.emit(), data);
    }

    #[test]
    fn each_flag_of_the_small_payloads_has_its_bit() {
        let core = Core::parse(&[0, 0, 0, 8, 0b11, 0, 0, 0]).unwrap();
        assert_eq!(core.interface, PhysicalInterface::Usb);
        assert!(core.inquiry2 && core.device_busy_events);
        let removable = RemovableMedium::parse(&[0x39, 0, 0, 0]).unwrap();
        assert_eq!(removable.mechanism, LoadingMechanism::Tray);
        assert!(removable.load && removable.eject && removable.lock);
        assert!(!removable.prevent_jumper);
        let format = Formattable::parse(&[0b1010, 0, 0, 0, 1, 0, 0, 0]).unwrap();
        assert!(format.no_spare && !format.expand && format.quick_certification);
        assert!(!format.certification && format.random_recording);
        assert_eq!(Formattable::parse(&[]).unwrap(), Formattable::default());
        assert!(
            DefectManagement::parse(&[0x80, 0, 0, 0])
                .unwrap()
                .supplementary_spare
        );
        let plus = DvdPlusRw::parse(&[1, 0b10, 0, 0]).unwrap();
        assert!(plus.write && plus.quick_start && !plus.close_only);
        assert!(DvdPlusRwDl::parse(&[0, 1, 0, 0]).unwrap().close_only);
        assert!(DvdPlusR::parse(&[1, 0, 0, 0]).unwrap().write);
        assert!(!DvdPlusRDl::parse(&[0, 0, 0, 0]).unwrap().write);
        let rigid = RigidRestrictedOverwrite::parse(&[0b1001, 0, 0, 0]).unwrap();
        assert!(rigid.defect_status_generate && rigid.blank);
        assert!(!rigid.defect_status_read && !rigid.intermediate);
        let tao = CdTrackAtOnce::parse(&[0b0101_0101, 0, 0x3F, 0x0F]).unwrap();
        assert!(tao.buffer_underrun_free && tao.rw_raw && tao.test_write && tao.rw_subcode);
        assert!(!tao.rw_pack && !tao.rewritable);
        assert_eq!(tao.data_block_types, 0x3F0F);
        let minus = DvdMinusWrite::parse(&[0b0100_1010, 0, 0, 0]).unwrap();
        assert!(minus.buffer_underrun_free && minus.dual_layer && minus.rewritable);
        assert!(!minus.test_write);
        assert_eq!(
            CdRwMediaWrite::parse(&[0, 0x37, 0, 0]).unwrap().sub_types,
            0x37
        );
        let stream = RealTimeStreaming::parse(&[0b1_0101, 0, 0, 0]).unwrap();
        assert!(stream.buffer_capacity_blocks && stream.page_2a && stream.stream_writing);
        assert!(!stream.set_cd_speed && !stream.write_speeds);
    }

    #[test]
    fn bd_writing_keeps_its_bitmaps() {
        let data = [1, 0, 0, 0, 0, 6, 0, 0];
        let read = BdWrite::parse(&data).unwrap();
        assert!(read.verify_not_required);
        assert_eq!(read.classes, [0, 6, 0, 0]);
        assert_eq!(read.emit(), data);
    }
}
