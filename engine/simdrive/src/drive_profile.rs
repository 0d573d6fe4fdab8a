//! Drive profiles: what a given drive is, can do and refuses, as a text (TOML), so that a new
//! drive's behaviour is data. `docs/profiles.md` describes every key.
//!
//! Owns the words and their reading, and the profiles that come with the program. A text comes
//! from anywhere: whatever it says, it is read or refused. Must not know what a key changes: the
//! code that it bends reads the [`DriveModel`]. (Not to be mixed up with the profiles of MMC,
//! which are kinds of media.)

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::medium::cd::MOST_OVERBURN;
use crate::medium::{Defect, DiscType, MediumKind};
use crate::model::{DriveModel, Identity, RawForms, WriteSpeeds};
use crate::quirks::Quirks;

/// Why a text is no drive profile: a fault of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{fault}", line_words(*line))]
pub struct DriveProfileError {
    /// The line, counted from 1, where it can be told.
    pub line: Option<usize>,
    /// What is wrong there, and what is taken.
    pub fault: String,
}

fn line_words(line: Option<usize>) -> String {
    line.map_or(String::new(), |line| format!("line {line}: "))
}

/// A text and the name that it goes by.
type Shipped = (&'static str, &'static str);

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../profiles/", $name, ".toml")))),+]
    };
}

/// The profiles that come with the program.
static SHIPPED: &[Shipped] = shipped![
    "default",
    "first-dvd-writer",
    "set-cd-speed-only",
    "strict-bd",
    "early-bd",
    "no-immed",
    "sly-dvd",
];

