//! Features: what a drive can do, and can do now with this medium.
//!
//! Owns descriptors, codes and payloads (recipes 2.4 and 13.1). Must not know
//! which writer needs which feature.

mod payload;

pub use payload::*;

use core::fmt;

use crate::profile::Profile;
use crate::reply::{ReplyError, need};

coded! {
    /// Code of a feature.
    FeatureCode: u16 {
        /// Profiles that the drive has.
        ProfileList = 0x0000 => "profile list",
        /// What every drive has.
        Core = 0x0001 => "core",
        /// Asynchronous morphing: events about changed features.
        Morphing = 0x0002 => "morphing",
        /// The medium can be taken out.
        RemovableMedium = 0x0003 => "removable medium",
        /// Write protection.
        WriteProtect = 0x0004 => "write protect",
        /// Reads any block.
        RandomReadable = 0x0010 => "random readable",
        /// Reads CDs.
        CdRead = 0x001E => "CD read",
        /// Reads both kinds of CD sectors.
        MultiRead = 0x001D => "multi-read",
        /// Reads DVDs.
        DvdRead = 0x001F => "DVD read",
        /// Writes any block.
        RandomWritable = 0x0020 => "random writable",
        /// Writes incrementally.
        IncrementalStreamingWritable = 0x0021 => "incremental streaming writable",
        /// Formats.
        Formattable = 0x0023 => "formattable",
        /// Replaces defects.
        DefectManagement = 0x0024 => "defect management",
        /// Writes each block once.
        WriteOnce = 0x0025 => "write once",
        /// Restricted overwrite.
        RestrictedOverwrite = 0x0026 => "restricted overwrite",
        /// CAV writing of CD-RW.
        CdRwCavWrite = 0x0027 => "CD-RW CAV write",
        /// Mount Rainier.
        Mrw = 0x0028 => "MRW",
        /// Reports recovered errors.
        EnhancedDefectReporting = 0x0029 => "enhanced defect reporting",
        /// DVD+RW.
        DvdPlusRw = 0x002A => "DVD+RW",
        /// DVD+R.
        DvdPlusR = 0x002B => "DVD+R",
        /// DVD-RW restricted overwrite.
        RigidRestrictedOverwrite = 0x002C => "rigid restricted overwrite",
        /// CD track at once.
        CdTrackAtOnce = 0x002D => "CD track at once",
        /// CD session at once and raw.
        CdMastering = 0x002E => "CD mastering",
        /// DVD-R and DVD-RW writing.
        DvdMinusWrite = 0x002F => "DVD-R/-RW write",
        /// Layer jump recording.
        LayerJumpRecording = 0x0033 => "layer jump recording",
        /// Sub-types of CD-RW that can be written.
        CdRwMediaWrite = 0x0037 => "CD-RW media write support",
        /// Pseudo-overwrite of BD-R.
        BdRPow = 0x0038 => "BD-R pseudo-overwrite",
        /// DVD+RW DL.
        DvdPlusRwDl = 0x003A => "DVD+RW DL",
        /// DVD+R DL.
        DvdPlusRDl = 0x003B => "DVD+R DL",
        /// Reads BDs.
        BdRead = 0x0040 => "BD read",
        /// Writes BDs.
        BdWrite = 0x0041 => "BD write",
        /// Power states.
        PowerManagement = 0x0100 => "power management",
        /// SMART.
        Smart = 0x0101 => "SMART",
        /// Changer.
        EmbeddedChanger = 0x0102 => "embedded changer",
        /// Analog audio.
        CdAudioExternalPlay = 0x0103 => "CD audio external play",
        /// Firmware upgrade.
        MicrocodeUpgrade = 0x0104 => "microcode upgrade",
        /// Timeouts.
        Timeout = 0x0105 => "timeout",
        /// CSS.
        DvdCss = 0x0106 => "DVD CSS",
        /// Speeds, streaming and buffer capacity.
        RealTimeStreaming = 0x0107 => "real-time streaming",
        /// Serial number.
        SerialNumber = 0x0108 => "serial number",
        /// Media serial number.
        MediaSerialNumber = 0x0109 => "media serial number",
        /// Disc control blocks.
        DiscControlBlocks = 0x010A => "disc control blocks",
        /// CPRM.
        DvdCprm = 0x010B => "DVD CPRM",
        /// Date of the firmware.
        FirmwareDate = 0x010C => "firmware date",
        /// AACS.
        Aacs = 0x010D => "AACS",
    }
}

/// One feature as it came, payload and all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FeatureDescriptor {
    /// Code; see [`FeatureCode`].
    pub code: u16,
    /// Version, 4 bits.
    pub version: u8,
    /// Always current.
    pub persistent: bool,
    /// Current with the medium in its present state.
    pub current: bool,
    /// What follows the 4-byte head; at most 255 bytes.
    pub data: Vec<u8>,
}

