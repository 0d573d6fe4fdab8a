//! GET CONFIGURATION: the header and the features after it.
//!
//! Owns the frame. What a feature says is [`crate::feature`]'s.

use super::{ReplyError, need};
use crate::feature::FeatureDescriptor;
use crate::profile::Profile;
use crate::wire::Field;

layout! {
    /// Fields of the 8-byte header, unjudged.
    ConfigurationView, ConfigurationPut {
        /// Bytes after byte 3.
        length: u32 = Field::be(0, 4),
        /// Current profile.
        profile: Profile = Field::be(6, 2),
    }
}

/// Profile and features.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Configuration {
    /// Current profile.
    pub profile: Profile,
    /// Features, in the drive's order; unknown ones too.
    pub features: Vec<FeatureDescriptor>,
}

impl Configuration {
    /// Length of the header.
    pub const HEADER_LEN: usize = 8;

    /// Reads a reply.
    ///
    /// # Errors
    /// No complete header. A feature that is cut off at the end is left out:
    /// that is how a host learns the length it should ask for.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("configuration", data, Self::HEADER_LEN)?;
        let view = ConfigurationView::new(data);
        let end = data
            .len()
            .min(Self::announced_len(data).unwrap_or_default());
        let rest = data.get(Self::HEADER_LEN..end).unwrap_or_default();
        Ok(Self {
            profile: view.profile().unwrap_or_default(),
            features: FeatureDescriptors::new(rest).collect(),
        })
    }

    /// Length of the whole reply as its first four bytes announce it, whether
    /// it came or not; `None` without those bytes.
    pub fn announced_len(data: &[u8]) -> Option<usize> {
        let length = ConfigurationView::new(data).length()?;
        Some(usize::try_from(length).ok()?.saturating_add(4))
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::HEADER_LEN];
        for feature in &self.features {
            data.extend(feature.emit());
        }
        let length = (data.len() - 4) as u32;
        ConfigurationPut(&mut data)
            .length(length)
            .profile(self.profile);
        data
    }

    /// The feature of a code, if the drive told of it, current or not.
    pub fn feature(&self, code: u16) -> Option<&FeatureDescriptor> {
        self.features.iter().find(|f| f.code == code)
    }

    /// The feature of a code, if it is current for the medium in its present
    /// state.
    pub fn current(&self, code: u16) -> Option<&FeatureDescriptor> {
        self.feature(code).filter(|f| f.current)
    }
}

/// Feature descriptors one after another; ends at the first that is cut off.
#[derive(Debug, Clone)]
pub struct FeatureDescriptors<'a> {
    rest: &'a [u8],
}

impl<'a> FeatureDescriptors<'a> {
    /// Walks over bytes that follow the header.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl Iterator for FeatureDescriptors<'_> {
    type Item = FeatureDescriptor;

    fn next(&mut self) -> Option<FeatureDescriptor> {
        let (feature, used) = FeatureDescriptor::split(self.rest)?;
        self.rest = self.rest.get(used..).unwrap_or_default();
        Some(feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A BD-R is in; profile list, core, incremental writing.
    #[rustfmt::skip]
    const BD_R: [u8; 40] = [
        0, 0, 0, 36, 0, 0, 0x00, 0x41,
        0x00, 0x00, 0b11, 8, 0x00, 0x41, 1, 0, 0x00, 0x2B, 0, 0,
        0x00, 0x21, 0b101, 8, 0xFF, 0xFF, 1, 1, 16, 0, 0, 0,
        0xFF, 0x77, 0, 4, 1, 2, 3, 4,
    ];

    #[test]
    fn profile_and_features_are_read_and_written() {
        let read = Configuration::parse(&BD_R).unwrap();
        assert_eq!(read.profile, Profile::BdRSrm);
        assert_eq!(read.features.len(), 3);
        assert!(read.current(0x0021).is_some());
        assert!(read.feature(0xFF77).is_some_and(|f| f.data == [1, 2, 3, 4]));
        assert_eq!(read.current(0xFF77), None);
        assert_eq!(read.emit(), BD_R);
    }

    #[test]
    fn the_header_alone_tells_the_length_to_ask_for() {
        let read = Configuration::parse(&BD_R[..8]).unwrap();
        assert!(read.features.is_empty());
        assert_eq!(Configuration::announced_len(&BD_R[..8]), Some(40));
        assert_eq!(Configuration::announced_len(&BD_R[..3]), None);
        assert!(Configuration::parse(&BD_R[..7]).is_err());
    }

    #[test]
    fn a_feature_that_is_cut_off_ends_the_list() {
        let read = Configuration::parse(&BD_R[..30]).unwrap();
        assert_eq!(read.features.len(), 1);
    }

    #[test]
    fn bytes_beyond_the_announced_length_are_no_features() {
        let mut data = BD_R;
        data[3] = 16;
        assert_eq!(Configuration::parse(&data).unwrap().features.len(), 1);
        data[..4].copy_from_slice(&[0; 4]);
        assert!(Configuration::parse(&data).unwrap().features.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut data in prop::collection::vec(any::<u8>(), 8..200)) {
            data[..3].fill(0);
            let read = Configuration::parse(&data).unwrap();
            prop_assert_eq!(Configuration::parse(&read.emit()), Ok(read));
        }
    }
}
