//! Commands that every SCSI device knows: readiness, identity, mode pages.
//!
//! Owns their layout (recipe 2). Must not know the pages or replies they ask
//! for.

use super::Flag;
use crate::wire::Field;

cdb! {
    /// Asks whether the drive is ready; the answer is the sense data alone.
    0x00, 6, "TEST UNIT READY", TestUnitReady, TestUnitReadyView {}
}
show!(TestUnitReady, |_c, f| f.write_str(""));

cdb! {
    /// Obsolete; foreign burners still send it, drives answer 5/20/00.
    0x01, 6, "REZERO UNIT", RezeroUnit, RezeroUnitView {}
}
show!(RezeroUnit, |_c, f| f.write_str(""));

cdb! {
    /// Fetches sense data; also the progress of a long operation.
    0x03, 6, "REQUEST SENSE", RequestSense, RequestSenseView {
        /// DESC: descriptor format is wanted instead of fixed.
        descriptor: bool = Field::bit(1, 0),
        /// Bytes the host has room for.
        allocation_length: u8 = Field::be(4, 1),
    }
}
show!(RequestSense, |c, f| write!(
    f,
    "{}, {} bytes",
    Flag("descriptor format", c.descriptor),
    c.allocation_length
));

cdb! {
    /// Asks who the device is.
    0x12, 6, "INQUIRY", Inquiry, InquiryView {
        /// EVPD: a vital product data page is wanted.
        vital_product_data: bool = Field::bit(1, 0),
        /// Page, with `vital_product_data`; else 0.
        page_code: u8 = Field::be(2, 1),
        /// Bytes the host has room for; 36 is the usual length.
        allocation_length: u16 = Field::be(3, 2),
    }
}
show!(Inquiry, |c, f| {
    if c.vital_product_data {
        write!(f, " page {:02X}h", c.page_code)?;
    }
    write!(f, ", {} bytes", c.allocation_length)
});

coded! {
    /// Which values of a mode page are asked for.
    PageControl: u8 {
        /// As they are now.
        Current = 0 => "current",
        /// A mask of what may be changed.
        Changeable = 1 => "changeable",
        /// As they are after power-on.
        Default = 2 => "default",
        /// As they were saved.
        Saved = 3 => "saved",
    }
}

cdb! {
    /// Reads mode pages in the short form.
    0x1A, 6, "MODE SENSE (6)", ModeSense6, ModeSense6View {
        /// DBD: no block descriptors, please.
        disable_block_descriptors: bool = Field::bit(1, 3),
        /// Which values.
        page_control: PageControl = Field::bits(2, 7, 6),
        /// Page; 3Fh for all.
        page_code: u8 = Field::bits(2, 5, 0),
        /// Subpage, 0 for none.
        subpage_code: u8 = Field::be(3, 1),
        /// Bytes the host has room for.
        allocation_length: u8 = Field::be(4, 1),
    }
}
show!(ModeSense6, |c, f| write!(
    f,
    " page {:02X}h {}, {} bytes",
    c.page_code, c.page_control, c.allocation_length
));

cdb! {
    /// Reads mode pages.
    0x5A, 10, "MODE SENSE (10)", ModeSense10, ModeSense10View {
        /// DBD: no block descriptors, please.
        disable_block_descriptors: bool = Field::bit(1, 3),
        /// Which values.
        page_control: PageControl = Field::bits(2, 7, 6),
        /// Page; 3Fh for all.
        page_code: u8 = Field::bits(2, 5, 0),
        /// Subpage, 0 for none.
        subpage_code: u8 = Field::be(3, 1),
        /// Bytes the host has room for.
        allocation_length: u16 = Field::be(7, 2),
    }
}
show!(ModeSense10, |c, f| write!(
    f,
    " page {:02X}h {}, {} bytes",
    c.page_code, c.page_control, c.allocation_length
));

cdb! {
    /// Sends mode pages.
    0x55, 10, "MODE SELECT (10)", ModeSelect10, ModeSelect10View {
        /// PF: the list is in page format; must be 1 for MMC drives.
        page_format: bool = Field::bit(1, 4),
        /// SP: save the pages across power-off.
        save_pages: bool = Field::bit(1, 0),
        /// Bytes of the list: the 8-byte header, 2, and the page.
        parameter_list_length: u16 = Field::be(7, 2),
    }
}
show!(ModeSelect10, |c, f| write!(
    f,
    " {} bytes{}{}",
    c.parameter_list_length,
    Flag("no page format", !c.page_format),
    Flag("saved", c.save_pages)
));

cdb! {
    /// Reads the drive's buffer; programs use it to measure the bus.
    0x3C, 10, "READ BUFFER", ReadBuffer, ReadBufferView {
        /// Mode; 0 header and data, 2 data, 3 descriptor.
        mode: u8 = Field::bits(1, 4, 0),
        /// Which buffer.
        buffer_id: u8 = Field::be(2, 1),
        /// Offset in bytes, 24 bits.
        offset: u32 = Field::be(3, 3),
        /// Bytes the host has room for, 24 bits.
        allocation_length: u32 = Field::be(6, 3),
    }
}
show!(ReadBuffer, |c, f| write!(
    f,
    " mode {}, buffer {}, offset {}, {} bytes",
    c.mode, c.buffer_id, c.offset, c.allocation_length
));
