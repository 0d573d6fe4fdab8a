//! The handle of a drive: what anyone may ask. Owns the way to the actor; knows nothing of commands.

use crate::bus::Buses;
use crate::drive::actor::{Message, Running};
use crate::drive::lease::{DriveLease, LeaseOptions};
use crate::drive::quiet::NotificationsOff;
use crate::drive::read::{DriveReader, ReadError};
use crate::drive::thread::{Hold, Order, Tray};
use crate::error::{LeaseDenied, QueryError};
use crate::inhibit::{Awake, SleepInhibitor};
use crate::plugin_host::Registry;
use crate::progress::Activity;
use futures::stream::{self, BoxStream, StreamExt};
use pitland_burn::QuirkTable;
use pitland_transport::probe::Capabilities;
use pitland_transport::{BusShare, MediumEvent};
use pitland_writer::MediaFacts;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// A drive. Cheap to clone; when the last handle, lease and job are dropped, the drive is closed after
/// what its thread is doing has ended safely.
#[derive(Debug, Clone)]
pub struct DriveHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) mail: mpsc::Sender<Message>,
    pub(crate) name: String,
    /// The most bytes that one command carries.
    pub(crate) most_bytes: usize,
    /// The bus that the drive shares with others.
    pub(crate) bus: Option<BusShare>,
    pub(crate) setting: Setting,
}

/// What an engine lends to each of its drives.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) registry: Arc<Registry>,
    pub(crate) inhibitor: Option<SleepInhibitor>,
    pub(crate) quirks: Arc<QuirkTable>,
    pub(crate) buses: Arc<Buses>,
}

/// Who holds a drive and what it is doing: from memory, whatever the drive does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DriveStatus {
    /// The client that holds the lease.
    pub holder: Option<String>,
    /// What is going on.
    pub activity: Activity,
    /// How many want no notifications of changes of the medium ([`DriveHandle::disable_notifications`]).
    pub notifications_off: usize,
}

impl DriveStatus {
    pub(crate) fn new(holder: Option<String>, activity: Activity) -> Self {
        Self {
            holder,
            activity,
            notifications_off: 0,
        }
    }
}

/// What a drive says of itself and its medium.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MediumInfo {
    /// The drive's answers, read.
    pub facts: MediaFacts,
}

impl DriveHandle {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// How the drive was named when it was opened.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Holder and activity.
    ///
    /// # Errors
    /// [`LeaseDenied::Gone`] when the engine is shut down. Cancel-safe.
    pub async fn status(&self) -> Result<DriveStatus, LeaseDenied> {
        let (reply, answer) = oneshot::channel();
        self.tell(Message::Status(reply)).await?;
        answer.await.map_err(|_| LeaseDenied::Gone)
    }

    /// Takes the drive for a client, as [`DriveHandle::lease_with`] does without options.
    ///
    /// # Errors
    /// As [`DriveHandle::lease_with`].
    pub async fn lease(&self, who: &str) -> Result<DriveLease, LeaseDenied> {
        self.lease_with(who, LeaseOptions::default()).await
    }

    /// Takes the drive for a client. A drive of the machine is also kept from other programs until the
    /// last clone of the lease is dropped, or the process ends.
    ///
    /// # Errors
    /// Somebody else holds it, here or in another program; it is at work; its disc is mounted; a
    /// permission is missing; or the name is not readable. Cancel-safe: a lease that nobody receives is
    /// free again.
    pub async fn lease_with(
        &self,
        who: &str,
        options: LeaseOptions,
    ) -> Result<DriveLease, LeaseDenied> {
        let (reply, answer) = oneshot::channel();
        self.tell(Message::Lease {
            who: who.to_owned(),
            reply,
        })
        .await?;
        let token = answer.await.map_err(|_| LeaseDenied::Gone)??;
        let (reply, claimed) = oneshot::channel();
        let order = Order::Hold(Hold {
            who: token.who.clone(),
            unmount: options.unmount,
            ended: Arc::clone(&token.ended),
            reply,
        });
        self.query(order).await?;
        claimed
            .await
            .map_err(|_| LeaseDenied::Gone)?
            .map_err(LeaseDenied::Outside)?;
        Ok(DriveLease {
            drive: self.clone(),
            token,
            keep_tray: options.keep_tray,
            raw: options.raw,
        })
    }

