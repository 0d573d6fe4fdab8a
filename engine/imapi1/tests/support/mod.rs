//! What the tests of the facade share: an engine with virtual drives, a session of their own, and somebody who listens.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, each of which uses a part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

pub mod shelf;

use pitland::transport::sim::{MediumKind, create_disc};
use pitland::{DriveHandle, Engine};
use pitland_imapi1::{
    Condition, DiscMaster, DiscMasterProgress, DiscMasterSettings, DiscRecorder, Imapi1Error,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// An engine, and a folder for discs, files, stash and lock.
pub struct Bench {
    pub folder: TempDir,
    pub engine: Engine,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            engine: Engine::builder().build().unwrap(),
        }
    }

    /// Sessions of this bench see one another, and no others.
    pub fn settings(&self) -> DiscMasterSettings {
        let folder = self.folder.path();
        DiscMasterSettings::default()
            .client("a test")
            .lock_folder(folder)
            .stash_folder(folder)
            .stash_bytes(64 << 20)
    }

    pub async fn open(&self) -> DiscMaster {
        DiscMaster::open(self.engine.clone(), self.settings())
            .await
            .unwrap()
    }

    /// A drive with a new disc in it.
    pub fn drive(&self, name: &str, kind: MediumKind, blocks: Option<u32>) -> DriveHandle {
        let disc = self.folder.path().join(format!("{name}.vdisc"));
        drop(create_disc(&disc, kind, blocks).unwrap());
        self.drive_with(name, "")
    }

    /// A drive whose disc can be changed: of these discs, which are made, the first is in it.
    pub fn shelf(&self, discs: &[&str]) -> (DriveHandle, shelf::Shelf, Vec<PathBuf>) {
        let path = |name: &&str| self.folder.path().join(format!("{name}.vdisc"));
        let paths: Vec<PathBuf> = discs.iter().map(path).collect();
        for path in &paths {
            drop(create_disc(path, MediumKind::CdR, None).unwrap());
        }
        let shelf = shelf::Shelf::new(&paths[0]);
        let drive = self.engine.attach(Box::new(shelf.clone())).unwrap();
        (drive, shelf, paths)
    }

    /// A drive with a disc that is there, and further options of its address.
    pub fn drive_with(&self, name: &str, options: &str) -> DriveHandle {
        let disc = self.folder.path().join(format!("{name}.vdisc"));
        let address = format!("virtual:{}{options}", disc.display());
        self.engine.open(&address.parse().unwrap()).unwrap()
    }

    /// A folder with these files.
    pub fn files(&self, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let folder = self.folder.path().join(name);
        for (path, bytes) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        set_times(&folder);
        folder
    }
}

/// All of the same time: what is made at another one is then the same.
fn set_times(path: &Path) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            set_times(&entry.unwrap().path());
        }
    }
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

/// The only recorder of the engine, chosen.
pub async fn choose(master: &mut DiscMaster) -> DiscRecorder {
    let recorders = master.enum_disc_recorders().await.unwrap();
    assert_eq!(recorders.len(), 1);
    master
        .set_active_disc_recorder(&recorders[0])
        .await
        .unwrap();
    recorders[0].clone()
}

/// What went wrong.
pub fn condition<T: std::fmt::Debug>(result: Result<T, Imapi1Error>) -> Condition {
    result.unwrap_err().condition()
}

/// Samples of so many blocks, which all differ from their neighbours.
pub fn samples(blocks: u32, seed: u32) -> Vec<u8> {
    let sample = |n: u32| ((n ^ seed).wrapping_mul(2_654_435_761) | 0x0101_0101).to_le_bytes();
    (0..blocks * 588).flat_map(sample).collect()
}

/// Bytes that differ from block to block.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// What a session tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Recorders,
    Add(u64, u64),
    Block(u64, u64),
    Track(u32, u32),
    Preparing,
    Closing,
    Burned(u32),
    Erased(u32),
}

/// When to say stop.
type StopAt = fn(&Told) -> bool;

/// Somebody who writes down what is told, and says stop once it was told something.
#[derive(Default)]
pub struct Listener {
    told: Mutex<Vec<Told>>,
    stop_at: Mutex<Option<StopAt>>,
    asked: Mutex<u32>,
}

impl Listener {
    pub fn stopping_at(when: StopAt) -> Self {
        let listener = Self::default();
        *listener.stop_at.lock().unwrap() = Some(when);
        listener
    }

    /// What was told since it was last asked.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// How often it was asked whether to stop since that was last asked.
    pub fn asked(&self) -> u32 {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn hear(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }
}

impl DiscMasterProgress for Listener {
    fn notify_pnp_activity(&self) {
        self.hear(Told::Recorders);
    }
    fn notify_add_progress(&self, completed: u64, total: u64) {
        self.hear(Told::Add(completed, total));
    }
    fn notify_block_progress(&self, completed: u64, total: u64) {
        self.hear(Told::Block(completed, total));
    }
    fn notify_track_progress(&self, completed: u32, total: u32) {
        self.hear(Told::Track(completed, total));
    }
    fn notify_preparing_burn(&self, _: u32) {
        self.hear(Told::Preparing);
    }
    fn notify_closing_disc(&self, _: u32) {
        self.hear(Told::Closing);
    }
    fn notify_burn_complete(&self, status: u32) {
        self.hear(Told::Burned(status));
    }
    fn notify_erase_complete(&self, status: u32) {
        self.hear(Told::Erased(status));
    }
    fn query_cancel(&self) -> bool {
        *self.asked.lock().unwrap() += 1;
        let stop_at = *self.stop_at.lock().unwrap();
        stop_at.is_some_and(|when| self.told.lock().unwrap().iter().any(when))
    }
}

/// The files of a folder, by their paths in it.
pub fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_owned();
                    found.push((name, fs::read(&path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}
