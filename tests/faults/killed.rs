//! The program killed at every command of a burn: afterwards the drive is free, nothing of the stash is
//! left, and the disc can be looked at, closed and used.

use crate::common::burn::Place;
use crate::common::full;
use crate::common::program::pitland;
use crate::common::tree;
use serde_json::Value;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Output;

/// Every so-manyth command in the default run.
const STEP: usize = 61;

/// As `pitland virtual create --medium` has them.
const MEDIA: &[&str] = &[
    "bd-r",
    "bd-re",
    "dvd+r",
    "dvd+r-dl",
    "dvd+rw",
    "dvd-ram",
    "cd-r",
    "dvd-r",
    "dvd-rw",
    "dvd-rw-ro",
];

/// Things of one medium: sources, the disc before its burn, and where the stash goes.
struct Yard {
    place: Place,
    medium: &'static str,
}

impl Yard {
    fn new(medium: &'static str) -> Self {
        let place = Place::new();
        tree::small(&place.path("folder"));
        tree::write(&place.path("folder/large"), &tree::noise(3, 1 << 20));
        fs::create_dir(place.path("stash")).unwrap();
        let yard = Self { place, medium };
        yard.new_disc();
        yard
    }

    fn disc(&self) -> std::path::PathBuf {
        self.place.path("disc.vdisc")
    }

    fn new_disc(&self) {
        let _ = fs::remove_file(self.disc());
        succeeds(
            pitland()
                .args([
                    "virtual",
                    "create",
                    "--capacity",
                    "67108864",
                    "--medium",
                    self.medium,
                ])
                .arg(self.disc()),
        );
    }

    fn drive(&self) -> String {
        format!("virtual:{}", self.disc().display())
    }

    /// Burns onto a drive that plays this script.
    fn burn(&self, script: &str) -> Output {
        let file = self.place.path("script");
        fs::write(&file, script).unwrap();
        let drive = format!("{},faults={}", self.drive(), file.display());
        pitland()
            .args([
                "--json",
                "burn",
                "--stash",
                "all",
                "--drive",
                &drive,
                "--stash-dir",
            ])
            .args([self.place.path("stash"), self.place.path("folder")])
            .output()
            .unwrap()
    }

    /// How many commands a burn sends.
    fn commands(&self) -> usize {
        let trace = self.place.path("trace");
        let drive = self.drive();
        succeeds(
            pitland()
                .args(["burn", "--stash", "all", "--drive", &drive, "--stash-dir"])
                .arg(self.place.path("stash"))
                .arg("--trace")
                .args([&trace, &self.place.path("folder")]),
        );
        let text = fs::read_to_string(&trace).unwrap();
        let end = text
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("end "));
        end.unwrap().trim().parse().unwrap()
    }

    /// The disc after a kill: it can be looked at, and is as it says; then it takes the burn.
    fn is_usable(&self, moment: &str) {
        let left = fs::read_dir(self.place.path("stash")).unwrap().count();
        assert_eq!(left, 0, "{moment}: files of the stash");
        let drive = self.drive();
        let told = succeeds(pitland().args(["--json", "medium", &drive]));
        let told = of_type(&told, "medium");
        let condition = told["condition"].as_str().unwrap().to_owned();
        let rewritable = ["bd-re", "dvd+rw", "dvd-ram", "dvd-rw-ro"].contains(&self.medium);
        let how = match condition.as_str() {
            "blank" | "unformatted" => None,
            _ if rewritable => Some("--overwrite"),
            "open-session" | "damaged" => {
                succeeds(pitland().args(["close", &drive]));
                Some("--new-session")
            }
            "appendable" => Some("--new-session"),
            other => panic!("{moment}: the disc is {other}: {told}"),
        };
        let burned = succeeds(
            pitland()
                .args(["--json", "burn", "--drive", &drive])
                .args(how)
                .arg(self.place.path("folder")),
        );
        let report = of_type(&burned, "report");
        assert_eq!(
            report["outcome"], "verified",
            "{moment}, {condition}: {report}"
        );
        succeeds(
            pitland()
                .args(["verify", &drive])
                .arg(self.place.path("folder")),
        );
    }
}

/// Runs to a success; gives what it says.
fn succeeds(command: &mut std::process::Command) -> Vec<Value> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn of_type<'a>(said: &'a [Value], wanted: &str) -> &'a Value {
    said.iter()
        .find(|line| line["type"] == wanted)
        .expect(wanted)
}

#[test]
fn a_kill_at_any_command_leaves_a_free_drive_no_stash_and_a_usable_disc() {
    for (place, medium) in MEDIA.iter().enumerate() {
        let yard = Yard::new(medium);
        let commands = yard.commands();
        assert!(commands > 50, "{medium}: {commands}");
        let step = if full() { 1 } else { STEP };
        for at in (1 + place * 7 % step..=commands).step_by(step) {
            // Before the drive has it, and when it has done it.
            for when in ["", " carried-out"] {
                yard.new_disc();
                let script = format!("when any nth {at} do kill{when}");
                let moment = format!("{medium}: {script}");
                let killed = yard.burn(&script);
                assert_eq!(killed.status.signal(), Some(9), "{moment}: {killed:?}");
                yard.is_usable(&moment);
            }
        }
    }
}

/// Whatever lies at `path` is not the work of a burn that was killed before its first WRITE.
#[test]
fn a_kill_before_the_first_write_leaves_the_disc_as_it_was() {
    for medium in ["bd-r", "dvd+r", "dvd-ram"] {
        let yard = Yard::new(medium);
        let before = contents(&yard.disc());
        let killed = yard.burn("when write nth 1 do kill");
        assert_eq!(killed.status.signal(), Some(9), "{medium}: {killed:?}");
        assert!(contents(&yard.disc()) == before, "{medium}");
    }
}

fn contents(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}