impl FeatureDescriptor {
    /// Length of the head.
    pub const HEAD_LEN: usize = 4;

    /// A descriptor of a feature that is understood here, version 0, not
    /// persistent.
    pub fn new(feature: &Feature, current: bool) -> Self {
        Self {
            code: feature.code(),
            current,
            data: feature.emit(),
            ..Self::default()
        }
    }

    /// Reads one descriptor; bytes after it are ignored.
    ///
    /// # Errors
    /// The head or the payload it announces is cut off.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "feature descriptor";
        need(NAME, bytes, Self::HEAD_LEN)?;
        let end = Self::HEAD_LEN + usize::from(bytes[3]);
        need(NAME, bytes, end)?;
        Ok(Self {
            code: u16::from_be_bytes([bytes[0], bytes[1]]),
            version: bytes[2] >> 2 & 0x0F,
            persistent: bytes[2] & 2 != 0,
            current: bytes[2] & 1 != 0,
            data: bytes[Self::HEAD_LEN..end].to_vec(),
        })
    }

    /// The first descriptor of `bytes` and its length.
    pub(crate) fn split(bytes: &[u8]) -> Option<(Self, usize)> {
        let feature = Self::parse(bytes).ok()?;
        let used = Self::HEAD_LEN + feature.data.len();
        Some((feature, used))
    }

    /// The bytes; a payload beyond 255 bytes is cut.
    pub fn emit(&self) -> Vec<u8> {
        let data = &self.data[..self.data.len().min(255)];
        let mut bytes = Vec::with_capacity(Self::HEAD_LEN + data.len());
        bytes.extend(self.code.to_be_bytes());
        bytes.push(
            (self.version & 0x0F) << 2 | u8::from(self.persistent) << 1 | u8::from(self.current),
        );
        bytes.push(data.len() as u8);
        bytes.extend(data);
        bytes
    }

    /// The payload, understood; [`Feature::Other`] where there is no type for
    /// it here.
    ///
    /// # Errors
    /// The payload is shorter than the feature needs.
    pub fn feature(&self) -> Result<Feature, ReplyError> {
        Feature::parse(self.code, &self.data)
    }
}

impl fmt::Display for FeatureDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FeatureCode::from_code(self.code);
        write!(f, "{:04X}h {name}", self.code)?;
        if self.current {
            f.write_str(", current")?;
        }
        Ok(())
    }
}

/// One profile of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListedProfile {
    /// Which.
    pub profile: Profile,
    /// It is one of those that hold now.
    pub current: bool,
}

/// Payload of a feature, where a writer has a use for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// 0000h: profiles, the preferred first.
    ProfileList(Vec<ListedProfile>),
    /// 0001h: the bus.
    Core(Core),
    /// 0003h.
    RemovableMedium(RemovableMedium),
    /// 0020h.
    RandomWritable(RandomWritable),
    /// 0021h.
    IncrementalStreamingWritable(IncrementalStreamingWritable),
    /// 0023h.
    Formattable(Formattable),
    /// 0024h.
    DefectManagement(DefectManagement),
    /// 002Ah.
    DvdPlusRw(DvdPlusRw),
    /// 002Bh.
    DvdPlusR(DvdPlusR),
    /// 002Ch.
    RigidRestrictedOverwrite(RigidRestrictedOverwrite),
    /// 002Dh.
    CdTrackAtOnce(CdTrackAtOnce),
    /// 002Eh.
    CdMastering(CdMastering),
    /// 002Fh.
    DvdMinusWrite(DvdMinusWrite),
    /// 0033h: link sizes.
    LayerJumpRecording(Vec<u8>),
    /// 0037h.
    CdRwMediaWrite(CdRwMediaWrite),
    /// 003Ah; as 002Ah.
    DvdPlusRwDl(DvdPlusRwDl),
    /// 003Bh; as 002Bh.
    DvdPlusRDl(DvdPlusRDl),
    /// 0041h.
    BdWrite(BdWrite),
    /// 0107h.
    RealTimeStreaming(RealTimeStreaming),
    /// 0108h: characters.
    SerialNumber(Vec<u8>),
    /// 010Ch: CCYYMMDDhhmmss and two zeros, in characters.
    FirmwareDate(Vec<u8>),
    /// Any other, as it came.
    Other {
        /// Code.
        code: u16,
        /// Payload.
        data: Vec<u8>,
    },
}

