//! The options of a volume as words that a journal keeps, and back: a burn that is taken up again must make the same bytes.
//! Owns their form, which only this module reads. A word is a key, and where it has values, each behind a zero byte.

use crate::config::boot::{BootEmulation, BootImage, HybridImage};
use crate::config::master::{Append, EarlierSession, FileSystems, MasterOptions, Udf};
use crate::config::texts::fields;
use pitland_mastering::{Deep, IsoLevel, IsoNames, Platform, UdfRevision, VolumeTexts};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

impl MasterOptions {
    /// What differs from the defaults, but for what a journal has fields of its own for.
    pub(crate) fn words(&self) -> Vec<Vec<u8>> {
        // All by name: a new option is not to be forgotten here.
        let Self {
            volume_id: _,
            created: _,
            follow_links: _,
            special: _,
            file_systems:
                FileSystems {
                    iso9660,
                    iso_level,
                    iso_names,
                    deep,
                    enhanced,
                    joliet,
                    joliet_long,
                    rock_ridge,
                    udf,
                },
            boot,
            exclude,
            hide,
            weights,
            hybrid,
            dedup,
            attributes,
            zisofs,
            spool,
            texts,
            manifest,
            append,
        } = self;
        let mut words = Vec::new();
        if !iso9660 {
            words.push(b"no-iso9660".to_vec());
        }
        if *iso_level != IsoLevel::default() {
            words.push(word(&["iso-level", &iso_level.number().to_string()]));
        }
        let allowed = self.allowed_in_names();
        if *iso_names != IsoNames::STRICT {
            words.push(word(&[&["iso-names"], allowed.as_slice()].concat()));
        }
        match deep {
            Deep::Refuse => words.push(b"deep-refused".to_vec()),
            Deep::Relocate => words.push(b"deep-relocated".to_vec()),
            _ => {}
        }
        if *enhanced {
            words.push(b"enhanced".to_vec());
        }
        if *joliet_long {
            words.push(b"joliet-long".to_vec());
        }
        if !joliet {
            words.push(b"no-joliet".to_vec());
        }
        if !rock_ridge {
            words.push(b"no-rock-ridge".to_vec());
        }
        match udf {
            Udf::WhereNeeded => {}
            Udf::Never => words.push(b"no-udf".to_vec()),
            Udf::ByMedium => words.push(b"udf-by-medium".to_vec()),
            Udf::Revision(revision) => words.push(word(&["udf", &revision.to_string()])),
        }
        words.extend(boot.iter().map(boot_word));
        for (key, values) in [("exclude", exclude), ("hide", hide), ("weight", weights)] {
            words.extend(values.iter().map(|value| word(&[key, value])));
        }
        if let Some(HybridImage { code }) = hybrid {
            let code = code
                .as_deref()
                .map(|code| [b"hybrid", bytes_of(code).as_slice()].join(&0));
            words.push(code.unwrap_or_else(|| b"hybrid".to_vec()));
        }
        if *dedup {
            words.push(b"dedup".to_vec());
        }
        if *attributes {
            words.push(b"attributes".to_vec());
        }
        if *zisofs {
            words.push(b"zisofs".to_vec());
        }
        if let Some(spool) = spool {
            words.push([b"spool", bytes_of(spool).as_slice()].join(&0));
        }
        let (mut texts, mut usual) = (texts.clone(), VolumeTexts::default());
        for ((key, text), (_, usual)) in fields(&mut texts).into_iter().zip(fields(&mut usual)) {
            if text != usual {
                words.push(word(&[key, text]));
            }
        }
        if *manifest {
            words.push(b"manifest".to_vec());
        }
        let Some(append) = append else {
            return words;
        };
        let clash = if append.replace { "replace" } else { "refuse" };
        let session = match append.session {
            EarlierSession::Last => String::new(),
            EarlierSession::Number(number) => format!("n{number}"),
            EarlierSession::At(lba) => lba.to_string(),
        };
        words.push(word(&["append", &session, clash]));
        let removed = append.remove.iter().map(|path| path.as_os_str().as_bytes());
        words.extend(removed.map(|path| [b"remove", path].join(&0)));
        words
    }

