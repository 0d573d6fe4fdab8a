//! Drives with virtual discs in them, and the way of bytes back out of them. Owns no judgement.

use futures::StreamExt;
use pitland::transport::address::VirtualOptions;
use pitland::transport::sim::{DiscType, create_disc};
use pitland::{
    BurnError, BurnOptions, BurnReport, DriveAddress, DriveHandle, Engine, Image, MasterOptions,
    MediaFacts, OpenMode, Outcome, Placement, ReadOptions, Transport,
};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A stated time of creation, so that the same tree makes the same volume.
pub fn mastering() -> MasterOptions {
    MasterOptions::default()
        .volume_id("PITLAND_TEST")
        .created(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

pub fn tree(source: &Path) -> Image {
    Image::tree(vec![source.to_path_buf()], mastering())
}

pub fn address(disc: &Path) -> DriveAddress {
    DriveAddress::VirtualFile {
        path: disc.to_path_buf(),
        options: VirtualOptions::default(),
    }
}

/// A new virtual disc of the usual size, or of so many blocks.
pub fn blank(disc: &Path, kind: impl Into<DiscType>, blocks: Option<u32>) {
    drop(create_disc(disc, kind, blocks).unwrap());
}

/// An engine and one drive of it.
pub struct Opened {
    pub engine: Engine,
    pub drive: DriveHandle,
}

impl Opened {
    /// An engine with the writers that are linked in, and a drive with this disc.
    pub fn new(disc: &Path) -> Self {
        Self::with(disc, |transport| transport)
    }

    /// The same with a layer round the transport.
    pub fn with(disc: &Path, layer: impl FnOnce(Box<dyn Transport>) -> Box<dyn Transport>) -> Self {
        Self::of(Engine::builder().build().unwrap(), disc, layer)
    }

    /// A drive of this engine.
    pub fn of(
        engine: Engine,
        disc: &Path,
        layer: impl FnOnce(Box<dyn Transport>) -> Box<dyn Transport>,
    ) -> Self {
        let drive = engine
            .open_with(&address(disc), OpenMode::Existing, layer)
            .unwrap();
        Self { engine, drive }
    }

    /// Burns an image to the end, whichever that is.
    pub async fn burn(&self, options: BurnOptions, image: Image) -> Result<BurnReport, BurnError> {
        let lease = self.drive.lease("a test").await.unwrap();
        lease.burn(options, image).report().await
    }

    /// Burns a folder, which must succeed and be verified.
    pub async fn burn_tree(&self, options: BurnOptions, source: &Path) -> BurnReport {
        let report = self.burn(options, tree(source)).await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified, "{report:?}");
        report
    }

    /// The last session holds what the folder holds.
    pub async fn assert_holds(&self, source: &Path) {
        let report = self
            .drive
            .verify_tree(vec![source.to_path_buf()], mastering())
            .await
            .unwrap();
        let differences: Vec<String> = report.differences.iter().map(|d| d.to_string()).collect();
        assert!(report.is_equal(), "{differences:#?}");
    }

    pub async fn facts(&self) -> MediaFacts {
        self.drive.medium().await.unwrap().facts
    }

    /// Ends the engine; the disc's file is free afterwards.
    pub async fn close(self) {
        let report = self.engine.shutdown(Duration::from_secs(60)).await;
        assert_eq!(report.still_running, 0);
    }
}

pub fn options() -> BurnOptions {
    BurnOptions::default()
}

pub fn new_session() -> BurnOptions {
    BurnOptions::default().placement(Placement::NewSession)
}

pub fn overwrite() -> BurnOptions {
    BurnOptions::default().placement(Placement::Overwrite)
}

/// Writes what a reader sees of a disc into a file: the first `blocks`, or all of it.
pub async fn export(drive: &DriveHandle, blocks: Option<u64>, out: &Path) -> u64 {
    let reading = drive.read(ReadOptions::default()).await.unwrap();
    let (there, mut pieces) = (reading.blocks, reading.pieces);
    let wanted = blocks.unwrap_or(there);
    assert!(wanted <= there, "{wanted} blocks wanted, {there} readable");
    let mut left = wanted * 2048;
    let mut file = File::create(out).unwrap();
    while left > 0 {
        let piece = pieces
            .next()
            .await
            .expect("as many pieces as told")
            .unwrap()
            .bytes;
        let length = left.min(piece.len() as u64) as usize;
        file.write_all(&piece[..length]).unwrap();
        left -= length as u64;
    }
    wanted
}

/// Where a byte pattern stands in a file; it must be there once.
pub fn find_once(file: &Path, pattern: &[u8]) -> u64 {
    let bytes = std::fs::read(file).unwrap();
    let first = *pattern.first().unwrap();
    let found: Vec<usize> = bytes
        .iter()
        .enumerate()
        .filter(|(at, byte)| **byte == first && bytes[*at..].starts_with(pattern))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(found.len(), 1, "the pattern stands at {found:?}");
    found[0] as u64
}

/// Where things of one test lie.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("pitland-e2e-")
                .tempdir()
                .unwrap(),
        )
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
