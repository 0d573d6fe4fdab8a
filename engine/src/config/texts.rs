//! What a volume says of itself. Owns which texts there are; how each file system records them is mastering's.

use pitland_mastering::import::VolumeFacts;
use pitland_mastering::{NodeKind, Tree, VolumeOptions};
use std::path::Path;

/// What the descriptors of ISO 9660 and Joliet say of a volume, beside its name. A text that is too long refuses the plan;
/// characters that ISO 9660 does not have become `_` in it. A text that is empty is that of the session that is gone on with,
/// else none; one of spaces alone is none in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// A file in the root that holds the copyright; empty for none, as the next two.
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
            system_id: String::new(),
            volume_set_id: String::new(),
            publisher: String::new(),
            preparer: String::new(),
            application: "PITLAND".into(),
            copyright_file: String::new(),
            abstract_file: String::new(),
            bibliographic_file: String::new(),
        }
    }
}

impl VolumeTexts {
    /// Each with a name by which a journal keeps it.
    pub(super) fn fields(&mut self) -> [(&'static str, &mut String); 8] {
        [
            ("system-id", &mut self.system_id),
            ("volume-set", &mut self.volume_set_id),
            ("publisher", &mut self.publisher),
            ("preparer", &mut self.preparer),
            ("application", &mut self.application),
            ("copyright", &mut self.copyright_file),
            ("abstract", &mut self.abstract_file),
            ("biblio", &mut self.bibliographic_file),
        ]
    }

    /// Takes what is empty from an earlier session. A file that is named must be in the tree still.
    pub(super) fn go_on(&mut self, earlier: &VolumeFacts, tree: &Tree) {
        let file = |name: &String| {
            let found = tree.find(&Path::new("/").join(name));
            match found.is_some_and(|id| tree.kind(id) == NodeKind::File) {
                true => name.clone(),
                false => String::new(),
            }
        };
        for (text, before) in [
            (&mut self.system_id, earlier.system_id.clone()),
            (&mut self.volume_set_id, earlier.volume_set_id.clone()),
            (&mut self.publisher, earlier.publisher.clone()),
            (&mut self.preparer, earlier.preparer.clone()),
            (&mut self.application, earlier.application.clone()),
            (&mut self.copyright_file, file(&earlier.copyright_file)),
            (&mut self.abstract_file, file(&earlier.abstract_file)),
            (
                &mut self.bibliographic_file,
                file(&earlier.bibliographic_file),
            ),
        ] {
            if text.is_empty() {
                *text = before;
            }
        }
    }

    pub(super) fn state_in(&self, options: &mut VolumeOptions) {
        let mut stated = self.clone();
        for (_, text) in stated.fields() {
            if text.trim().is_empty() {
                text.clear();
            }
        }
        let Self {
            system_id,
            volume_set_id,
            publisher,
            preparer,
            application,
            copyright_file,
            abstract_file,
            bibliographic_file,
        } = stated;
        options.system_id = system_id;
        options.volume_set_id = volume_set_id;
        options.publisher = publisher;
        options.preparer = preparer;
        options.application = application;
        options.copyright_file = copyright_file;
        options.abstract_file = abstract_file;
        options.bibliographic_file = bibliographic_file;
    }
}
