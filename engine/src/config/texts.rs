//! What a volume says of itself: what of it a journal keeps, and what goes on from an earlier session.

use pitland_mastering::import::VolumeFacts;
use pitland_mastering::{NodeKind, Tree, VolumeTexts};
use std::path::Path;

/// Each with a name by which a journal keeps it.
pub(super) fn fields(texts: &mut VolumeTexts) -> [(&'static str, &mut String); 8] {
    [
        ("system-id", &mut texts.system_id),
        ("volume-set", &mut texts.volume_set_id),
        ("publisher", &mut texts.publisher),
        ("preparer", &mut texts.preparer),
        ("application", &mut texts.application),
        ("copyright", &mut texts.copyright_file),
        ("abstract", &mut texts.abstract_file),
        ("biblio", &mut texts.bibliographic_file),
    ]
}

/// Takes what is empty from an earlier session. A file that is named must be in the tree still.
pub(super) fn go_on(texts: &mut VolumeTexts, earlier: &VolumeFacts, tree: &Tree) {
    let mut earlier = earlier.texts.clone();
    for file in [
        &mut earlier.copyright_file,
        &mut earlier.abstract_file,
        &mut earlier.bibliographic_file,
    ] {
        let found = tree.find(&Path::new("/").join(file.as_str()));
        if found.is_none_or(|id| tree.kind(id) != NodeKind::File) {
            file.clear();
        }
    }
    for ((_, text), (_, before)) in fields(texts).into_iter().zip(fields(&mut earlier)) {
        if text.is_empty() {
            text.clone_from(before);
        }
    }
}

/// The texts as they are recorded: one of spaces alone is none.
pub(super) fn stated(texts: &VolumeTexts) -> VolumeTexts {
    let mut stated = texts.clone();
    for (_, text) in fields(&mut stated) {
        if text.trim().is_empty() {
            text.clear();
        }
    }
    stated
}
