//! Burners of others on our virtual drive: each burns, adds and blanks as it is used to; then the disc is
//! read through the kernel and by us, and mounted. Owns the run and its judgement; what is tried with what
//! is told in `trials.rs`.

use super::common::outside;
use super::common::tree;
use super::golden;
use super::guest::{self, Boot, Guest, Outcome};
use super::listing::Listing;
use super::program::pitland;
use super::served::Served;
use super::table::{Row, Table};
use super::trials::{self, Trial};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that burn, and Debian's packages with them.
const PROGRAMS: [(&str, &str); 9] = [
    ("growisofs", "growisofs"),
    ("dvd+rw-format", "dvd+rw-tools"),
    ("genisoimage", "genisoimage"),
    ("xorriso", "xorriso"),
    ("cdrskin", "cdrskin"),
    ("wodim", "wodim"),
    ("cdrdao", "cdrdao"),
    ("sg_raw", "sg3-utils"),
    ("blockdev", "util-linux"),
];

/// How a step ended that came to its end: as its script tells it.
const REFUSED: &str = "refused";

/// What the disc must hold after a step that ended so.
fn expected<'a>(step: &str, ended: &str, material: &'a Material) -> Option<&'a Listing> {
    match (step, ended) {
        ("burn" | "reburn", "ok") => Some(&material.one),
        ("append", "ok") => Some(&material.both),
        // What was there before.
        ("append", REFUSED) => Some(&material.one),
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

/// The steps that a trial came to the end of, and how each ended.
fn ended(share: &Path, trial: &Trial) -> BTreeMap<String, String> {
    let path = share.join(format!("{}.steps", trial.name()));
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(step, ended)| (step.to_owned(), ended.to_owned()))
        .collect()
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
    let ended = ended(share, trial);
    let mut wrong = Vec::new();
    if let Some(extra) = ended
        .keys()
        .find(|step| !trial.steps.contains(&step.as_str()))
    {
        wrong.push((extra.clone(), "a step that nobody knows".to_owned()));
    }
    for step in &trial.steps {
        let Some(ended) = ended.get(*step) else {
            let said: Vec<&str> = outcome.said.lines().collect();
            let said = said[said.len().saturating_sub(25)..].join("\n    ");
            let status = outcome.status;
            wrong.push((
                (*step).to_owned(),
                format!("status {status:?}:\n    {said}"),
            ));
            // What comes after was not tried.
            break;
        };
        let mut compare = |kind: &str, expected: &Listing| {
            let list = share.join(format!("{name}.{step}.{kind}"));
            if let Some(difference) = expected.difference(&Listing::read(&list).only_bytes()) {
                wrong.push(((*step).to_owned(), format!("{kind}: {difference}")));
            }
        };
        if let Some(expected) = expected(step, ended, material) {
            compare("list", expected);
            if trial.has_first_session(step) {
                compare("first", &material.one);
            }
            if read_in_guest(share, &name, step).is_empty() {
                wrong.push(((*step).to_owned(), "nothing was read back".to_owned()));
            }
        }
    }
    if wrong.is_empty() {
        wrong.extend(judge_blocks(trial, &ended, share, disc, material));
    }
    wrong
}

/// What the guest read last is what the disc holds, and the ready images are there, bit for bit.
fn judge_blocks(
    trial: &Trial,
    ended: &BTreeMap<String, String>,
    share: &Path,
    disc: &Path,
    material: &Material,
) -> Vec<(String, String)> {
    let name = trial.name();
    let last = trial.steps.iter().rposition(|step| {
        ended
            .get(*step)
            .is_some_and(|how| expected(step, how, material).is_some())
    });
    let Some(last) = last else {
        return Vec::new();
    };
    let step = trial.steps[last];
    let erased = |later: &&str| ended.get(*later).is_some_and(|how| how == "ok");
    if trial.steps[last + 1..].iter().any(erased) {
        // What was blanked or formatted afterwards holds nothing.
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
            wrong.push((step.to_owned(), what));
        }
    }
    let second = share.join(format!("{name}.two.iso"));
    for &(track, number) in trial.images(step, &ended[step]) {
        let image = match number {
            1 => &material.image,
            _ => &second,
        };
        let blocks = fs::metadata(image).unwrap().len() / 2048;
        let first = read
            .get(track)
            .map_or(u64::MAX / 4096, |(first, ..)| *first);
        if sum_of(&seen, first, blocks) != sum_of(image, 0, blocks) {
            wrong.push((
                step.to_owned(),
                format!("track {track} is not {}", image.display()),
            ));
        }
    }
    fs::remove_file(seen).unwrap();
    wrong
}

/// The packages that were asked, one line each; one that is not there has none.
pub(crate) fn versions() -> String {
    let packages = ["growisofs", "dvd+rw-tools", "genisoimage", "cdparanoia"];
    let asked = Command::new("dpkg-query")
        .args(["-W", "-f", "- ${Package} ${Version}\n"])
        .args(packages)
        .args(["xorriso", "cdrskin", "wodim", "cdrdao", "libcdio-utils"])
        .output()
        .unwrap();
    String::from_utf8(asked.stdout).unwrap()
}

/// A blank disc for each trial.
fn discs(trials: &[Trial], folder: &Path) -> Vec<PathBuf> {
    let make = |trial: &Trial| {
        let disc = folder.join(format!("{}.vdisc", trial.name()));
        let mut create = pitland();
        create.args(["virtual", "create", "--medium", trial.medium]);
        let capacity = trials::disc_bytes(trial.medium).to_string();
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
    let trials = trials::wanted();
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
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") && wrong.is_empty() {
            golden::keep(&trial.name(), trace);
        }
        let ended = ended(&share, trial);
        let first = wrong
            .first()
            .and_then(|(step, _)| trial.steps.iter().position(|s| s == step));
        for (number, step) in trial.steps.iter().enumerate() {
            let outcome = match first {
                Some(first) if number == first => "fails",
                Some(first) if number > first => "not reached",
                _ => ended.get(*step).map_or("ok", String::as_str),
            };
            table.insert(Row::new(trial.program, trial.medium, step), outcome);
        }
        for (step, what) in wrong {
            writeln!(told, "{}, {step}: {what}", trial.name()).unwrap();
        }
    }
    table.judge(&versions(), &told);
}