    /// What names have beyond the standard's characters.
    fn allowed_in_names(&self) -> Vec<&'static str> {
        let mut names = self.file_systems.iso_names;
        let allowed = flags(&mut names).into_iter();
        allowed
            .filter_map(|(name, on)| on.then_some(name))
            .collect()
    }

    /// With what such words say; `None` where one is not understood.
    pub(crate) fn with_words(self, words: &[Vec<u8>]) -> Option<Self> {
        words
            .iter()
            .try_fold(self, |options, word| options.with_word(word))
    }

    fn with_word(mut self, word: &[u8]) -> Option<Self> {
        let mut values = word.split(|byte| *byte == 0);
        let systems = &mut self.file_systems;
        match values.next()? {
            b"no-iso9660" => systems.iso9660 = false,
            b"iso-level" => {
                systems.iso_level = IsoLevel::from_number(text(values.next()?)?.parse().ok()?)?;
            }
            b"iso-names" => {
                for allowed in values.by_ref() {
                    let mut all = flags(&mut systems.iso_names).into_iter();
                    *all.find(|(name, _)| name.as_bytes() == allowed)?.1 = true;
                }
            }
            b"deep-refused" => systems.deep = Deep::Refuse,
            b"deep-relocated" => systems.deep = Deep::Relocate,
            b"enhanced" => systems.enhanced = true,
            b"joliet-long" => systems.joliet_long = true,
            b"no-joliet" => systems.joliet = false,
            b"no-rock-ridge" => systems.rock_ridge = false,
            b"no-udf" => systems.udf = Udf::Never,
            b"udf-by-medium" => systems.udf = Udf::ByMedium,
            b"udf" => {
                systems.udf = Udf::Revision(text(values.next()?)?.parse::<UdfRevision>().ok()?)
            }
            b"exclude" => self.exclude.push(text(values.next()?)?.to_owned()),
            b"hide" => self.hide.push(text(values.next()?)?.to_owned()),
            b"weight" => self.weights.push(text(values.next()?)?.to_owned()),
            b"hybrid" => {
                let hybrid = HybridImage::default();
                let code = values.next().map(OsStr::from_bytes);
                self.hybrid =
                    Some(code.map_or_else(HybridImage::default, |code| hybrid.code(code)));
            }
            b"dedup" => self.dedup = true,
            b"attributes" => self.attributes = true,
            b"zisofs" => self.zisofs = true,
            b"spool" => self.spool = Some(OsStr::from_bytes(values.next()?).into()),
            b"manifest" => self.manifest = true,
            b"append" => self.append = Some(append(&mut values)?),
            b"remove" => {
                let path = OsStr::from_bytes(values.next()?);
                self.append.as_mut()?.remove.push(path.into());
            }
            b"boot" => self.boot.push(boot_image(&mut values)?),
            key => {
                let mut texts = fields(&mut self.texts).into_iter();
                let (_, of_key) = texts.find(|(name, _)| name.as_bytes() == key)?;
                *of_key = text(values.next()?)?.to_owned();
            }
        }
        values.next().is_none().then_some(self)
    }
}

/// What names may have, each with its word.
fn flags(names: &mut IsoNames) -> [(&'static str, &mut bool); 5] {
    [
        ("lower-case", &mut names.lower_case),
        ("ascii", &mut names.ascii),
        ("dots", &mut names.dots),
        ("no-version", &mut names.no_version),
        ("no-final-dot", &mut names.no_final_dot),
    ]
}

fn word(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// As it is found from another folder, too.
fn bytes_of(path: &Path) -> Vec<u8> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.into_os_string().into_vec()
}

fn boot_word(image: &BootImage) -> Vec<u8> {
    let emulation = match image.emulation {
        BootEmulation::None => "none",
        BootEmulation::Floppy => "floppy",
        BootEmulation::HardDrive => "hard-drive",
    };
    let sectors = image
        .load_sectors
        .map_or_else(String::new, |n| n.to_string());
    let info_table = if image.info_table { "info-table" } else { "" };
    let rest = word(&[
        &image.platform.code().to_string(),
        emulation,
        &sectors,
        &image.load_segment.to_string(),
        info_table,
        &image.id,
    ]);
    [b"boot", bytes_of(&image.path).as_slice(), &rest].join(&0)
}

fn boot_image<'a>(values: &mut impl Iterator<Item = &'a [u8]>) -> Option<BootImage> {
    let path = PathBuf::from(OsStr::from_bytes(values.next()?));
    let platform = Platform::from_code(text(values.next()?)?.parse().ok()?);
    let mut image = BootImage::new(path, platform);
    image.emulation = match values.next()? {
        b"none" => BootEmulation::None,
        b"floppy" => BootEmulation::Floppy,
        b"hard-drive" => BootEmulation::HardDrive,
        _ => return None,
    };
    image.load_sectors = match values.next()? {
        b"" => None,
        sectors => Some(text(sectors)?.parse().ok()?),
    };
    image.load_segment = text(values.next()?)?.parse().ok()?;
    image.info_table = match values.next()? {
        b"" => false,
        b"info-table" => true,
        _ => return None,
    };
    image.id = text(values.next()?)?.to_owned();
    Some(image)
}

