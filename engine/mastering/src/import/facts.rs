//! What the descriptors of an imported volume say, for those of the next session.
//!
//! Owns which of the descriptors is believed; must not know the tree but for where its files are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::block::BlockSource;
use crate::iso9660::descriptor::VolumeDescriptor;
use crate::joliet;
use crate::layout::VolumeTexts;
use crate::read::{Names, Volume, shown_name};
use crate::time::Timestamp;

/// What the descriptors of an imported volume say. Texts are without their padding: those of ISO 9660, with the characters
/// that Joliet or UDF have where it has none. Without ISO 9660 there are the volume's name and times alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeFacts {
    /// The volume's name.
    pub volume_id: String,
    /// What else it says of itself. Its files are named as in the imported tree; none where the volume names one that is not
    /// there.
    pub texts: VolumeTexts,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Blocks of the volume, from its session's first on.
    pub blocks: u32,
    /// The block of the boot catalogue.
    pub boot_catalogue: Option<u32>,
}

/// The facts of a volume. `files` are those of the imported tree, in the order of their first blocks.
pub(super) fn of<R: BlockSource>(volume: &mut Volume<R>, files: &[(u32, PathBuf)]) -> VolumeFacts {
    let mut facts = VolumeFacts {
        volume_id: volume.volume_id(),
        created: volume.created(),
        blocks: volume.blocks(),
        boot_catalogue: volume.boot_catalogue(),
        texts: VolumeTexts::none(),
    };
    let Some(plain) = volume.descriptor_of(Names::Plain).cloned() else {
        return facts;
    };
    let joliet = volume.descriptor_of(Names::Joliet).cloned();
    let text = |field: fn(&VolumeDescriptor) -> &[u8]| {
        let unicode = joliet.as_ref().map(|joliet| joliet::to_utf8(field(joliet)));
        fuller(field(&plain), unicode)
    };
    facts.texts.system_id = text(|descriptor| &descriptor.system);
    facts.texts.volume_set_id = text(|descriptor| &descriptor.volume_set);
    facts.texts.publisher = text(|descriptor| &descriptor.publisher);
    facts.texts.preparer = text(|descriptor| &descriptor.preparer);
    facts.texts.application = text(|descriptor| &descriptor.application);
    let udf = volume.udf().map(|udf| udf.volume_id.clone());
    let unicode = joliet
        .as_ref()
        .map(|joliet| joliet::to_utf8(&joliet.volume));
    let mut fuller_names = udf.into_iter().chain(unicode);
    if let Some(name) = fuller_names.find(|name| is_plain_of(&plain.volume, name)) {
        facts.volume_id = name;
    } else if is_cut(&facts.volume_id, &plain.volume) {
        facts.volume_id = shown(&plain.volume);
    }
    let mut named = |identifier: &[u8]| file_of_root(volume, identifier, files);
    facts.texts.copyright_file = named(&plain.copyright_file);
    facts.texts.abstract_file = named(&plain.abstract_file);
    facts.texts.bibliographic_file = named(&plain.bibliographic_file);
    facts
}

/// A text of ISO 9660, or the one of which it is what ISO 9660 can hold.
fn fuller(plain: &[u8], unicode: Option<String>) -> String {
    let unicode = unicode.filter(|unicode| is_plain_of(plain, unicode));
    unicode.unwrap_or_else(|| shown(plain))
}

fn shown(plain: &[u8]) -> String {
    String::from_utf8_lossy(plain).into_owned()
}

/// Whether a text of ISO 9660 is what became of this one: in upper case, perhaps, and `_` for what it has not.
fn is_plain_of(plain: &[u8], text: &str) -> bool {
    let same = |(byte, c): (&u8, char)| {
        *byte == b'_' || u8::try_from(c).is_ok_and(|c| c.eq_ignore_ascii_case(byte))
    };
    plain.len() == text.chars().count() && plain.iter().zip(text.chars()).all(same)
}

/// Whether a text is only the beginning of the one of ISO 9660, as Joliet has room for half as many characters.
fn is_cut(text: &str, plain: &[u8]) -> bool {
    let beginning = plain.get(..text.chars().count());
    beginning.is_some_and(|beginning| is_plain_of(beginning, text))
}

/// The name in the imported tree of the file of the root that has this identifier in ISO 9660; empty where there is none.
/// What cannot be read is none: the tree stands without it.
fn file_of_root<R: BlockSource>(
    volume: &mut Volume<R>,
    identifier: &[u8],
    files: &[(u32, PathBuf)],
) -> String {
    if identifier.is_empty() {
        return String::new();
    }
    let names = volume.names();
    volume.use_names(Names::Plain);
    let wanted = shown_name(Names::Plain, identifier);
    let entries = volume.root().and_then(|root| volume.read_dir(&root));
    volume.use_names(names);
    let entry = entries
        .unwrap_or_default()
        .into_iter()
        .find(|entry| entry.name == wanted && entry.size > 0);
    let Some(lba) = entry.and_then(|entry| entry.lba_of(0)) else {
        return String::new();
    };
    let from = files.partition_point(|(first, _)| *first < lba);
    let here = files
        .iter()
        .skip(from)
        .take_while(|(first, _)| *first == lba);
    let in_root = |path: &&Path| path.parent() == Some(Path::new("/"));
    let mut named = here.map(|(_, path)| path.as_path()).filter(in_root);
    let name = named.next().and_then(Path::file_name).map(OsStr::as_bytes);
    String::from_utf8(name.unwrap_or_default().to_vec()).unwrap_or_default()
}
