//! What happens to one kind of disc in one drive: the steps, in their order, and what each came to. Owns the
//! steps and what is wrong whatever the page says. Must not know the page.

use crate::common::burn::{self, Place};
use crate::common::tree;
use pitland::transport::address::VirtualOptions;
use pitland::transport::sim::{DiscType, DriveModel, MediumKind, create_disc};
use pitland::writer::Recording;
use pitland::{
    BurnError, BurnOptions, BurnReport, DriveAddress, DriveHandle, Engine, Finish, Outcome,
    Placement, Simulate,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The steps of a story, as the page heads them. The first six are of one disc, the seventh of a second one of its
/// kind, the others of a third one, which something was burned onto.
pub(crate) const STEPS: [&str; 13] = [
    "test write",
    "burn",
    "append",
    "third session",
    "close",
    "finalize",
    "at once",
    "erase",
    "burn again",
    "erase --full",
    "burn again",
    "format",
    "burn again",
];

/// A step that came to nothing because the one before it did.
const NOT_TRIED: &str = "-";

pub(crate) struct Story {
    disc: DiscType,
    profile: String,
    /// One for each of [`STEPS`].
    pub(crate) cells: Vec<String>,
    /// What is told of each step, in full.
    told: String,
    wrong: Vec<String>,
}

/// Blocks of a disc that is small, and large enough for three sessions with what lies between them.
fn blocks(disc: DiscType) -> u32 {
    match disc.kind() {
        MediumKind::CdR | MediumKind::CdRw => 60_000,
        kind if kind.is_bd() => 16_384,
        _ => 32_768,
    }
}

struct Bench {
    engine: Engine,
    drive: DriveHandle,
    source: PathBuf,
}

impl Bench {
    fn new(place: &Place, name: &str, disc: DiscType, profile: &str) -> Self {
        let path = place.path(name);
        drop(create_disc(&path, disc, Some(blocks(disc))).unwrap());
        let options = VirtualOptions {
            profile: Some(profile.into()),
            ..VirtualOptions::default()
        };
        let address = DriveAddress::VirtualFile { path, options };
        let engine = Engine::builder().build().unwrap();
        let drive = engine.open(&address).unwrap();
        Self {
            engine,
            drive,
            source: place.path("source"),
        }
    }

    async fn burn(&self, options: BurnOptions) -> Result<BurnReport, BurnError> {
        let lease = self.drive.lease("a test").await.unwrap();
        lease.burn(options, burn::tree(&self.source)).report().await
    }

    /// The last session reads back as the folder is.
    async fn holds(&self) -> Result<bool, String> {
        let verified = self
            .drive
            .verify_tree(vec![self.source.clone()], burn::mastering());
        let verified = verified.await;
        verified
            .map(|report| report.is_equal())
            .map_err(|e| e.to_string())
    }

    /// What the drive says of the disc: how far it is written, and whether it takes more.
    async fn state(&self) -> String {
        match self.drive.medium().await {
            Ok(medium) => format!("{:?} {:?}", medium.facts.condition(), medium.facts.nwa()),
            Err(error) => error.to_string(),
        }
    }

    async fn end(self) {
        let report = self.engine.shutdown(Duration::from_secs(60)).await;
        assert_eq!(report.still_running, 0);
    }
}

impl Story {
    /// Lives through all steps.
    pub(crate) async fn of(disc: DiscType, profile: &str) -> Self {
        let mut story = Self {
            disc,
            profile: profile.to_owned(),
            cells: Vec::new(),
            told: String::new(),
            wrong: Vec::new(),
        };
        let place = Place::new();
        write_source(&place.path("source"));
        story.sessions(&place).await;
        story.at_once(&place).await;
        story.rewriting(&place).await;
        assert_eq!(story.cells.len(), STEPS.len());
        story.check();
        story
    }

    async fn sessions(&mut self, place: &Place) {
        let bench = Bench::new(place, "sessions.vdisc", self.disc, &self.profile);
        let before = bench.state().await;
        let tested = bench
            .burn(burn::options().simulate(Simulate::TestWrite))
            .await;
        let step = self.tell(&tested);
        let after = bench.state().await;
        if after != before {
            self.wrong
                .push(format!("{step}: the disc was {before}, and is {after}"));
        }
        let mut there = self.burned(&bench, burn::options()).await;
        for _ in 0..2 {
            let further = burn::options().placement(Placement::NewSession);
            there = match there {
                true => {
                    write_more(&bench.source);
                    self.burned(&bench, further).await;
                    true
                }
                false => self.not_tried(),
            };
        }
        for finalize in [false, true] {
            if there {
                let lease = bench.drive.lease("a test").await.unwrap();
                let closed = lease.close(finalize).report().await;
                self.tell(&closed);
            } else {
                self.not_tried();
            }
        }
        bench.end().await;
    }

    /// The whole disc in one go, from lead-in to lead-out.
    async fn at_once(&mut self, place: &Place) {
        let bench = Bench::new(place, "at-once.vdisc", self.disc, &self.profile);
        let options = burn::options()
            .recording(Recording::AtOnce)
            .finish(Finish::FinalizeDisc);
        self.burned(&bench, options).await;
        bench.end().await;
    }

    async fn rewriting(&mut self, place: &Place) {
        let bench = Bench::new(place, "rewriting.vdisc", self.disc, &self.profile);
        let first = bench.burn(burn::options()).await.is_ok();
        for step in 0..3 {
            if !first {
                self.not_tried();
                self.not_tried();
                continue;
            }
            let emptied = {
                let lease = bench.drive.lease("a test").await.unwrap();
                match step {
                    0 => lease.erase(false).report().await,
                    1 => lease.erase(true).report().await,
                    _ => lease.format(None, None).report().await,
                }
            };
            self.tell(&emptied);
            if emptied.is_ok() {
                write_more(&bench.source);
                self.burned(&bench, burn::options()).await;
            } else {
                self.not_tried();
            }
        }
        bench.end().await;
    }

    /// Burns, and looks at the disc as another program would.
    async fn burned(&mut self, bench: &Bench, options: BurnOptions) -> bool {
        let burned = bench.burn(options).await;
        let step = self.tell(&burned);
        let Ok(report) = burned else {
            return false;
        };
        if report.outcome != Outcome::Verified {
            self.wrong
                .push(format!("{step}: {}", report.outcome.name()));
        }
        match bench.holds().await {
            Ok(true) => {}
            other => self
                .wrong
                .push(format!("{step}: the folder is not on the disc: {other:?}")),
        }
        true
    }

    fn not_tried(&mut self) -> bool {
        self.cells.push(NOT_TRIED.to_owned());
        false
    }

    /// Adds the cell of a step; gives its name.
    fn tell(&mut self, ended: &Result<BurnReport, BurnError>) -> &'static str {
        let step = STEPS.get(self.cells.len()).copied().unwrap_or("none");
        let (cell, told) = match ended {
            Ok(report) => (
                report.outcome.name().to_owned(),
                format!("{:?}", report.notes),
            ),
            Err(error) => (refusal(error), format!("{error:?}")),
        };
        self.told += &format!("  {step}: {cell}\n    {told}\n");
        if let Err(BurnError::Failed { report, .. }) = ended
            && report.outcome == Outcome::Lost
        {
            self.wrong.push(format!("{step}: the data are lost"));
        }
        self.cells.push(cell);
        step
    }

    /// What must hold whatever the page says.
    fn check(&mut self) {
        let model = DriveModel::shipped(&self.profile).unwrap();
        let cell = |step: &str| {
            let at = STEPS.iter().position(|name| *name == step).unwrap();
            self.cells[at].as_str()
        };
        let mut wrong = Vec::new();
        let mut must = |step: &str, wanted: &str| {
            if cell(step) != wanted {
                wrong.push(format!("{step}: {}, and {wanted} is right", cell(step)));
            }
        };
        if !model.writes.contains(&self.disc) {
            if !cell("burn").starts_with("refused") {
                wrong.push(format!(
                    "burn: {} in a drive that does not write it",
                    cell("burn")
                ));
            }
            self.wrong.extend(wrong);
            return;
        }
        must("burn", "verified");
        // A test write that is none would cost a disc (recipe 3).
        let tests = matches!(
            self.disc,
            DiscType::CdR
                | DiscType::CdRw
                | DiscType::DvdMinusR
                | DiscType::DvdMinusRw
                | DiscType::DvdMinusRDl
        );
        match tests && model.test_write {
            true => must("test write", "nothing-written"),
            false => must("test write", "refused: no-test-write"),
        }
        let rewritable = matches!(
            self.disc.kind(),
            MediumKind::CdRw
                | MediumKind::DvdMinusRw
                | MediumKind::DvdPlusRw
                | MediumKind::DvdPlusRwDl
                | MediumKind::DvdRam
                | MediumKind::BdRe
        );
        let sessions = match self.disc {
            DiscType::CdR
            | DiscType::CdRw
            | DiscType::DvdMinusR
            | DiscType::DvdMinusRw
            | DiscType::DvdPlusR
            | DiscType::DvdPlusRDl
            | DiscType::BdR
            | DiscType::BdRDl
            | DiscType::BdRXl => true,
            // One session only; POW and what is overwritten has none of its own.
            _ => false,
        };
        let at_once = sessions && !self.disc.kind().is_bd() || self.disc == DiscType::DvdMinusRDl;
        if at_once && !matches!(self.disc, DiscType::DvdPlusR | DiscType::DvdPlusRDl) {
            must("at once", "verified");
        }
        // Every session was closed by its burn.
        if !cell("close").starts_with("refused: ") {
            must("close", "refused");
        }
        let finalized = cell("finalize");
        let may_finalize = matches!(
            self.disc.kind(),
            MediumKind::BdR
                | MediumKind::DvdPlusR
                | MediumKind::DvdPlusRDl
                | MediumKind::DvdPlusRw
                | MediumKind::DvdPlusRwDl
        );
        match may_finalize {
            true => must("finalize", "medium-changed"),
            false if finalized.starts_with("refused: ") => {}
            false => must("finalize", "refused"),
        }
        let formatted = cell("format");
        match rewritable && self.disc != DiscType::CdRw {
            true => must("format", "medium-changed"),
            false if formatted.starts_with("refused: ") => {}
            false => must("format", "refused"),
        }
        if sessions {
            must("append", "verified");
            must("third session", "verified");
        }
        for step in ["erase", "erase --full"] {
            match rewritable {
                true => must(step, "medium-changed"),
                // A finished disc may pass for a pressed one, for which there is no writer at all.
                false if cell(step) == "refused: no-writer" => {}
                false => must(step, "refused: not-rewritable"),
            }
        }
        if rewritable {
            for (at, step) in STEPS.iter().enumerate() {
                let before = at.checked_sub(1).and_then(|at| self.cells.get(at));
                let emptied = before.is_some_and(|cell| cell == "medium-changed");
                if *step == "burn again" && emptied && self.cells[at] != "verified" {
                    wrong.push(format!("{step} ({at}): {}", self.cells[at]));
                }
            }
        }
        self.wrong.extend(wrong);
    }

    /// The whole story, if anything in it is wrong.
    pub(crate) fn wrong(&self) -> String {
        if self.wrong.is_empty() {
            return String::new();
        }
        let Self { disc, profile, .. } = self;
        format!(
            "{disc} in {profile}: {}\n{}",
            self.wrong.join("; "),
            self.told
        )
    }

    /// The whole story.
    pub(crate) fn told(&self) -> String {
        format!("{} in {}:\n{}", self.disc, self.profile, self.told)
    }
}

/// In a word or two: who said no, or what was left.
fn refusal(error: &BurnError) -> String {
    match error {
        BurnError::Refused(refusal) => format!("refused: {}", kebab(&format!("{refusal:?}"))),
        BurnError::Failed { report, .. } => format!("fails: {}", report.outcome.name()),
        other => format!("fails: {}", kebab(&format!("{other:?}"))),
    }
}

/// The first word of a value's debug text: `NotRewritable { .. }` is `not-rewritable`.
fn kebab(text: &str) -> String {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
    let mut out = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn write_source(source: &Path) {
    fs::create_dir_all(source.join("inner")).unwrap();
    fs::write(source.join("letter.txt"), "Dear reader,\n").unwrap();
    fs::write(source.join("inner/blocks.bin"), tree::noise(1, 300_000)).unwrap();
}

/// One more file, so that the next burn is another one.
fn write_more(source: &Path) {
    let count = fs::read_dir(source).unwrap().count() as u64;
    fs::write(
        source.join(format!("more-{count}.bin")),
        tree::noise(count, 70_000),
    )
    .unwrap();
}
