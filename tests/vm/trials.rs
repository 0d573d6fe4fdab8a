//! Which program of others is tried with which medium, and by what steps. Owns this table; how a step is
//! done is told in `burners/PROGRAM`. Knows no guest and no drive.

use super::common::full;
use super::guest::Scenario;
use std::collections::BTreeSet;

/// Every disc: programs see the number of layers, never how long a layer is.
const MEDIA: [&str; 18] = [
    "cd-r",
    "cd-rw",
    "dvd-r",
    "dvd-rw",
    "dvd-rw-ro",
    "dvd-r-dl",
    "dvd+r",
    "dvd+r-dl",
    "dvd+rw",
    "dvd+rw-dl",
    "dvd-ram",
    "bd-r",
    "bd-r-pow",
    "bd-re",
    "bd-r-dl",
    "bd-re-dl",
    "bd-r-xl",
    "bd-re-xl",
];

/// What the short run has, too: each program with a medium of each write model that it knows, each such
/// medium with growisofs (a CD with wodim) and with one of those that stand on libburn, in turn.
const SHORT: [&str; 31] = [
    "wodim.cd-r",
    "wodim.cd-rw",
    "wodim.dvd-r",
    "wodim.dvd+r",
    "cdrdao.cd-r",
    "growisofs.dvd-r",
    "growisofs.dvd-rw",
    "growisofs.dvd-rw-ro",
    "growisofs.dvd-r-dl",
    "growisofs.dvd+r",
    "growisofs.dvd+rw",
    "growisofs.dvd-ram",
    "growisofs.bd-r",
    "growisofs.bd-r-pow",
    "growisofs.bd-r-dl",
    "growisofs.bd-re",
    "xorriso.cd-r",
    "xorriso.dvd-r",
    "xorriso.dvd-rw",
    "xorriso.dvd+rw",
    "xorriso.bd-r-pow",
    "xorriso.bd-re",
    "xorriso-as-cdrecord.cd-r",
    "xorriso-as-cdrecord.dvd+r",
    "xorriso-as-cdrecord.dvd-ram",
    "xorriso-as-cdrecord.dvd-rw",
    "cdrskin.cd-rw",
    "cdrskin.dvd-r-dl",
    "cdrskin.dvd-rw-ro",
    "cdrskin.bd-r",
    "cdrskin.bd-re-dl",
];

/// Steps that fail for a fault of the virtual drive: program, medium, step, and why.
pub(crate) const KNOWN_TO_FAIL: [(&str, &str, &str, &str); 0] = [];

/// Bytes of the disc that a trial begins with. A DVD-R DL is so small that the images do not fit on one
/// of its layers: burners refuse to waste the other one. libburn formats no less than 128 MiB of a DVD-RW.
pub(crate) fn disc_bytes(medium: &str) -> u32 {
    match medium {
        "dvd-r-dl" => 3 << 20,
        "dvd-rw" | "dvd-rw-ro" => 256 << 20,
        _ => 64 << 20,
    }
}

/// A program, a medium, and what the program does with it: the steps of `burners/PROGRAM`, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    pub(crate) program: &'static str,
    pub(crate) medium: &'static str,
    pub(crate) steps: Vec<&'static str>,
}

/// Everything that there is.
pub(crate) fn all() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |program, medium, steps: &'static str| {
        trials.push(Trial {
            program,
            medium,
            steps: steps.split(' ').collect(),
        });
    };
    // The first, because wodim knows no device beyond /dev/sr15.
    add("wodim", "cd-r", "burn append");
    add("wodim", "cd-rw", "burn append reblank reburn");
    add("wodim-sao", "cd-r", "burn");
    add("wodim", "dvd-r", "burn");
    add("wodim", "dvd+r", "burn");
    add("cdrdao", "cd-r", "burn");
    add("cdrdao", "cd-rw", "burn reblank reburn append");
    for medium in MEDIA {
        if let Some(steps) = of_growisofs(medium) {
            add("growisofs", medium, steps);
        }
        for program in ["xorriso", "xorriso-as-cdrecord", "cdrskin"] {
            add(program, medium, of_libburn(program, medium));
        }
    }
    trials
}

