//! Mode pages 01h and 08h: retries and the write cache.
//!
//! Owns their layouts. Must not know when to change them.

use core::fmt;

use super::check_page;
use crate::reply::ReplyError;
use crate::wire::Field;

layout! {
    /// Fields of page 01h, unjudged.
    ErrorRecoveryView, RecoveryPut {
        /// PS: the page can be saved.
        savable: bool = Field::bit(0, 7),
        /// Page code.
        code: u8 = Field::bits(0, 5, 0),
        /// Bytes after byte 1.
        length: u8 = Field::be(1, 1),
        /// AWRE: reassign on write.
        reassign_on_write: bool = Field::bit(2, 7),
        /// ARRE: reassign on read.
        reassign_on_read: bool = Field::bit(2, 6),
        /// TB: transfer bad blocks.
        transfer_block: bool = Field::bit(2, 5),
        /// RC: read continuously, without retries.
        read_continuous: bool = Field::bit(2, 4),
        /// PER: report recovered errors.
        report_recovered: bool = Field::bit(2, 2),
        /// DTE: stop at the first recovered error.
        disable_transfer: bool = Field::bit(2, 1),
        /// DCR: no error correction beyond the layers.
        disable_correction: bool = Field::bit(2, 0),
        /// Read retries.
        read_retries: u8 = Field::be(3, 1),
        /// EMCDR: how media certification reports.
        certification_reporting: u8 = Field::bits(7, 1, 0),
        /// Write retries.
        write_retries: u8 = Field::be(8, 1),
        /// Error reporting window in blocks.
        reporting_window: u32 = Field::be(9, 3),
    }
}

/// Page 01h, error recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ErrorRecovery {
    /// PS, only in answers.
    pub savable: bool,
    /// AWRE: reassign on write.
    pub reassign_on_write: bool,
    /// ARRE: reassign on read.
    pub reassign_on_read: bool,
    /// TB: transfer bad blocks.
    pub transfer_block: bool,
    /// RC: read continuously, without retries.
    pub read_continuous: bool,
    /// PER: report recovered errors.
    pub report_recovered: bool,
    /// DTE: stop at the first recovered error.
    pub disable_transfer: bool,
    /// DCR: no error correction beyond the layers.
    pub disable_correction: bool,
    /// Read retries.
    pub read_retries: u8,
    /// EMCDR: how media certification reports.
    pub certification_reporting: u8,
    /// Write retries; `None` on the short page of read-only drives.
    pub write_retries: Option<u8>,
    /// Error reporting window in blocks, 24 bits; `None` on the short page.
    pub reporting_window: Option<u32>,
}

impl ErrorRecovery {
    /// Page code.
    pub const CODE: u8 = 0x01;
    /// Length of the whole page.
    pub const LEN: usize = 12;
    /// Length of the short page of old and read-only drives.
    pub const SHORT_LEN: usize = 8;

    /// Reads the page.
    ///
    /// # Errors
    /// Another page, or fewer than 8 bytes.
    pub fn parse(page: &[u8]) -> Result<Self, ReplyError> {
        check_page("error recovery page", Self::CODE, page, Self::SHORT_LEN)?;
        let end = page.len().min(2 + usize::from(page[1]));
        let view = ErrorRecoveryView::new(&page[..end]);
        Ok(Self {
            savable: view.savable().unwrap_or_default(),
            reassign_on_write: view.reassign_on_write().unwrap_or_default(),
            reassign_on_read: view.reassign_on_read().unwrap_or_default(),
            transfer_block: view.transfer_block().unwrap_or_default(),
            read_continuous: view.read_continuous().unwrap_or_default(),
            report_recovered: view.report_recovered().unwrap_or_default(),
            disable_transfer: view.disable_transfer().unwrap_or_default(),
            disable_correction: view.disable_correction().unwrap_or_default(),
            read_retries: view.read_retries().unwrap_or_default(),
            certification_reporting: view.certification_reporting().unwrap_or_default(),
            write_retries: view.write_retries(),
            reporting_window: view.reporting_window(),
        })
    }

    /// The bytes: 12, or 8 where the later fields are `None`.
    pub fn emit(&self) -> Vec<u8> {
        let short = self.write_retries.is_none() && self.reporting_window.is_none();
        let len = if short { Self::SHORT_LEN } else { Self::LEN };
        let mut page = vec![0; len];
        RecoveryPut(&mut page)
            .savable(self.savable)
            .code(Self::CODE)
            .length((len - 2) as u8)
            .reassign_on_write(self.reassign_on_write)
            .reassign_on_read(self.reassign_on_read)
            .transfer_block(self.transfer_block)
            .read_continuous(self.read_continuous)
            .report_recovered(self.report_recovered)
            .disable_transfer(self.disable_transfer)
            .disable_correction(self.disable_correction)
            .read_retries(self.read_retries)
            .certification_reporting(self.certification_reporting)
            .write_retries(self.write_retries.unwrap_or_default())
            .reporting_window(self.reporting_window.unwrap_or_default());
        page
    }
}

