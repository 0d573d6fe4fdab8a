//! The lease against a model of it, under random histories: who holds the drive, what is refused and with
//! whose name, and that it is free again whatever became of its clients.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

use pitland::transport::Data;
use pitland::transport::layer::Around;
use pitland::transport::sim::{MediumKind, Pace, VirtualDrive, create_disc};
use pitland::{
    Activity, BurnError, BurnOptions, DriveHandle, DriveLease, Engine, Image, Job, LeaseDenied,
    OpenMode, Placement, QueryError, StashPolicy, Transport, VerifyLevel,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Holds WRITEs back while it is shut, and tells when one has come to it.
#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
    reached: Notify,
}

impl Gate {
    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }
}

fn gated(drive: VirtualDrive, gate: Arc<Gate>) -> impl Transport {
    Around::new(drive, move |drive, exchange| {
        if matches!(exchange.data, Data::Blocks { .. }) {
            let shut = gate.shut.lock().unwrap();
            if *shut {
                gate.reached.notify_one();
            }
            drop(gate.opened.wait_while(shut, |shut| *shut).unwrap());
        }
        drive.execute(exchange)
    })
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Lease(u8),
    Clone,
    DropLease,
    Start,
    Finish,
    Cancel,
    DropJob,
    Query,
    EjectAsStranger,
    EjectAsHolder,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u8..3).prop_map(Step::Lease),
        2 => Just(Step::Clone),
        3 => Just(Step::DropLease),
        3 => Just(Step::Start),
        2 => Just(Step::Finish),
        1 => Just(Step::Cancel),
        1 => Just(Step::DropJob),
        2 => Just(Step::Query),
        1 => Just(Step::EjectAsStranger),
        1 => Just(Step::EjectAsHolder),
    ];
    proptest::collection::vec(step, 1..30)
}

/// What must be true, and the real thing beside it.
struct Scene {
    drive: DriveHandle,
    gate: Arc<Gate>,
    image: std::path::PathBuf,
    leases: Vec<DriveLease>,
    job: Option<Job>,
    /// The model: who holds the drive. A running job keeps its client's hold.
    holder: Option<String>,
}

impl Scene {
    fn busy(&self) -> bool {
        self.job.is_some()
    }

    /// What the model has to say to whoever needs the drive for themselves.
    fn check_refusal(&self, refused: Option<&LeaseDenied>) {
        match (self.busy(), &self.holder) {
            (true, holder) => match refused {
                Some(LeaseDenied::Busy { holder: told, .. }) => assert_eq!(told, holder),
                other => panic!("the drive is at work: {other:?}"),
            },
            (false, Some(holder)) => match refused {
                Some(LeaseDenied::Held { holder: told }) => assert_eq!(told, holder),
                other => panic!("the drive is held: {other:?}"),
            },
            (false, None) => assert!(refused.is_none(), "the drive is free: {refused:?}"),
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Lease(client) => {
                let who = format!("client {client}");
                let got = self.drive.lease(&who).await;
                self.check_refusal(got.as_ref().err());
                if let Ok(lease) = got {
                    self.leases.push(lease);
                    self.holder = Some(who);
                }
            }
            Step::Clone => {
                if let Some(lease) = self.leases.last().cloned() {
                    self.leases.push(lease);
                }
            }
            Step::DropLease => {
                self.leases.pop();
                self.hold_ends();
            }
            Step::Start => self.start().await,
            Step::Finish => {
                if let Some(job) = self.job.take() {
                    self.gate.set(false);
                    job.report().await.unwrap();
                    self.hold_ends();
                }
            }
            Step::Cancel => {
                if let Some(job) = self.job.take() {
                    job.cancel();
                    self.gate.set(false);
                    job.report().await.unwrap_err();
                    self.hold_ends();
                }
            }
            Step::DropJob => {
                if let Some(job) = self.job.take() {
                    drop(job);
                    self.gate.set(false);
                    while self.drive.status().await.unwrap().activity != Activity::Idle {
                        tokio::task::yield_now().await;
                    }
                    // Nobody waits for the report; the task that would have made it lets go a moment later.
                    while self.leases.is_empty()
                        && self.drive.status().await.unwrap().holder.is_some()
                    {
                        tokio::task::yield_now().await;
                    }
                    self.hold_ends();
                }
            }
            Step::Query => match self.drive.medium().await {
                Err(QueryError::Denied(denied)) => {
                    assert!(self.busy(), "{denied:?}");
                    assert!(matches!(denied, LeaseDenied::Busy { .. }), "{denied:?}");
                }
                answer => assert!(!self.busy() && answer.is_ok(), "{answer:?}"),
            },
            Step::EjectAsStranger => {
                let moved = self.drive.eject().await;
                match moved {
                    Ok(()) => {
                        self.check_refusal(None);
                        self.drive.load().await.unwrap();
                    }
                    Err(QueryError::Denied(denied)) => self.check_refusal(Some(&denied)),
                    Err(other) => panic!("{other:?}"),
                }
            }
            Step::EjectAsHolder => {
                if let Some(lease) = self.leases.last() {
                    match lease.eject().await {
                        Ok(()) => {
                            assert!(!self.busy());
                            lease.load().await.unwrap();
                        }
                        Err(error) => assert!(self.busy(), "{error:?}"),
                    }
                }
            }
        }
        let status = self.drive.status().await.unwrap();
        assert_eq!(status.holder, self.holder);
        assert_eq!(status.activity != Activity::Idle, self.busy());
    }

    fn hold_ends(&mut self) {
        if self.leases.is_empty() && !self.busy() {
            self.holder = None;
        }
    }

    async fn start(&mut self) {
        let Some(lease) = self.leases.last() else {
            return;
        };
        let options = BurnOptions::default()
            .placement(Placement::Overwrite)
            .verify(VerifyLevel::None)
            .stash(StashPolicy::Never, vec![]);
        if self.busy() {
            let refused = lease.burn(options, Image::file(&self.image)).report().await;
            let Err(BurnError::Denied(LeaseDenied::Busy { holder, .. })) = refused else {
                panic!("a second job began: {refused:?}");
            };
            assert_eq!(holder, self.holder);
            return;
        }
        self.gate.set(true);
        let job = lease.burn(options, Image::file(&self.image));
        self.gate.reached.notified().await;
        self.job = Some(job);
    }
}

async fn play(folder: &Path, steps: &[Step]) {
    let disc = folder.join("disc.vdisc");
    let _ = std::fs::remove_file(&disc);
    drop(create_disc(&disc, MediumKind::BdRe, Some(32 * 1024)).unwrap());
    let image = folder.join("image");
    std::fs::write(&image, vec![3u8; 1 << 17]).unwrap();
    let gate = Arc::<Gate>::default();
    let drive = VirtualDrive::file(&disc, OpenMode::Existing, Pace::Virtual, "model".into());
    let engine = Engine::builder().build().unwrap();
    let gated = gated(drive.unwrap(), Arc::clone(&gate));
    let mut scene = Scene {
        drive: engine.attach(Box::new(gated)).unwrap(),
        gate,
        image,
        leases: Vec::new(),
        job: None,
        holder: None,
    };
    for step in steps {
        scene.step(*step).await;
    }
    scene.gate.set(false);
    drop(scene);
    let ended = engine.shutdown(Duration::from_secs(60)).await;
    assert_eq!(ended.still_running, 0, "a thread of the drive is left");
}

#[test]
fn the_lease_is_what_its_model_says_in_every_history() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(play(folder.path(), &steps));
            Ok(())
        })
        .unwrap();
}
