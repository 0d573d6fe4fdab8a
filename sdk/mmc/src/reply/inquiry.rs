//! INQUIRY: who the device is.
//!
//! Owns the standard 36 bytes. Must not know quirks of named drives.

use core::fmt;

use super::{ReplyError, need};
use crate::wire::Field;

coded! {
    /// Kind of device, the low five bits of byte 0.
    DeviceType: u8 {
        /// Block device: a disk or a stick.
        Block = 0x00 => "block device",
        /// CD, DVD and BD drives.
        CdDvd = 0x05 => "CD/DVD device",
        /// Changer.
        Changer = 0x08 => "medium changer",
        /// Nothing there.
        Unknown = 0x1F => "no device",
    }
}

layout! {
    /// Fields of INQUIRY data, unjudged.
    InquiryDataView, InquiryPut {
        /// Device type.
        device_type: DeviceType = Field::bits(0, 4, 0),
        /// RMB: the medium is removable.
        removable: bool = Field::bit(1, 7),
        /// Version of SPC claimed; 0 on ATAPI.
        version: u8 = Field::be(2, 1),
        /// Response data format; 2, ATAPI drives say 1.
        response_format: u8 = Field::bits(3, 3, 0),
        /// Bytes after byte 4.
        additional_length: u8 = Field::be(4, 1),
    }
}

/// Standard INQUIRY data. The names are bytes as sent, padded with spaces:
/// a drive may put anything there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct InquiryData {
    /// Kind of device; anything but [`DeviceType::CdDvd`] is not ours.
    pub device_type: DeviceType,
    /// The medium is removable.
    pub removable: bool,
    /// Version of SPC claimed.
    pub version: u8,
    /// Response data format.
    pub response_format: u8,
    /// Vendor, bytes 8 to 15.
    pub vendor: [u8; 8],
    /// Product, bytes 16 to 31.
    pub product: [u8; 16],
    /// Firmware revision, bytes 32 to 35.
    pub revision: [u8; 4],
    /// What follows, the vendor's own.
    pub rest: Vec<u8>,
}

impl InquiryData {
    /// Length of the standard part.
    pub const LEN: usize = 36;

    /// Reads INQUIRY data.
    ///
    /// # Errors
    /// Fewer than 5 bytes. Names that are cut short are filled with spaces.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("INQUIRY data", data, 5)?;
        let view = InquiryDataView::new(data);
        let end = data
            .len()
            .min(5 + usize::from(view.additional_length().unwrap_or_default()));
        let data = &data[..end];
        Ok(Self {
            device_type: view.device_type().unwrap_or_default(),
            removable: view.removable().unwrap_or_default(),
            version: view.version().unwrap_or_default(),
            response_format: view.response_format().unwrap_or_default(),
            vendor: text(data, 8),
            product: text(data, 16),
            revision: text(data, 32),
            rest: data.get(Self::LEN..).unwrap_or_default().to_vec(),
        })
    }

    /// The bytes; at most 255 of them beyond the fifth.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        data[8..16].copy_from_slice(&self.vendor);
        data[16..32].copy_from_slice(&self.product);
        data[32..36].copy_from_slice(&self.revision);
        data.extend(self.rest.iter().take(255 + 5 - Self::LEN));
        let additional = (data.len() - 5) as u8;
        InquiryPut(&mut data)
            .device_type(self.device_type)
            .removable(self.removable)
            .version(self.version)
            .response_format(self.response_format)
            .additional_length(additional);
        data
    }
}

/// `N` bytes from `start`, spaces where there are none.
fn text<const N: usize>(data: &[u8], start: usize) -> [u8; N] {
    core::array::from_fn(|i| data.get(start + i).copied().unwrap_or(b' '))
}

impl fmt::Display for InquiryData {
    /// Vendor, product and revision; bytes that are not printable ASCII are
    /// escaped, for this goes to terminals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: [&[u8]; 3] = [&self.vendor, &self.product, &self.revision];
        for (i, name) in names.into_iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{}", name.trim_ascii().escape_ascii())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BURNER: &[u8; 36] = b"\x05\x80\x00\x32\x1f\x00\x00\x00HL-DT-STBD-RE  WH16NS40 1.00";

    #[test]
    fn a_burner_says_its_name() {
        let read = InquiryData::parse(BURNER).unwrap();
        assert_eq!(read.device_type, DeviceType::CdDvd);
        assert!(read.removable);
        assert_eq!((read.version, read.response_format), (0, 2));
        assert_eq!(&read.vendor, b"HL-DT-ST");
        assert_eq!(read.to_string(), "HL-DT-ST BD-RE  WH16NS40 1.00");
        assert_eq!(InquiryData::parse(&read.emit()), Ok(read));
    }

    #[test]
    fn names_cannot_speak_to_a_terminal() {
        let mut data = *BURNER;
        data[8..16].copy_from_slice(b"\x1b[2Jevil");
        let read = InquiryData::parse(&data).unwrap();
        assert!(read.to_string().starts_with("\\x1b[2Jevil"));
    }

    #[test]
    fn names_that_are_cut_short_are_filled() {
        let read = InquiryData::parse(&BURNER[..20]).unwrap();
        assert_eq!(&read.product, b"BD-R            ");
        assert_eq!(&read.revision, b"    ");
        assert!(InquiryData::parse(&BURNER[..4]).is_err());
    }

    #[test]
    fn the_vendor_s_own_bytes_are_kept() {
        let mut data = BURNER.to_vec();
        data.extend([1, 2, 3]);
        data[4] = 34;
        data[3] = 2;
        let read = InquiryData::parse(&data).unwrap();
        assert_eq!(read.rest, [1, 2, 3]);
        assert_eq!(read.emit(), data);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(data in prop::collection::vec(any::<u8>(), 5..300)) {
            let read = InquiryData::parse(&data).unwrap();
            prop_assert_eq!(InquiryData::parse(&read.emit()), Ok(read.clone()));
            prop_assert!(read.to_string().is_ascii());
        }
    }
}
