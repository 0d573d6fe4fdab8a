//! The guest: whether this machine can run it, one boot of it, and what came of each scenario. Owns the
//! lock by which guests run one after the other. Knows no burner and no disc.

use super::common::outside;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A file beside this one.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vm")
        .join(name)
}

/// A folder for one test; `PITLAND_VM_KEEP=1` leaves it there and tells where.
pub(crate) fn place() -> TempDir {
    let keep = std::env::var_os("PITLAND_VM_KEEP").is_some_and(|value| value == "1");
    let mut builder = tempfile::Builder::new();
    builder.prefix("pitland-vm-").disable_cleanup(keep);
    let place = builder.tempdir().unwrap();
    if keep {
        eprintln!("kept: {}", place.path().display());
    }
    place
}

/// Debian's packages and what of each is asked for. What a scenario runs is asked for by itself.
const NEEDED: [(&str, &str); 7] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("modprobe", "kmod"),
    ("cpio", "cpio"),
    ("xz", "xz-utils"),
    ("dpkg-deb", "dpkg"),
    ("apt-get", "apt"),
];

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        // Where an ordinary user's PATH does not lead, and make-guest looks.
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|dir| dir.join(program).is_file())
}

/// A guest that can be booted. While it is there, no other test has one.
#[derive(Debug)]
pub(crate) struct Guest {
    cache: PathBuf,
    _alone: File,
}

impl Guest {
    /// The guest, made if need be. `None`: this machine cannot run it, or lacks one of `programs`
    /// (with the Debian package of each), which has been told with the running test's name.
    #[track_caller]
    pub(crate) fn ready(programs: &[(&str, &str)]) -> Option<Self> {
        if !cfg!(target_arch = "x86_64") {
            outside::tell_not_run("vm", "the guest is for x86-64 only");
            return None;
        }
        let missing: Vec<String> = NEEDED
            .iter()
            .chain(programs)
            .filter(|(program, _)| !installed(program))
            .map(|(program, package)| format!("{program} of {package}"))
            .collect();
        if !missing.is_empty() {
            outside::not_run(&format!("missing: {}", missing.join(", ")));
            return None;
        }
        // Beside what cargo gives to tests, so that nothing lies outside of the target folder.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("vm");
        fs::create_dir_all(&cache).unwrap();
        let alone = File::create(cache.join("lock")).unwrap();
        alone.lock().unwrap();
        let made = Command::new(file("make-guest"))
            .arg(&cache)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            let why = said.trim().lines().last().unwrap_or("no guest").to_owned();
            outside::not_run(&why);
            return None;
        }
        Some(Self {
            cache,
            _alone: alone,
        })
    }

    /// As [`Self::ready`], where the guest has drives behind iSCSI.
    #[track_caller]
    pub(crate) fn ready_with_drives(programs: &[(&str, &str)]) -> Option<Self> {
        let guest = Self::ready(programs)?;
        let asked = Command::new("qemu-system-x86_64")
            .args(["-M", "none", "-display", "none", "-blockdev"])
            .arg("driver=iscsi,node-name=x,transport=tcp,portal=127.0.0.1:1,target=x")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&asked.stderr).to_lowercase();
        // There is no such target, which is said in other words.
        if said.contains("unknown driver") || said.contains("unknown protocol") {
            outside::not_run("missing: QEMU's iscsi driver of qemu-block-extra");
            return None;
        }
        Some(guest)
    }

    /// Boots once and runs all scenarios, one after the other.
    #[track_caller]
    pub(crate) fn run(&self, boot: &Boot<'_>) -> Outcomes {
        let share = boot.share;
        fs::create_dir_all(share.join("scenarios")).unwrap();
        let mut plan = String::new();
        // Boot and shutdown, under emulation on a busy machine.
        let mut limit = 120;
        for scenario in &boot.scenarios {
            writeln!(plan, "{} {}", scenario.name, scenario.limit).unwrap();
            limit += scenario.limit;
            fs::write(
                share.join("scenarios").join(&scenario.name),
                &scenario.script,
            )
            .unwrap();
        }
        fs::write(share.join("plan"), plan).unwrap();
        for name in ["run-scenarios", "listing", "functions", "engine-functions"] {
            fs::copy(file("guest").join(name), share.join(name)).unwrap();
        }
        fs::create_dir_all(share.join("burners")).unwrap();
        for entry in fs::read_dir(file("burners")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), share.join("burners").join(entry.file_name())).unwrap();
        }
        let mut command = Command::new(file("run-in-guest"));
        command.args(["-m", boot.modules, "-t", &limit.to_string(), "-s"]);
        command.arg(share);
        for drive in &boot.drives {
            command.args(["-d", drive]);
        }
        command
            .arg(&self.cache)
            .args(["sh", "/share/run-scenarios"])
            .arg(boot.workers.to_string());
        let ran = command.stdin(Stdio::null()).output().unwrap();
        let told = format!(
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        let outcomes = Outcomes::read(share, &boot.scenarios);
        assert!(
            share.join("results").is_dir(),
            "the guest did not run ({}):\n{told}",
            ran.status
        );
        if std::env::var_os("PITLAND_VM_TIMES").is_some() {
            for (name, outcome) in &outcomes.0 {
                eprintln!(
                    "{name}: status {} after {} s",
                    outcome.status.unwrap_or(255),
                    outcome.seconds
                );
            }
        }
        outcomes
    }
}