macro_rules! plain_payloads {
    ($($name:ident,)+) => {
        impl Feature {
            /// Code of the feature.
            pub fn code(&self) -> u16 {
                match self {
                    $(Self::$name(_) => FeatureCode::$name.code(),)+
                    Self::ProfileList(_) => FeatureCode::ProfileList.code(),
                    Self::LayerJumpRecording(_) => FeatureCode::LayerJumpRecording.code(),
                    Self::SerialNumber(_) => FeatureCode::SerialNumber.code(),
                    Self::FirmwareDate(_) => FeatureCode::FirmwareDate.code(),
                    Self::Other { code, .. } => *code,
                }
            }

            /// Reads the payload of a code.
            ///
            /// # Errors
            /// The payload is shorter than the feature needs.
            pub fn parse(code: u16, data: &[u8]) -> Result<Self, ReplyError> {
                Ok(match FeatureCode::from_code(code) {
                    $(FeatureCode::$name => Self::$name($name::parse(data)?),)+
                    FeatureCode::ProfileList => Self::ProfileList(
                        data.as_chunks::<4>()
                            .0
                            .iter()
                            .map(|entry| ListedProfile {
                                profile: Profile::from_code(u16::from_be_bytes([
                                    entry[0], entry[1],
                                ])),
                                current: entry[2] & 1 != 0,
                            })
                            .collect(),
                    ),
                    FeatureCode::LayerJumpRecording => {
                        Self::LayerJumpRecording(link_sizes("layer jump recording", data, 3)?)
                    }
                    FeatureCode::SerialNumber => Self::SerialNumber(data.to_vec()),
                    FeatureCode::FirmwareDate => Self::FirmwareDate(data.to_vec()),
                    _ => Self::Other {
                        code,
                        data: data.to_vec(),
                    },
                })
            }

            /// The bytes of the payload.
            pub fn emit(&self) -> Vec<u8> {
                match self {
                    $(Self::$name(payload) => payload.emit(),)+
                    Self::ProfileList(profiles) => profiles
                        .iter()
                        .flat_map(|entry| {
                            let [msb, lsb] = entry.profile.code().to_be_bytes();
                            [msb, lsb, entry.current.into(), 0]
                        })
                        .collect(),
                    Self::LayerJumpRecording(sizes) => with_link_sizes(vec![0; 3], sizes),
                    Self::SerialNumber(text) | Self::FirmwareDate(text) => text.clone(),
                    Self::Other { data, .. } => data.clone(),
                }
            }
        }
    };
}

plain_payloads! {
    Core,
    RemovableMedium,
    RandomWritable,
    IncrementalStreamingWritable,
    Formattable,
    DefectManagement,
    DvdPlusRw,
    DvdPlusR,
    RigidRestrictedOverwrite,
    CdTrackAtOnce,
    CdMastering,
    DvdMinusWrite,
    CdRwMediaWrite,
    DvdPlusRwDl,
    DvdPlusRDl,
    BdWrite,
    RealTimeStreaming,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_descriptor_has_code_flags_and_payload() {
        let bytes = [0x00, 0x03, 0b0000_1011, 4, 0x29, 0, 0, 0];
        let descriptor = FeatureDescriptor::parse(&bytes).unwrap();
        assert_eq!((descriptor.code, descriptor.version), (3, 2));
        assert!(descriptor.persistent && descriptor.current);
        assert_eq!(descriptor.emit(), bytes);
        assert_eq!(descriptor.to_string(), "0003h removable medium, current");
        assert!(FeatureDescriptor::parse(&bytes[..7]).is_err());
        assert!(FeatureDescriptor::parse(&bytes[..3]).is_err());
    }

    #[test]
    fn the_list_of_profiles_marks_the_current_one() {
        let data = [0x00, 0x41, 1, 0, 0x00, 0x2B, 0, 0];
        let feature = Feature::parse(0, &data).unwrap();
        assert_eq!(
            feature,
            Feature::ProfileList(vec![
                ListedProfile {
                    profile: Profile::BdRSrm,
                    current: true
                },
                ListedProfile {
                    profile: Profile::DvdPlusRDl,
                    current: false
                },
            ])
        );
        assert_eq!(feature.emit(), data);
    }

    #[test]
    fn an_unknown_feature_is_kept() {
        let descriptor = FeatureDescriptor {
            code: 0xFF00,
            data: vec![1, 2, 3],
            ..Default::default()
        };
        let feature = descriptor.feature().unwrap();
        assert_eq!(FeatureDescriptor::new(&feature, false), descriptor);
    }

    proptest! {
        #[test]
        fn any_descriptor_returns(
            code: u16, version in 0u8..16, persistent: bool, current: bool,
            data in prop::collection::vec(any::<u8>(), 0..256),
        ) {
            let descriptor = FeatureDescriptor { code, version, persistent, current, data };
            prop_assert_eq!(FeatureDescriptor::parse(&descriptor.emit()), Ok(descriptor));
        }

        #[test]
        fn what_is_read_of_a_payload_is_read_again(
            code in prop_oneof![0u16..0x42, 0x100u16..0x110],
            data in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Ok(feature) = Feature::parse(code, &data) {
                prop_assert_eq!(feature.code(), code);
                prop_assert_eq!(Feature::parse(code, &feature.emit()), Ok(feature));
            }
        }
    }
}
