//! `docs/media.md`: what comes of each disc in each drive. Owns the page's form, and the comparison of what was
//! run with what it says.

use crate::story::{STEPS, Story};
use pitland::transport::sim::{DiscType, DriveModel};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Cells by profile and disc.
#[derive(Debug, Default)]
pub(crate) struct Table {
    profiles: Vec<&'static str>,
    rows: BTreeMap<(String, DiscType), Vec<String>>,
    stories: BTreeMap<(String, DiscType), String>,
}

const HEAD: &str = "# Every disc in every drive

Made by the test `media` (`PITLAND_UPDATE_TABLE=1 cargo test --test media` writes it anew): each disc that
`pitland virtual create` makes, in each drive profile that comes with the program ([profiles.md](profiles.md)), by the
writers that are built in. Each run compares itself with these tables.

The first six steps are of one disc: a test write, a burn, two more sessions, `close`, and `close --finalize`. The seventh is of
a second one: a burn in one go, that finalizes it. The others are of a third one that was burned: it is emptied in three ways, and burned again
after each.

*verified*: burned, read back and equal, and the folder is found on the disc. *medium-changed*: emptied, formatted or closed.
*nothing-written*: the drive went through it in test mode. *refused*: nothing was touched, and why. *fails*: the drive said no, and what is on the
disc. *-*: not tried, because the step before it came to nothing.
";

impl Table {
    pub(crate) fn new(profiles: Vec<&'static str>) -> Self {
        Self {
            profiles,
            ..Self::default()
        }
    }

    pub(crate) fn insert(&mut self, profile: &str, disc: DiscType, story: Story) {
        let key = (profile.to_owned(), disc);
        self.stories.insert(key.clone(), story.told());
        self.rows.insert(key, story.cells);
    }

    fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/media.md")
    }

    /// The rows of a page: those under a heading that names a profile.
    fn parse(text: &str) -> BTreeMap<(String, DiscType), Vec<String>> {
        let mut rows = BTreeMap::new();
        let mut profile = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("## ") {
                profile = name.trim_matches('`').to_owned();
            }
            let cells = line.strip_prefix("| ").and_then(|l| l.strip_suffix(" |"));
            let Some(cells) = cells else { continue };
            let mut cells = cells.split(" | ").map(|cell| cell.trim().to_owned());
            let disc = cells.next().and_then(|name| name.parse::<DiscType>().ok());
            if let Some(disc) = disc {
                rows.insert((profile.clone(), disc), cells.collect());
            }
        }
        rows
    }

    fn document(&self) -> String {
        let mut text = HEAD.to_owned();
        for profile in &self.profiles {
            let about = DriveModel::shipped_profiles()
                .find(|(name, _)| name == profile)
                .and_then(|(_, text)| text.lines().find_map(|l| l.strip_prefix("about = ")))
                .unwrap_or_default();
            write!(text, "\n## `{profile}`\n{}.\n\n", about.trim_matches('"')).unwrap();
            writeln!(text, "| disc | {} |", STEPS.join(" | ")).unwrap();
            writeln!(text, "|{}", " --- |".repeat(STEPS.len() + 1)).unwrap();
            for disc in DiscType::ALL {
                if let Some(cells) = self.rows.get(&((*profile).to_owned(), disc)) {
                    writeln!(text, "| {disc} | {} |", cells.join(" | ")).unwrap();
                }
            }
        }
        text
    }

    /// Compares what was run with the page; `wrong` is what is wrong whatever the page says. With
    /// `PITLAND_UPDATE_TABLE=1` the page is written instead.
    pub(crate) fn judge(&self, wrong: &str) {
        if std::env::var_os("PITLAND_UPDATE_TABLE").is_some_and(|value| value == "1") {
            std::fs::write(Self::path(), self.document()).unwrap();
            assert!(wrong.is_empty(), "{wrong}");
            return;
        }
        let kept = Self::parse(&std::fs::read_to_string(Self::path()).unwrap_or_default());
        let mut told = String::new();
        if let Some(gone) = kept.keys().find(|key| !self.rows.contains_key(key)) {
            writeln!(told, "{gone:?} is on the page, and was not run").unwrap();
        }
        for (key, cells) in &self.rows {
            let before = kept.get(key).cloned().unwrap_or_default();
            for (at, step) in STEPS.iter().enumerate() {
                let (now, then) = (cells.get(at), before.get(at));
                if now != then {
                    let (profile, disc) = key;
                    writeln!(
                        told,
                        "{disc} in {profile}, {step}: {now:?}, on the page {then:?}"
                    )
                    .unwrap();
                }
            }
            if *cells != before {
                told += self.stories.get(key).map_or("", String::as_str);
            }
        }
        assert!(told.is_empty() && wrong.is_empty(), "{told}{wrong}");
    }
}

#[test]
fn a_page_is_read_as_it_is_written() {
    let cells: Vec<String> = STEPS.iter().map(|step| format!("ok {step}")).collect();
    let key = ("default".to_owned(), DiscType::BdRPow);
    let table = Table {
        profiles: vec!["default"],
        rows: BTreeMap::from([(key, cells)]),
        stories: BTreeMap::new(),
    };
    assert_eq!(Table::parse(&table.document()), table.rows);
}