    /// Identifies drive and medium.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer.
    pub async fn medium(&self) -> Result<MediumInfo, QueryError> {
        let (reply, answer) = oneshot::channel();
        self.query(Order::Identify(reply)).await?;
        let facts = answer.await.map_err(|_| LeaseDenied::Gone)??;
        Ok(MediumInfo { facts: *facts })
    }

    /// What the drive can do, whether or not a medium is in.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer.
    pub async fn capabilities(&self) -> Result<Capabilities, QueryError> {
        let (reply, answer) = oneshot::channel();
        self.query(Order::Probe(reply)).await?;
        let capabilities = answer.await.map_err(|_| LeaseDenied::Gone)??;
        Ok(*capabilities)
    }

    /// What happens to the medium, asked of the drive itself each `every`: the disc put in or taken out,
    /// the eject button pressed while the door is locked, a background format at its end. While a job runs
    /// the drive is left alone. The stream ends with the first error that is no [`QueryError::Denied`], or
    /// when the engine is shut down.
    ///
    /// A drive tells an event once: who asks takes it from others that ask, the kernel too. For drives that
    /// nobody holds see [`crate::watch_drives`].
    pub fn medium_events(
        &self,
        every: Duration,
    ) -> BoxStream<'static, Result<MediumEvent, QueryError>> {
        let rounds = stream::unfold(
            (Some(self.clone()), false),
            move |(drive, again)| async move {
                let drive = drive?;
                if again {
                    tokio::time::sleep(every).await;
                }
                match drive.events_now().await {
                    Ok(events) => Some((events.into_iter().map(Ok).collect(), (Some(drive), true))),
                    Err(QueryError::Denied(LeaseDenied::Gone)) => None,
                    Err(QueryError::Denied(_)) => Some((Vec::new(), (Some(drive), true))),
                    Err(error) => Some((vec![Err(error)], (None, true))),
                }
            },
        );
        rounds.flat_map(stream::iter).boxed()
    }

    /// No notifications of changes of the medium as long as the answer is kept: [`DriveHandle::medium_events`] tells
    /// nothing, and the host does not ask the drive either, so that it mounts or plays no disc that comes in. Counted,
    /// and apart from the lease: what several want ends with the last of them, and so it does when the process ends.
    /// What happened meanwhile is told afterwards.
    ///
    /// On Linux the drive's block node is open exclusively meanwhile: nobody can mount the disc.
    ///
    /// # Errors
    /// [`LeaseDenied::Outside`] when the disc is mounted or another program has the drive for itself; nothing is counted
    /// then. While a job runs it counts at once, and the host is kept off when the job has ended, if it can be. Cancel-safe.
    pub async fn disable_notifications(&self) -> Result<NotificationsOff, LeaseDenied> {
        let (reply, answer) = oneshot::channel();
        self.tell(Message::Quieten(reply)).await?;
        let quieting = answer.await.map_err(|_| LeaseDenied::Gone)??;
        quieting.applied().await
    }

    async fn events_now(&self) -> Result<Vec<MediumEvent>, QueryError> {
        let (reply, answer) = oneshot::channel();
        self.query(Order::Events(reply)).await?;
        answer.await.map_err(|_| LeaseDenied::Gone)?
    }

    /// Opens the tray of a drive that nobody holds.
    ///
    /// # Errors
    /// Somebody holds the drive, or its answer.
    pub async fn eject(&self) -> Result<(), QueryError> {
        self.tray(None, Tray::Eject).await
    }

    /// Closes the tray of a drive that nobody holds and waits for the medium.
    ///
    /// # Errors
    /// Somebody holds the drive, or its answer.
    pub async fn load(&self) -> Result<(), QueryError> {
        self.tray(None, Tray::Load).await
    }

    /// Reads blocks, blocking: for a thread of the caller's own.
    pub fn reader(&self) -> DriveReader {
        DriveReader::new(self.clone())
    }

    pub(crate) fn most_bytes(&self) -> u32 {
        u32::try_from(self.shared.most_bytes).unwrap_or(u32::MAX)
    }

    pub(crate) fn bus(&self) -> Option<&BusShare> {
        self.shared.bus.as_ref()
    }

    pub(crate) fn buses(&self) -> &Arc<Buses> {
        &self.shared.setting.buses
    }

    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.shared.setting.registry)
    }

    /// What is known of single drives.
    pub(crate) fn quirks(&self) -> &QuirkTable {
        &self.shared.setting.quirks
    }

    /// Keeps the machine awake for a client's job, where the engine was told to.
    pub(crate) async fn keep_awake(&self, client: &str) -> Option<Awake> {
        match &self.shared.setting.inhibitor {
            Some(inhibitor) => inhibitor.hold(&self.shared.name, client).await,
            None => None,
        }
    }

    pub(crate) fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Ends the actor; a running job is cancelled.
    pub(crate) async fn end(&self) {
        let (heard, answer) = oneshot::channel();
        if self.tell(Message::End(heard)).await.is_ok() {
            let _ = answer.await;
        }
    }

    pub(crate) async fn tray(&self, lease: Option<u64>, tray: Tray) -> Result<(), QueryError> {
        let (done, answer) = oneshot::channel();
        self.holders(lease, Order::Tray(tray, done)).await?;
        answer.await.map_err(|_| LeaseDenied::Gone)?
    }

    /// What only the holder of the drive may have done, or anybody where nobody holds it.
    pub(crate) async fn holders(
        &self,
        lease: Option<u64>,
        order: Order,
    ) -> Result<(), LeaseDenied> {
        let (reply, allowed) = oneshot::channel();
        self.tell(Message::Holders {
            order,
            lease,
            reply,
        })
        .await?;
        allowed.await.map_err(|_| LeaseDenied::Gone)?
    }

    pub(crate) async fn query(&self, order: Order) -> Result<(), LeaseDenied> {
        let (reply, allowed) = oneshot::channel();
        self.tell(Message::Query { order, reply }).await?;
        allowed.await.map_err(|_| LeaseDenied::Gone)?
    }

    pub(crate) fn query_blocking(&self, order: Order) -> Result<(), LeaseDenied> {
        let (reply, allowed) = oneshot::channel();
        self.shared
            .mail
            .blocking_send(Message::Query { order, reply })
            .map_err(|_| LeaseDenied::Gone)?;
        allowed.blocking_recv().map_err(|_| LeaseDenied::Gone)?
    }

    pub(crate) async fn begin_job(&self, lease: u64, job: Running) -> Result<(), LeaseDenied> {
        let (reply, allowed) = oneshot::channel();
        self.tell(Message::BeginJob { lease, job, reply }).await?;
        allowed.await.map_err(|_| LeaseDenied::Gone)?
    }

    pub(crate) async fn run_job(&self, order: Order) -> Result<(), LeaseDenied> {
        let (reply, allowed) = oneshot::channel();
        self.tell(Message::RunJob { order, reply }).await?;
        allowed.await.map_err(|_| LeaseDenied::Gone)?
    }

    pub(crate) fn run_job_blocking(&self, order: Order) -> Result<(), LeaseDenied> {
        let (reply, allowed) = oneshot::channel();
        self.shared
            .mail
            .blocking_send(Message::RunJob { order, reply })
            .map_err(|_| LeaseDenied::Gone)?;
        allowed.blocking_recv().map_err(|_| LeaseDenied::Gone)?
    }

    async fn tell(&self, message: Message) -> Result<(), LeaseDenied> {
        self.shared
            .mail
            .send(message)
            .await
            .map_err(|_| LeaseDenied::Gone)
    }
}

