//! What a volume says of itself, beside its name. Owns which texts there are; each file system records them in its own way.

/// Who made a volume, and what of, as its descriptors say it. A text that is too long refuses the plan; characters that
/// ISO 9660 does not have become `_` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeTexts {
    /// The system that may use the first 16 blocks, at most 32 characters.
    pub system_id: String,
    /// The set of volumes, at most 128 characters, as are the next three.
    pub volume_set_id: String,
    /// Who publishes it.
    pub publisher: String,
    /// Who prepared the data.
    pub preparer: String,
    /// By what it was made.
    pub application: String,
    /// A file in the root that holds the copyright: its name in the tree; empty for none. Recorded in each hierarchy by
    /// the file's name there, and left out of one whose name for it is longer than the field. So are the next two.
    pub copyright_file: String,
    /// A file in the root that says what is in the volume.
    pub abstract_file: String,
    /// A file in the root with bibliographic records.
    pub bibliographic_file: String,
}

impl Default for VolumeTexts {
    /// None but the application, which is PITLAND.
    fn default() -> Self {
        Self {
            application: "PITLAND".into(),
            ..Self::none()
        }
    }
}

impl VolumeTexts {
    /// No text at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            system_id: String::new(),
            volume_set_id: String::new(),
            publisher: String::new(),
            preparer: String::new(),
            application: String::new(),
            copyright_file: String::new(),
            abstract_file: String::new(),
            bibliographic_file: String::new(),
        }
    }
}
