//! A drive on the bench: a recorder whose faults are scripted, and what really came to it. Owns one run
//! of one burn; judges nothing.

use crate::media::{Disc, Scene};
use pitland::transport::fault::{Fault, FaultScript};
use pitland::transport::sim::{DiscType, DriveModel, Pace, VirtualDrive};
use pitland::transport::{Exchange, Reply, Status, TransportError, layer};
use pitland::writer::mmc::Command;
use pitland::{
    BurnError, BurnOptions, BurnReport, Canceller, Engine, Image, LeaseDenied, MediaFacts,
    Transport,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// More than any burn of this size needs, whatever fails: beyond it the burn does not end by itself.
const MOST_COMMANDS: usize = 150_000;
const MOST_DEVICE_TIME: Duration = Duration::from_secs(12 * 60 * 60);
/// By the clock on the wall: a thread that hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// What came to the recorder.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Operation codes in order.
    pub(crate) opcodes: Vec<u8>,
    /// The door is locked.
    pub(crate) locked: bool,
    /// The host does not come to an end.
    pub(crate) endless: bool,
}

/// The recorder, with an ear at its connector.
struct Bench {
    drive: VirtualDrive,
    heard: Arc<Mutex<Heard>>,
    at_command: Box<dyn FnMut(usize) + Send>,
    /// The last field: told when the recorder above is closed, and the disc saved.
    _closed: Closed,
}

struct Closed(Option<oneshot::Sender<()>>);

impl Drop for Closed {
    fn drop(&mut self) {
        if let Some(closed) = self.0.take() {
            let _ = closed.send(());
        }
    }
}

impl layer::Layer for Bench {
    type Inner = VirtualDrive;

    fn inner(&self) -> &Self::Inner {
        &self.drive
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.drive
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let command = Command::parse(exchange.cdb.as_slice());
        let number = {
            let mut heard = self.heard.lock().unwrap();
            heard.opcodes.push(exchange.cdb.opcode());
            heard.endless |=
                heard.opcodes.len() > MOST_COMMANDS || self.drive.now() > MOST_DEVICE_TIME;
            if heard.endless {
                return Err(TransportError::Gone);
            }
            heard.opcodes.len()
        };
        (self.at_command)(number);
        let reply = self.drive.execute(exchange)?;
        if let (Ok(Command::PreventAllowMediumRemoval(asked)), Status::Good) =
            (command, reply.status)
        {
            self.heard.lock().unwrap().locked = asked.prevent;
        }
        Ok(reply)
    }
}

/// What became of one burn.
pub(crate) struct Run {
    pub(crate) result: Result<BurnReport, BurnError>,
    /// Whether another client could lease the drive afterwards.
    pub(crate) next: Result<(), LeaseDenied>,
    pub(crate) heard: Heard,
    /// Faults that came.
    pub(crate) fired: u64,
    pub(crate) disc: Disc,
    /// The disc's state before.
    pub(crate) before: String,
    /// The disc's data are those of before, and no more.
    pub(crate) same_data: bool,
    /// What a drive without faults says of the disc now.
    pub(crate) facts: MediaFacts,
}

/// The engine, and the image that it burns.
pub(crate) struct Hall {
    pub(crate) engine: Engine,
    image: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// Discs with a session of something else, by their kind.
    used: Mutex<BTreeMap<DiscType, Disc>>,
    _folder: tempfile::TempDir,
}

impl Hall {
    /// With an image of so many blocks.
    pub(crate) fn new(blocks: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        let bytes = crate::common::tree::noise(4, blocks * 2048);
        std::fs::write(&image, &bytes).unwrap();
        Self {
            engine: Engine::builder().build().unwrap(),
            image,
            bytes,
            used: Mutex::default(),
            _folder: folder,
        }
    }

