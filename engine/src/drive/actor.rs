//! The drive's actor: who may do what, and when. Owns the lease and the knowledge of what the thread is
//! doing. `select` waits for one thing, `apply` changes the state and never waits; what takes time is
//! done by the drive's thread.

use crate::drive::handle::{DriveHandle, DriveStatus, Setting, Shared, ThreadsRunning};
use crate::drive::lease::{LeaseToken, client_name};
use crate::drive::quiet::{QuietCount, Quieting};
use crate::drive::thread::{self, AtWork, JobControl, Order};
use crate::error::{EngineError, LeaseDenied};
use crate::progress::{Activity, JobProgress};
use pitland_transport::{Checked, Transport};
use std::sync::{Arc, Weak, mpsc as blocking};
use tokio::sync::{mpsc, oneshot, watch};

/// Requests that may wait for the actor: it answers each at once, so that a few are enough.
const MAILBOX: usize = 64;
/// Orders that may wait for the thread: queries of several clients.
const ORDERS: usize = 64;

/// A request to the actor.
#[derive(Debug)]
pub(crate) enum Message {
    /// Who holds the drive, and what is it doing?
    Status(oneshot::Sender<DriveStatus>),
    /// A lease for a client.
    Lease {
        who: String,
        reply: oneshot::Sender<Result<Arc<LeaseToken>, LeaseDenied>>,
    },
    /// Something that touches the medium for a moment.
    Query {
        order: Order,
        reply: oneshot::Sender<Result<(), LeaseDenied>>,
    },
    /// What may change something, as movements of the tray: refused to everybody but the holder while the drive is
    /// leased.
    Holders {
        order: Order,
        lease: Option<u64>,
        reply: oneshot::Sender<Result<(), LeaseDenied>>,
    },
    /// No more questions for events, by the host or here, as long as the answer is kept.
    Quieten(oneshot::Sender<Result<Quieting, LeaseDenied>>),
    /// A job of the holder begins: from now on the drive is busy.
    BeginJob {
        lease: u64,
        job: Running,
        reply: oneshot::Sender<Result<(), LeaseDenied>>,
    },
    /// The engine shuts down: a running job is cancelled, and nobody is served any more.
    End(oneshot::Sender<()>),
    /// The work of the job that has begun, for the thread.
    RunJob {
        order: Order,
        reply: oneshot::Sender<Result<(), LeaseDenied>>,
    },
}

/// A running job as the actor knows it.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// Alive as long as somebody works on the job.
    pub(crate) at_work: Weak<AtWork>,
    pub(crate) control: Arc<JobControl>,
    pub(crate) figures: watch::Receiver<JobProgress>,
}

struct Actor {
    mailbox: mpsc::Receiver<Message>,
    orders: Arc<blocking::SyncSender<Order>>,
    lease: Weak<LeaseToken>,
    job: Option<Running>,
    next_lease: u64,
    quiet: QuietCount,
}

enum Happened {
    Message(Message),
    AllHandlesGone,
    Ended,
}

/// Starts thread and actor of a drive.
pub(crate) fn spawn(
    transport: Box<dyn Transport>,
    setting: Setting,
    threads: &Arc<ThreadsRunning>,
) -> Result<DriveHandle, EngineError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| EngineError::NoRuntime)?;
    let name = transport.identity_hint();
    let most_bytes = transport.limits().max_transfer_bytes;
    let bus = transport.bus();
    let (orders, orders_out) = blocking::sync_channel(ORDERS);
    let table = Arc::clone(&setting.quirks);
    let quiet = QuietCount::default();
    let device = Checked::new(transport);
    thread::start(device, orders_out, table, quiet.clone(), &name, threads)
        .map_err(EngineError::Thread)?;
    let (mail, mailbox) = mpsc::channel(MAILBOX);
    let actor = Actor {
        mailbox,
        orders: Arc::new(orders),
        lease: Weak::new(),
        job: None,
        next_lease: 1,
        quiet,
    };
    runtime.spawn(actor.run());
    Ok(DriveHandle::new(Shared {
        mail,
        name,
        most_bytes,
        bus,
        setting,
    }))
}

impl Actor {
    async fn run(mut self) {
        loop {
            match self.select().await {
                Happened::Message(message) => self.apply(message),
                Happened::AllHandlesGone | Happened::Ended => return,
            }
        }
    }