fn append<'a>(values: &mut impl Iterator<Item = &'a [u8]>) -> Option<Append> {
    let session = text(values.next()?)?;
    let session = match (session, session.strip_prefix('n')) {
        ("", _) => EarlierSession::Last,
        (_, Some(number)) => EarlierSession::Number(number.parse().ok()?),
        (lba, None) => EarlierSession::At(lba.parse().ok()?),
    };
    let replace = match values.next()? {
        b"replace" => true,
        b"refuse" => false,
        _ => return None,
    };
    Some(Append::default().session(session).replace(replace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_back_as_they_were() {
        let mut hard_drive = BootImage::new("/a,b=c d.img", Platform::Other(0x42));
        hard_drive.emulation = BootEmulation::HardDrive;
        hard_drive.load_sectors = Some(0);
        hard_drive.load_segment = 0xFFFF;
        hard_drive.id = "a name".into();
        hard_drive.info_table = true;
        let mut floppy = BootImage::new(PathBuf::from(OsStr::from_bytes(b"/\xff")), Platform::Efi);
        floppy.emulation = BootEmulation::Floppy;
        let plain = MasterOptions::default;
        let systems = FileSystems::default;
        let mut no_version = IsoNames::STRICT;
        no_version.no_version = true;
        let mut texts = VolumeTexts::default();
        for (name, text) in fields(&mut texts) {
            *text = format!("the {name}, ä");
        }
        let mut all = vec![
            plain(),
            plain().file_systems(systems().iso9660(false)),
            plain().file_systems(systems().iso_level(IsoLevel::One)),
            plain().file_systems(systems().joliet(false)),
            plain().file_systems(systems().rock_ridge(false)),
            plain().file_systems(systems().joliet_long(true).enhanced(true)),
            plain().file_systems(systems().iso_names(IsoNames::RELAXED)),
            plain().file_systems(systems().iso_names(no_version)),
            plain().file_systems(systems().deep(Deep::Relocate)),
            plain().file_systems(systems().deep(Deep::Refuse)),
            plain().attributes(true).zisofs(true).spool("/a spool"),
            plain().texts(texts),
            plain().boot(hard_drive).boot(floppy),
            plain().exclude("*.o").exclude("/a b/").hide("{x,y}"),
            plain().weights(["*.txt 5".into(), "# nothing".into()]),
            plain().dedup(true).manifest(true),
            plain().hybrid(HybridImage::default()),
            plain().hybrid(HybridImage::default().code("/mbr.bin")),
            plain().append(Append::default()),
            plain().append(
                Append::default()
                    .session(EarlierSession::At(7))
                    .replace(true),
            ),
            plain().append(
                Append::default()
                    .session(EarlierSession::Number(2))
                    .remove(["/a".into(), OsStr::from_bytes(b"\xff,\n").into()]),
            ),
        ];
        let revisions = UdfRevision::ALL.map(Udf::Revision);
        for udf in [Udf::Never, Udf::ByMedium].into_iter().chain(revisions) {
            all.push(plain().file_systems(systems().udf(udf)));
        }
        for options in all {
            let words = options.words();
            assert_eq!(plain().with_words(&words), Some(options));
        }
        assert!(plain().words().is_empty());
    }

    #[test]
    fn words_that_nobody_wrote_are_refused() {
        for word in [
            &b""[..],
            b"unknown",
            b"udf",
            b"iso-level\x004",
            b"udf\x002.55",
            b"udf\x002.50\0more",
            b"no-udf\0",
            b"iso-names\0upper-case",
            b"publisher",
            b"publisher\0a\0b",
            b"remove\0/a",
            b"append\0x\0refuse",
            b"append\0\0perhaps",
            b"boot\0path",
            b"boot\0path\x000\0none\0\x000\0\0id\0more",
            b"boot\0path\x00256\0none\0\x000\0\0id",
        ] {
            let read = MasterOptions::default().with_words(&[word.to_vec()]);
            assert_eq!(read, None, "{}", word.escape_ascii());
        }
    }
}