    /// A disc for the scene: blank, or with a session of something else.
    async fn disc(&self, scene: &Scene) -> Disc {
        if scene.onto.is_none() {
            return scene.blank_disc();
        }
        if let Some(used) = self.used.lock().unwrap().get(&scene.disc) {
            return used.twin();
        }
        let disc = scene.blank_disc();
        let (closed, is_closed) = oneshot::channel();
        let bench = Bench {
            drive: recorder(&disc),
            heard: Arc::default(),
            at_command: Box::new(|_| {}),
            _closed: Closed(Some(closed)),
        };
        let drive = self.engine.attach(Box::new(bench)).unwrap();
        let lease = drive.lease("a test").await.unwrap();
        let before: Vec<u8> = self.bytes.iter().map(|byte| !byte).collect();
        let stream = futures::stream::iter([Ok(before.into())]);
        let image = Image::stream(self.bytes.len() as u64, stream);
        lease
            .burn(BurnOptions::default(), image)
            .report()
            .await
            .unwrap();
        drop(lease);
        self.engine.release(&drive);
        drop(drive);
        let _ = in_time("the closing of the drive", is_closed).await;
        let twin = disc.twin();
        self.used.lock().unwrap().insert(scene.disc, disc);
        twin
    }

    /// Burns the image onto a blank disc of the scene, by this script.
    pub(crate) async fn burn(
        &self,
        scene: &Scene,
        options: BurnOptions,
        script: FaultScript,
    ) -> Run {
        self.burn_watched(scene, options, script, |_, _| {}).await
    }

    /// The same; `watch` is called before each command that comes to the recorder, with its number from
    /// 1 and with what cancels the job.
    pub(crate) async fn burn_watched(
        &self,
        scene: &Scene,
        options: BurnOptions,
        script: FaultScript,
        mut watch: impl FnMut(usize, &Canceller) + Send + 'static,
    ) -> Run {
        let disc = self.disc(scene).await;
        let (before, written_before) = (disc.state(), disc.medium().written_end());
        let data_before = disc.blocks(0, written_before);
        let heard = Arc::new(Mutex::new(Heard::default()));
        let canceller: Arc<OnceLock<Canceller>> = Arc::default();
        let seen_by_drive = Arc::clone(&canceller);
        let (closed, is_closed) = oneshot::channel();
        let bench = Bench {
            drive: recorder(&disc),
            heard: Arc::clone(&heard),
            at_command: Box::new(move |number| {
                if let Some(canceller) = seen_by_drive.get() {
                    watch(number, canceller);
                }
            }),
            _closed: Closed(Some(closed)),
        };
        let fault = Fault::new(bench, script);
        let tally = fault.tally();
        let drive = self.engine.attach(Box::new(fault)).unwrap();
        let lease = drive.lease("a test").await.unwrap();
        let job = lease.burn(options, Image::file(&self.image));
        let _ = canceller.set(job.canceller());
        let result = in_time("the job", job.report()).await;
        drop(lease);
        let next = in_time("the next lease", drive.lease("the next")).await;
        let next = next.map(drop);
        self.engine.release(&drive);
        drop(drive);
        let _ = in_time("the closing of the drive", is_closed).await;
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        let facts = self.look(&disc).await;
        let same_data = disc.medium().written_end() == written_before
            && disc.blocks(0, written_before) == data_before;
        Run {
            result,
            next,
            heard,
            fired: tally.fired(),
            disc,
            before,
            same_data,
            facts,
        }
    }

    /// What a sound drive says of the disc.
    async fn look(&self, disc: &Disc) -> MediaFacts {
        let drive = self.engine.attach(Box::new(recorder(disc))).unwrap();
        let facts = in_time("a look", drive.medium()).await.unwrap().facts;
        self.engine.release(&drive);
        facts
    }
}

fn recorder(disc: &Disc) -> VirtualDrive {
    VirtualDrive::new(
        DriveModel::default(),
        disc.medium(),
        Pace::Virtual,
        "virtual:memory".into(),
    )
}

async fn in_time<T>(what: &str, waited_for: impl Future<Output = T>) -> T {
    match tokio::time::timeout(WATCHDOG, waited_for).await {
        Ok(came) => came,
        Err(_) => panic!("{what} hangs"),
    }
}
