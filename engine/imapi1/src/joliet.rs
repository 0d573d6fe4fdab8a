//! Data discs: what `IJolietDiscMaster` stages. Owns the staged tree and the properties of its volume; the volume itself is
//! the engine's.

use crate::condition::Condition;
use crate::error::{Cause, Imapi1Error};
use crate::progress::Listeners;
use crate::properties::{Applied, PropertySet, PropertyValue};
use crate::stash::Tail;
use pitland::mastering::tree::Clash;
use pitland::mastering::{
    Attributes, FileBytes, NodeId, NodeKind, Origin, Platform, Tree, TreeBuilder,
};
use pitland::{Append, BootEmulation, BootImage, EarlierSession, FileSystems, MasterOptions, Udf};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tempfile::NamedTempFile;

/// Bytes of a block of a data disc.
pub(crate) const DATA_BLOCK_BYTES: u32 = 2048;

const VOLUME_NAME: &str = "VolumeName";
const PLACE_BOOT_IMAGE: &str = "PlaceBootImageOnDisc";
const BOOT_MANUFACTURER: &str = "BootImageManufacturerIDString";
const BOOT_PLATFORM: &str = "BootImagePlatform";
const BOOT_EMULATION: &str = "BootImageEmulationType";
const BOOT_IMAGE: &str = "BootImage";
/// Bytes of the manufacturer's name.
const MOST_MANUFACTURER: usize = 24;
/// Characters of a volume's name in Joliet.
const MOST_VOLUME_NAME: usize = 16;
/// Characters of a name in Joliet.
const MOST_NAME: usize = 64;

/// Folders and files whose contents go into the root of the disc.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Storage {
    /// All that a folder of the host holds. Links are followed; what is neither folder nor file is left out.
    Folder(PathBuf),
    /// A tree that was made: folders and files, of the host or with bytes of their own.
    Tree(TreeBuilder),
}

impl From<&Path> for Storage {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<PathBuf> for Storage {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<TreeBuilder> for Storage {
    fn from(tree: TreeBuilder) -> Self {
        Self::Tree(tree)
    }
}

impl Storage {
    fn tree(self) -> Result<Tree, Imapi1Error> {
        match self {
            Self::Tree(builder) => Ok(builder.finish()?),
            Self::Folder(path) => {
                if !path.is_dir() {
                    let error = io::ErrorKind::NotADirectory.into();
                    return Err(Imapi1Error::io(Condition::FileAccess, &path, error));
                }
                let walk = MasterOptions::default().follow_links(true).walk();
                let walk = walk.map_err(|error| Imapi1Error::argument(error.to_string()))?;
                Tree::scan(&[path], &walk).map_err(|error| {
                    Imapi1Error::caused_by(Condition::FileAccess, Cause::Scan(Arc::new(error)))
                })
            }
        }
    }
}

/// What is staged, and what its volume shall be.
#[derive(Debug)]
pub(crate) struct JolietStage {
    pub(crate) tree: TreeBuilder,
    /// Blocks of the volume as it is staged.
    pub(crate) used_blocks: u64,
    pub(crate) is_empty: bool,
    properties: Properties,
}

#[derive(Debug, Clone)]
struct Properties {
    volume_name: Option<String>,
    place_boot_image: bool,
    manufacturer: String,
    platform: u8,
    emulation: u8,
    image: Option<Arc<NamedTempFile>>,
}

impl Default for JolietStage {
    fn default() -> Self {
        Self {
            tree: TreeBuilder::new(),
            used_blocks: 0,
            is_empty: true,
            properties: Properties {
                volume_name: None,
                place_boot_image: false,
                manufacturer: String::new(),
                platform: 0,
                emulation: 0,
                image: None,
            },
        }
    }
}

/// The earlier session that a disc goes on from.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    pub(crate) tree: TreeBuilder,
    pub(crate) first_lba: u32,
}

impl JolietStage {
    /// Forgets what is staged; the properties stay.
    pub(crate) fn clear(&mut self) {
        self.tree = TreeBuilder::new();
        self.used_blocks = 0;
        self.is_empty = true;
    }

    pub(crate) fn properties(&self, created: SystemTime) -> PropertySet {
        let own = &self.properties;
        let name = own.volume_name.clone().unwrap_or_else(|| date(created));
        PropertySet::new()
            .with(VOLUME_NAME, name.as_str())
            .with(PLACE_BOOT_IMAGE, i32::from(own.place_boot_image))
            .with(BOOT_MANUFACTURER, own.manufacturer.as_str())
            .with(BOOT_PLATFORM, i32::from(own.platform))
            .with(BOOT_EMULATION, i32::from(own.emulation))
    }

    /// Sets all or none. A boot image goes into a file in `folder`.
    pub(crate) fn set_properties(
        &mut self,
        properties: &PropertySet,
        folder: &Path,
    ) -> Result<Applied, Imapi1Error> {
        let mut own = self.properties.clone();
        let mut ignored = Vec::new();
        for (name, value) in properties.iter() {
            if !own.set(name, value, folder)? {
                ignored.push(name.to_owned());
            }
        }
        self.properties = own;
        Ok(Applied::without(ignored))
    }