/// Bytes of a write buffer that are taken: a real drive's, and not the machine's whole memory.
const BUFFERS: std::ops::RangeInclusive<u64> = 128 << 10..=64 << 20;
/// Bytes of a cue sheet that are taken: one track, and what 16 KiB tell.
const CUE_SHEETS: std::ops::RangeInclusive<u32> = 32..=16_384;
/// Samples of a read offset that are taken: ten sectors.
const MOST_OFFSET: u32 = 5880;
/// Write speeds of a medium that are taken: page 2Ah has room for more.
const MOST_SPEEDS: usize = 32;
/// Bad places that are taken: as many as a disc tells apart.
const MOST_DEFECTS: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    about: String,
    identity: Option<IdentityText>,
    discs: Option<DiscsText>,
    #[serde(default)]
    can: CanText,
    #[serde(default)]
    refuses: RefusesText,
    #[serde(default)]
    does: DoesText,
    speeds: Option<SpeedsText>,
    #[serde(default)]
    habits: Vec<String>,
    #[serde(default)]
    defects: Vec<DefectText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityText {
    vendor: Option<String>,
    product: Option<String>,
    revision: Option<String>,
    serial: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscsText {
    reads: Option<Vec<String>>,
    writes: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CanText {
    protect_against_underrun: Option<bool>,
    test_write: Option<bool>,
    load_tray: Option<bool>,
    format_for_pseudo_overwrite: Option<bool>,
    format_for_random_recording: Option<bool>,
    certify_fully: Option<bool>,
    certify_quickly: Option<bool>,
    write_raw: Option<Vec<RawForm>>,
    write_cd_text: Option<bool>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RawForm {
    Pq16,
    Packed96,
    Raw96,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RefusesText {
    needless_write_parameters: Option<bool>,
    part_units: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct DoesText {
    attention_after_format: Option<bool>,
    attention_after_close: Option<bool>,
    calibrate_at_first_write: Option<bool>,
    report_damage_after_power_loss: Option<bool>,
    one_speed_over_the_disc: Option<bool>,
    buffer_kib: Option<u64>,
    clock_permille: Option<u32>,
    cue_sheet_bytes: Option<u32>,
    overburn_blocks: Option<u32>,
    audio_read_offset: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpeedsText {
    read_bd: Option<u32>,
    read_dvd: Option<u32>,
    #[serde(default)]
    write: BTreeMap<String, Vec<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefectText {
    first: u32,
    blocks: u32,
    kind: DefectKind,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum DefectKind {
    Unwritable,
    Unreadable,
}

fn fault(fault: impl Into<String>) -> DriveProfileError {
    DriveProfileError {
        line: None,
        fault: fault.into(),
    }
}

impl DriveModel {
    /// The drive that a profile's text describes; what it does not say is as in
    /// [`DriveModel::default`].
    ///
    /// # Errors
    /// What is wrong with the text: an unknown key, or a value that no drive has.
    pub fn from_profile(text: &str) -> Result<Self, DriveProfileError> {
        let text: Text = toml::from_str(text).map_err(|error| DriveProfileError {
            line: error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                before.matches('\n').count() + 1
            }),
            fault: error.message().to_owned(),
        })?;
        text.model()
    }

    /// A drive that comes with the program, by its name.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        Self::from_profile(text).ok()
    }

    /// The profiles that come with the program: their names and texts.
    pub fn shipped_profiles() -> impl Iterator<Item = (&'static str, &'static str)> {
        SHIPPED.iter().copied()
    }
}

impl Text {
    fn model(self) -> Result<DriveModel, DriveProfileError> {
        if self.about.trim().is_empty() {
            return Err(fault("about says in a line what the drive stands for"));
        }
        let mut model = DriveModel::default();
        if let Some(identity) = self.identity {
            identity.put_on(&mut model.identity)?;
        }
        if let Some(discs) = self.discs {
            discs.set(&mut model)?;
        }
        self.can.set(&mut model);
        let flags = [
            (
                self.refuses.needless_write_parameters,
                &mut model.refuses_write_parameters,
            ),
            (self.refuses.part_units, &mut model.refuses_part_units),
        ];
        set_all(flags);
        self.does.set(&mut model)?;
        if let Some(speeds) = self.speeds {
            speeds.set(&mut model)?;
        }
        for habit in &self.habits {
            if !model.quirks.set(habit, true) {
                return Err(fault(format!(
                    "no habit is called {habit:?}; there are {}",
                    Quirks::NAMES.join(", ")
                )));
            }
        }
        if self.defects.len() > MOST_DEFECTS {
            return Err(fault(format!("at most {MOST_DEFECTS} defects are taken")));
        }
        for place in &self.defects {
            model.defects.push(place.read()?);
        }
        Ok(model)
    }
}

fn set_all<const N: usize>(flags: [(Option<bool>, &mut bool); N]) {
    for (said, flag) in flags {
        *flag = said.unwrap_or(*flag);
    }
}

impl IdentityText {
    fn put_on(self, identity: &mut Identity) -> Result<(), DriveProfileError> {
        let fields = [
            ("vendor", self.vendor, 8, &mut identity.vendor),
            ("product", self.product, 16, &mut identity.product),
            ("revision", self.revision, 4, &mut identity.revision),
            ("serial", self.serial, 20, &mut identity.serial),
        ];
        for (name, said, most, field) in fields {
            let Some(said) = said else { continue };
            let printable = said.bytes().all(|byte| (0x20..0x7F).contains(&byte));
            if said.len() > most || !printable {
                return Err(fault(format!(
                    "identity.{name} is at most {most} printable characters of ASCII"
                )));
            }
            *field = said;
        }
        Ok(())
    }
}

fn discs(names: &[String]) -> Result<Vec<DiscType>, DriveProfileError> {
    let parsed = names.iter().map(|name| name.parse::<DiscType>());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|unknown| fault(unknown.to_string()))
}

impl DiscsText {
    fn set(&self, model: &mut DriveModel) -> Result<(), DriveProfileError> {
        if let Some(names) = &self.reads {
            model.reads = discs(names)?;
            model.writes.clone_from(&model.reads);
        }
        if let Some(names) = &self.writes {
            model.writes = discs(names)?;
        }
        match model.writes.iter().find(|disc| !model.reads.contains(disc)) {
            Some(disc) => Err(fault(format!(
                "discs.writes has {disc}, which is not among discs.reads"
            ))),
            None => Ok(()),
        }
    }
}

impl CanText {
    fn set(&self, model: &mut DriveModel) {
        set_all([
            (
                self.protect_against_underrun,
                &mut model.underrun_protection,
            ),
            (self.test_write, &mut model.test_write),
            (self.load_tray, &mut model.motor_tray),
            (
                self.format_for_pseudo_overwrite,
                &mut model.pseudo_overwrite,
            ),
            (
                self.format_for_random_recording,
                &mut model.random_recording,
            ),
            (self.certify_fully, &mut model.full_certification),
            (self.certify_quickly, &mut model.quick_certification),
            (self.write_cd_text, &mut model.writes_cd_text),
        ]);
        if let Some(forms) = &self.write_raw {
            model.raw_forms = RawForms::NONE;
            for form in forms {
                let taken = match form {
                    RawForm::Pq16 => &mut model.raw_forms.pq16,
                    RawForm::Packed96 => &mut model.raw_forms.packed96,
                    RawForm::Raw96 => &mut model.raw_forms.raw96,
                };
                *taken = true;
            }
        }
    }
}

impl DoesText {
    fn set(&self, model: &mut DriveModel) -> Result<(), DriveProfileError> {
        set_all([
            (
                self.attention_after_format,
                &mut model.attention_after_format,
            ),
            (self.attention_after_close, &mut model.attention_after_close),
            (
                self.calibrate_at_first_write,
                &mut model.calibrates_at_first_write,
            ),
            (
                self.report_damage_after_power_loss,
                &mut model.damage_after_power_loss,
            ),
            (
                self.one_speed_over_the_disc,
                &mut model.constant_linear_velocity,
            ),
        ]);
        if let Some(kib) = self.buffer_kib {
            let bytes = kib
                .checked_mul(1024)
                .filter(|bytes| BUFFERS.contains(bytes));
            let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
            model.buffer_bytes = bytes.ok_or(fault("does.buffer_kib is 128 to 65536"))?;
        }
        if let Some(permille) = self.clock_permille {
            if permille > 10_000 {
                return Err(fault("does.clock_permille is 0 to 10000"));
            }
            model.clock_permille = permille;
        }
        self.set_cd(model)
    }

    fn set_cd(&self, model: &mut DriveModel) -> Result<(), DriveProfileError> {
        if let Some(bytes) = self.cue_sheet_bytes {
            if !CUE_SHEETS.contains(&bytes) {
                return Err(fault("does.cue_sheet_bytes is 32 to 16384"));
            }
            model.cue_sheet_bytes = bytes;
        }
        if let Some(blocks) = self.overburn_blocks {
            if blocks > MOST_OVERBURN {
                return Err(fault("does.overburn_blocks is 0 to 9000"));
            }
            model.overburn_blocks = blocks;
        }
        if let Some(offset) = self.audio_read_offset {
            if offset.unsigned_abs() > MOST_OFFSET {
                return Err(fault("does.audio_read_offset is -5880 to 5880"));
            }
            model.audio_read_offset = offset;
        }
        Ok(())
    }
}

impl SpeedsText {
    fn set(&self, model: &mut DriveModel) -> Result<(), DriveProfileError> {
        let read = [
            (self.read_bd, &mut model.bd_read_speed),
            (self.read_dvd, &mut model.dvd_read_speed),
        ];
        for (said, speed) in read {
            let Some(said) = said else { continue };
            if said == 0 {
                return Err(fault("a speed is kB/s, and not 0"));
            }
            *speed = said;
        }
        for (name, list) in &self.write {
            let falls = list.windows(2).all(|pair| pair[0] > pair[1]);
            let length = (1..=MOST_SPEEDS).contains(&list.len());
            if !length || list.contains(&0) || !falls {
                return Err(fault(format!(
                    "speeds.write.{name} is a list of 1 to {MOST_SPEEDS} speeds in kB/s, the fastest first"
                )));
            }
            *speeds_of(&mut model.write_speeds, name)? = list.clone();
        }
        Ok(())
    }
}

fn speeds_of<'a>(
    speeds: &'a mut WriteSpeeds,
    name: &str,
) -> Result<&'a mut Vec<u32>, DriveProfileError> {
    let named = |kind: &MediumKind| DiscType::from(*kind).name() == name;
    let Some(kind) = MediumKind::ALL.into_iter().find(named) else {
        let names = MediumKind::ALL.map(|kind| DiscType::from(kind).name());
        return Err(fault(format!(
            "speeds.write has no {name:?}; there are {}",
            names.join(", ")
        )));
    };
    Ok(speeds.of_mut(kind))
}

impl DefectText {
    fn read(&self) -> Result<(std::ops::Range<u32>, Defect), DriveProfileError> {
        let end = self.first.checked_add(self.blocks);
        let end = end.filter(|end| *end > self.first && *end <= i32::MAX as u32);
        let end = end.ok_or(fault(
            "a defect has at least one block, and ends below block 2147483647",
        ))?;
        let defect = match self.kind {
            DefectKind::Unwritable => Defect::Unwritable,
            DefectKind::Unreadable => Defect::Unreadable,
        };
        Ok((self.first..end, defect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_profile_that_comes_with_the_program_reads_and_is_a_drive_of_its_own() {
        let mut models = Vec::new();
        for (name, text) in DriveModel::shipped_profiles() {
            let model = DriveModel::from_profile(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(DriveModel::shipped(name), Some(model.clone()));
            assert!(!models.contains(&model), "{name} says nothing new");
            models.push(model);
        }
        assert_eq!(models.first(), Some(&DriveModel::default()));
        assert_eq!(DriveModel::shipped("no such drive"), None);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = DriveModel::from_profile("about = \"x\"\n\n[can]\nfly = true\n").unwrap_err();
        assert_eq!(error.line, Some(4));
        assert!(error.fault.contains("fly"), "{error}");
        for (text, word) in [
            ("", "about"),
            ("about = \"x\"\nhabits = [\"sings\"]", "sings"),
            ("about = \"x\"\n[discs]\nreads = [\"lp\"]", "lp"),
            (
                "about = \"x\"\n[discs]\nreads = [\"bd-r\"]\nwrites = [\"bd-re\"]",
                "bd-re",
            ),
            ("about = \"x\"\n[speeds.write]\nbd-r = [1, 2]", "bd-r"),
            ("about = \"x\"\n[speeds.write]\nbd-r = []", "bd-r"),
            ("about = \"x\"\n[speeds.write]\nlp = [1]", "lp"),
            ("about = \"x\"\n[does]\nbuffer_kib = 1", "buffer_kib"),
            ("about = \"x\"\n[can]\nwrite_raw = [\"raw97\"]", "raw97"),
            ("about = \"x\"\n[does]\ncue_sheet_bytes = 8", "cue_sheet"),
            ("about = \"x\"\n[does]\noverburn_blocks = 9001", "overburn"),
            ("about = \"x\"\n[does]\naudio_read_offset = 9000", "offset"),
            (
                "about = \"x\"\n[identity]\nvendor = \"much too long\"",
                "vendor",
            ),
            (
                "about = \"x\"\n[[defects]]\nfirst = 1\nblocks = 0\nkind = \"unwritable\"",
                "defect",
            ),
        ] {
            let error = DriveModel::from_profile(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_a_profile_says_of_cd_is_in_the_model() {
        let text = "about = \"x\"
            [can]
            write_raw = [\"raw96\", \"pq16\"]
            write_cd_text = false
            [does]
            cue_sheet_bytes = 800
            overburn_blocks = 900
            audio_read_offset = -102
        ";
        let expected = DriveModel {
            raw_forms: RawForms {
                packed96: false,
                ..RawForms::ALL
            },
            writes_cd_text: false,
            cue_sheet_bytes: 800,
            overburn_blocks: 900,
            audio_read_offset: -102,
            ..DriveModel::default()
        };
        assert_eq!(DriveModel::from_profile(text), Ok(expected));
    }

    #[test]
    fn what_a_profile_says_is_in_the_model_and_nothing_else() {
        let text = "about = \"x\"
            habits = [\"no_calibration\"]
            [identity]
            product = \"OTHER\"
            [discs]
            reads = [\"bd-r\", \"bd-re\"]
            writes = [\"bd-r\"]
            [can]
            certify_quickly = false
            [speeds.write]
            bd-r = [8990]
            [[defects]]
            first = 64
            blocks = 2
            kind = \"unreadable\"";
        let mut expected = DriveModel {
            reads: vec![DiscType::BdR, DiscType::BdRe],
            writes: vec![DiscType::BdR],
            quick_certification: false,
            defects: vec![(64..66, Defect::Unreadable)],
            ..DriveModel::default()
        };
        expected.identity.product = "OTHER".into();
        expected.quirks.no_calibration = true;
        expected.write_speeds.bd_r = vec![8990];
        assert_eq!(DriveModel::from_profile(text), Ok(expected));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            let _ = DriveModel::from_profile(&text);
        }
    }
}