/// The steps of growisofs, with dvd+rw-format and dvd+rw-mediainfo; none on CD.
fn of_growisofs(medium: &str) -> Option<&'static str> {
    match medium {
        "cd-r" | "cd-rw" => None,
        "dvd-rw" => Some("mediainfo burn append reblank reburn reformat"),
        "dvd-rw-ro" => Some("mediainfo burn append reformat reblank reburn"),
        "dvd+rw" => Some("mediainfo format burn append reformat"),
        "dvd+rw-dl" => Some("mediainfo format burn reformat"),
        "dvd-r-dl" => Some("mediainfo format burn"),
        "bd-r" | "bd-r-pow" | "bd-r-xl" => Some("mediainfo burn append"),
        _ => Some("mediainfo format burn append"),
    }
}

/// The steps of a program that stands on libburn.
fn of_libburn(program: &str, medium: &str) -> &'static str {
    match (program, medium) {
        // None of them burns these.
        (_, "bd-r-pow" | "dvd+rw-dl") => "burn",
        ("xorriso-as-cdrecord", _) => "blank burn append",
        (_, "cd-rw") => "blank burn append reblank reburn",
        (_, "dvd-rw" | "dvd-rw-ro") => "blank burn append reblank reburn reformat",
        ("xorriso", medium) if !is_sequential(medium) => {
            "blank burn append reblank reformat reburn"
        }
        _ => "blank burn append",
    }
}

/// The trials of this run: the short ones or all, or those that `PITLAND_VM_ONLY` names, with commas
/// between.
pub(crate) fn wanted() -> Vec<Trial> {
    let mut trials = all();
    if let Ok(only) = std::env::var("PITLAND_VM_ONLY") {
        let only: BTreeSet<&str> = only.split(',').collect();
        trials.retain(|trial| only.contains(trial.name().as_str()));
        assert_eq!(
            trials.len(),
            only.len(),
            "not every trial is known: {only:?}"
        );
    } else if !full() {
        trials.retain(|trial| SHORT.contains(&trial.name().as_str()));
        assert_eq!(trials.len(), SHORT.len(), "not every short trial is known");
    }
    trials
}

/// Media that grow by sessions.
fn is_sequential(medium: &str) -> bool {
    let overwritten = ["dvd-rw-ro", "dvd+rw", "dvd+rw-dl", "dvd-ram", "bd-r-pow"];
    !overwritten.contains(&medium) && !medium.starts_with("bd-re")
}

impl Trial {
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.program, self.medium)
    }

    /// Its device is `/dev/srN`.
    pub(crate) fn scenario(&self, number: usize) -> Scenario {
        let (program, medium) = (self.program, self.medium);
        Scenario {
            name: self.name(),
            script: format!(
                "MEDIUM={medium} DEVICE=/dev/sr{number} STEPS=' {} '\n\
                 . /share/functions\n. /share/burners/{program}\n",
                self.steps.join(" ")
            ),
            limit: 600,
        }
    }

    /// Whether the first session is mounted by itself after this step.
    pub(crate) fn has_first_session(&self, step: &str) -> bool {
        step == "append" && is_sequential(self.medium) && !self.formats_for_overwriting()
    }

    /// growisofs formats a BD-R so unless it is told otherwise, and overwrites the volume descriptors of
    /// the first session then: `burners/growisofs` tells it for the single layer.
    fn formats_for_overwriting(&self) -> bool {
        self.program == "growisofs" && ["bd-r-dl", "bd-r-xl"].contains(&self.medium)
    }

    /// The ready images that must lie on the disc after this step: the place among the tracks that were
    /// read, and which image, the first or the second.
    pub(crate) fn images(&self, step: &str, ended: &str) -> &'static [(usize, u8)] {
        let second = is_sequential(self.medium) && ended == "ok";
        match (self.program, step) {
            ("growisofs" | "xorriso", _) => &[],
            (_, "append") if second => &[(0, 1), (1, 2)],
            ("wodim" | "wodim-sao" | "cdrdao", _) => &[(0, 1)],
            (_, "burn" | "reburn") if is_sequential(self.medium) => &[(0, 1)],
            _ => &[],
        }
    }
}
