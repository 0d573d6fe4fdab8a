//! Burners of others on our virtual drive: each burns, adds and blanks as it is used to; then the disc is
//! read through the kernel and by us, and mounted. Owns which program is tried with which medium.

use super::common::tree;
use super::common::{full, outside};
use super::golden;
use super::guest::{self, Boot, Guest, Outcome, Scenario};
use super::listing::Listing;
use super::program::pitland;
use super::served::Served;
use super::table::{Row, Table};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that burn, and Debian's packages with them.
const PROGRAMS: [(&str, &str); 8] = [
    ("growisofs", "growisofs"),
    ("dvd+rw-format", "dvd+rw-tools"),
    ("genisoimage", "genisoimage"),
    ("xorriso", "xorriso"),
    ("cdrskin", "cdrskin"),
    ("wodim", "wodim"),
    ("sg_raw", "sg3-utils"),
    ("blockdev", "util-linux"),
];

/// A program, a medium, and what the program does with it: the steps of `burners/PROGRAM`, in their order.
#[derive(Debug, Clone)]
struct Trial {
    program: &'static str,
    medium: &'static str,
    steps: Vec<&'static str>,
}

/// What is tried. Each program meets each medium; the long run has dual-layer discs, too, and formats
/// and burns again on every rewritable medium, not on DVD+RW only.
fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |program, medium, steps: &[&'static str]| {
        trials.push(Trial {
            program,
            medium,
            steps: steps.to_vec(),
        });
    };
    // The first, because it knows no device beyond /dev/sr15.
    add("wodim", "dvd+r", &["burn"]);
    for medium in ["dvd+r", "dvd+rw", "dvd-ram", "bd-r", "bd-re", "dvd+r-dl"] {
        if medium == "dvd+r-dl" && !full() {
            continue;
        }
        let growisofs: &[_] = match medium {
            "dvd+rw" => &["mediainfo", "format", "burn", "append", "reformat"],
            "bd-re" => &["mediainfo", "format", "burn", "append"],
            _ => &["mediainfo", "burn", "append"],
        };
        add("growisofs", medium, growisofs);
        let usual = ["blank", "burn", "append"];
        if is_sequential(medium) || !(full() || medium == "dvd+rw") {
            add("xorriso", medium, &usual);
        } else {
            let again = ["reblank", "reformat", "reburn"];
            add("xorriso", medium, &[usual, again].concat());
        }
        add("xorriso-as-cdrecord", medium, &usual);
        add("cdrskin", medium, &usual);
    }
    trials
}

impl Trial {
    fn name(&self) -> String {
        format!("{}.{}", self.program, self.medium)
    }

    /// Its device is `/dev/srN`.
    fn scenario(&self, number: usize) -> Scenario {
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
}

/// What the disc must hold after a step.
fn expected(step: &str, one: &Listing, both: &Listing) -> Option<Listing> {
    match step {
        "burn" | "reburn" => Some(one.clone()),
        "append" => Some(both.clone()),
        _ => None,
    }
}

/// One folder, the image of it, and a second folder, in the share.
struct Material {
    one: Listing,
    both: Listing,
    image: PathBuf,
}

impl Material {
    fn make(share: &Path) -> Self {
        let (one, two) = (share.join("one"), share.join("two"));
        tree::small(&one);
        tree::write(&one.join("larger.bin"), &tree::noise(21, 1_500_000));
        // Folders enough that no file begins in the first 32 blocks, which xorriso writes anew when
        // it adds to an overwritable disc.
        for number in 0..16 {
            tree::write(&one.join(format!("folder {number}/file")), &[number; 100]);
        }
        tree::write(&two.join("second/more.bin"), &tree::noise(22, 400_000));
        tree::write(&two.join("second/a name.txt"), b"of the second session\n");
        let image = share.join("one.iso");
        outside::run(pitland().arg("image").arg(&one).arg("-o").arg(&image));
        let one = Listing::of(&one).only_bytes();
        Self {
            both: one.clone().with(Listing::of(&two).only_bytes()),
            one,
            image,
        }
    }
}

/// What was read in the guest: first block, blocks, sum.
fn read_in_guest(share: &Path, name: &str, step: &str) -> Vec<(u64, u64, String)> {
    let path = share.join(format!("{name}.{step}.read"));
    let text = fs::read_to_string(&path).unwrap_or_default();
    text.lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            (
                words[0].parse().unwrap(),
                words[1].parse().unwrap(),
                words[2].to_owned(),
            )
        })
        .collect()
}