/// What is done in one boot.
#[derive(Debug)]
pub(crate) struct Boot<'a> {
    /// The folder that is `/share` in the guest; its results are left there.
    pub(crate) share: &'a Path,
    /// Kernel modules, with commas between.
    pub(crate) modules: &'a str,
    /// Drives, by their iSCSI addresses: `/dev/sr0` and so on.
    pub(crate) drives: Vec<String>,
    pub(crate) scenarios: Vec<Scenario>,
    /// How many of them run at a time.
    pub(crate) workers: usize,
}

/// A script of the shell that runs in the guest with `-eu`, to a success.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// Also a file's name.
    pub(crate) name: String,
    pub(crate) script: String,
    /// Seconds that it may take: ten times what was measured.
    pub(crate) limit: u32,
}

/// How a scenario ended.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Exit status of the script; 124: its time ran out. `None`: it never came to its end.
    pub(crate) status: Option<u8>,
    pub(crate) seconds: f64,
    pub(crate) said: String,
}

/// How all of them ended.
#[derive(Debug)]
pub(crate) struct Outcomes(BTreeMap<String, Outcome>);

impl Outcomes {
    fn read(share: &Path, scenarios: &[Scenario]) -> Self {
        let ended = |name: &str| -> Option<(u8, f64)> {
            let text = fs::read_to_string(share.join("results").join(name)).ok()?;
            let (status, seconds) = text.trim().split_once(' ')?;
            Some((status.parse().ok()?, seconds.parse().ok()?))
        };
        let outcome = |scenario: &Scenario| {
            let said = fs::read(share.join("said").join(&scenario.name)).unwrap_or_default();
            let ended = ended(&scenario.name);
            let outcome = Outcome {
                status: ended.map(|(status, _)| status),
                seconds: ended.map_or(0.0, |(_, seconds)| seconds),
                said: String::from_utf8_lossy(&said).into_owned(),
            };
            (scenario.name.clone(), outcome)
        };
        Self(scenarios.iter().map(outcome).collect())
    }

    pub(crate) fn get(&self, name: &str) -> &Outcome {
        &self.0[name]
    }

    /// All scenarios ended well; else what each of the others said.
    #[track_caller]
    pub(crate) fn assert_all_well(&self) {
        let mut text = String::new();
        for (name, outcome) in self.0.iter().filter(|(_, o)| o.status != Some(0)) {
            writeln!(text, "== {name}: {:?}\n{}", outcome.status, outcome.said).unwrap();
        }
        assert!(text.is_empty(), "{text}");
    }
}
