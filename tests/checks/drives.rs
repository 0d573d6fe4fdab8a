//! Drives and discs for the checks of drives. Owns no judgement.

use futures::stream;
use pitland::transport::sim::{DriveModel, Medium, MediumKind, MemoryStore, Pace, VirtualDrive};
use pitland::{DriveHandle, Engine, Image, MediaFacts, Transport};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// An engine and a drive that it was brought.
pub(crate) struct Attached {
    pub(crate) engine: Engine,
    pub(crate) drive: DriveHandle,
}

impl Attached {
    pub(crate) fn new(transport: impl Transport + 'static) -> Self {
        let engine = Engine::builder().build().unwrap();
        let drive = engine.attach(Box::new(transport)).unwrap();
        Self { engine, drive }
    }

    /// A drive with a disc that is nobody's file.
    pub(crate) fn holding(model: DriveModel, medium: Medium) -> Self {
        Self::new(virtual_drive(model, medium))
    }

    /// The usual drive with a small blank disc of this kind.
    pub(crate) fn blank(kind: MediumKind) -> Self {
        Self::holding(DriveModel::default(), small(kind))
    }

    pub(crate) async fn facts(&self) -> MediaFacts {
        self.drive.medium().await.unwrap().facts
    }

    pub(crate) async fn end(self) {
        let report = self.engine.shutdown(Duration::from_secs(60)).await;
        assert_eq!(report.still_running, 0);
    }
}

pub(crate) fn virtual_drive(model: DriveModel, medium: Medium) -> VirtualDrive {
    VirtualDrive::new(model, medium, Pace::Virtual, "a drive".into())
}

/// A blank disc that is small, and large enough for a few sessions.
pub(crate) fn small(kind: MediumKind) -> Medium {
    let blocks = match kind {
        MediumKind::CdR | MediumKind::CdRw => 60_000,
        kind if kind.is_bd() => 16_384,
        _ => 32_768,
    };
    Medium::blank(kind, Some(blocks), Box::new(MemoryStore::new())).unwrap()
}

/// So many blocks, all alike.
pub(crate) fn blocks(count: u64, byte: u8) -> Image {
    let pieces = (0..count).map(move |_| Ok(vec![byte; 2048].into()));
    Image::stream(count * 2048, stream::iter(pieces))
}

/// So many blocks, all alike; when half of them were given, `halfway` is told, and the rest comes after `go_on`.
pub(crate) fn halting(count: u64, byte: u8, halfway: Arc<Notify>, go_on: Arc<Notify>) -> Image {
    let pieces = stream::unfold(0, move |given| {
        let (halfway, go_on) = (Arc::clone(&halfway), Arc::clone(&go_on));
        async move {
            if given == count / 2 {
                halfway.notify_one();
                go_on.notified().await;
            }
            (given < count).then(|| (Ok(vec![byte; 2048].into()), given + 1))
        }
    });
    Image::stream(count * 2048, pieces)
}