/// The sum of some blocks of a file.
fn sum_of(file: &Path, first: u64, blocks: u64) -> String {
    let out = outside::run(
        Command::new("sh")
            .arg("-c")
            .arg("tail -c +$(($2 * 2048 + 1)) \"$1\" | head -c $(($3 * 2048)) | sha256sum | cut -d' ' -f1")
            .arg("sh")
            .arg(file)
            .args([first.to_string(), blocks.to_string()]),
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// What is wrong with what a trial left, one line each.
fn judge(
    trial: &Trial,
    outcome: &Outcome,
    share: &Path,
    disc: &Path,
    material: &Material,
) -> Vec<(String, String)> {
    let name = trial.name();
    let done = fs::read_to_string(share.join(format!("{name}.steps"))).unwrap_or_default();
    let done: Vec<&str> = done.lines().collect();
    let mut wrong = Vec::new();
    if let Some(extra) = done.iter().find(|step| !trial.steps.contains(step)) {
        wrong.push(((*extra).to_owned(), "a step that nobody knows".to_owned()));
    }
    for step in &trial.steps {
        if !done.contains(step) {
            let said: Vec<&str> = outcome.said.lines().collect();
            let said = said[said.len().saturating_sub(25)..].join("\n    ");
            let status = outcome.status;
            wrong.push((
                (*step).to_owned(),
                format!("status {status:?}:\n    {said}"),
            ));
            // What comes after was not tried.
            break;
        }
        if let Some(expected) = expected(step, &material.one, &material.both) {
            let got = Listing::read(&share.join(format!("{name}.{step}.list"))).only_bytes();
            if let Some(difference) = expected.difference(&got) {
                wrong.push(((*step).to_owned(), difference));
            }
            if read_in_guest(share, &name, step).is_empty() {
                wrong.push(((*step).to_owned(), "nothing was read back".to_owned()));
            }
        }
    }
    if wrong.is_empty() {
        wrong.extend(judge_blocks(trial, share, disc, material));
    }
    wrong
}

/// What the guest read last is what the disc holds, and the ready images are there, bit for bit.
fn judge_blocks(
    trial: &Trial,
    share: &Path,
    disc: &Path,
    material: &Material,
) -> Vec<(String, String)> {
    let name = trial.name();
    let Some(step) = trial
        .steps
        .iter()
        .rev()
        .find(|step| expected(step, &material.one, &material.both).is_some())
    else {
        return Vec::new();
    };
    // A disc that was formatted afterwards holds nothing.
    if trial.steps.last() == Some(&"reformat") {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let seen = share.join(format!("{name}.seen"));
    outside::run(
        pitland()
            .args(["virtual", "export"])
            .arg(disc)
            .arg("-o")
            .arg(&seen),
    );
    let read = read_in_guest(share, &name, step);
    for (first, blocks, sum) in &read {
        if sum_of(&seen, *first, *blocks) != *sum {
            let what = format!("blocks {first} + {blocks} read otherwise in the guest");
            wrong.push(((*step).to_owned(), what));
        }
    }
    let images: &[(usize, PathBuf)] = match (trial.program, *step) {
        ("wodim", _) => &[(0, material.image.clone())],
        ("cdrskin" | "xorriso-as-cdrecord", "append") if is_sequential(trial.medium) => &[
            (0, material.image.clone()),
            (1, share.join(format!("{name}.two.iso"))),
        ],
        _ => &[],
    };
    for (track, image) in images {
        let blocks = fs::metadata(image).unwrap().len() / 2048;
        let first = read
            .get(*track)
            .map_or(u64::MAX / 4096, |(first, ..)| *first);
        if sum_of(&seen, first, blocks) != sum_of(image, 0, blocks) {
            wrong.push((
                (*step).to_owned(),
                format!("track {track} is not {}", image.display()),
            ));
        }
    }
    wrong
}

fn is_sequential(medium: &str) -> bool {
    matches!(medium, "dvd+r" | "dvd+r-dl" | "bd-r")
}

/// The packages that were asked, one line each.
fn versions() -> String {
    let packages = ["growisofs", "dvd+rw-tools", "genisoimage"];
    let asked = outside::run(
        Command::new("dpkg-query")
            .args(["-W", "-f", "- ${Package} ${Version}\n"])
            .args(packages)
            .args(["xorriso", "cdrskin", "wodim"]),
    );
    String::from_utf8(asked.stdout).unwrap()
}

/// The trials of this run: all, or those that `PITLAND_VM_ONLY` names, with commas between.
fn wanted() -> Vec<Trial> {
    let Ok(only) = std::env::var("PITLAND_VM_ONLY") else {
        return trials();
    };
    let only: BTreeSet<&str> = only.split(',').collect();
    let mut trials = trials();
    trials.retain(|trial| only.contains(trial.name().as_str()));
    assert!(!trials.is_empty(), "no trial is called so: {only:?}");
    trials
}

/// A blank disc for each trial.
fn discs(trials: &[Trial], folder: &Path) -> Vec<PathBuf> {
    let capacity = golden::DISC_BYTES.to_string();
    let make = |trial: &Trial| {
        let disc = folder.join(format!("{}.vdisc", trial.name()));
        let mut create = pitland();
        create.args(["virtual", "create", "--medium", trial.medium]);
        outside::run(create.args(["--capacity", &capacity]).arg(&disc));
        disc
    };
    trials.iter().map(make).collect()
}

#[test]
fn burners_of_others_burn_on_the_virtual_drive() {
    let Some(guest) = Guest::ready_with_drives(&PROGRAMS) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    fs::create_dir_all(&share).unwrap();
    let material = Material::make(&share);
    let trials = wanted();
    let discs = discs(&trials, place.path());
    let served = Served::start(&discs, place.path());
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "virtio_scsi,sr_mod,sg,isofs",
        drives: served.addresses().to_vec(),
        scenarios: trials
            .iter()
            .enumerate()
            .map(|(number, trial)| trial.scenario(number))
            .collect(),
        // Burners mostly wait.
        workers: 4,
    });
    let traces = served.end();

    let mut table = Table::default();
    let mut told = String::new();
    for ((trial, disc), trace) in trials.iter().zip(&discs).zip(&traces) {
        let wrong = judge(trial, outcomes.get(&trial.name()), &share, disc, &material);
        if std::env::var_os("UPDATE_GOLDEN").is_some() && wrong.is_empty() {
            golden::keep(&trial.name(), trace);
        }
        let first = wrong
            .first()
            .and_then(|(step, _)| trial.steps.iter().position(|s| s == step));
        for (number, step) in trial.steps.iter().enumerate() {
            let outcome = match first {
                Some(first) if number == first => "fails",
                Some(first) if number > first => "not reached",
                _ => "ok",
            };
            table.insert(Row::new(trial.program, trial.medium, step), outcome);
        }
        for (step, what) in wrong {
            writeln!(told, "{}, {step}: {what}", trial.name()).unwrap();
        }
    }
    table.judge(&versions(), &told);
}