impl fmt::Display for ErrorRecovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error recovery: {} read retries", self.read_retries)?;
        if let Some(retries) = self.write_retries {
            write!(f, ", {retries} write retries")?;
        }
        for (set, word) in [
            (self.reassign_on_write, "AWRE"),
            (self.reassign_on_read, "ARRE"),
            (self.transfer_block, "TB"),
            (self.read_continuous, "RC"),
            (self.report_recovered, "PER"),
            (self.disable_transfer, "DTE"),
            (self.disable_correction, "DCR"),
        ] {
            if set {
                write!(f, ", {word}")?;
            }
        }
        Ok(())
    }
}

layout! {
    /// Fields of page 08h, unjudged.
    CachingView, CachingPut {
        /// PS: the page can be saved.
        savable: bool = Field::bit(0, 7),
        /// Page code.
        code: u8 = Field::bits(0, 5, 0),
        /// Bytes after byte 1.
        length: u8 = Field::be(1, 1),
        /// WCE: the write cache is on.
        write_cache: bool = Field::bit(2, 2),
        /// RCD: the read cache is off.
        read_cache_disabled: bool = Field::bit(2, 0),
    }
}

/// Page 08h, caching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Caching {
    /// PS, only in answers.
    pub savable: bool,
    /// WCE: the write cache is on.
    pub write_cache: bool,
    /// RCD: the read cache is off.
    pub read_cache_disabled: bool,
}

impl Caching {
    /// Page code.
    pub const CODE: u8 = 0x08;
    /// Length of the page.
    pub const LEN: usize = 12;

    /// Reads the page.
    ///
    /// # Errors
    /// Another page, or fewer than 3 bytes.
    pub fn parse(page: &[u8]) -> Result<Self, ReplyError> {
        check_page("caching page", Self::CODE, page, 3)?;
        let view = CachingView::new(page);
        Ok(Self {
            savable: view.savable().unwrap_or_default(),
            write_cache: view.write_cache().unwrap_or_default(),
            read_cache_disabled: view.read_cache_disabled().unwrap_or_default(),
        })
    }

    /// The 12 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut page = vec![0; Self::LEN];
        CachingPut(&mut page)
            .savable(self.savable)
            .code(Self::CODE)
            .length((Self::LEN - 2) as u8)
            .write_cache(self.write_cache)
            .read_cache_disabled(self.read_cache_disabled);
        page
    }
}

impl fmt::Display for Caching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |on: bool| if on { "on" } else { "off" };
        write!(
            f,
            "caching: write cache {}, read cache {}",
            state(self.write_cache),
            state(!self.read_cache_disabled)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_field_of_page_01_is_where_it_belongs() {
        let page = [0x81, 10, 0b1011_0111, 5, 0, 0, 0, 2, 7, 0x01, 0x02, 0x03];
        let read = ErrorRecovery::parse(&page).unwrap();
        assert!(read.savable && read.reassign_on_write && !read.reassign_on_read);
        assert!(read.transfer_block && read.read_continuous);
        assert!(read.report_recovered && read.disable_transfer && read.disable_correction);
        assert_eq!((read.read_retries, read.write_retries), (5, Some(7)));
        assert_eq!(read.certification_reporting, 2);
        assert_eq!(read.reporting_window, Some(0x01_0203));
        assert_eq!(read.emit(), page);
        assert!(read.to_string().contains("7 write retries, AWRE, TB"));
    }

    #[test]
    fn the_short_page_of_a_reader_has_no_write_retries() {
        let page = [0x01, 6, 0, 3, 0, 0, 0, 0];
        let read = ErrorRecovery::parse(&page).unwrap();
        assert_eq!(read.write_retries, None);
        assert_eq!(read.emit(), page);
        assert!(ErrorRecovery::parse(&page[..7]).is_err());
    }

    #[test]
    fn page_08_is_two_bits() {
        let page = [0x08, 10, 0b101, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let read = Caching::parse(&page).unwrap();
        assert!(read.write_cache && read.read_cache_disabled && !read.savable);
        assert_eq!(read.emit(), page);
        assert_eq!(read.to_string(), "caching: write cache on, read cache off");
        assert!(Caching::parse(&[0x01, 10, 0]).is_err());
    }

    proptest! {
        #[test]
        fn pages_are_read_and_written_the_same(mut page: [u8; 12]) {
            page[0] = 0x01;
            page[1] = 10;
            let read = ErrorRecovery::parse(&page).unwrap();
            prop_assert_eq!(ErrorRecovery::parse(&read.emit()), Ok(read));
        }
    }
}