impl From<ReadError> for QueryError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Sense(sense) => Self::Sense(sense),
            ReadError::NoAnswer(cause) => Self::NoAnswer(cause),
            ReadError::Denied(denied) => denied.into(),
        }
    }
}

/// How many threads of drives are running: what a shutdown waits for.
#[derive(Debug, Default)]
pub(crate) struct ThreadsRunning {
    count: Mutex<usize>,
    ended: Condvar,
    notify: tokio::sync::Notify,
}

/// One thread being counted.
#[derive(Debug)]
pub(crate) struct Counted(Arc<ThreadsRunning>);

impl ThreadsRunning {
    pub(crate) fn count_one(self: &Arc<Self>) -> Counted {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Counted(Arc::clone(self))
    }

    pub(crate) fn now(&self) -> usize {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until none is running or the deadline has passed; the number that still is.
    pub(crate) async fn none_by(&self, deadline: Duration) -> usize {
        let limit = tokio::time::sleep(deadline);
        tokio::pin!(limit);
        loop {
            let changed = self.notify.notified();
            if self.now() == 0 {
                return 0;
            }
            tokio::select! {
                () = changed => {}
                () = &mut limit => return self.now(),
            }
        }
    }

    /// The same without a runtime.
    pub(crate) fn none_by_blocking(&self, deadline: Duration) -> usize {
        let end = Instant::now() + deadline;
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *count > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            count = self
                .ended
                .wait_timeout(count, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *count
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_all();
        self.0.notify.notify_waiters();
    }
}
