//! A process killed at every command of a burn, and the burn taken up again by another one: it ends with a
//! good disc, or with the truth about it.

use crate::bench::Hall;
use crate::common::burn::{Place, blank};
use crate::common::full;
use crate::media::{SCENES, Scene};
use pitland::journal::{JobFolder, Verdict};
use pitland::transport::address::VirtualOptions;
use pitland::transport::fault::FaultScript;
use pitland::transport::sim::{Access, open_disc};
use pitland::{DriveAddress, Engine, Image, Outcome};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const BLOCKS: usize = 650;
/// Blocks of the discs, so that their files stay small.
const DISC_BLOCKS: u32 = 32 * 1024;
/// Every so-manyth command in the default run.
const STEP: usize = 23;

/// Set for a process that burns until it is killed: the folder of disc, image, script and journals, and the
/// number of the scene.
const BURN_UNTIL_KILLED: &str = "PITLAND_TEST_BURN_UNTIL_THE_SCRIPT_KILLS";

/// Does nothing by itself: the next test runs it in a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn burning_until_the_script_kills() {
    let Ok(told) = std::env::var(BURN_UNTIL_KILLED) else {
        return;
    };
    let (number, place) = told.split_once(' ').unwrap();
    let (scene, place) = (&SCENES[number.parse::<usize>().unwrap()], Path::new(place));
    let engine = Engine::builder().build().unwrap();
    let faults = Some(place.join("script"));
    let drive = engine.open(&address(place, faults)).unwrap();
    let lease = drive.lease("a test").await.unwrap();
    let options = scene.options().journal(place.join("journal"));
    let job = lease.burn(options, Image::file(place.join("image")));
    let report = job.report().await;
    panic!("not killed: {report:?}");
}

fn address(place: &Path, faults: Option<std::path::PathBuf>) -> DriveAddress {
    DriveAddress::VirtualFile {
        path: place.join("disc.vdisc"),
        options: VirtualOptions {
            faults,
            ..VirtualOptions::default()
        },
    }
}

/// Burns in a process of its own until it is killed.
fn killed(place: &Path, scene: usize, script: &str) {
    fs::write(place.join("script"), script).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "resumed::burning_until_the_script_kills"])
        .env(BURN_UNTIL_KILLED, format!("{scene} {}", place.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(9), "{script}: {output:?}");
}

/// What became of the disc, by the verdict on it.
async fn taken_up(place: &Path, image: &[u8], rewritable: bool) -> Result<&'static str, String> {
    let engine = Engine::builder().build().unwrap();
    let drive = engine.open(&address(place, None)).unwrap();
    let lease = drive.lease("another").await.unwrap();
    let folder = JobFolder::existing(&place.join("journal")).unwrap();
    let jobs = folder.as_ref().map(|folder| folder.list().unwrap());
    let Some(job) = jobs.unwrap_or_default().pop() else {
        // Before the journal begins, nothing is done to the disc.
        let facts = lease.drive().medium().await.unwrap().facts;
        return match facts.condition().is_blank() {
            Some(false) => Err("no journal, and the disc is written".into()),
            _ => Ok("no journal"),
        };
    };
    let examined = lease.examine(&folder.unwrap(), &job.id).await;
    let examined = examined.map_err(|error| format!("cannot be examined: {error}"))?;
    let verdict = examined.verdict();
    let name = match verdict {
        Verdict::NothingWritten => "nothing written",
        Verdict::ResumeAt { .. } => "resumed",
        Verdict::CloseOnly { .. } => "closed",
        Verdict::VerifyOnly => "read back",
        // Never a guess: where nothing was acknowledged yet, nothing can be compared.
        Verdict::Unclear(_) if rewritable => return Ok("unclear"),
        other => return Err(format!("{other:?}")),
    };
    let started = examined.go_on().await;
    let job = started.map_err(|error| format!("{verdict:?}: does not go on: {error}"))?;
    let report = job.report().await;
    let report = report.map_err(|error| format!("{verdict:?}: {error}"))?;
    if report.outcome != Outcome::Verified {
        return Err(format!("{verdict:?}: ends {}", report.outcome));
    }
    drop((lease, drive));
    engine.shutdown(Duration::from_secs(60)).await;
    let mut disc = open_disc(&place.join("disc.vdisc"), Access::ReadOnly).unwrap();
    let mut found = vec![0; image.len()];
    disc.read_blocks(report.first_lba.unsigned_abs(), &mut found)
        .unwrap();
    match found == image {
        true => Ok(name),
        false => Err(format!("{verdict:?}: verified, and the data are not there")),
    }
}

async fn kills_of(
    number: usize,
    scene: &Scene,
    hall: &Hall,
) -> Vec<(String, Result<&'static str, String>)> {
    let sound = hall.burn(scene, scene.options(), FaultScript::new(0)).await;
    sound.result.unwrap();
    let commands = sound.heard.opcodes.len();
    let step = if full() { 1 } else { STEP };
    let rewritable = scene.disc.profile().is_overwritable();
    let mut ended = Vec::new();
    for at in (1 + number * 5 % step..=commands).step_by(step) {
        let when = ["", " carried-out"][(at / step) % 2];
        let place = Place::new();
        let folder = place.path(".");
        fs::write(folder.join("image"), &hall.bytes).unwrap();
        blank(
            &folder.join("disc.vdisc"),
            scene.disc,
            scene.blocks.or(Some(DISC_BLOCKS)),
        );
        let script = format!("when any nth {at} do kill{when}");
        killed(&folder, number, &script);
        let moment = format!("{}: {script}", scene.name);
        ended.push((moment, taken_up(&folder, &hall.bytes, rewritable).await));
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burn_that_was_killed_at_any_command_is_taken_up_to_a_good_disc() {
    let hall = Hall::new(BLOCKS);
    let mut ended = Vec::new();
    for (number, scene) in SCENES.iter().enumerate() {
        // A disc that held something is a story of its own, told by the engine's tests.
        if scene.onto.is_none() && scene.resumes() {
            ended.extend(kills_of(number, scene, &hall).await);
        }
    }
    let lied: Vec<_> = ended
        .iter()
        .filter_map(|(moment, how)| how.as_ref().err().map(|what| format!("{moment}: {what}")))
        .collect();
    let of = ended.len();
    assert!(lied.is_empty(), "{} of {of}: {lied:#?}", lied.len());
    let count = |way| ended.iter().filter(|(_, how)| *how == Ok(way)).count();
    // Each way of going on was gone.
    for way in ["no journal", "resumed", "closed", "read back"] {
        assert!(count(way) > 0, "{way}: never");
    }
    assert!(count("unclear") * 50 <= of, "{} of {of}", count("unclear"));
}