    async fn select(&mut self) -> Happened {
        match self.mailbox.recv().await {
            Some(Message::End(heard)) => {
                let _ = heard.send(());
                Happened::Ended
            }
            Some(message) => Happened::Message(message),
            None => Happened::AllHandlesGone,
        }
    }

    fn apply(&mut self, message: Message) {
        match message {
            Message::Status(reply) => {
                let mut status = DriveStatus::new(self.holder(), self.activity());
                status.notifications_off = self.quiet.now();
                let _ = reply.send(status);
            }
            Message::Lease { who, reply } => {
                let _ = reply.send(self.grant(&who));
            }
            Message::Query { order, reply } => {
                // Strangers' queries are served as well while the drive is leased but idle.
                let allowed = self.idle();
                let _ = reply.send(allowed.and_then(|()| self.order(order)));
            }
            Message::Holders {
                order,
                lease,
                reply,
            } => {
                let allowed = self.idle().and_then(|()| self.same_or_unleased(lease));
                let _ = reply.send(allowed.and_then(|()| self.order(order)));
            }
            Message::Quieten(reply) => {
                let _ = reply.send(self.quieten());
            }
            Message::BeginJob { lease, job, reply } => {
                let allowed = self
                    .idle()
                    .and_then(|()| self.same_or_unleased(Some(lease)));
                if allowed.is_ok() {
                    self.job = Some(job);
                }
                let _ = reply.send(allowed);
            }
            // Heard in `select`.
            Message::End(_) => {}
            Message::RunJob { order, reply } => {
                let _ = reply.send(self.order(order));
            }
        }
        self.check();
    }

    /// What must hold after every message.
    fn check(&self) {
        debug_assert!(
            self.holder().is_none() || self.next_lease > 1,
            "a holder without a lease ever granted"
        );
    }

    fn order(&self, order: Order) -> Result<(), LeaseDenied> {
        self.orders.try_send(order).map_err(|error| match error {
            blocking::TrySendError::Full(_) => LeaseDenied::Busy {
                holder: self.holder(),
                activity: self.activity(),
            },
            blocking::TrySendError::Disconnected(_) => LeaseDenied::Gone,
        })
    }

    fn holder(&self) -> Option<String> {
        self.lease.upgrade().map(|lease| lease.who.clone())
    }

    fn activity(&self) -> Activity {
        match &self.job {
            Some(job) if job.at_work.strong_count() > 0 => Activity::Job(*job.figures.borrow()),
            _ => Activity::Idle,
        }
    }

    /// Refused while a job runs, with holder and progress.
    fn idle(&self) -> Result<(), LeaseDenied> {
        match self.activity() {
            Activity::Idle => Ok(()),
            activity => Err(LeaseDenied::Busy {
                holder: self.holder(),
                activity,
            }),
        }
    }

    fn same_or_unleased(&self, lease: Option<u64>) -> Result<(), LeaseDenied> {
        match self.lease.upgrade() {
            Some(held) if Some(held.id) != lease => Err(LeaseDenied::Held {
                holder: held.who.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// From now on; a drive at work keeps the host off by itself, and goes on with that when the job has ended.
    fn quieten(&self) -> Result<Quieting, LeaseDenied> {
        let wanted = self.quiet.one_more(&self.orders);
        let (reply, applied) = oneshot::channel();
        self.order(Order::Quiet(reply))?;
        let busy = self.activity() != Activity::Idle;
        Ok(Quieting {
            wanted,
            applied: (!busy).then_some(applied),
        })
    }

    fn grant(&mut self, who: &str) -> Result<Arc<LeaseToken>, LeaseDenied> {
        let who = client_name(who)?;
        self.idle()?;
        self.same_or_unleased(None)?;
        let token = Arc::new(LeaseToken {
            id: self.next_lease,
            who,
            ended: Arc::default(),
            orders: Arc::downgrade(&self.orders),
        });
        self.next_lease += 1;
        self.lease = Arc::downgrade(&token);
        Ok(token)
    }
}

impl Drop for Actor {
    /// The runtime or the last handle is gone: a running job ends by the safe sequence, on its thread.
    fn drop(&mut self) {
        if let Some(job) = &self.job {
            job.control.cancel();
        }
    }
}
