//! The frame of MODE SENSE (10) and MODE SELECT (10): header, block
//! descriptors, pages.
//!
//! Owns the 8-byte header. Must not know the pages.

use super::{ModePage, RawPage, page_len};
use crate::reply::{ReplyError, need};
use crate::wire::Field;

layout! {
    /// Fields of the 8-byte header, unjudged.
    ModeHeaderView, HeaderPut {
        /// Bytes after byte 1; 0 in MODE SELECT.
        length: u16 = Field::be(0, 2),
        /// Medium type, of old drives.
        medium_type: u8 = Field::be(2, 1),
        /// Device specific.
        device_specific: u8 = Field::be(3, 1),
        /// Bytes of block descriptors.
        block_descriptor_length: u16 = Field::be(6, 2),
    }
}

/// What MODE SENSE answers and MODE SELECT sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModeParameterList {
    /// Medium type, of old drives.
    pub medium_type: u8,
    /// Device specific.
    pub device_specific: u8,
    /// Block descriptors, as they came; wodim sends one of 8 bytes.
    pub block_descriptors: Vec<u8>,
    /// Pages.
    pub pages: Vec<ModePage>,
}

impl ModeParameterList {
    /// Length of the header.
    pub const HEADER_LEN: usize = 8;

    const NAME: &'static str = "mode parameter list";

    /// Reads a list.
    ///
    /// The length field is not trusted: some drives understate it (recipe 2),
    /// and in MODE SELECT it is 0. The block descriptor length is honoured
    /// even though none were asked for. A page that is cut off at the end is
    /// left out.
    ///
    /// # Errors
    /// No complete header, or block descriptors beyond the bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        let (block_descriptors, pages) = Self::split(data)?;
        let view = ModeHeaderView::new(data);
        let pages = pages.into_iter().map(ModePage::parse);
        Ok(Self {
            medium_type: view.medium_type().unwrap_or_default(),
            device_specific: view.device_specific().unwrap_or_default(),
            block_descriptors: block_descriptors.to_vec(),
            pages: pages.collect::<Result<_, _>>()?,
        })
    }

    /// The pages of a list as they came, byte for byte.
    ///
    /// # Errors
    /// As [`ModeParameterList::parse`].
    pub fn raw_pages(data: &[u8]) -> Result<Vec<RawPage>, ReplyError> {
        let (_, pages) = Self::split(data)?;
        let raw = |page: &[u8]| RawPage {
            bytes: page.to_vec(),
        };
        Ok(pages.into_iter().map(raw).collect())
    }

    /// The block descriptors, and each page.
    fn split(data: &[u8]) -> Result<(&[u8], Vec<&[u8]>), ReplyError> {
        need(Self::NAME, data, Self::HEADER_LEN)?;
        let view = ModeHeaderView::new(data);
        let length = view.block_descriptor_length().unwrap_or_default();
        let start = Self::HEADER_LEN + usize::from(length);
        let Some(block_descriptors) = data.get(Self::HEADER_LEN..start) else {
            return Err(ReplyError::invalid(
                Self::NAME,
                "block descriptor length",
                length,
            ));
        };
        let mut rest = data.get(start..).unwrap_or_default();
        let mut pages = Vec::new();
        while let Ok(len) = page_len(rest) {
            let (page, behind) = rest.split_at(len);
            pages.push(page);
            rest = behind;
        }
        Ok((block_descriptors, pages))
    }

    /// Length that MODE SENSE announces for its whole answer; `None` without
    /// the first two bytes.
    pub fn announced_len(data: &[u8]) -> Option<usize> {
        Some(2 + usize::from(ModeHeaderView::new(data).length()?))
    }

    /// The bytes as MODE SENSE answers them.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::HEADER_LEN];
        data.extend(&self.block_descriptors);
        for page in &self.pages {
            data.extend(page.emit());
        }
        let length = u16::try_from(data.len() - 2).unwrap_or(u16::MAX);
        let descriptors = u16::try_from(self.block_descriptors.len()).unwrap_or(u16::MAX);
        HeaderPut(&mut data)
            .length(length)
            .medium_type(self.medium_type)
            .device_specific(self.device_specific)
            .block_descriptor_length(descriptors);
        data
    }

    /// The bytes as MODE SELECT sends one page: a header of zeros, no block
    /// descriptors, PS cleared.
    pub fn select(page: &ModePage) -> Vec<u8> {
        let mut data = vec![0; Self::HEADER_LEN];
        data.extend(page.emit());
        if let Some(head) = data.get_mut(Self::HEADER_LEN) {
            *head &= 0x7F;
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_descriptors_are_honoured() {
        // wodim sets a block length of 2048 this way.
        let data = [0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 8, 0];
        let list = ModeParameterList::parse(&data).unwrap();
        assert_eq!(list.block_descriptors, data[8..]);
        assert!(list.pages.is_empty());
        let mut emitted = data;
        emitted[1] = 14;
        assert_eq!(list.emit(), emitted);
    }

    #[test]
    fn each_malformed_header_is_named() {
        assert!(ModeParameterList::parse(&[0; 7]).is_err());
        let error = ModeParameterList::parse(&[0, 0, 0, 0, 0, 0, 0, 8]).unwrap_err();
        assert!(error.to_string().contains("block descriptor length is 8"));
    }

    #[test]
    fn an_unknown_page_and_a_cut_one() {
        let data = [0, 20, 0, 0, 0, 0, 0, 0, 0x30, 2, 7, 8, 0x2A, 60, 0];
        let list = ModeParameterList::parse(&data).unwrap();
        assert_eq!(list.pages.len(), 1);
        assert_eq!(list.pages[0].code(), 0x30);
        assert_eq!(list.pages[0].emit(), [0x30, 2, 7, 8]);
        assert_eq!(ModeParameterList::announced_len(&data), Some(22));
    }
}