    /// What machines shall start from, where anything is.
    pub(crate) fn boot(&self) -> Result<Option<BootImage>, Imapi1Error> {
        let own = &self.properties;
        own.place_boot_image.then(|| own.boot_image()).transpose()
    }

    /// How the volume is made.
    pub(crate) fn master_options(
        &self,
        created: SystemTime,
        earlier: Option<&Earlier>,
        boot: Option<BootImage>,
    ) -> MasterOptions {
        let own = &self.properties;
        let systems = FileSystems::default().rock_ridge(false).udf(Udf::Never);
        let name = match (&own.volume_name, earlier) {
            (Some(name), _) => name.clone(),
            // The name of the session before.
            (None, Some(_)) => String::new(),
            (None, None) => date(created),
        };
        let mut options = MasterOptions::default()
            .volume_id(name)
            .created(created)
            .file_systems(systems);
        if let Some(earlier) = earlier {
            let session = EarlierSession::At(earlier.first_lba);
            // What may take another's place was judged when it was staged.
            options = options.append(Append::default().session(session).replace(true));
        }
        match boot {
            Some(image) => options.boot(image),
            None => options,
        }
    }
}

impl Properties {
    /// Whether there is such a property.
    fn set(
        &mut self,
        name: &str,
        value: &PropertyValue,
        folder: &Path,
    ) -> Result<bool, Imapi1Error> {
        let wrong = |what: &str| Err(Imapi1Error::argument(format!("{name}: {what}")));
        match (name, value) {
            (VOLUME_NAME, PropertyValue::Text(text)) => {
                if text.encode_utf16().count() > MOST_VOLUME_NAME {
                    return wrong("at most 16 characters");
                }
                self.volume_name = Some(text.clone());
            }
            (PLACE_BOOT_IMAGE, PropertyValue::Integer(value)) => {
                self.place_boot_image = *value != 0;
            }
            (BOOT_MANUFACTURER, PropertyValue::Text(text)) => {
                if text.len() > MOST_MANUFACTURER || !text.is_ascii() {
                    return wrong("at most 24 characters of ASCII");
                }
                self.manufacturer.clone_from(text);
            }
            (BOOT_PLATFORM, PropertyValue::Integer(value @ 0..=2)) => self.platform = *value as u8,
            (BOOT_PLATFORM, PropertyValue::Integer(_)) => return wrong("0, 1 or 2"),
            (BOOT_EMULATION, PropertyValue::Integer(value @ 0..=4)) => {
                self.emulation = *value as u8
            }
            (BOOT_EMULATION, PropertyValue::Integer(_)) => return wrong("0 to 4"),
            (BOOT_IMAGE, PropertyValue::Bytes(bytes)) => {
                let failed = |error| Imapi1Error::io(Condition::FileAccess, folder, error);
                let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
                file.write_all(bytes).map_err(failed)?;
                self.image = Some(Arc::new(file));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The image, which must have the size of the drive that it is to look like.
    fn boot_image(&self) -> Result<BootImage, Imapi1Error> {
        let unfit = |text: &str| {
            Imapi1Error::caused_by(Condition::InvalidImage, Cause::Asked(text.to_owned()))
        };
        let image = self
            .image
            .as_ref()
            .ok_or_else(|| unfit("there is no boot image"))?;
        let bytes = image.as_file().metadata().map_or(0, |meta| meta.len());
        let emulation = match (self.emulation, bytes) {
            (_, 0) => return Err(unfit("the boot image is empty")),
            (0, _) => BootEmulation::None,
            (1, 1_228_800) | (2, 1_474_560) | (3, 2_949_120) => BootEmulation::Floppy,
            (1..=3, _) => return Err(unfit("the boot image has not the size of its floppy")),
            _ => BootEmulation::HardDrive,
        };
        let mut boot = BootImage::new(image.path(), Platform::from_code(self.platform));
        boot.emulation = emulation;
        boot.id.clone_from(&self.manufacturer);
        Ok(boot)
    }
}

/// A volume's name where nobody gave one, as `20261123`.
fn date(created: SystemTime) -> String {
    let time = pitland::mastering::time::Civil::from_seconds(
        pitland::mastering::Timestamp::from(created).seconds,
    );
    format!("{:04}{:02}{:02}", time.year, time.month, time.day)
}

/// What staging needs, on a thread that may wait.
pub(crate) struct Staging {
    pub(crate) tail: Arc<Mutex<Tail>>,
    pub(crate) staged: TreeBuilder,
    pub(crate) earlier: Option<TreeBuilder>,
    pub(crate) overwrite: bool,
    pub(crate) stop: Stop,
}

/// Who says stop: those who listen, and whoever has given the call up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    pub(crate) listeners: Listeners,
    given_up: Arc<AtomicBool>,
}

impl Stop {
    /// One that is also wanted as soon as the answer is dropped.
    pub(crate) fn new(listeners: Listeners) -> (Self, GivenUp) {
        let given_up = Arc::new(AtomicBool::new(false));
        let guard = GivenUp(Arc::clone(&given_up));
        (
            Self {
                listeners,
                given_up,
            },
            guard,
        )
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.given_up.load(Ordering::SeqCst) || self.listeners.want_end()
    }
}

/// Says so when the call that has it is given up.
pub(crate) struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Staging {
    /// Copies what comes into the stash. The answer: all that is staged then, and how long the stash was before.
    pub(crate) fn add(self, storage: Storage) -> Result<(TreeBuilder, u64), Imapi1Error> {
        let tree = storage.tree()?;
        self.check(&tree)?;
        let tail = Arc::clone(&self.tail);
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        let before = tail.length();
        let added = self.copied(&tree, &mut tail);
        if added.is_err() {
            tail.cut(before);
        }
        added.map(|staged| (staged, before))
    }

    /// Names that Joliet takes, and that nobody has whom they may not replace.
    fn check(&self, tree: &Tree) -> Result<(), Imapi1Error> {
        for id in tree.nodes().filter(|id| *id != NodeId::ROOT) {
            let path = tree.disc_path(id);
            let named = |condition| {
                Imapi1Error::caused_by(condition, Cause::Asked(path.display().to_string()))
            };
            match tree.kind(id) {
                NodeKind::Directory | NodeKind::File => {}
                _ => return Err(named(Condition::InvalidArgument)),
            }
            if !tree.name(id).to_str().is_some_and(is_joliet_name) {
                return Err(named(Condition::BadJolietName));
            }
            let is_folder = tree.kind(id) == NodeKind::Directory;
            let there = [Some(&self.staged), self.earlier.as_ref()];
            for there in there
                .into_iter()
                .flatten()
                .filter_map(|there| there.get(&path))
            {
                let both_folders = is_folder && there.kind() == NodeKind::Directory;
                if !both_folders && !self.overwrite {
                    return Err(named(Condition::FileExists));
                }
            }
        }
        Ok(())
    }

    fn copied(self, tree: &Tree, tail: &mut Tail) -> Result<TreeBuilder, Imapi1Error> {
        let total = tree.data_bytes();
        let mut done = 0;
        let tell = |done: u64| {
            let done = done.min(total);
            self.stop
                .listeners
                .tell(|listener| listener.notify_add_progress(done, total));
        };
        tell(0);
        let mut added = TreeBuilder::new();
        for id in tree.nodes().filter(|id| *id != NodeId::ROOT) {
            let path = tree.disc_path(id);
            let attributes = Attributes::new(tree.mode(id) & 0o777, tree.modified(id));
            if tree.kind(id) == NodeKind::Directory {
                added.add_folder(&path, &attributes)?;
                continue;
            }
            let source = tree.source_path(id);
            let mut count = |bytes| {
                done += bytes;
                tell(done);
            };
            let stored = match tree.origin(tree.data_of(id)) {
                Origin::Host => {
                    let file = File::open(&source);
                    let file = file
                        .map_err(|error| Imapi1Error::io(Condition::FileAccess, &source, error))?;
                    tail.copy(file, &source, &self.stop, &mut count)?
                }
                Origin::Given(bytes) => {
                    let given = Given {
                        bytes: Arc::clone(bytes),
                        at: 0,
                    };
                    tail.copy(given, &path, &self.stop, &mut count)?
                }
                _ => return Err(Imapi1Error::argument(path.display().to_string())),
            };
            added.add_file(&path, Origin::Given(tail.bytes(stored)), &attributes)?;
        }
        let mut staged = self.staged;
        let clash = match self.overwrite {
            true => Clash::Replace,
            false => Clash::Refuse,
        };
        staged.graft(added.finish()?, "/", clash)?;
        let root = tree.modified(NodeId::ROOT);
        // A tree that was made by hand may say nothing of its root.
        if root.seconds > 0 {
            staged.set_attributes("/", &Attributes::new(0o755, root))?;
        }
        self.stop
            .listeners
            .tell(|listener| listener.notify_add_progress(total, total));
        Ok(staged)
    }
}

/// Reads the bytes of a file from the front.
struct Given {
    bytes: Arc<dyn FileBytes>,
    at: u64,
}

impl Read for Given {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.length().saturating_sub(self.at);
        let count = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if let Some(out) = out.get_mut(..count).filter(|out| !out.is_empty()) {
            self.bytes.read_at(self.at, out)?;
        }
        self.at += count as u64;
        Ok(count)
    }
}

/// Whether Joliet takes a name as it is.
fn is_joliet_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || "*/:;?\\".contains(c);
    !name.contains(forbidden) && name.encode_utf16().count() <= MOST_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joliet_takes_64_characters_and_six_of_them_not() {
        assert!(is_joliet_name(&"ä".repeat(64)) && is_joliet_name("a b, [c] + d=e.txt"));
        assert!(!is_joliet_name(&"n".repeat(65)) && !is_joliet_name(&"🦀".repeat(33)));
        for name in ["a*b", "a:b", "a;1", "a?", "a\\b", "a\nb"] {
            assert!(!is_joliet_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_volume_has_the_date_as_its_name() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        assert_eq!(date(time), "20231114");
    }
}
